//! A browser in which somebody has signed in.

use serde::{Deserialize, Serialize};

use super::person::Person;
use crate::base::{Digest, Id, Lifetime, Named, Timestamp};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: Id<Session>,
    /// Of the cookie's value.
    pub digest: Digest,
    pub person: Id<Person>,
    /// When the person last proved who they are: the `auth_time` of what is issued here.
    pub auth_time: Timestamp,
    pub last_seen_at: Timestamp,
    /// Absolute end.
    pub expires_at: Timestamp,
}

impl Session {
    pub fn is_live(&self, now: Timestamp, idle_for: Lifetime) -> bool {
        now < self.expires_at && now < self.last_seen_at.plus(idle_for)
    }
}

impl Named for Session {
    const PREFIX: &'static str = "ses";
}

/// A browser, signed in or not, for its id's sake.
#[derive(Clone, Copy, Debug)]
pub struct Browser;

impl Named for Browser {
    const PREFIX: &'static str = "bro";
}
