//! Small things counted in memory, so that strangers and readers do not make the file grow.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::base::{Id, Timestamp};
use crate::model::Session;

/// How often each kind of thing was refused to somebody unknown, since it was last written down.
#[derive(Debug, Default)]
pub struct Tally(Mutex<HashMap<&'static str, u64>>);

impl Tally {
    /// Counts one. Kinds are words of ours, so there are few of them.
    pub fn count(&self, what: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(what).or_default() += 1;
    }

    /// Hands over what was counted, and begins anew.
    pub fn take(&self) -> Vec<(&'static str, u64)> {
        let mut counted: Vec<_> = self.0.lock().unwrap_or_else(PoisonError::into_inner).drain().collect();
        counted.sort_unstable();
        counted
    }
}

/// When each session was last used, for those used since it was last written down.
#[derive(Debug, Default)]
pub struct LastSeen(Mutex<HashMap<Id<Session>, Timestamp>>);

/// Most sessions remembered between two writings; beyond it, older rows simply look idle a little longer.
const MOST: usize = 100_000;

impl LastSeen {
    pub fn saw(&self, session: Id<Session>, at: Timestamp) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() < MOST || seen.contains_key(&session) {
            seen.insert(session, at);
        }
    }

    pub fn of(&self, session: &Id<Session>) -> Option<Timestamp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(session).copied()
    }

    pub fn take(&self) -> HashMap<Id<Session>, Timestamp> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
