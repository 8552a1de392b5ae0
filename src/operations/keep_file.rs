//! What is done to the store's file while nobody serves it: made smaller, and brought to another layout.

use crate::base::{Clock, Fault, FaultKind};
use crate::config::Config;
use crate::operations::backup::restore::master_key;
use crate::operations::declined::Declined;
use crate::store::migrate::{self, Rehearsed};
use crate::store::{CACHE, Compacted, Store, compact as compact_file};

/// Gives back what the file does not need.
pub fn compact(config: &Config) -> Result<Compacted, Declined> {
    there(config)?;
    compact_file(&config.store_file()).map_err(|fault| stopped(config, fault))
}

/// Takes the steps to this version's layout on a copy, and says what they are.
pub fn rehearse(config: &Config, clock: &Clock) -> Result<Rehearsed, Declined> {
    there(config)?;
    let key = master_key(config)?.audit_head()?;
    let scratch = config.data.join("writ.redb.rehearsal");
    if scratch.exists() {
        let failed = |e| Fault::because(FaultKind::Storage, format!("{} is in the way", scratch.display()), e);
        std::fs::remove_file(&scratch).map_err(failed)?;
    }
    migrate::rehearse(&config.store_file(), &key, &scratch, clock.now()).map_err(|fault| stopped(config, fault))
}

/// Takes them.
pub fn migrate(config: &Config, clock: &Clock) -> Result<Rehearsed, Declined> {
    let rehearsed = rehearse(config, clock)?;
    let key = master_key(config)?.audit_head()?;
    let opened = Store::open(&config.store_file(), CACHE, key, clock.now());
    opened.map_err(|fault| stopped(config, fault))?;
    Ok(rehearsed)
}

fn there(config: &Config) -> Result<(), Declined> {
    let file = config.store_file();
    match file.exists() {
        true => Ok(()),
        false => Err(Declined::Missing(format!("there is no {}", file.display()))),
    }
}

fn stopped(config: &Config, fault: Fault) -> Declined {
    match fault.kind() {
        FaultKind::Busy => {
            Declined::Conflict(format!("{} is in use: stop the appliance first", config.store_file().display()))
        }
        _ => Declined::Broken(fault),
    }
}
