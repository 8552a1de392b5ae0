//! `/console/resources`: what tokens are for, from "protect an MCP server" on.

use askama::Template;

use super::super::Spoken;
use super::super::shell::{Field, Moment, Shell};
use super::{Choice, EventLine, First, Frame, Pill, Section, Snippets, Tone, sample};
use crate::model::{Language, SaidClaim};
use crate::protocol::resource_metadata::{Step, Verdict};
use crate::web::words;

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
    /// "Roles, permissions and the tenant, beside scopes"
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

impl ResourcePage {
    /// Where it is changed.
    pub(super) fn change_at(&self) -> String {
        self.shell.below(&format!("{}/change", self.href))
    }
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

impl Spoken for ResourcesPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let (words, t) = (words::of(language), &words::of(language).console.resources);
        let row = ResourceRow {
            href: "/console/resources/res_sample".into(),
            name: "Tickets".into(),
            identifier: "https://mcp.tickets.example/mcp".into(),
            scopes: 3,
            risky: 1,
            tokens: (t.signed_with)("ES256"),
            lifetime: words.length(1_800),
            is_default: true,
            registered: sample::moment_in(language, -10_800),
        };
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Resources),
            rows: vec![row.clone(), ResourceRow { name: "Wiki".into(), is_default: false, risky: 0, ..row.clone() }],
            narrowed: false,
            next: Some("/console/resources?before=res_sample".into()),
        };
        vec![
            ("some", page.clone()),
            ("empty", Self { rows: vec![], next: None, ..page.clone() }),
            ("nothing_fits", Self { rows: vec![], narrowed: true, next: None, ..page.clone() }),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
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

fn in_words(name: &str, words: &str, risky: bool) -> ScopeWords {
    ScopeWords {
        name: name.into(),
        words: words.into(),
        risky,
        is_default: !risky,
        href: "/console/scopes/of/tickets%3Aread".into(),
    }
}

fn several(language: Language, names: &[&str], counted: fn(usize, bool) -> String) -> Several {
    let last = sample::moment_in(language, -180).words;
    let named = |name: &&str| Named {
        name: (*name).into(),
        href: "/console/machines/mch_sample".into(),
        about: (words::of(language).console.resource.last_seen)(&last),
    };
    Several { shown: names.iter().map(named).collect(), words: counted(names.len(), false) }
}

impl Spoken for ResourcePage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let (t, counted) = (&words::of(language).console.resource, &words::of(language).console.thing);
        let several = |names: &[&str], counted| several(language, names, counted);
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Resources),
            id: "res_sample".into(),
            href: "/console/resources/res_sample".into(),
            name: "Tickets".into(),
            identifier: "https://mcp.tickets.example/mcp".into(),
            aliases: vec!["https://mcp.tickets.example".into()],
            is_default: true,
            tokens: (t.signed_with)("ES256"),
            lifetime: words::of(language).length(1_800),
            machine_lifetime: words::of(language).length(86_400),
            claims: t.said([SaidClaim::Roles, SaidClaim::Tenant].into_iter()),
            registered: sample::moment_in(language, -10_800),
            issuer: "https://id.example.com".into(),
            keys_at: "https://id.example.com/.well-known/jwks.json".into(),
            is_opaque: false,
            snippets: Snippets::sample_in(
                language,
                "claude mcp add --transport http tickets https://mcp.tickets.example/mcp",
            ),
            scopes: vec![
                in_words("tickets:read", sample::said(language, "See tickets", "Tickets ansehen"), false),
                in_words(
                    "tickets:write",
                    sample::said(language, "Create and change tickets", "Tickets anlegen und ändern"),
                    true,
                ),
            ],
            tools: (t.tools_known)(3, 1),
            grants: several(&["Cursor"], counted.grants),
            machines: several(&["nightly-import"], counted.machines),
            applications: several(&[], counted.applications),
            bounded: false,
            events: vec![sample::event_in(
                language,
                812,
                "resource.created",
                sample::said(
                    language,
                    "https://mcp.tickets.example/mcp was registered",
                    "https://mcp.tickets.example/mcp wurde eingetragen",
                ),
            )],
            at_stake: (t.at_stake)(&(counted.grants)(1, false), &(counted.machines)(1, false)),
        };
        vec![
            ("used", page.clone()),
            (
                "new",
                Self {
                    scopes: vec![],
                    aliases: vec![],
                    is_default: false,
                    grants: several(&[], counted.grants),
                    machines: several(&[], counted.machines),
                    events: vec![],
                    ..page.clone()
                },
            ),
            ("opaque", Self { is_opaque: true, bounded: true, ..page.clone() }),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
            (
                "hostile",
                Self {
                    name: sample::HOSTILE.into(),
                    identifier: sample::HOSTILE.into(),
                    aliases: vec![sample::HOSTILE.into()],
                    scopes: vec![in_words(sample::HOSTILE, sample::HOSTILE, true)],
                    grants: several(&[sample::HOSTILE], counted.grants),
                    machines: several(&[sample::HOSTILE], counted.machines),
                    snippets: Snippets::sample_in(language, sample::HOSTILE),
                    ..page
                },
            ),
        ]
    }
}

impl Spoken for ResourceCheckPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.resource_check;
        let line = |step: Step, state: Pill, turn: &str, verdict: Verdict| SeenLine {
            step: t.step(step).into(),
            state,
            found: "https://id.example.com/".into(),
            turn: turn.into(),
            advice: t.advice(verdict, "https://mcp.tickets.example/mcp", "https://id.example.com"),
        };
        let right = line(Step::Answers, Pill::new(t.right, Tone::Live), "", Verdict::Right);
        let wrong = line(Step::NamesUs, Pill::new(t.to_be_changed, Tone::Danger), t.server, Verdict::SlashAdded);
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Resources),
            name: "Tickets".into(),
            href: "/console/resources/res_sample".into(),
            identifier: "https://mcp.tickets.example/mcp".into(),
            headline: t.found.into(),
            lines: vec![right.clone()],
        };
        vec![
            ("right", page.clone()),
            (
                "wrong",
                Self {
                    headline: (t.stops)(t.step(Step::NamesUs)),
                    lines: vec![right.clone(), wrong.clone()],
                    ..page.clone()
                },
            ),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
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

impl Spoken for ResourceFormPage {
    fn samples_in(language: Language) -> Vec<(&'static str, Self)> {
        let t = &words::of(language).console.resource_form;
        let scope = |name: &str, words: &str, risky| ScopeChoice {
            name: name.into(),
            words: words.into(),
            risky,
            chosen: risky,
        };
        let page = Self {
            shell: sample::shell_in(language),
            frame: Frame::of(Section::Resources),
            once: "sample".into(),
            seen: String::new(),
            action: "/console/resources/new".into(),
            changes: None,
            identifier: Field::default(),
            name: Field::default(),
            scopes: vec![
                scope("mcp:read", sample::said(language, "Look things up", "Dinge nachschlagen"), false),
                scope("mcp:write", sample::said(language, "Change data", "Daten ändern"), true),
            ],
            scope_error: None,
            new_scopes: vec![NewScopeRow::default(), NewScopeRow::default()],
            default_scopes: Field::default(),
            aliases: Field::default(),
            algorithms: vec![Choice::new("ES256", "ES256", true)],
            algorithm_error: None,
            formats: vec![Choice::new("jwt", t.signed, true), Choice::new("opaque", t.opaque, false)],
            lifetime: Field::default(),
            machine_lifetime: Field::default(),
            claims: vec![
                Choice::new("roles", t.claim(SaidClaim::Roles), true),
                Choice::new("tenant", t.claim(SaidClaim::Tenant), false),
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
            error: Some(t.words_missing.into()),
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
                    identifier: Field::refused(
                        "mcp.example",
                        sample::said(language, "this is not an absolute URL", "das ist keine ganze URL"),
                    ),
                    lifetime: Field::refused("soon", t.lifetime_wrong),
                    new_scopes: vec![refused.clone()],
                    scope_error: Some("one of these is no scope".into()),
                    algorithm_error: Some("no key signs with RS256".into()),
                    unfolded: true,
                    problem: Some(t.nothing_registered.into()),
                    ..page.clone()
                },
            ),
            ("branded", Self { shell: sample::branded_in(language), ..page.clone() }),
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
