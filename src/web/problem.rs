//! The one door from a problem to a response. A fault is logged here, once, and nowhere else.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use askama::Template as _;
use serde_json::json;

use super::api;
use super::extract::{Caller, bare};
use super::reply;
use super::routes::Door;
use super::views::console::{ConsoleProblemPage, Frame, Section};
use super::views::{self};
use super::views::{Brand, ErrorPage, Shell, Theme};
use super::words::{self, Told};
use crate::app::{App, Class};
use crate::base::{Fault, FaultKind, Id, Lifetime};
use crate::model::{Context, Language, Request};
use crate::operations::{self, Problem};
use crate::protocol::refusal::{ErrorCode, Refusal};

/// What a back-channel endpoint answers to a problem. OAuth 2.1 §3.2.4, with the id under which its story is found.
pub(super) fn json(caller: &Caller, problem: Problem) -> HttpResponse {
    match problem {
        Problem::Refused(refusal) => refused(caller, &refusal),
        Problem::Broken(fault) => broken(&caller.ctx, &fault),
    }
}

/// The same with the members that a hosted service's SDKs read.
pub(super) fn hosted(caller: &Caller, problem: Problem) -> HttpResponse {
    let refusal = match problem {
        Problem::Refused(refusal) => refusal,
        Problem::Broken(fault) => return broken(&caller.ctx, &fault),
    };
    operations::tell(&caller.app, &caller.ctx, &refusal);
    let (error, words) = (refusal.error(), refusal.public_text());
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = HttpResponseBuilder::new(status);
    if status == StatusCode::UNAUTHORIZED {
        response.insert_header((WWW_AUTHENTICATE, format!("Bearer realm=\"{}\"", caller.app.issuer)));
    }
    response.json(json!({
        "errorCode": error.as_str(), "errorDescription": words, "errorMessage": words,
        "error": error.as_str(), "error_description": words, "error_id": error_id(&caller.ctx),
    }))
}

fn refused(caller: &Caller, refusal: &Refusal) -> HttpResponse {
    let error = refusal.error();
    let id = error_id(&caller.ctx);
    operations::tell(&caller.app, &caller.ctx, refusal);
    if error == ErrorCode::InvalidClient {
        caller.app.tally.count("client authentication failed");
    }
    let mut response =
        HttpResponseBuilder::new(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST));
    // RFC 9110 §15.5.2: "The server generating a 401 response MUST send a WWW-Authenticate header field", and not only, as OAuth 2.1 §3.2.4
    // has it, "If the client attempted to authenticate via the Authorization request header field".
    if error == ErrorCode::InvalidClient {
        response.insert_header((WWW_AUTHENTICATE, format!("Basic realm=\"{}\"", caller.app.issuer)));
    }
    if error == ErrorCode::TemporarilyUnavailable {
        response.insert_header((RETRY_AFTER, "10"));
    }
    response.json(json!({ "error": error.as_str(), "error_description": refusal.public_text(), "error_id": id }))
}

/// A fault, as a program sees it: its id, and whether asking again will help.
pub(super) fn broken(ctx: &Context, fault: &Fault) -> HttpResponse {
    let id = log(ctx.from.request, fault);
    let (mut response, error, words) = match fault.kind() {
        FaultKind::Busy => (
            HttpResponse::ServiceUnavailable(),
            "temporarily_unavailable",
            "Too busy at this moment. Ask again in a second.",
        ),
        _ => (HttpResponse::InternalServerError(), "server_error", "Something is wrong here, not with the request."),
    };
    if fault.kind() == FaultKind::Busy {
        response.insert_header((RETRY_AFTER, "1"));
    }
    response.json(json!({ "error": error, "error_description": words, "error_id": id }))
}

/// A request that cannot be read at all.
pub(super) fn unreadable(caller: &Caller, status: StatusCode, words: &str) -> HttpResponse {
    program(caller, status, "invalid_request", words)
}

/// An error of an endpoint whose codes are its own.
pub(super) fn program(caller: &Caller, status: StatusCode, error: &str, words: &str) -> HttpResponse {
    HttpResponseBuilder::new(status)
        .json(json!({ "error": error, "error_description": words, "error_id": error_id(&caller.ctx) }))
}

/// Before it is known who asks, so with a bare page.
pub(super) fn too_many(app: &App, door: &Door, wait: Lifetime, language: Language, ctx: &Context) -> HttpResponse {
    let seconds = wait.seconds() + 1;
    if door.is_page {
        return PageProblem::too_many(bare(app, language), wait, ctx).error_response();
    }
    if door.class == Class::Api {
        return api::too_many(app, seconds, ctx);
    }
    let words = format!("Too many requests from this address. Try again in {seconds} seconds.");
    later(ctx, seconds, &words)
}

/// The same to a client that was let in.
pub(super) fn too_many_of_client(ctx: &Context, wait: Lifetime) -> HttpResponse {
    let seconds = wait.seconds() + 1;
    later(ctx, seconds, &format!("Too many requests of this client. Try again in {seconds} seconds."))
}

/// The same to whoever tries access keys.
pub(super) fn too_many_keys(ctx: &Context, wait: Lifetime) -> HttpResponse {
    let seconds = wait.seconds() + 1;
    later(ctx, seconds, &format!("Too many wrong access keys from this address. Try again in {seconds} seconds."))
}

fn later(ctx: &Context, seconds: u64, words: &str) -> HttpResponse {
    let mut response = HttpResponse::TooManyRequests();
    response.insert_header((RETRY_AFTER, seconds.to_string()));
    // The members of a hosted service's SDKs as well, whichever endpoint it is.
    response.json(json!({
        "error": "temporarily_unavailable", "error_description": words, "error_id": error_id(ctx),
        "errorCode": "temporarily_unavailable", "errorDescription": words, "errorMessage": words,
    }))
}

pub(super) fn error_id(ctx: &Context) -> String {
    ctx.from.request.map(|id| id.to_string()).unwrap_or_default()
}

pub(super) fn log(request: Option<Id<Request>>, fault: &Fault) -> String {
    let id = request.map(|id| id.to_string()).unwrap_or_default();
    tracing::error!(id, kind = ?fault.kind(), %fault, "fault");
    id
}

/// Why a page is not shown: another page says so.
pub(crate) struct PageProblem {
    shell: Box<Shell>,
    problem: views::Problem,
    error_id: Option<String>,
    /// In seconds, for `Retry-After`.
    retry_after: Option<u64>,
    /// The room of the console in whose frame an administrator is told.
    room: Option<Section>,
}

impl PageProblem {
    pub(super) fn new(shell: Shell, problem: views::Problem, ctx: &Context) -> Self {
        Self { shell: Box::new(shell), problem, error_id: Some(error_id(ctx)), retry_after: None, room: None }
    }

    /// An address that asks too often.
    pub(super) fn too_many(shell: Shell, wait: Lifetime, ctx: &Context) -> Self {
        let seconds = wait.seconds() + 1;
        let wait = Some(shell.words.length(seconds));
        Self { retry_after: Some(seconds), ..Self::new(shell, views::Problem::TooManyRequests { wait }, ctx) }
    }

    /// The same in the frame of the console. Only for whoever was let in there.
    pub(super) fn in_console(shell: Shell, problem: views::Problem, ctx: &Context, room: Section) -> Self {
        Self { room: Some(room), ..Self::new(shell, problem, ctx) }
    }

    /// A form that no page of ours sent, or that is too old.
    pub(super) fn form(shell: Shell, ctx: &Context) -> Self {
        Self::new(shell, views::Problem::FormRefused, ctx)
    }

    /// A form that did not come in time.
    pub(super) fn too_slow(shell: Shell, ctx: &Context) -> Self {
        let told = &shell.words.error.too_slow;
        Self::told(shell, StatusCode::REQUEST_TIMEOUT.as_u16(), told, None, ctx)
    }

    /// A refusal in the words of the page.
    pub(super) fn told(shell: Shell, status: u16, told: &Told, detail: Option<String>, ctx: &Context) -> Self {
        Self::new(shell, views::Problem::told(status, told, detail), ctx)
    }

    /// A fault, as a person sees it.
    pub(super) fn broken(shell: Shell, ctx: &Context, fault: &Fault) -> Self {
        let id = log(ctx.from.request, fault);
        let problem = match fault.kind() {
            FaultKind::Busy => views::Problem::TooManyRequests { wait: None },
            _ => views::Problem::Fault,
        };
        Self { shell: Box::new(shell), problem, error_id: Some(id), retry_after: None, room: None }
    }

    /// A handler outside the desk: a mistake in `routes`.
    pub(super) fn outside() -> Self {
        let fault = Fault::new(FaultKind::Bug, "this route is outside the desk");
        let shell = Shell {
            brand: Brand::default(),
            csrf: String::new(),
            signed_in: None,
            administers: false,
            flash: None,
            base: String::new(),
            theme: Theme::Device,
            demo: false,
            words: words::of(Language::default()),
            here: None,
        };
        let (problem, error_id) = (views::Problem::Fault, Some(log(None, &fault)));
        Self { shell: Box::new(shell), problem, error_id, retry_after: None, room: None }
    }
}

impl fmt::Debug for PageProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.problem)
    }
}

impl fmt::Display for PageProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl ResponseError for PageProblem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let rendered = match (self.room, self.in_words()) {
            (Some(room), Some((title, words, advice))) => ConsoleProblemPage {
                shell: Shell::clone(&self.shell),
                frame: Frame::of(room),
                title,
                words,
                advice,
                is_missing: self.problem == views::Problem::NotFound,
                error_id: self
                    .error_id
                    .clone()
                    .filter(|_| self.problem != views::Problem::NotFound)
                    .unwrap_or_default(),
            }
            .render(),
            _ => self.plain().render(),
        };
        let mut response = match rendered {
            Ok(html) => reply::html(self.status_code(), html, &[]),
            Err(_) => return HttpResponse::InternalServerError().finish(),
        };
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl PageProblem {
    /// What the console has words of its own for: its title, why, and what to do.
    fn in_words(&self) -> Option<(String, String, String)> {
        let t = &self.shell.words.error;
        match &self.problem {
            views::Problem::NotFound => Some((t.not_found_title.to_owned(), t.not_found_why.to_owned(), String::new())),
            views::Problem::Refused { title, words, advice, .. } => {
                Some((title.clone(), words.clone(), advice.clone()))
            }
            _ => None,
        }
    }

    fn plain(&self) -> ErrorPage {
        ErrorPage {
            shell: Shell::clone(&self.shell),
            problem: self.problem.clone(),
            error_id: self.error_id.clone(),
            action: None,
        }
    }
}
