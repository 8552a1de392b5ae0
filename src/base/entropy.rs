//! Chance is a value: the system's random generator, or a seeded one that makes a test repeatable.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

use zeroize::Zeroize as _;

use super::fault::{Fault, FaultKind};

/// The only source of random bytes.
#[derive(Clone, Debug)]
pub enum Entropy {
    Os(SystemRandom),
    /// SHA-256 in counter mode over a seed. For tests only: anybody who knows the seed knows the bytes.
    Seeded {
        seed: u64,
        counter: Arc<AtomicU64>,
    },
    /// The names of things come of a seed until it is let go, and everything else is the system's: for a past that is made up. What a
    /// name is called guards nothing; what does is never foreseen, in a play neither.
    Rehearsed {
        seed: u64,
        counter: Arc<AtomicU64>,
        random: SystemRandom,
    },
}

/// The `n`-th bytes of a seed.
fn drawn(seed: u64, n: u64) -> [u8; 32] {
    let mut block = [0_u8; 16];
    let (left, right) = block.split_at_mut(8);
    left.copy_from_slice(&seed.to_be_bytes());
    right.copy_from_slice(&n.to_be_bytes());
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(digest(&SHA256, &block).as_ref()).for_each(|(to, from)| *to = *from);
    bytes
}

/// What the counter of chance that was let go holds.
const LET_GO: u64 = u64::MAX;

impl Entropy {
    #[expect(clippy::disallowed_methods, reason = "the one place that opens the system's random generator")]
    pub fn os() -> Self {
        Self::Os(SystemRandom::new())
    }

    pub fn seeded(seed: u64) -> Self {
        Self::Seeded { seed, counter: Arc::new(AtomicU64::new(0)) }
    }

    #[expect(clippy::disallowed_methods, reason = "it becomes the system's random generator")]
    pub fn rehearsed(seed: u64) -> Self {
        Self::Rehearsed { seed, counter: Arc::new(AtomicU64::new(0)), random: SystemRandom::new() }
    }

    /// From now on names are the system's too, if they were rehearsed.
    pub fn let_go(&self) {
        if let Self::Rehearsed { counter, .. } = self {
            counter.store(LET_GO, Ordering::SeqCst);
        }
    }

    /// Fills `out`. Fails only when the operating system has no randomness to give.
    pub fn fill(&self, out: &mut [u8]) -> Result<(), Fault> {
        match self {
            Self::Os(random) | Self::Rehearsed { random, .. } => POOL.with_borrow_mut(|pool| pool.fill(out, random)),
            Self::Seeded { seed, counter } => {
                for chunk in out.chunks_mut(32) {
                    for (to, from) in chunk.iter_mut().zip(drawn(*seed, counter.fetch_add(1, Ordering::SeqCst))) {
                        *to = from;
                    }
                }
                Ok(())
            }
        }
    }

    /// Random bytes for the name of something, which everybody may know: those alone are the same each time in a play.
    pub(super) fn name(&self) -> Result<[u8; 16], Fault> {
        match self {
            Self::Rehearsed { seed, counter, .. } => {
                let next = |n: u64| (n != LET_GO).then(|| n.saturating_add(1));
                let Ok(n) = counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next) else { return self.bytes() };
                let mut name = [0; 16];
                name.iter_mut().zip(drawn(*seed, n)).for_each(|(to, from)| *to = from);
                Ok(name)
            }
            _ => self.bytes(),
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], Fault> {
        let mut out = [0_u8; N];
        self.fill(&mut out)?;
        Ok(out)
    }
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { bytes: [0; POOL_SIZE], used: POOL_SIZE }) };
}

const POOL_SIZE: usize = 512;

/// Bytes of the system's that this thread fetched and has not given out: a grant takes a hundred of them in small pieces,
/// and asking the system for each piece costs more than the bytes. Each is given once, and wiped as it is given.
struct Pool {
    bytes: [u8; POOL_SIZE],
    used: usize,
}

impl Pool {
    fn fill(&mut self, out: &mut [u8], random: &SystemRandom) -> Result<(), Fault> {
        let fetch = |bytes: &mut [u8]| {
            random.fill(bytes).map_err(|_| Fault::new(FaultKind::Entropy, "the system gave no random bytes"))
        };
        if out.len() > POOL_SIZE / 8 {
            return fetch(out);
        }
        if self.used + out.len() > POOL_SIZE {
            fetch(&mut self.bytes)?;
            self.used = 0;
        }
        let end = self.used + out.len();
        let piece = self.bytes.get_mut(self.used..end);
        let piece = piece.ok_or_else(|| Fault::new(FaultKind::Bug, "the pool of random bytes is empty"))?;
        out.copy_from_slice(piece);
        piece.zeroize();
        self.used = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn of_what_is_rehearsed_only_names_are_foreseen() {
        let (one, other) = (Entropy::rehearsed(7), Entropy::rehearsed(7));
        assert_eq!(one.name().unwrap(), other.name().unwrap());
        assert_ne!(one.bytes::<32>().unwrap(), other.bytes::<32>().unwrap());
        assert_eq!(one.name().unwrap(), other.name().unwrap(), "and what is drawn in between does not count");
        one.let_go();
        other.let_go();
        assert_ne!(one.name().unwrap(), other.name().unwrap());
    }

    #[test]
    fn no_byte_of_the_pool_is_given_twice() {
        let entropy = Entropy::os();
        let mut seen = HashSet::new();
        for length in (0..4_000).map(|n| 8 + n % 100) {
            let mut out = vec![0; length];
            entropy.fill(&mut out).unwrap();
            for piece in out.chunks_exact(8) {
                assert!(seen.insert(piece.to_vec()) && piece != [0; 8]);
            }
        }
    }
}
