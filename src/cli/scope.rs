//! `writ scope`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{argument, scope_set};
use super::{Command, CommandError};
use crate::app::App;
use crate::model::{Risk, Scope, ScopeEntry};
use crate::operations::operator::Operator;
use crate::operations::scopes::{self, NewScope, ScopeChange};
use crate::operations::seen::Seen;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Put a scope into the catalogue
    Add(Add),
    /// List the catalogue
    List,
    /// Show one
    Show(Named),
    /// Change one; what is not named stays
    Set(Set),
    /// Take a scope out of it
    Remove(Named),
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Add {
    /// Its name, as clients ask for it
    name: String,
    /// What will happen, in words a person understands
    #[arg(long)]
    description: String,
    /// low, or high: marked on the consent page and never ticked beforehand
    #[arg(long, default_value = "low")]
    risk: String,
    /// A scope that whoever has this one has as well
    #[arg(long, value_name = "SCOPE")]
    implies: Vec<String>,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Named {
    /// Its name
    name: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Set {
    /// Its name
    name: String,
    /// What will happen, in words a person understands
    #[arg(long)]
    description: Option<String>,
    /// low, or high: marked on the consent page and never ticked beforehand
    #[arg(long)]
    risk: Option<String>,
    /// A scope that whoever has this one has as well; all that are given replace all there were, an empty one clears them
    #[arg(long, value_name = "SCOPE")]
    implies: Option<Vec<String>>,
}

impl Verb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::Add(ask) => Command::ScopeAdd(ask),
            Self::List => Command::ScopeList,
            Self::Show(named) => Command::ScopeShow(named),
            Self::Set(ask) => Command::ScopeSet(ask),
            Self::Remove(named) => Command::ScopeRemove(named),
        }
    }
}

pub(super) async fn add(app: &App, by: &Operator, ask: Add) -> Result<Value, CommandError> {
    let new = NewScope {
        name: argument("NAME", ask.name.parse())?,
        description: ask.description,
        risk: risk(&ask.risk)?,
        implies: scope_set("--implies", &ask.implies)?,
    };
    let name = new.name.clone();
    scopes::add(app, by, new).await?;
    Ok(json!({ "scope": name }))
}

pub(super) async fn list(app: &App) -> Result<Value, CommandError> {
    let rows: Vec<Value> = scopes::list_all(app).await?.iter().map(row).collect();
    Ok(json!({ "scopes": rows }))
}

pub(super) async fn show(app: &App, ask: Named) -> Result<Value, CommandError> {
    let name: Scope = argument("NAME", ask.name.parse())?;
    Ok(row(&scopes::find(app, &name).await?))
}

pub(super) async fn set(app: &App, by: &Operator, ask: Set) -> Result<Value, CommandError> {
    let name: Scope = argument("NAME", ask.name.parse())?;
    let change = ScopeChange {
        description: ask.description,
        risk: ask.risk.as_deref().map(risk).transpose()?,
        implies: ask.implies.as_deref().map(|scopes| scope_set("--implies", scopes)).transpose()?,
    };
    Ok(row(&scopes::change(app, by, name, Seen::Anything, change).await?))
}

fn risk(text: &str) -> Result<Risk, CommandError> {
    match text {
        "low" => Ok(Risk::Low),
        "high" => Ok(Risk::High),
        _ => Err(CommandError::argument("--risk", "is low or high")),
    }
}

fn row(entry: &ScopeEntry) -> Value {
    json!({
        "scope": entry.name,
        "description": entry.description,
        "risk": entry.risk,
        "implies": entry.implies.iter().collect::<Vec<_>>(),
    })
}

pub(super) async fn remove(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let name: Scope = argument("NAME", ask.name.parse())?;
    scopes::remove(app, by, name.clone(), Seen::Anything).await?;
    Ok(json!({ "scope": name, "state": "removed" }))
}
