//! Several credentials at once, each with a life of its own.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use serde_json::json;
use writ::base::{Lifetime, Secret};
use writ::operations::credentials::{self, NewCredential, NewProof};
use writ::operations::declined::Declined;
use writ::operations::seen::Seen;
use writ::protocol::display_name::DisplayName;

use crate::world::{ClientApp, JWT_BEARER, KeyPair, World};

fn new(name: &str, proof: NewProof) -> NewCredential {
    NewCredential { name: DisplayName::parse(name).unwrap(), proof, expires_at: None }
}

fn with(machine: &ClientApp, secret: &Option<Secret>) -> ClientApp {
    ClientApp { secret: secret.as_ref().map(|secret| secret.expose().to_owned()), ..machine.clone() }
}

#[test]
fn two_secrets_are_good_while_they_overlap_and_the_old_one_ends_by_itself() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let old = world.credentials(&robot).remove(0);
    let overlap = Lifetime::from_days(7);
    let made = world.block(credentials::rotate(&world.app, &world.operator(), old.id, overlap)).unwrap();
    let renewed = with(&robot, &made.secret);
    robot.client_credentials(&world, &[]).tokens();
    renewed.client_credentials(&world, &[]).tokens();
    world.expect_event("credential.rotated");

    let again = world.block(credentials::rotate(&world.app, &world.operator(), old.id, overlap));
    assert!(matches!(again, Err(Declined::Conflict(_))), "one successor at a time");

    world.later(overlap);
    robot.client_credentials(&world, &[]).expect_refusal(401, "invalid_client", "ClientSecretExpired");
    renewed.client_credentials(&world, &[]).tokens();
    for one in world.credentials(&robot) {
        assert_eq!(one.standing(world.now()), if one.id == old.id { "expired" } else { "active" });
    }
}

/// Machines ask without a pause while their secret is rotated: not one request fails.
#[test]
fn a_rotation_under_load_fails_nobody() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let old = world.credentials(&robot).remove(0);
    let (over, asked) = (AtomicBool::new(false), AtomicU32::new(0));
    let current = std::sync::Mutex::new(robot.clone());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let machine = current.lock().unwrap().clone();
                    machine.client_credentials(&world, &[]).tokens();
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let so_far = |more: u32| {
            let goal = asked.load(Ordering::Relaxed) + more;
            while asked.load(Ordering::Relaxed) < goal {
                thread::yield_now();
            }
        };
        so_far(20);
        let ctx = world.operator();
        let made = world.block(credentials::rotate(&world.app, &ctx, old.id, Lifetime::from_days(1))).unwrap();
        so_far(20);
        *current.lock().unwrap() = with(&robot, &made.secret);
        // Whoever had read the old one has used it by then.
        so_far(20);
        world
            .block(credentials::revoke(&world.app, &world.operator(), old.id, Seen::Anything, "nobody uses it"))
            .unwrap();
        so_far(20);
        over.store(true, Ordering::Relaxed);
    });
    robot.client_credentials(&world, &[]).expect_refusal(401, "invalid_client", "CredentialRevoked");
    assert!(asked.load(Ordering::Relaxed) >= 80);
}

#[test]
fn case_52_nothing_that_can_be_read_holds_a_secret() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let key = new("deploy key", NewProof::AccessKey);
    let made = world.block(credentials::create(&world.app, &world.operator(), world.machine_id(&robot), key)).unwrap();
    let key = made.secret.unwrap();
    assert!(key.expose().starts_with("writ_ak_"));
    let listed = world.credentials(&robot);
    assert_eq!(listed.len(), 2);
    for credential in &listed {
        let text = serde_json::to_string(credential).unwrap();
        for secret in [key.expose(), robot.secret.as_deref().unwrap()] {
            assert!(!text.contains(secret), "the whole secret");
            // What it begins with tells it from others; the 32 bytes of chance are behind it.
            assert!(!text.contains(&secret[30..50]), "a part of its chance");
        }
        assert!(credential.hint.len() <= 20);
    }
}

#[test]
fn an_access_key_proves_a_machine_as_its_secret_does() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let other = world.machine("other", &ada, "mcp:read");
    let id = world.machine_id(&robot);
    let made =
        world.block(credentials::create(&world.app, &world.operator(), id, new("key", NewProof::AccessKey))).unwrap();
    with(&robot, &made.secret).client_credentials(&world, &[]).tokens();
    // A key is its machine's, and nobody else's.
    with(&other, &made.secret).client_credentials(&world, &[]).expect_refused(401, "invalid_client");
    let revoked = world
        .block(credentials::revoke(&world.app, &world.operator(), made.credential.id, Seen::Anything, "lost"))
        .unwrap();
    assert_eq!(revoked.standing(world.now()), "revoked");
    with(&robot, &made.secret).client_credentials(&world, &[]).expect_refusal(
        401,
        "invalid_client",
        "CredentialRevoked",
    );
    robot.client_credentials(&world, &[]).tokens();
}

#[test]
fn a_machine_signs_with_any_of_its_live_keys() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let id = world.machine_id(&robot);
    let keys = [KeyPair::new("EdDSA"), KeyPair::new("ES256")];
    let mut made = Vec::new();
    for (n, key) in keys.iter().enumerate() {
        let jwks = json!({ "keys": [key.jwk(&format!("key-{n}"))] });
        let ask = new(&format!("key {n}"), NewProof::PublicKeys(jwks));
        made.push(world.block(credentials::create(&world.app, &world.operator(), id, ask)).unwrap().credential);
    }
    let asks = |n: usize, jti: &str| {
        let (id, now) = (robot.id.to_string(), world.now().seconds());
        let header = json!({ "alg": keys[n].alg, "kid": format!("key-{n}"), "typ": "JWT" });
        let claims =
            json!({ "iss": id, "sub": id, "aud": crate::world::ISSUER, "iat": now, "exp": now + 60, "jti": jti });
        let assertion = keys[n].signs(&header, &claims);
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion.as_str()),
        ];
        world.request("POST", "/oauth/token").form(&fields).send()
    };
    asks(0, "a").tokens();
    asks(1, "b").tokens();
    asks(1, "b").expect_refusal(401, "invalid_client", "AssertionReplayed");
    robot.client_credentials(&world, &[]).tokens();
    world.block(credentials::revoke(&world.app, &world.operator(), made[0].id, Seen::Anything, "retired")).unwrap();
    asks(0, "c").expect_refusal(401, "invalid_client", "CredentialRevoked");
    asks(1, "d").tokens();
}

#[test]
fn what_is_no_credential_is_refused_with_the_field_that_is_wrong() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine_id(&world.machine("robot", &ada, "mcp:read"));
    let ctx = world.operator();
    let wrong = |ask: NewCredential| match world.block(credentials::create(&world.app, &ctx, robot, ask)) {
        Err(Declined::Invalid(invalid)) => invalid.0[0].0,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        wrong(new("keys", NewProof::PublicKeys(json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] })))),
        "jwks"
    );
    assert_eq!(wrong(new("keys", NewProof::PublicKeys(json!({ "keys": [] })))), "jwks");
    assert_eq!(wrong(new("set", NewProof::KeySet("http://keys.example/jwks".to_owned()))), "jwks_uri");
    let over = NewCredential { expires_at: Some(world.now()), ..new("over", NewProof::ClientSecret) };
    assert_eq!(wrong(over), "expires_at");

    for n in 0..15 {
        let ask = new(&format!("secret {n}"), NewProof::ClientSecret);
        world.block(credentials::create(&world.app, &ctx, robot, ask)).unwrap();
    }
    let full = world.block(credentials::create(&world.app, &ctx, robot, new("one more", NewProof::ClientSecret)));
    assert!(matches!(full, Err(Declined::Conflict(_))), "{full:?}");
}
