//! Requests to an address that whoever runs this appliance wrote down: its own public URL, where its audit log is sent, where its traces
//! are sent. It may be a private one, and plain http where they say so; for the rest these are as strict as every other request of ours:
//! no redirects, no proxy from the environment, everything bounded.

use std::net::ToSocketAddrs as _;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use ureq::Agent;
use ureq::http::header;

use super::fetch::{read, understand};
use super::transport::{Deadline, Pinned, strict};
use super::{Outbound, OutboundError};
use crate::base::Lifetime;

/// What is sent, and how much may come back.
pub struct Message<'m> {
    /// `http:` or `https:`.
    pub url: &'m str,
    pub headers: &'m [(&'m str, String)],
    pub body: Content<'m>,
    /// Longest answer, in bytes.
    pub most_bytes: usize,
    /// For everything: name, connection, handshake, answer.
    pub total_time: Lifetime,
}

pub enum Content<'m> {
    /// A `GET` has none.
    None,
    Json(&'m [u8]),
}

/// What came back, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    pub status: u16,
    /// The `Date` header.
    pub date: Option<String>,
    /// The `Retry-After` header, if it is a number of seconds.
    pub retry_after: Option<Lifetime>,
    pub body: String,
}

impl Outbound {
    /// Sends it and waits: not for a thread that drives futures.
    pub fn tell(&self, message: &Message<'_>) -> Result<Heard, OutboundError> {
        let heard = tell(&self.shared.tls, message);
        self.count(&heard);
        heard
    }
}

fn tell(tls: &Arc<ClientConfig>, message: &Message<'_>) -> Result<Heard, OutboundError> {
    let deadline =
        Deadline::after(Duration::from_millis(u64::try_from(message.total_time.millis()).unwrap_or_default()));
    let agent = agent(tls, message.url, message.most_bytes, deadline)?;
    let mut response = match message.body {
        Content::None => {
            let mut request = agent.get(message.url).header(header::CONNECTION, "close");
            for (name, value) in message.headers {
                request = request.header(*name, value.as_str());
            }
            request.call()
        }
        Content::Json(bytes) => {
            let mut request = agent
                .post(message.url)
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::CONNECTION, "close");
            for (name, value) in message.headers {
                request = request.header(*name, value.as_str());
            }
            request.send(bytes)
        }
    }
    .map_err(understand)?;
    let status = response.status().as_u16();
    if (300..400).contains(&status) {
        return Err(OutboundError::Redirected(status));
    }
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let date = text(header::DATE);
    let retry_after = text(header::RETRY_AFTER).and_then(|text| text.parse().ok()).map(Lifetime::from_seconds);
    let body = read(response.body_mut(), message.most_bytes)?;
    Ok(Heard { status, date, retry_after, body })
}

/// One that connects where the URL's name leads now, over TLS if the URL says so.
pub(super) fn agent(
    tls: &Arc<ClientConfig>,
    url: &str,
    most_bytes: usize,
    deadline: Deadline,
) -> Result<Agent, OutboundError> {
    let config = strict(deadline)?.accept("application/json").build();
    let url = ::url::Url::parse(url).map_err(|_| OutboundError::Url("it is no URL"))?;
    match url.scheme() {
        "https" => {}
        "http" => return Ok(Agent::new_with_config(config)),
        _ => return Err(OutboundError::Url("it is neither https: nor http:")),
    }
    let port = url.port_or_known_default().ok_or(OutboundError::Url("it has no port"))?;
    let (host, name) = match url.host() {
        Some(::url::Host::Domain(name)) => (
            name.to_owned(),
            ServerName::try_from(name.to_owned()).map_err(|_| OutboundError::Url("its host is not a DNS name"))?,
        ),
        Some(::url::Host::Ipv4(address)) => (address.to_string(), ServerName::from(std::net::IpAddr::V4(address))),
        Some(::url::Host::Ipv6(address)) => (address.to_string(), ServerName::from(std::net::IpAddr::V6(address))),
        None => return Err(OutboundError::Url("it has no host")),
    };
    let addresses: Vec<_> = (host.as_str(), port).to_socket_addrs().map_err(|_| OutboundError::NameNotFound)?.collect();
    if addresses.is_empty() {
        return Err(OutboundError::NameNotFound);
    }
    let connect = || Pinned {
        addresses: addresses.clone(),
        name: name.clone(),
        tls: Arc::clone(tls),
        deadline,
        // The handshake, and what TLS adds to what is read.
        most_bytes: most_bytes.saturating_mul(2).saturating_add(128 * 1_024),
    };
    Ok(Agent::with_parts(config, connect(), connect()))
}
