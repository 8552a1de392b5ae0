//! Key sets of others as they were parsed not long ago: making a key of its text costs as much as half a verification with it.

use std::sync::{Arc, PoisonError, RwLock};

use crate::base::{Digest, Recent};
use crate::keys::{JwkSet, JwkSetError};

/// Keyed by the digest of the text: another text is another set.
pub struct KeySets(RwLock<Recent<Digest, Arc<JwkSet>>>);

const MOST_YOUNG: usize = 256;

impl Default for KeySets {
    fn default() -> Self {
        Self(RwLock::new(Recent::new(MOST_YOUNG)))
    }
}

impl KeySets {
    /// The same as [`JwkSet::parse`].
    pub fn parse(&self, text: &[u8]) -> Result<Arc<JwkSet>, JwkSetError> {
        // What is too long is not read at all.
        if text.len() > JwkSet::LONGEST {
            return Err(JwkSetError::TooLong);
        }
        let digest = Digest::of(text);
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&digest) {
            return Ok(Arc::clone(known));
        }
        let parsed = Arc::new(JwkSet::parse(text)?);
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(digest, Arc::clone(&parsed));
        Ok(parsed)
    }
}
