//! What every endpoint does the same way: caching, methods, other origins. RFC 9110, RFC 6749 §5.1, the Fetch standard.
//! Attack case 53.

use crate::world::{Answer, World};

/// Path, its methods as `Allow` names them, and whether a page of another origin may use it: protocol.md §5.
const ENDPOINTS: [(&str, &str, Cors); 13] = [
    ("/.well-known/oauth-authorization-server", "GET", Cors::Any),
    ("/.well-known/openid-configuration", "GET", Cors::Any),
    ("/.well-known/jwks.json", "GET", Cors::Any),
    ("/oauth/token", "POST", Cors::Any),
    ("/token", "POST", Cors::Any),
    ("/oauth/revoke", "POST", Cors::Any),
    ("/oauth/register", "POST", Cors::Any),
    ("/oauth/userinfo", "GET, POST", Cors::Any),
    ("/oauth/introspect", "POST", Cors::None),
    ("/oauth/authorize", "GET, POST", Cors::None),
    ("/oauth/consent", "POST", Cors::None),
    ("/sign-in", "GET, POST", Cors::None),
    ("/account", "GET", Cors::None),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cors {
    Any,
    None,
}

#[track_caller]
fn expect_no_store(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", answer.body);
    assert_eq!(answer.header("pragma"), Some("no-cache"), "RFC 6749 §5.1");
}

/// OAuth 2.1 §3.2.3: "The authorization server MUST include the HTTP Cache-Control response header field with a value of
/// no-store in any response containing tokens, credentials, or other sensitive information": refusals as well.
#[test]
fn case_53_what_holds_a_credential_is_kept_by_nobody() {
    let world = World::new();
    let crm = world.confidential("crm");
    let (id, secret) = (crm.id.to_string(), crm.secret.clone().unwrap());
    let issued = crm.client_credentials(&world, &[]);
    expect_no_store(&issued);
    let token = issued.tokens().access;
    for path in ["/oauth/token", "/token", "/oauth/introspect", "/oauth/revoke"] {
        expect_no_store(&world.request("POST", path).form(&[]).send());
        let fields = [("grant_type", "client_credentials"), ("token", token.as_str())];
        expect_no_store(&world.request("POST", path).basic(&id, &secret).form(&fields).send());
        expect_no_store(&world.request("POST", path).basic(&id, "wrong").form(&fields).send());
        expect_no_store(&world.request("GET", path).send());
    }
    let metadata = serde_json::json!({ "redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "client_secret_basic" });
    let registered = world.request("POST", "/oauth/register").json(&metadata).send();
    expect_no_store(registered.expect_status(201));
    let (client, bearer) =
        (registered.json()["client_id"].clone(), registered.json()["registration_access_token"].clone());
    let managed = world.request("GET", &format!("/oauth/register/{}", client.as_str().unwrap()));
    expect_no_store(managed.bearer(bearer.as_str().unwrap()).send().expect_status(200));
    expect_no_store(&world.request("GET", "/oauth/userinfo").bearer(&token).send());
}

/// A cache in front must not be poisoned: what may be kept is the same for everybody.
#[test]
fn case_53_what_may_be_kept_is_the_same_for_everybody() {
    let world = World::new();
    for path in
        ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/.well-known/jwks.json"]
    {
        let plain = world.request("GET", path).send();
        assert!(plain.header("cache-control").unwrap().starts_with("public, max-age="));
        assert_eq!((plain.header("vary"), plain.header("set-cookie")), (None, None));
        for (name, value) in [
            ("Host", "evil.test"),
            ("Host", "127.0.0.1:1"),
            ("X-Forwarded-Host", "evil.test"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Port", "1"),
            ("X-Forwarded-Prefix", "/evil"),
            ("X-Forwarded-For", "203.0.113.7"),
            ("X-Original-URL", "/oauth/token"),
            ("X-Rewrite-URL", "/oauth/token"),
            ("X-HTTP-Method-Override", "POST"),
            ("Forwarded", "host=evil.test;proto=https"),
            ("Origin", "https://evil.test"),
            ("Referer", "https://evil.test/"),
            ("Accept", "text/html"),
            ("Accept-Language", "de"),
            ("Accept-Encoding", "gzip, br"),
            ("Authorization", "Bearer x"),
            ("Cookie", "writ_session=x"),
            ("User-Agent", "<script>"),
        ] {
            let answer = world.request("GET", path).header(name, value).send();
            assert_eq!((answer.status, &answer.body), (200, &plain.body), "{name}: {value}");
            for header in ["cache-control", "etag", "vary", "content-type", "access-control-allow-origin", "set-cookie"]
            {
                assert_eq!(answer.header(header), plain.header(header), "{header} with {name}: {value}");
            }
        }
        // Whoever has it is not sent it again: RFC 9110 §13.1.2.
        let etag = plain.header("etag").unwrap();
        for (known, status) in [(etag, 304), ("*", 304), (&format!("\"x\", W/{etag}"), 304), ("\"x\"", 200)] {
            let answer = world.request("GET", path).header("If-None-Match", known).send();
            assert_eq!(answer.status, status, "{known}");
        }
        // Nor does a query make another document of it.
        assert_eq!(world.request("GET", &format!("{path}?issuer=https://evil.test")).send().body, plain.body);
    }
}

/// protocol.md §5: `*` without credentials for programs, nothing where somebody is signed in.
#[test]
fn other_origins_may_use_what_needs_no_cookie() {
    let world = World::new();
    for (path, methods, cors) in ENDPOINTS {
        let method = methods.split(", ").next().unwrap();
        let from = |request: crate::world::Request| request.header("Origin", "https://inspector.example").send();
        let preflight = from(
            world
                .request("OPTIONS", path)
                .header("Access-Control-Request-Method", method)
                .header("Access-Control-Request-Headers", "authorization,content-type,mcp-protocol-version,x-tenant"),
        );
        let answers = [from(world.request(method, path)), preflight.clone()];
        for answer in &answers {
            assert_eq!(answer.header("access-control-allow-credentials"), None, "{path}");
            let allowed = (cors == Cors::Any).then_some("*");
            assert_eq!(answer.header("access-control-allow-origin"), allowed, "{method} {path}");
        }
        if cors == Cors::None {
            assert_eq!(preflight.status, 405, "{path}");
            continue;
        }
        assert_eq!((preflight.status, preflight.body.as_str()), (204, ""), "{path}");
        let listed = |header: &str| preflight.header(header).unwrap().to_ascii_lowercase();
        assert!(listed("access-control-allow-methods").contains(&method.to_ascii_lowercase()), "{path}");
        // By name, and any other: in a request without credentials `*` is every name but Authorization.
        for name in ["authorization", "content-type", "mcp-protocol-version", "dpop", "*"] {
            assert!(listed("access-control-allow-headers").split(", ").any(|known| known == name), "{path}: {name}");
        }
        // RFC 9110 §9.3.7: whoever asks without being a browser is told as well.
        let allow = world.request("OPTIONS", path).send().header("allow").unwrap().to_owned();
        assert!(methods.split(", ").all(|known| allow.contains(known)), "{path}: {allow}");
        assert!(answers[0].header("access-control-expose-headers").unwrap().contains("WWW-Authenticate"));
    }
    // Refusals too, or a page could not read why.
    let refused = world.request("POST", "/oauth/token").header("Origin", "https://a.example").form(&[]).send();
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (400, Some("*")));
}

/// RFC 9110 §15.5.6: 405 "MUST generate an Allow header field"; protocol.md §7.12: never 500.
#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let world = World::new();
    for (path, methods, cors) in ENDPOINTS {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "BREW"] {
            if methods.split(", ").any(|known| known == method) {
                continue;
            }
            let answer = world.request(method, path).body(b"x").send();
            assert_eq!(answer.status, 405, "{method} {path}");
            let allow = answer.header("allow").unwrap();
            assert!(methods.split(", ").all(|known| allow.contains(known)), "{method} {path}: {allow}");
            assert!(!allow.contains(method), "{method} {path}: {allow}");
            // A program reads JSON, and nothing else.
            if matches!(cors, Cors::Any) {
                answer.expect_refused(405, "invalid_request");
            }
        }
    }
}

/// RFC 9110 §9.3.2: HEAD is GET without the content, and where there is no GET there is no HEAD.
#[test]
fn head_is_get_without_a_body() {
    let world = World::new();
    for (path, methods, _) in ENDPOINTS {
        let head = world.request("HEAD", path).send();
        assert_eq!(head.body, "", "{path}");
        if !methods.contains("GET") {
            assert_eq!(head.status, 405, "{path}");
            continue;
        }
        let get = world.request("GET", path).send();
        assert_eq!(head.status, get.status, "{path}");
        for header in ["content-type", "cache-control", "etag", "location"] {
            assert_eq!(head.header(header), get.header(header), "{path}: {header}");
        }
    }
}

/// What every answer of a program endpoint carries, whatever it says.
#[test]
fn every_answer_tells_browsers_to_be_careful() {
    let world = World::new();
    for (path, methods, _) in ENDPOINTS {
        for method in methods.split(", ").chain(["DELETE"]) {
            let answer = world.request(method, path).send();
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{method} {path}");
            assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{method} {path}");
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{method} {path}");
            assert!(answer.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
            assert_eq!(answer.header("server"), None, "what it runs on is nobody's business");
        }
    }
}
