//! The real binary as a child process, the command line, and what the operating system says about it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::Outcome;

/// Where the binary and its data are.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) binary: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) address: SocketAddr,
    pub(crate) cache_mib: Option<u32>,
}

/// A running appliance. Dropping it ends the process.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From the process's start to its first answer.
    pub(crate) first_answer: Duration,
}

/// Limits per address would be all that is measured: one address asks for everything.
const UNLIMITED: [&str; 7] = ["TOKEN", "AUTHORIZE", "REGISTER", "SIGN_IN", "PAGES", "KEYS", "METADATA"];

impl Place {
    /// A directory of its own under `root`, and a free port.
    pub(crate) fn new(binary: &Path, root: &Path, name: &str) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap();
        Self { binary: binary.to_owned(), data: root.join(name), address, cache_mib: None }
    }

    /// What other programs see of the directory: its settings and nothing of the caller's environment.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("WRIT_")) {
            command.env_remove(name);
        }
        command.envs(UNLIMITED.map(|name| (format!("WRIT_LIMITS_{name}"), "0")));
        command.envs(self.cache_mib.map(|mib| ("WRIT_STORE_CACHE_MIB", mib.to_string())));
        command.arg("--data").arg(&self.data).args(["--listen", &self.address.to_string()]);
        command
    }

    /// Starts the server. Its log goes to a file, as a service's would.
    pub(crate) fn start(&self) -> Outcome<Server> {
        std::fs::create_dir_all(&self.data).map_err(|e| e.to_string())?;
        let log = std::fs::File::create(self.data.with_extension("log")).map_err(|e| e.to_string())?;
        let mut command = self.command();
        command.arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let began = Instant::now();
        let child = command.spawn().map_err(|e| format!("{} does not start: {e}", self.binary.display()))?;
        let mut server = Server { child, address: self.address, first_answer: Duration::ZERO };
        while !answers(self.address) {
            if let Ok(Some(status)) = server.child.try_wait() {
                let log = std::fs::read_to_string(self.data.with_extension("log")).unwrap_or_default();
                return Err(format!("the server ended with {status}: {log}"));
            }
            if began.elapsed() > Duration::from_secs(60) {
                return Err("the server does not answer".to_owned());
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        server.first_answer = began.elapsed();
        Ok(server)
    }

    /// Runs a subcommand and gives the JSON object it prints.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Outcome<Value> {
        let mut command = self.command();
        command.args(arguments).arg("--json").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| e.to_string())?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).map_err(|e| e.to_string())?;
        }
        let output = child.wait_with_output().map_err(|e| e.to_string())?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
            return Err(format!("writ {}: {said}", arguments.join(" ")));
        }
        serde_json::from_slice(&output.stdout).map_err(|e| format!("writ {}: {e}", arguments.join(" ")))
    }
}

/// Whether discovery is answered with 200.
fn answers(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"GET /.well-known/oauth-authorization-server HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")?;
        let mut start = [0; 12];
        stream.read_exact(&mut start)?;
        Ok(start.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}

impl Server {
    /// User and system time of the process so far. proc(5): fields 14 and 15, in ticks of 10 ms.
    pub(crate) fn cpu(&self) -> Duration {
        cpu(&self.child.id().to_string())
    }

    /// Resident memory now, in MiB.
    pub(crate) fn resident(&self) -> f64 {
        self.status("VmRSS:")
    }

    /// The most there ever was.
    pub(crate) fn peak(&self) -> f64 {
        self.status("VmHWM:")
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn status(&self, field: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let kib = line.and_then(|rest| rest.trim().split(' ').next()).and_then(|kib| kib.parse::<f64>().ok());
        kib.unwrap_or(0.0) / 1_024.0
    }
}

/// The driver's own.
pub(crate) fn own_cpu() -> Duration {
    cpu("self")
}

fn cpu(process: &str) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name in parentheses may hold spaces.
    let fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ');
    let ticks: u64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
