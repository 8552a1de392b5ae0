//! Roles of a tenant, and the permissions that each gives.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::{Given, Wrong};
use crate::model::{Permission, Role, RoleIn};
use crate::operations::roles::{self, RoleChange, RoleTerms};
use crate::protocol::own_scopes::ROLES;

pub(super) fn noun() -> Noun {
    let (all, at) = ("/api/v1/tenants/{tenant}/roles", "/api/v1/tenants/{tenant}/roles/{id}");
    Noun::new(
        "Roles",
        "name",
        "What holders of a role may do in one tenant: its permissions are what APIs look for in tokens. Who has it is under memberships.",
    )
    .list(What(all, "listRoles", ROLES.read, "List the roles of a tenant, by name"), list)
    .create(What(all, "createRole", ROLES.write, "Make a role"), create)
    .show(What(at, "showRole", ROLES.read, "Show a role"), show)
    .change(What(at, "changeRole", ROLES.write, "Change a role: it holds from the next token on"), change)
    .remove(What(at, "removeRole", ROLES.write, "Remove a role that nobody has"), remove)
}

/// A role in one tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Role)]
struct RoleView {
    #[schema(example = "developer")]
    name: String,
    tenant: String,
    description: String,
    /// What it lets its holders do; sorted.
    #[schema(example = json!(["index:read", "users.create"]))]
    permissions: Vec<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// A role to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewRoleBody {
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9][A-Za-z0-9._:-]*$", example = "developer")]
    name: String,
    #[serde(default)]
    #[schema(max_length = 500)]
    description: String,
    #[serde(default)]
    #[schema(max_items = 200, example = json!(["index:read", "users.create"]))]
    permissions: Vec<String>,
}

/// What is to be different about a role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RolePatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 500)]
    description: Given<String>,
    /// All of them.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 200)]
    permissions: Given<Vec<String>>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only those that give this permission.
    #[serde(default)]
    #[param(nullable = false)]
    permission: Option<String>,
}

async fn list(call: Call, window: Window, filter: Filter) -> Result<Listed<RoleView>, Problem> {
    let mut wrong = Wrong::default();
    let permission = filter.permission.and_then(|text| wrong.parsed("permission", text.parse::<Permission>()));
    wrong.none()?;
    let page = roles::page(&call.app, call.tenant()?, permission, window.from()?, window.limit).await?;
    Ok(Listed::of(page.rows.iter().map(|(_, role)| view(role)).collect(), &window, page.next))
}

async fn show(call: Call) -> Result<One<RoleView>, Problem> {
    let (role, _) = roles::find(&call.app, held(&call)?).await?;
    shown(&role)
}

async fn create(call: Call, ask: NewRoleBody) -> Result<(String, One<RoleView>), Problem> {
    let mut wrong = Wrong::default();
    let (role, permissions) = (wrong.parsed("name", ask.name.parse()), permissions(&mut wrong, &ask.permissions));
    let (Some(role), Some(permissions)) = (role, permissions) else { return Err(wrong.problem()) };
    let held = RoleIn { tenant: call.tenant()?, role };
    let terms = RoleTerms { description: ask.description, permissions };
    let made = roles::add(&call.app, &call.by, held, terms).await?;
    Ok((made.name.to_string(), shown(&made)?))
}

async fn change(call: Call, ask: RolePatch) -> Result<One<RoleView>, Problem> {
    let mut wrong = Wrong::default();
    let change = RoleChange {
        description: ask.description.or_empty(),
        permissions: ask.permissions.or_empty().and_then(|texts| permissions(&mut wrong, &texts)),
    };
    wrong.none()?;
    shown(&roles::change(&call.app, &call.by, held(&call)?, call.seen(), change).await?)
}

async fn remove(call: Call) -> Result<(), Problem> {
    Ok(roles::remove(&call.app, &call.by, held(&call)?, call.seen()).await?)
}

fn permissions(wrong: &mut Wrong, texts: &[String]) -> Option<Vec<Permission>> {
    wrong.each("permissions", texts, str::parse::<Permission>)
}

fn held(call: &Call) -> Result<RoleIn, Problem> {
    Ok(RoleIn { tenant: call.tenant()?, role: call.id()? })
}

fn shown(role: &Role) -> Result<One<RoleView>, Problem> {
    Ok(One::of(role, view(role))?)
}

fn view(role: &Role) -> RoleView {
    RoleView {
        name: role.name.to_string(),
        tenant: role.tenant.to_string(),
        description: role.description.clone(),
        permissions: role.permissions.iter().map(ToString::to_string).collect(),
        created_at: role.created_at.iso(),
    }
}
