//! `/health`: one word for everybody, and reasons for those who may know them.

use std::collections::BTreeSet;

use serde_json::json;
use writ::base::Lifetime;
use writ::operations::doctor;

use crate::world::{Request, World};

#[test]
fn health_is_what_it_always_was() {
    let world = World::new();
    let answer = world.request("GET", "/health").send();
    assert_eq!((answer.status, answer.json()), (200, json!({ "status": "ok" })));
    assert_eq!(world.request("GET", "/health/live").send().json(), json!({ "status": "live" }));
    assert_eq!(world.request("GET", "/health/ready").send().json(), json!({ "status": "ready" }));
}

/// Somebody without a key to sign with is not sent anybody.
#[test]
fn without_a_signing_key_it_lives_and_is_not_ready() {
    let world = World::with(&[("metrics.listen", "127.0.0.1:0")]);
    let at = world.watched.unwrap();
    let ready = |at| Request::new(at, "GET", "/health/ready").send();
    assert_eq!(ready(at).json(), json!({ "status": "ready" }));
    world.app.keys.renew(|| writ::keys::KeyRing::load(Vec::new(), &world.app.row_sealer).map(Some)).unwrap();
    let told = ready(world.address);
    assert_eq!((told.status, told.json()), (503, json!({ "status": "unready" })), "a stranger is not told why");
    let told = ready(at);
    assert_eq!(told.status, 503);
    let reasons = told.json()["reasons"].as_array().unwrap().clone();
    assert!(reasons.iter().all(|reason| reason["check"] == "keys" && reason["state"] == "broken"), "{reasons:?}");
    assert!(reasons[0]["mend"].as_str().unwrap().contains("the log says why"));
    Request::new(at, "GET", "/health/live").send().expect_status(200);
    world.request("GET", "/health/live").send().expect_status(200);
}

/// What everybody may ask as often as they like reads no row, checks no signature and plans no key.
#[test]
fn a_stranger_has_nothing_run_but_what_decides() {
    let world = World::with_file();
    let names = |found: Vec<doctor::Finding>| found.into_iter().map(|finding| finding.check).collect::<BTreeSet<_>>();
    let now = world.now();
    assert_eq!(names(doctor::deciding(&world.app, now)), ["disk", "keys", "writing"].map(str::to_owned).into());
    let told = doctor::telling(&world.app, now.plus(Lifetime::from_days(3)));
    assert!(doctor::worst(&told) == doctor::State::Look, "late, and nothing that decides: {told:?}");
}

#[test]
fn on_the_public_port_reasons_take_the_right_to_read() {
    let world = World::new();
    let ada = world.administrator("ada");
    let reader = world.machine("watcher", &ada, "writ:read");
    let other = world.machine("other", &ada, "mcp:read");
    // Keys are late: something that may be said.
    world.later(Lifetime::from_days(3));
    let ask =
        |token: &str| world.request("GET", "/health/ready").header("Authorization", &format!("Bearer {token}")).send();
    let own = |app: &crate::world::ClientApp, scope: &str| {
        app.client_credentials(&world, &[("resource", crate::world::ISSUER), ("scope", scope)])
    };
    let told = ask(&own(&reader, "writ:read").tokens().access);
    assert_eq!((told.status, told.json()["status"].as_str()), (200, Some("ready")), "{}", told.body);
    assert_eq!(told.json()["reasons"][0]["check"], "key schedule", "{}", told.body);
    assert_eq!(told.json()["reasons"][0]["state"], "look");
    own(&other, "writ:read").expect_status(400);
    let told = ask("not-a-token");
    assert_eq!(told.status, 401);
    assert!(told.header("www-authenticate").is_some_and(|asked| asked.contains("invalid_token")), "{told:?}");
    assert_eq!(world.request("GET", "/health/ready").send().json(), json!({ "status": "ready" }));
}

/// Without the nonce of a question that the appliance asks at this moment, the mirror shows nothing.
#[test]
fn the_mirror_answers_its_own_question_once() {
    let world = World::new();
    let ask = |nonce: &str| world.request("GET", "/health/mirror").header("Writ-Nonce", nonce).send();
    ask("").expect_status(404);
    ask("guess").expect_status(404);
    world.app.mirror.expect("the one", world.now());
    ask("another").expect_status(404);
    let told = world
        .request("GET", "/health/mirror")
        .header("Writ-Nonce", "the one")
        .header("X-Forwarded-For", "203.0.113.9, <script>, 198.51.100.1")
        .send();
    let seen = json!({ "peer": "127.0.0.1", "address": "127.0.0.1", "forwarded": ["203.0.113.9", "198.51.100.1"] });
    assert_eq!((told.status, told.json()), (200, seen));
    ask("the one").expect_status(404);
}
