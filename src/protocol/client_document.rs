//! Client ID Metadata Documents: a client whose `client_id` is the address of its own description.
//! draft-ietf-oauth-client-id-metadata-document-02 ("CIMD" below). Rules only; `outbound` fetches.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::display_name::DisplayName;
use super::public_keys::{self, PublicKeysError};
use super::strict_json::{self, StrictJsonError};
use crate::base::{RedirectUri, Timestamp};
use crate::model::{
    ApplicationType, AuthMethod, Client, ClientAbout, ClientId, ClientState, GrantType, Provenance, Review,
};

/// A client as its own document describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientDocument {
    pub client_id: ClientDocumentUrl,
    pub client_name: DisplayName,
    /// 1 to 20, in the document's order.
    pub redirect_uris: Vec<RedirectUri>,
    pub authentication: DocumentAuthentication,
    /// Those that Writ knows; always with the code grant.
    pub grant_types: Vec<GrantType>,
    /// As written: scope tokens and spaces, at most 1,024 bytes.
    pub scope: Option<String>,
    pub application_type: ApplicationType,
    /// RFC 9449 §5.2.
    #[serde(default)]
    pub dpop_bound_access_tokens: bool,
    /// `https` URLs, kept as text, never fetched.
    pub client_uri: Option<String>,
    pub logo_uri: Option<String>,
    pub tos_uri: Option<String>,
    pub policy_uri: Option<String>,
}

/// How the client proves itself at the token endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DocumentAuthentication {
    None,
    PrivateKeyJwt(DocumentKeys),
}

/// Where the client's public keys are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DocumentKeys {
    /// The JWK set itself.
    Inline(Value),
    /// `jwks_uri`.
    At(String),
}

/// Why a document or its address makes no client: always `invalid_client`. The text is for whoever runs the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientDocumentError {
    #[error("this client_id is not the address of a client document: {0}")]
    Url(&'static str),
    #[error("the client document cannot be read: {0}")]
    Json(#[from] StrictJsonError),
    #[error("client_id in the client document is not the address it was fetched from")]
    ClientIdDiffers,
    #[error("{member} is missing from the client document")]
    Missing { member: &'static str },
    #[error("{member} in the client document cannot be used: {why}")]
    Unusable { member: &'static str, why: &'static str },
    /// Counted from 1.
    #[error("redirect URI number {position} in the client document cannot be used: {why}")]
    RedirectUri { position: usize, why: &'static str },
    #[error("a client document holds no shared secret and names no method that needs one ({member})")]
    SharedSecret { member: &'static str },
    #[error("the client document shows a private or symmetric key; replace that key, it is no longer secret")]
    PrivateKey,
}

impl From<PublicKeysError> for ClientDocumentError {
    fn from(error: PublicKeysError) -> Self {
        match error {
            PublicKeysError::Private => Self::PrivateKey,
            PublicKeysError::Unusable(why) => unusable("jwks", why),
        }
    }
}

impl ClientDocument {
    /// Longest accepted document, in bytes. CIMD §8.7: "The recommended maximum size to read is 5 kilobytes."
    pub const LONGEST: usize = 5 * 1_024;
    pub const MOST_REDIRECT_URIS: usize = 20;

    /// Reads what was fetched from `url`. Members that are not ours are ignored (RFC 7591 §2).
    pub fn parse(url: &ClientDocumentUrl, bytes: &[u8]) -> Result<Self, ClientDocumentError> {
        let members = strict_json::parse_object(bytes, Self::LONGEST)?;

        // CIMD §4: "MUST contain a client_id property whose value MUST match the Client Identifier URL […];
        // comparisons MUST be made using simple string comparison"
        match text(&members, "client_id")? {
            Some(client_id) if client_id == url.as_str() => {}
            Some(_) => return Err(ClientDocumentError::ClientIdDiffers),
            None => return Err(ClientDocumentError::Missing { member: "client_id" }),
        }
        refuse_shared_secrets(&members)?;

        // Required by the MCP authorization specification: a person is asked to trust somebody, not something.
        let client_name =
            text(&members, "client_name")?.ok_or(ClientDocumentError::Missing { member: "client_name" })?;
        let client_name = DisplayName::parse(client_name).map_err(|e| unusable("client_name", e.0))?;

        let redirect_uris = redirect_uris(&members)?;
        let application_type = application_type(&members, &redirect_uris)?;
        refuse_other_response_types(&members)?;
        Ok(Self {
            client_id: url.clone(),
            client_name,
            application_type,
            authentication: authentication(&members)?,
            grant_types: grant_types(&members)?,
            dpop_bound_access_tokens: flag(&members, "dpop_bound_access_tokens")?,
            scope: scope(&members)?,
            redirect_uris,
            client_uri: page(&members, "client_uri"),
            logo_uri: page(&members, "logo_uri"),
            tos_uri: page(&members, "tos_uri"),
            policy_uri: page(&members, "policy_uri"),
        })
    }

    /// The client as the rest of Writ knows clients. Its `scope` is a wish and no ceiling, as with dynamic clients.
    pub fn to_client(&self, now: Timestamp) -> Client {
        let (auth_method, jwks, jwks_uri) = match &self.authentication {
            DocumentAuthentication::None => (AuthMethod::None, None, None),
            DocumentAuthentication::PrivateKeyJwt(DocumentKeys::Inline(jwks)) => {
                (AuthMethod::PrivateKeyJwt, Some(jwks.clone()), None)
            }
            DocumentAuthentication::PrivateKeyJwt(DocumentKeys::At(uri)) => {
                (AuthMethod::PrivateKeyJwt, None, Some(uri.clone()))
            }
        };
        Client {
            id: ClientId::Document(self.client_id.as_str().to_owned()),
            name: self.client_name.as_str().to_owned(),
            provenance: Provenance::Document,
            state: ClientState::Active,
            application_type: self.application_type,
            auth_method,
            secrets: Vec::new(),
            jwks,
            jwks_uri,
            redirect_uris: self.redirect_uris.clone(),
            grant_types: self.grant_types.clone(),
            scope: None,
            resources: Vec::new(),
            serves: Vec::new(),
            client_uri: self.client_uri.clone(),
            id_token_signed_response_alg: None,
            dpop_bound_access_tokens: self.dpop_bound_access_tokens,
            about: ClientAbout {
                logo_uri: self.logo_uri.clone(),
                policy_uri: self.policy_uri.clone(),
                tos_uri: self.tos_uri.clone(),
                ..ClientAbout::default()
            },
            created_at: now,
            first_used_at: None,
            last_used_at: None,
            reaped_at: None,
            void_before: None,
            declared_as: None,
            review: Review::default(),
            identity: None,
        }
    }
}

/// The address of a client document, which is also the client's `client_id`: a string ever after. CIMD §3.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ClientDocumentUrl(String);

impl ClientDocumentUrl {
    /// Longest accepted address, in bytes.
    pub const LONGEST: usize = 512;

    /// Whether a `client_id` claims to be one of these at all.
    pub fn is_meant_by(client_id: &str) -> bool {
        client_id.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"))
    }

    /// CIMD §3, one stricter: the address is in the plain form that a URL parser gives back unchanged, so nobody can
    /// read it two ways. An explicit `:443`, which §3 counts as a different client, is refused with that.
    /// A query is accepted ("SHOULD NOT contain a query component" is for the client). Whether the host may be
    /// called is for `outbound`.
    pub fn parse(text: &str) -> Result<Self, ClientDocumentError> {
        let url = plain_https(text).map_err(ClientDocumentError::Url)?;
        // CIMD §3: "MUST contain a path component"; a path of "/" is "NOT RECOMMENDED", and MCP asks for more.
        if url.path() == "/" {
            return Err(ClientDocumentError::Url("it has a path of its own, not just /"));
        }
        // CIMD §3: "MUST NOT contain single-dot or double-dot path components". Encoded ones too, and what decodes
        // to a separator: the document's server may decode once more than we do.
        if hides_path(url.path()) {
            return Err(ClientDocumentError::Url(
                "it has no dot segments and no encoded dots, slashes or percent signs",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port, for people. CIMD §8.5: "SHOULD display the hostname of the client_id".
    pub fn host(&self) -> &str {
        let after_scheme = self.0.strip_prefix("https://").unwrap_or_default();
        after_scheme.split(['/', '?']).next().unwrap_or_default()
    }
}

impl fmt::Display for ClientDocumentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ClientDocumentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ClientDocumentUrl {
    /// Rows were parsed before they were written, and must open for ever: no second look.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

/// CIMD §4.1: "the client_secret and client_secret_expires_at properties MUST NOT be used", and "MUST NOT include
/// client_secret_post, client_secret_basic, client_secret_jwt, or any other method based around a shared symmetric
/// secret".
fn refuse_shared_secrets(members: &Map<String, Value>) -> Result<(), ClientDocumentError> {
    for member in ["client_secret", "client_secret_expires_at"] {
        if members.contains_key(member) {
            return Err(ClientDocumentError::SharedSecret { member });
        }
    }
    let method = members.get("token_endpoint_auth_method").and_then(Value::as_str).unwrap_or_default();
    if method.to_ascii_lowercase().contains("secret") {
        return Err(ClientDocumentError::SharedSecret { member: "token_endpoint_auth_method" });
    }
    let algorithm = members.get("token_endpoint_auth_signing_alg").and_then(Value::as_str).unwrap_or_default();
    if algorithm.to_ascii_uppercase().starts_with("HS") {
        return Err(ClientDocumentError::SharedSecret { member: "token_endpoint_auth_signing_alg" });
    }
    Ok(())
}

/// CIMD §4.1 and §8.2. Absent means `none` here, because RFC 7591's default needs a shared secret, which §4.1 forbids.
fn authentication(members: &Map<String, Value>) -> Result<DocumentAuthentication, ClientDocumentError> {
    let inline = present(members, "jwks");
    let keys_at = text(members, "jwks_uri")?;
    // CIMD §4.1: "private key material MUST NOT be included […]; only public keys". Whatever the method says: its owner is told.
    let inline = inline.map(public_keys::parse);
    if inline == Some(Err(PublicKeysError::Private)) {
        return Err(ClientDocumentError::PrivateKey);
    }
    match text(members, "token_endpoint_auth_method")? {
        None | Some("none") => Ok(DocumentAuthentication::None),
        // CIMD §8.2: "the authorization server MUST require client authentication […] using the corresponding key
        // discovered from the client's metadata document". RFC 7591 §2: "MUST NOT both be present".
        Some("private_key_jwt") => match (inline, keys_at) {
            (Some(jwks), None) => Ok(DocumentAuthentication::PrivateKeyJwt(DocumentKeys::Inline(jwks?))),
            (None, Some(uri)) => {
                plain_https(uri).map_err(|why| unusable("jwks_uri", why))?;
                Ok(DocumentAuthentication::PrivateKeyJwt(DocumentKeys::At(uri.to_owned())))
            }
            (Some(_), Some(_)) => Err(unusable("jwks_uri", "there is either jwks or jwks_uri, not both")),
            (None, None) => Err(ClientDocumentError::Missing { member: "jwks or jwks_uri" }),
        },
        Some(_) => Err(unusable("token_endpoint_auth_method", "it is none or private_key_jwt")),
    }
}

/// CIMD §4.2: "the authorization server MUST require registration of redirect URLs".
fn redirect_uris(members: &Map<String, Value>) -> Result<Vec<RedirectUri>, ClientDocumentError> {
    const MEMBER: &str = "redirect_uris";
    let listed = texts(members, MEMBER)?.ok_or(ClientDocumentError::Missing { member: MEMBER })?;
    if !(1..=ClientDocument::MOST_REDIRECT_URIS).contains(&listed.len()) {
        return Err(unusable(MEMBER, "it lists 1 to 20 addresses"));
    }
    let parse = |(nth, uri): (usize, &str)| {
        RedirectUri::parse(uri).map_err(|e| ClientDocumentError::RedirectUri { position: nth + 1, why: e.0 })
    };
    listed.into_iter().enumerate().map(parse).collect()
}

/// RFC 7591 §2: "If omitted, the default behavior is that the client will use only the authorization_code Grant
/// Type". Grants that Writ does not give to such clients are left out, not refused: documents are written for many
/// servers. Without the code grant there is nothing to do for a client that has only redirect URIs.
fn grant_types(members: &Map<String, Value>) -> Result<Vec<GrantType>, ClientDocumentError> {
    let Some(listed) = texts(members, "grant_types")? else { return Ok(vec![GrantType::AuthorizationCode]) };
    if !listed.contains(&"authorization_code") {
        return Err(unusable("grant_types", "it lists authorization_code"));
    }
    let mut grants = vec![GrantType::AuthorizationCode];
    if listed.contains(&"refresh_token") {
        grants.push(GrantType::RefreshToken);
    }
    // Both need an administrator's word besides: an identity provider that is trusted, or a crossing. A document's address is what
    // servers that know nothing of each other can call one client by (ID-JAG §5).
    let crossing = [GrantType::TokenExchange, GrantType::JwtBearer];
    grants.extend(crossing.into_iter().filter(|grant| listed.contains(&grant.as_str())));
    Ok(grants)
}

/// RFC 7591 §2.1: `authorization_code` goes with `code`. Others in the list are ignored, as OAuth 2.1 has no others.
fn refuse_other_response_types(members: &Map<String, Value>) -> Result<(), ClientDocumentError> {
    match texts(members, "response_types")? {
        Some(listed) if !listed.contains(&"code") => Err(unusable("response_types", "it lists code")),
        _ => Ok(()),
    }
}

/// OAuth 2.1 §1.4.1: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`, one space between two.
fn scope(members: &Map<String, Value>) -> Result<Option<String>, ClientDocumentError> {
    let Some(scope) = text(members, "scope")?.filter(|scope| !scope.is_empty()) else { return Ok(None) };
    let well_formed = scope.bytes().all(|b| matches!(b, b' ' | 0x21 | 0x23..=0x5B | 0x5D..=0x7E));
    if scope.len() > 1_024 || !well_formed || scope.split(' ').any(str::is_empty) {
        return Err(unusable(
            "scope",
            "it is a list of scope names with one space between two, 1,024 characters in all",
        ));
    }
    Ok(Some(scope.to_owned()))
}

/// A loopback or private-use redirect URI makes a client native, whatever it says (RFC 8252 §7).
fn application_type(
    members: &Map<String, Value>,
    redirects: &[RedirectUri],
) -> Result<ApplicationType, ClientDocumentError> {
    let declared = match text(members, "application_type")? {
        None | Some("web") => ApplicationType::Web,
        Some("native") => ApplicationType::Native,
        Some(_) => return Err(unusable("application_type", "it is web or native")),
    };
    Ok(if redirects.iter().any(RedirectUri::is_native) { ApplicationType::Native } else { declared })
}

/// A page about the client. CIMD §8.6: "SHOULD ensure they only fetch or parse URLs with known and supported URI
/// schemes". What is not plain `https` is left out and not refused: the client works without a link.
fn page(members: &Map<String, Value>, member: &str) -> Option<String> {
    let address = members.get(member)?.as_str()?;
    plain_https(address).ok().map(|_| address.to_owned())
}

/// RFC 7591 §2 has no use for `null`; documents have it, and mean "absent".
fn present<'a>(members: &'a Map<String, Value>, member: &str) -> Option<&'a Value> {
    members.get(member).filter(|value| !value.is_null())
}

fn text<'a>(members: &'a Map<String, Value>, member: &'static str) -> Result<Option<&'a str>, ClientDocumentError> {
    present(members, member).map(|value| value.as_str().ok_or(unusable(member, "it is a string"))).transpose()
}

fn flag(members: &Map<String, Value>, member: &'static str) -> Result<bool, ClientDocumentError> {
    present(members, member).map_or(Ok(false), |value| value.as_bool().ok_or(unusable(member, "it is true or false")))
}

fn texts<'a>(
    members: &'a Map<String, Value>,
    member: &'static str,
) -> Result<Option<Vec<&'a str>>, ClientDocumentError> {
    let list = |value: &'a Value| value.as_array()?.iter().map(Value::as_str).collect::<Option<Vec<_>>>();
    present(members, member).map(|value| list(value).ok_or(unusable(member, "it is a list of strings"))).transpose()
}

fn unusable(member: &'static str, why: &'static str) -> ClientDocumentError {
    ClientDocumentError::Unusable { member, why }
}

/// An `https` URL in the one form that parses to itself, without user name and fragment.
fn plain_https(text: &str) -> Result<Url, &'static str> {
    if text.len() > ClientDocumentUrl::LONGEST {
        return Err("it is at most 512 characters long");
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) || text.contains(['\\', '<', '>', '"', '`', '{', '}', '|', '^', '*'])
    {
        return Err("it has no spaces, wildcards, backslashes or characters outside ASCII");
    }
    let url = Url::parse(text).map_err(|_| "it is not a URL")?;
    // CIMD §3: "MUST use the https URL scheme"
    if url.scheme() != "https" {
        return Err("it starts with https://");
    }
    // CIMD §3: "MUST NOT contain a fragment component"; an empty one is one.
    if text.contains('#') {
        return Err("it has no fragment (#)");
    }
    // CIMD §3: "MUST NOT contain a userinfo component"
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it has no user name before its host");
    }
    let host = url.host_str().unwrap_or_default();
    if host.is_empty() || host.ends_with('.') {
        return Err("its host is a name without a dot at the end");
    }
    // CIMD §3, dot segments: the parser resolves them, plain or encoded, and then the text is no longer the same.
    if url.as_str() != text {
        return Err(
            "it is written in its plain form: lower-case host, no default port, no dot segments, no empty user name",
        );
    }
    Ok(url)
}

/// Dot segments that a parser leaves standing: with a path parameter, or encoded twice; encoded separators.
fn hides_path(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    ["%2f", "%5c", "%2e", "%25", "%00"].iter().any(|hidden| path.contains(hidden))
        || path
            .split('/')
            .map(|segment| segment.split(';').next().unwrap_or_default())
            .any(|segment| segment == "." || segment == "..")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const URL: &str = "https://app.example/client.json";

    fn url() -> ClientDocumentUrl {
        ClientDocumentUrl::parse(URL).unwrap()
    }

    fn minimal() -> Value {
        json!({ "client_id": URL, "client_name": "App", "redirect_uris": ["https://app.example/cb"] })
    }

    /// A minimal document with `changes` laid over it; a null removes.
    fn with(changes: Value) -> Result<ClientDocument, ClientDocumentError> {
        let mut document = minimal();
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                document.as_object_mut().unwrap().remove(name);
            } else {
                document[name] = value.clone();
            }
        }
        ClientDocument::parse(&url(), document.to_string().as_bytes())
    }

    #[test]
    fn case_34_addresses() {
        for text in [
            "https://app.example/client.json",
            "https://app.example:8443/oauth/id",
            "https://a.example/x?v=2",
            "https://[2606:4700::1]/x",
        ] {
            assert!(ClientDocumentUrl::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "https://",
            "http://app.example/x",
            "app.example/x",
            "https://app.example",
            "https://app.example/",
            "https://app.example/?x",
            "https://app.example/x#",
            "https://app.example/x#y",
            "https://u@app.example/x",
            "https://u:p@app.example/x",
            "https://@app.example/x",
            "https://:@app.example/x",
            "https://app.example/./x",
            "https://app.example/a/../x",
            "https://app.example/x/..",
            "https://app.example/%2e%2e/x",
            "https://app.example/.%2E/x",
            "https://app.example/%252e%252e/x",
            "https://app.example/..;/x",
            "https://app.example/a%2fb",
            "https://app.example/a%5Cb",
            "https://app.example\\x",
            "https://App.example/x",
            "HTTPS://app.example/x",
            "https://app.example:443/x",
            "https://app.example./x",
            "https://2130706433/x",
            "https://0x7f.1/x",
            "https://0177.0.0.1/x",
            "https://127.1/x",
            "https://[::ffff:1.2.3.4]/x",
            "https://app.example/a b",
            "https://app.example/ä",
            "https://app.example/x\n",
            " https://app.example/x",
            "https:app.example/x",
            "https:///app.example/x",
            "javascript:alert(1)",
            "data:text/json,{}",
            "file:///etc/passwd",
            "https://*.example/x",
        ] {
            assert!(ClientDocumentUrl::parse(text).is_err(), "{text} was accepted");
        }
        assert!(ClientDocumentUrl::parse(&format!("https://app.example/{}", "x".repeat(492))).is_ok());
        assert!(ClientDocumentUrl::parse(&format!("https://app.example/{}", "x".repeat(493))).is_err());
        assert_eq!(ClientDocumentUrl::parse("https://app.example:8443/x?y").unwrap().host(), "app.example:8443");
        assert!(ClientDocumentUrl::is_meant_by("HTTPS://x") && !ClientDocumentUrl::is_meant_by("cli_x"));
    }

    #[test]
    fn a_minimal_document_is_a_public_web_client() {
        let document = with(json!({})).unwrap();
        assert_eq!(document.client_name.as_str(), "App");
        assert_eq!(document.authentication, DocumentAuthentication::None);
        assert_eq!(document.grant_types, [GrantType::AuthorizationCode]);
        assert_eq!(document.application_type, ApplicationType::Web);
        assert_eq!(
            serde_json::from_str::<ClientDocument>(&serde_json::to_string(&document).unwrap()).unwrap(),
            document
        );
    }

    #[test]
    fn a_real_editors_document_is_understood() {
        let document = with(json!({
            "client_name": "Editor", "application_type": "native", "client_uri": "https://editor.example/product",
            "grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
            "response_types": ["code"], "token_endpoint_auth_method": "none", "scope": "mcp:read mcp:write",
            "redirect_uris": ["http://127.0.0.1:33418/", "https://editor.example/redirect"], "logo_uri": "javascript:alert(1)",
            "tos_uri": "http://editor.example/terms", "policy_uri": 7, "software_version": "1", "contacts": ["a@b.example"],
        }))
        .unwrap();
        assert_eq!(document.grant_types, [GrantType::AuthorizationCode, GrantType::RefreshToken]);
        assert_eq!(document.application_type, ApplicationType::Native);
        assert_eq!(document.client_uri.as_deref(), Some("https://editor.example/product"));
        assert_eq!((document.logo_uri, document.tos_uri, document.policy_uri), (None, None, None));
        assert_eq!(document.scope.as_deref(), Some("mcp:read mcp:write"));
    }

    #[test]
    fn case_34_what_must_be_there_must_be_there() {
        for member in ["client_id", "client_name", "redirect_uris"] {
            assert_eq!(with(json!({ member: null })), Err(ClientDocumentError::Missing { member }));
            assert!(matches!(with(json!({ member: 7 })), Err(ClientDocumentError::Unusable { .. })), "{member}");
        }
        for other in
            ["https://app.example/client.json/", "https://app.example/other", "https://APP.example/client.json", ""]
        {
            assert_eq!(with(json!({ "client_id": other })), Err(ClientDocumentError::ClientIdDiffers), "{other}");
        }
    }

    #[test]
    fn case_34_redirect_uris() {
        for (uris, position) in [
            (json!(["javascript:alert(1)"]), 1),
            (json!(["https://app.example/cb", "http://app.example/cb"]), 2),
            (json!(["https://*.example/cb"]), 1),
        ] {
            let refused = with(json!({ "redirect_uris": uris }));
            assert!(
                matches!(refused, Err(ClientDocumentError::RedirectUri { position: at, .. }) if at == position),
                "{refused:?}"
            );
        }
        let many = |count: usize| vec!["https://app.example/cb"; count];
        assert!(with(json!({ "redirect_uris": many(20) })).is_ok());
        for bad in [json!(many(21)), json!([]), json!([7]), json!("https://app.example/cb")] {
            assert!(with(json!({ "redirect_uris": bad })).is_err());
        }
    }

    #[test]
    fn case_34_no_shared_secrets() {
        for changes in [
            json!({ "client_secret": "x" }),
            json!({ "client_secret": "" }),
            json!({ "client_secret_expires_at": 0 }),
            json!({ "token_endpoint_auth_method": "client_secret_post" }),
            json!({ "token_endpoint_auth_method": "client_secret_basic" }),
            json!({ "token_endpoint_auth_method": "client_secret_jwt" }),
            json!({ "token_endpoint_auth_method": "Client_Secret_Post" }),
            json!({ "token_endpoint_auth_signing_alg": "HS256" }),
        ] {
            let refused = with(changes.clone());
            assert!(matches!(refused, Err(ClientDocumentError::SharedSecret { .. })), "{changes} {refused:?}");
        }
        assert!(with(json!({ "token_endpoint_auth_method": "tls_client_auth" })).is_err());
        // Named with a null it is named all the same.
        let text = minimal().to_string().replacen('{', r#"{"client_secret":null,"#, 1);
        let refused = ClientDocument::parse(&url(), text.as_bytes());
        assert_eq!(refused, Err(ClientDocumentError::SharedSecret { member: "client_secret" }));
    }

    #[test]
    fn case_34_no_private_keys() {
        let half = "A".repeat(43);
        let public = json!({ "kty": "EC", "crv": "P-256", "x": half, "y": half, "kid": "1" });
        for member in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
            let mut key = public.clone();
            key[member] = json!("secret");
            for method in ["private_key_jwt", "none"] {
                let refused = with(json!({ "jwks": { "keys": [public, key] }, "token_endpoint_auth_method": method }));
                assert_eq!(refused, Err(ClientDocumentError::PrivateKey), "{member} {method}");
            }
        }
        assert_eq!(with(json!({ "jwks": { "keys": [{ "kty": "oct" }] } })), Err(ClientDocumentError::PrivateKey));
        for jwks in [
            json!([]),
            json!({}),
            json!({ "keys": [] }),
            json!({ "keys": ["x"] }),
            json!({ "keys": [{}] }),
            json!({ "keys": vec![&public; 21] }),
        ] {
            assert!(with(json!({ "jwks": jwks, "token_endpoint_auth_method": "private_key_jwt" })).is_err(), "{jwks}");
        }
    }

    #[test]
    fn private_key_jwt_has_its_keys_in_exactly_one_place() {
        let jwks = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "A".repeat(43) }] });
        let method = |changes: Value| {
            let mut all = changes;
            all["token_endpoint_auth_method"] = json!("private_key_jwt");
            with(all).map(|document| document.authentication)
        };
        assert_eq!(
            method(json!({ "jwks": jwks })),
            Ok(DocumentAuthentication::PrivateKeyJwt(DocumentKeys::Inline(jwks.clone())))
        );
        let at = "https://app.example/keys".to_owned();
        assert_eq!(
            method(json!({ "jwks_uri": at })),
            Ok(DocumentAuthentication::PrivateKeyJwt(DocumentKeys::At(at.clone())))
        );
        assert!(method(json!({})).is_err());
        assert!(method(json!({ "jwks": jwks, "jwks_uri": at })).is_err());
        for uri in ["http://app.example/keys", "file:///keys", "https://u@app.example/keys", "keys"] {
            assert!(method(json!({ "jwks_uri": uri })).is_err(), "{uri}");
        }
    }

    #[test]
    fn a_document_may_list_the_grants_that_need_an_administrators_word() {
        let bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        let document = with(json!({ "grant_types": ["authorization_code", bearer, "client_credentials"] })).unwrap();
        assert_eq!(document.grant_types, [GrantType::AuthorizationCode, GrantType::JwtBearer]);
    }

    #[test]
    fn grants_responses_and_scopes_are_those_of_the_code_flow() {
        for changes in [
            json!({ "grant_types": ["client_credentials"] }),
            json!({ "grant_types": [] }),
            json!({ "response_types": ["token"] }),
            json!({ "scope": "a  b" }),
            json!({ "scope": "a\"b" }),
            json!({ "scope": "a\nb" }),
            json!({ "scope": "x".repeat(1_025) }),
            json!({ "application_type": "service" }),
        ] {
            assert!(with(changes.clone()).is_err(), "{changes}");
        }
    }

    #[test]
    fn case_33_documents_are_small_flat_and_read_one_way() {
        let parse = |text: &str| ClientDocument::parse(&url(), text.as_bytes());
        let padded = |length: usize| format!("{}{}", minimal(), " ".repeat(length - minimal().to_string().len()));
        assert!(parse(&padded(ClientDocument::LONGEST)).is_ok());
        assert_eq!(parse(&padded(ClientDocument::LONGEST + 1)), Err(StrictJsonError::TooLarge.into()));
        let deep = minimal().to_string().replacen('{', &format!(r#"{{"x":{}{},"#, "[".repeat(16), "]".repeat(16)), 1);
        assert_eq!(parse(&deep), Err(StrictJsonError::TooDeep.into()));
        let twice = minimal().to_string().replacen('{', r#"{"client_name":"Other","#, 1);
        assert_eq!(parse(&twice), Err(StrictJsonError::NotJson.into()));
        assert!(parse("<html>").is_err());
    }

    #[test]
    fn case_35_name_redirects_and_keys_make_the_fingerprint() {
        let keys =
            |x: &str| json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": format!("{x}{}", "A".repeat(42)) }] });
        let keyed = |x: &str| json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": keys(x) });
        let fingerprint = |changes| with(changes).unwrap().to_client(Timestamp::from_seconds(0)).fingerprint();
        assert_eq!(
            fingerprint(json!({})),
            fingerprint(json!({ "scope": "mcp:read", "tos_uri": "https://app.example/t" }))
        );
        let mut seen = vec![fingerprint(json!({}))];
        for changes in [
            json!({ "redirect_uris": ["https://app.example/cb", "https://app.example/2"] }),
            json!({ "redirect_uris": ["https://evil.example/cb"] }),
            json!({ "client_name": "Other" }),
            keyed("a"),
            keyed("b"),
            json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://app.example/keys" }),
        ] {
            let now = fingerprint(changes);
            assert!(!seen.contains(&now));
            seen.push(now);
        }
    }

    #[test]
    fn the_client_of_a_document_is_what_the_document_says() {
        let document = with(json!({ "scope": "mcp:read", "policy_uri": "https://app.example/p" })).unwrap();
        let client = document.to_client(Timestamp::from_seconds(7));
        assert_eq!(client.id, ClientId::Document(URL.to_owned()));
        assert_eq!(
            (client.auth_method, client.provenance, client.scope),
            (AuthMethod::None, Provenance::Document, None)
        );
        assert_eq!(client.about.policy_uri.as_deref(), Some("https://app.example/p"));
        assert_eq!(client.created_at, Timestamp::from_seconds(7));
        assert!(!client.dpop_bound_access_tokens);
        let bound = with(json!({ "dpop_bound_access_tokens": true })).unwrap();
        assert!(bound.to_client(Timestamp::from_seconds(7)).dpop_bound_access_tokens);
        assert!(with(json!({ "dpop_bound_access_tokens": "yes" })).is_err());
    }
}
