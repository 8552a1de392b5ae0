//! Machine identities.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::{NoFilter, Wrong, list as names, texts};
use crate::base::Secret;
use crate::model::{ClientState, Machine, MachineKind};
use crate::operations::machines::{self, NewMachine};
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
    name: String,
    kind: Kind,
    /// The person who answers for it.
    owner: String,
    purpose: String,
    state: State,
    /// What it may ask for.
    scopes: Vec<String>,
    /// The resources it may have tokens for; none for any.
    resources: Vec<String>,
    /// The resources it answers for: it may introspect their tokens.
    serves: Vec<String>,
    #[schema(format = DateTime)]
    created_at: String,
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
enum State {
    Active,
    AwaitingApproval,
    Suspended,
}

/// A machine identity to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMachineBody {
    #[schema(min_length = 1, max_length = 128, example = "nightly-import")]
    name: String,
    #[serde(default)]
    kind: Option<Kind>,
    /// The e-mail address of the person who answers for it.
    #[schema(max_length = 254, example = "ada@example.com")]
    owner: String,
    #[schema(min_length = 1, max_length = 500, example = "Imports tickets at night")]
    purpose: String,
    #[serde(default)]
    #[schema(max_items = 64, example = json!(["mcp:write"]))]
    scopes: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 64)]
    resources: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 64)]
    serves: Vec<String>,
}

async fn list(call: Call, window: Window, _: NoFilter) -> Result<Listed<MachineView>, Problem> {
    let page = machines::list(&call.app, window.from()?, window.limit).await?;
    Ok(Listed::of(page.rows.iter().map(|(_, machine)| view(machine, None)).collect(), &window, page.next))
}

async fn show(call: Call) -> Result<One<MachineView>, Problem> {
    let machine = machines::find(&call.app, call.id()?).await?;
    Ok(One::of(&machine, view(&machine, None))?)
}

async fn create(call: Call, ask: NewMachineBody) -> Result<(String, One<MachineView>), Problem> {
    let mut wrong = Wrong::default();
    let name = wrong.parsed("name", DisplayName::parse(&ask.name));
    let owner = wrong.parsed("owner", ask.owner.parse());
    let scope = wrong.scopes("scopes", &ask.scopes);
    let (resources, serves) = (wrong.resources("resources", &ask.resources), wrong.resources("serves", &ask.serves));
    let (Some(name), Some(owner), Some(scope), Some(resources), Some(serves)) = (name, owner, scope, resources, serves)
    else {
        return Err(wrong.problem());
    };
    let kind = match ask.kind {
        Some(Kind::Agent) => MachineKind::Agent,
        Some(Kind::Service) | None => MachineKind::Service,
        Some(Kind::Ci) => MachineKind::Ci,
        Some(Kind::Device) => MachineKind::Device,
    };
    let new = NewMachine { name, kind, owner, purpose: ask.purpose, scope, resources, serves };
    let made = machines::add(&call.app, &call.by, new).await?;
    Ok((made.machine.id.to_string(), One::of(&made.machine, view(&made.machine, Some(&made.secret)))?))
}

fn view(machine: &Machine, secret: Option<&Secret>) -> MachineView {
    MachineView {
        client_id: machine.id.to_string(),
        client_secret: secret.map(|secret| secret.expose().to_owned()),
        name: machine.name.clone(),
        kind: match machine.kind {
            MachineKind::Agent => Kind::Agent,
            MachineKind::Service => Kind::Service,
            MachineKind::Ci => Kind::Ci,
            MachineKind::Device => Kind::Device,
        },
        owner: machine.owner.to_string(),
        purpose: machine.purpose.clone(),
        state: match machine.state {
            ClientState::Active => State::Active,
            ClientState::AwaitingApproval => State::AwaitingApproval,
            ClientState::Suspended => State::Suspended,
        },
        scopes: names(&machine.scope),
        resources: texts(&machine.resources),
        serves: texts(&machine.serves),
        created_at: machine.created_at.iso(),
    }
}
