//! Gives somebody a new password, for whoever looks after the appliance.

use super::known_browser::Guessed;
use super::people::{self, changeable};
use super::sessions::delete_all;
use super::sign_in::bucket;
use crate::app::App;
use crate::base::{Id, Secret};
use crate::keys;
use crate::model::{Email, Event, Person};
use crate::operations::declined::Declined;
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;
use crate::store::tables::{FAILURES, PEOPLE};

/// Sets the password, ends every session of the person, and forgives the failures that were counted against their address: who
/// cannot get in for somebody else's guesses gets in at once. What applications were allowed stands.
pub async fn set_password(app: &App, by: &Operator, email: &str, password: Secret) -> Result<Id<Person>, Declined> {
    let nobody = || Declined::Missing("nobody here has this e-mail address".to_owned());
    let email: Email = email.parse().map_err(|_| Declined::field("email", "this is no e-mail address"))?;
    let known = people::find(app, &email).await?.ok_or_else(nobody)?;
    set_password_of(app, by, &known, password).await
}

/// The same for somebody who was looked up.
pub async fn set_password_of(
    app: &App,
    by: &Operator,
    known: &Person,
    password: Secret,
) -> Result<Id<Person>, Declined> {
    let email = &known.email;
    keys::acceptable(password.expose(), email.as_str(), &known.name).map_err(|why| Declined::field("password", why))?;
    // Before the hash, which is expensive; and again inside the transaction.
    by.may_raise(known.standing)?;
    let hash = app.passwords.hash(password).await?;
    let (id, bucket) = (known.id, bucket(app, &email.folded(), Guessed::Password));
    let (ctx, by) = (by, by.clone());
    app.store
        .write("set password", ctx, move |tx| {
            let person = match changeable(tx, &by, id, &Seen::Anything)? {
                Ok(person) => person,
                Err(declined) => return Ok(Err(declined)),
            };
            tx.put(&PEOPLE, &id, &Person { password: hash.clone(), ..person })?;
            tx.delete(&FAILURES, &bucket)?;
            let sessions = delete_all(tx, id)?;
            tx.record(Event::PasswordSet { person: id, sessions })?;
            Ok(Ok(id))
        })
        .await?
}
