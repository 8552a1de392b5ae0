//! Reading a signed compact JWT. RFC 7515 §5.2, RFC 7519 §7.2, RFC 8725.
//!
//! The order is: length, shape, header rules, key, signature, and only then the claims. Times, issuer and
//! audience are for the rules to judge; [`check_times`] does the arithmetic for them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::provider::PublicKey;
use super::strict;
use crate::base::{Lifetime, Timestamp};
use crate::model::JwsAlgorithm;

/// The longest token that is looked at, in bytes.
pub const LONGEST_TOKEN: usize = 16 * 1_024;

/// The claims of a token, as they were signed.
pub type Claims = Map<String, Value>;

/// Claims under a signature that was checked. Made only in this room.
#[derive(Clone, Debug)]
pub struct Verified<T> {
    claims: T,
    algorithm: JwsAlgorithm,
    typ: Option<String>,
    kid: Option<String>,
}

impl<T> Verified<T> {
    pub fn claims(&self) -> &T {
        &self.claims
    }

    pub fn into_claims(self) -> T {
        self.claims
    }

    pub fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    /// The `typ` of the header in lower case, without `application/`.
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// The `kid` of the header, as it was sent.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

/// Which `typ` a token must have. Compared without case and without `application/` (RFC 7515 §4.1.9).
#[derive(Clone, Copy, Debug)]
pub enum Typ {
    /// This one, present. For our own tokens, where one kind must never pass for another (RFC 8725 §3.11).
    Exactly(&'static str),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// Absent, or one of these. For assertions of clients, most of which say `JWT` or nothing.
    AbsentOr(&'static [&'static str]),
}

impl Typ {
    /// RFC 7523 assertions: nothing, `JWT`, or the explicit type of rfc7523bis.
    pub const CLIENT_ASSERTION: Self = Self::AbsentOr(&["jwt", "client-authentication+jwt"]);

    /// Tokens of other issuers' workloads: nothing, `JWT`, or the `JOSE` that SPIFFE allows. Anything else is a token of
    /// another kind (RFC 8725 §3.11).
    pub const WORKLOAD: Self = Self::AbsentOr(&["jwt", "jose"]);

    fn accepts(self, typ: Option<&str>) -> bool {
        match self {
            Self::Exactly(name) => typ.is_some_and(|typ| typ.eq_ignore_ascii_case(name)),
            Self::OneOf(names) => typ.is_some_and(|typ| names.iter().any(|name| typ.eq_ignore_ascii_case(name))),
            Self::AbsentOr(names) => typ.is_none_or(|typ| names.iter().any(|name| typ.eq_ignore_ascii_case(name))),
        }
    }
}

/// Why a token is not taken. For the audit log and the operator; a caller learns only that it was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    #[error("the token is longer than what is looked at")]
    TooLong,
    #[error("this is not a compact JWS with a JSON header")]
    Malformed,
    #[error("the algorithm is not accepted: `none`, HMAC and unknown names never are")]
    Algorithm,
    #[error("the header has critical or payload-changing extensions, which are not supported")]
    Critical,
    #[error("the header brings or points to a key of its own")]
    EmbeddedKey,
    #[error("the header brings no public key that is good for its alg")]
    NoKey,
    #[error("the header brings private or symmetric key material")]
    PrivateKey,
    #[error("the typ of the header is not the expected one")]
    Type,
    #[error("no known key fits the header's kid and alg")]
    UnknownKey,
    #[error("the signature does not verify")]
    Signature,
    #[error("the claims are not a JSON object, or have a member twice")]
    Claims,
}

/// A token taken apart, its header judged, its signature not yet checked.
pub(super) struct Unverified<'a> {
    pub(super) algorithm: JwsAlgorithm,
    pub(super) kid: Option<String>,
    typ: Option<String>,
    message: &'a [u8],
    payload: &'a str,
    signature: &'a str,
}

/// The members of a key in a header, as they were sent.
pub(super) type SentKey = Map<String, Value>;

impl<'a> Unverified<'a> {
    /// A token whose key is known from elsewhere.
    pub(super) fn parse(token: &'a str, typ: Typ) -> Result<Self, VerifyError> {
        Self::parse_within(LONGEST_TOKEN, token, typ)
    }

    /// The same for what may be longer than a token.
    pub(super) fn parse_within(longest: usize, token: &'a str, typ: Typ) -> Result<Self, VerifyError> {
        // A key that comes with the token proves only that the sender has a key.
        match Self::read(longest, token, typ)? {
            (token, None) => Ok(token),
            (_, Some(_)) => Err(VerifyError::EmbeddedKey),
        }
    }

    /// A token that brings its key along, to prove that its sender has it and nothing else (RFC 7515 §4.1.3).
    pub(super) fn with_key(token: &'a str, typ: Typ) -> Result<(Self, SentKey), VerifyError> {
        match Self::read(LONGEST_TOKEN, token, typ)? {
            (token, Some(Value::Object(jwk))) => Ok((token, jwk)),
            _ => Err(VerifyError::NoKey),
        }
    }

    fn read(longest: usize, token: &'a str, typ: Typ) -> Result<(Self, Option<Value>), VerifyError> {
        if token.len() > longest {
            return Err(VerifyError::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(VerifyError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(VerifyError::Malformed)?;
        if payload.contains('.') || signature.is_empty() {
            return Err(VerifyError::Malformed);
        }
        let mut header =
            URL_SAFE_NO_PAD.decode(header).ok().and_then(|json| strict::object(&json)).ok_or(VerifyError::Malformed)?;

        // RFC 8725 §3.1: the algorithm is one of ours by name, or the token is not read any further.
        let algorithm = text(&header, "alg")?.ok_or(VerifyError::Malformed)?;
        let algorithm = algorithm.parse().map_err(|_| VerifyError::Algorithm)?;
        // RFC 7515 §4.1.11: "If any of the listed extension Header Parameters are not understood and supported by
        // the recipient, then the JWS is invalid." None is. `b64` (RFC 7797), `zip` and `enc` would change the payload.
        if ["crit", "b64", "zip", "enc"].iter().any(|name| header.contains_key(*name)) {
            return Err(VerifyError::Critical);
        }
        // A URL would make us fetch a key; a certificate says who made it, which nobody here asks.
        if ["jku", "x5u", "x5c"].iter().any(|name| header.contains_key(*name)) {
            return Err(VerifyError::EmbeddedKey);
        }
        let sent = text(&header, "typ")?.map(|typ| typ.to_ascii_lowercase());
        let sent = sent.map(|typ| typ.strip_prefix("application/").map_or(typ.clone(), str::to_owned));
        if !typ.accepts(sent.as_deref()) {
            return Err(VerifyError::Type);
        }
        let kid = text(&header, "kid")?.map(str::to_owned);
        let jwk = header.remove("jwk");
        Ok((Self { algorithm, kid, typ: sent, message: message.as_bytes(), payload, signature }, jwk))
    }

    /// Tries `keys` in turn; the caller has chosen them by `kid` and bounded their number.
    pub(super) fn verify<'k>(self, keys: impl Iterator<Item = &'k PublicKey>) -> Result<Verified<Claims>, VerifyError> {
        let mut failure = VerifyError::UnknownKey;
        for key in keys.filter(|key| key.fits(self.algorithm)) {
            if key.verifies(self.algorithm, self.message, self.signature) {
                let claims = URL_SAFE_NO_PAD.decode(self.payload).ok().and_then(|json| strict::object(&json));
                let claims = claims.ok_or(VerifyError::Claims)?;
                return Ok(Verified { claims, algorithm: self.algorithm, typ: self.typ, kid: self.kid });
            }
            failure = VerifyError::Signature;
        }
        Err(failure)
    }
}

fn text<'h>(header: &'h Claims, name: &str) -> Result<Option<&'h str>, VerifyError> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(VerifyError::Malformed),
    }
}

/// The times that a token states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    pub expires_at: Timestamp,
    pub not_before: Option<Timestamp>,
    pub issued_at: Option<Timestamp>,
}

/// Why the times of a token forbid taking it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    #[error("exp is missing")]
    NoExpiry,
    #[error("exp, nbf or iat is not a number of seconds")]
    Malformed,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet (nbf)")]
    NotYet,
    #[error("the token was issued in the future (iat)")]
    FromTheFuture,
}

/// Reads `exp`, `nbf` and `iat` (RFC 7519 §4.1) and holds them against `now`, forgiving clocks that differ by
/// `leeway`. `exp` is required: a token without an end is refused.
pub fn check_times(claims: &Claims, now: Timestamp, leeway: Lifetime) -> Result<Times, TimeError> {
    let times = Times {
        expires_at: numeric_date(claims, "exp")?.ok_or(TimeError::NoExpiry)?,
        not_before: numeric_date(claims, "nbf")?,
        issued_at: numeric_date(claims, "iat")?,
    };
    // §4.1.4: "the current date/time MUST be before the expiration date/time".
    if now >= times.expires_at.plus(leeway) {
        return Err(TimeError::Expired);
    }
    // §4.1.5: "the current date/time MUST be after or equal to the not-before date/time".
    if times.not_before.is_some_and(|not_before| now.plus(leeway) < not_before) {
        return Err(TimeError::NotYet);
    }
    if times.issued_at.is_some_and(|issued_at| now.plus(leeway) < issued_at) {
        return Err(TimeError::FromTheFuture);
    }
    Ok(times)
}

/// RFC 7519 §2: seconds since the epoch; "non-integer values can be represented".
fn numeric_date(claims: &Claims, name: &str) -> Result<Option<Timestamp>, TimeError> {
    /// The year 9999. Beyond it lies nothing but mischief.
    const LAST: i64 = 253_402_300_799;
    let Some(value) = claims.get(name) else { return Ok(None) };
    #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates, and the range is checked below")]
    let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64));
    match seconds {
        Some(seconds @ 0..=LAST) => Ok(Some(Timestamp::from_seconds(seconds))),
        _ => Err(TimeError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::JwkSet;
    use serde_json::json;

    const ANY: Typ = Typ::AbsentOr(&["jwt"]);

    /// RFC 7515 appendices A.2 (RS256) and A.3 (ES256), RFC 8037 appendix A.4 (EdDSA): key and token.
    fn vectors() -> Vec<(String, JwkSet, String)> {
        let file: Value = serde_json::from_str(include_str!("../../tests/vectors/keys_jws.json")).unwrap();
        file.as_array()
            .unwrap()
            .iter()
            .map(|case| {
                let set = json!({"keys": [case["key"]]}).to_string();
                (
                    case["name"].as_str().unwrap().to_owned(),
                    JwkSet::parse(set.as_bytes()).unwrap(),
                    case["token"].as_str().unwrap().to_owned(),
                )
            })
            .collect()
    }

    #[test]
    fn the_examples_of_the_specifications_verify() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 3);
        for (name, keys, token) in vectors {
            let verdict = keys.verify(&token, &JwsAlgorithm::ALL, ANY);
            if name.contains("8037") {
                // Its payload is a sentence, not claims: the signature was good.
                assert_eq!(verdict.unwrap_err(), VerifyError::Claims, "{name}");
            } else {
                assert_eq!(verdict.unwrap().claims()["iss"], "joe", "{name}");
            }
        }
    }

    #[test]
    fn no_changed_example_verifies() {
        for (name, keys, token) in vectors() {
            for at in (0..token.len()).step_by(3) {
                let mut bytes = token.clone().into_bytes();
                bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
                let verdict = keys.verify(std::str::from_utf8(&bytes).unwrap(), &JwsAlgorithm::ALL, ANY);
                assert!(!matches!(verdict, Ok(_) | Err(VerifyError::Claims)), "{name} at {at}");
            }
        }
    }

    #[test]
    fn times_are_held_against_the_clock() {
        let check = |claims: Value| {
            check_times(claims.as_object().unwrap(), Timestamp::from_seconds(1_000), Lifetime::from_seconds(10))
        };
        assert_eq!(check(json!({})), Err(TimeError::NoExpiry));
        assert_eq!(check(json!({"exp": 990})), Err(TimeError::Expired));
        assert!(check(json!({"exp": 991})).is_ok());
        assert!(check(json!({"exp": 1_000.5})).is_ok());
        assert_eq!(check(json!({"exp": 2_000, "nbf": 1_011})), Err(TimeError::NotYet));
        assert!(check(json!({"exp": 2_000, "nbf": 1_010})).is_ok());
        assert_eq!(check(json!({"exp": 2_000, "iat": 1_011})), Err(TimeError::FromTheFuture));
        for exp in [json!("2000"), json!(null), json!(-1), json!(1e300), json!([2_000]), json!(true), json!(u64::MAX)] {
            assert_eq!(check(json!({ "exp": exp })), Err(TimeError::Malformed), "{exp}");
        }
        assert_eq!(check(json!({"exp": 2_000, "iat": "x"})), Err(TimeError::Malformed));
    }
}
