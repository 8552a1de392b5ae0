//! Signing keys at rest, and the names of the algorithms. RFC 7517, RFC 7518 §3.1, RFC 8037, RFC 7638.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::base::{Digest, Id, Named, Timestamp};

/// A key pair that signs, will sign or has signed tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKey {
    pub id: Id<SigningKey>,
    /// The RFC 7638 thumbprint of `public`: 43 characters of base64url. Never chosen, so never a path or a URL.
    pub kid: String,
    pub algorithm: Algorithm,
    pub public: PublicJwk,
    /// The private half as PKCS#8, sealed under the master key and bound to this row. `None` once the key
    /// has stopped signing: what is only needed to verify is only the public half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
    pub created_at: Timestamp,
    /// Since when the public half is in the key set that everybody can fetch.
    pub published_at: Timestamp,
    pub state: KeyState,
}

impl Named for SigningKey {
    const PREFIX: &'static str = "key";
}

impl SigningKey {
    /// What the sealed half is bound to. It opens in this row and in no other.
    pub fn seal_context(&self) -> String {
        format!("signing key {} {}", self.id, self.kid)
    }

    /// When the present state began, or for a next key when the following one shall.
    pub fn state_since(&self) -> Timestamp {
        match self.state {
            KeyState::Next { signs_from } | KeyState::Signing { signs_from } => signs_from,
            KeyState::Retained { retired_at, .. } => retired_at,
            KeyState::Revoked { revoked_at, .. } => revoked_at,
        }
    }

    /// Whether the public half belongs in the published key set: next, signing and retained keys do.
    pub fn is_published(&self) -> bool {
        !matches!(self.state, KeyState::Revoked { .. })
    }

    /// Whether a token with this key's signature can be genuine. Not before the key's first day at work
    /// (a next key has signed nothing), and not after it was revoked.
    pub fn may_have_signed(&self) -> bool {
        matches!(self.state, KeyState::Signing { .. } | KeyState::Retained { .. })
    }
}

/// Where a key is in its life. It moves downwards only, and may skip a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum KeyState {
    /// Published, so that caches learn it. Signs nothing until it is promoted, at `signs_from` at the earliest.
    Next { signs_from: Timestamp },
    /// The one key of its algorithm that signs.
    Signing { signs_from: Timestamp },
    /// Signs no more; its signatures are good until `gone_at`.
    Retained { signs_from: Timestamp, retired_at: Timestamp, gone_at: Timestamp },
    /// Withdrawn: not published, and none of its signatures are good.
    Revoked { revoked_at: Timestamp, gone_at: Timestamp },
}

/// What Writ signs with. The names are those of RFC 7518 §3.1 and RFC 8037 §3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256. The default: small signatures that every library can verify.
    #[default]
    ES256,
    /// RSASSA-PKCS1-v1_5 with SHA-256 and a 2048-bit key, for verifiers that know nothing else.
    RS256,
    /// Ed25519.
    EdDSA,
}

impl Algorithm {
    pub const ALL: [Self; 3] = [Self::ES256, Self::RS256, Self::EdDSA];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ES256 => "ES256",
            Self::RS256 => "RS256",
            Self::EdDSA => "EdDSA",
        }
    }
}

/// What a client may sign its assertion with, and what Writ therefore verifies.
/// `none` and the HMAC family have no value here, so no code can accept them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum JwsAlgorithm {
    ES256,
    RS256,
    PS256,
    EdDSA,
}

/// The newer name of EdDSA with Ed25519. RFC 9864 §2.2.
pub const ED25519: &str = "Ed25519";

impl JwsAlgorithm {
    pub const ALL: [Self; 4] = [Self::ES256, Self::RS256, Self::PS256, Self::EdDSA];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ES256 => "ES256",
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::EdDSA => "EdDSA",
        }
    }
}

impl From<Algorithm> for JwsAlgorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::ES256 => Self::ES256,
            Algorithm::RS256 => Self::RS256,
            Algorithm::EdDSA => Self::EdDSA,
        }
    }
}

/// The text is not the name of an algorithm that is accepted here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an algorithm that Writ accepts")]
pub struct ParseAlgorithmError;

impl FromStr for Algorithm {
    type Err = ParseAlgorithmError;

    /// Case counts (RFC 7515 §4.1.1).
    fn from_str(text: &str) -> Result<Self, ParseAlgorithmError> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text).ok_or(ParseAlgorithmError)
    }
}

impl FromStr for JwsAlgorithm {
    type Err = ParseAlgorithmError;

    /// Case counts (RFC 7515 §4.1.1). RFC 9864 §2.2 names what EdDSA does on this curve Ed25519: either name will do.
    fn from_str(text: &str) -> Result<Self, ParseAlgorithmError> {
        let text = if text == ED25519 { Self::EdDSA.as_str() } else { text };
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text).ok_or(ParseAlgorithmError)
    }
}

macro_rules! named {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}
named!(Algorithm, JwsAlgorithm);

/// The public half of a key as RFC 7517 members; numbers and points in base64url. It has no place for a private member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
pub enum PublicJwk {
    /// RFC 7518 §6.2.1. `crv` is `P-256`.
    EC { crv: String, x: String, y: String },
    /// RFC 7518 §6.3.1.
    RSA { n: String, e: String },
    /// RFC 8037 §2. `crv` is `Ed25519`.
    OKP { crv: String, x: String },
}

impl PublicJwk {
    /// RFC 7638 §3: the digest of the required members in lexicographic order, without white space.
    ///
    /// The members are base64url or curve names, so none needs escaping; one that does would only make a
    /// thumbprint that nobody else computes.
    pub fn thumbprint(&self) -> Digest {
        let canonical = match self {
            Self::EC { crv, x, y } => format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#),
            Self::RSA { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Self::OKP { crv, x } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
        };
        Digest::of(canonical.as_bytes())
    }
}

/// Bytes that only the holder of the master key can read, as text. See `keys::seal`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

impl Sealed {
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_7638_example_thumbprint() {
        let jwk: PublicJwk = serde_json::from_str(include_str!("../../tests/vectors/keys_rfc7638_3_1.json")).unwrap();
        assert_eq!(jwk.thumbprint().text(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn rfc_8037_example_thumbprint() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned();
        let jwk = PublicJwk::OKP { crv: "Ed25519".to_owned(), x };
        assert_eq!(jwk.thumbprint().text(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn algorithms_are_named_exactly() {
        for algorithm in JwsAlgorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
            assert_eq!(serde_json::to_value(algorithm).unwrap(), algorithm.as_str());
        }
        for text in ["none", "None", "NONE", "HS256", "es256", "ES256 ", "ES384", "RS512", "Ed448", "ed25519", ""] {
            assert!(text.parse::<JwsAlgorithm>().is_err(), "{text}");
            assert!(text.parse::<Algorithm>().is_err(), "{text}");
        }
        assert!("PS256".parse::<Algorithm>().is_err(), "Writ verifies PS256 and never signs it");
        assert_eq!("Ed25519".parse(), Ok(JwsAlgorithm::EdDSA), "the name of RFC 9864");
        assert!("Ed25519".parse::<Algorithm>().is_err(), "what Writ signs has one name");
    }

    #[test]
    fn a_row_keeps_its_shape() {
        let row = SigningKey {
            id: Id::from_bytes([7; 16]),
            kid: "k".to_owned(),
            algorithm: Algorithm::EdDSA,
            public: PublicJwk::OKP { crv: "Ed25519".to_owned(), x: "AA".to_owned() },
            sealed: Some(Sealed::from_text("v1.x.y")),
            created_at: Timestamp::from_millis(1),
            published_at: Timestamp::from_millis(2),
            state: KeyState::Next { signs_from: Timestamp::from_millis(3) },
        };
        let text = serde_json::to_string(&row).unwrap();
        let expected = r#""algorithm":"EdDSA","public":{"kty":"OKP","crv":"Ed25519","x":"AA"},"sealed":"v1.x.y","created_at":1,"published_at":2,"state":{"is":"next","signs_from":3}}"#;
        assert!(text.ends_with(expected), "{text}");
        assert_eq!(serde_json::from_str::<SigningKey>(&text).unwrap(), row);
        assert!(!format!("{row:?}").contains("v1.x.y"));
    }
}
