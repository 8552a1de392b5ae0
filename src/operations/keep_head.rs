//! Keeps the head of the audit log outside the file, signed, so that a log that was cut short or replaced as a whole is noticed:
//! the chain inside the file is then perfect, and still not the one that was there.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::{Fault, FaultKind, files};
use crate::keys::{HeadSigner, is_signed_by};
use crate::model::Event;
use crate::store::{Entry, Head, Look, Store, View, Word, audit_search_by};

/// `writ.head`, as JSON.
#[derive(Serialize, Deserialize)]
struct Kept {
    head: Head,
    /// Over the JSON text of `head`.
    signature: String,
}

/// Writes the present head down, if it has moved. There is always a whole one.
pub fn keep(app: &App) -> Result<(), Fault> {
    let Some(path) = &app.head_file else { return Ok(()) };
    let head = app.store.audit_head()?;
    if read(path, &app.head_signer)?.is_some_and(|kept| kept.sequence >= head.sequence) {
        return Ok(());
    }
    write(path, &head, &app.head_signer)
}

/// Which master key the head that was kept is under.
pub(crate) enum Under {
    Present(Head),
    /// The one before the present one: a change was cut short before the head was signed anew. Whoever has that key may have written it: it says
    /// nothing until the log is seen to be whole and to have this entry.
    Before(Head),
    Missing,
    /// It is nobody's that the log knows: for [`check`] to say.
    Foreign,
}

/// Asks the log whose it is, if it is not under the present key: the change of the key names the public half of the old one. Only a head from
/// before that change is taken by it.
pub(crate) fn under(path: &Path, store: &Store, signer: &HeadSigner) -> Result<Under, Fault> {
    let Some(bytes) = bytes(path)? else { return Ok(Under::Missing) };
    let Some(kept) = parsed(&bytes) else { return Ok(Under::Foreign) };
    if is_ours(&kept.head, &kept.signature, signer)? {
        return Ok(Under::Present(kept.head));
    }
    let newest = |view: &View<'_>| {
        let mut before = None;
        loop {
            let page =
                audit_search_by(view, Word::Event("master_key.changed"), before, 1, |entry| match &entry.event {
                    Event::MasterKeyChanged { .. } => Look::Fits,
                    _ => Look::Passes,
                })?;
            match (page.entries.into_iter().next(), page.next) {
                (None, Some(next)) => before = Some(next),
                (entry, _) => return Ok(entry),
            }
        }
    };
    let Some(Entry { sequence, event: Event::MasterKeyChanged { head_key_before, head_key_after, .. }, .. }) =
        store.read_blocking(newest)?
    else {
        return Ok(Under::Foreign);
    };
    let is_before = head_key_after == signer.public()
        && kept.head.sequence < sequence
        && is_signed_by(&head_key_before, text(&kept.head)?.as_bytes(), &kept.signature);
    Ok(if is_before { Under::Before(kept.head) } else { Under::Foreign })
}

/// Writes a head down whatever was kept before.
pub(crate) fn write(path: &Path, head: &Head, signer: &HeadSigner) -> Result<(), Fault> {
    let kept = Kept { signature: sign(head, signer)?, head: head.clone() };
    let json = serde_json::to_vec(&kept).map_err(|e| Fault::because(FaultKind::Bug, "a head has no JSON", e))?;
    let fault = |e| {
        let text = format!(
            "the audit log's head cannot be kept in {}: its directory must have room and be writable for whoever runs Writ",
            path.display()
        );
        Fault::because(FaultKind::Storage, text, e)
    };
    files::replace(path, &path.with_extension("head.new"), &json).map_err(fault)
}

/// The head that was kept last, for who looks: also one that a change of the master key, cut short, has not signed anew yet.
pub(crate) fn kept(app: &App) -> Result<Option<Head>, Fault> {
    let Some(path) = &app.head_file else { return Ok(None) };
    match under(path, &app.store, &app.head_signer)? {
        Under::Present(kept) | Under::Before(kept) => Ok(Some(kept)),
        Under::Missing => Ok(None),
        Under::Foreign => Err(foreign(path)),
    }
}

/// The head that was kept last, if there is one. One that is not ours is a fault: somebody wrote it.
pub(crate) fn read(path: &Path, signer: &HeadSigner) -> Result<Option<Head>, Fault> {
    let Some(bytes) = bytes(path)? else { return Ok(None) };
    match parsed(&bytes) {
        Some(kept) if is_ours(&kept.head, &kept.signature, signer)? => Ok(Some(kept.head)),
        _ => Err(foreign(path)),
    }
}

fn foreign(path: &Path) -> Fault {
    Fault::new(
        FaultKind::Storage,
        format!(
            "{} was not written by this appliance, or was changed. Find out by whom; to go on without it, move it away",
            path.display()
        ),
    )
}

/// What is there, if anything is. One that cannot be looked at is not one that is missing.
fn bytes(path: &Path) -> Result<Option<Vec<u8>>, Fault> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Fault::because(FaultKind::Storage, format!("{} cannot be read", path.display()), e)),
    }
}

/// A head, whosever it is.
fn parsed(bytes: &[u8]) -> Option<Kept> {
    serde_json::from_slice(bytes).ok()
}

/// Refuses a file whose audit log does not contain the head that was kept: entries that were durable are gone.
pub(crate) fn check(app: &App) -> Result<(), Fault> {
    let Some(path) = &app.head_file else { return Ok(()) };
    let (kept, is_signed_anew) = match under(path, &app.store, &app.head_signer)? {
        Under::Present(kept) => (kept, true),
        Under::Before(kept) => (kept, false),
        Under::Missing => return Ok(()),
        Under::Foreign => return Err(foreign(path)),
    };
    if !app.store.audit_contains(&kept)? {
        return Err(lost(path, &kept));
    }
    if is_signed_anew {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::Storage,
        format!(
            "the audit log is not whole, and so {} was not signed with the present master key: `writ audit verify` says where. To go on \
             without it, move it away",
            path.display()
        ),
    ))
}

/// What is said of a log without an entry that a head of ours speaks of.
pub(crate) fn lost(path: &Path, kept: &Head) -> Fault {
    Fault::new(
        FaultKind::Storage,
        format!(
            "the audit log has lost entries: entry {} of {} was there once and is not any more. If an older copy of the file \
             was put back on purpose, move {} away and start again; everything revoked since then is valid again",
            kept.sequence,
            kept.at,
            path.display()
        ),
    )
}

/// The signature that is kept beside a head, wherever that is.
pub(crate) fn sign(head: &Head, signer: &HeadSigner) -> Result<String, Fault> {
    Ok(signer.sign(text(head)?.as_bytes()))
}

pub(crate) fn is_ours(head: &Head, signature: &str, signer: &HeadSigner) -> Result<bool, Fault> {
    Ok(signer.is_ours(text(head)?.as_bytes(), signature))
}

fn text(head: &Head) -> Result<String, Fault> {
    serde_json::to_string(head).map_err(|e| Fault::because(FaultKind::Bug, "a head has no JSON", e))
}
