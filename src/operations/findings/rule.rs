//! What the rows of one machine come to. Pure: the same facts at the same time give the same findings.

use std::fmt;

use crate::base::{Id, Lifetime, Resource, Timestamp};
use crate::config::MachineSettings;
use crate::model::{
    Caller, ClientState, Credential, CredentialKind, Finding, FindingKind, Machine, MachineStanding, MachineUsage,
    Misuse, MisusedBecause, PersonState, Scope, ScopesUsage, Tally, Watch, grants,
};

/// Everything that is known of one machine.
#[derive(Clone, Debug)]
pub struct Facts {
    pub machine: Machine,
    /// `None` if the person is gone.
    pub owner: Option<PersonState>,
    pub credentials: Vec<Credential>,
    pub usage: MachineUsage,
    /// Of those credentials that were ever used.
    pub by_credential: Vec<(Id<Credential>, Tally)>,
    /// Where those that were refused came from.
    pub misused: Vec<(Id<Credential>, Vec<Misuse>)>,
    pub scopes: ScopesUsage,
    pub watch: Watch,
}

/// What is to be said about a machine at `now`.
pub fn findings(facts: &Facts, settings: &MachineSettings, now: Timestamp) -> Vec<Finding> {
    let standing = facts.machine.standing(now);
    let mut found = Vec::new();
    if standing != MachineStanding::Retired {
        found.extend(misused(facts, settings, now));
        found.extend(no_owner(facts));
    }
    // What is stopped already asks for nothing, and is asked for nothing.
    if standing == MachineStanding::Active {
        let idle = idle(facts, settings, now);
        if idle.is_none() {
            found.extend(scopes_unused(facts, settings, now));
        }
        found.extend(idle);
        found.extend(machine_expiring(&facts.machine, settings, now));
        found.extend(new_network(facts, settings, now));
        for credential in facts.credentials.iter().filter(|credential| credential.is_live(now)) {
            found.extend(of_credential(facts, credential, settings, now));
        }
    }
    found
}

/// Whether a machine has not been used for `after`, as far as anybody could know: it counts neither from before it was made or
/// let act again, nor while the appliance was down.
pub fn is_idle(facts: &Facts, after: Lifetime, now: Timestamp) -> bool {
    let machine = &facts.machine;
    let since = [
        Some(machine.created_at),
        Some(facts.watch.awake_since),
        facts.usage.used.last_at(),
        facts.usage.counted_from,
        machine.void_before,
    ];
    let since = since.into_iter().flatten().max().unwrap_or(now);
    machine.state == ClientState::Active && now.since(since) >= after
}

/// Whoever has a secret and is refused all the same: it was taken, or a caller was forgotten. Said for as long as a new network is.
fn misused(facts: &Facts, settings: &MachineSettings, now: Timestamp) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, misuses) in &facts.misused {
        let Some(credential) = facts.credentials.iter().find(|credential| credential.id == *id) else { continue };
        for one in misuses.iter().filter(|one| now.since(one.at) < settings.new_network_for) {
            let why = match one.why {
                MisusedBecause::NetworkNotAllowed => "the machine may not call from there",
                MisusedBecause::ClientSuspended => "the machine is stopped",
                MisusedBecause::MachineExpired => "the machine's time is over",
                MisusedBecause::ClientRetired => "the machine is retired",
                MisusedBecause::ClientSecretExpired | MisusedBecause::CredentialRevoked | MisusedBecause::Other => {
                    "it is revoked or over"
                }
            };
            let from = one.network.as_ref().map_or_else(String::new, |network| format!(" from {network}"));
            let (name, hint, ago) = (&credential.name, &credential.hint, Ago(now.since(one.at)));
            let text = format!("`{name}` ({hint}) was right {ago}{from} and refused, for {why}");
            let mend = format!(
                "stop that caller; if nobody knows it, the credential is in other hands, and `writ credential revoke {id}` ends it"
            );
            let what = finding(facts, FindingKind::CredentialMisused, Some(one.at), text, mend);
            found.push(Finding { credential: Some(*id), ..what });
        }
    }
    found
}

fn no_owner(facts: &Facts) -> Option<Finding> {
    let text = match facts.owner {
        Some(PersonState::Active) => return None,
        Some(PersonState::Suspended) => "its owner is suspended, so nobody answers for it",
        None => "nobody answers for it",
    };
    let since = facts.machine.stopped.as_ref().map(|stopped| stopped.at);
    let mend = "hand it over with `writ machine hand-over`, or retire it";
    Some(finding(facts, FindingKind::NoOwner, since, text, mend))
}

fn idle(facts: &Facts, settings: &MachineSettings, now: Timestamp) -> Option<Finding> {
    let used = &facts.usage.used;
    if let Some(last) = used.last_at() {
        let text = format!("last used {}", LastUse { used, now });
        let mend = "retire it if nobody needs it, or suspend it until somebody does";
        return (now.since(last) >= settings.unused_after)
            .then(|| finding(facts, FindingKind::Unused, Some(last), text, mend));
    }
    let made = facts.machine.created_at;
    // From before uses were counted nobody knows.
    let known = made.max(facts.watch.counting_since);
    (now.since(known) >= settings.never_used_after).then(|| {
        let text = format!("made {} and never used", Ago(now.since(made)));
        finding(facts, FindingKind::NeverUsed, Some(made), text, "was it set up? If it is not needed, retire it")
    })
}

/// What a machine may ask for and has not for `after`, as far as anybody could know: the scope, where if it is granted at one resource
/// only, and since when.
pub fn unused_grants(facts: &Facts, after: Lifetime, now: Timestamp) -> Vec<(&Scope, Option<&Resource>, Timestamp)> {
    grants(&facts.machine)
        .map(|(scope, resource)| {
            let from = [
                Some(facts.machine.created_at),
                Some(facts.watch.counting_since),
                facts.scopes.given_at(scope, resource),
                facts.scopes.last_at(scope, resource),
            ];
            (scope, resource, from.into_iter().flatten().max().unwrap_or(now))
        })
        .filter(|(_, _, from)| now.since(*from) >= after)
        .collect()
}

/// Of how much of what a machine may ask for it ever made use, and how much that is.
pub fn used_grants(facts: &Facts) -> (usize, usize) {
    let of = |(scope, resource): (&Scope, Option<&Resource>)| facts.scopes.last_at(scope, resource).is_some();
    (grants(&facts.machine).filter(|grant| of(*grant)).count(), grants(&facts.machine).count())
}

fn scopes_unused(facts: &Facts, settings: &MachineSettings, now: Timestamp) -> Option<Finding> {
    let unused = unused_grants(facts, settings.scopes_unused_after, now);
    let since = unused.iter().map(|(_, _, from)| *from).min();
    let unused: Vec<String> = unused
        .into_iter()
        .map(|(scope, at, _)| at.map_or_else(|| scope.to_string(), |resource| format!("{scope} at {resource}")))
        .collect();
    (!unused.is_empty()).then(|| {
        let length = Length(settings.scopes_unused_after);
        let text = format!("it may ask for {} and has not for {length}", unused.join(", "));
        let mend = "take away what it does not need with `writ machine set`";
        finding(facts, FindingKind::ScopesUnused, since, text, mend)
    })
}

fn machine_expiring(machine: &Machine, settings: &MachineSettings, now: Timestamp) -> Option<Finding> {
    let end = machine.expires_at.filter(|end| now.plus(settings.expiring_within) >= *end)?;
    let text = format!("its time ends in {}, on {end}", Length(end.since(now)));
    let mend = "give it more with `writ machine set --expires-in`, or let it end".to_owned();
    let since = Some(end.minus(settings.expiring_within).max(machine.created_at));
    Some(Finding { kind: FindingKind::MachineExpiring, machine: machine.id, credential: None, since, text, mend })
}

/// The networks that a machine called from for the first time not long ago, though it had called before from others.
fn new_network(facts: &Facts, settings: &MachineSettings, now: Timestamp) -> Option<Finding> {
    let begun = facts.usage.used.seen?.first_at;
    let is_new =
        |caller: &&Caller| caller.seen.first_at > begun && now.since(caller.seen.first_at) < settings.new_network_for;
    let new: Vec<&Caller> = facts.usage.used.callers.iter().filter(is_new).collect();
    let since = new.iter().map(|caller| caller.seen.first_at).max()?;
    let networks: Vec<String> = new.iter().map(|caller| caller.network.to_string()).collect();
    let text = format!("it called from {}, first {}, and never before", networks.join(", "), Ago(now.since(since)));
    let mend = "if nobody moved it, suspend it and rotate its secrets; else name its networks with `writ machine set --network`";
    Some(finding(facts, FindingKind::NewNetwork, Some(since), text, mend))
}

fn of_credential(facts: &Facts, credential: &Credential, settings: &MachineSettings, now: Timestamp) -> Vec<Finding> {
    let (id, never) = (credential.id, Tally::default());
    let used = used(facts, id).unwrap_or(&never);
    let is_secret = matches!(credential.kind, CredentialKind::ClientSecret { .. } | CredentialKind::AccessKey { .. });
    let named = format!("`{}` ({})", credential.name, credential.hint);
    let say = |kind, since, text: String, mend: String| Finding {
        credential: Some(id),
        ..finding(facts, kind, Some(since), text, mend)
    };
    let mut found = Vec::new();
    if credential.replaced_by.is_some() {
        found.extend(match replaced(facts, credential, settings, now) {
            Some(Replaced::Silent(since)) => {
                let text =
                    format!("the old secret {named} was last used {}; the new one is in use", LastUse { used, now });
                let mend = format!("safe to remove, with `writ credential revoke {id}`");
                Some(say(FindingKind::OldSecretSilent, since, text, mend))
            }
            Some(Replaced::Used(since)) => {
                let text = format!("the old secret {named} was last used {}", LastUse { used, now });
                let until = credential.expires_at.map_or_else(|| "it is revoked".to_owned(), Timestamp::iso);
                let mend = format!("give that caller the new one before {until}");
                Some(say(FindingKind::OldSecretUsed, since, text, mend))
            }
            None => None,
        });
    } else {
        let age = now.since(credential.created_at);
        if is_secret && age >= settings.secret_max_age {
            let most = settings.secret_max_age;
            let text = format!("the secret {named} is {} old and the policy is {}", Length(age), Length(most));
            let mend = format!("replace it with `writ credential rotate {id}`");
            found.push(say(FindingKind::SecretOld, credential.created_at.plus(most), text, mend));
        }
        if let Some(end) = credential.expires_at.filter(|end| now.plus(settings.expiring_within) >= *end) {
            let how = if is_secret { "replace it with `writ credential rotate`" } else { "add the next one before" };
            let text = format!("{named} ends in {}, on {end}", Length(end.since(now)));
            let since = end.minus(settings.expiring_within).max(credential.created_at);
            found.push(say(FindingKind::CredentialExpiring, since, text, how.to_owned()));
        }
    }
    let lately = |caller: &&Caller| now.since(caller.seen.last_at) < settings.shared_within;
    let callers: Vec<&Caller> = used.callers.iter().filter(lately).collect();
    let mut first: Vec<Timestamp> = callers.iter().map(|caller| caller.seen.first_at).collect();
    first.sort_unstable();
    // From its second caller on it is shared.
    if let (true, Some(since)) = (is_secret, first.get(1)) {
        let networks: Vec<String> = callers.iter().map(|caller| caller.network.to_string()).collect();
        let text = format!("{named} was used from {} within {}", networks.join(", "), Length(settings.shared_within));
        let mend = "if that is not one machine that moves, give each its own credential".to_owned();
        found.push(say(FindingKind::SecretShared, *since, text, mend));
    }
    found
}

/// What became of a secret that has a successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// Somebody still uses it, as of then.
    Used(Timestamp),
    /// Nobody has used it since then, while the new one is: it can go.
    Silent(Timestamp),
}

/// Looks whether the old one of a rotation is still needed; `None` as long as that cannot be known. Tokens live for a day at
/// most, so whoever still has the old secret comes back with it within one.
pub fn replaced(
    facts: &Facts,
    credential: &Credential,
    settings: &MachineSettings,
    now: Timestamp,
) -> Option<Replaced> {
    let next = credential.replaced_by.filter(|_| credential.is_live(now))?;
    let successor = facts.credentials.iter().find(|other| other.id == next)?;
    let rotated = successor.created_at;
    let last = used(facts, credential.id).and_then(Tally::last_at);
    match last.filter(|last| *last >= rotated && now.since(*last) < settings.silent_after) {
        Some(last) => Some(Replaced::Used(last)),
        None => {
            let since = last.unwrap_or(rotated).max(rotated);
            // Nobody came with either: then nothing is known about who has which.
            let is_taken_up = successor.is_live(now) && used(facts, next).is_some();
            (is_taken_up && now.since(since) >= settings.silent_after).then_some(Replaced::Silent(since))
        }
    }
}

fn used(facts: &Facts, id: Id<Credential>) -> Option<&Tally> {
    facts.by_credential.iter().find(|(known, _)| *known == id).map(|(_, tally)| tally)
}

fn finding(
    facts: &Facts,
    kind: FindingKind,
    since: Option<Timestamp>,
    text: impl Into<String>,
    mend: impl Into<String>,
) -> Finding {
    Finding { kind, machine: facts.machine.id, credential: None, since, text: text.into(), mend: mend.into() }
}

/// A length of time in the words of people: its largest unit, rounded down.
pub struct Length(pub Lifetime);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.seconds();
        let (count, unit) = match seconds {
            0..60 => (seconds, "second"),
            60..3_600 => (seconds / 60, "minute"),
            3_600..86_400 => (seconds / 3_600, "hour"),
            _ => (seconds / 86_400, "day"),
        };
        write!(f, "{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}

struct Ago(Lifetime);

impl fmt::Display for Ago {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.seconds() == 0 { f.write_str("just now") } else { write!(f, "{} ago", Length(self.0)) }
    }
}

/// `3 days ago from 10.1.2.0/24`.
pub struct LastUse<'a> {
    pub used: &'a Tally,
    pub now: Timestamp,
}

impl fmt::Display for LastUse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(last) = self.used.last_at() else { return f.write_str("never") };
        write!(f, "{}", Ago(self.now.since(last)))?;
        self.used.last_from().map_or(Ok(()), |network| write!(f, " from {network}"))
    }
}
