//! Refreshing, with rotation, an overlap, and replay detection. OAuth 2.1 §4.3, RFC 9700 §4.14.2.
//!
//! A family counts generations. Using a refresh token of the newest generation `g` begins generation `g + 1`. Real MCP
//! clients run several processes on one token and refresh from two addresses at once, so an older token is still
//! answered, within the same family, for a while:
//!
//! - generation `g - 1`, whose successor nobody has used yet, for ten minutes from the turn (an answer may have been lost);
//! - generation `g - 2`, whose successor was first used at the turn, for sixty seconds after it.
//!
//! Anything older, or later, means that two parties hold the line: the family dies. Tokens given in an overlap belong to
//! the newest generation, so there is one line and no fork: whoever holds a stolen copy is a generation behind as soon as
//! the other refreshes, and is caught (or catches) at the next use.

use super::client_auth::AuthenticatedClient;
use super::refusal::{Refusal, ensure};
use super::token_request::RefreshExchange;
use super::{dpop, scope, target};
use crate::base::{Digest, Lifetime, Timestamp};
use crate::model::{Consent, Family, PersonState, ProtectedResource, RefreshToken, ScopeSet};

/// How long an older refresh token is still answered.
#[derive(Clone, Copy, Debug)]
pub struct Overlap {
    /// After its successor was first used.
    pub after_use: Lifetime,
    /// While its successor is unused.
    pub unused: Lifetime,
    /// Most answers to older tokens in one generation.
    pub most: u32,
}

/// What is known of the presented token.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub token: Option<&'a RefreshToken>,
    pub family: Option<&'a Family>,
    /// Of the person behind it, if there is one.
    pub person: Option<PersonState>,
    /// Whether the client was not stopped since the line began, nor has come to its end. Asked of a machine's own line only: what
    /// a person allowed an application is a matter of theirs.
    pub honoured: bool,
    /// What the person allows this client at this resource, as of now.
    pub consent: Option<&'a Consent>,
    /// The resource that the family is for.
    pub granted: Option<&'a ProtectedResource>,
    /// The resource that the request names, if it names one.
    pub asked: &'a target::Facts,
    /// The thumbprint of the key that the caller has shown to have.
    pub key: Option<Digest>,
}

/// What a good refresh token gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    pub turn: Turn,
    /// The scope of the new access token: no more than is allowed now. The family keeps its own.
    pub scope: ScopeSet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The newest token was used: a new generation begins.
    Next,
    /// An older one was used in its overlap: it gets a token of the newest generation.
    Overlap,
}

/// Decides whether the presented refresh token buys new tokens. OAuth 2.1 §4.3.1.
pub fn rotate(
    facts: Facts<'_>,
    client: &AuthenticatedClient,
    ask: &RefreshExchange,
    overlap: Overlap,
    now: Timestamp,
) -> Result<Rotation, Refusal> {
    // §4.3.1: "validate the refresh token".
    let presented = ask.refresh_token.as_ref().ok_or(Refusal::RefreshUnknown)?;
    let token = facts.token.ok_or(Refusal::RefreshUnknown)?;
    ensure(token.digest == presented.digest(), Refusal::RefreshUnknown)?;
    let family = facts.family.ok_or(Refusal::RefreshUnknown)?;

    // §4.3.1: "bind the refresh token to the client to whom it was issued". Before anything that revokes: another client
    // that found the token must not be able to end the line.
    ensure(family.client_id == *client.id(), Refusal::RefreshOfAnotherClient)?;
    ensure(scope::may_refresh(client, &family.scope), Refusal::GrantNotAllowed)?;

    // RFC 9449 §5: "The binding MUST be validated when the refresh token is later presented to get new access tokens." Also before
    // anything that revokes: who has found the token and not the key must not be able to end the line.
    dpop::held(family.jkt.as_ref(), facts.key.as_ref(), Refusal::RefreshOfAnotherKey)?;

    ensure(family.is_live(now), Refusal::FamilyOver)?;
    match family.person {
        Some(_) => ensure(facts.person == Some(PersonState::Active), Refusal::PersonSuspended)?,
        None => ensure(facts.honoured, Refusal::FamilyOver)?,
    }

    // RFC 9700 §4.14.2: "If a refresh token is compromised and subsequently used by both the attacker and the legitimate
    // client, one of them will present an invalidated refresh token, which will inform the authorization server of the
    // breach." Before expiry: an old token is a sign even when its time is over.
    let turn = turn(token, family, overlap, now)?;
    ensure(now < token.expires_at, Refusal::RefreshExpired)?;

    // What was granted once is the most there can be; what stands of it may be less by now: a scope that was unticked on a later
    // consent page is not minted any more (attack case 18).
    // Of a machine's own line the same is said by its ceiling.
    let granted = match (family.person, client.ceiling(facts.granted)) {
        (Some(_), _) => family.scope.intersection(&facts.consent.ok_or(Refusal::RefreshConsentOver)?.scope),
        (None, Some(ceiling)) => family.scope.intersection(ceiling),
        (None, None) => return Err(Refusal::RefreshConsentOver),
    };
    ensure(!granted.is_empty() || family.scope.is_empty(), Refusal::RefreshConsentOver)?;

    // §4.3.1: "The requested scope MUST NOT include any scope not originally granted by the resource owner, and if omitted
    // is treated as equal to the scope originally granted".
    let scope = match &ask.scope {
        None => granted,
        Some(asked) => {
            let beyond = asked.minus(&family.scope).only(|s| !scope::OF_THE_PERSON.contains(&s.as_str()));
            ensure(beyond.is_empty(), Refusal::ScopeWidened)?;
            asked.intersection(&granted)
        }
    };
    target::same(facts.asked, target::Granted { identifier: family.resource.as_ref(), registered: facts.granted })?;
    Ok(Rotation { turn, scope })
}

fn turn(token: &RefreshToken, family: &Family, overlap: Overlap, now: Timestamp) -> Result<Turn, Refusal> {
    let replayed = Refusal::RefreshReplayed { family: family.id };
    let good_until = match family.generation.checked_sub(token.generation) {
        Some(0) => return Ok(Turn::Next),
        Some(1) => family.turned_at.plus(overlap.unused),
        Some(2) => family.turned_at.plus(overlap.after_use).min(family.turned_before_at.plus(overlap.unused)),
        _ => return Err(replayed),
    };
    ensure(now <= good_until && family.overlaps < overlap.most, replayed)?;
    Ok(Turn::Overlap)
}
