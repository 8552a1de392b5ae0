//! The scope catalogue.

use serde::Deserialize;

use crate::app::App;
use crate::base::{Fault, FaultKind};
use crate::model::{Context, Event, Risk, Scope, ScopeEntry, ScopeSet};
use crate::operations::declined::Declined;
use crate::store::tables::SCOPES;
use crate::store::{MAX_ROWS, Read, Store, Tx};

/// What ships with the appliance; from then on the catalogue is the administrator's.
const SHIPPED: &str = include_str!("../../data/catalogue.json");

/// Longest description, in characters: it is one line of the consent page.
const LONGEST_DESCRIPTION: usize = 200;

/// A scope to be added.
#[derive(Clone, Debug, Deserialize)]
pub struct NewScope {
    pub name: Scope,
    pub description: String,
    pub risk: Risk,
    /// Scopes that whoever holds this one has as well; all must be in the catalogue.
    #[serde(default, deserialize_with = "list")]
    pub implies: ScopeSet,
}

/// The file has a list where rows have text.
fn list<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<ScopeSet, D::Error> {
    Vec::<Scope>::deserialize(deserializer).map(|scopes| scopes.into_iter().collect())
}

/// Adds a scope to the catalogue.
pub async fn add(app: &App, ctx: &Context, new: NewScope) -> Result<(), Declined> {
    let description = described(&new.description)?;
    app.store
        .write("add scope", ctx, move |tx| {
            if tx.get(&SCOPES, &new.name.to_string())?.is_some() {
                return Ok(Err(Declined::Conflict(format!("the scope `{}` is in the catalogue already", new.name))));
            }
            if let Err(declined) = all_known(tx, "implies", &new.implies)? {
                return Ok(Err(declined));
            }
            put(tx, &NewScope { description: description.clone(), ..new.clone() })?;
            tx.record(Event::ScopeCreated { scope: new.name.to_string() })?;
            Ok(Ok(()))
        })
        .await??;
    // The metadata document lists every scope.
    app.discovery.forget();
    Ok(())
}

/// A description as it is kept.
pub(super) fn described(text: &str) -> Result<String, Declined> {
    let description = text.trim().to_owned();
    let length = description.chars().count();
    if !(1..=LONGEST_DESCRIPTION).contains(&length) || description.chars().any(char::is_control) {
        return Err(Declined::field("description", "say in one line of at most 200 characters what will happen"));
    }
    Ok(description)
}

/// The whole catalogue, by name.
pub async fn list_all(app: &App) -> Result<Vec<ScopeEntry>, Fault> {
    app.store
        .read(|view| Ok(view.page(&SCOPES, None, MAX_ROWS)?.rows.into_iter().map(|(_, entry)| entry).collect()))
        .await
}

/// Loads what ships, once: into a catalogue that has nothing yet.
pub fn load_catalogue(store: &Store, ctx: &Context) -> Result<(), Fault> {
    let shipped = shipped()?;
    store.write_blocking("load catalogue", ctx, move |tx| {
        if !tx.page(&SCOPES, None, 1)?.rows.is_empty() {
            return Ok(());
        }
        for scope in &shipped {
            put(tx, scope)?;
        }
        tx.record(Event::CatalogueLoaded { scopes: shipped.len() as u64 })
    })
}

fn shipped() -> Result<Vec<NewScope>, Fault> {
    serde_json::from_str(SHIPPED).map_err(|e| Fault::because(FaultKind::Bug, "data/catalogue.json does not parse", e))
}

fn put(tx: &mut Tx<'_>, new: &NewScope) -> Result<(), Fault> {
    let NewScope { name, description, risk, implies } = new.clone();
    let entry = ScopeEntry { name, description, risk, implies, created_at: tx.now() };
    tx.put(&SCOPES, &entry.name.to_string(), &entry)
}

/// Declines, naming `field`, unless every scope is in the catalogue.
pub(super) fn all_known(
    read: &impl Read,
    field: &'static str,
    scopes: &ScopeSet,
) -> Result<Result<(), Declined>, Fault> {
    for scope in scopes.iter() {
        if read.get(&SCOPES, &scope.to_string())?.is_none() {
            let why = format!("the scope `{scope}` is not in the catalogue; `writ scope add` puts it there");
            return Ok(Err(Declined::field(field, why)));
        }
    }
    Ok(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_catalogue_is_whole() {
        let shipped = shipped().unwrap();
        let names: ScopeSet = shipped.iter().map(|scope| scope.name.clone()).collect();
        assert_eq!(names.len(), shipped.len(), "no name twice");
        for scope in &shipped {
            assert!(scope.implies.is_subset_of(&names), "{}", scope.name);
            assert!(scope.description.chars().count() <= LONGEST_DESCRIPTION && !scope.description.ends_with('.'));
        }
        let admin = shipped.iter().find(|scope| scope.name.as_str() == "mcp:admin").unwrap();
        let others = names.only(|name| name.as_str().starts_with("mcp:") && name.as_str() != "mcp:admin");
        assert_eq!(admin.implies, others, "mcp:admin implies all of mcp:");
    }
}
