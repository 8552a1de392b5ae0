//! The client information response. RFC 7591 §3.2.1, RFC 7592 §3.

use serde_json::{Map, Value, json};

use crate::base::{Issuer, RedirectUri, Secret};
use crate::model::{ApplicationType, Client, GrantType};
use crate::protocol::discovery::paths;

/// Everything that is registered about `client`.
///
/// RFC 7591 §3.2.1: "the authorization server MUST return all registered metadata about this client, including any
/// fields provisioned by the authorization server itself." The secret is in hand only when it was just made: what is
/// stored is a digest, so a read or an update (RFC 7592 §3, `client_secret`: OPTIONAL) comes without.
/// No member is null or empty: the clients' own parsers refuse a null.
pub fn registration_response(
    client: &Client,
    secret: Option<&Secret>,
    registration_access_token: Option<&Secret>,
    issuer: &Issuer,
) -> Value {
    let mut document = Map::new();
    let mut say = |name: &str, value: Value| {
        let is_empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !is_empty {
            document.insert(name.to_owned(), value);
        }
    };

    say("client_id", json!(client.id.to_string()));
    say("client_id_issued_at", json!(client.created_at.seconds()));
    if let Some(secret) = secret {
        say("client_secret", json!(secret.expose()));
        // §3.2.1: "REQUIRED if "client_secret" is issued. […] or 0 if it will not expire."
        let expires_at = client.secrets.last().and_then(|secret| secret.expires_at);
        say("client_secret_expires_at", json!(expires_at.map_or(0, |at| at.seconds())));
    }
    if let Some(token) = registration_access_token {
        // RFC 7592 §3: both are REQUIRED together.
        say("registration_access_token", json!(token.expose()));
        say("registration_client_uri", json!(issuer.url(&format!("{}/{}", paths::REGISTER, client.id))));
    }

    say("client_name", json!(client.name));
    say("redirect_uris", json!(client.redirect_uris.iter().map(RedirectUri::as_str).collect::<Vec<_>>()));
    say("token_endpoint_auth_method", json!(client.auth_method.as_str()));
    say("grant_types", json!(client.grant_types.iter().map(|grant| grant.as_str()).collect::<Vec<_>>()));
    if client.allows_grant(GrantType::AuthorizationCode) {
        say("response_types", json!(["code"]));
    }
    say("application_type", json!(application_type(client.application_type)));
    say("scope", json!(client.scope.as_ref().map(ToString::to_string)));
    say("jwks", json!(client.jwks));
    say("jwks_uri", json!(client.jwks_uri));
    say("client_uri", json!(client.client_uri));
    say("logo_uri", json!(client.about.logo_uri));
    say("policy_uri", json!(client.about.policy_uri));
    say("tos_uri", json!(client.about.tos_uri));
    say("contacts", json!(client.about.contacts));
    say("software_id", json!(client.about.software_id));
    say("software_version", json!(client.about.software_version));
    say("id_token_signed_response_alg", json!(client.id_token_signed_response_alg.map(|algorithm| algorithm.as_str())));
    if client.dpop_bound_access_tokens {
        say("dpop_bound_access_tokens", json!(true));
    }

    Value::Object(document)
}

/// OIDC registration §2.
fn application_type(kind: ApplicationType) -> &'static str {
    match kind {
        ApplicationType::Web => "web",
        ApplicationType::Native => "native",
    }
}
