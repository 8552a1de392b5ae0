//! How often somebody may ask. The generic cell rate algorithm: one number per address, or client, and kind of request; all of it in memory, and
//! all of it bounded.
//!
//! What holds is the setting, or what an administrator put in its place while the appliance ran (`operations::limits`). Who met which limit is
//! counted, for whoever wonders whether it is too low or somebody too eager.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::{Digest, Id, Lifetime, Timestamp};
use crate::config;
use crate::model::{ClientId, LimitsRow, Network, Person};

/// Kinds of requests with limits of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    Token,
    Authorize,
    Register,
    SignIn,
    Pages,
    Api,
    Metadata,
    /// Access keys, at whichever door: of those that are right, the count is taken back.
    Keys,
    /// A client that proved who it is, wherever it calls from.
    Client,
    /// Sign-ins to one account: counted in the file, and not to be tuned (docs/decisions/0016).
    Account,
    /// Health checks.
    Unlimited,
}

impl Class {
    const ALL: [Self; 11] = [
        Self::Token,
        Self::Authorize,
        Self::Register,
        Self::SignIn,
        Self::Pages,
        Self::Api,
        Self::Metadata,
        Self::Keys,
        Self::Client,
        Self::Account,
        Self::Unlimited,
    ];

    /// Those that are a setting.
    pub const TUNABLE: [Self; 9] = [
        Self::Token,
        Self::Client,
        Self::Authorize,
        Self::Register,
        Self::SignIn,
        Self::Pages,
        Self::Api,
        Self::Keys,
        Self::Metadata,
    ];

    /// As the setting in the section `[limits]` is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Authorize => "authorize",
            Self::Register => "register",
            Self::SignIn => "sign_in",
            Self::Pages => "pages",
            Self::Api => "api",
            Self::Metadata => "metadata",
            Self::Keys => "keys",
            Self::Client => "client",
            Self::Account => "account",
            Self::Unlimited => "unlimited",
        }
    }

    fn setting(self, settings: &config::Limits) -> u32 {
        match self {
            Self::Token => settings.token,
            Self::Authorize => settings.authorize,
            Self::Register => settings.register,
            Self::SignIn => settings.sign_in,
            Self::Pages => settings.pages,
            Self::Api => settings.api,
            Self::Metadata => settings.metadata,
            Self::Keys => settings.keys,
            Self::Client => settings.client,
            Self::Account | Self::Unlimited => 0,
        }
    }

    /// This computer is not counted, except where guesses and registrations are: whoever is on it needs no network to keep
    /// the appliance busy, and a proxy here that the settings do not name would share one counter among all its visitors.
    const fn counts_here(self) -> bool {
        matches!(self, Self::SignIn | Self::Register | Self::Keys)
    }
}

/// Counters for a bounded number of addresses and clients, and what came of them.
#[derive(Debug)]
pub struct Limits {
    settings: config::Limits,
    per_minute: [AtomicU64; Class::ALL.len()],
    shards: Vec<Mutex<HashMap<(Class, Name), i64>>>,
    most_per_shard: usize,
    met: [Mutex<Met>; Class::ALL.len()],
    /// Held while what is written down is taken over, so that the newest is.
    taking: Mutex<()>,
}

/// An IPv4 address, the /64 that one subscriber has of IPv6, or the beginning of a client's digest.
type Name = [u8; 8];

/// Who met a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// An address without its last bits, as everywhere else that one is written down.
    Network(Network),
    Client(ClientId),
    Person(Id<Person>),
}

/// How often a limit was met, since the process began.
#[derive(Clone, Debug, Default)]
pub struct Met {
    pub times: u64,
    pub last_at: Option<Timestamp>,
    /// By whom most.
    pub most: Vec<Often>,
}

#[derive(Clone, Debug)]
pub struct Often {
    pub who: Who,
    /// Of somebody who came after many others, perhaps less.
    pub times: u64,
    pub last_at: Timestamp,
}

const SHARDS: usize = 16;
const MINUTE: i64 = 60_000_000;
/// Most who are told apart for each limit. Whoever is new takes the place of whoever was met least, and that one's count: so whoever is
/// met often is never missed, and memory is bounded.
const MOST_TOLD_APART: usize = 64;

impl Limits {
    pub fn new(settings: &config::Limits) -> Self {
        let most = usize::try_from(settings.addresses).unwrap_or(65_536);
        let limits = Self {
            settings: settings.clone(),
            per_minute: Default::default(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            most_per_shard: most.div_ceil(SHARDS),
            met: Default::default(),
            taking: Mutex::default(),
        };
        limits.set(&LimitsRow::default());
        limits
    }

    /// Takes over what is written down, and for the rest the settings.
    pub fn take_over<E>(&self, read: impl FnOnce() -> Result<LimitsRow, E>) -> Result<(), E> {
        let _one_at_a_time = locked(&self.taking);
        self.set(&read()?);
        Ok(())
    }

    fn set(&self, row: &LimitsRow) {
        for (class, per_minute) in Class::ALL.iter().zip(&self.per_minute) {
            let holds = row.per_minute.get(class.name()).copied().unwrap_or_else(|| self.setting(*class));
            per_minute.store(u64::from(holds), Ordering::Relaxed);
        }
    }

    /// What the setting says; 0 for no limit.
    pub fn setting(&self, class: Class) -> u32 {
        class.setting(&self.settings)
    }

    /// What holds now.
    pub fn per_minute(&self, class: Class) -> u64 {
        self.per_minute.get(class as usize).map_or(0, |known| known.load(Ordering::Relaxed))
    }

    /// Counts a request; says how long to wait if there were too many. A whole minute's worth may come at once.
    pub fn ask(&self, class: Class, from: IpAddr, now: Timestamp) -> Result<(), Lifetime> {
        if from.is_loopback() && !class.counts_here() {
            return Ok(());
        }
        self.count(class, address(from), now, || Who::Network(Network::from(from)))
    }

    /// The same for a client that has proved who it is: nobody else can use up what is its.
    pub fn ask_client(&self, client: &ClientId, from: Option<IpAddr>, now: Timestamp) -> Result<(), Lifetime> {
        if self.per_minute(Class::Client) == 0 || from.is_some_and(|from| from.is_loopback()) {
            return Ok(());
        }
        let [a, b, c, d, e, f, g, h, ..] = *Digest::of(client.to_string().as_bytes()).bytes();
        self.count(Class::Client, [a, b, c, d, e, f, g, h], now, || Who::Client(client.clone()))
    }

    fn count(&self, class: Class, name: Name, now: Timestamp, who: impl FnOnce() -> Who) -> Result<(), Lifetime> {
        let per_minute = self.per_minute(class);
        if per_minute == 0 {
            return Ok(());
        }
        let Some(shard) = self.shard(&name) else { return Ok(()) };
        let mut counters = locked(shard);
        let micros = now.millis().saturating_mul(1_000);
        let interval = MINUTE / i64::try_from(per_minute).unwrap_or(MINUTE).max(1);
        // Later than in a minute it never is, unless the clock was set back: nobody waits for a day that may not come again.
        let known = counters.get(&(class, name)).copied().filter(|free_at| *free_at <= micros.saturating_add(MINUTE));
        let free_at = known.unwrap_or(micros).max(micros);
        let wait = free_at.saturating_add(interval).saturating_sub(micros.saturating_add(MINUTE));
        if wait > 0 {
            drop(counters);
            self.met(class, who(), now);
            return Err(Lifetime::from_millis(u64::try_from(wait / 1_000).unwrap_or(0) + 1));
        }
        if counters.len() >= self.most_per_shard && !counters.contains_key(&(class, name)) {
            // Addresses that have been quiet for a while have nothing to remember. If none has, this one is let pass
            // uncounted: memory is bounded, and a crowd must not lock out whoever comes next.
            counters.retain(|_, free_at| *free_at > micros);
            if counters.len() >= self.most_per_shard {
                return Ok(());
            }
        }
        counters.insert((class, name), free_at.saturating_add(interval));
        Ok(())
    }

    /// Takes back what [`Limits::ask`] counted: a sign-in that succeeded was no guess, nor was a key that is one.
    pub fn forgive(&self, class: Class, from: IpAddr) {
        let per_minute = self.per_minute(class);
        let address = address(from);
        let Some(shard) = self.shard(&address).filter(|_| per_minute > 0) else { return };
        let interval = MINUTE / i64::try_from(per_minute).unwrap_or(MINUTE).max(1);
        if let Some(free_at) = locked(shard).get_mut(&(class, address)) {
            *free_at = free_at.saturating_sub(interval);
        }
    }

    /// Somebody was told to come later.
    pub fn met(&self, class: Class, who: Who, now: Timestamp) {
        let Some(met) = self.met.get(class as usize) else { return };
        let mut met = locked(met);
        met.times += 1;
        met.last_at = Some(now);
        if let Some(known) = met.most.iter_mut().find(|known| known.who == who) {
            known.times += 1;
            known.last_at = now;
        } else if met.most.len() < MOST_TOLD_APART {
            met.most.push(Often { who, times: 1, last_at: now });
        } else if let Some(least) = met.most.iter_mut().min_by_key(|known| known.times) {
            *least = Often { who, times: least.times + 1, last_at: now };
        }
    }

    /// How often a limit was met, and by whom, the most frequent first.
    pub fn how_often(&self, class: Class) -> Met {
        let Some(met) = self.met.get(class as usize) else { return Met::default() };
        let mut met = locked(met).clone();
        met.most.sort_by_key(|known| std::cmp::Reverse((known.times, known.last_at)));
        met
    }

    fn shard(&self, name: &Name) -> Option<&Mutex<HashMap<(Class, Name), i64>>> {
        let [shard, ..] = *Digest::of(name).bytes();
        self.shards.get(usize::from(shard) % SHARDS)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn address(from: IpAddr) -> Name {
    match from.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            [0, 0, 0, 0, a, b, c, d]
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, e, f, g, h, ..] = v6.octets();
            [a, b, c, d, e, f, g, h]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    use crate::base::Entropy;

    fn limits(addresses: u32) -> Limits {
        let settings = config::Sources { flags: Vec::new(), file: None, environment: Vec::new() }.load().unwrap();
        let limits = Limits::new(&config::Limits { addresses, ..settings.config.limits });
        limits.set(&LimitsRow { per_minute: Class::ALL.map(|class| (class.name().to_owned(), 60)).into() });
        limits
    }

    fn machine(seed: u64) -> ClientId {
        ClientId::Machine(Id::new(Timestamp::from_millis(1), &Entropy::seeded(seed)).unwrap())
    }

    #[test]
    fn a_minutes_worth_at_once_and_then_one_a_second() {
        let limits = limits(1_000);
        let from = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        let at = |millis: i64| Timestamp::from_millis(1_000_000 + millis);
        for n in 0..60 {
            assert!(limits.ask(Class::Token, from, at(0)).is_ok(), "{n}");
        }
        assert!(limits.ask(Class::Token, from, at(0)).is_err());
        assert!(limits.ask(Class::Pages, from, at(0)).is_ok(), "another kind is counted apart");
        assert!(limits.ask(Class::Token, from, at(1_000)).is_ok());
        assert!(limits.ask(Class::Token, from, at(1_000)).is_err());
    }

    #[test]
    fn a_client_uses_up_what_is_its_own_wherever_it_calls_from() {
        let limits = limits(1_000);
        let (eager, other, at) = (machine(1), machine(2), Timestamp::from_millis(1));
        let from = |n: u8| Some(IpAddr::V4(Ipv4Addr::new(198, 51, 100, n)));
        let passed = (0..200).filter(|n| limits.ask_client(&eager, from(*n), at).is_ok()).count();
        assert_eq!(passed, 60);
        assert!(limits.ask_client(&other, from(1), at).is_ok());
        let met = limits.how_often(Class::Client);
        assert_eq!((met.times, met.most.len(), &met.most[0].who), (140, 1, &Who::Client(eager)));
    }

    #[test]
    fn what_is_forgiven_was_not_counted() {
        let limits = limits(1_000);
        let from = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        for n in 0..1_000 {
            assert!(limits.ask(Class::SignIn, from, Timestamp::from_millis(1)).is_ok(), "{n}");
            limits.forgive(Class::SignIn, from);
        }
    }

    #[test]
    fn this_computer_is_counted_where_it_could_guess() {
        let limits = limits(1_000);
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let asked = |class| (0..100).all(|_| limits.ask(class, here, Timestamp::from_millis(1)).is_ok());
        assert!(asked(Class::Token) && asked(Class::Metadata));
        assert!(!asked(Class::SignIn) && !asked(Class::Register) && !asked(Class::Keys));
    }

    #[test]
    fn memory_is_bounded_whoever_asks() {
        let limits = limits(160);
        for n in 0..10_000_u32 {
            let from = IpAddr::V4(Ipv4Addr::from(n));
            let _ = limits.ask(Class::Token, from, Timestamp::from_millis(1));
            limits.met(Class::Token, Who::Network(Network::from(from)), Timestamp::from_millis(1));
            let _ = limits.ask_client(&machine(u64::from(n % 100)), Some(from), Timestamp::from_millis(1));
        }
        let held: usize = limits.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert!(held <= 160, "{held}");
        assert!(limits.how_often(Class::Token).most.len() <= MOST_TOLD_APART);
    }

    #[test]
    fn whoever_meets_a_limit_most_is_not_hidden_by_a_crowd() {
        let limits = limits(1_000);
        let loud = Who::Network(Network::from(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9))));
        for n in 0..5_000_u32 {
            limits.met(
                Class::SignIn,
                Who::Network(Network::from(IpAddr::V4(Ipv4Addr::from(n << 8)))),
                Timestamp::from_millis(1),
            );
            if n % 10 == 0 {
                limits.met(Class::SignIn, loud.clone(), Timestamp::from_millis(2));
            }
        }
        let met = limits.how_often(Class::SignIn);
        assert_eq!((met.times, &met.most[0].who), (5_500, &loud));
    }

    #[test]
    fn what_is_written_down_holds_and_what_is_not_is_the_setting() {
        let limits = limits(1_000);
        let take = |row: LimitsRow| limits.take_over(|| Ok::<_, ()>(row)).unwrap();
        take(LimitsRow { per_minute: [("token".to_owned(), 5)].into() });
        assert_eq!((limits.per_minute(Class::Token), limits.setting(Class::Token)), (5, 60_000));
        take(LimitsRow::default());
        assert_eq!(limits.per_minute(Class::Token), 60_000);
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_wait_for_another_day() {
        let limits = limits(1_000);
        let from = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        while limits.ask(Class::Token, from, Timestamp::from_seconds(2_000_000_000)).is_ok() {}
        assert!(limits.ask(Class::Token, from, Timestamp::from_seconds(1_000_000_000)).is_ok());
        for at in [i64::MIN, i64::MAX] {
            let _ = limits.ask(Class::Token, from, Timestamp::from_millis(at));
        }
    }

    #[test]
    fn one_subscriber_of_ipv6_is_one_address() {
        let one = address(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 3, 4, 5, 6)));
        assert_eq!(one, address(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 9, 9, 9, 9))));
        assert_ne!(one, address(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 3, 3, 4, 5, 6))));
        assert_eq!(address("::ffff:192.0.2.1".parse().unwrap()), address("192.0.2.1".parse().unwrap()));
    }
}
