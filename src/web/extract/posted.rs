//! The only way to read a form of a page: origin and token are checked before anything in it can be looked at.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use subtle::ConstantTimeEq as _;

use super::{Body, Visitor};
use crate::web::csrf;
use crate::web::problem::PageProblem;

/// A form that a page of ours sent from this browser in this session.
pub(crate) struct Posted {
    pub(crate) visitor: Visitor,
    fields: Vec<(String, String)>,
}

const MOST_FIELDS: usize = 256;

impl Posted {
    /// The same on the way of an authorization, if one of ours: in the language that its application asked for.
    pub(crate) fn with_ticket(mut self) -> Self {
        let ticket = self.text("ticket").to_owned();
        self.visitor = self.visitor.with_ticket(&ticket);
        self
    }

    /// The first value of a field; empty if it is not there.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.optional(name).unwrap_or_default()
    }

    pub(crate) fn optional(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a field that may be there several times.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

impl FromRequest for Posted {
    type Error = PageProblem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageProblem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (visitor, body) = (Visitor::from_request(request, payload), Body::from_request(request, payload));
        let request = request.clone();
        Box::pin(async move {
            let visitor = visitor.await?;
            let body = match body.await {
                Ok(Body::Read(body)) => body,
                Ok(Body::TooSlow) => return Err(PageProblem::too_slow(visitor.shell(), &visitor.ctx)),
                Ok(Body::TooLong | Body::Broken) | Err(_) => {
                    return Err(PageProblem::form(visitor.shell(), &visitor.ctx));
                }
            };
            let fields: Vec<(String, String)> = url::form_urlencoded::parse(&body)
                .take(MOST_FIELDS)
                .map(|(n, v)| (n.into_owned(), v.into_owned()))
                .collect();
            let posted = Self { visitor, fields };
            let expected = posted.visitor.csrf();
            let fits: bool = posted.text("csrf").as_bytes().ct_eq(expected.as_bytes()).into();
            // A browser that had no cookie until now cannot have been given a form.
            if !fits || posted.visitor.is_new || !csrf::is_same_origin(&posted.visitor.app, &request) {
                posted.visitor.app.tally.count("form that no page of ours sent");
                return Err(PageProblem::form(posted.visitor.shell(), &posted.visitor.ctx));
            }
            Ok(posted)
        })
    }
}
