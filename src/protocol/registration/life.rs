//! How long a registration that nobody uses is kept. Registering is free, so keeping must be cheap (attack case 36).
//!
//! RFC 7591 §5 names the danger of an open endpoint and leaves the answer to the server. Here: a registration that is
//! used is kept while it is used, one that is not makes room, and a tombstone tells its holder afterwards.

use super::VouchedBy;
use crate::base::{Lifetime, Timestamp};
use crate::model::{Client, ClientState, Provenance, Review};

/// An administrator may be on a holiday.
const AWAITING_FOR: Lifetime = Lifetime::from_days(14);
/// Somebody answers for it, and may not have got round to using it.
const VOUCHED_FOR: Lifetime = Lifetime::from_days(120);
/// Beyond the longest life of its tokens. The stored end moves in steps of this, so that a busy client does not mean
/// a write per token.
const MARGIN: Lifetime = Lifetime::from_days(30);
/// A client that a person once allowed something may come back after a long while, and its person should be told.
const USED_TOMBSTONE_FOR: Lifetime = Lifetime::from_days(180);
/// One that nobody ever used is remembered as long as a person may remember having started something.
const UNUSED_TOMBSTONE_FOR: Lifetime = Lifetime::from_days(7);

/// When a registration made (or approved) at `at` is removed unless it is used before; `unused_for` is the setting.
/// RFC 7591 §5.
pub fn reaped_at(state: ClientState, vouched: VouchedBy, at: Timestamp, unused_for: Lifetime) -> Timestamp {
    at.plus(match (state, vouched) {
        (_, VouchedBy::Administrator) => unused_for.max(VOUCHED_FOR),
        (ClientState::AwaitingApproval | ClientState::Rejected, VouchedBy::Nobody) => unused_for.max(AWAITING_FOR),
        (ClientState::Active | ClientState::Suspended | ClientState::Retired, VouchedBy::Nobody) => unused_for,
    })
}

/// The row as it should be after a use at `now`, if that differs from what is stored. `family` is the longest life of
/// a line of tokens: nobody who still holds a good one is reaped. RFC 7591 §5.
pub fn used(client: &Client, now: Timestamp, family: Lifetime) -> Option<Client> {
    let reaped_at = match client.provenance {
        Provenance::Dynamic { .. } => {
            let end = now.plus(family).plus(MARGIN).plus(MARGIN);
            Some(client.reaped_at.filter(|at| client.first_used_at.is_some() && at.plus(MARGIN) >= end).unwrap_or(end))
        }
        Provenance::Administrator | Provenance::Document | Provenance::Machine => client.reaped_at,
    };
    let fresh = client.first_used_at.is_some() && client.reaped_at == reaped_at;
    (!fresh).then(|| Client {
        first_used_at: client.first_used_at.or(Some(now)),
        last_used_at: Some(now),
        reaped_at,
        ..client.clone()
    })
}

/// Since when one that registered itself (RFC 7591 §5) has surely not been used; `None` for any other, which is not kept track of.
///
/// A use is written down once in a [`MARGIN`], so the last one may be that much later. Where none was written down yet (it was used before
/// uses were), its end says enough: that is a margin and the life of its tokens after the last time it moved.
pub fn unused_since(client: &Client) -> Option<Timestamp> {
    if !matches!(client.provenance, Provenance::Dynamic { .. }) {
        return None;
    }
    Some(match (client.first_used_at, client.last_used_at, client.reaped_at) {
        (None, ..) => client.created_at,
        (Some(_), Some(last), _) => last.plus(MARGIN),
        (Some(first), None, end) => end.map_or(first, |end| end.minus(MARGIN)),
    })
}

/// A waiting registration as it is once an administrator has approved it: somebody answers for it now. RFC 7591 §5.
pub fn approved(client: Client, now: Timestamp, unused_for: Lifetime) -> Client {
    let end = reaped_at(ClientState::Active, VouchedBy::Administrator, now, unused_for);
    let review = Review { rejected: None, ..client.review.clone() };
    Client { state: ClientState::Active, reaped_at: client.reaped_at.map(|before| before.max(end)), review, ..client }
}

/// How long it is remembered that `client` was removed. RFC 7592 §2.3.
pub fn remembered_for(client: &Client) -> Lifetime {
    if client.first_used_at.is_some() { USED_TOMBSTONE_FOR } else { UNUSED_TOMBSTONE_FOR }
}
