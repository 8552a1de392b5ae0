//! A value that an administrator put in the place of a setting, while the appliance ran.

use serde::{Deserialize, Serialize};

use super::context::Actor;
use crate::base::Timestamp;

/// One row for each, by the setting's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSetting {
    /// As text, as it would stand in the settings file.
    pub value: String,
    pub by: Actor,
    pub at: Timestamp,
}
