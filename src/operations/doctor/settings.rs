//! Settings that work and are probably not meant.

use super::finding::Finding;
use crate::config::Config;

pub(super) fn doubts(config: &Config) -> Vec<Finding> {
    let mut found: Vec<Finding> = config
        .doubts()
        .into_iter()
        .map(|text| Finding::look("settings", text, "`writ config` shows every setting and where it came from"))
        .collect();
    if config.outbound.allow_loopback {
        let text = "outbound.allow_loopback is on: strangers' client documents may be fetched from this computer";
        found.push(Finding::look("settings", text, "take it out again: it is for tests and laptops"));
    }
    if !config.public_url.is_https() && !config.public_url.is_loopback() {
        let text = "the public URL is plain http: passwords and tokens travel in the clear";
        found.push(Finding::look(
            "settings",
            text,
            "put a proxy that speaks https before it, and make its URL the public one",
        ));
    }
    if found.is_empty() {
        found.push(Finding::ok("settings", "nothing is set that is probably not meant"));
    }
    found
}
