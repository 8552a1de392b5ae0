//! `/console/people`: the list, and adding somebody.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::person::{path, state};
use super::{as_seen, back, declined, listing, queries, sentence, shell, wanted};
use crate::base::{Id, Secret};
use crate::model::{Email, Person, Standing};
use crate::operations::declined::{Declined, Invalid};
use crate::operations::people::{self, NewPerson, PersonChange};
use crate::operations::seen::tag;
use crate::web::extract::{Administered, Administrator, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::Field;
use crate::web::views::console::{Choice, Frame, PasswordPage, PeoplePage, PersonFormPage, PersonRow, Section};

/// People on one page.
const A_PAGE: usize = 50;

const STANDINGS: [(&str, Standing); 2] = [("member", Standing::Member), ("administrator", Standing::Administrator)];

/// What stands in a form for a standing.
pub(super) fn named(text: &str) -> Standing {
    STANDINGS.into_iter().find(|(name, _)| *name == text).map_or(Standing::Member, |(_, standing)| standing)
}

/// `GET /console/people`
pub(super) async fn list(admin: Administrator, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let (app, now) = (&visitor.app, visitor.ctx.at);
    let broken = |fault| visitor.broken(&fault);
    let asked = queries(&request);
    let said = |name: &str| asked.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let (found, next) = match said("q") {
        Some(text) => (fitting(visitor, text, A_PAGE).await?, None),
        None => {
            let before = said("before").and_then(|id| id.parse::<Id<Person>>().ok());
            let page = people::list(app, before, A_PAGE).await.map_err(broken)?;
            (page.rows.into_iter().map(|(_, person)| person).collect(), page.next)
        }
    };
    let (words, t) = (visitor.words(), &visitor.words().console.people);
    let row = |person: &Person| PersonRow {
        href: path(person.id),
        name: person.name.clone(),
        email: person.email.as_str().to_owned(),
        standing: t.of_standing(person.standing).to_owned(),
        state: state(words, person.state),
        added: words.at(person.created_at, now),
    };
    let page = PeoplePage {
        shell: shell(visitor, &request, &[]),
        frame: Frame { query: said("q").unwrap_or_default().to_owned(), ..listing(visitor, &request, Section::People) },
        rows: found.iter().map(row).collect(),
        narrowed: said("q").is_some(),
        next: next.map(|next| format!("/console/people?before={next}")),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

/// Whoever has `text` in their name or address; whoever has it as their whole address, however long they have been here.
pub(super) async fn fitting(visitor: &Visitor, text: &str, limit: usize) -> Result<Vec<Person>, PageProblem> {
    let (app, broken) = (&visitor.app, |fault| visitor.broken(&fault));
    let mut found = people::named_like(app, text, limit).await.map_err(broken)?;
    if let Ok(email) = text.parse::<Email>()
        && let Some(exact) = people::find(app, &email).await.map_err(broken)?
        && !found.iter().any(|person| person.id == exact.id)
    {
        found.insert(0, exact);
    }
    Ok(found)
}

/// `GET /console/people/new`
pub(super) async fn new(admin: Administrator) -> Result<HttpResponse, PageProblem> {
    form(&admin.visitor, StatusCode::OK, ("", "", "member"), &Invalid::default(), None, None)
}

/// `POST /console/people/new`: the address is the mark of the form, since nobody has it twice.
pub(super) async fn create(asked: Administered) -> Result<HttpResponse, PageProblem> {
    let Administered { form: posted, by } = asked;
    let visitor = &posted.visitor;
    let (name, email) = (posted.text("name").trim(), posted.text("email").trim());
    let typed = (name, email, posted.text("standing"));
    let random = posted.text("password").is_empty();
    let password = match random {
        true => people::random_password(&visitor.app).map_err(|fault| visitor.broken(&fault))?,
        false => Secret::new(posted.text("password")),
    };
    let made = match NewPerson::parse(email, name, password.clone()) {
        Ok(new) => people::create(&visitor.app, &by, new, named(typed.2)).await,
        Err(invalid) => Err(Declined::Invalid(invalid)),
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    match made {
        Ok(person) if random => shown_once(visitor, &person, &password, false),
        Ok(person) => Ok(back(visitor, &path(person.id), "added")),
        Err(Declined::Broken(fault)) => Err(visitor.broken(&fault)),
        Err(Declined::Invalid(invalid)) => form(visitor, status, typed, &invalid, None, None),
        Err(other) => form(visitor, status, typed, &Invalid::default(), Some(sentence(visitor.words(), &other)), None),
    }
}

/// `GET /console/people/{id}/change`
pub(super) async fn edit(admin: Administrator, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &admin.visitor;
    let id: Id<Person> = wanted(visitor, &id)?;
    let person = people::by_id(&visitor.app, id).await.map_err(|why| declined(visitor, why))?;
    let typed = (person.name.as_str(), person.email.as_str(), "");
    form(visitor, StatusCode::OK, typed, &Invalid::default(), None, Some(&person))
}

/// `POST /console/people/{id}/change`
pub(super) async fn update(asked: Administered, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let Administered { form: posted, by } = &asked;
    let visitor = &posted.visitor;
    let id: Id<Person> = wanted(visitor, &id)?;
    let person = people::by_id(&visitor.app, id).await.map_err(|why| declined(visitor, why))?;
    let (name, email) = (posted.text("name").trim(), posted.text("email").trim());
    let changed = match PersonChange::parse(Some(email), Some(name)) {
        Ok(change) => people::change(&visitor.app, by, id, as_seen(posted), change).await,
        Err(invalid) => Err(Declined::Invalid(invalid)),
    };
    let refuse = |invalid: Invalid, problem| {
        form(visitor, StatusCode::UNPROCESSABLE_ENTITY, (name, email, ""), &invalid, problem, Some(&person))
    };
    match changed {
        Ok(_) => Ok(back(visitor, &path(id), "changed")),
        Err(Declined::Broken(fault)) => Err(visitor.broken(&fault)),
        Err(missing @ Declined::Missing(_)) => Err(declined(visitor, missing)),
        Err(Declined::Invalid(invalid)) => refuse(invalid, None),
        Err(other) => refuse(Invalid::default(), Some(sentence(visitor.words(), &other))),
    }
}

/// The page that shows a random password, and nothing shows it again.
pub(super) fn shown_once(
    visitor: &Visitor,
    person: &Person,
    password: &Secret,
    replaced: bool,
) -> Result<HttpResponse, PageProblem> {
    let page = PasswordPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::People),
        name: person.name.clone(),
        email: person.email.as_str().to_owned(),
        href: path(person.id),
        password: password.expose().to_owned(),
        replaced,
        yourself: visitor.signed_in.as_ref().is_some_and(|signed_in| signed_in.person().id == person.id),
    };
    reply::page(visitor, StatusCode::OK, &page, &[])
}

fn form(
    visitor: &Visitor,
    status: StatusCode,
    (name, email, standing): (&str, &str, &str),
    wrong: &Invalid,
    problem: Option<String>,
    changes: Option<&Person>,
) -> Result<HttpResponse, PageProblem> {
    let t = &visitor.words().console.people;
    let in_words = |standing| match standing {
        Standing::Member => t.member_more,
        Standing::Administrator => t.administrator_more,
    };
    let page = PersonFormPage {
        shell: visitor.shell(),
        frame: Frame::of(Section::People),
        name: Field { value: name.to_owned(), error: wrong.of("name") },
        email: Field { value: email.to_owned(), error: wrong.of("email") },
        changes: changes.map(|person| (person.name.clone(), path(person.id))),
        seen: match changes {
            Some(person) => tag(&person.without_password()).map_err(|fault| visitor.broken(&fault))?.text(),
            None => String::new(),
        },
        standings: STANDINGS
            .into_iter()
            .map(|(value, one)| Choice::new(value, in_words(one), value == standing))
            .collect(),
        password_error: wrong.of("password"),
        problem,
    };
    reply::page(visitor, status, &page, &[])
}
