//! What is counted where it happens, for those who watch from outside: `operations/metrics.rs` says it in the words of Prometheus.
//!
//! A request pays with four increments of atomics that no lock and no map stands before. What is told apart is told apart by enums of
//! ours: nobody makes this grow by asking for something.

use crate::base::measure::{Counter, Histogram, Observed, Stopwatch, TIMES};
use crate::base::{Lifetime, Timestamp};
use crate::model::GrantType;

/// Which kind of door a request took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    Token,
    Introspection,
    Revocation,
    Userinfo,
    Authorize,
    Registration,
    SignIn,
    Pages,
    Api,
    Metadata,
    Health,
    /// No door of ours.
    Elsewhere,
}

impl Route {
    pub const ALL: [Self; 12] = [
        Self::Token,
        Self::Introspection,
        Self::Revocation,
        Self::Userinfo,
        Self::Authorize,
        Self::Registration,
        Self::SignIn,
        Self::Pages,
        Self::Api,
        Self::Metadata,
        Self::Health,
        Self::Elsewhere,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Introspection => "introspection",
            Self::Revocation => "revocation",
            Self::Userinfo => "userinfo",
            Self::Authorize => "authorize",
            Self::Registration => "registration",
            Self::SignIn => "sign_in",
            Self::Pages => "pages",
            Self::Api => "api",
            Self::Metadata => "metadata",
            Self::Health => "health",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// What tokens were asked for by. An access key is no grant type, and is counted as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedBy {
    Grant(GrantType),
    AccessKey,
    /// The request could not be read so far.
    Unreadable,
}

impl AskedBy {
    pub const ALL: [Self; 7] = [
        Self::Grant(GrantType::AuthorizationCode),
        Self::Grant(GrantType::RefreshToken),
        Self::Grant(GrantType::ClientCredentials),
        Self::Grant(GrantType::TokenExchange),
        Self::Grant(GrantType::JwtBearer),
        Self::AccessKey,
        Self::Unreadable,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Grant(GrantType::AuthorizationCode) => "authorization_code",
            Self::Grant(GrantType::RefreshToken) => "refresh_token",
            Self::Grant(GrantType::ClientCredentials) => "client_credentials",
            Self::Grant(GrantType::TokenExchange) => "token_exchange",
            Self::Grant(GrantType::JwtBearer) => "jwt_bearer",
            Self::AccessKey => "access_key",
            Self::Unreadable => "unreadable",
        }
    }

    const fn place(self) -> usize {
        match self {
            Self::Grant(grant) => grant as usize,
            Self::AccessKey => 5,
            Self::Unreadable => 6,
        }
    }
}

/// What became of it.
const OUTCOMES: [&str; 3] = ["issued", "refused", "failed"];
/// The hundreds of a status.
const STATUSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// Since the process began.
#[derive(Debug)]
pub struct Metrics {
    pub began_at: Timestamp,
    began: Stopwatch,
    statuses: [[Counter; STATUSES.len()]; Route::ALL.len()],
    times: [Histogram; Route::ALL.len()],
    limited: [Counter; Route::ALL.len()],
    grants: [[Counter; OUTCOMES.len()]; AskedBy::ALL.len()],
}

impl Metrics {
    pub fn new(began_at: Timestamp) -> Self {
        Self {
            began_at,
            began: Stopwatch::start(),
            statuses: Default::default(),
            times: std::array::from_fn(|_| Histogram::new(TIMES)),
            limited: Default::default(),
            grants: Default::default(),
        }
    }

    /// How long the process runs by a clock that nobody sets.
    pub fn running_for(&self) -> Lifetime {
        Lifetime::from_millis(self.began.micros() / 1_000)
    }

    /// A request was answered.
    pub fn answered(&self, route: Route, status: u16, micros: u64) {
        let hundreds = usize::from((status / 100).clamp(2, 5)) - 2;
        if let Some(count) = self.statuses.get(route as usize).and_then(|statuses| statuses.get(hundreds)) {
            count.one();
        }
        if let Some(times) = self.times.get(route as usize) {
            times.observe(micros);
        }
    }

    /// A request was too many.
    pub fn limited(&self, route: Route) {
        if let Some(count) = self.limited.get(route as usize) {
            count.one();
        }
    }

    /// Tokens were asked for, and answered with this status.
    pub fn asked(&self, by: AskedBy, status: u16) {
        let outcome = match status {
            ..400 => 0,
            400..500 => 1,
            500.. => 2,
        };
        if let Some(count) = self.grants.get(by.place()).and_then(|outcomes| outcomes.get(outcome)) {
            count.one();
        }
    }

    /// How often each status was answered, with its name.
    pub fn statuses(&self, route: Route) -> impl Iterator<Item = (&'static str, u64)> {
        STATUSES.into_iter().zip(self.statuses.get(route as usize).into_iter().flatten().map(Counter::get))
    }

    pub fn times(&self, route: Route) -> Option<Observed> {
        self.times.get(route as usize).map(Histogram::read)
    }

    pub fn times_limited(&self, route: Route) -> u64 {
        self.limited.get(route as usize).map_or(0, Counter::get)
    }

    /// How often each outcome was, with its name.
    pub fn outcomes(&self, by: AskedBy) -> impl Iterator<Item = (&'static str, u64)> {
        OUTCOMES.into_iter().zip(self.grants.get(by.place()).into_iter().flatten().map(Counter::get))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_place_of_its_own() {
        let metrics = Metrics::new(Timestamp::from_seconds(1));
        for (n, by) in AskedBy::ALL.into_iter().enumerate() {
            (0..=n).for_each(|_| metrics.asked(by, 200));
        }
        for (n, by) in AskedBy::ALL.into_iter().enumerate() {
            assert_eq!(metrics.outcomes(by).next(), Some(("issued", n as u64 + 1)), "{by:?}");
        }
        for (n, route) in Route::ALL.into_iter().enumerate() {
            assert_eq!(route as usize, n, "{route:?}");
        }
        for grant in GrantType::ALL {
            assert!(AskedBy::ALL.contains(&AskedBy::Grant(grant)));
        }
    }

    #[test]
    fn a_status_is_counted_by_its_hundreds() {
        let metrics = Metrics::new(Timestamp::from_seconds(1));
        for status in [101, 200, 204, 303, 404, 429, 500, 503, 999] {
            metrics.answered(Route::Pages, status, 10);
        }
        let counted: Vec<_> = metrics.statuses(Route::Pages).collect();
        assert_eq!(counted, [("2xx", 3), ("3xx", 1), ("4xx", 2), ("5xx", 3)]);
        assert_eq!(metrics.times(Route::Pages).unwrap().count, 9);
    }
}
