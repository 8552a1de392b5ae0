//! The codes that a program shows. RFC 6238 §4, RFC 4226 §5.3.

use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};

/// A million codes: six digits.
const MODULUS: u32 = 1_000_000;

/// Of some steps, the one whose code this is. All of them are looked at, however soon one fits.
pub fn step_of(secret: &[u8], code: u32, steps: [u64; 3]) -> Option<u64> {
    let mut found = 0;
    for step in steps {
        found.conditional_assign(&step, at(secret, step).ct_eq(&code));
    }
    (found != 0).then_some(found)
}

/// RFC 6238 §4.2: "TOTP = HOTP(K, T)". SHA-1, which is what the programs have that people have; HMAC does not ask of it what was broken.
pub fn at(secret: &[u8], step: u64) -> u32 {
    let mac = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret), &step.to_be_bytes());
    let mac = mac.as_ref();
    // RFC 4226 §5.4: "the offset … is the low-order 4 bits of String[19]", "mask the most significant bit".
    let offset = usize::from(mac.last().copied().unwrap_or_default() & 0xf);
    let part = mac.get(offset..).and_then(|rest| rest.first_chunk::<4>()).copied().unwrap_or_default();
    (u32::from_be_bytes(part) & 0x7fff_ffff) % MODULUS
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    /// RFC 6238 appendix B, the last six of its eight digits.
    #[test]
    fn codes_of_rfc_6238() {
        for (seconds, code) in [
            (59_u64, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ] {
            assert_eq!(at(SECRET, seconds / 30), code, "{seconds}");
        }
    }

    #[test]
    fn a_code_belongs_to_one_of_the_steps() {
        assert_eq!(step_of(SECRET, 287_082, [1, 0, 2]), Some(1));
        assert_eq!(step_of(SECRET, 287_082, [2, 1, 3]), Some(1));
        assert_eq!(step_of(SECRET, 287_082, [3, 2, 4]), None);
    }
}
