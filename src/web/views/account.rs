//! `/account`: what this person allowed, where they are signed in, and how to take it back.

use askama::Template;

use super::Spoken;
use super::consent::Target;
use super::shell::{Flash, FlashKind, Moment, PermissionLine, Person, Shell, sample};
use crate::model::{Language, MachineKind};
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "pages/account.html")]
pub struct AccountPage {
    pub shell: Shell,
    pub person: Person,
    /// The newest first.
    pub applications: Vec<ConnectedApplication>,
    /// Where the next page begins, for its address: `/account?before={older}`.
    pub older: Option<String>,
    /// An empty list hides the section.
    pub agents: Vec<AgentLine>,
    /// This session first. An empty list hides the section.
    pub sessions: Vec<SessionLine>,
    /// Since when a code is asked for besides the password; `None`: it is not.
    pub factor_since: Option<Moment>,
    /// How many passkeys there are.
    pub passkeys: usize,
    /// What identity providers that sign this person in are called; `None` where there are none to choose from.
    pub connected: Option<Vec<String>>,
    /// Shows the way to the console.
    pub administrator: bool,
}

/// One application, and what it may do.
#[derive(Clone, Debug)]
pub struct ConnectedApplication {
    /// For the address of the form: `/account/applications/{id}/revocation`.
    pub id: String,
    pub name: String,
    pub initial: String,
    /// Its proved domain, the host it answers to, "this computer", or "an app on your device".
    pub host: String,
    pub resources: Vec<Target>,
    pub permissions: Vec<PermissionLine>,
    pub allowed: Moment,
    /// `None`: never.
    pub last_used: Option<Moment>,
}

/// One machine that may act in this person's name.
#[derive(Clone, Debug)]
pub struct AgentLine {
    /// For the address of the form: `/account/agents/{id}/revocation`.
    pub id: String,
    pub name: String,
    pub initial: String,
    /// "agent of Grace Hopper": what it is, and who answers for it.
    pub about: String,
    /// In the words of whoever granted it.
    pub purpose: String,
    /// Empty: wherever the machine may go.
    pub resources: Vec<Target>,
    pub permissions: Vec<PermissionLine>,
    /// By this person, or by an administrator.
    pub granted_by_themselves: bool,
    pub granted: Moment,
    pub until: Moment,
    /// `None`: never.
    pub last_used: Option<Moment>,
}

/// One place where this person is signed in.
#[derive(Clone, Debug)]
pub struct SessionLine {
    /// "Firefox on Linux"
    pub device: String,
    /// "from 203.0.113.0/24": an address without its last bits.
    pub from: Option<String>,
    pub current: bool,
    pub signed_in: Moment,
    pub last_seen: Moment,
    /// For the address of the form that ends it, `/account/sessions/{id}/end`; `None` shows no button.
    pub id: Option<String>,
}

impl AccountPage {
    fn has_passkeys(&self) -> bool {
        self.passkeys > 0
    }

    fn have(&self) -> String {
        (self.shell.words.account.passkeys_have)(self.passkeys)
    }

    /// There is another session than this one.
    fn has_others(&self) -> bool {
        self.sessions.iter().any(|session| session.id.is_some())
    }
}

impl Spoken for AccountPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let said = words::of(language);
        let t = &said.account;
        let say = |english, german| sample::said(language, english, german);
        let here = SessionLine {
            device: (t.device)("Firefox", "Linux"),
            from: Some((t.from)("203.0.113.0/24")),
            current: true,
            signed_in: sample::moment_in(language, -3 * 3_600),
            last_seen: sample::moment_in(language, 0),
            id: None,
        };
        let cursor = ConnectedApplication {
            id: "cli_sample".into(),
            name: "Cursor".into(),
            initial: "C".into(),
            host: "cursor.com".into(),
            resources: vec![Target { name: "Tickets".into(), identifier: "https://mcp.tickets.example/mcp".into() }],
            permissions: vec![
                PermissionLine::new("openid", say("Know that it is you", "Erkennen, dass Sie es sind")),
                PermissionLine::new(
                    "tickets:read",
                    say("See tickets and their comments", "Tickets und ihre Kommentare sehen"),
                ),
                PermissionLine::new("tickets:write", say("Create and change tickets", "Tickets anlegen und ändern")),
            ],
            allowed: sample::moment_in(language, -12 * 86_400),
            last_used: Some(sample::moment_in(language, -240)),
        };
        let helper = ConnectedApplication {
            id: "cli_other".into(),
            name: "Local helper".into(),
            initial: "L".into(),
            host: t.this_computer.into(),
            resources: vec![],
            permissions: vec![],
            allowed: sample::moment_in(language, -86_400),
            last_used: None,
        };
        let agent = AgentLine {
            id: "dlg_sample".into(),
            name: "triage".into(),
            initial: "T".into(),
            about: (t.kind_of)(said.kinds.of(MachineKind::Agent).name, "Grace Hopper"),
            purpose: say("Answers tickets while you are away", "Beantwortet Tickets, wenn Sie nicht da sind").into(),
            resources: vec![Target { name: "Tickets".into(), identifier: "https://mcp.tickets.example/mcp".into() }],
            permissions: vec![PermissionLine::new(
                "tickets:write",
                say("Create and change tickets", "Tickets anlegen und ändern"),
            )],
            granted_by_themselves: false,
            granted: sample::moment_in(language, -3 * 86_400),
            until: sample::moment_in(language, 27 * 86_400),
            last_used: Some(sample::moment_in(language, -3_600)),
        };
        let empty = Self {
            shell: sample::signed_in_in(language),
            person: sample::ada(),
            applications: vec![],
            older: None,
            agents: vec![],
            sessions: vec![here.clone()],
            factor_since: None,
            passkeys: 0,
            connected: None,
            administrator: false,
        };
        vec![
            ("empty", empty.clone()),
            ("nothing_linked", Self { connected: Some(vec![]), ..empty.clone() }),
            ("one", Self { applications: vec![cursor.clone()], ..empty.clone() }),
            (
                "administrator",
                Self {
                    applications: vec![cursor.clone(), helper.clone()],
                    older: Some("con_sample".into()),
                    agents: vec![
                        agent.clone(),
                        AgentLine { resources: vec![], last_used: None, granted_by_themselves: true, ..agent.clone() },
                    ],
                    sessions: vec![
                        here,
                        SessionLine {
                            device: (t.device)("Safari", "iPhone"),
                            from: None,
                            current: false,
                            signed_in: sample::moment_in(language, -6 * 86_400),
                            last_seen: sample::moment_in(language, -86_400),
                            id: Some("ses_sample".into()),
                        },
                    ],
                    factor_since: Some(sample::moment_in(language, -12 * 86_400)),
                    passkeys: 2,
                    connected: Some(vec!["Google".into()]),
                    administrator: true,
                    ..empty.clone()
                },
            ),
            (
                "revoked",
                Self {
                    shell: Shell {
                        flash: Some(Flash { kind: FlashKind::Done, text: t.access_revoked.into() }),
                        ..sample::signed_in_in(language)
                    },
                    applications: vec![helper],
                    ..empty.clone()
                },
            ),
            (
                "failed",
                Self {
                    shell: Shell {
                        flash: Some(Flash { kind: FlashKind::Failed, text: t.revoked_before.into() }),
                        ..sample::signed_in_in(language)
                    },
                    applications: vec![cursor.clone()],
                    ..empty.clone()
                },
            ),
            (
                "hostile",
                Self {
                    shell: Shell {
                        flash: Some(Flash { kind: FlashKind::Done, text: sample::HOSTILE.into() }),
                        ..sample::signed_in_in(language)
                    },
                    person: Person { name: sample::HOSTILE.into(), email: sample::HOSTILE.into() },
                    applications: vec![ConnectedApplication {
                        name: sample::HOSTILE.into(),
                        host: sample::HOSTILE.into(),
                        permissions: vec![PermissionLine::new(sample::HOSTILE, sample::HOSTILE)],
                        ..cursor
                    }],
                    agents: vec![AgentLine {
                        name: sample::HOSTILE.into(),
                        about: sample::HOSTILE.into(),
                        purpose: sample::HOSTILE.into(),
                        permissions: vec![PermissionLine::new(sample::HOSTILE, sample::HOSTILE)],
                        ..agent
                    }],
                    ..empty
                },
            ),
        ]
    }
}
