//! Counting and measuring, for those who watch: atomics without a lock, an allocation or a word of a caller's in them.
//!
//! What is counted here decides nothing. That is why a stopwatch may read the system's clock, which everything else takes as a value.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Counts up for as long as the process lives. On a cache line of its own: two that are counted by two threads do not slow each other.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn one(&self) {
        self.add(1);
    }

    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What came over the network and was no request at all, since it was last [taken](take_garbled). The web server's library tells of it in
/// log lines and in no other way (`src/logs.rs`), so it is counted for the whole process.
static GARBLED: AtomicU64 = AtomicU64::new(0);

pub fn garbled() {
    GARBLED.fetch_add(1, Ordering::Relaxed);
}

/// Hands over what was counted, and begins anew.
pub fn take_garbled() -> u64 {
    GARBLED.swap(0, Ordering::Relaxed)
}

/// How much of something there is at this moment.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct Level(AtomicU64);

impl Level {
    pub fn rise(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Never below nothing: who takes away may be seen before who put there.
    pub fn fall(&self, by: u64) {
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |level| Some(level.saturating_sub(by)));
    }

    pub fn set(&self, level: u64) {
        self.0.store(level, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Microseconds, from a quarter of a millisecond to ten seconds.
pub const TIMES: &[u64] = &[
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000,
];
/// Pieces, from one to the most that a batch has.
pub const SIZES: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256];

/// Most bounds that a histogram has.
const PLACES: usize = 14;

/// How often something was at most so large.
#[derive(Debug)]
#[repr(align(64))]
pub struct Histogram {
    bounds: &'static [u64],
    /// One more than there are bounds: what is larger than all of them.
    counts: [AtomicU64; PLACES + 1],
    sum: AtomicU64,
}

/// What a histogram held at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Each bound, and how often it was not exceeded.
    pub within: Vec<(u64, u64)>,
    pub count: u64,
    pub sum: u64,
}

impl Histogram {
    pub fn new(bounds: &'static [u64]) -> Self {
        Self { bounds, counts: [const { AtomicU64::new(0) }; PLACES + 1], sum: AtomicU64::new(0) }
    }

    pub fn observe(&self, value: u64) {
        let place = self.bounds.iter().position(|bound| value <= *bound).unwrap_or(self.bounds.len());
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    pub fn read(&self) -> Observed {
        let mut count = 0;
        let mut places = self.counts.iter().map(|place| {
            count += place.load(Ordering::Relaxed);
            count
        });
        let within = self.bounds.iter().zip(places.by_ref()).map(|(bound, count)| (*bound, count)).collect();
        let _beyond = places.last();
        Observed { within, count, sum: self.sum.load(Ordering::Relaxed) }
    }
}

/// How long something takes.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "a measurement: nothing is decided by it and nothing of it is stored"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn micros(self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_says_how_often_each_bound_was_not_exceeded() {
        let sizes = Histogram::new(SIZES);
        [1, 1, 2, 3, 256, 257].into_iter().for_each(|size| sizes.observe(size));
        let read = sizes.read();
        assert_eq!((read.count, read.sum), (6, 520));
        assert_eq!(read.within.first(), Some(&(1, 2)));
        assert_eq!(read.within[1..3], [(2, 3), (4, 4)]);
        assert_eq!(read.within.last(), Some(&(256, 5)), "what is larger is in the count alone");
        assert!(TIMES.len() <= PLACES && SIZES.len() <= PLACES, "every bound has a place");
    }

    #[test]
    fn a_level_is_never_below_nothing() {
        let level = Level::default();
        level.rise();
        level.fall(5);
        level.rise();
        assert_eq!(level.get(), 1);
    }
}
