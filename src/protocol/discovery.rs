//! What the appliance says about itself: one document for RFC 8414 and for OpenID Connect Discovery 1.0.

use serde_json::{Map, Value, json};

use super::id_jag::{ID_JAG, ID_JAG_PROFILE};
use crate::base::Issuer;
use crate::model::{
    AuthMethod, ED25519, GrantType, JwsAlgorithm, Language, Prompt, RegistrationMode, ResponseMode, ScopeSet,
    SignInMethod,
};

/// Where things are, below the issuer.
pub mod paths {
    pub const AUTHORIZE: &str = "/oauth/authorize";
    pub const TOKEN: &str = "/oauth/token";
    pub const REVOKE: &str = "/oauth/revoke";
    pub const INTROSPECT: &str = "/oauth/introspect";
    pub const REGISTER: &str = "/oauth/register";
    pub const USERINFO: &str = "/oauth/userinfo";
    pub const STATUS: &str = "/oauth/status";
    pub const JWKS: &str = "/.well-known/jwks.json";
}

/// The claims that id_token and userinfo carry. OpenID Connect Discovery §3, `claims_supported`.
pub const CLAIMS: [&str; 12] =
    ["iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "at_hash", "name", "email"];

/// What a client may sign its assertion with: EdDSA by either of its names.
pub const ASSERTION_ALGORITHMS: [&str; 5] = [
    JwsAlgorithm::ES256.as_str(),
    JwsAlgorithm::RS256.as_str(),
    JwsAlgorithm::PS256.as_str(),
    JwsAlgorithm::EdDSA.as_str(),
    ED25519,
];

/// What a DPoP proof may be signed with: the same.
pub const PROOF_ALGORITHMS: [&str; 5] = ASSERTION_ALGORITHMS;

/// What is switched on.
#[derive(Clone, Debug)]
pub struct Capabilities {
    pub registration: RegistrationMode,
    /// The catalogue; the scopes of the protocol itself are added to it.
    pub scopes: ScopeSet,
    /// Whether some identity provider's word about people is taken here.
    pub takes_id_jags: bool,
    /// Whether some client may carry our word about people elsewhere.
    pub gives_id_jags: bool,
    /// What id_tokens are signed with. OpenID Connect Discovery §3: "The algorithm RS256 MUST be included."
    pub id_token_algorithms: Vec<String>,
}

/// The metadata document. RFC 8414 §2 and §3.2, OpenID Connect Discovery §3.
///
/// RFC 8414 §3.2: "Claims with zero elements MUST be omitted from the response." What is advertised works, what is
/// switched off is absent, and no member is null: real clients fail on one (RFC 8259 null is not "absent" to them).
pub fn server_metadata(issuer: &Issuer, facts: &Capabilities) -> Value {
    let mut document = Map::new();
    let mut say = |name: &str, value: Value| {
        let is_empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !is_empty {
            document.insert(name.to_owned(), value);
        }
    };

    // RFC 8414 §2: "the authorization server's issuer identifier"; §3.3: it "MUST be identical" to what was asked for.
    say("issuer", json!(issuer.as_str()));
    say("authorization_endpoint", json!(issuer.url(paths::AUTHORIZE)));
    say("token_endpoint", json!(issuer.url(paths::TOKEN)));
    say("jwks_uri", json!(issuer.url(paths::JWKS)));
    say("userinfo_endpoint", json!(issuer.url(paths::USERINFO)));
    say("revocation_endpoint", json!(issuer.url(paths::REVOKE)));
    say("introspection_endpoint", json!(issuer.url(paths::INTROSPECT)));
    // draft-ietf-oauth-status-list §9.1: "it is RECOMMENDED to use the status_list_aggregation_endpoint parameter".
    say("status_list_aggregation_endpoint", json!(issuer.url(paths::STATUS)));
    // RFC 7591 §3; a closed door is not announced.
    if facts.registration != RegistrationMode::Closed {
        say("registration_endpoint", json!(issuer.url(paths::REGISTER)));
    }

    say("scopes_supported", json!(scopes(&facts.scopes)));
    // OAuth 2.1 §4.1.1: the one response type that is left.
    say("response_types_supported", json!(["code"]));
    say("response_modes_supported", json!(ResponseMode::ALL.map(|(name, _)| name)));
    say("grant_types_supported", json!(GrantType::ALL.map(GrantType::as_str)));
    // RFC 7636 §6.2, in the OpenID document too: MCP clients refuse a server that does not say it.
    say("code_challenge_methods_supported", json!(["S256"]));
    // OpenID Connect Prompt Create 1.0 names the member.
    say("prompt_values_supported", json!(Prompt::ALL.map(|(name, _)| name)));
    // OpenID Connect Discovery §3: "Languages and scripts supported for the user interface, represented as a JSON array of BCP47
    // [RFC5646] language tag values."
    say("ui_locales_supported", json!(Language::ALL.map(Language::tag)));

    // RFC 8414 §2: "The value "none" MUST NOT be used."
    say("token_endpoint_auth_methods_supported", json!(AuthMethod::ALL.map(AuthMethod::as_str)));
    // RFC 8414 §2: "This metadata entry MUST be present if either of these authentication methods are specified".
    say("token_endpoint_auth_signing_alg_values_supported", json!(ASSERTION_ALGORITHMS));
    // RFC 7009 §2.1: a public client names itself, and nothing more.
    say("revocation_endpoint_auth_methods_supported", json!(AuthMethod::ALL.map(AuthMethod::as_str)));
    say("revocation_endpoint_auth_signing_alg_values_supported", json!(ASSERTION_ALGORITHMS));
    // RFC 7662 §2.1: "the endpoint MUST also require some form of authorization". `none` is none.
    say("introspection_endpoint_auth_methods_supported", json!(confidential_methods()));
    say("introspection_endpoint_auth_signing_alg_values_supported", json!(ASSERTION_ALGORITHMS));

    // RFC 9701 §7: "JSON array containing a list of the JWS signing algorithms … supported by the introspection endpoint to sign the response."
    say("introspection_signing_alg_values_supported", json!(facts.id_token_algorithms));

    // RFC 9449 §5.1: "to signal support for DPoP in general and the specific JWS alg values".
    say("dpop_signing_alg_values_supported", json!(PROOF_ALGORITHMS));

    // draft-ietf-oauth-identity-assertion-authz-grant §7: who takes assertions says so by the profile of the grant, and who makes them
    // by what may be asked for in an exchange.
    if facts.takes_id_jags {
        say("authorization_grant_profiles_supported", json!([ID_JAG_PROFILE]));
    }
    if facts.gives_id_jags {
        say("identity_chaining_requested_token_types_supported", json!([ID_JAG]));
    }
    // RFC 9207 §3.
    say("authorization_response_iss_parameter_supported", json!(true));
    // draft-ietf-oauth-client-id-metadata-document §5.
    say("client_id_metadata_document_supported", json!(true));

    say("subject_types_supported", json!(["public"]));
    say("id_token_signing_alg_values_supported", json!(facts.id_token_algorithms));
    say("claim_types_supported", json!(["normal"]));
    say("claims_supported", json!(CLAIMS));
    // OpenID Connect Discovery §3.
    say("acr_values_supported", json!(SignInMethod::ACRS));
    // OpenID Connect Discovery §3: `request_uri_parameter_supported` means true when it is not said.
    say("claims_parameter_supported", json!(false));
    say("request_parameter_supported", json!(false));
    say("request_uri_parameter_supported", json!(false));

    Value::Object(document)
}

/// OpenID Connect Discovery §3: "The server MUST support the openid scope value." MCP clients add `offline_access`
/// to what they ask for when they see it here.
fn scopes(catalogue: &ScopeSet) -> Vec<String> {
    let own = ["openid", "offline_access"].into_iter().filter_map(|name| name.parse().ok()).collect();
    catalogue.union(&own).iter().map(|scope| scope.as_str().to_owned()).collect()
}

fn confidential_methods() -> Vec<&'static str> {
    AuthMethod::ALL.into_iter().filter(|method| *method != AuthMethod::None).map(AuthMethod::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(registration: RegistrationMode) -> Value {
        let facts = Capabilities {
            registration,
            scopes: "mcp:read mcp:write".parse().unwrap(),
            takes_id_jags: true,
            gives_id_jags: true,
            id_token_algorithms: vec!["RS256".to_owned(), "ES256".to_owned()],
        };
        server_metadata(&Issuer::parse("https://id.example/tenant").unwrap(), &facts)
    }

    #[test]
    fn no_member_is_null_or_empty() {
        let facts = Capabilities {
            registration: RegistrationMode::Open,
            scopes: ScopeSet::new(),
            takes_id_jags: false,
            gives_id_jags: false,
            id_token_algorithms: Vec::new(),
        };
        for document in
            [document(RegistrationMode::Open), server_metadata(&Issuer::parse("https://id.example").unwrap(), &facts)]
        {
            for (name, value) in document.as_object().unwrap() {
                assert!(
                    !value.is_null() && *value != json!("") && *value != json!([]) && *value != json!({}),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn both_specifications_find_what_they_require() {
        let document = document(RegistrationMode::Open);
        for name in [
            // RFC 8414 §2 and OpenID Connect Discovery §3, REQUIRED.
            "issuer",
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "response_types_supported",
            "subject_types_supported",
            "id_token_signing_alg_values_supported",
            // What MCP clients look for.
            "registration_endpoint",
            "scopes_supported",
            "grant_types_supported",
            "code_challenge_methods_supported",
            "token_endpoint_auth_methods_supported",
            "token_endpoint_auth_signing_alg_values_supported",
            "revocation_endpoint",
            "introspection_endpoint",
            "userinfo_endpoint",
            "status_list_aggregation_endpoint",
        ] {
            assert!(document.get(name).is_some(), "{name}");
        }
        assert_eq!(document["issuer"], "https://id.example/tenant");
        assert_eq!(document["token_endpoint"], "https://id.example/tenant/oauth/token");
        assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(document["scopes_supported"], json!(["mcp:read", "mcp:write", "offline_access", "openid"]));
        assert_eq!(document["grant_types_supported"], json!(GrantType::ALL.map(GrantType::as_str)));
        assert_eq!(
            document["dpop_signing_alg_values_supported"],
            json!(["ES256", "RS256", "PS256", "EdDSA", "Ed25519"])
        );
        assert_eq!(document["authorization_response_iss_parameter_supported"], true);
        assert_eq!(document["client_id_metadata_document_supported"], true);
        assert_eq!(document["introspection_signing_alg_values_supported"], json!(["RS256", "ES256"]));
        assert!(!document["introspection_endpoint_auth_methods_supported"].to_string().contains("none"));
    }

    #[test]
    fn every_algorithm_of_assertions_is_listed_and_means_one_that_is_verified() {
        let meant = ASSERTION_ALGORITHMS.map(|name| name.parse::<JwsAlgorithm>().unwrap());
        assert!(JwsAlgorithm::ALL.iter().all(|algorithm| meant.contains(algorithm)));
    }

    #[test]
    fn a_closed_registration_is_not_advertised() {
        assert!(document(RegistrationMode::Closed).get("registration_endpoint").is_none());
        for mode in [RegistrationMode::Open, RegistrationMode::Approval, RegistrationMode::Token] {
            assert_eq!(document(mode)["registration_endpoint"], "https://id.example/tenant/oauth/register");
        }
    }
}
