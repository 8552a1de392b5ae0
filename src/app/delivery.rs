//! How far a copy of the audit log has got, and when it is tried again. What is in here when the process is killed is lost, and some
//! entries are then delivered twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::measure::Counter;
use crate::base::{Lifetime, Timestamp};

#[derive(Debug, Default)]
pub struct Delivery {
    pace: Mutex<Pace>,
    /// Entries that were delivered since the process began.
    pub delivered: Counter,
    /// Attempts that came to nothing.
    pub failures: Counter,
    is_over: AtomicBool,
}

/// Where it stands.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    /// The number of the last entry that was delivered, once it is known.
    pub sequence: Option<u64>,
    /// What the file knows of that, and since when.
    pub saved: u64,
    pub saved_at: Timestamp,
    /// Attempts since the last that succeeded.
    pub failed: u32,
    pub failing_since: Option<Timestamp>,
    /// Why the last one came to nothing, in words of ours.
    pub why: String,
    pub next_try_at: Timestamp,
}

/// The longest wait between two attempts.
const LONGEST_WAIT: Lifetime = Lifetime::from_minutes(5);

impl Delivery {
    /// Held by whoever delivers, for a moment at a time: never while somebody is spoken to.
    pub fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The process ends: who delivers begins no further batch.
    pub fn stop(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    pub fn succeeded(&self, sequence: u64, entries: u64) {
        let mut pace = self.pace();
        (pace.sequence, pace.failed, pace.failing_since) = (Some(sequence), 0, None);
        pace.why.clear();
        self.delivered.add(entries);
    }

    /// Waits twice as long after each attempt; or as long as the receiver asks, within reason.
    pub fn failed(&self, why: String, now: Timestamp, asked_for: Option<Lifetime>) {
        let mut pace = self.pace();
        let doubled = Lifetime::from_seconds(1 << pace.failed.min(10));
        let wait = doubled.max(asked_for.unwrap_or_default()).min(LONGEST_WAIT);
        pace.failed = pace.failed.saturating_add(1);
        pace.failing_since = pace.failing_since.or(Some(now));
        pace.why = why;
        pace.next_try_at = now.plus(wait);
        self.failures.one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_waits_longer_up_to_five_minutes() {
        let (delivery, now) = (Delivery::default(), Timestamp::from_seconds(1_000));
        let wait = |asked| {
            delivery.failed("down".to_owned(), now, asked);
            delivery.pace().next_try_at.since(now).seconds()
        };
        assert_eq!([wait(None), wait(None), wait(None)], [1, 2, 4]);
        assert_eq!(wait(Some(Lifetime::from_seconds(60))), 60);
        assert_eq!(wait(Some(Lifetime::from_days(9))), 300);
        assert_eq!((0..40).map(|_| wait(None)).max(), Some(300));
        delivery.succeeded(7, 1);
        assert_eq!((wait(None), delivery.failures.get()), (1, 46));
    }
}
