//! Somebody's own passkeys: which there are, adding one, removing one.
//!
//! Adding takes the password or a sign-in of a moment ago, and so does removing. Between the question to the browser and its answer
//! nothing is stored: the challenge travels sealed, good for this session and a few minutes.

use serde::{Deserialize, Serialize};

use super::own_sign_in::{Asking, is_unchanged, prove};
use super::people::changeable;
use super::sessions::delete_all;
use super::sign_in::SignedIn;
use super::sign_in_passkey::{challenge, decoded, spend};
use super::ticket;
use crate::app::App;
use crate::base::{Digest, Fault, Id, Lifetime, Timestamp};
use crate::keys;
use crate::model::{Context, Event, Passkey, Person, Session};
use crate::operations::declined::Declined;
use crate::operations::operator::Operator;
use crate::operations::own_sign_in::Changed;
use crate::operations::seen::Seen;
use crate::protocol::display_name::DisplayName;
use crate::protocol::webauthn::{self, Expected, NewPasskey, Unfit};
use crate::store::tables::{PASSKEYS, PASSKEYS_BY_CREDENTIAL, PASSKEYS_BY_PERSON, PEOPLE};
use crate::store::{Read, Tx};

/// A sign-in is proof enough for so long.
const FRESH_FOR: Lifetime = Lifetime::from_minutes(5);
/// How long somebody has to find their key or their finger.
const GOOD_FOR: Lifetime = Lifetime::from_minutes(10);
const TO_BE: &[u8] = b"a passkey to be";

/// What a browser is asked for, and what brings the question back.
#[derive(Debug)]
pub struct Creation {
    pub ticket: String,
    pub challenge: String,
    pub rp_id: String,
    /// In base64url.
    pub user_handle: String,
    /// The credential ids that are here already, so that no device is added twice.
    pub known: Vec<String>,
}

/// What the browser answers.
#[derive(Clone, Copy, Debug)]
pub struct Created<'a> {
    pub ticket: &'a str,
    /// What its owner calls it.
    pub name: &'a str,
    /// Both in base64url.
    pub client_data: &'a str,
    pub attestation: &'a str,
}

/// For whom a challenge is, and for how long.
#[derive(Serialize, Deserialize)]
struct Carried {
    challenge: String,
    person: Id<Person>,
    /// The session, or what else the question belongs to.
    bound_to: Digest,
    at: Timestamp,
}

/// What a question in this session is bound to.
pub(super) fn session(id: Id<Session>) -> Digest {
    Digest::of_all(&[b"session\n", id.bytes()])
}

/// Whether the sign-in is proof enough by itself. One of a time that has not come, because the clock was set back, is not: it would be
/// until that time came again. Nor is the word of an identity provider, which may have asked nobody anything.
pub fn is_fresh(signed_in: &SignedIn, now: Timestamp) -> bool {
    let since = signed_in.session().auth_time;
    signed_in.session().method.is_proof_to_us() && (since..since.plus(FRESH_FOR)).contains(&now)
}

/// The name that passkeys here are bound to; `None` where no browser makes any.
pub fn relying_party(app: &App) -> Option<String> {
    webauthn::relying_party(app.issuer.origin())
}

/// Somebody's passkeys, the oldest first.
pub async fn of_person(app: &App, person: Id<Person>) -> Result<Vec<Passkey>, Fault> {
    app.store.read(move |view| all(view, person)).await
}

pub(super) fn all(read: &impl Read, person: Id<Person>) -> Result<Vec<Passkey>, Fault> {
    let rows = read.list(&PASSKEYS, &PASSKEYS_BY_PERSON, &person, Passkey::MOST)?;
    Ok(rows.into_iter().map(|(_, passkey)| passkey).collect())
}

/// Asks for the password, unless the sign-in is fresh.
pub(super) async fn allow(app: &App, ctx: &Context, asking: Asking<'_>) -> Result<Option<Changed>, Fault> {
    if is_fresh(asking.signed_in, ctx.at) {
        return Ok(None);
    }
    prove(app, ctx, asking).await
}

/// What to ask a browser for, for whoever has just signed in or types their password now. Nothing is stored.
pub async fn offer(app: &App, ctx: &Context, asking: Asking<'_>) -> Result<Result<Creation, Changed>, Fault> {
    let signed_in = asking.signed_in.clone();
    if let Some(no) = allow(app, ctx, asking).await? {
        return Ok(Err(no));
    }
    let (person, bound_to) = (signed_in.person().id, session(signed_in.session().id));
    Ok(creation(app, ctx.at, person, bound_to).await?.ok_or(Changed::Over))
}

pub(super) async fn creation(
    app: &App,
    at: Timestamp,
    person: Id<Person>,
    bound_to: Digest,
) -> Result<Option<Creation>, Fault> {
    let challenge = challenge(app)?;
    let ticket = ticket::seal(app, &Carried { challenge: challenge.clone(), person, bound_to, at }, TO_BE)?;
    asked(app, person, ticket, challenge).await
}

/// The same question once more, for an answer that lacked its name alone: whoever typed their password for it need not do so again, and
/// it is good for no longer. `None` if it is over.
pub async fn offer_again(
    app: &App,
    at: Timestamp,
    signed_in: &SignedIn,
    ticket: &str,
) -> Result<Option<Creation>, Fault> {
    let (person, bound_to) = (signed_in.person().id, session(signed_in.session().id));
    let Some(carried) = carried(app, at, person, bound_to, ticket) else { return Ok(None) };
    asked(app, person, ticket.to_owned(), carried.challenge).await
}

async fn asked(app: &App, person: Id<Person>, ticket: String, challenge: String) -> Result<Option<Creation>, Fault> {
    let Some(rp_id) = relying_party(app) else { return Ok(None) };
    let known = of_person(app, person).await?.into_iter().map(|passkey| passkey.credential).collect();
    Ok(Some(Creation { ticket, challenge, rp_id, user_handle: super::sign_in_passkey::user_handle(person), known }))
}

fn carried(app: &App, at: Timestamp, person: Id<Person>, bound_to: Digest, ticket: &str) -> Option<Carried> {
    let carried = ticket::open::<Carried>(app, ticket, TO_BE)?;
    (carried.person == person && carried.bound_to == bound_to && at < carried.at.plus(GOOD_FOR)).then_some(carried)
}

/// A passkey whose key was looked at and that is to be put down.
pub(super) struct Vetted {
    new: NewPasskey,
    name: String,
    challenge: (Digest, Timestamp),
}

/// Looks at what a browser brought, all of it that needs no transaction.
pub(super) fn vet(
    app: &App,
    at: Timestamp,
    person: Id<Person>,
    bound_to: Digest,
    created: Created<'_>,
) -> Result<Vetted, Changed> {
    let carried = carried(app, at, person, bound_to, created.ticket);
    let (Some(carried), Some(rp_id)) = (carried, relying_party(app)) else { return Err(Changed::Over) };
    let expected = Expected { origin: app.issuer.origin(), rp_id: &rp_id, challenge: &carried.challenge };
    let new = match (decoded(created.client_data), decoded(created.attestation)) {
        (Some(client_data), Some(attestation)) => {
            webauthn::register(&expected, &client_data, &attestation, keys::passkey::usable)
        }
        _ => Err(Unfit::ClientData),
    };
    let new = new.map_err(|unfit| {
        tracing::info!(why = %unfit, "a new passkey was not taken");
        Changed::WrongPasskey
    })?;
    let name = DisplayName::parse(created.name).map_err(|_| Changed::WrongName)?.as_str().to_owned();
    let challenge = (Digest::of(carried.challenge.as_bytes()), carried.at.plus(GOOD_FOR));
    Ok(Vetted { new, name, challenge })
}

/// Puts it down, in the transaction that knows that its person may.
pub(super) fn put(
    app: &App,
    tx: &mut Tx<'_>,
    person: Id<Person>,
    vetted: &Vetted,
) -> Result<Result<Id<Passkey>, Changed>, Fault> {
    if !spend(tx, vetted.challenge)? {
        return Ok(Err(Changed::Over));
    }
    // WebAuthn §7.1: "Verify that the credentialId is not yet registered for any user."
    let credential = Passkey::found_by(&vetted.new.credential);
    if tx.find(&PASSKEYS, &PASSKEYS_BY_CREDENTIAL, &credential)?.is_some() {
        return Ok(Err(Changed::WrongPasskey));
    }
    if all(tx, person)?.len() >= Passkey::MOST {
        return Ok(Err(Changed::TooMany));
    }
    let NewPasskey { credential, key, sign_count, backed_up } = vetted.new.clone();
    let id = Id::<Passkey>::new(tx.now(), &app.entropy)?;
    let name = vetted.name.clone();
    let (created_at, last_used_at) = (tx.now(), None);
    let passkey =
        Passkey { id, person, name: name.clone(), credential, key, sign_count, backed_up, created_at, last_used_at };
    tx.put(&PASSKEYS, &id, &passkey)?;
    tx.record(Event::PasskeyAdded { person, passkey: id, name })?;
    Ok(Ok(id))
}

/// Adds what a browser made for the question of [`offer`].
pub async fn add(app: &App, ctx: &Context, signed_in: &SignedIn, created: Created<'_>) -> Result<Changed, Fault> {
    let (person, bound_to) = (signed_in.person().id, session(signed_in.session().id));
    let vetted = match vet(app, ctx.at, person, bound_to, created) {
        Ok(vetted) => vetted,
        Err(no) => return Ok(no),
    };
    let (within, signed_in) = (app.clone(), signed_in.clone());
    let ctx = ctx.by(signed_in.actor());
    app.store
        .write("add passkey", &ctx, move |tx| {
            if !is_unchanged(tx, &signed_in)? {
                return Ok(Changed::Over);
            }
            Ok(put(&within, tx, person, &vetted)?.map_or_else(|no| no, |_| Changed::Done))
        })
        .await
}

/// Removes one. Sessions that it began go on: they are listed, and can be ended there.
pub async fn remove(app: &App, ctx: &Context, asking: Asking<'_>, id: Id<Passkey>) -> Result<Changed, Fault> {
    let signed_in = asking.signed_in.clone();
    if let Some(no) = allow(app, ctx, asking).await? {
        return Ok(no);
    }
    let person = signed_in.person().id;
    let ctx = ctx.by(signed_in.actor());
    app.store
        .write("remove passkey", &ctx, move |tx| {
            // Somebody else's is as unknown as one that there never was.
            let found = tx.get(&PASSKEYS, &id)?.filter(|passkey| passkey.person == person);
            match found {
                Some(passkey) if is_unchanged(tx, &signed_in)? => end(tx, passkey, 0).map(|()| Changed::Done),
                _ => Ok(Changed::Over),
            }
        })
        .await
}

/// Removes one of somebody's, for whoever looks after the appliance: the device is lost or in the wrong hands, so every session of
/// theirs ends as well. Says how many there were.
pub async fn remove_of(app: &App, by: &Operator, person: Id<Person>, id: Id<Passkey>) -> Result<u64, Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("remove passkey of person", ctx, move |tx| {
            if let Err(declined) = changeable(tx, &by, person, &Seen::Anything)? {
                return Ok(Err(declined));
            }
            let Some(passkey) = tx.get(&PASSKEYS, &id)?.filter(|passkey| passkey.person == person) else {
                return Ok(Err(Declined::Missing(format!("they have no passkey {id}"))));
            };
            let sessions = delete_all(tx, person)?;
            end(tx, passkey, sessions)?;
            Ok(Ok(sessions))
        })
        .await?
}

/// The passkeys of somebody who was looked up.
pub async fn list_of(app: &App, person: Id<Person>) -> Result<Vec<Passkey>, Declined> {
    let found = app.store.read(move |view| Ok((view.get(&PEOPLE, &person)?.is_some(), all(view, person)?))).await?;
    match found {
        (true, passkeys) => Ok(passkeys),
        (false, _) => Err(Declined::Missing(format!("there is no person {person}"))),
    }
}

fn end(tx: &mut Tx<'_>, passkey: Passkey, sessions: u64) -> Result<(), Fault> {
    tx.delete(&PASSKEYS, &passkey.id)?;
    let Passkey { id, person, name, .. } = passkey;
    tx.record(Event::PasskeyRemoved { person, passkey: id, name, sessions })
}
