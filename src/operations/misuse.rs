//! A machine's right credential, shown where or when it is not good: nothing else says so plainly that it may be in other hands.

use std::sync::Arc;

use super::Problem;
use crate::app::App;
use crate::base::Fault;
use crate::model::{Client, Context, Event, MisusedBecause};
use crate::protocol::client_auth::{Audiences, AuthenticatedClient, Proof, authenticate};
use crate::protocol::refusal::Refusal;
use crate::store::Read as _;
use crate::store::tables::{CREDENTIAL_STATES, USAGE_BY_CREDENTIAL};

/// [`authenticate`], and a line in the log where what was proved is right and is refused all the same.
pub(super) async fn admitted(
    app: &App,
    ctx: &Context,
    client: Option<Arc<Client>>,
    proof: &Proof,
) -> Result<AuthenticatedClient, Problem> {
    let named = client.clone();
    let refusal = match authenticate(client, proof, &Audiences::of(&app.issuer), ctx) {
        Ok(authenticated) => return Ok(authenticated),
        Err(refusal) => refusal,
    };
    if let Some(client) = named {
        note(app, ctx, &client, &refusal).await?;
    }
    Err(refusal.into())
}

/// Whoever was refused for one of these has shown the right secret, key or token: strangers make no line here.
const fn of_who_knows(refusal: &Refusal) -> Option<MisusedBecause> {
    Some(match refusal {
        Refusal::ClientSecretExpired => MisusedBecause::ClientSecretExpired,
        Refusal::CredentialRevoked => MisusedBecause::CredentialRevoked,
        Refusal::ClientSuspended => MisusedBecause::ClientSuspended,
        Refusal::ClientRetired => MisusedBecause::ClientRetired,
        Refusal::MachineExpired => MisusedBecause::MachineExpired,
        Refusal::NetworkNotAllowed => MisusedBecause::NetworkNotAllowed,
        _ => return None,
    })
}

/// One line for each network and hour, of eight networks at most: whoever has the secret makes the log grow no faster.
async fn note(app: &App, ctx: &Context, client: &Client, refusal: &Refusal) -> Result<(), Fault> {
    let (Some(identity), Some(why)) = (client.identity.as_deref(), of_who_knows(refusal)) else { return Ok(()) };
    let (machine, credential) = (identity.machine.id, identity.credential.id);
    let network = ctx.from.network.clone();
    // Most were noted before, and cost a look.
    let known = app.store.read(move |view| view.get(&USAGE_BY_CREDENTIAL, &credential)).await?;
    if known.is_some_and(|mut usage| !usage.misused(network.as_ref(), why, ctx.at)) {
        return Ok(());
    }
    app.store
        .write("note misuse", ctx, move |tx| {
            // The client may be one that was kept in memory, and its credential forgotten meanwhile.
            if tx.get(&CREDENTIAL_STATES, &credential)?.is_none() {
                return Ok(());
            }
            let mut usage = tx.get(&USAGE_BY_CREDENTIAL, &credential)?.unwrap_or_default();
            if !usage.misused(network.as_ref(), why, tx.now()) {
                return Ok(());
            }
            tx.put(&USAGE_BY_CREDENTIAL, &credential, &usage)?;
            tx.record(Event::CredentialRefused { machine, credential, why: why.name().to_owned() })
        })
        .await
}
