//! `writ tenant`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::argument;
use super::{Command, CommandError};
use crate::app::App;
use crate::model::TenantName;
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;
use crate::operations::tenants;
use crate::protocol::display_name::DisplayName;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Make a tenant
    Add(Add),
    /// List them
    List,
    /// Change what people call one
    Set(Set),
    /// Remove one that no machine and no role belongs to
    Remove(Named),
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Set {
    /// Its name
    name: String,
    /// What people call it
    #[arg(long)]
    title: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Named {
    /// Its name
    name: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Add {
    /// What tokens and commands call it
    name: String,
    /// What people call it [default: the name]
    #[arg(long)]
    title: Option<String>,
}

impl Verb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::Add(ask) => Command::TenantAdd(ask),
            Self::List => Command::TenantList,
            Self::Set(ask) => Command::TenantSet(ask),
            Self::Remove(ask) => Command::TenantRemove(ask),
        }
    }
}

pub(super) async fn add(app: &App, by: &Operator, ask: Add) -> Result<Value, CommandError> {
    let name = argument("NAME", ask.name.parse::<TenantName>())?;
    let title = argument("--title", DisplayName::parse(ask.title.as_deref().unwrap_or(&ask.name)))?;
    let tenant = tenants::add(app, by, name, title).await?;
    Ok(json!({ "tenant": tenant.name }))
}

pub(super) async fn list(app: &App) -> Result<Value, CommandError> {
    let tenants = tenants::list(app).await?;
    let rows: Vec<Value> =
        tenants.iter().map(|tenant| json!({ "tenant": tenant.name, "title": tenant.title })).collect();
    Ok(json!({ "tenants": rows }))
}

pub(super) async fn set(app: &App, by: &Operator, ask: Set) -> Result<Value, CommandError> {
    let name = argument("NAME", ask.name.parse::<TenantName>())?;
    let title = argument("--title", DisplayName::parse(&ask.title))?;
    let tenant = tenants::change(app, by, name, Seen::Anything, Some(title)).await?;
    Ok(json!({ "tenant": tenant.name, "title": tenant.title }))
}

pub(super) async fn remove(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let name = argument("NAME", ask.name.parse::<TenantName>())?;
    tenants::remove(app, by, name.clone(), Seen::Anything).await?;
    Ok(json!({ "removed": name }))
}
