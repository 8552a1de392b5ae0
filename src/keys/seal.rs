//! Sealing: AES-256-GCM under a key derived from the master key.
//!
//! Each seal draws 28 random bytes: 16 make the key of this one message (HMAC-SHA-256 over the sealer's key),
//! 12 are its nonce. A sealer may therefore seal without counting: with a random nonce alone, a busy sign-in
//! page could come near the 2³² messages that NIST SP 800-38D §8.3 allows one key.
//!
//! The associated data says what the bytes are and whose; a sealed value opens in that place and no other.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::base::{Entropy, Fault, FaultKind, MacKey};
use crate::model::Sealed;

/// Seals and opens under one key. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sealer {
    keys: MacKey,
    /// Tells which key sealed a value, so that the wrong master key is called by its name. Not secret.
    id: String,
}

/// The longest text that [`Sealer::open_text`] will look at, in bytes.
pub const LONGEST_TICKET: usize = 16 * 1_024;

const SALT: usize = 16;
const NONCE: usize = 12;

impl Sealer {
    pub fn new(key: &[u8; 32]) -> Self {
        let keys = MacKey::new(key);
        let id = keys.mac(&[b"id"]).short();
        Self { keys, id }
    }

    /// Seals `plain` for a row: `v1.<which key>.<base64url>`.
    pub fn seal(&self, plain: &[u8], associated: &[u8], entropy: &Entropy) -> Result<Sealed, Fault> {
        let body = self.lock(plain, associated, entropy)?;
        Ok(Sealed::from_text(format!("v1.{}.{}", self.id, URL_SAFE_NO_PAD.encode(body))))
    }

    /// Opens what [`Sealer::seal`] made for the same place.
    ///
    /// # Errors
    /// A fault, for a row of ours that does not open is damage or the wrong master key, never a caller's mistake.
    pub fn open(&self, sealed: &Sealed, associated: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let broken =
            || Fault::new(FaultKind::Key, "a sealed value does not open: it was changed, or belongs elsewhere");
        let (version, rest) = sealed.as_str().split_once('.').ok_or_else(broken)?;
        let (id, body) = rest.split_once('.').ok_or_else(broken)?;
        if version != "v1" {
            return Err(Fault::new(FaultKind::Key, "a sealed value was made by a newer version of Writ"));
        }
        if id != self.id {
            return Err(Fault::new(
                FaultKind::Key,
                "a sealed value was made under another master key: the file master.key (or the setting) is not the one this store was made with",
            ));
        }
        let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| broken())?;
        self.unlock(body, associated).ok_or_else(broken)
    }

    /// Whether this sealer made it, as far as it says.
    pub fn made(&self, sealed: &Sealed) -> bool {
        sealed.as_str().strip_prefix("v1.").and_then(|rest| rest.split_once('.')).is_some_and(|(id, _)| id == self.id)
    }

    /// Seals `plain` for a stranger to carry and bring back: base64url, fit for a URL or a hidden field.
    pub fn seal_text(&self, plain: &[u8], associated: &[u8], entropy: &Entropy) -> Result<String, Fault> {
        self.lock(plain, associated, entropy).map(|body| URL_SAFE_NO_PAD.encode(body))
    }

    /// Opens what a stranger brought. `None` for anything that [`Sealer::seal_text`] did not make for this place.
    pub fn open_text(&self, text: &str, associated: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        if text.len() > LONGEST_TICKET {
            return None;
        }
        self.unlock(URL_SAFE_NO_PAD.decode(text).ok()?, associated)
    }

    fn lock(&self, plain: &[u8], associated: &[u8], entropy: &Entropy) -> Result<Vec<u8>, Fault> {
        let salt = entropy.bytes::<SALT>()?;
        let nonce = entropy.bytes::<NONCE>()?;
        let key = self.key(&salt).ok_or_else(unusable)?;
        let mut text = Zeroizing::new(plain.to_vec());
        let tag = key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(associated), &mut text)
            .map_err(|_| unusable())?;
        Ok([salt.as_slice(), &nonce, &text, tag.as_ref()].concat())
    }

    fn unlock(&self, body: Vec<u8>, associated: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut body = Zeroizing::new(body);
        let (salt, rest) = body.split_first_chunk_mut::<SALT>()?;
        let (nonce, text) = rest.split_first_chunk_mut::<NONCE>()?;
        let key = self.key(salt)?;
        let plain = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(associated), text).ok()?;
        Some(Zeroizing::new(plain.to_vec()))
    }

    fn key(&self, salt: &[u8; SALT]) -> Option<LessSafeKey> {
        let key = Zeroizing::new(*self.keys.mac(&[b"key", salt]).bytes());
        UnboundKey::new(&AES_256_GCM, key.as_slice()).ok().map(LessSafeKey::new)
    }
}

fn unusable() -> Fault {
    Fault::new(FaultKind::Key, "a value could not be sealed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer() -> Sealer {
        Sealer::new(&[9; 32])
    }

    #[test]
    fn what_is_sealed_opens_in_its_place() {
        let entropy = Entropy::seeded(1);
        for plain in [&b""[..], b"x", &[7; 5_000]] {
            let sealed = sealer().seal(plain, b"row 1", &entropy).unwrap();
            assert_eq!(sealer().open(&sealed, b"row 1").unwrap().as_slice(), plain);
            assert_eq!(sealer().open(&sealed, b"row 2").unwrap_err().kind(), FaultKind::Key, "moved to another row");
        }
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let text = sealer().seal_text(b"a ticket", b"sign-in", &Entropy::seeded(1)).unwrap();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert!(sealer().open_text(std::str::from_utf8(&bytes).unwrap(), b"sign-in").is_none(), "{at}");
        }
        for cut in 0..text.len() {
            assert!(sealer().open_text(&text[..cut], b"sign-in").is_none(), "{cut}");
        }
        assert_eq!(sealer().open_text(&text, b"sign-in").unwrap().as_slice(), b"a ticket");
        assert!(sealer().open_text(&text, b"consent").is_none(), "for another page");
    }

    #[test]
    fn the_same_bytes_never_look_the_same() {
        let entropy = Entropy::os();
        let sealed: std::collections::HashSet<_> =
            (0..100).map(|_| sealer().seal_text(b"same", b"", &entropy).unwrap()).collect();
        assert_eq!(sealed.len(), 100);
    }

    #[test]
    fn the_wrong_master_key_is_called_by_its_name() {
        let sealed = sealer().seal(b"x", b"", &Entropy::seeded(1)).unwrap();
        let fault = Sealer::new(&[8; 32]).open(&sealed, b"").unwrap_err();
        assert!(fault.to_string().contains("another master key"), "{fault}");
        for text in ["", "v1", "v1.", "v2.x.y", "v1.x.y.z", "v1..."] {
            assert!(sealer().open(&Sealed::from_text(text), b"").is_err(), "{text}");
        }
    }

    #[test]
    fn a_long_text_is_not_even_decoded() {
        assert!(sealer().open_text(&"A".repeat(LONGEST_TICKET + 1), b"").is_none());
    }
}
