//! What arguments name, for every command in the same way.

use super::CommandError;
use super::answer::argument;
use crate::app::App;
use crate::base::Id;
use crate::model::{ClientId, Machine, Person, ProtectedResource, Subject, TenantName};
use crate::operations::{machines, named};

/// A machine by its id, or by its name in the tenant `main`.
pub(super) async fn machine(app: &App, text: &str) -> Result<Id<Machine>, CommandError> {
    machine_in(app, TenantName::MAIN, text).await
}

pub(super) async fn machine_in(app: &App, within: &str, text: &str) -> Result<Id<Machine>, CommandError> {
    let tenant = argument("--in", within.parse::<TenantName>())?;
    Ok(machines::resolve(app, &tenant, text).await?)
}

pub(super) async fn person(app: &App, field: &'static str, text: &str) -> Result<Id<Person>, CommandError> {
    Ok(named::person(app, field, text).await?)
}

pub(super) async fn client(app: &App, field: &'static str, text: &str) -> Result<ClientId, CommandError> {
    Ok(named::client(app, field, text).await?)
}

pub(super) async fn resource(
    app: &App,
    field: &'static str,
    text: &str,
) -> Result<Id<ProtectedResource>, CommandError> {
    Ok(named::resource(app, field, text).await?)
}

/// A person or a machine, in whose name somebody acts.
pub(super) async fn somebody(app: &App, field: &'static str, text: &str) -> Result<Subject, CommandError> {
    somebody_in(app, TenantName::MAIN, field, text).await
}

pub(super) async fn somebody_in(
    app: &App,
    within: &str,
    field: &'static str,
    text: &str,
) -> Result<Subject, CommandError> {
    if text.parse::<Id<Person>>().is_ok() || text.contains('@') {
        return Ok(Subject::Person(person(app, field, text).await?));
    }
    Ok(Subject::Client(ClientId::Machine(machine_in(app, within, text).await?)))
}
