//! Machine identities: what they are, by what they prove themselves, and how they are stopped.

mod access_keys;
mod credentials;
pub mod exchange;
mod federation;
mod insight;
mod refresh;
mod roles;
mod stop;
mod terms;

use writ::base::Id;
use writ::model::RoleIn;
use writ::model::{ClientId, Credential, Machine};
use writ::operations::roles::{self as role_operations, RoleTerms};
use writ::operations::tenants;
use writ::protocol::display_name::DisplayName;

use crate::world::{ClientApp, World};

impl World {
    pub fn tenant(&self, name: &str) {
        let title = DisplayName::parse(name).unwrap();
        self.block(tenants::add(&self.app, &self.operator(), name.parse().unwrap(), title)).unwrap();
    }

    /// A role, written as `tenant/role`, with its permissions in one text.
    pub fn role(&self, held: &str, permissions: &str) -> RoleIn {
        let held: RoleIn = held.parse().unwrap();
        let permissions = permissions.split_whitespace().map(|name| name.parse().unwrap()).collect();
        let terms = RoleTerms { description: String::new(), permissions };
        self.block(role_operations::add(&self.app, &self.operator(), held.clone(), terms)).unwrap();
        held
    }

    pub fn machine_id(&self, machine: &ClientApp) -> Id<Machine> {
        let ClientId::Machine(id) = machine.id else { panic!("{:?} is no machine", machine.id) };
        id
    }

    /// The credentials of a machine, the oldest first.
    pub fn credentials(&self, machine: &ClientApp) -> Vec<Credential> {
        self.block(writ::operations::credentials::list(&self.app, self.machine_id(machine))).unwrap()
    }
}
