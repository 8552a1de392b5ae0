//! People: adding one, finding one.

use crate::app::App;
use crate::base::{Fault, Id, Secret};
use crate::keys;
use crate::model::{Context, Email, Event, Person, PersonState, Standing};
use crate::operations::declined::{Declined, Invalid};
use crate::protocol::display_name::DisplayName;
use crate::store::tables::{PEOPLE, PEOPLE_BY_EMAIL};
use crate::store::{Read, Tx};

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
            wrong.push(("name", "Enter a name of 1 to 128 characters.".to_owned()));
        }
        if parsed_email.is_err() {
            wrong.push(("email", "Enter an e-mail address, such as ada@example.com.".to_owned()));
        }
        if let Err(why) = keys::acceptable(password.expose(), email, name) {
            wrong.push(("password", why.to_owned()));
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
pub async fn create(app: &App, ctx: &Context, new: NewPerson, standing: Standing) -> Result<Id<Person>, Declined> {
    // The hash is expensive; the look that decides is inside the transaction.
    if find(app, &new.email).await?.is_some() {
        return Err(Declined::Invalid(taken()));
    }
    let hashed = new.hashed(app).await?;
    let within = app.clone();
    app.store
        .write("create person", ctx, move |tx| match hashed.put(&within, tx, standing)? {
            Ok(person) => {
                tx.record(Event::PersonCreated { person })?;
                Ok(Ok(person))
            }
            Err(taken) => Ok(Err(Declined::Invalid(taken))),
        })
        .await?
}

/// The person with this address, however it is capitalized.
pub async fn find(app: &App, email: &Email) -> Result<Option<Person>, Fault> {
    let folded = email.folded();
    app.store
        .read(move |view| Ok(view.find(&PEOPLE, &PEOPLE_BY_EMAIL, folded.as_str())?.map(|(_, person)| person)))
        .await
}
