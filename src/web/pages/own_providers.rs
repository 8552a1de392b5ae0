//! `/account/sign-ins`: where else somebody has an account that signs them in here.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::own_form::{OwnForm, Wants, back, sign_in_first, wait};
use super::query;
use super::sign_in_provider::away;
use crate::base::Id;
use crate::model::IdentityProvider;
use crate::operations::own_passkeys::is_fresh;
use crate::operations::own_providers;
use crate::operations::own_sign_in::Changed;
use crate::operations::sign_in::SignedIn;
use crate::operations::sign_in_provider::{Stays, Why};
use crate::web::extract::{Posted, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::{
    self, Flash, FlashKind, LeavePage, OwnDoor, OwnProvidersPage, OwnProvidersProblem, ProviderLine,
};

const HERE: &str = "/account/sign-ins";

/// `GET /account/sign-ins`
pub(crate) async fn show(visitor: Visitor, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let Some(signed_in) = &visitor.signed_in else { return Ok(sign_in_first(&visitor, HERE)) };
    let mut page = standing(&visitor, signed_in).await?;
    let t = &visitor.words().own_providers;
    page.shell.flash = match query(&request, "changed").as_deref() {
        Some("linked") => Some(Flash { kind: FlashKind::Done, text: t.was_linked.to_owned() }),
        Some("removed") => Some(Flash { kind: FlashKind::Done, text: t.was_removed.to_owned() }),
        _ => None,
    };
    reply::page(&visitor, StatusCode::OK, &page, &[])
}

/// `POST /account/sign-ins/{id}`: off to the provider.
pub(crate) async fn begin(
    form: Posted,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let Some(own) = OwnForm::of(&form, &request, Wants::PasswordOrFresh)? else {
        return Ok(sign_in_first(visitor, HERE));
    };
    let id = provider(visitor, &id)?;
    let asking = own.asking(form.text("field"));
    let begun = own_providers::begin(&visitor.app, &visitor.ctx, asking, id, visitor.browser()).await;
    match begun.map_err(|fault| visitor.broken(&fault))? {
        Ok(Ok(left)) => {
            own.was_right();
            let page = LeavePage { shell: visitor.shell(), name: left.name.clone(), href: left.url.clone() };
            Ok(away(visitor, reply::page(visitor, StatusCode::OK, &page, &[])?, &left))
        }
        Ok(Err(Stays::Closed)) => refused(visitor, own.signed_in, OwnProvidersProblem::Over).await,
        Ok(Err(Stays::OutOfReach { name })) => refused(visitor, own.signed_in, OwnProvidersProblem::Away(name)).await,
        Err(changed) => unchanged(visitor, own.signed_in, &changed).await,
    }
}

/// `POST /account/sign-ins/{id}/end`
pub(crate) async fn destroy(
    form: Posted,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let Some(own) = OwnForm::of(&form, &request, Wants::PasswordOrFresh)? else {
        return Ok(sign_in_first(visitor, HERE));
    };
    let id = provider(visitor, &id)?;
    let (asking, subject) = (own.asking(form.text("field")), form.text("subject").to_owned());
    let changed = own_providers::remove(&visitor.app, &visitor.ctx, asking, id, subject).await;
    match own.came_to(changed)? {
        Changed::Done => Ok(back(visitor, "/account/sign-ins?changed=removed")),
        changed => unchanged(visitor, own.signed_in, &changed).await,
    }
}

fn provider(visitor: &Visitor, id: &str) -> Result<Id<IdentityProvider>, PageProblem> {
    id.parse().map_err(|_| PageProblem::new(visitor.shell(), views::Problem::NotFound, &visitor.ctx))
}

/// Whoever comes back from a provider is linked to who they are there.
pub(super) fn linked(visitor: &Visitor) -> HttpResponse {
    back(visitor, "/account/sign-ins?changed=linked")
}

/// The same where they are not.
pub(super) async fn not_linked(visitor: &Visitor, name: String, why: Why) -> Result<HttpResponse, PageProblem> {
    let Some(signed_in) = &visitor.signed_in else { return Ok(sign_in_first(visitor, HERE)) };
    let problem = match why {
        Why::Over | Why::Unknown | Why::Stopped => OwnProvidersProblem::Over,
        Why::Denied => OwnProvidersProblem::Denied(name),
        Why::OutOfReach => OwnProvidersProblem::Away(name),
        Why::NotGood => OwnProvidersProblem::NotGood(name),
        Why::Taken => OwnProvidersProblem::Taken(name),
        Why::Another => OwnProvidersProblem::Another(name),
    };
    refused(visitor, signed_in, problem).await
}

async fn unchanged(visitor: &Visitor, signed_in: &SignedIn, why: &Changed) -> Result<HttpResponse, PageProblem> {
    let problem = match why {
        Changed::WrongPassword => OwnProvidersProblem::WrongPassword,
        Changed::TooSoon { retry_after } => OwnProvidersProblem::Throttled { wait: wait(visitor, *retry_after) },
        _ => OwnProvidersProblem::Over,
    };
    refused(visitor, signed_in, problem).await
}

async fn refused(
    visitor: &Visitor,
    signed_in: &SignedIn,
    problem: OwnProvidersProblem,
) -> Result<HttpResponse, PageProblem> {
    let status = match problem {
        OwnProvidersProblem::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
        OwnProvidersProblem::Away(_) => StatusCode::BAD_GATEWAY,
        OwnProvidersProblem::Over | OwnProvidersProblem::Taken(_) | OwnProvidersProblem::Another(_) => {
            StatusCode::CONFLICT
        }
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let page = OwnProvidersPage { problem: Some(problem), ..standing(visitor, signed_in).await? };
    reply::page(visitor, status, &page, &[])
}

/// The page as things stand.
async fn standing(visitor: &Visitor, signed_in: &SignedIn) -> Result<OwnProvidersPage, PageProblem> {
    let own = own_providers::of_person(&visitor.app, signed_in.person().id).await;
    let own = own.map_err(|fault| visitor.broken(&fault))?;
    let links = own.links.into_iter().enumerate().map(|(at, (link, name))| ProviderLine {
        id: link.provider.to_string(),
        field: format!("password-{at}"),
        name,
        linked: visitor.moment(link.linked_at),
        subject: link.subject,
    });
    let doors = own.doors.into_iter().enumerate();
    let doors =
        doors.map(|(at, door)| OwnDoor { id: door.id.to_string(), field: format!("add-{at}"), name: door.name });
    Ok(OwnProvidersPage {
        shell: visitor.shell(),
        links: links.collect(),
        doors: doors.collect(),
        fresh: is_fresh(signed_in, visitor.ctx.at),
        problem: None,
    })
}
