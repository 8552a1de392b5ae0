//! Gives somebody a new password, for whoever runs the appliance.

use crate::app::App;
use crate::base::{Id, Secret};
use crate::keys;
use crate::model::{Context, Email, Event, Person};
use crate::operations::declined::Declined;
use crate::operations::people;
use crate::operations::sign_in::bucket;
use crate::store::Read;
use crate::store::tables::{FAILURES, PEOPLE, SESSIONS, SESSIONS_BY_PERSON};

/// Most sessions that are ended in one look.
const AT_ONCE: usize = 200;

/// Sets the password, ends every session of the person, and forgives the failures that were counted against their address: who
/// cannot get in for somebody else's guesses gets in at once. What applications were allowed stands.
pub async fn set_password(app: &App, ctx: &Context, email: &str, password: Secret) -> Result<Id<Person>, Declined> {
    let nobody = || Declined::Missing("nobody here has this e-mail address".to_owned());
    let email: Email = email.parse().map_err(|_| Declined::field("email", "this is no e-mail address"))?;
    let known = people::find(app, &email).await?.ok_or_else(nobody)?;
    keys::acceptable(password.expose(), email.as_str(), &known.name).map_err(|why| Declined::field("password", why))?;
    let hash = app.passwords.hash(password).await?;
    let bucket = bucket(app, &email.folded());
    app.store
        .write("set password", ctx, move |tx| {
            let Some(person) = tx.get(&PEOPLE, &known.id)? else { return Ok(Err(nobody())) };
            tx.put(&PEOPLE, &known.id, &Person { password: hash.clone(), ..person })?;
            tx.delete(&FAILURES, &bucket)?;
            let mut sessions = 0;
            loop {
                let rows = tx.list(&SESSIONS, &SESSIONS_BY_PERSON, &known.id, AT_ONCE)?;
                for (id, _) in &rows {
                    tx.delete(&SESSIONS, id)?;
                }
                sessions += rows.len() as u64;
                if rows.len() < AT_ONCE {
                    break;
                }
            }
            tx.record(Event::PasswordSet { person: known.id, sessions })?;
            Ok(Ok(known.id))
        })
        .await?
}
