//! The built program, killed with SIGKILL while people consent, codes are redeemed and tokens rotate. Attack case 59.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::world::{Browser, CALLBACK, PASSWORD, Request, VERIFIER, challenge, encode};

const EMAIL: &str = "ada@example.com";
const ROUNDS: usize = 4;
const WALKERS: usize = 4;
/// Answers that a round waits for before the program is killed in the midst of the next ones.
const ANSWERS: usize = 60;

/// What was answered, and so must still be so.
#[derive(Default)]
struct Answered {
    /// Codes that bought tokens.
    spent: Vec<String>,
    /// The newest refresh token of each line that was answered for.
    newest: Vec<String>,
}

#[test]
fn case_59_killed_at_any_moment_it_keeps_what_it_said_and_nothing_by_halves() {
    let directory = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let data = directory.path().join("data");
    command(&data, address, &["setup", "--email", EMAIL, "--name", "Ada", "--password-stdin"]);
    command(&data, address, &["resource", "add", "https://mcp.example/a", "--name", "A", "--scope", "mcp:read"]);
    let client = command(&data, address, &["client", "add", "--name", "mail", "--redirect-uri", CALLBACK]);
    let client = client["client_id"].as_str().unwrap();

    let answered = Mutex::new(Answered::default());
    for round in 0..ROUNDS {
        let mut program = serve(&data, address);
        check(address, client, &std::mem::take(&mut *answered.lock().unwrap()));

        let count = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let walkers: Vec<_> =
                (0..WALKERS).map(|_| scope.spawn(|| walk(address, client, &answered, &count))).collect();
            while count.load(Ordering::SeqCst) < ANSWERS && walkers.iter().any(|walker| !walker.is_finished()) {
                std::thread::yield_now();
            }
            program.kill().unwrap();
            program.wait().unwrap();
        });
        assert!(count.load(Ordering::SeqCst) >= ANSWERS, "round {round}: the walkers stopped by themselves");
        assert_eq!(command(&data, address, &["audit", "verify"])["intact"], true, "round {round}");
    }
    let mut program = serve(&data, address);
    check(address, client, &answered.into_inner().unwrap());
    program.kill().unwrap();
    program.wait().unwrap();
}

/// After a restart: a code that bought tokens buys no more, and the newest token of each line still does.
fn check(address: SocketAddr, client: &str, answered: &Answered) {
    for token in &answered.newest {
        let answer =
            token_request(address, &[("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", client)]);
        assert_eq!(answer.unwrap().0, 200, "an answered refresh token was forgotten");
    }
    for code in &answered.spent {
        assert_eq!(redeem(address, client, code).unwrap().0, 400, "an answered code was spent again");
    }
}

/// Signs in, and then authorizes, redeems and refreshes until the program is gone.
fn walk(address: SocketAddr, client: &str, answered: &Mutex<Answered>, count: &AtomicUsize) -> Option<()> {
    let mut browser = Browser::new(address);
    let page = browser.attempt("GET", "/sign-in", &[])?;
    let csrf = page.form("password").value("csrf").to_owned();
    browser.attempt("POST", "/sign-in", &[("csrf", &csrf), ("email", EMAIL), ("password", PASSWORD)])?;
    let query = encode(&[
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", CALLBACK),
        ("scope", "mcp:read"),
        ("code_challenge", &challenge()),
        ("code_challenge_method", "S256"),
        ("prompt", "consent"),
    ]);
    loop {
        let page = browser.attempt("GET", &format!("/oauth/authorize?{query}"), &[])?;
        let form = page.form("ticket");
        let (csrf, ticket) = (form.value("csrf").to_owned(), form.value("ticket").to_owned());
        let allow = [("csrf", csrf.as_str()), ("ticket", &ticket), ("scope", "mcp:read"), ("decision", "allow")];
        let code = browser.attempt("POST", "/oauth/consent", &allow)?.expect_left().parameter("code").unwrap();
        count.fetch_add(1, Ordering::SeqCst);

        let (status, tokens) = redeem(address, client, &code)?;
        assert_eq!(status, 200, "{tokens}");
        let mut token = tokens["refresh_token"].as_str().unwrap().to_owned();
        // A code that bought tokens and is presented again ends them: its line is not asked about afterwards.
        let keep = count.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
        if !keep {
            answered.lock().unwrap().spent.push(code);
        }
        for _ in 0..3 {
            let asked = [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("client_id", client)];
            let Some((status, tokens)) = token_request(address, &asked) else {
                // The answer was lost with the program; the token that was asked with is still good for a while.
                if keep {
                    answered.lock().unwrap().newest.push(token);
                }
                return None;
            };
            assert_eq!(status, 200, "{tokens}");
            token = tokens["refresh_token"].as_str().unwrap().to_owned();
            count.fetch_add(1, Ordering::SeqCst);
        }
        if keep {
            answered.lock().unwrap().newest.push(token);
        }
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
    token_request(address, &fields)
}

/// `None` if the program is gone.
fn token_request(address: SocketAddr, fields: &[(&str, &str)]) -> Option<(u16, Value)> {
    let answer = Request::new(address, "POST", "/oauth/token").form(fields).attempt()?;
    Some((answer.status, serde_json::from_str(&answer.body).ok()?))
}

fn program(data: &Path, address: SocketAddr, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_writ"));
    command.env_clear().env("WRIT_DATA", data).env("WRIT_LISTEN", address.to_string());
    command.env("WRIT_LIMITS_SIGN_IN", "0").args(arguments);
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
