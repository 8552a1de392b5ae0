//! The file engine: redb, one file, one writer thread.
//!
//! Every table is a map from bytes to bytes. Commits are quick-repair commits, so a file whose process was killed
//! opens at once. The file may be open in one process only; redb holds a lock on it.

mod filling;
mod timed;
mod writer;

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::ops::{Bound, ControlFlow};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use redb::backends::InMemoryBackend;
use redb::{
    Builder, Database, DatabaseError, ReadOnlyTable, ReadTransaction, ReadableDatabase as _, ReadableTable,
    ReadableTableMetadata as _, StorageBackend, TableDefinition, TableError, TableHandle as _,
};

pub use self::filling::{Compacted, Filling, compact, forget_drafts, is_draft, rewrite};
use self::timed::Timed;
use self::writer::Writer;
use super::engine::{Done, Engine, Job, Measured, Name, Order, ReadTx, Span, Touched, Visit, interned};
use crate::base::{Fault, FaultKind, files};

/// How much of the file redb may keep in memory when nobody says otherwise, in bytes.
pub const CACHE: usize = 64 * 1024 * 1024;

/// A redb file and the thread that writes to it. Dropping it finishes what is queued and closes the file.
pub struct Redb {
    writer: Writer,
    latest: Arc<Latest>,
    watched: Arc<Watched>,
    db: Arc<Database>,
    measured: Arc<Measured>,
}

/// Who is told of each key that is written, if anybody is.
type Watched = RwLock<Option<Arc<Touched>>>;

impl Redb {
    /// Opens `path`, or makes it, readable by its owner only.
    pub fn open(path: &Path, cache_bytes: usize) -> Result<Self, Fault> {
        if !path.exists() {
            Self::make(path).map_err(|e| failed_to_open(path, e))?;
        }
        let file = OpenOptions::new().read(true).write(true).open(path);
        let file = file.map_err(|e| failed_to_open(path, redb::Error::Io(e)))?;
        let named = ByName::of(&file, path)?;
        let measured = Arc::new(Measured::default());
        let opened = Timed::new(file, Arc::clone(&measured))
            .and_then(|timed| Builder::new().set_cache_size(cache_bytes).create_with_backend(timed));
        let opened = opened.map_err(unopened)?;
        named.still()?;
        Self::start(opened, measured)
    }

    /// Makes an empty store beside its place and then links it there: a file whose making was cut short could never
    /// be opened again. Two processes may do so at once; each has a draft of its own, and the second to come finds the
    /// place taken, perhaps already written to.
    fn make(path: &Path) -> Result<(), redb::Error> {
        static DRAFTS: AtomicU64 = AtomicU64::new(0);
        let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
        let draft = path.with_extension(format!("{}-{number}.new", std::process::id()));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&draft)?;
        let written = Builder::new().create_file(file.try_clone()?).map_err(redb::Error::from).map(drop);
        let written = written.and_then(|()| Ok(file.sync_all()?));
        if written.is_err() {
            // On a disk that is full already nobody wants half a store more at each attempt.
            let _ = std::fs::remove_file(&draft);
        }
        written?;
        let placed = std::fs::hard_link(&draft, path);
        let removed = std::fs::remove_file(&draft);
        // Whoever was faster has the place, and may have cleared this draft away too (`forget_drafts`).
        if !path.exists() {
            placed?;
        }
        match removed {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
        Ok(files::sync_folder_of(path)?)
    }

    /// Lost with the process; otherwise the same as a file.
    pub fn in_memory() -> Result<Self, Fault> {
        Self::over(InMemoryBackend::new())
    }

    /// Over a storage of the caller's: how tests pull the plug.
    pub fn over(storage: impl StorageBackend) -> Result<Self, Fault> {
        let opened = Builder::new().set_cache_size(CACHE).create_with_backend(storage);
        Self::start(opened.map_err(unopened)?, Arc::default())
    }

    fn start(opened: Database, measured: Arc<Measured>) -> Result<Self, Fault> {
        let db = Arc::new(opened);
        let (latest, watched) = (Arc::new(Latest::default()), Arc::new(Watched::default()));
        let writer = Writer::start(Arc::clone(&db), Arc::clone(&latest), Arc::clone(&watched), Arc::clone(&measured))?;
        Ok(Self { writer, latest, watched, db, measured })
    }
}

impl Engine for Redb {
    fn snapshot(&self) -> Result<Box<dyn ReadTx + '_>, Fault> {
        Ok(Box::new(self.latest.get(&self.db)?))
    }

    fn submit(&self, job: Job, done: Done) {
        self.writer.submit(job, done);
    }

    fn failure(&self) -> Option<Fault> {
        self.writer.failure()
    }

    fn tables(&self) -> Result<Vec<Name>, Fault> {
        let tx = self.db.begin_read().map_err(storage)?;
        let tables = tx.list_tables().map_err(storage)?;
        tables.map(|table| interned(table.name())).collect()
    }

    fn watch(&self, touched: Option<Arc<Touched>>) {
        *self.watched.write().unwrap_or_else(PoisonError::into_inner) = touched;
    }

    fn measured(&self) -> Option<&Measured> {
        Some(&self.measured)
    }

    fn count(&self, table: Name) -> Result<Option<u64>, Fault> {
        self.latest.get(&self.db)?.within(table, |open| open.len().map_err(storage)).map(Some)
    }
}

type Bytes = &'static [u8];

const fn definition(table: Name) -> TableDefinition<'static, Bytes, Bytes> {
    TableDefinition::new(table)
}

/// The snapshot of the last commit, shared by everybody who reads before the next: beginning one and opening its tables
/// costs more than most reads.
#[derive(Default)]
struct Latest(RwLock<Option<Snapshot>>);

impl Latest {
    fn get(&self, db: &Database) -> Result<Snapshot, Fault> {
        if let Some(snapshot) = &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            return Ok(snapshot.clone());
        }
        // Begun with the lock held: a snapshot that a commit has overtaken is never left here.
        let mut latest = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(snapshot) = &*latest {
            return Ok(snapshot.clone());
        }
        let tx = db.begin_read().map_err(storage)?;
        Ok(latest.insert(Snapshot(Arc::new(Opened { tx, tables: RwLock::default() }))).clone())
    }

    /// To be called after a commit and before anybody is told of it. It also lets the pages of the commit before be used
    /// again.
    fn forget(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// A read transaction and the tables somebody has looked into.
#[derive(Clone)]
struct Snapshot(Arc<Opened>);

struct Opened {
    tx: ReadTransaction,
    tables: RwLock<Vec<(Name, Option<Arc<OpenTable>>)>>,
}

type OpenTable = ReadOnlyTable<Bytes, Bytes>;

impl Snapshot {
    /// Calls `look` with the table, unless nothing was ever written to it.
    fn within<T: Default>(&self, table: Name, look: impl FnOnce(&OpenTable) -> Result<T, Fault>) -> Result<T, Fault> {
        match self.table(table)? {
            Some(opened) => look(&opened),
            None => Ok(T::default()),
        }
    }

    fn table(&self, table: Name) -> Result<Option<Arc<OpenTable>>, Fault> {
        let Opened { tx, tables } = &*self.0;
        let known = tables.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, opened)) = known.iter().find(|(name, _)| *name == table) {
            return Ok(opened.clone());
        }
        drop(known);
        let opened = match tx.open_table(definition(table)) {
            Ok(opened) => Some(Arc::new(opened)),
            Err(TableError::TableDoesNotExist(_)) => None,
            Err(e) => return Err(storage(e)),
        };
        let mut known = tables.write().unwrap_or_else(PoisonError::into_inner);
        if !known.iter().any(|(name, _)| *name == table) {
            known.push((table, opened.clone()));
        }
        Ok(opened)
    }
}

impl ReadTx for Snapshot {
    fn get(&self, table: Name, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.within(table, |open| get(open, key))
    }

    fn scan(&self, table: Name, span: Span<'_>, visit: &mut Visit<'_>) -> Result<(), Fault> {
        self.within(table, |open| scan(open, span, visit))
    }
}

fn get(table: &impl ReadableTable<Bytes, Bytes>, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    Ok(table.get(key).map_err(storage)?.map(|found| found.value().to_vec()))
}

fn scan(table: &impl ReadableTable<Bytes, Bytes>, span: Span<'_>, visit: &mut Visit<'_>) -> Result<(), Fault> {
    if span.is_empty() {
        return Ok(());
    }
    let mut range = table.range::<&[u8]>((span.from, span.to) as (Bound<&[u8]>, Bound<&[u8]>)).map_err(storage)?;
    loop {
        let next = match span.order {
            Order::Ascending => range.next(),
            Order::Descending => range.next_back(),
        };
        let Some(row) = next else { return Ok(()) };
        let (key, value) = row.map_err(storage)?;
        if visit(key.value(), value.value())? == ControlFlow::Break(()) {
            return Ok(());
        }
    }
}

/// A file that was opened by its name, and not locked yet. Whoever had it locked until now may have put another into its place
/// ([`rewrite`], a restore): what is written to this one then would be gone with it.
struct ByName<'a> {
    path: &'a Path,
    inode: u64,
}

impl<'a> ByName<'a> {
    fn of(file: &File, path: &'a Path) -> Result<Self, Fault> {
        Ok(Self { path, inode: inode(path, file.metadata())? })
    }

    /// To be asked once it is locked.
    fn still(&self) -> Result<(), Fault> {
        match inode(self.path, std::fs::metadata(self.path))? == self.inode {
            true => Ok(()),
            false => Err(unopened(DatabaseError::DatabaseAlreadyOpen)),
        }
    }
}

fn inode(path: &Path, of: std::io::Result<std::fs::Metadata>) -> Result<u64, Fault> {
    use std::os::unix::fs::MetadataExt as _;
    of.map(|of| of.ino()).map_err(|e| failed_to_open(path, redb::Error::Io(e)))
}

fn unopened(error: DatabaseError) -> Fault {
    match error {
        DatabaseError::DatabaseAlreadyOpen => Fault::new(FaultKind::Busy, "the store is open in another process"),
        error => because("cannot open the store", error.into()),
    }
}

fn failed_to_open(path: &Path, error: redb::Error) -> Fault {
    because(&format!("cannot open {}", path.display()), error)
}

/// redb's own error, kept as the cause.
fn storage(error: impl Into<redb::Error>) -> Fault {
    because("the store failed", error.into())
}

/// The system's word for what happened, and what whoever runs the machine can do about it.
fn because(what: &str, error: redb::Error) -> Fault {
    let kind = match &error {
        redb::Error::Io(error) => Some(error.kind()),
        _ => None,
    };
    let (kind, advice) = match kind {
        Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge) => (
            FaultKind::Full,
            "; make room on its disk (or raise the quota or the limit on the size of files) and start again",
        ),
        Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
            (FaultKind::Storage, "; the file and its directory must be writable for whoever runs Writ")
        }
        _ => (FaultKind::Storage, ""),
    };
    Fault::because(kind, format!("{what}{advice}"), error)
}
