//! Plain http, for whoever types a name without a scheme: sent on to the public URL, and nowhere else.
//!
//! Where they are sent is a setting and never the request's `Host` (attack case 51). What has just sent a secret through the open is not
//! helped on its way, or it would do so for ever without anybody noticing: it is told.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{KeepAlive, Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, HttpServer, web};

use crate::app::App;
use crate::base::{Fault, FaultKind};
use crate::web::api::KEY_HEADER;
use crate::web::middleware::host_is_sane;

/// Most connections at once.
const CONNECTIONS: usize = 4_096;
/// How long somebody may take to say what they want.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is longer is sent to the front page.
const LONGEST_PATH: usize = 8 * 1_024;

const MALFORMED: &str = "The Host header is malformed.";
const MOVED: &str = "This is served over https.";

pub(in crate::web) fn serve(app: &App, socket: TcpListener) -> Result<Server, Fault> {
    let app = app.clone();
    let server = HttpServer::new(move || {
        actix_web::App::new().app_data(web::Data::new(app.clone())).default_service(web::to(answer))
    })
    .workers(1)
    .max_connections(CONNECTIONS)
    .client_request_timeout(PATIENCE)
    .keep_alive(KeepAlive::Disabled)
    .shutdown_timeout(0)
    .disable_signals()
    .listen(socket)
    .map_err(|e| Fault::because(FaultKind::Settings, "cannot listen for plain http", e))?;
    Ok(server.run())
}

async fn answer(request: HttpRequest, app: web::Data<App>) -> HttpResponse {
    let mut response = decide(&request, &app);
    // RFC 6797 §7.2: "An HSTS Host MUST NOT include the STS header field in HTTP responses conveyed over non-secure transport."
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        // What else was sent is not read.
        (header::CONNECTION, "close"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn decide(request: &HttpRequest, app: &App) -> HttpResponse {
    if !host_is_sane(request.headers()) {
        return HttpResponse::BadRequest().body(MALFORMED);
    }
    let asks = matches!(*request.method(), Method::GET | Method::HEAD);
    // RFC 8555 §8.3: the authority follows no rule of ours about https, and looks here.
    let proof = request.path().strip_prefix("/.well-known/acme-challenge/").filter(|_| asks);
    if let Some(answer) = proof.and_then(|token| app.certificates.answer(token)) {
        return HttpResponse::Ok().content_type("application/octet-stream").body(answer);
    }
    if asks && !carries_a_secret(request.headers()) {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        // What is no path of ours, like the `*` of OPTIONS, leads to the front page.
        let path = if path.starts_with('/') && path.len() <= LONGEST_PATH { path } else { "/" };
        let to = format!("{}{path}", app.issuer.origin());
        return HttpResponse::build(StatusCode::PERMANENT_REDIRECT).insert_header((header::LOCATION, to)).body(MOVED);
    }
    app.tally.count("request in the clear");
    // RFC 6749 §3.2: "the authorization server MUST require the use of TLS […] when sending requests to the token endpoint".
    let words = format!(
        "This came over plain http, where everybody on the way can read it. If it had a password, a secret or a token in it, have that \
         replaced; then use {}.",
        app.issuer.origin()
    );
    HttpResponse::BadRequest().json(serde_json::json!({ "error": "invalid_request", "error_description": words }))
}

/// What a credential travels in. A cookie is not among them: ours is for https alone, so a browser sends none here.
fn carries_a_secret(headers: &HeaderMap) -> bool {
    [header::AUTHORIZATION.as_str(), KEY_HEADER, "dpop"].iter().any(|name| headers.contains_key(*name))
}
