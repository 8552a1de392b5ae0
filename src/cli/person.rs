//! `writ person`.

use clap::{ArgAction, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Command, CommandError, Password};
use crate::app::App;
use crate::model::{Context, Standing};
use crate::operations::declined::Declined;
use crate::operations::people::{self, NewPerson};
use crate::operations::set_password::set_password;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Add somebody who may sign in
    Add(Add),
    /// Give somebody a new password: their sessions end, and failed sign-ins are forgiven
    Password(SetPassword),
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Add {
    /// The address they sign in with
    #[arg(long)]
    pub(super) email: String,
    /// What they are called
    #[arg(long)]
    pub(super) name: String,
    /// Read the password from standard input
    #[arg(long, required = true, action = ArgAction::SetTrue)]
    #[serde(skip)]
    password_stdin: bool,
    #[arg(skip)]
    pub(super) password: Password,
}

impl Add {
    pub(super) fn with_password(self) -> Result<Self, CommandError> {
        Ok(Self { password: Password::from_stdin()?, ..self })
    }
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct SetPassword {
    /// The address they sign in with
    #[arg(long)]
    email: String,
    /// Read the password from standard input
    #[arg(long, required = true, action = ArgAction::SetTrue)]
    #[serde(skip)]
    password_stdin: bool,
    #[arg(skip)]
    password: Password,
}

impl Verb {
    pub(super) fn command(self) -> Result<Command, CommandError> {
        match self {
            Self::Add(ask) => ask.with_password().map(Command::PersonAdd),
            Self::Password(ask) => {
                Ok(Command::PersonPassword(SetPassword { password: Password::from_stdin()?, ..ask }))
            }
        }
    }
}

pub(super) async fn add(app: &App, ctx: &Context, ask: Add) -> Result<Value, CommandError> {
    let new = NewPerson::parse(&ask.email, &ask.name, ask.password.into_secret()?).map_err(Declined::Invalid)?;
    let person = people::create(app, ctx, new, Standing::Member).await?;
    Ok(json!({ "person_id": person.to_string() }))
}

pub(super) async fn password(app: &App, ctx: &Context, ask: SetPassword) -> Result<Value, CommandError> {
    let person = set_password(app, ctx, &ask.email, ask.password.into_secret()?).await?;
    Ok(json!({ "person_id": person.to_string() }))
}
