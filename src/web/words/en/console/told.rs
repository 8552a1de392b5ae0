//! What each event of the log says.

use crate::web::words::list::console::*;

pub(super) const ACTORS: ActorWords =
    ActorWords { nobody: "somebody not yet known", operator: "the command line", system: "the appliance" };

fn many(count: u64, one: &str, more: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {more}") }
}

pub(super) const TOLD: ToldWords = ToldWords {
    founded: |issuer| format!("Started for the first time as {issuer}"),
    issuer_changed: "Appliance issuer changed",
    migrated: "Store migrated",
    backup_made: |file| format!("The backup {file} was made and tried"),
    backup_sending: |object| format!("The backup {object} is being sent to the object store in parts"),
    backup_failed: |why| format!("A backup failed{why}"),
    backups_removed: |files| format!("Old backups were removed: {files}"),
    restored: |from| format!("Restored from a backup of {from}"),
    restore_ended: "Restore ended",
    restore_carried: "Restore carried over",
    restore_seen: "Restore seen",
    swept: |rows| format!("{} over and removed", many(rows, "row was", "rows were")),
    cut: |entries| format!("{} cut out of this log", many(entries, "old entry was", "old entries were")),
    certificate: |until| format!("TLS shows another certificate, which holds until {until}"),
    setup_opened: "A setup link was made",
    setup_completed: |person| format!("{person} became the first administrator"),
    master_key: |keys, factors| {
        format!("The master key was changed: {keys} signing keys and {factors} second factors were sealed anew")
    },

    person_created: |person| format!("{person} was added"),
    person_changed: |person, what| format!("{person} has another {}", what.join(" and another ")),
    person_suspended: |person, why| format!("{person} was stopped{why}"),
    person_resumed: |person| format!("{person} may go on"),
    password_set: |person| format!("{person} has a new password"),
    administrator: |person| format!("{person} became an administrator"),
    administrator_no_more: |person| format!("{person} is an administrator no more"),
    sessions_ended: |person| format!("{person} was signed out everywhere"),
    sessions_seen: |count| format!("{} in use", many(count, "session was", "sessions were")),
    signed_in: |person| format!("{person} signed in"),
    sign_in_refused: |person, why| format!("A sign-in to the account of {person} was refused: {why}"),
    half_done: |person| format!("{person} was asked for a code after their password"),
    signed_out: |person| format!("{person} signed out"),
    factor_added: |person| format!("{person} signs in with codes from now on"),
    factor_removed: |person| format!("{person} signs in without codes again"),
    recovery_used: |person, left| format!("{person} signed in with a recovery code; {left} left"),
    recovery_renewed: |person| format!("{person} made new recovery codes"),
    passkey_added: |person, name| format!("{person} may sign in with the passkey {name}"),
    passkey_removed: |person, name| format!("{person} has the passkey {name} no more"),
    passkey_used: |person| format!("{person} signed in with a passkey"),
    passkey_counter: |person| format!("A passkey of {person} was refused: there may be a copy of it"),
    roles_changed: |person| format!("The roles of {person} were changed"),

    provider_trusted: |issuer| format!("The word of {issuer} about people is taken"),
    provider_changed: |provider, what| format!("The identity provider {provider} was changed: {what}"),
    provider_removed: |issuer| format!("The word of {issuer} about people is taken no more"),
    vouched: |provider, person| format!("{provider} said that it is {person}"),
    answer_refused: |provider, why| format!("An answer of {provider} signed nobody in: {why}"),
    linked: |person, subject, provider| format!("{person} was linked to {subject} at {provider}"),
    unlinked: |person, subject, provider| format!("{person} is linked no more to {subject} at {provider}"),
    crossing_allowed: "Crossing allowed",
    crossing_removed: "Crossing removed",

    registered: |name| format!("{name} was registered"),
    changed: |name| format!("{name} was changed"),
    changed_what: |name, what| format!("{name} was changed: {what}"),
    removed: |name| format!("{name} was removed"),
    stopped: |name, why| format!("{name} was stopped{why}"),
    may_go_on: |name| format!("{name} may go on"),

    registered_itself: |name| format!("{name} registered itself"),
    changed_itself: |name, what| format!("{name} changed its own {what}"),
    removed_itself: |name| format!("{name} removed its registration"),
    approved: |name| format!("{name} was approved"),
    rejected: |name, why| format!("{name} was rejected{why}"),
    verified: |name| format!("{name} was verified"),
    unverified: |name, why| format!("{name} is verified no more{why}"),
    consents_forgotten: |count| {
        format!("{} forgotten: the applications are gone", many(count, "consent was", "consents were"))
    },
    reaped: |count| format!("{count} registrations that nobody used were removed"),
    document_changed: |name, what| format!("The document of {name} changed: {what}"),
    secret_rotated: |name| format!("{name} got another secret"),
    secrets_ended: |name| format!("The old secrets of {name} were ended"),
    old_secret_used: |name| format!("{name} still uses an old secret"),
    initial_token_created: "Registration token created",
    initial_token_revoked: "Registration token revoked",

    machine_created: |name, owner| format!("{name} was made; {owner} answers for it"),
    retired: |name, why| format!("{name} was retired{why}"),
    expired: |name| format!("The time of {name} is over"),
    handed_over: |name, from, to| format!("{name} went from {from} to {to}"),
    used: |machines, tokens| {
        format!("{} used: {}", many(machines, "machine was", "machines were"), many(tokens, "token", "tokens"))
    },
    credential_created: |machine, name| format!("{machine} got the credential {name}"),
    credential_rotated: |machine| format!("A credential of {machine} got a successor"),
    credential_changed: |machine| format!("A credential of {machine} was changed"),
    credential_revoked: |machine, why| format!("A credential of {machine} was revoked{why}"),
    credential_refused: |machine, why| format!("A right credential of {machine} was refused: {why}"),
    credential_ambiguous: "Credential ambiguous",
    delegated: |actor, subject| format!("{actor} may act for {subject}"),
    delegated_no_more: |actor, subject, why| format!("{actor} may act no more for {subject}{why}"),

    tenant_created: |tenant| format!("The tenant {tenant} was made"),
    tenant_changed: "Tenant changed",
    tenant_removed: "Tenant removed",
    role_created: |role, tenant| format!("The role {role} was made in {tenant}"),
    role_changed: |role, tenant| format!("The role {role} in {tenant} was changed"),
    role_removed: |role, tenant| format!("The role {role} in {tenant} was removed"),
    server_named_tools: |resource, count| format!("The server of {resource} named {}", many(count, "tool", "tools")),
    administrator_named_tools: |resource, count| {
        format!("An administrator of {resource} named {}", many(count, "tool", "tools"))
    },
    scope_created: |scope| format!("The scope {scope} was added"),
    scope_changed: |scope| format!("The scope {scope} was changed"),
    scope_removed: |scope| format!("The scope {scope} was removed"),
    catalogue_loaded: "Scope catalogue loaded",
    limit_changed: |limit| format!("The limit {limit} was changed"),
    setting_changed: |setting| format!("The setting {setting} was changed"),
    setting_changed_to: |setting, value| format!("The setting {setting} was changed to {value}"),

    key_made: |algorithm, kid| format!("A key for {algorithm} was made: {kid}"),
    key_signs: |kid| format!("The key {kid} signs"),
    key_retired: |kid| format!("The key {kid} signs no more"),
    key_rescheduled: |kid| format!("The key {kid} begins at another time"),
    key_withdrawn: |kid| format!("The key {kid} was withdrawn"),
    key_gone: |kid| format!("The key {kid} is gone"),

    consent_given: |person, client, scope| format!("{person} allowed {client}: {scope}"),
    consent_denied: |person, client| format!("{person} refused {client}"),
    consent_revoked: |person, client| format!("What {person} had allowed {client} was taken back"),
    signed_in_to: |person, client| format!("{person} signed in to {client}"),
    code_replayed: |client| format!("A spent code of {client} was shown again"),
    token_issued: |client, subject, resource| {
        let whose = subject.map(|subject| format!(" for {subject}")).unwrap_or_default();
        let there = resource.map(|resource| format!(" at {resource}")).unwrap_or_default();
        format!("{client} got a token{whose}{there}")
    },
    acted: |actor, subject, resource| format!("{actor} acts for {subject} at {resource}"),
    token_refused: |client, grant, why| format!("{client} was refused ({grant}): {why}"),
    token_revoked: |client| format!("A token of {client} was revoked"),
    identity_accepted: "Token identity accepted",
    identity_asserted: "Token identity asserted",
    scope_narrowed: "Token scope narrowed",
    refresh_overlapped: "Refresh overlapped",
    refresh_replayed: |client| format!("Two parties hold a refresh token of {client}; it was revoked"),
    family_revoked: "Family revoked",
    strangers_refused: |count, what| format!("Strangers were refused {count} times: {what}"),

    why: WhyWords {
        machine_stopped: "the machine is stopped",
        machine_retired: "the machine is retired",
        machine_over: "the machine’s time is over",
        network: "it may not call from there",
        credential_over: "the credential’s time is over",
        credential_revoked: "the credential is revoked",
        password: "wrong password or suspended",
        code: "wrong code",
        passkey_suspended: "passkey: suspended, or removed meanwhile",
        passkey_counter: "passkey: its counter went back, so there may be a copy",
        provider_suspended: "identity provider: suspended",
    },
};
