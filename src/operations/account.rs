//! What a person sees and ends of their own.

use std::cmp::Reverse;

use super::find_resource;
use super::revoke::end_family;
use super::sign_in::SignedIn;
use crate::app::App;
use crate::base::{Fault, Id, Timestamp};
use crate::model::{Consent, Context, Event, ProtectedResource, RevokedBecause, ScopeEntry, Session};
use crate::store::tables::{
    CONSENTS, CONSENTS_BY_PERSON, FAMILIES, FAMILIES_BY_GRANT, SCOPES, SESSIONS, SESSIONS_BY_PERSON,
};
use crate::store::{Read, Tx};

/// Most applications on one page.
const MOST: usize = 200;

/// One application and what it may do.
#[derive(Clone, Debug)]
pub struct ConnectedApplication {
    pub consent: Consent,
    pub resource: Option<ProtectedResource>,
    pub scopes: Vec<ScopeEntry>,
    pub last_used_at: Option<Timestamp>,
}

/// The applications somebody has allowed something.
pub async fn connected_applications(app: &App, signed_in: &SignedIn) -> Result<Vec<ConnectedApplication>, Fault> {
    let person = signed_in.person().id;
    app.store
        .read(move |view| {
            let consents = view.list(&CONSENTS, &CONSENTS_BY_PERSON, &person, MOST)?;
            consents
                .into_iter()
                .map(|(_, consent)| {
                    let key = (person, consent.client_id.to_string());
                    let families = view.list(&FAMILIES, &FAMILIES_BY_GRANT, &key, MOST)?;
                    let used = families.iter().filter(|(_, family)| family.resource == consent.resource);
                    let names = consent.scope.iter().map(|scope| view.get(&SCOPES, &scope.as_str().to_owned()));
                    Ok(ConnectedApplication {
                        last_used_at: used.map(|(_, family)| family.last_used_at).max(),
                        resource: match &consent.resource {
                            Some(resource) => find_resource::named(view, resource)?,
                            None => None,
                        },
                        scopes: names.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect(),
                        consent,
                    })
                })
                .collect()
        })
        .await
}

/// Where somebody is signed in: this session first, then the one seen last.
pub async fn sessions(app: &App, now: Timestamp, signed_in: &SignedIn) -> Result<Vec<Session>, Fault> {
    let (person, here) = (signed_in.person().id, signed_in.session().id);
    let rows = app.store.read(move |view| view.list(&SESSIONS, &SESSIONS_BY_PERSON, &person, MOST)).await?;
    let mut sessions: Vec<Session> = rows
        .into_iter()
        .map(|(id, session)| {
            let seen = app.last_seen.of(&id).unwrap_or_default();
            Session { last_seen_at: session.last_seen_at.max(seen), ..session }
        })
        .filter(|session| session.is_live(now, app.config.lifetimes.session_idle))
        .collect();
    sessions.sort_by_key(|session| (session.id != here, Reverse(session.last_seen_at)));
    Ok(sessions)
}

/// Ends one of somebody's own sessions, wherever it is. Says whether there was one.
pub async fn end_session(app: &App, ctx: &Context, signed_in: &SignedIn, id: Id<Session>) -> Result<bool, Fault> {
    let person = signed_in.person().id;
    let ctx = ctx.by(signed_in.actor());
    app.store
        .write("end session", &ctx, move |tx| {
            if tx.get(&SESSIONS, &id)?.is_none_or(|session| session.person != person) {
                return Ok(false);
            }
            tx.delete(&SESSIONS, &id)?;
            tx.record(Event::SignedOut { person, session: id })?;
            Ok(true)
        })
        .await
}

/// Takes a consent back: the application is asked about again, and everything it holds for this resource ends in the same
/// transaction. Says whether there was one of this person's.
pub async fn revoke_consent(app: &App, ctx: &Context, signed_in: &SignedIn, id: Id<Consent>) -> Result<bool, Fault> {
    let person = signed_in.person().id;
    let ctx = ctx.by(signed_in.actor());
    app.store
        .write("revoke consent", &ctx, move |tx| {
            let Some(consent) = tx.get(&CONSENTS, &id)?.filter(|consent| consent.person == person) else {
                return Ok(false);
            };
            end_consent(tx, &consent)?;
            Ok(true)
        })
        .await
}

/// Removes a consent and ends everything that was issued under it.
pub(super) fn end_consent(tx: &mut Tx<'_>, consent: &Consent) -> Result<(), Fault> {
    let person = consent.person;
    tx.delete(&CONSENTS, &consent.id)?;
    let key = (person, consent.client_id.to_string());
    let mut ended = 0;
    let mut after = None;
    loop {
        let page = tx.list_after(&FAMILIES, &FAMILIES_BY_GRANT, &key, after.as_ref(), MOST)?;
        for (id, family) in &page.rows {
            if family.resource == consent.resource && family.is_live(tx.now()) {
                end_family(tx, *id, RevokedBecause::ConsentRevoked)?;
                ended += 1;
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    tx.record(Event::ConsentRevoked { person, client: consent.client_id.clone(), families: ended })
}
