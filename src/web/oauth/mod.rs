//! The endpoints that programs call, and the one at which browsers arrive.

pub(super) mod access_key;
pub(super) mod authorize;
pub(super) mod discovery;
pub(super) mod introspect;
pub(super) mod jwks;
pub(super) mod register;
pub(super) mod revoke;
pub(super) mod status;
pub(super) mod token;
pub(super) mod userinfo;

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH,
};

use super::extract::{Body, Caller};
use super::key_guess::KeyGuess;
use super::problem;
use crate::app::App;
use crate::base::{OpaqueToken, Secret, TokenKind};
use crate::model::{ClientId, Context};
use crate::operations::authenticate_client::authenticate_client;
use crate::operations::{Problem, dpop, federation};
use crate::protocol::client_auth::{AuthenticatedClient, Presented, claimed_subject};
use crate::protocol::dpop::{Proof, Target, single};
use crate::protocol::params::Parameters;
use crate::protocol::refusal::Refusal;

/// The Authorization header, if it is text.
fn authorization(request: &HttpRequest) -> Option<&str> {
    request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok())
}

/// A form body, or the answer to one that is none. OAuth 2.1 §3.2: "application/x-www-form-urlencoded … in the HTTP request
/// content".
fn form<'b>(caller: &Caller, request: &HttpRequest, body: &'b Body) -> Result<Parameters<'b>, HttpResponse> {
    if !is_form(request) {
        let words = "The body must be application/x-www-form-urlencoded.";
        return Err(problem::unreadable(caller, StatusCode::BAD_REQUEST, words));
    }
    let bytes = bytes(caller, body)?;
    Parameters::parse(bytes).map_err(|refusal| problem::json(caller, Problem::Refused(refusal)))
}

/// Whether a body is said to be a form, or nothing is said. RFC 9110 §8.3.1: "The type and subtype tokens are case-insensitive", and
/// parameters may follow.
fn is_form(request: &HttpRequest) -> bool {
    request.headers().get(CONTENT_TYPE).is_none_or(|value| {
        let kind = value.to_str().ok().and_then(|value| value.split(';').next());
        kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
    })
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
    let refuse = |problem: Problem| problem::json(caller, problem);
    let presented = Presented::read(header, params);
    let guess = match shows_a_key(&presented, params) {
        true => Some(KeyGuess::count(caller).map_err(|wait| problem::too_many_keys(&caller.ctx, wait))?),
        false => None,
    };
    let presented = presented.map_err(|refusal: Refusal| refuse(refusal.into()))?;
    let known = authenticate_client(&caller.app, &caller.ctx, presented).await;
    if let Some(guess) = guess {
        guess.came_to(caller, &known);
    }
    within_limit(caller, known.map_err(refuse)?)
}

/// A client that has proved who it is, unless it asks too often. One that has not, a public one, is counted by its address alone: anybody
/// could use up what is its.
fn within_limit(caller: &Caller, client: AuthenticatedClient) -> Result<AuthenticatedClient, HttpResponse> {
    if client.proved_itself() {
        let asked = caller.app.limits.ask_client(client.id(), caller.ctx.from.address, caller.ctx.at);
        asked.map_err(|wait| {
            caller.app.tally.count("too many requests of one client");
            problem::too_many_of_client(&caller.ctx, wait)
        })?;
    }
    Ok(client)
}

/// Whether an access key is shown, or something that is written like one.
fn shows_a_key(presented: &Result<Presented, Refusal>, params: &Parameters<'_>) -> bool {
    let is_key = |text: &str| OpaqueToken::kind_of(text) == Some(TokenKind::AccessKey);
    match presented {
        Ok(Presented::AccessKey(_)) => true,
        Ok(Presented::Secret { secret, .. }) => is_key(secret.expose()),
        Ok(Presented::Assertion { .. } | Presented::Public { .. }) => false,
        Err(_) => params.optional("client_secret").is_some_and(is_key),
    }
}

/// The machine that a workload's token is for, or the answer to one that is for none. RFC 7523 §2.1.
async fn workload(
    caller: &Caller,
    request: &HttpRequest,
    params: &Parameters<'_>,
    assertion: &Secret,
) -> Result<AuthenticatedClient, HttpResponse> {
    let header = authorization(request);
    let refuse = |problem: Problem| problem::json(caller, problem);
    let presented = Presented::read_any(header, params).map_err(|refusal: Refusal| refuse(refusal.into()))?;
    let known = federation::authenticate_bearer(&caller.app, &caller.ctx, presented, assertion).await;
    within_limit(caller, known.map_err(refuse)?)
}

/// Who a refused request says it is from, to be remembered with the refusal. Only what has the form of a client id is.
pub(super) fn claim(app: &App, ctx: &Context, claimed: Option<&str>) {
    // The address of a document may be anything that a stranger likes; of one with a query, nothing is kept.
    let claimed = claimed.filter(|text| !text.contains(['?', '#', '@']));
    let client = claimed.and_then(|text| text.parse::<ClientId>().ok());
    if let (Some(id), Some(client)) = (ctx.from.request, client) {
        app.refusals.belongs(id, ctx.from.network.as_ref(), &client);
    }
}

/// The client id of a refused request, wherever it may stand; nothing of it was checked.
fn claimed(request: &HttpRequest, body: &Body) -> Option<String> {
    let Body::Read(bytes) = body else { return None };
    let text = std::str::from_utf8(bytes).ok()?;
    if let Some(named) = first(text, "client_id") {
        return Some(named);
    }
    if let Some(assertion) = first(text, "client_assertion") {
        return claimed_subject(&assertion);
    }
    match Presented::read(authorization(request), &Parameters::parse(b"").ok()?).ok()? {
        Presented::Secret { client_id, .. } => Some(client_id),
        _ => None,
    }
}

/// The first value of a parameter, of whatever is a query at all.
pub(super) fn first(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes()).take(64).find(|(known, _)| known == name).map(|(_, v)| v.into_owned())
}

/// Whether a request brings no proof of a client along; it may name one.
fn is_unauthenticated(request: &HttpRequest, params: &Parameters<'_>) -> bool {
    let brought = ["client_secret", "client_assertion"].iter().any(|name| params.optional(name).is_some());
    !brought && !request.headers().contains_key(AUTHORIZATION)
}

/// The machine that a workload's token is for, which is shown as the subject token of an exchange. RFC 8693 §2.1.
async fn workload_by_exchange(
    caller: &Caller,
    params: &Parameters<'_>,
    token: &Secret,
) -> Result<AuthenticatedClient, HttpResponse> {
    let refuse = |problem: Problem| problem::json(caller, problem);
    let presented = Presented::read_any(None, params).map_err(|refusal: Refusal| refuse(refusal.into()))?;
    let known = federation::authenticate_subject(&caller.app, &caller.ctx, presented, token).await;
    within_limit(caller, known.map_err(refuse)?)
}

/// What is proved by the DPoP header of a request, if it has one. RFC 9449 §4.3. `access_token` is the token beside it, at a
/// protected resource.
pub(super) fn proof(
    caller: &Caller,
    request: &HttpRequest,
    access_token: Option<&str>,
) -> Result<Option<Proof>, Refusal> {
    let fields = request.headers().get_all(DPOP).map(HeaderValue::as_bytes);
    let Some(jwt) = single(fields)? else { return Ok(None) };
    // The issuer's origin, whatever the request calls its host (attack case 51).
    let url = format!("{}{}", caller.issuer.origin(), request.path());
    let target = Target { method: request.method().as_str(), url: &url, access_token };
    dpop::check(&caller.app, caller.ctx.at, jwt, &target).map(Some)
}

/// An answer to who uses nonces brings the one for the next proof. RFC 9449 §8.2.
pub(super) fn with_nonce(caller: &Caller, request: &HttpRequest, mut response: HttpResponse) -> HttpResponse {
    let Some(proof) = request.headers().get(DPOP) else { return response };
    let nonce = dpop::nonce(&caller.app, caller.ctx.at, proof.to_str().unwrap_or_default());
    if let Some(nonce) = nonce.and_then(|nonce| HeaderValue::from_str(&nonce).ok()) {
        response.headers_mut().insert(HeaderName::from_static("dpop-nonce"), nonce);
    }
    response
}

const DPOP: &str = "dpop";

/// A document that may be cached, and is not sent again to who has it. RFC 9110 §13.1.2.
fn cached(request: &HttpRequest, body: &str, etag: &str, max_age: u64) -> HttpResponse {
    cached_as("application/json", request, body, etag, max_age)
}

fn cached_as(kind: &'static str, request: &HttpRequest, body: &str, etag: &str, max_age: u64) -> HttpResponse {
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    // RFC 9110 §13.1.2: "If the field value is "*", the condition is false if the origin server has a current representation".
    let is_it = |tag: &str| tag == "*" || tag.trim_start_matches("W/") == etag;
    let same = known.is_some_and(|known| known.split(',').any(|tag| is_it(tag.trim())));
    let mut response = if same { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((ETAG, etag.to_owned()));
    response.insert_header((CACHE_CONTROL, format!("public, max-age={max_age}")));
    if same {
        return response.finish();
    }
    response.content_type(kind).body(body.to_owned())
}
