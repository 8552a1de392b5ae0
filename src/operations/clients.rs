//! Applications, as an administrator registers and governs them. Those that register themselves are
//! [`registration`](super::registration)'s.

use super::fits_here::fits_here;
use crate::app::App;
use crate::base::{Fault, Id, OpaqueToken, Resource, Secret, TokenKind};
use crate::model::{Client, ClientId, ClientState, Context, Event, Provenance, ScopeSet};
use crate::operations::declined::Declined;
use crate::operations::registration::bury;
use crate::operations::{resources, scopes};
use crate::protocol::registration::{Issued, Registration, VouchedBy, admit, approved};
use crate::store::tables::CLIENTS;
use crate::store::{Page, Read};

/// An application to be registered by hand.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// The same members, under the same rules, as at the registration endpoint.
    pub registration: Registration,
    /// The resources it may have tokens for, by identifier or alias; none for any.
    pub resources: Vec<Resource>,
    /// The resources it answers for: it may introspect their tokens.
    pub serves: Vec<Resource>,
}

/// What is shown once.
#[derive(Debug)]
pub struct Made {
    pub client: Client,
    /// For the methods that have one.
    pub secret: Option<Secret>,
}

/// Most clients given at once.
const MOST: usize = 1_000;
/// Most resources of one client.
const MOST_RESOURCES: usize = 64;

/// Registers an application that an administrator answers for. It is kept whether or not it is used.
pub async fn add(app: &App, ctx: &Context, new: NewClient) -> Result<Made, Declined> {
    if new.resources.len() > MOST_RESOURCES || new.serves.len() > MOST_RESOURCES {
        return Err(Declined::field("resource", "a client has at most 64 resources"));
    }
    let fitting = fits_here(app, &new.registration).and_then(|()| admit(new.registration, VouchedBy::Administrator));
    let admitted = fitting.map_err(|refusal| Declined::field("registration", refusal.public_text()))?;
    let id = Id::<Client>::new(ctx.at, &app.entropy)?;
    let secret = match admitted.auth_method().has_secret() {
        true => Some(OpaqueToken::new(TokenKind::ClientSecret, id, &app.entropy)?),
        false => None,
    };
    let issued = Issued {
        id,
        provenance: Provenance::Administrator,
        secret: secret.as_ref().map(OpaqueToken::digest),
        state: ClientState::Active,
        unused_for: app.config.registration.unused_for,
    };
    let client = admitted.into_client(issued, ctx.at);
    let (asked, serves) = (new.resources, new.serves);
    let added = app.store.write("add client", ctx, move |tx| {
        if let Err(declined) = scopes::all_known(tx, "scope", client.scope.as_ref().unwrap_or(&ScopeSet::new()))? {
            return Ok(Err(declined));
        }
        let (resources, serves) = match (resources::all_known(tx, &asked)?, resources::all_known(tx, &serves)?) {
            (Ok(resources), Ok(serves)) => (resources, serves),
            (Err(declined), _) | (_, Err(declined)) => return Ok(Err(declined)),
        };
        let client = Client { resources, serves, ..client.clone() };
        tx.put(&CLIENTS, &id, &client)?;
        let (client_id, name) = (client.id.clone(), client.name.clone());
        tx.record(Event::ClientRegistered { client: client_id, name, how: "administrator".to_owned() })?;
        Ok(Ok(client))
    });
    Ok(Made { client: added.await??, secret: secret.map(OpaqueToken::into_secret) })
}

/// Clients before `before`, the newest first.
pub async fn list(app: &App, before: Option<Id<Client>>, limit: usize) -> Result<Page<Id<Client>, Client>, Fault> {
    app.store.read(move |view| view.newest(&CLIENTS, before.as_ref(), limit.min(MOST))).await
}

/// Lets a client that registered itself be used.
pub async fn approve(app: &App, ctx: &Context, id: ClientId) -> Result<(), Declined> {
    let (key, unused_for) = (registered(&id)?, app.config.registration.unused_for);
    app.store
        .write("approve client", ctx, move |tx| {
            let Some(client) = tx.get(&CLIENTS, &key)? else { return Ok(Err(unknown(&id))) };
            if client.state != ClientState::AwaitingApproval {
                return Ok(Err(Declined::Conflict(format!("{id} does not wait for approval"))));
            }
            tx.put(&CLIENTS, &key, &approved(client, tx.now(), unused_for))?;
            tx.record(Event::ClientApproved { client: id.clone() })?;
            Ok(Ok(()))
        })
        .await?
}

/// Removes a client. From this commit on it gets no tokens, refreshes none, and none of its tokens are introspected as
/// active.
pub async fn remove(app: &App, ctx: &Context, id: ClientId) -> Result<(), Declined> {
    let (key, within) = (registered(&id)?, app.clone());
    app.store
        .write("remove client", ctx, move |tx| {
            let Some(client) = tx.get(&CLIENTS, &key)? else { return Ok(Err(unknown(&id))) };
            bury(&within, tx, key, &client)?;
            tx.record(Event::ClientRemoved { client: id.clone() })?;
            Ok(Ok(()))
        })
        .await?
}

fn registered(id: &ClientId) -> Result<Id<Client>, Declined> {
    match id {
        ClientId::Registered(key) => Ok(*key),
        ClientId::Machine(_) | ClientId::Document(_) => Err(unknown(id)),
    }
}

fn unknown(id: &ClientId) -> Declined {
    Declined::Missing(format!("there is no registered client {id}"))
}
