//! `/console/providers`: identity providers, and whom they mean.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Field, Moment, Shell};
use super::{Frame, Pill, Section, Tone, sample};
use crate::model::{Language, PersonBy};
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "console/providers.html")]
pub struct ProvidersPage {
    pub shell: Shell,
    pub frame: Frame,
    pub rows: Vec<ProviderRow>,
}

#[derive(Clone, Debug)]
pub struct ProviderRow {
    /// Below the issuer's path.
    pub href: String,
    pub name: String,
    pub issuer: String,
    pub state: Pill,
    /// "a link, or a verified address at example.com"
    pub known_by: String,
}

#[derive(Clone, Debug, Template)]
#[template(path = "console/provider.html")]
pub struct ProviderPage {
    pub shell: Shell,
    pub frame: Frame,
    /// Below the issuer's path.
    pub href: String,
    /// Where it is changed, below the issuer's path.
    pub change: String,
    pub name: String,
    pub issuer: String,
    pub state: Pill,
    /// Whether the button is there; `None` where people do not sign in with it at all.
    pub on: Option<bool>,
    pub client_id: String,
    /// When its secret was set; `None`: it has none.
    pub secret: Option<Moment>,
    pub scope: String,
    pub redirect_uri: String,
    pub known_by: String,
    pub keys: String,
    pub added: Moment,
    pub seen: String,
    pub links: Vec<LinkLine>,
    /// Below the issuer's path.
    pub next: Option<String>,
}

#[derive(Clone, Debug)]
pub struct LinkLine {
    pub subject: String,
    pub person: String,
    /// Below the issuer's path.
    pub href: String,
    pub linked: Moment,
}

#[derive(Clone, Debug, Template)]
#[template(path = "console/provider_form.html")]
pub struct ProviderFormPage {
    pub shell: Shell,
    pub frame: Frame,
    pub once: String,
    /// Which state the form was filled from; empty for a new one.
    pub seen: String,
    /// Below the issuer's path.
    pub action: String,
    /// What is changed: name and page. `None` for a new one.
    pub changes: Option<(String, String)>,
    pub issuer: Field,
    pub name: Field,
    pub client_id: Field,
    /// The secret never comes back.
    pub secret_error: Option<String>,
    pub has_secret: bool,
    pub public: bool,
    pub scope: Field,
    pub domains: Field,
    /// Where its keys are; `None` where a key set was written down.
    pub keys: Option<Field>,
    /// `None` until it is added.
    pub redirect_uri: Option<String>,
    pub problem: Option<String>,
}

impl Spoken for ProvidersPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.providers;
        let by_address = PersonBy::Email { domains: vec!["northwind.example".into()] };
        let row = ProviderRow {
            href: "/console/providers/idp_sample".into(),
            name: "Google".into(),
            issuer: "https://accounts.google.com".into(),
            state: Pill::new(t.people_sign_in, Tone::Live),
            known_by: t.of_known_by(&PersonBy::Link),
        };
        let other = ProviderRow {
            name: "https://login.northwind.example".into(),
            issuer: "https://login.northwind.example".into(),
            state: Pill::new(t.assertions_only, Tone::Plain),
            known_by: t.of_known_by(&by_address),
            ..row.clone()
        };
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Settings),
            rows: vec![row.clone(), other],
        };
        let hostile = ProviderRow {
            name: sample::HOSTILE.into(),
            issuer: sample::HOSTILE.into(),
            known_by: sample::HOSTILE.into(),
            ..row
        };
        vec![
            ("some", page.clone()),
            ("empty", Self { rows: vec![], ..page.clone() }),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            ("hostile", Self { rows: vec![hostile], ..page }),
        ]
    }
}

impl Spoken for ProviderPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.providers;
        let link = LinkLine {
            subject: "110169484474386276334".into(),
            person: "Ada Moreno".into(),
            href: "/console/people/per_sample".into(),
            linked: sample::moment_in(language, -12 * 86_400),
        };
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Settings),
            href: "/console/providers/idp_sample".into(),
            change: "/console/providers/idp_sample/change".into(),
            name: "Google".into(),
            issuer: "https://accounts.google.com".into(),
            state: Pill::new(t.people_sign_in, Tone::Live),
            on: Some(true),
            client_id: "8192-abc.apps.googleusercontent.com".into(),
            secret: Some(sample::moment_in(language, -12 * 86_400)),
            scope: "email openid".into(),
            redirect_uri: "https://auth.example.com/sign-in/provider/callback/idp_01jd2v6k3m8x9q4w7t5r1n0b2c".into(),
            known_by: t.of_known_by(&PersonBy::Link),
            keys: t.keys_in_metadata.into(),
            added: sample::moment_in(language, -12 * 86_400),
            seen: "sample".into(),
            links: vec![link.clone()],
            next: Some("/console/providers/idp_sample?after=110169484474386276334".into()),
        };
        let off = Self { on: Some(false), state: Pill::new(t.turned_off, Tone::Soon), secret: None, ..page.clone() };
        vec![
            ("on", page.clone()),
            ("off", off),
            ("assertions_only", Self { on: None, links: vec![], next: None, ..page.clone() }),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            (
                "hostile",
                Self {
                    name: sample::HOSTILE.into(),
                    issuer: sample::HOSTILE.into(),
                    client_id: sample::HOSTILE.into(),
                    scope: sample::HOSTILE.into(),
                    known_by: sample::HOSTILE.into(),
                    keys: sample::HOSTILE.into(),
                    links: vec![LinkLine { subject: sample::HOSTILE.into(), person: sample::HOSTILE.into(), ..link }],
                    ..page
                },
            ),
        ]
    }
}

impl Spoken for ProviderFormPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let field = |value: &str| Field { value: value.into(), error: None };
        let wrong = |value: &str, error: &str| Field { value: value.into(), error: Some(error.into()) };
        let new = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Settings),
            once: "req_sample".into(),
            seen: String::new(),
            action: "/console/providers/new".into(),
            changes: None,
            issuer: field(""),
            name: field(""),
            client_id: field(""),
            secret_error: None,
            has_secret: false,
            public: false,
            scope: field("openid email"),
            domains: field(""),
            keys: Some(field("")),
            redirect_uri: None,
            problem: None,
        };
        let changes = Self {
            changes: Some(("Google".into(), "/console/providers/idp_sample".into())),
            action: "/console/providers/idp_sample/change".into(),
            issuer: field("https://accounts.google.com"),
            name: field("Google"),
            client_id: field("8192-abc.apps.googleusercontent.com"),
            has_secret: true,
            domains: field("example.com"),
            ..new.clone()
        };
        let refused = Self {
            issuer: wrong("http://accounts.google.com", "this is no https:// address of at most 512 characters"),
            secret_error: Some("a secret has 1 to 1024 visible characters".into()),
            problem: Some(words::of(language).console.providers.form.not_added.into()),
            ..new.clone()
        };
        vec![
            ("new", new.clone()),
            ("change", changes.clone()),
            ("written_keys", Self { keys: None, public: true, has_secret: false, ..changes.clone() }),
            ("refused", refused),
            ("branded", Self { shell: sample::branded_in(language), ..new }),
            (
                "hostile",
                Self {
                    changes: Some((sample::HOSTILE.into(), "/console/providers/idp_sample".into())),
                    issuer: wrong(sample::HOSTILE, sample::HOSTILE),
                    name: field(sample::HOSTILE),
                    client_id: field(sample::HOSTILE),
                    domains: field(sample::HOSTILE),
                    ..changes
                },
            ),
        ]
    }
}
