//! `/account/activity`: the audit log, as far as it is about whoever is signed in.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use super::query;
use crate::base::Id;
use crate::model::{Actor, Event, Person, Standing, Subject};
use crate::operations::audit::{self, Which};
use crate::operations::names::{self, Names};
use crate::web::extract::Visitor;
use crate::web::problem::PageProblem;
use crate::web::reply;
use crate::web::views::{ActivityLine, ActivityPage, What};
use crate::web::words::Words;

/// Most entries that are looked at for one page. Some of them say nothing to a person, so a page may be shorter.
const LOOKED_AT: usize = 60;

/// `GET /account/activity`
pub(crate) async fn show(visitor: Visitor, request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let Some(signed_in) = &visitor.signed_in else {
        return Ok(reply::see_other(&visitor, &format!("{}/sign-in?to=/account/activity", visitor.app.issuer.path())));
    };
    let person = signed_in.person().id;
    let before = query(&request, "before").and_then(|number| number.parse::<u64>().ok());
    let which = Which { about: Some(person.to_string()), ..Which::default() };
    let page = audit::list(&visitor.app, which, before, LOOKED_AT).await.map_err(|fault| visitor.broken(&fault))?;
    let ids = page.entries.iter().filter_map(|entry| other(&entry.event)).collect();
    let names = names::of(&visitor.app, ids).await.map_err(|fault| visitor.broken(&fault))?;
    let words = visitor.words();
    let lines = page.entries.iter().filter_map(|entry| {
        let by_administrator = match entry.by {
            Actor::Person(by) => by != person,
            Actor::Operator => true,
            Actor::Client(_) | Actor::Nobody | Actor::System => false,
        };
        Some(ActivityLine {
            at: visitor.moment(entry.at),
            what: what(words, person, &entry.event, &names)?,
            // Where an administrator sits is their affair.
            from: entry.from.network.as_ref().filter(|_| !by_administrator).map(ToString::to_string),
            by_administrator,
        })
    });
    let page =
        ActivityPage { shell: visitor.shell(), lines: lines.collect(), older: page.next, is_older: before.is_some() };
    reply::page(&visitor, StatusCode::OK, &page, &[])
}

/// Whoever an event is about besides the person.
fn other(event: &Event) -> Option<String> {
    match event {
        Event::CodeIssued { client, .. }
        | Event::ConsentGiven { client, .. }
        | Event::ConsentDenied { client, .. }
        | Event::ConsentRevoked { client, .. } => Some(client.to_string()),
        Event::ProviderVouched { provider, .. }
        | Event::SubjectLinked { provider, .. }
        | Event::SubjectUnlinked { provider, .. } => Some(provider.to_string()),
        Event::DelegationGranted { actor, .. }
        | Event::DelegationRevoked { actor, .. }
        | Event::TokenExchanged { actor, .. } => Some(actor.to_string()),
        _ => None,
    }
}

/// What an event says to the person it is about; `None` where it says nothing to them.
fn what(words: &Words, person: Id<Person>, event: &Event, names: &Names) -> Option<What> {
    let t = &words.activity;
    let called = |id: String| names.of(&id).to_owned();
    let whose = |subject: &Subject| *subject == Subject::Person(person);
    Some(match event {
        Event::SignedIn { .. } => What::Plain(t.signed_in),
        Event::SignInHalfDone { .. } => What::Plain(t.half_done),
        Event::SignInRefused { .. } => What::Plain(t.refused),
        Event::SignedOut { .. } => What::Plain(t.signed_out),
        Event::SessionsEnded { .. } => What::Plain(t.sessions_ended),
        Event::PasswordSet { .. } => What::Plain(t.password),
        Event::SecondFactorAdded { .. } => What::Plain(t.factor_added),
        Event::SecondFactorRemoved { .. } => What::Plain(t.factor_removed),
        Event::RecoveryCodeUsed { left, .. } => What::Counted((t.recovery_used)(*left)),
        Event::RecoveryCodesRenewed { .. } => What::Plain(t.recovery_renewed),
        Event::PasskeyAdded { name, .. } => What::Marked(t.passkey_added.say(name)),
        Event::PasskeyRemoved { name, .. } => What::Marked(t.passkey_removed.say(name)),
        Event::PasskeyCounterBack { .. } => What::Plain(t.passkey_counter),
        Event::ProviderVouched { provider, .. } => What::Marked(t.vouched.say(called(provider.to_string()))),
        Event::SubjectLinked { provider, .. } => What::Marked(t.linked.say(called(provider.to_string()))),
        Event::SubjectUnlinked { provider, .. } => What::Marked(t.unlinked.say(called(provider.to_string()))),
        Event::CodeIssued { client, .. } => What::Marked(t.signed_in_to.say(called(client.to_string()))),
        Event::ConsentGiven { client, .. } => What::Marked(t.consent_given.say(called(client.to_string()))),
        Event::ConsentDenied { client, .. } => What::Marked(t.consent_denied.say(called(client.to_string()))),
        Event::ConsentRevoked { client, .. } => What::Marked(t.consent_revoked.say(called(client.to_string()))),
        Event::DelegationGranted { actor, subject, .. } if whose(subject) => {
            What::Marked(t.delegation_granted.say(called(actor.to_string())))
        }
        Event::DelegationRevoked { actor, subject, .. } if whose(subject) => {
            What::Marked(t.delegation_revoked.say(called(actor.to_string())))
        }
        Event::TokenExchanged { actor, subject, resource, .. } if whose(subject) => {
            What::Marked(t.acted.say(called(actor.to_string()), resource.to_string()))
        }
        Event::PersonCreated { .. } => What::Plain(t.created),
        Event::PersonSuspended { .. } => What::Plain(t.suspended),
        Event::PersonResumed { .. } => What::Plain(t.resumed),
        Event::StandingChanged { after: Standing::Administrator, .. } | Event::SetupCompleted { .. } => {
            What::Plain(t.made_administrator)
        }
        Event::StandingChanged { after: Standing::Member, .. } => What::Plain(t.made_member),
        Event::MembershipChanged { .. } => What::Plain(t.roles),
        _ => return None,
    })
}
