//! The published key set, and how long it may be kept. RFC 7517 §5, RFC 9111 §5.2.2.1.

use std::sync::Arc;

use serde::Serialize;

use super::rotate::Policy;
use crate::base::{Digest, Fault, FaultKind, Lifetime, Timestamp};
use crate::model::{Algorithm, KeyState, PublicJwk, SigningKey};

/// The key set as it is served: made once for each ring, not for each request.
#[derive(Clone, Debug)]
pub struct Jwks {
    body: Arc<str>,
    etag: String,
}

#[derive(Serialize)]
struct Entry<'a> {
    kid: &'a str,
    /// RFC 7517 §4.2.
    r#use: &'static str,
    alg: Algorithm,
    #[serde(flatten)]
    public: &'a PublicJwk,
}

#[derive(Serialize)]
struct Set<'a> {
    keys: Vec<Entry<'a>>,
}

impl Jwks {
    /// Signing keys first, then next, then retained ones, ES256 before RS256 before EdDSA: a reader that looks
    /// at the first key only finds the one it most likely needs.
    pub fn of(rows: &[SigningKey]) -> Result<Self, Fault> {
        let mut published: Vec<&SigningKey> = rows.iter().filter(|row| row.is_published()).collect();
        published.sort_by_key(|row| {
            let rank = match row.state {
                KeyState::Signing { .. } => 0,
                KeyState::Next { .. } => 1,
                KeyState::Retained { .. } | KeyState::Revoked { .. } => 2,
            };
            (rank, row.algorithm, std::cmp::Reverse((row.state_since(), row.id)))
        });
        let keys = published
            .into_iter()
            .map(|row| Entry { kid: &row.kid, r#use: "sig", alg: row.algorithm, public: &row.public })
            .collect();
        let body = serde_json::to_string(&Set { keys })
            .map_err(|error| Fault::because(FaultKind::Bug, "the key set does not serialize", error))?;
        let etag = format!("\"{}\"", Digest::of(body.as_bytes()).text());
        Ok(Self { body: body.into(), etag })
    }

    /// `{"keys":[…]}`.
    pub fn body(&self) -> &Arc<str> {
        &self.body
    }

    /// A strong validator in quotes (RFC 9110 §8.8.3): it changes with the body and only with it.
    pub fn etag(&self) -> &str {
        &self.etag
    }
}

/// The truthful `max-age` of the set `rows`, served at `now`.
///
/// The promise is: while you keep this set, no token that Writ signs needs a key which is not in it. So it may
/// not exceed the time until a key outside the set can begin to sign. Signing and next keys are in the set. A
/// key outside it has yet to be made, at `now` at the earliest, and then waits `publish_before`. Hence the
/// smaller of the policy's `jwks_max_age` and `publish_before`, with one exception: an algorithm that has no
/// signing key at all (the first seconds of the first start) gets one that signs at once, and until then the
/// answer is zero.
///
/// While a revocation is fresh it is [`SHORT`]: where one key was taken another may have been, and the next revocation is then heard
/// of sooner (decision 31).
///
/// Two commands break the promise knowingly, because the old key is worse: a forced rotation with
/// [`Haste::AtOnce`](super::rotate::Haste) and a revocation without a published successor. Verifiers then
/// meet an unknown `kid` and fetch again, as they should anyway.
pub fn max_age(rows: &[SigningKey], policy: &Policy, now: Timestamp) -> Lifetime {
    let signs = |algorithm: &Algorithm| {
        rows.iter().any(|row| row.algorithm == *algorithm && matches!(row.state, KeyState::Signing { .. }))
    };
    if !policy.algorithms.iter().all(signs) {
        return Lifetime::default();
    }
    let usual = usual(policy);
    if fresh_revocation(rows, now).is_some() { usual.min(SHORT) } else { usual }
}

/// Until when somebody may go by a set that was fetched before `now`: whatever is withdrawn at `now` is taken no longer than that by
/// those who heed `max-age`.
pub fn heard_by_all(rows: &[SigningKey], policy: &Policy, now: Timestamp) -> Timestamp {
    let usual = usual(policy);
    match fresh_revocation(rows, now) {
        // What was served before it may be kept for the usual time, what was served since for the short one.
        Some(since) => now.plus(usual.min(SHORT)).max(since.plus(usual)),
        None => now.plus(usual),
    }
}

/// How long the set may be kept while a revocation is fresh.
pub const SHORT: Lifetime = Lifetime::from_minutes(1);
/// How long it is.
const FRESH: Lifetime = Lifetime::from_days(1);

fn usual(policy: &Policy) -> Lifetime {
    policy.jwks_max_age.min(policy.publish_before)
}

/// When the first of those revocations was that are fresh at `now`.
fn fresh_revocation(rows: &[SigningKey], now: Timestamp) -> Option<Timestamp> {
    let at = rows.iter().filter_map(|row| match row.state {
        KeyState::Revoked { revoked_at, .. } => Some(revoked_at),
        _ => None,
    });
    at.filter(|at| *at <= now && now < at.plus(FRESH)).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Entropy;
    use crate::keys::{JwkSet, Sealer, Typ, generate};
    use crate::model::JwsAlgorithm;
    use serde_json::Value;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn row(algorithm: Algorithm, state: KeyState) -> SigningKey {
        SigningKey { state, ..generate(algorithm, NOW, NOW, &Entropy::os(), &Sealer::new(&[5; 32])).unwrap() }
    }

    const SIGNING: KeyState = KeyState::Signing { signs_from: NOW };
    const NEXT: KeyState = KeyState::Next { signs_from: NOW };
    const RETAINED: KeyState = KeyState::Retained { signs_from: NOW, retired_at: NOW, gone_at: NOW };
    const REVOKED: KeyState = KeyState::Revoked { revoked_at: NOW, gone_at: NOW };

    #[test]
    fn next_signing_and_retained_keys_are_published_and_nothing_private_is() {
        let rows = [
            row(Algorithm::EdDSA, RETAINED),
            row(Algorithm::ES256, NEXT),
            row(Algorithm::ES256, REVOKED),
            row(Algorithm::RS256, SIGNING),
            row(Algorithm::ES256, SIGNING),
        ];
        let jwks = Jwks::of(&rows).unwrap();
        let set: Value = serde_json::from_str(jwks.body()).unwrap();
        let kids: Vec<&str> = set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
        assert_eq!(kids, [4, 3, 1, 0].map(|at: usize| rows[at].kid.as_str()));
        for key in set["keys"].as_array().unwrap() {
            assert_eq!(key["use"], "sig");
            let mut members: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
            members.sort_unstable();
            match key["kty"].as_str().unwrap() {
                "EC" => assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]),
                "RSA" => assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]),
                _ => assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]),
            }
        }
        assert!(!jwks.body().contains("v1."));
    }

    #[test]
    fn others_verify_our_tokens_with_the_published_set() {
        let sealer = Sealer::new(&[5; 32]);
        let ring =
            crate::keys::KeyRing::load(Algorithm::ALL.map(|algorithm| row(algorithm, SIGNING)).to_vec(), &sealer)
                .unwrap();
        let set = JwkSet::parse(ring.jwks().body().as_bytes()).unwrap();
        for algorithm in Algorithm::ALL {
            let token = ring.signing(algorithm).unwrap().mint("at+jwt", &serde_json::json!({"a": 1})).unwrap();
            assert!(set.verify(&token, &[JwsAlgorithm::from(algorithm)], Typ::Exactly("at+jwt")).is_ok());
        }
    }

    #[test]
    fn the_etag_follows_the_body() {
        let (a, b) = (row(Algorithm::EdDSA, SIGNING), row(Algorithm::EdDSA, NEXT));
        let both = Jwks::of(&[a.clone(), b.clone()]).unwrap();
        assert_eq!(both.etag(), Jwks::of(&[b, a.clone()]).unwrap().etag(), "not on the order of the rows");
        assert_ne!(both.etag(), Jwks::of(&[a]).unwrap().etag());
        assert!(both.etag().starts_with('"') && both.etag().ends_with('"') && both.etag().len() == 45);
    }

    #[test]
    fn max_age_is_never_longer_than_a_new_key_waits() {
        let policy = Policy { algorithms: vec![Algorithm::ES256], ..Policy::default() };
        let rows = [row(Algorithm::ES256, SIGNING)];
        assert_eq!(max_age(&rows, &policy, NOW), Lifetime::from_seconds(300));
        let hasty = Policy { publish_before: Lifetime::from_seconds(60), ..policy.clone() };
        assert_eq!(max_age(&rows, &hasty, NOW), Lifetime::from_seconds(60));
        for unready in [NEXT, RETAINED, REVOKED] {
            assert_eq!(max_age(&[row(Algorithm::ES256, unready)], &policy, NOW), Lifetime::default());
        }
        let more = Policy { algorithms: vec![Algorithm::ES256, Algorithm::RS256], ..policy };
        assert_eq!(max_age(&rows, &more, NOW), Lifetime::default(), "RS256 is still to come, and will sign at once");
    }

    #[test]
    fn while_a_revocation_is_fresh_copies_are_kept_for_a_minute() {
        let policy = Policy { algorithms: vec![Algorithm::ES256], ..Policy::default() };
        let signing = row(Algorithm::ES256, SIGNING);
        let rows = [signing.clone(), row(Algorithm::ES256, REVOKED)];
        let at = |seconds| NOW.plus(Lifetime::from_seconds(seconds));
        let day = 24 * 3_600;
        for (seconds, age) in [(0, 60), (day - 1, 60), (day, 300)] {
            assert_eq!(max_age(&rows, &policy, at(seconds)), Lifetime::from_seconds(age), "{seconds}");
        }
        let hasty = Policy { jwks_max_age: Lifetime::from_seconds(10), ..policy.clone() };
        assert_eq!(max_age(&rows, &hasty, NOW), Lifetime::from_seconds(10), "never longer than usual");
        // A set that was fetched just before the first revocation is kept for five minutes, whatever comes after.
        assert_eq!(heard_by_all(&[signing], &policy, NOW), at(300));
        for (seconds, heard) in [(0, 300), (239, 300), (240, 300), (241, 301), (3_600, 3_660), (day, day + 300)] {
            assert_eq!(heard_by_all(&rows, &policy, at(seconds)), at(heard), "{seconds}");
        }
    }
}
