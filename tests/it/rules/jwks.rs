//! The published keys, and whether what is said about them holds. RFC 7517, RFC 9111 §5.2.2.1.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use writ::base::Lifetime;
use writ::model::{Actor, Channel, Context, Origin};
use writ::operations::turn_keys;

use crate::world::{World, verified};

fn max_age(cache_control: &str) -> u64 {
    cache_control.strip_prefix("public, max-age=").unwrap_or_else(|| panic!("{cache_control}")).parse().unwrap()
}

fn kids(jwks: &Value) -> BTreeSet<String> {
    jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_key_says_what_it_is_for_and_nothing_private() {
    let world = World::with_rsa();
    let answer = world.request("GET", "/.well-known/jwks.json").send();
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let jwks = answer.json();
    let mut algorithms = BTreeMap::<String, usize>::new();
    for key in jwks["keys"].as_array().unwrap() {
        let members: BTreeSet<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        let wanted: &[&str] = match key["alg"].as_str().unwrap() {
            "ES256" => &["alg", "crv", "kid", "kty", "use", "x", "y"],
            "EdDSA" => &["alg", "crv", "kid", "kty", "use", "x"],
            "RS256" => &["alg", "e", "kid", "kty", "n", "use"],
            other => panic!("{other}"),
        };
        assert_eq!(members, wanted.iter().copied().collect());
        assert_eq!(key["use"], "sig");
        *algorithms.entry(key["alg"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    // One that signs and one that will, of each.
    assert_eq!(algorithms.into_values().collect::<Vec<_>>(), [2, 2, 2]);
    assert_eq!(kids(&jwks).len(), 6, "no kid twice");
}

/// RFC 9110 §13.1.2: who has it already is not sent it again.
#[test]
fn who_has_the_keys_is_told_that_nothing_has_changed() {
    let world = World::new();
    let path = "/.well-known/jwks.json";
    let first = world.request("GET", path).send();
    let etag = first.header("etag").unwrap().to_owned();
    for known in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}")] {
        let again = world.request("GET", path).header("If-None-Match", &known).send();
        assert_eq!((again.status, again.body.as_str()), (304, ""));
        assert_eq!(again.header("etag"), Some(etag.as_str()));
        assert_eq!(again.header("cache-control"), first.header("cache-control"));
    }
    world.request("GET", path).header("If-None-Match", "\"other\"").send().expect_status(200);
    let head = world.request("HEAD", path).send();
    assert_eq!((head.status, head.body.as_str(), head.header("etag")), (200, "", Some(etag.as_str())));
}

/// protocol.md §3.5: "a key signs only after it has been published for at least that long". Ten days of rotations, with
/// readers that fetch whenever their copy is too old by its own words and verify every token with what they have.
#[test]
fn a_reader_that_believes_max_age_verifies_every_token() {
    let world = World::new();
    let crm = world.confidential("crm");
    struct Reader {
        jwks: Value,
        until: i64,
    }
    let fetch = || {
        let answer = world.request("GET", "/.well-known/jwks.json").send();
        let age = max_age(answer.header("cache-control").unwrap());
        assert!(age >= 10, "a reader must be able to keep it for a while: {age}");
        Reader { jwks: answer.json(), until: world.now().seconds() + i64::try_from(age).unwrap() }
    };
    // They began at different times, so that whenever a key turns one of them has just fetched and one is about to.
    let mut readers: Vec<Reader> = Vec::new();
    let mut signed_by = BTreeSet::new();
    for step in 0..240 {
        if readers.len() < 4 {
            readers.push(fetch());
        }
        let token = crm.client_credentials(&world, &[]).tokens().access;
        for reader in &mut readers {
            if world.now().seconds() >= reader.until {
                *reader = fetch();
            }
            let (header, _) = verified(&reader.jwks, &token);
            signed_by.insert(header["kid"].to_string());
        }
        // 67 seconds now and then, an hour else: turns fall between two fetches.
        world.later(Lifetime::from_seconds(if step % 8 < 4 { 67 } else { 7_200 }));
        let ctx = Context::new(world.now(), Actor::System, Origin::within(Channel::Housekeeping));
        world.block(turn_keys::turn(&world.app, &ctx)).unwrap();
    }
    assert!(signed_by.len() >= 5, "the keys have turned: {}", signed_by.len());
}

/// protocol.md §7.7: "a retired key stays published": what it signed can be verified for as long as it lives.
#[test]
fn a_retired_key_stays_until_its_last_token_is_over() {
    let world = World::new();
    let crm = world.confidential("crm");
    let token = crm.client_credentials(&world, &[]).tokens().access;
    let kid = verified(&world.jwks(), &token).0["kid"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        world.later(Lifetime::from_hours(24));
        let ctx = Context::new(world.now(), Actor::System, Origin::within(Channel::Housekeeping));
        world.block(turn_keys::turn(&world.app, &ctx)).unwrap();
    }
    let now_signed_by = verified(&world.jwks(), &crm.client_credentials(&world, &[]).tokens().access).0["kid"].clone();
    assert_ne!(now_signed_by, kid.as_str());
    assert!(kids(&world.jwks()).contains(&kid));
    verified(&world.jwks(), &token);
}

/// Where the issuer has a path, the keys are where the metadata says.
#[test]
fn the_keys_are_where_the_metadata_says() {
    let world = World::with(&[("public_url", "http://127.0.0.1:9000/tenant/a")]);
    let document = world.request("GET", "/tenant/a/.well-known/openid-configuration").send().json();
    assert_eq!(document["jwks_uri"], "http://127.0.0.1:9000/tenant/a/.well-known/jwks.json");
    let crm = world.confidential("crm");
    let (id, secret) = (crm.id.to_string(), crm.secret.unwrap());
    let request = world.request("POST", "/tenant/a/oauth/token").basic(&id, &secret);
    let token = request.form(&[("grant_type", "client_credentials")]).send().tokens();
    let jwks = world.request("GET", "/tenant/a/.well-known/jwks.json").send().json();
    assert_eq!(verified(&jwks, &token.access).1["iss"], "http://127.0.0.1:9000/tenant/a");
}
