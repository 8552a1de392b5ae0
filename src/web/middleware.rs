//! What happens to every request, whichever door it takes: an id, a time, an address, a limit, headers, one line in the log.

use std::any::Any;
use std::cell::Cell;
use std::future::{Future, Ready, ready};
use std::pin::Pin;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Extensions, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse, web};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use super::extract::{Body, accepted_language, peer};
use super::problem;
use super::reply::OPENER_POLICY;
use super::routes::{self, Cors, Door, Opener};
use crate::app::{App, Route};
use crate::base::measure::Stopwatch;
use crate::base::{Id, Lifetime};
use crate::model::{Actor, Channel, Context, Language, Network, Origin, Request};
use crate::operations;

/// The target of spans that are traces (`src/logs/traces.rs`).
const TRACE: &str = "writ::trace";
/// The door whose answers are timed for the console's first page.
const TOKEN: &str = "/oauth/token";

/// The desk in front of every door.
pub(super) struct Desk;

impl<S, B> Transform<S, ServiceRequest> for Desk
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Transform = DeskService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(DeskService { service }))
    }
}

pub(super) struct DeskService<S> {
    service: S,
}

impl<S, B> Service<ServiceRequest> for DeskService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    actix_web::dev::forward_ready!(service);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let began = Stopwatch::start();
        if request.conn_data::<Line>().is_some_and(Line::is_over) {
            let mut response = request.into_response(HttpResponse::ServiceUnavailable().finish());
            response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
            return Box::pin(async move { Ok(response) });
        }
        let arrival = match Arrival::of(&request) {
            Ok(arrival) => arrival,
            Err(refused) => {
                return Box::pin(async move {
                    let mut response = request.into_response(refused);
                    close(&mut response);
                    Ok(response)
                });
            }
        };
        request.extensions_mut().insert(arrival.ctx.clone());
        let method = request.method().clone();
        if let Some(answer) = arrival.answer_at_once(&method) {
            // Nobody else reads its body, and what is not read would end the connection.
            let body = request.extract::<Body>();
            // Whoever asks too often is not waited for either.
            let waits = arrival.over.is_none() || !has_body(request.headers());
            return Box::pin(async move {
                let whole = waits && matches!(body.await, Ok(Body::Read(_)));
                let mut response = finish(request.into_response(answer), &arrival, &method, began);
                if !whole {
                    close(&mut response);
                }
                Ok(response)
            });
        }
        let span = arrival.span(&method, request.headers());
        if span.is_disabled() {
            let answering = self.service.call(request);
            return Box::pin(
                async move { Ok(finish(answering.await?.map_into_boxed_body(), &arrival, &method, began)) },
            );
        }
        let answering = span.in_scope(|| self.service.call(request)).instrument(span.clone());
        Box::pin(async move {
            let response = finish(answering.await?.map_into_boxed_body(), &arrival, &method, began);
            span.record("http.response.status_code", response.status().as_u16());
            if response.status().is_server_error() {
                span.record("otel.status_code", "ERROR");
            }
            Ok(response)
        })
    }
}

/// What is known of a request before anything in it is read.
struct Arrival {
    ctx: Context,
    app: App,
    door: &'static Door,
    over: Option<Lifetime>,
    /// Only looked for if a page has to say that it is over.
    language: Language,
}

impl Arrival {
    fn of(request: &ServiceRequest) -> Result<Self, HttpResponse> {
        let unready = || HttpResponse::InternalServerError().finish();
        let app = request.app_data::<web::Data<App>>().ok_or_else(unready)?.get_ref().clone();
        // RFC 9110 §7.2: a server must refuse a request "that contains … a Host header field with an invalid field value".
        if !host_is_sane(request.headers()) {
            app.tally.count("malformed Host header");
            let mut refused = HttpResponse::BadRequest().body("The Host header is malformed.");
            headers(refused.headers_mut(), &routes::NOWHERE, false, app.issuer.is_for_tls_alone());
            return Err(refused);
        }
        let at = app.clock.now();
        let from = peer(&app, request.request());
        let id = Id::<Request>::new(at, &app.entropy).map_err(|_| unready())?;
        let path = request.path();
        let path = path.strip_prefix(app.issuer.path()).unwrap_or(path);
        let door = routes::door(request.method(), path);
        let origin = Origin {
            channel: Channel::Http,
            network: Some(Network::from(from)),
            address: Some(from),
            request: Some(id),
            door: door.pattern,
            via: None,
        };
        let over = app.limits.ask(door.class, from, at).err();
        let language = over.and_then(|_| accepted_language(request.headers())).unwrap_or_default();
        Ok(Self { ctx: Context::new(at, Actor::Nobody, origin), app, door, over, language })
    }

    /// The request as a trace has it, if there are traces: the door and not the address, the id and nobody's name. W3C Trace Context: whose
    /// call this is, a header says.
    fn span(&self, method: &Method, headers: &HeaderMap) -> Span {
        let span = tracing::trace_span!(
            target: TRACE, "request", otel.kind = "server", otel.name = Empty, http.request.method = Empty,
            http.route = Empty, request = Empty, http.response.status_code = Empty, otel.status_code = Empty,
            traceparent = headers.get("traceparent").and_then(|value| value.to_str().ok()),
        );
        if !span.is_disabled() {
            let method = if routes::METHODS.contains(method) { method.as_str() } else { "other" };
            span.record("otel.name", format!("{method} {}", self.door.pattern).as_str());
            span.record("http.request.method", method);
            span.record("http.route", self.door.pattern);
            span.record("request", self.ctx.from.request.map(|id| id.to_string()).unwrap_or_default().as_str());
        }
        span
    }

    /// Preflights, and whoever asks too often.
    fn answer_at_once(&self, method: &Method) -> Option<HttpResponse> {
        if method == Method::OPTIONS && self.door.cors == Cors::Any {
            // RFC 9110 §9.3.7: "A server generating a successful response to OPTIONS SHOULD send any header that might indicate optional
            // features … (e.g., Allow)".
            return Some(HttpResponse::NoContent().insert_header((header::ALLOW, self.door.allow())).finish());
        }
        self.over.map(|wait| {
            limited(&self.app, routes::kind(self.door));
            problem::too_many(&self.app, self.door, wait, self.language, &self.ctx)
        })
    }
}

/// Counts whoever asks too often, wherever it is found out.
pub(super) fn limited(app: &App, route: Route) {
    app.tally.count("too many requests from one address");
    app.metrics.limited(route);
}

fn finish(
    mut response: ServiceResponse<BoxBody>,
    arrival: &Arrival,
    method: &Method,
    began: Stopwatch,
) -> ServiceResponse<BoxBody> {
    let preflight = method == Method::OPTIONS;
    let secure = arrival.app.issuer.is_for_tls_alone();
    headers(response.headers_mut(), arrival.door, preflight, secure);
    if is_last(&response) {
        close(&mut response);
    }
    let micros = began.micros();
    let status = response.status();
    log(arrival, method, status, micros);
    arrival.app.metrics.answered(routes::kind(arrival.door), status.as_u16(), micros);
    if arrival.door.pattern == TOKEN && status.is_success() {
        arrival.app.hours.waited(arrival.ctx.at, micros);
    }
    // What has an id that its caller may ask about, and was told by nobody else.
    if matches!(status.as_u16(), 400..=403 | 408..=428 | 429 | 500..) && !matches!(status.as_u16(), 409 | 422) {
        operations::tell_status(&arrival.app, &arrival.ctx, status.as_u16());
    }
    response
}

/// A connection, and whether an answer on it was the last.
#[derive(Default)]
pub(super) struct Line(Cell<bool>);

impl Line {
    /// A new one. For `HttpServer::on_connect`.
    pub(super) fn begin(_: &dyn Any, connection: &mut Extensions) {
        connection.insert(Self::default());
    }

    fn is_over(&self) -> bool {
        self.0.get()
    }
}

/// Whether nothing may follow this answer on its connection.
fn is_last(response: &ServiceResponse<BoxBody>) -> bool {
    let asked = response.request().head().connection_type();
    // RFC 9110 §15.5.9: "the server has decided to close the connection rather than continue waiting". What may still come of the
    // body is no request; nor is the rest of one that is too long.
    matches!(response.status(), StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE)
        // RFC 9112 §9.6: "A server that receives a "close" connection option MUST initiate closure of the connection".
        || asked == ConnectionType::Close
        // RFC 9110 §9.3.1: content in a GET "might lead some implementations to reject the request and close the connection because of its
        // potential as a request smuggling attack". Here nobody reads it.
        || has_unread_body(response.request())
        // RFC 9110 §7.8: "A server MAY ignore a received Upgrade header field if it wishes to continue using the current protocol on
        // that connection." Nothing here is upgraded to. The library ends such a connection all the same and would call it upgraded, and
        // whoever sends another request on it would lose that.
        || asked == ConnectionType::Upgrade
}

fn has_unread_body(request: &HttpRequest) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD) && has_body(request.headers())
}

/// Whether something comes after the head.
fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0")
}

/// RFC 9112 §9.6: "A server that sends a "close" connection option MUST initiate closure of the connection … after it sends the response
/// containing the "close" connection option. The server MUST NOT process any further requests received on that connection."
fn close(response: &mut ServiceResponse<BoxBody>) {
    response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    if let Some(line) = response.request().conn_data::<Line>() {
        line.0.set(true);
    }
}

/// The route's pattern, never the path or the query: these may hold a code, a state, a ticket or a client's id.
fn log(arrival: &Arrival, method: &Method, status: StatusCode, micros: u64) {
    let (route, status) = (arrival.door.pattern, status.as_u16());
    let id = arrival.ctx.from.request.map(|id| id.to_string()).unwrap_or_default();
    let network = arrival.ctx.from.network.as_ref().map(ToString::to_string).unwrap_or_default();
    // Extension methods are a caller's own words.
    let method = if routes::METHODS.contains(method) { method.as_str() } else { "other" };
    tracing::info!(target: "writ::request", method, route, status, micros, id, network, "answered");
}

/// Headers that every answer has, unless its handler knew better.
fn headers(headers: &mut HeaderMap, door: &Door, preflight: bool, secure: bool) {
    let mut set = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
    set(header::PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    // RFC 6749 §5.1 asks for both; what may be cached says so itself.
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    }
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    if secure {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=63072000");
    }
    match door.cors {
        // Without credentials: a page elsewhere can use these endpoints, and never as who is signed in here.
        Cors::Any => {
            set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
            set(header::ACCESS_CONTROL_EXPOSE_HEADERS, "WWW-Authenticate, DPoP-Nonce, Retry-After");
            if preflight {
                set(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE, OPTIONS");
                // Fetch §4.8: "*" is every name there is but Authorization, in a request without credentials, and no other is let in here.
                // Clients in browsers send headers of their own.
                set(header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type, DPoP, MCP-Protocol-Version, *");
                set(header::ACCESS_CONTROL_MAX_AGE, "7200");
            }
        }
        Cors::None => {}
    }
    // A step of an authorization behind another door, the sign-in page, says so itself.
    if door.cors == Cors::None && door.opener == Opener::CutOff && !headers_contain(headers, OPENER_POLICY) {
        headers.insert(HeaderName::from_static(OPENER_POLICY), HeaderValue::from_static("same-origin"));
    }
}

fn headers_contain(headers: &HeaderMap, name: &'static str) -> bool {
    headers.contains_key(HeaderName::from_static(name))
}

/// RFC 9110 §7.2, RFC 3986 §3.2: a host and perhaps a port. Nothing is ever made from it: the issuer is a setting
/// (attack case 51).
pub(super) fn host_is_sane(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all("host");
    let (first, second) = (hosts.next(), hosts.next());
    if second.is_some() {
        return false;
    }
    first.is_none_or(|host| {
        host.to_str().is_ok_and(|host| {
            let sane = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']');
            !host.is_empty() && host.len() <= 255 && host.bytes().all(sane)
        })
    })
}
