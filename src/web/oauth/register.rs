//! `POST /oauth/register`, and `GET|PUT|DELETE /oauth/register/{client_id}`. RFC 7591 §3, RFC 7592 §2.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse};

use crate::base::Secret;
use crate::model::Client;
use crate::operations;
use crate::operations::registration::{self, RegistrationProblem, Unauthorized};
use crate::protocol::registration::registration_response;
use crate::web::extract::{Body, Caller};
use crate::web::problem;

pub(crate) async fn create(caller: Caller, request: HttpRequest, body: Body) -> HttpResponse {
    let body = match super::bytes(&caller, &body) {
        Ok(body) => body,
        Err(response) => return response,
    };
    match registration::register(&caller.app, &caller.ctx, bearer(&request), body).await {
        Ok(new) => {
            let token = Some(&new.registration_access_token);
            let document = registration_response(&new.client, new.secret.as_ref(), token, &caller.app.issuer);
            // RFC 7591 §3.2.1: "the authorization server responds with an HTTP 201 Created status code".
            HttpResponse::Created().json(document)
        }
        Err(problem) => refused(&caller, problem),
    }
}

pub(crate) async fn show(caller: Caller, request: HttpRequest) -> HttpResponse {
    match registration::read(&caller.app, client_id(&request), bearer(&request)).await {
        Ok(client) => information(&caller, &request, &client),
        Err(problem) => refused(&caller, problem),
    }
}

pub(crate) async fn update(caller: Caller, request: HttpRequest, body: Body) -> HttpResponse {
    let body = match super::bytes(&caller, &body) {
        Ok(body) => body,
        Err(response) => return response,
    };
    match registration::change(&caller.app, &caller.ctx, client_id(&request), bearer(&request), body).await {
        Ok(client) => information(&caller, &request, &client),
        Err(problem) => refused(&caller, problem),
    }
}

pub(crate) async fn destroy(caller: Caller, request: HttpRequest) -> HttpResponse {
    match registration::remove(&caller.app, &caller.ctx, client_id(&request), bearer(&request)).await {
        // RFC 7592 §2.3: "the authorization server MUST respond with an HTTP 204 No Content message".
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(problem) => refused(&caller, problem),
    }
}

/// RFC 7592 §3: the address and the token of the registration are REQUIRED in every answer, and the token is the one
/// that the caller has just shown to be good.
fn information(caller: &Caller, request: &HttpRequest, client: &Client) -> HttpResponse {
    let token = bearer(request).map(Secret::new);
    HttpResponse::Ok().json(registration_response(client, None, token.as_ref(), &caller.app.issuer))
}

fn client_id(request: &HttpRequest) -> &str {
    request.match_info().get("client_id").unwrap_or_default()
}

/// RFC 6750 §2.1.
fn bearer(request: &HttpRequest) -> Option<&str> {
    let (scheme, token) = super::authorization(request)?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}

fn refused(caller: &Caller, problem: RegistrationProblem) -> HttpResponse {
    let answer = |status, error: &str, words: &str| problem::program(caller, status, error, words);
    match problem {
        // RFC 7591 §3.2.2: "the authorization server returns an HTTP 400 status code (unless otherwise specified)".
        RegistrationProblem::Refused(refusal) => {
            operations::tell_registration(&caller.app, &caller.ctx, &refusal);
            answer(StatusCode::BAD_REQUEST, refusal.error(), &refusal.public_text())
        }
        RegistrationProblem::Closed => {
            let words = "Applications cannot register themselves here. Ask an administrator to add yours.";
            answer(StatusCode::FORBIDDEN, "access_denied", words)
        }
        RegistrationProblem::Suspended => {
            answer(StatusCode::FORBIDDEN, "access_denied", "This registration is suspended.")
        }
        // RFC 6750 §3: the challenge has an error code only if there was a token, and "one or more auth-param values" in any case.
        RegistrationProblem::Unauthorized(Unauthorized::NoToken) => {
            let answer = answer(StatusCode::UNAUTHORIZED, "invalid_token", "This needs a bearer token.");
            challenge(answer, &format!("Bearer realm=\"{}\"", caller.app.issuer))
        }
        RegistrationProblem::Unauthorized(Unauthorized::BadToken) => {
            let answer = answer(StatusCode::UNAUTHORIZED, "invalid_token", "The bearer token is not good for this.");
            challenge(answer, "Bearer error=\"invalid_token\"")
        }
        RegistrationProblem::Broken(fault) => problem::broken(&caller.ctx, &fault),
    }
}

fn challenge(mut answer: HttpResponse, words: &str) -> HttpResponse {
    if let Ok(words) = HeaderValue::from_str(words) {
        answer.headers_mut().insert(WWW_AUTHENTICATE, words);
    }
    answer
}
