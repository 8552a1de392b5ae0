//! `writ token`.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Command, CommandError};
use crate::app::App;
use crate::operations::operator::Operator;
use crate::operations::registration;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Make a token that lets its bearers register clients for 30 days
    Add,
}

impl Verb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::Add => Command::TokenAdd,
        }
    }
}

pub(super) async fn add(app: &App, by: &Operator) -> Result<Value, CommandError> {
    let token = registration::add_initial_access_token(app, by).await?;
    Ok(json!({ "initial_access_token": token.expose() }))
}
