//! The signature under the audit log's head that is kept outside the file.
//!
//! Ed25519, by a key of its own that comes from the master key: whoever can change the file cannot make one, and whoever
//! has the public half can check a head that was sent elsewhere. Not one of the rotating keys: those are forgotten after
//! days, and a head must be checkable for as long as it is kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use crate::base::{Fault, FaultKind};

/// Signs heads, and knows its own signatures.
pub struct HeadSigner(Ed25519KeyPair);

/// Separates these signatures from any other that the key might ever make.
const PURPOSE: &[u8] = b"writ audit head 1\n";

impl HeadSigner {
    pub(super) fn from_seed(seed: &[u8; 32]) -> Result<Self, Fault> {
        Ed25519KeyPair::from_seed_unchecked(seed)
            .map(Self)
            .map_err(|_| Fault::new(FaultKind::Key, "the key that signs audit heads could not be made"))
    }

    /// In base64url.
    pub fn sign(&self, head: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.0.sign(&[PURPOSE, head].concat()))
    }

    pub fn is_ours(&self, head: &[u8], signature: &str) -> bool {
        is_signed(self.0.public_key().as_ref(), head, signature)
    }

    /// The public half in base64url, for whoever keeps heads elsewhere.
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.public_key())
    }
}

/// The same for whoever has the public half only, as [`HeadSigner::public`] gives it.
pub fn is_signed_by(public: &str, head: &[u8], signature: &str) -> bool {
    URL_SAFE_NO_PAD.decode(public).is_ok_and(|public| is_signed(&public, head, signature))
}

fn is_signed(public: &[u8], head: &[u8], signature: &str) -> bool {
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
    UnparsedPublicKey::new(&ED25519, public).verify(&[PURPOSE, head].concat(), &signature).is_ok()
}

impl std::fmt::Debug for HeadSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HeadSigner({})", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_fits_one_head_and_one_key() {
        let (ours, theirs) = (HeadSigner::from_seed(&[1; 32]).unwrap(), HeadSigner::from_seed(&[2; 32]).unwrap());
        let signature = ours.sign(b"head");
        assert!(ours.is_ours(b"head", &signature));
        assert!(!ours.is_ours(b"heae", &signature));
        assert!(!theirs.is_ours(b"head", &signature));
        assert!(!ours.is_ours(b"head", "nonsense"));
        assert!(is_signed_by(&ours.public(), b"head", &signature));
        assert!(!is_signed_by(&theirs.public(), b"head", &signature));
        assert!(!is_signed_by("nonsense", b"head", &signature));
    }
}
