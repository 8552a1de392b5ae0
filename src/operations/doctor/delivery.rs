//! Whether the copy of the audit log keeps up.

use super::Patient;
use super::finding::Finding;
use crate::base::Lifetime;
use crate::store::Read as _;
use crate::store::tables::DELIVERED;

/// So long may a receiver be away without anybody being told.
const A_WHILE: Lifetime = Lifetime::from_minutes(1);

pub(super) fn copied(patient: &Patient<'_>) -> Vec<Finding> {
    const CHECK: &str = "audit delivery";
    let app = patient.app;
    let Some(to) = &app.config.audit.deliver_to else { return Vec::new() };
    let pace = app.delivery.pace().clone();
    let (name, place) = (to.name(), to.digest());
    let known = || app.store.read_blocking(|view| view.get(&DELIVERED, &place)).ok().flatten().map(|row| row.sequence);
    let reached = pace.sequence.or_else(known).unwrap_or(0);
    let behind = app.store.audit_head().map_or(0, |head| head.sequence.saturating_sub(reached));
    vec![match pace.failing_since.filter(|since| patient.now.since(*since) >= A_WHILE) {
        Some(since) => Finding::look(
            CHECK,
            format!("{behind} entries wait for {name} since {since}: {}", pace.why),
            "look at the receiver: nothing is lost meanwhile, and it is tried again every five minutes at the latest. What is only traffic \
             waits for as long as audit.traffic_for says",
        ),
        None => Finding::ok(CHECK, format!("{behind} entries are on their way to {name}")),
    }]
}
