//! What Writ fetches to know its clients: their documents and their key sets, and those of issuers it trusts; and what it has to know of
//! the providers at which people sign in.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{CachePolicy, DocumentCache, Failure, Fresh, Limits, Outbound, OutboundError, OutboundUrl};
use crate::base::{Lifetime, Timestamp};
use crate::model::{Client, LONGEST_KEY_SET};
use crate::protocol::client_document::{ClientDocument, ClientDocumentError, ClientDocumentUrl};
use crate::protocol::public_keys;
use crate::protocol::strict_json;
use crate::protocol::upstream::{Metadata, Unfit};

/// No document is older than this when it is used.
pub const LONGEST_CACHE: Lifetime = CachePolicy::LONGEST;

/// For every fetch, in all.
const TOTAL_TIME: Lifetime = Lifetime::from_seconds(5);
const MOST_ENTRIES: usize = 1_000;

/// Why there is no document or key set: it did not come, or it is not one. `Display` is fit for strangers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    #[error("{0}")]
    Fetch(#[from] OutboundError),
    #[error("{0}")]
    Document(#[from] ClientDocumentError),
    #[error("the discovery document there is another issuer's")]
    OtherIssuer,
    #[error("the discovery document does not say where the keys are")]
    NoKeys,
    #[error("{0}")]
    Provider(#[from] Unfit),
}

impl DocumentError {
    /// Whether the document may be there again in a moment. One that came and is bad is bad.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Fetch(error) => error.is_transient(),
            Self::Document(_) | Self::OtherIssuer | Self::NoKeys | Self::Provider(_) => false,
        }
    }
}

impl Failure for DocumentError {
    fn is_passing(&self) -> bool {
        self.is_transient()
    }
}

/// What has been fetched and may be used again.
pub(super) struct Documents {
    clients: DocumentCache<Client, DocumentError>,
    key_sets: DocumentCache<String, DocumentError>,
    /// Where issuers say their keys are.
    issuers: DocumentCache<String, DocumentError>,
    /// Where people sign in at them.
    providers: DocumentCache<Metadata, DocumentError>,
}

impl Documents {
    pub(super) fn new() -> Self {
        Self {
            clients: DocumentCache::new(MOST_ENTRIES, MOST_ENTRIES * ClientDocument::LONGEST),
            key_sets: DocumentCache::new(MOST_ENTRIES, 4 * 1_024 * 1_024),
            issuers: DocumentCache::new(MOST_ENTRIES, 4 * 1_024 * 1_024),
            providers: DocumentCache::new(MOST_ENTRIES, 1_024 * 1_024),
        }
    }
}

impl Outbound {
    /// The client that the document at `client_id` describes, from memory or from its host.
    pub async fn client_document(&self, client_id: &str, now: Timestamp) -> Result<Arc<Client>, DocumentError> {
        let url = ClientDocumentUrl::parse(client_id)?;
        let fetch = || async {
            let limits = Limits { max_bytes: ClientDocument::LONGEST, total_time: TOTAL_TIME };
            let fetched = self.get(&OutboundUrl::parse(url.as_str())?, limits).await?;
            let document = ClientDocument::parse(&url, fetched.body.as_bytes())?;
            Ok(Fresh { document: document.to_client(now), bytes: fetched.body.len(), cache: fetched.cache })
        };
        self.documents().clients.get_or_fetch(url.as_str(), now, fetch).await
    }

    /// The JWK set at `jwks_uri` as JSON text: its public keys that may be of use here.
    ///
    /// When the set known lacks a key with the `kid` that is wanted, it may have been added since: fetched again,
    /// at most once in [`DocumentCache::REST`], so that bad signatures do not become requests. While its host is out of
    /// reach the last good set stands, for as long as any may; only not for a key that it does not have.
    pub async fn key_set(
        &self,
        jwks_uri: &str,
        kid: Option<&str>,
        now: Timestamp,
    ) -> Result<Arc<String>, DocumentError> {
        let url = OutboundUrl::parse(jwks_uri)?;
        let known = match self.fetch_key_set(&url, now).await {
            Err(error) if error.is_transient() => {
                self.documents().key_sets.last_good(url.as_str(), now).ok_or(error)?
            }
            known => known?,
        };
        if kid.is_none_or(|kid| names_key(&known, kid)) {
            return Ok(known);
        }
        self.documents().key_sets.outdated(url.as_str(), now);
        self.fetch_key_set(&url, now).await
    }

    /// The JWK set of an OpenID issuer, found through its own discovery document. A key that is not there may have been
    /// added since, or the whole set may have moved: both are fetched again, each at most once in [`DocumentCache::REST`].
    pub async fn issuer_key_set(
        &self,
        issuer: &str,
        kid: Option<&str>,
        now: Timestamp,
    ) -> Result<Arc<String>, DocumentError> {
        let keys_at = self.keys_of_issuer(issuer, now).await?;
        let known = self.key_set(&keys_at, kid, now).await;
        if known.as_ref().is_ok_and(|known| kid.is_none_or(|kid| names_key(known, kid))) {
            return known;
        }
        self.documents().issuers.outdated(issuer, now);
        let moved = self.keys_of_issuer(issuer, now).await?;
        if moved == keys_at { known } else { self.key_set(&moved, kid, now).await }
    }

    /// OpenID Connect Discovery §4.1: "by concatenating the string /.well-known/openid-configuration to the Issuer", of
    /// which a slash at the end is removed first; §4.3: the `issuer` in it "MUST be identical".
    async fn keys_of_issuer(&self, issuer: &str, now: Timestamp) -> Result<Arc<String>, DocumentError> {
        let fetch = || async {
            let (document, cache) = self.metadata_of(issuer).await?;
            let text = |name: &str| document.get(name).and_then(Value::as_str);
            if text("issuer") != Some(issuer) {
                return Err(DocumentError::OtherIssuer);
            }
            let keys_at = text("jwks_uri").ok_or(DocumentError::NoKeys)?;
            OutboundUrl::parse(keys_at)?;
            Ok(Fresh { document: keys_at.to_owned(), bytes: keys_at.len(), cache })
        };
        self.documents().issuers.get_or_fetch(issuer, now, fetch).await
    }

    /// How people sign in at an OpenID issuer, from its own discovery document.
    pub async fn provider_metadata(&self, issuer: &str, now: Timestamp) -> Result<Arc<Metadata>, DocumentError> {
        let fetch = || async {
            let (document, cache) = self.metadata_of(issuer).await?;
            let metadata = Metadata::read(&document, issuer)?;
            OutboundUrl::parse(&metadata.token_endpoint)?;
            let bytes = metadata.authorization_endpoint.len() + metadata.token_endpoint.len() + issuer.len();
            Ok(Fresh { document: metadata, bytes, cache })
        };
        self.documents().providers.get_or_fetch(issuer, now, fetch).await
    }

    async fn metadata_of(&self, issuer: &str) -> Result<(Map<String, Value>, CachePolicy), DocumentError> {
        let url = format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer));
        let limits = Limits { max_bytes: LONGEST_KEY_SET, total_time: TOTAL_TIME };
        let fetched = self.get(&OutboundUrl::parse(&url)?, limits).await?;
        let document = strict_json::parse_object(fetched.body.as_bytes(), LONGEST_KEY_SET);
        Ok((document.map_err(ClientDocumentError::from)?, fetched.cache))
    }

    async fn fetch_key_set(&self, url: &OutboundUrl, now: Timestamp) -> Result<Arc<String>, DocumentError> {
        let fetch = || async {
            let limits = Limits { max_bytes: LONGEST_KEY_SET, total_time: TOTAL_TIME };
            let fetched = self.get(url, limits).await?;
            let set = strict_json::parse_object(fetched.body.as_bytes(), LONGEST_KEY_SET)
                .map_err(ClientDocumentError::from)?;
            let keys = public_keys::parse(&Value::Object(set)).map_err(ClientDocumentError::from)?.to_string();
            Ok(Fresh { bytes: keys.len(), document: keys, cache: fetched.cache })
        };
        self.documents().key_sets.get_or_fetch(url.as_str(), now, fetch).await
    }
}

fn names_key(set: &str, kid: &str) -> bool {
    let set: Value = serde_json::from_str(set).unwrap_or_default();
    let keys = set.get("keys").and_then(Value::as_array);
    keys.is_some_and(|keys| keys.iter().any(|key| key.get("kid").is_some_and(|known| known == kid)))
}
