//! `writ token`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::argument;
use super::{Command, CommandError};
use crate::app::App;
use crate::base::{Id, Lifetime};
use crate::model::InitialAccessToken;
use crate::operations::operator::Operator;
use crate::operations::registration::{self, NewToken};
use crate::operations::seen::Seen;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Make a token that lets its bearers register clients, for 30 days unless you say otherwise
    Add(Add),
    /// List them, the newest first; themselves they are kept nowhere
    List(List),
    /// End one at once: nobody registers with it any more
    Revoke(Named),
}

#[derive(Debug, Default, clap::Args, Serialize, Deserialize)]
pub struct Add {
    /// What it is for
    #[arg(long, default_value = "")]
    #[serde(default)]
    name: String,
    /// How long it lets its bearers register [default: 30d]
    #[arg(long, value_name = "TIME")]
    lasts: Option<String>,
    /// How many may register with it [default: any number]
    #[arg(long, value_name = "NUMBER")]
    most_uses: Option<u32>,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct List {
    /// Only those before this one
    #[arg(long, value_name = "ID")]
    before: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Named {
    /// Its id, as `writ token list` says it
    token: String,
}

impl Verb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::Add(ask) => Command::TokenAdd(ask),
            Self::List(ask) => Command::TokenList(ask),
            Self::Revoke(ask) => Command::TokenRevoke(ask),
        }
    }
}

pub(super) async fn add(app: &App, by: &Operator, ask: Add) -> Result<Value, CommandError> {
    let lasts = argument("--lasts", ask.lasts.map(|text| text.parse::<Lifetime>()).transpose())?;
    let new = NewToken { name: ask.name, lasts, most_uses: ask.most_uses };
    let (row, token) = registration::add_initial_access_token(app, by, new).await?;
    Ok(json!({ "token_id": row.id, "initial_access_token": token.expose(), "expires_at": row.expires_at.iso() }))
}

pub(super) async fn list(app: &App, ask: List) -> Result<Value, CommandError> {
    let before = argument("--before", ask.before.map(|text| text.parse::<Id<InitialAccessToken>>()).transpose())?;
    let page = registration::initial_access_tokens(app, before, ask.limit).await?;
    let row = |row: &InitialAccessToken| json!({ "token_id": row.id, "name": row.name, "created_at": row.created_at.iso(), "expires_at": row.expires_at.iso(), "uses": row.uses, "most_uses": row.most_uses });
    Ok(json!({ "tokens": page.rows.iter().map(|(_, token)| row(token)).collect::<Vec<_>>(), "next": page.next }))
}

pub(super) async fn revoke(app: &App, by: &Operator, ask: Named) -> Result<Value, CommandError> {
    let id = argument("TOKEN", ask.token.parse::<Id<InitialAccessToken>>())?;
    registration::revoke_initial_access_token(app, by, id, Seen::Anything).await?;
    Ok(json!({ "token_id": id, "state": "revoked" }))
}
