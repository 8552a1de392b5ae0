//! What no honest client sends. Attack cases 52 and 54.

use serde_json::json;

use super::Office;
use crate::world::CALLBACK;

#[test]
fn case_54_numbers_depths_and_sizes_have_an_end() {
    let office = Office::open();
    for limit in ["0", "-1", "201", "99999999999999999999999", "x", "", "1.5", "%00"] {
        let answer = office.ask("GET", &format!("/clients?limit={limit}")).send();
        assert_eq!((answer.status, answer.wrong()), (400, vec!["limit".to_owned()]), "{limit}");
    }
    for cursor in ["", "x", "AAAA", &"A".repeat(4_000), "%F0%28%8C%28"] {
        let answer = office.ask("GET", &format!("/clients?cursor={cursor}")).send();
        assert_eq!((answer.status, answer.wrong()), (400, vec!["cursor".to_owned()]), "{cursor}");
    }
    let twice = office.ask("GET", "/clients?limit=1&limit=2").send();
    assert_eq!(twice.wrong(), ["limit"]);
    assert_eq!(office.ask("GET", "/clients?color=red").send().wrong(), ["color"]);
    assert_eq!(office.ask("GET", &format!("/keys?x={}", "x".repeat(9_000))).send().problem(), "invalid");
    let many: String = (0..100).map(|n| format!("&p{n}=1")).collect();
    assert_eq!(office.ask("GET", &format!("/keys?{many}")).send().problem(), "invalid");
    for time in ["yesterday", "2026-13-01T00:00:00Z", "99999999-01-01T00:00:00Z", "1"] {
        assert_eq!(office.ask("GET", &format!("/audit?since={time}")).send().wrong(), ["since"], "{time}");
    }
    let post =
        |body: &[u8]| office.ask("POST", "/clients").header("Content-Type", "application/json").body(body).send();
    for depth in [17, 5_000, 60_000] {
        let deep = format!("{{\"jwks\":{}", "[".repeat(depth));
        assert_eq!(post(deep.as_bytes()).problem(), "invalid", "{depth}");
    }
    assert_eq!(post(&[b' '; 65 * 1_024]).problem(), "too-long");
    for body in [&b""[..], b"null", b"[]", b"1", b"{", b"\xff", b"{\"client_name\":1e999}", b"{\"a\":1,\"a\":2}"] {
        assert_eq!(post(body).problem(), "invalid", "{body:?}");
    }
    let form = office.ask("POST", "/clients").form(&[("client_name", "Mail")]).send();
    assert_eq!(form.problem(), "wrong-media-type");
}

#[test]
fn what_is_wrong_is_named() {
    let office = Office::open();
    let ask = |path: &str, body: serde_json::Value| office.post(path, &body).wrong();
    assert_eq!(ask("/clients", json!({})), ["client_name"]);
    assert_eq!(ask("/clients", json!({ "client_name": "Mail", "colour": 1 })), ["colour"]);
    assert_eq!(ask("/clients", json!({ "client_name": 5 })), ["client_name"]);
    assert_eq!(ask("/clients", json!({ "client_name": "Mail", "grant_types": ["password"] })), ["grant_types[0]"]);
    assert_eq!(ask("/clients", json!({ "client_name": "Mail", "redirect_uris": ["javascript:x"] })), ["redirect_uris"]);
    assert_eq!(
        ask("/clients", json!({ "client_name": "Mail", "redirect_uris": [CALLBACK], "scope": "nope" })),
        ["scope"]
    );
    let resource = json!({ "identifier": "x", "name": "", "aliases": ["https://a.example", "y"], "scopes": ["a b"] });
    assert_eq!(ask("/resources", resource), ["identifier", "name", "aliases[1]", "scopes[0]"]);
    assert_eq!(ask("/people", json!({ "email": "x", "name": "", "password": "short" })).len(), 3);
}

/// What is not known is named, with what there is, in words of ours.
#[test]
fn what_is_not_known_is_told_what_is() {
    let office = Office::open();
    let said = |answer: &crate::world::Answer| answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
    let strange = office.ask("GET", "/machines?colour=1").send();
    assert_eq!(strange.wrong(), ["colour"]);
    let words = said(&strange);
    assert!(words.starts_with("there is no such parameter here; there are state, kind, owner"), "{words}");
    assert!(words.ends_with("limit, cursor"), "{words}");
    let strange = office.post("/people", &json!({ "colour": 1 }));
    assert_eq!(said(&strange), "there is no such member here; there are email, name, password, standing");
    assert_eq!(said(&office.post("/people", &json!({ "email": "a@example.com" }))), "it is missing");
    let strange = office.ask("GET", "/tenants?colour=1").send();
    assert_eq!(said(&strange), "there is no such parameter here; there are limit, cursor");

    let robot = office.world.machine("robot", &office.ada, "mcp:read").id;
    let path = format!("/machines/{robot}");
    for (member, how) in [("owner", "/handover"), ("state", "/suspension"), ("tenant", "stays")] {
        let strange = office.ask("PATCH", &path).header("If-Match", "*").json(&json!({ member: "x" })).send();
        assert_eq!(strange.wrong(), [member]);
        assert!(said(&strange).contains(how), "{}", said(&strange));
    }
    let twice = office.ask("POST", "/people").header("Content-Type", "application/json");
    let twice = twice.body(br#"{"email":"a@example.com","name":"A","name":"B"}"#).send();
    assert_eq!((twice.wrong(), said(&twice)), (vec!["name".to_owned()], "it is there twice".to_owned()));
}

#[test]
fn an_address_that_is_nobodys_is_missing() {
    let office = Office::open();
    for path in [
        "/clients/x",
        "/clients/cli_00000000000000000000000000",
        "/clients/%00",
        "/clients/..%2f..",
        "/clients/%ff",
        "/clients/https%3A%2F%2Fa.example%2Fc",
        "/people/x",
        "/scopes/no-such-scope",
        "/scopes/%20",
        "/grants/con_00000000000000000000000000",
        "/tenants/nowhere",
        "/tenants/%00",
        "/tenants/nowhere/roles",
        "/tenants/main/roles/nobody",
        "/tenants/main%2Froles/x",
        "/tenants/main/roles/a%2Fb",
        "/memberships/per_00000000000000000000000000",
        "/machines/mch_00000000000000000000000000/roles",
        "/delegations/dlg_00000000000000000000000000",
        "/findings/mch_00000000000000000000000000",
        "/nothing",
        "/clients/a/b/c/d",
    ] {
        assert_eq!(office.ask("GET", path).send().problem(), "missing", "{path}");
    }
    let elsewhere = office.world.request("GET", "/api/v2/clients").send();
    assert_eq!(elsewhere.problem(), "missing");
    let wrong = office.ask("PUT", "/clients").send();
    assert_eq!(
        (wrong.status, wrong.problem().as_str(), wrong.header("allow")),
        (405, "wrong-method", Some("GET, POST"))
    );
}

/// Attack case 52: nothing that proves anything is in any list, any answer but the first, or the audit log.
#[test]
fn case_52_no_secret_hash_or_token_is_in_any_answer() {
    let office = Office::open();
    let confidential = json!({ "client_name": "Mail", "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "client_secret_basic" });
    let made = office.post("/clients", &confidential);
    let secret = made.expect_status(201).json()["client_secret"].as_str().unwrap().to_owned();
    let machine = json!({ "name": "import", "owner": "ada@example.com", "purpose": "tests" });
    let machine_secret = office.post("/machines", &machine).json()["client_secret"].as_str().unwrap().to_owned();
    let password = "correct horse battery nine";
    let person = json!({ "email": "bob@example.com", "name": "Bob", "password": password });
    let added = office.post("/people", &person);
    added.expect_status(201);
    let mut browser = office.world.signed_in(&office.ada);
    let app = office.world.client("Reader");
    let tokens = app.tokens(&office.world, &mut browser);

    let mut seen = vec![added.body];
    for list in ["/clients", "/machines", "/resources", "/scopes", "/people", "/grants", "/keys", "/audit?limit=200"] {
        let answer = office.ask("GET", list).send();
        for item in answer.expect_status(200).json()["items"].as_array().unwrap() {
            let id = ["client_id", "id"].iter().find_map(|name| item[*name].as_str());
            if let Some(id) = id.filter(|_| !list.starts_with("/grants") || item["id"].is_string()) {
                let id = if list.starts_with("/grants") { item["id"].as_str().unwrap() } else { id };
                seen.push(office.ask("GET", &format!("{list}/{id}")).send().expect_status(200).body.clone());
            }
        }
        assert!(!answer.json()["items"].as_array().unwrap().is_empty() || list == "/resources", "{list}");
        seen.push(answer.body);
    }
    let digest = |text: &str| writ::base::Digest::of(text.as_bytes()).text();
    let mut secrets = vec![secret, machine_secret, office.token.clone(), tokens.access, tokens.refresh.unwrap()];
    secrets.extend(secrets.clone().iter().map(|secret| digest(secret)));
    secrets.extend([password, "argon2", "\"password\"", "\"sealed\"", "\"digest\"", "\"secrets\""].map(str::to_owned));
    for text in &seen {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret} in {text}");
        }
    }
}
