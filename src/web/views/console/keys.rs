//! `/console/keys`: every signing key on one line of time.

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
    pub rows: Vec<KeyRow>,
    pub algorithms: Vec<Choice>,
    /// Where the key set is published.
    pub jwks_uri: String,
    /// What is published, as JSON.
    pub jwks: String,
}

#[derive(Clone, Debug)]
pub struct KeyRow {
    pub kid: String,
    pub algorithm: String,
    pub state: Pill,
    /// What it does when: "signs from", "signed until", "gone from".
    pub moments: Vec<(String, Moment)>,
    /// Its life on the line of time: where the bar begins and how long it is, of 1000; nothing for one that is gone.
    pub bar: Option<(u32, u32)>,
}

impl KeysPage {
    /// Where now is on the line of time, of 1000.
    pub(super) const NOW: u32 = 500;
}

impl Sample for KeysPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let row = KeyRow {
            kid: "es256-2026-08-01-k4td".into(),
            algorithm: "ES256".into(),
            state: Pill::new("signs", Tone::Live),
            moments: vec![("Signs since".into(), sample::moment("9 hours ago"))],
            bar: Some((480, 40)),
        };
        let page = Self {
            shell: sample::shell(),
            frame: Frame::of(Section::Keys),
            period: "1 day".into(),
            max_age: "5 minutes".into(),
            rows: vec![
                KeyRow { state: Pill::new("next", Tone::Soon), bar: Some((520, 200)), ..row.clone() },
                row.clone(),
                KeyRow { state: Pill::new("withdrawn", Tone::Danger), bar: None, ..row.clone() },
            ],
            algorithms: vec![Choice::new("", "All", true), Choice::new("ES256", "ES256", false)],
            jwks_uri: "https://id.example.com/.well-known/jwks.json".into(),
            jwks: "{\"keys\": []}".into(),
        };
        vec![
            ("some", page.clone()),
            ("none", Self { rows: vec![], ..page.clone() }),
            ("branded", Self { shell: sample::branded(), ..page.clone() }),
            ("hostile", Self { rows: vec![KeyRow { kid: sample::HOSTILE.into(), ..row }], ..page }),
        ]
    }
}
