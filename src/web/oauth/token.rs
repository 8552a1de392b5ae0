//! `POST /oauth/token`. OAuth 2.1 §3.2, RFC 9449 §5.

use actix_web::{HttpRequest, HttpResponse};

use crate::model::Actor;
use crate::operations::token;
use crate::protocol::token_request::TokenRequest;
use crate::web::extract::{Body, Caller};
use crate::web::problem;

pub(crate) async fn create(caller: Caller, request: HttpRequest, body: Body) -> HttpResponse {
    let (Ok(response) | Err(response)) = answer(&caller, &request, &body).await;
    super::with_nonce(&caller, &request, response)
}

async fn answer(caller: &Caller, request: &HttpRequest, body: &Body) -> Result<HttpResponse, HttpResponse> {
    let params = super::form(caller, request, body)?;
    // What is asked for is read before who asks: a request without a grant has nothing to authenticate for.
    let ask = TokenRequest::parse(&params).map_err(|refusal| problem::json(caller, false, refusal.into()))?;
    let client = match &ask {
        TokenRequest::JwtBearer(ask) => super::workload(caller, request, &params, &ask.assertion).await?,
        _ => super::client(caller, request, &params).await?,
    };
    let ctx = caller.ctx.by(Actor::Client(client.id().clone()));
    let proof = super::proof(caller, request, None).map_err(|refusal| problem::json(caller, false, refusal.into()))?;
    let tokens = token::exchange(&caller.app, &ctx, client, ask, proof).await;
    let tokens = tokens.map_err(|problem| problem::json(caller, false, problem))?;
    // The desk adds `Cache-Control: no-store` (OAuth 2.1 §3.2.3).
    Ok(HttpResponse::Ok().json(tokens))
}
