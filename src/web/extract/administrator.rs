//! Somebody signed in who administers this appliance: what the pages of the console take.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError};

use super::{Posted, Visitor};
use crate::operations::operator::Operator;
use crate::web::problem::PageProblem;
use crate::web::views;

/// A page of the console is asked for.
pub(crate) struct Administrator {
    pub(crate) visitor: Visitor,
    pub(crate) by: Operator,
}

/// A form of the console is sent.
pub(crate) struct Administered {
    pub(crate) form: Posted,
    pub(crate) by: Operator,
}

/// Why somebody does not come into the console.
pub(crate) enum NotAdmitted {
    /// Nobody is signed in; where to, and back.
    SignInFirst(String),
    Problem(PageProblem),
}

fn admit(visitor: &Visitor) -> Result<Operator, NotAdmitted> {
    let operator = visitor.signed_in.as_ref().and_then(|signed_in| Operator::signed_in(&visitor.ctx, signed_in));
    operator.ok_or_else(|| {
        let problem = PageProblem::new(visitor.shell(), views::Problem::Forbidden, &visitor.ctx);
        NotAdmitted::Problem(problem)
    })
}

impl FromRequest for Administrator {
    type Error = NotAdmitted;
    type Future = Pin<Box<dyn Future<Output = Result<Self, NotAdmitted>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (visitor, request) = (Visitor::from_request(request, payload), request.clone());
        Box::pin(async move {
            let visitor = visitor.await.map_err(NotAdmitted::Problem)?;
            if visitor.signed_in.is_none() {
                let base = visitor.app.issuer.path();
                let wanted = request.uri().path_and_query().map_or("", |wanted| wanted.as_str());
                let wanted = wanted.strip_prefix(base).unwrap_or_default();
                let back: String = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
                return Err(NotAdmitted::SignInFirst(format!("{base}/sign-in?to={back}")));
            }
            let by = admit(&visitor)?;
            Ok(Self { visitor, by })
        })
    }
}

impl FromRequest for Administered {
    type Error = NotAdmitted;
    type Future = Pin<Box<dyn Future<Output = Result<Self, NotAdmitted>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let form = Posted::from_request(request, payload);
        Box::pin(async move {
            let form = form.await.map_err(NotAdmitted::Problem)?;
            let by = admit(&form.visitor)?;
            Ok(Self { form, by })
        })
    }
}

impl fmt::Debug for NotAdmitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignInFirst(_) => f.write_str("SignInFirst"),
            Self::Problem(problem) => fmt::Debug::fmt(problem, f),
        }
    }
}

impl fmt::Display for NotAdmitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl ResponseError for NotAdmitted {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignInFirst(_) => StatusCode::SEE_OTHER,
            Self::Problem(problem) => problem.status_code(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::SignInFirst(to) => HttpResponse::SeeOther().insert_header((LOCATION, to.as_str())).finish(),
            Self::Problem(problem) => problem.error_response(),
        }
    }
}
