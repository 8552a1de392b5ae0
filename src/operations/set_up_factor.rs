//! A password was right, and here a password is not enough: setting up what is wanted besides, before anything else.
//!
//! As with a code (`sign_in_code`), nobody is signed in meanwhile: the browser carries a sealed note that the password was right. With it
//! comes the session, in the transaction that puts down the codes or the passkey.

use super::known_browser::KnownBrowser;
use super::own_passkeys::{self, Created, Creation};
use super::own_sign_in::{Changed, Offered, carried, fitting, offer_to, offered, recovery_codes};
use super::sign_in::new_session;
use super::sign_in_code::{Half, place};
use crate::app::App;
use crate::base::{Digest, Fault, Id, Secret, Timestamp};
use crate::model::{Context, Counted, Device, Event, Person, SecondFactor, Session, SignInMethod};
use crate::store::tables::{PASSKEYS, PASSKEYS_BY_PERSON, SECOND_FACTORS, SESSIONS};
use crate::store::{Read, Tx};

/// What the page offers: a secret for an app, and where browsers have passkeys for us, one of those.
#[derive(Debug)]
pub struct SetUp {
    pub person: Person,
    pub codes: Offered,
    pub passkey: Option<Creation>,
}

/// What comes with the page's forms.
#[derive(Clone, Debug)]
pub struct Attempt<'a> {
    pub half: &'a str,
    pub replaces: Option<Id<Session>>,
    pub known: Option<&'a KnownBrowser>,
    /// The digest of the browser's own cookie.
    pub browser: Digest,
    pub device: Option<Device>,
}

/// What it came to.
#[derive(Debug)]
pub enum Outcome {
    /// Signed in; the recovery codes, if codes were set up, are shown now and never again.
    Done { cookie: Secret, known: Secret, codes: Vec<Secret> },
    /// It is not taken, and can be tried again.
    Not(Changed),
    /// The note does not count, or not any more: from the beginning.
    Over,
}

/// Whether this person has to have more than a password.
pub fn is_demanded(app: &App, person: &Person) -> bool {
    app.settings.now().sign_in.second_factor.includes(person.standing)
}

/// Whether somebody has codes or a passkey.
pub(super) fn has_any(read: &impl Read, person: Id<Person>) -> Result<bool, Fault> {
    Ok(read.get(&SECOND_FACTORS, &person)?.is_some() || has_passkey(read, person)?)
}

pub(super) fn has_passkey(read: &impl Read, person: Id<Person>) -> Result<bool, Fault> {
    Ok(!read.list(&PASSKEYS, &PASSKEYS_BY_PERSON, &person, 1)?.is_empty())
}

/// What the note's questions are bound to: it, and so its person and browser.
fn bound_to(half: &str) -> Digest {
    Digest::of_all(&[b"half a sign-in\n", half.as_bytes()])
}

/// What the page shows, if the note is good here. Nothing is stored.
pub async fn ask(app: &App, at: Timestamp, half: &str, browser: Digest) -> Result<Option<SetUp>, Fault> {
    let Some((_, person)) = of_note(app, at, half, browser).await? else { return Ok(None) };
    let codes = offer_to(app, at, &person, bound_to(half))?;
    let passkey = own_passkeys::creation(app, at, person.id, bound_to(half)).await?;
    Ok(Some(SetUp { person, codes, passkey }))
}

/// The same with the secret that was shown before: the app may have it already.
pub async fn ask_again(
    app: &App,
    at: Timestamp,
    half: &str,
    browser: Digest,
    ticket: &str,
) -> Result<Option<SetUp>, Fault> {
    let Some(mut page) = ask(app, at, half, browser).await? else { return Ok(None) };
    if let Some(carried) = carried(app, at, bound_to(half), ticket) {
        page.codes = offered(app, &page.person, &carried)?;
    }
    Ok(Some(page))
}

/// The note, if it counts here, and whose it is.
async fn of_note(app: &App, at: Timestamp, half: &str, browser: Digest) -> Result<Option<(Half, Person)>, Fault> {
    let Some(half) = Half::open(app, half, browser, at) else { return Ok(None) };
    let found = app.store.read(move |view| Ok(half.still_of(view)?.map(|person| (half, person))));
    found.await
}

/// Sets codes up, if one shows that the app has the secret, and signs in.
pub async fn with_codes(
    app: &App,
    ctx: &Context,
    attempt: Attempt<'_>,
    ticket: &str,
    code: &str,
) -> Result<Outcome, Fault> {
    let Some(noted) = of_note(app, ctx.at, attempt.half, attempt.browser).await? else { return Ok(Outcome::Over) };
    let Some(carried) = carried(app, ctx.at, bound_to(attempt.half), ticket) else { return Ok(Outcome::Over) };
    let Some(step) = fitting(&carried, code, ctx.at) else { return Ok(Outcome::Not(Changed::WrongCode)) };
    let (codes, recovery) = recovery_codes(app)?;
    let id = noted.1.id;
    let secret = app.row_sealer.seal(carried.secret(), &place(id), &app.entropy)?;
    finish(app, ctx, attempt, noted, (None, codes), move |tx| {
        let (secret, recovery) = (secret.clone(), recovery.clone());
        let factor = SecondFactor { person: id, secret, last_step: step, recovery, added_at: tx.now() };
        tx.put(&SECOND_FACTORS, &id, &factor)?;
        tx.record(Event::SecondFactorAdded { person: id })?;
        Ok(Ok(()))
    })
    .await
}

/// Adds a passkey, and signs in.
pub async fn with_passkey(
    app: &App,
    ctx: &Context,
    attempt: Attempt<'_>,
    created: Created<'_>,
) -> Result<Outcome, Fault> {
    let Some(noted) = of_note(app, ctx.at, attempt.half, attempt.browser).await? else { return Ok(Outcome::Over) };
    let id = noted.1.id;
    let vetted = match own_passkeys::vet(app, ctx.at, id, bound_to(attempt.half), created) {
        Ok(vetted) => vetted,
        Err(Changed::Over) => return Ok(Outcome::Over),
        Err(no) => return Ok(Outcome::Not(no)),
    };
    let within = app.clone();
    finish(app, ctx, attempt, noted, (Some(SignInMethod::Passkey), Vec::new()), move |tx| {
        Ok(own_passkeys::put(&within, tx, id, &vetted)?.map(|_| ()))
    })
    .await
}

/// Puts it down and begins the session of this method, if the note still counts and nothing was set up meanwhile.
async fn finish(
    app: &App,
    ctx: &Context,
    attempt: Attempt<'_>,
    (half, person): (Half, Person),
    (method, codes): (Option<SignInMethod>, Vec<Secret>),
    mut put: impl FnMut(&mut Tx<'_>) -> Result<Result<(), Changed>, Fault> + Send + 'static,
) -> Result<Outcome, Fault> {
    let (id, method) = (person.id, half.with_new(method.unwrap_or_else(|| half.with_code())));
    let known = KnownBrowser::after(attempt.known, app, &person.email.folded())?;
    let (entropy, lifetime) = (app.entropy.clone(), app.settings.now().lifetimes.session);
    let (replaces, device) = (attempt.replaces, attempt.device);
    let ctx = ctx.by(crate::model::Actor::Person(id));
    let outcome = app
        .store
        .write("set up second factor", &ctx, move |tx| {
            if half.still_of(tx)?.is_none() || has_any(tx, id)? {
                return Ok(Outcome::Over);
            }
            if let Err(no) = put(tx)? {
                return Ok(if matches!(no, Changed::Over) { Outcome::Over } else { Outcome::Not(no) });
            }
            if let Some(old) = replaces {
                tx.delete(&SESSIONS, &old)?;
            }
            let (session, cookie) = new_session(tx, &entropy, id, method, device, lifetime)?;
            tx.record(Event::SignedIn { person: id, session: session.id })?;
            Ok(Outcome::Done { cookie, known: known.clone(), codes: codes.clone() })
        })
        .await?;
    if let Outcome::Done { .. } = outcome {
        app.hours.count(ctx.at, Counted::SignIn);
    }
    Ok(outcome)
}
