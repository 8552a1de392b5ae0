//! What machines use, gathered in memory until it is written down: no request pays for it with a write.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::base::{Id, Named, Resource, Timestamp};
use crate::model::{Credential, Machine, Network, ScopeSet, Used};

/// What each machine did since it was last written down. What is in here when the process is killed is lost.
#[derive(Debug, Default)]
pub struct Usage(Mutex<Round>);

/// Since the last writing.
#[derive(Debug, Default)]
struct Round {
    machines: HashMap<Id<Machine>, Used>,
    missed: u64,
}

/// One grant of one machine.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'a> {
    pub at: Timestamp,
    pub network: Option<&'a Network>,
    pub machine: Id<Machine>,
    pub credential: Option<Id<Credential>>,
    pub scope: &'a ScopeSet,
    pub resource: Option<&'a Resource>,
}

impl Usage {
    /// Most machines between two writings, each with a bound of its own. More than an appliance answers in a round; beyond it
    /// grants are only counted.
    pub const MOST: usize = 100_000;

    pub fn saw(&self, grant: Grant<'_>) {
        let mut round = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if round.machines.len() >= Self::MOST && !round.machines.contains_key(&grant.machine) {
            round.missed += 1;
            return;
        }
        let used = round.machines.entry(grant.machine).or_default();
        used.note(grant.at, grant.network, grant.credential, grant.scope, grant.resource);
    }

    /// What is not written down yet of one machine.
    pub fn of(&self, machine: Id<Machine>) -> Option<Used> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).machines.get(&machine).cloned()
    }

    /// Hands over what was gathered, by machine, and how many grants there was no room for; begins anew.
    pub fn take(&self) -> (Vec<(Id<Machine>, Used)>, u64) {
        let round = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut gathered: Vec<_> = round.machines.into_iter().collect();
        // Rows of machines made together lie together.
        gathered.sort_unstable_by_key(|(machine, _)| *machine);
        (gathered, round.missed)
    }
}

/// The row up to which housekeeping has looked through a table in the present pass; forgotten when the process ends.
#[derive(Debug)]
pub struct Looked<T: Named>(Mutex<Option<Id<T>>>);

impl<T: Named> Default for Looked<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Named> Looked<T> {
    pub fn at(&self) -> Option<Id<T>> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set(&self, row: Option<Id<T>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = row;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gathered_between_two_writings_has_a_bound() {
        let (usage, scope) = (Usage::default(), "a".parse().unwrap());
        let network = Network::from(std::net::IpAddr::from([10, 1, 2, 3]));
        let grant = |n: u64| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&n.to_be_bytes());
            let (machine, network) = (Id::from_bytes(bytes), Some(&network));
            Grant { at: Timestamp::from_seconds(1), network, machine, credential: None, scope: &scope, resource: None }
        };
        for n in 0..Usage::MOST as u64 + 50 {
            usage.saw(grant(n));
        }
        usage.saw(grant(7));
        assert_eq!(
            usage.of(grant(7).machine).unwrap().machine.seen.unwrap().grants,
            2,
            "one that is known has a place"
        );
        let (gathered, missed) = usage.take();
        assert_eq!((gathered.len(), missed), (Usage::MOST, 50));
        assert!(usage.take().0.is_empty());
    }
}
