//! What somebody has besides their password: a program that shows codes (RFC 6238), and codes on paper for when it is lost.

use serde::{Deserialize, Serialize};

use super::person::{Person, Standing};
use super::signing_key::Sealed;
use crate::base::{Digest, Id, Timestamp};

/// Of whom more than a password is demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SecondFactorFor {
    /// Of nobody: who has set something up is asked for it.
    #[default]
    Off,
    Administrators,
    Everybody,
}

impl SecondFactorFor {
    pub const ALL: [Self; 3] = [Self::Off, Self::Administrators, Self::Everybody];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Administrators => "administrators",
            Self::Everybody => "everybody",
        }
    }

    pub fn includes(self, standing: Standing) -> bool {
        match self {
            Self::Off => false,
            Self::Administrators => standing == Standing::Administrator,
            Self::Everybody => true,
        }
    }
}

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
