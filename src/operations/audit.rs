//! Reading the audit log, and checking that it is whole.

use std::str::FromStr;

use serde_json::{Map, Value};
use tokio::sync::OwnedSemaphorePermit;

use super::keep_head;
use super::seen::json;
use crate::app::App;
use crate::base::{Fault, FaultKind, Id, Lifetime, Timestamp};
use crate::model::{Credential, Event, Request};
use crate::operations::declined::Declined;
pub use crate::store::Entry;
use crate::store::tables::CREDENTIALS;
use crate::store::{
    AuditPage, Broken, Head, Look, Read as _, View, Word, audit_behind, audit_of_request, audit_page_of, audit_search,
    audit_search_by,
};

/// Most entries given at once.
pub const MOST: usize = 1_000;

/// Which entries are listed; of what is `None`, any.
#[derive(Clone, Debug, Default)]
pub struct Which {
    /// The event's name.
    pub event: Option<String>,
    /// Who did it: the id of a person or a client, or `operator`, `system`, `nobody`.
    pub by: Option<String>,
    /// Whatever the event names: a client, a person, a resource, a token.
    pub about: Option<String>,
    /// Whether somebody got what they wanted.
    pub outcome: Option<Outcome>,
    pub upkeep: Upkeep,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Only entries behind this number: for whoever has seen the others.
    pub after: Option<u64>,
    /// What tells of somebody acting for somebody.
    pub acting: ActedBy,
    /// The request that its caller was told the id of.
    pub request: Option<Id<Request>>,
}

/// How something came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// [`Event::is_refusal`]
    Refused,
}

impl FromStr for Outcome {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "done" => Ok(Self::Done),
            "refused" => Ok(Self::Refused),
            _ => Err("done or refused"),
        }
    }
}

/// What becomes of entries that the appliance writes for itself ([`Event::is_upkeep`]) where no event is asked for by its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Upkeep {
    #[default]
    Told,
    LeftOut,
}

/// Who acts for whom: the id of a machine, itself or as one in a chain, and of a person or a machine. One of them may be anybody.
#[derive(Clone, Debug, Default)]
pub struct ActedBy {
    pub actor: Option<String>,
    pub subject: Option<String>,
}

/// Entries stand in the order in which they were written. Their times are those of the requests, which may have begun a little earlier,
/// and a clock may be set back.
const OUT_OF_ORDER: Lifetime = Lifetime::from_hours(1);

/// Entries before the number `before`, the newest first. A page may be short, even empty, and not be the last.
pub async fn list(app: &App, which: Which, before: Option<u64>, limit: usize) -> Result<AuditPage, Fault> {
    // A name that no event has is not looked for through the whole log.
    if which.event.as_deref().is_some_and(|name| !Event::NAMES.contains(&name)) {
        return Ok(AuditPage { entries: Vec::new(), next: None });
    }
    let limit = limit.min(MOST);
    if let Some(request) = which.request {
        return of_request(app, which, before, request, limit).await;
    }
    app.store
        .read(move |view| {
            let until = which.until.map(|until| audit_behind(view, until.plus(OUT_OF_ORDER))).transpose()?.flatten();
            let before = before.into_iter().chain(until).min();
            let look = |entry: &Entry| which.look(entry);
            // Tokens have no word for the credential that bought them; every entry that names one names its machine.
            let credential = which.about.as_deref().and_then(|about| about.parse::<Id<Credential>>().ok());
            let found = credential.map(|id| view.get(&CREDENTIALS, &id)).transpose()?.flatten();
            let machine = found.map(|credential| credential.machine.to_string());
            let word = match credential {
                Some(_) => which.word(machine.as_deref()),
                None => which.word(which.about.as_deref()),
            };
            match (which.acting.pair(), word) {
                ((None, None), Some(word)) => audit_search_by(view, word, before, limit, look),
                ((None, None), None) => audit_search(view, before, limit, look),
                (pair, _) => audit_page_of(view, pair, before, limit, look),
            }
        })
        .await
}

/// The entries of one request, in short snapshots: its id tells when to look.
async fn of_request(
    app: &App,
    which: Which,
    before: Option<u64>,
    request: Id<Request>,
    limit: usize,
) -> Result<AuditPage, Fault> {
    let mut page = AuditPage { entries: Vec::new(), next: before };
    loop {
        let (before, left, which) = (page.next, limit - page.entries.len(), which.clone());
        let look = move |view: &View<'_>| {
            audit_of_request(view, before, request, left, |entry| match which.acting.is_in(entry) {
                true => which.look(entry),
                false => Look::Passes,
            })
        };
        let more = app.store.read(look).await?;
        page.entries.extend(more.entries);
        page.next = more.next;
        if page.next.is_none() || page.entries.len() >= limit {
            return Ok(page);
        }
        tokio::task::yield_now().await;
    }
}

impl ActedBy {
    fn pair(&self) -> (Option<&str>, Option<&str>) {
        (self.actor.as_deref(), self.subject.as_deref())
    }

    /// The same as the index of such entries says.
    fn is_in(&self, entry: &Entry) -> bool {
        match (self.pair(), entry.event.acting()) {
            ((None, None), _) => true,
            (_, None) => false,
            ((actor, subject), Some(acting)) => {
                actor.is_none_or(|actor| acting.actors.iter().any(|one| one.to_string() == actor))
                    && subject.is_none_or(|subject| acting.subject.text() == subject)
            }
        }
    }
}

impl Which {
    /// The rarest of what is asked for that the index has: a thing, then somebody, then a kind of event.
    fn word<'w>(&'w self, about: Option<&'w str>) -> Option<Word<'w>> {
        let about = about.map(Word::About);
        let (by, event) = (self.by.as_deref().map(Word::By), self.event.as_deref().map(Word::Event));
        about.into_iter().chain(by).chain(event).find(Word::leads)
    }

    fn look(&self, entry: &Entry) -> Look {
        if self.after.is_some_and(|after| entry.sequence <= after) {
            return Look::Ends;
        }
        if self.since.is_some_and(|since| entry.at.plus(OUT_OF_ORDER) < since) {
            return Look::Ends;
        }
        let fits = self.since.is_none_or(|since| entry.at >= since)
            && self.until.is_none_or(|until| entry.at < until)
            && self.event.as_deref().is_none_or(|name| entry.event.name() == name)
            && self.outcome.is_none_or(|outcome| entry.event.is_refusal() == (outcome == Outcome::Refused))
            && (self.upkeep == Upkeep::Told || self.event.is_some() || !entry.event.is_upkeep())
            && self.by.as_deref().is_none_or(|by| says(&entry.by, by))
            && self.about.as_deref().is_none_or(|about| says(&entry.event, about));
        if fits { Look::Fits } else { Look::Passes }
    }
}

/// Whether one of the texts in it is this one.
fn says(what: &impl serde::Serialize, text: &str) -> bool {
    fn within(value: &Value, text: &str) -> bool {
        match value {
            Value::String(found) => found == text,
            Value::Array(items) => items.iter().any(|item| within(item, text)),
            Value::Object(members) => members.values().any(|member| within(member, text)),
            _ => false,
        }
    }
    serde_json::to_value(what).is_ok_and(|value| within(&value, text))
}

/// An entry as it is told: the event's own members beside who, when and where.
pub fn told(entry: &Entry) -> Result<Value, Fault> {
    let mut members = Map::new();
    members.insert("sequence".to_owned(), entry.sequence.into());
    members.insert("at".to_owned(), entry.at.iso().into());
    members.insert("by".to_owned(), json(&entry.by)?);
    members.insert("from".to_owned(), json(&entry.from)?);
    let Value::Object(mut details) = json(&entry.event)? else { return Ok(Value::Object(members)) };
    members.insert("event".to_owned(), details.remove("event").unwrap_or_default());
    members.insert("details".to_owned(), Value::Object(details));
    Ok(Value::Object(members))
}

/// Walks the whole log, through the head that was kept outside the file, in a thread that may take its time.
pub async fn verify(app: &App) -> Result<Result<Head, Broken>, Fault> {
    walk(app, None).await
}

/// [`verify`] for somebody far away: it takes a second for each million entries, so it is done for one at a time.
pub async fn verify_alone(app: &App) -> Result<Result<Head, Broken>, Declined> {
    let Ok(turn) = app.verification.clone().try_acquire_owned() else {
        return Err(Declined::Conflict("the log is being verified at this moment: ask again in a while".to_owned()));
    };
    Ok(walk(app, Some(turn)).await?)
}

async fn walk(app: &App, turn: Option<OwnedSemaphorePermit>) -> Result<Result<Head, Broken>, Fault> {
    let app = app.clone();
    tokio::task::spawn_blocking(move || {
        // Given back when the walk is over, whether or not somebody still waits for it.
        let _turn = turn;
        app.store.verify_audit(keep_head::kept(&app)?.as_ref())
    })
    .await
    .map_err(|error| Fault::because(FaultKind::Bug, "the verification ended early", error))?
}
