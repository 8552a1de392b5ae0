//! What an administrator says about an application that registered itself: that it may be used, that it may not, that they looked at it.

use actix_web::{HttpResponse, web};

use super::applications::{FILTER, path};
use super::{as_seen, back, declined, kept, wanted};
use crate::base::Digest;
use crate::model::ClientId;
use crate::operations::clients;
use crate::operations::declined::Declined;
use crate::operations::seen::Seen;
use crate::web::extract::{Administered, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;

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

/// Most applications decided about by one form.
const MOST: usize = 100;

/// `POST /console/applications/review`: several at once, each alone and as its row showed it. One that may be taken for another is not
/// approved so: whoever decides about it has opened it.
pub(super) async fn several(asked: Administered) -> Result<HttpResponse, PageProblem> {
    let Administered { form, by } = &asked;
    let (visitor, app) = (&form.visitor, &form.visitor.app);
    let filter = kept(form.text("here"), &FILTER);
    let list = if filter.is_empty() { String::new() } else { format!("{filter}&") };
    let here = |said: &str| {
        reply::see_other(visitor, &format!("{}/console/applications?{list}said={said}", app.issuer.path()))
    };
    let chosen = form.all("client").filter_map(|text| {
        let (id, seen) = text.split_once(' ')?;
        Some((id.parse::<ClientId>().ok()?, Seen::OneOf(Digest::parse(seen).into_iter().collect())))
    });
    let chosen: Vec<(ClientId, Seen)> = chosen.take(MOST).collect();
    let approves = match form.text("verdict") {
        _ if chosen.is_empty() => return Ok(here("none")),
        "approve" => true,
        "reject" => false,
        _ => return Ok(here("none")),
    };
    let mut all = true;
    for (id, seen) in chosen {
        let outcome = if approves {
            clients::approve_unopened(app, by, id, seen).await
        } else {
            clients::reject(app, by, id, seen, form.text("because")).await
        };
        match outcome {
            Ok(_) => {}
            Err(Declined::Stale | Declined::Conflict(_) | Declined::Missing(_)) => all = false,
            Err(other) => return Err(declined(visitor, other)),
        }
    }
    Ok(here(match (all, approves) {
        (false, _) => "not-all",
        (true, true) => "all-approved",
        (true, false) => "all-rejected",
    }))
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
