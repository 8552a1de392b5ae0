//! Proving who one is, with a password; and knowing a browser again afterwards.

use super::known_browser::{Guessed, KnownBrowser};
use super::set_up_factor::{has_passkey, is_demanded};
use super::sign_in_code;
use crate::app::{App, Class, Who};
use crate::base::{Digest, Fault, FaultKind, Id, Lifetime, OpaqueToken, Secret, Timestamp, TokenKind};
use crate::keys::{Place, needs_rehash};
use crate::model::{
    Actor, Context, Counted, Device, Email, Event, Person, PersonState, Session, SignInFailures, SignInMethod, Standing,
};
use crate::store::tables::{FAILURES, PEOPLE, PEOPLE_BY_EMAIL, SECOND_FACTORS, SESSIONS};
use crate::store::{Read, Tx};

/// A browser whose session was found alive, and whose person may act. The proof that operations of people ask for.
#[derive(Clone, Debug)]
pub struct SignedIn {
    session: Session,
    person: Person,
}

impl SignedIn {
    /// Search for this word to find every place that claims somebody is signed in.
    fn assertion(session: Session, person: Person) -> Self {
        Self { session, person }
    }

    pub fn session(&self) -> &Session {
        &self.session
    }

    pub fn person(&self) -> &Person {
        &self.person
    }

    pub fn actor(&self) -> Actor {
        Actor::Person(self.person.id)
    }

    pub fn is_administrator(&self) -> bool {
        self.person.standing == Standing::Administrator
    }
}

/// What a sign-in came to.
#[derive(Debug)]
pub enum Outcome {
    /// The session cookie's new value.
    SignedIn {
        cookie: Secret,
        /// The value of the cookie by which this browser is known from now on.
        known: Secret,
        session: Id<Session>,
        person: Id<Person>,
    },
    /// The password was right. This note of it, and a code, sign them in (`sign_in_code`).
    CodeWanted { half: String },
    /// It was right, more is demanded here, and they have set nothing up: they do now, with this note (`set_up_factor`).
    SetUpWanted { half: String },
    /// It was right, more is demanded here, and they have a passkey, which signs in alone.
    PasskeyWanted,
    /// Unknown, wrong, suspended: nobody is told which. After the password: the code was wrong.
    Refused,
    /// The note does not count, or not any more: from the beginning.
    Over,
    /// Too many failures for this name, existing or not.
    TooSoon { retry_after: Lifetime },
}

/// Failures that cost nothing.
const FREE_FAILURES: u32 = 5;
/// No wait is longer: whoever attacks an account must not be able to keep its owner out for good.
const LONGEST_WAIT: Lifetime = Lifetime::from_seconds(60);
/// A quiet day forgives everything.
const FORGIVEN_AFTER: Lifetime = Lifetime::from_hours(24);

/// What was typed, and where.
pub struct Attempt<'a> {
    pub email: &'a str,
    pub password: Secret,
    /// The session that this browser has, which ends with the sign-in.
    pub replaces: Option<Id<Session>>,
    pub known: Option<&'a KnownBrowser>,
    /// The digest of the browser's own cookie.
    pub browser: Digest,
    pub device: Option<Device>,
}

impl<'a> Attempt<'a> {
    /// From nowhere in particular.
    pub fn of(email: &'a str, password: Secret) -> Self {
        Self { email, password, replaces: None, known: None, browser: Digest::ZERO, device: None }
    }
}

/// Signs a person in, in a new session; the one this browser had, if any, ends in the same transaction.
///
/// The attempt is counted before the password is looked at, and durably, so that neither parallel guesses nor a restart get
/// more of them (attack case 47). Known and unknown names go the same way: the same counter, the same hash, the same two writes
/// (attack case 50). A browser in which this account was signed in to before is counted by itself (attack case 49).
pub async fn sign_in(app: &App, ctx: &Context, attempt: Attempt<'_>) -> Result<Outcome, Fault> {
    let Attempt { email, password, replaces, known: before, browser, device } = attempt;
    let email: Option<Email> = email.parse().ok();
    let folded = email.as_ref().map_or_else(|| "\0".to_owned(), Email::folded);
    let own = before.and_then(|known| known.counter(app, &folded, Guessed::Password));
    // A crowd of strangers is neither in its counter nor before it in the queue.
    let place = if own.is_some() { Place::First } else { Place::Last };
    let bucket = own.unwrap_or_else(|| self::bucket(app, &folded, Guessed::Password));
    let known = KnownBrowser::after(before, app, &folded)?;
    let _turn = app.turns.wait(bucket).await;
    if let Some(retry_after) = too_soon(app, ctx, bucket, folded.clone()).await? {
        let outcome = Outcome::TooSoon { retry_after };
        tally(app, ctx, &outcome);
        return Ok(outcome);
    }
    let person =
        app.store.read(move |view| Ok(view.find(&PEOPLE, &PEOPLE_BY_EMAIL, folded.as_str())?.map(|(_, p)| p))).await?;
    let phc = person.as_ref().map(|person| person.password.clone());
    let right = app.passwords.verify_at(place, password.clone(), phc).await?;
    let signed_in = person.clone().filter(|person| right && person.state == PersonState::Active);
    // A hash from when it cost less, or from elsewhere, is made anew while the password is at hand, whatever is asked for besides it. If
    // there is no time for that now, the next sign-in will do.
    let rehashed = match &signed_in {
        Some(person) if needs_rehash(&person.password) => app.passwords.hash(password).await.ok(),
        _ => None,
    };
    // Whether it is wanted is decided below.
    let half = signed_in.as_ref().map(|person| {
        let password = rehashed.as_ref().unwrap_or(&person.password);
        sign_in_code::half(app, (person.id, password), browser, ctx.at, None)
    });
    let half = half.transpose()?;

    let (within, entropy) = (app.clone(), app.entropy.clone());
    let lifetime = app.settings.now().lifetimes.session;
    let outcome = app
        .store
        .write("sign in", ctx, move |tx| match still_so(tx, signed_in.as_ref(), rehashed.as_ref())? {
            Some(person) if tx.get(&SECOND_FACTORS, &person.id)?.is_some() => {
                tx.delete(&FAILURES, &bucket)?;
                tx.record(Event::SignInHalfDone { person: person.id })?;
                Ok(half.clone().map_or(Outcome::Over, |half| Outcome::CodeWanted { half }))
            }
            Some(person) if is_demanded(&within, &person) => {
                tx.delete(&FAILURES, &bucket)?;
                tx.record(Event::SignInHalfDone { person: person.id })?;
                if has_passkey(tx, person.id)? {
                    return Ok(Outcome::PasskeyWanted);
                }
                Ok(half.clone().map_or(Outcome::Over, |half| Outcome::SetUpWanted { half }))
            }
            Some(person) => {
                tx.delete(&FAILURES, &bucket)?;
                if let Some(old) = replaces {
                    tx.delete(&SESSIONS, &old)?;
                }
                let (session, cookie) = new_session(tx, &entropy, person.id, SignInMethod::Password, device, lifetime)?;
                tx.record(Event::SignedIn { person: person.id, session: session.id })?;
                Ok(Outcome::SignedIn { cookie, known: known.clone(), session: session.id, person: person.id })
            }
            None => {
                match &person {
                    Some(known) => refuse(tx, known, "wrong password or suspended")?,
                    // An unknown name costs a write too, so that the two take the same time.
                    None => touch(tx, bucket)?,
                }
                Ok(Outcome::Refused)
            }
        })
        .await?;
    tally(app, ctx, &outcome);
    Ok(outcome)
}

/// Counts an attempt at the account of this name, whichever door it comes through; or says how long to wait, and notes whose account it
/// is, for whoever looks after the appliance. A name that is nobody's is looked for as well.
pub(super) async fn too_soon(app: &App, ctx: &Context, bucket: u64, folded: String) -> Result<Option<Lifetime>, Fault> {
    let wait = app.store.write("count sign-in", ctx, move |tx| count(tx, bucket)).await?;
    if wait.is_some() {
        app.tally.count("sign-in too soon after failures");
        let person = app.store.read(move |view| view.find(&PEOPLE, &PEOPLE_BY_EMAIL, folded.as_str())).await?;
        if let Some((id, _)) = person {
            app.limits.met(Class::Account, Who::Person(id), ctx.at);
        }
    }
    Ok(wait)
}

/// Half a sign-in is neither one nor a failure.
pub(super) fn tally(app: &App, ctx: &Context, outcome: &Outcome) {
    match outcome {
        Outcome::SignedIn { .. } => app.hours.count(ctx.at, Counted::SignIn),
        Outcome::Refused | Outcome::TooSoon { .. } => app.hours.count(ctx.at, Counted::SignInFailed),
        Outcome::CodeWanted { .. } | Outcome::SetUpWanted { .. } | Outcome::PasskeyWanted | Outcome::Over => {}
    }
}

/// A refusal of somebody who is known.
pub(super) fn refuse(tx: &mut Tx<'_>, person: &Person, why: &str) -> Result<(), Fault> {
    tx.record(Event::SignInRefused { person: person.id, why: why.to_owned() })
}

/// The person whose password was right, if they may still act and the password is still that one: hashing takes long enough for
/// somebody to be suspended meanwhile. If it was hashed anew, that is put down.
fn still_so(tx: &mut Tx<'_>, proved: Option<&Person>, rehashed: Option<&String>) -> Result<Option<Person>, Fault> {
    let Some(proved) = proved else { return Ok(None) };
    let now = tx.get(&PEOPLE, &proved.id)?;
    let now = now.filter(|person| person.state == PersonState::Active && person.password == proved.password);
    let (Some(person), Some(password)) = (&now, rehashed) else { return Ok(now) };
    let person = Person { password: password.clone(), ..person.clone() };
    tx.put(&PEOPLE, &person.id, &person)?;
    Ok(Some(person))
}

/// Begins a session. The cookie's value is shown once; its digest is kept.
pub(crate) fn new_session(
    tx: &mut Tx<'_>,
    entropy: &crate::base::Entropy,
    person: Id<Person>,
    method: SignInMethod,
    device: Option<Device>,
    lifetime: Lifetime,
) -> Result<(Session, Secret), Fault> {
    let now = tx.now();
    new_session_of(tx, entropy, person, (method, now), device, lifetime)
}

/// The same for who proved who they are before, elsewhere.
pub(super) fn new_session_of(
    tx: &mut Tx<'_>,
    entropy: &crate::base::Entropy,
    person: Id<Person>,
    (method, auth_time): (SignInMethod, Timestamp),
    device: Option<Device>,
    lifetime: Lifetime,
) -> Result<(Session, Secret), Fault> {
    let now = tx.now();
    let id = Id::<Session>::new(now, entropy)?;
    let cookie = OpaqueToken::new(TokenKind::Session, id, entropy)?;
    let session = Session {
        id,
        digest: cookie.digest(),
        person,
        auth_time,
        method,
        device,
        network: tx.context().from.network.clone(),
        last_seen_at: now,
        expires_at: now.plus(lifetime),
    };
    tx.put(&SESSIONS, &id, &session)?;
    Ok((session, cookie.into_secret()))
}

/// Who is at a browser, by its session cookie.
pub async fn recognize(app: &App, at: Timestamp, cookie: &str) -> Result<Option<SignedIn>, Fault> {
    let Some(token) = OpaqueToken::parse(TokenKind::Session, cookie) else { return Ok(None) };
    let (id, digest) = (token.id::<Session>(), token.digest());
    let found = app.store.read(move |view| {
        let Some(session) = view.get(&SESSIONS, &id)?.filter(|session| session.digest == digest) else {
            return Ok(None);
        };
        Ok(view.get(&PEOPLE, &session.person)?.map(|person| (session, person)))
    });
    let Some((mut session, person)) = found.await? else { return Ok(None) };
    if let Some(seen) = app.last_seen.of(&id) {
        session.last_seen_at = session.last_seen_at.max(seen);
    }
    if !session.is_live(at, app.settings.now().lifetimes.session_idle) || person.state != PersonState::Active {
        return Ok(None);
    }
    // Since it began, more than a password may have come to be demanded.
    if is_demanded(app, &person) && !session.method.is_strong() {
        return Ok(None);
    }
    app.last_seen.saw(id, at);
    Ok(Some(SignedIn::assertion(session, person)))
}

/// Which counter a name uses: 65,536 of them, by a key that nobody outside knows, so that neither the table nor its growth
/// tells which names exist.
pub(crate) fn bucket(app: &App, folded: &str, of: Guessed) -> u64 {
    bucket_of(&app.throttle.mac(&[of.label(), folded.as_bytes()]))
}

pub(crate) fn bucket_of(mac: &Digest) -> u64 {
    let [a, b, ..] = *mac.bytes();
    u64::from(u16::from_be_bytes([a, b]))
}

/// Counts an attempt, unless one has to wait.
fn count(tx: &mut Tx<'_>, bucket: u64) -> Result<Option<Lifetime>, Fault> {
    let now = tx.now();
    let mut known = tx.get(&FAILURES, &bucket)?.filter(|failures| now < failures.expires_at).unwrap_or_default();
    if known.last_at > now {
        // The clock was set back. The wait begins now: it is as long as ever, and not until that day comes again.
        known = SignInFailures { last_at: now, expires_at: now.plus(FORGIVEN_AFTER), ..known };
        tx.put(&FAILURES, &bucket, &known)?;
    }
    let free_at = known.last_at.plus(wait(known.count));
    if now < free_at {
        return Ok(Some(free_at.since(now)));
    }
    let counted =
        SignInFailures { count: known.count.saturating_add(1), last_at: now, expires_at: now.plus(FORGIVEN_AFTER) };
    tx.put(&FAILURES, &bucket, &counted)?;
    Ok(None)
}

fn touch(tx: &mut Tx<'_>, bucket: u64) -> Result<(), Fault> {
    let known =
        tx.get(&FAILURES, &bucket)?.ok_or_else(|| Fault::new(FaultKind::Bug, "a counted attempt has no counter"))?;
    tx.put(&FAILURES, &bucket, &known)
}

/// How long to wait after so many failures: nothing, then one second, doubling.
fn wait(failures: u32) -> Lifetime {
    match failures.checked_sub(FREE_FAILURES) {
        None => Lifetime::default(),
        Some(beyond) => Lifetime::from_seconds(1_u64 << beyond.min(16)).min(LONGEST_WAIT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_bounded() {
        let seconds: Vec<u64> = [0, 4, 5, 6, 7, 10, 11, 40, u32::MAX].into_iter().map(|n| wait(n).seconds()).collect();
        assert_eq!(seconds, [0, 0, 1, 2, 4, 32, 60, 60, 60]);
    }
}
