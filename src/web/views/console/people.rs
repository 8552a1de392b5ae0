//! `/console/people`: everybody who can sign in, and adding somebody.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Field, Moment, Shell};
use super::{Choice, First, Frame, Pill, Section, Tone, sample};
use crate::model::Language;
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "console/people.html")]
pub struct PeoplePage {
    pub shell: Shell,
    pub frame: Frame,
    pub rows: Vec<PersonRow>,
    /// Whether anything narrows the list.
    pub narrowed: bool,
    /// Where the list goes on, below the issuer's path.
    pub next: Option<String>,
}

#[derive(Clone, Debug)]
pub struct PersonRow {
    pub href: String,
    pub name: String,
    pub email: String,
    /// "Administrator", "Member"
    pub standing: String,
    pub state: Pill,
    pub added: Moment,
}

#[derive(Clone, Debug, Template)]
#[template(path = "console/person_form.html")]
pub struct PersonFormPage {
    pub shell: Shell,
    pub frame: Frame,
    /// Who is changed, and where they are; nobody where somebody is added.
    pub changes: Option<(String, String)>,
    /// The state that the form was filled from.
    pub seen: String,
    pub name: Field,
    pub email: Field,
    pub standings: Vec<Choice>,
    /// What is wrong with the password; it never comes back.
    pub password_error: Option<String>,
    /// What is wrong with no field in particular.
    pub problem: Option<String>,
}

/// A new password, shown once.
#[derive(Clone, Debug, Template)]
#[template(path = "console/password.html")]
pub struct PasswordPage {
    pub shell: Shell,
    pub frame: Frame,
    pub name: String,
    pub email: String,
    pub href: String,
    pub password: String,
    /// They were there before, and every session of theirs is over.
    pub replaced: bool,
    /// Whoever reads the page is the one who has to sign in with it.
    pub yourself: bool,
}

impl Spoken for PeoplePage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.people;
        let row = PersonRow {
            href: "/console/people/per_sample".into(),
            name: "Grace Hopper".into(),
            email: "grace@example.com".into(),
            standing: t.member.into(),
            state: Pill::new(t.active, Tone::Live),
            added: sample::moment_in(language, -80 * 86_400),
        };
        let ada = PersonRow { name: "Ada Moreno".into(), standing: t.administrator.into(), ..row.clone() };
        let gone = PersonRow {
            name: "Bob".into(),
            email: "bob@example.com".into(),
            state: Pill::new(t.suspended, Tone::Danger),
            ..row.clone()
        };
        let one = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::People),
            rows: vec![ada.clone()],
            narrowed: false,
            next: None,
        };
        let hostile = PersonRow { name: sample::HOSTILE.into(), email: sample::HOSTILE.into(), ..row.clone() };
        vec![
            ("one", one.clone()),
            (
                "nobody_fits",
                Self {
                    rows: vec![],
                    narrowed: true,
                    frame: Frame { query: "zoe".into(), ..Frame::of(Section::People) },
                    ..one.clone()
                },
            ),
            (
                "many",
                Self {
                    rows: vec![row, ada, gone],
                    next: Some("/console/people?before=per_sample".into()),
                    ..one.clone()
                },
            ),
            ("branded", Self { shell: sample::branded_in(language), ..one.clone() }),
            ("hostile", Self { rows: vec![hostile], ..one }),
        ]
    }
}

impl Spoken for PersonFormPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.people;
        let new = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::People),
            name: Field::default(),
            email: Field::default(),
            changes: None,
            seen: String::new(),
            standings: vec![
                Choice::new("member", t.member_more, true),
                Choice::new("administrator", t.administrator_more, false),
            ],
            password_error: None,
            problem: None,
        };
        let refused = Self {
            name: Field::refused("", "Enter a name of 1 to 128 characters."),
            email: Field::refused("grace@", "Enter an e-mail address, such as ada@example.com."),
            password_error: Some("Use at least 10 characters.".into()),
            ..new.clone()
        };
        let change = Self {
            changes: Some(("Grace Hopper".into(), "/console/people/per_sample".into())),
            seen: "sample".into(),
            name: Field::of("Grace Hopper"),
            email: Field::of("grace@example.com"),
            ..new.clone()
        };
        let hostile =
            Self { name: Field::of(sample::HOSTILE), problem: Some(sample::HOSTILE.into()), ..refused.clone() };
        vec![
            ("new", new.clone()),
            ("refused", refused),
            ("change", change.clone()),
            ("branded", Self { shell: sample::branded_in(language), ..new }),
            ("hostile", hostile),
            (
                "hostile_change",
                Self { changes: Some((sample::HOSTILE.into(), "/console/people/per_sample".into())), ..change },
            ),
        ]
    }
}

impl Spoken for PasswordPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let new = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::People),
            name: "Grace Hopper".into(),
            email: "grace@example.com".into(),
            href: "/console/people/per_sample".into(),
            password: "abcd-efgh-jkmn-pqrs-tuvw".into(),
            replaced: false,
            yourself: false,
        };
        vec![
            ("new", new.clone()),
            ("replaced", Self { replaced: true, ..new.clone() }),
            ("own", Self { replaced: true, yourself: true, ..new.clone() }),
            ("branded", Self { shell: sample::branded_in(language), ..new.clone() }),
            ("hostile", Self { name: sample::HOSTILE.into(), email: sample::HOSTILE.into(), ..new }),
        ]
    }
}
