//! Finds out whether a caller is the client it says it is. OAuth 2.1 §2.4, RFC 7523 §3.

use std::sync::Arc;

use super::Problem;
use super::federation::{self, Unrecognized};
use super::find_client::{self, Found};
use super::misuse::admitted;
use crate::app::App;
use crate::base::{Digest, Fault, Id, OpaqueToken, SET_BACK, Secret, Timestamp, TokenKind};
use crate::keys::Typ;
use crate::model::{
    AuthMethod, Client, ClientId, ClientSecret, Context, Credential, CredentialKind, JwsAlgorithm, Machine, Permission,
    UsedAssertion,
};
use crate::operations::client_secrets;
use crate::operations::credentials::MOST_CREDENTIALS;
use crate::operations::roles;
use crate::protocol::client_auth::{
    AssertionClaims, AuthenticatedClient, Presented, Proof, claimed_issuer, claimed_key, claimed_subject,
};
use crate::protocol::refusal::{Refusal, ensure};
use crate::store::Read;
use crate::store::tables::{ASSERTIONS, CLIENTS, CREDENTIALS, CREDENTIALS_BY_MACHINE, MACHINES};

/// Verifies what was presented. A refusal says nothing that tells an unknown client from a wrong secret.
pub async fn authenticate_client(
    app: &App,
    ctx: &Context,
    presented: Presented,
) -> Result<AuthenticatedClient, Problem> {
    let (named, proof) = match presented {
        Presented::Secret { client_id, secret } => {
            let client = match client_id.parse() {
                Ok(ClientId::Machine(id)) => machine_by_secret(app, id, &secret).await?,
                _ => find(app, &client_id).await?,
            };
            (client, Proof::Secret(Digest::of(secret.expose().as_bytes())))
        }
        Presented::AccessKey(key) => (machine_of_key(app, &key).await?, Proof::Secret(key.digest())),
        Presented::Public { client_id } => (find(app, &client_id).await?, Proof::Nothing),
        Presented::Assertion { client_id, assertion } => {
            let named = client_id.is_some();
            let said = client_id.or_else(|| claimed_subject(assertion.expose())).ok_or(Refusal::ClientUnknown)?;
            let client = match said.parse() {
                // RFC 7523 §2.2, with a token that another issuer made for the machine, named or not.
                Ok(ClientId::Machine(_)) if claimed_issuer(assertion.expose()).as_ref() != Some(&said) => {
                    return by_workload(app, ctx, Some(said), &assertion).await;
                }
                Ok(ClientId::Document(_)) | Err(_) if !named => return by_workload(app, ctx, None, &assertion).await,
                Ok(ClientId::Machine(id)) => machine_by_key(app, id, &assertion, ctx.at).await?.map(read_now),
                _ => find(app, &said).await?,
            };
            let proof = match &client {
                Some((client, _)) => Proof::Assertion(verified(app, client, &assertion).await?),
                None => Proof::Nothing,
            };
            (client, proof)
        }
    };
    let (named, as_of) = named.map_or((None, None), |(client, as_of)| (Some(client), as_of));
    let authenticated = admitted(app, ctx, named, &proof).await?.known_as_of(as_of);
    if let Proof::Secret(digest) = &proof {
        client_secrets::saw(app, ctx, &authenticated, digest).await?;
    }
    if let Proof::Assertion(claims) = &proof {
        spend(app, ctx, &authenticated, claims).await?;
    }
    Ok(authenticated)
}

/// A machine by a token that another issuer made for it. It is spent here: which grant follows is not known yet.
async fn by_workload(
    app: &App,
    ctx: &Context,
    named: Option<String>,
    assertion: &Secret,
) -> Result<AuthenticatedClient, Problem> {
    let (known, accepted) = federation::recognize(app, ctx, assertion).await.map_err(Unrecognized::of_client)?;
    let fits = named.is_none_or(|named| named == known.client.id.to_string());
    ensure(fits, Refusal::AssertionInvalid("client_id is not the identity that it is for"))?;
    let client = known.authenticated(app, ctx, accepted).await?;
    if let Some((key, expires_at)) = client.unspent() {
        write_down(app, ctx, key, expires_at).await?;
    }
    Ok(client.spent())
}

/// The machine whose access key `text` is, with everything looked at that is looked at elsewhere: the key's digest, state and end,
/// the machine's state and end, and where it may call from. For Writ's own API, where a key is sent as it is. Whoever guesses is
/// limited at the door.
pub async fn by_access_key(app: &App, ctx: &Context, text: &str) -> Result<AuthenticatedClient, Problem> {
    by_key(app, ctx, OpaqueToken::parse(TokenKind::AccessKey, text)).await
}

/// The same of a key that was read before.
pub(super) async fn by_key(app: &App, ctx: &Context, key: Option<OpaqueToken>) -> Result<AuthenticatedClient, Problem> {
    let known = match key {
        Some(key) => authenticate_client(app, ctx, Presented::AccessKey(key)).await,
        None => Err(Refusal::ClientUnknown.into()),
    };
    if let Err(Problem::Refused(Refusal::ClientUnknown | Refusal::ClientSecretWrong)) = known {
        app.tally.count("unknown access key");
    }
    known
}

/// A client, and the generation of the rows that it was made of where they have one.
type Named = (Arc<Client>, Option<u64>);

fn read_now(client: Client) -> Named {
    (Arc::new(client), None)
}

/// A key's row is found by the id in its text, and the machine by the row.
async fn machine_of_key(app: &App, key: &OpaqueToken) -> Result<Option<Named>, Fault> {
    let (within, id) = (app.clone(), key.id::<Credential>());
    let found = app.store.read(move |view| by_secret(&within, view, &id)).await?;
    let is_key = |client: &Client| {
        let credential = client.identity.as_ref().map(|identity| &identity.credential.kind);
        matches!(credential, Some(CredentialKind::AccessKey { .. }))
    };
    Ok(found.filter(|(client, _)| is_key(client)))
}

/// The machine of a credential that is a secret, with that secret.
fn by_secret(app: &App, read: &impl Read, id: &Id<Credential>) -> Result<Option<Named>, Fault> {
    let make = || {
        let Some(credential) = read.get(&CREDENTIALS, id)? else { return Ok(None) };
        let digest = match &credential.kind {
            CredentialKind::ClientSecret { digest } | CredentialKind::AccessKey { digest } => *digest,
            CredentialKind::PublicKeys { .. } | CredentialKind::KeySet { .. } | CredentialKind::Trust(_) => {
                return Ok(None);
            }
        };
        let secret = ClientSecret {
            digest,
            created_at: credential.created_at,
            expires_at: credential.expires_at,
            last_used_at: None,
        };
        let client = find_client::by_credential(read, credential)?;
        Ok(client.map(|client| Client { secrets: vec![secret], ..client }))
    };
    let found = app.known.machines.find(read, id, make)?;
    Ok(found.map(|(client, generation)| (client, Some(generation))))
}

async fn find(app: &App, client_id: &str) -> Result<Option<Named>, Problem> {
    let Ok(id) = client_id.parse::<ClientId>() else { return Ok(None) };
    if let ClientId::Registered(id) = id {
        let within = app.clone();
        let found =
            app.store.read(move |view| within.known.clients.find(view, &id, || view.get(&CLIENTS, &id))).await?;
        return Ok(found.map(|(client, generation)| (client, Some(generation))));
    }
    match find_client::find(app, &id).await? {
        Found::BadDocument(error) if error.is_transient() => Err(Refusal::ClientOutOfReach.into()),
        found => Ok(found.client().map(read_now)),
    }
}

/// The machine with the one of its secrets that is presented: a secret says itself which row it belongs to, so that the others
/// need not be read. Without such a row the machine has no secret, and the rule says so.
async fn machine_by_secret(app: &App, id: Id<Machine>, secret: &Secret) -> Result<Option<Named>, Fault> {
    let credential = [TokenKind::ClientSecret, TokenKind::AccessKey]
        .into_iter()
        .find_map(|kind| OpaqueToken::parse(kind, secret.expose()))
        .map(|token| token.id::<Credential>());
    let within = app.clone();
    app.store
        .read(move |view| {
            let found = credential.map(|credential| by_secret(&within, view, &credential)).transpose()?.flatten();
            match found.filter(|(client, _)| client.id == ClientId::Machine(id)) {
                Some(found) => Ok(Some(found)),
                None => Ok(view.get(&MACHINES, &id)?.map(|machine| read_now(machine.as_client()))),
            }
        })
        .await
}

/// The machine with the one of its key credentials that has the key an assertion says it was signed with; where it says
/// none, or none has it, with the first there is.
async fn machine_by_key(
    app: &App,
    id: Id<Machine>,
    assertion: &Secret,
    now: Timestamp,
) -> Result<Option<Client>, Fault> {
    let wanted = claimed_key(assertion.expose());
    app.store
        .read(move |view| {
            let Some(machine) = view.get(&MACHINES, &id)? else { return Ok(None) };
            let of_machine = view.list(&CREDENTIALS, &CREDENTIALS_BY_MACHINE, &id, MOST_CREDENTIALS)?;
            let keys = of_machine.into_iter().map(|(_, credential)| credential).filter(|credential| {
                matches!(credential.kind, CredentialKind::PublicKeys { .. } | CredentialKind::KeySet { .. })
            });
            // Of those that hold the key a live one is preferred; an old one still gets its own refusal.
            let mut keys: Vec<Credential> = keys.collect();
            keys.sort_by_key(|credential| (!has_key(credential, wanted.as_deref()), !credential.is_live(now)));
            Ok(Some(match keys.into_iter().next() {
                Some(credential) => {
                    let permissions = roles::permissions_of(view, &machine)?;
                    with_key(machine, credential, permissions)
                }
                None => machine.as_client(),
            }))
        })
        .await
}

/// Whether the credential holds the key of that name; an address may hold any.
fn has_key(credential: &Credential, wanted: Option<&str>) -> bool {
    match (&credential.kind, wanted) {
        (CredentialKind::PublicKeys { jwks }, Some(wanted)) => {
            let keys = jwks.get("keys").and_then(serde_json::Value::as_array);
            keys.is_some_and(|keys| {
                keys.iter().any(|key| key.get("kid").and_then(serde_json::Value::as_str) == Some(wanted))
            })
        }
        _ => true,
    }
}

fn with_key(machine: Machine, credential: Credential, permissions: Vec<Permission>) -> Client {
    let (jwks, jwks_uri) = match &credential.kind {
        CredentialKind::PublicKeys { jwks } => (Some(jwks.clone()), None),
        CredentialKind::KeySet { jwks_uri } => (None, Some(jwks_uri.clone())),
        CredentialKind::ClientSecret { .. } | CredentialKind::AccessKey { .. } | CredentialKind::Trust(_) => {
            (None, None)
        }
    };
    let client = machine.authenticated_by(credential, permissions);
    Client { auth_method: AuthMethod::PrivateKeyJwt, jwks, jwks_uri, ..client }
}

/// The claims of an assertion that one of the client's registered keys signed.
async fn verified(app: &App, client: &Client, assertion: &Secret) -> Result<AssertionClaims, Problem> {
    if client.auth_method != AuthMethod::PrivateKeyJwt {
        return Err(Refusal::ClientMethodMismatch.into());
    }
    let bad = |why| Problem::Refused(Refusal::AssertionInvalid(why));
    let check = |keys: &[u8]| {
        let keys = app.key_sets.parse(keys).map_err(|_| bad("the client's key set is unusable"))?;
        Ok::<_, Problem>(keys.verify(assertion.expose(), &JwsAlgorithm::ALL, Typ::CLIENT_ASSERTION))
    };
    let verified = match (&client.jwks, &client.jwks_uri) {
        (Some(jwks), _) => check(jwks.to_string().as_bytes())?,
        (None, Some(uri)) => {
            // A key that is not in the cached set may have been added since: the set is then fetched again, at most once in
            // a while.
            let wanted = claimed_key(assertion.expose());
            let keys = app.outbound.key_set(uri, wanted.as_deref(), app.clock.now()).await;
            let keys = keys.map_err(|error| match error.is_transient() {
                true => Refusal::ClientOutOfReach.into(),
                false => bad("the key set at jwks_uri cannot be had"),
            });
            check(keys?.as_bytes())?
        }
        (None, None) => return Err(bad("the client has registered no key")),
    };
    let claims = verified.map_err(|_| bad("no registered key made this signature, or its header is not acceptable"))?;
    Ok(AssertionClaims { claims: claims.into_claims() })
}

/// RFC 7523 §3 (7): "the authorization server MAY ensure that JWTs are not replayed by maintaining the set of used "jti"
/// values": looked up and written in one transaction, so that of two at once one wins.
async fn spend(
    app: &App,
    ctx: &Context,
    client: &AuthenticatedClient,
    claims: &AssertionClaims,
) -> Result<(), Problem> {
    let (key, expires_at) = claims.replay_key(client.id()).ok_or(Refusal::AssertionInvalid("jti is missing"))?;
    write_down(app, ctx, key, expires_at).await
}

async fn write_down(app: &App, ctx: &Context, key: Digest, expires_at: Timestamp) -> Result<(), Problem> {
    let fresh = app.store.write("spend client assertion", ctx, move |tx| {
        if tx.get(&ASSERTIONS, &key)?.is_some() {
            return Ok(false);
        }
        tx.put(&ASSERTIONS, &key, &UsedAssertion { expires_at: expires_at.plus(SET_BACK) })?;
        Ok(true)
    });
    if fresh.await? { Ok(()) } else { Err(Refusal::AssertionReplayed.into()) }
}
