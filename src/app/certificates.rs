//! The certificate that TLS shows to whoever connects from now on, what proves to an authority that we have our name, and how it all stands.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use rustls::sign::CertifiedKey;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::base::{Digest, Lifetime, Secret, Timestamp};
use crate::keys::Certificate;

/// What is shown, and what became of the last attempt to show something else.
#[derive(Debug)]
pub struct Certificates {
    shown: RwLock<Option<Arc<Certificate>>>,
    /// What an authority looks for at the moment.
    proof: RwLock<Option<Shown>>,
    /// Of the files as they were last read, whether they were any good or not.
    seen: Mutex<Option<Digest>>,
    standing: Mutex<Standing>,
    given: Mutex<Option<Given>>,
    /// Whose turn it is to ask an authority.
    ordering: Semaphore,
}

#[derive(Debug, Default)]
struct Standing {
    trouble: Option<String>,
    failures: u32,
    /// Not before this is an authority asked again.
    next: Option<Timestamp>,
    /// When it was last said that the time is running out.
    warned: Option<Timestamp>,
}

#[derive(Debug)]
struct Shown {
    host: String,
    certificate: Arc<CertifiedKey>,
    token: String,
    answer: String,
}

/// What an authority gave, until it is shown and kept: another one is not asked for because a disk was full.
#[derive(Clone, Debug)]
pub struct Given {
    pub certificate: Arc<Certificate>,
    /// The whole file that it is to be kept in.
    pub file: Secret,
}

/// How it stands, for whoever looks after the appliance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateState {
    /// Until when the one that is shown holds; `None` if there is none.
    pub valid_until: Option<Timestamp>,
    /// SHA-256 of it.
    pub digest: Option<Digest>,
    /// Why the last attempt to renew, replace or keep it came to nothing, in words. What was shown before it still is.
    pub trouble: Option<String>,
}

impl Default for Certificates {
    fn default() -> Self {
        Self {
            shown: RwLock::default(),
            proof: RwLock::default(),
            seen: Mutex::default(),
            standing: Mutex::default(),
            given: Mutex::default(),
            ordering: Semaphore::new(1),
        }
    }
}

/// The first wait after an authority said no, and the longest: they count attempts, and close the door on who makes too many.
const FIRST_WAIT: Lifetime = Lifetime::from_minutes(2);
const LONGEST_DOUBLINGS: u32 = 8;
/// Whoever has to act needs this long. What renews itself has done so long before.
pub const SOON: Lifetime = Lifetime::from_days(10);
const DAY: Lifetime = Lifetime::from_days(1);

impl Certificates {
    pub fn shown(&self) -> Option<Arc<Certificate>> {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on this one, and all is well.
    pub fn show(&self, certificate: Arc<Certificate>) {
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Some(certificate);
        *self.standing() = Standing::default();
    }

    /// It was not to be replaced, or cannot be.
    pub fn trouble(&self, why: Option<String>) {
        self.standing().trouble = why;
    }

    /// Remembers what was read; whether it is the same as before.
    pub fn saw(&self, files: Digest) -> bool {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).replace(files) == Some(files)
    }

    pub fn state(&self) -> CertificateState {
        let shown = self.shown();
        CertificateState {
            valid_until: shown.as_ref().map(|shown| shown.valid_until),
            digest: shown.map(|shown| shown.digest),
            trouble: self.standing().trouble.clone(),
        }
    }

    /// The turn to ask an authority, if nobody has it.
    pub fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.ordering.try_acquire().ok()
    }

    /// Whether it is time to ask for another one: none is shown, or the one that is has come to its renewal; and the wait after
    /// the last attempt is over.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let waited = self.standing().next.is_none_or(|next| next <= now);
        waited && self.shown().is_none_or(|shown| shown.renew_at() <= now)
    }

    /// An attempt came to nothing: the next one is twice as far away as this one was. Until when.
    pub fn failed(&self, now: Timestamp) -> Timestamp {
        let mut standing = self.standing();
        let doublings = standing.failures.min(LONGEST_DOUBLINGS);
        standing.failures = standing.failures.saturating_add(1);
        let wait = FIRST_WAIT.millis().unsigned_abs() << doublings;
        let next = now.plus(Lifetime::from_millis(wait));
        standing.next = Some(next);
        next
    }

    /// Whether to say, once a day, that the certificate that is shown runs out soon: until when it holds.
    pub fn runs_out(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.shown()?.valid_until;
        let mut standing = self.standing();
        let said = standing.warned.is_some_and(|warned| now < warned.plus(DAY));
        if said || until > now.plus(SOON) {
            return None;
        }
        standing.warned = Some(now);
        Some(until)
    }

    /// Somebody has mended something: no more waiting.
    pub fn forgive(&self) {
        let mut standing = self.standing();
        (standing.failures, standing.next) = (0, None);
    }

    /// What is still to be shown or kept. Changed by whoever has the [turn](Self::turn).
    pub fn given(&self) -> MutexGuard<'_, Option<Given>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a proof where an authority looks for it.
    pub fn prove(&self, host: &str, certificate: Arc<CertifiedKey>, token: &str, answer: &str) {
        let proof = Shown { host: host.to_owned(), certificate, token: token.to_owned(), answer: answer.to_owned() };
        *self.proof.write().unwrap_or_else(PoisonError::into_inner) = Some(proof);
    }

    pub fn prove_no_more(&self) {
        *self.proof.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The proof for whoever asks for it in a handshake, by this name.
    pub fn proof(&self, host: &str) -> Option<Arc<CertifiedKey>> {
        let proof = self.proof.read().unwrap_or_else(PoisonError::into_inner);
        proof.as_ref().filter(|proof| proof.host.eq_ignore_ascii_case(host)).map(|proof| Arc::clone(&proof.certificate))
    }

    /// The proof for whoever asks for it over plain http, by this token.
    pub fn answer(&self, token: &str) -> Option<String> {
        let proof = self.proof.read().unwrap_or_else(PoisonError::into_inner);
        proof.as_ref().filter(|proof| proof.token == token).map(|proof| proof.answer.clone())
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_each_failure_the_wait_is_longer_and_never_longer_than_half_a_day() {
        let certificates = Certificates::default();
        let mut now = Timestamp::from_seconds(1_800_000_000);
        assert!(certificates.is_due(now));
        let mut waits = Vec::new();
        for _ in 0..12 {
            let next = certificates.failed(now);
            assert!(!certificates.is_due(next.minus(Lifetime::from_millis(1))) && certificates.is_due(next));
            waits.push(next.since(now).seconds() / 60);
            now = next;
        }
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 512, 512, 512, 512]);
        certificates.forgive();
        assert!(certificates.is_due(now));
    }
}
