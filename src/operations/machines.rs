//! Machine identities: made, changed, handed over, stopped.
//!
//! Nobody does any of it to a machine that may ask for more of Writ's own scopes than they have themselves: who could change, stop or get a
//! credential of a wider machine would be as wide.

mod list;
mod order;

pub use list::{Which, list};
pub use order::{Order, Place, Sorted, sorted};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::credentials::{self, Drawn, NewCredential, NewProof};
use crate::app::App;
use crate::base::{AddressRange, Fault, Id, Issuer, Lifetime, Resource, Timestamp};
use crate::model::{
    Access, ClientId, ClientState, Credential, CredentialState, Event, Machine, MachineKind, MachineStanding, Person,
    PersonState, RoleName, ScopeSet, Stopped, TenantName,
};
use crate::operations::declined::Declined;
use crate::operations::named::PersonName;
use crate::operations::once::Answer;
use crate::operations::operator::Operator;
use crate::operations::seen::{Seen, difference, json, made};
use crate::operations::status::end::{LiveTokens, Owner, end_owner, left};
use crate::operations::token::issue::MOST_ACCESS;
use crate::operations::{crossings, delegations, find_resource, roles, scopes, tenants, usage};
use crate::protocol::display_name::DisplayName;
use crate::store::tables::{MACHINES, MACHINES_BY_NAME, MACHINES_BY_OWNER, PEOPLE, machine_key};
use crate::store::{Read, Tx};

/// What an administrator decides about a machine: what making one asks for and changing one may change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    pub name: DisplayName,
    pub kind: MachineKind,
    /// What it is for.
    pub purpose: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub tags: Vec<String>,
    /// What it may ask for; all must be in the catalogue.
    #[serde(default)]
    pub scope: ScopeSet,
    /// The resources it may have tokens for, by identifier or alias; none for any.
    #[serde(default)]
    pub access: Vec<Access>,
    /// How long its access tokens live.
    #[serde(default)]
    pub access_for: Option<Lifetime>,
    /// When its time is over.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    #[serde(default)]
    pub roles: Vec<RoleName>,
    /// Where it may call from; none for anywhere.
    #[serde(default)]
    pub networks: Vec<AddressRange>,
    #[serde(default)]
    pub custom_claims: Map<String, Value>,
    /// The resources it answers for: it may introspect their tokens.
    #[serde(default)]
    pub serves: Vec<Resource>,
    /// Whether it gets tokens only for a key that it proves to have (DPoP).
    #[serde(default)]
    pub dpop_bound: bool,
    /// Whether it gets refresh tokens for its access keys and for tokens of other issuers.
    #[serde(default)]
    pub refresh_tokens: bool,
}

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

impl Terms {
    /// The least there is to decide.
    pub fn new(name: DisplayName, kind: MachineKind, purpose: impl Into<String>, scope: ScopeSet) -> Self {
        Self {
            name,
            kind,
            purpose: purpose.into(),
            description: String::new(),
            tags: Vec::new(),
            scope,
            access: Vec::new(),
            access_for: None,
            expires_at: None,
            roles: Vec::new(),
            networks: Vec::new(),
            custom_claims: Map::new(),
            serves: Vec::new(),
            dpop_bound: false,
            refresh_tokens: false,
        }
    }

    /// What a machine's row says now.
    pub fn of(machine: &Machine) -> Result<Self, Declined> {
        let name = DisplayName::parse(&machine.name).map_err(|why| Declined::field("name", why))?;
        Ok(Self {
            name,
            kind: machine.kind,
            purpose: machine.purpose.clone(),
            description: machine.description.clone(),
            tags: machine.tags.clone(),
            scope: machine.scope.clone(),
            access: machine.access.clone(),
            access_for: machine.access_for,
            expires_at: machine.expires_at,
            roles: machine.roles.clone(),
            networks: machine.networks.clone(),
            custom_claims: machine.custom_claims.clone(),
            serves: machine.serves.clone(),
            dpop_bound: machine.dpop_bound,
            refresh_tokens: machine.refresh_tokens,
        })
    }

    /// Every scope that it may ask for anywhere.
    fn reach(&self) -> ScopeSet {
        self.access
            .iter()
            .filter_map(|access| access.scope.as_ref())
            .fold(self.scope.clone(), |all, one| all.union(one))
    }

    /// What can be looked at without the store: lengths and counts, and no claim that is not the machine's to make.
    pub(super) fn bounded(&self, now: Timestamp) -> Result<(), Declined> {
        let one_line = |text: &str, most: usize| text.chars().count() <= most && !text.chars().any(char::is_control);
        if self.purpose.trim().is_empty() || !one_line(&self.purpose, LONGEST_PURPOSE) {
            return Err(Declined::field("purpose", "say in one line of at most 500 characters what it is for"));
        }
        let is_control = |c: char| c.is_control() && c != '\n';
        if self.description.chars().count() > LONGEST_DESCRIPTION || self.description.chars().any(is_control) {
            return Err(Declined::field("description", "a description has at most 4,000 characters"));
        }
        let is_tag = |tag: &String| !tag.is_empty() && one_line(tag, LONGEST_TAG);
        if self.tags.len() > MOST_TAGS || !self.tags.iter().all(is_tag) {
            return Err(Declined::field("tags", "at most 32 tags, each of 1 to 64 characters"));
        }
        if self.access.len() > MOST_RESOURCES || self.serves.len() > MOST_RESOURCES {
            return Err(Declined::field("resource", "a machine has at most 64 resources"));
        }
        if self.networks.len() > MOST_NETWORKS {
            return Err(Declined::field("networks", "at most 64 networks"));
        }
        if self.roles.len() > MOST_ROLES {
            return Err(Declined::field("roles", "at most 64 roles"));
        }
        let lifetimes = self.access.iter().filter_map(|access| access.access_for).chain(self.access_for);
        if lifetimes.into_iter().any(|life| life < LEAST_ACCESS || life > MOST_ACCESS) {
            return Err(Declined::field("access_lifetime", "an access token lives between a minute and a day"));
        }
        if self.expires_at.is_some_and(|end| end > now.plus(FARTHEST_END)) {
            return Err(Declined::field("expires_at", "the end lies at most ten years ahead"));
        }
        roles::claims_fit(&self.custom_claims)
    }

    /// Whoever is to end at once is stopped, and says why.
    fn lies_ahead(&self, now: Timestamp) -> Result<(), Declined> {
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(Declined::field(
                "expires_at",
                "the end lies ahead; one that is to end now is suspended or retired",
            ));
        }
        Ok(())
    }

    /// What is new of them, of a machine that is there: what was set once may stay as it is.
    fn changes_fit(&self, old: &Machine, now: Timestamp) -> Result<(), Declined> {
        if self.expires_at != old.expires_at {
            self.lies_ahead(now)?;
        }
        if self.custom_claims != old.custom_claims {
            roles::say_something(&self.custom_claims)?;
        }
        Ok(())
    }

    /// What needs the store: every scope, resource and role must be known. Aliases are resolved.
    fn resolved(
        mut self,
        read: &impl Read,
        issuer: &Issuer,
        tenant: &TenantName,
    ) -> Result<Result<Self, Declined>, Fault> {
        self.roles.sort_unstable();
        self.roles.dedup();
        if let Err(declined) = roles::all_known(read, tenant, &self.roles)? {
            return Ok(Err(declined));
        }
        let scopes = self.access.iter().filter_map(|access| access.scope.as_ref()).chain([&self.scope]);
        for scope in scopes {
            if let Err(declined) = scopes::all_known(read, "scope", scope)? {
                return Ok(Err(declined));
            }
        }
        let mut seen: Vec<Resource> = Vec::new();
        for access in &mut self.access {
            match find_resource::named(read, &access.resource)? {
                Some(resource) => access.resource = resource.identifier,
                None if find_resource::is_itself(&access.resource, issuer) => {
                    let why = format!(
                        "{} is this appliance itself, for which every machine may have tokens: leave it out; its scopes say what it may do here",
                        access.resource
                    );
                    return Ok(Err(Declined::field("resource", why)));
                }
                None => return Ok(Err(no_resource(&access.resource))),
            }
            if seen.contains(&access.resource) {
                let why = format!("{} is named twice", access.resource);
                return Ok(Err(Declined::field("resource", why)));
            }
            seen.push(access.resource.clone());
        }
        match super::resources::all_known(read, "serves", &self.serves)? {
            Ok(serves) => self.serves = serves,
            Err(declined) => return Ok(Err(declined)),
        }
        self.tags.sort_unstable();
        self.tags.dedup();
        self.purpose = self.purpose.trim().to_owned();
        Ok(Ok(self))
    }

    pub(super) fn put_into(self, machine: Machine) -> Machine {
        Machine {
            name: self.name.as_str().to_owned(),
            kind: self.kind,
            purpose: self.purpose,
            description: self.description,
            tags: self.tags,
            scope: self.scope,
            access: self.access,
            access_for: self.access_for,
            expires_at: self.expires_at,
            roles: self.roles,
            networks: self.networks,
            custom_claims: self.custom_claims,
            serves: self.serves,
            dpop_bound: self.dpop_bound,
            refresh_tokens: self.refresh_tokens,
            ..machine
        }
    }
}

const LONGEST_PURPOSE: usize = 500;
const LONGEST_DESCRIPTION: usize = 4_000;
const LONGEST_TAG: usize = 64;
const MOST_TAGS: usize = 32;
const MOST_RESOURCES: usize = 64;
const MOST_NETWORKS: usize = 64;
const MOST_ROLES: usize = 64;
const LEAST_ACCESS: Lifetime = Lifetime::from_minutes(1);
const FARTHEST_END: Lifetime = Lifetime::from_days(3_650);

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
pub(super) fn end(app: &App, tx: &mut Tx<'_>, old: &Machine, because: &str) -> Result<(Machine, LiveTokens), Fault> {
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

/// Machines of one owner that are looked at in one go.
const AT_ONCE: usize = 500;

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

/// Whether a machine's time is over, and its tokens were not ended since.
pub(super) fn is_over(machine: &Machine, now: Timestamp) -> bool {
    let ended = machine.void_before.zip(machine.expires_at).is_some_and(|(void, end)| void >= end);
    machine.standing(now) == MachineStanding::Expired && !ended
}

/// Whether housekeeping has something to do for one whose time is over, or that has ended for good.
pub(super) fn is_left(read: &impl Read, machine: &Machine, now: Timestamp) -> Result<bool, Fault> {
    match machine.state {
        ClientState::Retired => delegations::has_some(read, machine.id),
        _ => Ok(is_over(machine, now)),
    }
}

/// Does it.
pub(super) fn end_left(app: &App, tx: &mut Tx<'_>, id: Id<Machine>) -> Result<(), Fault> {
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
pub(super) fn stop(
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

fn no_resource(url: &Resource) -> Declined {
    Declined::field("resource", format!("{url} is not a registered resource; `writ resource add` registers it"))
}

/// A secret and nothing else, as a first credential.
pub fn first_secret(name: DisplayName, expires_at: Option<Timestamp>) -> NewCredential {
    NewCredential { name, proof: NewProof::ClientSecret, expires_at }
}
