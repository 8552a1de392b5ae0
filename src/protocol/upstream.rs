//! Signing in with somebody else's OpenID provider: what is asked there, and when its answer is believed. OpenID Connect Core §3.1, RFC 9207.
//!
//! Here Writ is the client. It takes the code flow alone, with PKCE, and of the tokens it looks at nothing but the id token.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::id_jag::LONGEST_SUBJECT;
use super::params::Parameters;
use super::strict_json;
use crate::base::{Digest, Lifetime, Secret, Timestamp};
use crate::model::ScopeSet;

/// How far clocks may differ.
const SKEW: Lifetime = Lifetime::from_minutes(1);
/// An id token is made for the answer that it is in.
const OLDEST: Lifetime = Lifetime::from_minutes(10);
/// Longest code, and longest issuer in an answer, in bytes.
const LONGEST_CODE: usize = 4_096;
const LONGEST_ISSUER: usize = 512;
/// Longest answer of a token endpoint, in bytes.
pub const LONGEST_ANSWER: usize = 128 * 1_024;

/// Why a provider signs nobody in. `Display` is for the audit log: our words, and none of the provider's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("its metadata has no usable {0}")]
    Metadata(&'static str),
    #[error("its answer has a parameter twice, too many, or one that is too long")]
    Malformed,
    #[error("its answer does not say from whom it is (iss), and its metadata says that it would")]
    IssuerMissing,
    #[error("its answer says that it is another's (iss)")]
    OtherIssuer,
    #[error("it said {0}")]
    Said(&'static str),
    #[error("its answer has no code")]
    NoCode,
    #[error("its token endpoint said {0}")]
    Exchange(&'static str),
    #[error("its token endpoint gave no id token")]
    NoToken,
    #[error("its id token: {0}")]
    Token(&'static str),
}

/// How a client proves itself at the provider's token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proves {
    Header,
    Body,
}

/// What of a provider's metadata counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub proves: Proves,
    /// Each of its answers says from whom it is.
    pub says_issuer: bool,
}

impl Metadata {
    /// Reads the document that was found where `issuer` has it.
    pub fn read(document: &Map<String, Value>, issuer: &str) -> Result<Self, Unfit> {
        // OpenID Connect Discovery §4.3: "The issuer value returned MUST be identical to the Issuer URL that was used as the prefix".
        if text(document, "issuer") != Some(issuer) {
            return Err(Unfit::Metadata("issuer"));
        }
        let endpoint = |name: &'static str| match text(document, name) {
            // OpenID Connect Discovery §3, of either: "This URL MUST use the https scheme".
            Some(url) if is_endpoint(url) => Ok(url.to_owned()),
            _ => Err(Unfit::Metadata(name)),
        };
        let named = document.get("token_endpoint_auth_methods_supported").and_then(Value::as_array);
        let has = |name: &str| named.is_some_and(|methods| methods.iter().any(|method| method == name));
        // OpenID Connect Discovery §3: "If omitted, the default is client_secret_basic".
        let proves = match named {
            None => Proves::Header,
            Some(_) if has("client_secret_basic") => Proves::Header,
            Some(_) => Proves::Body,
        };
        Ok(Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: endpoint("authorization_endpoint")?,
            token_endpoint: endpoint("token_endpoint")?,
            proves,
            // RFC 9207 §3: "authorization_response_iss_parameter_supported … If omitted, the default value is false."
            says_issuer: document.get("authorization_response_iss_parameter_supported") == Some(&Value::Bool(true)),
        })
    }
}

fn is_endpoint(text: &str) -> bool {
    let plain = text.len() <= 2_048 && text.bytes().all(|b| b.is_ascii_graphic()) && !text.contains('#');
    plain && url::Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.host_str().is_some())
}

/// What is made up for one sign-in, and kept until its answer comes.
#[derive(Clone, Debug)]
pub struct Made<'a> {
    pub state: &'a str,
    pub nonce: &'a str,
    /// RFC 7636 §4.1: "high-entropy cryptographic random string".
    pub verifier: &'a str,
}

/// Where the browser is sent. §3.1.2.1.
pub fn authorization_url(
    metadata: &Metadata,
    (client_id, redirect_uri, scope): (&str, &str, &ScopeSet),
    made: &Made<'_>,
) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Digest::of(made.verifier.as_bytes()).bytes());
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", client_id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("scope", &scope.to_string())
        .append_pair("state", made.state)
        // §3.1.2.1: "String value used to associate a Client session with an ID Token, and to mitigate replay attacks."
        .append_pair("nonce", made.nonce)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    // OAuth 2.1 §3.1: "The authorization endpoint URL MAY include a query string, which MUST be retained".
    let joint = if metadata.authorization_endpoint.contains('?') { '&' } else { '?' };
    format!("{}{joint}{}", metadata.authorization_endpoint, query.finish())
}

/// The `state` of an answer, before anything else of it is looked at. §3.1.2.5.
pub fn state(query: &[u8]) -> Option<String> {
    Parameters::parse(query).ok()?.bounded("state", 128).ok()?.map(str::to_owned)
}

/// The code of an answer whose `state` was ours. §3.1.2.5, §3.1.2.6.
pub fn code(query: &[u8], metadata: &Metadata) -> Result<Secret, Unfit> {
    let params = Parameters::parse(query).map_err(|_| Unfit::Malformed)?;
    let bounded = |name, longest| params.bounded(name, longest).map_err(|_| Unfit::Malformed);
    match bounded("iss", LONGEST_ISSUER)? {
        // RFC 9207 §2.4: "If the value does not match the expected issuer identifier, clients MUST reject the authorization response and
        // MUST NOT proceed with the authorization grant." Errors as well: "clients MUST NOT assume that the error originates from the
        // intended authorization server."
        Some(iss) if iss != metadata.issuer => return Err(Unfit::OtherIssuer),
        // RFC 9207 §2.4: clients "MUST reject authorization responses without the iss parameter from authorization servers that do support
        // the parameter".
        None if metadata.says_issuer => return Err(Unfit::IssuerMissing),
        _ => {}
    }
    // §3.1.2.6: an error, and then no code.
    if let Some(error) = bounded("error", 256)? {
        return Err(Unfit::Said(known_error(error)));
    }
    bounded("code", LONGEST_CODE)?.map(Secret::new).ok_or(Unfit::NoCode)
}

/// An error code that a specification has; whatever else was sent is not repeated.
fn known_error(error: &str) -> &'static str {
    const KNOWN: [&str; 15] = [
        "access_denied",
        "login_required",
        "interaction_required",
        "consent_required",
        "account_selection_required",
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_response_type",
        "unsupported_grant_type",
        "redirect_uri_mismatch",
        "server_error",
        "temporarily_unavailable",
    ];
    KNOWN.into_iter().find(|known| *known == error).unwrap_or("an error that no specification has")
}

/// A token request: its body, and the `Authorization` header if there is one. §3.1.3.1.
pub fn token_request(
    metadata: &Metadata,
    (client_id, secret): (&str, Option<&Secret>),
    redirect_uri: &str,
    (code, verifier): (&Secret, &str),
) -> (Secret, Option<Secret>) {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.append_pair("grant_type", "authorization_code")
        .append_pair("code", code.expose())
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("code_verifier", verifier);
    let header = match (secret, metadata.proves) {
        (Some(secret), Proves::Header) => {
            // OAuth 2.1 §2.4.1: id and secret are each form-encoded, and the two of them base64.
            let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = Secret::new(format!("{}:{}", encoded(client_id), encoded(secret.expose())));
            Some(Secret::new(format!("Basic {}", STANDARD.encode(pair.expose()))))
        }
        (Some(secret), Proves::Body) => {
            body.append_pair("client_id", client_id).append_pair("client_secret", secret.expose());
            None
        }
        (None, _) => {
            body.append_pair("client_id", client_id);
            None
        }
    };
    (Secret::new(body.finish()), header)
}

/// The id token of a token endpoint's answer. §3.1.3.3.
pub fn id_token(status: u16, body: &str) -> Result<Secret, Unfit> {
    let answer = strict_json::parse_object(body.as_bytes(), LONGEST_ANSWER).unwrap_or_default();
    if status != 200 {
        return Err(Unfit::Exchange(known_error(text(&answer, "error").unwrap_or_default())));
    }
    text(&answer, "id_token").map(Secret::new).ok_or(Unfit::NoToken)
}

/// What an id token has to be for.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    pub now: Timestamp,
}

/// What a good id token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    pub subject: String,
    /// The address, if the provider says that it verified it.
    pub email: Option<String>,
    /// When the person proved there who they are, if it says so.
    pub auth_time: Option<Timestamp>,
}

/// Judges the claims of an id token that a key of the provider signed (steps 6 to 8 of §3.1.3.7 are done by then: an algorithm of public
/// keys, and never `none`).
pub fn accept(claims: &Map<String, Value>, expected: Expected<'_>) -> Result<Vouched, Unfit> {
    let bad = |why| Err(Unfit::Token(why));
    // §3.1.3.7 (2): "The Issuer Identifier for the OpenID Provider … MUST exactly match the value of the iss (issuer) Claim."
    if text(claims, "iss") != Some(expected.issuer) {
        return bad("iss is another's");
    }
    // §3.1.3.7 (3): "The ID Token MUST be rejected if the ID Token does not list the Client as a valid audience, or if it contains
    // additional audiences not trusted by the Client." None is.
    let aud = match claims.get("aud") {
        Some(Value::Array(list)) if list.len() == 1 => list.first().and_then(Value::as_str),
        aud => aud.and_then(Value::as_str),
    };
    if aud != Some(expected.client_id) {
        return bad("aud is not this client, alone");
    }
    // §3.1.3.7 (5): "if an azp … Claim is present, the Client SHOULD verify that its client_id is the Claim Value".
    if claims.contains_key("azp") && text(claims, "azp") != Some(expected.client_id) {
        return bad("azp is another client");
    }
    let (Some(exp), Some(iat)) = (date(claims, "exp"), date(claims, "iat")) else {
        return bad("exp or iat is missing");
    };
    // §3.1.3.7 (9): "The current time MUST be before the time represented by the exp Claim."
    if expected.now >= exp.plus(SKEW) {
        return bad("it has expired");
    }
    // §3.1.3.7 (10): "The iat Claim can be used to reject tokens that were issued too far away from the current time".
    if iat > expected.now.plus(SKEW) || iat.plus(OLDEST) < expected.now {
        return bad("iat is not now");
    }
    // §3.1.3.7 (11): "If a nonce value was sent in the Authentication Request, a nonce Claim MUST be present and its value checked to verify
    // that it is the same value".
    if text(claims, "nonce") != Some(expected.nonce) {
        return bad("nonce is another sign-in's");
    }
    // §2: "It MUST NOT exceed 255 ASCII characters in length. The sub value is a case-sensitive string."
    let Some(subject) = bounded(claims, "sub", LONGEST_SUBJECT) else { return bad("sub is missing or too long") };
    // §5.1: email_verified, "True if the End-User's e-mail address has been verified; otherwise false." The word "true" is not it.
    let verified = claims.get("email_verified") == Some(&Value::Bool(true));
    let email = bounded(claims, "email", 254).filter(|_| verified).map(str::to_owned);
    let auth_time = date(claims, "auth_time").filter(|at| *at <= expected.now.plus(SKEW));
    Ok(Vouched { subject: subject.to_owned(), email, auth_time })
}

fn text<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c str> {
    claims.get(name).and_then(Value::as_str)
}

fn bounded<'c>(claims: &'c Map<String, Value>, name: &str, longest: usize) -> Option<&'c str> {
    text(claims, name).filter(|text| (1..=longest).contains(&text.len()) && !text.chars().any(char::is_control))
}

/// RFC 7519 §2: a NumericDate may have a fraction. Nothing outside a sane range is a date.
fn date(claims: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    let seconds = claims.get(name)?.as_f64().filter(|at| (0.0..4.0e10).contains(at))?;
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked above")]
    let seconds = seconds.floor() as i64;
    Some(Timestamp::from_seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ISSUER: &str = "https://login.example";

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn metadata(changes: &Value) -> Result<Metadata, Unfit> {
        let mut document = object(&json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://login.example/authorize?tenant=a",
            "token_endpoint": "https://login.example/token",
        }));
        document.extend(object(changes));
        Metadata::read(&document, ISSUER)
    }

    #[test]
    fn metadata_is_the_providers_own_and_its_endpoints_are_https() {
        let plain = metadata(&json!({})).unwrap();
        assert_eq!((plain.proves, plain.says_issuer), (Proves::Header, false));
        let post = json!({ "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"] });
        assert_eq!(metadata(&post).unwrap().proves, Proves::Body);
        for (name, value) in [
            ("issuer", json!("https://login.example/")),
            ("authorization_endpoint", json!("http://login.example/authorize")),
            ("authorization_endpoint", json!("javascript:alert(1)")),
            ("authorization_endpoint", json!("https://login.example/authorize#a")),
            ("token_endpoint", json!(null)),
            ("token_endpoint", json!("/token")),
        ] {
            assert_eq!(metadata(&json!({ name: value })), Err(Unfit::Metadata(name)), "{value}");
        }
    }

    #[test]
    fn a_request_says_all_that_binds_its_answer() {
        let made = Made { state: "s", nonce: "n", verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" };
        let scope = "openid email".parse().unwrap();
        let url = authorization_url(&metadata(&json!({})).unwrap(), ("a&b", "https://writ.example/cb", &scope), &made);
        // The challenge is that of RFC 7636, appendix B.
        assert_eq!(
            url,
            "https://login.example/authorize?tenant=a&response_type=code&client_id=a%26b\
             &redirect_uri=https%3A%2F%2Fwrit.example%2Fcb&scope=email+openid&state=s&nonce=n\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
        );
    }

    #[test]
    fn case_44_an_answer_of_another_issuer_is_no_answer() {
        let quiet = metadata(&json!({})).unwrap();
        let says = metadata(&json!({ "authorization_response_iss_parameter_supported": true })).unwrap();
        let read =
            |query: &str, metadata: &Metadata| code(query.as_bytes(), metadata).map(|code| code.expose().to_owned());
        let own = "code=c&iss=https%3A%2F%2Flogin.example";
        for metadata in [&quiet, &says] {
            assert_eq!(read(own, metadata).as_deref(), Ok("c"));
            assert_eq!(read("code=c&iss=https%3A%2F%2Fevil.example", metadata), Err(Unfit::OtherIssuer));
            assert_eq!(read("error=access_denied&iss=https%3A%2F%2Fevil.example", metadata), Err(Unfit::OtherIssuer));
            assert_eq!(read(&format!("{own}&code=d"), metadata), Err(Unfit::Malformed), "twice");
            assert_eq!(read(&format!("{own}&error=access_denied"), metadata), Err(Unfit::Said("access_denied")));
            let nonsense = read(&format!("{own}&error=%3Cscript%3E"), metadata);
            assert_eq!(nonsense, Err(Unfit::Said("an error that no specification has")));
        }
        assert_eq!(read("code=c", &quiet).as_deref(), Ok("c"));
        assert_eq!(read("code=c", &says), Err(Unfit::IssuerMissing));
        assert_eq!(read("x=c", &quiet), Err(Unfit::NoCode));
    }

    #[test]
    fn a_secret_goes_where_the_provider_takes_it() {
        let secret = Secret::new("p:w d");
        let ask = |metadata: &Metadata, secret| {
            let (body, header) =
                token_request(metadata, ("a/b", secret), "https://w/cb", (&Secret::new("c"), "verifier"));
            (body.expose().to_owned(), header.map(|header| header.expose().to_owned()))
        };
        let basic = metadata(&json!({})).unwrap();
        let post = metadata(&json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] })).unwrap();
        let begins = "grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Fw%2Fcb&code_verifier=verifier";
        let header = format!("Basic {}", STANDARD.encode("a%2Fb:p%3Aw+d"));
        assert_eq!(ask(&basic, Some(&secret)), (begins.to_owned(), Some(header)));
        let body = format!("{begins}&client_id=a%2Fb&client_secret=p%3Aw+d");
        assert_eq!(ask(&post, Some(&secret)), (body, None));
        assert_eq!(ask(&basic, None), (format!("{begins}&client_id=a%2Fb"), None));
    }

    #[test]
    fn case_44_an_id_token_is_for_this_client_this_sign_in_and_now() {
        let now = Timestamp::from_seconds(1_000_000);
        let good = json!({
            "iss": ISSUER, "aud": "us", "sub": "00u1", "nonce": "n", "iat": 999_990, "exp": 1_000_300,
            "email": "ada@example.com", "email_verified": true, "auth_time": 999_000,
        });
        let judged = |changes: &Value| {
            let mut claims = object(&good);
            for (name, value) in object(changes) {
                if value.is_null() {
                    claims.remove(&name)
                } else {
                    claims.insert(name, value)
                };
            }
            accept(&claims, Expected { issuer: ISSUER, client_id: "us", nonce: "n", now })
        };
        let vouched = judged(&json!({})).unwrap();
        assert_eq!(vouched.email.as_deref(), Some("ada@example.com"));
        assert_eq!(vouched.auth_time, Some(Timestamp::from_seconds(999_000)));
        assert!(judged(&json!({ "aud": ["us"], "azp": "us", "exp": 1_000_000.5 })).is_ok());
        for unverified in [json!(false), json!("true"), json!(1), json!(null)] {
            let vouched = judged(&json!({ "email_verified": unverified })).unwrap();
            assert_eq!(vouched.email, None, "{unverified}");
        }
        for changes in [
            json!({ "iss": "https://evil.example" }),
            json!({ "iss": null }),
            json!({ "aud": "them" }),
            json!({ "aud": ["us", "them"] }),
            json!({ "aud": null }),
            json!({ "azp": "them" }),
            json!({ "azp": ["us"] }),
            json!({ "exp": 999_940 }),
            json!({ "exp": null }),
            json!({ "exp": "1000300" }),
            json!({ "iat": 1_000_061 }),
            json!({ "iat": 999_399 }),
            json!({ "iat": null }),
            json!({ "nonce": "m" }),
            json!({ "nonce": null }),
            json!({ "sub": "" }),
            json!({ "sub": 7 }),
            json!({ "sub": "a".repeat(256) }),
            json!({ "sub": "a\nb" }),
        ] {
            assert!(matches!(judged(&changes), Err(Unfit::Token(_))), "{changes}");
        }
    }

    #[test]
    fn a_token_endpoint_that_says_no_gives_nothing() {
        assert_eq!(id_token(200, r#"{"id_token":"a.b.c"}"#).unwrap().expose(), "a.b.c");
        assert_eq!(id_token(200, r#"{"access_token":"a"}"#), Err(Unfit::NoToken));
        assert_eq!(id_token(200, "<html>"), Err(Unfit::NoToken));
        assert_eq!(id_token(401, r#"{"error":"invalid_client"}"#), Err(Unfit::Exchange("invalid_client")));
        assert_eq!(id_token(400, "no"), Err(Unfit::Exchange("an error that no specification has")));
    }
}
