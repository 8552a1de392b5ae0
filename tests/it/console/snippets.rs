//! What the console offers to copy is right: it is taken from the page, taken apart as a shell takes it apart, and sent.

use std::collections::HashMap;

use serde_json::Value;

use crate::world::{Answer, Browser, CALLBACK, ISSUER, KeyPair, Page, Request, World, claims};

/// What stands in a snippet on a page, as it is copied.
#[track_caller]
fn snippet(page: &Page, id: &str) -> String {
    let begin = format!("id=\"snippet-{id}\"");
    let rest =
        page.body.split_once(&begin).unwrap_or_else(|| panic!("no snippet {id} on {}: {}", page.path, page.body)).1;
    let text = rest.split_once('>').unwrap().1.split_once("</pre>").unwrap().0;
    let plain = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    plain.into_iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// A command line, taken apart as a shell does: quotes, line ends, and variables.
fn words(text: &str, environment: &HashMap<&str, String>) -> Vec<String> {
    let (mut words, mut word, mut begun) = (Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    let mut quote = None;
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('\''), letter) => word.push(letter),
            (None, '\'' | '"') => (quote, begun) = (Some(letter), true),
            (_, '\\') => {
                if let Some(next) = letters.next().filter(|next| *next != '\n') {
                    word.push(next);
                }
            }
            (_, '$') => {
                let mut name = String::new();
                while let Some(next) = letters.next_if(|next| next.is_ascii_alphanumeric() || *next == '_') {
                    name.push(next);
                }
                word.push_str(environment.get(name.as_str()).unwrap_or_else(|| panic!("${name} is not set: {text}")));
            }
            (None, letter) if letter.is_whitespace() => {
                if begun || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            (_, letter) => word.push(letter),
        }
    }
    assert!(quote.is_none(), "a quote does not end: {text}");
    if begun || !word.is_empty() {
        words.push(word);
    }
    words
}

/// Does what curl would do.
#[track_caller]
fn curl(world: &World, text: &str, environment: &HashMap<&str, String>) -> Answer {
    let words = words(text, environment);
    assert_eq!(words.first().map(String::as_str), Some("curl"), "{text}");
    let (mut fields, mut url, mut basic, mut headers, mut body) = (Vec::new(), None, None, Vec::new(), None);
    let mut rest = words.into_iter().skip(1);
    while let Some(word) = rest.next() {
        let mut value = || rest.next().unwrap_or_else(|| panic!("{word} of nothing: {text}"));
        match word.as_str() {
            "-sS" => {}
            "-u" => basic = value().split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned())),
            "-X" => assert_eq!(value(), "POST"),
            "-H" => headers.push(value().split_once(": ").map(|(n, v)| (n.to_owned(), v.to_owned())).unwrap()),
            "-d" => body = Some(value()),
            "--data-urlencode" => {
                fields.push(value().split_once('=').map(|(n, v)| (n.to_owned(), v.to_owned())).unwrap())
            }
            other if other.starts_with('-') => panic!("curl has no {other} here: {text}"),
            address => url = Some(address.to_owned()),
        }
    }
    let url = url.unwrap();
    let path = url.strip_prefix(ISSUER).unwrap_or_else(|| panic!("{url} is not here"));
    let mut request = Request::new(world.address, "POST", path);
    if let Some((id, secret)) = basic {
        request = request.basic(&id, &secret);
    }
    for (name, value) in &headers {
        request = request.header(name, value);
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    match body {
        Some(body) => request.body(body.as_bytes()).send(),
        None => request.form(&fields).send(),
    }
}

/// The lines of an `.env`.
fn environment(text: &str) -> HashMap<&str, String> {
    text.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name, value.to_owned())).collect()
}

/// A machine with a credential of this kind, at a resource: the page that shows its secret, and its own page.
fn machine(world: &World, browser: &mut Browser, kind: &str) -> (Page, Page) {
    let form = browser.get("/console/machines/new").form_to("/console/machines/new");
    let fill = [("name", kind), ("purpose", "Imports tickets"), ("scope", "mcp:read"), ("credential", kind)];
    let page = browser.submit_form(&form, &fill);
    page.expect_page(200, "shown this once");
    let id = environment(&snippet(&page, "env"))["WRIT_CLIENT_ID"].clone();
    world.expect_event("machine.created");
    (page, browser.get(&format!("/console/machines/{id}")))
}

#[test]
fn what_a_machine_copies_gets_it_a_token() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    world.resource("https://mcp.tickets.example/mcp?it's", "mcp:read");
    for kind in ["client_secret", "access_key"] {
        let (secret_page, own_page) = machine(&world, &mut browser, kind);
        let env = snippet(&secret_page, "env");
        let env = environment(&env);
        for page in [&secret_page, &own_page] {
            let tokens = curl(&world, &snippet(page, "curl"), &env).tokens();
            let claims = tokens.claims();
            assert_eq!(
                (&claims["aud"], &claims["scope"]),
                (&"https://mcp.tickets.example/mcp?it's".into(), &"mcp:read".into())
            );
        }
        if kind == "access_key" {
            let answer = curl(&world, &snippet(&own_page, "exchange"), &env);
            // Without a resource or a tenant in a project of that name it says which one it wants; the request itself is understood.
            assert!(answer.status == 200 || answer.json()["errorCode"].is_string(), "{}", answer.body);
        }
        // The secret is on the one page only, and there only where it is meant to be.
        let secret = env.iter().find(|(name, _)| name.ends_with("SECRET") || name.ends_with("KEY")).unwrap().1;
        own_page.expect_no_text(secret);
        assert_eq!(secret_page.body.matches(secret.as_str()).count(), 2);
    }
}

/// RFC 9449: whoever gets tokens only for a key it proves to have copies a request with the proof in it.
#[test]
fn what_a_machine_copies_has_a_proof_where_one_is_asked_for() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    world.resource("https://mcp.tickets.example/mcp", "mcp:read");
    let form = browser.get("/console/machines/new").form_to("/console/machines/new");
    let credential = ("credential", "client_secret");
    let fill = [("name", "bound"), ("purpose", "Imports tickets"), ("scope", "mcp:read"), ("dpop", "yes"), credential];
    let page = browser.submit_form(&form, &fill);
    page.expect_page(200, "shown this once");
    let env = snippet(&page, "env");
    let mut env = environment(&env);
    let key = KeyPair::new("ES256");
    env.insert("WRIT_DPOP", key.for_tokens(&world));
    let answer = curl(&world, &snippet(&page, "curl"), &env);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(claims(answer.json()["access_token"].as_str().unwrap())["cnf"]["jkt"], key.thumbprint());
    for (id, part) in [
        ("python", "headers={\"DPoP\": os.environ[\"WRIT_DPOP\"]}"),
        ("typescript", "dpop: `${process.env.WRIT_DPOP}`"),
        ("rust", ".header(\"DPoP\", std::env::var(\"WRIT_DPOP\")?)"),
        ("dpop", &format!("\"htu\": \"{ISSUER}/oauth/token\"")),
    ] {
        let text = snippet(&page, id);
        assert!(text.contains(part), "{id}: {text}");
    }
    page.expect_no_text("claude_desktop_config");
}

#[test]
fn settings_of_mcp_clients_are_json_with_the_server_in_them() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let url = "https://mcp.tickets.example/mcp";
    let resource = world.resource(url, "mcp:read");
    let (_, machine) = machine(&world, &mut browser, "client_secret");
    let application = world.confidential("Board");
    let application = browser.get(&format!("/console/applications/{}", application.id));
    let resource = browser.get(&format!("/console/resources/{}", resource.id));
    for (page, claude_code_is_json) in [(&machine, true), (&application, false), (&resource, false)] {
        for (id, key) in [("cursor", "mcpServers"), ("vscode", "servers")] {
            let json: Value = serde_json::from_str(&snippet(page, id)).unwrap();
            assert_eq!(json[key]["tickets"]["url"], url, "{id} on {}", page.path);
        }
        let claude = snippet(page, "claude-code");
        if claude_code_is_json {
            let json: Value = serde_json::from_str(&claude).unwrap();
            assert_eq!(json["mcpServers"]["tickets"]["headers"]["Authorization"], "Bearer ${WRIT_TOKEN}");
        } else {
            let words = words(&claude, &HashMap::new());
            assert_eq!(words[..5], ["claude", "mcp", "add", "--transport", "http"], "{claude}");
            assert_eq!(words[words.len() - 2..], ["tickets", url], "{claude}");
        }
        snippet(page, "inspector");
    }
}

/// The address that is opened and the request that buys the token, of one that has a secret and of one that has none.
#[test]
fn what_an_application_copies_signs_somebody_in() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    world.resource("https://mcp.tickets.example/mcp", "mcp:read");
    for app in [world.client("Public"), world.confidential("Confidential")] {
        let page = browser.get(&format!("/console/applications/{}", app.id));
        let by_hand = snippet(&page, "authorize");
        let mut env = HashMap::from([
            ("CHALLENGE", crate::world::challenge()),
            ("VERIFIER", crate::world::VERIFIER.to_owned()),
            ("WRIT_CLIENT_SECRET", app.secret.clone().unwrap_or_default()),
        ]);
        let echo = words(by_hand.lines().find(|line| line.starts_with("echo")).unwrap(), &env);
        let asked = browser.get(echo[1].strip_prefix(ISSUER).unwrap());
        asked.expect_page(200, "asks for your permission");
        let form = asked.form("ticket");
        let allowed = browser.submit_form(&form, &[("decision", "allow"), ("scope", "mcp:read")]);
        let answer = allowed.expect_left();
        assert!(answer.0.starts_with(CALLBACK), "{}", answer.0);
        env.insert("CODE", answer.parameter("code").unwrap());
        let tokens = curl(&world, &snippet(&page, "curl"), &env).tokens();
        assert_eq!(tokens.claims()["aud"], "https://mcp.tickets.example/mcp");
    }
}

/// The page that shows an application's new secret shows what to do with it.
#[test]
fn a_new_secret_comes_with_what_uses_it() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    world.resource("https://mcp.tickets.example/mcp", "mcp:read");
    let form = browser.get("/console/applications/new").form_to("/console/applications/new");
    let page = browser.submit_form(
        &form,
        &[("name", "Board"), ("redirect_uris", "https://board.example/cb"), ("method", "client_secret_basic")],
    );
    page.expect_page(200, "shown this once");
    assert!(snippet(&page, "env").contains("WRIT_CLIENT_SECRET=writ_cs_"));
    for (id, part) in [
        ("python", "OAuth2Client("),
        ("typescript", "client.discovery("),
        ("rust", "BasicClient::new("),
        ("cursor", "CLIENT_SECRET"),
        ("claude-code", "--client-secret"),
    ] {
        let text = snippet(&page, id);
        assert!(text.contains(part), "{id}: {text}");
        assert!(!text.contains("writ_cs_"), "{id}: {text}");
    }
    page.expect_text("First let the application’s answers go to http://localhost:8080/callback");
}
