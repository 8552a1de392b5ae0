//! Rows as a file says them, and back. What a file does not say has its default; what is secret it never says.

use std::collections::{BTreeMap, BTreeSet};
mod elsewhere;
mod memberships;

use serde_json::{Map, Value, json};

pub(super) use self::elsewhere::{crossing_read, crossing_said, crossing_to_be, provider_read, provider_said};
pub(super) use self::memberships::{membership_read, membership_said};
use super::members::{Members, Notes, text};
use crate::base::{AddressRange, Id, Issuer, Lifetime, Resource, Timestamp};
use crate::config::Config;
use crate::keys::JwkSet;
use crate::model::{
    Access, Algorithm, AuthMethod, Client, ClientId, ClientState, Credential, CredentialKind, Delegation, Email,
    Machine, MachineKind, Permission, ProtectedResource, Provenance, Risk, Role, RoleIn, RoleName, SaidClaim, Scope,
    ScopeEntry, ScopeSet, Tenant, TenantName, TokenFormat, TokenUse, Trust,
};
use crate::operations::credentials::NewProof;
use crate::operations::declined::Declined;
use crate::operations::machines::Terms;
use crate::operations::roles::RoleTerms;
use crate::operations::{delegations, resources, scopes};
use crate::protocol::display_name::DisplayName;
use crate::protocol::federation;
use crate::protocol::registration::{Issued, Registration, VouchedBy, admit, registration_response};

/// What a noun comes to in a file.
pub(super) type Said = Map<String, Value>;

fn said(members: Value) -> Said {
    let Value::Object(mut members) = members else { return Said::new() };
    // What is empty need not be said.
    members.retain(|_, value| !value.is_null() && *value != json!("") && *value != json!([]) && *value != json!({}));
    members
}

fn names(scopes: &ScopeSet) -> Vec<&Scope> {
    scopes.iter().collect()
}

fn set(members: &mut Members<'_>, name: &str) -> ScopeSet {
    let list: Vec<Scope> = members.list(name, text);
    if list.len() > ScopeSet::MOST {
        members.wrong(name, "at most 64 scopes");
    }
    list.into_iter().collect()
}

fn declined(members: &mut Members<'_>, declined: Declined) {
    match declined {
        Declined::Invalid(invalid) => invalid.0.iter().for_each(|(field, why)| members.wrong(field, why)),
        Declined::Conflict(why) | Declined::Missing(why) | Declined::Forbidden(why) => members.wrong("name", why),
        Declined::Stale | Declined::MadeAlready(_) | Declined::KeyReused => {
            members.wrong("name", "it was changed meanwhile");
        }
        Declined::Broken(fault) => members.wrong("name", fault),
    }
}

// Scopes.

pub(super) fn scope_said(entry: &ScopeEntry) -> Said {
    said(json!({ "description": entry.description, "risk": entry.risk, "implies": names(&entry.implies) }))
}

pub(super) fn scope_read(name: &str, mut members: Members<'_>, now: Timestamp) -> Option<ScopeEntry> {
    let parsed = name.parse::<Scope>().map_err(|why| members.wrong("name", why)).ok();
    let description = members.read::<String>("description");
    let description = members.needed("description", description);
    let description = description.and_then(|text| match scopes::described(&text) {
        Ok(text) => Some(text),
        Err(why) => {
            declined(&mut members, why);
            None
        }
    });
    let risk = members.read::<Risk>("risk").unwrap_or(Risk::Low);
    let implies = set(&mut members, "implies");
    members.end();
    Some(ScopeEntry { name: parsed?, description: description?, risk, implies, created_at: now })
}

// Resources.

pub(super) fn resource_said(resource: &ProtectedResource) -> Said {
    // An empty text stands for any token: not every kind of file has a null.
    let tool_scopes: BTreeMap<&str, &str> = resource
        .tool_scopes
        .iter()
        .map(|(tool, scope)| (tool.as_str(), scope.as_ref().map_or("", Scope::as_str)))
        .collect();
    // Of a choice of none, nothing would be left in the file.
    let claims = resource.claims.as_ref().map(|claims| match claims.is_empty() {
        true => vec!["none"],
        false => resource.said().map(SaidClaim::as_str).collect(),
    });
    said(json!({
        "name": resource.name,
        "aliases": resource.aliases,
        "scopes": names(&resource.scopes),
        "default_scopes": names(&resource.default_scopes),
        "default": resource.is_default.then_some(true),
        "algorithm": resource.algorithm.as_str(),
        "format": resource.format,
        "access_lifetime": resource.access_for.to_string(),
        "machine_access_lifetime": resource.machine_access_most.map(|most| most.to_string()),
        "claims": claims,
        "tool_scopes": tool_scopes,
    }))
}

/// `harmless` tells which of some scopes are of low risk, as the catalogue will be.
pub(super) fn resource_read(
    identifier: &str,
    mut members: Members<'_>,
    config: &Config,
    harmless: impl Fn(&ScopeSet) -> ScopeSet,
    now: Timestamp,
) -> Option<ProtectedResource> {
    let identifier = Resource::parse(identifier).map_err(|why| members.wrong("identifier", why)).ok();
    let name = members.read::<String>("name");
    let name = members.needed("name", name).and_then(|name| exact(&mut members, "name", &name));
    let aliases = members.list("aliases", |text| Resource::parse(text).map_err(|why| why.to_string()));
    let scopes = set(&mut members, "scopes");
    let chosen = set(&mut members, "default_scopes");
    let default_scopes = if chosen.is_empty() { harmless(&scopes) } else { chosen };
    let is_default = members.read("default").unwrap_or(false);
    let algorithm = members.parsed::<Algorithm>("algorithm", text).unwrap_or(Algorithm::ES256);
    let format = members.read::<TokenFormat>("format").unwrap_or(TokenFormat::Jwt);
    let access_for = members.parsed::<Lifetime>("access_lifetime", text).unwrap_or(config.lifetimes.access);
    let machine_access_most = members.parsed::<Lifetime>("machine_access_lifetime", text);
    let claims = members.read::<Vec<String>>("claims").and_then(|names| {
        let chosen = match names.as_slice() {
            [none] if none == "none" => Ok(BTreeSet::new()),
            names => names.iter().map(|name| name.parse::<SaidClaim>()).collect::<Result<BTreeSet<_>, _>>(),
        };
        chosen.map_err(|why| members.wrong("claims", format!("each {why}, or the only one is none"))).ok()
    });
    let mut tool_scopes = BTreeMap::new();
    for (tool, scope) in members.read::<BTreeMap<String, String>>("tool_scopes").unwrap_or_default() {
        match scope.as_str() {
            "" => drop(tool_scopes.insert(tool, None)),
            scope => match scope.parse::<Scope>() {
                Ok(scope) => drop(tool_scopes.insert(tool, Some(scope))),
                Err(why) => members.wrong("tool_scopes", why),
            },
        }
    }
    let row = identifier.zip(name).map(|(identifier, name)| ProtectedResource {
        id: Id::from_bytes([0; 16]),
        identifier,
        aliases,
        name: name.as_str().to_owned(),
        scopes,
        default_scopes,
        algorithm,
        format,
        access_for,
        machine_access_most,
        tool_scopes,
        claims: claims.and_then(SaidClaim::chosen),
        is_default,
        created_at: now,
    });
    if let Some(Err(why)) = row.as_ref().map(|row| resources::bounded(row, &config.keys.algorithms)) {
        declined(&mut members, why);
    }
    members.end();
    row
}

/// A name that stays as it is written, so that a file that is applied again finds what it made.
fn exact(members: &mut Members<'_>, member: &str, name: &str) -> Option<DisplayName> {
    match DisplayName::parse(name) {
        Ok(parsed) if parsed.as_str() == name => Some(parsed),
        Ok(parsed) => {
            members.wrong(member, format!("write it as {:?}", parsed.as_str()));
            None
        }
        Err(why) => {
            members.wrong(member, why);
            None
        }
    }
}

// Clients.

/// What a file may say about a client, by the names of RFC 7591 §2.
const OF_CLIENTS: [&str; 16] = [
    "redirect_uris",
    "token_endpoint_auth_method",
    "grant_types",
    "application_type",
    "scope",
    "jwks",
    "jwks_uri",
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "contacts",
    "software_id",
    "software_version",
    "id_token_signed_response_alg",
    "dpop_bound_access_tokens",
];

pub(super) fn client_said(client: &Client, key: &str, issuer: &Issuer) -> Said {
    let document = registration_response(client, None, None, issuer);
    let mut members = Said::new();
    if let Value::Object(document) = document {
        members.extend(document.into_iter().filter(|(name, _)| OF_CLIENTS.contains(&name.as_str())));
    }
    // Its key is its name, unless several have that.
    members.insert("name".to_owned(), if key == client.name { Value::Null } else { json!(client.name) });
    members.insert("resources".to_owned(), json!(client.resources));
    members.insert("serves".to_owned(), json!(client.serves));
    if client.state == ClientState::Suspended {
        members.insert("suspended".to_owned(), true.into());
    }
    said(Value::Object(members))
}

pub(super) fn client_read(
    key: &str,
    mut members: Members<'_>,
    current: Option<&Client>,
    now: Timestamp,
) -> Option<(Client, Option<bool>)> {
    let suspended = members.read("suspended");
    let name = members.read::<String>("name");
    if name.as_ref().is_some_and(|name| name != key) && client_id(key).is_none() {
        members.wrong("name", "its key here is its name; another goes with a client_id as key");
    }
    if name.is_none() && current.is_none() && client_id(key).is_some() {
        members.wrong("name", "no client here has this id: say its name, and one is made that this file knows by it");
    }
    let name = exact(&mut members, "name", &name.unwrap_or_else(|| key.to_owned()));
    let resources = members.list("resources", |text| Resource::parse(text).map_err(|why| why.to_string()));
    let serves = members.list("serves", |text| Resource::parse(text).map_err(|why| why.to_string()));
    if resources.len() > MOST_RESOURCES || serves.len() > MOST_RESOURCES {
        members.wrong("resources", "a client has at most 64 resources");
    }
    let mut document = Map::new();
    for member in OF_CLIENTS {
        if let Some(value) = members.take(member) {
            document.insert(member.to_owned(), value);
        }
    }
    if let Some(name) = &name {
        document.insert("client_name".to_owned(), json!(name));
    }
    // What nobody says is a public client, as on the command line.
    document.entry("token_endpoint_auth_method").or_insert(json!("none"));
    document.entry("grant_types").or_insert(json!(["authorization_code", "refresh_token"]));
    let registration = Registration::parse(Value::Object(document).to_string().as_bytes());
    let admitted = match registration.and_then(|registration| admit(registration, VouchedBy::Administrator)) {
        Ok(admitted) => admitted,
        Err(refusal) => {
            let named = OF_CLIENTS.into_iter().find(|member| refusal.public_text().contains(member));
            members.wrong(named.unwrap_or("redirect_uris"), refusal.public_text());
            return None;
        }
    };
    let issued = Issued {
        id: Id::from_bytes([0; 16]),
        provenance: Provenance::Administrator,
        secret: None,
        state: ClientState::Active,
        unused_for: Lifetime::default(),
    };
    let declared_as = client_id(key).map(|_| key.to_owned());
    let new = Client { resources, serves, declared_as, ..admitted.into_client(issued, now) };
    let row = match current {
        None => new,
        Some(current) if !keeps_its_strength(current.auth_method, new.auth_method) => {
            members.wrong(
                "token_endpoint_auth_method",
                format!("{} is what it was made with and stays: make another client", current.auth_method.as_str()),
            );
            return None;
        }
        // What a file does not say at all.
        Some(current) => Client {
            id: current.id.clone(),
            state: current.state,
            secrets: current.secrets.clone(),
            void_before: current.void_before,
            created_at: current.created_at,
            first_used_at: current.first_used_at,
            last_used_at: current.last_used_at,
            review: current.review.clone(),
            declared_as: current.declared_as.clone(),
            ..new
        }
        // Of what it is to be, nobody may have looked at it.
        .with_its_own_mark(),
    };
    members.end();
    name.map(|_| (row, suspended))
}

/// The same as when a client changes itself: see `protocol::registration::update`.
fn keeps_its_strength(now: AuthMethod, then: AuthMethod) -> bool {
    now == then || (now.has_secret() && then.has_secret())
}

const MOST_RESOURCES: usize = 64;

// Machines.

/// A machine as a file says it.
pub(super) struct MachineRead {
    pub(super) terms: Terms,
    pub(super) owner: Email,
    /// `None` where the file does not say.
    pub(super) suspended: Option<bool>,
    pub(super) credentials: Vec<CredentialRead>,
}

/// A credential that has nothing secret.
#[derive(Clone, Debug)]
pub(super) struct CredentialRead {
    pub(super) name: DisplayName,
    pub(super) proof: NewProof,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) said: Value,
}

/// `owner` is an e-mail address.
pub(super) fn machine_said(machine: &Machine, owner: Option<&str>, credentials: &[Value]) -> Said {
    let access: Vec<Value> = (machine.access.iter())
        .map(|access| {
            let life = access.access_for.map(|life| life.to_string());
            let mut one = said(json!({ "resource": access.resource, "access_lifetime": life }));
            // An empty scope of its own is not the same as none.
            one.extend(access.scope.as_ref().map(|scope| ("scope".to_owned(), json!(names(scope)))));
            Value::Object(one)
        })
        .collect();
    // Those made in one moment have no order of their own.
    let mut credentials = credentials.to_vec();
    credentials.sort_by_cached_key(Value::to_string);
    said(json!({
        "kind": machine.kind.as_str(),
        "owner": owner,
        "purpose": machine.purpose,
        "description": machine.description,
        "tags": machine.tags,
        "scope": names(&machine.scope),
        "access": access,
        "access_lifetime": machine.access_for.map(|life| life.to_string()),
        "expires_at": machine.expires_at.map(Timestamp::iso),
        "roles": machine.roles,
        "networks": machine.networks,
        "custom_claims": machine.custom_claims,
        "serves": machine.serves,
        "dpop_bound": machine.dpop_bound.then_some(true),
        "refresh_tokens": machine.refresh_tokens.then_some(true),
        "suspended": (machine.state == ClientState::Suspended).then_some(true),
        "credentials": credentials,
    }))
}

/// A credential as a file says it; `None` where that would be a secret.
pub(super) fn credential_said(credential: &Credential) -> Option<Value> {
    let (name, ends) = (&credential.name, credential.expires_at.map(Timestamp::iso));
    let one = match &credential.kind {
        CredentialKind::PublicKeys { jwks } => {
            json!({ "name": name, "kind": "keys", "jwks": jwks, "expires_at": ends })
        }
        CredentialKind::KeySet { jwks_uri } => {
            json!({ "name": name, "kind": "key-set", "jwks_uri": jwks_uri, "expires_at": ends })
        }
        CredentialKind::Trust(trust) => json!({
            "name": name,
            "kind": "trust",
            "issuer": trust.issuer,
            "audience": trust.audience,
            "jwks_uri": trust.jwks_uri,
            "jwks": trust.jwks,
            "rules": trust.rules,
            "preset": trust.preset,
            "token_use": (trust.token_use != TokenUse::Once).then_some(trust.token_use),
            "expires_at": ends,
        }),
        CredentialKind::ClientSecret { .. } | CredentialKind::AccessKey { .. } => return None,
    };
    Some(Value::Object(said(one)))
}

pub(super) fn machine_read(name: &str, mut members: Members<'_>, now: Timestamp) -> Option<MachineRead> {
    let name = exact(&mut members, "name", name);
    let kind = members
        .parsed("kind", |text| MachineKind::parse(text).ok_or_else(|| "it is agent, service, ci or device".to_owned()));
    let owner = members.parsed::<Email>("owner", text);
    let owner = members.needed("owner", owner);
    let purpose = members.read::<String>("purpose");
    let purpose = members.needed("purpose", purpose);
    let mut tags: Vec<String> = members.list("tags", text);
    tags.sort_unstable();
    tags.dedup();
    let description = members.read("description").unwrap_or_default();
    let scope = set(&mut members, "scope");
    let access = access_read(&mut members);
    let access_for = members.parsed::<Lifetime>("access_lifetime", text);
    let expires_at = members.parsed("expires_at", moment);
    let roles = members.list::<RoleName>("roles", text);
    let networks = members.list::<AddressRange>("networks", text);
    let custom_claims = members.read("custom_claims").unwrap_or_default();
    let serves = members.list("serves", |text| Resource::parse(text).map_err(|why| why.to_string()));
    let dpop_bound = members.read("dpop_bound").unwrap_or(false);
    let refresh_tokens = members.read("refresh_tokens").unwrap_or(false);
    let suspended = members.read("suspended");
    let credentials = credentials_read(&mut members, now);
    let terms = name.zip(purpose).map(|(name, purpose)| Terms {
        name,
        kind: kind.unwrap_or(MachineKind::Service),
        purpose: purpose.trim().to_owned(),
        description,
        tags,
        scope,
        access,
        access_for,
        expires_at,
        roles,
        networks,
        custom_claims,
        serves,
        dpop_bound,
        refresh_tokens,
    });
    if let Some(Err(why)) = terms.as_ref().map(|terms| terms.bounded(now)) {
        declined(&mut members, why);
    }
    members.end();
    Some(MachineRead { terms: terms?, owner: owner?, suspended, credentials })
}

fn access_read(members: &mut Members<'_>) -> Vec<Access> {
    let list: Vec<Value> = members.read("access").unwrap_or_default();
    let (mut read, mut notes) = (Vec::new(), Notes::default());
    for (n, value) in list.into_iter().enumerate() {
        let Some(mut one) = Members::of(format!("{n}"), value, &mut notes) else { continue };
        let resource = one.parsed("resource", |text| Resource::parse(text).map_err(|why| why.to_string()));
        let resource = one.needed("resource", resource);
        // No scope of its own is not the same as none.
        let scope = one.read::<Vec<Scope>>("scope").map(|scopes| scopes.into_iter().collect());
        let access_for = one.parsed::<Lifetime>("access_lifetime", text);
        one.end();
        read.extend(resource.map(|resource| Access { resource, scope, access_for }));
    }
    notes.into_wrong().into_iter().for_each(|wrong| members.wrong("access", format!("{}: {}", wrong.place, wrong.why)));
    read
}

fn credentials_read(members: &mut Members<'_>, now: Timestamp) -> Vec<CredentialRead> {
    let list: Vec<Value> = members.read("credentials").unwrap_or_default();
    let (mut read, mut notes) = (Vec::new(), Notes::default());
    for (n, value) in list.into_iter().enumerate() {
        let whole = Value::Object(said(value.clone()));
        let Some(mut one) = Members::of(format!("{n}"), value, &mut notes) else { continue };
        let name = one.read::<String>("name");
        let name = one.needed("name", name).and_then(|name| exact(&mut one, "name", &name));
        let expires_at = one.parsed("expires_at", moment);
        if expires_at.is_some_and(|end| end <= now) {
            one.wrong("expires_at", "the end lies ahead");
        }
        let proof = proof_read(&mut one);
        one.end();
        read.extend(name.zip(proof).map(|(name, proof)| CredentialRead { name, proof, expires_at, said: whole }));
    }
    let wrong = notes.into_wrong();
    wrong.into_iter().for_each(|wrong| members.wrong("credentials", format!("{}: {}", wrong.place, wrong.why)));
    read
}

fn proof_read(one: &mut Members<'_>) -> Option<NewProof> {
    match one.read::<String>("kind").as_deref() {
        Some("keys") => {
            let jwks = one.take("jwks");
            let jwks = one.needed("jwks", jwks)?;
            keys_read(one, &jwks).then_some(NewProof::PublicKeys(jwks))
        }
        Some("key-set") => {
            let uri = one.read::<String>("jwks_uri");
            let uri = one.needed("jwks_uri", uri)?;
            // The same as when one is made by hand, but before anything is done.
            if !uri.starts_with("https://") || uri.len() > 512 || url::Url::parse(&uri).is_err() {
                one.wrong("jwks_uri", "this is no https:// address of at most 512 characters");
                return None;
            }
            Some(NewProof::KeySet(uri))
        }
        Some("trust") => {
            let (issuer, audience) = (one.read::<String>("issuer"), one.read::<String>("audience"));
            let (issuer, audience) = (one.needed("issuer", issuer), one.needed("audience", audience));
            let trust = Trust {
                jwks_uri: one.read("jwks_uri"),
                jwks: one.take("jwks"),
                rules: one.read("rules").unwrap_or_default(),
                preset: one.read("preset"),
                token_use: one.read("token_use").unwrap_or_default(),
                issuer: issuer?,
                audience: audience?,
            };
            if let Err(unfit) = federation::vet(&trust) {
                one.wrong(unfit.field, unfit.why);
                return None;
            }
            if trust.jwks.as_ref().is_some_and(|jwks| !keys_read(one, jwks)) {
                return None;
            }
            Some(NewProof::Trust(trust))
        }
        _ => {
            one.wrong("kind", "it is keys, key-set or trust; secrets are in no file");
            None
        }
    }
}

fn keys_read(one: &mut Members<'_>, jwks: &Value) -> bool {
    match JwkSet::parse(jwks.to_string().as_bytes()) {
        Ok(_) => true,
        Err(why) => {
            one.wrong("jwks", format!("this is no usable set of public keys: {why}"));
            false
        }
    }
}

fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_iso(text).ok_or_else(|| "write it like 2027-01-31T00:00:00Z".to_owned())
}

// Tenants and roles.

pub(super) fn tenant_said(tenant: &Tenant) -> Said {
    said(json!({ "title": tenant.title }))
}

pub(super) fn tenant_read(name: &str, mut members: Members<'_>, now: Timestamp) -> Option<Tenant> {
    let parsed = name.parse::<TenantName>().map_err(|why| members.wrong("name", why)).ok();
    if name == TenantName::MAIN {
        members.wrong("name", "the main tenant is in every appliance, and stays as it is");
    }
    let title = members.read::<String>("title").unwrap_or_else(|| name.to_owned());
    let title = exact(&mut members, "title", &title);
    members.end();
    Some(Tenant { name: parsed?, title: title?.as_str().to_owned(), created_at: now })
}

pub(super) fn role_said(role: &Role) -> Said {
    said(json!({ "description": role.description, "permissions": role.permissions }))
}

pub(super) fn role_read(held: RoleIn, mut members: Members<'_>, now: Timestamp) -> Option<Role> {
    let description = members.read("description").unwrap_or_default();
    let permissions = members.list::<Permission>("permissions", text);
    let terms = RoleTerms { description, permissions }.bounded().map_err(|why| declined(&mut members, why)).ok();
    members.end();
    let RoleTerms { description, permissions } = terms?;
    Some(Role { tenant: held.tenant, name: held.role, description, permissions, created_at: now })
}

/// What a file calls a role: its name, behind its tenant where that is not the usual one.
pub(super) fn role_name(role: &Role) -> String {
    if role.tenant == TenantName::default() { role.name.to_string() } else { format!("{}/{}", role.tenant, role.name) }
}

// Delegations.

/// A delegation as a file says it.
#[derive(Clone, Debug)]
pub(super) struct DelegationRead {
    pub(super) actor: String,
    pub(super) person: Option<Email>,
    pub(super) machine: Option<String>,
    pub(super) may_act: Option<String>,
    pub(super) across: bool,
    pub(super) scope: ScopeSet,
    pub(super) resources: Vec<Resource>,
    pub(super) purpose: String,
    pub(super) expires_at: Timestamp,
}

/// Machines are what the file calls them, the person is an e-mail address.
pub(super) fn delegation_said(
    delegation: &Delegation,
    actor: &str,
    person: Option<&str>,
    machine: Option<&str>,
    may_act: Option<&str>,
) -> Said {
    said(json!({
        "actor": actor,
        "person": person,
        "machine": machine,
        "may_act": may_act,
        "across": delegation.across.then_some(true),
        "scope": names(&delegation.scope),
        "resources": delegation.resources,
        "purpose": delegation.purpose,
        "expires_at": delegation.expires_at.iso(),
    }))
}

pub(super) fn delegation_read(mut members: Members<'_>, now: Timestamp) -> Option<DelegationRead> {
    let actor = members.read::<String>("actor");
    let actor = members.needed("actor", actor);
    let (person, machine) = (members.parsed::<Email>("person", text), members.read::<String>("machine"));
    if person.is_some() == machine.is_some() {
        members.wrong("person", "say in whose name: a person by their e-mail address, or a machine");
    }
    let may_act = members.read::<String>("may_act");
    let across = members.read("across").unwrap_or(false);
    let scope = set(&mut members, "scope");
    if scope.is_empty() {
        members.wrong("scope", "name what it is for: 1 to 64 scopes");
    }
    let resources = members.list("resources", |text| Resource::parse(text).map_err(|why| why.to_string()));
    if resources.len() > MOST_RESOURCES {
        members.wrong("resources", "a delegation has at most 64 resources");
    }
    let purpose = members.read::<String>("purpose");
    let purpose = members.needed("purpose", purpose).map(|text| text.trim().to_owned());
    if purpose.as_ref().is_some_and(|purpose| delegations::purpose_fits(purpose).is_err()) {
        members.wrong("purpose", "say in one line of at most 500 characters what it is for");
    }
    let expires_at = members.parsed("expires_at", moment);
    let expires_at = members.needed("expires_at", expires_at);
    if expires_at.is_some_and(|end| end <= now || end > now.plus(delegations::LONGEST)) {
        members.wrong("expires_at", "the end lies ahead, and at most 366 days");
    }
    members.end();
    Some(DelegationRead {
        actor: actor?,
        person,
        machine,
        may_act,
        across,
        scope,
        resources,
        purpose: purpose?,
        expires_at: expires_at?,
    })
}

/// The id that a key of `clients` is, if it is one.
pub(super) fn client_id(key: &str) -> Option<ClientId> {
    key.parse().ok().filter(|id| matches!(id, ClientId::Registered(_)))
}
