//! `GET|POST /oauth/userinfo`. OpenID Connect Core §5.3, RFC 6750.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse};

use crate::operations::userinfo::{NoUserInfo, userinfo};
use crate::web::extract::{Body, Caller};
use crate::web::problem;

pub(crate) async fn show(caller: Caller, request: HttpRequest, body: Body) -> HttpResponse {
    // Nothing in a body is looked at, but it is read to its end: one that is left lying costs the connection.
    if let Err(answer) = super::bytes(&caller, &body) {
        return answer;
    }
    // RFC 6750 §2.1. Not in the body or the query: a token there ends up in logs (OAuth 2.1 §5.1.1).
    let bearer = super::authorization(&request).and_then(|header| header.split_once(' '));
    let Some((_, token)) = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) else {
        // §3: a request without any authentication gets the challenge and no error code.
        return HttpResponse::Unauthorized().insert_header((WWW_AUTHENTICATE, "Bearer")).finish();
    };
    match userinfo(&caller.app, &caller.ctx, token.trim()).await {
        Ok(Ok(claims)) => HttpResponse::Ok().json(claims),
        Ok(Err(NoUserInfo::InvalidToken)) => {
            let words = "The access token is unknown, expired or revoked.";
            let answer = problem::program(&caller, StatusCode::UNAUTHORIZED, "invalid_token", words);
            challenged(answer, "Bearer error=\"invalid_token\"")
        }
        Ok(Err(NoUserInfo::InsufficientScope)) => {
            let words = "The access token does not speak for a person who was asked for openid.";
            let answer = problem::program(&caller, StatusCode::FORBIDDEN, "insufficient_scope", words);
            challenged(answer, "Bearer error=\"insufficient_scope\", scope=\"openid\"")
        }
        Err(fault) => problem::broken(&caller.ctx, &fault),
    }
}

/// RFC 6750 §3.1.
fn challenged(mut answer: HttpResponse, words: &'static str) -> HttpResponse {
    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(words));
    answer
}
