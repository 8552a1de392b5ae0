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

/// §4.1.2.1: nobody is sent anywhere if it is not certain who asks and where the answer goes.
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
        format!("{}redirect_uri=https://evil.test/", "x=1&".repeat(100)),
    ] {
        for path in [format!("{path}&{again}"), path.replacen('?', &format!("?{again}&"), 1)] {
            let answer = world.request("GET", &path).send();
            assert_eq!((answer.status, answer.header("location")), (400, None), "{again}");
            assert!(browser.get(&path).left_for.is_none(), "{again}");
        }
    }
}

/// §4.1.2.1: every other fault is the client's to hear of: "if the request fails for reasons other than a missing or invalid redirect URI".
#[test]
fn a_client_hears_of_what_is_wrong_with_its_request() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let mut browser = world.signed_in(&ada);
    let path = mail.authorize_path(&[]);
    let (whole, none) = (Some("state-1"), None);
    let many: String = (0..60).map(|n| format!("&p{n}=1")).collect();
    for (again, state, refusal) in [
        ("&scope=mcp:write".to_owned(), whole, "RepeatedParameter"),
        (format!("&code_challenge={}", challenge()), whole, "RepeatedParameter"),
        ("&response_type=code".to_owned(), whole, "RepeatedParameter"),
        ("&state=other".to_owned(), none, "RepeatedParameter"),
        (many, whole, "TooManyParameters"),
    ] {
        let turned = path.replacen('?', &format!("?{}&", again.trim_start_matches('&')), 1);
        for path in [format!("{path}{again}"), turned] {
            let page = browser.get(&path);
            let to = page.expect_left();
            assert!(to.0.starts_with(CALLBACK), "{}", to.0);
            assert_eq!(to.parameter("error").as_deref(), Some("invalid_request"), "{again}");
            assert_eq!(to.parameter("state").as_deref(), state, "{again}");
            assert_eq!(page.told().refusal, refusal, "{again}");
        }
    }
    for state in ["s".repeat(2_049), "a\nb".to_owned()] {
        let page = mail.sends(&mut browser, &[("state", &state)]);
        let to = page.expect_left();
        assert_eq!((to.parameter("error").as_deref(), to.parameter("state")), (Some("invalid_request"), None));
    }
    // A hint that is none, and what is nobody's, are in nobody's way.
    for ignored in [format!("&login_hint={}", "z".repeat(300)), "&acr_value=1&acr_value=1".to_owned()] {
        browser.get(&format!("{path}{ignored}")).expect_page(200, "asks for your permission");
    }
    // The same by POST, sent around as the GET that it says, whatever stands in it.
    let (_, query) = path.split_once('?').unwrap();
    let post = |kind: &str, body: &str| {
        world.request("POST", "/oauth/authorize").header("Content-Type", kind).body(body.as_bytes()).send()
    };
    let odd = format!("{query}&x=\"a<b>\"|{{}}^&y=%ff%0d%0a");
    for kind in ["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8"] {
        let answer = post(kind, &odd);
        assert_eq!(answer.status, 303);
        let to = answer.header("location").unwrap().to_owned();
        assert!(to.bytes().all(|b| b.is_ascii_graphic()) && !to.contains(['"', '<', '>', '|', '{', '}', '^']), "{to}");
        browser.get(&to).expect_page(200, "asks for your permission");
    }
    for kind in ["text/plain", "application/json", "multipart/form-data; boundary=x"] {
        let answer = post(kind, query);
        assert_eq!((answer.status, answer.header("location")), (400, None), "{kind}");
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
