//! `POST /v1/auth/accesskey/exchange`, where a hosted service's SDKs exchange access keys.

use actix_web::{HttpRequest, HttpResponse};

use crate::app::AskedBy;
use crate::operations::token::exchange_access_key;
use crate::protocol::access_key;
use crate::web::extract::{Body, Caller};
use crate::web::key_guess::KeyGuess;
use crate::web::problem;

pub(crate) async fn create(caller: Caller, request: HttpRequest, body: Body) -> HttpResponse {
    let (Ok(response) | Err(response)) = answer(&caller, &request, &body).await;
    caller.metrics.asked(AskedBy::AccessKey, response.status().as_u16());
    response
}

async fn answer(caller: &Caller, request: &HttpRequest, body: &Body) -> Result<HttpResponse, HttpResponse> {
    let body = super::bytes(caller, body)?;
    let refuse = |problem| problem::hosted(caller, problem);
    let ask = access_key::read(super::authorization(request), body).map_err(|refusal| refuse(refusal.into()))?;
    let guess = KeyGuess::count(caller).map_err(|wait| problem::too_many_keys(&caller.ctx, wait))?;
    let session = exchange_access_key(&caller.app, &caller.ctx, ask).await;
    guess.came_to(caller, &session);
    Ok(HttpResponse::Ok().json(session.map_err(refuse)?))
}
