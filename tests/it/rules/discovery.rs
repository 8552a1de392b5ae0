//! The metadata document. RFC 8414 §3, OpenID Connect Discovery 1.0 §3 and §4. Attack case 51.

use serde_json::Value;

use crate::world::{ISSUER, World};

const NAMES: [&str; 2] = ["oauth-authorization-server", "openid-configuration"];

#[track_caller]
fn document(world: &World, path: &str) -> Value {
    let answer = world.request("GET", path).send();
    answer.expect_status(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    answer.json()
}

/// RFC 8414 §3.3: the issuer "MUST be identical" to the one that was asked for; one document serves both specifications.
#[test]
fn one_document_answers_in_both_places() {
    let world = World::with_rsa();
    let [oauth, openid] = NAMES.map(|name| document(&world, &format!("/.well-known/{name}")));
    assert_eq!(oauth, openid);
    assert_eq!(oauth["issuer"], ISSUER);
    assert_eq!(oauth["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    let scopes = oauth["scopes_supported"].as_array().unwrap();
    assert!(scopes.iter().any(|scope| scope == "offline_access") && scopes.iter().any(|scope| scope == "openid"));
    assert!(oauth["id_token_signing_alg_values_supported"].as_array().unwrap().iter().any(|alg| alg == "RS256"));
    for (name, value) in oauth.as_object().unwrap() {
        assert!(
            !value.is_null() && value.as_str() != Some("") && value.as_array().is_none_or(|list| !list.is_empty()),
            "{name}"
        );
    }
}

/// RFC 8414 §3.1 puts the issuer's path last, OpenID Connect Discovery §4 puts it first; clients try every form.
#[test]
fn an_issuer_with_a_path_is_found_in_every_form() {
    let issuer = "http://127.0.0.1:9000/tenant/a";
    let world = World::with(&[("public_url", issuer)]);
    for name in NAMES {
        for path in [format!("/.well-known/{name}/tenant/a"), format!("/tenant/a/.well-known/{name}")] {
            let document = document(&world, &path);
            assert_eq!(document["issuer"], issuer, "{path}");
            assert_eq!(document["token_endpoint"], format!("{issuer}/oauth/token"));
        }
        world.request("GET", &format!("/.well-known/{name}/tenant/b")).send().expect_status(404);
    }
}

/// Advertised means working.
#[test]
fn every_endpoint_in_the_document_answers() {
    let world = World::new();
    let document = document(&world, "/.well-known/oauth-authorization-server");
    let endpoints =
        document.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri");
    let mut count = 0;
    for (name, url) in endpoints {
        let path = url.as_str().unwrap().strip_prefix(ISSUER).unwrap_or_else(|| panic!("{name} is elsewhere: {url}"));
        let status = world.request("POST", path).send().status;
        assert!(status != 404 && status < 500, "POST {path}: {status}");
        // A method it does not have is 405, never 404 or 500.
        world.request("PATCH", path).send().expect_status(405);
        count += 1;
    }
    assert_eq!(count, 8);
}

/// Switched off means absent.
#[test]
fn a_closed_registration_is_neither_offered_nor_there() {
    let world = World::with(&[("registration.mode", "closed")]);
    let document = document(&world, "/.well-known/openid-configuration");
    assert!(document.get("registration_endpoint").is_none());
    let body = serde_json::json!({ "redirect_uris": ["https://a.example/cb"] });
    for path in ["/oauth/register", "/register"] {
        world.request("POST", path).json(&body).send().expect_refused(403, "access_denied");
    }
}

#[test]
fn the_document_may_be_kept_and_is_not_sent_again_to_who_has_it() {
    let world = World::new();
    let path = "/.well-known/oauth-authorization-server";
    let first = world.request("GET", path).send();
    assert_eq!(first.header("cache-control"), Some("public, max-age=900"));
    let etag = first.header("etag").unwrap();
    let again = world.request("GET", path).header("If-None-Match", etag).send();
    again.expect_status(304);
    assert_eq!(again.body, "");
    world.request("GET", path).header("If-None-Match", "\"other\"").send().expect_status(200);
    world.request("POST", path).send().expect_status(405);
}

#[test]
fn case_51_what_a_request_says_about_its_host_changes_nothing() {
    let world = World::new();
    let path = "/.well-known/openid-configuration";
    let plain = world.request("GET", path).send().body;
    for (name, value) in [
        ("Host", "evil.test"),
        ("X-Forwarded-Host", "evil.test"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Prefix", "/evil"),
        ("Forwarded", "host=evil.test;proto=https"),
    ] {
        assert_eq!(world.request("GET", path).header(name, value).send().body, plain, "{name}");
    }
    for host in ["a/b?", "a b", "evil.test/@127.0.0.1"] {
        world.request("GET", path).header("Host", host).send().expect_status(400);
    }
}
