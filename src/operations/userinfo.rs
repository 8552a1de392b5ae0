//! What a client may know about the person. OpenID Connect Core §5.3.

use serde::Serialize;

use super::dpop;
use super::introspect::{self, NotLive};
use crate::app::App;
use crate::base::Fault;
use crate::model::{Context, Subject};
use crate::protocol::claims::PersonClaims;
use crate::protocol::dpop::Proof;
use crate::protocol::refusal::Refusal;
use crate::store::Read;
use crate::store::tables::PEOPLE;

/// OpenID Connect Core §5.3.2.
#[derive(Clone, Debug, Serialize)]
pub struct UserInfo {
    pub sub: String,
    #[serde(flatten)]
    pub person: PersonClaims,
}

/// Why there is none. RFC 6750 §3.1, RFC 9449 §7.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoUserInfo {
    InvalidToken,
    /// The token is bound to a key, and was not shown with a proof of that key; or the other way round.
    OtherKey,
    /// The proof was used before.
    Proof(Refusal),
    InsufficientScope,
}

/// For who holds an access token with `openid` in it (OpenID Connect Core §5.3.1) and, if that token is bound to a key, has shown to
/// have the key (RFC 9449 §7.1).
pub async fn userinfo(
    app: &App,
    ctx: &Context,
    token: &str,
    proof: Option<Proof>,
) -> Result<Result<UserInfo, NoUserInfo>, Fault> {
    let token = match introspect::live_access(app, ctx, token, proof.as_ref()).await? {
        Ok(token) => token,
        Err(NotLive::Over) => return Ok(Err(NoUserInfo::InvalidToken)),
        Err(NotLive::OtherKey) => return Ok(Err(NoUserInfo::OtherKey)),
    };
    // Only now: who holds no such token makes nobody write.
    if let Some(proof) = proof {
        let spent = app.store.write("spend DPoP proof", ctx, move |tx| dpop::spend(tx, Some(&proof)));
        if let Err(refusal) = spent.await? {
            app.tally.count("DPoP proof used again");
            return Ok(Err(NoUserInfo::Proof(refusal)));
        }
    }
    let Subject::Person(id) = token.subject else { return Ok(Err(NoUserInfo::InsufficientScope)) };
    if !token.scope.contains("openid") {
        return Ok(Err(NoUserInfo::InsufficientScope));
    }
    let person = app.store.read(move |view| view.get(&PEOPLE, &id)).await?;
    // §5.3.2: "The sub (subject) Claim MUST always be returned in the UserInfo Response."
    Ok(person
        .ok_or(NoUserInfo::InvalidToken)
        .map(|person| UserInfo { sub: id.to_string(), person: PersonClaims::for_scope(&person, &token.scope) }))
}
