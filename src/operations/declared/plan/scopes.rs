//! Scopes of the catalogue, but for the appliance's own.

use super::Planner;
use crate::model::ScopeEntry;
use crate::operations::declared::members::{Members, below};
use crate::operations::declared::nouns::{scope_read, scope_said};
use crate::operations::declared::step::Step;
use crate::protocol::own_scopes::is_own;

impl Planner<'_> {
    pub(super) fn scopes(&mut self) {
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
}
