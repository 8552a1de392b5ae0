//! `writ resource`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{argument, list_of, scope_set};
use super::machine::given;
use super::{Command, CommandError};
use crate::app::App;
use crate::base::{Lifetime, Resource};
use crate::model::{Algorithm, ProtectedResource, TokenFormat};
use crate::operations::operator::Operator;
use crate::operations::resources::{self, IsDefault, NewResource, ResourceChange};
use crate::operations::seen::Seen;
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
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Named {
    /// Its resource_id, as `writ resource list` says it
    resource_id: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Set {
    /// Its resource_id, as `writ resource list` says it
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
}

impl Verb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::Add(ask) => Command::ResourceAdd(*ask),
            Self::List => Command::ResourceList,
            Self::Show(named) => Command::ResourceShow(named),
            Self::Set(ask) => Command::ResourceSet(ask),
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
    Ok(row(&resources::find(app, argument("RESOURCE_ID", ask.resource_id.parse())?).await?))
}

pub(super) async fn set(app: &App, by: &Operator, ask: Set) -> Result<Value, CommandError> {
    let id = argument("RESOURCE_ID", ask.resource_id.parse())?;
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
    };
    Ok(row(&resources::change(app, by, id, Seen::Anything, change).await?))
}

pub(super) async fn remove(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let id = argument("RESOURCE_ID", ask.resource_id.parse())?;
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
    if let (Some(most), Some(members)) = (resource.machine_access_most, row.as_object_mut()) {
        members.insert("machine_access_lifetime".to_owned(), most.seconds().into());
    }
    row
}
