//! Syslog. RFC 5424, over datagrams (RFC 5426) or a stream (RFC 6587).

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::{Batch, Line, Undelivered};
use crate::config::SyslogAt;

/// Facility 13, "log audit", and severity 6, "informational": 13 * 8 + 6. RFC 5424 §6.2.1.
const PRIORITY: u8 = 110;
/// What fits into a datagram, with room for what the network adds.
const LONGEST_DATAGRAM: usize = 60_000;
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn send(at: &SyslogAt, host: &str, batch: &Batch) -> Result<(), Undelivered> {
    let messages: Vec<String> = batch.lines.iter().map(|line| message(line, host)).collect();
    let sent = match at {
        SyslogAt::Socket(path) => UnixDatagram::unbound().and_then(|socket| {
            socket.set_write_timeout(Some(PATIENCE))?;
            socket.connect(path)?;
            datagrams(&messages, |bytes| socket.send(bytes))
        }),
        SyslogAt::Udp(to) => UdpSocket::bind("[::]:0").or_else(|_| UdpSocket::bind("0.0.0.0:0")).and_then(|socket| {
            socket.connect(to.as_str())?;
            datagrams(&messages, |bytes| socket.send(bytes))
        }),
        SyslogAt::Tcp(to) => stream(to, &messages),
    };
    sent.map_err(|error| Undelivered::because(format!("syslog cannot be reached: {}", error.kind())))
}

/// RFC 5424 §6: `<PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID SD MSG`.
fn message(line: &Line, host: &str) -> String {
    let host = host.split(':').next().filter(|host| !host.is_empty() && !host.starts_with('[')).unwrap_or("-");
    let (at, event, json) = (line.at.iso(), line.event, &line.json);
    format!("<{PRIORITY}>1 {at} {host} writ {} {event} - {json}", std::process::id())
}

/// Nobody says whether a datagram arrived; that it was taken is all there is to know.
fn datagrams(messages: &[String], mut send: impl FnMut(&[u8]) -> io::Result<usize>) -> io::Result<()> {
    for message in messages {
        let bytes = message.as_bytes();
        // Longer than the network carries: its beginning says what it was, and the log here has the rest.
        send(bytes.get(..LONGEST_DATAGRAM).unwrap_or(bytes))?;
    }
    Ok(())
}

/// RFC 6587 §3.4.1, octet counting. A connection for each batch, and its end is waited for: a receiver that closes after us has read
/// everything, and one that fell over did not.
fn stream(to: &str, messages: &[String]) -> io::Result<()> {
    let address = to.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut bytes = Vec::new();
    for message in messages {
        write!(bytes, "{} {message}", message.len())?;
    }
    stream.write_all(&bytes)?;
    stream.shutdown(Shutdown::Write)?;
    let mut nothing = [0; 256];
    while stream.read(&mut nothing)? > 0 {}
    Ok(())
}
