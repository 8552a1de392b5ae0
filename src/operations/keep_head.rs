//! Keeps the head of the audit log outside the file, signed, so that a log that was cut short or replaced as a whole is noticed:
//! the chain inside the file is then perfect, and still not the one that was there.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::base::{Fault, FaultKind, files};
use crate::keys::HeadSigner;
use crate::store::Head;

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

/// Signs the kept head anew, once the master key was changed: it is the same head, and must still be ours, by the old key or the new one.
pub(crate) fn sign_anew(path: &Path, old: &HeadSigner, new: &HeadSigner) -> Result<(), Fault> {
    let head = match read(path, new) {
        Ok(_) => return Ok(()),
        Err(_) => read(path, old)?,
    };
    head.map_or(Ok(()), |head| write(path, &head, new))
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

/// The head that was kept last, if there is one. One that is not ours is a fault: somebody wrote it.
pub(crate) fn read(path: &Path, signer: &HeadSigner) -> Result<Option<Head>, Fault> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Fault::because(FaultKind::Storage, "the kept head of the audit log cannot be read", e)),
    };
    let foreign = || {
        Fault::new(
            FaultKind::Storage,
            format!(
                "{} was not written by this appliance, or was changed. Find out by whom; to go on without it, move it away",
                path.display()
            ),
        )
    };
    let kept: Kept = serde_json::from_slice(&bytes).map_err(|_| foreign())?;
    if !is_ours(&kept.head, &kept.signature, signer)? {
        return Err(foreign());
    }
    Ok(Some(kept.head))
}

/// Refuses a file whose audit log does not contain the head that was kept: entries that were durable are gone.
pub(crate) fn check(app: &App) -> Result<(), Fault> {
    let Some(path) = &app.head_file else { return Ok(()) };
    let Some(kept) = read(path, &app.head_signer)? else { return Ok(()) };
    if app.store.audit_contains(&kept)? {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::Storage,
        format!(
            "the audit log has lost entries: entry {} of {} was there once and is not any more. If an older copy of the file \
             was put back on purpose, move {} away and start again; everything revoked since then is valid again",
            kept.sequence,
            kept.at,
            path.display()
        ),
    ))
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
