//! An appliance that asks itself, through its public URL, sees how it is reached: by a door that answers one nonce, once.

use std::sync::{Mutex, PoisonError};

use crate::base::{Digest, Lifetime, Timestamp};

/// The one question that is on its way, if there is one.
#[derive(Debug, Default)]
pub struct Mirror(Mutex<Option<(Digest, Timestamp)>>);

/// How long a question may be on its way.
const PATIENCE: Lifetime = Lifetime::from_seconds(30);

impl Mirror {
    /// The next question bears this nonce. Whatever was asked before is not answered any more.
    pub fn expect(&self, nonce: &str, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Digest::of(nonce.as_bytes()), now.plus(PATIENCE)));
    }

    /// Whether the question is the one that is expected. After an answer, none is.
    pub fn is_expected(&self, nonce: &str, now: Timestamp) -> bool {
        let mut expected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Digests are compared: how long that takes says nothing of the nonce.
        let is_it =
            expected.as_ref().is_some_and(|(digest, until)| *digest == Digest::of(nonce.as_bytes()) && now < *until);
        if is_it {
            *expected = None;
        }
        is_it
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_once_and_not_for_long() {
        let (mirror, now) = (Mirror::default(), Timestamp::from_seconds(1_000));
        assert!(!mirror.is_expected("", now), "nobody asked");
        mirror.expect("one", now);
        assert!(!mirror.is_expected("two", now));
        assert!(mirror.is_expected("one", now));
        assert!(!mirror.is_expected("one", now));
        mirror.expect("three", now);
        assert!(!mirror.is_expected("three", now.plus(PATIENCE)));
    }
}
