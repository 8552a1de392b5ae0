//! `POST /oauth/token`. OAuth 2.1 §3.2, RFC 9449 §5.

use actix_web::{HttpRequest, HttpResponse};

use crate::app::AskedBy;
use crate::model::Actor;
use crate::operations::token;
use crate::protocol::token_request::TokenRequest;
use crate::web::extract::{Body, Caller};
use crate::web::problem;

pub(crate) async fn create(caller: Caller, request: HttpRequest, body: Body) -> HttpResponse {
    let mut asked_by = AskedBy::Unreadable;
    let answer = answer(&caller, &request, &body, &mut asked_by).await;
    if answer.is_err() {
        super::claim(&caller.app, &caller.ctx, super::claimed(&request, &body).as_deref());
    }
    let (Ok(response) | Err(response)) = answer;
    caller.metrics.asked(asked_by, response.status().as_u16());
    super::with_nonce(&caller, &request, response)
}

async fn answer(
    caller: &Caller,
    request: &HttpRequest,
    body: &Body,
    asked_by: &mut AskedBy,
) -> Result<HttpResponse, HttpResponse> {
    let params = super::form(caller, request, body)?;
    // What is asked for is read before who asks: a request without a grant has nothing to authenticate for.
    let ask = TokenRequest::parse(&params).map_err(|refusal| problem::json(caller, refusal.into()))?;
    *asked_by = AskedBy::Grant(ask.grant_type());
    let (client, ask) = match ask {
        TokenRequest::JwtBearer(ask) => {
            let client = super::workload(caller, request, &params, &ask.assertion).await?;
            (client, TokenRequest::JwtBearer(ask))
        }
        // Nobody proves who they are but by the token that they show: it can only be a workload's own.
        TokenRequest::Exchange(ask) if ask.is_jwt && super::is_unauthenticated(request, &params) => {
            let client = super::workload_by_exchange(caller, &params, &ask.subject_token).await?;
            (client, TokenRequest::Workload(ask))
        }
        ask => (super::client(caller, request, &params).await?, ask),
    };
    let ctx = caller.ctx.by(Actor::Client(client.id().clone()));
    let proof = super::proof(caller, request, None).map_err(|refusal| problem::json(caller, refusal.into()))?;
    let tokens = token::exchange(&caller.app, &ctx, client, ask, proof).await;
    let tokens = tokens.map_err(|problem| problem::json(caller, problem))?;
    // The desk adds `Cache-Control: no-store` (OAuth 2.1 §3.2.3).
    Ok(HttpResponse::Ok().json(tokens))
}
