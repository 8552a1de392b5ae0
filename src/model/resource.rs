//! Protected resources: the MCP servers and APIs that tokens are for.

use serde::{Deserialize, Serialize};

use super::scope::ScopeSet;
use super::signing_key::Algorithm;
use crate::base::{Id, Lifetime, Named, Resource, Timestamp};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProtectedResource {
    pub id: Id<ProtectedResource>,
    /// What becomes `aud`, byte for byte.
    pub identifier: Resource,
    /// Other ways in which clients write it, folded (see [`Resource::folded`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Resource>,
    pub name: String,
    /// What can be asked for here.
    pub scopes: ScopeSet,
    /// What a request without `scope` means.
    pub default_scopes: ScopeSet,
    /// What its access tokens are signed with.
    pub algorithm: Algorithm,
    pub format: TokenFormat,
    pub access_for: Lifetime,
    /// The longest that a machine's tokens may live where the machine says so: a day, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine_access_most: Option<Lifetime>,
    /// The one that a request without `resource` means.
    #[serde(default)]
    pub is_default: bool,
    pub created_at: Timestamp,
}

impl Named for ProtectedResource {
    const PREFIX: &'static str = "res";
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenFormat {
    /// RFC 9068.
    Jwt,
    /// Only introspection can read it.
    Opaque,
}
