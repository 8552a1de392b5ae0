//! What an access token and an id token say. RFC 9068 §2.2, OpenID Connect Core §2.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::status_list::StatusClaim;
use crate::base::{Digest, Id, Timestamp};
use crate::model::{
    AccessRecord, Algorithm, ClientId, Delegation, Entitlements, Family, Link, Machine, Person, ScopeSet, SignInMethod,
    Subject,
};

/// The `typ` of an access token. RFC 9068 §2.1: "JWT access tokens MUST include this media type in the "typ" header".
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";
/// The `typ` of an id token.
pub const ID_TOKEN_TYPE: &str = "JWT";

/// An access token's claims. RFC 9068 §2.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    pub iss: String,
    pub sub: String,
    pub aud: String,
    pub exp: i64,
    pub iat: i64,
    /// The token's id: `tok_…`.
    pub jti: String,
    pub client_id: ClientId,
    pub scope: ScopeSet,
    /// It comes of a demo and proves nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub demo: bool,
    /// When the person signed in. RFC 9068 §2.2.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// How the person signed in. RFC 9068 §2.2.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<Cow<'static, str>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<Cow<'static, str>>,
    /// The grant it descends from: revoked as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<Id<Family>>,
    /// The key it is bound to. RFC 9449 §6.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Who acts with the token, and through whom. RFC 8693 §4.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Act>,
    /// Who may act with it next. RFC 8693 §4.4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_act: Option<MayAct>,
    /// By what each of those in `act` acts, in the same order: ours to read, and for nobody else to rely on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<Via>,
    /// `machine` when no person stands behind the token.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Where it is said whether the token was ended before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusClaim>,
    #[serde(flatten)]
    pub entitlements: Entitlements,
}

/// The `cnf` claim (RFC 7800 §3). RFC 9449 §6.1: "the base64url encoding … of the JWK SHA-256 Thumbprint … of the DPoP public key".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    pub jkt: Digest,
}

impl AccessClaims {
    /// The person it speaks for, or the client itself.
    pub fn subject(&self) -> Option<Subject> {
        match self.sub.parse::<Id<Person>>() {
            Ok(person) => Some(Subject::Person(person)),
            Err(_) => self.sub.parse().ok().map(Subject::Client),
        }
    }

    pub fn how(&self) -> Option<HowSignedIn> {
        self.acr.clone().map(|acr| HowSignedIn { acr, amr: self.amr.clone() })
    }

    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_seconds(self.exp)
    }

    /// Everybody who acts, the one it was given to first. `None` if `act` and `via` do not tell of the same chain.
    pub fn chain(&self) -> Option<Vec<Link>> {
        let actors: Vec<Id<Machine>> =
            std::iter::successors(self.act.as_ref(), |act| act.act.as_deref()).map(|act| act.sub).collect();
        let links = actors.iter().zip(&self.via);
        let links = links.map(|(actor, via)| Link { actor: *actor, delegation: via.delegation, from: via.from });
        (actors.len() == self.via.len()).then(|| links.collect())
    }
}

/// RFC 8693 §4.1: "The outermost act claim represents the current actor while nested act claims represent prior actors. The least
/// recent actor is the most deeply nested."
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    pub sub: Id<Machine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Act>>,
}

impl Act {
    /// The whole chain, nested; `None` if nobody acts.
    pub fn of(chain: &[Link]) -> Option<Self> {
        chain.iter().rev().fold(None, |act, link| Some(Self { sub: link.actor, act: act.map(Box::new) }))
    }
}

/// RFC 8693 §4.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MayAct {
    pub sub: Id<Machine>,
}

/// By which delegation, and with which token shown, one actor came to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Via {
    pub delegation: Id<Delegation>,
    pub from: Id<AccessRecord>,
}

/// `acr` and `amr`. OpenID Connect Core §2, RFC 8176.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HowSignedIn {
    pub acr: Cow<'static, str>,
    pub amr: Vec<Cow<'static, str>>,
}

impl From<SignInMethod> for HowSignedIn {
    fn from(method: SignInMethod) -> Self {
        Self { acr: method.acr().into(), amr: method.amr().iter().copied().map(Cow::Borrowed).collect() }
    }
}

/// An id token's claims. OpenID Connect Core §2, §3.1.3.6.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdClaims {
    pub iss: String,
    pub sub: String,
    pub aud: String,
    pub exp: i64,
    pub iat: i64,
    pub auth_time: i64,
    #[serde(flatten)]
    pub how: HowSignedIn,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    pub at_hash: String,
    pub sid: String,
    #[serde(flatten)]
    pub person: PersonClaims,
}

/// What is said about the person, by scope. OpenID Connect Core §5.4.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PersonClaims {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl PersonClaims {
    /// OpenID Connect Core §5.4: "profile … requests access to the End-User's default profile Claims", "email … requests
    /// access to the email and email_verified Claims". §5.1: `email_verified` is true when "the OP took affirmative steps to ensure
    /// that this e-mail address was controlled by the End-User". Nothing here takes such steps, not even for an address that an
    /// administrator typed: whoever links accounts by it would take a typing error for a proof. And a false that is said turns away
    /// verifiers that would take the address without it. So nothing is said.
    pub fn for_scope(person: &Person, scope: &ScopeSet) -> Self {
        Self {
            name: scope.contains("profile").then(|| person.name.clone()),
            email: scope.contains("email").then(|| person.email.as_str().to_owned()),
        }
    }
}

/// `at_hash`. OpenID Connect Core §3.1.3.6: "the base64url encoding of the left-most half of the hash of the octets of the
/// ASCII representation of the access_token value, where the hash algorithm used is the hash algorithm used in the alg
/// Header Parameter of the ID Token's JOSE Header". Ed25519 hashes with SHA-512.
pub fn at_hash(access_token: &str, algorithm: Algorithm) -> String {
    let hash = match algorithm {
        Algorithm::EdDSA => ring::digest::digest(&ring::digest::SHA512, access_token.as_bytes()),
        Algorithm::ES256 | Algorithm::RS256 => ring::digest::digest(&ring::digest::SHA256, access_token.as_bytes()),
    };
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    URL_SAFE_NO_PAD.encode(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_nested_and_read_back_whole_or_not_at_all() {
        let link = |n: u8| Link {
            actor: Id::from_bytes([n; 16]),
            delegation: Id::from_bytes([n + 100; 16]),
            from: Id::from_bytes([n + 200; 16]),
        };
        let chain = vec![link(3), link(2), link(1)];
        let act = Act::of(&chain);
        let sub = |act: &Act| act.sub;
        assert_eq!(act.as_ref().map(sub), Some(link(3).actor), "RFC 8693 §4.1: the outermost is the current actor");
        assert_eq!(Act::of(&[]), None);
        let mut claims = AccessClaims {
            iss: String::new(),
            sub: String::new(),
            aud: String::new(),
            exp: 0,
            iat: 0,
            jti: String::new(),
            client_id: ClientId::Machine(link(3).actor),
            scope: ScopeSet::new(),
            demo: false,
            auth_time: None,
            acr: None,
            amr: Vec::new(),
            grant_id: None,
            cnf: None,
            act,
            may_act: None,
            via: chain.iter().map(|link| Via { delegation: link.delegation, from: link.from }).collect(),
            kind: None,
            status: None,
            entitlements: Entitlements::default(),
        };
        assert_eq!(claims.chain(), Some(chain));
        claims.via.pop();
        assert_eq!(claims.chain(), None, "a shortened chain is none");
    }

    #[test]
    fn at_hash_of_the_openid_connect_core_example() {
        // OpenID Connect Core appendix A.4.
        assert_eq!(at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", Algorithm::RS256), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
