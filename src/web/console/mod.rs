//! `/console`: where administrators look after everything, in the browser.
//!
//! A page reads through operations and shows a view; a form posts one operation and leads back to a page. Whoever comes in is an
//! [`Administrator`](super::extract::Administrator): the same [`Operator`](crate::operations::operator::Operator) that the API makes of
//! a token, made here of a session.

mod activity;
mod applications;
mod audit;
mod credentials;
mod delegations;
mod keys;
mod left;
mod limits;
mod lists;
mod machine;
mod machine_form;
mod machines;
mod named;
mod overview;
mod people;
mod person;
mod providers;
mod refusals;
mod registration_tokens;
mod resource_form;
mod resources;
mod review;
mod roles;
mod scopes;
mod search;
mod setting;
mod settings;
mod snippets;
mod stale;
mod told;
mod tools;

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Route};

use super::extract::{Posted, Visitor};
use super::problem::PageProblem;
use super::reply;
use super::routes::{Door, Who, at, get, page};
use super::views::console::{Choice, Frame, Section};
use super::views::{self, Flash, FlashKind, Shell};
use super::words::Words;
use crate::app::{App, Class};
use crate::base::{Digest, Id};
use crate::model::Context;
use crate::operations::declined::Declined;
use crate::operations::once::Once;
use crate::operations::operator::Operator;
use crate::operations::seen::Seen;

const GET: &[actix_web::http::Method] = &[actix_web::http::Method::GET];
const POST: &[actix_web::http::Method] = &[actix_web::http::Method::POST];
const GET_POST: &[actix_web::http::Method] = &[actix_web::http::Method::GET, actix_web::http::Method::POST];

/// The doors of the console, for the list of all doors.
pub(super) static DOORS: &[Door] = &[
    page("/console", GET, Who::Console, Class::Pages),
    page("/console/search", GET, Who::Console, Class::Pages),
    page("/console/applications", GET, Who::Console, Class::Pages),
    page("/console/applications/new", GET_POST, Who::Console, Class::Pages),
    page("/console/applications/stale", GET_POST, Who::Console, Class::Pages),
    page("/console/applications/review", POST, Who::Console, Class::Pages),
    page("/console/applications/{id}", GET, Who::Console, Class::Pages),
    page("/console/applications/{id}/approval", POST, Who::Console, Class::Pages),
    page("/console/applications/{id}/rejection", POST, Who::Console, Class::Pages),
    page("/console/applications/{id}/verification", POST, Who::Console, Class::Pages),
    page("/console/applications/{id}/verification/end", POST, Who::Console, Class::Pages),
    page("/console/applications/{id}/suspension", POST, Who::Console, Class::Pages),
    page("/console/applications/{id}/resumption", POST, Who::Console, Class::Pages),
    page("/console/applications/{id}/secret", POST, Who::Console, Class::Pages),
    page("/console/applications/{id}/secret/overlap/end", POST, Who::Console, Class::Pages),
    page("/console/applications/{id}/removal", POST, Who::Console, Class::Pages),
    page("/console/applications/{id}/grants/{grant}/revocation", POST, Who::Console, Class::Pages),
    page("/console/grants", GET, Who::Console, Class::Pages),
    page("/console/delegations", GET, Who::Console, Class::Pages),
    page("/console/resources", GET, Who::Console, Class::Pages),
    page("/console/resources/new", GET_POST, Who::Console, Class::Pages),
    page("/console/resources/{id}", GET, Who::Console, Class::Pages),
    page("/console/resources/{id}/change", GET_POST, Who::Console, Class::Pages),
    page("/console/resources/{id}/check", POST, Who::Console, Class::Pages),
    page("/console/resources/{id}/tools", GET_POST, Who::Console, Class::Pages),
    page("/console/resources/{id}/tools/discovery", POST, Who::Console, Class::Pages),
    page("/console/resources/{id}/tools/list", POST, Who::Console, Class::Pages),
    page("/console/resources/{id}/removal", POST, Who::Console, Class::Pages),
    page("/console/scopes", GET, Who::Console, Class::Pages),
    page("/console/scopes/new", GET_POST, Who::Console, Class::Pages),
    page("/console/scopes/of/{name}", GET, Who::Console, Class::Pages),
    page("/console/scopes/of/{name}/change", GET_POST, Who::Console, Class::Pages),
    page("/console/scopes/of/{name}/removal", POST, Who::Console, Class::Pages),
    page("/console/people", GET, Who::Console, Class::Pages),
    page("/console/people/new", GET_POST, Who::Console, Class::Pages),
    page("/console/people/{id}", GET, Who::Console, Class::Pages),
    page("/console/people/{id}/change", GET_POST, Who::Console, Class::Pages),
    page("/console/people/{id}/suspension", POST, Who::Console, Class::Pages),
    page("/console/people/{id}/resumption", POST, Who::Console, Class::Pages),
    page("/console/people/{id}/handover", POST, Who::Console, Class::Pages),
    page("/console/people/{id}/standing", POST, Who::Console, Class::Pages),
    page("/console/people/{id}/password", POST, Who::Console, Class::Pages),
    page("/console/people/{id}/factor/reset", POST, Who::Console, Class::Pages),
    page("/console/people/{id}/passkeys/{passkey}/end", POST, Who::Console, Class::Pages),
    page("/console/people/{id}/roles", POST, Who::Console, Class::Pages),
    page("/console/people/{id}/sessions/end", POST, Who::Console, Class::Pages),
    page("/console/people/{id}/sessions/{session}/end", POST, Who::Console, Class::Pages),
    page("/console/people/{id}/grants/{grant}/revocation", POST, Who::Console, Class::Pages),
    page("/console/roles", GET, Who::Console, Class::Pages),
    page("/console/roles/new", GET_POST, Who::Console, Class::Pages),
    page("/console/tenants", POST, Who::Console, Class::Pages),
    page("/console/tenants/{tenant}/change", POST, Who::Console, Class::Pages),
    page("/console/tenants/{tenant}/removal", POST, Who::Console, Class::Pages),
    page("/console/roles/{tenant}/{role}", GET, Who::Console, Class::Pages),
    page("/console/roles/{tenant}/{role}/change", POST, Who::Console, Class::Pages),
    page("/console/roles/{tenant}/{role}/removal", POST, Who::Console, Class::Pages),
    page("/console/settings", GET, Who::Console, Class::Pages),
    page("/console/settings/restored", POST, Who::Console, Class::Pages),
    page("/console/settings/of/{name}", GET_POST, Who::Console, Class::Pages),
    page("/console/settings/of/{name}/reset", POST, Who::Console, Class::Pages),
    page("/console/registration-tokens", GET_POST, Who::Console, Class::Pages),
    page("/console/registration-tokens/{id}/end", POST, Who::Console, Class::Pages),
    page("/console/providers", GET, Who::Console, Class::Pages),
    page("/console/providers/new", GET_POST, Who::Console, Class::Pages),
    page("/console/providers/{id}", GET, Who::Console, Class::Pages),
    page("/console/providers/{id}/change", GET_POST, Who::Console, Class::Pages),
    page("/console/providers/{id}/button", POST, Who::Console, Class::Pages),
    page("/console/providers/{id}/removal", POST, Who::Console, Class::Pages),
    page("/console/providers/{id}/links", POST, Who::Console, Class::Pages),
    page("/console/providers/{id}/links/end", POST, Who::Console, Class::Pages),
    page("/console/limits", GET_POST, Who::Console, Class::Pages),
    page("/console/keys", GET, Who::Console, Class::Pages),
    page("/console/keys/rotation", POST, Who::Console, Class::Pages),
    page("/console/keys/{id}", GET, Who::Console, Class::Pages),
    page("/console/keys/{id}/withdrawal", POST, Who::Console, Class::Pages),
    page("/console/audit", GET, Who::Console, Class::Pages),
    page("/console/audit/live", GET, Who::Console, Class::Pages),
    page("/console/audit/export", GET, Who::Console, Class::Pages),
    page("/console/audit/verification", POST, Who::Console, Class::Pages),
    page("/console/audit/{id}", GET, Who::Console, Class::Pages),
    page("/console/refusals", GET, Who::Console, Class::Pages),
    page("/console/refusals/{id}", GET, Who::Console, Class::Pages),
    page("/console/machines", GET, Who::Console, Class::Pages),
    page("/console/machines/suspension", POST, Who::Console, Class::Pages),
    page("/console/machines/new", GET_POST, Who::Console, Class::Pages),
    page("/console/machines/{id}", GET, Who::Console, Class::Pages),
    page("/console/machines/{id}/change", GET_POST, Who::Console, Class::Pages),
    page("/console/machines/{id}/suspension", POST, Who::Console, Class::Pages),
    page("/console/machines/{id}/resumption", POST, Who::Console, Class::Pages),
    page("/console/machines/{id}/retirement", POST, Who::Console, Class::Pages),
    page("/console/machines/{id}/handover", POST, Who::Console, Class::Pages),
    page("/console/machines/{id}/trim", POST, Who::Console, Class::Pages),
    page("/console/machines/{id}/delegations", POST, Who::Console, Class::Pages),
    page("/console/machines/{id}/delegations/new", GET, Who::Console, Class::Pages),
    page("/console/machines/{id}/delegations/{delegation}/revocation", POST, Who::Console, Class::Pages),
    page("/console/machines/{id}/credentials", POST, Who::Console, Class::Pages),
    page("/console/machines/{id}/credentials/new", GET, Who::Console, Class::Pages),
    page("/console/machines/{id}/credentials/{credential}/rotation", POST, Who::Console, Class::Pages),
    page("/console/machines/{id}/credentials/{credential}/revocation", POST, Who::Console, Class::Pages),
    page("/console/machines/{id}/credentials/{credential}/trial", POST, Who::Console, Class::Pages),
];

/// What of a query is the filter of a list, by its names, and the page of it. An address that a form brings back is read and never
/// followed.
fn kept(query: &str, names: &[&str]) -> String {
    let kept = url::form_urlencoded::parse(query.as_bytes()).take(64);
    let kept = kept.filter(|(name, value)| !value.is_empty() && (names.contains(&name.as_ref()) || name == "before"));
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish()
}

/// A list under what of a query narrows it, by its names, and with something else besides: where it goes on.
fn with(request: &HttpRequest, path: &str, names: &[&str], (name, value): (&str, &str)) -> String {
    let asked = url::form_urlencoded::parse(request.query_string().as_bytes()).take(64);
    let kept = asked.filter(|(known, said)| names.contains(&known.as_ref()) && known != name && !said.is_empty());
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(kept);
    if !value.is_empty() {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// What narrows a list, or does not.
fn or_any(words: &Words, some: impl Iterator<Item = Choice>) -> Vec<Choice> {
    let some: Vec<Choice> = some.collect();
    let none = !some.iter().any(|choice| choice.chosen);
    std::iter::once(Choice::new("", words.console.frame.any, none)).chain(some).collect()
}

/// Puts every page behind its door.
pub(super) fn configure(config: &mut ServiceConfig, base: &str) {
    let mut door = |path: &str, routes: Vec<Route>| {
        config.service(at(format!("{base}{path}"), routes));
    };
    let post = web::post;
    door("/console", vec![get(overview::show)]);
    door("/console/search", vec![get(search::show)]);
    door("/console/applications", vec![get(applications::list)]);
    door("/console/applications/new", vec![get(applications::new), post().to(applications::create)]);
    door("/console/applications/stale", vec![get(stale::list), post().to(stale::remove)]);
    door("/console/applications/review", vec![post().to(review::several)]);
    door("/console/applications/{id}", vec![get(applications::show)]);
    door("/console/applications/{id}/approval", vec![post().to(review::approve)]);
    door("/console/applications/{id}/rejection", vec![post().to(review::reject)]);
    door("/console/applications/{id}/verification", vec![post().to(review::verify)]);
    door("/console/applications/{id}/verification/end", vec![post().to(review::unverify)]);
    door("/console/applications/{id}/suspension", vec![post().to(applications::suspend)]);
    door("/console/applications/{id}/resumption", vec![post().to(applications::resume)]);
    door("/console/applications/{id}/secret", vec![post().to(applications::rotate)]);
    door("/console/applications/{id}/secret/overlap/end", vec![post().to(applications::end_old)]);
    door("/console/applications/{id}/removal", vec![post().to(applications::remove)]);
    door("/console/applications/{id}/grants/{grant}/revocation", vec![post().to(applications::revoke)]);
    door("/console/grants", vec![get(lists::grants)]);
    door("/console/delegations", vec![get(lists::delegations)]);
    door("/console/resources", vec![get(resources::list)]);
    door("/console/resources/new", vec![get(resource_form::new), post().to(resource_form::create)]);
    door("/console/resources/{id}", vec![get(resources::show)]);
    door("/console/resources/{id}/change", vec![get(resource_form::edit), post().to(resource_form::update)]);
    door("/console/resources/{id}/check", vec![post().to(resources::check)]);
    door("/console/resources/{id}/tools", vec![get(tools::show), post().to(tools::decide)]);
    door("/console/resources/{id}/tools/discovery", vec![post().to(tools::discover)]);
    door("/console/resources/{id}/tools/list", vec![post().to(tools::write_down)]);
    door("/console/resources/{id}/removal", vec![post().to(resources::remove)]);
    door("/console/scopes", vec![get(scopes::list)]);
    door("/console/scopes/new", vec![get(scopes::new), post().to(scopes::create)]);
    door("/console/scopes/of/{name}", vec![get(scopes::show)]);
    door("/console/scopes/of/{name}/change", vec![get(scopes::edit), post().to(scopes::update)]);
    door("/console/scopes/of/{name}/removal", vec![post().to(scopes::remove)]);
    door("/console/people", vec![get(people::list)]);
    door("/console/people/new", vec![get(people::new), post().to(people::create)]);
    door("/console/people/{id}", vec![get(person::show)]);
    door("/console/people/{id}/change", vec![get(people::edit), post().to(people::update)]);
    door("/console/people/{id}/suspension", vec![post().to(person::suspend)]);
    door("/console/people/{id}/resumption", vec![post().to(person::resume)]);
    door("/console/people/{id}/handover", vec![post().to(person::hand_over)]);
    door("/console/people/{id}/standing", vec![post().to(person::raise)]);
    door("/console/people/{id}/password", vec![post().to(person::password)]);
    door("/console/people/{id}/factor/reset", vec![post().to(person::reset_factor)]);
    door("/console/people/{id}/passkeys/{passkey}/end", vec![post().to(person::remove_passkey)]);
    door("/console/people/{id}/roles", vec![post().to(person::change_roles)]);
    door("/console/people/{id}/sessions/end", vec![post().to(person::end_sessions)]);
    door("/console/people/{id}/sessions/{session}/end", vec![post().to(person::end_session)]);
    door("/console/people/{id}/grants/{grant}/revocation", vec![post().to(person::revoke)]);
    door("/console/roles", vec![get(roles::list)]);
    door("/console/roles/new", vec![get(roles::new), post().to(roles::create)]);
    door("/console/tenants", vec![post().to(roles::create_tenant)]);
    door("/console/tenants/{tenant}/change", vec![post().to(roles::change_tenant)]);
    door("/console/tenants/{tenant}/removal", vec![post().to(roles::remove_tenant)]);
    door("/console/roles/{tenant}/{role}", vec![get(roles::show)]);
    door("/console/roles/{tenant}/{role}/change", vec![post().to(roles::change)]);
    door("/console/roles/{tenant}/{role}/removal", vec![post().to(roles::remove)]);
    door("/console/settings", vec![get(settings::show)]);
    door("/console/settings/restored", vec![post().to(settings::looked)]);
    door("/console/settings/of/{name}", vec![get(setting::show), post().to(setting::change)]);
    door("/console/settings/of/{name}/reset", vec![post().to(setting::reset)]);
    let tokens = vec![get(registration_tokens::list), post().to(registration_tokens::create)];
    door("/console/registration-tokens", tokens);
    door("/console/registration-tokens/{id}/end", vec![post().to(registration_tokens::end)]);
    door("/console/providers", vec![get(providers::list)]);
    door("/console/providers/new", vec![get(providers::new), post().to(providers::create)]);
    door("/console/providers/{id}", vec![get(providers::show)]);
    door("/console/providers/{id}/change", vec![get(providers::edit), post().to(providers::update)]);
    door("/console/providers/{id}/button", vec![post().to(providers::turn)]);
    door("/console/providers/{id}/removal", vec![post().to(providers::remove)]);
    door("/console/providers/{id}/links", vec![post().to(providers::link)]);
    door("/console/providers/{id}/links/end", vec![post().to(providers::unlink)]);
    door("/console/limits", vec![get(limits::show), post().to(limits::change)]);
    door("/console/keys", vec![get(keys::show)]);
    door("/console/keys/rotation", vec![post().to(keys::rotate)]);
    door("/console/keys/{id}", vec![get(keys::one)]);
    door("/console/keys/{id}/withdrawal", vec![post().to(keys::withdraw)]);
    door("/console/audit", vec![get(audit::list)]);
    door("/console/audit/live", vec![get(audit::live)]);
    door("/console/audit/export", vec![get(audit::export)]);
    door("/console/audit/verification", vec![post().to(audit::verify)]);
    door("/console/audit/{id}", vec![get(audit::show)]);
    door("/console/refusals", vec![get(refusals::list)]);
    door("/console/refusals/{id}", vec![get(refusals::show)]);
    door("/console/machines", vec![get(machines::list)]);
    // Before what stands in the place of an id.
    door("/console/machines/suspension", vec![post().to(machines::suspend)]);
    door("/console/machines/new", vec![get(machine_form::new), post().to(machine_form::create)]);
    door("/console/machines/{id}", vec![get(machine::show)]);
    door("/console/machines/{id}/change", vec![get(machine_form::edit), post().to(machine_form::update)]);
    door("/console/machines/{id}/suspension", vec![post().to(machine::suspend)]);
    door("/console/machines/{id}/resumption", vec![post().to(machine::resume)]);
    door("/console/machines/{id}/retirement", vec![post().to(machine::retire)]);
    door("/console/machines/{id}/handover", vec![post().to(machine::hand_over)]);
    door("/console/machines/{id}/trim", vec![post().to(machine::trim)]);
    door("/console/machines/{id}/delegations", vec![post().to(delegations::grant)]);
    door("/console/machines/{id}/delegations/new", vec![get(delegations::new)]);
    door("/console/machines/{id}/delegations/{delegation}/revocation", vec![post().to(delegations::revoke)]);
    door("/console/machines/{id}/credentials", vec![post().to(credentials::create)]);
    door("/console/machines/{id}/credentials/new", vec![get(credentials::new)]);
    door("/console/machines/{id}/credentials/{credential}/rotation", vec![post().to(credentials::rotate)]);
    door("/console/machines/{id}/credentials/{credential}/revocation", vec![post().to(credentials::revoke)]);
    door("/console/machines/{id}/credentials/{credential}/trial", vec![post().to(credentials::attempt)]);
}

/// The query of a request, each parameter once.
fn queries(request: &HttpRequest) -> HashMap<String, String> {
    url::form_urlencoded::parse(request.query_string().as_bytes())
        .take(64)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// The room of a list: with the way back to where it begins, if this page is one of its further ones.
fn listing(visitor: &Visitor, request: &HttpRequest, here: Section) -> Frame {
    const FURTHER: [&str; 3] = ["before", "after", "from"];
    let asked = || url::form_urlencoded::parse(request.query_string().as_bytes()).take(64);
    let kept = asked().filter(|(name, _)| !FURTHER.contains(&name.as_ref()) && name != "said");
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish();
    let path = request.path().strip_prefix(visitor.app.issuer.path()).unwrap_or_default();
    let first = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let is_further = asked().any(|(name, value)| FURTHER.contains(&name.as_ref()) && !value.is_empty());
    Frame { first: is_further.then_some(first), ..Frame::of(here) }
}

/// The frame of a page, with what the page before it has to say. Only words of ours are said: the address names one of them.
fn shell(visitor: &Visitor, request: &HttpRequest, words: &[(&str, FlashKind, &str)]) -> Shell {
    let said = queries(request).remove("said").unwrap_or_default();
    let flash = words.iter().find(|(name, ..)| *name == said);
    let flash = flash.map(|(_, kind, text)| Flash { kind: *kind, text: (*text).to_owned() });
    Shell { flash, ..visitor.shell() }
}

/// Back to a page of the console, which says what was done.
fn back(visitor: &Visitor, path: &str, said: &str) -> HttpResponse {
    reply::see_other(visitor, &format!("{}{path}?said={said}", visitor.app.issuer.path()))
}

/// What stands in the address, or the page that nothing is there.
fn wanted<T: std::str::FromStr>(visitor: &Visitor, text: &str) -> Result<T, PageProblem> {
    text.parse().map_err(|_| told_here(visitor, views::Problem::NotFound))
}

/// What is told in place of a page, in the room whose door it is.
fn told_here(visitor: &Visitor, problem: views::Problem) -> PageProblem {
    PageProblem::in_console(visitor.shell(), problem, &visitor.ctx, Section::at(visitor.ctx.from.door))
}

/// Why something was not done, where no form can say it.
fn declined(visitor: &Visitor, declined: Declined) -> PageProblem {
    let refused = |status: StatusCode, title: &str, words: String| {
        let advice = visitor.words().console.problem.not_done_advice.to_owned();
        let problem =
            views::Problem::Refused { status: status.as_u16(), title: title.to_owned(), words, detail: None, advice };
        told_here(visitor, problem)
    };
    match declined {
        Declined::Broken(fault) => visitor.broken(&fault),
        Declined::Missing(_) => told_here(visitor, views::Problem::NotFound),
        other => {
            refused(StatusCode::CONFLICT, visitor.words().console.problem.not_done, sentence(visitor.words(), &other))
        }
    }
}

/// The same, in a sentence beside a form. What an operation says of what was typed is what the API and the command line say, in English.
fn sentence(words: &Words, declined: &Declined) -> String {
    let t = &words.console.problem;
    let text = match declined {
        Declined::Invalid(invalid) => {
            invalid.0.iter().map(|(field, why)| format!("{field}: {why}")).collect::<Vec<_>>().join("; ")
        }
        Declined::Conflict(why) | Declined::Missing(why) | Declined::Forbidden(why) => why.clone(),
        Declined::Stale => return t.stale.to_owned(),
        Declined::MadeAlready(what) => (t.made_already)(what),
        Declined::KeyReused => return t.key_reused.to_owned(),
        Declined::Broken(_) => return t.broken.to_owned(),
    };
    let mut letters = text.chars();
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// Which state of a thing a form was filled from: what somebody else changed meanwhile is not undone by a form that does not know of it.
fn as_seen(form: &Posted) -> Seen {
    Seen::OneOf(Digest::parse(form.text("seen")).into_iter().collect())
}

/// A mark for a form, so that sending it again has no second effect.
fn mark(app: &App, ctx: &Context) -> Result<String, crate::base::Fault> {
    Ok(Id::<crate::model::Request>::new(ctx.at, &app.entropy)?.to_string())
}

/// The operator of a form that carries a mark.
fn once(app: &App, by: Operator, mark: &str, words: &[&str]) -> Operator {
    if mark.is_empty() || mark.len() > 64 {
        return by;
    }
    let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    let once = Once::keyed(app, &by.by, mark, &words);
    by.once(once)
}
