//! Machines that are stopped, let go on, retired, or whose time is over.

use super::{AT_ONCE, all_within_reach, is_retired, named, standing, unknown};
use crate::app::App;
use crate::base::{Fault, Id, Timestamp};
use crate::model::{
    ClientId, ClientState, CredentialState, Event, Machine, MachineStanding, Person, PersonState, Stopped,
};
use crate::operations::declined::Declined;
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;
use crate::operations::status::end::{LiveTokens, Owner, end_owner, left};
use crate::operations::{credentials, crossings, delegations, usage};
use crate::store::tables::{MACHINES, MACHINES_BY_OWNER, PEOPLE};
use crate::store::{Read, Tx};

/// What stopping came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Halted {
    pub machine: Machine,
    /// How many tokens of it a verifier that neither introspects nor follows the status list may still accept, at most.
    pub tokens_live: u64,
    /// And until when; when it was stopped, if there are none.
    pub tokens_live_until: Timestamp,
    /// The same, by whom they are for.
    pub live: LiveTokens,
}

/// Stops a machine: from this commit on it gets no tokens by any grant, its keys authenticate nothing, and introspection calls
/// its tokens inactive. It may be resumed; what it held before stays over. Asked again, it says what is left.
pub async fn suspend(app: &App, by: &Operator, id: Id<Machine>, seen: Seen, because: &str) -> Result<Halted, Declined> {
    let (because, within) = (credentials::reason(because)?, app.clone());
    let (ctx, by) = (by, by.clone());
    app.store
        .write("suspend machine", ctx, move |tx| {
            let old = match standing(tx, &by, id, &seen)? {
                Ok(old) => old,
                Err(declined) => return Ok(Err(declined)),
            };
            match old.state {
                ClientState::Retired => return Ok(Err(is_retired(id))),
                ClientState::Suspended | ClientState::AwaitingApproval | ClientState::Rejected => {
                    return halted_before(tx, old).map(Ok);
                }
                ClientState::Active => {}
            }
            let (machine, live) = stop(&within, tx, &old, ClientState::Suspended, &because)?;
            tx.record(Event::MachineSuspended { machine: id, because: because.clone() })?;
            Ok(Ok(halted(machine, live)))
        })
        .await?
}

/// Ends a machine for good, with all its credentials. Its row and its history stay; its name is free again.
pub async fn retire(app: &App, by: &Operator, id: Id<Machine>, seen: Seen, because: &str) -> Result<Halted, Declined> {
    let (because, within) = (credentials::reason(because)?, app.clone());
    let (ctx, by) = (by, by.clone());
    let halted = app
        .store
        .write("retire machine", ctx, move |tx| {
            let old = match standing(tx, &by, id, &seen)? {
                Ok(old) => old,
                Err(declined) => return Ok(Err(declined)),
            };
            if old.state == ClientState::Retired {
                return halted_before(tx, old).map(Ok);
            }
            let (machine, live) = end(&within, tx, &old, &because)?;
            Ok(Ok(halted(machine, live)))
        })
        .await??;
    app.discovery.forget();
    Ok(halted)
}

/// The part of retiring that is inside a transaction.
pub(in crate::operations) fn end(
    app: &App,
    tx: &mut Tx<'_>,
    old: &Machine,
    because: &str,
) -> Result<(Machine, LiveTokens), Fault> {
    let stopped = stop(app, tx, old, ClientState::Retired, because)?;
    for credential in credentials::of_machine(tx, old.id)? {
        if credential.state == CredentialState::Active {
            credentials::end(tx, credential, because)?;
        }
    }
    delegations::end_of(tx, old.id)?;
    crossings::take_of(tx, &ClientId::Machine(old.id))?;
    tx.record(Event::MachineRetired { machine: old.id, because: because.to_owned() })?;
    Ok(stopped)
}

/// Lets a stopped machine act again.
pub async fn resume(app: &App, by: &Operator, id: Id<Machine>, seen: Seen) -> Result<Machine, Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("resume machine", ctx, move |tx| {
            let old = match standing(tx, &by, id, &seen)? {
                Ok(old) => old,
                Err(declined) => return Ok(Err(declined)),
            };
            match old.state {
                ClientState::Retired => return Ok(Err(is_retired(id))),
                ClientState::Active => return Ok(Ok(old)),
                ClientState::Suspended | ClientState::AwaitingApproval | ClientState::Rejected => {}
            }
            if tx.get(&PEOPLE, &old.owner)?.is_none_or(|owner| owner.state != PersonState::Active) {
                let why = "its owner is suspended: hand it over to somebody first".to_owned();
                return Ok(Err(Declined::Conflict(why)));
            }
            let new = Machine { state: ClientState::Active, stopped: None, ..old.clone() };
            tx.replace(&MACHINES, &id, &old, &new)?;
            usage::resumed(tx, id)?;
            tx.record(Event::MachineResumed { machine: id })?;
            Ok(Ok(new))
        })
        .await?
}

/// Stops every machine that a person answers for, as part of stopping the person: nobody answers for them any more. If one of them
/// reaches further than the operator, nothing is done.
pub fn orphan(app: &App, tx: &mut Tx<'_>, by: &Operator, owner: Id<Person>) -> Result<Result<u64, Declined>, Fault> {
    let (mut stopped, mut after) = (0, None);
    // What is declined is committed all the same, so everything is asked before anything is done.
    if let Err(declined) = by.stands(tx)?.and(all_within_reach(tx, by, owner, |state| state == ClientState::Active)?) {
        return Ok(Err(declined));
    }
    // However many there are: none of them may be passed over.
    loop {
        let page = tx.list_after(&MACHINES, &MACHINES_BY_OWNER, &owner, after.as_ref(), AT_ONCE)?;
        for (id, machine) in page.rows {
            if machine.state == ClientState::Active {
                let because = "its owner was suspended";
                stop(app, tx, &machine, ClientState::Suspended, because)?;
                tx.record(Event::MachineSuspended { machine: id, because: because.to_owned() })?;
                stopped += 1;
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(Ok(stopped));
        }
    }
}

/// Whether a machine's time is over, and its tokens were not ended since.
fn is_over(machine: &Machine, now: Timestamp) -> bool {
    let ended = machine.void_before.zip(machine.expires_at).is_some_and(|(void, end)| void >= end);
    machine.standing(now) == MachineStanding::Expired && !ended
}

/// Whether housekeeping has something to do for one whose time is over, or that has ended for good.
pub(in crate::operations) fn is_left(read: &impl Read, machine: &Machine, now: Timestamp) -> Result<bool, Fault> {
    match machine.state {
        ClientState::Retired => delegations::has_some(read, machine.id),
        _ => Ok(is_over(machine, now)),
    }
}

/// Does it.
pub(in crate::operations) fn end_left(app: &App, tx: &mut Tx<'_>, id: Id<Machine>) -> Result<(), Fault> {
    match named(tx, id)? {
        Some(machine) if machine.state == ClientState::Retired => delegations::end_of(tx, id),
        Some(machine) => expire(app, tx, &machine),
        None => Ok(()),
    }
}

/// The tokens of a machine whose time is over end with it, also should its time be moved on afterwards.
fn expire(app: &App, tx: &mut Tx<'_>, old: &Machine) -> Result<(), Fault> {
    let (Some(ended_at), true) = (old.expires_at, is_over(old, tx.now())) else { return Ok(()) };
    let new = Machine { void_before: Some(tx.now()), ..old.clone() };
    tx.replace(&MACHINES, &old.id, old, &new)?;
    end_owner(app, tx, &Owner::Client(ClientId::Machine(old.id)))?;
    tx.record(Event::MachineExpired { machine: old.id, ended_at })
}

/// State and tokens in one transaction: the status lists call what it holds invalid from this commit on.
pub(in crate::operations) fn stop(
    app: &App,
    tx: &mut Tx<'_>,
    old: &Machine,
    state: ClientState,
    because: &str,
) -> Result<(Machine, LiveTokens), Fault> {
    let at = tx.now();
    let stopped = Some(Stopped { at, by: tx.context().by.clone(), because: because.to_owned() });
    let new = Machine { state, stopped, void_before: Some(at), ..old.clone() };
    tx.replace(&MACHINES, &old.id, old, &new)?;
    let live = end_owner(app, tx, &Owner::Client(ClientId::Machine(old.id)))?;
    Ok((new, live))
}

/// What is left of one that was stopped before.
fn halted_before(read: &Tx<'_>, machine: Machine) -> Result<Halted, Fault> {
    let live = left(read, &ClientId::Machine(machine.id), read.now())?;
    Ok(halted(machine, live))
}

/// What is left of one that is stopped: which of its tokens somebody may still accept, as of now.
pub async fn how_halted(app: &App, now: Timestamp, id: Id<Machine>) -> Result<Halted, Declined> {
    app.store
        .read(move |view| {
            let Some(machine) = named(view, id)? else { return Ok(Err(unknown(id))) };
            let live = left(view, &ClientId::Machine(id), now)?;
            Ok(Ok(halted(machine, live)))
        })
        .await?
}

fn halted(machine: Machine, live: LiveTokens) -> Halted {
    let stopped_at = machine.stopped.as_ref().map_or(machine.created_at, |stopped| stopped.at);
    let (tokens_live, tokens_live_until) = (live.at_most, live.until.unwrap_or(stopped_at));
    Halted { machine, tokens_live, tokens_live_until, live }
}
