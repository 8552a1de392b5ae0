//! `GET /oauth/status/{list}`: which tokens ended before their time, and `GET /oauth/status`, which lists there are.
//! draft-ietf-oauth-status-list §8, §9.

use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::operations::status::serve;
use crate::protocol::status_list::STATUS_LIST_MEDIA_TYPE;
use crate::web::extract::Caller;
use crate::web::problem;

pub(crate) async fn show(caller: Caller, request: HttpRequest, list: web::Path<String>) -> HttpResponse {
    // §8.4: "If the Server does not support the additional query parameter, it SHOULD return a status code of 501".
    if request.query_string().split('&').any(|pair| pair == "time" || pair.starts_with("time=")) {
        let words = "Only the present status is told, not that of another time.";
        return problem::program(&caller, StatusCode::NOT_IMPLEMENTED, "invalid_request", words);
    }
    // One spelling for each list: the address is compared as text.
    let number = list.parse().ok().filter(|number: &u64| number.to_string() == *list);
    let found = match number {
        Some(number) => serve::list(&caller.app, &caller.ctx, number).await,
        None => Ok(None),
    };
    match found {
        Ok(Some(made)) => {
            let max_age = caller.config.status.ttl.seconds();
            super::cached_as(STATUS_LIST_MEDIA_TYPE, &request, &made.body, &made.etag, max_age)
        }
        Ok(None) => problem::program(&caller, StatusCode::NOT_FOUND, "not_found", "There is no such status list."),
        Err(fault) => problem::broken(&caller.ctx, &fault),
    }
}

pub(crate) async fn index(caller: Caller) -> HttpResponse {
    match serve::lists(&caller.app, &caller.ctx).await {
        Ok(lists) => {
            let max_age = caller.config.status.ttl.seconds();
            HttpResponse::Ok().insert_header((CACHE_CONTROL, format!("public, max-age={max_age}"))).json(lists)
        }
        Err(fault) => problem::broken(&caller.ctx, &fault),
    }
}
