//! A plan, done in one transaction, if what it was made of still stands.

use serde_json::{Map, Value};

use super::Made;
use super::nouns::CredentialRead;
use super::plan::{Change, Field, MachineStep, Plan, Present, Step};
use crate::app::App;
use crate::base::{Fault, FaultKind, Id, OpaqueToken, Secret, TokenKind};
use crate::model::{
    Client, ClientId, ClientSecret, Context, Credential, Event, Machine, PersonState, ProtectedResource, ScopeEntry,
};
use crate::operations::credentials::{self, Drawn, NewCredential};
use crate::operations::declined::Declined;
use crate::operations::machines;
use crate::operations::registration::bury;
use crate::operations::seen::{difference, json};
use crate::operations::{roles, tenants, usage};
use crate::store::tables::{CLIENTS, MACHINES, MACHINES_BY_NAME, PEOPLE, RESOURCES, SCOPES, machine_key};
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
            Step::Scope { .. } | Step::Resource(_) => None,
        };
        let made = |ready: &Ready| {
            Some(Made { place: ready.place.clone(), id: id(&ready.step)?, secret: ready.secret.clone() })
        };
        self.steps.iter().filter_map(made).collect()
    }
}

impl Ready {
    fn of(app: &App, ctx: &Context, change: &Change, mut step: Step) -> Result<Self, Declined> {
        let (mut secret, mut given) = (None, Vec::new());
        match &mut step {
            Step::Scope { .. } => {}
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
                        after.secrets =
                            vec![ClientSecret { digest: token.digest(), created_at: ctx.at, expires_at: None }];
                        secret = Some(token.into_secret());
                    }
                }
            }
            Step::Machine(step) => {
                if let (None, Some(after)) = (&step.before, &mut step.after) {
                    after.id = Id::new(ctx.at, &app.entropy)?;
                }
                if let Some(after) = &step.after {
                    for CredentialRead { name, proof, .. } in &step.given {
                        let new = NewCredential { name: name.clone(), proof: proof.clone(), expires_at: None };
                        given.push(Drawn::new(app, ctx, after.id, new)?.credential().clone());
                    }
                }
            }
        }
        Ok(Self { place: change.place.clone(), fields: change.fields.clone(), step, secret, given })
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
    for ready in &prepared.steps {
        match &ready.step {
            Step::Scope { before, after } => scope(tx, ready, before.as_ref(), after.as_ref())?,
            Step::Resource(rows) => resource(tx, ready, rows.0.as_ref(), rows.1.as_ref())?,
            Step::Client(rows) => client(app, tx, ready, rows.0.as_ref(), rows.1.as_ref())?,
            Step::Machine(step) => machine(app, tx, ready, step)?,
        }
    }
    Ok(true)
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
    for ready in &prepared.steps {
        let stands = match &ready.step {
            Step::Scope { .. } | Step::Resource(_) => true,
            Step::Client(rows) => match &rows.0 {
                Some(before) => tx.get(&CLIENTS, &registered(&before.id)?)?.as_ref() == Some(before),
                None => true,
            },
            Step::Machine(step) => machine_stands(tx, step)?,
        };
        if !stands {
            return Ok(false);
        }
    }
    Ok(true)
}

fn machine_stands(tx: &Tx<'_>, step: &MachineStep) -> Result<bool, Fault> {
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
        && (!tenants::exists(tx, &after.tenant)? || roles::all_known(tx, &after.tenant, &after.roles)?.is_err())
    {
        return Ok(false);
    }
    let owner = step.after.as_ref().map(|after| after.owner);
    match owner.filter(|owner| step.before.as_ref().is_none_or(|before| before.machine.owner != *owner)) {
        Some(owner) => Ok(tx.get(&PEOPLE, &owner)?.is_some_and(|person| person.state == PersonState::Active)),
        None => Ok(true),
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
                None => Event::ScopeCreated { scope },
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
            tx.record(Event::ResourceRemoved { resource: before.id, identifier })
        }
        (before, Some(row)) => {
            tx.put(&RESOURCES, &row.id, row)?;
            let ((was, is), identifier) = (ready.difference(), row.identifier.clone());
            tx.record(match before {
                Some(_) => Event::ResourceChanged { resource: row.id, before: was, after: is },
                None => Event::ResourceCreated { resource: row.id, identifier },
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
                None => Event::ClientRegistered { client, name: row.name.clone(), how: "administrator".to_owned() },
            })
        }
        (None, None) => Ok(()),
    }
}

/// Why, in the audit log.
const BECAUSE: &str = "not in the file that was applied";

fn machine(app: &App, tx: &mut Tx<'_>, ready: &Ready, step: &MachineStep) -> Result<(), Fault> {
    let before = step.before.as_ref().map(|known| &known.machine);
    match (before, &step.after) {
        (Some(before), None) => return machines::end(app, tx, before, BECAUSE).map(drop),
        (Some(before), Some(after)) => changed(tx, before, after)?,
        (None, Some(after)) => {
            tx.put(&MACHINES, &after.id, after)?;
            let (machine, name, owner) = (after.id, after.name.clone(), after.owner);
            tx.record(Event::MachineCreated { machine, name, owner })?;
        }
        (None, None) => {}
    }
    // First, so that they make room.
    for credential in &step.revoked {
        credentials::end(tx, credential.clone(), BECAUSE)?;
    }
    for credential in &ready.given {
        if credentials::room(tx, credential.machine)?.is_err() {
            return Err(Fault::new(FaultKind::Bug, "a plan gave a machine more credentials than it may have"));
        }
        credentials::put(tx, credential)?;
    }
    Ok(())
}

fn changed(tx: &mut Tx<'_>, before: &Machine, after: &Machine) -> Result<(), Fault> {
    if before == after {
        return Ok(());
    }
    tx.replace(&MACHINES, &after.id, before, after)?;
    if before.owner != after.owner {
        tx.record(Event::MachineHandedOver { machine: after.id, from: before.owner, to: after.owner })?;
    }
    let handed_over = Machine { owner: after.owner, ..before.clone() };
    let Some((was, is)) = difference(json(&handed_over)?, json(after)?, &[]) else { return Ok(()) };
    usage::terms_changed(tx, before, after)?;
    tx.record(Event::MachineChanged { machine: after.id, before: was, after: is })
}
