//! A person decides about an application.

use super::answering::{Answer, Answering, Verdict};
use super::authorize::{ConsentAsk, Shown, Step, ask_consent, is_current, offered, open_shown, standing_consent};
use super::find_client;
use super::sign_in::SignedIn;
use crate::app::App;
use crate::base::{Digest, Fault, Id, OpaqueToken};
use crate::model::{Consent, Context, Event, ScopeSet};
use crate::protocol::authorize::place;
use crate::protocol::refusal::Refusal;
use crate::store::Tx;
use crate::store::tables::CONSENTS;

/// What was decided on the page.
#[derive(Clone, Debug)]
pub enum Decision {
    Allow { scope: ScopeSet, remember: Remember },
    Deny,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remember {
    /// The same request is answered without asking.
    ThisToo,
    /// Ask next time.
    OnlyNow,
}

/// Most places one consent remembers.
const MOST_PLACES: usize = 20;

/// Carries out a decision: consent and code in one transaction. The ticket says what was shown to whom; only that person, in
/// that browser, can decide, once.
pub async fn decide(
    app: &App,
    ctx: &Context,
    ticket: &str,
    decision: Decision,
    browser: Digest,
    signed_in: &SignedIn,
) -> Result<Step, Fault> {
    let ctx = &ctx.by(signed_in.actor());
    let Some(shown) = open_shown(app, ticket) else { return Ok(Step::Over) };
    if shown.person != signed_in.person().id || !is_current(app, &shown.authorization, browser, ctx.at) {
        return Ok(Step::Over);
    }
    let found = find_client::find(app, &shown.authorization.client_id).await?.client();
    let Some(client) = found.filter(|client| client.fingerprint() == shown.authorization.client) else {
        return Ok(Step::Over);
    };
    let answering = Answering {
        app: app.clone(),
        authorization: shown.authorization.clone(),
        client,
        session: signed_in.session().id,
    };
    let asked = shown.asked();
    let (chosen, remember) = match decision {
        Decision::Allow { scope, remember } => (scope.intersection(&asked), remember),
        Decision::Deny => return deny(ctx, answering).await,
    };
    // `offline_access` is not on the page as a line of its own; for how long is. `openid` is not a choice: without it there is no sign-in to consent to.
    let chosen = chosen.union(&asked.only(|scope| matches!(scope.as_str(), "openid" | "offline_access")));
    let granted = chosen.union(&shown.authorization.scope.intersection(&shown.held));
    // Allow with nothing ticked is not an answer: the page comes back and says so.
    if offered(&granted).is_empty() && !offered(&asked).is_empty() {
        let step = ask_consent(app, shown.authorization, answering.client, signed_in, shown.held).await?;
        return Ok(match step {
            Step::Consent(ask) => Step::Consent(Box::new(ConsentAsk { nothing_chosen: true, ..*ask })),
            other => other,
        });
    }
    let answering_too = answering.clone();
    let outcome = app.store.write("give consent", ctx, move |tx| {
        if !still_holds(tx, &shown)? {
            return Ok(Err(Refusal::AuthorizationOver));
        }
        let code = answering.issue_code(tx, &granted)?;
        if code.is_ok() {
            give(tx, &answering, &shown, &granted, remember)?;
        }
        Ok(code)
    });
    let outcome: Result<OpaqueToken, Refusal> = outcome.await?;
    Ok(answering_too.to_client(ctx, outcome))
}

/// Whether the application still has what the page said it has already. The ticket is up to ten minutes old: what was taken
/// back since is not given again by a page that did not ask about it.
fn still_holds(tx: &Tx<'_>, shown: &Shown) -> Result<bool, Fault> {
    let held = shown.authorization.scope.intersection(&shown.held);
    if held.is_empty() {
        return Ok(true);
    }
    let standing = standing_consent(tx, shown)?.filter(|consent| consent.client == shown.authorization.client);
    Ok(standing.is_some_and(|consent| held.is_subset_of(&consent.scope)))
}

fn give(
    tx: &mut Tx<'_>,
    answering: &Answering,
    shown: &Shown,
    granted: &ScopeSet,
    remember: Remember,
) -> Result<(), Fault> {
    let now = tx.now();
    let authorization = &answering.authorization;
    let known = standing_consent(tx, shown)?;
    // What was allowed to another registration under this id is not carried over (attack case 35).
    let standing = known.as_ref().filter(|consent| consent.client == authorization.client);
    let mut redirects = standing.map(|consent| consent.redirects.clone()).unwrap_or_default();
    let place = place(&authorization.redirect_uri);
    if !redirects.contains(&place) {
        redirects.insert(0, place);
        redirects.truncate(MOST_PLACES);
    }
    let remembered = remember == Remember::ThisToo;
    let consent = Consent {
        id: match &known {
            Some(consent) => consent.id,
            None => Id::new(now, &answering.app.entropy)?,
        },
        person: shown.person,
        client_id: authorization.client_id.clone(),
        client_name: answering.client.name.clone(),
        client: authorization.client,
        resource: authorization.resource.clone(),
        // What was asked about and not allowed is not held any more, or it would be given silently the next time.
        scope: match standing {
            Some(consent) => consent.scope.minus(&shown.asked()).union(granted),
            None => granted.clone(),
        },
        redirects,
        remembered,
        given_at: standing.map_or(now, |consent| consent.given_at),
        updated_at: now,
    };
    tx.put(&CONSENTS, &consent.id, &consent)?;
    tx.record(Event::ConsentGiven {
        person: shown.person,
        client: consent.client_id,
        resource: consent.resource,
        scope: granted.clone(),
        remembered,
    })
}

async fn deny(ctx: &Context, answering: Answering) -> Result<Step, Fault> {
    let denying = answering.clone();
    let refusal = answering.app.store.write("deny consent", ctx, move |tx| denying.deny(tx)).await?;
    let denied = refusal == Refusal::AccessDenied;
    Ok(match answering.to_client(ctx, Err(refusal)) {
        Step::Answer(answer) if denied => Step::Answer(Answer { verdict: Verdict::Denied, ..answer }),
        other => other,
    })
}
