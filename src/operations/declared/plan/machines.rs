//! Machines, whose they are, and their credentials that are no secrets.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Planner, Unlisted, nobody};
use crate::base::{Id, Resource};
use crate::model::{ClientState, Credential, Machine, Person, PersonState};
use crate::operations::credentials::MOST_LIVE;
use crate::operations::declared::members::{Members, below};
use crate::operations::declared::nouns::{
    CredentialRead, Said, credential_said, machine_read, machine_said, role_name,
};
use crate::operations::declared::present::{Known, machine_name};
use crate::operations::declared::step::{MachineStep, Step};
use crate::operations::machines::blank;
use crate::store::tables::{machine_key, role_key};

impl Planner<'_> {
    pub(super) fn machines(&mut self) {
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
}
