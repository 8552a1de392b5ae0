//! The store: typed rows and the audit log in one file, durable before anything is answered.
//!
//! ```text
//! operations ── Store::read ──> View ─┐                      ┌─ Memory
//!            └─ Store::write ─> Tx ───┴─ Table, Index, Key ──┤
//!                               └ record ─> audit            └─ Redb (one writer thread)
//!                 typed                                bytes: trait Engine
//! ```
//!
//! - A write is a closure. It may be run more than once, so it changes nothing outside itself, and it is run on the
//!   writer's thread, so it does nothing slow: no signing, no hashing of passwords, no network.
//! - `Ok` commits, also when it carries a refusal; only a [`Fault`] rolls back.
//! - A job that changes a row and records no event is a fault.

mod audit;
mod copy;
pub mod engine;
mod key;
mod memory;
pub mod migrate;
mod redb;
mod table;
pub mod tables;
mod tx;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use tokio::sync::oneshot;
use tracing::field::Empty;

pub use self::audit::{
    Broken, Cutting, Damage, Entry, Head, Look, Page as AuditPage, Word, after as audit_after, behind as audit_behind,
    of_request as audit_of_request, page as audit_page, page_of as audit_page_of, search as audit_search,
    search_by as audit_search_by,
};
use self::audit::{Step, Walk};
pub use self::copy::{Moment, Row, Rows};
use self::engine::{Engine, Job, Name, WriteTx};
pub use self::key::{Key, RowKey};
pub use self::memory::{Memory, Rehearsal};
pub use self::redb::{CACHE, Compacted, Filling, Redb, compact, forget_drafts, is_draft, rewrite};
pub use self::table::{AnyTable, Generation, Index, Indexed, Out, Sharing, Table, Unique};
pub use self::tx::{MAX_ROWS, Page, Read, Tx, Under, View};
use crate::base::{Fault, FaultKind, MacKey, Timestamp};
use crate::model::{Context, Event};

/// The target of spans that are traces (`src/logs/traces.rs`).
const TRACE: &str = "writ::trace";

/// The handle everybody holds. Cheap to clone; when the last one goes, what is queued is finished and the file closed.
#[derive(Clone)]
pub struct Store {
    engine: Arc<dyn Engine>,
    key: Arc<MacKey>,
}

impl Store {
    /// Opens the file at `path`, or makes it, and brings it to the present layout. `key` seals the head of the audit
    /// log; it comes from the master key and is not in the file. `at` is the time a migration is recorded under. Before one, a copy of
    /// the file as it was is put beside it.
    pub fn open(path: &Path, cache_bytes: usize, key: MacKey, at: Timestamp) -> Result<Self, Fault> {
        Self::look(path, cache_bytes)?.open(key, at)
    }

    /// Opens the file at `path`, or makes it, without a key: to see which key it is under.
    pub fn look(path: &Path, cache_bytes: usize) -> Result<Unopened, Fault> {
        Ok(Unopened { file: Redb::open(path, cache_bytes)?, path: path.to_owned() })
    }

    /// The same without a file: for tests and demonstrations.
    pub fn in_memory(key: MacKey, at: Timestamp) -> Result<Self, Fault> {
        Self::over(Redb::in_memory()?, key, at)
    }

    /// Over any engine.
    pub fn over(engine: impl Engine, key: MacKey, at: Timestamp) -> Result<Self, Fault> {
        Self::with_steps(engine, key, at, migrate::STEPS)
    }

    /// Over any engine, with migrations other than Writ's own.
    pub fn with_steps(
        engine: impl Engine,
        key: MacKey,
        at: Timestamp,
        steps: &'static [migrate::Step],
    ) -> Result<Self, Fault> {
        let store = Self { engine: Arc::new(engine), key: Arc::new(key) };
        migrate::migrate(&store, steps, at)?;
        Ok(store)
    }

    /// A file as it is, whatever its layout: to be looked at.
    pub fn as_it_is(path: &Path, cache_bytes: usize, key: MacKey) -> Result<Self, Fault> {
        Ok(Self { engine: Arc::new(Redb::open(path, cache_bytes)?), key: Arc::new(key) })
    }

    /// Another file, as it is, that is sealed under the same key.
    pub fn beside(&self, path: &Path) -> Result<Self, Fault> {
        Ok(Self { engine: Arc::new(Redb::open(path, CACHE)?), key: Arc::clone(&self.key) })
    }

    /// Copies everything, as of one moment, to `out`, which gets rows in the order in which they are to be laid down, the later over the
    /// earlier. Others go on writing, and the file does not grow by it. One copy at a time; takes its time, so not for a thread
    /// that drives futures.
    pub fn copy(&self, out: &mut dyn FnMut(Rows) -> Result<(), Fault>) -> Result<Moment, Fault> {
        copy::copy(self, &self.key, out)
    }

    /// False once nothing can be written any more; the process should end.
    pub fn ready(&self) -> bool {
        self.engine.ready()
    }

    /// What the engine has measured of itself.
    pub fn measured(&self) -> Option<&engine::Measured> {
        self.engine.measured()
    }

    /// How many rows a table has, if the engine knows it without counting.
    pub fn count(&self, table: &dyn AnyTable) -> Result<Option<u64>, Fault> {
        self.engine.count(table.name())
    }

    /// What ended writing: the first failure, not those that followed from it.
    pub fn failure(&self) -> Option<Fault> {
        self.engine.failure()
    }

    /// Reads a snapshot of the last commit.
    pub async fn read<T, F>(&self, work: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnOnce(&View<'_>) -> Result<T, Fault> + Send + 'static,
    {
        self.read_blocking(work)
    }

    /// [`Store::read`] for those who are not async.
    pub fn read_blocking<T>(&self, work: impl FnOnce(&View<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        let snapshot = self.engine.snapshot()?;
        work(&View::new(&*snapshot))
    }

    /// Runs `work` in a transaction of its own; what it says is durable when this returns. `name` says what is being
    /// done, for the reader of a fault. Once polled, dropping the future does not undo the write.
    pub async fn write<T, F>(&self, name: &'static str, context: &Context, work: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let span = tracing::trace_span!(target: TRACE, "store.write", job = name, otel.status_code = Empty);
        let (tell, told) = oneshot::channel();
        self.submit(name, context, work, |outcome| drop(tell.send(outcome)));
        let outcome = told.await.unwrap_or_else(|_| Err(silent()));
        if outcome.is_err() {
            span.record("otel.status_code", "ERROR");
        }
        outcome
    }

    /// [`Store::write`] for those who are not async. Not for a thread that drives futures: it waits.
    pub fn write_blocking<T, F>(&self, name: &'static str, context: &Context, work: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (tell, told) = mpsc::sync_channel(1);
        self.submit(name, context, work, move |outcome| drop(tell.send(outcome)));
        told.recv().unwrap_or_else(|_| Err(silent()))
    }

    /// Removes up to `limit` rows of `tables` whose time is over, in one transaction, and records the event made of
    /// the counts. Says how many; fewer than `limit` means that nothing is left.
    pub async fn sweep(
        &self,
        context: &Context,
        tables: &'static [&'static dyn AnyTable],
        limit: usize,
        event: impl Fn(&[(Name, u64)]) -> Event + Send + 'static,
    ) -> Result<usize, Fault> {
        let sweep = move |tx: &mut Tx<'_>| {
            let (mut swept, mut left, now) = (Vec::new(), limit, tx.now());
            for table in tables {
                let removed = table.sweep(tx, now, left)?;
                left = left.saturating_sub(removed);
                if removed > 0 {
                    swept.push((table.name(), removed as u64));
                }
            }
            if !swept.is_empty() {
                tx.record(event(&swept))?;
            }
            Ok(limit - left)
        };
        self.write("sweep", context, sweep).await
    }

    /// The present end of the audit log, to be kept outside the file.
    pub fn audit_head(&self) -> Result<Head, Fault> {
        self.read_blocking(|view| Head::load(view.raw(), &self.key))
    }

    /// Whether the entry that `head` speaks of is there, as it was. One look; [`Store::verify_audit`] is thorough.
    pub fn audit_contains(&self, head: &Head) -> Result<bool, Fault> {
        self.read_blocking(|view| match audit::hash_of(view.raw(), head.sequence)? {
            Some(hash) => Ok(hash == head.hash),
            // What was cut out since the head was kept is in no list any more, and the gap is ours.
            None => Ok(head.sequence == 0 || audit::was_cut(view.raw(), &self.key, head.sequence)?),
        })
    }

    /// Walks the whole audit log and gives its head, or the first thing that is wrong with it. `kept` is a head that
    /// was kept elsewhere, through which the chain must pass. Takes about a second per million entries, in many short
    /// snapshots: not for a thread that drives futures.
    pub fn verify_audit(&self, kept: Option<&Head>) -> Result<Result<Head, Broken>, Fault> {
        let mut walk = Walk::new(&self.key, kept);
        loop {
            match self.read_blocking(|view| walk.step(view.raw()))? {
                Step::More => {}
                Step::Whole(head) => return Ok(Ok(head)),
                Step::Broken(broken) => return Ok(Err(broken)),
            }
        }
    }

    fn submit<T, F>(
        &self,
        name: &'static str,
        context: &Context,
        mut work: F,
        tell: impl FnOnce(Result<T, Fault>) + Send + 'static,
    ) where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        // What the job's last run said waits here for the commit. The key travels alone: a job that held the store
        // could become its last owner.
        let said = Arc::new(Mutex::new(None));
        let job: Job = {
            let (said, key, context) = (Arc::clone(&said), Arc::clone(&self.key), context.clone());
            Box::new(move |raw: &mut dyn WriteTx| {
                let mut tx = Tx::new(raw, &context, &key);
                let says = work(&mut tx)?;
                tx.finish(name)?;
                *said.lock().unwrap_or_else(PoisonError::into_inner) = Some(says);
                Ok(())
            })
        };
        let done = move |outcome: Result<(), Fault>| {
            let says = said.lock().unwrap_or_else(PoisonError::into_inner).take();
            tell(outcome.and_then(|()| says.ok_or_else(silent)));
        };
        self.engine.submit(job, Box::new(done));
    }
}

/// A file that nothing was written to yet.
pub struct Unopened {
    file: Redb,
    path: PathBuf,
}

impl Unopened {
    /// Whether the head of its audit log is sealed with `key`. A new file has none, and any key will do.
    pub fn is_sealed_with(&self, key: &MacKey) -> Result<bool, Fault> {
        Head::fits(&*self.file.snapshot()?, key)
    }

    /// Reads it as it is, before any migration.
    pub fn read<T>(&self, work: impl FnOnce(&View<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        work(&View::new(&*self.file.snapshot()?))
    }

    /// Opens it, and brings it to the present layout, after a copy of it as it was is put beside it.
    pub fn open(self, key: MacKey, at: Timestamp) -> Result<Store, Fault> {
        let store = Store { engine: Arc::new(self.file), key: Arc::new(key) };
        let layout = store.read_blocking(migrate::layout)?;
        if migrate::is_behind(layout) {
            migrate::put_aside(&store, &migrate::aside(&self.path, layout))?;
        }
        migrate::migrate(&store, migrate::STEPS, at)?;
        Ok(store)
    }
}

/// An engine that answers without having run the job, or not at all, is broken.
fn silent() -> Fault {
    Fault::new(FaultKind::Bug, "the store's engine ended without an answer")
}
