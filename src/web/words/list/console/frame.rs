//! What stands around every page of the console, what many pages say, and the pages that belong to no room.

use crate::web::views::console::First;
use crate::web::words::list::Text;
use crate::web::words::marks::{Count, Html, OfBare, OfNumber, OfNumberAndTime};

pub(crate) struct ConsoleFrameWords {
    pub(crate) skip: Text,
    pub(crate) menu: Text,
    pub(crate) console: Text,
    pub(crate) search: Text,
    /// Without a script, which knows the reader's own.
    pub(crate) zone: Text,
    /// Before the name of the reader's own.
    pub(crate) zone_of: Text,
    pub(crate) overview: Text,
    pub(crate) machines: Text,
    pub(crate) applications: Text,
    pub(crate) resources: Text,
    pub(crate) scopes: Text,
    pub(crate) people: Text,
    pub(crate) roles: Text,
    pub(crate) keys: Text,
    pub(crate) audit: Text,
    pub(crate) settings: Text,
    pub(crate) tenants: Text,
    /// What narrows a list, and does not.
    pub(crate) any: Text,
    pub(crate) filter: Text,
    pub(crate) show_all: Text,
    pub(crate) look_further: Text,
    pub(crate) next_page: Text,
    pub(in crate::web::words) back_to_newest: Text,
    pub(in crate::web::words) back_to_oldest: Text,
    pub(in crate::web::words) back_to_first: Text,
    /// What of a list is shown.
    pub(in crate::web::words) newest_shown: OfNumber,
    pub(in crate::web::words) oldest_shown: OfNumber,
    pub(in crate::web::words) first_shown: OfNumber,
    pub(crate) all_shown: OfNumber,
    pub(crate) more_shown: OfNumber,
    pub(crate) last_shown: OfNumber,
    pub(crate) sort_by_this: Text,
    pub(crate) all_on_this_page: Text,
    pub(crate) none_chosen: Text,
    /// For a script: `{}` is a number.
    pub(crate) chosen: Text,
    pub(crate) none_chosen_yet: Text,
    pub(crate) and_more: Text,
    pub(crate) one_used_lately: Text,
    pub(crate) many_used_lately: Text,
    /// What is told when it has come, where a page waits for a machine’s first token.
    pub(crate) token_arrived: Text,
    pub(crate) show_arrived: Text,
    pub(crate) in_a_program: Text,
    pub(crate) in_an_mcp_client: Text,
    pub(crate) more_flags: Text,
    /// Who did something.
    pub(crate) by: OfBare,
    /// Entries that say the same as the one before, and when the first was.
    pub(crate) more_alike: OfNumberAndTime,
    pub(crate) never: Text,
    pub(crate) times_met: OfNumber,
    pub(crate) times_met_last: OfNumberAndTime,
}

impl ConsoleFrameWords {
    pub(crate) const fn back_to(&self, first: First) -> Text {
        match first {
            First::Newest => self.back_to_newest,
            First::Oldest => self.back_to_oldest,
            First::First => self.back_to_first,
        }
    }

    /// So many, of which that stands first, and more follow.
    pub(crate) fn shown(&self, first: First, count: impl Count) -> Html {
        match first {
            First::Newest => self.newest_shown.say(count),
            First::Oldest => self.oldest_shown.say(count),
            First::First => self.first_shown.say(count),
        }
    }
}

pub(crate) struct SearchWords {
    pub(crate) title: Text,
    pub(crate) nothing_asked: Text,
    pub(crate) nothing_asked_more: Text,
    pub(crate) nothing_fits: OfBare,
    pub(crate) nothing_fits_more: Text,
}

/// Nothing is there, or something was not done.
pub(crate) struct ConsoleProblemWords {
    pub(crate) look: Text,
    pub(crate) look_for: Text,
    pub(crate) not_done: Text,
    pub(crate) not_done_advice: Text,
    pub(crate) stale: Text,
    pub(crate) key_reused: Text,
    pub(crate) broken: Text,
    /// What a form made already.
    pub(crate) made_already: fn(&str) -> String,
}
