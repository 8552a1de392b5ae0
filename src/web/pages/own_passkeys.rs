//! `/account/passkeys`: somebody's passkeys.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::own_form::{OwnForm, Wants, back, sign_in_first, wait};
use super::query;
use crate::base::{Id, Secret};
use crate::model::{Device, Passkey, Person};
use crate::operations::own_passkeys::{self, Created, Creation};
use crate::operations::own_sign_in::{Asking, Changed};
use crate::operations::sign_in::SignedIn;
use crate::protocol::webauthn;
use crate::web::extract::{Posted, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::{
    self, Flash, FlashKind, PasskeyForm, PasskeyLine, PasskeysPage, PasskeysProblem, PasskeysStep,
};

const HERE: &str = "/account/passkeys";

/// `GET /account/passkeys`
pub(crate) async fn show(visitor: Visitor, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let Some(signed_in) = &visitor.signed_in else { return Ok(sign_in_first(&visitor, HERE)) };
    let mut page = standing(&visitor, signed_in).await?;
    let t = &visitor.words().passkeys;
    page.shell.flash = match query(&request, "changed").as_deref() {
        Some("added") => Some(Flash { kind: FlashKind::Done, text: t.was_added.to_owned() }),
        Some("removed") => Some(Flash { kind: FlashKind::Done, text: t.was_removed.to_owned() }),
        _ => None,
    };
    reply::page(&visitor, StatusCode::OK, &page, &[])
}

/// `POST /account/passkeys/new`: the password, for the question to the browser.
pub(crate) async fn begin(form: Posted, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let own = OwnForm::of(&form, &request, Wants::PasswordOrFresh)?;
    let Some(own) = own else { return Ok(sign_in_first(visitor, HERE)) };
    let offer = own_passkeys::offer(&visitor.app, &visitor.ctx, own.asking("add-password")).await;
    let mut page = standing(visitor, own.signed_in).await?;
    match offer.map_err(|fault| visitor.broken(&fault))? {
        Ok(creation) => {
            own.was_right();
            ask(visitor, &mut page, own.signed_in, creation);
            reply::page(visitor, StatusCode::OK, &page, &[])
        }
        Err(changed) => refused(visitor, page, changed),
    }
}

/// `POST /account/passkeys`: what the browser made.
pub(crate) async fn create(form: Posted, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let own = OwnForm::of(&form, &request, Wants::Nothing)?;
    let Some(own) = own else { return Ok(sign_in_first(visitor, HERE)) };
    let changed = own_passkeys::add(&visitor.app, &visitor.ctx, own.signed_in, created(&form)).await;
    let changed = own.came_to(changed)?;
    if matches!(changed, Changed::Done) {
        return Ok(back(visitor, "/account/passkeys?changed=added"));
    }
    let mut page = standing(visitor, own.signed_in).await?;
    if matches!(changed, Changed::WrongName) {
        let again = own_passkeys::offer_again(&visitor.app, visitor.ctx.at, own.signed_in, form.text("made")).await;
        if let Some(creation) = again.map_err(|fault| visitor.broken(&fault))? {
            ask(visitor, &mut page, own.signed_in, creation);
        }
    }
    refused(visitor, page, changed)
}

/// `POST /account/passkeys/{id}/end`
pub(crate) async fn destroy(
    form: Posted,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let own = OwnForm::of(&form, &request, Wants::PasswordOrFresh)?;
    let Some(own) = own else { return Ok(sign_in_first(visitor, HERE)) };
    let Ok(id) = id.parse::<Id<Passkey>>() else {
        return Err(PageProblem::new(visitor.shell(), views::Problem::NotFound, &visitor.ctx));
    };
    let asking = own.asking(&format!("password-{id}"));
    let changed = own_passkeys::remove(&visitor.app, &visitor.ctx, asking, id).await;
    match own.came_to(changed)? {
        Changed::Done => Ok(back(visitor, "/account/passkeys?changed=removed")),
        changed => refused(visitor, standing(visitor, own.signed_in).await?, changed),
    }
}

/// What a browser brings of a passkey that it made.
pub(super) fn created(form: &Posted) -> Created<'_> {
    Created {
        ticket: form.text("made"),
        name: form.text("name"),
        client_data: form.text("client_data"),
        attestation: form.text("attestation"),
    }
}

fn refused(visitor: &Visitor, mut page: PasskeysPage, changed: Changed) -> Result<HttpResponse, PageProblem> {
    let (status, problem) = match changed {
        Changed::WrongPassword => (StatusCode::UNPROCESSABLE_ENTITY, Some(PasskeysProblem::WrongPassword)),
        Changed::WrongPasskey => (StatusCode::UNPROCESSABLE_ENTITY, Some(PasskeysProblem::NotTaken)),
        Changed::WrongName => {
            if let PasskeysStep::Create(made) = &mut page.step {
                (made.name, made.name_wrong) = (String::new(), true);
            }
            (StatusCode::UNPROCESSABLE_ENTITY, None)
        }
        Changed::TooMany => {
            page.step = PasskeysStep::Full;
            (StatusCode::CONFLICT, None)
        }
        Changed::TooSoon { retry_after } => {
            (StatusCode::TOO_MANY_REQUESTS, Some(PasskeysProblem::Throttled { wait: wait(visitor, retry_after) }))
        }
        _ => (StatusCode::CONFLICT, Some(PasskeysProblem::Over)),
    };
    page.problem = problem;
    reply::page(visitor, status, &page, &[])
}

/// The page as things stand.
async fn standing(visitor: &Visitor, signed_in: &SignedIn) -> Result<PasskeysPage, PageProblem> {
    let broken = |fault| visitor.broken(&fault);
    let passkeys = own_passkeys::of_person(&visitor.app, signed_in.person().id).await.map_err(broken)?;
    let fresh = own_passkeys::is_fresh(signed_in, visitor.ctx.at);
    let step = if own_passkeys::relying_party(&visitor.app).is_none() {
        PasskeysStep::Nameless
    } else if passkeys.len() >= Passkey::MOST {
        PasskeysStep::Full
    } else if fresh {
        // Nobody has typed anything: the sign-in was a moment ago.
        let asking = Asking { signed_in, known: None, password: Secret::new(String::new()) };
        match own_passkeys::offer(&visitor.app, &visitor.ctx, asking).await.map_err(broken)? {
            Ok(creation) => self::step(visitor, signed_in, creation),
            Err(_) => PasskeysStep::Password,
        }
    } else {
        PasskeysStep::Password
    };
    let line = |passkey: Passkey| PasskeyLine {
        id: passkey.id.to_string(),
        name: passkey.name,
        added: visitor.moment(passkey.created_at),
        used: passkey.last_used_at.map(|at| visitor.moment(at)),
        backed_up: passkey.backed_up,
    };
    let passkeys = passkeys.into_iter().map(line).collect();
    Ok(PasskeysPage { shell: visitor.shell(), passkeys, step, fresh, problem: None })
}

/// Puts a question on the page, if there is room for one more.
fn ask(visitor: &Visitor, page: &mut PasskeysPage, signed_in: &SignedIn, creation: Creation) {
    if !matches!(page.step, PasskeysStep::Full | PasskeysStep::Nameless) {
        page.step = step(visitor, signed_in, creation);
    }
}

fn step(visitor: &Visitor, signed_in: &SignedIn, creation: Creation) -> PasskeysStep {
    PasskeysStep::Create(Box::new(form(visitor, signed_in.person(), creation)))
}

pub(super) fn form(visitor: &Visitor, person: &Person, creation: Creation) -> PasskeyForm {
    PasskeyForm {
        ticket: creation.ticket,
        challenge: creation.challenge,
        rp_id: creation.rp_id,
        user_handle: creation.user_handle,
        email: person.email.as_str().to_owned(),
        person: person.name.clone(),
        known: creation.known.join(" "),
        algorithms: webauthn::ALGORITHMS.map(|algorithm| algorithm.to_string()).join(" "),
        name: suggestion(visitor),
        name_wrong: false,
    }
}

/// A passkey that is made here is most likely called after this device.
fn suggestion(visitor: &Visitor) -> String {
    let Device { browser, system } = visitor.device.unwrap_or(Device { browser: None, system: None });
    match (browser, system) {
        (Some(browser), Some(system)) => (visitor.words().account.device)(browser.as_str(), system.as_str()),
        (Some(browser), None) => browser.as_str().to_owned(),
        (None, Some(system)) => system.as_str().to_owned(),
        (None, None) => String::new(),
    }
}
