//! How fast the machine is, and how fast it is just now: signatures take a share of every grant.

use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, ParsedPublicKey,
};

/// What it took on the machine where the targets were set: figures are also given as they would be there.
pub(crate) const REFERENCE: f64 = 11.2;

/// So few that the scheduler seldom comes between them.
const SIGNATURES: u32 = 16;

/// Microseconds for an ES256 signature: at best, and in the middle of a second's looks. Far apart, somebody else is
/// computing here.
pub(crate) fn signature() -> (f64, f64) {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let looks = timed(|| {
        std::hint::black_box(key.sign(&SystemRandom::new(), MESSAGE).unwrap());
    });
    (looks.iter().copied().fold(f64::MAX, f64::min), crate::median(&looks))
}

/// Microseconds to verify one, at best: what whoever is shown a workload's token must spend on it.
pub(crate) fn verification() -> f64 {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let signature = pair.sign(&SystemRandom::new(), MESSAGE).unwrap();
    let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref()).unwrap();
    let looks = timed(|| key.verify_sig(MESSAGE, signature.as_ref()).unwrap());
    looks.into_iter().fold(f64::MAX, f64::min)
}

const MESSAGE: &[u8] = b"how fast is it?";

/// Microseconds for one of what is done, over and over for a second.
fn timed(mut work: impl FnMut()) -> Vec<f64> {
    let (began, mut looks) = (Instant::now(), Vec::new());
    while began.elapsed() < Duration::from_secs(1) {
        let look = Instant::now();
        (0..SIGNATURES).for_each(|_| work());
        looks.push(look.elapsed().as_secs_f64() * 1e6 / f64::from(SIGNATURES));
    }
    looks
}
