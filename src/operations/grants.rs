//! What people have allowed applications, as an administrator sees it and takes it back.

use super::account::end_consent;
use super::search;
use crate::app::App;
use crate::base::{Fault, Id};
use crate::model::{ClientId, Consent, Context, Event, Family, Person};
use crate::operations::declined::Declined;
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;
use crate::operations::status::end::LiveTokens;
use crate::store::tables::{CLIENTS, CONSENTS, CONSENTS_BY_PERSON, FAMILIES, FAMILIES_BY_GRANT};
use crate::store::{Page, Read};

/// Most lines of tokens shown of one grant.
const MOST_FAMILIES: usize = 50;

/// One consent, and the lines of tokens that were issued under it.
#[derive(Clone, Debug)]
pub struct Grant {
    pub consent: Consent,
    pub families: Vec<Family>,
}

/// Which grants are listed.
#[derive(Clone, Debug, Default)]
pub struct Which {
    pub person: Option<Id<Person>>,
    pub client: Option<ClientId>,
}

/// Grants from `from` on: of one person the oldest first, else the newest.
pub async fn list(
    app: &App,
    which: Which,
    from: Option<Id<Consent>>,
    limit: usize,
) -> Result<Page<Id<Consent>, Grant>, Fault> {
    app.store
        .read(move |view| {
            let of_client = |consent: &Consent| which.client.as_ref().is_none_or(|client| consent.client_id == *client);
            let page = match &which.person {
                Some(person) => {
                    // Without an application everything fits, and no more is read than is shown.
                    let most = if which.client.is_some() { search::LOOKED_AT } else { limit };
                    let page = view.list_after(&CONSENTS, &CONSENTS_BY_PERSON, person, from.as_ref(), most)?;
                    search::fitting(page, limit, of_client)
                }
                None => search::newest(view, &CONSENTS, from.as_ref(), limit, of_client)?,
            };
            let rows = page.rows.into_iter().map(|(id, consent)| Ok((id, with_families(view, consent)?)));
            Ok(Page { rows: rows.collect::<Result<_, Fault>>()?, next: page.next })
        })
        .await
}

/// One of them.
pub async fn find(app: &App, id: Id<Consent>) -> Result<Grant, Declined> {
    let found = app.store.read(move |view| {
        let consent = view.get(&CONSENTS, &id)?;
        consent.map(|consent| with_families(view, consent)).transpose()
    });
    found.await?.ok_or_else(|| unknown(id))
}

/// Takes back what a person has allowed an application: it is asked about again, and everything the application holds under it ends in
/// the same transaction. Says what whoever looks at signatures alone still takes.
pub async fn revoke(app: &App, by: &Operator, id: Id<Consent>, seen: Seen) -> Result<LiveTokens, Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("revoke grant", ctx, move |tx| {
            if let Err(declined) = by.stands(tx)? {
                return Ok(Err(declined));
            }
            let Some(consent) = tx.get(&CONSENTS, &id)? else { return Ok(Err(unknown(id))) };
            if let Err(declined) = seen.is_still(&consent)? {
                return Ok(Err(declined));
            }
            end_consent(tx, &consent).map(Ok)
        })
        .await?
}

/// Consents looked at in one snapshot, and snapshots in one round: 100,000 are looked through in 25 rounds.
const AT_ONCE: usize = 500;
const SNAPSHOTS: usize = 8;

/// Forgets what was allowed to applications that are gone: registrations that nobody uses are removed by themselves, and what people
/// allowed them would stay, on their account pages and in the file. What was issued under it ended with the application. Part of
/// housekeeping.
pub(super) async fn forget(app: &App, ctx: &Context) -> Result<(), Fault> {
    for _ in 0..SNAPSHOTS {
        let after = app.looked_at_consents.at();
        let looked = app.store.read(move |view| {
            let page = view.page(&CONSENTS, after.as_ref(), AT_ONCE)?;
            let mut idle = Vec::new();
            for (id, consent) in page.rows {
                if is_gone(view, &consent.client_id)? {
                    idle.push(id);
                }
            }
            Ok((idle, page.next))
        });
        let (idle, next) = looked.await?;
        if !idle.is_empty() {
            app.store
                .write("forget consents", ctx, move |tx| {
                    let mut count = 0;
                    for id in &idle {
                        let Some(consent) = tx.get(&CONSENTS, id)? else { continue };
                        if is_gone(tx, &consent.client_id)? {
                            tx.delete(&CONSENTS, id)?;
                            count += 1;
                        }
                    }
                    if count > 0 { tx.record(Event::ConsentsForgotten { count }) } else { Ok(()) }
                })
                .await?;
        }
        app.looked_at_consents.set(next);
        if next.is_none() {
            break;
        }
        // Requests go first.
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Ids of registered applications are never given again. One that is known by its address has no row of its own to miss.
fn is_gone(read: &impl Read, client: &ClientId) -> Result<bool, Fault> {
    match client {
        ClientId::Registered(id) => Ok(read.get(&CLIENTS, id)?.is_none()),
        _ => Ok(false),
    }
}

fn with_families(read: &impl Read, consent: Consent) -> Result<Grant, Fault> {
    let key = (consent.person, consent.client_id.to_string());
    let families = read.list(&FAMILIES, &FAMILIES_BY_GRANT, &key, MOST_FAMILIES)?;
    let families = families.into_iter().map(|(_, family)| family).filter(|f| f.resource == consent.resource).collect();
    Ok(Grant { consent, families })
}

fn unknown(id: Id<Consent>) -> Declined {
    Declined::Missing(format!("there is no grant {id}"))
}
