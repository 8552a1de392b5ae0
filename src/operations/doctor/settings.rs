//! Settings that work and are probably not meant.

use super::finding::Finding;
use crate::config::Config;

pub(super) fn doubts(config: &Config) -> Vec<Finding> {
    let mut found: Vec<Finding> = config
        .doubts()
        .into_iter()
        .map(|text| Finding::look("settings", text, "`writ config` shows every setting and where it came from"))
        .collect();
    if found.is_empty() {
        found.push(Finding::ok("settings", "nothing is set that is probably not meant"));
    }
    found
}
