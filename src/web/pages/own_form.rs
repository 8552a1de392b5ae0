//! What the forms have in common with which people change how they themselves sign in.

use actix_web::{HttpRequest, HttpResponse};

use super::sign_in::known_browser;
use crate::base::{Fault, Lifetime, Secret};
use crate::operations::known_browser::KnownBrowser;
use crate::operations::own_passkeys::is_fresh;
use crate::operations::own_sign_in::{Asking, Changed};
use crate::operations::sign_in::SignedIn;
use crate::web::extract::{Posted, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;

/// What is asked for besides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    Password,
    /// Or a sign-in of a moment ago.
    PasswordOrFresh,
    Nothing,
}

/// Such a form, and who sent it.
pub(super) struct OwnForm<'a> {
    pub(super) form: &'a Posted,
    pub(super) signed_in: &'a SignedIn,
    known: Option<KnownBrowser>,
    is_guess: bool,
}

impl<'a> OwnForm<'a> {
    /// `None`: nobody is signed in.
    pub(super) fn of(form: &'a Posted, request: &HttpRequest, wants: Wants) -> Result<Option<Self>, PageProblem> {
        let visitor = &form.visitor;
        let Some(signed_in) = &visitor.signed_in else { return Ok(None) };
        let is_guess = match wants {
            Wants::Password => true,
            Wants::PasswordOrFresh => !is_fresh(signed_in, visitor.ctx.at),
            Wants::Nothing => false,
        };
        if !is_guess {
            visitor.asked_for_a_page()?;
        }
        Ok(Some(Self { form, signed_in, known: known_browser(visitor, request), is_guess }))
    }

    pub(super) fn visitor(&self) -> &'a Visitor {
        &self.form.visitor
    }

    /// With the password that was typed into a field.
    pub(super) fn asking(&self, password: &str) -> Asking<'_> {
        let password = Secret::new(self.form.text(password));
        Asking { signed_in: self.signed_in, known: self.known.as_ref(), password }
    }

    /// What it came to. If nothing was wrong, it was no guess.
    pub(super) fn came_to(&self, changed: Result<Changed, Fault>) -> Result<Changed, PageProblem> {
        let changed = changed.map_err(|fault| self.visitor().broken(&fault))?;
        if matches!(changed, Changed::Done | Changed::Codes(_)) {
            self.was_right();
        }
        Ok(changed)
    }

    /// The password was, if one was asked for.
    pub(super) fn was_right(&self) {
        if self.is_guess {
            self.visitor().was_no_guess();
        }
    }
}

pub(super) fn wait(visitor: &Visitor, retry_after: Lifetime) -> String {
    visitor.words().length(retry_after.seconds() + 1)
}

pub(super) fn back(visitor: &Visitor, to: &str) -> HttpResponse {
    reply::see_other(visitor, &format!("{}{to}", visitor.app.issuer.path()))
}

pub(super) fn sign_in_first(visitor: &Visitor, to: &str) -> HttpResponse {
    reply::see_other(visitor, &format!("{}/sign-in?to={to}", visitor.app.issuer.path()))
}
