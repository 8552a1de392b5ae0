//! `/console/audit`: who did what.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Field, Moment, Shell};
use super::{Choice, First, Frame, Section, sample};
use crate::model::Language;
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "console/audit.html")]
pub struct AuditPage {
    pub shell: Shell,
    pub frame: Frame,
    pub events: Vec<Choice>,
    /// Ids as they were typed, and days.
    pub by: Field,
    pub about: Field,
    /// Who acts for whom.
    pub actor: Field,
    pub outcomes: Vec<Choice>,
    /// Those whom a name in the filter may mean.
    pub choices: Vec<Choosable>,
    pub since: Field,
    pub until: Field,
    pub rows: Vec<AuditRow>,
    /// The newest entry of all, fitting or not, where somebody may watch from it on.
    pub newest: Option<u64>,
    pub narrowed: bool,
    /// Whether what the appliance notes for itself is among the rows, and the same page the other way.
    pub upkeep: bool,
    pub upkeep_href: String,
    /// Below the issuer's path.
    pub next: Option<String>,
    /// The query of this page, for the export.
    pub query: String,
    /// The same by ids, for whoever watches.
    pub watched: String,
}

/// One of those whom a name may mean.
#[derive(Clone, Debug)]
pub struct Choosable {
    pub name: String,
    pub about: String,
    pub href: String,
}

#[derive(Clone, Debug)]
pub struct AuditRow {
    pub sequence: u64,
    pub at: Moment,
    pub event: String,
    pub words: String,
    pub by: String,
    /// What the filter knows them by.
    pub by_id: Option<String>,
    /// "10.1.2.0/24"
    pub from: String,
    /// Everything it says, as JSON, where that is folded out; else nothing.
    pub whole: String,
}

/// `/console/audit/live`: rows for the table of [`AuditPage`], and nothing around them.
#[derive(Clone, Debug, Template)]
#[template(path = "console/audit_live.html")]
pub struct AuditLivePage {
    pub shell: Shell,
    pub rows: Vec<AuditRow>,
    pub newest: u64,
    /// There were more than these.
    pub more: bool,
}

/// `/console/audit/{sequence}`: one entry, and its neighbours in the chain.
#[derive(Clone, Debug, Template)]
#[template(path = "console/audit_entry.html")]
pub struct AuditEntryPage {
    pub shell: Shell,
    pub frame: Frame,
    pub row: AuditRow,
    /// Everything it says, as JSON.
    pub whole: String,
    pub hash: String,
    /// The hash of the one before, and whether there are neighbours to look at.
    pub hash_before: Option<String>,
    pub has_next: bool,
    /// What else the same request did: the id of the request.
    pub request: Option<String>,
    pub same_request: Vec<AuditRow>,
}

impl AuditEntryPage {
    pub(super) fn title(&self) -> String {
        (self.shell.words.console.audit.entry.title)(self.row.sequence)
    }

    pub(super) fn before(&self) -> u64 {
        self.row.sequence.saturating_sub(1)
    }

    pub(super) fn after(&self) -> u64 {
        self.row.sequence.saturating_add(1)
    }
}

fn row(language: Language, sequence: u64, words: &str) -> AuditRow {
    AuditRow {
        sequence,
        at: sample::moment_in(language, -180),
        event: "machine.suspended".into(),
        words: words.into(),
        by: "Ada Moreno".into(),
        by_id: Some("per_sample".into()),
        from: "10.1.2.0/24".into(),
        whole: "{\n  \"event\": \"machine.suspended\"\n}".into(),
    }
}

fn stopped(language: Language) -> String {
    let why = sample::said(language, ": it calls at night", ": sie meldet sich nachts");
    (words::of(language).console.told.stopped)("nightly-import", why)
}

fn founded(language: Language) -> String {
    (words::of(language).console.told.founded)("https://id.example.com")
}

impl Spoken for AuditPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let words = &words::of(language).console;
        let (t, any) = (&words.audit, words.frame.any);
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Audit),
            events: vec![Choice::new("", any, true), Choice::new("machine.suspended", "machine.suspended", false)],
            by: Field::default(),
            about: Field::default(),
            actor: Field::default(),
            outcomes: vec![Choice::new("", any, true), Choice::new("refused", t.refused, false)],
            choices: vec![],
            since: Field::default(),
            until: Field::default(),
            rows: vec![row(language, 812, &stopped(language))],
            newest: Some(812),
            narrowed: false,
            upkeep: false,
            upkeep_href: "/console/audit?upkeep=shown".into(),
            next: Some("/console/audit?before=812".into()),
            query: String::new(),
            watched: String::new(),
        };
        vec![
            ("some", page.clone()),
            ("nothing_fits", Self { rows: vec![], narrowed: true, ..page.clone() }),
            (
                "several_of_a_name",
                Self {
                    by: Field::refused("ada", t.several_called),
                    choices: ["Ada Moreno", "Ada King"]
                        .map(|name| Choosable {
                            name: name.into(),
                            about: "ada@example.com".into(),
                            href: "/console/audit?by=per_sample".into(),
                        })
                        .into(),
                    rows: vec![],
                    narrowed: true,
                    next: None,
                    ..page.clone()
                },
            ),
            (
                "older",
                Self {
                    newest: None,
                    frame: Frame { first: Some("/console/audit".into()), ..Frame::of(Section::Audit) },
                    upkeep: true,
                    ..page.clone()
                },
            ),
            ("refused", Self { since: Field::refused("soon", t.no_day), ..page.clone() }),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            ("hostile", Self { rows: vec![row(language, 1, sample::HOSTILE)], ..page }),
        ]
    }
}

impl Spoken for AuditLivePage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let page = Self { shell: sample::shell_in(language), rows: vec![], newest: 812, more: false };
        vec![
            ("none", page.clone()),
            ("some", Self { rows: vec![row(language, 812, &stopped(language))], ..page.clone() }),
            (
                "branded",
                Self {
                    shell: sample::branded_in(language),
                    rows: vec![row(language, 1, &founded(language))],
                    more: true,
                    ..page.clone()
                },
            ),
            ("hostile", Self { rows: vec![row(language, 1, sample::HOSTILE)], ..page }),
        ]
    }
}

impl Spoken for AuditEntryPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Audit),
            row: row(language, 812, &stopped(language)),
            whole: "{\n  \"event\": \"machine.suspended\"\n}".into(),
            hash: "Qm9Z…".into(),
            hash_before: Some("p3Xk…".into()),
            has_next: true,
            request: Some("req_sample".into()),
            same_request: vec![row(
                language,
                813,
                &(words::of(language).console.told.credential_revoked)("nightly-import", ""),
            )],
        };
        vec![
            ("one", page.clone()),
            (
                "first",
                Self {
                    row: row(language, 1, &founded(language)),
                    hash_before: None,
                    has_next: false,
                    request: None,
                    same_request: vec![],
                    ..page.clone()
                },
            ),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            ("hostile", Self { whole: sample::HOSTILE.into(), ..page }),
        ]
    }
}
