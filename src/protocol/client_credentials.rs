//! The client credentials grant. OAuth 2.1 §4.2.

use super::client_auth::AuthenticatedClient;
use super::own_scopes::within_reach;
use super::refusal::{Refusal, ensure};
use super::scope::{self, Narrowed};
use super::token_request::ClientCredentials;
use crate::model::{GrantName, GrantType, ProtectedResource};

/// Decides what a client may have in its own name. OAuth 2.1 §4.2. `open`: there are resources, and nothing says which is meant.
pub fn grant(
    client: &AuthenticatedClient,
    name: GrantName,
    ask: &ClientCredentials,
    resource: Option<&ProtectedResource>,
    open: bool,
) -> Result<Narrowed, Refusal> {
    // §4.2: "The client credentials grant type MUST only be used by confidential clients."
    ensure(!client.is_public(), Refusal::PublicClientCredentials)?;
    let grant = match name {
        // RFC 7523 §2.1: an assertion as the grant; the tokens are the client's own all the same.
        GrantName::JwtBearer => GrantType::JwtBearer,
        // RFC 8693 §2.1: the same assertion as the subject of an exchange.
        GrantName::TokenExchange => GrantType::TokenExchange,
        _ => GrantType::ClientCredentials,
    };
    ensure(client.allows_grant(grant), Refusal::GrantNotAllowed)?;
    let narrowed =
        scope::narrow_for_client(ask.scope.as_ref(), client.ceiling(resource), &within_reach(client), resource)?;
    // RFC 9068 §2.2.3: "All the individual scope strings in the "scope" claim MUST have meaning for the resources indicated in the
    // "aud" claim." The appliance knows its own and no resource's.
    ensure(
        !open || !narrowed.scope.iter().any(|name| scope::is_of_a_resource(name.as_str())),
        Refusal::ResourceMissing,
    )?;
    Ok(narrowed)
}
