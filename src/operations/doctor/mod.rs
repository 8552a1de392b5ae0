//! `writ doctor`: everything that somebody who helps would ask first, each with what was found and how to mend it.
//!
//! To add a check, write a function that takes the [`Patient`] and returns what it found, in a file here, and put it into [`CHECKS`]. It
//! may take its time and ask others over the network (it runs on a thread of its own), and it changes nothing. One that needs nothing but
//! the settings goes into [`OUTSIDE`]: it is also run when the appliance does not open.

mod address;
mod audit;
mod backups;
mod certificate;
mod clock;
mod delivery;
mod descriptors;
pub mod disk;
mod files;
mod finding;
mod keys;
mod settings;
mod store;

use serde::{Deserialize, Serialize};

pub use self::finding::{Finding, State, worst};
use crate::app::App;
use crate::base::{Fault, FaultKind, Timestamp};
use crate::config::Config;

/// What is examined.
pub struct Patient<'a> {
    pub app: &'a App,
    pub now: Timestamp,
    /// Whether it is answering at this moment, or only its file was opened.
    pub is_serving: bool,
    pub ask: &'a Ask,
}

/// What somebody wants to have looked at besides.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ask {
    /// An address whose `Date` the clock is held against.
    #[serde(default)]
    pub time_from: Option<String>,
}

/// One thing, or several, that are looked at.
type Check = fn(&Patient<'_>) -> Vec<Finding>;

/// Every check of an appliance that opens, in the order in which they are told.
const CHECKS: &[Check] = &[
    store::writable,
    keys::in_force,
    keys::on_schedule,
    audit::head,
    audit::kept,
    delivery::copied,
    certificate::shown,
    backups::made,
    descriptors::left,
    clock::steady,
    clock::with_others,
    address::discovery,
    address::key_set,
    address::proxy,
];

/// Every check that needs no more than the settings.
const OUTSIDE: &[fn(&Config) -> Vec<Finding>] = &[files::owned, disk::room, settings::doubts];

/// Looks at an appliance. Not for a thread that drives futures: it waits for answers.
fn examine(patient: &Patient<'_>) -> Vec<Finding> {
    CHECKS.iter().flat_map(|check| check(patient)).collect()
}

/// The same, on a thread of its own.
pub async fn inside(app: &App, now: Timestamp, is_serving: bool, ask: Ask) -> Result<Vec<Finding>, Fault> {
    let app = app.clone();
    let looked = tokio::task::spawn_blocking(move || examine(&Patient { app: &app, now, is_serving, ask: &ask }));
    looked.await.map_err(|error| Fault::because(FaultKind::Bug, "the examination ended early", error))
}

/// Looks at what is there without opening it.
pub fn outside(config: &Config) -> Vec<Finding> {
    OUTSIDE.iter().flat_map(|check| check(config)).collect()
}

/// Those that decide whether this process should be asked anything now. Whoever likes may have them run: they look at what is in memory.
const DECIDING: &[Check] = &[store::writable, keys::in_force, certificate::shown];

/// Those that find nothing that is broken, only what should be looked at, and take reads, signatures and plans to find it.
const TELLING: &[Check] = &[keys::on_schedule, audit::kept, delivery::copied];

/// What decides whether this process should be asked anything now, and how much room there is, which the system knows.
pub fn deciding(app: &App, now: Timestamp) -> Vec<Finding> {
    let mut found = serving(app, now, DECIDING);
    if app.head_file.is_some() {
        found.extend(disk::room(&app.config));
    }
    found
}

/// What else there is to tell somebody who may know why. Nothing here asks the network.
pub fn telling(app: &App, now: Timestamp) -> Vec<Finding> {
    serving(app, now, TELLING)
}

/// Both.
pub fn readiness(app: &App, now: Timestamp) -> Vec<Finding> {
    [deciding(app, now), telling(app, now)].concat()
}

fn serving(app: &App, now: Timestamp, checks: &[Check]) -> Vec<Finding> {
    let patient = Patient { app, now, is_serving: true, ask: &Ask::default() };
    checks.iter().flat_map(|check| check(&patient)).collect()
}
