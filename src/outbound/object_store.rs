//! Requests to the operator's own store of objects (S3), at an address that is in the settings.
//!
//! Whoever writes the settings may name an address inside, and must say that they mean it: without [`Reach::Private`] only public addresses
//! over `https` are called, as everywhere else. Either way the name is resolved once and the connection goes to what was checked, redirects
//! are not followed, no proxy is taken from the environment, and time and bytes are bounded.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use rustls::pki_types::ServerName;
use ureq::config::Config;
use ureq::http::{Response, Uri, header};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport};
use ureq::{Agent, SendBody};

use super::address::canonical;
use super::fetch::understand;
use super::transport::{Deadline, LONGEST_HEADERS, Metered, Pinned, strict};
use super::{Outbound, OutboundError, is_public};

/// Which addresses a store of objects may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public ones, over `https`.
    Public,
    /// Any; those inside also over plain `http`.
    Private,
}

/// How long anything but bytes of a file may take.
const ASKING: Duration = Duration::from_secs(60);
/// How long a store may take to make one object of the parts that it has (S3: "could take several minutes").
const JOINING: Duration = Duration::from_secs(30 * 60);
/// Most bytes of an answer.
const LONGEST_ANSWER: usize = 1_024 * 1_024;
/// Of an error's answer, so much is looked through for its code.
const LOOKED_THROUGH: u64 = 2_048;
/// No code is longer.
const LONGEST_CODE: usize = 64;
/// Longest text that is read of a success.
const LONGEST_SAID: u64 = 768 * 1_024;
/// No tag of a version is longer.
const LONGEST_TAG: usize = 256;
/// Bytes of a file that are in memory at once.
const AT_ONCE: usize = 64 * 1_024;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub status: u16,
    pub length: Option<u64>,
    /// What the store calls this version of the object (`ETag`), quotes and all.
    pub tag: Option<String>,
    /// What the store calls it when it was no success: one word of letters.
    pub code: Option<String>,
    /// What it said, where that is asked for.
    pub said: String,
}

/// A stretch of a file, which is read as it is sent and never held as a whole.
pub struct Stretch<'f> {
    pub file: &'f File,
    pub from: u64,
    pub length: u64,
    /// Whether nobody wants it any more. Asked between two reads.
    pub is_over: &'f dyn Fn() -> bool,
}

impl Stretch<'_> {
    /// What the store compares with what came (RFC 1864). MD5 is no proof against anybody, and this needs none: what is sent is sealed, and so is the
    /// way. It is the one sum that every store knows; of the newer ones some refuse the header. A bucket that locks its objects takes nothing without.
    fn sum(&self) -> io::Result<String> {
        let (mut sum, mut part) = (Md5::new(), vec![0; AT_ONCE]);
        let mut reader = self.reader();
        loop {
            let read = reader.read(&mut part)?;
            if read == 0 {
                return Ok(STANDARD.encode(sum.finalize()));
            }
            sum.update(part.get(..read).unwrap_or_default());
        }
    }

    fn reader(&self) -> Reading<'_> {
        Reading { file: self.file, at: self.from, left: self.length, is_over: self.is_over }
    }

    /// A line of one megabit in a second is fast enough.
    fn patience(&self) -> Duration {
        patience(self.length)
    }
}

/// How long so many bytes may take.
fn patience(bytes: u64) -> Duration {
    Duration::from_secs(600 + bytes / (128 * 1_024))
}

struct Reading<'f> {
    file: &'f File,
    at: u64,
    left: u64,
    is_over: &'f dyn Fn() -> bool,
}

impl Read for Reading<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if (self.is_over)() {
            return Err(io::Error::other(OutboundError::Busy));
        }
        let most = into.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.file.read_at(into.get_mut(..most).unwrap_or_default(), self.at)?;
        if read == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += read as u64;
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

/// Part of an object that is wanted, of one version of it.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'t> {
    pub from: u64,
    /// At least one.
    pub length: u64,
    pub tag: Option<&'t str>,
}

impl Outbound {
    /// Sends a stretch of a file as the object, or the part of one, at `url`, which is signed already. For a thread that may take its time, as are the
    /// others.
    pub fn put_object(&self, url: &::url::Url, what: &Stretch<'_>, reach: Reach) -> Result<Stored, OutboundError> {
        let unreadable = |_| OutboundError::Malformed;
        let sum = what.sum().map_err(unreadable)?;
        let agent = self.agent(url, reach, what.patience(), LONGEST_ANSWER)?;
        let request = agent.put(url.as_str()).header(header::CONTENT_TYPE, "application/octet-stream");
        // Without its length it would travel in chunks, which such a store does not take.
        let request = request.header("Content-MD5", sum).header(header::CONTENT_LENGTH, what.length);
        told(request.send(SendBody::from_reader(&mut what.reader())), 0)
    }

    /// Asks for the length of the object at `url`.
    pub fn head_object(&self, url: &::url::Url, reach: Reach) -> Result<Stored, OutboundError> {
        told(self.agent(url, reach, ASKING, LONGEST_ANSWER)?.head(url.as_str()).call(), 0)
    }

    /// Removes the object at `url`, or what was sent of one.
    pub fn delete_object(&self, url: &::url::Url, reach: Reach) -> Result<Stored, OutboundError> {
        told(self.agent(url, reach, ASKING, LONGEST_ANSWER)?.delete(url.as_str()).call(), 0)
    }

    /// Posts a text of ours, and reads what is said to it.
    pub fn post_to_store(&self, url: &::url::Url, text: &str, reach: Reach) -> Result<Stored, OutboundError> {
        let agent = self.agent(url, reach, JOINING, LONGEST_ANSWER)?;
        told(agent.post(url.as_str()).header(header::CONTENT_TYPE, "application/xml").send(text), LONGEST_SAID)
    }

    /// Reads what is said at `url`.
    pub fn ask_store(&self, url: &::url::Url, reach: Reach) -> Result<Stored, OutboundError> {
        told(self.agent(url, reach, ASKING, LONGEST_ANSWER)?.get(url.as_str()).call(), LONGEST_SAID)
    }

    /// Fetches part of the object at `url` and gives its bytes to `into`, in order. All of them came, or it is an error; what `into` has by then counts
    /// for nothing.
    pub fn get_object(
        &self,
        url: &::url::Url,
        wanted: Wanted<'_>,
        reach: Reach,
        into: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<Stored, OutboundError> {
        // Chains of certificates, heads and records of TLS come on top.
        let most = usize::try_from(wanted.length.saturating_mul(2)).unwrap_or(usize::MAX);
        let agent = self.agent(url, reach, patience(wanted.length), most.saturating_add(LONGEST_ANSWER))?;
        let last = wanted.from.saturating_add(wanted.length).saturating_sub(1);
        let mut request = agent.get(url.as_str()).header(header::RANGE, format!("bytes={}-{last}", wanted.from));
        if let Some(tag) = wanted.tag {
            request = request.header(header::IF_MATCH, tag);
        }
        let mut response = match request.call() {
            // RFC 9110 §14.2: "A server MAY ignore the Range header field", and then answers with all of it, from its beginning.
            Ok(response) if response.status() == 206 || (response.status() == 200 && wanted.from == 0) => response,
            Ok(response) if response.status() == 200 => return Err(OutboundError::Malformed),
            answered => return told(answered, 0),
        };
        let stored = Stored { length: Some(wanted.length), ..heard(&response) };
        let (mut reader, mut part) = (response.body_mut().as_reader().take(wanted.length), vec![0; AT_ONCE]);
        let mut left = wanted.length;
        while left > 0 {
            let read = reader.read(&mut part).map_err(|error| understand(ureq::Error::Io(error)))?;
            if read == 0 {
                return Err(OutboundError::Malformed);
            }
            into(part.get(..read).unwrap_or_default()).map_err(|_| OutboundError::Malformed)?;
            left = left.saturating_sub(read as u64);
        }
        Ok(stored)
    }

    fn agent(
        &self,
        url: &::url::Url,
        reach: Reach,
        patience: Duration,
        most_bytes: usize,
    ) -> Result<Agent, OutboundError> {
        let deadline = Deadline::after(patience);
        let port = url.port_or_known_default().ok_or(OutboundError::Url("it has no port"))?;
        let (name, found) = match url.host() {
            Some(::url::Host::Domain(name)) => {
                let server = ServerName::try_from(name.to_owned());
                let server = server.map_err(|_| OutboundError::Url("its host is not a DNS name"))?;
                (server, self.shared.policy.resolver.resolve(name).map_err(|_| OutboundError::NameNotFound)?)
            }
            Some(::url::Host::Ipv4(v4)) => (ServerName::from(std::net::IpAddr::V4(v4)), vec![v4.into()]),
            Some(::url::Host::Ipv6(v6)) => (ServerName::from(std::net::IpAddr::V6(v6)), vec![v6.into()]),
            None => return Err(OutboundError::Url("it has no host")),
        };
        if found.is_empty() {
            return Err(OutboundError::NameNotFound);
        }
        let is_plain = url.scheme() != "https";
        if is_plain && (reach == Reach::Public || found.iter().any(|address| is_public(*address))) {
            return Err(OutboundError::Url("plain http is for addresses inside, which backup.s3_private allows"));
        }
        if reach == Reach::Public && !found.iter().all(|address| is_public(*address)) {
            return Err(OutboundError::ForbiddenAddress);
        }
        let addresses = found.into_iter().take(8).map(|address| SocketAddr::new(canonical(address), port)).collect();
        let tls = Arc::clone(&self.shared.tls);
        let pinned = Pinned { addresses, name, tls, deadline, most_bytes };
        let config = strict(deadline)?.https_only(!is_plain).build();
        Ok(match is_plain {
            true => Agent::with_parts(config, Plain(pinned.again()), Plain(pinned)),
            false => Agent::with_parts(config, pinned.again(), pinned),
        })
    }
}

impl Pinned {
    fn again(&self) -> Self {
        let Self { addresses, name, tls, deadline, most_bytes } = self;
        let (addresses, name, tls) = (addresses.clone(), name.clone(), Arc::clone(tls));
        Self { addresses, name, tls, deadline: *deadline, most_bytes: *most_bytes }
    }
}

/// What the head of an answer says.
fn heard(response: &Response<ureq::Body>) -> Stored {
    let text = |name: header::HeaderName| response.headers().get(name).and_then(|text| text.to_str().ok());
    let is_tag = |tag: &&str| (1..=LONGEST_TAG).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_graphic());
    Stored {
        status: response.status().as_u16(),
        length: text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()),
        tag: text(header::ETAG).filter(is_tag).map(str::to_owned),
        code: None,
        said: String::new(),
    }
}

/// With as much of what was said to a success as is asked for.
fn told(answered: Result<Response<ureq::Body>, ureq::Error>, most_said: u64) -> Result<Stored, OutboundError> {
    let mut response = answered.map_err(understand)?;
    let stored = heard(&response);
    let is_good = (200..300).contains(&stored.status);
    let most = if is_good { most_said } else { LOOKED_THROUGH };
    let mut said = Vec::new();
    if most > 0 {
        let read = response.body_mut().as_reader().take(most).read_to_end(&mut said);
        if is_good && (read.is_err() || said.len() as u64 == most) {
            return Err(OutboundError::Malformed);
        }
    }
    let said = String::from_utf8_lossy(&said);
    // One that has begun to answer with a success has no other way to say that it came to nothing.
    let code = code(&said);
    Ok(Stored { code, said: if is_good { said.into_owned() } else { String::new() }, ..stored })
}

/// The code in an error's answer (`<Error><Code>NoSuchBucket</Code>…`). The rest may be anything, and what is told goes into the log, the audit
/// log and a page.
fn code(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let is_word = (1..=LONGEST_CODE).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_word.then(|| code.to_owned())
}

/// The same wire without TLS, to an address inside.
struct Plain(Pinned);

impl Connector<()> for Plain {
    type Out = InTheClear;

    fn connect(&self, _: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<InTheClear>, ureq::Error> {
        let socket = self.0.dial().map_err(io::Error::other)?;
        socket.set_nodelay(true)?;
        let wire = Metered { socket, deadline: self.0.deadline, left: self.0.most_bytes };
        Ok(Some(InTheClear { buffers: LazyBuffers::new(LONGEST_HEADERS * 2, 64 * 1_024), wire }))
    }
}

impl Resolver for Plain {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        self.0.resolve(uri, config, timeout)
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain")
    }
}

struct InTheClear {
    buffers: LazyBuffers,
    wire: Metered,
}

impl Transport for InTheClear {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        Ok(self.wire.write_all(output)?)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        let amount = self.wire.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        false
    }
}

impl fmt::Debug for InTheClear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InTheClear")
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::outbound::{OutboundPolicy, Resolver};

    fn asked(url: &str, address: &str, reach: Reach) -> OutboundError {
        let address: IpAddr = address.parse().unwrap();
        let resolver = Resolver::from_fn(move |_| Ok(vec![address]));
        let outbound = Outbound::new(OutboundPolicy { allow_loopback: true, resolver, ..OutboundPolicy::default() });
        outbound.unwrap().head_object(&url.parse().unwrap(), reach).unwrap_err()
    }

    #[test]
    fn an_address_inside_is_called_only_if_somebody_said_so() {
        for inside in ["10.0.0.5", "127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.5", "fd00::1"] {
            assert_eq!(
                asked("https://s3.example/b/k", inside, Reach::Public),
                OutboundError::ForbiddenAddress,
                "{inside}"
            );
        }
        assert_eq!(asked("https://10.0.0.5/b/k", "10.0.0.5", Reach::Public), OutboundError::ForbiddenAddress);
    }

    #[test]
    fn of_an_errors_answer_only_its_code_is_told() {
        let known = "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchBucket</Code><Message>x</Message></Error>";
        assert_eq!(code(known).as_deref(), Some("NoSuchBucket"));
        let long = format!("<Code>{}</Code>", "a".repeat(65));
        let hostile =
            ["", "<Code></Code>", "<Code>NoSuch", "<Code>a b</Code>", "<Code><b>x</b></Code>", "<h1>Login</h1>", &long];
        for other in hostile {
            assert_eq!(code(other), None, "{other}");
        }
    }

    #[test]
    fn plain_http_is_for_the_inside() {
        for (address, reach) in
            [("10.0.0.5", Reach::Public), ("93.184.216.34", Reach::Public), ("93.184.216.34", Reach::Private)]
        {
            assert!(matches!(asked("http://s3.example/b/k", address, reach), OutboundError::Url(_)), "{address}");
        }
        // Nobody listens on port 1.
        assert_eq!(asked("http://s3.example:1/b/k", "127.0.0.1", Reach::Private), OutboundError::NoConnection);
    }
}
