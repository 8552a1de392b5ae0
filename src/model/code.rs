//! Authorization codes.

use serde::{Deserialize, Serialize};

use super::client::ClientId;
use super::family::Family;
use super::person::Person;
use super::scope::ScopeSet;
use super::session::{Session, SignInMethod};
use crate::base::{Digest, Id, Named, RedirectUri, Resource, Timestamp};

/// A code's row. Its id is the authorization's, so one authorization has one answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationCode {
    pub id: Id<AuthorizationCode>,
    pub digest: Digest,
    pub client_id: ClientId,
    pub redirect_uri: RedirectUri,
    pub code_challenge: String,
    pub person: Id<Person>,
    pub session: Id<Session>,
    pub scope: ScopeSet,
    pub resource: Option<Resource>,
    pub nonce: Option<String>,
    /// The thumbprint of the key whose holder alone may redeem it (RFC 9449 §10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<Digest>,
    pub auth_time: Timestamp,
    #[serde(default, skip_serializing_if = "SignInMethod::is_usual")]
    pub method: SignInMethod,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    /// How long the row is kept after that, so that a replay is still known for one.
    pub forgotten_at: Timestamp,
    pub state: CodeState,
}

impl Named for AuthorizationCode {
    const PREFIX: &'static str = "cod";
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeState {
    Fresh,
    /// Spent, on this family.
    Redeemed {
        family: Id<Family>,
    },
}
