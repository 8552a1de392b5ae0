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
    /// What administrators know it by.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// How many may register with it; any number, if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_uses: Option<u32>,
    /// How many have.
    #[serde(default)]
    pub uses: u32,
}

impl InitialAccessToken {
    /// Whether everybody has registered with it who may.
    pub fn is_used_up(&self) -> bool {
        self.most_uses.is_some_and(|most| self.uses >= most)
    }

    /// Whether somebody who has what `digest` is of may register now.
    pub fn lets_in(&self, digest: &Digest, now: Timestamp) -> bool {
        self.digest == *digest && now < self.expires_at && !self.is_used_up()
    }
}

impl Named for InitialAccessToken {
    const PREFIX: &'static str = "iat";
}
