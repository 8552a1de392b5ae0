//! Clients that register themselves, and what they may do with their registration. RFC 7591 §3, RFC 7592 §2.

use super::clients::told;
use super::crossings;
use super::fits_here::fits_here;
use super::seen::made;
use super::status::end::{Owner, end_owner};
use crate::app::App;
use crate::base::{Digest, Fault, Id, Lifetime, OpaqueToken, Secret, TokenKind};
use crate::model::{
    Actor, Client, ClientId, ClientState, Context, Event, InitialAccessToken, Provenance, RecentRegistration,
    RegistrationMode, Tombstone,
};
use crate::operations::declined::{Declined, line};
use crate::operations::once::Answer;
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;
use crate::protocol::registration::{
    Admitted, Issued, Registration, RegistrationRefusal, RegistrationUpdate, VouchedBy, admit, remembered_for, update,
};
use crate::store::tables::{CLIENTS, INITIAL_TOKENS, RECENT_REGISTRATIONS, TOMBSTONES};
use crate::store::{Page, Read, Tx};

/// Why a registration, or what its holder asked for, was not done.
#[derive(Clone, Debug)]
pub enum RegistrationProblem {
    /// The rules say no.
    Refused(RegistrationRefusal),
    /// Nobody may register here.
    Closed,
    /// No token, or none that is good for this.
    Unauthorized(Unauthorized),
    /// The registration is suspended: its holder may read it and nothing else.
    Suspended,
    /// We are broken.
    Broken(Fault),
}

/// RFC 6750 §3: whether a token came at all decides what the challenge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unauthorized {
    NoToken,
    BadToken,
}

impl From<RegistrationRefusal> for RegistrationProblem {
    fn from(refusal: RegistrationRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Fault> for RegistrationProblem {
    fn from(fault: Fault) -> Self {
        Self::Broken(fault)
    }
}

/// A new client, and what is told of it once.
#[derive(Debug)]
pub struct Registered {
    pub client: Client,
    pub secret: Option<Secret>,
    pub registration_access_token: Secret,
}

/// Registers a client. RFC 7591 §3: `bearer` is the initial access token, if one came.
///
/// Who registers with a good token is vouched for, whatever the mode; who comes with a bad one is told so, even where none
/// is needed.
pub async fn register(
    app: &App,
    ctx: &Context,
    bearer: Option<&str>,
    body: &[u8],
) -> Result<Registered, RegistrationProblem> {
    let mode = app.settings.now().registration.mode;
    if mode == RegistrationMode::Closed {
        app.tally.count("registration while it is closed");
        return Err(RegistrationProblem::Closed);
    }
    let shown = match bearer {
        Some(bearer) => Some(shown(app, ctx, bearer).await?),
        None => None,
    };
    let vouched = if shown.is_some() { VouchedBy::Administrator } else { VouchedBy::Nobody };
    let state = match (mode, vouched) {
        (RegistrationMode::Token, VouchedBy::Nobody) => {
            app.tally.count("registration without an initial access token");
            return Err(RegistrationProblem::Unauthorized(Unauthorized::NoToken));
        }
        (RegistrationMode::Approval, VouchedBy::Nobody) => ClientState::AwaitingApproval,
        _ => ClientState::Active,
    };
    let admitted = Registration::parse(body).and_then(|ask| {
        fits_here(app, &ask)?;
        admit(ask, vouched)
    });
    let admitted = admitted.inspect_err(|_| app.tally.count("registration refused"))?;
    let new = New::make(app, ctx, admitted, state)?;

    let (client, most) = (new.client.clone(), u64::from(app.settings.now().registration.most_unused));
    let issuer = app.issuer.clone();
    app.store
        .write("register client", ctx, move |tx| {
            let ClientId::Registered(id) = client.id else { return Ok(Ok(())) };
            if let Some(shown) = shown
                && !shown.spend(tx)?
            {
                return Ok(Err(RegistrationProblem::Unauthorized(Unauthorized::BadToken)));
            }
            tx.put(&CLIENTS, &id, &client)?;
            let (client_id, name) = (client.id.clone(), client.name.clone());
            match vouched {
                VouchedBy::Administrator => {
                    let how = shown.map_or_else(String::new, |shown| format!("initial access token {}", shown.id));
                    let after = made(&told(&client, &issuer), &[])?;
                    tx.record(Event::ClientRegistered { client: client_id, name, how, after })?;
                }
                VouchedBy::Nobody => {
                    let recent = RecentRegistration { client: id, reaped_at: client.reaped_at };
                    let instead_of = make_room(tx, &recent, most)?;
                    tx.record(Event::ClientRegisteredItself { client: client_id, name, instead_of })?;
                }
            }
            Ok(Ok(()))
        })
        .await?
        .inspect_err(|_| app.tally.count("registration with a wrong initial access token"))?;
    Ok(Registered { client: new.client, secret: new.secret, registration_access_token: new.registration_access_token })
}

/// A client's row and its credentials in clear.
struct New {
    client: Client,
    secret: Option<Secret>,
    registration_access_token: Secret,
}

impl New {
    fn make(app: &App, ctx: &Context, admitted: Admitted, state: ClientState) -> Result<Self, Fault> {
        let id = Id::<Client>::new(ctx.at, &app.entropy)?;
        let token = OpaqueToken::new(TokenKind::RegistrationAccessToken, id, &app.entropy)?;
        let secret = match admitted.auth_method().has_secret() {
            true => Some(OpaqueToken::new(TokenKind::ClientSecret, id, &app.entropy)?),
            false => None,
        };
        let issued = Issued {
            id,
            provenance: Provenance::Dynamic { registration: token.digest() },
            secret: secret.as_ref().map(OpaqueToken::digest),
            state,
            unused_for: app.settings.now().registration.unused_for,
        };
        Ok(Self {
            client: admitted.into_client(issued, ctx.at),
            secret: secret.map(OpaqueToken::into_secret),
            registration_access_token: token.into_secret(),
        })
    }
}

/// An initial access token as somebody showed it.
#[derive(Clone, Copy)]
struct Shown {
    id: Id<InitialAccessToken>,
    digest: Digest,
}

impl Shown {
    /// Counts one who registers with it, if it still lets them: it may have been ended, or used up by others, since it was looked at.
    fn spend(&self, tx: &mut Tx<'_>) -> Result<bool, Fault> {
        let row = tx.get(&INITIAL_TOKENS, &self.id)?;
        let Some(row) = row.filter(|row| row.lets_in(&self.digest, tx.now())) else { return Ok(false) };
        tx.put(&INITIAL_TOKENS, &self.id, &InitialAccessToken { uses: row.uses.saturating_add(1), ..row })?;
        Ok(true)
    }
}

/// Who answers for a registration with this token. RFC 7591 §3: the "initial access token". A first look, so that who holds none makes
/// nobody write.
async fn shown(app: &App, ctx: &Context, bearer: &str) -> Result<Shown, RegistrationProblem> {
    if let Some(token) = OpaqueToken::parse(TokenKind::InitialAccessToken, bearer) {
        let (shown, now) = (Shown { id: token.id(), digest: token.digest() }, ctx.at);
        let row = app.store.read(move |view| view.get(&INITIAL_TOKENS, &shown.id)).await?;
        if row.is_some_and(|row| row.lets_in(&shown.digest, now)) {
            return Ok(shown);
        }
    }
    app.tally.count("registration with a wrong initial access token");
    Err(RegistrationProblem::Unauthorized(Unauthorized::BadToken))
}

/// Most that are looked at to make room for one: more than one only after the setting was lowered.
const ROOM_AT_ONCE: usize = 4;

/// Enters `new` in the queue of recent registrations and lets the oldest go that are too many; those of them that nobody
/// has used or approved are removed, and named. Attack case 36: a flood pushes out its own, and nobody who has signed in.
fn make_room(tx: &mut Tx<'_>, new: &RecentRegistration, most: u64) -> Result<Vec<ClientId>, Fault> {
    let number = tx.newest(&RECENT_REGISTRATIONS, None, 1)?.rows.first().map_or(0, |(last, _)| last.saturating_add(1));
    tx.put(&RECENT_REGISTRATIONS, &number, new)?;
    let mut gone = Vec::new();
    for (place, recent) in tx.page(&RECENT_REGISTRATIONS, None, ROOM_AT_ONCE)?.rows {
        if number.saturating_sub(place) < most {
            break;
        }
        tx.delete(&RECENT_REGISTRATIONS, &place)?;
        if tx.get(&CLIENTS, &recent.client)?.is_some_and(|client| client.reaped_at == recent.reaped_at) {
            // No tombstone: a flood would turn them into the thing that grows.
            tx.delete(&CLIENTS, &recent.client)?;
            gone.push(ClientId::Registered(recent.client));
        }
    }
    Ok(gone)
}

/// What is registered. RFC 7592 §2.1.
pub async fn read(app: &App, id: &str, bearer: Option<&str>) -> Result<Client, RegistrationProblem> {
    let holder = holder(app, id, bearer)?;
    match app.store.read(move |view| holder.client(view)).await? {
        Some(client) => Ok(client),
        None => Err(unauthorized(app)),
    }
}

/// Changes what is registered. RFC 7592 §2.2.
pub async fn change(
    app: &App,
    ctx: &Context,
    id: &str,
    bearer: Option<&str>,
    body: &[u8],
) -> Result<Client, RegistrationProblem> {
    let holder = holder(app, id, bearer)?;
    // Asked in a snapshot first: who does not hold the token makes nobody write.
    if app.store.read(move |view| holder.client(view)).await?.is_none() {
        return Err(unauthorized(app));
    }
    let ask = RegistrationUpdate::parse(body)?;
    fits_here(app, &ask.registration)?;
    let mode = app.settings.now().registration.mode;
    let ctx = ctx.by(Actor::Client(ClientId::Registered(holder.id)));
    let changed = app.store.write("change registration", &ctx, move |tx| {
        let Some(current) = holder.client(tx)? else {
            return Ok(Err(RegistrationProblem::Unauthorized(Unauthorized::BadToken)));
        };
        if current.state == ClientState::Suspended {
            return Ok(Err(RegistrationProblem::Suspended));
        }
        let changed = match update(&current, ask.clone(), mode, tx.now()) {
            Ok(changed) => changed,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        let what = differences(&current, &changed);
        if !what.is_empty() {
            tx.put(&CLIENTS, &holder.id, &changed)?;
            tx.record(Event::ClientUpdatedItself { client: changed.id.clone(), what })?;
        }
        Ok(Ok(changed))
    });
    changed.await?
}

/// Removes a registration. RFC 7592 §2.3: this "will invalidate the "client_id", "client_secret", and
/// "registration_access_token" for this client": each use of a token, code or consent looks whether its client stands.
pub async fn remove(app: &App, ctx: &Context, id: &str, bearer: Option<&str>) -> Result<(), RegistrationProblem> {
    let holder = holder(app, id, bearer)?;
    if app.store.read(move |view| holder.client(view)).await?.is_none() {
        return Err(unauthorized(app));
    }
    let ctx = ctx.by(Actor::Client(ClientId::Registered(holder.id)));
    let within = app.clone();
    let removed = app.store.write("remove registration", &ctx, move |tx| match holder.client(tx)? {
        None => Ok(Err(RegistrationProblem::Unauthorized(Unauthorized::BadToken))),
        Some(client) if client.state == ClientState::Suspended => Ok(Err(RegistrationProblem::Suspended)),
        Some(client) => {
            bury(&within, tx, holder.id, &client)?;
            tx.record(Event::ClientRemovedItself { client: client.id })?;
            Ok(Ok(()))
        }
    });
    removed.await?
}

/// Somebody with a registration access token for the client they name. Whether it is the right one is seen when the row
/// is read.
#[derive(Clone, Copy)]
struct Holder {
    id: Id<Client>,
    digest: Digest,
}

impl Holder {
    /// The client, if it is there and this is its token. One answer to both (RFC 7592 §2.1: "If the client does not exist
    /// on this server, the server MUST respond with HTTP 401 Unauthorized").
    fn client(&self, read: &impl Read) -> Result<Option<Client>, Fault> {
        Ok(read.get(&CLIENTS, &self.id)?.filter(|client| match &client.provenance {
            Provenance::Dynamic { registration } => *registration == self.digest,
            Provenance::Administrator | Provenance::Document | Provenance::Machine => false,
        }))
    }
}

fn holder(app: &App, id: &str, bearer: Option<&str>) -> Result<Holder, RegistrationProblem> {
    let Some(bearer) = bearer else { return Err(RegistrationProblem::Unauthorized(Unauthorized::NoToken)) };
    let token = OpaqueToken::parse(TokenKind::RegistrationAccessToken, bearer);
    let named = id.parse::<Id<Client>>().ok();
    match (token, named) {
        // RFC 7592 §2: the token of one client says nothing about another.
        (Some(token), Some(id)) if token.id::<Client>() == id => Ok(Holder { id, digest: token.digest() }),
        _ => Err(unauthorized(app)),
    }
}

fn unauthorized(app: &App) -> RegistrationProblem {
    app.tally.count("registration access token refused");
    RegistrationProblem::Unauthorized(Unauthorized::BadToken)
}

/// The members that differ, for the audit log.
fn differences(before: &Client, after: &Client) -> Vec<String> {
    [
        ("state", before.state != after.state),
        ("client_name", before.name != after.name),
        ("redirect_uris", before.redirect_uris != after.redirect_uris),
        ("token_endpoint_auth_method", before.auth_method != after.auth_method),
        ("grant_types", before.grant_types != after.grant_types),
        ("scope", before.scope != after.scope),
        ("jwks", before.jwks != after.jwks),
        ("jwks_uri", before.jwks_uri != after.jwks_uri),
        ("application_type", before.application_type != after.application_type),
        ("client_uri", before.client_uri != after.client_uri),
        ("id_token_signed_response_alg", before.id_token_signed_response_alg != after.id_token_signed_response_alg),
        ("dpop_bound_access_tokens", before.dpop_bound_access_tokens != after.dpop_bound_access_tokens),
        ("about", before.about != after.about),
        ("verified", before.review.verified != after.review.verified),
    ]
    .into_iter()
    .filter(|(_, differs)| *differs)
    .map(|(member, _)| member.to_owned())
    .collect()
}

/// Removes a client, ends its tokens and leaves a tombstone.
pub(crate) fn bury(app: &App, tx: &mut Tx<'_>, id: Id<Client>, client: &Client) -> Result<(), Fault> {
    let gone_at = tx.now();
    tx.delete(&CLIENTS, &id)?;
    crossings::take_of(tx, &client.id)?;
    end_owner(app, tx, &Owner::Client(client.id.clone()))?;
    let expires_at = gone_at.plus(remembered_for(client));
    tx.put(
        &TOMBSTONES,
        &id,
        &Tombstone { id, name: client.name.clone(), gone_at, rejected: client.review.rejected.clone(), expires_at },
    )
}

/// Most registrations removed in one transaction: requests wait behind it.
const REAP_AT_ONCE: usize = 200;
/// Most such transactions in one round.
const REAPS: usize = 50;

/// Removes registrations whose time is over: never used, or not for a long while. Part of housekeeping.
pub async fn reap(app: &App, ctx: &Context) -> Result<u64, Fault> {
    let mut total = 0;
    for _ in 0..REAPS {
        let within = app.clone();
        let reaped = app.store.write("reap registrations", ctx, move |tx| {
            let over = tx.expired(&CLIENTS, tx.now(), REAP_AT_ONCE)?;
            for (id, client) in &over {
                bury(&within, tx, *id, client)?;
            }
            if !over.is_empty() {
                tx.record(Event::ClientsReaped { count: over.len() as u64 })?;
            }
            Ok(over.len())
        });
        let reaped = reaped.await?;
        total += reaped as u64;
        if reaped < REAP_AT_ONCE {
            break;
        }
    }
    if total > 0 {
        // What goes may have been the last that carries our word.
        app.discovery.forget();
    }
    Ok(total)
}

/// How long an initial access token lets its bearers register, unless somebody says otherwise.
pub const INITIAL_TOKEN_FOR: Lifetime = Lifetime::from_days(30);
const LEAST_TOKEN_FOR: Lifetime = Lifetime::from_minutes(5);
const MOST_TOKEN_FOR: Lifetime = Lifetime::from_days(366);
/// Most that may register with one that is counted.
pub const MOST_TOKEN_USES: u32 = 1_000_000;
/// Longest name of one, in characters.
pub const LONGEST_TOKEN_NAME: usize = 128;

/// An initial access token that somebody wants.
#[derive(Clone, Debug, Default)]
pub struct NewToken {
    /// What administrators know it by; may be empty.
    pub name: String,
    /// [`INITIAL_TOKEN_FOR`], if it does not say.
    pub lasts: Option<Lifetime>,
    /// How many may register with it; any number, if it does not say.
    pub most_uses: Option<u32>,
}

impl NewToken {
    fn checked(self) -> Result<Self, Declined> {
        let name = match self.name.trim() {
            "" => String::new(),
            text => line("name", text, LONGEST_TOKEN_NAME, "what it is for")?,
        };
        if self.lasts.is_some_and(|lasts| !(LEAST_TOKEN_FOR..=MOST_TOKEN_FOR).contains(&lasts)) {
            return Err(Declined::field("expires_in", format!("it is between {LEAST_TOKEN_FOR} and {MOST_TOKEN_FOR}")));
        }
        if self.most_uses.is_some_and(|most| !(1..=MOST_TOKEN_USES).contains(&most)) {
            return Err(Declined::field("most_uses", format!("it is between 1 and {MOST_TOKEN_USES}, or not there")));
        }
        Ok(Self { name, ..self })
    }
}

/// Makes an initial access token, for an administrator to hand out. RFC 7591 §3.
pub async fn add_initial_access_token(
    app: &App,
    by: &Operator,
    new: NewToken,
) -> Result<(InitialAccessToken, Secret), Declined> {
    let new = new.checked()?;
    let id = Id::<InitialAccessToken>::new(by.at, &app.entropy)?;
    let token = OpaqueToken::new(TokenKind::InitialAccessToken, id, &app.entropy)?;
    let (digest, ctx, by) = (token.digest(), by, by.clone());
    let made = app.store.write("add initial access token", ctx, move |tx| {
        if let Some(earlier) = by.request().earlier(tx)? {
            return Ok(earlier);
        }
        if let Err(declined) = by.stands(tx)? {
            return Ok(Err(declined));
        }
        let (created_at, expires_at) = (tx.now(), tx.now().plus(new.lasts.unwrap_or(INITIAL_TOKEN_FOR)));
        let (name, most_uses) = (new.name.clone(), new.most_uses);
        let row = InitialAccessToken { id, digest, name, created_at, expires_at, most_uses, uses: 0 };
        tx.put(&INITIAL_TOKENS, &id, &row)?;
        by.request().done(tx, id, &row, Answer::HoldsASecret)?;
        let after = made(&row, &["digest", "uses"])?;
        tx.record(Event::InitialAccessTokenCreated { id: id.to_string(), after: Some(after) })?;
        Ok(Ok(row))
    });
    Ok((made.await??, token.into_secret()))
}

/// Most that are given at once.
const MOST_TOKENS: usize = 1_000;

/// Initial access tokens before `before`, the newest first. Housekeeping removes those that are over.
pub async fn initial_access_tokens(
    app: &App,
    before: Option<Id<InitialAccessToken>>,
    limit: usize,
) -> Result<Page<Id<InitialAccessToken>, InitialAccessToken>, Fault> {
    app.store.read(move |view| view.newest(&INITIAL_TOKENS, before.as_ref(), limit.min(MOST_TOKENS))).await
}

/// One of them.
pub async fn initial_access_token(app: &App, id: Id<InitialAccessToken>) -> Result<InitialAccessToken, Declined> {
    app.store.read(move |view| view.get(&INITIAL_TOKENS, &id)).await?.ok_or_else(|| no_token(id))
}

/// Ends one at once. Who registered with it stays registered.
pub async fn revoke_initial_access_token(
    app: &App,
    by: &Operator,
    id: Id<InitialAccessToken>,
    seen: Seen,
) -> Result<(), Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("revoke initial access token", ctx, move |tx| {
            if let Err(declined) = by.stands(tx)? {
                return Ok(Err(declined));
            }
            let Some(row) = tx.get(&INITIAL_TOKENS, &id)? else { return Ok(Err(no_token(id))) };
            if let Err(declined) = seen.is_still(&row)? {
                return Ok(Err(declined));
            }
            tx.delete(&INITIAL_TOKENS, &id)?;
            tx.record(Event::InitialAccessTokenRevoked { id: id.to_string() })?;
            Ok(Ok(()))
        })
        .await?
}

fn no_token(id: Id<InitialAccessToken>) -> Declined {
    Declined::Missing(format!("there is no initial access token {id}"))
}
