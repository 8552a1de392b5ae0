//! Machine identities.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::answer::{Listed, One};
use super::call::Call;
use super::credentials::{self, CredentialView};
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::{Given, Nothing, Reason, StillTaken, Wrong, list as names, moment, or_none, texts};
use crate::base::{AddressRange, Lifetime, Resource, Secret, Timestamp};
use crate::model::{
    Access, Finding, FindingKind, Machine, MachineKind, MachineStanding, RoleName, ScopeSet, ScopeUse, TenantName,
};
use crate::operations::declined::Declined;
use crate::operations::findings::{self, Insight};
use crate::operations::machines::{self, Halted, NewMachine, Terms, Which, first_secret};
use crate::operations::named;
use crate::protocol::display_name::DisplayName;
use crate::protocol::own_scopes::MACHINES;

pub(super) fn noun() -> Noun {
    let at = "/api/v1/machines/{id}";
    Noun::new(
        "Machines",
        "client_id",
        "Identities that no person types a password for, each with an owner and a purpose. Nobody changes, stops or hands over one that \
         has more scopes of this API than they have.",
    )
    .list(What("/api/v1/machines", "listMachines", MACHINES.read, "List machines, the newest first"), list)
    .create(What("/api/v1/machines", "createMachine", MACHINES.write, "Make a machine identity"), create)
    .show(
        What(at, "showMachine", MACHINES.read, "Show a machine, its credentials, its use and what is to be said of it"),
        show,
    )
    .change(What(at, "changeMachine", MACHINES.write, "Change what a machine is or may do"), change)
    .elsewhere(&[
        ("owner", "POST …/handover makes somebody else answer for it"),
        ("state", "POST …/suspension stops it, …/suspension/end lets it go on, and …/retirement ends it"),
        ("credentials", "they are a noun of their own: POST …/credentials adds one"),
        ("tenant", "a machine stays in the tenant that it was made in"),
    ])
    .act(
        What("/api/v1/machines/{id}/suspension", "suspendMachine", MACHINES.write, "Stop a machine, and all its tokens"),
        suspend,
    )
    .act(
        What("/api/v1/machines/{id}/suspension/end", "resumeMachine", MACHINES.write, "Let a stopped machine go on"),
        resume,
    )
    .act(
        What(
            "/api/v1/machines/{id}/retirement",
            "retireMachine",
            MACHINES.write,
            "End a machine for good, with all its credentials",
        ),
        retire,
    )
    .act(
        What(
            "/api/v1/machines/{id}/handover",
            "handOverMachine",
            MACHINES.write,
            "Make somebody else answer for a machine",
        ),
        hand_over,
    )
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
    /// In the answer to the request that stopped it: tokens that a verifier may still take that asks nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    still_taken: Option<StillTaken>,
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
    /// Whether it may have refresh tokens, where a grant has them.
    refresh_tokens: bool,
    /// What its tokens say under `customClaims`.
    #[schema(value_type = Object)]
    custom_claims: Map<String, Value>,
    #[schema(format = DateTime)]
    created_at: String,
    /// Its use so far. This and what follows is said where one machine is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    usage: Option<UsageView>,
    /// By what it proves itself, the oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    credentials: Option<Vec<CredentialView>>,
    /// What whoever answers for it should look at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    findings: Option<Vec<FindingView>>,
}

/// When a machine was given tokens.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MachineUsage)]
struct UsageView {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    last_used_at: Option<String>,
    /// From which network, roughly.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_used_from: Option<String>,
    /// How often.
    grants: u64,
    /// Of what it may ask for, what it asked for.
    scopes: Vec<ScopeUseView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScopeUse)]
struct ScopeUseView {
    scope: String,
    /// Without it, the appliance itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    resource: Option<String>,
    #[schema(format = DateTime)]
    last_used_at: String,
    grants: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MachineFinding)]
struct FindingView {
    #[schema(example = "secret_old")]
    finding: &'static str,
    /// If it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    credential_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    since: Option<String>,
    /// What it means and what to do.
    about: String,
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

#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MachineState)]
enum Standing {
    Active,
    Expired,
    Suspended,
    Retired,
}

/// A machine identity to be made, with a secret unless it says otherwise.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMachineBody {
    /// In one tenant, one machine's.
    #[schema(min_length = 1, max_length = 128, example = "nightly-import")]
    name: String,
    #[serde(default)]
    kind: Option<Kind>,
    /// The person who answers for it, by e-mail address or id.
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
    refresh_tokens: bool,
    #[serde(default)]
    #[schema(value_type = Object)]
    custom_claims: Map<String, Value>,
    /// Make it without a credential.
    #[serde(default)]
    without_secret: bool,
    /// When its secret ends.
    #[serde(default)]
    #[schema(format = DateTime)]
    secret_expires_at: Option<String>,
}

/// What is to be different about a machine; `null` takes a member away. Of `custom_claims`, those that are not named stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MachinePatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 128)]
    name: Given<String>,
    #[serde(default)]
    #[schema(value_type = Option<Kind>)]
    kind: Given<Kind>,
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    purpose: Given<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 4000)]
    description: Given<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 32)]
    tags: Given<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 64)]
    scopes: Given<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<AccessTo>>, max_items = 64)]
    access: Given<Vec<AccessTo>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 64)]
    serves: Given<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<u64>, minimum = 60, maximum = 86400)]
    access_lifetime: Given<u64>,
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Given<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 64)]
    roles: Given<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 64)]
    networks: Given<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    dpop_bound: Given<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    refresh_tokens: Given<bool>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    custom_claims: Given<Map<String, Value>>,
}

/// Whoever answers for a machine from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Handover {
    /// The person, by e-mail address or id.
    #[schema(max_length = 254, example = "grace@example.com")]
    owner: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only those in this state.
    #[serde(default)]
    #[param(nullable = false)]
    state: Option<Standing>,
    /// Only those of this kind.
    #[serde(default)]
    #[param(nullable = false)]
    kind: Option<Kind>,
    /// Only those that this person answers for, by e-mail address or id.
    #[serde(default)]
    #[param(nullable = false)]
    owner: Option<String>,
    /// Only those of this tenant.
    #[serde(default)]
    #[param(nullable = false)]
    tenant: Option<String>,
    /// Only those with this tag.
    #[serde(default)]
    #[param(nullable = false)]
    tag: Option<String>,
    /// Only those of which this was to be said when they were last looked at, such as `unused`.
    #[serde(default)]
    #[param(nullable = false)]
    finding: Option<String>,
    /// Only those whose name or tags have words that begin like these.
    #[serde(default)]
    #[param(nullable = false)]
    q: Option<String>,
}

async fn list(call: Call, window: Window, filter: Filter) -> Result<Listed<MachineView>, Problem> {
    let mut wrong = Wrong::default();
    let finding = |text: &str| FindingKind::parse(text).ok_or("there is no such finding");
    let owner = match &filter.owner {
        Some(name) => match named::person(&call.app, "owner", name).await {
            Err(Declined::Missing(_)) => wrong.parsed("owner", Err("nobody here has this e-mail address")),
            found => Some(found?),
        },
        None => None,
    };
    let which = Which {
        state: filter.state.map(Into::into),
        kind: filter.kind.map(Into::into),
        owner,
        tenant: filter.tenant.and_then(|name| wrong.parsed("tenant", name.parse())),
        tag: filter.tag,
        finding: filter.finding.and_then(|text| wrong.parsed("finding", finding(&text))),
        words: filter.q,
    };
    wrong.none()?;
    let page = machines::list(&call.app, &call.by, which, window.from()?, window.limit).await?;
    let machines = page.rows.iter().map(|(_, machine)| view(machine, call.by.at));
    Ok(Listed::of(machines.collect(), &window, page.next))
}

async fn show(call: Call) -> Result<One<MachineView>, Problem> {
    let insight = findings::of_machine(&call.app, &call.by, call.id()?).await?;
    Ok(One::of(&insight.facts.machine, whole(&call, &insight))?)
}

async fn create(call: Call, ask: NewMachineBody) -> Result<(String, One<MachineView>), Problem> {
    let mut wrong = Wrong::default();
    let (owner, tenant) = (ask.owner.parse(), ask.tenant.as_deref().map(str::parse::<TenantName>).transpose());
    let (owner, tenant) = (wrong.parsed("owner", owner), wrong.parsed("tenant", tenant));
    let secret_ends = ask.secret_expires_at.as_deref().and_then(|text| wrong.parsed("secret_expires_at", moment(text)));
    if ask.without_secret && ask.secret_expires_at.is_some() {
        wrong.note("secret_expires_at", "there is no secret that could end");
    }
    let without_secret = ask.without_secret;
    let terms = terms(&mut wrong, ask);
    let (Some(owner), Some(tenant), Some(terms)) = (owner, tenant, terms) else { return Err(wrong.problem()) };
    wrong.none()?;
    let name = DisplayName::parse("first secret").map_err(|why| Problem::field("name", why.0))?;
    let credential = (!without_secret).then(|| first_secret(name, secret_ends));
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

async fn change(call: Call, ask: MachinePatch) -> Result<One<MachineView>, Problem> {
    let mut wrong = Wrong::default();
    let changes = Changes::read(&mut wrong, ask);
    wrong.none()?;
    let change = move |machine: &Machine| Terms::of(machine).map(|terms| changes.upon(terms));
    let machine = machines::change(&call.app, &call.by, call.id()?, call.seen(), change).await?;
    shown(&call, &machine)
}

/// What of the terms changes, read and ready to be laid upon them.
struct Changes {
    name: Option<DisplayName>,
    kind: Option<MachineKind>,
    purpose: Option<String>,
    description: Option<String>,
    tags: Option<Vec<String>>,
    scope: Option<ScopeSet>,
    access: Option<Vec<Access>>,
    serves: Option<Vec<Resource>>,
    access_for: Option<Option<Lifetime>>,
    expires_at: Option<Option<Timestamp>>,
    roles: Option<Vec<RoleName>>,
    networks: Option<Vec<AddressRange>>,
    dpop_bound: Option<bool>,
    refresh_tokens: Option<bool>,
    custom_claims: Given<Map<String, Value>>,
}

impl Changes {
    fn read(wrong: &mut Wrong, ask: MachinePatch) -> Self {
        let name = wrong.given("name", ask.name);
        let kind = wrong.given("kind", ask.kind).map(Into::into);
        Self {
            name: name.and_then(|name| wrong.parsed("name", DisplayName::parse(&name))),
            kind,
            purpose: wrong.given("purpose", ask.purpose),
            description: ask.description.or_empty(),
            tags: ask.tags.or_empty(),
            scope: ask.scopes.or_empty().and_then(|scopes| wrong.scopes("scopes", &scopes)),
            access: ask
                .access
                .or_empty()
                .map(|all| all.into_iter().filter_map(|access| access_to(wrong, access)).collect()),
            serves: ask.serves.or_empty().and_then(|serves| wrong.resources("serves", &serves)),
            access_for: or_none(ask.access_lifetime).map(|seconds| seconds.map(Lifetime::from_seconds)),
            expires_at: or_none(ask.expires_at)
                .map(|text| text.and_then(|text| wrong.parsed("expires_at", moment(&text)))),
            roles: ask.roles.or_empty().and_then(|roles| wrong.each("roles", &roles, str::parse)),
            networks: ask.networks.or_empty().and_then(|networks| wrong.each("networks", &networks, str::parse)),
            dpop_bound: ask.dpop_bound.or_empty(),
            refresh_tokens: ask.refresh_tokens.or_empty(),
            custom_claims: ask.custom_claims,
        }
    }

    fn upon(&self, mut terms: Terms) -> Terms {
        fn lay<T: Clone>(change: Option<&T>, upon: &mut T) {
            if let Some(change) = change {
                upon.clone_from(change);
            }
        }
        lay(self.name.as_ref(), &mut terms.name);
        lay(self.kind.as_ref(), &mut terms.kind);
        lay(self.purpose.as_ref(), &mut terms.purpose);
        lay(self.description.as_ref(), &mut terms.description);
        lay(self.tags.as_ref(), &mut terms.tags);
        lay(self.scope.as_ref(), &mut terms.scope);
        lay(self.access.as_ref(), &mut terms.access);
        lay(self.serves.as_ref(), &mut terms.serves);
        lay(self.access_for.as_ref(), &mut terms.access_for);
        lay(self.expires_at.as_ref(), &mut terms.expires_at);
        lay(self.roles.as_ref(), &mut terms.roles);
        lay(self.networks.as_ref(), &mut terms.networks);
        lay(self.dpop_bound.as_ref(), &mut terms.dpop_bound);
        lay(self.refresh_tokens.as_ref(), &mut terms.refresh_tokens);
        match &self.custom_claims {
            Given::Not => {}
            Given::Null => terms.custom_claims.clear(),
            Given::As(patch) => merge(&mut terms.custom_claims, patch),
        }
        terms
    }
}

/// RFC 7396 §2. What a body can hold has an end, and so has the depth of this.
fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => drop(target.remove(name)),
            Value::Object(patch) => {
                let below = target.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
                if !below.is_object() {
                    *below = Value::Object(Map::new());
                }
                if let Value::Object(below) = below {
                    merge(below, patch);
                }
            }
            value => drop(target.insert(name.clone(), value.clone())),
        }
    }
}

async fn suspend(call: Call, ask: Reason) -> Result<One<MachineView>, Problem> {
    let halted = machines::suspend(&call.app, &call.by, call.id()?, call.seen(), &ask.because).await?;
    stopped(&call, &halted)
}

async fn retire(call: Call, ask: Reason) -> Result<One<MachineView>, Problem> {
    let halted = machines::retire(&call.app, &call.by, call.id()?, call.seen(), &ask.because).await?;
    stopped(&call, &halted)
}

async fn resume(call: Call, _: Nothing) -> Result<One<MachineView>, Problem> {
    shown(&call, &machines::resume(&call.app, &call.by, call.id()?, call.seen()).await?)
}

async fn hand_over(call: Call, ask: Handover) -> Result<One<MachineView>, Problem> {
    let owner = ask.owner.parse().map_err(|why| Problem::field("owner", why))?;
    shown(&call, &machines::hand_over(&call.app, &call.by, call.id()?, call.seen(), owner).await?)
}

fn shown(call: &Call, machine: &Machine) -> Result<One<MachineView>, Problem> {
    Ok(One::of(machine, view(machine, call.by.at))?)
}

/// With what a verifier may still take.
fn stopped(call: &Call, halted: &Halted) -> Result<One<MachineView>, Problem> {
    let view = MachineView { still_taken: Some(halted.live.clone().into()), ..view(&halted.machine, call.by.at) };
    Ok(One::of(&halted.machine, view)?)
}

impl From<Kind> for MachineKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Agent => Self::Agent,
            Kind::Service => Self::Service,
            Kind::Ci => Self::Ci,
            Kind::Device => Self::Device,
        }
    }
}

impl From<Standing> for MachineStanding {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Active => Self::Active,
            Standing::Expired => Self::Expired,
            Standing::Suspended => Self::Suspended,
            Standing::Retired => Self::Retired,
        }
    }
}

fn terms(wrong: &mut Wrong, ask: NewMachineBody) -> Option<Terms> {
    let kind = ask.kind.map_or(MachineKind::Service, Into::into);
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
        refresh_tokens: ask.refresh_tokens,
        ..Terms::new(name?, kind, ask.purpose, scope?)
    })
}

fn access_to(wrong: &mut Wrong, access: AccessTo) -> Option<Access> {
    let resource = wrong.parsed("access.resource", Resource::parse(&access.resource));
    let scope = access.scopes.and_then(|scopes| wrong.scopes("access.scopes", &scopes));
    Some(Access { resource: resource?, scope, access_for: access.access_lifetime.map(Lifetime::from_seconds) })
}

/// Everything there is to say of it.
fn whole(call: &Call, insight: &Insight) -> MachineView {
    let facts = &insight.facts;
    let used = &facts.usage.used;
    let scope = |one: &ScopeUse| ScopeUseView {
        scope: one.scope.to_string(),
        resource: one.resource.as_ref().map(ToString::to_string),
        last_used_at: one.seen.last_at.iso(),
        grants: one.seen.grants,
    };
    let finding = |finding: &Finding| FindingView {
        finding: finding.kind.as_str(),
        credential_id: finding.credential.map(|id| id.to_string()),
        since: finding.since.map(Timestamp::iso),
        about: finding.told(),
    };
    MachineView {
        usage: Some(UsageView {
            last_used_at: used.last_at().map(Timestamp::iso),
            last_used_from: used.last_from().map(ToString::to_string),
            grants: used.seen.map_or(0, |seen| seen.grants),
            scopes: facts.scopes.scopes.iter().map(scope).collect(),
        }),
        credentials: Some(facts.credentials.iter().map(|one| credentials::used(call, one, insight)).collect()),
        findings: Some(insight.findings.iter().map(finding).collect()),
        ..view(&facts.machine, call.by.at)
    }
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
        refresh_tokens: machine.refresh_tokens,
        custom_claims: machine.custom_claims.clone(),
        created_at: machine.created_at.iso(),
        still_taken: None,
        usage: None,
        credentials: None,
        findings: None,
    }
}
