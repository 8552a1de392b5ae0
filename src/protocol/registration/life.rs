//! How long a registration that nobody uses is kept. Registering is free, so keeping must be cheap (attack case 36).
//!
//! RFC 7591 §5 names the danger of an open endpoint and leaves the answer to the server. Here: a registration that is
//! used is kept while it is used, one that is not makes room, and a tombstone tells its holder afterwards.

use super::VouchedBy;
use crate::base::{Lifetime, Timestamp};
use crate::model::{Client, ClientState, Provenance};

/// Most dynamic registrations that nobody has used yet. One more pushes out the oldest of them, never a used one.
pub const MOST_UNUSED: usize = 5_000;
/// How long it is remembered that a registration was removed.
pub const TOMBSTONE_FOR: Lifetime = Lifetime::from_days(180);

/// A client registers to begin, so a day is long.
const UNUSED_FOR: Lifetime = Lifetime::from_days(1);
/// An administrator may be on a holiday.
const AWAITING_FOR: Lifetime = Lifetime::from_days(14);
/// Without use. Longer than any refresh token lives without use.
const IDLE_FOR: Lifetime = Lifetime::from_days(90);
/// The stored end moves in steps of a day, so that a busy client does not mean a write per token.
const STEP: Lifetime = Lifetime::from_days(1);

/// When a registration made (or approved) at `at` is removed unless it is used before. RFC 7591 §5.
pub fn reaped_at(state: ClientState, vouched: VouchedBy, at: Timestamp) -> Timestamp {
    at.plus(match (state, vouched) {
        (_, VouchedBy::Administrator) => IDLE_FOR,
        (ClientState::AwaitingApproval, VouchedBy::Nobody) => AWAITING_FOR,
        (ClientState::Active | ClientState::Suspended, VouchedBy::Nobody) => UNUSED_FOR,
    })
}

/// The row as it should be after a use at `now`, if that differs from what is stored. RFC 7591 §5.
pub fn used(client: &Client, now: Timestamp) -> Option<Client> {
    let Provenance::Dynamic { .. } = client.provenance else { return None };
    let end = now.plus(IDLE_FOR);
    let fresh = client.first_used_at.is_some() && client.reaped_at.is_some_and(|at| end.since(at) < STEP);
    (!fresh).then(|| Client {
        first_used_at: client.first_used_at.or(Some(now)),
        reaped_at: Some(end),
        ..client.clone()
    })
}
