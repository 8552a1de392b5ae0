//! Signing in with a passkey, and with nothing else: its device has asked for a fingerprint, a face or a code, and it signs for our
//! name alone, so there is nothing that a page of somebody else's could collect.
//!
//! Nothing here counts on the counters of passwords and codes, in either direction: a signature is not guessed, and whoever keeps an
//! account's counters busy keeps its passkeys from nothing (attack case 49).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::known_browser::KnownBrowser;
use super::own_passkeys::relying_party;
use super::sign_in::{Outcome, new_session, refuse, tally};
use super::ticket;
use crate::app::App;
use crate::base::{Digest, Fault, Id, Lifetime, Timestamp};
use crate::keys;
use crate::model::{Context, Device, Event, Passkey, Person, PersonState, Session, SignInMethod};
use crate::protocol::webauthn::{self, Assertion, Expected};
use crate::store::tables::{PASSKEY_CHALLENGES, PASSKEYS, PASSKEYS_BY_CREDENTIAL, PEOPLE, SESSIONS};
use crate::store::{Read, Tx};

/// How long a sign-in page may stand open.
const GOOD_FOR: Lifetime = Lifetime::from_minutes(10);
const ASKED: &[u8] = b"a passkey is asked for";
/// Longest part of an answer that is looked at, in characters of base64url.
const LONGEST: usize = 12 * 1_024;

/// What a browser is asked for, and what brings the question back.
#[derive(Clone, Debug)]
pub struct Ask {
    pub ticket: String,
    pub challenge: String,
    pub rp_id: String,
}

/// What the browser answers, all in base64url.
#[derive(Clone, Debug)]
pub struct PasskeyAttempt<'a> {
    pub ticket: &'a str,
    pub credential: &'a str,
    pub client_data: &'a str,
    pub authenticator_data: &'a str,
    pub signature: &'a str,
    pub user_handle: &'a str,
    pub replaces: Option<Id<Session>>,
    pub known: Option<&'a KnownBrowser>,
    /// The digest of the browser's own cookie.
    pub browser: Digest,
    pub device: Option<Device>,
}

#[derive(Serialize, Deserialize)]
struct Carried {
    challenge: String,
    browser: Digest,
    at: Timestamp,
}

/// A challenge, or what else nobody can have foreseen. WebAuthn §13.4.3: "challenges MUST contain enough entropy to make guessing them
/// infeasible. Challenges SHOULD therefore be at least 16 bytes long."
pub(super) fn challenge(app: &App) -> Result<String, Fault> {
    Ok(URL_SAFE_NO_PAD.encode(app.entropy.bytes::<32>()?))
}

pub(super) fn user_handle(person: Id<Person>) -> String {
    URL_SAFE_NO_PAD.encode(Passkey::user_handle(person))
}

pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    if text.len() > LONGEST { None } else { URL_SAFE_NO_PAD.decode(text).ok() }
}

/// Takes a challenge in, once. WebAuthn §13.4.3: "the Relying Party … SHOULD … prevent replay attacks".
pub(super) fn spend(tx: &mut Tx<'_>, challenge: (Digest, Timestamp)) -> Result<bool, Fault> {
    ticket::spend(tx, &PASSKEY_CHALLENGES, challenge)
}

/// What a sign-in page asks this browser for; `None` where no browser has passkeys for us. It is the same whoever sits there: which
/// passkeys there are, the browser knows and we are not asked. Nothing is stored.
pub fn ask(app: &App, at: Timestamp, browser: Digest) -> Result<Option<Ask>, Fault> {
    let Some(rp_id) = relying_party(app) else { return Ok(None) };
    let challenge = challenge(app)?;
    let ticket = ticket::seal(app, &Carried { challenge: challenge.clone(), browser, at }, ASKED)?;
    Ok(Some(Ask { ticket, challenge, rp_id }))
}

/// Signs in whoever's passkey it is.
pub async fn sign_in_with_passkey(app: &App, ctx: &Context, attempt: PasskeyAttempt<'_>) -> Result<Outcome, Fault> {
    let carried = ticket::open::<Carried>(app, attempt.ticket, ASKED);
    // Attack case 42: another browser's, or one that was kept.
    let carried = carried.filter(|it| it.browser == attempt.browser && ctx.at < it.at.plus(GOOD_FOR));
    let (Some(carried), Some(rp_id)) = (carried, relying_party(app)) else { return Ok(Outcome::Over) };
    let (known, credential) = (attempt.known.cloned(), Passkey::found_by(attempt.credential));
    let found = app.store.read(move |view| {
        let found = view.find(&PASSKEYS, &PASSKEYS_BY_CREDENTIAL, &credential)?;
        let Some((_, passkey)) = found else { return Ok(None) };
        Ok(view.get(&PEOPLE, &passkey.person)?.map(|person| (passkey, person)))
    });
    let Some((passkey, person)) = found.await? else {
        app.tally.count("passkey that nobody here has");
        tally(app, ctx, &Outcome::Refused);
        return Ok(Outcome::Refused);
    };
    let parts = [attempt.client_data, attempt.authenticator_data, attempt.signature, attempt.user_handle].map(decoded);
    let expected = Expected { origin: app.issuer.origin(), rp_id: &rp_id, challenge: &carried.challenge };
    let authenticated = match &parts {
        [Some(client_data), Some(authenticator_data), Some(signature), Some(user_handle)] => {
            let assertion = Assertion { client_data, authenticator_data, signature, user_handle };
            webauthn::authenticate(&expected, &passkey, &assertion, keys::passkey::verify)
        }
        _ => Err(webauthn::Unfit::ClientData),
    };
    let known = KnownBrowser::after(known.as_ref(), app, &person.email.folded())?;
    let entropy = app.entropy.clone();
    let lifetime = app.settings.now().lifetimes.session;
    let (replaces, device) = (attempt.replaces, attempt.device);
    let spent = (Digest::of(carried.challenge.as_bytes()), carried.at.plus(GOOD_FOR));
    let outcome = app
        .store
        .write("sign in with passkey", ctx, move |tx| {
            let authenticated = match authenticated {
                Ok(authenticated) => authenticated,
                // Who knows its credential id is its owner, or has had it in their hands.
                Err(unfit) => {
                    refuse(tx, &person, &format!("passkey: {unfit}"))?;
                    return Ok(Outcome::Refused);
                }
            };
            let id = person.id;
            let is_active = |person: &Person| person.state == PersonState::Active;
            // The key is what the signature was checked with.
            let now = tx.get(&PASSKEYS, &passkey.id)?.filter(|now| now.key == passkey.key && now.person == id);
            let (Some(now), true) = (now, tx.get(&PEOPLE, &id)?.is_some_and(|now| is_active(&now))) else {
                refuse(tx, &person, "passkey: suspended, or removed meanwhile")?;
                return Ok(Outcome::Refused);
            };
            if !spend(tx, spent)? {
                return Ok(Outcome::Over);
            }
            let (stored, shown) = (now.sign_count, authenticated.sign_count);
            if !webauthn::counts_on(stored, shown) {
                tx.record(Event::PasskeyCounterBack { person: id, passkey: now.id, stored, shown })?;
                refuse(tx, &person, "passkey: its counter went back, so there may be a copy")?;
                return Ok(Outcome::Refused);
            }
            if let Some(old) = replaces {
                tx.delete(&SESSIONS, &old)?;
            }
            let (session, cookie) = new_session(tx, &entropy, id, SignInMethod::Passkey, device, lifetime)?;
            let passkey = now.id;
            let used =
                Passkey { sign_count: shown, backed_up: authenticated.backed_up, last_used_at: Some(tx.now()), ..now };
            tx.put(&PASSKEYS, &passkey, &used)?;
            tx.record(Event::PasskeyUsed { person: id, passkey, session: session.id })?;
            tx.record(Event::SignedIn { person: id, session: session.id })?;
            Ok(Outcome::SignedIn { cookie, known: known.clone(), session: session.id, person: id })
        })
        .await?;
    tally(app, ctx, &outcome);
    Ok(outcome)
}
