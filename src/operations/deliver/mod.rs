//! Sends a copy of the audit log somewhere else: every entry, in order, at least once.
//!
//! A pass over the log and not a copy on the side of each write: whoever is slow or down slows nothing here, for the log itself is what
//! waits for them. How far the copy has got is a row, put down now and then; after a crash it lags a little behind, and what is between is
//! sent again. An entry's `sequence` tells a receiver what it has already.

mod file;
mod syslog;
mod webhook;

use serde_json::Value;

use super::audit::told;
use crate::app::App;
use crate::base::{Fault, FaultKind, Lifetime, Timestamp};
use crate::config::DeliverTo;
use crate::model::{Context, Delivered};
use crate::store::tables::DELIVERED;
use crate::store::{Entry, Read, audit_after};

/// Most entries, and bytes, that are sent at once.
const MOST_ENTRIES: usize = 500;
const MOST_BYTES: usize = 1 << 20;
/// Most batches of one round.
const BATCHES: usize = 200;
/// How far the row may lag behind.
const SAVED_EVERY: Lifetime = Lifetime::from_seconds(10);
const SAVED_AFTER: u64 = 50_000;

/// Why a batch did not arrive, in words of ours for whoever watches.
struct Undelivered {
    why: String,
    retry_after: Option<Lifetime>,
}

impl Undelivered {
    fn because(why: impl Into<String>) -> Self {
        Self { why: why.into(), retry_after: None }
    }
}

/// Entries as they are sent.
struct Batch {
    first: u64,
    last: u64,
    lines: Vec<Line>,
}

struct Line {
    at: Timestamp,
    event: &'static str,
    /// One JSON text without a line break in it.
    json: String,
}

/// Delivers what there is, if it is time. Safe to call as often as one likes; nobody else may do so at the same time.
pub async fn round(app: &App, ctx: &Context) -> Result<(), Fault> {
    let Some(to) = app.config.audit.deliver_to.clone() else { return Ok(()) };
    let place = to.digest();
    if app.delivery.pace().sequence.is_none() {
        // What the last process knew; of a place that is new, nothing: it gets the log from its first entry on.
        let known = app.store.read(move |view| view.get(&DELIVERED, &place)).await?;
        let sequence = known.map_or(0, |known| known.sequence);
        let mut pace = app.delivery.pace();
        (pace.sequence, pace.saved, pace.saved_at) = (Some(sequence), sequence, ctx.at);
    }
    let due = app.delivery.pace().next_try_at <= ctx.at;
    if due {
        let app = app.clone();
        let worked = tokio::task::spawn_blocking(move || work(&app, &to));
        worked.await.map_err(|e| Fault::because(FaultKind::Bug, "the delivery ended early", e))??;
    }
    // Others took their time.
    let now = app.clock.now();
    let pace = app.delivery.pace().clone();
    let moved = pace.sequence.unwrap_or(0).saturating_sub(pace.saved);
    if moved > SAVED_AFTER || (moved > 0 && now.since(pace.saved_at) >= SAVED_EVERY) {
        save(app, &Context { at: now, ..ctx.clone() }).await?;
    }
    Ok(())
}

/// Puts down how far it has got: at the end, and now and then.
pub async fn save(app: &App, ctx: &Context) -> Result<(), Fault> {
    let Some(place) = app.config.audit.deliver_to.as_ref().map(DeliverTo::digest) else { return Ok(()) };
    let pace = app.delivery.pace().clone();
    let Some(sequence) = pace.sequence.filter(|sequence| *sequence > pace.saved) else { return Ok(()) };
    let row = Delivered { sequence, at: ctx.at };
    app.store.write("note what was delivered", ctx, move |tx| tx.put(&DELIVERED, &place, &row)).await?;
    let mut pace = app.delivery.pace();
    (pace.saved, pace.saved_at) = (sequence, ctx.at);
    Ok(())
}

fn work(app: &App, to: &DeliverTo) -> Result<(), Fault> {
    let began = app.clock.now();
    for _ in 0..BATCHES {
        let at = app.clock.now();
        // A receiver that is slow: how far it has got is put down before there is more.
        if app.delivery.is_over() || at.since(began) >= SAVED_EVERY {
            return Ok(());
        }
        let after = app.delivery.pace().sequence.unwrap_or(0);
        let Some(batch) = gather(app, after)? else { return Ok(()) };
        let sent = match to {
            DeliverTo::File(path) => file::append(path, &app.config.audit, &batch),
            DeliverTo::Syslog(at) => syslog::send(at, app.issuer.authority(), &batch),
            DeliverTo::Webhook(url) => webhook::post(app, url, at, &batch),
        };
        let was_failing = app.delivery.pace().failed > 0;
        match sent {
            Ok(()) => {
                app.delivery.succeeded(batch.last, batch.lines.len() as u64);
                if was_failing {
                    tracing::info!(to = to.name(), "the audit log is delivered again");
                }
            }
            Err(Undelivered { why, retry_after }) => {
                if !was_failing {
                    tracing::warn!(
                        to = to.name(),
                        why,
                        "the audit log is not delivered; it is tried again until it is"
                    );
                }
                // From now on, and not from before it was waited for.
                app.delivery.failed(why, app.clock.now(), retry_after);
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The entries behind a number; `None` if there are none.
fn gather(app: &App, after: u64) -> Result<Option<Batch>, Fault> {
    let entries = app.store.read_blocking(|view| audit_after(view, after, MOST_ENTRIES))?;
    let Some(first) = entries.first().map(|entry| entry.sequence) else { return Ok(None) };
    let mut batch = Batch { first, last: first, lines: Vec::new() };
    let mut bytes = 0;
    for entry in &entries {
        let json = json(entry)?;
        bytes += json.len();
        if bytes > MOST_BYTES && !batch.lines.is_empty() {
            break;
        }
        batch.last = entry.sequence;
        batch.lines.push(Line { at: entry.at, event: entry.event.name(), json });
    }
    Ok(Some(batch))
}

/// As the API tells it, with the hash that chains it.
fn json(entry: &Entry) -> Result<String, Fault> {
    let mut value = told(entry)?;
    if let Value::Object(members) = &mut value {
        members.insert("hash".to_owned(), entry.hash.text().into());
    }
    Ok(value.to_string())
}
