//! Who may do what with machines, and machines that come with an access key.

use serde_json::{Value, json};
use writ::base::{Lifetime, OpaqueToken, TokenKind};
use writ::model::MachineKind;
use writ::operations::credentials::{self, NewCredential, NewProof};
use writ::operations::declined::Declined;
use writ::operations::machines::{self, Terms};
use writ::operations::operator::Operator;
use writ::operations::seen::Seen;
use writ::protocol::display_name::DisplayName;

use super::Office;
use crate::world::{Answer, ClientApp, ISSUER};

/// Everything that is done to one machine, with the least it takes.
fn deeds(machine: &str, credential: &str) -> Vec<(&'static str, String, Value)> {
    let because = json!({ "because": "test" });
    let at = format!("/machines/{machine}");
    vec![
        ("PATCH", at.clone(), json!({ "purpose": "mine now" })),
        ("POST", format!("{at}/handover"), json!({ "owner": "ada@example.com" })),
        ("POST", "/credentials".to_owned(), json!({ "client_id": machine, "type": "client_secret" })),
        ("POST", "/credentials".to_owned(), json!({ "client_id": machine, "type": "access_key" })),
        ("POST", format!("/credentials/{credential}/rotation"), json!({})),
        ("POST", format!("/credentials/{credential}/revocation"), because.clone()),
        ("POST", format!("{at}/suspension"), because.clone()),
        ("POST", format!("{at}/suspension/end"), json!({})),
        ("POST", format!("{at}/retirement"), because),
    ]
}

impl Office {
    fn as_whom(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        let request = self.world.request(method, &format!("/api/v1{path}")).bearer(token).header("If-Match", "*");
        if method == "GET" { request.send() } else { request.json(body).send() }
    }

    fn first_credential(&self, machine: &ClientApp) -> String {
        let shown = self.get(&format!("/machines/{}", machine.id));
        shown["credentials"][0]["credential_id"].as_str().unwrap().to_owned()
    }

    /// A machine's access key.
    fn key(&self, machine: &ClientApp) -> String {
        let ask = json!({ "client_id": machine.id.to_string(), "type": "access_key" });
        self.post("/credentials", &ask).expect_status(201).json()["access_key"].as_str().unwrap().to_owned()
    }
}

#[test]
fn nobody_touches_a_machine_that_reaches_further() {
    let office = Office::open();
    let clerk = office.token_with("writ:machines:write writ:people:write");
    for (name, scope) in [("chief", "writ:admin"), ("reader", "mcp:read writ:audit:read")] {
        let chief = office.world.machine(name, &office.ada, scope);
        let credential = office.first_credential(&chief);
        let before = office.tag(&format!("/machines/{}", chief.id));
        for (method, path, body) in deeds(&chief.id.to_string(), &credential) {
            let answer = office.as_whom(&clerk, method, &path, &body);
            assert_eq!((answer.status, answer.problem().as_str()), (403, "forbidden"), "{method} {path}");
        }
        assert_eq!(office.tag(&format!("/machines/{}", chief.id)), before);
        assert_eq!(office.as_whom(&clerk, "GET", &format!("/machines/{}", chief.id), &json!({})).status, 200);
        // Nor all of them at once, by stopping the person who answers for them.
        let person =
            json!({ "email": format!("{name}@example.com"), "name": name, "password": crate::world::PASSWORD });
        let person = office.made("/people", &person);
        let hand_over = json!({ "owner": format!("{name}@example.com") });
        office.post(&format!("/machines/{}/handover", chief.id), &hand_over).expect_status(200);
        let path = format!("/people/{person}/suspension");
        let because = json!({ "because": "test" });
        assert_eq!(office.as_whom(&clerk, "POST", &path, &because).problem(), "forbidden");
        assert_eq!(office.get(&format!("/people/{person}"))["state"], "active", "nothing of it was done");
        office.post(&path, &because).expect_status(200);
        assert_eq!(office.get(&format!("/machines/{}", chief.id))["state"], "suspended");
    }
}

#[test]
fn whoever_reaches_as_far_does_all_of_it_and_makes_nothing_wider() {
    let office = Office::open();
    let clerk = office.token_with("writ:machines:write");
    let robot = office.world.machine("robot", &office.ada, "mcp:admin writ:machines:read");
    let path = format!("/machines/{}", robot.id);
    let wider = |body: Value| office.as_whom(&clerk, "PATCH", &path, &body).problem();
    assert_eq!(wider(json!({ "scopes": ["writ:admin"] })), "forbidden");
    assert_eq!(wider(json!({ "scopes": ["writ:read"] })), "forbidden");
    office.made("/resources", &json!({ "identifier": "https://t.example", "name": "Tickets", "scopes": ["mcp:read"] }));
    assert_eq!(
        wider(json!({ "access": [{ "resource": "https://t.example", "scopes": ["writ:admin"] }] })),
        "forbidden"
    );
    for (method, path, body) in deeds(&robot.id.to_string(), &office.first_credential(&robot)) {
        let status = office.as_whom(&clerk, method, &path, &body).status;
        assert!([200, 201].contains(&status), "{method} {path}: {status}");
    }
    // Who only reads does none of it.
    let reader = office.token_with("writ:machines:read");
    let other = office.world.machine("other", &office.ada, "mcp:read");
    let credential = office.first_credential(&other);
    for (method, path, body) in deeds(&other.id.to_string(), &credential) {
        assert_eq!(office.as_whom(&reader, method, &path, &body).problem(), "forbidden", "{method} {path}");
    }
    let trial = format!("/credentials/{credential}/trial");
    assert_eq!(office.as_whom(&reader, "POST", &trial, &json!({ "token": "x" })).problem(), "forbidden");
    let stranger = office.token_with("writ:clients:read");
    for path in [format!("/credentials/{credential}"), "/credentials".to_owned(), "/machines?q=other".to_owned()] {
        assert_eq!(office.as_whom(&reader, "GET", &path, &json!({})).status, 200, "{path}");
        assert_eq!(office.as_whom(&stranger, "GET", &path, &json!({})).status, 403);
    }
}

/// Between the look at the token and the write, whoever asked was stopped.
#[test]
fn who_was_stopped_a_moment_ago_does_nothing_more_to_machines() {
    let office = Office::open();
    let world = &office.world;
    let clerk = world.machine("clerk", &office.ada, "writ:admin");
    let key = office.key(&clerk);
    let robot = world.machine("robot", &office.ada, "mcp:read");
    let id = world.machine_id(&robot);
    let credential = world.credentials(&robot).remove(0).id;
    let anonymous = super::changes::anonymous(world);
    let by = || {
        world.block(Operator::with_access_key(&world.app, &anonymous, &key, "writ:machines:write")).unwrap().unwrap()
    };
    let everything = |by: &Operator| {
        let (app, seen) = (&world.app, Seen::Anything);
        let name = DisplayName::parse("x").unwrap();
        let ask = NewCredential { name: name.clone(), proof: NewProof::AccessKey, expires_at: None };
        let terms = move |_: &writ::model::Machine| {
            Ok(Terms::new(name.clone(), MachineKind::Ci, "tests", "mcp:read".parse().unwrap()))
        };
        let owner = office.ada.email.parse().unwrap();
        let token = writ::base::Secret::new("a.b.c");
        [
            world.block(machines::change(app, by, id, seen.clone(), terms)).map(drop),
            world.block(machines::hand_over(app, by, id, seen.clone(), owner)).map(drop),
            world.block(machines::suspend(app, by, id, seen.clone(), "x")).map(drop),
            world.block(machines::resume(app, by, id, seen.clone())).map(drop),
            world.block(machines::retire(app, by, id, seen.clone(), "x")).map(drop),
            world.block(credentials::create(app, by, id, ask)).map(drop),
            world.block(credentials::rotate(app, by, credential, Lifetime::from_days(1))).map(drop),
            world.block(credentials::revoke(app, by, credential, seen, "x")).map(drop),
            world.block(writ::operations::federation::explain(app, by, credential, &token, None)).map(drop),
        ]
    };
    let all_forbidden = |by: &Operator, why: &str| {
        for (n, outcome) in everything(by).into_iter().enumerate() {
            assert!(matches!(outcome, Err(Declined::Forbidden(_))), "{why}: {n} {outcome:?}");
        }
    };
    let path = format!("/machines/{}", clerk.id);
    let before = by();
    office.post(&format!("{path}/suspension"), &json!({ "because": "test" })).expect_status(200);
    all_forbidden(&before, "suspended");
    office.post(&format!("{path}/suspension/end"), &json!({})).expect_status(200);
    let before = by();
    office.change("PATCH", &path, "*", &json!({ "scopes": ["writ:machines:write"] })).expect_status(200);
    all_forbidden(&before, "narrowed");
    let before = by();
    let soon = world.now().plus(Lifetime::from_hours(1));
    office.change("PATCH", &path, "*", &json!({ "expires_at": soon.iso() })).expect_status(200);
    assert!(everything(&before)[0].is_ok(), "it has as much as before, until then");
    let before = by();
    let used = office.get("/credentials")["items"].as_array().unwrap().clone();
    let used = used.iter().find(|one| one["client_id"] == clerk.id.to_string() && one["type"] == "access_key").unwrap();
    let path = format!("/credentials/{}/revocation", used["credential_id"].as_str().unwrap());
    office.post(&path, &json!({ "because": "test" })).expect_status(200);
    all_forbidden(&before, "its key was revoked");
}

#[test]
fn a_machine_comes_with_its_access_key() {
    let office = Office::open();
    let world = &office.world;
    let clerk = world.machine("clerk", &office.ada, "writ:machines:write mcp:read");
    let key = office.key(&clerk);
    let bearer = |path: &str| world.request("GET", &format!("/api/v1{path}")).bearer(&key).send();
    let header = |path: &str| world.request("GET", &format!("/api/v1{path}")).header("X-API-Key", &key).send();
    for ask in [&bearer as &dyn Fn(&str) -> Answer, &header] {
        assert_eq!(ask("/machines").status, 200);
        let refused = ask("/people");
        assert_eq!((refused.status, refused.problem().as_str()), (403, "forbidden"));
        let challenge = refused.header("www-authenticate").unwrap();
        assert!(challenge.contains("error=\"insufficient_scope\", scope=\"writ:people:read\""), "{challenge}");
    }
    // What it does is its own doing, and its use is counted.
    let ask = json!({ "name": "made", "owner": "ada@example.com", "purpose": "tests" });
    world.request("POST", "/api/v1/machines").header("X-API-Key", &key).json(&ask).send().expect_status(201);
    let entry = &office.get("/audit?event=machine.created")["items"][0];
    assert_eq!((&entry["by"], &entry["from"]["channel"]), (&json!({ "client": clerk.id.to_string() }), &json!("api")));
    let shown = office.get(&format!("/machines/{}", clerk.id));
    assert_eq!(
        (&shown["usage"]["grants"], &shown["usage"]["scopes"][0]["scope"]),
        (&json!(3), &json!("writ:machines:write"))
    );
    let credentials = shown["credentials"].as_array().unwrap();
    let used = credentials.iter().find(|one| one["type"] == "access_key").unwrap();
    assert_eq!(used["last_used_at"], shown["usage"]["last_used_at"]);
    // It hands out no more than it has.
    let wider = json!({ "name": "wider", "owner": "ada@example.com", "purpose": "tests", "scopes": ["writ:admin"] });
    let wider = world.request("POST", "/api/v1/machines").header("X-API-Key", &key).json(&wider).send();
    assert_eq!(wider.problem(), "forbidden");
    // A key is no token elsewhere, and without a scope of the API it is good for nothing here.
    let plain = office.key(&world.machine("plain", &office.ada, "mcp:read"));
    assert_eq!(world.request("GET", "/api/v1/machines").bearer(&plain).send().status, 403);
}

#[test]
fn case_49_an_access_key_that_is_not_good_opens_nothing_at_the_api() {
    let office = Office::open();
    let world = &office.world;
    let clerk = world.machine("clerk", &office.ada, "writ:admin");
    let key = office.key(&clerk);
    let both = |key: &str| {
        let bearer = world.request("GET", "/api/v1/machines").bearer(key).send();
        let header = world.request("GET", "/api/v1/machines").header("X-API-Key", key).send();
        [bearer, header]
    };
    let refused = |key: &str, why: &str| {
        for answer in both(key) {
            assert_eq!((answer.status, answer.problem().as_str()), (401, "unauthorized"), "{why}");
            assert!(answer.header("www-authenticate").unwrap().contains("error=\"invalid_token\""), "{why}");
            assert!(!answer.body.contains(key), "{why}");
        }
    };
    assert_eq!(both(&key).map(|answer| answer.status), [200, 200]);
    let id = world.credentials(&clerk).into_iter().find(|one| one.kind.as_str() == "access_key").unwrap().id;
    let guessed = OpaqueToken::new(TokenKind::AccessKey, id, &world.app.entropy).unwrap();
    refused(guessed.secret().expose(), "guessed");
    refused("writ_ak_x", "no key at all");
    refused(clerk.secret.as_deref().unwrap(), "a secret is no access key");
    assert!(world.app.tally.take().iter().any(|(what, count)| *what == "unknown access key" && *count >= 3));
    let path = format!("/machines/{}", clerk.id);
    let change = |body: Value| office.change("PATCH", &path, "*", &body).expect_status(200).json();
    change(json!({ "networks": ["192.0.2.0/24"] }));
    refused(&key, "from elsewhere");
    change(json!({ "networks": null, "dpop_bound": true }));
    for answer in both(&key) {
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").unwrap().starts_with("DPoP "), "it has to prove a key");
    }
    change(json!({ "dpop_bound": null }));
    office.post(&format!("{path}/suspension"), &json!({ "because": "test" })).expect_status(200);
    refused(&key, "suspended");
    office.post(&format!("{path}/suspension/end"), &json!({})).expect_status(200);
    assert_eq!(both(&key).map(|answer| answer.status), [200, 200]);
    let keys = office.get(&format!("/credentials?client_id={}", clerk.id));
    let used = keys["items"].as_array().unwrap().iter().find(|one| one["type"] == "access_key").unwrap();
    let id = used["credential_id"].as_str().unwrap();
    office.post(&format!("/credentials/{id}/revocation"), &json!({ "because": "lost" })).expect_status(200);
    refused(&key, "revoked");
    let key = office.key(&clerk);
    change(json!({ "expires_at": world.now().plus(Lifetime::from_minutes(5)).iso() }));
    assert_eq!(both(&key).map(|answer| answer.status), [200, 200]);
    world.later(Lifetime::from_minutes(5));
    refused(&key, "its machine's time is over");
}

#[test]
fn one_credential_is_enough() {
    let office = Office::open();
    let key = office.key(&office.world.machine("clerk", &office.ada, "writ:admin"));
    let request = || office.world.request("GET", "/api/v1/machines");
    for (what, request) in [
        ("a token and a key", request().bearer(&office.token).header("X-API-Key", &key)),
        ("the same key twice", request().bearer(&key).header("X-API-Key", &key)),
        ("two keys", request().header("X-API-Key", &key).header("X-API-Key", &key)),
        ("two tokens", request().bearer(&office.token).bearer(&office.token)),
        ("a bad token and a good key", request().bearer("x").header("X-API-Key", &key)),
    ] {
        let answer = request.send();
        assert_eq!((answer.status, answer.problem().as_str()), (400, "invalid"), "{what}");
    }
    assert_eq!(request().header("Authorization", &format!("DPoP {key}")).send().status, 401);
    let nobody = request().send();
    let challenge = nobody.header("www-authenticate").unwrap();
    assert_eq!((nobody.status, challenge), (401, format!("Bearer realm=\"{ISSUER}\"").as_str()));
    let document = office.world.request("GET", "/api/v1/openapi.json").send().json();
    let scheme = &document["components"]["securitySchemes"]["key"];
    assert_eq!(
        (&scheme["type"], &scheme["in"], &scheme["name"]),
        (&json!("apiKey"), &json!("header"), &json!("X-API-Key"))
    );
}
