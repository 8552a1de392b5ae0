//! Tenants, their roles, and who has them.

use serde_json::{Value, json};

use super::Office;
use crate::world::Someone;

fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

fn remove(office: &Office, path: &str) -> crate::world::Answer {
    office.ask("DELETE", path).header("If-Match", "*").send()
}

fn retire(office: &Office, id: &str) {
    let operator = office.world.operator();
    let retired = writ::operations::machines::retire(
        &office.world.app,
        &operator,
        id.parse().unwrap(),
        writ::operations::seen::Seen::Anything,
        "over",
    );
    office.world.block(retired).unwrap();
}

#[test]
fn a_tenant_from_its_making_to_its_end() {
    let office = Office::open();
    let made = office.post("/tenants", &json!({ "name": "acme", "title": "Acme Ltd" }));
    assert_eq!(
        made.expect_status(201).header("location"),
        Some(format!("{}/api/v1/tenants/acme", crate::world::ISSUER).as_str())
    );
    assert_eq!(office.get("/tenants/acme"), made.json());
    assert_eq!(office.post("/tenants", &json!({ "name": "acme" })).problem(), "conflict");
    assert_eq!(office.post("/tenants", &json!({ "name": "main" })).problem(), "conflict");
    assert_eq!(office.post("/tenants", &json!({ "name": "a b", "title": "" })).wrong(), ["title", "name"]);

    let tag = office.tag("/tenants/acme");
    let change = |tag: &str, body: Value| office.change("PATCH", "/tenants/acme", tag, &body);
    assert_eq!(change(&tag, json!({ "title": "Acme" })).expect_status(200).json()["title"], "Acme");
    assert_eq!(change(&tag, json!({ "title": "Other" })).problem(), "stale");
    assert_eq!(change("*", json!({ "title": null })).wrong(), ["title"]);
    assert_eq!(change("*", json!({ "name": "other" })).wrong(), ["name"]);
    let told = &office.get("/audit?event=tenant.changed")["items"][0]["details"];
    assert_eq!((&told["before"], &told["after"]), (&json!({ "title": "Acme Ltd" }), &json!({ "title": "Acme" })));

    // The main one is in every appliance.
    assert_eq!(office.get("/tenants/main")["title"], "Main");
    assert_eq!(office.change("PATCH", "/tenants/main", "*", &json!({ "title": "X" })).problem(), "conflict");
    assert_eq!(remove(&office, "/tenants/main").problem(), "conflict");

    // What something belongs to stays.
    office.made("/tenants/acme/roles", &json!({ "name": "admin" }));
    let machine = json!({ "name": "import", "owner": "ada@example.com", "purpose": "tests", "tenant": "acme" });
    let machine = office.made("/machines", &machine);
    assert_eq!(remove(&office, "/tenants/acme").problem(), "conflict");
    remove(&office, "/tenants/acme/roles/admin").expect_status(204);
    let why = remove(&office, "/tenants/acme").json()["detail"].as_str().unwrap().to_owned();
    assert!(why.contains(&machine) && why.contains("import"), "{why}");
    retire(&office, &machine);
    // One whose name begins alike is another.
    office.made("/tenants", &json!({ "name": "acme2" }));
    office.made("/tenants/acme2/roles", &json!({ "name": "admin" }));
    remove(&office, "/tenants/acme").expect_status(204);
    assert_eq!(office.ask("GET", "/tenants/acme").send().problem(), "missing");
    assert_eq!(office.ask("GET", "/tenants/acme/roles").send().problem(), "missing");
    office.world.expect_event("tenant.removed");
}

#[test]
fn tenants_come_in_pages_with_the_main_one_in_its_place() {
    let office = Office::open();
    for name in ["zeta", "acme", "beta", "mainland"] {
        office.made("/tenants", &json!({ "name": name }));
    }
    let all = ["acme", "beta", "main", "mainland", "zeta"];
    assert_eq!(names(&office.get("/tenants")), all);
    for limit in 1..=6 {
        let (mut seen, mut path) = (Vec::new(), format!("/tenants?limit={limit}"));
        loop {
            let page = office.get(&path);
            assert!(names(&page).len() <= limit);
            seen.extend(names(&page).into_iter().map(str::to_owned));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/tenants?limit={limit}&cursor={next}");
        }
        assert_eq!(seen, all, "{limit}");
    }
}

#[test]
fn a_role_from_its_making_to_its_end() {
    let office = Office::open();
    let body = json!({ "name": "developer", "description": "Writes", "permissions": ["users.create", "index:read", "index:read"] });
    let made = office.post("/tenants/main/roles", &body);
    assert_eq!(made.expect_status(201).json()["permissions"], json!(["index:read", "users.create"]));
    let path = "/tenants/main/roles/developer";
    assert_eq!(made.header("location"), Some(format!("{}/api/v1{path}", crate::world::ISSUER).as_str()));
    assert_eq!(office.get(path), made.json());
    assert_eq!(office.post("/tenants/main/roles", &body).problem(), "conflict");
    assert_eq!(office.post("/tenants/nowhere/roles", &body).wrong(), ["tenant"]);
    let wrong = json!({ "name": "", "permissions": ["a", "b c"] });
    assert_eq!(office.post("/tenants/main/roles", &wrong).wrong(), ["name", "permissions[1]"]);
    let many: Vec<String> = (0..201).map(|n| format!("p{n}")).collect();
    assert_eq!(
        office.post("/tenants/main/roles", &json!({ "name": "x", "permissions": many })).wrong(),
        ["permissions"]
    );

    let tag = office.tag(path);
    let change = |tag: &str, body: Value| office.change("PATCH", path, tag, &body);
    let changed = change(&tag, json!({ "permissions": ["index:read"] }));
    assert_eq!(changed.expect_status(200).json()["description"], "Writes", "what is not named stays");
    assert_eq!(change(&tag, json!({ "description": "x" })).problem(), "stale");
    assert_eq!(change("*", json!({ "description": "x".repeat(501) })).wrong(), ["description"]);
    assert_eq!(change("*", json!({ "description": null })).expect_status(200).json()["description"], "");
    assert_eq!(office.ask("PATCH", path).json(&json!({})).send().problem(), "unseen");

    // By what it gives.
    office.made("/tenants/main/roles", &json!({ "name": "admin", "permissions": ["users.create"] }));
    office.made("/tenants", &json!({ "name": "acme" }));
    office.made("/tenants/acme/roles", &json!({ "name": "admin", "permissions": ["index:read"] }));
    assert_eq!(names(&office.get("/tenants/main/roles")), ["admin", "developer"]);
    assert_eq!(names(&office.get("/tenants/main/roles?permission=index:read")), ["developer"]);
    assert_eq!(office.get("/tenants/main/roles?permission=nothing"), json!({ "items": [] }));
    assert_eq!(office.ask("GET", "/tenants/main/roles?permission=a%20b").send().wrong(), ["permission"]);
    let first = office.get("/tenants/main/roles?limit=1");
    let next = first["next"].as_str().unwrap();
    let rest = office.get(&format!("/tenants/main/roles?limit=1&cursor={next}"));
    assert_eq!((names(&first), names(&rest), &rest["next"]), (vec!["admin"], vec!["developer"], &Value::Null));

    // Whoever has it holds it.
    let of_ada = format!("/memberships/{}/roles", office.ada.id);
    office.post(&of_ada, &json!({ "give": ["main/developer"] })).expect_status(200);
    assert_eq!(remove(&office, path).problem(), "conflict");
    office.post(&of_ada, &json!({ "take": ["main/developer"] })).expect_status(200);
    remove(&office, path).expect_status(204);
    assert_eq!(remove(&office, path).problem(), "missing");
}

#[test]
fn what_somebody_is_in_the_tenants() {
    let office = Office::open();
    let Someone { id: bob, .. } = office.world.person("bob");
    let path = format!("/memberships/{bob}");
    let nothing = json!({ "person": bob.to_string(), "roles": [], "custom_claims": {} });
    assert_eq!(office.get(&path), nothing, "nobody is made a member first");
    office.made("/tenants", &json!({ "name": "acme" }));
    for (tenant, role) in [("main", "viewer"), ("acme", "admin"), ("acme", "viewer")] {
        office.made(&format!("/tenants/{tenant}/roles"), &json!({ "name": role }));
    }
    let tag = office.tag(&path);
    let change = |tag: &str, body: Value| office.change("PATCH", &path, tag, &body);
    let changed = change(&tag, json!({ "roles": ["main/viewer", "acme/admin"], "custom_claims": { "team": 7 } }));
    let expected =
        json!({ "person": bob.to_string(), "roles": ["acme/admin", "main/viewer"], "custom_claims": { "team": 7 } });
    assert_eq!(changed.expect_status(200).json(), expected);
    assert_eq!(change(&tag, json!({ "roles": [] })).problem(), "stale");
    assert_eq!(change("*", json!({ "roles": ["viewer", "main/nobody"] })).wrong(), ["roles[0]"]);
    assert_eq!(change("*", json!({ "roles": ["main/nobody"] })).wrong(), ["roles"]);
    assert_eq!(change("*", json!({ "custom_claims": { "a": "x".repeat(5_000) } })).wrong(), ["custom_claims"]);
    let many: Vec<String> = (0..65).map(|n| format!("main/r{n}")).collect();
    assert_eq!(change("*", json!({ "roles": many })).wrong(), ["roles"]);

    // One more, one less, whatever the others are.
    let give = |body: Value| office.post(&format!("{path}/roles"), &body);
    let given = give(json!({ "give": ["acme/viewer"], "take": ["main/viewer"] })).expect_status(200).json();
    assert_eq!(given["roles"], json!(["acme/admin", "acme/viewer"]));
    assert_eq!(give(json!({ "take": ["main/viewer"] })).expect_status(200).json(), given, "what nobody has");
    assert_eq!(give(json!({ "give": ["acme/nobody"], "take": ["x"] })).wrong(), ["take[0]"]);
    assert_eq!(give(json!({ "give": ["acme/nobody"] })).wrong(), ["roles"]);

    // Found by tenant and by role.
    office.post(&format!("/memberships/{}/roles", office.ada.id), &json!({ "give": ["main/viewer"] }));
    let people = |path: &str| -> Vec<String> {
        let page = office.get(path);
        page["items"].as_array().unwrap().iter().map(|item| item["person"].as_str().unwrap().to_owned()).collect()
    };
    let (ada, bob) = (office.ada.id.to_string(), bob.to_string());
    let mut both = [ada.clone(), bob.clone()];
    both.sort();
    assert_eq!(people("/memberships"), both);
    assert_eq!(people("/memberships?tenant=acme"), std::slice::from_ref(&bob));
    assert_eq!(people("/tenants/acme/roles/viewer/people"), [bob]);
    assert_eq!(people("/tenants/main/roles/viewer/people"), [ada]);
    assert_eq!(office.ask("GET", "/memberships?tenant=a%20b").send().wrong(), ["tenant"]);

    remove(&office, &path).expect_status(204);
    assert_eq!(office.get(&path), nothing);
    assert_eq!(office.get("/memberships")["items"].as_array().unwrap().len(), 1);
    let told = &office.get("/audit?event=person.membership_changed")["items"][0]["details"];
    assert_eq!(told["before"]["roles"], json!(["acme/admin", "acme/viewer"]));
}

#[test]
fn the_roles_of_a_machine() {
    let office = Office::open();
    office.made("/tenants", &json!({ "name": "acme" }));
    for (tenant, role) in [("main", "viewer"), ("acme", "admin"), ("acme", "viewer")] {
        office.made(&format!("/tenants/{tenant}/roles"), &json!({ "name": role, "permissions": ["index:read"] }));
    }
    let machine = json!({ "name": "import", "owner": "ada@example.com", "purpose": "tests", "tenant": "acme" });
    let id = office.made("/machines", &machine);
    let path = format!("/machines/{id}/roles");
    assert_eq!(office.get(&path)["roles"], json!([]));
    let give = |body: Value| office.post(&path, &body);
    let given = give(json!({ "give": ["viewer", "admin", "viewer"] })).expect_status(200).json();
    assert_eq!((&given["roles"], &given["tenant"]), (&json!(["admin", "viewer"]), &json!("acme")));
    assert_eq!(office.get("/tenants/acme/roles/viewer/machines")["items"][0], given);
    assert_eq!(office.get("/tenants/main/roles/viewer/machines"), json!({ "items": [] }), "of another tenant");
    assert_eq!(give(json!({ "give": ["developer"] })).wrong(), ["roles"]);
    assert_eq!(give(json!({ "give": ["main/viewer"] })).wrong(), ["give[0]"]);
    assert_eq!(remove(&office, "/tenants/acme/roles/admin").problem(), "conflict");
    assert_eq!(give(json!({ "take": ["admin"] })).expect_status(200).json()["roles"], json!(["viewer"]));
    let told = &office.get("/audit?event=machine.changed")["items"][0]["details"];
    assert_eq!((&told["before"]["roles"], &told["after"]["roles"]), (&json!(["admin", "viewer"]), &json!(["viewer"])));
    remove(&office, "/tenants/acme/roles/admin").expect_status(204);
    let stale = office.ask("POST", &path).header("If-Match", "\"x\"").json(&json!({ "take": ["viewer"] })).send();
    assert_eq!(stale.problem(), "stale");
    retire(&office, &id);
    assert_eq!(give(json!({ "take": ["viewer"] })).problem(), "conflict");
}

#[test]
fn tenants_and_roles_are_made_once() {
    let office = Office::open();
    let post = |path: &str, body: &Value| office.ask("POST", path).header("Idempotency-Key", "k").json(body).send();
    let tenant = json!({ "name": "acme" });
    let first = post("/tenants", &tenant);
    assert_eq!(post("/tenants", &tenant).body, first.expect_status(201).body);
    let post = |path: &str, body: &Value| office.ask("POST", path).header("Idempotency-Key", "l").json(body).send();
    let role = json!({ "name": "admin" });
    let first = post("/tenants/acme/roles", &role);
    assert_eq!(post("/tenants/acme/roles", &role).body, first.expect_status(201).body);
    assert_eq!(post("/tenants/main/roles", &role).problem(), "key-reused", "another tenant is another request");
}
