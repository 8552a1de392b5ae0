//! Tables and indexes, as declared in `tables.rs`.
//!
//! ```
//! # use writ::base::{Id, Timestamp};
//! # use writ::store::{Index, Table, Unique};
//! # #[derive(serde::Serialize, serde::Deserialize)]
//! # struct Pass { number: String, holder: Option<Id<Pass>>, expires_at: Timestamp }
//! # impl writ::base::Named for Pass { const PREFIX: &'static str = "pas"; }
//! /// A number is given once.
//! static PASSES_BY_NUMBER: Unique<Pass, str> = Unique::new("passes_by_number", |pass, out| out(&pass.number));
//! /// A pass without a holder is not in the index.
//! static PASSES_BY_HOLDER: Index<Pass, Id<Pass>> =
//!     Index::new("passes_by_holder", |pass, out| pass.holder.iter().for_each(|holder| out(holder)));
//!
//! static PASSES: Table<Id<Pass>, Pass> = Table::new("passes")
//!     .indexed(&[&PASSES_BY_NUMBER, &PASSES_BY_HOLDER])
//!     .expires(|pass| Some(pass.expires_at));
//! ```
//!
//! A name is part of the file format. Rows are JSON: a field is added with `#[serde(default)]`.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::engine::Name;
use super::key::{Key, RowKey};
use super::tx::{Read as _, Tx};
use crate::base::{Fault, Timestamp};

/// Rows of type `V` under keys of type `K`.
pub struct Table<K, V: 'static> {
    name: Name,
    indexes: &'static [&'static dyn Indexed<V>],
    expires: Option<fn(&V) -> Option<Timestamp>>,
    bookkeeping: Bookkeeping,
    turns: Option<&'static Generation>,
    of: PhantomData<fn(&K) -> V>,
}

/// A number that every commit turns in which a row of certain tables changed. Whoever has made something of such rows asks with one look
/// whether it is still what they come to. A number is never used twice for what was committed.
pub struct Generation {
    pub(super) name: Name,
}

impl Generation {
    pub const fn new(name: Name) -> Self {
        Self { name }
    }
}

/// Whether a change of a table must be in the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bookkeeping {
    Logged,
    /// For the reason given in the declaration.
    Unlogged,
}

impl<K, V> Table<K, V> {
    pub const fn new(name: Name) -> Self {
        Self { name, indexes: &[], expires: None, bookkeeping: Bookkeeping::Logged, turns: None, of: PhantomData }
    }

    /// Keeps these indexes. Adding one to a table that has rows takes a migration.
    #[must_use]
    pub const fn indexed(mut self, indexes: &'static [&'static dyn Indexed<V>]) -> Self {
        self.indexes = indexes;
        self
    }

    /// Has rows whose time ends, unless it is `None`. Housekeeping removes them some time later, so rules still
    /// compare times themselves.
    #[must_use]
    pub const fn expires(mut self, at: fn(&V) -> Option<Timestamp>) -> Self {
        self.expires = Some(at);
        self
    }

    /// A table of bounded size whose changes are not worth an event: counters, seen-before marks. Say why.
    #[must_use]
    pub const fn unlogged(mut self, _why: &'static str) -> Self {
        self.bookkeeping = Bookkeeping::Unlogged;
        self
    }

    /// Has rows that somebody makes something of and keeps it: each change turns this number.
    #[must_use]
    pub const fn turns(mut self, generation: &'static Generation) -> Self {
        self.turns = Some(generation);
        self
    }

    pub const fn name(&self) -> Name {
        self.name
    }

    pub(super) const fn generation(&self) -> Option<&'static Generation> {
        self.turns
    }

    pub(super) const fn indexes(&self) -> &'static [&'static dyn Indexed<V>] {
        self.indexes
    }

    pub(super) const fn expiry(&self) -> Option<fn(&V) -> Option<Timestamp>> {
        self.expires
    }

    pub(super) const fn bookkeeping(&self) -> Bookkeeping {
        self.bookkeeping
    }
}

/// What an index calls with each key under which a row can be found: never, once or several times.
pub type Out<'a, I> = &'a mut dyn FnMut(&I);

/// A way to rows of type `V` by an `I` that several may share.
pub struct Index<V: 'static, I: Key + ?Sized + 'static> {
    pub(super) name: Name,
    keys: fn(&V, Out<'_, I>),
}

impl<V, I: Key + ?Sized> Index<V, I> {
    pub const fn new(name: Name, keys: fn(&V, Out<'_, I>)) -> Self {
        Self { name, keys }
    }
}

/// A way to the one row of type `V` that has this `I`.
pub struct Unique<V: 'static, I: Key + ?Sized + 'static> {
    pub(super) name: Name,
    keys: fn(&V, Out<'_, I>),
}

impl<V, I: Key + ?Sized> Unique<V, I> {
    pub const fn new(name: Name, keys: fn(&V, Out<'_, I>)) -> Self {
        Self { name, keys }
    }
}

/// Either kind of index, whatever it is keyed by: what a table needs to know to keep it.
pub trait Indexed<V>: Sync {
    fn name(&self) -> Name;

    fn sharing(&self) -> Sharing;

    /// Calls `out` with the bytes of each key the row can be found under.
    fn keys(&self, row: &V, out: &mut dyn FnMut(&[u8]));
}

/// Whether an index key may lead to more than one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    Shared,
    Unique,
}

impl<V, I: Key + ?Sized> Indexed<V> for Index<V, I> {
    fn name(&self) -> Name {
        self.name
    }

    fn sharing(&self) -> Sharing {
        Sharing::Shared
    }

    fn keys(&self, row: &V, out: &mut dyn FnMut(&[u8])) {
        (self.keys)(row, &mut |key| out(&key.encoded()));
    }
}

impl<V, I: Key + ?Sized> Indexed<V> for Unique<V, I> {
    fn name(&self) -> Name {
        self.name
    }

    fn sharing(&self) -> Sharing {
        Sharing::Unique
    }

    fn keys(&self, row: &V, out: &mut dyn FnMut(&[u8])) {
        (self.keys)(row, &mut |key| out(&key.encoded()));
    }
}

/// A table whatever its rows are: what housekeeping needs to know.
pub trait AnyTable: Sync {
    fn name(&self) -> Name;

    /// Removes up to `limit` rows whose time was over at `now`; says how many.
    fn sweep(&self, tx: &mut Tx<'_>, now: Timestamp, limit: usize) -> Result<usize, Fault>;
}

impl<K: RowKey, V: Serialize + DeserializeOwned> AnyTable for Table<K, V> {
    fn name(&self) -> Name {
        self.name
    }

    fn sweep(&self, tx: &mut Tx<'_>, now: Timestamp, limit: usize) -> Result<usize, Fault> {
        if self.expires.is_none() {
            return Ok(0);
        }
        let over = tx.overdue(self, now, limit)?;
        for key in &over {
            tx.delete(self, key)?;
        }
        Ok(over.len())
    }
}
