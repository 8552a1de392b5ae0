//! Group commit without a timer.
//!
//! One thread takes whatever has gathered in its inbox, runs it in one transaction and commits once for all.
//! While a batch is being made durable the next one gathers: alone, a job waits for one commit; in a crowd, one
//! commit carries many. Before it begins, the writer lets others have the processor for as long as that brings more jobs: where
//! there is one to spare, this is over at once, and where there is none, those whose jobs are about to come may finish them.
//! Jobs of a batch see each other's writes, in order. Nobody is answered before the commit.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};

use redb::{Database, Table, WriteTransaction};

use super::{Bytes, Latest, Watched, definition, get, scan, storage};
use crate::base::measure::Stopwatch;
use crate::base::{Fault, FaultKind};
use crate::store::engine::{Done, Job, Joint, Measured, Name, ReadTx, Span, Touched, Visit, WriteTx};

/// Jobs that share one commit. More would make the first of them wait long for the last.
const MAX_BATCH: usize = 256;

/// Jobs that may wait. Beyond it the appliance is overloaded, and saying so beats queueing.
const MAX_WAITING: usize = 4_096;

/// The writer's thread and the way to it. Dropping it lets the thread finish its inbox and end.
pub(super) struct Writer {
    inbox: Option<SyncSender<Request>>,
    thread: Option<JoinHandle<()>>,
    failed: Arc<OnceLock<Fault>>,
    measured: Arc<Measured>,
}

struct Request {
    job: Job,
    done: Done,
}

impl Writer {
    pub(super) fn start(
        db: Arc<Database>,
        latest: Arc<Latest>,
        watched: Arc<Watched>,
        measured: Arc<Measured>,
    ) -> Result<Self, Fault> {
        let (inbox, requests) = sync_channel(MAX_WAITING);
        let failed = Arc::new(OnceLock::new());
        let desk = Desk { db, latest, watched, failed: Arc::clone(&failed), measured: Arc::clone(&measured) };
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || desk.work(&requests))
            .map_err(|e| Fault::because(FaultKind::Storage, "cannot start the store's writer", e))?;
        Ok(Self { inbox: Some(inbox), thread: Some(thread), failed, measured })
    }

    pub(super) fn submit(&self, job: Job, done: Done) {
        let Some(inbox) = &self.inbox else { return done(Err(closed())) };
        // Before it is there: the writer may have taken it out again by the time this thread goes on.
        self.measured.waiting.rise();
        match inbox.try_send(Request { job, done }) {
            Ok(()) => {}
            Err(TrySendError::Full(refused)) => {
                self.measured.waiting.fall(1);
                self.measured.refused.one();
                (refused.done)(Err(Fault::new(FaultKind::Busy, "too many writes are waiting")));
            }
            Err(TrySendError::Disconnected(refused)) => {
                self.measured.waiting.fall(1);
                (refused.done)(Err(closed()));
            }
        }
    }

    pub(super) fn failure(&self) -> Option<Fault> {
        self.failed.get().cloned()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.inbox = None;
        // The last handle may be dropped by an answer, that is, by the writer itself, which cannot wait for itself.
        if let Some(thread) = self.thread.take().filter(|t| t.thread().id() != thread::current().id()) {
            let _ = thread.join();
        }
    }
}

fn closed() -> Fault {
    Fault::new(FaultKind::Storage, "the store is closed")
}

/// What is waiting, and what comes while those who bring it are given way.
fn gather(first: Request, inbox: &Receiver<Request>) -> Vec<Request> {
    let mut batch = vec![first];
    batch.extend(inbox.try_iter().take(MAX_BATCH - 1));
    while batch.len() < MAX_BATCH {
        let gathered = batch.len();
        thread::yield_now();
        batch.extend(inbox.try_iter().take(MAX_BATCH - gathered));
        if batch.len() == gathered {
            break;
        }
    }
    batch
}

/// Where the writer sits.
struct Desk {
    /// Before the file: a snapshot must be gone when the file is closed.
    latest: Arc<Latest>,
    watched: Arc<Watched>,
    db: Arc<Database>,
    failed: Arc<OnceLock<Fault>>,
    measured: Arc<Measured>,
}

/// Why a batch was not committed.
enum Broken {
    /// The job at this place faulted; nothing was changed.
    Job(usize, Fault),
    /// What its jobs have in common could not be put down; nothing was changed.
    Joint(Fault),
    /// The file failed. Nobody knows what reached the disk until it is opened again.
    File(Fault),
}

impl Desk {
    fn work(&self, inbox: &Receiver<Request>) {
        while let Ok(first) = inbox.recv() {
            let batch = gather(first, inbox);
            self.measured.waiting.fall(batch.len() as u64);
            self.settle(batch);
        }
    }

    /// Commits a batch and answers it. If a job faults, those before it are committed together, it is run alone, and
    /// those after it follow: a bad job costs its neighbours time and nothing else.
    fn settle(&self, batch: Vec<Request>) {
        let mut waiting = vec![batch];
        while let Some(mut batch) = waiting.pop() {
            match self.attempt(&mut batch) {
                Ok(()) => answer(batch, &Ok(())),
                Err(Broken::Job(_, fault)) if self.has_died_of(&fault) => self.stop(batch, fault),
                Err(Broken::Job(_, fault)) if batch.len() == 1 => answer(batch, &Err(fault)),
                Err(Broken::Job(place, _)) => {
                    let mut culprit = batch.split_off(place);
                    let after = culprit.split_off(1);
                    waiting.extend([after, culprit, batch].into_iter().filter(|part| !part.is_empty()));
                }
                Err(Broken::Joint(fault)) => answer(batch, &Err(fault)),
                Err(Broken::File(fault)) => self.stop(batch, fault),
            }
        }
    }

    /// Whether a job met a disk that failed: redb then begins nothing more.
    fn has_died_of(&self, fault: &Fault) -> bool {
        matches!(fault.kind(), FaultKind::Storage | FaultKind::Full) && self.db.begin_write().is_err()
    }

    /// Nothing is written from here on. The first failure is the reason; what follows from it is not.
    fn stop(&self, batch: Vec<Request>, fault: Fault) {
        let fault = self.failed.get_or_init(|| fault).clone();
        answer(batch, &Err(fault));
    }

    /// One transaction and one commit for the whole batch.
    fn attempt(&self, batch: &mut [Request]) -> Result<(), Broken> {
        if let Some(failed) = self.failed.get() {
            return Err(Broken::File(failed.clone()));
        }
        let broken = |e: redb::Error| Broken::File(storage(e));
        let mut tx = self.db.begin_write().map_err(|e| broken(e.into()))?;
        tx.set_quick_repair(true);
        let touched = self.watched.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut open = Open { tx: &tx, tables: RefCell::default(), joint: None, effect: Effect::None, touched };
        let ran = batch.iter_mut().enumerate().try_for_each(|(place, request)| {
            // Caught here, around the job: a write transaction dropped while unwinding marks the file for repair.
            let ended = catch_unwind(AssertUnwindSafe(|| (request.job)(&mut open)));
            let ended = ended.unwrap_or_else(|_| Err(Fault::new(FaultKind::Bug, "a job panicked")));
            ended.map_err(|fault| Broken::Job(place, fault))
        });
        let ran = ran.and_then(|()| match open.joint.take() {
            Some(mut joint) => joint.settle(&mut open).map_err(Broken::Joint),
            None => Ok(()),
        });
        let effect = open.effect;
        drop(open);
        match (ran, effect) {
            (Ok(()), Effect::Written) => {
                let watch = Stopwatch::start();
                let committed = tx.commit().map_err(|e| broken(e.into()));
                self.measured.commits.observe(watch.micros());
                self.measured.batches.observe(batch.len() as u64);
                self.latest.forget();
                committed
            }
            (ran, _) => match (ran, tx.abort()) {
                (ran, Ok(())) => ran,
                // What went wrong first is the reason.
                (Err(Broken::Job(_, fault) | Broken::Joint(fault)), Err(_)) => Err(Broken::File(fault)),
                (_, Err(e)) => Err(broken(e.into())),
            },
        }
    }
}

fn answer(batch: Vec<Request>, outcome: &Result<(), Fault>) {
    for request in batch {
        (request.done)(outcome.clone());
    }
}

/// A write transaction and its tables: redb lets each be opened once.
struct Open<'tx> {
    tx: &'tx WriteTransaction,
    tables: RefCell<Vec<(Name, Table<'tx, Bytes, Bytes>)>>,
    joint: Option<Box<dyn Joint>>,
    effect: Effect,
    /// Who is told of each key that is written.
    touched: Option<Arc<Touched>>,
}

/// Whether there is anything to commit.
#[derive(Clone, Copy)]
enum Effect {
    None,
    Written,
}

impl<'tx> Open<'tx> {
    fn touch(&self, table: Name, key: &[u8]) {
        if let Some(touched) = &self.touched {
            touched.note(table, key);
        }
    }

    fn within<T>(
        &self,
        table: Name,
        work: impl FnOnce(&mut Table<'tx, Bytes, Bytes>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut tables = self.tables.borrow_mut();
        if let Some((_, open)) = tables.iter_mut().find(|(name, _)| *name == table) {
            return work(open);
        }
        let mut opened = self.tx.open_table(definition(table)).map_err(storage)?;
        let worked = work(&mut opened);
        tables.push((table, opened));
        worked
    }
}

impl ReadTx for Open<'_> {
    fn get(&self, table: Name, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.within(table, |open| get(open, key))
    }

    fn scan(&self, table: Name, span: Span<'_>, visit: &mut Visit<'_>) -> Result<(), Fault> {
        self.within(table, |open| scan(open, span, visit))
    }
}

impl WriteTx for Open<'_> {
    fn put(&mut self, table: Name, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        self.effect = Effect::Written;
        self.touch(table, key);
        self.within(table, |open| open.insert(key, value).map(drop).map_err(storage))
    }

    fn delete(&mut self, table: Name, key: &[u8]) -> Result<(), Fault> {
        self.effect = Effect::Written;
        self.touch(table, key);
        self.within(table, |open| open.remove(key).map(drop).map_err(storage))
    }

    fn joint(&mut self) -> &mut Option<Box<dyn Joint>> {
        &mut self.joint
    }
}
