//! Tokens for the client itself: for its credential (OAuth 2.1 §4.2), or for a token that another issuer made for it
//! (RFC 7523 §2.1).

use super::issue::{Grant, Issued, Making, access_token, refresh_token};
use super::now::{Now, now};
use crate::app::App;
use crate::base::{Fault, Id, SET_BACK, Timestamp};
use crate::model::{
    ClientId, Context, Event, Family, FamilyState, GrantName, ScopeSet, SignInMethod, Subject, UsedAssertion,
};
use crate::operations::{Problem, dpop, find_resource, usage};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::dpop::{Proof, demanded};
use crate::protocol::exchange::TokenExchange;
use crate::protocol::refusal::Refusal;
use crate::protocol::scope::Narrowed;
use crate::protocol::target::Facts;
use crate::protocol::token_request::{ClientCredentials, JwtBearer};
use crate::protocol::{client_credentials, registration, target};
use crate::store::tables::{ASSERTIONS, CLIENTS, FAMILIES};
use crate::store::{Read, Tx};

/// For a credential of its own.
pub(super) async fn grant(
    app: &App,
    ctx: &Context,
    client: AuthenticatedClient,
    ask: ClientCredentials,
    proof: Option<Proof>,
) -> Result<Issued, Problem> {
    issue(app, ctx, client, Wish { ask, proof, name: GrantName::ClientCredentials, audience: None, lasting: false })
        .await
}

/// For a workload's token, which is spent by what it buys.
pub(super) async fn by_assertion(
    app: &App,
    ctx: &Context,
    client: AuthenticatedClient,
    ask: JwtBearer,
    proof: Option<Proof>,
) -> Result<Issued, Problem> {
    let ask = ClientCredentials { scope: ask.scope, resource: ask.resource };
    issue(app, ctx, client, Wish { ask, proof, name: GrantName::JwtBearer, audience: None, lasting: true }).await
}

/// The same token as the subject of an exchange (RFC 8693 §2.1). Nobody acts for anybody in it.
pub(super) async fn by_exchange(
    app: &App,
    ctx: &Context,
    client: AuthenticatedClient,
    ask: TokenExchange,
    proof: Option<Proof>,
) -> Result<Issued, Problem> {
    let requested = ask.requested;
    let wish = Wish {
        ask: ClientCredentials { scope: ask.scope, resource: ask.resource },
        proof,
        name: GrantName::TokenExchange,
        audience: None,
        lasting: true,
    };
    // RFC 8693 §1.1: whoever shows a token of its own and nothing else impersonates nobody; an actor would be somebody else.
    if ask.actor_token.is_some() {
        return refuse(app, ctx, &client, GrantName::TokenExchange, Refusal::ActorTokenForeign).await;
    }
    Ok(issue(app, ctx, client, wish).await?.exchanged_for(requested))
}

/// For an access key, and for an `audience` that is no resource if one is given: then none is chosen for the machine either.
pub(super) async fn grant_for(
    app: &App,
    ctx: &Context,
    client: AuthenticatedClient,
    ask: ClientCredentials,
    audience: Option<String>,
) -> Result<Issued, Problem> {
    issue(app, ctx, client, Wish { ask, proof: None, name: GrantName::ClientCredentials, audience, lasting: true })
        .await
}

/// What a client wants for itself, by whichever grant.
struct Wish {
    ask: ClientCredentials,
    proof: Option<Proof>,
    name: GrantName,
    /// Instead of a resource's.
    audience: Option<String>,
    /// Whether a refresh token comes with it, if the machine may have one. OAuth 2.1 §4.2.3 has none for client credentials: whoever
    /// has those needs no other.
    lasting: bool,
}

/// What is to be given, to a client as it is.
struct Decided {
    client: AuthenticatedClient,
    narrowed: Narrowed,
    making: Making,
}

impl Wish {
    /// Where the token is to be for. One for an `audience` is for none.
    fn facts(&self, read: &impl Read, app: &App, client: &AuthenticatedClient) -> Result<Facts, Fault> {
        match &self.audience {
            Some(_) => Ok(Facts::Unnamed { default: None, any: false }),
            None => find_resource::facts(app, read, self.ask.resource.as_ref(), client),
        }
    }

    fn decide(&self, app: &App, facts: Facts, client: AuthenticatedClient, now: Timestamp) -> Result<Decided, Refusal> {
        let open = facts.leave_open(&client);
        let resource = target::select(facts, &client)?;
        let narrowed = client_credentials::grant(&client, self.name, &self.ask, resource.as_deref(), open)?;
        let mut making =
            Making::new(app, &client, resource.as_deref(), (app.settings.now().lifetimes.machine_access, now));
        making.audience = self.audience.clone().unwrap_or(making.audience);
        Ok(Decided { client, narrowed, making })
    }

    /// What was decided, or what is decided now that the client is another. What was suspended, narrowed or moved a moment ago gets
    /// nothing that it may not have.
    fn decide_again(
        &self,
        app: &App,
        tx: &Tx<'_>,
        before: &Decided,
    ) -> Result<Result<Option<Decided>, Refusal>, Fault> {
        let client = match now(tx, &before.client)? {
            Now::Same => return Ok(Ok(None)),
            Now::Changed(client) => client,
            Now::Refused(refusal) => return Ok(Err(refusal)),
        };
        if let Err(refusal) = demanded(&client, self.proof.as_ref()) {
            return Ok(Err(refusal));
        }
        let facts = self.facts(tx, app, &client)?;
        Ok(self.decide(app, facts, client, tx.now()).map(Some))
    }
}

/// Decides in a snapshot and issues in a transaction, which decides again where the client is not what it was.
async fn issue(app: &App, ctx: &Context, client: AuthenticatedClient, wish: Wish) -> Result<Issued, Problem> {
    let (within, who, name) = (app.clone(), client.clone(), wish.name);
    let (facts, wish) = match &wish.audience {
        Some(_) => (Facts::Unnamed { default: None, any: false }, wish),
        None => app.store.read(move |view| Ok((wish.facts(view, &within, &who)?, wish))).await?,
    };
    let decided = match wish.decide(app, facts, client.clone(), ctx.at) {
        Ok(decided) => decided,
        Err(refusal) => return refuse(app, ctx, &client, name, refusal).await,
    };
    let (within, lasts) = (app.clone(), app.settings.now().lifetimes.family);
    let outcome = app.store.write("grant client credentials", ctx, move |tx| {
        let sender = match dpop::spend(tx, wish.proof.as_ref())? {
            Ok(sender) => sender,
            Err(refusal) => {
                if decided.client.is_vouched_for() {
                    tx.record(refused(decided.client.id(), name, &refusal))?;
                }
                return Ok(Err(refusal));
            }
        };
        let again = match wish.decide_again(&within, tx, &decided)? {
            Ok(again) => again,
            Err(refusal) => {
                if decided.client.is_vouched_for() {
                    tx.record(refused(decided.client.id(), name, &refusal))?;
                }
                return Ok(Err(refusal));
            }
        };
        let Decided { client, narrowed, making } = again.as_ref().unwrap_or(&decided);
        if let Some((key, expires_at)) = client.unspent() {
            if tx.get(&ASSERTIONS, &key)?.is_some() {
                return Ok(Err(match name {
                    GrantName::TokenExchange => Refusal::WorkloadTokenRefused("it was used before"),
                    _ => Refusal::GrantAssertionReplayed,
                }));
            }
            tx.put(&ASSERTIONS, &key, &UsedAssertion { expires_at: expires_at.plus(SET_BACK) })?;
        }
        // A client that registered itself for this grant has no other sign of life.
        if let (ClientId::Registered(id), Some(_)) = (client.id(), registration::used(client, tx.now(), lasts)) {
            // What was authenticated may be a moment old; what is written is the row as it is.
            if let Some(row) = tx.get(&CLIENTS, id)?.and_then(|row| registration::used(&row, tx.now(), lasts)) {
                tx.put(&CLIENTS, id, &row)?;
            }
        }
        if !narrowed.dropped.is_empty() {
            tx.record(Event::ScopeNarrowed { client: client.id().clone(), dropped: narrowed.dropped.clone() })?;
        }
        let lasting = wish.lasting && client.machine().is_some_and(|machine| machine.refresh_tokens);
        let mut family = match lasting {
            true => Some(new_family(tx, &within, client, (making, wish.audience.as_ref()), &narrowed.scope)?),
            false => None,
        };
        let place = match &mut family {
            Some(family) => making.place_in(&within, tx, family)?,
            None => making.place(&within, tx, client.id())?,
        };
        let grant = Grant {
            name,
            client: client.id(),
            subject: Subject::Client(client.id().clone()),
            scope: ScopeSet::clone(&narrowed.scope),
            family: family.as_ref(),
            sender,
            place,
        };
        let mut issued = access_token(tx, &within.entropy, making, grant)?;
        if let Some(family) = &family {
            tx.put(&FAMILIES, &family.id, family)?;
            refresh_token(tx, &within.entropy, making, family, &mut issued)?;
        }
        Ok(Ok((issued, making.resource.clone())))
    });
    let (issued, at) = outcome.await??;
    usage::saw(app, ctx, &client, issued.scope(), at.as_ref());
    Ok(issued)
}

/// A line of a machine's own tokens: rotated, caught when replayed, and ended like those of people's applications.
fn new_family(
    tx: &Tx<'_>,
    app: &App,
    client: &AuthenticatedClient,
    (making, audience): (&Making, Option<&String>),
    scope: &ScopeSet,
) -> Result<Family, Fault> {
    let (now, family_for) = (tx.now(), app.settings.now().lifetimes.family);
    Ok(Family {
        id: Id::new(now, &app.entropy)?,
        client_id: client.id().clone(),
        person: None,
        session: None,
        scope: scope.clone(),
        resource: making.resource.clone(),
        audience: audience.cloned(),
        nonce: None,
        // It authenticates each time, so its refresh tokens need no key of their own (RFC 9449 §5).
        jkt: None,
        auth_time: now,
        method: SignInMethod::default(),
        tenant: None,
        generation: 0,
        turned_at: now,
        turned_before_at: now,
        overlaps: 0,
        last_from: tx.context().from.network.clone(),
        last_used_at: now,
        created_at: now,
        // It ends with the machine at the latest.
        expires_at: now.plus(client.machine().map_or(family_for, |machine| family_for.min(machine.left(now)))),
        state: FamilyState::Live,
        status: Vec::new(),
    })
}

/// The caller has proved who it is, so what it was refused is worth a line, if somebody here answers for it.
async fn refuse(
    app: &App,
    ctx: &Context,
    client: &AuthenticatedClient,
    name: GrantName,
    refusal: Refusal,
) -> Result<Issued, Problem> {
    if client.is_public() {
        app.tally.count("client_credentials by a public client");
        return Err(refusal.into());
    }
    if !client.is_vouched_for() {
        app.tally.count(super::SELF_REGISTERED);
        return Err(refusal.into());
    }
    let event = refused(client.id(), name, &refusal);
    app.store.write("refuse client credentials", ctx, move |tx| tx.record(event.clone())).await?;
    Err(refusal.into())
}

fn refused(client: &ClientId, name: GrantName, refusal: &Refusal) -> Event {
    let (grant, why) = (name.as_str().to_owned(), refusal.public_text());
    Event::TokenRefused { client: client.clone(), grant, why }
}
