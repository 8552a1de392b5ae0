//! Documents from outside, kept for a while: bounded in number, bytes and time, and never fetched twice at once.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::{Lifetime, Timestamp};

/// How long an answer may be used again, as its sender sees it and within our bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CachePolicy {
    pub max_age: Lifetime,
}

impl CachePolicy {
    /// CIMD §5.2: "MAY define its own upper and/or lower bounds on an acceptable cache lifetime". The lower one
    /// keeps a crowd of logins from becoming a crowd of requests to a host that says `no-store`.
    pub const SHORTEST: Lifetime = Lifetime::from_seconds(10);
    pub const LONGEST: Lifetime = Lifetime::from_hours(24);
    /// When the sender says nothing.
    pub const USUAL: Lifetime = Lifetime::from_minutes(5);

    /// Reads a `Cache-Control` value and an `Age` in seconds. RFC 9111 §4.2, §5.2.2; we are a private cache, so
    /// `s-maxage` is not for us.
    pub fn of(cache_control: &str, age: u64) -> Self {
        let mut seconds = None;
        for directive in cache_control.split(',') {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" | "no-cache" => return Self { max_age: Self::SHORTEST },
                // RFC 9111 §4.2.1: a repeated directive: "use the first occurrence or consider the response stale".
                "max-age" => seconds = seconds.or(Some(value.trim().trim_matches('"').parse().unwrap_or(0))),
                _ => {}
            }
        }
        let max_age = seconds.map_or(Self::USUAL, |seconds: u64| Lifetime::from_seconds(seconds.saturating_sub(age)));
        Self { max_age: max_age.clamp(Self::SHORTEST, Self::LONGEST) }
    }
}

/// A document just fetched.
#[derive(Clone, Debug)]
pub struct Fresh<T> {
    pub document: T,
    /// What it counts for in the cache, in bytes.
    pub bytes: usize,
    pub cache: CachePolicy,
}

/// Why there is no document.
pub trait Failure: Clone {
    /// Whether it says nothing about the document: the next try may well bring it.
    fn is_passing(&self) -> bool;
}

/// Documents by URL. `E` is why there is none.
///
/// CIMD §5.2: "MUST NOT cache error responses […] documents which are invalid or malformed". A failure is therefore
/// never an answer in place of a document; it is remembered for [`Self::REST`] only to keep a client in a loop from
/// making us hammer a host. A document that has run out is not served stale: it is replaced by what came instead. Only
/// whoever asks for [`Self::last_good`] is given the one before a passing failure.
pub struct DocumentCache<T, E> {
    state: Mutex<State<T, E>>,
    most_entries: usize,
    most_bytes: usize,
}

struct State<T, E> {
    entries: HashMap<String, Entry<T, E>>,
    bytes: usize,
    /// Counts uses; orders entries by their last.
    uses: u64,
}

struct Entry<T, E> {
    known: Known<T, E>,
    learnt_at: Timestamp,
    /// Not later than this.
    until: Timestamp,
    bytes: usize,
    used: u64,
    /// Held by whoever is fetching.
    gate: Arc<tokio::sync::Mutex<()>>,
}

enum Known<T, E> {
    Nothing,
    Document(Arc<T>),
    Failure {
        error: E,
        /// What was there before a passing failure, and when it was learnt.
        before: Option<(Arc<T>, Timestamp)>,
    },
}

/// The answer, or the gate behind which it can be fetched.
enum Look<T, E> {
    Answer(Result<Arc<T>, E>),
    Gate(Arc<tokio::sync::Mutex<()>>),
}

impl<T, E: Failure> DocumentCache<T, E> {
    /// How long a failure is answered from memory.
    pub const REST: Lifetime = Lifetime::from_seconds(10);

    pub fn new(most_entries: usize, most_bytes: usize) -> Self {
        Self { state: Mutex::new(State { entries: HashMap::new(), bytes: 0, uses: 0 }), most_entries, most_bytes }
    }

    /// The document at `url`: the one known, or else what `fetch` brings. However many ask at once, one fetches and
    /// the others wait for it; if that one goes away, the next in line fetches.
    pub async fn get_or_fetch<F, Fut>(&self, url: &str, now: Timestamp, fetch: F) -> Result<Arc<T>, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Fresh<T>, E>>,
    {
        let gate = match self.look(url, now) {
            Look::Answer(answer) => return answer,
            Look::Gate(gate) => gate,
        };
        let _turn = gate.lock().await;
        if let Look::Answer(answer) = self.look(url, now) {
            return answer;
        }
        let fetched = fetch().await;
        self.learn(url, now, &gate, fetched)
    }

    /// Ends a document that has proved too old before its time (a key in it is missing), unless it was learnt
    /// less than [`Self::REST`] ago: strangers cannot turn their bad signatures into our requests.
    pub fn outdated(&self, url: &str, now: Timestamp) {
        let mut state = self.state();
        if let Some(entry) = state.entries.get_mut(url).filter(|entry| now >= entry.learnt_at.plus(Self::REST)) {
            entry.until = now;
        }
    }

    /// The document before a passing failure, unless it is older than any document may be.
    pub fn last_good(&self, url: &str, now: Timestamp) -> Option<Arc<T>> {
        let state = self.state();
        let (document, learnt_at) = state.entries.get(url)?.last_good()?;
        (now < learnt_at.plus(CachePolicy::LONGEST)).then_some(document)
    }

    /// Entries held, documents and remembered failures.
    pub fn len(&self) -> usize {
        self.state().entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn look(&self, url: &str, now: Timestamp) -> Look<T, E> {
        let mut state = self.state();
        state.uses += 1;
        let uses = state.uses;
        if let Some(entry) = state.entries.get_mut(url) {
            entry.used = uses;
            // Learnt by a clock that was set back since: nobody knows how long ago.
            if entry.learnt_at > now {
                (entry.learnt_at, entry.until) = (now, now);
            }
            return match &entry.known {
                Known::Document(document) if now < entry.until => Look::Answer(Ok(Arc::clone(document))),
                Known::Failure { error, .. } if now < entry.until => Look::Answer(Err(error.clone())),
                Known::Nothing | Known::Document(_) | Known::Failure { .. } => Look::Gate(Arc::clone(&entry.gate)),
            };
        }
        while state.entries.len() >= self.most_entries && state.evict() {}
        let gate = Arc::new(tokio::sync::Mutex::new(()));
        let entry =
            Entry { known: Known::Nothing, learnt_at: now, until: now, bytes: 0, used: uses, gate: Arc::clone(&gate) };
        state.entries.insert(url.to_owned(), entry);
        Look::Gate(gate)
    }

    fn learn(
        &self,
        url: &str,
        now: Timestamp,
        gate: &Arc<tokio::sync::Mutex<()>>,
        fetched: Result<Fresh<T>, E>,
    ) -> Result<Arc<T>, E> {
        let mut state = self.state();
        let (known, lifetime, bytes, answer) = match fetched {
            Ok(Fresh { document, bytes, cache }) => {
                let document = Arc::new(document);
                (Known::Document(Arc::clone(&document)), cache.max_age, bytes, Ok(document))
            }
            Err(error) => {
                let entry = state.entries.get(url).filter(|_| error.is_passing());
                let before = entry.and_then(Entry::last_good);
                let bytes = entry.filter(|_| before.is_some()).map_or(0, |entry| entry.bytes);
                (Known::Failure { error: error.clone(), before }, Self::REST, bytes, Err(error))
            }
        };
        state.remove(url);
        if bytes <= self.most_bytes {
            while (state.entries.len() >= self.most_entries || state.bytes + bytes > self.most_bytes) && state.evict() {
            }
            state.uses += 1;
            state.bytes += bytes;
            let (until, used) = (now.plus(lifetime), state.uses);
            let entry = Entry { known, learnt_at: now, until, bytes, used, gate: Arc::clone(gate) };
            state.entries.insert(url.to_owned(), entry);
        }
        answer
    }

    fn state(&self) -> MutexGuard<'_, State<T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T, E> Entry<T, E> {
    fn last_good(&self) -> Option<(Arc<T>, Timestamp)> {
        match &self.known {
            Known::Document(document) => Some((Arc::clone(document), self.learnt_at)),
            Known::Failure { before, .. } => before.clone(),
            Known::Nothing => None,
        }
    }
}

impl<T, E> State<T, E> {
    fn remove(&mut self, url: &str) {
        if let Some(entry) = self.entries.remove(url) {
            self.bytes = self.bytes.saturating_sub(entry.bytes);
        }
    }

    /// Drops the entry used longest ago, those without a document first, so that a flood of failing URLs does not
    /// wash good documents out. False when there is nothing to drop.
    fn evict(&mut self) -> bool {
        let rank = |entry: &Entry<T, E>| (entry.last_good().is_some(), entry.used);
        let Some(url) = self.entries.iter().min_by_key(|(_, entry)| rank(entry)).map(|(url, _)| url.clone()) else {
            return false;
        };
        self.remove(&url);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    type Cache = DocumentCache<String, &'static str>;

    impl Failure for &'static str {
        fn is_passing(&self) -> bool {
            *self == "out of reach"
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    async fn ask(
        cache: &Cache,
        url: &str,
        seconds: i64,
        outcome: Result<&str, &'static str>,
    ) -> Result<String, &'static str> {
        let fetched = outcome.map(|text| Fresh {
            document: text.to_owned(),
            bytes: text.len(),
            cache: CachePolicy::of("max-age=60", 0),
        });
        cache.get_or_fetch(url, at(seconds), || async { fetched }).await.map(|document| document.as_ref().clone())
    }

    #[test]
    fn cache_control_is_honoured_within_bounds() {
        for (header, age, seconds) in [
            ("", 0, 300),
            ("max-age=60", 0, 60),
            ("public, Max-Age=60", 20, 40),
            ("max-age=60", 90, 10),
            ("max-age=\"90\"", 0, 90),
            ("max-age=0", 0, 10),
            ("no-store, max-age=900", 0, 10),
            ("NO-CACHE", 0, 10),
            ("max-age=9999999", 0, 86_400),
            ("max-age=-1", 0, 10),
            ("max-age=1e9", 0, 10),
            ("max-age=20, max-age=90", 0, 20),
            ("s-maxage=5", 0, 300),
            ("max-age=99999999999999999999999", 0, 10),
        ] {
            assert_eq!(CachePolicy::of(header, age).max_age.seconds(), seconds, "{header} {age}");
        }
    }

    #[tokio::test]
    async fn case_34_a_document_is_kept_until_it_runs_out() {
        let cache = Cache::new(10, 1_000);
        assert_eq!(ask(&cache, "u", 0, Ok("one")).await, Ok("one".into()));
        assert_eq!(ask(&cache, "u", 59, Ok("two")).await, Ok("one".into()));
        assert_eq!(ask(&cache, "u", 60, Ok("two")).await, Ok("two".into()));
    }

    #[tokio::test]
    async fn case_34_a_document_that_turns_bad_is_dropped_and_a_failure_rests_briefly() {
        let cache = Cache::new(10, 1_000);
        assert_eq!(ask(&cache, "u", 0, Ok("one")).await, Ok("one".into()));
        assert_eq!(ask(&cache, "u", 60, Err("bad")).await, Err("bad"));
        assert_eq!(ask(&cache, "u", 69, Ok("two")).await, Err("bad"));
        assert_eq!(ask(&cache, "u", 70, Ok("two")).await, Ok("two".into()));
        assert!(Cache::REST <= Lifetime::from_seconds(30));
    }

    #[tokio::test]
    async fn case_34_the_cache_is_bounded_in_number_and_bytes() {
        let cache = Cache::new(3, 10);
        for url in ["a", "b", "c"] {
            ask(&cache, url, 0, Ok("xx")).await.unwrap();
        }
        ask(&cache, "a", 1, Err("not asked")).await.unwrap();
        for nth in 0..50 {
            ask(&cache, &format!("bad {nth}"), 1, Err("no")).await.unwrap_err();
            assert!(cache.len() <= 3);
        }
        // The first failure pushed out "b", used longest ago; later ones pushed out each other.
        assert_eq!(ask(&cache, "a", 2, Err("gone")).await, Ok("xx".into()));
        assert_eq!(ask(&cache, "c", 2, Err("gone")).await, Ok("xx".into()));
        assert_eq!(ask(&cache, "b", 2, Err("gone")).await, Err("gone"));
        ask(&cache, "d", 3, Ok("123456789")).await.unwrap();
        assert_eq!(
            (ask(&cache, "a", 4, Err("gone")).await, ask(&cache, "c", 4, Err("gone")).await),
            (Err("gone"), Err("gone"))
        );
        assert_eq!(ask(&cache, "e", 5, Ok("larger than all")).await, Ok("larger than all".into()));
        assert!(cache.state().bytes <= 10);
    }

    #[tokio::test]
    async fn case_34_a_hundred_askers_are_one_fetch() {
        let cache = Arc::new(Cache::new(10, 1_000));
        let fetches = Arc::new(AtomicUsize::new(0));
        let (open, gate) = tokio::sync::watch::channel(());
        let askers: Vec<_> = (0..100)
            .map(|_| {
                let (cache, fetches, mut gate) = (Arc::clone(&cache), Arc::clone(&fetches), gate.clone());
                tokio::spawn(async move {
                    let fetch = || async move {
                        fetches.fetch_add(1, Ordering::SeqCst);
                        gate.changed().await.unwrap();
                        Ok(Fresh { document: "one".to_owned(), bytes: 3, cache: CachePolicy::of("no-store", 0) })
                    };
                    cache.get_or_fetch("u", at(0), fetch).await
                })
            })
            .collect();
        tokio::task::yield_now().await;
        open.send(()).unwrap();
        for asker in askers {
            assert_eq!(asker.await.unwrap().unwrap().as_str(), "one");
        }
        assert_eq!(fetches.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_fetcher_that_goes_away_leaves_the_turn_to_the_next() {
        let cache = Cache::new(10, 1_000);
        {
            let never = cache.get_or_fetch("u", at(0), std::future::pending);
            tokio::pin!(never);
            assert!(
                std::future::poll_fn(|context| std::task::Poll::Ready(never.as_mut().poll(context).is_pending())).await
            );
        }
        assert_eq!(ask(&cache, "u", 0, Ok("one")).await, Ok("one".into()));
    }

    #[tokio::test]
    async fn only_a_passing_failure_leaves_the_document_before_it_for_a_day() {
        let cache = Cache::new(10, 1_000);
        let last = |seconds| cache.last_good("u", at(seconds)).map(|document| document.as_ref().clone());
        assert_eq!(last(0), None);
        ask(&cache, "u", 0, Ok("one")).await.unwrap();
        for seconds in [60, 120, 86_000] {
            assert_eq!(ask(&cache, "u", seconds, Err("out of reach")).await, Err("out of reach"));
            assert_eq!(last(seconds), Some("one".into()));
        }
        assert_eq!((last(86_399), last(86_400)), (Some("one".into()), None));
        // A document that came and is bad ends the one before it.
        ask(&cache, "u", 90_000, Ok("two")).await.unwrap();
        assert_eq!(ask(&cache, "u", 90_060, Err("bad")).await, Err("bad"));
        assert_eq!(ask(&cache, "u", 90_120, Err("out of reach")).await, Err("out of reach"));
        assert_eq!(last(90_120), None);
    }

    #[tokio::test]
    async fn an_outdated_document_is_fetched_again_but_not_at_every_call() {
        let cache = Cache::new(10, 1_000);
        ask(&cache, "u", 0, Ok("one")).await.unwrap();
        cache.outdated("u", at(9));
        assert_eq!(ask(&cache, "u", 9, Ok("two")).await, Ok("one".into()));
        cache.outdated("u", at(10));
        assert_eq!(ask(&cache, "u", 10, Ok("two")).await, Ok("two".into()));
    }
}
