//! The endpoints that programs call, and the one at which browsers arrive.

pub(super) mod authorize;
pub(super) mod discovery;
pub(super) mod introspect;
pub(super) mod jwks;
pub(super) mod register;
pub(super) mod revoke;
pub(super) mod token;
pub(super) mod userinfo;

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};

use super::extract::{Body, Caller};
use super::problem;
use crate::operations::Problem;
use crate::operations::authenticate_client::authenticate_client;
use crate::protocol::client_auth::{AuthenticatedClient, Presented};
use crate::protocol::params::Parameters;
use crate::protocol::refusal::Refusal;

/// The Authorization header, if it is text.
fn authorization(request: &HttpRequest) -> Option<&str> {
    request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok())
}

/// A form body, or the answer to one that is none. OAuth 2.1 §3.2: "application/x-www-form-urlencoded … in the HTTP request
/// content".
fn form<'b>(caller: &Caller, request: &HttpRequest, body: &'b Body) -> Result<Parameters<'b>, HttpResponse> {
    // RFC 9110 §8.3.1: "The type and subtype tokens are case-insensitive", and parameters may follow.
    let is_form = request.headers().get(CONTENT_TYPE).is_none_or(|value| {
        let kind = value.to_str().ok().and_then(|value| value.split(';').next());
        kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
    });
    if !is_form {
        let words = "The body must be application/x-www-form-urlencoded.";
        return Err(problem::unreadable(caller, StatusCode::BAD_REQUEST, words));
    }
    let bytes = bytes(caller, body)?;
    Parameters::parse(bytes).map_err(|refusal| problem::json(caller, false, Problem::Refused(refusal)))
}

/// A whole body, or the answer to one that is none.
fn bytes<'b>(caller: &Caller, body: &'b Body) -> Result<&'b [u8], HttpResponse> {
    match body {
        Body::Read(bytes) => Ok(bytes),
        Body::TooLong => Err(problem::unreadable(caller, StatusCode::PAYLOAD_TOO_LARGE, "The body is too long.")),
        Body::TooSlow => {
            Err(problem::unreadable(caller, StatusCode::REQUEST_TIMEOUT, "The body did not come in time."))
        }
        Body::Broken => Err(problem::unreadable(caller, StatusCode::BAD_REQUEST, "The body could not be read.")),
    }
}

/// The client behind a back-channel request, or the answer to who could not prove it.
async fn client(
    caller: &Caller,
    request: &HttpRequest,
    params: &Parameters<'_>,
) -> Result<AuthenticatedClient, HttpResponse> {
    let header = authorization(request);
    let refuse = |problem: Problem| problem::json(caller, header.is_some(), problem);
    let presented = Presented::read(header, params).map_err(|refusal: Refusal| refuse(refusal.into()))?;
    authenticate_client(&caller.app, &caller.ctx, presented).await.map_err(refuse)
}

/// A document that may be cached, and is not sent again to who has it. RFC 9110 §13.1.2.
fn cached(request: &HttpRequest, body: &str, etag: &str, max_age: u64) -> HttpResponse {
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let same = known.is_some_and(|known| known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag));
    let mut response = if same { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, etag.to_owned()));
    response.insert_header((CACHE_CONTROL, format!("public, max-age={max_age}")));
    if same {
        return response.finish();
    }
    response.content_type("application/json").body(body.to_owned())
}
