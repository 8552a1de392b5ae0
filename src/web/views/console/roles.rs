//! `/console/roles`: tenants, what roles they have, and who holds them.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Field, Moment, Shell};
use super::{Choice, EventLine, First, Frame, Section, sample};
use crate::model::Language;
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "console/roles.html")]
pub struct RolesPage {
    pub shell: Shell,
    pub frame: Frame,
    /// To choose from, by name.
    pub tenants: Vec<Choice>,
    /// The one whose roles are listed.
    pub tenant: String,
    pub title: String,
    /// Which state of the tenant its forms were filled from.
    pub seen: String,
    pub rows: Vec<RoleRow>,
    /// Where its roles go on, below the issuer's path.
    pub next: Option<String>,
    /// It can be called something else, and removed. The main one cannot.
    pub changeable: bool,
    /// What was typed for another tenant.
    pub new_name: Field,
    pub new_title: Field,
}

impl RolesPage {
    /// Where a role is added to the tenant.
    pub(super) fn new_at(&self) -> String {
        self.shell.below(&format!("/console/roles/new?tenant={}", self.tenant))
    }
}

#[derive(Clone, Debug)]
pub struct RoleRow {
    pub href: String,
    pub name: String,
    pub description: String,
    pub permissions: Vec<String>,
    /// Of more permissions than are shown: "and 12 more".
    pub more: Option<String>,
    /// "3", "more than 20"
    pub people: String,
    pub machines: String,
}

#[derive(Clone, Debug, Template)]
#[template(path = "console/role_form.html")]
pub struct RoleFormPage {
    pub shell: Shell,
    pub frame: Frame,
    pub once: String,
    pub tenant: String,
    pub name: Field,
    pub description: Field,
    pub permissions: Field,
    pub problem: Option<String>,
}

#[derive(Clone, Debug, Template)]
#[template(path = "console/role.html")]
pub struct RolePage {
    pub shell: Shell,
    pub frame: Frame,
    pub href: String,
    pub tenant: String,
    pub name: String,
    pub made: Moment,
    /// Which state of it its forms were filled from.
    pub seen: String,
    /// As it is, or as it was typed and refused.
    pub description: Field,
    /// One a line.
    pub permissions: Field,
    pub problem: Option<String>,
    /// `tenant/role`, to take it from somebody.
    pub held: String,
    pub people: Vec<Holder>,
    pub machines: Vec<Holder>,
    /// Of more holders than are shown.
    pub more_people: bool,
    pub more_machines: bool,
    pub events: Vec<EventLine>,
}

/// Somebody who has it.
#[derive(Clone, Debug)]
pub struct Holder {
    pub href: String,
    pub name: String,
    pub about: String,
    /// Which state of what they are the form was filled from; of a machine, nothing.
    pub seen: String,
}

impl RolePage {
    pub(super) fn is_held(&self) -> bool {
        !self.people.is_empty() || !self.machines.is_empty()
    }
}

impl Spoken for RolesPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.roles;
        let empty = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Roles),
            tenants: vec![Choice::new("main", "Main (main)", true)],
            tenant: "main".into(),
            title: "Main".into(),
            seen: "sample-seen".into(),
            rows: vec![],
            next: None,
            changeable: false,
            new_name: Field::default(),
            new_title: Field::default(),
        };
        let row = RoleRow {
            href: "/console/roles/acme/reader".into(),
            name: "reader".into(),
            description: sample::said(language, "Reads tickets", "Liest Tickets").into(),
            permissions: vec!["tickets.read".into(), "comments.read".into()],
            more: Some((t.and_more)(12)),
            people: "3".into(),
            machines: (t.more_than)(20),
        };
        let some = Self {
            tenants: vec![Choice::new("main", "Main (main)", false), Choice::new("acme", "Acme Inc. (acme)", true)],
            tenant: "acme".into(),
            title: "Acme Inc.".into(),
            rows: vec![row.clone()],
            next: Some("/console/roles?tenant=acme&after=reader".into()),
            changeable: true,
            ..empty.clone()
        };
        let refused = Self {
            new_name: Field::refused(
                "acme",
                sample::said(language, "There is a tenant acme already.", "Den Mandanten acme gibt es schon."),
            ),
            new_title: Field::of("Acme"),
            ..some.clone()
        };
        let hostile = Self {
            title: sample::HOSTILE.into(),
            rows: vec![RoleRow { description: sample::HOSTILE.into(), ..row }],
            new_title: Field::refused(sample::HOSTILE, sample::HOSTILE),
            ..some.clone()
        };
        vec![
            ("empty", empty),
            ("some", some.clone()),
            ("refused", refused),
            ("branded", Self { shell: sample::branded_in(language), ..some }),
            ("hostile", hostile),
        ]
    }
}

impl Spoken for RoleFormPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let new = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Roles),
            once: "sample".into(),
            tenant: "main".into(),
            name: Field::default(),
            description: Field::default(),
            permissions: Field::default(),
            problem: None,
        };
        let refused = Self {
            name: Field::refused(
                "a b",
                sample::said(language, "this is 1 to 64 letters", "das sind 1 bis 64 Buchstaben"),
            ),
            permissions: Field::refused(
                "users create",
                sample::said(language, "one permission a line", "eine Befugnis pro Zeile"),
            ),
            problem: Some(
                sample::said(language, "There is a role main/reader already.", "Die Rolle main/reader gibt es schon.")
                    .into(),
            ),
            ..new.clone()
        };
        vec![
            ("new", new.clone()),
            ("refused", refused.clone()),
            ("branded", Self { shell: sample::branded_in(language), ..new }),
            ("hostile", Self { description: Field::refused(sample::HOSTILE, sample::HOSTILE), ..refused }),
        ]
    }
}

impl Spoken for RolePage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let bare = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Roles),
            href: "/console/roles/main/reader".into(),
            tenant: "main".into(),
            name: "reader".into(),
            made: sample::moment_in(language, -12 * 86_400),
            seen: "sample-seen".into(),
            description: Field::of(sample::said(language, "Reads tickets", "Liest Tickets")),
            permissions: Field::of("tickets.read\ncomments.read"),
            problem: None,
            held: "main/reader".into(),
            people: vec![],
            machines: vec![],
            more_people: false,
            more_machines: false,
            events: vec![],
        };
        let grace = Holder {
            href: "/console/people/per_sample".into(),
            name: "Grace Hopper".into(),
            about: "grace@example.com".into(),
            seen: "sample-seen".into(),
        };
        let robot = Holder {
            href: "/console/machines/mch_sample".into(),
            name: "nightly-import".into(),
            about: sample::said(language, "Imports tickets at night", "Holt nachts Tickets").into(),
            seen: String::new(),
        };
        let held = Self {
            people: vec![grace.clone()],
            machines: vec![robot],
            more_people: true,
            more_machines: true,
            events: vec![sample::event_in(
                language,
                41,
                "role.changed",
                sample::said(
                    language,
                    "The role reader in main was changed",
                    "Die Rolle reader in main wurde geändert",
                ),
            )],
            ..bare.clone()
        };
        let hostile = Self {
            description: Field::refused(sample::HOSTILE, sample::HOSTILE),
            problem: Some(sample::HOSTILE.into()),
            people: vec![Holder { name: sample::HOSTILE.into(), about: sample::HOSTILE.into(), ..grace }],
            ..held.clone()
        };
        vec![
            ("bare", bare),
            ("held", held.clone()),
            ("branded", Self { shell: sample::branded_in(language), ..held }),
            ("hostile", hostile),
        ]
    }
}
