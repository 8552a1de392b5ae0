//! Signing keys that are not trusted: not yet, or not any more. Attack case 29.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::task::Poll;

use serde_json::{Value, json};
use writ::base::{Digest, Lifetime};
use writ::keys::KeyRing;
use writ::model::{Algorithm, Client, ClientId, KeyState, SigningKey, Subject};
use writ::operations::declined::Declined;
use writ::operations::keys::{self, Haste, IdTokens};
use writ::operations::seen::Seen;
use writ::operations::turn_keys;
use writ::protocol::claims::AccessClaims;
use writ::store::Read as _;
use writ::store::tables::CLIENTS;

use crate::api::{Office, token};
use crate::world::{ClientApp, ISSUER, World, at_once, claims, verified};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

fn key(world: &World, wanted: fn(&KeyState) -> bool) -> SigningKey {
    let rows = keys::list(&world.app).unwrap();
    rows.into_iter().find(|row| row.algorithm == Algorithm::ES256 && wanted(&row.state)).unwrap()
}

fn signing(world: &World) -> SigningKey {
    key(world, |state| matches!(state, KeyState::Signing { .. }))
}

fn next(world: &World) -> SigningKey {
    key(world, |state| matches!(state, KeyState::Next { .. }))
}

/// What whoever stole the private half of `key` makes of the claims of a token.
fn forged(world: &World, key: &SigningKey, token: &str) -> String {
    let row = SigningKey { state: KeyState::Signing { signs_from: world.now() }, ..key.clone() };
    let ring = KeyRing::load(vec![row], &world.app.row_sealer).unwrap();
    ring.signing(key.algorithm).unwrap().mint("at+jwt", &claims(token)).unwrap()
}

fn revoke(world: &World, kid: &str) -> Result<keys::Breaks, Declined> {
    world.block(keys::revoke(&world.app, &world.operator(), kid, Seen::Anything, "a drill"))
}

/// Everybody who can be shown an access token of ours.
struct Doors {
    office: Office,
    desk: ClientApp,
    /// A person's token for the first resource, and one for the appliance itself.
    for_resource: String,
    for_appliance: String,
}

impl Doors {
    fn open() -> Self {
        let office = Office::open();
        let world = &office.world;
        let resource = world.resource("https://mcp.example/a", "mcp:read mcp:write");
        world.resource("https://mcp.example/b", "mcp:read mcp:write");
        let desk = world.serving("desk", &office.ada, &resource);
        let mail = world.client("mail").at(&resource);
        let mut browser = world.signed_in(&office.ada);
        let code = mail.code_with(&mut browser, &[("scope", "openid mcp:read")]);
        let for_resource = mail.redeem(world, &code).tokens().access;
        world.delegate(&desk, Subject::Person(office.ada.id), "mcp:read");
        Self { for_appliance: office.token.clone(), desk, for_resource, office }
    }

    /// Which of them let the tokens in.
    fn that_take(&self, for_resource: &str, for_appliance: &str) -> Vec<&'static str> {
        let world = &self.office.world;
        let exchanged = self.desk.token_request(
            world,
            &[
                ("grant_type", EXCHANGE),
                ("subject_token", for_resource),
                ("subject_token_type", ACCESS_TOKEN),
                ("resource", "https://mcp.example/b"),
            ],
        );
        [
            ("introspection", self.desk.introspect(world, for_resource)["active"] == true),
            ("userinfo", world.request("GET", "/oauth/userinfo").bearer(for_resource).send().status == 200),
            ("exchange", exchanged.status == 200),
            ("api", world.request("GET", "/api/v1/keys").bearer(for_appliance).send().status == 200),
        ]
        .into_iter()
        .filter_map(|(name, taken)| taken.then_some(name))
        .collect()
    }
}

const ALL: [&str; 4] = ["introspection", "userinfo", "exchange", "api"];

/// A key is published long before it signs. Whoever has it already has nothing.
#[test]
fn case_29_what_a_key_signs_before_its_day_is_taken_nowhere() {
    let doors = Doors::open();
    let world = &doors.office.world;
    let early = next(world);
    let made = |token: &str| forged(world, &early, token);
    let (for_resource, for_appliance) = (made(&doors.for_resource), made(&doors.for_appliance));
    // Everything in them is right, and their key is published.
    assert_eq!(verified(&world.jwks(), &for_resource).1, claims(&doors.for_resource));
    assert_eq!(doors.that_take(&doors.for_resource, &doors.for_appliance), ALL);
    assert_eq!(doors.that_take(&for_resource, &for_appliance), [""; 0]);
    // It was the key, and nothing else.
    world.block(keys::rotate(&world.app, &world.operator(), Some(Algorithm::ES256), Haste::AtOnce)).unwrap();
    assert_eq!(signing(world).kid, early.kid);
    assert_eq!(doors.that_take(&for_resource, &for_appliance), ALL);
}

/// From the commit on: what was taken a moment before, and is remembered as verified, is taken no more.
#[test]
fn case_29_what_a_revoked_key_signed_is_taken_nowhere() {
    let doors = Doors::open();
    let world = &doors.office.world;
    let (stolen, successor) = (signing(world), next(world));
    assert_eq!(doors.that_take(&doors.for_resource, &doors.for_appliance), ALL);
    revoke(world, &stolen.kid).unwrap();
    assert_eq!(doors.that_take(&doors.for_resource, &doors.for_appliance), [""; 0]);
    let made_since = forged(world, &stolen, &doors.for_resource);
    assert_eq!(doors.that_take(&made_since, &doors.for_appliance), [""; 0], "nor what a thief makes from now on");
    let jwks = world.jwks();
    let kids: BTreeSet<&str> =
        jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert!(!kids.contains(stolen.kid.as_str()) && kids.contains(successor.kid.as_str()));

    // The successor signs at once, and there is another one.
    let crm = world.confidential("crm");
    let fresh = crm.client_credentials(world, &[("resource", ISSUER)]).tokens().access;
    assert_eq!(verified(&world.jwks(), &fresh).0["kid"], successor.kid.as_str());
    assert_eq!(crm.introspect(world, &fresh)["active"], true);
    assert_ne!(next(world).kid, successor.kid);
    // Not even with the file in hand: the private half is forgotten.
    assert!(keys::find(&world.app, &stolen.kid).unwrap().sealed.is_none());
    // What is not signed stays: a grant buys new tokens.
    let admin = world.machine("second office", &doors.office.ada, "writ:admin");
    let again = token(world, &admin, "writ:admin");
    world.request("GET", "/api/v1/keys").bearer(&again).send().expect_status(200);
}

/// Somebody verifies, the key is revoked, and only then is the token put among those that were verified.
#[test]
fn case_29_a_verification_that_a_revocation_overtakes_is_not_remembered() {
    let world = World::new();
    let crm = world.confidential("crm");
    let token = crm.client_credentials(&world, &[]).tokens().access;
    let (digest, so_far) = (Digest::of(token.as_bytes()), world.app.verified.so_far());
    let verified = world.app.keys.current().verify(&token, writ::keys::Typ::Exactly("at+jwt")).unwrap();
    let claims: AccessClaims = serde_json::from_value(Value::Object(verified.into_claims())).unwrap();
    let claims = Arc::new(claims);
    world.app.verified.remember(digest, Arc::clone(&claims), so_far);
    assert!(world.app.verified.find(&digest, world.now()).is_some());
    revoke(&world, &signing(&world).kid).unwrap();
    world.app.verified.remember(digest, claims, so_far);
    assert!(world.app.verified.find(&digest, world.now()).is_none());
    assert_eq!(crm.introspect(&world, &token), json!({ "active": false }));
}

/// Who asked may be gone before the answer, with the commit made and the keys in force still the old ones.
#[test]
fn a_revocation_that_nobody_waits_for_is_finished() {
    let world = World::new();
    let crm = world.confidential("crm");
    let token = crm.client_credentials(&world, &[]).tokens().access;
    let (kid, by) = (signing(&world).kid, world.operator());
    world.block(async {
        let mut asked = Box::pin(keys::revoke(&world.app, &by, &kid, Seen::Anything, "a drill"));
        std::future::poll_fn(|task| Poll::Ready(asked.as_mut().poll(task).is_pending())).await;
        drop(asked);
        while world.app.keys.current().rows().iter().any(|row| row.kid == kid && row.is_published()) {
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(crm.introspect(&world, &token), json!({ "active": false }));
}

/// Should a process end between the commit and the moment its keys are in force, the next round of housekeeping sees it.
#[test]
fn housekeeping_puts_what_the_file_says_into_force() {
    let world = World::new();
    let crm = world.confidential("crm");
    let token = crm.client_credentials(&world, &[]).tokens().access;
    let row = signing(&world);
    world.change("behind its back", move |tx| {
        let state = KeyState::Revoked { revoked_at: tx.now(), gone_at: tx.now().plus(Lifetime::from_days(1)) };
        tx.put(&writ::store::tables::SIGNING_KEYS, &row.id, &SigningKey { state, sealed: None, ..row.clone() })?;
        tx.record(writ::model::Event::KeyRetired { kid: row.kid.clone() })
    });
    world.block(turn_keys::turn(&world.app, &world.operator())).unwrap();
    assert_eq!(crm.introspect(&world, &token), json!({ "active": false }));
    crm.client_credentials(&world, &[]).tokens();
}

/// What is told before, done at once, and recorded: with the state before and after, and why.
#[test]
fn a_revocation_is_told_before_and_recorded_after() {
    let office = Office::open();
    let world = &office.world;
    world.resource("https://mcp.example/a", "mcp:read");
    let crm = world.confidential("crm");
    for _ in 0..3 {
        crm.client_credentials(world, &[]).tokens();
    }
    let kid = signing(world).kid;
    let path = format!("/keys/{kid}");
    let told = office.get(&path);
    let what = &told["withdrawal"];
    assert_eq!((&told["state"], &what["resources"]), (&json!("signing"), &json!(["https://mcp.example/a"])));
    assert_eq!((&what["own_tokens"], &what["status_lists"]), (&json!(true), &json!(true)));
    assert_eq!(what["successor"], next(world).kid.as_str());
    assert_eq!(what["successor_known"], false, "it was published a moment ago");
    // The office's own token, and three.
    assert_eq!(what["tokens"]["at_most"], 4);
    assert_eq!(what["tokens"]["until"], world.now().plus(Lifetime::from_days(1)).iso());
    assert_eq!(what["taken_until"], world.now().plus(Lifetime::from_minutes(5)).iso());
    world.later(Lifetime::from_minutes(6));
    assert_eq!(office.get(&path)["withdrawal"]["successor_known"], true);

    // Which key is meant is said by its tag, and why in words.
    let tag = office.tag(&path);
    let at = format!("{path}/revocation");
    assert_eq!(office.post(&at, &json!({ "because": "" })).wrong(), ["because"]);
    let stale = office.change("POST", &at, "\"nothing\"", &json!({ "because": "stolen" }));
    assert_eq!((stale.status, stale.problem()), (412, "stale".to_owned()));
    let reader = office.token_with("writ:keys:read");
    let refused =
        world.request("POST", &format!("/api/v1{at}")).bearer(&reader).json(&json!({ "because": "x" })).send();
    refused.expect_status(403);
    let second = world.machine("second", &office.ada, "writ:admin");
    let done = office.change("POST", &at, &tag, &json!({ "because": "found in a backup" })).expect_status(200).json();
    assert_eq!((&done["state"], &done["withdrawal"]["successor_known"]), (&json!("revoked"), &json!(true)));
    // The office's token was signed with it.
    office.ask("GET", "/keys").send().expect_status(401);
    let office = Office { token: token(world, &second, "writ:admin"), world: office.world, ada: office.ada };
    let again = office.post(&at, &json!({ "because": "twice" }));
    assert_eq!((again.status, again.problem()), (409, "conflict".to_owned()));
    office.ask("GET", "/keys/nothing").send().expect_status(404);
    assert_eq!(office.post("/keys/nothing/revocation", &json!({ "because": "x" })).status, 404);

    let entries = office.get("/audit?event=key.revoked")["items"].clone();
    assert_eq!(entries.as_array().unwrap().len(), 1);
    let event = &entries[0]["details"];
    let event = if event.is_null() { &entries[0] } else { event };
    assert_eq!((&event["kid"], &event["because"]), (&json!(kid), &json!("found in a backup")));
    assert_eq!((&event["before"]["is"], &event["after"]["is"]), (&json!("signing"), &json!("revoked")));
}

/// Whoever may not read about applications is not told their names, and not told that there are none.
#[test]
fn how_many_applications_lose_their_id_tokens_is_told_to_everybody() {
    let office = Office::open();
    let world = &office.world;
    let apps: Vec<_> = (0..22).map(|n| world.confidential(&format!("app-{n}"))).collect();
    let ids = apps.iter().map(|app| match app.id {
        ClientId::Registered(id) => id,
        _ => panic!("not registered here"),
    });
    let ids: Vec<_> = ids.collect();
    world.change("ask for EdDSA", move |tx| {
        for id in &ids {
            let client = tx.get(&CLIENTS, id)?.unwrap();
            let asked = Client { id_token_signed_response_alg: Some(Algorithm::EdDSA), ..client };
            tx.put(&CLIENTS, id, &asked)?;
        }
        tx.record(writ::model::Event::RestoreSeen {})
    });
    let signs = |key: &SigningKey| key.algorithm == Algorithm::EdDSA && matches!(key.state, KeyState::Signing { .. });
    let kid = keys::list(&world.app).unwrap().into_iter().find(signs).unwrap().kid;
    let told = |token: &str| {
        let answer = world.request("GET", &format!("/api/v1/keys/{kid}")).bearer(token).send();
        let what = answer.expect_status(200).json()["withdrawal"].clone();
        let names = what["id_tokens_of"].as_array().unwrap().len() as u64;
        (names, what["more_id_tokens_of"].as_u64().unwrap(), what["id_tokens_not_all"].as_bool().unwrap())
    };
    assert_eq!(told(&office.token), (20, 2, false));
    assert_eq!(told(&office.token_with("writ:keys:read")), (0, 22, false));
    let mut browser = world.signed_in(&office.ada);
    browser.get(&format!("/console/keys/{kid}")).expect_text("ID tokens of 2 more applications");
}

#[test]
fn those_that_are_not_named_are_counted_in_words() {
    let of = |names: &[&str], more| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        IdTokens::Of { names, more, not_all: false }.unnamed()
    };
    assert_eq!(of(&["mail"], 2).as_deref(), Some("2 more applications"));
    assert_eq!(of(&["mail"], 1).as_deref(), Some("1 more application"));
    assert_eq!(of(&[], 22).as_deref(), Some("22 applications"));
    assert_eq!((of(&["mail"], 0), IdTokens::Usually.unnamed()), (None, None));
}

/// A key that signs nothing yet, and one that signs no more.
#[test]
fn a_next_key_and_a_retained_one_can_be_withdrawn_too() {
    let world = World::new();
    let crm = world.confidential("crm");
    let old = crm.client_credentials(&world, &[]).tokens().access;
    let unused = next(&world).kid;
    let told = revoke(&world, &unused).unwrap();
    assert_eq!((told.tokens.at_most, told.tokens.until, told.successor), (0, None, None), "it breaks nothing");
    assert_eq!(crm.introspect(&world, &old)["active"], true);
    assert_ne!(next(&world).kid, unused);
    let retained = signing(&world).kid;
    world.block(keys::rotate(&world.app, &world.operator(), None, Haste::AtOnce)).unwrap();
    assert_eq!(crm.introspect(&world, &old)["active"], true);
    let told = revoke(&world, &retained).unwrap();
    assert_eq!((told.tokens.at_most, told.successor), (1, None));
    assert_eq!(crm.introspect(&world, &old)["active"], false);
    let good = crm.client_credentials(&world, &[]).tokens().access;
    assert_eq!(crm.introspect(&world, &good)["active"], true);
}

/// RFC 9111 §5.2.2.1. Decision 31.
#[test]
fn after_a_revocation_copies_of_the_key_set_are_kept_for_a_minute_for_a_day() {
    let world = World::new();
    let age = || {
        let answer = world.request("GET", "/.well-known/jwks.json").send();
        answer.header("cache-control").unwrap().to_owned()
    };
    assert_eq!(age(), "public, max-age=300");
    let told = revoke(&world, &signing(&world).kid).unwrap();
    assert_eq!(told.taken_until, world.now().plus(Lifetime::from_minutes(5)));
    assert_eq!(age(), "public, max-age=60");
    world.later(Lifetime::from_minutes(10));
    let looked = world.block(keys::breaks(&world.app, &world.operator(), &told.key.kid)).unwrap();
    assert_eq!(looked.taken_until, told.taken_until, "looking again changes nothing");
    let told = revoke(&world, &signing(&world).kid).unwrap();
    assert_eq!(told.taken_until, world.now().plus(Lifetime::from_minutes(1)), "the second is heard of sooner");
    world.later(Lifetime::from_days(1));
    world.block(turn_keys::turn(&world.app, &world.operator())).unwrap();
    assert_eq!(age(), "public, max-age=300");
}

/// Many administrators, all of whom hurry: each key is withdrawn once, and there is always one that signs and one that is next.
#[test]
fn decisions_about_keys_do_not_get_into_each_others_way() {
    let office = Office::open();
    let world = &office.world;
    let machine = world.machine("second", &office.ada, "writ:admin");
    let by = world.operator();
    let kids: Vec<String> = keys::list(&world.app)
        .unwrap()
        .into_iter()
        .filter(|row| row.algorithm == Algorithm::ES256)
        .map(|row| row.kid)
        .collect();
    assert_eq!(kids.len(), 2);
    let outcomes = at_once(8, |n| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        match n % 4 {
            0 => runtime.block_on(keys::rotate(&world.app, &by, None, Haste::AtOnce)).map(drop),
            1 => runtime.block_on(turn_keys::turn(&world.app, &by)).map_err(Declined::from),
            n => runtime.block_on(keys::revoke(&world.app, &by, &kids[n - 2], Seen::Anything, "x")).map(drop),
        }
    });
    let conflicts = outcomes.iter().filter(|outcome| matches!(outcome, Err(Declined::Conflict(_)))).count();
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!((conflicts, done), (2, 6), "{outcomes:?}");
    let rows = keys::list(&world.app).unwrap();
    for algorithm in [Algorithm::ES256, Algorithm::EdDSA] {
        let count = |wanted: fn(&KeyState) -> bool| {
            rows.iter().filter(|row| row.algorithm == algorithm && wanted(&row.state)).count()
        };
        assert_eq!(count(|state| matches!(state, KeyState::Signing { .. })), 1);
        assert_eq!(count(|state| matches!(state, KeyState::Next { .. })), 1);
    }
    assert_eq!(world.app.keys.current().rows(), rows.as_slice(), "and what is in force is what the file says");
    let fresh = token(world, &machine, "writ:admin");
    world.request("GET", "/api/v1/keys").bearer(&fresh).send().expect_status(200);
    assert_eq!(claims(&fresh)["iss"], ISSUER);
    let withdrawn = world.events(100).iter().filter(|name| *name == "key.revoked").count();
    assert_eq!(withdrawn, 2);
}
