//! Tenants, roles and who has them, scopes, resources, clients, machines, delegations, identity providers and crossings as one file says them: written out, compared, and made so.
//!
//! [`export`] writes how things are. [`apply`] plans what would have to change ([`plan`]), and does all of it in one transaction, or
//! none: a plan is made of a snapshot, and its transaction first looks whether what it was made of still stands.

mod document;
mod execute;
mod members;
mod nouns;
mod plan;
mod present;
mod step;

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use self::document::Document;
use self::execute::{Prepared, execute};
pub use self::members::Wrong;
use self::nouns::{
    Said, client_said, credential_said, machine_said, membership_said, provider_said, resource_said, role_name,
    role_said, scope_said, tenant_said,
};
use self::plan::House;
pub use self::plan::{Change, ChangeKind, Field, Plan, Unlisted};
use self::present::{Known, Present, client_keys, machine_name};
use crate::app::App;
use crate::base::{Fault, Id, Secret, Timestamp};
use crate::model::{Client, ClientId, ClientState, Context, Email, Person, Provenance, Subject};
use crate::operations::declined::Declined;
use crate::operations::operator::Operator;
use crate::operations::{credentials, find_client};
use crate::protocol::own_scopes::is_own;
use crate::store::tables::{
    CLIENTS, CROSSINGS, DELEGATIONS, MACHINES, MEMBERSHIPS, PEOPLE, PEOPLE_BY_EMAIL, PROVIDERS, RESOURCES, ROLES,
    SCOPES, TENANTS, machine_key,
};
use crate::store::{Read, RowKey, Table};

/// Why a file was not applied. Then nothing of it was.
#[derive(Debug)]
pub enum NotApplied {
    /// Everything that is wrong with it, each with its place.
    Wrong(Vec<Wrong>),
    Declined(Declined),
}

impl From<Vec<Wrong>> for NotApplied {
    fn from(wrong: Vec<Wrong>) -> Self {
        Self::Wrong(wrong)
    }
}

impl From<Declined> for NotApplied {
    fn from(declined: Declined) -> Self {
        Self::Declined(declined)
    }
}

impl From<Fault> for NotApplied {
    fn from(fault: Fault) -> Self {
        Self::Declined(fault.into())
    }
}

/// Whether it is done or only said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    Said,
    Done,
}

/// What came of a file.
#[derive(Debug)]
pub struct Applied {
    pub plan: Plan,
    pub made: Vec<Made>,
}

/// Something that has an id since.
#[derive(Debug)]
pub struct Made {
    /// Where in the file it is.
    pub place: String,
    pub id: ClientId,
    /// Of a client that authenticates by one; shown this once.
    pub secret: Option<Secret>,
}

/// Everything that a file can say, as things are.
pub async fn export(app: &App, ctx: &Context) -> Result<Value, Fault> {
    let present = load(app, ctx.at, None).await?;
    let mut document = Map::new();
    let mut section = |name: &str, members: Map<String, Value>| {
        document.insert(name.to_owned(), Value::Object(members));
    };
    // The appliance's own are in every appliance, as they are.
    let scopes = present
        .scopes
        .iter()
        .filter(|(name, _)| !is_own(name))
        .map(|(name, entry)| (name.clone(), Value::Object(scope_said(entry))));
    section("scopes", scopes.collect());
    let tenants = present.tenants.iter().map(|(name, row)| (name.clone(), Value::Object(tenant_said(row))));
    section("tenants", tenants.collect());
    let roles = present.roles.values().map(|row| (role_name(row), Value::Object(role_said(row))));
    section("roles", roles.collect());
    let resources = present.resources.iter().map(|row| (row.identifier.to_string(), Value::Object(resource_said(row))));
    section("resources", resources.collect());
    let clients = client_keys(&present.clients).into_iter().zip(&present.clients);
    let clients = clients.map(|(key, client)| {
        let said = client_said(client, &key, &app.issuer);
        (key, Value::Object(said))
    });
    section("clients", clients.collect());
    let machines = present.machines.values().map(|known| {
        let owner = present.people.iter().find(|person| person.id == known.machine.owner);
        let live = known.credentials.iter().filter(|credential| credential.is_live(ctx.at));
        let credentials: Vec<Value> = live.filter_map(credential_said).collect();
        let said = machine_said(&known.machine, owner.map(|owner| owner.email.as_str()), &credentials);
        (machine_name(&known.machine), Value::Object(said))
    });
    section("machines", machines.collect());
    let mut delegations: Vec<(String, Said)> =
        present.delegations.iter().filter_map(|row| present.delegation_said(row)).collect();
    delegations.sort_by(|one, other| one.0.cmp(&other.0));
    let delegations = delegations.into_iter().map(|(_, said)| Value::Object(said));
    document.insert("delegations".to_owned(), delegations.collect());
    let emails: BTreeMap<Id<Person>, &str> =
        present.people.iter().map(|person| (person.id, person.email.as_str())).collect();
    let memberships: Map<String, Value> = (present.memberships.iter())
        .filter_map(|(id, row)| Some(((*emails.get(id)?).to_owned(), Value::Object(membership_said(row)))))
        .collect();
    document.insert("memberships".to_owned(), Value::Object(memberships));
    let providers = present.providers.iter().map(|row| (row.issuer.clone(), Value::Object(provider_said(row))));
    document.insert("providers".to_owned(), Value::Object(providers.collect()));
    let mut crossings: Vec<(String, Said)> = present.crossings.iter().map(|row| present.crossing_said(row)).collect();
    crossings.sort_by(|one, other| one.0.cmp(&other.0));
    document.insert("crossings".to_owned(), crossings.into_iter().map(|(_, said)| Value::Object(said)).collect());
    Ok(Value::Object(document))
}

/// How often a plan is made anew because something changed under it.
const TRIES: usize = 3;

/// Makes things as a file says, all of it or nothing. What the file has no section for is left alone.
pub async fn apply(
    app: &App,
    by: &Operator,
    file: Value,
    unlisted: Unlisted,
    doing: Doing,
) -> Result<Applied, NotApplied> {
    let file = Document::parse(file)?;
    let settings = app.settings.now();
    let house = House { config: &settings, issuer: &app.issuer, now: by.at };
    for _ in 0..TRIES {
        let present = load(app, by.at, Some(&file)).await?;
        let plan = plan::plan(&file, &present, house, unlisted)?;
        // Also where it is only said: a plan that would not be done is none.
        for step in plan.changes.iter().filter_map(|change| change.step.as_ref()) {
            by.may_give(&step.gives())?;
        }
        let ended = plan.changes.iter().find(|change| change.step.as_ref().is_some_and(|step| step.ends(&by.by)));
        if let Some(change) = ended {
            let why = "this is who applies the file: nobody ends themselves by one".to_owned();
            return Err(vec![Wrong { place: change.place.clone(), why }].into());
        }
        if doing == Doing::Said || plan.changes.iter().all(|change| change.step.is_none()) {
            return Ok(Applied { plan, made: Vec::new() });
        }
        let prepared = Prepared::of(app, by, &plan, &present)?;
        let made = prepared.made();
        let (within, operator) = (app.clone(), by.clone());
        let done = app.store.write("apply declarations", by, move |tx| match operator.stands(tx)? {
            Ok(()) => execute(&within, tx, &prepared).map(Ok),
            Err(declined) => Ok(Err(declined)),
        });
        if done.await?? {
            // The metadata document lists every scope.
            app.discovery.forget();
            return Ok(Applied { plan, made });
        }
    }
    let why = "things change while this is applied; nothing was done. Apply it again".to_owned();
    Err(Declined::Conflict(why).into())
}

/// Rows read in one snapshot.
const AT_ONCE: usize = 1_000;

/// Gathers how things are, and the people that are named. What changes between its snapshots, the transaction finds.
async fn load(app: &App, now: Timestamp, file: Option<&Document>) -> Result<Present, Fault> {
    let (scopes, resources) = app
        .store
        .read(|view| {
            let (mut scopes, mut resources) = (Vec::new(), Vec::new());
            let mut after = None;
            loop {
                let page = view.page(&SCOPES, after.as_ref(), AT_ONCE)?;
                scopes.extend(page.rows);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let mut after = None;
            loop {
                let page = view.page(&RESOURCES, after.as_ref(), AT_ONCE)?;
                resources.extend(page.rows.into_iter().map(|(_, row)| row));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            Ok((scopes, resources))
        })
        .await?;
    let mut present = Present { scopes: scopes.into_iter().collect(), resources, ..Present::default() };
    present.tenants = every(app, &TENANTS).await?.into_iter().collect();
    present.roles = every(app, &ROLES).await?.into_iter().collect();
    if file.is_none_or(|file| file.roles.is_some() || file.memberships.is_some()) {
        present.memberships = every(app, &MEMBERSHIPS).await?.into_iter().collect();
    }
    if file.is_none_or(|file| file.providers.is_some()) {
        present.providers = every(app, &PROVIDERS).await?.into_iter().map(|(_, provider)| provider).collect();
    }
    if file.is_none_or(|file| file.crossings.is_some() || file.clients.is_some()) {
        present.crossings = every(app, &CROSSINGS).await?.into_iter().map(|(_, crossing)| crossing).collect();
        present.carriers = carriers(app, &present, file).await?;
    }
    // Whatever takes a scope or a resource away must know who has it.
    if file.is_none_or(|file| file.delegations.is_some() || file.scopes.is_some() || file.resources.is_some()) {
        let all = every(app, &DELEGATIONS).await?.into_iter().map(|(_, delegation)| delegation);
        present.delegations = all.filter(|delegation| delegation.is_live(now)).collect();
    }

    let named: BTreeSet<String> =
        file.and_then(|file| file.clients.as_ref()).into_iter().flat_map(Map::keys).cloned().collect();
    let mut after = None;
    loop {
        let page = app.store.read(move |view| view.page(&CLIENTS, after.as_ref(), AT_ONCE)).await?;
        for (_, client) in page.rows {
            match client.provenance {
                Provenance::Administrator => present.clients.push(client),
                _ if !client.resources.is_empty()
                    || !client.serves.is_empty()
                    || named.contains(&client.id.to_string()) =>
                {
                    present.placed.push(client);
                }
                _ => {}
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }

    let mut after = None;
    loop {
        let page = app
            .store
            .read(move |view| {
                let page = view.page(&MACHINES, after.as_ref(), AT_ONCE)?;
                let mut known = Vec::with_capacity(page.rows.len());
                for (id, machine) in page.rows {
                    if machine.state != ClientState::Retired {
                        known.push(Known { machine, credentials: credentials::of_machine(view, id)? });
                    }
                }
                Ok((known, page.next))
            })
            .await?;
        for known in page.0 {
            present.machines.insert(machine_key(&known.machine.tenant, &known.machine.name), known);
        }
        after = page.1;
        if after.is_none() {
            break;
        }
    }
    present.people = people(app, &present, file).await?;
    let ids: Vec<Id<Person>> = present.people.iter().map(|person| person.id).collect();
    present.members = app
        .store
        .read(move |view| {
            let mut members = BTreeSet::new();
            for id in ids {
                let roles = view.get(&MEMBERSHIPS, &id)?.map(|membership| membership.roles).unwrap_or_default();
                members.extend(roles.into_iter().map(|held| (id, held.tenant.to_string())));
            }
            Ok(members)
        })
        .await?;
    Ok(present)
}

/// Every row of a table, some in each snapshot.
async fn every<K: RowKey + Send + Sync + 'static, V: DeserializeOwned + Send + 'static>(
    app: &App,
    table: &'static Table<K, V>,
) -> Result<Vec<(K, V)>, Fault> {
    let (mut rows, mut after) = (Vec::new(), None::<K>);
    loop {
        let page = app.store.read(move |view| view.page(table, after.as_ref(), AT_ONCE)).await?;
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            return Ok(rows);
        }
    }
}

/// Whoever carries our word, or is to by its id, whatever made it a client.
async fn carriers(app: &App, present: &Present, file: Option<&Document>) -> Result<BTreeMap<String, Client>, Fault> {
    let named = file.and_then(|file| file.crossings.as_ref()).into_iter().flatten();
    let named = named.filter_map(|one| one.get("client")?.as_str()?.parse::<ClientId>().ok());
    let ids: BTreeSet<String> =
        named.chain(present.crossings.iter().map(|one| one.client_id.clone())).map(|id| id.to_string()).collect();
    app.store
        .read(move |view| {
            let mut found = BTreeMap::new();
            for text in ids {
                let Ok(id) = text.parse::<ClientId>() else { continue };
                found.extend(find_client::stored(view, &id)?.client().map(|client| (text, client)));
            }
            Ok(found)
        })
        .await
}

/// Whoever answers for one of the machines, is acted for or is something in a tenant, or is to be.
async fn people(app: &App, present: &Present, file: Option<&Document>) -> Result<Vec<Person>, Fault> {
    let mut owners: Vec<Id<Person>> = present.machines.values().map(|known| known.machine.owner).collect();
    owners.extend(present.delegations.iter().filter_map(|delegation| match &delegation.subject {
        Subject::Person(person) => Some(*person),
        Subject::Client(_) => None,
    }));
    // With roles alone, what people are is only counted.
    if file.is_none_or(|file| file.memberships.is_some()) {
        owners.extend(present.memberships.keys());
    }
    owners.sort_unstable();
    owners.dedup();
    let named = file.and_then(|file| file.machines.as_ref()).into_iter().flat_map(Map::values);
    let named = named.filter_map(|machine| machine.get("owner")?.as_str()?.parse::<Email>().ok());
    let acted_for = file.and_then(|file| file.delegations.as_ref()).into_iter().flatten();
    let acted_for = acted_for.filter_map(|one| one.get("person")?.as_str()?.parse::<Email>().ok());
    let members = file.and_then(|file| file.memberships.as_ref()).into_iter().flat_map(Map::keys);
    let members = members.filter_map(|email| email.parse::<Email>().ok());
    let mut named: Vec<String> = named.chain(acted_for).chain(members).map(|email| email.folded()).collect();
    named.sort_unstable();
    named.dedup();
    app.store
        .read(move |view| {
            let mut people = Vec::new();
            for owner in &owners {
                people.extend(view.get(&PEOPLE, owner)?);
            }
            for email in &named {
                let found = view.find(&PEOPLE, &PEOPLE_BY_EMAIL, email.as_str())?;
                people
                    .extend(found.map(|(_, person)| person).filter(|person| owners.binary_search(&person.id).is_err()));
            }
            Ok(people)
        })
        .await
}
