//! Who may act in whose name, as an administrator grants and ends it.

use serde_json::{Value, json};

use super::Office;
use crate::world::{ISSUER, Someone};

/// An agent, and the body that lets it act for somebody.
fn ask(office: &Office, name: &str, whom: &Someone) -> (String, Value) {
    let machine = json!({ "name": name, "owner": "ada@example.com", "purpose": "tests", "scopes": ["mcp:read"] });
    let actor = office.made("/machines", &machine);
    let body = json!({ "actor": actor, "subject": whom.id.to_string(), "scopes": ["mcp:read"], "purpose": "tickets" });
    (actor, body)
}

fn with(body: &Value, name: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[name] = value;
    body
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_delegation_from_its_granting_to_its_end() {
    let office = Office::open();
    let bob = office.world.person("bob");
    let (actor, body) = ask(&office, "clerk", &bob);
    let made = office.post("/delegations", &body);
    let delegation = made.expect_status(201).json();
    let path = format!("/delegations/{}", delegation["id"].as_str().unwrap());
    assert_eq!(made.header("location"), Some(format!("{ISSUER}/api/v1{path}").as_str()));
    assert_eq!(office.get(&path), delegation);
    assert_eq!((&delegation["state"], &delegation["actor"]), (&json!("live"), &json!(actor)));
    assert!(delegation["granted_by"]["client"].is_string(), "the office's machine did it: {delegation}");
    assert_eq!(office.post("/delegations", &body).problem(), "conflict", "one at a time for each pair");

    for (name, value) in [
        ("actor", json!("x")),
        ("actor", json!("mch_00000000000000000000000000")),
        ("may_act", json!("mch_00000000000000000000000000")),
        ("subject", json!("mch_00000000000000000000000000")),
        ("subject", json!("per_00000000000000000000000000")),
        ("subject", json!("ada@example.com")),
        ("subject", json!(actor)),
        ("scopes", json!([])),
        ("purpose", json!("")),
        ("may_act", json!("x")),
        ("expires_in", json!(0)),
        ("expires_in", json!(366 * 86_400 + 1)),
    ] {
        let field = if name == "scopes" { "scope" } else { name };
        assert_eq!(office.post("/delegations", &with(&body, name, value)).wrong(), [field], "{name}");
    }
    assert_eq!(office.post("/delegations", &with(&body, "scopes", json!(["no:such"]))).wrong(), ["scope"]);
    let nowhere = with(&body, "resources", json!(["https://nowhere.example"]));
    assert_eq!(office.post("/delegations", &nowhere).wrong(), ["resource"]);

    let revoke = |body: Value| office.post(&format!("{path}/revocation"), &body);
    assert_eq!(revoke(json!({})).wrong(), ["because"]);
    assert_eq!(revoke(json!({ "because": "" })).wrong(), ["because"]);
    let stale = office.ask("POST", &format!("{path}/revocation")).header("If-Match", "\"x\"");
    assert_eq!(stale.json(&json!({ "because": "test" })).send().problem(), "stale");
    let over = revoke(json!({ "because": "no longer needed" })).expect_status(200).json();
    assert_eq!((&over["state"], &over["revoked"]["because"]), (&json!("revoked"), &json!("no longer needed")));
    // Ended is ended, however often and for whatever reason.
    assert_eq!(revoke(json!({ "because": "again" })).expect_status(200).json(), over);
    office.world.expect_event("delegation.revoked");
    office.post("/delegations", &body).expect_status(201);
}

#[test]
fn delegations_are_found_by_who_acts_for_whom() {
    let office = Office::open();
    let (bob, eve) = (office.world.person("bob"), office.world.person("eve"));
    let (first, for_bob) = ask(&office, "clerk", &bob);
    let (second, for_eve) = ask(&office, "porter", &eve);
    let minute = writ::base::Lifetime::from_minutes(1);
    let one = office.made("/delegations", &for_bob);
    office.world.later(minute);
    let two = office.made("/delegations", &for_eve);
    office.world.later(minute);
    let three = office.made("/delegations", &with(&for_bob, "actor", json!(second)));
    let over = json!({ "because": "test" });
    office.post(&format!("/delegations/{two}/revocation"), &over).expect_status(200);
    let found = |query: &str| ids(&office.get(&format!("/delegations?{query}")));
    assert_eq!(found(""), [three.clone(), two.clone(), one.clone()], "the newest first");
    assert_eq!(found(&format!("actor={first}")), std::slice::from_ref(&one));
    assert_eq!(found(&format!("actor={second}")), [three.clone(), two.clone()]);
    assert_eq!(found(&format!("subject={}", bob.id)), [three.clone(), one.clone()]);
    assert_eq!(found(&format!("actor={second}&subject={}", bob.id)), std::slice::from_ref(&three));
    assert_eq!(found("state=revoked"), std::slice::from_ref(&two));
    assert_eq!(found(&format!("state=live&actor={second}")), std::slice::from_ref(&three));
    assert_eq!(found("state=expired"), Vec::<String>::new());
    assert_eq!(office.ask("GET", "/delegations?actor=x&subject=y").send().wrong(), ["actor", "subject"]);
    assert_eq!(office.ask("GET", "/delegations?state=gone").send().wrong(), ["state"]);
    for query in [format!("actor={second}&"), format!("subject={}&", bob.id), String::new()] {
        let all = found(&query);
        let page = office.get(&format!("/delegations?{query}limit=1"));
        let next = page["next"].as_str().unwrap();
        let rest = office.get(&format!("/delegations?{query}cursor={next}"));
        assert_eq!([ids(&page), ids(&rest)].concat(), all, "{query}");
    }
}

/// "Everything agent X did for person Y".
#[test]
fn the_audit_log_is_asked_who_acted_for_whom() {
    let mut office = Office::open();
    let (bob, eve) = (office.world.person("bob"), office.world.person("eve"));
    let (clerk, for_bob) = ask(&office, "clerk", &bob);
    let (porter, for_eve) = ask(&office, "porter", &eve);
    let (one, began) = (office.made("/delegations", &for_bob), office.world.now());
    office.made("/delegations", &for_eve);
    office.made("/delegations", &with(&for_bob, "actor", json!(porter)));
    office.world.later(writ::base::Lifetime::from_hours(3));
    office.token = office.token_with("writ:admin");
    office.post(&format!("/delegations/{one}/revocation"), &json!({ "because": "test" })).expect_status(200);
    let found = |query: &str| {
        let items = office.get(&format!("/audit?{query}"))["items"].as_array().unwrap().clone();
        items.iter().map(|entry| entry["event"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (granted, revoked) = ("delegation.granted", "delegation.revoked");
    assert_eq!(found(&format!("actor={clerk}&subject={}", bob.id)), [revoked, granted]);
    assert_eq!(found(&format!("actor={porter}")), [granted, granted]);
    assert_eq!(found(&format!("subject={}", bob.id)), [revoked, granted, granted]);
    assert_eq!(found(&format!("actor={clerk}&subject={}", eve.id)), [""; 0]);
    // Together with every other filter.
    assert_eq!(found(&format!("actor={clerk}&event={revoked}")), [revoked]);
    let later = began.plus(writ::base::Lifetime::from_hours(2)).iso();
    assert_eq!(found(&format!("actor={clerk}&since={later}")), [revoked]);
    assert_eq!(found(&format!("actor={clerk}&until={later}")), [granted]);
    assert_eq!(found(&format!("actor={clerk}&by=nobody")), [""; 0]);
    let page = office.get(&format!("/audit?subject={}&limit=2", bob.id));
    let rest = found(&format!("subject={}&cursor={}", bob.id, page["next"].as_str().unwrap()));
    assert_eq!(rest, [granted]);
}

#[test]
fn a_delegation_is_granted_once() {
    let office = Office::open();
    let bob = office.world.person("bob");
    let (_, body) = ask(&office, "clerk", &bob);
    let post = |body: &Value| office.ask("POST", "/delegations").header("Idempotency-Key", "k").json(body).send();
    let first = post(&body);
    assert_eq!(post(&body).body, first.expect_status(201).body);
    assert_eq!(post(&with(&body, "purpose", json!("other"))).problem(), "key-reused");
}

/// Attack case 22: who may grant delegations does not thereby hand out the appliance.
#[test]
fn case_22_a_delegation_is_no_way_to_the_scopes_of_the_appliance() {
    let office = Office::open();
    let (_, body) = ask(&office, "clerk", &office.ada);
    let token = office.token_with("writ:delegations:write");
    let grant = |scopes: Value| {
        let request = office.world.request("POST", "/api/v1/delegations").bearer(&token);
        request.json(&with(&body, "scopes", scopes)).send()
    };
    assert_eq!(grant(json!(["mcp:read", "writ:admin"])).problem(), "forbidden");
    assert_eq!(grant(json!(["writ:audit:read"])).problem(), "forbidden");
    grant(json!(["mcp:read", "writ:delegations:read"])).expect_status(201);
}
