//! What was made of rows that many requests read and few change: clients as they authenticate, resources as they are asked for.
//!
//! It is good for as long as no commit has changed a row that it may have been made of, which one look tells ([`Generation`]). Only
//! what a snapshot says is kept: a transaction may yet be undone.

use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::{Fault, Id, Recent, Resource};
use crate::model::{Client, Credential, ProtectedResource};
use crate::store::tables::{CLIENTS_AS_OF, MACHINES_AS_OF, RESOURCES_AS_OF};
use crate::store::{Generation, Read};

/// What is kept, each with the tables it is made of.
pub struct Known {
    /// Machines by a credential of theirs.
    pub machines: Kept<Id<Credential>, Client>,
    pub clients: Kept<Id<Client>, Client>,
    /// Machines by what a workload's token says: the issuer, a claim, and its value.
    pub trusts: Kept<(String, String, String), Vec<Arc<Client>>>,
    /// By the address that somebody asks for, as it is written.
    pub resources: Kept<Resource, ProtectedResource>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            machines: Kept::new(&MACHINES_AS_OF),
            clients: Kept::new(&CLIENTS_AS_OF),
            trusts: Kept::new(&MACHINES_AS_OF),
            resources: Kept::new(&RESOURCES_AS_OF),
        }
    }
}

/// Values by their keys, of one generation: at most twice [`MOST_YOUNG`].
pub struct Kept<K, V> {
    of: &'static Generation,
    values: Mutex<Values<K, V>>,
}

struct Values<K, V> {
    generation: u64,
    recent: Recent<K, Arc<V>>,
}

const MOST_YOUNG: usize = 1_024;

impl<K: Hash + Eq + Clone, V> Kept<K, V> {
    fn new(of: &'static Generation) -> Self {
        Self { of, values: Mutex::new(Values { generation: 0, recent: Recent::new(MOST_YOUNG) }) }
    }

    /// The value of `key` as `read` has it, and the generation that it is of. `make` reads the rows where nothing is kept.
    pub fn find(
        &self,
        read: &impl Read,
        key: &K,
        make: impl FnOnce() -> Result<Option<V>, Fault>,
    ) -> Result<Option<(Arc<V>, u64)>, Fault> {
        let generation = read.generation(self.of)?;
        if let Some(kept) = self.values().find(generation, key) {
            return Ok(Some((kept, generation)));
        }
        let Some(made) = make()?.map(Arc::new) else { return Ok(None) };
        if read.is_committed() {
            self.values().keep(generation, key.clone(), Arc::clone(&made));
        }
        Ok(Some((made, generation)))
    }

    fn values(&self) -> MutexGuard<'_, Values<K, V>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq, V> Values<K, V> {
    fn find(&self, generation: u64, key: &K) -> Option<Arc<V>> {
        self.recent.get(key).filter(|_| self.generation == generation).cloned()
    }

    /// Whoever still reads an older snapshot keeps nothing.
    fn keep(&mut self, generation: u64, key: K, value: Arc<V>) {
        if generation < self.generation {
            return;
        }
        if generation > self.generation {
            self.recent.clear();
            self.generation = generation;
        }
        self.recent.insert(key, value);
    }
}
