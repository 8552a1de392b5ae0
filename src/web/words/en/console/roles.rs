//! Roles and tenants.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const ROLES: RolesWords = RolesWords {
    lead: "What people and machines are in each tenant. Tokens carry the roles and the permissions that they come to.",
    new: "New role",
    choose_tenant: "Choose a tenant",
    tenant: "Tenant",
    nothing_yet: "This tenant has no roles yet.",
    nothing_yet_more: OfLink(|link| {
        html!(
            "A role is a name for some permissions, such as <code>tickets.read</code>. {}, then give it to people and machines.",
            link.over("Make the first one")
        )
    }),
    role: "Role",
    permissions: "Permissions",
    and_more: |left| format!("and {left} more"),
    none: "none",
    more_than: |seen| format!("more than {seen}"),
    tenants_about: "An organization, environment or customer. Machines, roles and what people are belong to one.",
    new_tenant: "New tenant…",
    tenant_name_note: "Letters, digits, dots and dashes. It identifies the tenant in every token and does not change.",
    title: "Title",
    title_note: "What people call it.",
    title_wrong: "Enter a title of 1 to 128 characters.",
    submit_tenant: "Create tenant",
    title_of: OfBare(|tenant| html!("Title of {tenant}")),
    submit_title: "Change title",
    remove: OfPlain(|tenant| html!("Remove {tenant}…")),
    remove_about: "Nothing brings it back. It has to be empty: no roles and no machines.",
    remove_submit: "Remove tenant",
    tenant_was_made: "The tenant is made.",
    title_was_changed: "The tenant is called so from now on.",
    tenant_was_removed: "The tenant is removed.",
    was_made: "The role is made. Now give it to somebody.",
    was_changed: "The role is changed. Tokens say so from the next one on.",
    was_removed: "The role is removed.",
    was_taken: "Taken away. Tokens say so from the next one on.",
};

pub(super) const ROLE: RoleWords = RoleWords {
    lead: OfBareAndTime(|tenant, at| html!("A role in {tenant}, made {at}")),
    holders: "Who has it",
    nobody: "Nobody has it.",
    nobody_more: Html::of("Give it to people on their pages, and to machines under <em>Change</em> on theirs."),
    take: "Take away",
    take_from: OfPlain(|name| html!("from {name}")),
    machine: "A machine.",
    more_people: "More people have it. Only the first are shown.",
    more_machines: "More machines have it. Only the first are shown.",
    change: "What it comes to",
    permissions_note: "One a line. Whoever has the role gets tokens that say so from the next one on.",
    submit: "Change role",
    held: "A role that somebody has cannot be removed. Take it from them first.",
    remove: "Remove this role…",
    remove_about: "Nobody has it, so nothing stops working. It can be made again.",
    remove_submit: "Remove role",
};

pub(super) const ROLE_FORM: RoleFormWords = RoleFormWords {
    title: OfPlain(|tenant| html!("New role in {tenant}")),
    name_note: "Tokens carry it. Letters, digits, dots, colons, dashes and underscores.",
    description: "What it is for",
    permissions_note: "One a line, such as tickets.read.",
    submit: "Create role",
};
