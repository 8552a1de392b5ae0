//! How things are, as far as a file can say it, and what it calls them.

use std::collections::{BTreeMap, BTreeSet};

use super::nouns::{Said, client_id, crossing_said, delegation_said};
use crate::base::Id;
use crate::model::{
    Actor, Client, ClientId, Credential, Crossing, Delegation, IdentityProvider, Machine, Membership, Person,
    ProtectedResource, Role, ScopeEntry, Subject, Tenant, TenantName,
};

/// How things are.
#[derive(Clone, Debug, Default)]
pub(super) struct Present {
    pub(super) scopes: BTreeMap<String, ScopeEntry>,
    pub(super) resources: Vec<ProtectedResource>,
    /// Those that an administrator registered.
    pub(super) clients: Vec<Client>,
    /// The others that an administrator gave resources to reach or to answer for, or that the file names.
    pub(super) placed: Vec<Client>,
    /// Those that are not retired, by tenant and folded name.
    pub(super) machines: BTreeMap<(String, String), Known>,
    /// All but the main one.
    pub(super) tenants: BTreeMap<String, Tenant>,
    /// By tenant and name.
    pub(super) roles: BTreeMap<(String, String), Role>,
    /// What people are in the tenants.
    pub(super) memberships: BTreeMap<Id<Person>, Membership>,
    /// Those that are good now.
    pub(super) delegations: Vec<Delegation>,
    pub(super) providers: Vec<IdentityProvider>,
    pub(super) crossings: Vec<Crossing>,
    /// Whoever carries our word by one of these crossings, or is to by its id, and is not among `clients`.
    pub(super) carriers: BTreeMap<String, Client>,
    /// Whoever is named, here or in the file.
    pub(super) people: Vec<Person>,
    /// The tenants that these people have a role in.
    pub(super) members: BTreeSet<(Id<Person>, String)>,
}

impl Present {
    pub(super) fn person(&self, id: Id<Person>) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    /// What a file calls a client: its key among the clients, or its id.
    pub(super) fn client_called(&self, id: &ClientId) -> String {
        let keys = client_keys(&self.clients);
        let named = keys.into_iter().zip(&self.clients).find(|(_, client)| client.id == *id);
        named.map_or_else(|| id.to_string(), |(key, _)| key)
    }

    /// A crossing as a file says it, behind what it is called there.
    pub(super) fn crossing_said(&self, crossing: &Crossing) -> (String, Said) {
        let client = self.client_called(&crossing.client_id);
        (crossing_name(&client, &crossing.audience), crossing_said(crossing, &client))
    }

    pub(super) fn machine(&self, id: Id<Machine>) -> Option<&Machine> {
        self.machines.values().map(|known| &known.machine).find(|machine| machine.id == id)
    }

    /// A delegation as a file says it; `None` where the person made it themselves, or somebody it names is not here.
    pub(super) fn delegation_said(&self, delegation: &Delegation) -> Option<(String, Said)> {
        if is_their_own(delegation) {
            return None;
        }
        let actor = machine_name(self.machine(delegation.actor)?);
        let may_act = match delegation.may_act {
            Some(next) => Some(machine_name(self.machine(next)?)),
            None => None,
        };
        let (person, machine) = match &delegation.subject {
            Subject::Person(id) => (Some(self.person(*id)?.email.as_str()), None),
            Subject::Client(ClientId::Machine(id)) => (None, Some(machine_name(self.machine(*id)?))),
            Subject::Client(_) => return None,
        };
        let said = delegation_said(delegation, &actor, person, machine.as_deref(), may_act.as_deref());
        let whom = person.map(str::to_owned).or(machine)?;
        Some((format!("{actor} for {whom}"), said))
    }
}

/// Whether it is for the person alone to change.
pub(super) fn is_their_own(delegation: &Delegation) -> bool {
    matches!((&delegation.subject, &delegation.granted_by), (Subject::Person(id), Actor::Person(by)) if id == by)
}

#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) machine: Machine,
    pub(super) credentials: Vec<Credential>,
}

/// What a file calls a crossing.
pub(super) fn crossing_name(client: &str, audience: &str) -> String {
    format!("{client} to {audience}")
}

/// What a file calls a machine: its name, behind its tenant where that is not the usual one.
pub(super) fn machine_name(machine: &Machine) -> String {
    if machine.tenant == TenantName::default() && !machine.name.contains('/') {
        machine.name.clone()
    } else {
        format!("{}/{}", machine.tenant, machine.name)
    }
}

/// What a file calls each client: what it is called in the file that it was made by, or its name, or its id where several have that.
pub(super) fn client_keys(clients: &[Client]) -> Vec<String> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for client in clients {
        *count.entry(client.name.as_str()).or_default() += 1;
    }
    let key = |client: &Client| match (&client.declared_as, count.get(client.name.as_str())) {
        (Some(key), _) => key.clone(),
        (None, Some(1)) if client_id(&client.name).is_none() => client.name.clone(),
        _ => client.id.to_string(),
    };
    clients.iter().map(key).collect()
}
