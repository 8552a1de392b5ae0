//! A file that is made of rows from elsewhere, and one that is made smaller. Nobody else has either open.

use std::fs::OpenOptions;
use std::path::Path;

use redb::{Builder, CompactionError, Database};

use super::{CACHE, Redb, definition, failed_to_open, storage, unopened};
use crate::base::{Fault, FaultKind};
use crate::store::copy::Row;
use crate::store::engine::Name;

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

fn open(path: &Path) -> Result<Database, Fault> {
    let file = OpenOptions::new().read(true).write(true).open(path);
    let file = file.map_err(|e| failed_to_open(path, redb::Error::Io(e)))?;
    Builder::new().set_cache_size(CACHE).create_file(file).map_err(unopened)
}
