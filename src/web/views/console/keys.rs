//! `/console/keys`: every signing key on one line of time, and the page of each, where it is withdrawn.

use askama::Template;

use super::super::Sample;
use super::super::shell::{Moment, Shell};
use super::{Choice, Frame, Pill, Section, Tone, sample};

#[derive(Clone, Debug, Template)]
#[template(path = "console/keys.html")]
pub struct KeysPage {
    pub shell: Shell,
    pub frame: Frame,
    /// The schedule, in words.
    pub period: String,
    pub max_age: String,
    /// How much of the past and of the future the lines of time show, in words.
    pub window: String,
    /// Said while a revocation is fresh.
    pub hurried: Option<String>,
    /// What the schedule does next, the soonest first.
    pub coming: Vec<Coming>,
    pub lines: Vec<KeyLine>,
    pub algorithms: Vec<Choice>,
    /// Where the key set is published.
    pub jwks_uri: String,
    /// What is published, as JSON.
    pub jwks: String,
}

/// Something that the schedule will do.
#[derive(Clone, Debug)]
pub struct Coming {
    pub at: Moment,
    pub words: String,
}

/// The keys of one algorithm, the newest first.
#[derive(Clone, Debug)]
pub struct KeyLine {
    pub algorithm: String,
    /// What is next, what signs, what signed last, and what was withdrawn.
    pub rows: Vec<KeyRow>,
    /// What signed before: it is still published.
    pub older: Vec<KeyRow>,
}

#[derive(Clone, Debug)]
pub struct KeyRow {
    pub kid: String,
    /// How it is called in sentences: the beginning of its kid.
    pub short: String,
    pub href: String,
    pub state: Pill,
    /// What it does when: "signs from", "signed until", "gone from".
    pub moments: Vec<(String, Moment)>,
    /// Its life on the line of time; nothing of one that was withdrawn.
    pub bars: Vec<Bar>,
}

/// A stretch of a life, of 1000.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    pub class: &'static str,
    pub from: u32,
    pub long: u32,
}

impl Bar {
    /// What is only verified with.
    pub(super) fn is_thin(&self) -> bool {
        self.class == "life-kept"
    }
}

/// One key, and what a withdrawal breaks.
#[derive(Clone, Debug, Template)]
#[template(path = "console/key.html")]
pub struct KeyPage {
    pub shell: Shell,
    pub frame: Frame,
    pub kid: String,
    pub short: String,
    pub algorithm: String,
    pub href: String,
    pub state: Pill,
    pub moments: Vec<(String, Moment)>,
    /// What it signs, in sentences; names in them are strangers'.
    pub signs: Vec<String>,
    /// Whether it can be withdrawn: it was not yet.
    pub withdrawable: bool,
    /// What stops working, and what does not, in sentences.
    pub breaks: Vec<String>,
    /// Until when verifiers elsewhere may go by what they know.
    pub taken_until: Moment,
    pub seen: String,
}

impl Sample for KeysPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let row = KeyRow {
            kid: "k4tdP0yQm3bM5Xb7mXo0yQm3bM5Xb7mXoGv1c2d3e4f".into(),
            short: "k4tdP0yQ".into(),
            href: "/console/keys/k4tdP0yQm3bM5Xb7mXo0yQm3bM5Xb7mXoGv1c2d3e4f".into(),
            state: Pill::new("signs", Tone::Live),
            moments: vec![("Signs since".into(), sample::moment("9 hours ago"))],
            bars: vec![
                Bar { class: "life-wait", from: 330, long: 120 },
                Bar { class: "bar-life", from: 450, long: 125 },
                Bar { class: "life-kept", from: 575, long: 425 },
            ],
        };
        let rows = vec![
            KeyRow {
                state: Pill::new("next", Tone::Soon),
                bars: vec![
                    Bar { class: "life-wait", from: 450, long: 125 },
                    Bar { class: "bar-life", from: 575, long: 125 },
                ],
                ..row.clone()
            },
            row.clone(),
            KeyRow { state: Pill::new("withdrawn", Tone::Danger), bars: vec![], ..row.clone() },
        ];
        let page = Self {
            shell: sample::shell(),
            frame: Frame::of(Section::Keys),
            period: "1 day".into(),
            max_age: "5 minutes".into(),
            window: "4 days".into(),
            hurried: None,
            coming: vec![
                Coming { at: sample::moment("in 15 hours"), words: "ES256: k4tdP0yQ begins to sign".into() },
                Coming { at: sample::moment("in 11 days"), words: "ES256: 9fQm3bM5 is forgotten".into() },
            ],
            lines: vec![
                KeyLine { algorithm: "ES256".into(), rows: rows.clone(), older: vec![row.clone(), row.clone()] },
                KeyLine { algorithm: "RS256".into(), rows, older: vec![] },
            ],
            algorithms: vec![Choice::new("", "All", true), Choice::new("ES256", "ES256", false)],
            jwks_uri: "https://id.example.com/.well-known/jwks.json".into(),
            jwks: "{\"keys\": []}".into(),
        };
        let hostile = KeyRow { kid: sample::HOSTILE.into(), short: sample::HOSTILE.into(), ..row };
        vec![
            ("some", page.clone()),
            ("withdrawn", Self { hurried: Some("A key was withdrawn 3 hours ago.".into()), ..page.clone() }),
            ("none", Self { lines: vec![], coming: vec![], ..page.clone() }),
            ("branded", Self { shell: sample::branded(), ..page.clone() }),
            (
                "hostile",
                Self {
                    lines: vec![KeyLine {
                        algorithm: "ES256".into(),
                        rows: vec![hostile.clone()],
                        older: vec![hostile],
                    }],
                    ..page
                },
            ),
        ]
    }
}

impl Sample for KeyPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let page = Self {
            shell: sample::shell(),
            frame: Frame::of(Section::Keys),
            kid: "k4tdP0yQm3bM5Xb7mXo0yQm3bM5Xb7mXoGv1c2d3e4f".into(),
            short: "k4tdP0yQ".into(),
            algorithm: "ES256".into(),
            href: "/console/keys/k4tdP0yQm3bM5Xb7mXo0yQm3bM5Xb7mXoGv1c2d3e4f".into(),
            state: Pill::new("signs", Tone::Live),
            moments: vec![
                ("Published".into(), sample::moment("yesterday")),
                ("Signs since".into(), sample::moment("9 hours ago")),
            ],
            signs: vec!["Access tokens for https://tickets.example.com/mcp".into(), "Status lists".into()],
            withdrawable: true,
            breaks: vec![
                "At most 812 access tokens that it signed are refused here at once.".into(),
                "The key 9fQm3bM5 signs from that moment on.".into(),
            ],
            taken_until: sample::moment("in 5 minutes"),
            seen: "sample-seen".into(),
        };
        let withdrawn = Self {
            state: Pill::new("withdrawn", Tone::Danger),
            withdrawable: false,
            breaks: vec![],
            signs: vec![],
            ..page.clone()
        };
        vec![
            ("signs", page.clone()),
            ("withdrawn", withdrawn),
            ("branded", Self { shell: sample::branded(), ..page.clone() }),
            ("hostile", Self { signs: vec![sample::HOSTILE.into()], breaks: vec![sample::HOSTILE.into()], ..page }),
        ]
    }
}
