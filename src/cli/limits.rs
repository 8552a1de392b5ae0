//! `writ limits`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Command, CommandError};
use crate::app::{App, Met, Who};
use crate::operations::limits::{self, Limit};
use crate::operations::operator::Operator;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the limits on requests, and who met them most
    List,
    /// Put another limit in the place of the setting, from the next request on
    Set(Set),
    /// Let the setting hold again
    Reset(Reset),
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Set {
    /// The name of the setting: `token` for `limits.token`
    limit: String,
    /// Requests per minute; 0 for no limit
    per_minute: u32,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Reset {
    /// The name of the setting
    limit: String,
}

impl Verb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::List => Command::LimitsList,
            Self::Set(ask) => Command::LimitsSet(ask),
            Self::Reset(ask) => Command::LimitsReset(ask),
        }
    }
}

pub(super) fn list(app: &App) -> Result<Value, CommandError> {
    let mut rows: Vec<Value> = limits::list(app)?.iter().map(row).collect();
    // What no setting changes limits all the same.
    let met = limits::of_accounts(app);
    let text = "5 free, then waits from 1s to 1m";
    rows.push(json!({ "limit": "account", "per_minute": text, "setting": "fixed", "changed": false, "met": met.times, "most": most(&met) }));
    Ok(json!({ "limits": rows }))
}

pub(super) async fn set(app: &App, by: &Operator, ask: Set) -> Result<Value, CommandError> {
    Ok(row(&limits::set(app, by, &ask.limit, Some(ask.per_minute)).await?))
}

pub(super) async fn reset(app: &App, by: &Operator, ask: Reset) -> Result<Value, CommandError> {
    Ok(row(&limits::set(app, by, &ask.limit, None).await?))
}

fn row(limit: &Limit) -> Value {
    json!({
        "limit": limit.class.name(), "per_minute": limit.per_minute, "setting": limit.setting,
        "changed": limit.is_changed, "met": limit.met.times, "most": most(&limit.met),
    })
}

/// Who met it most.
fn most(met: &Met) -> Option<String> {
    met.most.first().map(|often| match &often.who {
        Who::Network(network) => network.to_string(),
        Who::Client(client) => client.to_string(),
        Who::Person(person) => person.to_string(),
    })
}
