//! A copy of everything, as of one moment, while others write.
//!
//! A snapshot that is held for as long as a large file takes to copy keeps every page that is written meanwhile from being used again, and
//! the file grows by them. So rows are read in many short snapshots, and whoever writes tells which keys they touch
//! ([`Touched`]). What was touched is copied once more, as often as it takes until it is little, and the last of it in one
//! snapshot: whoever lays the rows down in their order, the later over the earlier, has the store as that snapshot saw it.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::audit::Head;
use super::engine::{Engine, Name, ReadTx, Span, Touched};
use super::{Store, migrate, silent};
use crate::base::{Fault, MacKey};

/// Rows of one table, in the order in which they are to be laid down. A row without a value is one that there is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    pub table: Name,
    pub rows: Vec<Row>,
}

/// One of them.
pub type Row = (Vec<u8>, Option<Vec<u8>>);

/// What a copy is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The end of the audit log.
    pub head: Head,
    pub layout: u64,
}

/// Bytes of rows that are read in one snapshot, and given on at once.
const STRETCH: usize = 1024 * 1024;
/// Keys that are copied once more before the copy goes on: they are held in memory.
const MOST_TOUCHED: usize = 100_000;
/// With so few keys left the last snapshot is a short one.
const FEW: usize = 2_000;
/// Rounds before the last; who writes faster than a copy reads is not waited for any longer.
const ROUNDS: usize = 20;

/// Copies everything to `out`.
pub(super) fn copy(
    store: &Store,
    key: &MacKey,
    out: &mut dyn FnMut(Rows) -> Result<(), Fault>,
) -> Result<Moment, Fault> {
    let engine = &*store.engine;
    let watching = Watching::begin(engine)?;
    for table in engine.tables()? {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let (rows, end) = stretch(&*engine.snapshot()?, table, after.as_deref())?;
            let Some((last, _)) = rows.rows.last() else { break };
            after = Some(last.clone());
            out(rows)?;
            if watching.touched.count() > MOST_TOUCHED {
                watching.catch_up(out)?;
            }
            // What was added behind it since was told of: nobody runs after who writes.
            if end == End::OfTable {
                break;
            }
        }
    }
    for _ in 0..ROUNDS {
        if watching.touched.count() <= FEW {
            break;
        }
        watching.catch_up(out)?;
    }
    let (rows, moment) = {
        let mut keys = watching.touched.take();
        let last = engine.snapshot()?;
        // What the snapshot sees was told of before it could be seen. What was told of and is not in it yet is there as it was.
        keys.extend(watching.touched.take());
        (as_they_are(&*last, keys)?, Moment { head: Head::load(&*last, key)?, layout: migrate::layout_of(&*last)? })
    };
    rows.into_iter().try_for_each(out)?;
    Ok(moment)
}

/// While it lives, whoever writes says which keys.
struct Watching<'a> {
    engine: &'a dyn Engine,
    touched: Arc<Touched>,
}

impl<'a> Watching<'a> {
    fn begin(engine: &'a dyn Engine) -> Result<Self, Fault> {
        let touched = Arc::new(Touched::default());
        engine.watch(Some(Arc::clone(&touched)));
        let watching = Self { engine, touched };
        watching.wait()?;
        Ok(watching)
    }

    /// Until every transaction that was on its way is over.
    fn wait(&self) -> Result<(), Fault> {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        self.engine.submit(Box::new(|_| Ok(())), Box::new(move |outcome| drop(tell.send(outcome))));
        told.recv().unwrap_or_else(|_| Err(silent()))
    }

    /// Copies once more what was touched so far.
    fn catch_up(&self, out: &mut dyn FnMut(Rows) -> Result<(), Fault>) -> Result<(), Fault> {
        let keys = self.touched.take();
        // A key is told of before its commit: only after that does a snapshot show what it came to.
        self.wait()?;
        let mut keys: Vec<(Name, Vec<u8>)> = keys.into_iter().collect();
        while !keys.is_empty() {
            let some = keys.split_off(keys.len().saturating_sub(FEW)).into_iter().collect();
            let rows = as_they_are(&*self.engine.snapshot()?, some)?;
            rows.into_iter().try_for_each(&mut *out)?;
        }
        Ok(())
    }
}

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        self.engine.watch(None);
    }
}

/// Where a stretch ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    OfTable,
    OfStretch,
}

fn stretch(snapshot: &dyn ReadTx, table: Name, after: Option<&[u8]>) -> Result<(Rows, End), Fault> {
    let (mut found, mut bytes) = (Rows { table, rows: Vec::new() }, 0);
    snapshot.scan(table, after.map_or(Span::ALL, Span::after), &mut |key, value| {
        bytes += key.len() + value.len();
        found.rows.push((key.to_vec(), Some(value.to_vec())));
        Ok(if bytes < STRETCH { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok((found, if bytes < STRETCH { End::OfTable } else { End::OfStretch }))
}

/// These keys as they are in a snapshot, by table.
fn as_they_are(snapshot: &dyn ReadTx, keys: BTreeSet<(Name, Vec<u8>)>) -> Result<Vec<Rows>, Fault> {
    let mut found: Vec<Rows> = Vec::new();
    let mut bytes = 0;
    for (table, key) in keys {
        let value = snapshot.get(table, &key)?;
        let size = key.len() + value.as_ref().map_or(0, Vec::len);
        match found.last_mut().filter(|rows| rows.table == table && bytes < STRETCH) {
            Some(rows) => rows.rows.push((key, value)),
            None => {
                bytes = 0;
                found.push(Rows { table, rows: vec![(key, value)] });
            }
        }
        bytes += size;
    }
    Ok(found)
}
