//! The wire under one request: a connection to checked addresses only, TLS for the name, a deadline, a byte count.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::Agent;
use ureq::config::{AutoHeaderValue, ConfigBuilder};
use ureq::http::Uri;
use ureq::typestate::AgentScope;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport};

use super::OutboundError;

/// Longest accepted response head, in bytes.
pub(super) const LONGEST_HEADERS: usize = 16 * 1_024;

/// How every request of ours is made: no redirects, no proxy from the environment, nothing kept for a next one.
pub(super) fn strict(deadline: Deadline) -> Result<ConfigBuilder<AgentScope>, OutboundError> {
    Ok(Agent::config_builder()
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        // The default would be taken from the environment.
        .proxy(None)
        .user_agent(concat!("Writ/", env!("CARGO_PKG_VERSION")))
        .accept_encoding(AutoHeaderValue::None)
        .max_response_header_size(LONGEST_HEADERS)
        .max_idle_connections(0)
        .max_idle_connections_per_host(0)
        .timeout_global(Some(deadline.remaining()?)))
}

/// Connects to `addresses` in turn and to nothing else.
pub(super) struct Pinned {
    /// Checked. At least one.
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) name: ServerName<'static>,
    pub(super) tls: Arc<ClientConfig>,
    pub(super) deadline: Deadline,
    /// Most bytes taken off the wire, handshake and headers included.
    pub(super) most_bytes: usize,
}

/// The moment at which a request is over. Held against every single read and write, so that a byte now and then
/// (slow loris) buys no time, in the handshake no more than in the body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Instant);

impl Deadline {
    #[expect(
        clippy::disallowed_methods,
        reason = "a timeout is measured, not decided: nothing is stored or compared with it"
    )]
    pub(super) fn after(total: Duration) -> Self {
        Self(Instant::now() + total)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a timeout is measured, not decided: nothing is stored or compared with it"
    )]
    pub(super) fn remaining(self) -> Result<Duration, OutboundError> {
        let left = self.0.saturating_duration_since(Instant::now());
        // Sockets refuse a zero timeout; what is shorter than a millisecond is over.
        if left < Duration::from_millis(1) { Err(OutboundError::TooSlow) } else { Ok(left) }
    }
}

impl Pinned {
    pub(super) fn dial(&self) -> Result<TcpStream, OutboundError> {
        let mut left = u32::try_from(self.addresses.len()).unwrap_or(u32::MAX);
        let mut refused = OutboundError::NoConnection;
        for address in &self.addresses {
            // A fair share each, so that one dead address does not use up the time of the next.
            let share = self.deadline.remaining()? / left.max(1);
            left = left.saturating_sub(1);
            match TcpStream::connect_timeout(address, share.max(Duration::from_millis(1))) {
                Ok(stream) => return Ok(stream),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => refused = OutboundError::TooSlow,
                Err(_) => refused = OutboundError::NoConnection,
            }
        }
        Err(refused)
    }
}

impl Connector<()> for Pinned {
    type Out = Secured;

    fn connect(&self, _: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Secured>, ureq::Error> {
        let socket = self.dial().map_err(io::Error::other)?;
        socket.set_nodelay(true)?;
        let mut wire = Metered { socket, deadline: self.deadline, left: self.most_bytes };
        let mut session = ClientConnection::new(Arc::clone(&self.tls), self.name.clone()).map_err(io::Error::other)?;
        session.complete_io(&mut wire)?;
        let buffers = LazyBuffers::new(LONGEST_HEADERS * 2, 4 * 1_024);
        Ok(Some(Secured { buffers, stream: StreamOwned::new(session, wire) }))
    }
}

/// ureq asks a resolver before it connects; the answer is already known and is not asked for again.
impl Resolver for Pinned {
    fn resolve(&self, _: &Uri, _: &ureq::config::Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut known = self.empty();
        let first = self.addresses.first().ok_or(ureq::Error::HostNotFound)?;
        known.push(*first);
        Ok(known)
    }
}

impl fmt::Debug for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pinned")
    }
}

/// A TLS connection as ureq sees it. It minds our own deadline and not ureq's, which is the same, taken later.
pub(super) struct Secured {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, Metered>,
}

impl Transport for Secured {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        self.stream.write_all(output)?;
        Ok(self.stream.flush()?)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        // TLS tells an end from a cut (RFC 8446 §6.1); ureq would take both for the end of a body without a length.
        let cut = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => io::Error::other(OutboundError::Malformed),
            _ => error,
        };
        let amount = self.stream.read(self.buffers.input_append_buf()).map_err(cut)?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    /// Never used a second time.
    fn is_open(&mut self) -> bool {
        false
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secured")
    }
}

/// A socket with a deadline and an allowance of bytes to read.
pub(super) struct Metered {
    pub(super) socket: TcpStream,
    pub(super) deadline: Deadline,
    pub(super) left: usize,
}

impl Read for Metered {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let allowed = into.len().min(self.left);
        if allowed == 0 && !into.is_empty() {
            return Err(io::Error::other(OutboundError::Malformed));
        }
        self.socket.set_read_timeout(Some(self.deadline.remaining().map_err(io::Error::other)?))?;
        let read = self.socket.read(into.get_mut(..allowed).unwrap_or_default()).map_err(late)?;
        self.left = self.left.saturating_sub(read);
        Ok(read)
    }
}

impl Write for Metered {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(Some(self.deadline.remaining().map_err(io::Error::other)?))?;
        self.socket.write(from).map_err(late)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// A socket timeout is `WouldBlock` on Unix, which rustls would take for "come back later".
fn late(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => io::Error::other(OutboundError::TooSlow),
        _ => error,
    }
}
