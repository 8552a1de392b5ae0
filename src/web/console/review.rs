//! What an administrator says about an application that registered itself: that it may be used, that it may not, that they looked at it.

use actix_web::{HttpResponse, web};

use super::applications::path;
use super::{as_seen, back, declined, wanted};
use crate::model::ClientId;
use crate::operations::clients;
use crate::operations::declined::Declined;
use crate::web::extract::{Administered, Visitor};
use crate::web::problem::PageProblem;

/// Whoever decides looked at a page. If the application has changed itself since, they are shown what it is now.
fn done<T>(
    visitor: &Visitor,
    id: &ClientId,
    outcome: Result<T, Declined>,
    said: &str,
) -> Result<HttpResponse, PageProblem> {
    match outcome {
        Ok(_) => Ok(back(visitor, &path(id), said)),
        Err(Declined::Stale) => Ok(back(visitor, &path(id), "changed-since")),
        Err(other) => Err(declined(visitor, other)),
    }
}

/// `POST /console/applications/{id}/approval`
pub(super) async fn approve(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let Administered { form, by } = &asked;
    let id: ClientId = wanted(&form.visitor, &id)?;
    let outcome = clients::approve(&form.visitor.app, by, id.clone(), as_seen(form)).await;
    done(&form.visitor, &id, outcome, "approved")
}

/// `POST /console/applications/{id}/rejection`
pub(super) async fn reject(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let Administered { form, by } = &asked;
    let id: ClientId = wanted(&form.visitor, &id)?;
    let because = form.text("because");
    let outcome = clients::reject(&form.visitor.app, by, id.clone(), as_seen(form), because).await;
    done(&form.visitor, &id, outcome, "rejected")
}

/// `POST /console/applications/{id}/verification`
pub(super) async fn verify(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let Administered { form, by } = &asked;
    let id: ClientId = wanted(&form.visitor, &id)?;
    let outcome = clients::verify(&form.visitor.app, by, id.clone(), as_seen(form)).await;
    done(&form.visitor, &id, outcome, "verified")
}

/// `POST /console/applications/{id}/verification/end`
pub(super) async fn unverify(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let Administered { form, by } = &asked;
    let id: ClientId = wanted(&form.visitor, &id)?;
    let because = form.text("because");
    let outcome = clients::unverify(&form.visitor.app, by, id.clone(), as_seen(form), because).await;
    done(&form.visitor, &id, outcome, "unverified")
}
