//! Who may act in whose name: granted, seen, taken back.

use super::credentials::reason;
use super::sign_in::SignedIn;
use super::status::end::{LiveTokens, end_acting};
use super::{find_resource, resources, scopes, search};
use crate::app::App;
use crate::base::{Fault, Id, Lifetime, Resource, Timestamp};
use crate::model::{
    Actor, ClientId, ClientState, Context, Delegation, DelegationState, Event, Machine, Person, PersonState,
    ProtectedResource, ScopeEntry, ScopeSet, Subject, TenantName,
};
use crate::operations::declined::Declined;
use crate::operations::once::Answer;
use crate::operations::operator::Operator;
use crate::operations::seen::{Seen, made};
use crate::store::tables::{
    DELEGATIONS, DELEGATIONS_BY_ACTOR, DELEGATIONS_BY_SUBJECT, DELEGATIONS_LIVE, DELEGATIONS_LIVE_BY_SUBJECT, MACHINES,
    MEMBERSHIPS, PEOPLE, SCOPES,
};
use crate::store::{Look, MAX_ROWS, Page, Read, Tx, View, audit_page_of};

/// Most agents on one page.
const MOST: usize = 200;
/// The longest that one lasts.
pub const LONGEST: Lifetime = Lifetime::from_days(366);
/// How long one lasts unless somebody says otherwise.
pub const USUAL: Lifetime = Lifetime::from_days(90);
const LONGEST_PURPOSE: usize = 500;
const MOST_RESOURCES: usize = 64;

/// A delegation to be made.
#[derive(Clone, Debug)]
pub struct NewDelegation {
    pub actor: Id<Machine>,
    pub subject: Subject,
    /// No token that comes of it says more; all must be in the catalogue.
    pub scope: ScopeSet,
    /// Where, by identifier or alias; empty for wherever the machine may go.
    pub resources: Vec<Resource>,
    pub may_act: Option<Id<Machine>>,
    /// Whether the person may be of another tenant than the actor.
    pub across: bool,
    pub purpose: String,
    pub lasts: Lifetime,
}

/// Lets a machine act for somebody, as an administrator does.
pub async fn grant(app: &App, by: &Operator, new: NewDelegation) -> Result<Delegation, Declined> {
    new.bounded()?;
    // What comes of it is a token, so this hands out its scopes.
    by.may_give(&new.scope)?;
    let id = Id::<Delegation>::new(by.at, &app.entropy)?;
    let (ctx, by) = (by, by.clone());
    app.store
        .write("grant delegation", ctx, move |tx| {
            if let Some(earlier) = by.request().earlier(tx)? {
                return Ok(earlier);
            }
            if let Err(declined) = by.stands(tx)? {
                return Ok(Err(declined));
            }
            let granted = put(tx, id, &new, tx.now().plus(new.lasts))?;
            if let Ok(delegation) = &granted {
                by.request().done(tx, id, delegation, Answer::Repeatable)?;
            }
            Ok(granted)
        })
        .await?
}

/// Lets a machine act for whoever is signed in.
pub async fn grant_own(
    app: &App,
    ctx: &Context,
    signed_in: &SignedIn,
    new: NewDelegation,
) -> Result<Delegation, Declined> {
    // Whoever gives leave to act for themselves knows whom they give it to.
    let new = NewDelegation { subject: Subject::Person(signed_in.person().id), across: true, ..new };
    new.bounded()?;
    let id = Id::<Delegation>::new(ctx.at, &app.entropy)?;
    app.store
        .write("grant own delegation", &ctx.by(signed_in.actor()), move |tx| {
            put(tx, id, &new, tx.now().plus(new.lasts))
        })
        .await?
}

impl NewDelegation {
    /// What can be looked at without the store.
    fn bounded(&self) -> Result<(), Declined> {
        purpose_fits(self.purpose.trim())?;
        if self.scope.is_empty() || self.scope.len() > ScopeSet::MOST {
            return Err(Declined::field("scope", "name what it is for: 1 to 64 scopes"));
        }
        if self.resources.len() > MOST_RESOURCES {
            return Err(Declined::field("resource", "a delegation has at most 64 resources"));
        }
        if self.lasts == Lifetime::default() || self.lasts > LONGEST {
            return Err(Declined::field("expires_in", "a delegation lasts 366 days at most"));
        }
        Ok(())
    }
}

pub(super) fn put(
    tx: &mut Tx<'_>,
    id: Id<Delegation>,
    new: &NewDelegation,
    expires_at: Timestamp,
) -> Result<Result<Delegation, Declined>, Fault> {
    let actor = match acts(tx, "actor", new.actor)? {
        Ok(actor) => actor,
        Err(declined) => return Ok(Err(declined)),
    };
    let others = [subject(tx, &new.subject)?, new.may_act.map_or(Ok(Ok(None)), |next| may_act(tx, next))?];
    for other in others {
        match other {
            // RFC 8693 says nothing of organizations; that one does not reach into another is ours to say.
            Ok(Some(other)) if other.tenant != actor.tenant => {
                let why = format!("{} is in another tenant than {}", other.id, actor.id);
                return Ok(Err(Declined::Conflict(why)));
            }
            Ok(_) => {}
            Err(declined) => return Ok(Err(declined)),
        }
    }
    if let Subject::Person(person) = new.subject
        && !new.across
        && !is_of(tx, person, &actor.tenant)?
    {
        let why = format!(
            "{person} has no role in {}, the tenant of {}; say that it is meant to go across",
            actor.tenant, actor.id
        );
        return Ok(Err(Declined::Conflict(why)));
    }
    if new.subject == Subject::Client(ClientId::Machine(new.actor)) {
        return Ok(Err(Declined::field("subject", "nobody needs leave to act for itself")));
    }
    if let Err(declined) = scopes::all_known(tx, "scope", &new.scope)? {
        return Ok(Err(declined));
    }
    let resources = match resources::all_known(tx, "resource", &new.resources)? {
        Ok(resources) => resources,
        Err(declined) => return Ok(Err(declined)),
    };
    if let Err(declined) = room(tx, &actor, &new.subject)? {
        return Ok(Err(declined));
    }
    let delegation = Delegation {
        id,
        actor: actor.id,
        subject: new.subject.clone(),
        scope: new.scope.clone(),
        resources,
        may_act: new.may_act,
        across: new.across,
        purpose: new.purpose.trim().to_owned(),
        granted_by: tx.context().by.clone(),
        granted_at: tx.now(),
        expires_at,
        state: DelegationState::Live,
    };
    tx.put(&DELEGATIONS, &id, &delegation)?;
    tx.record(Event::DelegationGranted {
        delegation: id,
        actor: delegation.actor,
        subject: delegation.subject.clone(),
        scope: delegation.scope.clone(),
        resources: delegation.resources.clone(),
        expires_at: delegation.expires_at,
        after: made(&delegation, &["granted_by"])?,
    })?;
    Ok(Ok(delegation))
}

/// Whether a person is of a tenant: of those that they have a role in, and everybody is of the main one.
pub(crate) fn is_of(read: &impl Read, person: Id<Person>, tenant: &TenantName) -> Result<bool, Fault> {
    if tenant.as_str() == TenantName::MAIN {
        return Ok(true);
    }
    Ok(read.get(&MEMBERSHIPS, &person)?.is_some_and(|member| member.roles.iter().any(|held| held.tenant == *tenant)))
}

pub(super) fn purpose_fits(purpose: &str) -> Result<(), Declined> {
    if !(1..=LONGEST_PURPOSE).contains(&purpose.chars().count()) || purpose.chars().any(char::is_control) {
        return Err(Declined::field("purpose", "say in one line of at most 500 characters what it is for"));
    }
    Ok(())
}

/// A machine that can act.
fn acts(tx: &Tx<'_>, field: &'static str, id: Id<Machine>) -> Result<Result<Machine, Declined>, Fault> {
    Ok(match tx.get(&MACHINES, &id)? {
        None => Err(Declined::field(field, format!("there is no machine {id}"))),
        Some(machine) if machine.state == ClientState::Retired => {
            Err(Declined::field(field, format!("{id} is retired for good")))
        }
        Some(machine) => Ok(machine),
    })
}

fn may_act(tx: &Tx<'_>, id: Id<Machine>) -> Result<Result<Option<Machine>, Declined>, Fault> {
    Ok(acts(tx, "may_act", id)?.map(Some))
}

/// Whoever is acted for must be there; if it is a machine, it is given back.
fn subject(tx: &Tx<'_>, subject: &Subject) -> Result<Result<Option<Machine>, Declined>, Fault> {
    match subject {
        Subject::Client(ClientId::Machine(id)) => Ok(acts(tx, "subject", *id)?.map(Some)),
        Subject::Client(_) => Ok(Err(Declined::field("subject", "one acts for a person or for a machine"))),
        Subject::Person(id) => Ok(match tx.get(&PEOPLE, id)? {
            Some(person) if person.state == PersonState::Active => Ok(None),
            Some(_) => Err(Declined::field("subject", "this person is suspended")),
            None => Err(Declined::field("subject", format!("there is no person {id}"))),
        }),
    }
}

/// One at a time: two would leave open which of them a token came of. One whose time is over makes room.
fn room(tx: &mut Tx<'_>, actor: &Machine, subject: &Subject) -> Result<Result<(), Declined>, Fault> {
    let Some(old) = live(tx, actor.id, subject)? else { return Ok(Ok(())) };
    if old.is_live(tx.now()) {
        let why = format!("{} may act for {} already, by {}; revoke that one first", actor.id, subject.text(), old.id);
        return Ok(Err(Declined::Conflict(why)));
    }
    end(tx, &old, "its time was over").map(|_| Ok(()))
}

/// The delegation by which a machine acts for somebody, unless it was revoked; its time may be over.
pub(crate) fn live(read: &impl Read, actor: Id<Machine>, subject: &Subject) -> Result<Option<Delegation>, Fault> {
    Ok(read.find(&DELEGATIONS, &DELEGATIONS_LIVE, &(actor, subject.text()))?.map(|(_, delegation)| delegation))
}

/// Whether a delegation that a token came of is still good.
pub(crate) fn stands(read: &impl Read, id: &Id<Delegation>, now: Timestamp) -> Result<bool, Fault> {
    Ok(read.get(&DELEGATIONS, id)?.is_some_and(|delegation| delegation.is_live(now)))
}

/// Takes a delegation back: from this commit on it buys nothing, and introspection calls what it bought inactive, as do the
/// status lists. One that is over stays as it is.
pub async fn revoke(
    app: &App,
    by: &Operator,
    id: Id<Delegation>,
    seen: Seen,
    because: &str,
) -> Result<(Delegation, LiveTokens), Declined> {
    let (because, ctx, by) = (reason(because)?, by, by.clone());
    app.store
        .write("revoke delegation", ctx, move |tx| {
            if let Err(declined) = by.stands(tx)? {
                return Ok(Err(declined));
            }
            let Some(found) = tx.get(&DELEGATIONS, &id)? else { return Ok(Err(unknown(id))) };
            if let Err(declined) = seen.is_still(&found)? {
                return Ok(Err(declined));
            }
            match found.state {
                DelegationState::Live => end(tx, &found, &because).map(Ok),
                // Whoever asks again is told what is left.
                DelegationState::Revoked { .. } => {
                    let left = end_acting(tx, &found.id.to_string())?;
                    Ok(Ok((found, left)))
                }
            }
        })
        .await?
}

fn unknown(id: Id<Delegation>) -> Declined {
    Declined::Missing(format!("there is no delegation {id}"))
}

/// The same by the person it was made for. Says whether there was one of theirs that was not over.
pub async fn revoke_own(app: &App, ctx: &Context, signed_in: &SignedIn, id: Id<Delegation>) -> Result<bool, Fault> {
    let person = Subject::Person(signed_in.person().id);
    app.store
        .write("revoke own delegation", &ctx.by(signed_in.actor()), move |tx| match tx.get(&DELEGATIONS, &id)? {
            Some(delegation) if delegation.subject == person && delegation.state == DelegationState::Live => {
                end(tx, &delegation, "the person took it back").map(|_| true)
            }
            _ => Ok(false),
        })
        .await
}

/// Takes back whatever lets machines act for somebody. Says how many there were.
pub async fn revoke_all_own(app: &App, ctx: &Context, signed_in: &SignedIn) -> Result<usize, Fault> {
    let person = Subject::Person(signed_in.person().id);
    let ctx = ctx.by(signed_in.actor());
    let mut ended = 0;
    loop {
        let person = person.clone();
        let now = app.store.write("revoke own delegations", &ctx, move |tx| {
            let page = tx.list_after(&DELEGATIONS, &DELEGATIONS_LIVE_BY_SUBJECT, &person.text(), None, AT_ONCE)?;
            for (_, delegation) in &page.rows {
                end(tx, delegation, "the person took it back")?;
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

/// Delegations that are ended in one transaction: requests wait behind it.
const AT_ONCE: usize = 50;

/// Says what is left of the tokens that came of it, besides.
pub(super) fn end(tx: &mut Tx<'_>, old: &Delegation, because: &str) -> Result<(Delegation, LiveTokens), Fault> {
    let (at, by) = (tx.now(), tx.context().by.clone());
    let state = DelegationState::Revoked { at, by, because: because.to_owned() };
    let ended = Delegation { state, ..old.clone() };
    tx.replace(&DELEGATIONS, &old.id, old, &ended)?;
    let left = end_acting(tx, &ended.id.to_string())?;
    tx.record(Event::DelegationRevoked {
        delegation: ended.id,
        actor: ended.actor,
        subject: ended.subject.clone(),
        because: because.to_owned(),
    })?;
    Ok((ended, left))
}

/// Ends delegations by which a machine acts, or by which others act for it, for it has ended for good: [`MOST`] of either at once. Nothing
/// comes of the others any more, and housekeeping ends them.
pub(super) fn end_of(tx: &mut Tx<'_>, machine: Id<Machine>) -> Result<(), Fault> {
    for _ in 0..MOST {
        let Some((_, delegation)) = tx.first_under(&DELEGATIONS, &DELEGATIONS_LIVE, &machine)? else { break };
        end(tx, &delegation, RETIRED)?;
    }
    let subject = Subject::Client(ClientId::Machine(machine)).text();
    let some = tx.list(&DELEGATIONS, &DELEGATIONS_LIVE_BY_SUBJECT, subject.as_str(), MOST)?;
    some.iter().try_for_each(|(_, delegation)| end(tx, delegation, RETIRED).map(drop))
}

/// Whether [`end_of`] has something left to do.
pub(super) fn has_some(read: &impl Read, machine: Id<Machine>) -> Result<bool, Fault> {
    let subject = Subject::Client(ClientId::Machine(machine)).text();
    Ok(read.first_under(&DELEGATIONS, &DELEGATIONS_LIVE, &machine)?.is_some()
        || !read.list(&DELEGATIONS, &DELEGATIONS_LIVE_BY_SUBJECT, subject.as_str(), 1)?.is_empty())
}

const RETIRED: &str = "its machine was retired";

/// Which delegations are listed.
#[derive(Clone, Debug, Default)]
pub struct Which {
    /// By which this machine acts.
    pub actor: Option<Id<Machine>>,
    /// In the name of whom.
    pub subject: Option<Subject>,
    pub state: Option<Life>,
}

/// What became of a delegation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    Live,
    Expired,
    Revoked,
}

impl Life {
    pub fn of(delegation: &Delegation, now: Timestamp) -> Self {
        match delegation.state {
            DelegationState::Revoked { .. } => Self::Revoked,
            DelegationState::Live if delegation.is_live(now) => Self::Live,
            DelegationState::Live => Self::Expired,
        }
    }
}

/// Delegations before `before`, the newest first. A page may be short, even empty, and not be the last.
pub async fn list(
    app: &App,
    now: Timestamp,
    which: Which,
    before: Option<Id<Delegation>>,
    limit: usize,
) -> Result<Page<Id<Delegation>, Delegation>, Fault> {
    app.store
        .read(move |view| {
            let (before, limit) = (before.as_ref(), limit.min(1_000));
            let is_plain = which.state.is_none() && (which.actor.is_none() || which.subject.is_none());
            let looked_at = if is_plain { limit } else { search::LOOKED_AT };
            let found = match (&which.actor, &which.subject) {
                (Some(actor), _) => view.list_newest(&DELEGATIONS, &DELEGATIONS_BY_ACTOR, actor, before, looked_at)?,
                (None, Some(subject)) => {
                    let subject = subject.text();
                    view.list_newest(&DELEGATIONS, &DELEGATIONS_BY_SUBJECT, subject.as_str(), before, looked_at)?
                }
                (None, None) => view.newest(&DELEGATIONS, before, looked_at)?,
            };
            Ok(search::fitting(found, limit, |delegation| {
                which.subject.as_ref().is_none_or(|subject| delegation.subject == *subject)
                    && which.state.is_none_or(|state| Life::of(delegation, now) == state)
            }))
        })
        .await
}

/// One of them.
pub async fn find(app: &App, id: Id<Delegation>) -> Result<Delegation, Declined> {
    app.store.read(move |view| view.get(&DELEGATIONS, &id)).await?.ok_or_else(|| unknown(id))
}

/// By which a machine acts or acted for others, the newest first.
pub async fn of_actor(app: &App, actor: Id<Machine>, limit: usize) -> Result<Vec<Delegation>, Fault> {
    let rows = app.store.read(move |view| view.list(&DELEGATIONS, &DELEGATIONS_BY_ACTOR, &actor, MAX_ROWS)).await?;
    Ok(newest(rows, limit))
}

/// By which others act or acted for somebody, the newest first.
pub async fn of_subject(app: &App, subject: &Subject, limit: usize) -> Result<Vec<Delegation>, Fault> {
    let subject = subject.text();
    let of = move |view: &View<'_>| view.list(&DELEGATIONS, &DELEGATIONS_BY_SUBJECT, subject.as_str(), MAX_ROWS);
    Ok(newest(app.store.read(of).await?, limit))
}

fn newest(rows: Vec<(Id<Delegation>, Delegation)>, limit: usize) -> Vec<Delegation> {
    rows.into_iter().rev().map(|(_, delegation)| delegation).take(limit).collect()
}

/// One machine that may act for somebody, as that person reads it.
#[derive(Clone, Debug)]
pub struct Agent {
    pub delegation: Delegation,
    pub machine: Machine,
    /// Who answers for the machine.
    pub owner: Option<Person>,
    pub resources: Vec<ProtectedResource>,
    pub scopes: Vec<ScopeEntry>,
    /// When it last got a token for it.
    pub last_used_at: Option<Timestamp>,
    pub granted_by_themselves: bool,
}

/// The machines that may act for somebody now.
pub async fn agents(app: &App, now: Timestamp, signed_in: &SignedIn) -> Result<Vec<Agent>, Fault> {
    let person = signed_in.person().id;
    app.store
        .read(move |view| {
            let mut agents = Vec::new();
            for delegation in live_for(view, &Subject::Person(person), now)? {
                let machine = view.get(&MACHINES, &delegation.actor)?;
                // One that was ended for good acts for nobody.
                let Some(machine) = machine.filter(|machine| machine.state != ClientState::Retired) else { continue };
                let scopes = delegation.scope.iter().map(|scope| view.get(&SCOPES, &scope.as_str().to_owned()));
                let resources = delegation.resources.iter().map(|resource| find_resource::named(view, resource));
                agents.push(Agent {
                    owner: view.get(&PEOPLE, &machine.owner)?,
                    scopes: scopes.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect(),
                    resources: resources.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect(),
                    last_used_at: last_used(view, &delegation)?,
                    granted_by_themselves: delegation.granted_by == Actor::Person(person),
                    machine,
                    delegation,
                });
            }
            Ok(agents)
        })
        .await
}

/// Those that are good now, at most [`MOST`], however many were before them.
fn live_for(view: &View<'_>, subject: &Subject, now: Timestamp) -> Result<Vec<Delegation>, Fault> {
    let (subject, mut live, mut after) = (subject.text(), Vec::new(), None);
    loop {
        let index = &DELEGATIONS_LIVE_BY_SUBJECT;
        let page = view.list_after(&DELEGATIONS, index, subject.as_str(), after.as_ref(), MOST)?;
        let rows = page.rows.into_iter().map(|(_, delegation)| delegation);
        live.extend(rows.filter(|delegation| delegation.is_live(now)));
        live.truncate(MOST);
        match page.next {
            Some(next) if live.len() < MOST => after = Some(next),
            _ => return Ok(live),
        }
    }
}

/// The audit log knows it, so that nothing has to be written each time.
fn last_used(read: &impl Read, delegation: &Delegation) -> Result<Option<Timestamp>, Fault> {
    let (actor, subject) = (delegation.actor.to_string(), delegation.subject.text());
    let page = audit_page_of(read, (Some(&actor), Some(&subject)), None, 1, |entry| match entry.event {
        Event::TokenExchanged { .. } => Look::Fits,
        _ => Look::Passes,
    })?;
    Ok(page.entries.first().map(|entry| entry.at).filter(|at| *at >= delegation.granted_at))
}
