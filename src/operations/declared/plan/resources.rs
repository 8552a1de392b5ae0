//! Protected resources: no address is two of them, and one at most is the default.

use std::collections::BTreeMap;

use serde_json::Map;

use super::Planner;
use crate::model::{ProtectedResource, Risk, ScopeSet};
use crate::operations::declared::members::{Members, below};
use crate::operations::declared::nouns::{resource_read, resource_said};
use crate::operations::declared::step::Step;
use crate::operations::find_resource::is_itself;

impl Planner<'_> {
    pub(super) fn resources(&mut self) {
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
}
