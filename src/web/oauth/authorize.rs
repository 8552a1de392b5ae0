//! `GET|POST /oauth/authorize`, and where pages come back to. OAuth 2.1 §4.1.1, OpenID Connect Core §3.1.2.1.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse};

use crate::base::Destination;
use crate::base::Resource;
use crate::operations::answering::{Answer, Verdict};
use crate::operations::authorize::{self, Step};
use crate::operations::{self, resources};
use crate::protocol::authorize::{Carried, Show};
use crate::protocol::language::{self, Wish};
use crate::protocol::refusal::Refusal;
use crate::web::extract::{Body, Visitor};
use crate::web::pages;
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::{self, Onward, ReturnPage, Shell};

/// Longest query that is read, in bytes.
const LONGEST_QUERY: usize = 16 * 1_024;

pub(crate) async fn show(visitor: Visitor, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let query = request.query_string();
    let asked_at = visitor.ctx.at;
    let asked = super::first(query, "ui_locales").and_then(|tags| language::wished(&tags));
    let visitor = visitor.wished(asked.map(|language| Wish { language, at: asked_at }));
    if query.len() > LONGEST_QUERY {
        return Err(pages::too_long(&visitor));
    }
    let step =
        authorize::begin(&visitor.app, &visitor.ctx, query.as_bytes(), visitor.browser(), visitor.signed_in.as_ref());
    let step = step.await.map_err(|fault| visitor.broken(&fault))?;
    let answer = take(&visitor, step, Led::ByAnybody).await;
    if answer.is_err() {
        super::claim(&visitor.app, &visitor.ctx, super::first(query, "client_id").as_deref());
    }
    answer
}

/// OpenID Connect Core §3.1.2.1: "Authorization Servers MUST support the use of the HTTP GET and POST methods". A form that
/// comes from elsewhere brings no cookie (they are SameSite=Lax), so it is sent around once more as a GET.
pub(crate) async fn create(visitor: Visitor, request: HttpRequest, body: Body) -> Result<HttpResponse, PageProblem> {
    let bytes = match body {
        Body::Read(bytes) => bytes,
        Body::TooSlow => return Err(PageProblem::too_slow(visitor.shell(), &visitor.ctx)),
        Body::TooLong | Body::Broken => return Err(pages::too_long(&visitor)),
    };
    // OpenID Connect Core §13.2: "using the application/x-www-form-urlencoded format".
    if !super::is_form(&request) {
        return take(
            &visitor,
            Step::Show(Show::Unreadable(Refusal::MalformedParameter("Content-Type"))),
            Led::ByAnybody,
        )
        .await;
    }
    // Written anew: whatever a form may hold, an address may not.
    let query = authorize::around(&visitor.app, visitor.ctx.at, &bytes).map_err(|fault| visitor.broken(&fault))?;
    match query.len() {
        0..=LONGEST_QUERY => {
            // Without a cookie: the browser may have one that it did not send, and a new one in its place would void every
            // ticket and form that is open in it.
            let to = format!("{}/oauth/authorize?{query}", visitor.app.issuer.path());
            Ok(HttpResponse::SeeOther().insert_header((LOCATION, to)).finish())
        }
        _ => Err(pages::too_long(&visitor)),
    }
}

/// `GET /oauth/authorize/continue?ticket=…`
pub(crate) async fn resume(visitor: Visitor, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let ticket = pages::query(&request, "ticket").unwrap_or_default();
    let visitor = visitor.with_ticket(&ticket);
    let step =
        authorize::resume(&visitor.app, &visitor.ctx, &ticket, visitor.browser(), visitor.signed_in.as_ref()).await;
    let step = step.map_err(|fault| visitor.broken(&fault))?;
    take(&visitor, step, Led::ByOurForm).await
}

/// `GET /oauth/unknown-resource?resource=…`: where an `invalid_target` points a person who wants to know more (RFC 6749 §4.1.2.1,
/// `error_uri`). It names what is known here.
pub(crate) async fn unknown_resource(visitor: Visitor, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let asked = pages::query(&request, "resource").and_then(|text| Resource::parse(&text).ok());
    let Some(asked) = asked else {
        return Err(PageProblem::new(visitor.shell(), views::Problem::NotFound, &visitor.ctx));
    };
    let known = resources::list(&visitor.app).await;
    let known = known.map_err(|fault| PageProblem::broken(visitor.shell(), &visitor.ctx, &fault))?;
    let known = known.into_iter().take(MOST_NAMED);
    let problem = views::Problem::UnknownResource {
        asked: asked.to_string(),
        known: known
            .map(|resource| views::Target { name: resource.name, identifier: resource.identifier.to_string() })
            .collect(),
    };
    Err(PageProblem::new(visitor.shell(), problem, &visitor.ctx))
}

/// Most resources that a page names.
const MOST_NAMED: usize = 20;

/// What brought the browser to where it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Led {
    /// A form of ours, perhaps by way of redirects.
    ByOurForm,
    /// A link, or whatever an application did.
    ByAnybody,
}

/// One step as a response.
pub(crate) async fn take(visitor: &Visitor, step: Step, led: Led) -> Result<HttpResponse, PageProblem> {
    match step {
        Step::Answer(answer) => answer_with(visitor, answer, led),
        Step::SignIn(ask) => pages::sign_in::begin(visitor, ask).await,
        Step::Consent(ask) => pages::consent::ask(visitor, *ask),
        Step::Show(show) => {
            operations::tell_shown(&visitor.app, &visitor.ctx, &show);
            Err(PageProblem::new(visitor.shell(), pages::shown(show, visitor.words()), &visitor.ctx))
        }
        Step::Over => {
            operations::tell(&visitor.app, &visitor.ctx, &Refusal::AuthorizationOver);
            Err(PageProblem::new(visitor.shell(), views::Problem::FlowExpired, &visitor.ctx))
        }
    }
}

/// A redirect, or a page that leads on, where a redirect would not do.
///
/// Browsers hand a private-use scheme to another program and stay where they are: after a redirect there, the page that was
/// just answered would still stand, as if nothing had happened.
///
/// Chromium holds a page's `form-action` against the whole chain of redirects behind its form, and so against where the application sends the
/// browser next, which may be a third origin and is nobody's to know here: a broker answers its own client, an API its pages. A page in
/// between ends the chain. Browsers say that they navigate (Fetch Metadata Request Headers §2.3); what does not say so has no such policy, or is
/// old and is redirected as far as the policy lets it.
fn answer_with(visitor: &Visitor, answer: Answer, led: Led) -> Result<HttpResponse, PageProblem> {
    let leaves_the_browser = matches!(answer.to.destination(), Destination::Application(_));
    let in_between = (leaves_the_browser && visitor.reads_pages) || (led == Led::ByOurForm && visitor.navigates);
    let (onward, form_targets) = match answer.carried {
        Carried::InAddress(url) if !in_between => return Ok(reply::see_other(visitor, &url)),
        Carried::InAddress(url) => (Onward::Link(url), Vec::new()),
        // Here the form is the application's: it leads there, and from there wherever the application says.
        Carried::InForm(fields) => {
            let action = answer.to.to_string();
            let schemes: &[&str] = if action.starts_with("https:") { &["https:"] } else { &["https:", "http:"] };
            (Onward::Form { action, fields }, schemes.iter().map(|scheme| (*scheme).to_owned()).collect())
        }
    };
    let page = ReturnPage {
        // This page is not one to come back to: in another language it would ask for another answer.
        shell: Shell { here: None, ..visitor.shell() },
        application: answer.application,
        onward,
        stays: leaves_the_browser,
        verdict: match answer.verdict {
            Verdict::Allowed => views::Verdict::Allowed,
            Verdict::Denied => views::Verdict::Denied,
            Verdict::Refused => views::Verdict::Refused,
        },
    };
    reply::page(visitor, StatusCode::OK, &page, &form_targets)
}
