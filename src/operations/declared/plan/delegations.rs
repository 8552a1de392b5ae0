//! Delegations, one for each pair; those that people made themselves are theirs.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Planner, nobody};
use crate::base::Id;
use crate::model::{ClientId, Delegation, Email, Machine, Person, PersonState, Subject, TenantName};
use crate::operations::declared::members::{Members, below};
use crate::operations::declared::nouns::{Said, delegation_read};
use crate::operations::declared::present::{is_their_own, machine_name};
use crate::operations::declared::step::{DelegationStep, Granted, Step, Whom};
use crate::store::tables::machine_key;

impl Planner<'_> {
    pub(super) fn delegations(&mut self) {
        let present = self.present;
        let mut listed: BTreeSet<Id<Delegation>> = BTreeSet::new();
        self.delegations_of(self.file.delegations.as_deref().unwrap_or_default(), &mut listed);
        for delegation in present.delegations.iter().filter(|delegation| !listed.contains(&delegation.id)) {
            let said = present.delegation_said(delegation);
            let place = match &said {
                Some((name, _)) => below("delegations", name),
                None => format!("the delegation {}, which is in no file,", delegation.id),
            };
            let goes = match said.filter(|_| self.file.delegations.is_some()) {
                Some((_, said)) => self.goes(place.clone(), said, || {
                    Step::Delegation(Box::new(DelegationStep { before: Some(delegation.clone()), after: None }))
                }),
                None => false,
            };
            // One whose machine goes, goes with it.
            if !goes && self.has_its_machines(delegation) {
                self.leans_on_nothing(&place, &delegation.scope, &delegation.resources.iter().collect::<Vec<_>>());
            }
        }
    }

    fn has_its_machines(&self, delegation: &Delegation) -> bool {
        let subject = match &delegation.subject {
            Subject::Client(ClientId::Machine(id)) => Some(*id),
            _ => None,
        };
        let stays = |id: Id<Machine>| {
            let machine = self.present.machine(id);
            machine.is_some_and(|machine| self.machines.contains(&machine_key(&machine.tenant, &machine.name)))
        };
        std::iter::once(delegation.actor).chain(subject).all(stays)
    }

    fn delegations_of(&mut self, section: &[Value], listed: &mut BTreeSet<Id<Delegation>>) {
        let present = self.present;
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
                && !self.members.contains(&(*person, actor.0.clone()))
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
            // Whoever is acted for already need not be active: that is another matter.
            if let Whom::Person(person) = &after.subject
                && was.as_ref() != Some(&is)
                && present.person(*person).is_some_and(|person| person.state != PersonState::Active)
            {
                self.notes.say(&below(&place, "person"), "this person is suspended");
                continue;
            }
            self.differs(place, was, is, || Step::Delegation(Box::new(DelegationStep { before, after: Some(after) })));
        }
    }

    /// A machine that will be there, by what the file calls it.
    pub(super) fn acting(&mut self, place: &str, name: &str) -> Option<(String, String)> {
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
            Some(person) => Some(person.id),
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
}
