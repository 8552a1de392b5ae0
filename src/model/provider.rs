//! Who else knows people: identity providers whose word is taken here about them, and at which they may sign in; and authorization
//! servers to which our word about them is carried.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::client::ClientId;
use super::person::Person;
use super::scope::ScopeSet;
use super::signing_key::Sealed;
use crate::base::{Id, Named, Resource, Timestamp};

/// An identity provider whose word about people is taken here: its assertions (ID-JAG), and if it has `sign_in`, its id tokens.
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
    /// People may sign in with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<UpstreamSignIn>,
    pub created_at: Timestamp,
}

impl IdentityProvider {
    /// The same for whoever looks at it, and for the audit log: when its secret was set says enough.
    pub fn without_secret(&self) -> Self {
        let mut row = self.clone();
        if let Some(sign_in) = &mut row.sign_in {
            sign_in.secret = None;
        }
        row
    }

    /// What its sealed secret is bound to. It opens in this row and in no other.
    pub fn seal_context(id: Id<Self>) -> String {
        format!("secret at the identity provider {id}")
    }

    /// What people call it.
    pub fn called(&self) -> &str {
        self.sign_in.as_ref().map_or(&self.issuer, |sign_in| &sign_in.name)
    }

    /// How people sign in with it, if they may now.
    pub fn open_sign_in(&self) -> Option<&UpstreamSignIn> {
        self.sign_in.as_ref().filter(|sign_in| sign_in.on)
    }
}

/// What Writ is to an identity provider at which people sign in: one of its clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamSignIn {
    /// What people read on the button.
    pub name: String,
    /// What Writ is called there.
    pub client_id: String,
    /// Its secret there; without one, it is a public client and PKCE is all it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Sealed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_set_at: Option<Timestamp>,
    /// What is asked for there, `openid` among it.
    pub scope: ScopeSet,
    /// Whether the button is there.
    pub on: bool,
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
