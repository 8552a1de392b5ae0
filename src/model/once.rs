//! What is remembered of a request that is to have its effect once, however often it is sent.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::{Digest, Timestamp};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DoneOnce {
    /// A MAC of the request: another request under the same key is told so.
    pub request: Digest,
    /// The name of what was made: its id, or what it is called by.
    pub made: String,
    /// The row as it was made, so that the answer can be given again. `None` if the answer held a secret, which is kept nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<Value>,
    pub expires_at: Timestamp,
}
