//! The storage seam. Everything a backend must be is on this page.
//!
//! A backend is an ordered map of bytes, in named tables, with consistent snapshots and serializable
//! writes. Types, indexes, expiry and the audit log are built on top of it, once.

use std::any::Any;
use std::collections::BTreeSet;
use std::ops::{Bound, ControlFlow};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::measure::{Counter, Histogram, Level, SIZES, TIMES};
use crate::base::{Fault, FaultKind};

/// What a backend implements. redb and memory today; a backend a network away is a table
/// (name, key, value) and a retry loop.
pub trait Engine: Send + Sync + 'static {
    /// A consistent view of the last commit. Never waits for a writer. Short-lived: a view held
    /// for seconds keeps every page written meanwhile from being used again.
    fn snapshot(&self) -> Result<Box<dyn ReadTx + '_>, Fault>;

    /// Runs `job` in a serializable transaction, retrying conflicts itself, and calls `done` once the
    /// effect is durable or undone. A job may be run more than once; a job that returns a fault or
    /// panics leaves nothing behind. Answers `Busy` through `done` rather than wait for a place.
    fn submit(&self, job: Job, done: Done);

    /// Why the backend cannot write any more (a failed disk), once it cannot. The process should then end:
    /// only opening the file again tells what became durable.
    fn failure(&self) -> Option<Fault>;

    /// False once it cannot.
    fn ready(&self) -> bool {
        self.failure().is_none()
    }

    /// The tables that somebody has written to, as of the last commit.
    fn tables(&self) -> Result<Vec<Name>, Fault>;

    /// From the next transaction on, each key is noted in `touched` when it is written, before that can be seen; with `None`, not any
    /// more. There is one such list at most: the last one given.
    fn watch(&self, touched: Option<Arc<Touched>>);

    /// What it has measured of itself, if it does.
    fn measured(&self) -> Option<&Measured> {
        None
    }

    /// How many rows a table has, if that is known without counting them.
    fn count(&self, _table: Name) -> Result<Option<u64>, Fault> {
        Ok(None)
    }
}

/// What a backend measures while it works, for those who watch.
#[derive(Debug)]
pub struct Measured {
    /// Jobs that shared one commit.
    pub batches: Histogram,
    /// How long a commit took, in microseconds, syncing included.
    pub commits: Histogram,
    /// How long one sync of the file took, in microseconds.
    pub syncs: Histogram,
    /// Jobs that wait for their turn.
    pub waiting: Level,
    /// Jobs that were refused because too many were waiting.
    pub refused: Counter,
}

impl Default for Measured {
    fn default() -> Self {
        Self {
            batches: Histogram::new(SIZES),
            commits: Histogram::new(TIMES),
            syncs: Histogram::new(TIMES),
            waiting: Level::default(),
            refused: Counter::default(),
        }
    }
}

/// The name of a table; the same everywhere, for ever.
pub type Name = &'static str;

/// A name that was read from somewhere and not written here. Each costs its letters for as long as the process lives, so there is
/// a bound: more tables than anybody has, and names as long as anybody gives.
pub fn interned(text: &str) -> Result<Name, Fault> {
    static KNOWN: Mutex<BTreeSet<Name>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = known.get(text) {
        return Ok(name);
    }
    if known.len() >= MOST_TABLES || text.len() > LONGEST_NAME {
        return Err(Fault::new(FaultKind::Storage, "more tables, or longer names of tables, than a store has"));
    }
    let name: Name = Box::leak(text.to_owned().into_boxed_str());
    known.insert(name);
    Ok(name)
}

const MOST_TABLES: usize = 1_024;
const LONGEST_NAME: usize = 128;

/// The keys that were written while somebody copies. A set, so that what changes all the time is in it once.
#[derive(Debug, Default)]
pub struct Touched(Mutex<BTreeSet<(Name, Vec<u8>)>>);

impl Touched {
    pub fn note(&self, table: Name, key: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((table, key.to_vec()));
    }

    /// What is in it, which is then empty.
    pub fn take(&self) -> BTreeSet<(Name, Vec<u8>)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// What a transaction does. Called on the backend's thread: nothing slow belongs in it.
pub type Job = Box<dyn FnMut(&mut dyn WriteTx) -> Result<(), Fault> + Send>;

/// Told once how a job ended.
pub type Done = Box<dyn FnOnce(Result<(), Fault>) + Send>;

/// Called with each key and value of a scan, until it breaks. It must not use the transaction it is called from.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, Fault> + 'a;

/// Reading, in a snapshot or in a write transaction. A table nobody has written to is empty.
pub trait ReadTx {
    /// The value of one key.
    fn get(&self, table: Name, key: &[u8]) -> Result<Option<Vec<u8>>, Fault>;

    /// Visits the keys of `span` in byte order, or against it.
    fn scan(&self, table: Name, span: Span<'_>, visit: &mut Visit<'_>) -> Result<(), Fault>;
}

/// Writing. A transaction reads its own writes.
pub trait WriteTx: ReadTx {
    /// Sets the value of one key; there may have been another. Values may be empty.
    fn put(&mut self, table: Name, key: &[u8], value: &[u8]) -> Result<(), Fault>;

    /// Removes a key that may or may not be there.
    fn delete(&mut self, table: Name, key: &[u8]) -> Result<(), Fault>;

    /// What the jobs that share this transaction keep between them: nothing before the first of them leaves something. It ends with
    /// the transaction, however that ends.
    fn joint(&mut self) -> &mut Option<Box<dyn Joint>>;
}

/// Something that many jobs change and that is put down once, for all of them.
pub trait Joint: Any + Send {
    /// Puts it down: called once before the commit, after the last job.
    fn settle(&mut self, tx: &mut dyn WriteTx) -> Result<(), Fault>;
}

/// A stretch of keys and the direction to walk it in.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    pub from: Bound<&'a [u8]>,
    pub to: Bound<&'a [u8]>,
    pub order: Order,
}

/// Which end of a span comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

impl<'a> Span<'a> {
    /// Every key, in byte order.
    pub const ALL: Self = Self { from: Bound::Unbounded, to: Bound::Unbounded, order: Order::Ascending };

    /// `from` and everything above it.
    pub const fn from(key: &'a [u8]) -> Self {
        Self { from: Bound::Included(key), ..Self::ALL }
    }

    /// Everything above `key`.
    pub const fn after(key: &'a [u8]) -> Self {
        Self { from: Bound::Excluded(key), ..Self::ALL }
    }

    /// The same span from its other end.
    pub const fn backwards(self) -> Self {
        Self { order: Order::Descending, ..self }
    }

    /// True when no key can lie in it. Backends ask before they search: ordered maps dislike crossed bounds.
    pub fn is_empty(&self) -> bool {
        match (self.from, self.to) {
            (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
            (Bound::Included(from), Bound::Included(to)) => from > to,
            (Bound::Included(from) | Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => from >= to,
        }
    }
}
