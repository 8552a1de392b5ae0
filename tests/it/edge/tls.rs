//! TLS, spoken by Writ itself.

use std::io::Read as _;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use rustls::ProtocolVersion;
use rustls::version::{TLS12, TLS13};
use writ::base::{FaultKind, Lifetime, Timestamp};
use writ::operations::{certificates, doctor, housekeeping, metrics};
use writ::web::Patience;

use super::{Edge, ISSUER, put, write_key};
use crate::cli::Appliance;
use crate::world::{Certificate, TlsClient, World, wire};

#[test]
fn both_versions_are_spoken_and_the_answers_are_those_of_the_issuer() {
    let certificate = Certificate::of("id.example");
    let edge = Edge::open(&certificate);
    for (version, protocol) in [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)] {
        let wire = edge.client(&certificate).only(version).connect(edge.world.address, "id.example").unwrap();
        assert_eq!(wire.version(), protocol);
        let answer = wire.get("/.well-known/oauth-authorization-server", &[]);
        answer.expect_status(200);
        assert_eq!(answer.json()["issuer"], ISSUER);
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=63072000"));
    }
    let page = edge.client(&certificate).connect(edge.world.address, "id.example").unwrap().get("/sign-in", &[]);
    let cookie = page.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-writ-browser=") && cookie.contains("; Secure"), "{cookie}");
}

/// RFC 7301 §3.2: what is asked for inside is agreed on, or the handshake ends.
#[test]
fn inside_there_is_http_1_1_and_nothing_else() {
    let certificate = Certificate::of("id.example");
    let edge = Edge::open(&certificate);
    let connect = |inside: &[&str]| {
        edge.client(&certificate)
            .inside(inside)
            .connect(edge.world.address, "id.example")
            .map(|wire| wire.inside().map(<[u8]>::to_vec))
    };
    assert_eq!(connect(&[]), Ok(None));
    assert_eq!(connect(&["http/1.1"]), Ok(Some(b"http/1.1".to_vec())));
    assert_eq!(connect(&["h2", "http/1.1"]), Ok(Some(b"http/1.1".to_vec())));
    assert!(connect(&["h2"]).unwrap_err().contains("NoApplicationProtocol"));
}

#[test]
fn who_speaks_plain_http_to_tls_is_told_nothing() {
    let edge = Edge::open(&Certificate::of("id.example"));
    let answer = wire(edge.world.address, b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert!(!answer.contains("HTTP/1.1") && !answer.contains("csrf"), "{answer}");
}

/// Attack case 54: a connection is not held by whoever never says what they want.
#[test]
fn case_54_a_handshake_that_does_not_come_is_not_waited_for() {
    let certificate = Certificate::of("id.example");
    let mut edge = Edge::open(&certificate);
    edge.world = edge.world.with_patience(Patience { handshake: Duration::from_millis(20), ..Patience::default() });
    for first in [&b""[..], b"\x16\x03\x01\x02\x00"] {
        let mut silent = TcpStream::connect(edge.world.address).unwrap();
        silent.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        std::io::Write::write_all(&mut silent, first).unwrap();
        // The end of it is the other's doing: this side says nothing more, and does not hang up.
        let mut heard = Vec::new();
        let ended = silent.read_to_end(&mut heard);
        assert!(ended.is_ok() || ended.is_err_and(|e| e.kind() == std::io::ErrorKind::ConnectionReset));
    }
}

#[test]
fn another_certificate_is_shown_as_soon_as_it_is_there() {
    let (first, second) = (Certificate::of("id.example"), Certificate::of("id.example"));
    let edge = Edge::open(&first);
    let app = &edge.world.app;
    let shown = |certificate: &Certificate| edge.client(certificate).connect(edge.world.address, "id.example").is_ok();
    let look = || edge.world.block(certificates::look(app, &housekeeping::context(app))).unwrap();
    let before = edge.client(&first).connect(edge.world.address, "id.example").unwrap();
    look();
    assert!(shown(&first) && !shown(&second));
    assert!(!edge.world.events(1).contains(&"certificate.replaced".to_owned()), "nothing has changed");

    edge.put(&second);
    look();
    assert!(shown(&second) && !shown(&first));
    edge.world.expect_event("certificate.replaced");
    // Who was connected still is.
    before.get("/health", &[]).expect_status(200);
    let state = app.certificates.state();
    assert_eq!((state.trouble, state.digest), (None, Some(writ::base::Digest::of(second.der()))));
    assert!(state.valid_until > Some(edge.world.now()));
}

#[test]
fn what_is_worse_is_not_shown_and_whoever_looks_after_it_is_told() {
    let good = Certificate::of("id.example");
    let edge = Edge::open(&good);
    let app = &edge.world.app;
    let look = || edge.world.block(certificates::look(app, &housekeeping::context(app))).unwrap();
    let refused = |words: &str| {
        for _ in 0..2 {
            look();
            let trouble = app.certificates.state().trouble.unwrap_or_default();
            assert!(trouble.contains(words), "{words}: {trouble}");
            assert!(!trouble.contains("PRIVATE KEY---"), "no key is in any words");
            assert_eq!(edge.client(&good).shown(edge.world.address, "id.example"), good.der());
        }
    };
    let other = Certificate::of("id.example");
    std::fs::write(edge.file("chain.pem"), &other.pem).unwrap();
    refused("belongs to another private key");
    std::fs::write(edge.file("chain.pem"), "-----BEGIN CERTIFICATE-----\nhello").unwrap();
    refused("PEM");
    std::fs::write(edge.file("chain.pem"), "").unwrap();
    refused("has no certificate in its file");
    std::fs::write(edge.file("chain.pem"), vec![b'x'; 300_000]).unwrap();
    refused("is larger than");
    std::fs::remove_file(edge.file("chain.pem")).unwrap();
    refused("cannot be read");
    edge.put(&Certificate::expired("id.example"));
    refused("and not now");
    edge.put(&Certificate::between("id.example", (2090, 2091)));
    refused("and not now");
    edge.put(&Certificate::of("elsewhere.example"));
    refused("is not made out to id.example");
    edge.put(&other);
    std::fs::set_permissions(edge.file("key.pem"), std::fs::Permissions::from_mode(0o644)).unwrap();
    refused("can be read by every user");
    // Once it is right, all is well.
    edge.put(&other);
    look();
    assert_eq!(app.certificates.state().trouble, None);
    assert_eq!(edge.client(&other).shown(edge.world.address, "id.example"), other.der());
}

#[test]
fn a_file_that_was_broken_and_is_whole_again_is_no_trouble_any_more() {
    let good = Certificate::of("id.example");
    let edge = Edge::open(&good);
    let app = &edge.world.app;
    let look = || edge.world.block(certificates::look(app, &housekeeping::context(app))).unwrap();
    std::fs::remove_file(edge.file("key.pem")).unwrap();
    look();
    assert!(app.certificates.state().trouble.is_some());
    write_key(&edge.file("key.pem"), &good.key_pem);
    look();
    assert_eq!(app.certificates.state().trouble, None);
}

#[test]
fn that_it_runs_out_is_said_once_a_day_and_not_before_it_matters() {
    // The clock of these tests begins on 15 January 2027.
    let edge = Edge::open(&Certificate::between("id.example", (2026, 2028)));
    let runs_out = || edge.world.app.certificates.runs_out(edge.world.now());
    assert_eq!(runs_out(), None);
    edge.world.later(Lifetime::from_days(345));
    let until = Timestamp::parse_iso("2028-01-01T00:00:00Z");
    assert_eq!((runs_out(), runs_out()), (until, None));
    edge.world.later(Lifetime::from_days(1));
    assert_eq!((runs_out(), runs_out()), (until, None));
    edge.world.later(Lifetime::from_days(30));
    assert_eq!(runs_out(), until, "and also when it is over");
    // Those who watch are told as well, and nobody else is sent here.
    assert_eq!(doctor::worst(&doctor::readiness(&edge.world.app, edge.world.now())), doctor::State::Broken);
    edge.put(&Certificate::between("id.example", (2026, 2030)));
    edge.world.block(certificates::look(&edge.world.app, &housekeeping::context(&edge.world.app))).unwrap();
    assert_eq!(runs_out(), None);
    let told = doctor::readiness(&edge.world.app, edge.world.now());
    let certificate = told.iter().find(|finding| finding.check == "certificate").unwrap();
    assert_eq!(certificate.state, doctor::State::Ok, "{certificate:?}");
    let page = edge.world.block(metrics::page(&edge.world.app)).unwrap();
    let left = page.lines().find_map(|line| line.strip_prefix("writ_certificate_left_seconds ")).unwrap();
    assert!(left.parse::<u64>().unwrap() > 600 * 86_400, "{left}");
}

#[test]
fn an_appliance_does_not_start_with_what_it_cannot_show() {
    let directory = tempfile::tempdir().unwrap();
    put(directory.path().into(), &Certificate::of("id.example"));
    let path = |name| directory.path().join(name).to_str().unwrap().to_owned();
    let world =
        World::with(&[("public_url", ISSUER), ("tls.certificate", &path("chain.pem")), ("tls.key", &path("key.pem"))]);
    let start = || certificates::load(&world.app, world.now()).map_err(|fault| (fault.kind(), fault.to_string()));
    start().unwrap();
    let refused = |words: &str| {
        let (kind, text) = start().unwrap_err();
        assert_eq!(kind, FaultKind::Settings);
        assert!(text.contains(words), "{text}");
    };
    write_key(&directory.path().join("key.pem"), &Certificate::of("id.example").key_pem);
    refused("another private key");
    std::fs::set_permissions(directory.path().join("key.pem"), std::fs::Permissions::from_mode(0o604)).unwrap();
    refused("chmod o=");
    std::fs::remove_file(directory.path().join("key.pem")).unwrap();
    refused("tls.key");
    // One that is over is no reason to be away altogether: whoever mends it needs the rest.
    put(directory.path().into(), &Certificate::expired("id.example"));
    start().unwrap();
    assert!(world.app.certificates.state().valid_until < Some(Timestamp::from_seconds(1_600_000_000)));
}

/// The program from outside: it says that it speaks https, and SIGHUP makes it look.
#[test]
fn the_program_speaks_tls_and_looks_again_when_it_is_told_to() {
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (Certificate::of("id.example"), Certificate::of("id.example"));
    put(directory.path().into(), &first);
    let path = |name| directory.path().join(name).to_str().unwrap().to_owned();
    let appliance = Appliance::with(&[
        ("WRIT_PUBLIC_URL", ISSUER),
        ("WRIT_TLS_CERTIFICATE", &path("chain.pem")),
        ("WRIT_TLS_KEY", &path("key.pem")),
    ]);
    let serving = appliance.serve();
    assert_eq!(serving.said()[0], format!("Writ is listening on https://{}", appliance.listen));
    let address = appliance.listen.parse().unwrap();
    let client = TlsClient::new(&format!("{}{}", first.pem, second.pem));
    assert_eq!(client.shown(address, "id.example"), first.der());
    put(directory.path().into(), &second);
    assert!(Command::new("kill").args(["-HUP", &serving.id()]).status().unwrap().success());
    while client.shown(address, "id.example") != second.der() {
        std::thread::yield_now();
    }
    let log = serving.stop();
    assert!(log.contains("is shown the new certificate"), "{log}");
}
