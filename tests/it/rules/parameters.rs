//! How parameters look on the wire. OAuth 2.1 §3.1 and §3.2. Attack case 8.

use crate::world::{CALLBACK, World, challenge};

/// §3.2: "Request and response parameters defined by this specification MUST NOT be included more than once."
#[test]
fn case_8_a_repeated_parameter_is_refused_at_every_endpoint() {
    let world = World::new();
    let mail = world.client("mail");
    let id = mail.id.to_string();
    let whole = [
        ("grant_type", "authorization_code"),
        ("code", "writ_ac_x"),
        ("redirect_uri", CALLBACK),
        ("code_verifier", "v"),
        ("client_id", id.as_str()),
        ("client_secret", "s"),
        ("scope", "mcp:read"),
        ("token", "t"),
    ];
    for endpoint in ["/oauth/token", "/token", "/oauth/revoke", "/oauth/introspect"] {
        for (name, value) in whole {
            // Whether it says the same again or something else, and wherever it stands.
            for again in [value, "other"] {
                let fields: Vec<_> = std::iter::once((name, again)).chain(whole).collect();
                let answer = world.request("POST", endpoint).form(&fields).send();
                answer.expect_refusal(400, "invalid_request", "RepeatedParameter");
            }
        }
    }
}

/// §4.1.2.1: at the authorization endpoint nothing in such a request can be trusted, so nobody is sent anywhere.
#[test]
fn case_8_a_repeated_parameter_sends_a_browser_nowhere() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let mut browser = world.signed_in(&ada);
    let path = mail.authorize_path(&[("prompt", "login")]);
    for again in [
        format!("redirect_uri={CALLBACK}"),
        "redirect_uri=https://evil.test/".to_owned(),
        format!("client_id={}", mail.id),
        "client_id=cli_other".to_owned(),
        "state=other".to_owned(),
        "scope=mcp:write".to_owned(),
        format!("code_challenge={}", challenge()),
        "response_type=code".to_owned(),
        "unknown=1&unknown=1".to_owned(),
    ] {
        for path in [format!("{path}&{again}"), path.replacen('?', &format!("?{again}&"), 1)] {
            let answer = world.request("GET", &path).send();
            assert_eq!((answer.status, answer.header("location")), (400, None), "{again}");
            assert!(browser.get(&path).left_for.is_none(), "{again}");
        }
    }
}

/// §3.2: "Parameters sent without a value MUST be treated as if they were omitted", and unrecognized ones are ignored.
#[test]
fn empty_and_unknown_parameters_do_no_harm() {
    let world = World::new();
    let crm = world.confidential("crm");
    for extra in [
        vec![("unknown", "1"), ("unknown", "2"), ("unknown", "1")],
        vec![("audience", "https://x.example"), ("audience", "https://y.example")],
        vec![("scope", ""), ("scope", ""), ("resource", "")],
        vec![("audience", "https://x.example"), ("client_assertion_type", ""), ("client_id", "")],
        vec![("request_uri", "https://x.example"), ("", "x"), ("toString", "1"), ("__proto__", "1")],
    ] {
        crm.client_credentials(&world, &extra).tokens();
    }
    // RFC 8707 §2 alone defines a parameter that may be repeated.
    let resource = world.resource("https://mcp.example/a", "mcp:read").identifier.to_string();
    let twice = crm.client_credentials(&world, &[("resource", &resource), ("resource", &resource)]).tokens();
    assert_eq!(twice.claims()["aud"], resource);
}

/// §3.2: "in the "application/x-www-form-urlencoded" format"; RFC 9110 §8.3.1: its name has no case.
#[test]
fn a_body_is_a_form_and_says_so() {
    let world = World::new();
    let crm = world.confidential("crm");
    let (id, secret) = (crm.id.to_string(), crm.secret.clone().unwrap());
    let ask = |kind: &str| {
        let request = world.request("POST", "/oauth/token").basic(&id, &secret).body(b"grant_type=client_credentials");
        if kind.is_empty() { request } else { request.header("Content-Type", kind) }.send()
    };
    for good in [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded;charset=UTF-8",
        "Application/X-WWW-Form-Urlencoded; charset=utf-8",
        "",
    ] {
        ask(good).tokens();
    }
    for bad in [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        "application/x-www-form-urlencodedx",
        "nonsense",
    ] {
        ask(bad).expect_refused(400, "invalid_request");
    }
}
