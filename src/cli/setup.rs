//! `writ setup`: the first administrator, without a browser.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::CommandError;
use crate::app::App;
use crate::operations::declined::Declined;
use crate::operations::operator::Operator;
use crate::operations::people::NewPerson;
use crate::operations::setup;

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Setup {
    #[command(flatten)]
    person: super::person::Add,
}

impl Setup {
    pub(super) fn with_password(self) -> Result<Self, CommandError> {
        Ok(Self { person: self.person.with_password()? })
    }
}

pub(super) async fn complete(app: &App, by: &Operator, ask: Setup) -> Result<Value, CommandError> {
    let super::person::Add { email, name, password, .. } = ask.person;
    let new = NewPerson::parse(&email, &name, password.into_secret()?).map_err(Declined::Invalid)?;
    let person = setup::complete_as_operator(app, by, new).await?;
    Ok(json!({ "person_id": person.to_string() }))
}
