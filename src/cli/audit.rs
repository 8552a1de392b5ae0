//! `writ audit`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::answer::argument;
use super::{Command, CommandError};
use crate::app::App;
use crate::base::{Fault, FaultKind, Id};
use crate::model::Request;
use crate::operations::audit::{self, ActedBy};
use crate::store::Entry;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List entries, the newest first
    List(List),
    /// Check that no entry was changed, removed, moved or added
    Verify,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct List {
    /// Only events of this name, for instance token.issued
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    /// Only entries of this request: the error_id that somebody was given
    #[arg(long, value_name = "ID", conflicts_with = "event")]
    #[serde(default)]
    request: Option<String>,
    /// Only what this machine did for somebody, itself or as one in a chain: mch_…
    #[arg(long, value_name = "MACHINE")]
    #[serde(default)]
    actor: Option<String>,
    /// Only what machines did for this person or machine: per_… or mch_…
    #[arg(long, value_name = "WHOM")]
    #[serde(default)]
    subject: Option<String>,
    /// Only entries before this number
    #[arg(long, value_name = "SEQUENCE")]
    before: Option<u64>,
    /// At most this many
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

impl Verb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::List(ask) => Command::AuditList(ask),
            Self::Verify => Command::AuditVerify,
        }
    }
}

pub(super) async fn list(app: &App, ask: List) -> Result<Value, CommandError> {
    let page = match (&ask.request, ask.actor, ask.subject) {
        (Some(request), ..) => {
            let request = argument("--request", request.parse::<Id<Request>>())?;
            audit::of_request(app, ask.before, request, ask.limit).await?
        }
        (None, None, None) => audit::list(app, ask.before, ask.event, ask.limit).await?,
        (None, actor, subject) => {
            let who = ActedBy { actor, subject };
            audit::list_acting(app, who, ask.before, ask.event, ask.limit).await?
        }
    };
    let rows: Vec<Value> = page.entries.iter().map(row).collect::<Result<_, _>>()?;
    Ok(json!({ "entries": rows, "next": page.next }))
}

/// The event's own members beside who, when and where.
fn row(entry: &Entry) -> Result<Value, Fault> {
    let value = |of: serde_json::Result<Value>| {
        of.map_err(|error| Fault::because(FaultKind::Bug, "an entry of the audit log has no JSON", error))
    };
    let event = value(serde_json::to_value(&entry.event))?;
    let mut members = Map::new();
    members.insert("sequence".to_owned(), entry.sequence.into());
    members.insert("at".to_owned(), entry.at.iso().into());
    members.insert("by".to_owned(), value(serde_json::to_value(&entry.by))?);
    members.insert("from".to_owned(), value(serde_json::to_value(&entry.from))?);
    let Value::Object(mut details) = event else { return Ok(Value::Object(members)) };
    members.insert("event".to_owned(), details.remove("event").unwrap_or_default());
    members.insert("details".to_owned(), Value::Object(details));
    Ok(Value::Object(members))
}

pub(super) async fn verify(app: &App) -> Result<Value, CommandError> {
    Ok(match audit::verify(app).await? {
        Ok(head) => json!({ "intact": true, "entries": head.sequence, "hash": head.hash.text() }),
        Err(broken) => json!({ "intact": false, "sequence": broken.sequence, "why": broken.to_string() }),
    })
}
