//! A file that is made of rows from elsewhere, one that is made smaller, and one that is written anew. Nobody else has either open.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use redb::{Builder, CompactionError, Database, ReadableDatabase as _, ReadableTable as _, TableHandle as _};

use super::{ByName, CACHE, Redb, definition, failed_to_open, storage, unopened};
use crate::base::{Fault, FaultKind, files};
use crate::store::copy::Row;
use crate::store::engine::{Name, interned};

/// An empty file that rows are put into, many to a commit.
pub struct Filling(Database);

impl Filling {
    /// Makes the file, readable by its owner only. There must be none of this name.
    pub fn create(path: &Path) -> Result<Self, Fault> {
        let failed = |e: redb::Error| failed_to_open(path, e);
        if path.exists() {
            return Err(Fault::new(FaultKind::Storage, format!("{} is there already", path.display())));
        }
        Redb::make(path).map_err(failed)?;
        open(path).map(Self)
    }

    /// Rows of several tables, in one commit.
    pub fn put(&self, tables: &[(Name, Vec<Row>)]) -> Result<(), Fault> {
        let mut tx = self.0.begin_write().map_err(storage)?;
        // What is written last marks the file as one that opens at once.
        tx.set_quick_repair(true);
        for (name, rows) in tables {
            let mut table = tx.open_table(definition(name)).map_err(storage)?;
            for (key, value) in rows {
                match value {
                    Some(value) => drop(table.insert(key.as_slice(), value.as_slice()).map_err(storage)?),
                    None => drop(table.remove(key.as_slice()).map_err(storage)?),
                }
            }
        }
        tx.commit().map_err(storage)
    }
}

/// What a file came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    pub before: u64,
    pub after: u64,
}

/// Gives back what the file at `path` does not need. Nobody else may have it open; a cut on the way leaves it whole.
pub fn compact(path: &Path) -> Result<Compacted, Fault> {
    let size = || std::fs::metadata(path).map(|file| file.len());
    let failed = |e: std::io::Error| failed_to_open(path, redb::Error::Io(e));
    let before = size().map_err(failed)?;
    let mut db = open(path)?;
    db.compact().map_err(|e| match e {
        CompactionError::Storage(e) => storage(e),
        e => Fault::because(FaultKind::Storage, "the file cannot be made smaller", e),
    })?;
    drop(db);
    Ok(Compacted { before, after: size().map_err(failed)? })
}

/// Puts a new file with the same rows in the place of the one at `path`, and with nothing else: what was written over or removed stays in a file,
/// in pages that nothing uses, also after [`compact`]. Nobody else may have it open; a cut on the way leaves one or the other.
pub fn rewrite(path: &Path) -> Result<(), Fault> {
    let draft = PathBuf::from(format!("{}.anew", path.display()));
    let failed = |e: std::io::Error| failed_to_open(&draft, redb::Error::Io(e));
    // Keeps everybody else out until the other file has the name, and comes first: the draft may be somebody's who is at it.
    let old = open(path)?;
    if draft.exists() {
        std::fs::remove_file(&draft).map_err(failed)?;
    }
    let rewritten = fill(&draft, &old).and_then(|()| files::rename(&draft, path).map_err(failed));
    if rewritten.is_err() {
        drop(std::fs::remove_file(&draft));
    }
    rewritten
}

/// Bytes of rows in one commit.
const AT_ONCE: usize = 16 * 1_024 * 1_024;

fn fill(path: &Path, from: &Database) -> Result<(), Fault> {
    let filling = Filling::create(path)?;
    let tx = from.begin_read().map_err(storage)?;
    for table in tx.list_tables().map_err(storage)? {
        let name = interned(table.name())?;
        let (mut rows, mut bytes): (Vec<Row>, usize) = (Vec::new(), 0);
        for row in tx.open_table(definition(name)).map_err(storage)?.iter().map_err(storage)? {
            let (key, value) = row.map_err(storage)?;
            let (key, value) = (key.value().to_vec(), value.value().to_vec());
            bytes += key.len() + value.len();
            rows.push((key, Some(value)));
            if bytes >= AT_ONCE {
                filling.put(&[(name, std::mem::take(&mut rows))])?;
                bytes = 0;
            }
        }
        filling.put(&[(name, rows)])?;
    }
    drop(filling);
    compact(path).map(drop)
}

/// Removes what processes left that were killed while they made the file at `path` or wrote it anew. For whoever has it open: nobody else is at
/// either then, but who is about to find the place taken.
pub fn forget_drafts(path: &Path) {
    for entry in std::fs::read_dir(files::folder_of(path)).into_iter().flatten().flatten() {
        if !is_draft(path, &entry.file_name().to_string_lossy()) {
            continue;
        }
        let file = entry.path();
        match std::fs::remove_file(&file) {
            Ok(()) => tracing::info!(file = %file.display(), "a store that was left half made was removed"),
            Err(error) => {
                tracing::warn!(%error, file = %file.display(), "a store that was left half made cannot be removed");
            }
        }
    }
}

/// Whether a file beside the store at `path` has a name that [`rewrite`] or [`Redb::make`] gives to what is not whole yet: of this store, or
/// of one that is named after it.
pub fn is_draft(path: &Path, name: &str) -> bool {
    let [stem, own] = [path.file_stem(), path.file_name()].map(|part| part.unwrap_or_default().to_string_lossy());
    let numbers = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_numbered = |draft_of: &str| {
        let between = name.strip_prefix(draft_of).and_then(|rest| rest.strip_prefix('.')?.strip_suffix(".new"));
        between
            .and_then(|between| between.split_once('-'))
            .is_some_and(|(process, number)| numbers(process) && numbers(number))
    };
    name.strip_prefix(&*own) == Some(".anew") || is_numbered(&stem) || is_numbered(&own)
}

fn open(path: &Path) -> Result<Database, Fault> {
    let file = OpenOptions::new().read(true).write(true).open(path);
    let file = file.map_err(|e| failed_to_open(path, redb::Error::Io(e)))?;
    let named = ByName::of(&file, path)?;
    let opened = Builder::new().set_cache_size(CACHE).create_file(file).map_err(unopened)?;
    named.still()?;
    Ok(opened)
}
