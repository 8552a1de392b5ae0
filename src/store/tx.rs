//! Typed reading and writing, over the bytes of an engine.
//!
//! [`View`] reads a snapshot, [`Tx`] reads and writes inside a transaction, and [`Read`] is what both can do, so that
//! one function can gather the facts of a rule from either. Every scan has a limit.

use std::ops::{Bound, ControlFlow};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::audit::{self, Cutting};
use super::engine::{Name, Order, ReadTx, Span, Visit, WriteTx};
use super::key::{END_OF_TEXT, Key, RowKey};
use super::table::{Bookkeeping, Generation, Index, Sharing, Table, Unique};
use crate::base::{Fault, FaultKind, Id, MacKey, Timestamp};
use crate::model::{Context, Event};

/// No scan gives more rows than this, whatever its caller asks for.
pub const MAX_ROWS: usize = 10_000;

/// When rows end, of all tables: (table, time, key of the row) leads to nothing.
const EXPIRY: Name = "expiry";

/// The numbers of generations, by their names.
const GENERATIONS: Name = "generations";

/// Reading typed rows.
pub trait Read {
    /// The engine's transaction underneath.
    fn raw(&self) -> &dyn ReadTx;

    /// Whether what it reads is committed: not so in a transaction.
    fn is_committed(&self) -> bool;

    /// The number of a generation: while it is the same, so are the rows of its tables.
    fn generation(&self, generation: &Generation) -> Result<u64, Fault> {
        let found = self.raw().get(GENERATIONS, generation.name.as_bytes())?;
        found.map_or(Ok(0), |bytes| decode(GENERATIONS, &bytes))
    }

    /// The row of one key.
    fn get<K: Key, V: DeserializeOwned>(&self, table: &Table<K, V>, key: &K) -> Result<Option<V>, Fault> {
        self.raw().get(table.name(), &key.encoded())?.map(|bytes| parse(table, &bytes)).transpose()
    }

    /// Up to `limit` rows above `after`, in the order of their keys.
    fn page<K: RowKey, V: DeserializeOwned>(
        &self,
        table: &Table<K, V>,
        after: Option<&K>,
        limit: usize,
    ) -> Result<Page<K, V>, Fault> {
        let after = after.map(Key::encoded);
        let span = after.as_deref().map_or(Span::ALL, Span::after);
        collect(limit, |visit| self.raw().scan(table.name(), span, visit), |key, value| row(table, key, value))
    }

    /// Up to `limit` rows below `before`, against the order of their keys: where keys are ids, the newest first.
    fn newest<K: RowKey, V: DeserializeOwned>(
        &self,
        table: &Table<K, V>,
        before: Option<&K>,
        limit: usize,
    ) -> Result<Page<K, V>, Fault> {
        let before = before.map(Key::encoded);
        let span = Span { to: before.as_deref().map_or(Bound::Unbounded, Bound::Excluded), ..Span::ALL }.backwards();
        collect(limit, |visit| self.raw().scan(table.name(), span, visit), |key, value| row(table, key, value))
    }

    /// The one row that a unique index has under `key`, with its own key.
    fn find<K: RowKey, V: DeserializeOwned, I: Key + ?Sized>(
        &self,
        table: &Table<K, V>,
        index: &Unique<V, I>,
        key: &I,
    ) -> Result<Option<(K, V)>, Fault> {
        let Some(bytes) = self.raw().get(index.name, &key.encoded())? else { return Ok(None) };
        self.pointed_at(table, index.name, &bytes).map(Some)
    }

    /// The first row whose key in a unique index begins with `prefix`, the first part of a key of several parts.
    fn first_under<K: RowKey, V: DeserializeOwned, I: Key + ?Sized>(
        &self,
        table: &Table<K, V>,
        index: &Unique<V, I>,
        prefix: &impl Key,
    ) -> Result<Option<(K, V)>, Fault> {
        let (prefix, mut own) = (prefix.encoded(), None);
        self.raw().scan(index.name, Span::from(&prefix), &mut |entry, value| {
            own = entry.starts_with(&prefix).then(|| value.to_vec());
            Ok(ControlFlow::Break(()))
        })?;
        own.map(|own| self.pointed_at(table, index.name, &own)).transpose()
    }

    /// Up to `limit` rows in the order of their keys in a unique index: of the keys that begin with `under` those behind `behind`, in
    /// that order. The page says whether there are more; whoever goes on does so from behind the last row's key.
    fn in_order<K: RowKey, V: DeserializeOwned, I: Key + ?Sized>(
        &self,
        table: &Table<K, V>,
        index: &Unique<V, I>,
        (under, behind): (Option<&String>, Option<&I>),
        order: Order,
        limit: usize,
    ) -> Result<Page<K, V>, Fault> {
        let prefix = under.map(Key::encoded).unwrap_or_default();
        let (behind, end) = (behind.map(Key::encoded), self::behind(&prefix));
        let edge = behind.as_deref().map(Bound::Excluded);
        let end = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let (from, to) = match order {
            Order::Ascending => (edge.unwrap_or(Bound::Included(&prefix)), end),
            Order::Descending => (Bound::Included(prefix.as_slice()), edge.unwrap_or(end)),
        };
        let span = Span { from, to, order };
        let found = collect(
            limit,
            |visit| {
                self.raw().scan(index.name, span, &mut |entry, own| match entry.starts_with(&prefix) {
                    true => visit(own, entry),
                    false => Ok(ControlFlow::Break(())),
                })
            },
            |own, _| Ok((own.to_vec(), ())),
        )?;
        self.all_pointed_at(table, index.name, found)
    }

    /// The first `limit` rows that an index has under `key`, in the order of their own keys.
    fn list<K: RowKey, V: DeserializeOwned, I: Key + ?Sized>(
        &self,
        table: &Table<K, V>,
        index: &Index<V, I>,
        key: &I,
        limit: usize,
    ) -> Result<Vec<(K, V)>, Fault> {
        self.list_after(table, index, key, None, limit).map(|page| page.rows)
    }

    /// The same as [`Read::list`], from behind the row `after`.
    fn list_after<K: RowKey, V: DeserializeOwned, I: Key + ?Sized>(
        &self,
        table: &Table<K, V>,
        index: &Index<V, I>,
        key: &I,
        after: Option<&K>,
        limit: usize,
    ) -> Result<Page<K, V>, Fault> {
        let prefix = key.encoded();
        let mut start = prefix.clone();
        if let Some(after) = after {
            after.encode(&mut start);
        }
        let span = if after.is_some() { Span::after(&start) } else { Span::from(&start) };
        let found = collect(
            limit,
            |visit| {
                self.raw().scan(index.name, span, &mut |entry, value| match entry.strip_prefix(prefix.as_slice()) {
                    Some(own) => visit(own, value),
                    None => Ok(ControlFlow::Break(())),
                })
            },
            |own, _| Ok((own.to_vec(), ())),
        )?;
        self.all_pointed_at(table, index.name, found)
    }

    /// Up to `limit` rows that an index has under `key`, against the order of their own keys, from below the row `before`: where keys
    /// are ids, the newest first.
    fn list_newest<K: RowKey, V: DeserializeOwned, I: Key + ?Sized>(
        &self,
        table: &Table<K, V>,
        index: &Index<V, I>,
        key: &I,
        before: Option<&K>,
        limit: usize,
    ) -> Result<Page<K, V>, Fault> {
        let prefix = key.encoded();
        let end = match before {
            Some(before) => {
                let mut end = prefix.clone();
                before.encode(&mut end);
                Some(end)
            }
            None => behind(&prefix),
        };
        let to = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let span = Span { to, ..Span::from(&prefix) }.backwards();
        let found = collect(
            limit,
            |visit| {
                self.raw().scan(index.name, span, &mut |entry, value| match entry.strip_prefix(prefix.as_slice()) {
                    Some(own) => visit(own, value),
                    None => Ok(ControlFlow::Break(())),
                })
            },
            |own, _| Ok((own.to_vec(), ())),
        )?;
        self.all_pointed_at(table, index.name, found)
    }

    /// Up to `limit` rows that an index of words has under a word that begins with `start`, in the order of the words, each row
    /// once.
    fn starting<K: RowKey + PartialEq, V: DeserializeOwned>(
        &self,
        table: &Table<K, V>,
        index: &Index<V, str>,
        start: &str,
        limit: usize,
    ) -> Result<Vec<(K, V)>, Fault> {
        // A word's key is its bytes and an end that sorts below everything else: without the end it is a prefix.
        let mut prefix = start.encoded();
        prefix.truncate(prefix.len().saturating_sub(END_OF_TEXT));
        let limit = limit.min(MAX_ROWS);
        let mut keys: Vec<K> = Vec::new();
        self.raw().scan(index.name, Span::from(&prefix), &mut |entry, _| {
            if !entry.starts_with(&prefix) || keys.len() >= limit {
                return Ok(ControlFlow::Break(()));
            }
            let mut rest = entry;
            let own = String::decode(&mut rest).and_then(|_| K::decoded(rest));
            let own =
                own.ok_or_else(|| Fault::new(FaultKind::Row, format!("a key of {} does not parse", index.name)))?;
            if !keys.contains(&own) {
                keys.push(own);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        keys.iter().map(|key| self.pointed_at(table, index.name, &key.encoded())).collect()
    }

    /// The rows whose key in an index begins with `prefix`, the first part of a key of several parts. `after` is where a page
    /// before ended.
    fn list_under<T, V: DeserializeOwned, I: Key + ?Sized>(
        &self,
        table: &Table<Id<T>, V>,
        index: &Index<V, I>,
        prefix: &impl Key,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Under<Id<T>, V>, Fault> {
        let prefix = prefix.encoded();
        let span = after.map_or(Span::from(&prefix), Span::after);
        let found = collect(
            limit,
            |visit| {
                self.raw().scan(index.name, span, &mut |entry, value| match entry.starts_with(&prefix) {
                    true => visit(entry, value),
                    false => Ok(ControlFlow::Break(())),
                })
            },
            |entry, _| Ok((entry.to_vec(), ())),
        )?;
        let rows = found.rows.iter().map(|(entry, ())| {
            // An id has one length, so the row's own key is what an entry ends in.
            let own = entry.len().checked_sub(Id::<T>::LENGTH).and_then(|at| entry.get(at..)).unwrap_or_default();
            self.pointed_at(table, index.name, own)
        });
        Ok(Under { rows: rows.collect::<Result<_, _>>()?, next: found.next })
    }

    /// Up to `limit` keys of rows whose time was over at `now`, the longest dead first.
    fn overdue<K: RowKey, V>(&self, table: &Table<K, V>, now: Timestamp, limit: usize) -> Result<Vec<K>, Fault> {
        let prefix = table.name().encoded();
        let found = collect(
            limit,
            |visit| {
                self.raw().scan(EXPIRY, Span::from(&prefix), &mut |entry, value| {
                    let Some(mut rest) = entry.strip_prefix(prefix.as_slice()) else {
                        return Ok(ControlFlow::Break(()));
                    };
                    match Timestamp::decode(&mut rest) {
                        Some(at) if at <= now => visit(rest, value),
                        _ => Ok(ControlFlow::Break(())),
                    }
                })
            },
            |own, _| Ok((decode(EXPIRY, own)?, ())),
        )?;
        Ok(found.rows.into_iter().map(|(key, ())| key).collect())
    }

    /// Up to `limit` rows whose time was over at `now`, the longest dead first.
    fn expired<K: RowKey, V: DeserializeOwned>(
        &self,
        table: &Table<K, V>,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(K, V)>, Fault> {
        self.overdue(table, now, limit)?.iter().map(|key| self.pointed_at(table, EXPIRY, &key.encoded())).collect()
    }

    /// The row an index entry leads to. An entry that leads nowhere is a damaged file.
    #[doc(hidden)]
    fn pointed_at<K: RowKey, V: DeserializeOwned>(
        &self,
        table: &Table<K, V>,
        index: Name,
        key: &[u8],
    ) -> Result<(K, V), Fault> {
        let value = self.raw().get(table.name(), key)?;
        let value = value.ok_or_else(|| Fault::new(FaultKind::Row, format!("{index} points at no row")))?;
        row(table, key, &value)
    }

    /// The rows that the entries of an index lead to, in their order.
    #[doc(hidden)]
    fn all_pointed_at<K: RowKey, V: DeserializeOwned>(
        &self,
        table: &Table<K, V>,
        index: Name,
        found: Page<Vec<u8>, ()>,
    ) -> Result<Page<K, V>, Fault> {
        let next = found.next.map(|own| decode(index, &own)).transpose()?;
        let rows = found.rows.iter().map(|(own, ())| self.pointed_at(table, index, own));
        Ok(Page { rows: rows.collect::<Result<_, _>>()?, next })
    }
}

/// The first key above everything that begins with `prefix`, if there is one.
fn behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte < 0xFF)?;
    let (kept, _) = prefix.split_at(last + 1);
    let mut end = kept.to_vec();
    if let Some(byte) = end.last_mut() {
        *byte += 1;
    }
    Some(end)
}

/// Part of a table or list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<K, V> {
    pub rows: Vec<(K, V)>,
    /// Where to go on, if there is more.
    pub next: Option<K>,
}

/// Part of the rows under a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Under<K, V> {
    pub rows: Vec<(K, V)>,
    /// Where to go on, if there is more.
    pub next: Option<Vec<u8>>,
}

/// A snapshot, typed. Do not hold one across anything slow.
pub struct View<'a> {
    raw: &'a dyn ReadTx,
}

impl<'a> View<'a> {
    pub(super) fn new(raw: &'a dyn ReadTx) -> Self {
        Self { raw }
    }
}

impl Read for View<'_> {
    fn raw(&self) -> &dyn ReadTx {
        self.raw
    }

    fn is_committed(&self) -> bool {
        true
    }
}

/// A write transaction, typed. It knows who is acting and when, and keeps count: who changes something says what happened.
pub struct Tx<'a> {
    raw: &'a mut dyn WriteTx,
    context: &'a Context,
    key: &'a MacKey,
    /// Whether it has recorded something.
    recorded: bool,
    /// The first table it changed that ought to be accounted for.
    changed: Option<Name>,
    /// The generations that it turned.
    turned: Vec<Name>,
}

impl Read for Tx<'_> {
    fn raw(&self) -> &dyn ReadTx {
        self.raw
    }

    fn is_committed(&self) -> bool {
        false
    }
}

impl<'a> Tx<'a> {
    pub(super) fn new(raw: &'a mut dyn WriteTx, context: &'a Context, key: &'a MacKey) -> Self {
        Self { raw, context, key, recorded: false, changed: None, turned: Vec::new() }
    }

    /// The time of the operation: the one time everything in it happens at.
    pub fn now(&self) -> Timestamp {
        self.context.at
    }

    pub fn context(&self) -> &Context {
        self.context
    }

    /// Adds a line to the audit log, with the context's who, when and where.
    pub fn record(&mut self, event: Event) -> Result<(), Fault> {
        self.recorded = true;
        audit::append(self.raw, self.key, self.context, &event)
    }

    /// Cuts traffic from before `until` out of the audit log, in up to `most` stretches of it. Whoever calls it records that.
    pub fn cut_traffic(&mut self, until: Timestamp, most: u64) -> Result<Cutting, Fault> {
        audit::cut_traffic(self.raw, self.key, until, most)
    }

    /// Seals the audit log with another key. To be called before anything is recorded, and to be recorded.
    pub(crate) fn reseal_audit(&mut self, new: &MacKey) -> Result<u64, Fault> {
        if self.recorded {
            return Err(Fault::new(FaultKind::Bug, "the audit log is sealed anew before anything is recorded"));
        }
        audit::reseal(self.raw, self.key, new)
    }

    /// Sets a row and its index entries. Faults with `Duplicate` if a unique index has one of its keys for another
    /// row: look with [`Read::find`] first.
    pub fn put<K: Key, V: Serialize + DeserializeOwned>(
        &mut self,
        table: &Table<K, V>,
        key: &K,
        value: &V,
    ) -> Result<(), Fault> {
        let key = key.encoded();
        let bytes = json(table, value)?;
        if has_entries(table) {
            let old = self.raw.get(table.name(), &key)?.map(|old| parse(table, &old)).transpose()?;
            let old = old.map_or_else(Vec::new, |old| entries(table, &key, &old));
            self.reindex(table, &old, &entries(table, &key, value))?;
        }
        self.note(table)?;
        self.raw.put(table.name(), &key, &bytes)
    }

    /// [`Tx::put`] for a row that was read in this transaction as `old`, which saves reading and parsing it once more.
    pub fn replace<K: Key, V: Serialize + DeserializeOwned>(
        &mut self,
        table: &Table<K, V>,
        key: &K,
        old: &V,
        value: &V,
    ) -> Result<(), Fault> {
        let key = key.encoded();
        let bytes = json(table, value)?;
        if has_entries(table) {
            self.reindex(table, &entries(table, &key, old), &entries(table, &key, value))?;
        }
        self.note(table)?;
        self.raw.put(table.name(), &key, &bytes)
    }

    /// The same for a row that is found, and expires, by what it was: nothing but the row is written.
    pub fn rewrite<K: Key, V: Serialize + DeserializeOwned>(
        &mut self,
        table: &Table<K, V>,
        key: &K,
        old: &V,
        value: &V,
    ) -> Result<(), Fault> {
        let key = key.encoded();
        debug_assert!(
            entries(table, &key, old) == entries(table, &key, value),
            "a row of {} is found by something else now",
            table.name()
        );
        self.note(table)?;
        self.raw.put(table.name(), &key, &json(table, value)?)
    }

    /// Removes a row and gives it back, if it is there.
    pub fn take<K: Key, V: DeserializeOwned>(&mut self, table: &Table<K, V>, key: &K) -> Result<Option<V>, Fault> {
        let key = key.encoded();
        let Some(bytes) = self.raw.get(table.name(), &key)? else { return Ok(None) };
        let value = parse(table, &bytes)?;
        self.reindex(table, &entries(table, &key, &value), &[])?;
        self.note(table)?;
        self.raw.delete(table.name(), &key)?;
        Ok(Some(value))
    }

    /// Removes a row that may or may not be there.
    pub fn delete<K: Key, V: DeserializeOwned>(&mut self, table: &Table<K, V>, key: &K) -> Result<(), Fault> {
        self.take(table, key).map(drop)
    }

    /// Puts the entries of an index that a table has not had so far, for every row there is. For a migration.
    pub(super) fn index_anew<K: RowKey, V: DeserializeOwned, I: Key + ?Sized>(
        &mut self,
        table: &Table<K, V>,
        index: &Index<V, I>,
    ) -> Result<(), Fault> {
        let mut after = None;
        loop {
            let page = self.page(table, after.as_ref(), MAX_ROWS)?;
            for (key, row) in &page.rows {
                let mine = entries(table, &key.encoded(), row).into_iter().filter(|entry| entry.index == index.name);
                mine.into_iter().try_for_each(|entry| self.raw.put(entry.index, &entry.key, &entry.value))?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Ends the job, or refuses it because it should have recorded something.
    pub(super) fn finish(self, name: &'static str) -> Result<(), Fault> {
        match self.changed {
            Some(table) if !self.recorded => {
                let text = format!("`{name}` changed {table} and recorded no event");
                Err(Fault::new(FaultKind::Unrecorded, text))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn raw_mut(&mut self) -> &mut dyn WriteTx {
        self.raw
    }

    fn note<K, V>(&mut self, table: &Table<K, V>) -> Result<(), Fault> {
        if table.bookkeeping() == Bookkeeping::Logged && self.changed.is_none() {
            self.changed = Some(table.name());
        }
        // Once for each job and generation: what the job has read before is its own.
        if let Some(generation) = table.generation().filter(|turned| !self.turned.contains(&turned.name)) {
            self.turned.push(generation.name);
            let next = self.generation(generation)?.saturating_add(1);
            self.raw.put(GENERATIONS, generation.name.as_bytes(), &next.to_be_bytes())?;
        }
        Ok(())
    }

    fn reindex<K, V>(&mut self, table: &Table<K, V>, old: &[Entry], new: &[Entry]) -> Result<(), Fault> {
        for gone in old.iter().filter(|entry| !new.contains(entry)) {
            self.raw.delete(gone.index, &gone.key)?;
        }
        for entry in new.iter().filter(|entry| !old.contains(entry)) {
            if entry.sharing == Sharing::Unique && self.raw.get(entry.index, &entry.key)?.is_some() {
                let text = format!("{} has this {} already", table.name(), entry.index);
                return Err(Fault::new(FaultKind::Duplicate, text));
            }
            self.raw.put(entry.index, &entry.key, &entry.value)?;
        }
        Ok(())
    }
}

/// One line of an index, of one row.
#[derive(PartialEq, Eq)]
struct Entry {
    index: Name,
    sharing: Sharing,
    key: Vec<u8>,
    value: Vec<u8>,
}

const fn has_entries<K, V>(table: &Table<K, V>) -> bool {
    !table.indexes().is_empty() || table.expiry().is_some()
}

/// Every index line of a row. Shared: index key, then row key, leads to nothing. Unique: index key leads to row key.
fn entries<K, V>(table: &Table<K, V>, own: &[u8], row: &V) -> Vec<Entry> {
    let mut entries = Vec::new();
    for index in table.indexes() {
        let (index, sharing) = (*index, index.sharing());
        index.keys(row, &mut |key| {
            let (key, value) = match sharing {
                Sharing::Shared => ([key, own].concat(), Vec::new()),
                Sharing::Unique => (key.to_vec(), own.to_vec()),
            };
            let entry = Entry { index: index.name(), sharing, key, value };
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        });
    }
    if let Some(at) = table.expiry().and_then(|expires| expires(row)) {
        let mut key = (table.name(), at).encoded();
        key.extend_from_slice(own);
        entries.push(Entry { index: EXPIRY, sharing: Sharing::Shared, key, value: Vec::new() });
    }
    entries
}

fn json<K, V: Serialize>(table: &Table<K, V>, value: &V) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(value)
        .map_err(|e| Fault::because(FaultKind::Bug, format!("a row of {} has no JSON", table.name()), e))
}

fn parse<K, V: DeserializeOwned>(table: &Table<K, V>, bytes: &[u8]) -> Result<V, Fault> {
    serde_json::from_slice(bytes)
        .map_err(|e| Fault::because(FaultKind::Row, format!("a row of {} does not parse", table.name()), e))
}

fn row<K: RowKey, V: DeserializeOwned>(table: &Table<K, V>, key: &[u8], value: &[u8]) -> Result<(K, V), Fault> {
    Ok((decode(table.name(), key)?, parse(table, value)?))
}

fn decode<K: RowKey>(table: Name, key: &[u8]) -> Result<K, Fault> {
    K::decoded(key).ok_or_else(|| Fault::new(FaultKind::Row, format!("a key of {table} does not parse")))
}

/// Walks a scan, makes up to `limit` rows of it, and says where to go on if there is one more.
fn collect<K: Clone, V>(
    limit: usize,
    scan: impl FnOnce(&mut Visit<'_>) -> Result<(), Fault>,
    make: impl Fn(&[u8], &[u8]) -> Result<(K, V), Fault>,
) -> Result<Page<K, V>, Fault> {
    let limit = limit.min(MAX_ROWS);
    let mut rows: Vec<(K, V)> = Vec::new();
    let mut next = None;
    scan(&mut |key, value| {
        if rows.len() >= limit {
            next = rows.last().map(|(key, _)| key.clone());
            return Ok(ControlFlow::Break(()));
        }
        rows.push(make(key, value)?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Page { rows, next })
}
