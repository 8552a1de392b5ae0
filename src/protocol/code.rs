//! Redeeming an authorization code. OAuth 2.1 §4.1.3, RFC 7636 §4.6.

use super::client_auth::AuthenticatedClient;
use super::refusal::{Refusal, ensure};
use super::token_request::CodeExchange;
use super::{dpop, pkce, target};
use crate::base::{Digest, Timestamp};
use crate::model::{AuthorizationCode, CodeState, Consent, GrantType, PersonState, ProtectedResource};

/// What is known of the presented code.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub code: Option<&'a AuthorizationCode>,
    pub person: Option<PersonState>,
    /// What the person allows this client at this resource, as of now.
    pub consent: Option<&'a Consent>,
    /// The resource that the code is for.
    pub granted: Option<&'a ProtectedResource>,
    /// The resource that the request names, if it names one.
    pub asked: &'a target::Facts,
    /// The thumbprint of the key that the caller has shown to have.
    pub key: Option<Digest>,
}

/// Decides whether `client` may have tokens for a code. Reads facts, changes nothing. OAuth 2.1 §4.1.3.
///
/// `Ok` is the code, fit to be spent.
pub fn redeem<'a>(
    facts: Facts<'a>,
    client: &AuthenticatedClient,
    ask: &CodeExchange,
    now: Timestamp,
) -> Result<&'a AuthorizationCode, Refusal> {
    // §3.2.4: "not authorized to use this authorization grant type".
    ensure(client.allows_grant(GrantType::AuthorizationCode), Refusal::GrantNotAllowed)?;

    // §4.1.3: "verify that the authorization code is valid". The id alone proves nothing.
    let code = facts.code.ok_or(Refusal::CodeUnknown)?;
    let presented = ask.code.as_ref().ok_or(Refusal::CodeUnknown)?;
    ensure(code.digest == presented.digest(), Refusal::CodeUnknown)?;

    // §4.1.3: "ensure that the authorization code was issued to the authenticated confidential client, or if the client
    // is public, ensure that the code was issued to client_id in the request". Before the replay check, so that a client
    // that gets hold of another's spent code cannot end the other's tokens.
    ensure(code.client_id == *client.id(), Refusal::CodeOfAnotherClient)?;

    // OAuth 2.1 dropped redirect_uri here; a client that still sends it (RFC 6749 §4.1.3) must send the same.
    if let Some(sent) = &ask.redirect_uri {
        ensure(*sent == code.redirect_uri, Refusal::RedirectUriMismatch)?;
    }

    // RFC 7636 §4.6. Before the replay check too: a public client's id is no secret, and whoever picks up a spent code from a
    // browser's history has no verifier. Only "a second valid token request" is a sign that a code was stolen in time.
    pkce::verify(&code.code_challenge, ask.code_verifier.as_deref())?;

    // RFC 9449 §10: "computes the JWK Thumbprint of the proof-of-possession public key in the DPoP proof and verifies that it matches
    // the dpop_jkt parameter value in the authorization request. If they do not match, it MUST reject the request."
    dpop::held(code.dpop_jkt.as_ref(), facts.key.as_ref(), Refusal::CodeOfAnotherKey)?;

    // §4.1.3: "The authorization server MUST return an access token only once for a given authorization code." and "If a
    // second valid token request is made with the same authorization code, the authorization server MUST deny the request
    // and SHOULD revoke (when possible) all access tokens and refresh tokens previously issued based on that code."
    if let CodeState::Redeemed { family } = code.state {
        return Err(Refusal::CodeReplayed { family });
    }

    // §4.1.2: "The authorization code MUST expire shortly after it is issued".
    ensure(now < code.expires_at, Refusal::CodeExpired)?;

    // RFC 8707 §2.2.
    target::same(facts.asked, target::Granted { identifier: code.resource.as_ref(), registered: facts.granted })?;

    // §4.1.3: "verify that the authorization code is valid": it stands for what a person allowed a minute ago, and both may be
    // over by now. What is taken back in that minute stays taken back.
    ensure(facts.person == Some(PersonState::Active), Refusal::PersonSuspended)?;
    ensure(facts.consent.is_some_and(|consent| code.scope.is_subset_of(&consent.scope)), Refusal::ConsentOver)?;

    Ok(code)
}
