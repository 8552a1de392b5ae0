//! `writ settings`.

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Command, CommandError};
use crate::app::App;
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;
use crate::operations::settings::{self, Held};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the settings that hold, and where each came from
    List(List),
    /// Put a value in the place of a setting: at once, and after a restart
    Set(Set),
    /// Let hold again what was read at the start
    Reset(Reset),
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct List {
    /// Only those that can be changed while Writ runs
    #[arg(long)]
    #[serde(default)]
    live: bool,
    /// Only those that were changed while Writ ran
    #[arg(long)]
    #[serde(default)]
    changed: bool,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Set {
    /// Its name: `lifetimes.access`
    setting: String,
    /// The value, as it would stand in the file
    value: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Reset {
    /// Its name
    setting: String,
}

impl Verb {
    pub(super) fn command(self) -> Command {
        match self {
            Self::List(ask) => Command::SettingsList(ask),
            Self::Set(ask) => Command::SettingsSet(ask),
            Self::Reset(ask) => Command::SettingsReset(ask),
        }
    }
}

pub(super) fn list(app: &App, ask: &List) -> Result<Value, CommandError> {
    let all = settings::list(app)?;
    let wanted = |held: &&Held| (!ask.live || held.setting.is_live()) && (!ask.changed || held.kept.is_some());
    let rows: Vec<Value> = all.iter().filter(wanted).map(row).collect();
    Ok(json!({ "settings": rows }))
}

pub(super) async fn set(app: &App, by: &Operator, ask: Set) -> Result<Value, CommandError> {
    Ok(row(&settings::set(app, by, &ask.setting, &ask.value, Seen::Anything).await?))
}

pub(super) async fn reset(app: &App, by: &Operator, ask: Reset) -> Result<Value, CommandError> {
    Ok(row(&settings::reset(app, by, &ask.setting, Seen::Anything).await?))
}

fn row(held: &Held) -> Value {
    json!({
        "setting": held.name, "value": held.entry.value, "source": held.entry.source, "read": held.read.value,
        "live": held.setting.is_live(), "set_at": held.kept.as_ref().map(|kept| kept.at.iso()), "does_not_hold": held.aside,
    })
}
