//! What people call the things that rows and events name by id.

use std::collections::BTreeMap;

use super::find_client::{self, Found};
use crate::app::App;
use crate::base::{Fault, Id};
use crate::model::{ClientId, IdentityProvider, Machine, Person, ProtectedResource};
use crate::store::tables::{MACHINES, PEOPLE, PROVIDERS, RESOURCES};
use crate::store::{Read as _, View};

/// Most names that are looked up at once: a page of events names two or three each.
const MOST: usize = 1_000;

/// Names by id. What has none goes by its id.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// What to call whatever has this id. An application that is gone goes by its name while that is remembered.
    pub fn of<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, String::as_str)
    }
}

/// The names of all these ids, of whatever kinds. One that is the id of nothing is passed over.
pub async fn of(app: &App, mut ids: Vec<String>) -> Result<Names, Fault> {
    ids.sort_unstable();
    ids.dedup();
    ids.truncate(MOST);
    app.store
        .read(move |view| {
            let mut names = BTreeMap::new();
            for id in ids {
                if let Some(name) = name(view, &id)? {
                    names.insert(id, name);
                }
            }
            Ok(Names(names))
        })
        .await
}

fn name(view: &View<'_>, id: &str) -> Result<Option<String>, Fault> {
    if let Ok(id) = id.parse::<Id<Person>>() {
        return Ok(view.get(&PEOPLE, &id)?.map(|person| person.name));
    }
    if let Ok(id) = id.parse::<Id<Machine>>() {
        return Ok(view.get(&MACHINES, &id)?.map(|machine| machine.name));
    }
    if let Ok(id) = id.parse::<Id<ProtectedResource>>() {
        return Ok(view.get(&RESOURCES, &id)?.map(|resource| resource.name));
    }
    if let Ok(id) = id.parse::<Id<IdentityProvider>>() {
        return Ok(view.get(&PROVIDERS, &id)?.map(|provider| provider.called().to_owned()));
    }
    let Ok(id) = id.parse::<ClientId>() else { return Ok(None) };
    Ok(match find_client::stored(view, &id)? {
        Found::Client(client) => Some(client.name.clone()),
        Found::Gone(tombstone) => Some(tombstone.name),
        Found::BadDocument(_) | Found::Unknown => None,
    })
}
