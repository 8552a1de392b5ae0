//! A plan, done in one transaction, if what it was made of still stands.

use serde_json::{Map, Value};

use super::Made;
use super::nouns::CredentialRead;
use super::plan::{Change, Field, Plan};
use super::present::Present;
use super::step::{Carrier, CrossingStep, DelegationStep, MachineStep, Step, Whom};
use crate::app::App;
use crate::base::{Fault, FaultKind, Id, Lifetime, OpaqueToken, Secret, TokenKind};
use crate::model::{
    Client, ClientId, ClientSecret, ClientState, Context, Credential, Crossing, Delegation, DelegationState, Event,
    IdentityProvider, Machine, Membership, PersonState, ProtectedResource, Role, RoleIn, ScopeEntry, Subject, Tenant,
    TenantName,
};
use crate::operations::clients::told;
use crate::operations::credentials::{self, Drawn, NewCredential};
use crate::operations::crossings::{self, NewCrossing};
use crate::operations::declined::Declined;
use crate::operations::delegations::{self, NewDelegation};
use crate::operations::registration::bury;
use crate::operations::roles::{self, RoleTerms};
use crate::operations::seen::{difference, json, made};
use crate::operations::status::end::{Owner, end_owner};
use crate::operations::{in_use, machines, providers, tenants, usage};
use crate::store::tables::{
    CLIENTS, CROSSINGS, DELEGATIONS, MACHINES, MACHINES_BY_NAME, MEMBERSHIPS, PEOPLE, PROVIDERS, RESOURCE_TOOLS,
    RESOURCES, ROLES, SCOPES, TENANTS, machine_key, named_resource, named_scope, role_key,
};
use crate::store::{Read, Tx};

/// A plan with its ids and secrets drawn.
pub(super) struct Prepared {
    steps: Vec<Ready>,
    /// What it was made of, besides the rows it changes.
    scopes: Vec<ScopeEntry>,
    resources: Vec<ProtectedResource>,
}

struct Ready {
    place: String,
    fields: Vec<Field>,
    step: Step,
    secret: Option<Secret>,
    given: Vec<Credential>,
    /// The id of a delegation to be made, or of a crossing.
    delegation: Option<Id<Delegation>>,
    crossing: Option<Id<Crossing>>,
}

impl Prepared {
    pub(super) fn of(app: &App, ctx: &Context, plan: &Plan, present: &Present) -> Result<Self, Declined> {
        let steps = plan.changes.iter().filter_map(|change| Some((change, change.step.clone()?)));
        Ok(Self {
            steps: steps.map(|(change, step)| Ready::of(app, ctx, change, step)).collect::<Result<_, _>>()?,
            scopes: present.scopes.values().cloned().collect(),
            resources: present.resources.clone(),
        })
    }

    /// What is made, to be told once it is.
    pub(super) fn made(&self) -> Vec<Made> {
        let id = |step: &Step| match step {
            Step::Client(rows) => match rows.as_ref() {
                (None, Some(client)) => Some(client.id.clone()),
                _ => None,
            },
            Step::Machine(step) => match (&step.before, &step.after) {
                (None, Some(machine)) => Some(ClientId::Machine(machine.id)),
                _ => None,
            },
            Step::Scope { .. }
            | Step::Resource(_)
            | Step::Tenant { .. }
            | Step::Role(_)
            | Step::Delegation(_)
            | Step::Membership(_)
            | Step::Provider(_)
            | Step::Crossing(_) => None,
        };
        let made = |ready: &Ready| {
            Some(Made { place: ready.place.clone(), id: id(&ready.step)?, secret: ready.secret.clone() })
        };
        self.steps.iter().filter_map(made).collect()
    }
}

impl Ready {
    fn of(app: &App, ctx: &Context, change: &Change, mut step: Step) -> Result<Self, Declined> {
        let (mut secret, mut given, mut delegation, mut crossing) = (None, Vec::new(), None, None);
        match &mut step {
            Step::Scope { .. } | Step::Tenant { .. } | Step::Role(_) | Step::Membership(_) => {}
            Step::Delegation(_) => delegation = Some(Id::new(ctx.at, &app.entropy)?),
            Step::Crossing(_) => crossing = Some(Id::new(ctx.at, &app.entropy)?),
            Step::Provider(rows) => {
                if let (None, Some(after)) = rows.as_mut() {
                    after.id = Id::new(ctx.at, &app.entropy)?;
                }
            }
            Step::Resource(rows) => {
                if let (None, Some(after)) = rows.as_mut() {
                    after.id = Id::new(ctx.at, &app.entropy)?;
                }
            }
            Step::Client(rows) => {
                if let (None, Some(after)) = rows.as_mut() {
                    let id = Id::<Client>::new(ctx.at, &app.entropy)?;
                    after.id = ClientId::Registered(id);
                    if after.auth_method.has_secret() {
                        let token = OpaqueToken::new(TokenKind::ClientSecret, id, &app.entropy)?;
                        after.secrets = vec![ClientSecret {
                            digest: token.digest(),
                            created_at: ctx.at,
                            expires_at: None,
                            last_used_at: None,
                        }];
                        secret = Some(token.into_secret());
                    }
                }
            }
            Step::Machine(step) => {
                if let (None, Some(after)) = (&step.before, &mut step.after) {
                    after.id = Id::new(ctx.at, &app.entropy)?;
                }
                if let Some(after) = &step.after {
                    for CredentialRead { name, proof, expires_at, .. } in &step.given {
                        let new = NewCredential { name: name.clone(), proof: proof.clone(), expires_at: *expires_at };
                        given.push(Drawn::new(app, ctx, after.id, new)?.credential().clone());
                    }
                }
            }
        }
        Ok(Self {
            place: change.place.clone(),
            fields: change.fields.clone(),
            step,
            secret,
            given,
            delegation,
            crossing,
        })
    }

    /// What differs, as it was and as it is.
    fn difference(&self) -> (Value, Value) {
        let side = |of: fn(&Field) -> &Option<Value>| {
            let members = self.fields.iter().filter_map(|field| Some((field.name.clone(), of(field).clone()?)));
            Value::Object(members.collect::<Map<String, Value>>())
        };
        (side(|field| &field.before), side(|field| &field.after))
    }
}

/// Does all of it, or nothing: says `false` if what the plan was made of does not stand any more.
pub(super) fn execute(app: &App, tx: &mut Tx<'_>, prepared: &Prepared) -> Result<bool, Fault> {
    if !stands(tx, prepared)? {
        return Ok(false);
    }
    // Addresses may move from one resource to another, so all that change leave first.
    for ready in &prepared.steps {
        if let Step::Resource(rows) = &ready.step
            && let (Some(before), _) = rows.as_ref()
        {
            tx.delete(&RESOURCES, &before.id)?;
        }
    }
    // Credentials that go make room, and what they accepted may be another's from now on.
    for ready in &prepared.steps {
        if let Step::Machine(step) = &ready.step
            && step.after.is_some()
        {
            step.revoked.iter().try_for_each(|gone| credentials::end(tx, gone.clone(), BECAUSE).map(drop))?;
        }
    }
    for ready in &prepared.steps {
        match &ready.step {
            Step::Tenant { before, after } => tenant(tx, before.as_ref(), after.as_ref())?,
            Step::Role(rows) => role(tx, rows.0.as_ref(), rows.1.as_ref())?,
            Step::Scope { before, after } => scope(tx, ready, before.as_ref(), after.as_ref())?,
            Step::Resource(rows) => resource(tx, ready, rows.0.as_ref(), rows.1.as_ref())?,
            Step::Client(rows) => client(app, tx, ready, rows.0.as_ref(), rows.1.as_ref())?,
            Step::Machine(step) => machine(app, tx, ready, step)?,
            Step::Delegation(step) => delegation(tx, ready, step)?,
            Step::Membership(rows) => membership(tx, rows.0.as_ref(), rows.1.as_ref())?,
            Step::Provider(rows) => provider(tx, rows.0.as_ref(), rows.1.as_ref())?,
            Step::Crossing(step) => crossing(tx, prepared, ready, step)?,
        }
    }
    nothing_is_left_behind(tx, prepared)?;
    Ok(true)
}

/// Somebody came in between, which the snapshot could not know: then nothing is done.
fn meanwhile(why: impl std::fmt::Display) -> Fault {
    Fault::new(FaultKind::Busy, format!("things changed while a file was applied: {why}"))
}

/// What goes must be nobody's by now.
fn nothing_is_left_behind(tx: &Tx<'_>, prepared: &Prepared) -> Result<(), Fault> {
    for ready in &prepared.steps {
        let is_free = match &ready.step {
            Step::Tenant { before: Some(gone), after: None } => tenants::is_empty(tx, &gone.name)?,
            Step::Role(rows) => match rows.as_ref() {
                (Some(gone), None) => {
                    roles::is_free(tx, &RoleIn { tenant: gone.tenant.clone(), role: gone.name.clone() })?
                }
                _ => Ok(()),
            },
            Step::Scope { before: Some(gone), after: None } => {
                in_use::by_nobody(tx, &named_scope(gone.name.as_str()), &ready.place, tx.now())?
            }
            Step::Resource(rows) => match rows.as_ref() {
                (Some(gone), None) => in_use::by_nobody(tx, &named_resource(&gone.identifier), &ready.place, tx.now())?,
                _ => Ok(()),
            },
            _ => Ok(()),
        };
        if is_free.is_err() {
            return Err(meanwhile(&ready.place));
        }
    }
    Ok(())
}

/// Whether everything that the plan was made of is as it was.
fn stands(tx: &Tx<'_>, prepared: &Prepared) -> Result<bool, Fault> {
    // Every reference was looked up in these.
    let scopes = tx.page(&SCOPES, None, prepared.scopes.len() + 1)?.rows;
    let resources = tx.page(&RESOURCES, None, prepared.resources.len() + 1)?.rows;
    if !scopes.iter().map(|(_, row)| row).eq(&prepared.scopes)
        || !resources.iter().map(|(_, row)| row).eq(&prepared.resources)
    {
        return Ok(false);
    }
    let coming = Coming::of(prepared);
    for ready in &prepared.steps {
        let stands = match &ready.step {
            Step::Scope { .. } | Step::Resource(_) => true,
            Step::Tenant { before, after } => {
                let name = before.as_ref().or(after.as_ref()).map(|tenant| tenant.name.to_string());
                name.map_or(Ok(None), |name| tx.get(&TENANTS, &name))? == *before
            }
            Step::Role(rows) => {
                let key = rows.0.as_ref().or(rows.1.as_ref()).map(|role| role_key(&role.tenant, &role.name));
                key.map_or(Ok(None), |key| tx.get(&ROLES, &key))? == rows.0
            }
            Step::Delegation(step) => match &step.before {
                Some(before) => tx.get(&DELEGATIONS, &before.id)?.as_ref() == Some(before),
                None => true,
            },
            Step::Membership(rows) => membership_stands(tx, rows.0.as_ref(), rows.1.as_ref(), &coming)?,
            Step::Provider(rows) => match rows.as_ref() {
                (Some(before), _) => tx.get(&PROVIDERS, &before.id)?.as_ref() == Some(before),
                (None, Some(new)) => providers::by_issuer(tx, &new.issuer)?.is_none(),
                (None, None) => true,
            },
            Step::Crossing(step) => match &step.before {
                Some(before) => tx.get(&CROSSINGS, &before.id)?.as_ref() == Some(before),
                None => true,
            },
            Step::Client(rows) => match &rows.0 {
                Some(before) => tx.get(&CLIENTS, &registered(&before.id)?)?.as_ref() == Some(before),
                None => true,
            },
            Step::Machine(step) => machine_stands(tx, step, &coming)?,
        };
        if !stands {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What the plan itself makes, and its machines may have.
struct Coming {
    tenants: Vec<TenantName>,
    roles: Vec<(String, String)>,
}

impl Coming {
    fn of(prepared: &Prepared) -> Self {
        let mut coming = Self { tenants: Vec::new(), roles: Vec::new() };
        for ready in &prepared.steps {
            match &ready.step {
                Step::Tenant { before: None, after: Some(tenant) } => coming.tenants.push(tenant.name.clone()),
                Step::Role(rows) => {
                    let made = rows.1.as_ref().filter(|_| rows.0.is_none());
                    coming.roles.extend(made.map(|role| role_key(&role.tenant, &role.name)));
                }
                _ => {}
            }
        }
        coming
    }

    /// Whether a machine's tenant and roles are there, or will be.
    fn are_known(&self, tx: &Tx<'_>, machine: &Machine) -> Result<bool, Fault> {
        if !self.tenants.contains(&machine.tenant) && !tenants::exists(tx, &machine.tenant)? {
            return Ok(false);
        }
        for role in &machine.roles {
            let key = role_key(&machine.tenant, role);
            if !self.roles.contains(&key) && tx.get(&ROLES, &key)?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn machine_stands(tx: &Tx<'_>, step: &MachineStep, coming: &Coming) -> Result<bool, Fault> {
    if let Some(before) = &step.before {
        let id = before.machine.id;
        if tx.get(&MACHINES, &id)?.as_ref() != Some(&before.machine)
            || credentials::of_machine(tx, id)? != before.credentials
        {
            return Ok(false);
        }
    } else if let Some(after) = &step.after
        && tx.find(&MACHINES, &MACHINES_BY_NAME, &machine_key(&after.tenant, &after.name))?.is_some()
    {
        return Ok(false);
    }
    // A role may have been removed since the plan was made.
    if let Some(after) = &step.after
        && !coming.are_known(tx, after)?
    {
        return Ok(false);
    }
    let owner = step.after.as_ref().map(|after| after.owner);
    match owner.filter(|owner| step.before.as_ref().is_none_or(|before| before.machine.owner != *owner)) {
        Some(owner) => Ok(tx.get(&PEOPLE, &owner)?.is_some_and(|person| person.state == PersonState::Active)),
        None => Ok(true),
    }
}

/// Whether somebody is here, is what they were, and will be nothing that there is not.
fn membership_stands(
    tx: &Tx<'_>,
    before: Option<&Membership>,
    after: Option<&Membership>,
    coming: &Coming,
) -> Result<bool, Fault> {
    let Some(person) = before.or(after).map(|membership| membership.person) else { return Ok(true) };
    if tx.get(&MEMBERSHIPS, &person)?.as_ref() != before || tx.get(&PEOPLE, &person)?.is_none() {
        return Ok(false);
    }
    for held in after.into_iter().flat_map(|after| &after.roles) {
        let key = role_key(&held.tenant, &held.role);
        if !coming.roles.contains(&key) && tx.get(&ROLES, &key)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn membership(tx: &mut Tx<'_>, before: Option<&Membership>, after: Option<&Membership>) -> Result<(), Fault> {
    let Some(person) = before.or(after).map(|membership| membership.person) else { return Ok(()) };
    let nothing = roles::nothing(person);
    roles::become_this(tx, before.unwrap_or(&nothing), after.unwrap_or(&nothing).clone()).map(drop)
}

fn provider(tx: &mut Tx<'_>, before: Option<&IdentityProvider>, after: Option<&IdentityProvider>) -> Result<(), Fault> {
    match (before, after) {
        (None, Some(new)) => providers::put(tx, new),
        (Some(before), Some(after)) => providers::become_this(tx, before, after.clone()).map(drop),
        (Some(gone), None) => providers::take(tx, gone),
        (None, None) => Ok(()),
    }
}

fn crossing(tx: &mut Tx<'_>, prepared: &Prepared, ready: &Ready, step: &CrossingStep) -> Result<(), Fault> {
    // It may have gone with its client.
    if let Some(before) = &step.before
        && tx.get(&CROSSINGS, &before.id)?.is_some()
    {
        crossings::take(tx, before)?;
    }
    let (Some((carrier, terms)), Some(id)) = (&step.after, ready.crossing) else { return Ok(()) };
    let made = |place: &str| {
        prepared.steps.iter().filter(|other| other.place == place).find_map(|other| match &other.step {
            Step::Client(rows) => rows.1.as_ref().map(|client| client.id.clone()),
            _ => None,
        })
    };
    let client = match carrier {
        Carrier::Known(id) => id.clone(),
        Carrier::Made(place) => made(place).ok_or_else(|| Fault::new(FaultKind::Bug, "a plan makes no such client"))?,
    };
    match crossings::put(tx, id, &NewCrossing { client, terms: terms.clone() })? {
        Ok(_) => Ok(()),
        // Everything it asks for was looked at when the plan was made.
        Err(_) => Err(meanwhile(&ready.place)),
    }
}

fn tenant(tx: &mut Tx<'_>, before: Option<&Tenant>, after: Option<&Tenant>) -> Result<(), Fault> {
    match (before, after) {
        (None, Some(new)) => tenants::put(tx, &new.name, &new.title).map(drop),
        (Some(before), Some(after)) => tenants::retitle(tx, before.clone(), after.title.clone()).map(drop),
        (Some(gone), None) => tenants::take(tx, gone),
        (None, None) => Ok(()),
    }
}

fn role(tx: &mut Tx<'_>, before: Option<&Role>, after: Option<&Role>) -> Result<(), Fault> {
    let terms =
        |role: &Role| RoleTerms { description: role.description.clone(), permissions: role.permissions.clone() };
    match (before, after) {
        (None, Some(new)) => {
            let held = RoleIn { tenant: new.tenant.clone(), role: new.name.clone() };
            roles::put(tx, &held, terms(new)).map(drop)
        }
        (Some(before), Some(after)) => roles::become_these(tx, before.clone(), terms(after)).map(drop),
        (Some(gone), None) => roles::take(tx, gone.clone()),
        (None, None) => Ok(()),
    }
}

fn delegation(tx: &mut Tx<'_>, ready: &Ready, step: &DelegationStep) -> Result<(), Fault> {
    // It may have ended with its machine.
    if let Some(before) = &step.before
        && tx.get(&DELEGATIONS, &before.id)?.is_some_and(|now| now.state == DelegationState::Live)
    {
        let because = if step.after.is_some() { "another took its place" } else { BECAUSE };
        delegations::end(tx, before, because)?;
    }
    let (Some(after), Some(id)) = (&step.after, ready.delegation) else { return Ok(()) };
    let named = |tx: &Tx<'_>, key: &(String, String)| match tx.find(&MACHINES, &MACHINES_BY_NAME, key)? {
        Some((id, _)) => Ok(id),
        None => Err(meanwhile(&ready.place)),
    };
    let new = NewDelegation {
        actor: named(tx, &after.actor)?,
        subject: match &after.subject {
            Whom::Person(person) => Subject::Person(*person),
            Whom::Machine(key) => Subject::Client(ClientId::Machine(named(tx, key)?)),
        },
        scope: after.scope.clone(),
        resources: after.resources.clone(),
        may_act: after.may_act.as_ref().map(|key| named(tx, key)).transpose()?,
        across: after.across,
        purpose: after.purpose.clone(),
        lasts: Lifetime::default(),
    };
    match delegations::put(tx, id, &new, after.expires_at)? {
        Ok(_) => Ok(()),
        // Everything it asks for was looked at when the plan was made.
        Err(_) => Err(meanwhile(&ready.place)),
    }
}

fn registered(id: &ClientId) -> Result<Id<Client>, Fault> {
    match id {
        ClientId::Registered(id) => Ok(*id),
        ClientId::Machine(_) | ClientId::Document(_) => Err(Fault::new(FaultKind::Bug, "no client of the registry")),
    }
}

fn scope(tx: &mut Tx<'_>, ready: &Ready, before: Option<&ScopeEntry>, after: Option<&ScopeEntry>) -> Result<(), Fault> {
    match (before, after) {
        (Some(before), None) => {
            let scope = before.name.to_string();
            tx.delete(&SCOPES, &scope)?;
            tx.record(Event::ScopeRemoved { scope })
        }
        (before, Some(row)) => {
            let scope = row.name.to_string();
            tx.put(&SCOPES, &scope, row)?;
            let (was, is) = ready.difference();
            tx.record(match before {
                Some(_) => Event::ScopeChanged { scope, before: was, after: is },
                None => Event::ScopeCreated { scope, after: made(row, &[])? },
            })
        }
        (None, None) => Ok(()),
    }
}

fn resource(
    tx: &mut Tx<'_>,
    ready: &Ready,
    before: Option<&ProtectedResource>,
    after: Option<&ProtectedResource>,
) -> Result<(), Fault> {
    match (before, after) {
        (Some(before), None) => {
            let identifier = before.identifier.clone();
            tx.delete(&RESOURCE_TOOLS, &before.id)?;
            tx.record(Event::ResourceRemoved { resource: before.id, identifier })
        }
        (before, Some(row)) => {
            tx.put(&RESOURCES, &row.id, row)?;
            let ((was, is), identifier) = (ready.difference(), row.identifier.clone());
            tx.record(match before {
                Some(_) => Event::ResourceChanged { resource: row.id, before: was, after: is },
                None => Event::ResourceCreated { resource: row.id, identifier, after: made(row, &[])? },
            })
        }
        (None, None) => Ok(()),
    }
}

fn client(
    app: &App,
    tx: &mut Tx<'_>,
    ready: &Ready,
    before: Option<&Client>,
    after: Option<&Client>,
) -> Result<(), Fault> {
    match (before, after) {
        (Some(before), None) => {
            bury(app, tx, registered(&before.id)?, before)?;
            tx.record(Event::ClientRemoved { client: before.id.clone() })
        }
        (before, Some(row)) => {
            tx.put(&CLIENTS, &registered(&row.id)?, row)?;
            let ((was, is), client) = (ready.difference(), row.id.clone());
            tx.record(match before {
                Some(_) => Event::ClientChanged { client, before: was, after: is },
                None => {
                    let (name, how) = (row.name.clone(), "administrator".to_owned());
                    Event::ClientRegistered { client, name, how, after: made(&told(row, &app.issuer), &[])? }
                }
            })?;
            let client = row.id.clone();
            match (before.map_or(ClientState::Active, |before| before.state), row.state) {
                (ClientState::Active, ClientState::Suspended) => {
                    end_owner(app, tx, &Owner::Client(client.clone()))?;
                    tx.record(Event::ClientSuspended { client, because: SAYS_SO.to_owned() })
                }
                (ClientState::Suspended, ClientState::Active) => tx.record(Event::ClientResumed { client }),
                _ => Ok(()),
            }
        }
        (None, None) => Ok(()),
    }
}

/// Why, in the audit log.
const BECAUSE: &str = "not in the file that was applied";
const SAYS_SO: &str = "the file that was applied says so";

fn machine(app: &App, tx: &mut Tx<'_>, ready: &Ready, step: &MachineStep) -> Result<(), Fault> {
    let before = step.before.as_ref().map(|known| &known.machine);
    match (before, &step.after) {
        (Some(before), None) => return machines::end(app, tx, before, BECAUSE).map(drop),
        (Some(before), Some(after)) => changed(app, tx, before, after)?,
        (None, Some(after)) => {
            let active = Machine { state: ClientState::Active, ..after.clone() };
            tx.put(&MACHINES, &after.id, &active)?;
            let (machine, name, owner) = (after.id, after.name.clone(), after.owner);
            tx.record(Event::MachineCreated { machine, name, owner, after: made(&active, &[])? })?;
            stands_as(app, tx, &active, after.state)?;
        }
        (None, None) => {}
    }
    for credential in &ready.given {
        if credentials::room(tx, credential.machine)?.is_err() {
            return Err(Fault::new(FaultKind::Bug, "a plan gave a machine more credentials than it may have"));
        }
        if credentials::distinct(tx, credential)?.is_err() {
            return Err(meanwhile(&ready.place));
        }
        credentials::put(tx, credential)?;
    }
    Ok(())
}

/// Stops a machine, or lets it act again, if it is not so already.
fn stands_as(app: &App, tx: &mut Tx<'_>, machine: &Machine, state: ClientState) -> Result<(), Fault> {
    match (machine.state, state) {
        (ClientState::Active, ClientState::Suspended) => {
            machines::stop(app, tx, machine, ClientState::Suspended, SAYS_SO)?;
            tx.record(Event::MachineSuspended { machine: machine.id, because: SAYS_SO.to_owned() })
        }
        (ClientState::Suspended, ClientState::Active) => {
            let resumed = Machine { state: ClientState::Active, stopped: None, ..machine.clone() };
            tx.replace(&MACHINES, &machine.id, machine, &resumed)?;
            usage::resumed(tx, machine.id)?;
            tx.record(Event::MachineResumed { machine: machine.id })
        }
        _ => Ok(()),
    }
}

fn changed(app: &App, tx: &mut Tx<'_>, before: &Machine, after: &Machine) -> Result<(), Fault> {
    // The terms first; stopping and letting go on are changes of their own.
    let terms = Machine { state: before.state, ..after.clone() };
    if *before != terms {
        tx.replace(&MACHINES, &after.id, before, &terms)?;
    }
    if before.owner != after.owner {
        tx.record(Event::MachineHandedOver { machine: after.id, from: before.owner, to: after.owner })?;
    }
    let handed_over = Machine { owner: after.owner, ..before.clone() };
    if let Some((was, is)) = difference(json(&handed_over)?, json(&terms)?, &[]) {
        usage::terms_changed(tx, before, &terms)?;
        tx.record(Event::MachineChanged { machine: after.id, before: was, after: is })?;
    }
    stands_as(app, tx, &terms, after.state)
}
