//! Protected resources: what tokens are for.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::App;
use crate::base::{Fault, Id, Lifetime, Resource};
use crate::model::{Algorithm, Event, ProtectedResource, Risk, SaidClaim, Scope, ScopeSet, TokenFormat};
use crate::operations::declined::Declined;
use crate::operations::once::Answer;
use crate::operations::operator::Operator;
use crate::operations::scopes::{self, NewScope};
use crate::operations::seen::{self, Seen, difference, json};
use crate::operations::{find_resource, in_use, search};
use crate::protocol::display_name::DisplayName;
use crate::protocol::entitlements::stand_alone;
use crate::protocol::{mcp_tools, own_scopes};
use crate::store::tables::{RESOURCE_TOOLS, RESOURCES, RESOURCES_BY_DEFAULT, SCOPES, named_resource};
use crate::store::{MAX_ROWS, Page, Read, Tx};

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
    /// What its tokens say of their subject beside scopes. `None`: all that there is.
    pub claims: Option<BTreeSet<SaidClaim>>,
}

/// Most aliases of one resource.
const MOST_ALIASES: usize = 16;
/// Shortest and longest life of an access token.
const ACCESS_FOR: std::ops::RangeInclusive<Lifetime> = Lifetime::from_minutes(1)..=Lifetime::from_days(1);

/// What is to be changed in one; what is `None` stays. Its identifier stays: tokens out there name it.
#[derive(Clone, Debug, Default)]
pub struct ResourceChange {
    pub name: Option<DisplayName>,
    pub aliases: Option<Vec<Resource>>,
    pub scopes: Option<ScopeSet>,
    pub default_scopes: Option<ScopeSet>,
    pub is_default: Option<IsDefault>,
    pub algorithm: Option<Algorithm>,
    pub format: Option<TokenFormat>,
    pub access_for: Option<Lifetime>,
    pub machine_access_most: Option<Lifetime>,
    pub claims: Option<BTreeSet<SaidClaim>>,
    /// All that there are from now on.
    pub tool_scopes: Option<BTreeMap<String, Option<Scope>>>,
}

/// Whether a request without `resource` means this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IsDefault {
    Yes,
    No,
}

/// Registers a resource. A default one takes that place from the one before.
pub async fn add(app: &App, by: &Operator, new: NewResource) -> Result<ProtectedResource, Declined> {
    add_with_scopes(app, by, new, Vec::new()).await
}

/// The same, together with scopes that the catalogue does not have yet: all of it happens, or nothing.
pub async fn add_with_scopes(
    app: &App,
    by: &Operator,
    new: NewResource,
    scopes: Vec<NewScope>,
) -> Result<ProtectedResource, Declined> {
    let scopes = scopes.into_iter().map(scopes::sound).collect::<Result<Vec<_>, _>>()?;
    let grows = !scopes.is_empty();
    let (within, ctx, by) = (app.clone(), by, by.clone());
    let made = app
        .store
        .write("add resource", ctx, move |tx| {
            if let Some(earlier) = by.request().earlier(tx)? {
                return Ok(earlier);
            }
            if let Err(declined) = by.stands(tx)? {
                return Ok(Err(declined));
            }
            let resource = match made(&within, tx, &new, &scopes)? {
                Ok(resource) => resource,
                Err(declined) => return Ok(Err(declined)),
            };
            by.request().done(tx, resource.id, &resource, Answer::Repeatable)?;
            let after = seen::made(&resource, &[])?;
            let identifier = resource.identifier.clone();
            tx.record(Event::ResourceCreated { resource: resource.id, identifier, after })?;
            Ok(Ok(resource))
        })
        .await??;
    if grows {
        // The metadata document lists every scope.
        app.discovery.forget();
    }
    Ok(made)
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
    let says = |claim| resource.says(claim);
    if !stand_alone(says(SaidClaim::Roles), says(SaidClaim::Permissions), says(SaidClaim::Tenant)) {
        let why = "roles and permissions hold in a tenant: say the tenant with them, or leave them out too";
        return Err(Declined::field("claims", why));
    }
    if resource.tool_scopes.len() > mcp_tools::MOST {
        return Err(Declined::field("tool_scopes", "a server has at most 256 tools"));
    }
    for (tool, scope) in &resource.tool_scopes {
        if !mcp_tools::is_name(tool) {
            let name: String = tool.chars().take(40).collect();
            return Err(Declined::field("tool_scopes", format!("{name:?} is no name of a tool")));
        }
        if let Some(scope) = scope.as_ref().filter(|scope| !resource.scopes.contains(scope.as_str())) {
            let why = format!("`{scope}`, which {tool} is to need, is not among the resource's scopes");
            return Err(Declined::field("tool_scopes", why));
        }
    }
    let stray = resource.default_scopes.minus(&resource.scopes);
    if !stray.is_empty() {
        return Err(Declined::field("default_scopes", format!("`{stray}` is not among the resource's scopes")));
    }
    if let Some(own) = resource.scopes.iter().find(|scope| own_scopes::is_own(scope.as_str())) {
        let why = format!("`{own}` is for this appliance's own API, and no other resource can offer it");
        return Err(Declined::field("scopes", why));
    }
    Ok(())
}

/// What is declined is committed as it is by then, so everything is looked at before anything is written.
fn made(
    app: &App,
    tx: &mut Tx<'_>,
    new: &NewResource,
    coming: &[NewScope],
) -> Result<Result<ProtectedResource, Declined>, Fault> {
    for scope in coming {
        if let Err(declined) = scopes::fits(tx, scope)? {
            return Ok(Err(declined));
        }
    }
    let default_scopes = match &new.default_scopes {
        Some(chosen) => chosen.clone(),
        None => harmless(tx, &new.scopes, coming)?,
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
        access_for: new.access_for.unwrap_or(app.settings.now().lifetimes.access),
        machine_access_most: new.machine_access_most,
        is_default: new.is_default,
        tool_scopes: BTreeMap::new(),
        claims: new.claims.clone().and_then(SaidClaim::chosen),
        created_at: tx.now(),
    };
    let names: ScopeSet = coming.iter().map(|scope| scope.name.clone()).collect();
    if names.len() < coming.len() {
        return Ok(Err(Declined::field("new_scopes", "two of the new scopes have the same name")));
    }
    if let Err(declined) = sound(app, tx, &resource, &names)? {
        return Ok(Err(declined));
    }
    for scope in coming {
        scopes::put_new(tx, scope)?;
    }
    if resource.is_default {
        demote(tx, resource.id)?;
    }
    tx.put(&RESOURCES, &resource.id, &resource)?;
    Ok(Ok(resource))
}

/// Whether a resource may be as it is to be, among the others and with scopes that are `coming`. The same for a new one and for a
/// changed one.
fn sound(
    app: &App,
    read: &impl Read,
    resource: &ProtectedResource,
    coming: &ScopeSet,
) -> Result<Result<(), Declined>, Fault> {
    if let Err(declined) = bounded(resource, &app.config.keys.algorithms) {
        return Ok(Err(declined));
    }
    for url in std::iter::once(&resource.identifier).chain(&resource.aliases) {
        if find_resource::is_itself(url, &app.issuer) {
            let why = format!("{url} is this appliance itself; it needs no registration");
            return Ok(Err(Declined::field("identifier", why)));
        }
        if let Some(other) = find_resource::named(read, url)?.filter(|other| other.id != resource.id) {
            let text = format!("{url} is registered already, as {} or an alias of it", other.identifier);
            return Ok(Err(Declined::Conflict(text)));
        }
    }
    scopes::all_known(read, "scopes", &resource.scopes.minus(coming))
}

/// Changes a resource, as far as it is still as it was seen.
pub async fn change(
    app: &App,
    by: &Operator,
    id: Id<ProtectedResource>,
    seen: Seen,
    ask: ResourceChange,
) -> Result<ProtectedResource, Declined> {
    let (within, ctx, by) = (app.clone(), by, by.clone());
    app.store
        .write("change resource", ctx, move |tx| {
            let current = match standing(tx, &by, id, &seen)? {
                Ok(current) => current,
                Err(declined) => return Ok(Err(declined)),
            };
            let changed = changed(&current, ask.clone());
            if let Err(declined) = sound(&within, tx, &changed, &ScopeSet::new())? {
                return Ok(Err(declined));
            }
            if let Some((before, after)) = difference(json(&current)?, json(&changed)?, &[]) {
                if changed.is_default {
                    demote(tx, id)?;
                }
                tx.replace(&RESOURCES, &id, &current, &changed)?;
                tx.record(Event::ResourceChanged { resource: id, before, after })?;
            }
            Ok(Ok(changed))
        })
        .await?
}

fn changed(current: &ProtectedResource, ask: ResourceChange) -> ProtectedResource {
    let scopes = ask.scopes.unwrap_or_else(|| current.scopes.clone());
    ProtectedResource {
        name: ask.name.map_or_else(|| current.name.clone(), |name| name.as_str().to_owned()),
        aliases: ask.aliases.unwrap_or_else(|| current.aliases.clone()),
        // What is not offered any more is not a default any more either, unless somebody says so, which is a mistake.
        default_scopes: ask.default_scopes.unwrap_or_else(|| current.default_scopes.intersection(&scopes)),
        // Nor is it what a tool needs: somebody has to decide about that tool anew, and until then nobody may use it.
        tool_scopes: ask.tool_scopes.unwrap_or_else(|| {
            let offered = |scope: &Option<Scope>| scope.as_ref().is_none_or(|scope| scopes.contains(scope.as_str()));
            let known = current.tool_scopes.iter().filter(|(_, scope)| offered(scope));
            known.map(|(tool, scope)| (tool.clone(), scope.clone())).collect()
        }),
        scopes,
        algorithm: ask.algorithm.unwrap_or(current.algorithm),
        format: ask.format.unwrap_or(current.format),
        access_for: ask.access_for.unwrap_or(current.access_for),
        machine_access_most: ask.machine_access_most.or(current.machine_access_most),
        claims: ask.claims.map_or_else(|| current.claims.clone(), SaidClaim::chosen),
        is_default: ask.is_default.map_or(current.is_default, |is_default| is_default == IsDefault::Yes),
        ..current.clone()
    }
}

/// Removes a resource that no machine, delegation or application names: nobody gets tokens for it, and no refresh token of it is answered
/// any more. Access tokens that are out run out.
pub async fn remove(app: &App, by: &Operator, id: Id<ProtectedResource>, seen: Seen) -> Result<(), Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("remove resource", ctx, move |tx| {
            let resource = match standing(tx, &by, id, &seen)? {
                Ok(resource) => resource,
                Err(declined) => return Ok(Err(declined)),
            };
            let called = resource.identifier.as_str();
            if let Err(declined) = in_use::by_nobody(tx, &named_resource(&resource.identifier), called, tx.now())? {
                return Ok(Err(declined));
            }
            tx.delete(&RESOURCES, &id)?;
            tx.delete(&RESOURCE_TOOLS, &id)?;
            tx.record(Event::ResourceRemoved { resource: id, identifier: resource.identifier })?;
            Ok(Ok(()))
        })
        .await?
}

/// The resource as it is, for an operator who still stands and has seen it so.
pub(super) fn standing(
    tx: &Tx<'_>,
    by: &Operator,
    id: Id<ProtectedResource>,
    seen: &Seen,
) -> Result<Result<ProtectedResource, Declined>, Fault> {
    if let Err(declined) = by.stands(tx)? {
        return Ok(Err(declined));
    }
    let Some(resource) = tx.get(&RESOURCES, &id)? else { return Ok(Err(unknown(id))) };
    Ok(seen.is_still(&resource)?.map(|()| resource))
}

fn unknown(id: Id<ProtectedResource>) -> Declined {
    Declined::Missing(format!("there is no resource {id}"))
}

/// There is one default at most.
fn demote(tx: &mut Tx<'_>, for_the_sake_of: Id<ProtectedResource>) -> Result<(), Fault> {
    let before = tx.find(&RESOURCES, &RESOURCES_BY_DEFAULT, &())?;
    if let Some((id, mut resource)) = before.filter(|(id, _)| *id != for_the_sake_of) {
        resource.is_default = false;
        tx.put(&RESOURCES, &id, &resource)?;
        let (before, after) = (serde_json::json!({ "is_default": true }), serde_json::json!({ "is_default": false }));
        tx.record(Event::ResourceChanged { resource: id, before, after })?;
    }
    Ok(())
}

fn harmless(read: &impl Read, offered: &ScopeSet, coming: &[NewScope]) -> Result<ScopeSet, Fault> {
    let mut low = Vec::new();
    for scope in offered.iter() {
        let risk = match coming.iter().find(|new| new.name == *scope) {
            Some(new) => Some(new.risk),
            None => read.get(&SCOPES, &scope.to_string())?.map(|entry| entry.risk),
        };
        if risk == Some(Risk::Low) {
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

/// Resources before `before`, the newest first.
pub async fn page(
    app: &App,
    before: Option<Id<ProtectedResource>>,
    limit: usize,
) -> Result<Page<Id<ProtectedResource>, ProtectedResource>, Fault> {
    app.store.read(move |view| view.newest(&RESOURCES, before.as_ref(), limit)).await
}

/// Resources whose name, identifier or alias has `text` in it, the newest first; of very many, the newest are looked at.
pub async fn named_like(app: &App, text: &str, limit: usize) -> Result<Vec<ProtectedResource>, Fault> {
    let text = text.to_lowercase();
    let is_like = move |resource: &ProtectedResource| {
        let urls = std::iter::once(&resource.identifier).chain(&resource.aliases).map(Resource::as_str);
        urls.chain([resource.name.as_str()]).any(|own| own.to_lowercase().contains(&text))
    };
    let found = app.store.read(move |view| search::newest(view, &RESOURCES, None, limit, is_like)).await?;
    Ok(found.rows.into_iter().map(|(_, resource)| resource).collect())
}

/// One that is registered.
pub async fn find(app: &App, id: Id<ProtectedResource>) -> Result<ProtectedResource, Declined> {
    app.store.read(move |view| view.get(&RESOURCES, &id)).await?.ok_or_else(|| unknown(id))
}

/// The registered identifiers that `asked` mean, aliases resolved; declines an unknown one.
pub(super) fn all_known(
    read: &impl Read,
    field: &'static str,
    asked: &[Resource],
) -> Result<Result<Vec<Resource>, Declined>, Fault> {
    let mut known = Vec::with_capacity(asked.len());
    for url in asked {
        match find_resource::named(read, url)? {
            Some(resource) if known.contains(&resource.identifier) => {}
            Some(resource) => known.push(resource.identifier),
            None => {
                let why = format!("{url} is not a registered resource; `writ resource add` registers it");
                return Ok(Err(Declined::field(field, why)));
            }
        }
    }
    Ok(Ok(known))
}
