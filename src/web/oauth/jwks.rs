//! `GET /.well-known/jwks.json`. RFC 7517 §5.

use actix_web::{HttpRequest, HttpResponse};

use crate::operations::turn_keys::policy;
use crate::web::extract::Caller;

pub(crate) async fn show(caller: Caller, request: HttpRequest) -> HttpResponse {
    let ring = caller.keys.current();
    let max_age = ring.max_age(&policy(&caller.app), caller.ctx.at).seconds();
    super::cached(&request, ring.jwks().body(), ring.jwks().etag(), max_age)
}
