//! `GET|POST /oauth/userinfo`. OpenID Connect Core §5.3, RFC 6750, RFC 9449 §7.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse};

use crate::operations;
use crate::operations::userinfo::{NoUserInfo, userinfo};
use crate::protocol::dpop;
use crate::protocol::refusal::Refusal;
use crate::web::extract::{Body, Caller};
use crate::web::problem;

pub(crate) async fn show(caller: Caller, request: HttpRequest, body: Body) -> HttpResponse {
    // Nothing in a body is looked at, but it is read to its end: one that is left lying costs the connection.
    if let Err(answer) = super::bytes(&caller, &body) {
        return answer;
    }
    let response = answer(&caller, &request).await;
    super::with_nonce(&caller, &request, response)
}

/// How a token was shown: the scheme of the challenge is the scheme that was tried (RFC 9449 §7.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Bearer,
    Dpop,
}

async fn answer(caller: &Caller, request: &HttpRequest) -> HttpResponse {
    // RFC 6750 §2.1. Not in the body or the query: a token there ends up in logs (OAuth 2.1 §5.1.1).
    let Some((scheme, token)) = super::authorization(request).and_then(shown) else {
        // RFC 6750 §3: a request without any authentication gets the challenge and no error code, but "This scheme MUST be followed by one or
        // more auth-param values"; RFC 9449 §7.2 has both schemes.
        let challenge = format!("Bearer realm=\"{}\", DPoP algs=\"{}\"", caller.issuer, dpop::algorithms());
        return HttpResponse::Unauthorized().insert_header((WWW_AUTHENTICATE, challenge)).finish();
    };
    let proof = match scheme {
        Scheme::Bearer => None,
        // RFC 9449 §7.1: "a resource server MUST check that a DPoP proof was also received in the DPoP header field".
        Scheme::Dpop => {
            match super::proof(caller, request, Some(token)).and_then(|p| p.ok_or(Refusal::DpopProofMissing)) {
                Ok(proof) => Some(proof),
                Err(refusal) => return refused(caller, &refusal),
            }
        }
    };
    match userinfo(&caller.app, &caller.ctx, token, proof).await {
        Ok(Ok(claims)) => HttpResponse::Ok().json(claims),
        Ok(Err(NoUserInfo::InvalidToken)) => {
            let words = "The access token is unknown, expired or revoked.";
            challenge(caller, StatusCode::UNAUTHORIZED, scheme, "invalid_token", words)
        }
        // RFC 9449 §7.2: "MUST reject a DPoP-bound access token received as a bearer token". The challenge says how it is sent.
        Ok(Err(NoUserInfo::OtherKey)) => {
            let words =
                "A token that is bound to a key goes with the DPoP scheme and a proof of that key, and no other does.";
            challenge(caller, StatusCode::UNAUTHORIZED, Scheme::Dpop, "invalid_token", words)
        }
        Ok(Err(NoUserInfo::Proof(refusal))) => refused(caller, &refusal),
        Ok(Err(NoUserInfo::InsufficientScope)) => {
            let words = "The access token does not speak for a person who was asked for openid.";
            challenge(caller, StatusCode::FORBIDDEN, scheme, "insufficient_scope", words)
        }
        Err(fault) => problem::broken(&caller.ctx, &fault),
    }
}

/// The scheme and the token of an Authorization header. RFC 9110 §11.1: the scheme's name has no case.
fn shown(header: &str) -> Option<(Scheme, &str)> {
    let (scheme, token) = header.split_once(' ')?;
    let known = [("bearer", Scheme::Bearer), ("dpop", Scheme::Dpop)];
    let (_, scheme) = known.into_iter().find(|(name, _)| scheme.eq_ignore_ascii_case(name))?;
    Some((scheme, token.trim()))
}

/// A proof that is not good here. RFC 9449 §7.1: "invalid_dpop_proof is used to indicate that the DPoP proof itself was deemed
/// invalid"; §9: "Resource servers use an HTTP 401 (Unauthorized) error code".
fn refused(caller: &Caller, refusal: &Refusal) -> HttpResponse {
    operations::tell(&caller.app, &caller.ctx, refusal);
    let (error, words) = (refusal.error().as_str(), refusal.public_text());
    challenge(caller, StatusCode::UNAUTHORIZED, Scheme::Dpop, error, &words)
}

/// RFC 6750 §3.1, RFC 9449 §7.1.
fn challenge(caller: &Caller, status: StatusCode, scheme: Scheme, error: &str, words: &str) -> HttpResponse {
    let scope = if error == "insufficient_scope" { ", scope=\"openid\"" } else { "" };
    let challenge = match scheme {
        Scheme::Bearer => format!("Bearer error=\"{error}\"{scope}"),
        Scheme::Dpop => format!("DPoP error=\"{error}\"{scope}, algs=\"{}\"", dpop::algorithms()),
    };
    let mut answer = problem::program(caller, status, error, words);
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    answer
}
