//! `GET /console/search`: a name, an address or an id, of whatever kind.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::{queries, resources as resource_pages, scopes as scope_pages};
use crate::base::Id;
use crate::model::{Client, Machine, Person, ProtectedResource, Request};
use crate::operations::machines::{self, Which};
use crate::operations::{clients, resources, scopes};
use crate::web::extract::Administrator;
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::console::{Frame, Hit, Hits, SearchPage, Section};

/// Most hits of one kind, and the longest text that is looked for.
const MOST: usize = 20;
const LONGEST: usize = 200;

pub(super) async fn show(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let broken = |fault| visitor.broken(&fault);
    let text: String = queries(&request).remove("q").unwrap_or_default().trim().chars().take(LONGEST).collect();
    let base = visitor.app.issuer.path();
    // An id is not looked for: it is somewhere or nowhere.
    if text.parse::<Id<Machine>>().is_ok() {
        return Ok(reply::see_other(visitor, &format!("{base}/console/machines/{text}")));
    }
    if text.parse::<Id<Client>>().is_ok() {
        return Ok(reply::see_other(visitor, &format!("{base}/console/applications/{text}")));
    }
    if text.parse::<Id<ProtectedResource>>().is_ok() {
        return Ok(reply::see_other(visitor, &format!("{base}/console/resources/{text}")));
    }
    if text.parse::<Id<Person>>().is_ok() {
        return Ok(reply::see_other(visitor, &format!("{base}/console/people/{text}")));
    }
    if text.parse::<Id<Request>>().is_ok() {
        return Ok(reply::see_other(visitor, &format!("{base}/console/refusals/{text}")));
    }
    let mut found = Vec::new();
    if !text.is_empty() {
        let which = Which { words: Some(text.clone()), ..Which::default() };
        let machines = machines::list(&visitor.app, &admin.by, which, None, MOST).await.map_err(broken)?;
        let hits = machines.rows.into_iter().map(|(_, machine)| Hit {
            href: format!("/console/machines/{}", machine.id),
            name: machine.name,
            about: machine.purpose,
        });
        add(&mut found, "Machines", hits.collect());
        let clients = clients::named_like(&visitor.app, &text, MOST).await.map_err(broken)?;
        let hits = clients.into_iter().map(|client| Hit {
            href: format!("/console/applications/{}", client.id),
            name: client.name,
            about: client.id.to_string(),
        });
        add(&mut found, "Applications", hits.collect());
        let resources = resources::named_like(&visitor.app, &text, MOST).await.map_err(broken)?;
        let hits = resources.into_iter().map(|resource| Hit {
            href: resource_pages::path(resource.id),
            name: resource.name,
            about: resource.identifier.to_string(),
        });
        add(&mut found, "Resources", hits.collect());
        let scopes = scopes::named_like(&visitor.app, &text, MOST).await.map_err(broken)?;
        let hits = scopes.into_iter().map(|scope| Hit {
            href: scope_pages::path(&scope.name),
            name: scope.name.to_string(),
            about: scope.description,
        });
        add(&mut found, "Scopes", hits.collect());
        let people = super::people::fitting(visitor, &text, MOST).await?;
        let hits = people.into_iter().map(|person| Hit {
            href: super::person::path(person.id),
            name: person.name,
            about: person.email.as_str().to_owned(),
        });
        add(&mut found, "People", hits.collect());
    }
    let page =
        SearchPage { shell: visitor.shell(), frame: Frame { query: text, ..Frame::of(Section::Overview) }, found };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

fn add(found: &mut Vec<Hits>, title: &str, hits: Vec<Hit>) {
    if !hits.is_empty() {
        found.push(Hits { title: title.to_owned(), hits });
    }
}
