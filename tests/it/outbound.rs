//! The hardened client against real servers on loopback. Attack cases 31 to 34.

use std::io::{self, Read as _, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use writ::base::{Lifetime, Timestamp};
use writ::outbound::{
    DocumentError, Fetched, LONGEST_CACHE, Limits, Outbound, OutboundError, OutboundPolicy, OutboundUrl, Resolver,
};
use writ::protocol::client_document::ClientDocumentError;

const JSON: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

/// Generous for what must work on a busy machine; what must fail fails for another reason.
const LIMITS: Limits = Limits { max_bytes: 5 * 1_024, total_time: Lifetime::from_seconds(20) };
/// For servers that never finish: whatever this is, they are slower.
const IMPATIENT: Limits = Limits { max_bytes: 5 * 1_024, total_time: Lifetime::from_millis(300) };

struct Identity {
    pem: Vec<u8>,
    tls: Arc<ServerConfig>,
}

static IDENTITY: LazyLock<Identity> = LazyLock::new(|| {
    let names = ["localhost", "app.localhost", "127.0.0.1"].map(str::to_owned);
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let tls = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    Identity { pem: made.cert.pem().into_bytes(), tls: Arc::new(tls) }
});

type Wire = StreamOwned<ServerConnection, TcpStream>;

/// A server on 127.0.0.1 that counts who knocks and keeps what they asked.
struct Server {
    port: u16,
    accepted: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Speaks TLS, reads the request, and lets `answer` write; then closes properly.
    fn tls(answer: impl Fn(&mut Wire) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let heads = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heads);
        let mut server = Self::tcp(move |socket| {
            let mut wire = StreamOwned::new(ServerConnection::new(Arc::clone(&IDENTITY.tls)).unwrap(), socket);
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") {
                wire.read_exact(&mut byte)?;
                head.extend(byte);
            }
            kept.lock().unwrap().push(String::from_utf8(head).unwrap());
            answer(&mut wire)?;
            wire.conn.send_close_notify();
            wire.flush()
        });
        server.heads = heads;
        server
    }

    fn tcp(talk: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0", talk)
    }

    fn at(address: &str, talk: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepted = Arc::new(AtomicUsize::new(0));
        let (counter, talk) = (Arc::clone(&accepted), Arc::new(talk));
        thread::spawn(move || {
            for socket in listener.incoming() {
                counter.fetch_add(1, Ordering::SeqCst);
                let (socket, talk) = (socket.unwrap(), Arc::clone(&talk));
                // The client hangs up on most of these servers: that is their purpose.
                thread::spawn(move || talk(socket).ok());
            }
        });
        Self { port, accepted, heads: Arc::default() }
    }

    /// Answers everybody with these bytes.
    fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::tls(move |wire| wire.write_all(&answer))
    }

    fn url(&self) -> String {
        format!("https://127.0.0.1:{}/client.json", self.port)
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

fn json(body: &str) -> String {
    format!("{JSON}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn trusting() -> OutboundPolicy {
    OutboundPolicy { allow_loopback: true, extra_root: Some(IDENTITY.pem.clone()), resolver: Resolver::default() }
}

async fn get(policy: OutboundPolicy, url: &str, limits: Limits) -> Result<Fetched, OutboundError> {
    Outbound::new(policy).unwrap().get(&OutboundUrl::parse(url)?, limits).await
}

/// What a laptop that trusts the test certificate makes of `answer`.
async fn hear(answer: impl Into<Vec<u8>>) -> Result<Fetched, OutboundError> {
    get(trusting(), &Server::saying(answer).url(), LIMITS).await
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_document_arrives_and_the_request_gives_nothing_away() {
    let server = Server::saying(format!(
        "{JSON}Cache-Control: max-age=60\r\nSet-Cookie: a=b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{{\"a\r\n5\r\n\":1}}\n\r\n0\r\n\r\n"
    ));
    let outbound = Outbound::new(trusting()).unwrap();
    let url = OutboundUrl::parse(&server.url()).unwrap();
    for _ in 0..2 {
        let fetched = outbound.get(&url, LIMITS).await.unwrap();
        assert_eq!((fetched.body.as_str(), fetched.content_type.as_str()), ("{\"a\":1}\n", "application/json"));
        assert_eq!(fetched.cache.max_age, Lifetime::from_seconds(60));
    }
    let heads = server.heads.lock().unwrap().clone();
    assert_eq!(heads.len(), 2);
    for head in heads {
        assert!(head.starts_with("GET /client.json HTTP/1.1\r\n"), "{head}");
        let mut names: Vec<_> =
            head.lines().skip(1).filter_map(|l| l.split_once(':')).map(|(n, _)| n.to_ascii_lowercase()).collect();
        names.sort();
        assert_eq!(names, ["accept", "connection", "host", "user-agent"], "{head}");
    }
}

#[tokio::test]
async fn the_systems_resolver_finds_localhost() {
    let server = Server::saying(json("{}"));
    let url = format!("https://localhost:{}/x", server.port);
    assert_eq!(get(trusting(), &url, LIMITS).await.unwrap().body, "{}");
}

#[tokio::test]
async fn case_31_without_the_switch_nothing_on_loopback_is_even_knocked_at() {
    let server = Server::saying(json("{}"));
    let port = server.port;
    // The same port on IPv6, where there is one.
    let v6_is_free = TcpListener::bind(("::1", port)).is_ok();
    let v6 = v6_is_free.then(|| Server::at(&format!("[::1]:{port}"), |_| Ok(())));
    let hosts = [
        "127.0.0.1",
        "127.0.0.2",
        "127.255.255.254",
        "localhost",
        "localhost.",
        "app.localhost",
        "[::1]",
        "[::]",
        "0.0.0.0",
        "0",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "0x7f000001",
        "0x7f.0.0.1",
        "127.1",
        "127.0.1",
        "LOCALHOST",
        "①②⑦.⓪.⓪.①",
        "pointing-here.example",
        "[fe80::5efe:127.0.0.1]",
        "[fe80::5efe:7f00:1]",
    ];
    let asked = Arc::new(AtomicUsize::new(0));
    for host in hosts {
        let counter = Arc::clone(&asked);
        let resolver = Resolver::from_fn(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            Ok(vec![ip("127.0.0.1")])
        });
        let policy = OutboundPolicy { allow_loopback: false, resolver, ..trusting() };
        let refused = get(policy, &format!("https://{host}:{port}/client.json"), LIMITS).await;
        assert!(matches!(refused, Err(OutboundError::Url(_) | OutboundError::ForbiddenAddress)), "{host}: {refused:?}");
    }
    assert_eq!(server.accepted() + v6.map_or(0, |server| server.accepted()), 0);
    assert_eq!(asked.load(Ordering::SeqCst), 1, "only the one public name is looked up at all");
}

#[tokio::test]
async fn case_31_inside_names_are_refused_with_or_without_the_switch_and_told_alike() {
    let server = Server::saying(json("{}"));
    let inside = [
        "10.0.0.1",
        "169.254.169.254",
        "127.0.0.1",
        "::1",
        "fd00::1",
        "::ffff:192.168.0.1",
        "64:ff9b::a00:1",
        "0.0.0.0",
    ];
    for address in inside {
        for allow_loopback in [false, true] {
            let resolver = Resolver::from_fn(move |_| Ok(vec![ip(address)]));
            let policy = OutboundPolicy { allow_loopback, resolver, ..trusting() };
            let refused = get(policy, &format!("https://app.example:{}/x", server.port), LIMITS).await.unwrap_err();
            assert_eq!(refused, OutboundError::ForbiddenAddress, "{address}");
            assert!(!refused.to_string().contains(address));
        }
    }
    assert_eq!(server.accepted(), 0);
    let nowhere = OutboundPolicy { resolver: Resolver::from_fn(|_| Ok(vec![])), ..trusting() };
    let missing = get(nowhere, "https://app.example/x", LIMITS).await.unwrap_err();
    assert_eq!(missing, OutboundError::NameNotFound);
    // A stranger cannot ask which names exist inside.
    assert_eq!(missing.to_string(), OutboundError::ForbiddenAddress.to_string());
}

#[tokio::test]
async fn case_32_one_inside_address_among_public_ones_spoils_the_name() {
    for addresses in [["1.1.1.1", "10.0.0.1"], ["10.0.0.1", "1.1.1.1"]] {
        let resolver = Resolver::from_fn(move |_| Ok(addresses.map(ip).to_vec()));
        let refused = get(OutboundPolicy { resolver, ..trusting() }, "https://app.example/x", LIMITS).await;
        assert_eq!(refused, Err(OutboundError::ForbiddenAddress));
    }
}

#[tokio::test]
async fn case_32_a_name_is_resolved_once_and_the_checked_address_is_used() {
    let server = Server::saying(json("{\"from\":\"checked\"}"));
    let decoy = Server::at(&format!("127.0.0.2:{}", server.port), |_| Ok(()));
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    // First the address that is checked, then another, then one inside.
    let answers = ["127.0.0.1", "127.0.0.2", "10.0.0.7"];
    let resolver = Resolver::from_fn(move |host| {
        assert_eq!(host, "app.localhost");
        let nth = counter.fetch_add(1, Ordering::SeqCst);
        Ok(answers.get(nth).map(|answer| ip(answer)).into_iter().collect())
    });
    let outbound = Outbound::new(OutboundPolicy { resolver, ..trusting() }).unwrap();
    let url = OutboundUrl::parse(&format!("https://app.localhost:{}/x", server.port)).unwrap();
    assert_eq!(outbound.get(&url, LIMITS).await.unwrap().body, "{\"from\":\"checked\"}");
    assert_eq!((asked.load(Ordering::SeqCst), server.accepted(), decoy.accepted()), (1, 1, 0));
    // Each request checks for itself: what was good a moment ago is no pass.
    assert!(outbound.get(&url, LIMITS).await.is_err());
    assert_eq!(outbound.get(&url, LIMITS).await, Err(OutboundError::ForbiddenAddress));
    assert_eq!((asked.load(Ordering::SeqCst), server.accepted(), decoy.accepted()), (3, 1, 1));
}

#[tokio::test]
async fn case_32_redirects_are_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let target = Server::saying(json("{}"));
        let redirect =
            format!("HTTP/1.1 {status} Elsewhere\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", target.url());
        assert_eq!(hear(redirect).await, Err(OutboundError::Redirected(status)));
        assert_eq!(target.accepted(), 0);
    }
}

#[tokio::test]
async fn case_32_the_certificate_must_be_for_the_name_and_from_a_trusted_authority() {
    let server = Server::saying(json("{}"));
    let here = || Resolver::from_fn(|_| Ok(vec![ip("127.0.0.1")]));
    let other = format!("https://other.localhost:{}/x", server.port);
    assert_eq!(
        get(OutboundPolicy { resolver: here(), ..trusting() }, &other, LIMITS).await,
        Err(OutboundError::Certificate)
    );
    let distrusting = OutboundPolicy { extra_root: None, ..trusting() };
    assert_eq!(get(distrusting, &server.url(), LIMITS).await, Err(OutboundError::Certificate));
    assert!(server.heads.lock().unwrap().is_empty(), "no request is sent to a host that is not who it says");
}

#[tokio::test]
async fn what_does_not_speak_tls_or_does_not_listen_is_told_apart() {
    let plain = Server::tcp(|mut socket| socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
    assert_eq!(get(trusting(), &plain.url(), LIMITS).await, Err(OutboundError::Tls));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let closed = get(trusting(), &format!("https://127.0.0.1:{port}/x"), LIMITS).await;
    assert_eq!(closed, Err(OutboundError::NoConnection));
}

#[tokio::test]
async fn case_33_only_200_is_an_answer() {
    for status in [201, 203, 204, 206, 400, 401, 404, 410, 429, 500, 503] {
        let answer = format!("HTTP/1.1 {status} So\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(hear(answer).await, Err(OutboundError::Status(status)));
    }
}

#[tokio::test]
async fn case_33_only_json_types_are_read() {
    let of = |kind: &str| format!("HTTP/1.1 200 OK\r\n{kind}\r\nContent-Length: 2\r\n\r\n{{}}");
    for kind in
        ["application/json", "Application/JSON; charset=utf-8", "application/cimd+json", "application/jwk-set+json;v=1"]
    {
        assert!(hear(of(&format!("Content-Type: {kind}"))).await.is_ok(), "{kind}");
    }
    for kind in [
        "text/html",
        "text/plain",
        "text/json",
        "application/jsonp",
        "application/+json",
        "application/octet-stream",
        "json",
        "",
    ] {
        assert_eq!(hear(of(&format!("Content-Type: {kind}"))).await, Err(OutboundError::ContentType), "{kind}");
    }
    assert_eq!(hear(of("X: y")).await, Err(OutboundError::ContentType));
    let twice = "Content-Type: application/json\r\nContent-Type: text/html";
    assert_eq!(hear(of(twice)).await, Err(OutboundError::ContentType));
}

#[tokio::test]
async fn case_33_a_body_is_read_to_its_limit_and_no_further() {
    let of = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    assert_eq!(hear(json(&of(5 * 1_024))).await.unwrap().body.len(), 5 * 1_024);
    assert_eq!(hear(json(&of(5 * 1_024 + 1))).await, Err(OutboundError::TooLarge(5 * 1_024)));
    // Without a declared length, and in chunks that never end.
    assert_eq!(hear(format!("{JSON}\r\n{}", of(6 * 1_024))).await, Err(OutboundError::TooLarge(5 * 1_024)));
    let endless = Server::tls(|wire| {
        wire.write_all(format!("{JSON}Transfer-Encoding: chunked\r\n\r\n").as_bytes())?;
        loop {
            wire.write_all(b"400\r\n")?;
            wire.write_all(&[b' '; 0x400])?;
            wire.write_all(b"\r\n")?;
        }
    });
    assert_eq!(get(trusting(), &endless.url(), LIMITS).await, Err(OutboundError::TooLarge(5 * 1_024)));
}

#[tokio::test]
async fn case_33_a_head_without_end_and_chunks_without_content_are_cut_off() {
    let heads = Server::tls(|wire| {
        wire.write_all(JSON.as_bytes())?;
        loop {
            wire.write_all(b"X-Padding: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n")?;
        }
    });
    assert_eq!(get(trusting(), &heads.url(), LIMITS).await, Err(OutboundError::Malformed));
    let extensions = Server::tls(|wire| {
        wire.write_all(format!("{JSON}Transfer-Encoding: chunked\r\n\r\n1;").as_bytes())?;
        loop {
            wire.write_all(&[b'x'; 1_024])?;
        }
    });
    assert_eq!(get(trusting(), &extensions.url(), LIMITS).await, Err(OutboundError::Malformed));
}

#[tokio::test]
async fn case_33_a_body_cut_short_is_no_document() {
    assert_eq!(hear(format!("{JSON}Content-Length: 9\r\n\r\n{{}}")).await, Err(OutboundError::Malformed));
    // Closed without TLS saying so: somebody on the way may have cut it.
    let cut = Server::tls(|wire| {
        wire.write_all(format!("{JSON}\r\n{{}}").as_bytes())?;
        wire.flush()?;
        Err(io::ErrorKind::ConnectionAborted.into())
    });
    assert_eq!(get(trusting(), &cut.url(), LIMITS).await, Err(OutboundError::Malformed));
}

#[tokio::test]
async fn case_33_a_dripping_server_is_left() {
    let drip = |wire: &mut dyn Write| -> io::Result<()> {
        loop {
            wire.write_all(b" ")?;
            wire.flush()?;
            thread::park_timeout(Duration::from_millis(20));
        }
    };
    let body = Server::tls(move |wire| {
        wire.write_all(format!("{JSON}\r\n").as_bytes())?;
        drip(wire)
    });
    let head = Server::tls(move |wire| {
        wire.write_all(b"HTTP/1.1 200 OK\r\nX-Slow:")?;
        drip(wire)
    });
    // The start of a TLS record of 16 KiB, then its bytes one by one.
    let handshake = Server::tcp(move |mut socket| {
        socket.write_all(&[0x16, 3, 3, 0x40, 0])?;
        drip(&mut socket)
    });
    let silent = Server::tcp(|mut socket| socket.read_to_end(&mut Vec::new()).map(drop));
    for server in [body, head, handshake, silent] {
        assert_eq!(get(trusting(), &server.url(), IMPATIENT).await, Err(OutboundError::TooSlow));
        assert_eq!(server.accepted(), 1);
    }
}

#[tokio::test]
async fn case_33_a_name_that_takes_for_ever_does_not_hold_its_caller() {
    let (release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let resolver = Resolver::from_fn(move |_| {
        held.lock().unwrap().recv().ok();
        Ok(vec![])
    });
    let waiting = get(OutboundPolicy { resolver, ..trusting() }, "https://app.example/x", IMPATIENT).await;
    assert_eq!(waiting, Err(OutboundError::TooSlow));
    drop(release);
}

#[tokio::test]
async fn case_33_work_and_waiting_are_bounded() {
    let (release, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let entered = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (inside, peak) = (Arc::clone(&entered), Arc::clone(&most));
    let resolver = Resolver::from_fn(move |_| {
        peak.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        held.lock().unwrap().recv().ok();
        inside.fetch_sub(1, Ordering::SeqCst);
        Ok(vec![])
    });
    let outbound = Outbound::new(OutboundPolicy { resolver, ..trusting() }).unwrap();
    let url = OutboundUrl::parse("https://app.example/x").unwrap();
    let ask = || {
        let (outbound, url) = (outbound.clone(), url.clone());
        tokio::spawn(async move { outbound.get(&url, LIMITS).await })
    };
    let asked: Vec<_> = (0..Outbound::MOST_WORKING + Outbound::MOST_WAITING).map(|_| ask()).collect();
    // One thread: each of these has run to its first wait when we come back, so all places are taken.
    tokio::task::yield_now().await;
    assert_eq!(ask().await.unwrap(), Err(OutboundError::Busy));
    drop(release);
    for waiting in asked {
        assert_eq!(waiting.await.unwrap(), Err(OutboundError::NameNotFound));
    }
    assert!((1..=Outbound::MOST_WORKING).contains(&most.load(Ordering::SeqCst)));
    assert_eq!(ask().await.unwrap(), Err(OutboundError::NameNotFound), "the places are free again");
}

#[tokio::test]
async fn case_33_nothing_is_decompressed() {
    for coding in ["gzip", "br", "deflate", "zstd", "identity, gzip"] {
        let answer = format!("{JSON}Content-Encoding: {coding}\r\nContent-Length: 2\r\n\r\n{{}}");
        assert_eq!(hear(answer).await, Err(OutboundError::Compressed), "{coding}");
    }
    assert!(hear(format!("{JSON}Content-Encoding: identity\r\nContent-Length: 2\r\n\r\n{{}}")).await.is_ok());
    // A gzip body that does not say so.
    let mut answer = format!("{JSON}Content-Length: 4\r\n\r\n").into_bytes();
    answer.extend([0x1f, 0x8b, 0x08, 0x00]);
    assert_eq!(hear(answer).await, Err(OutboundError::NotUtf8));
}

#[tokio::test]
async fn case_33_invalid_utf8_and_deep_json_are_refused_before_they_are_parsed() {
    let mut answer = format!("{JSON}Content-Length: 5\r\n\r\n").into_bytes();
    answer.extend(b"\"\xff\xfe\xfd\"");
    assert_eq!(hear(answer).await, Err(OutboundError::NotUtf8));
    let deep = "[".repeat(2_500) + &"]".repeat(2_500);
    assert_eq!(hear(json(&deep)).await, Err(OutboundError::TooDeep));
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

/// A server for a client document that names itself correctly. `{}` in `document` is its port.
fn client(document: &str) -> Server {
    let document = document.to_owned();
    let port = Arc::new(AtomicUsize::new(0));
    let known = Arc::clone(&port);
    let server = Server::tls(move |wire| {
        let body = document.replace("{}", &known.load(Ordering::SeqCst).to_string());
        wire.write_all(
            format!("{JSON}Cache-Control: max-age=60\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes(),
        )
    });
    port.store(server.port.into(), Ordering::SeqCst);
    server
}

const CLIENT: &str = r#"{"client_id":"https://127.0.0.1:{}/client.json","client_name":"App","redirect_uris":["https://app.example/cb"]}"#;

#[tokio::test]
async fn case_34_a_hundred_parallel_requests_are_one_fetch() {
    let server = client(CLIENT);
    let documents = Outbound::new(trusting()).unwrap();
    let url = server.url();
    let askers: Vec<_> = (0..100)
        .map(|_| {
            let (documents, url) = (documents.clone(), url.clone());
            tokio::spawn(async move { documents.client_document(&url, at(1)).await })
        })
        .collect();
    for asker in askers {
        assert_eq!(asker.await.unwrap().unwrap().name, "App");
    }
    assert_eq!(server.accepted(), 1);
    documents.client_document(&url, at(60)).await.unwrap();
    assert_eq!(server.accepted(), 1, "still fresh");
    documents.client_document(&url, at(61)).await.unwrap();
    assert_eq!(server.accepted(), 2, "its max-age has passed");
}

#[tokio::test]
async fn case_34_a_cached_document_that_turns_bad_is_dropped() {
    let good = Arc::new(AtomicUsize::new(1));
    let answer = Arc::clone(&good);
    let port = Arc::new(AtomicUsize::new(0));
    let known = Arc::clone(&port);
    let server = Server::tls(move |wire| {
        let document = CLIENT.replace("{}", &known.load(Ordering::SeqCst).to_string());
        match answer.load(Ordering::SeqCst) {
            0 => wire.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
            1 => wire.write_all(json(&document).as_bytes()),
            _ => wire.write_all(json(&document.replace("App", "\u{202e}")).as_bytes()),
        }
    });
    port.store(server.port.into(), Ordering::SeqCst);
    let documents = Outbound::new(trusting()).unwrap();
    let url = server.url();
    // No Cache-Control: five minutes.
    assert!(documents.client_document(&url, at(0)).await.is_ok());
    good.store(0, Ordering::SeqCst);
    assert!(documents.client_document(&url, at(299)).await.is_ok());
    assert_eq!(documents.client_document(&url, at(300)).await, Err(DocumentError::Fetch(OutboundError::Status(404))));
    good.store(2, Ordering::SeqCst);
    let refused = documents.client_document(&url, at(330)).await;
    assert!(
        matches!(refused, Err(DocumentError::Document(ClientDocumentError::Unusable { member: "client_name", .. }))),
        "{refused:?}"
    );
    good.store(1, Ordering::SeqCst);
    assert!(documents.client_document(&url, at(360)).await.is_ok());
}

#[tokio::test]
async fn case_34_a_document_speaks_for_its_own_address_only() {
    let server = client(
        r#"{"client_id":"https://127.0.0.1:{}/other","client_name":"App","redirect_uris":["https://app.example/cb"]}"#,
    );
    let documents = Outbound::new(trusting()).unwrap();
    let url = server.url();
    assert_eq!(
        documents.client_document(&url, at(0)).await,
        Err(DocumentError::Document(ClientDocumentError::ClientIdDiffers))
    );
}

#[tokio::test]
async fn case_34_key_sets_are_public_and_fetched_again_when_a_key_is_missing() {
    let server = client(&format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{}","kid":"a"}}]}}"#, "A".repeat(43)));
    let url = server.url();
    let outbound = Outbound::new(trusting()).unwrap();
    assert!(outbound.key_set(&url, None, at(0)).await.unwrap().contains("Ed25519"));
    outbound.key_set(&url, Some("a"), at(50)).await.unwrap();
    outbound.key_set(&url, Some("b"), at(9)).await.unwrap();
    assert_eq!(server.accepted(), 1, "the key is there, or the set is too young to ask again");
    outbound.key_set(&url, Some("b"), at(10)).await.unwrap();
    assert_eq!(server.accepted(), 2);
    outbound.key_set(&url, Some("c"), at(19)).await.unwrap();
    assert_eq!(server.accepted(), 2);

    let leaking = client(r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"x","d":"d"}]}"#);
    let refused = outbound.key_set(&leaking.url(), None, at(0)).await;
    assert_eq!(refused, Err(DocumentError::Document(ClientDocumentError::PrivateKey)));
    assert!(outbound.key_set("http://127.0.0.1/keys", None, at(0)).await.is_err());
}

#[tokio::test]
async fn case_34_what_passes_by_itself_and_what_does_not() {
    let outbound = Outbound::new(trusting()).unwrap();
    for (answer, transient) in
        [("503 So", true), ("429 So", true), ("404 So", false), ("302 So", false), ("200 So", false)]
    {
        let server = Server::saying(format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n"));
        let refused = outbound.client_document(&server.url(), at(0)).await.unwrap_err();
        assert_eq!(refused.is_transient(), transient, "{answer}");
    }
    let bad = client("{}");
    assert!(!outbound.client_document(&bad.url(), at(0)).await.unwrap_err().is_transient());
    assert_eq!(LONGEST_CACHE, Lifetime::from_hours(24));
}

#[test]
fn an_extra_root_that_is_none_stops_the_start() {
    for pem in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(
            Outbound::new(OutboundPolicy { extra_root: Some(pem.into()), ..OutboundPolicy::default() }).is_err(),
            "{pem}"
        );
    }
}
