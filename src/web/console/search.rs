//! `GET /console/search`: a name, an address or an id, of whatever kind.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::named::Kind;
use super::{queries, resources as resource_pages, scopes as scope_pages};
use crate::base::Id;
use crate::model::{Client, Machine, Person, ProtectedResource, Request, RoleIn};
use crate::operations::machines::{self, Which};
use crate::operations::{clients, credentials, keys, resources, roles, scopes, tenants};
use crate::web::extract::{Administrator, Visitor};
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
    if text.parse::<u64>().is_ok() {
        return Ok(reply::see_other(visitor, &format!("{base}/console/audit/{text}")));
    }
    if let Some(credential) = credentials::of_hint(&visitor.app, &text).await.map_err(broken)? {
        return Ok(reply::see_other(visitor, &format!("{base}/console/machines/{}#credentials", credential.machine)));
    }
    let mut found = Vec::new();
    if !text.is_empty() {
        for (kind, hits) in of_nouns(&admin, &text, &Kind::ALL).await? {
            add(&mut found, kind.title(&visitor.words().console), hits);
        }
        found.extend(of_few(visitor, &text).await?);
    }
    let page =
        SearchPage { shell: visitor.shell(), frame: Frame { query: text, ..Frame::of(Section::Overview) }, found };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// Whatever the audit log names by an id, of these kinds.
pub(super) async fn of_nouns(
    admin: &Administrator,
    text: &str,
    kinds: &[Kind],
) -> Result<Vec<(Kind, Vec<Hit>)>, PageProblem> {
    let mut found = Vec::new();
    for kind in kinds {
        found.push((*kind, of_kind(admin, text, *kind).await?));
    }
    Ok(found)
}

async fn of_kind(admin: &Administrator, text: &str, kind: Kind) -> Result<Vec<Hit>, PageProblem> {
    let visitor = &admin.visitor;
    let (app, broken) = (&visitor.app, |fault| visitor.broken(&fault));
    Ok(match kind {
        Kind::Machines => {
            let which = Which { words: Some(text.to_owned()), ..Which::default() };
            let machines = machines::list(app, &admin.by, which, None, MOST).await.map_err(broken)?;
            let hit = |machine: Machine| Hit {
                id: machine.id.to_string(),
                href: super::machine::path(machine.id),
                name: machine.name,
                about: machine.purpose,
            };
            machines.rows.into_iter().map(|(_, machine)| hit(machine)).collect()
        }
        Kind::Applications => {
            let clients = clients::named_like(app, text, MOST).await.map_err(broken)?;
            let hit = |client: Client| Hit {
                id: client.id.to_string(),
                href: super::applications::path(&client.id),
                name: client.name,
                about: client.id.to_string(),
            };
            clients.into_iter().map(hit).collect()
        }
        Kind::Resources => {
            let resources = resources::named_like(app, text, MOST).await.map_err(broken)?;
            let hit = |resource: ProtectedResource| Hit {
                id: resource.id.to_string(),
                href: resource_pages::path(resource.id),
                name: resource.name,
                about: resource.identifier.to_string(),
            };
            resources.into_iter().map(hit).collect()
        }
        Kind::People => {
            let people = super::people::fitting(visitor, text, MOST).await?;
            let hit = |person: Person| Hit {
                id: person.id.to_string(),
                href: super::person::path(person.id),
                name: person.name,
                about: person.email.as_str().to_owned(),
            };
            people.into_iter().map(hit).collect()
        }
    })
}

/// Whatever there is little of.
async fn of_few(visitor: &Visitor, text: &str) -> Result<Vec<Hits>, PageProblem> {
    let (app, broken) = (&visitor.app, |fault| visitor.broken(&fault));
    let t = &visitor.words().console.frame;
    let mut found = Vec::new();
    let scopes = scopes::named_like(app, text, MOST).await.map_err(broken)?;
    let hits = scopes.into_iter().map(|scope| Hit {
        id: scope.name.to_string(),
        href: scope_pages::path(&scope.name),
        name: scope.name.to_string(),
        about: scope.description,
    });
    add(&mut found, t.scopes, hits.collect());
    let sought = text.to_lowercase();
    let fits = |texts: &[&str]| texts.iter().any(|own| own.to_lowercase().contains(&sought));
    let roles = roles::list(app, None).await.map_err(broken)?.into_iter();
    let hits = roles.filter(|role| fits(&[role.name.as_str(), &role.description])).take(MOST).map(|role| Hit {
        id: role.name.to_string(),
        href: super::roles::path(&RoleIn { tenant: role.tenant.clone(), role: role.name.clone() }),
        name: format!("{}/{}", role.tenant, role.name),
        about: role.description,
    });
    add(&mut found, t.roles, hits.collect());
    let tenants = tenants::list(app).await.map_err(broken)?.into_iter();
    let hits = tenants.filter(|tenant| fits(&[tenant.name.as_str(), &tenant.title])).take(MOST).map(|tenant| Hit {
        id: tenant.name.to_string(),
        href: super::roles::list_path(&tenant.name),
        name: tenant.name.to_string(),
        about: tenant.title,
    });
    add(&mut found, t.tenants, hits.collect());
    let signing = keys::list(app).map_err(broken)?.into_iter();
    let hits = signing.filter(|key| key.kid.starts_with(text)).take(MOST).map(|key| Hit {
        href: super::keys::path(&key.kid),
        name: key.kid.clone(),
        about: key.algorithm.to_string(),
        id: key.kid,
    });
    add(&mut found, t.keys, hits.collect());
    let settings = app.config.entries().filter(|entry| fits(&[entry.name, entry.about])).take(MOST);
    let hits = settings.map(|entry| Hit {
        id: entry.name.to_owned(),
        href: format!("/console/settings#{}", entry.environment),
        name: entry.name.to_owned(),
        about: entry.about.to_owned(),
    });
    add(&mut found, t.settings, hits.collect());
    Ok(found)
}

fn add(found: &mut Vec<Hits>, title: &str, hits: Vec<Hit>) {
    if !hits.is_empty() {
        found.push(Hits { title: title.to_owned(), hits });
    }
}
