//! A client's public keys as it registers them: a JWK Set, bounded, and free of anything private. RFC 7517, RFC 7518 §6.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::model::{LONGEST_KEY_SET, MOST_CLIENT_KEYS};

/// Why a JWK Set is not one of public keys: one sentence for whoever wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeysError {
    #[error("this key set shows a private or symmetric key: replace that key, it is no longer secret")]
    Private,
    #[error("{0}")]
    Unusable(&'static str),
}

impl PublicKeysError {
    pub const fn why(self) -> &'static str {
        match self {
            Self::Private => "this key set shows a private or symmetric key: replace that key, it is no longer secret",
            Self::Unusable(why) => why,
        }
    }
}

/// The members that are kept (RFC 7517 §4, RFC 7518 §6.2.1 and §6.3.1, RFC 8037 §2). Certificates are not: nothing
/// here follows `x5u`, and what is not used is not stored.
const KEPT: [&str; 9] = ["kty", "use", "key_ops", "alg", "kid", "crv", "x", "y", "e"];
/// The modulus, the one long member.
const MODULUS: &str = "n";
/// RFC 7518 §6.2.2, §6.3.2 and §6.4: what only the owner of a key may know.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Reads a JWK Set of public keys and returns it with nothing but the keys and members that a verifier needs. The one reader for
/// what is registered, what stands in a client document and what a `jwks_uri` answers.
///
/// RFC 7591 §2, `jwks`: "Client's JSON Web Key Set document value, which contains the client's public keys." A set
/// with a private or symmetric key is refused whole, so that its owner learns of it. RFC 7517 §5: "Implementations SHOULD ignore
/// JWKs within a JWK Set that use "kty" (key type) values that are not understood by them, that are missing required members, or
/// for which values are out of the supported ranges." At least one key must be left: RSA of 2,048 to 8,192 bits, EC on P-256, or
/// Ed25519.
pub fn parse(set: &Value) -> Result<Value, PublicKeysError> {
    let unusable = PublicKeysError::Unusable;
    let keys = set.get("keys").and_then(Value::as_array);
    let keys = keys.ok_or(unusable("a key set is an object with a keys list"))?;
    if !(1..=MOST_CLIENT_KEYS).contains(&keys.len()) {
        return Err(unusable("a key set has 1 to 20 keys"));
    }
    let mut usable = Vec::with_capacity(keys.len());
    for key in keys {
        let key = key.as_object().ok_or(unusable("each key is an object"))?;
        if PRIVATE.iter().any(|member| key.contains_key(*member)) || text(key, "kty") == Some("oct") {
            return Err(PublicKeysError::Private);
        }
        if is_usable(key) {
            let kept = key.iter().filter(|(name, value)| is_kept(name, value));
            usable.push(Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect()));
        }
    }
    if usable.is_empty() {
        return Err(unusable("a key set has an RSA key of 2048 to 8192 bits, a P-256 key or an Ed25519 key"));
    }
    let parsed = json!({ "keys": usable });
    if parsed.to_string().len() > LONGEST_KEY_SET {
        return Err(unusable("a key set has at most 32 KiB"));
    }
    Ok(parsed)
}

/// Whether a key may verify an assertion in one of the algorithms that discovery lists. Whether its numbers make a key is for
/// `keys`.
fn is_usable(key: &Map<String, Value>) -> bool {
    // RFC 7517 §4.2: a key for encryption does not sign.
    text(key, "use") != Some("enc")
        && match (text(key, "kty"), text(key, "crv")) {
            (Some("RSA"), _) => matches!((bytes(key, MODULUS), bytes(key, "e")), (Some(256..=1_024), Some(1..=8))),
            (Some("EC"), Some("P-256")) => (bytes(key, "x"), bytes(key, "y")) == (Some(32), Some(32)),
            (Some("OKP"), Some("Ed25519")) => bytes(key, "x") == Some(32),
            _ => false,
        }
}

fn is_kept(name: &str, value: &Value) -> bool {
    match value {
        Value::String(text) if name == MODULUS => text.len() <= 1_400,
        Value::String(text) => KEPT.contains(&name) && text.len() <= 256,
        Value::Array(operations) => {
            name == "key_ops"
                && operations.len() <= 8
                && operations.iter().all(|operation| operation.as_str().is_some_and(|text| text.len() <= 32))
        }
        _ => false,
    }
}

fn text<'a>(key: &'a Map<String, Value>, member: &str) -> Option<&'a str> {
    key.get(member).and_then(Value::as_str)
}

/// How many bytes `member` decodes to.
fn bytes(key: &Map<String, Value>, member: &str) -> Option<usize> {
    let text = text(key, member).filter(|text| text.len() <= 1_400)?;
    URL_SAFE_NO_PAD.decode(text).ok().map(|bytes| bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: usize) -> String {
        URL_SAFE_NO_PAD.encode(vec![7; bytes])
    }

    fn p256() -> Value {
        json!({ "kty": "EC", "crv": "P-256", "x": of(32), "y": of(32), "kid": "a" })
    }

    #[test]
    fn public_keys_are_kept_without_what_nobody_needs() {
        let mut dressed = p256();
        dressed["x5u"] = json!("https://keys.example/cert");
        dressed["note"] = json!({ "any": "thing" });
        assert_eq!(parse(&json!({ "keys": [dressed], "more": 1 })), Ok(json!({ "keys": [p256()] })));
        for key in
            [json!({ "kty": "RSA", "n": of(256), "e": "AQAB" }), json!({ "kty": "OKP", "crv": "Ed25519", "x": of(32) })]
        {
            assert_eq!(parse(&json!({ "keys": [key] })), Ok(json!({ "keys": [key] })));
        }
        // What is of no use here may stand beside a usable key, and is passed over.
        for other in [
            json!({ "kty": "EC", "crv": "P-521", "x": of(66), "y": of(66) }),
            json!({ "kty": "RSA", "n": of(128), "e": "AQAB" }),
            json!({ "kty": "RSA", "e": "AQAB" }),
            json!({ "kty": "AKP", "pub": "AA" }),
        ] {
            assert_eq!(parse(&json!({ "keys": [other, p256()] })), Ok(json!({ "keys": [p256()] })));
        }
    }

    #[test]
    fn a_set_has_one_limit_of_length() {
        let rsa = |bytes| json!({ "kty": "RSA", "n": of(bytes), "e": "AQAB", "kid": "k".repeat(250) });
        assert!(parse(&json!({ "keys": vec![rsa(1_024); 19] })).is_ok());
        assert!(parse(&json!({ "keys": vec![rsa(1_024); 20] })).is_err());
        assert!(parse(&json!({ "keys": vec![rsa(512); 20] })).is_ok());
    }

    #[test]
    fn case_34_a_private_or_symmetric_key_is_refused() {
        for member in PRIVATE {
            let mut key = p256();
            key[member] = json!("AAAA");
            assert!(parse(&json!({ "keys": [p256(), key] })).is_err(), "{member}");
        }
        assert!(parse(&json!({ "keys": [{ "kty": "oct" }] })).is_err());
    }

    #[test]
    fn what_cannot_verify_an_assertion_is_refused() {
        for set in [
            json!([]),
            json!({}),
            json!({ "keys": {} }),
            json!({ "keys": [] }),
            json!({ "keys": ["x"] }),
            json!({ "keys": [{}] }),
            json!({ "keys": vec![p256(); 21] }),
            json!({ "keys": [{ "kty": "RSA", "n": of(128), "e": "AQAB" }] }),
            json!({ "keys": [{ "kty": "RSA", "n": of(1_025), "e": "AQAB" }] }),
            json!({ "keys": [{ "kty": "RSA", "n": "not base64!", "e": "AQAB" }] }),
            json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": of(31), "y": of(32) }] }),
            json!({ "keys": [{ "kty": "EC", "crv": "P-384", "x": of(48), "y": of(48) }] }),
            json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": of(32), "y": of(32), "use": "enc" }] }),
        ] {
            assert!(parse(&set).is_err(), "{set}");
        }
    }
}
