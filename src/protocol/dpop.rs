//! DPoP: tokens for who has the key, and not for who has the token. RFC 9449.
//!
//! The signature is checked before: what arrives here was signed by the key whose thumbprint is beside it. Whether a proof is used
//! for the first time is for the transaction to find out that it pays in.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use url::Url;

use super::discovery::PROOF_ALGORITHMS;
use super::refusal::{Refusal, ensure};
use super::strict_json;
use crate::base::{Digest, Lifetime, MacKey, Timestamp};
use crate::model::{Client, Family};

/// The claims of a proof, under a good signature.
#[derive(Clone, Debug)]
pub struct ProofClaims {
    pub claims: Map<String, Value>,
    /// The thumbprint of the key that signed them (RFC 7638).
    pub jkt: Digest,
}

/// The request that a proof came with.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    pub method: &'a str,
    /// Without query and fragment, and with this server's own name for itself: what a request says of its host proves nothing.
    pub url: &'a str,
    /// The access token beside it, at a protected resource.
    pub access_token: Option<&'a str>,
}

/// A proof that was accepted for its request. It is good once: see [`Proof::replay_key`].
#[derive(Clone, Debug)]
pub struct Proof {
    jkt: Digest,
    replay_key: Digest,
    good_until: Timestamp,
}

impl Proof {
    /// The thumbprint of the key that its maker has.
    pub fn jkt(&self) -> Digest {
        self.jkt
    }

    /// What is remembered so that it is good once, and until when it would be good at all. §11.1: "servers can store the jti value of
    /// each DPoP proof for the time window in which the respective DPoP proof JWT would be accepted". A hash of it ("or store only a
    /// hash thereof"), with the key: two clients may choose the same.
    pub fn replay_key(&self) -> (Digest, Timestamp) {
        (self.replay_key, self.good_until)
    }
}

/// How old a proof may be. §11.1: "preferably only for a relatively brief period on the order of seconds or minutes".
const LONGEST: Lifetime = Lifetime::from_minutes(5);
/// How far the clock of its maker may be ahead. §11.1: "in the reasonably near future".
const AHEAD: Lifetime = Lifetime::from_seconds(30);
/// Longest `jti`, in bytes. §11.1: "should reject DPoP proof JWTs with unnecessarily large jti values".
const LONGEST_JTI: usize = 256;
/// Longest proof that is looked into, in bytes.
const LONGEST_PROOF: usize = 8 * 1_024;
/// Longest `htu`, in bytes.
const LONGEST_URL: usize = 2_048;

/// The one DPoP header field of a request, if it has one. §4.3 (1): "There is not more than one DPoP HTTP request header field."
pub fn single<'a>(mut fields: impl Iterator<Item = &'a [u8]>) -> Result<Option<&'a str>, Refusal> {
    let (first, second) = (fields.next(), fields.next());
    ensure(second.is_none(), Refusal::DpopProofInvalid("a request has one DPoP header"))?;
    // §4.1: "uses the token68 syntax"; two values in one field are none.
    let text = |field: &'a [u8]| {
        let token68 = |b: &u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(b);
        std::str::from_utf8(field).ok().filter(|_| !field.is_empty() && field.iter().all(token68))
    };
    let malformed = Refusal::DpopProofInvalid("the DPoP header holds one JWT");
    first.map(|field| text(field).ok_or(malformed)).transpose()
}

/// Decides whether a proof speaks of this request, and now. §4.3, (3) and (8) to (12).
pub fn accept(proof: &ProofClaims, target: &Target<'_>, nonces: &Nonces, now: Timestamp) -> Result<Proof, Refusal> {
    let refuse = |why| Err(Refusal::DpopProofInvalid(why));
    let text = |name: &str| proof.claims.get(name).and_then(Value::as_str);

    // (8): "The htm claim matches the HTTP method of the current request." Methods have a case (RFC 9110 §9.1).
    if text("htm") != Some(target.method) {
        return refuse("htm is not the method of this request");
    }
    // (9): "The htu claim matches the HTTP URI value for the HTTP request in which the JWT was received, ignoring any query and
    // fragment parts."
    if text("htu").and_then(normalised).is_none_or(|htu| normalised(target.url).is_none_or(|url| htu != url)) {
        return refuse("htu is not the address of this request");
    }
    // (12): "the value of the ath claim equals the hash of that access token".
    if let Some(token) = target.access_token
        && text("ath").and_then(Digest::parse) != Some(Digest::of(token.as_bytes()))
    {
        return refuse("ath is not the hash of the access token");
    }
    // (11): "The creation time of the JWT … is within an acceptable window".
    let Some(iat) = proof.claims.get("iat").and_then(numeric_date) else { return refuse("iat is missing") };
    let good_until = iat.plus(LONGEST);
    if now >= good_until {
        return refuse("iat is more than 5 minutes ago");
    }
    if iat > now.plus(AHEAD) {
        return refuse("iat lies in the future");
    }
    // (3): "All required claims per Section 4.2 are contained in the JWT."
    let jti = text("jti").unwrap_or_default();
    if jti.is_empty() || jti.len() > LONGEST_JTI {
        return refuse("jti is missing or too long");
    }
    // (10). Last, so that only a proof that is good otherwise is asked to come again.
    nonces.check(proof.claims.get("nonce"))?;
    let replay_key = Digest::of_all(&[b"dpop", proof.jkt.bytes(), jti.as_bytes()]);
    Ok(Proof { jkt: proof.jkt, replay_key, good_until })
}

/// RFC 7519 §2: seconds since the epoch, perhaps with a fraction.
fn numeric_date(value: &Value) -> Option<Timestamp> {
    /// The year 9999. Beyond it lies nothing but mischief.
    const LAST: f64 = 253_402_300_799.0;
    let seconds = value.as_f64().filter(|seconds| (0.0..=LAST).contains(seconds))?;
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
    Some(Timestamp::from_seconds(seconds.floor() as i64))
}

/// A URL as two of them are compared. §4.3: "servers SHOULD employ syntax-based normalization (Section 6.2.2 of [RFC3986]) and
/// scheme-based normalization (Section 6.2.3 of [RFC3986]) before comparing the htu claim."
///
/// `None` for what is no plain http URL: a parser of the web would also read backslashes, blanks and missing slashes.
fn normalised(text: &str) -> Option<String> {
    let (scheme, _) = text.split_once("://")?;
    let plain = text.len() <= LONGEST_URL && text.bytes().all(|b| b.is_ascii_graphic()) && !text.contains('\\');
    if !plain || !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return None;
    }
    // Lower case for scheme and host, no default port, no dot segments, `/` for an empty path.
    let url = Url::parse(text).ok()?;
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    Some(format!("{}{}", url.origin().ascii_serialization(), unreserved(url.path())))
}

/// RFC 3986 §6.2.2.1 and §6.2.2.2: percent-encoded octets in upper case, and those of unreserved characters decoded.
fn unreserved(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let octet = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match octet {
            Some(octet) if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) => out.push(char::from(octet)),
            Some(octet) => out.push_str(&format!("%{octet:02X}")),
            None => out.push('%'),
        }
        rest = if octet.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Whether a proof that was sent has a nonce, believed or not: whom §8.2 is about.
pub fn has_nonce(proof: &str) -> bool {
    let claims = proof.split('.').nth(1).filter(|_| proof.len() <= LONGEST_PROOF);
    let claims = claims.and_then(|claims| URL_SAFE_NO_PAD.decode(claims).ok());
    let claims = claims.and_then(|json| strict_json::parse_object(&json, LONGEST_PROOF).ok());
    claims.is_some_and(|claims| claims.contains_key("nonce"))
}

/// The nonces that are good now, and whether a proof must have one. §8, §9.
#[derive(Clone, Debug)]
pub struct Nonces {
    good: [String; 2],
    required: Required,
}

/// Whether every proof must have a nonce of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Required {
    Yes,
    /// Only one that has a nonce must have one of ours.
    No,
}

/// How long one nonce is given out; it is good for as long again.
const NONCE: Lifetime = Lifetime::from_seconds(150);

impl Nonces {
    /// Nothing is kept: a nonce is a MAC of the time at which it is given out. §8: "Nonce values MUST be unpredictable", and "servers
    /// need to keep a window of recent nonces".
    pub fn at(now: Timestamp, key: &MacKey, required: Required) -> Self {
        let slot = now.millis().div_euclid(NONCE.millis());
        let nonce = |slot: i64| key.mac(&[b"nonce", &slot.to_be_bytes()]).text();
        Self { good: [nonce(slot), nonce(slot.saturating_sub(1))], required }
    }

    /// The one to be sent along. §8.2: "by including a DPoP-Nonce HTTP header in the HTTP 200 (OK) response".
    pub fn newest(&self) -> &str {
        let [newest, _] = &self.good;
        newest
    }

    /// §8: "If the nonce claim in the DPoP proof does not exactly match a nonce recently supplied by the authorization server to
    /// the client, the authorization server MUST reject the request." and "responds to requests that do not include a nonce with …
    /// use_dpop_nonce".
    fn check(&self, sent: Option<&Value>) -> Result<(), Refusal> {
        match sent {
            None => ensure(self.required == Required::No, Refusal::DpopNonceNeeded),
            Some(Value::String(nonce)) => ensure(self.good.contains(nonce), Refusal::DpopNonceNeeded),
            Some(_) => Err(Refusal::DpopProofInvalid("nonce is text")),
        }
    }
}

/// §5.2: "If the value is true, the authorization server MUST reject token requests from the client that do not contain the DPoP
/// header."
pub fn demanded(client: &Client, proof: Option<&Proof>) -> Result<(), Refusal> {
    ensure(!client.dpop_bound_access_tokens || proof.is_some(), Refusal::DpopProofMissing)
}

/// The key that `client`'s refresh tokens are bound to from now on. §5: "When an authorization server supporting DPoP issues a refresh
/// token to a public client that presents a valid DPoP proof at the token endpoint, the refresh token MUST be bound to the respective
/// public key." and "Refresh tokens issued to confidential clients … are not bound to the DPoP proof public key because they are already
/// sender-constrained".
pub fn binds_refresh(client: &Client, before: Option<&Family>, shown: Option<Digest>) -> Option<Digest> {
    let bound = before.and_then(|family| family.jkt);
    bound.or(if client.is_public() { shown } else { None })
}

/// Whether a refresh token (§5) or code (§10) that is bound to a key came with a proof of that key; `other` says no for another one.
pub fn held(bound: Option<&Digest>, shown: Option<&Digest>, other: Refusal) -> Result<(), Refusal> {
    match (bound, shown) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(Refusal::DpopProofMissing),
        (Some(bound), Some(shown)) => ensure(bound == shown, other),
    }
}

/// Whether an access token may be used by who shows it so. §7.1: "check that the public key of the DPoP proof matches the public key to
/// which the access token is bound"; §7.2: "such a protected resource MUST reject a DPoP-bound access token received as a bearer
/// token". And a token that is bound to nothing is none for the DPoP scheme.
pub fn may_use(bound: Option<&Digest>, shown: Option<&Digest>) -> bool {
    bound == shown
}

/// The `algs` of a challenge. §7.1: "a space-delimited list of JWS alg (Algorithm) header values".
pub fn algorithms() -> String {
    PROOF_ALGORITHMS.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;
    const URL: &str = "https://id.example/oauth/token";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn nonces(required: Required) -> Nonces {
        Nonces::at(at(NOW), &MacKey::new(&[1; 32]), required)
    }

    fn proof(changes: &Value) -> ProofClaims {
        let mut claims = json!({ "htm": "POST", "htu": URL, "iat": NOW, "jti": "a" });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let mut claims = claims.as_object().unwrap().clone();
        claims.retain(|_, value| !value.is_null());
        ProofClaims { claims, jkt: Digest::of(b"key") }
    }

    fn judge(changes: &Value) -> Result<Proof, Refusal> {
        let target = Target { method: "POST", url: URL, access_token: None };
        accept(&proof(changes), &target, &nonces(Required::No), at(NOW))
    }

    #[test]
    fn case_28_a_proof_is_for_one_request() {
        for good in [
            json!({}),
            json!({ "htu": "HTTPS://ID.example:443/oauth/./x/../%74oken?a=b#c" }),
            json!({ "iat": NOW - 299 }),
            json!({ "iat": NOW + 30 }),
            json!({ "iat": f64::from(1_800_000_000) + 0.5 }),
            json!({ "jti": "j".repeat(256) }),
            json!({ "ath": "anything" }),
        ] {
            assert!(judge(&good).is_ok(), "{good}");
        }
        for bad in [
            json!({ "htm": null }),
            json!({ "htm": "GET" }),
            json!({ "htm": "post" }),
            json!({ "htm": ["POST"] }),
            json!({ "htu": null }),
            json!({ "htu": "https://id.example/oauth/revoke" }),
            json!({ "htu": "https://id.example/oauth/token/" }),
            json!({ "htu": "https://id.example:8443/oauth/token" }),
            json!({ "htu": "https://id.example.evil.test/oauth/token" }),
            json!({ "htu": "http://id.example/oauth/token" }),
            json!({ "htu": "https://x@id.example/oauth/token" }),
            json!({ "htu": "https:\\\\id.example/oauth/token" }),
            json!({ "htu": "https:id.example/oauth/token" }),
            json!({ "htu": " https://id.example/oauth/token" }),
            json!({ "htu": "/oauth/token" }),
            json!({ "htu": "https://id.example/oauth%2Ftoken" }),
            json!({ "htu": format!("{URL}?{}", "a".repeat(2_048)) }),
            json!({ "iat": null }),
            json!({ "iat": NOW - 300 }),
            json!({ "iat": NOW + 31 }),
            json!({ "iat": "now" }),
            json!({ "iat": -1 }),
            json!({ "iat": 1e300 }),
            json!({ "jti": null }),
            json!({ "jti": "" }),
            json!({ "jti": 7 }),
            json!({ "jti": "j".repeat(257) }),
            json!({ "nonce": 7 }),
        ] {
            assert!(matches!(judge(&bad), Err(Refusal::DpopProofInvalid(_))), "{bad}");
        }
    }

    #[test]
    fn case_28_a_proof_beside_a_token_is_for_that_token() {
        // RFC 9449, figures 13 and 14.
        let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
        let target = Target { method: "POST", url: URL, access_token: Some(token) };
        let judge = |changes: &Value| accept(&proof(changes), &target, &nonces(Required::No), at(NOW));
        assert!(judge(&json!({ "ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo" })).is_ok());
        for bad in
            [json!({}), json!({ "ath": Digest::of(b"another").text() }), json!({ "ath": token }), json!({ "ath": 1 })]
        {
            assert!(matches!(judge(&bad), Err(Refusal::DpopProofInvalid(_))), "{bad}");
        }
    }

    #[test]
    fn case_28_what_is_remembered_is_the_key_and_its_jti_for_as_long_as_it_is_good() {
        let (a, b) = (judge(&json!({})).unwrap(), judge(&json!({ "htm": "POST", "iat": NOW - 10 })).unwrap());
        assert_eq!(a.replay_key().0, b.replay_key().0, "the same jti of the same key, whatever else it says");
        assert_eq!((a.replay_key().1, b.replay_key().1), (at(NOW + 300), at(NOW + 290)));
        assert_ne!(a.replay_key().0, judge(&json!({ "jti": "b" })).unwrap().replay_key().0);
        let other = ProofClaims { jkt: Digest::of(b"another key"), ..proof(&json!({})) };
        let target = Target { method: "POST", url: URL, access_token: None };
        let other = accept(&other, &target, &nonces(Required::No), at(NOW)).unwrap();
        assert_ne!(a.replay_key().0, other.replay_key().0);
    }

    #[test]
    fn addresses_are_compared_as_rfc_3986_says() {
        for (text, same) in [
            ("https://A.example", "https://a.example/"),
            ("https://a.example:443/x", "https://a.example/x"),
            ("http://a.example:80/x", "http://a.example/x"),
            ("https://a.example/%7euser/%2fx", "https://a.example/~user/%2Fx"),
            ("https://a.example/a/../b", "https://a.example/b"),
            ("https://a.example/b?query#fragment", "https://a.example/b"),
            ("https://a.example/%zz%", "https://a.example/%zz%"),
        ] {
            assert_eq!(normalised(text).unwrap(), same, "{text}");
        }
    }

    #[test]
    fn a_request_has_one_proof() {
        let none: [&[u8]; 0] = [];
        assert_eq!(single(none.into_iter()), Ok(None));
        assert_eq!(single([b"a.b.c".as_slice()].into_iter()), Ok(Some("a.b.c")));
        for bad in
            [vec![b"a.b.c".as_slice(), b"a.b.c"], vec![b"a.b.c, a.b.c"], vec![b"a.b.c a"], vec![b""], vec![b"\xff"]]
        {
            assert!(matches!(single(bad.clone().into_iter()), Err(Refusal::DpopProofInvalid(_))), "{bad:?}");
        }
    }

    #[test]
    fn a_nonce_is_one_of_ours_and_recent() {
        let key = MacKey::new(&[1; 32]);
        let given = nonces(Required::Yes).newest().to_owned();
        let later = |seconds| Nonces::at(at(NOW + seconds), &key, Required::Yes);
        let shown = json!(given);
        for seconds in [0, 149, 150, 299] {
            assert_eq!(later(seconds).check(Some(&shown)), Ok(()), "after {seconds} s");
        }
        assert_eq!(later(300).check(Some(&shown)), Err(Refusal::DpopNonceNeeded));
        assert_eq!(later(-150).check(Some(&shown)), Err(Refusal::DpopNonceNeeded), "nobody knows it beforehand");
        let of_another = Nonces::at(at(NOW), &MacKey::new(&[2; 32]), Required::No);
        for nonces in [nonces(Required::Yes), nonces(Required::No)] {
            for foreign in [json!(of_another.newest()), json!(""), json!("guess")] {
                assert_eq!(nonces.check(Some(&foreign)), Err(Refusal::DpopNonceNeeded));
            }
        }
        assert_eq!(nonces(Required::Yes).check(None), Err(Refusal::DpopNonceNeeded));
        assert_eq!(nonces(Required::No).check(None), Ok(()));
    }
}
