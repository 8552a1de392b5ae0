//! `/sign-in`, `/sign-out`, `/signed-out`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::way::Way;
use super::{query, set_up};
use crate::base::Secret;
use crate::operations::authorize::SignInAsk;
use crate::operations::known_browser::KnownBrowser;
use crate::operations::sign_in::{Attempt, Outcome, sign_in};
use crate::operations::sign_in_code::{CodeAttempt, sign_in_with_code};
use crate::operations::sign_in_passkey::{self, PasskeyAttempt, sign_in_with_passkey};
use crate::operations::sign_in_provider::{self, Door};
use crate::operations::sign_out::sign_out;
use crate::web::cookies::{self, Name};
use crate::web::extract::{Posted, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::{
    CodePage, CodeProblem, PasskeyAsk, ProviderDoor, Shell, SignInPage, SignInProblem, SignInStep, SignedOutPage,
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

    /// The application may have named somebody: then it begins with their password.
    fn first(ask: &SignInAsk) -> Self {
        ask.login_hint.clone().map_or(Self::Address, Self::Password)
    }
}

/// `GET /sign-in`
pub(crate) async fn new(visitor: Visitor, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let (ticket, to) = (query(&request, "ticket"), query(&request, "to"));
    let visitor = visitor.with_ticket(ticket.as_deref().unwrap_or_default());
    let way = Way::of(&visitor, ticket.as_deref(), to.as_deref()).await?;
    match (&way.ask, &visitor.signed_in) {
        // Whoever is somebody else than it says, says so.
        (Some(ask), _) => {
            let step = if query(&request, OTHER).is_none() { Step::first(ask) } else { Step::Address };
            page(&visitor, StatusCode::OK, &way, step, None).await
        }
        (None, Some(_)) => Ok(to_page(&visitor, way.to.as_deref().unwrap_or("/account"))),
        (None, None) => page(&visitor, StatusCode::OK, &way, Step::Address, None).await,
    }
}

/// `POST /sign-in`: the address, or the address and the password.
///
/// The address alone is looked up nowhere, so its answer is the same for everybody and takes as long (attack case 50).
pub(crate) async fn create(form: Posted, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let form = form.with_ticket();
    let visitor = &form.visitor;
    let (app, ctx) = (&visitor.app, &visitor.ctx);
    let broken = |fault| visitor.broken(&fault);
    let way = Way::of_form(&form).await?;
    let typed = form.text("email").trim();
    let email: String = typed.chars().take(254).collect();
    let Some(password) = form.optional("password") else {
        visitor.asked_for_a_page()?;
        return page(visitor, StatusCode::OK, &way, Step::of(email), None).await;
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
            visitor.was_no_guess();
            return Ok(admit(visitor, &way, &cookie, &known));
        }
        Outcome::CodeWanted { half } => {
            visitor.was_no_guess();
            return code_page(visitor, StatusCode::OK, &way, half, None);
        }
        Outcome::SetUpWanted { half } => {
            visitor.was_no_guess();
            return set_up::begin(visitor, &way, half).await;
        }
        Outcome::PasskeyWanted => {
            visitor.was_no_guess();
            return page(visitor, StatusCode::FORBIDDEN, &way, Step::Address, Some(SignInProblem::PasskeyWanted)).await;
        }
        Outcome::Over => return expired(visitor, &way).await,
        Outcome::Refused => (StatusCode::UNPROCESSABLE_ENTITY, SignInProblem::Wrong),
        Outcome::TooSoon { retry_after } => {
            let wait = visitor.words().length(retry_after.seconds() + 1);
            (StatusCode::TOO_MANY_REQUESTS, SignInProblem::Throttled { wait })
        }
    };
    page(visitor, status, &way, Step::of(email), Some(problem)).await
}

/// It took too long, or was answered already: from the beginning, and still on the way.
pub(super) async fn expired(visitor: &Visitor, way: &Way) -> Result<HttpResponse, PageProblem> {
    again(visitor, StatusCode::UNPROCESSABLE_ENTITY, way, SignInProblem::Expired).await
}

/// From the beginning, and still on the way.
pub(super) async fn again(
    visitor: &Visitor,
    status: StatusCode,
    way: &Way,
    problem: SignInProblem,
) -> Result<HttpResponse, PageProblem> {
    page(visitor, status, way, Step::Address, Some(problem)).await
}

/// `POST /sign-in/passkey`
pub(crate) async fn create_with_passkey(form: Posted, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let form = form.with_ticket();
    let visitor = &form.visitor;
    let (app, ctx) = (&visitor.app, &visitor.ctx);
    let broken = |fault| visitor.broken(&fault);
    let way = Way::of_form(&form).await?;
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
    match sign_in_with_passkey(app, ctx, attempt).await.map_err(broken)? {
        Outcome::SignedIn { cookie, known, .. } => {
            visitor.was_no_guess();
            Ok(admit(visitor, &way, &cookie, &known))
        }
        Outcome::Refused => {
            let problem = SignInProblem::WrongPasskey;
            page(visitor, StatusCode::UNPROCESSABLE_ENTITY, &way, Step::Address, Some(problem)).await
        }
        Outcome::Over
        | Outcome::CodeWanted { .. }
        | Outcome::SetUpWanted { .. }
        | Outcome::PasskeyWanted
        | Outcome::TooSoon { .. } => expired(visitor, &way).await,
    }
}

/// `POST /sign-in/code`
pub(crate) async fn create_with_code(form: Posted, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let form = form.with_ticket();
    let visitor = &form.visitor;
    let (app, ctx) = (&visitor.app, &visitor.ctx);
    let broken = |fault| visitor.broken(&fault);
    let way = Way::of_form(&form).await?;
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
            visitor.was_no_guess();
            return Ok(admit(visitor, &way, &cookie, &known));
        }
        Outcome::Refused => (StatusCode::UNPROCESSABLE_ENTITY, CodeProblem::Wrong),
        Outcome::TooSoon { retry_after } => {
            let wait = visitor.words().length(retry_after.seconds() + 1);
            (StatusCode::TOO_MANY_REQUESTS, CodeProblem::Throttled { wait })
        }
        Outcome::Over | Outcome::CodeWanted { .. } | Outcome::SetUpWanted { .. } | Outcome::PasskeyWanted => {
            return expired(visitor, &way).await;
        }
    };
    let half = form.text("half").to_owned();
    code_page(visitor, status, &way, half, Some(problem))
}

/// Somebody is signed in: back to where they were going.
pub(super) fn admit(visitor: &Visitor, way: &Way, cookie: &Secret, known: &Secret) -> HttpResponse {
    way.admitted(visitor, reply::see_other(visitor, &way.onward(visitor)), cookie, known)
}

pub(super) fn code_page(
    visitor: &Visitor,
    status: StatusCode,
    way: &Way,
    half: String,
    problem: Option<CodeProblem>,
) -> Result<HttpResponse, PageProblem> {
    let (ticket, to, application) = (way.ticket(), way.to.clone(), way.application());
    way.page(visitor, status, &CodePage { shell: visitor.shell(), ticket, to, application, half, problem })
}

/// The accounts that somebody has signed in to in this browser before.
pub(super) fn known_browser(visitor: &Visitor, request: &HttpRequest) -> Option<KnownBrowser> {
    cookies::read(request, &visitor.app.issuer, Name::Known).and_then(|cookie| KnownBrowser::parse(&cookie))
}

/// The page, on the way of an authorization.
pub(crate) async fn begin(visitor: &Visitor, ask: SignInAsk) -> Result<HttpResponse, PageProblem> {
    let step = Step::first(&ask);
    page(visitor, StatusCode::OK, &Way::of_authorization(ask), step, None).await
}

async fn page(
    visitor: &Visitor,
    status: StatusCode,
    way: &Way,
    step: Step,
    problem: Option<SignInProblem>,
) -> Result<HttpResponse, PageProblem> {
    let here = way.at("/sign-in");
    let confirms = way.ask.as_ref().is_some_and(|ask| ask.again && !ask.chooses_account);
    let (email, step) = match visitor.signed_in.as_ref().filter(|_| confirms) {
        Some(signed_in) => (signed_in.person().email.as_str().to_owned(), SignInStep::Password { another: None }),
        None if way.ask.is_some() => at(step, format!("{here}&{OTHER}=yes")),
        None => at(step, here.clone()),
    };
    // Whoever is asked again is asked by us: what a provider asked for, and when, is not known here.
    let afresh = way.ask.as_ref().is_some_and(|ask| ask.afresh);
    let doors = if afresh || matches!(step, SignInStep::Password { another: None }) {
        Vec::new()
    } else {
        sign_in_provider::doors(&visitor.app).await.map_err(|fault| visitor.broken(&fault))?
    };
    let door = |door: Door| ProviderDoor { href: way.at(&format!("/sign-in/provider/{}", door.id)), name: door.name };
    let page = SignInPage {
        shell: Shell { here: Some(here), ..visitor.shell() },
        ticket: way.ticket(),
        // The authorization knows where it ends.
        to: way.to.clone().filter(|_| way.ask.is_none()),
        application: way.application(),
        email,
        step,
        asked: passkey(visitor)?,
        doors: doors.into_iter().map(door).collect(),
        problem,
    };
    way.page(visitor, status, &page)
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
