//! A certificate from an authority (RFC 8555). The authority is Pebble, Let's Encrypt's own for tests, with a name server of its own that leads
//! every name here. `tests/run` installs it; where it is missing, the tests that need it say so and check nothing.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use writ::base::{Digest, Lifetime};
use writ::operations::{certificates, doctor, housekeeping};

use crate::world::{Certificate, TlsClient, World, raw};

const ISSUER: &str = "https://id.example.net";
const HOST: &str = "id.example.net";

/// A certificate authority and a name server, until the test ends.
struct Pebble {
    directory: String,
    /// Where it looks for proofs.
    https: u16,
    http: u16,
    files: TempDir,
    processes: Vec<Child>,
}

fn free() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Pebble {
    /// `None` if there is none on this computer, and nobody has said that there must be.
    fn start(external: bool) -> Option<Self> {
        let there =
            |name: &str| std::env::split_paths(&std::env::var_os("PATH").unwrap()).any(|path| path.join(name).exists());
        if !there("pebble") || !there("pebble-challtestsrv") {
            assert!(std::env::var_os("WRIT_TESTS_NEED_PEBBLE").is_none(), "pebble is not installed");
            println!("NOT CHECKED: there is no pebble here (Debian: apt-get install pebble)");
            return None;
        }
        let files = tempfile::tempdir().unwrap();
        let own = Certificate::of("localhost");
        std::fs::write(files.path().join("own.pem"), &own.pem).unwrap();
        std::fs::write(files.path().join("own.key"), &own.key_pem).unwrap();
        let path = |name| files.path().join(name).to_str().unwrap().to_owned();
        let (listen, management, https, http) = (free(), free(), free(), free());
        let names = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{listen}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": path("own.pem"),
            "privateKey": path("own.key"),
            "httpPort": http,
            "tlsPort": https,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": external,
            "externalAccountMACKeys": { "kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W" },
        }});
        std::fs::write(files.path().join("config.json"), config.to_string()).unwrap();
        let mut processes = vec![
            Command::new("pebble-challtestsrv")
                .args(["-dns01", &format!("127.0.0.1:{names}"), "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""])
                .args([
                    "-http01",
                    "",
                    "-https01",
                    "",
                    "-tlsalpn01",
                    "",
                    "-management",
                    &format!("127.0.0.1:{}", free()),
                ])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
        ];
        let pebble = Command::new("pebble")
            .args(["-config", &path("config.json"), "-dnsserver", &format!("127.0.0.1:{names}"), "-strict"])
            // It would wait between two looks, and refuse one nonce of twenty on purpose: now and then three in a row, and then an
            // order is given up until the next round.
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", "0")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        processes.push(pebble.unwrap());
        while TcpStream::connect(("127.0.0.1", listen)).is_err() {
            std::thread::yield_now();
        }
        Some(Self { directory: format!("https://localhost:{listen}/dir"), https, http, files, processes })
    }

    fn stop(&mut self) {
        for process in &mut self.processes {
            drop(process.kill());
            drop(process.wait());
        }
    }

    fn appliance(&self, more: &[(&'static str, &str)]) -> World {
        let (listen, redirect) = (format!("127.0.0.1:{}", self.https), format!("127.0.0.1:{}", self.http));
        let root = self.files.path().join("own.pem");
        let settings = [
            ("public_url", ISSUER),
            ("listen", listen.as_str()),
            ("tls.redirect_from", &redirect),
            ("acme.directory", &self.directory),
            ("acme.contact", "ada@example.com"),
            ("outbound.extra_root", root.to_str().unwrap()),
        ];
        World::with_file_and(&[&settings[..], more].concat())
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        self.stop();
    }
}

fn look(world: &World) {
    world.block(certificates::look(&world.app, &housekeeping::context(&world.app))).unwrap();
}

/// What is kept of the certificates that lead to the root.
fn file(world: &World) -> serde_json::Value {
    let path = world.app.acme_file.clone().unwrap();
    use std::os::unix::fs::MetadataExt as _;
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600, "its owner's alone");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The digest of the certificate that is shown to somebody who trusts what is above it in its chain.
fn shown(world: &World) -> Option<Digest> {
    let chain = file(world)["chain"].as_str()?.to_owned();
    let wire = TlsClient::new(&chain).connect(world.address, HOST).ok()?;
    let digest = Digest::of(&wire.certificate());
    wire.get("/health", &[]).expect_status(200);
    Some(digest)
}

#[test]
fn a_certificate_is_had_shown_kept_and_renewed() {
    for challenge in ["tls-alpn-01", "http-01"] {
        let Some(mut pebble) = Pebble::start(false) else { return };
        let world = pebble.appliance(&[("acme.challenge", challenge)]);
        assert!(TlsClient::new("").connect(world.address, HOST).is_err(), "there is none yet");
        look(&world);
        assert_eq!(world.app.certificates.state().trouble, None, "{challenge}");
        let first = world.app.certificates.state().digest.unwrap();
        assert_eq!(shown(&world), Some(first));
        world.expect_event("certificate.replaced");
        let kept = file(&world);
        assert_eq!(kept["directory"], pebble.directory);
        // It is not asked for again, not by a restart either.
        look(&world);
        let world = world.restarted();
        look(&world);
        assert_eq!(shown(&world), Some(first));
        // Pebble's hold for five years: in the fourth, it is time.
        world.later(Lifetime::from_days(365 * 7 / 2));
        look(&world);
        let second = world.app.certificates.state().digest.unwrap();
        assert_ne!(second, first);
        assert_eq!(shown(&world), Some(second));
        assert_eq!(file(&world)["account"], kept["account"], "by the same account");
        // An authority that is away takes nothing away.
        pebble.stop();
        world.later(Lifetime::from_days(200));
        look(&world);
        let trouble = world.app.certificates.state().trouble.unwrap_or_default();
        assert!(trouble.contains("cannot be asked"), "{trouble}");
        assert_eq!(shown(&world), Some(second));
    }
}

/// Years after it would be over, by this clock: what the authority gives is not shown, and so it is not kept either, for what is kept is shown
/// after a restart.
#[test]
fn a_certificate_that_is_not_to_be_shown_is_not_kept() {
    let Some(pebble) = Pebble::start(false) else { return };
    let world = pebble.appliance(&[]);
    world.later(Lifetime::from_days(10 * 366));
    look(&world);
    let trouble = world.app.certificates.state().trouble.unwrap_or_default();
    assert!(trouble.contains("and not now"), "{trouble}");
    assert!(file(&world)["account"].is_string() && file(&world)["chain"].is_null());
    let world = world.restarted();
    assert_eq!(world.app.certificates.state().digest, None);
}

#[test]
fn a_certificate_that_cannot_be_kept_is_shown_and_kept_as_soon_as_it_can_be() {
    let Some(pebble) = Pebble::start(false) else { return };
    let world = pebble.appliance(&[]);
    look(&world);
    let first = world.app.certificates.state().digest;
    let before = file(&world)["chain"].clone();
    // Something is where the new file would be.
    let in_the_way = world.app.acme_file.clone().unwrap().with_extension("json.new");
    std::fs::create_dir(&in_the_way).unwrap();
    world.later(Lifetime::from_days(365 * 7 / 2));
    look(&world);
    let second = world.app.certificates.state().digest;
    assert_ne!(second, first);
    for _ in 0..2 {
        // No other one is asked for meanwhile, and whoever watches is told.
        let state = world.app.certificates.state();
        assert_eq!((state.digest, &file(&world)["chain"]), (second, &before));
        let told = doctor::readiness(&world.app, world.now());
        let told = told.iter().find(|finding| finding.check == "certificate").unwrap();
        assert!(told.state == doctor::State::Look && told.found.contains("cannot be kept"), "{told:?}");
        look(&world);
    }
    std::fs::remove_dir(&in_the_way).unwrap();
    look(&world);
    assert_eq!(world.app.certificates.state().trouble, None);
    assert_eq!(shown(&world), second);
    let world = world.restarted();
    assert_eq!(world.app.certificates.state().digest, second);
}

#[test]
fn a_name_that_leads_elsewhere_is_not_given_a_certificate_and_the_authority_says_why() {
    let Some(mut pebble) = Pebble::start(false) else { return };
    // It looks where nobody is.
    pebble.https = free();
    let world = pebble.appliance(&[]);
    look(&world);
    let trouble = world.app.certificates.state().trouble.unwrap_or_default();
    assert!(trouble.contains("says no") && trouble.contains("Failed to connect to 127.0.0.1"), "{trouble}");
    assert!(file(&world)["account"].is_string(), "the account is kept: authorities count them");
    // It is not asked again at once, unless somebody says so.
    let account = file(&world)["account"].clone();
    pebble.stop();
    look(&world);
    assert!(world.app.certificates.state().trouble.unwrap().contains("says no"));
    world.block(certificates::look_at_once(&world.app, &housekeeping::context(&world.app))).unwrap();
    assert!(world.app.certificates.state().trouble.unwrap().contains("cannot be asked"));
    assert_eq!(file(&world)["account"], account);
}

#[test]
fn an_account_that_is_had_elsewhere_is_bound() {
    let Some(pebble) = Pebble::start(true) else { return };
    let refused = pebble.appliance(&[]);
    look(&refused);
    assert!(refused.app.certificates.state().trouble.unwrap_or_default().contains("says no"));
    drop(refused);
    let key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
    let world = pebble.appliance(&[("acme.key_id", "kid-1"), ("acme.hmac_key", key)]);
    look(&world);
    assert_eq!(world.app.certificates.state().trouble, None);
    assert!(shown(&world).is_some());
}

/// RFC 8737 §3. Who asks for a proof is shown a proof or nothing: never what others are shown.
#[test]
fn a_proof_is_shown_to_who_asks_for_it_while_it_is_needed() {
    let world = World::with(&[
        ("public_url", ISSUER),
        ("tls.redirect_from", "127.0.0.1:0"),
        ("acme.directory", "https://localhost:1/dir"),
    ]);
    let ask = || TlsClient::new("").inside(&["acme-tls/1"]).connect(world.address, HOST).err().unwrap();
    let http = |path: &str| {
        let request =
            format!("GET /.well-known/acme-challenge/{path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
        raw(world.redirects_from.unwrap(), request.as_bytes())
    };
    assert!(!ask().contains("invalid peer certificate"), "nothing is shown");
    http("token-1").expect_status(308);
    let proof = writ::keys::Certificate::proof(HOST, &[7; 32]).unwrap();
    world.app.certificates.prove(HOST, proof, "token-1", "token-1.thumb");
    assert!(ask().contains("invalid peer certificate"), "a certificate that vouches for itself");
    let answer = http("token-1");
    assert_eq!((answer.status, answer.body.as_str()), (200, "token-1.thumb"));
    for other in ["token-2", "", "token-1/", "../token-1", "token-1%00"] {
        http(other).expect_status(308);
    }
    let elsewhere = TlsClient::new("").inside(&["acme-tls/1"]).connect(world.address, "other.example").err().unwrap();
    assert!(!elsewhere.contains("invalid peer certificate"), "{elsewhere}");
    // Who asks for something else as well is no authority.
    let both = TlsClient::new("").inside(&["http/1.1", "acme-tls/1"]).connect(world.address, HOST).err().unwrap();
    assert!(!both.contains("invalid peer certificate"), "{both}");
    world.app.certificates.prove_no_more();
    assert!(!ask().contains("invalid peer certificate"));
    http("token-1").expect_status(308);
}

/// An authority's answers are a stranger's: whatever they are, the certificate that is shown stays, and no other host is asked.
#[test]
fn an_authority_that_answers_nonsense_changes_nothing() {
    for (body, words) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "not understood"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<!doctype", "not understood"),
        ("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "not understood"),
        ("HTTP/1.1 302 Found\r\nLocation: https://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", "not understood"),
        ("not http", "cannot be asked"),
        (
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"newNonce\":\"https://169.254.169.254/n\",\
             \"newAccount\":\"https://169.254.169.254/a\",\"newOrder\":\"https://169.254.169.254/o\"}",
            "leads to another host than its own",
        ),
    ] {
        let (root, at) = authority(body);
        let world = World::with(&[
            ("public_url", ISSUER),
            ("acme.directory", &format!("https://localhost:{}/dir", at.port())),
            ("outbound.extra_root", root.path().join("root.pem").to_str().unwrap()),
        ]);
        let good = Certificate::between(HOST, (2026, 2027));
        let good = writ::keys::Certificate::read(good.pem.as_bytes(), good.key_pem.as_bytes()).unwrap();
        let digest = good.digest;
        world.app.certificates.show(std::sync::Arc::new(good));
        look(&world);
        let state = world.app.certificates.state();
        assert!(state.trouble.as_deref().unwrap_or_default().contains(words), "{words}: {:?}", state.trouble);
        assert_eq!(state.digest, Some(digest));
    }
}

/// Answers everybody with these bytes, over TLS.
fn authority(answer: &'static str) -> (TempDir, SocketAddr) {
    let directory = tempfile::tempdir().unwrap();
    let certificate = Certificate::of("localhost");
    std::fs::write(directory.path().join("root.pem"), &certificate.pem).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut wire = certificate.accept(socket.unwrap());
            let mut head = [0; 2_048];
            drop(std::io::Read::read(&mut wire, &mut head));
            drop(wire.write_all(answer.as_bytes()));
            wire.conn.send_close_notify();
            drop(wire.flush());
        }
    });
    (directory, at)
}

#[test]
fn what_was_kept_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::with_file_and(&[("public_url", ISSUER), ("acme.directory", "https://localhost:1/dir")]);
    let path = world.app.acme_file.clone().unwrap();
    let start = || certificates::load(&world.app, world.now()).map_err(|fault| fault.to_string());
    start().unwrap();
    std::fs::write(&path, r#"{"directory":"https://localhost:1/dir","account":null}"#).unwrap();
    let mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(&path, 0o640);
    assert!(start().unwrap_err().contains("chmod 600"));
    // Of one that is running, whoever watches learns the cause.
    look(&world);
    assert!(world.app.certificates.state().trouble.unwrap_or_default().contains("chmod 600"));
    mode(&path, 0o600);
    start().unwrap();
    std::fs::write(&path, "{").unwrap();
    assert!(start().unwrap_err().contains("Move it away"));
}
