//! An appliance of each released layout with something in every room of it, kept in `tests/vectors/appliance-vN`: the file, its master key
//! (which guards nothing but this file) and, in `known.json`, what its people and machines have in their hands. The version that is tested
//! opens a copy, and everybody goes on with what they have.
//!
//! A new layout takes a new one: before the release that brings it, run
//! `cargo test --test it -- --ignored furnished::make_an_appliance_of_this_layout`, commit the directory that it makes, and leave the older
//! ones alone. What a later version keeps besides goes into `furnish` then, and into what is asked of the copy.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use serde_json::{Value, json};
use writ::app::App;
use writ::base::{Clock, Entropy, Lifetime, Timestamp};
use writ::config::{Config, Sources};
use writ::model::{Algorithm, GrantType, Subject};
use writ::operations::backup::restore::{Ask, Newer, Place, Sessions, restore};
use writ::operations::keys::{self, Haste};
use writ::operations::start::{Keeping, start};
use writ::operations::{backup, housekeeping, turn_keys};
use writ::store::migrate::STEPS;

use crate::api::token;
use crate::stories::second_factor::{set_up, shown};
use crate::world::{Answer, Browser, CALLBACK, ClientApp, ISSUER, JWT_BEARER, KeyPair, Someone, World, verified};

/// The first layout of which there is one.
const FIRST: usize = 5;
const FRONT: &str = "https://mcp.example/a";
const ARCHIVE: &str = "https://mcp.example/b";
const WORKLOADS: &str = "https://workloads.example";
const ASSERTION: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// What of the data directory is kept.
const FILES: [&str; 3] = ["writ.redb", "writ.head", "master.key"];

fn folder(layout: usize) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/vectors/appliance-v{layout}"))
}

// ---- making one

#[test]
#[ignore = "makes tests/vectors/appliance-vN of this version's layout anew; run by hand, before the layout is released"]
fn make_an_appliance_of_this_layout() {
    let world = World::with_file_and(&[("keys.algorithms", "ES256,RS256,EdDSA")]);
    let known = furnish(&world);
    let folder = folder(STEPS.len());
    let (_, ()) = world.restarted_after(|config| {
        let file = config.store_file();
        // The writer of a world that was stopped just now may still hold it.
        let mut database = loop {
            match redb::Database::open(&file) {
                Ok(database) => break database,
                Err(redb::DatabaseError::DatabaseAlreadyOpen) => std::thread::yield_now(),
                Err(other) => panic!("{other}"),
            }
        };
        database.compact().unwrap();
        drop(database);
        drop(fs::remove_dir_all(&folder));
        fs::create_dir(&folder).unwrap();
        for name in FILES {
            fs::copy(config.data.join(name), folder.join(name)).unwrap();
        }
    });
    fs::write(folder.join("known.json"), serde_json::to_string_pretty(&known).unwrap() + "\n").unwrap();
}

/// People, applications and machines, and what they came to have. Gives what they have in their hands.
fn furnish(world: &World) -> Value {
    let ada = world.administrator("ada");
    let eve = world.person("eve");
    let (secret, recovery) = set_up(world, &ada);
    let (front, archive) = (world.resource(FRONT, "mcp:read mcp:write"), world.resource(ARCHIVE, "mcp:read mcp:write"));
    let (mail, crm) = (world.client("mail").at(&front), world.confidential("crm").at(&front));
    world.edit_client(&crm, |client| client.grant_types.push(GrantType::TokenExchange));
    let stranger = ClientApp::registers(world, "stranger");
    let clerk = world.machine("clerk", &ada, "writ:admin");
    let desk = world.serving("desk", &ada, &front);
    world.delegate(&desk, Subject::Person(ada.id), "mcp:read");

    // What administrators set, by the API.
    let api = token(world, &clerk, "writ:admin");
    let post = |path: &str, body: &Value| {
        let answer = world.request("POST", &format!("/api/v1{path}")).bearer(&api).json(body).send();
        assert!(answer.status < 300, "{path}: {} {}", answer.status, answer.body);
        answer.json()
    };
    let made = |path: &str, body: &Value, id: &str| post(path, body)[id].as_str().unwrap().to_owned();
    let key = KeyPair::new("ES256");
    let jwks = json!({ "keys": [key.jwk("key-1")] });
    post("/tenants", &json!({ "name": "acme" }));
    post("/tenants/acme/roles", &json!({ "name": "editor", "permissions": ["tickets.edit"] }));
    post("/tenants/main/roles", &json!({ "name": "importer", "permissions": ["tickets.import"] }));
    post(&format!("/memberships/{}/roles", eve.id), &json!({ "give": ["acme/editor"] }));
    let about = json!({ "name": "robot", "owner": ada.email, "purpose": "imports", "scopes": ["mcp:read"] });
    let robot = made("/machines", &about, "client_id");
    post(&format!("/machines/{robot}/roles"), &json!({ "give": ["importer"] }));
    let proof = |mut body: Value| {
        body["client_id"] = robot.clone().into();
        post("/credentials", &body)
    };
    let robot_secret = proof(json!({ "type": "client_secret", "name": "secret" }))["client_secret"].clone();
    let access_key = proof(json!({ "type": "access_key", "name": "access key" }))["access_key"].clone();
    proof(json!({ "type": "public_keys", "name": "keys", "jwks": jwks }));
    proof(json!({ "type": "key_set", "name": "key set", "jwks_uri": "https://import.example/jwks" }));
    let rules = json!([{ "claim": "sub", "is": "import" }]);
    proof(json!({ "type": "trust", "name": "workload",
        "trust": { "issuer": WORKLOADS, "audience": ISSUER, "rules": rules, "jwks": jwks } }));
    let login = json!({ "issuer": "https://login.example", "jwks": jwks });
    let login = made("/providers", &login, "id");
    post(&format!("/providers/{login}/links"), &json!({ "subject": "00u19488227", "person": eve.id.to_string() }));
    post(
        "/crossings",
        &json!({ "client_id": crm.id.to_string(), "audience": "https://chat.example", "scopes": ["chat.read"] }),
    );
    post("/registration-tokens", &json!({}));
    post("/limits/change", &json!({ "limit": "token", "per_minute": 54_321 }));
    let stopped = json!({ "name": "stopped", "owner": ada.email, "purpose": "tests", "scopes": ["mcp:read"] });
    let stopped = made("/machines", &stopped, "client_id");
    post(&format!("/machines/{stopped}/suspension"), &json!({ "because": "a drill" }));

    // What people and machines do.
    let mut browser = comes_in(world, &ada, &secret);
    let first = mail.tokens(world, &mut browser);
    let tokens = mail.refresh(world, &first.refresh.unwrap()).tokens();
    let exchanged = desk.exchange(world, &tokens.access, &[("resource", ARCHIVE), ("scope", "mcp:read")]).tokens();
    let bound = KeyPair::new("ES256").for_tokens(world);
    let asks = [("grant_type", "client_credentials"), ("resource", FRONT)];
    crm.token_request_with(world, &asks, &[&bound]).bound_tokens();
    signs(world, &robot, &key, "before").expect_status(200);
    workload(world, &key, "before").expect_status(200);
    let revoked = crm.client_credentials(world, &[("resource", FRONT)]).tokens().access;
    let revoke = world.request("POST", "/oauth/revoke").basic(&crm.id.to_string(), crm.secret.as_ref().unwrap());
    revoke.form(&[("token", &revoked)]).send().expect_status(200);
    crm.client_credentials(world, &[("resource", archive.identifier.as_str())]).tokens();
    world.block(keys::rotate(&world.app, &world.operator(), Some(Algorithm::EdDSA), Haste::AtOnce)).unwrap();
    let copies = tempfile::tempdir().unwrap();
    world.block(backup::make(&world.app, &world.operator(), Some(copies.path().join("b")))).unwrap();
    world.block(housekeeping::round(&world.app)).unwrap();
    let code = mail.code(&mut browser);

    let application = |app: &ClientApp| json!({ "id": app.id.to_string(), "secret": app.secret });
    json!({
        "about": "What is in these files guards nothing: an appliance made by tests/it/furnished.rs.",
        "at": world.now().seconds(),
        "person": { "id": ada.id.to_string(), "email": ada.email, "totp": base64(&secret), "recovery": recovery },
        "cookies": browser.cookies,
        "mail": application(&mail), "crm": application(&crm), "desk": application(&desk), "clerk": application(&clerk),
        "stranger": application(&stranger),
        "robot": { "id": robot, "secret": robot_secret, "access_key": access_key, "key": base64(&key.private()) },
        "access": tokens.access, "refresh": tokens.refresh, "exchanged": exchanged.access, "revoked": revoked,
        "code": code,
    })
}

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

// ---- a copy of one

/// It serves, a few seconds later than it was stopped.
struct Opened {
    world: World,
    known: Value,
    ada: Someone,
    config: Config,
    directory: tempfile::TempDir,
}

impl Opened {
    fn of(layout: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = config(&directory.path().join("data"));
        fs::create_dir(&config.data).unwrap();
        for name in FILES {
            let to = config.data.join(name);
            fs::copy(folder(layout).join(name), &to).unwrap();
            // A checkout keeps no modes, and a key that others can read is refused.
            fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let known: Value = serde_json::from_slice(&fs::read(folder(layout).join("known.json")).unwrap()).unwrap();
        let at = Timestamp::from_seconds(known["at"].as_i64().unwrap()).plus(Lifetime::from_seconds(5));
        let world = World::over(started(&config, Clock::fixed(at)));
        world.block(turn_keys::turn(&world.app, &world.operator())).unwrap();
        let person = &known["person"];
        let ada = Someone { id: text(&person["id"]).parse().unwrap(), email: text(&person["email"]) };
        Self { world, known, ada, config, directory }
    }

    fn known(&self, name: &str) -> String {
        text(&self.known[name])
    }

    fn app(&self, name: &str) -> ClientApp {
        let known = &self.known[name];
        ClientApp {
            id: text(&known["id"]).parse().unwrap(),
            secret: known["secret"].as_str().map(str::to_owned),
            redirect_uri: CALLBACK.to_owned(),
            resource: Some(FRONT.to_owned()),
        }
    }

    fn bytes(&self, of: &str, name: &str) -> Vec<u8> {
        base64::engine::general_purpose::STANDARD.decode(text(&self.known[of][name])).unwrap()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn config(data: &Path) -> Config {
    let flags = vec![
        ("data", data.display().to_string()),
        ("listen", "127.0.0.1:0".to_owned()),
        ("public_url", ISSUER.to_owned()),
        ("workers", "1".to_owned()),
    ];
    Sources { flags, file: None, environment: Vec::new() }.load().unwrap().config
}

fn started(config: &Config, clock: Clock) -> App {
    start(config.clone(), Keeping::File, clock, Entropy::os()).unwrap()
}

/// A person signs in with a password and the next code of their telephone.
fn comes_in(world: &World, someone: &Someone, secret: &[u8]) -> Browser {
    world.later(Lifetime::from_seconds(30));
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    let page = browser.sign_in(&page, someone);
    page.expect_page(200, "One more step");
    let page = browser.submit(&page, &[("code", &shown(secret, world))]);
    assert_eq!(page.path, "/account", "{}", page.body);
    browser
}

/// A machine asks with a signature of its key.
fn signs(world: &World, id: &str, key: &KeyPair, jti: &str) -> Answer {
    let now = world.now().seconds();
    let claims = json!({ "iss": id, "sub": id, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": jti });
    let assertion = key.signs(&json!({ "alg": key.alg, "kid": "key-1", "typ": "JWT" }), &claims);
    world.token(&[
        ("grant_type", "client_credentials"),
        ("resource", FRONT),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", &assertion),
    ])
}

/// The same machine with what its platform says of it.
fn workload(world: &World, key: &KeyPair, jti: &str) -> Answer {
    let now = world.now().seconds();
    let claims = json!({ "iss": WORKLOADS, "sub": "import", "aud": ISSUER, "iat": now, "exp": now + 60, "jti": jti });
    let assertion = key.signs(&json!({ "alg": key.alg, "kid": "key-1", "typ": "JWT" }), &claims);
    world.token(&[("grant_type", ASSERTION), ("resource", FRONT), ("assertion", &assertion)])
}

#[test]
fn an_appliance_of_every_layout_opens_and_everybody_goes_on() {
    let newest = STEPS.len();
    assert!(folder(newest).exists(), "there is no appliance of layout {newest}: see tests/it/furnished.rs");
    // Between two releases there may be layouts that nobody's file ever had.
    for layout in (FIRST..=newest).filter(|layout| folder(*layout).exists()) {
        let copy = Opened::of(layout);
        people_go_on(&copy);
        machines_go_on(&copy);
        everything_is_listed(&copy);
        it_is_backed_up_and_restored(copy);
    }
}

fn people_go_on(copy: &Opened) {
    let world = &copy.world;
    let mut browser = world.browser();
    browser.cookies = serde_json::from_value(copy.known["cookies"].clone()).unwrap();
    assert_eq!(browser.get("/account").path, "/account", "still signed in");
    let (mail, crm, desk) = (copy.app("mail"), copy.app("crm"), copy.app("desk"));
    // A code that nobody had redeemed is good, and another one is got.
    mail.tokens(world, &mut browser);
    let code = copy.known("code");
    let jwks = world.jwks();
    verified(&jwks, &mail.redeem(world, &code).tokens().access);
    // Tokens from before: with the published keys, and by asking.
    verified(&jwks, &copy.known("access"));
    assert_eq!(desk.introspect(world, &copy.known("access"))["active"], true);
    assert_eq!(desk.introspect(world, &copy.known("exchanged"))["active"], true);
    assert_eq!(crm.introspect(world, &copy.known("revoked"))["active"], false);
    let tokens = mail.refresh(world, &copy.known("refresh")).tokens();
    verified(&jwks, &tokens.access);
    let acts = desk.exchange(world, &tokens.access, &[("resource", ARCHIVE), ("scope", "mcp:read")]).tokens();
    assert_eq!(acts.claims()["sub"], copy.ada.id.to_string());
    let mut browser = comes_in(world, &copy.ada, &copy.bytes("person", "totp"));
    browser.get("/console").expect_status(200);
}

fn machines_go_on(copy: &Opened) {
    let (world, robot) = (&copy.world, &copy.known["robot"]);
    let id = text(&robot["id"]);
    let ask = [("grant_type", "client_credentials"), ("resource", FRONT)];
    let token = world.request("POST", "/oauth/token").basic(&id, &text(&robot["secret"])).form(&ask).send().tokens();
    assert_eq!(token.claims()["roles"], json!(["importer"]), "{}", token.claims());
    let access_key = text(&robot["access_key"]);
    world.token(&[ask[0], ask[1], ("client_secret", &access_key)]).tokens();
    let key = KeyPair::from_private(&copy.bytes("robot", "key"));
    signs(world, &id, &key, "after").expect_status(200);
    signs(world, &id, &key, "before").expect_refused(401, "invalid_client");
    workload(world, &key, "after").expect_status(200);
    copy.app("crm").client_credentials(world, &[("resource", FRONT)]).expect_status(200);
}

/// Every list of the API, as its own document names them, with something in it.
fn everything_is_listed(copy: &Opened) {
    let world = &copy.world;
    let api = token(world, &ClientApp { resource: None, ..copy.app("clerk") }, "writ:admin");
    let get = |path: &str| world.request("GET", path).bearer(&api).send().expect_status(200).clone();
    let document = get("/api/v1/openapi.json").json();
    let paths = document["paths"].as_object().unwrap().iter();
    let lists: Vec<&String> =
        paths.filter(|(path, doors)| !path.contains('{') && doors["get"].is_object()).map(|(path, _)| path).collect();
    // Of machines that are so new, there may be nothing to be said; and backups lie beside a store, and not in it.
    let empty: Vec<&str> = lists
        .iter()
        .filter(|path| get(path).json()["items"].as_array().is_some_and(Vec::is_empty))
        .map(|path| path.as_str())
        .filter(|path| !["/api/v1/findings", "/api/v1/backups"].contains(path))
        .collect();
    assert!(lists.len() > 12 && empty.is_empty(), "{empty:?} of {lists:?}");
    let limits = get("/api/v1/limits").json();
    let limit = limits["limits"].as_array().unwrap().iter().find(|limit| limit["limit"] == "token").unwrap().clone();
    assert_eq!(limit["per_minute"], 54_321);
    assert!(world.app.store.verify_audit(None).unwrap().is_ok());
}

fn it_is_backed_up_and_restored(copy: Opened) {
    let Opened { world, known, config: mut elsewhere, directory, .. } = copy;
    let backup = directory.path().join("backup");
    world.block(backup::make(&world.app, &world.operator(), Some(backup.clone()))).unwrap();
    let key = elsewhere.master_key_file();
    elsewhere.data = directory.path().join("elsewhere");
    fs::create_dir(&elsewhere.data).unwrap();
    fs::copy(key, elsewhere.master_key_file()).unwrap();
    let ask = Ask { backup, place: Place::Empty, sessions: Sessions::End, newer: Newer::CarryOver, newer_key: None };
    restore(&elsewhere, &ask, &world.app.clock).unwrap();
    let again = World::over(started(&elsewhere, world.app.clock.clone()));
    again.block(turn_keys::turn(&again.app, &again.operator())).unwrap();
    let robot = &known["robot"];
    let ask = again.request("POST", "/oauth/token").basic(&text(&robot["id"]), &text(&robot["secret"]));
    let token = ask.form(&[("grant_type", "client_credentials"), ("resource", FRONT)]).send().tokens().access;
    verified(&again.jwks(), &token);
    assert!(again.app.store.verify_audit(None).unwrap().is_ok());
}
