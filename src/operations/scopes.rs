//! The scope catalogue.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::app::App;
use crate::base::{Fault, FaultKind, Timestamp};
use crate::model::{Context, Event, Language, Offered, Risk, Scope, ScopeEntry, ScopeSet};
use crate::operations::declined::{Declined, line};
use crate::operations::in_use;
use crate::operations::once::Answer;
use crate::operations::operator::Operator;
use crate::operations::seen::{Seen, difference, json, made};
use crate::protocol::{entitlements, own_scopes};
use crate::store::tables::{OFFERED, ONLY, RESOURCES, SCOPES, named_scope};
use crate::store::{MAX_ROWS, Page, Read, Store, Tx};

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

impl NewScope {
    fn entry(&self, created_at: Timestamp) -> ScopeEntry {
        let Self { name, description, risk, implies } = self.clone();
        ScopeEntry { name, description, risk, implies, created_at }
    }

    /// Whether the catalogue says just this.
    fn is(&self, entry: &ScopeEntry) -> bool {
        *entry == self.entry(entry.created_at)
    }
}

/// The file has a list where rows have text.
fn list<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<ScopeSet, D::Error> {
    Vec::<Scope>::deserialize(deserializer).map(|scopes| scopes.into_iter().collect())
}

/// What is to be changed in one; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ScopeChange {
    pub description: Option<String>,
    pub risk: Option<Risk>,
    pub implies: Option<ScopeSet>,
}

/// Adds a scope to the catalogue.
pub async fn add(app: &App, by: &Operator, new: NewScope) -> Result<ScopeEntry, Declined> {
    let new = sound(new)?;
    let (ctx, by) = (by, by.clone());
    let made = app.store.write("add scope", ctx, move |tx| {
        if let Some(earlier) = by.request().earlier(tx)? {
            return Ok(earlier);
        }
        if let Err(declined) = by.stands(tx)? {
            return Ok(Err(declined));
        }
        if let Err(declined) = fits(tx, &new)? {
            return Ok(Err(declined));
        }
        let entry = put_new(tx, &new)?;
        by.request().done(tx, &entry.name, &entry, Answer::Repeatable)?;
        Ok(Ok(entry))
    });
    let made = made.await??;
    // The metadata document lists every scope.
    app.discovery.forget();
    Ok(made)
}

/// What can be looked at of a new scope without the others; its description as it is kept.
pub(super) fn sound(new: NewScope) -> Result<NewScope, Declined> {
    if own_scopes::is_own(new.name.as_str()) {
        return Err(Declined::field("name", "names that begin with writ: are the appliance's own"));
    }
    Ok(NewScope { description: described(&new.description)?, ..new })
}

/// Whether a scope that is [`sound`] can be added to the catalogue as it is now.
pub(super) fn fits(read: &impl Read, new: &NewScope) -> Result<Result<(), Declined>, Fault> {
    if read.get(&SCOPES, &new.name.to_string())?.is_some() {
        return Ok(Err(Declined::Conflict(format!("the scope `{}` is in the catalogue already", new.name))));
    }
    all_known(read, "implies", &new.implies)
}

/// Puts down one that [`fits`], with its event.
pub(super) fn put_new(tx: &mut Tx<'_>, new: &NewScope) -> Result<ScopeEntry, Fault> {
    let entry = put(tx, new)?;
    tx.record(Event::ScopeCreated { scope: new.name.to_string(), after: made(&entry, &[])? })?;
    Ok(entry)
}

/// Changes what the catalogue says about a scope, as far as it is still as it was seen.
pub async fn change(
    app: &App,
    by: &Operator,
    name: Scope,
    seen: Seen,
    ask: ScopeChange,
) -> Result<ScopeEntry, Declined> {
    let description = ask.description.as_deref().map(described).transpose()?;
    let (ctx, by) = (by, by.clone());
    app.store
        .write("change scope", ctx, move |tx| {
            let current = match changeable(tx, &by, &name, &seen)? {
                Ok(current) => current,
                Err(declined) => return Ok(Err(declined)),
            };
            if let Some(implies) = &ask.implies
                && let Err(declined) = all_known(tx, "implies", implies)?
            {
                return Ok(Err(declined));
            }
            let changed = ScopeEntry {
                description: description.clone().unwrap_or_else(|| current.description.clone()),
                risk: ask.risk.unwrap_or(current.risk),
                implies: ask.implies.clone().unwrap_or_else(|| current.implies.clone()),
                ..current.clone()
            };
            if let Some((before, after)) = difference(json(&current)?, json(&changed)?, &[]) {
                tx.put(&SCOPES, &name.to_string(), &changed)?;
                tx.record(Event::ScopeChanged { scope: name.to_string(), before, after })?;
            }
            Ok(Ok(changed))
        })
        .await?
}

/// Takes a scope out of the catalogue, unless a resource offers it, another scope implies it, or a machine, a delegation or an application
/// may ask for it.
pub async fn remove(app: &App, by: &Operator, name: Scope, seen: Seen) -> Result<(), Declined> {
    let (ctx, by) = (by, by.clone());
    let removed = app.store.write("remove scope", ctx, move |tx| {
        if let Err(declined) = changeable(tx, &by, &name, &seen)? {
            return Ok(Err(declined));
        }
        let resources = tx.page(&RESOURCES, None, MAX_ROWS)?.rows;
        if let Some((_, resource)) = resources.iter().find(|(_, resource)| resource.scopes.contains(name.as_str())) {
            let why = format!("{} offers `{name}`: take it from there first", resource.identifier);
            return Ok(Err(Declined::Conflict(why)));
        }
        let others = tx.page(&SCOPES, None, MAX_ROWS)?.rows;
        if let Some((other, _)) = others.iter().find(|(_, other)| other.implies.contains(name.as_str())) {
            return Ok(Err(Declined::Conflict(format!("`{other}` implies `{name}`: take it from there first"))));
        }
        let called = format!("`{name}`");
        if let Err(declined) = in_use::by_nobody(tx, &named_scope(name.as_str()), &called, tx.now())? {
            return Ok(Err(declined));
        }
        tx.delete(&SCOPES, &name.to_string())?;
        tx.record(Event::ScopeRemoved { scope: name.to_string() })?;
        Ok(Ok(()))
    });
    removed.await??;
    app.discovery.forget();
    Ok(())
}

/// The entry as it is, for an operator who still stands and has seen it so. The appliance's own stay as they are.
fn changeable(tx: &Tx<'_>, by: &Operator, name: &Scope, seen: &Seen) -> Result<Result<ScopeEntry, Declined>, Fault> {
    if let Err(declined) = by.stands(tx)? {
        return Ok(Err(declined));
    }
    let Some(entry) = tx.get(&SCOPES, &name.to_string())? else { return Ok(Err(unknown(name))) };
    if own_scopes::is_own(name.as_str()) {
        return Ok(Err(Declined::Conflict(format!("`{name}` is the appliance's own, and stays as it is"))));
    }
    Ok(seen.is_still(&entry)?.map(|()| entry))
}

/// A description as it is kept.
pub(super) fn described(text: &str) -> Result<String, Declined> {
    line("description", text, LONGEST_DESCRIPTION, "what will happen")
}

fn unknown(name: &Scope) -> Declined {
    Declined::Missing(format!("the scope `{name}` is not in the catalogue"))
}

/// Scopes behind `after`, by name.
pub async fn page(app: &App, after: Option<String>, limit: usize) -> Result<Page<String, ScopeEntry>, Fault> {
    app.store.read(move |view| view.page(&SCOPES, after.as_ref(), limit)).await
}

/// What the catalogue says about one scope.
pub async fn find(app: &App, name: &Scope) -> Result<ScopeEntry, Declined> {
    let key = name.to_string();
    app.store.read(move |view| view.get(&SCOPES, &key)).await?.ok_or_else(|| unknown(name))
}

/// Scopes whose name or words have `text` in them, by name.
pub async fn named_like(app: &App, text: &str, limit: usize) -> Result<Vec<ScopeEntry>, Fault> {
    let text = text.to_lowercase();
    let is_like = move |entry: &ScopeEntry| {
        [entry.name.as_str(), &entry.description].iter().any(|own| own.to_lowercase().contains(&text))
    };
    Ok(list_all(app).await?.into_iter().filter(is_like).take(limit).collect())
}

/// The whole catalogue, by name.
pub async fn list_all(app: &App) -> Result<Vec<ScopeEntry>, Fault> {
    app.store
        .read(|view| Ok(view.page(&SCOPES, None, MAX_ROWS)?.rows.into_iter().map(|(_, entry)| entry).collect()))
        .await
}

/// Loads what ships. The appliance's own scopes are always as they ship: a newer version may have more of them, and imply more. Every
/// other is offered once: who took it out of the catalogue is not given it again, and what they wrote about it stays.
pub fn load_catalogue(store: &Store, ctx: &Context) -> Result<(), Fault> {
    let shipped = shipped()?;
    store.write_blocking("load catalogue", ctx, move |tx| {
        let is_new = tx.page(&SCOPES, None, 1)?.rows.is_empty();
        let offered = tx.get(&OFFERED, &ONLY.to_owned())?;
        let was_offered = |name: &str| match &offered {
            Some(offered) => offered.scopes.iter().any(|other| other == name),
            // A catalogue from before this was put down was offered all but what asks for claims, which came later.
            None => !is_new && !entitlements::asks_for_claims(name),
        };
        let mut loaded = 0;
        for scope in &shipped {
            let there = tx.get(&SCOPES, &scope.name.to_string())?;
            let is_due = match &there {
                Some(entry) => own_scopes::is_own(scope.name.as_str()) && !scope.is(entry),
                None => own_scopes::is_own(scope.name.as_str()) || !was_offered(scope.name.as_str()),
            };
            if is_due {
                let created_at = there.map_or_else(|| tx.now(), |entry| entry.created_at);
                tx.put(&SCOPES, &scope.name.to_string(), &ScopeEntry { created_at, ..scope.entry(tx.now()) })?;
                loaded += 1;
            }
        }
        let all = Offered { scopes: shipped.iter().map(|scope| scope.name.to_string()).collect() };
        if offered.as_ref() != Some(&all) {
            tx.put(&OFFERED, &ONLY.to_owned(), &all)?;
        }
        if loaded > 0 { tx.record(Event::CatalogueLoaded { scopes: loaded }) } else { Ok(()) }
    })
}

/// What the catalogue says about a scope, in a language. Only what we wrote ourselves is known in others: as soon as an administrator
/// has said something else about the scope, their words stand in every language.
pub fn description(entry: &ScopeEntry, language: Language) -> &str {
    let written = match language {
        Language::En => None,
        Language::De => GERMAN.get(entry.name.as_str()),
    };
    match written {
        Some((english, german)) if *english == entry.description => german,
        _ => &entry.description,
    }
}

/// What we wrote, in English and in German, by scope. It is compiled in and tested, so it parses.
static GERMAN: LazyLock<HashMap<String, (String, String)>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct Written {
        name: String,
        description: String,
        #[serde(rename = "description#de")]
        german: String,
    }
    let written: Vec<Written> = serde_json::from_str(SHIPPED).unwrap_or_default();
    written.into_iter().map(|it| (it.name, (it.description, it.german))).collect()
});

fn shipped() -> Result<Vec<NewScope>, Fault> {
    serde_json::from_str(SHIPPED).map_err(|e| Fault::because(FaultKind::Bug, "data/catalogue.json does not parse", e))
}

fn put(tx: &mut Tx<'_>, new: &NewScope) -> Result<ScopeEntry, Fault> {
    let entry = new.entry(tx.now());
    tx.put(&SCOPES, &entry.name.to_string(), &entry)?;
    Ok(entry)
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
    fn what_we_wrote_is_known_in_german_and_what_an_administrator_wrote_is_not() {
        let shipped = shipped().unwrap();
        assert!(shipped.len() > 40);
        for new in shipped {
            let entry = new.entry(Timestamp::default());
            assert_eq!(description(&entry, Language::En), entry.description);
            let german = description(&entry, Language::De);
            assert!(german != entry.description && german.chars().count() <= LONGEST_DESCRIPTION, "{}", entry.name);
            let reworded = ScopeEntry { description: "Look into the archive".to_owned(), ..entry };
            assert_eq!(description(&reworded, Language::De), "Look into the archive");
        }
    }

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
