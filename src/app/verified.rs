//! Access tokens of ours whose signature was verified not long ago: introspection asks about the same ones again
//! and again, and a signature costs more than everything else together.
//!
//! Only the signature is remembered. Whether a token is revoked, whose grant it is and whether that still stands is
//! read from the store every time. When a key is revoked, everything is forgotten.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::base::{Digest, Timestamp};
use crate::protocol::claims::AccessClaims;

/// Keyed by the digest of the whole token.
#[derive(Debug, Default)]
pub struct VerifiedTokens {
    generations: RwLock<Generations>,
}

/// Two maps: when the younger is full it becomes the older, and the older is forgotten. Bounded, and no bookkeeping per use.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Digest, Arc<AccessClaims>>,
    old: HashMap<Digest, Arc<AccessClaims>>,
}

const MOST_YOUNG: usize = 16_384;

impl VerifiedTokens {
    pub fn find(&self, token: &Digest, now: Timestamp) -> Option<Arc<AccessClaims>> {
        let generations = self.generations.read().unwrap_or_else(PoisonError::into_inner);
        let found = generations.young.get(token).or_else(|| generations.old.get(token));
        found.filter(|claims| now < claims.expires_at()).cloned()
    }

    pub fn remember(&self, token: Digest, claims: Arc<AccessClaims>) {
        let mut generations = self.generations.write().unwrap_or_else(PoisonError::into_inner);
        if generations.young.len() >= MOST_YOUNG {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(token, claims);
    }

    pub fn forget_all(&self) {
        *self.generations.write().unwrap_or_else(PoisonError::into_inner) = Generations::default();
    }
}
