//! The way to the first administrator: a link that works once. Attack case 58.

use super::sign_in::new_session;
use crate::app::App;
use crate::base::{Digest, Fault, Id, OpaqueToken, Secret, TokenKind};
use crate::keys::acceptable;
use crate::model::{Context, Email, Event, Person, PersonState, SetupState, Standing};
use crate::store::Read;
use crate::store::tables::{ONLY, PEOPLE, SETUP};

/// What the page or the command line brings.
#[derive(Clone, Debug)]
pub struct NewAdministrator {
    /// The link's token. `None` for whoever holds the file or the control socket, and so needs no link.
    pub token: Option<Secret>,
    pub name: String,
    pub email: String,
    pub password: Secret,
}

/// Why there is nothing to set up with this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// No token, or not the one that was printed last.
    WrongLink,
    /// There is an administrator.
    Done,
}

/// What is wrong with what was typed, field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invalid(pub Vec<(&'static str, String)>);

impl Invalid {
    pub fn of(&self, field: &str) -> Option<String> {
        self.0.iter().find(|(name, _)| *name == field).map(|(_, words)| words.clone())
    }
}

/// What setting up came to. The cookie signs the new administrator in.
#[derive(Debug)]
pub enum Outcome {
    Done { person: Id<Person>, cookie: Secret },
    Closed(Closed),
    Invalid(Invalid),
}

/// Makes a new setup link's token, which voids the one before. `None` once there is an administrator.
pub fn open_link(app: &App, ctx: &Context) -> Result<Option<Secret>, Fault> {
    let id = Id::<Person>::new(ctx.at, &app.entropy)?;
    let token = OpaqueToken::new(TokenKind::Setup, id, &app.entropy)?;
    let (digest, only) = (token.digest(), ONLY.to_owned());
    let opened = app.store.write_blocking("open setup", ctx, move |tx| {
        if matches!(tx.get(&SETUP, &only)?, Some(SetupState::Done { .. })) {
            return Ok(false);
        }
        tx.put(&SETUP, &only, &SetupState::Open { digest, opened_at: tx.now() })?;
        tx.record(Event::SetupOpened {})?;
        Ok(true)
    })?;
    Ok(opened.then(|| token.into_secret()))
}

/// Whether there is an administrator.
pub async fn is_done(app: &App) -> Result<bool, Fault> {
    let only = ONLY.to_owned();
    app.store.read(move |view| Ok(matches!(view.get(&SETUP, &only)?, Some(SetupState::Done { .. })))).await
}

/// Whether a link still leads anywhere.
pub async fn check(app: &App, token: &str) -> Result<Result<(), Closed>, Fault> {
    let (only, digest) = (ONLY.to_owned(), presented(token));
    app.store.read(move |view| Ok(judge(view.get(&SETUP, &only)?.as_ref(), digest.as_ref()))).await
}

/// Makes the first administrator: of two at once, one wins, and it never opens again.
pub async fn complete(app: &App, ctx: &Context, ask: NewAdministrator) -> Result<Outcome, Fault> {
    // Asked before the form is judged or a password hashed: a stranger without the link costs nothing.
    if let Some(token) = &ask.token
        && let Err(closed) = check(app, token.expose()).await?
    {
        app.tally.count("setup with a wrong link");
        return Ok(Outcome::Closed(closed));
    }
    let (name, email) = match parse(&ask) {
        Ok(parsed) => parsed,
        Err(invalid) => return Ok(Outcome::Invalid(invalid)),
    };
    let password = app.passwords.hash(ask.password.clone()).await?;
    let (entropy, lifetime, only) = (app.entropy.clone(), app.config.lifetimes.session, ONLY.to_owned());
    let digest = ask.token.as_ref().map(|token| presented(token.expose()));
    app.store
        .write("complete setup", ctx, move |tx| {
            let state = tx.get(&SETUP, &only)?;
            let judged = match &digest {
                Some(digest) => judge(state.as_ref(), digest.as_ref()),
                None if matches!(state, Some(SetupState::Done { .. })) => Err(Closed::Done),
                None => Ok(()),
            };
            if let Err(closed) = judged {
                return Ok(Outcome::Closed(closed));
            }
            let now = tx.now();
            let person = Person {
                id: Id::new(now, &entropy)?,
                email: email.clone(),
                name: name.clone(),
                password: password.clone(),
                standing: Standing::Administrator,
                state: PersonState::Active,
                created_at: now,
            };
            tx.put(&SETUP, &only, &SetupState::Done { at: now })?;
            tx.put(&PEOPLE, &person.id, &person)?;
            tx.record(Event::PersonCreated { person: person.id })?;
            tx.record(Event::SetupCompleted { person: person.id })?;
            let (session, cookie) = new_session(tx, &entropy, person.id, lifetime)?;
            tx.record(Event::SignedIn { person: person.id, session: session.id })?;
            Ok(Outcome::Done { person: person.id, cookie })
        })
        .await
}

fn presented(token: &str) -> Option<Digest> {
    OpaqueToken::parse(TokenKind::Setup, token).map(|token| token.digest())
}

fn judge(state: Option<&SetupState>, presented: Option<&Digest>) -> Result<(), Closed> {
    match (state, presented) {
        (Some(SetupState::Done { .. }), _) => Err(Closed::Done),
        (Some(SetupState::Open { digest, .. }), Some(presented)) if digest == presented => Ok(()),
        _ => Err(Closed::WrongLink),
    }
}

/// A person's name and address, and whether the password will do.
pub(crate) fn parse(ask: &NewAdministrator) -> Result<(String, Email), Invalid> {
    let mut invalid = Vec::new();
    let name = crate::protocol::display_name::DisplayName::parse(&ask.name);
    if name.is_err() {
        invalid.push(("name", "Enter a name of 1 to 128 characters.".to_owned()));
    }
    let email = ask.email.parse::<Email>();
    if email.is_err() {
        invalid.push(("email", "Enter an e-mail address, such as ada@example.com.".to_owned()));
    }
    if let Err(why) = acceptable(ask.password.expose(), &ask.email, &ask.name) {
        invalid.push(("password", why.to_owned()));
    }
    match (name, email) {
        (Ok(name), Ok(email)) if invalid.is_empty() => Ok((name.as_str().to_owned(), email)),
        _ => Err(Invalid(invalid)),
    }
}
