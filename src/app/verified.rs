//! Access tokens of ours whose signature was verified not long ago: introspection asks about the same ones again
//! and again, and a signature costs more than everything else together.
//!
//! Only the signature is remembered. Whether a token is revoked, whose grant it is and whether that still stands is
//! read from the store every time. When keys turn, everything is forgotten, and so is whatever was verified with the keys before: who
//! was overtaken by a revocation remembers nothing.

use std::sync::{Arc, PoisonError, RwLock};

use crate::base::{Digest, Recent, Timestamp};
use crate::protocol::claims::AccessClaims;

/// Keyed by the digest of the whole token.
#[derive(Debug)]
pub struct VerifiedTokens(RwLock<Known>);

#[derive(Debug)]
struct Known {
    tokens: Recent<Digest, Arc<AccessClaims>>,
    times_forgotten: u64,
}

/// How often everything had been forgotten: to be asked before the keys are, and given back with what they verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoFar(u64);

const MOST_YOUNG: usize = 16_384;

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self(RwLock::new(Known { tokens: Recent::new(MOST_YOUNG), times_forgotten: 0 }))
    }
}

impl VerifiedTokens {
    pub fn find(&self, token: &Digest, now: Timestamp) -> Option<Arc<AccessClaims>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.tokens.get(token).filter(|claims| now < claims.expires_at()).cloned()
    }

    /// Ask this first, and only then for the keys in force.
    pub fn so_far(&self) -> SoFar {
        SoFar(self.0.read().unwrap_or_else(PoisonError::into_inner).times_forgotten)
    }

    /// Remembers a token, unless everything was forgotten since: the key that verified it may have been withdrawn by then.
    pub fn remember(&self, token: Digest, claims: Arc<AccessClaims>, so_far: SoFar) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if SoFar(known.times_forgotten) == so_far {
            known.tokens.insert(token, claims);
        }
    }

    /// Call it after other keys are in force.
    pub fn forget_all(&self) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.tokens.clear();
        known.times_forgotten += 1;
    }
}
