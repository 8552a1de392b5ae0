//! Time is a value. The clock is read once per request and once per housekeeping round.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Serialize};

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds, as `exp`, `iat` and `auth_time` carry them (RFC 7519 §2, NumericDate).
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    pub const fn plus(self, lifetime: Lifetime) -> Self {
        Self(self.0.saturating_add(lifetime.millis()))
    }

    pub const fn minus(self, lifetime: Lifetime) -> Self {
        Self(self.0.saturating_sub(lifetime.millis()))
    }

    /// How long ago `earlier` was; zero if it lies ahead (a clock may be set back).
    pub const fn since(self, earlier: Self) -> Lifetime {
        let millis = self.0.saturating_sub(earlier.0);
        Lifetime(if millis < 0 { 0 } else { millis as u64 })
    }

    /// Reads what [`Timestamp::iso`] writes, and other forms of RFC 3339. `None` if it is none, or beyond what a row can hold.
    pub fn parse_iso(text: &str) -> Option<Self> {
        let at: jiff::Timestamp = Some(text).filter(|text| text.len() <= 64)?.parse().ok()?;
        Some(Self(at.as_millisecond()))
    }

    /// Reads an HTTP date, RFC 9110 §5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub fn parse_http(text: &str) -> Option<Self> {
        let text = Some(text).filter(|text| text.len() <= 64)?;
        let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        Some(Self(at.as_millisecond()))
    }

    /// `2026-11-21T08:15:30.123Z`.
    pub fn iso(self) -> String {
        jiff::Timestamp::from_millisecond(self.0).map_or_else(|_| self.0.to_string(), |t| format!("{t:.3}"))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso())
    }
}

/// A length of time, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lifetime(u64);

impl Lifetime {
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    pub const fn from_minutes(minutes: u64) -> Self {
        Self::from_seconds(minutes.saturating_mul(60))
    }

    pub const fn from_hours(hours: u64) -> Self {
        Self::from_minutes(hours.saturating_mul(60))
    }

    pub const fn from_days(days: u64) -> Self {
        Self::from_hours(days.saturating_mul(24))
    }

    pub const fn seconds(self) -> u64 {
        self.0 / 1_000
    }

    pub const fn millis(self) -> i64 {
        if self.0 > i64::MAX as u64 { i64::MAX } else { self.0 as i64 }
    }
}

/// How far a clock may be set back without anybody noticing: what is remembered because it was used, or revoked, is remembered this
/// much longer than it would be good.
pub const SET_BACK: Lifetime = Lifetime::from_minutes(5);

/// The text is no length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is a length of time: seconds as a number, or text like 90s, 15m, 12h, 7d")]
pub struct ParseLifetimeError;

const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

impl FromStr for Lifetime {
    type Err = ParseLifetimeError;

    /// A number of seconds, or a number with `s`, `m`, `h` or `d`.
    fn from_str(text: &str) -> Result<Self, ParseLifetimeError> {
        let (digits, seconds) = UNITS
            .iter()
            .find_map(|(unit, seconds)| text.strip_suffix(unit).map(|digits| (digits, *seconds)))
            .unwrap_or((text, 1));
        (digits.trim().parse::<u64>().ok())
            .and_then(|count| count.checked_mul(seconds))
            .map(Self::from_seconds)
            .ok_or(ParseLifetimeError)
    }
}

impl fmt::Display for Lifetime {
    /// In the largest unit that divides it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.seconds();
        let (unit, size) =
            UNITS.into_iter().find(|(_, size)| seconds > 0 && seconds.is_multiple_of(*size)).unwrap_or(("s", 1));
        write!(f, "{}{unit}", seconds / size)
    }
}

/// Where the present comes from: the system, or a test.
#[derive(Clone, Debug)]
pub enum Clock {
    System,
    /// Stands still until [`Clock::advance`].
    Fixed(Arc<AtomicI64>),
    /// The same until it is let go, and from then on another: for a past that is made up.
    Held {
        millis: Arc<AtomicI64>,
        then: Box<Clock>,
    },
    /// The system's, so many milliseconds ahead or behind.
    Shifted(i64),
}

/// What a clock that was let go holds.
const LET_GO: i64 = i64::MIN;

impl Clock {
    pub fn fixed(at: Timestamp) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at.millis())))
    }

    pub fn held(at: Timestamp, then: Self) -> Self {
        Self::Held { millis: Arc::new(AtomicI64::new(at.millis())), then: Box::new(then) }
    }

    /// One that runs on from `at`.
    pub fn running_from(at: Timestamp) -> Self {
        Self::Shifted(at.millis().saturating_sub(Self::system().millis()))
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Self::system(),
            Self::Fixed(millis) => Timestamp(millis.load(Ordering::SeqCst)),
            Self::Held { millis, then } => match millis.load(Ordering::SeqCst) {
                LET_GO => then.now(),
                held => Timestamp(held),
            },
            Self::Shifted(ahead) => Timestamp(Self::system().0.saturating_add(*ahead)),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for the time")]
    fn system() -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp(since_epoch.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Waits on the present thread, which must be one that may. On a clock that stands still nobody would wait for anything.
    pub fn pause(&self, time: std::time::Duration) {
        match self {
            Self::System | Self::Shifted(_) => std::thread::sleep(time),
            Self::Fixed(_) | Self::Held { .. } => {}
        }
    }

    /// From now on it is the other, if it was held.
    pub fn let_go(&self) {
        if let Self::Held { millis, .. } = self {
            millis.store(LET_GO, Ordering::SeqCst);
        }
    }

    /// Moves a fixed clock forward; a system clock takes no orders.
    pub fn advance(&self, by: Lifetime) {
        match self {
            Self::Fixed(millis) => {
                millis.fetch_add(by.millis(), Ordering::SeqCst);
            }
            Self::Held { millis, then } => match millis.load(Ordering::SeqCst) {
                LET_GO => then.advance(by),
                _ => {
                    millis.fetch_add(by.millis(), Ordering::SeqCst);
                }
            },
            Self::System | Self::Shifted(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_seconds_or_has_a_unit() {
        let length = |text: &str| text.parse::<Lifetime>();
        for (text, seconds) in [("90", 90), ("90s", 90), ("15m", 900), ("12h", 43_200), ("7d", 604_800), ("0s", 0)] {
            assert_eq!(length(text).unwrap().seconds(), seconds, "{text}");
        }
        for text in ["", "m", "-1", "1.5h", "1w", "99999999999999999999", "213503982334602d"] {
            assert!(length(text).is_err(), "{text}");
        }
        for text in ["90s", "15m", "12h", "7d", "0s"] {
            assert_eq!(length(text).unwrap().to_string(), text);
        }
    }
}
