//! What a protected resource says about itself, as a client reads it before it comes here. RFC 9728.
//!
//! Writ serves no such document: the resource does. But a connection fails by what it says more often than by anything here, so an
//! administrator can have it looked at through a client's eyes.

use serde_json::Value;

use super::strict_json::{self, StrictJsonError};
use crate::base::{Issuer, Resource};
use crate::model::{ProtectedResource, ScopeSet};

/// Longest document that is read, in bytes.
pub const LONGEST: usize = 32 * 1_024;
/// Most members of a list that are looked at.
const MOST: usize = 64;

/// Where the document of a resource is; `None` if its identifier names no host.
///
/// RFC 9728 §3.1: "If the resource identifier value contains a path or query component, any terminating slash (/) following the host
/// component MUST be removed before inserting /.well-known/ and the well-known URI path suffix between the host component and the path
/// and/or query components."
pub fn metadata_url(resource: &Resource) -> Option<String> {
    let (scheme, rest) = resource.as_str().split_once("://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, behind) = rest.split_at_checked(end)?;
    let behind = if behind == "/" || behind.starts_with("/?") { behind.trim_start_matches('/') } else { behind };
    Some(format!("{scheme}://{host}/.well-known/oauth-protected-resource{behind}"))
}

/// What is read of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    pub resource: Option<String>,
    pub authorization_servers: Vec<String>,
    pub scopes_supported: Vec<String>,
}

/// Reads a document. RFC 9728 §3.2: the members "are a subset of the metadata parameters"; those of another type count as absent.
pub fn parse(body: &[u8]) -> Result<Metadata, StrictJsonError> {
    let members = strict_json::parse_object(body, LONGEST)?;
    let list = |name: &str| -> Vec<String> {
        let values = members.get(name).and_then(Value::as_array);
        values.into_iter().flatten().filter_map(Value::as_str).take(MOST).map(str::to_owned).collect()
    };
    Ok(Metadata {
        resource: members.get("resource").and_then(Value::as_str).map(str::to_owned),
        authorization_servers: list("authorization_servers"),
        scopes_supported: list("scopes_supported"),
    })
}

/// The address of the document in a `WWW-Authenticate` header. RFC 9728 §5.1: "resource_metadata: The URL of the protected resource
/// metadata."
pub fn pointed_at(challenge: &str) -> Option<String> {
    let (mut parts, mut quoted) = (vec![String::new()], false);
    for letter in challenge.chars() {
        match (letter, parts.last_mut()) {
            (',', Some(_)) if !quoted => parts.push(String::new()),
            (_, Some(part)) => {
                quoted ^= letter == '"';
                part.push(letter);
            }
            (_, None) => {}
        }
    }
    parts.iter().find_map(|part| {
        let (name, value) = part.split_once('=')?;
        // The first parameter of a challenge stands behind its scheme.
        let name = name.trim().rsplit(' ').next()?;
        name.eq_ignore_ascii_case("resource_metadata").then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// How a resource answered a stranger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    pub status: u16,
    pub challenges: Vec<String>,
}

/// What could be found out about a resource; each `Err` says in words why not.
#[derive(Clone, Debug)]
pub struct Looked {
    pub answered: Result<Answered, String>,
    /// Where the document was looked for.
    pub document_at: String,
    pub document: Result<Metadata, String>,
}

/// One thing a client looks at, in the order in which it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Answers,
    Refuses,
    Points,
    Document,
    NamesItself,
    NamesUs,
    Scopes,
}

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Right,
    /// It could not be looked at, because of something before it.
    Unknown,
    Unreachable,
    /// Whoever has no token is let in.
    LetsIn,
    /// It refuses, but not with 401.
    OtherStatus,
    NoChallenge,
    NoPointer,
    NoDocument,
    /// It calls itself by an alias of what is registered.
    ByAlias,
    OtherName,
    NoName,
    /// It names this issuer with a slash behind it.
    SlashAdded,
    OtherIssuer,
    NoIssuer,
    /// It lists no scopes: that is allowed.
    NoScopes,
    UnknownScopes,
}

impl Verdict {
    /// Whether a client can go on.
    pub const fn goes_on(self) -> bool {
        matches!(self, Self::Right | Self::ByAlias | Self::NoPointer | Self::NoScopes)
    }
}

/// One line of what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub step: Step,
    pub verdict: Verdict,
    /// What there was, as the resource wrote it.
    pub found: String,
}

/// Holds what a resource says against what is registered here, in the order in which a client does. RFC 9728 §5.1 for the way of
/// a request that is refused, §3.3 for what the document says.
pub fn judge(looked: &Looked, resource: &ProtectedResource, issuer: &Issuer) -> Vec<Finding> {
    let finding = |step, (verdict, found)| Finding { step, verdict, found };
    let document = looked.document.as_ref();
    let unknown = || (Verdict::Unknown, String::new());
    vec![
        finding(Step::Answers, answers(&looked.answered)),
        finding(Step::Refuses, looked.answered.as_ref().map_or_else(|_| unknown(), refuses)),
        finding(Step::Points, looked.answered.as_ref().map_or_else(|_| unknown(), points)),
        finding(
            Step::Document,
            match document {
                Ok(_) => (Verdict::Right, looked.document_at.clone()),
                Err(why) => (Verdict::NoDocument, format!("{}: {why}", looked.document_at)),
            },
        ),
        finding(Step::NamesItself, document.map_or_else(|_| unknown(), |document| names_itself(document, resource))),
        finding(Step::NamesUs, document.map_or_else(|_| unknown(), |document| names_us(document, issuer))),
        finding(Step::Scopes, document.map_or_else(|_| unknown(), |document| scopes(document, &resource.scopes))),
    ]
}

fn answers(answered: &Result<Answered, String>) -> (Verdict, String) {
    match answered {
        Ok(answered) => (Verdict::Right, format!("status {}", answered.status)),
        Err(why) => (Verdict::Unreachable, why.clone()),
    }
}

/// RFC 9728 §5.1: "the protected resource … respond[s] with 401 Unauthorized".
fn refuses(answered: &Answered) -> (Verdict, String) {
    let verdict = match answered.status {
        401 => Verdict::Right,
        200..=299 => Verdict::LetsIn,
        _ => Verdict::OtherStatus,
    };
    (verdict, format!("status {}", answered.status))
}

fn points(answered: &Answered) -> (Verdict, String) {
    match (answered.status, answered.challenges.iter().find_map(|challenge| pointed_at(challenge))) {
        (_, Some(url)) => (Verdict::Right, url),
        (401, None) if answered.challenges.is_empty() => (Verdict::NoChallenge, String::new()),
        (401, None) => (Verdict::NoPointer, answered.challenges.join("; ")),
        (_, None) => (Verdict::Unknown, String::new()),
    }
}

/// RFC 9728 §3.3: "If these values are not identical, the data contained in the response MUST NOT be used."
fn names_itself(document: &Metadata, resource: &ProtectedResource) -> (Verdict, String) {
    let Some(own) = &document.resource else { return (Verdict::NoName, String::new()) };
    let alias = |own: &str| {
        let own = Resource::parse(own).ok()?.folded();
        std::iter::once(&resource.identifier).chain(&resource.aliases).find(|known| known.folded() == own)
    };
    let verdict = match own {
        own if own == resource.identifier.as_str() => Verdict::Right,
        own if alias(own).is_some() => Verdict::ByAlias,
        _ => Verdict::OtherName,
    };
    (verdict, own.clone())
}

/// RFC 9728 §2: "authorization_servers: … JSON array containing a list of OAuth authorization server issuer identifiers". They are
/// compared as strings.
fn names_us(document: &Metadata, issuer: &Issuer) -> (Verdict, String) {
    let named = document.authorization_servers.join(", ");
    let is_us = |server: &str| server == issuer.as_str();
    let verdict = match document.authorization_servers.as_slice() {
        [] => Verdict::NoIssuer,
        servers if servers.iter().any(|server| is_us(server)) => Verdict::Right,
        servers if servers.iter().any(|server| server.strip_suffix('/').is_some_and(is_us)) => Verdict::SlashAdded,
        _ => Verdict::OtherIssuer,
    };
    (verdict, named)
}

/// RFC 9728 §2: "scopes_supported: … JSON array containing a list of scope values".
fn scopes(document: &Metadata, offered: &ScopeSet) -> (Verdict, String) {
    if document.scopes_supported.is_empty() {
        return (Verdict::NoScopes, String::new());
    }
    let strange: Vec<&str> =
        document.scopes_supported.iter().map(String::as_str).filter(|scope| !offered.contains(scope)).collect();
    match strange.as_slice() {
        [] => (Verdict::Right, document.scopes_supported.join(" ")),
        strange => (Verdict::UnknownScopes, strange.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_stands_between_host_and_path() {
        for (resource, url) in [
            ("https://mcp.example", "https://mcp.example/.well-known/oauth-protected-resource"),
            ("https://mcp.example/", "https://mcp.example/.well-known/oauth-protected-resource"),
            ("https://mcp.example/mcp", "https://mcp.example/.well-known/oauth-protected-resource/mcp"),
            ("https://mcp.example:8443/a/b/", "https://mcp.example:8443/.well-known/oauth-protected-resource/a/b/"),
            ("https://mcp.example/?x=1", "https://mcp.example/.well-known/oauth-protected-resource?x=1"),
            ("https://mcp.example?x=1", "https://mcp.example/.well-known/oauth-protected-resource?x=1"),
        ] {
            assert_eq!(metadata_url(&Resource::parse(resource).unwrap()).as_deref(), Some(url), "{resource}");
        }
        assert_eq!(metadata_url(&Resource::parse("urn:example:api").unwrap()), None);
    }

    #[test]
    fn a_challenge_points_at_the_document() {
        let at = Some("https://mcp.example/x".to_owned());
        for challenge in [
            "Bearer resource_metadata=\"https://mcp.example/x\"",
            "Bearer error=\"invalid_token\", error_description=\"no, resource_metadata=\", resource_metadata=\"https://mcp.example/x\"",
            "Basic realm=\"a, b\", Bearer Resource_Metadata=https://mcp.example/x",
        ] {
            assert_eq!(pointed_at(challenge), at, "{challenge}");
        }
        for challenge in ["", "Bearer", "Bearer realm=\"resource_metadata=x\"", "Bearer my_resource_metadata=\"x\""] {
            assert_eq!(pointed_at(challenge), None, "{challenge}");
        }
    }

    fn metadata(text: &str) -> Metadata {
        parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn issuers_are_compared_as_strings() {
        let issuer = Issuer::parse("https://id.example").unwrap();
        for (servers, verdict) in [
            (r#"["https://other.example","https://id.example"]"#, Verdict::Right),
            (r#"["https://id.example/"]"#, Verdict::SlashAdded),
            (r#"["https://other.example"]"#, Verdict::OtherIssuer),
            ("[]", Verdict::NoIssuer),
            ("7", Verdict::NoIssuer),
        ] {
            let document = metadata(&format!("{{\"authorization_servers\": {servers}}}"));
            assert_eq!(names_us(&document, &issuer).0, verdict, "{servers}");
        }
    }

    #[test]
    fn scopes_that_are_not_offered_are_named() {
        let offered: ScopeSet = "a b".parse().unwrap();
        let judged = |text| scopes(&metadata(text), &offered);
        assert_eq!(judged(r#"{"scopes_supported": ["a"]}"#), (Verdict::Right, "a".to_owned()));
        assert_eq!(judged(r#"{"scopes_supported": ["a", "c"]}"#), (Verdict::UnknownScopes, "c".to_owned()));
        assert_eq!(judged("{}").0, Verdict::NoScopes);
    }

    #[test]
    fn a_stranger_is_refused_and_told_where_to_look() {
        let answered = |status, challenges: &[&str]| Answered {
            status,
            challenges: challenges.iter().map(|text| (*text).to_owned()).collect(),
        };
        assert_eq!(refuses(&answered(200, &[])).0, Verdict::LetsIn);
        assert_eq!(refuses(&answered(403, &[])).0, Verdict::OtherStatus);
        assert_eq!(refuses(&answered(401, &[])).0, Verdict::Right);
        assert_eq!(points(&answered(401, &[])).0, Verdict::NoChallenge);
        assert_eq!(points(&answered(401, &["Bearer"])).0, Verdict::NoPointer);
        assert_eq!(points(&answered(404, &[])).0, Verdict::Unknown);
    }
}
