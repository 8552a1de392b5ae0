//! Requests to the operator's own store of objects (S3), at an address that is in the settings.
//!
//! Whoever writes the settings may name an address inside, and must say that they mean it: without [`Reach::Private`] only public addresses
//! over `https` are called, as everywhere else. Either way the name is resolved once and the connection goes to what was checked, redirects
//! are not followed, no proxy is taken from the environment, and time and bytes are bounded.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use ureq::Agent;
use ureq::config::Config;
use ureq::http::{Response, Uri, header};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport};

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

/// How long an object may take to be sent.
const SENDING: Duration = Duration::from_secs(6 * 60 * 60);
/// How long anything else may take.
const ASKING: Duration = Duration::from_secs(60);
/// Most bytes of an answer, of which only the beginning is looked at.
const LONGEST_ANSWER: usize = 1_024 * 1_024;
/// Of an error's answer, so much is looked through for its code.
const LOOKED_THROUGH: u64 = 2_048;
/// No code is longer.
const LONGEST_CODE: usize = 64;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub status: u16,
    pub length: Option<u64>,
    /// What the store calls it when it was no success: one word of letters.
    pub code: Option<String>,
}

impl Outbound {
    /// Sends a file as the object at `url`, which is signed already. For a thread that may take its time, as are the others.
    pub fn put_object(&self, url: &::url::Url, file: &File, reach: Reach) -> Result<Stored, OutboundError> {
        let agent = self.agent(url, reach, SENDING)?;
        told(agent.put(url.as_str()).header(header::CONTENT_TYPE, "application/octet-stream").send(file))
    }

    /// Asks for the length of the object at `url`.
    pub fn head_object(&self, url: &::url::Url, reach: Reach) -> Result<Stored, OutboundError> {
        told(self.agent(url, reach, ASKING)?.head(url.as_str()).call())
    }

    /// Removes the object at `url`.
    pub fn delete_object(&self, url: &::url::Url, reach: Reach) -> Result<Stored, OutboundError> {
        told(self.agent(url, reach, ASKING)?.delete(url.as_str()).call())
    }

    fn agent(&self, url: &::url::Url, reach: Reach, patience: Duration) -> Result<Agent, OutboundError> {
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
        let pinned = Pinned { addresses, name, tls, deadline, most_bytes: LONGEST_ANSWER };
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

fn told(answered: Result<Response<ureq::Body>, ureq::Error>) -> Result<Stored, OutboundError> {
    let mut response = answered.map_err(understand)?;
    let status = response.status().as_u16();
    let length = response.headers().get(header::CONTENT_LENGTH).and_then(|text| text.to_str().ok()?.parse().ok());
    let mut said = Vec::new();
    if !(200..300).contains(&status) {
        drop(response.body_mut().as_reader().take(LOOKED_THROUGH).read_to_end(&mut said));
    }
    Ok(Stored { status, length, code: code(&String::from_utf8_lossy(&said)) })
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
