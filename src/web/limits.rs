//! How often an address may ask. The generic cell rate algorithm: one number per address and kind of request.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::base::{Digest, Lifetime, Timestamp};
use crate::config;

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
    /// Health checks.
    Unlimited,
}

impl Class {
    const ALL: [Self; 9] = [
        Self::Token,
        Self::Authorize,
        Self::Register,
        Self::SignIn,
        Self::Pages,
        Self::Api,
        Self::Metadata,
        Self::Keys,
        Self::Unlimited,
    ];
}

/// Counters for a bounded number of addresses.
#[derive(Debug)]
pub(super) struct Limits {
    per_minute: [u64; Class::ALL.len()],
    shards: Vec<Mutex<HashMap<(Class, Address), i64>>>,
    most_per_shard: usize,
}

/// An IPv4 address, or the /64 that one subscriber has of IPv6.
type Address = [u8; 8];

const SHARDS: usize = 16;
const MINUTE: i64 = 60_000_000;

impl Limits {
    pub(super) fn new(settings: &config::Limits) -> Self {
        let per_minute = Class::ALL.map(|class| {
            u64::from(match class {
                Class::Token => settings.token,
                Class::Authorize => settings.authorize,
                Class::Register => settings.register,
                Class::SignIn => settings.sign_in,
                Class::Pages => settings.pages,
                Class::Api => settings.api,
                Class::Metadata => settings.metadata,
                Class::Keys => settings.keys,
                Class::Unlimited => 0,
            })
        });
        let most = usize::try_from(settings.addresses).unwrap_or(65_536);
        Self {
            per_minute,
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            most_per_shard: most.div_ceil(SHARDS),
        }
    }

    /// Counts a request; says how long to wait if there were too many. A whole minute's worth may come at once.
    ///
    /// This computer is not counted, except where guesses and registrations are: whoever is on it needs no network to keep
    /// the appliance busy, and a proxy here that the settings do not name would share one counter among all its visitors.
    pub(super) fn ask(&self, class: Class, from: IpAddr, now: Timestamp) -> Result<(), Lifetime> {
        let per_minute = self.per_minute.get(class as usize).copied().unwrap_or(0);
        let counts_here = matches!(class, Class::SignIn | Class::Register | Class::Keys);
        if per_minute == 0 || (from.is_loopback() && !counts_here) {
            return Ok(());
        }
        let address = address(from);
        let Some(shard) = self.shard(&address) else { return Ok(()) };
        let mut counters = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let micros = now.millis().saturating_mul(1_000);
        let interval = MINUTE / i64::try_from(per_minute).unwrap_or(MINUTE).max(1);
        // Later than in a minute it never is, unless the clock was set back: nobody waits for a day that may not come again.
        let known = counters.get(&(class, address)).copied().filter(|free_at| *free_at <= micros + MINUTE);
        let free_at = known.unwrap_or(micros).max(micros);
        let wait = free_at + interval - (micros + MINUTE);
        if wait > 0 {
            return Err(Lifetime::from_millis(u64::try_from(wait / 1_000).unwrap_or(0) + 1));
        }
        if counters.len() >= self.most_per_shard && !counters.contains_key(&(class, address)) {
            // Addresses that have been quiet for a while have nothing to remember. If none has, this one is let pass
            // uncounted: memory is bounded, and a crowd must not lock out whoever comes next.
            counters.retain(|_, free_at| *free_at > micros);
            if counters.len() >= self.most_per_shard {
                return Ok(());
            }
        }
        counters.insert((class, address), free_at + interval);
        Ok(())
    }

    /// Takes back what [`Limits::ask`] counted: a sign-in that succeeded was no guess, nor was a key that is one.
    pub(super) fn forgive(&self, class: Class, from: IpAddr) {
        let per_minute = self.per_minute.get(class as usize).copied().unwrap_or(0);
        let address = address(from);
        let Some(shard) = self.shard(&address).filter(|_| per_minute > 0) else { return };
        let interval = MINUTE / i64::try_from(per_minute).unwrap_or(MINUTE).max(1);
        let mut counters = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(free_at) = counters.get_mut(&(class, address)) {
            *free_at -= interval;
        }
    }

    fn shard(&self, address: &Address) -> Option<&Mutex<HashMap<(Class, Address), i64>>> {
        let [shard, ..] = *Digest::of(address).bytes();
        self.shards.get(usize::from(shard) % SHARDS)
    }
}

fn address(from: IpAddr) -> Address {
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

    fn limits(addresses: u32) -> Limits {
        let per_minute = [60; Class::ALL.len()];
        Limits {
            per_minute,
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            most_per_shard: (addresses as usize).div_ceil(SHARDS),
        }
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
            let _ = limits.ask(Class::Token, IpAddr::V4(Ipv4Addr::from(n)), Timestamp::from_millis(1));
        }
        let held: usize = limits.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert!(held <= 160, "{held}");
    }

    #[test]
    fn one_subscriber_of_ipv6_is_one_address() {
        let one = address(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 3, 4, 5, 6)));
        assert_eq!(one, address(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 2, 9, 9, 9, 9))));
        assert_ne!(one, address(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 3, 3, 4, 5, 6))));
        assert_eq!(address("::ffff:192.0.2.1".parse().unwrap()), address("192.0.2.1".parse().unwrap()));
    }
}
