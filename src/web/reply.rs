//! Pages and redirects.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, LOCATION};
use askama::Template;

use super::cookies::{self, Name};
use super::extract::Visitor;
use super::problem::PageProblem;
use crate::base::{Fault, FaultKind};

/// Renders a page for a visitor. `form_targets` are the places that a form on it may lead to beyond this origin:
/// Chromium holds `form-action` against the whole chain of redirects that follows a form.
pub(super) fn page(
    visitor: &Visitor,
    status: StatusCode,
    page: &impl Template,
    form_targets: &[String],
) -> Result<HttpResponse, PageProblem> {
    let html = page.render().map_err(|e| {
        let fault = Fault::because(FaultKind::Bug, "a page does not render", std::io::Error::other(e.to_string()));
        visitor.broken(&fault)
    })?;
    Ok(with_browser(visitor, html_response(status, html, form_targets)))
}

pub(super) fn html(status: StatusCode, html: String, form_targets: &[String]) -> HttpResponse {
    html_response(status, html, form_targets)
}

fn html_response(status: StatusCode, html: String, form_targets: &[String]) -> HttpResponse {
    let targets: String = form_targets.iter().map(|target| format!(" {target}")).collect();
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self'{targets}; frame-ancestors 'none'; base-uri 'none'"
    );
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .body(html)
}

/// OAuth 2.1 §7.5.2: "the HTTP 307 … status code … MUST NOT be used" after credentials; 303 turns a POST into a GET.
pub(super) fn see_other(visitor: &Visitor, to: &str) -> HttpResponse {
    with_browser(visitor, HttpResponse::SeeOther().insert_header((LOCATION, to.to_owned())).finish())
}

pub(super) const OPENER_POLICY: &str = "cross-origin-opener-policy";

/// An answer on the way of an authorization: the application that opened the window may keep hold of it.
pub(super) fn on_the_way(mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(HeaderName::from_static(OPENER_POLICY), HeaderValue::from_static("unsafe-none"));
    response
}

/// Sets the browser's own cookie if it had none.
fn with_browser(visitor: &Visitor, mut response: HttpResponse) -> HttpResponse {
    if visitor.is_new {
        let cookie = cookies::write(&visitor.app.issuer, Name::Browser, &visitor.browser_cookie(), None);
        // Only fails for a value that is no header text, and this one is letters and digits.
        let _ = response.add_cookie(&cookie);
    }
    response
}

/// `2026-11-21 08:15 UTC`: the zone is named, for without a script nobody knows the reader's.
pub(super) fn exact(at: crate::base::Timestamp) -> String {
    let iso = at.iso();
    iso.get(..16).map_or_else(|| iso.clone(), |text| format!("{} UTC", text.replace('T', " ")))
}
