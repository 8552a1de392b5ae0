//! Non-human identities: with an owner, a purpose and a life of their own.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::client::{ApplicationType, AuthMethod, Client, ClientId, ClientState, GrantType, Provenance};
use super::context::Actor;
use super::credential::Credential;
use super::person::Person;
use super::registration::ClientAbout;
use super::review::Review;
use super::scope::ScopeSet;
use super::tenant::{Permission, RoleName, TenantName};
use crate::base::{AddressRange, Id, Lifetime, Named, Resource, Timestamp};

/// An identity that no person types a password for. Its credentials are rows of their own ([`Credential`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    pub id: Id<Machine>,
    pub name: String,
    pub kind: MachineKind,
    /// Who answers for it.
    pub owner: Id<Person>,
    /// What it is for, in its owner's words.
    pub purpose: String,
    /// Whatever else there is to know about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    #[serde(default)]
    pub tenant: TenantName,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    pub state: ClientState,
    /// Since when it does not act, who stopped it and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// When it was last stopped: tokens from before stay over, also once it acts again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void_before: Option<Timestamp>,
    /// From then on it gets no tokens, unless somebody moves the date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// What it may ask for wherever `access` does not say otherwise.
    pub scope: ScopeSet,
    /// The resources it may have tokens for, each with what is special there; empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<Access>,
    /// How long its access tokens live; never longer than the resource lets those of machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_for: Option<Lifetime>,
    /// Its roles in its tenant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<RoleName>,
    /// Where it may call from; empty for anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<AddressRange>,
    /// Whether it gets tokens only for a key that it proves to have (RFC 9449 §5.2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dpop_bound: bool,
    /// Whether it gets refresh tokens for its access keys and for tokens of other issuers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refresh_tokens: bool,
    /// What its tokens say under `customClaims`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub custom_claims: Map<String, Value>,
    /// The resources it answers for: it may introspect their tokens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serves: Vec<Resource>,
    pub created_at: Timestamp,
}

/// One resource that a machine may have tokens for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    pub resource: Resource,
    /// `None`: the machine's own scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeSet>,
    /// `None`: the machine's own, or the resource's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_for: Option<Lifetime>,
}

/// Why an identity does not act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    pub at: Timestamp,
    pub by: Actor,
    /// In the words of whoever stopped it.
    pub because: String,
}

/// A machine as it authenticated: the row, and by which of its credentials.
#[derive(Clone, Debug, PartialEq)]
pub struct Authenticated {
    pub machine: Machine,
    pub credential: Credential,
    /// What its roles come to: read along with it, so that no grant has to look again.
    pub permissions: Vec<Permission>,
}

impl Machine {
    /// How the token endpoint sees it: the rules know one kind of caller. Secrets and keys are left to whoever knows
    /// which credential is presented.
    pub fn as_client(&self) -> Client {
        Client {
            id: ClientId::Machine(self.id),
            name: self.name.clone(),
            provenance: Provenance::Machine,
            state: self.state,
            application_type: ApplicationType::Web,
            auth_method: AuthMethod::ClientSecretBasic,
            secrets: Vec::new(),
            jwks: None,
            jwks_uri: None,
            redirect_uris: Vec::new(),
            grant_types: self.grant_types(),
            scope: Some(self.scope.clone()),
            resources: self.access.iter().map(|access| access.resource.clone()).collect(),
            serves: self.serves.clone(),
            client_uri: None,
            id_token_signed_response_alg: None,
            dpop_bound_access_tokens: self.dpop_bound,
            about: ClientAbout::default(),
            created_at: self.created_at,
            first_used_at: None,
            last_used_at: None,
            reaped_at: None,
            void_before: None,
            declared_as: None,
            review: Review::default(),
            identity: None,
        }
    }

    fn grant_types(&self) -> Vec<GrantType> {
        let mut grants = vec![GrantType::ClientCredentials, GrantType::TokenExchange, GrantType::JwtBearer];
        grants.extend(self.refresh_tokens.then_some(GrantType::RefreshToken));
        grants
    }

    /// The same, once it is known by which credential it authenticates and what its roles come to.
    pub fn authenticated_by(self, credential: Credential, permissions: Vec<Permission>) -> Client {
        let client = self.as_client();
        Client { identity: Some(Arc::new(Authenticated { machine: self, credential, permissions })), ..client }
    }

    /// What it may ask for at `resource`; at the appliance itself without one.
    pub fn ceiling(&self, resource: Option<&Resource>) -> &ScopeSet {
        self.access_to(resource).and_then(|access| access.scope.as_ref()).unwrap_or(&self.scope)
    }

    /// Every scope that it may ask for anywhere.
    pub fn reach(&self) -> ScopeSet {
        self.access
            .iter()
            .filter_map(|access| access.scope.as_ref())
            .fold(self.scope.clone(), |all, one| all.union(one))
    }

    /// How long its tokens for `resource` live, if that is its own affair: the resource may say less.
    pub fn lifetime(&self, resource: Option<&Resource>) -> Option<Lifetime> {
        self.access_to(resource).and_then(|access| access.access_for).or(self.access_for)
    }

    /// How long it has still to live. No token of it lives longer: who verifies one offline knows nothing of the machine's end but
    /// what the token says. (The end of a credential is another matter: until then it may be presented, as until it is revoked.)
    pub fn left(&self, now: Timestamp) -> Lifetime {
        self.expires_at.map_or(Lifetime::from_millis(u64::MAX), |end| end.since(now))
    }

    fn access_to(&self, resource: Option<&Resource>) -> Option<&Access> {
        let resource = resource?;
        self.access.iter().find(|access| access.resource == *resource)
    }

    /// What a list calls its state.
    pub fn standing(&self, now: Timestamp) -> MachineStanding {
        match self.state {
            ClientState::Retired => MachineStanding::Retired,
            ClientState::Suspended | ClientState::AwaitingApproval | ClientState::Rejected => {
                MachineStanding::Suspended
            }
            ClientState::Active if self.expires_at.is_some_and(|end| now >= end) => MachineStanding::Expired,
            ClientState::Active => MachineStanding::Active,
        }
    }
}

impl Named for Machine {
    const PREFIX: &'static str = "mch";
}

/// What a machine's state comes to at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MachineStanding {
    Active,
    /// Its time is over.
    Expired,
    /// Somebody stopped it and may let it go on.
    Suspended,
    /// For good; what it did stays in the audit log.
    Retired,
}

impl MachineStanding {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Suspended => "suspended",
            Self::Retired => "retired",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MachineKind {
    Agent,
    Service,
    Ci,
    Device,
}

impl MachineKind {
    pub const ALL: [(&'static str, Self); 4] =
        [("agent", Self::Agent), ("service", Self::Service), ("ci", Self::Ci), ("device", Self::Device)];

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(name, _)| *name == text).map(|(_, kind)| kind)
    }

    pub fn as_str(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}
