//! Keys that turn while tokens are given and verified all the time. Attack case 29.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;
use writ::base::Lifetime;
use writ::guard::{AuthContext, Need};
use writ::model::{Algorithm, KeyState, ProtectedResource};
use writ::operations::keys::{self, Haste};
use writ::operations::turn_keys;
use writ::protocol::claims::AccessClaims;

use crate::world::{ISSUER, World, verified};

/// A server that verifies by itself: it keeps the key set for as long as it was told, and not a second longer.
struct Verifier<'w> {
    world: &'w World,
    jwks: Value,
    until: i64,
    fetched: usize,
}

impl<'w> Verifier<'w> {
    fn new(world: &'w World) -> Self {
        Self { world, jwks: Value::Null, until: i64::MIN, fetched: 0 }
    }

    /// The header of a token that its bearer may use at a resource; one that does not verify ends the test.
    fn guard(&mut self, resource: &ProtectedResource, token: &str) -> Value {
        let (header, claims) = self.verify(token);
        let claims: AccessClaims = serde_json::from_value(claims).unwrap();
        assert_eq!((claims.iss.as_str(), claims.aud.as_str()), (ISSUER, resource.identifier.as_str()));
        let caller = AuthContext::from(claims);
        assert!(!caller.is_expired(self.world.now()) && Need::scope("mcp:read").is_met_by(&caller));
        header
    }

    /// Header and claims of a token.
    fn verify(&mut self, token: &str) -> (Value, Value) {
        if self.world.now().seconds() >= self.until {
            let now = self.world.now().seconds();
            let answer = self.world.request("GET", "/.well-known/jwks.json").send();
            let age = answer.header("cache-control").unwrap().strip_prefix("public, max-age=").unwrap();
            self.until = now + age.parse::<i64>().unwrap();
            self.jwks = answer.json();
            self.fetched += 1;
        }
        verified(&self.jwks, token)
    }
}

/// Says that it is over when it goes, also by a panic: whoever waits for the word would go on for ever.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// One client for each, at a resource of its own.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::ES256, Algorithm::RS256, Algorithm::EdDSA];
const STEPS: usize = 140;

/// The clock runs through several turns, planned and forced, while some get tokens of every algorithm and others verify them without a pause,
/// as a resource server does. Of all that was signed, everything verifies, with copies of the key set that are as old as they may be.
#[test]
fn case_29_under_load_no_turn_of_the_keys_fails_a_verification() {
    let world = World::with(&[("keys.rotation_period", "30m"), ("keys.algorithms", "ES256,RS256,EdDSA")]);
    let (crm, over) = (world.confidential("crm"), AtomicBool::new(false));
    let done = ALGORITHMS.map(|_| AtomicUsize::new(0));
    let (kids, fetches) = (Mutex::new(BTreeSet::new()), AtomicUsize::new(0));
    let resources = ALGORITHMS.map(|algorithm| {
        let row = world.resource(&format!("https://{algorithm}.example/mcp").to_lowercase(), "mcp:read");
        let row = ProtectedResource { algorithm, ..row };
        world.put_resource(row.clone());
        row
    });
    let works = |which: usize| {
        let (resource, mut verifier) = (&resources[which], Verifier::new(&world));
        while !over.load(Ordering::SeqCst) {
            let ask = [("resource", resource.identifier.as_str())];
            let token = crm.client_credentials(&world, &ask).tokens().access;
            let header = verifier.guard(resource, &token);
            assert_eq!(header["alg"], ALGORITHMS[which].as_str());
            assert_eq!(crm.introspect(&world, &token)["active"], true);
            kids.lock().unwrap().insert((which, header["kid"].to_string()));
            done[which].fetch_add(1, Ordering::SeqCst);
        }
        fetches.fetch_add(verifier.fetched, Ordering::SeqCst);
    };
    std::thread::scope(|scope| {
        let _over = Over(&over);
        let works = &works;
        let clients: Vec<_> = (0..ALGORITHMS.len()).map(|which| scope.spawn(move || works(which))).collect();
        // Housekeeping, with time running between its rounds: each waits until everybody got something done meanwhile.
        for step in 0..STEPS {
            let before = done.each_ref().map(|count| count.load(Ordering::SeqCst));
            while done.iter().zip(before).any(|(count, before)| count.load(Ordering::SeqCst) == before) {
                assert!(!clients.iter().any(std::thread::ScopedJoinHandle::is_finished), "a verification failed");
                std::thread::yield_now();
            }
            world.later(Lifetime::from_seconds(61));
            world.block(turn_keys::turn(&world.app, &world.operator())).unwrap();
            if step % 50 == 49 {
                world.block(keys::rotate(&world.app, &world.operator(), None, Haste::WhenPublished)).unwrap();
            }
        }
    });
    let kids = kids.into_inner().unwrap();
    for (which, algorithm) in ALGORITHMS.iter().enumerate() {
        let turned = kids.iter().filter(|(of, _)| *of == which).count();
        assert!(turned >= 5, "the keys of {algorithm} have turned: {turned}");
    }
    let (done, fetched) = (done.iter().map(|count| count.load(Ordering::SeqCst)).sum::<usize>(), fetches.into_inner());
    assert!(done >= STEPS * ALGORITHMS.len(), "{done}");
    assert!(fetched < done / 3, "copies were kept: {fetched} fetches for {done} verifications");
}

/// Switched off for 40 days: the keys that were there are too old to sign with, and what comes back is a line of keys as on any other day.
#[test]
fn after_forty_days_of_silence_the_keys_are_as_on_any_other_day() {
    let world = World::with_file();
    let crm = world.confidential("crm");
    let early = crm.client_credentials(&world, &[]).tokens().access;
    type Wanted = fn(&KeyState) -> bool;
    let of = |world: &World, wanted: Wanted| -> Vec<String> {
        let rows = keys::list(&world.app).unwrap();
        let fits = rows.into_iter().filter(|row| row.algorithm == Algorithm::ES256 && wanted(&row.state));
        fits.map(|row| row.kid).collect()
    };
    let (next, signing): (Wanted, Wanted) =
        (|state| matches!(state, KeyState::Next { .. }), |state| matches!(state, KeyState::Signing { .. }));
    let (first, second) = (of(&world, signing), of(&world, next));
    world.later(Lifetime::from_days(40));
    let world = world.restarted();
    // The one that was published 40 days ago signs at once: there is no copy of the key set without it.
    assert_eq!(of(&world, signing), second);
    assert_eq!(of(&world, next).len(), 1);
    assert!(!of(&world, next).contains(&first[0]));
    assert_eq!(crm.introspect(&world, &early)["active"], false, "it has ended");
    let mut verifier = Verifier::new(&world);
    let mut signed_by = BTreeSet::new();
    for _ in 0..60 {
        let token = crm.client_credentials(&world, &[]).tokens().access;
        signed_by.insert(verifier.verify(&token).0["kid"].to_string());
        assert_eq!(crm.introspect(&world, &token)["active"], true);
        world.later(Lifetime::from_minutes(61));
        world.block(turn_keys::turn(&world.app, &world.operator())).unwrap();
    }
    assert_eq!(signed_by.len(), 3, "a key a day");
    world.later(Lifetime::from_days(12));
    world.block(turn_keys::turn(&world.app, &world.operator())).unwrap();
    let rows = keys::list(&world.app).unwrap();
    assert!(!rows.iter().any(|row| row.kid == first[0]), "and what was retained is gone");
}
