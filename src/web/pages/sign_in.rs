//! `/sign-in`, `/sign-out`, `/signed-out`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{encoded, own_page, query};
use crate::base::Secret;
use crate::operations::authorize::{self, SignInAsk};
use crate::operations::known_browser::{KNOWN_FOR, KnownBrowser};
use crate::operations::sign_in::{Attempt, Outcome, sign_in};
use crate::operations::sign_in_code::{CodeAttempt, sign_in_with_code};
use crate::operations::sign_out::sign_out;
use crate::web::cookies::{self, Name};
use crate::web::extract::{Posted, Visitor, peer};
use crate::web::limits::{Class, Limits};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::{CodePage, CodeProblem, Shell, SignInPage, SignInProblem, SignedOutPage};

/// Longest password that is looked at, in bytes.
const LONGEST_PASSWORD: usize = 1_024;

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
        Some(ask) => self::ask(&visitor, StatusCode::OK, &ask, String::new(), None),
        None => {
            let to = query(&request, "to").and_then(|to| own_page(&to));
            match (&visitor.signed_in, to) {
                (Some(_), Some(to)) => Ok(to_page(&visitor, &to)),
                (Some(_), None) => Ok(to_page(&visitor, "/account")),
                (None, to) => plain(&visitor, StatusCode::OK, String::new(), to, None),
            }
        }
    }
}

/// `POST /sign-in`
pub(crate) async fn create(
    form: Posted,
    request: HttpRequest,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, PageProblem> {
    let form = form.with_ticket();
    let visitor = &form.visitor;
    let (app, ctx) = (&visitor.app, &visitor.ctx);
    let broken = |fault| visitor.broken(&fault);
    let ask = match form.optional("ticket").filter(|ticket| !ticket.is_empty()) {
        Some(ticket) => authorize::sign_in_ask(app, ctx, ticket, visitor.browser(), visitor.signed_in.as_ref())
            .await
            .map_err(broken)?,
        None => None,
    };
    let to = form.optional("to").and_then(own_page);
    let typed = form.text("email").trim();
    let email: String = typed.chars().take(254).collect();
    let password = form.text("password");
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
        Outcome::Over => (StatusCode::UNPROCESSABLE_ENTITY, SignInProblem::Expired),
        Outcome::Refused => (StatusCode::UNPROCESSABLE_ENTITY, SignInProblem::Wrong),
        Outcome::TooSoon { retry_after } => {
            let wait = visitor.words().length(retry_after.seconds() + 1);
            (StatusCode::TOO_MANY_REQUESTS, SignInProblem::Throttled { wait })
        }
    };
    match ask {
        Some(ask) => self::ask(visitor, status, &ask, email, Some(problem)),
        None => plain(visitor, status, email, to, Some(problem)),
    }
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
    let ask = match form.optional("ticket").filter(|ticket| !ticket.is_empty()) {
        Some(ticket) => authorize::sign_in_ask(app, ctx, ticket, visitor.browser(), visitor.signed_in.as_ref())
            .await
            .map_err(broken)?,
        None => None,
    };
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
        // From the beginning, and still on the way.
        Outcome::Over | Outcome::CodeWanted { .. } => {
            let (status, problem) = (StatusCode::UNPROCESSABLE_ENTITY, Some(SignInProblem::Expired));
            return match ask {
                Some(ask) => self::ask(visitor, status, &ask, String::new(), problem),
                None => plain(visitor, status, String::new(), to, problem),
            };
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
    let app = &visitor.app;
    let to = match ask {
        Some(ask) => format!("{}/oauth/authorize/continue?ticket={}", app.issuer.path(), ask.ticket),
        None => format!("{}{}", app.issuer.path(), to.unwrap_or("/account")),
    };
    let mut response = reply::see_other(visitor, &to);
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

/// The page, on the way of an authorization: its form leads back to the application in the end.
pub(crate) fn ask(
    visitor: &Visitor,
    status: StatusCode,
    ask: &SignInAsk,
    typed: String,
    problem: Option<SignInProblem>,
) -> Result<HttpResponse, PageProblem> {
    let again = visitor.signed_in.as_ref().filter(|_| ask.again && !ask.chooses_account);
    let email = match again {
        Some(signed_in) => signed_in.person().email.as_str().to_owned(),
        None if typed.is_empty() => ask.login_hint.clone().unwrap_or_default(),
        None => typed,
    };
    let page = SignInPage {
        shell: Shell { here: Some(format!("/sign-in?ticket={}", encoded(&ask.ticket))), ..visitor.shell() },
        ticket: Some(ask.ticket.clone()),
        to: None,
        application: Some(ask.application.clone()),
        email,
        confirming: again.is_some(),
        problem,
    };
    reply::page(visitor, status, &page, &[ask.redirect_uri.form_action_source()]).map(reply::on_the_way)
}

fn plain(
    visitor: &Visitor,
    status: StatusCode,
    email: String,
    to: Option<String>,
    problem: Option<SignInProblem>,
) -> Result<HttpResponse, PageProblem> {
    let here = to.as_ref().map_or_else(|| "/sign-in".to_owned(), |to| format!("/sign-in?to={}", encoded(to)));
    let shell = Shell { here: Some(here), ..visitor.shell() };
    let page = SignInPage { shell, ticket: None, to, application: None, email, confirming: false, problem };
    reply::page(visitor, status, &page, &[])
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
