//! What a browser carries for us from one request to the next, so that nothing is stored meanwhile: sealed, and good for one purpose.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::base::{Fault, FaultKind};

/// Makes a ticket. Whoever opens it again asks how old it is, and whose.
pub(super) fn seal(app: &App, what: &impl Serialize, purpose: &'static [u8]) -> Result<String, Fault> {
    let plain = serde_json::to_vec(what).map_err(|e| Fault::because(FaultKind::Bug, "a ticket has no JSON", e))?;
    app.ticket_sealer.seal_text(&plain, purpose, &app.entropy)
}

/// What a browser brought; `None` for anything that was not sealed here for this purpose.
pub(super) fn open<T: DeserializeOwned>(app: &App, text: &str, purpose: &'static [u8]) -> Option<T> {
    serde_json::from_slice(&app.ticket_sealer.open_text(text, purpose)?).ok()
}
