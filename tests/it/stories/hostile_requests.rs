//! Requests that no browser would send: whatever they are, they get a clear answer, and change nothing. Attack cases 51, 54.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use writ::base::Lifetime;
use writ::web::routes::DOORS;

use crate::world::{ISSUER, PASSWORD, World, encode};

#[test]
fn case_51_a_forged_host_changes_nothing() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let mut browser = world.browser();
    browser.headers = ["Host", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Original-Host", "X-Host"]
        .map(|name| (name, if name.ends_with("Proto") { "https" } else { "evil.test" }.to_owned()))
        .to_vec();
    browser.headers.push(("Forwarded", "host=evil.test;proto=https".to_owned()));
    browser.headers.push(("X-Forwarded-Prefix", "/evil".to_owned()));

    let page = mail.sends(&mut browser, &[]);
    page.expect_page(200, "to continue to").expect_no_text("evil");
    let page = browser.sign_in(&page, &ada);
    page.expect_page(200, "asks for your permission").expect_no_text("evil");
    assert!(browser.cookies.contains_key("writ-session"), "plain http stays plain: {:?}", browser.cookies);
    let page = browser.submit(&page, &[("decision", "allow")]);
    let answer = page.expect_left();
    assert!(answer.0.starts_with("http://127.0.0.1:7777/callback?"), "{}", answer.0);
    assert_eq!(answer.parameter("iss").as_deref(), Some(ISSUER));

    for path in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
        let mut forged = world.request("GET", path);
        for (name, value) in &browser.headers {
            forged = forged.header(name, value);
        }
        let (forged, honest) = (forged.send(), world.request("GET", path).send());
        assert_eq!(forged.body, honest.body, "{path}");
        assert_eq!(forged.json()["issuer"], ISSUER);
        assert_eq!(forged.header("vary"), None, "nothing varies on a header of the attacker's");
    }
    browser.get("/").expect_page(200, ISSUER).expect_no_text("evil");
}

/// RFC 9110 §15.5.9. A connection is not held by whoever promises a body and sends a byte of it now and then.
#[test]
fn case_54_a_body_that_does_not_come_is_not_waited_for() {
    let world = World::new().impatient();
    for (path, is_page) in
        [("/oauth/token", false), ("/oauth/register", false), ("/oauth/authorize", true), ("/sign-in", true)]
    {
        let mut wire = TcpStream::connect(world.address).unwrap();
        wire.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\ng");
        wire.write_all(head.as_bytes()).unwrap();
        // The connection stays open on this side: that the answer ends is the other's doing.
        let mut answer = String::new();
        wire.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{path}: {answer}");
        assert_eq!(answer.contains("did not come in time"), !is_page, "{path}: {answer}");
        assert_eq!(answer.contains("This took too long"), is_page, "{path}: {answer}");
    }
}

#[test]
fn case_51_a_malformed_host_is_refused() {
    let world = World::new();
    let get = |head: &str| world.raw(format!("GET /sign-in HTTP/1.1\r\n{head}Connection: close\r\n\r\n").as_bytes());
    get("Host: id.example:9000\r\n").expect_status(200);
    get("Host: [::1]:9000\r\n").expect_status(200);
    let long = format!("Host: {}\r\n", "a".repeat(300));
    for head in [
        "Host: a/b?\r\n",
        "Host: a b\r\n",
        "Host: user@evil.test\r\n",
        "Host: evil.test#\r\n",
        "Host: \"evil.test\"\r\n",
        "Host: <script>\r\n",
        "Host: a\\b\r\n",
        "Host: \u{e4}.example\r\n",
        "Host: \r\n",
        "Host: one.example\r\nHost: two.example\r\n",
        &long,
    ] {
        let answer = get(head);
        assert_eq!(answer.status, 400, "{head:?}: {}", answer.body);
        assert_eq!(answer.header("location"), None);
        assert_eq!(answer.all("set-cookie").count(), 0);
        assert!(!answer.body.contains("evil") && !answer.body.contains("<script>"));
        if !answer.body.is_empty() {
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{head:?}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{head:?}");
        }
    }
}

/// Every door, knocked at with everything at hand.
#[test]
fn case_54_nothing_that_is_sent_to_a_page_breaks_it() {
    let world = World::new();
    let ada = world.administrator("ada");
    let browser = world.signed_in(&ada);
    let cookies: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let cookies = cookies.join("; ");
    let long = "x".repeat(15_000);
    let many: String = (0..2_000).map(|n| format!("f{n}=1&")).collect();
    let queries = [
        String::new(),
        "?".to_owned(),
        "?%".to_owned(),
        "?ticket=%ff%fe&token=%ff&client_id=%c3%28&theme=%00".to_owned(),
        "?ticket=%00%01%02".to_owned(),
        "?a=%zz&b=%2&c=%".to_owned(),
        "?&&&===&=".to_owned(),
        format!("?ticket={long}"),
        format!("?{many}"),
        format!("?{}", "ticket=a&".repeat(1_000)),
        "?ticket[]=1&ticket[a]=2".to_owned(),
    ];
    for door in DOORS.iter().filter(|door| door.is_page) {
        let path = door.pattern.replace("{id}", "%ff%fe");
        for query in &queries {
            for method in ["GET", "POST", "HEAD"] {
                let request = format!(
                    "{method} {path}{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookies}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                );
                let answer = world.raw(request.as_bytes());
                let shown: String = query.chars().take(60).collect();
                assert!((200..500).contains(&answer.status), "{method} {path}{shown}: {}", answer.status);
                assert_eq!(
                    answer.header("cache-control"),
                    Some("no-store"),
                    "{method} {path}{shown} {}",
                    answer.status
                );
            }
        }
    }
    // The same where the form itself is good.
    let mut browser = browser;
    let csrf = browser.get("/account").form("csrf").value("csrf").to_owned();
    for path in ["/account/applications/%ff%fe/revocation", "/account/sessions/%00/end", "/account/sessions/%c3%28/end"]
    {
        let page = browser.post(path, &[("csrf", &csrf)]);
        assert_eq!((page.status, page.header("cache-control")), (404, Some("no-store")), "{path}");
    }
    for path in ["/static/%ff%fe", "/static/%00", "/oauth/register/%ff"] {
        let answer = world.request("GET", path).send();
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
    }
    // Afterwards everything still works, once the address may ask again.
    world.later(Lifetime::from_minutes(1));
    world.signed_in(&ada);
}

#[test]
fn case_54_a_query_has_an_end() {
    let world = World::new();
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let padded = |length: usize| {
        let path = mail.authorize_path(&[]);
        let query = path.split_once('?').unwrap().1.len();
        format!("{path}&padding={}", "x".repeat(length - query - "&padding=".len()))
    };
    let mut browser = world.browser();
    browser.get(&padded(16 * 1_024)).expect_page(200, "to continue to");
    browser.get(&padded(16 * 1_024 + 1)).expect_page(400, "This request is too long");
    let many: String = (0..60).map(|n| format!("&p{n}=1")).collect();
    let page = browser.get(&format!("{}{many}", mail.authorize_path(&[])));
    assert_eq!(page.expect_left().parameter("error").as_deref(), Some("invalid_request"));
    for (name, longest) in [("state", 4_096), ("nonce", 512), ("prompt", 128), ("id_token_hint", 8_192)] {
        let page = browser.get(&mail.authorize_path(&[(name, &"x".repeat(longest + 1))]));
        let error = page.left_for.as_ref().and_then(|to| to.parameter("error"));
        assert!(page.status == 400 || error.as_deref() == Some("invalid_request"), "{name}: {}", page.status);
    }
    // Through a form as well, and bytes that are no text.
    for body in [vec![b'x'; 20_000], vec![b'x'; 200_000], vec![0xff; 15_000]] {
        let answer = world.request("POST", "/oauth/authorize").body(&body).send();
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert_eq!(answer.header("location"), None);
    }
    for body in [vec![0xff; 100], b"state=a b\r\nLocation: /x".to_vec()] {
        let answer = world.request("POST", "/oauth/authorize").body(&body).send();
        let to = answer.header("location").unwrap();
        assert!(to.starts_with("/oauth/authorize?") && to.bytes().all(|byte| byte.is_ascii_graphic()), "{to}");
        browser.get(to).expect_page(400, "did not say who it is");
    }
}

#[test]
fn case_54_forms_have_an_end() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    let csrf = page.form("csrf").value("csrf").to_owned();
    let cookie = format!("writ-browser={}", browser.cookies["writ-browser"]);
    let post = |body: Vec<u8>| world.request("POST", "/sign-in").header("Cookie", &cookie).body(&body).send();
    let good = encode(&[("csrf", &csrf), ("email", &ada.email), ("password", PASSWORD)]);
    // The fields that count are among the first of however many there are; those behind are not looked at.
    let fields = |before: usize| format!("{}{good}", "a=1&".repeat(before));
    post(fields(200).into_bytes()).expect_status(303);
    post(fields(10_000).into_bytes()).expect_status(403);
    for body in [vec![b'x'; 70_000], vec![b'='; 60_000], vec![b'&'; 60_000], vec![0xff; 60_000], vec![b'%'; 60_000]] {
        post(body).expect_status(403);
    }
    let bad_text = [b"csrf=".as_slice(), csrf.as_bytes(), b"&email=%ff%fe%00&password=\xff\xfe"].concat();
    post(bad_text).expect_status(422);
    // Said to be longer than it is, or of a length that is no number.
    for length in ["18446744073709551616", "-1", "x", "1, 2"] {
        let request =
            format!("POST /sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\nConnection: close\r\n\r\ncsrf=x");
        assert_eq!(world.raw(request.as_bytes()).status, 400, "{length}");
    }
    // One that nobody here speaks.
    let coded = world.request("POST", "/sign-in").header("Cookie", &cookie).header("Content-Encoding", "gzip");
    let answer = coded.body(&[0x1f, 0x8b, 8, 0, 0, 0]).send();
    assert!((400..500).contains(&answer.status), "{}", answer.status);
}
