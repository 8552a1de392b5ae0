//! Signing keys: all of them on one line of time, and one that may be withdrawn.

use crate::web::words::list::Text;
use crate::web::words::marks::{OfBare, OfNumber, OfPlain, OfPlainAndPlain, OfTime};

pub(crate) struct KeysWords {
    /// How long each signs, and for how long others may keep a copy.
    pub(crate) lead: OfPlainAndPlain,
    pub(crate) rotate: Text,
    pub(crate) rotate_about: Text,
    pub(crate) which: Text,
    pub(crate) all: Text,
    pub(crate) haste: Text,
    pub(crate) haste_published: Text,
    pub(crate) haste_now: Text,
    pub(crate) submit_rotate: Text,
    pub(crate) hurried: Text,
    pub(crate) none: Text,
    pub(crate) none_more: Text,
    pub(crate) legend_wait: Text,
    pub(crate) legend_signs: Text,
    pub(crate) legend_kept: Text,
    pub(crate) now: Text,
    pub(crate) older: OfNumber,
    pub(crate) coming: Text,
    /// Algorithm, and how the key is called.
    pub(crate) will_sign: fn(&str, &str) -> String,
    pub(crate) will_go: fn(&str, &str) -> String,
    pub(crate) will_be_forgotten: fn(&str, &str) -> String,
    pub(crate) published: Text,
    /// The columns of the line of time.
    pub(crate) key: Text,
    pub(crate) state: Text,
    pub(crate) when: Text,
    pub(crate) life: Text,
    pub(crate) life_from: Text,
    /// The states, and what a key does when.
    pub(crate) is_next: Text,
    pub(crate) is_signing: Text,
    pub(crate) is_published: Text,
    pub(crate) is_withdrawn: Text,
    pub(crate) at_made: Text,
    pub(crate) at_published: Text,
    pub(crate) at_signs: Text,
    pub(crate) at_signs_since: Text,
    pub(crate) at_signed_until: Text,
    pub(crate) at_gone: Text,
    pub(crate) at_withdrawn: Text,
    pub(crate) at_forgotten: Text,
    pub(crate) one: KeyWords,
    pub(crate) rotated: Text,
    pub(crate) withdrawn: Text,
}

/// One key, and what a withdrawal breaks.
pub(crate) struct KeyWords {
    pub(crate) title: OfPlain,
    pub(crate) lead: OfPlain,
    pub(crate) kid: Text,
    pub(crate) signs: OfPlain,
    /// What it signs, by whom it is for.
    pub(crate) access_tokens: fn(&str) -> String,
    pub(crate) more_access_tokens: fn(usize) -> String,
    pub(crate) own_tokens: Text,
    pub(crate) id_tokens_usually: Text,
    pub(crate) id_tokens: fn(&str) -> String,
    /// Of so many applications that are not named, after some that are or not.
    pub(crate) id_tokens_unnamed: fn(usize, bool) -> String,
    pub(crate) id_tokens_maybe: Text,
    pub(crate) status_lists: Text,
    pub(crate) withdraw: Text,
    pub(crate) withdraw_about: Text,
    /// What stops working, and what does not.
    pub(crate) signed_nothing: Text,
    pub(crate) nothing_alive: Text,
    pub(crate) none_known: Text,
    /// How many, and when the last would end.
    pub(crate) tokens_refused: fn(u64, &str) -> String,
    pub(crate) successor: fn(&str) -> String,
    pub(crate) new_successor: fn(&str) -> String,
    pub(crate) no_successor: Text,
    pub(crate) what_stays: Text,
    pub(crate) taken_until: OfTime,
    pub(crate) withdraw_this: Text,
    pub(crate) why: Text,
    pub(crate) type_name: OfBare,
    pub(crate) submit: Text,
    pub(crate) was_withdrawn: Text,
    pub(crate) was_withdrawn_more: Text,
    pub(crate) wrong_name: Text,
}
