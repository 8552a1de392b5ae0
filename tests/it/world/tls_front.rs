//! What stands before an appliance in the world: something that ends TLS and passes on what it hears.

use std::io::{Read, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A certificate that vouches for itself, and its key.
pub struct Certificate {
    /// For those who should trust it.
    pub pem: String,
    pub key_pem: String,
    der: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Certificate {
    pub fn of(name: &str) -> Self {
        Self::made(CertificateParams::new([name.to_owned()]).unwrap())
    }

    /// One whose time is over.
    pub fn expired(name: &str) -> Self {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1));
        Self::made(params)
    }

    /// One that holds between these years.
    pub fn between(name: &str, years: (i32, i32)) -> Self {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(years.0, 1, 1), date_time_ymd(years.1, 1, 1));
        Self::made(params)
    }

    /// The other end of a connection to whoever has this certificate.
    pub fn accept(&self, socket: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
        StreamOwned::new(ServerConnection::new(config(self)).unwrap(), socket)
    }

    pub fn der(&self) -> &[u8] {
        &self.der
    }

    fn made(params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let made = params.self_signed(&key).unwrap();
        Self { pem: made.pem(), key_pem: key.serialize_pem(), der: made.der().clone(), key: key.serialize_der() }
    }
}

/// Passes on to an appliance on this computer what comes to its own port, until the test ends.
pub struct TlsFront {
    pub port: u16,
    /// Bytes of requests that came through TLS.
    heard: Arc<AtomicUsize>,
    /// The certificate of whoever connects from now on.
    shows: Arc<Mutex<Arc<ServerConfig>>>,
}

impl TlsFront {
    pub fn new(certificate: &Certificate) -> (Self, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        (Self { port, heard: Arc::default(), shows: Arc::new(Mutex::new(config(certificate))) }, listener)
    }

    /// Opens, once it is known what is behind.
    pub fn open(&self, listener: TcpListener, behind: &str) {
        let (heard, shows, behind) = (Arc::clone(&self.heard), Arc::clone(&self.shows), behind.to_owned());
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let tls = Arc::clone(&shows.lock().unwrap());
                // One after the other: who asks closes the connection when it has its answer. Whoever does not like the certificate
                // hangs up, and that is no failure here.
                drop(pass_on(socket.unwrap(), tls, &behind, &heard));
            }
        });
    }

    pub fn shows(&self, certificate: &Certificate) {
        *self.shows.lock().unwrap() = config(certificate);
    }

    pub fn heard(&self) -> usize {
        self.heard.load(Ordering::SeqCst)
    }
}

fn config(certificate: &Certificate) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::try_from(certificate.key.clone()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der.clone()], key)
        .unwrap();
    Arc::new(config)
}

fn pass_on(socket: TcpStream, tls: Arc<ServerConfig>, behind: &str, heard: &AtomicUsize) -> std::io::Result<()> {
    // Nothing here is waited for: this only ends a test that would hang.
    socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut wire = StreamOwned::new(ServerConnection::new(tls).map_err(std::io::Error::other)?, socket);
    let mut request = Vec::new();
    let mut buffer = [0; 4_096];
    while !is_whole(&request) {
        let read = wire.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        heard.fetch_add(read, Ordering::SeqCst);
        request.extend_from_slice(&buffer[..read]);
    }
    let mut inside = TcpStream::connect(behind)?;
    inside.write_all(&request)?;
    let mut answer = Vec::new();
    // Asked with `Connection: close`, so its end is the answer's.
    inside.read_to_end(&mut answer)?;
    wire.write_all(&answer)?;
    wire.conn.send_close_notify();
    wire.flush()?;
    wire.sock.shutdown(Shutdown::Write)
}

/// Whether a request is here with its body.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    body.len() >= length.unwrap_or(0)
}
