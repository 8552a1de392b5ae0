//! What a person has allowed an application, on one resource.

use serde::{Deserialize, Serialize};

use super::client::ClientId;
use super::person::Person;
use super::scope::ScopeSet;
use crate::base::{Digest, Id, Named, Resource, Timestamp};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub id: Id<Consent>,
    pub person: Id<Person>,
    pub client_id: ClientId,
    /// The application's name as the person read it.
    pub client_name: String,
    /// Of the registration as it was then: a changed one is asked about again.
    pub client: Digest,
    pub resource: Option<Resource>,
    pub scope: ScopeSet,
    /// Where answers went, loopback ports left out. A new place is asked about again.
    pub redirects: Vec<String>,
    /// Whether the same request may be answered without asking.
    pub remembered: bool,
    pub given_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Named for Consent {
    const PREFIX: &'static str = "con";
}
