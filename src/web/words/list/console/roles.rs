//! Roles and tenants: their list, one role, and its form.

use crate::web::words::list::Text;
use crate::web::words::marks::{Html, OfBare, OfBareAndTime, OfLink, OfPlain};

pub(crate) struct RolesWords {
    pub(crate) lead: Text,
    pub(crate) new: Text,
    pub(crate) choose_tenant: Text,
    pub(crate) tenant: Text,
    pub(crate) nothing_yet: Text,
    pub(crate) nothing_yet_more: OfLink,
    pub(crate) role: Text,
    pub(crate) permissions: Text,
    pub(crate) and_more: fn(usize) -> String,
    pub(crate) none: Text,
    /// So many were counted, and there are more.
    pub(crate) more_than: fn(usize) -> String,
    pub(crate) tenants_about: Text,
    pub(crate) new_tenant: Text,
    pub(crate) tenant_name_note: Text,
    pub(crate) title: Text,
    pub(crate) title_note: Text,
    pub(crate) title_wrong: Text,
    pub(crate) submit_tenant: Text,
    /// Of a tenant.
    pub(crate) title_of: OfBare,
    pub(crate) submit_title: Text,
    pub(crate) remove: OfPlain,
    pub(crate) remove_about: Text,
    pub(crate) remove_submit: Text,
    pub(crate) tenant_was_made: Text,
    pub(crate) title_was_changed: Text,
    pub(crate) tenant_was_removed: Text,
    pub(crate) was_made: Text,
    pub(crate) was_changed: Text,
    pub(crate) was_removed: Text,
    pub(crate) was_taken: Text,
}

pub(crate) struct RoleWords {
    /// Of which tenant, and since when.
    pub(crate) lead: OfBareAndTime,
    pub(crate) holders: Text,
    pub(crate) nobody: Text,
    pub(crate) nobody_more: Html,
    pub(crate) take: Text,
    /// Behind it, for who hears it.
    pub(crate) take_from: OfPlain,
    pub(crate) machine: Text,
    pub(crate) more_people: Text,
    pub(crate) more_machines: Text,
    pub(crate) change: Text,
    pub(crate) permissions_note: Text,
    pub(crate) submit: Text,
    pub(crate) held: Text,
    pub(crate) remove: Text,
    pub(crate) remove_about: Text,
    pub(crate) remove_submit: Text,
}

pub(crate) struct RoleFormWords {
    pub(crate) title: OfPlain,
    pub(crate) name_note: Text,
    pub(crate) description: Text,
    pub(crate) permissions_note: Text,
    pub(crate) submit: Text,
}
