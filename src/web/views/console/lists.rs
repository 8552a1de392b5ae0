//! `/console/grants` and `/console/delegations`: all of what other pages show the first few of.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Moment, Shell};
use super::{First, Frame, Named, Pill, Section, Tone, sample};
use crate::model::Language;
use crate::web::words::{self, Html, Words};

#[derive(Clone, Debug, Template)]
#[template(path = "console/grants.html")]
pub struct GrantsPage {
    pub shell: Shell,
    pub frame: Frame,
    /// Whose they are: of nobody in particular, of a person, of an application, or what one allowed the other.
    pub of: Vec<Named>,
    pub rows: Vec<GrantRow>,
    /// Below the issuer's path.
    pub next: Option<String>,
}

#[derive(Clone, Debug)]
pub struct GrantRow {
    pub id: String,
    pub person: String,
    /// Below the issuer's path, as all of these.
    pub person_href: String,
    pub application: String,
    pub application_href: String,
    pub resource: String,
    pub scopes: Vec<String>,
    pub given: Moment,
}

#[derive(Clone, Debug, Template)]
#[template(path = "console/delegations.html")]
pub struct DelegationsPage {
    pub shell: Shell,
    pub frame: Frame,
    pub of: Vec<Named>,
    pub rows: Vec<DelegationRow>,
    /// Below the issuer's path.
    pub next: Option<String>,
}

#[derive(Clone, Debug)]
pub struct DelegationRow {
    pub id: String,
    pub may_revoke: bool,
    pub machine: String,
    pub machine_href: String,
    pub subject: String,
    pub subject_href: String,
    pub purpose: String,
    pub scopes: Vec<String>,
    pub state: Pill,
    pub until: Moment,
}

/// Whose the list is, in a sentence; of nobody in particular, none.
fn whose(words: &Words, of: &[Named]) -> Option<Html> {
    let t = &words.console.grants;
    match of {
        [] => None,
        [one] => Some(t.of_one.say(&one.name)),
        [one, other, ..] => Some(t.of_both.say(&one.name, &other.name)),
    }
}

impl GrantsPage {
    pub(super) fn whose(&self) -> Option<Html> {
        whose(self.shell.words, &self.of)
    }
}

impl DelegationsPage {
    pub(super) fn whose(&self) -> Option<Html> {
        whose(self.shell.words, &self.of)
    }
}

fn named(name: &str, href: &str) -> Named {
    Named { name: name.into(), href: href.into(), about: String::new() }
}

impl Spoken for GrantsPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let row = GrantRow {
            id: "con_sample".into(),
            person: "Ada Moreno".into(),
            person_href: "/console/people/per_sample".into(),
            application: "Cursor".into(),
            application_href: "/console/applications/cli_sample".into(),
            resource: "https://mcp.tickets.example/mcp".into(),
            scopes: vec!["tickets:read".into(), "tickets:write".into()],
            given: sample::moment_in(language, -7_200),
        };
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Applications),
            of: vec![named("Cursor", "/console/applications/cli_sample")],
            rows: vec![row.clone(), row.clone()],
            next: Some("/console/grants?client=cli_sample&from=con_sample".into()),
        };
        vec![
            ("some", page.clone()),
            ("everybody", Self { of: vec![], ..page.clone() }),
            ("empty", Self { rows: vec![], next: None, ..page.clone() }),
            (
                "none_yet",
                Self {
                    of: [named("Ada Moreno", "/console/people/per_sample")]
                        .into_iter()
                        .chain(page.of.clone())
                        .collect(),
                    rows: vec![],
                    ..page.clone()
                },
            ),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            (
                "hostile",
                Self {
                    of: vec![named(sample::HOSTILE, "/console/applications/cli_sample")],
                    rows: vec![GrantRow { application: sample::HOSTILE.into(), person: sample::HOSTILE.into(), ..row }],
                    ..page
                },
            ),
        ]
    }
}

impl Spoken for DelegationsPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.machine_labels;
        let row = DelegationRow {
            id: "dlg_sample".into(),
            may_revoke: true,
            machine: "support-agent".into(),
            machine_href: "/console/machines/mch_sample".into(),
            subject: "Ada Moreno".into(),
            subject_href: "/console/people/per_sample".into(),
            purpose: sample::said(
                language,
                "Answers tickets while she is away",
                "Beantwortet Tickets, solange sie weg ist",
            )
            .into(),
            scopes: vec!["tickets:read".into()],
            state: Pill::new(t.delegation("live"), Tone::Live),
            until: sample::moment_in(language, 20 * 86_400),
        };
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Machines),
            of: vec![named("support-agent", "/console/machines/mch_sample")],
            rows: vec![
                row.clone(),
                DelegationRow { state: Pill::new(t.delegation("revoked"), Tone::Plain), ..row.clone() },
            ],
            next: Some("/console/delegations?actor=mch_sample&before=del_sample".into()),
        };
        vec![
            ("some", page.clone()),
            ("everybody", Self { of: vec![], ..page.clone() }),
            ("empty", Self { rows: vec![], next: None, ..page.clone() }),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            (
                "hostile",
                Self {
                    of: vec![named(sample::HOSTILE, "/console/machines/mch_sample")],
                    rows: vec![DelegationRow {
                        subject: sample::HOSTILE.into(),
                        purpose: sample::HOSTILE.into(),
                        ..row
                    }],
                    ..page
                },
            ),
        ]
    }
}
