//! What administrators said about an application.

use serde::{Deserialize, Serialize};

use super::client::Client;
use super::context::Actor;
use crate::base::{Digest, Timestamp};

/// What was said. Both may be missing: nobody has looked.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Review {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
    /// Why it was not approved, in words for the people who would have used it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected: Option<String>,
}

impl Review {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Somebody looked at an application and answers for it as it was then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    pub by: Actor,
    pub at: Timestamp,
    /// What was looked at, by its [`fingerprint`](Client::fingerprint): the mark is of this and of nothing else.
    pub of: Digest,
}

impl Client {
    /// The mark, while the application is what was looked at. Attack case 37: whoever holds its registration may give it another name and
    /// another address for its answers, and the mark does not go with them.
    pub fn verified(&self) -> Option<&Verified> {
        self.review.verified.as_ref().filter(|mark| mark.of == self.fingerprint())
    }

    /// The same without a mark of something that it is no more. A mark that is gone does not come back by changing back.
    #[must_use]
    pub fn with_its_own_mark(self) -> Self {
        let verified = self.verified().cloned();
        Self { review: Review { verified, ..self.review.clone() }, ..self }
    }
}
