//! `writ restore`. No command for a running appliance: it makes the file that one is started on.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::CommandError;
use crate::base::Clock;
use crate::config::Config;
use crate::operations::backup::restore::{Ask, Newer, Place, Sessions, restore};

#[derive(Debug, clap::Args)]
pub(super) struct Restore {
    /// The backup
    backup: PathBuf,
    /// The data directory to make [default: the setting data]. The master key must be in it, or in the settings
    #[arg(long, value_name = "DIRECTORY")]
    into: Option<PathBuf>,
    /// Take the place of the store that is there, which is kept beside it under another name
    #[arg(long)]
    replace: bool,
    /// Leave people signed in and tokens good, as they were when the backup was made
    #[arg(long)]
    keep_sessions: bool,
    /// Believe nothing of the newer store that is there: whoever it stopped is not stopped
    #[arg(long)]
    discard_newer: bool,
    /// The master key of the newer store that is there, if it was changed after the backup was made
    #[arg(long, value_name = "FILE", conflicts_with = "discard_newer")]
    newer_key: Option<PathBuf>,
}

impl Restore {
    pub(super) fn run(self, mut config: Config) -> Result<Value, CommandError> {
        if let Some(into) = self.into {
            config.data = into;
        }
        let ask = Ask {
            backup: self.backup,
            place: if self.replace { Place::Replace } else { Place::Empty },
            sessions: if self.keep_sessions { Sessions::Keep } else { Sessions::End },
            newer: if self.discard_newer { Newer::Discard } else { Newer::CarryOver },
            newer_key: self.newer_key,
        };
        let told = restore(&config, &ask, &Clock::System)?;
        let ended: Vec<Value> =
            told.ended.iter().map(|(what, count)| json!({ "ended": what, "count": count })).collect();
        let carried: Vec<Value> = (told.carried.iter())
            .map(|one| json!({ "carried_over": one.what, "count": one.count, "which": one.which }))
            .collect();
        Ok(json!({
            "restored": config.store_file().display().to_string(),
            "made_at": told.header.made_at.iso(),
            "entries": told.header.head.sequence,
            "missing": told.missing,
            "kept": told.aside.map(|aside| aside.display().to_string()),
            "ended": ended,
            "carried_over": carried,
            "to_do": told.advice.iter().map(|text| json!({ "to do": text })).collect::<Vec<_>>(),
        }))
    }
}
