//! The command line, from somewhere else. What runs a command stands to the right of the desk, so it is handed over when the desk opens.

use std::collections::BTreeMap;
use std::pin::Pin;

use actix_web::HttpRequest;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::call::Call;
use super::operation::{Noun, What};
use super::problem::Problem;
use crate::app::App;
use crate::operations::declined::Declined;
use crate::operations::operator::Operator;
use crate::protocol::own_scopes::ADMIN;
use crate::web::extract::Body;

/// Who runs commands for those that come over the network.
#[derive(Clone, Copy)]
pub struct Orders {
    /// The scope that the command in these bytes takes; `None` for what is no command here.
    pub needs: fn(&[u8]) -> Option<&'static str>,
    pub obey: fn(App, Operator, Value) -> Obeying,
}

/// What becomes of a command.
pub type Obeying = Pin<Box<dyn Future<Output = Result<Value, Declined>>>>;

pub(super) fn noun() -> Noun {
    Noun::new(
        "Commands",
        "command",
        "What `writ` sends with `--appliance`: the JSON of one command, and its answer. A command takes the scope of its noun, as the \
         operations above do, and one without a noun takes `writ:admin`. For the command line; a program is better off with the operations.",
    )
    .tell(What("/api/v1/commands", "runCommand", ADMIN, "Run one command of the command line"), run)
    .weighed(needed)
}

/// A command of the command line.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct Command {
    /// Which one.
    #[schema(example = "scope_list")]
    command: String,
    /// Its arguments, by their names.
    #[serde(flatten)]
    arguments: BTreeMap<String, Value>,
}

/// What the command answers.
#[derive(Debug, Serialize, ToSchema)]
struct CommandAnswer {
    #[serde(flatten)]
    members: BTreeMap<String, Value>,
}

/// What nobody knows is for nobody but an administrator to ask.
fn needed(request: &HttpRequest, body: &Body) -> &'static str {
    let Body::Read(bytes) = body else { return ADMIN };
    request.app_data::<Orders>().and_then(|orders| (orders.needs)(bytes)).unwrap_or(ADMIN)
}

async fn run(call: Call, ask: Command) -> Result<CommandAnswer, Problem> {
    let orders = call.orders.ok_or_else(|| Problem::missing("this appliance takes no commands over the network"))?;
    let command = serde_json::to_value(ask).unwrap_or_default();
    match (orders.obey)(call.app, call.by, command).await? {
        Value::Object(members) => Ok(CommandAnswer { members: members.into_iter().collect() }),
        other => Ok(CommandAnswer { members: BTreeMap::from([("answer".to_owned(), other)]) }),
    }
}
