//! `/console/machines`: all of them.

use askama::Template;

use super::super::Sample;
use super::super::shell::{Moment, Shell};
use super::{Choice, First, Frame, Head, Pill, Section, Tone, sample};

#[derive(Clone, Debug, Template)]
#[template(path = "console/machines.html")]
pub struct MachinesPage {
    pub shell: Shell,
    pub frame: Frame,
    pub states: Vec<Choice>,
    pub kinds: Vec<Choice>,
    pub findings: Vec<Choice>,
    /// Only where there is more than one.
    pub tenants: Vec<Choice>,
    pub orders: Vec<Choice>,
    pub by_name: Head,
    pub by_use: Head,
    /// What is to be known about the order.
    pub about_order: Option<String>,
    /// "newest": what stands first.
    pub first: First,
    pub rows: Vec<MachineRow>,
    /// The filter and the page of the list, as its address says them: where the form that stops some leads back to.
    pub here: String,
    /// Whose they are, if only somebody's are listed: id and name.
    pub owner: Option<(String, String)>,
    /// The tag that all of them have, if that is asked for.
    pub tag: Option<String>,
    /// Whether anything narrows the list.
    pub narrowed: bool,
    /// Where the list goes on, below the issuer's path.
    pub next: Option<String>,
}

#[derive(Clone, Debug)]
pub struct MachineRow {
    pub id: String,
    pub name: String,
    pub purpose: String,
    pub kind: String,
    pub owner: String,
    pub state: Pill,
    pub tenant: String,
    /// "2, 40 days old"
    pub credentials: String,
    /// When the next of them does.
    pub ends: Option<Moment>,
    /// "3 of 7": used, of those it may ask for.
    pub scopes: String,
    pub last_used: Option<Moment>,
    /// Within the last day: somebody would miss it.
    pub used_lately: bool,
    /// "from 10.1.2.0/24"
    pub last_from: Option<String>,
    /// What there is to be said about it.
    pub flags: Vec<String>,
    /// Whether there is anything left to stop.
    pub may_stop: bool,
}

impl MachinesPage {
    /// Whether there is anything to choose: without it the table has no boxes.
    pub(super) fn has_stoppable(&self) -> bool {
        self.rows.iter().any(|row| row.may_stop)
    }
}

impl Sample for MachinesPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let row = MachineRow {
            id: "mch_sample".into(),
            name: "nightly-import".into(),
            purpose: "Imports tickets at night".into(),
            kind: "CI job".into(),
            owner: "Grace Hopper".into(),
            state: Pill::new("active", Tone::Live),
            tenant: "main".into(),
            credentials: "2, 40 days old".into(),
            ends: Some(sample::moment("in 9 days")),
            scopes: "3 of 7".into(),
            last_used: Some(sample::moment("4 minutes ago")),
            used_lately: true,
            last_from: Some("from 10.1.2.0/24".into()),
            flags: vec!["credential ends soon".into(), "old secret".into()],
            may_stop: true,
        };
        let stopped = MachineRow {
            id: "mch_other".into(),
            name: "old-crawler".into(),
            state: Pill::new("suspended", Tone::Danger),
            tenant: "acme".into(),
            credentials: "none".into(),
            ends: None,
            scopes: String::new(),
            last_used: None,
            used_lately: false,
            last_from: None,
            flags: vec![],
            may_stop: false,
            ..row.clone()
        };
        let choices = |all: &[(&str, &str)]| {
            all.iter().map(|(value, label)| Choice::new(*value, *label, value.is_empty())).collect()
        };
        let empty = Self {
            shell: sample::shell(),
            frame: Frame::of(Section::Machines),
            states: choices(&[("", "Any state"), ("active", "Active"), ("suspended", "Suspended")]),
            kinds: choices(&[("", "Any kind"), ("agent", "Agent")]),
            findings: choices(&[("", "Any"), ("unused", "Unused")]),
            tenants: vec![],
            orders: choices(&[("", "Newest first"), ("name", "Name, A to Z")]),
            by_name: Head { sort: "", href: "/console/machines?sort=name".into() },
            by_use: Head { sort: "", href: "/console/machines?sort=-used".into() },
            about_order: None,
            first: First::Newest,
            tag: None,
            rows: vec![],
            here: String::new(),
            owner: None,
            narrowed: false,
            next: None,
        };
        let hostile = MachineRow {
            name: sample::HOSTILE.into(),
            purpose: sample::HOSTILE.into(),
            owner: sample::HOSTILE.into(),
            ..row.clone()
        };
        vec![
            ("empty", empty.clone()),
            (
                "nothing_fits",
                Self {
                    narrowed: true,
                    frame: Frame { query: "crawl".into(), ..Frame::of(Section::Machines) },
                    ..empty.clone()
                },
            ),
            ("one", Self { rows: vec![row.clone()], ..empty.clone() }),
            (
                "many",
                Self {
                    rows: vec![row.clone(), stopped.clone()],
                    here: "state=active".into(),
                    frame: Frame {
                        first: Some("/console/machines?state=active".into()),
                        ..Frame::of(Section::Machines)
                    },
                    next: Some("/console/machines?before=mch_other".into()),
                    ..empty.clone()
                },
            ),
            (
                "sorted",
                Self {
                    rows: vec![stopped, row.clone()],
                    tenants: choices(&[("", "Any"), ("main", "Main (main)"), ("acme", "Acme (acme)")]),
                    by_use: Head { sort: "ascending", href: "/console/machines?sort=-used".into() },
                    about_order: Some("Only the newest 1,000 of these machines are in this order.".into()),
                    first: First::First,
                    tag: Some("production".into()),
                    narrowed: true,
                    ..empty.clone()
                },
            ),
            ("branded", Self { shell: sample::branded(), rows: vec![row], ..empty.clone() }),
            ("hostile", Self { rows: vec![hostile], tag: Some(sample::HOSTILE.into()), narrowed: true, ..empty }),
        ]
    }
}
