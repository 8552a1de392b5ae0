//! Protected resources: the MCP servers and APIs that tokens are for.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::{AlgorithmName, Given, NoFilter, Nothing, Wrong, list as names, texts};
use crate::base::{Lifetime, Resource};
use crate::model::{Algorithm, ProtectedResource, SaidClaim, Scope, TokenFormat, ToldBy};
use crate::operations::declined::Declined;
use crate::operations::resources::{self, IsDefault, NewResource, ResourceChange};
use crate::operations::token::issue::MOST_ACCESS;
use crate::operations::tools::{self, Asked};
use crate::protocol::display_name::DisplayName;
use crate::protocol::own_scopes::RESOURCES;

pub(super) fn noun() -> Noun {
    let at = "/api/v1/resources/{id}";
    Noun::new("Resources", "id", "The MCP servers and APIs that tokens are for. Their identifier becomes the audience of a token, and never changes.")
        .list(What("/api/v1/resources", "listResources", RESOURCES.read, "List resources, the newest first"), list)
        .create(What("/api/v1/resources", "createResource", RESOURCES.write, "Register a resource"), create)
        .show(What(at, "showResource", RESOURCES.read, "Show a resource"), show)
        .change(What(at, "changeResource", RESOURCES.write, "Change a resource"), change)
        .show(What("/api/v1/resources/{id}/tools", "showTools", RESOURCES.read, "Show which tools an MCP server has, and what each needs"), show_tools)
        .act(What("/api/v1/resources/{id}/tools/discovery", "discoverTools", RESOURCES.write, "Ask an MCP server for its tools"), discover_tools)
        .act(What("/api/v1/resources/{id}/tools", "writeDownTools", RESOURCES.write, "Say which tools an MCP server has"), write_down_tools)
        .remove(What(at, "removeResource", RESOURCES.write, "Remove a resource: nobody gets tokens for it any more"), remove)
}

/// A protected resource.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Resource)]
struct ResourceView {
    #[schema(example = "res_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    id: String,
    /// What becomes `aud`, byte for byte.
    identifier: String,
    name: String,
    /// Other ways in which clients write it.
    aliases: Vec<String>,
    /// What can be asked for here.
    scopes: Vec<String>,
    /// What a request without `scope` means.
    default_scopes: Vec<String>,
    /// Whether a request without `resource` means this one.
    is_default: bool,
    algorithm: AlgorithmName,
    format: Format,
    /// How long an access token lives, in seconds.
    access_lifetime: u64,
    /// The longest that a machine's tokens may live where the machine says so, in seconds.
    machine_access_lifetime: u64,
    /// What its tokens say of their subject beside scopes, as far as there is anything to say.
    claims: Vec<ClaimName>,
    /// What a token has to have for each tool of an MCP server: a scope, or `null` where any token of this resource will do. A tool that is
    /// not named has not been decided about, and the server should refuse it.
    #[schema(example = json!({ "search": "mcp:read", "ping": null }))]
    tool_scopes: BTreeMap<String, Option<String>>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// The tools of an MCP server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tools)]
struct ToolsView {
    /// When they were named; without this member, never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    named_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    named_by: Option<NamedBy>,
    tools: Vec<ToolView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum NamedBy {
    /// The server itself, when it was asked.
    Server,
    Administrator,
}

/// One tool, in the server's words.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tool)]
struct ToolView {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// Whether somebody has decided what it needs.
    decided: bool,
    /// The scope it needs. If it is decided and there is none, any token of this resource will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    scope: Option<String>,
}

/// What a server's `tools/list` answered, as text; or one name a line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ToolsBody {
    #[schema(max_length = 60000, example = "search: Finds tickets\nclose")]
    tools: String,
}

/// `opaque`: only introspection can read its tokens.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TokenFormat)]
enum Format {
    Jwt,
    Opaque,
}

/// A resource to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewResourceBody {
    #[schema(max_length = 512, example = "https://tickets.example.com/mcp")]
    identifier: String,
    /// What people read on the consent page.
    #[schema(min_length = 1, max_length = 128, example = "Tickets")]
    name: String,
    #[serde(default)]
    #[schema(max_items = 16)]
    aliases: Vec<String>,
    /// All must be in the catalogue.
    #[serde(default)]
    #[schema(max_items = 64, example = json!(["mcp:read", "mcp:write"]))]
    scopes: Vec<String>,
    /// Without it, those of low risk.
    #[serde(default)]
    #[schema(max_items = 64)]
    default_scopes: Option<Vec<String>>,
    #[serde(default)]
    is_default: bool,
    #[serde(default)]
    algorithm: Option<AlgorithmName>,
    #[serde(default)]
    format: Option<Format>,
    /// Without it, what the settings say.
    #[serde(default)]
    #[schema(minimum = 60, maximum = 86400)]
    access_lifetime: Option<u64>,
    /// The longest that a machine's tokens may live where the machine says so, in seconds; a day unless said otherwise.
    #[serde(default)]
    #[schema(minimum = 60, maximum = 86400)]
    machine_access_lifetime: Option<u64>,
    /// What its tokens say of their subject beside scopes; all of it unless said otherwise. Roles and permissions are said with the tenant.
    #[serde(default)]
    #[schema(max_items = 4)]
    claims: Option<Vec<ClaimName>>,
}

/// `tenant`: the claims `tenantId`, `tenant_id` and `tenants`. `custom_claims`: `customClaims`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SaidClaim)]
enum ClaimName {
    Roles,
    Permissions,
    Tenant,
    CustomClaims,
}

impl From<ClaimName> for SaidClaim {
    fn from(name: ClaimName) -> Self {
        match name {
            ClaimName::Roles => Self::Roles,
            ClaimName::Permissions => Self::Permissions,
            ClaimName::Tenant => Self::Tenant,
            ClaimName::CustomClaims => Self::CustomClaims,
        }
    }
}

impl From<SaidClaim> for ClaimName {
    fn from(claim: SaidClaim) -> Self {
        match claim {
            SaidClaim::Roles => Self::Roles,
            SaidClaim::Permissions => Self::Permissions,
            SaidClaim::Tenant => Self::Tenant,
            SaidClaim::CustomClaims => Self::CustomClaims,
        }
    }
}

/// What is to be different about a resource.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResourcePatch {
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 128)]
    name: Given<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 16)]
    aliases: Given<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 64)]
    scopes: Given<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 64)]
    default_scopes: Given<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = bool, required = false)]
    is_default: Given<bool>,
    #[serde(default)]
    #[schema(value_type = AlgorithmName, required = false)]
    algorithm: Given<AlgorithmName>,
    #[serde(default)]
    #[schema(value_type = Format, required = false)]
    format: Given<Format>,
    #[serde(default)]
    #[schema(value_type = u64, required = false, minimum = 60, maximum = 86400)]
    access_lifetime: Given<u64>,
    #[serde(default)]
    #[schema(value_type = u64, required = false, minimum = 60, maximum = 86400)]
    machine_access_lifetime: Given<u64>,
    #[serde(default)]
    #[schema(value_type = Vec<ClaimName>, required = false, max_items = 4)]
    claims: Given<Vec<ClaimName>>,
    /// All that there are from now on. Each scope is one of the resource's.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Option<String>>>)]
    tool_scopes: Given<BTreeMap<String, Option<String>>>,
}

async fn list(call: Call, window: Window, _: NoFilter) -> Result<Listed<ResourceView>, Problem> {
    let page = resources::page(&call.app, window.from()?, window.limit).await?;
    Ok(Listed::of(page.rows.iter().map(|(_, resource)| view(resource)).collect(), &window, page.next))
}

async fn show(call: Call) -> Result<One<ResourceView>, Problem> {
    shown(&resources::find(&call.app, call.id()?).await?)
}

async fn create(call: Call, ask: NewResourceBody) -> Result<(String, One<ResourceView>), Problem> {
    let mut wrong = Wrong::default();
    let identifier = wrong.parsed("identifier", Resource::parse(&ask.identifier));
    let name = wrong.parsed("name", DisplayName::parse(&ask.name));
    let aliases = wrong.resources("aliases", &ask.aliases);
    let scopes = wrong.scopes("scopes", &ask.scopes);
    let default_scopes = ask.default_scopes.and_then(|names| wrong.scopes("default_scopes", &names));
    let (Some(identifier), Some(name), Some(aliases), Some(scopes)) = (identifier, name, aliases, scopes) else {
        return Err(wrong.problem());
    };
    wrong.none()?;
    let new = NewResource {
        identifier,
        name,
        aliases,
        scopes,
        default_scopes,
        is_default: ask.is_default,
        algorithm: ask.algorithm.map_or_else(Algorithm::default, Into::into),
        format: ask.format.map_or(TokenFormat::Jwt, Into::into),
        access_for: ask.access_lifetime.map(Lifetime::from_seconds),
        machine_access_most: ask.machine_access_lifetime.map(Lifetime::from_seconds),
        claims: ask.claims.map(said),
    };
    let made = resources::add(&call.app, &call.by, new).await?;
    Ok((made.id.to_string(), One::of(&made, view(&made))?))
}

async fn change(call: Call, ask: ResourcePatch) -> Result<One<ResourceView>, Problem> {
    let mut wrong = Wrong::default();
    let name = wrong.given("name", ask.name).and_then(|name| wrong.parsed("name", DisplayName::parse(&name)));
    let aliases = ask.aliases.or_empty().and_then(|texts| wrong.resources("aliases", &texts));
    let scopes = ask.scopes.or_empty().and_then(|names| wrong.scopes("scopes", &names));
    let default_scopes = ask.default_scopes.or_empty().and_then(|names| wrong.scopes("default_scopes", &names));
    let tool_scopes = ask.tool_scopes.or_empty().map(|tools| {
        let parsed = |(tool, scope): (String, Option<String>)| {
            let scope = scope.and_then(|scope| wrong.parsed("tool_scopes", scope.parse::<Scope>()));
            (tool, scope)
        };
        tools.into_iter().map(parsed).collect()
    });
    let change = ResourceChange {
        name,
        aliases,
        scopes,
        default_scopes,
        is_default: wrong
            .given("is_default", ask.is_default)
            .map(|yes| if yes { IsDefault::Yes } else { IsDefault::No }),
        algorithm: wrong.given("algorithm", ask.algorithm).map(Into::into),
        format: wrong.given("format", ask.format).map(Into::into),
        access_for: wrong.given("access_lifetime", ask.access_lifetime).map(Lifetime::from_seconds),
        machine_access_most: wrong
            .given("machine_access_lifetime", ask.machine_access_lifetime)
            .map(Lifetime::from_seconds),
        claims: wrong.given("claims", ask.claims).map(said),
        tool_scopes,
    };
    wrong.none()?;
    shown(&resources::change(&call.app, &call.by, call.id()?, call.seen(), change).await?)
}

async fn show_tools(call: Call) -> Result<One<ToolsView>, Problem> {
    tools_of(&call).await
}

async fn discover_tools(call: Call, _: Nothing) -> Result<One<ToolsView>, Problem> {
    match tools::discover(&call.app, &call.by, call.id()?).await? {
        Asked::Listed { .. } => tools_of(&call).await,
        Asked::WantsToken => Err(Declined::Conflict(
            "the server tells its tools only to who has a token: say which there are".to_owned(),
        )
        .into()),
        Asked::Nothing(why) => Err(Declined::Conflict(format!("the server named no tools: {why}")).into()),
    }
}

async fn write_down_tools(call: Call, ask: ToolsBody) -> Result<One<ToolsView>, Problem> {
    tools::write_down(&call.app, &call.by, call.id()?, &ask.tools).await?;
    tools_of(&call).await
}

async fn tools_of(call: &Call) -> Result<One<ToolsView>, Problem> {
    let resource = resources::find(&call.app, call.id()?).await?;
    let known = tools::of(&call.app, resource.id).await?;
    let decided = |name: &str| resource.tool_scopes.get(name);
    let view = ToolsView {
        named_at: known.as_ref().map(|known| known.at.iso()),
        named_by: known.as_ref().map(|known| match known.told_by {
            ToldBy::Server => NamedBy::Server,
            ToldBy::Administrator => NamedBy::Administrator,
        }),
        tools: known
            .iter()
            .flat_map(|known| &known.list)
            .map(|tool| ToolView {
                name: tool.name.clone(),
                title: tool.title.clone(),
                description: tool.description.clone(),
                decided: decided(&tool.name).is_some(),
                scope: decided(&tool.name).and_then(Option::as_ref).map(ToString::to_string),
            })
            .collect(),
    };
    Ok(One::of(&resource, view)?)
}

async fn remove(call: Call) -> Result<(), Problem> {
    Ok(resources::remove(&call.app, &call.by, call.id()?, call.seen()).await?)
}

fn said(names: Vec<ClaimName>) -> BTreeSet<SaidClaim> {
    names.into_iter().map(Into::into).collect()
}

fn shown(resource: &ProtectedResource) -> Result<One<ResourceView>, Problem> {
    Ok(One::of(resource, view(resource))?)
}

fn view(resource: &ProtectedResource) -> ResourceView {
    ResourceView {
        id: resource.id.to_string(),
        identifier: resource.identifier.to_string(),
        name: resource.name.clone(),
        aliases: texts(&resource.aliases),
        scopes: names(&resource.scopes),
        default_scopes: names(&resource.default_scopes),
        is_default: resource.is_default,
        algorithm: resource.algorithm.into(),
        format: match resource.format {
            TokenFormat::Jwt => Format::Jwt,
            TokenFormat::Opaque => Format::Opaque,
        },
        access_lifetime: resource.access_for.seconds(),
        machine_access_lifetime: resource.machine_access_most.unwrap_or(MOST_ACCESS).seconds(),
        claims: resource.said().map(Into::into).collect(),
        tool_scopes: resource
            .tool_scopes
            .iter()
            .map(|(tool, scope)| (tool.clone(), scope.as_ref().map(ToString::to_string)))
            .collect(),
        created_at: resource.created_at.iso(),
    }
}

impl From<Format> for TokenFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Jwt => Self::Jwt,
            Format::Opaque => Self::Opaque,
        }
    }
}
