//! The parsed keys of one moment. A snapshot: a turn of the keys makes a new ring, and requests in flight keep theirs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::jwks::{self, Jwks};
use super::mint::Signer;
use super::provider::PublicKey;
use super::rotate::Policy;
use super::seal::Sealer;
use super::verify::{Claims, Typ, Unverified, Verified, VerifyError};
use crate::base::{Fault, FaultKind, Lifetime, Timestamp};
use crate::model::{Algorithm, KeyState, SigningKey};

/// Signs with the signing keys, verifies with those that may have signed, and knows the published set.
pub struct KeyRing {
    signers: Vec<Arc<Signer>>,
    verifiers: HashMap<String, Verifier>,
    jwks: Jwks,
    rows: Vec<SigningKey>,
}

struct Verifier {
    algorithm: Algorithm,
    key: PublicKey,
}

impl KeyRing {
    /// Opens and parses `rows`. Some 0.1 ms a key, and only the signing keys' private halves are opened.
    pub fn load(rows: Vec<SigningKey>, sealer: &Sealer) -> Result<Self, Fault> {
        let mut signing: Vec<&SigningKey> =
            rows.iter().filter(|row| matches!(row.state, KeyState::Signing { .. })).collect();
        // The rotation leaves one signing key of each algorithm; should there ever be two, the younger signs.
        signing.sort_by_key(|row| std::cmp::Reverse((row.state_since(), row.id)));
        let signers =
            signing.into_iter().map(|row| Signer::open(row, sealer).map(Arc::new)).collect::<Result<_, _>>()?;
        let mut verifiers = HashMap::new();
        for row in rows.iter().filter(|row| row.may_have_signed()) {
            let key = PublicKey::from_jwk(&row.public).map_err(|error| {
                Fault::because(FaultKind::Key, "the public half of a signing key is damaged", error)
            })?;
            verifiers.insert(row.kid.clone(), Verifier { algorithm: row.algorithm, key });
        }
        Ok(Self { signers, verifiers, jwks: Jwks::of(&rows)?, rows })
    }

    /// The key that signs with `algorithm` now.
    ///
    /// # Errors
    /// `Busy` in the moment of the first start when it is still being made.
    pub fn signing(&self, algorithm: Algorithm) -> Result<&Arc<Signer>, Fault> {
        self.signers
            .iter()
            .find(|signer| signer.algorithm() == algorithm)
            .ok_or_else(|| Fault::new(FaultKind::Busy, format!("the {algorithm} signing key is still being made")))
    }

    /// Verifies a token of our own: its `kid` must be one of our keys, and its `alg` that key's.
    ///
    /// A key that has not begun to sign or was revoked is not one of them. Times, issuer and audience are not
    /// looked at here.
    pub fn verify(&self, token: &str, typ: Typ) -> Result<Verified<Claims>, VerifyError> {
        let token = Unverified::parse(token, typ)?;
        let known = token.kid.as_ref().and_then(|kid| self.verifiers.get(kid)).ok_or(VerifyError::UnknownKey)?;
        if token.algorithm != known.algorithm.into() {
            return Err(VerifyError::Algorithm);
        }
        token.verify(std::iter::once(&known.key))
    }

    /// The published key set.
    pub fn jwks(&self) -> &Jwks {
        &self.jwks
    }

    /// For how long the key set may be kept. See [`jwks::max_age`].
    pub fn max_age(&self, policy: &Policy, now: Timestamp) -> Lifetime {
        jwks::max_age(&self.rows, policy, now)
    }

    /// The rows that the ring was loaded from.
    pub fn rows(&self) -> &[SigningKey] {
        &self.rows
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").field("signers", &self.signers).field("verifiers", &self.verifiers.len()).finish()
    }
}

/// The ring in force. Cheap to clone; all clones see a replacement.
#[derive(Clone, Debug)]
pub struct Keys(Arc<InForce>);

#[derive(Debug)]
struct InForce {
    ring: RwLock<Arc<KeyRing>>,
    /// Whose turn it is to read the rows anew.
    reading: Mutex<()>,
}

impl Keys {
    pub fn new(ring: KeyRing) -> Self {
        Self(Arc::new(InForce { ring: RwLock::new(Arc::new(ring)), reading: Mutex::new(()) }))
    }

    /// The ring of this moment; hold it for one request, not longer.
    pub fn current(&self) -> Arc<KeyRing> {
        Arc::clone(&self.0.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts the ring that `read` makes of the rows in force, and says whether it is another. Call it after the commit that changed
    /// them.
    ///
    /// Reading and replacing is one step: otherwise whoever read before a revocation could replace after it, and the
    /// key that was withdrawn would be good again.
    pub fn renew(&self, read: impl FnOnce() -> Result<Option<KeyRing>, Fault>) -> Result<bool, Fault> {
        let _turn = self.0.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(ring) = read()? else { return Ok(false) };
        *self.0.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Entropy;
    use crate::keys::generate;
    use serde_json::json;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn sealer() -> Sealer {
        Sealer::new(&[5; 32])
    }

    fn row(algorithm: Algorithm) -> SigningKey {
        generate(algorithm, NOW, NOW, &Entropy::os(), &sealer()).unwrap()
    }

    fn ring(rows: &[SigningKey]) -> KeyRing {
        KeyRing::load(rows.to_vec(), &sealer()).unwrap()
    }

    fn token(ring: &KeyRing, algorithm: Algorithm) -> String {
        ring.signing(algorithm).unwrap().mint("at+jwt", &json!({"sub": "s"})).unwrap()
    }

    const ACCESS: Typ = Typ::Exactly("at+jwt");

    #[test]
    fn a_ring_verifies_what_it_minted() {
        let ring = ring(&Algorithm::ALL.map(row));
        for algorithm in Algorithm::ALL {
            let verified = ring.verify(&token(&ring, algorithm), ACCESS).unwrap();
            assert_eq!(verified.claims()["sub"], "s");
            assert_eq!(verified.typ(), Some("at+jwt"));
            assert_eq!(ring.verify(&token(&ring, algorithm), Typ::Exactly("jwt")).unwrap_err(), VerifyError::Type);
        }
    }

    #[test]
    fn case_29_before_its_day_and_after_its_revocation_a_key_has_signed_nothing() {
        let signing = row(Algorithm::ES256);
        let minted = token(&ring(std::slice::from_ref(&signing)), Algorithm::ES256);
        let stages = [
            (KeyState::Next { signs_from: NOW.plus(Lifetime::from_days(1)) }, false),
            (KeyState::Signing { signs_from: NOW }, true),
            (KeyState::Retained { signs_from: NOW, retired_at: NOW, gone_at: NOW.plus(Lifetime::from_days(1)) }, true),
            (KeyState::Revoked { revoked_at: NOW, gone_at: NOW.plus(Lifetime::from_days(1)) }, false),
        ];
        for (state, good) in stages {
            let ring = ring(&[SigningKey { state, ..signing.clone() }]);
            let verdict = ring.verify(&minted, ACCESS);
            assert_eq!(verdict.is_ok(), good, "{state:?}");
            if !good {
                assert_eq!(verdict.unwrap_err(), VerifyError::UnknownKey, "{state:?}");
            }
        }
    }

    #[test]
    fn only_signing_keys_sign() {
        let next = SigningKey { state: KeyState::Next { signs_from: NOW }, ..row(Algorithm::EdDSA) };
        let ring = ring(&[next, row(Algorithm::ES256)]);
        assert_eq!(ring.signing(Algorithm::EdDSA).unwrap_err().kind(), FaultKind::Busy);
        assert!(ring.signing(Algorithm::ES256).is_ok());
    }

    #[test]
    fn a_retained_key_needs_no_private_half() {
        let signing = row(Algorithm::EdDSA);
        let minted = token(&ring(std::slice::from_ref(&signing)), Algorithm::EdDSA);
        let retained = SigningKey {
            sealed: None,
            state: KeyState::Retained { signs_from: NOW, retired_at: NOW, gone_at: NOW },
            ..signing
        };
        assert!(ring(&[retained]).verify(&minted, ACCESS).is_ok());
    }

    #[test]
    fn the_younger_of_two_signs() {
        let older = row(Algorithm::ES256);
        let younger = SigningKey {
            state: KeyState::Signing { signs_from: NOW.plus(Lifetime::from_seconds(1)) },
            ..row(Algorithm::ES256)
        };
        for rows in [[older.clone(), younger.clone()], [younger.clone(), older]] {
            assert_eq!(ring(&rows).signing(Algorithm::ES256).unwrap().kid(), younger.kid);
        }
    }

    #[test]
    fn a_replacement_reaches_every_clone_and_no_request_in_flight() {
        let keys = Keys::new(ring(&[row(Algorithm::EdDSA)]));
        let clone = keys.clone();
        let in_flight = keys.current();
        assert!(clone.renew(|| Ok(Some(ring(&[row(Algorithm::EdDSA)])))).unwrap());
        let kid = |ring: &KeyRing| ring.signing(Algorithm::EdDSA).unwrap().kid().to_owned();
        assert_eq!(kid(&keys.current()), kid(&clone.current()));
        assert_ne!(kid(&keys.current()), kid(&in_flight));
    }

    #[test]
    fn a_stranger_with_our_kid_is_refused() {
        let ours = row(Algorithm::EdDSA);
        let mut theirs = row(Algorithm::EdDSA);
        let minted = token(&ring(&[theirs.clone()]), Algorithm::EdDSA);
        assert_eq!(ring(std::slice::from_ref(&ours)).verify(&minted, ACCESS).unwrap_err(), VerifyError::UnknownKey);
        theirs.kid.clone_from(&ours.kid);
        assert!(KeyRing::load(vec![theirs], &sealer()).is_err(), "a kid is the thumbprint of its key");
    }
}
