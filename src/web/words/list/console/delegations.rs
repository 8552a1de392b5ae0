//! Who acts for whom: the list, and a new delegation.

use crate::web::words::list::Text;
use crate::web::words::marks::{OfBare, OfNameAndName, OfPlain, OfPlainAndPlain};

pub(crate) struct DelegationsWords {
    pub(crate) title: Text,
    pub(crate) all: Text,
    pub(crate) none: Text,
    pub(crate) machine: Text,
    pub(crate) subject: Text,
    pub(crate) purpose: Text,
    pub(crate) scopes: Text,
    pub(crate) state: Text,
    pub(crate) until: Text,
    pub(crate) end: Text,
    /// Who acts, and for whom.
    pub(crate) begin_revoke: OfPlainAndPlain,
    pub(crate) revoke_about: OfNameAndName,
    pub(crate) why: Text,
    pub(crate) revoke: Text,
}

/// A new one.
pub(crate) struct DelegationFormWords {
    /// Whom.
    pub(crate) title: OfPlain,
    pub(crate) heading: Text,
    pub(crate) lead: Text,
    pub(crate) subject: Text,
    pub(crate) subject_help: Text,
    pub(crate) purpose: Text,
    pub(crate) purpose_help: Text,
    pub(crate) scopes: Text,
    pub(crate) no_scopes: Text,
    pub(crate) resources: Text,
    pub(crate) resources_help: Text,
    pub(crate) until: Text,
    pub(crate) until_help: Text,
    /// The tenant of the machine.
    pub(crate) across: OfBare,
    pub(crate) submit: Text,
    pub(crate) cancel: Text,
    pub(crate) nobody: Text,
    pub(crate) no_scope_chosen: Text,
    pub(crate) wrong_day: Text,
}
