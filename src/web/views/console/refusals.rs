//! `/console/refusals`: why something was refused.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Moment, Shell};
use super::{EventLine, First, Frame, Named, Section, sample};
use crate::model::Language;
use crate::protocol::advice::{Stage, Turn};
use crate::web::words::{self, MarkWords};

#[derive(Clone, Debug, Template)]
#[template(path = "console/refusals.html")]
pub struct RefusalsPage {
    pub shell: Shell,
    pub frame: Frame,
    /// What was typed, and whether it is no error id.
    pub id: String,
    pub is_wrong: bool,
    /// Only of this client, if it says one.
    pub client: String,
    pub rows: Vec<RefusalRow>,
    /// Below the issuer's path.
    pub next: Option<String>,
}

#[derive(Clone, Debug)]
pub struct RefusalRow {
    pub id: String,
    pub at: Moment,
    pub words: String,
    pub name: String,
    pub door: String,
    pub client: Option<String>,
    pub from: String,
}

/// `/console/refusals/{id}`: the story of one attempt.
#[derive(Clone, Debug, Template)]
#[template(path = "console/refusal.html")]
pub struct RefusalPage {
    pub shell: Shell,
    pub frame: Frame,
    pub id: String,
    pub at: Moment,
    /// Nothing, if it is not remembered.
    pub blame: Option<Blame>,
    /// Its name, and its page below the issuer's path.
    pub client: Option<(String, Option<String>)>,
    pub steps: Vec<StepLine>,
    /// What the audit log knows, the newest first, and whether all of it was looked at.
    pub entries: Vec<EventLine>,
    pub is_whole: bool,
}

/// What was wrong, and whose turn it is.
#[derive(Clone, Debug)]
pub struct Blame {
    pub words: String,
    pub turn: String,
    pub advice: String,
    /// What it is about: its name, what it is called in a request, and its page below the issuer's path.
    pub about: Option<Named>,
    /// Where it is mended: what to press, and the page below the issuer's path.
    pub mend: Option<(String, String)>,
    pub name: String,
    pub error: String,
    pub section: String,
    pub door: String,
    pub from: String,
}

/// One step of the way.
#[derive(Clone, Debug)]
pub struct StepLine {
    pub step: Step,
    pub note: String,
    pub at: Option<Moment>,
    /// The entry of the audit log that tells of it.
    pub sequence: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub words: String,
    pub mark: Mark,
}

/// How far it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Done,
    Refused,
    /// Nothing tells of it; it may have been long ago.
    Unseen,
    NotReached,
}

impl Mark {
    pub(super) const fn words(self, words: &MarkWords) -> &'static str {
        match self {
            Self::Done => words.done,
            Self::Refused => words.refused,
            Self::Unseen => words.unseen,
            Self::NotReached => words.not_reached,
        }
    }

    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Done => " is-live",
            Self::Refused => " is-danger",
            Self::Unseen | Self::NotReached => "",
        }
    }
}

fn row(language: Language, words: &str) -> RefusalRow {
    RefusalRow {
        id: "req_01k5x0v5k8f7m0000000000000".into(),
        at: sample::moment_in(language, -180),
        words: words.into(),
        name: "PkceMismatch".into(),
        door: "/oauth/token".into(),
        client: Some("Cursor".into()),
        from: "10.1.2.0/24".into(),
    }
}

impl Spoken for RefusalsPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Audit),
            id: String::new(),
            is_wrong: false,
            client: String::new(),
            rows: vec![
                row(language, "The authorization code is invalid, expired or used."),
                RefusalRow { client: None, ..row(language, "Too many requests came from one address.") },
            ],
            next: Some("/console/refusals?before=req_01k5x0v5k8f7m0000000000000".into()),
        };
        vec![
            ("some", page.clone()),
            ("empty", Self { rows: vec![], next: None, ..page.clone() }),
            (
                "of_client",
                Self { rows: vec![], next: None, client: "cli_01k5x0v5k8f7m0000000000000".into(), ..page.clone() },
            ),
            ("refused", Self { id: "err_12".into(), is_wrong: true, ..page.clone() }),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            (
                "hostile",
                Self {
                    rows: vec![RefusalRow { client: Some(sample::HOSTILE.into()), ..row(language, sample::HOSTILE) }],
                    ..page
                },
            ),
        ]
    }
}

impl Spoken for RefusalPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.refusals.story;
        let line = |stage, mark, note: &str, sequence| StepLine {
            step: Step { words: t.stage(stage).into(), mark },
            note: note.into(),
            at: (mark == Mark::Done).then(|| sample::moment_in(language, -240)),
            sequence,
        };
        let allowed = (words::of(language).console.told.consent_given)("Ada Moreno", "Cursor", "mcp:read");
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Audit),
            id: "req_01k5x0v5k8f7m0000000000000".into(),
            at: sample::moment_in(language, -180),
            blame: Some(Blame {
                words: "The authorization code is invalid, expired or used, or does not fit this client, redirect_uri or code_verifier.".into(),
                turn: t.turn(Turn::Maker).into(),
                advice: "Keep the verifier with the sign-in it was made for.".into(),
                about: None,
                mend: None,
                name: "PkceMismatch".into(),
                error: "invalid_grant".into(),
                section: "RFC 7636 §4.6".into(),
                door: "/oauth/token".into(),
                from: "10.1.2.0/24".into(),
            }),
            client: Some(("Cursor".into(), Some("/console/applications/cli_1".into()))),
            steps: vec![
                line(Stage::Discovery, Mark::Done, "", None),
                line(Stage::Registration, Mark::Unseen, t.not_seen, None),
                line(Stage::Consent, Mark::Done, "", Some(811)),
                line(Stage::Code, Mark::Refused, t.here, None),
                line(Stage::Token, Mark::NotReached, t.not_here, None),
            ],
            entries: vec![sample::event_in(language, 811, "consent.given", &allowed)],
            is_whole: true,
        };
        let about = |name: &str| Named {
            name: name.into(),
            href: "/console/resources/res_sample".into(),
            about: "https://mcp.tickets.example/mcp".into(),
        };
        let mended = page.blame.clone().map(|blame| Blame {
            words: "This client may not have tokens for this resource.".into(),
            turn: t.turn(Turn::Administrator).into(),
            advice: "Add the resource to those that this client may have tokens for.".into(),
            about: Some(about("Tickets")),
            mend: Some((t.mend.access.into(), "/console/machines/mch_sample/change".into())),
            ..blame
        });
        let forgotten = Self { blame: None, client: None, steps: vec![], entries: vec![], ..page.clone() };
        vec![
            ("story", page.clone()),
            ("mended", Self { blame: mended.clone(), ..page.clone() }),
            ("log_only", Self { blame: None, is_whole: false, ..page.clone() }),
            ("forgotten", forgotten),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            (
                "hostile",
                Self {
                    client: Some((sample::HOSTILE.into(), None)),
                    blame: mended.map(|blame| Blame { about: Some(about(sample::HOSTILE)), ..blame }),
                    entries: vec![sample::event_in(language, 1, sample::HOSTILE, sample::HOSTILE)],
                    ..page
                },
            ),
        ]
    }
}
