//! Introspection and revocation. RFC 7662, RFC 7009.

use serde::Serialize;

use super::claims::{Act, Confirmation, HowSignedIn, MayAct};
use super::client_auth::AuthenticatedClient;
use crate::base::{Digest, Id, Resource};
use crate::model::{ClientId, Entitlements, Link, Machine, ScopeSet, Subject};

/// A token that was found and is alive, as far as its own words and its row go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveToken {
    pub client_id: ClientId,
    pub subject: Subject,
    pub audience: String,
    pub scope: ScopeSet,
    pub exp: i64,
    pub iat: i64,
    pub jti: Option<String>,
    pub auth_time: Option<i64>,
    pub how: Option<HowSignedIn>,
    /// Who acts with it for the subject, the one it was given to first.
    pub chain: Vec<Link>,
    /// Who may act with it next.
    pub may_act: Option<Id<Machine>>,
    pub is_refresh: bool,
    /// The thumbprint of the key it is bound to.
    pub jkt: Option<Digest>,
    pub entitlements: Entitlements,
}

/// An introspection answer. RFC 7662 §2.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IntrospectionResponse {
    pub active: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenFacts>,
}

/// The media type and, without `application/`, the `typ` of a signed answer. RFC 9701 §5.
pub const SIGNED_TYPE: &str = "application/token-introspection+jwt";

/// A signed introspection answer. RFC 9701 §5. Of `sub` and `exp` beside `token_introspection` it says: they "SHOULD NOT" be there, "as a
/// measure to prevent misuse of the JWT as an access token".
#[derive(Clone, Debug, Serialize)]
pub struct SignedIntrospection {
    /// "MUST be set to the issuer URL of the authorization server."
    pub iss: String,
    /// "MUST identify the resource server receiving the token introspection response."
    pub aud: String,
    /// "MUST be set to the time when the introspection response was created by the authorization server."
    pub iat: i64,
    pub token_introspection: IntrospectionResponse,
}

/// Whether an `Accept` header asks for a signed answer. RFC 9701 §4: "by sending an HTTP Accept header field set to
/// application/token-introspection+jwt". A wildcard is no wish for it, nor is what `q=0` excludes (RFC 9110 §12.4.2).
pub fn wants_signed(accept: &str) -> bool {
    accept.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case(SIGNED_TYPE));
        let refused = parts.any(|part| {
            let quality = part.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
            quality.is_some_and(|(_, quality)| quality.trim().parse::<f32>().is_ok_and(|quality| quality <= 0.0))
        });
        named && !refused
    })
}

/// RFC 7662 §2.2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenFacts {
    pub iss: String,
    pub sub: String,
    pub aud: String,
    pub client_id: ClientId,
    pub scope: ScopeSet,
    pub exp: i64,
    pub iat: i64,
    pub token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    #[serde(flatten)]
    pub how: Option<HowSignedIn>,
    /// RFC 8693 §4.1: "as a top-level member of an OAuth 2.0 token introspection response, act has the same semantics and format
    /// as the claim of the same name".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<Act>,
    /// RFC 8693 §4.4 says the same of this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_act: Option<MayAct>,
    /// As in the token itself.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    #[serde(flatten)]
    pub entitlements: Entitlements,
}

/// Decides what `caller` may learn of a token. RFC 7662 §2.2; attack case 23.
pub fn introspect(token: Option<LiveToken>, caller: &AuthenticatedClient, issuer: &str) -> IntrospectionResponse {
    // §2.2: "If the introspection call is properly authorized but the token is not active, does not exist on this server, or
    // the protected resource is not allowed to introspect this particular token, then the authorization server MUST return
    // an introspection response with the "active" field set to "false". Note that to avoid disclosing too much of the
    // authorization server's state to a third party, the authorization server SHOULD NOT include any additional information".
    let Some(token) = token.filter(|token| may_read(token, caller)) else {
        return IntrospectionResponse { active: false, token: None };
    };
    // §2.2: "Specific implementations MAY extend this structure with their own service-specific response names".
    let token = TokenFacts {
        kind: token.subject.is_machine().then_some("machine"),
        entitlements: token.entitlements,
        iss: issuer.to_owned(),
        sub: token.subject.text(),
        aud: token.audience,
        client_id: token.client_id,
        scope: token.scope,
        exp: token.exp,
        iat: token.iat,
        // RFC 9449 §6.2: "If the token_type member is included in the introspection response, it MUST contain the value DPoP."
        token_type: match (token.is_refresh, token.jkt) {
            (true, _) => "refresh_token",
            (false, Some(_)) => "DPoP",
            (false, None) => "Bearer",
        },
        // §6.2: "as a top-level member of the introspection response JSON".
        cnf: token.jkt.map(|jkt| Confirmation { jkt }),
        jti: token.jti,
        auth_time: token.auth_time,
        how: token.how,
        act: Act::of(&token.chain),
        may_act: token.may_act.map(|sub| MayAct { sub }),
    };
    IntrospectionResponse { active: true, token: Some(token) }
}

/// The resource it is meant for may read it, and so may the client it was given to. §4: "the authorization server MUST
/// determine whether or not … the protected resource" may.
fn may_read(token: &LiveToken, caller: &AuthenticatedClient) -> bool {
    let serves = caller.serves.iter().any(|resource: &Resource| resource.as_str() == token.audience);
    (serves && !token.is_refresh) || token.client_id == *caller.id()
}

/// Whether `caller` may revoke a token of `owner`. RFC 7009 §2.1: "verifies whether the token was issued to the client making
/// the revocation request. If this validation fails, the request is refused"; the answer is 200 all the same (§2.2), so that
/// nobody learns whose token it is.
pub fn may_revoke(owner: &ClientId, caller: &AuthenticatedClient) -> bool {
    owner == caller.id()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_answer_is_asked_for_by_its_name() {
        for wanted in [
            "application/token-introspection+jwt",
            "Application/Token-Introspection+JWT",
            "application/json;q=0.5, application/token-introspection+jwt; q=1.0",
            "application/token-introspection+jwt;q=0.1, */*",
        ] {
            assert!(wants_signed(wanted), "{wanted}");
        }
        for other in [
            "",
            "*/*",
            "application/*",
            "application/json",
            "application/jwt",
            "application/token-introspection+jwt;q=0",
            "application/token-introspection+jwt ; Q = 0.000",
            "text/application/token-introspection+jwt",
        ] {
            assert!(!wants_signed(other), "{other}");
        }
    }
}
