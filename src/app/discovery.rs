//! The metadata document as it is served, made when it is first asked for and again when something in it changes.

use std::sync::{Arc, PoisonError, RwLock};

use crate::base::{Digest, Fault};

/// JSON text and its entity tag.
#[derive(Clone, Debug)]
pub struct Document {
    pub body: Arc<str>,
    pub etag: Arc<str>,
}

/// The current document, if it was made.
#[derive(Debug, Default)]
pub struct Discovery(RwLock<Option<Document>>);

impl Discovery {
    pub fn get_or_make(&self, make: impl FnOnce() -> Result<String, Fault>) -> Result<Document, Fault> {
        if let Some(document) = &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            return Ok(document.clone());
        }
        // Held while it is made: what changes meanwhile forgets it afterwards.
        let mut slot = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let body = make()?;
        let etag = format!("\"{}\"", Digest::of(body.as_bytes()).text());
        let document = Document { body: body.into(), etag: etag.into() };
        *slot = Some(document.clone());
        Ok(document)
    }

    /// To be called after the commit that changed a scope.
    pub fn forget(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
