//! `/console/machines`: all of them.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Moment, Shell};
use super::{Choice, First, Frame, Head, Pill, Section, Tone, sample};
use crate::model::{FindingKind, Language, MachineKind, MachineStanding};
use crate::operations::machines::Order;
use crate::web::words;

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
    /// "10.1.2.0/24"
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

impl Spoken for MachinesPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let words = &words::of(language).console;
        let (t, labels, any) = (&words.machines, &words.machine_labels, words.frame.any);
        let forty_days = words::of(language).length(40 * 86_400);
        let row = MachineRow {
            id: "mch_sample".into(),
            name: "nightly-import".into(),
            purpose: sample::said(language, "Imports tickets at night", "Holt nachts Tickets").into(),
            kind: labels.kind(MachineKind::Ci).into(),
            owner: "Grace Hopper".into(),
            state: Pill::new(labels.standing(MachineStanding::Active), Tone::Live),
            tenant: "main".into(),
            credentials: (t.old_credentials)(2, &forty_days),
            ends: Some(sample::moment_in(language, 9 * 86_400)),
            scopes: (t.scopes_of)(3, 7),
            last_used: Some(sample::moment_in(language, -240)),
            used_lately: true,
            last_from: Some("10.1.2.0/24".into()),
            flags: [FindingKind::CredentialExpiring, FindingKind::SecretOld]
                .map(|kind| labels.finding(kind).into())
                .to_vec(),
            may_stop: true,
        };
        let stopped = MachineRow {
            id: "mch_other".into(),
            name: "old-crawler".into(),
            state: Pill::new(labels.standing(MachineStanding::Suspended), Tone::Danger),
            tenant: "acme".into(),
            credentials: t.no_credentials.into(),
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
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Machines),
            states: choices(&[("", any), ("active", labels.standing(MachineStanding::Active))]),
            kinds: choices(&[("", any), ("service", labels.kind(MachineKind::Service))]),
            findings: choices(&[("", any), ("unused", labels.finding(FindingKind::Unused))]),
            tenants: vec![],
            orders: choices(&[("", t.in_order(Order::Newest)), ("name", t.in_order(Order::Name))]),
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
                    tenants: choices(&[("", any), ("main", sample::said(language, "Main (main)", "Haupthaus (main)"))]),
                    by_use: Head { sort: "ascending", href: "/console/machines?sort=-used".into() },
                    about_order: Some((t.only_newest)("1000")),
                    first: First::First,
                    tag: Some(sample::said(language, "production", "produktiv").into()),
                    narrowed: true,
                    ..empty.clone()
                },
            ),
            ("branded", Self { shell: sample::branded_in(language), rows: vec![row], ..empty.clone() }),
            ("hostile", Self { rows: vec![hostile], tag: Some(sample::HOSTILE.into()), narrowed: true, ..empty }),
        ]
    }
}
