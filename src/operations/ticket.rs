//! What a browser carries for us from one request to the next, so that nothing is stored meanwhile: sealed, and good for one purpose.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::base::{Digest, Fault, FaultKind, SET_BACK, Timestamp};
use crate::model::SpentProof;
use crate::store::{Read, Table, Tx};

/// Makes a ticket. Whoever opens it again asks how old it is, and whose.
pub(super) fn seal(app: &App, what: &impl Serialize, purpose: &'static [u8]) -> Result<String, Fault> {
    let plain = serde_json::to_vec(what).map_err(|e| Fault::because(FaultKind::Bug, "a ticket has no JSON", e))?;
    app.ticket_sealer.seal_text(&plain, purpose, &app.entropy)
}

/// What a browser brought; `None` for anything that was not sealed here for this purpose.
pub(super) fn open<T: DeserializeOwned>(app: &App, text: &str, purpose: &'static [u8]) -> Option<T> {
    serde_json::from_slice(&app.ticket_sealer.open_text(text, purpose)?).ok()
}

/// Takes in what is good once and no longer than until then: `false` if it was taken before. It is remembered for longer than it is good,
/// so that a clock that is set back by minutes makes nothing good again.
pub(super) fn spend(
    tx: &mut Tx<'_>,
    taken: &'static Table<Digest, SpentProof>,
    (what, good_until): (Digest, Timestamp),
) -> Result<bool, Fault> {
    if tx.get(taken, &what)?.is_some() {
        return Ok(false);
    }
    tx.put(taken, &what, &SpentProof { expires_at: good_until.plus(SET_BACK) })?;
    Ok(true)
}
