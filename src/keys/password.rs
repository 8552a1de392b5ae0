//! Passwords: argon2id on threads of their own. RFC 9106; the OWASP minimum of 19 MiB, two passes, one lane.
//!
//! One hash fills 19 MiB and takes a core for some 10 ms, so hashing may not follow the number of requests: one
//! or two threads own a block of memory each, a bounded queue stands before them, and who finds it full is told
//! to come again. Tokens keep flowing meanwhile. A thread that has had nothing to do for a while gives its
//! memory back.
//!
//! The bytes are hashed as they come. There is no Unicode normalisation: browsers on one system send one form,
//! and a table of all characters is a large thing to trust for the rest.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq as _;
use tokio::sync::oneshot;

use crate::base::measure::{Counter, Histogram, Observed, Stopwatch, TIMES};
use crate::base::{Entropy, Fault, FaultKind, Secret};
use crate::model::WeakPassword;

/// The pool. Cheap to clone; the threads end when the last clone is dropped.
#[derive(Clone)]
pub struct Passwords {
    desk: Arc<Desk>,
    entropy: Entropy,
}

/// How many may wait: with one thread the last of them waits some 0.7 s.
const QUEUE: usize = 64;
/// Places that only those have who come [first](Place::First): a crowd that guesses leaves them free.
const KEPT: usize = 16;
/// How long a thread keeps its memory for nothing.
const PATIENCE: Duration = Duration::from_secs(30);

const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Shortest and longest password that is hashed, in bytes. New ones must also be [`acceptable`].
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=1_024;

/// Verified when there is no account, so that one without takes as long as one with. Nothing hashes to it,
/// and if something did, the answer would still be no.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Where somebody stands in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before all strangers: who is signed in, at a browser that signed in before, or sets a password.
    First,
    Last,
}

impl Passwords {
    /// Starts `threads` threads (at least one). Half the cores is a good number, so that logins never take all.
    pub fn start(threads: usize, entropy: Entropy) -> Result<Self, Fault> {
        let queue = Arc::new(Queue {
            state: Mutex::new(State { jobs: VecDeque::new(), first: 0, open: true }),
            ready: Condvar::new(),
            refused: Counter::default(),
            times: Histogram::new(TIMES),
        });
        let desk = Arc::new(Desk { queue: Arc::clone(&queue) });
        for number in 0..threads.max(1) {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || work(&queue))
                .map_err(|error| Fault::because(FaultKind::Bug, "a password thread could not be started", error))?;
        }
        Ok(Self { desk, entropy })
    }

    /// How many wait for their turn.
    pub fn waiting(&self) -> usize {
        self.desk.queue.lock().jobs.len()
    }

    /// How many found the queue full.
    pub fn refused(&self) -> u64 {
        self.desk.queue.refused.get()
    }

    /// How long hashing one took, in microseconds, without the wait for a turn.
    pub fn times(&self) -> Observed {
        self.desk.queue.times.read()
    }

    /// Hashes a new password into a PHC string that names its own cost. Nobody is a stranger any more who has a password hashed: they hold
    /// the setup link or the file, are signed in, or have just shown that they know the old one. So they come [first](Place::First).
    ///
    /// # Errors
    /// `Busy` when the queue is full. A password outside 8 to 1,024 bytes is a bug: [`acceptable`] comes first.
    pub async fn hash(&self, password: Secret) -> Result<String, Fault> {
        if !LENGTHS.contains(&password.len()) {
            return Err(Fault::new(FaultKind::Bug, "a password outside 8 to 1,024 bytes reached the hash"));
        }
        let salt = self.entropy.bytes::<16>()?;
        self.ask(Place::First, move |memory| make(&password, &salt, memory)).await?
    }

    /// Whether `password` is the one that was hashed into `phc`. Without `phc` the same work is done for nothing
    /// and the answer is no, so an unknown account cannot be told from a wrong password by the clock.
    ///
    /// # Errors
    /// `Busy` when the queue is full, `Row` when `phc` is not a hash that we made.
    pub async fn verify(&self, password: Secret, phc: Option<String>) -> Result<bool, Fault> {
        self.verify_at(Place::Last, password, phc).await
    }

    /// [`Passwords::verify`] for somebody who has a place of their own in the queue.
    pub async fn verify_at(&self, place: Place, password: Secret, phc: Option<String>) -> Result<bool, Fault> {
        // Says something about the input only, nothing about the account.
        if !LENGTHS.contains(&password.len()) {
            return Ok(false);
        }
        self.ask(place, move |memory| match phc {
            Some(phc) => matches(&password, &phc, memory),
            None => matches(&password, DECOY, memory).map(|_| false),
        })
        .await?
    }

    async fn ask<T: Send + 'static>(
        &self,
        place: Place,
        task: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let _span = tracing::trace_span!(target: "writ::trace", "password");
        let (reply, answer) = oneshot::channel();
        self.desk.queue.push(
            Box::new(move |memory| {
                // Whoever asked may have left; their place in the queue then costs nothing.
                if !reply.is_closed() {
                    let _ = reply.send(task(memory));
                }
            }),
            place,
        )?;
        answer.await.map_err(|_| Fault::new(FaultKind::Bug, "a password thread gave no answer"))
    }
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passwords")
    }
}

/// Whether `phc` was made at another cost than today's, and should be made anew at the next login.
pub fn needs_rehash(phc: &str) -> bool {
    parse(phc).is_none_or(|known| {
        known.algorithm != Algorithm::Argon2id
            || known.version != Version::V0x13
            || (known.params.m_cost(), known.params.t_cost(), known.params.p_cost()) != (MEMORY_KIB, PASSES, LANES)
    })
}

/// Whether a new password may be used. The answer is for the person who typed it.
pub fn acceptable(password: &str, email: &str, name: &str) -> Result<(), WeakPassword> {
    if password.chars().count() < WeakPassword::SHORTEST {
        return Err(WeakPassword::Short);
    }
    if !LENGTHS.contains(&password.len()) {
        return Err(WeakPassword::Long);
    }
    if password.chars().any(char::is_control) {
        return Err(WeakPassword::Control);
    }
    let plain = folded(password);
    let known = [folded(email), folded(email.split('@').next().unwrap_or_default()), folded(name)];
    if known.iter().any(|known| known.chars().count() >= 3 && rest_is_short(&plain, known)) {
        return Err(WeakPassword::Own);
    }
    let mut distinct: Vec<char> = plain.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let spelt = folded(&spelt_out(password));
    let common = |known: &&str| rest_is_short(&plain, known) || rest_is_short(&spelt, known);
    if distinct.len() < 5 || is_run(&plain) || COMMON.iter().any(common) {
        return Err(WeakPassword::Common);
    }
    Ok(())
}

/// The letters that these signs are commonly put for: every list of guesses has them both ways.
fn spelt_out(text: &str) -> String {
    text.chars()
        .map(|sign| match sign {
            '@' | '4' => 'a',
            '3' => 'e',
            '0' => 'o',
            '$' | '5' => 's',
            other => other,
        })
        .collect()
}

/// Letters in lower case and digits; what is left of `Pass-word 1` is `password1`.
fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether `text` is `known`, once or over and over, and at most three other characters.
fn rest_is_short(text: &str, known: &str) -> bool {
    text.contains(known) && text.replace(known, "").chars().count() <= 3
}

/// `1234567890`, `abcdefghij`, and backwards.
fn is_run(text: &str) -> bool {
    let steps: Vec<i64> = text
        .chars()
        .zip(text.chars().skip(1))
        .map(|(a, b)| i64::from(u32::from(b)) - i64::from(u32::from(a)))
        .collect();
    let steady = |step: i64| steps.iter().filter(|s| **s == step).count() * 10 >= steps.len() * 8;
    steady(1) || steady(-1)
}

/// The stems of the passwords that lists of leaked ones begin with, as far as they reach ten characters or are
/// stretched to them.
const COMMON: [&str; 38] = [
    "password",
    "passwort",
    "motdepasse",
    "contrasena",
    "qwertyuiop",
    "qwerty",
    "azertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "q1w2e3r4t5",
    "iloveyou",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "batman",
    "dragon",
    "monkey",
    "welcome",
    "letmein",
    "trustno1",
    "whatever",
    "starwars",
    "changeme",
    "administrator",
    "admin",
    "secret",
    "default",
    "computer",
    "internet",
    "liverpool",
    "chocolate",
    "correcthorsebatterystaple",
    "1234567890",
];

fn make(password: &Secret, salt: &[u8; 16], memory: &mut Vec<Block>) -> Result<String, Fault> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).map_err(unusable)?;
    let mut out = [0; 32];
    fill(password, salt, &params, &mut out, memory)?;
    Ok(format!(
        "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${}${}",
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(out)
    ))
}

fn matches(password: &Secret, phc: &str, memory: &mut Vec<Block>) -> Result<bool, Fault> {
    let known = parse(phc).ok_or_else(|| Fault::new(FaultKind::Row, "a stored password hash is not one of ours"))?;
    let mut out = vec![0; known.hash.len()];
    fill(password, &known.salt, &known.params, &mut out, memory)?;
    Ok(out.ct_eq(&known.hash).into())
}

fn fill(password: &Secret, salt: &[u8], params: &Params, out: &mut [u8], memory: &mut Vec<Block>) -> Result<(), Fault> {
    let blocks = params.block_count();
    if memory.len() < blocks {
        // Where the system gives no more, whoever signs in is asked to come again and everybody else is served.
        let more = memory.try_reserve_exact(blocks - memory.len());
        more.map_err(|error| Fault::because(FaultKind::Busy, "there is no memory left for passwords", error))?;
        memory.resize(blocks, Block::new());
    }
    let memory = memory.get_mut(..blocks).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into_with_memory(password.expose().as_bytes(), salt, out, memory)
        .map_err(unusable)
}

struct Known {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

/// Reads a PHC string: argon2id, version 19, and a cost that one login may have.
fn parse(phc: &str) -> Option<Known> {
    let hash = PasswordHash::new(phc).ok()?;
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
    let version = Version::try_from(hash.version?).ok()?;
    let params = Params::try_from(&hash).ok()?;
    let sane = algorithm == Algorithm::Argon2id
        && version == Version::V0x13
        && params.m_cost() <= 256 * 1_024
        && params.t_cost() <= 16
        && params.p_cost() <= 16;
    let (salt, hash) = (hash.salt?, hash.hash?);
    sane.then(|| Known { algorithm, version, params, salt: salt.as_ref().to_vec(), hash: hash.as_bytes().to_vec() })
}

fn unusable(error: argon2::Error) -> Fault {
    Fault::new(FaultKind::Bug, format!("argon2 did not hash: {error}"))
}

// ---- the desk

type Job = Box<dyn FnOnce(&mut Vec<Block>) + Send>;

struct State {
    jobs: VecDeque<Job>,
    /// How many at the head of the queue came with [`Place::First`].
    first: usize,
    open: bool,
}

struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    refused: Counter,
    times: Histogram,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job, place: Place) -> Result<(), Fault> {
        let mut state = self.lock();
        let most = if place == Place::First { QUEUE + KEPT } else { QUEUE };
        if state.jobs.len() >= most {
            self.refused.one();
            return Err(Fault::new(FaultKind::Busy, "too many people are signing in at this moment"));
        }
        match place {
            Place::First => {
                let behind = state.first;
                state.jobs.insert(behind, job);
                state.first += 1;
            }
            Place::Last => state.jobs.push_back(job),
        }
        drop(state);
        self.ready.notify_one();
        Ok(())
    }
}

/// What the clones share; dropping it closes the queue.
struct Desk {
    queue: Arc<Queue>,
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.queue.lock().open = false;
        self.queue.ready.notify_all();
    }
}

fn work(queue: &Queue) {
    let mut memory = Vec::new();
    let mut state = queue.lock();
    loop {
        if let Some(job) = state.jobs.pop_front() {
            state.first = state.first.saturating_sub(1);
            drop(state);
            // A job that panics must not take its thread with it: the queue would fill and nobody could sign in.
            let watch = Stopwatch::start();
            let _ = catch_unwind(AssertUnwindSafe(|| job(&mut memory)));
            queue.times.observe(watch.micros());
            // Hashes from elsewhere may have wanted more; that much is not kept.
            if memory.len() > MEMORY_KIB as usize {
                memory = Vec::new();
            }
            state = queue.lock();
        } else if state.open {
            let (next, waited) = queue.ready.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner);
            state = next;
            if waited.timed_out() {
                memory = Vec::new();
            }
        } else {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool() -> Passwords {
        Passwords::start(1, Entropy::seeded(1)).unwrap()
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text)
    }

    #[tokio::test]
    async fn a_password_verifies_and_its_neighbours_do_not() {
        let pool = pool();
        let phc = pool.hash(secret("correct horse 1")).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(pool.verify(secret("correct horse 1"), Some(phc.clone())).await.unwrap());
        for wrong in ["correct horse 2", "Correct horse 1", "correct horse 1 ", "correct horse", ""] {
            assert!(!pool.verify(secret(wrong), Some(phc.clone())).await.unwrap(), "{wrong}");
        }
        assert_ne!(phc, pool.hash(secret("correct horse 1")).await.unwrap(), "salted");
        assert!(!needs_rehash(&phc));
    }

    #[tokio::test]
    async fn the_library_reads_our_hashes_and_we_read_its() {
        use argon2::PasswordVerifier as _;
        let pool = pool();
        let phc = pool.hash(secret("correct horse 1")).await.unwrap();
        assert!(Argon2::default().verify_password(b"correct horse 1", &PasswordHash::new(&phc).unwrap()).is_ok());
        // A hash at another cost, as an import would bring it: m=64 KiB, t=3, p=1, salt "somesaltsomesalt".
        let mut out = [0; 32];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 3, 1, Some(32)).unwrap())
            .hash_password_into(b"correct horse 1", b"somesaltsomesalt", &mut out)
            .unwrap();
        let imported = format!(
            "$argon2id$v=19$m=64,t=3,p=1${}${}",
            STANDARD_NO_PAD.encode(b"somesaltsomesalt"),
            STANDARD_NO_PAD.encode(out)
        );
        assert!(pool.verify(secret("correct horse 1"), Some(imported.clone())).await.unwrap());
        assert!(needs_rehash(&imported));
    }

    #[tokio::test]
    async fn without_an_account_the_answer_is_no_after_the_same_work() {
        let pool = pool();
        assert!(!pool.verify(secret("anything at all"), None).await.unwrap());
        // The same work: the decoy has the cost of a real hash.
        assert!(!needs_rehash(DECOY));
    }

    #[tokio::test]
    async fn stored_nonsense_is_a_fault_and_costs_nothing() {
        let pool = pool();
        for phc in [
            "",
            "x",
            "$argon2id$",
            "$argon2i$v=19$m=64,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=4000000000,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA",
        ] {
            let fault = pool.verify(secret("correct horse 1"), Some(phc.to_owned())).await.unwrap_err();
            assert_eq!(fault.kind(), FaultKind::Row, "{phc}");
            assert!(needs_rehash(phc));
        }
    }

    #[tokio::test]
    async fn a_full_queue_says_so_and_empties_again() {
        let pool = pool();
        // A job that waits until it is told, so that the queue behind it fills without any hashing or sleeping.
        let (started, has_started) = oneshot::channel::<()>();
        let (go, gate) = std::sync::mpsc::channel::<()>();
        pool.desk
            .queue
            .push(
                Box::new(move |_| {
                    let _ = started.send(());
                    let _ = gate.recv();
                }),
                Place::Last,
            )
            .unwrap();
        has_started.await.unwrap();
        for _ in 0..QUEUE {
            pool.desk.queue.push(Box::new(|_| {}), Place::Last).unwrap();
        }
        for _ in 0..KEPT {
            pool.desk.queue.push(Box::new(|_| {}), Place::First).unwrap();
        }
        assert_eq!(pool.hash(secret("correct horse 1")).await.unwrap_err().kind(), FaultKind::Busy);
        assert_eq!(pool.verify(secret("correct horse 1"), None).await.unwrap_err().kind(), FaultKind::Busy);
        let (done, emptied) = oneshot::channel::<()>();
        go.send(()).unwrap();
        // Waits for a place, then for its turn.
        let mut last: Option<Job> = Some(Box::new(move |_| {
            let _ = done.send(());
        }));
        while let Some(job) = last.take() {
            {
                let mut state = pool.desk.queue.lock();
                if state.jobs.len() < QUEUE {
                    state.jobs.push_back(job);
                    pool.desk.queue.ready.notify_one();
                } else {
                    last = Some(job);
                }
            }
            tokio::task::yield_now().await;
        }
        emptied.await.unwrap();
        assert!(pool.hash(secret("correct horse 1")).await.is_ok());
    }

    #[tokio::test]
    async fn a_job_that_panics_does_not_end_its_thread() {
        let pool = pool();
        let answer = pool.ask(Place::Last, |_| -> u8 { panic!("on purpose") }).await;
        assert_eq!(answer.unwrap_err().kind(), FaultKind::Bug);
        assert_eq!(pool.ask(Place::Last, |_| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn the_threads_end_with_the_last_clone() {
        let pool = pool();
        let queue = Arc::downgrade(&pool.desk.queue);
        let (told, heard) = oneshot::channel::<()>();
        struct Tell(Option<oneshot::Sender<()>>);
        impl Drop for Tell {
            fn drop(&mut self) {
                let _ = self.0.take().unwrap().send(());
            }
        }
        // A job left in a closed queue is still done, so nobody waits for ever.
        let tell = Tell(Some(told));
        pool.desk.queue.push(Box::new(move |_| drop(tell)), Place::Last).unwrap();
        drop(pool.clone());
        assert!(queue.upgrade().unwrap().lock().open);
        drop(pool);
        heard.await.unwrap();
        assert!(queue.upgrade().is_none_or(|queue| !queue.lock().open));
    }

    #[tokio::test]
    async fn lengths_are_bounded_before_any_work() {
        let pool = pool();
        for text in ["", "seven77", &"x".repeat(1_025)] {
            assert_eq!(pool.hash(secret(text)).await.unwrap_err().kind(), FaultKind::Bug);
            assert!(!pool.verify(secret(text), None).await.unwrap());
        }
    }

    #[test]
    fn guessable_passwords_are_refused() {
        let check = |password: &str| acceptable(password, "ada.lovelace@example.org", "Ada Lovelace");
        for password in [
            "",
            "short",
            "ninechars",
            "password123",
            "Password-123!",
            "P@ssw0rd 12",
            "5ecr3t-5ecr3t",
            "1234567890",
            "0987654321",
            "abcdefghijkl",
            "aaaaaaaaaaaa",
            "abababababab",
            "passwordpassword",
            "qwertyuiop1",
            "ada.lovelace",
            "Ada Lovelace!",
            "adalovelace99",
            "ada.lovelace@example.org",
            "letmeinletmein",
            "administrator",
            "correct horse battery staple",
            "tab\there is one",
            &"long enough ".repeat(100),
        ] {
            assert!(check(password).is_err(), "{password:?} was accepted");
        }
        for password in [
            "plum bicycle quartz",
            "xK9#vLq2!mZp",
            "мой дядя самых честных правил",
            "a password for ada at work",
            "ten-chars!x",
        ] {
            assert_eq!(check(password), Ok(()), "{password:?}");
        }
        assert_eq!(acceptable("plum bicycle quartz", "", ""), Ok(()), "nothing known about the person");
        assert_eq!(acceptable("bo likes plums", "bo@example.org", "Bo"), Ok(()), "a short name is in many words");
    }

    #[tokio::test]
    async fn a_crowd_that_guesses_leaves_places_for_those_who_are_known() {
        let pool = pool();
        let phc = pool.hash(secret("correct horse 1")).await.unwrap();
        // The thread is held, so that all of them stand in the queue.
        let (go, going) = std::sync::mpsc::channel::<()>();
        let (begin, begun) = std::sync::mpsc::channel();
        let held = pool.ask(Place::Last, move |_| {
            begin.send(()).unwrap();
            going.recv().unwrap();
        });
        let mut held = std::pin::pin!(held);
        assert!(std::future::poll_fn(|task| std::task::Poll::Ready(held.as_mut().poll(task).is_pending())).await);
        begun.recv().unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        for n in 0..QUEUE + 1 {
            let tell = tell.clone();
            drop(pool.desk.queue.push(Box::new(move |_| tell.send(format!("stranger {n}")).unwrap()), Place::Last));
        }
        let refused = pool.verify(secret("correct horse 1"), Some(phc.clone())).await;
        assert_eq!(refused.unwrap_err().kind(), FaultKind::Busy);
        for n in 0..2 {
            let tell = tell.clone();
            let known: Job = Box::new(move |_| tell.send(format!("known {n}")).unwrap());
            pool.desk.queue.push(known, Place::First).unwrap();
        }
        let mut new = std::pin::pin!(pool.hash(secret("correct horse 2")));
        let waits = std::future::poll_fn(|task| std::task::Poll::Ready(new.as_mut().poll(task).is_pending())).await;
        assert!(waits, "who sets a password is no stranger");
        go.send(()).unwrap();
        new.await.unwrap();
        assert!(pool.verify_at(Place::First, secret("correct horse 1"), Some(phc)).await.unwrap());
        let order: Vec<String> = told.iter().take(3).collect();
        assert_eq!(order[..2], ["known 0", "known 1"], "{order:?}");
        held.await.unwrap();
    }
}
