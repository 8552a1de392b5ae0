//! Whether anything can be written.

use super::Patient;
use super::finding::Finding;

pub(super) fn writable(patient: &Patient<'_>) -> Vec<Finding> {
    vec![if patient.app.store.ready() {
        Finding::ok("writing", "the store takes writes")
    } else {
        Finding::broken(
            "writing",
            "the store cannot be written to any more: a write to the disk failed",
            "look at the disk (the system's log says why it failed), then start Writ again: only opening the file tells what became durable",
        )
    }]
}
