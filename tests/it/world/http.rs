//! Plain HTTP/1.1, as a client library sends it: no redirects followed, no cookies kept.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use base64::Engine as _;
use serde_json::Value;

use super::told::{Told, told};

/// A request being put together.
pub struct Request {
    url: String,
    method: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn new(address: SocketAddr, method: &str, path: &str) -> Self {
        Self {
            url: format!("http://{address}{path}"),
            method: method.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    #[must_use]
    pub fn basic(self, user: &str, password: &str) -> Self {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        self.header("Authorization", &format!("Basic {pair}"))
    }

    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    #[must_use]
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        self.body = encode(fields).into_bytes();
        self.header("Content-Type", "application/x-www-form-urlencoded")
    }

    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.header("Content-Type", "application/json")
    }

    #[must_use]
    pub fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub fn send(self) -> Answer {
        self.attempt().expect("an answer")
    }

    /// `None` if nobody answers, or nobody any more.
    pub fn attempt(self) -> Option<Answer> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            // A test that waits for nobody fails, and does not stand for ever.
            .timeout_global(Some(Duration::from_secs(120)))
            .build()
            .into();
        let mut request = ureq::http::Request::builder().method(self.method.as_str()).uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(self.body).unwrap();
        let mut response = agent.run(request).ok()?;
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let body = response.body_mut().read_to_string().unwrap_or_default();
        Some(Answer { status: response.status().as_u16(), headers, body })
    }
}

/// [`wire`], with what comes back read as an answer; its status is 0 if nothing does. The request says `Connection: close`.
pub fn raw(address: SocketAddr, request: &[u8]) -> Answer {
    read_answer(&wire(address, request))
}

/// A text as an answer; its status is 0 if it is none.
pub fn read_answer(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let headers = lines.filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()));
    Answer { status: status.unwrap_or(0), headers: headers.collect(), body: body.to_owned() }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{} {e}: {}", self.status, self.body))
    }

    #[track_caller]
    pub fn expect_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    /// An OAuth error, with everything that belongs to one.
    #[track_caller]
    pub fn expect_refused(&self, status: u16, error: &str) -> &Self {
        let body = self.json();
        assert_eq!((self.status, body["error"].as_str().unwrap_or_default()), (status, error), "{}", self.body);
        assert!(body["error_description"].as_str().is_some_and(|text| !text.is_empty()));
        assert!(body["error_id"].as_str().is_some_and(|id| id.starts_with("req_")), "{body}");
        assert!(self.header("cache-control").is_some_and(|value| value.contains("no-store")));
        self
    }

    /// A refusal of this name: what the caller is told fits what the log is told under the same id.
    #[track_caller]
    pub fn expect_refusal(&self, status: u16, error: &str, refusal: &str) -> &Self {
        let told = self.told();
        assert_eq!((told.error.as_str(), told.refusal.as_str()), (error, refusal), "{}", self.body);
        self.expect_refused(status, error)
    }

    /// What the log was told under the id in this answer, wherever in it the id stands.
    #[track_caller]
    pub fn told(&self) -> Told {
        let text = format!("{} {}", self.header("location").unwrap_or_default(), self.body);
        let id = error_id(&text).unwrap_or_else(|| panic!("{} without an error id: {text}", self.status));
        told(&id)
    }

    /// The parameters of the URL that this answer leads to.
    #[track_caller]
    pub fn location(&self) -> Location {
        let location =
            self.header("location").unwrap_or_else(|| panic!("{} leads nowhere: {}", self.status, self.body));
        Location(location.to_owned())
    }
}

/// Where a redirect leads.
#[derive(Clone, Debug)]
pub struct Location(pub String);

impl Location {
    pub fn parameter(&self, name: &str) -> Option<String> {
        let query = self.0.split_once('?').map_or("", |(_, query)| query);
        let mut found = url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
        let first = found.next().map(|(_, value)| value.into_owned());
        assert!(found.next().is_none(), "{name} twice in {}", self.0);
        first
    }
}

pub fn encode(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The first error id in a text.
pub fn error_id(text: &str) -> Option<String> {
    let rest = &text[text.find("req_")?..];
    Some(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect())
}

/// Bytes as they are, and what comes back to them until the connection closes: empty if it is closed without an answer.
pub fn wire(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // The answer may come, and the connection close, before all is sent.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}
