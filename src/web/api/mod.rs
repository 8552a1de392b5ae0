//! The administrators' API: `/api/v1`. JSON, for programs; who may do what is decided by the scopes of the caller's token or machine.
//!
//! A noun is one file: what it looks like on the wire, what can be done with it ([`Operation`]), and the few lines that lead to
//! `operations`. Everything else follows from that list: the doors in `web::routes`, the OpenAPI document, the page that people read,
//! and what is checked before a handler runs.
//!
//! ```text
//! request -> [permit] token or access key, scope -> [call] query, body, If-Match, Idempotency-Key -> <noun>.rs -> operations -> [answer]
//! ```

mod answer;
mod audit;
mod backups;
mod call;
mod clients;
mod commands;
mod credentials;
mod crossings;
mod cursor;
mod delegations;
mod document;
mod findings;
mod grants;
mod keys;
mod limits;
mod machines;
mod memberships;
mod operation;
mod page;
mod people;
mod permit;
mod problem;
mod providers;
mod registration_tokens;
mod resources;
mod roles;
mod scopes;
mod settings;
mod state;
mod tenants;
mod wire;

use std::sync::LazyLock;

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Route};

pub use self::commands::{Obeying, Orders};
use self::operation::{Noun, Operation};
pub(super) use self::permit::KEY_HEADER;
use self::problem::Problem;
use super::extract::{Body, Caller};
use super::oauth;
use super::routes::{Cors, Door, Opener, Who};
use crate::app::{App, Class};
use crate::model::Context;
use crate::protocol::own_scopes;

/// Every noun, in the order in which the page tells of them.
static NOUNS: LazyLock<Vec<Noun>> = LazyLock::new(|| {
    vec![
        clients::noun(),
        registration_tokens::noun(),
        machines::noun(),
        credentials::noun(),
        findings::noun(),
        delegations::noun(),
        providers::noun(),
        crossings::noun(),
        resources::noun(),
        scopes::noun(),
        people::noun(),
        tenants::noun(),
        roles::noun(),
        memberships::noun(),
        grants::noun(),
        keys::noun(),
        limits::noun(),
        settings::noun(),
        audit::noun(),
        backups::noun(),
        commands::noun(),
        state::noun(),
    ]
});

/// Whether whoever asks may read everything here; what they are told if not.
pub(super) async fn may_read(caller: &Caller, request: &HttpRequest) -> Result<(), HttpResponse> {
    let permitted = permit::permit(caller, request, own_scopes::READ).await;
    permitted.map(drop).map_err(|problem| problem.answer(caller))
}

/// The document of the API, and the page that says the same to people.
const DOCUMENT: &str = "/api/v1/openapi.json";
const PAGE: &str = "/api/v1/docs";

fn operations() -> impl Iterator<Item = &'static Operation> {
    NOUNS.iter().flat_map(|noun| &noun.operations)
}

/// The doors of the API, for the list of all doors.
pub(super) fn doors() -> impl Iterator<Item = Door> {
    let operations = operations().map(|operation| Door {
        pattern: operation.path,
        methods: operation.methods(),
        who: Who::Administrator,
        class: Class::Api,
        // No page of another origin reads or changes anything here.
        cors: Cors::None,
        opener: Opener::CutOff,
        is_page: false,
    });
    let anyone = |pattern, is_page| Door {
        pattern,
        methods: &[Method::GET],
        who: Who::Anyone,
        class: Class::Pages,
        cors: Cors::None,
        opener: Opener::CutOff,
        is_page,
    };
    operations.chain([anyone(DOCUMENT, false), anyone(PAGE, true)])
}

/// Puts every operation behind its door.
pub(super) fn configure(config: &mut ServiceConfig, base: &str) {
    let mut paths: Vec<&'static str> = operations().map(|operation| operation.path).collect();
    paths.dedup();
    for path in paths {
        let here = operations().filter(|operation| operation.path == path);
        let resource = web::resource(format!("{base}{path}")).default_service(web::to(wrong_method));
        config.service(here.fold(resource, |resource, operation| resource.route(route(operation))));
    }
    for (path, route) in [(DOCUMENT, get().to(document::show)), (PAGE, get().to(page::show))] {
        let resource = web::resource(format!("{base}{path}")).default_service(web::to(wrong_method));
        config.service(resource.route(route));
    }
    config.service(web::resource(format!("{base}/api/{{elsewhere:.*}}")).default_service(web::to(nowhere)));
}

fn get() -> Route {
    web::route().guard(actix_web::guard::Any(actix_web::guard::Get()).or(actix_web::guard::Head()))
}

fn route(operation: &'static Operation) -> Route {
    let route = if operation.method == Method::GET { get() } else { web::method(operation.method.clone()) };
    route.to(move |caller: Caller, request: HttpRequest, body: Body| async move {
        let answer = answer(operation, &caller, &request, &body).await;
        oauth::with_nonce(&caller, &request, answer.unwrap_or_else(|problem| problem.answer(&caller)))
    })
}

async fn answer(
    operation: &'static Operation,
    caller: &Caller,
    request: &HttpRequest,
    body: &Body,
) -> Result<HttpResponse, Problem> {
    let needed = operation.weigh.map_or(operation.scope, |weigh| weigh(request, body));
    let by = permit::permit(caller, request, needed).await?;
    (operation.act)(call::Call::read(operation, caller, by, request, body)?).await
}

/// RFC 9110 §15.5.6: "MUST generate an Allow header field".
async fn wrong_method(caller: Caller, request: HttpRequest) -> HttpResponse {
    let path = request.match_pattern().unwrap_or_default();
    let path = path.strip_prefix(caller.app.issuer.path()).unwrap_or(&path);
    let here = doors().filter(|door| door.pattern == path);
    let methods: Vec<&str> = here.flat_map(|door| door.methods).map(Method::as_str).collect();
    let mut answer = Problem::wrong_method().answer(&caller);
    if let Ok(allow) = HeaderValue::from_str(&methods.join(", ")) {
        answer.headers_mut().insert(ALLOW, allow);
    }
    answer
}

/// Before it is known who asks.
pub(super) fn too_many(app: &App, seconds: u64, ctx: &Context) -> HttpResponse {
    Problem::too_many(seconds).answer(&Caller { app: app.clone(), ctx: ctx.clone() })
}

async fn nowhere(caller: Caller) -> HttpResponse {
    Problem::missing("there is nothing at this address").answer(&caller)
}
