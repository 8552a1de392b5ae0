//! The layout of the file, in numbered steps.
//!
//! A file says which layout it has. Opening it takes the steps that are missing, each in a transaction of its own with
//! an event of its own; a file from a newer Writ is left alone. Steps are never changed once released, only added; for
//! each layout a file of that time is kept in `tests/vectors`.

use super::audit::{build_words, lengthen};
use super::engine::Name;
use super::key::RowKey as _;
use super::tables::CLIENTS;
use super::tx::{MAX_ROWS, Read as _, Tx};
use super::{Store, View};
use crate::base::{Fault, FaultKind, Timestamp};
use crate::model::{Actor, Channel, Context, Event, Origin, Provenance};

/// Makes layout `n` of layout `n - 1`, where `n` is its place in [`STEPS`], counted from one.
pub struct Step {
    /// What it does, for the reader of a fault.
    pub what: &'static str,
    pub run: fn(&mut Tx<'_>) -> Result<(), Fault>,
}

/// Every step there ever was.
pub const STEPS: &[Step] = &[
    Step { what: "the first layout", run: |_| Ok(()) },
    Step { what: "administrators' clients by the look of their names", run: index_looks },
    Step { what: "the words of the audit log", run: |tx| build_words(tx.raw_mut()) },
    Step { what: "the same in longer stretches", run: lengthen_stretches },
];

/// Layout 2: `clients_by_look`. What administrators registered is few among many.
fn index_looks(tx: &mut Tx<'_>) -> Result<(), Fault> {
    let mut after = None;
    loop {
        let page = tx.page(&CLIENTS, after.as_ref(), MAX_ROWS)?;
        for (id, client) in &page.rows {
            if client.provenance == Provenance::Administrator {
                // Out and in again: a row that stays as it was would keep the index entries that it had, which are none.
                tx.delete(&CLIENTS, id)?;
                tx.put(&CLIENTS, id, client)?;
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// Layout 4: a stretch of the audit log was 64 entries, and is 1,024.
fn lengthen_stretches(tx: &mut Tx<'_>) -> Result<(), Fault> {
    lengthen(tx.raw_mut(), 16)?;
    build_words(tx.raw_mut())
}

const META: Name = "meta";
const LAYOUT: &[u8] = b"layout";

/// Takes the steps that `store` has not taken.
pub(super) fn migrate(store: &Store, steps: &'static [Step], at: Timestamp) -> Result<(), Fault> {
    let found = store.read_blocking(layout)?;
    let newest = steps.len() as u64;
    if found > newest {
        let text = format!("this file has layout {found} and this version of Writ knows {newest}: run the newer one");
        return Err(Fault::new(FaultKind::Storage, text));
    }
    let context = Context::new(at, Actor::System, Origin::within(Channel::File));
    // A file just made has no rows to move, and has the newest layout at once.
    if found == 0 {
        return store
            .write_blocking("migrate", &context, move |tx| {
                for step in steps {
                    (step.run)(tx)?;
                }
                tx.raw_mut().put(META, LAYOUT, &newest.to_be_bytes())?;
                tx.record(Event::Migrated { from: 0, to: newest })
            })
            .map_err(|e| Fault::because(FaultKind::Storage, format!("cannot make layout {newest}"), e));
    }
    for (from, step) in (0..).zip(steps).filter(|(from, _)| *from >= found) {
        let to = from + 1;
        store
            .write_blocking("migrate", &context, move |tx| {
                (step.run)(tx)?;
                tx.raw_mut().put(META, LAYOUT, &to.to_be_bytes())?;
                tx.record(Event::Migrated { from, to })
            })
            .map_err(|e| Fault::because(FaultKind::Storage, format!("cannot make layout {to} ({})", step.what), e))?;
    }
    Ok(())
}

/// The layout of a file; 0 for one just made.
fn layout(view: &View<'_>) -> Result<u64, Fault> {
    let Some(bytes) = view.raw().get(META, LAYOUT)? else { return Ok(0) };
    u64::decoded(&bytes).ok_or_else(|| Fault::new(FaultKind::Row, "the layout of the file does not parse"))
}
