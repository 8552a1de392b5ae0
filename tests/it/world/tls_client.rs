//! Somebody who speaks TLS to the appliance, and looks at what is shown.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, StreamOwned, SupportedProtocolVersion};

use super::{Answer, http};

/// Whom it trusts, and what it speaks.
pub struct TlsClient {
    trusts: Vec<CertificateDer<'static>>,
    versions: Vec<&'static SupportedProtocolVersion>,
    pub inside: Vec<Vec<u8>>,
}

/// A connection that stands.
pub struct Wire(StreamOwned<ClientConnection, TcpStream>);

impl TlsClient {
    /// `trusts` holds PEM certificates.
    pub fn new(trusts: &str) -> Self {
        Self {
            trusts: CertificateDer::pem_slice_iter(trusts.as_bytes()).map(Result::unwrap).collect(),
            versions: rustls::ALL_VERSIONS.to_vec(),
            inside: Vec::new(),
        }
    }

    #[must_use]
    pub fn only(mut self, version: &'static SupportedProtocolVersion) -> Self {
        self.versions = vec![version];
        self
    }

    #[must_use]
    pub fn inside(mut self, protocols: &[&str]) -> Self {
        self.inside = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        self
    }

    /// The end of a handshake: a connection, or what was wrong.
    pub fn connect(&self, address: SocketAddr, name: &str) -> Result<Wire, String> {
        let mut roots = RootCertStore::empty();
        for root in &self.trusts {
            roots.add(root.clone()).unwrap();
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&self.versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols.clone_from(&self.inside);
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let session = ClientConnection::new(Arc::new(config), name).unwrap();
        let socket = TcpStream::connect(address).map_err(|error| error.to_string())?;
        // Nothing here is waited for: this only ends a test that would hang.
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut wire = StreamOwned::new(session, socket);
        while wire.conn.is_handshaking() {
            wire.conn.complete_io(&mut wire.sock).map_err(|error| error.to_string())?;
        }
        Ok(Wire(wire))
    }

    /// The digest of the certificate that is shown.
    pub fn shown(&self, address: SocketAddr, name: &str) -> Vec<u8> {
        self.connect(address, name).unwrap().certificate()
    }
}

impl Wire {
    pub fn version(&self) -> ProtocolVersion {
        self.0.conn.protocol_version().unwrap()
    }

    pub fn inside(&self) -> Option<&[u8]> {
        self.0.conn.alpn_protocol()
    }

    /// The DER of whoever is at the other end.
    pub fn certificate(&self) -> Vec<u8> {
        self.0.conn.peer_certificates().unwrap()[0].to_vec()
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
        self.0.flush().unwrap();
    }

    pub fn read(&mut self, bytes: usize) -> Vec<u8> {
        let mut read = vec![0; bytes];
        self.0.read_exact(&mut read).unwrap();
        read
    }

    /// What comes until the connection closes. The request said `Connection: close`.
    pub fn answer(mut self) -> Answer {
        let mut answer = Vec::new();
        // Some close without saying so.
        let _ = self.0.read_to_end(&mut answer);
        http::read_answer(&String::from_utf8_lossy(&answer))
    }

    /// One `GET`, and what comes back.
    pub fn get(mut self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let host = if headers.contains("Host: ") { "" } else { "Host: localhost\r\n" };
        self.send(format!("GET {path} HTTP/1.1\r\n{host}{headers}Connection: close\r\n\r\n").as_bytes());
        self.answer()
    }
}
