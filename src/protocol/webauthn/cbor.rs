//! CBOR from strangers: of bounded length, depth and count, and nothing of it that a passkey has no use for. RFC 8949.
//!
//! Refused besides what is malformed: items of indefinite length, tags and floating-point numbers, which WebAuthn never uses
//! (the CTAP2 canonical form has none of them), and a map with the same key twice.

/// Longest input that is looked at, in bytes. An attestation object without a statement has a few hundred, most of them the credential
/// id and the key.
pub(super) const LONGEST: usize = 8 * 1_024;
/// Deepest nesting: an attestation object holds a statement, which may hold a list of certificates.
const DEEPEST: usize = 4;
/// Most members of one list or map.
const MOST: u64 = 32;

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    Integer(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    List(Vec<Item<'a>>),
    Map(Vec<(Item<'a>, Item<'a>)>),
    /// true, false, null and their kind.
    Simple(u8),
}

impl<'a> Item<'a> {
    /// What a map has under a name.
    pub(super) fn named(&self, name: &str) -> Option<&Item<'a>> {
        self.under(|key| *key == Item::Text(name))
    }

    /// What a map has under a number.
    pub(super) fn numbered(&self, number: i64) -> Option<&Item<'a>> {
        self.under(|key| *key == Item::Integer(number))
    }

    fn under(&self, is: impl Fn(&Item<'a>) -> bool) -> Option<&Item<'a>> {
        let Self::Map(members) = self else { return None };
        members.iter().find(|(key, _)| is(key)).map(|(_, value)| value)
    }

    pub(super) fn bytes(&self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn integer(&self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }
}

/// The item that the bytes begin with, and what comes after it.
pub(super) fn read(bytes: &[u8]) -> Option<(Item<'_>, &[u8])> {
    if bytes.len() > LONGEST {
        return None;
    }
    let mut rest = bytes;
    let item = item(&mut rest, DEEPEST)?;
    Some((item, rest))
}

/// The item that is all of the bytes.
pub(super) fn whole(bytes: &[u8]) -> Option<Item<'_>> {
    read(bytes).filter(|(_, rest)| rest.is_empty()).map(|(item, _)| item)
}

/// RFC 8949 §3: "The initial byte of each encoded data item contains both information about the major type (the high-order 3 bits) …
/// and additional information (the low-order 5 bits)."
fn item<'a>(rest: &mut &'a [u8], depth: usize) -> Option<Item<'a>> {
    let initial = *take(rest, 1)?.first()?;
    let (major, additional) = (initial >> 5, initial & 31);
    if major == 7 {
        // RFC 8949 §3.3: 20 to 23 are false, true, null and undefined; 25 to 27 are floating-point numbers.
        return (20..24).contains(&additional).then_some(Item::Simple(additional));
    }
    let argument = argument(rest, additional)?;
    match major {
        // RFC 8949 §3.1: "Major type 1: … the value of the item is -1 minus the argument."
        0 => i64::try_from(argument).ok().map(Item::Integer),
        1 => i64::try_from(argument).ok().map(|argument| Item::Integer(-1 - argument)),
        2 => take(rest, argument).map(Item::Bytes),
        3 => std::str::from_utf8(take(rest, argument)?).ok().map(Item::Text),
        4 => {
            let (deeper, mut list) = (within(argument, depth)?, Vec::new());
            for _ in 0..argument {
                list.push(item(rest, deeper)?);
            }
            Some(Item::List(list))
        }
        5 => {
            let (deeper, mut members) = (within(argument, depth)?, Vec::<(Item<'a>, Item<'a>)>::new());
            for _ in 0..argument {
                let key = item(rest, deeper)?;
                // RFC 8949 §5.6: "a decoder … may not accept maps with duplicate keys".
                if members.iter().any(|(known, _)| *known == key) {
                    return None;
                }
                let value = item(rest, deeper)?;
                members.push((key, value));
            }
            Some(Item::Map(members))
        }
        _ => None,
    }
}

/// RFC 8949 §3: below 24 the argument is the additional information itself; 24 to 27 say that it is in the next 1, 2, 4 or 8 bytes. 31,
/// an indefinite length, is refused with the reserved ones.
fn argument(rest: &mut &[u8], additional: u8) -> Option<u64> {
    let length = match additional {
        0..24 => return Some(additional.into()),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return None,
    };
    Some(take(rest, length)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

fn within(count: u64, depth: usize) -> Option<usize> {
    depth.checked_sub(1).filter(|_| count <= MOST)
}

fn take<'a>(rest: &mut &'a [u8], length: u64) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 8949 appendix A.
    #[test]
    fn examples_of_rfc_8949() {
        let integer = |bytes: &[u8]| whole(bytes).and_then(|item| item.integer());
        assert_eq!(integer(&[0x00]), Some(0));
        assert_eq!(integer(&[0x17]), Some(23));
        assert_eq!(integer(&[0x18, 0x18]), Some(24));
        assert_eq!(integer(&[0x19, 0x03, 0xe8]), Some(1_000));
        assert_eq!(integer(&[0x1b, 0, 0, 0, 0xe8, 0xd4, 0xa5, 0x10, 0]), Some(1_000_000_000_000));
        assert_eq!(integer(&[0x20]), Some(-1));
        assert_eq!(integer(&[0x39, 0x03, 0xe7]), Some(-1_000));
        assert_eq!(whole(&[0x44, 1, 2, 3, 4]).unwrap().bytes(), Some([1, 2, 3, 4].as_slice()));
        assert_eq!(whole(&[0x62, 0xc3, 0xbc]).unwrap().text(), None.or(Some("ü")));
        assert_eq!(whole(&[0xf5]), Some(Item::Simple(21)));
        let map = whole(&[0xa2, 0x61, 0x61, 0x01, 0x61, 0x62, 0x82, 0x02, 0x03]).unwrap();
        assert_eq!(map.named("a"), Some(&Item::Integer(1)));
        assert_eq!(map.named("b"), Some(&Item::List(vec![Item::Integer(2), Item::Integer(3)])));
        assert_eq!(map.named("c"), None);
    }

    #[test]
    fn what_no_passkey_needs_is_refused() {
        for (bytes, what) in [
            (&[][..], "nothing"),
            (&[0x18], "an argument that is missing"),
            (&[0x44, 1, 2, 3], "bytes that are missing"),
            (&[0x5f, 0x41, 1, 0xff], "an indefinite length"),
            (&[0xbf, 0xff], "a map of indefinite length"),
            (&[0xc0, 0x00], "a tag"),
            (&[0xf9, 0, 0], "a floating-point number"),
            (&[0xfb, 0, 0, 0, 0, 0, 0, 0, 0], "another"),
            (&[0x62, 0xc3, 0x28], "text that is not UTF-8"),
            (&[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "a number beyond 63 bits"),
            (&[0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "one below"),
            (&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "bytes without end"),
            (&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "a list without end"),
            (&[0xa2, 0x01, 0x01, 0x01, 0x02], "a key twice"),
            (&[0x81, 0x81, 0x81, 0x81, 0x81, 0x00], "too deep"),
            (&[0x00, 0x00], "something behind it"),
        ] {
            assert_eq!(whole(bytes), None, "{what}");
        }
        assert!(whole(&[0x81, 0x81, 0x81, 0x81, 0x00]).is_some(), "as deep as it goes");
        assert_eq!(whole(&vec![0x00; LONGEST + 1]), None, "too long");
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_are_reading_them_ends(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Some((_, rest)) = read(&bytes) {
                prop_assert!(rest.len() < bytes.len());
            }
        }

        #[test]
        fn nesting_and_counts_that_are_claimed_cost_nothing(head in 0x80_u8..0xc0, bytes in proptest::collection::vec(0x80_u8..0xc0, 0..600)) {
            let claimed: Vec<u8> = std::iter::once(head).chain(bytes).collect();
            let _ = whole(&claimed);
        }
    }
}
