//! From a command to its answer: through the socket if somebody listens, else on the file.

use std::fmt;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use super::socket::{self, Reply};
use super::{Command, dispatch};
use crate::app::App;
use crate::base::{Clock, Entropy, Fault, FaultKind, Secret};
use crate::config::Config;
use crate::model::{Actor, Channel, Context, Origin, Scope, ScopeSet};
use crate::operations::declined::Declined;
use crate::operations::keep_head;
use crate::operations::operator::Operator;
use crate::operations::start::{Keeping, look, open};
use crate::operations::status::LiveTokens;
use crate::protocol::federation::WorkloadToken;

/// An answer with what whoever looks at signatures alone still takes of tokens that were ended.
pub(super) fn with_left(mut answer: Value, left: &LiveTokens) -> Value {
    if let Some(members) = answer.as_object_mut() {
        let there = left.by_audience.iter().map(|(audience, left)| {
            let audience = Some(audience).filter(|audience| !audience.is_empty());
            json!({ "audience": audience, "tokens_live": left.at_most, "tokens_live_until": left.until.iso() })
        });
        members.insert("tokens_live".to_owned(), left.at_most.into());
        members.insert("tokens_live_until".to_owned(), json!(left.until.map(|until| until.iso())));
        members.insert("tokens_live_at".to_owned(), there.collect());
    }
    answer
}

/// Why a command was not obeyed, in words for whoever typed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandError {
    pub kind: ErrorKind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// An argument is not what it should be.
    Invalid,
    /// What it names is not there.
    NotFound,
    /// The rules say no: taken already, done already, not now.
    Refused,
    /// The settings cannot work.
    Settings,
    /// The credential is not good for it, or does not reach that far.
    Forbidden,
    /// There is no appliance at the address, or it is of another version.
    Unreachable,
    /// More is waiting than the appliance will hold: try again.
    Busy,
    /// The appliance is broken.
    Broken,
}

impl ErrorKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::NotFound => "not_found",
            Self::Refused => "refused",
            Self::Settings => "settings",
            Self::Forbidden => "forbidden",
            Self::Unreachable => "unreachable",
            Self::Busy => "busy",
            Self::Broken => "broken",
        }
    }
}

impl CommandError {
    pub fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// An argument that does not parse: which one, and what it should be.
    pub fn argument(name: &str, why: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Invalid, format!("{name}: {why}"))
    }
}

impl From<Fault> for CommandError {
    /// Whoever has the socket or the file is the operator, and may read what broke.
    fn from(fault: Fault) -> Self {
        let kind = match fault.kind() {
            FaultKind::Settings => ErrorKind::Settings,
            FaultKind::Busy => ErrorKind::Busy,
            _ => ErrorKind::Broken,
        };
        Self::new(kind, fault.to_string())
    }
}

impl From<Declined> for CommandError {
    fn from(declined: Declined) -> Self {
        match declined {
            Declined::Invalid(invalid) => {
                let lines: Vec<String> = invalid.0.iter().map(|(field, why)| format!("{field}: {why}")).collect();
                Self::new(ErrorKind::Invalid, lines.join("\n"))
            }
            Declined::Conflict(text) => Self::new(ErrorKind::Refused, text),
            Declined::Forbidden(text) => Self::new(ErrorKind::Forbidden, text),
            // No command says what it has seen, or is repeated under a key.
            Declined::Stale | Declined::MadeAlready(_) | Declined::KeyReused => {
                Self::new(ErrorKind::Refused, "it was changed meanwhile: look again")
            }
            Declined::Missing(text) => Self::new(ErrorKind::NotFound, text),
            Declined::Broken(fault) => fault.into(),
        }
    }
}

/// One argument, parsed.
pub(super) fn argument<T, E: fmt::Display>(name: &str, parsed: Result<T, E>) -> Result<T, CommandError> {
    parsed.map_err(|why| CommandError::argument(name, why))
}

/// A repeated argument, each parsed; an error says which one.
pub(super) fn list_of<T, E: fmt::Display>(
    name: &str,
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, CommandError> {
    texts.iter().map(|text| parse(text).map_err(|why| CommandError::argument(name, format!("{text}: {why}")))).collect()
}

/// A file larger than this is no document that a command takes.
const LARGEST_FILE: u64 = 64 * 1_024;

/// A JSON file of whoever typed the command.
pub(super) fn json_file(name: &str, path: &Path) -> Result<Value, CommandError> {
    let wrong = |why: String| CommandError::argument(name, format!("{}: {why}", path.display()));
    if std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len() > LARGEST_FILE {
        return Err(wrong("this is too large: at most 64 KiB".to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|_| wrong("this is not JSON".to_owned()))
}

/// Scopes, given one by one or several in one argument.
pub(super) fn scope_set(name: &str, texts: &[String]) -> Result<ScopeSet, CommandError> {
    let words: Vec<String> = texts.iter().flat_map(|text| text.split_whitespace().map(str::to_owned)).collect();
    if words.len() > ScopeSet::MOST {
        return Err(CommandError::argument(name, "at most 64 scopes"));
    }
    list_of(name, &words, str::parse::<Scope>).map(|scopes| scopes.into_iter().collect())
}

/// A password or a token on its way from standard input to the operation; over the socket it is text.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Password(Option<Secret>);

impl Password {
    /// Longest password that is read, in bytes. The rules say less.
    const LONGEST: u64 = 4_096;

    pub fn from_stdin() -> Result<Self, CommandError> {
        Self::read("--password-stdin", Self::LONGEST, "this is too long for a password")
    }

    /// A token of somebody else's making, which goes the same way.
    pub fn token_from_stdin() -> Result<Self, CommandError> {
        Self::read("--token-stdin", WorkloadToken::LONGEST as u64 + 2, "this is too long for a token")
    }

    /// A secret at an identity provider, too.
    pub fn client_secret_from_stdin() -> Result<Self, CommandError> {
        Self::read("--client-secret-stdin", Self::LONGEST, "this is too long for a secret")
    }

    /// Reads all of standard input, without the line's end.
    fn read(flag: &str, longest: u64, too_long: &str) -> Result<Self, CommandError> {
        let mut text = zeroize::Zeroizing::new(String::new());
        std::io::stdin()
            .lock()
            .take(longest + 1)
            .read_to_string(&mut text)
            .map_err(|_| CommandError::argument(flag, "standard input is not UTF-8 text"))?;
        if text.len() as u64 > longest {
            return Err(CommandError::argument(flag, too_long));
        }
        let line = text.strip_suffix('\n').unwrap_or(&text);
        Ok(Self(Some(Secret::new(line.strip_suffix('\r').unwrap_or(line)))))
    }

    /// The password itself.
    pub fn into_secret(self) -> Result<Secret, CommandError> {
        self.0.ok_or_else(|| CommandError::argument("--password-stdin", "pass the password on standard input"))
    }
}

impl Serialize for Password {
    /// Only ever written to the control socket, or inside TLS to the appliance that was named.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_ref().map(Secret::expose).serialize(serializer)
    }
}

/// How often the socket is tried again while the store is held by a process that is starting or stopping.
const TRIES: u32 = 50;

/// Has a command obeyed by the appliance of `config`.
pub(super) fn to(command: Command, config: Config) -> Result<Value, CommandError> {
    let socket = config.socket_file();
    let looks = only_looks(&command);
    for _ in 0..TRIES {
        match socket::ask(&socket, &command)? {
            Some(Reply::Ok(answer)) => return Ok(answer),
            Some(Reply::Error(error)) => return Err(error),
            None => {}
        }
        let opened = match looks {
            true => look(config.clone(), Clock::System, Entropy::os()),
            false => open(config.clone(), Keeping::File, Clock::System, Entropy::os()),
        };
        match opened {
            Ok(app) => return on_file(&app, command),
            Err(fault) if fault.kind() == FaultKind::Busy => std::thread::sleep(Duration::from_millis(100)),
            Err(fault) => return Err(fault.into()),
        }
    }
    Err(CommandError::new(
        ErrorKind::Broken,
        format!("{} is held by a process that does not answer on {}", config.store_file().display(), socket.display()),
    ))
}

/// A file that has lost entries is looked at, and nothing else. What is beside it stays as it is then.
fn only_looks(command: &Command) -> bool {
    matches!(command, Command::AuditVerify | Command::AuditList(_) | Command::Doctor(_))
}

fn on_file(app: &App, command: Command) -> Result<Value, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Fault::because(FaultKind::Bug, "no runtime", error))?;
    let only_looks = only_looks(&command);
    if !only_looks {
        keep_head::check(app)?;
    }
    let answer = runtime.block_on(dispatch(app, &operator(app, Channel::File), command))?;
    if !only_looks {
        keep_head::keep(app)?;
    }
    Ok(answer)
}

/// Whoever has the file or its socket. Nobody else is made an operator here.
pub(super) fn operator(app: &App, channel: Channel) -> Operator {
    Operator::with_the_file(&Context::new(app.clock.now(), Actor::Operator, Origin::within(channel)))
}
