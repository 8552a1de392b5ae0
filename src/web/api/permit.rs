//! From a bearer token to an [`Operator`]. RFC 6750.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;

use super::problem::Problem;
use crate::operations::operator::{NotPermitted, Operator};
use crate::web::extract::Caller;

/// Who asks, if they may have this. A cookie is nobody's here: a page of another origin could make a browser send it (attack case 46).
pub(super) async fn permit(caller: &Caller, request: &HttpRequest, needed: &'static str) -> Result<Operator, Problem> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let header = headers.next().filter(|_| headers.next().is_none()).and_then(|value| value.to_str().ok());
    let token = header.and_then(|header| header.split_once(' '));
    let Some((_, token)) = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) else {
        // RFC 6750 §3: without any authentication, the challenge has no error code.
        return Err(Problem::unauthorized(None, "this takes an access token: `Authorization: Bearer …`"));
    };
    match Operator::with_token(&caller.app, &caller.ctx, token.trim(), needed).await? {
        Ok(operator) => Ok(operator),
        Err(NotPermitted::InvalidToken) => {
            caller.app.tally.count("API request with a token that is not good for it");
            let words = "the access token is unknown, expired, revoked, or meant for another server than this one";
            Err(Problem::unauthorized(Some("invalid_token"), words))
        }
        Err(NotPermitted::NotAnAdministrator) => Err(Problem::insufficient(
            needed,
            "the access token speaks for a person who does not administer this appliance",
        )),
        Err(NotPermitted::InsufficientScope { needed }) => {
            Err(Problem::insufficient(needed, &format!("this takes an access token with the scope `{needed}`")))
        }
    }
}
