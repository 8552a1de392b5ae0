//! What one line of a plan does to the rows. Without a before it makes one, without an after it removes one.

use super::nouns::CredentialRead;
use super::present::Known;
use crate::base::{Id, Resource, Timestamp};
use crate::model::{
    Actor, Client, ClientId, ClientState, Credential, Crossing, Delegation, IdentityProvider, Machine, Membership,
    Person, ProtectedResource, Role, Scope, ScopeEntry, ScopeSet, Tenant,
};
use crate::operations::crossings::Terms;
use crate::protocol::own_scopes::{ADMIN, within_reach};

/// What one line does to the rows. Without `before` it makes one, without `after` it removes one.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Scope { before: Option<ScopeEntry>, after: Option<ScopeEntry> },
    Resource(Box<(Option<ProtectedResource>, Option<ProtectedResource>)>),
    Client(Box<(Option<Client>, Option<Client>)>),
    Machine(Box<MachineStep>),
    Tenant { before: Option<Tenant>, after: Option<Tenant> },
    Role(Box<(Option<Role>, Option<Role>)>),
    Delegation(Box<DelegationStep>),
    Membership(Box<(Option<Membership>, Option<Membership>)>),
    Provider(Box<(Option<IdentityProvider>, Option<IdentityProvider>)>),
    Crossing(Box<CrossingStep>),
}

impl Step {
    /// Whether it stops, or ends, whoever this is.
    pub(super) fn ends(&self, who: &Actor) -> bool {
        let (before, after) = match self {
            Self::Client(rows) => {
                (rows.0.as_ref().map(|client| client.id.clone()), rows.1.as_ref().map(|client| client.state))
            }
            Self::Machine(step) => (
                step.before.as_ref().map(|known| ClientId::Machine(known.machine.id)),
                step.after.as_ref().map(|machine| machine.state),
            ),
            _ => return false,
        };
        after != Some(ClientState::Active) && before.is_some_and(|id| *who == Actor::Client(id))
    }

    /// The scopes that whatever it touches may have, before and after: nobody hands out more than they have.
    pub(super) fn gives(&self) -> ScopeSet {
        let both = |before: Option<ScopeSet>, after: Option<ScopeSet>| {
            before.unwrap_or_default().union(&after.unwrap_or_default())
        };
        match self {
            Self::Client(rows) => both(rows.0.as_ref().map(within_reach), rows.1.as_ref().map(within_reach)),
            Self::Machine(step) => {
                let of = |machine: &Machine| {
                    let own = machine.access.iter().filter_map(|access| access.scope.as_ref());
                    own.fold(machine.scope.clone(), |all, scope| all.union(scope))
                };
                both(step.before.as_ref().map(|known| of(&known.machine)), step.after.as_ref().map(of))
            }
            Self::Delegation(step) => step.after.as_ref().map(|after| after.scope.clone()).unwrap_or_default(),
            // Whose word is taken says who one can be, also an administrator.
            Self::Provider(_) => ADMIN.parse::<Scope>().into_iter().collect(),
            Self::Scope { .. }
            | Self::Resource(_)
            | Self::Tenant { .. }
            | Self::Role(_)
            | Self::Membership(_)
            | Self::Crossing(_) => ScopeSet::new(),
        }
    }
}

/// What a delegation says never changes: one that is to be different is ended, and another made.
#[derive(Clone, Debug)]
pub(super) struct DelegationStep {
    pub(super) before: Option<Delegation>,
    pub(super) after: Option<Granted>,
}

/// A delegation to be made. Its machines may be made in the same transaction, so they are named.
#[derive(Clone, Debug)]
pub(super) struct Granted {
    pub(super) actor: (String, String),
    pub(super) subject: Whom,
    pub(super) may_act: Option<(String, String)>,
    pub(super) across: bool,
    pub(super) scope: ScopeSet,
    pub(super) resources: Vec<Resource>,
    pub(super) purpose: String,
    pub(super) expires_at: Timestamp,
}

#[derive(Clone, Debug)]
pub(super) enum Whom {
    Person(Id<Person>),
    Machine((String, String)),
}

#[derive(Clone, Debug)]
pub(super) struct MachineStep {
    pub(super) before: Option<Known>,
    pub(super) after: Option<Machine>,
    pub(super) given: Vec<CredentialRead>,
    pub(super) revoked: Vec<Credential>,
}

/// What a crossing says never changes either.
#[derive(Clone, Debug)]
pub(super) struct CrossingStep {
    pub(super) before: Option<Crossing>,
    pub(super) after: Option<(Carrier, Terms)>,
}

/// Who is to carry our word.
#[derive(Clone, Debug)]
pub(super) enum Carrier {
    Known(ClientId),
    /// A client that the file makes, at this place in it.
    Made(String),
}
