//! `writ key`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::argument;
use super::{Command, CommandError};
use crate::app::App;
use crate::keys::rotate::Haste;
use crate::model::{Algorithm, KeyState, SigningKey};
use crate::operations::keys;
use crate::operations::operator::Operator;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the signing keys
    List,
    /// Sign with new keys before it is due
    Rotate(Rotate),
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Rotate {
    /// ES256, RS256 or EdDSA [default: all]
    #[arg(long)]
    algorithm: Option<String>,
    /// Do not wait until everybody can know the new key
    #[arg(long)]
    at_once: bool,
}

impl Verb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::List => Command::KeyList,
            Self::Rotate(ask) => Command::KeyRotate(ask),
        }
    }
}

pub(super) fn list(app: &App) -> Result<Value, CommandError> {
    let rows: Vec<Value> = keys::list(app)?.iter().map(row).collect();
    Ok(json!({ "keys": rows }))
}

fn row(key: &SigningKey) -> Value {
    let (state, since) = match key.state {
        KeyState::Next { signs_from } => ("next", signs_from),
        KeyState::Signing { signs_from } => ("signing", signs_from),
        KeyState::Retained { retired_at, .. } => ("retained", retired_at),
        KeyState::Revoked { revoked_at, .. } => ("revoked", revoked_at),
    };
    json!({ "kid": key.kid, "algorithm": key.algorithm.as_str(), "state": state, "since": since.iso() })
}

pub(super) async fn rotate(app: &App, by: &Operator, ask: Rotate) -> Result<Value, CommandError> {
    let algorithm = ask.algorithm.map(|text| argument("--algorithm", text.parse::<Algorithm>())).transpose()?;
    let haste = if ask.at_once { Haste::AtOnce } else { Haste::WhenPublished };
    let rows: Vec<Value> = (keys::rotate(app, by, algorithm, haste).await?.iter())
        .map(|turned| json!({ "algorithm": turned.algorithm.as_str(), "signs_from": turned.signs_from.iso() }))
        .collect();
    Ok(json!({ "rotated": rows }))
}
