//! Where applications may carry our word about people: to which other authorization server, called what there, for what.

use super::providers::{LONGEST_ADDRESS, MOST_LISTED, is_address, is_loopback};
use crate::app::App;
use crate::base::{Fault, Id, Issuer, Resource};
use crate::model::{Client, ClientId, Crossing, Event, GrantType, ScopeSet};
use crate::operations::declined::Declined;
use crate::operations::once::Answer;
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;
use crate::operations::{find_client, search};
use crate::store::tables::{CROSSINGS, CROSSINGS_BY_CLIENT};
use crate::store::{Page, Read, Tx};

/// Most crossings.
pub(super) const MOST_CROSSINGS: usize = 10_000;

/// Leave to be given to a client.
#[derive(Clone, Debug)]
pub struct NewCrossing {
    pub client: ClientId,
    pub terms: Terms,
}

/// Where to, and for what.
#[derive(Clone, Debug)]
pub struct Terms {
    pub audience: String,
    /// What the client is called there; as here, if nothing is said.
    pub client_there: Option<String>,
    pub scope: ScopeSet,
    pub resources: Vec<Resource>,
}

/// What can be looked at without the store.
pub(super) fn bounded(terms: &Terms, own: &Issuer) -> Result<(), Declined> {
    // Loopback is for trying things out: nothing is sent there, it is only named.
    if !is_address(&terms.audience) && !is_loopback(&terms.audience) {
        return Err(Declined::field("audience", "this is no https:// address of at most 512 characters"));
    }
    if terms.audience == own.as_str() {
        return Err(Declined::field("audience", "this is here; nobody needs a crossing to it"));
    }
    let fits =
        |there: &String| (1..=LONGEST_ADDRESS).contains(&there.len()) && there.bytes().all(|b| b.is_ascii_graphic());
    if !terms.client_there.as_ref().is_none_or(fits) {
        return Err(Declined::field("client_there", "a client id has 1 to 512 characters of ASCII without blanks"));
    }
    if terms.scope.is_empty() || terms.scope.len() > ScopeSet::MOST || terms.resources.len() > MOST_LISTED {
        return Err(Declined::field("scope", "name 1 to 64 scopes of the other server, and at most 64 resources"));
    }
    Ok(())
}

/// Whether a client may have one at all.
pub(super) fn may_carry(client: &Client) -> bool {
    client.allows_grant(GrantType::TokenExchange) && !client.is_public()
}

pub(super) const MAY_NOT_CARRY: &str =
    "it needs the grant urn:ietf:params:oauth:grant-type:token-exchange, and a way to authenticate";

/// Lets a client carry our word about people to another authorization server.
pub async fn allow(app: &App, by: &Operator, new: NewCrossing) -> Result<Crossing, Declined> {
    bounded(&new.terms, &app.issuer)?;
    let id = Id::<Crossing>::new(by.at, &app.entropy)?;
    let (ctx, by) = (by, by.clone());
    let outcome = app.store.write("allow crossing", ctx, move |tx| {
        if let Some(earlier) = by.request().earlier(tx)? {
            return Ok(earlier);
        }
        if let Err(declined) = by.stands(tx)? {
            return Ok(Err(declined));
        }
        let made = put(tx, id, &new)?;
        if let Ok(crossing) = &made {
            by.request().done(tx, id, crossing, Answer::Repeatable)?;
        }
        Ok(made)
    });
    let crossing = outcome.await??;
    app.discovery.forget();
    Ok(crossing)
}

/// Puts one down that is [`bounded`], if its client may have it.
pub(super) fn put(tx: &mut Tx<'_>, id: Id<Crossing>, new: &NewCrossing) -> Result<Result<Crossing, Declined>, Fault> {
    let client = match find_client::stored(tx, &new.client)?.client() {
        Some(client) => client,
        // The document of one that has an address need not have been seen yet.
        None if matches!(new.client, ClientId::Document(_)) => {
            return Ok(Err(Declined::Conflict(
                "nobody has connected this application yet; it has to be known first".to_owned(),
            )));
        }
        None => return Ok(Err(Declined::Missing(format!("there is no application {}", new.client)))),
    };
    if !may_carry(&client) {
        return Ok(Err(Declined::Conflict(MAY_NOT_CARRY.to_owned())));
    }
    let terms = &new.terms;
    let key = (new.client.to_string(), terms.audience.clone());
    if let Some((known, _)) = tx.find(&CROSSINGS, &CROSSINGS_BY_CLIENT, &key)? {
        return Ok(Err(Declined::Conflict(format!("{known} is that crossing already; remove it first"))));
    }
    if tx.page(&CROSSINGS, None, MOST_CROSSINGS)?.rows.len() >= MOST_CROSSINGS {
        return Ok(Err(Declined::Conflict(format!("there are {MOST_CROSSINGS} crossings, the most there may be"))));
    }
    let crossing = Crossing {
        id,
        client_id: new.client.clone(),
        audience: terms.audience.clone(),
        client_there: terms.client_there.clone().unwrap_or_else(|| new.client.to_string()),
        scope: terms.scope.clone(),
        resources: terms.resources.clone(),
        created_at: tx.now(),
    };
    tx.put(&CROSSINGS, &id, &crossing)?;
    let told = crossing.clone();
    tx.record(Event::CrossingAllowed {
        crossing: id,
        client: told.client_id,
        audience: told.audience,
        client_there: told.client_there,
        scope: told.scope,
        resources: told.resources,
    })?;
    Ok(Ok(crossing))
}

/// Crossings before `before`, the newest first, of one client or of all. A page may be short, even empty, and not be the last.
pub async fn list(
    app: &App,
    client: Option<ClientId>,
    before: Option<Id<Crossing>>,
    limit: usize,
) -> Result<Page<Id<Crossing>, Crossing>, Fault> {
    app.store
        .read(move |view| match &client {
            None => view.newest(&CROSSINGS, before.as_ref(), limit.min(1_000)),
            Some(client) => {
                let is_theirs = |crossing: &Crossing| crossing.client_id == *client;
                search::newest(view, &CROSSINGS, before.as_ref(), limit, is_theirs)
            }
        })
        .await
}

/// One of them.
pub async fn find(app: &App, id: Id<Crossing>) -> Result<Crossing, Declined> {
    app.store.read(move |view| view.get(&CROSSINGS, &id)).await?.ok_or_else(|| unknown(id))
}

/// Takes a client's leave back. What it carries already is good for five minutes at most.
pub async fn disallow(app: &App, by: &Operator, id: Id<Crossing>, seen: Seen) -> Result<Crossing, Declined> {
    let (ctx, by) = (by, by.clone());
    let outcome = app.store.write("remove crossing", ctx, move |tx| {
        if let Err(declined) = by.stands(tx)? {
            return Ok(Err(declined));
        }
        let Some(crossing) = tx.get(&CROSSINGS, &id)? else { return Ok(Err(unknown(id))) };
        if let Err(declined) = seen.is_still(&crossing)? {
            return Ok(Err(declined));
        }
        take(tx, &crossing)?;
        Ok(Ok(crossing))
    });
    let crossing = outcome.await??;
    app.discovery.forget();
    Ok(crossing)
}

pub(super) fn take(tx: &mut Tx<'_>, crossing: &Crossing) -> Result<(), Fault> {
    tx.delete(&CROSSINGS, &crossing.id)?;
    let (client, audience) = (crossing.client_id.clone(), crossing.audience.clone());
    tx.record(Event::CrossingRemoved { crossing: crossing.id, client, audience })
}

/// Takes all of a client's that goes for good: it is nobody else's, and carries nothing any more. Says whether there was one.
pub(super) fn take_of(tx: &mut Tx<'_>, client: &ClientId) -> Result<bool, Fault> {
    let mut any = false;
    while let Some((_, crossing)) = tx.first_under(&CROSSINGS, &CROSSINGS_BY_CLIENT, &client.to_string())? {
        take(tx, &crossing)?;
        any = true;
    }
    Ok(any)
}

fn unknown(id: Id<Crossing>) -> Declined {
    Declined::Missing(format!("there is no crossing {id}"))
}

pub(super) fn there_is_one(read: &impl Read) -> Result<bool, Fault> {
    Ok(!read.page(&CROSSINGS, None, 1)?.rows.is_empty())
}
