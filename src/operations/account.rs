//! What a person sees and ends of their own.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::sessions::delete_all;
use super::sign_in::SignedIn;
use super::status::end::{Ending, LiveTokens};
use super::{delegations, find_resource};
use crate::app::App;
use crate::base::{Fault, Id, Resource, Timestamp};
use crate::model::{
    Consent, Context, Delegation, Event, Family, Machine, MachineStanding, Person, PersonState, ProtectedResource,
    RevokedBecause, ScopeEntry, Session, Subject,
};
use crate::operations::declined::Declined;
use crate::store::tables::{
    CONSENTS, CONSENTS_BY_PERSON, FAMILIES, FAMILIES_BY_GRANT, MACHINES, PEOPLE, RESOURCES, SCOPES, SESSIONS,
    SESSIONS_BY_PERSON,
};
use crate::store::{Page, Read, Tx};

/// Most rows that are looked at in one go.
const MOST: usize = 200;
/// Most applications on one page.
const APPLICATIONS: usize = 50;
/// Most resources that are offered to choose from.
const PLACES: usize = 50;
/// Most lines of tokens that are looked at to say when an application was last used.
const LINES: usize = 50;

/// One application and what it may do.
#[derive(Clone, Debug)]
pub struct ConnectedApplication {
    pub consent: Consent,
    pub resource: Option<ProtectedResource>,
    pub scopes: Vec<ScopeEntry>,
    pub last_used_at: Option<Timestamp>,
}

/// Some of the applications that somebody has allowed something, the newest first, and where the older ones begin.
#[derive(Clone, Debug)]
pub struct ConnectedApplications {
    pub newest: Vec<ConnectedApplication>,
    pub older: Option<Id<Consent>>,
}

/// The applications somebody has allowed something, those before `before` if it is given.
pub async fn connected_applications(
    app: &App,
    signed_in: &SignedIn,
    before: Option<Id<Consent>>,
) -> Result<ConnectedApplications, Fault> {
    let person = signed_in.person().id;
    app.store
        .read(move |view| {
            let page = view.list_newest(&CONSENTS, &CONSENTS_BY_PERSON, &person, before.as_ref(), APPLICATIONS)?;
            // One application may have been allowed something at many resources.
            let mut lines = HashMap::new();
            let mut newest = Vec::with_capacity(page.rows.len());
            for (_, consent) in page.rows {
                let client = consent.client_id.to_string();
                let lines = match lines.entry(client.clone()) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(place) => {
                        place.insert(view.list_newest(&FAMILIES, &FAMILIES_BY_GRANT, &(person, client), None, LINES)?)
                    }
                };
                let names = consent.scope.iter().map(|scope| view.get(&SCOPES, &scope.as_str().to_owned()));
                newest.push(ConnectedApplication {
                    last_used_at: last_used(&consent, lines),
                    resource: match &consent.resource {
                        Some(resource) => find_resource::named(view, resource)?,
                        None => None,
                    },
                    scopes: names.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect(),
                    consent,
                });
            }
            Ok(ConnectedApplications { newest, older: page.next })
        })
        .await
}

/// When the application was last given a token for the consent's resource, as its newest lines of tokens tell. If all that were
/// looked at are for other resources, it was used at the latest when it was allowed.
fn last_used(consent: &Consent, lines: &Page<Id<Family>, Family>) -> Option<Timestamp> {
    let used = lines.rows.iter().filter(|(_, family)| family.resource == consent.resource);
    let unseen = lines.next.is_some().then_some(consent.updated_at);
    used.map(|(_, family)| family.last_used_at).max().or(unseen)
}

/// Where somebody is signed in: this session first, then the one seen last.
pub async fn sessions(app: &App, now: Timestamp, signed_in: &SignedIn) -> Result<Vec<Session>, Fault> {
    let (person, here) = (signed_in.person().id, signed_in.session().id);
    let page =
        app.store.read(move |view| view.list_newest(&SESSIONS, &SESSIONS_BY_PERSON, &person, None, MOST)).await?;
    let idle_for = app.settings.now().lifetimes.session_idle;
    let mut sessions: Vec<Session> = page
        .rows
        .into_iter()
        .map(|(id, session)| {
            let seen = app.last_seen.of(&id).unwrap_or_default();
            Session { last_seen_at: session.last_seen_at.max(seen), ..session }
        })
        .filter(|session| session.is_live(now, idle_for))
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

/// Ends every session of somebody but this one. Says how many there were.
pub async fn end_other_sessions(app: &App, ctx: &Context, signed_in: &SignedIn) -> Result<u64, Fault> {
    let (person, here) = (signed_in.person().id, signed_in.session().id);
    let ctx = ctx.by(signed_in.actor());
    app.store
        .write("end other sessions", &ctx, move |tx| {
            let Some(session) = tx.get(&SESSIONS, &here)? else { return Ok(0) };
            if tx.list(&SESSIONS, &SESSIONS_BY_PERSON, &person, 2)?.len() < 2 {
                return Ok(0);
            }
            let sessions = delete_all(tx, person)?.saturating_sub(1);
            tx.put(&SESSIONS, &here, &session)?;
            tx.record(Event::SessionsEnded { person, sessions })?;
            Ok(sessions)
        })
        .await
}

/// What somebody would let a machine do in their name, before they have decided anything.
#[derive(Clone, Debug)]
pub struct Offer {
    pub machine: Machine,
    /// Who answers for it. A machine that nobody answers for is offered to nobody.
    pub owner: Person,
    /// Where it could act.
    pub places: Vec<ProtectedResource>,
    /// The one that is meant, if it is clear which, and what the machine could do there.
    pub at: Option<(ProtectedResource, Vec<ScopeEntry>)>,
    /// The delegation by which it acts for them already.
    pub already: Option<Delegation>,
}

/// Looks at what a machine could do for whoever is signed in: at `place`, or at the only place there is.
pub async fn offer(
    app: &App,
    now: Timestamp,
    signed_in: &SignedIn,
    machine: Id<Machine>,
    place: Option<Resource>,
) -> Result<Offer, Declined> {
    let person = Subject::Person(signed_in.person().id);
    let found = app.store.read(move |view| {
        let nobody = || Declined::Missing("there is no machine here that could act for you by this link".to_owned());
        let Some(machine) = view.get(&MACHINES, &machine)?.filter(|it| it.standing(now) == MachineStanding::Active)
        else {
            return Ok(Err(nobody()));
        };
        let Some(owner) = view.get(&PEOPLE, &machine.owner)?.filter(|owner| owner.state == PersonState::Active) else {
            return Ok(Err(nobody()));
        };
        let places: Vec<ProtectedResource> = match machine.access.as_slice() {
            [] => view.page(&RESOURCES, None, PLACES)?.rows.into_iter().map(|(_, resource)| resource).collect(),
            some => {
                let named = some.iter().map(|access| find_resource::named(view, &access.resource));
                named.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect()
            }
        };
        let meant = match (&place, places.as_slice()) {
            (Some(place), places) => {
                let named = find_resource::named(view, place)?;
                let reachable =
                    |it: &ProtectedResource| machine.access.is_empty() || places.iter().any(|other| other.id == it.id);
                match named.filter(reachable) {
                    Some(resource) => Some(resource),
                    None => return Ok(Err(Declined::Missing(format!("{} cannot act at {place}", machine.name)))),
                }
            }
            (None, [only]) => Some(only.clone()),
            (None, _) => None,
        };
        let at = match meant {
            Some(resource) => {
                let scope = resource.scopes.intersection(machine.ceiling(Some(&resource.identifier)));
                let entries = scope.iter().map(|scope| view.get(&SCOPES, &scope.as_str().to_owned()));
                Some((resource, entries.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect()))
            }
            None => None,
        };
        let already = delegations::live(view, machine.id, &person)?.filter(|delegation| delegation.is_live(now));
        Ok(Ok(Offer { machine, owner, places, at, already }))
    });
    found.await?
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

/// Consents that are taken back in one transaction: requests wait behind it.
const AT_ONCE: usize = 50;

/// Takes back whatever somebody allowed applications: of each, as [`revoke_consent`] does. What they allow meanwhile may be among it.
/// Says how many there were.
pub async fn revoke_all_consents(app: &App, ctx: &Context, signed_in: &SignedIn) -> Result<usize, Fault> {
    let person = signed_in.person().id;
    let ctx = ctx.by(signed_in.actor());
    let mut ended = 0;
    loop {
        let now = app.store.write("revoke consents", &ctx, move |tx| {
            let page = tx.list_newest(&CONSENTS, &CONSENTS_BY_PERSON, &person, None, AT_ONCE)?;
            for (_, consent) in &page.rows {
                end_consent(tx, consent)?;
            }
            Ok(page.rows.len())
        });
        let now = now.await?;
        ended += now;
        if now < AT_ONCE {
            return Ok(ended);
        }
    }
}

/// Removes a consent and ends everything that was issued under it. Says what is left of that.
pub(super) fn end_consent(tx: &mut Tx<'_>, consent: &Consent) -> Result<LiveTokens, Fault> {
    let person = consent.person;
    tx.delete(&CONSENTS, &consent.id)?;
    let key = (person, consent.client_id.to_string());
    let (mut ending, mut ended) = (Ending::default(), 0);
    let mut after = None;
    loop {
        let page = tx.list_after(&FAMILIES, &FAMILIES_BY_GRANT, &key, after.as_ref(), MOST)?;
        for (id, family) in &page.rows {
            if family.resource == consent.resource && tx.now() < family.expires_at {
                ended += u64::from(family.is_live(tx.now()));
                ending.family(tx, *id, RevokedBecause::ConsentRevoked)?;
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    tx.record(Event::ConsentRevoked { person, client: consent.client_id.clone(), families: ended })?;
    Ok(ending.live())
}
