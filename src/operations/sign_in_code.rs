//! The second half of a sign-in: a code, after the password was right (`sign_in`). Between the two nothing is stored and nobody is
//! signed in: the browser carries a sealed note that the password was right, which is good here, for a few minutes, and buys nothing
//! without a code.

use serde::{Deserialize, Serialize};

use super::known_browser::{Guessed, KnownBrowser};
use super::sign_in::{Outcome, bucket, new_session, refuse, tally, too_soon};
use super::ticket;
use crate::app::App;
use crate::base::{Digest, Fault, Id, Lifetime, Timestamp};
use crate::keys;
use crate::model::{Context, Device, Event, Person, PersonState, SecondFactor, Session, SignInMethod};
use crate::protocol::second_factor;
use crate::store::Read;
use crate::store::tables::{FAILURES, LINKS, PEOPLE, PROVIDERS, SECOND_FACTORS, SESSIONS};

/// How long somebody has to look for their telephone.
const GOOD_FOR: Lifetime = Lifetime::from_minutes(5);
const HALF: &[u8] = b"half a sign-in";

/// What the browser brings back.
#[derive(Serialize, Deserialize)]
pub(super) struct Half {
    person: Id<Person>,
    /// Of the hash that the password fitted: with a new password, the old one was never right.
    password: Digest,
    browser: Digest,
    at: Timestamp,
    /// The link by which an identity provider vouched, where no password was typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<(String, String)>,
}

/// A password was right here, which is kept as this hash, or a provider vouched; and more is wanted besides.
pub(super) fn half(
    app: &App,
    (person, hash): (Id<Person>, &str),
    browser: Digest,
    at: Timestamp,
    link: Option<(String, String)>,
) -> Result<String, Fault> {
    ticket::seal(app, &Half { person, password: Digest::of(hash.as_bytes()), browser, at, link }, HALF)
}

impl Half {
    /// Reads a note. Attack case 42: another browser's counts no more than one that was kept.
    pub(super) fn open(app: &App, text: &str, browser: Digest, at: Timestamp) -> Option<Self> {
        let half = ticket::open::<Self>(app, text, HALF)?;
        (half.browser == browser && at < half.at.plus(GOOD_FOR)).then_some(half)
    }

    /// What the two halves come to, if the second is a code.
    pub(super) fn with_code(&self) -> SignInMethod {
        if self.link.is_some() { SignInMethod::ProviderAndCode } else { SignInMethod::PasswordAndCode }
    }

    /// What they come to, if the second was added on the strength of the first. Of whoever came on a provider's word it says no more than that.
    pub(super) fn with_new(&self, added: SignInMethod) -> SignInMethod {
        if self.link.is_some() { SignInMethod::ProviderAndNew } else { added }
    }

    /// Its person, if they may act and the first half is still right: the password is the one that was, and where a provider vouched, the
    /// link is theirs and people sign in with the provider.
    pub(super) fn still_of(&self, read: &impl Read) -> Result<Option<Person>, Fault> {
        let person = read.get(&PEOPLE, &self.person)?.filter(|person| {
            person.state == PersonState::Active && Digest::of(person.password.as_bytes()) == self.password
        });
        let (Some(person), Some(key)) = (&person, &self.link) else { return Ok(person) };
        let link = read.get(&LINKS, key)?.filter(|link| link.person == person.id);
        let provider = link.map(|link| read.get(&PROVIDERS, &link.provider)).transpose()?.flatten();
        let is_open = provider.is_some_and(|provider| provider.open_sign_in().is_some());
        Ok(is_open.then(|| person.clone()))
    }
}

/// What comes with the code.
pub struct CodeAttempt<'a> {
    pub half: &'a str,
    /// A code by time, or a recovery code.
    pub code: &'a str,
    pub replaces: Option<Id<Session>>,
    pub known: Option<&'a KnownBrowser>,
    /// The digest of the browser's own cookie.
    pub browser: Digest,
    pub device: Option<Device>,
}

/// Signs in whoever's password was right, if the code is.
///
/// Codes are counted as passwords are, before they are looked at, on a counter of their own: a right password does not clear it, or whoever
/// knows the password could guess codes without end (attack case 47), and who guesses passwords keeps nobody from their code (49).
pub async fn sign_in_with_code(app: &App, ctx: &Context, attempt: CodeAttempt<'_>) -> Result<Outcome, Fault> {
    let Some(half) = Half::open(app, attempt.half, attempt.browser, ctx.at) else { return Ok(Outcome::Over) };
    let id = half.person;
    let found = app.store.read(move |view| Ok((view.get(&PEOPLE, &id)?, view.get(&SECOND_FACTORS, &id)?))).await?;
    let (Some(person), Some(factor)) = found else { return Ok(Outcome::Over) };
    let folded = person.email.folded();
    let bucket = attempt.known.and_then(|known| known.counter(app, &folded, Guessed::Code));
    let bucket = bucket.unwrap_or_else(|| self::bucket(app, &folded, Guessed::Code));
    let known = KnownBrowser::after(attempt.known, app, &folded)?;
    let _turn = app.turns.wait(bucket).await;
    if let Some(retry_after) = too_soon(app, ctx, bucket, folded).await? {
        let outcome = Outcome::TooSoon { retry_after };
        tally(app, ctx, &outcome);
        return Ok(outcome);
    }
    let proof = Proof::of(app, ctx.at, &factor, attempt.code)?;
    let entropy = app.entropy.clone();
    let lifetime = app.settings.now().lifetimes.session;
    let (replaces, device) = (attempt.replaces, attempt.device);
    let outcome = app
        .store
        .write("sign in with code", ctx, move |tx| {
            let Some(person) = half.still_of(tx)? else { return Ok(Outcome::Over) };
            let Some(now) = tx.get(&SECOND_FACTORS, &id)?.filter(|now| now.secret == proof.secret) else {
                return Ok(Outcome::Over);
            };
            // Of two that bring the same code at once, the second finds it taken: both decide in their transaction.
            let Some(after) = second_factor::take(&now, proof.step, proof.recovery) else {
                refuse(tx, &person, "wrong code")?;
                return Ok(Outcome::Refused);
            };
            let (before, left) = (now.recovery.len(), after.recovery.len());
            tx.put(&SECOND_FACTORS, &id, &after)?;
            tx.delete(&FAILURES, &bucket)?;
            if let Some(old) = replaces {
                tx.delete(&SESSIONS, &old)?;
            }
            if left < before {
                tx.record(Event::RecoveryCodeUsed { person: id, left: left as u64 })?;
            }
            let method = half.with_code();
            let (session, cookie) = new_session(tx, &entropy, id, method, device, lifetime)?;
            tx.record(Event::SignedIn { person: id, session: session.id })?;
            Ok(Outcome::SignedIn { cookie, known: known.clone(), session: session.id, person: id })
        })
        .await?;
    tally(app, ctx, &outcome);
    Ok(outcome)
}

/// What was typed, held against a secret. Whether it is taken is decided in a transaction.
pub(super) struct Proof {
    /// The secret it was held against.
    pub(super) secret: crate::model::Sealed,
    pub(super) step: Option<u64>,
    pub(super) recovery: Option<Digest>,
}

impl Proof {
    pub(super) fn of(app: &App, now: Timestamp, factor: &SecondFactor, typed: &str) -> Result<Self, Fault> {
        let plain = app.row_sealer.open(&factor.secret, &place(factor.person))?;
        let code = second_factor::code(typed);
        let step = code.and_then(|code| keys::totp::step_of(&plain, code, second_factor::steps(now)));
        Ok(Self { secret: factor.secret.clone(), step, recovery: second_factor::recovery(typed) })
    }
}

/// Where a secret is at rest: somebody else's does not open there.
pub(super) fn place(person: Id<Person>) -> Vec<u8> {
    format!("second factor of {person}").into_bytes()
}
