//! The scope catalogue.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::{Given, NoFilter, Wrong, list as names};
use crate::model::{Risk, Scope, ScopeEntry};
use crate::operations::scopes::{self, NewScope, ScopeChange};
use crate::protocol::own_scopes::SCOPES;

pub(super) fn noun() -> Noun {
    let at = "/api/v1/scopes/{id}";
    Noun::new("Scopes", "name", "The catalogue: what can be asked for, in the words that people read when they decide. Those that begin with `writ:` are this API's own, and stay as they are.")
        .list(What("/api/v1/scopes", "listScopes", SCOPES.read, "List the catalogue, by name"), list)
        .create(What("/api/v1/scopes", "createScope", SCOPES.write, "Put a scope into the catalogue"), create)
        .show(What(at, "showScope", SCOPES.read, "Show a scope"), show)
        .change(What(at, "changeScope", SCOPES.write, "Change what the catalogue says about a scope"), change)
        .remove(What(at, "removeScope", SCOPES.write, "Take a scope out of the catalogue"), remove)
}

/// What the catalogue says about a scope.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Scope)]
struct ScopeView {
    #[schema(example = "mcp:read")]
    name: String,
    /// What will happen, in words a person understands.
    description: String,
    risk: RiskName,
    /// Scopes that whoever holds this one has as well.
    implies: Vec<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// `high`: marked on the consent page, and never ticked beforehand.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Risk)]
enum RiskName {
    Low,
    High,
}

/// A scope to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewScopeBody {
    #[schema(min_length = 1, max_length = 128, pattern = r"^[!#-\[\]-~]+$", example = "tickets:write")]
    name: String,
    #[schema(min_length = 1, max_length = 200, example = "Create and change tickets")]
    description: String,
    #[serde(default)]
    risk: Option<RiskName>,
    #[serde(default)]
    #[schema(max_items = 64, example = json!(["mcp:read"]))]
    implies: Vec<String>,
}

/// What is to be different about a scope.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScopePatch {
    #[serde(default)]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 200)]
    description: Given<String>,
    #[serde(default)]
    #[schema(value_type = RiskName, required = false)]
    risk: Given<RiskName>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 64)]
    implies: Given<Vec<String>>,
}

async fn list(call: Call, window: Window, _: NoFilter) -> Result<Listed<ScopeView>, Problem> {
    let page = scopes::page(&call.app, window.from()?, window.limit).await?;
    Ok(Listed::of(page.rows.iter().map(|(_, entry)| view(entry)).collect(), &window, page.next))
}

async fn show(call: Call) -> Result<One<ScopeView>, Problem> {
    shown(&scopes::find(&call.app, &call.id::<Scope>()?).await?)
}

async fn create(call: Call, ask: NewScopeBody) -> Result<(String, One<ScopeView>), Problem> {
    let mut wrong = Wrong::default();
    let (name, implies) = (wrong.parsed("name", ask.name.parse()), wrong.scopes("implies", &ask.implies));
    let (Some(name), Some(implies)) = (name, implies) else { return Err(wrong.problem()) };
    let risk = ask.risk.map_or(Risk::Low, Into::into);
    let made = scopes::add(&call.app, &call.by, NewScope { name, description: ask.description, risk, implies }).await?;
    Ok((made.name.to_string(), One::of(&made, view(&made))?))
}

async fn change(call: Call, ask: ScopePatch) -> Result<One<ScopeView>, Problem> {
    let mut wrong = Wrong::default();
    let change = ScopeChange {
        description: wrong.given("description", ask.description),
        risk: wrong.given("risk", ask.risk).map(Into::into),
        implies: ask.implies.or_empty().and_then(|names| wrong.scopes("implies", &names)),
    };
    wrong.none()?;
    shown(&scopes::change(&call.app, &call.by, call.id()?, call.seen(), change).await?)
}

async fn remove(call: Call) -> Result<(), Problem> {
    Ok(scopes::remove(&call.app, &call.by, call.id()?, call.seen()).await?)
}

fn shown(entry: &ScopeEntry) -> Result<One<ScopeView>, Problem> {
    Ok(One::of(entry, view(entry))?)
}

fn view(entry: &ScopeEntry) -> ScopeView {
    ScopeView {
        name: entry.name.to_string(),
        description: entry.description.clone(),
        risk: match entry.risk {
            Risk::Low => RiskName::Low,
            Risk::High => RiskName::High,
        },
        implies: names(&entry.implies),
        created_at: entry.created_at.iso(),
    }
}

impl From<RiskName> for Risk {
    fn from(risk: RiskName) -> Self {
        match risk {
            RiskName::Low => Self::Low,
            RiskName::High => Self::High,
        }
    }
}
