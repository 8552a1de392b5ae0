//! Why the rules say no, and what the caller may read of it. OAuth 2.1 §3.2.4 and §4.1.2.1.

use crate::base::{Id, Resource};
use crate::model::Family;

/// Why the rules say no. Expected, a value, never shown as it is: the caller reads [`Refusal::public_text`],
/// the administrator reads the variant. Each variant is one sentence of a specification; see docs/protocol.md.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    // How the request looks.
    RepeatedParameter,
    MissingParameter(&'static str),
    MalformedParameter(&'static str),
    TooManyParameters,
    UnsupportedGrantType,
    UnsupportedResponseType,
    UnsupportedResponseMode,
    RequestObject,
    RequestUri,
    PromptNoneWithOthers,

    // Who is asking.
    TwoAuthMethods,
    ClientUnknown,
    ClientSecretMissing,
    ClientSecretWrong,
    ClientSecretExpired,
    ClientMethodMismatch,
    ClientSuspended,
    ClientRetired,
    ClientAwaitingApproval,
    CredentialRevoked,
    MachineExpired,
    NetworkNotAllowed,
    AssertionInvalid(&'static str),
    AssertionReplayed,
    ClientOutOfReach,
    GrantNotAllowed,
    PublicClientCredentials,
    GrantAssertionInvalid(&'static str),
    GrantAssertionReplayed,
    TrustAmbiguous,

    // Which key they have.
    DpopProofMissing,
    DpopProofInvalid(&'static str),
    DpopProofReplayed,
    DpopNonceNeeded,

    // What is asked for.
    PkceMissing,
    PkceMethod,
    VerifierMalformed,
    PkceMismatch,
    CodeUnknown,
    CodeExpired,
    CodeReplayed {
        family: Id<Family>,
    },
    CodeOfAnotherClient,
    CodeOfAnotherKey,
    RedirectUriMismatch,
    RefreshUnknown,
    RefreshExpired,
    RefreshReplayed {
        family: Id<Family>,
    },
    RefreshOfAnotherClient,
    RefreshOfAnotherKey,
    FamilyOver,
    RefreshConsentOver,
    PersonSuspended,
    ConsentOver,
    ScopeMalformed,
    ScopeWidened,
    ScopeNoneLeft,
    TokenTypeUnsupported(&'static str),
    SubjectTokenInvalid,
    SubjectTokenElsewhere,
    ActorTokenForeign,
    SubjectOfAnotherTenant,
    NotDelegated,
    ChainTooLong {
        most: usize,
    },
    ExchangeWidened,
    DelegationElsewhere,
    CrossingNotAllowed,
    WorkloadTokenRefused(&'static str),
    ResourceUnknown {
        asked: Resource,
        known: Vec<String>,
    },
    /// The one that was asked for, which is registered here; `None`: the appliance itself.
    ResourceNotAllowed {
        resource: Option<Resource>,
    },
    ResourceMissing,
    /// Of an access key: the projects that it is for.
    ProjectElsewhere {
        own: Vec<String>,
    },
    ResourceWidened,
    ResourceGone,
    ResourceMany,
    ResourceMalformed,

    // What a person would have to do.
    LoginRequired,
    InteractionRequired,
    AccessDenied,
    AuthorizationOver,
}

/// The `error` member. OAuth 2.1 §3.2.4 and §4.1.2.1, RFC 8707 §2, RFC 9449 §5 and §8, OpenID Connect Core §3.1.2.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    UnauthorizedClient,
    UnsupportedGrantType,
    UnsupportedResponseType,
    InvalidScope,
    InvalidTarget,
    InvalidDpopProof,
    UseDpopNonce,
    AccessDenied,
    LoginRequired,
    InteractionRequired,
    RequestNotSupported,
    RequestUriNotSupported,
    TemporarilyUnavailable,
}

impl ErrorCode {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::AccessDenied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::InteractionRequired => "interaction_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }

    /// OAuth 2.1 §3.2.4: "The authorization server responds with an HTTP 400 (Bad Request) status code (unless
    /// specified otherwise)"; for `invalid_client` it "MAY return an HTTP 401", which clients rely on to register again.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient => 401,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

impl Refusal {
    pub const fn error(&self) -> ErrorCode {
        match self {
            // §3.2.4 invalid_request: "The request is missing a required parameter, includes an unsupported parameter
            // value …, repeats a parameter, includes multiple credentials, utilizes more than one mechanism for
            // authenticating the client, contains a code_verifier although no code_challenge was sent …, or is
            // otherwise malformed."
            Self::RepeatedParameter
            // RFC 8693 §2.2.2: what is presented and not acceptable is an invalid request here, and no invalid grant.
            | Self::TokenTypeUnsupported(_)
            | Self::SubjectTokenInvalid
            | Self::SubjectTokenElsewhere
            | Self::WorkloadTokenRefused(_)
            | Self::ActorTokenForeign
            | Self::SubjectOfAnotherTenant
            | Self::NotDelegated
            | Self::ChainTooLong { .. }
            | Self::MissingParameter(_)
            | Self::MalformedParameter(_)
            | Self::TooManyParameters
            | Self::TwoAuthMethods
            | Self::UnsupportedResponseMode
            | Self::PromptNoneWithOthers
            | Self::PkceMissing
            | Self::PkceMethod
            | Self::VerifierMalformed
            | Self::AuthorizationOver => ErrorCode::InvalidRequest,
            // §3.2.4 invalid_client: "Client authentication failed (e.g., unknown client, no client authentication
            // included, or unsupported authentication method)."
            Self::ClientUnknown
            | Self::ClientSecretMissing
            | Self::ClientSecretWrong
            | Self::ClientSecretExpired
            | Self::ClientMethodMismatch
            | Self::ClientSuspended
            | Self::ClientRetired
            | Self::CredentialRevoked
            | Self::MachineExpired
            | Self::AssertionInvalid(_)
            | Self::AssertionReplayed => ErrorCode::InvalidClient,
            // §3.2.4 invalid_grant: "The provided authorization grant … or refresh token is invalid, expired, revoked,
            // does not match the redirect URI used in the authorization request, or was issued to another client."
            // RFC 7523 §3.1: "the value of the "error" parameter MUST be the "invalid_grant" error code".
            Self::CodeUnknown
            | Self::GrantAssertionInvalid(_)
            | Self::GrantAssertionReplayed
            | Self::TrustAmbiguous
            | Self::CodeExpired
            | Self::CodeReplayed { .. }
            | Self::CodeOfAnotherClient
            | Self::CodeOfAnotherKey
            | Self::RedirectUriMismatch
            | Self::PkceMismatch
            | Self::RefreshUnknown
            | Self::RefreshExpired
            | Self::RefreshReplayed { .. }
            | Self::RefreshOfAnotherClient
            | Self::RefreshOfAnotherKey
            | Self::FamilyOver
            | Self::RefreshConsentOver
            | Self::PersonSuspended
            | Self::ConsentOver => ErrorCode::InvalidGrant,
            // §3.2.4 unauthorized_client: "The authenticated client is not authorized to use this authorization grant type."
            Self::GrantNotAllowed
            | Self::PublicClientCredentials
            | Self::ClientAwaitingApproval
            | Self::NetworkNotAllowed => ErrorCode::UnauthorizedClient,
            Self::UnsupportedGrantType => ErrorCode::UnsupportedGrantType,
            Self::UnsupportedResponseType => ErrorCode::UnsupportedResponseType,
            // §3.2.4 invalid_scope: "The requested scope is invalid, unknown, malformed, or exceeds the scope granted".
            Self::ScopeMalformed | Self::ScopeWidened | Self::ScopeNoneLeft | Self::ExchangeWidened => {
                ErrorCode::InvalidScope
            }
            // RFC 8707 §2 invalid_target: "The requested resource is invalid, missing, unknown, or malformed."
            Self::ResourceUnknown { .. }
            | Self::DelegationElsewhere
            | Self::CrossingNotAllowed
            | Self::ResourceNotAllowed { .. }
            | Self::ResourceMissing
            | Self::ProjectElsewhere { .. }
            | Self::ResourceWidened
            | Self::ResourceGone
            | Self::ResourceMany
            | Self::ResourceMalformed => ErrorCode::InvalidTarget,
            // RFC 9449 §5: "If the DPoP proof is invalid, the authorization server issues an error response … with
            // invalid_dpop_proof as the value of the error parameter." One that is not there is not valid.
            Self::DpopProofMissing | Self::DpopProofInvalid(_) | Self::DpopProofReplayed => ErrorCode::InvalidDpopProof,
            // RFC 9449 §8: "using use_dpop_nonce as the error code value".
            Self::DpopNonceNeeded => ErrorCode::UseDpopNonce,
            Self::AccessDenied => ErrorCode::AccessDenied,
            Self::LoginRequired => ErrorCode::LoginRequired,
            Self::InteractionRequired => ErrorCode::InteractionRequired,
            // OpenID Connect Core §3.1.2.6.
            Self::RequestObject => ErrorCode::RequestNotSupported,
            Self::RequestUri => ErrorCode::RequestUriNotSupported,
            // §4.1.2.1 temporarily_unavailable: "The authorization server is currently unable to handle the request". Not
            // invalid_client, at which MCP clients throw away themselves and all their tokens.
            Self::ClientOutOfReach => ErrorCode::TemporarilyUnavailable,
        }
    }

    /// The variant's name, for the administrator.
    pub fn name(&self) -> String {
        let words = format!("{self:?}");
        words.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_owned()
    }

    /// What it is about that is registered here: for administrators, whatever the caller may know.
    pub fn about(&self) -> Option<&Resource> {
        match self {
            Self::ResourceNotAllowed { resource } => resource.as_ref(),
            _ => None,
        }
    }

    /// Where the sentence stands that says no.
    pub const fn section(&self) -> &'static str {
        match self {
            Self::RepeatedParameter
            | Self::TooManyParameters
            | Self::MissingParameter(_)
            | Self::MalformedParameter(_) => "OAuth 2.1 §3.2.4",
            Self::UnsupportedGrantType | Self::GrantNotAllowed | Self::ClientAwaitingApproval => "OAuth 2.1 §3.2.4",
            Self::UnsupportedResponseType | Self::AccessDenied | Self::ClientOutOfReach => "OAuth 2.1 §4.1.2.1",
            Self::UnsupportedResponseMode => "OAuth 2.0 Multiple Response Types §2.1",
            Self::RequestObject | Self::RequestUri | Self::LoginRequired | Self::InteractionRequired => {
                "OpenID Connect Core §3.1.2.6"
            }
            Self::PromptNoneWithOthers => "OpenID Connect Core §3.1.2.1",
            Self::TwoAuthMethods => "OAuth 2.1 §2.4",
            Self::ClientUnknown
            | Self::ClientSecretMissing
            | Self::ClientSecretWrong
            | Self::ClientSecretExpired
            | Self::ClientMethodMismatch
            | Self::ClientSuspended
            | Self::ClientRetired
            | Self::CredentialRevoked
            | Self::MachineExpired
            | Self::NetworkNotAllowed => "OAuth 2.1 §2.4",
            Self::AssertionInvalid(_) | Self::AssertionReplayed => "RFC 7523 §3",
            Self::GrantAssertionInvalid(_) | Self::GrantAssertionReplayed | Self::TrustAmbiguous => "RFC 7523 §3.1",
            Self::TokenTypeUnsupported(_) => "RFC 8693 §3",
            Self::SubjectTokenInvalid
            | Self::SubjectTokenElsewhere
            | Self::ActorTokenForeign
            | Self::SubjectOfAnotherTenant
            | Self::NotDelegated
            | Self::ChainTooLong { .. }
            | Self::ExchangeWidened
            | Self::WorkloadTokenRefused(_)
            | Self::CrossingNotAllowed
            | Self::DelegationElsewhere => "RFC 8693 §2.2.2",
            Self::PublicClientCredentials => "OAuth 2.1 §4.2",
            Self::DpopProofMissing | Self::RefreshOfAnotherKey => "RFC 9449 §5",
            Self::DpopProofInvalid(_) => "RFC 9449 §4.3",
            Self::DpopProofReplayed => "RFC 9449 §11.1",
            Self::DpopNonceNeeded => "RFC 9449 §8",
            Self::CodeOfAnotherKey => "RFC 9449 §10",
            Self::PkceMissing | Self::PkceMethod => "RFC 7636 §4.4.1",
            Self::VerifierMalformed => "RFC 7636 §4.1",
            Self::PkceMismatch => "RFC 7636 §4.6",
            Self::CodeUnknown
            | Self::CodeExpired
            | Self::CodeReplayed { .. }
            | Self::CodeOfAnotherClient
            | Self::RedirectUriMismatch
            | Self::ConsentOver => "OAuth 2.1 §4.1.3",
            Self::RefreshUnknown | Self::RefreshExpired | Self::RefreshOfAnotherClient => "OAuth 2.1 §4.3.1",
            Self::RefreshReplayed { .. } => "OAuth 2.1 §4.3.1",
            Self::FamilyOver | Self::RefreshConsentOver | Self::PersonSuspended => "OAuth 2.1 §4.3.1",
            Self::ScopeMalformed | Self::ScopeNoneLeft => "OAuth 2.1 §1.4.1",
            Self::ScopeWidened => "OAuth 2.1 §4.3.1",
            Self::ResourceUnknown { .. }
            | Self::ResourceNotAllowed { .. }
            | Self::ResourceMissing
            | Self::ProjectElsewhere { .. }
            | Self::ResourceWidened
            | Self::ResourceGone
            | Self::ResourceMany
            | Self::ResourceMalformed => "RFC 8707 §2",
            Self::AuthorizationOver => "OAuth 2.1 §4.1.1",
        }
    }

    /// What the caller may read: enough to mend the request, and nothing that tells an unknown credential from an
    /// expired, replayed or foreign one.
    pub fn public_text(&self) -> String {
        let fixed = match self {
            Self::MissingParameter(name) => return format!("The parameter {name} is missing."),
            Self::MalformedParameter(name) => return format!("The parameter {name} is malformed."),
            Self::AssertionInvalid(why) => return format!("The client assertion was not accepted: {why}."),
            Self::GrantAssertionInvalid(why) => return format!("The assertion was not accepted: {why}."),
            Self::WorkloadTokenRefused(why) => return format!("The subject token was not accepted: {why}."),
            Self::DpopProofInvalid(why) => return format!("The DPoP proof was not accepted: {why}."),
            Self::TokenTypeUnsupported(name) => {
                return format!(
                    "{name} names no kind of token that is exchanged here for this resource: access_token or jwt."
                );
            }
            Self::ChainTooLong { most } => {
                return format!("{most} machines act one through the other already, which is the most there may be.");
            }
            Self::ResourceUnknown { known, .. } if known.is_empty() => {
                return "This resource is not registered here, nor is any other. Register it first.".to_owned();
            }
            Self::ResourceUnknown { known, .. } => {
                return format!("This resource is not registered here. Registered are: {}.", known.join(", "));
            }
            Self::ProjectElsewhere { own } => {
                return format!(
                    "The project is not one of this key: it is for {}, or for the address of a resource that is registered here.",
                    own.join(" or ")
                );
            }
            Self::RepeatedParameter => "A parameter is sent more than once.",
            Self::TooManyParameters => "The request has too many parameters.",
            Self::UnsupportedGrantType => {
                "This grant type is not supported. Supported are those that the metadata lists as grant_types_supported."
            }
            Self::UnsupportedResponseType => "Only response_type=code is supported.",
            Self::UnsupportedResponseMode => {
                "response_mode is query, fragment or form_post, and form_post takes a redirect URI with https or on loopback."
            }
            Self::RequestObject => "Request objects (request) are not supported; send plain parameters.",
            Self::RequestUri => "Request objects (request_uri) are not supported; send plain parameters.",
            Self::PromptNoneWithOthers => "prompt=none cannot be combined with other prompts.",
            Self::TwoAuthMethods => "The client authenticates in more than one way; use one.",
            Self::ClientUnknown
            | Self::ClientSecretMissing
            | Self::ClientSecretWrong
            | Self::ClientSecretExpired
            | Self::ClientMethodMismatch
            | Self::ClientSuspended
            | Self::ClientRetired
            | Self::CredentialRevoked
            | Self::MachineExpired => {
                "Client authentication failed: unknown client, wrong or missing credential, or another method than registered."
            }
            Self::ClientAwaitingApproval => {
                "This application has registered itself and an administrator has not approved it yet."
            }
            Self::NetworkNotAllowed => "This identity may not call from this address.",
            Self::ClientOutOfReach => {
                "The client's metadata document, or a key set, is out of reach at the moment. Nothing was decided; try again soon."
            }
            Self::AssertionReplayed => "This client assertion was used before; make a new one for each request.",
            Self::GrantAssertionReplayed => "This assertion was used before; ask your issuer for a new one.",
            Self::TrustAmbiguous => {
                "Several identities here are known by this assertion. An administrator has to make their trusts differ."
            }
            Self::GrantNotAllowed => "This client is not registered for this grant type.",
            Self::PublicClientCredentials => "Only a client that can keep a secret may use client_credentials.",
            Self::DpopProofMissing => {
                "This takes a DPoP proof: send one in the DPoP header, made with the key that was used before."
            }
            Self::DpopProofReplayed => "This DPoP proof was used before; make a new one for each request.",
            Self::DpopNonceNeeded => "The DPoP proof needs the nonce of the DPoP-Nonce header of this answer.",
            Self::PkceMissing => "PKCE is required: send code_challenge and code_challenge_method=S256.",
            Self::PkceMethod => "Only code_challenge_method=S256 is supported.",
            Self::VerifierMalformed => "code_verifier must be 43 to 128 characters of A-Z a-z 0-9 - . _ ~",
            Self::CodeUnknown
            | Self::CodeExpired
            | Self::CodeReplayed { .. }
            | Self::CodeOfAnotherClient
            | Self::CodeOfAnotherKey
            | Self::RedirectUriMismatch
            | Self::PkceMismatch
            | Self::ConsentOver => {
                "The authorization code is invalid, expired or used, or does not fit this client, redirect_uri or code_verifier."
            }
            Self::RefreshUnknown
            | Self::RefreshExpired
            | Self::RefreshReplayed { .. }
            | Self::RefreshOfAnotherClient
            | Self::RefreshOfAnotherKey
            | Self::FamilyOver
            | Self::RefreshConsentOver
            | Self::PersonSuspended => {
                "The refresh token is invalid, expired or revoked. The person has to sign in again."
            }
            Self::ScopeMalformed => "The scope parameter is malformed or too long.",
            Self::ScopeWidened => "More scope is asked for than was granted.",
            // Whose token it is that a machine should not hold, it does not learn here.
            Self::SubjectTokenInvalid | Self::SubjectTokenElsewhere => {
                "The subject token is no live token of this server that this client may use here."
            }
            Self::ActorTokenForeign => "The actor token is not this machine's own; leave it out.",
            Self::SubjectOfAnotherTenant | Self::NotDelegated => {
                "This machine may not act for this subject: no delegation allows it, or it is over. The person or an administrator grants one."
            }
            Self::ExchangeWidened => {
                "More scope is asked for than the subject token, the delegation or crossing, this client and the resource all allow."
            }
            Self::DelegationElsewhere => "The delegation does not reach to this resource.",
            Self::CrossingNotAllowed => {
                "This client may carry no word about people to that audience and resource. An administrator allows it with `writ crossing add`."
            }
            Self::ScopeNoneLeft => "None of the scopes asked for is available to this client at this resource.",
            Self::ResourceNotAllowed { .. } => "This client may not have tokens for this resource.",
            Self::ResourceMissing => {
                "Nothing says which of the resources registered here the token is for: send the resource parameter."
            }
            Self::ResourceWidened => "Another resource is asked for than was granted.",
            Self::ResourceGone => "The resource that was granted is not registered here any more.",
            Self::ResourceMalformed => "A resource is an absolute URI without fragment, user or password.",
            Self::ResourceMany => "One token is for one resource; ask for one at a time.",
            Self::LoginRequired => "Nobody is signed in, and prompt=none forbids to ask.",
            Self::InteractionRequired => "The person has to be asked, and prompt=none forbids it.",
            Self::AccessDenied => "The person did not allow it.",
            Self::AuthorizationOver => {
                "This sign-in has taken too long or was answered already. Start again in the application."
            }
        };
        fixed.to_owned()
    }
}

/// `Err(refusal)` unless `holds`.
pub(crate) fn ensure(holds: bool, refusal: Refusal) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(refusal) }
}
