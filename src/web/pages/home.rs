//! `/`, files, and doors that are not there.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::operations::setup;
use crate::web::assets;
use crate::web::extract::{Body, Caller, Visitor};
use crate::web::problem::{self, PageProblem};
use crate::web::reply;
use crate::web::routes;
use crate::web::views::console::Section;
use crate::web::views::{self, HomePage};

/// `GET /`
pub(crate) async fn show(visitor: Visitor) -> Result<HttpResponse, PageProblem> {
    let ready = setup::is_done(&visitor.app).await.map_err(|fault| visitor.broken(&fault))?;
    let page = HomePage { shell: visitor.shell(), ready, issuer: visitor.app.issuer.to_string() };
    reply::page(&visitor, StatusCode::OK, &page, &[])
}

/// Styles of its own are all that a picture may have.
const LOGO_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

/// `GET /static/{file}`
pub(crate) async fn asset(caller: Caller, file: web::Path<String>) -> HttpResponse {
    if let Some(logo) = caller.logo.as_ref().filter(|logo| logo.name == *file) {
        // As an image, an SVG runs nothing; whoever opens it by itself gets a page without rights (attack case 38).
        return HttpResponse::Ok()
            .content_type(logo.content_type)
            .insert_header((CACHE_CONTROL, assets::CACHE_CONTROL))
            .insert_header((CONTENT_SECURITY_POLICY, LOGO_POLICY))
            .body(logo.bytes.clone());
    }
    match assets::asset(&file) {
        Some((bytes, content_type)) => HttpResponse::Ok()
            .content_type(content_type)
            .insert_header((CACHE_CONTROL, assets::CACHE_CONTROL))
            .body(bytes.into_owned()),
        None => HttpResponse::NotFound().finish(),
    }
}

/// Any other path.
pub(crate) async fn nowhere(visitor: Visitor, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let path = request.path().strip_prefix(visitor.app.issuer.path()).unwrap_or_default();
    let administers = visitor.signed_in.as_ref().is_some_and(|signed_in| signed_in.is_administrator());
    if administers && path.starts_with("/console/") {
        let room = Section::at(path);
        return Err(PageProblem::in_console(visitor.shell(), views::Problem::NotFound, &visitor.ctx, room));
    }
    Err(PageProblem::new(visitor.shell(), views::Problem::NotFound, &visitor.ctx))
}

/// A known path, asked in a way it does not answer. RFC 9110 §15.5.6: "MUST generate an Allow header field". The body is read, for what is
/// not read ends the connection.
pub(crate) async fn wrong_method(visitor: Visitor, request: HttpRequest, _: Body) -> HttpResponse {
    let path = request.path();
    let path = path.strip_prefix(visitor.app.issuer.path()).unwrap_or(path);
    let here = routes::door(request.method(), path);
    let methods = here.allow();
    let mut response = if here.is_page {
        let problem = PageProblem::new(visitor.shell(), views::Problem::MethodNotAllowed, &visitor.ctx);
        actix_web::ResponseError::error_response(&problem)
    } else {
        let caller = Caller { app: visitor.app.clone(), ctx: visitor.ctx.clone() };
        let words = format!("This address answers {methods}.");
        problem::unreadable(&caller, StatusCode::METHOD_NOT_ALLOWED, &words)
    };
    if let Ok(allow) = HeaderValue::from_str(&methods) {
        response.headers_mut().insert(HeaderName::from_static("allow"), allow);
    }
    response
}
