//! Dynamic client registration: what a client may say about itself, and what it gets. RFC 7591, RFC 7592,
//! OpenID Connect Dynamic Client Registration 1.0 ("OIDC registration" below).
//!
//! [`Registration::parse`] reads the form, [`admit`] decides, [`Admitted::into_client`] makes the row,
//! [`update`] decides what a client may change later, [`edited`] what an administrator may, [`response`] is the answer.

mod edit;
mod life;
mod members;
mod refusal;
mod response;
mod update;

use serde_json::Value;

pub use edit::edited;
pub use life::{approved, reaped_at, remembered_for, unused_since, used};
use members::Members;
pub use refusal::RegistrationRefusal;
pub use response::registration_response;
pub use update::{RegistrationUpdate, update};

use super::display_name::DisplayName;
use super::public_keys;
use crate::base::{Digest, Id, Lifetime, RedirectUri, Timestamp};
use crate::model::{
    Algorithm, ApplicationType, AuthMethod, Client, ClientAbout, ClientId, ClientSecret, ClientState, GrantType,
    JwsAlgorithm, Provenance, Review, ScopeSet,
};

/// What a client asks to be registered as. Each member is well formed; whether they go together is [`admit`]'s to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    pub name: Option<DisplayName>,
    pub application_type: ApplicationType,
    pub auth_method: AuthMethod,
    pub keys: RegisteredKeys,
    /// At most [`Self::MOST_REDIRECT_URIS`], none twice, in the order they came.
    pub redirect_uris: Vec<RedirectUri>,
    /// Those that Writ has, none twice.
    pub grant_types: Vec<GrantType>,
    pub scope: Option<ScopeSet>,
    pub client_uri: Option<String>,
    pub about: ClientAbout,
    /// OpenID Connect Dynamic Client Registration §2; its default is RS256.
    pub id_token_signed_response_alg: Option<Algorithm>,
    /// RFC 9449 §5.2: "If omitted, the default value is false."
    pub dpop_bound_access_tokens: bool,
}

/// Where the public keys of a client are.
#[derive(Clone, Debug, PartialEq)]
pub enum RegisteredKeys {
    None,
    /// `jwks`, with nothing but public members.
    Inline(Value),
    /// `jwks_uri`.
    At(String),
}

/// Who answers for a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VouchedBy {
    /// A stranger registered itself.
    Nobody,
    /// An administrator, in person or by an initial access token (RFC 7591 §3).
    Administrator,
}

impl Registration {
    /// Longest accepted body, in bytes.
    pub const LONGEST: usize = 64 * 1_024;
    pub const MOST_REDIRECT_URIS: usize = 20;

    /// Reads the body of a registration request. RFC 7591 §3.1.
    ///
    /// §2: "The authorization server MUST ignore any client metadata sent by the client that it does not understand";
    /// what is ignored is not stored either. A null or empty member counts as absent (RFC 7592 §2.2 treats them so,
    /// and real clients send both).
    pub fn parse(bytes: &[u8]) -> Result<Self, RegistrationRefusal> {
        Self::from_members(&Members::parse(bytes, Self::LONGEST)?)
    }

    fn from_members(members: &Members) -> Result<Self, RegistrationRefusal> {
        // RFC 7591 §3.1.1 lets a server ignore a software statement. Refused instead: whoever sends one means its
        // claims to "take precedence", and would be registered as something else than it said.
        if members.has("software_statement") {
            return Err(RegistrationRefusal::SoftwareStatement);
        }
        refuse_what_would_be_ignored_at_a_price(members)?;
        let redirect_uris = redirect_uris(members)?;
        Ok(Self {
            name: name(members)?,
            application_type: application_type(members, &redirect_uris)?,
            auth_method: auth_method(members)?,
            keys: keys(members)?,
            redirect_uris,
            grant_types: grant_types(members)?,
            scope: scope(members)?,
            client_uri: members.page("client_uri")?,
            about: ClientAbout {
                logo_uri: members.page("logo_uri")?,
                policy_uri: members.page("policy_uri")?,
                tos_uri: members.page("tos_uri")?,
                contacts: members.lines("contacts", 10)?,
                software_id: members.line("software_id")?,
                software_version: members.line("software_version")?,
            },
            id_token_signed_response_alg: id_token_algorithm(members)?,
            dpop_bound_access_tokens: members.flag("dpop_bound_access_tokens")?,
        })
    }
}

/// A registration that the rules let in.
#[derive(Clone, Debug, PartialEq)]
pub struct Admitted {
    registration: Registration,
    vouched: VouchedBy,
}

/// What the appliance gives a new client.
#[derive(Clone, Debug)]
pub struct Issued {
    pub id: Id<Client>,
    pub provenance: Provenance,
    /// The digest of its secret; left out for a method that has none.
    pub secret: Option<Digest>,
    pub state: ClientState,
    /// How long it is kept if nobody uses it: the setting.
    pub unused_for: Lifetime,
}

/// Decides whether a client may be registered as it asks. RFC 7591 §2.1 and §3.2.1.
///
/// §3.2.1: "The authorization server MAY reject or replace any of the client's requested metadata values". Grants
/// that a stranger may not have are left out as long as something remains, because real clients list more than
/// they need and read back what they got.
pub fn admit(ask: Registration, vouched: VouchedBy) -> Result<Admitted, RegistrationRefusal> {
    admit_with(ask, vouched, &[])
}

/// As [`admit`], for a client that already has some grants.
fn admit_with(
    mut ask: Registration,
    vouched: VouchedBy,
    already: &[GrantType],
) -> Result<Admitted, RegistrationRefusal> {
    // OAuth 2.1 §4.2: a client acting for itself. A stranger who registers itself would be giving itself tokens with
    // nobody asked, so this grant needs somebody who answers for it (attack case 37: at creation and ever after).
    if vouched == VouchedBy::Nobody && !already.contains(&GrantType::ClientCredentials) {
        ask.grant_types.retain(|grant| *grant != GrantType::ClientCredentials);
        if ask.grant_types.is_empty() {
            return Err(metadata("grant_types", "client_credentials needs an initial access token"));
        }
    }
    // What another server says about people, and what we say to others, goes through clients that somebody answers for.
    let crossing = [GrantType::TokenExchange, GrantType::JwtBearer];
    if vouched == VouchedBy::Nobody {
        ask.grant_types.retain(|grant| !crossing.contains(grant) || already.contains(grant));
        if ask.grant_types.is_empty() {
            return Err(metadata("grant_types", "it lists authorization_code, refresh_token or client_credentials"));
        }
    }
    let grants = |grant: GrantType| ask.grant_types.contains(&grant);

    // RFC 7591 §2.1: "the authorization server SHOULD take steps to ensure that a client cannot register itself into
    // an inconsistent state".
    if grants(GrantType::RefreshToken) && !grants(GrantType::AuthorizationCode) {
        return Err(metadata("grant_types", "refresh_token comes with authorization_code"));
    }
    // OAuth 2.1 §4.2: "The client credentials grant type MUST only be used by confidential clients."
    if grants(GrantType::ClientCredentials) && ask.auth_method == AuthMethod::None {
        return Err(metadata("grant_types", "client_credentials needs a client that authenticates"));
    }
    if crossing.into_iter().any(grants) && ask.auth_method == AuthMethod::None {
        return Err(metadata("grant_types", "token-exchange and jwt-bearer need a client that authenticates"));
    }
    // RFC 7591 §2: "Clients using flows with redirection MUST register their redirection URI values."
    if grants(GrantType::AuthorizationCode) && ask.redirect_uris.is_empty() {
        return Err(RegistrationRefusal::RedirectUris { why: "the authorization_code grant needs at least one" });
    }
    match (ask.auth_method, &ask.keys) {
        (AuthMethod::PrivateKeyJwt, RegisteredKeys::None) => {
            return Err(metadata("token_endpoint_auth_method", "private_key_jwt needs jwks or jwks_uri"));
        }
        (AuthMethod::PrivateKeyJwt, _) => {}
        // Keys that nothing would use are not stored.
        _ => ask.keys = RegisteredKeys::None,
    }
    Ok(Admitted { registration: ask, vouched })
}

impl Admitted {
    pub fn auth_method(&self) -> AuthMethod {
        self.registration.auth_method
    }

    pub fn name(&self) -> String {
        name_or_none(self.registration.name.as_ref())
    }

    /// The client's row.
    pub fn into_client(self, issued: Issued, at: Timestamp) -> Client {
        let Registration { application_type, auth_method, keys, redirect_uris, grant_types, scope, .. } =
            self.registration.clone();
        let (jwks, jwks_uri) = keys.split();
        let secret = issued.secret.filter(|_| auth_method.has_secret());
        let reaped_at = match issued.provenance {
            Provenance::Dynamic { .. } => Some(reaped_at(issued.state, self.vouched, at, issued.unused_for)),
            Provenance::Administrator | Provenance::Document | Provenance::Machine => None,
        };
        Client {
            id: ClientId::Registered(issued.id),
            name: self.name(),
            provenance: issued.provenance,
            state: issued.state,
            application_type,
            auth_method,
            secrets: secret
                .map(|digest| ClientSecret { digest, created_at: at, expires_at: None, last_used_at: None })
                .into_iter()
                .collect(),
            jwks,
            jwks_uri,
            redirect_uris,
            grant_types,
            scope,
            resources: Vec::new(),
            serves: Vec::new(),
            client_uri: self.registration.client_uri,
            about: self.registration.about,
            id_token_signed_response_alg: self.registration.id_token_signed_response_alg,
            dpop_bound_access_tokens: self.registration.dpop_bound_access_tokens,
            created_at: at,
            first_used_at: None,
            last_used_at: None,
            reaped_at,
            void_before: None,
            declared_as: None,
            review: Review::default(),
            identity: None,
        }
    }
}

impl RegisteredKeys {
    fn split(self) -> (Option<Value>, Option<String>) {
        match self {
            Self::None => (None, None),
            Self::Inline(set) => (Some(set), None),
            Self::At(uri) => (None, Some(uri)),
        }
    }
}

/// RFC 7591 §2, `client_name`: "If omitted, the authorization server MAY display the raw "client_id" value to the
/// end-user instead." A word that says so is less of a riddle.
fn name_or_none(name: Option<&DisplayName>) -> String {
    name.map_or_else(|| "Unnamed application".to_owned(), |name| name.as_str().to_owned())
}

fn metadata(member: &'static str, why: &'static str) -> RegistrationRefusal {
    RegistrationRefusal::Metadata { member, why }
}

/// Attack case 38: the name is text that people read, whoever wrote it.
fn name(members: &Members) -> Result<Option<DisplayName>, RegistrationRefusal> {
    let Some(text) = members.text("client_name", DisplayName::LONGEST * 16)? else { return Ok(None) };
    DisplayName::parse(text).map(Some).map_err(|error| metadata("client_name", error.0))
}

/// RFC 7591 §2, `redirect_uris`; OAuth 2.1 §2.3.1 and attack cases 1 to 3 and 7 in [`RedirectUri::parse`].
fn redirect_uris(members: &Members) -> Result<Vec<RedirectUri>, RegistrationRefusal> {
    let wrong = |why| RegistrationRefusal::RedirectUris { why };
    let listed = match members.value("redirect_uris") {
        None => return Ok(Vec::new()),
        Some(Value::Array(listed)) => listed,
        Some(_) => return Err(wrong("it is a list of URLs")),
    };
    if listed.len() > Registration::MOST_REDIRECT_URIS {
        return Err(wrong("it lists at most 20"));
    }
    let mut uris = Vec::with_capacity(listed.len());
    for item in listed {
        let text = item.as_str().ok_or(wrong("it is a list of URLs"))?;
        let uri = RedirectUri::parse(text)
            .map_err(|error| RegistrationRefusal::RedirectUri { uri: text.to_owned(), why: error.0 })?;
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    Ok(uris)
}

/// RFC 7591 §2, `token_endpoint_auth_method`: "If unspecified or omitted, the default is "client_secret_basic"".
fn auth_method(members: &Members) -> Result<AuthMethod, RegistrationRefusal> {
    let Some(text) = members.text("token_endpoint_auth_method", 64)? else { return Ok(AuthMethod::ClientSecretBasic) };
    AuthMethod::parse(text).ok_or(metadata(
        "token_endpoint_auth_method",
        "it is none, client_secret_basic, client_secret_post or private_key_jwt",
    ))
}

/// RFC 7591 §2, `grant_types`: "If omitted, the default behavior is that the client will use only the
/// "authorization_code" Grant Type." Grants that Writ does not have are left out; those that OAuth 2.1 §10 took away
/// are refused, since a client that means to use one has to learn of it.
fn grant_types(members: &Members) -> Result<Vec<GrantType>, RegistrationRefusal> {
    const MEMBER: &str = "grant_types";
    let listed = members.texts(MEMBER, 20, 128)?;
    if listed.iter().any(|grant| matches!(*grant, "implicit" | "password")) {
        return Err(metadata(MEMBER, "OAuth 2.1 has no implicit and no password grant"));
    }
    refuse_other_response_types(members)?;
    if listed.is_empty() {
        return Ok(vec![GrantType::AuthorizationCode]);
    }
    let known: Vec<GrantType> = GrantType::ALL.into_iter().filter(|grant| listed.contains(&grant.as_str())).collect();
    if known.is_empty() {
        return Err(metadata(MEMBER, "it lists authorization_code, refresh_token or client_credentials"));
    }
    Ok(known)
}

/// RFC 7591 §2.1: `authorization_code` goes with `code`. What would bring a token through the browser is refused.
fn refuse_other_response_types(members: &Members) -> Result<(), RegistrationRefusal> {
    const MEMBER: &str = "response_types";
    match members.texts(MEMBER, 20, 128)?.iter().all(|response_type| *response_type == "code") {
        true => Ok(()),
        false => Err(metadata(MEMBER, "code is the only response type")),
    }
}

/// RFC 7591 §2, `scope`: a wish. Which of it exists is known when it is asked for; a registered scope is no ceiling.
fn scope(members: &Members) -> Result<Option<ScopeSet>, RegistrationRefusal> {
    let Some(text) = members.text("scope", 4_096)? else { return Ok(None) };
    let scope: ScopeSet =
        text.parse().map_err(|_| metadata("scope", "it is a list of at most 64 scopes with a space between them"))?;
    Ok((!scope.is_empty()).then_some(scope))
}

/// OIDC registration §2, `application_type`: "native or web", "the default, if omitted, is web". Replaced where the
/// redirect URIs say otherwise: a loopback or private-use URI belongs to a native application (RFC 8252 §7), and
/// clients that say `web` and mean that exist.
fn application_type(members: &Members, uris: &[RedirectUri]) -> Result<ApplicationType, RegistrationRefusal> {
    match members.text("application_type", 32)? {
        None | Some("web") if uris.iter().any(RedirectUri::is_native) => Ok(ApplicationType::Native),
        None | Some("web") => Ok(ApplicationType::Web),
        Some("native") => Ok(ApplicationType::Native),
        Some(_) => Err(metadata("application_type", "it is web or native")),
    }
}

/// RFC 7591 §2: "The "jwks_uri" and "jwks" parameters MUST NOT both be present in the same request or response."
fn keys(members: &Members) -> Result<RegisteredKeys, RegistrationRefusal> {
    match (members.value("jwks"), members.text("jwks_uri", 512)?) {
        (None, None) => Ok(RegisteredKeys::None),
        (Some(_), Some(_)) => Err(metadata("jwks_uri", "there is either jwks or jwks_uri, not both")),
        (Some(set), None) => {
            public_keys::parse(set).map(RegisteredKeys::Inline).map_err(|error| metadata("jwks", error.why()))
        }
        (None, Some(uri)) => match members::https(uri) {
            Ok(()) => Ok(RegisteredKeys::At(uri.to_owned())),
            Err(why) => Err(metadata("jwks_uri", why)),
        },
    }
}

/// OIDC registration §2, `id_token_signed_response_alg`: "The value none MUST NOT be used as the ID Token alg value
/// unless the Client uses only Response Types that return no ID Token from the Authorization Endpoint". Here, never.
fn id_token_algorithm(members: &Members) -> Result<Option<Algorithm>, RegistrationRefusal> {
    let known =
        |text: &str| text.parse().map_err(|_| metadata("id_token_signed_response_alg", "it is RS256, ES256 or EdDSA"));
    members.text("id_token_signed_response_alg", 32)?.map(known).transpose()
}

/// Members that Writ does not have and that may not be ignored in silence: the client would believe it got a
/// protection that nobody gives. OIDC registration §2.
fn refuse_what_would_be_ignored_at_a_price(members: &Members) -> Result<(), RegistrationRefusal> {
    if members.text("subject_type", 32)?.is_some_and(|subject| subject != "public") {
        return Err(metadata("subject_type", "public is the only one"));
    }
    if members.has("id_token_encrypted_response_alg") || members.has("userinfo_encrypted_response_alg") {
        return Err(metadata("id_token_encrypted_response_alg", "nothing is encrypted to clients"));
    }
    match members.text("token_endpoint_auth_signing_alg", 32)? {
        Some(alg) if alg.parse::<JwsAlgorithm>().is_err() => {
            Err(metadata("token_endpoint_auth_signing_alg", "it is RS256, PS256, ES256 or EdDSA"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
