//! The way to the first administrator: a link that works once, or the command line. It never opens again.

use crate::app::App;
use crate::base::{Fault, Id, OpaqueToken, Secret, TokenKind};
use crate::model::{Context, Device, Event, Person, SetupState, SignInMethod, Standing};
use crate::operations::declined::{Declined, Invalid};
use crate::operations::people::NewPerson;
use crate::operations::sign_in::new_session;
use crate::store::tables::{ONLY, SETUP};
use crate::store::{Read, Tx};

/// What was typed behind a setup link.
#[derive(Clone, Debug)]
pub struct NewAdministrator {
    /// The link's token, as it was presented.
    pub token: Option<Secret>,
    pub name: String,
    pub email: String,
    pub password: Secret,
}

/// Why a setup link opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// It is not the one that was printed last.
    WrongLink,
    /// There is an administrator.
    Done,
}

/// What completing the setup came to.
#[derive(Debug)]
pub enum Outcome {
    /// The new administrator is signed in: the cookie's value. Without one where more than a password is demanded of them: they sign in.
    Done {
        person: Id<Person>,
        cookie: Option<Secret>,
    },
    Closed(Closed),
    Invalid(Invalid),
}

/// Makes a new link's token, which voids the ones before. `None` once there is an administrator.
pub fn open_link(app: &App, ctx: &Context) -> Result<Option<Secret>, Fault> {
    let token = OpaqueToken::new(TokenKind::Setup, Id::<Person>::new(ctx.at, &app.entropy)?, &app.entropy)?;
    let digest = token.digest();
    let opened = app.store.write_blocking("open setup", ctx, move |tx| {
        if is_over(state(tx)?.as_ref()) {
            return Ok(false);
        }
        tx.put(&SETUP, &ONLY.to_owned(), &SetupState::Open { digest, opened_at: tx.now() })?;
        tx.record(Event::SetupOpened {})?;
        Ok(true)
    })?;
    Ok(opened.then(|| token.into_secret()))
}

/// Whether there is an administrator.
pub async fn is_done(app: &App) -> Result<bool, Fault> {
    app.store.read(|view| Ok(is_over(state(view)?.as_ref()))).await
}

/// Looks at a link's token before anything is typed.
pub async fn check(app: &App, token: &str) -> Result<Result<(), Closed>, Fault> {
    let token = OpaqueToken::parse(TokenKind::Setup, token);
    app.store.read(move |view| Ok(judge(state(view)?.as_ref(), token.as_ref()))).await
}

/// Makes the first administrator through the link, and signs them in. Of two that come at once, one wins (attack
/// case 58).
pub async fn complete(
    app: &App,
    ctx: &Context,
    ask: NewAdministrator,
    device: Option<Device>,
) -> Result<Outcome, Fault> {
    let token = ask.token.as_ref().and_then(|text| OpaqueToken::parse(TokenKind::Setup, text.expose()));
    // Strangers must not get a password hashed.
    let before = token.clone();
    if let Err(why) = app.store.read(move |view| Ok(judge(state(view)?.as_ref(), before.as_ref()))).await? {
        app.tally.count("setup with a wrong link");
        return Ok(Outcome::Closed(why));
    }
    let hashed = match NewPerson::parse(&ask.email, &ask.name, ask.password) {
        Ok(new) => new.hashed(app).await?,
        Err(invalid) => return Ok(Outcome::Invalid(invalid)),
    };
    let within = app.clone();
    app.store
        .write("complete setup", ctx, move |tx| {
            if let Err(why) = judge(state(tx)?.as_ref(), token.as_ref()) {
                return Ok(Outcome::Closed(why));
            }
            let person = match hashed.put(&within, tx, Standing::Administrator)? {
                Ok(person) => person,
                Err(taken) => return Ok(Outcome::Invalid(taken)),
            };
            close(tx, person)?;
            // They sign in first, and are led to what is demanded besides.
            let settings = within.settings.now();
            if settings.sign_in.second_factor.includes(Standing::Administrator) {
                return Ok(Outcome::Done { person, cookie: None });
            }
            let lifetime = settings.lifetimes.session;
            let method = SignInMethod::Password;
            let (session, cookie) = new_session(tx, &within.entropy, person, method, device, lifetime)?;
            tx.record(Event::SignedIn { person, session: session.id })?;
            Ok(Outcome::Done { person, cookie: Some(cookie) })
        })
        .await
}

/// Makes the first administrator from the command line: access to the file is right enough.
pub async fn complete_as_operator(app: &App, ctx: &Context, new: NewPerson) -> Result<Id<Person>, Declined> {
    let done = || Declined::Conflict("this appliance is set up already: there is an administrator".to_owned());
    if is_done(app).await? {
        return Err(done());
    }
    let hashed = new.hashed(app).await?;
    let within = app.clone();
    app.store
        .write("complete setup", ctx, move |tx| {
            if is_over(state(tx)?.as_ref()) {
                return Ok(Err(done()));
            }
            Ok(match hashed.put(&within, tx, Standing::Administrator)? {
                Ok(person) => {
                    close(tx, person)?;
                    Ok(person)
                }
                Err(taken) => Err(Declined::Invalid(taken)),
            })
        })
        .await?
}

fn close(tx: &mut Tx<'_>, person: Id<Person>) -> Result<(), Fault> {
    tx.put(&SETUP, &ONLY.to_owned(), &SetupState::Done { at: tx.now() })?;
    tx.record(Event::PersonCreated { person })?;
    tx.record(Event::SetupCompleted { person })
}

fn state(read: &impl Read) -> Result<Option<SetupState>, Fault> {
    read.get(&SETUP, &ONLY.to_owned())
}

fn is_over(state: Option<&SetupState>) -> bool {
    matches!(state, Some(SetupState::Done { .. }))
}

fn judge(state: Option<&SetupState>, token: Option<&OpaqueToken>) -> Result<(), Closed> {
    match (state, token) {
        (Some(SetupState::Done { .. }), _) => Err(Closed::Done),
        (Some(SetupState::Open { digest, .. }), Some(token)) if token.digest() == *digest => Ok(()),
        _ => Err(Closed::WrongLink),
    }
}
