//! `POST /oauth/introspect`. RFC 7662 §2.

use actix_web::{HttpRequest, HttpResponse};

use crate::model::Actor;
use crate::operations::introspect;
use crate::protocol::refusal::Refusal;
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
    let said = introspect::introspect(&caller.app, &ctx, client, token).await;
    Ok(HttpResponse::Ok().json(said.map_err(|problem| problem::json(caller, problem))?))
}
