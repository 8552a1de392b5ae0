//! The layout of the file, in numbered steps.
//!
//! A file says which layout it has. Opening it takes the steps that are missing, each in a transaction of its own with
//! an event of its own, after a copy of the file as it was was put beside it ([`put_aside`]); a file from a newer Writ is left alone. All of it
//! can be tried on a copy before ([`rehearse`]). Steps are never changed once released, only added; for
//! each layout a file of that time is kept in `tests/vectors`.

use std::path::{Path, PathBuf};

use super::audit::{build_words, lengthen};
use super::engine::{Name, ReadTx};
use super::key::RowKey as _;
use super::tables::{
    CLIENTS, CLIENTS_BY_NAMED, DELEGATIONS, DELEGATIONS_BY_NAMED, LINKS, LINKS_BY_PERSON, MACHINES, MACHINES_BY_NAMED,
    MACHINES_BY_TRAIT,
};
use super::tx::{MAX_ROWS, Read as _, Tx};
use super::{CACHE, Filling, Rows, Store, View};
use crate::base::{Fault, FaultKind, MacKey, Timestamp, files};
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
    Step { what: "machines, delegations and applications by what they name", run: index_named },
    Step { what: "machines by their traits", run: |tx| tx.index_anew(&MACHINES, &MACHINES_BY_TRAIT) },
    Step { what: "what identity providers call people, by person", run: |tx| tx.index_anew(&LINKS, &LINKS_BY_PERSON) },
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

/// Layout 5: `machines_by_named`, `delegations_by_named`, `clients_by_named`. The rows stay where they are.
fn index_named(tx: &mut Tx<'_>) -> Result<(), Fault> {
    tx.index_anew(&MACHINES, &MACHINES_BY_NAMED)?;
    tx.index_anew(&DELEGATIONS, &DELEGATIONS_BY_NAMED)?;
    tx.index_anew(&CLIENTS, &CLIENTS_BY_NAMED)
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

/// Whether steps are missing in a file of this layout that has rows.
pub(super) const fn is_behind(layout: u64) -> bool {
    layout > 0 && layout < STEPS.len() as u64
}

/// Where the copy of a file is that was made before it got another layout: `writ.redb.layout-3`.
pub fn aside(path: &Path, layout: u64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".layout-{layout}"));
    PathBuf::from(name)
}

/// Copies a store, as it is, to a file that is there once it is whole.
pub(super) fn put_aside(store: &Store, aside: &Path) -> Result<(), Fault> {
    let failed = |e| Fault::because(FaultKind::Storage, format!("no copy could be put at {}", aside.display()), e);
    let draft = aside.with_extension("draft");
    if draft.exists() {
        std::fs::remove_file(&draft).map_err(failed)?;
    }
    copy_to(store, &draft)?;
    files::rename(&draft, aside).map_err(failed)
}

fn copy_to(store: &Store, path: &Path) -> Result<(), Fault> {
    let filling = Filling::create(path)?;
    store.copy(&mut |Rows { table, rows }| filling.put(&[(table, rows)])).map(drop)
}

/// What opening a file would do to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsed {
    pub from: u64,
    pub to: u64,
    /// What the steps are for.
    pub steps: Vec<&'static str>,
    /// Entries of the audit log, which was walked afterwards.
    pub entries: u64,
}

/// Takes the steps that are missing on a copy of the file at `path`, made at `scratch` and removed again. The file itself is left as it is, and
/// nobody else may have it open.
pub fn rehearse(path: &Path, key: &MacKey, scratch: &Path, at: Timestamp) -> Result<Rehearsed, Fault> {
    let tried = || {
        let store = Store::as_it_is(path, CACHE, key.clone())?;
        let from = store.read_blocking(layout)?;
        copy_to(&store, scratch)?;
        let copy = Store::as_it_is(scratch, CACHE, key.clone())?;
        migrate(&copy, STEPS, at)?;
        let head = copy.verify_audit(None)?.map_err(|broken| {
            Fault::new(FaultKind::Storage, format!("the audit log is not whole after the steps: {broken}"))
        })?;
        let steps = (0..).zip(STEPS).filter(|(number, _)| *number >= from).map(|(_, step)| step.what).collect();
        Ok(Rehearsed { from, to: STEPS.len() as u64, steps, entries: head.sequence })
    };
    let tried = tried();
    drop(std::fs::remove_file(scratch));
    tried
}

/// The layout of a file; 0 for one just made.
pub fn layout(view: &View<'_>) -> Result<u64, Fault> {
    layout_of(view.raw())
}

pub(super) fn layout_of(raw: &dyn ReadTx) -> Result<u64, Fault> {
    let Some(bytes) = raw.get(META, LAYOUT)? else { return Ok(0) };
    u64::decoded(&bytes).ok_or_else(|| Fault::new(FaultKind::Row, "the layout of the file does not parse"))
}
