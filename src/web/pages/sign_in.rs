//! `/sign-in`, `/sign-out`, `/signed-out`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::delegation::Onward;
use super::query;
use crate::base::Secret;
use crate::operations::authorize::{self, SignInAsk};
use crate::operations::known_browser::{KNOWN_FOR, KnownBrowser};
use crate::operations::sign_in::{Outcome, sign_in};
use crate::operations::sign_out::sign_out;
use crate::web::cookies::{self, Name};
use crate::web::extract::{Posted, Visitor, peer};
use crate::web::limits::{Class, Limits};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::{SignInPage, SignInProblem, SignedOutPage};

/// Longest password that is looked at, in bytes.
const LONGEST_PASSWORD: usize = 1_024;

/// `GET /sign-in`
pub(crate) async fn new(visitor: Visitor, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let ask = match query(&request, "ticket") {
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
    let onward = Onward::read(|name| query(&request, name));
    match ask {
        Some(ask) => self::ask(&visitor, StatusCode::OK, &ask, String::new(), None),
        None if visitor.signed_in.is_some() => Ok(to_account(&visitor, onward.as_ref())),
        None => plain(&visitor, StatusCode::OK, String::new(), onward.as_ref(), None),
    }
}

/// `POST /sign-in`
pub(crate) async fn create(
    form: Posted,
    request: HttpRequest,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let (app, ctx) = (&visitor.app, &visitor.ctx);
    let broken = |fault| visitor.broken(&fault);
    let ask = match form.optional("ticket").filter(|ticket| !ticket.is_empty()) {
        Some(ticket) => authorize::sign_in_ask(app, ctx, ticket, visitor.browser(), visitor.signed_in.as_ref())
            .await
            .map_err(broken)?,
        None => None,
    };
    let onward = Onward::read(|name| form.optional(name).map(str::to_owned));
    let typed = form.text("email").trim();
    let email: String = typed.chars().take(254).collect();
    let password = form.text("password");
    let known = cookies::read(&request, &app.issuer, Name::Known).and_then(|cookie| KnownBrowser::parse(&cookie));
    let replaces = visitor.signed_in.as_ref().map(|signed_in| signed_in.session().id);
    let outcome = if password.len() > LONGEST_PASSWORD {
        Outcome::Refused
    } else {
        sign_in(app, ctx, &email, Secret::new(password), replaces, known.as_ref()).await.map_err(broken)?
    };
    let (status, problem) = match outcome {
        Outcome::SignedIn { cookie, known, .. } => {
            // The desk counted it as a guess, which it was not: an office shares one address.
            limits.forgive(Class::SignIn, peer(app, &request));
            let to = match &ask {
                Some(ask) => format!("{}/oauth/authorize/continue?ticket={}", app.issuer.path(), ask.ticket),
                None => account(visitor, onward.as_ref()),
            };
            let mut response = reply::see_other(visitor, &to);
            let cookie = cookies::write(&app.issuer, Name::Session, &cookie, Some(app.config.lifetimes.session));
            let _ = response.add_cookie(&cookie);
            let _ = response.add_cookie(&cookies::write(&app.issuer, Name::Known, &known, Some(KNOWN_FOR)));
            return Ok(if ask.is_some() { reply::on_the_way(response) } else { response });
        }
        Outcome::Refused => (StatusCode::UNPROCESSABLE_ENTITY, SignInProblem::Wrong),
        Outcome::TooSoon { retry_after } => {
            let wait = reply::length(retry_after.seconds() + 1);
            (StatusCode::TOO_MANY_REQUESTS, SignInProblem::Throttled { wait })
        }
    };
    match ask {
        Some(ask) => self::ask(visitor, status, &ask, email, Some(problem)),
        None => plain(visitor, status, email, onward.as_ref(), Some(problem)),
    }
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
        shell: visitor.shell(),
        ticket: Some(ask.ticket.clone()),
        application: Some(ask.application.clone()),
        onward: None,
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
    onward: Option<&Onward>,
    problem: Option<SignInProblem>,
) -> Result<HttpResponse, PageProblem> {
    let page = SignInPage {
        shell: visitor.shell(),
        ticket: None,
        application: None,
        onward: onward.map(Onward::shown),
        email,
        confirming: false,
        problem,
    };
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
        return Ok(to_account(&visitor, None));
    }
    reply::page(&visitor, StatusCode::OK, &SignedOutPage { shell: visitor.shell() }, &[])
}

fn to_account(visitor: &Visitor, onward: Option<&Onward>) -> HttpResponse {
    reply::see_other(visitor, &account(visitor, onward))
}

/// The account page, or the page of it that a link meant.
fn account(visitor: &Visitor, onward: Option<&Onward>) -> String {
    let path = onward.map_or_else(|| "/account".to_owned(), Onward::path);
    format!("{}{path}", visitor.app.issuer.path())
}
