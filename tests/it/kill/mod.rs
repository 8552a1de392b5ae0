//! The built program, killed with SIGKILL at any moment while it writes: people sign in and consent, codes are redeemed, tokens rotate and
//! are revoked, clients register, machines change, keys turn, a document is applied. Attack case 59.
//!
//! `cargo test --test it -- --ignored killed_a_thousand_times` is the long run.

mod deeds;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use self::deeds::DEEDS;
use crate::world::{Browser, CALLBACK, PASSWORD, Request, VERIFIER, verified};

const EMAIL: &str = "ada@example.com";
const RESOURCE: &str = "https://mcp.example/a";

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
    /// A machine's secret is good.
    Machine {
        id: String,
        secret: String,
    },
    /// A number that was written, perhaps with the one after it on its way: into a machine's row, and into five rows by one document.
    Purpose(u64),
    Applied(u64),
}

#[derive(Clone, Debug)]
struct Registration {
    client: String,
    token: String,
}

/// What a stretch of the program's life is about.
struct Scene<'a> {
    address: SocketAddr,
    /// An application that people connect.
    client: &'a str,
    /// A machine that may do everything.
    clerk: (&'a str, &'a str),
    /// Its token, for the API.
    token: String,
    /// Counted up with each stretch.
    round: usize,
    /// The numbers that `Purpose` and `Applied` count.
    numbers: &'a [AtomicUsize; 2],
    answered: Mutex<Vec<Answered>>,
    count: AtomicUsize,
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
    command(&data, address, &["setup", "--email", EMAIL, "--name", "Ada", "--password-stdin"]);
    command(&data, address, &["resource", "add", RESOURCE, "--name", "A", "--scope", "mcp:read"]);
    let client = command(&data, address, &["client", "add", "--name", "mail", "--redirect-uri", CALLBACK]);
    let clerk = ["machine", "add", "--name", "clerk", "--owner", EMAIL, "--purpose", "0", "--scope", "writ:admin"];
    let clerk = command(&data, address, &[&clerk[..], &["--scope", "mcp:read"]].concat());
    let text = |made: &Value, name: &str| made[name].as_str().unwrap().to_owned();
    let (client, id, secret) = (text(&client, "client_id"), text(&clerk, "client_id"), text(&clerk, "client_secret"));

    // Any spread will do, as long as it is another one each time the program lives.
    let mut chance = 0x9E37_79B9_7F4A_7C15_u64;
    let mut chosen = |below: usize| {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        usize::try_from(chance % below as u64).unwrap()
    };
    let numbers = [AtomicUsize::new(1), AtomicUsize::new(1)];
    let mut answered = Vec::new();
    for round in 0..=times {
        let mut program = serve(&data, address);
        let token = api_token(address, (&id, &secret));
        let scene = Scene {
            address,
            client: &client,
            clerk: (&id, &secret),
            token,
            round,
            numbers: &numbers,
            answered: Mutex::default(),
            count: AtomicUsize::default(),
        };
        check(&scene, &answered);
        if round < times {
            let (answers, spins) = (1 + chosen(60), chosen(4_000));
            std::thread::scope(|scope| {
                let walkers: Vec<_> = DEEDS.iter().map(|deed| scope.spawn(|| deed(&scene))).collect();
                while scene.count.load(Ordering::SeqCst) < answers && walkers.iter().any(|walker| !walker.is_finished())
                {
                    std::thread::yield_now();
                }
                // Somewhere within whatever is being done now, not just behind an answer.
                (0..spins).for_each(|_| std::thread::yield_now());
                program.kill().unwrap();
                program.wait().unwrap();
            });
            let count = scene.count.load(Ordering::SeqCst);
            assert!(count >= answers, "round {round}: all stopped by themselves after {count} answers");
        } else {
            program.kill().unwrap();
            program.wait().unwrap();
        }
        answered = scene.answered.into_inner().unwrap();
        // Every opening looks at the end of the log; walking all of it takes longer the longer it is.
        if times < 100 || round.is_multiple_of(20) || round == times {
            assert_eq!(command(&data, address, &["audit", "verify"])["intact"], true, "round {round}");
        }
    }
}

/// Of everything, as much as was answered last is asked about: what was answered long before the kill is on the disk for longer.
const LAST: usize = 24;

/// After a restart, everything that was said is so, and nothing is half done.
fn check(scene: &Scene<'_>, answered: &[Answered]) {
    let (address, round) = (scene.address, scene.round);
    let keys = Request::new(address, "GET", "/.well-known/jwks.json").send().json();
    let late = answered.iter().rev().take(LAST);
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
            Answered::Machine { id, secret } => own_token(address, (id, secret)).unwrap().0 == 200,
            Answered::Purpose(_) | Answered::Applied(_) => true,
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
    let request = Request::new(scene.address, method, &format!("/api/v1{path}")).bearer(&scene.token);
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
