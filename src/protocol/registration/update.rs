//! Changing a registration. RFC 7592 §2.2.

use super::members::Members;
use super::refusal::RegistrationRefusal;
use super::{Admitted, Registration, VouchedBy, admit_with, metadata, name_or_none};
use crate::base::{Digest, Secret, Timestamp};
use crate::model::{AuthMethod, Client, ClientState, RegistrationMode, Review};

/// What a client asks its registration to become, whole.
#[derive(Clone, Debug, PartialEq)]
pub struct RegistrationUpdate {
    pub client_id: Option<String>,
    pub client_secret: Option<Secret>,
    pub registration: Registration,
}

impl RegistrationUpdate {
    /// Reads the body of an update request. RFC 7592 §2.2.
    ///
    /// The section's four members that a client "MUST NOT" send (its management token and address, and the two
    /// dates) are ignored like any that are not metadata: clients send back what they read.
    pub fn parse(bytes: &[u8]) -> Result<Self, RegistrationRefusal> {
        let members = Members::parse(bytes, Registration::LONGEST)?;
        Ok(Self {
            client_id: members.text("client_id", 512)?.map(str::to_owned),
            client_secret: members.text("client_secret", 512)?.map(Secret::new),
            registration: Registration::from_members(&members)?,
        })
    }
}

/// Decides what `current` becomes. RFC 7592 §2.2: "Valid values of client metadata fields in this request MUST
/// replace, not augment, the values previously associated with this client. Omitted fields MUST be treated as null or
/// empty values by the server". What is not the client's to say (its secrets, provenance, resources, dates) stays.
pub fn update(
    current: &Client,
    ask: RegistrationUpdate,
    mode: RegistrationMode,
    now: Timestamp,
) -> Result<Client, RegistrationRefusal> {
    // "The client MUST include its "client_id" field in the request, and it MUST be the same as its currently issued
    // client identifier."
    if ask.client_id.as_deref() != Some(current.id.to_string().as_str()) {
        return Err(metadata("client_id", "it is the client_id of this registration"));
    }
    // "If the client includes the "client_secret" field in the request, the value of this field MUST match the
    // currently issued client secret for that client. The client MUST NOT be allowed to overwrite its existing client
    // secret with its own chosen value."
    if ask.client_secret.is_some_and(|secret| !is_secret_of(current, &secret, now)) {
        return Err(metadata("client_secret", "it is the one that was issued; a client does not choose its own"));
    }
    let asked_method = ask.registration.auth_method;
    let keeps_its_strength =
        asked_method == current.auth_method || (asked_method.has_secret() && current.auth_method.has_secret());
    // Attack case 37. Whoever holds the management token may not turn a client that authenticates into one that does
    // not; and the other way there would be no secret to authenticate with.
    if !keeps_its_strength {
        return Err(metadata("token_endpoint_auth_method", "it cannot be changed; register again"));
    }
    // Nor, by the same token, one whose tokens are worth nothing without its key into one whose tokens are worth something (RFC 9449 §5.2).
    if current.dpop_bound_access_tokens && !ask.registration.dpop_bound_access_tokens {
        return Err(metadata("dpop_bound_access_tokens", "it cannot be taken back; register again"));
    }

    // Attack case 37: the same rule as at creation, save that a client keeps what it was given.
    let Admitted { registration, .. } = admit_with(ask.registration, VouchedBy::Nobody, &current.grant_types)?;
    let (jwks, jwks_uri) = registration.keys.split();
    let changed = Client {
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
    };
    // An administrator approved what the client was. What it is now, nobody has looked at.
    let looked_at = changed.fingerprint() == current.fingerprint();
    // Nor does a mark go with it that was given to what it was.
    let changed = changed.with_its_own_mark();
    match (mode, current.state) {
        (RegistrationMode::Approval, ClientState::Active) if !looked_at => {
            Ok(Client { state: ClientState::AwaitingApproval, ..changed })
        }
        // What was decided against is not what this is: it waits again.
        (_, ClientState::Rejected) if !looked_at => {
            let review = Review { rejected: None, ..changed.review.clone() };
            Ok(Client { state: ClientState::AwaitingApproval, review, ..changed })
        }
        _ => Ok(changed),
    }
}

fn is_secret_of(client: &Client, secret: &Secret, now: Timestamp) -> bool {
    let digest = Digest::of(secret.expose().as_bytes());
    client.auth_method != AuthMethod::None
        && client.secrets.iter().any(|live| live.digest == digest && live.expires_at.is_none_or(|end| now < end))
}
