//! Everything that is measured, in the text format of Prometheus. `docs/metrics.md` is written from the list in `names.rs`.
//!
//! The text is made when somebody asks: what is counted lies in atomics (`app/metrics.rs`), and the rest is looked up here, each with
//! one look. Nothing in it came from a stranger: every label is a word of ours.

mod names;
mod page;
pub(crate) mod process;

use self::page::Page;
use super::backup::{self, There};
use super::doctor::disk;
use super::keep_head;
use crate::app::{App, AskedBy, Route};
use crate::base::{Fault, FaultKind};
use crate::model::{Algorithm, BackupState, Counted, KeyState, SigningKey};
use crate::store::AnyTable;
use crate::store::tables::{
    CLIENTS, CONSENTS, CREDENTIALS, DELEGATIONS, FAMILIES, MACHINES, PEOPLE, REFRESH, RESOURCES, SESSIONS,
};

pub use self::names::{Kind, METRICS, Metric};

/// Tables whose number of rows says how much there is of something.
const COUNTED: [&dyn AnyTable; 10] =
    [&PEOPLE, &SESSIONS, &CLIENTS, &MACHINES, &CREDENTIALS, &RESOURCES, &CONSENTS, &DELEGATIONS, &FAMILIES, &REFRESH];

/// The whole page. It looks at files, and so on a thread of its own.
pub async fn page(app: &App) -> Result<String, Fault> {
    let (app, backups) = (app.clone(), backup::look(app).await?);
    let made = tokio::task::spawn_blocking(move || text(&app, backups)).await;
    made.map_err(|error| Fault::because(FaultKind::Bug, "the page of metrics ended early", error))?
}

fn text(app: &App, found: Option<(There, BackupState)>) -> Result<String, Fault> {
    let mut page = Page::default();
    page.one(&names::BUILD, &[("version", env!("CARGO_PKG_VERSION"))], 1);
    requests(app, &mut page);
    passwords(app, &mut page);
    store(app, &mut page)?;
    keys(app, &mut page);
    backups(app, &mut page, found);
    page.family(&names::CERTIFICATE_LEFT);
    if let Some(until) = app.certificates.state().valid_until {
        page.sample(&names::CERTIFICATE_LEFT, &[], until.since(app.clock.now()).seconds());
    }
    audit(app, &mut page)?;
    page.each(&names::OUTBOUND, "outcome", app.outbound.outcomes());
    process::tell(app, &mut page);
    Ok(page.text())
}

fn requests(app: &App, page: &mut Page) {
    let metrics = &app.metrics;
    page.family(&names::REQUESTS);
    for route in Route::ALL {
        for (status, count) in metrics.statuses(route) {
            page.sample(&names::REQUESTS, &[("route", route.name()), ("status", status)], count);
        }
    }
    page.family(&names::REQUEST_TIMES);
    for route in Route::ALL {
        if let Some(times) = metrics.times(route) {
            page.histogram(&names::REQUEST_TIMES, &[("route", route.name())], &times);
        }
    }
    let limited = Route::ALL.into_iter().map(|route| (route.name(), metrics.times_limited(route)));
    page.each(&names::LIMITED, "route", limited);
    page.family(&names::GRANTS);
    for by in AskedBy::ALL {
        for (outcome, count) in metrics.outcomes(by) {
            page.sample(&names::GRANTS, &[("grant", by.name()), ("outcome", outcome)], count);
        }
    }
    let ever = |what: Counted| (what.name().trim_start_matches("refused_"), app.hours.ever(what));
    page.each(&names::REFUSALS, "reason", Counted::FAILURES.into_iter().map(ever));
    let sign_ins = [("signed_in", Counted::SignIn), ("refused", Counted::SignInFailed)];
    page.each(&names::SIGN_INS, "outcome", sign_ins.into_iter().map(|(name, what)| (name, app.hours.ever(what))));
}

fn passwords(app: &App, page: &mut Page) {
    page.one(&names::PASSWORDS_WAITING, &[], app.passwords.waiting() as u64);
    page.one(&names::PASSWORDS_REFUSED, &[], app.passwords.refused());
    page.family(&names::PASSWORD_TIMES);
    page.histogram(&names::PASSWORD_TIMES, &[], &app.passwords.times());
}

fn store(app: &App, page: &mut Page) -> Result<(), Fault> {
    page.one(&names::STORE_READY, &[], u64::from(app.store.ready()));
    if let Some(measured) = app.store.measured() {
        let told = [
            (&names::COMMIT_TIMES, &measured.commits),
            (&names::SYNC_TIMES, &measured.syncs),
            (&names::BATCHES, &measured.batches),
        ];
        for (metric, histogram) in told {
            page.family(metric);
            page.histogram(metric, &[], &histogram.read());
        }
        page.one(&names::WRITES_WAITING, &[], measured.waiting.get());
        page.one(&names::WRITES_REFUSED, &[], measured.refused.get());
    }
    page.family(&names::ROWS);
    for table in COUNTED {
        if let Some(rows) = app.store.count(table)? {
            page.sample(&names::ROWS, &[("table", table.name())], rows);
        }
    }
    // Without a file there is none to measure.
    if app.head_file.is_some() {
        if let Ok(file) = std::fs::metadata(app.config.store_file()) {
            page.one(&names::STORE_BYTES, &[], file.len());
        }
        if let Some(space) = disk::space(&app.config.data) {
            page.one(&names::DISK_FREE, &[], space.free);
            page.one(&names::DISK_SIZE, &[], space.size);
        }
    }
    Ok(())
}

/// Of each algorithm and state, how many keys there are and how old the oldest is.
fn keys(app: &App, page: &mut Page) {
    let (ring, now) = (app.keys.current(), app.clock.now());
    let mut told = Vec::new();
    for algorithm in Algorithm::ALL {
        for state in KEY_STATES {
            let these = || ring.rows().iter().filter(|row| row.algorithm == algorithm && state_of(row) == state);
            let oldest = these().map(|row| now.since(row.created_at).seconds()).max();
            told.push((algorithm.as_str(), state, these().count() as u64, oldest));
        }
    }
    page.family(&names::KEYS);
    for (algorithm, state, count, _) in &told {
        page.sample(&names::KEYS, &[("algorithm", algorithm), ("state", state)], *count);
    }
    page.family(&names::KEY_AGES);
    for (algorithm, state, _, oldest) in &told {
        if let Some(age) = oldest {
            page.sample(&names::KEY_AGES, &[("algorithm", algorithm), ("state", state)], *age);
        }
    }
}

const KEY_STATES: [&str; 4] = ["next", "signing", "retained", "revoked"];

const fn state_of(key: &SigningKey) -> &'static str {
    match key.state {
        KeyState::Next { .. } => "next",
        KeyState::Signing { .. } => "signing",
        KeyState::Retained { .. } => "retained",
        KeyState::Revoked { .. } => "revoked",
    }
}

fn backups(app: &App, page: &mut Page, found: Option<(There, BackupState)>) {
    page.family(&names::BACKUP_AGE);
    if let Some((There::Usable(at), _)) = &found {
        page.sample(&names::BACKUP_AGE, &[], app.clock.now().since(*at).seconds());
    }
    let failing = found.is_none_or(|(_, state)| state.failed.is_some());
    page.one(&names::BACKUP_FAILING, &[], u64::from(failing));
}

fn audit(app: &App, page: &mut Page) -> Result<(), Fault> {
    let head = app.store.audit_head()?;
    page.one(&names::AUDIT_ENTRIES, &[], head.sequence);
    page.one(&names::AUDIT_AGE, &[], app.clock.now().since(head.at).seconds());
    if app.config.audit.deliver_to.is_some() {
        page.one(&names::DELIVERED, &[], app.delivery.delivered.get());
        page.one(&names::DELIVERY_FAILURES, &[], app.delivery.failures.get());
        let reached = app.delivery.pace().sequence.unwrap_or(0);
        page.one(&names::DELIVERY_BEHIND, &[], head.sequence.saturating_sub(reached));
    }
    if let Some(path) = &app.head_file {
        // One that cannot be read is what `writ doctor` tells of; here, all of the log is then not kept.
        let kept = keep_head::read(path, &app.head_signer).ok().flatten().map_or(0, |kept| kept.sequence);
        page.one(&names::AUDIT_NOT_KEPT, &[], head.sequence.saturating_sub(kept));
    }
    Ok(())
}
