//! Which credential a request carries. OAuth 2.1 §2.4, RFC 7617 §2.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::base::Secret;
use crate::protocol::params::Parameters;
use crate::protocol::refusal::{Refusal, ensure};

/// What a request presents about its client, unverified.
#[derive(Clone, Debug)]
pub enum Presented {
    /// `client_secret_basic` or `client_secret_post`.
    Secret { client_id: String, secret: Secret },
    /// `private_key_jwt`: the id is the assertion's `sub`, repeated in `client_id` or not.
    Assertion { client_id: Option<String>, assertion: Secret },
    /// `none`.
    Public { client_id: String },
}

/// RFC 7523 §2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

impl Presented {
    /// The same where a request may also carry nothing: RFC 7523 §2.1, "Authentication of the client is
    /// optional … and consequently, the "client_id" is only needed when a form of client authentication that relies on the
    /// parameter is used."
    pub fn read_any(authorization: Option<&str>, params: &Parameters<'_>) -> Result<Option<Self>, Refusal> {
        let named =
            ["client_id", "client_secret", "client_assertion"].iter().any(|name| params.optional(name).is_some());
        if authorization.is_none() && !named {
            return Ok(None);
        }
        Self::read(authorization, params).map(Some)
    }

    /// Reads the Authorization header and the body. OAuth 2.1 §2.4: "The client MUST NOT use more than one authentication
    /// method in each request".
    pub fn read(authorization: Option<&str>, params: &Parameters<'_>) -> Result<Self, Refusal> {
        let client_id = params.bounded("client_id", 512)?.map(str::to_owned);
        let secret = params.optional("client_secret");
        let assertion = params.optional("client_assertion");
        let header = authorization.map(basic).transpose()?;
        let ways = usize::from(header.is_some()) + usize::from(secret.is_some()) + usize::from(assertion.is_some());
        ensure(ways <= 1, Refusal::TwoAuthMethods)?;

        if let Some((user, password)) = header {
            ensure(client_id.is_none_or(|in_body| in_body == user), Refusal::TwoAuthMethods)?;
            // Some libraries send a header with an empty password for a public client.
            return Ok(match password {
                Some(secret) => Self::Secret { client_id: user, secret },
                None => Self::Public { client_id: user },
            });
        }
        if let Some(assertion) = assertion {
            // RFC 7523 §2.2: "The value of the "client_assertion_type" is "urn:…:jwt-bearer"".
            ensure(
                params.required("client_assertion_type")? == JWT_BEARER,
                Refusal::MalformedParameter("client_assertion_type"),
            )?;
            return Ok(Self::Assertion { client_id, assertion: Secret::new(assertion) });
        }
        // §3.2.4 invalid_client: "no client authentication included".
        let client_id = client_id.ok_or(Refusal::ClientUnknown)?;
        Ok(match secret {
            Some(secret) => Self::Secret { client_id, secret: Secret::new(secret) },
            None => Self::Public { client_id },
        })
    }
}

/// RFC 7617 §2, with both halves form-encoded as OAuth 2.1 §2.4.1 says, or raw as most SDKs send them. Ids and secrets of
/// Writ's making have no character that the encoding changes, so decoding is right for both.
fn basic(header: &str) -> Result<(String, Option<Secret>), Refusal> {
    let malformed = || Refusal::MalformedParameter("Authorization");
    let (scheme, encoded) = header.split_once(' ').unwrap_or((header, ""));
    // §3.2.4 invalid_client: "unsupported authentication method".
    ensure(scheme.eq_ignore_ascii_case("basic"), Refusal::ClientMethodMismatch)?;
    ensure(encoded.len() <= 2_048, malformed())?;
    let bytes = STANDARD.decode(encoded.trim()).map_err(|_| malformed())?;
    let text = Secret::new(String::from_utf8(bytes).map_err(|_| malformed())?);
    // From the right: a raw client id may be a URL with a colon, a secret has none.
    let (user, password) = text.expose().rsplit_once(':').ok_or_else(malformed)?;
    let user = form_decode(user);
    ensure(!user.is_empty() && user.len() <= 512, malformed())?;
    Ok((user, Some(form_decode(password)).filter(|p| !p.is_empty()).map(Secret::new)))
}

fn form_decode(text: &str) -> String {
    let pair = format!("v={}", text.replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: Option<&str>, body: &str) -> Result<Presented, Refusal> {
        Presented::read(header, &Parameters::parse(body.as_bytes()).unwrap())
    }

    fn header(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn basic_reads_encoded_and_raw() {
        for (sent, id) in [
            ("cli_1:s", "cli_1"),
            ("https%3A%2F%2Fa.example%2Fc:s", "https://a.example/c"),
            ("https://a.example/c:s", "https://a.example/c"),
        ] {
            let Ok(Presented::Secret { client_id, secret }) = read(Some(&header(sent)), "") else { panic!("{sent}") };
            assert_eq!((client_id.as_str(), secret.expose()), (id, "s"));
        }
    }

    #[test]
    fn two_ways_at_once_are_refused() {
        let basic = header("cli_1:s");
        for body in ["client_secret=s", "client_assertion=x&client_assertion_type=y", "client_id=cli_2"] {
            assert_eq!(read(Some(&basic), body).unwrap_err(), Refusal::TwoAuthMethods, "{body}");
        }
        assert_eq!(read(None, "client_id=a&client_secret=s&client_assertion=x").unwrap_err(), Refusal::TwoAuthMethods);
        assert!(read(Some(&basic), "client_id=cli_1").is_ok(), "the same id may stand in both places");
    }

    #[test]
    fn nothing_and_nonsense_are_refused() {
        assert_eq!(read(None, "").unwrap_err(), Refusal::ClientUnknown);
        for bad in ["Basic", "Basic !!!", &header("nocolon"), &header(":s")] {
            assert_eq!(read(Some(bad), "").unwrap_err(), Refusal::MalformedParameter("Authorization"), "{bad}");
        }
        for other in ["Bearer x", "Digest username=a", "x", ""] {
            assert_eq!(read(Some(other), "").unwrap_err(), Refusal::ClientMethodMismatch, "{other}");
        }
    }
}
