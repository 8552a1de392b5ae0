//! An access key for a session token, asked for as a hosted service's SDKs ask: `POST /v1/auth/accesskey/exchange`. Code that was
//! written for it need not change.

use serde::Serialize;
use serde_json::Value;

use super::refusal::{Refusal, ensure};
use super::strict_json;
use crate::base::{Issuer, OpaqueToken, TokenKind};
use crate::model::{Machine, TenantName};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct KeyExchange {
    /// What the code has been told is its project: whom the token is for.
    pub project: String,
    /// `None` if the text cannot be an access key of ours: no store need be asked.
    pub key: Option<OpaqueToken>,
    /// Of machines that are in several tenants elsewhere; here each is in one.
    pub tenant: Option<TenantName>,
}

/// The answer. Holds a token: it has no `Debug`.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeySession {
    pub key_id: String,
    pub session_jwt: String,
    pub expiration: i64,
    /// Where the machine may have one: for the token endpoint, with the key or another credential beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_jwt: Option<String>,
}

/// Longest project id: a resource's identifier at most.
const LONGEST_PROJECT: usize = 512;
const LONGEST_BODY: usize = 16 * 1_024;

/// Reads the header, `Bearer project:key` (RFC 6750 §2.1), and the body, which may be empty.
pub fn read(authorization: Option<&str>, body: &[u8]) -> Result<KeyExchange, Refusal> {
    let (scheme, pair) = authorization.and_then(|header| header.split_once(' ')).ok_or(Refusal::ClientUnknown)?;
    ensure(scheme.eq_ignore_ascii_case("bearer"), Refusal::ClientMethodMismatch)?;
    // A project may hold colons, as addresses do; a key holds none. What some SDKs send behind it is a key to their own project.
    let pair = pair.trim();
    let at = pair.find(&format!(":{}", TokenKind::AccessKey.prefix())).or_else(|| pair.rfind(':'));
    let (project, key) = at.and_then(|at| pair.split_at_checked(at)).ok_or(Refusal::ClientUnknown)?;
    let key = key.split(':').nth(1).unwrap_or_default();
    let fits = !project.is_empty() && project.len() <= LONGEST_PROJECT && !project.chars().any(char::is_control);
    ensure(fits, Refusal::MalformedParameter("Authorization"))?;
    Ok(KeyExchange {
        project: project.to_owned(),
        key: OpaqueToken::parse(TokenKind::AccessKey, key),
        tenant: tenant(body)?,
    })
}

/// The tenant that the body selects, if it does.
fn tenant(body: &[u8]) -> Result<Option<TenantName>, Refusal> {
    if body.is_empty() {
        return Ok(None);
    }
    let malformed = Refusal::MalformedParameter;
    let body = strict_json::parse_object(body, LONGEST_BODY).map_err(|_| malformed("body"))?;
    let options = match body.get("loginOptions") {
        None | Some(Value::Null) => return Ok(None),
        Some(options) => options.as_object().ok_or(malformed("loginOptions"))?,
    };
    // What a token says, administrators say; a bearer who could add to it could pass for more than it is. Refused and not
    // overlooked: whoever sent it relies on it.
    let claims = options.get("customClaims");
    let is_empty = |claims: &Value| claims.is_null() || claims.as_object().is_some_and(serde_json::Map::is_empty);
    ensure(claims.is_none_or(is_empty), malformed("customClaims"))?;
    match options.get("selectedTenant") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) if name.is_empty() => Ok(None),
        Some(name) => match name.as_str().map(str::parse) {
            Some(Ok(name)) => Ok(Some(name)),
            _ => Err(malformed("selectedTenant")),
        },
    }
}

/// The projects that a token may be for when the machine's key names them: its tenant's name, and the last part of the issuer's path, where
/// the SDKs look for a project. RFC 7519 §4.1.3: "The "aud" (audience) claim identifies the recipients that the JWT is intended
/// for": they are not the bearer's to choose.
pub fn projects(machine: &Machine, issuer: &Issuer) -> Vec<String> {
    let of_the_issuer = issuer.path().rsplit('/').next().filter(|last| !last.is_empty());
    [machine.tenant.as_str()].into_iter().chain(of_the_issuer).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Entropy, Id, Timestamp};
    use crate::model::Credential;

    fn key() -> String {
        let entropy = Entropy::seeded(3);
        let id = Id::<Credential>::new(Timestamp::from_seconds(1), &entropy).unwrap();
        OpaqueToken::new(TokenKind::AccessKey, id, &entropy).unwrap().secret().expose().to_owned()
    }

    #[test]
    fn the_header_has_a_project_and_a_key() {
        let key = key();
        for (project, header) in [
            ("P2abc", format!("Bearer P2abc:{key}")),
            ("P2abc", format!("bearer P2abc:{key}:K2management")),
            ("https://api.example:8443/v1", format!("Bearer https://api.example:8443/v1:{key}")),
        ] {
            let asked = read(Some(&header), b"").unwrap();
            assert_eq!((asked.project.as_str(), asked.key.is_some()), (project, true), "{header}");
        }
        let asked = read(Some("Bearer P2abc:K2whatever"), b"").unwrap();
        assert!(asked.key.is_none() && asked.project == "P2abc");
        for (header, refusal) in [
            (None, Refusal::ClientUnknown),
            (Some("Bearer"), Refusal::ClientUnknown),
            (Some("Bearer P2abc"), Refusal::ClientUnknown),
            (Some(key.as_str()), Refusal::ClientUnknown),
            (Some("Basic P2abc:x"), Refusal::ClientMethodMismatch),
            (Some("Bearer :x"), Refusal::MalformedParameter("Authorization")),
        ] {
            assert_eq!(read(header, b"").unwrap_err(), refusal, "{header:?}");
        }
        assert!(read(Some(&format!("Bearer {}:{key}", "x".repeat(513))), b"").is_err());
    }

    #[test]
    fn the_body_selects_a_tenant_at_most() {
        let tenant = |body: &str| read(Some("Bearer P:x"), body.as_bytes()).map(|asked| asked.tenant);
        let none = [
            "",
            "{}",
            r#"{"loginOptions":{}}"#,
            r#"{"loginOptions":null}"#,
            r#"{"loginOptions":{"customClaims":{}}}"#,
            r#"{"loginOptions":{"selectedTenant":"","customClaims":null}}"#,
        ];
        for body in none {
            assert_eq!(tenant(body), Ok(None), "{body}");
        }
        assert_eq!(tenant(r#"{"loginOptions":{"selectedTenant":"acme"}}"#), Ok(Some("acme".parse().unwrap())));
        for (body, what) in [
            ("[]", "body"),
            ("{", "body"),
            (r#"{"loginOptions":7}"#, "loginOptions"),
            (r#"{"loginOptions":{"customClaims":{"sub":"x"}}}"#, "customClaims"),
            (r#"{"loginOptions":{"selectedTenant":"a b"}}"#, "selectedTenant"),
            (r#"{"loginOptions":{"selectedTenant":7}}"#, "selectedTenant"),
        ] {
            assert_eq!(tenant(body), Err(Refusal::MalformedParameter(what)), "{body}");
        }
    }
}
