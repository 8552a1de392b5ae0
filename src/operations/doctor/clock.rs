//! Whether the clock can be believed. Codes, tokens and proofs live for seconds or minutes.

use super::Patient;
use super::finding::{Finding, State};
use crate::base::{Lifetime, Timestamp};
use crate::outbound::{Content, Message};

/// Clients' assertions and proofs may be this far off and still be taken; more is felt by somebody.
const FELT: Lifetime = Lifetime::from_seconds(30);
/// Nothing works with this.
const TOO_FAR: Lifetime = Lifetime::from_minutes(5);
/// The time of what is written is the time at which its request began.
const ORDINARY: Lifetime = Lifetime::from_minutes(1);

const MEND: &str = "let the system keep the time (systemd-timesyncd, chrony), and look at what sets it otherwise";

pub(super) fn steady(patient: &Patient<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if patient.is_serving {
        let (began_at, ran) = (patient.app.metrics.began_at, patient.app.metrics.running_for());
        let off = apart(began_at.plus(ran), patient.now);
        found.push(if off > FELT {
            let text = format!("the clock was moved by {off} since the start, or this machine slept for as long");
            Finding::look("clock", text, MEND)
        } else {
            Finding::ok("clock", "ran as evenly as the processor's since the start")
        });
    }
    if let Ok(head) = patient.app.store.audit_head()
        && head.at > patient.now.plus(ORDINARY)
    {
        let text = format!(
            "the newest entry of the audit log is from {}, which is yet to come: the clock was set back",
            head.at
        );
        found.push(Finding::look("clock", text, MEND));
    }
    found
}

/// Only if somebody names who is asked: Writ calls nobody by itself.
pub(super) fn with_others(patient: &Patient<'_>) -> Vec<Finding> {
    let Some(url) = &patient.ask.time_from else { return Vec::new() };
    let message =
        Message { url, headers: &[], body: Content::None, most_bytes: 1 << 20, total_time: Lifetime::from_seconds(10) };
    let unknown =
        |why: String| vec![Finding::look("clock elsewhere", why, "name an https: address that answers with a `Date`")];
    match patient.app.outbound.tell(&message) {
        Err(error) => unknown(format!("the address was not reached: {error}")),
        Ok(heard) => match heard.date.as_deref().and_then(Timestamp::parse_http) {
            None => unknown("the answer has no `Date` that can be read".to_owned()),
            Some(date) => vec![held_against("clock elsewhere", date, patient.app.clock.now())],
        },
    }
}

/// A `Date` is cut to the second, and took a while to come.
pub(super) fn held_against(check: &str, date: Timestamp, now: Timestamp) -> Finding {
    let off = apart(date, now);
    let found = format!("{off} apart: {} there, {now} here", date.iso());
    match state(off) {
        State::Ok => Finding::ok(check, format!("less than {} s apart", off.seconds() + 1)),
        State::Look => Finding::look(check, found, MEND),
        State::Broken => Finding::broken(check, found, MEND),
    }
}

fn state(off: Lifetime) -> State {
    if off > TOO_FAR {
        State::Broken
    } else if off > FELT {
        State::Look
    } else {
        State::Ok
    }
}

fn apart(one: Timestamp, other: Timestamp) -> Lifetime {
    one.since(other).max(other.since(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_judged_by_how_far_it_is_off_either_way() {
        let now = Timestamp::from_seconds(1_000_000);
        let at = |seconds: i64| held_against("clock", Timestamp::from_seconds(1_000_000 + seconds), now).state;
        assert_eq!([0, 20, -20].map(at), [State::Ok; 3]);
        assert_eq!([40, -40, 299].map(at), [State::Look; 3]);
        assert_eq!([400, -400, 1 << 30].map(at), [State::Broken; 3]);
    }
}
