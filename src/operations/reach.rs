//! Who has to do with a resource or a scope: looked for in the newest rows, a bounded number of them, since no index leads there.

use super::search::newest;
use crate::app::App;
use crate::base::{Fault, Id, Resource, Timestamp};
use crate::model::{Client, Consent, Machine, ProtectedResource, Scope, ScopeEntry, ScopesUsage};
use crate::store::tables::{CLIENTS, CONSENTS, MACHINES, RESOURCES, SCOPES, USAGE_BY_SCOPE};
use crate::store::{MAX_ROWS, Read, RowKey, Table, View};

/// A number of things, of which some are shown.
#[derive(Clone, Debug)]
pub struct Found<T> {
    pub shown: Vec<T>,
    pub count: usize,
    /// Not everything was looked at: there may be more.
    pub more: bool,
}

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self { shown: Vec::new(), count: 0, more: false }
    }
}

/// Most of one kind that are shown.
const SHOWN: usize = 20;

/// Who may have tokens for a resource, or had them.
#[derive(Clone, Debug, Default)]
pub struct OfResource {
    /// What people allowed applications there.
    pub grants: Found<Consent>,
    /// Machines that are limited to some resources, this among them, or that were seen there; and when they were seen last.
    pub machines: Found<(Machine, Option<Timestamp>)>,
    /// Applications that are limited to some resources, this among them.
    pub applications: Found<Client>,
}

/// Who may ask for a scope.
#[derive(Clone, Debug, Default)]
pub struct OfScope {
    pub resources: Vec<ProtectedResource>,
    pub implied_by: Vec<Scope>,
    pub machines: Found<Machine>,
    /// Applications that are limited to some scopes, this among them.
    pub applications: Found<Client>,
    /// What people allowed that has it.
    pub grants: usize,
    pub more_grants: bool,
}

fn look<K: RowKey, V: serde::de::DeserializeOwned>(
    view: &View<'_>,
    table: &Table<K, V>,
    fits: impl Fn(&V) -> bool,
) -> Result<Found<V>, Fault> {
    let page = newest(view, table, None, usize::MAX, fits)?;
    let count = page.rows.len();
    let shown = page.rows.into_iter().map(|(_, row)| row).take(SHOWN).collect();
    Ok(Found { shown, count, more: page.next.is_some() })
}

/// Who has to do with one resource.
pub async fn of_resource(app: &App, resource: Resource) -> Result<OfResource, Fault> {
    app.store
        .read(move |view| {
            let grants = look(view, &CONSENTS, |consent| consent.resource.as_ref() == Some(&resource))?;
            let applications = look(view, &CLIENTS, |client| client.resources.contains(&resource))?;
            Ok(OfResource { grants, applications, machines: machines_at(view, &resource)? })
        })
        .await
}

fn machines_at(view: &View<'_>, resource: &Resource) -> Result<Found<(Machine, Option<Timestamp>)>, Fault> {
    let seen_at = |usage: &ScopesUsage| {
        let there = usage.scopes.iter().filter(|one| one.resource.as_ref() == Some(resource));
        there.map(|one| one.seen.last_at).max()
    };
    let named = newest(view, &MACHINES, None, usize::MAX, |machine| {
        machine.access.iter().any(|access| access.resource == *resource)
    })?;
    let used = newest(view, &USAGE_BY_SCOPE, None, usize::MAX, |usage| seen_at(usage).is_some())?;
    let more = named.next.is_some() || used.next.is_some();
    let mut ids: Vec<Id<Machine>> =
        named.rows.iter().map(|(id, _)| *id).chain(used.rows.iter().map(|(id, _)| *id)).collect();
    ids.sort_unstable_by(|one, other| other.cmp(one));
    ids.dedup();
    let count = ids.len();
    let mut shown = Vec::new();
    for id in ids.into_iter().take(SHOWN) {
        if let Some(machine) = view.get(&MACHINES, &id)? {
            let usage = view.get(&USAGE_BY_SCOPE, &id)?;
            shown.push((machine, usage.as_ref().and_then(seen_at)));
        }
    }
    Ok(Found { shown, count, more })
}

/// Who has to do with one scope.
pub async fn of_scope(app: &App, scope: Scope) -> Result<OfScope, Fault> {
    app.store
        .read(move |view| {
            let name = scope.as_str();
            let resources = view.page(&RESOURCES, None, MAX_ROWS)?.rows.into_iter().map(|(_, resource)| resource);
            let entries = view.page(&SCOPES, None, MAX_ROWS)?.rows.into_iter().map(|(_, entry)| entry);
            let machine_has = |machine: &Machine| {
                let special = machine.access.iter().filter_map(|access| access.scope.as_ref());
                std::iter::once(&machine.scope).chain(special).any(|scope| scope.contains(name))
            };
            let client_has = |client: &Client| client.scope.as_ref().is_some_and(|scope| scope.contains(name));
            let grants = look(view, &CONSENTS, |consent| consent.scope.contains(name))?;
            Ok(OfScope {
                resources: resources.filter(|resource| resource.scopes.contains(name)).collect(),
                implied_by: entries
                    .filter(|entry: &ScopeEntry| entry.implies.contains(name))
                    .map(|entry| entry.name)
                    .collect(),
                machines: look(view, &MACHINES, machine_has)?,
                applications: look(view, &CLIENTS, client_has)?,
                grants: grants.count,
                more_grants: grants.more,
            })
        })
        .await
}
