//! What happened hour by hour: gathered in memory, written down together, and kept for a season.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::client::GrantType;
use super::machine::Machine;
use crate::base::{Id, Lifetime, Timestamp};

/// What is counted. A name is part of the file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// Tokens, by what they were given for.
    ByCode,
    ByRefresh,
    ByCredentials,
    ByExchange,
    ByAssertion,
    ByAccessKey,
    /// Somebody who could not prove who they are.
    RefusedProof,
    /// A code, a refresh token or somebody's word that is not good, or no more.
    RefusedGrant,
    /// More than may be had.
    RefusedReach,
    /// What is not as the rules of the protocol want it.
    RefusedRequest,
    /// Too much at once.
    RefusedLimit,
    /// Ours.
    Fault,
    SignIn,
    SignInFailed,
}

impl Counted {
    pub const ALL: [Self; 14] = [
        Self::ByCode,
        Self::ByRefresh,
        Self::ByCredentials,
        Self::ByExchange,
        Self::ByAssertion,
        Self::ByAccessKey,
        Self::RefusedProof,
        Self::RefusedGrant,
        Self::RefusedReach,
        Self::RefusedRequest,
        Self::RefusedLimit,
        Self::Fault,
        Self::SignIn,
        Self::SignInFailed,
    ];

    pub const TOKENS: [Self; 6] =
        [Self::ByCredentials, Self::ByRefresh, Self::ByCode, Self::ByExchange, Self::ByAssertion, Self::ByAccessKey];

    pub const FAILURES: [Self; 6] = [
        Self::RefusedProof,
        Self::RefusedGrant,
        Self::RefusedReach,
        Self::RefusedRequest,
        Self::RefusedLimit,
        Self::Fault,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::ByCode => "code",
            Self::ByRefresh => "refresh",
            Self::ByCredentials => "credentials",
            Self::ByExchange => "exchange",
            Self::ByAssertion => "assertion",
            Self::ByAccessKey => "access_key",
            Self::RefusedProof => "refused_proof",
            Self::RefusedGrant => "refused_grant",
            Self::RefusedReach => "refused_reach",
            Self::RefusedRequest => "refused_request",
            Self::RefusedLimit => "refused_limit",
            Self::Fault => "fault",
            Self::SignIn => "sign_in",
            Self::SignInFailed => "sign_in_failed",
        }
    }

    /// Its place in [`Counted::ALL`].
    pub const fn place(self) -> usize {
        self as usize
    }
}

impl From<GrantType> for Counted {
    fn from(grant: GrantType) -> Self {
        match grant {
            GrantType::AuthorizationCode => Self::ByCode,
            GrantType::RefreshToken => Self::ByRefresh,
            GrantType::ClientCredentials => Self::ByCredentials,
            GrantType::TokenExchange => Self::ByExchange,
            GrantType::JwtBearer => Self::ByAssertion,
        }
    }
}

/// One hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hour {
    /// By [`Counted::name`]; what did not happen is not there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    counts: BTreeMap<String, u64>,
    /// How long it took to give a token.
    #[serde(default, skip_serializing_if = "Waits::is_empty")]
    pub waits: Waits,
    /// The machines that were given the most tokens, the most first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub busiest: Vec<(Id<Machine>, u64)>,
    pub expires_at: Timestamp,
}

/// Counted from 1970 on.
pub type HourNumber = u64;

impl Hour {
    /// A season, and some days to compare it with.
    pub const KEPT: Lifetime = Lifetime::from_days(92);
    /// Most machines that are remembered of one hour.
    pub const BUSIEST: usize = 24;
    const SECONDS: i64 = 3_600;

    pub fn number(at: Timestamp) -> HourNumber {
        u64::try_from(at.seconds().div_euclid(Self::SECONDS)).unwrap_or(0)
    }

    pub fn begins(number: HourNumber) -> Timestamp {
        Timestamp::from_seconds(i64::try_from(number).unwrap_or(i64::MAX).saturating_mul(Self::SECONDS))
    }

    pub fn of(&self, what: Counted) -> u64 {
        self.counts.get(what.name()).copied().unwrap_or(0)
    }

    pub fn count(&mut self, what: Counted, times: u64) {
        if times > 0 {
            let count = self.counts.entry(what.name().to_owned()).or_default();
            *count = count.saturating_add(times);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.waits.is_empty() && self.busiest.is_empty()
    }

    /// Both together, but for the machines: who was busiest is not known from two halves, and is told by whoever counts.
    pub fn add(&mut self, other: &Self) {
        for (name, times) in &other.counts {
            let count = self.counts.entry(name.clone()).or_default();
            *count = count.saturating_add(*times);
        }
        self.waits.add(&other.waits);
        if !other.busiest.is_empty() {
            self.busiest.clone_from(&other.busiest);
        }
    }
}

/// How often something took how long, coarsely: no more is kept than how many lie between two bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Waits(Vec<u64>);

impl Waits {
    /// In microseconds. What takes longer than the last lies behind it.
    pub const BOUNDS: [u64; 16] = [
        100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000,
        5_000_000, 10_000_000,
    ];
    /// Places between them, before the first and behind the last.
    pub const PLACES: usize = Self::BOUNDS.len() + 1;

    /// The place of a wait of so many microseconds.
    pub fn place(micros: u64) -> usize {
        Self::BOUNDS.partition_point(|bound| *bound < micros)
    }

    /// Trailing zeros are not kept.
    pub fn new(counts: impl IntoIterator<Item = u64>) -> Self {
        let mut counts: Vec<u64> = counts.into_iter().take(Self::PLACES).collect();
        while counts.last() == Some(&0) {
            counts.pop();
        }
        Self(counts)
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|count| *count == 0)
    }

    pub fn add(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (count, more) in self.0.iter_mut().zip(&other.0) {
            *count = count.saturating_add(*more);
        }
    }

    /// The wait that so many of a hundred did not exceed, in microseconds: as if those between two bounds lay evenly. Nothing
    /// without a wait.
    pub fn quantile(&self, hundredth: u64) -> Option<u64> {
        let all: u64 = self.0.iter().sum();
        let wanted = all.saturating_mul(hundredth).div_ceil(100).max(1);
        let (mut below, mut from) = (0_u64, 0_u64);
        for (place, count) in self.0.iter().enumerate() {
            let until = Self::BOUNDS.get(place).copied().unwrap_or(from);
            if *count > 0 && below + count >= wanted {
                return Some(from + (until - from).saturating_mul(wanted - below) / count);
            }
            below += count;
            from = until;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_has_its_place_and_a_name_of_its_own() {
        let names: std::collections::HashSet<_> = Counted::ALL.iter().map(|what| what.name()).collect();
        assert_eq!(names.len(), Counted::ALL.len());
        for (place, what) in Counted::ALL.iter().enumerate() {
            assert_eq!(what.place(), place);
        }
    }

    #[test]
    fn a_row_of_another_version_is_read() {
        let row = r#"{"counts":{"code":2,"what_came_later":7},"expires_at":1000}"#;
        let mut hour: Hour = serde_json::from_str(row).unwrap();
        let mut more = Hour::default();
        more.count(Counted::ByCode, 3);
        more.count(Counted::SignIn, 0);
        hour.add(&more);
        assert_eq!((hour.of(Counted::ByCode), hour.of(Counted::SignIn)), (5, 0));
        assert!(serde_json::to_string(&hour).unwrap().contains("what_came_later"), "and what it counted is kept");
    }

    #[test]
    fn hours_are_counted_from_1970_and_begin_where_the_clock_says() {
        let at = Timestamp::parse_iso("2026-11-21T08:59:59.999Z").unwrap();
        assert_eq!(Hour::begins(Hour::number(at)).iso(), "2026-11-21T08:00:00.000Z");
        assert_eq!(Hour::number(Timestamp::from_seconds(-1)), 0, "before that nothing is counted");
    }

    #[test]
    fn a_quantile_lies_between_its_bounds() {
        assert_eq!(Waits::default().quantile(50), None);
        let mut counts = [0; Waits::PLACES];
        for micros in [150, 150, 150, 1_500, 30_000_000] {
            counts[Waits::place(micros)] += 1;
        }
        let waits = Waits::new(counts);
        assert_eq!(waits.quantile(50), Some(200), "three of five lie between 100 and 200 µs");
        assert_eq!(waits.quantile(80), Some(2_000));
        assert_eq!(waits.quantile(99), Some(10_000_000), "what lies behind the last bound is at least that");
        assert_eq!((Waits::place(100), Waits::place(101)), (0, 1));
        let mut twice = waits.clone();
        twice.add(&waits);
        assert_eq!(twice.quantile(80), waits.quantile(80));
    }
}
