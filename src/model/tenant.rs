//! Tenants, and the roles people and machines have in them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

use super::person::Person;
use crate::base::{Id, Timestamp};

/// A name that identifies: 1 to 64 of `a-z A-Z 0-9 . _ - :`, beginning with a letter or digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is 1 to 64 letters, digits, dots, colons, dashes or underscores, and begins with a letter or digit")]
pub struct ParseNameError;

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b':'))
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $type(String);

        impl $type {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = ParseNameError;

            fn from_str(text: &str) -> Result<Self, ParseNameError> {
                is_name(text).then(|| Self(text.to_owned())).ok_or(ParseNameError)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// Which organization, environment or customer something belongs to.
    TenantName
}
name! {
    /// A role, within a tenant.
    RoleName
}
name! {
    /// What a role lets its holders do, such as `users.create` or `index:read`.
    Permission
}

impl TenantName {
    /// Where everything is unless somebody says otherwise.
    pub const MAIN: &'static str = "main";
}

impl Default for TenantName {
    fn default() -> Self {
        Self(Self::MAIN.to_owned())
    }
}

/// An organization, environment or customer that machines, roles and people's roles belong to. The main one needs no row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    pub name: TenantName,
    /// What people call it.
    pub title: String,
    pub created_at: Timestamp,
}

/// What holders of a role may do in one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    pub tenant: TenantName,
    pub name: RoleName,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    pub permissions: Vec<Permission>,
    pub created_at: Timestamp,
}

/// A role, with the tenant it is held in: `acme/admin`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleIn {
    pub tenant: TenantName,
    pub role: RoleName,
}

/// Why a text names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role is written as tenant/role, such as main/admin")]
pub struct ParseRoleInError;

impl FromStr for RoleIn {
    type Err = ParseRoleInError;

    fn from_str(text: &str) -> Result<Self, ParseRoleInError> {
        let (tenant, role) = text.split_once('/').ok_or(ParseRoleInError)?;
        match (tenant.parse(), role.parse()) {
            (Ok(tenant), Ok(role)) => Ok(Self { tenant, role }),
            _ => Err(ParseRoleInError),
        }
    }
}

impl fmt::Display for RoleIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant, self.role)
    }
}

impl Serialize for RoleIn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RoleIn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// What a person is in the tenants. Not a part of the person's own row: signing in and refreshing read that one, and only
/// few tokens say any of this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub person: Id<Person>,
    /// Sorted, none twice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<RoleIn>,
    /// What tokens about this person say under `customClaims`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub custom_claims: Map<String, Value>,
}
