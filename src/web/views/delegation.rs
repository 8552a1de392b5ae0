//! `/account/delegations/new`: a person lets a machine act for them.

use askama::Template;

use super::Spoken;
use super::consent::{Need, ScopeLine, Target};
use super::shell::{Moment, Person, Shell, initial, sample};
use crate::model::{Language, MachineKind};
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "pages/delegation.html")]
pub struct DelegationPage {
    pub shell: Shell,
    pub agent: Agent,
    /// Who answers for the machine.
    pub owner: Person,
    /// In whose name it would act.
    pub account: Person,
    pub step: Step,
}

/// The machine.
#[derive(Clone, Debug)]
pub struct Agent {
    /// For the form.
    pub id: String,
    pub name: String,
    pub initial: String,
    /// "this agent", "this service": what kind of machine it is.
    pub this_kind: String,
    /// In its owner's words.
    pub purpose: String,
}

impl Agent {
    pub fn new(id: String, name: String, this_kind: String, purpose: String) -> Self {
        Self { initial: initial(&name), id, name, this_kind, purpose }
    }
}

/// What there is to do on the page.
#[derive(Clone, Debug)]
pub enum Step {
    /// It could act at several places: first say where.
    Choose(Vec<Place>),
    Decide(Box<Terms>),
    /// It acts for this person already; one at a time.
    Already {
        until: Moment,
    },
    /// There is nothing that it could do.
    Nothing,
}

/// One place to choose.
#[derive(Clone, Debug)]
pub struct Place {
    pub target: Target,
    /// The same page, for this place; below the issuer.
    pub href: String,
}

/// What is decided.
#[derive(Clone, Debug)]
pub struct Terms {
    pub target: Target,
    pub scopes: Vec<ScopeLine>,
    /// What it is for, as it was last left.
    pub purpose: String,
    pub lasts: Vec<Length>,
    /// Why the page is shown again.
    pub error: Option<String>,
}

/// For how long it may last.
#[derive(Clone, Debug)]
pub struct Length {
    /// "30d"
    pub value: String,
    /// "30 days"
    pub words: String,
    pub chosen: bool,
}

impl Terms {
    /// Something to say when a risk is among them, as the consent page does.
    pub fn has_risk(&self) -> bool {
        self.scopes.iter().any(|line| line.need == Need::Risky)
    }
}

impl Spoken for DelegationPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let said = words::of(language);
        let agent = said.kinds.of(MachineKind::Agent).this;
        let say = |english, german| sample::said(language, english, german);
        let target = || Target { name: "Archive".into(), identifier: "https://mcp.archive.example/mcp".into() };
        let length = |value: &str, words: &str, chosen| Length { value: value.into(), words: words.into(), chosen };
        let terms = Terms {
            target: target(),
            scopes: vec![
                ScopeLine::new(
                    "archive:read",
                    say("See what is in your archive", "Sehen, was in Ihrem Archiv ist"),
                    Need::Ordinary,
                ),
                ScopeLine::new("archive:file", say("Put things into it", "Etwas hineinlegen"), Need::Ordinary),
                ScopeLine::new(
                    "archive:purge",
                    say("Delete things from it for good", "Etwas daraus endgültig löschen"),
                    Need::Risky,
                ),
            ],
            purpose: say("Answers tickets at night", "Beantwortet nachts Tickets").into(),
            lasts: vec![
                length("1d", &said.length(86_400), false),
                length("7d", &said.length(7 * 86_400), false),
                length("30d", &said.length(30 * 86_400), true),
                length("366d", said.time.a_year, false),
            ],
            error: None,
        };
        let decide = Self {
            shell: sample::signed_in_in(language),
            agent: Agent::new(
                "mch_sample".into(),
                "triage".into(),
                agent.into(),
                say("Answers tickets at night", "Beantwortet nachts Tickets").into(),
            ),
            owner: Person { name: "Grace Hopper".into(), email: "grace@example.com".into() },
            account: sample::ada(),
            step: Step::Decide(Box::new(terms.clone())),
        };
        let wrong = Terms { error: Some(said.delegation.nothing_ticked.into()), ..terms.clone() };
        let place = |name: &str, identifier: &str| Place {
            target: Target { name: name.into(), identifier: identifier.into() },
            href: format!("/account/delegations/new?machine=mch_sample&resource={identifier}"),
        };
        let hostile = Terms {
            purpose: sample::HOSTILE.into(),
            scopes: vec![ScopeLine::new(sample::HOSTILE, sample::HOSTILE, Need::Risky)],
            target: Target { name: sample::HOSTILE.into(), identifier: sample::HOSTILE.into() },
            ..terms.clone()
        };
        let at = |step: Step| Self { step, ..decide.clone() };
        vec![
            ("decide", decide.clone()),
            ("wrong", at(Step::Decide(Box::new(wrong)))),
            (
                "choose",
                at(Step::Choose(vec![
                    place("Archive", "https://mcp.archive.example/mcp"),
                    place("Tickets", "https://mcp.tickets.example/mcp"),
                ])),
            ),
            ("already", at(Step::Already { until: sample::moment_in(language, 27 * 86_400) })),
            ("nothing", at(Step::Nothing)),
            ("branded", Self { shell: sample::branded_in(language), ..at(Step::Decide(Box::new(terms))) }),
            (
                "hostile",
                Self {
                    agent: Agent::new("m".into(), sample::HOSTILE.into(), agent.into(), sample::HOSTILE.into()),
                    owner: Person { name: sample::HOSTILE.into(), email: "x@example.com".into() },
                    ..at(Step::Decide(Box::new(hostile)))
                },
            ),
        ]
    }
}
