//! Where applications may carry our word about people.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::{Wrong, list as names, texts};
use crate::model::Crossing;
use crate::operations::crossings::{self, NewCrossing, Terms};
use crate::protocol::own_scopes::CROSSINGS;

pub(super) fn noun() -> Noun {
    let (all, at) = ("/api/v1/crossings", "/api/v1/crossings/{id}");
    Noun::new(
        "Crossings",
        "id",
        "Which application may carry our word about people (ID-JAG) to which other authorization server. What one says never changes: remove it and allow another.",
    )
    .list(What(all, "listCrossings", CROSSINGS.read, "List crossings, the newest first"), list)
    .create(What(all, "allowCrossing", CROSSINGS.write, "Let an application carry our word about people elsewhere"), allow)
    .show(What(at, "showCrossing", CROSSINGS.read, "Show a crossing"), show)
    .remove(
        What(at, "removeCrossing", CROSSINGS.write, "Take it back; what was given lives for five minutes at most"),
        remove,
    )
}

/// Leave for an application to carry our word about people elsewhere.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Crossing)]
struct CrossingView {
    #[schema(example = "crs_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    id: String,
    /// The application, as it is called here.
    client_id: String,
    /// The issuer of the other server.
    #[schema(example = "https://chat.example.com")]
    audience: String,
    /// What the application is called there.
    client_there: String,
    /// No assertion says more.
    scopes: Vec<String>,
    /// The resources there that it may be for; none for any.
    resources: Vec<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// A crossing to be allowed. There is one for each application and other server.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCrossingBody {
    #[schema(max_length = 512, example = "cli_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    client_id: String,
    #[schema(max_length = 512, example = "https://chat.example.com")]
    audience: String,
    /// Without it, as here.
    #[serde(default)]
    #[schema(max_length = 512)]
    client_there: Option<String>,
    /// Those of the other server.
    #[schema(min_items = 1, max_items = 64, example = json!(["chat.read"]))]
    scopes: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 64)]
    resources: Vec<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only those of this application.
    #[serde(default)]
    #[param(nullable = false)]
    client_id: Option<String>,
}

async fn list(call: Call, window: Window, filter: Filter) -> Result<Listed<CrossingView>, Problem> {
    let mut wrong = Wrong::default();
    let client = filter.client_id.and_then(|id| wrong.parsed("client_id", id.parse()));
    wrong.none()?;
    let page = crossings::list(&call.app, client, window.from()?, window.limit).await?;
    Ok(Listed::of(page.rows.iter().map(|(_, crossing)| view(crossing)).collect(), &window, page.next))
}

async fn show(call: Call) -> Result<One<CrossingView>, Problem> {
    shown(&crossings::find(&call.app, call.id()?).await?)
}

async fn allow(call: Call, ask: NewCrossingBody) -> Result<(String, One<CrossingView>), Problem> {
    let mut wrong = Wrong::default();
    let client = wrong.parsed("client_id", ask.client_id.parse());
    let (scope, resources) = (wrong.scopes("scopes", &ask.scopes), wrong.resources("resources", &ask.resources));
    let (Some(client), Some(scope), Some(resources)) = (client, scope, resources) else { return Err(wrong.problem()) };
    let terms = Terms { audience: ask.audience, client_there: ask.client_there, scope, resources };
    let made = crossings::allow(&call.app, &call.by, NewCrossing { client, terms }).await?;
    Ok((made.id.to_string(), shown(&made)?))
}

async fn remove(call: Call) -> Result<(), Problem> {
    crossings::disallow(&call.app, &call.by, call.id()?, call.seen()).await?;
    Ok(())
}

fn shown(crossing: &Crossing) -> Result<One<CrossingView>, Problem> {
    Ok(One::of(crossing, view(crossing))?)
}

fn view(crossing: &Crossing) -> CrossingView {
    CrossingView {
        id: crossing.id.to_string(),
        client_id: crossing.client_id.to_string(),
        audience: crossing.audience.clone(),
        client_there: crossing.client_there.clone(),
        scopes: names(&crossing.scope),
        resources: texts(&crossing.resources),
        created_at: crossing.created_at.iso(),
    }
}
