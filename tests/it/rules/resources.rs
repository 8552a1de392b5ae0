//! Resource indicators: which resource a token is for, and what becomes of its wishes. RFC 8707.

use serde_json::json;
use writ::base::{Lifetime, Resource};
use writ::model::{Algorithm, ProtectedResource, TokenFormat};

use crate::world::{ISSUER, World, verified};

fn parse(text: &str) -> Resource {
    Resource::parse(text).unwrap()
}

/// A resource is asked for by its identifier or an alias, however its host is written; its identifier becomes `aud`.
#[test]
fn a_resource_is_known_by_its_aliases_and_named_by_its_identifier() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let mut row = world.resource("https://mcp.example/a", "mcp:read");
    row.aliases = vec![parse("https://mcp.example"), parse("https://old.example/mcp")];
    world.put_resource(row.clone());
    let crm = world.confidential("crm").at(&row);
    for asked in [
        "https://mcp.example/a",
        "https://mcp.example/a/",
        "https://MCP.example/a",
        "https://mcp.example:443/a",
        "https://mcp.example",
        "https://mcp.example/",
        "https://old.example/mcp",
    ] {
        let tokens = crm.client_credentials(&world, &[("resource", asked)]).tokens();
        assert_eq!(tokens.claims()["aud"], "https://mcp.example/a", "{asked}");
        // In a person's flow as well, at the token endpoint by another name than at the other.
        let code = crm.code_with(&mut browser, &[("resource", asked)]);
        let tokens = crm.redeem_with(&world, &code, &[("resource", "https://old.example/mcp")]).tokens();
        assert_eq!(tokens.claims()["aud"], "https://mcp.example/a", "{asked}");
    }
}

/// §2: "invalid_target: The requested resource is invalid, missing, unknown, or malformed."
#[test]
fn an_unknown_resource_is_refused_and_what_is_known_is_named() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let crm = world.confidential("crm");
    let nothing = crm.client_credentials(&world, &[("resource", "https://x.example/")]);
    nothing.expect_refusal(400, "invalid_target", "ResourceUnknown");
    assert!(nothing.body.contains("nor is any other"), "{}", nothing.body);

    let row = world.resource("https://mcp.example/a", "mcp:read");
    world.resource("https://mcp.example/b", "mcp:read");
    let crm = crm.at(&row);
    let tokens = crm.tokens(&world, &mut browser);
    let code = crm.code(&mut browser);
    for asked in [
        "https://x.example/",
        "https://mcp.example/A",
        "https://mcp.example/a//",
        "https://mcp.example/a?x",
        "http://mcp.example/a",
        "https://mcp.example:8443/a",
        "https://mcp.example.evil.test/a",
        "https://mcp.example./a",
        "urn:mcp",
    ] {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", tokens.refresh.as_deref().unwrap()),
            ("resource", asked),
        ];
        for answer in [
            crm.client_credentials(&world, &[("resource", asked)]),
            crm.redeem_with(&world, &code, &[("resource", asked)]),
            crm.token_request(&world, &fields),
        ] {
            answer.expect_refusal(400, "invalid_target", "ResourceUnknown");
            for known in ["https://mcp.example/a", "https://mcp.example/b"] {
                assert!(answer.body.contains(known), "{}", answer.body);
            }
        }
        let page = browser.get(&crm.authorize_path(&[("resource", asked)]));
        let to = page.expect_left();
        assert_eq!(to.parameter("error").as_deref(), Some("invalid_target"));
        assert!(to.parameter("error_description").unwrap().contains("https://mcp.example/b"));
    }
    for malformed in
        ["x", "//mcp.example/a", "https://mcp.example/a#f", "https://u@mcp.example/a", "https://mcp.example/\u{e9}"]
    {
        let answer = crm.client_credentials(&world, &[("resource", malformed)]);
        answer.expect_refusal(400, "invalid_target", "ResourceMalformed");
    }
}

/// §2: "may use a pre-defined default resource value": the client's only one, or the appliance's default, or its only one.
#[test]
fn a_request_without_a_resource_means_the_default_one() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let crm = world.confidential("crm");
    let audience =
        |world: &World| crm.client_credentials(world, &[]).tokens().claims()["aud"].as_str().unwrap().to_owned();
    assert_eq!(audience(&world), ISSUER);
    let a = world.resource("https://mcp.example/a", "mcp:read");
    assert_eq!(audience(&world), "https://mcp.example/a", "the only one there is");
    let b = world.resource("https://mcp.example/b", "mcp:read");
    let open = crm.client_credentials(&world, &[]);
    open.expect_refusal(400, "invalid_target", "ResourceMissing");
    assert!(open.body.contains("resource parameter"), "one of two is not meant, and it says so: {}", open.body);
    let itself = crm.client_credentials(&world, &[("resource", ISSUER)]).tokens();
    assert_eq!(itself.claims()["aud"], ISSUER, "the appliance can be meant");
    world.put_resource(ProtectedResource { is_default: true, ..b.clone() });
    assert_eq!(audience(&world), "https://mcp.example/b", "the one that is marked");
    assert_eq!(crm.tokens(&world, &mut browser).claims()["aud"], "https://mcp.example/b");

    // A client that may have tokens for one alone gets them without asking, whatever the default is.
    world.edit_client(&crm, |client| client.resources = vec![a.identifier.clone()]);
    assert_eq!(audience(&world), "https://mcp.example/a");
    assert_eq!(crm.tokens(&world, &mut browser).claims()["aud"], "https://mcp.example/a");
    let refused = crm.client_credentials(&world, &[("resource", "https://mcp.example/b")]);
    refused.expect_refusal(400, "invalid_target", "ResourceNotAllowed");
    let page = browser.get(&crm.authorize_path(&[("resource", "https://mcp.example/b")]));
    assert_eq!(page.expect_left().parameter("error").as_deref(), Some("invalid_target"));
    // With several, the default among them.
    world.edit_client(&crm, |client| client.resources.push(b.identifier.clone()));
    assert_eq!(audience(&world), "https://mcp.example/b");
}

/// A grant of nothing would look like success; one about the person alone is none.
#[test]
fn where_no_resource_is_meant_there_is_no_grant_of_nothing() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    world.resource("https://mcp.example/a", "mcp:read");
    world.resource("https://mcp.example/b", "mcp:read");
    let mail = world.client("mail");
    for scope in ["", "mcp:read", "mcp:read offline_access", "made:up"] {
        let page = mail.sends(&mut browser, &[("scope", scope)]);
        assert_eq!(page.expect_left().parameter("error").as_deref(), Some("invalid_target"), "{scope}");
        assert_eq!(page.told().refusal, "ResourceMissing");
    }
    for scope in ["openid", "openid email mcp:read"] {
        let code = mail.code_with(&mut browser, &[("scope", scope)]);
        assert_eq!(mail.redeem(&world, &code).tokens().claims()["aud"], ISSUER, "{scope}");
    }
    // Limited to one that is not the default is to have one; to several, to say which.
    let of = |names: &[&str]| names.iter().map(|name| parse(name)).collect::<Vec<_>>();
    world.edit_client(&mail, |client| client.resources = of(&["https://mcp.example/b"]));
    let code = mail.code_with(&mut browser, &[("scope", "")]);
    assert_eq!(mail.redeem(&world, &code).tokens().claims()["aud"], "https://mcp.example/b");
    world.edit_client(&mail, |client| client.resources = of(&["https://mcp.example/a", "https://mcp.example/b"]));
    let page = mail.sends(&mut browser, &[("scope", "")]);
    assert_eq!(page.expect_left().parameter("error").as_deref(), Some("invalid_target"));
}

/// One token for several resources could be replayed at each of them by every other.
#[test]
fn one_token_is_for_one_resource() {
    let world = World::new();
    let ada = world.administrator("ada");
    world.resource("https://mcp.example/a", "mcp:read");
    world.resource("https://mcp.example/b", "mcp:read");
    let crm = world.confidential("crm");
    let both = [("resource", "https://mcp.example/a"), ("resource", "https://mcp.example/b")];
    crm.client_credentials(&world, &both).expect_refusal(400, "invalid_target", "ResourceMany");
    let page = world.signed_in(&ada).get(&crm.authorize_path(&both));
    assert_eq!(page.expect_left().parameter("error").as_deref(), Some("invalid_target"));
}

/// What a resource wishes is what it gets: algorithm, lifetime, scopes. Verified by a stranger who has only the published keys.
#[test]
fn each_resource_gets_tokens_made_to_its_wishes() {
    let world = World::with_rsa();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    for (algorithm, minutes) in [(Algorithm::ES256, 1), (Algorithm::RS256, 10), (Algorithm::EdDSA, 1_440)] {
        let row = ProtectedResource {
            algorithm,
            access_for: Lifetime::from_minutes(minutes),
            ..world.resource(&format!("https://mcp.example/{algorithm}"), "mcp:read")
        };
        world.put_resource(row.clone());
        let crm = world.confidential("crm").at(&row);
        let asked = row.identifier.to_string();
        let own = crm.client_credentials(&world, &[("resource", &asked)]);
        assert_eq!(own.json()["expires_in"], minutes * 60);
        for tokens in [own.tokens(), crm.tokens(&world, &mut browser)] {
            let (header, claims) = verified(&world.jwks(), &tokens.access);
            assert_eq!(header, json!({ "typ": "at+jwt", "alg": algorithm.as_str(), "kid": header["kid"] }));
            assert_eq!(claims["aud"], asked);
            assert_eq!(claims["exp"].as_i64().unwrap(), world.now().seconds() + i64::try_from(minutes).unwrap() * 60);
        }
    }
}

/// An opaque token says nothing to who holds it, and works wherever a JWT does.
#[test]
fn a_resource_may_wish_for_opaque_tokens() {
    let world = World::new();
    let ada = world.administrator("ada");
    let row = ProtectedResource {
        format: TokenFormat::Opaque,
        access_for: Lifetime::from_minutes(5),
        ..world.resource("https://mcp.example/a", "mcp:read mcp:write")
    };
    world.put_resource(row.clone());
    let crm = world.confidential("crm").at(&row);
    let server = world.confidential("server");
    world.edit_client(&server, |client| client.serves = vec![row.identifier.clone()]);
    let code = crm.code_with(&mut world.signed_in(&ada), &[("scope", "openid email mcp:write")]);
    let tokens = crm.redeem(&world, &code).tokens();
    assert!(tokens.access.starts_with("writ_at_") && !tokens.access.contains('.'));
    let said = server.introspect(&world, &tokens.access);
    assert_eq!(
        (&said["active"], &said["aud"], &said["sub"]),
        (&json!(true), &json!("https://mcp.example/a"), &json!(ada.id.to_string()))
    );
    assert_eq!(said["scope"], "email mcp:write openid");
    let shown = world.request("GET", "/oauth/userinfo").bearer(&tokens.access).send().expect_status(200).json();
    assert_eq!(shown["email"], ada.email);
    // OpenID Connect Core §3.1.3.6: `at_hash` is of the token as it is, whatever it is.
    let id = crate::world::claims(tokens.id.as_deref().unwrap());
    let digest = ring::digest::digest(&ring::digest::SHA256, tokens.access.as_bytes());
    assert_eq!(id["at_hash"], crate::world::base64(&digest.as_ref()[..16]));

    let next = crm.refresh(&world, tokens.refresh.as_deref().unwrap()).tokens();
    assert!(next.access.starts_with("writ_at_"));
    world.later(Lifetime::from_minutes(5));
    for over in [&tokens.access, &next.access] {
        assert_eq!(server.introspect(&world, over), json!({ "active": false }));
    }
    let own = crm.client_credentials(&world, &[]).tokens();
    assert!(own.access.starts_with("writ_at_"));
    assert_eq!(crm.introspect(&world, &own.access)["sub"], crm.id.to_string());
}
