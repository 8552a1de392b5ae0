//! How often somebody may ask, and who met it.

use crate::web::words::list::Text;
use crate::web::words::marks::OfPlain;

pub(crate) struct LimitsWords {
    pub(crate) title: Text,
    pub(crate) lead: Text,
    pub(crate) about: Text,
    pub(crate) limit: Text,
    pub(crate) a_minute: Text,
    pub(crate) met: Text,
    pub(crate) change_it: Text,
    pub(crate) no_limit: Text,
    pub(crate) setting: OfPlain,
    pub(crate) change: Text,
    pub(crate) requests_a_minute: Text,
    pub(crate) zero: Text,
    pub(crate) submit: OfPlain,
    pub(crate) back: OfPlain,
    pub(crate) accounts: Text,
    pub(crate) accounts_about: Text,
    pub(crate) had_to_wait: Text,
    pub(crate) changed: Text,
    pub(crate) reset: Text,
}
