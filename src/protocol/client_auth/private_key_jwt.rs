//! `private_key_jwt`. RFC 7523 §3, with the audience rule of rfc7523bis; OpenID Connect Core §9.
//!
//! The signature is checked before: what arrives here was signed by a key that the client registered.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::base::{Digest, Issuer, Lifetime, Timestamp};
use crate::model::ClientId;
use crate::protocol::refusal::{Refusal, ensure};
use crate::protocol::strict_json;

/// The claims of a client assertion whose signature is good.
#[derive(Clone, Debug)]
pub struct AssertionClaims {
    pub claims: Map<String, Value>,
}

/// Names under which this server is meant.
#[derive(Clone, Debug)]
pub struct Audiences {
    accepted: Vec<String>,
}

impl Audiences {
    /// The issuer, as the MCP SDKs send, and the token endpoint's own URL, as Authlib sends.
    pub fn of(issuer: &Issuer) -> Self {
        let mut accepted = vec![issuer.as_str().to_owned(), issuer.url("/oauth/token")];
        // RFC 3986 §6.2.3: "In general, a URI that uses the generic syntax for authority with an empty path should be normalized to a path
        // of "/"": some libraries have done so before the client reads the issuer. Nobody else can be meant by it.
        if issuer.path().is_empty() {
            accepted.push(issuer.url("/"));
        }
        Self { accepted }
    }
}

/// No assertion is good for longer, whatever it says of itself.
const LONGEST: Lifetime = Lifetime::from_minutes(5);
/// How far ahead `exp` may lie if `iat` shows how old the assertion is: stock Authlib says an hour.
const FARTHEST: Lifetime = Lifetime::from_hours(1);
/// How far clocks may differ.
const SKEW: Lifetime = Lifetime::from_seconds(30);

impl AssertionClaims {
    fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    fn time(&self, name: &str) -> Option<Timestamp> {
        let seconds = self.claims.get(name)?.as_f64()?;
        // RFC 7519 §2: NumericDate may have a fraction. Nothing outside a sane range is a date.
        (0.0..4.0e10).contains(&seconds).then(|| Timestamp::from_seconds(seconds as i64))
    }

    /// When it ends: at its `exp`, or five minutes after its `iat`, whichever comes first. RFC 7523 §3 (4).
    fn ends_at(&self) -> Option<Timestamp> {
        let exp = self.time("exp")?;
        Some(self.time("iat").map_or(exp, |iat| exp.min(iat.plus(LONGEST))))
    }

    /// What the replay table is keyed by: this client's `jti`, and until when it must be remembered: as long as the assertion
    /// is accepted.
    pub fn replay_key(&self, client: &ClientId) -> Option<(Digest, Timestamp)> {
        let jti = self.text("jti")?;
        let end = self.ends_at()?.plus(SKEW);
        Some((Digest::of_all(&[client.to_string().as_bytes(), b"\n", jti.as_bytes()]), end))
    }
}

/// Whom an assertion says it is about, before anything in it is believed: RFC 7521 §4.2 lets a client leave `client_id` out,
/// "as the client is identified by the subject".
pub fn claimed_subject(assertion: &str) -> Option<String> {
    part(assertion, 1)?.get("sub")?.as_str().map(str::to_owned)
}

/// Who made it, as it says before it is believed. RFC 7523 §3 (1): a client's assertion is issued by the client; what another
/// issuer made is a workload's token.
pub fn claimed_issuer(assertion: &str) -> Option<String> {
    part(assertion, 1)?.get("iss")?.as_str().map(str::to_owned)
}

/// Which key an assertion says it was signed with (RFC 7515 §4.1.4), before it is believed.
pub fn claimed_key(assertion: &str) -> Option<String> {
    part(assertion, 0)?.get("kid")?.as_str().map(str::to_owned)
}

fn part(assertion: &str, at: usize) -> Option<Map<String, Value>> {
    let encoded = assertion.split('.').nth(at).filter(|encoded| encoded.len() <= 8_192)?;
    strict_json::parse_object(&URL_SAFE_NO_PAD.decode(encoded).ok()?, 8_192).ok()
}

/// Judges the claims of an assertion. RFC 7523 §3; attack case 27.
pub fn accept_assertion(
    client: &ClientId,
    assertion: &AssertionClaims,
    audiences: &Audiences,
    now: Timestamp,
) -> Result<(), Refusal> {
    let refuse = |why| Err(Refusal::AssertionInvalid(why));
    let id = client.to_string();
    // §3 (1), (2): "For client authentication, the subject MUST be the "client_id" of the OAuth client", and so the issuer.
    if assertion.text("iss") != Some(&id) || assertion.text("sub") != Some(&id) {
        return refuse("iss and sub must both be the client_id");
    }
    // rfc7523bis §3: the audience is this authorization server. A list that names another server as well could be replayed here
    // by that one; openid-client 4 and 5 and oauth4webapi 2 send a list of this server's two names, which nobody else can use.
    let is_us = |aud: &Value| aud.as_str().is_some_and(|aud| audiences.accepted.iter().any(|known| known == aud));
    let fits = match assertion.claims.get("aud") {
        Some(Value::Array(list)) => matches!(list.len(), 1 | 2) && list.iter().all(is_us),
        Some(aud) => is_us(aud),
        None => false,
    };
    ensure(fits, Refusal::AssertionInvalid("aud must be this server's issuer, and nothing else"))?;
    // §3 (4): "The JWT MUST contain an "exp" (expiration time) claim".
    let Some(exp) = assertion.time("exp") else { return refuse("exp is missing") };
    if now >= exp.plus(SKEW) {
        return refuse("it has expired");
    }
    // Nor does it live longer than five minutes, so that few need be remembered and a stolen one is soon worth nothing. How old
    // it is, `iat` says; without it, only an `exp` that is near can.
    let farthest = if assertion.claims.contains_key("iat") { FARTHEST } else { LONGEST };
    if exp > now.plus(farthest).plus(SKEW) {
        return refuse("exp must be at most 5 minutes ahead, or an hour with iat");
    }
    if assertion.ends_at().is_none_or(|end| now >= end.plus(SKEW)) {
        return refuse("it was made more than 5 minutes ago");
    }
    // §3 (5): "the authorization server MUST NOT accept the JWT before that time".
    if assertion.claims.contains_key("nbf") && assertion.time("nbf").is_none_or(|nbf| nbf > now.plus(SKEW)) {
        return refuse("it is not valid yet");
    }
    if assertion.claims.contains_key("iat") && assertion.time("iat").is_none_or(|iat| iat > now.plus(SKEW)) {
        return refuse("iat lies in the future");
    }
    // §3 (7): "The JWT MAY contain a "jti" claim"; OpenID Connect Core §9 requires it, and so does single use.
    let jti = assertion.text("jti").unwrap_or_default();
    ensure(!jti.is_empty() && jti.len() <= 256, Refusal::AssertionInvalid("jti is missing or too long"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn case_27_only_a_fresh_assertion_for_this_server_is_accepted() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let issuer = Issuer::parse("https://id.example").unwrap();
        let client = ClientId::Document("https://app.example/client".into());
        let judge = |change: Value| {
            let mut claims = json!({"iss": "https://app.example/client", "sub": "https://app.example/client", "aud": "https://id.example",
                "exp": 1_800_000_060, "iat": 1_800_000_000, "jti": "a"});
            for (name, value) in change.as_object().unwrap() {
                claims[name] = value.clone();
            }
            let claims = claims
                .as_object()
                .unwrap()
                .iter()
                .filter(|(_, v)| !v.is_null())
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            accept_assertion(&client, &AssertionClaims { claims }, &Audiences::of(&issuer), now)
        };
        for good in [
            json!({}),
            json!({"aud": "https://id.example/oauth/token"}),
            json!({"aud": ["https://id.example"]}),
            // As libraries send it that read the issuer as a URL.
            json!({"aud": "https://id.example/"}),
            // As stock openid-client 5 and oauth4webapi 2 send it.
            json!({"aud": ["https://id.example", "https://id.example/oauth/token"]}),
            json!({"exp": 1_800_000_060.5}),
            // As stock Authlib sends it.
            json!({"exp": 1_800_003_600, "aud": "https://id.example/oauth/token"}),
            json!({"exp": 1_800_003_630}),
            json!({"exp": 1_800_003_000, "iat": 1_799_999_700}),
            json!({"exp": 1_800_003_000, "iat": 1_799_999_671}),
            json!({"exp": 1_800_000_330, "iat": null}),
            json!({"exp": 1_799_999_971, "iat": null}),
        ] {
            assert_eq!(judge(good.clone()), Ok(()), "{good}");
        }
        for bad in [
            json!({"iss": "x"}),
            json!({"sub": "x"}),
            json!({"sub": null}),
            json!({"aud": "https://other.example"}),
            json!({"aud": null}),
            json!({"aud": ["https://id.example", "https://other.example"]}),
            json!({"aud": ["https://id.example", "https://other.example/oauth/token"]}),
            json!({"aud": ["https://id.example", 7]}),
            json!({"aud": ["https://id.example", "https://id.example", "https://id.example"]}),
            json!({"aud": []}),
            json!({"aud": {"https://id.example": true}}),
            json!({"aud": "https://id.example//"}),
            json!({"aud": "https://id.example/oauth/token/"}),
            json!({"aud": "https://other.example/oauth/token"}),
            json!({"exp": null}),
            json!({"exp": 1_799_999_000}),
            json!({"exp": 1_800_003_631}),
            json!({"exp": 1_800_000_331, "iat": null}),
            json!({"exp": 1_800_003_000, "iat": 1_799_999_670}),
            json!({"exp": 1_800_000_060, "iat": 1_799_990_000}),
            json!({"exp": 1_800_003_000, "iat": "x"}),
            json!({"exp": "soon"}),
            json!({"exp": -1}),
            json!({"exp": 1e300}),
            json!({"jti": null}),
            json!({"jti": ""}),
            json!({"jti": 7}),
            json!({"nbf": 1_800_000_100}),
            json!({"nbf": "x"}),
            json!({"iat": 1_800_000_100}),
        ] {
            assert!(matches!(judge(bad.clone()), Err(Refusal::AssertionInvalid(_))), "{bad}");
        }
    }

    #[test]
    fn an_issuer_with_a_path_has_one_name() {
        let names = Audiences::of(&Issuer::parse("https://id.example/a").unwrap()).accepted;
        assert_eq!(names, ["https://id.example/a", "https://id.example/a/oauth/token"]);
    }

    #[test]
    fn a_jti_is_remembered_for_as_long_as_its_assertion_is_accepted() {
        let until = |claims: Value| {
            let claims = claims.as_object().unwrap().clone();
            AssertionClaims { claims }.replay_key(&ClientId::Document("https://app.example/c".into())).unwrap().1
        };
        let at = Timestamp::from_seconds;
        assert_eq!(until(json!({"jti": "a", "exp": 1_060})), at(1_090));
        assert_eq!(until(json!({"jti": "a", "exp": 1_060, "iat": 1_000})), at(1_090));
        assert_eq!(until(json!({"jti": "a", "exp": 4_600, "iat": 1_000})), at(1_330));
    }
}
