//! Non-human identities: with an owner, a purpose and a life of their own.

use serde::{Deserialize, Serialize};

use super::client::{ApplicationType, AuthMethod, Client, ClientId, ClientSecret, ClientState, GrantType, Provenance};
use super::person::Person;
use super::registration::ClientAbout;
use super::scope::ScopeSet;
use crate::base::{Id, Named, Resource, Timestamp};

/// An identity that no person types a password for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    pub id: Id<Machine>,
    pub name: String,
    pub kind: MachineKind,
    /// Who answers for it.
    pub owner: Id<Person>,
    /// What it is for, in its owner's words.
    pub purpose: String,
    pub state: ClientState,
    pub secrets: Vec<ClientSecret>,
    /// What it may ask for.
    pub scope: ScopeSet,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serves: Vec<Resource>,
    pub created_at: Timestamp,
}

impl Machine {
    /// How the token endpoint sees it: the rules know one kind of caller.
    pub fn as_client(&self) -> Client {
        Client {
            id: ClientId::Machine(self.id),
            name: self.name.clone(),
            provenance: Provenance::Machine,
            state: self.state,
            application_type: ApplicationType::Web,
            auth_method: AuthMethod::ClientSecretBasic,
            secrets: self.secrets.clone(),
            jwks: None,
            jwks_uri: None,
            redirect_uris: Vec::new(),
            grant_types: vec![GrantType::ClientCredentials],
            scope: Some(self.scope.clone()),
            resources: self.resources.clone(),
            serves: self.serves.clone(),
            client_uri: None,
            id_token_signed_response_alg: None,
            about: ClientAbout::default(),
            created_at: self.created_at,
            first_used_at: None,
            reaped_at: None,
        }
    }
}

impl Named for Machine {
    const PREFIX: &'static str = "mch";
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
}
