//! Everything that one file can say, as `writ export` and `writ apply` have it.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::answer::One;
use super::call::Call;
use super::operation::{Noun, What};
use super::problem::{FieldError, Problem};
use crate::base::{Fault, FaultKind, Secret};
use crate::operations::declared::{self, Applied, Change, ChangeKind, Doing, NotApplied, Unlisted};
use crate::protocol::own_scopes::{ADMIN, READ};

pub(super) fn noun() -> Noun {
    Noun::new(
        "State",
        "place",
        "Tenants, roles and who has them, scopes, resources, applications, machines, delegations, identity providers and crossings as one document, without secrets: what `writ export` writes and `writ apply` takes. All of it is done, or nothing.",
    )
    .show(What("/api/v1/state", "exportState", READ, "Say how things are"), export)
    .tell(What("/api/v1/plan", "planState", ADMIN, "Say what a document would change, and change nothing"), plan)
    .tell(What("/api/v1/apply", "applyState", ADMIN, "Make things as a document says"), apply)
}

/// How things are, or are to be. What has no section is left alone.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = State)]
struct Document {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    tenants: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    roles: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    scopes: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    resources: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    clients: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    machines: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    delegations: Option<Vec<Map<String, Value>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    memberships: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    providers: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    crossings: Option<Vec<Map<String, Value>>>,
}

/// A document, and what becomes of what it does not have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StateBody {
    #[serde(deserialize_with = "object")]
    state: Document,
    /// Remove what the document does not have, in the sections that it has.
    #[serde(default)]
    prune: bool,
}

/// By its members' names alone: a list of its sections in their order is no document.
fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Document, D::Error> {
    let members = Map::<String, Value>::deserialize(deserializer)?;
    serde_json::from_value(Value::Object(members)).map_err(de::Error::custom)
}

/// What differs, and what was done about it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Plan)]
struct PlanView {
    /// Whether it was done.
    applied: bool,
    changes: Vec<ChangeView>,
    made: Vec<MadeView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Change)]
struct ChangeView {
    change: Kind,
    /// Where in the document.
    #[schema(example = "machines.nightly-import")]
    place: String,
    fields: Vec<FieldView>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChangeKind)]
enum Kind {
    Create,
    Change,
    Remove,
    /// It is there and not in the document, and stays.
    Unlisted,
}

/// A member that differs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangedField)]
struct FieldView {
    field: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value, required = false)]
    before: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value, required = false)]
    after: Option<Value>,
}

/// Something that has an id since.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MadeByPlan)]
struct MadeView {
    place: String,
    client_id: String,
    /// In this answer, and in no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client_secret: Option<String>,
}

async fn export(call: Call) -> Result<One<Document>, Problem> {
    let document = declared::export(&call.app, &call.by).await?;
    let unlike = |e| Fault::because(FaultKind::Bug, "what is exported is no document", e);
    let view = serde_json::from_value(document.clone()).map_err(unlike)?;
    Ok(One::of(&document, view)?)
}

async fn plan(call: Call, ask: StateBody) -> Result<PlanView, Problem> {
    made_so(call, ask, Doing::Said).await
}

async fn apply(call: Call, ask: StateBody) -> Result<PlanView, Problem> {
    made_so(call, ask, Doing::Done).await
}

async fn made_so(call: Call, ask: StateBody, doing: Doing) -> Result<PlanView, Problem> {
    let unlisted = if ask.prune { Unlisted::IsRemoved } else { Unlisted::Stays };
    match declared::apply(&call.app, &call.by, json!(ask.state), unlisted, doing).await {
        Ok(applied) => Ok(view(&applied, doing)),
        Err(NotApplied::Declined(declined)) => Err(declined.into()),
        Err(NotApplied::Wrong(wrong)) => {
            let error = |wrong: declared::Wrong| FieldError { field: wrong.place, message: wrong.why };
            Err(Problem::invalid(wrong.into_iter().map(error).collect()))
        }
    }
}

fn view(applied: &Applied, doing: Doing) -> PlanView {
    let made = applied.made.iter().map(|made| MadeView {
        place: made.place.clone(),
        client_id: made.id.to_string(),
        client_secret: made.secret.as_ref().map(Secret::expose).map(str::to_owned),
    });
    PlanView {
        applied: doing == Doing::Done,
        changes: applied.plan.changes.iter().map(change).collect(),
        made: made.collect(),
    }
}

fn change(change: &Change) -> ChangeView {
    let fields = change.fields.iter().map(|field| FieldView {
        field: field.name.clone(),
        before: field.before.clone(),
        after: field.after.clone(),
    });
    ChangeView {
        change: match change.kind {
            ChangeKind::Create => Kind::Create,
            ChangeKind::Change => Kind::Change,
            ChangeKind::Remove => Kind::Remove,
            ChangeKind::Unlisted => Kind::Unlisted,
        },
        place: change.place.clone(),
        fields: fields.collect(),
    }
}
