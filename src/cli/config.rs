//! `writ config`: the effective settings, and where each came from.

use serde_json::{Value, json};

use crate::config::Effective;

pub(super) fn list(effective: &Effective) -> Value {
    let file = effective.config.origin.file.as_ref().map(|path| path.display().to_string());
    json!({ "file": file, "settings": effective.entries().collect::<Vec<_>>() })
}
