//! `GET|POST /oauth/userinfo`. OpenID Connect Core §5.3, RFC 6750.

use actix_web::http::StatusCode;
use actix_web::http::header::WWW_AUTHENTICATE;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde_json::json;

use crate::operations::userinfo::{NoUserInfo, userinfo};
use crate::web::extract::Caller;
use crate::web::problem;

pub(crate) async fn show(caller: Caller, request: HttpRequest) -> HttpResponse {
    // RFC 6750 §2.1. Not in the body or the query: a token there ends up in logs (OAuth 2.1 §5.1.1).
    let bearer = super::authorization(&request).and_then(|header| header.split_once(' '));
    let Some((_, token)) = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) else {
        // §3: a request without any authentication gets the challenge and no error code.
        return HttpResponse::Unauthorized().insert_header((WWW_AUTHENTICATE, "Bearer")).finish();
    };
    match userinfo(&caller.app, &caller.ctx, token.trim()).await {
        Ok(Ok(claims)) => HttpResponse::Ok().json(claims),
        Ok(Err(NoUserInfo::InvalidToken)) => challenge(StatusCode::UNAUTHORIZED, "invalid_token", None),
        Ok(Err(NoUserInfo::InsufficientScope)) => {
            challenge(StatusCode::FORBIDDEN, "insufficient_scope", Some("openid"))
        }
        Err(fault) => problem::broken(&caller.ctx, &fault),
    }
}

/// RFC 6750 §3.1.
fn challenge(status: StatusCode, error: &str, scope: Option<&str>) -> HttpResponse {
    let scope = scope.map(|scope| format!(", scope=\"{scope}\"")).unwrap_or_default();
    HttpResponseBuilder::new(status)
        .insert_header((WWW_AUTHENTICATE, format!("Bearer error=\"{error}\"{scope}")))
        .json(json!({ "error": error }))
}
