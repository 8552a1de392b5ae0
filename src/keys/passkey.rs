//! Signatures of passkeys. They are made by devices and differ from those of tokens in one thing: an ECDSA signature is ASN.1
//! (WebAuthn §6.5.5: "the sig value MUST be encoded as an ASN.1 DER Ecdsa-Sig-Value").

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::provider::PublicKey;
use crate::model::PublicJwk;

/// Whether signatures with this key can be checked at all: the point is on its curve, the modulus of a good size.
pub fn usable(key: &PublicJwk) -> bool {
    PublicKey::from_jwk(key).is_ok()
}

/// Whether the signature over the message was made with this key.
pub fn verify(key: &PublicJwk, message: &[u8], signature: &[u8]) -> bool {
    verified(key, message, signature).is_some()
}

fn verified(key: &PublicJwk, message: &[u8], signature: &[u8]) -> Option<()> {
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    match key {
        PublicJwk::EC { x, y, .. } => {
            let point = [[4].as_slice(), &decoded(x)?, &decoded(y)?].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature).ok()
        }
        PublicJwk::OKP { x, .. } => UnparsedPublicKey::new(&ED25519, decoded(x)?).verify(message, signature).ok(),
        PublicJwk::RSA { n, e } => {
            let (n, e) = (decoded(n)?, decoded(e)?);
            RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).ok()
        }
    }
}
