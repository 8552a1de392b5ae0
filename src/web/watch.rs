//! For those who watch: whether it lives, whether it is ready and why not, and what is measured.
//!
//! `/metrics` has no door among the others. What is measured is nobody's business but the operator's, and a proxy before the public port
//! passes everything on that nobody thought of forbidding; so it has a listener of its own, off unless a setting names it
//! (docs/decisions/0037).

use std::net::{IpAddr, SocketAddr, TcpListener};

use actix_web::dev::{Server, ServerHandle};
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, HOST};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, HttpServer, guard, web};
use serde::Serialize;
use serde_json::json;

use super::api;
use super::extract::{Caller, peer};
use super::problem;
use super::routes::get;
use crate::app::App;
use crate::base::{Fault, FaultKind};
use crate::operations::doctor::{self, Finding, State};
use crate::operations::metrics;

/// `GET /health`, as it always was: for whoever wants one word.
pub(super) async fn health(caller: Caller) -> HttpResponse {
    match caller.store.failure().map(|failure| failure.kind()) {
        None => HttpResponse::Ok().json(json!({ "status": "ok" })),
        Some(FaultKind::Full) => HttpResponse::ServiceUnavailable().json(json!({ "status": "the disk is full" })),
        Some(_) => HttpResponse::ServiceUnavailable().json(json!({ "status": "the store cannot be written to" })),
    }
}

/// `GET /health/live`: whoever reads this was answered. Restart it when nobody is, and not before.
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "live" }))
}

/// `GET /health/ready`. Everybody learns whether; why, only who may read what is here.
pub(super) async fn ready(caller: Caller, request: HttpRequest) -> HttpResponse {
    if [AUTHORIZATION.as_str(), api::KEY_HEADER].iter().all(|name| !request.headers().contains_key(*name)) {
        return readiness(&caller.app, Told::Word);
    }
    match api::may_read(&caller, &request).await {
        Ok(()) => readiness(&caller.app, Told::Reasons),
        Err(told) => told,
    }
}

/// How much is said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Word,
    Reasons,
}

#[derive(Serialize)]
struct Readiness {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<Finding>,
}

fn readiness(app: &App, told: Told) -> HttpResponse {
    let now = app.clock.now();
    let mut reasons = doctor::deciding(app, now);
    let is_ready = doctor::worst(&reasons) != State::Broken;
    // A stranger causes no more work than the answer takes.
    if told == Told::Reasons {
        reasons.extend(doctor::telling(app, now));
    }
    reasons.retain(|reason| told == Told::Reasons && reason.state != State::Ok);
    let (status, code) =
        if is_ready { ("ready", StatusCode::OK) } else { ("unready", StatusCode::SERVICE_UNAVAILABLE) };
    HttpResponseBuilder::new(code).json(Readiness { status, reasons })
}

/// `GET /health/mirror`: how a question of this appliance to itself arrived. To everybody else there is nothing here.
pub(super) async fn mirror(caller: Caller, request: HttpRequest) -> HttpResponse {
    let nonce = request.headers().get("writ-nonce").and_then(|value| value.to_str().ok());
    if !nonce.is_some_and(|nonce| nonce.len() <= 64 && caller.mirror.is_expected(nonce, caller.ctx.at)) {
        return problem::program(&caller, StatusCode::NOT_FOUND, "not_found", "There is nothing here.");
    }
    let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let forwarded: Vec<IpAddr> =
        forwarded.flat_map(|value| value.split(',')).filter_map(|hop| hop.trim().parse().ok()).take(16).collect();
    let opened_by = request.peer_addr().map(|address| address.ip().to_canonical());
    HttpResponse::Ok().json(json!({
        "peer": opened_by, "address": peer(&caller.app, &request), "forwarded": forwarded,
    }))
}

/// The listener for those who watch.
pub(super) struct Watched {
    pub(super) address: SocketAddr,
    server: Server,
}

/// Those who watch are few.
const CONNECTIONS: usize = 64;

/// Binds what the settings name.
pub(super) fn listen(app: &App) -> Result<Option<Watched>, Fault> {
    let Some(address) = app.config.metrics.listen else { return Ok(None) };
    let fault = |e| Fault::because(FaultKind::Settings, format!("cannot listen on {address} (metrics.listen)"), e);
    let listener = TcpListener::bind(address).map_err(fault)?;
    let bound = listener.local_addr().map_err(fault)?;
    let shared = app.clone();
    let server = HttpServer::new(move || {
        let own = move |request: &guard::GuardContext<'_>| {
            let host = request.head().headers().get(HOST).and_then(|host| host.to_str().ok());
            is_heard(bound.ip(), host)
        };
        let app = shared.clone();
        actix_web::App::new().app_data(web::Data::new(app)).service(
            web::scope("")
                .guard(guard::fn_guard(own))
                .route("/metrics", get(show))
                .route("/health/live", get(live))
                .route("/health/ready", get(ready_with_reasons)),
        )
    })
    .workers(1)
    .max_connections(CONNECTIONS)
    .shutdown_timeout(1)
    .disable_signals()
    .listen(listener)
    .map_err(fault)?
    .run();
    tracing::info!(address = %bound, "metrics are served");
    Ok(Some(Watched { address: bound, server }))
}

impl Watched {
    /// Answers beside the others, until it is stopped.
    pub(super) fn answer(self) -> ServerHandle {
        let handle = self.server.handle();
        tokio::spawn(self.server);
        handle
    }
}

/// Whether a request to what listens there is answered, by the name it bears.
fn is_heard(bound: IpAddr, host: Option<&str>) -> bool {
    !bound.to_canonical().is_loopback() || host.is_none_or(is_local)
}

/// A page in a browser on this computer may have a name of its own lead to loopback (DNS rebinding), and would then read what is here: its
/// requests bear that name.
fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok()
}

async fn show(app: web::Data<App>) -> HttpResponse {
    match metrics::page(&app).await {
        Ok(text) => HttpResponse::Ok()
            .content_type("text/plain; version=0.0.4; charset=utf-8")
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(text),
        Err(fault) => {
            problem::log(None, &fault);
            HttpResponse::InternalServerError().finish()
        }
    }
}

async fn ready_with_reasons(app: web::Data<App>) -> HttpResponse {
    readiness(&app, Told::Reasons)
}

#[cfg(test)]
mod tests {
    use super::{is_heard, is_local};

    #[test]
    fn however_loopback_is_written_only_this_computer_is_heard_there() {
        for bound in ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"] {
            let heard = |host| is_heard(bound.parse().unwrap(), host);
            assert!(!heard(Some("evil.test:9100")) && heard(Some("localhost:9100")) && heard(None), "{bound}");
        }
        assert!(is_heard("10.0.0.1".parse().unwrap(), Some("metrics.internal")));
    }

    #[test]
    fn only_a_name_of_this_computer_is_local() {
        for host in ["localhost", "localhost:9100", "127.0.0.1:9100", "[::1]:9100", "[::1]"] {
            assert!(is_local(host), "{host}");
        }
        for host in ["", "evil.test", "evil.test:9100", "localhost.evil.test:9100", "[evil]"] {
            assert!(!is_local(host), "{host}");
        }
    }
}
