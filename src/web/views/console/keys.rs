//! `/console/keys`: every signing key on one line of time, and the page of each, where it is withdrawn.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Moment, Shell};
use super::{Choice, Frame, Pill, Section, Tone, sample};
use crate::model::Language;
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "console/keys.html")]
pub struct KeysPage {
    pub shell: Shell,
    pub frame: Frame,
    /// The schedule, in words.
    pub period: String,
    pub max_age: String,
    /// Where the lines of time begin and end.
    pub ends: LineEnds,
    /// A revocation is fresh.
    pub hurried: bool,
    /// What the schedule does next, the soonest first.
    pub coming: Vec<Coming>,
    pub lines: Vec<KeyLine>,
    pub algorithms: Vec<Choice>,
    /// Where the key set is published.
    pub jwks_uri: String,
    /// What is published, as JSON.
    pub jwks: String,
}

/// The past and the future that lines of time show, in words.
#[derive(Clone, Debug)]
pub struct LineEnds {
    /// "4 days ago"
    pub from: String,
    /// "in 4 days"
    pub until: String,
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

impl Spoken for KeysPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.keys;
        let row = KeyRow {
            kid: "k4tdP0yQm3bM5Xb7mXo0yQm3bM5Xb7mXoGv1c2d3e4f".into(),
            short: "k4tdP0yQ".into(),
            href: "/console/keys/k4tdP0yQm3bM5Xb7mXo0yQm3bM5Xb7mXoGv1c2d3e4f".into(),
            state: Pill::new(t.is_signing, Tone::Live),
            moments: vec![(t.at_signs_since.into(), sample::moment_in(language, -9 * 3_600))],
            bars: vec![
                Bar { class: "life-wait", from: 330, long: 120 },
                Bar { class: "bar-life", from: 450, long: 125 },
                Bar { class: "life-kept", from: 575, long: 425 },
            ],
        };
        let rows = vec![
            KeyRow {
                state: Pill::new(t.is_next, Tone::Soon),
                bars: vec![
                    Bar { class: "life-wait", from: 450, long: 125 },
                    Bar { class: "bar-life", from: 575, long: 125 },
                ],
                ..row.clone()
            },
            row.clone(),
            KeyRow { state: Pill::new(t.is_withdrawn, Tone::Danger), bars: vec![], ..row.clone() },
        ];
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Keys),
            period: words::of(language).length(86_400),
            max_age: words::of(language).length(300),
            ends: LineEnds {
                from: sample::moment_in(language, -4 * 86_400).words,
                until: sample::moment_in(language, 4 * 86_400).words,
            },
            hurried: false,
            coming: vec![
                Coming { at: sample::moment_in(language, 15 * 3_600), words: (t.will_sign)("ES256", "k4tdP0yQ") },
                Coming {
                    at: sample::moment_in(language, 11 * 86_400),
                    words: (t.will_be_forgotten)("ES256", "9fQm3bM5"),
                },
            ],
            lines: vec![
                KeyLine { algorithm: "ES256".into(), rows: rows.clone(), older: vec![row.clone(), row.clone()] },
                KeyLine { algorithm: "RS256".into(), rows, older: vec![] },
            ],
            algorithms: vec![Choice::new("", t.all, true), Choice::new("ES256", "ES256", false)],
            jwks_uri: "https://id.example.com/.well-known/jwks.json".into(),
            jwks: "{\"keys\": []}".into(),
        };
        let hostile = KeyRow { kid: sample::HOSTILE.into(), short: sample::HOSTILE.into(), ..row };
        vec![
            ("some", page.clone()),
            ("withdrawn", Self { hurried: true, ..page.clone() }),
            ("none", Self { lines: vec![], coming: vec![], ..page.clone() }),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
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

impl Spoken for KeyPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.keys;
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Keys),
            kid: "k4tdP0yQm3bM5Xb7mXo0yQm3bM5Xb7mXoGv1c2d3e4f".into(),
            short: "k4tdP0yQ".into(),
            algorithm: "ES256".into(),
            href: "/console/keys/k4tdP0yQm3bM5Xb7mXo0yQm3bM5Xb7mXoGv1c2d3e4f".into(),
            state: Pill::new(t.is_signing, Tone::Live),
            moments: vec![
                (t.at_published.into(), sample::moment_in(language, -86_400)),
                (t.at_signs_since.into(), sample::moment_in(language, -9 * 3_600)),
            ],
            signs: vec![(t.one.access_tokens)("https://tickets.example.com/mcp"), t.one.status_lists.into()],
            withdrawable: true,
            breaks: vec![
                (t.one.tokens_refused)(812, &sample::moment_in(language, 3_600).words),
                (t.one.successor)("9fQm3bM5"),
                t.one.what_stays.into(),
            ],
            taken_until: sample::moment_in(language, 300),
            seen: "sample-seen".into(),
        };
        let withdrawn = Self {
            state: Pill::new(t.is_withdrawn, Tone::Danger),
            withdrawable: false,
            breaks: vec![],
            signs: vec![],
            ..page.clone()
        };
        vec![
            ("signs", page.clone()),
            ("withdrawn", withdrawn),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            ("hostile", Self { signs: vec![sample::HOSTILE.into()], breaks: vec![sample::HOSTILE.into()], ..page }),
        ]
    }
}
