//! Keys of others: the JWK Set of a client or of a trusted issuer. RFC 7517 §5, RFC 7518 §6, RFC 7523 §3.

use serde_json::{Map, Value};

use super::provider::PublicKey;
use super::strict;
use super::verify::{Claims, Typ, Unverified, Verified, VerifyError};
use crate::model::{JwsAlgorithm, LONGEST_KEY_SET, MOST_CLIENT_KEYS, PublicJwk};

/// A parsed set of public keys. Parsing costs some 10 to 100 µs, so keep one if you verify often.
pub struct JwkSet {
    keys: Vec<Known>,
}

struct Known {
    kid: Option<String>,
    alg: Option<JwsAlgorithm>,
    key: PublicKey,
}

/// The public members of one key, and the `alg` it states.
pub(super) struct Members {
    pub(super) public: PublicJwk,
    pub(super) alg: Option<JwsAlgorithm>,
}

/// Why a key set is not accepted. The text is for whoever registered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkSetError {
    #[error("a key set has at most 32 KiB")]
    TooLong,
    #[error("this is not a JWK Set: an object with an array `keys` of keys, no member twice")]
    Malformed,
    #[error("a key set has at most 20 keys")]
    TooMany,
    #[error(
        "the key set contains private or symmetric key material; publish the public keys only, and replace these: they are not secret any more"
    )]
    Private,
    #[error("no key in the set is for signatures with ES256, RS256, PS256 or EdDSA")]
    Empty,
}

impl JwkSet {
    /// Longest document, in bytes.
    pub const LONGEST: usize = LONGEST_KEY_SET;
    /// Most keys in one set, and so most signatures checked for one token without a `kid`.
    pub const MOST: usize = MOST_CLIENT_KEYS;

    /// Members of RFC 7518 §6 that only a private or a symmetric key has.
    pub(super) const PRIVATE: [&'static str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

    /// Reads a JWK Set.
    ///
    /// RFC 7517 §5: "Implementations SHOULD ignore JWKs within a JWK Set that use "kty" (key type) values that are not understood
    /// by them, that are missing required members, or for which values are out of the supported ranges": a set may serve several
    /// readers, and one weak key must not lock its owner out. A private key refuses the set.
    pub fn parse(bytes: &[u8]) -> Result<Self, JwkSetError> {
        if bytes.len() > Self::LONGEST {
            return Err(JwkSetError::TooLong);
        }
        let set = strict::object(bytes).ok_or(JwkSetError::Malformed)?;
        let Some(Value::Array(members)) = set.get("keys") else { return Err(JwkSetError::Malformed) };
        if members.len() > Self::MOST {
            return Err(JwkSetError::TooMany);
        }
        let mut keys = Vec::with_capacity(members.len());
        for member in members {
            let jwk = member.as_object().ok_or(JwkSetError::Malformed)?;
            let symmetric = jwk.get("kty").is_some_and(|kty| kty == "oct");
            if symmetric || Self::PRIVATE.iter().any(|name| jwk.contains_key(*name)) {
                return Err(JwkSetError::Private);
            }
            keys.extend(read(jwk));
        }
        if keys.is_empty() { Err(JwkSetError::Empty) } else { Ok(Self { keys }) }
    }

    /// Reads a JWK Set that came inside another document, as `jwks` of a client's metadata does.
    pub fn parse_value(value: &Value) -> Result<Self, JwkSetError> {
        serde_json::to_vec(value).map_err(|_| JwkSetError::Malformed).and_then(|bytes| Self::parse(&bytes))
    }

    /// Verifies a compact JWT against the set.
    ///
    /// A `kid` chooses among the keys that have one; a key without a `kid` is a candidate for every token. The
    /// `kid` is compared and nothing else: never a path, a URL or a query. The key's own `alg`, if it states
    /// one, must be the header's (RFC 8725 §3.1).
    pub fn verify(&self, token: &str, allowed: &[JwsAlgorithm], typ: Typ) -> Result<Verified<Claims>, VerifyError> {
        self.check(Unverified::parse(token, typ)?, allowed)
    }

    /// [`JwkSet::verify`] for what may be longer than a token is, such as a status list. The caller says how long.
    pub fn verify_within(
        &self,
        longest: usize,
        token: &str,
        allowed: &[JwsAlgorithm],
        typ: Typ,
    ) -> Result<Verified<Claims>, VerifyError> {
        self.check(Unverified::parse_within(longest, token, typ)?, allowed)
    }

    fn check(&self, token: Unverified<'_>, allowed: &[JwsAlgorithm]) -> Result<Verified<Claims>, VerifyError> {
        let algorithm = token.algorithm;
        if !allowed.contains(&algorithm) {
            return Err(VerifyError::Algorithm);
        }
        let kid = token.kid.clone();
        let candidates = self.keys.iter().filter(|known| {
            known.alg.is_none_or(|alg| alg == algorithm)
                && match (&kid, &known.kid) {
                    (Some(wanted), Some(kid)) => wanted == kid,
                    _ => true,
                }
        });
        token.verify(candidates.map(|known| &known.key))
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl std::fmt::Debug for JwkSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "JwkSet({} keys)", self.keys.len())
    }
}

/// One key of the set; `None` when it is not for us, or no key.
fn read(jwk: &Map<String, Value>) -> Option<Known> {
    let Members { public, alg } = members(jwk)?;
    let kid = match jwk.get("kid") {
        None => None,
        Some(Value::String(kid)) => Some(kid.clone()),
        Some(_) => return None,
    };
    Some(Known { kid, alg, key: PublicKey::from_jwk(&public).ok()? })
}

/// What a key says of itself; `None` when it is not for us, or no key.
pub(super) fn members(jwk: &Map<String, Value>) -> Option<Members> {
    let member = |name: &str| match jwk.get(name) {
        None => Some(None),
        Some(Value::String(text)) => Some(Some(text.as_str())),
        Some(_) => None,
    };
    let needed = |name: &str| member(name)?.map(str::to_owned);
    // RFC 7517 §4.2 and §4.3: a key for encryption is not one for signatures. A SPIFFE bundle has a word of its own.
    if member("use")?.is_some_and(|purpose| purpose != "sig" && purpose != "jwt-svid") {
        return None;
    }
    match jwk.get("key_ops") {
        None => {}
        Some(Value::Array(operations)) if operations.iter().any(|operation| operation == "verify") => {}
        Some(_) => return None,
    }
    let public = match member("kty")?? {
        "EC" if member("crv")? == Some("P-256") => {
            PublicJwk::EC { crv: needed("crv")?, x: needed("x")?, y: needed("y")? }
        }
        "RSA" => PublicJwk::RSA { n: needed("n")?, e: needed("e")? },
        "OKP" if member("crv")? == Some("Ed25519") => PublicJwk::OKP { crv: needed("crv")?, x: needed("x")? },
        _ => return None,
    };
    let alg = match member("alg")? {
        None => None,
        Some(name) => Some(name.parse().ok()?),
    };
    Some(Members { public, alg })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;
    use crate::keys::provider::PrivateKey;
    use crate::model::Algorithm;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    struct Party {
        key: PrivateKey,
        jwk: Value,
    }

    fn party(algorithm: Algorithm, kid: &str) -> Party {
        let (pkcs8, public) = PrivateKey::generate(algorithm).unwrap();
        let mut jwk = serde_json::to_value(public).unwrap();
        jwk["kid"] = kid.into();
        Party { key: PrivateKey::from_pkcs8(algorithm, &pkcs8).unwrap(), jwk }
    }

    impl Party {
        fn signs(&self, header: &str, claims: &str) -> String {
            let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
            let signature = self.key.sign(message.as_bytes()).unwrap();
            format!("{message}.{signature}")
        }

        fn set(&self) -> JwkSet {
            JwkSet::parse(json!({"keys": [self.jwk]}).to_string().as_bytes()).unwrap()
        }
    }

    fn check(set: &JwkSet, token: &str) -> Result<Verified<Claims>, VerifyError> {
        set.verify(token, &JwsAlgorithm::ALL, Typ::CLIENT_ASSERTION)
    }

    #[test]
    fn every_kind_of_client_key_verifies() {
        for algorithm in Algorithm::ALL {
            let client = party(algorithm, "a");
            for typ in ["", r#","typ":"JWT""#, r#","typ":"jwt""#, r#","typ":"application/client-authentication+jwt""#] {
                let token = client.signs(&format!(r#"{{"alg":"{algorithm}","kid":"a"{typ}}}"#), r#"{"iss":"c"}"#);
                let verified = check(&client.set(), &token).unwrap();
                assert_eq!((verified.kid(), verified.algorithm()), (Some("a"), algorithm.into()));
                assert_eq!(verified.claims()["iss"], "c");
                assert_eq!(
                    client.set().verify(&token, &[], Typ::CLIENT_ASSERTION).unwrap_err(),
                    VerifyError::Algorithm
                );
            }
        }
    }

    /// RFC 9864 §2.2: Ed25519 is what EdDSA was on this curve; keys and headers say either.
    #[test]
    fn ed25519_is_eddsa() {
        let mut client = party(Algorithm::EdDSA, "a");
        for of_key in ["EdDSA", "Ed25519"] {
            client.jwk["alg"] = of_key.into();
            for of_header in ["EdDSA", "Ed25519"] {
                let token = client.signs(&format!(r#"{{"alg":"{of_header}","kid":"a"}}"#), "{}");
                assert_eq!(check(&client.set(), &token).unwrap().algorithm(), JwsAlgorithm::EdDSA);
            }
        }
    }

    #[test]
    fn case_26_headers_that_are_tricks_are_refused() {
        let client = party(Algorithm::ES256, "a");
        let set = client.set();
        let own = client.jwk.to_string();
        for (header, error) in [
            (r#"{"alg":"none"}"#.to_owned(), VerifyError::Algorithm),
            (r#"{"alg":"nOnE","kid":"a"}"#.to_owned(), VerifyError::Algorithm),
            (r#"{"alg":"","kid":"a"}"#.to_owned(), VerifyError::Algorithm),
            (r#"{"alg":"HS256","kid":"a"}"#.to_owned(), VerifyError::Algorithm),
            (r#"{"alg":"ES512","kid":"a"}"#.to_owned(), VerifyError::Algorithm),
            (r#"{"alg":["ES256"],"kid":"a"}"#.to_owned(), VerifyError::Malformed),
            (r#"{"kid":"a"}"#.to_owned(), VerifyError::Malformed),
            (r#"{"alg":"none","alg":"ES256","kid":"a"}"#.to_owned(), VerifyError::Malformed),
            (r#"{"alg":"RS256","kid":"a"}"#.to_owned(), VerifyError::UnknownKey),
            (r#"{"alg":"EdDSA","kid":"a"}"#.to_owned(), VerifyError::UnknownKey),
            (r#"{"alg":"ES256","kid":"a","crit":["exp"],"exp":1}"#.to_owned(), VerifyError::Critical),
            (r#"{"alg":"ES256","kid":"a","crit":[]}"#.to_owned(), VerifyError::Critical),
            (r#"{"alg":"ES256","kid":"a","b64":false}"#.to_owned(), VerifyError::Critical),
            (r#"{"alg":"ES256","kid":"a","zip":"DEF"}"#.to_owned(), VerifyError::Critical),
            (format!(r#"{{"alg":"ES256","kid":"a","jwk":{own}}}"#), VerifyError::EmbeddedKey),
            (r#"{"alg":"ES256","kid":"a","jku":"https://evil.test/jwks"}"#.to_owned(), VerifyError::EmbeddedKey),
            (r#"{"alg":"ES256","kid":"a","x5u":"https://evil.test/x"}"#.to_owned(), VerifyError::EmbeddedKey),
            (r#"{"alg":"ES256","kid":"a","x5c":["MII"]}"#.to_owned(), VerifyError::EmbeddedKey),
            (r#"{"alg":"ES256","kid":"a","typ":"at+jwt"}"#.to_owned(), VerifyError::Type),
            (r#"{"alg":"ES256","kid":"a","typ":"dpop+jwt"}"#.to_owned(), VerifyError::Type),
            (r#"{"alg":"ES256","kid":"a","typ":1}"#.to_owned(), VerifyError::Malformed),
            (r#"{"alg":"ES256","kid":"../../etc/passwd"}"#.to_owned(), VerifyError::UnknownKey),
            (r#"{"alg":"ES256","kid":"https://evil.test/jwks"}"#.to_owned(), VerifyError::UnknownKey),
            (r#"{"alg":"ES256","kid":"a' OR '1'='1"}"#.to_owned(), VerifyError::UnknownKey),
            (r#"{"alg":"ES256","kid":"a\u0000"}"#.to_owned(), VerifyError::UnknownKey),
            (r#"{"alg":"ES256","kid":["a"]}"#.to_owned(), VerifyError::Malformed),
            (r#"["alg","ES256"]"#.to_owned(), VerifyError::Malformed),
        ] {
            assert_eq!(check(&set, &client.signs(&header, "{}")).unwrap_err(), error, "{header}");
        }
    }

    #[test]
    fn case_26_hmac_with_the_public_key_is_refused() {
        let client = party(Algorithm::RS256, "a");
        for secret in [client.jwk["n"].as_str().unwrap().to_owned(), client.jwk.to_string()] {
            let message =
                format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","kid":"a"}"#), URL_SAFE_NO_PAD.encode("{}"));
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, Secret::new(secret).expose().as_bytes());
            let tag = ring::hmac::sign(&key, message.as_bytes());
            let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()));
            assert_eq!(check(&client.set(), &token).unwrap_err(), VerifyError::Algorithm);
        }
    }

    #[test]
    fn tokens_that_are_not_tokens_are_refused() {
        let client = party(Algorithm::EdDSA, "a");
        let set = client.set();
        let good = client.signs(r#"{"alg":"EdDSA"}"#, "{}");
        let (message, signature) = good.rsplit_once('.').unwrap();
        assert!(check(&set, &good).is_ok());
        let no_signature = format!("{message}.");
        for token in [
            "",
            ".",
            "..",
            "...",
            "a.b.c",
            message,
            &no_signature,
            &format!("{good}.x"),
            &format!(" {good}"),
            &format!("{good}="),
        ] {
            assert!(check(&set, token).is_err(), "{token}");
        }
        assert_eq!(check(&set, &format!("{message}.{}", &signature[..80])).unwrap_err(), VerifyError::Signature);
        assert_eq!(
            check(&set, &client.signs(r#"{"alg":"EdDSA"}"#, &format!(r#"{{"a":"{}"}}"#, "x".repeat(16_000))))
                .unwrap_err(),
            VerifyError::TooLong
        );
        for claims in
            ["[]", "\"x\"", "", r#"{"iss":"a","iss":"b"}"#, &format!(r#"{{"a":{}{}}}"#, "[".repeat(40), "]".repeat(40))]
        {
            assert_eq!(
                check(&set, &client.signs(r#"{"alg":"EdDSA"}"#, claims)).unwrap_err(),
                VerifyError::Claims,
                "{claims}"
            );
        }
    }

    #[test]
    fn without_a_kid_every_fitting_key_is_tried() {
        let (a, b, other) = (party(Algorithm::ES256, "a"), party(Algorithm::ES256, "b"), party(Algorithm::EdDSA, "c"));
        let set = JwkSet::parse(json!({"keys": [other.jwk, a.jwk, b.jwk]}).to_string().as_bytes()).unwrap();
        assert!(check(&set, &b.signs(r#"{"alg":"ES256"}"#, "{}")).is_ok());
        assert_eq!(check(&set, &b.signs(r#"{"alg":"ES256","kid":"a"}"#, "{}")).unwrap_err(), VerifyError::Signature);
        let stranger = party(Algorithm::ES256, "a");
        assert_eq!(check(&set, &stranger.signs(r#"{"alg":"ES256"}"#, "{}")).unwrap_err(), VerifyError::Signature);
    }

    #[test]
    fn a_key_that_states_its_alg_serves_no_other() {
        let mut client = party(Algorithm::RS256, "a");
        client.jwk["alg"] = "PS256".into();
        assert_eq!(
            check(&client.set(), &client.signs(r#"{"alg":"RS256"}"#, "{}")).unwrap_err(),
            VerifyError::UnknownKey
        );
    }

    #[test]
    fn sets_that_are_not_sets_of_public_signing_keys_are_refused() {
        let good = party(Algorithm::ES256, "a").jwk;
        let with = |name: &str, value: Value| {
            let mut jwk = good.clone();
            jwk[name] = value;
            json!({"keys": [jwk]})
        };
        let weak = json!({"kty": "RSA", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode([0xc1; 128])});
        for (set, error) in [
            (json!({}), JwkSetError::Malformed),
            (json!({"keys": {}}), JwkSetError::Malformed),
            (json!({"keys": ["x"]}), JwkSetError::Malformed),
            (json!({"keys": []}), JwkSetError::Empty),
            (with("d", json!("AAAA")), JwkSetError::Private),
            (json!({"keys": [{"kty": "oct", "k": "AAAA"}]}), JwkSetError::Private),
            (json!({"keys": [good, {"kty": "oct"}]}), JwkSetError::Private),
            (with("kty", json!("AKP")), JwkSetError::Empty),
            (with("crv", json!("P-384")), JwkSetError::Empty),
            (with("use", json!("enc")), JwkSetError::Empty),
            (with("key_ops", json!(["sign"])), JwkSetError::Empty),
            (with("alg", json!("ES384")), JwkSetError::Empty),
            (with("kid", json!(7)), JwkSetError::Empty),
            (with("x", json!("AA")), JwkSetError::Empty),
            (with("x", json!("!")), JwkSetError::Empty),
            (json!({"keys": [weak.clone()]}), JwkSetError::Empty),
            (json!({"keys": vec![good.clone(); 21]}), JwkSetError::TooMany),
            (with("x5c", json!(["A".repeat(32_800)])), JwkSetError::TooLong),
        ] {
            assert_eq!(JwkSet::parse_value(&set).unwrap_err(), error, "{set}");
        }
        for name in JwkSet::PRIVATE {
            assert_eq!(JwkSet::parse_value(&with(name, json!("AAAA"))).unwrap_err(), JwkSetError::Private, "{name}");
        }
        assert_eq!(JwkSet::parse(br#"{"keys":[],"keys":[]}"#).unwrap_err(), JwkSetError::Malformed);
        let mixed = json!({"keys": [{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}, weak, {"kty": "RSA"}, {}, good]});
        assert_eq!(JwkSet::parse_value(&mixed).unwrap().len(), 1, "keys for others, and weak ones, are passed over");
    }

    #[test]
    fn ps256_verifies() {
        use aws_lc_rs::encoding::AsDer as _;
        use aws_lc_rs::signature::{RSA_PSS_SHA256, RsaKeyPair};
        let (pkcs8, public) = PrivateKey::generate(Algorithm::RS256).unwrap();
        let pair = RsaKeyPair::from_pkcs8(&pkcs8).unwrap();
        assert!(pair.as_der().is_ok());
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"PS256"}"#), URL_SAFE_NO_PAD.encode("{}"));
        let mut signature = vec![0; 256];
        pair.sign(&RSA_PSS_SHA256, &aws_lc_rs::rand::SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
        let set = JwkSet::parse_value(&json!({"keys": [public]})).unwrap();
        assert_eq!(check(&set, &token).unwrap().algorithm(), JwsAlgorithm::PS256);
        let posing = token.replacen(
            &URL_SAFE_NO_PAD.encode(r#"{"alg":"PS256"}"#),
            &URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#),
            1,
        );
        assert_eq!(check(&set, &posing).unwrap_err(), VerifyError::Signature);
    }
}
