//! One machine.

use crate::web::words::list::Text;
use crate::web::words::marks::{
    Html, OfBare, OfBareAndTime, OfLink, OfName, OfPlain, OfTime, OfTimeAndBare, OfTimeAndPlain, OfUnseen,
};

pub(crate) struct MachineWords {
    pub(crate) change: Text,
    pub(crate) stop: Text,
    pub(crate) stop_about: OfName,
    pub(crate) submit_stop: Text,
    pub(crate) stopped: OfTimeAndBare,
    pub(crate) resume: Text,
    pub(crate) retired: OfTimeAndBare,
    /// Nobody knows when.
    pub(crate) retired_once: OfBare,
    pub(crate) waits: Text,
    pub(crate) waits_more: OfLink,
    pub(crate) look_again: Text,
    pub(crate) nobody: Text,
    pub(crate) made: Text,
    pub(crate) ends: Text,
    pub(crate) grants: fn(u64) -> String,
    pub(crate) stake: StakeWords,
    pub(crate) mend: MachineMendWords,
    pub(crate) credentials: MachineCredentialsWords,
    pub(crate) access: MachineAccessWords,
    pub(crate) acting: MachineActingWords,
    pub(crate) activity: Text,
    pub(crate) nothing_lately: Text,
    pub(crate) see_all: Text,
    pub(crate) owner_and_end: Text,
    pub(crate) hand_over_to: Text,
    pub(crate) submit_hand_over: Text,
    pub(crate) retire: Text,
    pub(crate) retire_about: Html,
    pub(crate) retire_name: OfBare,
    pub(crate) submit_retire: Text,
    pub(crate) was: MachineWasWords,
}

/// What a page before this one has done.
pub(crate) struct MachineWasWords {
    pub(crate) made: Text,
    pub(crate) changed: Text,
    pub(crate) stopped: Text,
    pub(crate) resumed: Text,
    pub(crate) retired: Text,
    pub(crate) handed_over: Text,
    pub(crate) no_owner: Text,
    pub(crate) trimmed: Text,
    pub(crate) credential: Text,
    pub(crate) revoked: Text,
    pub(crate) delegated: Text,
    pub(crate) delegation_revoked: Text,
    pub(crate) wrong_name: Text,
}

/// Who would miss it, or one of its credentials.
pub(crate) struct StakeWords {
    pub(crate) never_got: Text,
    /// How many tokens, when the last one, and from which networks, if that is known.
    pub(crate) got: fn(u64, &str, &str) -> String,
    pub(crate) acts_for_one: Text,
    /// How many delegations are live, and whether there may be more.
    pub(crate) acts_for: fn(usize, bool) -> String,
    /// When a credential was used last, and from which networks.
    pub(crate) used: fn(&str, &str) -> String,
    pub(crate) unused: Text,
    pub(crate) only_one: Text,
    pub(crate) more_networks: fn(usize) -> String,
    /// Networks, one after another.
    pub(crate) networks: fn(&[String]) -> String,
}

/// What a finding asks for.
pub(crate) struct MachineMendWords {
    pub(crate) hand_over: Text,
    pub(crate) retire: Text,
    pub(crate) trim: Text,
    pub(crate) see_access: Text,
    pub(crate) revoke: Text,
    pub(crate) see_credential: Text,
    pub(crate) see_users: Text,
    pub(crate) give_each: Text,
    pub(crate) rotate: Text,
    pub(crate) see_credentials: Text,
}

pub(crate) struct MachineCredentialsWords {
    pub(crate) add: Text,
    pub(crate) none: Text,
    pub(crate) none_more: Text,
    pub(crate) key_set: Text,
    pub(crate) other_issuer: Text,
    pub(crate) used: OfTime,
    pub(crate) used_from: OfTimeAndPlain,
    pub(crate) never_used: Text,
    pub(crate) made: OfTime,
    pub(crate) ends: OfTime,
    /// One that has a successor: when it was used last, and from where, if that is known.
    pub(crate) still_used: fn(&str, &str) -> String,
    pub(crate) silent: fn(&str) -> String,
    pub(crate) rotate: OfUnseen,
    pub(crate) rotate_about: Text,
    pub(crate) overlap: Text,
    pub(crate) no_overlap: Text,
    pub(crate) an_hour: Text,
    pub(crate) a_day: Text,
    pub(crate) seven_days: Text,
    pub(crate) thirty_days: Text,
    pub(crate) submit_rotate: Text,
    pub(crate) try_: OfUnseen,
    pub(crate) try_about: Text,
    pub(crate) token: Text,
    pub(crate) try_from: Text,
    pub(crate) try_from_help: Text,
    pub(crate) submit_try: Text,
    pub(crate) revoke: OfUnseen,
    pub(crate) revoke_about: Text,
    pub(crate) submit_revoke: Text,
}

/// What it may ask for.
pub(crate) struct MachineAccessWords {
    pub(crate) title: Text,
    pub(crate) none: Text,
    pub(crate) none_more: OfLink,
    pub(crate) anywhere: Text,
    pub(crate) lifetime: OfPlain,
    pub(crate) no_scope_there: Text,
    pub(crate) uncatalogued: Text,
    pub(crate) used: OfTime,
    /// Takes away so many scopes.
    pub(crate) trim: fn(usize) -> String,
    pub(crate) tokens_live: Text,
    pub(crate) as_resources_say: Text,
    pub(crate) no_roles: Text,
    pub(crate) calls_from: Text,
    pub(crate) from_anywhere: Text,
    pub(crate) bound: Text,
    pub(crate) always_bound: Text,
    pub(crate) bound_on_wish: Text,
}

/// For whom it acts.
pub(crate) struct MachineActingWords {
    pub(crate) title: Text,
    pub(crate) add: Text,
    pub(crate) none: Text,
    pub(crate) until: OfTime,
    pub(crate) at_until: OfBareAndTime,
    pub(crate) revoke: OfUnseen,
    pub(crate) revoke_about: OfName,
    pub(crate) submit_revoke: Text,
    pub(crate) see_all: Text,
    pub(crate) acted: Text,
}
