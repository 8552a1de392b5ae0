//! What people are in the tenants, as a file says it.

use serde_json::{Map, Value, json};

use super::{Said, declined, said};
use crate::model::{Membership, RoleIn};
use crate::operations::declared::members::{Members, text};
use crate::operations::roles::{MOST_ROLES, claims_fit};

pub(in crate::operations::declared) fn membership_said(membership: &Membership) -> Said {
    said(json!({ "roles": membership.roles, "custom_claims": membership.custom_claims }))
}

/// Roles, sorted and none twice, and custom claims.
pub(in crate::operations::declared) fn membership_read(
    mut members: Members<'_>,
) -> Option<(Vec<RoleIn>, Map<String, Value>)> {
    let mut roles: Vec<RoleIn> = members.list("roles", text);
    roles.sort_unstable();
    roles.dedup();
    if roles.len() > MOST_ROLES {
        members.wrong("roles", "a person has at most 64 roles");
    }
    let custom_claims = members.read("custom_claims").unwrap_or_default();
    if let Err(why) = claims_fit(&custom_claims) {
        declined(&mut members, why);
        return None;
    }
    members.end();
    Some((roles, custom_claims))
}
