//! What a client may know about the person. OpenID Connect Core §5.3.

use serde::Serialize;

use super::introspect;
use crate::app::App;
use crate::base::Fault;
use crate::model::{Context, Subject};
use crate::protocol::claims::PersonClaims;
use crate::store::Read;
use crate::store::tables::PEOPLE;

/// OpenID Connect Core §5.3.2.
#[derive(Clone, Debug, Serialize)]
pub struct UserInfo {
    pub sub: String,
    #[serde(flatten)]
    pub person: PersonClaims,
}

/// Why there is none. RFC 6750 §3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoUserInfo {
    InvalidToken,
    InsufficientScope,
}

/// For the bearer of an access token with `openid` in it. OpenID Connect Core §5.3.1.
pub async fn userinfo(app: &App, ctx: &Context, token: &str) -> Result<Result<UserInfo, NoUserInfo>, Fault> {
    let Some(token) = introspect::live_access(app, ctx, token).await? else { return Ok(Err(NoUserInfo::InvalidToken)) };
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
