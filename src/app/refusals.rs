//! What was refused not long ago, so that an administrator can be told the story of it. In memory alone: a restart forgets it.
//!
//! Whoever is refused nothing comes by here only when they begin an authorization. A flood takes no more memory than there is,
//! and pushes out only what came from networks that share its place.

use std::sync::{Mutex, PoisonError};

use crate::base::{Id, Resource, Timestamp};
use crate::model::{ClientId, Network, Request};
use crate::protocol::advice::Turn;

/// One refusal. No word of what was sent: names, sections and sentences are ours, and a client id is one by its form.
#[derive(Clone, Debug)]
pub struct Refused {
    pub id: Id<Request>,
    pub at: Timestamp,
    /// The pattern of the door it came through.
    pub door: &'static str,
    /// The variant's name.
    pub name: String,
    /// `invalid_client`, or `shown` for what a page of ours answered.
    pub error: &'static str,
    pub section: &'static str,
    /// What the caller read.
    pub words: String,
    /// Whose turn it is.
    pub turn: Turn,
    /// What to do, in a sentence.
    pub advice: &'static str,
    /// At which step of an attempt it was, and what that step is called.
    pub stage: u8,
    pub client: Option<ClientId>,
    /// The resource that it is about, if it is one that is registered here.
    pub resource: Option<Resource>,
    pub network: Option<Network>,
}

/// A client sent a browser here, and the request was one that can be answered.
#[derive(Clone, Debug)]
pub struct Asked {
    pub at: Timestamp,
    pub id: Option<Id<Request>>,
    pub client: ClientId,
    pub network: Option<Network>,
}

/// Places, each with its own lock; a network has one of them.
const PLACES: usize = 16;
/// Remembered in one place.
const A_PLACE: usize = 256;
/// Longest client id that is kept; documents are addresses.
const LONGEST: usize = 512;

/// The newest of each place, and the one that is next to go.
#[derive(Debug)]
struct Ring<T> {
    kept: Vec<T>,
    next: usize,
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), next: 0 }
    }
}

impl<T> Ring<T> {
    /// What was pushed out is given back, to be dropped outside the lock.
    fn push(&mut self, new: T) -> Option<T> {
        if self.kept.len() < A_PLACE {
            self.kept.push(new);
            return None;
        }
        let oldest = self.kept.get_mut(self.next).map(|oldest| std::mem::replace(oldest, new));
        self.next = (self.next + 1) % A_PLACE;
        oldest
    }
}

/// Everything that is remembered.
#[derive(Debug, Default)]
pub struct Refusals {
    refused: [Mutex<Ring<Refused>>; PLACES],
    asked: [Mutex<Ring<Asked>>; PLACES],
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// FNV-1a of the network's text: it spreads, and needs no chance.
fn place(network: Option<&Network>) -> usize {
    let text = network.map(ToString::to_string).unwrap_or_default();
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    usize::try_from(hash % PLACES as u64).unwrap_or_default()
}

fn fits(client: &ClientId) -> bool {
    !matches!(client, ClientId::Document(url) if url.len() > LONGEST)
}

impl Refusals {
    /// Most refusals remembered.
    pub const MOST: usize = PLACES * A_PLACE;
    /// Most that are remembered of one network.
    pub const MOST_OF_ONE: usize = A_PLACE;

    pub fn tell(&self, mut refused: Refused) {
        refused.client = refused.client.filter(fits);
        let Some(ring) = self.refused.get(place(refused.network.as_ref())) else { return };
        let gone = locked(ring).push(refused);
        drop(gone);
    }

    /// Who it was, found out after it was told.
    pub fn belongs(&self, id: Id<Request>, network: Option<&Network>, client: &ClientId) {
        if !fits(client) {
            return;
        }
        let Some(ring) = self.refused.get(place(network)) else { return };
        if let Some(refused) = locked(ring).kept.iter_mut().find(|refused| refused.id == id) {
            refused.client.get_or_insert_with(|| client.clone());
        }
    }

    /// Whether it was told, looked for where this network's are.
    pub fn knows(&self, id: Id<Request>, network: Option<&Network>) -> bool {
        let ring = self.refused.get(place(network));
        ring.is_some_and(|ring| locked(ring).kept.iter().any(|refused| refused.id == id))
    }

    pub fn asked(&self, asked: Asked) {
        if !fits(&asked.client) {
            return;
        }
        let Some(ring) = self.asked.get(place(asked.network.as_ref())) else { return };
        let gone = locked(ring).push(asked);
        drop(gone);
    }

    pub fn of(&self, id: Id<Request>) -> Option<Refused> {
        self.refused.iter().find_map(|ring| locked(ring).kept.iter().find(|refused| refused.id == id).cloned())
    }

    /// Those that fit and are older than `before`, the newest first, and whether there are more.
    pub fn newest(
        &self,
        before: Option<Id<Request>>,
        limit: usize,
        fits: impl Fn(&Refused) -> bool,
    ) -> (Vec<Refused>, bool) {
        let mut found = Vec::new();
        for ring in &self.refused {
            let ring = locked(ring);
            found.extend(ring.kept.iter().filter(|r| before.is_none_or(|id| r.id < id) && fits(r)).cloned());
        }
        found.sort_unstable_by_key(|refused| std::cmp::Reverse(refused.id));
        let more = found.len() > limit;
        found.truncate(limit);
        (found, more)
    }

    /// When this client last sent a browser here between two times; from this network, if one is known.
    pub fn asked_by(&self, client: &ClientId, since: Timestamp, until: Timestamp) -> Option<Asked> {
        let mut last: Option<Asked> = None;
        for ring in &self.asked {
            for asked in &locked(ring).kept {
                let fits = asked.client == *client && asked.at >= since && asked.at <= until;
                if fits && last.as_ref().is_none_or(|last| last.at <= asked.at) {
                    last = Some(asked.clone());
                }
            }
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(n: u32, address: [u8; 4]) -> Refused {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        Refused {
            id: Id::from_bytes(bytes),
            at: Timestamp::from_seconds(i64::from(n)),
            door: "/oauth/token",
            name: "ClientUnknown".to_owned(),
            error: "invalid_client",
            section: "",
            words: String::new(),
            turn: Turn::Maker,
            advice: "",
            stage: 0,
            client: None,
            resource: None,
            network: Some(Network::from(std::net::IpAddr::from(address))),
        }
    }

    #[test]
    fn a_flood_from_one_network_pushes_out_its_own() {
        let refusals = Refusals::default();
        let (quiet, loud) = ([10, 1, 1, 1], [10, 1, 2, 1]);
        assert_ne!(
            place(refused(0, quiet).network.as_ref()),
            place(refused(0, loud).network.as_ref()),
            "the two of this test have places of their own"
        );
        refusals.tell(refused(1, quiet));
        for n in 2..20_000 {
            refusals.tell(refused(n, loud));
        }
        assert!(refusals.of(refused(1, quiet).id).is_some());
        assert!(refusals.of(refused(2, loud).id).is_none());
        let (newest, more) = refusals.newest(None, 10, |_| true);
        assert_eq!((newest.len(), newest.first().unwrap().id, more), (10, refused(19_999, loud).id, true));
        let (all, _) = refusals.newest(None, usize::MAX, |_| true);
        assert_eq!(all.len(), Refusals::MOST_OF_ONE + 1);
    }

    #[test]
    fn whose_it_was_is_added_once() {
        let refusals = Refusals::default();
        let one = refused(1, [10, 1, 1, 1]);
        refusals.tell(one.clone());
        let (first, second) = (ClientId::Machine(Id::from_bytes([1; 16])), ClientId::Machine(Id::from_bytes([2; 16])));
        refusals.belongs(one.id, one.network.as_ref(), &first);
        refusals.belongs(one.id, one.network.as_ref(), &second);
        assert_eq!(refusals.of(one.id).unwrap().client, Some(first));
    }
}
