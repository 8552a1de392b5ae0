//! Forms at which somebody could guess: a password, a code, a setup link. The desk counts each by the address it comes from, before anything in
//! it is read; what turns out to have been no guess is taken back here, for an office shares one address.

use super::extract::Visitor;
use crate::app::Class;

impl Visitor {
    /// Whoever sent it was right.
    pub(super) fn was_no_guess(&self) {
        if let Some(from) = self.ctx.from.address {
            self.app.limits.forgive(Class::SignIn, from);
        }
    }
}
