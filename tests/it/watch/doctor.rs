//! `writ doctor`, on the built program.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::thread;

use serde_json::Value;

use crate::cli::{Appliance, text};

/// What it found, by what was looked at, and its exit code.
fn examine(appliance: &Appliance, arguments: &[&str]) -> (Vec<Value>, i32) {
    let output = appliance.run(&[&["doctor", "--json"], arguments].concat());
    let told: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", text(&output.stdout), text(&output.stderr)));
    let findings = told["findings"].as_array().unwrap().clone();
    for finding in &findings {
        let mends = finding.get("mend").is_some();
        assert_eq!(mends, finding["state"] != "ok", "whatever is not well has a way to mend it: {finding}");
    }
    let code = output.status.code().unwrap();
    let worst = ["ok", "look", "broken"].iter().position(|state| told["worst"] == *state).unwrap();
    assert_eq!(code, i32::try_from(worst).unwrap(), "the exit code says the worst");
    (findings, code)
}

fn state<'f>(findings: &'f [Value], check: &str) -> Vec<&'f str> {
    findings
        .iter()
        .filter(|finding| finding["check"] == check)
        .map(|finding| finding["state"].as_str().unwrap())
        .collect()
}

fn said(findings: &[Value], check: &str) -> String {
    findings.iter().filter(|finding| finding["check"] == check).map(ToString::to_string).collect()
}

#[test]
fn a_healthy_appliance_is_well_and_so_is_its_file() {
    let appliance = Appliance::new();
    let (findings, code) = examine(&appliance, &[]);
    assert_eq!((state(&findings, "files"), code), (vec!["look"], 1), "there is none yet");
    assert!(!appliance.data().exists(), "looking makes nothing");

    appliance.set_up();
    let (findings, _) = examine(&appliance, &[]);
    assert_eq!(state(&findings, "backups"), ["look"], "there is none yet");
    appliance.json(&["backup"]);
    let (findings, code) = examine(&appliance, &[]);
    assert_eq!(code, 0, "{findings:?}");
    assert_eq!(state(&findings, "discovery"), ["ok"], "a stopped one is not asked");

    let serving = appliance.serve();
    // The RSA key may still be in the making; each look is a process of its own, and takes its time.
    let healthy = (0..500).map(|_| examine(&appliance, &[])).find(|(_, code)| *code == 0);
    let (findings, _) = healthy.unwrap_or_else(|| panic!("it never gets well: {:?}", examine(&appliance, &[]).0));
    let checks =
        ["disk", "data directory", "store", "master key", "socket", "settings", "writing", "keys", "key schedule"];
    let checks = checks.into_iter().chain(["audit log", "audit head", "clock", "discovery", "key set", "proxy"]);
    let document = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/observe.md")).unwrap();
    let told = document.split_once("| check | what is looked at |").unwrap().1.split("\n\n").next().unwrap();
    for finding in &findings {
        let check = finding["check"].as_str().unwrap();
        assert!(told.contains(check), "docs/observe.md says nothing of `{check}`");
    }
    for check in checks {
        assert!(!state(&findings, check).is_empty(), "{check} was not looked at: {findings:?}");
    }
    let people = text(&appliance.run(&["doctor"]).stdout);
    assert!(
        people.lines().count() >= findings.len() && people.contains("the public URL leads here without a proxy"),
        "{people}"
    );
    serving.stop();
}

#[test]
fn what_is_wrong_is_told_with_the_way_to_mend_it() {
    let appliance = Appliance::new();
    appliance.set_up();
    let key = appliance.data().join("master.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let (findings, code) = examine(&appliance, &[]);
    assert_eq!((state(&findings, "master key"), code), (vec!["broken"], 2));
    assert!(said(&findings, "master key").contains("chmod 600"));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();

    // The key is gone: nothing opens, and everything else is still told.
    let elsewhere = appliance.directory.path().join("kept");
    fs::rename(&key, &elsewhere).unwrap();
    let (findings, code) = examine(&appliance, &[]);
    assert_eq!(
        (state(&findings, "master key"), state(&findings, "appliance"), code),
        (vec!["broken"], vec!["broken"], 2)
    );
    assert!(said(&findings, "master key").contains("kept elsewhere"), "{findings:?}");
    assert_eq!(state(&findings, "disk"), ["ok"]);
    fs::rename(&elsewhere, &key).unwrap();

    // A head that nobody of ours wrote.
    fs::write(appliance.data().join("writ.head"), b"{}").unwrap();
    let (findings, code) = examine(&appliance, &[]);
    assert_eq!((state(&findings, "audit log"), code), (vec!["broken"], 2), "{findings:?}");
}

/// What a container's health check asks.
#[test]
fn whether_it_is_ready_is_asked_of_the_one_that_runs() {
    let appliance = Appliance::new();
    let ready = || {
        let output = appliance.run(&["doctor", "--ready"]);
        (output.status.code().unwrap(), text(&output.stdout))
    };
    let (code, words) = ready();
    assert!(code == 1 && words.contains("nobody answers") && words.ends_with("not ready\n"), "{words}");
    assert!(!appliance.data().exists(), "asking makes nothing");
    let serving = appliance.serve();
    // The RSA key may still be in the making.
    let is_ready = (0..500).map(|_| ready()).find(|(code, _)| *code == 0);
    let (_, words) = is_ready.unwrap_or_else(|| panic!("it never gets ready: {}", ready().1));
    assert!(words.ends_with("ready\n") && !words.contains("not ready"), "{words}");
    let told: Value = serde_json::from_slice(&appliance.run(&["doctor", "--ready", "--json"]).stdout).unwrap();
    assert_eq!(told["ready"], true);
    serving.stop();
    assert_eq!(ready().0, 1, "a file that could be opened serves nobody");
}

/// Somebody else answers at the public URL.
#[test]
fn an_issuer_that_leads_elsewhere_is_found() {
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", stranger.local_addr().unwrap());
    thread::spawn(move || {
        for stream in stranger.incoming() {
            let body = r#"{"issuer":"https://somebody-else.example"}"#;
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let mut stream = stream.unwrap();
            read_head(&mut stream);
            drop(stream.write_all(format!("{head}{body}").as_bytes()));
        }
    });
    let appliance = Appliance::with(&[("WRIT_PUBLIC_URL", url.as_str())]);
    let serving = appliance.serve();
    let (findings, code) = examine(&appliance, &["--time-from", &url]);
    assert_eq!(code, 2);
    assert!(said(&findings, "discovery").contains("names another issuer"), "{findings:?}");
    assert_eq!(state(&findings, "key set"), ["broken"]);
    assert_eq!(state(&findings, "proxy"), ["look"]);
    assert_eq!(state(&findings, "clock elsewhere"), ["broken"], "a clock of 1994");
    serving.kill();
}

#[test]
fn a_proxy_is_judged_by_what_arrives() {
    // A proxy that adds the address, and one that passes on what it was told.
    for (adds, trusted, expected, words) in [
        (true, "127.0.0.1", "ok", "says who asks"),
        (false, "127.0.0.1", "broken", "every visitor can claim any address"),
        (true, "10.9.9.9", "look", "WRIT_TRUSTED_PROXIES=127.0.0.1"),
    ] {
        let front = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", front.local_addr().unwrap());
        let appliance = Appliance::with(&[("WRIT_PUBLIC_URL", url.as_str()), ("WRIT_TRUSTED_PROXIES", trusted)]);
        let back = appliance.listen.clone();
        thread::spawn(move || front.incoming().for_each(|stream| forward(stream.unwrap(), &back, adds)));
        let serving = appliance.serve();
        let (findings, _) = examine(&appliance, &[]);
        assert_eq!(state(&findings, "proxy"), [expected], "{findings:?}");
        assert!(said(&findings, "proxy").contains(words), "{findings:?}");
        assert_eq!(state(&findings, "discovery"), ["ok"], "{findings:?}");
        serving.kill();
    }
}

fn read_head(stream: &mut TcpStream) -> Vec<String> {
    let mut lines = Vec::new();
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    lines
}

/// One request, which says `Connection: close`.
fn forward(mut from: TcpStream, back: &str, adds: bool) {
    let mut head = read_head(&mut from);
    let place = head.iter().position(|line| line.to_ascii_lowercase().starts_with("x-forwarded-for:"));
    match place {
        _ if !adds => {}
        Some(place) => head[place] += ", 198.51.100.1",
        None => head.push("X-Forwarded-For: 198.51.100.1".to_owned()),
    }
    let mut to = TcpStream::connect(back).unwrap();
    to.write_all(format!("{}\r\n\r\n", head.join("\r\n")).as_bytes()).unwrap();
    let mut answer = Vec::new();
    to.read_to_end(&mut answer).unwrap();
    drop(from.write_all(&answer));
}
