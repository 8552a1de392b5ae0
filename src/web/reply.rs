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

/// A time in words, with the exact one beside it.
pub(super) fn moment(at: crate::base::Timestamp, now: crate::base::Timestamp) -> super::views::Moment {
    let words = match now.since(at).seconds() {
        0 if at > now => format!("in {}", length(at.since(now).seconds())),
        0..60 => "just now".to_owned(),
        seconds => format!("{} ago", length(seconds)),
    };
    super::views::Moment { words, machine: at.iso(), exact: exact(at) }
}

/// `2026-11-21 08:15 UTC`: the zone is named, for without a script nobody knows the reader's.
pub(super) fn exact(at: crate::base::Timestamp) -> String {
    let iso = at.iso();
    iso.get(..16).map_or_else(|| iso.clone(), |text| format!("{} UTC", text.replace('T', " ")))
}

/// "30 seconds", "1 hour", "12 days".
pub(super) fn length(seconds: u64) -> String {
    let (count, unit) = match seconds {
        60 => (1, "minute"),
        3_600 => (1, "hour"),
        0..90 => (seconds, "second"),
        90..5_400 => (seconds.div_ceil(60), "minute"),
        5_400..129_600 => (seconds.div_ceil(3_600), "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn lengths_read_well() {
        let words: Vec<String> =
            [1, 30, 60, 61, 90, 3_600, 3_601, 7_200, 86_400, 172_800].into_iter().map(length).collect();
        assert_eq!(
            words,
            [
                "1 second",
                "30 seconds",
                "1 minute",
                "61 seconds",
                "2 minutes",
                "1 hour",
                "61 minutes",
                "2 hours",
                "24 hours",
                "2 days"
            ]
        );
    }
}
