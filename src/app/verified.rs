//! Access tokens of ours whose signature was verified not long ago: introspection asks about the same ones again
//! and again, and a signature costs more than everything else together.
//!
//! Only the signature is remembered. Whether a token is revoked, whose grant it is and whether that still stands is
//! read from the store every time. When a key is revoked, everything is forgotten.

use std::sync::{Arc, PoisonError, RwLock};

use crate::base::{Digest, Recent, Timestamp};
use crate::protocol::claims::AccessClaims;

/// Keyed by the digest of the whole token.
#[derive(Debug)]
pub struct VerifiedTokens(RwLock<Recent<Digest, Arc<AccessClaims>>>);

const MOST_YOUNG: usize = 16_384;

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self(RwLock::new(Recent::new(MOST_YOUNG)))
    }
}

impl VerifiedTokens {
    pub fn find(&self, token: &Digest, now: Timestamp) -> Option<Arc<AccessClaims>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(token).filter(|claims| now < claims.expires_at()).cloned()
    }

    pub fn remember(&self, token: Digest, claims: Arc<AccessClaims>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(token, claims);
    }

    pub fn forget_all(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
