//! Chance is a value: the system's random generator, or a seeded one that makes a test repeatable.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

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
}

impl Entropy {
    #[expect(clippy::disallowed_methods, reason = "the one place that opens the system's random generator")]
    pub fn os() -> Self {
        Self::Os(SystemRandom::new())
    }

    pub fn seeded(seed: u64) -> Self {
        Self::Seeded { seed, counter: Arc::new(AtomicU64::new(0)) }
    }

    /// Fills `out`. Fails only when the operating system has no randomness to give.
    pub fn fill(&self, out: &mut [u8]) -> Result<(), Fault> {
        match self {
            Self::Os(random) => {
                random.fill(out).map_err(|_| Fault::new(FaultKind::Entropy, "the system gave no random bytes"))
            }
            Self::Seeded { seed, counter } => {
                for chunk in out.chunks_mut(32) {
                    let n = counter.fetch_add(1, Ordering::SeqCst);
                    let mut block = [0_u8; 16];
                    let (left, right) = block.split_at_mut(8);
                    left.copy_from_slice(&seed.to_be_bytes());
                    right.copy_from_slice(&n.to_be_bytes());
                    for (to, from) in chunk.iter_mut().zip(digest(&SHA256, &block).as_ref()) {
                        *to = *from;
                    }
                }
                Ok(())
            }
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], Fault> {
        let mut out = [0_u8; N];
        self.fill(&mut out)?;
        Ok(out)
    }
}
