//! Machine identities.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::{NoFilter, Wrong, list as names, moment, texts};
use crate::base::{Lifetime, Resource, Secret, Timestamp};
use crate::model::{Access, Machine, MachineKind, MachineStanding, RoleName, TenantName};
use crate::operations::machines::{self, NewMachine, Terms, first_secret};
use crate::protocol::display_name::DisplayName;
use crate::protocol::own_scopes::MACHINES;

pub(super) fn noun() -> Noun {
    Noun::new(
        "Machines",
        "client_id",
        "Identities that no person types a password for, each with an owner and a purpose.",
    )
    .list(What("/api/v1/machines", "listMachines", MACHINES.read, "List machines, the newest first"), list)
    .create(What("/api/v1/machines", "createMachine", MACHINES.write, "Make a machine identity"), create)
    .show(What("/api/v1/machines/{id}", "showMachine", MACHINES.read, "Show a machine"), show)
}

/// A machine identity.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Machine)]
struct MachineView {
    #[schema(example = "mch_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    client_id: String,
    /// In the answer to the request that made it, and in no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client_secret: Option<String>,
    /// The secret's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    credential_id: Option<String>,
    name: String,
    kind: Kind,
    /// The person who answers for it.
    owner: String,
    /// Which organization or environment it belongs to.
    tenant: String,
    purpose: String,
    description: String,
    tags: Vec<String>,
    state: Standing,
    /// Why it does not act, if somebody stopped it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    stopped: Option<StoppedView>,
    /// What it may ask for, where `access` does not say otherwise.
    scopes: Vec<String>,
    /// The resources it may have tokens for; none for any.
    access: Vec<AccessTo>,
    /// The resources it answers for: it may introspect their tokens.
    serves: Vec<String>,
    /// How long its access tokens live, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    access_lifetime: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    expires_at: Option<String>,
    roles: Vec<String>,
    /// Where it may call from; none for anywhere.
    networks: Vec<String>,
    /// Whether it gets tokens only for a key that it proves to have (DPoP).
    dpop_bound: bool,
    /// What its tokens say under `customClaims`.
    #[schema(value_type = Object)]
    custom_claims: Map<String, Value>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// A resource that a machine may have tokens for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AccessTo {
    #[schema(example = "https://tickets.example.com/mcp")]
    resource: String,
    /// Without it, the machine's own scopes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 64)]
    scopes: Option<Vec<String>>,
    /// In seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 60, maximum = 86400)]
    access_lifetime: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Stopped)]
struct StoppedView {
    #[schema(format = DateTime)]
    at: String,
    /// As the audit log says it.
    #[schema(value_type = Value)]
    by: Value,
    because: String,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MachineKind)]
enum Kind {
    Agent,
    Service,
    Ci,
    Device,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MachineState)]
enum Standing {
    Active,
    Expired,
    Suspended,
    Retired,
}

/// A machine identity to be made, with a secret.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMachineBody {
    /// In one tenant, one machine's.
    #[schema(min_length = 1, max_length = 128, example = "nightly-import")]
    name: String,
    #[serde(default)]
    kind: Option<Kind>,
    /// The e-mail address of the person who answers for it.
    #[schema(max_length = 254, example = "ada@example.com")]
    owner: String,
    /// Without it, `main`.
    #[serde(default)]
    #[schema(max_length = 64)]
    tenant: Option<String>,
    #[schema(min_length = 1, max_length = 500, example = "Imports tickets at night")]
    purpose: String,
    #[serde(default)]
    #[schema(max_length = 4000)]
    description: String,
    #[serde(default)]
    #[schema(max_items = 32)]
    tags: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 64, example = json!(["mcp:write"]))]
    scopes: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 64)]
    access: Vec<AccessTo>,
    #[serde(default)]
    #[schema(max_items = 64)]
    serves: Vec<String>,
    #[serde(default)]
    #[schema(minimum = 60, maximum = 86400)]
    access_lifetime: Option<u64>,
    #[serde(default)]
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    #[serde(default)]
    #[schema(max_items = 64)]
    roles: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 64, example = json!(["10.0.0.0/8"]))]
    networks: Vec<String>,
    #[serde(default)]
    dpop_bound: bool,
    #[serde(default)]
    #[schema(value_type = Object)]
    custom_claims: Map<String, Value>,
}

async fn list(call: Call, window: Window, _: NoFilter) -> Result<Listed<MachineView>, Problem> {
    let page = machines::list(&call.app, window.from()?, window.limit).await?;
    let machines = page.rows.iter().map(|(_, machine)| view(machine, call.by.at));
    Ok(Listed::of(machines.collect(), &window, page.next))
}

async fn show(call: Call) -> Result<One<MachineView>, Problem> {
    let (machine, _, _) = machines::show(&call.app, call.id()?).await?;
    Ok(One::of(&machine, view(&machine, call.by.at))?)
}

async fn create(call: Call, ask: NewMachineBody) -> Result<(String, One<MachineView>), Problem> {
    let mut wrong = Wrong::default();
    let (owner, tenant) = (ask.owner.parse(), ask.tenant.as_deref().map(str::parse::<TenantName>).transpose());
    let (owner, tenant) = (wrong.parsed("owner", owner), wrong.parsed("tenant", tenant));
    let terms = terms(&mut wrong, ask);
    let (Some(owner), Some(tenant), Some(terms)) = (owner, tenant, terms) else { return Err(wrong.problem()) };
    wrong.none()?;
    let name = DisplayName::parse("first secret").map_err(|why| Problem::field("name", why.0))?;
    let credential = Some(first_secret(name, None));
    let new = NewMachine { terms, owner, tenant: tenant.unwrap_or_default(), credential };
    let made = machines::add(&call.app, &call.by, new).await?;
    let secret = made.credential.as_ref().and_then(|credential| credential.secret.as_ref());
    let shown = MachineView {
        client_secret: secret.map(Secret::expose).map(str::to_owned),
        credential_id: made.credential.as_ref().map(|credential| credential.credential.id.to_string()),
        ..view(&made.machine, call.by.at)
    };
    Ok((made.machine.id.to_string(), One::of(&made.machine, shown)?))
}

fn terms(wrong: &mut Wrong, ask: NewMachineBody) -> Option<Terms> {
    let kind = match ask.kind {
        Some(Kind::Agent) => MachineKind::Agent,
        Some(Kind::Service) | None => MachineKind::Service,
        Some(Kind::Ci) => MachineKind::Ci,
        Some(Kind::Device) => MachineKind::Device,
    };
    let name = wrong.parsed("name", DisplayName::parse(&ask.name));
    let scope = wrong.scopes("scopes", &ask.scopes);
    let access: Vec<Access> = ask.access.into_iter().filter_map(|access| access_to(wrong, access)).collect();
    let (serves, networks) =
        (wrong.resources("serves", &ask.serves), wrong.each("networks", &ask.networks, str::parse));
    let roles = wrong.each("roles", &ask.roles, str::parse::<RoleName>);
    let expires_at = ask.expires_at.and_then(|text| wrong.parsed("expires_at", moment(&text)));
    Some(Terms {
        description: ask.description,
        tags: ask.tags,
        access,
        access_for: ask.access_lifetime.map(Lifetime::from_seconds),
        expires_at,
        roles: roles?,
        networks: networks?,
        custom_claims: ask.custom_claims,
        serves: serves?,
        dpop_bound: ask.dpop_bound,
        ..Terms::new(name?, kind, ask.purpose, scope?)
    })
}

fn access_to(wrong: &mut Wrong, access: AccessTo) -> Option<Access> {
    let resource = wrong.parsed("access.resource", Resource::parse(&access.resource));
    let scope = access.scopes.and_then(|scopes| wrong.scopes("access.scopes", &scopes));
    Some(Access { resource: resource?, scope, access_for: access.access_lifetime.map(Lifetime::from_seconds) })
}

fn view(machine: &Machine, now: Timestamp) -> MachineView {
    let stopped = machine.stopped.as_ref().map(|stopped| StoppedView {
        at: stopped.at.iso(),
        by: serde_json::to_value(&stopped.by).unwrap_or_default(),
        because: stopped.because.clone(),
    });
    let access = machine.access.iter().map(|access| AccessTo {
        resource: access.resource.to_string(),
        scopes: access.scope.as_ref().map(names),
        access_lifetime: access.access_for.map(Lifetime::seconds),
    });
    MachineView {
        client_id: machine.id.to_string(),
        client_secret: None,
        credential_id: None,
        name: machine.name.clone(),
        kind: match machine.kind {
            MachineKind::Agent => Kind::Agent,
            MachineKind::Service => Kind::Service,
            MachineKind::Ci => Kind::Ci,
            MachineKind::Device => Kind::Device,
        },
        owner: machine.owner.to_string(),
        tenant: machine.tenant.to_string(),
        purpose: machine.purpose.clone(),
        description: machine.description.clone(),
        tags: machine.tags.clone(),
        state: match machine.standing(now) {
            MachineStanding::Active => Standing::Active,
            MachineStanding::Expired => Standing::Expired,
            MachineStanding::Suspended => Standing::Suspended,
            MachineStanding::Retired => Standing::Retired,
        },
        stopped,
        scopes: names(&machine.scope),
        access: access.collect(),
        serves: texts(&machine.serves),
        access_lifetime: machine.access_for.map(Lifetime::seconds),
        expires_at: machine.expires_at.map(Timestamp::iso),
        roles: machine.roles.iter().map(ToString::to_string).collect(),
        networks: machine.networks.iter().map(ToString::to_string).collect(),
        dpop_bound: machine.dpop_bound,
        custom_claims: machine.custom_claims.clone(),
        created_at: machine.created_at.iso(),
    }
}
