//! `/console/refusals`: why something was refused.

use askama::Template;

use super::super::Sample;
use super::super::shell::{Moment, Shell};
use super::{EventLine, First, Frame, Named, Section, sample};

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
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Unseen => "not seen",
            Self::NotReached => "not reached",
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

fn row(words: &str) -> RefusalRow {
    RefusalRow {
        id: "req_01k5x0v5k8f7m0000000000000".into(),
        at: sample::moment("3 minutes ago"),
        words: words.into(),
        name: "PkceMismatch".into(),
        door: "/oauth/token".into(),
        client: Some("Cursor".into()),
        from: "10.1.2.0/24".into(),
    }
}

impl Sample for RefusalsPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let page = Self {
            shell: sample::shell(),
            frame: Frame::of(Section::Audit),
            id: String::new(),
            is_wrong: false,
            client: String::new(),
            rows: vec![
                row("The authorization code is invalid, expired or used."),
                RefusalRow { client: None, ..row("Too many requests came from one address.") },
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
            ("branded", Self { shell: sample::branded(), ..page.clone() }),
            (
                "hostile",
                Self {
                    rows: vec![RefusalRow { client: Some(sample::HOSTILE.into()), ..row(sample::HOSTILE) }],
                    ..page
                },
            ),
        ]
    }
}

impl Sample for RefusalPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let line = |words: &str, mark, note: &str, sequence| StepLine {
            step: Step { words: words.into(), mark },
            note: note.into(),
            at: (mark == Mark::Done).then(|| sample::moment("4 minutes ago")),
            sequence,
        };
        let page = Self {
            shell: sample::shell(),
            frame: Frame::of(Section::Audit),
            id: "req_01k5x0v5k8f7m0000000000000".into(),
            at: sample::moment("3 minutes ago"),
            blame: Some(Blame {
                words: "The authorization code is invalid, expired or used, or does not fit this client, redirect_uri or code_verifier.".into(),
                turn: "Whoever runs the application".into(),
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
                line("Finds this server", Mark::Done, "", None),
                line("Is registered", Mark::Unseen, "Not seen within the hour before", None),
                line("They allow it", Mark::Done, "", Some(811)),
                line("Exchanges its code", Mark::Refused, "It was refused here", None),
                line("Gets a token", Mark::NotReached, "It did not come to this", None),
            ],
            entries: vec![sample::event(811, "consent.given", "Ada allowed Cursor: mcp:read")],
            is_whole: true,
        };
        let about = |name: &str| Named {
            name: name.into(),
            href: "/console/resources/res_sample".into(),
            about: "https://mcp.tickets.example/mcp".into(),
        };
        let mended = page.blame.clone().map(|blame| Blame {
            words: "This client may not have tokens for this resource.".into(),
            turn: "Yours".into(),
            advice: "Add the resource to those that this client may have tokens for.".into(),
            about: Some(about("Tickets")),
            mend: Some(("Change what it may have".into(), "/console/machines/mch_sample/change".into())),
            ..blame
        });
        let forgotten = Self { blame: None, client: None, steps: vec![], entries: vec![], ..page.clone() };
        vec![
            ("story", page.clone()),
            ("mended", Self { blame: mended.clone(), ..page.clone() }),
            ("log_only", Self { blame: None, is_whole: false, ..page.clone() }),
            ("forgotten", forgotten),
            ("branded", Self { shell: sample::branded(), ..page.clone() }),
            (
                "hostile",
                Self {
                    client: Some((sample::HOSTILE.into(), None)),
                    blame: mended.map(|blame| Blame { about: Some(about(sample::HOSTILE)), ..blame }),
                    entries: vec![sample::event(1, sample::HOSTILE, sample::HOSTILE)],
                    ..page
                },
            ),
        ]
    }
}
