//! The built program, killed with SIGKILL at any moment while it writes: people sign in and consent, codes are redeemed, tokens rotate, are
//! exchanged, bound to keys and revoked, clients register, machines, credentials, delegations and limits change, keys turn and are withdrawn, a
//! document is applied, a backup is made. What is done to the file with nothing running is in `commands`. Attack case 59.
//!
//! `tests/run kill` is the long run.

mod commands;
mod deeds;

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::world::{Browser, CALLBACK, JWT_BEARER, KeyPair, PASSWORD, Request, VERIFIER, verified};

const EMAIL: &str = "ada@example.com";
const RESOURCE: &str = "https://mcp.example/a";
/// Where a machine acts for a person.
const ELSEWHERE: &str = "https://mcp.example/b";

/// What was answered, and so must still be so.
#[derive(Clone, Debug)]
enum Answered {
    /// A code that bought tokens buys no more.
    Spent(String),
    /// The newest refresh token of a line still buys.
    Newest(String),
    /// A browser that signed in is signed in, and one that signed out is not.
    Session(Browser, bool),
    /// A token of a machine's is good, and one that was revoked is not.
    Token(String, bool),
    /// A registration stands, or is gone.
    Registered(Registration, bool),
    /// A machine's secret is good, or over.
    Secret {
        id: String,
        secret: String,
        is_good: bool,
    },
    /// What was spent is worth nothing.
    Proof(String),
    Assertion(String),
    /// A delegation is there, or is taken back.
    Delegation(String, bool),
    /// A key that was withdrawn stays so.
    Withdrawn(String),
    /// What has the name of a backup is whole.
    Backup(PathBuf),
    /// A number that was written, perhaps with the one after it on its way: into a machine's row, into five rows by one document, and as a
    /// limit.
    Purpose(u64),
    Applied(u64),
    Limit(u64),
}

/// How many kinds of answers there are.
const KINDS: usize = 14;

#[derive(Clone, Debug)]
struct Registration {
    client: String,
    token: String,
}

/// What a stretch of the program's life is about.
struct Scene<'a> {
    address: SocketAddr,
    data: &'a Path,
    /// Somebody who signs in.
    person: &'a str,
    /// An application that people connect.
    client: &'a str,
    /// A machine that may do everything, and looks at everybody's tokens.
    clerk: (&'a str, &'a str),
    /// One that may act for the person.
    desk: (&'a str, &'a str),
    /// One that signs.
    signer: (&'a str, &'a KeyPair),
    /// The clerk's token, for the API.
    token: &'a str,
    /// Counted up with each stretch.
    round: usize,
    /// The numbers that `Purpose`, `Applied` and `Limit` count.
    numbers: &'a [AtomicUsize; 3],
    answered: &'a Mutex<Vec<Answered>>,
    /// How much was answered: to all, and to one of those who ask.
    count: &'a AtomicUsize,
    own: AtomicUsize,
}

#[test]
fn case_59_killed_at_any_moment_it_keeps_what_it_said_and_nothing_by_halves() {
    kill(40);
}

#[test]
#[ignore = "takes minutes: the same a thousand times"]
fn case_59_killed_a_thousand_times() {
    kill(1_000);
}

fn kill(times: usize) {
    let directory = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let data = directory.path().join("data");
    let text = |made: &Value, name: &str| made[name].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    let person = command(&data, address, &["setup", "--email", EMAIL, "--name", "Ada", "--password-stdin"]);
    let person = text(&person, "person_id");
    for (name, identifier) in [("A", RESOURCE), ("B", ELSEWHERE)] {
        command(&data, address, &["resource", "add", identifier, "--name", name, "--scope", "mcp:read"]);
    }
    let client = command(&data, address, &["client", "add", "--name", "mail", "--redirect-uri", CALLBACK]);
    let client = text(&client, "client_id");
    let machine = |name: &str, more: &[&str]| {
        let about = ["machine", "add", "--name", name, "--owner", EMAIL, "--purpose", "0", "--scope", "mcp:read"];
        command(&data, address, &[&about[..], more].concat())
    };
    let clerk = machine("clerk", &["--scope", "writ:admin", "--serves", RESOURCE, "--serves", ELSEWHERE]);
    let (id, secret) = (text(&clerk, "client_id"), text(&clerk, "client_secret"));
    let desk = machine("desk", &["--serves", RESOURCE]);
    let desk = (text(&desk, "client_id"), text(&desk, "client_secret"));
    let acts = ["delegation", "add", "--actor", "desk", "--for", EMAIL, "--scope", "mcp:read", "--purpose", "tests"];
    command(&data, address, &[&acts[..], &["--across"]].concat());
    let (signer, key) = (text(&machine("signer", &["--no-secret"]), "client_id"), KeyPair::new("ES256"));
    let jwks = directory.path().join("jwks");
    std::fs::write(&jwks, json!({ "keys": [key.jwk("key-1")] }).to_string()).unwrap();
    command(&data, address, &["credential", "add", &signer, "--kind", "keys", "--jwks", jwks.to_str().unwrap()]);

    // Any spread will do, as long as it is another one each time the program lives.
    let mut chance = 0x9E37_79B9_7F4A_7C15_u64;
    let mut chosen = |below: usize| {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        usize::try_from(chance % below as u64).unwrap()
    };
    let numbers = [AtomicUsize::new(1), AtomicUsize::new(1), AtomicUsize::new(1_000_000)];
    let mut last = Vec::new();
    let mut kinds = HashSet::new();
    for round in 0..=times {
        let mut program = serve(&data, address);
        let token = api_token(address, (&id, &secret));
        let (answered, count) = (Mutex::default(), AtomicUsize::default());
        let scene = || Scene {
            address,
            data: &data,
            person: &person,
            client: &client,
            clerk: (&id, &secret),
            desk: (&desk.0, &desk.1),
            signer: (&signer, &key),
            token: &token,
            round,
            numbers: &numbers,
            answered: &answered,
            count: &count,
            own: AtomicUsize::default(),
        };
        check(&scene(), &last);
        if round < times {
            let (answers, spins) = (1 + chosen(60), chosen(4_000));
            // Whoever needs long for a first answer has it before every other kill.
            let is_slow = round.is_multiple_of(2);
            let walks: Vec<_> = deeds::of_round(round).map(|deed| (deed, scene())).collect();
            std::thread::scope(|scope| {
                let walkers: Vec<_> = walks.iter().map(|(deed, scene)| scope.spawn(move || deed(scene))).collect();
                let (first, own) = (walkers.first().unwrap(), &walks.first().unwrap().1.own);
                let waits = || {
                    let for_first = is_slow && own.load(Ordering::SeqCst) == 0 && !first.is_finished();
                    for_first || count.load(Ordering::SeqCst) < answers
                };
                while waits() && walkers.iter().any(|walker| !walker.is_finished()) {
                    std::thread::yield_now();
                }
                // Somewhere within whatever is being done now, not just behind an answer.
                (0..spins).for_each(|_| std::thread::yield_now());
                program.kill().unwrap();
                program.wait().unwrap();
            });
            let count = count.load(Ordering::SeqCst);
            assert!(count >= answers, "round {round}: all stopped by themselves after {count} answers");
        } else {
            program.kill().unwrap();
            program.wait().unwrap();
        }
        last = answered.into_inner().unwrap();
        kinds.extend(last.iter().map(std::mem::discriminant));
        // Every opening looks at the end of the log; walking all of it takes longer the longer it is.
        if times < 100 || round.is_multiple_of(20) || round == times {
            assert_eq!(command(&data, address, &["audit", "verify"])["intact"], true, "round {round}");
        }
        if round > 0 && round.is_multiple_of(50) {
            println!("killed {round} times");
        }
    }
    assert_eq!(kinds.len(), KINDS, "each kind was answered at some time");
}

/// Of everything, as much as was answered last is asked about: what was answered long before the kill is on the disk for longer.
const LAST: usize = 24;

/// After a restart, everything that was said is so, and nothing is half done.
fn check(scene: &Scene<'_>, answered: &[Answered]) {
    let (address, round) = (scene.address, scene.round);
    let keys = Request::new(address, "GET", "/.well-known/jwks.json").send().json();
    let late = answered.iter().rev().take(LAST);
    let backups = answered.iter().any(|one| matches!(one, Answered::Backup(_)));
    let backups = backups.then(|| command(scene.data, address, &["backup", "list"]));
    let (spent, others): (Vec<_>, Vec<_>) = late.partition(|one| matches!(one, Answered::Spent(_)));
    // A code that is presented again ends what it bought: last.
    for one in others.into_iter().chain(spent) {
        let holds = match one {
            Answered::Spent(code) => redeem(address, scene.client, code).unwrap().0 == 400,
            Answered::Newest(token) => refresh(scene, token).unwrap().0 == 200,
            Answered::Session(browser, is_in) => {
                (browser.clone().attempt("GET", "/account", &[]).unwrap().status == 200) == *is_in
            }
            Answered::Token(token, is_good) => {
                verified(&keys, token);
                is_active(scene, token) == *is_good
            }
            Answered::Registered(known, stands) => {
                let path = format!("/oauth/register/{}", known.client);
                let status = Request::new(address, "GET", &path).bearer(&known.token).send().status;
                status == if *stands { 200 } else { 401 }
            }
            Answered::Secret { id, secret, is_good } => {
                own_token(address, (id, secret)).unwrap().0 == if *is_good { 200 } else { 401 }
            }
            Answered::Proof(proof) => proven(scene, proof).unwrap().0 == 400,
            Answered::Assertion(assertion) => asserted(scene, assertion).unwrap().0 == 401,
            Answered::Delegation(id, stands) => {
                let state = api(scene, "GET", &format!("/delegations/{id}"), None).unwrap().1["state"].clone();
                // Of one that was granted, the end may have been on its way.
                state == "revoked" || *stands && state == "live"
            }
            Answered::Withdrawn(kid) => {
                api(scene, "GET", &format!("/keys/{kid}"), None).unwrap().1["state"] == "revoked"
            }
            Answered::Backup(path) => {
                let name = path.file_name().unwrap().to_string_lossy();
                let listed = backups.as_ref().unwrap()["backups"].as_array().unwrap();
                let is_whole = listed.iter().any(|row| row["file"] == *name && row.get("unusable").is_none());
                std::fs::remove_file(path).unwrap();
                is_whole
            }
            Answered::Purpose(_) | Answered::Applied(_) | Answered::Limit(_) => true,
        };
        assert!(holds, "round {round}: answered, and not so any more: {one:?}");
    }
    whole(scene, answered);
}

/// What is written together is there together, as the last answer said or as the request after it asked.
fn whole(scene: &Scene<'_>, answered: &[Answered]) {
    let asked = |number: usize| scene.numbers[number].load(Ordering::SeqCst) as u64;
    let said = |of: fn(&Answered) -> Option<u64>| answered.iter().rev().find_map(of);
    let machine = api(scene, "GET", &format!("/machines/{}", scene.clerk.0), None).unwrap().1;
    let purpose: u64 = machine["purpose"].as_str().unwrap().parse().unwrap();
    let known = said(|one| if let Answered::Purpose(n) = one { Some(*n) } else { None });
    assert!(known.is_none_or(|known| known <= purpose) && purpose <= asked(0), "{purpose}, {known:?} was answered");
    // The row and the entry that tells of it are one.
    let told = api(scene, "GET", "/audit?event=machine.changed&limit=1", None).unwrap().1;
    if let Some(entry) = told["items"].as_array().unwrap().first() {
        assert_eq!(
            entry["details"]["after"]["purpose"], machine["purpose"],
            "the log tells of another change: {entry}"
        );
    }

    let roles: Vec<Value> =
        (0..5).filter_map(|n| api(scene, "GET", &format!("/tenants/main/roles/r{n}"), None)).map(|a| a.1).collect();
    let numbers: Vec<&str> = roles.iter().map(|role| role["description"].as_str().unwrap_or("0")).collect();
    let first = numbers.first().copied().unwrap_or("0");
    let together = numbers.is_empty() || numbers.len() == 5 && numbers.iter().all(|number| *number == first);
    assert!(together, "half a document was applied: {numbers:?}");
    let number: u64 = first.parse().unwrap();
    let known = said(|one| if let Answered::Applied(n) = one { Some(*n) } else { None });
    assert!(known.is_none_or(|known| known <= number) && number <= asked(1), "{number}, {known:?} was answered");

    let limits = api(scene, "GET", "/limits", None).unwrap().1;
    let limits = limits["limits"].as_array().unwrap();
    let limit = limits.iter().find(|limit| limit["limit"] == "metadata" && limit["changed"] == true);
    let number = limit.map_or(0, |limit| limit["per_minute"].as_u64().unwrap());
    let known = said(|one| if let Answered::Limit(n) = one { Some(*n) } else { None });
    assert!(known.is_none_or(|known| known <= number) && number <= asked(2), "{number}, {known:?} was answered");

    let keys = api(scene, "GET", "/keys?limit=200", None).unwrap().1;
    for algorithm in ["ES256", "EdDSA"] {
        let signing = keys["items"].as_array().unwrap().iter();
        let signing = signing.filter(|key| key["algorithm"] == algorithm && key["state"] == "signing").count();
        assert_eq!(signing, 1, "{algorithm}: {keys}");
    }
}

fn redeem(address: SocketAddr, client: &str, code: &str) -> Option<(u16, Value)> {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", client),
    ];
    answer(Request::new(address, "POST", "/oauth/token").form(&fields))
}

fn refresh(scene: &Scene<'_>, token: &str) -> Option<(u16, Value)> {
    let asked = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", scene.client)];
    answer(Request::new(scene.address, "POST", "/oauth/token").form(&asked))
}

fn own_token(address: SocketAddr, (id, secret): (&str, &str)) -> Option<(u16, Value)> {
    let fields = [("grant_type", "client_credentials"), ("resource", RESOURCE)];
    answer(Request::new(address, "POST", "/oauth/token").basic(id, secret).form(&fields))
}

/// For the clerk, bound to the key of a proof.
fn proven(scene: &Scene<'_>, proof: &str) -> Option<(u16, Value)> {
    let fields = [("grant_type", "client_credentials"), ("scope", "mcp:read"), ("resource", RESOURCE)];
    let (id, secret) = scene.clerk;
    let ask = Request::new(scene.address, "POST", "/oauth/token").header("DPoP", proof);
    answer(ask.basic(id, secret).form(&fields))
}

/// For the one that signs.
fn asserted(scene: &Scene<'_>, assertion: &str) -> Option<(u16, Value)> {
    let fields = [
        ("grant_type", "client_credentials"),
        ("resource", RESOURCE),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", assertion),
    ];
    answer(Request::new(scene.address, "POST", "/oauth/token").form(&fields))
}

fn api_token(address: SocketAddr, (id, secret): (&str, &str)) -> String {
    let issuer = format!("http://{address}");
    let fields = [("grant_type", "client_credentials"), ("scope", "writ:admin"), ("resource", &issuer)];
    let (_, token) = answer(Request::new(address, "POST", "/oauth/token").basic(id, secret).form(&fields)).unwrap();
    token["access_token"].as_str().unwrap_or_else(|| panic!("{token}")).to_owned()
}

fn is_active(scene: &Scene<'_>, token: &str) -> bool {
    let (id, secret) = scene.clerk;
    let asked = Request::new(scene.address, "POST", "/oauth/introspect").basic(id, secret).form(&[("token", token)]);
    answer(asked).unwrap().1["active"] == true
}

/// `None` if the program is gone, or what is asked for is not there.
fn api(scene: &Scene<'_>, method: &str, path: &str, body: Option<Value>) -> Option<(u16, Value)> {
    let request = Request::new(scene.address, method, &format!("/api/v1{path}")).bearer(scene.token);
    let request = request.header("If-Match", "*");
    answer(if let Some(body) = body { request.json(&body) } else { request }).filter(|(status, _)| *status != 404)
}

/// `None` if the program is gone, also if it went in the midst of the answer.
fn answer(request: Request) -> Option<(u16, Value)> {
    let answer = request.attempt()?;
    let body = if answer.body.is_empty() && answer.status == 204 {
        json!(null)
    } else {
        serde_json::from_str(&answer.body).ok()?
    };
    Some((answer.status, body))
}

fn program(data: &Path, address: SocketAddr, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_writ"));
    command.env_clear().env("WRIT_DATA", data).env("WRIT_LISTEN", address.to_string());
    command.env("WRIT_LIMITS_SIGN_IN", "0").env("WRIT_LIMITS_REGISTER", "0").env("WRIT_WORKERS", "2").args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn command(data: &Path, address: SocketAddr, arguments: &[&str]) -> Value {
    let mut child = program(data, address, &[arguments, &["--json"]].concat()).spawn().unwrap();
    drop(child.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes()));
    let output = child.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{arguments:?}: {e}"))
}

/// Started, and answering.
fn serve(data: &Path, address: SocketAddr) -> Child {
    let mut child = program(data, address, &[]).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("listening"), "{line}");
    child
}
