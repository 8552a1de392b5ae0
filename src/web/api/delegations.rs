//! Who may act in whose name.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::answer::{Listed, One};
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::{Reason, StillTaken, Wrong, list as names, texts};
use crate::base::{Lifetime, Timestamp};
use crate::model::{ClientId, Delegation, DelegationState, Subject};
use crate::operations::delegations::{self, Life, NewDelegation, USUAL, Which};
use crate::protocol::own_scopes::DELEGATIONS;

pub(super) fn noun() -> Noun {
    let at = "/api/v1/delegations/{id}";
    Noun::new(
        "Delegations",
        "id",
        "Which machine may act in whose name (RFC 8693), where and until when. What one says never changes: end it and grant another.",
    )
    .list(What("/api/v1/delegations", "listDelegations", DELEGATIONS.read, "List delegations, the newest first"), list)
    .create(
        What("/api/v1/delegations", "grantDelegation", DELEGATIONS.write, "Let a machine act in somebody's name"),
        grant,
    )
    .show(What(at, "showDelegation", DELEGATIONS.read, "Show a delegation"), show)
    .act(
        What(
            "/api/v1/delegations/{id}/revocation",
            "revokeDelegation",
            DELEGATIONS.write,
            "Take a delegation back: the tokens that came of it are over",
        ),
        revoke,
    )
}

/// Leave for a machine to act in somebody's name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delegation)]
struct DelegationView {
    #[schema(example = "dlg_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    id: String,
    /// The machine that may act.
    actor: String,
    /// In whose name: a person's, or another machine's.
    subject: String,
    /// No token that comes of it says more.
    scopes: Vec<String>,
    /// Where; none for wherever the machine may go.
    resources: Vec<String>,
    /// The machine that its tokens name as the next who may act.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    may_act: Option<String>,
    /// Whether the person may be of another tenant than the machine.
    across: bool,
    purpose: String,
    state: State,
    /// As the audit log says it.
    #[schema(value_type = Value)]
    granted_by: Value,
    #[schema(format = DateTime)]
    granted_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    /// How it ended, if somebody ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    revoked: Option<RevokedView>,
    /// What may still be taken of the tokens that came of it: where it was just taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    still_taken: Option<StillTaken>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Revoked)]
struct RevokedView {
    #[schema(format = DateTime)]
    at: String,
    /// As the audit log says it.
    #[schema(value_type = Value)]
    by: Value,
    because: String,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DelegationState)]
enum State {
    Live,
    Expired,
    Revoked,
}

/// A delegation to be made. There is one at a time for each pair.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewDelegationBody {
    #[schema(max_length = 64, example = "mch_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    actor: String,
    #[schema(max_length = 64, example = "per_01jd2v6k3m8x9q4w7t5r1n0b2c")]
    subject: String,
    #[schema(min_items = 1, max_items = 64, example = json!(["mcp:read"]))]
    scopes: Vec<String>,
    #[serde(default)]
    #[schema(max_items = 64)]
    resources: Vec<String>,
    #[serde(default)]
    #[schema(max_length = 64)]
    may_act: Option<String>,
    /// Whether the person may be of another tenant than the machine.
    #[serde(default)]
    across: bool,
    /// As the person reads it.
    #[schema(min_length = 1, max_length = 500, example = "Answers tickets")]
    purpose: String,
    /// In seconds; without it, 90 days.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 31622400)]
    expires_in: Option<u64>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only those by which this machine acts.
    #[serde(default)]
    #[param(nullable = false)]
    actor: Option<String>,
    /// Only those in the name of this person or machine.
    #[serde(default)]
    #[param(nullable = false)]
    subject: Option<String>,
    /// Only those that stand so.
    #[serde(default)]
    #[param(nullable = false)]
    state: Option<State>,
}

async fn list(call: Call, window: Window, filter: Filter) -> Result<Listed<DelegationView>, Problem> {
    let mut wrong = Wrong::default();
    let which = Which {
        actor: filter.actor.and_then(|id| wrong.parsed("actor", id.parse())),
        subject: filter.subject.and_then(|id| wrong.parsed("subject", subject(&id))),
        state: filter.state.map(|state| match state {
            State::Live => Life::Live,
            State::Expired => Life::Expired,
            State::Revoked => Life::Revoked,
        }),
    };
    wrong.none()?;
    let now = call.by.at;
    let page = delegations::list(&call.app, now, which, window.from()?, window.limit).await?;
    Ok(Listed::of(page.rows.iter().map(|(_, delegation)| view(delegation, now)).collect(), &window, page.next))
}

async fn show(call: Call) -> Result<One<DelegationView>, Problem> {
    shown(&delegations::find(&call.app, call.id()?).await?, call.by.at)
}

async fn grant(call: Call, ask: NewDelegationBody) -> Result<(String, One<DelegationView>), Problem> {
    let mut wrong = Wrong::default();
    let (actor, subject) = (wrong.parsed("actor", ask.actor.parse()), wrong.parsed("subject", subject(&ask.subject)));
    let (scope, resources) = (wrong.scopes("scopes", &ask.scopes), wrong.resources("resources", &ask.resources));
    let may_act = ask.may_act.and_then(|id| wrong.parsed("may_act", id.parse()));
    let (Some(actor), Some(subject), Some(scope), Some(resources)) = (actor, subject, scope, resources) else {
        return Err(wrong.problem());
    };
    wrong.none()?;
    let lasts = ask.expires_in.map_or(USUAL, Lifetime::from_seconds);
    let new =
        NewDelegation { actor, subject, scope, resources, may_act, across: ask.across, purpose: ask.purpose, lasts };
    let made = delegations::grant(&call.app, &call.by, new).await?;
    Ok((made.id.to_string(), shown(&made, call.by.at)?))
}

async fn revoke(call: Call, ask: Reason) -> Result<One<DelegationView>, Problem> {
    let (over, left) = delegations::revoke(&call.app, &call.by, call.id()?, call.seen(), &ask.because).await?;
    let view = DelegationView { still_taken: Some(left.into()), ..view(&over, call.by.at) };
    Ok(One::of(&over, view)?)
}

/// One acts for a person or for a machine, each by its id.
pub(super) fn subject(text: &str) -> Result<Subject, &'static str> {
    if let Ok(person) = text.parse() {
        return Ok(Subject::Person(person));
    }
    match text.parse() {
        Ok(machine) => Ok(Subject::Client(ClientId::Machine(machine))),
        Err(_) => Err("the id of a person or of a machine"),
    }
}

fn shown(delegation: &Delegation, now: Timestamp) -> Result<One<DelegationView>, Problem> {
    Ok(One::of(delegation, view(delegation, now))?)
}

fn view(delegation: &Delegation, now: Timestamp) -> DelegationView {
    let revoked = match &delegation.state {
        DelegationState::Live => None,
        DelegationState::Revoked { at, by, because } => Some(RevokedView {
            at: at.iso(),
            by: serde_json::to_value(by).unwrap_or_default(),
            because: because.clone(),
        }),
    };
    DelegationView {
        id: delegation.id.to_string(),
        actor: delegation.actor.to_string(),
        subject: delegation.subject.text(),
        scopes: names(&delegation.scope),
        resources: texts(&delegation.resources),
        may_act: delegation.may_act.map(|next| next.to_string()),
        across: delegation.across,
        purpose: delegation.purpose.clone(),
        state: match Life::of(delegation, now) {
            Life::Live => State::Live,
            Life::Expired => State::Expired,
            Life::Revoked => State::Revoked,
        },
        granted_by: serde_json::to_value(&delegation.granted_by).unwrap_or_default(),
        granted_at: delegation.granted_at.iso(),
        expires_at: delegation.expires_at.iso(),
        revoked,
        still_taken: None,
    }
}
