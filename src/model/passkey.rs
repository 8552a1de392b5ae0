//! A key that somebody's device keeps for them, and that signs them in here and nowhere else.

use serde::{Deserialize, Serialize};

use super::person::Person;
use super::signing_key::PublicJwk;
use crate::base::{Digest, Id, Named, Timestamp};

/// What is kept of a passkey. WebAuthn §4 calls it a credential record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    pub id: Id<Passkey>,
    pub person: Id<Person>,
    /// What its owner calls it.
    pub name: String,
    /// Its credential id, in base64url.
    pub credential: String,
    /// The half of it that we were told.
    pub key: PublicJwk,
    /// How many signatures it had counted when it was used last; 0 where it does not count.
    pub sign_count: u32,
    /// It is kept in more than one place, as passkeys of a telephone are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub backed_up: bool,
    pub created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

impl Passkey {
    /// Most that one person has.
    pub const MOST: usize = 20;

    /// What a credential id is looked up by: ids are as long as their makers like.
    pub fn found_by(credential: &str) -> Digest {
        Digest::of(credential.as_bytes())
    }

    /// The name by which a device knows whose passkey it is (WebAuthn §5.4.3, "user handle"): the bytes of an id, and nothing that
    /// would say who that is.
    pub fn user_handle(person: Id<Person>) -> [u8; 16] {
        *person.bytes()
    }
}

impl Named for Passkey {
    const PREFIX: &'static str = "pky";
}
