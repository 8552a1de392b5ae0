//! Keys as bytes, in an order that is the order of the values.
//!
//! Every encoding ends where it says it ends, so that keys can be laid one behind the other (tuples, index rows)
//! and no two different sequences have the same bytes. The encodings are part of the file format.

use crate::base::{Digest, Id, Timestamp};
use crate::model::ClientId;

/// A value that can be looked up. For all `a` and `b`: `a < b` exactly when the bytes of `a` are less than those of `b`.
pub trait Key {
    /// Appends the key's bytes.
    fn encode(&self, out: &mut Vec<u8>);

    /// The key's bytes alone.
    fn encoded(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(32);
        self.encode(&mut out);
        out
    }
}

/// A key that can be read back: the key of a table.
pub trait RowKey: Key + Clone {
    /// Takes one key off the front of `bytes`; `None` if there is none.
    fn decode(bytes: &mut &[u8]) -> Option<Self>;

    /// The key that is all of `bytes`.
    fn decoded(mut bytes: &[u8]) -> Option<Self> {
        Self::decode(&mut bytes).filter(|_| bytes.is_empty())
    }
}

impl<T> Key for Id<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.bytes());
    }
}

impl<T> RowKey for Id<T> {
    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        array(bytes).map(Self::from_bytes)
    }
}

impl Key for Digest {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.bytes());
    }
}

impl RowKey for Digest {
    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        array(bytes).map(Self::from_bytes)
    }
}

impl Key for u64 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }
}

impl RowKey for u64 {
    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        array(bytes).map(Self::from_be_bytes)
    }
}

impl Key for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

/// The sign turned over, so that what is before 1970 comes before what is after.
impl Key for Timestamp {
    fn encode(&self, out: &mut Vec<u8>) {
        (self.millis().cast_unsigned() ^ SIGN).encode(out);
    }
}

impl RowKey for Timestamp {
    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        u64::decode(bytes).map(|flipped| Self::from_millis((flipped ^ SIGN).cast_signed()))
    }
}

const SIGN: u64 = 1 << 63;

/// How many bytes close a text.
pub(super) const END_OF_TEXT: usize = 2;

/// Its UTF-8, closed by 00 01; a zero byte inside is written 00 FF, which sorts above the end and below the rest.
impl Key for str {
    fn encode(&self, out: &mut Vec<u8>) {
        for byte in self.bytes() {
            out.push(byte);
            if byte == 0 {
                out.push(0xFF);
            }
        }
        out.extend_from_slice(&[0, 1]);
    }
}

impl Key for String {
    fn encode(&self, out: &mut Vec<u8>) {
        self.as_str().encode(out);
    }
}

impl RowKey for String {
    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let mut text = Vec::new();
        loop {
            let (byte, rest) = bytes.split_first()?;
            *bytes = rest;
            if *byte == 0 {
                let (mark, rest) = bytes.split_first()?;
                *bytes = rest;
                match mark {
                    1 => return Self::from_utf8(text).ok(),
                    0xFF => {}
                    _ => return None,
                }
            }
            text.push(*byte);
        }
    }
}

/// One byte for the kind, so that registered clients and machines lie in the order they were made.
impl Key for ClientId {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Registered(id) => {
                out.push(1);
                id.encode(out);
            }
            Self::Machine(id) => {
                out.push(2);
                id.encode(out);
            }
            Self::Document(url) => {
                out.push(3);
                url.encode(out);
            }
        }
    }
}

impl RowKey for ClientId {
    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let [kind] = array(bytes)?;
        match kind {
            1 => Id::decode(bytes).map(Self::Registered),
            2 => Id::decode(bytes).map(Self::Machine),
            3 => String::decode(bytes).map(Self::Document),
            _ => None,
        }
    }
}

/// The only row of its table.
impl Key for () {
    fn encode(&self, _out: &mut Vec<u8>) {}
}

impl RowKey for () {
    fn decode(_bytes: &mut &[u8]) -> Option<Self> {
        Some(())
    }
}

impl<A: Key, B: Key> Key for (A, B) {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
        self.1.encode(out);
    }
}

impl<A: RowKey, B: RowKey> RowKey for (A, B) {
    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        Some((A::decode(bytes)?, B::decode(bytes)?))
    }
}

impl<A: Key, B: Key, C: Key> Key for (A, B, C) {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
        self.1.encode(out);
        self.2.encode(out);
    }
}

impl<A: RowKey, B: RowKey, C: RowKey> RowKey for (A, B, C) {
    fn decode(bytes: &mut &[u8]) -> Option<Self> {
        Some((A::decode(bytes)?, B::decode(bytes)?, C::decode(bytes)?))
    }
}

impl<K: Key + ?Sized> Key for &K {
    fn encode(&self, out: &mut Vec<u8>) {
        K::encode(self, out);
    }
}

fn array<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (array, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*array)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keeps_order<K: RowKey + Ord + std::fmt::Debug>(a: &K, b: &K) {
        assert_eq!(a.cmp(b), a.encoded().cmp(&b.encoded()), "{a:?} {b:?}");
        assert_eq!(K::decoded(&a.encoded()).as_ref(), Some(a));
    }

    /// Short strings over few letters, so that prefixes and zero bytes are common.
    fn text() -> impl Strategy<Value = String> {
        proptest::collection::vec(
            prop_oneof![Just('\0'), Just('\u{1}'), Just('a'), Just('\u{FF}'), any::<char>()],
            0..4,
        )
        .prop_map(|letters| letters.into_iter().collect())
    }

    proptest! {
        #[test]
        fn bytes_sort_as_the_values_do(
            a in (text(), any::<u64>(), text()),
            b in (text(), any::<u64>(), text()),
            c in any::<[u8; 16]>(),
            d in any::<[u8; 16]>(),
            e in any::<i64>(),
            f in any::<i64>(),
        ) {
            keeps_order(&a, &b);
            keeps_order(&(a.0.clone(), a.1), &(b.0.clone(), b.1));
            keeps_order(&(a.1, a.0.clone()), &(b.1, b.0.clone()));
            keeps_order(&(a.0, a.2), &(b.0, b.2));
            prop_assert_eq!(Id::<u8>::from_bytes(c).cmp(&Id::from_bytes(d)), Id::<u8>::from_bytes(c).encoded().cmp(&Id::<u8>::from_bytes(d).encoded()));
            keeps_order(&Timestamp::from_millis(e), &Timestamp::from_millis(f));
        }

        #[test]
        fn anything_can_be_offered_as_a_key(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Some(key) = <(String, u64)>::decoded(&bytes) {
                prop_assert_eq!(key.encoded(), bytes);
            }
        }
    }
}
