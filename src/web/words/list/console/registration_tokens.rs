//! Tokens to register applications with: the list, and the one page that shows a new one.

use crate::model::RegistrationMode;
use crate::web::words::list::Text;
use crate::web::words::marks::{OfLink, OfPlainAndTime};

pub(crate) struct RegistrationTokensWords {
    pub(crate) title: Text,
    pub(crate) lead: Text,
    /// What they are good for now; the link leads to the setting.
    pub(in crate::web::words) open: OfLink,
    pub(in crate::web::words) approval: OfLink,
    pub(in crate::web::words) token_only: OfLink,
    pub(in crate::web::words) closed: OfLink,
    pub(crate) none: Text,
    pub(crate) none_more: Text,
    pub(crate) token: Text,
    pub(crate) state: Text,
    pub(crate) made: Text,
    pub(crate) ends: Text,
    pub(crate) uses: Text,
    pub(crate) end: Text,
    pub(crate) begin_end: Text,
    pub(crate) end_about: Text,
    pub(crate) end_token: Text,
    pub(crate) is_good: Text,
    pub(crate) is_over: Text,
    pub(crate) is_used_up: Text,
    /// How often it was used, and how often it may be.
    pub(crate) used_of: fn(u32, u32) -> String,
    pub(crate) new: Text,
    pub(crate) name: Text,
    pub(crate) name_help: Text,
    pub(crate) lasts: Text,
    pub(crate) one_year: Text,
    pub(crate) most_uses: Text,
    pub(crate) most_uses_help: Text,
    pub(crate) make: Text,
    pub(crate) lasts_wrong: Text,
    pub(crate) most_uses_wrong: Text,
    pub(crate) nothing_made: Text,
    pub(crate) ended: Text,
}

impl RegistrationTokensWords {
    pub(crate) const fn mode(&self, mode: RegistrationMode) -> &OfLink {
        match mode {
            RegistrationMode::Open => &self.open,
            RegistrationMode::Approval => &self.approval,
            RegistrationMode::Token => &self.token_only,
            RegistrationMode::Closed => &self.closed,
        }
    }
}

pub(crate) struct RegistrationTokenWords {
    pub(crate) title: Text,
    pub(crate) copy_now: Text,
    pub(crate) token: Text,
    pub(crate) good_for: Text,
    /// How many applications, at most; `None` for any number.
    pub(crate) applications: fn(Option<u32>) -> String,
    /// The same, and until when.
    pub(crate) applications_until: OfPlainAndTime,
    pub(crate) endpoint: Text,
    pub(crate) to_use: Text,
    pub(crate) as_bearer: Text,
    pub(crate) with_curl: Text,
    pub(crate) shown_before: Text,
    pub(crate) done: Text,
}
