//! What has to change so that things are as a file says. Pure: nothing is read or written here, and nothing is decided elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::members::{Members, Notes, Wrong, below, text};
use super::nouns::{
    CredentialRead, Said, client_id, client_read, client_said, credential_said, machine_read, machine_said,
    resource_read, resource_said, scope_read, scope_said,
};
use crate::base::{Id, Issuer, Resource, Timestamp};
use crate::config::Config;
use crate::model::{
    Client, Credential, Machine, Person, PersonState, ProtectedResource, Risk, RoleName, Scope, ScopeEntry, ScopeSet,
    TenantName,
};
use crate::operations::credentials::MOST_LIVE;
use crate::operations::machines::blank;
use crate::protocol::own_scopes::is_own;
use crate::store::tables::{machine_key, role_key};

/// A file, as far as it has sections: what has no section is left alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    pub(super) scopes: Option<Map<String, Value>>,
    pub(super) resources: Option<Map<String, Value>>,
    // Tenants and roles have no section yet: what a machine names must be there.
    pub(super) clients: Option<Map<String, Value>>,
    pub(super) machines: Option<Map<String, Value>>,
}

impl Document {
    /// Reads the sections; what is in them is read where it is planned.
    pub(super) fn parse(value: Value) -> Result<Self, Vec<Wrong>> {
        let mut notes = Notes::default();
        let mut document = Self::default();
        if let Some(mut members) = Members::of(String::new(), value, &mut notes) {
            document.scopes = members.read("scopes");
            document.resources = members.read("resources");
            document.clients = members.read("clients");
            document.machines = members.read("machines");
            members.end();
        }
        if notes.is_empty() { Ok(document) } else { Err(notes.into_wrong()) }
    }
}

/// How things are.
#[derive(Clone, Debug, Default)]
pub(super) struct Present {
    pub(super) scopes: BTreeMap<String, ScopeEntry>,
    pub(super) resources: Vec<ProtectedResource>,
    /// Those that an administrator registered.
    pub(super) clients: Vec<Client>,
    /// Those that are not retired, by tenant and folded name.
    pub(super) machines: BTreeMap<(String, String), Known>,
    /// All but the main one.
    pub(super) tenants: BTreeSet<String>,
    /// By tenant and name.
    pub(super) roles: BTreeSet<(String, String)>,
    /// Whoever answers for one of these machines, or is to.
    pub(super) people: Vec<Person>,
}

#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) machine: Machine,
    pub(super) credentials: Vec<Credential>,
}

/// What is done with what the file does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlisted {
    Stays,
    IsRemoved,
}

/// What is to be done, in the order in which it can be.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub changes: Vec<Change>,
}

/// One line of a plan.
#[derive(Clone, Debug)]
pub struct Change {
    /// Such as `machines.nightly-import`.
    pub place: String,
    pub kind: ChangeKind,
    /// What differs.
    pub fields: Vec<Field>,
    pub(super) step: Option<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Create,
    Change,
    Remove,
    /// It is there and not in the file, and stays.
    Unlisted,
}

impl ChangeKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Remove => "remove",
            Self::Unlisted => "unlisted",
        }
    }
}

/// A member that differs: how it is, how it is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub name: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// What one line does to the rows. Without `before` it makes one, without `after` it removes one.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Scope { before: Option<ScopeEntry>, after: Option<ScopeEntry> },
    Resource(Box<(Option<ProtectedResource>, Option<ProtectedResource>)>),
    Client(Box<(Option<Client>, Option<Client>)>),
    Machine(Box<MachineStep>),
}

#[derive(Clone, Debug)]
pub(super) struct MachineStep {
    pub(super) before: Option<Known>,
    pub(super) after: Option<Machine>,
    pub(super) given: Vec<CredentialRead>,
    pub(super) revoked: Vec<Credential>,
}

/// What else a plan depends on.
#[derive(Clone, Copy)]
pub(super) struct House<'a> {
    pub(super) config: &'a Config,
    pub(super) issuer: &'a Issuer,
    pub(super) now: Timestamp,
}

/// Most lines of a plan that do something: one transaction does it all.
const MOST_STEPS: usize = 5_000;
/// Most lines about what the file does not have.
const MOST_UNLISTED: usize = 1_000;

/// Compares a file with how things are.
pub(super) fn plan(
    file: &Document,
    present: &Present,
    house: House<'_>,
    unlisted: Unlisted,
) -> Result<Plan, Vec<Wrong>> {
    let mut planner = Planner {
        file,
        present,
        house,
        unlisted,
        notes: Notes::default(),
        changes: Vec::new(),
        passed_over: 0,
        scopes: present.scopes.iter().map(|(name, entry)| (name.clone(), entry.risk)).collect(),
        resources: present.resources.clone(),
        gone_scopes: BTreeSet::new(),
        gone_resources: BTreeSet::new(),
    };
    planner.scopes();
    planner.resources();
    planner.clients();
    planner.machines();
    let steps = planner.changes.iter().filter(|change| change.step.is_some()).count();
    if steps > MOST_STEPS {
        planner.notes.say("", format!("{steps} changes are too many at once: at most {MOST_STEPS}"));
    }
    if planner.notes.is_empty() { Ok(Plan { changes: planner.changes }) } else { Err(planner.notes.into_wrong()) }
}

struct Planner<'a> {
    file: &'a Document,
    present: &'a Present,
    house: House<'a>,
    unlisted: Unlisted,
    notes: Notes,
    changes: Vec<Change>,
    passed_over: usize,
    /// The catalogue as it will be.
    scopes: BTreeMap<String, Risk>,
    /// The resources as they will be.
    resources: Vec<ProtectedResource>,
    gone_scopes: BTreeSet<String>,
    gone_resources: BTreeSet<String>,
}

impl Planner<'_> {
    fn scopes(&mut self) {
        let Some(section) = &self.file.scopes else { return };
        let mut read: Vec<(String, ScopeEntry)> = Vec::new();
        for (name, value) in section {
            let place = below("scopes", name);
            let Some(members) = Members::of(place.clone(), value.clone(), &mut self.notes) else { continue };
            if let Some(entry) = scope_read(name, members, self.house.now) {
                self.scopes.insert(name.clone(), entry.risk);
                read.push((place, entry));
            }
        }
        // The appliance's own stay as they are, listed or not.
        let unlisted = |name: &String| !section.contains_key(name) && !is_own(name);
        for (name, entry) in self.present.scopes.iter().filter(|(name, _)| unlisted(name)) {
            if self.goes(below("scopes", name), scope_said(entry), || Step::Scope {
                before: Some(entry.clone()),
                after: None,
            }) {
                self.scopes.remove(name);
                self.gone_scopes.insert(name.clone());
            }
        }
        for (place, entry) in read {
            self.known_scopes(&below(&place, "implies"), &entry.implies);
            let before = self.present.scopes.get(entry.name.as_str());
            let created_at = before.map_or(entry.created_at, |before| before.created_at);
            let after = ScopeEntry { created_at, ..entry };
            let (was, is) = (before.map(scope_said), scope_said(&after));
            if is_own(after.name.as_str()) && was.as_ref() != Some(&is) {
                self.notes.say(&place, "names that begin with writ: are the appliance's own, and stay as they are");
                continue;
            }
            self.differs(place, was, is, || Step::Scope { before: before.cloned(), after: Some(after) });
        }
        // What stays must not lean on what goes.
        for (name, entry) in &self.present.scopes {
            if !section.contains_key(name) && self.scopes.contains_key(name) {
                self.leans_on_nothing(&below("scopes", name), &entry.implies, &[]);
            }
        }
    }

    fn resources(&mut self) {
        let empty = Map::new();
        let section = self.file.resources.as_ref().unwrap_or(&empty);
        let mut read: Vec<(String, ProtectedResource)> = Vec::new();
        for (identifier, value) in section {
            let place = below("resources", identifier);
            let Some(members) = Members::of(place.clone(), value.clone(), &mut self.notes) else { continue };
            let risks = &self.scopes;
            let harmless = |offered: &ScopeSet| {
                let low = offered.only(|scope| risks.get(scope.as_str()) == Some(&Risk::Low));
                if low.is_empty() { offered.clone() } else { low }
            };
            read.extend(
                resource_read(identifier, members, self.house.config, harmless, self.house.now)
                    .map(|resource| (place, resource)),
            );
        }
        let defaults: Vec<&str> =
            read.iter().filter(|(_, row)| row.is_default).map(|(place, _)| place.as_str()).collect();
        if let [first, second, ..] = defaults.as_slice() {
            self.notes.say(&below(second, "default"), format!("{first} is the default already; there is one"));
        }
        let takes_over = !defaults.is_empty();
        let present = self.present;
        for row in &present.resources {
            let place = below("resources", row.identifier.as_str());
            if section.contains_key(row.identifier.as_str()) {
                continue;
            }
            let before = row.clone();
            let goes = self.file.resources.is_some()
                && self.goes(place.clone(), resource_said(row), || Step::Resource(Box::new((Some(before), None))));
            if goes {
                self.gone_resources.insert(row.identifier.to_string());
                self.resources.retain(|other| other.id != row.id);
            } else {
                self.leans_on_nothing(&place, &row.scopes, &[]);
                // Another one takes its place as the default.
                if takes_over && row.is_default {
                    let after = ProtectedResource { is_default: false, ..row.clone() };
                    let (was, is) = (Some(resource_said(row)), resource_said(&after));
                    self.differs(place, was, is, || Step::Resource(Box::new((Some(row.clone()), Some(after)))));
                }
            }
        }
        for (place, row) in read {
            self.known_scopes(&below(&place, "scopes"), &row.scopes);
            let before = present.resources.iter().find(|other| other.identifier == row.identifier).cloned();
            let after = match &before {
                Some(before) => ProtectedResource { id: before.id, created_at: before.created_at, ..row },
                None => row,
            };
            self.resources.retain(|other| other.identifier != after.identifier);
            self.resources.push(after.clone());
            let (was, is) = (before.as_ref().map(resource_said), resource_said(&after));
            self.differs(place, was, is, || Step::Resource(Box::new((before, Some(after)))));
        }
        let mut urls: BTreeMap<String, String> = BTreeMap::new();
        for row in &self.resources {
            for url in std::iter::once(&row.identifier).chain(&row.aliases) {
                let owner = row.identifier.to_string();
                if let Some(other) = urls.insert(url.folded(), owner.clone()).filter(|other| *other != owner) {
                    let place = below(&below("resources", &owner), "aliases");
                    self.notes.say(&place, format!("{url} is {other} already, or an alias of it"));
                }
            }
        }
    }

    fn clients(&mut self) {
        let present = self.present;
        let keys = client_keys(&present.clients);
        let empty = Map::new();
        let section = self.file.clients.as_ref().unwrap_or(&empty);
        let mut listed: BTreeSet<String> = BTreeSet::new();
        for (key, value) in section {
            let place = below("clients", key);
            let named: Vec<&Client> = match client_id(key) {
                Some(id) => present.clients.iter().filter(|client| client.id == id).collect(),
                None => present.clients.iter().filter(|client| client.name == *key).collect(),
            };
            let before = match (client_id(key), named.as_slice()) {
                (_, [one]) => Some((*one).clone()),
                (None, []) => None,
                (Some(_), _) => {
                    self.notes
                        .say(&place, "no client that an administrator registered has this id: use a name of its own");
                    continue;
                }
                (None, _) => {
                    self.notes.say(&place, "several clients have this name: write them by their client_id");
                    continue;
                }
            };
            if let Some(before) = &before
                && !listed.insert(before.id.to_string())
            {
                self.notes.say(&place, "this client is in the file twice, by its id and by its name");
                continue;
            }
            let Some(members) = Members::of(place.clone(), value.clone(), &mut self.notes) else { continue };
            let Some(mut after) = client_read(key, members, before.as_ref(), self.house.now) else { continue };
            self.known_scopes(&below(&place, "scope"), &after.scope.clone().unwrap_or_default());
            after.resources = self.resolved(&below(&place, "resources"), &after.resources);
            after.serves = self.resolved(&below(&place, "serves"), &after.serves);
            let said = |client: &Client| client_said(client, key, self.house.issuer);
            let (was, is) = (before.as_ref().map(said), said(&after));
            self.differs(place, was, is, || Step::Client(Box::new((before, Some(after)))));
        }
        for (key, client) in keys.iter().zip(&present.clients) {
            let place = below("clients", key);
            if listed.contains(&client.id.to_string()) {
                continue;
            }
            let said = client_said(client, key, self.house.issuer);
            let goes = self.file.clients.is_some()
                && self.goes(place.clone(), said, || Step::Client(Box::new((Some(client.clone()), None))));
            if !goes {
                let leans: Vec<&Resource> = client.resources.iter().chain(&client.serves).collect();
                self.leans_on_nothing(&place, &client.scope.clone().unwrap_or_default(), &leans);
            }
        }
    }

    fn machines(&mut self) {
        let empty = Map::new();
        let section = self.file.machines.as_ref().unwrap_or(&empty);
        let mut listed: BTreeSet<(String, String)> = BTreeSet::new();
        for (key, value) in section {
            let place = below("machines", key);
            let Some((tenant, name)) = self.tenant_and_name(&place, key) else { continue };
            let unique = machine_key(&tenant, &name);
            if !listed.insert(unique.clone()) {
                self.notes.say(&place, "this machine is in the file twice: upper and lower case are the same");
                continue;
            }
            let Some(members) = Members::of(place.clone(), value.clone(), &mut self.notes) else { continue };
            let Some(read) = machine_read(&name, members, self.house.now) else { continue };
            let before = self.present.machines.get(&unique);
            let Some(owner) = self.owner(&place, &read.owner.folded(), before) else { continue };
            let mut terms = read.terms;
            self.known_roles(&place, &tenant, &terms.roles);
            self.known_scopes(&below(&place, "scope"), &terms.scope);
            for access in &mut terms.access {
                let at = below(&place, "access");
                self.known_scopes(&at, &access.scope.clone().unwrap_or_default());
                if let [resource] = self.resolved(&at, std::slice::from_ref(&access.resource)).as_slice() {
                    access.resource = resource.clone();
                }
            }
            let mut seen = BTreeSet::new();
            if let Some(twice) = terms.access.iter().find(|access| !seen.insert(access.resource.to_string())) {
                self.notes.say(&below(&place, "access"), format!("{} is named twice", twice.resource));
            }
            terms.serves = self.resolved(&below(&place, "serves"), &terms.serves);
            let base = match before {
                Some(before) => Machine { owner, ..before.machine.clone() },
                None => blank(Id::from_bytes([0; 16]), owner, tenant, self.house.now),
            };
            self.machine(place, before, terms.put_into(base), read.credentials);
        }
        for (unique, known) in &self.present.machines {
            let place = below("machines", &machine_name(&known.machine));
            if listed.contains(unique) {
                continue;
            }
            let goes = self.file.machines.is_some()
                && self.goes(place.clone(), self.said(&known.machine, &self.public(known)), || {
                    Step::Machine(Box::new(MachineStep {
                        before: Some(known.clone()),
                        after: None,
                        given: Vec::new(),
                        revoked: Vec::new(),
                    }))
                });
            if !goes {
                let machine = &known.machine;
                let own = machine.access.iter().filter_map(|access| access.scope.as_ref());
                let scope = own.fold(machine.scope.clone(), |all, scope| all.union(scope));
                let leans: Vec<&Resource> =
                    machine.access.iter().map(|access| &access.resource).chain(&machine.serves).collect();
                self.leans_on_nothing(&place, &scope, &leans);
            }
        }
    }

    fn known_roles(&mut self, place: &str, tenant: &TenantName, roles: &[RoleName]) {
        if tenant.as_str() != TenantName::MAIN && !self.present.tenants.contains(tenant.as_str()) {
            self.notes.say(place, format!("there is no tenant {tenant}; `writ tenant add` makes it"));
            return;
        }
        for role in roles.iter().filter(|role| !self.present.roles.contains(&role_key(tenant, role))) {
            let why = format!("there is no role {tenant}/{role}; `writ role add` makes it");
            self.notes.say(&below(place, "roles"), why);
        }
    }

    fn tenant_and_name(&mut self, place: &str, key: &str) -> Option<(TenantName, String)> {
        let Some((tenant, name)) = key.split_once('/') else { return Some((TenantName::default(), key.to_owned())) };
        match text::<TenantName>(tenant) {
            Ok(tenant) => Some((tenant, name.to_owned())),
            Err(why) => {
                self.notes.say(place, format!("before the slash is its tenant, and {why}"));
                None
            }
        }
    }

    /// Whoever is to answer for a machine. One who answers for it already need not be active: that is another matter.
    fn owner(&mut self, place: &str, folded: &str, before: Option<&Known>) -> Option<Id<Person>> {
        let person = self.present.people.iter().find(|person| person.email.folded() == folded);
        let why = match person {
            Some(person) if before.is_some_and(|before| before.machine.owner == person.id) => return Some(person.id),
            Some(person) if person.state == PersonState::Active => return Some(person.id),
            Some(_) => "this person is suspended and can answer for nothing",
            None => "nobody here has this e-mail address",
        };
        self.notes.say(&below(place, "owner"), why);
        None
    }

    /// The credentials that a file can say, of those that are good.
    fn public(&self, known: &Known) -> Vec<(Credential, Value)> {
        let live = known.credentials.iter().filter(|credential| credential.is_live(self.house.now));
        live.filter_map(|credential| Some((credential.clone(), credential_said(credential)?))).collect()
    }

    fn said(&self, machine: &Machine, credentials: &[(Credential, Value)]) -> Said {
        let said: Vec<Value> = credentials.iter().map(|(_, said)| said.clone()).collect();
        machine_said(machine, self.email(machine.owner), &said)
    }

    fn email(&self, id: Id<Person>) -> Option<&str> {
        self.present.people.iter().find(|person| person.id == id).map(|person| person.email.as_str())
    }

    fn machine(&mut self, place: String, before: Option<&Known>, after: Machine, credentials: Vec<CredentialRead>) {
        let there = before.map(|known| self.public(known)).unwrap_or_default();
        let (mut left, mut given) = (there.clone(), Vec::new());
        for credential in credentials {
            match left.iter().position(|(_, said)| *said == credential.said) {
                Some(place) => drop(left.remove(place)),
                None => given.push(credential),
            }
        }
        let prunes = self.unlisted == Unlisted::IsRemoved;
        let mut will_be: Vec<Value> = there.iter().map(|(_, said)| said.clone()).collect();
        if prunes {
            will_be.retain(|said| !left.iter().any(|(_, gone)| gone == said));
        }
        will_be.extend(given.iter().map(|credential| credential.said.clone()));
        let live = |known: &Known| known.credentials.iter().filter(|one| one.is_live(self.house.now)).count();
        let gone = if prunes { left.len() } else { 0 };
        if before.map_or(0, live) + given.len() > MOST_LIVE + gone {
            let why = format!("a machine has at most {MOST_LIVE} live credentials, those in no file included");
            self.notes.say(&below(&place, "credentials"), why);
        }
        let was = before.map(|known| self.said(&known.machine, &there));
        let is = machine_said(&after, self.email(after.owner), &will_be);
        let revoked = left.iter().filter(|_| prunes).map(|(credential, _)| credential.clone()).collect();
        let before = before.cloned();
        self.differs(place.clone(), was, is, || {
            Step::Machine(Box::new(MachineStep { before, after: Some(after), given, revoked }))
        });
        if !prunes {
            for (credential, _) in left {
                self.stays(below(&below(&place, "credentials"), &credential.name));
            }
        }
    }

    /// A line for what the file does not have. Says whether it goes.
    fn goes(&mut self, place: String, said: Said, step: impl FnOnce() -> Step) -> bool {
        if self.unlisted == Unlisted::Stays {
            self.stays(place);
            return false;
        }
        let fields = said.into_iter().map(|(name, value)| Field { name, before: Some(value), after: None }).collect();
        self.changes.push(Change { place, kind: ChangeKind::Remove, fields, step: Some(step()) });
        true
    }

    fn stays(&mut self, place: String) {
        self.passed_over += 1;
        if self.passed_over <= MOST_UNLISTED {
            self.changes.push(Change { place, kind: ChangeKind::Unlisted, fields: Vec::new(), step: None });
        }
    }

    /// A line, if there is a difference.
    fn differs(&mut self, place: String, was: Option<Said>, is: Said, step: impl FnOnce() -> Step) {
        let kind = if was.is_some() { ChangeKind::Change } else { ChangeKind::Create };
        let was = was.unwrap_or_default();
        let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        let fields: Vec<Field> = (names.into_iter())
            .filter(|name| was.get(*name) != is.get(*name))
            .map(|name| Field { name: name.clone(), before: was.get(name).cloned(), after: is.get(name).cloned() })
            .collect();
        if kind == ChangeKind::Create || !fields.is_empty() {
            self.changes.push(Change { place, kind, fields, step: Some(step()) });
        }
    }

    fn known_scopes(&mut self, place: &str, scopes: &ScopeSet) {
        let unknown = scopes.only(|scope: &Scope| !self.scopes.contains_key(scope.as_str()));
        for scope in unknown.iter() {
            self.notes.say(place, format!("the scope `{scope}` is neither in the catalogue nor in this file"));
        }
    }

    /// The identifiers that are meant, aliases resolved, none twice.
    fn resolved(&mut self, place: &str, asked: &[Resource]) -> Vec<Resource> {
        let mut known: Vec<Resource> = Vec::new();
        for url in asked {
            let folded = url.folded();
            let is_meant = |row: &&ProtectedResource| {
                std::iter::once(&row.identifier).chain(&row.aliases).any(|other| other.folded() == folded)
            };
            match self.resources.iter().find(is_meant) {
                Some(row) if known.contains(&row.identifier) => {}
                Some(row) => known.push(row.identifier.clone()),
                None => self.notes.say(place, format!("{url} is neither a registered resource nor in this file")),
            }
        }
        known
    }

    /// What stays and is not in the file must not lose what it refers to.
    fn leans_on_nothing(&mut self, place: &str, scopes: &ScopeSet, resources: &[&Resource]) {
        for scope in scopes.iter().filter(|scope| self.gone_scopes.contains(scope.as_str())) {
            let why = format!("{place} refers to it; it cannot be removed alone");
            self.notes.say(&below("scopes", scope.as_str()), why);
        }
        for url in resources.iter().filter(|url| self.gone_resources.contains(url.as_str())) {
            let why = format!("{place} refers to it; it cannot be removed alone");
            self.notes.say(&below("resources", url.as_str()), why);
        }
    }
}

/// What a file calls a machine: its name, behind its tenant where that is not the usual one.
pub(super) fn machine_name(machine: &Machine) -> String {
    if machine.tenant == TenantName::default() && !machine.name.contains('/') {
        machine.name.clone()
    } else {
        format!("{}/{}", machine.tenant, machine.name)
    }
}

/// What a file calls each client: its name, or its id where several have that.
pub(super) fn client_keys(clients: &[Client]) -> Vec<String> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for client in clients {
        *count.entry(client.name.as_str()).or_default() += 1;
    }
    let key = |client: &Client| match count.get(client.name.as_str()) {
        Some(1) if client_id(&client.name).is_none() => client.name.clone(),
        _ => client.id.to_string(),
    };
    clients.iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::Sources;

    fn planned(file: Value, present: &Present, unlisted: Unlisted) -> Result<Vec<(ChangeKind, String)>, Vec<Wrong>> {
        let sources = Sources { flags: Vec::new(), file: None, environment: Vec::new() };
        let config = sources.load().unwrap().config;
        let house = House { config: &config, issuer: &config.public_url, now: Timestamp::from_seconds(1_800_000_000) };
        let plan = plan(&Document::parse(file)?, present, house, unlisted)?;
        Ok(plan.changes.into_iter().map(|change| (change.kind, change.place)).collect())
    }

    fn catalogue(names: &[&str]) -> Present {
        let entry = |name: &&str| ScopeEntry {
            name: name.parse().unwrap(),
            description: "Something".to_owned(),
            risk: Risk::Low,
            implies: ScopeSet::new(),
            created_at: Timestamp::from_seconds(1),
        };
        let scopes = names.iter().map(|name| ((*name).to_owned(), entry(name))).collect();
        Present { scopes, ..Present::default() }
    }

    #[test]
    fn what_is_as_it_should_be_is_no_line() {
        let present = catalogue(&["a", "b"]);
        let same = json!({ "description": "Something", "risk": "low" });
        let file = json!({ "scopes": { "a": same, "b": { "description": "Something" } } });
        assert_eq!(planned(file, &present, Unlisted::IsRemoved).unwrap(), []);
        assert_eq!(planned(json!({}), &present, Unlisted::IsRemoved).unwrap(), [], "no section, nothing to remove");
    }

    #[test]
    fn nothing_is_removed_in_silence() {
        let (present, file) = (catalogue(&["a", "b"]), json!({ "scopes": { "a": { "description": "Other" } } }));
        assert_eq!(
            planned(file.clone(), &present, Unlisted::Stays).unwrap(),
            [(ChangeKind::Unlisted, "scopes.b".to_owned()), (ChangeKind::Change, "scopes.a".to_owned()),]
        );
        assert_eq!(
            planned(file, &present, Unlisted::IsRemoved).unwrap()[0],
            (ChangeKind::Remove, "scopes.b".to_owned())
        );
    }

    #[test]
    fn what_a_file_brings_it_may_refer_to_and_what_it_removes_not() {
        let present = catalogue(&["a", "b"]);
        let resource = |scope: &str| json!({ "https://r.example/": { "name": "R", "scopes": [scope] } });
        let file = json!({ "scopes": { "new": { "description": "New" } }, "resources": resource("new") });
        assert!(planned(file, &present, Unlisted::Stays).is_ok());
        let file = json!({ "scopes": { "new": { "description": "New" } }, "resources": resource("a") });
        assert!(planned(file.clone(), &present, Unlisted::Stays).is_ok());
        let wrong = planned(file, &present, Unlisted::IsRemoved).unwrap_err();
        assert_eq!(wrong[0].place, "resources.\"https://r.example/\".scopes");
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once_and_within_bounds() {
        let scopes: Map<String, Value> = (0..500).map(|n| (format!("s{n}"), json!({ "risk": "some" }))).collect();
        let wrong = planned(json!({ "scopes": scopes }), &Present::default(), Unlisted::Stays).unwrap_err();
        assert_eq!(wrong.len(), 100);
        assert!(wrong.iter().any(|wrong| wrong.place == "scopes.s0.risk"));
        assert!(wrong.iter().any(|wrong| wrong.place == "scopes.s0.description" && wrong.why == "this is missing"));
    }
}
