//! What somebody has besides their password: a program that shows codes (RFC 6238), and codes on paper for when it is lost.

use serde::{Deserialize, Serialize};

use super::person::Person;
use super::signing_key::Sealed;
use crate::base::{Digest, Id, Timestamp};

/// A row is there only once a code was shown that fits: nobody is kept out by a program that was never set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactor {
    pub person: Id<Person>,
    /// The secret that the program has too.
    pub secret: Sealed,
    /// The step of the last code that was taken: neither it nor an older one is taken again.
    pub last_step: u64,
    /// Of the recovery codes that are left.
    pub recovery: Vec<Digest>,
    pub added_at: Timestamp,
}
