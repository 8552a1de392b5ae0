//! For whom a machine may act: granted, and taken back.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::machine::path;
use super::machine_form::{ABOUT_PEOPLE, date, day};
use super::{back, declined, mark, once, sentence, wanted};
use crate::base::{Id, Lifetime, Resource, Timestamp};
use crate::model::{ClientId, Delegation, Email, Machine, ScopeSet, Subject, TenantName};
use crate::operations::declined::{Declined, Invalid};
use crate::operations::delegations::{self, NewDelegation, USUAL};
use crate::operations::seen::Seen;
use crate::operations::{machines, people, resources, scopes};
use crate::web::extract::{Administered, Administrator, Posted, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::Field;
use crate::web::views::console::{Choice, DelegationFormPage, Frame, Section};
use crate::web::words::DelegationFormWords;

/// What was typed, before it is looked at.
#[derive(Clone, Debug, Default)]
struct Typed {
    subject: String,
    purpose: String,
    until: String,
    scopes: Vec<String>,
    resources: Vec<String>,
    across: bool,
}

impl Typed {
    fn of(form: &Posted) -> Self {
        let text = |name: &str| form.text(name).trim().to_owned();
        Self {
            subject: text("subject"),
            purpose: text("purpose"),
            until: text("until"),
            scopes: form.all("scope").map(str::to_owned).collect(),
            resources: form.all("resource").map(str::to_owned).collect(),
            across: form.text("across") == "yes",
        }
    }

    /// The delegation, or what is wrong with which field; for whom it is was looked up.
    fn delegation(
        &self,
        t: &DelegationFormWords,
        actor: Id<Machine>,
        subject: Option<Subject>,
        now: Timestamp,
    ) -> Result<NewDelegation, Invalid> {
        let mut wrong = Invalid::default();
        let mut say = |field: &'static str, why: &str| wrong.0.push((field, why.to_owned()));
        if subject.is_none() {
            say("subject", t.nobody);
        }
        let scope: ScopeSet = self.scopes.join(" ").parse().unwrap_or_default();
        if scope.is_empty() {
            say("scope", t.no_scope_chosen);
        }
        let until = day(&self.until).filter(|until| *until > now);
        let lasts = until.map(|until| until.since(now)).unwrap_or_default();
        if lasts == Lifetime::default() || lasts > delegations::LONGEST {
            say("expires_in", t.wrong_day);
        }
        let resources = self.resources.iter().filter_map(|text| Resource::parse(text).ok()).collect();
        let purpose = self.purpose.clone();
        match subject {
            Some(subject) if wrong.0.is_empty() => {
                let across = self.across;
                Ok(NewDelegation { actor, subject, scope, resources, may_act: None, across, purpose, lasts })
            }
            _ => Err(wrong),
        }
    }
}

/// `GET /console/machines/{id}/delegations/new`
pub(super) async fn new(admin: Administrator, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let machine = machine(visitor, &id).await?;
    let typed = Typed { until: date(visitor.ctx.at.plus(USUAL)), ..Typed::default() };
    form(visitor, StatusCode::OK, &machine, &typed, &Invalid::default(), None).await
}

/// `POST /console/machines/{id}/delegations`
pub(super) async fn grant(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let Administered { form: posted, by } = asked;
    let visitor = &posted.visitor;
    let machine = machine(visitor, &id).await?;
    let typed = Typed::of(&posted);
    let by = once(&visitor.app, by, posted.text("once"), &["delegation", &id, &format!("{typed:?}")]);
    let subject = subject(visitor, &typed.subject).await?;
    let made = match typed.delegation(&visitor.words().console.delegation_form, machine.id, subject, visitor.ctx.at) {
        Ok(new) => delegations::grant(&visitor.app, &by, new).await,
        Err(invalid) => Err(Declined::Invalid(invalid)),
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    match made {
        Ok(_) => Ok(back(visitor, &path(machine.id), "delegated")),
        Err(Declined::Broken(fault)) => Err(visitor.broken(&fault)),
        Err(Declined::Invalid(invalid)) => form(visitor, status, &machine, &typed, &invalid, None).await,
        Err(other) => {
            form(visitor, status, &machine, &typed, &Invalid::default(), Some(sentence(visitor.words(), &other))).await
        }
    }
}

/// `POST /console/machines/{id}/delegations/{delegation}/revocation`
pub(super) async fn revoke(asked: Administered, ids: web::Path<(String, String)>) -> Result<HttpResponse, PageProblem> {
    let visitor = &asked.form.visitor;
    let id: Id<Machine> = wanted(visitor, &ids.0)?;
    let delegation: Id<Delegation> = wanted(visitor, &ids.1)?;
    let found = delegations::find(&visitor.app, delegation).await.map_err(|why| declined(visitor, why))?;
    if found.actor != id {
        return Err(declined(visitor, Declined::Missing(String::new())));
    }
    let because = asked.form.text("because");
    let done = delegations::revoke(&visitor.app, &asked.by, delegation, Seen::Anything, because).await;
    done.map_err(|why| declined(visitor, why))?;
    Ok(back(visitor, &path(id), "delegation-revoked"))
}

async fn machine(visitor: &Visitor, id: &str) -> Result<Machine, PageProblem> {
    let found = machines::show(&visitor.app, wanted(visitor, id)?).await;
    Ok(found.map_err(|why| declined(visitor, why))?.0)
}

/// Whoever has this address, or the machine that has this id.
async fn subject(visitor: &Visitor, text: &str) -> Result<Option<Subject>, PageProblem> {
    if let Ok(id) = text.parse::<Id<Machine>>() {
        let found = machines::show(&visitor.app, id).await.is_ok();
        return Ok(found.then_some(Subject::Client(ClientId::Machine(id))));
    }
    let Ok(email) = text.parse::<Email>() else { return Ok(None) };
    let found = people::find(&visitor.app, &email).await.map_err(|fault| visitor.broken(&fault))?;
    Ok(found.map(|person| Subject::Person(person.id)))
}

async fn form(
    visitor: &Visitor,
    status: StatusCode,
    machine: &Machine,
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
        .filter(|(field, _)| !["subject", "purpose", "scope", "expires_in"].contains(field))
        .map(|(_, why)| why.as_str())
        .collect();
    let page = DelegationFormPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::Machines),
        once: mark(&visitor.app, &visitor.ctx).map_err(broken)?,
        machine: machine.name.clone(),
        machine_href: path(machine.id),
        tenant: machine.tenant.to_string(),
        subject: Field { value: typed.subject.clone(), error: wrong.of("subject") },
        purpose: Field { value: typed.purpose.clone(), error: wrong.of("purpose") },
        until: Field { value: typed.until.clone(), error: wrong.of("expires_in") },
        scopes: catalogue
            .iter()
            .filter(|entry| !ABOUT_PEOPLE.contains(&entry.name.as_str()))
            .map(|entry| {
                let name = entry.name.to_string();
                let chosen = typed.scopes.contains(&name);
                Choice::new(name, visitor.describes(entry), chosen)
            })
            .collect(),
        scope_error: wrong.of("scope"),
        resources: known
            .iter()
            .map(|resource| {
                let identifier = resource.identifier.to_string();
                let chosen = typed.resources.contains(&identifier);
                Choice::new(identifier, resource.name.clone(), chosen)
            })
            .collect(),
        // Everybody is of the main tenant.
        across: (machine.tenant.as_str() != TenantName::MAIN).then_some(typed.across),
        problem: problem.or_else(|| (!elsewhere.is_empty()).then(|| elsewhere.join(" "))),
    };
    reply::page(visitor, status, &page, &[])
}
