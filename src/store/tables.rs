//! Every table of the product, in one list. Names are part of the file format.

use serde::{Deserialize, Serialize};

use super::table::{AnyTable, Generation, Index, Table, Unique};
use crate::base::look::skeleton;
use crate::base::{Digest, Id, Resource, Timestamp};
use crate::model::{
    AccessRecord, ActingRuns, AuthorizationCode, BackupState, Client, ClientId, ClientState, Consent, Credential,
    CredentialKind, CredentialState, CredentialUsage, Crossing, Delegation, DelegationState, Delivered, DocumentRecord,
    DoneOnce, Family, FrozenIssuer, Hour, HourNumber, IdentityProvider, InitialAccessToken, KeptSetting, LimitsRow,
    Machine, MachineFindings, MachineKind, MachineUsage, Membership, Offered, Passkey, Person, ProtectedResource,
    Provenance, RecentRegistration, RefreshToken, ResourceTools, Restored, RevokedToken, Role, RoleName, ScopeEntry,
    ScopeSet, ScopesUsage, SecondFactor, Session, SetupState, SignInFailures, SigningKey, SpentProof, StatusBlock,
    StatusList, StatusPage, SubjectLink, Tenant, TenantName, Tombstone, UsedAssertion, Watch,
};

// What is kept in memory of rows that every request reads: app/kept.rs.

/// What machines are as they authenticate: their rows, their credentials', and what their roles come to.
pub static MACHINES_AS_OF: Generation = Generation::new("machines");
pub static CLIENTS_AS_OF: Generation = Generation::new("clients");
pub static RESOURCES_AS_OF: Generation = Generation::new("resources");

// People, and the browsers they sit at.

/// An address is one account, however it is capitalized.
pub static PEOPLE_BY_EMAIL: Unique<Person, str> = Unique::new("people_by_email", |p, out| out(&p.email.folded()));
pub static PEOPLE: Table<Id<Person>, Person> = Table::new("people").indexed(&[&PEOPLE_BY_EMAIL]);

pub static SESSIONS_BY_PERSON: Index<Session, Id<Person>> =
    Index::new("sessions_by_person", |session, out| out(&session.person));
pub static SESSIONS: Table<Id<Session>, Session> =
    Table::new("sessions").indexed(&[&SESSIONS_BY_PERSON]).expires(|session| Some(session.expires_at));

/// Of those who have one; everybody else has no row.
pub static SECOND_FACTORS: Table<Id<Person>, SecondFactor> = Table::new("second_factors");

/// By a digest of the credential id.
pub static PASSKEYS_BY_CREDENTIAL: Unique<Passkey, Digest> =
    Unique::new("passkeys_by_credential", |passkey, out| out(&Passkey::found_by(&passkey.credential)));
pub static PASSKEYS_BY_PERSON: Index<Passkey, Id<Person>> =
    Index::new("passkeys_by_person", |passkey, out| out(&passkey.person));
pub static PASSKEYS: Table<Id<Passkey>, Passkey> =
    Table::new("passkeys").indexed(&[&PASSKEYS_BY_CREDENTIAL, &PASSKEYS_BY_PERSON]);
/// By a digest of the challenge.
pub static PASSKEY_CHALLENGES: Table<Digest, SpentProof> =
    Table::new("passkey_challenges").expires(|spent: &SpentProof| Some(spent.expires_at)).unlogged(
        "remembered for as long as they would be accepted, so that none is answered twice; what they buy is recorded",
    );

/// Keyed by a bucket of the account name's MAC.
pub static FAILURES: Table<u64, SignInFailures> = Table::new("sign_in_failures")
    .expires(|failures: &SignInFailures| Some(failures.expires_at))
    .unlogged("a counter per bucket, twice 65,536 of them at most; the refusals themselves are recorded");

/// A person's consent is found by whom it was given to, for which resource.
pub static CONSENTS_BY_GRANT: Unique<Consent, (Id<Person>, String, String)> =
    Unique::new("consents_by_grant", |c, out| out(&consent_key(c.person, &c.client_id, c.resource.as_ref())));
pub static CONSENTS_BY_PERSON: Index<Consent, Id<Person>> =
    Index::new("consents_by_person", |consent, out| out(&consent.person));
pub static CONSENTS: Table<Id<Consent>, Consent> =
    Table::new("consents").indexed(&[&CONSENTS_BY_GRANT, &CONSENTS_BY_PERSON]);

/// The key of [`CONSENTS_BY_GRANT`]: no resource is the empty one.
pub fn consent_key(
    person: Id<Person>,
    client: &ClientId,
    resource: Option<&crate::base::Resource>,
) -> (Id<Person>, String, String) {
    (person, client.to_string(), resource.map(ToString::to_string).unwrap_or_default())
}

// Tenants, and the roles in them.

pub static TENANTS: Table<String, Tenant> = Table::new("tenants");
/// By tenant and name.
pub static ROLES: Table<(String, String), Role> = Table::new("roles").turns(&MACHINES_AS_OF);

/// The key of [`ROLES`] and of what finds a role's holders.
pub fn role_key(tenant: &TenantName, role: &RoleName) -> (String, String) {
    (tenant.to_string(), role.to_string())
}

pub static MEMBERSHIPS_BY_ROLE: Index<Membership, (String, String)> =
    Index::new("memberships_by_role", |membership, out| {
        membership.roles.iter().for_each(|held| out(&role_key(&held.tenant, &held.role)));
    });
pub static MEMBERSHIPS: Table<Id<Person>, Membership> = Table::new("memberships").indexed(&[&MEMBERSHIPS_BY_ROLE]);

// Who else knows people.

pub static PROVIDERS_BY_ISSUER: Unique<IdentityProvider, str> =
    Unique::new("identity_providers_by_issuer", |provider, out| out(&provider.issuer));
pub static PROVIDERS: Table<Id<IdentityProvider>, IdentityProvider> =
    Table::new("identity_providers").indexed(&[&PROVIDERS_BY_ISSUER]);
pub static LINKS_BY_PROVIDER: Index<SubjectLink, Id<IdentityProvider>> =
    Index::new("subject_links_by_provider", |link, out| out(&link.provider));
/// The same by whom they mean.
pub static LINKS_BY_PERSON: Index<SubjectLink, Id<Person>> =
    Index::new("subject_links_by_person", |link, out| out(&link.person));
/// By provider and subject.
pub static LINKS: Table<(String, String), SubjectLink> =
    Table::new("subject_links").indexed(&[&LINKS_BY_PROVIDER, &LINKS_BY_PERSON]);
/// Answers of identity providers to people who sign in, by a digest of their `state`.
pub static UPSTREAM_ANSWERS: Table<Digest, SpentProof> =
    Table::new("upstream_answers").expires(|spent: &SpentProof| Some(spent.expires_at)).unlogged(
        "remembered for as long as they would be accepted, so that none is taken twice; what they come to is recorded",
    );

/// The key of [`LINKS`].
pub fn link_key(provider: Id<IdentityProvider>, subject: &str) -> (String, String) {
    (provider.to_string(), subject.to_owned())
}

/// By the client and where it may go.
pub static CROSSINGS_BY_CLIENT: Unique<Crossing, (String, String)> =
    Unique::new("crossings_by_client", |crossing, out| {
        out(&(crossing.client_id.to_string(), crossing.audience.clone()));
    });
pub static CROSSINGS: Table<Id<Crossing>, Crossing> = Table::new("crossings").indexed(&[&CROSSINGS_BY_CLIENT]);

// Applications, machines, and what they may reach.

/// The clients that an administrator registered or looked at, by what a hurried reader takes their names for.
pub static CLIENTS_BY_LOOK: Index<Client, str> = Index::new("clients_by_look", |client, out| {
    if client.provenance == Provenance::Administrator || client.review.verified.is_some() {
        out(&skeleton(&client.name));
    }
});
/// By what an administrator said that it may ask for, reaches or answers for. What a client says of itself holds nobody up.
pub static CLIENTS_BY_NAMED: Index<Client, (String, String)> = Index::new("clients_by_named", |client, out| {
    if client.provenance == Provenance::Administrator {
        client.scope.iter().flat_map(ScopeSet::iter).for_each(|scope| out(&named_scope(scope.as_str())));
    }
    client.resources.iter().chain(&client.serves).for_each(|resource| out(&named_resource(resource)));
});
/// Only registrations that nobody has used have an end; housekeeping turns it into a tombstone.
pub static CLIENTS: Table<Id<Client>, Client> = Table::new("clients")
    .indexed(&[&CLIENTS_BY_LOOK, &CLIENTS_BY_NAMED])
    .expires(|client| client.reaped_at)
    .turns(&CLIENTS_AS_OF);

/// What finds those who name a scope.
pub fn named_scope(scope: &str) -> (String, String) {
    ("scope".to_owned(), scope.to_owned())
}

/// What finds those who name a resource, by its identifier.
pub fn named_resource(resource: &Resource) -> (String, String) {
    ("resource".to_owned(), resource.to_string())
}
/// Dynamic registrations in the order they came, so that the oldest can make room if nobody used it.
pub static RECENT_REGISTRATIONS: Table<u64, RecentRegistration> = Table::new("recent_registrations")
    .unlogged("a queue of bounded length; what enters and leaves it is recorded with the client");
pub static TOMBSTONES: Table<Id<Client>, Tombstone> = Table::new("tombstones").expires(|tomb| Some(tomb.expires_at));
/// Client-id documents as they were when somebody last consented, by URL.
pub static DOCUMENTS: Table<String, DocumentRecord> = Table::new("client_documents");
pub static INITIAL_TOKENS: Table<Id<InitialAccessToken>, InitialAccessToken> =
    Table::new("initial_access_tokens").expires(|token| Some(token.expires_at));

/// What a machine is called in sentences and files: in one tenant, one of them. A retired one gives its name back.
pub static MACHINES_BY_NAME: Unique<Machine, (String, String)> = Unique::new("machines_by_name", |machine, out| {
    if machine.state != ClientState::Retired {
        out(&machine_key(&machine.tenant, &machine.name));
    }
});
pub static MACHINES_BY_OWNER: Index<Machine, Id<Person>> =
    Index::new("machines_by_owner", |machine, out| out(&machine.owner));
/// By the words of its name and its tags, for whoever looks for it.
pub static MACHINES_BY_WORD: Index<Machine, str> = Index::new("machines_by_word", |machine, out| {
    let words = std::iter::once(&machine.name).chain(&machine.tags).flat_map(|text| words(text));
    words.for_each(|word| out(&word));
});
/// Who has a role, retired ones left out.
pub static MACHINES_BY_ROLE: Index<Machine, (String, String)> = Index::new("machines_by_role", |machine, out| {
    if machine.state != ClientState::Retired {
        machine.roles.iter().for_each(|role| out(&role_key(&machine.tenant, role)));
    }
});
/// By what they may ask for, where they may go and what they answer for, retired ones left out.
pub static MACHINES_BY_NAMED: Index<Machine, (String, String)> = Index::new("machines_by_named", |machine, out| {
    if machine.state != ClientState::Retired {
        machine.reach().iter().for_each(|scope| out(&named_scope(scope.as_str())));
        let places = machine.access.iter().map(|access| &access.resource).chain(&machine.serves);
        places.for_each(|resource| out(&named_resource(resource)));
    }
});
/// By what a list is narrowed to. What most machines are has no entries: whoever asks for it finds it among the newest.
pub static MACHINES_BY_TRAIT: Index<Machine, str> = Index::new("machines_by_trait", |machine, out| {
    match machine.state {
        ClientState::Suspended => out(SUSPENDED),
        ClientState::Retired => out(RETIRED),
        _ => {}
    }
    if machine.expires_at.is_some() {
        out(ENDS);
    }
    out(&of_kind(machine.kind));
    if machine.tenant.as_str() != TenantName::MAIN {
        out(&of_tenant(&machine.tenant));
    }
});
pub static MACHINES: Table<Id<Machine>, Machine> = Table::new("machines")
    .indexed(&[
        &MACHINES_BY_NAME,
        &MACHINES_BY_OWNER,
        &MACHINES_BY_WORD,
        &MACHINES_BY_ROLE,
        &MACHINES_BY_NAMED,
        &MACHINES_BY_TRAIT,
    ])
    .turns(&MACHINES_AS_OF);

/// Keys of [`MACHINES_BY_TRAIT`].
pub const SUSPENDED: &str = "state suspended";
pub const RETIRED: &str = "state retired";
/// Its time ends some day, or has.
pub const ENDS: &str = "ends";

/// The key of [`MACHINES_BY_TRAIT`] for machines of a kind.
pub fn of_kind(kind: MachineKind) -> String {
    format!("kind {}", kind.as_str())
}

/// The key of [`MACHINES_BY_TRAIT`] for machines of a tenant other than the first.
pub fn of_tenant(tenant: &TenantName) -> String {
    format!("tenant {tenant}")
}

/// The words of a text, and the text itself: `nightly-import` is found by `night` and by `import`.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    let text = text.to_lowercase();
    let mut words: Vec<String> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    words.push(text);
    words.sort_unstable();
    words.dedup();
    words.into_iter()
}

/// The key of [`MACHINES_BY_NAME`].
pub fn machine_key(tenant: &TenantName, name: &str) -> (String, String) {
    (tenant.to_string(), name.to_lowercase())
}

pub static CREDENTIALS_BY_MACHINE: Index<Credential, Id<Machine>> =
    Index::new("credentials_by_machine", |credential, out| out(&credential.machine));
/// The trusts that were not revoked, by their issuer and what their most telling rule says of which claim.
pub static CREDENTIALS_BY_PIN: Index<Credential, (String, String, String)> =
    Index::new("credentials_by_pin", |credential, out| {
        if let (CredentialKind::Trust(trust), CredentialState::Active) = (&credential.kind, &credential.state)
            && let Some(pin) = trust.pin()
        {
            for value in pin.test.values() {
                out(&(trust.issuer.clone(), pin.claim.clone(), value.clone()));
            }
        }
    });
pub static CREDENTIALS: Table<Id<Credential>, Credential> =
    Table::new("credentials").indexed(&[&CREDENTIALS_BY_MACHINE, &CREDENTIALS_BY_PIN]).turns(&MACHINES_AS_OF);

// What was used, apart from the rows of what is used: those are not rewritten for it.

pub static USAGE_BY_MACHINE: Table<Id<Machine>, MachineUsage> = Table::new("usage_by_machine");
/// Goes with its credential.
pub static USAGE_BY_CREDENTIAL: Table<Id<Credential>, CredentialUsage> = Table::new("usage_by_credential");
pub static USAGE_BY_SCOPE: Table<Id<Machine>, ScopesUsage> = Table::new("usage_by_scope");

pub static FINDINGS_BY_KIND: Index<MachineFindings, str> =
    Index::new("findings_by_kind", |found, out| found.kinds.iter().for_each(|kind| out(kind.as_str())));
/// Machines that something is to be said about.
pub static FINDINGS: Table<Id<Machine>, MachineFindings> = Table::new("findings")
    .indexed(&[&FINDINGS_BY_KIND])
    .unlogged("worked out from rows whose changes are recorded; one row for each machine at most");
/// How far a copy of the audit log has got, by the digest of where it goes.
pub static DELIVERED: Table<Digest, Delivered> = Table::new("audit_delivered")
    .unlogged("one row for each place; an entry for each delivery would be one more to deliver, for ever");
/// By the number of the hour.
pub static HOURS: Table<HourNumber, Hour> = Table::new("hours")
    .expires(|hour: &Hour| Some(hour.expires_at))
    .unlogged("one row for each hour of a season; what is counted in it is recorded where it happens, or tallied");
/// One row, under [`ONLY`].
pub static WATCH: Table<String, Watch> =
    Table::new("watch").unlogged("one row: since when there has been somebody to count");

/// The one by which a machine acts for somebody now. One that was revoked makes room for another.
pub static DELEGATIONS_LIVE: Unique<Delegation, (Id<Machine>, String)> = Unique::new("delegations_live", |d, out| {
    if d.state == DelegationState::Live {
        out(&(d.actor, d.subject.text()));
    }
});
pub static DELEGATIONS_BY_ACTOR: Index<Delegation, Id<Machine>> =
    Index::new("delegations_by_actor", |delegation, out| out(&delegation.actor));
/// By the person or the machine that is acted for.
pub static DELEGATIONS_BY_SUBJECT: Index<Delegation, str> =
    Index::new("delegations_by_subject", |delegation, out| out(&delegation.subject.text()));
/// The same without those that were revoked, of which there may be many.
pub static DELEGATIONS_LIVE_BY_SUBJECT: Index<Delegation, str> =
    Index::new("delegations_live_by_subject", |delegation, out| {
        if delegation.state == DelegationState::Live {
            out(&delegation.subject.text());
        }
    });
/// By what they are for, those that were revoked left out.
pub static DELEGATIONS_BY_NAMED: Index<Delegation, (String, String)> =
    Index::new("delegations_by_named", |delegation, out| {
        if delegation.state == DelegationState::Live {
            delegation.scope.iter().for_each(|scope| out(&named_scope(scope.as_str())));
            delegation.resources.iter().for_each(|resource| out(&named_resource(resource)));
        }
    });
pub static DELEGATIONS: Table<Id<Delegation>, Delegation> = Table::new("delegations").indexed(&[
    &DELEGATIONS_BY_NAMED,
    &DELEGATIONS_LIVE,
    &DELEGATIONS_BY_ACTOR,
    &DELEGATIONS_BY_SUBJECT,
    &DELEGATIONS_LIVE_BY_SUBJECT,
]);

/// By the folded identifier and every folded alias.
pub static RESOURCES_BY_URL: Unique<ProtectedResource, str> = Unique::new("resources_by_url", |resource, out| {
    let mut seen: Vec<String> = Vec::with_capacity(1 + resource.aliases.len());
    for url in std::iter::once(&resource.identifier).chain(&resource.aliases) {
        let folded = url.folded();
        if !seen.contains(&folded) {
            out(&folded);
            seen.push(folded);
        }
    }
});
/// The one that a request without `resource` means.
pub static RESOURCES_BY_DEFAULT: Unique<ProtectedResource, ()> =
    Unique::new("resources_by_default", |resource, out| {
        if resource.is_default {
            out(&());
        }
    });
pub static RESOURCES: Table<Id<ProtectedResource>, ProtectedResource> =
    Table::new("resources").indexed(&[&RESOURCES_BY_URL, &RESOURCES_BY_DEFAULT]).turns(&RESOURCES_AS_OF);
/// What an MCP server said of its tools: apart, so that no request for a token reads it.
pub static RESOURCE_TOOLS: Table<Id<ProtectedResource>, ResourceTools> = Table::new("resource_tools");

pub static SCOPES: Table<String, ScopeEntry> = Table::new("scopes");
/// One row, under [`ONLY`].
pub static OFFERED: Table<String, Offered> =
    Table::new("scopes_offered").unlogged("one row: the scopes that shipped so far, so that each is offered once");

// Grants and tokens.

pub static CODES: Table<Id<AuthorizationCode>, AuthorizationCode> =
    Table::new("codes").expires(|code| Some(code.forgotten_at));

/// What one application holds of one person.
pub static FAMILIES_BY_GRANT: Index<Family, (Id<Person>, String)> = Index::new("families_by_grant", |family, out| {
    if let Some(person) = family.person {
        out(&(person, family.client_id.to_string()));
    }
});
pub static FAMILIES: Table<Id<Family>, Family> =
    Table::new("families").indexed(&[&FAMILIES_BY_GRANT]).expires(|family| Some(family.expires_at));
pub static REFRESH: Table<Id<RefreshToken>, RefreshToken> =
    Table::new("refresh_tokens").expires(|token| Some(token.expires_at));

/// Opaque access tokens.
pub static ACCESS: Table<Id<AccessRecord>, AccessRecord> =
    Table::new("access_tokens").expires(|record| Some(record.expires_at));
/// Access tokens of either format that were revoked before their time.
pub static REVOKED: Table<Id<AccessRecord>, RevokedToken> =
    Table::new("revoked_tokens").expires(|token| Some(token.expires_at));

// The status of signed access tokens: see `operations::status`.

pub static STATUS_LISTS: Table<u64, StatusList> = Table::new("status_lists").expires(|list| Some(list.expires_at));
/// All that one client's tokens have.
pub static STATUS_BLOCKS_BY_CLIENT: Index<StatusBlock, ClientId> =
    Index::new("status_blocks_by_client", |block, out| out(&block.client_id));
/// Those of a list in which everything is invalid.
pub static STATUS_BLOCKS_ENDED: Index<StatusBlock, u64> = Index::new("status_blocks_ended", |block, out| {
    if block.ended_at.is_some() {
        out(&block.list);
    }
});
/// By list and first index.
pub static STATUS_BLOCKS: Table<(u64, u64), StatusBlock> = Table::new("status_blocks")
    .indexed(&[&STATUS_BLOCKS_BY_CLIENT, &STATUS_BLOCKS_ENDED])
    .expires(|block| Some(block.expires_at));
/// Under whatever ends the tokens.
pub static ACTING_RUNS_BY_END: Index<ActingRuns, str> =
    Index::new("acting_runs_by_end", |runs, out| runs.ended_by.iter().for_each(|end| out(end)));
/// By a digest of what ends them and who acts.
pub static ACTING_RUNS: Table<Digest, ActingRuns> =
    Table::new("acting_runs").indexed(&[&ACTING_RUNS_BY_END]).expires(|runs| Some(runs.expires_at));
/// By list and page of it; a page in which nothing is set has no row.
pub static STATUS_PAGES: Table<(u64, u64), StatusPage> =
    Table::new("status_pages").expires(|page| Some(page.expires_at));

/// By the client and its `jti`, or by a workload's issuer and its `jti`.
pub static ASSERTIONS: Table<Digest, UsedAssertion> = Table::new("client_assertions")
    .expires(|assertion: &UsedAssertion| Some(assertion.expires_at))
    .unlogged("remembered for as long as they would be accepted, so that none is used twice; the grants they bring are recorded");

/// Requests that have their effect once, by a MAC of their sender and key.
pub static DONE_ONCE: Table<Digest, DoneOnce> =
    Table::new("done_once").expires(|done: &DoneOnce| Some(done.expires_at));
/// By the key and its `jti`.
pub static PROOFS: Table<Digest, SpentProof> = Table::new("dpop_proofs")
    .expires(|proof: &SpentProof| Some(proof.expires_at))
    .unlogged("remembered for five minutes so that none is used twice; what they buy is recorded");

// The appliance itself.

pub static SIGNING_KEYS: Table<Id<SigningKey>, SigningKey> = Table::new("signing_keys");
/// One row, under [`ONLY`].
pub static ISSUER: Table<String, FrozenIssuer> = Table::new("issuer");
/// How backups went: one row, under [`ONLY`].
pub static BACKUPS: Table<String, BackupState> = Table::new("backups");
/// That the file comes from a backup: one row, under [`ONLY`].
pub static RESTORED: Table<String, Restored> = Table::new("restored");
/// One row, under [`ONLY`]: limits that an administrator changed while the appliance ran.
pub static LIMITS: Table<String, LimitsRow> = Table::new("limits");
/// By the setting's name: what an administrator put in its place while the appliance ran.
pub static KEPT_SETTINGS: Table<String, KeptSetting> = Table::new("settings");
/// One row, under [`ONLY`].
pub static SETUP: Table<String, SetupState> = Table::new("setup");

/// The key of a table's only row.
pub const ONLY: &str = "only";

/// The tables whose rows housekeeping removes when their time is over.
pub static SWEPT: [&dyn AnyTable; 19] = [
    &HOURS,
    &SESSIONS,
    &FAILURES,
    &TOMBSTONES,
    &INITIAL_TOKENS,
    &CODES,
    &FAMILIES,
    &REFRESH,
    &ACCESS,
    &REVOKED,
    &ASSERTIONS,
    &PROOFS,
    &PASSKEY_CHALLENGES,
    &UPSTREAM_ANSWERS,
    &DONE_ONCE,
    &STATUS_LISTS,
    &STATUS_BLOCKS,
    &STATUS_PAGES,
    &ACTING_RUNS,
];

/// What of a client's row is looked at again inside a transaction: reading it alone costs a third of reading the row.
#[derive(Debug, Deserialize, Serialize)]
pub struct StateOnly {
    pub state: ClientState,
    #[serde(default)]
    pub void_before: Option<Timestamp>,
}
/// [`CLIENTS`], for reading only the state.
pub static CLIENT_STATES: Table<Id<Client>, StateOnly> = Table::new("clients");
/// The same of a machine, and what else may have ended its tokens.
#[derive(Debug, Deserialize, Serialize)]
pub struct MachineStateOnly {
    pub state: ClientState,
    #[serde(default)]
    pub void_before: Option<Timestamp>,
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}
/// [`MACHINES`], for reading only the state.
pub static MACHINE_STATES: Table<Id<Machine>, MachineStateOnly> = Table::new("machines");

/// The part of a credential's row that is looked at again inside a transaction.
#[derive(Debug, Deserialize, Serialize)]
pub struct CredentialStateOnly {
    pub state: CredentialState,
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}
/// [`CREDENTIALS`], for reading only the state.
pub static CREDENTIAL_STATES: Table<Id<Credential>, CredentialStateOnly> = Table::new("credentials");
