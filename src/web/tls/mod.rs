//! TLS as Writ itself speaks it: versions 1.2 and 1.3 through rustls with ring, HTTP/1.1 inside, and the certificate of the moment.

pub(super) mod redirect;

use std::fmt;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::app::App;
use crate::base::{Fault, FaultKind};
use crate::model::AcmeChallenge;

/// What every worker speaks by. The protocol inside, `http/1.1`, is added by actix.
pub(super) fn config(app: &App) -> Result<ServerConfig, Fault> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Fault::because(FaultKind::Bug, "TLS versions and cryptography do not fit", e))?;
    let mut config = versions.with_no_client_auth().with_cert_resolver(Arc::new(Shown(app.clone())));
    if app.config.acme.directory.is_some() && app.config.acme.challenge == AcmeChallenge::TlsAlpn01 {
        config.alpn_protocols.push(PROOF.to_vec());
    }
    Ok(config)
}

/// What a certificate authority asks for that looks for a proof.
const PROOF: &[u8] = b"acme-tls/1";

/// Asked in each handshake, so that another certificate needs no other listener.
struct Shown(App);

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // RFC 8737 §3: "The ACME server MUST provide an ALPN extension with the single protocol name "acme-tls/1" and an SNI extension
        // containing only the domain name being validated".
        if hello.alpn().is_some_and(|mut inside| inside.next() == Some(PROOF) && inside.next().is_none()) {
            return hello.server_name().and_then(|host| self.0.certificates.proof(host));
        }
        self.0.certificates.shown().map(|certificate| Arc::clone(&certificate.certified))
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shown")
    }
}
