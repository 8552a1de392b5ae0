//! Whoever tries access keys is counted by address, at all the doors that take one together. Attack case 49.
//!
//! An access key needs nothing beside it, so it is the one credential that can be guessed at without naming whose it is. The limits of the
//! doors themselves are for callers who may come thousands of times a minute; this one is for those who are wrong.

use super::extract::Caller;
use crate::app::Class;
use crate::base::Lifetime;
use crate::operations::Problem;
use crate::protocol::refusal::Refusal;

/// A key that is about to be looked at. It counts as a wrong one until it is known to be right, so that of many at once no more are
/// looked at than there may be.
pub(super) struct KeyGuess;

impl KeyGuess {
    /// Says how long to wait where there were too many. Then the right one waits as well: nobody learns which it is.
    pub(super) fn count(caller: &Caller) -> Result<Self, Lifetime> {
        if let Some(from) = caller.ctx.from.address
            && let Err(wait) = caller.app.limits.ask(Class::Keys, from, caller.ctx.at)
        {
            caller.app.tally.count("too many wrong access keys from one address");
            return Err(wait);
        }
        Ok(Self)
    }

    /// What came of it. Only a key that is nobody's was a guess: one that was stopped, or has ended, was somebody's.
    pub(super) fn came_to<T>(self, caller: &Caller, known: &Result<T, Problem>) {
        if !matches!(known, Err(Problem::Refused(Refusal::ClientUnknown | Refusal::ClientSecretWrong))) {
            self.was_none(caller);
        }
    }

    pub(super) fn was_none(self, caller: &Caller) {
        if let Some(from) = caller.ctx.from.address {
            caller.app.limits.forgive(Class::Keys, from);
        }
    }
}
