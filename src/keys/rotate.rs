//! When keys turn: a pure schedule. RFC 7517 does not say; NIST SP 800-57 and common sense do.
//!
//! Of each algorithm one key signs and one is next. The next key is made when its predecessor begins, so it has
//! been in the published set for a whole period before it signs, and a forced turn can happen at once. The one
//! that signed stays published until no token of it can be alive.
//!
//! ```text
//!            made, published      promoted            retired            gone
//! key 1            |----- next ------|----- signing -----|-- retained --|
//! key 2                              |----- next --------|-- signing ---|-- retained …
//! ```
//!
//! [`plan`] says what is due, from the rows and the time alone: whoever was switched off for a week, or woke up
//! with a wrong clock, asks again and gets the way back. [`Workbench`] applies it to the rows.

use crate::base::{Fault, FaultKind, Id, Lifetime, Timestamp};
use crate::model::{Algorithm, KeyState, PublicJwk, SigningKey};

/// How keys turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What to keep signing keys for.
    pub algorithms: Vec<Algorithm>,
    /// How long a key signs.
    pub period: Lifetime,
    /// The longest that the published set may be cached.
    pub jwks_max_age: Lifetime,
    /// How long a key is published before it signs: at least twice `jwks_max_age`, so that a cache in front of a
    /// cache has learnt it as well.
    pub publish_before: Lifetime,
    /// How many periods a key that signs no more is kept, at least.
    pub retained_periods: u32,
    /// The longest lifetime of any token that is signed.
    pub longest_token: Lifetime,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            algorithms: Algorithm::ALL.to_vec(),
            period: Lifetime::from_days(1),
            jwks_max_age: Lifetime::from_minutes(5),
            publish_before: Lifetime::from_minutes(10),
            retained_periods: 12,
            longest_token: Lifetime::from_days(1),
        }
    }
}

impl Policy {
    /// How long a key that signs no more is kept: so many periods, or the longest token's life if that is longer.
    pub fn retain(&self) -> Lifetime {
        times(self.period, u64::from(self.retained_periods)).max(self.longest_token)
    }

    /// Whether the figures can work together.
    pub fn check(&self) -> Result<(), Fault> {
        let refuse = |text| Err(Fault::new(FaultKind::Settings, text));
        if self.algorithms.is_empty() {
            return refuse("at least one signing algorithm is needed");
        }
        if self.publish_before < times(self.jwks_max_age, 2) {
            return refuse("a signing key must be published for at least twice as long as the key set may be cached");
        }
        if self.period < self.publish_before {
            return refuse("a signing key must sign for at least as long as its successor is published beforehand");
        }
        Ok(())
    }
}

/// One step. The steps of one plan belong in one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Make a key with [`generate`](super::generate). It signs at once when `signs_from` has come.
    Generate { algorithm: Algorithm, signs_from: Timestamp },
    /// The next key becomes the signing key.
    Promote { id: Id<SigningKey> },
    /// The next key shall be promoted earlier than planned.
    Reschedule { id: Id<SigningKey>, signs_from: Timestamp },
    /// The signing key signs no more; its private half is forgotten.
    Retire { id: Id<SigningKey> },
    /// The key is withdrawn: unpublished, its signatures no longer good, its private half forgotten.
    Revoke { id: Id<SigningKey> },
    /// The row is of no more use.
    Drop { id: Id<SigningKey> },
}

/// What is due at `now`, in the order to do it. Ask again after carrying it out until nothing is due: a first
/// start takes two rounds, one for the keys that sign and one for those next in line.
pub fn plan(keys: &[SigningKey], policy: &Policy, now: Timestamp) -> Vec<Turn> {
    let mut turns = Vec::new();
    for algorithm in Algorithm::ALL {
        let line = Line::of(keys, algorithm);
        if !policy.algorithms.contains(&algorithm) {
            turns.extend(line.signing.iter().map(|key| Turn::Retire { id: key.id }));
            turns.extend(line.next.iter().map(|key| Turn::Drop { id: key.id }));
            continue;
        }
        turns.extend(line.plan(policy, now));
    }
    // What is kept only to verify goes when its time has come.
    turns.extend(keys.iter().filter_map(|key| match key.state {
        KeyState::Retained { gone_at, .. } | KeyState::Revoked { gone_at, .. } if now >= gone_at => {
            Some(Turn::Drop { id: key.id })
        }
        _ => None,
    }));
    turns
}

/// How much a forced turn is in a hurry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Haste {
    /// As soon as caches can know the key.
    WhenPublished,
    /// Now, whatever caches know: they meet an unknown `kid` and fetch again.
    AtOnce,
}

/// What a forced turn will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forced {
    pub turns: Vec<Turn>,
    /// When the new key signs. `now` if it does so with these turns.
    pub signs_from: Timestamp,
}

/// `writ key rotate`: a new signing key for `algorithm` before its time.
pub fn force(keys: &[SigningKey], algorithm: Algorithm, haste: Haste, policy: &Policy, now: Timestamp) -> Forced {
    let line = Line::of(keys, algorithm);
    let Some(signing) = line.signing.first() else {
        return Forced { turns: line.plan(policy, now), signs_from: now };
    };
    let retire = Turn::Retire { id: signing.id };
    match line.next.first() {
        Some(next) if haste == Haste::AtOnce || published_long_enough(next, policy, now) => {
            Forced { turns: vec![Turn::Promote { id: next.id }, retire], signs_from: now }
        }
        // A key made by a clock that ran ahead would wait for that day: it starts its wait now.
        Some(next) => {
            let signs_from = next.published_at.min(now).plus(policy.publish_before);
            Forced { turns: vec![Turn::Reschedule { id: next.id, signs_from }], signs_from }
        }
        None if haste == Haste::AtOnce => {
            Forced { turns: vec![Turn::Generate { algorithm, signs_from: now }, retire], signs_from: now }
        }
        None => {
            let signs_from = now.plus(policy.publish_before);
            Forced { turns: vec![Turn::Generate { algorithm, signs_from }], signs_from }
        }
    }
}

/// Withdraws a key that is no longer trusted. If it was signing, its successor signs from now on, published long
/// enough or not. Nothing for a key that is not there or already withdrawn.
pub fn revoke(keys: &[SigningKey], id: Id<SigningKey>, now: Timestamp) -> Vec<Turn> {
    let Some(key) = keys.iter().find(|key| key.id == id && key.is_published()) else { return Vec::new() };
    let mut turns = vec![Turn::Revoke { id }];
    let line = Line::of(keys, key.algorithm);
    if line.signing.len() == 1 && line.signing.iter().any(|signing| signing.id == id) {
        turns.push(match line.next.first() {
            Some(next) => Turn::Promote { id: next.id },
            None => Turn::Generate { algorithm: key.algorithm, signs_from: now },
        });
    }
    turns
}

/// What carrying out a plan does to the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Put(SigningKey),
    Drop(SigningKey),
}

/// Keys that are being turned: what is decided is applied at once, so that the next decision sees it, and all of it goes into
/// one transaction. Keys take time to make, so they are made before it: [`Workbench::rehearsal`] tells how many.
#[derive(Debug)]
pub struct Workbench<'p> {
    rows: Vec<SigningKey>,
    fresh: Vec<SigningKey>,
    changes: Vec<Change>,
    lacking: Vec<Algorithm>,
    policy: &'p Policy,
    now: Timestamp,
}

/// No decision takes more keys of one algorithm: one that signs and one that is next, twice over.
const MOST_FRESH: u8 = 4;
/// Rounds after which the schedule has nothing left to do; it takes three at most.
const MOST_ROUNDS: usize = 8;

impl<'p> Workbench<'p> {
    /// Over `rows`, with keys that were made beforehand.
    pub fn new(rows: Vec<SigningKey>, fresh: Vec<SigningKey>, policy: &'p Policy, now: Timestamp) -> Self {
        Self { rows, fresh, changes: Vec::new(), lacking: Vec::new(), policy, now }
    }

    /// The same with keys that are none, to see how many are wanted: [`Workbench::used`].
    pub fn rehearsal(rows: Vec<SigningKey>, policy: &'p Policy, now: Timestamp) -> Self {
        let blanks = Algorithm::ALL.into_iter().flat_map(|algorithm| (0..MOST_FRESH).map(move |at| (algorithm, at)));
        let fresh = (0..=u8::MAX).rev().zip(blanks).map(|(number, (algorithm, at))| SigningKey {
            id: Id::from_bytes([number; 16]),
            kid: format!("{algorithm} {at}"),
            algorithm,
            public: PublicJwk::OKP { crv: String::new(), x: String::new() },
            sealed: None,
            created_at: now,
            published_at: now,
            state: KeyState::Next { signs_from: now },
        });
        Self::new(rows, fresh.collect(), policy, now)
    }

    /// The rows as they are by now.
    pub fn rows(&self) -> &[SigningKey] {
        &self.rows
    }

    pub fn policy(&self) -> &Policy {
        self.policy
    }

    /// What was done, in order. A row may be in it several times.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The algorithms of which there were not enough fresh keys.
    pub fn lacking(&self) -> &[Algorithm] {
        &self.lacking
    }

    /// Of a rehearsal: the keys to make, by their algorithms.
    pub fn used(&self) -> Vec<Algorithm> {
        let left = |algorithm| self.fresh.iter().filter(|key| key.algorithm == algorithm).count();
        let used = |algorithm| usize::from(MOST_FRESH).saturating_sub(left(algorithm));
        Algorithm::ALL.into_iter().flat_map(|algorithm| std::iter::repeat_n(algorithm, used(algorithm))).collect()
    }

    /// Does what the schedule says is due, until nothing is.
    pub fn settle(&mut self) {
        for _ in 0..MOST_ROUNDS {
            let turns = plan(&self.rows, self.policy, self.now);
            let lacked = self.lacking.len();
            if !self.carry_out(&turns) {
                return;
            }
            // Only the last round says what could not be had at all.
            self.lacking.truncate(lacked);
        }
    }

    /// Applies `turns`, and says whether that changed anything.
    pub fn carry_out(&mut self, turns: &[Turn]) -> bool {
        let changes = carry_out(&self.rows, turns, &mut self.fresh, &mut self.lacking, self.policy, self.now);
        for change in &changes {
            match change {
                Change::Put(row) => match self.rows.iter_mut().find(|key| key.id == row.id) {
                    Some(key) => key.clone_from(row),
                    None => self.rows.push(row.clone()),
                },
                Change::Drop(row) => self.rows.retain(|key| key.id != row.id),
            }
        }
        let changed = !changes.is_empty();
        self.changes.extend(changes);
        changed
    }
}

/// Applies `turns` to `keys`. A `Generate` takes one of the `fresh` keys, of its algorithm; if there is none, it is left out and the
/// algorithm is `lacking`. A turn whose key is not in the state it expects is left out as well.
fn carry_out(
    keys: &[SigningKey],
    turns: &[Turn],
    fresh: &mut Vec<SigningKey>,
    lacking: &mut Vec<Algorithm>,
    policy: &Policy,
    now: Timestamp,
) -> Vec<Change> {
    let find = |id: Id<SigningKey>, fits: fn(&KeyState) -> bool| {
        keys.iter().find(|key| key.id == id && fits(&key.state)).cloned()
    };
    let is_next = |state: &KeyState| matches!(state, KeyState::Next { .. });
    let is_signing = |state: &KeyState| matches!(state, KeyState::Signing { .. });
    let gone_at = now.plus(policy.retain());
    let mut changes = Vec::new();
    // Nobody retires before the successor is there.
    let mut without_successor = Vec::new();
    let mut promotion_failed = false;
    for turn in turns {
        let changed = match *turn {
            Turn::Generate { algorithm, signs_from } => {
                let made = fresh.iter().position(|key| key.algorithm == algorithm).map(|at| fresh.swap_remove(at));
                if made.is_none() {
                    without_successor.push(algorithm);
                    lacking.push(algorithm);
                }
                let begun = signs_from <= now;
                let state = if begun { KeyState::Signing { signs_from: now } } else { KeyState::Next { signs_from } };
                // Published from this commit on, not from when its primes were found.
                made.map(|key| SigningKey { state, published_at: now, ..key })
            }
            Turn::Promote { id } => {
                let next = find(id, is_next);
                promotion_failed |= next.is_none();
                next.map(|key| SigningKey { state: KeyState::Signing { signs_from: now }, ..key })
            }
            Turn::Reschedule { id, signs_from } => find(id, is_next).map(|key| SigningKey {
                state: KeyState::Next { signs_from },
                published_at: key.published_at.min(now),
                ..key
            }),
            Turn::Retire { id } => find(id, is_signing)
                .filter(|key| !promotion_failed && !without_successor.contains(&key.algorithm))
                .map(|key| {
                    let signs_from = key.state_since();
                    let state = KeyState::Retained { signs_from, retired_at: now, gone_at };
                    SigningKey { state, sealed: None, ..key }
                }),
            Turn::Revoke { id } => find(id, |state| !matches!(state, KeyState::Revoked { .. })).map(|key| SigningKey {
                state: KeyState::Revoked { revoked_at: now, gone_at },
                sealed: None,
                ..key
            }),
            // A signing key is never dropped: its tokens are alive.
            Turn::Drop { id } => {
                changes.extend(find(id, |state| !matches!(state, KeyState::Signing { .. })).map(Change::Drop));
                None
            }
        };
        changes.extend(changed.map(Change::Put));
    }
    changes
}

/// The keys of one algorithm: those that sign, youngest first, and those next in line, eldest first.
struct Line<'a> {
    algorithm: Algorithm,
    signing: Vec<&'a SigningKey>,
    next: Vec<&'a SigningKey>,
}

impl<'a> Line<'a> {
    fn of(keys: &'a [SigningKey], algorithm: Algorithm) -> Self {
        let of = |wanted: fn(&KeyState) -> bool| {
            let mut found: Vec<_> =
                keys.iter().filter(|key| key.algorithm == algorithm && wanted(&key.state)).collect();
            found.sort_by_key(|key| (key.state_since(), key.id));
            found
        };
        let mut signing = of(|state| matches!(state, KeyState::Signing { .. }));
        signing.reverse();
        Self { algorithm, signing, next: of(|state| matches!(state, KeyState::Next { .. })) }
    }

    fn plan(&self, policy: &Policy, now: Timestamp) -> Vec<Turn> {
        let mut turns = Vec::new();
        // A next key published further ahead than any clock error we forgive came from a clock that was wrong then
        // or is wrong now; it would sign on a day that may never come. It has signed nothing, so it can go.
        let (next, strayed): (Vec<_>, Vec<_>) =
            self.next.iter().copied().partition(|key| key.published_at <= now.plus(policy.period));
        turns.extend(strayed.iter().map(|key| Turn::Drop { id: key.id }));
        turns.extend(next.iter().skip(1).map(|key| Turn::Drop { id: key.id }));
        // One signs. Two cannot come about by these rules; should they, the younger stays.
        turns.extend(self.signing.iter().skip(1).map(|key| Turn::Retire { id: key.id }));
        let algorithm = self.algorithm;
        match (self.signing.first(), next.first()) {
            // There is no other: no cache holds a set that would be more right.
            (None, None) => turns.push(Turn::Generate { algorithm, signs_from: now }),
            (None, Some(next)) => turns.push(Turn::Promote { id: next.id }),
            (Some(signing), Some(next)) => {
                if now >= next.state_since() && published_long_enough(next, policy, now) {
                    turns.extend([Turn::Promote { id: next.id }, Turn::Retire { id: signing.id }]);
                }
            }
            (Some(signing), None) => {
                let due = signing.state_since().plus(policy.period);
                // A key whose day lies far ahead was begun under a wrong clock: it is not trusted to say when it ends.
                let due = if due > now.plus(times(policy.period, 2)) { now } else { due };
                turns.push(Turn::Generate { algorithm, signs_from: due.max(now.plus(policy.publish_before)) });
            }
        }
        turns
    }
}

/// A clock set back makes this false for a while, never true too early.
fn published_long_enough(key: &SigningKey, policy: &Policy, now: Timestamp) -> bool {
    now >= key.published_at.plus(policy.publish_before)
}

fn times(lifetime: Lifetime, by: u64) -> Lifetime {
    Lifetime::from_millis(u64::try_from(lifetime.millis()).unwrap_or(u64::MAX).saturating_mul(by))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PublicJwk, Sealed};

    const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn days(n: u64) -> Lifetime {
        Lifetime::from_days(n)
    }

    fn minutes(n: u64) -> Lifetime {
        Lifetime::from_minutes(n)
    }

    fn policy() -> Policy {
        Policy { algorithms: vec![Algorithm::ES256], ..Policy::default() }
    }

    /// An appliance without cryptography: rows, a clock, and a check of the promises after every step.
    struct Appliance {
        keys: Vec<SigningKey>,
        policy: Policy,
        now: Timestamp,
        made: u8,
    }

    impl Appliance {
        fn new() -> Self {
            Self { keys: Vec::new(), policy: policy(), now: START, made: 0 }
        }

        fn make(&mut self, algorithm: Algorithm, signs_from: Timestamp) -> SigningKey {
            self.made += 1;
            SigningKey {
                id: Id::from_bytes([self.made; 16]),
                kid: format!("k{}", self.made),
                algorithm,
                public: PublicJwk::OKP { crv: String::new(), x: String::new() },
                sealed: Some(Sealed::from_text("x")),
                created_at: self.now,
                published_at: self.now,
                state: KeyState::Next { signs_from },
            }
        }

        fn carry_out(&mut self, turns: &[Turn]) {
            let mut fresh = Vec::new();
            for turn in turns {
                if let Turn::Generate { algorithm, signs_from } = *turn {
                    fresh.push(self.make(algorithm, signs_from));
                }
            }
            let mut bench = Workbench::new(self.keys.clone(), fresh, &self.policy, self.now);
            bench.carry_out(turns);
            self.keys = bench.rows().to_vec();
        }

        /// Housekeeping: until nothing is due.
        fn settle(&mut self) -> usize {
            for round in 0..5 {
                let turns = plan(&self.keys, &self.policy, self.now);
                if turns.is_empty() {
                    return round;
                }
                self.carry_out(&turns);
            }
            panic!("the plan never ends: {:?}", plan(&self.keys, &self.policy, self.now));
        }

        fn kid(&self, wanted: fn(&KeyState) -> bool) -> Vec<&str> {
            self.keys.iter().filter(|key| wanted(&key.state)).map(|key| key.kid.as_str()).collect()
        }

        fn signing(&self) -> Vec<&str> {
            self.kid(|state| matches!(state, KeyState::Signing { .. }))
        }

        fn next(&self) -> Vec<&str> {
            self.kid(|state| matches!(state, KeyState::Next { .. }))
        }

        fn retained(&self) -> Vec<&str> {
            self.kid(|state| matches!(state, KeyState::Retained { .. }))
        }
    }

    #[test]
    fn a_first_start_signs_at_once_and_has_a_successor() {
        let mut writ = Appliance::new();
        assert_eq!(
            plan(&writ.keys, &writ.policy, START),
            [Turn::Generate { algorithm: Algorithm::ES256, signs_from: START }]
        );
        assert_eq!(writ.settle(), 2);
        assert_eq!((writ.signing(), writ.next()), (vec!["k1"], vec!["k2"]));
        assert_eq!(writ.keys[1].state, KeyState::Next { signs_from: START.plus(days(1)) });
        let all = Policy::default();
        assert_eq!(plan(&[], &all, START).len(), 3, "one of each algorithm");
    }

    #[test]
    fn a_day_turns_the_keys() {
        let mut writ = Appliance::new();
        writ.settle();
        writ.now = START.plus(days(1)).minus(Lifetime::from_millis(1));
        assert_eq!(writ.settle(), 0, "not a millisecond early");
        writ.now = START.plus(days(1));
        writ.settle();
        assert_eq!((writ.signing(), writ.next(), writ.retained()), (vec!["k2"], vec!["k3"], vec!["k1"]));
        assert!(writ.keys[0].sealed.is_none(), "what signs no more has no private half");
    }

    /// Protocol 3.5 over four days with a round of housekeeping each minute: whoever fetched the set within its
    /// max-age, even in the moment before a turn, knows the key that signs now.
    #[test]
    fn case_29_no_cache_ever_meets_an_unknown_key() {
        let mut writ = Appliance::new();
        writ.policy.period = Lifetime::from_hours(2);
        writ.settle();
        let mut caches: Vec<(Timestamp, Vec<String>)> = Vec::new();
        let (mut most, mut signers) = (0, std::collections::BTreeSet::new());
        for minute in 0..60 * 24 * 4 {
            writ.now = START.plus(minutes(minute));
            let fetch = |writ: &Appliance| {
                let age = super::super::max_age(&writ.keys, &writ.policy, writ.now);
                assert!(age >= minutes(5), "and it can be cached at all");
                let kids = writ.keys.iter().filter(|key| key.is_published()).map(|key| key.kid.clone()).collect();
                (writ.now.plus(age), kids)
            };
            caches.push(fetch(&writ));
            writ.settle();
            caches.push(fetch(&writ));
            caches.retain(|(fresh_until, _)| writ.now < *fresh_until);
            assert_eq!(writ.signing().len(), 1);
            let signing = writ.signing()[0].to_owned();
            assert!(caches.iter().all(|(_, kids)| kids.contains(&signing)), "at {}", writ.now);
            signers.insert(signing);
            most = most.max(writ.keys.len());
        }
        assert_eq!((signers.len(), most), (48, 14), "a key every two hours; one signing, one next, twelve retained");
    }

    #[test]
    fn after_downtime_the_way_back_is_short_and_safe() {
        // The successor was published long ago: it takes over at once.
        let mut writ = Appliance::new();
        writ.settle();
        writ.now = START.plus(days(9));
        writ.settle();
        assert_eq!((writ.signing(), writ.next(), writ.retained()), (vec!["k2"], vec!["k3"], vec!["k1"]));
        // The successor was never made: the old key signs on until the new one is known.
        let mut writ = Appliance::new();
        writ.settle();
        writ.keys.truncate(1);
        writ.now = START.plus(days(9));
        assert_eq!(
            plan(&writ.keys, &writ.policy, writ.now),
            [Turn::Generate { algorithm: Algorithm::ES256, signs_from: writ.now.plus(minutes(10)) }]
        );
        writ.settle();
        assert_eq!(writ.signing(), ["k1"]);
        writ.now = writ.now.plus(minutes(9));
        assert_eq!(writ.settle(), 0);
        writ.now = writ.now.plus(minutes(1));
        writ.settle();
        assert_eq!(writ.signing(), ["k3"], "k2 is the one that was never made");
        // Everything retained has gone by itself.
        writ.now = writ.now.plus(days(400));
        writ.settle();
        assert!(writ.keys.len() <= 3, "{:?}", writ.keys);
    }

    #[test]
    fn a_clock_set_back_stops_nothing_and_promotes_nothing_early() {
        for back in [Lifetime::from_seconds(5), minutes(30), days(1)] {
            let mut writ = Appliance::new();
            writ.settle();
            writ.now = START.minus(back);
            assert_eq!(writ.settle(), 0, "the same keys go on");
            writ.now = START.plus(days(1));
            writ.settle();
            assert_eq!(writ.signing(), ["k2"]);
        }
    }

    #[test]
    fn a_clock_that_was_years_ahead_is_lived_down() {
        let mut writ = Appliance::new();
        writ.now = START.plus(days(20_000));
        writ.settle();
        writ.now = START;
        writ.settle();
        assert_eq!((writ.signing(), writ.next()), (vec!["k1"], vec!["k3"]), "the strayed successor is replaced");
        writ.now = START.plus(minutes(10));
        writ.settle();
        assert_eq!(writ.signing(), ["k3"]);
        writ.now = START.plus(minutes(10)).plus(days(1));
        writ.settle();
        assert_eq!(writ.signing(), ["k4"], "and the days are days again");
    }

    #[test]
    fn a_forced_turn_takes_the_published_successor() {
        let mut writ = Appliance::new();
        writ.settle();
        writ.now = START.plus(minutes(10));
        let forced = force(&writ.keys, Algorithm::ES256, Haste::WhenPublished, &writ.policy, writ.now);
        assert_eq!(forced.signs_from, writ.now);
        writ.carry_out(&forced.turns);
        writ.settle();
        assert_eq!((writ.signing(), writ.next(), writ.retained()), (vec!["k2"], vec!["k3"], vec!["k1"]));
        // Once more, right away: it says when.
        let again = force(&writ.keys, Algorithm::ES256, Haste::WhenPublished, &writ.policy, writ.now);
        assert_eq!(again.signs_from, writ.now.plus(minutes(10)));
        writ.carry_out(&again.turns);
        assert_eq!(writ.settle(), 0);
        writ.now = again.signs_from;
        writ.settle();
        assert_eq!(writ.signing(), ["k3"]);
    }

    #[test]
    fn a_hasty_turn_asks_no_cache() {
        let mut writ = Appliance::new();
        writ.settle();
        let forced = force(&writ.keys, Algorithm::ES256, Haste::AtOnce, &writ.policy, writ.now);
        assert_eq!(forced.signs_from, writ.now);
        writ.carry_out(&forced.turns);
        assert_eq!(writ.signing(), ["k2"]);
        let forced = force(&writ.keys, Algorithm::ES256, Haste::AtOnce, &writ.policy, writ.now);
        writ.carry_out(&forced.turns);
        assert_eq!(writ.signing(), ["k3"], "made on the spot");
        let none = force(&[], Algorithm::ES256, Haste::WhenPublished, &writ.policy, writ.now);
        assert_eq!(none.turns, [Turn::Generate { algorithm: Algorithm::ES256, signs_from: writ.now }]);
    }

    #[test]
    fn forcing_without_a_successor_makes_one_and_says_when() {
        let mut writ = Appliance::new();
        writ.settle();
        writ.keys.truncate(1);
        let forced = force(&writ.keys, Algorithm::ES256, Haste::WhenPublished, &writ.policy, writ.now);
        assert_eq!(
            forced,
            Forced {
                turns: vec![Turn::Generate { algorithm: Algorithm::ES256, signs_from: START.plus(minutes(10)) }],
                signs_from: START.plus(minutes(10))
            }
        );
    }

    #[test]
    fn a_revoked_key_is_replaced_at_once() {
        let mut writ = Appliance::new();
        writ.settle();
        let turns = revoke(&writ.keys, writ.keys[0].id, writ.now);
        writ.carry_out(&turns);
        assert_eq!(writ.signing(), ["k2"]);
        assert!(!writ.keys[0].is_published() && !writ.keys[0].may_have_signed() && writ.keys[0].sealed.is_none());
        assert!(revoke(&writ.keys, writ.keys[0].id, writ.now).is_empty(), "once is enough");
        // Without a successor, one is made.
        let turns = revoke(&writ.keys, writ.keys[1].id, writ.now);
        writ.carry_out(&turns);
        assert_eq!(writ.signing(), ["k3"]);
        writ.settle();
        // A next key can be withdrawn too, and a new one takes its place.
        let turns = revoke(&writ.keys, writ.keys[3].id, writ.now);
        assert_eq!(turns, [Turn::Revoke { id: writ.keys[3].id }]);
        writ.carry_out(&turns);
        writ.settle();
        assert_eq!((writ.signing(), writ.next()), (vec!["k3"], vec!["k5"]));
    }

    #[test]
    fn a_rehearsal_tells_which_keys_to_make() {
        let mut writ = Appliance::new();
        writ.policy = Policy::default();
        let wanted = |writ: &Appliance, turns: &[Turn]| {
            let mut bench = Workbench::rehearsal(writ.keys.clone(), &writ.policy, writ.now);
            bench.carry_out(turns);
            bench.settle();
            assert!(bench.lacking().is_empty());
            bench.used()
        };
        let [es256, rs256, eddsa] = Algorithm::ALL;
        assert_eq!(wanted(&writ, &[]), [es256, es256, rs256, rs256, eddsa, eddsa], "one that signs, one that is next");
        writ.settle();
        assert_eq!(wanted(&writ, &[]), []);
        let signing = writ.keys.iter().find(|key| key.algorithm == rs256 && key.sealed.is_some()).unwrap().id;
        assert_eq!(wanted(&writ, &revoke(&writ.keys, signing, writ.now)), [rs256], "its successor's successor");
        let forced = force(&writ.keys, eddsa, Haste::AtOnce, &writ.policy, writ.now);
        assert_eq!(wanted(&writ, &forced.turns), [eddsa]);
    }

    #[test]
    fn without_a_fresh_key_the_rest_is_done_and_what_lacks_is_said() {
        let policy = Policy::default();
        let mut writ = Appliance::new();
        let fresh = [Algorithm::ES256, Algorithm::ES256, Algorithm::EdDSA, Algorithm::EdDSA];
        let fresh = fresh.map(|algorithm| writ.make(algorithm, START)).to_vec();
        let mut bench = Workbench::new(Vec::new(), fresh, &policy, START);
        bench.settle();
        assert_eq!((bench.rows().len(), bench.lacking()), (4, &[Algorithm::RS256][..]));
    }

    /// Withdrawn, replaced and provided for in one go, in whatever state it was.
    #[test]
    fn a_revocation_leaves_nothing_due() {
        let states = |state: &KeyState| matches!(state, KeyState::Signing { .. } | KeyState::Next { .. });
        for wanted in [0, 1] {
            let mut writ = Appliance::new();
            writ.settle();
            let id = writ.keys[wanted].id;
            let mut fresh = vec![writ.make(Algorithm::ES256, START), writ.make(Algorithm::ES256, START)];
            fresh.truncate(1);
            let mut bench = Workbench::new(writ.keys.clone(), fresh, &writ.policy, writ.now);
            bench.carry_out(&revoke(&writ.keys, id, writ.now));
            bench.settle();
            assert!(bench.lacking().is_empty() && plan(bench.rows(), &writ.policy, writ.now).is_empty());
            let good = bench.rows().iter().filter(|key| states(&key.state) && key.id != id).count();
            assert_eq!(good, 2, "one signs and one is next");
        }
    }

    #[test]
    fn nobody_retires_before_the_successor_is_made() {
        let mut writ = Appliance::new();
        writ.settle();
        writ.keys.truncate(1);
        let forced = force(&writ.keys, Algorithm::ES256, Haste::AtOnce, &writ.policy, writ.now);
        let mut bench = Workbench::new(writ.keys.clone(), Vec::new(), &writ.policy, writ.now);
        assert!(!bench.carry_out(&forced.turns));
        assert_eq!((bench.changes(), bench.lacking()), (&[][..], &[Algorithm::ES256][..]));
    }

    /// A plan may have been made before the rows changed. It must not bring a withdrawn key back to work.
    #[test]
    fn a_stale_plan_does_no_harm() {
        let mut writ = Appliance::new();
        writ.settle();
        let (signing, next) = (writ.keys[0].id, writ.keys[1].id);
        let stale = [Turn::Promote { id: next }, Turn::Retire { id: signing }];
        writ.carry_out(&[Turn::Revoke { id: next }]);
        let before = writ.keys.clone();
        writ.carry_out(&stale);
        assert_eq!(writ.keys, before);
        writ.carry_out(&[Turn::Drop { id: signing }, Turn::Reschedule { id: next, signs_from: START }]);
        assert_eq!(writ.keys, before);
    }

    #[test]
    fn an_algorithm_that_is_switched_off_stops_signing() {
        let mut writ = Appliance::new();
        writ.settle();
        writ.policy.algorithms = vec![Algorithm::EdDSA];
        writ.settle();
        let algorithms: Vec<_> = writ
            .keys
            .iter()
            .filter(|key| matches!(key.state, KeyState::Signing { .. }))
            .map(|key| key.algorithm)
            .collect();
        assert_eq!((algorithms, writ.retained()), (vec![Algorithm::EdDSA], vec!["k1"]));
    }

    #[test]
    fn retained_keys_outlive_their_tokens() {
        assert_eq!(policy().retain(), days(12));
        assert_eq!(Policy { longest_token: days(30), ..policy() }.retain(), days(30));
    }

    #[test]
    fn policies_that_cannot_keep_their_promise_are_refused() {
        assert!(Policy::default().check().is_ok());
        for broken in [
            Policy { algorithms: Vec::new(), ..policy() },
            Policy { publish_before: minutes(9), ..policy() },
            Policy { period: minutes(9), ..policy() },
        ] {
            assert_eq!(broken.check().unwrap_err().kind(), FaultKind::Settings);
        }
    }
}
