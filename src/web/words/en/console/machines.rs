//! All machines, and what the pages about one and about many call the same things.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const LABELS: MachineLabels = MachineLabels {
    agent: "Agent",
    service: "Service",
    ci: "CI job",
    device: "Device",
    active: "active",
    expired: "expired",
    suspended: "suspended",
    retired: "retired",
    credential_misused: "credential misused",
    no_owner: "no owner",
    unused: "unused",
    never_used: "never used",
    scopes_unused: "unused scopes",
    secret_old: "old secret",
    credential_expiring: "credential ends soon",
    machine_expiring: "ends soon",
    new_network: "new network",
    secret_shared: "shared secret",
    old_secret_used: "replaced secret in use",
    old_secret_silent: "replaced secret silent",
    live: "live",
    revoked: "revoked",
    being_replaced: "being replaced",
    name: "Name",
    kind: "Kind",
    owner: "Owner",
    tenant: "Tenant",
    client_id: "Client id",
    credentials: "Credentials",
    last_used: "Last used",
    tags: "Tags",
    from: OfPlain(|network| html!("from {network}")),
    new_machine: "New machine",
    why: "Why",
    cancel: "Cancel",
    use_it: "Use it",
};

pub(super) const LEFT: LeftWords = LeftWords {
    at_most: |count, until, there| {
        format!(
            "At most {count} tokens from before may still be taken, until {until}, by a server that neither introspects nor follows the status list{there}."
        )
    },
    there: |places, others| format!(": {places}{}", if others { ", and elsewhere" } else { "" }),
    at: |count, place| format!("{count} at {place}"),
};

pub(super) const MACHINES: MachinesWords = MachinesWords {
    who_acts: "Who acts for whom",
    name_or_tag: "Name or tag",
    anybody: "Anybody",
    tag: "Tag",
    state: "State",
    finding: "Finding",
    order: "Order",
    newest_first: "Newest first",
    oldest_first: "Oldest first",
    name_up: "Name, A to Z",
    name_down: "Name, Z to A",
    used_last: "Last used first",
    used_first: "Longest unused first",
    only_newest: |newest| {
        format!(
            "Only the newest {newest} of these machines that were found are in this order. Narrow the list to have all of them in it."
        )
    },
    by_tenant: "By tenant, then by name.",
    none_retired: "Retired machines gave their names back, and are not among them.",
    nothing_fits: "No machine fits.",
    nothing_fits_more: OfLink(|link| html!("Take something out of the filter, or {}.", link.over("show all machines"))),
    none_yet: "There are no machines yet.",
    none_yet_more: OfLink(|link| {
        html!(
            "A machine is an identity for an agent, a service, a CI job or a device: with an owner, a purpose, and credentials you can turn and stop. {}.",
            link.over("Make the first one")
        )
    }),
    choose: "Choose",
    choose_one: OfBare(|name| html!("Choose {name}")),
    credentials_about: "How many are good, and how old the oldest is",
    next_end: "Next end",
    scopes_about: "Scopes it made use of, of those it may ask for",
    scopes_used: "Scopes used",
    findings: "Findings",
    never_used: "never used",
    no_credentials: "none",
    new_credentials: |count| format!("{count}, new"),
    old_credentials: |count, age| format!("{count}, {age} old"),
    scopes_of: |used, granted| format!("{used} of {granted}"),
    stop: "Stop the chosen…",
    stop_every: "Every machine that is ticked above.",
    stop_about: "Each of them gets no more tokens, and every token it has is over for whoever asks this appliance. You can let them go on later.",
    submit_stop: "Stop the chosen machines",
    were_stopped: |count| match count {
        0 => "The chosen machines are stopped.".to_owned(),
        1 => "1 machine is stopped.".to_owned(),
        many => format!("{many} machines are stopped."),
    },
    some_stopped: "Not all of them could be stopped: some are retired or gone.",
    none_chosen: "Choose the machines to stop first.",
};

pub(super) const FORM: MachineFormWords = MachineFormWords {
    title: OfPlain(|name| html!("Change {name}")),
    heading: OfBare(|name| html!("Change {name}")),
    name_help: "As its owner calls it, such as nightly-import.",
    purpose: "What it is for",
    purpose_help: "One line, for whoever asks in a year.",
    owner_help: "The e-mail address of the person who answers for it.",
    scopes: "What it may ask for",
    no_scopes: "There are no scopes to choose from yet.",
    resources: "Where its tokens are good",
    resources_help: "None chosen means any registered resource.",
    credential: "How it proves itself",
    no_credential: "Nothing yet",
    more: "More: life, networks, roles, tags",
    tenant_help: "The organization or environment it belongs to.",
    lifetime: "Its access tokens live",
    lifetime_help: "Such as 10m or 1h; a day at most. Empty: as the resource says.",
    expires: "Its time ends on",
    expires_help: "From then on it gets no tokens. Empty: never.",
    networks: "Calls only from",
    networks_help: "Networks such as 10.0.0.0/8, with spaces between. Empty: anywhere.",
    roles_help: "Names of roles in its tenant, with spaces between.",
    tags_help: "With commas between.",
    description: "Description",
    dpop: "Give it tokens only for a key it proves to have (DPoP)",
    submit_new: "Create machine",
    submit_change: "Change machine",
    nothing_changed: "Nothing was changed. Look at what is marked.",
    first_secret: "first secret",
    first_access_key: "first access key",
    wrong: MachineWrongWords {
        scope: "one of these is no scope",
        lifetime: "say it like 10m or 1h",
        day: "a day that is still to come, like 2027-06-30",
        networks: "networks look like 10.0.0.0/8",
        roles: "one of these is no name of a role",
        tenant: "this is no name of a tenant",
    },
};
