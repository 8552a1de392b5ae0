//! Codes by time, and codes on paper. RFC 6238, RFC 4226.

use crate::base::{Digest, Timestamp};
use crate::model::SecondFactor;

/// RFC 6238 §5.2: "We RECOMMEND a default time-step size of 30 seconds."
pub const STEP: u64 = 30;
/// RFC 4226 §5.3: "Implementations MUST extract a 6-digit code at a minimum".
pub const DIGITS: u32 = 6;
/// RFC 4226 §4, R6: "This document RECOMMENDs a shared secret length of 160 bits."
pub const SECRET: usize = 20;
/// How many recovery codes somebody is given.
pub const RECOVERY: usize = 10;

/// The steps whose codes are taken at a time. RFC 6238 §5.2: "we RECOMMEND that at most one time step is allowed as the network
/// delay"; §6 allows as many for a clock that has drifted.
pub fn steps(now: Timestamp) -> [u64; 3] {
    let step = u64::try_from(now.seconds()).unwrap_or_default() / STEP;
    [step, step.saturating_sub(1), step.saturating_add(1)]
}

/// A code as it is typed, of as many digits as RFC 4226 §5.3 asks for: with spaces, if somebody likes.
pub fn code(text: &str) -> Option<u32> {
    let digits: String = bounded(text).chars().filter(|c| !c.is_whitespace()).collect();
    let six = digits.len() == DIGITS as usize && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| six)
}

/// A recovery code as it is kept: 16 letters of RFC 4648 §6, in either case, whatever
/// stands between them.
pub fn recovery(text: &str) -> Option<Digest> {
    let letters = bounded(text).chars().filter(|c| !c.is_whitespace() && *c != '-');
    let letters: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    let fits = letters.len() == RECOVERY_LETTERS && letters.bytes().all(|b| ALPHABET.contains(&b));
    fits.then(|| Digest::of(letters.as_bytes()))
}

/// RFC 4648 §6, in lower case.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Eighty bits: nobody guesses one, and nobody finds one by its digest.
const RECOVERY_LETTERS: usize = 16;

/// Bytes of chance as a recovery code, in the letters of RFC 4648 §6: `abcd-efgh-ijkl-mnop`.
pub fn recovery_code(chance: &[u8; 10]) -> String {
    let letters = base32(chance).to_ascii_lowercase();
    let mut code = String::with_capacity(19);
    for (at, letter) in letters.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            code.push('-');
        }
        code.push(letter);
    }
    code
}

/// RFC 4648 §6, without padding, as programs that show codes want it.
pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8 | u32::from(*byte)) & 0xfff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(held >> bits & 31));
        }
    }
    if bits > 0 {
        text.push(letter(held << (5 - bits) & 31));
    }
    text
}

fn letter(value: u32) -> char {
    let found = ALPHABET.get(usize::try_from(value).unwrap_or_default());
    char::from(found.copied().unwrap_or_default()).to_ascii_uppercase()
}

/// The row after a code was taken, or nothing if it is not. `step` is the one whose code was typed, `recovery` what a recovery code was
/// made of.
///
/// RFC 6238 §5.2: "The verifier MUST NOT accept the second attempt of the OTP after the successful validation has been issued for the
/// first OTP, which ensures one-time only use of an OTP." An older one would be a code that somebody looked at and kept.
pub fn take(factor: &SecondFactor, step: Option<u64>, recovery: Option<Digest>) -> Option<SecondFactor> {
    if let Some(step) = step.filter(|step| *step > factor.last_step) {
        return Some(SecondFactor { last_step: step, ..factor.clone() });
    }
    let used = recovery.filter(|used| factor.recovery.contains(used))?;
    let left = factor.recovery.iter().filter(|code| **code != used).copied().collect();
    Some(SecondFactor { recovery: left, ..factor.clone() })
}

fn bounded(text: &str) -> &str {
    if text.len() <= 64 { text } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Id;
    use crate::model::Sealed;

    fn factor(last_step: u64, codes: &[&str]) -> SecondFactor {
        SecondFactor {
            person: Id::from_bytes([1; 16]),
            secret: Sealed::from_text("v1"),
            last_step,
            recovery: codes.iter().map(|code| recovery(code).unwrap()).collect(),
            added_at: Timestamp::default(),
        }
    }

    const FIRST: &str = "aaaa-bbbb-cccc-dddd";
    const SECOND: &str = "eeee-ffff-gggg-2345";

    #[test]
    fn a_code_is_taken_once_and_an_older_one_never() {
        let before = factor(10, &[]);
        assert_eq!(take(&before, Some(10), None), None);
        assert_eq!(take(&before, Some(9), None), None);
        let after = take(&before, Some(11), None).unwrap();
        assert_eq!(after.last_step, 11);
        assert_eq!(take(&after, Some(11), None), None);
    }

    #[test]
    fn a_recovery_code_is_taken_once_and_leaves_the_others() {
        let before = factor(10, &[FIRST, SECOND]);
        let after = take(&before, None, recovery("AAAA BBBB CCCC DDDD")).unwrap();
        assert_eq!(after, factor(10, &[SECOND]));
        assert_eq!(take(&after, None, recovery(FIRST)), None);
        assert_eq!(take(&after, None, None), None);
    }

    #[test]
    fn what_is_typed_is_read_with_patience_and_no_further() {
        assert_eq!(code(" 123 456 "), Some(123_456));
        assert_eq!(code("000001"), Some(1));
        for bad in ["", "12345", "1234567", "12345x", "１２３４５６", "-12345", &"1".repeat(10_000)] {
            assert_eq!(code(bad), None, "{bad}");
        }
        for bad in ["", "aaaa-bbbb-cccc-ddd", "aaaa-bbbb-cccc-ddd1", "aaaa-bbbb-cccc-dddd-e", &"a".repeat(10_000)] {
            assert_eq!(recovery(bad), None, "{bad}");
        }
    }

    #[test]
    fn three_steps_are_taken() {
        assert_eq!(steps(Timestamp::from_seconds(59)), [1, 0, 2]);
        assert_eq!(steps(Timestamp::from_seconds(0)), [0, 0, 1]);
    }

    #[test]
    fn base32_of_rfc_4648_section_10() {
        let vectors = ["", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"];
        for (length, expected) in vectors.into_iter().enumerate() {
            assert_eq!(base32(b"foobar".get(..length).unwrap()), expected);
        }
        assert_eq!(recovery_code(&[0; 10]), "aaaa-aaaa-aaaa-aaaa");
        assert!(recovery(&recovery_code(&[0xff; 10])).is_some());
    }
}
