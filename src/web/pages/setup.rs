//! `/setup`: the first administrator.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::query;
use crate::base::Secret;
use crate::model::WeakPassword;
use crate::operations::setup::{self, Closed, NewAdministrator, Outcome};
use crate::web::cookies::{self, Name};
use crate::web::extract::{Posted, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::{Field, SetupClosed, SetupClosedPage, SetupPage};

/// `GET /setup?token=…`
pub(crate) async fn new(visitor: Visitor, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let token = query(&request, "token").unwrap_or_default();
    match setup::check(&visitor.app, &token).await.map_err(|fault| visitor.broken(&fault))? {
        Ok(()) => page(&visitor, StatusCode::OK, token, [Field::default(), Field::default()], None),
        Err(why) => closed(&visitor, why),
    }
}

/// `POST /setup`
pub(crate) async fn create(form: Posted) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let ask = NewAdministrator {
        token: Some(Secret::new(form.text("token"))),
        name: form.text("name").trim().to_owned(),
        email: form.text("email").trim().to_owned(),
        password: Secret::new(form.text("password")),
    };
    let outcome = setup::complete(&visitor.app, &visitor.ctx, ask, visitor.device).await;
    match outcome.map_err(|fault| visitor.broken(&fault))? {
        Outcome::Done { cookie, .. } => {
            let mut response = reply::see_other(visitor, &format!("{}/account", visitor.app.issuer.path()));
            let lifetime = visitor.app.settings.now().lifetimes.session;
            if let Some(cookie) = cookie {
                let cookie = cookies::write(&visitor.app.issuer, Name::Session, &cookie, Some(lifetime));
                let _ = response.add_cookie(&cookie);
            }
            Ok(response)
        }
        Outcome::Closed(why) => closed(visitor, why),
        Outcome::Invalid(invalid) => {
            let t = &visitor.words().setup;
            let field = |name: &str, wrong: &str| {
                let value: String = form.text(name).chars().take(254).collect();
                Field { value, error: invalid.of(name).map(|_| wrong.to_owned()) }
            };
            let fields = [field("name", t.name_wrong), field("email", t.email_wrong)];
            let weak = invalid.of("password").map(|why| {
                match WeakPassword::ALL.into_iter().find(|it| it.to_string() == why) {
                    Some(weak) => t.weak.of(weak),
                    None => why,
                }
            });
            page(visitor, StatusCode::UNPROCESSABLE_ENTITY, form.text("token").to_owned(), fields, weak)
        }
    }
}

fn page(
    visitor: &Visitor,
    status: StatusCode,
    token: String,
    [name, email]: [Field; 2],
    password_error: Option<String>,
) -> Result<HttpResponse, PageProblem> {
    let shell = visitor.shell();
    reply::page(visitor, status, &SetupPage { shell, token, name, email, password_error }, &[])
}

fn closed(visitor: &Visitor, why: Closed) -> Result<HttpResponse, PageProblem> {
    let (status, why) = match why {
        Closed::WrongLink => (StatusCode::FORBIDDEN, SetupClosed::WrongLink),
        Closed::Done => (StatusCode::GONE, SetupClosed::Done),
    };
    reply::page(visitor, status, &SetupClosedPage { shell: visitor.shell(), why }, &[])
}
