//! `/console/scopes`: what can be asked for.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::resources::{machine_named, path as resource_path, several};
use super::{applications, as_seen, back, declined, listing, mark, once, queries, sentence, shell, wanted, with};
use crate::model::{Client, ProtectedResource, Risk, Scope, ScopeEntry, ScopeSet};
use crate::operations::declined::{Declined, Invalid};
use crate::operations::scopes::{self, NewScope, ScopeChange};
use crate::operations::seen::{Seen, tag};
use crate::operations::{reach, resources};
use crate::protocol::own_scopes;
use crate::web::extract::{Administered, Administrator, Posted, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::console::{Choice, Frame, Named, ScopeFormPage, ScopePage, ScopeRow, ScopesPage, Section};
use crate::web::views::{Field, FlashKind};
use crate::web::words::ScopesWords;

/// Scopes on one page.
const A_PAGE: usize = 50;

/// What a page says that comes after a form.
fn told_after(t: &ScopesWords) -> [(&'static str, FlashKind, &'static str); 3] {
    [
        ("added", FlashKind::Done, t.was_added),
        ("changed", FlashKind::Done, t.was_changed),
        ("removed", FlashKind::Done, t.was_removed),
    ]
}

/// A scope's name can have a slash in it.
pub(super) fn path(scope: &Scope) -> String {
    let name: String = url::form_urlencoded::byte_serialize(scope.as_str().as_bytes()).collect();
    format!("/console/scopes/of/{}", name.replace('+', "%20"))
}

fn named(scope: &Scope) -> Named {
    Named { name: scope.to_string(), href: path(scope), about: String::new() }
}

/// `GET /console/scopes`
pub(super) async fn list(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let app = &visitor.app;
    let broken = |fault| visitor.broken(&fault);
    let asked = queries(&request);
    let said = |name: &str| asked.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let (found, next) = match said("q") {
        Some(text) => (scopes::named_like(app, text, A_PAGE).await.map_err(broken)?, None),
        None => {
            let page = scopes::page(app, said("after").map(str::to_owned), A_PAGE).await.map_err(broken)?;
            (page.rows.into_iter().map(|(_, entry)| entry).collect(), page.next)
        }
    };
    let known = resources::list(app).await.map_err(broken)?;
    let page = ScopesPage {
        shell: shell(visitor, &request, &told_after(&visitor.words().console.scopes)),
        frame: Frame { query: said("q").unwrap_or_default().to_owned(), ..listing(visitor, &request, Section::Scopes) },
        rows: found.iter().map(|entry| row(visitor, entry, &known)).collect(),
        narrowed: said("q").is_some(),
        next: next.map(|next| with(&request, "/console/scopes", &[], ("after", &next))),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

fn row(visitor: &Visitor, entry: &ScopeEntry, known: &[ProtectedResource]) -> ScopeRow {
    let offer = known.iter().filter(|resource| resource.scopes.contains(entry.name.as_str()));
    ScopeRow {
        href: path(&entry.name),
        name: entry.name.to_string(),
        words: visitor.describes(entry),
        risky: entry.risk == Risk::High,
        is_own: own_scopes::is_own(entry.name.as_str()),
        implies: entry.implies.iter().map(ToString::to_string).collect(),
        resources: offer.map(|resource| resource.name.clone()).collect(),
    }
}

/// `GET /console/scopes/of/{name}`
pub(super) async fn show(
    admin: Administrator,
    name: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let (app, words) = (&visitor.app, visitor.words());
    let (t, counted) = (&words.console.scope, &words.console.thing);
    let name: Scope = wanted(visitor, &name)?;
    let entry = scopes::find(app, &name).await.map_err(|why| declined(visitor, why))?;
    let reach = reach::of_scope(app, name.clone()).await.map_err(|fault| visitor.broken(&fault))?;
    let page = ScopePage {
        shell: shell(visitor, &request, &told_after(&visitor.words().console.scopes)),
        frame: Frame::of(Section::Scopes),
        href: path(&name),
        name: name.to_string(),
        words: visitor.describes(&entry),
        risky: entry.risk == Risk::High,
        is_own: own_scopes::is_own(name.as_str()),
        added: words.at(entry.created_at, visitor.ctx.at),
        implies: entry.implies.iter().map(named).collect(),
        implied_by: reach.implied_by.iter().map(named).collect(),
        resources: reach
            .resources
            .iter()
            .map(|resource| Named {
                name: resource.name.clone(),
                href: resource_path(resource.id),
                about: resource.identifier.to_string(),
            })
            .collect(),
        bounded: reach.more_grants || reach.machines.more || reach.applications.more,
        machines: several(&reach.machines, counted.machines, machine_named),
        applications: several(&reach.applications, counted.applications, |client: &Client| Named {
            name: client.name.clone(),
            href: applications::path(&client.id),
            about: String::new(),
        }),
        grants: match (reach.grants, reach.more_grants) {
            (0, false) => t.not_allowed.to_owned(),
            (count, more) => (t.allowed)(&(counted.grants)(count, more)),
        },
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// What was typed, before it is looked at.
#[derive(Clone, Debug, Default)]
struct Typed {
    name: String,
    words: String,
    risky: bool,
    implies: String,
}

impl Typed {
    fn of(form: &Posted) -> Self {
        let text = |name: &str| form.text(name).trim().to_owned();
        Self { name: text("name"), words: text("words"), risky: form.text("risk") == "high", implies: text("implies") }
    }

    const fn risk(&self) -> Risk {
        if self.risky { Risk::High } else { Risk::Low }
    }

    fn implied(&self) -> Result<ScopeSet, Invalid> {
        self.implies.parse().map_err(|why: crate::model::ParseScopeError| Invalid(vec![("implies", why.to_string())]))
    }
}

/// `GET /console/scopes/new`
pub(super) async fn new(admin: Administrator) -> Result<HttpResponse, PageProblem> {
    form(&admin.visitor, StatusCode::OK, &Typed::default(), &Invalid::default(), None, None)
}

/// `POST /console/scopes/new`
pub(super) async fn create(asked: Administered) -> Result<HttpResponse, PageProblem> {
    let Administered { form: posted, by } = asked;
    let visitor = &posted.visitor;
    let typed = Typed::of(&posted);
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let refuse = |invalid: Invalid, problem| form(visitor, status, &typed, &invalid, problem, None);
    let name_wrong = visitor.words().console.scope_form.name_wrong;
    let name = typed.name.parse::<Scope>().map_err(|_| Invalid(vec![("name", name_wrong.to_owned())]));
    let (name, implies) = match (name, typed.implied()) {
        (Ok(name), Ok(implies)) => (name, implies),
        (Err(wrong), _) | (_, Err(wrong)) => return refuse(wrong, None),
    };
    let by = once(&visitor.app, by, posted.text("once"), &["scope", &format!("{typed:?}")]);
    let scope = NewScope { name, description: typed.words.clone(), risk: typed.risk(), implies };
    match scopes::add(&visitor.app, &by, scope).await {
        Ok(made) => Ok(back(visitor, &path(&made.name), "added")),
        Err(Declined::Broken(fault)) => Err(visitor.broken(&fault)),
        Err(Declined::Invalid(invalid)) => refuse(invalid, None),
        Err(other) => refuse(Invalid::default(), Some(sentence(visitor.words(), &other))),
    }
}

/// `GET /console/scopes/of/{name}/change`
pub(super) async fn edit(admin: Administrator, name: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let name: Scope = wanted(visitor, &name)?;
    let entry = scopes::find(&visitor.app, &name).await.map_err(|why| declined(visitor, why))?;
    let typed = Typed {
        name: name.to_string(),
        words: entry.description.clone(),
        risky: entry.risk == Risk::High,
        implies: entry.implies.to_string(),
    };
    form(visitor, StatusCode::OK, &typed, &Invalid::default(), None, Some(&entry))
}

/// `POST /console/scopes/of/{name}/change`
pub(super) async fn update(asked: Administered, name: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let Administered { form: posted, by } = &asked;
    let visitor = &posted.visitor;
    let name: Scope = wanted(visitor, &name)?;
    let typed = Typed::of(posted);
    let entry = scopes::find(&visitor.app, &name).await.map_err(|why| declined(visitor, why))?;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let refuse = |invalid: Invalid, problem| form(visitor, status, &typed, &invalid, problem, Some(&entry));
    let implies = match typed.implied() {
        Ok(implies) => implies,
        Err(wrong) => return refuse(wrong, None),
    };
    let change =
        ScopeChange { description: Some(typed.words.clone()), risk: Some(typed.risk()), implies: Some(implies) };
    match scopes::change(&visitor.app, by, name.clone(), as_seen(posted), change).await {
        Ok(_) => Ok(back(visitor, &path(&name), "changed")),
        Err(Declined::Broken(fault)) => Err(visitor.broken(&fault)),
        Err(missing @ Declined::Missing(_)) => Err(declined(visitor, missing)),
        Err(Declined::Invalid(invalid)) => refuse(invalid, None),
        Err(other) => refuse(Invalid::default(), Some(sentence(visitor.words(), &other))),
    }
}

/// `POST /console/scopes/of/{name}/removal`
pub(super) async fn remove(asked: Administered, name: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let name: Scope = wanted(visitor, &name)?;
    let done = scopes::remove(&visitor.app, &asked.by, name, Seen::Anything).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, "/console/scopes", "removed"))
}

fn form(
    visitor: &Visitor,
    status: StatusCode,
    typed: &Typed,
    wrong: &Invalid,
    problem: Option<String>,
    changes: Option<&ScopeEntry>,
) -> Result<HttpResponse, PageProblem> {
    let words = &visitor.words().console;
    let field = |value: &str, name: &str| Field { value: value.to_owned(), error: wrong.of(name) };
    let page = ScopeFormPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::Scopes),
        once: mark(&visitor.app, &visitor.ctx).map_err(|fault| visitor.broken(&fault))?,
        seen: match changes {
            Some(entry) => tag(entry).map_err(|fault| visitor.broken(&fault))?.text(),
            None => String::new(),
        },
        action: changes
            .map_or_else(|| "/console/scopes/new".to_owned(), |entry| format!("{}/change", path(&entry.name))),
        changes: changes.map(|entry| (entry.name.to_string(), path(&entry.name))),
        name: field(&typed.name, "name"),
        words: field(&typed.words, "description"),
        risks: vec![
            Choice::new("low", words.scope_form.low, !typed.risky),
            Choice::new("high", words.scope.risky, typed.risky),
        ],
        implies: field(&typed.implies, "implies"),
        problem: problem.or_else(|| {
            let nothing = if changes.is_some() { words.thing.nothing_changed } else { words.scope_form.nothing_added };
            (!wrong.0.is_empty()).then(|| nothing.to_owned())
        }),
    };
    reply::page(visitor, status, &page, &[])
}
