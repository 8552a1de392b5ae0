//! `/console/machines/{id}`: one machine, and the button that stops it.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Moment, Shell};
use super::charts::{self, Chart};
use super::{EventLine, Frame, Pill, Section, Snippets, Tone, sample};
use crate::model::{FindingKind, Language, MachineKind, MachineStanding};
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "console/machine.html")]
pub struct MachinePage {
    pub shell: Shell,
    pub frame: Frame,
    pub id: String,
    /// Below the issuer's path: `/console/machines/{id}`.
    pub href: String,
    pub name: String,
    pub purpose: String,
    pub description: String,
    pub kind: String,
    pub state: Pill,
    pub owner: String,
    pub owner_href: String,
    pub owner_email: String,
    pub tenant: String,
    pub tags: Vec<String>,
    pub created: Moment,
    pub expires: Option<Moment>,
    pub last_used: Option<Moment>,
    /// "10.1.2.0/24"
    pub last_from: Option<String>,
    /// "412 tokens"
    pub grants: String,
    /// It can prove itself, and no token was asked for yet.
    pub waits: bool,
    /// How it stands with stopping.
    pub halt: Halt,
    /// What there is to be said about it.
    pub findings: Vec<FindingLine>,
    pub credentials: Vec<CredentialLine>,
    pub access: Vec<AccessLine>,
    /// Scopes that nobody used for long: "the 2 scopes that 90 days did not use".
    pub trim: Option<String>,
    pub lifetime: String,
    pub roles: Vec<String>,
    pub networks: Vec<String>,
    pub dpop_bound: bool,
    pub delegations: Vec<DelegationLine>,
    /// There are more than these.
    pub more_delegations: bool,
    /// What it did in the names of others lately.
    pub acted: Vec<EventLine>,
    /// Its tokens of the last weeks.
    pub chart: Option<Chart>,
    pub events: Vec<EventLine>,
    pub snippets: Snippets,
}

/// What somebody should look at.
#[derive(Clone, Debug)]
pub struct FindingLine {
    /// "Secret old"
    pub title: String,
    pub sentence: String,
    /// What to do: "Rotate it".
    pub mend: String,
    /// Where on the page: the id of an element.
    pub at: String,
}

/// How a machine stands with stopping.
#[derive(Clone, Debug)]
pub enum Halt {
    /// It acts. What stopping it comes to: "It got 12 tokens; the last one 4 minutes ago from 10.1.2.0/24."
    Runs { at_stake: String },
    /// Somebody stopped it.
    Stopped {
        at: Moment,
        because: String,
        /// "At most 3 tokens may still be taken until …"
        left: Option<String>,
    },
    /// For good.
    Retired { at: Option<Moment>, because: String, left: Option<String> },
}

#[derive(Clone, Debug)]
pub struct CredentialLine {
    pub id: String,
    pub name: String,
    pub kind: String,
    /// The beginning of a secret, an issuer, an address of keys.
    pub hint: String,
    pub state: Pill,
    pub created: Moment,
    pub expires: Option<Moment>,
    pub last_used: Option<Moment>,
    pub last_from: Option<String>,
    /// What is to be known of one that has a successor: "not used since …: safe to remove".
    pub successor: Option<String>,
    /// The rules of a trust.
    pub rules: Vec<String>,
    /// Who would notice if it ended: "Last used 3 days ago, from 10.1.2.0/24."
    pub at_stake: String,
    pub may_rotate: bool,
    pub may_revoke: bool,
    pub may_try: bool,
}

#[derive(Clone, Debug)]
pub struct AccessLine {
    /// "Anywhere", or the resource.
    pub name: String,
    pub identifier: Option<String>,
    pub lifetime: Option<String>,
    pub scopes: Vec<ScopeUseLine>,
}

#[derive(Clone, Debug)]
pub struct ScopeUseLine {
    pub name: String,
    pub words: String,
    pub last_used: Option<Moment>,
    /// Long enough that it can go.
    pub unused: bool,
}

#[derive(Clone, Debug)]
pub struct DelegationLine {
    pub id: String,
    /// "Grace Hopper"
    pub subject: String,
    pub subject_href: String,
    pub purpose: String,
    pub scopes: Vec<String>,
    /// Empty: wherever the machine may go.
    pub resources: Vec<String>,
    pub state: Pill,
    pub until: Moment,
    pub may_revoke: bool,
}

impl MachinePage {
    pub(super) fn is_retired(&self) -> bool {
        matches!(self.halt, Halt::Retired { .. })
    }

    pub(super) fn change(&self) -> String {
        format!("{}/change", self.href)
    }
}

impl Spoken for MachinePage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let console = &words::of(language).console;
        let (t, labels, form) = (&console.machine, &console.machine_labels, &console.credential_form);
        let says = |english, german| sample::said(language, english, german).to_owned();
        let at = |seconds| sample::moment_in(language, seconds);
        let when = |seconds| at(seconds).words;
        let event = |sequence, name, english, german| {
            sample::event_in(language, sequence, name, sample::said(language, english, german))
        };
        const DAY: i64 = 86_400;
        let secret = CredentialLine {
            id: "crd_sample".into(),
            name: console.machine_form.first_secret.into(),
            kind: form.client_secret.into(),
            hint: "writ_cs_01jd2v…".into(),
            state: Pill::new(labels.credential("being_replaced"), Tone::Soon),
            created: at(-80 * DAY),
            expires: Some(at(6 * DAY)),
            last_used: Some(at(-3 * DAY)),
            last_from: Some("10.1.2.0/24".into()),
            successor: Some((t.credentials.silent)(&when(-3 * DAY))),
            rules: vec![],
            at_stake: (t.stake.used)(&when(-3 * DAY), "10.1.2.0/24"),
            may_rotate: false,
            may_revoke: true,
            may_try: false,
        };
        let trust = CredentialLine {
            id: "crd_trust".into(),
            name: "deploy".into(),
            kind: "GitHub Actions".into(),
            hint: "https://token.actions.githubusercontent.com".into(),
            state: Pill::new(labels.standing(MachineStanding::Active), Tone::Live),
            expires: None,
            last_used: None,
            last_from: None,
            successor: None,
            rules: vec!["repository_id=412".into(), "ref=refs/heads/main".into()],
            may_try: true,
            ..secret.clone()
        };
        let bare = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Machines),
            id: "mch_sample".into(),
            href: "/console/machines/mch_sample".into(),
            name: "nightly-import".into(),
            purpose: says("Imports tickets at night", "Holt nachts Tickets"),
            description: String::new(),
            kind: labels.kind(MachineKind::Ci).into(),
            state: Pill::new(labels.standing(MachineStanding::Active), Tone::Live),
            owner: "Grace Hopper".into(),
            owner_href: "/console/people/per_sample".into(),
            owner_email: "grace@example.com".into(),
            tenant: "main".into(),
            tags: vec![],
            created: at(-80 * DAY),
            expires: None,
            last_used: None,
            last_from: None,
            grants: (t.grants)(0),
            waits: false,
            halt: Halt::Runs { at_stake: t.stake.never_got.into() },
            findings: vec![],
            credentials: vec![],
            access: vec![],
            trim: None,
            lifetime: words::of(language).length(3_600),
            roles: vec![],
            networks: vec![],
            dpop_bound: false,
            delegations: vec![],
            more_delegations: false,
            acted: vec![],
            chart: None,
            events: vec![],
            snippets: Snippets::default(),
        };
        let full = Self {
            description: "Runs at two.\nAsk Grace before changing anything.".into(),
            tags: vec!["production".into(), "tickets".into()],
            expires: Some(at(200 * DAY)),
            last_used: Some(at(-240)),
            last_from: Some("10.1.2.0/24".into()),
            grants: (t.grants)(412),
            waits: false,
            halt: Halt::Runs {
                at_stake: format!("{} {}", (t.stake.got)(412, &when(-240), "10.1.2.0/24"), t.stake.acts_for_one),
            },
            findings: vec![FindingLine {
                title: labels.finding(FindingKind::ScopesUnused).into(),
                sentence: "It may ask for tickets:delete and has not for 90 days.".into(),
                mend: t.mend.trim.into(),
                at: "access".into(),
            }],
            credentials: vec![secret, trust],
            access: vec![AccessLine {
                name: "Tickets".into(),
                identifier: Some("https://mcp.tickets.example/mcp".into()),
                lifetime: Some(words::of(language).length(600)),
                scopes: vec![
                    ScopeUseLine {
                        name: "tickets:read".into(),
                        words: says("See tickets", "Tickets sehen"),
                        last_used: Some(at(-240)),
                        unused: false,
                    },
                    ScopeUseLine {
                        name: "tickets:delete".into(),
                        words: says("Delete tickets", "Tickets löschen"),
                        last_used: None,
                        unused: true,
                    },
                ],
            }],
            trim: Some((t.access.trim)(1)),
            roles: vec!["reader".into()],
            networks: vec!["10.0.0.0/8".into()],
            dpop_bound: true,
            delegations: vec![DelegationLine {
                id: "dlg_sample".into(),
                subject: "Ada Moreno".into(),
                subject_href: "/console/people/per_sample".into(),
                purpose: "Answers tickets while she is away".into(),
                scopes: vec!["tickets:read".into()],
                resources: vec!["https://mcp.tickets.example/mcp".into()],
                state: Pill::new(labels.delegation("live"), Tone::Live),
                until: at(27 * DAY),
                may_revoke: true,
            }],
            chart: charts::samples_in(language).into_iter().next(),
            acted: vec![event(
                811,
                "token.exchanged",
                "support-agent acts for Ada Moreno at https://tickets.example/mcp",
                "support-agent handelt bei https://tickets.example/mcp für Ada Moreno",
            )],
            events: vec![event(
                812,
                "credential.rotated",
                "Its secret got a successor",
                "Sein Geheimnis hat einen Nachfolger",
            )],
            snippets: Snippets::sample_in(language, "curl …"),
            ..bare.clone()
        };
        vec![
            ("bare", bare.clone()),
            (
                "waits",
                Self {
                    waits: true,
                    credentials: full.credentials.iter().skip(1).cloned().collect(),
                    snippets: full.snippets.clone(),
                    ..bare.clone()
                },
            ),
            ("full", full.clone()),
            (
                "stopped",
                Self {
                    state: Pill::new(labels.standing(MachineStanding::Suspended), Tone::Danger),
                    halt: Halt::Stopped {
                        at: at(-120),
                        because: "It called from an address that nobody knows.".into(),
                        left: Some(sample::left_in(language)),
                    },
                    ..full.clone()
                },
            ),
            (
                "retired",
                Self {
                    state: Pill::new(labels.standing(MachineStanding::Retired), Tone::Plain),
                    halt: Halt::Retired { at: Some(at(-365 * DAY)), because: "Replaced".into(), left: None },
                    ..full.clone()
                },
            ),
            ("branded", Self { shell: sample::branded_in(language), ..full.clone() }),
            (
                "hostile",
                Self {
                    name: sample::HOSTILE.into(),
                    purpose: sample::HOSTILE.into(),
                    description: sample::HOSTILE.into(),
                    owner: sample::HOSTILE.into(),
                    tags: vec![sample::HOSTILE.into()],
                    ..full
                },
            ),
        ]
    }
}
