//! What an appliance remembers about its own beginning, and the tokens that let strangers register.

use serde::{Deserialize, Serialize};

use crate::base::{Digest, Id, Named, Timestamp};

/// The issuer, frozen at first start: every token out there names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenIssuer {
    pub issuer: String,
    pub since: Timestamp,
}

/// The way to the first administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetupState {
    /// The link is out; the digest is of its token.
    Open { digest: Digest, opened_at: Timestamp },
    /// There is an administrator; it never opens again.
    Done { at: Timestamp },
}

/// Lets its bearer register clients (RFC 7591 §3, "initial access token").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitialAccessToken {
    pub id: Id<InitialAccessToken>,
    pub digest: Digest,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Named for InitialAccessToken {
    const PREFIX: &'static str = "iat";
}
