//! Signing in with somebody else's OpenID provider: leaving for it, and what is believed of whoever comes back.
//!
//! Between the two nothing is stored (decision 13): what the answer has to fit travels sealed in a cookie of this browser. An answer is taken
//! once, and that is remembered before anything is asked of the provider. Who somebody is, a link says that was made before, or their
//! verified address where an administrator wants that ([`PersonBy`](crate::model::PersonBy)); nobody is made here who was not there
//! (decision 44).

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::federation::{Unrecognized, signed_by};
use super::known_browser::KnownBrowser;
use super::own_sign_in::is_unchanged;
use super::providers::{self, redirect_uri};
use super::set_up_factor::{has_passkey, is_demanded};
use super::sign_in::{Outcome, SignedIn, new_session_of, refuse, tally};
use super::sign_in_code;
use super::sign_in_passkey::challenge;
use super::ticket;
use crate::app::App;
use crate::base::{Digest, Fault, FaultKind, Id, Lifetime, Secret, Timestamp};
use crate::keys::Typ;
use crate::model::{
    Context, Counted, Device, Event, IdentityProvider, Person, PersonState, Session, SignInMethod, SubjectLink,
    UpstreamSignIn,
};
use crate::outbound::{DocumentError, FormPost, Limits, OutboundUrl};
use crate::protocol::upstream::{self, Expected, LONGEST_ANSWER, Made, Metadata, Unfit, Vouched};
use crate::store::tables::{
    LINKS, LINKS_BY_PERSON, PEOPLE, PROVIDERS, SECOND_FACTORS, SESSIONS, UPSTREAM_ANSWERS, link_key,
};
use crate::store::{MAX_ROWS, Read, Tx};

/// How long somebody may be away.
pub const GOOD_FOR: Lifetime = Lifetime::from_minutes(10);
/// Browsers keep no longer cookie than 4,096 bytes, its name among them.
const LONGEST_COOKIE: usize = 4_000;
const AWAY: &[u8] = b"away to sign in elsewhere";
/// For the provider's answer to a code.
const TOTAL_TIME: Lifetime = Lifetime::from_seconds(10);

/// A provider at which people sign in.
#[derive(Clone, Debug)]
pub struct Door {
    pub id: Id<IdentityProvider>,
    pub name: String,
}

impl Door {
    /// A provider's, if it is open.
    pub(super) fn of(provider: &IdentityProvider) -> Option<Self> {
        provider.open_sign_in().map(|sign_in| Self { id: provider.id, name: sign_in.name.clone() })
    }
}

/// Every provider whose button is there.
pub async fn doors(app: &App) -> Result<Vec<Door>, Fault> {
    Ok(providers::list(app).await?.iter().filter_map(Door::of).collect())
}

/// What has to fit when the browser comes back.
#[derive(Serialize, Deserialize)]
struct Carried {
    provider: Id<IdentityProvider>,
    state: String,
    nonce: String,
    verifier: String,
    browser: Digest,
    /// The session whose person is to be linked; without it, somebody signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<Id<Session>>,
    /// The page of ours that they were on their way to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    at: Timestamp,
}

impl Carried {
    /// Reads the cookie, and the ticket of an authorization beside it. Attack case 40: another browser's counts no more than one that was
    /// kept.
    fn open(app: &App, cookie: &str, browser: Digest, now: Timestamp) -> Option<(Self, Option<String>)> {
        let (text, ticket) = cookie.split_once('.').map_or((cookie, None), |(text, ticket)| (text, Some(ticket)));
        let carried = ticket::open::<Self>(app, text, AWAY)?;
        let fits = carried.browser == browser && now < carried.at.plus(GOOD_FOR);
        fits.then(|| (carried, ticket.map(str::to_owned)))
    }
}

/// From where somebody leaves.
pub struct Leaving<'a> {
    /// The digest of the browser's own cookie.
    pub browser: Digest,
    /// Of the authorization that they are on the way of.
    pub ticket: Option<&'a str>,
    pub to: Option<&'a str>,
    /// Whose account is to be linked.
    pub link: Option<Id<Session>>,
}

/// Where the browser goes.
#[derive(Debug)]
pub struct Left {
    pub name: String,
    pub url: String,
    /// What brings it back here.
    pub cookie: Secret,
}

/// Why it stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stays {
    /// There is no such provider, or it was turned off.
    Closed,
    /// It cannot be reached, or is not what it should be.
    OutOfReach { name: String },
}

/// Makes up what binds the answer to this browser, and says where to go.
pub async fn leave(
    app: &App,
    ctx: &Context,
    id: Id<IdentityProvider>,
    leaving: Leaving<'_>,
) -> Result<Result<Left, Stays>, Fault> {
    let Some((provider, sign_in)) = open_provider(app, id).await? else { return Ok(Err(Stays::Closed)) };
    let name = sign_in.name.clone();
    let metadata = match app.outbound.provider_metadata(&provider.issuer, ctx.at).await {
        Ok(metadata) => metadata,
        Err(error) => {
            told(&provider, &error);
            app.tally.count("identity provider that could not be reached");
            return Ok(Err(Stays::OutOfReach { name }));
        }
    };
    let carried = Carried {
        provider: id,
        state: challenge(app)?,
        nonce: challenge(app)?,
        verifier: challenge(app)?,
        browser: leaving.browser,
        link: leaving.link,
        to: leaving.to.map(str::to_owned),
        at: ctx.at,
    };
    let sealed = ticket::seal(app, &carried, AWAY)?;
    // The ticket is sealed already, and bound to this browser as this is.
    let cookie = leaving.ticket.map_or_else(|| sealed.clone(), |ticket| format!("{sealed}.{ticket}"));
    if cookie.len() > LONGEST_COOKIE {
        app.tally.count("authorization too long to be carried to an identity provider");
        return Ok(Err(Stays::OutOfReach { name }));
    }
    let made = Made { state: &carried.state, nonce: &carried.nonce, verifier: &carried.verifier };
    let us = (sign_in.client_id.as_str(), &*redirect_uri(app, id), &sign_in.scope);
    let url = upstream::authorization_url(&metadata, us, &made);
    Ok(Ok(Left { name, url, cookie: Secret::new(cookie) }))
}

async fn open_provider(
    app: &App,
    id: Id<IdentityProvider>,
) -> Result<Option<(IdentityProvider, UpstreamSignIn)>, Fault> {
    let provider = app.store.read(move |view| view.get(&PROVIDERS, &id)).await?;
    Ok(provider.and_then(|provider| provider.open_sign_in().cloned().map(|sign_in| (provider, sign_in))))
}

fn told(provider: &IdentityProvider, error: &DocumentError) {
    tracing::warn!(issuer = provider.issuer, ?error, "an identity provider's metadata cannot be had");
}

/// What comes back.
pub struct Arrival<'a> {
    /// Whose address it came to; `None` where that is nobody's.
    pub at: Option<Id<IdentityProvider>>,
    pub query: &'a [u8],
    pub cookie: Option<&'a str>,
    /// The digest of the browser's own cookie.
    pub browser: Digest,
    pub signed_in: Option<&'a SignedIn>,
    pub known: Option<&'a KnownBrowser>,
    pub device: Option<Device>,
}

/// The way that somebody was on, and what became of it.
#[derive(Debug)]
pub struct Arrived {
    pub ticket: Option<String>,
    pub to: Option<String>,
    /// A link was to be made: the account page is where it goes on.
    pub linking: bool,
    /// What people call the provider; empty where it is not known.
    pub name: String,
    pub came_to: CameTo,
}

#[derive(Debug)]
pub enum CameTo {
    /// As for every other way to sign in.
    SignIn(Outcome),
    Linked,
    Not(Why),
}

/// Why nobody is signed in, or linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Not asked for here, too old, answered before, or turned off meanwhile.
    Over,
    /// The person, or the provider, said no.
    Denied,
    /// It cannot be reached.
    OutOfReach,
    /// What came is not what it should be.
    NotGood,
    /// It is, and nobody here is known by it.
    Unknown,
    /// Whoever is known by it may not act.
    Stopped,
    /// It is linked to somebody else.
    Taken,
    /// Whoever wants to link it has another account there that is.
    Another,
}

/// Takes an answer in, once, and signs in whoever it speaks of.
pub async fn arrive(app: &App, ctx: &Context, arrival: Arrival<'_>) -> Result<Arrived, Fault> {
    let carried = arrival.cookie.and_then(|cookie| Carried::open(app, cookie, arrival.browser, ctx.at));
    let not = |ticket, to, linking, name, why| Arrived { ticket, to, linking, name, came_to: CameTo::Not(why) };
    let Some((carried, ticket)) = carried else {
        app.tally.count("answer of an identity provider that this browser did not ask for");
        return Ok(not(None, None, false, String::new(), Why::Over));
    };
    let (to, linking) = (carried.to.clone(), carried.link.is_some());
    let state = upstream::state(arrival.query).unwrap_or_default();
    if !bool::from(state.as_bytes().ct_eq(carried.state.as_bytes())) {
        app.tally.count("answer of an identity provider that this browser did not ask for");
        return Ok(not(ticket, to, linking, String::new(), Why::Over));
    }
    // Attack case 44, RFC 9700 §4.4.2.2: "comparing the distinct redirect URI for the issuer to the URI where the authorization response was
    // received on. If there is a mismatch, the client MUST abort the flow." It may be another's code, so it goes nowhere.
    if arrival.at != Some(carried.provider) {
        app.tally.count("answer of an identity provider at the address of another");
        return Ok(not(ticket, to, linking, String::new(), Why::Over));
    }
    // Attack case 44: before anything is asked of anybody, or written of it, or the same answer could be brought many times.
    let answer = Digest::of_all(&[b"answer of a provider\n", carried.state.as_bytes()]);
    let spent = (answer, carried.at.plus(GOOD_FOR));
    let is_first =
        app.store.write("take answer of provider", ctx, move |tx| ticket::spend(tx, &UPSTREAM_ANSWERS, spent));
    if !is_first.await? {
        app.tally.count("answer of an identity provider that was taken before");
        return Ok(not(ticket, to, linking, String::new(), Why::Over));
    }
    let Some((provider, sign_in)) = open_provider(app, carried.provider).await? else {
        refused(app, ctx, carried.provider, "people do not sign in with it any more".to_owned()).await?;
        return Ok(not(ticket, to, linking, String::new(), Why::Over));
    };
    let name = sign_in.name.clone();
    let came_to = match vouched(app, ctx, (&provider, &sign_in), &carried, arrival.query).await? {
        Ok(vouched) => match carried.link {
            Some(session) => link(app, ctx, provider, vouched, session, &arrival).await?,
            None => sign_in_with(app, ctx, provider, vouched, &arrival).await?,
        },
        Err(why) => {
            if !linking {
                app.hours.count(ctx.at, Counted::SignInFailed);
            }
            CameTo::Not(why)
        }
    };
    Ok(Arrived { ticket, to, linking, name, came_to })
}

/// What the provider says, once it is certain that it says it, to us, for this sign-in and now.
async fn vouched(
    app: &App,
    ctx: &Context,
    (provider, sign_in): (&IdentityProvider, &UpstreamSignIn),
    carried: &Carried,
    query: &[u8],
) -> Result<Result<Vouched, Why>, Fault> {
    let metadata = match app.outbound.provider_metadata(&provider.issuer, ctx.at).await {
        Ok(metadata) => metadata,
        Err(error) => {
            told(provider, &error);
            return not_reached(app, ctx, provider.id, "its metadata cannot be had").await;
        }
    };
    let code = match upstream::code(query, &metadata) {
        Ok(code) => code,
        Err(unfit) => return unfit_answer(app, ctx, provider.id, unfit).await,
    };
    let token = match exchange(app, provider.id, sign_in, &metadata, (&code, &carried.verifier)).await? {
        Ok(token) => token,
        Err(Exchange::OutOfReach) => {
            return not_reached(app, ctx, provider.id, "its token endpoint cannot be reached, or did not answer").await;
        }
        Err(Exchange::Unfit(unfit)) => return unfit_answer(app, ctx, provider.id, unfit).await,
    };
    let keys = (provider.jwks.as_ref(), provider.jwks_uri.as_deref());
    let claims = match signed_by(app, &provider.issuer, keys, (&token, Typ::AbsentOr(&["jwt"])), ctx.at).await {
        Ok(claims) => claims,
        Err(Unrecognized::Broken(fault)) => return Err(fault),
        Err(Unrecognized::Invalid(why)) => return unfit_answer(app, ctx, provider.id, Unfit::Token(why)).await,
        Err(Unrecognized::OutOfReach | Unrecognized::Ambiguous) => {
            return not_reached(app, ctx, provider.id, "its keys cannot be had").await;
        }
    };
    let expected =
        Expected { issuer: &provider.issuer, client_id: &sign_in.client_id, nonce: &carried.nonce, now: ctx.at };
    match upstream::accept(&claims, expected) {
        Ok(vouched) => Ok(Ok(vouched)),
        Err(unfit) => unfit_answer(app, ctx, provider.id, unfit).await,
    }
}

enum Exchange {
    OutOfReach,
    Unfit(Unfit),
}

/// Brings the code back to the provider, for an id token.
async fn exchange(
    app: &App,
    id: Id<IdentityProvider>,
    sign_in: &UpstreamSignIn,
    metadata: &Metadata,
    code: (&Secret, &str),
) -> Result<Result<Secret, Exchange>, Fault> {
    let context = IdentityProvider::seal_context(id);
    let secret = match &sign_in.secret {
        Some(sealed) => {
            let plain = app.row_sealer.open(sealed, context.as_bytes())?;
            let text = str::from_utf8(&plain).map_err(|e| Fault::because(FaultKind::Row, "a secret is no text", e))?;
            Some(Secret::new(text))
        }
        None => None,
    };
    let us = (sign_in.client_id.as_str(), secret.as_ref());
    let (body, authorization) = upstream::token_request(metadata, us, &redirect_uri(app, id), code);
    let limits = Limits { max_bytes: LONGEST_ANSWER, total_time: TOTAL_TIME };
    let replied = match OutboundUrl::parse(&metadata.token_endpoint) {
        Ok(url) => app.outbound.post_form(&url, FormPost { body, authorization }, limits).await,
        Err(error) => Err(error),
    };
    Ok(match replied {
        Ok(replied) => upstream::id_token(replied.status, replied.body.expose()).map_err(Exchange::Unfit),
        Err(error) => {
            tracing::warn!(issuer = metadata.issuer, ?error, "an identity provider's token endpoint does not answer");
            Err(Exchange::OutOfReach)
        }
    })
}

async fn not_reached<T>(
    app: &App,
    ctx: &Context,
    id: Id<IdentityProvider>,
    why: &str,
) -> Result<Result<T, Why>, Fault> {
    refused(app, ctx, id, why.to_owned()).await?;
    Ok(Err(Why::OutOfReach))
}

async fn unfit_answer<T>(
    app: &App,
    ctx: &Context,
    id: Id<IdentityProvider>,
    unfit: Unfit,
) -> Result<Result<T, Why>, Fault> {
    refused(app, ctx, id, unfit.to_string()).await?;
    Ok(Err(if matches!(unfit, Unfit::Said(_)) { Why::Denied } else { Why::NotGood }))
}

async fn refused(app: &App, ctx: &Context, provider: Id<IdentityProvider>, why: String) -> Result<(), Fault> {
    let event = Event::ProviderAnswerRefused { provider, why };
    app.store.write("refuse answer of provider", ctx, move |tx| tx.record(event.clone())).await
}

/// Whoever is meant, if anybody here is, and whether that has to be remembered.
fn who(tx: &Tx<'_>, provider: &IdentityProvider, vouched: &Vouched) -> Result<Option<(Person, bool)>, Fault> {
    // OpenID Connect Core §5.7: "The sub (subject) and iss (issuer) Claims from the ID Token, used together, are the only Claims that an RP
    // can rely upon as a stable identifier for the End-User". So a link goes before an address.
    if let Some(link) = tx.get(&LINKS, &link_key(provider.id, &vouched.subject))? {
        return Ok(tx.get(&PEOPLE, &link.person)?.map(|person| (person, false)));
    }
    let Some(email) = &vouched.email else { return Ok(None) };
    let Some(person) = providers::by_address(tx, provider, email)? else { return Ok(None) };
    // Somebody who has this address now, where another had it before: an administrator says which of them is meant.
    Ok((!is_linked(tx, person.id, provider.id)?).then_some((person, true)))
}

/// Whether some subject of the provider is this person.
fn is_linked(tx: &Tx<'_>, person: Id<Person>, provider: Id<IdentityProvider>) -> Result<bool, Fault> {
    let links = tx.list(&LINKS, &LINKS_BY_PERSON, &person, MAX_ROWS)?;
    Ok(links.iter().any(|(_, link)| link.provider == provider))
}

/// Signs in whoever the provider speaks of, or asks them for what is wanted besides.
async fn sign_in_with(
    app: &App,
    ctx: &Context,
    provider: IdentityProvider,
    vouched: Vouched,
    arrival: &Arrival<'_>,
) -> Result<CameTo, Fault> {
    let (within, browser, device, known) = (app.clone(), arrival.browser, arrival.device, arrival.known.cloned());
    let replaces = arrival.signed_in.map(|signed_in| signed_in.session().id);
    let (at, lifetime) = (ctx.at, app.settings.now().lifetimes.session);
    let came_to = app
        .store
        .write("sign in with provider", ctx, move |tx| {
            let id = provider.id;
            let refuse_answer = |tx: &mut Tx<'_>, why: &str, said: Why| {
                tx.record(Event::ProviderAnswerRefused { provider: id, why: why.to_owned() })?;
                Ok(CameTo::Not(said))
            };
            // Whoever turned it off meanwhile was told that nobody signs in with it any more.
            if tx.get(&PROVIDERS, &id)?.as_ref() != Some(&provider) {
                return refuse_answer(tx, "it was changed meanwhile", Why::Over);
            }
            let Some((person, is_new)) = who(tx, &provider, &vouched)? else {
                return refuse_answer(tx, "nobody here is known by it", Why::Unknown);
            };
            if person.state != PersonState::Active {
                refuse(tx, &person, "identity provider: suspended")?;
                return Ok(CameTo::Not(Why::Stopped));
            }
            let subject = vouched.subject.clone();
            if is_new {
                put_link(tx, id, &subject, person.id)?;
            }
            let link = link_key(id, &subject);
            tx.record(Event::ProviderVouched { person: person.id, provider: id, subject })?;
            let half = |person: &Person| {
                sign_in_code::half(&within, (person.id, &person.password), browser, at, Some(link.clone()))
            };
            if tx.get(&SECOND_FACTORS, &person.id)?.is_some() {
                tx.record(Event::SignInHalfDone { person: person.id })?;
                return Ok(CameTo::SignIn(Outcome::CodeWanted { half: half(&person)? }));
            }
            if is_demanded(&within, &person) {
                tx.record(Event::SignInHalfDone { person: person.id })?;
                return Ok(CameTo::SignIn(if has_passkey(tx, person.id)? {
                    Outcome::PasskeyWanted
                } else {
                    Outcome::SetUpWanted { half: half(&person)? }
                }));
            }
            if let Some(old) = replaces {
                tx.delete(&SESSIONS, &old)?;
            }
            // They may have proved who they are long before, and were not asked again.
            let proved_at = vouched.auth_time.map_or(tx.now(), |earlier| earlier.min(tx.now()));
            let proof = (SignInMethod::Provider, proved_at);
            let (session, cookie) = new_session_of(tx, &within.entropy, person.id, proof, device, lifetime)?;
            tx.record(Event::SignedIn { person: person.id, session: session.id })?;
            let known = KnownBrowser::after(known.as_ref(), &within, &person.email.folded())?;
            Ok(CameTo::SignIn(Outcome::SignedIn { cookie, known, session: session.id, person: person.id }))
        })
        .await?;
    match &came_to {
        CameTo::SignIn(outcome) => tally(app, ctx, outcome),
        CameTo::Not(_) => app.hours.count(ctx.at, Counted::SignInFailed),
        CameTo::Linked => {}
    }
    Ok(came_to)
}

/// Links whoever began it, in the session in which they did.
async fn link(
    app: &App,
    ctx: &Context,
    provider: IdentityProvider,
    vouched: Vouched,
    session: Id<Session>,
    arrival: &Arrival<'_>,
) -> Result<CameTo, Fault> {
    let Some(signed_in) = arrival.signed_in.filter(|signed_in| signed_in.session().id == session).cloned() else {
        refused(app, ctx, provider.id, "whoever wanted to link it has signed out meanwhile".to_owned()).await?;
        return Ok(CameTo::Not(Why::Over));
    };
    let ctx = ctx.by(signed_in.actor());
    app.store
        .write("link own subject", &ctx, move |tx| {
            let (id, person) = (provider.id, signed_in.person().id);
            if tx.get(&PROVIDERS, &id)?.as_ref() != Some(&provider) || !is_unchanged(tx, &signed_in)? {
                let why = "it, or how its person signs in, was changed meanwhile".to_owned();
                tx.record(Event::ProviderAnswerRefused { provider: id, why })?;
                return Ok(CameTo::Not(Why::Over));
            }
            match tx.get(&LINKS, &link_key(id, &vouched.subject))? {
                Some(link) if link.person == person => Ok(CameTo::Linked),
                // It goes from one to another by no hand but an administrator's.
                Some(_) => {
                    let why = "it is linked to somebody else".to_owned();
                    tx.record(Event::ProviderAnswerRefused { provider: id, why })?;
                    Ok(CameTo::Not(Why::Taken))
                }
                // Two would be one too many: whoever takes one back may think that it was all.
                None if is_linked(tx, person, id)? => {
                    let why = "its person is linked to another account at it".to_owned();
                    tx.record(Event::ProviderAnswerRefused { provider: id, why })?;
                    Ok(CameTo::Not(Why::Another))
                }
                None => {
                    put_link(tx, id, &vouched.subject, person)?;
                    Ok(CameTo::Linked)
                }
            }
        })
        .await
}

fn put_link(tx: &mut Tx<'_>, provider: Id<IdentityProvider>, subject: &str, person: Id<Person>) -> Result<(), Fault> {
    let link = SubjectLink { provider, subject: subject.to_owned(), person, linked_at: tx.now() };
    tx.put(&LINKS, &link_key(provider, subject), &link)?;
    tx.record(Event::SubjectLinked { provider, subject: subject.to_owned(), person })
}
