//! `writ resource`.

use std::collections::{BTreeMap, BTreeSet};

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{argument, list_of, scope_set};
use super::machine::given;
use super::{Command, CommandError, ErrorKind, named};
use crate::app::App;
use crate::base::{Lifetime, Resource};
use crate::model::{Algorithm, ProtectedResource, SaidClaim, Scope, TokenFormat};
use crate::operations::operator::Operator;
use crate::operations::resources::{self, IsDefault, NewResource, ResourceChange};
use crate::operations::seen::Seen;
use crate::operations::tools::{self, Asked};
use crate::protocol::display_name::DisplayName;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Register an MCP server or API that tokens are for
    Add(Box<Add>),
    /// List them
    List,
    /// Show one
    Show(Named),
    /// Change one; what is not named stays
    Set(Box<Set>),
    /// Show which tools an MCP server has, and what each needs
    Tools(Named),
    /// Ask an MCP server for its tools
    Discover(Named),
    /// Say which tools an MCP server has
    Describe(Describe),
    /// Remove one: nobody gets tokens for it any more
    Remove(Named),
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Add {
    /// Its URL as it says it itself; becomes the audience of its tokens, byte for byte
    identifier: String,
    /// What people read on the consent page
    #[arg(long)]
    name: String,
    /// Another way in which clients write its URL
    #[arg(long = "alias", value_name = "URL")]
    aliases: Vec<String>,
    /// A scope it offers; must be in the catalogue
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// A scope that a request without scope means [default: the offered ones of low risk]
    #[arg(long = "default-scope", value_name = "SCOPE")]
    default_scopes: Vec<String>,
    /// Make it the one that a request without resource means
    #[arg(long)]
    default: bool,
    /// What its tokens are signed with: ES256, RS256 or EdDSA
    #[arg(long, default_value = "ES256")]
    algorithm: String,
    /// jwt, or opaque: then only introspection can read its tokens
    #[arg(long, default_value = "jwt")]
    format: String,
    /// How long an access token lives [default: the setting lifetimes.access]
    #[arg(long, value_name = "SECONDS")]
    access_lifetime: Option<u64>,
    /// How long a machine's access token may live where the machine says so [default: a day]
    #[arg(long, value_name = "SECONDS")]
    machine_access_lifetime: Option<u64>,
    /// What its tokens say of their subject beside scopes: roles, permissions, tenant or custom_claims [default: all of them]
    #[arg(long = "claim", value_name = "CLAIM")]
    #[serde(default)]
    claims: Vec<String>,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Named {
    /// Its URL, or its resource_id
    #[arg(value_name = "RESOURCE")]
    resource_id: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Describe {
    /// Its URL, or its resource_id
    #[arg(value_name = "RESOURCE")]
    resource_id: String,
    /// A tool by its name, or `NAME: what it does`; all that are given replace all there were
    #[arg(long = "tool", value_name = "NAME", required = true)]
    tools: Vec<String>,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Set {
    /// Its URL, or its resource_id
    #[arg(value_name = "RESOURCE")]
    resource_id: String,
    /// What people read on the consent page
    #[arg(long)]
    name: Option<String>,
    /// Another way in which clients write its URL; all that are given replace all there were, an empty one clears them
    #[arg(long = "alias", value_name = "URL")]
    aliases: Option<Vec<String>>,
    /// A scope it offers; all that are given replace all there were, an empty one clears them
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Option<Vec<String>>,
    /// A scope that a request without scope means; all that are given replace all there were, an empty one clears them
    #[arg(long = "default-scope", value_name = "SCOPE")]
    default_scopes: Option<Vec<String>>,
    /// Whether it is the one that a request without resource means
    #[arg(long, value_name = "true|false")]
    default: Option<bool>,
    /// What its tokens are signed with: ES256, RS256 or EdDSA
    #[arg(long)]
    algorithm: Option<String>,
    /// jwt, or opaque: then only introspection can read its tokens
    #[arg(long)]
    format: Option<String>,
    /// How long an access token lives
    #[arg(long, value_name = "SECONDS")]
    access_lifetime: Option<u64>,
    /// How long a machine's access token may live where the machine says so
    #[arg(long, value_name = "SECONDS")]
    machine_access_lifetime: Option<u64>,
    /// What its tokens say of their subject beside scopes: roles, permissions, tenant or custom_claims; all that are given replace all there were, an empty one clears them
    #[arg(long = "claim", value_name = "CLAIM")]
    #[serde(default)]
    claims: Option<Vec<String>>,
    /// What a token needs for a tool: a scope, or nothing where any token will do; all that are given replace all there were, an empty one clears them
    #[arg(long = "tool", value_name = "NAME=SCOPE")]
    #[serde(default)]
    tools: Option<Vec<String>>,
}

impl Verb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::Add(ask) => Command::ResourceAdd(*ask),
            Self::List => Command::ResourceList,
            Self::Show(named) => Command::ResourceShow(named),
            Self::Set(ask) => Command::ResourceSet(ask),
            Self::Tools(named) => Command::ResourceTools(named),
            Self::Discover(named) => Command::ResourceDiscover(named),
            Self::Describe(ask) => Command::ResourceDescribe(ask),
            Self::Remove(named) => Command::ResourceRemove(named),
        }
    }
}

pub(super) async fn add(app: &App, by: &Operator, ask: Add) -> Result<Value, CommandError> {
    let identifier = argument("IDENTIFIER", Resource::parse(&ask.identifier))?;
    let defaults = scope_set("--default-scope", &ask.default_scopes)?;
    let new = NewResource {
        identifier,
        name: argument("--name", DisplayName::parse(&ask.name))?,
        aliases: list_of("--alias", &ask.aliases, Resource::parse)?,
        scopes: scope_set("--scope", &ask.scopes)?,
        default_scopes: (!defaults.is_empty()).then_some(defaults),
        is_default: ask.default,
        algorithm: argument("--algorithm", ask.algorithm.parse::<Algorithm>())?,
        format: format(&ask.format)?,
        access_for: ask.access_lifetime.map(Lifetime::from_seconds),
        machine_access_most: ask.machine_access_lifetime.map(Lifetime::from_seconds),
        claims: (!ask.claims.is_empty()).then(|| claims(&ask.claims)).transpose()?,
    };
    let made = resources::add(app, by, new).await?;
    Ok(json!({ "resource_id": made.id.to_string(), "identifier": made.identifier }))
}

pub(super) async fn list(app: &App) -> Result<Value, CommandError> {
    let rows: Vec<Value> = resources::list(app).await?.iter().map(row).collect();
    Ok(json!({ "resources": rows }))
}

fn format(text: &str) -> Result<TokenFormat, CommandError> {
    match text {
        "jwt" => Ok(TokenFormat::Jwt),
        "opaque" => Ok(TokenFormat::Opaque),
        _ => Err(CommandError::argument("--format", "is jwt or opaque")),
    }
}

pub(super) async fn show(app: &App, ask: Named) -> Result<Value, CommandError> {
    Ok(row(&resources::find(app, named::resource(app, "RESOURCE", &ask.resource_id).await?).await?))
}

pub(super) async fn set(app: &App, by: &Operator, ask: Set) -> Result<Value, CommandError> {
    let id = named::resource(app, "RESOURCE", &ask.resource_id).await?;
    let aliases = ask.aliases.map(|texts| given(&texts).map(str::to_owned).collect::<Vec<_>>());
    let change = ResourceChange {
        name: ask.name.map(|name| argument("--name", DisplayName::parse(&name))).transpose()?,
        aliases: aliases.map(|texts| list_of("--alias", &texts, Resource::parse)).transpose()?,
        scopes: ask.scopes.map(|scopes| scope_set("--scope", &scopes)).transpose()?,
        default_scopes: ask.default_scopes.map(|scopes| scope_set("--default-scope", &scopes)).transpose()?,
        is_default: ask.default.map(|is| if is { IsDefault::Yes } else { IsDefault::No }),
        algorithm: ask.algorithm.map(|text| argument("--algorithm", text.parse::<Algorithm>())).transpose()?,
        format: ask.format.as_deref().map(format).transpose()?,
        access_for: ask.access_lifetime.map(Lifetime::from_seconds),
        machine_access_most: ask.machine_access_lifetime.map(Lifetime::from_seconds),
        claims: ask.claims.as_deref().map(claims).transpose()?,
        tool_scopes: ask.tools.as_deref().map(tool_scopes).transpose()?,
    };
    Ok(row(&resources::change(app, by, id, Seen::Anything, change).await?))
}

fn claims(texts: &[String]) -> Result<BTreeSet<SaidClaim>, CommandError> {
    given(texts).map(|text| argument("--claim", text.parse::<SaidClaim>())).collect()
}

fn tool_scopes(texts: &[String]) -> Result<BTreeMap<String, Option<Scope>>, CommandError> {
    let mut all = BTreeMap::new();
    for text in given(texts) {
        let (tool, scope) = text
            .split_once('=')
            .ok_or_else(|| CommandError::argument("--tool", "is NAME=SCOPE, or NAME= for any token"))?;
        let scope = if scope.is_empty() { None } else { Some(argument("--tool", scope.parse::<Scope>())?) };
        all.insert(tool.to_owned(), scope);
    }
    Ok(all)
}

pub(super) async fn tools(app: &App, ask: Named) -> Result<Value, CommandError> {
    let resource = resources::find(app, named::resource(app, "RESOURCE", &ask.resource_id).await?).await?;
    listed(app, &resource).await
}

pub(super) async fn discover(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let id = named::resource(app, "RESOURCE", &ask.resource_id).await?;
    let refused = |why: String| CommandError::new(ErrorKind::Refused, why);
    match tools::discover(app, by, id).await? {
        Asked::Listed { .. } => listed(app, &resources::find(app, id).await?).await,
        Asked::WantsToken => {
            let why =
                "the server tells its tools only to who has a token: `writ resource describe` says which there are";
            Err(refused(why.to_owned()))
        }
        Asked::Nothing(why) => Err(refused(format!("the server named no tools: {why}"))),
    }
}

pub(super) async fn describe(app: &App, by: &Operator, ask: Describe) -> Result<Value, CommandError> {
    let id = named::resource(app, "RESOURCE", &ask.resource_id).await?;
    tools::write_down(app, by, id, &ask.tools.join("\n")).await?;
    listed(app, &resources::find(app, id).await?).await
}

async fn listed(app: &App, resource: &ProtectedResource) -> Result<Value, CommandError> {
    let known = tools::of(app, resource.id).await?;
    let tools: Vec<Value> = known
        .iter()
        .flat_map(|known| &known.list)
        .map(|tool| {
            let needs = resource.tool_scopes.get(&tool.name);
            json!({ "name": tool.name, "title": tool.title, "decided": needs.is_some(), "scope": needs.and_then(Option::as_ref) })
        })
        .collect();
    Ok(
        json!({ "tools": tools, "named_at": known.as_ref().map(|known| known.at.iso()), "named_by": known.map(|known| known.told_by) }),
    )
}

pub(super) async fn remove(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let id = named::resource(app, "RESOURCE", &ask.resource_id).await?;
    resources::remove(app, by, id, Seen::Anything).await?;
    Ok(json!({ "resource_id": id.to_string(), "state": "removed" }))
}

fn row(resource: &ProtectedResource) -> Value {
    let mut row = json!({
        "resource_id": resource.id.to_string(),
        "identifier": resource.identifier,
        "name": resource.name,
        "aliases": resource.aliases,
        "scopes": resource.scopes.iter().collect::<Vec<_>>(),
        "default_scopes": resource.default_scopes.iter().collect::<Vec<_>>(),
        "default": resource.is_default,
        "algorithm": resource.algorithm.as_str(),
        "format": resource.format,
        "access_lifetime": resource.access_for.seconds(),
    });
    if let (false, Some(members)) = (resource.tool_scopes.is_empty(), row.as_object_mut()) {
        members.insert("tool_scopes".to_owned(), json!(resource.tool_scopes));
    }
    if let (Some(_), Some(members)) = (&resource.claims, row.as_object_mut()) {
        members.insert("claims".to_owned(), resource.said().map(SaidClaim::as_str).collect());
    }
    if let (Some(most), Some(members)) = (resource.machine_access_most, row.as_object_mut()) {
        members.insert("machine_access_lifetime".to_owned(), most.seconds().into());
    }
    row
}
