//! What those who wait for a commit notice of a backup: the same tokens, with nothing beside them and while one backup after the other is made.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::Outcome;
use crate::server::Place;

/// Clients of the crowd whose file is backed up. Each has a family, a consent and a refresh token, and every tenth comes with a person.
pub(crate) const CLIENTS: u64 = 50_000;
/// So many rows that is.
pub(crate) const ROWS: u64 = CLIENTS * 41 / 10;

/// One backup.
pub(crate) struct Made {
    /// From asking for it until it was made, and restored once to see that it can be.
    pub(crate) took: Duration,
    pub(crate) bytes: u64,
}

/// Makes them as an administrator would, one after the other, until it is over. The last one is waited for.
pub(crate) fn repeatedly(place: &Place, over: &AtomicBool) -> Outcome<Vec<Made>> {
    let mut all = Vec::new();
    while !over.load(Ordering::SeqCst) {
        let began = Instant::now();
        let made = place.run(&["backup"], "")?;
        let took = began.elapsed();
        if made.get("verified") != Some(&Value::Bool(true)) {
            return Err(format!("a backup was not tried: {made}"));
        }
        let file = made.get("file").and_then(Value::as_str).ok_or("no file")?;
        let bytes = std::fs::metadata(file).map_err(|e| e.to_string())?.len();
        std::fs::remove_file(file).map_err(|e| e.to_string())?;
        all.push(Made { took, bytes });
    }
    Ok(all)
}
