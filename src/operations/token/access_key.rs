//! Trades an access key for a session token, as a hosted service does.

use super::client_credentials;
use crate::app::App;
use crate::base::Resource;
use crate::model::{Actor, Context, Counted};
use crate::operations::authenticate_client::by_key;
use crate::operations::{Problem, find_resource};
use crate::protocol::access_key::{KeyExchange, KeySession, projects};
use crate::protocol::dpop;
use crate::protocol::refusal::{Refusal, ensure};
use crate::protocol::token_request::ClientCredentials;

/// What an access key is at this endpoint, client credentials are at the other: the same rules, limits and events. Which
/// project is meant: a registered resource, if the id is one's; else it must be the machine's tenant or the issuer's own.
pub async fn exchange_access_key(app: &App, ctx: &Context, ask: KeyExchange) -> Result<KeySession, Problem> {
    let client = by_key(app, ctx, ask.key).await?;
    let ctx = ctx.by(Actor::Client(client.id().clone()));
    let (machine, credential) = client.machine().zip(client.credential()).ok_or(Refusal::ClientUnknown)?;
    ensure(ask.tenant.is_none_or(|tenant| tenant == machine.tenant), Refusal::MalformedParameter("selectedTenant"))?;
    dpop::demanded(&client, None)?;
    let resource = match Resource::parse(&ask.project) {
        Ok(resource) => app.store.read(move |view| find_resource::named(view, &resource)).await?,
        Err(_) => None,
    };
    let audience = match &resource {
        Some(_) => None,
        None => {
            let own = projects(machine, &app.issuer);
            ensure(own.contains(&ask.project), Refusal::ProjectElsewhere { own })?;
            Some(ask.project)
        }
    };
    let key_id = credential.id.to_string();
    let ask = ClientCredentials { scope: None, resource: resource.map(|resource| resource.identifier) };
    let issued = client_credentials::grant_for(app, &ctx, client.clone(), ask, audience).await?;
    let tokens = issued.sign(app)?;
    app.hours.count(ctx.at, Counted::ByAccessKey);
    let expiration = ctx.at.seconds().saturating_add(i64::try_from(tokens.expires_in).unwrap_or(0));
    let (session_jwt, refresh_jwt) = (tokens.access_token, tokens.refresh_token);
    Ok(KeySession { key_id, session_jwt, expiration, refresh_jwt })
}
