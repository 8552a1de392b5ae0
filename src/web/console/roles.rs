//! `/console/roles`: the tenants, their roles, and who has them.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::told::{self, Told};
use super::{as_seen, back, declined, listing, mark, once, queries, sentence, shell, wanted};
use crate::base::Fault;
use crate::model::{Event, Permission, Role, RoleIn, RoleName, TenantName};
use crate::operations::audit::{self, Which as Entries};
use crate::operations::declined::{Declined, Invalid};
use crate::operations::names;
use crate::operations::roles::{self, RoleChange, RoleTerms};
use crate::operations::seen::tag;
use crate::operations::{people, tenants};
use crate::protocol::display_name::DisplayName;
use crate::web::extract::{Administered, Administrator, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::console::{Choice, Frame, Holder, RoleFormPage, RolePage, RoleRow, RolesPage, Section};
use crate::web::views::{Field, FlashKind};
use crate::web::words::Words;

/// Roles on one page; tenants to choose from; holders that are counted in the list and shown on the page of a role; permissions of one
/// line, and events.
const A_PAGE: usize = 50;
const TENANTS: usize = 200;
const COUNTED: usize = 20;
const HOLDERS: usize = 100;
const LINE: usize = 8;
const SHOWN: usize = 10;

/// What a page says that comes after a form.
fn told_after(words: &Words) -> [(&'static str, FlashKind, &'static str); 8] {
    let t = &words.console.roles;
    [
        ("tenant", FlashKind::Done, t.tenant_was_made),
        ("title", FlashKind::Done, t.title_was_changed),
        ("tenant-removed", FlashKind::Done, t.tenant_was_removed),
        ("wrong-name", FlashKind::Failed, words.console.thing.wrong_name),
        ("made", FlashKind::Done, t.was_made),
        ("changed", FlashKind::Done, t.was_changed),
        ("removed", FlashKind::Done, t.was_removed),
        ("taken", FlashKind::Done, t.was_taken),
    ]
}

pub(super) fn path(held: &RoleIn) -> String {
    format!("/console/roles/{held}")
}

pub(super) fn list_path(tenant: &TenantName) -> String {
    format!("/console/roles?tenant={tenant}")
}

/// Back to the list of one tenant, which says what was done.
fn back_to_list(visitor: &Visitor, tenant: &TenantName, said: &str) -> HttpResponse {
    reply::see_other(visitor, &format!("{}{}&said={said}", visitor.app.issuer.path(), list_path(tenant)))
}

/// `GET /console/roles`
pub(super) async fn list(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let asked = queries(&request);
    let tenant = asked.get("tenant").and_then(|name| name.parse().ok()).unwrap_or_default();
    let after = asked.get("after").and_then(|name| name.parse().ok());
    let page = page(visitor, tenant, after).await?;
    let frame = listing(visitor, &request, Section::Roles);
    let page = RolesPage { shell: shell(visitor, &request, &told_after(visitor.words())), frame, ..page };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

async fn page(visitor: &Visitor, tenant: TenantName, after: Option<RoleName>) -> Result<RolesPage, PageProblem> {
    let (app, broken) = (&visitor.app, |fault| visitor.broken(&fault));
    let here = tenants::find(app, tenant.clone()).await.map_err(|why| declined(visitor, why))?;
    let known = tenants::page(app, None, TENANTS).await.map_err(broken)?;
    let mut tenants: Vec<Choice> = known
        .rows
        .iter()
        .map(|(name, one)| Choice::new(name.to_string(), format!("{} ({name})", one.title), *name == tenant))
        .collect();
    if !tenants.iter().any(|choice| choice.chosen) {
        tenants.push(Choice::new(tenant.to_string(), format!("{} ({tenant})", here.title), true));
    }
    let found = roles::page(app, tenant.clone(), None, after, A_PAGE).await.map_err(|why| declined(visitor, why))?;
    let mut rows = Vec::with_capacity(found.rows.len());
    for (_, role) in found.rows {
        rows.push(row(visitor, role).await.map_err(broken)?);
    }
    Ok(RolesPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::Roles),
        tenants,
        rows,
        next: found.next.map(|next| format!("{}&after={next}", list_path(&tenant))),
        seen: tag(&here).map_err(broken)?.text(),
        title: here.title,
        changeable: tenant.as_str() != TenantName::MAIN,
        tenant: tenant.to_string(),
        new_name: Field::default(),
        new_title: Field::default(),
    })
}

async fn row(visitor: &Visitor, role: Role) -> Result<RoleRow, Fault> {
    let t = &visitor.words().console.roles;
    let held = RoleIn { tenant: role.tenant, role: role.name };
    let people = roles::people_with(&visitor.app, held.clone(), None, COUNTED).await?;
    let machines = roles::machines_with(&visitor.app, held.clone(), None, COUNTED).await?;
    let count = |seen: usize, more: bool| if more { (t.more_than)(seen) } else { seen.to_string() };
    let left = role.permissions.len().saturating_sub(LINE);
    Ok(RoleRow {
        href: path(&held),
        name: held.role.to_string(),
        description: role.description,
        permissions: role.permissions.iter().take(LINE).map(ToString::to_string).collect(),
        more: (left > 0).then(|| (t.and_more)(left)),
        people: count(people.rows.len(), people.next.is_some()),
        machines: count(machines.rows.len(), machines.next.is_some()),
    })
}

/// `POST /console/tenants`
pub(super) async fn create_tenant(asked: Administered) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let (name, title) = (asked.form.text("new-name").trim(), asked.form.text("new-title").trim());
    let (parsed, called) = (name.parse::<TenantName>(), DisplayName::parse(title));
    let mut wrong = Invalid::default();
    if let Err(why) = &parsed {
        wrong.0.push(("name", why.to_string()));
    }
    if called.is_err() {
        wrong.0.push(("title", visitor.words().console.roles.title_wrong.to_owned()));
    }
    if let (Ok(name), Ok(called)) = (parsed, called) {
        match tenants::add(&visitor.app, &asked.by, name, called).await {
            Ok(tenant) => return Ok(back_to_list(visitor, &tenant.name, "tenant")),
            Err(Declined::Broken(fault)) => return Err(visitor.broken(&fault)),
            Err(other) => wrong.0.push(("name", sentence(visitor.words(), &other))),
        }
    }
    let page = page(visitor, TenantName::default(), None).await?;
    let page = RolesPage {
        new_name: Field { value: name.to_owned(), error: wrong.of("name") },
        new_title: Field { value: title.to_owned(), error: wrong.of("title") },
        ..page
    };
    reply::page(visitor, StatusCode::UNPROCESSABLE_ENTITY, &page, &[])
}

/// `POST /console/tenants/{tenant}/change`
pub(super) async fn change_tenant(asked: Administered, name: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let name: TenantName = wanted(visitor, &name)?;
    let title = DisplayName::parse(asked.form.text("title").trim());
    let title = title.map_err(|why| declined(visitor, Declined::field("title", why)))?;
    let done = tenants::change(&visitor.app, &asked.by, name.clone(), as_seen(&asked.form), Some(title)).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back_to_list(visitor, &name, "title"))
}

/// `POST /console/tenants/{tenant}/removal`: nothing brings it back, so its name is asked for.
pub(super) async fn remove_tenant(asked: Administered, name: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let name: TenantName = wanted(visitor, &name)?;
    if asked.form.text("name").trim() != name.as_str() {
        return Ok(back_to_list(visitor, &name, "wrong-name"));
    }
    let done = tenants::remove(&visitor.app, &asked.by, name, as_seen(&asked.form)).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back_to_list(visitor, &TenantName::default(), "tenant-removed"))
}

/// What was typed of a role, before it is looked at.
#[derive(Clone, Debug, Default)]
struct Typed {
    tenant: String,
    name: String,
    description: String,
    permissions: String,
}

impl Typed {
    fn of(form: &crate::web::extract::Posted) -> Self {
        let text = |name: &str| form.text(name).replace('\r', "").trim().to_owned();
        Self {
            tenant: text("tenant"),
            name: text("name"),
            description: text("description"),
            permissions: text("permissions"),
        }
    }

    fn terms(&self) -> Result<RoleTerms, Invalid> {
        let texts = self.permissions.split_whitespace();
        let permission = |text: &str| {
            let wrong = |why| Invalid(vec![("permissions", format!("{text}: {why}"))]);
            text.parse::<Permission>().map_err(wrong)
        };
        let permissions = texts.map(permission).collect::<Result<Vec<_>, _>>()?;
        Ok(RoleTerms { description: self.description.clone(), permissions })
    }
}

/// `GET /console/roles/new`
pub(super) async fn new(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let tenant = queries(&request).remove("tenant").unwrap_or_else(|| TenantName::MAIN.to_owned());
    let tenant = tenants::find(&visitor.app, wanted(visitor, &tenant)?).await;
    let tenant = tenant.map_err(|why| declined(visitor, why))?.name.to_string();
    form(visitor, StatusCode::OK, Typed { tenant, ..Typed::default() }, &Invalid::default(), None)
}

/// `POST /console/roles/new`
pub(super) async fn create(asked: Administered) -> Result<HttpResponse, PageProblem> {
    let Administered { form: posted, by } = asked;
    let visitor = &posted.visitor;
    let typed = Typed::of(&posted);
    let by = once(&visitor.app, by, posted.text("once"), &["role", &format!("{typed:?}")]);
    let tenant: TenantName = wanted(visitor, &typed.tenant)?;
    let made = match (typed.name.parse::<RoleName>(), typed.terms()) {
        (Ok(role), Ok(terms)) => roles::add(&visitor.app, &by, RoleIn { tenant, role }, terms).await,
        (name, terms) => {
            let mut wrong = terms.err().unwrap_or_default();
            wrong.0.extend(name.err().map(|why| ("name", why.to_string())));
            Err(Declined::Invalid(wrong))
        }
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    match made {
        Ok(role) => Ok(back(visitor, &path(&RoleIn { tenant: role.tenant, role: role.name }), "made")),
        Err(Declined::Broken(fault)) => Err(visitor.broken(&fault)),
        Err(Declined::Invalid(invalid)) => form(visitor, status, typed, &invalid, None),
        Err(other) => form(visitor, status, typed, &Invalid::default(), Some(sentence(visitor.words(), &other))),
    }
}

fn form(
    visitor: &Visitor,
    status: StatusCode,
    typed: Typed,
    wrong: &Invalid,
    problem: Option<String>,
) -> Result<HttpResponse, PageProblem> {
    let page = RoleFormPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::Roles),
        once: mark(&visitor.app, &visitor.ctx).map_err(|fault| visitor.broken(&fault))?,
        tenant: typed.tenant,
        name: Field { value: typed.name, error: wrong.of("name") },
        description: Field { value: typed.description, error: wrong.of("description") },
        permissions: Field { value: typed.permissions, error: wrong.of("permissions") },
        problem,
    };
    reply::page(visitor, status, &page, &[])
}

fn held(visitor: &Visitor, (tenant, role): &(String, String)) -> Result<RoleIn, PageProblem> {
    Ok(RoleIn { tenant: wanted(visitor, tenant)?, role: wanted(visitor, role)? })
}

/// `GET /console/roles/{tenant}/{role}`
pub(super) async fn show(
    admin: Administrator,
    names: web::Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let page = role_page(visitor, held(visitor, &names)?).await?;
    let page = RolePage { shell: shell(visitor, &request, &told_after(visitor.words())), ..page };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

async fn role_page(visitor: &Visitor, held: RoleIn) -> Result<RolePage, PageProblem> {
    let (app, now, broken) = (&visitor.app, visitor.ctx.at, |fault| visitor.broken(&fault));
    let (role, _) = roles::find(app, held.clone()).await.map_err(|why| declined(visitor, why))?;
    let with = roles::people_with(app, held.clone(), None, HOLDERS).await.map_err(broken)?;
    let names = with.rows.iter().map(|(id, _)| id.to_string()).collect();
    let names = names::of(app, names).await.map_err(broken)?;
    let machines = roles::machines_with(app, held.clone(), None, HOLDERS).await.map_err(broken)?;
    let mut people = Vec::with_capacity(with.rows.len());
    for (id, membership) in &with.rows {
        let email = people::by_id(app, *id).await.map(|person| person.email.as_str().to_owned()).unwrap_or_default();
        let name = names.of(&id.to_string()).to_owned();
        let seen = tag(membership).map_err(broken)?.text();
        people.push(Holder { href: super::person::path(*id), name, about: email, seen });
    }
    // An event names the tenant and the role apart, and the role is the rarer word.
    let which = Entries { about: Some(held.role.to_string()), ..Entries::default() };
    let entries = audit::list(app, which, None, SHOWN).await.map_err(broken)?.entries;
    let told: Vec<Told<'_>> = entries
        .iter()
        .filter(|entry| is_of(&entry.event, &held.tenant))
        .map(|entry| Told { sequence: entry.sequence, at: entry.at, by: &entry.by, event: &entry.event })
        .collect();
    let lines: Vec<String> = role.permissions.iter().map(ToString::to_string).collect();
    Ok(RolePage {
        shell: visitor.shell(),
        frame: Frame::of(Section::Roles),
        href: path(&held),
        tenant: held.tenant.to_string(),
        name: held.role.to_string(),
        made: visitor.words().at(role.created_at, now),
        seen: tag(&role).map_err(broken)?.text(),
        description: Field::of(role.description),
        permissions: Field::of(lines.join("\n")),
        problem: None,
        people,
        machines: machines
            .rows
            .into_iter()
            .map(|(id, machine)| Holder {
                href: super::machine::path(id),
                name: machine.name,
                about: machine.purpose,
                seen: String::new(),
            })
            .collect(),
        more_people: with.next.is_some(),
        more_machines: machines.next.is_some(),
        events: told::lines(app, visitor.words(), now, &told).await.map_err(broken)?,
        held: held.to_string(),
    })
}

/// Whether an event tells of a role in this tenant.
fn is_of(event: &Event, within: &TenantName) -> bool {
    match event {
        Event::RoleCreated { tenant, .. } | Event::RoleChanged { tenant, .. } | Event::RoleRemoved { tenant, .. } => {
            tenant == within
        }
        _ => false,
    }
}

/// `POST /console/roles/{tenant}/{role}/change`
pub(super) async fn change(
    asked: Administered,
    names: web::Path<(String, String)>,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let held = held(visitor, &names)?;
    let typed = Typed::of(&asked.form);
    let done = match typed.terms() {
        Ok(RoleTerms { description, permissions }) => {
            let ask = RoleChange { description: Some(description), permissions: Some(permissions) };
            roles::change(&visitor.app, &asked.by, held.clone(), as_seen(&asked.form), ask).await
        }
        Err(invalid) => Err(Declined::Invalid(invalid)),
    };
    match done {
        Ok(_) => Ok(back(visitor, &path(&held), "changed")),
        Err(why @ (Declined::Invalid(_) | Declined::Stale)) => {
            let page = role_page(visitor, held).await?;
            let problem = matches!(why, Declined::Stale).then(|| sentence(visitor.words(), &why));
            let invalid = if let Declined::Invalid(invalid) = why { invalid } else { Invalid::default() };
            let page = RolePage {
                problem,
                description: Field { value: typed.description, error: invalid.of("description") },
                permissions: Field { value: typed.permissions, error: invalid.of("permissions") },
                ..page
            };
            reply::page(visitor, StatusCode::UNPROCESSABLE_ENTITY, &page, &[])
        }
        Err(why) => Err(declined(visitor, why)),
    }
}

/// `POST /console/roles/{tenant}/{role}/removal`
pub(super) async fn remove(
    asked: Administered,
    names: web::Path<(String, String)>,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let held = held(visitor, &names)?;
    let tenant = held.tenant.clone();
    let done = roles::remove(&visitor.app, &asked.by, held, as_seen(&asked.form)).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back_to_list(visitor, &tenant, "removed"))
}
