//! The whole vocabulary of the audit log. One doc line each; `docs/events.md` is checked against it.
//!
//! Events carry ids and reasons, never secrets: a token appears as the first eight characters of its digest.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::client::ClientId;
use super::context::Network;
use super::credential::Credential;
use super::delegation::{Delegation, Link};
use super::family::{Family, RevokedBecause};
use super::machine::Machine;
use super::passkey::Passkey;
use super::person::{Person, Standing};
use super::provider::{Crossing, IdentityProvider, PersonBy};
use super::resource::{ProtectedResource, ToldBy};
use super::scope::ScopeSet;
use super::session::Session;
use super::tenant::{Permission, RoleName, TenantName};
use crate::base::{Id, RedirectUri, Resource, Timestamp};

/// Two classes with two retentions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventClass {
    /// Something was made, changed or ended. Kept for ever.
    Change,
    /// Something was used. Kept for a while.
    Traffic,
}

/// The grant by which tokens came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantName {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
    TokenExchange,
    JwtBearer,
}

impl GrantName {
    /// As it is written in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::TokenExchange => "token_exchange",
            Self::JwtBearer => "jwt_bearer",
        }
    }
}

/// Whom a token speaks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Person(Id<Person>),
    /// The client itself (RFC 9068 §2.2: `sub` is then the `client_id`).
    Client(ClientId),
}

impl Subject {
    /// The `sub` claim.
    pub fn text(&self) -> String {
        match self {
            Self::Person(id) => id.to_string(),
            Self::Client(id) => id.to_string(),
        }
    }

    /// Whether it is a machine and nobody else.
    pub fn is_machine(&self) -> bool {
        matches!(self, Self::Client(ClientId::Machine(_)))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident $fields:tt = $name:literal, $class:ident;)*) => {
        /// One thing that happened.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "event")]
        pub enum Event {
            $($(#[$doc])* #[serde(rename = $name)] $variant $fields,)*
        }

        impl Event {
            /// Every event's name, in the order of this file.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// What the audit log calls it.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => $name,)* }
            }

            pub fn class(&self) -> EventClass {
                match self { $(Self::$variant { .. } => EventClass::$class,)* }
            }
        }
    };
}

impl Event {
    /// Who acts for whom, if it tells of that: what the audit log finds such entries by.
    pub fn acting(&self) -> Option<Acting<'_>> {
        match self {
            Self::TokenExchanged { subject, chain, .. } => {
                Some(Acting { actors: chain.iter().map(|link| link.actor).collect(), subject })
            }
            Self::DelegationGranted { actor, subject, .. } | Self::DelegationRevoked { actor, subject, .. } => {
                Some(Acting { actors: vec![*actor], subject })
            }
            _ => None,
        }
    }

    /// Whether it tells that somebody did not get what they wanted.
    pub const fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::SignInRefused { .. }
                | Self::ProviderAnswerRefused { .. }
                | Self::PasskeyCounterBack { .. }
                | Self::CredentialRefused { .. }
                | Self::ConsentDenied { .. }
                | Self::CodeReplayed { .. }
                | Self::TokenRefused { .. }
                | Self::RefreshReplayed { .. }
                | Self::Tallied { .. }
        )
    }

    /// Whether it is what the appliance notes for itself every minute, and nobody did.
    pub const fn is_upkeep(&self) -> bool {
        matches!(self, Self::Swept { .. } | Self::SessionsSeen { .. } | Self::UsageNoted { .. })
    }
}

/// Everybody in a chain of actors, and the one they act for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acting<'a> {
    pub actors: Vec<Id<Machine>>,
    pub subject: &'a Subject,
}

events! {
    /// The appliance was started for the first time, with this issuer.
    Founded { issuer: String } = "appliance.founded", Change;
    /// The issuer was changed by an explicit command.
    IssuerChanged { from: String, to: String } = "appliance.issuer_changed", Change;
    /// The file was brought to a newer layout.
    Migrated { from: u64, to: u64 } = "store.migrated", Change;
    /// A backup was made, and restored once to see that it can be. It holds this log up to the entry `sequence`.
    BackupMade {
        file: String,
        bytes: u64,
        sequence: u64,
        /// What it is called in the object store, if it is there too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        object: Option<String>,
    } = "backup.made", Traffic;
    /// A backup is being sent to the object store in parts; until it is whole there, or taken back, the store keeps the parts that came.
    BackupSending { object: String } = "backup.sending", Traffic;
    /// A backup could not be made, or restored to see that it can be; or one was, and was not copied to the object store, or older ones were not removed.
    BackupFailed { why: String } = "backup.failed", Traffic;
    /// Backups that were more than are kept were removed.
    BackupsRemoved {
        files: Vec<String>,
        /// By their names in the object store.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        objects: Vec<String>,
    } = "backup.removed", Traffic;
    /// The file was restored from a backup made at a time by a version of Writ. It holds this log up to the entry `sequence`; so many came after
    /// it, as far as that is known.
    Restored { made_at: Timestamp, sequence: u64, missing: Option<u64>, version: String } = "appliance.restored", Change;
    /// What was given out before a restore was ended: so many of one kind.
    RestoreEnded { what: String, count: u64 } = "restore.ended", Change;
    /// What a newer store had taken away stays away after a restore.
    RestoreCarried { what: String, which: Vec<String> } = "restore.carried_over", Change;
    /// Somebody looked at what a restore left to people.
    RestoreSeen {} = "restore.seen", Change;
    /// Rows whose time was over were removed.
    Swept { tables: Vec<(String, u64)> } = "store.swept", Traffic;
    /// Old entries of traffic were cut out of this log: so many, all from before a time, the first and the last by their numbers.
    TrafficCut { entries: u64, from: u64, to: u64, until: Timestamp } = "audit.cut", Change;
    /// TLS shows another certificate than before: the digests of both, and until when the new one holds.
    CertificateReplaced { before: Option<String>, after: String, until: Timestamp } = "certificate.replaced", Change;
    /// A setup link was made; the ones before it are void.
    SetupOpened {} = "setup.opened", Change;
    /// The first administrator was made.
    SetupCompleted { person: Id<Person> } = "setup.completed", Change;

    /// A person was added.
    PersonCreated { person: Id<Person> } = "person.created", Change;
    /// A person's name or address was changed: the members that differ, as they were and as they are.
    PersonChanged { person: Id<Person>, before: Value, after: Value } = "person.changed", Change;
    /// An administrator stopped a person: they sign in nowhere, and nothing that acts for them gets tokens.
    PersonSuspended { person: Id<Person>, because: String } = "person.suspended", Change;
    /// An administrator let a stopped person go on.
    PersonResumed { person: Id<Person> } = "person.resumed", Change;
    /// A person has a new password; their sessions ended, but the one in which they changed it themselves.
    PasswordSet { person: Id<Person>, sessions: u64 } = "person.password_set", Change;
    /// A person became an administrator, or is one no more.
    StandingChanged { person: Id<Person>, before: Standing, after: Standing } = "person.standing_changed", Change;
    /// Every session of a person was ended, but the one in which they did it themselves.
    SessionsEnded { person: Id<Person>, sessions: u64 } = "person.sessions_ended", Change;
    /// A person signed in.
    SignedIn { person: Id<Person>, session: Id<Session> } = "person.signed_in", Traffic;
    /// A sign-in to a known account was refused.
    SignInRefused { person: Id<Person>, why: String } = "person.sign_in_refused", Traffic;
    /// A password was right, or an identity provider vouched, and more is wanted besides; nobody is signed in yet.
    SignInHalfDone { person: Id<Person> } = "person.sign_in_half_done", Traffic;
    /// A person signs in with a code besides their password from now on.
    SecondFactorAdded { person: Id<Person> } = "person.second_factor_added", Change;
    /// A person is asked for no code any more; who did it is said beside it.
    SecondFactorRemoved { person: Id<Person>, added_at: Timestamp } = "person.second_factor_removed", Change;
    /// A recovery code was spent on a sign-in; so many are left.
    RecoveryCodeUsed { person: Id<Person>, left: u64 } = "person.recovery_code_used", Change;
    /// A person made new recovery codes; so many of the old ones were left.
    RecoveryCodesRenewed { person: Id<Person>, before: u64 } = "person.recovery_codes_renewed", Change;
    /// A person may sign in with this passkey from now on.
    PasskeyAdded { person: Id<Person>, passkey: Id<Passkey>, name: String } = "person.passkey_added", Change;
    /// A passkey signs nobody in any more; who removed it is said beside it. So many sessions ended with it.
    PasskeyRemoved { person: Id<Person>, passkey: Id<Passkey>, name: String, sessions: u64 } = "person.passkey_removed", Change;
    /// A person signed in with this passkey.
    PasskeyUsed { person: Id<Person>, passkey: Id<Passkey>, session: Id<Session> } = "person.passkey_used", Traffic;
    /// A passkey was right and its counter had gone back: there may be a copy of it. Nobody was signed in.
    PasskeyCounterBack { person: Id<Person>, passkey: Id<Passkey>, stored: u32, shown: u32 }
        = "person.passkey_counter_back", Traffic;
    /// When sessions were last used, written down together.
    SessionsSeen { count: u64 } = "session.seen", Traffic;
    /// A person signed out.
    SignedOut { person: Id<Person>, session: Id<Session> } = "person.signed_out", Traffic;

    /// An application was registered by an administrator, or by somebody whom one had given an initial access token.
    ClientRegistered {
        client: ClientId,
        name: String,
        how: String,
        #[serde(default, skip_serializing_if = "Value::is_null")]
        after: Value,
    } = "client.registered", Change;
    /// An application registered itself. Another that nobody had used may have made room.
    ClientRegisteredItself {
        client: ClientId,
        name: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        instead_of: Vec<ClientId>,
    } = "client.registered_itself", Traffic;
    /// An application changed its own registration.
    ClientUpdatedItself { client: ClientId, what: Vec<String> } = "client.updated_itself", Traffic;
    /// An application removed its own registration.
    ClientRemovedItself { client: ClientId } = "client.removed_itself", Traffic;
    /// An application's registration was changed by an administrator.
    ClientUpdated { client: ClientId, what: Vec<String> } = "client.updated", Change;
    /// An administrator changed an application; the members that changed, as they were and as they are.
    ClientChanged { client: ClientId, before: Value, after: Value } = "client.changed", Change;
    /// An administrator stopped an application: it gets no tokens, and none of its tokens are good.
    ClientSuspended { client: ClientId, because: String } = "client.suspended", Change;
    /// An administrator let a stopped application go on.
    ClientResumed { client: ClientId } = "client.resumed", Change;
    /// An administrator approved a waiting registration.
    ClientApproved { client: ClientId } = "client.approved", Change;
    /// An administrator decided against a waiting registration.
    ClientRejected { client: ClientId, because: String } = "client.rejected", Change;
    /// An administrator looked at an application and answers for its name and where its answers go.
    ClientVerified { client: ClientId, name: String, redirect_uris: Vec<RedirectUri> } = "client.verified", Change;
    /// An administrator took that mark back.
    ClientUnverified { client: ClientId, because: String } = "client.unverified", Change;
    /// A registration was removed by an administrator.
    ClientRemoved { client: ClientId } = "client.removed", Change;
    /// An application got another secret; those before it are good until the overlap ends.
    ClientSecretRotated {
        client: ClientId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        overlap_until: Option<Timestamp>,
    } = "client.secret_rotated", Change;
    /// All secrets of an application were ended but its newest: so many.
    ClientSecretsEnded { client: ClientId, ended: u64 } = "client.secrets_ended", Change;
    /// An application was seen with a secret that has a successor, made at that time. One line for each secret and hour.
    ClientOldSecretUsed { client: ClientId, made_at: Timestamp } = "client.old_secret_used", Traffic;
    /// Registrations that nobody used were removed.
    ClientsReaped { count: u64 } = "client.reaped", Change;
    /// A client-id document changed; consent given to the one before is void.
    ClientDocumentChanged { client: ClientId, what: Vec<String> } = "client.document_changed", Change;
    /// An initial access token for dynamic registration was made.
    InitialAccessTokenCreated {
        id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Value>,
    } = "registration.token_created", Change;
    /// An initial access token was revoked: nobody registers with it any more.
    InitialAccessTokenRevoked { id: String } = "registration.token_revoked", Change;

    /// A machine identity was made: all that it is, in `after`.
    MachineCreated {
        machine: Id<Machine>,
        name: String,
        owner: Id<Person>,
        #[serde(default, skip_serializing_if = "Value::is_null")]
        after: Value,
    } = "machine.created", Change;
    /// A machine identity was changed: the members that differ, as they were and as they are.
    MachineChanged { machine: Id<Machine>, before: Value, after: Value } = "machine.changed", Change;
    /// A machine identity was stopped: from this entry on it gets no tokens and none of its tokens are introspected as active.
    MachineSuspended { machine: Id<Machine>, because: String } = "machine.suspended", Change;
    /// A machine identity that was stopped may act again. What it had before stays over.
    MachineResumed { machine: Id<Machine> } = "machine.resumed", Change;
    /// A machine identity was ended for good, with all its credentials.
    MachineRetired { machine: Id<Machine>, because: String } = "machine.retired", Change;
    /// A machine identity's time is over, and so are the tokens that it still had.
    MachineExpired { machine: Id<Machine>, ended_at: Timestamp } = "machine.expired", Change;
    /// A machine identity was given to somebody else.
    MachineHandedOver { machine: Id<Machine>, from: Id<Person>, to: Id<Person> } = "machine.handed_over", Change;
    /// A machine got another credential: all of it that is no secret, in `after`.
    CredentialCreated {
        machine: Id<Machine>,
        credential: Id<Credential>,
        kind: String,
        name: String,
        expires_at: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Value::is_null")]
        after: Value,
    } = "credential.created", Change;
    /// A credential got a successor; both are good until the overlap ends.
    CredentialRotated { machine: Id<Machine>, old: Id<Credential>, new: Id<Credential>, overlap_until: Timestamp }
        = "credential.rotated", Change;
    /// What a credential is called, or when it ends, was changed: the members that differ, as they were and as they are.
    CredentialChanged { machine: Id<Machine>, credential: Id<Credential>, before: Value, after: Value }
        = "credential.changed", Change;
    /// A credential was revoked.
    CredentialRevoked { machine: Id<Machine>, credential: Id<Credential>, because: String } = "credential.revoked", Change;
    /// A machine's right secret, key or token was refused: the machine is stopped or over, the credential is, or it came from where the
    /// machine may not call from. One line for each network and hour.
    CredentialRefused { machine: Id<Machine>, credential: Id<Credential>, why: String } = "credential.refused", Traffic;
    /// A workload's token was refused because the trusts of several machines accept it: make their rules differ.
    TrustAmbiguous { issuer: String, credentials: Vec<Id<Credential>>, machines: Vec<Id<Machine>> }
        = "credential.ambiguous", Traffic;
    /// What machines used since the last round, written down together; grants of machines beyond the bound are only counted.
    UsageNoted { machines: u64, grants: u64, missed: u64 } = "machine.used", Traffic;
    /// A machine was allowed to act for somebody: all that it may, in `after`.
    DelegationGranted {
        delegation: Id<Delegation>,
        actor: Id<Machine>,
        subject: Subject,
        scope: ScopeSet,
        resources: Vec<Resource>,
        expires_at: Timestamp,
        #[serde(default, skip_serializing_if = "Value::is_null")]
        after: Value,
    } = "delegation.granted", Change;
    /// A machine may act for somebody no more; the tokens that came of it are over.
    DelegationRevoked { delegation: Id<Delegation>, actor: Id<Machine>, subject: Subject, because: String }
        = "delegation.revoked", Change;
    /// An identity provider's word about people is taken from now on.
    ProviderTrusted {
        provider: Id<IdentityProvider>,
        issuer: String,
        person_by: PersonBy,
        /// How people sign in with it, without its secret.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        sign_in: Value,
    } = "provider.trusted", Change;
    /// Where an identity provider's keys are, by what it knows people, or how they sign in with it was changed: the members that differ, as they were and as they are.
    ProviderChanged { provider: Id<IdentityProvider>, before: Value, after: Value } = "provider.changed", Change;
    /// An identity provider's word is not taken any more; its links are gone.
    ProviderRemoved { provider: Id<IdentityProvider>, issuer: String, links: u64 } = "provider.removed", Change;
    /// A subject of an identity provider is somebody here from now on.
    SubjectLinked { provider: Id<IdentityProvider>, subject: String, person: Id<Person> } = "provider.subject_linked", Change;
    /// A subject of an identity provider is nobody here any more.
    SubjectUnlinked { provider: Id<IdentityProvider>, subject: String, person: Id<Person> } = "provider.subject_unlinked", Change;
    /// An identity provider said who a person is; they signed in, or were asked for a code besides.
    ProviderVouched { person: Id<Person>, provider: Id<IdentityProvider>, subject: String } = "person.provider_vouched", Traffic;
    /// What an identity provider answered signed nobody in.
    ProviderAnswerRefused { provider: Id<IdentityProvider>, why: String } = "provider.answer_refused", Traffic;
    /// An application may carry our word about people to another authorization server.
    CrossingAllowed {
        crossing: Id<Crossing>,
        client: ClientId,
        audience: String,
        client_there: String,
        scope: ScopeSet,
        resources: Vec<Resource>,
    } = "crossing.allowed", Change;
    /// An application may do so no more.
    CrossingRemoved { crossing: Id<Crossing>, client: ClientId, audience: String } = "crossing.removed", Change;
    /// A tenant was made.
    TenantCreated { tenant: TenantName, title: String } = "tenant.created", Change;
    /// A tenant was changed: the members that differ, as they were and as they are.
    TenantChanged { tenant: TenantName, before: Value, after: Value } = "tenant.changed", Change;
    /// A tenant that nothing belonged to was removed.
    TenantRemoved { tenant: TenantName, title: String } = "tenant.removed", Change;
    /// A role was made: all that it is, in `after`.
    RoleCreated {
        tenant: TenantName,
        role: RoleName,
        permissions: Vec<Permission>,
        #[serde(default, skip_serializing_if = "Value::is_null")]
        after: Value,
    } = "role.created", Change;
    /// A role was changed: the members that differ, as they were and as they are. It holds from the next token on.
    RoleChanged { tenant: TenantName, role: RoleName, before: Value, after: Value } = "role.changed", Change;
    /// A role that nobody held was removed.
    RoleRemoved { tenant: TenantName, role: RoleName, permissions: Vec<Permission> } = "role.removed", Change;
    /// A person's roles or custom claims were changed: the members that differ, as they were and as they are.
    MembershipChanged { person: Id<Person>, before: Value, after: Value } = "person.membership_changed", Change;
    /// A protected resource was registered: all that it is, in `after`.
    ResourceCreated {
        resource: Id<ProtectedResource>,
        identifier: Resource,
        #[serde(default, skip_serializing_if = "Value::is_null")]
        after: Value,
    } = "resource.created", Change;
    /// A protected resource was changed; the members that changed, as they were and as they are.
    ResourceChanged { resource: Id<ProtectedResource>, before: Value, after: Value } = "resource.changed", Change;
    /// An MCP server said which tools it has, or an administrator did: how many, the names that are new and those that are gone.
    ResourceToolsListed {
        resource: Id<ProtectedResource>,
        told_by: ToldBy,
        tools: u64,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        added: Vec<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gone: Vec<String>,
    } = "resource.tools_listed", Change;
    /// A protected resource was removed: nobody gets tokens for it any more.
    ResourceRemoved { resource: Id<ProtectedResource>, identifier: Resource } = "resource.removed", Change;
    /// A scope was added to the catalogue: all that it is, in `after`.
    ScopeCreated {
        scope: String,
        #[serde(default, skip_serializing_if = "Value::is_null")]
        after: Value,
    } = "scope.created", Change;
    /// A scope was changed; the members that changed, as they were and as they are.
    ScopeChanged { scope: String, before: Value, after: Value } = "scope.changed", Change;
    /// A scope was taken out of the catalogue.
    ScopeRemoved { scope: String } = "scope.removed", Change;
    /// The catalogue that ships with the appliance was loaded.
    CatalogueLoaded { scopes: u64 } = "scope.catalogue_loaded", Change;

    /// A limit on requests was put in the place of its setting, or the setting holds again; both say so many a minute.
    LimitChanged { limit: String, before: Value, after: Value } = "limit.changed", Change;

    /// A value was put in the place of a setting while the appliance ran, or what was read at the start holds again.
    SettingChanged { setting: String, before: Value, after: Value } = "setting.changed", Change;

    /// A signing key was made; it is published and does not sign yet.
    KeyGenerated { kid: String, algorithm: String } = "key.generated", Change;
    /// A signing key began to sign.
    KeyPromoted { kid: String } = "key.promoted", Change;
    /// A signing key stopped signing; it stays published.
    KeyRetired { kid: String } = "key.retired", Change;
    /// A signing key that waits to sign was given another time to begin.
    KeyRescheduled {
        kid: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Value>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Value>,
    } = "key.rescheduled", Change;
    /// A signing key was withdrawn: it is not published and none of its signatures are good. Its state before and after.
    KeyRevoked {
        kid: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        algorithm: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Value>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Value>,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        because: String,
    } = "key.revoked", Change;
    /// A signing key is no longer published; its private half is gone.
    KeyDropped { kid: String } = "key.dropped", Change;

    /// The master key was changed: how much was sealed anew, and with which keys kept heads of the audit log are signed before and since.
    MasterKeyChanged {
        signing_keys: u64,
        second_factors: u64,
        /// Secrets at identity providers.
        #[serde(default, skip_serializing_if = "is_none")]
        provider_secrets: u64,
        gaps: u64,
        head_key_before: String,
        head_key_after: String,
    } = "master_key.changed", Change;

    /// A person allowed an application something.
    ConsentGiven { person: Id<Person>, client: ClientId, resource: Option<Resource>, scope: ScopeSet, remembered: bool }
        = "consent.given", Change;
    /// A person refused an application.
    ConsentDenied { person: Id<Person>, client: ClientId } = "consent.denied", Traffic;
    /// What a person had allowed an application was taken back, by the person or by an administrator.
    ConsentRevoked { person: Id<Person>, client: ClientId, families: u64 } = "consent.revoked", Change;
    /// What people had allowed applications that are gone was forgotten: so many consents.
    ConsentsForgotten { count: u64 } = "consent.forgotten", Change;

    /// An authorization code was issued.
    CodeIssued { client: ClientId, person: Id<Person>, scope: ScopeSet, resource: Option<Resource>, code: String }
        = "code.issued", Traffic;
    /// An authorization code was presented again, and what it had bought was revoked for it.
    CodeReplayed { client: ClientId, family: Id<Family>, code: String } = "code.replayed", Traffic;
    /// Tokens were issued.
    TokenIssued {
        grant: GrantName,
        client: ClientId,
        subject: Subject,
        scope: ScopeSet,
        resource: Option<Resource>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        family: Option<Id<Family>>,
        /// The access token's `jti`.
        token: String,
        expires_at: Timestamp,
        /// What the machine proved itself by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        credential: Option<Id<Credential>>,
        /// In entries from before other credentials were named: the trust that it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trust: Option<Id<Credential>>,
    } = "token.issued", Traffic;
    /// A machine got a token with which it acts for somebody: the chain of those who act, it first.
    TokenExchanged {
        actor: Id<Machine>,
        subject: Subject,
        chain: Vec<Link>,
        scope: ScopeSet,
        resource: Resource,
        delegation: Id<Delegation>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        family: Option<Id<Family>>,
        /// The access token's `jti`.
        token: String,
        expires_at: Timestamp,
    } = "token.exchanged", Traffic;
    /// An application was given tokens for the word of an identity provider about a person.
    IdentityAccepted {
        client: ClientId,
        person: Id<Person>,
        provider: Id<IdentityProvider>,
        /// What the provider calls the person.
        subject: String,
        /// The assertion's `jti`.
        assertion: String,
        scope: ScopeSet,
        resource: Resource,
        family: Id<Family>,
        /// The access token's `jti`.
        token: String,
        expires_at: Timestamp,
    } = "token.identity_accepted", Traffic;
    /// An application was given our word about a person, to carry to another authorization server.
    IdentityAsserted {
        client: ClientId,
        person: Id<Person>,
        crossing: Id<Crossing>,
        audience: String,
        client_there: String,
        scope: ScopeSet,
        resource: Option<Resource>,
        family: Id<Family>,
        /// The assertion's `jti`.
        assertion: String,
        expires_at: Timestamp,
    } = "token.identity_asserted", Traffic;
    /// Scopes that were asked for and are not known, not offered by the resource or not allowed were left out.
    ScopeNarrowed { client: ClientId, dropped: ScopeSet } = "token.scope_narrowed", Traffic;
    /// A client that an administrator answers for was refused at the token endpoint.
    TokenRefused { client: ClientId, grant: String, why: String } = "token.refused", Traffic;
    /// A refresh token was used again while its overlap lasted.
    RefreshOverlapped { client: ClientId, family: Id<Family>, uses: u32 } = "refresh.overlapped", Traffic;
    /// A refresh token was used after its overlap: two parties hold it. The family is revoked.
    RefreshReplayed { client: ClientId, family: Id<Family>, last_from: Option<Network> } = "refresh.replayed", Traffic;
    /// An access token was revoked before its time.
    TokenRevoked { client: ClientId, token: String } = "token.revoked", Change;
    /// A line of tokens was revoked.
    FamilyRevoked { family: Id<Family>, because: RevokedBecause } = "family.revoked", Change;

    /// What strangers were refused, counted: one line per kind and minute, however many there were.
    Tallied { what: String, count: u64 } = "strangers.refused", Traffic;
}
