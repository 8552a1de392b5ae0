//! Everything as one document, over the API.

use serde_json::{Value, json};

use super::Office;

fn places(plan: &Value) -> Vec<String> {
    let of = |change: &Value| format!("{} {}", change["change"].as_str().unwrap(), change["place"].as_str().unwrap());
    plan["changes"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn a_document_is_said_planned_and_applied() {
    let office = Office::open();
    let state = office.get("/state");
    assert_eq!(state["machines"]["office"]["scope"], json!(["writ:admin"]));
    let post = |path: &str, state: &Value, prune: bool| office.post(path, &json!({ "state": state, "prune": prune }));
    let same = post("/apply", &state, true).expect_status(200).json();
    assert_eq!(same, json!({ "applied": true, "changes": [], "made": [] }));

    let new = json!({
        "tenants": { "acme": { "title": "Acme Ltd" } },
        "roles": { "acme/admin": { "permissions": ["users.create"] } },
        "clients": { "Desk": { "redirect_uris": ["https://desk.example/cb"], "token_endpoint_auth_method": "client_secret_basic" } },
        "machines": { "acme/clerk": { "owner": "ada@example.com", "purpose": "tests", "roles": ["admin"] } },
    });
    let lines = [
        "create tenants.acme",
        "create roles.\"acme/admin\"",
        "create clients.Desk",
        "unlisted machines.office",
        "create machines.\"acme/clerk\"",
    ];
    let sorted = |plan: &Value| {
        let mut places = places(plan);
        places.sort();
        places
    };
    let mut expected: Vec<String> = lines.map(str::to_owned).to_vec();
    expected.sort();
    let said = post("/plan", &new, false).expect_status(200).json();
    assert_eq!((sorted(&said), &said["applied"], &said["made"]), (expected.clone(), &json!(false), &json!([])));
    assert_eq!(office.get("/state"), state, "only said");
    let done = post("/apply", &new, false).expect_status(200).json();
    assert_eq!((sorted(&done), &done["applied"]), (expected, &json!(true)));
    let made = &done["made"];
    assert_eq!(made[0]["place"], "clients.Desk");
    let secret = made[0]["client_secret"].as_str().unwrap();
    assert!(secret.starts_with("writ_cs_") && !office.get("/state").to_string().contains(secret));
    assert_eq!(office.get("/tenants/acme")["title"], "Acme Ltd");
    let entry = &office.get("/audit?event=tenant.created")["items"][0];
    assert_eq!(entry["from"]["channel"], "api");

    // What is wrong is named by its place, and nothing is done.
    let wrong = json!({ "machines": { "x": { "owner": "nobody@example.com", "purpose": "x", "purpse": "x" } }, "roles": { "b": {} } });
    assert_eq!(post("/apply", &wrong, false).wrong(), ["machines.x.purpse", "machines.x.owner"]);
    assert_eq!(office.ask("GET", "/tenants/main/roles/b").send().problem(), "missing");
    assert_eq!(office.post("/apply", &json!({})).wrong(), ["state"]);
    assert_eq!(office.post("/plan", &json!({ "state": [null, null] })).wrong(), ["state"]);
    assert_eq!(office.post("/apply", &json!({ "state": { "people": {} } })).wrong(), ["people"]);
}

#[test]
fn only_who_may_do_everything_applies_a_document_and_nobody_ends_themselves_by_one() {
    let office = Office::open();
    let read = office.token_with("writ:read");
    let ask = |method: &str, path: &str| {
        let request = office.world.request(method, &format!("/api/v1{path}")).bearer(&read);
        request.json(&json!({ "state": {} })).send()
    };
    assert_eq!(ask("GET", "/state").status, 200);
    assert_eq!(ask("POST", "/plan").problem(), "forbidden");
    assert_eq!(ask("POST", "/apply").problem(), "forbidden");

    let clerk = "machines.\"clerk for writ:read\"";
    let apply = |body: Value| office.post("/apply", &body);
    assert_eq!(apply(json!({ "state": { "machines": {} }, "prune": true })).wrong(), ["machines.office"]);
    let mut office_row = office.get("/state")["machines"]["office"].clone();
    let others =
        apply(json!({ "state": { "machines": { "office": office_row } }, "prune": true })).expect_status(200).json();
    assert_eq!(places(&others), [format!("remove {clerk}")]);
    office_row["suspended"] = json!(true);
    assert_eq!(apply(json!({ "state": { "machines": { "office": office_row } } })).wrong(), ["machines.office"]);
    assert_eq!(office.ask("GET", "/clients").send().status, 200, "it is still there");
}
