//! Websites on this computer: one that serves a client-id document, and one that is an OpenID issuer.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use writ::model::ClientId;

use super::{CALLBACK, ClientApp, KeyPair, World};

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

/// What websites on this computer show.
pub(super) fn tls() -> Arc<ServerConfig> {
    Arc::clone(&IDENTITY.tls)
}

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
        serve(listener, "no-store", move |path| {
            let asked = if path == "/keys.json" { &served_keys } else { &served };
            if down.load(Ordering::SeqCst) { Err("503 Out".to_owned()) } else { Ok(asked.lock().unwrap().clone()) }
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

/// Answers until the test ends. The certificate is trusted by whoever is told to.
fn serve(
    listener: TcpListener,
    caching: &'static str,
    answer: impl Fn(&str) -> Result<Value, String> + Send + 'static,
) {
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut wire = StreamOwned::new(ServerConnection::new(Arc::clone(&IDENTITY.tls)).unwrap(), socket.unwrap());
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && wire.read_exact(&mut byte).is_ok() {
                head.extend(byte);
            }
            let head = String::from_utf8_lossy(&head);
            let path = head.split(' ').nth(1).unwrap_or_default();
            let (status, body) = match answer(path) {
                Ok(body) => ("200 OK".to_owned(), body.to_string()),
                Err(status) => (status, String::new()),
            };
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nCache-Control: {caching}\r\nContent-Length: {length}\r\n\r\n{body}"
            );
            // Whoever hangs up early has read enough.
            let _ = wire.write_all(answer.as_bytes());
            wire.conn.send_close_notify();
            let _ = wire.flush();
        }
    });
}

/// An OpenID issuer: its discovery document and its keys, which may be kept for an hour, and who asked for what.
pub struct OpenIdIssuer {
    pub url: String,
    pub key: KeyPair,
    documents: Arc<Mutex<BTreeMap<String, Value>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

/// Where every issuer says who it is.
pub const DISCOVERY: &str = "/.well-known/openid-configuration";

impl OpenIdIssuer {
    pub fn new(alg: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let key = KeyPair::new(alg);
        let documents = BTreeMap::from([
            (DISCOVERY.to_owned(), json!({ "issuer": url, "jwks_uri": format!("{url}/keys") })),
            ("/keys".to_owned(), json!({ "keys": [key.jwk("key-1")] })),
        ]);
        let (documents, asked) = (Arc::new(Mutex::new(documents)), Arc::new(Mutex::new(Vec::new())));
        let (served, heard) = (Arc::clone(&documents), Arc::clone(&asked));
        serve(listener, "max-age=3600", move |path| {
            heard.lock().unwrap().push(path.to_owned());
            served.lock().unwrap().get(path).cloned().ok_or_else(|| "404 Not Found".to_owned())
        });
        Self { url, key, documents, asked }
    }

    /// Puts another document there.
    pub fn set(&self, path: &str, document: Value) {
        self.documents.lock().unwrap().insert(path.to_owned(), document);
    }

    /// What was asked for since the last time.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// An MCP server as far as a client without a token gets: a 401 with its challenge, and the documents it serves.
pub struct ProtectedServer {
    /// Its address, and so its identifier.
    pub url: String,
    pub origin: String,
    documents: Arc<Mutex<BTreeMap<String, Value>>>,
    refusal: Arc<Mutex<String>>,
    asked: Arc<Mutex<Vec<String>>>,
}

/// Where the server has its metadata.
pub const METADATA: &str = "/.well-known/oauth-protected-resource/mcp";

impl ProtectedServer {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let refusal = format!("401 Who\r\nWWW-Authenticate: Bearer resource_metadata=\"{origin}{METADATA}\"");
        let (documents, refusal) = (Arc::default(), Arc::new(Mutex::new(refusal)));
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (served, told, heard) = (Arc::clone(&documents), Arc::clone(&refusal), Arc::clone(&asked));
        serve(listener, "no-store", move |path| {
            let documents: &Mutex<BTreeMap<String, Value>> = &served;
            heard.lock().unwrap().push(path.to_owned());
            let found = documents.lock().unwrap().get(path).cloned();
            found.ok_or_else(|| if path == "/mcp" { told.lock().unwrap().clone() } else { "404 Not Found".to_owned() })
        });
        Self { url: format!("{origin}/mcp"), origin, documents, refusal, asked }
    }

    /// Puts another document there.
    pub fn set(&self, path: &str, document: Value) {
        self.documents.lock().unwrap().insert(path.to_owned(), document);
    }

    /// How it refuses who has no token: status, reason, and headers.
    pub fn refuse(&self, refusal: &str) {
        refusal.clone_into(&mut self.refusal.lock().unwrap());
    }

    /// What was asked for since the last time.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

impl World {
    /// One that may fetch documents from this computer.
    pub fn with_websites() -> Self {
        Self::with_websites_and(&[])
    }

    /// The same, with settings of its own.
    pub fn with_websites_and(settings: &[(&'static str, &str)]) -> Self {
        let websites = [
            ("outbound.allow_loopback", "true"),
            ("outbound.extra_root", IDENTITY.file.to_str().unwrap()),
            ("workers", "4"),
        ];
        Self::with(&[&websites[..], settings].concat())
    }
}
