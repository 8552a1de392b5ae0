//! The page that asks for permission: who, to whom, for what, until when, and the seal.

use askama::Template;

use super::Spoken;
use super::shell::{Moment, PermissionLine, Person, Shell, initial, sample};
use crate::model::Language;
use crate::web::words;

#[derive(Clone, Debug, Template)]
#[template(path = "pages/consent.html")]
pub struct ConsentPage {
    pub shell: Shell,
    pub ticket: String,
    pub applicant: Applicant,
    pub destination: Destination,
    pub account: Person,
    /// Where to go to use another account; `None` hides the link.
    pub switch_account: Option<String>,
    /// The resources (MCP servers, APIs) this is for; often one, sometimes none.
    pub resources: Vec<Target>,
    /// Only what is new: what is held already stands in `held`.
    pub scopes: Vec<ScopeLine>,
    /// What the same application already holds on the same resource.
    pub held: Vec<PermissionLine>,
    pub until: Until,
    /// Whether the "remember" box is offered, and whether it is ticked.
    pub remember: Option<bool>,
    /// It was answered with Allow, and nothing to allow.
    pub nothing_ticked: bool,
    pub technical: Technical,
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Applicant {
    pub name: String,
    /// Stands where a logo would.
    pub initial: String,
    /// On this origin or a `data:` URL; never an address the application chose.
    pub logo: Option<String>,
    pub standing: Standing,
    /// A known application whose name this one's resembles.
    pub resembles: Option<String>,
}

impl Applicant {
    pub fn new(name: impl Into<String>, standing: Standing) -> Self {
        let name = name.into();
        Self { initial: initial(&name), name, logo: None, standing, resembles: None }
    }
}

/// Why anybody should believe the name.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Its client-id document was fetched from this host: the host is proved, the name is the host's word.
    Verified { domain: String },
    /// An administrator entered or approved it.
    Administrator,
    /// It registered itself, and an administrator looked at what it is now.
    Checked { at: Moment },
    /// Dynamic registration: nobody has looked.
    SelfRegistered,
}

/// Where the answer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A website, by host.
    Site(String),
    /// A program listening on this computer.
    ThisComputer,
    /// The program that owns this scheme.
    Application(String),
}

/// What the permission is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub name: String,
    pub identifier: String,
}

/// One thing the application asks to be able to do.
#[derive(Clone, Debug)]
pub struct ScopeLine {
    pub name: String,
    /// What will happen, in plain words: "Create and change tickets".
    pub words: String,
    pub need: Need,
    /// Ignored when `need` is [`Need::Fixed`].
    pub ticked: bool,
}

impl ScopeLine {
    /// A line as it is first shown: everything ordinary ticked, nothing risky.
    pub fn new(name: impl Into<String>, words: impl Into<String>, need: Need) -> Self {
        Self { name: name.into(), words: words.into(), ticked: matches!(need, Need::Ordinary), need }
    }

    /// A line as it was last left.
    pub fn ticked(mut self, ticked: bool) -> Self {
        self.ticked = ticked;
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Part of the request itself (`openid`): a sentence, no switch.
    Fixed,
    /// Ticked, and can be unticked.
    Ordinary,
    /// Marked, not ticked.
    Risky,
}

/// For how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Until {
    /// It may refresh (`offline_access`).
    Revoked,
    /// In words: "1 hour".
    About(String),
}

/// What a machine would say. Folded.
#[derive(Clone, Debug)]
pub struct Technical {
    pub client_id: String,
    pub scopes: String,
    pub redirect_uri: String,
    /// "Dynamic registration", "Client-id document", "By an administrator"
    pub registered: String,
    /// Unknown for a client-id document that was met just now.
    pub registered_at: Option<Moment>,
}

impl ConsentPage {
    /// How the addresses begin that a program of its own opens.
    fn addresses(&self, scheme: &str) -> String {
        format!("{scheme}:")
    }

    /// How to use the switches; nothing where there are none.
    fn advice(&self) -> Option<&'static str> {
        let t = &self.shell.words.consent;
        let any = |need| self.scopes.iter().any(|line| line.need == need);
        match (any(Need::Ordinary), any(Need::Risky)) {
            (false, false) => None,
            (true, false) => Some(t.untick),
            (false, true) => Some(t.tick),
            (true, true) => Some(t.untick_and_tick),
        }
    }
}

impl Spoken for ConsentPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        use Need::{Fixed, Ordinary, Risky};

        let t = &words::of(language).consent;
        let say = |english, german| sample::said(language, english, german);

        let verified = Self {
            shell: sample::signed_in_in(language),
            ticket: "tkt_sample".into(),
            applicant: Applicant::new("Cursor", Standing::Verified { domain: "cursor.com".into() }),
            destination: Destination::Site("cursor.com".into()),
            account: sample::ada(),
            switch_account: Some("/sign-in?ticket=tkt_sample".into()),
            resources: vec![Target { name: "Tickets".into(), identifier: "https://mcp.tickets.example/mcp".into() }],
            scopes: vec![
                ScopeLine::new("openid", say("Know that it is you", "Erkennen, dass Sie es sind"), Fixed),
                ScopeLine::new(
                    "tickets:read",
                    say("See tickets and their comments", "Tickets und ihre Kommentare sehen"),
                    Ordinary,
                ),
                ScopeLine::new(
                    "tickets:write",
                    say("Create and change tickets", "Tickets anlegen und ändern"),
                    Ordinary,
                ),
            ],
            held: vec![],
            until: Until::Revoked,
            remember: Some(true),
            nothing_ticked: false,
            technical: Technical {
                client_id: "https://cursor.com/oauth/client.json".into(),
                scopes: "openid tickets:read tickets:write offline_access".into(),
                redirect_uri: "https://cursor.com/oauth/callback".into(),
                registered: t.document.into(),
                registered_at: None,
            },
        };
        let stranger = Self {
            applicant: Applicant::new("Local helper", Standing::SelfRegistered),
            destination: Destination::ThisComputer,
            until: Until::About(words::of(language).length(3_600)),
            remember: None,
            technical: Technical {
                client_id: "cli_01J9ZC5T0F8Q2M".into(),
                scopes: "openid tickets:read tickets:write".into(),
                redirect_uri: "http://127.0.0.1:51763/callback".into(),
                registered: t.dynamic.into(),
                registered_at: Some(sample::moment_in(language, -120)),
            },
            ..verified.clone()
        };
        let risky = vec![
            ScopeLine::new(
                "tickets:read",
                say("See tickets and their comments", "Tickets und ihre Kommentare sehen"),
                Ordinary,
            ),
            ScopeLine::new(
                "tickets:delete",
                say(
                    "Delete tickets for good, with everything in them",
                    "Tickets mit allem, was darin steht, endgültig löschen",
                ),
                Risky,
            ),
            ScopeLine::new(
                "mcp:admin",
                say("Change who may use this server", "Ändern, wer diesen Server benutzen darf"),
                Risky,
            ),
        ];
        let many = [
            ("tickets:read", say("See tickets and their comments", "Tickets und ihre Kommentare sehen")),
            ("tickets:write", say("Create and change tickets", "Tickets anlegen und ändern")),
            ("projects:read", say("See projects and who works on them", "Projekte sehen und wer daran arbeitet")),
            ("projects:write", say("Create and change projects", "Projekte anlegen und ändern")),
            ("files:read", say("Open attached files", "Angehängte Dateien öffnen")),
            ("files:write", say("Attach files", "Dateien anhängen")),
            ("calendar:read", say("See due dates", "Fristen sehen")),
            ("calendar:write", say("Move due dates", "Fristen verschieben")),
            ("reports:read", say("Read reports", "Berichte lesen")),
            ("people:read", say("See the names of colleagues", "Namen von Kolleginnen und Kollegen sehen")),
        ]
        .into_iter()
        .map(|(name, words)| ScopeLine::new(name, words, Ordinary))
        .chain([ScopeLine::new(
            "people:invite",
            say("Invite people in your name", "In Ihrem Namen Leute einladen"),
            Risky,
        )])
        .collect();
        let long =
            "An application with a name that somebody made as long as they were allowed to, and then a little longer";
        vec![
            ("verified", verified.clone()),
            (
                "by_administrator",
                Self {
                    applicant: Applicant::new("Report builder", Standing::Administrator),
                    destination: Destination::Site("reports.example.com".into()),
                    shell: Shell { signed_in: Some(sample::ada()), ..sample::branded_in(language) },
                    ..verified.clone()
                },
            ),
            ("self_registered_loopback", stranger.clone()),
            (
                "checked_loopback",
                Self {
                    applicant: Applicant::new(
                        "Local helper",
                        Standing::Checked { at: sample::moment_in(language, -3 * 86_400) },
                    ),
                    ..stranger.clone()
                },
            ),
            (
                "look_alike",
                Self {
                    applicant: Applicant {
                        resembles: Some("Cursor".into()),
                        ..Applicant::new("Cursоr", Standing::SelfRegistered)
                    },
                    destination: Destination::Site("login-cursor.example".into()),
                    ..stranger.clone()
                },
            ),
            (
                "step_up",
                Self {
                    scopes: vec![ScopeLine::new(
                        "tickets:write",
                        say("Create and change tickets", "Tickets anlegen und ändern"),
                        Ordinary,
                    )],
                    held: vec![
                        PermissionLine::new("openid", say("Know that it is you", "Erkennen, dass Sie es sind")),
                        PermissionLine::new(
                            "tickets:read",
                            say("See tickets and their comments", "Tickets und ihre Kommentare sehen"),
                        ),
                    ],
                    ..verified.clone()
                },
            ),
            ("custom_scheme", Self { destination: Destination::Application("cursor".into()), ..verified.clone() }),
            ("risky", Self { scopes: risky.clone(), ..verified.clone() }),
            (
                "nothing_chosen",
                Self {
                    scopes: risky.into_iter().map(|line| line.ticked(false)).collect(),
                    nothing_ticked: true,
                    ..verified.clone()
                },
            ),
            ("many_scopes", Self { scopes: many, ..verified.clone() }),
            ("no_scopes", Self { scopes: vec![], ..stranger.clone() }),
            (
                "no_resource",
                Self {
                    resources: vec![],
                    scopes: vec![
                        ScopeLine::new("openid", say("Know that it is you", "Erkennen, dass Sie es sind"), Fixed),
                        ScopeLine::new("profile", say("See your name", "Ihren Namen sehen"), Ordinary),
                        ScopeLine::new("email", say("See your e-mail address", "Ihre E-Mail-Adresse sehen"), Ordinary),
                    ],
                    ..verified.clone()
                },
            ),
            (
                "long",
                Self {
                    applicant: Applicant::new(
                        long,
                        Standing::Verified { domain: format!("{}.example", "sub.domain".repeat(8)) },
                    ),
                    destination: Destination::Site(format!("{}.example", "sub.domain".repeat(8))),
                    resources: vec![Target {
                        name: long.into(),
                        identifier: format!("https://mcp.example/{}", "very-long-path/".repeat(12)),
                    }],
                    scopes: vec![ScopeLine::new("a-scope-name-".repeat(8), long, Ordinary)],
                    technical: Technical {
                        redirect_uri: format!("https://mcp.example/{}", "very-long-path/".repeat(12)),
                        ..verified.technical.clone()
                    },
                    ..verified.clone()
                },
            ),
            (
                "hostile",
                Self {
                    applicant: Applicant {
                        resembles: Some(sample::HOSTILE.into()),
                        ..Applicant::new(sample::HOSTILE, Standing::SelfRegistered)
                    },
                    destination: Destination::Application(sample::HOSTILE.into()),
                    account: Person { name: sample::HOSTILE.into(), email: sample::HOSTILE.into() },
                    resources: vec![Target { name: sample::HOSTILE.into(), identifier: sample::HOSTILE.into() }],
                    scopes: vec![ScopeLine::new(sample::HOSTILE, sample::HOSTILE, Ordinary)],
                    held: vec![PermissionLine::new(sample::HOSTILE, sample::HOSTILE)],
                    technical: Technical {
                        client_id: sample::HOSTILE.into(),
                        scopes: sample::HOSTILE.into(),
                        redirect_uri: sample::HOSTILE.into(),
                        ..stranger.technical.clone()
                    },
                    ..stranger
                },
            ),
        ]
    }
}
