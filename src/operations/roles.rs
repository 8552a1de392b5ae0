//! Roles: what they come to, and who has them.

use serde_json::{Map, Value};

use super::seen::{Seen, difference, json, made};
use super::{machines, people, search, tenants};
use crate::app::App;
use crate::base::{Fault, Id};
use crate::model::{
    ClientState, Email, Entitlements, Event, Machine, Membership, Permission, Person, Role, RoleIn, RoleName, ScopeSet,
    TenantName,
};
use crate::operations::declined::Declined;
use crate::operations::once::Answer;
use crate::operations::operator::Operator;
use crate::protocol::entitlements::{self, Holding};
use crate::store::tables::{MACHINES, MACHINES_BY_ROLE, MEMBERSHIPS, MEMBERSHIPS_BY_ROLE, PEOPLE, ROLES, role_key};
use crate::store::{MAX_ROWS, Page, Read, Tx};

/// Most permissions of one role.
pub const MOST_PERMISSIONS: usize = 200;
/// Most roles of one person, in all tenants together; a machine has as many at most.
pub(super) const MOST_ROLES: usize = 64;
/// Longest description, in characters.
const LONGEST_DESCRIPTION: usize = 500;
/// Of the JSON of custom claims, in bytes: every token carries them.
const LONGEST_CLAIMS: usize = 4_096;

/// A role to be made, or what one is to become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleTerms {
    pub description: String,
    pub permissions: Vec<Permission>,
}

impl RoleTerms {
    pub(super) fn bounded(mut self) -> Result<Self, Declined> {
        if self.description.chars().count() > LONGEST_DESCRIPTION || self.description.chars().any(char::is_control) {
            return Err(Declined::field("description", "describe it in one line of at most 500 characters"));
        }
        self.permissions.sort_unstable();
        self.permissions.dedup();
        if self.permissions.len() > MOST_PERMISSIONS {
            return Err(Declined::field("permissions", "a role has at most 200 permissions"));
        }
        Ok(self)
    }
}

/// Makes a role.
pub async fn add(app: &App, by: &Operator, held: RoleIn, terms: RoleTerms) -> Result<Role, Declined> {
    let (ctx, by, terms) = (by, by.clone(), terms.bounded()?);
    app.store
        .write("add role", ctx, move |tx| {
            if let Some(earlier) = by.request().earlier(tx)? {
                return Ok(earlier);
            }
            if let Err(declined) = by.stands(tx)? {
                return Ok(Err(declined));
            }
            if !tenants::exists(tx, &held.tenant)? {
                return Ok(Err(tenants::unknown("tenant", &held.tenant)));
            }
            if tx.get(&ROLES, &role_key(&held.tenant, &held.role))?.is_some() {
                return Ok(Err(Declined::Conflict(format!("there is a role {held} already"))));
            }
            let role = put(tx, &held, terms.clone())?;
            by.request().done(tx, &held, &role, Answer::Repeatable)?;
            Ok(Ok(role))
        })
        .await?
}

/// The part of making one that is inside a transaction.
pub(super) fn put(tx: &mut Tx<'_>, held: &RoleIn, terms: RoleTerms) -> Result<Role, Fault> {
    let RoleTerms { description, permissions } = terms;
    let (tenant, name) = (held.tenant.clone(), held.role.clone());
    let role = Role { tenant, name, description, permissions, created_at: tx.now() };
    tx.put(&ROLES, &role_key(&held.tenant, &held.role), &role)?;
    let (tenant, name) = (role.tenant.clone(), role.name.clone());
    let after = made(&role, &[])?;
    tx.record(Event::RoleCreated { tenant, role: name, permissions: role.permissions.clone(), after })?;
    Ok(role)
}

/// What is to be changed in one; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct RoleChange {
    pub description: Option<String>,
    pub permissions: Option<Vec<Permission>>,
}

/// Changes what a role is, as far as it is still as it was seen. Whoever has it gets tokens that say so from this commit on; those that
/// are out say what held when they were made.
pub async fn change(app: &App, by: &Operator, held: RoleIn, seen: Seen, ask: RoleChange) -> Result<Role, Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("change role", ctx, move |tx| {
            let old = match changeable(tx, &by, &held, &seen)? {
                Ok(old) => old,
                Err(declined) => return Ok(Err(declined)),
            };
            let RoleChange { description, permissions } = ask.clone();
            let terms = RoleTerms {
                description: description.unwrap_or_else(|| old.description.clone()),
                permissions: permissions.unwrap_or_else(|| old.permissions.clone()),
            };
            match terms.bounded() {
                Ok(terms) => become_these(tx, old, terms).map(Ok),
                Err(declined) => Ok(Err(declined)),
            }
        })
        .await?
}

pub(super) fn become_these(tx: &mut Tx<'_>, old: Role, terms: RoleTerms) -> Result<Role, Fault> {
    let RoleTerms { description, permissions } = terms;
    let new = Role { description, permissions, ..old.clone() };
    if let Some((before, after)) = difference(json(&old)?, json(&new)?, &[]) {
        tx.replace(&ROLES, &role_key(&new.tenant, &new.name), &old, &new)?;
        tx.record(Event::RoleChanged { tenant: new.tenant.clone(), role: new.name.clone(), before, after })?;
    }
    Ok(new)
}

/// Removes a role that nobody has.
pub async fn remove(app: &App, by: &Operator, held: RoleIn, seen: Seen) -> Result<(), Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("remove role", ctx, move |tx| {
            let role = match changeable(tx, &by, &held, &seen)? {
                Ok(role) => role,
                Err(declined) => return Ok(Err(declined)),
            };
            match is_free(tx, &held)? {
                Ok(()) => take(tx, role).map(Ok),
                Err(declined) => Ok(Err(declined)),
            }
        })
        .await?
}

pub(super) fn take(tx: &mut Tx<'_>, role: Role) -> Result<(), Fault> {
    tx.delete(&ROLES, &role_key(&role.tenant, &role.name))?;
    tx.record(Event::RoleRemoved { tenant: role.tenant, role: role.name, permissions: role.permissions })
}

/// Whether nobody has a role.
pub(super) fn is_free(read: &impl Read, held: &RoleIn) -> Result<Result<(), Declined>, Fault> {
    let Holders { people, machines } = holders(read, held)?;
    if people + machines > 0 {
        let why = format!("{people} people and {machines} machines have the role {held}: take it from them first");
        return Ok(Err(Declined::Conflict(why)));
    }
    Ok(Ok(()))
}

/// The role as it is, for an operator who still stands and has seen it so.
fn changeable(tx: &Tx<'_>, by: &Operator, held: &RoleIn, seen: &Seen) -> Result<Result<Role, Declined>, Fault> {
    if let Err(declined) = by.stands(tx)? {
        return Ok(Err(declined));
    }
    let Some(role) = tx.get(&ROLES, &role_key(&held.tenant, &held.role))? else { return Ok(Err(missing(held))) };
    Ok(seen.is_still(&role)?.map(|()| role))
}

/// How many have a role; beyond ten thousand, ten thousand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holders {
    pub people: usize,
    pub machines: usize,
}

fn holders(read: &impl Read, held: &RoleIn) -> Result<Holders, Fault> {
    let key = role_key(&held.tenant, &held.role);
    Ok(Holders {
        people: read.list(&MEMBERSHIPS, &MEMBERSHIPS_BY_ROLE, &key, MAX_ROWS)?.len(),
        machines: read.list(&MACHINES, &MACHINES_BY_ROLE, &key, MAX_ROWS)?.len(),
    })
}

/// Roles, of one tenant or of all, by tenant and name.
pub async fn list(app: &App, tenant: Option<TenantName>) -> Result<Vec<Role>, Fault> {
    let rows = app.store.read(|view| view.page(&ROLES, None, MAX_ROWS)).await?.rows;
    let within = |role: &Role| tenant.as_ref().is_none_or(|tenant| role.tenant == *tenant);
    Ok(rows.into_iter().map(|(_, role)| role).filter(within).collect())
}

/// One role, and how many have it.
pub async fn find(app: &App, held: RoleIn) -> Result<(Role, Holders), Declined> {
    app.store
        .read(move |view| match view.get(&ROLES, &role_key(&held.tenant, &held.role))? {
            Some(role) => Ok(Ok((role, holders(view, &held)?))),
            None => Ok(Err(missing(&held))),
        })
        .await?
}

/// Roles of one tenant behind `after`, by name; only those that give `permission`, if that is said. A page may be short, even empty,
/// and not be the last.
pub async fn page(
    app: &App,
    tenant: TenantName,
    permission: Option<Permission>,
    after: Option<RoleName>,
    limit: usize,
) -> Result<Page<RoleName, Role>, Declined> {
    app.store
        .read(move |view| {
            if !tenants::exists(view, &tenant)? {
                return Ok(Err(tenants::missing(&tenant)));
            }
            // No name is empty, so this is in front of all of them.
            let mut last = (tenant.to_string(), after.map_or_else(String::new, |name| name.to_string()));
            let (mut rows, mut looked) = (Vec::new(), 0);
            loop {
                let page = view.page(&ROLES, Some(&last), limit)?;
                for (key, role) in page.rows {
                    if role.tenant != tenant {
                        return Ok(Ok(Page { rows, next: None }));
                    }
                    if rows.len() >= limit || looked >= search::LOOKED_AT {
                        return Ok(Ok(Page { rows, next: last.1.parse().ok() }));
                    }
                    (last, looked) = (key, looked + 1);
                    if permission.as_ref().is_none_or(|permission| role.permissions.contains(permission)) {
                        rows.push((role.name.clone(), role));
                    }
                }
                if page.next.is_none() {
                    return Ok(Ok(Page { rows, next: None }));
                }
            }
        })
        .await?
}

/// Those that have a role: a page of people, or of machines.
pub async fn people_with(
    app: &App,
    held: RoleIn,
    after: Option<Id<Person>>,
    limit: usize,
) -> Result<Page<Id<Person>, Membership>, Fault> {
    let key = role_key(&held.tenant, &held.role);
    app.store.read(move |view| view.list_after(&MEMBERSHIPS, &MEMBERSHIPS_BY_ROLE, &key, after.as_ref(), limit)).await
}

/// The machines that have a role, the retired left out.
pub async fn machines_with(
    app: &App,
    held: RoleIn,
    after: Option<Id<Machine>>,
    limit: usize,
) -> Result<Page<Id<Machine>, Machine>, Fault> {
    let key = role_key(&held.tenant, &held.role);
    app.store.read(move |view| view.list_after(&MACHINES, &MACHINES_BY_ROLE, &key, after.as_ref(), limit)).await
}

/// Memberships behind `after`, in the order in which the people were added; only those with a role in `tenant`, if that is said.
pub async fn memberships(
    app: &App,
    tenant: Option<TenantName>,
    after: Option<Id<Person>>,
    limit: usize,
) -> Result<Page<Id<Person>, Membership>, Fault> {
    app.store
        .read(move |view| {
            let looked_at = if tenant.is_none() { limit } else { search::LOOKED_AT };
            let found = view.page(&MEMBERSHIPS, after.as_ref(), looked_at)?;
            Ok(search::fitting(found, limit, |membership: &Membership| {
                tenant.as_ref().is_none_or(|tenant| membership.roles.iter().any(|held| held.tenant == *tenant))
            }))
        })
        .await
}

/// What is to be different in what somebody is; what is `None` stays, and roles are given and taken whatever the others are.
#[derive(Clone, Debug, Default)]
pub struct MembershipChange {
    pub roles: Option<Vec<RoleIn>>,
    pub give: Vec<RoleIn>,
    pub take: Vec<RoleIn>,
    pub custom_claims: Option<Map<String, Value>>,
}

impl MembershipChange {
    fn of(&self, old: &Membership) -> Membership {
        let mut roles = self.roles.clone().unwrap_or_else(|| old.roles.clone());
        roles.retain(|held| !self.take.contains(held));
        roles.extend(self.give.iter().cloned());
        let custom_claims = self.custom_claims.clone().unwrap_or_else(|| old.custom_claims.clone());
        Membership { person: old.person, roles, custom_claims }
    }
}

/// Changes what somebody is in the tenants, as far as they are still what they were seen as.
pub async fn change_membership(
    app: &App,
    by: &Operator,
    person: Id<Person>,
    seen: Seen,
    ask: MembershipChange,
) -> Result<Membership, Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("change membership", ctx, move |tx| {
            if let Err(declined) = by.stands(tx)? {
                return Ok(Err(declined));
            }
            let old = match membership_here(tx, person)? {
                Ok(old) => old,
                Err(declined) => return Ok(Err(declined)),
            };
            if let Err(declined) = seen.is_still(&old)? {
                return Ok(Err(declined));
            }
            let mut new = ask.of(&old);
            new.roles.sort_unstable();
            new.roles.dedup();
            if new.roles.len() > MOST_ROLES {
                return Ok(Err(Declined::field("roles", "a person has at most 64 roles")));
            }
            let says = if new.custom_claims == old.custom_claims { Ok(()) } else { say_something(&new.custom_claims) };
            if let Err(declined) = claims_fit(&new.custom_claims).and(says) {
                return Ok(Err(declined));
            }
            // What somebody has already need not be looked at again.
            for held in new.roles.iter().filter(|held| !old.roles.contains(held)) {
                if tx.get(&ROLES, &role_key(&held.tenant, &held.role))?.is_none() {
                    return Ok(Err(unknown("roles", held)));
                }
            }
            become_this(tx, &old, new).map(Ok)
        })
        .await?
}

pub(super) fn become_this(tx: &mut Tx<'_>, old: &Membership, new: Membership) -> Result<Membership, Fault> {
    if let Some((before, after)) = difference(json(old)?, json(&new)?, &[]) {
        let person = new.person;
        // Who is nothing any more has no row.
        match new.roles.is_empty() && new.custom_claims.is_empty() {
            true => tx.delete(&MEMBERSHIPS, &person)?,
            false => tx.put(&MEMBERSHIPS, &person, &new)?,
        }
        tx.record(Event::MembershipChanged { person, before, after })?;
    }
    Ok(new)
}

/// Gives a machine roles of its tenant, and takes some from it.
pub async fn change_of_machine(
    app: &App,
    by: &Operator,
    id: Id<Machine>,
    seen: Seen,
    give: Vec<RoleName>,
    take: Vec<RoleName>,
) -> Result<Machine, Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("change roles of machine", ctx, move |tx| {
            if let Err(declined) = by.stands(tx)? {
                return Ok(Err(declined));
            }
            let Some(old) = tx.get(&MACHINES, &id)? else { return Ok(Err(machines::unknown(id))) };
            if let Err(declined) = seen.is_still(&old)? {
                return Ok(Err(declined));
            }
            if old.state == ClientState::Retired {
                return Ok(Err(Declined::Conflict(format!("{id} is retired for good"))));
            }
            let mut roles: Vec<RoleName> = old.roles.iter().filter(|role| !take.contains(role)).cloned().collect();
            roles.extend(give.iter().cloned());
            roles.sort_unstable();
            roles.dedup();
            if roles.len() > MOST_ROLES {
                return Ok(Err(Declined::field("roles", "a machine has at most 64 roles")));
            }
            if let Err(declined) = all_known(tx, &old.tenant, &give)? {
                return Ok(Err(declined));
            }
            let new = Machine { roles, ..old.clone() };
            if let Some((before, after)) = difference(json(&old)?, json(&new)?, &[]) {
                tx.replace(&MACHINES, &id, &old, &new)?;
                tx.record(Event::MachineChanged { machine: id, before, after })?;
            }
            Ok(Ok(new))
        })
        .await?
}

/// What somebody who is here is in the tenants.
fn membership_here(read: &impl Read, person: Id<Person>) -> Result<Result<Membership, Declined>, Fault> {
    if read.get(&PEOPLE, &person)?.is_none() {
        return Ok(Err(Declined::Missing(format!("there is no person {person}"))));
    }
    membership(read, person).map(Ok)
}

/// The same, outside.
pub async fn membership_by_id(app: &App, person: Id<Person>) -> Result<Membership, Declined> {
    app.store.read(move |view| membership_here(view, person)).await?
}

/// What somebody is in the tenants: nothing, if nobody said anything.
pub(super) fn membership(read: &impl Read, person: Id<Person>) -> Result<Membership, Fault> {
    Ok(read.get(&MEMBERSHIPS, &person)?.unwrap_or_else(|| nothing(person)))
}

/// What somebody is of whom nobody said anything.
pub(super) fn nothing(person: Id<Person>) -> Membership {
    Membership { person, roles: Vec::new(), custom_claims: Map::new() }
}

/// What somebody is in the tenants.
pub async fn membership_of(app: &App, email: &Email) -> Result<Membership, Declined> {
    let person = people::find(app, email).await?;
    let person = person.ok_or_else(|| Declined::Missing("nobody here has this e-mail address".to_owned()))?.id;
    Ok(app.store.read(move |view| membership(view, person)).await?)
}

/// Whether custom claims are as short as what travels in every token has to be.
pub(super) fn claims_fit(claims: &Map<String, Value>) -> Result<(), Declined> {
    if serde_json::to_vec(claims).map_or(usize::MAX, |json| json.len()) > LONGEST_CLAIMS {
        return Err(Declined::field("custom_claims", "custom claims have at most 4 KiB of JSON"));
    }
    Ok(())
}

/// Declines claims that say nothing: no verifier reads a null as anything but a claim that is not there, and not every kind of file can
/// hold one.
pub(super) fn say_something(claims: &Map<String, Value>) -> Result<(), Declined> {
    fn has_null(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Array(all) => all.iter().any(has_null),
            Value::Object(members) => members.values().any(has_null),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
    }
    match claims.iter().find(|(_, value)| has_null(value)) {
        Some((name, _)) => {
            let name: String = name.chars().take(64).collect();
            Err(Declined::field("custom_claims", format!("`{name}` is null, or has one in it: leave it out")))
        }
        None => Ok(()),
    }
}

/// Declines unless every role is one of the tenant's.
pub(super) fn all_known(
    read: &impl Read,
    tenant: &TenantName,
    roles: &[RoleName],
) -> Result<Result<(), Declined>, Fault> {
    for role in roles {
        if read.get(&ROLES, &role_key(tenant, role))?.is_none() {
            return Ok(Err(unknown("roles", &RoleIn { tenant: tenant.clone(), role: role.clone() })));
        }
    }
    Ok(Ok(()))
}

/// What a machine's roles come to, sorted. One without roles costs no look.
pub(crate) fn permissions_of(read: &impl Read, machine: &Machine) -> Result<Vec<Permission>, Fault> {
    let mut permissions = Vec::new();
    for role in &machine.roles {
        if let Some(role) = read.get(&ROLES, &role_key(&machine.tenant, role))? {
            permissions.extend(role.permissions);
        }
    }
    permissions.sort_unstable();
    permissions.dedup();
    Ok(permissions)
}

/// What a token about a person says, as of now. Without the scopes that ask for it, nobody looks.
pub(crate) fn of_person(
    read: &impl Read,
    person: Id<Person>,
    scope: &ScopeSet,
    wanted: Option<&TenantName>,
) -> Result<Entitlements, Fault> {
    if !entitlements::is_asked_for(scope) {
        return Ok(Entitlements::default());
    }
    let Some(membership) = read.get(&MEMBERSHIPS, &person)? else { return Ok(Entitlements::default()) };
    let mut holdings = Vec::new();
    for held in &membership.roles {
        if let Some(role) = read.get(&ROLES, &role_key(&held.tenant, &held.role))? {
            holdings.push(Holding { tenant: role.tenant, role: role.name, permissions: role.permissions });
        }
    }
    Ok(entitlements::of_person(&membership, &holdings, scope, wanted))
}

fn missing(held: &RoleIn) -> Declined {
    Declined::Missing(format!("there is no role {held}"))
}

fn unknown(field: &'static str, held: &RoleIn) -> Declined {
    Declined::field(field, format!("there is no role {held}; `writ role add` makes it"))
}
