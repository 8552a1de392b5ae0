//! One keep-alive connection that speaks HTTP/1.1: a request is written whole, an answer is read whole.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) type Outcome<T> = Result<T, String>;

/// A connection that is opened when it is first used, and again when the server has closed it.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    read: Vec<u8>,
}

/// An answer; its text lies in the connection until the next request.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    head: &'a str,
    pub(crate) body: &'a str,
}

/// An answer longer than this is a mistake of the driver or of the server.
const LONGEST: usize = 1 << 20;

impl Connection {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, read: Vec::with_capacity(16 * 1024) }
    }

    /// Sends a request; tries once more, on a new connection, if the old one turns out to be closed.
    pub(crate) async fn send(&mut self, request: &str) -> Outcome<Answer<'_>> {
        let was_open = self.stream.is_some();
        let mut length = self.exchange(request).await;
        if length.is_err() && was_open && self.read.is_empty() {
            length = self.exchange(request).await;
        }
        let (head, length) = length?;
        let text = std::str::from_utf8(self.read.get(..head + length).unwrap_or_default());
        let text = text.map_err(|_| "an answer is not UTF-8".to_owned())?;
        let (head, body) = text.split_at(head);
        let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or("no status line")?;
        Ok(Answer { status, head, body })
    }

    /// Gives the lengths of the head and of the body in `read`.
    async fn exchange(&mut self, request: &str) -> Outcome<(usize, usize)> {
        let outcome = self.try_exchange(request).await;
        if outcome.is_err() {
            self.stream = None;
        }
        outcome
    }

    async fn try_exchange(&mut self, request: &str) -> Outcome<(usize, usize)> {
        let text = |e: std::io::Error| e.to_string();
        self.read.clear();
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect(self.address).await.map_err(text)?;
                stream.set_nodelay(true).map_err(text)?;
                none.insert(stream)
            }
        };
        stream.write_all(request.as_bytes()).await.map_err(text)?;
        let mut searched = 0_usize;
        loop {
            if stream.read_buf(&mut self.read).await.map_err(text)? == 0 {
                return Err("the server closed the connection".to_owned());
            }
            let from = searched.saturating_sub(3);
            let unread = self.read.get(from..).unwrap_or_default();
            if let Some(at) = unread.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = from + at + 4;
                let length = length(self.read.get(..head).unwrap_or_default())?;
                while self.read.len() < head + length {
                    if stream.read_buf(&mut self.read).await.map_err(text)? == 0 {
                        return Err("the server broke off an answer".to_owned());
                    }
                }
                return Ok((head, length));
            }
            searched = self.read.len();
            if searched > LONGEST {
                return Err("an answer has no end".to_owned());
            }
        }
    }
}

impl Answer<'_> {
    /// The first header of this name, given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    pub(crate) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// A text member of the JSON in the body. The texts asked for here hold nothing that JSON escapes.
    pub(crate) fn member(&self, name: &str) -> Option<&str> {
        let at = self.body.find(&format!("\"{name}\":\""))? + name.len() + 4;
        let rest = self.body.get(at..)?;
        rest.get(..rest.find('"')?)
    }

    pub(crate) fn expect(&self, status: u16) -> Outcome<()> {
        if self.status == status {
            return Ok(());
        }
        Err(format!("status {} instead of {status}: {}", self.status, self.body.chars().take(300).collect::<String>()))
    }
}

fn length(head: &[u8]) -> Outcome<usize> {
    let head = std::str::from_utf8(head).map_err(|_| "a head is not UTF-8")?;
    if head.starts_with("HTTP/1.1 204") || head.starts_with("HTTP/1.1 304") {
        return Ok(0);
    }
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let found = lengths.next().and_then(|(_, value)| value.trim().parse().ok());
    found.filter(|length| *length <= LONGEST).ok_or_else(|| "an answer does not say how long it is".to_owned())
}

/// The text of a request. `headers` are whole lines.
pub(crate) fn request(method: &str, path: &str, headers: &[&str], form: Option<&str>) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    for line in headers {
        text += line;
        text += "\r\n";
    }
    if let Some(form) = form {
        let length = form.len();
        text += &format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}");
    } else {
        text += "\r\n";
    }
    text
}

pub(crate) fn encode(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The header line of HTTP Basic authentication. RFC 6749 §2.3.1.
pub(crate) fn basic(id: &str, secret: &str) -> String {
    use base64::Engine as _;
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", encode(id), encode(secret)));
    format!("Authorization: Basic {pair}")
}
