//! Whose word about people is taken here, and where our own is carried.

use serde_json::{Value, json};
use writ::base::Lifetime;

use super::Office;
use crate::world::{ISSUER, KeyPair};

const IDP: &str = "https://login.example";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

fn with(body: &Value, name: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[name] = value;
    body
}

fn texts(page: &Value, name: &str) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item[name].as_str().unwrap().to_owned()).collect()
}

/// What is remembered of the first answer has no secret, and is changed by its tag all the same.
#[test]
fn a_provider_that_was_trusted_twice_by_one_request_is_changed_by_the_tag_of_either_answer() {
    let office = Office::open();
    let sign_in = json!({ "name": "Northwind", "client_id": "writ", "secret": "of ours there" });
    let body = json!({ "issuer": IDP, "sign_in": sign_in });
    let post = || office.ask("POST", "/providers").header("Idempotency-Key", "once").json(&body).send();
    let (first, again) = (post(), post());
    assert_eq!((first.expect_status(201).json(), first.header("etag")), (again.json(), again.header("etag")));
    let path = format!("/providers/{}", again.json()["id"].as_str().unwrap());
    let off = json!({ "sign_in": { "on": false } });
    let changed = office.change("PATCH", &path, again.header("etag").unwrap(), &off);
    assert_eq!(changed.expect_status(200).json()["sign_in"]["on"], false);
    // Another secret is another state.
    let secret = json!({ "sign_in": { "secret": "another" } });
    office.world.later(Lifetime::from_seconds(1));
    office.change("PATCH", &path, changed.header("etag").unwrap(), &secret).expect_status(200);
    assert_eq!(office.change("PATCH", &path, changed.header("etag").unwrap(), &off).status, 412);
}

/// What is listed, a page at a time.
fn in_pages(office: &Office, path: &str, name: &str) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    let joint = if path.contains('?') { '&' } else { '?' };
    loop {
        let page = office.get(&format!("{path}{joint}limit=2{cursor}"));
        found.extend(texts(&page, name));
        let Some(next) = page["next"].as_str() else { return found };
        cursor = format!("&cursor={next}");
    }
}

#[test]
fn a_provider_from_its_trusting_to_its_end() {
    let office = Office::open();
    let keys = json!({ "keys": [KeyPair::new("ES256").jwk("a")] });
    let body = json!({ "issuer": IDP, "jwks": keys });
    let made = office.post("/providers", &body);
    let provider = made.expect_status(201).json();
    let path = format!("/providers/{}", provider["id"].as_str().unwrap());
    assert_eq!(made.header("location"), Some(format!("{ISSUER}/api/v1{path}").as_str()));
    assert_eq!(office.get(&path), provider);
    assert_eq!((&provider["person_by"], &provider["email_domains"]), (&json!("link"), &json!([])));
    assert_eq!(office.post("/providers", &body).problem(), "conflict", "one for each issuer");
    for (name, value, field) in [
        ("issuer", json!("http://login.example"), "issuer"),
        ("issuer", json!(ISSUER), "issuer"),
        ("jwks", json!({ "keys": [] }), "jwks"),
        ("jwks_uri", json!("https://login.example/keys"), "jwks"),
        ("email_domains", json!(["com"]), "email_domains"),
        ("person_by", json!("link"), "person_by"),
    ] {
        let other = with(&with(&body, "issuer", json!("https://other.example")), name, value);
        assert_eq!(office.post("/providers", &other).wrong(), [field], "{name}");
    }

    let tag = office.tag(&path);
    let change = |tag: &str, body: &Value| office.change("PATCH", &path, tag, body);
    let elsewhere = json!({ "jwks": null, "jwks_uri": "https://login.example/keys", "email_domains": ["example.com"] });
    let unseen = office.ask("PATCH", &path).json(&elsewhere).send();
    assert_eq!((unseen.status, unseen.problem().as_str()), (428, "unseen"));
    assert_eq!(change("\"x\"", &elsewhere).problem(), "stale");
    assert_eq!(change(&tag, &json!({ "jwks_uri": "https://login.example/keys" })).wrong(), ["jwks"], "either, or");
    assert_eq!(change(&tag, &json!({ "issuer": "https://other.example" })).wrong(), ["issuer"], "it is who it is");
    let changed = change(&tag, &elsewhere).expect_status(200).json();
    assert_eq!((&changed["jwks_uri"], changed.get("jwks")), (&json!("https://login.example/keys"), None));
    assert_eq!((&changed["person_by"], &changed["email_domains"]), (&json!("email"), &json!(["example.com"])));
    assert_eq!(change(&tag, &elsewhere).problem(), "stale");
    let told = office.get("/audit?event=provider.changed")["items"][0]["details"].clone();
    assert_eq!(told["before"]["jwks"], keys);
    assert_eq!(told["after"]["person_by"], json!({ "email": { "domains": ["example.com"] } }));
    let events = office.world.events(3);
    change("*", &elsewhere).expect_status(200);
    assert_eq!(office.world.events(3), events, "what changes nothing is no change");
    change("*", &json!({ "jwks_uri": null, "email_domains": null })).expect_status(200);
    assert_eq!(office.get(&path)["person_by"], "link");

    let remove = |tag: &str| office.ask("DELETE", &path).header("If-Match", tag).send();
    assert_eq!(remove("\"x\"").problem(), "stale");
    remove(&office.tag(&path)).expect_status(204);
    assert_eq!(remove("*").problem(), "missing");
    assert_eq!(office.ask("GET", &path).send().status, 404);
    office.world.expect_event("provider.removed");
    for n in 0..5 {
        office.made("/providers", &json!({ "issuer": format!("https://{n}.login.example") }));
    }
    let listed = in_pages(&office, "/providers", "issuer");
    assert_eq!(listed.len(), 5, "{listed:?}");
    assert_eq!(listed, texts(&office.get("/providers"), "issuer"));
}

#[test]
fn a_subject_is_somebody_until_it_is_unlinked() {
    let office = Office::open();
    let (bob, eve) = (office.world.person("bob"), office.world.person("eve"));
    let provider = office.made("/providers", &json!({ "issuer": IDP }));
    let links = format!("/providers/{provider}/links");
    // A provider may call people whatever it likes.
    for subject in ["U1", "a/b", "a b+c", "auth0|50%", "ünïcode?x#y", "."] {
        let made = office.post(&links, &json!({ "subject": subject, "person": bob.id.to_string() }));
        let link = made.expect_status(201).json();
        assert_eq!((&link["subject"], &link["person"]), (&json!(subject), &json!(bob.id.to_string())));
        if subject == "." {
            // A client makes nothing of this segment (RFC 3986 §5.2.4); it is found in the list, and by the command line.
            continue;
        }
        let path = made.header("location").unwrap().strip_prefix(&format!("{ISSUER}/api/v1")).unwrap().to_owned();
        assert_eq!(office.get(&path), link, "{path}");
        let remove = |tag: &str| office.ask("DELETE", &path).header("If-Match", tag).send();
        assert_eq!(remove("\"x\"").problem(), "stale");
        remove(&office.tag(&path)).expect_status(204);
        assert_eq!(remove("*").problem(), "missing", "{path}");
    }
    let post = |subject: &str, person: String| office.post(&links, &json!({ "subject": subject, "person": person }));
    assert_eq!(post("", bob.id.to_string()).wrong(), ["subject"]);
    assert_eq!(post(&"x".repeat(256), bob.id.to_string()).wrong(), ["subject"]);
    assert_eq!(post("a\nb", bob.id.to_string()).wrong(), ["subject"]);
    assert_eq!(post("U1", "bob@example.com".to_owned()).wrong(), ["person"]);
    assert_eq!(post("U1", "per_00000000000000000000000000".to_owned()).wrong(), ["person"]);
    for n in 0..5 {
        post(&format!("U{n}"), bob.id.to_string()).expect_status(201);
    }
    post("U1", eve.id.to_string()).expect_status(201);
    assert_eq!(office.get(&format!("{links}/U1"))["person"], json!(eve.id.to_string()), "the newer link counts");
    assert_eq!(in_pages(&office, &links, "subject"), [".", "U0", "U1", "U2", "U3", "U4"]);
    let nowhere = "/providers/idp_00000000000000000000000000/links";
    assert_eq!(office.ask("GET", nowhere).send().problem(), "missing");
    assert_eq!(office.post(nowhere, &json!({ "subject": "U1", "person": bob.id.to_string() })).problem(), "missing");
}

#[test]
fn a_crossing_from_its_allowing_to_its_end() {
    let office = Office::open();
    let wiki = json!({ "client_name": "Wiki", "redirect_uris": ["https://wiki.example/cb"],
        "token_endpoint_auth_method": "client_secret_basic", "grant_types": ["authorization_code", EXCHANGE] });
    let (wiki, mail) =
        (office.made("/clients", &wiki), office.made("/clients", &with(&wiki, "client_name", json!("Mail"))));
    let body = json!({ "client_id": wiki, "audience": "https://chat.example", "scopes": ["chat.read"] });
    let made = office.post("/crossings", &body);
    let crossing = made.expect_status(201).json();
    let path = format!("/crossings/{}", crossing["id"].as_str().unwrap());
    assert_eq!(made.header("location"), Some(format!("{ISSUER}/api/v1{path}").as_str()));
    assert_eq!(office.get(&path), crossing);
    assert_eq!(crossing["client_there"], json!(wiki), "called there as here");
    assert_eq!(office.post("/crossings", &body).problem(), "conflict", "one for each pair");
    for (name, value, field) in [
        ("client_id", json!("x"), "client_id"),
        ("audience", json!("http://chat.example"), "audience"),
        ("audience", json!(ISSUER), "audience"),
        ("client_there", json!("a b"), "client_there"),
        ("scopes", json!([]), "scope"),
        ("scopes", json!(["a b"]), "scopes[0]"),
        ("resources", json!(["x"]), "resources[0]"),
    ] {
        assert_eq!(office.post("/crossings", &with(&body, name, value)).wrong(), [field], "{name}");
    }
    let nobody = with(&body, "client_id", json!("cli_00000000000000000000000000"));
    assert_eq!(office.post("/crossings", &nobody).problem(), "missing");
    let public = json!({ "client_name": "Page", "redirect_uris": ["https://page.example/cb"] });
    let public = with(&body, "client_id", json!(office.made("/clients", &public)));
    assert_eq!(office.post("/crossings", &public).problem(), "conflict", "it cannot authenticate");

    let once = |body: &Value| office.ask("POST", "/crossings").header("Idempotency-Key", "k").json(body).send();
    let of_mail = with(&body, "client_id", json!(mail));
    let first = once(&of_mail);
    assert_eq!(once(&of_mail).body, first.expect_status(201).body);
    assert_eq!(once(&body).problem(), "key-reused");
    assert_eq!(in_pages(&office, &format!("/crossings?client_id={wiki}"), "client_id"), std::slice::from_ref(&wiki));
    let mut both = in_pages(&office, "/crossings", "client_id");
    both.sort();
    let mut expected = [wiki, mail];
    expected.sort();
    assert_eq!(both, expected);
    assert_eq!(office.ask("GET", "/crossings?client_id=x").send().wrong(), ["client_id"]);

    let remove = |tag: &str| office.ask("DELETE", &path).header("If-Match", tag).send();
    assert_eq!(remove("\"x\"").problem(), "stale");
    remove(&office.tag(&path)).expect_status(204);
    assert_eq!(remove("*").problem(), "missing");
    office.world.expect_event("crossing.removed");
}

/// Attack case 44: whose word is taken about people is who one can be here, so a narrow token does not decide about it, however much
/// else it may do.
#[test]
fn case_44_nobody_but_an_administrator_says_whose_word_is_taken() {
    let office = Office::open();
    let provider = office.made("/providers", &json!({ "issuer": IDP }));
    let narrow = "writ:read writ:people:write writ:clients:write writ:crossings:write writ:memberships:write";
    let token = office.token_with(narrow);
    let ask = |method: &str, path: &str, body: &Value| {
        let request = office.world.request(method, &format!("/api/v1{path}")).bearer(&token).header("If-Match", "*");
        request.json(body).send()
    };
    let of_ada = json!({ "subject": "U1", "person": office.ada.id.to_string() });
    for (method, path, body) in [
        ("POST", "/providers".to_owned(), json!({ "issuer": "https://evil.example" })),
        ("PATCH", format!("/providers/{provider}"), json!({ "email_domains": ["example.com"] })),
        ("DELETE", format!("/providers/{provider}"), json!({})),
        ("POST", format!("/providers/{provider}/links"), of_ada),
        ("DELETE", format!("/providers/{provider}/links/U1"), json!({})),
    ] {
        let refused = ask(method, &path, &body);
        assert_eq!(refused.problem(), "forbidden", "{method} {path}");
        assert!(refused.header("www-authenticate").unwrap().contains("scope=\"writ:admin\""), "{method} {path}");
    }
    ask("GET", "/providers", &json!({})).expect_status(200);
    assert_eq!(ask("POST", "/crossings", &json!({})).wrong().len(), 1, "that is another decision");
}

#[test]
fn people_sign_in_with_a_provider_as_an_administrator_says() {
    let office = Office::open();
    let sign_in = json!({ "name": "Northwind", "client_id": "writ", "secret": "of theirs" });
    let body = json!({ "issuer": IDP, "sign_in": sign_in });
    for (name, value, field) in [
        ("name", json!(""), "sign_in.name"),
        ("name", json!(null), "sign_in.name"),
        ("client_id", json!("a\nb"), "sign_in.client_id"),
        ("client_id", json!(null), "sign_in.client_id"),
        ("secret", json!(""), "sign_in.secret"),
        ("scope", json!(["email"]), "sign_in.scope"),
        ("scope", json!(["a b"]), "sign_in.scope[0]"),
    ] {
        let wrong = with(&body, "sign_in", with(&sign_in, name, value));
        assert_eq!(office.post("/providers", &wrong).wrong(), [field], "{name}");
    }
    let near = json!({ "issuer": "http://127.0.0.1:1", "jwks": { "keys": [KeyPair::new("ES256").jwk("a")] }, "sign_in": sign_in });
    assert_eq!(office.post("/providers", &near).wrong(), ["sign_in"], "without https nobody signs in");
    let made = office.post("/providers", &body).expect_status(201).json();
    let path = format!("/providers/{}", made["id"].as_str().unwrap());
    let shown = &made["sign_in"];
    assert_eq!((&shown["scope"], &shown["on"]), (&json!(["email", "openid"]), &json!(true)));
    assert_eq!(shown["redirect_uri"], format!("{ISSUER}/sign-in/provider/callback/{}", made["id"].as_str().unwrap()));
    assert!(shown["secret_set_at"].is_string() && shown.get("secret").is_none(), "{shown}");
    assert_eq!(office.get("/audit?event=provider.trusted")["items"][0]["details"]["sign_in"]["name"], "Northwind");

    // What is not named stays; the secret of a client without one is forgotten.
    let change = |body: &Value| office.change("PATCH", &path, "*", body).expect_status(200).json()["sign_in"].clone();
    let off = change(&json!({ "sign_in": { "on": false } }));
    assert_eq!((&off["on"], &off["name"]), (&json!(false), &json!("Northwind")));
    assert_eq!(off["secret_set_at"], shown["secret_set_at"]);
    let told = office.get("/audit?event=provider.changed")["items"][0]["details"].clone();
    assert_eq!((&told["before"]["sign_in"]["on"], &told["after"]["sign_in"]["on"]), (&json!(true), &json!(false)));
    assert!(!told.to_string().contains("v1."), "{told}");
    assert_eq!(change(&json!({ "sign_in": { "secret": null } })).get("secret_set_at"), None);
    assert_eq!(change(&json!({ "sign_in": null })), Value::Null);
    let again = office.change("PATCH", &path, "*", &json!({ "sign_in": { "on": true } }));
    assert_eq!(again.wrong(), ["sign_in.name"], "nothing of it is remembered");
}
