//! `/console/refusals`: why something was refused, from the id that its caller was given.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::{applications, listing, machine, queries, told, wanted, with};
use crate::app::Refused;
use crate::base::{Fault, Id};
use crate::model::{ClientId, Event, Request};
use crate::operations::names::{self, Names};
use crate::operations::refusals::{self, Story};
use crate::operations::resources;
use crate::protocol::advice::Stage;
use crate::web::extract::{Administrator, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::console::{
    Blame, Frame, Mark, Named, RefusalPage, RefusalRow, RefusalsPage, Section, Step, StepLine,
};
use crate::web::words::MendWords;

/// Refusals on one page.
const A_PAGE: usize = 50;

/// `GET /console/refusals`
pub(super) async fn list(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let mut asked = queries(&request);
    let mut text = |name: &str| asked.remove(name).unwrap_or_default().trim().chars().take(512).collect::<String>();
    let (id, client, before) = (text("id"), text("client"), text("before"));
    let base = visitor.app.issuer.path();
    if id.parse::<Id<Request>>().is_ok() {
        return Ok(reply::see_other(visitor, &format!("{base}/console/refusals/{id}")));
    }
    let of = client.parse::<ClientId>().ok();
    let fits = |refused: &Refused| client.is_empty() || (of.is_some() && refused.client == of);
    let (found, more) = visitor.app.refusals.newest(before.parse().ok(), A_PAGE, fits);
    let rows = rows(visitor, &found).await.map_err(|fault| visitor.broken(&fault))?;
    let next = found.last().filter(|_| more);
    let next = next.map(|last| with(&request, "/console/refusals", &["client"], ("before", &last.id.to_string())));
    let page = RefusalsPage {
        shell: visitor.shell(),
        frame: listing(visitor, &request, Section::Audit),
        is_wrong: !id.is_empty(),
        id,
        client,
        rows,
        next,
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

async fn rows(visitor: &Visitor, found: &[Refused]) -> Result<Vec<RefusalRow>, Fault> {
    let ids = found.iter().filter_map(|refused| refused.client.as_ref().map(ToString::to_string)).collect();
    let names = names::of(&visitor.app, ids).await?;
    let row = |refused: &Refused| RefusalRow {
        id: refused.id.to_string(),
        at: visitor.words().at(refused.at, visitor.ctx.at),
        words: refused.words.clone(),
        name: refused.name.clone(),
        door: refused.door.to_owned(),
        client: refused.client.as_ref().map(|client| names.of(&client.to_string()).to_owned()),
        from: refused.network.as_ref().map(ToString::to_string).unwrap_or_default(),
    };
    Ok(found.iter().map(row).collect())
}

/// `GET /console/refusals/{id}`
pub(super) async fn show(admin: Administrator, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let broken = |fault| visitor.broken(&fault);
    let id: Id<Request> = wanted(visitor, &id)?;
    let story = refusals::story(&visitor.app, id).await.map_err(broken)?;
    let now = visitor.ctx.at;
    let words = visitor.words();
    let t = &words.console.refusals.story;
    let told = told::of(&story.entries);
    let lines = told::lines(&visitor.app, words, now, &told).await.map_err(broken)?;
    let named = story.client.iter().map(ToString::to_string).collect();
    let names = names::of(&visitor.app, named).await.map_err(broken)?;
    let is_registered = story.client.as_ref().is_some_and(|client| {
        let text = client.to_string();
        names.of(&text) != text
    });
    let resource = story.refused.as_ref().and_then(|refused| refused.resource.as_ref());
    let about = match resource {
        Some(resource) => {
            let known = resources::list(&visitor.app).await.map_err(broken)?;
            known.into_iter().find(|known| known.identifier == *resource).map(|found| Named {
                href: super::resources::path(found.id),
                about: found.identifier.to_string(),
                name: found.name,
            })
        }
        None => None,
    };
    let is_known = story.refused.is_some() || !story.entries.is_empty();
    let page = RefusalPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::Audit),
        id: id.to_string(),
        at: words.at(story.at, now),
        blame: story.refused.as_ref().map(|refused| Blame {
            words: refused.words.clone(),
            turn: t.turn(refused.turn).to_owned(),
            advice: refused.advice.to_owned(),
            about: about.clone(),
            mend: mend(&t.mend, refused),
            name: refused.name.clone(),
            error: refused.error.to_owned(),
            section: refused.section.to_owned(),
            door: refused.door.to_owned(),
            from: refused.network.as_ref().map(ToString::to_string).unwrap_or_default(),
        }),
        client: story.client.as_ref().map(|client| client_link(client, &names)),
        steps: if is_known { steps(visitor, &story, is_registered) } else { Vec::new() },
        is_whole: story.is_whole,
        entries: lines,
    };
    let status = if is_known { StatusCode::OK } else { StatusCode::NOT_FOUND };
    reply::page(visitor, status, &page, &[])
}

/// Its name, and where its page is if it has one.
fn client_link(client: &ClientId, names: &Names) -> (String, Option<String>) {
    let text = client.to_string();
    let href = match client {
        ClientId::Registered(_) => Some(format!("/console/applications/{text}")),
        ClientId::Machine(_) => Some(format!("/console/machines/{text}")),
        ClientId::Document(_) => None,
    };
    (names.of(&text).to_owned(), href)
}

/// Where an administrator mends it.
fn mend(t: &MendWords, refused: &Refused) -> Option<(String, String)> {
    let (words, href) = match (refused.name.as_str(), refused.client.as_ref()) {
        ("ResourceNotAllowed" | "ScopeNoneLeft", Some(ClientId::Machine(id))) => {
            (t.access, format!("{}/change", machine::path(*id)))
        }
        ("NetworkNotAllowed", Some(ClientId::Machine(id))) => (t.networks, format!("{}/change", machine::path(*id))),
        ("MachineExpired", Some(ClientId::Machine(id))) => (t.end, format!("{}/change", machine::path(*id))),
        ("NotDelegated" | "DelegationElsewhere", Some(ClientId::Machine(id))) => {
            (t.delegate, format!("{}/delegations/new", machine::path(*id)))
        }
        ("ClientSecretExpired" | "WorkloadTokenRefused" | "ClientSecretWrong", Some(ClientId::Machine(id))) => {
            (t.credentials, format!("{}#credentials", machine::path(*id)))
        }
        ("ClientSuspended" | "ClientRetired", Some(ClientId::Machine(id))) => (t.page, machine::path(*id)),
        // What an application may have tokens for is changed by `writ client set` and the API.
        (
            "ResourceNotAllowed"
            | "ScopeNoneLeft"
            | "ClientSuspended"
            | "ClientAwaitingApproval"
            | "ClientRejected"
            | "RedirectUriUnregistered"
            | "ClientSecretExpired",
            Some(id @ ClientId::Registered(_)),
        ) => (t.page, applications::path(id)),
        ("ResourceUnknown" | "ResourceGone", _) => (t.register, "/console/resources/new".to_owned()),
        _ => return None,
    };
    Some((words.to_owned(), href))
}

/// The way of this attempt, as far as it came.
fn steps(visitor: &Visitor, story: &Story, is_registered: bool) -> Vec<StepLine> {
    use Stage::{Authorize, Code, Consent, Discovery, Registration, SignIn, Token, Use};
    let t = &visitor.words().console.refusals.story;
    let is_machine = matches!(story.client, Some(ClientId::Machine(_)));
    let way: &[Stage] = if is_machine {
        &[Discovery, Registration, Token, Use]
    } else {
        &[Discovery, Registration, Authorize, SignIn, Consent, Code, Token, Use]
    };
    let stopped = story.refused.as_ref().map(|refused| refused.stage);
    let ends = way.iter().rposition(|stage| stopped.is_some_and(|at| *stage as u8 <= at)).unwrap_or(way.len() - 1);
    // Of what comes after the refusal nothing is said but that it did not come to it.
    way.iter()
        .enumerate()
        .map(|(place, stage)| {
            let is_here = stopped.is_some() && place == ends;
            let entry = story.entries.iter().find(|entry| stage_of(&entry.event) == Some(*stage));
            let (at, sequence) = match (stage, entry, &story.asked) {
                (_, Some(entry), _) => (Some(entry.at), Some(entry.sequence)),
                (Authorize, None, Some(asked)) => (Some(asked.at), None),
                _ => (None, None),
            };
            let (mark, words) = if is_here {
                (Mark::Refused, t.here)
            } else if place > ends {
                (Mark::NotReached, t.not_here)
            } else if at.is_some() || *stage == Discovery {
                (Mark::Done, "")
            } else if is_registered && *stage == Registration {
                (Mark::Done, t.longer_ago)
            } else {
                (Mark::Unseen, t.not_seen)
            };
            StepLine {
                step: Step { words: t.stage(*stage).to_owned(), mark },
                note: words.to_owned(),
                at: at.filter(|_| mark == Mark::Done).map(|at| visitor.words().at(at, visitor.ctx.at)),
                sequence: sequence.filter(|_| mark == Mark::Done),
            }
        })
        .collect()
}

/// The step that an entry tells of.
fn stage_of(event: &Event) -> Option<Stage> {
    match event {
        Event::ClientRegistered { .. } | Event::ClientRegisteredItself { .. } | Event::ClientApproved { .. } => {
            Some(Stage::Registration)
        }
        Event::SignedIn { .. } => Some(Stage::SignIn),
        Event::ConsentGiven { .. } => Some(Stage::Consent),
        Event::CodeIssued { .. } => Some(Stage::Code),
        Event::TokenIssued { .. } | Event::TokenExchanged { .. } => Some(Stage::Token),
        _ => None,
    }
}
