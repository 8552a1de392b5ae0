//! `/console/resources`: what tokens are for, from "protect an MCP server" on.

use askama::Template;

use super::super::Sample;
use super::super::shell::{Field, Moment, Shell};
use super::{Choice, EventLine, First, Frame, Pill, Section, Snippets, Tone, sample};

#[derive(Clone, Debug, Template)]
#[template(path = "console/resources.html")]
pub struct ResourcesPage {
    pub shell: Shell,
    pub frame: Frame,
    pub rows: Vec<ResourceRow>,
    pub narrowed: bool,
    /// Below the issuer's path.
    pub next: Option<String>,
}

#[derive(Clone, Debug)]
pub struct ResourceRow {
    /// Below the issuer's path.
    pub href: String,
    pub name: String,
    pub identifier: String,
    pub scopes: usize,
    /// How many of them are marked as risky.
    pub risky: usize,
    /// "signed with ES256", "opaque"
    pub tokens: String,
    /// "30 minutes"
    pub lifetime: String,
    pub is_default: bool,
    pub registered: Moment,
}

/// One scope, in the words of the catalogue.
#[derive(Clone, Debug)]
pub struct ScopeWords {
    pub name: String,
    pub words: String,
    pub risky: bool,
    /// A request that asks for nothing in particular gets it.
    pub is_default: bool,
    /// Below the issuer's path.
    pub href: String,
}

/// Something that leads to a page of its own.
#[derive(Clone, Debug)]
pub struct Named {
    pub name: String,
    /// Below the issuer's path.
    pub href: String,
    /// "used 3 minutes ago"
    pub about: String,
}

/// Some of many, and how many there are.
#[derive(Clone, Debug)]
pub struct Several {
    pub shown: Vec<Named>,
    /// "12 machines", "more than 2,000 machines"
    pub words: String,
}

#[derive(Clone, Debug, Template)]
#[template(path = "console/resource.html")]
pub struct ResourcePage {
    pub shell: Shell,
    pub frame: Frame,
    pub id: String,
    /// Below the issuer's path.
    pub href: String,
    pub name: String,
    pub identifier: String,
    pub aliases: Vec<String>,
    pub is_default: bool,
    pub tokens: String,
    pub lifetime: String,
    /// The longest that a machine's tokens may live.
    pub machine_lifetime: String,
    /// "roles, permissions and the tenant": what they say beside scopes.
    pub claims: String,
    pub registered: Moment,
    pub issuer: String,
    /// Where the keys are that sign its tokens; of opaque ones, where to ask about them.
    pub keys_at: String,
    pub is_opaque: bool,
    pub snippets: Snippets,
    pub scopes: Vec<ScopeWords>,
    /// "3 tools known, 1 not decided about."
    pub tools: String,
    /// What people allowed applications here.
    pub grants: Several,
    pub machines: Several,
    pub applications: Several,
    /// Not everything was looked at.
    pub bounded: bool,
    pub events: Vec<EventLine>,
    /// What stops with it.
    pub at_stake: String,
}

/// `/console/resources/{id}/check`: what a client sees there.
#[derive(Clone, Debug, Template)]
#[template(path = "console/resource_check.html")]
pub struct ResourceCheckPage {
    pub shell: Shell,
    pub frame: Frame,
    pub name: String,
    /// Below the issuer's path.
    pub href: String,
    pub identifier: String,
    /// "A client gets through", "A client stops here"
    pub headline: String,
    pub lines: Vec<SeenLine>,
}

/// One step of a client, and whose turn it is.
#[derive(Clone, Debug)]
pub struct SeenLine {
    pub step: String,
    pub state: Pill,
    /// As the server wrote it.
    pub found: String,
    /// "Your server", "You, here"; empty for nobody.
    pub turn: String,
    pub advice: String,
}

/// `/console/resources/new` and `/console/resources/{id}/change`.
#[derive(Clone, Debug, Template)]
#[template(path = "console/resource_form.html")]
pub struct ResourceFormPage {
    pub shell: Shell,
    pub frame: Frame,
    pub once: String,
    /// Which state the form was filled from; empty for a new one.
    pub seen: String,
    /// Below the issuer's path.
    pub action: String,
    /// What is changed: name and page. `None` for a new one.
    pub changes: Option<(String, String)>,
    pub identifier: Field,
    pub name: Field,
    pub scopes: Vec<ScopeChoice>,
    pub scope_error: Option<String>,
    pub new_scopes: Vec<NewScopeRow>,
    pub default_scopes: Field,
    pub aliases: Field,
    pub algorithms: Vec<Choice>,
    pub algorithm_error: Option<String>,
    pub formats: Vec<Choice>,
    pub lifetime: Field,
    pub machine_lifetime: Field,
    /// What its tokens say beside scopes.
    pub claims: Vec<Choice>,
    pub claims_error: Option<String>,
    pub is_default: bool,
    /// What is folded away holds something to look at.
    pub unfolded: bool,
    pub problem: Option<String>,
}

/// A scope of the catalogue that a resource may offer.
#[derive(Clone, Debug)]
pub struct ScopeChoice {
    pub name: String,
    pub words: String,
    pub risky: bool,
    pub chosen: bool,
}

/// A scope that is added together with its resource.
#[derive(Clone, Debug, Default)]
pub struct NewScopeRow {
    pub name: String,
    pub words: String,
    pub risky: bool,
    pub error: Option<String>,
}

impl Sample for ResourcesPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let row = ResourceRow {
            href: "/console/resources/res_sample".into(),
            name: "Tickets".into(),
            identifier: "https://mcp.tickets.example/mcp".into(),
            scopes: 3,
            risky: 1,
            tokens: "signed with ES256".into(),
            lifetime: "30 minutes".into(),
            is_default: true,
            registered: sample::moment("3 hours ago"),
        };
        let page = Self {
            shell: sample::shell(),
            frame: Frame::of(Section::Resources),
            rows: vec![row.clone(), ResourceRow { name: "Wiki".into(), is_default: false, risky: 0, ..row.clone() }],
            narrowed: false,
            next: Some("/console/resources?before=res_sample".into()),
        };
        vec![
            ("some", page.clone()),
            ("empty", Self { rows: vec![], next: None, ..page.clone() }),
            ("nothing_fits", Self { rows: vec![], narrowed: true, next: None, ..page.clone() }),
            ("branded", Self { shell: sample::branded(), ..page.clone() }),
            (
                "hostile",
                Self {
                    rows: vec![ResourceRow { name: sample::HOSTILE.into(), identifier: sample::HOSTILE.into(), ..row }],
                    ..page
                },
            ),
        ]
    }
}

fn words(name: &str, words: &str, risky: bool) -> ScopeWords {
    ScopeWords {
        name: name.into(),
        words: words.into(),
        risky,
        is_default: !risky,
        href: "/console/scopes/of/tickets%3Aread".into(),
    }
}

fn several(names: &[&str], words: &str) -> Several {
    let named = |name: &&str| Named {
        name: (*name).into(),
        href: "/console/machines/mch_sample".into(),
        about: "last used 3 minutes ago".into(),
    };
    Several { shown: names.iter().map(named).collect(), words: words.into() }
}

impl Sample for ResourcePage {
    fn samples() -> Vec<(&'static str, Self)> {
        let page = Self {
            shell: sample::shell(),
            frame: Frame::of(Section::Resources),
            id: "res_sample".into(),
            href: "/console/resources/res_sample".into(),
            name: "Tickets".into(),
            identifier: "https://mcp.tickets.example/mcp".into(),
            aliases: vec!["https://mcp.tickets.example".into()],
            is_default: true,
            tokens: "Signed with ES256; a server can verify them itself".into(),
            lifetime: "30 minutes".into(),
            machine_lifetime: "24 hours".into(),
            claims: "Roles and the tenant".into(),
            registered: sample::moment("3 hours ago"),
            issuer: "https://id.example.com".into(),
            keys_at: "https://id.example.com/.well-known/jwks.json".into(),
            is_opaque: false,
            snippets: Snippets::sample("claude mcp add --transport http tickets https://mcp.tickets.example/mcp"),
            scopes: vec![
                words("tickets:read", "See tickets", false),
                words("tickets:write", "Create and change tickets", true),
            ],
            tools: "3 tools known, 1 not decided about.".into(),
            grants: several(&["Cursor"], "1 grant"),
            machines: several(&["nightly-import"], "1 machine"),
            applications: several(&[], "no application"),
            bounded: false,
            events: vec![sample::event(812, "resource.created", "https://mcp.tickets.example/mcp was registered")],
            at_stake: "1 grant of people and 1 machine have to do with it.".into(),
        };
        vec![
            ("used", page.clone()),
            (
                "new",
                Self {
                    scopes: vec![],
                    aliases: vec![],
                    is_default: false,
                    grants: several(&[], "no grant"),
                    machines: several(&[], "no machine"),
                    events: vec![],
                    ..page.clone()
                },
            ),
            ("opaque", Self { is_opaque: true, bounded: true, ..page.clone() }),
            ("branded", Self { shell: sample::branded(), ..page.clone() }),
            (
                "hostile",
                Self {
                    name: sample::HOSTILE.into(),
                    identifier: sample::HOSTILE.into(),
                    aliases: vec![sample::HOSTILE.into()],
                    scopes: vec![words(sample::HOSTILE, sample::HOSTILE, true)],
                    grants: several(&[sample::HOSTILE], "1 grant"),
                    machines: several(&[sample::HOSTILE], "1 machine"),
                    snippets: Snippets::sample(sample::HOSTILE),
                    ..page
                },
            ),
        ]
    }
}

impl Sample for ResourceCheckPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let line = |step: &str, state: Pill, turn: &str, advice: &str| SeenLine {
            step: step.into(),
            state,
            found: "https://id.example.com/".into(),
            turn: turn.into(),
            advice: advice.into(),
        };
        let right = line("It answers", Pill::new("right", Tone::Live), "", "");
        let wrong = line(
            "It names this appliance",
            Pill::new("wrong", Tone::Danger),
            "Your server",
            "Take the slash from the end of the issuer.",
        );
        let page = Self {
            shell: sample::shell(),
            frame: Frame::of(Section::Resources),
            name: "Tickets".into(),
            href: "/console/resources/res_sample".into(),
            identifier: "https://mcp.tickets.example/mcp".into(),
            headline: "A client finds its way here".into(),
            lines: vec![right.clone()],
        };
        let stops = "A client stops at: It names this appliance";
        vec![
            ("right", page.clone()),
            ("wrong", Self { headline: stops.into(), lines: vec![right.clone(), wrong.clone()], ..page.clone() }),
            ("branded", Self { shell: sample::branded(), ..page.clone() }),
            (
                "hostile",
                Self {
                    name: sample::HOSTILE.into(),
                    lines: vec![SeenLine { found: sample::HOSTILE.into(), ..wrong }],
                    ..page
                },
            ),
        ]
    }
}

impl Sample for ResourceFormPage {
    fn samples() -> Vec<(&'static str, Self)> {
        let scope = |name: &str, words: &str, risky| ScopeChoice {
            name: name.into(),
            words: words.into(),
            risky,
            chosen: risky,
        };
        let page = Self {
            shell: sample::shell(),
            frame: Frame::of(Section::Resources),
            once: "sample".into(),
            seen: String::new(),
            action: "/console/resources/new".into(),
            changes: None,
            identifier: Field::default(),
            name: Field::default(),
            scopes: vec![scope("mcp:read", "Look things up", false), scope("mcp:write", "Change data", true)],
            scope_error: None,
            new_scopes: vec![NewScopeRow::default(), NewScopeRow::default()],
            default_scopes: Field::default(),
            aliases: Field::default(),
            algorithms: vec![Choice::new("ES256", "ES256", true)],
            algorithm_error: None,
            formats: vec![Choice::new("jwt", "Signed", true), Choice::new("opaque", "Opaque", false)],
            lifetime: Field::default(),
            machine_lifetime: Field::default(),
            claims: vec![
                Choice::new("roles", "The roles somebody has", true),
                Choice::new("tenant", "The tenant in which that holds", false),
            ],
            claims_error: None,
            is_default: false,
            unfolded: false,
            problem: None,
        };
        let refused = NewScopeRow {
            name: "tickets:close".into(),
            words: String::new(),
            risky: true,
            error: Some("Say in one line what will happen.".into()),
        };
        vec![
            ("new", page.clone()),
            (
                "change",
                Self {
                    changes: Some(("Tickets".into(), "/console/resources/res_sample".into())),
                    action: "/console/resources/res_sample/change".into(),
                    new_scopes: vec![],
                    unfolded: true,
                    ..page.clone()
                },
            ),
            (
                "refused",
                Self {
                    identifier: Field::refused("mcp.example", "this is not an absolute URL"),
                    lifetime: Field::refused("soon", "say it like 10m or 1h"),
                    new_scopes: vec![refused.clone()],
                    scope_error: Some("one of these is no scope".into()),
                    algorithm_error: Some("no key signs with RS256".into()),
                    unfolded: true,
                    problem: Some("Nothing was registered. Look at what is marked.".into()),
                    ..page.clone()
                },
            ),
            ("branded", Self { shell: sample::branded(), ..page.clone() }),
            (
                "hostile",
                Self {
                    name: Field::of(sample::HOSTILE),
                    scopes: vec![scope(sample::HOSTILE, sample::HOSTILE, true)],
                    new_scopes: vec![NewScopeRow {
                        name: sample::HOSTILE.into(),
                        words: sample::HOSTILE.into(),
                        ..refused
                    }],
                    ..page
                },
            ),
        ]
    }
}
