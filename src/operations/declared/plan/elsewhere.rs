//! Identity providers whose word about people is taken, and where our own is carried.

use std::collections::BTreeSet;

use super::Planner;
use crate::base::Id;
use crate::model::{Client, ClientId, Crossing, IdentityProvider};
use crate::operations::crossings::{MAY_NOT_CARRY, MOST_CROSSINGS, may_carry};
use crate::operations::declared::members::{Members, below};
use crate::operations::declared::nouns::{crossing_read, crossing_to_be, provider_read, provider_said};
use crate::operations::declared::present::crossing_name;
use crate::operations::declared::step::{Carrier, CrossingStep, Step};
use crate::operations::providers::MOST_PROVIDERS;

impl Planner<'_> {
    pub(super) fn providers(&mut self) {
        let Some(section) = &self.file.providers else { return };
        let present = self.present;
        let mut will_be = section.len();
        for row in present.providers.iter().filter(|row| !section.contains_key(&row.issuer)) {
            let goes = self.goes(below("providers", &row.issuer), provider_said(row), || {
                Step::Provider(Box::new((Some(row.clone()), None)))
            });
            will_be += usize::from(!goes);
        }
        if will_be > MOST_PROVIDERS {
            self.notes.say("providers", format!("there are at most {MOST_PROVIDERS} identity providers"));
        }
        for (issuer, value) in section {
            let place = below("providers", issuer);
            let Some(members) = Members::of(place.clone(), value.clone(), &mut self.notes) else { continue };
            let Some(read) = provider_read(issuer, members, self.house.issuer, self.house.now) else { continue };
            let before = present.providers.iter().find(|row| row.issuer == *issuer).cloned();
            let after = match &before {
                Some(before) => {
                    let mut after = IdentityProvider { id: before.id, created_at: before.created_at, ..read };
                    if let (Some(is), Some(was)) = (&mut after.sign_in, &before.sign_in) {
                        (is.secret, is.secret_set_at) = (was.secret.clone(), was.secret_set_at);
                    }
                    after
                }
                None => read,
            };
            let (was, is) = (before.as_ref().map(provider_said), provider_said(&after));
            self.differs(place, was, is, || Step::Provider(Box::new((before, Some(after)))));
        }
    }

    pub(super) fn crossings(&mut self) {
        let Some(section) = &self.file.crossings else { return };
        let present = self.present;
        let mut listed: BTreeSet<Id<Crossing>> = BTreeSet::new();
        let mut pairs: BTreeSet<String> = BTreeSet::new();
        for (n, value) in section.iter().enumerate() {
            let place = format!("crossings.{n}");
            let Some(members) = Members::of(place, value.clone(), &mut self.notes) else { continue };
            let Some(read) = crossing_read(members, self.house.issuer) else { continue };
            let place = below("crossings", &crossing_name(&read.client, &read.terms.audience));
            let Some(carrier) = self.carrier(&below(&place, "client"), &read.client) else { continue };
            if !pairs.insert(format!("{carrier:?} {}", read.terms.audience)) {
                self.notes.say(&place, "this crossing is in the file twice: there is one for each client and audience");
                continue;
            }
            let known = match &carrier {
                Carrier::Known(id) => Some(id.clone()),
                Carrier::Made(_) => None,
            };
            let is_this =
                |row: &&Crossing| Some(&row.client_id) == known.as_ref() && row.audience == read.terms.audience;
            let before = present.crossings.iter().find(is_this).cloned();
            listed.extend(before.as_ref().map(|before| before.id));
            // As the export calls it.
            let client = known.as_ref().map_or_else(|| read.client.clone(), |id| present.client_called(id));
            let (was, is) = (
                before.as_ref().map(|before| present.crossing_said(before).1),
                crossing_to_be(&client, known.as_ref(), &read.terms),
            );
            let after = Some((carrier, read.terms));
            self.differs(place, was, is, || Step::Crossing(Box::new(CrossingStep { before, after })));
        }
        let mut will_be = pairs.len();
        for row in present.crossings.iter().filter(|row| !listed.contains(&row.id)) {
            let (name, said) = present.crossing_said(row);
            let goes = self.goes(below("crossings", &name), said, || {
                Step::Crossing(Box::new(CrossingStep { before: Some(row.clone()), after: None }))
            });
            will_be += usize::from(!goes);
        }
        if will_be > MOST_CROSSINGS {
            self.notes.say("crossings", format!("there are at most {MOST_CROSSINGS} crossings"));
        }
    }

    /// The client that will be there, by what the file calls it, if it may carry our word.
    fn carrier(&mut self, place: &str, name: &str) -> Option<Carrier> {
        // What the file itself calls one, whatever that is here.
        let (here, called) = (below("clients", name), name.parse::<ClientId>());
        let by_key = self.clients.iter().find(|(place, _)| called.is_ok() && *place == here);
        let by_key = by_key.map(|(place, client)| to_carry(client, place));
        let found = match called {
            Ok(_) if by_key.is_some() => by_key,
            Ok(id) => {
                let known = self
                    .present
                    .carriers
                    .get(&id.to_string())
                    .map(|client| (Carrier::Known(id.clone()), may_carry(client)));
                self.clients
                    .iter()
                    .find(|(_, client)| client.id == id)
                    .map(|(_, client)| to_carry(client, ""))
                    .or(known)
            }
            Err(_) => {
                let named: Vec<&(String, Client)> =
                    self.clients.iter().filter(|(_, client)| client.name == name).collect();
                match named.as_slice() {
                    [] => None,
                    [(place, client)] => Some(to_carry(client, place)),
                    _ => {
                        self.notes.say(place, "several clients have this name: write this one by its client_id");
                        return None;
                    }
                }
            }
        };
        let why = match found {
            Some((carrier, true)) => return Some(carrier),
            Some((_, false)) => MAY_NOT_CARRY.to_owned(),
            None => format!("there is no client {name}, neither here nor in this file"),
        };
        self.notes.say(place, why);
        None
    }
}

fn to_carry(client: &Client, place: &str) -> (Carrier, bool) {
    // One that the file makes has no id yet.
    let is_new = client.id == ClientId::Registered(Id::from_bytes([0; 16]));
    let carrier = if is_new { Carrier::Made(place.to_owned()) } else { Carrier::Known(client.id.clone()) };
    (carrier, may_carry(client))
}
