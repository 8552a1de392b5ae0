//! `writ compact` and `writ migrate`: about the file of an appliance that is stopped.

use serde_json::{Value, json};

use super::CommandError;
use crate::base::Clock;
use crate::config::Config;
use crate::operations::keep_file;
use crate::store::migrate::aside;

#[derive(Debug, clap::Args)]
pub(super) struct Migrate {
    /// Only try it, on a copy
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn compact(config: &Config) -> Result<Value, CommandError> {
    let compacted = keep_file::compact(config)?;
    Ok(json!({
        "file": config.store_file().display().to_string(),
        "bytes_before": compacted.before,
        "bytes_after": compacted.after,
    }))
}

impl Migrate {
    pub(super) fn run(&self, config: &Config) -> Result<Value, CommandError> {
        let clock = Clock::System;
        let done = if self.dry_run { keep_file::rehearse(config, &clock) } else { keep_file::migrate(config, &clock) };
        let done = done?;
        let copy = (!self.dry_run && done.from < done.to && done.from > 0)
            .then(|| aside(&config.store_file(), done.from).display().to_string());
        Ok(json!({
            "layout_before": done.from,
            "layout_after": done.to,
            "steps": done.steps,
            "entries": done.entries,
            "copy": copy,
            "done": !self.dry_run,
        }))
    }
}
