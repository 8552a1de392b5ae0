//! `POST /oauth/revoke`. RFC 7009 §2.

use actix_web::{HttpRequest, HttpResponse};

use crate::model::Actor;
use crate::operations::revoke;
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
    let ctx = caller.ctx.by(Actor::Client(client.id().clone()));
    let done = revoke::revoke(&caller.app, &ctx, client, token).await;
    done.map_err(|problem| problem::json(caller, problem))?;
    // §2.2: "The content of the response body is ignored by the client". There are clients that read it as JSON before they ignore it.
    Ok(HttpResponse::Ok().json(serde_json::json!({})))
}
