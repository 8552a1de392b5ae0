//! What was used when, from where and how often: gathered in memory, written down together, and never part of the row of what
//! is used.

use serde::{Deserialize, Serialize};

use super::context::Network;
use super::credential::Credential;
use super::machine::Machine;
use super::scope::{Scope, ScopeSet};
use crate::base::{Id, Lifetime, Resource, Timestamp};

/// When first, when last, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    pub grants: u64,
}

impl Use {
    pub const fn once(at: Timestamp) -> Self {
        Self { first_at: at, last_at: at, grants: 1 }
    }

    /// Both together. A clock that is set back moves no last use back.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            first_at: self.first_at.min(other.first_at),
            last_at: self.last_at.max(other.last_at),
            grants: self.grants.saturating_add(other.grants),
        }
    }
}

/// A network that something was used from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    pub network: Network,
    #[serde(flatten)]
    pub seen: Use,
}

/// The use of one thing, and its last callers, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Use>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub callers: Vec<Caller>,
}

impl Tally {
    /// Most callers that are remembered of a machine, and of one credential. Beyond them the one that was silent the longest is
    /// forgotten.
    pub const MOST_OF_MACHINE: usize = 16;
    pub const MOST_OF_CREDENTIAL: usize = 8;

    pub fn last_at(&self) -> Option<Timestamp> {
        self.seen.map(|seen| seen.last_at)
    }

    /// From where it was used last.
    pub fn last_from(&self) -> Option<&Network> {
        self.callers.first().map(|caller| &caller.network)
    }

    fn note(&mut self, at: Timestamp, network: Option<&Network>, most: usize) {
        let once = Use::once(at);
        self.seen = Some(self.seen.map_or(once, |seen| seen.and(once)));
        if let Some(network) = network {
            self.call(network, once);
            self.keep(most);
        }
    }

    /// Both together.
    pub fn add(&mut self, other: &Self, most: usize) {
        self.seen = match (self.seen, other.seen) {
            (Some(one), Some(other)) => Some(one.and(other)),
            (one, other) => one.or(other),
        };
        for caller in &other.callers {
            self.call(&caller.network, caller.seen);
        }
        self.keep(most);
    }

    fn call(&mut self, network: &Network, seen: Use) {
        match self.callers.iter_mut().find(|caller| caller.network == *network) {
            Some(caller) => caller.seen = caller.seen.and(seen),
            None => self.callers.push(Caller { network: network.clone(), seen }),
        }
    }

    fn keep(&mut self, most: usize) {
        self.callers.sort_by_key(|caller| std::cmp::Reverse(caller.seen.last_at));
        self.callers.truncate(most);
    }
}

/// The use of one scope at one resource; without a resource, at the appliance itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeUse {
    pub scope: Scope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    #[serde(flatten)]
    pub seen: Use,
}

/// Counted from 1970 on, in UTC.
pub type DayNumber = u64;

/// How many grants there were on each of the last days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The first day on which anything was counted: from before nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DayNumber>,
    /// The oldest first; a day without grants is not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    counts: Vec<(DayNumber, u64)>,
}

impl Days {
    /// Most days that are kept: four weeks.
    pub const MOST: usize = 28;
    const SECONDS: i64 = 86_400;

    pub fn number(at: Timestamp) -> DayNumber {
        u64::try_from(at.seconds().div_euclid(Self::SECONDS)).unwrap_or(0)
    }

    pub fn begins(number: DayNumber) -> Timestamp {
        Timestamp::from_seconds(i64::try_from(number).unwrap_or(i64::MAX).saturating_mul(Self::SECONDS))
    }

    pub fn of(&self, day: DayNumber) -> u64 {
        self.counts.iter().find(|(known, _)| *known == day).map_or(0, |(_, count)| *count)
    }

    pub fn is_empty(&self) -> bool {
        self.since.is_none()
    }

    fn note(&mut self, day: DayNumber, times: u64) {
        // Nearly always it is the last one.
        match self.counts.iter_mut().rev().find(|(known, _)| *known == day) {
            Some((_, count)) => *count = count.saturating_add(times),
            None => {
                self.counts.push((day, times));
                self.counts.sort_unstable();
                self.counts.drain(..self.counts.len().saturating_sub(Self::MOST));
            }
        }
        self.since = Some(self.since.map_or(day, |since| since.min(day)));
    }

    fn add(&mut self, other: &Self) {
        for (day, times) in &other.counts {
            self.note(*day, *times);
        }
        self.since = self.since.into_iter().chain(other.since).min();
    }
}

/// What one machine did between two rounds of housekeeping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Used {
    pub machine: Tally,
    pub days: Days,
    pub credentials: Vec<(Id<Credential>, Tally)>,
    pub scopes: Vec<ScopeUse>,
}

impl Used {
    /// Most credentials and scopes that are told apart, of one machine in one round.
    const MOST_CREDENTIALS: usize = 64;
    const MOST_SCOPES: usize = 256;

    /// One grant.
    pub fn note(
        &mut self,
        at: Timestamp,
        network: Option<&Network>,
        credential: Option<Id<Credential>>,
        scope: &ScopeSet,
        resource: Option<&Resource>,
    ) {
        self.machine.note(at, network, Tally::MOST_OF_MACHINE);
        self.days.note(Days::number(at), 1);
        if let Some(id) = credential {
            let place = self.credentials.iter().position(|(known, _)| *known == id).unwrap_or(self.credentials.len());
            if place == self.credentials.len() && place < Self::MOST_CREDENTIALS {
                self.credentials.push((id, Tally::default()));
            }
            if let Some((_, tally)) = self.credentials.get_mut(place) {
                tally.note(at, network, Tally::MOST_OF_CREDENTIAL);
            }
        }
        for scope in scope.iter() {
            add_scope(&mut self.scopes, scope, resource, Use::once(at), Self::MOST_SCOPES);
        }
    }
}

fn add_scope(all: &mut Vec<ScopeUse>, scope: &Scope, resource: Option<&Resource>, seen: Use, most: usize) {
    if let Some(one) = all.iter_mut().find(|one| one.scope == *scope && one.resource.as_ref() == resource) {
        one.seen = one.seen.and(seen);
    } else if all.len() < most {
        all.push(ScopeUse { scope: scope.clone(), resource: resource.cloned(), seen });
    }
}

/// The use of one machine, at rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineUsage {
    pub used: Tally,
    /// Its idleness counts from there at the earliest: somebody let it act again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_from: Option<Timestamp>,
    /// Its grants, day by day.
    #[serde(default, skip_serializing_if = "Days::is_empty")]
    pub days: Days,
}

impl MachineUsage {
    /// What else it did.
    pub fn add(&mut self, used: &Used) {
        self.used.add(&used.machine, Tally::MOST_OF_MACHINE);
        self.days.add(&used.days);
    }
}

/// The use of one credential, at rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialUsage {
    pub used: Tally,
    /// Where it was right and refused all the same, each network once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub misused: Vec<Misuse>,
}

/// From one network, a right credential was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Misuse {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// When it was noted last.
    pub at: Timestamp,
    pub why: MisusedBecause,
}

/// Why a right credential was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MisusedBecause {
    ClientSecretExpired,
    CredentialRevoked,
    ClientSuspended,
    ClientRetired,
    MachineExpired,
    NetworkNotAllowed,
    /// What another version wrote down.
    #[serde(other)]
    Other,
}

impl MisusedBecause {
    /// As it stands in rows and in the audit log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientSecretExpired => "ClientSecretExpired",
            Self::CredentialRevoked => "CredentialRevoked",
            Self::ClientSuspended => "ClientSuspended",
            Self::ClientRetired => "ClientRetired",
            Self::MachineExpired => "MachineExpired",
            Self::NetworkNotAllowed => "NetworkNotAllowed",
            Self::Other => "Other",
        }
    }
}

impl CredentialUsage {
    /// Most networks that are kept, and noted within an hour.
    const MOST_MISUSES: usize = 8;
    const NOTED_EVERY: Lifetime = Lifetime::from_hours(1);

    /// Notes that it was refused, unless that was noted of this network within the hour, or of as many others as are kept. Says
    /// whether it did.
    pub fn misused(&mut self, network: Option<&Network>, why: MisusedBecause, at: Timestamp) -> bool {
        let lately = |one: &Misuse| at.since(one.at) < Self::NOTED_EVERY;
        let same = |one: &Misuse| one.network.as_ref() == network;
        let many = self.misused.iter().filter(|one| lately(one)).count() >= Self::MOST_MISUSES;
        if many || self.misused.iter().any(|one| same(one) && lately(one)) {
            return false;
        }
        self.misused.retain(|one| !same(one));
        // The latest first; beyond the bound the one that was silent the longest is forgotten.
        self.misused.insert(0, Misuse { network: network.cloned(), at, why });
        self.misused.truncate(Self::MOST_MISUSES);
        true
    }
}

/// The use of a machine's scopes, at rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopesUsage {
    pub scopes: Vec<ScopeUse>,
    /// What it was given later than it was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<Given>,
}

/// A scope that a machine may ask for since `at`; with a resource, there only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    pub scope: Scope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    pub at: Timestamp,
}

impl ScopesUsage {
    /// What else was used.
    pub fn add(&mut self, scopes: &[ScopeUse]) {
        for one in scopes {
            add_scope(&mut self.scopes, &one.scope, one.resource.as_ref(), one.seen, Used::MOST_SCOPES);
        }
    }

    /// Puts down what `after` has and `before` had not, and forgets what `after` has not.
    pub fn give(&mut self, before: &Machine, after: &Machine, at: Timestamp) {
        let had: Vec<_> = grants(before).collect();
        let has: Vec<_> = grants(after).collect();
        self.given.retain(|given| has.contains(&(&given.scope, given.resource.as_ref())));
        self.scopes.retain(|one| has.iter().any(|(scope, _)| **scope == one.scope));
        for (scope, resource) in has.into_iter().filter(|grant| !had.contains(grant)) {
            self.given.push(Given { scope: scope.clone(), resource: resource.cloned(), at });
        }
        self.given.truncate(Used::MOST_SCOPES);
    }

    /// When a grant was last made use of. One without a resource is used wherever its scope is.
    pub fn last_at(&self, scope: &Scope, resource: Option<&Resource>) -> Option<Timestamp> {
        let there = |one: &&ScopeUse| resource.is_none() || one.resource.as_ref() == resource;
        self.scopes.iter().filter(|one| one.scope == *scope).filter(there).map(|one| one.seen.last_at).max()
    }

    /// Since when a grant stands, if that is later than the machine.
    pub fn given_at(&self, scope: &Scope, resource: Option<&Resource>) -> Option<Timestamp> {
        let given = self.given.iter().find(|given| given.scope == *scope && given.resource.as_ref() == resource);
        given.map(|given| given.at)
    }
}

/// Everything that a machine may ask for: its own scope anywhere, and what is special at one resource.
pub fn grants(machine: &Machine) -> impl Iterator<Item = (&Scope, Option<&Resource>)> {
    let special = machine.access.iter().filter_map(|access| Some((access.scope.as_ref()?, &access.resource)));
    let special = special.flat_map(|(scope, resource)| scope.iter().map(move |scope| (scope, Some(resource))));
    machine.scope.iter().map(|scope| (scope, None)).chain(special)
}

/// Since when there has been somebody to count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// Since when uses are counted in this file: from before nothing is known.
    pub counting_since: Timestamp,
    /// Since when the appliance was never down for more than a day: what could not be used is not idle.
    pub awake_since: Timestamp,
    /// When it was last known to be awake.
    pub seen_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn network(n: u8) -> Network {
        Network::from(IpAddr::from([10, 1, n, 7]))
    }

    /// The names are file format; a row of another version says that much less, and still parses.
    #[test]
    fn why_a_credential_was_refused_is_read_by_its_name() {
        let read = |why: &str| {
            let row = serde_json::json!({ "at": at(1), "why": why });
            serde_json::from_value::<Misuse>(row).unwrap().why
        };
        use MisusedBecause::{
            ClientRetired, ClientSecretExpired, ClientSuspended, CredentialRevoked, MachineExpired, NetworkNotAllowed,
        };
        for why in
            [ClientSecretExpired, CredentialRevoked, ClientSuspended, ClientRetired, MachineExpired, NetworkNotAllowed]
        {
            assert_eq!((read(why.name()), serde_json::to_value(why).unwrap()), (why, why.name().into()));
        }
        assert_eq!(read("WhatComesLater"), MisusedBecause::Other);
    }

    #[test]
    fn a_clock_that_is_set_back_moves_no_last_use_back() {
        let mut tally = Tally::default();
        tally.note(at(100), Some(&network(1)), 8);
        tally.note(at(40), Some(&network(2)), 8);
        assert_eq!(tally.seen, Some(Use { first_at: at(40), last_at: at(100), grants: 2 }));
        assert_eq!(tally.last_from(), Some(&network(1)), "the later one stays the last");
        let mut row = Tally { seen: Some(Use::once(at(500))), callers: Vec::new() };
        row.add(&tally, 8);
        assert_eq!((row.last_at(), row.callers.len()), (Some(at(500)), 2));
    }

    #[test]
    fn callers_are_bounded_and_the_longest_silent_makes_room() {
        let mut tally = Tally::default();
        for n in 0..20 {
            tally.note(at(i64::from(n)), Some(&network(n)), 8);
        }
        assert_eq!(tally.callers.len(), 8);
        assert_eq!(tally.last_from(), Some(&network(19)));
        assert!(tally.callers.iter().all(|caller| caller.seen.last_at >= at(12)));
        assert_eq!(tally.seen.unwrap().grants, 20, "what has no place of its own is counted");
    }

    #[test]
    fn days_are_bounded_and_the_oldest_makes_room() {
        let day = |n: u64| Days::begins(n);
        let mut used = Used::default();
        for n in 0..40 {
            used.note(day(20_000 + n), None, None, &ScopeSet::new(), None);
        }
        let mut usage = MachineUsage::default();
        usage.add(&used);
        usage.add(&used);
        assert_eq!(usage.days.of(20_039), 2);
        assert_eq!((usage.days.of(20_012), usage.days.of(20_011)), (2, 0), "four weeks");
        assert_eq!(usage.days.since, Some(20_000), "but it is known since when they were counted");
        let text = serde_json::to_string(&usage).unwrap();
        assert!(text.len() < 600, "{text}");
        assert_eq!(serde_json::from_str::<MachineUsage>(&text).unwrap(), usage);
        let old: MachineUsage = serde_json::from_str(r#"{"used":{}}"#).unwrap();
        assert!(old.days.is_empty());
    }

    /// The last millisecond of a day is not the next one's; a clock that is set back counts where it stands.
    #[test]
    fn a_day_ends_at_midnight() {
        let mut days = Days::default();
        for at in [86_400_i64 * 20_000, 86_400 * 20_001 - 1, 86_400 * 20_001, 86_400 * 20_000 + 5, -1] {
            days.note(Days::number(Timestamp::from_seconds(at)), 1);
        }
        assert_eq!((days.of(20_000), days.of(20_001), days.of(0)), (3, 1, 1));
        assert_eq!(Days::number(Days::begins(20_000)), 20_000);
    }

    #[test]
    fn scopes_are_told_apart_by_resource_and_bounded() {
        let mut used = Used::default();
        let there = Resource::parse("https://mcp.example/").unwrap();
        used.note(at(1), None, None, &"a b".parse().unwrap(), None);
        used.note(at(2), None, None, &"a".parse().unwrap(), Some(&there));
        for n in 0..1_000 {
            used.note(at(3), None, None, &format!("s{n}").parse().unwrap(), None);
        }
        assert_eq!(used.scopes.len(), Used::MOST_SCOPES);
        let mut row = ScopesUsage::default();
        row.add(&used.scopes);
        let a: Scope = "a".parse().unwrap();
        assert_eq!(row.last_at(&a, None), Some(at(2)), "anywhere");
        assert_eq!(row.last_at(&a, Some(&there)), Some(at(2)));
        assert_eq!(row.last_at(&"b".parse().unwrap(), Some(&there)), None);
    }
}
