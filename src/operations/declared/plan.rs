//! What has to change so that things are as a file says. Pure: nothing is read or written here, and nothing is decided elsewhere.
//!
//! Each noun compares its own section, in a file of its own; here is what all of them have: the lines, and what they may refer to.

mod clients;
mod delegations;
mod elsewhere;
mod machines;
mod memberships;
mod resources;
mod roles;
mod scopes;
mod tenants;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::document::Document;
use super::members::{Notes, Wrong, below, text};
use super::nouns::Said;
use super::present::Present;
use super::step::Step;
use crate::base::{Id, Issuer, Resource, Timestamp};
use crate::config::Config;
use crate::model::{Client, ClientState, Person, ProtectedResource, Risk, Scope, ScopeSet, TenantName};

/// What is done with what the file does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlisted {
    Stays,
    IsRemoved,
}

/// What is to be done, in the order in which it can be.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub changes: Vec<Change>,
}

/// One line of a plan.
#[derive(Clone, Debug)]
pub struct Change {
    /// Such as `machines.nightly-import`.
    pub place: String,
    pub kind: ChangeKind,
    /// What differs.
    pub fields: Vec<Field>,
    pub(super) step: Option<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Create,
    Change,
    Remove,
    /// It is there and not in the file, and stays.
    Unlisted,
}

impl ChangeKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Remove => "remove",
            Self::Unlisted => "unlisted",
        }
    }
}

/// A member that differs: how it is, how it is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub name: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// What else a plan depends on.
#[derive(Clone, Copy)]
pub(super) struct House<'a> {
    pub(super) config: &'a Config,
    pub(super) issuer: &'a Issuer,
    pub(super) now: Timestamp,
}

/// Most lines of a plan that do something: one transaction does it all.
const MOST_STEPS: usize = 5_000;
/// Most lines about what the file does not have.
const MOST_UNLISTED: usize = 1_000;

/// Compares a file with how things are.
pub(super) fn plan(
    file: &Document,
    present: &Present,
    house: House<'_>,
    unlisted: Unlisted,
) -> Result<Plan, Vec<Wrong>> {
    let mut planner = Planner {
        file,
        present,
        house,
        unlisted,
        notes: Notes::default(),
        changes: Vec::new(),
        passed_over: 0,
        scopes: present.scopes.iter().map(|(name, entry)| (name.clone(), entry.risk)).collect(),
        resources: present.resources.clone(),
        gone_scopes: BTreeSet::new(),
        gone_resources: BTreeSet::new(),
        tenants: present.tenants.keys().cloned().collect(),
        roles: present.roles.keys().cloned().collect(),
        machines: present.machines.keys().cloned().collect(),
        trusts: BTreeMap::new(),
        members: present.members.clone(),
        clients: Vec::new(),
    };
    planner.tenants();
    planner.roles();
    planner.memberships();
    planner.scopes();
    planner.resources();
    planner.clients();
    planner.machines();
    planner.delegations();
    planner.providers();
    planner.crossings();
    let steps = planner.changes.iter().filter(|change| change.step.is_some()).count();
    if steps > MOST_STEPS {
        planner.notes.say("", format!("{steps} changes are too many at once: at most {MOST_STEPS}"));
    }
    if planner.notes.is_empty() { Ok(Plan { changes: planner.changes }) } else { Err(planner.notes.into_wrong()) }
}

struct Planner<'a> {
    file: &'a Document,
    present: &'a Present,
    house: House<'a>,
    unlisted: Unlisted,
    notes: Notes,
    changes: Vec<Change>,
    passed_over: usize,
    /// The catalogue as it will be.
    scopes: BTreeMap<String, Risk>,
    /// The resources as they will be.
    resources: Vec<ProtectedResource>,
    gone_scopes: BTreeSet<String>,
    gone_resources: BTreeSet<String>,
    /// Tenants, roles and machines as they will be.
    tenants: BTreeSet<String>,
    roles: BTreeSet<(String, String)>,
    machines: BTreeSet<(String, String)>,
    /// Where each federated trust will be, by what it accepts.
    trusts: BTreeMap<String, String>,
    /// The tenants that people will have a role in.
    members: BTreeSet<(Id<Person>, String)>,
    /// The clients as they will be, by their places.
    clients: Vec<(String, Client)>,
}

impl Planner<'_> {
    /// A line for what the file does not have. Says whether it goes.
    fn goes(&mut self, place: String, said: Said, step: impl FnOnce() -> Step) -> bool {
        if self.unlisted == Unlisted::Stays {
            self.stays(place);
            return false;
        }
        let fields = said.into_iter().map(|(name, value)| Field { name, before: Some(value), after: None }).collect();
        self.changes.push(Change { place, kind: ChangeKind::Remove, fields, step: Some(step()) });
        true
    }

    fn stays(&mut self, place: String) {
        self.passed_over += 1;
        if self.passed_over <= MOST_UNLISTED {
            self.changes.push(Change { place, kind: ChangeKind::Unlisted, fields: Vec::new(), step: None });
        }
    }

    /// A line, if there is a difference.
    fn differs(&mut self, place: String, was: Option<Said>, is: Said, step: impl FnOnce() -> Step) {
        let kind = if was.is_some() { ChangeKind::Change } else { ChangeKind::Create };
        let was = was.unwrap_or_default();
        let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        let fields: Vec<Field> = (names.into_iter())
            .filter(|name| was.get(*name) != is.get(*name))
            .map(|name| Field { name: name.clone(), before: was.get(name).cloned(), after: is.get(name).cloned() })
            .collect();
        if kind == ChangeKind::Create || !fields.is_empty() {
            self.changes.push(Change { place, kind, fields, step: Some(step()) });
        }
    }

    /// What something is to be: a stop ends only where a file says that it does.
    fn state(&mut self, place: &str, was: Option<ClientState>, suspended: Option<bool>) -> ClientState {
        match (was, suspended) {
            (_, Some(true)) => ClientState::Suspended,
            (_, Some(false)) | (None, None) => ClientState::Active,
            (Some(was), None) => {
                if was == ClientState::Suspended {
                    self.stays(below(place, "suspended"));
                }
                was
            }
        }
    }

    fn tenant_and_name(&mut self, place: &str, key: &str) -> Option<(TenantName, String)> {
        let Some((tenant, name)) = key.split_once('/') else { return Some((TenantName::default(), key.to_owned())) };
        match text::<TenantName>(tenant) {
            Ok(tenant) => Some((tenant, name.to_owned())),
            Err(why) => {
                self.notes.say(place, format!("before the slash is its tenant, and {why}"));
                None
            }
        }
    }

    fn known_scopes(&mut self, place: &str, scopes: &ScopeSet) {
        let unknown = scopes.only(|scope: &Scope| !self.scopes.contains_key(scope.as_str()));
        for scope in unknown.iter() {
            self.notes.say(place, format!("the scope `{scope}` is neither in the catalogue nor in this file"));
        }
    }

    /// The identifiers that are meant, aliases resolved, none twice.
    fn resolved(&mut self, place: &str, asked: &[Resource]) -> Vec<Resource> {
        let mut known: Vec<Resource> = Vec::new();
        for url in asked {
            let folded = url.folded();
            let is_meant = |row: &&ProtectedResource| {
                std::iter::once(&row.identifier).chain(&row.aliases).any(|other| other.folded() == folded)
            };
            match self.resources.iter().find(is_meant) {
                Some(row) if known.contains(&row.identifier) => {}
                Some(row) => known.push(row.identifier.clone()),
                None => self.notes.say(place, format!("{url} is neither a registered resource nor in this file")),
            }
        }
        known
    }

    /// What stays and is not in the file must not lose what it refers to.
    fn leans_on_nothing(&mut self, place: &str, scopes: &ScopeSet, resources: &[&Resource]) {
        for scope in scopes.iter().filter(|scope| self.gone_scopes.contains(scope.as_str())) {
            let why = format!("{place} refers to it; it cannot be removed alone");
            self.notes.say(&below("scopes", scope.as_str()), why);
        }
        for url in resources.iter().filter(|url| self.gone_resources.contains(url.as_str())) {
            let why = format!("{place} refers to it; it cannot be removed alone");
            self.notes.say(&below("resources", url.as_str()), why);
        }
    }
}

/// Who is missing.
fn nobody(email: &str) -> String {
    format!("nobody here has this e-mail address: {email}; add them first (`writ person add`)")
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::config::Sources;
    use crate::model::ScopeEntry;

    fn planned(file: Value, present: &Present, unlisted: Unlisted) -> Result<Vec<(ChangeKind, String)>, Vec<Wrong>> {
        let sources = Sources { flags: Vec::new(), file: None, environment: Vec::new() };
        let config = sources.load().unwrap().config;
        let house = House { config: &config, issuer: &config.public_url, now: Timestamp::from_seconds(1_800_000_000) };
        let plan = plan(&Document::parse(file)?, present, house, unlisted)?;
        Ok(plan.changes.into_iter().map(|change| (change.kind, change.place)).collect())
    }

    fn catalogue(names: &[&str]) -> Present {
        let entry = |name: &&str| ScopeEntry {
            name: name.parse().unwrap(),
            description: "Something".to_owned(),
            risk: Risk::Low,
            implies: ScopeSet::new(),
            created_at: Timestamp::from_seconds(1),
        };
        let scopes = names.iter().map(|name| ((*name).to_owned(), entry(name))).collect();
        Present { scopes, ..Present::default() }
    }

    #[test]
    fn what_is_as_it_should_be_is_no_line() {
        let present = catalogue(&["a", "b"]);
        let same = json!({ "description": "Something", "risk": "low" });
        let file = json!({ "scopes": { "a": same, "b": { "description": "Something" } } });
        assert_eq!(planned(file, &present, Unlisted::IsRemoved).unwrap(), []);
        assert_eq!(planned(json!({}), &present, Unlisted::IsRemoved).unwrap(), [], "no section, nothing to remove");
    }

    #[test]
    fn nothing_is_removed_in_silence() {
        let (present, file) = (catalogue(&["a", "b"]), json!({ "scopes": { "a": { "description": "Other" } } }));
        assert_eq!(
            planned(file.clone(), &present, Unlisted::Stays).unwrap(),
            [(ChangeKind::Unlisted, "scopes.b".to_owned()), (ChangeKind::Change, "scopes.a".to_owned()),]
        );
        assert_eq!(
            planned(file, &present, Unlisted::IsRemoved).unwrap()[0],
            (ChangeKind::Remove, "scopes.b".to_owned())
        );
    }

    #[test]
    fn what_a_file_brings_it_may_refer_to_and_what_it_removes_not() {
        let present = catalogue(&["a", "b"]);
        let resource = |scope: &str| json!({ "https://r.example/": { "name": "R", "scopes": [scope] } });
        let file = json!({ "scopes": { "new": { "description": "New" } }, "resources": resource("new") });
        assert!(planned(file, &present, Unlisted::Stays).is_ok());
        let file = json!({ "scopes": { "new": { "description": "New" } }, "resources": resource("a") });
        assert!(planned(file.clone(), &present, Unlisted::Stays).is_ok());
        let wrong = planned(file, &present, Unlisted::IsRemoved).unwrap_err();
        assert_eq!(wrong[0].place, "resources.\"https://r.example/\".scopes");
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once_and_within_bounds() {
        let scopes: Map<String, Value> = (0..500).map(|n| (format!("s{n}"), json!({ "risk": "some" }))).collect();
        let wrong = planned(json!({ "scopes": scopes }), &Present::default(), Unlisted::Stays).unwrap_err();
        assert_eq!(wrong.len(), 100);
        assert!(wrong.iter().any(|wrong| wrong.place == "scopes.s0.risk"));
        assert!(wrong.iter().any(|wrong| wrong.place == "scopes.s0.description" && wrong.why == "this is missing"));
    }
}
