//! Applications: what RFC 7591 §2 calls a client, from whichever door it came in.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use super::machine::{Authenticated, Machine};
use super::registration::ClientAbout;
use super::review::Review;
use super::scope::ScopeSet;
use super::signing_key::Algorithm;
use crate::base::{Digest, Id, Named, RedirectUri, Resource, Timestamp};

/// A `client_id`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientId {
    /// Registered here, by hand or dynamically: `cli_…`.
    Registered(Id<Client>),
    /// A machine identity: `mch_…`.
    Machine(Id<Machine>),
    /// The https URL of a client-id metadata document.
    Document(String),
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registered(id) => id.fmt(f),
            Self::Machine(id) => id.fmt(f),
            Self::Document(url) => f.write_str(url),
        }
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text has the form of no client id that Writ gives or takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a client id")]
pub struct ParseClientIdError;

impl FromStr for ClientId {
    type Err = ParseClientIdError;

    /// Only the form. Whether an https URL may be a client id is `protocol::client_document`'s to say.
    fn from_str(text: &str) -> Result<Self, ParseClientIdError> {
        if text.starts_with("https://") && text.len() <= 512 && text.bytes().all(|b| b.is_ascii_graphic()) {
            return Ok(Self::Document(text.to_owned()));
        }
        (text.parse().map(Self::Registered))
            .or_else(|_| text.parse().map(Self::Machine))
            .map_err(|_| ParseClientIdError)
    }
}

impl Serialize for ClientId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Registered(id) => id.serialize(serializer),
            Self::Machine(id) => id.serialize(serializer),
            Self::Document(url) => serializer.serialize_str(url),
        }
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// One application.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Client {
    pub id: ClientId,
    pub name: String,
    pub provenance: Provenance,
    pub state: ClientState,
    pub application_type: ApplicationType,
    pub auth_method: AuthMethod,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<ClientSecret>,
    /// A JWK Set (RFC 7517 §5) of public keys, for `private_key_jwt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    pub redirect_uris: Vec<RedirectUri>,
    pub grant_types: Vec<GrantType>,
    /// A ceiling for clients an administrator registered and for machines. `None`: whatever the resource offers;
    /// a dynamic client's registered `scope` is a wish and no ceiling (MCP clients ask for more later).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeSet>,
    /// The resources it may have tokens for; empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    /// The resources it answers for: it may introspect their tokens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serves: Vec<Resource>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// OpenID Connect Dynamic Client Registration §2; `None` means its default, RS256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<Algorithm>,
    /// It gets no token without a DPoP proof (RFC 9449 §5.2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dpop_bound_access_tokens: bool,
    #[serde(default, skip_serializing_if = "ClientAbout::is_empty")]
    pub about: ClientAbout,
    pub created_at: Timestamp,
    /// Set by the first token or code; a dynamic registration that stays without is reaped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_used_at: Option<Timestamp>,
    /// When a use was last written down, which is once in a while: it may have been used up to a month after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// When housekeeping removes it unless it is used before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaped_at: Option<Timestamp>,
    /// When an administrator last stopped it: access tokens from before stay over, also once it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void_before: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Review::is_empty")]
    pub review: Review,
    /// What the file calls it that it was made by, where that is not its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_as: Option<String>,
    /// The machine identity behind it and what it proved itself by; not of its row.
    #[serde(skip)]
    pub identity: Option<Arc<Authenticated>>,
}

impl Client {
    pub fn allows_grant(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// What a remembered consent is bound to: if it changes, the person is asked again.
    pub fn fingerprint(&self) -> Digest {
        let redirects: Vec<&str> = self.redirect_uris.iter().map(RedirectUri::as_str).collect();
        let jwks = self.jwks.as_ref().map(Value::to_string);
        let mut facts = vec![
            serde_json::json!(self.name),
            serde_json::json!(redirects),
            serde_json::json!(jwks),
            serde_json::json!(self.jwks_uri),
            serde_json::json!(self.auth_method),
        ];
        // Only where it is so: what was consented to before there was such a thing stands.
        if self.dpop_bound_access_tokens {
            facts.push(serde_json::json!("dpop_bound_access_tokens"));
        }
        let facts = Value::Array(facts);
        Digest::of(facts.to_string().as_bytes())
    }

    /// The members of [`Client::fingerprint`] in which `now` differs from what this was, for whoever reads the diff.
    pub fn differences(&self, now: &Self) -> Vec<&'static str> {
        let members = [
            ("client_name", self.name != now.name),
            ("redirect_uris", self.redirect_uris != now.redirect_uris),
            ("jwks", self.jwks != now.jwks),
            ("jwks_uri", self.jwks_uri != now.jwks_uri),
            ("token_endpoint_auth_method", self.auth_method != now.auth_method),
            ("dpop_bound_access_tokens", self.dpop_bound_access_tokens != now.dpop_bound_access_tokens),
        ];
        members.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }

    /// Whether somebody here answers for it. What strangers who registered themselves are refused is counted and not written down
    /// one by one, or they could make the file grow by asking.
    pub fn is_vouched_for(&self) -> bool {
        matches!(self.provenance, Provenance::Administrator | Provenance::Machine)
    }

    pub fn is_public(&self) -> bool {
        self.auth_method == AuthMethod::None
    }
}

impl Named for Client {
    const PREFIX: &'static str = "cli";
}

/// How a client came to be known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// An administrator registered it.
    Administrator,
    /// It registered itself (RFC 7591). The digest is of its registration access token (RFC 7592).
    Dynamic { registration: Digest },
    /// Its client-id document says so.
    Document,
    /// It is a machine identity.
    Machine,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientState {
    Active,
    /// Registered itself while registrations need approval.
    AwaitingApproval,
    /// Registered itself, and an administrator decided against it.
    Rejected,
    Suspended,
    /// Ended for good; the row stays for its history.
    Retired,
}

/// OpenID Connect Dynamic Client Registration §2, `application_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    Web,
    Native,
}

/// RFC 7591 §2, `token_endpoint_auth_method`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    None,
    ClientSecretBasic,
    ClientSecretPost,
    PrivateKeyJwt,
}

impl AuthMethod {
    pub const ALL: [Self; 4] = [Self::None, Self::ClientSecretBasic, Self::ClientSecretPost, Self::PrivateKeyJwt];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }

    pub const fn has_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }
}

/// RFC 7591 §2, `grant_types`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
    /// RFC 8693 §2.1.
    TokenExchange,
    /// RFC 7523 §2.1.
    JwtBearer,
}

impl GrantType {
    /// What discovery lists.
    pub const ALL: [Self; 5] =
        [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials, Self::TokenExchange, Self::JwtBearer];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == text)
    }
}

/// One live secret: its digest, and when it began and ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSecret {
    pub digest: Digest,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Of one that has a successor: when a use was last written down, which is once in an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

impl ClientSecret {
    /// Whether it is good.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

impl Client {
    /// Those of its secrets that are good, the newest last.
    pub fn live_secrets(&self, now: Timestamp) -> impl DoubleEndedIterator<Item = &ClientSecret> {
        self.secrets.iter().filter(move |secret| secret.is_live(now))
    }
}

/// A client-id document as it was when somebody last consented to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DocumentRecord {
    pub client: Client,
    pub seen_at: Timestamp,
}

/// What is left of a registration that was removed, so that its old holder can be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    pub id: Id<Client>,
    pub name: String,
    pub gone_at: Timestamp,
    /// Why an administrator had decided against it, if one had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<String>,
    /// When even this is forgotten.
    pub expires_at: Timestamp,
}
