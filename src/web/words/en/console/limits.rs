//! How often somebody may ask.

use crate::web::words::list::console::*;
use crate::web::words::marks::*;

pub(super) const LIMITS: LimitsWords = LimitsWords {
    title: "Limits",
    lead: "How many requests a minute one address or one client may make. Whoever asks more often is told when to come back.",
    about: "What is changed here holds from the next request on and after a restart, in the place of the setting. Who met a limit is counted in memory, since Writ was started.",
    limit: "Limit",
    a_minute: "A minute",
    met: "Met",
    change_it: "Change it",
    no_limit: "no limit",
    setting: OfPlain(|limit| html!("the setting: {limit}")),
    change: "Change…",
    requests_a_minute: "Requests a minute",
    zero: "0 is no limit.",
    submit: OfPlain(|name| html!("Change {name}")),
    back: OfPlain(|limit| html!("Back to the setting, {limit}")),
    accounts: "Guesses at accounts",
    accounts_about: "Five wrong passwords are free for each account; then whoever guesses waits, from a second up to a minute, wherever they are. A browser in which its owner signed in before is counted by itself, so nobody is locked out of their own account by somebody else’s guesses. This is no setting.",
    had_to_wait: "Somebody had to wait:",
    changed: "The limit was changed. It holds from now on.",
    reset: "The limit is as the setting says again.",
};
