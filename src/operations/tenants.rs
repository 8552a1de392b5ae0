//! Tenants: made, named, removed once nothing belongs to them any more.

use super::seen::{Seen, difference, json};
use crate::app::App;
use crate::base::{Fault, Timestamp};
use crate::model::{Event, Tenant, TenantName};
use crate::operations::declined::Declined;
use crate::operations::once::Answer;
use crate::operations::operator::Operator;
use crate::protocol::display_name::DisplayName;
use crate::store::tables::{MACHINES, MACHINES_BY_NAME, ROLES, TENANTS};
use crate::store::{MAX_ROWS, Page, Read, Tx};

/// Makes a tenant.
pub async fn add(app: &App, by: &Operator, name: TenantName, title: DisplayName) -> Result<Tenant, Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("add tenant", ctx, move |tx| {
            if let Some(earlier) = by.request().earlier(tx)? {
                return Ok(earlier);
            }
            if let Err(declined) = by.stands(tx)? {
                return Ok(Err(declined));
            }
            if exists(tx, &name)? {
                return Ok(Err(Declined::Conflict(format!("there is a tenant {name} already"))));
            }
            let tenant = put(tx, &name, title.as_str())?;
            by.request().done(tx, &name, &tenant, Answer::Repeatable)?;
            Ok(Ok(tenant))
        })
        .await?
}

/// The part of making one that is inside a transaction.
pub(super) fn put(tx: &mut Tx<'_>, name: &TenantName, title: &str) -> Result<Tenant, Fault> {
    let tenant = Tenant { name: name.clone(), title: title.to_owned(), created_at: tx.now() };
    tx.put(&TENANTS, &name.to_string(), &tenant)?;
    tx.record(Event::TenantCreated { tenant: name.clone(), title: tenant.title.clone() })?;
    Ok(tenant)
}

/// Changes what people call a tenant. Its name is in tokens and in the rows of others, and stays.
pub async fn change(
    app: &App,
    by: &Operator,
    name: TenantName,
    seen: Seen,
    title: Option<DisplayName>,
) -> Result<Tenant, Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("change tenant", ctx, move |tx| {
            let current = match changeable(tx, &by, &name, &seen)? {
                Ok(current) => current,
                Err(declined) => return Ok(Err(declined)),
            };
            let title = title.as_ref().map_or_else(|| current.title.clone(), |title| title.as_str().to_owned());
            retitle(tx, current, title).map(Ok)
        })
        .await?
}

pub(super) fn retitle(tx: &mut Tx<'_>, current: Tenant, title: String) -> Result<Tenant, Fault> {
    let changed = Tenant { title, ..current.clone() };
    if let Some((before, after)) = difference(json(&current)?, json(&changed)?, &[]) {
        tx.put(&TENANTS, &changed.name.to_string(), &changed)?;
        tx.record(Event::TenantChanged { tenant: changed.name.clone(), before, after })?;
    }
    Ok(changed)
}

/// Removes a tenant that no role and no machine belongs to any more.
pub async fn remove(app: &App, by: &Operator, name: TenantName, seen: Seen) -> Result<(), Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("remove tenant", ctx, move |tx| {
            let tenant = match changeable(tx, &by, &name, &seen)? {
                Ok(tenant) => tenant,
                Err(declined) => return Ok(Err(declined)),
            };
            if let Err(declined) = is_empty(tx, &name)? {
                return Ok(Err(declined));
            }
            take(tx, &tenant).map(Ok)
        })
        .await?
}

pub(super) fn take(tx: &mut Tx<'_>, tenant: &Tenant) -> Result<(), Fault> {
    tx.delete(&TENANTS, &tenant.name.to_string())?;
    tx.record(Event::TenantRemoved { tenant: tenant.name.clone(), title: tenant.title.clone() })
}

/// Whether nothing belongs to a tenant. Machines that are retired keep saying where they were; they hold nothing up. People belong
/// to it by its roles.
pub(super) fn is_empty(read: &impl Read, name: &TenantName) -> Result<Result<(), Declined>, Fault> {
    if let Some((id, machine)) = read.first_under(&MACHINES, &MACHINES_BY_NAME, &name.to_string())? {
        let why = format!("{id} ({}) belongs to the tenant {name}: retire its machines first", machine.name);
        return Ok(Err(Declined::Conflict(why)));
    }
    // Roles are in the order of their tenants, and no name of a role is empty.
    let behind = (name.to_string(), String::new());
    let role = read.page(&ROLES, Some(&behind), 1)?.rows.pop();
    Ok(match role {
        Some((_, role)) if role.tenant == *name => {
            let why = format!("the tenant {name} has the role {}: remove its roles first", role.name);
            Err(Declined::Conflict(why))
        }
        _ => Ok(()),
    })
}

/// The row as it is, for an operator who still stands and has seen it so. The main one has none.
fn changeable(tx: &Tx<'_>, by: &Operator, name: &TenantName, seen: &Seen) -> Result<Result<Tenant, Declined>, Fault> {
    if let Err(declined) = by.stands(tx)? {
        return Ok(Err(declined));
    }
    if name.as_str() == TenantName::MAIN {
        let why = "the main tenant is in every appliance, and stays as it is";
        return Ok(Err(Declined::Conflict(why.to_owned())));
    }
    let Some(tenant) = tx.get(&TENANTS, &name.to_string())? else { return Ok(Err(missing(name))) };
    Ok(seen.is_still(&tenant)?.map(|()| tenant))
}

/// Every tenant, by name, the main one first.
pub async fn list(app: &App) -> Result<Vec<Tenant>, Fault> {
    let rows = app.store.read(|view| view.page(&TENANTS, None, MAX_ROWS)).await?.rows;
    Ok(std::iter::once(main()).chain(rows.into_iter().map(|(_, tenant)| tenant)).collect())
}

/// Tenants behind `after`, by name, the main one in its place.
pub async fn page(app: &App, after: Option<TenantName>, limit: usize) -> Result<Page<TenantName, Tenant>, Fault> {
    let from = after.as_ref().map(ToString::to_string);
    let page = app.store.read(move |view| view.page(&TENANTS, from.as_ref(), limit)).await?;
    let mut rows: Vec<Tenant> = page.rows.into_iter().map(|(_, tenant)| tenant).collect();
    let main = main();
    let is_behind = after.is_none_or(|after| after < main.name);
    if is_behind && page.next.as_ref().is_none_or(|last| last.as_str() > TenantName::MAIN) {
        rows.insert(rows.partition_point(|tenant| tenant.name < main.name), main);
    }
    let is_more = page.next.is_some() || rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| is_more).map(|tenant| tenant.name.clone());
    Ok(Page { rows: rows.into_iter().map(|tenant| (tenant.name.clone(), tenant)).collect(), next })
}

/// One of them.
pub async fn find(app: &App, name: TenantName) -> Result<Tenant, Declined> {
    if name.as_str() == TenantName::MAIN {
        return Ok(main());
    }
    let key = name.to_string();
    app.store.read(move |view| view.get(&TENANTS, &key)).await?.ok_or_else(|| missing(&name))
}

/// The main one, which has no row.
fn main() -> Tenant {
    Tenant { name: TenantName::default(), title: "Main".to_owned(), created_at: Timestamp::from_seconds(0) }
}

/// Whether there is such a tenant. The main one was never made.
pub(super) fn exists(read: &impl Read, name: &TenantName) -> Result<bool, Fault> {
    Ok(name.as_str() == TenantName::MAIN || read.get(&TENANTS, &name.to_string())?.is_some())
}

/// There is none to look at.
pub(super) fn missing(name: &TenantName) -> Declined {
    Declined::Missing(format!("there is no tenant {name}"))
}

/// There is none to put something into.
pub(super) fn unknown(field: &'static str, name: &TenantName) -> Declined {
    Declined::field(field, format!("there is no tenant {name}; `writ tenant add` makes it"))
}
