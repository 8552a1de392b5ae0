//! A line of tokens that descends from one grant and is revoked as one, and the refresh tokens in it.

use serde::{Deserialize, Serialize};

use super::client::ClientId;
use super::context::Network;
use super::person::Person;
use super::scope::ScopeSet;
use super::session::{Session, SignInMethod};
use super::status::StatusRun;
use crate::base::{Digest, Id, Named, Resource, Timestamp};

/// One grant and everything issued under it.
///
/// Rotation counts generations: using a refresh token of the newest generation begins the next one. Which
/// older generations are still answered is `protocol::refresh`'s rule; this row holds what it needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    pub id: Id<Family>,
    pub client_id: ClientId,
    pub person: Id<Person>,
    pub session: Id<Session>,
    pub scope: ScopeSet,
    pub resource: Option<Resource>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The thumbprint of the key that its refresh tokens are bound to, where the client has no other proof (RFC 9449 §5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<Digest>,
    pub auth_time: Timestamp,
    #[serde(default, skip_serializing_if = "SignInMethod::is_usual")]
    pub method: SignInMethod,
    /// The newest generation of refresh tokens.
    pub generation: u64,
    /// When the newest generation began, that is, when the one before it was first used.
    pub turned_at: Timestamp,
    /// When the generation before the newest began.
    pub turned_before_at: Timestamp,
    /// How often an older token was answered in the overlap since the newest generation began.
    #[serde(default)]
    pub overlaps: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_from: Option<Network>,
    pub last_used_at: Timestamp,
    pub created_at: Timestamp,
    /// No refresh token of the family outlives this.
    pub expires_at: Timestamp,
    pub state: FamilyState,
    /// Where the status of its access tokens stands, of those that are not over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<StatusRun>,
}

impl Family {
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.state == FamilyState::Live && now < self.expires_at
    }
}

impl Named for Family {
    const PREFIX: &'static str = "fam";
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FamilyState {
    Live,
    Revoked { at: Timestamp, because: RevokedBecause },
}

/// Why a family ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokedBecause {
    CodeReplayed,
    RefreshReplayed,
    /// The client asked (RFC 7009).
    ClientRevoked,
    /// The person took the consent back.
    ConsentRevoked,
    ClientRemoved,
    /// The person was stopped.
    PersonSuspended,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshToken {
    pub id: Id<RefreshToken>,
    pub digest: Digest,
    pub family: Id<Family>,
    pub generation: u64,
    pub expires_at: Timestamp,
}

impl Named for RefreshToken {
    const PREFIX: &'static str = "rft";
}
