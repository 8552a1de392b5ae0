//! An application's secret: another one, with an overlap in which both are good, and the end of the old.

use crate::app::App;
use crate::base::{Digest, Fault, Id, Lifetime, OpaqueToken, Secret, Timestamp, TokenKind};
use crate::model::{Client, ClientId, ClientSecret, Context, Event};
use crate::operations::clients::{registered, standing};
use crate::operations::credentials::LONGEST_OVERLAP;
use crate::operations::declined::Declined;
use crate::operations::once::Answer;
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;
use crate::protocol::client_auth::AuthenticatedClient;
use crate::protocol::own_scopes::within_reach;
use crate::store::tables::CLIENTS;
use crate::store::{Read as _, Tx};

/// Most secrets of one application that are good at once.
const MOST_LIVE: usize = 4;
/// How often the use of an old one is written down.
const NOTED_EVERY: Lifetime = Lifetime::from_hours(1);

/// A new secret, shown once.
#[derive(Debug)]
pub struct Rotated {
    pub client: Client,
    pub secret: Secret,
}

/// Gives an application another secret. Those it has stay good for `overlap` more, or until their own end if that comes first.
pub async fn rotate(
    app: &App,
    by: &Operator,
    id: ClientId,
    seen: Seen,
    overlap: Lifetime,
) -> Result<Rotated, Declined> {
    if overlap > LONGEST_OVERLAP {
        return Err(Declined::field("overlap", "an overlap lasts 90 days at most"));
    }
    let key = registered(&id)?;
    // Its text begins as the first one's did: with the application's own id.
    let drawn = OpaqueToken::new(TokenKind::ClientSecret, key, &app.entropy)?;
    let (digest, ctx, by) = (drawn.digest(), by, by.clone());
    let rotated = app.store.write("rotate client secret", ctx, move |tx| {
        if let Some(earlier) = by.request().earlier(tx)? {
            return Ok(earlier);
        }
        let client = match with_secret(tx, &by, key, &id, &seen)? {
            Ok(client) => client,
            Err(declined) => return Ok(Err(declined)),
        };
        let now = tx.now();
        let until = now.plus(overlap);
        let mut secrets: Vec<ClientSecret> = client.live_secrets(now).cloned().collect();
        for one in &mut secrets {
            one.expires_at = Some(one.expires_at.map_or(until, |end| end.min(until)));
        }
        secrets.retain(|one| one.is_live(now));
        if secrets.len() >= MOST_LIVE {
            let why = format!("it has {MOST_LIVE} secrets that are good: end the old ones first");
            return Ok(Err(Declined::Conflict(why)));
        }
        let overlap_until = (!secrets.is_empty()).then_some(until);
        // The newest stands last: what is said of the secret is said of that one.
        secrets.push(ClientSecret { digest, created_at: now, expires_at: None, last_used_at: None });
        let after = Client { secrets, ..client.clone() };
        tx.replace(&CLIENTS, &key, &client, &after)?;
        by.request().done(tx, &after.id, &after, Answer::HoldsASecret)?;
        tx.record(Event::ClientSecretRotated { client: id.clone(), overlap_until })?;
        Ok(Ok(after))
    });
    Ok(Rotated { client: rotated.await??, secret: drawn.into_secret() })
}

/// Ends every secret of an application but the newest.
pub async fn end_old(app: &App, by: &Operator, id: ClientId, seen: Seen) -> Result<Client, Declined> {
    let (key, ctx, by) = (registered(&id)?, by, by.clone());
    app.store
        .write("end old client secrets", ctx, move |tx| {
            let client = match with_secret(tx, &by, key, &id, &seen)? {
                Ok(client) => client,
                Err(declined) => return Ok(Err(declined)),
            };
            if client.secrets.len() < 2 {
                return Ok(Ok(client));
            }
            let newest = client.secrets.last().cloned().into_iter().collect();
            let after = Client { secrets: newest, ..client.clone() };
            tx.replace(&CLIENTS, &key, &client, &after)?;
            let ended = client.secrets.len().saturating_sub(1);
            tx.record(Event::ClientSecretsEnded {
                client: id.clone(),
                ended: u64::try_from(ended).unwrap_or_default(),
            })?;
            Ok(Ok(after))
        })
        .await?
}

/// Whoever holds its secret is the application, so that is for who may give what it may have.
fn with_secret(
    tx: &Tx<'_>,
    by: &Operator,
    key: Id<Client>,
    id: &ClientId,
    seen: &Seen,
) -> Result<Result<Client, Declined>, Fault> {
    let client = match standing(tx, by, key, id, seen)? {
        Ok(client) => client,
        Err(declined) => return Ok(Err(declined)),
    };
    if !client.auth_method.has_secret() {
        let why = format!("{id} has no secret: it proves itself by {}", client.auth_method.as_str());
        return Ok(Err(Declined::Conflict(why)));
    }
    Ok(by.may_give(&within_reach(&client)).map(|()| client))
}

/// Which of the secrets this is, if it is an old one whose use was not noted within the hour.
fn due(client: &Client, digest: &Digest, now: Timestamp) -> Option<usize> {
    let (_, old) = client.secrets.split_last()?;
    let place = old.iter().position(|one| one.digest == *digest)?;
    let last = old.get(place)?.last_used_at;
    last.is_none_or(|last| now.since(last) >= NOTED_EVERY).then_some(place)
}

/// Notes that an old secret is still in use, once in an hour. Of an application that has one secret there is nothing to note, and
/// nothing is looked at.
pub(super) async fn saw(app: &App, ctx: &Context, client: &AuthenticatedClient, digest: &Digest) -> Result<(), Fault> {
    let ClientId::Registered(key) = *client.id() else { return Ok(()) };
    if due(client, digest, ctx.at).is_none() {
        return Ok(());
    }
    let (digest, id) = (*digest, client.id().clone());
    let ctx = ctx.by(crate::model::Actor::Client(id.clone()));
    app.store
        .write("note old client secret", &ctx, move |tx| {
            let Some(before) = tx.get(&CLIENTS, &key)? else { return Ok(()) };
            let mut after = before.clone();
            let due = due(&before, &digest, tx.now()).and_then(|place| after.secrets.get_mut(place));
            let Some(old) = due else { return Ok(()) };
            old.last_used_at = Some(tx.now());
            let made_at = old.created_at;
            tx.replace(&CLIENTS, &key, &before, &after)?;
            tx.record(Event::ClientOldSecretUsed { client: id.clone(), made_at })
        })
        .await
}
