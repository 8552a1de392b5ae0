//! The reference engine: ordered maps, copied when written to. For tests, and to read before writing another one.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::engine::{Done, Engine, Job, Joint, Name, Order, ReadTx, Span, Touched, Visit, WriteTx};
use crate::base::{Fault, FaultKind};

/// Tables in memory, lost with the process.
#[derive(Default)]
pub struct Memory {
    committed: Mutex<Tables>,
    writing: Mutex<()>,
    rehearsal: Rehearsal,
    watch: Mutex<Option<Arc<Touched>>>,
}

/// Whether each job is first run once for nothing, to find those that cannot be run twice.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Rehearsal {
    #[default]
    Off,
    On,
}

/// A table is shared by all snapshots that see it and copied by the first write after one.
#[derive(Clone, Default)]
struct Tables(BTreeMap<Name, Arc<Rows>>);

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

impl Memory {
    pub fn new(rehearsal: Rehearsal) -> Self {
        Self { rehearsal, ..Self::default() }
    }

    fn run(&self, job: &mut Job) -> Result<(), Fault> {
        let _alone = lock(&self.writing);
        let before = lock(&self.committed).clone();
        let touched = lock(&self.watch).clone();
        let attempt = |job: &mut Job| {
            let mut draft = Draft { tables: before.clone(), joint: None, touched: touched.clone() };
            let ended = catch_unwind(AssertUnwindSafe(|| job(&mut draft)));
            ended.unwrap_or_else(|_| Err(Fault::new(FaultKind::Bug, "a job panicked")))?;
            if let Some(mut joint) = draft.joint.take() {
                joint.settle(&mut draft)?;
            }
            Ok(draft.tables)
        };
        if self.rehearsal == Rehearsal::On {
            let _ = attempt(job);
        }
        *lock(&self.committed) = attempt(job)?;
        Ok(())
    }
}

impl Engine for Memory {
    fn snapshot(&self) -> Result<Box<dyn ReadTx + '_>, Fault> {
        Ok(Box::new(lock(&self.committed).clone()))
    }

    fn submit(&self, mut job: Job, done: Done) {
        done(self.run(&mut job));
    }

    fn failure(&self) -> Option<Fault> {
        None
    }

    fn tables(&self) -> Result<Vec<Name>, Fault> {
        Ok(lock(&self.committed).0.keys().copied().collect())
    }

    fn watch(&self, touched: Option<Arc<Touched>>) {
        *lock(&self.watch) = touched;
    }
}

impl ReadTx for Tables {
    fn get(&self, table: Name, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.0.get(table).and_then(|rows| rows.get(key)).cloned())
    }

    fn scan(&self, table: Name, span: Span<'_>, visit: &mut Visit<'_>) -> Result<(), Fault> {
        let Some(rows) = self.0.get(table).filter(|_| !span.is_empty()) else { return Ok(()) };
        let range = rows.range::<[u8], _>((span.from, span.to));
        let mut visit = |(key, value): (&Vec<u8>, &Vec<u8>)| match visit(key, value) {
            Ok(ControlFlow::Continue(())) => ControlFlow::Continue(()),
            Ok(ControlFlow::Break(())) => ControlFlow::Break(Ok(())),
            Err(fault) => ControlFlow::Break(Err(fault)),
        };
        let stopped = match span.order {
            Order::Ascending => range.into_iter().try_for_each(&mut visit),
            Order::Descending => range.rev().try_for_each(&mut visit),
        };
        stopped.break_value().unwrap_or(Ok(()))
    }
}

/// What one job makes of the tables.
struct Draft {
    tables: Tables,
    joint: Option<Box<dyn Joint>>,
    touched: Option<Arc<Touched>>,
}

impl Draft {
    fn touch(&self, table: Name, key: &[u8]) {
        if let Some(touched) = &self.touched {
            touched.note(table, key);
        }
    }
}

impl ReadTx for Draft {
    fn get(&self, table: Name, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.tables.get(table, key)
    }

    fn scan(&self, table: Name, span: Span<'_>, visit: &mut Visit<'_>) -> Result<(), Fault> {
        self.tables.scan(table, span, visit)
    }
}

impl WriteTx for Draft {
    fn put(&mut self, table: Name, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        self.touch(table, key);
        Arc::make_mut(self.tables.0.entry(table).or_default()).insert(key.to_vec(), value.to_vec());
        Ok(())
    }

    fn delete(&mut self, table: Name, key: &[u8]) -> Result<(), Fault> {
        self.touch(table, key);
        if let Some(rows) = self.tables.0.get_mut(table) {
            Arc::make_mut(rows).remove(key);
        }
        Ok(())
    }

    fn joint(&mut self) -> &mut Option<Box<dyn Joint>> {
        &mut self.joint
    }
}

/// A poisoned lock is no reason to stop: what it guards is replaced whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
