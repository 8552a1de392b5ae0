//! `/console`: what needs a person first, then how things stand.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Moment, Shell};
use super::charts::{self, Busy, Chart};
use super::{EventLine, Frame, Section, sample};
use crate::model::{FindingKind, Language};
use crate::web::words;

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
    pub words: Sentence,
    /// What to do about it.
    pub advice: Sentence,
    /// Below the issuer's path.
    pub href: String,
    /// It should not wait.
    pub pressing: bool,
}

/// What is said of it, in the language of the page, or by others in theirs.
#[derive(Clone, Debug)]
pub enum Sentence {
    Ours(String),
    /// What an examination found, or why a backup failed: the command line says the same.
    English(String),
}

impl Sentence {
    pub fn said(words: &'static str) -> Self {
        Self::Ours(words.to_owned())
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Ours(text) | Self::English(text) => text,
        }
    }

    pub(super) fn is_english(&self) -> bool {
        matches!(self, Self::English(_))
    }
}

impl Spoken for OverviewPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.overview.wants;
        let wanted = |words: String, kind, pressing| Wanted {
            words: Sentence::Ours(words),
            advice: Sentence::said(t.machines.of(kind).mend_many),
            href: "/console/machines?finding=credential_expiring".into(),
            pressing,
        };
        let busy = |name: &str, count, share| Busy {
            name: name.into(),
            href: "/console/machines/mch_sample".into(),
            count,
            share,
        };
        let said = (words::of(language).console.told.machine_created)("nightly-import", "Ada Moreno");
        let made = sample::event_in(language, 812, "machine.created", &said);
        let calm = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Overview),
            wanted: vec![],
            is_new: false,
            unprotected: false,
            charts: charts::samples_in(language),
            busiest: vec![busy("support-agent", 412, 100), busy("nightly-import", 31, 8)],
            of_a_week: false,
            issuer: "https://id.example.com".into(),
            next_key: Some(sample::moment_in(language, 9 * 3_600)),
            latest: vec![made],
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
                        wanted((t.machines.of(FindingKind::NoOwner).many)("2"), FindingKind::NoOwner, true),
                        wanted(
                            (t.machines.of(FindingKind::CredentialExpiring).many)("3"),
                            FindingKind::CredentialExpiring,
                            false,
                        ),
                        Wanted {
                            words: Sentence::English("disk: 2 GB are left".into()),
                            advice: Sentence::English("Make room where the file is.".into()),
                            href: "/console/settings".into(),
                            pressing: true,
                        },
                    ],
                    ..calm.clone()
                },
            ),
            ("week", Self { of_a_week: true, ..calm.clone() }),
            (
                "branded",
                Self {
                    shell: sample::branded_in(language),
                    wanted: vec![wanted(t.machines.of(FindingKind::Unused).one.to_owned(), FindingKind::Unused, false)],
                    ..calm.clone()
                },
            ),
            (
                "hostile",
                Self {
                    wanted: vec![wanted(sample::HOSTILE.to_owned(), FindingKind::NoOwner, true)],
                    busiest: vec![busy(sample::HOSTILE, u64::MAX, 100)],
                    latest: vec![sample::event_in(language, 1, sample::HOSTILE, sample::HOSTILE)],
                    ..calm
                },
            ),
        ]
    }
}
