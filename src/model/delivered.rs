//! How far a copy of the audit log has got.

use serde::{Deserialize, Serialize};

use crate::base::Timestamp;

/// Of one place that it is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// The number of the last entry that is there for certain.
    pub sequence: u64,
    pub at: Timestamp,
}
