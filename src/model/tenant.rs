//! Tenants, and the roles people and machines have in them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::base::Timestamp;

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
