//! Whether what a client would be registered as is of use at this appliance: what the rules alone cannot know.

use crate::app::App;
use crate::keys::JwkSet;
use crate::protocol::registration::{RegisteredKeys, Registration, RegistrationRefusal};

/// OpenID Connect Dynamic Client Registration §2, `id_token_signed_response_alg`: one that no key here signs with is refused, not
/// promised. RFC 7591 §2, `jwks`: read as it will be read when an assertion is verified, so that nobody is registered who can never
/// authenticate. Not inside a transaction: parsing keys takes a while.
pub(crate) fn fits_here(app: &App, ask: &Registration) -> Result<(), RegistrationRefusal> {
    let refuse = |member, why| Err(RegistrationRefusal::Metadata { member, why });
    if ask.id_token_signed_response_alg.is_some_and(|algorithm| !app.config.keys.algorithms.contains(&algorithm)) {
        return refuse("id_token_signed_response_alg", "no key here signs with it: discovery lists those that do");
    }
    match &ask.keys {
        RegisteredKeys::Inline(jwks) if JwkSet::parse_value(jwks).is_err() => {
            refuse("jwks", "none of its keys is a valid RSA, P-256 or Ed25519 key for signatures")
        }
        _ => Ok(()),
    }
}
