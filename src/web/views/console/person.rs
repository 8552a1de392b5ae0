//! `/console/people/{id}`: one person, and everything that acts for them.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Moment, Shell};
use super::{EventLine, Frame, Pill, Section, Tone, sample};
use crate::model::Language;
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "console/person.html")]
pub struct PersonPage {
    pub shell: Shell,
    pub frame: Frame,
    pub id: String,
    /// Below the issuer's path: `/console/people/{id}`.
    pub href: String,
    pub name: String,
    pub email: String,
    pub administrator: bool,
    pub state: Pill,
    pub suspended: bool,
    /// Which tokens from before may still be taken.
    pub left: Option<String>,
    /// Whoever reads the page.
    pub yourself: bool,
    pub added: Moment,
    /// Which states of them, and of what they are in the tenants, the forms were filled from.
    pub seen: String,
    pub seen_roles: String,
    /// "2 machines that they answer for are stopped with them." Empty if there are none.
    pub at_stake: String,
    pub sessions: Vec<SignedInLine>,
    /// The codes that are asked for besides the password, if they are.
    pub factor: Option<FactorLine>,
    pub passkeys: Vec<OwnedPasskey>,
    /// They have neither, and more than a password is demanded of them.
    pub owes_factor: bool,
    pub grants: Vec<AllowedLine>,
    /// There are more than these.
    pub more_grants: bool,
    pub machines: Vec<OwnedLine>,
    /// Of more machines than are shown.
    pub more_machines: bool,
    /// One of them is not retired: there is something to hand over.
    pub hands_over: bool,
    pub delegations: Vec<ActingLine>,
    /// There are more than these.
    pub more_delegations: bool,
    /// `tenant/role`, as they are written.
    pub roles: Vec<String>,
    /// What there is to be given.
    pub known_roles: Vec<String>,
    /// What tokens say under customClaims, as JSON.
    pub claims: Option<String>,
    pub events: Vec<EventLine>,
}

/// One browser in which they are signed in.
#[derive(Clone, Debug)]
pub struct SignedInLine {
    pub id: String,
    /// "Firefox on Linux"
    pub device: String,
    /// `203.0.113.0/24`
    pub from: Option<String>,
    /// The one that reads the page.
    pub current: bool,
    pub since: Moment,
    pub seen: Moment,
}

/// Codes from an app.
#[derive(Clone, Debug)]
pub struct FactorLine {
    pub since: Moment,
    pub codes_left: usize,
}

/// One of their passkeys.
#[derive(Clone, Debug)]
pub struct OwnedPasskey {
    pub id: String,
    pub name: String,
    pub added: Moment,
    /// `None`: never.
    pub used: Option<Moment>,
}

/// What they allowed one application at one resource.
#[derive(Clone, Debug)]
pub struct AllowedLine {
    pub id: String,
    pub application: String,
    pub application_href: String,
    pub resource: String,
    pub scopes: Vec<String>,
    pub given: Moment,
}

/// A machine that they answer for.
#[derive(Clone, Debug)]
pub struct OwnedLine {
    pub href: String,
    pub name: String,
    pub purpose: String,
    pub state: Pill,
}

/// A machine that may act for them.
#[derive(Clone, Debug)]
pub struct ActingLine {
    pub href: String,
    pub machine: String,
    pub purpose: String,
    pub scopes: Vec<String>,
    pub state: Pill,
    pub until: Moment,
}

impl Spoken for PersonPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let words = words::of(language);
        let (t, people) = (&words.console.person, &words.console.people);
        let bare = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::People),
            id: "per_sample".into(),
            href: "/console/people/per_sample".into(),
            name: "Grace Hopper".into(),
            email: "grace@example.com".into(),
            administrator: false,
            state: Pill::new(people.active, Tone::Live),
            suspended: false,
            left: None,
            yourself: false,
            added: sample::moment_in(language, -80 * 86_400),
            seen: "sample-seen".into(),
            seen_roles: "sample-seen-roles".into(),
            at_stake: String::new(),
            sessions: vec![],
            factor: None,
            passkeys: vec![],
            owes_factor: true,
            grants: vec![],
            more_grants: false,
            machines: vec![],
            more_machines: false,
            hands_over: false,
            delegations: vec![],
            more_delegations: false,
            roles: vec![],
            known_roles: vec![],
            claims: None,
            events: vec![],
        };
        let full = Self {
            owes_factor: false,
            administrator: true,
            at_stake: (t.at_stake)(2),
            sessions: vec![SignedInLine {
                id: "ses_sample".into(),
                device: (words.account.device)("Firefox", "Linux"),
                from: Some("203.0.113.0/24".into()),
                current: false,
                since: sample::moment_in(language, -6 * 86_400),
                seen: sample::moment_in(language, -3_600),
            }],
            grants: vec![AllowedLine {
                id: "con_sample".into(),
                application: "Cursor".into(),
                application_href: "/console/applications/cli_sample".into(),
                resource: "https://mcp.tickets.example/mcp".into(),
                scopes: vec!["tickets:read".into(), "tickets:write".into()],
                given: sample::moment_in(language, -12 * 86_400),
            }],
            more_grants: true,
            factor: Some(FactorLine { since: sample::moment_in(language, -12 * 86_400), codes_left: 7 }),
            passkeys: vec![
                OwnedPasskey {
                    id: "pky_sample".into(),
                    name: "iPhone".into(),
                    added: sample::moment_in(language, -12 * 86_400),
                    used: Some(sample::moment_in(language, -3_600)),
                },
                OwnedPasskey {
                    id: "pky_other".into(),
                    name: "YubiKey".into(),
                    added: sample::moment_in(language, -86_400),
                    used: None,
                },
            ],
            machines: vec![OwnedLine {
                href: "/console/machines/mch_sample".into(),
                name: "nightly-import".into(),
                purpose: sample::said(language, "Imports tickets at night", "Holt nachts Tickets").into(),
                state: Pill::new(people.active, Tone::Live),
            }],
            more_machines: true,
            hands_over: true,
            delegations: vec![ActingLine {
                href: "/console/machines/mch_sample".into(),
                machine: "triage".into(),
                purpose: sample::said(
                    language,
                    "Answers tickets while they are away",
                    "Beantwortet Tickets, solange sie weg ist",
                )
                .into(),
                scopes: vec!["tickets:write".into()],
                state: Pill::new(words.console.machine_labels.delegation("live"), Tone::Live),
                until: sample::moment_in(language, 27 * 86_400),
            }],
            roles: vec!["main/reader".into()],
            known_roles: vec!["main/writer".into()],
            claims: Some("{\n  \"plan\": \"gold\"\n}".into()),
            events: vec![sample::event_in(
                language,
                812,
                "person.created",
                sample::said(language, "Grace Hopper was added", "Grace Hopper wurde angelegt"),
            )],
            ..bare.clone()
        };
        let hostile = Self {
            name: sample::HOSTILE.into(),
            email: sample::HOSTILE.into(),
            claims: Some(sample::HOSTILE.into()),
            passkeys: vec![OwnedPasskey {
                id: "pky_sample".into(),
                name: sample::HOSTILE.into(),
                added: sample::moment_in(language, -86_400),
                used: None,
            }],
            machines: vec![OwnedLine {
                href: "/console/machines/mch_sample".into(),
                name: sample::HOSTILE.into(),
                purpose: sample::HOSTILE.into(),
                state: Pill::new(people.active, Tone::Live),
            }],
            ..full.clone()
        };
        let suspended = Self {
            suspended: true,
            left: Some(sample::left_in(language)),
            state: Pill::new(people.suspended, Tone::Danger),
            ..full.clone()
        };
        vec![
            ("bare", bare),
            ("full", full.clone()),
            ("suspended", suspended),
            ("yourself", Self { yourself: true, ..full.clone() }),
            ("branded", Self { shell: sample::branded_in(language), ..full }),
            ("hostile", hostile),
        ]
    }
}
