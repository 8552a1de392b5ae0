//! Tokens that bring their key along: they prove that whoever made them has it, and nothing else. RFC 9449 §4.2, RFC 7515 §4.1.3.

use super::jwk_set::{self, JwkSet, Members};
use super::provider::PublicKey;
use super::verify::{Claims, Typ, Unverified, VerifyError};
use crate::base::Digest;
use crate::model::JwsAlgorithm;

/// Claims, and the thumbprint of the key that signed them. Whose key that is, nobody has said.
#[derive(Clone, Debug)]
pub struct SelfSigned {
    pub claims: Claims,
    /// RFC 7638, SHA-256.
    pub jkt: Digest,
}

/// The longest proof that is looked at, in bytes: one with the largest key we take has some five thousand.
const LONGEST: usize = 8 * 1_024;

/// The `typ` of a DPoP proof. RFC 9449 §4.2: "A field with the value dpop+jwt".
const TYPE: Typ = Typ::Exactly("dpop+jwt");

/// Verifies a DPoP proof with the key in its header. RFC 9449 §4.3, (2) and (4) to (7); what it says is for the rules to judge.
///
/// `kid` is passed over: the key is here. `jku`, `x5u`, `x5c` and anything critical are refused, as everywhere.
pub fn verify_proof(token: &str) -> Result<SelfSigned, VerifyError> {
    if token.len() > LONGEST {
        return Err(VerifyError::TooLong);
    }
    let (token, jwk) = Unverified::with_key(token, TYPE)?;
    // §4.3 (7): "The jwk JOSE Header Parameter does not contain a private key."
    if JwkSet::PRIVATE.iter().any(|name| jwk.contains_key(*name)) {
        return Err(VerifyError::PrivateKey);
    }
    let Some(Members { public, alg }) = jwk_set::members(&jwk) else { return Err(VerifyError::NoKey) };
    // §4.3 (5): "is supported by the application, and is acceptable per local policy": every algorithm that has a name in this
    // program. The key's own `alg`, if it states one, is the header's, and the key is of its kind (RFC 8725 §3.1).
    if alg.is_some_and(|alg: JwsAlgorithm| alg != token.algorithm) {
        return Err(VerifyError::NoKey);
    }
    let key = PublicKey::from_jwk(&public).map_err(|_| VerifyError::NoKey)?;
    let verified = token.verify(std::iter::once(&key)).map_err(|error| match error {
        VerifyError::UnknownKey => VerifyError::NoKey,
        other => other,
    })?;
    Ok(SelfSigned { claims: verified.into_claims(), jkt: public.thumbprint() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::provider::PrivateKey;
    use crate::model::Algorithm;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    /// RFC 9449, figures 2 and 13: the same key for two requests.
    const FIGURES: [&str; 2] = [
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg",
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA",
    ];

    #[test]
    fn the_proofs_of_rfc_9449_verify() {
        for (proof, method) in FIGURES.into_iter().zip(["POST", "GET"]) {
            let proof = verify_proof(proof).unwrap();
            assert_eq!(proof.claims["htm"], method);
            assert_eq!(proof.jkt.text(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "§6.1");
        }
    }

    struct Holder {
        key: PrivateKey,
        jwk: Value,
        alg: &'static str,
    }

    fn holder(algorithm: Algorithm) -> Holder {
        let (pkcs8, public) = PrivateKey::generate(algorithm).unwrap();
        let key = PrivateKey::from_pkcs8(algorithm, &pkcs8).unwrap();
        Holder { key, jwk: serde_json::to_value(public).unwrap(), alg: algorithm.as_str() }
    }

    impl Holder {
        /// A proof whose header has these changes; null leaves a member out.
        fn proof(&self, changes: Value) -> String {
            let mut header = json!({ "typ": "dpop+jwt", "alg": self.alg, "jwk": self.jwk });
            for (name, value) in changes.as_object().unwrap() {
                header[name] = value.clone();
            }
            header.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode("{}"));
            format!("{message}.{}", self.key.sign(message.as_bytes()).unwrap())
        }

        fn with_key(&self, changes: Value) -> Value {
            let mut jwk = self.jwk.clone();
            for (name, value) in changes.as_object().unwrap() {
                jwk[name] = value.clone();
            }
            json!({ "jwk": jwk })
        }
    }

    #[test]
    fn case_28_every_kind_of_key_proves_itself_and_only_itself() {
        for algorithm in Algorithm::ALL {
            let (holder, other) = (holder(algorithm), holder(algorithm));
            let good = verify_proof(&holder.proof(json!({ "kid": "../../whatever" }))).unwrap();
            let public: crate::model::PublicJwk = serde_json::from_value(holder.jwk.clone()).unwrap();
            assert_eq!(good.jkt, public.thumbprint());
            let stolen = verify_proof(&holder.proof(json!({ "jwk": other.jwk })));
            assert_eq!(stolen.unwrap_err(), VerifyError::Signature, "another's key is shown, and not had");
        }
    }

    #[test]
    fn case_28_headers_that_are_tricks_are_refused() {
        let (holder, rsa) = (holder(Algorithm::ES256), holder(Algorithm::RS256));
        for (changes, error) in [
            (json!({ "alg": "none" }), VerifyError::Algorithm),
            (json!({ "alg": "HS256" }), VerifyError::Algorithm),
            (json!({ "alg": "ES384" }), VerifyError::Algorithm),
            (json!({ "alg": null }), VerifyError::Malformed),
            (json!({ "alg": "EdDSA" }), VerifyError::NoKey),
            (json!({ "typ": null }), VerifyError::Type),
            (json!({ "typ": "JWT" }), VerifyError::Type),
            (json!({ "typ": "at+jwt" }), VerifyError::Type),
            (json!({ "jwk": null }), VerifyError::NoKey),
            (json!({ "jwk": "x" }), VerifyError::NoKey),
            (json!({ "jwk": {} }), VerifyError::NoKey),
            (json!({ "jwk": { "kty": "oct", "k": "AAAA" } }), VerifyError::PrivateKey),
            (holder.with_key(json!({ "d": "AAAA" })), VerifyError::PrivateKey),
            (holder.with_key(json!({ "d": null })), VerifyError::PrivateKey),
            (holder.with_key(json!({ "alg": "RS256" })), VerifyError::NoKey),
            (holder.with_key(json!({ "use": "enc" })), VerifyError::NoKey),
            (holder.with_key(json!({ "crv": "P-384" })), VerifyError::NoKey),
            (holder.with_key(json!({ "x": "AAAA" })), VerifyError::NoKey),
            (json!({ "jwk": rsa.jwk }), VerifyError::NoKey),
            (json!({ "crit": ["exp"], "exp": 1 }), VerifyError::Critical),
            (json!({ "b64": false }), VerifyError::Critical),
            (json!({ "jku": "https://evil.test/jwks" }), VerifyError::EmbeddedKey),
            (json!({ "x5u": "https://evil.test/x" }), VerifyError::EmbeddedKey),
            (json!({ "x5c": ["MII"] }), VerifyError::EmbeddedKey),
        ] {
            assert_eq!(verify_proof(&holder.proof(changes.clone())).unwrap_err(), error, "{changes}");
        }
        let long = holder.proof(json!({ "filler": "x".repeat(LONGEST) }));
        assert_eq!(verify_proof(&long).unwrap_err(), VerifyError::TooLong);
        let good = holder.proof(json!({}));
        for text in [format!("{good},{good}"), format!("{good} {good}"), format!("{good}."), String::new()] {
            assert!(verify_proof(&text).is_err(), "{text}");
        }
    }
}
