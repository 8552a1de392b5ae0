//! What an administrator changes in a registration.

use serde_json::{Map, Value};

use super::members::Members;
use super::refusal::RegistrationRefusal;
use super::{Admitted, Registration, VouchedBy, admit_with, metadata, name_or_none, registration_response};
use crate::base::Issuer;
use crate::model::Client;

/// Decides what `current` becomes when an administrator changes some of its members; `null` takes one away (RFC 7396 §1). What it then
/// is goes by the same rules as a new registration (RFC 7592 §2.2), except that somebody answers for it.
pub fn edited(current: &Client, changes: &Map<String, Value>, issuer: &Issuer) -> Result<Client, RegistrationRefusal> {
    let Value::Object(mut members) = registration_response(current, None, None, issuer) else {
        return Ok(current.clone());
    };
    for (name, value) in changes {
        members.remove(name);
        if !value.is_null() {
            members.insert(name.clone(), value.clone());
        }
        // Keys are in one place or the other (RFC 7591 §2): saying where they are from now on takes away where they were.
        let elsewhere = match name.as_str() {
            "jwks" => "jwks_uri",
            "jwks_uri" => "jwks",
            _ => continue,
        };
        if !changes.contains_key(elsewhere) {
            members.remove(elsewhere);
        }
    }
    let members = Members::parse(Value::Object(members).to_string().as_bytes(), Registration::LONGEST)?;
    let ask = Registration::from_members(&members)?;
    // A secret is made with the client and shown once, so a client that has none cannot begin to need one here.
    if ask.auth_method.has_secret() && !current.auth_method.has_secret() {
        return Err(metadata("token_endpoint_auth_method", "it has no secret; register another client that has"));
    }
    let Admitted { registration, .. } = admit_with(ask, VouchedBy::Administrator, &current.grant_types)?;
    let (jwks, jwks_uri) = registration.keys.split();
    // A secret that does not count any more is not kept for a day on which it might again.
    let secrets = if registration.auth_method.has_secret() { current.secrets.clone() } else { Vec::new() };
    Ok(Client {
        secrets,
        name: name_or_none(registration.name.as_ref()),
        application_type: registration.application_type,
        auth_method: registration.auth_method,
        jwks,
        jwks_uri,
        redirect_uris: registration.redirect_uris,
        grant_types: registration.grant_types,
        scope: registration.scope,
        client_uri: registration.client_uri,
        about: registration.about,
        id_token_signed_response_alg: registration.id_token_signed_response_alg,
        dpop_bound_access_tokens: registration.dpop_bound_access_tokens,
        ..current.clone()
    }
    .with_its_own_mark())
}
