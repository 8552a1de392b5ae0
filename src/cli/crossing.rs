//! `writ crossing`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{argument, list_of, scope_set};
use super::{Command, CommandError, named};
use crate::app::App;
use crate::base::{Id, Resource};
use crate::model::Crossing;
use crate::operations::crossings::{self, NewCrossing, Terms};
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Let an application carry our word about people to another authorization server (ID-JAG)
    Add(Add),
    /// List them, the newest first
    List(List),
    /// Show one
    Show(Named),
    /// Take one back
    Remove(Named),
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Add {
    /// The application here: its client_id, or its name if no other has it
    #[arg(long, value_name = "CLIENT")]
    client: String,
    /// The issuer of the other server, exactly as it says it
    #[arg(long, value_name = "URL")]
    audience: String,
    /// The `client_id` of the application there [default: as here]
    #[arg(long, value_name = "CLIENT_ID")]
    client_there: Option<String>,
    /// A scope of the other server that it may ask for there
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    scopes: Vec<String>,
    /// A resource of the other server that it may ask for there [default: any]
    #[arg(long = "resource", value_name = "URL")]
    resources: Vec<String>,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct List {
    /// Only those of this application
    #[arg(long, value_name = "CLIENT")]
    client: Option<String>,
    /// Only those before this one
    #[arg(long, value_name = "ID")]
    before: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Named {
    /// Its id
    crossing: String,
}

impl Verb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::Add(ask) => Command::CrossingAdd(ask),
            Self::List(ask) => Command::CrossingList(ask),
            Self::Show(ask) => Command::CrossingShow(ask),
            Self::Remove(ask) => Command::CrossingRemove(ask),
        }
    }
}

pub(super) async fn add(app: &App, by: &Operator, ask: Add) -> Result<Value, CommandError> {
    let client = named::client(app, "--client", &ask.client).await?;
    let terms = Terms {
        audience: ask.audience,
        client_there: ask.client_there,
        scope: scope_set("--scope", &ask.scopes)?,
        resources: list_of("--resource", &ask.resources, Resource::parse)?,
    };
    Ok(row(&crossings::allow(app, by, NewCrossing { client, terms }).await?))
}

pub(super) async fn list(app: &App, ask: List) -> Result<Value, CommandError> {
    let before = ask.before.map(|text| argument("--before", text.parse::<Id<Crossing>>())).transpose()?;
    let client = match &ask.client {
        Some(text) => Some(named::client(app, "--client", text).await?),
        None => None,
    };
    let page = crossings::list(app, client, before, ask.limit).await?;
    let rows: Vec<Value> = page.rows.iter().map(|(_, crossing)| row(crossing)).collect();
    Ok(json!({ "crossings": rows, "next": page.next }))
}

pub(super) async fn show(app: &App, ask: Named) -> Result<Value, CommandError> {
    Ok(row(&crossings::find(app, ask.id()?).await?))
}

pub(super) async fn remove(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    Ok(row(&crossings::disallow(app, by, ask.id()?, Seen::Anything).await?))
}

impl Named {
    fn id(&self) -> Result<Id<Crossing>, CommandError> {
        argument("CROSSING", self.crossing.parse())
    }
}

fn row(crossing: &Crossing) -> Value {
    json!({
        "crossing_id": crossing.id,
        "client_id": crossing.client_id,
        "audience": crossing.audience,
        "client_there": crossing.client_there,
        "scope": crossing.scope,
        "resources": crossing.resources,
        "created_at": crossing.created_at.iso(),
    })
}
