//! `/sign-in/provider`: leaving for an identity provider, and coming back.
//!
//! One leaves by a link and not by a form: Chromium holds `form-action` against every redirect behind a form, and where a provider's pages
//! are is not known to the page with its button.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::sign_in::{admit, again, code_page, known_browser};
use super::way::Way;
use super::{own_providers, query, set_up};
use crate::base::Id;
use crate::model::IdentityProvider;
use crate::operations::sign_in::Outcome;
use crate::operations::sign_in_provider::{self, Arrival, Arrived, CameTo, GOOD_FOR, Leaving, Left, Stays, Why};
use crate::web::cookies::{self, Name};
use crate::web::extract::Visitor;
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::{self, ProviderProblem, SignInProblem};

/// `GET /sign-in/provider/{id}`
pub(crate) async fn leave(
    visitor: Visitor,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, PageProblem> {
    let (ticket, to) = (query(&request, "ticket"), query(&request, "to"));
    let visitor = visitor.with_ticket(ticket.as_deref().unwrap_or_default());
    let Ok(id) = id.parse::<Id<IdentityProvider>>() else {
        return Err(PageProblem::new(visitor.shell(), views::Problem::NotFound, &visitor.ctx));
    };
    let way = Way::of(&visitor, ticket.as_deref(), to.as_deref()).await?;
    // Who signs in presses the button themselves: a page of somebody else's does not do it for them. And who has to prove it to us has no
    // button.
    if is_from_elsewhere(&request) || way.ask.as_ref().is_some_and(|ask| ask.afresh) {
        return Ok(reply::see_other(&visitor, &format!("{}{}", visitor.app.issuer.path(), way.at("/sign-in"))));
    }
    let ticket = way.ticket();
    let leaving = Leaving { browser: visitor.browser(), ticket: ticket.as_deref(), to: way.to.as_deref(), link: None };
    let left = sign_in_provider::leave(&visitor.app, &visitor.ctx, id, leaving).await;
    match left.map_err(|fault| visitor.broken(&fault))? {
        Ok(left) => {
            let response = away(&visitor, reply::see_other(&visitor, &left.url), &left);
            Ok(if way.ask.is_some() { reply::on_the_way(response) } else { response })
        }
        Err(Stays::Closed) => {
            let problem = SignInProblem::Provider { why: ProviderProblem::Over, name: String::new() };
            again(&visitor, StatusCode::NOT_FOUND, &way, problem).await
        }
        Err(Stays::OutOfReach { name }) => {
            let problem = SignInProblem::Provider { why: ProviderProblem::Away, name };
            again(&visitor, StatusCode::BAD_GATEWAY, &way, problem).await
        }
    }
}

fn is_from_elsewhere(request: &HttpRequest) -> bool {
    let site = request.headers().get("sec-fetch-site").and_then(|site| site.to_str().ok());
    site.is_some_and(|site| matches!(site, "cross-site" | "same-site"))
}

/// What brings them back is kept for as long as they may be away.
pub(super) fn away(visitor: &Visitor, mut response: HttpResponse, left: &Left) -> HttpResponse {
    let cookie = cookies::write(&visitor.app.issuer, Name::Away, &left.cookie, Some(GOOD_FOR));
    let _ = response.add_cookie(&cookie);
    response
}

/// `GET /sign-in/provider/callback/{id}`
pub(crate) async fn arrive(
    mut visitor: Visitor,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, PageProblem> {
    // Its address has a code in it: no page says it again.
    visitor.here = None;
    let cookie = cookies::read(&request, &visitor.app.issuer, Name::Away);
    let known = known_browser(&visitor, &request);
    let arrival = Arrival {
        at: id.parse().ok(),
        query: request.query_string().as_bytes(),
        cookie: cookie.as_deref(),
        browser: visitor.browser(),
        signed_in: visitor.signed_in.as_ref(),
        known: known.as_ref(),
        device: visitor.device,
    };
    let arrived = sign_in_provider::arrive(&visitor.app, &visitor.ctx, arrival).await;
    let Arrived { ticket, to, linking, name, came_to } = arrived.map_err(|fault| visitor.broken(&fault))?;
    let visitor = visitor.with_ticket(ticket.as_deref().unwrap_or_default());
    let is_over = matches!(came_to, CameTo::Not(Why::Over));
    if matches!(came_to, CameTo::SignIn(_) | CameTo::Linked) {
        visitor.was_no_guess();
    }
    let mut response = match came_to {
        CameTo::Linked => own_providers::linked(&visitor),
        CameTo::Not(why) if linking => own_providers::not_linked(&visitor, name, why).await?,
        CameTo::Not(why) => {
            let way = Way::of(&visitor, ticket.as_deref(), to.as_deref()).await?;
            let (status, why) = said(why);
            again(&visitor, status, &way, SignInProblem::Provider { why, name }).await?
        }
        CameTo::SignIn(outcome) => {
            let way = Way::of(&visitor, ticket.as_deref(), to.as_deref()).await?;
            match outcome {
                Outcome::SignedIn { cookie, known, .. } => admit(&visitor, &way, &cookie, &known),
                Outcome::CodeWanted { half } => code_page(&visitor, StatusCode::OK, &way, half, None)?,
                Outcome::SetUpWanted { half } => set_up::begin(&visitor, &way, half).await?,
                Outcome::PasskeyWanted => {
                    let problem = SignInProblem::Provider { why: ProviderProblem::PasskeyWanted, name };
                    again(&visitor, StatusCode::FORBIDDEN, &way, problem).await?
                }
                Outcome::Refused | Outcome::Over | Outcome::TooSoon { .. } => {
                    again(&visitor, StatusCode::UNPROCESSABLE_ENTITY, &way, SignInProblem::Expired).await?
                }
            }
        }
    };
    // An answer that nobody asked for takes nothing from whoever is on their way.
    if !is_over {
        let _ = response.add_cookie(&cookies::remove(&visitor.app.issuer, Name::Away));
    }
    Ok(response)
}

fn said(why: Why) -> (StatusCode, ProviderProblem) {
    match why {
        Why::Over => (StatusCode::UNPROCESSABLE_ENTITY, ProviderProblem::Over),
        Why::Denied => (StatusCode::UNPROCESSABLE_ENTITY, ProviderProblem::Denied),
        Why::OutOfReach => (StatusCode::BAD_GATEWAY, ProviderProblem::Away),
        Why::NotGood | Why::Taken | Why::Another => (StatusCode::UNPROCESSABLE_ENTITY, ProviderProblem::NotGood),
        Why::Unknown => (StatusCode::FORBIDDEN, ProviderProblem::Unknown),
        Why::Stopped => (StatusCode::FORBIDDEN, ProviderProblem::Stopped),
    }
}
