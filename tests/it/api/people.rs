//! What somebody is called, and the address that they sign in with.

use serde_json::json;

use super::Office;
use crate::world::{PASSWORD, at_once};

#[test]
fn a_person_is_called_something_else_and_stays_who_they_were() {
    let office = Office::open();
    let bob = office.world.person("bob");
    let mut browser = office.world.signed_in(&bob);
    let path = format!("/people/{}", bob.id);
    let (before, tag) = (office.get(&path), office.tag(&path));
    let change = |tag: &str, body: serde_json::Value| office.change("PATCH", &path, tag, &body);
    assert_eq!(office.ask("PATCH", &path).json(&json!({})).send().problem(), "unseen");
    assert_eq!(change("\"x\"", json!({ "name": "Robert" })).problem(), "stale");
    for (body, field) in [
        (json!({ "email": "bob" }), "email"),
        (json!({ "email": "a b@example.com" }), "email"),
        (json!({ "email": null }), "email"),
        (json!({ "email": format!("{}@example.com", "x".repeat(65)) }), "email"),
        (json!({ "name": "" }), "name"),
        (json!({ "name": "x".repeat(129) }), "name"),
        (json!({ "name": null }), "name"),
        (json!({ "standing": "administrator" }), "standing"),
        (json!({ "password": PASSWORD }), "password"),
    ] {
        assert_eq!(change(&tag, body.clone()).wrong(), [field], "{body}");
    }
    // An address is one account, however it is capitalized.
    assert_eq!(change(&tag, json!({ "email": "ADA@example.com" })).wrong(), ["email"]);
    let changed = change(&tag, json!({ "name": "Robert", "email": "Robert@example.com" }));
    let person = changed.expect_status(200).json();
    assert_eq!((&person["name"], &person["email"]), (&json!("Robert"), &json!("Robert@example.com")));
    assert_eq!((&person["id"], &person["created_at"]), (&before["id"], &before["created_at"]));
    assert_eq!(changed.header("etag"), Some(office.tag(&path).as_str()));
    assert_eq!(change(&tag, json!({ "name": "Bob" })).problem(), "stale");
    let told = office.get(&format!("/audit?event=person.changed&about={}", bob.id))["items"][0]["details"].clone();
    assert_eq!(told["before"], json!({ "name": before["name"], "email": "bob@example.com" }));
    assert_eq!(told["after"], json!({ "name": "Robert", "email": "Robert@example.com" }));
    let events = office.world.events(3);
    change("*", json!({ "name": "Robert" })).expect_status(200);
    assert_eq!(office.world.events(3), events, "what changes nothing is no change");

    // Where they are signed in, they stay so; from now on they sign in with the new address, and nobody with the old one.
    browser.get("/account").expect_page(200, "Robert@example.com");
    let signs_in = |email: &str| {
        let mut browser = office.world.browser();
        let page = browser.get("/sign-in");
        browser.submit(&page, &[("email", email), ("password", PASSWORD)]).status
    };
    assert_eq!((signs_in("bob@example.com"), signs_in("robert@example.com")), (422, 200));
    // The old one is free, and the same one in other letters is theirs.
    change("*", json!({ "email": "ROBERT@example.com" })).expect_status(200);
    let other = json!({ "email": "bob@example.com", "name": "Another Bob", "password": PASSWORD });
    office.post("/people", &other).expect_status(201);
    assert_eq!(change("*", json!({ "email": "bob@example.com" })).wrong(), ["email"]);
}

#[test]
fn of_many_who_want_one_address_at_once_one_gets_it() {
    let office = Office::open();
    let people: Vec<String> = (0..16).map(|n| office.world.person(&format!("p{n}")).id.to_string()).collect();
    let statuses = at_once(16, |n| {
        let path = format!("/people/{}", people[n]);
        office.change("PATCH", &path, "*", &json!({ "email": "Wanted@example.com" })).status
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 400].contains(status)), "{statuses:?}");
}

/// Attack case 44: where a provider's word is taken by address, whose address is whose says who one can be. So it is changed by who could
/// set a password, and nobody who may do less than an administrator changes one.
#[test]
fn case_44_an_address_is_not_changed_with_less_than_a_password_takes() {
    let office = Office::open();
    let bob = office.world.person("bob");
    let token = office.token_with("writ:people:write writ:memberships:write");
    let change = |id: &str, body: serde_json::Value| {
        let request = office.world.request("PATCH", &format!("/api/v1/people/{id}")).bearer(&token);
        request.header("If-Match", "*").json(&body).send()
    };
    let (bob, ada) = (bob.id.to_string(), office.ada.id.to_string());
    change(&bob, json!({ "name": "Robert" })).expect_status(200);
    assert_eq!(change(&bob, json!({ "email": "mallory@example.com" })).problem(), "forbidden");
    assert_eq!(change(&bob, json!({ "name": "R", "email": "mallory@example.com" })).problem(), "forbidden");
    assert_eq!(change(&ada, json!({ "name": "Not Ada" })).problem(), "forbidden", "she administers");
    let now = office.get(&format!("/people/{bob}"));
    assert_eq!((&now["name"], &now["email"]), (&json!("Robert"), &json!("bob@example.com")), "all of it, or nothing");
    // To say what is so anyway is no change.
    change(&bob, json!({ "email": "bob@example.com" })).expect_status(200);
}

/// What somebody signs in with besides a password: seen, and taken away when a telephone is lost.
#[test]
fn a_second_factor_is_reset_and_a_passkey_removed() {
    let office = Office::open();
    let bob = office.world.person("bob");
    crate::stories::passkeys::planted(&office.world, &bob, "Telephone");
    let mut browser = office.world.signed_in(&bob);
    crate::stories::second_factor::set_up(&office.world, &bob);
    let list = format!("/people/{}/passkeys", bob.id);
    let items = office.get(&list)["items"].clone();
    assert_eq!((items[0]["name"].as_str(), items[0]["backed_up"].as_bool()), (Some("Telephone"), Some(false)));
    for member in ["key", "credential", "sign_count", "person"] {
        assert!(items[0].get(member).is_none(), "{items}");
    }
    let one = format!("{list}/{}", items[0]["id"].as_str().unwrap());
    let factor = format!("/people/{}/second-factor", bob.id);
    // A clerk who may only look.
    let clerk = office.token_with("writ:people:read");
    for path in [&one, &factor] {
        let refused = office.world.request("DELETE", &format!("/api/v1{path}")).bearer(&clerk).send();
        refused.expect_status(403);
    }
    assert_eq!(browser.get("/account").path, "/account");
    office.ask("DELETE", &factor).header("If-Match", "*").send().expect_status(204);
    assert_eq!(browser.get("/account").path, "/sign-in");
    assert_eq!(office.ask("DELETE", &factor).header("If-Match", "*").send().problem(), "conflict");
    let mut browser = office.world.signed_in(&bob);
    let ada = format!("/people/{}/passkeys/{}", office.ada.id, items[0]["id"].as_str().unwrap());
    assert_eq!(
        office.ask("DELETE", &ada).header("If-Match", "*").send().problem(),
        "missing",
        "she has no such passkey"
    );
    office.ask("DELETE", &one).header("If-Match", "*").send().expect_status(204);
    assert_eq!(browser.get("/account").path, "/sign-in");
    assert_eq!(office.ask("DELETE", &one).header("If-Match", "*").send().problem(), "missing");
    assert!(office.get(&list)["items"].as_array().unwrap().is_empty());
}
