//! The audit log, one entry of it, and what is said to somebody who watches it.

use crate::web::words::list::Text;
use crate::web::words::marks::{Html, OfLink};

pub(crate) struct AuditWords {
    /// Where what was refused has its page.
    pub(crate) lead: OfLink,
    pub(crate) verify: Text,
    pub(crate) event: Text,
    pub(crate) outcome: Text,
    pub(crate) done: Text,
    pub(crate) refused: Text,
    pub(crate) done_by: Text,
    pub(crate) about: Text,
    pub(crate) acting: Text,
    pub(crate) since: Text,
    pub(crate) until: Text,
    pub(crate) nobody_called: Text,
    pub(crate) no_machine_called: Text,
    pub(crate) several_called: Text,
    pub(crate) no_day: Text,
    pub(crate) whom: Text,
    pub(crate) nothing: Text,
    pub(crate) nothing_here: OfLink,
    pub(crate) nothing_narrowed: OfLink,
    pub(crate) understood: Html,
    /// The same page without what the appliance notes for itself, and with it.
    pub(crate) upkeep_shown: OfLink,
    pub(crate) upkeep_hidden: OfLink,
    pub(crate) number: Text,
    pub(crate) when: Text,
    pub(crate) what: Text,
    pub(crate) by: Text,
    pub(crate) from: Text,
    pub(crate) older: Text,
    pub(crate) export_lines: Text,
    pub(crate) export_csv: Text,
    /// How many entries there are, and the hash of the newest.
    pub(crate) chain_whole: fn(u64, &str) -> String,
    pub(crate) chain_broken: fn(&str) -> String,
    pub(crate) live: LiveWords,
    pub(crate) entry: EntryWords,
}

/// For the script that watches.
pub(crate) struct LiveWords {
    pub(crate) watch: Text,
    pub(crate) title: Text,
    pub(crate) stopped: Text,
    pub(crate) waiting: Text,
    pub(crate) signed_out: Text,
    pub(crate) none_new: Text,
    /// `{}` is a number.
    pub(crate) some_new: Text,
    pub(crate) more: Text,
    pub(crate) silent: Text,
}

pub(crate) struct EntryWords {
    pub(crate) title: fn(u64) -> String,
    pub(crate) request: Text,
    pub(crate) whole: Text,
    pub(crate) chain: Text,
    pub(crate) before: Text,
    pub(crate) itself: Text,
    pub(crate) after: Text,
    pub(crate) same_request: Text,
}
