//! Being looked after: sockets that are handed over, and word of how it stands. systemd's part is played by a shell and a datagram socket.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{ISSUER, put};
use crate::cli::Appliance;
use crate::world::{Certificate, TlsClient, raw, read_answer};

/// A process that ends with the test.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Starts the program as a service manager does: the sockets are its descriptors from 3 on, and the variables say so.
fn hand_over(appliance: &Appliance, names: &str, sockets: Vec<TcpListener>) -> Started {
    let mut sockets = sockets.into_iter().map(|socket| Stdio::from(OwnedFd::from(socket)));
    let script = format!(
        "exec 3<&0 4<&1 1>/dev/null; export LISTEN_PID=$$ LISTEN_FDS={} LISTEN_FDNAMES={names}; exec \"$0\" serve",
        sockets.len()
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_writ")]).env_clear();
    command.env("WRIT_DATA", appliance.data()).env("WRIT_LISTEN", &appliance.listen);
    command.envs(appliance.variables.iter().map(|(name, value)| (name, value)));
    command.stdin(sockets.next().unwrap()).stdout(sockets.next().unwrap_or_else(Stdio::null)).stderr(Stdio::piped());
    Started(command.spawn().unwrap())
}

fn socket() -> (TcpListener, SocketAddr) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

const GET: &[u8] = b"GET /.well-known/oauth-authorization-server HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

#[test]
fn who_connects_before_it_has_started_is_answered_once_it_has() {
    let appliance = Appliance::new();
    let (listener, address) = socket();
    let mut early = TcpStream::connect(address).unwrap();
    early.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    early.write_all(GET).unwrap();
    let _started = hand_over(&appliance, "main", vec![listener]);
    let mut answer = String::new();
    early.read_to_string(&mut answer).unwrap();
    read_answer(&answer).expect_status(200);
    assert!(TcpStream::connect(&appliance.listen).is_err(), "it listens on what it was given and nowhere else");
}

#[test]
fn a_restart_turns_nobody_away() {
    let appliance = Appliance::new();
    let (listener, address) = socket();
    let begin = || hand_over(&appliance, "main", vec![listener.try_clone().unwrap()]);
    let connect = || {
        let wire = TcpStream::connect(address).unwrap();
        wire.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        wire
    };
    let answered = |mut wire: TcpStream| {
        let mut answer = String::new();
        wire.read_to_string(&mut answer).unwrap();
        read_answer(&answer).expect_status(200);
    };
    let mut first = begin();
    let mut early: Vec<_> = (0..20).map(|_| connect()).collect();
    // They come in one after the other: once this one is answered, those before it are in.
    raw(address, GET).expect_status(200);
    let pid = first.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let mut said = BufReader::new(first.0.stderr.take().unwrap()).lines();
    assert!(said.by_ref().any(|line| line.unwrap().contains("stopping")));
    // Who had connected and not asked yet, and who comes now.
    early.iter_mut().for_each(|wire| wire.write_all(GET).unwrap());
    let mut late = connect();
    late.write_all(GET).unwrap();
    early.into_iter().for_each(answered);
    said.for_each(drop);
    assert!(first.0.wait().unwrap().success());
    let _second = begin();
    answered(late);
}

#[test]
fn https_and_plain_http_are_handed_over_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let certificate = Certificate::of("id.example");
    put(directory.path().into(), &certificate);
    let path = |name| directory.path().join(name).to_str().unwrap().to_owned();
    let appliance = Appliance::with(&[
        ("WRIT_PUBLIC_URL", ISSUER),
        ("WRIT_TLS_CERTIFICATE", &path("chain.pem")),
        ("WRIT_TLS_KEY", &path("key.pem")),
    ]);
    let ((main, main_at), (redirect, redirect_at)) = (socket(), socket());
    // In the other order, so that the names decide.
    let _started = hand_over(&appliance, "redirect:main", vec![redirect, main]);
    let answer = raw(redirect_at, b"GET /sign-in HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n");
    assert_eq!((answer.status, answer.header("location")), (308, Some(format!("{ISSUER}/sign-in").as_str())));
    let wire = TlsClient::new(&certificate.pem).connect(main_at, "id.example").unwrap();
    wire.get("/health", &[]).expect_status(200);
}

#[test]
fn what_cannot_be_meant_is_refused_with_words() {
    let refused = |names: &str, sockets: Vec<TcpListener>, variables: &[(&'static str, &str)], words: &str| {
        let mut started = hand_over(&Appliance::with(variables), names, sockets);
        let mut said = String::new();
        started.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(!started.0.wait().unwrap().success());
        assert!(said.contains(words), "{said}");
    };
    refused("main:other", vec![socket().0, socket().0], &[], "two sockets");
    refused("redirect", vec![socket().0], &[], "only a socket for plain http");
    refused("main:redirect", vec![socket().0, socket().0], &[], "does not speak https");
    // What the settings would not listen on is not listened on because it is handed over.
    let open = TcpListener::bind("0.0.0.0:0").unwrap();
    refused("main", vec![open], &[], "without TLS Writ speaks plain http");
}

#[test]
fn whoever_started_it_hears_how_it_stands() {
    for abstract_name in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let (listening, name) = if abstract_name {
            use std::os::linux::net::SocketAddrExt as _;
            let name = path.to_str().unwrap().to_owned();
            let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
            (UnixDatagram::bind_addr(&address).unwrap(), format!("@{name}"))
        } else {
            (UnixDatagram::bind(&path).unwrap(), path.to_str().unwrap().to_owned())
        };
        // This only ends a test that would hang.
        listening.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let hear = || {
            let mut heard = [0; 1_024];
            let length = listening.recv(&mut heard).unwrap();
            String::from_utf8_lossy(&heard[..length]).into_owned()
        };
        let appliance = Appliance::with(&[("NOTIFY_SOCKET", &name), ("WATCHDOG_USEC", "100000")]);
        let serving = appliance.serve();
        let ready = hear();
        assert!(ready.starts_with("READY=1\nSTATUS=Answering as http://"), "{ready}");
        assert!((0..3).all(|_| hear() == "WATCHDOG=1"));
        serving.stop();
        assert!((0..1_000).map(|_| hear()).any(|word| word.starts_with("STOPPING=1")));
    }
}
