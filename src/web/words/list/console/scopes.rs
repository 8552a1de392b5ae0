//! Scopes: their list, one of them, and the form.

use crate::web::words::list::Text;
use crate::web::words::marks::{OfLink, OfNumber, OfTwoLinks};

pub(crate) struct ScopesWords {
    pub(crate) lead: Text,
    pub(crate) new: Text,
    pub(crate) name_or_words: Text,
    pub(crate) nothing_fits: Text,
    pub(crate) nothing_yet: Text,
    /// To add one, and to protect a server.
    pub(crate) nothing_yet_more: OfTwoLinks,
    /// The head of what scopes let somebody do.
    pub(crate) who_can: Text,
    pub(crate) can: Text,
    pub(crate) scope: Text,
    pub(crate) risk: Text,
    pub(crate) risky: Text,
    pub(crate) low: Text,
    pub(crate) implies: Text,
    pub(crate) others: OfNumber,
    pub(crate) offered_by: Text,
    pub(crate) appliance: Text,
    pub(crate) resources: OfNumber,
    pub(crate) was_added: Text,
    pub(crate) was_changed: Text,
    pub(crate) was_removed: Text,
}

pub(crate) struct ScopeWords {
    pub(crate) risky: Text,
    pub(crate) low: Text,
    pub(crate) implies_nothing: Text,
    pub(crate) implied_by: Text,
    pub(crate) added: Text,
    pub(crate) where_: Text,
    /// A scope of the appliance's own API.
    pub(crate) own: OfLink,
    pub(crate) not_offered: Text,
    pub(crate) not_offered_more: Text,
    pub(crate) who: Text,
    pub(crate) none: Text,
    pub(crate) applications: Text,
    pub(crate) no_applications: Text,
    pub(crate) not_allowed: Text,
    /// Grants, as they are counted.
    pub(crate) allowed: fn(&str) -> String,
    pub(crate) remove: Text,
    pub(crate) remove_about: Text,
    pub(crate) remove_submit: Text,
}

pub(crate) struct ScopeFormWords {
    pub(crate) name_note: Text,
    pub(crate) words: Text,
    pub(crate) words_note: Text,
    /// Words of a scope, for an example.
    pub(crate) words_example: Text,
    pub(crate) low: Text,
    pub(crate) implies_note: Text,
    pub(crate) submit: Text,
    pub(crate) submit_change: Text,
    pub(crate) nothing_added: Text,
    pub(crate) name_wrong: Text,
}
