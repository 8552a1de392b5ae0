//! What has to change so that things are as a file says. Pure: nothing is read or written here, and nothing is decided elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::members::{Members, Notes, Wrong, below, text};
use super::nouns::{
    CredentialRead, Said, client_id, client_read, client_said, credential_said, delegation_read, delegation_said,
    machine_read, machine_said, resource_read, resource_said, role_name, role_read, role_said, scope_read, scope_said,
    tenant_read, tenant_said,
};
use crate::base::{Id, Issuer, Resource, Timestamp};
use crate::config::Config;
use crate::model::{
    Actor, Client, ClientId, ClientState, Credential, Delegation, Email, Machine, Person, PersonState,
    ProtectedResource, Risk, Role, RoleIn, RoleName, Scope, ScopeEntry, ScopeSet, Subject, Tenant, TenantName,
};
use crate::operations::credentials::MOST_LIVE;
use crate::operations::find_resource::is_itself;
use crate::operations::machines::blank;
use crate::protocol::own_scopes::{is_own, within_reach};
use crate::store::tables::{machine_key, role_key};

/// A file, as far as it has sections: what has no section is left alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    pub(super) scopes: Option<Map<String, Value>>,
    pub(super) resources: Option<Map<String, Value>>,
    pub(super) tenants: Option<Map<String, Value>>,
    pub(super) roles: Option<Map<String, Value>>,
    pub(super) clients: Option<Map<String, Value>>,
    pub(super) machines: Option<Map<String, Value>>,
    pub(super) delegations: Option<Vec<Value>>,
}

impl Document {
    /// Reads the sections; what is in them is read where it is planned.
    pub(super) fn parse(value: Value) -> Result<Self, Vec<Wrong>> {
        let mut notes = Notes::default();
        let mut document = Self::default();
        if let Some(mut members) = Members::of(String::new(), value, &mut notes) {
            document.scopes = members.read("scopes");
            document.resources = members.read("resources");
            document.tenants = members.read("tenants");
            document.roles = members.read("roles");
            document.clients = members.read("clients");
            document.machines = members.read("machines");
            document.delegations = members.read("delegations");
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
    pub(super) tenants: BTreeMap<String, Tenant>,
    /// By tenant and name.
    pub(super) roles: BTreeMap<(String, String), Role>,
    /// The roles that people have.
    pub(super) held: BTreeSet<(String, String)>,
    /// Those that are good now.
    pub(super) delegations: Vec<Delegation>,
    /// Whoever answers for one of these machines or is acted for, or is to be.
    pub(super) people: Vec<Person>,
    /// The tenants that these people have a role in.
    pub(super) members: BTreeSet<(Id<Person>, String)>,
}

impl Present {
    pub(super) fn person(&self, id: Id<Person>) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    pub(super) fn machine(&self, id: Id<Machine>) -> Option<&Machine> {
        self.machines.values().map(|known| &known.machine).find(|machine| machine.id == id)
    }

    /// A delegation as a file says it; `None` where the person made it themselves, or somebody it names is not here.
    pub(super) fn delegation_said(&self, delegation: &Delegation) -> Option<(String, Said)> {
        if is_their_own(delegation) {
            return None;
        }
        let actor = machine_name(self.machine(delegation.actor)?);
        let may_act = match delegation.may_act {
            Some(next) => Some(machine_name(self.machine(next)?)),
            None => None,
        };
        let (person, machine) = match &delegation.subject {
            Subject::Person(id) => (Some(self.person(*id)?.email.as_str()), None),
            Subject::Client(ClientId::Machine(id)) => (None, Some(machine_name(self.machine(*id)?))),
            Subject::Client(_) => return None,
        };
        let said = delegation_said(delegation, &actor, person, machine.as_deref(), may_act.as_deref());
        let whom = person.map(str::to_owned).or(machine)?;
        Some((format!("{actor} for {whom}"), said))
    }
}

/// Whether it is for the person alone to change.
fn is_their_own(delegation: &Delegation) -> bool {
    matches!((&delegation.subject, &delegation.granted_by), (Subject::Person(id), Actor::Person(by)) if id == by)
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
    Tenant { before: Option<Tenant>, after: Option<Tenant> },
    Role(Box<(Option<Role>, Option<Role>)>),
    Delegation(Box<DelegationStep>),
}

impl Step {
    /// Whether it stops, or ends, whoever this is.
    pub(super) fn ends(&self, who: &Actor) -> bool {
        let (before, after) = match self {
            Self::Client(rows) => {
                (rows.0.as_ref().map(|client| client.id.clone()), rows.1.as_ref().map(|client| client.state))
            }
            Self::Machine(step) => (
                step.before.as_ref().map(|known| ClientId::Machine(known.machine.id)),
                step.after.as_ref().map(|machine| machine.state),
            ),
            _ => return false,
        };
        after != Some(ClientState::Active) && before.is_some_and(|id| *who == Actor::Client(id))
    }

    /// The scopes that whatever it touches may have, before and after: nobody hands out more than they have.
    pub(super) fn gives(&self) -> ScopeSet {
        let both = |before: Option<ScopeSet>, after: Option<ScopeSet>| {
            before.unwrap_or_default().union(&after.unwrap_or_default())
        };
        match self {
            Self::Client(rows) => both(rows.0.as_ref().map(within_reach), rows.1.as_ref().map(within_reach)),
            Self::Machine(step) => {
                let of = |machine: &Machine| {
                    let own = machine.access.iter().filter_map(|access| access.scope.as_ref());
                    own.fold(machine.scope.clone(), |all, scope| all.union(scope))
                };
                both(step.before.as_ref().map(|known| of(&known.machine)), step.after.as_ref().map(of))
            }
            Self::Delegation(step) => step.after.as_ref().map(|after| after.scope.clone()).unwrap_or_default(),
            Self::Scope { .. } | Self::Resource(_) | Self::Tenant { .. } | Self::Role(_) => ScopeSet::new(),
        }
    }
}

/// What a delegation says never changes: one that is to be different is ended, and another made.
#[derive(Clone, Debug)]
pub(super) struct DelegationStep {
    pub(super) before: Option<Delegation>,
    pub(super) after: Option<Granted>,
}

/// A delegation to be made. Its machines may be made in the same transaction, so they are named.
#[derive(Clone, Debug)]
pub(super) struct Granted {
    pub(super) actor: (String, String),
    pub(super) subject: Whom,
    pub(super) may_act: Option<(String, String)>,
    pub(super) across: bool,
    pub(super) scope: ScopeSet,
    pub(super) resources: Vec<Resource>,
    pub(super) purpose: String,
    pub(super) expires_at: Timestamp,
}

#[derive(Clone, Debug)]
pub(super) enum Whom {
    Person(Id<Person>),
    Machine((String, String)),
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
        tenants: present.tenants.keys().cloned().collect(),
        roles: present.roles.keys().cloned().collect(),
        machines: present.machines.keys().cloned().collect(),
        trusts: BTreeMap::new(),
    };
    planner.tenants();
    planner.roles();
    planner.scopes();
    planner.resources();
    planner.clients();
    planner.machines();
    planner.delegations();
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
    /// Tenants, roles and machines as they will be.
    tenants: BTreeSet<String>,
    roles: BTreeSet<(String, String)>,
    machines: BTreeSet<(String, String)>,
    /// Where each federated trust will be, by what it accepts.
    trusts: BTreeMap<String, String>,
}

impl Planner<'_> {
    fn tenants(&mut self) {
        let Some(section) = &self.file.tenants else { return };
        let present = self.present;
        for (name, tenant) in present.tenants.iter().filter(|(name, _)| !section.contains_key(*name)) {
            if self.goes(below("tenants", name), tenant_said(tenant), || Step::Tenant {
                before: Some(tenant.clone()),
                after: None,
            }) {
                self.tenants.remove(name);
            }
        }
        for (name, value) in section {
            let place = below("tenants", name);
            let Some(members) = Members::of(place.clone(), value.clone(), &mut self.notes) else { continue };
            let Some(read) = tenant_read(name, members, self.house.now) else { continue };
            self.tenants.insert(name.clone());
            let before = present.tenants.get(name);
            let after = Tenant { created_at: before.map_or(read.created_at, |before| before.created_at), ..read };
            let (was, is) = (before.map(tenant_said), tenant_said(&after));
            self.differs(place, was, is, || Step::Tenant { before: before.cloned(), after: Some(after) });
        }
    }

    fn roles(&mut self) {
        let present = self.present;
        let empty = Map::new();
        let section = self.file.roles.as_ref().unwrap_or(&empty);
        let mut listed: BTreeSet<(String, String)> = BTreeSet::new();
        for (key, value) in section {
            let place = below("roles", key);
            let Some((tenant, name)) = self.tenant_and_name(&place, key) else { continue };
            let role = match text::<RoleName>(&name) {
                Ok(role) => role,
                Err(why) => {
                    self.notes.say(&place, why);
                    continue;
                }
            };
            let unique = role_key(&tenant, &role);
            if !listed.insert(unique.clone()) {
                self.notes.say(&place, "this role is in the file twice");
                continue;
            }
            self.known_tenant(&place, &tenant);
            let Some(members) = Members::of(place.clone(), value.clone(), &mut self.notes) else { continue };
            let Some(read) = role_read(RoleIn { tenant, role }, members, self.house.now) else { continue };
            self.roles.insert(unique.clone());
            let before = present.roles.get(&unique);
            let after = Role { created_at: before.map_or(read.created_at, |before| before.created_at), ..read };
            let (was, is) = (before.map(role_said), role_said(&after));
            self.differs(place, was, is, || Step::Role(Box::new((before.cloned(), Some(after)))));
        }
        for (unique, role) in present.roles.iter().filter(|(unique, _)| !listed.contains(*unique)) {
            let place = below("roles", &role_name(role));
            let goes = self.file.roles.is_some()
                && self.goes(place.clone(), role_said(role), || Step::Role(Box::new((Some(role.clone()), None))));
            if !goes {
                if !self.is_tenant(&role.tenant) {
                    let why = format!("{place} belongs to it; it cannot be removed alone");
                    self.notes.say(&below("tenants", role.tenant.as_str()), why);
                }
                continue;
            }
            self.roles.remove(unique);
            if present.held.contains(unique) {
                self.notes.say(&place, "people have this role: take it from them first (`writ person role`)");
            }
        }
    }

    fn delegations(&mut self) {
        let Some(section) = &self.file.delegations else { return };
        let present = self.present;
        let mut listed: BTreeSet<Id<Delegation>> = BTreeSet::new();
        let mut pairs: BTreeSet<String> = BTreeSet::new();
        for (n, value) in section.iter().enumerate() {
            let place = format!("delegations.{n}");
            let Some(members) = Members::of(place.clone(), value.clone(), &mut self.notes) else { continue };
            let Some(read) = delegation_read(members, self.house.now) else { continue };
            let whom = read.person.as_ref().map(|email| email.as_str().to_owned()).or_else(|| read.machine.clone());
            let name = format!("{} for {}", read.actor, whom.unwrap_or_default());
            let place = below("delegations", &name);
            let Some(actor) = self.acting(&below(&place, "actor"), &read.actor) else { continue };
            let may_act = match &read.may_act {
                Some(next) => match self.acting(&below(&place, "may_act"), next) {
                    Some(next) => Some(next),
                    None => continue,
                },
                None => None,
            };
            let subject = match (&read.person, &read.machine) {
                (Some(email), _) => self.acted_for(&below(&place, "person"), email).map(Whom::Person),
                (None, Some(name)) => self.acting(&below(&place, "machine"), name).map(Whom::Machine),
                (None, None) => None,
            };
            let Some(subject) = subject else { continue };
            let mut others = may_act.iter().collect::<Vec<_>>();
            if let Whom::Machine(machine) = &subject {
                others.push(machine);
            }
            if others.iter().any(|other| other.0 != actor.0) {
                self.notes.say(&place, "all its machines are in one tenant");
            }
            // Everybody is of the main one.
            if let Whom::Person(person) = &subject
                && !read.across
                && actor.0 != TenantName::MAIN
                && !present.members.contains(&(*person, actor.0.clone()))
            {
                let why = format!("this person has no role in {}: say `across = true` if it is meant so", actor.0);
                self.notes.say(&below(&place, "person"), why);
            }
            if matches!(&subject, Whom::Machine(machine) if *machine == actor) {
                self.notes.say(&place, "nobody needs leave to act for itself");
            }
            if !pairs.insert(format!("{actor:?} {subject:?}")) {
                self.notes.say(&place, "this delegation is in the file twice: there is one for each pair");
                continue;
            }
            self.known_scopes(&below(&place, "scope"), &read.scope);
            let resources = self.resolved(&below(&place, "resources"), &read.resources);
            let before = present.delegations.iter().find(|delegation| self.is_between(delegation, &actor, &subject));
            if before.is_some_and(is_their_own) {
                self.notes.say(&place, "this person has let it act for them already; that is theirs to change");
                continue;
            }
            listed.extend(before.map(|before| before.id));
            let after = Granted {
                actor,
                subject,
                may_act,
                across: read.across,
                scope: read.scope,
                resources,
                purpose: read.purpose,
                expires_at: read.expires_at,
            };
            let was = before.and_then(|before| present.delegation_said(before)).map(|(_, said)| said);
            let mut is: Said = value.as_object().cloned().unwrap_or_default();
            is.insert("scope".to_owned(), Value::from(after.scope.iter().map(ToString::to_string).collect::<Vec<_>>()));
            is.insert("resources".to_owned(), after.resources.iter().map(ToString::to_string).collect());
            if !after.across {
                is.remove("across");
            }
            is.insert("purpose".to_owned(), after.purpose.clone().into());
            is.insert("expires_at".to_owned(), after.expires_at.iso().into());
            is.retain(|_, value| !value.is_null() && *value != Value::Array(Vec::new()));
            if let (Some(was), Whom::Person(_)) = (&was, &after.subject) {
                // An address is the same, however it is capitalized.
                is.extend(was.get("person").cloned().map(|email| ("person".to_owned(), email)));
            }
            for name in ["actor", "machine", "may_act"] {
                // As the export calls them.
                let called = match name {
                    "actor" => Some(&after.actor),
                    "may_act" => after.may_act.as_ref(),
                    _ => match &after.subject {
                        Whom::Machine(machine) => Some(machine),
                        Whom::Person(_) => None,
                    },
                };
                let known = called.and_then(|unique| present.machines.get(unique));
                is.extend(known.map(|known| (name.to_owned(), machine_name(&known.machine).into())));
            }
            let before = before.cloned();
            self.differs(place, was, is, || Step::Delegation(Box::new(DelegationStep { before, after: Some(after) })));
        }
        for delegation in present.delegations.iter().filter(|delegation| !listed.contains(&delegation.id)) {
            let Some((name, said)) = present.delegation_said(delegation) else { continue };
            self.goes(below("delegations", &name), said, || {
                Step::Delegation(Box::new(DelegationStep { before: Some(delegation.clone()), after: None }))
            });
        }
    }

    /// A machine that will be there, by what the file calls it.
    fn acting(&mut self, place: &str, name: &str) -> Option<(String, String)> {
        let (tenant, name) = self.tenant_and_name(place, name)?;
        let unique = machine_key(&tenant, &name);
        if self.machines.contains(&unique) {
            return Some(unique);
        }
        self.notes.say(place, format!("there is no machine {tenant}/{name}, neither here nor in this file"));
        None
    }

    fn acted_for(&mut self, place: &str, email: &Email) -> Option<Id<Person>> {
        let folded = email.folded();
        match self.present.people.iter().find(|person| person.email.folded() == folded) {
            Some(person) if person.state == PersonState::Active => Some(person.id),
            Some(_) => {
                self.notes.say(place, "this person is suspended");
                None
            }
            None => {
                self.notes.say(place, nobody(email.as_str()));
                None
            }
        }
    }

    fn is_between(&self, delegation: &Delegation, actor: &(String, String), subject: &Whom) -> bool {
        let is = |id: Id<Machine>, unique: &(String, String)| {
            self.present.machines.get(unique).is_some_and(|known| known.machine.id == id)
        };
        is(delegation.actor, actor)
            && match (&delegation.subject, subject) {
                (Subject::Person(id), Whom::Person(person)) => id == person,
                (Subject::Client(ClientId::Machine(id)), Whom::Machine(unique)) => is(*id, unique),
                _ => false,
            }
    }

    fn is_tenant(&self, tenant: &TenantName) -> bool {
        tenant.as_str() == TenantName::MAIN || self.tenants.contains(tenant.as_str())
    }

    fn known_tenant(&mut self, place: &str, tenant: &TenantName) -> bool {
        let is_known = self.is_tenant(tenant);
        if !is_known {
            self.notes.say(place, format!("the tenant {tenant} is neither here nor in this file"));
        }
        is_known
    }

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
            // The same as when one is registered by hand.
            for url in std::iter::once(&row.identifier).chain(&row.aliases) {
                if is_itself(url, self.house.issuer) {
                    self.notes.say(&place, format!("{url} is this appliance itself, and cannot be another resource"));
                }
            }
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
            let read = client_read(key, members, before.as_ref(), self.house.now);
            let Some((mut after, suspended)) = read else { continue };
            let state = self.state(&place, before.as_ref().map(|client| client.state), suspended);
            if after.state == ClientState::Active && state == ClientState::Suspended {
                after.void_before = Some(self.house.now);
            }
            after.state = state;
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
            // Also if something is wrong with it: then that is what is said, and not that others miss it.
            self.machines.insert(unique.clone());
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
            let was = before.map(|before| before.machine.state);
            let state = self.state(&place, was, read.suspended);
            let acts_again = was == Some(ClientState::Suspended) && state == ClientState::Active;
            let active = |person: &Person| person.state == PersonState::Active;
            if acts_again && !self.present.person(owner).is_some_and(active) {
                self.notes.say(&below(&place, "suspended"), "its owner is suspended: hand it over to somebody first");
            }
            self.machine(place, before, Machine { state, ..terms.put_into(base) }, read.credentials);
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
            if goes {
                self.machines.remove(unique);
            } else {
                let machine = &known.machine;
                self.stays_in_place(&place, machine);
                self.trusted(&place, &self.public(known));
                let own = machine.access.iter().filter_map(|access| access.scope.as_ref());
                let scope = own.fold(machine.scope.clone(), |all, scope| all.union(scope));
                let leans: Vec<&Resource> =
                    machine.access.iter().map(|access| &access.resource).chain(&machine.serves).collect();
                self.leans_on_nothing(&place, &scope, &leans);
            }
        }
    }

    fn known_roles(&mut self, place: &str, tenant: &TenantName, roles: &[RoleName]) {
        if !self.known_tenant(place, tenant) {
            return;
        }
        for role in roles.iter().filter(|role| !self.roles.contains(&role_key(tenant, role))) {
            let why = format!("the role {tenant}/{role} is neither here nor in this file");
            self.notes.say(&below(place, "roles"), why);
        }
    }

    /// A machine that is not in the file must not lose its tenant or its roles.
    fn stays_in_place(&mut self, place: &str, machine: &Machine) {
        if !self.is_tenant(&machine.tenant) {
            let why = format!("{place} belongs to it; it cannot be removed alone");
            self.notes.say(&below("tenants", machine.tenant.as_str()), why);
        }
        for role in &machine.roles {
            let key = role_key(&machine.tenant, role);
            if let Some(row) = self.present.roles.get(&key).filter(|_| !self.roles.contains(&key)) {
                let why = format!("{place} has it; it cannot be removed alone");
                self.notes.say(&below("roles", &role_name(row)), why);
            }
        }
    }

    /// What something is to be: a stop ends only where a file says that it does.
    fn state(&mut self, place: &str, was: Option<ClientState>, suspended: Option<bool>) -> ClientState {
        match (was, suspended) {
            (_, Some(true)) => ClientState::Suspended,
            (_, Some(false)) | (None, None) => ClientState::Active,
            (Some(was), None) => {
                if was == ClientState::Suspended {
                    self.stays(below(place, "suspended"));
                }
                was
            }
        }
    }

    /// Two machines cannot be told apart by tokens that both take.
    fn trusted(&mut self, place: &str, credentials: &[(Credential, Value)]) {
        for (_, said) in credentials {
            self.one_trust(place, said);
        }
    }

    fn one_trust(&mut self, place: &str, said: &Value) {
        let Some(rules) = said.get("rules").and_then(Value::as_array) else { return };
        let mut rules: Vec<String> = rules.iter().map(Value::to_string).collect();
        rules.sort_unstable();
        let what = format!("{:?} {:?} {rules:?}", said.get("issuer"), said.get("audience"));
        match self.trusts.get(&what) {
            Some(other) if other != place => {
                let why = format!("{other} takes the same tokens; two machines cannot be told apart by them");
                self.notes.say(&below(place, "credentials"), why);
            }
            _ => drop(self.trusts.insert(what, place.to_owned())),
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
            None => {
                self.notes.say(&below(place, "owner"), nobody(folded));
                return None;
            }
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
        for said in &will_be {
            self.one_trust(&place, said);
        }
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

/// Who is missing.
fn nobody(email: &str) -> String {
    format!("nobody here has this e-mail address: {email}; add them first (`writ person add`)")
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
