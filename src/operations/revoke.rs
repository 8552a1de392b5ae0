//! Ends tokens before their time. RFC 7009.

use super::Problem;
use super::introspect::{self, Known};
use super::status::end::{Ending, LiveTokens, end_acting, end_token};
use crate::app::App;
use crate::base::Id;
use crate::base::{Fault, SET_BACK};
use crate::model::{Context, Event, Family, RevokedBecause, RevokedToken};
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::token_status::may_revoke;
use crate::store::tables::REVOKED;
use crate::store::{Read, Tx};

/// Revokes a token of the caller's. RFC 7009 §2.2: "The authorization server responds with HTTP status code 200 if the token
/// has been revoked successfully or if the client submitted an invalid token."
pub async fn revoke(app: &App, ctx: &Context, client: AuthenticatedClient, token: &str) -> Result<(), Problem> {
    let Some(known) = introspect::find(app, ctx, token).await? else {
        app.tally.count("revocation of an unknown token");
        return Ok(());
    };
    if !may_revoke(known.owner(), &client) {
        app.tally.count("revocation of another client's token");
        return Ok(());
    }
    app.store
        .write("revoke token", ctx, move |tx| match &known {
            // §2.1: "If the particular token is a refresh token and the authorization server supports the revocation of access
            // tokens, then the authorization server SHOULD also invalidate all access tokens based on the same authorization grant".
            Known::Refresh { family, .. } => end_family(tx, family.id, RevokedBecause::ClientRevoked).map(drop),
            Known::Access { id, expires_at, client_id, status, .. } => {
                if tx.get(&REVOKED, id)?.is_some() {
                    return Ok(());
                }
                tx.put(&REVOKED, id, &RevokedToken { id: *id, expires_at: expires_at.plus(SET_BACK) })?;
                if let Some(place) = status {
                    end_token(tx, *place)?;
                }
                end_acting(tx, &id.to_string())?;
                tx.record(Event::TokenRevoked { client: client_id.clone(), token: id.to_string() })
            }
        })
        .await?;
    Ok(())
}

/// Ends a line of tokens, if it is not over already: its refresh tokens buy nothing more, and introspection calls its access
/// tokens inactive from this commit on, as do the status lists. Says which of these nobody learns of who looks at neither.
pub(crate) fn end_family(tx: &mut Tx<'_>, id: Id<Family>, because: RevokedBecause) -> Result<LiveTokens, Fault> {
    let mut ending = Ending::default();
    ending.family(tx, id, because)?;
    Ok(ending.live())
}
