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

/// Sign-ins to one account take turns, so that of many at once each sees what became of the one before: guesses run into their
/// limit one by one, and a person's many browsers all get in.
#[derive(Debug)]
pub struct Turns(Vec<tokio::sync::Mutex<()>>);

/// Accounts share a turn with one in so many others; hashing a password takes longer than any wait for that.
const TURNS: u64 = 1_024;

impl Default for Turns {
    fn default() -> Self {
        Self((0..TURNS).map(|_| tokio::sync::Mutex::new(())).collect())
    }
}

impl Turns {
    /// Waits for the turn of the account in this bucket; it lasts until the guard is dropped.
    pub async fn wait(&self, bucket: u64) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        let turn = self.0.get(usize::try_from(bucket % TURNS).unwrap_or(0))?;
        Some(turn.lock().await)
    }
}
