//! The rules alone. Real signatures, and devices that lie, are in `tests/it/stories/passkeys.rs`.

use proptest::prelude::*;

use super::*;
use crate::base::Timestamp;

const CHALLENGE: &str = "Y2hhbGxlbmdl";
const EXPECTED: Expected<'_> = Expected { origin: "https://example.com", rp_id: "example.com", challenge: CHALLENGE };

fn client_data(kind: &str) -> Vec<u8> {
    format!(r#"{{"type":"{kind}","challenge":"{CHALLENGE}","origin":"https://example.com","crossOrigin":false}}"#)
        .into()
}

/// WebAuthn §6.1, with a counter of 7.
fn data(flags: u8, rest: &[u8]) -> Vec<u8> {
    [Digest::of(b"example.com").bytes().as_slice(), &[flags], &[0, 0, 0, 7], rest].concat()
}

/// WebAuthn §6.5.1: an Ed25519 key under the id 1, 2, 3.
fn attested() -> Vec<u8> {
    let head = [0_u8; 16];
    let key = [&[0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20][..], &[9; 32]].concat();
    [&head[..], &[0, 3, 1, 2, 3], &key].concat()
}

fn object(fmt: &[u8], statement: &[u8], data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).unwrap();
    [&[0xa3, 0x63][..], b"fmt", fmt, &[0x67], b"attStmt", statement, &[0x68], b"authData", &[0x58, length], data]
        .concat()
}

const NONE: &[u8] = b"\x64none";
const PACKED: &[u8] = b"\x66packed";
const EMPTY: &[u8] = &[0xa0];

fn made(object: &[u8]) -> Result<NewPasskey, Unfit> {
    register(&EXPECTED, &client_data("webauthn.create"), object, |_| true)
}

fn passkey() -> Passkey {
    Passkey {
        id: Id::from_bytes([1; 16]),
        person: Id::from_bytes([2; 16]),
        name: "Key".to_owned(),
        credential: "AQID".to_owned(),
        key: PublicJwk::OKP { crv: "Ed25519".to_owned(), x: "AA".to_owned() },
        sign_count: 0,
        backed_up: false,
        created_at: Timestamp::default(),
        last_used_at: None,
    }
}

#[test]
fn a_new_passkey_is_read_as_it_was_written() {
    let new = made(&object(NONE, EMPTY, &data(0x45, &attested()))).unwrap();
    assert_eq!((new.credential.as_str(), new.sign_count, new.backed_up), ("AQID", 7, false));
    assert_eq!(new.key, PublicJwk::OKP { crv: "Ed25519".to_owned(), x: URL_SAFE_NO_PAD.encode([9; 32]) });
    // With extensions behind it, and kept in several places.
    let extended = [attested(), b"\xa1\x61x\xf5".to_vec()].concat();
    assert!(made(&object(NONE, EMPTY, &data(0xdd, &extended))).unwrap().backed_up);
}

#[test]
fn what_is_not_read_to_its_end_is_not_read() {
    let whole = data(0x45, &attested());
    for end in 0..whole.len() {
        assert!(AuthenticatorData::read(&whole[..end]).is_none(), "{end}");
    }
    for (flags, rest, what) in [
        (0x05, vec![0], "something behind it"),
        (0x45, [attested(), vec![0xa0]].concat(), "extensions that no flag announces"),
        (0xc5, attested(), "extensions that are missing"),
        (0xc5, [attested(), vec![0x80]].concat(), "extensions that are no map"),
    ] {
        assert!(AuthenticatorData::read(&data(flags, &rest)).is_none(), "{what}");
    }
}

#[test]
fn only_keys_of_three_kinds_are_taken() {
    let with = |cose: &[u8]| {
        let head = [&[0; 16][..], &[0, 1, 1]].concat();
        made(&object(NONE, EMPTY, &data(0x45, &[head, cose.to_vec()].concat())))
    };
    let x = [&[0x58, 0x20][..], &[9; 32]].concat();
    let ed = |kty: u8, alg: &[u8], crv: u8| [&[0xa4, 0x01, kty, 0x03], alg, &[0x20, crv, 0x21], x.as_slice()].concat();
    assert!(with(&ed(1, &[0x27], 6)).is_ok());
    for (cose, what) in [
        (ed(1, &[0x26], 6), "ES256 on Ed25519"),
        (ed(2, &[0x26], 1), "a point with one coordinate"),
        (ed(1, &[0x27], 7), "Ed448"),
        (ed(1, &[0x38, 0x22], 6), "ES384"),
        (ed(4, &[0x05], 6), "a secret"),
        (vec![0xa0], "nothing"),
        (vec![0x00], "no map"),
    ] {
        assert_eq!(with(&cose), Err(Unfit::AuthenticatorData), "{what}");
    }
    let unusable =
        register(&EXPECTED, &client_data("webauthn.create"), &object(NONE, EMPTY, &data(0x45, &attested())), |_| false);
    assert_eq!(unusable, Err(Unfit::Key));
}

/// WebAuthn §8.7 and §8.2: nobody is asked for an attestation, and what names a maker is refused.
#[test]
fn an_attestation_is_none() {
    let data = data(0x45, &attested());
    assert!(made(&object(NONE, EMPTY, &data)).is_ok());
    // What an authenticator says of itself: {"alg": -7, "sig": h'01'}.
    assert!(made(&object(PACKED, b"\xa2\x63alg\x26\x63sig\x41\x01", &data)).is_ok());
    for (fmt, statement) in [
        (NONE, &b"\xa1\x63alg\x26"[..]),
        (PACKED, b"\xa1\x63x5c\x80"),
        (PACKED, b"\x80"),
        (b"\x63tpm", EMPTY),
        (b"\x60", EMPTY),
        (b"\x00", EMPTY),
    ] {
        assert_eq!(made(&object(fmt, statement, &data)), Err(Unfit::Attestation), "{fmt:?} {statement:?}");
    }
}

#[test]
fn the_two_ceremonies_are_not_mixed_up() {
    let object = object(NONE, EMPTY, &data(0x45, &attested()));
    let created = register(&EXPECTED, &client_data("webauthn.get"), &object, |_| true);
    assert_eq!(created, Err(Unfit::Ceremony));
    let assertion = |client_data, user_handle| {
        let authenticator_data = data(5, &[]);
        let assertion =
            Assertion { client_data, authenticator_data: &authenticator_data, signature: b"s", user_handle };
        authenticate(&EXPECTED, &passkey(), &assertion, |_, message, signature| {
            signature == b"s" && message.len() == 37 + 32
        })
    };
    let (get, create) = (client_data("webauthn.get"), client_data("webauthn.create"));
    assert_eq!(assertion(&get, &[2; 16]), Ok(Authenticated { sign_count: 7, backed_up: false }));
    assert_eq!(assertion(&create, &[2; 16]), Err(Unfit::Ceremony));
    assert_eq!(assertion(&get, &[3; 16]), Err(Unfit::OtherPerson));
    assert_eq!(assertion(&get, &[]), Err(Unfit::OtherPerson));
}

/// A browser may begin with a byte order mark, and may say more than we know; nothing may be said twice.
#[test]
fn client_data_is_json_and_says_everything_once() {
    let judge = |json: &[u8]| client_data::judge(json, Ceremony::Get, &EXPECTED);
    let good = format!(
        r#"{{"type":"webauthn.get","challenge":"{CHALLENGE}","origin":"https://example.com","other_keys_can_be_added_here":"x"}}"#
    );
    assert_eq!(judge(good.as_bytes()), Ok(()));
    assert_eq!(judge(&[b"\xef\xbb\xbf", good.as_bytes()].concat()), Ok(()));
    let twice = good.replace("{\"type", "{\"origin\":\"https://evil.test\",\"type");
    for bad in [&b""[..], b"null", b"[]", b"{}", twice.as_bytes(), &vec![b' '; 5_000]] {
        assert!(judge(bad).is_err(), "{}", String::from_utf8_lossy(bad));
    }
    for (from, to, why) in [
        (CHALLENGE, "Y2hhbGxlbmdm", Unfit::Challenge),
        ("https://example.com", "https://badexample.com", Unfit::Origin),
        ("\"x\"", "\"x\",\"crossOrigin\":true", Unfit::Framed),
        ("\"x\"", "\"x\",\"crossOrigin\":null", Unfit::Framed),
    ] {
        assert_eq!(judge(good.replace(from, to).as_bytes()), Err(why));
    }
}

#[test]
fn a_counter_moves_on_or_never_counts() {
    for (stored, shown, good) in
        [(0, 0, true), (0, 1, true), (5, 6, true), (5, 5, false), (5, 4, false), (5, 0, false), (u32::MAX, 0, false)]
    {
        assert_eq!(counts_on(stored, shown), good, "{stored} {shown}");
    }
}

#[test]
fn a_name_that_browsers_know_passkeys_for() {
    for (origin, name) in [
        ("https://auth.example.com", Some("auth.example.com")),
        ("https://auth.example.com:8443", Some("auth.example.com")),
        ("http://localhost:9000", Some("localhost")),
        ("http://auth.example.com", None),
        ("http://127.0.0.1:9000", None),
        ("https://192.0.2.1", None),
        ("https://[2001:db8::1]", None),
        ("", None),
    ] {
        assert_eq!(relying_party(origin).as_deref(), name, "{origin}");
    }
}

proptest! {
    /// Whatever comes, the answer is one of ours.
    #[test]
    fn bytes_from_strangers_end_in_a_refusal(
        client in proptest::collection::vec(any::<u8>(), 0..300),
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let create = client_data("webauthn.create");
        prop_assert!(register(&EXPECTED, &client, &bytes, |_| true).is_err());
        prop_assert!(register(&EXPECTED, &create, &bytes, |_| true).is_err());
        let assertion =
            Assertion { client_data: &client, authenticator_data: &bytes, signature: &bytes, user_handle: &[2; 16] };
        prop_assert!(authenticate(&EXPECTED, &passkey(), &assertion, |_, _, _| true).is_err());
    }

    /// A good one with a few bytes changed is read to its end or not at all, and never by surprise.
    #[test]
    fn a_damaged_passkey_is_read_or_refused(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut object = object(NONE, EMPTY, &data(0x45, &attested()));
        for (at, byte) in changes {
            let at = at.index(object.len());
            object[at] = byte;
        }
        let _ = made(&object);
    }
}
