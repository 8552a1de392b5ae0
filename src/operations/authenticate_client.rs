//! Finds out whether a caller is the client it says it is. OAuth 2.1 §2.4, RFC 7523 §3.

use super::Problem;
use super::find_client::{self, Found};
use crate::app::App;
use crate::base::{Digest, Secret};
use crate::keys::{JwkSet, Typ};
use crate::model::{AuthMethod, Client, ClientId, Context, JwsAlgorithm, UsedAssertion};
use crate::protocol::client_auth::{
    AssertionClaims, Audiences, AuthenticatedClient, Presented, Proof, authenticate, claimed_key, claimed_subject,
};
use crate::protocol::refusal::Refusal;
use crate::store::Read;
use crate::store::tables::ASSERTIONS;

/// Verifies what was presented. A refusal says nothing that tells an unknown client from a wrong secret.
pub async fn authenticate_client(
    app: &App,
    ctx: &Context,
    presented: Presented,
) -> Result<AuthenticatedClient, Problem> {
    let (named, proof) = match presented {
        Presented::Secret { client_id, secret } => {
            (find(app, &client_id).await?, Proof::Secret(Digest::of(secret.expose().as_bytes())))
        }
        Presented::Public { client_id } => (find(app, &client_id).await?, Proof::Nothing),
        Presented::Assertion { client_id, assertion } => {
            let said = client_id.or_else(|| claimed_subject(assertion.expose())).ok_or(Refusal::ClientUnknown)?;
            let client = find(app, &said).await?;
            let proof = match &client {
                Some(client) => Proof::Assertion(verified(app, client, &assertion).await?),
                None => Proof::Nothing,
            };
            (client, proof)
        }
    };
    let authenticated = authenticate(named, &proof, &Audiences::of(&app.issuer), ctx.at)?;
    if let Proof::Assertion(claims) = &proof {
        spend(app, ctx, &authenticated, claims).await?;
    }
    Ok(authenticated)
}

async fn find(app: &App, client_id: &str) -> Result<Option<Client>, Problem> {
    let Ok(id) = client_id.parse::<ClientId>() else { return Ok(None) };
    match find_client::find(app, &id).await? {
        Found::BadDocument(error) if error.is_transient() => Err(Refusal::ClientOutOfReach.into()),
        found => Ok(found.client()),
    }
}

/// The claims of an assertion that one of the client's registered keys signed.
async fn verified(app: &App, client: &Client, assertion: &Secret) -> Result<AssertionClaims, Problem> {
    if client.auth_method != AuthMethod::PrivateKeyJwt {
        return Err(Refusal::ClientMethodMismatch.into());
    }
    let bad = |why| Problem::Refused(Refusal::AssertionInvalid(why));
    let check = |keys: &[u8]| {
        let keys = JwkSet::parse(keys).map_err(|_| bad("the client's key set is unusable"))?;
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
    let fresh = app.store.write("spend client assertion", ctx, move |tx| {
        if tx.get(&ASSERTIONS, &key)?.is_some() {
            return Ok(false);
        }
        tx.put(&ASSERTIONS, &key, &UsedAssertion { expires_at })?;
        Ok(true)
    });
    if fresh.await? { Ok(()) } else { Err(Refusal::AssertionReplayed.into()) }
}
