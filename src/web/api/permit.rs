//! From an access token, or a machine's access key, to an [`Operator`]. RFC 6750, RFC 9449 §7.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;

use super::problem::Problem;
use crate::base::{OpaqueToken, TokenKind};
use crate::operations;
use crate::operations::operator::{NotPermitted, Operator, Shown};
use crate::protocol::dpop;
use crate::protocol::refusal::Refusal;
use crate::web::extract::Caller;
use crate::web::key_guess::KeyGuess;
use crate::web::oauth::proof;

/// How a token was shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Bearer,
    Dpop,
}

/// Who asks, if they may have this. A cookie is nobody's here: a page of another origin could make a browser send it (attack case 46).
pub(super) async fn permit(caller: &Caller, request: &HttpRequest, needed: &'static str) -> Result<Operator, Problem> {
    // RFC 6750 §2: "Clients MUST NOT use more than one method to transmit the token in each request."
    let (tokens, keys) = (request.headers().get_all(AUTHORIZATION), request.headers().get_all(KEY_HEADER));
    let mut shown = tokens.map(|value| (AUTHORIZATION.as_str(), value)).chain(keys.map(|value| (KEY_HEADER, value)));
    let first = shown.next();
    if shown.next().is_some() {
        return Err(Problem::unreadable("this takes one credential: one `Authorization`, or one `X-API-Key`"));
    }
    let (scheme, token) = match first.and_then(|(name, value)| Some((name, value.to_str().ok()?))) {
        Some((KEY_HEADER, key)) => return by_key(caller, key.trim(), needed).await,
        // An access key is one whatever it is called.
        Some((_, header)) => match scheme(header) {
            Some((Scheme::Bearer, token)) if OpaqueToken::kind_of(token) == Some(TokenKind::AccessKey) => {
                return by_key(caller, token, needed).await;
            }
            Some(known) => known,
            None => return Err(nobody(caller)),
        },
        None => return Err(nobody(caller)),
    };
    let refused = |refusal: Refusal| {
        operations::tell(&caller.app, &caller.ctx, &refusal);
        let error = format!("error=\"{}\"", refusal.error().as_str());
        Problem::unauthorized(with_proof(&error), &refusal.public_text())
    };
    let proof = match scheme {
        Scheme::Bearer => None,
        Scheme::Dpop => {
            let proof = proof(caller, request, Some(token)).and_then(|proof| proof.ok_or(Refusal::DpopProofMissing));
            Some(proof.map_err(refused)?)
        }
    };
    let challenge = |error: &str| match scheme {
        Scheme::Bearer => bearer(caller, error),
        Scheme::Dpop => with_proof(error),
    };
    match Operator::with_token(&caller.app, &caller.ctx, Shown { token, proof }, needed).await? {
        Ok(operator) => Ok(operator),
        Err(NotPermitted::InvalidToken | NotPermitted::Key(_)) => {
            caller.app.tally.count("API request with a token that is not good for it");
            let words = "the access token is unknown, expired, revoked, or meant for another server than this one";
            Err(Problem::unauthorized(challenge("error=\"invalid_token\""), words))
        }
        // RFC 9449 §7.2: "MUST reject a DPoP-bound access token received as a bearer token". The challenge says how it is sent.
        Err(NotPermitted::OtherKey) => {
            let words =
                "a token that is bound to a key goes with the DPoP scheme and a proof of that key, and no other does";
            Err(Problem::unauthorized(with_proof("error=\"invalid_token\""), words))
        }
        Err(NotPermitted::Proof(refusal)) => Err(refused(refusal)),
        Err(NotPermitted::NotAnAdministrator) => {
            let words = "the access token speaks for a person who does not administer this appliance";
            Err(Problem::forbidden(challenge(&insufficient(needed)), words))
        }
        Err(NotPermitted::NoSecondFactor) => {
            let words = "administrators of this appliance have a second factor or a passkey, and the person that the access token \
                         speaks for has neither: signing in to it once more sets one up";
            Err(Problem::forbidden(challenge(&insufficient(needed)), words))
        }
        Err(NotPermitted::InsufficientScope { needed }) => {
            let words = format!("this takes an access token with the scope `{needed}`");
            Err(Problem::forbidden(challenge(&insufficient(needed)), &words))
        }
    }
}

/// Where a machine's access key is sent that is not sent as a bearer token.
pub(in crate::web) const KEY_HEADER: &str = "x-api-key";

/// RFC 6750 §3: without any authentication, the challenge has no error code; RFC 9449 §7.2 has both schemes.
fn nobody(caller: &Caller) -> Problem {
    let words = "this takes an access token or an access key: `Authorization: Bearer …`, or `X-API-Key: …`";
    Problem::unauthorized(bearer(caller, ""), words).and_challenge(with_proof(""))
}

/// A machine that sends its access key instead of a token.
async fn by_key(caller: &Caller, key: &str, needed: &'static str) -> Result<Operator, Problem> {
    let guess = KeyGuess::count(caller).map_err(|wait| Problem::too_many(wait.seconds() + 1))?;
    let known = Operator::with_access_key(&caller.app, &caller.ctx, key, needed).await?;
    if !matches!(known, Err(NotPermitted::Key(Refusal::ClientUnknown | Refusal::ClientSecretWrong))) {
        guess.was_none(caller);
    }
    match known {
        Ok(operator) => Ok(operator),
        Err(NotPermitted::InsufficientScope { needed }) => {
            let words = format!("this takes the scope `{needed}`, which the machine does not have");
            Err(Problem::forbidden(bearer(caller, &insufficient(needed)), &words))
        }
        Err(NotPermitted::Key(Refusal::DpopProofMissing)) => {
            let words = "this machine only gets tokens that are bound to a key, so its access key opens nothing here";
            Err(Problem::unauthorized(with_proof("error=\"invalid_token\""), words))
        }
        Err(NotPermitted::Key(Refusal::ClientUnknown | Refusal::ClientSecretWrong)) => {
            let words = "the access key is unknown, or was revoked";
            Err(Problem::unauthorized(bearer(caller, "error=\"invalid_token\""), words))
        }
        Err(NotPermitted::Key(refusal)) => {
            operations::tell(&caller.app, &caller.ctx, &refusal);
            let challenge = bearer(caller, "error=\"invalid_token\"");
            Err(Problem::unauthorized(challenge, &refusal.public_text()))
        }
        // Said of tokens only.
        Err(
            NotPermitted::InvalidToken
            | NotPermitted::OtherKey
            | NotPermitted::Proof(_)
            | NotPermitted::NotAnAdministrator
            | NotPermitted::NoSecondFactor,
        ) => Err(nobody(caller)),
    }
}

/// The scheme and the token of an Authorization header. RFC 9110 §11.1: the scheme's name has no case.
fn scheme(header: &str) -> Option<(Scheme, &str)> {
    let (scheme, token) = header.split_once(' ')?;
    let known = [("bearer", Scheme::Bearer), ("dpop", Scheme::Dpop)];
    let (_, scheme) = known.into_iter().find(|(name, _)| scheme.eq_ignore_ascii_case(name))?;
    Some((scheme, token.trim()))
}

/// RFC 6750 §3.1: the challenge "MAY include the "scope" attribute with the scope necessary to access the protected resource".
fn insufficient(scope: &str) -> String {
    format!("error=\"insufficient_scope\", scope=\"{scope}\"")
}

fn bearer(caller: &Caller, error: &str) -> String {
    let joint = if error.is_empty() { "" } else { ", " };
    format!("Bearer realm=\"{}\"{joint}{error}", caller.app.issuer)
}

/// RFC 9449 §7.1.
fn with_proof(error: &str) -> String {
    let joint = if error.is_empty() { "" } else { ", " };
    format!("DPoP {error}{joint}algs=\"{}\"", dpop::algorithms())
}
