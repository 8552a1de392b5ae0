//! `/account`: what somebody has allowed, and taking it back.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::query;
use crate::base::Id;
use crate::model::{Consent, Delegation, Session};
use crate::operations::account::{self, ConnectedApplication, revoke_consent};
use crate::operations::delegations::{self, Agent};
use crate::operations::own_passkeys;
use crate::operations::own_providers;
use crate::operations::own_sign_in;
use crate::operations::set_up_factor::is_demanded;
use crate::operations::sign_in::SignedIn;
use crate::web::extract::{Posted, Visitor};
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::{self, AccountPage, AgentLine, Flash, FlashKind, PermissionLine, Person, SessionLine, Target};

/// `GET /account`
pub(crate) async fn show(visitor: Visitor, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let Some(signed_in) = &visitor.signed_in else {
        return Ok(reply::see_other(&visitor, &format!("{}/sign-in", visitor.app.issuer.path())));
    };
    let before = query(&request, "before").and_then(|id| id.parse::<Id<Consent>>().ok());
    let applications = account::connected_applications(&visitor.app, signed_in, before).await;
    let applications = applications.map_err(|fault| visitor.broken(&fault))?;
    let now = visitor.ctx.at;
    let sessions = account::sessions(&visitor.app, now, signed_in).await.map_err(|fault| visitor.broken(&fault))?;
    let agents = delegations::agents(&visitor.app, now, signed_in).await.map_err(|fault| visitor.broken(&fault))?;
    let said = |name: &str| query(&request, name);
    let t = &visitor.words().account;
    let allowed = match said("allowed").as_deref() {
        Some("yes") => Some((FlashKind::Done, t.was_allowed)),
        Some("no") => Some((FlashKind::Done, t.was_not_allowed)),
        _ => None,
    };
    let flash = match (said("revoked").as_deref(), said("ended").as_deref()) {
        (Some("all"), _) => Some((FlashKind::Done, t.all_revoked)),
        (Some("agents"), _) => Some((FlashKind::Done, t.all_agents_revoked)),
        (Some("agent"), _) => Some((FlashKind::Done, t.agent_revoked)),
        (Some("yes"), _) => Some((FlashKind::Done, t.access_revoked)),
        (Some("no"), _) => Some((FlashKind::Failed, t.revoked_before)),
        (_, Some("yes")) => Some((FlashKind::Done, t.session_ended)),
        (_, Some("no")) => Some((FlashKind::Failed, t.session_over)),
        _ => allowed,
    };
    let flash = flash.map(|(kind, text)| (kind, text.to_owned()));
    let changed = match (said("others").map(|count| count.parse::<u64>()), said("changed").as_deref()) {
        (Some(Ok(count)), _) => Some((FlashKind::Done, (t.others_ended)(count))),
        (_, Some("password")) => Some((FlashKind::Done, t.password_changed.to_owned())),
        (_, Some("codes")) => {
            let demanded = is_demanded(&visitor.app, signed_in.person());
            let mut text = if demanded { t.factor_removed_demanded } else { t.factor_removed }.to_owned();
            if sessions.len() > 1 {
                text = format!("{text} {}", t.end_others_too);
            }
            Some((FlashKind::Done, text))
        }
        _ => None,
    };
    let factor = own_sign_in::second_factor_of(&visitor.app, signed_in.person().id).await;
    let factor = factor.map_err(|fault| visitor.broken(&fault))?;
    let passkeys = own_passkeys::of_person(&visitor.app, signed_in.person().id).await;
    let passkeys = passkeys.map_err(|fault| visitor.broken(&fault))?.len();
    let own = own_providers::of_person(&visitor.app, signed_in.person().id).await;
    let own = own.map_err(|fault| visitor.broken(&fault))?;
    let is_any = !own.links.is_empty() || !own.doors.is_empty();
    let mut shell = visitor.shell();
    shell.flash = flash.or(changed).map(|(kind, text)| Flash { kind, text });
    let page = AccountPage {
        person: Person { name: signed_in.person().name.clone(), email: signed_in.person().email.as_str().to_owned() },
        older: applications.older.map(|id| id.to_string()),
        applications: applications.newest.into_iter().map(|application| line(&visitor, application)).collect(),
        agents: agents.into_iter().map(|agent| agent_line(&visitor, agent)).collect(),
        sessions: sessions.into_iter().map(|session| session_line(&visitor, &session, signed_in)).collect(),
        factor_since: factor.map(|factor| visitor.moment(factor.added_at)),
        passkeys,
        connected: is_any.then(|| own.links.into_iter().map(|(_, name)| name).collect()),
        administrator: signed_in.is_administrator(),
        shell,
    };
    reply::page(&visitor, StatusCode::OK, &page, &[])
}

/// `POST /account/applications/{id}/revocation`
pub(crate) async fn revoke(form: Posted, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let base = visitor.app.issuer.path();
    let Some(signed_in) = &visitor.signed_in else {
        return Ok(reply::see_other(visitor, &format!("{base}/sign-in")));
    };
    let Ok(id) = id.parse::<Id<Consent>>() else {
        return Err(PageProblem::new(visitor.shell(), views::Problem::NotFound, &visitor.ctx));
    };
    let revoked = revoke_consent(&visitor.app, &visitor.ctx, signed_in, id).await;
    let revoked = revoked.map_err(|fault| visitor.broken(&fault))?;
    let said = if revoked { "yes" } else { "no" };
    Ok(reply::see_other(visitor, &format!("{base}/account?revoked={said}")))
}

/// `POST /account/applications/revocation`: all of them, those on other pages of the list as well.
pub(crate) async fn revoke_all(form: Posted) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let base = visitor.app.issuer.path();
    let Some(signed_in) = &visitor.signed_in else {
        return Ok(reply::see_other(visitor, &format!("{base}/sign-in")));
    };
    let revoked = account::revoke_all_consents(&visitor.app, &visitor.ctx, signed_in).await;
    revoked.map_err(|fault| visitor.broken(&fault))?;
    Ok(reply::see_other(visitor, &format!("{base}/account?revoked=all")))
}

/// `POST /account/agents/revocation`
pub(crate) async fn revoke_all_agents(form: Posted) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let base = visitor.app.issuer.path();
    let Some(signed_in) = &visitor.signed_in else {
        return Ok(reply::see_other(visitor, &format!("{base}/sign-in")));
    };
    let revoked = delegations::revoke_all_own(&visitor.app, &visitor.ctx, signed_in).await;
    revoked.map_err(|fault| visitor.broken(&fault))?;
    Ok(reply::see_other(visitor, &format!("{base}/account?revoked=agents")))
}

/// `POST /account/agents/{id}/revocation`
pub(crate) async fn revoke_agent(form: Posted, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let base = visitor.app.issuer.path();
    let Some(signed_in) = &visitor.signed_in else {
        return Ok(reply::see_other(visitor, &format!("{base}/sign-in")));
    };
    let Ok(id) = id.parse::<Id<Delegation>>() else {
        return Err(PageProblem::new(visitor.shell(), views::Problem::NotFound, &visitor.ctx));
    };
    let revoked = delegations::revoke_own(&visitor.app, &visitor.ctx, signed_in, id).await;
    let revoked = revoked.map_err(|fault| visitor.broken(&fault))?;
    let said = if revoked { "agent" } else { "no" };
    Ok(reply::see_other(visitor, &format!("{base}/account?revoked={said}")))
}

/// `POST /account/sessions/{id}/end`
pub(crate) async fn end_session(form: Posted, id: web::Path<String>) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let base = visitor.app.issuer.path();
    let Some(signed_in) = &visitor.signed_in else {
        return Ok(reply::see_other(visitor, &format!("{base}/sign-in")));
    };
    let Ok(id) = id.parse::<Id<Session>>() else {
        return Err(PageProblem::new(visitor.shell(), views::Problem::NotFound, &visitor.ctx));
    };
    let ended = account::end_session(&visitor.app, &visitor.ctx, signed_in, id).await;
    let ended = ended.map_err(|fault| visitor.broken(&fault))?;
    let said = if ended { "yes" } else { "no" };
    Ok(reply::see_other(visitor, &format!("{base}/account?ended={said}")))
}

/// `POST /account/sessions/end`
pub(crate) async fn end_other_sessions(form: Posted) -> Result<HttpResponse, PageProblem> {
    let visitor = &form.visitor;
    let base = visitor.app.issuer.path();
    let Some(signed_in) = &visitor.signed_in else {
        return Ok(reply::see_other(visitor, &format!("{base}/sign-in")));
    };
    let ended = account::end_other_sessions(&visitor.app, &visitor.ctx, signed_in).await;
    let ended = ended.map_err(|fault| visitor.broken(&fault))?;
    Ok(reply::see_other(visitor, &format!("{base}/account?others={ended}")))
}

fn session_line(visitor: &Visitor, session: &Session, signed_in: &SignedIn) -> SessionLine {
    let t = &visitor.words().account;
    let current = session.id == signed_in.session().id;
    SessionLine {
        device: visitor
            .words()
            .device(session.device)
            .unwrap_or_else(|| if current { t.this_browser.to_owned() } else { t.another_browser.to_owned() }),
        from: session.network.as_ref().map(|network| (t.from)(&network.to_string())),
        current,
        signed_in: visitor.moment(session.auth_time),
        last_seen: visitor.moment(session.last_seen_at),
        // This one ends by signing out.
        id: (!current).then(|| session.id.to_string()),
    }
}

fn agent_line(visitor: &Visitor, agent: Agent) -> AgentLine {
    let words = visitor.words();
    let kind = words.kinds.of(agent.machine.kind).name;
    AgentLine {
        id: agent.delegation.id.to_string(),
        initial: views::initial(&agent.machine.name),
        name: agent.machine.name,
        about: match agent.owner {
            Some(owner) => (words.account.kind_of)(kind, &owner.name),
            None => kind.to_owned(),
        },
        purpose: agent.delegation.purpose,
        resources: agent
            .resources
            .into_iter()
            .map(|resource| Target { name: resource.name, identifier: resource.identifier.to_string() })
            .collect(),
        permissions: agent
            .scopes
            .iter()
            .map(|entry| PermissionLine::new(entry.name.as_str(), visitor.describes(entry)))
            .collect(),
        granted_by_themselves: agent.granted_by_themselves,
        granted: visitor.moment(agent.delegation.granted_at),
        until: visitor.moment(agent.delegation.expires_at),
        last_used: agent.last_used_at.map(|at| visitor.moment(at)),
    }
}

fn line(visitor: &Visitor, application: ConnectedApplication) -> views::ConnectedApplication {
    let t = &visitor.words().account;
    let consent = application.consent;
    let host = match consent.redirects.first().map(String::as_str) {
        Some(place) if place.starts_with("loopback") => t.this_computer.to_owned(),
        Some(place) => place
            .strip_prefix("https://")
            .map_or(t.an_app, |rest| rest.split(['/', '?']).next().unwrap_or(rest))
            .to_owned(),
        None => String::new(),
    };
    views::ConnectedApplication {
        id: consent.id.to_string(),
        initial: views::initial(&consent.client_name),
        name: consent.client_name,
        host,
        resources: application
            .resource
            .map(|resource| Target { name: resource.name, identifier: resource.identifier.to_string() })
            .into_iter()
            .collect(),
        permissions: application
            .scopes
            .iter()
            .map(|entry| PermissionLine::new(entry.name.as_str(), visitor.describes(entry)))
            .collect(),
        allowed: visitor.moment(consent.given_at),
        last_used: application.last_used_at.map(|at| visitor.moment(at)),
    }
}
