//! Backups: made while the appliance runs, restored once to see that they can be, and restored for good.
//!
//! - [`make`] writes one and tries it; nothing that was not tried has a backup's name.
//! - [`file`] is the format, [`scratch`] makes a store of it.
//! - [`send`] copies one to a store of objects, [`fetch`] gets it back.
//! - [`there`] says which there are, and not only which were made.
//! - [`restore`] puts one into the place of the store; what it ends and what it carries over are files of their own.

mod carry;
mod ending;
pub mod fetch;
pub mod file;
mod make;
mod object_store;
pub mod restore;
mod schedule;
pub mod scratch;
mod send;
mod there;

use std::path::{Path, PathBuf};

pub use make::{Kept, Made, make, make_here};
pub use schedule::{Standing, Worry, keep, look, scheduled, seen, standing, worries, worries_of};
pub use there::{There, there};

use self::file::{Header, Reader};
use self::schedule::within_reach;
use crate::app::App;
use crate::base::{Fault, FaultKind};
use crate::config::Config;
use crate::model::BackupState;
use crate::operations::declined::Declined;
use crate::store::Read;
use crate::store::tables::{BACKUPS, ONLY};

/// What the files of backups end in.
pub const EXTENSION: &str = "backup";

/// Most files that are looked at in one place.
const MOST: usize = 10_000;

/// Where backups go when nobody says.
pub fn directory(app: &App) -> PathBuf {
    app.config.backup.directory.clone().unwrap_or_else(|| app.config.data.join("backups"))
}

/// Settings that say something of backups and cannot work.
pub(crate) fn check(config: &Config) -> Result<(), Fault> {
    object_store::ObjectStore::of(&config.backup).map(drop)
}

/// How backups went lately.
pub fn state(app: &App) -> Result<BackupState, Fault> {
    Ok(app.store.read_blocking(|view| view.get(&BACKUPS, &ONLY.to_owned()))?.unwrap_or_default())
}

/// One file in the place where backups go.
#[derive(Clone, Debug)]
pub struct Listed {
    pub path: PathBuf,
    /// What it says of itself, or why nobody can tell.
    pub header: Result<Header, String>,
}

/// The backups in a place, the newest first. Of each its header is read, and nothing tried.
pub async fn list(app: &App, folder: PathBuf) -> Result<Vec<Listed>, Declined> {
    within_reach(app, move |app| {
        let listed = files(&folder)?.into_iter().map(|path| looked_at(app, path)).collect::<Result<Vec<_>, _>>();
        Ok(listed.map(|mut listed| {
            listed.sort_by_key(|one| std::cmp::Reverse(one.header.as_ref().map(|header| header.made_at).ok()));
            listed
        }))
    })
    .await?
}

fn looked_at(app: &App, path: PathBuf) -> Result<Listed, Declined> {
    let header = match Reader::open(&path, &app.backup_key) {
        Ok(reader) => Ok(reader.header),
        Err(Declined::Conflict(why) | Declined::Missing(why)) => Err(why),
        Err(Declined::Broken(fault)) => Err(fault.to_string()),
        Err(other) => return Err(other),
    };
    Ok(Listed { path, header })
}

/// Those where backups go, the last by name first: as many as `limit`, behind the one called `after`. Says whether there are more.
pub async fn page(app: &App, after: Option<String>, limit: usize) -> Result<(Vec<Listed>, bool), Declined> {
    within_reach(app, move |app| {
        let mut named: Vec<(String, PathBuf)> = files(&directory(app))?.into_iter().filter_map(named).collect();
        named.retain(|(name, _)| after.as_ref().is_none_or(|after| name < after));
        named.sort_by(|one, other| other.cmp(one));
        let more = named.len() > limit;
        let here = named.into_iter().take(limit).map(|(_, path)| looked_at(app, path));
        Ok(here.collect::<Result<Vec<_>, _>>().map(|here| (here, more)))
    })
    .await?
}

/// The one of this name, where backups go: a name is looked for, and no path is made of it.
pub async fn one(app: &App, name: String) -> Result<Listed, Declined> {
    within_reach(app, move |app| {
        let found = files(&directory(app))?.into_iter().filter_map(named).find(|(known, _)| *known == name);
        Ok(match found {
            Some((_, path)) => looked_at(app, path),
            None => Err(Declined::Missing("there is no backup of this name where backups go".to_owned())),
        })
    })
    .await?
}

/// A name that is no text cannot be asked for.
fn named(path: PathBuf) -> Option<(String, PathBuf)> {
    Some((path.file_name()?.to_str()?.to_owned(), path))
}

/// Why something was not done, for the log and the overview.
fn words(declined: &Declined) -> String {
    match declined {
        Declined::Conflict(text) | Declined::Missing(text) | Declined::Forbidden(text) => text.clone(),
        Declined::Broken(fault) => fault.to_string(),
        other => format!("{other:?}"),
    }
}

/// The files in a place that have the name of a backup.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let unreadable =
        |e| Fault::because(FaultKind::Storage, format!("the backups in {} cannot be listed", folder.display()), e);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(unreadable(e)),
    };
    let mut found = Vec::new();
    for entry in entries.take(MOST) {
        let path = entry.map_err(unreadable)?.path();
        let is_hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if !is_hidden && path.extension().is_some_and(|extension| extension == EXTENSION) {
            found.push(path);
        }
    }
    Ok(found)
}
