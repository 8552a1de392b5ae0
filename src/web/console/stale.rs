//! `/console/applications/stale`: those that registered themselves and that nobody uses, to be removed together.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::applications::row;
use super::{declined, listing, queries, shell};
use crate::base::{Id, Lifetime, Timestamp};
use crate::model::Client;
use crate::operations::clients;
use crate::protocol::registration::unused_since;
use crate::web::extract::{Administered, Administrator, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::FlashKind;
use crate::web::views::console::{Choice, Section, StaleApplicationsPage, StaleRow};

/// Applications on one page: as many as are removed at once at most.
const A_PAGE: usize = 100;
const DAYS: [u64; 5] = [7, 30, 90, 180, 365];
const UNLESS_SAID: u64 = 90;

const PATH: &str = "/console/applications/stale";

fn days(text: &str) -> u64 {
    text.parse().ok().filter(|days| DAYS.contains(days)).unwrap_or(UNLESS_SAID)
}

fn before(now: Timestamp, days: u64) -> Timestamp {
    now.minus(Lifetime::from_days(days))
}

/// `GET /console/applications/stale`
pub(super) async fn list(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let asked = queries(&request);
    let said = |name: &str| asked.get(name).map_or("", String::as_str);
    let which = Which {
        days: days(said("days")),
        after: said("after").parse::<Id<Client>>().ok(),
        chosen: Vec::new(),
        unmeant: None,
    };
    page(&admin.visitor, &request, StatusCode::OK, which).await
}

/// What of the list is shown, and how its form was filled in.
struct Which {
    days: u64,
    after: Option<Id<Client>>,
    chosen: Vec<Id<Client>>,
    unmeant: Option<String>,
}

async fn page(
    visitor: &Visitor,
    request: &HttpRequest,
    status: StatusCode,
    which: Which,
) -> Result<HttpResponse, PageProblem> {
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let Which { days, after, chosen, unmeant } = which;
    let page = clients::stale(app, before(now, days), after, A_PAGE).await.map_err(|fault| visitor.broken(&fault))?;
    let words = visitor.words();
    let t = &words.console.applications_stale;
    let outcomes = [
        ("removed", FlashKind::Done, t.removed),
        ("some", FlashKind::Failed, t.some_removed),
        ("none", FlashKind::Failed, t.none_chosen),
    ];
    let view = StaleApplicationsPage {
        shell: shell(visitor, request, &outcomes),
        frame: listing(visitor, request, Section::Applications),
        choices: DAYS.into_iter().map(|one| Choice::new(one.to_string(), words.days(one), one == days)).collect(),
        days,
        rows: page
            .rows
            .iter()
            .map(|(id, client)| StaleRow {
                id: id.to_string(),
                chosen: chosen.contains(id),
                row: row(words, client, now),
                since: words.at(unused_since(client).unwrap_or(client.created_at), now),
            })
            .collect(),
        unmeant,
        after: after.map(|after| after.to_string()).unwrap_or_default(),
        next: page.next.map(|next| format!("{PATH}?days={days}&after={next}")),
    };
    reply::page(visitor, status, &view, &[])
}

/// `POST /console/applications/stale`: what somebody began to use since the page was made stays.
pub(super) async fn remove(asked: Administered, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let Administered { form, by } = &asked;
    let visitor = &form.visitor;
    let days = days(form.text("days"));
    let here =
        |said: &str| reply::see_other(visitor, &format!("{}{PATH}?days={days}&said={said}", visitor.app.issuer.path()));
    let chosen: Vec<Id<Client>> = form.all("client").filter_map(|id| id.parse().ok()).take(A_PAGE).collect();
    if chosen.is_empty() {
        return Ok(here("none"));
    }
    let t = &visitor.words().console.applications_stale;
    // Nothing brings them back: whoever means it types the word, with or without its quotes.
    if form.text("confirm").trim().trim_matches(['„', '“', '”', '"']).to_lowercase() != t.confirm_word {
        let after = form.text("after").parse::<Id<Client>>().ok();
        let unmeant = Some(t.unmeant.to_owned());
        let which = Which { days, after, chosen, unmeant };
        return page(visitor, &request, StatusCode::UNPROCESSABLE_ENTITY, which).await;
    }
    let count = chosen.len();
    let gone = clients::remove_stale(&visitor.app, by, before(visitor.ctx.at, days), chosen).await;
    let gone = gone.map_err(|why| declined(visitor, why))?;
    Ok(here(if gone.len() == count { "removed" } else { "some" }))
}
