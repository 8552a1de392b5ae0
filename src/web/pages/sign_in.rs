//! `/sign-in`, `/sign-out`, `/signed-out`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{encoded, own_page, query, set_up};
use crate::base::Secret;
use crate::operations::authorize::{self, SignInAsk};
use crate::operations::known_browser::{KNOWN_FOR, KnownBrowser};
use crate::operations::sign_in::{Attempt, Outcome, sign_in};
use crate::operations::sign_in_code::{CodeAttempt, sign_in_with_code};
use crate::operations::sign_in_passkey::{self, PasskeyAttempt, sign_in_with_passkey};
use crate::operations::sign_out::sign_out;
use crate::web::cookies::{self, Name};
use crate::web::extract::{Posted, Visitor, peer};
use crate::web::limits::{Class, Limits};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::{
    CodePage, CodeProblem, PasskeyAsk, Shell, SignInPage, SignInProblem, SignInStep, SignedOutPage,
};

/// Longest password that is looked at, in bytes.
const LONGEST_PASSWORD: usize = 1_024;

/// In the address of the first page where an application has named somebody, and it is another.
const OTHER: &str = "other";

/// Which of the two pages.
enum Step {
    Address,
    /// Of whom the password is asked.
    Password(String),
}

impl Step {
    fn of(email: String) -> Self {
        if email.is_empty() { Self::Address } else { Self::Password(email) }
    }
}

/// `GET /sign-in`
pub(crate) async fn new(visitor: Visitor, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let ticket = query(&request, "ticket");
    let visitor = visitor.with_ticket(ticket.as_deref().unwrap_or_default());
    let ask = match ticket {
        Some(ticket) => {
            let ask = authorize::sign_in_ask(
                &visitor.app,
                &visitor.ctx,
                &ticket,
                visitor.browser(),
                visitor.signed_in.as_ref(),
            )
            .await;
            ask.map_err(|fault| visitor.broken(&fault))?
        }
        None => None,
    };
    match ask {
        // The application may have named somebody. Whoever is somebody else says so.
        Some(ask) if query(&request, OTHER).is_none() => begin(&visitor, &ask),
        Some(ask) => self::ask(&visitor, StatusCode::OK, &ask, Step::Address, None),
        None => {
            let to = query(&request, "to").and_then(|to| own_page(&to));
            match (&visitor.signed_in, to) {
                (Some(_), Some(to)) => Ok(to_page(&visitor, &to)),
                (Some(_), None) => Ok(to_page(&visitor, "/account")),
                (None, to) => plain(&visitor, StatusCode::OK, Step::Address, to, None),
            }
        }
    }
}

/// `POST /sign-in`: the address, or the address and the password.
///
/// The address alone is looked up nowhere, so its answer is the same for everybody and takes as long (attack case 50).
pub(crate) async fn create(
    form: Posted,
    request: HttpRequest,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, PageProblem> {
    let form = form.with_ticket();
    let visitor = &form.visitor;
    let (app, ctx) = (&visitor.app, &visitor.ctx);
    let broken = |fault| visitor.broken(&fault);
    let ask = asked(&form).await?;
    let to = form.optional("to").and_then(own_page);
    let typed = form.text("email").trim();
    let email: String = typed.chars().take(254).collect();
    let Some(password) = form.optional("password") else {
        // The desk counted it as a guess, and nothing was guessed.
        limits.forgive(Class::SignIn, peer(app, &request));
        return match ask {
            Some(ask) => self::ask(visitor, StatusCode::OK, &ask, Step::of(email), None),
            None => plain(visitor, StatusCode::OK, Step::of(email), to, None),
        };
    };
    let known = known_browser(visitor, &request);
    let replaces = visitor.signed_in.as_ref().map(|signed_in| signed_in.session().id);
    let outcome = if password.len() > LONGEST_PASSWORD {
        Outcome::Refused
    } else {
        let attempt = Attempt {
            email: &email,
            password: Secret::new(password),
            replaces,
            known: known.as_ref(),
            browser: visitor.browser(),
            device: visitor.device,
        };
        sign_in(app, ctx, attempt).await.map_err(broken)?
    };
    let (status, problem) = match outcome {
        Outcome::SignedIn { cookie, known, .. } => {
            // The desk counted it as a guess, which it was not: an office shares one address.
            limits.forgive(Class::SignIn, peer(app, &request));
            return Ok(admit(visitor, ask.as_ref(), to.as_deref(), &cookie, &known));
        }
        Outcome::CodeWanted { half } => {
            limits.forgive(Class::SignIn, peer(app, &request));
            return code_page(visitor, StatusCode::OK, ask.as_ref(), to, half, None);
        }
        Outcome::SetUpWanted { half } => {
            limits.forgive(Class::SignIn, peer(app, &request));
            return set_up::begin(visitor, ask.as_ref(), to, half).await;
        }
        Outcome::PasskeyWanted => {
            limits.forgive(Class::SignIn, peer(app, &request));
            return again(visitor, StatusCode::FORBIDDEN, ask.as_ref(), to, SignInProblem::PasskeyWanted);
        }
        Outcome::Over => {
            let (status, problem) = (StatusCode::UNPROCESSABLE_ENTITY, SignInProblem::Expired);
            return again(visitor, status, ask.as_ref(), to, problem);
        }
        Outcome::Refused => (StatusCode::UNPROCESSABLE_ENTITY, SignInProblem::Wrong),
        Outcome::TooSoon { retry_after } => {
            let wait = visitor.words().length(retry_after.seconds() + 1);
            (StatusCode::TOO_MANY_REQUESTS, SignInProblem::Throttled { wait })
        }
    };
    let step = Step::of(email);
    match ask {
        Some(ask) => self::ask(visitor, status, &ask, step, Some(problem)),
        None => plain(visitor, status, step, to, Some(problem)),
    }
}

/// From the beginning, and still on the way.
pub(super) fn again(
    visitor: &Visitor,
    status: StatusCode,
    ask: Option<&SignInAsk>,
    to: Option<String>,
    problem: SignInProblem,
) -> Result<HttpResponse, PageProblem> {
    match ask {
        Some(ask) => self::ask(visitor, status, ask, Step::Address, Some(problem)),
        None => plain(visitor, status, Step::Address, to, Some(problem)),
    }
}

/// `POST /sign-in/passkey`
pub(crate) async fn create_with_passkey(
    form: Posted,
    request: HttpRequest,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, PageProblem> {
    let form = form.with_ticket();
    let visitor = &form.visitor;
    let (app, ctx) = (&visitor.app, &visitor.ctx);
    let broken = |fault| visitor.broken(&fault);
    let ask = asked(&form).await?;
    let to = form.optional("to").and_then(own_page);
    let known = known_browser(visitor, &request);
    let attempt = PasskeyAttempt {
        ticket: form.text("asked"),
        credential: form.text("credential"),
        client_data: form.text("client_data"),
        authenticator_data: form.text("authenticator_data"),
        signature: form.text("signature"),
        user_handle: form.text("user_handle"),
        replaces: visitor.signed_in.as_ref().map(|signed_in| signed_in.session().id),
        known: known.as_ref(),
        browser: visitor.browser(),
        device: visitor.device,
    };
    let problem = match sign_in_with_passkey(app, ctx, attempt).await.map_err(broken)? {
        Outcome::SignedIn { cookie, known, .. } => {
            limits.forgive(Class::SignIn, peer(app, &request));
            return Ok(admit(visitor, ask.as_ref(), to.as_deref(), &cookie, &known));
        }
        Outcome::Refused => SignInProblem::WrongPasskey,
        Outcome::Over
        | Outcome::CodeWanted { .. }
        | Outcome::SetUpWanted { .. }
        | Outcome::PasskeyWanted
        | Outcome::TooSoon { .. } => SignInProblem::Expired,
    };
    again(visitor, StatusCode::UNPROCESSABLE_ENTITY, ask.as_ref(), to, problem)
}

/// The authorization that a form is on the way of, if one.
pub(super) async fn asked(form: &Posted) -> Result<Option<SignInAsk>, PageProblem> {
    let visitor = &form.visitor;
    let Some(ticket) = form.optional("ticket").filter(|ticket| !ticket.is_empty()) else { return Ok(None) };
    let signed_in = visitor.signed_in.as_ref();
    let ask = authorize::sign_in_ask(&visitor.app, &visitor.ctx, ticket, visitor.browser(), signed_in).await;
    ask.map_err(|fault| visitor.broken(&fault))
}

/// `POST /sign-in/code`
pub(crate) async fn create_with_code(
    form: Posted,
    request: HttpRequest,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, PageProblem> {
    let form = form.with_ticket();
    let visitor = &form.visitor;
    let (app, ctx) = (&visitor.app, &visitor.ctx);
    let broken = |fault| visitor.broken(&fault);
    let ask = asked(&form).await?;
    let to = form.optional("to").and_then(own_page);
    let known = known_browser(visitor, &request);
    let attempt = CodeAttempt {
        half: form.text("half"),
        code: form.text("code"),
        replaces: visitor.signed_in.as_ref().map(|signed_in| signed_in.session().id),
        known: known.as_ref(),
        browser: visitor.browser(),
        device: visitor.device,
    };
    let (status, problem) = match sign_in_with_code(app, ctx, attempt).await.map_err(broken)? {
        Outcome::SignedIn { cookie, known, .. } => {
            limits.forgive(Class::SignIn, peer(app, &request));
            return Ok(admit(visitor, ask.as_ref(), to.as_deref(), &cookie, &known));
        }
        Outcome::Refused => (StatusCode::UNPROCESSABLE_ENTITY, CodeProblem::Wrong),
        Outcome::TooSoon { retry_after } => {
            let wait = visitor.words().length(retry_after.seconds() + 1);
            (StatusCode::TOO_MANY_REQUESTS, CodeProblem::Throttled { wait })
        }
        Outcome::Over | Outcome::CodeWanted { .. } | Outcome::SetUpWanted { .. } | Outcome::PasskeyWanted => {
            let (status, problem) = (StatusCode::UNPROCESSABLE_ENTITY, SignInProblem::Expired);
            return again(visitor, status, ask.as_ref(), to, problem);
        }
    };
    let half = form.text("half").to_owned();
    code_page(visitor, status, ask.as_ref(), to, half, Some(problem))
}

/// Somebody is signed in: back to where they were going.
fn admit(
    visitor: &Visitor,
    ask: Option<&SignInAsk>,
    to: Option<&str>,
    cookie: &Secret,
    known: &Secret,
) -> HttpResponse {
    let response = reply::see_other(visitor, &onward(visitor, ask, to));
    admitted(visitor, ask, response, cookie, known)
}

/// Where somebody was going who has signed in.
pub(super) fn onward(visitor: &Visitor, ask: Option<&SignInAsk>, to: Option<&str>) -> String {
    let base = visitor.app.issuer.path();
    match ask {
        Some(ask) => format!("{base}/oauth/authorize/continue?ticket={}", ask.ticket),
        None => format!("{base}{}", to.unwrap_or("/account")),
    }
}

/// An answer to somebody who has signed in with it.
pub(super) fn admitted(
    visitor: &Visitor,
    ask: Option<&SignInAsk>,
    mut response: HttpResponse,
    cookie: &Secret,
    known: &Secret,
) -> HttpResponse {
    let app = &visitor.app;
    let cookie = cookies::write(&app.issuer, Name::Session, cookie, Some(app.config.lifetimes.session));
    let _ = response.add_cookie(&cookie);
    let _ = response.add_cookie(&cookies::write(&app.issuer, Name::Known, known, Some(KNOWN_FOR)));
    if ask.is_some() { reply::on_the_way(response) } else { response }
}

fn code_page(
    visitor: &Visitor,
    status: StatusCode,
    ask: Option<&SignInAsk>,
    to: Option<String>,
    half: String,
    problem: Option<CodeProblem>,
) -> Result<HttpResponse, PageProblem> {
    let page = CodePage {
        shell: visitor.shell(),
        ticket: ask.map(|ask| ask.ticket.clone()),
        to,
        application: ask.map(|ask| ask.application.clone()),
        half,
        problem,
    };
    match ask {
        Some(ask) => {
            reply::page(visitor, status, &page, &[ask.redirect_uri.form_action_source()]).map(reply::on_the_way)
        }
        None => reply::page(visitor, status, &page, &[]),
    }
}

/// The accounts that somebody has signed in to in this browser before.
pub(super) fn known_browser(visitor: &Visitor, request: &HttpRequest) -> Option<KnownBrowser> {
    cookies::read(request, &visitor.app.issuer, Name::Known).and_then(|cookie| KnownBrowser::parse(&cookie))
}

/// The page, on the way of an authorization. If the application has named somebody, it begins with their password.
pub(crate) fn begin(visitor: &Visitor, ask: &SignInAsk) -> Result<HttpResponse, PageProblem> {
    let step = ask.login_hint.clone().map_or(Step::Address, Step::Password);
    self::ask(visitor, StatusCode::OK, ask, step, None)
}

/// The same as it stands. Its form leads back to the application in the end.
fn ask(
    visitor: &Visitor,
    status: StatusCode,
    ask: &SignInAsk,
    step: Step,
    problem: Option<SignInProblem>,
) -> Result<HttpResponse, PageProblem> {
    let here = format!("/sign-in?ticket={}", encoded(&ask.ticket));
    let again = visitor.signed_in.as_ref().filter(|_| ask.again && !ask.chooses_account);
    let (email, step) = match again {
        Some(signed_in) => (signed_in.person().email.as_str().to_owned(), SignInStep::Password { another: None }),
        None => at(step, format!("{here}&{OTHER}=yes")),
    };
    let page = SignInPage {
        shell: Shell { here: Some(here), ..visitor.shell() },
        ticket: Some(ask.ticket.clone()),
        to: None,
        application: Some(ask.application.clone()),
        email,
        step,
        asked: passkey(visitor)?,
        problem,
    };
    reply::page(visitor, status, &page, &[ask.redirect_uri.form_action_source()]).map(reply::on_the_way)
}

fn plain(
    visitor: &Visitor,
    status: StatusCode,
    step: Step,
    to: Option<String>,
    problem: Option<SignInProblem>,
) -> Result<HttpResponse, PageProblem> {
    let here = to.as_ref().map_or_else(|| "/sign-in".to_owned(), |to| format!("/sign-in?to={}", encoded(to)));
    let (email, step) = at(step, here.clone());
    let shell = Shell { here: Some(here), ..visitor.shell() };
    let asked = passkey(visitor)?;
    let page = SignInPage { shell, ticket: None, to, application: None, email, step, asked, problem };
    reply::page(visitor, status, &page, &[])
}

fn at(step: Step, another: String) -> (String, SignInStep) {
    match step {
        Step::Address => (String::new(), SignInStep::Address),
        Step::Password(email) => (email, SignInStep::Password { another: Some(another) }),
    }
}

/// What a passkey has to sign on this page.
fn passkey(visitor: &Visitor) -> Result<Option<PasskeyAsk>, PageProblem> {
    let ask = sign_in_passkey::ask(&visitor.app, visitor.ctx.at, visitor.browser());
    let ask = ask.map_err(|fault| visitor.broken(&fault))?;
    Ok(ask.map(|ask| PasskeyAsk { ticket: ask.ticket, challenge: ask.challenge, rp_id: ask.rp_id }))
}

/// `POST /sign-out`
pub(crate) async fn destroy(form: Posted) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    if let Some(signed_in) = &visitor.signed_in {
        let ctx = visitor.ctx.by(signed_in.actor());
        let done = sign_out(&visitor.app, &ctx, signed_in).await;
        done.map_err(|fault| visitor.broken(&fault))?;
    }
    let mut response = reply::see_other(visitor, &format!("{}/signed-out", visitor.app.issuer.path()));
    let _ = response.add_cookie(&cookies::remove(&visitor.app.issuer, Name::Session));
    Ok(response)
}

/// `GET /signed-out`
pub(crate) async fn signed_out(visitor: Visitor) -> Result<HttpResponse, PageProblem> {
    if visitor.signed_in.is_some() {
        return Ok(to_page(&visitor, "/account"));
    }
    reply::page(&visitor, StatusCode::OK, &SignedOutPage { shell: visitor.shell() }, &[])
}

fn to_page(visitor: &Visitor, page: &str) -> HttpResponse {
    reply::see_other(visitor, &format!("{}{page}", visitor.app.issuer.path()))
}
