//! What a token says about what its subject is and may do, beside its scopes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::tenant::{Permission, RoleName, TenantName};

/// Roles, permissions and custom claims, under the names that code written for hosted services reads. What is empty is not
/// said at all: real clients fail on null.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Entitlements {
    /// RFC 9068 §2.2.3.1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<RoleName>,
    /// What the roles come to; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Permission>,
    /// In which tenant that is.
    #[serde(default, rename = "tenantId", skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantName>,
    /// The same once more, for code that reads this name.
    #[serde(default, rename = "tenant_id", skip_serializing_if = "Option::is_none")]
    pub tenant_again: Option<TenantName>,
    /// Where there is more than one tenant: what holds in each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tenants: BTreeMap<TenantName, Entitled>,
    /// They are only here: none of them can pass for a claim of ours.
    #[serde(default, rename = "customClaims", skip_serializing_if = "Map::is_empty")]
    pub custom_claims: Map<String, Value>,
    /// The permissions are too many for a token; the roles are all there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub permissions_left_out: bool,
}

/// What holds in one of several tenants.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Entitled {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<RoleName>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<Permission>,
}

impl Entitlements {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
