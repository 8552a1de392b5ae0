//! Proofs of possession: looked at outside, and spent inside the transaction in which they buy something. RFC 9449.

use super::ticket;
use crate::app::App;
use crate::base::{Digest, Fault, Timestamp};
use crate::keys::{VerifyError, verify_proof};
use crate::protocol::dpop::{Nonces, Proof, ProofClaims, Required, Target, accept, has_nonce};
use crate::protocol::refusal::Refusal;
use crate::store::Tx;
use crate::store::tables::PROOFS;

/// Everything about a proof but whether it is used for the first time. RFC 9449 §4.3.
pub fn check(app: &App, now: Timestamp, jwt: &str, target: &Target<'_>) -> Result<Proof, Refusal> {
    let accepted = verify_proof(jwt).map_err(|error| Refusal::DpopProofInvalid(in_words(error))).and_then(|signed| {
        accept(&ProofClaims { claims: signed.claims, jkt: signed.jkt }, target, &nonces(app, now), now)
    });
    accepted.inspect_err(|refusal| {
        // To be asked for a nonce is no fault of the asker's.
        if *refusal != Refusal::DpopNonceNeeded {
            app.tally.count("DPoP proof refused");
        }
    })
}

/// The nonce that goes with the answer to a proof, if one does: where every proof must have one, and to whoever sends one already and
/// would be left with an old one. RFC 9449 §8.2.
///
/// To nobody else. §8: a client that was given a nonce uses it from then on, and one that is too old is refused; that is worth a
/// second request only to who asked for it.
pub fn nonce(app: &App, now: Timestamp, proof: &str) -> Option<String> {
    (app.settings.now().dpop.require_nonce || has_nonce(proof)).then(|| nonces(app, now).newest().to_owned())
}

fn nonces(app: &App, now: Timestamp) -> Nonces {
    let required = if app.settings.now().dpop.require_nonce { Required::Yes } else { Required::No };
    Nonces::at(now, &app.dpop_nonce, required)
}

/// The key that whoever asks has shown to have, if any: what they are given is bound to it. There is one only where its proof was
/// spent, in the transaction that gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sender(Option<Digest>);

impl Sender {
    /// The thumbprint of the key.
    pub(crate) fn jkt(self) -> Option<Digest> {
        self.0
    }
}

/// Takes a proof in, once: of many at the same time, one is the first (attack case 28). RFC 9449 §11.1. Comes first in a
/// transaction, so that what it refuses has changed nothing.
pub(crate) fn spend(tx: &mut Tx<'_>, proof: Option<&Proof>) -> Result<Result<Sender, Refusal>, Fault> {
    let Some(proof) = proof else { return Ok(Ok(Sender(None))) };
    if !ticket::spend(tx, &PROOFS, proof.replay_key())? {
        return Ok(Err(Refusal::DpopProofReplayed));
    }
    Ok(Ok(Sender(Some(proof.jkt()))))
}

fn in_words(error: VerifyError) -> &'static str {
    match error {
        VerifyError::TooLong => "it is longer than 8 KiB",
        VerifyError::Algorithm => "its alg is not one of dpop_signing_alg_values_supported",
        VerifyError::Type => "its typ is not dpop+jwt",
        VerifyError::NoKey => "its header has no public jwk that is good for its alg",
        VerifyError::PrivateKey => "its header shows a private or symmetric key; that key is not secret any more",
        VerifyError::Critical | VerifyError::EmbeddedKey => "its header has members that are not accepted here",
        VerifyError::UnknownKey | VerifyError::Signature => "its signature was not made with the key in its header",
        VerifyError::Malformed | VerifyError::Claims => "it is not a JWT with a JSON object for claims",
    }
}
