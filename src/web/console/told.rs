//! The audit log in words.

use crate::app::App;
use crate::base::{Fault, Timestamp};
use crate::model::{Actor, Event, Standing, Subject, ToldBy};
use crate::operations::audit::Entry;
use crate::operations::names::{self, Names};
use crate::web::reply::moment;
use crate::web::views::console::EventLine;

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
pub(super) async fn lines(app: &App, now: Timestamp, entries: &[Told<'_>]) -> Result<Vec<EventLine>, Fault> {
    let mut ids: Vec<String> = entries.iter().filter_map(|told| actor(told.by)).collect();
    ids.extend(entries.iter().flat_map(|told| about(told.event)));
    let names = names::of(app, ids).await?;
    let line = |told: &Told<'_>| EventLine {
        sequence: told.sequence,
        at: moment(told.at, now),
        event: told.event.name().to_owned(),
        words: words(told.event, &names),
        by: by(told.by, &names),
        alike: None,
    };
    Ok(entries.iter().map(line).collect())
}

/// The same, the newest first, with those that say the same one after the other as one: a machine that gets a token every minute
/// does little else.
pub(super) async fn folded(app: &App, now: Timestamp, entries: &[Told<'_>]) -> Result<Vec<EventLine>, Fault> {
    let mut folded: Vec<EventLine> = Vec::new();
    for line in lines(app, now, entries).await? {
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

pub(super) fn by(by: &Actor, names: &Names) -> String {
    match by {
        Actor::Person(_) | Actor::Client(_) => actor(by).map(|id| names.of(&id).to_owned()).unwrap_or_default(),
        Actor::Nobody => "somebody not yet known".to_owned(),
        Actor::Operator => "the command line".to_owned(),
        Actor::System => "the appliance".to_owned(),
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

fn many(count: u64, one: &str, more: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {more}") }
}

/// Why whoever has the right secret was refused: the names of a few rules, in words.
fn known_refusal(why: &str) -> &str {
    match why {
        "ClientSuspended" => "the machine is stopped",
        "ClientRetired" => "the machine is retired",
        "MachineExpired" => "the machine’s time is over",
        "NetworkNotAllowed" => "it may not call from there",
        "ClientSecretExpired" => "the credential’s time is over",
        "CredentialRevoked" => "the credential is revoked",
        other => other,
    }
}

fn why_of(because: &str) -> String {
    if because.is_empty() { String::new() } else { format!(": {because}") }
}

/// What happened, in a sentence without its end.
pub(super) fn words(event: &Event, names: &Names) -> String {
    let called = |id: &dyn std::fmt::Display| names.of(&id.to_string()).to_owned();
    let why = why_of;
    match event {
        Event::Founded { issuer } => format!("Started for the first time as {issuer}"),
        Event::SetupOpened {} => "A setup link was made".to_owned(),
        Event::SetupCompleted { person } => format!("{} became the first administrator", called(person)),
        Event::PersonCreated { person } => format!("{} was added", called(person)),
        Event::PersonChanged { person, after, .. } => {
            let members: Vec<&str> =
                after.as_object().into_iter().flat_map(|all| all.keys().map(String::as_str)).collect();
            format!("{} has another {}", called(person), members.join(" and another "))
        }
        Event::PersonSuspended { person, because } => format!("{} was stopped{}", called(person), why(because)),
        Event::PersonResumed { person } => format!("{} may go on", called(person)),
        Event::PasswordSet { person, .. } => format!("{} has a new password", called(person)),
        Event::StandingChanged { person, after, .. } => match after {
            Standing::Administrator => format!("{} became an administrator", called(person)),
            Standing::Member => format!("{} is an administrator no more", called(person)),
        },
        Event::SessionsEnded { person, .. } => format!("{} was signed out everywhere", called(person)),
        Event::SignedIn { person, .. } => format!("{} signed in", called(person)),
        Event::SignInRefused { person, why } => {
            format!("A sign-in to the account of {} was refused: {why}", called(person))
        }
        Event::SignedOut { person, .. } => format!("{} signed out", called(person)),
        Event::SignInHalfDone { person } => format!("{} was asked for a code after their password", called(person)),
        Event::SecondFactorAdded { person } => format!("{} signs in with codes from now on", called(person)),
        Event::SecondFactorRemoved { person, .. } => format!("{} signs in without codes again", called(person)),
        Event::RecoveryCodeUsed { person, left } => {
            format!("{} signed in with a recovery code; {left} left", called(person))
        }
        Event::RecoveryCodesRenewed { person, .. } => format!("{} made new recovery codes", called(person)),
        Event::PasskeyAdded { person, name, .. } => format!("{} may sign in with the passkey {name}", called(person)),
        Event::PasskeyRemoved { person, name, .. } => format!("{} has the passkey {name} no more", called(person)),
        Event::ProviderTrusted { issuer, .. } => format!("The word of {issuer} about people is taken"),
        Event::ProviderChanged { provider, after, .. } => {
            let members = after.as_object().map(|members| members.keys().cloned().collect::<Vec<_>>().join(", "));
            format!("The identity provider {} was changed: {}", called(provider), members.unwrap_or_default())
        }
        Event::ProviderRemoved { issuer, .. } => format!("The word of {issuer} about people is taken no more"),
        Event::ProviderVouched { person, provider, .. } => {
            format!("{} said that it is {}", called(provider), called(person))
        }
        Event::ProviderAnswerRefused { provider, why } => {
            format!("An answer of {} signed nobody in: {why}", called(provider))
        }
        Event::SubjectLinked { person, provider, subject } => {
            format!("{} was linked to {subject} at {}", called(person), called(provider))
        }
        Event::SubjectUnlinked { person, provider, subject } => {
            format!("{} is linked no more to {subject} at {}", called(person), called(provider))
        }
        Event::PasskeyUsed { person, .. } => format!("{} signed in with a passkey", called(person)),
        Event::PasskeyCounterBack { person, .. } => {
            format!("A passkey of {} was refused: there may be a copy of it", called(person))
        }
        Event::ClientRegistered { name, .. } => format!("{name} was registered"),
        Event::ClientRegisteredItself { name, .. } => format!("{name} registered itself"),
        Event::ClientUpdatedItself { client, what } => {
            format!("{} changed its own {}", called(client), what.join(", "))
        }
        Event::ClientRemovedItself { client } => format!("{} removed its registration", called(client)),
        Event::ClientUpdated { client, what } => format!("{} was changed: {}", called(client), what.join(", ")),
        Event::ClientChanged { client, .. } => format!("{} was changed", called(client)),
        Event::ClientSuspended { client, because } => format!("{} was stopped{}", called(client), why(because)),
        Event::ClientResumed { client } => format!("{} may go on", called(client)),
        Event::ClientApproved { client } => format!("{} was approved", called(client)),
        Event::ClientRejected { client, because } => format!("{} was rejected{}", called(client), why(because)),
        Event::ClientVerified { client, .. } => format!("{} was verified", called(client)),
        Event::ClientUnverified { client, because } => {
            format!("{} is verified no more{}", called(client), why(because))
        }
        Event::ClientRemoved { client } => format!("{} was removed", called(client)),
        Event::ConsentsForgotten { count } => {
            format!("{} forgotten: the applications are gone", many(*count, "consent was", "consents were"))
        }
        Event::ClientsReaped { count } => format!("{count} registrations that nobody used were removed"),
        Event::ClientDocumentChanged { client, what } => {
            format!("The document of {} changed: {}", called(client), what.join(", "))
        }
        Event::MachineCreated { name, owner, .. } => format!("{name} was made; {} answers for it", called(owner)),
        Event::MachineChanged { machine, after, .. } => {
            let members = after.as_object().map(|members| members.keys().cloned().collect::<Vec<_>>().join(", "));
            format!("{} was changed: {}", called(machine), members.unwrap_or_default())
        }
        Event::MachineSuspended { machine, because } => format!("{} was stopped{}", called(machine), why(because)),
        Event::MachineResumed { machine } => format!("{} may go on", called(machine)),
        Event::MachineRetired { machine, because } => format!("{} was retired{}", called(machine), why(because)),
        Event::MachineExpired { machine, .. } => format!("The time of {} is over", called(machine)),
        Event::MachineHandedOver { machine, from, to } => {
            format!("{} went from {} to {}", called(machine), called(from), called(to))
        }
        Event::CredentialCreated { machine, name, .. } => format!("{} got the credential {name}", called(machine)),
        Event::CredentialRotated { machine, .. } => format!("A credential of {} got a successor", called(machine)),
        Event::CredentialChanged { machine, .. } => format!("A credential of {} was changed", called(machine)),
        Event::CredentialRevoked { machine, because, .. } => {
            format!("A credential of {} was revoked{}", called(machine), why(because))
        }
        Event::DelegationGranted { actor, subject, .. } => {
            format!("{} may act for {}", called(actor), called(&subject.text()))
        }
        Event::DelegationRevoked { actor, subject, because, .. } => {
            format!("{} may act no more for {}{}", called(actor), called(&subject.text()), why(because))
        }
        Event::TenantCreated { tenant, .. } => format!("The tenant {tenant} was made"),
        Event::RoleCreated { role, tenant, .. } => format!("The role {role} was made in {tenant}"),
        Event::RoleChanged { role, tenant, .. } => format!("The role {role} in {tenant} was changed"),
        Event::RoleRemoved { role, tenant, .. } => format!("The role {role} in {tenant} was removed"),
        Event::MembershipChanged { person, .. } => format!("The roles of {} were changed", called(person)),
        Event::ResourceCreated { identifier, .. } => format!("{identifier} was registered"),
        Event::ResourceChanged { resource, .. } => format!("{} was changed", called(resource)),
        Event::ResourceToolsListed { resource, told_by, tools, .. } => {
            let who = match told_by {
                ToldBy::Server => "The server of",
                ToldBy::Administrator => "An administrator of",
            };
            let many = if *tools == 1 { "1 tool".to_owned() } else { format!("{tools} tools") };
            format!("{who} {} named {many}", called(resource))
        }
        Event::ResourceRemoved { identifier, .. } => format!("{identifier} was removed"),
        Event::ScopeCreated { scope, .. } => format!("The scope {scope} was added"),
        Event::ScopeChanged { scope, .. } => format!("The scope {scope} was changed"),
        Event::ScopeRemoved { scope } => format!("The scope {scope} was removed"),
        Event::LimitChanged { limit, .. } => format!("The limit {limit} was changed"),
        Event::SettingChanged { setting, after, .. } => match after.get("value").and_then(|value| value.as_str()) {
            Some(value) if !value.is_empty() => format!("The setting {setting} was changed to {value}"),
            _ => format!("The setting {setting} was changed"),
        },
        Event::KeyGenerated { kid, algorithm } => format!("A key for {algorithm} was made: {kid}"),
        Event::KeyPromoted { kid } => format!("The key {kid} signs"),
        Event::KeyRetired { kid } => format!("The key {kid} signs no more"),
        Event::KeyRescheduled { kid, .. } => format!("The key {kid} begins at another time"),
        Event::KeyRevoked { kid, .. } => format!("The key {kid} was withdrawn"),
        Event::MasterKeyChanged { signing_keys, second_factors, .. } => {
            format!(
                "The master key was changed: {signing_keys} signing keys and {second_factors} second factors were sealed anew"
            )
        }
        Event::KeyDropped { kid } => format!("The key {kid} is gone"),
        Event::ConsentGiven { person, client, scope, .. } => {
            format!("{} allowed {}: {scope}", called(person), called(client))
        }
        Event::ConsentDenied { person, client } => format!("{} refused {}", called(person), called(client)),
        Event::ConsentRevoked { person, client, .. } => {
            format!("What {} had allowed {} was taken back", called(person), called(client))
        }
        Event::CodeIssued { person, client, .. } => format!("{} signed in to {}", called(person), called(client)),
        Event::CodeReplayed { client, .. } => format!("A spent code of {} was shown again", called(client)),
        Event::ClientSecretRotated { client, .. } => format!("{} got another secret", called(client)),
        Event::ClientSecretsEnded { client, .. } => format!("The old secrets of {} were ended", called(client)),
        Event::ClientOldSecretUsed { client, .. } => format!("{} still uses an old secret", called(client)),
        Event::CredentialRefused { machine, why, .. } => {
            format!("A right credential of {} was refused: {}", called(machine), known_refusal(why))
        }
        Event::TokenIssued { client, subject, resource, .. } => {
            let there = resource.as_ref().map(|resource| format!(" at {resource}")).unwrap_or_default();
            let (client, subject) = (called(client), called(&subject.text()));
            let whose = if client == subject { String::new() } else { format!(" for {subject}") };
            format!("{client} got a token{whose}{there}")
        }
        Event::TokenExchanged { actor, subject, resource, .. } => {
            format!("{} acts for {} at {resource}", called(actor), called(&subject.text()))
        }
        Event::TokenRefused { client, grant, why } => format!("{} was refused ({grant}): {why}", called(client)),
        Event::RefreshReplayed { client, .. } => {
            format!("Two parties hold a refresh token of {}; it was revoked", called(client))
        }
        Event::TokenRevoked { client, .. } => format!("A token of {} was revoked", called(client)),
        Event::Tallied { what, count } => format!("Strangers were refused {count} times: {what}"),
        Event::UsageNoted { machines, grants, .. } => {
            format!("{} used: {}", many(*machines, "machine was", "machines were"), many(*grants, "token", "tokens"))
        }
        Event::SessionsSeen { count } => format!("{} in use", many(*count, "session was", "sessions were")),
        Event::Swept { tables } => {
            let rows = tables.iter().map(|(_, rows)| rows).sum();
            format!("{} over and removed", many(rows, "row was", "rows were"))
        }
        Event::BackupMade { file, .. } => format!("The backup {file} was made and tried"),
        Event::BackupFailed { why } => format!("A backup failed{}", why_of(why)),
        Event::BackupsRemoved { files, .. } => format!("Old backups were removed: {}", files.join(", ")),
        Event::Restored { made_at, .. } => format!("Restored from a backup of {}", made_at.iso()),
        Event::TrafficCut { entries, .. } => {
            format!("{} cut out of this log", many(*entries, "old entry was", "old entries were"))
        }
        Event::CertificateReplaced { until, .. } => {
            format!("TLS shows another certificate, which holds until {}", until.iso())
        }
        // What housekeeping and the protocol do among themselves goes by its own name.
        other => {
            let name = other.name().replace(['.', '_'], " ");
            let mut letters = name.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
        }
    }
}
