//! Which backups there are: one that was made can be removed by anybody since, and after a change of the master key none from before it
//! opens. Of each no more is read than its header.

use std::path::Path;

use super::file::Reader;
use super::{directory, files, words};
use crate::app::App;
use crate::base::Timestamp;
use crate::model::BackupState;

/// Most files whose headers are read, where the one that should be there is not.
const MOST_LOOKED_AT: usize = 100;

/// What is to be had where backups go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum There {
    /// One that is whole as far as its header says and that this master key opens: when the newest was made.
    Usable(Timestamp),
    /// None there; one that somebody put elsewhere, where nobody can look.
    Elsewhere(Timestamp),
    /// None that can be used, and there was one.
    Gone {
        /// When the last one was made.
        since: Timestamp,
        why: String,
        /// It was made under another master key: nobody has taken it away, and the next one opens.
        changed_key: bool,
    },
    /// None was ever made.
    Never,
}

/// Looks: into a directory and at many files, and so not on a thread that drives futures.
pub fn there(app: &App, state: &BackupState) -> There {
    let (folder, ours) = (directory(app), app.backup_key.id());
    // Of before a change of the master key, wherever it is.
    let other_key = |key: &str| !key.is_empty() && key != ours;
    let elsewhere = state.elsewhere.as_ref().filter(|made| !other_key(&made.key));
    let Some(last) = &state.last else {
        return match (&state.elsewhere, elsewhere) {
            (_, Some(made)) => There::Elsewhere(made.at),
            (Some(made), None) => There::Gone { since: made.at, why: under_another(&made.file), changed_key: true },
            (None, None) => There::Never,
        };
    };
    let path = folder.join(&last.file);
    let why = match Reader::open(&path, &app.backup_key) {
        Ok(reader) => return There::Usable(reader.header.made_at),
        Err(declined) => words(&declined),
    };
    if let Some(made_at) = newest(app, &folder) {
        return There::Usable(made_at);
    }
    match elsewhere.filter(|made| made.at > last.at) {
        Some(made) => There::Elsewhere(made.at),
        None => There::Gone { since: last.at, why, changed_key: other_key(&last.key) },
    }
}

fn under_another(file: &str) -> String {
    format!("{file} was made under another master key than the present one")
}

/// When the newest was made that opens. The names that we give say when: the last in their order are looked at first.
fn newest(app: &App, folder: &Path) -> Option<Timestamp> {
    let mut paths = files(folder).ok()?;
    paths.sort();
    let headers = paths.iter().rev().take(MOST_LOOKED_AT).filter_map(|path| Reader::open(path, &app.backup_key).ok());
    headers.map(|reader| reader.header.made_at).max()
}
