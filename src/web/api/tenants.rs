//! Tenants: what machines and roles belong to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::{Given, NoFilter, Wrong};
use crate::model::Tenant;
use crate::operations::tenants;
use crate::protocol::display_name::DisplayName;
use crate::protocol::own_scopes::TENANTS;

pub(super) fn noun() -> Noun {
    let at = "/api/v1/tenants/{id}";
    Noun::new(
        "Tenants",
        "name",
        "Organizations, environments or customers that machines and roles belong to. `main` is in every appliance, and stays as it is.",
    )
    .list(What("/api/v1/tenants", "listTenants", TENANTS.read, "List tenants, by name"), list)
    .create(What("/api/v1/tenants", "createTenant", TENANTS.write, "Make a tenant"), create)
    .show(What(at, "showTenant", TENANTS.read, "Show a tenant"), show)
    .change(What(at, "changeTenant", TENANTS.write, "Change what people call a tenant"), change)
    .remove(What(at, "removeTenant", TENANTS.write, "Remove a tenant that no machine and no role belongs to"), remove)
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
struct TenantView {
    /// What tokens call it; it stays.
    #[schema(example = "acme")]
    name: String,
    /// What people call it.
    title: String,
    #[schema(format = DateTime)]
    created_at: String,
}

/// A tenant to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTenantBody {
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9][A-Za-z0-9._:-]*$", example = "acme")]
    name: String,
    /// Without it, the name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 128, example = "Acme Ltd")]
    title: Option<String>,
}

/// What is to be different about a tenant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TenantPatch {
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 128)]
    title: Given<String>,
}

async fn list(call: Call, window: Window, _: NoFilter) -> Result<Listed<TenantView>, Problem> {
    let page = tenants::page(&call.app, window.from()?, window.limit).await?;
    Ok(Listed::of(page.rows.iter().map(|(_, tenant)| view(tenant)).collect(), &window, page.next))
}

async fn show(call: Call) -> Result<One<TenantView>, Problem> {
    shown(&tenants::find(&call.app, call.id()?).await?)
}

async fn create(call: Call, ask: NewTenantBody) -> Result<(String, One<TenantView>), Problem> {
    let mut wrong = Wrong::default();
    let title = wrong.parsed("title", DisplayName::parse(ask.title.as_deref().unwrap_or(&ask.name)));
    let (Some(name), Some(title)) = (wrong.parsed("name", ask.name.parse()), title) else {
        return Err(wrong.problem());
    };
    let made = tenants::add(&call.app, &call.by, name, title).await?;
    Ok((made.name.to_string(), shown(&made)?))
}

async fn change(call: Call, ask: TenantPatch) -> Result<One<TenantView>, Problem> {
    let mut wrong = Wrong::default();
    let title = wrong.given("title", ask.title);
    let title = title.and_then(|title| wrong.parsed("title", DisplayName::parse(&title)));
    wrong.none()?;
    shown(&tenants::change(&call.app, &call.by, call.id()?, call.seen(), title).await?)
}

async fn remove(call: Call) -> Result<(), Problem> {
    Ok(tenants::remove(&call.app, &call.by, call.id()?, call.seen()).await?)
}

fn shown(tenant: &Tenant) -> Result<One<TenantView>, Problem> {
    Ok(One::of(tenant, view(tenant))?)
}

fn view(tenant: &Tenant) -> TenantView {
    TenantView { name: tenant.name.to_string(), title: tenant.title.clone(), created_at: tenant.created_at.iso() }
}
