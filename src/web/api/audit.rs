//! The audit log.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::answer::Listed;
use super::call::Call;
use super::cursor::Window;
use super::operation::{Noun, What};
use super::problem::Problem;
use super::wire::{Nothing, Wrong, moment};
use crate::base::Id;
use crate::model::{Machine, Request};
use crate::operations::audit::{self, ActedBy, Outcome, Which};
use crate::protocol::own_scopes::AUDIT;

pub(super) fn noun() -> Noun {
    Noun::new("Audit log", "sequence", "Everything that happened, chained by hashes. A page of a search may be short, even empty, and not be the last.")
        .list(What("/api/v1/audit", "listAudit", AUDIT.read, "List entries, the newest first"), list)
        .tell(
            What("/api/v1/audit/verification", "verifyAudit", AUDIT.read, "Check that no entry was changed, removed, moved or added"),
            verify,
        )
}

/// One entry.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
struct EntryView {
    sequence: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Value,
    /// `{"person": "per_…"}`, `{"client": "mch_…"}`, or one of `operator`, `system`, `nobody`.
    #[schema(value_type = Value)]
    by: Value,
    /// The channel, the network, the request.
    #[schema(value_type = Object)]
    from: Value,
    /// The event's name.
    #[schema(value_type = String, example = "client.suspended")]
    event: Value,
    /// The event's own members.
    #[schema(value_type = Object)]
    details: Value,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only events of this name, for instance `token.issued`.
    #[serde(default)]
    #[param(nullable = false)]
    event: Option<String>,
    /// Only what this person or client did: an id, `operator`, `system` or `nobody`.
    #[serde(default)]
    #[param(nullable = false)]
    by: Option<String>,
    /// Only events that name this: the id of a client, a person, a resource, a token.
    #[serde(default)]
    #[param(nullable = false)]
    about: Option<String>,
    /// Only what this machine did in somebody's name, itself or as one in a chain: `mch_…`.
    #[serde(default)]
    #[param(nullable = false)]
    actor: Option<String>,
    /// Only what machines did in the name of this person or machine: `per_…` or `mch_…`.
    #[serde(default)]
    #[param(nullable = false)]
    subject: Option<String>,
    /// Only where somebody got what they wanted, or only where somebody did not.
    #[serde(default)]
    #[param(nullable = false, inline)]
    outcome: Option<Asked>,
    /// Only entries of this request: the `error_id` that somebody was given.
    #[serde(default)]
    #[param(nullable = false)]
    request: Option<String>,
    /// Only from this time on, written `2026-11-21T08:15:30Z`.
    #[serde(default)]
    #[param(nullable = false)]
    since: Option<String>,
    /// Only before this time.
    #[serde(default)]
    #[param(nullable = false)]
    until: Option<String>,
}

/// How it came out.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Asked {
    Done,
    Refused,
}

/// Whether the log is whole.
#[derive(Debug, Serialize, ToSchema)]
struct Verdict {
    intact: bool,
    /// How many entries there are, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    entries: Option<u64>,
    /// The hash that stands for all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    hash: Option<String>,
    /// The first entry with which something is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sequence: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    why: Option<String>,
}

async fn list(call: Call, window: Window, filter: Filter) -> Result<Listed<EntryView>, Problem> {
    let mut wrong = Wrong::default();
    let mut time = |field, text: Option<String>| text.and_then(|text| wrong.parsed(field, moment(&text)));
    let (since, until) = (time("since", filter.since), time("until", filter.until));
    let actor = filter.actor.and_then(|text| wrong.parsed("actor", text.parse::<Id<Machine>>()));
    let subject = filter.subject.and_then(|text| wrong.parsed("subject", super::delegations::subject(&text)));
    let request = filter.request.and_then(|text| wrong.parsed("request", text.parse::<Id<Request>>()));
    wrong.none()?;
    let acting = ActedBy { actor: actor.map(|id| id.to_string()), subject: subject.map(|whom| whom.text()) };
    let (event, by, about) = (filter.event, filter.by, filter.about);
    let outcome = filter.outcome.map(|outcome| match outcome {
        Asked::Done => Outcome::Done,
        Asked::Refused => Outcome::Refused,
    });
    let which = Which { event, by, about, outcome, since, until, acting, request, ..Which::default() };
    let page = audit::list(&call.app, which, window.from()?, window.limit).await?;
    let entries = page.entries.iter().map(|entry| {
        let mut told = audit::told(entry)?;
        let mut member = |name: &str| told.get_mut(name).map(Value::take).unwrap_or_default();
        Ok(EntryView {
            sequence: entry.sequence,
            at: member("at"),
            by: member("by"),
            from: member("from"),
            event: member("event"),
            details: member("details"),
        })
    });
    Ok(Listed::of(entries.collect::<Result<_, Problem>>()?, &window, page.next))
}

async fn verify(call: Call, _: Nothing) -> Result<Verdict, Problem> {
    let none = Verdict { intact: false, entries: None, hash: None, sequence: None, why: None };
    Ok(match audit::verify_alone(&call.app).await? {
        Ok(head) => Verdict { intact: true, entries: Some(head.sequence), hash: Some(head.hash.text()), ..none },
        Err(broken) => Verdict { sequence: Some(broken.sequence), why: Some(broken.to_string()), ..none },
    })
}
