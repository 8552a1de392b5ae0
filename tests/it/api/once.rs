//! Requests that have their effect once.

use serde_json::{Value, json};
use writ::base::Lifetime;
use writ::operations::housekeeping;

use super::Office;
use crate::world::{Answer, World, at_once};

fn post(office: &Office, path: &str, key: &str, body: &Value) -> Answer {
    office.ask("POST", path).header("Idempotency-Key", key).json(body).send()
}

fn mail(name: &str) -> Value {
    json!({ "client_name": name, "redirect_uris": ["https://mail.example/cb"] })
}

#[test]
fn the_same_request_is_answered_the_same() {
    let office = Office::open();
    let first = post(&office, "/clients", "key-1", &mail("Mail"));
    first.expect_status(201);
    // Whatever has become of it meanwhile.
    let path = format!("/clients/{}", first.json()["client_id"].as_str().unwrap());
    office.change("PATCH", &path, "*", &json!({ "client_name": "Post" })).expect_status(200);
    let again = post(&office, "/clients", "\"key-1\"", &mail("Mail"));
    assert_eq!((again.status, &again.body), (201, &first.body));
    for header in ["etag", "location"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    assert_eq!(office.get("/clients")["items"].as_array().unwrap().len(), 1);
    assert_eq!(post(&office, "/clients", "key-1", &mail("Other")).problem(), "key-reused");
    assert_eq!(post(&office, "/scopes", "key-1", &mail("Mail")).status, 400, "that is no scope");
    let scope = json!({ "name": "tickets:read", "description": "Read tickets" });
    assert_eq!(post(&office, "/scopes", "key-1", &scope).problem(), "key-reused");
    for key in ["", "a b", "ä", &"k".repeat(256)] {
        assert_eq!(post(&office, "/clients", key, &mail("Mail")).wrong(), ["Idempotency-Key"], "{key}");
    }
    // Another sender's key is another key.
    let token = office.token_with("writ:clients:write");
    let other = office.world.request("POST", "/api/v1/clients").bearer(&token).header("Idempotency-Key", "key-1");
    other.json(&mail("Third")).send().expect_status(201);
}

#[test]
fn a_secret_that_was_shown_is_not_shown_again() {
    let office = Office::open();
    let body = json!({ "name": "import", "owner": "ada@example.com", "purpose": "tests", "scopes": ["mcp:read"] });
    let first = post(&office, "/machines", "key-1", &body);
    let (id, secret) = (first.expect_status(201).json()["client_id"].clone(), first.json()["client_secret"].clone());
    let again = post(&office, "/machines", "key-1", &body);
    assert_eq!((again.status, again.problem().as_str()), (409, "made-already"));
    assert_eq!(again.json()["made"], id);
    assert!(!again.body.contains(secret.as_str().unwrap()));
    assert_eq!(office.get("/machines")["items"].as_array().unwrap().len(), 2, "the office's and this one");
}

#[test]
fn what_was_declined_may_be_sent_again() {
    let office = Office::open();
    let body = json!({ "identifier": "https://t.example/mcp", "name": "Tickets", "scopes": ["tickets:read"] });
    assert_eq!(post(&office, "/resources", "key-1", &body).wrong(), ["scopes"]);
    office.post("/scopes", &json!({ "name": "tickets:read", "description": "Read tickets" })).expect_status(201);
    post(&office, "/resources", "key-1", &body).expect_status(201);
    post(&office, "/resources", "key-1", &body).expect_status(201);
}

#[test]
fn a_person_is_added_once_and_no_hash_is_kept_twice() {
    use writ::store::{Read as _, tables::DONE_ONCE};
    let office = Office::open();
    let body = json!({ "email": "bob@example.com", "name": "Bob", "password": "correct horse battery" });
    let first = post(&office, "/people", "key-1", &body);
    first.expect_status(201);
    assert_eq!(post(&office, "/people", "key-1", &body).body, first.body);
    assert_eq!(office.post("/people", &body).wrong(), ["email"]);
    let kept = office.world.read(|view| view.page(&DONE_ONCE, None, 10)).rows;
    assert_eq!(kept.len(), 1);
    let text = serde_json::to_string(&kept[0].1).unwrap();
    assert!(!text.contains("argon2") && !text.contains("correct horse"), "{text}");
}

#[test]
fn of_32_at_once_one_makes_it_and_all_are_told() {
    let office = Office::open();
    let answers = at_once(32, |_| post(&office, "/clients", "key-1", &mail("Mail")));
    let ids: std::collections::BTreeSet<String> = answers.iter().map(|answer| answer.body.clone()).collect();
    assert!(answers.iter().all(|answer| answer.status == 201) && ids.len() == 1, "{ids:?}");
    assert_eq!(office.get("/clients")["items"].as_array().unwrap().len(), 1);
    // Of those whose answer holds a secret, one is told it.
    let body = json!({ "name": "import", "owner": "ada@example.com", "purpose": "tests" });
    let statuses = at_once(32, |_| post(&office, "/machines", "key-2", &body).status);
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
    assert_eq!(office.get("/machines")["items"].as_array().unwrap().len(), 2);
}

#[test]
fn it_outlives_a_restart_and_not_a_day() {
    use writ::store::{Read as _, tables::DONE_ONCE};
    let office = Office::in_world(World::with_file());
    let first = post(&office, "/clients", "key-1", &mail("Mail"));
    let Office { world, ada, token } = office;
    let office = Office { world: world.restarted(), ada, token };
    assert_eq!(post(&office, "/clients", "key-1", &mail("Mail")).body, first.expect_status(201).body);
    office.world.later(Lifetime::from_hours(24));
    let machine = office.world.machine("later", &office.ada, "writ:admin");
    let office = Office { token: super::token(&office.world, &machine, "writ:admin"), ..office };
    office.world.block(housekeeping::round(&office.world.app)).unwrap();
    assert_eq!(office.world.read(|view| view.page(&DONE_ONCE, None, 10)).rows.len(), 0, "swept");
}
