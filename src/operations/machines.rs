//! Machine identities: made, changed, handed over, stopped.
//!
//! Nobody does any of it to a machine that may ask for more of Writ's own scopes than they have themselves: who could change, stop or get a
//! credential of a wider machine would be as wide.

mod list;
mod order;
mod stop;
mod terms;

pub use list::{Which, list};
pub use order::{Order, Place, Sorted, sorted};
pub use stop::{Halted, how_halted, orphan, resume, retire, suspend};
pub(super) use stop::{end, end_left, is_left, stop};
pub use terms::Terms;

use serde_json::Map;

use super::credentials::{self, Drawn, NewCredential, NewProof};
use crate::app::App;
use crate::base::{Fault, Id, Timestamp};
use crate::model::{ClientState, Credential, Event, Machine, MachineKind, Person, PersonState, ScopeSet, TenantName};
use crate::operations::declined::Declined;
use crate::operations::named::PersonName;
use crate::operations::once::Answer;
use crate::operations::operator::Operator;
use crate::operations::seen::{Seen, difference, json, made};
use crate::operations::{roles, tenants, usage};
use crate::protocol::display_name::DisplayName;
use crate::store::tables::{MACHINES, MACHINES_BY_NAME, MACHINES_BY_OWNER, PEOPLE, machine_key};
use crate::store::{Read, Tx};

/// A machine identity to be made.
#[derive(Clone, Debug)]
pub struct NewMachine {
    pub terms: Terms,
    /// Who answers for it.
    pub owner: PersonName,
    pub tenant: TenantName,
    /// Its first credential, if it is to have one at once.
    pub credential: Option<NewCredential>,
}

/// What was made. The credential's secret, if it has one, is shown once.
#[derive(Debug)]
pub struct Made {
    pub machine: Machine,
    pub credential: Option<credentials::Made>,
}

/// Makes a machine identity, and its first credential if it is to have one at once.
pub async fn add(app: &App, by: &Operator, new: NewMachine) -> Result<Made, Declined> {
    let (ctx, by) = (by, by.clone());
    new.terms.bounded(ctx.at)?;
    new.terms.lies_ahead(ctx.at)?;
    roles::say_something(&new.terms.custom_claims)?;
    by.may_give(&new.terms.reach())?;
    let id = Id::<Machine>::new(ctx.at, &app.entropy)?;
    let drawn = new.credential.map(|credential| Drawn::new(app, ctx, id, credential)).transpose()?;
    let first = drawn.as_ref().map(|drawn| drawn.credential().clone());
    let (terms, owner, tenant) = (new.terms, new.owner, new.tenant);
    let answer = drawn.as_ref().map_or(Answer::Repeatable, Drawn::answer);
    let issuer = app.issuer.clone();
    let added = app.store.write("add machine", ctx, move |tx| {
        if let Some(earlier) = by.request().earlier(tx)? {
            return Ok(earlier);
        }
        if let Err(declined) = by.stands(tx)? {
            return Ok(Err(declined));
        }
        let owner = match active_person(tx, &owner)? {
            Ok(owner) => owner.id,
            Err(declined) => return Ok(Err(declined)),
        };
        if !tenants::exists(tx, &tenant)? {
            return Ok(Err(tenants::unknown("tenant", &tenant)));
        }
        let terms = match terms.clone().resolved(tx, &issuer, &tenant)? {
            Ok(terms) => terms,
            Err(declined) => return Ok(Err(declined)),
        };
        let machine = terms.put_into(blank(id, owner, tenant.clone(), tx.now()));
        let distinct = first.as_ref().map_or(Ok(Ok(())), |first| credentials::distinct(tx, first))?;
        if let Err(declined) = free(tx, &machine)?.and(distinct) {
            return Ok(Err(declined));
        }
        tx.put(&MACHINES, &id, &machine)?;
        let after = made(&machine, &[])?;
        tx.record(Event::MachineCreated { machine: id, name: machine.name.clone(), owner, after })?;
        first.iter().try_for_each(|first| credentials::put(tx, first))?;
        by.request().done(tx, id, &machine, answer)?;
        Ok(Ok(machine))
    });
    let machine = added.await??;
    // What the same request made before has the credential that it was given then.
    Ok(Made { credential: drawn.filter(|_| machine.id == id).map(Drawn::made), machine })
}

pub(super) fn blank(id: Id<Machine>, owner: Id<Person>, tenant: TenantName, now: Timestamp) -> Machine {
    Machine {
        id,
        name: String::new(),
        kind: MachineKind::Service,
        owner,
        purpose: String::new(),
        description: String::new(),
        tenant,
        tags: Vec::new(),
        state: ClientState::Active,
        stopped: None,
        void_before: None,
        expires_at: None,
        scope: ScopeSet::new(),
        access: Vec::new(),
        access_for: None,
        roles: Vec::new(),
        networks: Vec::new(),
        custom_claims: Map::new(),
        serves: Vec::new(),
        dpop_bound: false,
        refresh_tokens: false,
        created_at: now,
    }
}

/// Somebody who can answer for a machine.
fn active_person(read: &impl Read, name: &PersonName) -> Result<Result<Person, Declined>, Fault> {
    Ok(match (name.find(read)?, name) {
        (Some(person), _) if person.state == PersonState::Active => Ok(person),
        (Some(_), _) => Err(Declined::field("owner", "this person is suspended and can answer for nothing")),
        (None, PersonName::Email(_)) => Err(Declined::field("owner", "nobody here has this e-mail address")),
        (None, PersonName::Id(_)) => Err(Declined::field("owner", "nobody here has this id")),
    })
}

/// Whether nobody else in its tenant has the machine's name.
fn free(read: &impl Read, machine: &Machine) -> Result<Result<(), Declined>, Fault> {
    let key = machine_key(&machine.tenant, &machine.name);
    Ok(match read.find(&MACHINES, &MACHINES_BY_NAME, &key)? {
        Some((other, _)) if other != machine.id => {
            Err(Declined::Conflict(format!("{other} has this name already in the tenant {}", machine.tenant)))
        }
        _ => Ok(()),
    })
}

/// The machine as it is, for an operator who still stands, reaches as far as it does, and has seen it so.
pub(super) fn standing(
    tx: &Tx<'_>,
    by: &Operator,
    id: Id<Machine>,
    seen: &Seen,
) -> Result<Result<Machine, Declined>, Fault> {
    let machine = match within_reach(tx, by, id)? {
        Ok(machine) => machine,
        Err(declined) => return Ok(Err(declined)),
    };
    Ok(seen.is_still(&machine)?.map(|()| machine))
}

/// The same, whatever has become of it meanwhile.
pub(super) fn within_reach(
    read: &impl Read,
    by: &Operator,
    id: Id<Machine>,
) -> Result<Result<Machine, Declined>, Fault> {
    if let Err(declined) = by.stands(read)? {
        return Ok(Err(declined));
    }
    let Some(machine) = named(read, id)? else { return Ok(Err(unknown(id))) };
    Ok(by.may_give(&machine.reach()).map(|()| machine))
}

/// Changes the terms of a machine. `change` is given the row as it stands in the transaction and says what it is to become; the
/// audit log keeps the members that differ, before and after.
pub async fn change(
    app: &App,
    by: &Operator,
    id: Id<Machine>,
    seen: Seen,
    change: impl Fn(&Machine) -> Result<Terms, Declined> + Send + 'static,
) -> Result<Machine, Declined> {
    let (issuer, ctx, by) = (app.issuer.clone(), by, by.clone());
    app.store
        .write("change machine", ctx, move |tx| {
            let old = match standing(tx, &by, id, &seen)? {
                Ok(old) => old,
                Err(declined) => return Ok(Err(declined)),
            };
            let terms = match change(&old).and_then(|terms| terms.bounded(tx.now()).map(|()| terms)) {
                Ok(terms) => terms,
                Err(declined) => return Ok(Err(declined)),
            };
            if let Err(declined) = terms.changes_fit(&old, tx.now()) {
                return Ok(Err(declined));
            }
            if let Err(declined) = by.may_give(&terms.reach()) {
                return Ok(Err(declined));
            }
            if old.state == ClientState::Retired {
                return Ok(Err(is_retired(id)));
            }
            let new = match terms.resolved(tx, &issuer, &old.tenant)? {
                Ok(terms) => terms.put_into(old.clone()),
                Err(declined) => return Ok(Err(declined)),
            };
            let Some((before, after)) = difference(json(&old)?, json(&new)?, &[]) else { return Ok(Ok(old)) };
            if let Err(declined) = free(tx, &new)? {
                return Ok(Err(declined));
            }
            tx.replace(&MACHINES, &id, &old, &new)?;
            usage::terms_changed(tx, &old, &new)?;
            tx.record(Event::MachineChanged { machine: id, before, after })?;
            Ok(Ok(new))
        })
        .await?
}

/// Makes somebody else answer for a machine.
pub async fn hand_over(
    app: &App,
    by: &Operator,
    id: Id<Machine>,
    seen: Seen,
    owner: PersonName,
) -> Result<Machine, Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("hand over machine", ctx, move |tx| {
            let old = match standing(tx, &by, id, &seen)? {
                Ok(old) => old,
                Err(declined) => return Ok(Err(declined)),
            };
            let owner = match active_person(tx, &owner)? {
                Ok(owner) => owner.id,
                Err(declined) => return Ok(Err(declined)),
            };
            if old.owner == owner {
                return Ok(Ok(old));
            }
            let new = Machine { owner, ..old.clone() };
            tx.replace(&MACHINES, &id, &old, &new)?;
            tx.record(Event::MachineHandedOver { machine: id, from: old.owner, to: owner })?;
            Ok(Ok(new))
        })
        .await?
}

/// Makes somebody else answer for every machine that a person answers for, as when they leave: all of them or, if one reaches further
/// than the operator or the new owner answers for nothing, none. Says how many there were, and who has them.
pub async fn hand_over_all(
    app: &App,
    by: &Operator,
    from: Id<Person>,
    owner: PersonName,
) -> Result<(u64, Person), Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("hand over machines", ctx, move |tx| {
            if let Err(declined) = by.stands(tx)? {
                return Ok(Err(declined));
            }
            if tx.get(&PEOPLE, &from)?.is_none() {
                return Ok(Err(Declined::Missing(format!("there is no person {from}"))));
            }
            let owner = match active_person(tx, &owner)? {
                Ok(owner) if owner.id == from => {
                    return Ok(Err(Declined::field("owner", "this is who answers for them now")));
                }
                Ok(owner) => owner,
                Err(declined) => return Ok(Err(declined)),
            };
            if let Err(declined) = all_within_reach(tx, &by, from, |state| state != ClientState::Retired)? {
                return Ok(Err(declined));
            }
            let (mut handed_over, mut after) = (0, None);
            loop {
                let page = tx.list_after(&MACHINES, &MACHINES_BY_OWNER, &from, after.as_ref(), AT_ONCE)?;
                for (id, old) in page.rows.into_iter().filter(|(_, old)| old.state != ClientState::Retired) {
                    let new = Machine { owner: owner.id, ..old.clone() };
                    tx.replace(&MACHINES, &id, &old, &new)?;
                    tx.record(Event::MachineHandedOver { machine: id, from, to: owner.id })?;
                    handed_over += 1;
                }
                after = page.next;
                if after.is_none() {
                    return Ok(Ok((handed_over, owner)));
                }
            }
        })
        .await?
}

/// Machines of one owner that are looked at in one go.
const AT_ONCE: usize = 500;

/// Whether no machine of this owner, of those in such a state, reaches further than the operator.
fn all_within_reach(
    read: &impl Read,
    by: &Operator,
    owner: Id<Person>,
    counts: impl Fn(ClientState) -> bool,
) -> Result<Result<(), Declined>, Fault> {
    let mut after = None;
    loop {
        let page = read.list_after(&MACHINES, &MACHINES_BY_OWNER, &owner, after.as_ref(), AT_ONCE)?;
        for (_, machine) in page.rows.iter().filter(|(_, machine)| counts(machine.state)) {
            if let Err(declined) = by.may_give(&machine.reach()) {
                return Ok(Err(declined));
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(Ok(()));
        }
    }
}

/// One machine, its credentials and its owner.
pub async fn show(app: &App, id: Id<Machine>) -> Result<(Machine, Vec<Credential>, Option<Person>), Declined> {
    app.store
        .read(move |view| {
            let Some(machine) = named(view, id)? else { return Ok(Err(unknown(id))) };
            let owner = view.get(&PEOPLE, &machine.owner)?;
            Ok(Ok((machine, credentials::of_machine(view, id)?, owner)))
        })
        .await?
}

/// The machine that has this id or, in the tenant, this name.
pub async fn resolve(app: &App, tenant: &TenantName, text: &str) -> Result<Id<Machine>, Declined> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let key = machine_key(tenant, text);
    let found = app.store.read(move |view| view.find(&MACHINES, &MACHINES_BY_NAME, &key)).await?;
    found.map(|(id, _)| id).ok_or_else(|| Declined::Missing(format!("there is no machine named {text}")))
}

pub(super) fn named(read: &impl Read, id: Id<Machine>) -> Result<Option<Machine>, Fault> {
    read.get(&MACHINES, &id)
}

pub(super) fn unknown(id: Id<Machine>) -> Declined {
    Declined::Missing(format!("there is no machine {id}"))
}

fn is_retired(id: Id<Machine>) -> Declined {
    Declined::Conflict(format!("{id} is retired for good; make a new machine"))
}

/// A secret and nothing else, as a first credential.
pub fn first_secret(name: DisplayName, expires_at: Option<Timestamp>) -> NewCredential {
    NewCredential { name, proof: NewProof::ClientSecret, expires_at }
}
