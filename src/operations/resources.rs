//! Protected resources: what tokens are for.

use crate::app::App;
use crate::base::{Fault, Id, Lifetime, Resource};
use crate::model::{Algorithm, Context, Event, ProtectedResource, Risk, ScopeSet, TokenFormat};
use crate::operations::declined::Declined;
use crate::operations::{find_resource, scopes};
use crate::protocol::display_name::DisplayName;
use crate::store::tables::{RESOURCES, RESOURCES_BY_DEFAULT, SCOPES};
use crate::store::{MAX_ROWS, Read, Tx};

/// A resource to be registered.
#[derive(Clone, Debug)]
pub struct NewResource {
    /// What becomes `aud`, byte for byte.
    pub identifier: Resource,
    pub name: DisplayName,
    /// Other ways in which clients write it.
    pub aliases: Vec<Resource>,
    /// What can be asked for; all must be in the catalogue.
    pub scopes: ScopeSet,
    /// What a request without `scope` means. `None`: those of low risk, or all if there are none of low risk.
    pub default_scopes: Option<ScopeSet>,
    /// Whether a request without `resource` means this one.
    pub is_default: bool,
    pub algorithm: Algorithm,
    pub format: TokenFormat,
    /// `None`: what the settings say.
    pub access_for: Option<Lifetime>,
    /// The longest that a machine's tokens may live where the machine says so. `None`: a day.
    pub machine_access_most: Option<Lifetime>,
}

/// Most aliases of one resource.
const MOST_ALIASES: usize = 16;
/// Shortest and longest life of an access token.
const ACCESS_FOR: std::ops::RangeInclusive<Lifetime> = Lifetime::from_minutes(1)..=Lifetime::from_days(1);

/// Registers a resource. A default one takes that place from the one before.
pub async fn add(app: &App, ctx: &Context, new: NewResource) -> Result<Id<ProtectedResource>, Declined> {
    if new.aliases.len() > MOST_ALIASES {
        return Err(Declined::field("alias", "a resource has at most 16 aliases"));
    }
    for (field, lifetime) in [("access_lifetime", new.access_for), ("machine_access_lifetime", new.machine_access_most)]
    {
        if lifetime.is_some_and(|lifetime| !ACCESS_FOR.contains(&lifetime)) {
            return Err(Declined::field(field, "an access token lives between a minute and a day"));
        }
    }
    if !app.config.keys.algorithms.contains(&new.algorithm) {
        let why = format!("no key signs with {}: add it to the setting keys.algorithms", new.algorithm.as_str());
        return Err(Declined::field("algorithm", why));
    }
    if let Some(stray) =
        new.default_scopes.as_ref().map(|defaults| defaults.minus(&new.scopes)).filter(|s| !s.is_empty())
    {
        return Err(Declined::field("default_scope", format!("`{stray}` is not among the resource's scopes")));
    }
    let within = app.clone();
    app.store.write("add resource", ctx, move |tx| put(&within, tx, &new)).await?
}

/// What can be looked at of a resource without the others.
pub(super) fn bounded(resource: &ProtectedResource, algorithms: &[Algorithm]) -> Result<(), Declined> {
    if resource.aliases.len() > MOST_ALIASES {
        return Err(Declined::field("aliases", "a resource has at most 16 aliases"));
    }
    if !ACCESS_FOR.contains(&resource.access_for) {
        return Err(Declined::field("access_lifetime", "an access token lives between a minute and a day"));
    }
    if resource.machine_access_most.is_some_and(|most| !ACCESS_FOR.contains(&most)) {
        return Err(Declined::field("machine_access_lifetime", "an access token lives between a minute and a day"));
    }
    if !algorithms.contains(&resource.algorithm) {
        let why = format!("no key signs with {}: add it to the setting keys.algorithms", resource.algorithm.as_str());
        return Err(Declined::field("algorithm", why));
    }
    let stray = resource.default_scopes.minus(&resource.scopes);
    if !stray.is_empty() {
        return Err(Declined::field("default_scopes", format!("`{stray}` is not among the resource's scopes")));
    }
    Ok(())
}

fn put(app: &App, tx: &mut Tx<'_>, new: &NewResource) -> Result<Result<Id<ProtectedResource>, Declined>, Fault> {
    for url in std::iter::once(&new.identifier).chain(&new.aliases) {
        if let Some(other) = find_resource::named(tx, url)? {
            let text = format!("{url} is registered already, as {} or an alias of it", other.identifier);
            return Ok(Err(Declined::Conflict(text)));
        }
    }
    if let Err(declined) = scopes::all_known(tx, "scope", &new.scopes)? {
        return Ok(Err(declined));
    }
    if new.is_default {
        demote(tx)?;
    }
    let default_scopes = match &new.default_scopes {
        Some(chosen) => chosen.clone(),
        None => harmless(tx, &new.scopes)?,
    };
    let resource = ProtectedResource {
        id: Id::new(tx.now(), &app.entropy)?,
        identifier: new.identifier.clone(),
        aliases: new.aliases.clone(),
        name: new.name.as_str().to_owned(),
        scopes: new.scopes.clone(),
        default_scopes,
        algorithm: new.algorithm,
        format: new.format,
        access_for: new.access_for.unwrap_or(app.config.lifetimes.access),
        machine_access_most: new.machine_access_most,
        is_default: new.is_default,
        created_at: tx.now(),
    };
    tx.put(&RESOURCES, &resource.id, &resource)?;
    tx.record(Event::ResourceCreated { resource: resource.id, identifier: resource.identifier })?;
    Ok(Ok(resource.id))
}

/// There is one default at most.
fn demote(tx: &mut Tx<'_>) -> Result<(), Fault> {
    if let Some((id, mut resource)) = tx.find(&RESOURCES, &RESOURCES_BY_DEFAULT, &())? {
        resource.is_default = false;
        tx.put(&RESOURCES, &id, &resource)?;
    }
    Ok(())
}

fn harmless(read: &impl Read, offered: &ScopeSet) -> Result<ScopeSet, Fault> {
    let mut low = Vec::new();
    for scope in offered.iter() {
        if read.get(&SCOPES, &scope.to_string())?.is_some_and(|entry| entry.risk == Risk::Low) {
            low.push(scope.clone());
        }
    }
    Ok(if low.is_empty() { offered.clone() } else { low.into_iter().collect() })
}

/// Every resource, the oldest first.
pub async fn list(app: &App) -> Result<Vec<ProtectedResource>, Fault> {
    app.store
        .read(|view| {
            Ok(view.page(&RESOURCES, None, MAX_ROWS)?.rows.into_iter().map(|(_, resource)| resource).collect())
        })
        .await
}

/// The registered identifiers that `asked` mean, aliases resolved; declines an unknown one.
pub(super) fn all_known(read: &impl Read, asked: &[Resource]) -> Result<Result<Vec<Resource>, Declined>, Fault> {
    let mut known = Vec::with_capacity(asked.len());
    for url in asked {
        match find_resource::named(read, url)? {
            Some(resource) if known.contains(&resource.identifier) => {}
            Some(resource) => known.push(resource.identifier),
            None => {
                let why = format!("{url} is not a registered resource; `writ resource add` registers it");
                return Ok(Err(Declined::field("resource", why)));
            }
        }
    }
    Ok(Ok(known))
}
