//! Applications that an administrator registered, by their names or by their ids.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Planner;
use crate::base::Resource;
use crate::model::{Client, ClientState, ScopeSet};
use crate::operations::declared::members::{Members, below};
use crate::operations::declared::nouns::{client_id, client_read, client_said};
use crate::operations::declared::present::client_keys;
use crate::operations::declared::step::Step;

impl Planner<'_> {
    pub(super) fn clients(&mut self) {
        let present = self.present;
        let keys = client_keys(&present.clients);
        let empty = Map::new();
        let section = self.file.clients.as_ref().unwrap_or(&empty);
        let mut listed: BTreeSet<String> = BTreeSet::new();
        for (key, value) in section {
            let place = below("clients", key);
            let named: Vec<&Client> = match client_id(key) {
                // As it is called here, or where the file was written that it was made by.
                Some(id) => {
                    let is_meant = |client: &&Client| client.id == id || client.declared_as.as_ref() == Some(key);
                    present.clients.iter().filter(is_meant).collect()
                }
                None => present.clients.iter().filter(|client| client.name == *key).collect(),
            };
            let before = match (client_id(key), named.as_slice()) {
                (_, [one]) => Some((*one).clone()),
                (Some(id), []) if present.placed.iter().any(|client| client.id == id) => {
                    self.notes.say(&place, "this client was registered by no administrator, and is in no file");
                    continue;
                }
                (_, []) => None,
                (Some(_), _) => {
                    self.notes.say(&place, "two clients go by this id: one of them by a file from elsewhere");
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
            self.clients.push((place.clone(), after.clone()));
            let said = |client: &Client| client_said(client, key, self.house.issuer);
            let (was, is) = (before.as_ref().map(said), said(&after));
            self.differs(place, was, is, || Step::Client(Box::new((before, Some(after)))));
        }
        for (key, client) in keys.iter().zip(&present.clients) {
            let place = below("clients", key);
            if listed.contains(&client.id.to_string()) {
                continue;
            }
            let mut said = client_said(client, key, self.house.issuer);
            // They go with it.
            let crossings = present.crossings.iter().filter(|crossing| crossing.client_id == client.id);
            let crossings: Vec<Value> = crossings.map(|crossing| crossing.audience.clone().into()).collect();
            if !crossings.is_empty() {
                said.insert("crossings".to_owned(), crossings.into());
            }
            let goes = self.file.clients.is_some()
                && self.goes(place.clone(), said, || Step::Client(Box::new((Some(client.clone()), None))));
            if !goes {
                self.clients.push((place.clone(), client.clone()));
                let leans: Vec<&Resource> = client.resources.iter().chain(&client.serves).collect();
                self.leans_on_nothing(&place, &client.scope.clone().unwrap_or_default(), &leans);
            }
        }
        for client in &present.placed {
            let leans: Vec<&Resource> = client.resources.iter().chain(&client.serves).collect();
            let place = format!("the application {} ({}), which registered itself,", client.name, client.id);
            self.leans_on_nothing(&place, &ScopeSet::new(), &leans);
        }
    }
}
