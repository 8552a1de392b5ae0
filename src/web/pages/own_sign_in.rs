//! `/account/password` and `/account/codes`: how somebody signs in.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::sign_in::known_browser;
use crate::base::{Fault, Lifetime, Secret};
use crate::operations::own_sign_in::{self, Asking, Changed, Offered};
use crate::operations::sign_in::SignedIn;
use crate::web::extract::{Posted, Visitor, peer};
use crate::web::limits::{Class, Limits};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::{FactorPage, FactorProblem, FactorStep, OwnPasswordPage, OwnPasswordProblem, Picture, grouped};

/// `GET /account/password`
pub(crate) async fn password(visitor: Visitor) -> Result<HttpResponse, PageProblem> {
    let Some(signed_in) = &visitor.signed_in else { return Ok(sign_in_first(&visitor, "/account/password")) };
    reply::page(&visitor, StatusCode::OK, &password_page(&visitor, signed_in), &[])
}

/// `POST /account/password`
pub(crate) async fn change_password(
    form: Posted,
    request: HttpRequest,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let Some(signed_in) = &visitor.signed_in else { return Ok(sign_in_first(visitor, "/account/password")) };
    let known = known_browser(visitor, &request);
    let asking = Asking { signed_in, known: known.as_ref(), password: Secret::new(form.text("current")) };
    let new = Secret::new(form.text("new"));
    let changed = own_sign_in::change_password(&visitor.app, &visitor.ctx, asking, new).await;
    let changed = forgiven(changed, visitor, &request, &limits)?;
    let mut page = password_page(visitor, signed_in);
    let status = match changed {
        Changed::Done => return Ok(back(visitor, "password")),
        Changed::WrongPassword => {
            page.current_wrong = true;
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Changed::Weak(weak) => {
            page.new_error = Some(visitor.words().setup.weak.of(weak));
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Changed::TooSoon { retry_after } => {
            page.problem = Some(OwnPasswordProblem::Throttled { wait: wait(visitor, retry_after) });
            StatusCode::TOO_MANY_REQUESTS
        }
        Changed::Over | Changed::WrongCode | Changed::Codes(_) => {
            page.problem = Some(OwnPasswordProblem::Over);
            StatusCode::CONFLICT
        }
    };
    reply::page(visitor, status, &page, &[])
}

fn password_page(visitor: &Visitor, signed_in: &SignedIn) -> OwnPasswordPage {
    OwnPasswordPage {
        shell: visitor.shell(),
        email: signed_in.person().email.as_str().to_owned(),
        current_wrong: false,
        new_error: None,
        problem: None,
    }
}

/// `GET /account/codes`
pub(crate) async fn codes(visitor: Visitor) -> Result<HttpResponse, PageProblem> {
    let Some(signed_in) = &visitor.signed_in else { return Ok(sign_in_first(&visitor, "/account/codes")) };
    let step = standing(&visitor, signed_in).await?;
    reply::page(&visitor, StatusCode::OK, &FactorPage { shell: visitor.shell(), step, problem: None }, &[])
}

/// `POST /account/codes`
pub(crate) async fn add_codes(
    form: Posted,
    request: HttpRequest,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let Some(signed_in) = &visitor.signed_in else { return Ok(sign_in_first(visitor, "/account/codes")) };
    let known = known_browser(visitor, &request);
    let asking = Asking { signed_in, known: known.as_ref(), password: Secret::new(form.text("add-password")) };
    let (app, ticket) = (&visitor.app, form.text("ticket"));
    let changed = own_sign_in::add(app, &visitor.ctx, asking, ticket, form.text("code")).await;
    let changed = forgiven(changed, visitor, &request, &limits)?;
    // The same secret once more: the program may have it already.
    let again = own_sign_in::offer_again(app, visitor.ctx.at, signed_in, ticket);
    let again = again.map_err(|fault| visitor.broken(&fault))?.map(offered);
    answer(visitor, signed_in, changed, again).await
}

/// `POST /account/codes/recovery`
pub(crate) async fn renew_codes(
    form: Posted,
    request: HttpRequest,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let Some(signed_in) = &visitor.signed_in else { return Ok(sign_in_first(visitor, "/account/codes")) };
    let known = known_browser(visitor, &request);
    let asking = Asking { signed_in, known: known.as_ref(), password: Secret::new(form.text("renew-password")) };
    let changed = own_sign_in::renew_codes(&visitor.app, &visitor.ctx, asking).await;
    answer(visitor, signed_in, forgiven(changed, visitor, &request, &limits)?, None).await
}

/// `POST /account/codes/end`
pub(crate) async fn remove_codes(
    form: Posted,
    request: HttpRequest,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let Some(signed_in) = &visitor.signed_in else { return Ok(sign_in_first(visitor, "/account/codes")) };
    let known = known_browser(visitor, &request);
    let asking = Asking { signed_in, known: known.as_ref(), password: Secret::new(form.text("end-password")) };
    let changed = own_sign_in::remove(&visitor.app, &visitor.ctx, asking).await;
    answer(visitor, signed_in, forgiven(changed, visitor, &request, &limits)?, None).await
}

/// What a change came to, on the page as it stands then. `again` is the form that was sent, if it may be sent again.
async fn answer(
    visitor: &Visitor,
    signed_in: &SignedIn,
    changed: Changed,
    again: Option<FactorStep>,
) -> Result<HttpResponse, PageProblem> {
    let (status, problem) = match changed {
        Changed::Done => return Ok(back(visitor, "codes")),
        Changed::Codes(codes) => {
            let codes = codes.iter().map(|code| code.expose().to_owned()).collect();
            let page = FactorPage { shell: visitor.shell(), step: FactorStep::Codes(codes), problem: None };
            return reply::page(visitor, StatusCode::OK, &page, &[]);
        }
        Changed::WrongPassword => (StatusCode::UNPROCESSABLE_ENTITY, FactorProblem::WrongPassword),
        Changed::WrongCode => (StatusCode::UNPROCESSABLE_ENTITY, FactorProblem::WrongCode),
        Changed::TooSoon { retry_after } => {
            (StatusCode::TOO_MANY_REQUESTS, FactorProblem::Throttled { wait: wait(visitor, retry_after) })
        }
        Changed::Over | Changed::Weak(_) => (StatusCode::CONFLICT, FactorProblem::Over),
    };
    let step = match again.filter(|_| problem != FactorProblem::Over) {
        Some(step) => step,
        None => standing(visitor, signed_in).await?,
    };
    reply::page(visitor, status, &FactorPage { shell: visitor.shell(), step, problem: Some(problem) }, &[])
}

/// What there is: a second factor, or a secret that may become one.
async fn standing(visitor: &Visitor, signed_in: &SignedIn) -> Result<FactorStep, PageProblem> {
    let factor = own_sign_in::second_factor_of(&visitor.app, signed_in.person().id).await;
    if let Some(factor) = factor.map_err(|fault| visitor.broken(&fault))? {
        let codes_left = factor.recovery.len();
        return Ok(FactorStep::Have { added: visitor.moment(factor.added_at), codes_left });
    }
    let offer = own_sign_in::offer(&visitor.app, visitor.ctx.at, signed_in);
    Ok(offered(offer.map_err(|fault| visitor.broken(&fault))?))
}

fn offered(offer: Offered) -> FactorStep {
    FactorStep::Add {
        ticket: offer.ticket,
        picture: Picture::of(offer.address.expose()),
        secret: grouped(offer.text.expose()),
    }
}

/// The desk counted the request as a guess. It was none, and an office shares one address.
fn forgiven(
    changed: Result<Changed, Fault>,
    visitor: &Visitor,
    request: &HttpRequest,
    limits: &Limits,
) -> Result<Changed, PageProblem> {
    let changed = changed.map_err(|fault| visitor.broken(&fault))?;
    if matches!(changed, Changed::Done | Changed::Codes(_)) {
        limits.forgive(Class::SignIn, peer(&visitor.app, request));
    }
    Ok(changed)
}

fn wait(visitor: &Visitor, retry_after: Lifetime) -> String {
    visitor.words().length(retry_after.seconds() + 1)
}

fn back(visitor: &Visitor, changed: &str) -> HttpResponse {
    reply::see_other(visitor, &format!("{}/account?changed={changed}", visitor.app.issuer.path()))
}

fn sign_in_first(visitor: &Visitor, to: &str) -> HttpResponse {
    reply::see_other(visitor, &format!("{}/sign-in?to={to}", visitor.app.issuer.path()))
}
