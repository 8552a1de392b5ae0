//! Who else knows people: identity providers whose word is taken here about them, and authorization servers to which our word
//! about them is carried.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::client::ClientId;
use super::person::Person;
use super::scope::ScopeSet;
use crate::base::{Id, Named, Resource, Timestamp};

/// An identity provider whose assertions about people (ID-JAG) are taken here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdentityProvider {
    pub id: Id<IdentityProvider>,
    /// The `iss` of its assertions, byte for byte.
    pub issuer: String,
    /// Where its keys are, if its own metadata is not to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Its keys, if they cannot be fetched: a JWK Set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    pub person_by: PersonBy,
    pub created_at: Timestamp,
}

impl Named for IdentityProvider {
    const PREFIX: &'static str = "idp";
}

/// What of an assertion says which person here is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonBy {
    /// The subject, which an administrator linked to a person before.
    Link,
    /// The e-mail address, if the provider says that it verified it and its domain is one of these.
    Email { domains: Vec<String> },
}

/// One subject of a provider, and who that is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectLink {
    pub provider: Id<IdentityProvider>,
    pub subject: String,
    pub person: Id<Person>,
    pub linked_at: Timestamp,
}

/// Leave for one client to carry our word about people to one other authorization server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crossing {
    pub id: Id<Crossing>,
    pub client_id: ClientId,
    /// The issuer of the other server, byte for byte.
    pub audience: String,
    /// What the client is called there.
    pub client_there: String,
    /// No assertion says more.
    pub scope: ScopeSet,
    /// The resources there that it may be for; empty for any, and for none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    pub created_at: Timestamp,
}

impl Named for Crossing {
    const PREFIX: &'static str = "crs";
}

/// An assertion about a person that was made here, for its id's sake.
#[derive(Clone, Copy, Debug)]
pub struct IdentityAssertion;

impl Named for IdentityAssertion {
    const PREFIX: &'static str = "jag";
}
