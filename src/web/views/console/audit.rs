//! `/console/audit`: who did what.

use askama::Template;

use super::super::Sample;
use super::super::shell::{Field, Moment, Shell};
use super::{Choice, Frame, Section, sample};

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
    pub since: Field,
    pub until: Field,
    pub rows: Vec<AuditRow>,
    pub narrowed: bool,
    /// Below the issuer's path.
    pub next: Option<String>,
    /// The query of this page, for the export.
    pub query: String,
}

#[derive(Clone, Debug)]
pub struct AuditRow {
    pub sequence: u64,
    pub at: Moment,
    pub event: String,
    pub words: String,
    pub by: String,
    /// "10.1.2.0/24"
    pub from: String,
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
    pub(super) fn before(&self) -> u64 {
        self.row.sequence.saturating_sub(1)
    }

    pub(super) fn after(&self) -> u64 {
        self.row.sequence.saturating_add(1)
    }
}

fn row(sequence: u64, words: &str) -> AuditRow {
    AuditRow {
        sequence,
        at: sample::moment("3 minutes ago"),
        event: "machine.suspended".into(),
        words: words.into(),
        by: "Ada Moreno".into(),
        from: "10.1.2.0/24".into(),
    }
}

impl Sample for AuditPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let page = Self {
            shell: sample::shell(),
            frame: Frame::of(Section::Audit),
            events: vec![Choice::new("", "Any", true), Choice::new("machine.suspended", "machine.suspended", false)],
            by: Field::default(),
            about: Field::default(),
            actor: Field::default(),
            since: Field::default(),
            until: Field::default(),
            rows: vec![row(812, "nightly-import was stopped: it calls at night")],
            narrowed: false,
            next: Some("/console/audit?before=812".into()),
            query: String::new(),
        };
        vec![
            ("some", page.clone()),
            ("nothing_fits", Self { rows: vec![], narrowed: true, ..page.clone() }),
            ("refused", Self { since: Field::refused("soon", "a day, like 2027-06-30"), ..page.clone() }),
            ("branded", Self { shell: sample::branded(), ..page.clone() }),
            ("hostile", Self { rows: vec![row(1, sample::HOSTILE)], ..page }),
        ]
    }
}

impl Sample for AuditEntryPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let page = Self {
            shell: sample::shell(),
            frame: Frame::of(Section::Audit),
            row: row(812, "nightly-import was stopped: it calls at night"),
            whole: "{\n  \"event\": \"machine.suspended\"\n}".into(),
            hash: "Qm9Z…".into(),
            hash_before: Some("p3Xk…".into()),
            has_next: true,
            request: Some("req_sample".into()),
            same_request: vec![row(813, "A credential of nightly-import was revoked")],
        };
        vec![
            ("one", page.clone()),
            (
                "first",
                Self {
                    row: row(1, "Started for the first time"),
                    hash_before: None,
                    has_next: false,
                    request: None,
                    same_request: vec![],
                    ..page.clone()
                },
            ),
            ("branded", Self { shell: sample::branded(), ..page.clone() }),
            ("hostile", Self { whole: sample::HOSTILE.into(), ..page }),
        ]
    }
}
