//! Who has which roles: people in all tenants, machines in their own.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::{Given, NoFilter, Wrong};
use crate::model::{Machine, Membership, RoleIn, RoleName, TenantName};
use crate::operations::machines;
use crate::operations::roles::{self, MembershipChange};
use crate::protocol::own_scopes::MEMBERSHIPS;

pub(super) fn noun() -> Noun {
    let (at, of_machine) = ("/api/v1/memberships/{id}", "/api/v1/machines/{id}/roles");
    Noun::new(
        "Memberships",
        "person",
        "Who has which roles. A person has them in any tenant, written `tenant/role`, and nobody is made a member first; a machine has those of its own tenant.",
    )
    .list(What("/api/v1/memberships", "listMemberships", MEMBERSHIPS.read, "List who has roles or custom claims"), list)
    .show(What(at, "showMembership", MEMBERSHIPS.read, "Show what a person is in the tenants"), show)
    .change(What(at, "changeMembership", MEMBERSHIPS.write, "Change what a person is in the tenants"), change)
    .remove(What(at, "removeMembership", MEMBERSHIPS.write, "Take every role and custom claim from a person"), remove)
    .act(
        What("/api/v1/memberships/{id}/roles", "giveRoles", MEMBERSHIPS.write, "Give a person roles, or take them away"),
        give,
    )
    .list(
        What(
            "/api/v1/tenants/{tenant}/roles/{id}/people",
            "listPeopleWithRole",
            MEMBERSHIPS.read,
            "List the people who have a role",
        ),
        people,
    )
    .list(
        What(
            "/api/v1/tenants/{tenant}/roles/{id}/machines",
            "listMachinesWithRole",
            MEMBERSHIPS.read,
            "List the machines that have a role",
        ),
        machines_with,
    )
    .show(What(of_machine, "showMachineRoles", MEMBERSHIPS.read, "Show the roles of a machine"), show_machine)
    .act(
        What(of_machine, "giveMachineRoles", MEMBERSHIPS.write, "Give a machine roles of its tenant, or take them away"),
        give_machine,
    )
}

/// What a person is in the tenants.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Membership)]
struct MembershipView {
    #[schema(example = "per_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    person: String,
    /// Sorted.
    #[schema(example = json!(["acme/admin", "main/viewer"]))]
    roles: Vec<String>,
    /// What tokens about the person say under `customClaims`, if they are asked to.
    #[schema(value_type = Object)]
    custom_claims: Map<String, Value>,
}

/// The roles of a machine.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MachineRoles)]
struct MachineRolesView {
    #[schema(example = "mch_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    client_id: String,
    name: String,
    tenant: String,
    roles: Vec<String>,
}

/// What is to be different about a membership.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MembershipPatch {
    /// All of them.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 64)]
    roles: Given<Vec<String>>,
    /// All of them, 4 KiB at most.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    custom_claims: Given<Map<String, Value>>,
}

/// Roles to be given and taken, whatever the others are. Of one that is in both, it is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RolesBody {
    #[serde(default)]
    #[schema(max_items = 64, example = json!(["acme/admin"]))]
    give: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 64)]
    take: Vec<String>,
}

/// The same of a machine: its tenant goes without saying.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MachineRolesBody {
    #[serde(default)]
    #[schema(max_items = 64, example = json!(["viewer"]))]
    give: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 64)]
    take: Vec<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only those with a role in this tenant.
    #[serde(default)]
    #[param(nullable = false)]
    tenant: Option<String>,
}

async fn list(call: Call, window: Window, filter: Filter) -> Result<Listed<MembershipView>, Problem> {
    let mut wrong = Wrong::default();
    let tenant = filter.tenant.and_then(|text| wrong.parsed("tenant", text.parse::<TenantName>()));
    wrong.none()?;
    let page = roles::memberships(&call.app, tenant, window.from()?, window.limit).await?;
    Ok(Listed::of(page.rows.iter().map(|(_, membership)| view(membership)).collect(), &window, page.next))
}

async fn people(call: Call, window: Window, _: NoFilter) -> Result<Listed<MembershipView>, Problem> {
    let page = roles::people_with(&call.app, held(&call)?, window.from()?, window.limit).await?;
    Ok(Listed::of(page.rows.iter().map(|(_, membership)| view(membership)).collect(), &window, page.next))
}

async fn machines_with(call: Call, window: Window, _: NoFilter) -> Result<Listed<MachineRolesView>, Problem> {
    let page = roles::machines_with(&call.app, held(&call)?, window.from()?, window.limit).await?;
    Ok(Listed::of(page.rows.iter().map(|(_, machine)| of_machine(machine)).collect(), &window, page.next))
}

async fn show(call: Call) -> Result<One<MembershipView>, Problem> {
    shown(&roles::membership_by_id(&call.app, call.id()?).await?)
}

async fn change(call: Call, ask: MembershipPatch) -> Result<One<MembershipView>, Problem> {
    let mut wrong = Wrong::default();
    let change = MembershipChange {
        roles: ask.roles.or_empty().and_then(|texts| wrong.each("roles", &texts, str::parse::<RoleIn>)),
        custom_claims: ask.custom_claims.or_empty(),
        ..MembershipChange::default()
    };
    wrong.none()?;
    shown(&roles::change_membership(&call.app, &call.by, call.id()?, call.seen(), change).await?)
}

async fn give(call: Call, ask: RolesBody) -> Result<One<MembershipView>, Problem> {
    let mut wrong = Wrong::default();
    let (give, take) = (wrong.each("give", &ask.give, str::parse), wrong.each("take", &ask.take, str::parse));
    let (Some(give), Some(take)) = (give, take) else { return Err(wrong.problem()) };
    let change = MembershipChange { give, take, ..MembershipChange::default() };
    shown(&roles::change_membership(&call.app, &call.by, call.id()?, call.seen(), change).await?)
}

async fn remove(call: Call) -> Result<(), Problem> {
    let nothing =
        MembershipChange { roles: Some(Vec::new()), custom_claims: Some(Map::new()), ..MembershipChange::default() };
    roles::change_membership(&call.app, &call.by, call.id()?, call.seen(), nothing).await?;
    Ok(())
}

async fn show_machine(call: Call) -> Result<One<MachineRolesView>, Problem> {
    let (machine, _, _) = machines::show(&call.app, call.id()?).await?;
    Ok(One::of(&machine, of_machine(&machine))?)
}

async fn give_machine(call: Call, ask: MachineRolesBody) -> Result<One<MachineRolesView>, Problem> {
    let mut wrong = Wrong::default();
    let (give, take) =
        (wrong.each("give", &ask.give, str::parse::<RoleName>), wrong.each("take", &ask.take, str::parse::<RoleName>));
    let (Some(give), Some(take)) = (give, take) else { return Err(wrong.problem()) };
    let machine = roles::change_of_machine(&call.app, &call.by, call.id()?, call.seen(), give, take).await?;
    Ok(One::of(&machine, of_machine(&machine))?)
}

fn held(call: &Call) -> Result<RoleIn, Problem> {
    Ok(RoleIn { tenant: call.tenant()?, role: call.id()? })
}

fn shown(membership: &Membership) -> Result<One<MembershipView>, Problem> {
    Ok(One::of(membership, view(membership))?)
}

fn view(membership: &Membership) -> MembershipView {
    MembershipView {
        person: membership.person.to_string(),
        roles: membership.roles.iter().map(ToString::to_string).collect(),
        custom_claims: membership.custom_claims.clone(),
    }
}

fn of_machine(machine: &Machine) -> MachineRolesView {
    MachineRolesView {
        client_id: machine.id.to_string(),
        name: machine.name.clone(),
        tenant: machine.tenant.to_string(),
        roles: machine.roles.iter().map(ToString::to_string).collect(),
    }
}
