//! Machine identities: what they are, by what they prove themselves, and how they are stopped.

mod credentials;
pub mod exchange;
mod federation;
mod insight;
mod stop;
mod terms;

use writ::base::Id;
use writ::model::{ClientId, Credential, Machine};

use crate::world::{ClientApp, World};

impl World {
    pub fn machine_id(&self, machine: &ClientApp) -> Id<Machine> {
        let ClientId::Machine(id) = machine.id else { panic!("{:?} is no machine", machine.id) };
        id
    }

    /// The credentials of a machine, the oldest first.
    pub fn credentials(&self, machine: &ClientApp) -> Vec<Credential> {
        self.block(writ::operations::credentials::list(&self.app, self.machine_id(machine))).unwrap()
    }
}
