//! Whatever ends tokens says which of them are still taken, where and until when, by whoever looks at signatures alone.

use serde_json::{Value, json};
use writ::base::Lifetime;
use writ::model::Subject;

use super::Office;
use crate::world::{Browser, ClientApp};

const A: &str = "https://mcp.example/a";
const B: &str = "https://mcp.example/b";

/// A person with an application at each of two resources.
fn stage() -> (Office, Browser, [ClientApp; 2], crate::world::Someone) {
    let office = Office::open();
    let bob = office.world.person("bob");
    let resources = [A, B].map(|url| office.world.resource(url, "mcp:read"));
    let apps = resources.each_ref().map(|resource| office.world.client("mail").at(resource));
    let browser = office.world.signed_in(&bob);
    (office, browser, apps, bob)
}

/// How many are left, and where.
#[track_caller]
fn left(said: &Value) -> (u64, Vec<(String, u64)>) {
    let there = said["by_audience"].as_array().unwrap().iter();
    let there = there.map(|one| {
        assert!(one["until"].is_string(), "{one}");
        (one["audience"].as_str().unwrap().to_owned(), one["at_most"].as_u64().unwrap())
    });
    (said["at_most"].as_u64().unwrap(), there.collect())
}

fn at(url: &str, count: u64) -> (String, u64) {
    (url.to_owned(), count)
}

#[test]
fn a_grant_that_is_taken_back_says_what_is_left_of_it() {
    let (office, mut browser, apps, bob) = stage();
    let tokens = apps.each_ref().map(|app| app.tokens(&office.world, &mut browser));
    apps[0].refresh(&office.world, tokens[0].refresh.as_deref().unwrap()).tokens();
    let grants = office.get(&format!("/grants?person={}", bob.id));
    let of_a = grants["items"].as_array().unwrap().iter().find(|grant| grant["resource"] == A).unwrap();
    let path = format!("/grants/{}", of_a["id"].as_str().unwrap());
    let tag = office.tag(&path);
    let gone = office.ask("DELETE", &path).header("If-Match", &tag).send();
    assert_eq!(left(&gone.expect_status(200).json()["still_taken"]), (2, vec![at(A, 2)]));

    // The person's own stop says it too: those of the grant that was taken back verify offline like the others.
    let person = format!("/people/{}", bob.id);
    let suspend = || {
        let ask = office.ask("POST", &format!("{person}/suspension")).json(&json!({ "because": "drill" }));
        left(&ask.send().expect_status(200).json()["still_taken"])
    };
    let all = (3, vec![at(A, 2), at(B, 1)]);
    assert_eq!(suspend(), all);
    office.ask("POST", &format!("{person}/suspension/end")).json(&json!({})).send().expect_status(200);
    assert_eq!(suspend(), all, "whoever asks again is told the same");
    office.ask("POST", &format!("{person}/suspension/end")).json(&json!({})).send().expect_status(200);
    office.world.later(Lifetime::from_hours(2));
    let office = Office { token: office.token_with("writ:admin"), ..office };
    let ask = office.ask("POST", &format!("{person}/suspension")).json(&json!({ "because": "drill" }));
    assert_eq!(left(&ask.send().expect_status(200).json()["still_taken"]), (0, Vec::new()));
}

#[test]
fn a_machine_and_a_delegation_say_where_their_tokens_are_taken() {
    let office = Office::open();
    let world = &office.world;
    let [a, _] = [A, B].map(|url| world.resource(url, "mcp:read"));
    let (desk, other) = (world.serving("desk", &office.ada, &a), world.machine("other", &office.ada, "mcp:read"));
    let delegation = world.delegate(&desk, Subject::Client(other.id.clone()), "mcp:read");
    for url in [A, A, B] {
        desk.client_credentials(world, &[("resource", url)]).tokens();
    }
    let shown = other.client_credentials(world, &[("resource", A)]).tokens().access;
    for url in [A, B, B] {
        desk.exchange(world, &shown, &[("resource", url)]).tokens();
    }
    let path = format!("/delegations/{}", delegation.id);
    let revoke = || {
        let ask = office.ask("POST", &format!("{path}/revocation")).json(&json!({ "because": "drill" }));
        left(&ask.send().expect_status(200).json()["still_taken"])
    };
    assert_eq!(revoke(), (3, vec![at(A, 1), at(B, 2)]));
    assert_eq!(revoke(), (3, vec![at(A, 1), at(B, 2)]), "whoever asks again is told the same");
    assert!(office.get(&path)["still_taken"].is_null());

    let stop = office.ask("POST", &format!("/machines/{}/suspension", desk.id)).json(&json!({ "because": "drill" }));
    let (count, there) = left(&stop.send().expect_status(200).json()["still_taken"]);
    assert_eq!(there.iter().map(|(audience, _)| audience.as_str()).collect::<Vec<_>>(), [A, B]);
    assert_eq!(count, there.iter().map(|(_, count)| count).sum::<u64>());
    // Its page says so as well.
    let mut browser = world.signed_in(&office.ada);
    browser.get(&format!("/console/machines/{}", desk.id)).expect_page(200, &format!(" at {A}, "));
}
