//! What somebody means who names a thing as people name it: a person by their address, an application by its name, a resource by its
//! URL. Ids are always understood, also those of what is gone.

use std::str::FromStr;

use super::declined::Declined;
use super::{find_resource, search};
use crate::app::App;
use crate::base::look::skeleton;
use crate::base::{Fault, Id, Resource};
use crate::model::{Client, ClientId, Email, Person, ProtectedResource};
use crate::store::Read;
use crate::store::tables::{CLIENTS, CLIENTS_BY_LOOK, PEOPLE, PEOPLE_BY_EMAIL};

/// Most applications of one name that are looked at.
const MOST_ALIKE: usize = 100;

/// A person as they are named: by their id, or by the address they sign in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonName {
    Id(Id<Person>),
    Email(Email),
}

impl FromStr for PersonName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        (text.parse().map(Self::Id))
            .or_else(|_| text.parse().map(Self::Email))
            .map_err(|_| "a person is named by their id (per_…) or by their e-mail address")
    }
}

impl PersonName {
    pub(super) fn find(&self, read: &impl Read) -> Result<Option<Person>, Fault> {
        Ok(match self {
            Self::Id(id) => read.get(&PEOPLE, id)?,
            Self::Email(email) => {
                read.find(&PEOPLE, &PEOPLE_BY_EMAIL, email.folded().as_str())?.map(|(_, person)| person)
            }
        })
    }
}

/// The person of this id or address. `field` is what an error is about.
pub async fn person(app: &App, field: &'static str, text: &str) -> Result<Id<Person>, Declined> {
    let name = match text.parse().map_err(|why| Declined::field(field, why))? {
        PersonName::Id(id) => return Ok(id),
        name @ PersonName::Email(_) => name,
    };
    let found = app.store.read(move |view| name.find(view)).await?;
    found
        .map(|person| person.id)
        .ok_or_else(|| Declined::Missing(format!("{field}: nobody here has this e-mail address")))
}

/// The application of this id, address of its document, or name, if no other is called the same.
pub async fn client(app: &App, field: &'static str, text: &str) -> Result<ClientId, Declined> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let (name, look) = (text.to_owned(), skeleton(text));
    let found = app
        .store
        .read(move |view| {
            // Those that an administrator answers for are found by their names, among however many that registered themselves.
            let mut found = match look.is_empty() {
                true => Vec::new(),
                false => view.list(&CLIENTS, &CLIENTS_BY_LOOK, look.as_str(), MOST_ALIKE)?,
            };
            let called = name.clone();
            let others =
                search::newest(view, &CLIENTS, None, MOST_ALIKE, move |client: &Client| client.name == called)?;
            found.extend(others.rows);
            let mut ids: Vec<ClientId> =
                found.into_iter().filter(|(_, client)| client.name == name).map(|(_, client)| client.id).collect();
            ids.sort_by_key(ToString::to_string);
            ids.dedup();
            Ok((ids, others.next.is_none()))
        })
        .await?;
    let (found, looked_at_all) = found;
    match found.as_slice() {
        // One that registered itself takes any name it likes, and there may be an older one that has it.
        [only] if looked_at_all => Ok(only.clone()),
        [only] => Err(Declined::Conflict(format!(
            "{field}: there are too many applications to say that {only} alone is called {text}; name it by its id"
        ))),
        [] => Err(Declined::Missing(format!("{field}: no application here has the id or the name {text}"))),
        several => {
            let ids: Vec<String> = several.iter().take(5).map(ToString::to_string).collect();
            let why = format!(
                "{field}: {} applications are called {text}; name one by its id: {}",
                several.len(),
                ids.join(", ")
            );
            Err(Declined::Conflict(why))
        }
    }
}

/// The resource of this id, identifier or alias.
pub async fn resource(app: &App, field: &'static str, text: &str) -> Result<Id<ProtectedResource>, Declined> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let neither = |_| Declined::field(field, "a resource is named by its id (res_…) or its URL");
    let url = Resource::parse(text).map_err(neither)?;
    let asked = url.clone();
    let found = app.store.read(move |view| find_resource::named(view, &asked)).await?;
    found.map(|found| found.id).ok_or_else(|| {
        Declined::Missing(format!("{field}: {url} is no registered resource; `writ resource list` lists them"))
    })
}
