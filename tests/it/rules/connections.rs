//! When a connection goes on, and when an answer is its last. RFC 9112 §9, RFC 9110 §7.8.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::world::World;

/// What some HTTP libraries say with every request over plain http: they would speak HTTP/2 if they were let.
const UPGRADE: &str = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n";
const HEALTH: &str = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";

/// Everything that comes back to these bytes until the other side closes; this side stays open.
fn whole(address: SocketAddr, bytes: &str) -> String {
    let mut wire = open(address);
    wire.write_all(bytes.as_bytes()).unwrap();
    let mut answers = Vec::new();
    let _ = wire.read_to_end(&mut answers);
    String::from_utf8_lossy(&answers).to_ascii_lowercase()
}

fn open(address: SocketAddr) -> TcpStream {
    let wire = TcpStream::connect(address).unwrap();
    wire.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    wire
}

fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: a\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// RFC 9110 §7.8: the header may be ignored; and RFC 9112 §9.6: a connection that ends with an answer is said to.
#[test]
fn whoever_would_rather_speak_http_2_is_told_that_the_connection_ends() {
    let world = World::new();
    for ask in [request("POST", "/oauth/token", UPGRADE, "grant_type=x"), request("GET", "/health", UPGRADE, "")] {
        let answer = whole(world.address, &ask);
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        assert!(!answer.contains("upgrade"), "{answer}");
    }
    // Without a word about it, the next request has its answer on the same connection.
    let mut wire = open(world.address);
    for _ in 0..2 {
        wire.write_all(request("POST", "/oauth/token", "Upgrade: h2c\r\n", "grant_type=x").as_bytes()).unwrap();
        let mut answer = [0; 4_096];
        let length = wire.read(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]).to_ascii_lowercase();
        assert!(answer.starts_with("http/1.1 400 ") && !answer.contains("\r\nconnection:"), "{answer}");
    }
}

/// RFC 9112 §9.6: after `close`, "The server MUST NOT process any further requests received on that connection."
#[test]
fn after_close_no_request_is_looked_at() {
    let world = World::new();
    let long = "x".repeat(70_000);
    for (what, first) in [
        ("it was asked for", request("POST", "/oauth/token", "Connection: close\r\n", "grant_type=x")),
        ("an upgrade", request("POST", "/oauth/token", UPGRADE, "grant_type=x")),
        ("a GET with a body", request("GET", "/.well-known/jwks.json", "", "abc")),
        ("a body that is too long", request("POST", "/oauth/token", "", &long)),
        ("a malformed Host", request("POST", "/oauth/token", "", "abc").replace("Host: a", "Host: a/b")),
    ] {
        let answers = whole(world.address, &format!("{first}{HEALTH}"));
        assert!(answers.contains("\r\nconnection: close\r\n"), "{what}: {answers}");
        assert!(!answers.contains("\"status\""), "{what}: {answers}");
        assert!(answers.matches("http/1.1 200 ").count() <= 1, "{what}: {answers}");
    }
}

/// What is refused before its body is of use is read all the same: the connection goes on.
#[test]
fn a_refusal_does_not_end_the_connection() {
    let world = World::new();
    let preflight = "Origin: https://a.example\r\nAccess-Control-Request-Method: POST\r\n";
    for first in [
        request("PUT", "/oauth/token", "", "abc"),
        request("POST", "/.well-known/jwks.json", "", "abc"),
        request("OPTIONS", "/oauth/token", preflight, "abc"),
        request("POST", "/oauth/token", "", "grant_type=x"),
    ] {
        let mut wire = open(world.address);
        for asked in [first, HEALTH.to_owned()] {
            wire.write_all(asked.as_bytes()).unwrap();
            let mut answer = [0; 4_096];
            let length = wire.read(&mut answer).unwrap();
            let answer = String::from_utf8_lossy(&answer[..length]).to_ascii_lowercase();
            assert!(answer.starts_with("http/1.1 ") && !answer.contains("\r\nconnection: close"), "{asked}{answer}");
            assert_eq!(answer.contains("{\"status\":\"ok\"}"), asked == HEALTH, "{answer}");
        }
    }
}
