//! What an administrator decides about a machine, and what of it is possible.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::{AddressRange, Fault, Issuer, Lifetime, Resource, Timestamp};
use crate::model::{Access, Machine, MachineKind, RoleName, ScopeSet, TenantName};
use crate::operations::declined::Declined;
use crate::operations::token::issue::MOST_ACCESS;
use crate::operations::{find_resource, resources, roles, scopes};
use crate::protocol::display_name::DisplayName;
use crate::store::Read;

const LONGEST_PURPOSE: usize = 500;
const LONGEST_DESCRIPTION: usize = 4_000;
const LONGEST_TAG: usize = 64;
const MOST_TAGS: usize = 32;
const MOST_RESOURCES: usize = 64;
const MOST_NETWORKS: usize = 64;
const MOST_ROLES: usize = 64;
const LEAST_ACCESS: Lifetime = Lifetime::from_minutes(1);
const FARTHEST_END: Lifetime = Lifetime::from_days(3_650);

/// What an administrator decides about a machine: what making one asks for and changing one may change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    pub name: DisplayName,
    pub kind: MachineKind,
    /// What it is for.
    pub purpose: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub tags: Vec<String>,
    /// What it may ask for; all must be in the catalogue.
    #[serde(default)]
    pub scope: ScopeSet,
    /// The resources it may have tokens for, by identifier or alias; none for any.
    #[serde(default)]
    pub access: Vec<Access>,
    /// How long its access tokens live.
    #[serde(default)]
    pub access_for: Option<Lifetime>,
    /// When its time is over.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    #[serde(default)]
    pub roles: Vec<RoleName>,
    /// Where it may call from; none for anywhere.
    #[serde(default)]
    pub networks: Vec<AddressRange>,
    #[serde(default)]
    pub custom_claims: Map<String, Value>,
    /// The resources it answers for: it may introspect their tokens.
    #[serde(default)]
    pub serves: Vec<Resource>,
    /// Whether it gets tokens only for a key that it proves to have (DPoP).
    #[serde(default)]
    pub dpop_bound: bool,
    /// Whether it gets refresh tokens for its access keys and for tokens of other issuers.
    #[serde(default)]
    pub refresh_tokens: bool,
}

impl Terms {
    /// The least there is to decide.
    pub fn new(name: DisplayName, kind: MachineKind, purpose: impl Into<String>, scope: ScopeSet) -> Self {
        Self {
            name,
            kind,
            purpose: purpose.into(),
            description: String::new(),
            tags: Vec::new(),
            scope,
            access: Vec::new(),
            access_for: None,
            expires_at: None,
            roles: Vec::new(),
            networks: Vec::new(),
            custom_claims: Map::new(),
            serves: Vec::new(),
            dpop_bound: false,
            refresh_tokens: false,
        }
    }

    /// What a machine's row says now.
    pub fn of(machine: &Machine) -> Result<Self, Declined> {
        let name = DisplayName::parse(&machine.name).map_err(|why| Declined::field("name", why))?;
        Ok(Self {
            name,
            kind: machine.kind,
            purpose: machine.purpose.clone(),
            description: machine.description.clone(),
            tags: machine.tags.clone(),
            scope: machine.scope.clone(),
            access: machine.access.clone(),
            access_for: machine.access_for,
            expires_at: machine.expires_at,
            roles: machine.roles.clone(),
            networks: machine.networks.clone(),
            custom_claims: machine.custom_claims.clone(),
            serves: machine.serves.clone(),
            dpop_bound: machine.dpop_bound,
            refresh_tokens: machine.refresh_tokens,
        })
    }

    /// Every scope that it may ask for anywhere.
    pub(super) fn reach(&self) -> ScopeSet {
        self.access
            .iter()
            .filter_map(|access| access.scope.as_ref())
            .fold(self.scope.clone(), |all, one| all.union(one))
    }

    /// What can be looked at without the store: lengths and counts, and no claim that is not the machine's to make.
    pub(in crate::operations) fn bounded(&self, now: Timestamp) -> Result<(), Declined> {
        let one_line = |text: &str, most: usize| text.chars().count() <= most && !text.chars().any(char::is_control);
        if self.purpose.trim().is_empty() || !one_line(&self.purpose, LONGEST_PURPOSE) {
            return Err(Declined::field("purpose", "say in one line of at most 500 characters what it is for"));
        }
        let is_control = |c: char| c.is_control() && c != '\n';
        if self.description.chars().count() > LONGEST_DESCRIPTION || self.description.chars().any(is_control) {
            return Err(Declined::field("description", "a description has at most 4,000 characters"));
        }
        let is_tag = |tag: &String| !tag.is_empty() && one_line(tag, LONGEST_TAG);
        if self.tags.len() > MOST_TAGS || !self.tags.iter().all(is_tag) {
            return Err(Declined::field("tags", "at most 32 tags, each of 1 to 64 characters"));
        }
        if self.access.len() > MOST_RESOURCES || self.serves.len() > MOST_RESOURCES {
            return Err(Declined::field("resource", "a machine has at most 64 resources"));
        }
        if self.networks.len() > MOST_NETWORKS {
            return Err(Declined::field("networks", "at most 64 networks"));
        }
        if self.roles.len() > MOST_ROLES {
            return Err(Declined::field("roles", "at most 64 roles"));
        }
        let lifetimes = self.access.iter().filter_map(|access| access.access_for).chain(self.access_for);
        if lifetimes.into_iter().any(|life| life < LEAST_ACCESS || life > MOST_ACCESS) {
            return Err(Declined::field("access_lifetime", "an access token lives between a minute and a day"));
        }
        if self.expires_at.is_some_and(|end| end > now.plus(FARTHEST_END)) {
            return Err(Declined::field("expires_at", "the end lies at most ten years ahead"));
        }
        roles::claims_fit(&self.custom_claims)
    }

    /// Whoever is to end at once is stopped, and says why.
    pub(super) fn lies_ahead(&self, now: Timestamp) -> Result<(), Declined> {
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(Declined::field(
                "expires_at",
                "the end lies ahead; one that is to end now is suspended or retired",
            ));
        }
        Ok(())
    }

    /// What is new of them, of a machine that is there: what was set once may stay as it is.
    pub(super) fn changes_fit(&self, old: &Machine, now: Timestamp) -> Result<(), Declined> {
        if self.expires_at != old.expires_at {
            self.lies_ahead(now)?;
        }
        if self.custom_claims != old.custom_claims {
            roles::say_something(&self.custom_claims)?;
        }
        Ok(())
    }

    /// What needs the store: every scope, resource and role must be known. Aliases are resolved.
    pub(super) fn resolved(
        mut self,
        read: &impl Read,
        issuer: &Issuer,
        tenant: &TenantName,
    ) -> Result<Result<Self, Declined>, Fault> {
        self.roles.sort_unstable();
        self.roles.dedup();
        if let Err(declined) = roles::all_known(read, tenant, &self.roles)? {
            return Ok(Err(declined));
        }
        let scopes = self.access.iter().filter_map(|access| access.scope.as_ref()).chain([&self.scope]);
        for scope in scopes {
            if let Err(declined) = scopes::all_known(read, "scope", scope)? {
                return Ok(Err(declined));
            }
        }
        let mut seen: Vec<Resource> = Vec::new();
        for access in &mut self.access {
            match find_resource::named(read, &access.resource)? {
                Some(resource) => access.resource = resource.identifier,
                None if find_resource::is_itself(&access.resource, issuer) => {
                    let why = format!(
                        "{} is this appliance itself, for which every machine may have tokens: leave it out; its scopes say what it may do here",
                        access.resource
                    );
                    return Ok(Err(Declined::field("resource", why)));
                }
                None => return Ok(Err(no_resource(&access.resource))),
            }
            if seen.contains(&access.resource) {
                let why = format!("{} is named twice", access.resource);
                return Ok(Err(Declined::field("resource", why)));
            }
            seen.push(access.resource.clone());
        }
        match resources::all_known(read, "serves", &self.serves)? {
            Ok(serves) => self.serves = serves,
            Err(declined) => return Ok(Err(declined)),
        }
        self.tags.sort_unstable();
        self.tags.dedup();
        self.purpose = self.purpose.trim().to_owned();
        Ok(Ok(self))
    }

    pub(in crate::operations) fn put_into(self, machine: Machine) -> Machine {
        Machine {
            name: self.name.as_str().to_owned(),
            kind: self.kind,
            purpose: self.purpose,
            description: self.description,
            tags: self.tags,
            scope: self.scope,
            access: self.access,
            access_for: self.access_for,
            expires_at: self.expires_at,
            roles: self.roles,
            networks: self.networks,
            custom_claims: self.custom_claims,
            serves: self.serves,
            dpop_bound: self.dpop_bound,
            refresh_tokens: self.refresh_tokens,
            ..machine
        }
    }
}

fn no_resource(url: &Resource) -> Declined {
    Declined::field("resource", format!("{url} is not a registered resource; `writ resource add` registers it"))
}
