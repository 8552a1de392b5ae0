//! `/console/resources/{id}/tools`: which tools an MCP server has, and what a token has to have for each.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{as_seen, back, declined, resources as pages, scopes as scope_pages, sentence, shell, snippets, wanted};
use crate::base::Id;
use crate::model::{ProtectedResource, ResourceTools, Risk, Scope, ScopeEntry, ToolHint};
use crate::operations::declined::Declined;
use crate::operations::resources::{self, ResourceChange};
use crate::operations::scopes;
use crate::operations::seen::tag;
use crate::operations::tools::{self, Asked};
use crate::protocol::mcp_tools::MOST;
use crate::web::extract::{Administered, Administrator, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::console::{Choice, Frame, OpenedBy, Pill, ResourceToolsPage, Section, Tone, ToolLine};
use crate::web::views::{Field, FlashKind};
use crate::web::words::ToolsWords;

/// What the page says that comes after a form.
fn told_after(t: &ToolsWords) -> [(&'static str, FlashKind, &'static str); 6] {
    [
        ("listed", FlashKind::Done, t.listed),
        ("some", FlashKind::Done, t.listed_some),
        ("written", FlashKind::Done, t.written),
        ("decided", FlashKind::Done, t.decided),
        ("wants-token", FlashKind::Failed, t.wants_token),
        ("stale", FlashKind::Failed, t.stale),
    ]
}

/// In the place of a scope: nobody has decided, so nobody may.
const UNDECIDED: &str = "";
/// In the place of a scope: a token of this server is enough. No scope is called so.
const ANY: &str = "*any token*";

fn path(id: Id<ProtectedResource>) -> String {
    format!("{}/tools", pages::path(id))
}

/// `GET /console/resources/{id}/tools`
pub(super) async fn show(
    admin: Administrator,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let id: Id<ProtectedResource> = wanted(visitor, &id)?;
    let shell = shell(visitor, &request, &told_after(&visitor.words().console.tools));
    let page = ResourceToolsPage { shell, ..page(visitor, id).await? };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

async fn page(visitor: &Visitor, id: Id<ProtectedResource>) -> Result<ResourceToolsPage, PageProblem> {
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let broken = |fault| visitor.broken(&fault);
    let resource = resources::find(app, id).await.map_err(|why| declined(visitor, why))?;
    let known = tools::of(app, id).await.map_err(broken)?;
    let catalogue = scopes::list_all(app).await.map_err(broken)?;
    let entry = |scope: &Scope| catalogue.iter().find(|entry| entry.name == *scope);
    Ok(ResourceToolsPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::Resources),
        name: resource.name.clone(),
        href: pages::path(id),
        identifier: resource.identifier.to_string(),
        seen: tag(&resource).map_err(broken)?.text(),
        asked: known.as_ref().map(|known| (known.told_by, visitor.words().at(known.at, now))),
        lines: lines(&visitor.words().console.tools, &resource, known.as_ref(), &entry),
        opened: opened(visitor, &resource, &entry),
        undecided: known
            .as_ref()
            .map_or(0, |known| known.list.iter().filter(|tool| !resource.tool_scopes.contains_key(&tool.name)).count()),
        offers_scopes: !resource.scopes.is_empty(),
        snippets: snippets::tools::of(visitor.words(), &resource),
        list: Field::default(),
        problem: None,
    })
}

fn lines<'c>(
    t: &ToolsWords,
    resource: &ProtectedResource,
    known: Option<&ResourceTools>,
    entry: &impl Fn(&Scope) -> Option<&'c ScopeEntry>,
) -> Vec<ToolLine> {
    let listed: Vec<_> = known.into_iter().flat_map(|known| &known.list).collect();
    let names: BTreeSet<&str> = listed.iter().map(|tool| tool.name.as_str()).collect();
    let choices = |tool: &str| {
        let needs = resource.tool_scopes.get(tool);
        let scopes = resource.scopes.iter().map(|scope| {
            let chosen = needs.is_some_and(|needs| needs.as_ref() == Some(scope));
            let is_risky = entry(scope).is_some_and(|entry| entry.risk == Risk::High);
            let label = if is_risky { (t.risky)(scope.as_str()) } else { scope.to_string() };
            Choice::new(scope.as_str(), label, chosen)
        });
        [Choice::new(UNDECIDED, t.not_decided, needs.is_none()), Choice::new(ANY, t.any_token, needs == Some(&None))]
            .into_iter()
            .chain(scopes)
            .collect()
    };
    let mut lines: Vec<ToolLine> = listed
        .iter()
        .map(|tool| ToolLine {
            name: tool.name.clone(),
            title: tool.title.clone().unwrap_or_default(),
            description: tool.description.clone().unwrap_or_default(),
            hint: tool.hint.map(|hint| match hint {
                ToolHint::ReadsOnly => Pill::new(t.says_reads, Tone::Plain),
                ToolHint::Destroys => Pill::new(t.says_destroys, Tone::Soon),
            }),
            gone: false,
            needs: choices(&tool.name),
        })
        .collect();
    // What was decided about and is not named any more: it stays until somebody takes it out.
    lines.extend(resource.tool_scopes.keys().filter(|name| !names.contains(name.as_str())).map(|name| ToolLine {
        name: name.clone(),
        title: String::new(),
        description: String::new(),
        hint: None,
        gone: true,
        needs: choices(name),
    }));
    lines
}

/// By scope: what whoever has it may do there, and with which tools.
fn opened<'c>(
    visitor: &Visitor,
    resource: &ProtectedResource,
    entry: &impl Fn(&Scope) -> Option<&'c ScopeEntry>,
) -> Vec<OpenedBy> {
    let tools = |needs: Option<&Scope>| -> Vec<String> {
        let named = resource.tool_scopes.iter().filter(|(_, scope)| scope.as_ref() == needs);
        named.map(|(name, _)| name.clone()).collect()
    };
    let any = OpenedBy {
        scope: String::new(),
        words: visitor.words().console.tools.whoever.to_owned(),
        risky: false,
        href: String::new(),
        tools: tools(None),
    };
    let scopes = resource.scopes.iter().map(|scope| OpenedBy {
        scope: scope.to_string(),
        words: entry(scope).map_or_else(|| scope.to_string(), |entry| visitor.describes(entry)),
        risky: entry(scope).is_some_and(|entry| entry.risk == Risk::High),
        href: scope_pages::path(scope),
        tools: tools(Some(scope)),
    });
    scopes.chain(Some(any).filter(|any| !any.tools.is_empty())).collect()
}

/// `POST /console/resources/{id}/tools/discovery`: asks the server.
pub(super) async fn discover(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<ProtectedResource> = wanted(visitor, &id)?;
    let asked = tools::discover(&visitor.app, &asked.by, id).await.map_err(|why| declined(visitor, why))?;
    match asked {
        Asked::Listed { left_out: 0, .. } => Ok(back(visitor, &path(id), "listed")),
        Asked::Listed { .. } => Ok(back(visitor, &path(id), "some")),
        Asked::WantsToken => Ok(back(visitor, &path(id), "wants-token")),
        Asked::Nothing(why) => {
            let problem = Some(why.trim_end_matches('.').to_owned());
            let page = ResourceToolsPage { problem, ..page(visitor, id).await? };
            reply::page(visitor, StatusCode::OK, &page, &[])
        }
    }
}

/// `POST /console/resources/{id}/tools/list`: somebody writes them down.
pub(super) async fn write_down(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<ProtectedResource> = wanted(visitor, &id)?;
    let text = asked.form.text("list");
    match tools::write_down(&visitor.app, &asked.by, id, text).await {
        Ok(_) => Ok(back(visitor, &path(id), "written")),
        Err(Declined::Invalid(invalid)) => {
            let error = invalid.of("tools").map(|why| sentence(visitor.words(), &Declined::Conflict(why)));
            let page = ResourceToolsPage { list: Field { value: text.to_owned(), error }, ..page(visitor, id).await? };
            reply::page(visitor, StatusCode::UNPROCESSABLE_ENTITY, &page, &[])
        }
        Err(other) => Err(declined(visitor, other)),
    }
}

/// `POST /console/resources/{id}/tools`: what each of them needs.
pub(super) async fn decide(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let Administered { form, by } = &asked;
    let visitor = &form.visitor;
    let id: Id<ProtectedResource> = wanted(visitor, &id)?;
    let mut needed: BTreeMap<String, Option<Scope>> = BTreeMap::new();
    for (tool, needs) in form.all("tool").zip(form.all("needs")).take(2 * MOST) {
        let scope = match needs {
            UNDECIDED => continue,
            ANY => None,
            scope => Some(wanted::<Scope>(visitor, scope)?),
        };
        needed.insert(tool.to_owned(), scope);
    }
    let change = ResourceChange { tool_scopes: Some(needed), ..ResourceChange::default() };
    match resources::change(&visitor.app, by, id, as_seen(form), change).await {
        Ok(_) => Ok(back(visitor, &path(id), "decided")),
        Err(Declined::Stale) => Ok(back(visitor, &path(id), "stale")),
        Err(other) => Err(declined(visitor, other)),
    }
}
