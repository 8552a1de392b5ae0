//! `/console/providers`: whose word about people is taken, at which of them people sign in, and whom they mean.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::person::path as person_path;
use super::{as_seen, back, declined, mark, once, queries, sentence, shell, wanted, with};
use crate::base::{Id, Secret};
use crate::model::{Email, IdentityProvider, PersonBy, SubjectLink};
use crate::operations::declined::{Declined, Invalid};
use crate::operations::names::{self, Names};
use crate::operations::people;
use crate::operations::providers::{self, NewProvider, ProviderChange, SignInTerms};
use crate::operations::seen::{Seen, tag};
use crate::web::extract::{Administered, Administrator, Posted, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::console::{
    Frame, LinkLine, Pill, ProviderFormPage, ProviderPage, ProviderRow, ProvidersPage, Section, Tone,
};
use crate::web::views::{Field, FlashKind};
use crate::web::words::{ProviderSaid, ProvidersWords};

/// Links on one page.
const A_PAGE: usize = 50;
const LIST: &str = "/console/providers";

/// What the page before has to say.
fn said(t: &ProviderSaid) -> [(&'static str, FlashKind, &'static str); 8] {
    [
        ("added", FlashKind::Done, t.added),
        ("changed", FlashKind::Done, t.changed),
        ("on", FlashKind::Done, t.on),
        ("off", FlashKind::Done, t.off),
        ("removed", FlashKind::Done, t.removed),
        ("linked", FlashKind::Done, t.linked),
        ("unlinked", FlashKind::Done, t.unlinked),
        ("nobody", FlashKind::Failed, t.nobody),
    ]
}

fn path(id: Id<IdentityProvider>) -> String {
    format!("{LIST}/{id}")
}

/// `GET /console/providers`
pub(super) async fn list(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let found = providers::list(&visitor.app).await.map_err(|fault| visitor.broken(&fault))?;
    let t = &visitor.words().console.providers;
    let row = |provider: &IdentityProvider| ProviderRow {
        href: path(provider.id),
        name: provider.called().to_owned(),
        issuer: provider.issuer.clone(),
        state: state(t, provider),
        known_by: t.of_known_by(&provider.person_by),
    };
    let page = ProvidersPage {
        shell: shell(visitor, &request, &said(&t.said)),
        frame: Frame::of(Section::Settings),
        rows: found.iter().map(row).collect(),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

fn state(t: &ProvidersWords, provider: &IdentityProvider) -> Pill {
    let tone = match &provider.sign_in {
        Some(sign_in) if sign_in.on => Tone::Live,
        Some(_) => Tone::Soon,
        None => Tone::Plain,
    };
    Pill::new(t.of_state(provider), tone)
}

/// `GET /console/providers/{id}`
pub(super) async fn show(
    admin: Administrator,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let app = &visitor.app;
    let id: Id<IdentityProvider> = wanted(visitor, &id)?;
    let provider = providers::find(app, id).await.map_err(|why| declined(visitor, why))?;
    let after = queries(&request).remove("after");
    let links = providers::links(app, id, after, A_PAGE).await.map_err(|why| declined(visitor, why))?;
    let people = links.rows.iter().map(|(_, link)| link.person.to_string()).collect();
    let names = names::of(app, people).await.map_err(|fault| visitor.broken(&fault))?;
    let sign_in = provider.sign_in.as_ref();
    let (words, now) = (visitor.words(), visitor.ctx.at);
    let t = &words.console.providers;
    let page = ProviderPage {
        shell: shell(visitor, &request, &said(&t.said)),
        frame: Frame::of(Section::Settings),
        href: path(id),
        change: format!("{}/change", path(id)),
        name: provider.called().to_owned(),
        issuer: provider.issuer.clone(),
        state: state(t, &provider),
        on: sign_in.map(|sign_in| sign_in.on),
        client_id: sign_in.map(|sign_in| sign_in.client_id.clone()).unwrap_or_default(),
        secret: sign_in.and_then(|sign_in| sign_in.secret_set_at).map(|at| words.at(at, now)),
        scope: sign_in.map(|sign_in| sign_in.scope.to_string()).unwrap_or_default(),
        redirect_uri: providers::redirect_uri(app, id),
        known_by: t.of_known_by(&provider.person_by),
        keys: match (&provider.jwks, &provider.jwks_uri) {
            (Some(_), _) => t.keys_written_down.to_owned(),
            (None, Some(uri)) => uri.clone(),
            (None, None) => t.keys_in_metadata.to_owned(),
        },
        added: words.at(provider.created_at, now),
        seen: tag(&provider.without_secret()).map_err(|fault| visitor.broken(&fault))?.text(),
        links: links.rows.iter().map(|(_, link)| line(visitor, link, &names)).collect(),
        next: links.next.map(|next| with(&request, &path(id), &[], ("after", &next))),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

fn line(visitor: &Visitor, link: &SubjectLink, names: &Names) -> LinkLine {
    LinkLine {
        subject: link.subject.clone(),
        person: names.of(&link.person.to_string()).to_owned(),
        href: person_path(link.person),
        linked: visitor.words().at(link.linked_at, visitor.ctx.at),
    }
}

/// What was typed, before it is looked at. The secret never comes back.
#[derive(Clone, Debug, Default)]
struct Typed {
    issuer: String,
    jwks_uri: String,
    domains: String,
    name: String,
    client_id: String,
    scope: String,
    /// It has none at the provider.
    public: bool,
}

impl Typed {
    fn of(form: &Posted) -> Self {
        let text = |name: &str| form.text(name).trim().to_owned();
        Self {
            issuer: text("issuer"),
            jwks_uri: text("jwks_uri"),
            domains: text("domains"),
            name: text("name"),
            client_id: text("client_id"),
            scope: text("scope"),
            public: form.optional("public").is_some(),
        }
    }

    fn filled_from(provider: &IdentityProvider) -> Self {
        let sign_in = provider.sign_in.as_ref();
        Self {
            issuer: provider.issuer.clone(),
            jwks_uri: provider.jwks_uri.clone().unwrap_or_default(),
            domains: match &provider.person_by {
                PersonBy::Link => String::new(),
                PersonBy::Email { domains } => domains.join(" "),
            },
            name: sign_in.map(|it| it.name.clone()).unwrap_or_default(),
            client_id: sign_in.map(|it| it.client_id.clone()).unwrap_or_default(),
            scope: sign_in.map(|it| it.scope.to_string()).unwrap_or_default(),
            public: sign_in.is_some_and(|it| it.secret_set_at.is_none()),
        }
    }

    fn person_by(&self) -> PersonBy {
        let domains: Vec<String> =
            self.domains.split([' ', ',', '\n', '\r']).filter(|it| !it.is_empty()).map(str::to_lowercase).collect();
        if domains.is_empty() { PersonBy::Link } else { PersonBy::Email { domains } }
    }

    /// `None`: nobody signs in with it.
    fn sign_in(&self, secret: &str) -> Result<Option<SignInTerms>, Invalid> {
        if self.name.is_empty() && self.client_id.is_empty() {
            return Ok(None);
        }
        let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let scope = match said(&self.scope) {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| {
                Invalid(vec![("sign_in.scope", "scopes with spaces between them, such as openid email".to_owned())])
            })?),
        };
        let secret = match (self.public, secret) {
            (true, _) => Some(None),
            (false, "") => None,
            (false, secret) => Some(Some(Secret::new(secret))),
        };
        Ok(Some(SignInTerms { name: said(&self.name), client_id: said(&self.client_id), secret, scope, on: None }))
    }
}

/// `GET /console/providers/new`
pub(super) async fn new(admin: Administrator) -> Result<HttpResponse, PageProblem> {
    let typed = Typed { scope: "openid email".to_owned(), ..Typed::default() };
    form(&admin.visitor, StatusCode::OK, &typed, &Invalid::default(), None, None)
}

/// `POST /console/providers/new`
pub(super) async fn create(asked: Administered) -> Result<HttpResponse, PageProblem> {
    let Administered { form: posted, by } = asked;
    let visitor = &posted.visitor;
    let typed = Typed::of(&posted);
    let refuse =
        |wrong: Invalid, problem| form(visitor, StatusCode::UNPROCESSABLE_ENTITY, &typed, &wrong, problem, None);
    let sign_in = match typed.sign_in(posted.text("secret")) {
        Ok(sign_in) => sign_in,
        Err(wrong) => return refuse(wrong, None),
    };
    let by = once(&visitor.app, by, posted.text("once"), &["provider", &format!("{typed:?}")]);
    let new = NewProvider {
        issuer: typed.issuer.clone(),
        jwks_uri: Some(typed.jwks_uri.clone()).filter(|uri| !uri.is_empty()),
        jwks: None,
        person_by: typed.person_by(),
        sign_in,
    };
    match providers::trust(&visitor.app, &by, new).await {
        Ok(made) => Ok(back(visitor, &path(made.id), "added")),
        Err(Declined::Broken(fault)) => Err(visitor.broken(&fault)),
        Err(Declined::Invalid(wrong)) => refuse(wrong, None),
        Err(other) => refuse(Invalid::default(), Some(sentence(visitor.words(), &other))),
    }
}

/// `GET /console/providers/{id}/change`
pub(super) async fn edit(admin: Administrator, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let id: Id<IdentityProvider> = wanted(visitor, &id)?;
    let provider = providers::find(&visitor.app, id).await.map_err(|why| declined(visitor, why))?;
    let typed = Typed::filled_from(&provider);
    form(visitor, StatusCode::OK, &typed, &Invalid::default(), None, Some(&provider))
}

/// `POST /console/providers/{id}/change`
pub(super) async fn update(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let Administered { form: posted, by } = &asked;
    let visitor = &posted.visitor;
    let id: Id<IdentityProvider> = wanted(visitor, &id)?;
    let typed = Typed::of(posted);
    let provider = providers::find(&visitor.app, id).await.map_err(|why| declined(visitor, why))?;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let refuse = |wrong: Invalid, problem| form(visitor, status, &typed, &wrong, problem, Some(&provider));
    let sign_in = match typed.sign_in(posted.text("secret")) {
        Ok(sign_in) => sign_in,
        Err(wrong) => return refuse(wrong, None),
    };
    let jwks_uri = Some(typed.jwks_uri.clone()).filter(|uri| !uri.is_empty());
    let change = ProviderChange {
        // A key set that was written down is not on this form, and stays.
        jwks_uri: provider.jwks.is_none().then_some(jwks_uri),
        jwks: None,
        person_by: Some(typed.person_by()),
        sign_in: Some(sign_in),
    };
    match providers::change(&visitor.app, by, id, as_seen(posted), change).await {
        Ok(_) => Ok(back(visitor, &path(id), "changed")),
        Err(Declined::Broken(fault)) => Err(visitor.broken(&fault)),
        Err(missing @ Declined::Missing(_)) => Err(declined(visitor, missing)),
        Err(Declined::Invalid(wrong)) => refuse(wrong, None),
        Err(other) => refuse(Invalid::default(), Some(sentence(visitor.words(), &other))),
    }
}

/// `POST /console/providers/{id}/button`: on, or off.
pub(super) async fn turn(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<IdentityProvider> = wanted(visitor, &id)?;
    let on = asked.form.text("button") == "on";
    let terms = SignInTerms { on: Some(on), ..SignInTerms::default() };
    let change = ProviderChange { sign_in: Some(Some(terms)), ..ProviderChange::default() };
    // Off is off, whatever else was changed since the page was opened.
    let seen = if on { as_seen(&asked.form) } else { Seen::Anything };
    let done = providers::change(&visitor.app, &asked.by, id, seen, change).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, &path(id), if on { "on" } else { "off" }))
}

/// `POST /console/providers/{id}/removal`
pub(super) async fn remove(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<IdentityProvider> = wanted(visitor, &id)?;
    let done = providers::remove(&visitor.app, &asked.by, id, as_seen(&asked.form)).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, LIST, "removed"))
}

/// `POST /console/providers/{id}/links`
pub(super) async fn link(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let app = &visitor.app;
    let id: Id<IdentityProvider> = wanted(visitor, &id)?;
    let person = match asked.form.text("email").trim().parse::<Email>() {
        Ok(email) => people::find(app, &email).await.map_err(|fault| visitor.broken(&fault))?,
        Err(_) => None,
    };
    let Some(person) = person else { return Ok(back(visitor, &path(id), "nobody")) };
    let subject = asked.form.text("subject").trim().to_owned();
    match providers::link(app, &asked.by, id, subject, person.id).await {
        Ok(_) => Ok(back(visitor, &path(id), "linked")),
        Err(Declined::Invalid(_)) => Ok(back(visitor, &path(id), "nobody")),
        Err(other) => Err(declined(visitor, other)),
    }
}

/// `POST /console/providers/{id}/links/end`
pub(super) async fn unlink(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<IdentityProvider> = wanted(visitor, &id)?;
    let subject = asked.form.text("subject").to_owned();
    let done = providers::unlink(&visitor.app, &asked.by, id, Seen::Anything, subject).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, &path(id), "unlinked"))
}

fn form(
    visitor: &Visitor,
    status: StatusCode,
    typed: &Typed,
    wrong: &Invalid,
    problem: Option<String>,
    changes: Option<&IdentityProvider>,
) -> Result<HttpResponse, PageProblem> {
    let field = |value: &str, name: &str| Field { value: value.to_owned(), error: wrong.of(name) };
    let page = ProviderFormPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::Settings),
        once: mark(&visitor.app, &visitor.ctx).map_err(|fault| visitor.broken(&fault))?,
        seen: match changes {
            Some(provider) => tag(&provider.without_secret()).map_err(|fault| visitor.broken(&fault))?.text(),
            None => String::new(),
        },
        action: changes.map_or_else(|| format!("{LIST}/new"), |provider| format!("{}/change", path(provider.id))),
        changes: changes.map(|provider| (provider.called().to_owned(), path(provider.id))),
        issuer: field(&typed.issuer, "issuer"),
        name: field(&typed.name, "sign_in.name"),
        client_id: field(&typed.client_id, "sign_in.client_id"),
        secret_error: wrong.of("sign_in.secret"),
        has_secret: changes.and_then(|it| it.sign_in.as_ref()).is_some_and(|it| it.secret_set_at.is_some()),
        public: typed.public,
        scope: field(&typed.scope, "sign_in.scope"),
        domains: field(&typed.domains, "email_domains"),
        keys: changes.is_none_or(|provider| provider.jwks.is_none()).then(|| field(&typed.jwks_uri, "jwks_uri")),
        redirect_uri: changes.map(|provider| providers::redirect_uri(&visitor.app, provider.id)),
        problem: problem.or_else(|| wrong.of("sign_in")).or_else(|| {
            let t = &visitor.words().console.providers.form;
            let why = if changes.is_some() { t.not_changed } else { t.not_added };
            (!wrong.0.is_empty()).then(|| why.to_owned())
        }),
    };
    reply::page(visitor, status, &page, &[])
}
