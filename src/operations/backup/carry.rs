//! Carries over what a newer store had taken away: whoever was stopped, removed or narrowed there is so in the restored one. Nothing that
//! it had added comes along, so whoever had the newer store can take away by this and never gain.

use std::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ending::Verdict;
use super::restore::Sessions;
use crate::base::{Digest, Fault, Id};
use crate::keys::Sealer;
use crate::model::{
    Client, ClientState, CodeState, Consent, Context, Credential, CredentialState, Crossing, Delegation,
    DelegationState, Event, Family, FamilyState, IdentityProvider, KeyState, Machine, Membership, Passkey, Person,
    PersonState, RevokedBecause, Role, Sealed, SecondFactor, Session, SigningKey, Standing, SubjectLink,
};
use crate::operations::sign_in_code::place;
use crate::store::tables::{
    ACCESS, ASSERTIONS, CLIENTS, CODES, CONSENTS, CREDENTIALS, CROSSINGS, DELEGATIONS, DONE_ONCE, FAMILIES,
    INITIAL_TOKENS, LINKS, MACHINES, MEMBERSHIPS, PASSKEY_CHALLENGES, PASSKEYS, PEOPLE, PROOFS, PROVIDERS, REVOKED,
    ROLES, SECOND_FACTORS, SESSIONS, SIGNING_KEYS, UPSTREAM_ANSWERS,
};
use crate::store::{Read, RowKey, Store, Table};

/// Rows in one transaction.
const AT_ONCE: usize = 500;
/// Names that are told of each kind.
const TOLD: usize = 200;

/// What was carried over, or is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    pub what: &'static str,
    /// The names, of many the first.
    pub which: Vec<String>,
    pub count: u64,
}

pub(super) const PASSWORDS: &str = "People whose password was another in the newer store, who have the old one again";
pub(super) const FACTORS: &str = "second factors replaced or removed";
pub(super) const DIFFER: &str = "Machines, applications, identity providers and crossings that were otherwise changed after the backup, and are as \
     they were before";
pub(super) const ROLES_OF: &str =
    "People whose roles or claims were otherwise changed after the backup, and are as they were before";
pub(super) const PERMISSIONS_OF: &str =
    "Roles that were otherwise changed after the backup, and are as they were before";

/// Opens what is sealed in the two stores. A change of the master key between them seals everything anew: the same secret lies in each of them
/// in another way, and only what is in the seal says whether it is the same.
pub(super) struct Opens {
    pub(super) old: Sealer,
    pub(super) new: Sealer,
}

impl Opens {
    /// What does not open is not taken for the same.
    fn is_same(&self, old: &Sealed, new: &Sealed, place: &[u8]) -> bool {
        old == new || matches!((self.old.open(old, place), self.new.open(new, place)), (Ok(old), Ok(new)) if old == new)
    }
}

/// Goes through what can be taken away.
pub(super) fn over(
    old: &Store,
    store: &Store,
    ctx: &Context,
    sessions: Sessions,
    opens: &Opens,
) -> Result<Vec<Carried>, Fault> {
    let all = Carrying { old, store, ctx };
    let mut carried = vec![
        all.each(&PEOPLE, "people stopped, or administrators no more", by_id, person)?,
        all.each(&MACHINES, "machines stopped or retired", by_id, machine)?,
        all.each(&CREDENTIALS, "credentials revoked or replaced", by_id, credential)?,
        all.each(&CLIENTS, "applications stopped or removed, or secrets of theirs", by_id, client)?,
        all.each(&DELEGATIONS, "delegations revoked", by_id, delegation)?,
        all.each(&CONSENTS, "consents taken back", by_id, |old, _: &Consent| gone(old))?,
        all.each(&CROSSINGS, "crossings removed", by_id, |old, _: &Crossing| gone(old))?,
        all.each(&PROVIDERS, "identity providers removed or turned off", by_id, provider)?,
        all.each(&LINKS, "links of identity providers removed", |_, link: &SubjectLink| link.person.to_string(), link)?,
        all.each(&MEMBERSHIPS, "roles taken from people", by_id, membership)?,
        all.each(&ROLES, "roles narrowed", in_tenant, role)?,
        all.each(&SECOND_FACTORS, "recovery codes spent", by_id, |old, factor| same_factor(opens, old, factor))?,
        all.each(&SECOND_FACTORS, FACTORS, by_id, |old, factor| other_factor(opens, old, factor))?,
        all.each(&PASSKEYS, "passkeys removed, or used since", by_id, passkey)?,
    ];
    if sessions == Sessions::Keep {
        carried.extend([
            all.each(&SESSIONS, "sessions ended", by_id, |old, _: &Session| gone(old))?,
            all.each(&CODES, "codes spent", by_id, |old, _| match old {
                Some(old) if old.state == CodeState::Fresh => Verdict::Stays,
                _ => Verdict::Goes,
            })?,
            all.each(&ACCESS, "opaque tokens ended", by_id, |old, _| gone(old))?,
            all.each(&INITIAL_TOKENS, "initial access tokens ended", by_id, |old, _| gone(old))?,
            all.each(&FAMILIES, "lines of tokens ended or gone on", by_id, {
                let at = ctx.at;
                move |old: Option<Family>, family: &Family| match old {
                    _ if family.state != FamilyState::Live => Verdict::Stays,
                    // The refresh token that its holder has by now is not known here.
                    Some(old) if old.state == FamilyState::Live && old.generation == family.generation => {
                        Verdict::Stays
                    }
                    _ => {
                        let because = RevokedBecause::Restored;
                        Verdict::Becomes(Family { state: FamilyState::Revoked { at, because }, ..family.clone() })
                    }
                }
            })?,
            all.each(&SIGNING_KEYS, "signing keys withdrawn", by_id, signing_key)?,
        ]);
        all.additions(&REVOKED, "tokens revoked")?;
    }
    // What was used stays used.
    all.additions(&ASSERTIONS, "assertions used")?;
    all.additions(&PROOFS, "proofs used")?;
    all.additions(&PASSKEY_CHALLENGES, "challenges answered")?;
    all.additions(&UPSTREAM_ANSWERS, "answers of identity providers")?;
    all.additions(&DONE_ONCE, "requests done once")?;
    carried.extend(not_carried(&all, opens)?);
    carried.retain(|carried| carried.count > 0);
    Ok(carried)
}

/// What is in both and not the same, after all that is carried over was: told, so that a person looks.
fn not_carried(all: &Carrying<'_>, opens: &Opens) -> Result<Vec<Carried>, Fault> {
    let passwords = all.that(&PEOPLE, PASSWORDS, by_id, |old: &Person, new: &Person| old.password != new.password)?;
    let mut differ = all.that(&MACHINES, DIFFER, by_id, |old: &Machine, new: &Machine| {
        let same =
            Machine { state: new.state, stopped: new.stopped.clone(), void_before: new.void_before, ..old.clone() };
        same != *new
    })?;
    let clients = all.that(&CLIENTS, DIFFER, by_id, |old: &Client, new: &Client| {
        (&old.redirect_uris, &old.scope, &old.resources, &old.jwks, &old.jwks_uri, &old.auth_method)
            != (&new.redirect_uris, &new.scope, &new.resources, &new.jwks, &new.jwks_uri, &new.auth_method)
    })?;
    differ.join(clients);
    differ.join(all.that(&PROVIDERS, DIFFER, by_id, |old, new| provider_changed(opens, old, new))?);
    differ.join(all.that(&CROSSINGS, DIFFER, by_id, changed)?);
    let roles_of = all.that(&MEMBERSHIPS, ROLES_OF, by_id, changed)?;
    let permissions_of = all.that(&ROLES, PERMISSIONS_OF, in_tenant, changed)?;
    Ok(vec![passwords, differ, roles_of, permissions_of])
}

fn changed<V: PartialEq>(old: &V, new: &V) -> bool {
    old != new
}

fn provider_changed(opens: &Opens, old: &IdentityProvider, new: &IdentityProvider) -> bool {
    let [was, is] = [old, new].map(|row| row.sign_in.as_ref().and_then(|sign_in| sign_in.secret.as_ref()));
    let same_secret = match (was, is) {
        (Some(was), Some(is)) => opens.is_same(was, is, IdentityProvider::seal_context(new.id).as_bytes()),
        (was, is) => was == is,
    };
    !same_secret || old.without_secret() != new.without_secret()
}

fn in_tenant((tenant, role): &(String, String), _: &Role) -> String {
    format!("{tenant}/{role}")
}

fn by_id<T, V>(id: &Id<T>, _: &V) -> String
where
    Id<T>: Display,
{
    id.to_string()
}

fn gone<V>(old: Option<V>) -> Verdict<V> {
    if old.is_some() { Verdict::Stays } else { Verdict::Goes }
}

fn becomes<V: PartialEq + Clone>(was: &V, is: V) -> Verdict<V> {
    if *was == is { Verdict::Stays } else { Verdict::Becomes(is) }
}

fn provider(old: Option<IdentityProvider>, provider: &IdentityProvider) -> Verdict<IdentityProvider> {
    let Some(old) = old else { return Verdict::Goes };
    let mut is = provider.clone();
    if let Some(sign_in) = &mut is.sign_in {
        sign_in.on &= old.open_sign_in().is_some();
    }
    becomes(provider, is)
}

fn person(old: Option<Person>, person: &Person) -> Verdict<Person> {
    let Some(old) = old else { return Verdict::Stays };
    let mut is = person.clone();
    if old.state == PersonState::Suspended {
        is.state = PersonState::Suspended;
    }
    if old.standing == Standing::Member {
        is.standing = Standing::Member;
    }
    becomes(person, is)
}

/// Whether `old` may do less than `new`.
fn stopped(old: ClientState, new: ClientState) -> bool {
    old != ClientState::Active && (new == ClientState::Active || old == ClientState::Retired) && old != new
}

fn machine(old: Option<Machine>, machine: &Machine) -> Verdict<Machine> {
    let Some(old) = old else { return Verdict::Stays };
    let mut is = machine.clone();
    is.void_before = is.void_before.max(old.void_before);
    if stopped(old.state, machine.state) {
        (is.state, is.stopped) = (old.state, old.stopped);
    }
    becomes(machine, is)
}

fn credential(old: Option<Credential>, credential: &Credential) -> Verdict<Credential> {
    let Some(old) = old else { return Verdict::Goes };
    let mut is = credential.clone();
    if let CredentialState::Revoked { .. } = old.state {
        is.state = old.state;
    }
    // One that got a successor ends when it would have ended.
    is.expires_at = match (is.expires_at, old.expires_at) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    becomes(credential, is)
}

fn client(old: Option<Client>, client: &Client) -> Verdict<Client> {
    let Some(old) = old else { return Verdict::Goes };
    let mut is = client.clone();
    is.void_before = is.void_before.max(old.void_before);
    if stopped(old.state, client.state) {
        is.state = old.state;
    }
    let known: Vec<Digest> = old.secrets.iter().map(|secret| secret.digest).collect();
    is.secrets.retain(|secret| known.contains(&secret.digest));
    becomes(client, is)
}

fn delegation(old: Option<Delegation>, delegation: &Delegation) -> Verdict<Delegation> {
    match old {
        None => Verdict::Goes,
        Some(old) => match (&old.state, &delegation.state) {
            (DelegationState::Revoked { .. }, DelegationState::Live) => {
                Verdict::Becomes(Delegation { state: old.state, ..delegation.clone() })
            }
            _ => Verdict::Stays,
        },
    }
}

fn link(old: Option<SubjectLink>, link: &SubjectLink) -> Verdict<SubjectLink> {
    gone(old.filter(|old| old.person == link.person))
}

fn membership(old: Option<Membership>, membership: &Membership) -> Verdict<Membership> {
    let Some(old) = old else { return Verdict::Goes };
    let mut is = membership.clone();
    is.roles.retain(|role| old.roles.contains(role));
    becomes(membership, is)
}

fn role(old: Option<Role>, role: &Role) -> Verdict<Role> {
    let Some(old) = old else { return Verdict::Stays };
    let mut is = role.clone();
    is.permissions.retain(|permission| old.permissions.contains(permission));
    becomes(role, is)
}

/// When it was added does not tell: two may be of the same moment.
fn is_same(opens: &Opens, old: &SecondFactor, factor: &SecondFactor) -> bool {
    opens.is_same(&old.secret, &factor.secret, &place(factor.person))
}

fn same_factor(opens: &Opens, old: Option<SecondFactor>, factor: &SecondFactor) -> Verdict<SecondFactor> {
    let Some(old) = old.filter(|old| is_same(opens, old, factor)) else { return Verdict::Stays };
    let mut is = factor.clone();
    is.last_step = is.last_step.max(old.last_step);
    is.recovery.retain(|code| old.recovery.contains(code));
    becomes(factor, is)
}

/// One that was replaced was perhaps stolen, and the one in its place perhaps a thief's; without either the password would do, which may be
/// an old one that somebody knows. So a code is asked for and none is right, until an administrator says that it is them.
fn other_factor(opens: &Opens, old: Option<SecondFactor>, factor: &SecondFactor) -> Verdict<SecondFactor> {
    if old.is_some_and(|old| is_same(opens, &old, factor)) {
        return Verdict::Stays;
    }
    Verdict::Becomes(SecondFactor { last_step: u64::MAX, recovery: Vec::new(), ..factor.clone() })
}

fn passkey(old: Option<Passkey>, passkey: &Passkey) -> Verdict<Passkey> {
    let Some(old) = old else { return Verdict::Goes };
    // So that a copy that has counted less is still told from the original.
    becomes(passkey, Passkey { sign_count: old.sign_count.max(passkey.sign_count), ..passkey.clone() })
}

fn signing_key(old: Option<SigningKey>, key: &SigningKey) -> Verdict<SigningKey> {
    match old {
        Some(SigningKey { state: state @ KeyState::Revoked { .. }, .. }) => {
            becomes(key, SigningKey { state, sealed: None, ..key.clone() })
        }
        _ => Verdict::Stays,
    }
}

impl Carried {
    fn join(&mut self, other: Self) {
        self.count += other.count;
        self.which.extend(other.which);
        self.which.truncate(TOLD);
    }
}

struct Carrying<'a> {
    old: &'a Store,
    store: &'a Store,
    ctx: &'a Context,
}

impl Carrying<'_> {
    /// Each row of the restored store, beside what it is in the newer one.
    fn each<K, V>(
        &self,
        table: &'static Table<K, V>,
        what: &'static str,
        name: impl Fn(&K, &V) -> String,
        verdict: impl Fn(Option<V>, &V) -> Verdict<V>,
    ) -> Result<Carried, Fault>
    where
        K: RowKey + Clone + Send + 'static,
        V: Serialize + DeserializeOwned + Clone + Send + 'static,
    {
        let mut carried = Carried { what, which: Vec::new(), count: 0 };
        self.pairs(table, |pairs| {
            let mut changes = Vec::new();
            let mut names = Vec::new();
            for (key, old, row) in pairs {
                let new = match verdict(old, &row) {
                    Verdict::Stays => continue,
                    Verdict::Becomes(new) => Some(new),
                    Verdict::Goes => None,
                };
                names.push(name(&key, &row));
                changes.push((key, new));
            }
            if changes.is_empty() {
                return Ok(());
            }
            let which = names.clone();
            self.store.write_blocking("carry over", self.ctx, move |tx| {
                for (key, new) in &changes {
                    match new {
                        Some(new) => tx.put(table, key, new)?,
                        None => tx.delete(table, key)?,
                    }
                }
                tx.record(Event::RestoreCarried { what: what.to_owned(), which: which.clone() })
            })?;
            carried.count += names.len() as u64;
            names.truncate(TOLD.saturating_sub(carried.which.len()));
            carried.which.extend(names);
            Ok(())
        })?;
        Ok(carried)
    }

    /// Rows that are in both and differ in a way that is told and not changed.
    fn that<K, V>(
        &self,
        table: &'static Table<K, V>,
        what: &'static str,
        name: impl Fn(&K, &V) -> String,
        differ: impl Fn(&V, &V) -> bool,
    ) -> Result<Carried, Fault>
    where
        K: RowKey + Clone,
        V: DeserializeOwned,
    {
        let mut carried = Carried { what, which: Vec::new(), count: 0 };
        self.pairs(table, |pairs| {
            for (key, old, row) in pairs {
                if old.is_some_and(|old| differ(&old, &row)) {
                    carried.count += 1;
                    if carried.which.len() < TOLD {
                        carried.which.push(name(&key, &row));
                    }
                }
            }
            Ok(())
        })?;
        Ok(carried)
    }

    fn pairs<K, V>(
        &self,
        table: &'static Table<K, V>,
        mut each: impl FnMut(Vec<(K, Option<V>, V)>) -> Result<(), Fault>,
    ) -> Result<(), Fault>
    where
        K: RowKey + Clone,
        V: DeserializeOwned,
    {
        let mut after: Option<K> = None;
        loop {
            let page = self.store.read_blocking(|view| view.page(table, after.as_ref(), AT_ONCE))?;
            let pairs = self.old.read_blocking(|old| {
                page.rows.into_iter().map(|(key, row)| Ok((key.clone(), old.get(table, &key)?, row))).collect()
            })?;
            each(pairs)?;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Rows of the newer store that the restored one does not have: marks of what was used.
    fn additions<K, V>(&self, table: &'static Table<K, V>, what: &'static str) -> Result<(), Fault>
    where
        K: RowKey + Clone + Send + 'static,
        V: Serialize + DeserializeOwned + Clone + Send + 'static,
    {
        let mut after: Option<K> = None;
        loop {
            let page = self.old.read_blocking(|view| view.page(table, after.as_ref(), AT_ONCE))?;
            let rows = page.rows;
            self.store.write_blocking("carry over", self.ctx, move |tx| {
                let mut count = 0;
                for (key, row) in &rows {
                    if tx.get(table, key)?.is_none() {
                        tx.put(table, key, row)?;
                        count += 1;
                    }
                }
                match count {
                    0 => Ok(()),
                    _ => tx.record(Event::RestoreCarried { what: what.to_owned(), which: Vec::new() }),
                }
            })?;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Entropy;
    use crate::base::Timestamp;
    use crate::model::{Actor, CredentialKind, PersonBy, UpstreamSignIn};

    fn is<V>(verdict: Verdict<V>) -> Option<Option<V>> {
        match verdict {
            Verdict::Stays => None,
            Verdict::Becomes(new) => Some(Some(new)),
            Verdict::Goes => Some(None),
        }
    }

    #[test]
    fn a_state_is_only_ever_taken_over_to_its_holders_loss() {
        use ClientState::{Active, AwaitingApproval, Rejected, Retired, Suspended};
        for new in [Active, AwaitingApproval, Rejected, Suspended, Retired] {
            assert!(!stopped(Active, new), "{new:?}: one that was let go on there is not let go on here");
            assert_eq!(stopped(Retired, new), new != Retired);
            assert_eq!(stopped(Suspended, new), new == Active, "{new:?}");
        }
    }

    #[test]
    fn a_credential_ends_when_either_says_so() {
        let at = Timestamp::from_seconds;
        let some = |state: CredentialState, expires_at: Option<Timestamp>| Credential {
            id: Id::from_bytes([1; 16]),
            machine: Id::from_bytes([2; 16]),
            name: "n".to_owned(),
            hint: "h".to_owned(),
            kind: CredentialKind::ClientSecret { digest: Digest::ZERO },
            state,
            created_at: at(1),
            created_by: Actor::Operator,
            expires_at,
            replaced_by: None,
        };
        let active = |expires_at| some(CredentialState::Active, expires_at);
        let here = active(Some(at(50)));
        assert_eq!(is(credential(None, &here)), Some(None), "one that is not there any more");
        assert_eq!(is(credential(Some(active(Some(at(50)))), &here)), None);
        assert_eq!(is(credential(Some(active(Some(at(90)))), &here)), None, "a longer life was added, not taken away");
        assert_eq!(is(credential(Some(active(None)), &here)), None);
        let sooner = is(credential(Some(active(Some(at(20)))), &here)).unwrap().unwrap();
        assert_eq!(sooner.expires_at, Some(at(20)), "it got a successor there");
        let sooner = is(credential(Some(active(Some(at(20)))), &active(None))).unwrap().unwrap();
        assert_eq!(sooner.expires_at, Some(at(20)));
    }

    #[test]
    fn roles_become_fewer_and_never_more() {
        let role_of = |permissions: &[&str]| Role {
            tenant: "main".parse().unwrap(),
            name: "ops".parse().unwrap(),
            description: String::new(),
            permissions: permissions.iter().map(|name| name.parse().unwrap()).collect(),
            created_at: Timestamp::from_seconds(1),
        };
        let narrowed = is(role(Some(role_of(&["read", "add"])), &role_of(&["read", "write"]))).unwrap().unwrap();
        assert_eq!(narrowed, role_of(&["read"]));
        assert_eq!(is(role(Some(role_of(&["read", "write"])), &role_of(&["read"]))), None);

        let member = |roles: &[&str]| Membership {
            person: Id::from_bytes([1; 16]),
            roles: roles.iter().map(|held| held.parse().unwrap()).collect(),
            custom_claims: serde_json::Map::new(),
        };
        assert_eq!(is(membership(None, &member(&["main/a"]))), Some(None));
        let fewer = is(membership(Some(member(&["main/b"])), &member(&["main/a", "main/b"]))).unwrap().unwrap();
        assert_eq!(fewer, member(&["main/b"]));
    }

    fn sealer(key: u8) -> Sealer {
        Sealer::new(&[key; 32])
    }

    #[test]
    fn a_second_factor_is_the_same_under_whatever_key_it_is_sealed() {
        let person = Id::from_bytes([1; 16]);
        // All of the same moment.
        let factor_of = |key, plain: &[u8], last_step, recovery: &[u8]| SecondFactor {
            person,
            secret: sealer(key).seal(plain, &place(person), &Entropy::os()).unwrap(),
            last_step,
            recovery: recovery.iter().map(|n| Digest::from_bytes([*n; 32])).collect(),
            added_at: Timestamp::from_seconds(1),
        };
        let told = |factor: SecondFactor| (factor.last_step, factor.recovery.len());
        for newer in [1, 2] {
            let opens = Opens { old: sealer(newer), new: sealer(1) };
            let here = factor_of(1, b"hers", 5, &[1, 2]);
            let there = factor_of(newer, b"hers", 9, &[2]);
            let spent = is(same_factor(&opens, Some(there.clone()), &here)).unwrap().unwrap();
            assert_eq!((told(spent.clone()), &spent.secret), ((9, 1), &here.secret));
            assert_eq!(is(other_factor(&opens, Some(there), &here)), None);
            let of_nobody = factor_of(7, b"hers", 9, &[]);
            for (there, why) in [
                (Some(factor_of(newer, b"a thief's", 9, &[])), "replaced"),
                (Some(of_nobody), "sealed under a key that is not at hand"),
                (None, "removed"),
            ] {
                assert_eq!(is(same_factor(&opens, there.clone(), &here)), None, "{why}");
                let ended = is(other_factor(&opens, there, &here)).unwrap().unwrap();
                assert_eq!(told(ended), (u64::MAX, 0), "{why}: asked for, and nothing is right");
            }
        }
    }

    #[test]
    fn a_provider_is_told_by_name_for_another_secret_and_not_for_another_seal() {
        let id = Id::from_bytes([1; 16]);
        let provider_of = |key, plain: Option<&[u8]>, name: &str| IdentityProvider {
            id,
            issuer: "https://idp.example".to_owned(),
            jwks_uri: None,
            jwks: None,
            person_by: PersonBy::Link,
            sign_in: Some(UpstreamSignIn {
                name: name.to_owned(),
                client_id: "writ".to_owned(),
                secret: plain.map(|plain| {
                    sealer(key).seal(plain, IdentityProvider::seal_context(id).as_bytes(), &Entropy::os()).unwrap()
                }),
                secret_set_at: None,
                scope: "openid".parse().unwrap(),
                on: true,
            }),
            created_at: Timestamp::from_seconds(1),
        };
        let opens = Opens { old: sealer(2), new: sealer(1) };
        let differs = |plain, name| {
            provider_changed(&opens, &provider_of(2, plain, name), &provider_of(1, Some(b"ours"), "Northwind"))
        };
        assert!(!differs(Some(b"ours"), "Northwind"));
        assert!(differs(Some(b"another"), "Northwind"));
        assert!(differs(None, "Northwind"));
        assert!(differs(Some(b"ours"), "Southwind"));
    }
}
