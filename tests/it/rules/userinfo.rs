//! What a client may know about the person. OpenID Connect Core §5.3, RFC 6750.

use serde_json::json;
use writ::base::Lifetime;
use writ::model::PersonState;

use crate::world::{ISSUER, World, wire};

#[test]
fn it_tells_what_the_scope_allows_by_either_method() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail");
    let code = mail.code_with(&mut world.signed_in(&ada), &[("scope", "openid email")]);
    let token = mail.redeem(&world, &code).tokens().access;
    let wanted = json!({ "sub": ada.id.to_string(), "email": ada.email });
    for method in ["GET", "POST"] {
        let answer = world.request(method, "/oauth/userinfo").bearer(&token).send();
        assert_eq!(answer.expect_status(200).json(), wanted, "{method}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    // RFC 9110 §11.1: the scheme's name has no case.
    let answer = world.request("GET", "/oauth/userinfo").header("Authorization", &format!("bearer {token}")).send();
    assert_eq!(answer.json(), wanted);
}

/// RFC 6750 §3 and §3.1: each answer has the challenge that belongs to it.
#[test]
fn who_has_no_good_token_is_told_what_is_missing() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.confidential("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let mut browser = world.signed_in(&ada);
    let code = mail.code_with(&mut browser, &[("scope", "openid mcp:read")]);
    let good = mail.redeem(&world, &code).tokens();
    let plain = mail.tokens(&world, &mut browser).access;
    let own = mail.client_credentials(&world, &[]).tokens().access;
    let ask = |header: &str| {
        let request = world.request("GET", "/oauth/userinfo");
        if header.is_empty() { request } else { request.header("Authorization", header) }.send()
    };
    // "If the request lacks any authentication information …, the resource server SHOULD NOT include an error code".
    for nothing in ["", "Basic YTpi", "Bearer", "DPoP"] {
        let answer = ask(nothing);
        let both = format!("Bearer realm=\"{ISSUER}\", DPoP algs=\"ES256 RS256 PS256 EdDSA Ed25519\"");
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some(both.as_str())), "{nothing}");
    }
    for bad in ["x", "", "a b", good.refresh.as_deref().unwrap(), good.id.as_deref().unwrap(), "a.b.c"] {
        let answer = ask(&format!("Bearer {bad}"));
        if answer.body.is_empty() {
            // The header ends in nothing: there is no token.
            assert_eq!((answer.status, bad), (401, ""));
            continue;
        }
        answer.expect_refused(401, "invalid_token");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""), "{bad}");
    }
    for (token, what) in [(plain, "of a person, without openid"), (own, "of no person")] {
        let answer = ask(&format!("Bearer {token}"));
        answer.expect_refused(403, "insufficient_scope");
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge, Some("Bearer error=\"insufficient_scope\", scope=\"openid\""), "{what}");
    }
    // A token in the query or the body would end up in logs (OAuth 2.1 §5.1.1): it is not looked at.
    let query = world.request("GET", &format!("/oauth/userinfo?access_token={}", good.access)).send();
    assert_eq!(query.status, 401);
    let body = world.request("POST", "/oauth/userinfo").form(&[("access_token", &good.access)]).send();
    assert_eq!(body.status, 401);
    // Nor are two headers one.
    let twice = format!(
        "GET /oauth/userinfo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        good.access
    );
    assert!(wire(world.address, twice.as_bytes()).starts_with("HTTP/1.1 4"));

    ask(&format!("Bearer {}", good.access)).expect_status(200);
    world.set_person(&ada, PersonState::Suspended);
    ask(&format!("Bearer {}", good.access)).expect_refused(401, "invalid_token");
    world.set_person(&ada, PersonState::Active);
    world.later(Lifetime::from_hours(1));
    ask(&format!("Bearer {}", good.access)).expect_refused(401, "invalid_token");
}
