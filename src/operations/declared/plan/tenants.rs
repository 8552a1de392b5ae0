//! Tenants: what a file calls the houses, and whether one is there.

use super::Planner;
use crate::model::{Tenant, TenantName};
use crate::operations::declared::members::{Members, below};
use crate::operations::declared::nouns::{tenant_read, tenant_said};
use crate::operations::declared::step::Step;

impl Planner<'_> {
    pub(super) fn tenants(&mut self) {
        let Some(section) = &self.file.tenants else { return };
        let present = self.present;
        for (name, tenant) in present.tenants.iter().filter(|(name, _)| !section.contains_key(*name)) {
            if self.goes(below("tenants", name), tenant_said(tenant), || Step::Tenant {
                before: Some(tenant.clone()),
                after: None,
            }) {
                self.tenants.remove(name);
            }
        }
        for (name, value) in section {
            let place = below("tenants", name);
            let Some(members) = Members::of(place.clone(), value.clone(), &mut self.notes) else { continue };
            let Some(read) = tenant_read(name, members, self.house.now) else { continue };
            self.tenants.insert(name.clone());
            let before = present.tenants.get(name);
            let after = Tenant { created_at: before.map_or(read.created_at, |before| before.created_at), ..read };
            let (was, is) = (before.map(tenant_said), tenant_said(&after));
            self.differs(place, was, is, || Step::Tenant { before: before.cloned(), after: Some(after) });
        }
    }

    pub(super) fn is_tenant(&self, tenant: &TenantName) -> bool {
        tenant.as_str() == TenantName::MAIN || self.tenants.contains(tenant.as_str())
    }

    pub(super) fn known_tenant(&mut self, place: &str, tenant: &TenantName) -> bool {
        let is_known = self.is_tenant(tenant);
        if !is_known {
            self.notes.say(place, format!("the tenant {tenant} is neither here nor in this file"));
        }
        is_known
    }
}
