//! People: adding one, finding one, changing one, stopping one.

use crate::app::App;
use crate::base::{Fault, Id, Secret, Timestamp};
use crate::keys;
use crate::model::{Email, Event, Machine, Person, PersonState, Standing};
use crate::operations::credentials::reason;
use crate::operations::declined::{Declined, Invalid};
use crate::operations::machines;
use crate::operations::once::{Answer, Once};
use crate::operations::operator::Operator;
use crate::operations::search;
use crate::operations::seen::{Seen, difference, json};
use crate::operations::status::end::{self, LiveTokens, Owner, end_owner};
use crate::protocol::display_name::DisplayName;
use crate::protocol::own_scopes::ADMIN;
use crate::store::tables::{MACHINES, MACHINES_BY_OWNER, PEOPLE, PEOPLE_BY_EMAIL};
use crate::store::{Page, Read, Tx};

const NAME: &str = "Enter a name of 1 to 128 characters.";
const EMAIL: &str = "Enter an e-mail address, such as ada@example.com.";

/// Somebody to be added, each part looked at.
#[derive(Clone, Debug)]
pub struct NewPerson {
    email: Email,
    name: String,
    password: Secret,
}

impl NewPerson {
    /// Parses what was typed; every field that is wrong is named.
    pub fn parse(email: &str, name: &str, password: Secret) -> Result<Self, Invalid> {
        let parsed_email = email.parse::<Email>();
        let parsed_name = DisplayName::parse(name);
        let mut wrong = Vec::new();
        if parsed_name.is_err() {
            wrong.push(("name", NAME.to_owned()));
        }
        if parsed_email.is_err() {
            wrong.push(("email", EMAIL.to_owned()));
        }
        if let Err(why) = keys::acceptable(password.expose(), email, name) {
            wrong.push(("password", why.to_string()));
        }
        match (parsed_email, parsed_name) {
            (Ok(email), Ok(name)) if wrong.is_empty() => Ok(Self { email, name: name.as_str().to_owned(), password }),
            _ => Err(Invalid(wrong)),
        }
    }

    /// Hashes the password, which takes a while and is not done inside a transaction.
    pub(super) async fn hashed(self, app: &App) -> Result<Hashed, Fault> {
        let password = app.passwords.hash(self.password).await?;
        Ok(Hashed { email: self.email, name: self.name, password })
    }
}

/// Somebody to be added whose password is a hash by now.
#[derive(Clone)]
pub(super) struct Hashed {
    email: Email,
    name: String,
    password: String,
}

impl Hashed {
    /// Puts the row. The caller records what this was for.
    pub(super) fn put(
        &self,
        app: &App,
        tx: &mut Tx<'_>,
        standing: Standing,
    ) -> Result<Result<Id<Person>, Invalid>, Fault> {
        if tx.find(&PEOPLE, &PEOPLE_BY_EMAIL, self.email.folded().as_str())?.is_some() {
            return Ok(Err(taken()));
        }
        let person = Person {
            id: Id::new(tx.now(), &app.entropy)?,
            email: self.email.clone(),
            name: self.name.clone(),
            password: self.password.clone(),
            standing,
            state: PersonState::Active,
            created_at: tx.now(),
        };
        tx.put(&PEOPLE, &person.id, &person)?;
        Ok(Ok(person.id))
    }
}

fn taken() -> Invalid {
    Invalid(vec![("email", "Somebody with this e-mail address is here already.".to_owned())])
}

/// Adds a person.
pub async fn create(app: &App, by: &Operator, new: NewPerson, standing: Standing) -> Result<Person, Declined> {
    by.may_raise(standing)?;
    // The hash is expensive; the look that decides is inside the transaction. A request that says it may be a repeated one is hashed
    // for all the same, or it would be told that its own person is in the way.
    if matches!(by.request(), Once::Often) && find(app, &new.email).await?.is_some() {
        return Err(Declined::Invalid(taken()));
    }
    let hashed = new.hashed(app).await?;
    let (within, ctx, by) = (app.clone(), by, by.clone());
    app.store
        .write("create person", ctx, move |tx| {
            if let Some(earlier) = by.request().earlier(tx)? {
                return Ok(earlier);
            }
            if let Err(declined) = by.stands(tx)? {
                return Ok(Err(declined));
            }
            let person = match hashed.put(&within, tx, standing)? {
                Ok(person) => person,
                Err(taken) => return Ok(Err(Declined::Invalid(taken))),
            };
            tx.record(Event::PersonCreated { person })?;
            let Some(row) = tx.get(&PEOPLE, &person)? else { return Ok(Err(unknown(person))) };
            by.request().done(tx, person, &row.without_password(), Answer::Repeatable)?;
            Ok(Ok(row))
        })
        .await?
}

/// People before `before`, the newest first.
pub async fn list(app: &App, before: Option<Id<Person>>, limit: usize) -> Result<Page<Id<Person>, Person>, Fault> {
    app.store.read(move |view| view.newest(&PEOPLE, before.as_ref(), limit)).await
}

/// The newest people whose names or addresses have `text` in them, whatever its case. Of more than a few thousand, the oldest are not
/// looked at.
pub async fn named_like(app: &App, text: &str, limit: usize) -> Result<Vec<Person>, Fault> {
    let text = text.to_lowercase();
    let fits = move |person: &Person| {
        person.name.to_lowercase().contains(&text) || person.email.as_str().to_lowercase().contains(&text)
    };
    let page = app.store.read(move |view| search::newest(view, &PEOPLE, None, limit, fits)).await?;
    Ok(page.rows.into_iter().map(|(_, person)| person).collect())
}

/// How many people are called so, whatever the capitals; `None` if there are more people than are looked at.
pub async fn called(app: &App, name: &str) -> Result<Option<usize>, Fault> {
    let name = name.to_lowercase();
    let fits = move |person: &Person| person.name.to_lowercase() == name;
    let page = app.store.read(move |view| search::newest(view, &PEOPLE, None, search::LOOKED_AT, fits)).await?;
    Ok(page.next.is_none().then_some(page.rows.len()))
}

/// A password that nobody guesses and that can be read out: five groups of four letters and digits, 100 bits of chance.
pub fn random_password(app: &App) -> Result<Secret, Fault> {
    // Neither o nor 0, neither l nor 1.
    const SIGNS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let chance: [u8; 20] = app.entropy.bytes()?;
    let mut text = String::with_capacity(24);
    for (place, byte) in chance.into_iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            text.push('-');
        }
        text.extend(SIGNS.get(usize::from(byte % 32)).map(|sign| char::from(*sign)));
    }
    Ok(Secret::new(text))
}

/// The machines that somebody answers for, in the order in which they were made.
pub async fn machines_of(app: &App, id: Id<Person>, limit: usize) -> Result<Vec<Machine>, Fault> {
    let rows = app.store.read(move |view| view.list(&MACHINES, &MACHINES_BY_OWNER, &id, limit)).await?;
    Ok(rows.into_iter().map(|(_, machine)| machine).collect())
}

/// One person.
pub async fn by_id(app: &App, id: Id<Person>) -> Result<Person, Declined> {
    app.store.read(move |view| view.get(&PEOPLE, &id)).await?.ok_or_else(|| unknown(id))
}

/// Stops a person: from this commit on they sign in nowhere, nothing that acts for them gets or refreshes tokens, and the machines that
/// they answer for are stopped as well.
pub async fn suspend(
    app: &App,
    by: &Operator,
    id: Id<Person>,
    seen: Seen,
    because: &str,
) -> Result<(Person, LiveTokens), Declined> {
    let (because, within, ctx, by) = (reason(because)?, app.clone(), by, by.clone());
    app.store
        .write("suspend person", ctx, move |tx| {
            let person = match changeable(tx, &by, id, &seen)? {
                Ok(person) => person,
                Err(declined) => return Ok(Err(declined)),
            };
            if person.state == PersonState::Suspended {
                return Ok(Err(Declined::Conflict(format!("{id} is suspended already"))));
            }
            if person.standing == Standing::Administrator && !another_administers(tx, id)? {
                return Ok(Err(the_last()));
            }
            if let Err(declined) = machines::orphan(&within, tx, &by, id)? {
                return Ok(Err(declined));
            }
            let live = end_owner(&within, tx, &Owner::Person(id))?;
            let because = because.clone();
            let event = Event::PersonSuspended { person: id, because };
            Ok(Ok((set_state(tx, person, PersonState::Suspended, event)?, live)))
        })
        .await?
}

/// Which tokens in the name of a person who was stopped somebody may still accept.
pub async fn left(app: &App, now: Timestamp, id: Id<Person>) -> Result<LiveTokens, Fault> {
    app.store.read(move |view| end::left_of_person(view, id, now)).await
}

/// Lets a stopped person go on.
pub async fn resume(app: &App, by: &Operator, id: Id<Person>, seen: Seen) -> Result<Person, Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("resume person", ctx, move |tx| {
            let person = match changeable(tx, &by, id, &seen)? {
                Ok(person) => person,
                Err(declined) => return Ok(Err(declined)),
            };
            if person.state == PersonState::Active {
                return Ok(Err(Declined::Conflict(format!("{id} is not suspended"))));
            }
            set_state(tx, person, PersonState::Active, Event::PersonResumed { person: id }).map(Ok)
        })
        .await?
}

/// Makes somebody an administrator, or one no more. The last one stays one.
pub async fn change_standing(
    app: &App,
    by: &Operator,
    id: Id<Person>,
    seen: Seen,
    to: Standing,
) -> Result<Person, Declined> {
    by.may_raise(Standing::Administrator)?;
    let (ctx, by) = (by, by.clone());
    app.store
        .write("change standing", ctx, move |tx| {
            let person = match changeable(tx, &by, id, &seen)? {
                Ok(person) => person,
                Err(declined) => return Ok(Err(declined)),
            };
            let from = person.standing;
            if from == to {
                return Ok(Ok(person));
            }
            if from == Standing::Administrator && !another_administers(tx, id)? {
                return Ok(Err(the_last()));
            }
            let changed = Person { standing: to, ..person };
            tx.put(&PEOPLE, &id, &changed)?;
            tx.record(Event::StandingChanged { person: id, before: from, after: to })?;
            Ok(Ok(changed))
        })
        .await?
}

/// What is to be different about somebody, each part looked at; what is not named stays.
#[derive(Clone, Debug, Default)]
pub struct PersonChange {
    email: Option<Email>,
    name: Option<String>,
}

impl PersonChange {
    /// Parses what was typed; every field that is wrong is named.
    pub fn parse(email: Option<&str>, name: Option<&str>) -> Result<Self, Invalid> {
        let mut wrong = Invalid::default();
        let mut change = Self::default();
        match email.map(str::parse).transpose() {
            Ok(email) => change.email = email,
            Err(_) => wrong.0.push(("email", EMAIL.to_owned())),
        }
        match name.map(DisplayName::parse).transpose() {
            Ok(name) => change.name = name.map(|name| name.as_str().to_owned()),
            Err(_) => wrong.0.push(("name", NAME.to_owned())),
        }
        if wrong.0.is_empty() { Ok(change) } else { Err(wrong) }
    }
}

/// Changes what somebody is called, or the address that they sign in with. Their sessions stay, and so does all that they allowed: they
/// are who they were.
///
/// Whose address is whose says who one can be, where a provider's word is taken by address, and says where a message about an account
/// goes: so it is changed by who could set a password as well.
pub async fn change(
    app: &App,
    by: &Operator,
    id: Id<Person>,
    seen: Seen,
    change: PersonChange,
) -> Result<Person, Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("change person", ctx, move |tx| {
            let person = match changeable(tx, &by, id, &seen)? {
                Ok(person) => person,
                Err(declined) => return Ok(Err(declined)),
            };
            let mut changed = person.clone();
            if let Some(name) = &change.name {
                changed.name.clone_from(name);
            }
            if let Some(email) = &change.email {
                changed.email.clone_from(email);
            }
            if changed.email != person.email {
                if !by.reaches(ADMIN) {
                    let why = "whose address is whose says who one can be";
                    return Ok(Err(Declined::Forbidden(format!("{why}: only who has `{ADMIN}` changes it"))));
                }
                let known = tx.find(&PEOPLE, &PEOPLE_BY_EMAIL, changed.email.folded().as_str())?;
                if known.is_some_and(|(known, _)| known != id) {
                    return Ok(Err(Declined::Invalid(taken())));
                }
            }
            let (was, is) = (json(&person.without_password())?, json(&changed.without_password())?);
            if let Some((before, after)) = difference(was, is, &[]) {
                tx.put(&PEOPLE, &id, &changed)?;
                tx.record(Event::PersonChanged { person: id, before, after })?;
            }
            Ok(Ok(changed))
        })
        .await?
}

fn the_last() -> Declined {
    Declined::Conflict("nobody else administers this appliance: make another administrator first".to_owned())
}

fn set_state(tx: &mut Tx<'_>, person: Person, state: PersonState, event: Event) -> Result<Person, Fault> {
    let changed = Person { state, ..person };
    tx.put(&PEOPLE, &changed.id, &changed)?;
    tx.record(event)?;
    Ok(changed)
}

/// The person as they are, for an operator who still stands, has seen them so, and may decide about them.
pub(super) fn changeable(
    tx: &Tx<'_>,
    by: &Operator,
    id: Id<Person>,
    seen: &Seen,
) -> Result<Result<Person, Declined>, Fault> {
    if let Err(declined) = by.stands(tx)? {
        return Ok(Err(declined));
    }
    let Some(person) = tx.get(&PEOPLE, &id)? else { return Ok(Err(unknown(id))) };
    if let Err(declined) = by.may_raise(person.standing) {
        return Ok(Err(declined));
    }
    Ok(seen.is_still(&person.without_password())?.map(|()| person))
}

/// Whether the appliance has an active administrator besides this one.
fn another_administers(read: &impl Read, than: Id<Person>) -> Result<bool, Fault> {
    let mut after = None;
    loop {
        let page = read.page(&PEOPLE, after.as_ref(), 500)?;
        let administers = |person: &Person| {
            person.id != than && person.standing == Standing::Administrator && person.state == PersonState::Active
        };
        if page.rows.iter().any(|(_, person)| administers(person)) {
            return Ok(true);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(false),
        }
    }
}

fn unknown(id: Id<Person>) -> Declined {
    Declined::Missing(format!("there is no person {id}"))
}

/// The person with this address, however it is capitalized.
pub async fn find(app: &App, email: &Email) -> Result<Option<Person>, Fault> {
    let folded = email.folded();
    app.store
        .read(move |view| Ok(view.find(&PEOPLE, &PEOPLE_BY_EMAIL, folded.as_str())?.map(|(_, person)| person)))
        .await
}
