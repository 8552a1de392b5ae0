//! `/console/grants` and `/console/delegations`: everything of which another page shows the first few. Whom it is about is in the address.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::{applications, declined, listing, machine, person, queries, shell, with};
use crate::base::Id;
use crate::model::{ClientId, Consent, Delegation, Machine, Person, Subject};
use crate::operations::declined::Declined;
use crate::operations::delegations;
use crate::operations::grants;
use crate::operations::names;
use crate::web::extract::Administrator;
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::FlashKind;
use crate::web::views::console::{DelegationRow, DelegationsPage, GrantRow, GrantsPage, Named, Pill, Section, Tone};

const A_PAGE: usize = 50;

fn of_client(id: &ClientId) -> String {
    match id {
        ClientId::Machine(id) => machine::path(*id),
        other => applications::path(other),
    }
}

fn of_subject(subject: &Subject) -> String {
    match subject {
        Subject::Person(id) => person::path(*id),
        Subject::Client(id) => of_client(id),
    }
}

/// `GET /console/grants`
pub(super) async fn grants(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let broken = |fault| visitor.broken(&fault);
    let asked = queries(&request);
    let said = |name: &str| asked.get(name).map_or("", |text| text.trim());
    let (person, client) = (said("person").parse::<Id<Person>>().ok(), said("client").parse::<ClientId>().ok());
    // Whoever asks for one who cannot be is not shown what everybody allowed.
    if (person.is_none() && !said("person").is_empty()) || (client.is_none() && !said("client").is_empty()) {
        return Err(declined(visitor, Declined::Missing(String::new())));
    }
    let from = said("from").parse::<Id<Consent>>().ok();
    let which = grants::Which { person, client: client.clone() };
    let page = grants::list(app, which, from, A_PAGE).await.map_err(broken)?;
    let mut ids: Vec<String> = person.iter().map(ToString::to_string).collect();
    ids.extend(client.iter().map(ToString::to_string));
    for (_, grant) in &page.rows {
        ids.extend([grant.consent.person.to_string(), grant.consent.client_id.to_string()]);
    }
    let names = names::of(app, ids).await.map_err(broken)?;
    let named = |id: &str, href: String| Named { name: names.of(id).to_owned(), href, about: String::new() };
    let mut of: Vec<Named> = person.iter().map(|id| named(&id.to_string(), person::path(*id))).collect();
    of.extend(client.iter().map(|id| named(&id.to_string(), of_client(id))));
    let next =
        page.next.map(|next| with(&request, "/console/grants", &["person", "client"], ("from", &next.to_string())));
    let view = GrantsPage {
        shell: shell(visitor, &request, &[("revoked", FlashKind::Done, visitor.words().console.grants.revoked)]),
        frame: listing(visitor, &request, if person.is_some() { Section::People } else { Section::Applications }),
        of,
        rows: page
            .rows
            .iter()
            .map(|(id, grant)| GrantRow {
                id: id.to_string(),
                person: names.of(&grant.consent.person.to_string()).to_owned(),
                person_href: person::path(grant.consent.person),
                application: grant.consent.client_name.clone(),
                application_href: of_client(&grant.consent.client_id),
                resource: grant.consent.resource.as_ref().map(ToString::to_string).unwrap_or_default(),
                scopes: grant.consent.scope.iter().map(ToString::to_string).collect(),
                given: visitor.words().at(grant.consent.given_at, now),
            })
            .collect(),
        next,
    };
    reply::page(visitor, StatusCode::OK, &view, &[])
}

/// `GET /console/delegations`
pub(super) async fn delegations(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let broken = |fault| visitor.broken(&fault);
    let asked = queries(&request);
    let said = |name: &str| asked.get(name).map_or("", |text| text.trim());
    let actor = said("actor").parse::<Id<Machine>>().ok();
    let person = said("subject").parse::<Id<Person>>().ok().map(Subject::Person);
    let subject = person.or_else(|| said("subject").parse::<ClientId>().ok().map(Subject::Client));
    if (actor.is_none() && !said("actor").is_empty()) || (subject.is_none() && !said("subject").is_empty()) {
        return Err(declined(visitor, Declined::Missing(String::new())));
    }
    let before = said("before").parse::<Id<Delegation>>().ok();
    let which = delegations::Which { actor, subject: subject.clone(), state: None };
    let page = delegations::list(app, now, which, before, A_PAGE).await.map_err(broken)?;
    let mut ids: Vec<String> = actor.iter().map(ToString::to_string).collect();
    ids.extend(subject.iter().map(Subject::text));
    ids.extend(page.rows.iter().flat_map(|(_, one)| [one.actor.to_string(), one.subject.text()]));
    let names = names::of(app, ids).await.map_err(broken)?;
    let named = |id: &str, href: String| Named { name: names.of(id).to_owned(), href, about: String::new() };
    let mut of: Vec<Named> = actor.iter().map(|id| named(&id.to_string(), machine::path(*id))).collect();
    of.extend(subject.iter().map(|subject| named(&subject.text(), of_subject(subject))));
    let next = page
        .next
        .map(|next| with(&request, "/console/delegations", &["actor", "subject"], ("before", &next.to_string())));
    let view = DelegationsPage {
        shell: shell(visitor, &request, &[]),
        frame: listing(
            visitor,
            &request,
            if actor.is_none() && subject.is_some() { Section::People } else { Section::Machines },
        ),
        of,
        rows: page
            .rows
            .iter()
            .map(|(_, one)| {
                let state = one.standing(now);
                DelegationRow {
                    id: one.id.to_string(),
                    may_revoke: state == "live",
                    machine: names.of(&one.actor.to_string()).to_owned(),
                    machine_href: machine::path(one.actor),
                    subject: names.of(&one.subject.text()).to_owned(),
                    subject_href: of_subject(&one.subject),
                    purpose: one.purpose.clone(),
                    scopes: one.scope.iter().map(ToString::to_string).collect(),
                    state: Pill::new(
                        visitor.words().console.machine_labels.delegation(state),
                        if state == "live" { Tone::Live } else { Tone::Plain },
                    ),
                    until: visitor.words().at(one.expires_at, now),
                }
            })
            .collect(),
        next,
    };
    reply::page(visitor, StatusCode::OK, &view, &[])
}
