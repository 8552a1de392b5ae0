//! What a client is in the transaction that gives it something. It was authenticated in a snapshot a moment ago; whoever stopped or
//! narrowed it meanwhile was told that this holds from then on.

use crate::base::Fault;
use crate::model::{ClientId, ClientState};
use crate::operations::{credentials, find_client, roles};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::refusal::Refusal;
use crate::store::tables::{CLIENTS_AS_OF, MACHINES, MACHINES_AS_OF};
use crate::store::{Read as _, Tx};

/// What it came to.
pub(super) enum Now {
    /// What was decided about it holds.
    Same,
    /// Its row is another one: everything is to be decided anew, for this.
    Changed(AuthenticatedClient),
    Refused(Refusal),
}

/// Whether its rows are those that it was authenticated by: then nothing has to be read again. A credential's end is no change of a row,
/// and was held against the same time.
fn is_as_it_was(tx: &Tx<'_>, client: &AuthenticatedClient) -> Result<bool, Fault> {
    let generation = match client.id() {
        ClientId::Machine(_) => &MACHINES_AS_OF,
        ClientId::Registered(_) => &CLIENTS_AS_OF,
        ClientId::Document(_) => return Ok(false),
    };
    Ok(match client.as_of() {
        Some(known) => known == tx.generation(generation)?,
        None => false,
    })
}

/// Whether it may still act, where nothing else about it matters.
pub(super) fn stands(tx: &Tx<'_>, client: &AuthenticatedClient) -> Result<bool, Fault> {
    Ok(is_as_it_was(tx, client)? || find_client::stands(tx, client.id())?)
}

/// Looks again, where anything changed. Of a machine the whole row is read: its scopes, networks, end and roles are those of now.
pub(super) fn now(tx: &Tx<'_>, client: &AuthenticatedClient) -> Result<Now, Fault> {
    if is_as_it_was(tx, client)? {
        return Ok(Now::Same);
    }
    let found = match (client.id(), client.machine()) {
        (ClientId::Machine(id), Some(known)) => match tx.get(&MACHINES, id)? {
            None => Now::Refused(Refusal::ClientSuspended),
            Some(row) if row == *known => Now::Same,
            Some(row) => {
                let permissions = roles::permissions_of(tx, &row)?;
                match client.renewed(&row, permissions, tx.context()) {
                    Ok(client) => Now::Changed(client),
                    Err(refusal) => Now::Refused(refusal),
                }
            }
        },
        (id, _) => match find_client::state(tx, id)? {
            Some(ClientState::Active) => Now::Same,
            _ => Now::Refused(Refusal::ClientSuspended),
        },
    };
    // It was good when it was presented; whoever revoked it meanwhile was told that it buys nothing more.
    Ok(match (found, client.credential()) {
        (found @ (Now::Same | Now::Changed(_)), Some(credential)) if !credentials::stands(tx, &credential.id)? => {
            drop(found);
            Now::Refused(Refusal::CredentialRevoked)
        }
        (found, _) => found,
    })
}
