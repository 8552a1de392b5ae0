//! `/console/applications`: who registered what, and what people allowed it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::told;
use super::{
    back, declined, kept, left, listing, mark, once, or_any, queries, sentence, shell, snippets, wanted, with,
};
use crate::base::{Id, Lifetime, RedirectUri, Resource, Secret, Timestamp};
use crate::model::{AuthMethod, Client, ClientId, ClientState, Consent, Provenance};
use crate::operations::audit::{self, Which as Entries};
use crate::operations::client_secrets;
use crate::operations::clients::{self, Checked, NewClient, RegisteredBy, Which};
use crate::operations::crossings;
use crate::operations::declined::{Declined, Invalid};
use crate::operations::grants;
use crate::operations::look_alike;
use crate::operations::names;
use crate::operations::seen::{Seen, tag};
use crate::operations::{resources, scopes};
use crate::web::extract::{Administered, Administrator, Posted, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::console::{
    ApplicationFormPage, ApplicationPage, ApplicationRow, ApplicationsPage, Choice, Frame, GrantLine, Pill, SecretLine,
    SecretPage, Section, Snippets, Tone,
};
use crate::web::views::{Field, FlashKind};
use crate::web::words::{ApplicationFormWords, ApplicationsWords, Words};

/// Applications on one page, and grants and events of one application.
const A_PAGE: usize = 50;
const SHOWN: usize = 20;

/// What the address of the list calls them.
const STATES: [(&str, ClientState); 4] = [
    ("waiting", ClientState::AwaitingApproval),
    ("rejected", ClientState::Rejected),
    ("active", ClientState::Active),
    ("suspended", ClientState::Suspended),
];

const REGISTERED: [(&str, RegisteredBy); 3] = [
    ("administrator", RegisteredBy::Administrator),
    ("itself", RegisteredBy::Itself),
    ("document", RegisteredBy::Document),
];

const CHECKED: [(&str, Checked); 2] = [("verified", Checked::Verified), ("nobody", Checked::ByNobody)];

/// What the address of the list may say, and a form leads back to.
pub(super) const FILTER: [&str; 4] = ["q", "state", "by", "checked"];

type Said = (&'static str, FlashKind, &'static str);

/// What came of deciding about several at once.
const fn reviewed(t: &ApplicationsWords) -> [Said; 4] {
    [
        ("all-approved", FlashKind::Done, t.all_approved),
        ("all-rejected", FlashKind::Done, t.all_rejected),
        ("not-all", FlashKind::Failed, t.not_all),
        ("none", FlashKind::Failed, t.none_chosen),
    ]
}

const fn done(words: &Words) -> [Said; 12] {
    let t = &words.console.application;
    [
        ("secrets-ended", FlashKind::Done, t.secrets_ended),
        ("approved", FlashKind::Done, t.is_approved),
        ("rejected", FlashKind::Done, t.is_rejected),
        ("verified", FlashKind::Done, t.is_verified),
        ("unverified", FlashKind::Done, t.is_unverified),
        ("changed-since", FlashKind::Failed, t.has_changed),
        ("stopped", FlashKind::Done, t.is_stopped),
        ("resumed", FlashKind::Done, t.is_resumed),
        ("removed", FlashKind::Done, t.is_removed),
        ("revoked", FlashKind::Done, words.console.grants.revoked),
        ("registered", FlashKind::Done, t.is_registered),
        ("wrong-name", FlashKind::Failed, t.wrong_name),
    ]
}

pub(super) fn path(id: &ClientId) -> String {
    format!("/console/applications/{id}")
}

/// `GET /console/applications`
pub(super) async fn list(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let words = visitor.words();
    let t = &words.console.applications;
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let broken = |fault| visitor.broken(&fault);
    let asked = queries(&request);
    let said = |name: &str| asked.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let state = said("state").and_then(|state| STATES.into_iter().find(|(name, _)| *name == state));
    let registered = said("by").and_then(|by| REGISTERED.into_iter().find(|(name, _)| *name == by));
    let checked = said("checked").and_then(|checked| CHECKED.into_iter().find(|(name, _)| *name == checked));
    let which = Which {
        state: state.map(|(_, state)| state),
        registered: registered.map(|(_, registered)| registered),
        checked: checked.map(|(_, checked)| checked),
    };
    let before = said("before").and_then(|id| id.parse::<Id<Client>>().ok());
    let (found, next) = match said("q") {
        Some(text) => (clients::named_like_among(app, which, text, A_PAGE).await.map_err(broken)?, None),
        None => {
            let page = clients::list(app, which, before, A_PAGE).await.map_err(broken)?;
            (page.rows.into_iter().map(|(_, client)| client).collect(), page.next)
        }
    };
    let mut rows: Vec<ApplicationRow> = found.iter().map(|client| row(words, client, now)).collect();
    // Whoever decides from the list sees what a person would be warned of.
    let waiting: Vec<Client> =
        found.into_iter().filter(|client| client.state == ClientState::AwaitingApproval).collect();
    let alike = look_alike::of(app, waiting).await.map_err(broken)?;
    for (row, known) in rows.iter_mut().filter(|row| row.waits).zip(alike) {
        row.resembles = known;
    }
    let outcomes: Vec<Said> = done(words).into_iter().chain(reviewed(t)).collect();
    let page = ApplicationsPage {
        shell: shell(visitor, &request, &outcomes),
        frame: Frame {
            query: said("q").unwrap_or_default().to_owned(),
            ..listing(visitor, &request, Section::Applications)
        },
        states: choices(words, &STATES, state.map(|(name, _)| name), |one| t.those(one)),
        registered: choices(words, &REGISTERED, registered.map(|(name, _)| name), |one| t.those_by(one)),
        checked: choices(words, &CHECKED, checked.map(|(name, _)| name), |one| t.those_checked(one)),
        rows,
        narrowed: [state.is_some(), registered.is_some(), checked.is_some(), said("q").is_some()].contains(&true),
        here: kept(request.query_string(), &FILTER),
        next: next.map(|next| with(&request, "/console/applications", &FILTER, ("before", &next.to_string()))),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

fn choices<T: Copy>(
    words: &Words,
    all: &[(&'static str, T)],
    chosen: Option<&str>,
    said: impl Fn(T) -> &'static str,
) -> Vec<Choice> {
    or_any(words, all.iter().map(|(name, one)| Choice::new(*name, said(*one), chosen == Some(*name))))
}

pub(super) fn row(words: &Words, client: &Client, now: Timestamp) -> ApplicationRow {
    let t = &words.console.applications;
    let mut answers: Vec<String> = client.redirect_uris.iter().map(|uri| host(t, uri)).collect();
    answers.sort_unstable();
    answers.dedup();
    ApplicationRow {
        href: path(&client.id),
        name: client.name.clone(),
        answers: answers.join(", "),
        registered_by: t.by(&client.provenance).to_owned(),
        state: standing(words, client),
        registered: words.at(client.created_at, now),
        used: client.first_used_at.is_some(),
        waits: client.state == ClientState::AwaitingApproval,
        verified: client.verified().is_some(),
        resembles: None,
        chosen_as: format!("{} {}", client.id, seen(client)),
        seen: seen(client),
    }
}

fn listed<'a, T>(all: &'a [T], said: impl Fn(&'a T) -> &'a str) -> String {
    all.iter().map(said).collect::<Vec<_>>().join(", ")
}

/// The secrets that are good, the newest first.
fn secrets(words: &Words, client: &Client, now: Timestamp) -> Vec<SecretLine> {
    let live = client.live_secrets(now).rev();
    live.enumerate()
        .map(|(place, one)| SecretLine {
            newest: place == 0,
            made: words.at(one.created_at, now),
            until: one.expires_at.map(|at| words.at(at, now)),
            used: one.last_used_at.map(|at| words.at(at, now)),
        })
        .collect()
}

/// What a form about it says that its sender has seen. A row that cannot be told apart is never still as it was.
fn seen(client: &Client) -> String {
    tag(client).map(|tag| tag.text()).unwrap_or_default()
}

/// Where an answer goes, as people say it.
fn host(t: &ApplicationsWords, uri: &RedirectUri) -> String {
    match url::Url::parse(uri.as_str()) {
        Ok(url) if url.scheme() == "https" => url.host_str().unwrap_or_default().to_owned(),
        Ok(url) if url.scheme() == "http" => t.this_computer.to_owned(),
        _ => t.an_app.to_owned(),
    }
}

fn standing(words: &Words, client: &Client) -> Pill {
    let tone = match client.state {
        ClientState::Active => Tone::Live,
        ClientState::AwaitingApproval => Tone::Soon,
        ClientState::Rejected | ClientState::Suspended => Tone::Danger,
        ClientState::Retired => Tone::Plain,
    };
    Pill::new(words.console.applications.standing(client.state), tone)
}

/// `GET /console/applications/{id}`
pub(super) async fn show(
    admin: Administrator,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let words = visitor.words();
    let t = &words.console.application;
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let broken = |fault| visitor.broken(&fault);
    let id: ClientId = wanted(visitor, &id)?;
    let client = clients::find(app, &id).await.map_err(|why| declined(visitor, why))?;
    let which = grants::Which { person: None, client: Some(id.clone()) };
    let given = grants::list(app, which, None, SHOWN).await.map_err(broken)?;
    let mark = client.verified();
    let people = given.rows.iter().map(|(_, grant)| grant.consent.person.to_string());
    let people = people.chain(mark.and_then(|mark| told::actor(&mark.by))).collect();
    let people = names::of(app, people).await.map_err(broken)?;
    let which = Entries { about: Some(id.to_string()), ..Entries::default() };
    let entries = audit::list(app, which, None, SHOWN).await.map_err(broken)?.entries;
    let told = told::of(&entries);
    let verified = mark.map(|mark| (told::by(words, &mark.by, &people), words.at(mark.at, now)));
    let (count, more) = (given.rows.len(), given.next.is_some());
    let all = resources::list(app).await.map_err(broken)?;
    let resource = snippets::meant(client.resources.first(), &all);
    let carries = crossings::list(app, Some(id.clone()), None, SHOWN).await.map_err(broken)?.rows;
    let carried = match carries.iter().map(|(_, crossing)| crossing.audience.as_str()).collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => String::new(),
        there => format!(" {}", (t.carries)(&there)),
    };
    let resembles = look_alike::of(app, vec![client.clone()]).await.map_err(broken)?.pop().flatten();
    let left = match client.state {
        ClientState::Suspended => left::words(words, &clients::left(app, now, id.clone()).await.map_err(broken)?, now),
        _ => None,
    };
    let page = ApplicationPage {
        shell: shell(visitor, &request, &done(words)),
        frame: Frame::of(Section::Applications),
        href: path(&id),
        name: client.name.clone(),
        state: standing(words, &client),
        registered_by: match client.provenance {
            Provenance::Dynamic { .. } if mark.is_none() => t.by_itself_unchecked,
            Provenance::Document => t.by_document,
            ref known => words.console.applications.by(known),
        }
        .to_owned(),
        registered: words.at(client.created_at, now),
        first_used: client.first_used_at.map(|at| words.at(at, now)),
        reaped: client.reaped_at.filter(|_| client.first_used_at.is_none()).map(|at| words.at(at, now)),
        proves: match client.auth_method {
            AuthMethod::None => t.proves_nothing,
            AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost => t.proves_secret,
            AuthMethod::PrivateKeyJwt => t.proves_key,
        }
        .to_owned(),
        redirect_uris: client.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect(),
        reach: (t.reach)(
            &listed(&client.grant_types, |grant| grant.as_str()),
            &listed(&client.resources, |resource| resource.as_str()),
            &client.scope.as_ref().map(ToString::to_string).unwrap_or_default(),
        ),
        client_uri: client.client_uri.clone(),
        once: super::mark(app, &visitor.ctx).map_err(broken)?,
        secrets: secrets(words, &client, now),
        seen: seen(&client),
        verified,
        rejected: client.review.rejected.clone().filter(|_| client.state == ClientState::Rejected),
        waits: client.state == ClientState::AwaitingApproval,
        resembles,
        active: client.state == ClientState::Active,
        suspended: client.state == ClientState::Suspended,
        left,
        // Nobody sets up what may not be used.
        snippets: if client.state == ClientState::Active {
            snippets::application::of(app, words, &client, resource, None)
        } else {
            Snippets::default()
        },
        grants: given
            .rows
            .iter()
            .map(|(id, grant)| GrantLine {
                id: id.to_string(),
                person: people.of(&grant.consent.person.to_string()).to_owned(),
                resource: grant.consent.resource.as_ref().map(ToString::to_string).unwrap_or_default(),
                scopes: grant.consent.scope.iter().map(ToString::to_string).collect(),
                given: words.at(grant.consent.given_at, now),
            })
            .collect(),
        more_grants: more,
        events: told::folded(app, words, now, &told).await.map_err(broken)?,
        at_stake: if more { (t.allowed_by_more_than)(count as u64) } else { (t.allowed_by)(count as u64) } + &carried,
        id: id.to_string(),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// `POST /console/applications/{id}/suspension`
pub(super) async fn suspend(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: ClientId = wanted(visitor, &id)?;
    let because = asked.form.text("because");
    let done = clients::suspend(&visitor.app, &asked.by, id.clone(), Seen::Anything, because).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, &path(&id), "stopped"))
}

/// `POST /console/applications/{id}/resumption`
pub(super) async fn resume(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: ClientId = wanted(visitor, &id)?;
    let done = clients::resume(&visitor.app, &asked.by, id.clone(), Seen::Anything).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, &path(&id), "resumed"))
}

/// `POST /console/applications/{id}/secret`: another one, shown once.
pub(super) async fn rotate(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let Administered { form, by } = asked;
    let visitor = &form.visitor;
    let id: ClientId = wanted(visitor, &id)?;
    let overlap = form.text("overlap").parse::<Lifetime>();
    let overlap = overlap.map_err(|why| declined(visitor, Declined::field("overlap", why)))?;
    let by = once(&visitor.app, by, form.text("once"), &["application secret", &id.to_string(), form.text("overlap")]);
    match client_secrets::rotate(&visitor.app, &by, id.clone(), Seen::Anything, overlap).await {
        Ok(made) => {
            let until = made.client.secrets.iter().rev().nth(1).and_then(|old| old.expires_at);
            secret_page(visitor, &made.client, Some(&made.secret), until).await
        }
        Err(Declined::MadeAlready(_)) => {
            let client = clients::find(&visitor.app, &id).await.map_err(|why| declined(visitor, why))?;
            secret_page(visitor, &client, None, None).await
        }
        Err(why) => Err(declined(visitor, why)),
    }
}

/// `POST /console/applications/{id}/secret/overlap/end`
pub(super) async fn end_old(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: ClientId = wanted(visitor, &id)?;
    let done = client_secrets::end_old(&visitor.app, &asked.by, id.clone(), Seen::Anything).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, &path(&id), "secrets-ended"))
}

/// `POST /console/applications/{id}/removal`: nothing brings it back, so its name is asked for.
pub(super) async fn remove(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: ClientId = wanted(visitor, &id)?;
    let client = clients::find(&visitor.app, &id).await.map_err(|why| declined(visitor, why))?;
    if asked.form.text("name").trim() != client.name.trim() {
        return Ok(back(visitor, &path(&id), "wrong-name"));
    }
    let done = clients::remove(&visitor.app, &asked.by, id, Seen::Anything).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, "/console/applications", "removed"))
}

/// `POST /console/applications/{id}/grants/{grant}/revocation`
pub(super) async fn revoke(asked: Administered, ids: web::Path<(String, String)>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: ClientId = wanted(visitor, &ids.0)?;
    let grant: Id<Consent> = wanted(visitor, &ids.1)?;
    let found = grants::find(&visitor.app, grant).await.map_err(|why| declined(visitor, why))?;
    if found.consent.client_id != id {
        return Err(declined(visitor, Declined::Missing(String::new())));
    }
    let done = grants::revoke(&visitor.app, &asked.by, grant, Seen::Anything).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, &path(&id), "revoked"))
}

/// What was typed, before it is looked at.
#[derive(Clone, Debug, Default)]
struct Typed {
    name: String,
    redirect_uris: String,
    method: String,
    scopes: Vec<String>,
    resources: Vec<String>,
}

impl Typed {
    fn of(form: &Posted) -> Self {
        Self {
            name: form.text("name").trim().to_owned(),
            redirect_uris: form.text("redirect_uris").replace('\r', "").trim().to_owned(),
            method: form.text("method").to_owned(),
            scopes: form.all("scope").map(str::to_owned).collect(),
            resources: form.all("resource").map(str::to_owned).collect(),
        }
    }

    /// In the words of RFC 7591 §2: the same parser and the same rules as at the registration endpoint.
    fn registration(&self) -> Value {
        let redirects: Vec<&str> = self.redirect_uris.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let mut members = json!({
            "client_name": self.name,
            "redirect_uris": redirects,
            "token_endpoint_auth_method": self.method,
            "grant_types": ["authorization_code", "refresh_token"],
        });
        if let (false, Some(members)) = (self.scopes.is_empty(), members.as_object_mut()) {
            members.insert("scope".to_owned(), json!(self.scopes.join(" ")));
        }
        members
    }
}

const fn methods(t: &ApplicationFormWords) -> [(&'static str, &'static str); 2] {
    [("none", t.no_method), ("client_secret_basic", t.by_secret)]
}

/// `GET /console/applications/new`
pub(super) async fn new(admin: Administrator) -> Result<HttpResponse, PageProblem> {
    let typed = Typed { method: "none".to_owned(), ..Typed::default() };
    form(&admin.visitor, StatusCode::OK, &typed, &Invalid::default(), None).await
}

/// `POST /console/applications/new`
pub(super) async fn create(asked: Administered) -> Result<HttpResponse, PageProblem> {
    let Administered { form: posted, by } = asked;
    let visitor = &posted.visitor;
    let typed = Typed::of(&posted);
    let resources: Vec<Resource> = typed.resources.iter().filter_map(|text| Resource::parse(text).ok()).collect();
    let by = once(&visitor.app, by, posted.text("once"), &["application", &format!("{typed:?}")]);
    let made = match clients::registration(&typed.registration()) {
        Ok(registration) => {
            clients::add(&visitor.app, &by, NewClient { registration, resources, serves: Vec::new() }).await
        }
        Err(refused) => Err(refused),
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    match made {
        Ok(made) => match made.secret {
            Some(secret) => secret_page(visitor, &made.client, Some(&secret), None).await,
            None => Ok(back(visitor, &path(&made.client.id), "registered")),
        },
        Err(Declined::Broken(fault)) => Err(visitor.broken(&fault)),
        Err(Declined::Invalid(invalid)) => form(visitor, status, &typed, &invalid, None).await,
        Err(other) => form(visitor, status, &typed, &Invalid::default(), Some(sentence(visitor.words(), &other))).await,
    }
}

async fn secret_page(
    visitor: &Visitor,
    client: &Client,
    secret: Option<&Secret>,
    overlap: Option<Timestamp>,
) -> Result<HttpResponse, PageProblem> {
    let all = resources::list(&visitor.app).await.map_err(|fault| visitor.broken(&fault))?;
    let resource = snippets::meant(client.resources.first(), &all);
    let mut snippets = match secret {
        Some(secret) => {
            snippets::application::of(&visitor.app, visitor.words(), client, resource, Some(secret.expose()))
        }
        None => Snippets::default(),
    };
    let page = SecretPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::Applications),
        machine: client.name.clone(),
        machine_href: path(&client.id),
        client_id: client.id.to_string(),
        what: visitor.words().console.application.client_secret.to_owned(),
        secret: secret.map(|secret| secret.expose().to_owned()),
        overlap: overlap.map(|until| visitor.words().at(until, visitor.ctx.at)),
        env: snippets.take_env(),
        snippets,
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

async fn form(
    visitor: &Visitor,
    status: StatusCode,
    typed: &Typed,
    wrong: &Invalid,
    problem: Option<String>,
) -> Result<HttpResponse, PageProblem> {
    let broken = |fault| visitor.broken(&fault);
    let catalogue = scopes::list_all(&visitor.app).await.map_err(broken)?;
    let known = resources::list(&visitor.app).await.map_err(broken)?;
    let elsewhere: Vec<&str> = wrong
        .0
        .iter()
        .filter(|(field, _)| !["client_name", "redirect_uris"].contains(field))
        .map(|(_, why)| why.as_str())
        .collect();
    let page = ApplicationFormPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::Applications),
        once: mark(&visitor.app, &visitor.ctx).map_err(broken)?,
        name: Field { value: typed.name.clone(), error: wrong.of("client_name") },
        redirect_uris: Field { value: typed.redirect_uris.clone(), error: wrong.of("redirect_uris") },
        methods: methods(&visitor.words().console.application_form)
            .into_iter()
            .map(|(value, label)| Choice::new(value, label, typed.method == value))
            .collect(),
        scopes: catalogue
            .iter()
            .map(|entry| {
                let name = entry.name.to_string();
                let chosen = typed.scopes.contains(&name);
                Choice::new(name, visitor.describes(entry), chosen)
            })
            .collect(),
        resources: known
            .iter()
            .map(|resource| {
                let identifier = resource.identifier.to_string();
                let chosen = typed.resources.contains(&identifier);
                Choice::new(identifier, resource.name.clone(), chosen)
            })
            .collect(),
        problem: problem.or_else(|| (!elsewhere.is_empty()).then(|| elsewhere.join(" "))),
    };
    reply::page(visitor, status, &page, &[])
}
