//! What happens on the day something goes wrong: the disk, the clock, the system's limits, the master key. Each ends in a state that can be
//! told in a sentence, with words that say what to do, and with everything there that was acknowledged (docs/decisions/0041).

mod clock;
mod disk;
mod doors;
mod process;

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use serde_json::json;

use crate::cli::Appliance;
use crate::world::{Answer, Request};

/// Something whose answer is a promise: a registration, and what reads it again.
#[derive(Clone, Debug)]
struct Promise {
    client: String,
    token: String,
}

/// Asks for one. An answer that is none of the two below fails the test.
fn register(address: SocketAddr) -> Option<Result<Promise, Answer>> {
    let body = json!({ "redirect_uris": ["http://127.0.0.1/callback"], "client_name": "n".repeat(60) });
    let answer = Request::new(address, "POST", "/oauth/register").json(&body).attempt()?;
    if answer.status != 201 {
        assert!(matches!(answer.status, 500 | 503), "{} {}", answer.status, answer.body);
        assert!(!answer.body.contains("client_secret"), "{}", answer.body);
        return Some(Err(answer));
    }
    let body: serde_json::Value = serde_json::from_str(&answer.body).ok()?;
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    Some(Ok(Promise { client: text("client_id"), token: text("registration_access_token") }))
}

fn is_kept(address: SocketAddr, promise: &Promise) -> bool {
    let path = format!("/oauth/register/{}", promise.client);
    Request::new(address, "GET", &path).bearer(&promise.token).send().status == 200
}

/// The program with less of something than it would like.
struct Starved {
    child: Child,
    log: JoinHandle<String>,
}

impl Appliance {
    /// The built program, once `limit` (arguments of the shell's `ulimit`) holds for it.
    fn limited(&self, limit: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        let script = format!("ulimit {limit} && exec \"$0\" serve");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_writ")]).env_clear();
        command.env("WRIT_LISTEN", &self.listen).env("WRIT_DATA", self.data()).env("WRIT_WORKERS", "1");
        command.env("WRIT_LIMITS_REGISTER", "0").envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn address(&self) -> SocketAddr {
        self.listen.parse().unwrap()
    }
}

impl Starved {
    /// Started, and listening; or what it said when it ended before.
    fn start(mut command: Command) -> Result<Self, String> {
        let mut child = command.spawn().unwrap();
        let mut err = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            err.read_to_string(&mut log).unwrap();
            log
        });
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line.contains("listening") {
            return Ok(Self { child, log });
        }
        child.wait().unwrap();
        Err(log.join().unwrap())
    }

    /// Waits until it ends by itself, and gives how, and its log.
    fn ended(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        (status, self.log.join().unwrap())
    }

    fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.log.join().unwrap()
    }

    fn id(&self) -> u32 {
        self.child.id()
    }
}
