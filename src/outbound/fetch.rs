//! One request on its own thread: name, addresses, connection, answer, in that order and never twice.

use std::io::{self, Read as _};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rustls::ClientConfig;
use ureq::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use ureq::http::{HeaderMap, header};
use ureq::{Agent, Body};

use super::address::canonical;
use super::cache::CachePolicy;
use super::transport::{Deadline, Pinned, strict};
use super::url::OutboundHost;
use super::{OutboundError, OutboundPolicy, OutboundUrl};
use crate::base::Secret;
use crate::protocol::strict_json;

/// A JSON text from outside: of bounded size, in UTF-8, nested no deeper than `strict_json::DEEPEST`. Not yet parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    pub body: String,
    /// Lower case, without parameters.
    pub content_type: String,
    pub cache: CachePolicy,
}

/// Addresses that are tried. All that the name has are checked.
const MOST_TRIED: usize = 4;

/// What somebody without a token is told at a door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knocked {
    pub status: u16,
    /// Every `WWW-Authenticate` header.
    pub challenges: Vec<String>,
}

/// How a request is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knock {
    Get,
    /// With a body of JSON that is ours.
    Post(&'static str),
}

/// Most challenges that are read of one answer.
const MOST_CHALLENGES: usize = 8;

/// Asks without a token and looks at the head of the answer alone.
pub(super) fn knock(
    policy: &OutboundPolicy,
    tls: &Arc<ClientConfig>,
    url: &OutboundUrl,
    how: Knock,
    deadline: Deadline,
) -> Result<Knocked, OutboundError> {
    let agent = agent(policy, tls, url, 0, deadline)?;
    // As a client of an MCP server asks: Streamable HTTP answers with either.
    let accept = (header::ACCEPT, "application/json, text/event-stream");
    let response = match how {
        Knock::Get => agent.get(url.as_str()).header(header::CONNECTION, "close").header(accept.0, accept.1).call(),
        Knock::Post(body) => agent
            .post(url.as_str())
            .header(header::CONNECTION, "close")
            .header(accept.0, accept.1)
            .header(CONTENT_TYPE, "application/json")
            .send(body),
    };
    let response = response.map_err(understand)?;
    let challenges = response.headers().get_all(header::WWW_AUTHENTICATE).iter().take(MOST_CHALLENGES);
    let challenges = challenges.filter_map(|value| value.to_str().ok()).map(str::to_owned).collect();
    Ok(Knocked { status: response.status().as_u16(), challenges })
}

/// One JSON text for somebody outside. No token goes with it: those headers are not ours to give.
pub struct Post {
    pub body: String,
    /// Names and values that are ours, or text that was looked at.
    pub headers: Vec<(&'static str, String)>,
    /// A stream is read no further once this holds, for it may never end.
    pub enough: Enough,
}

/// Whether what has come so far holds what is waited for.
pub type Enough = Box<dyn Fn(&str) -> bool + Send>;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub status: u16,
    /// The `Mcp-Session-Id`, if it is one: visible ASCII, of bounded length.
    pub session: Option<String>,
    /// Whether the body is a stream of events (`text/event-stream`).
    pub streams: bool,
    /// Of an answer that is not 200, nothing is read.
    pub body: String,
}

/// Longest session that is sent back.
const LONGEST_SESSION: usize = 512;

/// Sends and reads, by the same rules as [`fetch`].
pub(super) fn post(
    policy: &OutboundPolicy,
    tls: &Arc<ClientConfig>,
    url: &OutboundUrl,
    post: &Post,
    max_bytes: usize,
    deadline: Deadline,
) -> Result<Told, OutboundError> {
    let agent = agent(policy, tls, url, max_bytes, deadline)?;
    let mut request = agent
        .post(url.as_str())
        .header(header::CONNECTION, "close")
        .header(header::ACCEPT, "application/json, text/event-stream")
        .header(CONTENT_TYPE, "application/json");
    for (name, value) in &post.headers {
        request = request.header(*name, value);
    }
    let mut response = request.send(post.body.as_str()).map_err(understand)?;
    let status = response.status().as_u16();
    if matches!(status, 300..=399) {
        return Err(OutboundError::Redirected(status));
    }
    let visible = |text: &&str| text.len() <= LONGEST_SESSION && text.bytes().all(|byte| byte.is_ascii_graphic());
    let session = header::HeaderName::from_static("mcp-session-id");
    let session = one(response.headers(), &session).filter(|text| !text.is_empty()).filter(visible).map(str::to_owned);
    let kind = one(response.headers(), &CONTENT_TYPE).and_then(|kind| kind.split(';').next()).unwrap_or_default();
    let streams = kind.trim().eq_ignore_ascii_case("text/event-stream");
    if status != 200 {
        return Ok(Told { status, session, streams, body: String::new() });
    }
    if !streams && json_type(response.headers()).is_none() {
        return Err(OutboundError::ContentType);
    }
    if one(response.headers(), &CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(OutboundError::Compressed);
    }
    let body = if streams {
        read_until(response.body_mut(), max_bytes, &post.enough)?
    } else {
        read(response.body_mut(), max_bytes)?
    };
    Ok(Told { status, session, streams, body })
}

/// A form for somebody whom an administrator chose.
pub struct FormPost {
    pub body: Secret,
    pub authorization: Option<Secret>,
}

/// What came back.
pub struct Replied {
    pub status: u16,
    pub body: Secret,
}

/// Sends a form, by the same rules as [`fetch`]: to the address alone, for a redirect would carry the secret elsewhere.
pub(super) fn post_form(
    policy: &OutboundPolicy,
    tls: &Arc<ClientConfig>,
    url: &OutboundUrl,
    form: &FormPost,
    max_bytes: usize,
    deadline: Deadline,
) -> Result<Replied, OutboundError> {
    let agent = agent(policy, tls, url, max_bytes, deadline)?;
    let mut request = agent
        .post(url.as_str())
        .header(header::CONNECTION, "close")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(authorization) = &form.authorization {
        request = request.header(header::AUTHORIZATION, authorization.expose());
    }
    let mut response = request.send(form.body.expose()).map_err(understand)?;
    let status = response.status().as_u16();
    if matches!(status, 300..=399 | 500..=599) {
        return Err(if status < 400 { OutboundError::Redirected(status) } else { OutboundError::Status(status) });
    }
    if json_type(response.headers()).is_none() {
        return Err(OutboundError::ContentType);
    }
    if one(response.headers(), &CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(OutboundError::Compressed);
    }
    Ok(Replied { status, body: Secret::new(read(response.body_mut(), max_bytes)?) })
}

/// Reads a stream as far as it takes. Looked at after each event only.
fn read_until(body: &mut Body, max_bytes: usize, enough: &Enough) -> Result<String, OutboundError> {
    let (mut bytes, mut part) = (Vec::new(), [0_u8; 8_192]);
    let mut reader = body.as_reader();
    loop {
        let read = reader.read(&mut part).map_err(understand_io)?;
        bytes.extend_from_slice(part.get(..read).unwrap_or_default());
        if bytes.len() > max_bytes {
            return Err(OutboundError::TooLarge(max_bytes));
        }
        let ends = bytes.ends_with(b"\n\n") || bytes.ends_with(b"\r\n\r\n") || bytes.ends_with(b"\r\r");
        if read == 0 || (ends && str::from_utf8(&bytes).is_ok_and(enough)) {
            return String::from_utf8(bytes).map_err(|_| OutboundError::NotUtf8);
        }
    }
}

pub(super) fn fetch(
    policy: &OutboundPolicy,
    tls: &Arc<ClientConfig>,
    url: &OutboundUrl,
    max_bytes: usize,
    deadline: Deadline,
) -> Result<Fetched, OutboundError> {
    let agent = agent(policy, tls, url, max_bytes, deadline)?;
    let request = agent.get(url.as_str()).header(header::CONNECTION, "close");
    let mut response = request.call().map_err(understand)?;

    // CIMD §5: "MUST be served with a 200 OK HTTP status code. The authorization server MUST treat all other HTTP
    // status codes as an error response […] MUST NOT automatically follow HTTP redirects".
    match response.status().as_u16() {
        200 => {}
        redirect @ 300..=399 => return Err(OutboundError::Redirected(redirect)),
        status => return Err(OutboundError::Status(status)),
    }
    let content_type = json_type(response.headers()).ok_or(OutboundError::ContentType)?;
    if one(response.headers(), &CONTENT_ENCODING).is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(OutboundError::Compressed);
    }
    let declared = one(response.headers(), &CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if declared.is_some_and(|length| length > max_bytes) {
        return Err(OutboundError::TooLarge(max_bytes));
    }
    let cache = cache_policy(response.headers());
    let body = read(response.body_mut(), max_bytes)?;
    strict_json::check_depth(&body).map_err(|_| OutboundError::TooDeep)?;
    Ok(Fetched { body, content_type, cache })
}

/// A client for one request to `url`, which connects to checked addresses and to nothing else.
fn agent(
    policy: &OutboundPolicy,
    tls: &Arc<ClientConfig>,
    url: &OutboundUrl,
    max_bytes: usize,
    deadline: Deadline,
) -> Result<Agent, OutboundError> {
    let addresses = addresses(policy, url)?;
    let connect = || -> Result<Pinned, OutboundError> {
        Ok(Pinned {
            addresses: addresses.clone(),
            name: url.server_name()?,
            tls: Arc::clone(tls),
            deadline,
            // Chains of certificates, heads and chunked framing cost a little over the body itself.
            most_bytes: max_bytes.saturating_mul(4).saturating_add(128 * 1_024),
        })
    };
    let config = strict(deadline)?.https_only(true).accept("application/json").build();
    Ok(Agent::with_parts(config, connect()?, connect()?))
}

/// Every address of the host, each allowed: one that is not spoils the lot, because a name with one foot inside is
/// either a mistake or an attack. Resolved here once; the connection takes these and asks nobody again (case 32).
fn addresses(policy: &OutboundPolicy, url: &OutboundUrl) -> Result<Vec<SocketAddr>, OutboundError> {
    if url.is_loopback() && !policy.allow_loopback {
        return Err(OutboundError::ForbiddenAddress);
    }
    let found: Vec<IpAddr> = match url.host() {
        OutboundHost::Address(address) => vec![*address],
        OutboundHost::Name(name) => policy.resolver.resolve(name).map_err(|_| OutboundError::NameNotFound)?,
    };
    if found.is_empty() {
        return Err(OutboundError::NameNotFound);
    }
    if !found.iter().all(|&address| url.may_reach(address, policy.allow_loopback)) {
        return Err(OutboundError::ForbiddenAddress);
    }
    Ok(found.into_iter().take(MOST_TRIED).map(|address| SocketAddr::new(canonical(address), url.port())).collect())
}

/// CIMD §4: "as long as the response is JSON and conforms to application/<AS-defined>+json".
fn json_type(headers: &HeaderMap) -> Option<String> {
    let essence = one(headers, &CONTENT_TYPE)?.split(';').next()?.trim().to_ascii_lowercase();
    let subtype = essence.strip_prefix("application/")?;
    (subtype == "json" || subtype.strip_suffix("+json").is_some_and(|name| !name.is_empty())).then_some(essence)
}

/// A header that was sent once. Sent twice, it counts as absent, or as a coding we do not know.
fn one<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() { Some("") } else { Some(first.to_str().unwrap_or_default()) }
}

fn cache_policy(headers: &HeaderMap) -> CachePolicy {
    let directives: Vec<&str> = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok()).collect();
    let age = one(headers, &header::AGE).and_then(|age| age.parse().ok()).unwrap_or(0);
    CachePolicy::of(&directives.join(","), age)
}

/// All of it, if it is not too much.
pub(super) fn read(body: &mut Body, max_bytes: usize) -> Result<String, OutboundError> {
    let mut bytes = Vec::new();
    let one_more = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    body.as_reader().take(one_more).read_to_end(&mut bytes).map_err(understand_io)?;
    if bytes.len() > max_bytes {
        return Err(OutboundError::TooLarge(max_bytes));
    }
    String::from_utf8(bytes).map_err(|_| OutboundError::NotUtf8)
}

pub(super) fn understand(error: ureq::Error) -> OutboundError {
    match error {
        ureq::Error::Io(error) => understand_io(error),
        ureq::Error::Timeout(_) => OutboundError::TooSlow,
        _ => OutboundError::Malformed,
    }
}

/// Our own errors and those of TLS travel through ureq inside an `io::Error`.
fn understand_io(error: io::Error) -> OutboundError {
    let Some(inner) = error.into_inner() else { return OutboundError::Malformed };
    match inner.downcast::<OutboundError>() {
        Ok(ours) => *ours,
        Err(inner) => match inner.downcast::<ureq::Error>() {
            Ok(error) => understand(*error),
            Err(inner) => match inner.downcast_ref::<rustls::Error>() {
                Some(rustls::Error::InvalidCertificate(_)) => OutboundError::Certificate,
                Some(_) => OutboundError::Tls,
                None => OutboundError::Malformed,
            },
        },
    }
}
