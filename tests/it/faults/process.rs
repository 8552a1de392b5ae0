//! The built program where the system gives it too little: room on the disk, descriptors, memory, permission; or the wrong master key.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{Promise, Starved, is_kept, register};
use crate::cli::{Appliance, PASSWORD, text};
use crate::world::{Browser, at_once};

/// Everything that was promised is there, and the audit log is whole.
fn expect_kept(appliance: &Appliance, promises: &[Promise]) {
    let serving = Starved::start(appliance.limited("-c 0")).unwrap();
    for promise in promises {
        assert!(is_kept(appliance.address(), promise), "{promise:?} was acknowledged and is gone");
    }
    register(appliance.address()).unwrap().unwrap();
    serving.kill();
    assert_eq!(appliance.json(&["audit", "verify"])["intact"], true);
}

/// A limit on the size of files is a full disk that needs no mount.
#[test]
fn on_a_full_disk_it_ends_with_words_and_loses_nothing() {
    let appliance = Appliance::new();
    appliance.set_up();
    let size = std::fs::metadata(appliance.data().join("writ.redb")).unwrap().len();
    // The unit of `ulimit -f` is 512 bytes.
    let limit = format!("-f {}", size / 512 + 2_048);
    let serving = Starved::start(appliance.limited(&limit)).unwrap();
    let mut promises = Vec::new();
    let refused = loop {
        assert!(promises.len() < 20_000, "the limit never bites");
        match register(appliance.address()) {
            Some(Ok(promise)) => promises.push(promise),
            Some(Err(answer)) => break Some(answer),
            None => break None,
        }
    };
    let (status, log) = serving.ended();
    assert_eq!(status.code(), Some(1), "it was killed instead of told: {log}");
    assert!(log.contains("make room on its disk"), "{log}");
    if let Some(answer) = refused {
        assert_eq!(answer.json()["error"], "server_error");
    }
    // It does not start while there is no room, or starts and ends as before; it loses nothing by trying.
    match Starved::start(appliance.limited(&limit)) {
        Err(log) => assert!(log.contains("make room on its disk"), "{log}"),
        Ok(serving) => drop(serving.kill()),
    }
    expect_kept(&appliance, &promises);
}

#[test]
fn without_descriptors_who_is_there_is_served_and_who_comes_waits() {
    let appliance = Appliance::new();
    appliance.set_up();
    let serving = Starved::start(appliance.limited("-n 64")).unwrap();
    let address = appliance.address();
    let first = register(address).unwrap().unwrap();
    let mut held = TcpStream::connect(address).unwrap();
    assert!(ask(&mut held, "GET", "/health", "").starts_with("HTTP/1.1 200"));
    // More than there are descriptors; the system takes them in all the same.
    let crowd: Vec<_> = (0..120).map(|_| TcpStream::connect(address).unwrap()).collect();
    let body = json!({ "redirect_uris": ["http://127.0.0.1/callback"] }).to_string();
    for _ in 0..5 {
        let answer = ask(&mut held, "POST", "/oauth/register", &body);
        assert!(answer.starts_with("HTTP/1.1 201"), "the store goes on: {answer}");
    }
    drop(crowd);
    // Whoever comes now was waited for.
    let second = register(address).unwrap().unwrap();
    assert!(is_kept(address, &second));
    let found = appliance.run(&["doctor", "--json"]);
    let found: Value = serde_json::from_slice(&found.stdout).unwrap();
    let found = found["findings"].as_array().unwrap().iter().find(|finding| finding["check"] == "descriptors").unwrap();
    assert!(found["found"].as_str().unwrap().ends_with(" of 64 are open"), "{found}");
    assert!(found["state"] != "ok" && found["mend"].as_str().unwrap().contains("LimitNOFILE"), "{found}");
    let log = serving.kill();
    assert!(!log.contains("panicked"), "{log}");
    // Told with what to do, and not twice a second.
    assert!(!log.contains("Error accepting connection"), "{log}");
    let told = log.matches("nobody else can be let in").count();
    assert!((1..=2).contains(&told) && log.contains("Too many open files") && log.contains("LimitNOFILE"), "{log}");
    expect_kept(&appliance, &[first, second]);
}

/// A request on a connection that stays open, and the answer to it.
fn ask(stream: &mut TcpStream, method: &str, path: &str, body: &str) -> String {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        answer.extend(byte);
    }
    let head = text(&answer).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    let mut rest = vec![0; length];
    stream.read_exact(&mut rest).unwrap();
    text(&[answer, rest].concat())
}

/// However much there is: it answers, asks to come again, or ends; and opens again with everything that it had said.
#[test]
fn without_memory_it_answers_or_ends_and_loses_nothing() {
    let appliance = Appliance::new();
    appliance.set_up();
    let serving = Starved::start(appliance.limited("-c 0")).unwrap();
    register(appliance.address()).unwrap().unwrap();
    let peak = status(serving.id(), "VmPeak");
    serving.kill();
    let mut promises = Vec::new();
    for more in [0, 8 * 1_024, 40 * 1_024, 200 * 1_024] {
        let Ok(serving) = Starved::start(appliance.limited(&format!("-v {}", peak + more))) else { continue };
        let address = appliance.address();
        let made = at_once(6, |n| if n < 3 { sign_in(address).map(drop).and(None) } else { register(address)?.ok() });
        promises.extend(made.into_iter().flatten());
        for _ in 0..20 {
            match register(address) {
                Some(Ok(promise)) => promises.push(promise),
                Some(Err(_)) => {}
                // Nobody answers, so nobody is there any more.
                None => break,
            }
        }
        serving.kill();
    }
    assert!(!promises.is_empty(), "it never started");
    expect_kept(&appliance, &promises);
}

fn sign_in(address: std::net::SocketAddr) -> Option<u16> {
    let mut browser = Browser::new(address);
    let page = browser.attempt("GET", "/sign-in", &[])?;
    // It may say that it has no memory for a page.
    let csrf = page.forms().iter().find(|form| form.action == "/sign-in").map(|form| form.value("csrf").to_owned())?;
    let fields = [("csrf", csrf.as_str()), ("email", "ada@example.com"), ("password", PASSWORD)];
    browser.attempt("POST", "/sign-in", &fields).map(|page| page.status)
}

/// A figure of the system's about a process, in KiB.
pub(super) fn status(process: u32, name: &str) -> u64 {
    let all = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = all.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Nobody in particular: the superuser writes where nobody may.
const NOBODY: u32 = 65_534;

/// Gives the directory and what is in it to somebody whom permissions bind.
fn hand_over(directory: &Path) {
    if std::fs::metadata(directory).unwrap().uid() == 0 {
        for path in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        chown(directory, Some(NOBODY), Some(NOBODY)).unwrap();
    }
}

fn as_somebody(appliance: &Appliance) -> Command {
    let mut command = appliance.limited("-c 0");
    if std::fs::metadata(appliance.directory.path()).unwrap().uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_may_not_be_written_refuses_to_start_and_says_what() {
    let appliance = Appliance::new();
    appliance.set_up();
    let (data, file) = (appliance.data(), appliance.data().join("writ.redb"));
    set_mode(appliance.directory.path(), 0o755);
    hand_over(&data);
    // As whom it is to be run, it runs: so what follows is about permissions and nothing else.
    match Starved::start(as_somebody(&appliance)) {
        Ok(serving) => drop(serving.kill()),
        // Whoever runs the tests keeps the built program where nobody else may look.
        Err(log) => panic!("it does not start as somebody else: {log}"),
    }
    set_mode(&file, 0o400);
    let said = Starved::start(as_somebody(&appliance)).err().expect("it serves a file that it cannot write");
    assert!(said.contains("must be writable for whoever runs Writ"), "{said}");
    set_mode(&file, 0o600);
    set_mode(&data, 0o500);
    std::fs::remove_file(data.join("writ.head")).unwrap();
    let said = Starved::start(as_somebody(&appliance)).err().expect("it serves where it can keep nothing");
    assert!(said.contains("must have room and be writable"), "{said}");
    set_mode(&data, 0o700);
    Starved::start(as_somebody(&appliance)).unwrap().kill();
}

#[test]
fn with_another_master_key_nothing_is_opened_and_nothing_is_changed() {
    let appliance = Appliance::new();
    appliance.set_up();
    appliance.json(&["resource", "add", "https://mcp.example/a", "--name", "A", "--scope", "mcp:read"]);
    appliance.serve().stop();
    let (file, key) = (appliance.data().join("writ.redb"), appliance.data().join("master.key"));
    let right = std::fs::read(&key).unwrap();
    let before = appliance.events().len();

    std::fs::write(&key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
    for arguments in [&["serve"][..], &["scope", "add", "a:b", "--description", "A"]] {
        let said = appliance.refused(arguments);
        assert!(said.contains("is not the master key that this store was begun with"), "{said}");
        assert!(said.contains("master.key"), "{said}");
    }
    let elsewhere = Appliance {
        variables: vec![("WRIT_MASTER_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned())],
        listen: appliance.listen.clone(),
        directory: tempfile::tempdir().unwrap(),
    };
    std::fs::create_dir(elsewhere.data()).unwrap();
    std::fs::copy(&file, elsewhere.data().join("writ.redb")).unwrap();
    assert!(elsewhere.refused(&["serve"]).contains("the setting master_key is not the master key"));

    // Readable by others: whoever made it so decides whether it is still secret.
    std::fs::write(&key, &right).unwrap();
    set_mode(&key, 0o644);
    let said = appliance.refused(&["serve"]);
    assert!(said.contains("can be read by other users") && said.contains("chmod 600"), "{said}");
    // Damaged.
    set_mode(&key, 0o600);
    std::fs::write(&key, &right[..20]).unwrap();
    assert!(appliance.refused(&["serve"]).contains("does not hold a master key"));

    std::fs::write(&key, &right).unwrap();
    assert_eq!(appliance.events().len(), before, "something was written meanwhile");
    let verdict: Value = appliance.json(&["audit", "verify"]);
    assert_eq!(verdict["intact"], true);
    appliance.serve().stop();
}
