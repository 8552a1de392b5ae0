//! Protected resources: the MCP servers and APIs that tokens are for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::scope::{Scope, ScopeSet};
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
    /// What a token has to have for each tool of an MCP server, by the tool's name: a scope, or nothing but to be a token of this
    /// resource. A tool that is not named has not been decided about, and the server refuses it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tool_scopes: BTreeMap<String, Option<Scope>>,
    /// What its tokens say about their subject beside scopes: all that there is to say, if nothing is said here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<BTreeSet<SaidClaim>>,
    pub created_at: Timestamp,
}

impl ProtectedResource {
    /// Whether its tokens say this of their subject.
    pub fn says(&self, claim: SaidClaim) -> bool {
        self.claims.as_ref().is_none_or(|claims| claims.contains(&claim))
    }

    /// All of it that they say.
    pub fn said(&self) -> impl Iterator<Item = SaidClaim> {
        SaidClaim::ALL.into_iter().map(|(_, claim)| claim).filter(|claim| self.says(*claim))
    }
}

/// What a token may say about its subject beside scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SaidClaim {
    /// `roles`
    Roles,
    /// `permissions`
    Permissions,
    /// `tenantId`, `tenant_id`, and `tenants` where there are several.
    Tenant,
    /// `customClaims`
    CustomClaims,
}

impl SaidClaim {
    pub const ALL: [(&'static str, Self); 4] = [
        ("roles", Self::Roles),
        ("permissions", Self::Permissions),
        ("tenant", Self::Tenant),
        ("custom_claims", Self::CustomClaims),
    ];

    /// Those that are chosen, as they are kept: nothing is kept of a choice of all.
    pub fn chosen(claims: BTreeSet<Self>) -> Option<BTreeSet<Self>> {
        (claims.len() < Self::ALL.len()).then_some(claims)
    }

    pub fn as_str(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, claim)| *claim == self).map_or("", |(name, _)| name)
    }
}

/// Why a text is no claim that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchClaim;

impl fmt::Display for NoSuchClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is roles, permissions, tenant or custom_claims")
    }
}

impl FromStr for SaidClaim {
    type Err = NoSuchClaim;

    fn from_str(text: &str) -> Result<Self, NoSuchClaim> {
        Self::ALL.into_iter().find(|(name, _)| *name == text).map(|(_, claim)| claim).ok_or(NoSuchClaim)
    }
}

/// The tools that an MCP server has. Beside its resource and not in it, because every request for a token reads that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceTools {
    pub at: Timestamp,
    pub told_by: ToldBy,
    pub list: Vec<Tool>,
}

/// Who said which tools there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToldBy {
    /// The server itself, when it was asked.
    Server,
    Administrator,
}

/// One tool, in the server's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<ToolHint>,
}

/// What the server says that a tool does. Its word, and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolHint {
    ReadsOnly,
    Destroys,
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
