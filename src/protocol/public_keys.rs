//! A client's public keys as it registers them: a JWK Set, bounded, and free of anything private. RFC 7517, RFC 7518 §6.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

/// Why a JWK Set is not one of public keys: one sentence for whoever wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PublicKeysError(pub &'static str);

/// Most keys in one set.
pub const MOST: usize = 20;

/// The members that are kept (RFC 7517 §4, RFC 7518 §6.2.1 and §6.3.1, RFC 8037 §2). Certificates are not: nothing
/// here follows `x5u`, and what is not used is not stored.
const KEPT: [&str; 9] = ["kty", "use", "key_ops", "alg", "kid", "crv", "x", "y", "e"];
/// The modulus, the one long member.
const MODULUS: &str = "n";
/// RFC 7518 §6.2.2, §6.3.2 and §6.4: what only the owner of a key may know.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Reads a JWK Set of public keys and returns it with nothing but the members that a verifier needs.
///
/// RFC 7591 §2, `jwks`: "Client's JSON Web Key Set document value, which contains the client's public keys." A set
/// with a private or symmetric key is refused whole, so that its owner learns of it. At least one key must be able to
/// sign an assertion: RSA of 2,048 to 8,192 bits, EC on P-256, or Ed25519.
pub fn parse(set: &Value) -> Result<Value, PublicKeysError> {
    let keys = set.get("keys").and_then(Value::as_array);
    let keys = keys.ok_or(PublicKeysError("a key set is an object with a keys list"))?;
    if !(1..=MOST).contains(&keys.len()) {
        return Err(PublicKeysError("a key set has 1 to 20 keys"));
    }
    let keys = keys.iter().map(public_key).collect::<Result<Vec<_>, _>>()?;
    if !keys.iter().any(|(_, fit)| *fit == Fit::Signs) {
        return Err(PublicKeysError("a key set has an RSA key of 2048 to 8192 bits, a P-256 key or an Ed25519 key"));
    }
    Ok(json!({ "keys": keys.into_iter().map(|(key, _)| key).collect::<Vec<_>>() }))
}

/// Whether a key can verify an assertion in one of the algorithms that discovery lists.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Signs,
    Unused,
}

fn public_key(key: &Value) -> Result<(Value, Fit), PublicKeysError> {
    let key = key.as_object().ok_or(PublicKeysError("each key is an object"))?;
    let kind = text(key, "kty");
    if PRIVATE.iter().any(|member| key.contains_key(*member)) || kind == Some("oct") {
        return Err(PublicKeysError(
            "this key set shows a private or symmetric key: replace that key, it is no longer secret",
        ));
    }
    let fit = match (kind, text(key, "crv")) {
        (Some("RSA"), _) => match (bytes(key, MODULUS), bytes(key, "e")) {
            (Some(256..=1_024), Some(1..=8)) => Fit::Signs,
            (Some(_), Some(_)) => Fit::Unused,
            _ => return Err(PublicKeysError("an RSA key has n and e in base64url")),
        },
        (Some("EC"), Some("P-256")) if (bytes(key, "x"), bytes(key, "y")) == (Some(32), Some(32)) => Fit::Signs,
        (Some("OKP"), Some("Ed25519")) if bytes(key, "x") == Some(32) => Fit::Signs,
        (Some("EC"), Some("P-256")) | (Some("OKP"), Some("Ed25519")) => {
            return Err(PublicKeysError("the coordinates of a P-256 or Ed25519 key are 32 bytes each, in base64url"));
        }
        (Some("EC" | "OKP"), Some(_)) => Fit::Unused,
        _ => return Err(PublicKeysError("the kty of each key is RSA, EC or OKP; EC and OKP keys have a crv")),
    };
    // RFC 7517 §4.2: a key for encryption does not sign.
    let fit = if text(key, "use") == Some("enc") { Fit::Unused } else { fit };
    let kept = key.iter().filter(|(name, value)| is_kept(name, value));
    Ok((Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect()), fit))
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
        // A key of another curve may stand beside a usable one.
        assert!(parse(&json!({ "keys": [{ "kty": "EC", "crv": "P-521", "x": of(66), "y": of(66) }, p256()] })).is_ok());
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
