//! Client authentication. OAuth 2.1 §2.4, RFC 7523 §2.2 and §3.

mod machine;
mod presented;
mod private_key_jwt;
mod secret;

use std::ops::Deref;
use std::sync::Arc;

pub use presented::Presented;
pub use private_key_jwt::{AssertionClaims, Audiences, accept_assertion, claimed_issuer, claimed_key, claimed_subject};
pub use secret::check_secret;

use super::federation::Accepted;
use super::refusal::{Refusal, ensure};
use crate::base::{Digest, Timestamp};
use crate::model::{
    AuthMethod, Client, ClientId, ClientState, Context, Credential, CredentialKind, Machine, Permission,
    ProtectedResource, ScopeSet,
};

/// A client that has proved who it is, by the method it is registered for. For a public client the proof is only that it
/// is registered (OAuth 2.1 §2.4: "The authorization server … MUST NOT rely on public client authentication for the
/// purpose of identifying the client"). Cheap to clone: it goes along into transactions.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient {
    client: Arc<Client>,
    unspent: Option<(Digest, Timestamp)>,
    /// The generation of the rows that it was made of, if it was made of rows that have one.
    as_of: Option<u64>,
}

impl AuthenticatedClient {
    /// Search for this word to find every place that claims a client was authenticated.
    fn assertion(client: Arc<Client>, unspent: Option<(Digest, Timestamp)>) -> Self {
        Self { client, unspent, as_of: None }
    }

    /// The same, of rows of this generation.
    #[must_use]
    pub fn known_as_of(self, generation: Option<u64>) -> Self {
        Self { as_of: generation, ..self }
    }

    /// While the rows are still of this generation, it is what they say.
    pub fn as_of(&self) -> Option<u64> {
        self.as_of
    }

    pub fn id(&self) -> &ClientId {
        &self.client.id
    }

    /// Whether it proved who it is. A public client says so, and anybody may say the same.
    pub fn proved_itself(&self) -> bool {
        self.client.auth_method != AuthMethod::None
    }

    /// The machine identity it is, if it is one.
    pub fn machine(&self) -> Option<&Machine> {
        self.client.identity.as_ref().map(|identity| &identity.machine)
    }

    /// What it may have at `resource` at most; `None` for whatever is offered there.
    pub fn ceiling(&self, resource: Option<&ProtectedResource>) -> Option<&ScopeSet> {
        match self.machine() {
            Some(machine) => Some(machine.ceiling(resource.map(|resource| &resource.identifier))),
            None => self.client.scope.as_ref(),
        }
    }

    /// The machine's credential that it proved itself by.
    pub fn credential(&self) -> Option<&Credential> {
        self.client.identity.as_ref().map(|identity| &identity.credential)
    }

    /// The token that it proved itself by, if that is good once and not yet written down as used, and until when it must
    /// be remembered: whoever lets it have something writes it down in the same transaction.
    pub fn unspent(&self) -> Option<(Digest, Timestamp)> {
        self.unspent
    }

    /// The same machine by the row that it has now: what it proved stays proved, and whether it may act, and from there, is asked again.
    /// OAuth 2.1 §2.4.
    pub fn renewed(&self, machine: &Machine, permissions: Vec<Permission>, context: &Context) -> Result<Self, Refusal> {
        ensure(machine.state != ClientState::Retired, Refusal::ClientRetired)?;
        ensure(machine.state == ClientState::Active, Refusal::ClientSuspended)?;
        let identity = self.client.identity.as_ref().ok_or(Refusal::ClientUnknown)?;
        let now = machine.clone().authenticated_by(identity.credential.clone(), permissions);
        if let Some(identity) = &now.identity {
            machine::admit(identity, context.at, context.from.address)?;
        }
        let was = Client::clone(&self.client);
        let client = Client {
            auth_method: was.auth_method,
            secrets: was.secrets,
            jwks: was.jwks,
            jwks_uri: was.jwks_uri,
            ..now
        };
        Ok(Self::assertion(Arc::new(client), self.unspent))
    }

    /// The same client, after its token was written down.
    #[must_use]
    pub fn spent(self) -> Self {
        Self { unspent: None, ..self }
    }
}

impl Deref for AuthenticatedClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// What was found out about the presented credential before the rules are asked.
#[derive(Clone, Debug)]
pub enum Proof {
    /// None was presented.
    Nothing,
    /// A secret, by either of its two methods.
    Secret(Digest),
    /// An assertion whose signature one of the client's keys made; its claims are still to be judged.
    Assertion(AssertionClaims),
    /// A token of somebody else's making, which the machine's trust accepts.
    Workload(Accepted),
}

/// Decides whether the caller is the client it says it is. OAuth 2.1 §2.4. `context` says when and from where it calls.
pub fn authenticate(
    client: Option<Arc<Client>>,
    proof: &Proof,
    audiences: &Audiences,
    context: &Context,
) -> Result<AuthenticatedClient, Refusal> {
    let now = context.at;
    // §3.2.4 invalid_client: "unknown client".
    let client = client.ok_or(Refusal::ClientUnknown)?;
    let trusted = client.identity.as_ref().is_some_and(|who| matches!(who.credential.kind, CredentialKind::Trust(_)));
    match (client.auth_method, proof) {
        // RFC 7523 §2.1: the assertion names no client; the trust that accepts it is its machine's own.
        (_, Proof::Workload(_)) if trusted => {}
        (AuthMethod::None, Proof::Nothing) => {}
        (AuthMethod::None, _) => return Err(Refusal::ClientMethodMismatch),
        // §2.4.1: a client that has a secret may send it in the header or in the body; which one it registered is a habit
        // of its library and no security boundary.
        (AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost, Proof::Secret(digest)) => {
            check_secret(&client.secrets, digest, now)?;
        }
        (AuthMethod::PrivateKeyJwt, Proof::Assertion(claims)) => accept_assertion(&client.id, claims, audiences, now)?,
        // §2.4: "the authorization server MUST … require client authentication for confidential clients".
        (_, Proof::Nothing) => return Err(Refusal::ClientSecretMissing),
        (_, Proof::Secret(_) | Proof::Assertion(_) | Proof::Workload(_)) => return Err(Refusal::ClientMethodMismatch),
    }
    // After the credential: only the client itself learns of its state.
    ensure(client.state != ClientState::Retired, Refusal::ClientRetired)?;
    ensure(client.state != ClientState::Suspended, Refusal::ClientSuspended)?;
    let unapproved = matches!(client.state, ClientState::AwaitingApproval | ClientState::Rejected);
    ensure(!unapproved, Refusal::ClientAwaitingApproval)?;
    if let Some(identity) = &client.identity {
        machine::admit(identity, now, context.from.address)?;
    }
    let unspent = match proof {
        Proof::Workload(accepted) => accepted.replay(),
        Proof::Nothing | Proof::Secret(_) | Proof::Assertion(_) => None,
    };
    Ok(AuthenticatedClient::assertion(client, unspent))
}
