//! `/console/registration-tokens`: what programs register applications with.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Field, Moment, Shell};
use super::{Choice, Frame, Pill, Section, Tone, sample};
use crate::model::{Language, RegistrationMode};
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "console/registration_tokens.html")]
pub struct RegistrationTokensPage {
    pub shell: Shell,
    pub frame: Frame,
    pub mode: RegistrationMode,
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

impl Spoken for RegistrationTokensPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let said = words::of(language);
        let t = &said.console.registration_tokens;
        let row = RegistrationTokenRow {
            id: "iat_01jd2v6k3m8x9q4w7t5r1n0b2c".into(),
            name: sample::said(language, "The onboarding script", "Das Skript zum Einrichten").into(),
            end_path: "/console/registration-tokens/iat_01jd2v6k3m8x9q4w7t5r1n0b2c/end".into(),
            made: sample::moment_in(language, -86_400),
            ends: sample::moment_in(language, 6 * 86_400),
            uses: (t.used_of)(3, 10),
            state: Pill::new(t.is_good, Tone::Live),
        };
        let over = RegistrationTokenRow {
            id: "iat_01jd2v6k3m8x9q4w7t5r1n0b2d".into(),
            name: String::new(),
            uses: (t.used_of)(1, 1),
            state: Pill::new(t.is_used_up, Tone::Plain),
            ..row.clone()
        };
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Applications),
            mode: RegistrationMode::Token,
            mode_href: "/console/settings/of/registration.mode".into(),
            rows: vec![row.clone(), over],
            next: Some("/console/registration-tokens?before=iat_01jd2v6k3m8x9q4w7t5r1n0b2d".into()),
            once: "once".into(),
            name: Field::default(),
            lasts: vec![Choice::new("7d", said.days(7), true), Choice::new("30d", said.days(30), false)],
            most_uses: Field::of("1"),
            problem: None,
        };
        let hostile = RegistrationTokenRow { name: sample::HOSTILE.into(), ..row };
        vec![
            ("some", page.clone()),
            ("empty", Self { rows: vec![], next: None, mode: RegistrationMode::Approval, ..page.clone() }),
            ("open", Self { mode: RegistrationMode::Open, ..page.clone() }),
            ("closed", Self { mode: RegistrationMode::Closed, ..page.clone() }),
            (
                "refused",
                Self {
                    most_uses: Field::refused("many", t.most_uses_wrong),
                    problem: Some(t.nothing_made.into()),
                    ..page.clone()
                },
            ),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            ("hostile", Self { rows: vec![hostile], name: Field::refused(sample::HOSTILE, "One line."), ..page }),
        ]
    }
}

impl Spoken for RegistrationTokenPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.registration_token;
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Applications),
            name: sample::said(language, "The onboarding script", "Das Skript zum Einrichten").into(),
            token: Some("writ_ia_sample".into()),
            ends: Some(sample::moment_in(language, 7 * 86_400)),
            uses: (t.applications)(Some(1)),
            endpoint: "https://id.example.com/oauth/register".into(),
            command: "curl -H 'Authorization: Bearer writ_ia_sample' \\\n  https://id.example.com/oauth/register"
                .into(),
        };
        vec![
            ("new", page.clone()),
            ("again", Self { token: None, ends: None, command: String::new(), ..page.clone() }),
            ("nameless", Self { name: String::new(), ..page.clone() }),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            ("hostile", Self { name: sample::HOSTILE.into(), ..page }),
        ]
    }
}
