//! Token Status List: what says of a signed token that it was ended before its time. draft-ietf-oauth-status-list-21.
//!
//! An access token names a list and its place in it; the list is one bit for each token, compressed and signed. Writ makes such
//! lists with [`encode`] and [`StatusListClaims`]; whoever has verified the signature of one reads it with [`read`].

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::{Lifetime, Timestamp};

/// The `typ` of a list. draft-ietf-oauth-status-list §5.1: "The JWT type MUST be statuslist+jwt".
pub const STATUS_LIST_TYPE: &str = "statuslist+jwt";
/// What a list is served as. draft-ietf-oauth-status-list §8.2.
pub const STATUS_LIST_MEDIA_TYPE: &str = "application/statuslist+jwt";

/// The `status` claim of a token. draft-ietf-oauth-status-list §6.1, §6.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusClaim {
    pub status_list: StatusReference,
}

/// draft-ietf-oauth-status-list §6.2: "It MUST at least contain the following claims".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReference {
    pub idx: u64,
    pub uri: String,
}

/// The claims of a list. draft-ietf-oauth-status-list §5.1.
#[derive(Clone, Debug, Serialize)]
pub struct StatusListClaims {
    /// Not asked for, and what libraries look for in any token of ours.
    pub iss: String,
    /// "The value MUST be equal to that of the uri claim contained in the status_list claim of the Referenced Token."
    pub sub: String,
    pub iat: i64,
    pub exp: i64,
    /// "the maximum amount of time, in seconds, that the Status List Token can be cached by a consumer before a fresh copy
    /// SHOULD be retrieved".
    pub ttl: u64,
    pub status_list: StatusListObject,
}

/// draft-ietf-oauth-status-list §4.2.
#[derive(Clone, Debug, Serialize)]
pub struct StatusListObject {
    pub bits: u8,
    pub lst: String,
    pub aggregation_uri: String,
}

/// The document that names every list. draft-ietf-oauth-status-list §9.3.
#[derive(Clone, Debug, Serialize)]
pub struct StatusListAggregation {
    pub status_lists: Vec<String>,
}

/// How hard `lst` is compressed. §4.1: "Implementations are RECOMMENDED to use the highest compression level available". With
/// one token in a hundred revoked the highest makes it a tenth smaller and takes four times as long, and it is made anew after
/// every change; `docs/benchmarks.md` has the figures.
const LEVEL: u8 = 6;

/// The `lst` of these bytes. draft-ietf-oauth-status-list §4.1: "compresses the byte array using DEFLATE [RFC1951] with the ZLIB
/// [RFC1950] data format"; §4.2: "The value MUST be the base64url-encoded compressed byte array".
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(compress_to_vec_zlib(bytes, LEVEL))
}

/// What a list says of one token. draft-ietf-oauth-status-list §7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// "valid, correct or legal".
    Valid,
    /// "revoked, annulled, taken back, recalled or cancelled".
    Invalid,
    /// "temporarily invalid, hanging, debarred from privilege".
    Suspended,
    /// Of an application's own, or of a later specification. Whoever does not know it does not take the token.
    Other(u8),
}

/// A list that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusListFacts {
    pub statuses: Statuses,
    /// When the list was made.
    pub issued_at: Timestamp,
    /// Not to be relied on from then on.
    pub expires_at: Option<Timestamp>,
    /// For how long a copy may be kept before asking again.
    pub fresh_for: Option<Lifetime>,
}

/// Why a list is not taken. draft-ietf-oauth-status-list §8.3: "If any of these checks fails, no statement about the status of the
/// Referenced Token can be made and the Referenced Token SHOULD be rejected."
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusListError {
    #[error("the list's sub is not the address that the token names")]
    AnotherList,
    #[error("a claim of the list is missing or has the wrong form: sub, iat, exp, ttl or status_list")]
    Malformed,
    #[error("the list has expired")]
    Expired,
    #[error("the list was issued in the future")]
    FromTheFuture,
    #[error("bits is none of 1, 2, 4 and 8")]
    Bits,
    #[error("lst is not what base64url and zlib make")]
    Encoding,
    #[error("the list is larger than is read here")]
    TooLarge,
}

/// The longest list that is read, in bytes once it is decompressed: 2^20 statuses of eight bits, or 2^23 of one. What expands
/// to more is not expanded any further.
pub const LONGEST_LIST: usize = 1 << 20;
/// The longest `lst` that is looked at: more than what cannot be compressed comes to.
const LONGEST_LST: usize = LONGEST_LIST + LONGEST_LIST / 2;
/// The longest list as it is served that can be one: for whoever verifies its signature.
pub const LONGEST_STATUS_LIST_TOKEN: usize = LONGEST_LST / 3 * 4 + 8_192;
/// The longest `ttl` that is believed. draft-ietf-oauth-status-list §11.5: "Clients SHOULD check that both values are within
/// reasonable ranges".
const LONGEST_TTL: u64 = 366 * 24 * 3_600;

/// Reads the claims of a list whose signature, key and `typ` were verified. draft-ietf-oauth-status-list §8.3, steps 3b to 5.
/// `uri` is what the token names, `leeway` what is forgiven clocks that differ.
pub fn read(
    claims: &Map<String, Value>,
    uri: &str,
    now: Timestamp,
    leeway: Lifetime,
) -> Result<StatusListFacts, StatusListError> {
    use StatusListError as E;
    // Step 4a: "The subject claim (sub or 2) of the Status List Token MUST be equal to the uri claim in the status_list object of
    // the Referenced Token". Or a good list about other tokens would answer for this one.
    let sub = claims.get("sub").and_then(Value::as_str).ok_or(E::Malformed)?;
    if sub != uri {
        return Err(E::AnotherList);
    }
    // Step 3b: "Check for the existence of the required claims".
    let issued_at = date(claims, "iat")?.ok_or(E::Malformed)?;
    if now.plus(leeway) < issued_at {
        return Err(E::FromTheFuture);
    }
    // Step 4c: "If the expiration time is defined (exp or 4), it MUST be checked if the Status List Token is expired".
    let expires_at = date(claims, "exp")?;
    if expires_at.is_some_and(|expires_at| now >= expires_at.plus(leeway)) {
        return Err(E::Expired);
    }
    // §5.1: "The value of the claim MUST be a positive number encoded in JSON as a number."
    let fresh_for = match claims.get("ttl") {
        None => None,
        Some(ttl) => match ttl.as_f64() {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "positive and bounded, just below"
            )]
            Some(seconds) if seconds > 0.0 => Some(Lifetime::from_seconds((seconds.ceil() as u64).min(LONGEST_TTL))),
            _ => return Err(E::Malformed),
        },
    };
    let list = claims.get("status_list").and_then(Value::as_object).ok_or(E::Malformed)?;
    let bits = list.get("bits").and_then(Value::as_u64).ok_or(E::Malformed)?;
    let lst = list.get("lst").and_then(Value::as_str).ok_or(E::Malformed)?;
    Ok(StatusListFacts { statuses: Statuses::decode(bits, lst)?, issued_at, expires_at, fresh_for })
}

/// A claim that is a time. RFC 7519 §2: "non-integer values can be represented".
fn date(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, StatusListError> {
    const LAST: f64 = 253_402_300_799.0;
    let Some(value) = claims.get(name) else { return Ok(None) };
    match value.as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "within the years that there are, just below")]
        Some(seconds) if (0.0..=LAST).contains(&seconds) => Ok(Some(Timestamp::from_seconds(seconds as i64))),
        _ => Err(StatusListError::Malformed),
    }
}

/// The statuses of a list, decompressed.
#[derive(Clone, PartialEq, Eq)]
pub struct Statuses {
    bits: u8,
    bytes: Vec<u8>,
}

impl Statuses {
    /// draft-ietf-oauth-status-list §4.2, §8.3 step 5. Reads no more than [`LONGEST_LIST`] bytes out of whatever was sent.
    pub fn decode(bits: u64, lst: &str) -> Result<Self, StatusListError> {
        // §4.2: "The allowed values for bits are 1, 2, 4, and 8."
        let bits = match bits {
            1 => 1,
            2 => 2,
            4 => 4,
            8 => 8,
            _ => return Err(StatusListError::Bits),
        };
        if lst.len() > LONGEST_LST {
            return Err(StatusListError::TooLarge);
        }
        let compressed = URL_SAFE_NO_PAD.decode(lst).map_err(|_| StatusListError::Encoding)?;
        let bytes = decompress_to_vec_zlib_with_limit(&compressed, LONGEST_LIST).map_err(|failed| {
            match failed.status == miniz_oxide::inflate::TINFLStatus::HasMoreOutput {
                true => StatusListError::TooLarge,
                false => StatusListError::Encoding,
            }
        })?;
        Ok(Self { bits, bytes })
    }

    /// What the list says of the token at `index`. §8.3 step 6: "If the provided index is out of bounds of the Status List, no
    /// statement about the status of the Referenced Token can be made and the Referenced Token SHOULD be rejected": `None`.
    pub fn at(&self, index: u64) -> Option<Status> {
        let per_byte = u64::from(8 / self.bits);
        let byte = *self.bytes.get(usize::try_from(index / per_byte).ok()?)?;
        // §4.1: "packed into bytes from the least significant bit ("0") to the most significant bit ("7")".
        let shift = u32::try_from(index % per_byte).ok()? * u32::from(self.bits);
        let mask = u8::MAX >> (8 - self.bits);
        Some(match (byte >> shift) & mask {
            0 => Status::Valid,
            1 => Status::Invalid,
            2 => Status::Suspended,
            other => Status::Other(other),
        })
    }

    /// How many tokens it speaks of, at most.
    pub fn len(&self) -> u64 {
        (self.bytes.len() as u64).saturating_mul(u64::from(8 / self.bits))
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl std::fmt::Debug for Statuses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Statuses({} of {} bits)", self.len(), self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn status(value: u8) -> Status {
        match value {
            0 => Status::Valid,
            1 => Status::Invalid,
            2 => Status::Suspended,
            other => Status::Other(other),
        }
    }

    /// §4.1 and appendix C: (bits, lst, statuses that are not 0, size).
    #[test]
    fn the_vectors_of_the_draft_are_read_as_it_says() {
        let file: Value = serde_json::from_str(include_str!("../../tests/vectors/status_lists.json")).unwrap();
        let vectors = file.as_array().unwrap();
        assert_eq!(vectors.len(), 5);
        for vector in vectors {
            let name = vector["name"].as_str().unwrap();
            let list = Statuses::decode(vector["bits"].as_u64().unwrap(), vector["lst"].as_str().unwrap()).unwrap();
            let size = vector["size"].as_u64().unwrap();
            assert_eq!(list.len(), size, "{name}");
            let set = vector["set"].as_object().unwrap();
            let mut seen = 0;
            for index in 0..size {
                let wanted =
                    set.get(&index.to_string()).map_or(0, |value| u8::try_from(value.as_u64().unwrap()).unwrap());
                seen += usize::from(wanted != 0);
                assert_eq!(list.at(index), Some(status(wanted)), "{name} at {index}");
            }
            assert_eq!(seen, set.values().filter(|value| **value != json!(0)).count(), "{name}");
            assert_eq!(list.at(size), None, "{name}: out of bounds");
            assert_eq!(list.at(u64::MAX), None, "{name}");
        }
    }

    #[test]
    fn what_is_encoded_is_read_again() {
        let bytes: Vec<u8> = (0..131_072_u32).map(|n| if n % 97 == 0 { (n % 251) as u8 } else { 0 }).collect();
        let list = Statuses::decode(1, &encode(&bytes)).unwrap();
        assert_eq!(list.len(), 1 << 20);
        for index in 0..1_u64 << 20 {
            let bit = (bytes[(index / 8) as usize] >> (index % 8)) & 1;
            assert_eq!(list.at(index), Some(status(bit)));
        }
        // §4.1, byte for byte but for the level that the header tells of.
        assert_eq!(
            Statuses::decode(1, &encode(&[0xb9, 0xa3])).unwrap(),
            Statuses::decode(1, "eNrbuRgAAhcBXQ").unwrap()
        );
    }

    #[test]
    fn a_bomb_does_not_go_off() {
        let limit = encode(&vec![0; LONGEST_LIST]);
        assert_eq!(Statuses::decode(1, &limit).unwrap().len(), 8 << 20);
        let bomb = encode(&vec![0; 64 << 20]);
        assert!(bomb.len() < 100_000, "it is small until it is opened: {}", bomb.len());
        assert_eq!(Statuses::decode(1, &bomb), Err(StatusListError::TooLarge));
        assert_eq!(Statuses::decode(1, &encode(&vec![0; LONGEST_LIST + 1])), Err(StatusListError::TooLarge));
        assert_eq!(Statuses::decode(1, &"A".repeat(LONGEST_LST + 1)), Err(StatusListError::TooLarge));
    }

    #[test]
    fn nonsense_is_no_list() {
        for lst in ["", "!", "eNrbuRgAAhcBXQ=", "eNrbuRgAAhcBXA", "eNrbuRgAAhc", "AAAA"] {
            assert_eq!(Statuses::decode(1, lst), Err(StatusListError::Encoding), "{lst}");
        }
        for bits in [0, 3, 5, 16, u64::MAX] {
            assert_eq!(Statuses::decode(bits, "eNrbuRgAAhcBXQ"), Err(StatusListError::Bits), "{bits}");
        }
    }

    #[test]
    fn a_list_answers_for_its_own_tokens_while_it_lasts() {
        let uri = "https://example.com/statuslists/1";
        let now = Timestamp::from_seconds(1_686_920_200);
        let good = json!({
            "exp": 2_291_720_170_i64, "iat": 1_686_920_170, "sub": uri, "ttl": 43_200,
            "status_list": { "bits": 1, "lst": "eNrbuRgAAhcBXQ" },
        });
        let with = |name: &str, value: Value| {
            let mut claims = good.as_object().unwrap().clone();
            claims.insert(name.to_owned(), value);
            claims
        };
        let check = |claims: &Map<String, Value>| read(claims, uri, now, Lifetime::from_seconds(10));
        let facts = check(good.as_object().unwrap()).unwrap();
        assert_eq!(facts.fresh_for, Some(Lifetime::from_hours(12)));
        assert_eq!(facts.statuses.at(0), Some(Status::Invalid));
        assert_eq!(facts.statuses.at(1), Some(Status::Valid));

        assert_eq!(check(&with("sub", json!("https://example.com/statuslists/2"))), Err(StatusListError::AnotherList));
        assert_eq!(check(&with("exp", json!(1_686_920_190))), Err(StatusListError::Expired));
        assert!(check(&with("exp", json!(1_686_920_191))).is_ok(), "the leeway");
        assert_eq!(check(&with("iat", json!(1_686_920_211))), Err(StatusListError::FromTheFuture));
        for name in ["sub", "iat", "status_list"] {
            let mut claims = good.as_object().unwrap().clone();
            claims.remove(name);
            assert_eq!(check(&claims), Err(StatusListError::Malformed), "without {name}");
            assert_eq!(check(&with(name, json!(null))), Err(StatusListError::Malformed), "{name} null");
        }
        for ttl in [json!(0), json!(-1), json!("60"), json!(null)] {
            assert_eq!(check(&with("ttl", ttl.clone())), Err(StatusListError::Malformed), "{ttl}");
        }
        assert_eq!(check(&with("ttl", json!(1e300))).unwrap().fresh_for, Some(Lifetime::from_seconds(LONGEST_TTL)));
        let mut brief = good.as_object().unwrap().clone();
        brief.remove("exp");
        brief.remove("ttl");
        assert!(check(&brief).is_ok(), "both are only recommended");
    }
}
