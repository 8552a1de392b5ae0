//! URLs that have been looked at once and are strings ever after.
//!
//! Everything here is compared as a string, byte for byte, because that is what clients do (RFC 8414 §3.3,
//! RFC 9207 §2.4) and because every URL normalizer that ran between two checks has been somebody's bypass.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use url::{Host, Url};

/// Why a text is not the URL it should be: one sentence for whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseUrlError(pub &'static str);

fn refuse<T>(why: &'static str) -> Result<T, ParseUrlError> {
    Err(ParseUrlError(why))
}

/// The issuer: one string, used byte for byte in metadata, `iss` parameters and tokens. RFC 8414 §2.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Issuer(String);

impl Issuer {
    /// RFC 8414 §2: "a URL that uses the "https" scheme and has no query or fragment components".
    /// Plain http is for loopback and for a trusted proxy; `config` decides where it may be used.
    pub fn parse(text: &str) -> Result<Self, ParseUrlError> {
        let url = parse_ascii(text, 256)?;
        if !matches!(url.scheme(), "http" | "https") {
            return refuse("an issuer starts with https:// (or http:// on loopback)");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("an issuer has no query and no fragment");
        }
        if has_userinfo(&url) || !is_canonical(&url, text) {
            return refuse("write the issuer in its plain form: lower-case, no user, no default port, no dot segments");
        }
        if text.ends_with('/') {
            return refuse("an issuer does not end in a slash");
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &str {
        self.0.strip_suffix(self.path()).unwrap_or(&self.0)
    }

    /// Host and port, as a `Host` header carries them.
    pub fn authority(&self) -> &str {
        self.origin().split_once("://").map_or("", |(_, authority)| authority)
    }

    /// Without the port. An IPv6 address is in brackets.
    pub fn host(&self) -> &str {
        let authority = self.authority();
        let port = authority.rfind(':').filter(|colon| !authority.get(*colon..).unwrap_or_default().ends_with(']'));
        port.and_then(|colon| authority.get(..colon)).unwrap_or(authority)
    }

    /// Empty for a bare origin, else `/path`.
    pub fn path(&self) -> &str {
        let after_scheme = self.0.find("://").map_or(0, |at| at + 3);
        let rest = self.0.get(after_scheme..).unwrap_or_default();
        rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default()
    }

    /// The URL of `path` (which starts with a slash) at this issuer.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Whether browsers should be told never to use plain http for its host again. For `localhost` they would keep to it with
    /// whatever else somebody develops on their computer.
    pub fn is_for_tls_alone(&self) -> bool {
        let host = self.host();
        self.is_https() && host != "localhost" && !host.ends_with(".localhost")
    }

    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| is_loopback(&url))
    }
}

/// Where an authorization answer may be sent. OAuth 2.1 §2.3.1 and §8.4, RFC 8252 §7 and §8.4.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RedirectUri(String);

/// Whose door a redirect URI is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A website: its host.
    Site(String),
    /// A program listening on this computer (RFC 8252 §7.3).
    ThisComputer,
    /// An application that owns a private-use scheme (RFC 8252 §7.1).
    Application(String),
}

/// Schemes that run, read or send something instead of carrying an answer to an application.
const FORBIDDEN_SCHEMES: [&str; 24] = [
    "javascript",
    "data",
    "file",
    "blob",
    "vbscript",
    "about",
    "ftp",
    "ftps",
    "sftp",
    "mailto",
    "view-source",
    "ws",
    "wss",
    "filesystem",
    "jar",
    "tel",
    "sms",
    "intent",
    "chrome",
    "resource",
    "ssh",
    "git",
    "ldap",
    "gopher",
];

/// Parameters that the authorization answer itself carries; a registered URI may not bring its own.
const ANSWER_PARAMETERS: [&str; 8] =
    ["code", "state", "iss", "error", "error_description", "error_uri", "access_token", "id_token"];

impl RedirectUri {
    /// Longest accepted redirect URI, in bytes.
    pub const LONGEST: usize = 1_024;

    pub fn parse(text: &str) -> Result<Self, ParseUrlError> {
        let url = parse_ascii(text, Self::LONGEST)?;
        // OAuth 2.1 §2.3.1: "The redirect URI MUST NOT include a fragment component."
        if text.contains('#') {
            return refuse("a redirect URI has no fragment (#)");
        }
        if has_userinfo(&url) || text.contains('@') && url.has_authority() && authority_of(text).contains('@') {
            return refuse("a redirect URI has no user name or password before its host");
        }
        if hides_path(text) {
            return refuse(
                "a redirect URI has no dot segments and no encoded slashes, dots or percent signs in its path",
            );
        }
        if url.query_pairs().any(|(name, _)| ANSWER_PARAMETERS.contains(&name.as_ref())) {
            return refuse("a redirect URI does not carry code, state, iss or error parameters of its own");
        }
        match url.scheme() {
            "https" | "http" => {
                let plain = without_loopback_port_80(&url, text);
                if url.host_str().is_none_or(|host| host.ends_with('.')) || !is_canonical(&url, &plain) {
                    return refuse("write the redirect URI in its plain form: lower-case host, no default port");
                }
                if url.scheme() == "http" && !is_loopback(&url) {
                    return refuse("plain http is only for 127.0.0.1, [::1] and localhost; use https");
                }
            }
            scheme if FORBIDDEN_SCHEMES.contains(&scheme) => {
                return refuse("this scheme is not accepted in a redirect URI");
            }
            // RFC 8252 §7.1: a private-use scheme. `Url` has lower-cased it; what was sent must already be so.
            scheme => {
                if !text.starts_with(&format!("{scheme}:")) {
                    return refuse("write the scheme of the redirect URI in lower case");
                }
                let rest = text.get(scheme.len() + 1..).unwrap_or_default();
                if !rest.starts_with('/') && !scheme.contains('.') {
                    return refuse("a private-use redirect URI is written scheme:/path or scheme://path");
                }
            }
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an answer may be sent to `self`, given that `registered` was registered.
    ///
    /// OAuth 2.1 §2.3.1: "compare the two URIs using simple string comparison", except that for loopback
    /// (RFC 8252 §7.3) "the authorization server MUST allow any port to be specified at the time of the request".
    pub fn matches(&self, registered: &Self) -> bool {
        if self.0 == registered.0 {
            return true;
        }
        match (self.without_loopback_port(), registered.without_loopback_port()) {
            (Some(sent), Some(known)) => sent == known,
            _ => false,
        }
    }

    pub fn destination(&self) -> Destination {
        match Url::parse(&self.0) {
            Ok(url) if is_loopback(&url) => Destination::ThisComputer,
            Ok(url) if url.scheme() == "https" => Destination::Site(url.host_str().unwrap_or_default().to_owned()),
            Ok(url) => Destination::Application(url.scheme().to_owned()),
            Err(_) => Destination::Site(String::new()),
        }
    }

    /// Loopback or private-use: only a program on the person's own device can receive it (RFC 8252 §7).
    pub fn is_native(&self) -> bool {
        !matches!(self.destination(), Destination::Site(_))
    }

    /// What a page's `form-action` must allow for the answer to pass: an origin, or a scheme. CSP Level 3 §2.3.1 has no way
    /// to write an IPv6 address, so for one the scheme has to do.
    pub fn form_action_source(&self) -> String {
        match Url::parse(&self.0) {
            Ok(url) if matches!(url.host(), Some(Host::Ipv6(_))) => format!("{}:", url.scheme()),
            Ok(url) if matches!(url.scheme(), "http" | "https") => url.origin().ascii_serialization(),
            Ok(url) => format!("{}:", url.scheme()),
            Err(_) => String::new(),
        }
    }

    fn without_loopback_port(&self) -> Option<String> {
        let mut url = Url::parse(&self.0).ok()?;
        if url.scheme() != "http" || !is_loopback(&url) {
            return None;
        }
        url.set_port(None).ok()?;
        Some(url.into())
    }
}

/// A protected resource: the identifier that becomes `aud`. RFC 8707 §2.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Resource(Arc<str>);

impl Resource {
    /// RFC 8707 §2: "MUST be an absolute URI […] MUST NOT include a fragment component".
    pub fn parse(text: &str) -> Result<Self, ParseUrlError> {
        let url = parse_ascii(text, 512)?;
        if text.contains('#') {
            return refuse("a resource identifier has no fragment (#)");
        }
        if has_userinfo(&url) {
            return refuse("a resource identifier has no user name or password");
        }
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form under which aliases of one resource meet: host in lower case, no default port, no single
    /// trailing slash. Only for finding the registered identifier, never for `aud`.
    pub fn folded(&self) -> String {
        let folded = Url::parse(&self.0).map_or_else(|_| self.0.to_string(), String::from);
        folded.strip_suffix('/').map_or(folded.clone(), str::to_owned)
    }
}

fn parse_ascii(text: &str, longest: usize) -> Result<Url, ParseUrlError> {
    if text.len() > longest {
        return refuse("this URL is too long");
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) || text.contains(['\\', '<', '>', '"', '`', '{', '}', '|', '^']) {
        return refuse("a URL has no spaces, control characters, backslashes or characters outside ASCII");
    }
    if text.contains('*') {
        return refuse("a URL has no wildcard (*)");
    }
    Url::parse(text).or_else(|_| refuse("this is not an absolute URL"))
}

fn authority_of(text: &str) -> &str {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

fn has_userinfo(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// The parser changed nothing, except that a bare origin gets its slash.
fn is_canonical(url: &Url, text: &str) -> bool {
    url.as_str() == text || (url.path() == "/" && url.as_str().strip_suffix('/') == Some(text))
}

/// RFC 8252 §7.3: "MUST allow any port to be specified at the time of the request for loopback IP redirect URIs": port 80 too, which a
/// parser leaves out as the default one.
fn without_loopback_port_80<'t>(url: &Url, text: &'t str) -> Cow<'t, str> {
    let authority = authority_of(text);
    match authority.strip_suffix(":80") {
        Some(host) if is_loopback(url) => Cow::Owned(text.replacen(authority, host, 1)),
        _ => Cow::Borrowed(text),
    }
}

/// RFC 8252 §7.3, and `localhost` because real clients use it (§8.3 only advises against it).
fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http"
        && match url.host() {
            Some(Host::Ipv4(ip)) => ip == std::net::Ipv4Addr::LOCALHOST,
            Some(Host::Ipv6(ip)) => ip == std::net::Ipv6Addr::LOCALHOST,
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
}

/// Dot segments, encoded or not, with or without a path parameter; encoded slashes; double encoding.
fn hides_path(text: &str) -> bool {
    let path = text.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let after_scheme = path.split_once(':').map_or("", |(_, rest)| rest);
    ["%2f", "%5c", "%2e", "%25", "%00"].iter().any(|hidden| after_scheme.contains(hidden))
        || after_scheme
            .split('/')
            .map(|segment| segment.split(';').next().unwrap_or_default())
            .any(|segment| segment == "." || segment == "..")
}

macro_rules! text_type {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            /// Rows were parsed before they were written, and must open for ever: no second look.
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(|text| Self(text.into()))
            }
        }
    )*};
}
text_type!(Issuer, RedirectUri, Resource);

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect(text: &str) -> RedirectUri {
        RedirectUri::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn real_clients_redirects_are_accepted() {
        for text in [
            "https://claude.ai/api/mcp/auth_callback",
            "http://localhost:53211/callback",
            "http://127.0.0.1:33418/",
            "http://127.0.0.1:33418",
            "http://[::1]:8080/cb",
            "https://vscode.dev/redirect",
            "cursor://anysphere.cursor-retrieval/oauth/user-mcp/callback",
            "com.example.app:/oauth2redirect",
            "https://app.example/cb?tenant=7",
        ] {
            redirect(text);
        }
    }

    #[test]
    fn cases_1_to_3_and_7_tricks_in_redirects_are_refused() {
        for text in [
            "https://good.example@evil.test/cb",
            "https://good.example:pw@evil.test/cb",
            "https://app.example/cb/..;/x",
            "https://app.example/%2e%2e/x",
            "https://app.example/a/../x",
            "https://app.example\\@evil.test/",
            "https://app.example./cb",
            "https://app.example/%252e%252e/",
            "https://app.example/a%2fb",
            "JaVaScRiPt:alert(1)",
            "javascript:alert(1)",
            " https://app.example/cb",
            "\thttps://app.example/cb",
            "https://app.example/cb\n",
            "data:text/html,x",
            "vbscript:x",
            "blob:https://app.example/1",
            "file:///etc/passwd",
            "ftp://a.example/",
            "mailto:a@b.example",
            "view-source:https://a.example",
            "ws://a.example/",
            "wss://a.example/",
            "about:blank",
            "https://app.example/cb#x",
            "https://app.example/cb?code=1",
            "https://app.example/cb?iss=x",
            "http://app.example/cb",
            "http://localhost.evil.test/cb",
            "http://127.0.0.1.evil.test/",
            "http://2130706433/cb",
            "http://0x7f.1/cb",
            "http://0.0.0.0/cb",
            "https://*.example/cb",
            "HTTPS://app.example/cb",
            "https://App.example/cb",
            "https://app.example:443/cb",
            "cursor:callback",
            "Cursor://x/y",
            "//app.example/cb",
            "/cb",
            "",
            "https://",
            "https:///cb",
            "http://localhost.:80/cb",
            "https://xn--/",
            "cursor://user@host/cb",
        ] {
            assert!(RedirectUri::parse(text).is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn case_5_loopback_matches_any_port_and_nothing_else() {
        let known = redirect("http://127.0.0.1:1/cb");
        assert!(redirect("http://127.0.0.1:49152/cb").matches(&known));
        assert!(redirect("http://127.0.0.1/cb").matches(&known));
        assert!(redirect("http://[::1]:5/cb").matches(&redirect("http://[::1]/cb")));
        // The default port is one as well, and stays where it was written.
        for host in ["127.0.0.1", "[::1]", "localhost"] {
            let at_80 = redirect(&format!("http://{host}:80/cb"));
            assert_eq!(at_80.as_str(), format!("http://{host}:80/cb"));
            assert!(at_80.matches(&redirect(&format!("http://{host}:1/cb"))));
            assert!(redirect(&format!("http://{host}:1/cb")).matches(&at_80));
            assert!(redirect(&format!("http://{host}/cb")).matches(&at_80));
            assert!(!at_80.matches(&redirect(&format!("http://{host}:1/other"))));
        }
        assert!(
            RedirectUri::parse("http://127.0.0.1:080/cb").is_err() && RedirectUri::parse("http://127.1:80/cb").is_err()
        );
        for text in
            ["http://127.0.0.1:1/other", "http://localhost:1/cb", "http://127.0.0.1:1/cb?x=1", "http://127.0.0.1:1/cb/"]
        {
            assert!(!redirect(text).matches(&known), "{text}");
        }
        assert!(!redirect("https://a.example:444/cb").matches(&redirect("https://a.example/cb")));
    }

    #[test]
    fn case_4_matching_is_string_comparison() {
        let known = redirect("https://a.example");
        for text in ["https://a.example.evil.test", "https://axexample", "https://a.example/", "https://a.example/x"] {
            assert!(!redirect(text).matches(&known), "{text}");
        }
    }

    #[test]
    fn the_host_of_an_issuer_has_no_port() {
        for (text, host, tls_alone) in [
            ("https://id.example", "id.example", true),
            ("https://id.example:8443/a", "id.example", true),
            ("https://localhost:9000", "localhost", false),
            ("https://a.localhost", "a.localhost", false),
            ("https://[2001:db8::1]", "[2001:db8::1]", true),
            ("https://[2001:db8::1]:9000", "[2001:db8::1]", true),
        ] {
            let issuer = Issuer::parse(text).unwrap();
            assert_eq!((issuer.host(), issuer.is_for_tls_alone()), (host, tls_alone), "{text}");
        }
    }

    #[test]
    fn an_issuer_is_a_plain_string() {
        let issuer = Issuer::parse("https://id.example/tenant/a").unwrap();
        assert_eq!(
            (issuer.origin(), issuer.path(), issuer.authority()),
            ("https://id.example", "/tenant/a", "id.example")
        );
        assert_eq!(Issuer::parse("http://127.0.0.1:9000").unwrap().path(), "");
        for text in [
            "https://id.example/",
            "https://id.example?x",
            "https://u@id.example",
            "ftp://x",
            "https://ID.example",
            "https://id.example:443",
        ] {
            assert!(Issuer::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn aliases_of_a_resource_fold_together() {
        let fold = |text: &str| Resource::parse(text).unwrap().folded();
        assert_eq!(fold("https://API.example:443/mcp/"), fold("https://api.example/mcp"));
        assert_ne!(fold("https://api.example/mcp"), fold("https://api.example/other"));
        assert_ne!(fold("https://api.example/mcp"), fold("https://api.example"));
    }
}
