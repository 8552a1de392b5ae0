//! `writ backup`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Command, CommandError, ErrorKind};
use crate::app::App;
use crate::base::Clock;
use crate::config::Config;
use crate::operations::backup::fetch::{self, Which};
use crate::operations::backup::{self, file::Header};
use crate::operations::operator::Operator;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Backup {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// The file to make, or a directory to make one in [default: the setting backup.directory]
    #[arg(value_name = "FILE|DIRECTORY")]
    place: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the backups in a place, the newest first
    List {
        /// The directory [default: the setting backup.directory]
        directory: Option<PathBuf>,
    },
    /// Get a backup back from the object store of the settings; no appliance is needed for it
    Fetch(Fetch),
}

#[derive(Debug, clap::Args)]
pub(super) struct Fetch {
    /// What it is called, as --list says it
    #[arg(required_unless_present_any = ["newest", "list"])]
    name: Option<String>,
    /// The newest that is there
    #[arg(long, conflicts_with_all = ["name", "list"])]
    newest: bool,
    /// List what is there, the newest first, and fetch nothing
    #[arg(long, conflicts_with_all = ["name", "to", "replace"])]
    list: bool,
    /// The directory to put it into [default: the setting backup.directory]
    #[arg(long, value_name = "DIRECTORY")]
    to: Option<PathBuf>,
    /// Take the place of a file of that name
    #[arg(long)]
    replace: bool,
}

/// What was typed: something for an appliance, or something that needs none.
pub(super) enum Asked {
    Told(Command),
    Fetch(Fetch),
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Make {
    place: Option<PathBuf>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct List {
    directory: Option<PathBuf>,
}

impl Backup {
    pub(super) fn asked(self) -> Result<Asked, CommandError> {
        Ok(match self.verb {
            None => Asked::Told(Command::Backup(Make { place: self.place.as_deref().map(absolute).transpose()? })),
            Some(Verb::List { directory }) => {
                let directory = directory.as_deref().map(absolute).transpose()?;
                Asked::Told(Command::BackupList(List { directory }))
            }
            Some(Verb::Fetch(fetch)) => Asked::Fetch(fetch),
        })
    }
}

impl Fetch {
    pub(super) fn run(self, config: &Config) -> Result<Value, CommandError> {
        if self.list {
            let there = fetch::stored(config, &Clock::System)?;
            let rows: Vec<Value> = (there.iter())
                .map(|one| json!({ "name": one.name, "bytes": one.bytes, "stored_at": one.stored_at }))
                .collect();
            return Ok(json!({ "backups": rows }));
        }
        let which = self.name.map_or(Which::Newest, Which::Named);
        let ask = fetch::Ask { which, folder: self.to, replace: self.replace };
        let fetched = fetch::fetch(config, &ask, &Clock::System)?;
        let mut told = of(&fetched.header);
        if let Value::Object(members) = &mut told {
            members.insert("file".to_owned(), fetched.path.display().to_string().into());
            members.insert("object".to_owned(), fetched.object.into());
            members.insert("opened".to_owned(), fetched.opened.is_ok().into());
            let note = match fetched.opened {
                Ok(()) => "All of it was read under the master key. `writ restore` makes a store of it, and walks its audit log".to_owned(),
                Err(why) => why,
            };
            members.insert("note".to_owned(), note.into());
        }
        Ok(told)
    }
}

impl Make {
    pub(super) fn names_a_place(&self) -> bool {
        self.place.is_some()
    }
}

impl List {
    pub(super) fn names_a_place(&self) -> bool {
        self.directory.is_some()
    }
}

/// As whoever typed it means it: the appliance may have been started somewhere else.
fn absolute(path: &Path) -> Result<PathBuf, CommandError> {
    let is_folder = path.as_os_str().to_string_lossy().ends_with('/');
    let path = std::path::absolute(path).map_err(|error| CommandError::argument("FILE|DIRECTORY", error))?;
    // An end that says that it is a directory is lost on the way.
    Ok(if is_folder { path.join("") } else { path })
}

pub(super) async fn make(app: &App, by: &Operator, ask: Make) -> Result<Value, CommandError> {
    let (file, header, object, not_removed) = match ask.place {
        Some(place) => {
            let made = backup::make(app, by, Some(place)).await?;
            (made.path, made.header, made.object, None)
        }
        None => {
            let kept = backup::make_here(app, by).await?;
            let object = kept.not_copied.map_or(Ok(kept.object), Err);
            (backup::directory(app).join(&kept.file), kept.header, object, kept.not_removed)
        }
    };
    // Whoever asked wants both, and a script that goes by how this ends must hear of it.
    let object = object.map_err(|why| {
        let text = format!("{} was made and tried, and is nowhere else: {why}", file.display());
        CommandError::new(ErrorKind::Refused, text)
    })?;
    let mut told = of(&header);
    if let Value::Object(members) = &mut told {
        members.insert("file".to_owned(), file.display().to_string().into());
        members.insert("object".to_owned(), object.into());
        members.insert("verified".to_owned(), true.into());
        let key = match &app.config.master_key {
            Some(_) => "The master key is NOT in it, and without the key it is worth nothing: keep a copy of the setting master_key, apart from it".to_owned(),
            None => format!(
                "The master key is NOT in it, and without the key it is worth nothing: keep a copy of {}, apart from it",
                app.config.master_key_file().display()
            ),
        };
        members.insert("note".to_owned(), key.into());
        // There is a backup, and a script that takes this for a failure would make another, and keep yet more.
        if let Some(why) = not_removed {
            members.insert("warning".to_owned(), format!("The backup was made and tried; {why}").into());
        }
    }
    Ok(told)
}

pub(super) async fn list(app: &App, ask: List) -> Result<Value, CommandError> {
    let folder = ask.directory.unwrap_or_else(|| backup::directory(app));
    let rows: Vec<Value> = backup::list(app, folder.clone())
        .await?
        .iter()
        .map(|one| {
            let file = one.path.file_name().map(|name| name.to_string_lossy().into_owned());
            let mut row = match &one.header {
                Ok(header) => of(header),
                Err(why) => json!({ "unusable": why }),
            };
            if let Value::Object(members) = &mut row {
                members.insert("file".to_owned(), file.into());
            }
            row
        })
        .collect();
    let state = backup::state(app)?;
    Ok(json!({
        "directory": folder.display().to_string(),
        "last": state.last.map(|last| last.at.iso()),
        "failed": state.failed.map(|failed| format!("{}: {}", failed.at.iso(), failed.why)),
        "backups": rows,
    }))
}

fn of(header: &Header) -> Value {
    json!({
        "made_at": header.made_at.iso(),
        "issuer": header.issuer,
        "version": header.version,
        "layout": header.layout,
        "entries": header.head.sequence,
        "rows": header.rows,
        "bytes": header.bytes,
    })
}
