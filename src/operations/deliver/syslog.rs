//! Syslog. RFC 5424, over datagrams (RFC 5426) or a stream (RFC 6587).

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::{Batch, Line, Undelivered};
use crate::base::measure::Stopwatch;
use crate::config::SyslogAt;

/// Facility 13, "log audit", and severity 6, "informational": 13 * 8 + 6. RFC 5424 §6.2.1.
const PRIORITY: u8 = 110;
/// What fits into a datagram, with room for what the network adds.
const LONGEST_DATAGRAM: usize = 60_000;
/// For a batch: connection, what is sent, and the end of it.
const PATIENCE: Duration = Duration::from_secs(10);
/// Addresses of a name that are tried.
const MOST_TRIED: usize = 4;

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
        SyslogAt::Tcp(to) => to.to_socket_addrs().and_then(|addresses| {
            let addresses: Vec<SocketAddr> = addresses.take(MOST_TRIED).collect();
            stream(&addresses, &messages, Patience { began: Stopwatch::start(), total: PATIENCE })
        }),
    };
    sent.map_err(|error| match error.kind() {
        // How a socket says that it waited long enough.
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Undelivered::because("syslog takes too long"),
        kind => Undelivered::because(format!("syslog cannot be reached: {kind}")),
    })
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
        send(beginning(message).as_bytes())?;
    }
    Ok(())
}

/// Of what is longer than the network carries: it says what it was, and the log here has the rest. RFC 5424 §6.4: "the syslog application
/// […] MUST be encoded in UTF-8", so no character is cut in two.
fn beginning(message: &str) -> &str {
    let fits = (0..=LONGEST_DATAGRAM.min(message.len())).rev().find(|end| message.is_char_boundary(*end));
    fits.and_then(|end| message.get(..end)).unwrap_or_default()
}

/// How long all of it may take. Held against each step, so that a byte now and then buys no time.
#[derive(Clone, Copy)]
struct Patience {
    began: Stopwatch,
    total: Duration,
}

impl Patience {
    fn left(self) -> io::Result<Duration> {
        let left = self.total.saturating_sub(Duration::from_micros(self.began.micros()));
        // Sockets take no timeout of nothing.
        if left < Duration::from_millis(1) { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

/// To the first that answers, each with a fair share of the time.
fn connect(addresses: &[SocketAddr], patience: Patience) -> io::Result<TcpStream> {
    let mut refused = io::Error::from(io::ErrorKind::NotFound);
    for (address, left) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let share = patience.left()? / u32::try_from(left).unwrap_or(u32::MAX);
        match TcpStream::connect_timeout(address, share.max(Duration::from_millis(1))) {
            Ok(stream) => return Ok(stream),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// RFC 6587 §3.4.1, octet counting. A connection for each batch, and its end is waited for: a receiver that closes after us has read
/// everything, and one that fell over did not.
fn stream(addresses: &[SocketAddr], messages: &[String], patience: Patience) -> io::Result<()> {
    let mut stream = connect(addresses, patience)?;
    let mut bytes = Vec::new();
    for message in messages {
        write!(bytes, "{} {message}", message.len())?;
    }
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        stream.set_write_timeout(Some(patience.left()?))?;
        match stream.write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => rest = rest.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    stream.shutdown(Shutdown::Write)?;
    let mut nothing = [0; 256];
    loop {
        stream.set_read_timeout(Some(patience.left()?))?;
        match stream.read(&mut nothing) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn patience(total: Duration) -> Patience {
        Patience { began: Stopwatch::start(), total }
    }

    #[test]
    fn what_is_too_long_is_cut_between_two_characters() {
        let long = format!("x{}", "é".repeat(LONGEST_DATAGRAM));
        let mut sent = Vec::new();
        datagrams(&["short".to_owned(), long.clone()], |bytes| {
            sent.push(String::from_utf8(bytes.to_vec()).unwrap());
            Ok(bytes.len())
        })
        .unwrap();
        assert_eq!(sent[0], "short");
        assert!(sent[1].len() == LONGEST_DATAGRAM - 1 && long.starts_with(&sent[1]), "{}", sent[1].len());
    }

    #[test]
    fn each_address_of_a_name_is_tried() {
        // Nobody ever listens at port 0: a port that was given back is perhaps somebody else's by now.
        let nobody = SocketAddr::from(([127, 0, 0, 1], 0));
        assert!(TcpStream::connect_timeout(&nobody, PATIENCE).is_err());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let reading = std::thread::spawn(move || {
            let mut text = String::new();
            listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
            text
        });
        stream(&[nobody, at], &["message".to_owned()], patience(PATIENCE)).unwrap();
        assert_eq!(reading.join().unwrap(), "7 message");
    }

    /// It takes everything and speaks for ever: each single read is answered in time.
    #[test]
    fn a_receiver_that_never_ends_is_left() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            while stream.write_all(b"x").is_ok() {}
        });
        let left = stream(&[at], &["message".to_owned()], patience(Duration::from_millis(200))).unwrap_err();
        assert!(matches!(left.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock), "{left}");
    }
}
