//! How somebody signs in, changed by themselves: the password, the second factor, the recovery codes. Each asks for the password once
//! more, so that a browser left open is not enough to keep its owner out.

use serde::{Deserialize, Serialize};

use super::known_browser::{Guessed, KnownBrowser};
use super::own_passkeys::session;
use super::people::changeable;
use super::sessions::delete_all;
use super::sign_in::{SignedIn, bucket, refuse, too_soon};
use super::sign_in_code::place;
use super::ticket;
use crate::app::App;
use crate::base::{Digest, Fault, Id, Lifetime, Secret, Timestamp};
use crate::keys::{self, Place};
use crate::model::{Context, Event, Person, PersonState, SecondFactor, WeakPassword};
use crate::operations::declined::Declined;
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;
use crate::protocol::second_factor;
use crate::store::tables::{PEOPLE, SECOND_FACTORS, SESSIONS};
use crate::store::{Read, Tx};

/// What a change came to.
#[derive(Debug)]
pub enum Changed {
    Done,
    /// These are shown now, and never again.
    Codes(Vec<Secret>),
    WrongPassword,
    WrongCode,
    /// What the browser brought is not taken: not for us, not now, or here already.
    WrongPasskey,
    WrongName,
    /// There are as many passkeys as one person has.
    TooMany,
    Weak(WeakPassword),
    /// The form is too old, or something else was quicker.
    Over,
    TooSoon {
        retry_after: Lifetime,
    },
}

/// Who asks, from where, and the password they typed.
pub struct Asking<'a> {
    pub signed_in: &'a SignedIn,
    pub known: Option<&'a KnownBrowser>,
    pub password: Secret,
}

/// A secret that was never used: it becomes the person's once a code shows that their program has it.
#[derive(Debug)]
pub struct Offered {
    /// Brings it back, to this session and no other.
    pub ticket: String,
    /// For a program that reads pictures.
    pub address: Secret,
    /// For one that is typed into.
    pub text: Secret,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Carried {
    secret: [u8; second_factor::SECRET],
    /// The session, or the note of a right password.
    bound_to: Digest,
    at: Timestamp,
}

impl Carried {
    pub(super) fn secret(&self) -> &[u8] {
        &self.secret
    }
}

const OFFER: &[u8] = b"a second factor to be";
const OFFERED_FOR: Lifetime = Lifetime::from_minutes(15);

/// The second factor of whoever is signed in, if they have one.
pub async fn second_factor_of(app: &App, person: Id<Person>) -> Result<Option<SecondFactor>, Fault> {
    app.store.read(move |view| view.get(&SECOND_FACTORS, &person)).await
}

/// Makes a secret. Nothing is stored.
pub fn offer(app: &App, at: Timestamp, signed_in: &SignedIn) -> Result<Offered, Fault> {
    offer_to(app, at, signed_in.person(), session(signed_in.session().id))
}

pub(super) fn offer_to(app: &App, at: Timestamp, person: &Person, bound_to: Digest) -> Result<Offered, Fault> {
    let secret = app.entropy.bytes::<{ second_factor::SECRET }>()?;
    offered(app, person, &Carried { secret, bound_to, at })
}

/// The same once more, for a form that comes back. `None` if it is over.
pub fn offer_again(app: &App, at: Timestamp, signed_in: &SignedIn, ticket: &str) -> Result<Option<Offered>, Fault> {
    let carried = carried(app, at, session(signed_in.session().id), ticket);
    carried.map(|carried| offered(app, signed_in.person(), &carried)).transpose()
}

pub(super) fn offered(app: &App, person: &Person, carried: &Carried) -> Result<Offered, Fault> {
    let email = person.email.as_str();
    Ok(Offered {
        ticket: ticket::seal(app, carried, OFFER)?,
        address: Secret::new(address(app.settings.now().brand.name.as_str(), email, &carried.secret)),
        text: Secret::new(second_factor::base32(&carried.secret)),
    })
}

pub(super) fn carried(app: &App, at: Timestamp, bound_to: Digest, ticket: &str) -> Option<Carried> {
    let carried: Carried = ticket::open(app, ticket, OFFER)?;
    (carried.bound_to == bound_to && at < carried.at.plus(OFFERED_FOR)).then_some(carried)
}

/// The step whose code this is, for a secret that was offered.
pub(super) fn fitting(carried: &Carried, code: &str, at: Timestamp) -> Option<u64> {
    keys::totp::step_of(&carried.secret, second_factor::code(code)?, second_factor::steps(at))
}

/// Turns it on. Somebody who has one turns that off first.
pub async fn add(app: &App, ctx: &Context, asking: Asking<'_>, ticket: &str, code: &str) -> Result<Changed, Fault> {
    let bound_to = session(asking.signed_in.session().id);
    let Some(carried) = carried(app, ctx.at, bound_to, ticket) else { return Ok(Changed::Over) };
    let signed_in = asking.signed_in.clone();
    if let Some(no) = prove(app, ctx, asking).await? {
        return Ok(no);
    }
    let Some(step) = fitting(&carried, code, ctx.at) else { return Ok(Changed::WrongCode) };
    let person = signed_in.person().id;
    let (codes, recovery) = recovery_codes(app)?;
    let secret = app.row_sealer.seal(&carried.secret, &place(person), &app.entropy)?;
    let ctx = ctx.by(signed_in.actor());
    let added = app.store.write("add second factor", &ctx, move |tx| {
        if !is_unchanged(tx, &signed_in)? || tx.get(&SECOND_FACTORS, &person)?.is_some() {
            return Ok(false);
        }
        let (secret, recovery) = (secret.clone(), recovery.clone());
        let factor = SecondFactor { person, secret, last_step: step, recovery, added_at: tx.now() };
        tx.put(&SECOND_FACTORS, &person, &factor)?;
        tx.record(Event::SecondFactorAdded { person })?;
        Ok(true)
    });
    Ok(if added.await? { Changed::Codes(codes) } else { Changed::Over })
}

/// Turns it off.
pub async fn remove(app: &App, ctx: &Context, asking: Asking<'_>) -> Result<Changed, Fault> {
    let signed_in = asking.signed_in.clone();
    if let Some(no) = prove(app, ctx, asking).await? {
        return Ok(no);
    }
    let person = signed_in.person().id;
    let ctx = ctx.by(signed_in.actor());
    let removed = app.store.write("remove second factor", &ctx, move |tx| {
        if !is_unchanged(tx, &signed_in)? {
            return Ok(false);
        }
        end(tx, person)
    });
    Ok(if removed.await? { Changed::Done } else { Changed::Over })
}

/// New recovery codes. The old ones are worth nothing from then on.
pub async fn renew_codes(app: &App, ctx: &Context, asking: Asking<'_>) -> Result<Changed, Fault> {
    let signed_in = asking.signed_in.clone();
    if let Some(no) = prove(app, ctx, asking).await? {
        return Ok(no);
    }
    let person = signed_in.person().id;
    let (codes, recovery) = recovery_codes(app)?;
    let ctx = ctx.by(signed_in.actor());
    let renewed = app.store.write("renew recovery codes", &ctx, move |tx| {
        let Some(factor) = tx.get(&SECOND_FACTORS, &person)? else { return Ok(false) };
        if !is_unchanged(tx, &signed_in)? {
            return Ok(false);
        }
        let recovery = recovery.clone();
        tx.record(Event::RecoveryCodesRenewed { person, before: factor.recovery.len() as u64 })?;
        tx.put(&SECOND_FACTORS, &person, &SecondFactor { recovery, ..factor })?;
        Ok(true)
    });
    Ok(if renewed.await? { Changed::Codes(codes) } else { Changed::Over })
}

/// Sets a new password. Every other session ends: whoever changes a password may do so because somebody else knows it.
pub async fn change_password(app: &App, ctx: &Context, asking: Asking<'_>, new: Secret) -> Result<Changed, Fault> {
    let signed_in = asking.signed_in.clone();
    let (person, here) = (signed_in.person().clone(), signed_in.session().id);
    if let Err(weak) = keys::acceptable(new.expose(), person.email.as_str(), &person.name) {
        return Ok(Changed::Weak(weak));
    }
    if let Some(no) = prove(app, ctx, asking).await? {
        return Ok(no);
    }
    let hash = app.passwords.hash(new).await?;
    let ctx = ctx.by(signed_in.actor());
    let changed = app.store.write("change password", &ctx, move |tx| {
        let Some(session) = tx.get(&SESSIONS, &here)? else { return Ok(false) };
        let Some(person) = tx.get(&PEOPLE, &person.id)?.filter(|now| is_same(now, &signed_in)) else {
            return Ok(false);
        };
        let id = person.id;
        tx.put(&PEOPLE, &id, &Person { password: hash.clone(), ..person })?;
        let sessions = delete_all(tx, id)?.saturating_sub(1);
        tx.put(&SESSIONS, &here, &session)?;
        tx.record(Event::PasswordSet { person: id, sessions })?;
        Ok(true)
    });
    Ok(if changed.await? { Changed::Done } else { Changed::Over })
}

/// Takes somebody's second factor away, for whoever looks after the appliance: the telephone is gone, and so is the paper. Whoever has
/// them may be signed in somewhere, so every session ends as well. Says how many there were.
pub async fn reset(app: &App, by: &Operator, person: Id<Person>) -> Result<u64, Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("reset second factor", ctx, move |tx| {
            if let Err(declined) = changeable(tx, &by, person, &Seen::Anything)? {
                return Ok(Err(declined));
            }
            if !end(tx, person)? {
                return Ok(Err(Declined::Conflict("they are asked for no code as it is".to_owned())));
            }
            let sessions = delete_all(tx, person)?;
            if sessions > 0 {
                tx.record(Event::SessionsEnded { person, sessions })?;
            }
            Ok(Ok(sessions))
        })
        .await?
}

fn end(tx: &mut Tx<'_>, person: Id<Person>) -> Result<bool, Fault> {
    let Some(factor) = tx.get(&SECOND_FACTORS, &person)? else { return Ok(false) };
    tx.delete(&SECOND_FACTORS, &person)?;
    tx.record(Event::SecondFactorRemoved { person, added_at: factor.added_at })?;
    Ok(true)
}

/// Asks for the password, with the counter of the sign-in: whoever sits at somebody's session gets no more guesses than anybody. It is
/// not cleared either; the next sign-in does that.
pub(super) async fn prove(app: &App, ctx: &Context, asking: Asking<'_>) -> Result<Option<Changed>, Fault> {
    let person = asking.signed_in.person().clone();
    let folded = person.email.folded();
    let bucket = asking.known.and_then(|known| known.counter(app, &folded, Guessed::Password));
    let bucket = bucket.unwrap_or_else(|| self::bucket(app, &folded, Guessed::Password));
    let _turn = app.turns.wait(bucket).await;
    if let Some(retry_after) = too_soon(app, ctx, bucket, folded).await? {
        return Ok(Some(Changed::TooSoon { retry_after }));
    }
    if app.passwords.verify_at(Place::First, asking.password, Some(person.password.clone())).await? {
        return Ok(None);
    }
    let ctx = ctx.by(asking.signed_in.actor());
    app.store
        .write("refuse password", &ctx, move |tx| refuse(tx, &person, "wrong password on the account page"))
        .await?;
    Ok(Some(Changed::WrongPassword))
}

fn is_same(now: &Person, signed_in: &SignedIn) -> bool {
    now.state == PersonState::Active && now.password == signed_in.person().password
}

/// The person may act, their password is still the one that was typed, and they are still signed in here.
pub(super) fn is_unchanged(tx: &Tx<'_>, signed_in: &SignedIn) -> Result<bool, Fault> {
    let there = tx.get(&SESSIONS, &signed_in.session().id)?.is_some();
    Ok(there && tx.get(&PEOPLE, &signed_in.person().id)?.is_some_and(|now| is_same(&now, signed_in)))
}

pub(super) fn recovery_codes(app: &App) -> Result<(Vec<Secret>, Vec<Digest>), Fault> {
    let mut codes = Vec::with_capacity(second_factor::RECOVERY);
    let mut digests = Vec::with_capacity(second_factor::RECOVERY);
    while codes.len() < second_factor::RECOVERY {
        let code = second_factor::recovery_code(&app.entropy.bytes::<10>()?);
        digests.extend(second_factor::recovery(&code));
        codes.push(Secret::new(code));
    }
    Ok((codes, digests))
}

/// What is in the picture that such a program reads.
fn address(issuer: &str, account: &str, secret: &[u8]) -> String {
    let encoded =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    let (issuer, account) = (encoded(issuer), encoded(account));
    format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", second_factor::base32(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_says_where_and_who() {
        assert_eq!(
            address("North wind", "ada@example.com", b"foobar"),
            "otpauth://totp/North%20wind:ada%40example.com?secret=MZXW6YTBOI&issuer=North%20wind"
        );
    }
}
