//! What can be done with machines and their credentials, and what each of it refuses.

use serde_json::{Value, json};
use writ::base::{Id, Lifetime};
use writ::model::{Event, Machine};
use writ::operations::housekeeping;
use writ::store::Read as _;
use writ::store::tables::MACHINES;

use super::Office;
use crate::world::{Answer, ISSUER};

fn body(name: &str) -> Value {
    json!({ "name": name, "owner": "ada@example.com", "purpose": "tests", "scopes": ["mcp:read"] })
}

impl Office {
    /// A machine's id and secret.
    fn machine(&self, name: &str) -> (String, String) {
        let made = self.post("/machines", &body(name));
        let made = made.expect_status(201).json();
        (made["client_id"].as_str().unwrap().to_owned(), made["client_secret"].as_str().unwrap().to_owned())
    }

    fn credential(&self, machine: &str, more: &Value) -> Answer {
        let mut body = json!({ "client_id": machine });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post("/credentials", &body)
    }

    fn granted(&self, id: &str, secret: &str) -> u16 {
        let fields = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
        self.world.token(&fields).status
    }

    fn names(&self, query: &str) -> Vec<String> {
        let page = self.get(&format!("/machines?{query}"));
        page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn a_machine_from_its_making_to_its_end() {
    let office = Office::open();
    let (id, secret) = office.machine("import");
    let path = format!("/machines/{id}");
    assert_eq!(office.granted(&id, &secret), 200);
    let shown = office.get(&path);
    assert_eq!((&shown["state"], &shown["client_secret"]), (&json!("active"), &Value::Null));
    assert_eq!(shown["usage"]["grants"], 1);
    assert_eq!(shown["usage"]["scopes"][0]["scope"], "mcp:read");
    assert_eq!(shown["credentials"][0]["last_used_at"], shown["usage"]["last_used_at"]);
    assert!(shown["credentials"][0]["callers"][0]["network"].is_string());
    assert_eq!(shown["findings"], json!([]));

    // Stopped: its token is over, and the answer says who may still take it.
    let because = json!({ "because": "it wrote to the wrong queue" });
    let stopped = office.post(&format!("{path}/suspension"), &because);
    let stopped = stopped.expect_status(200).json();
    assert_eq!((&stopped["state"], &stopped["still_taken"]["at_most"]), (&json!("suspended"), &json!(1)));
    assert!(stopped["still_taken"]["until"].is_string());
    assert_eq!(stopped["stopped"]["because"], "it wrote to the wrong queue");
    assert_eq!(office.granted(&id, &secret), 401);
    let again = office.post(&format!("{path}/suspension"), &because);
    assert_eq!(again.expect_status(200).json()["still_taken"], stopped["still_taken"], "whoever asks again is told");
    assert!(office.get(&path)["still_taken"].is_null());
    assert_eq!(office.post(&format!("{path}/suspension"), &json!({ "because": " " })).wrong(), ["because"]);
    assert_eq!(office.post(&format!("{path}/suspension/end"), &json!({})).json()["state"], "active");
    assert_eq!(office.granted(&id, &secret), 200);

    // In other hands.
    let person = json!({ "email": "grace@example.com", "name": "Grace", "password": crate::world::PASSWORD });
    let grace = office.made("/people", &person);
    let hand_over = |owner: &str| office.post(&format!("{path}/handover"), &json!({ "owner": owner }));
    assert_eq!(hand_over("grace@example.com").expect_status(200).json()["owner"], grace);
    assert_eq!(hand_over("nobody@example.com").wrong(), ["owner"]);
    assert_eq!(hand_over("nobody").wrong(), ["owner"]);
    assert_eq!(hand_over("per_00000000000000000000000000").wrong(), ["owner"]);
    // As it is read, so it is written.
    let ada = office.ada.id.to_string();
    assert_eq!(hand_over(&ada).expect_status(200).json()["owner"], ada);
    assert_eq!(hand_over(&grace).expect_status(200).json()["owner"], grace);
    let named = |text: &str| office.get(&format!("/machines?owner={text}"))["items"].as_array().unwrap().len();
    assert_eq!((named(&grace), named("grace@example.com")), (1, 1));
    assert_eq!(office.ask("GET", "/machines?owner=nobody@example.com").send().wrong(), ["owner"]);
    let another = json!({ "name": "another", "owner": grace, "purpose": "tests" });
    assert_eq!(office.post("/machines", &another).expect_status(201).json()["owner"], grace);
    office.post(&format!("/people/{grace}/suspension"), &json!({ "because": "left" })).expect_status(200);
    assert_eq!(office.get(&path)["state"], "suspended", "nobody answers for it");
    assert_eq!(hand_over("grace@example.com").wrong(), ["owner"]);
    assert_eq!(office.post(&format!("{path}/suspension/end"), &json!({})).problem(), "conflict");
    hand_over("ada@example.com").expect_status(200);
    office.post(&format!("{path}/suspension/end"), &json!({})).expect_status(200);

    // For good.
    let credential = office.get(&path)["credentials"][0]["credential_id"].as_str().unwrap().to_owned();
    let retired = office.post(&format!("{path}/retirement"), &json!({ "because": "replaced" }));
    assert_eq!(retired.expect_status(200).json()["state"], "retired");
    assert_eq!(office.post(&format!("{path}/retirement"), &json!({ "because": "again" })).status, 200);
    assert_eq!(office.get(&format!("/credentials/{credential}"))["state"], "revoked");
    for (end, body) in [("suspension", because.clone()), ("suspension/end", json!({}))] {
        assert_eq!(office.post(&format!("{path}/{end}"), &body).problem(), "conflict", "{end}");
    }
    assert_eq!(office.change("PATCH", &path, "*", &json!({ "purpose": "other" })).problem(), "conflict");
    assert_eq!(office.credential(&id, &json!({ "type": "access_key" })).problem(), "conflict");
    office.machine("import");
    for missing in ["mch_00000000000000000000000000", "x"] {
        for (end, body) in
            [("suspension", because.clone()), ("suspension/end", json!({})), ("retirement", because.clone())]
        {
            assert_eq!(office.post(&format!("/machines/{missing}/{end}"), &body).problem(), "missing", "{end}");
        }
        assert_eq!(office.ask("GET", &format!("/machines/{missing}")).send().problem(), "missing");
    }
}

#[test]
fn a_change_counts_for_the_machine_that_was_seen() {
    let office = Office::open();
    let (id, _) = office.machine("import");
    let path = format!("/machines/{id}");
    let tag = office.tag(&path);
    assert_eq!(office.ask("PATCH", &path).json(&json!({ "purpose": "other" })).send().problem(), "unseen");
    let purpose = |n: usize| office.change("PATCH", &path, &tag, &json!({ "purpose": format!("purpose {n}") })).status;
    let statuses = crate::world::at_once(8, purpose);
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 412].contains(status)), "{statuses:?}");
    for (end, body) in [
        ("suspension", json!({ "because": "test" })),
        ("suspension/end", json!({})),
        ("handover", json!({ "owner": "ada@example.com" })),
        ("retirement", json!({ "because": "test" })),
    ] {
        let path = format!("{path}/{end}");
        assert_eq!(office.change("POST", &path, &tag, &body).problem(), "stale", "{end}");
    }
    let credential = office.get(&path)["credentials"][0]["credential_id"].as_str().unwrap().to_owned();
    let credential = format!("/credentials/{credential}");
    let revoke =
        |tag: &str| office.change("POST", &format!("{credential}/revocation"), tag, &json!({ "because": "x" }));
    assert_eq!(revoke(&tag).problem(), "stale");
    assert_eq!(revoke(&office.tag(&credential)).status, 200);
    // What was changed is told as it was and as it is.
    let changes = office.get(&format!("/audit?about={id}&event=machine.changed"));
    assert_eq!(changes["items"][0]["details"]["before"], json!({ "purpose": "tests" }));
}

#[test]
fn all_machines_of_one_who_leaves_are_handed_over_at_once() {
    let office = Office::open();
    let (bob, eve) = (office.world.person("bob"), office.world.person("eve"));
    for name in ["one", "two", "three"] {
        office.world.machine(name, &bob, "mcp:read");
    }
    let three = office.world.machine("four", &bob, "mcp:read").id;
    office.post(&format!("/machines/{three}/retirement"), &json!({ "because": "done" })).expect_status(200);
    let path = format!("/people/{}/handover", bob.id);
    let to = |owner: &str| office.post(&path, &json!({ "owner": owner }));
    assert_eq!(to("nobody@example.com").wrong(), ["owner"]);
    assert_eq!(to("bob@example.com").wrong(), ["owner"], "they have them already");
    let clerk = office.token_with("writ:people:write");
    let by_clerk = |clerk: &str, path: &str, owner: &str| {
        let request = office.world.request("POST", &format!("/api/v1{path}")).bearer(clerk);
        request.json(&json!({ "owner": owner })).send()
    };
    let refused = by_clerk(&clerk, &path, "eve@example.com");
    assert_eq!(refused.problem(), "forbidden", "it is about machines");
    let told = to("eve@example.com").expect_status(200).json();
    assert_eq!(told, json!({ "machines": 3, "owner": eve.id.to_string() }));
    let of = |who: &str| office.get(&format!("/machines?owner={who}"))["items"].as_array().unwrap().len();
    assert_eq!((of("eve@example.com"), of("bob@example.com")), (3, 1), "a retired one keeps its history");
    assert_eq!(office.get("/audit?event=machine.handed_over")["items"].as_array().unwrap().len(), 3);
    assert_eq!(to("eve@example.com").expect_status(200).json()["machines"], 0);

    // All or nothing: one that reaches further than who asks stays with all the others.
    office.world.machine("chief", &eve, "writ:admin");
    let clerk = office.token_with("writ:machines:write");
    let back = format!("/people/{}/handover", eve.id);
    let refused = by_clerk(&clerk, &back, "bob@example.com");
    assert_eq!((refused.problem().as_str(), of("eve@example.com")), ("forbidden", 4));
}

#[test]
fn a_patch_changes_what_it_names() {
    let office = Office::open();
    let tickets = json!({ "identifier": "https://tickets.example/mcp", "name": "Tickets", "scopes": ["mcp:read"] });
    office.made("/resources", &tickets);
    let mut ask = body("import");
    ask["custom_claims"] = json!({ "team": "night", "desk": { "floor": 1, "room": 2 } });
    ask["expires_at"] = json!(office.world.now().plus(Lifetime::from_days(30)).iso());
    ask["tags"] = json!(["prod"]);
    let id = office.made("/machines", &ask);
    let path = format!("/machines/{id}");
    let change = |body: Value| office.change("PATCH", &path, "*", &body);
    let access = json!([{ "resource": "https://tickets.example/mcp", "scopes": ["mcp:read"], "access_lifetime": 600 }]);
    let changed = change(json!({
        "name": "export", "kind": "agent", "purpose": "Exports", "description": "At night", "tags": null,
        "scopes": ["mcp:write"], "access": access, "serves": ["https://tickets.example/mcp"],
        "access_lifetime": 900, "expires_at": null, "networks": ["10.0.0.0/8"], "dpop_bound": true, "refresh_tokens": true,
        "custom_claims": { "team": null, "desk": { "floor": 3 }, "new": [1] },
    }));
    let changed = changed.expect_status(200).json();
    for (member, value) in [
        ("name", json!("export")),
        ("kind", json!("agent")),
        ("description", json!("At night")),
        ("tags", json!([])),
        ("scopes", json!(["mcp:write"])),
        ("access", access),
        ("access_lifetime", json!(900)),
        ("expires_at", Value::Null),
        ("networks", json!(["10.0.0.0/8"])),
        ("dpop_bound", json!(true)),
        ("refresh_tokens", json!(true)),
        ("custom_claims", json!({ "desk": { "floor": 3, "room": 2 }, "new": [1] })),
    ] {
        assert_eq!(changed[member], value, "{member}");
    }
    let back = change(json!({ "access": null, "serves": null, "access_lifetime": null, "networks": null,
        "dpop_bound": null, "custom_claims": null, "scopes": null, "description": null }));
    let back = back.expect_status(200).json();
    assert_eq!((&back["access"], &back["custom_claims"], &back["scopes"]), (&json!([]), &json!({}), &json!([])));
    assert_eq!((&back["purpose"], &back["dpop_bound"]), (&json!("Exports"), &json!(false)));
    office.machine("other");
    for (wrong, field) in [
        (json!({ "name": null }), "name"),
        (json!({ "name": "" }), "name"),
        (json!({ "purpose": null }), "purpose"),
        (json!({ "purpose": "" }), "purpose"),
        (json!({ "kind": null }), "kind"),
        (json!({ "kind": "robot" }), "kind"),
        (json!({ "scopes": ["no:such"] }), "scope"),
        (json!({ "scopes": ["a b"] }), "scopes[0]"),
        (json!({ "access": [{ "resource": "x" }] }), "access.resource"),
        (json!({ "access": [{ "resource": "https://nowhere.example/" }] }), "resource"),
        (json!({ "access_lifetime": 59 }), "access_lifetime"),
        (json!({ "expires_at": "tomorrow" }), "expires_at"),
        (json!({ "roles": ["nobody"] }), "roles"),
        (json!({ "networks": ["10.0.0.0/99"] }), "networks[0]"),
        (json!({ "custom_claims": { "x": "y".repeat(5_000) } }), "custom_claims"),
        (json!({ "owner": "ada@example.com" }), "owner"),
    ] {
        assert_eq!(change(wrong.clone()).wrong(), [field], "{wrong}");
    }
    assert_eq!(change(json!({ "name": "other" })).problem(), "conflict");
}

/// However many others are newer: what few are has an index.
#[test]
fn what_is_rare_is_found_behind_many() {
    let office = Office::open();
    let mut old = body("old");
    old["kind"] = json!("ci");
    old["expires_at"] = json!(office.world.now().plus(Lifetime::from_minutes(10)).iso());
    let old = office.made("/machines", &old);
    office.post(&format!("/machines/{old}/suspension"), &json!({ "because": "test" })).expect_status(200);
    let common: Id<Machine> = office.made("/machines", &body("common")).parse().unwrap();
    office.world.later(Lifetime::from_seconds(1));
    let now = office.world.now();
    office.world.change("put many machines", move |tx| {
        let row = tx.get(&MACHINES, &common)?.unwrap();
        for n in 0..2_100_u64 {
            let mut bytes = [0xFF; 16];
            bytes[8..].copy_from_slice(&n.to_be_bytes());
            let id = Id::from_bytes(bytes);
            tx.put(&MACHINES, &id, &Machine { id, name: format!("common-{n}"), created_at: now, ..row.clone() })?;
        }
        tx.record(Event::MachineResumed { machine: common })
    });
    for query in ["state=suspended", "kind=ci", "kind=ci&state=suspended"] {
        assert_eq!(office.names(query), ["old"], "{query}");
    }
    office.world.later(Lifetime::from_minutes(11));
    office.post(&format!("/machines/{old}/suspension/end"), &json!({})).expect_status(200);
    assert_eq!(office.names("state=expired"), ["old"]);
    assert_eq!(office.names("state=suspended"), [""; 0]);
}

#[test]
fn machines_are_found_by_what_they_are() {
    let office = Office::open();
    let person = json!({ "email": "grace@example.com", "name": "Grace", "password": crate::world::PASSWORD });
    let grace = office.made("/people", &person);
    let bot = json!({ "name": "deploy-bot", "owner": "grace@example.com", "purpose": "Deploys", "kind": "ci",
        "tags": ["Prod", "eu"], "without_secret": true });
    let bot = office.made("/machines", &bot);
    office.world.later(Lifetime::from_seconds(1));
    let soon = office.world.now().plus(Lifetime::from_hours(1)).iso();
    let mut ask = body("nightly-import");
    ask["tags"] = json!(["prod"]);
    ask["expires_at"] = json!(soon);
    office.made("/machines", &ask);
    assert_eq!(office.names("kind=ci"), ["deploy-bot"]);
    assert_eq!(office.names(&format!("owner={grace}")), ["deploy-bot"]);
    assert_eq!(office.names("tag=prod"), ["nightly-import", "deploy-bot"], "the newest first");
    assert_eq!(office.names("tag=pro"), [""; 0], "a tag is a whole one");
    assert_eq!(office.names("tag=deploy-bot"), [""; 0], "and no name");
    assert_eq!(office.names("tag=prod&kind=service"), ["nightly-import"]);
    assert_eq!(office.names("q=IMP+night"), ["nightly-import"]);
    assert_eq!(office.names("q=prod&kind=ci"), ["deploy-bot"]);
    assert_eq!(office.names("tenant=main").len(), 3);
    assert_eq!(office.names("tenant=other"), [""; 0]);
    assert_eq!(office.names("state=active").len(), 3);
    office.post(&format!("/machines/{bot}/suspension"), &json!({ "because": "test" })).expect_status(200);
    assert_eq!(office.names("state=suspended"), ["deploy-bot"]);
    assert_eq!(office.names(&format!("state=active&owner={grace}")), [""; 0]);
    // What housekeeping has noted.
    office.world.block(housekeeping::round(&office.world.app)).unwrap();
    assert_eq!(office.names("finding=machine_expiring"), ["nightly-import"]);
    assert_eq!(office.names("finding=machine_expiring&kind=ci"), [""; 0]);
    assert_eq!(office.names("finding=machine_expiring&q=night"), ["nightly-import"]);
    for (query, field) in
        [("owner=grace", "owner"), ("finding=ugly", "finding"), ("state=gone", "state"), ("kind=x", "kind")]
    {
        assert_eq!(office.ask("GET", &format!("/machines?{query}")).send().wrong(), [field], "{query}");
    }
    // Its time comes, and no row changes.
    let expired = || office.names("state=expired");
    assert_eq!(expired(), [""; 0]);
    office.world.later(Lifetime::from_minutes(59));
    let token = office.world.machine("late clerk", &office.ada, "writ:read");
    let token = super::token(&office.world, &token, "writ:read");
    office.world.later(Lifetime::from_minutes(1));
    let late = office.world.request("GET", "/api/v1/machines?state=expired").bearer(&token).send().json();
    assert_eq!(late["items"][0]["name"], "nightly-import");
}

#[test]
fn lists_of_what_is_looked_for_come_in_pages() {
    let office = Office::open();
    for n in 0..7 {
        let mut ask = body(&format!("worker {n}"));
        ask["tags"] = json!([if n % 2 == 0 { "even" } else { "odd" }]);
        office.made("/machines", &ask);
        office.world.later(Lifetime::from_seconds(1));
    }
    for query in ["tag=even", "q=worker+even", "kind=service&q=even", "tag=even&state=active"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = office.get(&format!("/machines?{query}&limit=2{cursor}"));
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 2);
            seen.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, ["worker 6", "worker 4", "worker 2", "worker 0"], "{query}");
    }
}

#[test]
fn a_credential_of_each_kind_is_made_shown_and_ended() {
    let office = Office::open();
    let (id, _) = office.machine("import");
    let key = crate::world::KeyPair::new("ES256");
    let jwks = json!({ "keys": [key.jwk("key-1")] });
    let rules = json!([{ "claim": "repository_id", "is": "74" }, { "claim": "repository_owner_id", "is": "65" },
        { "claim": "ref", "one_of": ["refs/heads/main", "refs/heads/next"] }]);
    let trust = json!({ "preset": "github", "rules": rules });
    let mut made = Vec::new();
    for (ask, shown_once) in [
        (json!({ "type": "client_secret", "name": "for the new host" }), Some("client_secret")),
        (json!({ "type": "access_key" }), Some("access_key")),
        (json!({ "type": "public_keys", "jwks": jwks }), None),
        (json!({ "type": "key_set", "jwks_uri": "https://import.example/jwks" }), None),
        (json!({ "type": "trust", "trust": trust }), None),
    ] {
        let answer = office.credential(&id, &ask);
        let mut credential = answer.expect_status(201).json();
        let name = credential["credential_id"].as_str().unwrap().to_owned();
        assert_eq!(answer.header("location"), Some(format!("{ISSUER}/api/v1/credentials/{name}").as_str()));
        assert!(answer.header("cache-control").is_some_and(|value| value.contains("no-store")), "{ask}");
        for secret in ["client_secret", "access_key"] {
            assert_eq!(credential[secret].is_string(), shown_once == Some(secret), "{ask}: {secret}");
            credential.as_object_mut().unwrap().remove(secret);
        }
        assert_eq!(office.get(&format!("/credentials/{name}")), credential, "but for the secret");
        assert_eq!((&credential["state"], &credential["client_id"]), (&json!("active"), &json!(id)));
        made.push(name);
        office.world.later(Lifetime::from_seconds(1));
    }
    let all = office.get(&format!("/credentials?client_id={id}"));
    assert_eq!(all["items"].as_array().unwrap().len(), 6, "with the first");
    assert_eq!(all["items"][0]["trust"]["rules"], rules);
    assert_eq!(all["items"][2]["jwks"], Value::Null, "a list holds no key sets");
    let page = office.get(&format!("/credentials?client_id={id}&limit=2"));
    let rest = office.get(&format!("/credentials?client_id={id}&cursor={}", page["next"].as_str().unwrap()));
    assert_eq!(rest["items"].as_array().unwrap().len(), 4);
    assert!(office.get("/credentials")["items"].as_array().unwrap().len() > 6, "the office's own too");
    let path = format!("/credentials/{}", made[1]);
    assert_eq!(office.post(&format!("{path}/revocation"), &json!({ "because": "" })).wrong(), ["because"]);
    let revoked = office.post(&format!("{path}/revocation"), &json!({ "because": "it was in a log" }));
    let revoked = revoked.expect_status(200).json();
    assert_eq!((&revoked["state"], &revoked["revoked_because"]), (&json!("revoked"), &json!("it was in a log")));
    assert_eq!(office.post(&format!("{path}/revocation"), &json!({ "because": "again" })).json(), revoked);
    assert_eq!(office.ask("GET", "/credentials?client_id=x").send().wrong(), ["client_id"]);
    assert_eq!(office.ask("GET", "/credentials/crd_00000000000000000000000000").send().problem(), "missing");
    let nobody = office.credential("mch_00000000000000000000000000", &json!({ "type": "access_key" }));
    assert_eq!(nobody.problem(), "missing");
}

#[test]
fn what_is_wrong_with_a_credential_is_named() {
    let office = Office::open();
    let (id, _) = office.machine("import");
    let github = |rules: Value| json!({ "type": "trust", "trust": { "preset": "github", "rules": rules } });
    let is = |claim: &str, value: &str| json!({ "claim": claim, "is": value });
    for (ask, fields) in [
        (json!({}), vec!["type"]),
        (json!({ "type": "password" }), vec!["type"]),
        (json!({ "type": "access_key", "name": "" }), vec!["name"]),
        (json!({ "type": "access_key", "expires_at": "2001-01-01T00:00:00Z" }), vec!["expires_at"]),
        (json!({ "type": "access_key", "jwks_uri": "https://a.example", "jwks": {} }), vec!["jwks", "jwks_uri"]),
        (json!({ "type": "public_keys" }), vec!["jwks"]),
        (json!({ "type": "public_keys", "jwks": { "keys": [] } }), vec!["jwks"]),
        (json!({ "type": "key_set", "jwks_uri": "http://import.example/jwks" }), vec!["jwks_uri"]),
        (json!({ "type": "trust" }), vec!["trust"]),
        (json!({ "type": "trust", "trust": {} }), vec!["trust.rules"]),
        (json!({ "type": "trust", "trust": { "rules": [] } }), vec!["trust.issuer"]),
        (github(json!([])), vec!["trust.rules"]),
        (github(json!([{ "claim": "sub" }])), vec!["trust.rules[0]"]),
        (
            github(json!([is("repository_id", "1"), { "claim": "ref", "is": "a", "starts_with": "b" }])),
            vec!["trust.rules[1]"],
        ),
        (
            json!({ "type": "trust", "trust": { "preset": "nobody", "issuer": "https://a.example", "rules": [is("sub", "x")] } }),
            vec!["trust.preset"],
        ),
        (json!({ "type": "trust", "trust": { "issuer": "x", "rules": [is("sub", "x")] } }), vec!["trust.issuer"]),
    ] {
        let mut wrong = office.credential(&id, &ask).wrong();
        wrong.iter_mut().for_each(|field| {
            // A member that is missing is named by itself.
            if field == "rules" {
                *field = "trust.rules".to_owned();
            }
        });
        assert_eq!(wrong, fields, "{ask}");
    }
    assert_eq!(office.credential("x", &json!({ "type": "access_key" })).wrong(), ["client_id"]);
    // Sixteen at once are enough.
    for _ in 0..15 {
        office.credential(&id, &json!({ "type": "access_key" })).expect_status(201);
    }
    assert_eq!(office.credential(&id, &json!({ "type": "access_key" })).problem(), "conflict");
}

#[test]
fn a_secret_turns_without_a_pause() {
    let office = Office::open();
    let (id, old) = office.machine("import");
    let credential = office.get(&format!("/machines/{id}"))["credentials"][0]["credential_id"].clone();
    let path = format!("/credentials/{}", credential.as_str().unwrap());
    let rotate = |body: &Value| office.post(&format!("{path}/rotation"), body);
    assert_eq!(rotate(&json!({ "overlap": 7_776_001 })).wrong(), ["overlap"]);
    let turned = rotate(&json!({ "overlap": 3_600 }));
    let new = turned.expect_status(201).json();
    assert!(turned.header("location").unwrap().ends_with(new["credential_id"].as_str().unwrap()));
    let secret = new["client_secret"].as_str().unwrap();
    assert_eq!([office.granted(&id, &old), office.granted(&id, secret)], [200, 200]);
    let shown = office.get(&path);
    assert_eq!((&shown["state"], &shown["replaced_by"]), (&json!("being_replaced"), &new["credential_id"]));
    assert_eq!(shown["advice"], "still_used");
    assert_eq!(rotate(&json!({})).problem(), "conflict", "once");
    office.world.later(Lifetime::from_hours(1));
    assert_eq!([office.granted(&id, &old), office.granted(&id, secret)], [401, 200]);
    // A body that says nothing may be left out.
    let token = office.world.machine("turner", &office.ada, "writ:admin");
    let token = super::token(&office.world, &token, "writ:admin");
    let bare = |id: &Value| {
        let path = format!("/api/v1/credentials/{}/rotation", id.as_str().unwrap());
        office.world.request("POST", &path).bearer(&token).send()
    };
    assert_eq!(bare(&new["credential_id"]).status, 201);
    assert_eq!(bare(&credential).problem(), "conflict", "it is over");
    assert_eq!(bare(&json!("crd_00000000000000000000000000")).problem(), "missing");
    let keys = json!({ "type": "key_set", "jwks_uri": "https://import.example/jwks" });
    let keys = office.world.request("POST", "/api/v1/credentials").bearer(&token).json(&{
        let mut body = keys;
        body["client_id"] = json!(id);
        body
    });
    let keys = keys.send().expect_status(201).json();
    assert_eq!(bare(&keys["credential_id"]).problem(), "conflict", "its holder turns it");
}

#[test]
fn a_credential_is_made_once() {
    let office = Office::open();
    let (id, _) = office.machine("import");
    let post =
        |path: &str, key: &str, body: &Value| office.ask("POST", path).header("Idempotency-Key", key).json(body).send();
    let ask = json!({ "client_id": id, "type": "access_key" });
    let first = post("/credentials", "key-1", &ask);
    let first = first.expect_status(201).json();
    let again = post("/credentials", "key-1", &ask);
    assert_eq!((again.status, again.problem().as_str()), (409, "made-already"));
    assert_eq!(again.json()["made"], first["credential_id"]);
    assert!(!again.body.contains(first["access_key"].as_str().unwrap()));
    // What has no secret is told again.
    let ask = json!({ "client_id": id, "type": "key_set", "jwks_uri": "https://import.example/jwks" });
    let set = post("/credentials", "key-2", &ask);
    set.expect_status(201);
    assert_eq!(post("/credentials", "key-2", &ask).body, set.body);
    let bare = json!({ "name": "bare", "owner": "ada@example.com", "purpose": "tests", "without_secret": true });
    let made = post("/machines", "key-3", &bare);
    assert!(made.expect_status(201).json()["client_secret"].is_null());
    assert_eq!(post("/machines", "key-3", &bare).body, made.body);
    assert_eq!(office.get(&format!("/credentials?client_id={id}"))["items"].as_array().unwrap().len(), 3);
    // A rotation of which the answer was lost, and many at once.
    let path = format!("/credentials/{}/rotation", first["credential_id"].as_str().unwrap());
    let answers = crate::world::at_once(8, |_| post(&path, "key-4", &json!({})));
    let made: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.len(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.problem(), "made-already");
        assert_eq!(answer.json()["made"], made[0].json()["credential_id"]);
    }
    assert_eq!(post(&path, "key-4", &json!({ "overlap": 1 })).problem(), "key-reused");
}

#[test]
fn a_token_is_held_against_a_trust() {
    let office = Office::open();
    let (id, _) = office.machine("import");
    let key = crate::world::KeyPair::new("ES256");
    let trust = json!({ "issuer": "https://ci.example", "audience": "writ", "jwks": { "keys": [key.jwk("key-1")] },
        "rules": [{ "claim": "sub", "is": "job 7" }, { "claim": "ref", "starts_with": "refs/heads/" }] });
    let made = office.credential(&id, &json!({ "type": "trust", "trust": trust }));
    let path = format!("/credentials/{}/trial", made.expect_status(201).json()["credential_id"].as_str().unwrap());
    let now = office.world.now().seconds();
    let mut claims = json!({ "iss": "https://ci.example", "aud": "writ", "sub": "job 7", "ref": "refs/heads/main",
        "iat": now, "exp": now + 300, "jti": "1" });
    let ask = |claims: &Value| {
        let token = key.signs(&json!({ "alg": "ES256", "typ": "JWT", "kid": "key-1" }), claims);
        office.post(&path, &json!({ "token": token })).expect_status(200).json()
    };
    let tried = ask(&claims);
    assert_eq!(tried["accepted"], true, "{tried}");
    claims["ref"] = json!("refs/tags/1");
    let tried = ask(&claims);
    let failed: Vec<&Value> =
        tried["checks"].as_array().unwrap().iter().filter(|check| check["holds"] == false).collect();
    assert_eq!((&tried["accepted"], failed.len(), &failed[0]["claim"]), (&json!(false), 1, &json!("ref")));
    assert_eq!(office.post(&path, &json!({ "token": "x" })).wrong(), ["token"]);
    let shown = office.get(&format!("/machines/{id}"));
    let secret = shown["credentials"].as_array().unwrap().iter().find(|one| one["type"] == "client_secret").unwrap();
    let other = format!("/credentials/{}/trial", secret["credential_id"].as_str().unwrap());
    assert_eq!(office.post(&other, &json!({ "token": "a.b.c" })).problem(), "conflict");
}
