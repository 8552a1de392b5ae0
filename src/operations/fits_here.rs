//! Whether what a client would be registered as is of use at this appliance: what the rules alone cannot know.

use crate::keys::JwkSet;
use crate::protocol::registration::{RegisteredKeys, Registration, RegistrationRefusal};

/// RFC 7591 §2, `jwks`: read as it will be read when an assertion is verified, so that nobody is registered who can never
/// authenticate. Not inside a transaction: parsing keys takes a while.
pub(crate) fn fits_here(ask: &Registration) -> Result<(), RegistrationRefusal> {
    let refuse = |member, why| Err(RegistrationRefusal::Metadata { member, why });
    match &ask.keys {
        RegisteredKeys::Inline(jwks) if JwkSet::parse_value(jwks).is_err() => {
            refuse("jwks", "none of its keys is a valid RSA, P-256 or Ed25519 key for signatures")
        }
        _ => Ok(()),
    }
}
