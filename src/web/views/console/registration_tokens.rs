//! `/console/registration-tokens`: what programs register applications with.

use askama::Template;

use super::super::Sample;
use super::super::shell::{Field, Moment, Shell};
use super::{Choice, Frame, Pill, Section, Tone, sample};

#[derive(Clone, Debug, Template)]
#[template(path = "console/registration_tokens.html")]
pub struct RegistrationTokensPage {
    pub shell: Shell,
    pub frame: Frame,
    /// `open`, `approval`, `token`, `closed`
    pub mode: String,
    pub mode_words: String,
    /// Below the issuer's path.
    pub mode_href: String,
    pub rows: Vec<RegistrationTokenRow>,
    /// Below the issuer's path.
    pub next: Option<String>,
    pub once: String,
    pub name: Field,
    pub lasts: Vec<Choice>,
    pub most_uses: Field,
    pub problem: Option<String>,
}

#[derive(Clone, Debug)]
pub struct RegistrationTokenRow {
    pub id: String,
    /// May be empty.
    pub name: String,
    /// Below the issuer's path.
    pub end_path: String,
    pub made: Moment,
    pub ends: Moment,
    /// "3", "3 of 10"
    pub uses: String,
    pub state: Pill,
}

#[derive(Clone, Debug, Template)]
#[template(path = "console/registration_token.html")]
pub struct RegistrationTokenPage {
    pub shell: Shell,
    pub frame: Frame,
    pub name: String,
    /// `None` when the same form was sent before: then it was shown before.
    pub token: Option<String>,
    pub ends: Option<Moment>,
    /// "1 application"
    pub uses: String,
    pub endpoint: String,
    pub command: String,
}

impl Sample for RegistrationTokensPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let row = RegistrationTokenRow {
            id: "iat_01jd2v6k3m8x9q4w7t5r1n0b2c".into(),
            name: "The onboarding script".into(),
            end_path: "/console/registration-tokens/iat_01jd2v6k3m8x9q4w7t5r1n0b2c/end".into(),
            made: sample::moment("yesterday"),
            ends: sample::moment("in 6 days"),
            uses: "3 of 10".into(),
            state: Pill::new("Good", Tone::Live),
        };
        let over = RegistrationTokenRow {
            id: "iat_01jd2v6k3m8x9q4w7t5r1n0b2d".into(),
            name: String::new(),
            uses: "1 of 1".into(),
            state: Pill::new("Used up", Tone::Plain),
            ..row.clone()
        };
        let page = Self {
            shell: sample::shell(),
            frame: Frame::of(Section::Applications),
            mode: "token".into(),
            mode_words: "Nobody registers without one.".into(),
            mode_href: "/console/settings/of/registration.mode".into(),
            rows: vec![row.clone(), over],
            next: Some("/console/registration-tokens?before=iat_01jd2v6k3m8x9q4w7t5r1n0b2d".into()),
            once: "once".into(),
            name: Field::default(),
            lasts: vec![Choice::new("7d", "7 days", true), Choice::new("30d", "30 days", false)],
            most_uses: Field::of("1"),
            problem: None,
        };
        let hostile = RegistrationTokenRow { name: sample::HOSTILE.into(), ..row };
        vec![
            ("some", page.clone()),
            ("empty", Self { rows: vec![], next: None, ..page.clone() }),
            (
                "refused",
                Self {
                    most_uses: Field::refused("many", "A whole number, or nothing for any number."),
                    problem: Some("Nothing was made. Look at what is marked.".into()),
                    ..page.clone()
                },
            ),
            ("branded", Self { shell: sample::branded(), ..page.clone() }),
            ("hostile", Self { rows: vec![hostile], name: Field::refused(sample::HOSTILE, "One line."), ..page }),
        ]
    }
}

impl Sample for RegistrationTokenPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let page = Self {
            shell: sample::shell(),
            frame: Frame::of(Section::Applications),
            name: "The onboarding script".into(),
            token: Some("writ_ia_sample".into()),
            ends: Some(sample::moment("in 7 days")),
            uses: "1 application".into(),
            endpoint: "https://id.example.com/oauth/register".into(),
            command: "curl -H 'Authorization: Bearer writ_ia_sample' \\\n  https://id.example.com/oauth/register"
                .into(),
        };
        vec![
            ("new", page.clone()),
            ("again", Self { token: None, ends: None, command: String::new(), ..page.clone() }),
            ("nameless", Self { name: String::new(), ..page.clone() }),
            ("branded", Self { shell: sample::branded(), ..page.clone() }),
            ("hostile", Self { name: sample::HOSTILE.into(), ..page }),
        ]
    }
}
