//! Roles of each tenant.

use std::collections::BTreeSet;

use serde_json::Map;

use super::Planner;
use crate::model::{Role, RoleIn, RoleName, TenantName};
use crate::operations::declared::members::{Members, below, text};
use crate::operations::declared::nouns::{role_name, role_read, role_said};
use crate::operations::declared::step::Step;
use crate::store::tables::role_key;

impl Planner<'_> {
    pub(super) fn roles(&mut self) {
        let present = self.present;
        let empty = Map::new();
        let section = self.file.roles.as_ref().unwrap_or(&empty);
        let mut listed: BTreeSet<(String, String)> = BTreeSet::new();
        for (key, value) in section {
            let place = below("roles", key);
            let Some((tenant, name)) = self.tenant_and_name(&place, key) else { continue };
            let role = match text::<RoleName>(&name) {
                Ok(role) => role,
                Err(why) => {
                    self.notes.say(&place, why);
                    continue;
                }
            };
            let unique = role_key(&tenant, &role);
            if !listed.insert(unique.clone()) {
                self.notes.say(&place, "this role is in the file twice");
                continue;
            }
            self.known_tenant(&place, &tenant);
            let Some(members) = Members::of(place.clone(), value.clone(), &mut self.notes) else { continue };
            let Some(read) = role_read(RoleIn { tenant, role }, members, self.house.now) else { continue };
            self.roles.insert(unique.clone());
            let before = present.roles.get(&unique);
            let after = Role { created_at: before.map_or(read.created_at, |before| before.created_at), ..read };
            let (was, is) = (before.map(role_said), role_said(&after));
            self.differs(place, was, is, || Step::Role(Box::new((before.cloned(), Some(after)))));
        }
        for (unique, role) in present.roles.iter().filter(|(unique, _)| !listed.contains(*unique)) {
            let place = below("roles", &role_name(role));
            let goes = self.file.roles.is_some()
                && self.goes(place.clone(), role_said(role), || Step::Role(Box::new((Some(role.clone()), None))));
            if !goes {
                if !self.is_tenant(&role.tenant) {
                    let why = format!("{place} belongs to it; it cannot be removed alone");
                    self.notes.say(&below("tenants", role.tenant.as_str()), why);
                }
                continue;
            }
            self.roles.remove(unique);
        }
    }

    pub(super) fn known_roles(&mut self, place: &str, tenant: &TenantName, roles: &[RoleName]) {
        if !self.known_tenant(place, tenant) {
            return;
        }
        for role in roles.iter().filter(|role| !self.roles.contains(&role_key(tenant, role))) {
            let why = format!("the role {tenant}/{role} is neither here nor in this file");
            self.notes.say(&below(place, "roles"), why);
        }
    }
}
