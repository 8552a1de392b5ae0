//! `/account/password` and `/account/codes`: how somebody signs in.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::own_form::{OwnForm, Wants, back, sign_in_first, wait};
use crate::base::Secret;
use crate::operations::own_sign_in::{self, Changed, Offered};
use crate::operations::set_up_factor::is_demanded;
use crate::operations::sign_in::SignedIn;
use crate::web::extract::{Posted, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::{FactorPage, FactorProblem, FactorStep, OwnPasswordPage, OwnPasswordProblem, Picture, grouped};

const PASSWORD: &str = "/account/password";
const CODES: &str = "/account/codes";

/// `GET /account/password`
pub(crate) async fn password(visitor: Visitor) -> Result<HttpResponse, PageProblem> {
    let Some(signed_in) = &visitor.signed_in else { return Ok(sign_in_first(&visitor, PASSWORD)) };
    reply::page(&visitor, StatusCode::OK, &password_page(&visitor, signed_in), &[])
}

/// `POST /account/password`
pub(crate) async fn change_password(form: Posted, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let own = OwnForm::of(&form, &request, Wants::Password)?;
    let Some(own) = own else { return Ok(sign_in_first(visitor, PASSWORD)) };
    let new = Secret::new(form.text("new"));
    let changed = own_sign_in::change_password(&visitor.app, &visitor.ctx, own.asking("current"), new).await;
    let mut page = password_page(visitor, own.signed_in);
    let status = match own.came_to(changed)? {
        Changed::Done => return Ok(back(visitor, "/account?changed=password")),
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
        _ => {
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
    let Some(signed_in) = &visitor.signed_in else { return Ok(sign_in_first(&visitor, CODES)) };
    let step = standing(&visitor, signed_in).await?;
    reply::page(&visitor, StatusCode::OK, &FactorPage { shell: visitor.shell(), step, problem: None }, &[])
}

/// What a form on that page does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    Add,
    Renew,
    Remove,
}

/// `POST /account/codes`
pub(crate) async fn add_codes(form: Posted, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    change_codes(Ask::Add, &form, &request).await
}

/// `POST /account/codes/recovery`
pub(crate) async fn renew_codes(form: Posted, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    change_codes(Ask::Renew, &form, &request).await
}

/// `POST /account/codes/end`
pub(crate) async fn remove_codes(form: Posted, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    change_codes(Ask::Remove, &form, &request).await
}

async fn change_codes(ask: Ask, form: &Posted, request: &HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let own = OwnForm::of(form, request, Wants::Password)?;
    let Some(own) = own else { return Ok(sign_in_first(visitor, CODES)) };
    let (app, ctx, ticket) = (&visitor.app, &visitor.ctx, form.text("ticket"));
    let changed = match ask {
        Ask::Add => own_sign_in::add(app, ctx, own.asking("add-password"), ticket, form.text("code")).await,
        Ask::Renew => own_sign_in::renew_codes(app, ctx, own.asking("renew-password")).await,
        Ask::Remove => own_sign_in::remove(app, ctx, own.asking("end-password")).await,
    };
    let (status, problem) = match own.came_to(changed)? {
        Changed::Done => return Ok(back(visitor, "/account?changed=codes")),
        Changed::Codes(codes) => {
            let codes = codes.iter().map(|code| code.expose().to_owned()).collect();
            let onward = format!("{}/account", app.issuer.path());
            let page = FactorPage { shell: visitor.shell(), step: FactorStep::Codes { codes, onward }, problem: None };
            return reply::page(visitor, StatusCode::OK, &page, &[]);
        }
        Changed::WrongPassword => (StatusCode::UNPROCESSABLE_ENTITY, FactorProblem::WrongPassword),
        Changed::WrongCode => (StatusCode::UNPROCESSABLE_ENTITY, FactorProblem::WrongCode),
        Changed::TooSoon { retry_after } => {
            (StatusCode::TOO_MANY_REQUESTS, FactorProblem::Throttled { wait: wait(visitor, retry_after) })
        }
        _ => (StatusCode::CONFLICT, FactorProblem::Over),
    };
    // The same secret once more: the program may have it already.
    let again = match ask {
        Ask::Add if problem != FactorProblem::Over => {
            own_sign_in::offer_again(app, ctx.at, own.signed_in, ticket).map_err(|fault| visitor.broken(&fault))?
        }
        _ => None,
    };
    let step = match again {
        Some(offer) => offered(offer),
        None => standing(visitor, own.signed_in).await?,
    };
    reply::page(visitor, status, &FactorPage { shell: visitor.shell(), step, problem: Some(problem) }, &[])
}

/// What there is: a second factor, or a secret that may become one.
async fn standing(visitor: &Visitor, signed_in: &SignedIn) -> Result<FactorStep, PageProblem> {
    let factor = own_sign_in::second_factor_of(&visitor.app, signed_in.person().id).await;
    if let Some(factor) = factor.map_err(|fault| visitor.broken(&fault))? {
        let codes_left = factor.recovery.len();
        let demanded = is_demanded(&visitor.app, signed_in.person());
        return Ok(FactorStep::Have { added: visitor.moment(factor.added_at), codes_left, demanded });
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
