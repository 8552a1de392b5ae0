//! Tokens for the client itself. OAuth 2.1 §4.2, and what of a `scope` is granted: §1.4.1.

use serde_json::json;
use writ::model::{ClientState, GrantType};

use crate::world::{ISSUER, World};

/// §4.2.2, RFC 9068 §2.2: the client speaks for itself, for a while, and gets no refresh token.
#[test]
fn a_client_speaks_for_itself() {
    let world = World::new();
    let ada = world.administrator("ada");
    let resource = world.resource("https://mcp.example/a", "mcp:read mcp:write").identifier.to_string();
    let robot = world.machine("robot", &ada, "mcp:read mcp:write");
    let answer = robot.client_credentials(&world, &[("resource", &resource), ("scope", "mcp:write")]);
    let body = answer.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 3_600);
    assert_eq!(body["scope"], "mcp:write");
    for absent in ["refresh_token", "id_token"] {
        assert_eq!(body.get(absent), None);
    }
    let (claims, now, id) = (answer.tokens().claims(), world.now().seconds(), robot.id.to_string());
    assert_eq!(
        claims,
        json!({
            "iss": ISSUER, "sub": id, "aud": resource, "client_id": id, "scope": "mcp:write",
            "iat": now, "exp": now + 3_600, "jti": claims["jti"], "type": "machine", "status": claims["status"],
        })
    );
    world.expect_event("token.issued");
}

/// protocol.md §1.7: unknown scopes "are dropped and audited, not fatal", and the answer always says what was granted.
#[test]
fn a_scope_is_narrowed_to_what_the_client_may_have_here() {
    let world = World::new();
    let crm = world.confidential("crm");
    // It may have mcp:read, mcp:write and mcp:admin; the resource offers mcp:read, mcp:write and tools:ping.
    let resource = world.resource("https://mcp.example/a", "mcp:read mcp:write tools:ping").identifier.to_string();
    for (asked, granted) in [
        ("mcp:read", "mcp:read"),
        ("mcp:write mcp:read", "mcp:read mcp:write"),
        ("mcp:read mcp:admin", "mcp:read"),
        ("mcp:read tools:ping", "mcp:read"),
        ("mcp:write made:up", "mcp:write"),
        ("mcp:read mcp:read  mcp:read", "mcp:read"),
        // Of the person, and here is none.
        ("openid profile email offline_access mcp:read", "mcp:read"),
        // None asked for: the resource's default set.
        ("", "mcp:read"),
    ] {
        let tokens = crm.client_credentials(&world, &[("scope", asked), ("resource", &resource)]).tokens();
        assert_eq!((tokens.scope.as_str(), &tokens.claims()["scope"]), (granted, &json!(granted)), "{asked:?}");
    }
    world.expect_event("token.scope_narrowed");
    for asked in ["mcp:admin", "made:up", "openid", "offline_access profile", "tools:ping made:up"] {
        crm.client_credentials(&world, &[("scope", asked), ("resource", &resource)]).expect_refusal(
            400,
            "invalid_scope",
            "ScopeNoneLeft",
        );
    }
    for malformed in ["mcp:read\tmcp:write", "\"", "a\\b", "é", &"s".repeat(129)] {
        crm.client_credentials(&world, &[("scope", malformed)]).expect_refusal(400, "invalid_scope", "ScopeMalformed");
    }
    let many: Vec<String> = (0..65).map(|n| format!("s{n}")).collect();
    crm.client_credentials(&world, &[("scope", &many.join(" "))]).expect_refusal(
        400,
        "invalid_scope",
        "ScopeMalformed",
    );
}

#[test]
fn only_a_client_with_a_secret_and_the_grant_is_served() {
    let world = World::new();
    let crm = world.confidential("crm");
    world.client("cli").client_credentials(&world, &[]).expect_refusal(
        400,
        "unauthorized_client",
        "PublicClientCredentials",
    );
    world.edit_client(&crm, |client| client.grant_types.retain(|grant| *grant != GrantType::ClientCredentials));
    crm.client_credentials(&world, &[]).expect_refusal(400, "unauthorized_client", "GrantNotAllowed");
    world.expect_event("token.refused");
    world.edit_client(&crm, |client| client.grant_types.push(GrantType::ClientCredentials));
    world.edit_client(&crm, |client| client.state = ClientState::Suspended);
    crm.client_credentials(&world, &[]).expect_refusal(401, "invalid_client", "ClientSuspended");
}

/// Without a resource of anybody's, the token is for the appliance itself.
#[test]
fn without_any_resource_the_issuer_is_the_audience() {
    let world = World::new();
    let tokens = world.confidential("crm").client_credentials(&world, &[]).tokens();
    assert_eq!(tokens.claims()["aud"], ISSUER);
    assert_eq!(tokens.scope, "mcp:admin mcp:read mcp:write");
}

/// A client that an administrator gave the grant and no ceiling has what the resource offers; where no resource is meant
/// either, it has nothing, for then any word would be a scope.
#[test]
fn without_a_ceiling_the_resource_is_the_ceiling() {
    let world = World::new();
    let crm = world.confidential("crm");
    world.edit_client(&crm, |client| client.scope = None);
    assert_eq!(crm.client_credentials(&world, &[]).tokens().scope, "");
    crm.client_credentials(&world, &[("scope", "mcp:read")]).expect_refused(400, "invalid_scope");

    world.resource("https://mcp.example/a", "mcp:read mcp:write");
    assert_eq!(crm.client_credentials(&world, &[]).tokens().scope, "mcp:read", "the resource's default set");
    assert_eq!(crm.client_credentials(&world, &[("scope", "mcp:write")]).tokens().scope, "mcp:write");
    crm.client_credentials(&world, &[("scope", "mcp:admin")]).expect_refused(400, "invalid_scope");
}
