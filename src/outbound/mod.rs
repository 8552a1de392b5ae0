//! Every HTTP request Writ makes, through one hardened client. Attack cases 31 to 34.
//!
//! A stranger names the address and answers the request, so nothing about either is taken on trust: `https` only,
//! the name is resolved once and every address it resolves to must be public, the connection goes to a checked
//! address and nowhere else, redirects are not followed, and bytes, time and concurrency are bounded.

mod acme;
mod address;
mod appliance;
mod cache;
mod documents;
mod error;
mod fetch;
mod named;
mod object_store;
mod transport;
mod url;

use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::Semaphore;
use tracing::field::Empty;

pub use acme::{AcmeError, Applicant, Authority, Issued, NewApplicant, Proof};
pub use address::is_public;
pub use appliance::{Answered, Appliance};
pub use cache::{CachePolicy, DocumentCache, Failure, Fresh};
pub use documents::{DocumentError, LONGEST_CACHE};
pub use error::OutboundError;
pub use fetch::{Enough, Fetched, FormPost, Knock, Knocked, Post, Replied, Told};
pub use named::{Content, Heard, Message};
pub use object_store::{Reach, Stored, Stretch, Wanted};
pub use url::OutboundUrl;

use crate::base::measure::Counter;
use crate::base::{Fault, FaultKind, Lifetime};
use transport::Deadline;

/// The client. Cheap to clone; all clones share one bounded pool of threads and one memory.
#[derive(Clone)]
pub struct Outbound {
    shared: Arc<Shared>,
}

/// What the client may do beyond calling the public internet. The default is nothing.
#[derive(Clone, Default)]
pub struct OutboundPolicy {
    /// Lets URLs whose host is `localhost`, `*.localhost` or a loopback address reach this computer, still over
    /// `https`. For tests and laptops only: CIMD §8.6 "MUST NOT apply this exception in production deployments".
    pub allow_loopback: bool,
    /// PEM certificates to trust besides the built-in roots.
    pub extra_root: Option<Vec<u8>>,
    pub resolver: Resolver,
}

/// What one request may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest accepted body, in bytes.
    pub max_bytes: usize,
    /// For everything: waiting for a thread, name, connection, handshake, answer.
    pub total_time: Lifetime,
}

/// Turns a host name into addresses; the system's resolver unless a test says otherwise.
#[derive(Clone)]
pub struct Resolver(Arc<Resolve>);

type Resolve = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

struct Shared {
    policy: OutboundPolicy,
    tls: Arc<ClientConfig>,
    /// Requests in work. A permit lives as long as its thread, not as long as its caller's patience.
    working: Arc<Semaphore>,
    /// Requests in work or waiting.
    admitted: Arc<Semaphore>,
    documents: documents::Documents,
    /// What requests came to, by [`OutboundError::OUTCOMES`].
    outcomes: [Counter; OutboundError::OUTCOMES.len()],
}

impl Outbound {
    /// Requests in work at the same time.
    pub const MOST_WORKING: usize = 16;
    /// Requests waiting for their turn; the next one is told [`OutboundError::Busy`].
    pub const MOST_WAITING: usize = 112;

    pub fn new(policy: OutboundPolicy) -> Result<Self, Fault> {
        let tls = trust(policy.extra_root.as_deref())?;
        Ok(Self {
            shared: Arc::new(Shared {
                policy,
                tls: Arc::new(tls),
                working: Arc::new(Semaphore::new(Self::MOST_WORKING)),
                admitted: Arc::new(Semaphore::new(Self::MOST_WORKING + Self::MOST_WAITING)),
                documents: documents::Documents::new(),
                outcomes: Default::default(),
            }),
        })
    }

    /// Fetches one JSON text with a `GET`. Never takes longer than `limits.total_time`.
    pub async fn get(&self, url: &OutboundUrl, limits: Limits) -> Result<Fetched, OutboundError> {
        let url = url.clone();
        let work = move |shared: &Shared, deadline| {
            fetch::fetch(&shared.policy, &shared.tls, &url, limits.max_bytes, deadline)
        };
        self.within(limits.total_time, work).await
    }

    /// How somebody without a token is answered. Of the answer, only the head is read.
    pub async fn knock(&self, url: &OutboundUrl, how: Knock, total_time: Lifetime) -> Result<Knocked, OutboundError> {
        let url = url.clone();
        self.within(total_time, move |shared, deadline| fetch::knock(&shared.policy, &shared.tls, &url, how, deadline))
            .await
    }

    /// Sends one JSON text, and reads what comes back, of a stream as far as it takes.
    pub async fn post(&self, url: &OutboundUrl, post: Post, limits: Limits) -> Result<Told, OutboundError> {
        let url = url.clone();
        self.within(limits.total_time, move |shared, deadline| {
            fetch::post(&shared.policy, &shared.tls, &url, &post, limits.max_bytes, deadline)
        })
        .await
    }

    /// Sends one form with what proves who sends it, and reads the JSON text that comes back, whatever its status.
    pub async fn post_form(&self, url: &OutboundUrl, form: FormPost, limits: Limits) -> Result<Replied, OutboundError> {
        let url = url.clone();
        self.within(limits.total_time, move |shared, deadline| {
            fetch::post_form(&shared.policy, &shared.tls, &url, &form, limits.max_bytes, deadline)
        })
        .await
    }

    /// How often requests came to what, with its name.
    pub fn outcomes(&self) -> impl Iterator<Item = (&'static str, u64)> {
        OutboundError::OUTCOMES.into_iter().zip(self.shared.outcomes.iter().map(Counter::get))
    }

    /// Does one piece of work when its turn comes, and counts what it came to.
    async fn within<T: Send + 'static>(
        &self,
        total: Lifetime,
        work: impl FnOnce(&Shared, Deadline) -> Result<T, OutboundError> + Send + 'static,
    ) -> Result<T, OutboundError> {
        let span = tracing::trace_span!(
            target: "writ::trace", "outbound", otel.kind = "client", outcome = Empty, otel.status_code = Empty
        );
        let came_to = self.worked(total, work).await;
        self.count(&came_to);
        if let (Err(error), false) = (&came_to, span.is_disabled()) {
            span.record("otel.status_code", "ERROR");
            span.record("outcome", OutboundError::OUTCOMES.get(error.outcome()).copied().unwrap_or_default());
        }
        came_to
    }

    fn count<T>(&self, came_to: &Result<T, OutboundError>) {
        let outcome = came_to.as_ref().err().map_or(0, OutboundError::outcome);
        if let Some(count) = self.shared.outcomes.get(outcome) {
            count.one();
        }
    }

    /// On a thread of its own.
    async fn worked<T: Send + 'static>(
        &self,
        total: Lifetime,
        work: impl FnOnce(&Shared, Deadline) -> Result<T, OutboundError> + Send + 'static,
    ) -> Result<T, OutboundError> {
        let admission = Arc::clone(&self.shared.admitted).try_acquire_owned().map_err(|_| OutboundError::Busy)?;
        let total = Duration::from_millis(u64::try_from(total.millis()).unwrap_or_default());
        let deadline = Deadline::after(total);
        let work = async {
            let turn = Arc::clone(&self.shared.working).acquire_owned().await.map_err(|_| OutboundError::Busy)?;
            let shared = Arc::clone(&self.shared);
            let thread = tokio::task::spawn_blocking(move || {
                let _held = (admission, turn);
                work(&shared, deadline)
            });
            thread.await.map_err(|_| OutboundError::Malformed)?
        };
        // The thread minds the same deadline, except in the system's resolver, which takes none: the caller is
        // answered in time, and the thread keeps its permit until the resolver gives up.
        tokio::time::timeout(total, work).await.unwrap_or(Err(OutboundError::TooSlow))
    }

    fn documents(&self) -> &documents::Documents {
        &self.shared.documents
    }
}

impl Resolver {
    /// Tests only, since names on loopback cannot be had from DNS.
    pub fn from_fn(resolve: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(resolve))
    }

    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        (self.0)(host)
    }
}

impl Default for Resolver {
    fn default() -> Self {
        Self::from_fn(|host| Ok((host, 0).to_socket_addrs()?.map(|address| address.ip()).collect()))
    }
}

/// The roots are built in (see Cargo.toml). Sessions are not resumed: one fetch tells the next one's host nothing.
fn trust(extra_root: Option<&[u8]>) -> Result<ClientConfig, Fault> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = extra_root {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let unreadable = |e| Fault::because(FaultKind::Settings, "outbound.extra_root is not PEM", e);
            let untrustworthy = |e| Fault::because(FaultKind::Settings, "outbound.extra_root holds no usable root", e);
            roots.add(certificate.map_err(unreadable)?).map_err(untrustworthy)?;
        }
        if roots.len() == before {
            return Err(Fault::new(FaultKind::Settings, "outbound.extra_root holds no certificate"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Fault::because(FaultKind::Bug, "TLS versions and cryptography do not fit", e))?;
    let mut tls = versions.with_root_certificates(roots).with_no_client_auth();
    tls.resumption = rustls::client::Resumption::disabled();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(tls)
}
