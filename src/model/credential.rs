//! By what a machine proves itself: several at once, each with a life of its own.

use std::fmt;
use std::str::FromStr;

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
    /// How often one token of it is accepted.
    #[serde(default, skip_serializing_if = "TokenUse::is_once")]
    pub token_use: TokenUse,
}

/// How often one token of somebody else's making is accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenUse {
    /// One token buys one token.
    #[default]
    Once,
    /// As often as it is presented until it ends: for issuers that put a token into a file and renew it by themselves.
    UntilItEnds,
}

impl TokenUse {
    fn is_once(&self) -> bool {
        *self == Self::Once
    }
}

impl Trust {
    /// The claims by which a trust is found when a token arrives: ids that an issuer gives to one workload, the most telling
    /// first. A trust names the value of one of them, so that a token leads to the few trusts that can be meant, however
    /// many the issuer has.
    pub const PINS: [&'static str; 9] = [
        // GitHub Actions.
        "repository_id",
        // GitLab CI.
        "project_id",
        // fly.io.
        "app_id",
        // CircleCI.
        "oidc.circleci.com/project-id",
        // Buildkite. GitLab has a claim of this name too, but there it is another one every time.
        "pipeline_id",
        // HCP Terraform.
        "terraform_workspace_id",
        // Bitbucket Pipelines.
        "repositoryUuid",
        // Microsoft Entra.
        "oid",
        // Everybody; for Kubernetes and SPIFFE the name of the workload.
        "sub",
    ];

    /// The rule it is found by: the first of [`Self::PINS`] that it says exactly.
    pub fn pin(&self) -> Option<&ClaimRule> {
        let exact = |rule: &&ClaimRule| !matches!(rule.test, ClaimTest::StartsWith(_));
        Self::PINS.iter().find_map(|pin| self.rules.iter().filter(exact).find(|rule| rule.claim == *pin))
    }
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

/// What a rule looks like as text is not a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rule is CLAIM=VALUE, CLAIM=ONE|ANOTHER or CLAIM^=BEGINNING")]
pub struct ParseRuleError;

impl fmt::Display for ClaimRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.test {
            ClaimTest::Is(value) => write!(f, "{}={value}", self.claim),
            ClaimTest::OneOf(values) => write!(f, "{}={}", self.claim, values.join("|")),
            ClaimTest::StartsWith(value) => write!(f, "{}^={value}", self.claim),
        }
    }
}

impl FromStr for ClaimRule {
    type Err = ParseRuleError;

    /// As the command line writes it.
    fn from_str(text: &str) -> Result<Self, ParseRuleError> {
        let (claim, value) = text.split_once('=').ok_or(ParseRuleError)?;
        let (claim, test) = match claim.strip_suffix('^') {
            Some(claim) => (claim, ClaimTest::StartsWith(value.to_owned())),
            None if value.contains('|') => (claim, ClaimTest::OneOf(value.split('|').map(str::to_owned).collect())),
            None => (claim, ClaimTest::Is(value.to_owned())),
        };
        if claim.is_empty() { Err(ParseRuleError) } else { Ok(Self { claim: claim.to_owned(), test }) }
    }
}

impl ClaimTest {
    /// The values it names.
    pub fn values(&self) -> &[String] {
        match self {
            Self::Is(value) | Self::StartsWith(value) => std::slice::from_ref(value),
            Self::OneOf(values) => values,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialState {
    Active,
    Revoked { at: Timestamp, because: String },
}
