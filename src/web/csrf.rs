//! Whether a form was sent by a page of ours, to this browser, in this session. Attack cases 39 and 46.

use actix_web::HttpRequest;
use actix_web::http::header::ORIGIN;

use crate::app::App;

/// The value of the hidden field: a MAC over the browser's cookie and the session's. Another browser's, or one from before
/// signing in, does not fit.
pub(super) fn token(app: &App, browser: &str, session: Option<&str>) -> String {
    app.csrf.mac(&[browser.as_bytes(), b"\n", session.unwrap_or_default().as_bytes()]).text()
}

/// Fetch metadata and Origin, where the browser sends them. A request without either is judged by its token alone.
pub(super) fn is_same_origin(app: &App, request: &HttpRequest) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = header("sec-fetch-site") {
        return site == "same-origin";
    }
    match request.headers().get(ORIGIN).map(|value| value.to_str().unwrap_or("?")) {
        // Our pages send no referrer, which makes some browsers say "null" here.
        None | Some("null") => true,
        Some(origin) => origin == app.issuer.origin(),
    }
}
