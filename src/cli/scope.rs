//! `writ scope`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{argument, scope_set};
use super::{Command, CommandError};
use crate::app::App;
use crate::model::{Risk, Scope};
use crate::operations::operator::Operator;
use crate::operations::scopes::{self, NewScope};
use crate::operations::seen::Seen;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Put a scope into the catalogue
    Add(Add),
    /// List the catalogue
    List,
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

impl Verb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::Add(ask) => Command::ScopeAdd(ask),
            Self::List => Command::ScopeList,
            Self::Remove(named) => Command::ScopeRemove(named),
        }
    }
}

pub(super) async fn add(app: &App, by: &Operator, ask: Add) -> Result<Value, CommandError> {
    let new = NewScope {
        name: argument("NAME", ask.name.parse())?,
        description: ask.description,
        risk: match ask.risk.as_str() {
            "low" => Risk::Low,
            "high" => Risk::High,
            _ => return Err(CommandError::argument("--risk", "is low or high")),
        },
        implies: scope_set("--implies", &ask.implies)?,
    };
    let name = new.name.clone();
    scopes::add(app, by, new).await?;
    Ok(json!({ "scope": name }))
}

pub(super) async fn list(app: &App) -> Result<Value, CommandError> {
    let rows: Vec<Value> = (scopes::list_all(app).await?.iter())
        .map(|entry| {
            json!({
                "scope": entry.name,
                "description": entry.description,
                "risk": entry.risk,
                "implies": entry.implies.iter().collect::<Vec<_>>(),
            })
        })
        .collect();
    Ok(json!({ "scopes": rows }))
}

pub(super) async fn remove(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let name: Scope = argument("NAME", ask.name.parse())?;
    scopes::remove(app, by, name.clone(), Seen::Anything).await?;
    Ok(json!({ "scope": name, "state": "removed" }))
}
