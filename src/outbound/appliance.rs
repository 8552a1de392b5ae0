//! The command line's request to an appliance somewhere else. Whoever types it names the address, so it may be a private one; for the
//! rest it is as strict as every other request of ours: no redirects, no proxy from the environment, everything bounded.

use std::sync::Arc;
use std::time::Duration;

use ureq::http::header;

use super::fetch::{read, understand};
use super::transport::Deadline;
use super::{OutboundError, named, trust};
use crate::base::{Fault, Issuer, Secret};

/// Longest answer, in bytes.
const LONGEST_ANSWER: usize = 16 * 1_024 * 1_024;
/// How long an answer may take: the audit log may have to be walked for it.
const PATIENCE: Duration = Duration::from_secs(120);

/// What came back, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    pub status: u16,
    pub body: String,
}

/// The way to one appliance.
pub struct Appliance {
    issuer: Issuer,
    tls: Arc<rustls::ClientConfig>,
}

impl Appliance {
    /// `extra_root` holds PEM certificates to trust besides the built-in roots.
    pub fn new(issuer: Issuer, extra_root: Option<&[u8]>) -> Result<Self, Fault> {
        Ok(Self { issuer, tls: Arc::new(trust(extra_root)?) })
    }

    /// Posts a JSON text to `path`, with a credential as its bearer. RFC 6750 §2.1. Waits for the answer.
    pub fn post(&self, path: &str, bearer: &Secret, json: &[u8]) -> Result<Answered, OutboundError> {
        let deadline = Deadline::after(PATIENCE);
        let agent = named::agent(&self.tls, self.issuer.as_str(), LONGEST_ANSWER, deadline)?;
        let authorization = zeroize::Zeroizing::new(format!("Bearer {}", bearer.expose()));
        let request = agent
            .post(self.issuer.url(path))
            .header(header::AUTHORIZATION, authorization.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONNECTION, "close");
        let mut response = request.send(json).map_err(understand)?;
        let status = response.status().as_u16();
        if (300..400).contains(&status) {
            return Err(OutboundError::Redirected(status));
        }
        Ok(Answered { status, body: read(response.body_mut(), LONGEST_ANSWER)? })
    }
}
