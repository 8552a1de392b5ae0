//! `/console/resources`: what tokens are for, and what a client sees there.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::told;
use super::{applications, back, declined, listing, machine, queries, scopes as scope_pages, shell, snippets, wanted};
use crate::app::App;
use crate::base::{Fault, Id, Lifetime, Timestamp};
use crate::model::{Client, Consent, Machine, ProtectedResource, ResourceTools, Risk, ScopeEntry, TokenFormat};
use crate::operations::audit::{self, Which as Entries};
use crate::operations::reach::{self, Found};
use crate::operations::seen::Seen;
use crate::operations::{check_resource, names, resources, scopes, tools};
use crate::protocol::resource_metadata::{Finding, Verdict};
use crate::web::extract::{Administered, Administrator};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::FlashKind;
use crate::web::views::console::{
    Frame, Named, Pill, ResourceCheckPage, ResourcePage, ResourceRow, ResourcesPage, ScopeWords, Section, SeenLine,
    Several, Snippets, Tone,
};
use crate::web::words::{ResourceCheckWords, Words};

/// Resources on one page, and events of one resource.
const A_PAGE: usize = 50;
const SHOWN: usize = 20;
/// What the longest life of a machine's token is where nobody said so.
pub(super) const MOST_ACCESS: Lifetime = Lifetime::from_days(1);

/// What a page says that comes after a form.
fn told_after(words: &Words) -> [(&'static str, FlashKind, &'static str); 4] {
    let t = &words.console.resources;
    [
        ("protected", FlashKind::Done, t.was_protected),
        ("changed", FlashKind::Done, t.was_changed),
        ("removed", FlashKind::Done, t.was_removed),
        ("wrong-name", FlashKind::Failed, words.console.thing.wrong_name),
    ]
}

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
        shell: shell(visitor, &request, &told_after(visitor.words())),
        frame: Frame {
            query: said("q").unwrap_or_default().to_owned(),
            ..listing(visitor, &request, Section::Resources)
        },
        rows: found.iter().map(|resource| row(visitor.words(), resource, &catalogue, now)).collect(),
        narrowed: said("q").is_some(),
        next: next.map(|next| format!("/console/resources?before={next}")),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

fn row(words: &Words, resource: &ProtectedResource, catalogue: &[ScopeEntry], now: Timestamp) -> ResourceRow {
    let t = &words.console.resources;
    let risky = |entry: &&ScopeEntry| entry.risk == Risk::High && resource.scopes.contains(entry.name.as_str());
    ResourceRow {
        href: path(resource.id),
        name: resource.name.clone(),
        identifier: resource.identifier.to_string(),
        scopes: resource.scopes.len(),
        risky: catalogue.iter().filter(risky).count(),
        tokens: match resource.format {
            TokenFormat::Jwt => (t.signed_with)(resource.algorithm.as_str()),
            TokenFormat::Opaque => t.opaque.to_owned(),
        },
        lifetime: words.length(resource.access_for.seconds()),
        is_default: resource.is_default,
        registered: words.at(resource.created_at, now),
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
    let words = visitor.words();
    let (t, counted) = (&words.console.resource, &words.console.thing);
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
        shell: shell(visitor, &request, &told_after(visitor.words())),
        frame: Frame::of(Section::Resources),
        id: id.to_string(),
        href: path(id),
        name: resource.name.clone(),
        identifier: resource.identifier.to_string(),
        aliases: resource.aliases.iter().map(ToString::to_string).collect(),
        is_default: resource.is_default,
        tokens: match resource.format {
            TokenFormat::Jwt => (t.signed_with)(resource.algorithm.as_str()),
            TokenFormat::Opaque => t.opaque.to_owned(),
        },
        lifetime: words.length(resource.access_for.seconds()),
        machine_lifetime: words.length(resource.machine_access_most.unwrap_or(MOST_ACCESS).seconds()),
        claims: t.said(resource.said()),
        registered: words.at(resource.created_at, now),
        issuer: app.issuer.to_string(),
        keys_at: app.issuer.url(if is_opaque { "/oauth/introspect" } else { "/.well-known/jwks.json" }),
        is_opaque,
        snippets: Snippets {
            code: snippets::server::of(app, visitor.words(), &resource),
            clients: snippets::of_clients(visitor.words(), &resource),
        },
        scopes: resource
            .scopes
            .iter()
            .map(|scope| {
                let entry = catalogue.iter().find(|entry| entry.name == *scope);
                ScopeWords {
                    name: scope.to_string(),
                    words: entry.map_or_else(|| scope.to_string(), |entry| visitor.describes(entry)),
                    risky: entry.is_some_and(|entry| entry.risk == Risk::High),
                    is_default: resource.default_scopes.contains(scope.as_str()),
                    href: scope_pages::path(scope),
                }
            })
            .collect(),
        tools: tools_words(words, &resource, known.as_ref()),
        at_stake: at_stake(words, &reach),
        bounded: reach.grants.more || reach.machines.more || reach.applications.more,
        grants: grants(app, words, &reach.grants, now).await.map_err(broken)?,
        machines: several(&reach.machines, counted.machines, |(machine, last)| Named {
            name: machine.name.clone(),
            href: machine::path(machine.id),
            about: last.map_or_else(|| t.not_seen.to_owned(), |at| (t.last_seen)(&words.at(at, now).words)),
        }),
        applications: several(&reach.applications, counted.applications, |client: &Client| Named {
            name: client.name.clone(),
            href: applications::path(&client.id),
            about: String::new(),
        }),
        events: told::folded(app, visitor.words(), now, &told).await.map_err(broken)?,
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// How far it is known which tools the server has.
fn tools_words(words: &Words, resource: &ProtectedResource, known: Option<&ResourceTools>) -> String {
    let t = &words.console.resource;
    let Some(known) = known.filter(|known| !known.list.is_empty()) else { return t.no_tools.to_owned() };
    let open = known.list.iter().filter(|tool| !resource.tool_scopes.contains_key(&tool.name)).count();
    (t.tools_known)(known.list.len(), open)
}

/// Some of many, and how many there are in the words that they are counted with.
pub(super) fn several<T>(found: &Found<T>, counted: fn(usize, bool) -> String, named: impl Fn(&T) -> Named) -> Several {
    Several { shown: found.shown.iter().map(named).collect(), words: counted(found.count, found.more) }
}

async fn grants(app: &App, words: &Words, found: &Found<Consent>, now: Timestamp) -> Result<Several, Fault> {
    let people = names::of(app, found.shown.iter().map(|consent| consent.person.to_string()).collect()).await?;
    Ok(several(found, words.console.thing.grants, |consent| Named {
        name: consent.client_name.clone(),
        href: applications::path(&consent.client_id),
        about: format!(
            "{}, {}: {}",
            people.of(&consent.person.to_string()),
            words.at(consent.updated_at, now).words,
            consent.scope
        ),
    }))
}

/// What somebody should know who is about to remove it.
fn at_stake(words: &Words, reach: &reach::OfResource) -> String {
    let (t, counted) = (&words.console.resource, &words.console.thing);
    let (grants, machines) = (&reach.grants, &reach.machines);
    if grants.count == 0 && machines.count == 0 && !grants.more && !machines.more {
        return t.nothing_at_stake.to_owned();
    }
    (t.at_stake)(&(counted.grants)(grants.count, grants.more), &(counted.machines)(machines.count, machines.more))
}

/// `POST /console/resources/{id}/check`: asks the server; it changes nothing.
pub(super) async fn check(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<ProtectedResource> = wanted(visitor, &id)?;
    let checked = check_resource::check(&visitor.app, &asked.by, id).await;
    let (resource, findings) = checked.map_err(|why| declined(visitor, why))?;
    let t = &visitor.words().console.resource_check;
    let stop = findings.iter().find(|finding| !finding.verdict.goes_on());
    let page = ResourceCheckPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::Resources),
        name: resource.name.clone(),
        href: path(id),
        identifier: resource.identifier.to_string(),
        headline: match stop {
            None => t.found.to_owned(),
            Some(finding) => (t.stops)(t.step(finding.step)),
        },
        lines: findings.iter().map(|finding| seen(t, finding, &resource, visitor.app.issuer.as_str())).collect(),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// One finding, and whose turn it is.
fn seen(t: &ResourceCheckWords, finding: &Finding, resource: &ProtectedResource, issuer: &str) -> SeenLine {
    let turn = match finding.verdict {
        Verdict::Right | Verdict::Unknown | Verdict::NoScopes => "",
        Verdict::UnknownScopes => t.here,
        _ => t.server,
    };
    let state = match finding.verdict {
        Verdict::Right => Pill::new(t.right, Tone::Live),
        Verdict::Unknown => Pill::new(t.not_looked_at, Tone::Plain),
        verdict if verdict.goes_on() => Pill::new(t.could_be_better, Tone::Soon),
        _ => Pill::new(t.to_be_changed, Tone::Danger),
    };
    SeenLine {
        step: t.step(finding.step).to_owned(),
        state,
        // What a stranger wrote is as long as they like.
        found: finding.found.chars().take(500).collect(),
        turn: turn.to_owned(),
        advice: t.advice(finding.verdict, resource.identifier.as_str(), issuer),
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
