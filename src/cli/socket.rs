//! The control socket of a running appliance: `writ.sock` in the data directory, for its owner only.
//!
//! One connection carries one command and its answer, each a line of JSON. The file's mode keeps other users out;
//! the peer's credentials are looked at besides, because a directory can be copied with the wrong modes.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Semaphore;

use super::{Command, CommandError, ErrorKind};
use crate::base::{Fault, FaultKind};
use crate::logs;

/// Longest command, in bytes.
const LONGEST_COMMAND: u64 = 1024 * 1024;
/// Longest answer, in bytes.
const LONGEST_ANSWER: u64 = 64 * 1024 * 1024;
/// How many commands are answered at once; the next waits.
const AT_ONCE: usize = 8;
/// How long a caller may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a caller waits for an answer.
const CALLER_PATIENCE: Duration = Duration::from_secs(120);
/// The same for a backup, which takes as long as the file is large.
const BACKUP_PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// What comes back over the socket.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Ok(Value),
    Error(CommandError),
}

impl From<Result<Value, CommandError>> for Reply {
    fn from(outcome: Result<Value, CommandError>) -> Self {
        outcome.map_or_else(Self::Error, Self::Ok)
    }
}

/// A bound control socket. Dropping it removes the file.
pub struct ControlSocket {
    listener: tokio::net::UnixListener,
    path: PathBuf,
    owner: u32,
}

impl ControlSocket {
    /// Binds at `path`. Only the process that holds the store may call this: whatever lies at `path` is then a dead
    /// appliance's and is replaced. Needs a tokio runtime.
    ///
    /// The socket is bound inside a directory of mode 0700 and moved once its own mode is 0600, so there is no
    /// moment in which somebody else could connect.
    pub fn bind(path: &Path) -> Result<Self, Fault> {
        Self::bound(path).map_err(|error| {
            Fault::because(FaultKind::Storage, format!("the control socket {} cannot be made", path.display()), error)
        })
    }

    fn bound(path: &Path) -> io::Result<Self> {
        let nursery = path.with_extension("sock.new");
        remove(&nursery)?;
        fs::DirBuilder::new().mode(0o700).create(&nursery)?;
        let made = nursery.join("s");
        let listener = tokio::net::UnixListener::bind(&made)?;
        fs::set_permissions(&made, fs::Permissions::from_mode(0o600))?;
        let owner = fs::symlink_metadata(&made)?.uid();
        remove(path)?;
        fs::rename(&made, path)?;
        fs::remove_dir(&nursery)?;
        Ok(Self { listener, path: path.to_owned(), owner })
    }

    /// Answers commands until it is dropped.
    pub async fn answer<F, A>(self, obey: F)
    where
        F: Fn(Command) -> A + Send + Sync + 'static,
        A: Future<Output = Reply> + Send + 'static,
    {
        let (obey, places) = (Arc::new(obey), Arc::new(Semaphore::new(AT_ONCE)));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    logs::not_let_in(&error);
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let known = stream.peer_cred().is_ok_and(|peer| peer.uid() == self.owner || peer.uid() == 0);
            if !known {
                tracing::warn!("the control socket refused a connection from another user");
                continue;
            }
            let obey = Arc::clone(&obey);
            tokio::spawn(async move {
                if let Err(error) = converse(stream, &*obey).await {
                    tracing::debug!(%error, "a conversation over the control socket broke off");
                }
                drop(place);
            });
        }
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.path));
    }
}

/// Removes a socket, or a directory that an interrupted start left behind.
fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

async fn converse<F, A>(stream: tokio::net::UnixStream, obey: &F) -> io::Result<()>
where
    F: Fn(Command) -> A,
    A: Future<Output = Reply>,
{
    let (read, mut write) = stream.into_split();
    let mut line = Vec::new();
    let mut bounded = tokio::io::BufReader::new(read.take(LONGEST_COMMAND));
    tokio::time::timeout(PATIENCE, bounded.read_until(b'\n', &mut line)).await??;
    let reply = match serde_json::from_slice(&line) {
        Ok(command) => obey(command).await,
        Err(_) => Reply::Error(CommandError::new(
            ErrorKind::Invalid,
            "the running appliance does not understand this command: is it of another version?",
        )),
    };
    let mut bytes = serde_json::to_vec(&reply)?;
    zeroize::Zeroize::zeroize(&mut line);
    bytes.push(b'\n');
    write.write_all(&bytes).await?;
    write.shutdown().await
}

/// Asks a running appliance. `None` when nobody listens at `path`.
pub fn ask(path: &Path, command: &Command) -> Result<Option<Reply>, CommandError> {
    let broken = |error: io::Error| {
        CommandError::new(
            ErrorKind::Broken,
            format!("the running appliance at {} did not answer: {error}. Its log says why", path.display()),
        )
    };
    let stream = match UnixStream::connect(path) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return Err(CommandError::new(
                ErrorKind::Refused,
                format!("{} belongs to another user: run this as the user that runs Writ", path.display()),
            ));
        }
        Err(error) => return Err(broken(error)),
    };
    let patience = if matches!(command, Command::Backup(_)) { BACKUP_PATIENCE } else { CALLER_PATIENCE };
    converse_as_caller(stream, command, patience).map(Some).map_err(broken)
}

fn converse_as_caller(mut stream: UnixStream, command: &Command, patience: Duration) -> io::Result<Reply> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(CALLER_PATIENCE))?;
    let mut bytes = zeroize::Zeroizing::new(serde_json::to_vec(command)?);
    bytes.push(b'\n');
    stream.write_all(&bytes)?;
    let mut line = Vec::new();
    BufReader::new(stream.take(LONGEST_ANSWER)).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_slice(&line)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rpc(path: &Path, bytes: &[u8]) -> String {
        let mut stream = UnixStream::connect(path).unwrap();
        drop(stream.write_all(bytes));
        drop(stream.shutdown(std::net::Shutdown::Write));
        let mut text = String::new();
        drop(stream.read_to_string(&mut text));
        text
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_socket_is_its_owners_alone_and_answers_commands() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("writ.sock");
        // What a killed appliance leaves behind.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(ask(&path, &Command::KeyList).unwrap().is_none(), "a dead socket is nobody");

        let socket = ControlSocket::bind(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "the nursery is gone");
        let server = tokio::spawn(socket.answer(|command| async move {
            match command {
                Command::KeyList => Reply::Ok(serde_json::json!({ "keys": [] })),
                _ => Reply::Error(CommandError::new(ErrorKind::Refused, "no")),
            }
        }));
        let at = path.clone();
        tokio::task::spawn_blocking(move || {
            let Some(Reply::Ok(answer)) = ask(&at, &Command::KeyList).unwrap() else { panic!() };
            assert_eq!(answer, serde_json::json!({ "keys": [] }));
            let Some(Reply::Error(error)) = ask(&at, &Command::ScopeList).unwrap() else { panic!() };
            assert_eq!(error.kind, ErrorKind::Refused);
            // Case 54: what is no command is answered, and what is too long is cut off.
            for bytes in [&b"{}\n"[..], b"\n", b"", b"\xff\xff\n", &[b'['; 100_000], &vec![b' '; 3 << 20]] {
                assert!(!rpc(&at, bytes).contains("\"ok\""), "{} bytes", bytes.len());
            }
            assert!(ask(&at, &Command::KeyList).unwrap().is_some(), "it still answers");
        })
        .await
        .unwrap();
        server.abort();
        assert!(server.await.is_err());
        assert!(!path.exists(), "the file goes with the socket");
    }
}
