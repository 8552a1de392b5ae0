//! Whether the audit log's end is the one that was there, at a look. `writ audit verify` walks all of it.

use super::Patient;
use super::finding::Finding;
use crate::base::Lifetime;
use crate::operations::keep_head;

/// How many entries may be newer than the kept head: what a busy appliance writes between two rounds.
const MANY: u64 = 100_000;
/// How old they may be.
const OLD: Lifetime = Lifetime::from_minutes(2);

pub(super) fn head(patient: &Patient<'_>) -> Vec<Finding> {
    let broken = |found: String| {
        Finding::broken(
            "audit log",
            found,
            "stop, keep a copy of the data directory as it is, and run `writ audit verify`",
        )
    };
    let kept = match keep_head::kept(patient.app) {
        Err(fault) => return vec![broken(fault.to_string())],
        Ok(kept) => kept,
    };
    vec![match patient.app.store.audit_head() {
        Err(fault) => broken(format!("the head of the log does not hold: {fault}")),
        Ok(head) => match kept.map(|kept| (patient.app.store.audit_contains(&kept), kept.sequence)) {
            Some((Ok(false), sequence)) => broken(format!("entry {sequence} was there once, and is not any more")),
            Some((Err(fault), _)) => broken(format!("the log cannot be read: {fault}")),
            Some((Ok(true), _)) | None => {
                Finding::ok("audit log", format!("{} entries, and the newest is under its seal", head.sequence))
            }
        },
    }]
}

pub(super) fn kept(patient: &Patient<'_>) -> Vec<Finding> {
    let Some(path) = &patient.app.head_file else { return Vec::new() };
    let place = path.display();
    let (Ok(head), Ok(kept)) = (patient.app.store.audit_head(), keep_head::kept(patient.app)) else {
        // What is wrong then is `head`'s to say.
        return Vec::new();
    };
    let behind = head.sequence.saturating_sub(kept.as_ref().map_or(0, |kept| kept.sequence));
    let age = kept.as_ref().map_or(head.at, |kept| kept.at);
    vec![if behind > MANY || (behind > 0 && head.at.since(age) > OLD && patient.now.since(head.at) > OLD) {
        Finding::look(
            "audit head",
            format!("{place} is {behind} entries behind the log"),
            "housekeeping renews it every ten seconds: the log says why it does not (`housekeeping failed`)",
        )
    } else {
        Finding::ok(
            "audit head",
            format!("{place} is kept outside the file; a copy on another machine holds against whoever owns this one"),
        )
    }]
}
