//! `POST /oauth/introspect`. RFC 7662 §2, and signed: RFC 9701 §5.

use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, HttpResponse};

use crate::model::Actor;
use crate::operations::introspect;
use crate::protocol::refusal::Refusal;
use crate::protocol::token_status::{SIGNED_TYPE, wants_signed};
use crate::web::extract::{Body, Caller};
use crate::web::problem;

pub(crate) async fn create(caller: Caller, request: HttpRequest, body: Body) -> HttpResponse {
    match answer(&caller, &request, &body).await {
        Ok(response) | Err(response) => response,
    }
}

async fn answer(caller: &Caller, request: &HttpRequest, body: &Body) -> Result<HttpResponse, HttpResponse> {
    let params = super::form(caller, request, body)?;
    let token = params.required("token").map_err(|refusal| problem::json(caller, refusal.into()))?;
    let client = super::client(caller, request, &params).await?;
    // §2.1: "To prevent token scanning attacks, the endpoint MUST also require some form of authorization": the name of a
    // public client is none.
    if client.is_public() {
        return Err(problem::json(caller, Refusal::ClientSecretMissing.into()));
    }
    let ctx = caller.ctx.by(Actor::Client(client.id().clone()));
    let accept = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    // RFC 9110 §5.3: lines of one name are one list.
    if accept.into_iter().any(wants_signed) {
        let signed = introspect::introspect_signed(&caller.app, &ctx, client, token).await;
        let signed = signed.map_err(|problem| problem::json(caller, problem))?;
        return Ok(HttpResponse::Ok().content_type(SIGNED_TYPE).body(signed));
    }
    let said = introspect::introspect(&caller.app, &ctx, client, token).await;
    Ok(HttpResponse::Ok().json(said.map_err(|problem| problem::json(caller, problem))?))
}
