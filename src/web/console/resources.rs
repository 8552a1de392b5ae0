//! `/console/resources`: what tokens are for, and what a client sees there.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::told;
use super::{applications, back, declined, listing, machine, queries, scopes as scope_pages, shell, snippets, wanted};
use crate::app::App;
use crate::base::{Fault, Id, Lifetime, Timestamp};
use crate::model::{
    Client, Consent, Machine, ProtectedResource, ResourceTools, Risk, SaidClaim, ScopeEntry, TokenFormat,
};
use crate::operations::audit::{self, Which as Entries};
use crate::operations::reach::{self, Found};
use crate::operations::seen::Seen;
use crate::operations::{check_resource, names, resources, scopes, tools};
use crate::protocol::resource_metadata::{Finding, Step, Verdict};
use crate::web::extract::{Administered, Administrator};
use crate::web::problem::PageProblem;
use crate::web::reply::{self, length, moment};
use crate::web::views::FlashKind;
use crate::web::views::console::{
    Frame, Named, Pill, ResourceCheckPage, ResourcePage, ResourceRow, ResourcesPage, ScopeWords, Section, SeenLine,
    Several, Snippets, Tone,
};

/// Resources on one page, and events of one resource.
const A_PAGE: usize = 50;
const SHOWN: usize = 20;
/// What the longest life of a machine's token is where nobody said so.
pub(super) const MOST_ACCESS: Lifetime = Lifetime::from_days(1);

const WORDS: [(&str, FlashKind, &str); 4] = [
    (
        "protected",
        FlashKind::Done,
        "It is registered. Put these lines into its code, then look through a client’s eyes.",
    ),
    ("changed", FlashKind::Done, "The resource is changed. It counts from the next token on."),
    ("removed", FlashKind::Done, "The resource is removed."),
    ("wrong-name", FlashKind::Failed, "Nothing was removed: the name was another."),
];

pub(super) fn path(id: Id<ProtectedResource>) -> String {
    format!("/console/resources/{id}")
}

/// `GET /console/resources`
pub(super) async fn list(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let broken = |fault| visitor.broken(&fault);
    let asked = queries(&request);
    let said = |name: &str| asked.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let before = said("before").and_then(|id| id.parse::<Id<ProtectedResource>>().ok());
    let (found, next) = match said("q") {
        Some(text) => (resources::named_like(app, text, A_PAGE).await.map_err(broken)?, None),
        None => {
            let page = resources::page(app, before, A_PAGE).await.map_err(broken)?;
            (page.rows.into_iter().map(|(_, resource)| resource).collect(), page.next)
        }
    };
    let catalogue = scopes::list_all(app).await.map_err(broken)?;
    let page = ResourcesPage {
        shell: shell(visitor, &request, &WORDS),
        frame: Frame {
            query: said("q").unwrap_or_default().to_owned(),
            ..listing(visitor, &request, Section::Resources)
        },
        rows: found.iter().map(|resource| row(resource, &catalogue, now)).collect(),
        narrowed: said("q").is_some(),
        next: next.map(|next| format!("/console/resources?before={next}")),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

fn row(resource: &ProtectedResource, catalogue: &[ScopeEntry], now: Timestamp) -> ResourceRow {
    let risky = |entry: &&ScopeEntry| entry.risk == Risk::High && resource.scopes.contains(entry.name.as_str());
    ResourceRow {
        href: path(resource.id),
        name: resource.name.clone(),
        identifier: resource.identifier.to_string(),
        scopes: resource.scopes.len(),
        risky: catalogue.iter().filter(risky).count(),
        tokens: match resource.format {
            TokenFormat::Jwt => format!("signed with {}", resource.algorithm.as_str()),
            TokenFormat::Opaque => "opaque".to_owned(),
        },
        lifetime: length(resource.access_for.seconds()),
        is_default: resource.is_default,
        registered: moment(resource.created_at, now),
    }
}

/// `GET /console/resources/{id}`
pub(super) async fn show(
    admin: Administrator,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let broken = |fault| visitor.broken(&fault);
    let id: Id<ProtectedResource> = wanted(visitor, &id)?;
    let resource = resources::find(app, id).await.map_err(|why| declined(visitor, why))?;
    let catalogue = scopes::list_all(app).await.map_err(broken)?;
    let reach = reach::of_resource(app, resource.identifier.clone()).await.map_err(broken)?;
    let which = Entries { about: Some(id.to_string()), ..Entries::default() };
    let entries = audit::list(app, which, None, SHOWN).await.map_err(broken)?.entries;
    let told = told::of(&entries);
    let known = tools::of(app, id).await.map_err(broken)?;
    let is_opaque = resource.format == TokenFormat::Opaque;
    let page = ResourcePage {
        shell: shell(visitor, &request, &WORDS),
        frame: Frame::of(Section::Resources),
        id: id.to_string(),
        href: path(id),
        name: resource.name.clone(),
        identifier: resource.identifier.to_string(),
        aliases: resource.aliases.iter().map(ToString::to_string).collect(),
        is_default: resource.is_default,
        tokens: match resource.format {
            TokenFormat::Jwt => format!("Signed with {}: a server verifies them itself", resource.algorithm.as_str()),
            TokenFormat::Opaque => "Opaque: a server asks here about each".to_owned(),
        },
        lifetime: length(resource.access_for.seconds()),
        machine_lifetime: length(resource.machine_access_most.unwrap_or(MOST_ACCESS).seconds()),
        claims: claims(&resource),
        registered: moment(resource.created_at, now),
        issuer: app.issuer.to_string(),
        keys_at: app.issuer.url(if is_opaque { "/oauth/introspect" } else { "/.well-known/jwks.json" }),
        is_opaque,
        snippets: Snippets { code: snippets::server::of(app, &resource), clients: snippets::of_clients(&resource) },
        scopes: resource
            .scopes
            .iter()
            .map(|scope| {
                let entry = catalogue.iter().find(|entry| entry.name == *scope);
                ScopeWords {
                    name: scope.to_string(),
                    words: entry.map_or_else(|| scope.to_string(), |entry| entry.description.clone()),
                    risky: entry.is_some_and(|entry| entry.risk == Risk::High),
                    is_default: resource.default_scopes.contains(scope.as_str()),
                    href: scope_pages::path(scope),
                }
            })
            .collect(),
        tools: tools_words(&resource, known.as_ref()),
        at_stake: at_stake(&reach),
        bounded: reach.grants.more || reach.machines.more || reach.applications.more,
        grants: grants(app, &reach.grants, now).await.map_err(broken)?,
        machines: several(&reach.machines, "machine", |(machine, last)| Named {
            name: machine.name.clone(),
            href: machine::path(machine.id),
            about: last.map_or_else(|| "not seen here yet".to_owned(), |at| format!("last {}", moment(at, now).words)),
        }),
        applications: several(&reach.applications, "application", |client: &Client| Named {
            name: client.name.clone(),
            href: applications::path(&client.id),
            about: String::new(),
        }),
        events: told::folded(app, now, &told).await.map_err(broken)?,
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// What its tokens say of their subject beside scopes.
fn claims(resource: &ProtectedResource) -> String {
    let words: Vec<&str> = resource
        .said()
        .map(|claim| match claim {
            SaidClaim::Roles => "roles",
            SaidClaim::Permissions => "permissions",
            SaidClaim::Tenant => "the tenant",
            SaidClaim::CustomClaims => "custom claims",
        })
        .collect();
    let text = match words.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
    };
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// How far it is known which tools the server has.
fn tools_words(resource: &ProtectedResource, known: Option<&ResourceTools>) -> String {
    let Some(known) = known.filter(|known| !known.list.is_empty()) else {
        return "If it is an MCP server: nobody has said yet which tools it has, and what each needs.".to_owned();
    };
    let open = known.list.iter().filter(|tool| !resource.tool_scopes.contains_key(&tool.name)).count();
    let count = counted(known.list.len(), false, "tool");
    match open {
        0 => format!("{count} known, and decided what each needs."),
        open => format!("{count} known, {open} not decided about."),
    }
}

/// "no machine", "1 machine", "at least 12 machines"
pub(super) fn counted(count: usize, more: bool, one: &str) -> String {
    let at_least = if more { "at least " } else { "" };
    match count {
        0 if !more => format!("no {one}"),
        1 => format!("{at_least}1 {one}"),
        count => format!("{at_least}{count} {one}s"),
    }
}

pub(super) fn several<T>(found: &Found<T>, one: &str, named: impl Fn(&T) -> Named) -> Several {
    Several { shown: found.shown.iter().map(named).collect(), words: counted(found.count, found.more, one) }
}

async fn grants(app: &App, found: &Found<Consent>, now: Timestamp) -> Result<Several, Fault> {
    let people = names::of(app, found.shown.iter().map(|consent| consent.person.to_string()).collect()).await?;
    Ok(several(found, "grant", |consent| Named {
        name: consent.client_name.clone(),
        href: applications::path(&consent.client_id),
        about: format!(
            "{}, {}: {}",
            people.of(&consent.person.to_string()),
            moment(consent.updated_at, now).words,
            consent.scope
        ),
    }))
}

/// What somebody should know who is about to remove it.
fn at_stake(reach: &reach::OfResource) -> String {
    let (grants, machines) = (&reach.grants, &reach.machines);
    if grants.count == 0 && machines.count == 0 && !grants.more && !machines.more {
        return "Nobody is known to use it.".to_owned();
    }
    let text = format!(
        "{} of people and {} end there.",
        counted(grants.count, grants.more, "grant"),
        counted(machines.count, machines.more, "machine")
    );
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `POST /console/resources/{id}/check`: asks the server; it changes nothing.
pub(super) async fn check(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<ProtectedResource> = wanted(visitor, &id)?;
    let checked = check_resource::check(&visitor.app, &asked.by, id).await;
    let (resource, findings) = checked.map_err(|why| declined(visitor, why))?;
    let stop = findings.iter().find(|finding| !finding.verdict.goes_on());
    let page = ResourceCheckPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::Resources),
        name: resource.name.clone(),
        href: path(id),
        identifier: resource.identifier.to_string(),
        headline: match stop {
            None => "A client finds its way here".to_owned(),
            Some(finding) => format!("A client stops at “{}”", step(finding.step)),
        },
        lines: findings.iter().map(|finding| seen(finding, &resource, visitor.app.issuer.as_str())).collect(),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

fn step(step: Step) -> &'static str {
    match step {
        Step::Answers => "It answers",
        Step::Refuses => "It refuses who has no token",
        Step::Points => "It says where its metadata is",
        Step::Document => "Its metadata is there",
        Step::NamesItself => "It calls itself as it is registered here",
        Step::NamesUs => "It names this appliance",
        Step::Scopes => "What it asks for can be had here",
    }
}

/// One finding, and whose turn it is.
fn seen(finding: &Finding, resource: &ProtectedResource, issuer: &str) -> SeenLine {
    const SERVER: &str = "Your server";
    const HERE: &str = "Here";
    let known = &resource.identifier;
    let (turn, advice): (&str, String) = match finding.verdict {
        Verdict::Right => ("", String::new()),
        Verdict::Unknown => ("", "It could not be looked at: see what comes before.".to_owned()),
        Verdict::Unreachable if known.as_str().starts_with("http://") => (
            SERVER,
            "It is asked over https:// only, so a server on plain http:// is not looked at. Clients may still reach it.".to_owned(),
        ),
        Verdict::Unreachable => (
            SERVER,
            "Start it, and let it be reached at this address from here. If only your own network reaches it, this check cannot.".to_owned(),
        ),
        Verdict::LetsIn => (
            SERVER,
            "It lets in whoever comes without a token. Let it answer 401 before anything else.".to_owned(),
        ),
        Verdict::OtherStatus => {
            (SERVER, "Let it answer 401 to a request without a token, so that a client knows to get one.".to_owned())
        }
        Verdict::NoChallenge => (
            SERVER,
            "Its 401 has no WWW-Authenticate header. Send: WWW-Authenticate: Bearer resource_metadata=\"…\".".to_owned(),
        ),
        Verdict::NoPointer => (
            SERVER,
            "Its WWW-Authenticate header does not say resource_metadata=\"…\". Newer clients look at the well-known place by themselves; others stop here.".to_owned(),
        ),
        Verdict::NoDocument => (
            SERVER,
            "Serve the protected resource metadata there. The code on the resource’s page does; so do the MCP libraries.".to_owned(),
        ),
        Verdict::ByAlias => (
            SERVER,
            format!("It works, because this is an alias of {known}. Clients that compare strictly want its metadata to say the address they were given."),
        ),
        Verdict::OtherName => (
            SERVER,
            format!("Let `resource` in its metadata be {known}. If what it says is right, give it to the resource here as another way to write its address."),
        ),
        Verdict::NoName => (SERVER, format!("Its metadata has no `resource`. Let it say {known}.")),
        Verdict::SlashAdded => (
            SERVER,
            format!("It writes a slash behind the issuer. Let authorization_servers say {issuer}, as text and not through a URL type."),
        ),
        Verdict::OtherIssuer => {
            (SERVER, format!("Its metadata sends clients elsewhere. Let authorization_servers say {issuer}."))
        }
        Verdict::NoIssuer => {
            (SERVER, format!("Its metadata does not say who gives tokens. Let authorization_servers say {issuer}."))
        }
        Verdict::NoScopes => (
            "",
            "It lists no scopes, so clients get what is given unasked. That is allowed.".to_owned(),
        ),
        Verdict::UnknownScopes => (
            HERE,
            "These are not offered by the resource. Change it and add them, or take them out of scopes_supported.".to_owned(),
        ),
    };
    let state = match finding.verdict {
        Verdict::Right => Pill::new("right", Tone::Live),
        Verdict::Unknown => Pill::new("not looked at", Tone::Plain),
        verdict if verdict.goes_on() => Pill::new("could be better", Tone::Soon),
        _ => Pill::new("to be changed", Tone::Danger),
    };
    SeenLine {
        step: step(finding.step).to_owned(),
        state,
        // What a stranger wrote is as long as they like.
        found: finding.found.chars().take(500).collect(),
        turn: turn.to_owned(),
        advice,
    }
}

/// `POST /console/resources/{id}/removal`: nothing brings it back, so its name is asked for.
pub(super) async fn remove(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<ProtectedResource> = wanted(visitor, &id)?;
    let resource = resources::find(&visitor.app, id).await.map_err(|why| declined(visitor, why))?;
    if asked.form.text("name").trim() != resource.name.trim() {
        return Ok(back(visitor, &path(id), "wrong-name"));
    }
    let done = resources::remove(&visitor.app, &asked.by, id, Seen::Anything).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, "/console/resources", "removed"))
}

/// A machine, as the pages of scopes name it.
pub(super) fn machine_named(machine: &Machine) -> Named {
    Named { name: machine.name.clone(), href: machine::path(machine.id), about: machine.purpose.clone() }
}
