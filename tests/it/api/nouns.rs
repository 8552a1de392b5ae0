//! What can be done with each noun.

use serde_json::{Value, json};

use super::Office;
use crate::world::{CALLBACK, ClientApp, PASSWORD};

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["client_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn lists_come_in_pages() {
    let office = Office::open();
    let made: Vec<String> = (0..7)
        .map(|n| office.made("/clients", &json!({ "client_name": format!("Mail {n}"), "redirect_uris": [CALLBACK] })))
        .collect();
    let mut seen = Vec::new();
    let mut path = "/clients?limit=3&state=active".to_owned();
    let mut pages = 0;
    loop {
        let answer = office.ask("GET", &path).send();
        let page = answer.expect_status(200).json();
        seen.extend(ids(&page));
        pages += 1;
        let Some(next) = page["next"].as_str() else {
            assert_eq!(answer.header("link"), None);
            break;
        };
        let link = answer.header("link").unwrap();
        let address = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
        path = address.strip_prefix(&format!("{}/api/v1", crate::world::ISSUER)).unwrap().to_owned();
        assert_eq!(path, format!("/clients?state=active&limit=3&cursor={next}"));
    }
    let mut expected = made;
    expected.sort();
    seen.sort();
    assert_eq!((seen, pages), (expected, 3));
    // A cursor is of its list.
    let next = office.get("/clients?limit=1")["next"].as_str().unwrap().to_owned();
    assert_eq!(office.ask("GET", &format!("/people?cursor={next}")).send().wrong(), ["cursor"]);
}

#[test]
fn an_application_from_its_making_to_its_end() {
    let office = Office::open();
    let body = json!({ "client_name": "Mail", "redirect_uris": [CALLBACK], "scope": "mcp:read",
        "token_endpoint_auth_method": "client_secret_post", "grant_types": ["client_credentials"] });
    let made = office.post("/clients", &body);
    let client = made.expect_status(201).json();
    let id = client["client_id"].as_str().unwrap();
    assert_eq!(made.header("location"), Some(format!("{}/api/v1/clients/{id}", crate::world::ISSUER).as_str()));
    let path = format!("/clients/{id}");
    let secret = client["client_secret"].as_str().unwrap();
    let token = || {
        let fields = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
        office.world.token(&fields).status
    };
    let mut shown = office.get(&path);
    assert_eq!(shown["state"], "active");
    shown["client_secret"] = json!(secret);
    assert_eq!(shown, client, "but for the secret it is what was made");
    assert_eq!(token(), 200);

    let stop = |body: Value| office.post(&format!("{path}/suspension"), &body);
    let held =
        office.world.token(&[("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)]);
    let held = held.tokens().access;
    let told = |token: &str| {
        let ask = office.world.request("POST", "/oauth/introspect").basic(id, secret);
        ask.form(&[("token", token)]).send().json()["active"].clone()
    };
    assert_eq!(told(&held), true);
    let stopped = stop(json!({ "because": "key in a public repository" })).expect_status(200).json();
    assert_eq!(stopped["state"], "suspended");
    assert_eq!(stopped["still_taken"]["at_most"], 2, "by whoever asks nobody: {stopped}");
    assert!(office.get(&path)["still_taken"].is_null());
    assert_eq!(token(), 401);
    assert_eq!(stop(json!({ "because": "test" })).problem(), "conflict");
    assert_eq!(stop(json!({ "because": "x".repeat(501) })).wrong(), ["because"]);
    assert_eq!(office.get("/clients?state=suspended")["items"][0]["client_id"], id);
    office.post(&format!("{path}/suspension/end"), &json!({})).expect_status(200);
    assert_eq!(office.post(&format!("{path}/suspension/end"), &json!({})).problem(), "conflict");
    assert_eq!(token(), 200);
    assert_eq!(told(&held), false, "what it had before stays over");
    let told = office.get(&format!("/audit?about={id}&event=client.suspended"));
    assert_eq!(told["items"][0]["details"]["because"], "key in a public repository");

    // Keys in place of a secret.
    let change = |body: Value| office.change("PATCH", &path, "*", &body);
    assert_eq!(
        change(json!({ "token_endpoint_auth_method": "private_key_jwt" })).wrong(),
        ["token_endpoint_auth_method"]
    );
    let keyed = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://mail.example/jwks" });
    assert_eq!(change(keyed).expect_status(200).json()["jwks_uri"], "https://mail.example/jwks");
    // The secret is gone with the method that used it.
    let back = change(json!({ "token_endpoint_auth_method": "client_secret_basic", "jwks_uri": null }));
    assert_eq!(back.wrong(), ["token_endpoint_auth_method"]);
    assert_eq!(change(json!({ "jwks_uri": null })).wrong(), ["token_endpoint_auth_method"]);
    assert_eq!(change(json!({ "resources": ["https://nowhere.example"] })).wrong(), ["resources"]);

    office.ask("DELETE", &path).header("If-Match", "*").send().expect_status(204);
    assert_eq!(token(), 401);
    assert_eq!(office.ask("GET", &path).send().status, 404);
}

#[test]
fn one_that_registered_itself_waits_for_approval() {
    let office = Office::in_world(crate::world::World::with(&[("registration.mode", "approval")]));
    let app = ClientApp::registers(&office.world, "Helper");
    let path = format!("/clients/{}", app.id);
    assert_eq!(office.get(&path)["state"], "awaiting_approval");
    assert_eq!(office.get("/clients?state=awaiting_approval")["items"].as_array().unwrap().len(), 1);
    // It is stopped already; stopping it would make a way around the approval.
    assert_eq!(office.post(&format!("{path}/suspension"), &json!({ "because": "test" })).problem(), "conflict");
    let approved = office.post(&format!("{path}/approval"), &json!({}));
    assert_eq!(approved.expect_status(200).json()["state"], "active");
    assert_eq!(office.post(&format!("{path}/approval"), &json!({})).problem(), "conflict");
    assert_eq!(office.get(&path)["registered_by"], "itself");
}

#[test]
fn a_resource_from_its_making_to_its_end() {
    let office = Office::open();
    let body = json!({ "identifier": "https://tickets.example/mcp", "name": "Tickets",
        "scopes": ["mcp:read", "mcp:write"], "is_default": true });
    let made = office.post("/resources", &body);
    assert_eq!(made.expect_status(201).json()["default_scopes"], json!(["mcp:read"]), "those of low risk");
    let path = format!("/resources/{}", made.json()["id"].as_str().unwrap());
    assert_eq!(office.get(&path), made.json());
    assert_eq!(office.post("/resources", &body).problem(), "conflict");
    let change = |body: Value| office.change("PATCH", &path, "*", &body);
    for (change_to, field) in [
        (json!({ "default_scopes": ["mcp:tools"] }), "default_scopes"),
        (json!({ "scopes": ["nope"] }), "scopes"),
        (json!({ "access_lifetime": 59 }), "access_lifetime"),
        (json!({ "algorithm": "RS256" }), "algorithm"),
        (json!({ "name": null }), "name"),
        (json!({ "identifier": "https://other.example" }), "identifier"),
        (json!({ "is_default": null }), "is_default"),
    ] {
        assert_eq!(change(change_to.clone()).wrong(), [field], "{change_to}");
    }
    let changed = change(json!({ "name": "Desk", "scopes": ["mcp:write"], "aliases": ["https://desk.example"] }));
    assert_eq!(changed.expect_status(200).json()["default_scopes"], json!([]), "what is not offered is no default");
    // Another takes the place of the default, and that is told of both.
    let other = json!({ "identifier": "https://other.example/mcp", "name": "Other", "is_default": true });
    office.post("/resources", &other).expect_status(201);
    assert_eq!(office.get(&path)["is_default"], false);
    let changes = office.get("/audit?event=resource.changed");
    assert_eq!(changes["items"][0]["details"]["after"], json!({ "is_default": false }));
    assert_eq!(changes["items"][1]["details"]["before"]["name"], "Tickets");
    office.ask("DELETE", &path).header("If-Match", &office.tag(&path)).send().expect_status(204);
    assert_eq!(office.get("/resources")["items"].as_array().unwrap().len(), 1);
}

#[test]
fn the_catalogue_is_the_administrators_but_for_the_appliances_own() {
    let office = Office::open();
    let body =
        json!({ "name": "tickets:close", "description": "Close tickets", "risk": "high", "implies": ["mcp:read"] });
    let made = office.post("/scopes", &body);
    assert_eq!(made.expect_status(201).json()["risk"], "high");
    assert!(made.header("location").unwrap().ends_with("/api/v1/scopes/tickets%3Aclose"));
    assert_eq!(office.post("/scopes", &body).problem(), "conflict");
    let path = "/scopes/tickets%3Aclose";
    let changed =
        office.change("PATCH", path, "*", &json!({ "description": "Close and merge tickets", "implies": null }));
    assert_eq!(changed.expect_status(200).json()["implies"], json!([]));
    assert_eq!(office.get("/scopes/tickets:close"), changed.json());
    let remove = |path: &str| office.ask("DELETE", path).header("If-Match", "*").send();
    let resource = json!({ "identifier": "https://t.example", "name": "Tickets", "scopes": ["tickets:close"] });
    let resource = format!("/resources/{}", office.made("/resources", &resource));
    assert_eq!(remove(path).problem(), "conflict", "it is offered");
    office.change("PATCH", &resource, "*", &json!({ "scopes": [] })).expect_status(200);
    assert_eq!(remove(path).status, 204);
    assert_eq!(remove("/scopes/mcp:read").problem(), "conflict", "it is implied");
    // A name with a slash in it is one name.
    office.made("/scopes", &json!({ "name": "a/b", "description": "Do a or b" }));
    assert_eq!(office.get("/scopes/a%2Fb")["name"], "a/b");
    for own in ["/scopes/writ:admin", "/scopes/writ:clients:read"] {
        assert_eq!(remove(own).problem(), "conflict");
        assert_eq!(office.change("PATCH", own, "*", &json!({ "risk": "low" })).problem(), "conflict");
    }
    assert_eq!(office.post("/scopes", &json!({ "name": "writ:x", "description": "X" })).wrong(), ["name"]);
}

#[test]
fn people_are_added_stopped_and_let_go_on() {
    let office = Office::open();
    let body = json!({ "email": "bob@example.com", "name": "Bob", "password": PASSWORD });
    let bob = office.made("/people", &body);
    let path = format!("/people/{bob}");
    assert_eq!(office.get(&path)["standing"], "member");
    let someone = crate::world::Someone { id: bob.parse().unwrap(), email: "bob@example.com".to_owned() };
    let mut browser = office.world.signed_in(&someone);
    assert_eq!(office.post(&format!("{path}/suspension"), &json!({ "because": "test" })).json()["state"], "suspended");
    assert_eq!(browser.get("/account").path, "/sign-in", "and signed in nowhere");
    assert_eq!(office.post(&format!("{path}/suspension"), &json!({ "because": "test" })).problem(), "conflict");
    assert_eq!(office.post(&format!("{path}/suspension/end"), &json!({})).json()["state"], "active");
    assert_eq!(browser.get("/account").path, "/account");
    // Somebody has to be left.
    let ada = format!("/people/{}/suspension", office.ada.id);
    assert_eq!(office.post(&ada, &json!({ "because": "test" })).problem(), "conflict");
    let second =
        json!({ "email": "grace@example.com", "name": "Grace", "password": PASSWORD, "standing": "administrator" });
    office.made("/people", &second);
    office.post(&ada, &json!({ "because": "test" })).expect_status(200);
}

#[test]
fn of_two_last_administrators_one_is_left_whoever_stops_whom() {
    let office = Office::open();
    let second =
        json!({ "email": "grace@example.com", "name": "Grace", "password": PASSWORD, "standing": "administrator" });
    let grace = office.made("/people", &second);
    let both = [office.ada.id.to_string(), grace];
    let statuses = crate::world::at_once(2, |n| {
        office.post(&format!("/people/{}/suspension", both[n]), &json!({ "because": "test" })).status
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
}

#[test]
fn grants_are_found_by_person_and_by_application_and_taken_back() {
    let office = Office::open();
    let (world, bob) = (&office.world, office.world.person("bob"));
    let tickets = world.resource("https://tickets.example/mcp", "mcp:read");
    let (mail, notes) = (world.client("Mail").at(&tickets), world.client("Notes").at(&tickets));
    let mut held = Vec::new();
    for (someone, app) in [(&office.ada, &mail), (&office.ada, &notes), (&bob, &mail)] {
        held.push(app.tokens(world, &mut world.signed_in(someone)));
    }
    let count = |query: &str| office.get(&format!("/grants{query}"))["items"].as_array().unwrap().len();
    assert_eq!(count(""), 3);
    assert_eq!(count(&format!("?person={}", office.ada.id)), 2);
    assert_eq!(count(&format!("?client_id={}", mail.id)), 2);
    let both = format!("/grants?person={}&client_id={}", bob.id, mail.id);
    let grant = office.get(&both)["items"][0].clone();
    assert_eq!((&grant["client_name"], &grant["families"][0]["state"]), (&json!("Mail"), &json!("live")));
    assert_eq!(office.ask("GET", "/grants?person=bob").send().wrong(), ["person"]);
    let path = format!("/grants/{}", grant["id"].as_str().unwrap());
    assert_eq!(office.get(&path), grant);
    let tag = office.tag(&path);
    office.ask("DELETE", &path).header("If-Match", &tag).send().expect_status(200);
    assert_eq!(mail.refresh(world, held[2].refresh.as_ref().unwrap()).status, 400);
    assert_eq!(mail.refresh(world, held[0].refresh.as_ref().unwrap()).status, 200, "another person's stays");
    assert_eq!(count(""), 2);
}

#[test]
fn keys_are_listed_and_turned() {
    let office = Office::open();
    let keys = office.get("/keys");
    let signing =
        |keys: &Value| keys["items"].as_array().unwrap().iter().filter(|key| key["state"] == "signing").count();
    assert_eq!(signing(&keys), 2, "one for each algorithm of the tests");
    let first = office.get("/keys?limit=1");
    let rest = office.get(&format!("/keys?limit=200&cursor={}", first["next"].as_str().unwrap()));
    let all = |page: &Value| page["items"].as_array().unwrap().clone();
    assert_eq!([all(&first), all(&rest)].concat(), all(&keys));
    let turned = office.post("/keys/rotation", &json!({ "algorithm": "ES256", "at_once": true }));
    assert_eq!(turned.expect_status(200).json()["rotated"][0]["algorithm"], "ES256");
    assert_eq!(office.post("/keys/rotation", &json!({ "algorithm": "RS256" })).wrong(), ["algorithm"]);
    assert_eq!(office.post("/keys/rotation", &json!({ "algorithm": "none" })).wrong(), ["algorithm"]);
    assert_eq!(signing(&office.get("/keys")), 2);
}

#[test]
fn the_audit_log_is_searched_and_verified() {
    let office = Office::open();
    let id = office.made("/clients", &json!({ "client_name": "Mail", "redirect_uris": [CALLBACK] }));
    let items = |query: &str| office.get(&format!("/audit?{query}"))["items"].as_array().unwrap().clone();
    let about = items(&format!("about={id}"));
    assert_eq!((about.len(), &about[0]["event"]), (1, &json!("client.registered")));
    assert_eq!(about[0]["from"]["channel"], "api");
    let by = about[0]["by"]["client"].as_str().unwrap();
    assert!(
        items(&format!("by={by}&event=client.registered")).len() == 1
            && items("by=nobody&event=client.registered").is_empty()
    );
    assert!(items("event=no.such.event").is_empty());
    let now = office.world.now();
    let at = |seconds: i64| writ::base::Timestamp::from_millis(now.millis() + seconds * 1_000).iso();
    assert!(!items(&format!("since={}", at(0))).is_empty() && items(&format!("since={}", at(1))).is_empty());
    assert!(items(&format!("until={}", at(0))).is_empty() && !items(&format!("until={}", at(1))).is_empty());
    // One request, by the id that its caller was given.
    let request = about[0]["from"]["request"].as_str().unwrap();
    assert_eq!(items(&format!("request={request}")), about);
    assert!(items(&format!("request={request}&event=person.created")).is_empty());
    for (query, wrong) in [("actor=x", "actor"), ("subject=ada@example.com", "subject"), ("request=x", "request")] {
        assert_eq!(office.ask("GET", &format!("/audit?{query}")).send().wrong(), [wrong]);
    }
    let verdict = office.post("/audit/verification", &json!({})).json();
    assert_eq!(verdict["intact"], true);
    assert_eq!(verdict["entries"], office.get("/audit?limit=1")["items"][0]["sequence"]);
}

#[test]
fn a_machine_is_made_and_gets_tokens() {
    let office = Office::open();
    let body = json!({ "name": "import", "kind": "ci", "owner": "ada@example.com", "purpose": "Imports", "scopes": ["mcp:read"] });
    let made = office.post("/machines", &body).expect_status(201).json();
    let (id, secret) = (made["client_id"].as_str().unwrap(), made["client_secret"].as_str().unwrap());
    let request = office.world.request("POST", "/oauth/token").basic(id, secret);
    request.form(&[("grant_type", "client_credentials")]).send().expect_status(200);
    let shown = office.get(&format!("/machines/{id}"));
    assert_eq!((&shown["kind"], &shown["owner"]), (&json!("ci"), &json!(office.ada.id.to_string())));
    let unknown = json!({ "name": "x", "owner": "nobody@example.com", "purpose": "x" });
    assert_eq!(office.post("/machines", &unknown).wrong(), ["owner"]);
}

#[test]
fn a_catalogue_that_is_older_than_a_scope_is_offered_it_once() {
    use writ::operations::scopes::load_catalogue;
    use writ::store::tables::{OFFERED, ONLY, SCOPES};
    use writ::store::{Read as _, Store};
    let office = Office::open();
    let store: &Store = &office.world.app.store;
    let missing = |path: &str| office.ask("GET", path).send().status == 404;
    let count = || office.get("/audit?event=scope.catalogue_loaded&limit=200")["items"].as_array().unwrap().len();
    let before = count();
    load_catalogue(store, &office.world.operator()).unwrap();
    assert_eq!(count(), before, "nothing is missing, nothing is done");

    // As a version left it that knew neither these scopes nor that it would be asked.
    office.world.change("an older catalogue", |tx| {
        for later in ["writ.claims", "descope.custom_claims", "writ:delegations:write", "legendary:cloud"] {
            tx.delete(&SCOPES, &later.to_owned())?;
        }
        let mut admin = tx.get(&SCOPES, &"writ:admin".to_owned())?.unwrap();
        admin.implies = "writ:read".parse().unwrap();
        tx.put(&SCOPES, &"writ:admin".to_owned(), &admin)?;
        let mut own = tx.get(&SCOPES, &"mcp:read".to_owned())?.unwrap();
        own.description = "Read our tickets".to_owned();
        tx.put(&SCOPES, &"mcp:read".to_owned(), &own)?;
        tx.delete(&OFFERED, &ONLY.to_owned())?;
        tx.record(writ::model::Event::ScopeRemoved { scope: "several".to_owned() })
    });
    load_catalogue(store, &office.world.operator()).unwrap();
    assert_eq!(count(), before + 1);
    for later in ["writ.claims", "descope.custom_claims", "writ:delegations:write"] {
        assert_eq!(office.get(&format!("/scopes/{later}"))["name"], later);
    }
    let implied = office.get("/scopes/writ:admin")["implies"].to_string();
    assert!(implied.contains("writ:delegations:write"), "the appliance's own are as they ship: {implied}");
    assert!(missing("/scopes/legendary:cloud"), "what was taken out then is not given again");
    assert_eq!(office.get("/scopes/mcp:read")["description"], "Read our tickets");

    // What somebody takes out now stays out as well.
    office.ask("DELETE", "/scopes/writ.claims").header("If-Match", "*").send().expect_status(204);
    load_catalogue(store, &office.world.operator()).unwrap();
    assert!(missing("/scopes/writ.claims"));
    assert_eq!(count(), before + 1);
}

#[test]
fn an_application_is_rejected_verified_and_verified_no_more() {
    let office = Office::in_world(crate::world::World::with(&[("registration.mode", "approval")]));
    let app = ClientApp::registers(&office.world, "Helper");
    let path = format!("/clients/{}", app.id);
    let act = |what: &str, body: &serde_json::Value| office.post(&format!("{path}/{what}"), body);
    assert_eq!(act("rejection", &json!({})).wrong(), ["because"]);
    let rejected = act("rejection", &json!({ "because": "not this one" })).expect_status(200).json();
    assert_eq!((&rejected["state"], &rejected["rejected_because"]), (&"rejected".into(), &"not this one".into()));
    assert_eq!(office.get("/clients?state=rejected")["items"][0]["client_id"], app.id.to_string());
    assert_eq!(act("verification", &json!({})).problem(), "conflict");
    act("approval", &json!({})).expect_status(200);
    let verified = act("verification", &json!({})).expect_status(200).json();
    assert!(verified["verified"]["by"].as_str().unwrap().starts_with("mch_"), "{verified}");
    assert_eq!(verified.get("rejected_because"), None);
    // The mark is of the name that it has now.
    let tag = office.tag(&path);
    let changed = office.change("PATCH", &path, &tag, &json!({ "client_name": "Payroll" }));
    assert_eq!(changed.expect_status(200).json().get("verified"), None);
    assert_eq!(act("verification/end", &json!({ "because": "sold" })).problem(), "conflict");
    act("verification", &json!({})).expect_status(200);
    let ended = act("verification/end", &json!({ "because": "sold" })).expect_status(200).json();
    assert_eq!(ended.get("verified"), None);
    office.world.expect_event("client.unverified");
}

/// An application's secret is replaced while it runs: both are good for a while, and the old one says whether it is still needed.
#[test]
fn an_applications_secret_is_rotated_with_an_overlap() {
    let office = Office::open();
    let body = json!({
        "client_name": "Portal",
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["client_credentials"],
        "redirect_uris": [],
        "scope": "mcp:read",
    });
    let made = office.post("/clients", &body).expect_status(201).json();
    let (id, first) =
        (made["client_id"].as_str().unwrap().to_owned(), made["client_secret"].as_str().unwrap().to_owned());
    let path = format!("/clients/{id}");
    let status = |secret: &str| {
        let request = office.world.request("POST", "/oauth/token").basic(&id, secret);
        request.form(&[("grant_type", "client_credentials")]).send().status
    };
    assert_eq!(office.get(&path)["live_secrets"].as_array().unwrap().len(), 1);
    let rotate = |body: &serde_json::Value| {
        office.ask("POST", &format!("{path}/secret")).header("Idempotency-Key", "k").json(body).send()
    };
    let day = json!({ "overlap": 86_400 });
    let answer = rotate(&day).expect_status(201).json();
    let second = answer["client_secret"].as_str().unwrap().to_owned();
    assert_eq!(rotate(&day).problem(), "made-already", "the secret is shown once");
    assert_eq!((status(&first), status(&second)), (200, 200), "both are good");

    // The old one is seen in use; that is written down once in an hour.
    let secrets = office.get(&path)["live_secrets"].clone();
    let now = office.world.now().iso();
    assert_eq!((&secrets[0]["last_used_at"], &secrets[1]["last_used_at"]), (&json!(now), &serde_json::Value::Null));
    assert!(secrets[0]["expires_at"].is_string() && secrets[1]["expires_at"].is_null(), "{secrets}");
    status(&first);
    let used = office.get(&format!("/audit?about={id}&event=client.old_secret_used"));
    assert_eq!(used["items"].as_array().unwrap().len(), 1);
    let rotated = office.get(&format!("/audit?about={id}&event=client.secret_rotated"));
    assert!(rotated["items"][0]["details"]["overlap_until"].is_i64(), "{rotated}");

    // It ends with the overlap, or before.
    office.world.later(writ::base::Lifetime::from_days(1));
    assert_eq!((status(&first), status(&second)), (401, 200));
    let mut office = office;
    office.token = office.token_with("writ:admin");
    let third = office.post(&format!("{path}/secret"), &json!({})).expect_status(201).json();
    let third = third["client_secret"].as_str().unwrap();
    let status = |secret: &str| {
        let request = office.world.request("POST", "/oauth/token").basic(&id, secret);
        request.form(&[("grant_type", "client_credentials")]).send().status
    };
    assert_eq!((status(&second), status(third)), (200, 200));
    let ended = office.post(&format!("{path}/secret/overlap/end"), &json!({})).expect_status(200).json();
    assert_eq!(ended["live_secrets"].as_array().unwrap().len(), 1);
    assert_eq!((status(&second), status(third)), (401, 200));
    assert_eq!(office.post(&format!("{path}/secret"), &json!({ "overlap": 7_776_001 })).wrong(), ["overlap"]);
    let leaked = office.post(&format!("{path}/secret"), &json!({ "overlap": 0 })).expect_status(201).json();
    assert_eq!((status(third), status(leaked["client_secret"].as_str().unwrap())), (401, 200));
    let public = office.made("/clients", &json!({ "client_name": "Mail", "redirect_uris": [CALLBACK] }));
    assert_eq!(office.post(&format!("/clients/{public}/secret"), &json!({})).problem(), "conflict", "it has none");

    // Whoever holds the secret is the application: that is for who may give what it may have.
    let chief = json!({ "client_name": "Chief", "token_endpoint_auth_method": "client_secret_basic", "grant_types": ["client_credentials"], "redirect_uris": [], "scope": "writ:admin" });
    let chief = office.made("/clients", &chief);
    let clerk = office.token_with("writ:clients:write");
    let ask = office.world.request("POST", &format!("/api/v1/clients/{chief}/secret"));
    let refused = ask.bearer(&clerk).json(&json!({})).send();
    assert_eq!(refused.problem(), "forbidden");
}

#[test]
fn a_registration_token_is_made_listed_and_ended() {
    let office = Office::in_world(crate::world::World::with(&[("registration.mode", "token")]));
    let made = office.post("/registration-tokens", &json!({})).expect_status(201).json();
    let (id, token) = (made["id"].as_str().unwrap(), made["initial_access_token"].as_str().unwrap());
    let path = format!("/registration-tokens/{id}");
    let register = || {
        let body = json!({ "client_name": "Mail", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none" });
        office.world.request("POST", "/oauth/register").bearer(token).json(&body).send().status
    };
    assert_eq!(register(), 201);
    let listed = office.get("/registration-tokens");
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["items"][0]), (1, &office.get(&path)));
    assert!(!listed.to_string().contains(token) && listed["items"][0]["initial_access_token"].is_null());
    assert_eq!(office.ask("DELETE", &path).send().problem(), "unseen");
    assert_eq!(office.change("DELETE", &path, &office.tag(&path), &json!({})).status, 204);
    assert_eq!((register(), office.ask("GET", &path).send().problem().as_str()), (401, "missing"));
    assert_eq!(office.get("/audit?event=registration.token_revoked")["items"].as_array().unwrap().len(), 1);
    let clerk = office.token_with("writ:clients:write");
    let refused = office.world.request("POST", "/api/v1/registration-tokens").bearer(&clerk).json(&json!({})).send();
    assert_eq!(refused.problem(), "forbidden", "whoever has one registers as an administrator does");
}

#[test]
fn a_credential_is_renamed_and_ends_when_it_should() {
    let office = Office::open();
    let robot = office.made("/machines", &json!({ "name": "robot", "owner": "ada@example.com", "purpose": "tests" }));
    let made = office.post("/credentials", &json!({ "client_id": robot, "type": "access_key", "name": "old" }));
    let id = made.expect_status(201).json()["credential_id"].as_str().unwrap().to_owned();
    let path = format!("/credentials/{id}");
    let patch = |body: serde_json::Value| office.change("PATCH", &path, &office.tag(&path), &body);
    let end = office.world.now().plus(writ::base::Lifetime::from_days(30)).iso();
    let changed = patch(json!({ "name": "deploy key", "expires_at": end })).expect_status(200).json();
    assert_eq!((&changed["name"], &changed["expires_at"]), (&json!("deploy key"), &json!(end)));
    let told = office.get(&format!("/audit?about={id}&event=credential.changed"))["items"][0]["details"].clone();
    assert_eq!((&told["before"]["name"], &told["after"]["name"]), (&json!("old"), &json!("deploy key")));
    assert!(!told.to_string().contains("digest"), "{told}");
    assert_eq!(patch(json!({ "expires_at": office.world.now().iso() })).wrong(), ["expires_at"]);
    assert_eq!(patch(json!({ "name": null })).wrong(), ["name"]);
    assert_eq!(patch(json!({ "type": "client_secret" })).wrong(), ["type"]);
    assert!(patch(json!({ "expires_at": null })).expect_status(200).json()["expires_at"].is_null());

    // One that has a successor ends no later than was said; one that is over stays over.
    office.post(&format!("{path}/rotation"), &json!({ "overlap": 3_600 })).expect_status(201);
    assert_eq!(patch(json!({ "expires_at": null })).problem(), "conflict");
    patch(json!({ "name": "going" })).expect_status(200);
    office.post(&format!("{path}/revocation"), &json!({ "because": "over" })).expect_status(200);
    assert_eq!(patch(json!({ "name": "again" })).problem(), "conflict");
}
