//! Tenants: making one, listing them.

use crate::app::App;
use crate::base::{Fault, Timestamp};
use crate::model::{Context, Event, Tenant, TenantName};
use crate::operations::declined::Declined;
use crate::protocol::display_name::DisplayName;
use crate::store::tables::TENANTS;
use crate::store::{MAX_ROWS, Read};

/// Makes a tenant.
pub async fn add(app: &App, ctx: &Context, name: TenantName, title: DisplayName) -> Result<Tenant, Declined> {
    app.store
        .write("add tenant", ctx, move |tx| {
            if exists(tx, &name)? {
                return Ok(Err(Declined::Conflict(format!("there is a tenant {name} already"))));
            }
            let tenant = Tenant { name: name.clone(), title: title.as_str().to_owned(), created_at: tx.now() };
            tx.put(&TENANTS, &name.to_string(), &tenant)?;
            tx.record(Event::TenantCreated { tenant: name.clone(), title: tenant.title.clone() })?;
            Ok(Ok(tenant))
        })
        .await?
}

/// Every tenant, by name, the main one first.
pub async fn list(app: &App) -> Result<Vec<Tenant>, Fault> {
    let rows = app.store.read(|view| view.page(&TENANTS, None, MAX_ROWS)).await?.rows;
    let main = Tenant { name: TenantName::default(), title: "Main".to_owned(), created_at: Timestamp::from_seconds(0) };
    Ok(std::iter::once(main).chain(rows.into_iter().map(|(_, tenant)| tenant)).collect())
}

/// Whether there is such a tenant. The main one was never made.
pub(super) fn exists(read: &impl Read, name: &TenantName) -> Result<bool, Fault> {
    Ok(name.as_str() == TenantName::MAIN || read.get(&TENANTS, &name.to_string())?.is_some())
}

pub(super) fn unknown(field: &'static str, name: &TenantName) -> Declined {
    Declined::field(field, format!("there is no tenant {name}; `writ tenant add` makes it"))
}
