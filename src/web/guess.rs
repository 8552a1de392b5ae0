//! Forms at which somebody could guess: a password, a code, a setup link. The desk counts each by the address it comes from, before anything in
//! it is read; what turns out to have been no guess is taken back here, for an office shares one address.

use super::extract::Visitor;
use super::middleware::limited;
use super::problem::PageProblem;
use crate::app::{Class, Route};

impl Visitor {
    /// Whoever sent it was right.
    pub(super) fn was_no_guess(&self) {
        if let Some(from) = self.ctx.from.address {
            self.app.limits.forgive(Class::SignIn, from);
        }
    }

    /// There was nothing to guess: somebody asked for a page, and is counted as who asks for pages is. Nothing is for nothing.
    pub(super) fn asked_for_a_page(&self) -> Result<(), PageProblem> {
        self.was_no_guess();
        let Some(from) = self.ctx.from.address else { return Ok(()) };
        self.app.limits.ask(Class::Pages, from, self.ctx.at).map_err(|wait| {
            limited(&self.app, Route::SignIn);
            PageProblem::too_many(self.shell(), wait, &self.ctx)
        })
    }
}
