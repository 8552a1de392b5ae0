//! Scopes.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const SCOPES: ScopesWords = ScopesWords {
    lead: "Everything that can be asked for, in the words that people read before they allow it.",
    new: "New scope",
    name_or_words: "Name or words",
    nothing_fits: "No scope fits.",
    nothing_yet: "There is nothing to ask for yet.",
    nothing_yet_more: OfTwoLinks(|add, protect| {
        html!("{}, or add some while you {}.", add.over("Add the first scope"), protect.over("protect an MCP server"))
    }),
    who_can: "Who has it can",
    can: "Can",
    scope: "Scope",
    risk: "Risk",
    risky: "risky",
    low: "low",
    implies: "Has as well",
    others: OfNumber(|n| html!("{n} others")),
    offered_by: "Offered by",
    appliance: "this appliance",
    resources: OfNumber(|n| html!("{n} resources")),
    was_added: "The scope is added. Let a resource offer it next.",
    was_changed: "The scope is changed. Whoever is asked from now on reads it so.",
    was_removed: "The scope is removed.",
};

pub(super) const SCOPE: ScopeWords = ScopeWords {
    risky: "Risky: marked, and never ticked for people",
    low: "Low",
    implies_nothing: "nothing else",
    implied_by: "Comes with",
    added: "Added",
    where_: "Where it counts",
    own: OfLink(|link| html!("At this appliance’s own {}, and nowhere else. It stays as it is.", link.over("API"))),
    not_offered: "No resource offers it.",
    not_offered_more: "Nobody can get it until one does: open a resource and change what can be done there.",
    who: "Who may ask for it",
    none: "None.",
    applications: "Applications that name it",
    no_applications: "None. An application that names no scopes may ask for whatever a resource offers.",
    not_allowed: "Nobody has allowed it to an application.",
    allowed: |grants| format!("They allowed it to applications: {grants}."),
    remove: "Remove this scope…",
    remove_about: "It can be asked for no more. A scope that a resource offers, that comes with another one, or that a machine, an application or a delegation names, has to be taken from there first.",
    remove_submit: "Remove scope",
};

pub(super) const SCOPE_FORM: ScopeFormWords = ScopeFormWords {
    name_note: "For programs, without spaces, such as tickets:write. It cannot be changed later.",
    words: "What will happen",
    words_note: "The line that people allow: “Create and change tickets”.",
    words_example: "Create and change tickets",
    low: "Low: people can give it without a second thought",
    implies_note: "Scopes that whoever has this one has too, with spaces between.",
    submit: "Add scope",
    submit_change: "Change scope",
    nothing_added: "Nothing was added. Look at what is marked.",
    name_wrong: "a name without spaces, quotes and backslashes, such as tickets:write",
};
