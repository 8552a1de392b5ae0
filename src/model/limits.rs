//! What an administrator put in the place of the settings' limits, while the appliance ran.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// By the name of the setting in the section `[limits]`; what is not named is as the setting says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsRow {
    #[serde(default)]
    pub per_minute: BTreeMap<String, u32>,
}
