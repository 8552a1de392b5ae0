//! By what a machine proves itself: several at once, each with a life of its own.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::context::Actor;
use super::machine::Machine;
use crate::base::{Digest, Id, Named, Timestamp};

/// One way in which one machine proves itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Credential {
    pub id: Id<Credential>,
    pub machine: Id<Machine>,
    /// What its owner calls it.
    pub name: String,
    /// What of it may be shown in a list: the beginning of a secret, a key's thumbprint, an issuer.
    pub hint: String,
    #[serde(flatten)]
    pub kind: CredentialKind,
    pub state: CredentialState,
    pub created_at: Timestamp,
    pub created_by: Actor,
    /// From then on it proves nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The one made in its place; it ends when their overlap does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<Id<Credential>>,
}

impl Credential {
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.state == CredentialState::Active && self.expires_at.is_none_or(|end| now < end)
    }

    /// What a list calls its state.
    pub fn standing(&self, now: Timestamp) -> &'static str {
        match self.state {
            CredentialState::Revoked { .. } => "revoked",
            CredentialState::Active if !self.is_live(now) => "expired",
            CredentialState::Active if self.replaced_by.is_some() => "being_replaced",
            CredentialState::Active => "active",
        }
    }
}

impl Named for Credential {
    const PREFIX: &'static str = "crd";
}

/// What kind of proof it is. Of what is secret only a digest is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CredentialKind {
    /// `client_secret_basic` and `client_secret_post`.
    ClientSecret { digest: Digest },
    /// One long key that is exchanged for a token, or sent as it is to Writ's own API.
    AccessKey { digest: Digest },
    /// `private_key_jwt` with these public keys, a JWK Set (RFC 7517 §5).
    PublicKeys { jwks: Value },
    /// `private_key_jwt` with the public keys at this address.
    KeySet { jwks_uri: String },
    /// Tokens of somebody else's making.
    Trust(Trust),
}

impl CredentialKind {
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ClientSecret { .. } => "client_secret",
            Self::AccessKey { .. } => "access_key",
            Self::PublicKeys { .. } => "public_keys",
            Self::KeySet { .. } => "key_set",
            Self::Trust(_) => "trust",
        }
    }
}

/// An OpenID issuer whose tokens stand for the machine when their claims fulfil every rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trust {
    pub issuer: String,
    /// What `aud` must be.
    pub audience: String,
    /// Where its keys are, when its discovery document does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Its public keys, when they are at no address that can be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    pub rules: Vec<ClaimRule>,
    /// The kind of issuer it was made for, such as `github`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
}

/// What one claim must be. A name with dots leads into objects: `kubernetes.io.namespace` is tried as a name first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRule {
    pub claim: String,
    #[serde(flatten)]
    pub test: ClaimTest,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimTest {
    /// Exactly this.
    Is(String),
    /// One of these.
    OneOf(Vec<String>),
    /// Begins with this.
    StartsWith(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialState {
    Active,
    Revoked { at: Timestamp, because: String },
}
