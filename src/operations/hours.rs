//! What happened hour by hour: counted in memory where it happens, written down by housekeeping, shown on the console's first page.

use std::collections::{BTreeMap, HashMap};

use crate::app::App;
use crate::base::{Fault, Id, Timestamp};
use crate::model::{Context, Counted, Hour, HourNumber, Machine};
use crate::protocol::refusal::ErrorCode;
use crate::store::Read;
use crate::store::tables::HOURS;

/// Most hours of one look: two weeks, a day, and the hour that goes on.
const MOST: usize = 16 * 24;

/// Which count a refusal belongs to. What is an ordinary step of the protocol is none.
pub(super) const fn class(error: ErrorCode) -> Option<Counted> {
    match error {
        ErrorCode::InvalidClient | ErrorCode::InvalidDpopProof => Some(Counted::RefusedProof),
        ErrorCode::InvalidGrant => Some(Counted::RefusedGrant),
        ErrorCode::InvalidScope
        | ErrorCode::InvalidTarget
        | ErrorCode::UnauthorizedClient
        | ErrorCode::AccessDenied => Some(Counted::RefusedReach),
        ErrorCode::InvalidRequest
        | ErrorCode::UnsupportedGrantType
        | ErrorCode::UnsupportedResponseType
        | ErrorCode::RequestNotSupported
        | ErrorCode::RequestUriNotSupported => Some(Counted::RefusedRequest),
        ErrorCode::TemporarilyUnavailable => Some(Counted::RefusedLimit),
        // A nonce is asked for, or a person: both come back.
        ErrorCode::UseDpopNonce | ErrorCode::LoginRequired | ErrorCode::InteractionRequired => None,
    }
}

/// The same of what has no code, only a status.
pub(super) const fn class_of_status(status: u16) -> Counted {
    match status {
        401 => Counted::RefusedProof,
        403 => Counted::RefusedReach,
        429 => Counted::RefusedLimit,
        500.. => Counted::Fault,
        _ => Counted::RefusedRequest,
    }
}

/// Writes down what was counted since the last round.
pub(super) async fn flush(app: &App, ctx: &Context) -> Result<(), Fault> {
    for hour in app.hours.partial() {
        let known = app.store.read(move |view| view.get(&HOURS, &hour)).await?;
        app.hours.knew(hour, &known.unwrap_or_default().busiest);
    }
    let taken = app.hours.take(ctx.at);
    if taken.is_empty() {
        return Ok(());
    }
    app.store
        .write("write down the hour", ctx, move |tx| {
            for (number, counted) in &taken {
                let mut hour = tx.get(&HOURS, number)?.unwrap_or_default();
                let before = hour.clone();
                hour.add(counted);
                hour.expires_at = Hour::begins(*number).plus(Hour::KEPT);
                if hour != before {
                    tx.put(&HOURS, number, &hour)?;
                }
            }
            Ok(())
        })
        .await
}

/// The hours from the one `since` lies in until now, what is not written down yet included. Hours without a row are not there.
pub async fn since(app: &App, since: Timestamp) -> Result<BTreeMap<HourNumber, Hour>, Fault> {
    let first = Hour::number(since);
    let before = first.checked_sub(1);
    let page = app.store.read(move |view| view.page(&HOURS, before.as_ref(), MOST)).await?;
    let mut hours: BTreeMap<HourNumber, Hour> = page.rows.into_iter().collect();
    for (number, pending) in app.hours.pending() {
        if number >= first {
            hours.entry(number).or_default().add(&pending);
        }
    }
    Ok(hours)
}

/// Who was given the most tokens in these hours, the most first.
pub fn busiest<'h>(hours: impl Iterator<Item = &'h Hour>, most: usize) -> Vec<(Id<Machine>, u64)> {
    let mut counts: HashMap<Id<Machine>, u64> = HashMap::new();
    for (machine, times) in hours.flat_map(|hour| &hour.busiest) {
        *counts.entry(*machine).or_default() += times;
    }
    let mut all: Vec<_> = counts.into_iter().collect();
    all.sort_unstable_by_key(|(machine, times)| (std::cmp::Reverse(*times), *machine));
    all.truncate(most);
    all
}

/// Failed sign-ins of one day, beside what a day of the two weeks before had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guesses {
    pub today: u64,
    pub usual: u64,
}

/// Days that tell what is usual, and how much more is worth a person's time.
const USUAL_DAYS: u64 = 14;
const FEW: u64 = 20;
const MANY_TIMES: u64 = 3;

/// Failed sign-ins of the last 24 hours, if they are more than usual: three times a day's, and not only a few.
pub fn guesses(hours: &BTreeMap<HourNumber, Hour>, now: Timestamp) -> Option<Guesses> {
    let day = Hour::number(now).saturating_sub(23);
    let failed = |from, until| -> u64 {
        hours.range(from..until).map(|(_, hour)| hour.of(Counted::SignInFailed)).fold(0, u64::saturating_add)
    };
    let today = failed(day, HourNumber::MAX);
    let usual = failed(day.saturating_sub(USUAL_DAYS * 24), day) / USUAL_DAYS;
    (today >= FEW && today > usual.saturating_mul(MANY_TIMES)).then_some(Guesses { today, usual })
}

/// How far back [`guesses`] looks.
pub const USUAL: crate::base::Lifetime = crate::base::Lifetime::from_days(USUAL_DAYS + 1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_are_told_when_they_are_more_than_usual() {
        let now = Timestamp::from_seconds(3_600 * 10_000 + 1_800);
        let hours = |each_hour_before: u64, today: u64| {
            let mut hours = BTreeMap::new();
            for number in 9_600..=10_000 {
                let mut hour = Hour::default();
                hour.count(Counted::SignInFailed, if number == 9_990 { today } else { 0 });
                hour.count(Counted::SignInFailed, if number <= 9_976 { each_hour_before } else { 0 });
                hours.insert(number, hour);
            }
            hours
        };
        assert_eq!(guesses(&BTreeMap::new(), now), None);
        assert_eq!(guesses(&hours(0, FEW - 1), now), None, "a few happen to everybody");
        assert_eq!(guesses(&hours(0, FEW), now), Some(Guesses { today: FEW, usual: 0 }));
        assert_eq!(guesses(&hours(1, 72), now), None, "three times the usual day is not more than that");
        assert_eq!(guesses(&hours(1, 73), now), Some(Guesses { today: 73, usual: 24 }));
    }
}
