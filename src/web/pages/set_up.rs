//! `/sign-in/set-up`: what is wanted besides a password, set up before anything else.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::own_passkeys::{created, form as passkey_form};
use super::sign_in::{expired, known_browser};
use super::way::Way;
use crate::operations::own_sign_in::Changed;
use crate::operations::set_up_factor::{self, Attempt, Outcome, SetUp};
use crate::web::extract::{Posted, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::{FactorPage, FactorStep, Picture, SetUpPage, SetUpProblem, grouped};

/// The page, after a password that was right.
pub(super) async fn begin(visitor: &Visitor, way: &Way, half: String) -> Result<HttpResponse, PageProblem> {
    let page = set_up_factor::ask(&visitor.app, visitor.ctx.at, &half, visitor.browser()).await;
    match page.map_err(|fault| visitor.broken(&fault))? {
        Some(page) => show(visitor, way, half, page, None),
        None => expired(visitor, way).await,
    }
}

/// What a form brings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum With {
    Codes,
    Passkey,
}

/// `POST /sign-in/set-up/codes`
pub(crate) async fn create_codes(form: Posted, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    create(With::Codes, form, &request).await
}

/// `POST /sign-in/set-up/passkey`
pub(crate) async fn create_passkey(form: Posted, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    create(With::Passkey, form, &request).await
}

async fn create(with: With, form: Posted, request: &HttpRequest) -> Result<HttpResponse, PageProblem> {
    let form = form.with_ticket();
    let visitor = &form.visitor;
    let (app, ctx) = (&visitor.app, &visitor.ctx);
    let broken = |fault| visitor.broken(&fault);
    let way = Way::of_form(&form).await?;
    let (half, offer) = (form.text("half"), form.text("offer"));
    let known = known_browser(visitor, request);
    let attempt = Attempt {
        half,
        replaces: visitor.signed_in.as_ref().map(|signed_in| signed_in.session().id),
        known: known.as_ref(),
        browser: visitor.browser(),
        device: visitor.device,
    };
    let outcome = match with {
        With::Codes => set_up_factor::with_codes(app, ctx, attempt, offer, form.text("code")).await,
        With::Passkey => set_up_factor::with_passkey(app, ctx, attempt, created(&form)).await,
    };
    let not = match outcome.map_err(broken)? {
        Outcome::Done { cookie, known, codes } => {
            visitor.was_no_guess();
            let onward = way.onward(visitor);
            if codes.is_empty() {
                return Ok(way.admitted(visitor, reply::see_other(visitor, &onward), &cookie, &known));
            }
            let codes = codes.iter().map(|code| code.expose().to_owned()).collect();
            let page = FactorPage { shell: visitor.shell(), step: FactorStep::Codes { codes, onward }, problem: None };
            let page = reply::page(visitor, StatusCode::OK, &page, &[])?;
            return Ok(way.admitted(visitor, page, &cookie, &known));
        }
        Outcome::Not(not) => not,
        Outcome::Over => return expired(visitor, &way).await,
    };
    // The same secret once more: the app may have it already.
    let page = set_up_factor::ask_again(app, ctx.at, half, visitor.browser(), offer).await.map_err(broken)?;
    let Some(page) = page else { return expired(visitor, &way).await };
    show(visitor, &way, half.to_owned(), page, Some(not))
}

fn show(
    visitor: &Visitor,
    way: &Way,
    half: String,
    page: SetUp,
    not: Option<Changed>,
) -> Result<HttpResponse, PageProblem> {
    let status = if not.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let SetUp { person, codes, passkey } = page;
    let mut made = passkey.map(|creation| Box::new(passkey_form(visitor, &person, creation)));
    let problem = match not {
        None => None,
        Some(Changed::WrongName) => {
            if let Some(made) = &mut made {
                (made.name, made.name_wrong) = (String::new(), true);
            }
            None
        }
        Some(Changed::WrongCode) => Some(SetUpProblem::WrongCode),
        Some(_) => Some(SetUpProblem::WrongPasskey),
    };
    let page = SetUpPage {
        shell: visitor.shell(),
        ticket: way.ticket(),
        to: way.to.clone(),
        application: way.application(),
        half,
        offer: codes.ticket,
        picture: Picture::of(codes.address.expose()),
        secret: grouped(codes.text.expose()),
        made,
        problem,
    };
    way.page(visitor, status, &page)
}
