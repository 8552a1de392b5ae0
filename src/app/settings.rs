//! The settings that hold now: those that were read when the process began, and in the place of some what an administrator put there
//! while it ran (`operations::settings`).
//!
//! Whoever needs a setting that can be changed asks here, each time. What takes a restart is in [`Parts::config`](super::Parts).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::config::{Aside, Config};

/// What holds, replaced whole.
#[derive(Debug)]
pub struct Settings {
    now: RwLock<(Arc<Config>, Arc<[Aside]>)>,
    /// Held while what is written down is taken over, so that the newest is.
    taking: Mutex<()>,
}

impl Settings {
    pub fn new(started: &Config) -> Self {
        Self { now: RwLock::new((Arc::new(started.clone()), Arc::default())), taking: Mutex::default() }
    }

    /// What holds. One count up and one down: cheap beside anything that a request does.
    pub fn now(&self) -> Arc<Config> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Values that are kept and do not hold, and why.
    pub fn aside(&self) -> Arc<[Aside]> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner).1)
    }

    /// Takes over what is written down, by name and value; for the rest, what was read at the start.
    pub fn take_over<E>(
        &self,
        started: &Config,
        read: impl FnOnce() -> Result<Vec<(String, String)>, E>,
    ) -> Result<(), E> {
        let _one_at_a_time: MutexGuard<'_, ()> = self.taking.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = read()?;
        let (config, aside) = started.with_kept(kept.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = (Arc::new(config), aside.into());
        Ok(())
    }
}
