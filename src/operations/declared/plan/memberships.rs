//! What people are in the tenants. People are in no file: they are named by their addresses, and must be here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Map;

use super::{Planner, nobody};
use crate::base::Id;
use crate::model::{Email, Membership, Person};
use crate::operations::declared::members::{Members, below, text};
use crate::operations::declared::nouns::{membership_read, membership_said, role_name};
use crate::operations::declared::step::Step;
use crate::store::tables::role_key;

impl Planner<'_> {
    pub(super) fn memberships(&mut self) {
        let present = self.present;
        let empty = Map::new();
        let section = self.file.memberships.as_ref().unwrap_or(&empty);
        let people: BTreeMap<String, &Person> =
            present.people.iter().map(|person| (person.email.folded(), person)).collect();
        let mut listed: BTreeSet<Id<Person>> = BTreeSet::new();
        for (key, value) in section {
            let place = below("memberships", key);
            let email = match text::<Email>(key) {
                Ok(email) => email,
                Err(why) => {
                    self.notes.say(&place, why);
                    continue;
                }
            };
            let Some(person) = people.get(&email.folded()) else {
                self.notes.say(&place, nobody(email.as_str()));
                continue;
            };
            if !listed.insert(person.id) {
                self.notes.say(&place, "this person is in the file twice: upper and lower case are the same");
                continue;
            }
            let Some(members) = Members::of(place.clone(), value.clone(), &mut self.notes) else { continue };
            let Some((roles, custom_claims)) = membership_read(members) else { continue };
            for held in roles.iter().filter(|held| !self.roles.contains(&role_key(&held.tenant, &held.role))) {
                self.notes.say(&below(&place, "roles"), format!("the role {held} is neither here nor in this file"));
            }
            let before = present.memberships.get(&person.id);
            let after = Membership { person: person.id, roles, custom_claims };
            self.members.retain(|(id, _)| *id != person.id);
            self.members.extend(after.roles.iter().map(|held| (person.id, held.tenant.to_string())));
            let is = membership_said(&after);
            // Who is nothing has no row, and saying so makes none.
            if before.is_none() && is.is_empty() {
                continue;
            }
            let was = before.map(membership_said);
            self.differs(place, was, is, || Step::Membership(Box::new((before.cloned(), Some(after)))));
        }
        let by_id: BTreeMap<Id<Person>, &Person> = people.values().map(|person| (person.id, *person)).collect();
        for (id, membership) in present.memberships.iter().filter(|(id, _)| !listed.contains(id)) {
            // Without the section, nobody is looked up.
            let goes = self.file.memberships.is_some()
                && by_id.get(id).is_some_and(|person| {
                    self.goes(below("memberships", person.email.as_str()), membership_said(membership), || {
                        Step::Membership(Box::new((Some(membership.clone()), None)))
                    })
                });
            if goes {
                self.members.retain(|(known, _)| known != id);
                continue;
            }
            for held in &membership.roles {
                let key = role_key(&held.tenant, &held.role);
                if let Some(row) = present.roles.get(&key).filter(|_| !self.roles.contains(&key)) {
                    let why = "people have this role: take it from them first (`writ person role`)";
                    self.notes.say(&below("roles", &role_name(row)), why);
                }
            }
        }
    }
}
