//! Who may register a client, and what a client says about itself beyond what the rules need.

use serde::{Deserialize, Serialize};

use super::client::Client;
use crate::base::{Id, Timestamp};

/// Longest key set of a client, in bytes: where it is fetched, where it is kept, and where a signature is checked with it.
pub const LONGEST_KEY_SET: usize = 32 * 1_024;
/// Most keys in one, and so most signatures checked for one assertion without a `kid`.
pub const MOST_CLIENT_KEYS: usize = 20;

/// Who may use the registration endpoint. RFC 7591 §3: "open to be called by any OAuth 2.0 client" or protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationMode {
    /// Anybody; the client works at once.
    #[default]
    Open,
    /// Anybody; the client works once an administrator has approved it.
    Approval,
    /// The bearer of an initial access token.
    Token,
    /// Nobody, and discovery does not offer it.
    Closed,
}

impl RegistrationMode {
    pub const ALL: [Self; 4] = [Self::Open, Self::Approval, Self::Token, Self::Closed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approval => "approval",
            Self::Token => "token",
            Self::Closed => "closed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

/// What a client says about itself for people to read (RFC 7591 §2). Shown as text, never fetched, never trusted.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientAbout {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
}

impl ClientAbout {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A registration of a stranger's, as it was when it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentRegistration {
    pub client: Id<Client>,
    /// A use or an approval moves the client's own.
    pub reaped_at: Option<Timestamp>,
}
