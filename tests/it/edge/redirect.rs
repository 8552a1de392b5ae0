//! Plain http beside https: sent on, and never obeyed. Attack case 51.

use std::net::SocketAddr;

use super::{Edge, ISSUER};
use crate::world::{Answer, Certificate, World, encode, raw};

fn ask(at: SocketAddr, line: &str, headers: &str, body: &str) -> Answer {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    raw(at, format!("{line} HTTP/1.1\r\n{headers}{length}Connection: close\r\n\r\n{body}").as_bytes())
}

#[test]
fn case_51_plain_http_leads_to_the_issuer_whatever_the_request_says() {
    let edge = Edge::open(&Certificate::of("id.example"));
    let at = edge.world.redirects_from.unwrap();
    let forged = "Host: evil.test\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: https\r\nForwarded: host=evil.test\r\n\
                  X-Original-Host: evil.test\r\nX-Forwarded-For: 127.0.0.1\r\n";
    for (line, to) in [
        ("GET /", "/"),
        ("HEAD /sign-in", "/sign-in"),
        ("GET /oauth/authorize?client_id=a&state=b%20c", "/oauth/authorize?client_id=a&state=b%20c"),
        ("GET //evil.test/x", "//evil.test/x"),
        ("GET http://evil.test/x?y", "/x?y"),
        ("GET /.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server"),
    ] {
        let answer = ask(at, line, forged, "");
        assert_eq!(answer.status, 308, "{line}");
        assert_eq!(answer.header("location"), Some(format!("{ISSUER}{to}").as_str()), "{line}");
        assert_eq!(answer.header("strict-transport-security"), None, "RFC 6797 §7.2");
        assert_eq!(answer.header("set-cookie"), None);
        assert!(!answer.body.contains("evil"), "{}", answer.body);
    }
    let long = ask(at, &format!("GET /{}", "a".repeat(10_000)), "Host: a\r\n", "");
    assert_eq!((long.status, long.header("location")), (308, Some(format!("{ISSUER}/").as_str())));
    for host in ["a/b?", "a b", "user@evil.test", "<script>", "", "a\r\nHost: b"] {
        let answer = ask(at, "GET /", &format!("Host: {host}\r\n"), "");
        assert_eq!((answer.status, answer.header("location")), (400, None), "{host:?}");
    }
}

/// RFC 6749 §3.2. A client that sends its secret in the clear must not work.
#[test]
fn a_secret_in_the_clear_is_refused_and_not_sent_on() {
    let edge = Edge::open(&Certificate::of("id.example"));
    let at = edge.world.redirects_from.unwrap();
    let crm = edge.world.confidential("crm");
    let (id, secret) = (crm.id.to_string(), crm.secret.clone().unwrap());
    let body = encode(&[("grant_type", "client_credentials"), ("client_id", &id), ("client_secret", &secret)]);
    let form = "Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let refused = |line: &str, headers: &str, body: &str| {
        let answer = ask(at, line, headers, body);
        answer.expect_status(400);
        assert_eq!(answer.header("location"), None, "{line}");
        assert_eq!(answer.json()["error"], "invalid_request");
        let words = answer.json()["error_description"].as_str().unwrap().to_owned();
        assert!(words.contains("plain http") && words.contains(ISSUER) && !words.contains(&secret), "{words}");
    };
    for path in ["/oauth/token", "/oauth/introspect", "/oauth/register", "/sign-in", "/setup", "/nowhere"] {
        refused(&format!("POST {path}"), form, &body);
    }
    refused("PUT /oauth/register/x", form, "{}");
    refused("DELETE /api/v1/clients/x", "Host: a\r\n", "");
    refused("GET /oauth/userinfo", &format!("Host: a\r\nAuthorization: Bearer {secret}\r\n"), "");
    refused("GET /oauth/userinfo", "Host: a\r\nDPoP: x\r\n", "");
    refused("GET /api/v1/clients", &format!("Host: a\r\nX-API-Key: {secret}\r\n"), "");
    refused("OPTIONS *", "Host: a\r\n", "");
    // The same where it is served works.
    let honest = format!(
        "POST /oauth/token HTTP/1.1\r\n{form}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let certificate = Certificate::of("id.example");
    edge.put(&certificate);
    let app = &edge.world.app;
    edge.world.block(writ::operations::certificates::look(app, &writ::operations::housekeeping::context(app))).unwrap();
    let mut wire = edge.client(&certificate).connect(edge.world.address, "id.example").unwrap();
    wire.send(honest.as_bytes());
    wire.answer().expect_status(200);
}

/// Over TLS as over plain http: links, cookies and documents are the issuer's.
#[test]
fn case_51_a_forged_host_changes_nothing_over_tls() {
    let certificate = Certificate::of("id.example");
    let edge = Edge::open(&certificate);
    let forged = [
        ("Host", "evil.test"),
        ("X-Forwarded-Host", "evil.test"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Port", "80"),
        ("X-Forwarded-Prefix", "/evil"),
        ("Forwarded", "host=evil.test;proto=http"),
    ];
    let get = |path, headers: &[(&str, &str)]| {
        edge.client(&certificate).connect(edge.world.address, "id.example").unwrap().get(path, headers)
    };
    for path in
        ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/.well-known/jwks.json"]
    {
        assert_eq!(get(path, &forged).expect_status(200).body, get(path, &[]).body, "{path}");
    }
    for path in ["/", "/sign-in", "/account"] {
        let answer = get(path, &forged);
        assert!(!answer.body.contains("evil"), "{path}");
        assert!(
            answer.all("set-cookie").all(|cookie| cookie.starts_with("__Host-") && cookie.contains("; Secure")),
            "{path}"
        );
        assert!(answer.header("location").is_none_or(|to| to.starts_with('/') && !to.contains("evil")), "{path}");
        assert!(answer.header("strict-transport-security").is_some(), "who says http does not make it so");
    }
    for host in ["a/b?", "a b", "user@evil.test", "<script>"] {
        get("/sign-in", &[("Host", host)]).expect_status(400);
    }
}

/// A proxy that is believed is believed about who asks, and about nothing else.
#[test]
fn case_51_not_even_a_trusted_proxy_says_what_the_appliance_is_called() {
    let world = World::with(&[("public_url", ISSUER), ("trusted_proxies", "127.0.0.1")]);
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/sign-in", "/account"]
    {
        let get = |forged: bool| {
            let mut request = world.request("GET", path).header("X-Forwarded-For", "203.0.113.7");
            for (name, value) in [
                ("Host", "evil.test"),
                ("X-Forwarded-Host", "evil.test"),
                ("X-Forwarded-Proto", "http"),
                ("X-Forwarded-Port", "80"),
                ("X-Forwarded-Prefix", "/evil"),
                ("Forwarded", "for=203.0.113.9;host=evil.test;proto=http"),
                ("X-Real-IP", "203.0.113.9"),
            ] {
                request = if forged { request.header(name, value) } else { request };
            }
            request.send()
        };
        let (honest, forged) = (get(false), get(true));
        assert_eq!((forged.status, forged.header("location")), (honest.status, honest.header("location")), "{path}");
        assert!(!forged.body.contains("evil"), "{path}");
        assert!(forged.all("set-cookie").all(|cookie| cookie.starts_with("__Host-")), "{path}");
        if path.starts_with("/.well-known") {
            assert_eq!(forged.body, honest.body, "{path}");
        }
    }
}

/// RFC 6797 §6.1.1. Browsers hold a whole host to it, with all its ports.
#[test]
fn browsers_are_not_told_that_this_computer_speaks_tls_alone() {
    for (issuer, told) in
        [("https://localhost:8443", false), ("https://id.localhost", false), ("https://id.example", true)]
    {
        let answer = World::with(&[("public_url", issuer)]).request("GET", "/health").send();
        assert_eq!(answer.header("strict-transport-security").is_some(), told, "{issuer}");
    }
}

/// Attack case 48. Whoever is not named as a proxy speaks for themselves alone, also over TLS.
#[test]
fn case_48_over_tls_nobody_but_a_proxy_that_was_named_speaks_for_others() {
    let certificate = Certificate::of("id.example");
    let edge = Edge::open(&certificate);
    let crm = edge.world.confidential("crm");
    let fields = encode(&[
        ("grant_type", "client_credentials"),
        ("client_id", &crm.id.to_string()),
        ("client_secret", &crm.secret.clone().unwrap()),
    ]);
    let mut wire = edge.client(&certificate).connect(edge.world.address, "id.example").unwrap();
    let head = "POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                X-Forwarded-For: 203.0.113.7\r\nX-Real-IP: 203.0.113.7\r\nForwarded: for=203.0.113.7\r\nConnection: close\r\n";
    wire.send(format!("{head}Content-Length: {}\r\n\r\n{fields}", fields.len()).as_bytes());
    wire.answer().expect_status(200);
    let page = edge.world.app.store.read_blocking(|view| writ::store::audit_page(view, None, None, 20)).unwrap();
    let networks: Vec<_> = page.entries.iter().filter_map(|entry| entry.from.network.as_ref()).collect();
    assert!(
        !networks.is_empty() && networks.iter().all(|network| network.to_string() == "127.0.0.0/24"),
        "{networks:?}"
    );
}
