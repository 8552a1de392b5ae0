//! The token request. OAuth 2.1 §3.2.2.

use super::exchange::TokenExchange;
use super::id_jag::{self, AssertionRequest};
use super::params::Parameters;
use super::refusal::Refusal;
use super::{scope, target};
use crate::base::{OpaqueToken, RedirectUri, Resource, Secret, TokenKind};
use crate::model::{GrantType, ScopeSet};

/// What a token request asks for, parsed.
#[derive(Clone, Debug)]
pub enum TokenRequest {
    Code(CodeExchange),
    Refresh(RefreshExchange),
    ClientCredentials(ClientCredentials),
    Exchange(Box<TokenExchange>),
    /// An exchange in which a workload shows its own token, and nobody acts for anybody.
    Workload(Box<TokenExchange>),
    JwtBearer(JwtBearer),
    /// The same grant with the word of an identity provider about a person.
    IdentityAssertion(JwtBearer),
    /// A token exchange that asks for our word about a person.
    AssertionRequest(Box<AssertionRequest>),
}

/// OAuth 2.1 §4.1.3.
#[derive(Clone, Debug)]
pub struct CodeExchange {
    /// `None` if the text cannot be a code of ours: no store need be asked.
    pub code: Option<OpaqueToken>,
    pub redirect_uri: Option<RedirectUri>,
    pub code_verifier: Option<String>,
    pub resource: Option<Resource>,
}

/// OAuth 2.1 §4.3.1.
#[derive(Clone, Debug)]
pub struct RefreshExchange {
    pub refresh_token: Option<OpaqueToken>,
    pub scope: Option<ScopeSet>,
    pub resource: Option<Resource>,
}

/// OAuth 2.1 §4.2.1.
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    pub scope: Option<ScopeSet>,
    pub resource: Option<Resource>,
}

/// RFC 7523 §2.1: a token of somebody else's making that says who asks.
#[derive(Clone, Debug)]
pub struct JwtBearer {
    pub assertion: Secret,
    pub scope: Option<ScopeSet>,
    pub resource: Option<Resource>,
}

impl TokenRequest {
    /// OAuth 2.1 §3.2.2: which grant, and what that grant needs.
    pub fn parse(params: &Parameters<'_>) -> Result<Self, Refusal> {
        let grant = params.required("grant_type")?;
        let resource = target::requested(params.resources())?;
        // §3.2.4 unsupported_grant_type: "not supported by the authorization server".
        match GrantType::parse(grant).ok_or(Refusal::UnsupportedGrantType)? {
            GrantType::AuthorizationCode => Ok(Self::Code(CodeExchange {
                // A refresh token, a session or any other credential is not a code (attack case 14).
                code: OpaqueToken::parse(TokenKind::AuthorizationCode, params.required("code")?),
                redirect_uri: (params.optional("redirect_uri").map(RedirectUri::parse))
                    .transpose()
                    .map_err(|_| Refusal::MalformedParameter("redirect_uri"))?,
                code_verifier: params.optional("code_verifier").map(str::to_owned),
                resource,
            })),
            GrantType::RefreshToken => Ok(Self::Refresh(RefreshExchange {
                refresh_token: OpaqueToken::parse(TokenKind::RefreshToken, params.required("refresh_token")?),
                scope: scope::parse(params.optional("scope"))?,
                resource,
            })),
            GrantType::ClientCredentials => Ok(Self::ClientCredentials(ClientCredentials {
                scope: scope::parse(params.optional("scope"))?,
                resource,
            })),
            GrantType::TokenExchange if AssertionRequest::is_asked(params) => {
                Ok(Self::AssertionRequest(Box::new(AssertionRequest::parse(params)?)))
            }
            GrantType::TokenExchange => Ok(Self::Exchange(Box::new(TokenExchange::parse(params)?))),
            GrantType::JwtBearer => {
                // RFC 7523 §2.1: "The value of the "assertion" parameter MUST contain a single JWT."
                let assertion = params.required("assertion")?;
                let is_about_a_person = id_jag::is_one(assertion);
                let ask = JwtBearer {
                    assertion: Secret::new(assertion),
                    scope: scope::parse(params.optional("scope"))?,
                    resource,
                };
                // RFC 8725 §3.11: which kind of assertion it is, its type says, and not who sends it.
                Ok(if is_about_a_person { Self::IdentityAssertion(ask) } else { Self::JwtBearer(ask) })
            }
        }
    }

    pub fn grant_type(&self) -> GrantType {
        match self {
            Self::Code(_) => GrantType::AuthorizationCode,
            Self::Refresh(_) => GrantType::RefreshToken,
            Self::ClientCredentials(_) => GrantType::ClientCredentials,
            Self::Exchange(_) | Self::Workload(_) | Self::AssertionRequest(_) => GrantType::TokenExchange,
            Self::JwtBearer(_) | Self::IdentityAssertion(_) => GrantType::JwtBearer,
        }
    }
}
