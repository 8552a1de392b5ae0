//! A website on this computer that serves one client-id document.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use writ::model::ClientId;

use super::{CALLBACK, ClientApp, World};

struct Identity {
    /// The certificate, for those who should trust it.
    file: PathBuf,
    _directory: tempfile::TempDir,
    tls: Arc<ServerConfig>,
}

static IDENTITY: LazyLock<Identity> = LazyLock::new(|| {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let tls = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("website.pem");
    std::fs::write(&file, made.cert.pem()).unwrap();
    Identity { file, _directory: directory, tls: Arc::new(tls) }
});

/// Serves its document until the test ends, and a key set at `/keys.json`; nobody may cache them.
pub struct Website {
    /// The address of the document, and so the client's id.
    pub url: String,
    document: Arc<Mutex<Value>>,
    keys: Arc<Mutex<Value>>,
    is_down: Arc<AtomicBool>,
}

impl Website {
    pub fn new(name: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://localhost:{}/client.json", listener.local_addr().unwrap().port());
        let document = json!({
            "client_id": url,
            "client_name": name,
            "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
        });
        let document = Arc::new(Mutex::new(document));
        let (keys, is_down) = (Arc::new(Mutex::new(Value::Null)), Arc::new(AtomicBool::new(false)));
        let (served, served_keys, down) = (Arc::clone(&document), Arc::clone(&keys), Arc::clone(&is_down));
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let mut wire =
                    StreamOwned::new(ServerConnection::new(Arc::clone(&IDENTITY.tls)).unwrap(), socket.unwrap());
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && wire.read_exact(&mut byte).is_ok() {
                    head.extend(byte);
                }
                let asks_for_keys = head.starts_with(b"GET /keys.json ");
                let body = if asks_for_keys { &served_keys } else { &served }.lock().unwrap().to_string();
                let status = if down.load(Ordering::SeqCst) { "503 Out" } else { "200 OK" };
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: {length}\r\n\r\n{body}"
                );
                // Whoever hangs up early has read enough.
                let _ = wire.write_all(answer.as_bytes());
                wire.conn.send_close_notify();
                let _ = wire.flush();
            }
        });
        Self { url, document, keys, is_down }
    }

    /// Changes a member of the document.
    pub fn set(&self, member: &str, value: Value) {
        self.document.lock().unwrap()[member] = value;
    }

    /// Changes the key set.
    pub fn set_keys(&self, keys: Value) {
        *self.keys.lock().unwrap() = keys;
    }

    /// Answers nobody any more, or again.
    pub fn is_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    /// The application whose document this is.
    pub fn application(&self) -> ClientApp {
        ClientApp {
            id: ClientId::Document(self.url.clone()),
            secret: None,
            redirect_uri: CALLBACK.to_owned(),
            resource: None,
        }
    }
}

impl World {
    /// One that may fetch documents from this computer.
    pub fn with_websites() -> Self {
        Self::with(&[("outbound.allow_loopback", "true"), ("outbound.extra_root", IDENTITY.file.to_str().unwrap())])
    }
}
