//! Every door there is, walked with what no honest caller sends: absurd numbers, depths and filters, answers that a cache might keep, requests
//! that are cut off. Attack cases 53 and 54. The doors are found, not listed: a new one is walked as well.

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::{Value, json};
use writ::app::Logo;
use writ::web::routes::DOORS;

use crate::api::Office;
use crate::cli::{Appliance, text};
use crate::world::{Answer, KeyPair, World, base64};

/// What may be kept by a cache, for it is the same for everybody: metadata, keys, lists, files, and the API's own description.
const KEPT: [&str; 8] = [
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/.well-known/jwks.json",
    "/v2/keys/{project}",
    "/oauth/status",
    "/oauth/status/{list}",
    "/static/{file}",
    "/api/v1/",
];

fn no_store(answer: &Answer, what: &str) {
    let known = answer.header("cache-control").unwrap_or_default();
    assert!(known.contains("no-store"), "{what}: {} {known:?}", answer.status);
}

#[test]
fn case_53_no_door_lets_a_cache_keep_what_is_not_the_same_for_everybody() {
    let office = Office::open();
    let mut browser = office.world.signed_in(&office.ada);
    let documents = ["/api/v1/openapi.json", "/api/v1/docs"];
    for door in DOORS.iter().filter(|door| !KEPT[..7].contains(&door.pattern) && !documents.contains(&door.pattern)) {
        let path: String = door.pattern.replace("{id}", "x").replace("{name}", "x");
        for method in door.methods {
            let request = || office.world.request(method.as_str(), &path);
            let what = format!("{method} {path}");
            no_store(&request().send(), &what);
            no_store(&request().bearer(&office.token).send(), &what);
            no_store(&browser.send(request()), &what);
        }
    }
}

#[test]
fn case_53_an_answer_with_a_secret_in_it_is_kept_by_nobody() {
    let office = Office::open();
    let machine = json!({ "name": "night", "owner": office.ada.email, "purpose": "tests", "scopes": ["mcp:read"] });
    let made = office.post("/machines", &machine);
    no_store(made.expect_status(201), "a new machine");
    let id = made.json()["client_id"].as_str().unwrap().to_owned();
    for kind in ["client_secret", "access_key"] {
        let made = office.post("/credentials", &json!({ "client_id": id, "type": kind }));
        no_store(made.expect_status(201), kind);
        let credential = made.json()["id"].as_str().map(str::to_owned);
        let credential = credential.unwrap_or_else(|| made.json()["credential_id"].as_str().unwrap().to_owned());
        no_store(&office.post(&format!("/credentials/{credential}/rotation"), &json!({})), "a turned credential");
        if let Some(key) = made.json()["access_key"].as_str() {
            let asked = office.world.request("POST", "/v1/auth/accesskey/exchange").bearer(key).json(&json!({}));
            no_store(&asked.send(), "an exchanged access key");
        }
    }
    let client = json!({ "client_name": "Desk", "redirect_uris": ["https://desk.example/cb"], "token_endpoint_auth_method": "client_secret_basic" });
    no_store(office.post("/clients", &client).expect_status(201), "a new client");
}

/// The operations of the API, as its own document names them: method, path with something in each place, and the operation.
fn operations(office: &Office) -> Vec<(String, String, Value)> {
    let document = office.world.request("GET", "/api/v1/openapi.json").send().json();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "patch", "delete"] {
            if let Some(operation) = item.get(method) {
                let places: Vec<String> = path
                    .split('/')
                    .map(|part| if part.starts_with('{') { "x".to_owned() } else { part.to_owned() })
                    .collect();
                all.push((method.to_uppercase(), places.join("/"), operation.clone()));
            }
        }
    }
    assert!(all.len() > 60, "{} operations", all.len());
    all
}

fn parameters(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let in_query = parameters.iter().filter(|parameter| parameter["in"] == "query");
    in_query.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn case_54_every_list_of_the_api_has_a_size_and_every_filter_an_end() {
    let office = Office::open();
    let deep = format!("{}{}", "[".repeat(3_000), "]".repeat(3_000));
    let nested = "((((a:b)OR(c:d))))".repeat(200);
    let mut lists = 0;
    for (_, path, operation) in operations(&office).iter().filter(|(method, ..)| method == "GET") {
        let ask = |query: &str| office.world.request("GET", &format!("{path}?{query}")).bearer(&office.token).send();
        let names = parameters(operation);
        if names.iter().any(|name| name == "limit") {
            lists += 1;
            for limit in ["0", "-1", "1.5", "1e9", "x", "201", "4294967296", "99999999999999999999999999"] {
                let answer = ask(&format!("limit={limit}"));
                // Of a list below something that is not there, that is said instead.
                assert!(matches!(answer.status, 400 | 404), "{path}?limit={limit}: {} {}", answer.status, answer.body);
            }
        }
        for name in &names {
            for value in [deep.as_str(), &nested, "%00", "%ff%fe", "-1", "{\"a\":", &"a".repeat(7_000)] {
                let answer =
                    ask(&format!("{name}={}", value.replace('[', "%5B").replace('{', "%7B").replace('"', "%22")));
                assert!(answer.status < 500, "{path}?{name}: {} {}", answer.status, answer.body);
            }
        }
        assert!(ask(&"a=1&".repeat(1_000)).status < 500, "{path}");
    }
    assert!(lists > 10, "{lists} lists");
    office.world.request("GET", "/health").send().expect_status(200);
}

#[test]
fn case_54_no_body_is_too_deep_for_any_door() {
    let office = Office::open();
    let bodies: Vec<Vec<u8>> = vec![
        "[".repeat(60_000).into_bytes(),
        format!("{{\"a\":{}1{}}}", "{\"a\":".repeat(9_000), "}".repeat(9_000)).into_bytes(),
        format!("{{\"name\":\"{}\"}}", "\\u0041".repeat(9_000)).into_bytes(),
        format!("{{\"limit\":{}}}", "9".repeat(50_000)).into_bytes(),
        b"{\"limit\":\"token\",\"per_minute\":-1}".to_vec(),
        b"{\"limit\":\"token\",\"per_minute\":4294967296}".to_vec(),
        b"{\"a\":1e400}".to_vec(),
    ];
    let (operations, put) = (operations(&office), ("PUT".to_owned(), "/oauth/register/x".to_owned(), Value::Null));
    let register = ("POST".to_owned(), "/oauth/register".to_owned(), Value::Null);
    let writers = operations.iter().filter(|(method, ..)| method != "GET").chain([&register, &put]);
    for (method, path, _) in writers {
        for body in &bodies {
            let request = office.world.request(method, path).bearer(&office.token).header("If-Match", "*");
            let answer = request.header("Content-Type", "application/json").body(body).send();
            assert!(answer.status < 500, "{method} {path}: {} {}", answer.status, answer.body);
        }
    }
    office.world.request("GET", "/health").send().expect_status(200);
}

/// JSON also comes in tokens: assertions, proofs, and whatever is shown as a token of somebody's.
#[test]
fn case_54_no_token_is_too_deep_for_any_door() {
    let world = World::new();
    let crm = world.confidential("crm");
    let (id, secret) = (crm.id.to_string(), crm.secret.clone().unwrap());
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(2_500), "]".repeat(2_500));
    let key = KeyPair::new("ES256");
    let good = key.for_tokens(&world);
    let parts: Vec<&str> = good.split('.').collect();
    let mut tokens = vec!["..".to_owned(), "a.b.c".to_owned(), ".".repeat(7_000), "é.é.é".to_owned()];
    tokens.push(format!("{}.{}.{}", base64(deep.as_bytes()), parts[1], parts[2]));
    tokens.push(format!("{}.{}.{}", parts[0], base64(deep.as_bytes()), parts[2]));
    tokens.push(
        key.signs(
            &json!({ "alg": "ES256", "typ": "JWT" }),
            &serde_json::from_str(&format!(
                "{{\"iss\":\"{id}\",\"sub\":\"{id}\",\"deep\":{}1{}}}",
                "[".repeat(100),
                "]".repeat(100)
            ))
            .unwrap(),
        ),
    );
    const JWT: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    for token in &tokens {
        let ways: [Vec<(&str, &str)>; 5] = [
            vec![("grant_type", "client_credentials"), ("client_assertion_type", JWT), ("client_assertion", token)],
            vec![("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", token)],
            vec![
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                ("subject_token", token),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
            ],
            vec![("grant_type", "refresh_token"), ("refresh_token", token)],
            vec![("grant_type", "authorization_code"), ("code", token)],
        ];
        let mut answers: Vec<Answer> = ways.iter().map(|fields| world.token(fields)).collect();
        for path in ["/oauth/introspect", "/oauth/revoke"] {
            answers.push(world.request("POST", path).basic(&id, &secret).form(&[("token", token)]).send());
        }
        if token.is_ascii() {
            let own = [("grant_type", "client_credentials")];
            answers.push(
                world.request("POST", "/oauth/token").basic(&id, &secret).header("DPoP", token).form(&own).send(),
            );
            for path in ["/oauth/userinfo", "/api/v1/clients", "/oauth/register/x"] {
                answers.push(world.request("GET", path).bearer(token).send());
            }
        }
        for answer in answers {
            assert!(answer.status < 500, "{} {}", answer.status, answer.body);
        }
    }
    world.request("GET", "/health").send().expect_status(200);
}

/// A request to change something, cut off at many places, and some sent whole whose answer nobody waits for.
#[test]
fn case_54_a_change_that_is_cut_off_is_made_whole_or_not_at_all() {
    let office = Office::open();
    for n in 0..24_usize {
        let names: Vec<String> = (0..5).map(|of| format!("r{n}-{of}")).collect();
        let roles: serde_json::Map<_, _> =
            names.iter().map(|name| (name.clone(), json!({ "permissions": ["things.see"] }))).collect();
        let body = json!({ "state": { "roles": roles } }).to_string();
        let whole = format!(
            "POST /api/v1/apply HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            office.token,
            body.len()
        );
        let cut = if n % 3 == 2 { whole.len() } else { whole.len() * (n + 1) / 26 };
        let mut stream = TcpStream::connect(office.world.address).unwrap();
        stream.write_all(&whole.as_bytes()[..cut]).unwrap();
        drop(stream);
        // A request of our own, through the same writer: what was begun before it is over.
        office
            .post(
                "/apply",
                &json!({ "state": { "roles": { "after": { "description": n.to_string(), "permissions": ["a.b"] } } } }),
            )
            .expect_status(200);
        let there =
            names.iter().filter(|name| office.ask("GET", &format!("/tenants/main/roles/{name}")).send().status == 200);
        let there = there.count();
        assert!(there == 0 || (there == 5 && cut == whole.len()), "{there} of five, cut at {cut} of {}", whole.len());
    }
}

#[test]
fn case_54_a_page_of_the_command_line_has_a_size() {
    let appliance = Appliance::new();
    appliance.set_up();
    for noun in ["audit", "machine", "client", "person", "grant", "delegation", "crossing"] {
        for limit in ["0", "-1", "x", "4294967296", "18446744073709551615", "99999999999999999999999"] {
            let output = appliance.run(&[noun, "list", &format!("--limit={limit}"), "--json"]);
            // Too much is as much as there may be; what is no number is said to be none.
            let refused = limit.parse::<u64>().is_err();
            assert_eq!(
                output.status.code(),
                Some(if refused { 2 } else { 0 }),
                "{noun} {limit}: {}",
                text(&output.stderr)
            );
            assert!(!text(&output.stderr).contains("panicked"), "{noun} {limit}");
        }
    }
}

/// Eight bytes are a PNG to whoever looks at how it begins: nothing here looks further, so nothing can be wrong with what is not there.
#[test]
fn case_54_a_tiny_picture_is_served_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("a.png", &b"\x89PNG\r\n\x1a\n"[..]),
        ("b.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\0\0"),
        ("c.svg", b"<svg/>"),
    ] {
        let path = place.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let world = World::with(&[("brand.logo", path.to_str().unwrap())]);
        let logo = world.app.logo.as_ref().unwrap();
        let answer = world.request("GET", &format!("/static/{}", logo.name)).send();
        assert_eq!(answer.expect_status(200).header("content-type"), Some(logo.content_type));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        world.browser().get("/sign-in").expect_text(&logo.name);
    }
    for bytes in [&b""[..], b"\x89PNG", b"\x89PNG\r\n\x1a", b"GIF89a", b"<svg"] {
        let path = place.path().join("none");
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(Logo::load(&path).is_ok(), bytes == b"<svg", "{bytes:?}");
    }
    // Nor is anything made of what a query or a form says of pictures.
    let world = World::new();
    for path in ["/static/%00.png", "/static/..%2f..%2fmaster.key", "/static/a.png?width=-1&height=99999999999"] {
        assert_eq!(world.request("GET", path).send().status, 404, "{path}");
    }
}
