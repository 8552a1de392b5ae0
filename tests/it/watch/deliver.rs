//! The audit log, delivered elsewhere: everything, in order, at least once, whatever happens to whom.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use base64::Engine as _;
use serde_json::Value;
use writ::base::{Clock, Lifetime, MacKey};
use writ::operations::{deliver, doctor, housekeeping};
use writ::store::Read as _;
use writ::store::tables::DELIVERED;

use crate::world::World;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn round(world: &World) {
    world.block(deliver::round(&world.app, &housekeeping::context(&world.app))).unwrap();
}

fn newest(world: &World) -> u64 {
    world.app.store.audit_head().unwrap().sequence
}

/// Something to tell of.
fn happen(world: &World, times: usize) {
    for n in 0..times {
        world.client(&format!("application {n}"));
    }
}

fn sequences(texts: &[String]) -> Vec<u64> {
    texts.iter().map(|text| serde_json::from_str::<Value>(text).unwrap()["sequence"].as_u64().unwrap()).collect()
}

/// Each number from one on, in order, some of them more than once.
#[track_caller]
fn expect_no_gap(delivered: &[u64], newest: u64) {
    let mut seen = 0;
    for sequence in delivered {
        assert!(*sequence <= seen + 1, "{sequence} after {seen}");
        seen = seen.max(*sequence);
    }
    assert_eq!(seen, newest, "{delivered:?}");
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// A receiver of webhooks that can be told to be down.
struct Receiver {
    url: String,
    state: Arc<Mutex<Received>>,
}

#[derive(Default)]
struct Received {
    /// What it answers with.
    status: u16,
    /// Heads and bodies.
    requests: Vec<(String, String)>,
    /// How long each takes, by whose clock.
    takes: Option<(Clock, Lifetime)>,
}

impl Receiver {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/audit?token=of-the-receiver", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(Received { status: 204, ..Received::default() }));
        let shared = Arc::clone(&state);
        thread::spawn(move || listener.incoming().for_each(|stream| take(stream.unwrap(), &shared)));
        Self { url, state }
    }

    fn answers(&self, status: u16) {
        self.state.lock().unwrap().status = status;
    }

    fn requests(&self) -> Vec<(String, String)> {
        self.state.lock().unwrap().requests.clone()
    }

    /// The numbers of all entries that came, in the order in which they came.
    fn sequences(&self) -> Vec<u64> {
        let bodies = self.requests().into_iter().map(|(_, body)| serde_json::from_str::<Value>(&body).unwrap());
        bodies
            .flat_map(|body| body["entries"].as_array().unwrap().clone())
            .map(|e| e["sequence"].as_u64().unwrap())
            .collect()
    }
}

fn take(mut stream: TcpStream, state: &Mutex<Received>) {
    let (mut head, mut length) = (String::new(), 0);
    let mut reader = BufReader::new(&mut stream);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
        head += &line;
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut state = state.lock().unwrap();
    let status = state.status;
    if let Some((clock, time)) = &state.takes {
        clock.advance(*time);
    }
    if status < 300 {
        state.requests.push((head, String::from_utf8(body).unwrap()));
    }
    drop(stream.write_all(
        format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nRetry-After: 7\r\nConnection: close\r\n\r\n").as_bytes(),
    ));
}

fn header<'h>(head: &'h str, name: &str) -> &'h str {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:"))).unwrap();
    line.split_once(':').unwrap().1.trim()
}

#[test]
fn every_entry_is_in_the_file_once_and_as_the_api_tells_it() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("audit.jsonl");
    let world = World::with(&[("audit.deliver_to", &format!("file:{}", path.display()))]);
    happen(&world, 700);
    round(&world);
    round(&world);
    let lines = lines(&path);
    assert_eq!(sequences(&lines), (1..=newest(&world)).collect::<Vec<_>>());
    let last: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!(last["event"], "client.updated");
    assert_eq!(last["from"]["channel"], "socket");
    assert_eq!(last["hash"], world.app.store.audit_head().unwrap().hash.text());
}

#[test]
fn a_restart_in_the_middle_leaves_no_gap() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("audit.jsonl");
    let mut world = World::with_file_and(&[("audit.deliver_to", &format!("file:{}", path.display()))]);
    for turn in 0..4 {
        happen(&world, 20);
        round(&world);
        // Now and then it is put down how far it has got; what came after that is delivered again.
        if turn == 1 {
            world.later(Lifetime::from_seconds(20));
            happen(&world, 1);
            round(&world);
        }
        happen(&world, 5);
        world = world.restarted();
    }
    round(&world);
    let delivered = sequences(&lines(&path));
    expect_no_gap(&delivered, newest(&world));
    assert!(delivered.len() > usize::try_from(newest(&world)).unwrap(), "some were delivered twice");
    assert!(delivered.len() < 3 * usize::try_from(newest(&world)).unwrap(), "and not all of them each time");
}

#[test]
fn how_far_it_got_is_put_down_and_found_again() {
    let receiver = Receiver::new();
    let place = ("audit.deliver_to", receiver.url.as_str());
    let world = World::with_file_and(&[place, ("audit.deliver_secret", SECRET)]);
    happen(&world, 3);
    round(&world);
    world.later(Lifetime::from_seconds(11));
    happen(&world, 1);
    round(&world);
    let to = world.app.config.audit.deliver_to.clone().unwrap().digest();
    let row = world.read(|view| view.get(&DELIVERED, &to)).unwrap();
    assert_eq!(row.sequence, newest(&world));
    let before = receiver.sequences();
    let world = world.restarted();
    happen(&world, 2);
    round(&world);
    let after = receiver.sequences();
    assert!(
        after[before.len()..].iter().all(|sequence| *sequence > row.sequence),
        "nothing that was put down comes again"
    );
    expect_no_gap(&after, newest(&world));
}

#[test]
fn a_slow_receiver_gets_each_batch_with_its_own_time_and_how_far_it_got_is_put_down_on_the_way() {
    let receiver = Receiver::new();
    let place = ("audit.deliver_to", receiver.url.as_str());
    let world = World::with(&[place, ("audit.deliver_secret", SECRET)]);
    while newest(&world) < 2_100 {
        happen(&world, 50);
    }
    receiver.state.lock().unwrap().takes = Some((world.app.clock.clone(), Lifetime::from_seconds(4)));
    let began = world.now().seconds();
    round(&world);
    let times: Vec<i64> = receiver
        .requests()
        .iter()
        .map(|(head, _)| header(head, "webhook-timestamp").parse::<i64>().unwrap() - began)
        .collect();
    assert_eq!(times, [0, 4, 8], "receivers refuse what is signed with a time that is over");
    let to = world.app.config.audit.deliver_to.clone().unwrap().digest();
    let row = world.read(|view| view.get(&DELIVERED, &to)).unwrap();
    assert_eq!((row.sequence, row.at), (*receiver.sequences().last().unwrap(), world.now()));
    // One that lets us wait and says no is not asked at once again.
    receiver.answers(503);
    let asked = world.now();
    round(&world);
    assert!(world.app.delivery.pace().next_try_at > asked.plus(Lifetime::from_seconds(4)));
}

#[test]
fn a_receiver_that_is_down_loses_nothing_and_slows_nothing() {
    let receiver = Receiver::new();
    let place = ("audit.deliver_to", receiver.url.as_str());
    let world = World::with(&[place, ("audit.deliver_secret", SECRET), ("metrics.listen", "127.0.0.1:0")]);
    happen(&world, 10);
    round(&world);
    let before = receiver.requests().len();
    receiver.answers(503);
    happen(&world, 10);
    round(&world);
    // It is not asked again before its time, whoever calls.
    let failures = || world.app.delivery.failures.get();
    assert_eq!(failures(), 1);
    (0..5).for_each(|_| round(&world));
    assert_eq!(failures(), 1);
    // Seven seconds, it said.
    world.later(Lifetime::from_seconds(6));
    round(&world);
    assert_eq!(failures(), 1);
    for _ in 0..20 {
        world.later(Lifetime::from_minutes(1));
        round(&world);
    }
    assert!((5..=20).contains(&failures()), "{}", failures());
    happen(&world, 10);
    assert_eq!(receiver.requests().len(), before);

    // Whoever watches is told, and nobody is told the token in its address.
    let told = doctor::readiness(&world.app, world.now());
    let finding = told.iter().find(|finding| finding.check == "audit delivery").unwrap();
    assert_eq!(finding.state, doctor::State::Look);
    assert!(finding.found.contains("status 503") && !finding.found.contains("of-the-receiver"), "{}", finding.found);
    assert!(doctor::worst(&told) < doctor::State::Broken, "somebody else's trouble takes nobody out of service");
    let ada = world.administrator("ada");
    let overview = world.signed_in(&ada).get("/console");
    overview.expect_text("audit delivery: ");
    overview.expect_no_text("of-the-receiver");
    let page = crate::world::Request::new(world.watched.unwrap(), "GET", "/metrics").send().body;
    let behind = newest(&world) - world.app.delivery.pace().sequence.unwrap();
    assert!(behind > 20 && page.contains(&format!("\nwrit_audit_delivery_behind_entries {behind}\n")), "{page}");

    receiver.answers(200);
    world.later(Lifetime::from_minutes(5));
    round(&world);
    expect_no_gap(&receiver.sequences(), newest(&world));
    let told = doctor::readiness(&world.app, world.now());
    assert!(
        told.iter().all(|finding| finding.check != "audit delivery" || finding.state == doctor::State::Ok),
        "{told:?}"
    );
}

#[test]
fn what_is_posted_is_signed_and_named_by_what_is_in_it() {
    let receiver = Receiver::new();
    let place = ("audit.deliver_to", receiver.url.as_str());
    let world = World::with(&[place, ("audit.deliver_secret", SECRET)]);
    happen(&world, 3);
    round(&world);
    let (head, body) = receiver.requests().pop().unwrap();
    let (id, at) = (header(&head, "webhook-id"), header(&head, "webhook-timestamp"));
    assert_eq!(id, format!("audit-1-{}", newest(&world)));
    assert_eq!(at, world.now().seconds().to_string());
    let key = base64::engine::general_purpose::STANDARD.decode(&SECRET["whsec_".len()..]).unwrap();
    let mac = MacKey::shared(&key).mac(&[id.as_bytes(), b".", at.as_bytes(), b".", body.as_bytes()]);
    let signed = base64::engine::general_purpose::STANDARD.encode(mac.bytes());
    assert_eq!(header(&head, "webhook-signature"), format!("v1,{signed}"));
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((body["type"].as_str(), body["first"].as_u64()), (Some("audit.entries"), Some(1)));
    assert!(!head.contains(SECRET));
}

/// RFC 5424, on each way.
#[test]
fn syslog_gets_every_entry_on_each_of_its_ways() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("log");
    let here = UnixDatagram::bind(&path).unwrap();
    let world = World::with(&[("audit.deliver_to", &format!("syslog:{}", path.display()))]);
    let (tell, told) = mpsc::channel();
    let reading = thread::spawn(move || {
        let mut bytes = [0; 65_536];
        while let Ok(length) = here.recv(&mut bytes) {
            if tell.send(String::from_utf8(bytes[..length].to_vec()).unwrap()).is_err() {
                return;
            }
        }
    });
    happen(&world, 5);
    round(&world);
    let messages: Vec<String> = (0..newest(&world)).map(|_| told.recv().unwrap()).collect();
    expect_syslog(&messages, &world);
    drop((reading, told));

    let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
    let world = World::with(&[("audit.deliver_to", &format!("syslog+udp://{}", datagrams.local_addr().unwrap()))]);
    round(&world);
    let mut bytes = [0; 65_536];
    let messages: Vec<String> = (0..newest(&world))
        .map(|_| datagrams.recv(&mut bytes).map(|length| String::from_utf8(bytes[..length].to_vec()).unwrap()).unwrap())
        .collect();
    expect_syslog(&messages, &world);

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let world = World::with(&[("audit.deliver_to", &format!("syslog+tcp://{}", listener.local_addr().unwrap()))]);
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
        tell.send(text).unwrap();
    });
    round(&world);
    let (text, mut messages) = (told.recv().unwrap(), Vec::new());
    let mut rest = text.as_str();
    // RFC 6587 §3.4.1: MSG-LEN SP SYSLOG-MSG.
    while let Some((length, after)) = rest.split_once(' ') {
        let (message, next) = after.split_at(length.parse().unwrap());
        messages.push(message.to_owned());
        rest = next;
    }
    expect_syslog(&messages, &world);
}

#[track_caller]
fn expect_syslog(messages: &[String], world: &World) {
    let mut told = Vec::new();
    for message in messages {
        let fields: Vec<&str> = message.splitn(8, ' ').collect();
        let [priority, at, host, name, _, event, data, json] = fields[..] else { panic!("{message}") };
        assert_eq!((priority, host, name, data), ("<110>1", "127.0.0.1", "writ", "-"), "{message}");
        assert!(at.ends_with('Z') && at.contains('T'), "{at}");
        let value: Value = serde_json::from_str(json).unwrap();
        assert_eq!(value["event"], event);
        told.push(json.to_owned());
    }
    assert_eq!(sequences(&told), (1..=newest(world)).collect::<Vec<_>>());
}

#[test]
fn a_syslog_that_hangs_up_in_the_middle_is_told_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let world = World::with(&[("audit.deliver_to", &format!("syslog+tcp://{}", listener.local_addr().unwrap()))]);
    happen(&world, 200);
    let hanging_up = thread::spawn(move || {
        // Bytes that nobody read make the end of the connection a reset.
        listener.accept().unwrap().0.read_exact(&mut [0]).unwrap();
        let mut text = String::new();
        listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
        text
    });
    round(&world);
    assert_eq!(world.app.delivery.failures.get(), 1);
    world.later(Lifetime::from_minutes(1));
    round(&world);
    let text = hanging_up.join().unwrap();
    assert!(text.contains("\"sequence\":1}") || text.contains("\"sequence\":1,"), "from the first one on");
}
