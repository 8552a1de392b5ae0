//! Roles: what they come to, and who has them.

use serde_json::{Map, Value};

use super::seen::{difference, json};
use super::{people, tenants};
use crate::app::App;
use crate::base::{Fault, Id};
use crate::model::{
    Context, Email, Entitlements, Event, Machine, Membership, Permission, Person, Role, RoleIn, RoleName, ScopeSet,
    TenantName,
};
use crate::operations::declined::Declined;
use crate::protocol::entitlements::{self, Holding};
use crate::store::tables::{MACHINES, MACHINES_BY_ROLE, MEMBERSHIPS, MEMBERSHIPS_BY_ROLE, PEOPLE, ROLES, role_key};
use crate::store::{MAX_ROWS, Read};

/// Most permissions of one role.
pub const MOST_PERMISSIONS: usize = 200;
/// Most roles of one person, in all tenants together; a machine has as many at most.
const MOST_ROLES: usize = 64;
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
    fn bounded(mut self) -> Result<Self, Declined> {
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
pub async fn add(app: &App, ctx: &Context, held: RoleIn, terms: RoleTerms) -> Result<Role, Declined> {
    let RoleTerms { description, permissions } = terms.bounded()?;
    app.store
        .write("add role", ctx, move |tx| {
            if !tenants::exists(tx, &held.tenant)? {
                return Ok(Err(tenants::unknown("tenant", &held.tenant)));
            }
            let key = role_key(&held.tenant, &held.role);
            if tx.get(&ROLES, &key)?.is_some() {
                return Ok(Err(Declined::Conflict(format!("there is a role {held} already"))));
            }
            let role = Role {
                tenant: held.tenant.clone(),
                name: held.role.clone(),
                description: description.clone(),
                permissions: permissions.clone(),
                created_at: tx.now(),
            };
            tx.put(&ROLES, &key, &role)?;
            let (tenant, name) = (role.tenant.clone(), role.name.clone());
            tx.record(Event::RoleCreated { tenant, role: name, permissions: role.permissions.clone() })?;
            Ok(Ok(role))
        })
        .await?
}

/// Changes what a role is. `change` is given the row as it stands in the transaction. Whoever has it gets tokens that say so from
/// this commit on; those that are out say what held when they were made.
pub async fn change(
    app: &App,
    ctx: &Context,
    held: RoleIn,
    change: impl Fn(&Role) -> RoleTerms + Send + 'static,
) -> Result<Role, Declined> {
    app.store
        .write("change role", ctx, move |tx| {
            let key = role_key(&held.tenant, &held.role);
            let Some(old) = tx.get(&ROLES, &key)? else { return Ok(Err(missing(&held))) };
            let RoleTerms { description, permissions } = match change(&old).bounded() {
                Ok(terms) => terms,
                Err(declined) => return Ok(Err(declined)),
            };
            let new = Role { description, permissions, ..old.clone() };
            let Some((before, after)) = difference(json(&old)?, json(&new)?, &[]) else { return Ok(Ok(old)) };
            tx.replace(&ROLES, &key, &old, &new)?;
            tx.record(Event::RoleChanged { tenant: new.tenant.clone(), role: new.name.clone(), before, after })?;
            Ok(Ok(new))
        })
        .await?
}

/// Removes a role that nobody has.
pub async fn remove(app: &App, ctx: &Context, held: RoleIn) -> Result<(), Declined> {
    app.store
        .write("remove role", ctx, move |tx| {
            let key = role_key(&held.tenant, &held.role);
            let Some(role) = tx.get(&ROLES, &key)? else { return Ok(Err(missing(&held))) };
            let Holders { people, machines } = holders(tx, &held)?;
            if people + machines > 0 {
                let why =
                    format!("{people} people and {machines} machines have the role {held}: take it from them first");
                return Ok(Err(Declined::Conflict(why)));
            }
            tx.delete(&ROLES, &key)?;
            tx.record(Event::RoleRemoved { tenant: role.tenant, role: role.name, permissions: role.permissions })?;
            Ok(Ok(()))
        })
        .await?
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

/// Changes what somebody is in the tenants. `change` is given the row as it stands in the transaction.
pub async fn change_membership(
    app: &App,
    ctx: &Context,
    email: &Email,
    change: impl Fn(Membership) -> Membership + Send + 'static,
) -> Result<Membership, Declined> {
    let person = people::find(app, email).await?;
    let person = person.ok_or_else(|| Declined::Missing("nobody here has this e-mail address".to_owned()))?.id;
    app.store
        .write("change membership", ctx, move |tx| {
            if tx.get(&PEOPLE, &person)?.is_none() {
                return Ok(Err(Declined::Missing("this person is not here any more".to_owned())));
            }
            let old = membership(tx, person)?;
            let mut new = Membership { person, ..change(old.clone()) };
            new.roles.sort_unstable();
            new.roles.dedup();
            if new.roles.len() > MOST_ROLES {
                return Ok(Err(Declined::field("roles", "a person has at most 64 roles")));
            }
            if let Err(declined) = claims_fit(&new.custom_claims) {
                return Ok(Err(declined));
            }
            // What somebody has already need not be looked at again.
            for held in new.roles.iter().filter(|held| !old.roles.contains(held)) {
                if tx.get(&ROLES, &role_key(&held.tenant, &held.role))?.is_none() {
                    return Ok(Err(unknown("roles", held)));
                }
            }
            let Some((before, after)) = difference(json(&old)?, json(&new)?, &[]) else { return Ok(Ok(old)) };
            tx.put(&MEMBERSHIPS, &person, &new)?;
            tx.record(Event::MembershipChanged { person, before, after })?;
            Ok(Ok(new))
        })
        .await?
}

/// What somebody is in the tenants: nothing, if nobody said anything.
pub(super) fn membership(read: &impl Read, person: Id<Person>) -> Result<Membership, Fault> {
    let none = || Membership { person, roles: Vec::new(), custom_claims: Map::new() };
    Ok(read.get(&MEMBERSHIPS, &person)?.unwrap_or_else(none))
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
