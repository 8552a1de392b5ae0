//! The metadata document, in every place where a client looks. RFC 8414 §3, OpenID Connect Discovery §4.

use actix_web::{HttpRequest, HttpResponse};

use crate::operations::discovery;
use crate::web::extract::Caller;
use crate::web::problem;

/// Fifteen minutes.
const MAX_AGE: u64 = 900;

pub(crate) async fn show(caller: Caller, request: HttpRequest) -> HttpResponse {
    match discovery::document(&caller.app) {
        Ok(document) => super::cached(&request, &document.body, &document.etag, MAX_AGE),
        Err(fault) => problem::broken(&caller.ctx, &fault),
    }
}
