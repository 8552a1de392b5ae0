//! Identifiers: 16 bytes, time-ordered, with a prefix that says of what.
//!
//! The bytes are those of a UUID version 7 (RFC 9562 §5.7): 48 bits of milliseconds, then random bits.
//! Rows written together lie together in the file, which doubles the write rate (see docs/benchmarks.md).
//! The text form is the prefix and 26 characters of lower-case Crockford base 32: `cli_01jd2v6k…`.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use super::entropy::Entropy;
use super::fault::Fault;
use super::time::Timestamp;

/// A noun that has ids.
pub trait Named {
    /// Three lower-case letters, for instance `cli`.
    const PREFIX: &'static str;
}

/// The identifier of a `T`.
pub struct Id<T> {
    bytes: [u8; 16],
    of: PhantomData<fn() -> T>,
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// What each byte stands for in the alphabet; 255 for those that are not in it. A row holds several ids, so they are looked
/// up rather than searched for.
const VALUES: [u8; 256] = values();

#[expect(clippy::indexing_slicing, reason = "the compiler runs it, and every byte is less than 256")]
const fn values() -> [u8; 256] {
    let mut values = [u8::MAX; 256];
    let mut digit = 0_u8;
    while digit < 32 {
        values[ALPHABET[digit as usize] as usize] = digit;
        digit += 1;
    }
    values
}

impl<T> Id<T> {
    /// Of its bytes.
    pub const LENGTH: usize = 16;

    /// A new id, later than all ids of earlier milliseconds.
    pub fn new(now: Timestamp, entropy: &Entropy) -> Result<Self, Fault> {
        let mut bytes = entropy.name()?;
        let millis = u64::try_from(now.millis()).unwrap_or(0).to_be_bytes();
        for (to, from) in bytes.iter_mut().zip(millis.iter().skip(2)) {
            *to = *from;
        }
        bytes[6] = 0x70 | (bytes[6] & 0x0f);
        bytes[8] = 0x80 | (bytes[8] & 0x3f);
        Ok(Self::from_bytes(bytes))
    }

    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self { bytes, of: PhantomData }
    }

    pub const fn bytes(&self) -> &[u8; 16] {
        &self.bytes
    }

    /// The same bytes as the id of another noun: a code takes the id of the authorization it answers,
    /// so that one authorization can be answered only once.
    pub const fn of<U>(self) -> Id<U> {
        Id::from_bytes(self.bytes)
    }

    /// When it was made, to the millisecond.
    pub fn made_at(&self) -> Timestamp {
        let [a, b, c, d, e, f, ..] = self.bytes;
        Timestamp::from_millis(i64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }
}

/// Bytes of the text form: the prefix, an underscore, and the digits.
const TEXT: usize = 3 + 1 + 26;

impl<T: Named> Id<T> {
    /// The text form. An entry of the audit log and a token hold half a dozen, so it is made without an allocation.
    fn text(&self) -> [u8; TEXT] {
        let mut value = u128::from_be_bytes(self.bytes);
        let mut text = [b'_'; TEXT];
        let (prefix, digits) = text.split_at_mut(TEXT - 26);
        for digit in digits.iter_mut().rev() {
            *digit = ALPHABET.get((value & 31) as usize).copied().unwrap_or(b'0');
            value >>= 5;
        }
        prefix.iter_mut().zip(T::PREFIX.bytes()).for_each(|(to, from)| *to = from);
        text
    }
}

impl<T: Named> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).map_err(|_| fmt::Error)?)
    }
}

impl<T: Named> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not an id of this noun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of this kind")]
pub struct ParseIdError;

impl<T: Named> FromStr for Id<T> {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let digits = text.strip_prefix(T::PREFIX).and_then(|rest| rest.strip_prefix('_')).ok_or(ParseIdError)?;
        // 26 digits hold 130 bits; the first may only use its low three.
        if digits.len() != 26 || digits.as_bytes().first().is_none_or(|first| *first > b'7') {
            return Err(ParseIdError);
        }
        let mut value: u128 = 0;
        for byte in digits.bytes() {
            let digit = VALUES.get(usize::from(byte)).copied().filter(|digit| *digit < 32).ok_or(ParseIdError)?;
            value = (value << 5) | u128::from(digit);
        }
        Ok(Self::from_bytes(value.to_be_bytes()))
    }
}

impl<T: Named> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.text()).map_err(ser::Error::custom)?)
    }
}

impl<'de, T: Named> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes.cmp(&other.bytes)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing;
    impl Named for Thing {
        const PREFIX: &'static str = "thi";
    }

    #[test]
    fn text_and_bytes_are_the_same_id() {
        let id = Id::<Thing>::new(Timestamp::from_millis(1_763_700_000_123), &Entropy::seeded(1)).unwrap();
        assert_eq!(id.to_string().parse::<Id<Thing>>().unwrap(), id);
        assert_eq!(id.made_at().millis(), 1_763_700_000_123);
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let entropy = Entropy::seeded(2);
        let early = Id::<Thing>::new(Timestamp::from_millis(5), &entropy).unwrap();
        let late = Id::<Thing>::new(Timestamp::from_millis(6), &entropy).unwrap();
        assert!(early < late && early.to_string() < late.to_string());
    }

    #[test]
    fn anything_else_is_no_id() {
        for text in [
            "",
            "thi_",
            "thi_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "thi_0000000000000000000000000",
            "cli_00000000000000000000000000",
            "thi_0000000000000000000000000u",
            "thi_0000000000000000000000000A",
            "thi_00000000000000000000000000 ",
        ] {
            assert!(text.parse::<Id<Thing>>().is_err(), "{text}");
        }
    }
}
