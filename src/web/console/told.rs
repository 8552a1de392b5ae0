//! The audit log in words.

use serde_json::Value;

use crate::app::App;
use crate::base::{Fault, Resource, Timestamp};
use crate::model::{Actor, Event, Standing, Subject, ToldBy};
use crate::operations::audit::Entry;
use crate::operations::names::{self, Names};
use crate::web::views::console::EventLine;
use crate::web::words::Words;

/// One entry, as far as a line tells of it.
pub(super) struct Told<'e> {
    pub(super) sequence: u64,
    pub(super) at: Timestamp,
    pub(super) by: &'e Actor,
    pub(super) event: &'e Event,
}

/// Entries, as they are told.
pub(super) fn of(entries: &[Entry]) -> Vec<Told<'_>> {
    entries
        .iter()
        .map(|entry| Told { sequence: entry.sequence, at: entry.at, by: &entry.by, event: &entry.event })
        .collect()
}

/// Entries as lines; who and what they name is called by its name.
pub(super) async fn lines(
    app: &App,
    words: &Words,
    now: Timestamp,
    entries: &[Told<'_>],
) -> Result<Vec<EventLine>, Fault> {
    let mut ids: Vec<String> = entries.iter().filter_map(|told| actor(told.by)).collect();
    ids.extend(entries.iter().flat_map(|told| about(told.event)));
    let names = names::of(app, ids).await?;
    let line = |told: &Told<'_>| EventLine {
        sequence: told.sequence,
        at: words.at(told.at, now),
        event: told.event.name().to_owned(),
        words: said(words, told.event, &names),
        by: by(words, told.by, &names),
        alike: None,
    };
    Ok(entries.iter().map(line).collect())
}

/// The same, the newest first, with those that say the same one after the other as one: a machine that gets a token every minute
/// does little else.
pub(super) async fn folded(
    app: &App,
    words: &Words,
    now: Timestamp,
    entries: &[Told<'_>],
) -> Result<Vec<EventLine>, Fault> {
    let mut folded: Vec<EventLine> = Vec::new();
    for line in lines(app, words, now, entries).await? {
        match folded
            .last_mut()
            .filter(|last| last.event == line.event && last.words == line.words && last.by == line.by)
        {
            Some(last) => {
                let count = last.alike.as_ref().map_or(0, |(count, _)| *count);
                last.alike = Some((count + 1, line.at));
            }
            None => folded.push(line),
        }
    }
    Ok(folded)
}

pub(super) fn actor(by: &Actor) -> Option<String> {
    match by {
        Actor::Person(id) => Some(id.to_string()),
        Actor::Client(id) => Some(id.to_string()),
        Actor::Nobody | Actor::Operator | Actor::System => None,
    }
}

pub(super) fn by(words: &Words, by: &Actor, names: &Names) -> String {
    let t = &words.console.actors;
    match by {
        Actor::Person(_) | Actor::Client(_) => actor(by).map(|id| names.of(&id).to_owned()).unwrap_or_default(),
        Actor::Nobody => t.nobody.to_owned(),
        Actor::Operator => t.operator.to_owned(),
        Actor::System => t.system.to_owned(),
    }
}

/// The ids of what an event names first.
fn about(event: &Event) -> Vec<String> {
    let text = |subject: &Subject| subject.text();
    match event {
        Event::PersonCreated { person }
        | Event::PersonChanged { person, .. }
        | Event::PersonSuspended { person, .. }
        | Event::PersonResumed { person }
        | Event::PasswordSet { person, .. }
        | Event::StandingChanged { person, .. }
        | Event::SessionsEnded { person, .. }
        | Event::SignedIn { person, .. }
        | Event::SignInRefused { person, .. }
        | Event::SignedOut { person, .. }
        | Event::SignInHalfDone { person }
        | Event::SecondFactorAdded { person }
        | Event::SecondFactorRemoved { person, .. }
        | Event::RecoveryCodeUsed { person, .. }
        | Event::RecoveryCodesRenewed { person, .. }
        | Event::PasskeyAdded { person, .. }
        | Event::PasskeyRemoved { person, .. }
        | Event::PasskeyUsed { person, .. }
        | Event::PasskeyCounterBack { person, .. }
        | Event::MembershipChanged { person, .. }
        | Event::SetupCompleted { person } => vec![person.to_string()],
        Event::ProviderVouched { person, provider, .. }
        | Event::SubjectLinked { person, provider, .. }
        | Event::SubjectUnlinked { person, provider, .. } => vec![person.to_string(), provider.to_string()],
        Event::ProviderChanged { provider, .. } | Event::ProviderAnswerRefused { provider, .. } => {
            vec![provider.to_string()]
        }
        Event::ClientChanged { client, .. }
        | Event::ClientUpdated { client, .. }
        | Event::ClientUpdatedItself { client, .. }
        | Event::ClientSuspended { client, .. }
        | Event::ClientResumed { client }
        | Event::ClientApproved { client }
        | Event::ClientRejected { client, .. }
        | Event::ClientVerified { client, .. }
        | Event::ClientUnverified { client, .. }
        | Event::ClientRemoved { client }
        | Event::ClientRemovedItself { client }
        | Event::ClientDocumentChanged { client, .. }
        | Event::CodeReplayed { client, .. }
        | Event::ScopeNarrowed { client, .. }
        | Event::TokenRefused { client, .. }
        | Event::RefreshOverlapped { client, .. }
        | Event::RefreshReplayed { client, .. }
        | Event::TokenRevoked { client, .. } => vec![client.to_string()],
        Event::ConsentGiven { person, client, .. }
        | Event::ConsentDenied { person, client }
        | Event::ConsentRevoked { person, client, .. }
        | Event::CodeIssued { person, client, .. } => vec![client.to_string(), person.to_string()],
        Event::MachineChanged { machine, .. }
        | Event::MachineSuspended { machine, .. }
        | Event::MachineResumed { machine }
        | Event::MachineRetired { machine, .. }
        | Event::MachineExpired { machine, .. }
        | Event::CredentialCreated { machine, .. }
        | Event::CredentialRotated { machine, .. }
        | Event::CredentialChanged { machine, .. }
        | Event::CredentialRefused { machine, .. }
        | Event::CredentialRevoked { machine, .. } => vec![machine.to_string()],
        Event::MachineCreated { owner, .. } => vec![owner.to_string()],
        Event::MachineHandedOver { machine, from, to } => vec![machine.to_string(), from.to_string(), to.to_string()],
        Event::DelegationGranted { actor, subject, .. }
        | Event::DelegationRevoked { actor, subject, .. }
        | Event::TokenExchanged { actor, subject, .. } => vec![actor.to_string(), text(subject)],
        Event::TokenIssued { client, subject, .. } => vec![client.to_string(), text(subject)],
        Event::ResourceChanged { resource, .. } | Event::ResourceToolsListed { resource, .. } => {
            vec![resource.to_string()]
        }
        _ => Vec::new(),
    }
}

fn why_of(because: &str) -> String {
    if because.is_empty() { String::new() } else { format!(": {because}") }
}

/// The members of a change, by their names.
fn members(after: &Value) -> Vec<&str> {
    after.as_object().into_iter().flat_map(|all| all.keys().map(String::as_str)).collect()
}

/// What happened, in a sentence without its end.
fn said(words: &Words, event: &Event, names: &Names) -> String {
    let t = &words.console.told;
    let called = |id: &dyn std::fmt::Display| names.of(&id.to_string()).to_owned();
    let one = |say: fn(&str) -> String, id: &dyn std::fmt::Display| say(&called(id));
    let two = |say: fn(&str, &str) -> String, id: &dyn std::fmt::Display, text: &str| say(&called(id), text);
    // Of something, with the reason if one was given.
    let because =
        |say: fn(&str, &str) -> String, id: &dyn std::fmt::Display, because: &str| say(&called(id), &why_of(because));
    match event {
        Event::Founded { issuer } => (t.founded)(issuer),
        Event::IssuerChanged { .. } => t.issuer_changed.to_owned(),
        Event::Migrated { .. } => t.migrated.to_owned(),
        Event::BackupMade { file, .. } => (t.backup_made)(file),
        Event::BackupSending { object } => (t.backup_sending)(object),
        Event::BackupFailed { why } => (t.backup_failed)(&why_of(why)),
        Event::BackupsRemoved { files, .. } => (t.backups_removed)(&files.join(", ")),
        Event::Restored { made_at, .. } => (t.restored)(&made_at.iso()),
        Event::RestoreEnded { .. } => t.restore_ended.to_owned(),
        Event::RestoreCarried { .. } => t.restore_carried.to_owned(),
        Event::RestoreSeen {} => t.restore_seen.to_owned(),
        Event::Swept { tables } => (t.swept)(tables.iter().map(|(_, rows)| rows).sum()),
        Event::TrafficCut { entries, .. } => (t.cut)(*entries),
        Event::CertificateReplaced { until, .. } => (t.certificate)(&until.iso()),
        Event::SetupOpened {} => t.setup_opened.to_owned(),
        Event::SetupCompleted { person } => one(t.setup_completed, person),
        Event::MasterKeyChanged { signing_keys, second_factors, .. } => (t.master_key)(*signing_keys, *second_factors),

        Event::PersonCreated { person } => one(t.person_created, person),
        Event::PersonChanged { person, after, .. } => (t.person_changed)(&called(person), &members(after)),
        Event::PersonSuspended { person, because: why } => because(t.person_suspended, person, why),
        Event::PersonResumed { person } => one(t.person_resumed, person),
        Event::PasswordSet { person, .. } => one(t.password_set, person),
        Event::StandingChanged { person, after: Standing::Administrator, .. } => one(t.administrator, person),
        Event::StandingChanged { person, after: Standing::Member, .. } => one(t.administrator_no_more, person),
        Event::SessionsEnded { person, .. } => one(t.sessions_ended, person),
        Event::SessionsSeen { count } => (t.sessions_seen)(*count),
        Event::SignedIn { person, .. } => one(t.signed_in, person),
        Event::SignInRefused { person, why } => two(t.sign_in_refused, person, t.why.sign_in(why)),
        Event::SignInHalfDone { person } => one(t.half_done, person),
        Event::SignedOut { person, .. } => one(t.signed_out, person),
        Event::SecondFactorAdded { person } => one(t.factor_added, person),
        Event::SecondFactorRemoved { person, .. } => one(t.factor_removed, person),
        Event::RecoveryCodeUsed { person, left } => (t.recovery_used)(&called(person), *left),
        Event::RecoveryCodesRenewed { person, .. } => one(t.recovery_renewed, person),
        Event::PasskeyAdded { person, name, .. } => two(t.passkey_added, person, name),
        Event::PasskeyRemoved { person, name, .. } => two(t.passkey_removed, person, name),
        Event::PasskeyUsed { person, .. } => one(t.passkey_used, person),
        Event::PasskeyCounterBack { person, .. } => one(t.passkey_counter, person),
        Event::MembershipChanged { person, .. } => one(t.roles_changed, person),

        Event::ProviderTrusted { issuer, .. } => (t.provider_trusted)(issuer),
        Event::ProviderChanged { provider, after, .. } => two(t.provider_changed, provider, &members(after).join(", ")),
        Event::ProviderRemoved { issuer, .. } => (t.provider_removed)(issuer),
        Event::ProviderVouched { person, provider, .. } => two(t.vouched, provider, &called(person)),
        Event::ProviderAnswerRefused { provider, why } => two(t.answer_refused, provider, why),
        Event::SubjectLinked { person, provider, subject } => (t.linked)(&called(person), subject, &called(provider)),
        Event::SubjectUnlinked { person, provider, subject } => {
            (t.unlinked)(&called(person), subject, &called(provider))
        }
        Event::CrossingAllowed { .. } => t.crossing_allowed.to_owned(),
        Event::CrossingRemoved { .. } => t.crossing_removed.to_owned(),

        Event::ClientRegistered { name, .. } => (t.registered)(name),
        Event::ClientRegisteredItself { name, .. } => (t.registered_itself)(name),
        Event::ClientUpdatedItself { client, what } => two(t.changed_itself, client, &what.join(", ")),
        Event::ClientRemovedItself { client } => one(t.removed_itself, client),
        Event::ClientUpdated { client, what } => two(t.changed_what, client, &what.join(", ")),
        Event::ClientChanged { client, .. } => one(t.changed, client),
        Event::ClientSuspended { client, because: why } => because(t.stopped, client, why),
        Event::ClientResumed { client } => one(t.may_go_on, client),
        Event::ClientApproved { client } => one(t.approved, client),
        Event::ClientRejected { client, because: why } => because(t.rejected, client, why),
        Event::ClientVerified { client, .. } => one(t.verified, client),
        Event::ClientUnverified { client, because: why } => because(t.unverified, client, why),
        Event::ClientRemoved { client } => one(t.removed, client),
        Event::ConsentsForgotten { count } => (t.consents_forgotten)(*count),
        Event::ClientsReaped { count } => (t.reaped)(*count),
        Event::ClientDocumentChanged { client, what } => two(t.document_changed, client, &what.join(", ")),
        Event::ClientSecretRotated { client, .. } => one(t.secret_rotated, client),
        Event::ClientSecretsEnded { client, .. } => one(t.secrets_ended, client),
        Event::ClientOldSecretUsed { client, .. } => one(t.old_secret_used, client),
        Event::InitialAccessTokenCreated { .. } => t.initial_token_created.to_owned(),
        Event::InitialAccessTokenRevoked { .. } => t.initial_token_revoked.to_owned(),

        Event::MachineCreated { name, owner, .. } => (t.machine_created)(name, &called(owner)),
        Event::MachineChanged { machine, after, .. } => two(t.changed_what, machine, &members(after).join(", ")),
        Event::MachineSuspended { machine, because: why } => because(t.stopped, machine, why),
        Event::MachineResumed { machine } => one(t.may_go_on, machine),
        Event::MachineRetired { machine, because: why } => because(t.retired, machine, why),
        Event::MachineExpired { machine, .. } => one(t.expired, machine),
        Event::MachineHandedOver { machine, from, to } => (t.handed_over)(&called(machine), &called(from), &called(to)),
        Event::UsageNoted { machines, grants, .. } => (t.used)(*machines, *grants),
        Event::CredentialCreated { machine, name, .. } => two(t.credential_created, machine, name),
        Event::CredentialRotated { machine, .. } => one(t.credential_rotated, machine),
        Event::CredentialChanged { machine, .. } => one(t.credential_changed, machine),
        Event::CredentialRevoked { machine, because: why, .. } => because(t.credential_revoked, machine, why),
        Event::CredentialRefused { machine, why, .. } => two(t.credential_refused, machine, t.why.credential(why)),
        Event::TrustAmbiguous { .. } => t.credential_ambiguous.to_owned(),
        Event::DelegationGranted { actor, subject, .. } => two(t.delegated, actor, &called(&subject.text())),
        Event::DelegationRevoked { actor, subject, because: why, .. } => {
            (t.delegated_no_more)(&called(actor), &called(&subject.text()), &why_of(why))
        }

        Event::TenantCreated { tenant, .. } => (t.tenant_created)(tenant.as_str()),
        Event::TenantChanged { .. } => t.tenant_changed.to_owned(),
        Event::TenantRemoved { .. } => t.tenant_removed.to_owned(),
        Event::RoleCreated { role, tenant, .. } => (t.role_created)(role.as_str(), tenant.as_str()),
        Event::RoleChanged { role, tenant, .. } => (t.role_changed)(role.as_str(), tenant.as_str()),
        Event::RoleRemoved { role, tenant, .. } => (t.role_removed)(role.as_str(), tenant.as_str()),
        Event::ResourceCreated { identifier, .. } => (t.registered)(identifier.as_str()),
        Event::ResourceChanged { resource, .. } => one(t.changed, resource),
        Event::ResourceToolsListed { resource, told_by, tools, .. } => match told_by {
            ToldBy::Server => (t.server_named_tools)(&called(resource), *tools),
            ToldBy::Administrator => (t.administrator_named_tools)(&called(resource), *tools),
        },
        Event::ResourceRemoved { identifier, .. } => (t.removed)(identifier.as_str()),
        Event::ScopeCreated { scope, .. } => (t.scope_created)(scope),
        Event::ScopeChanged { scope, .. } => (t.scope_changed)(scope),
        Event::ScopeRemoved { scope } => (t.scope_removed)(scope),
        Event::CatalogueLoaded { .. } => t.catalogue_loaded.to_owned(),
        Event::LimitChanged { limit, .. } => (t.limit_changed)(limit),
        Event::SettingChanged { setting, after, .. } => match after.get("value").and_then(Value::as_str) {
            Some(value) if !value.is_empty() => (t.setting_changed_to)(setting, value),
            _ => (t.setting_changed)(setting),
        },

        Event::KeyGenerated { kid, algorithm } => (t.key_made)(algorithm, kid),
        Event::KeyPromoted { kid } => (t.key_signs)(kid),
        Event::KeyRetired { kid } => (t.key_retired)(kid),
        Event::KeyRescheduled { kid, .. } => (t.key_rescheduled)(kid),
        Event::KeyRevoked { kid, .. } => (t.key_withdrawn)(kid),
        Event::KeyDropped { kid } => (t.key_gone)(kid),

        Event::ConsentGiven { person, client, scope, .. } => {
            (t.consent_given)(&called(person), &called(client), &scope.to_string())
        }
        Event::ConsentDenied { person, client } => two(t.consent_denied, person, &called(client)),
        Event::ConsentRevoked { person, client, .. } => two(t.consent_revoked, person, &called(client)),
        Event::CodeIssued { person, client, .. } => two(t.signed_in_to, person, &called(client)),
        Event::CodeReplayed { client, .. } => one(t.code_replayed, client),
        Event::TokenIssued { client, subject, resource, .. } => {
            let (client, subject) = (called(client), called(&subject.text()));
            let whose = (client != subject).then_some(subject.as_str());
            (t.token_issued)(&client, whose, resource.as_ref().map(Resource::as_str))
        }
        Event::TokenExchanged { actor, subject, resource, .. } => {
            (t.acted)(&called(actor), &called(&subject.text()), resource.as_str())
        }
        Event::TokenRefused { client, grant, why } => (t.token_refused)(&called(client), grant, why),
        Event::TokenRevoked { client, .. } => one(t.token_revoked, client),
        Event::IdentityAccepted { .. } => t.identity_accepted.to_owned(),
        Event::IdentityAsserted { .. } => t.identity_asserted.to_owned(),
        Event::ScopeNarrowed { .. } => t.scope_narrowed.to_owned(),
        Event::RefreshOverlapped { .. } => t.refresh_overlapped.to_owned(),
        Event::RefreshReplayed { client, .. } => one(t.refresh_replayed, client),
        Event::FamilyRevoked { .. } => t.family_revoked.to_owned(),
        Event::Tallied { what, count } => (t.strangers_refused)(*count, what),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Language;
    use crate::web::words;

    #[test]
    fn an_event_is_told_in_the_words_of_the_language() {
        let say = |event: Value| {
            let event: Event = serde_json::from_value(event).unwrap();
            let [english, german] =
                [Language::En, Language::De].map(|language| said(words::of(language), &event, &Names::default()));
            (english, german)
        };
        let both = |english: &str, german: &str| (english.to_owned(), german.to_owned());
        let refused = |count| say(json!({ "event": "strangers.refused", "what": "a", "count": count }));
        assert_eq!(refused(2), both("Strangers were refused 2 times: a", "Fremde wurden 2-mal abgelehnt: a"));
        let swept = |rows: u64| say(json!({ "event": "store.swept", "tables": [["codes", rows], ["sessions", 0]] }));
        assert_eq!(swept(1), both("1 row was over and removed", "1 abgelaufene Zeile wurde entfernt"));
        assert_eq!(swept(2), both("2 rows were over and removed", "2 abgelaufene Zeilen wurden entfernt"));
        let person = "per_01m7y7cqg6etwbhsdzastradv6";
        let why = |why: &str| say(json!({ "event": "person.suspended", "person": person, "because": why }));
        assert_eq!(why(""), (format!("{person} was stopped"), format!("{person} wurde angehalten")));
        assert_eq!(why("left"), (format!("{person} was stopped: left"), format!("{person} wurde angehalten: left")));
        let refused = say(json!({ "event": "person.sign_in_refused", "person": person, "why": "wrong code" }));
        assert!(refused.0.ends_with("was refused: wrong code") && refused.1.ends_with("abgelehnt: falscher Code"));
        assert_eq!(say(json!({ "event": "restore.seen" })).0, "Restore seen", "as its name says it");
    }
}
