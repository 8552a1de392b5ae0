//! A browser authorization in flight. It is never stored: it travels sealed, bound to one browser, and its
//! id becomes the id of the one code that may answer it.

use serde::{Deserialize, Serialize};

use super::client::ClientId;
use super::language::Language;
use super::person::Person;
use super::scope::ScopeSet;
use super::tenant::TenantName;
use crate::base::{Digest, Id, Named, RedirectUri, Resource, Timestamp};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    pub id: Id<Authorization>,
    pub client_id: ClientId,
    /// The client as it was when it was checked; a change meanwhile ends the authorization.
    pub client: Digest,
    pub redirect_uri: RedirectUri,
    #[serde(default, skip_serializing_if = "ResponseMode::is_query")]
    pub response_mode: ResponseMode,
    pub state: Option<String>,
    pub scope: ScopeSet,
    /// Scopes that were asked for and are not to be had here.
    #[serde(default, skip_serializing_if = "ScopeSet::is_empty")]
    pub dropped: ScopeSet,
    pub resource: Option<Resource>,
    pub code_challenge: String,
    pub nonce: Option<String>,
    /// The tenant whose roles the tokens are to say, of several that the person may have roles in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantName>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompt: Vec<Prompt>,
    pub max_age: Option<u64>,
    pub login_hint: Option<String>,
    /// Whom the application expects, as an earlier id token of ours names them: nobody else is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Id<Person>>,
    /// The first language of `ui_locales` that our pages are in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// The thumbprint of the key that the code will be bound to (RFC 9449 §10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<Digest>,
    pub asked_at: Timestamp,
    /// The browser it began in: the digest of that browser's cookie.
    pub browser: Digest,
}

impl Named for Authorization {
    const PREFIX: &'static str = "aut";
}

/// How the answer travels to the application. OAuth 2.0 Multiple Response Type Encoding Practices §2.1, OAuth 2.0 Form Post Response Mode §2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// The default for a code.
    #[default]
    Query,
    /// Behind the `#`, which a browser keeps to itself: for applications that are pages.
    Fragment,
    /// In a form that the browser posts.
    FormPost,
}

impl ResponseMode {
    pub const ALL: [(&'static str, Self); 3] =
        [("query", Self::Query), ("fragment", Self::Fragment), ("form_post", Self::FormPost)];

    fn is_query(&self) -> bool {
        *self == Self::Query
    }
}

/// OpenID Connect Core §3.1.2.1, `prompt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    None,
    Login,
    Consent,
    SelectAccount,
}

impl Prompt {
    pub const ALL: [(&'static str, Self); 4] = [
        ("none", Self::None),
        ("login", Self::Login),
        ("consent", Self::Consent),
        ("select_account", Self::SelectAccount),
    ];
}
