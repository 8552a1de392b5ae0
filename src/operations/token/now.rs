//! What a client is in the transaction that gives it something. It was authenticated in a snapshot a moment ago; whoever stopped or
//! narrowed it meanwhile was told that this holds from then on.

use crate::base::Fault;
use crate::model::{ClientId, ClientState};
use crate::operations::{credentials, find_client, roles};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::refusal::Refusal;
use crate::store::tables::MACHINES;
use crate::store::{Read as _, Tx};

/// What it came to.
pub(super) enum Now {
    /// What was decided about it holds.
    Same,
    /// Its row is another one: everything is to be decided anew, for this.
    Changed(AuthenticatedClient),
    Refused(Refusal),
}

/// Looks again. Of a machine the whole row is read, where only the state was before: as many look-ups, and its scopes, networks, end and
/// roles are those of now.
pub(super) fn now(tx: &Tx<'_>, client: &AuthenticatedClient) -> Result<Now, Fault> {
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
