//! Bodies that nobody sends by mistake, at every endpoint for programs. Attack case 54: a clear error, bounded, never a fault.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::world::{World, wire};

const ENDPOINTS: [&str; 6] =
    ["/oauth/token", "/oauth/revoke", "/oauth/introspect", "/oauth/register", "/oauth/userinfo", "/oauth/authorize"];

/// The status of a raw answer; `None` if the connection was closed without one.
fn status(answer: &str) -> Option<u16> {
    answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

fn post(path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

fn sized(path: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    post(path, &format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len()), body)
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// After all of it the appliance is as it was.
#[track_caller]
fn expect_well(world: &World) {
    world.request("GET", "/health").send().expect_status(200);
    world.confidential("crm").client_credentials(world, &[]).tokens();
}

#[test]
fn case_54_a_hostile_body_is_a_mistake_of_its_senders() {
    let world = World::new();
    let many: Vec<String> = (0..10_000).map(|n| format!("p{n}=1")).collect();
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
    let deeper_objects = "{\"a\":".repeat(12_000);
    let members: Vec<String> = (0..5_000).map(|n| format!("\"m{n}\":{n}")).collect();
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        (FORM, Vec::new()),
        (FORM, b"&&&&====&&&&".to_vec()),
        (FORM, b"grant_type".to_vec()),
        (FORM, b"=client_credentials".to_vec()),
        (FORM, b"grant_type=%".to_vec()),
        (FORM, b"grant_type=%zz&token=%f".to_vec()),
        (FORM, b"grant_type=\xff\xfe&token=\xc3\x28&client_id=\xed\xa0\x80".to_vec()),
        (FORM, b"grant_type=%ff%fe&token=%c3%28&client_id=%ed%a0%80&client_secret=%00".to_vec()),
        (FORM, b"grant_type=client_credentials%00&client_id=%00&client_secret=%00&token=%00".to_vec()),
        (FORM, b"grant_type=client_credentials\r\n\r\nGET / HTTP/1.1\r\n\r\n".to_vec()),
        (FORM, many.join("&").into_bytes()),
        (FORM, vec![b'&'; 60_000]),
        (FORM, vec![b'a'; 60_000]),
        (FORM, vec![0; 60_000]),
        (FORM, format!("grant_type=client_credentials&scope={}", "a+".repeat(30_000)).into_bytes()),
        (FORM, format!("grant_type=client_credentials&resource={}", "https://a/".repeat(6_000)).into_bytes()),
        (FORM, format!("grant_type=authorization_code&code=writ_ac_{}", "A".repeat(60_000)).into_bytes()),
        (FORM, format!("grant_type=refresh_token&refresh_token=writ_rt_{}", "A".repeat(60_000)).into_bytes()),
        (FORM, format!("token={}&client_id={}", "a.".repeat(15_000), "c".repeat(30_000)).into_bytes()),
        (
            FORM,
            format!("grant_type=client_credentials&client_assertion={}&client_assertion_type=x", ".".repeat(60_000))
                .into_bytes(),
        ),
        (FORM, format!("grant_type={}", "%41".repeat(20_000)).into_bytes()),
        (FORM, vec![b'a'; 65_537]),
        (FORM, vec![b'a'; 1_000_000]),
        (JSON, b"{}".to_vec()),
        (JSON, b"null".to_vec()),
        (JSON, b"[]".to_vec()),
        (JSON, b"\"x\"".to_vec()),
        (JSON, b"{\"redirect_uris\":".to_vec()),
        (JSON, b"\xef\xbb\xbf{}".to_vec()),
        (JSON, b"{\"redirect_uris\":[\"\xff\"]}".to_vec()),
        (JSON, b"{\"redirect_uris\":[\"\\ud800\"]}".to_vec()),
        (JSON, b"{\"redirect_uris\":1e999}".to_vec()),
        (JSON, br#"{"redirect_uris":["https://a.example/cb"],"redirect_uris":["https://evil.test/cb"]}"#.to_vec()),
        (JSON, deep.into_bytes()),
        (JSON, deeper_objects.into_bytes()),
        (JSON, format!("{{{}}}", members.join(",")).into_bytes()),
        (JSON, vec![b'['; 65_000]),
        (JSON, vec![b'['; 200_000]),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nx\r\n--x--".to_vec(),
        ),
        ("text/xml", b"<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>".to_vec()),
        ("application/x-www-form-urlencoded; charset=utf-7", b"grant_type=+AGEA-".to_vec()),
        ("", b"x".to_vec()),
        ("\u{1}", b"x".to_vec()),
    ];
    for endpoint in ENDPOINTS {
        for (kind, body) in &bodies {
            let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
            let answer = wire(world.address, &sized(endpoint, kind, body));
            // A body that is far too long may find the connection closed before it is through.
            let Some(status) = status(&answer) else {
                assert!(body.len() > 65_536, "no answer: {endpoint} {kind} {shown}");
                continue;
            };
            assert!((300..500).contains(&status), "{status}: {endpoint} {kind} {} bytes {shown}", body.len());
            // The authorization endpoint answers with a page.
            let reads = if endpoint == "/oauth/register" { JSON } else { FORM };
            if body.len() > 65_536 && *kind == reads && endpoint != "/oauth/authorize" {
                assert_eq!(status, 413, "{endpoint} {kind} {} bytes", body.len());
            }
        }
    }
    expect_well(&world);
}

/// Framing that does not add up: what two readers could take for different requests is no request.
#[test]
fn case_54_broken_framing_is_refused() {
    let world = World::new();
    let body = b"grant_type=client_credentials";
    for endpoint in ENDPOINTS {
        for (headers, sent) in [
            ("Content-Length: 1000000000000\r\n", body.as_slice()),
            ("Content-Length: -1\r\n", body),
            ("Content-Length: 5\r\nContent-Length: 29\r\n", body),
            ("Content-Length: 29\r\nTransfer-Encoding: chunked\r\n", body),
            ("Transfer-Encoding: chunked\r\n", b"zz\r\nxx\r\n0\r\n\r\n"),
            ("Transfer-Encoding: chunked\r\n", b"ffffffffffffffff\r\nx"),
            ("Transfer-Encoding: chunked\r\n", b"5\r\nabc"),
            ("Content-Encoding: gzip\r\nContent-Length: 29\r\n", body),
            ("Content-Length: 29\r\nExpect: 200-maybe\r\n", body),
        ] {
            let answer = wire(world.address, &post(endpoint, &format!("Content-Type: {FORM}\r\n{headers}"), sent));
            let status = status(&answer).unwrap_or(400);
            assert!((300..500).contains(&status), "{status}: {endpoint} {headers}");
        }
    }
    for line in [
        "POST /oauth/token HTTP/9.9\r\n\r\n",
        "POST /oauth/token\r\n\r\n",
        "\0\0\0\0",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /oauth/%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /oauth/../../etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET http://evil.test/oauth/token HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /oauth/userinfo HTTP/1.1\r\nHost: a\r\nAuthorization: \x7f\u{e9}\r\nConnection: close\r\n\r\n",
        "POST /oauth/token HTTP/1.1\r\nHost: a\r\nAuthorization: Basic \u{e9}\u{e9}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ] {
        let answer = wire(world.address, line.as_bytes());
        assert!(status(&answer).is_none_or(|status| (300..500).contains(&status)), "{line:?}: {answer}");
    }
    let headers: String = (0..500).map(|n| format!("X-H{n}: 1\r\n")).collect();
    let long = format!("X-Long: {}\r\n", "x".repeat(300_000));
    for headers in [headers, long] {
        let answer = wire(world.address, &post("/oauth/token", &headers, b""));
        assert!(status(&answer).is_none_or(|status| (400..500).contains(&status)), "{answer}");
    }
    expect_well(&world);
}

/// Whoever goes away in the middle leaves nothing half done, whether the answer was on its way or the body still coming.
#[test]
fn case_54_a_cancelled_request_leaves_the_store_whole() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let mut browser = world.signed_in(&ada);
    let mut lines = Vec::new();
    for n in 0..20 {
        let code = mail.code(&mut browser);
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("code_verifier", crate::world::VERIFIER),
            ("client_id", &mail.id.to_string()),
        ];
        let body = crate::world::encode(&fields);
        let whole = sized("/oauth/token", FORM, body.as_bytes());
        // Cut off at many places; every fourth is sent whole and then abandoned without a look at the answer.
        let cut = if n % 4 == 3 { whole.len() } else { whole.len() * (n + 1) / 22 };
        let mut stream = TcpStream::connect(world.address).unwrap();
        stream.write_all(&whole[..cut]).unwrap();
        drop(stream);
        lines.push((code, cut == whole.len()));
    }
    for (code, _) in lines.iter().filter(|(_, whole)| !whole) {
        mail.redeem(&world, code).tokens();
    }
    // One that was sent whole is either spent or not: the answer was lost, and the next redemption says which.
    for (code, _) in lines.iter().filter(|(_, whole)| *whole) {
        let answer = mail.redeem(&world, code);
        assert!(matches!(answer.status, 200 | 400), "{}", answer.body);
        mail.redeem(&world, code).expect_refusal(400, "invalid_grant", "CodeReplayed");
    }
    expect_well(&world);
}

/// Two requests in one packet are two requests, and the second does not inherit who the first was.
#[test]
fn case_54_pipelined_requests_do_not_share_a_client() {
    let world = World::new();
    let crm = world.confidential("crm");
    let (id, secret) = (crm.id.to_string(), crm.secret.clone().unwrap());
    let body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let first = format!(
        "POST /oauth/token HTTP/1.1\r\nHost: a\r\nContent-Type: {FORM}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let second = sized("/oauth/token", FORM, format!("grant_type=client_credentials&client_id={id}").as_bytes());
    let mut stream = TcpStream::connect(world.address).unwrap();
    stream.write_all(&[first.as_bytes(), second.as_slice()].concat()).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    let statuses: Vec<&str> = answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "401"], "{answers}");
}
