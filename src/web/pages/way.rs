//! The way that somebody is on who signs in: an authorization, a page of ours, or neither. Each page of the way carries it on.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::{encoded, own_page};
use crate::base::Secret;
use crate::operations::authorize::{self, SignInAsk};
use crate::operations::known_browser::KNOWN_FOR;
use crate::web::cookies::{self, Name};
use crate::web::extract::{Posted, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;

pub(super) struct Way {
    /// The authorization, if it is one.
    pub(super) ask: Option<SignInAsk>,
    /// A page of ours.
    pub(super) to: Option<String>,
}

impl Way {
    /// What a ticket and a place to go say, wherever they stood.
    pub(super) async fn of(visitor: &Visitor, ticket: Option<&str>, to: Option<&str>) -> Result<Self, PageProblem> {
        let to = to.and_then(own_page);
        let Some(ticket) = ticket.filter(|ticket| !ticket.is_empty()) else { return Ok(Self { ask: None, to }) };
        let signed_in = visitor.signed_in.as_ref();
        let ask = authorize::sign_in_ask(&visitor.app, &visitor.ctx, ticket, visitor.browser(), signed_in).await;
        Ok(Self { ask: ask.map_err(|fault| visitor.broken(&fault))?, to })
    }

    pub(super) async fn of_form(form: &Posted) -> Result<Self, PageProblem> {
        Self::of(&form.visitor, form.optional("ticket"), form.optional("to")).await
    }

    /// An authorization's.
    pub(super) fn of_authorization(ask: SignInAsk) -> Self {
        Self { ask: Some(ask), to: None }
    }

    pub(super) fn ticket(&self) -> Option<String> {
        self.ask.as_ref().map(|ask| ask.ticket.clone())
    }

    /// The name of the application that waits at its end.
    pub(super) fn application(&self) -> Option<String> {
        self.ask.as_ref().map(|ask| ask.application.clone())
    }

    /// A page of the way. Its form leads back to the application in the end.
    pub(super) fn page(
        &self,
        visitor: &Visitor,
        status: StatusCode,
        page: &impl Template,
    ) -> Result<HttpResponse, PageProblem> {
        match &self.ask {
            Some(ask) => {
                reply::page(visitor, status, page, &[ask.redirect_uri.form_action_source()]).map(reply::on_the_way)
            }
            None => reply::page(visitor, status, page, &[]),
        }
    }

    /// A page of the way: its address, below the issuer's path.
    pub(super) fn at(&self, path: &str) -> String {
        match (&self.ask, &self.to) {
            (Some(ask), _) => format!("{path}?ticket={}", encoded(&ask.ticket)),
            (None, Some(to)) => format!("{path}?to={}", encoded(to)),
            (None, None) => path.to_owned(),
        }
    }

    /// Where it goes on for whoever has signed in.
    pub(super) fn onward(&self, visitor: &Visitor) -> String {
        let base = visitor.app.issuer.path();
        match &self.ask {
            Some(ask) => format!("{base}/oauth/authorize/continue?ticket={}", ask.ticket),
            None => format!("{base}{}", self.to.as_deref().unwrap_or("/account")),
        }
    }

    /// An answer to somebody who has signed in with it.
    pub(super) fn admitted(
        &self,
        visitor: &Visitor,
        mut response: HttpResponse,
        cookie: &Secret,
        known: &Secret,
    ) -> HttpResponse {
        let app = &visitor.app;
        let cookie = cookies::write(&app.issuer, Name::Session, cookie, Some(app.settings.now().lifetimes.session));
        let _ = response.add_cookie(&cookie);
        let _ = response.add_cookie(&cookies::write(&app.issuer, Name::Known, known, Some(KNOWN_FOR)));
        if self.ask.is_some() { reply::on_the_way(response) } else { response }
    }
}
