//! Who may act in whose name, for what, until when; and the chain of those who do.

use serde::{Deserialize, Serialize};

use super::context::Actor;
use super::event::Subject;
use super::machine::Machine;
use super::scope::ScopeSet;
use super::token::AccessRecord;
use crate::base::{Id, Named, Resource, Timestamp};

/// One machine's permission to act for one person, or for another machine. What it says never changes: whoever wants it
/// otherwise ends it and makes another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    pub id: Id<Delegation>,
    /// Who may act.
    pub actor: Id<Machine>,
    /// In whose name: a person's or another machine's.
    pub subject: Subject,
    /// No token that comes of it says more.
    pub scope: ScopeSet,
    /// Where; empty for wherever the machine may go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    /// Whom the tokens that come of it name as the next who may act: `may_act` of RFC 8693 §4.4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_act: Option<Id<Machine>>,
    /// Whether it was given knowing that the person is not of the actor's tenant.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub across: bool,
    /// What it is for, in the words of whoever granted it.
    pub purpose: String,
    /// The person, or an administrator.
    pub granted_by: Actor,
    pub granted_at: Timestamp,
    /// From then on it is worth nothing, and neither is a token that came of it.
    pub expires_at: Timestamp,
    pub state: DelegationState,
}

impl Delegation {
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.state == DelegationState::Live && now < self.expires_at
    }

    /// What a list calls its state.
    pub fn standing(&self, now: Timestamp) -> &'static str {
        match self.state {
            DelegationState::Revoked { .. } => "revoked",
            DelegationState::Live if self.is_live(now) => "live",
            DelegationState::Live => "expired",
        }
    }
}

impl Named for Delegation {
    const PREFIX: &'static str = "dlg";
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DelegationState {
    Live,
    Revoked { at: Timestamp, by: Actor, because: String },
}

/// One link in a chain of actors: who acts, by which delegation, and which token it showed for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub actor: Id<Machine>,
    pub delegation: Id<Delegation>,
    /// The `jti` of the token that was exchanged: when it is revoked, so is what came of it.
    pub from: Id<AccessRecord>,
}
