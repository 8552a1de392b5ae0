//! What Writ fetches to know its clients: their documents and their key sets.

use std::sync::Arc;

use super::{DocumentCache, Fresh, Limits, Outbound, OutboundError, OutboundUrl};
use crate::base::{Lifetime, Timestamp};
use crate::protocol::client_document::{ClientDocument, ClientDocumentError, ClientDocumentUrl, check_public_keys};
use crate::protocol::strict_json;

/// For every fetch, in all.
const TOTAL_TIME: Lifetime = Lifetime::from_seconds(5);
const MOST_ENTRIES: usize = 1_000;

/// Why there is no document or key set: it did not come, or it is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentProblem {
    #[error("{0}")]
    Fetch(#[from] OutboundError),
    #[error("{0}")]
    Document(#[from] ClientDocumentError),
}

impl DocumentProblem {
    /// What a stranger may read. `Display` is for the audit log.
    pub fn public_text(&self) -> String {
        match self {
            Self::Fetch(error) => error.public_text(),
            Self::Document(error) => error.to_string(),
        }
    }
}

/// Clients by the address of their document. One per process.
pub struct ClientDocuments {
    outbound: Outbound,
    cache: DocumentCache<ClientDocument, DocumentProblem>,
}

impl ClientDocuments {
    pub fn new(outbound: Outbound) -> Self {
        Self { outbound, cache: DocumentCache::new(MOST_ENTRIES, MOST_ENTRIES * ClientDocument::LONGEST) }
    }

    /// The client at `url`, from memory or from its host.
    pub async fn get(&self, url: &ClientDocumentUrl, now: Timestamp) -> Result<Arc<ClientDocument>, DocumentProblem> {
        let fetch = || async {
            let limits = Limits { max_bytes: ClientDocument::LONGEST, total_time: TOTAL_TIME };
            let fetched = self.outbound.get(&OutboundUrl::parse(url.as_str())?, limits).await?;
            let document = ClientDocument::parse(url, fetched.body.as_bytes())?;
            Ok(Fresh { document, bytes: fetched.body.len(), cache: fetched.cache })
        };
        self.cache.get_or_fetch(url.as_str(), now, fetch).await
    }
}

/// Public key sets by their `jwks_uri`. One per process.
pub struct KeySets {
    outbound: Outbound,
    cache: DocumentCache<String, DocumentProblem>,
}

impl KeySets {
    /// Longest accepted key set, in bytes. Larger than a document: twenty RSA keys with certificates are no attack.
    pub const LONGEST: usize = 32 * 1_024;

    pub fn new(outbound: Outbound) -> Self {
        Self { outbound, cache: DocumentCache::new(MOST_ENTRIES, 4 * 1_024 * 1_024) }
    }

    /// The JWK set at `jwks_uri` as JSON text: public keys only, otherwise unread.
    pub async fn get(&self, jwks_uri: &str, now: Timestamp) -> Result<Arc<String>, DocumentProblem> {
        let fetch = || async {
            let limits = Limits { max_bytes: Self::LONGEST, total_time: TOTAL_TIME };
            let fetched = self.outbound.get(&OutboundUrl::parse(jwks_uri)?, limits).await?;
            let set =
                strict_json::parse_object(fetched.body.as_bytes(), Self::LONGEST).map_err(ClientDocumentError::from)?;
            check_public_keys(&set)?;
            Ok(Fresh { bytes: fetched.body.len(), document: fetched.body, cache: fetched.cache })
        };
        self.cache.get_or_fetch(jwks_uri, now, fetch).await
    }

    /// Call when a key named by a caller is not in the set: the next [`Self::get`] fetches again, at most every 10 s.
    pub fn outdated(&self, jwks_uri: &str, now: Timestamp) {
        self.cache.outdated(jwks_uri, now);
    }
}
