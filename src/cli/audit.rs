//! `writ audit`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::argument;
use super::{Command, CommandError, named};
use crate::app::App;
use crate::base::{Id, Timestamp};
use crate::model::Request;
use crate::operations::audit::{self, ActedBy, Which};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List entries, the newest first
    List(Box<List>),
    /// Check that no entry was changed, removed, moved or added
    Verify,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct List {
    /// Only events of this name, for instance token.issued
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    /// Only what this person or client did: an id, operator, system or nobody
    #[arg(long, value_name = "WHO")]
    #[serde(default)]
    by: Option<String>,
    /// Only events that name this: the id of a client, person, resource, token
    #[arg(long, value_name = "ID")]
    #[serde(default)]
    about: Option<String>,
    /// Only entries of this request: the error_id that somebody was given
    #[arg(long, value_name = "ID")]
    #[serde(default)]
    request: Option<String>,
    /// Only what this machine did for somebody, itself or as one in a chain: its id, or its name in the tenant `main`
    #[arg(long, value_name = "MACHINE")]
    #[serde(default)]
    actor: Option<String>,
    /// Only what machines did for this person or machine: an id, a person's address or a machine's name
    #[arg(long, value_name = "WHOM")]
    #[serde(default)]
    subject: Option<String>,
    /// Only where somebody got what they wanted (done), or did not (refused)
    #[arg(long, value_name = "HOW")]
    #[serde(default)]
    outcome: Option<String>,
    /// Only from this time on, such as 2027-06-30T08:15:30Z
    #[arg(long, value_name = "TIME")]
    #[serde(default)]
    since: Option<String>,
    /// Only before this time
    #[arg(long, value_name = "TIME")]
    #[serde(default)]
    until: Option<String>,
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
            Self::List(ask) => Command::AuditList(*ask),
            Self::Verify => Command::AuditVerify,
        }
    }
}

pub(super) async fn list(app: &App, ask: List) -> Result<Value, CommandError> {
    let actor = match &ask.actor {
        Some(text) => Some(named::machine(app, text).await?.to_string()),
        None => None,
    };
    let subject = match &ask.subject {
        Some(text) => Some(named::somebody(app, "--subject", text).await?.text()),
        None => None,
    };
    let request = ask.request.as_deref().map(str::parse::<Id<Request>>).transpose();
    let time = |name: &str, text: &Option<String>| {
        let time = |text: &String| Timestamp::parse_iso(text).ok_or("a time, written 2027-06-30T08:15:30Z");
        argument(name, text.as_ref().map(time).transpose())
    };
    let which = Which {
        event: ask.event,
        by: ask.by,
        about: ask.about,
        outcome: argument("--outcome", ask.outcome.as_deref().map(str::parse).transpose())?,
        since: time("--since", &ask.since)?,
        until: time("--until", &ask.until)?,
        acting: ActedBy { actor, subject },
        request: argument("--request", request)?,
        ..Which::default()
    };
    let page = audit::list(app, which, ask.before, ask.limit).await?;
    let rows: Vec<Value> = page.entries.iter().map(audit::told).collect::<Result<_, _>>()?;
    Ok(json!({ "entries": rows, "next": page.next }))
}

pub(super) async fn verify(app: &App) -> Result<Value, CommandError> {
    Ok(match audit::verify_alone(app).await? {
        Ok(head) => json!({ "intact": true, "entries": head.sequence, "hash": head.hash.text() }),
        Err(broken) => json!({ "intact": false, "sequence": broken.sequence, "why": broken.to_string() }),
    })
}
