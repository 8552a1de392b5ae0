//! `/console`: what needs a person first, then how things stand.

use askama::Template;

use super::super::Sample;
use super::super::shell::{Moment, Shell};
use super::charts::{self, Busy, Chart};
use super::{EventLine, Frame, Section, sample};

#[derive(Clone, Debug, Template)]
#[template(path = "console/overview.html")]
pub struct OverviewPage {
    pub shell: Shell,
    pub frame: Frame,
    /// The most pressing first.
    pub wanted: Vec<Wanted>,
    /// Nothing was made yet: the page says where to begin.
    pub is_new: bool,
    /// No resource is registered yet.
    pub unprotected: bool,
    /// What happened lately; without anything, the page says what will stand there.
    pub charts: Vec<Chart>,
    /// The machines that were given the most tokens.
    pub busiest: Vec<Busy>,
    /// Of the last seven days, and not of the last 24 hours.
    pub of_a_week: bool,
    pub issuer: String,
    /// When the next signing key takes over.
    pub next_key: Option<Moment>,
    /// The newest entries of the audit log that changed something.
    pub latest: Vec<EventLine>,
}

/// Something that waits for a person.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// "3 secrets end within 14 days"
    pub words: String,
    /// What to do about it.
    pub advice: String,
    /// Below the issuer's path.
    pub href: String,
    /// It should not wait.
    pub pressing: bool,
}

impl Sample for OverviewPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let wanted = |words: &str, pressing| Wanted {
            words: words.into(),
            advice: "Give each a successor and watch the old one fall silent.".into(),
            href: "/console/machines?finding=credential_expiring".into(),
            pressing,
        };
        let busy = |name: &str, count, share| Busy {
            name: name.into(),
            href: "/console/machines/mch_sample".into(),
            count,
            share,
        };
        let calm = Self {
            shell: sample::shell(),
            frame: Frame::of(Section::Overview),
            wanted: vec![],
            is_new: false,
            unprotected: false,
            charts: charts::samples(),
            busiest: vec![busy("support-agent", 412, 100), busy("nightly-import", 31, 8)],
            of_a_week: false,
            issuer: "https://id.example.com".into(),
            next_key: Some(sample::moment("in 9 hours")),
            latest: vec![sample::event(812, "machine.created", "Machine nightly-import was made")],
        };
        vec![
            (
                "new",
                Self {
                    is_new: true,
                    unprotected: true,
                    latest: vec![],
                    charts: vec![],
                    busiest: vec![],
                    next_key: None,
                    ..calm.clone()
                },
            ),
            ("calm", calm.clone()),
            (
                "busy",
                Self {
                    wanted: vec![
                        wanted("2 machines have nobody who answers for them", true),
                        wanted("3 credentials end soon and have no successor", false),
                    ],
                    ..calm.clone()
                },
            ),
            ("week", Self { of_a_week: true, ..calm.clone() }),
            (
                "branded",
                Self { shell: sample::branded(), wanted: vec![wanted("1 machine is unused", false)], ..calm.clone() },
            ),
            (
                "hostile",
                Self {
                    wanted: vec![wanted(sample::HOSTILE, true)],
                    busiest: vec![busy(sample::HOSTILE, u64::MAX, 100)],
                    latest: vec![sample::event(1, sample::HOSTILE, sample::HOSTILE)],
                    ..calm
                },
            ),
        ]
    }
}
