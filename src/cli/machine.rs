//! `writ machine`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{argument, list_of, scope_set};
use super::{Command, CommandError};
use crate::app::App;
use crate::base::Resource;
use crate::model::{Context, Email, MachineKind};
use crate::operations::machines::{self, NewMachine};
use crate::operations::operator::Operator;
use crate::protocol::display_name::DisplayName;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Make an identity that gets tokens with a secret of its own
    Add(Add),
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Add {
    /// What it is called
    #[arg(long)]
    name: String,
    /// The e-mail address of the person who answers for it
    #[arg(long, value_name = "EMAIL")]
    owner: String,
    /// What it is for
    #[arg(long)]
    purpose: String,
    /// agent, service, ci or device
    #[arg(long, default_value = "service")]
    kind: String,
    /// A scope it may ask for; must be in the catalogue
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// A resource it may have tokens for [default: any]
    #[arg(long = "resource", value_name = "URL")]
    resources: Vec<String>,
    /// A resource it answers for: it may introspect that resource's tokens
    #[arg(long = "serves", value_name = "URL")]
    serves: Vec<String>,
}

impl Verb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::Add(ask) => Command::MachineAdd(ask),
        }
    }
}

pub(super) async fn add(app: &App, ctx: &Context, ask: Add) -> Result<Value, CommandError> {
    let kind = MachineKind::parse(&ask.kind);
    let new = NewMachine {
        name: argument("--name", DisplayName::parse(&ask.name))?,
        kind: kind.ok_or_else(|| CommandError::argument("--kind", "is agent, service, ci or device"))?,
        owner: argument("--owner", ask.owner.parse::<Email>())?,
        purpose: ask.purpose,
        scope: scope_set("--scope", &ask.scopes)?,
        resources: list_of("--resource", &ask.resources, Resource::parse)?,
        serves: list_of("--serves", &ask.serves, Resource::parse)?,
    };
    let made = machines::add(app, &Operator::with_the_file(ctx), new).await?;
    Ok(json!({ "client_id": made.machine.id.to_string(), "client_secret": made.secret.expose() }))
}
