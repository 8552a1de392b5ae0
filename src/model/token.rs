//! What is kept of access tokens, and three tables that only guard against repetition.

use serde::{Deserialize, Serialize};

use super::client::ClientId;
use super::delegation::Link;
use super::event::Subject;
use super::family::Family;
use super::machine::Machine;
use super::scope::ScopeSet;
use super::session::SignInMethod;
use crate::base::{Digest, Id, Named, Resource, Timestamp};

/// An opaque access token. A JWT needs no row: it is its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRecord {
    pub id: Id<AccessRecord>,
    pub digest: Digest,
    pub client_id: ClientId,
    pub subject: Subject,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<Id<Family>>,
    pub scope: ScopeSet,
    pub resource: Option<Resource>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Timestamp>,
    /// How the person signed in, if a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<SignInMethod>,
    /// The thumbprint of the key that it is bound to (RFC 9449 §6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<Digest>,
    /// Who acts with it for the subject, the one it was given to first; empty if nobody does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Link>,
    /// Who may act next with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_act: Option<Id<Machine>>,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Named for AccessRecord {
    const PREFIX: &'static str = "tok";
}

/// An access token that was revoked before its time. Kept until it would have expired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedToken {
    pub id: Id<AccessRecord>,
    pub expires_at: Timestamp,
}

/// A client assertion that was accepted: its `jti` is not accepted again (RFC 7523 §3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedAssertion {
    pub expires_at: Timestamp,
}

/// A DPoP proof that was accepted: its `jti` is not accepted again from the same key (RFC 9449 §11.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpentProof {
    pub expires_at: Timestamp,
}

/// Failed sign-ins for one account name, existing or not. Keyed by a bucket of the name's MAC, so the table
/// cannot grow beyond the number of buckets and does not tell which names exist.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SignInFailures {
    pub count: u32,
    pub last_at: Timestamp,
    pub expires_at: Timestamp,
}
