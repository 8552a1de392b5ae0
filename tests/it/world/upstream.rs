//! Somebody else's OpenID provider, at which people sign in: its pages are played by the test, its endpoints are real.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rustls::{ServerConnection, StreamOwned};
use serde_json::{Value, json};
use writ::base::Digest;

use super::http::Location;
use super::{DISCOVERY, KeyPair, World, encode, website};

/// What Writ is called there, and its secret.
pub const THERE: &str = "writ at the provider";
pub const SECRET_THERE: &str = "s3cret: of ours+there";

pub struct Upstream {
    pub url: String,
    pub key: KeyPair,
    state: Arc<Mutex<State>>,
}

struct State {
    metadata: Value,
    keys: Value,
    /// By code.
    given: BTreeMap<String, Given>,
    /// What came to the token endpoint: its `Authorization` header and its body.
    asked: Vec<(String, BTreeMap<String, String>)>,
    /// What the token endpoint says in place of an answer.
    instead: Option<String>,
    is_public: bool,
    is_down: bool,
    /// What happens once, while its token endpoint is asked.
    meanwhile: Option<Box<dyn FnOnce() + Send>>,
}

/// A code, and what it buys.
struct Given {
    challenge: String,
    redirect_uri: String,
    id_token: String,
}

impl Upstream {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let key = KeyPair::new("ES256");
        let state = State {
            metadata: json!({
                "issuer": url,
                "authorization_endpoint": format!("{url}/authorize"),
                "token_endpoint": format!("{url}/token"),
                "jwks_uri": format!("{url}/keys"),
            }),
            keys: json!({ "keys": [key.jwk("key-1")] }),
            given: BTreeMap::new(),
            asked: Vec::new(),
            instead: None,
            is_public: false,
            is_down: false,
            meanwhile: None,
        };
        let state = Arc::new(Mutex::new(state));
        let served = Arc::clone(&state);
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let mut wire = StreamOwned::new(ServerConnection::new(website::tls()).unwrap(), socket.unwrap());
                wire.sock.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                let Some((head, body)) = heard(&mut wire) else { continue };
                let answer = served.lock().unwrap().answer(&head, &body);
                // Whoever hangs up early has read enough.
                let _ = wire.write_all(answer.as_bytes());
                wire.conn.send_close_notify();
                let _ = wire.flush();
            }
        });
        Self { url, key, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Changes a member of its metadata.
    pub fn says(&self, member: &str, value: Value) {
        self.state().metadata[member] = value;
    }

    pub fn is_down(&self, is_down: bool) {
        self.state().is_down = is_down;
    }

    /// Its client has no secret.
    pub fn is_public(&self) {
        self.state().is_public = true;
    }

    /// What its token endpoint answers in place of tokens: status line, headers and body.
    pub fn answers_instead(&self, answer: Option<&str>) {
        self.state().instead = answer.map(str::to_owned);
    }

    /// What is done, once, while its token endpoint is asked and Writ waits for it.
    pub fn meanwhile(&self, act: impl FnOnce() + Send + 'static) {
        self.state().meanwhile = Some(Box::new(act));
    }

    /// What came to its token endpoint since the last time.
    pub fn asked(&self) -> Vec<(String, BTreeMap<String, String>)> {
        std::mem::take(&mut self.state().asked)
    }

    /// Somebody signs in there whom a browser was sent to it for: the claims of a good id token, with changes; null leaves one out.
    pub fn claims(&self, world: &World, sent: &Location, changes: &Value) -> Value {
        let mut claims = json!({
            "iss": self.url, "aud": THERE, "sub": "00u1", "iat": world.now().seconds(),
            "exp": world.now().seconds() + 300, "nonce": sent.parameter("nonce").unwrap(),
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        claims
    }

    pub fn id_token(&self, claims: &Value) -> String {
        self.key.signs(&json!({ "alg": "ES256", "kid": "key-1", "typ": "JWT" }), claims)
    }

    /// Gives a code that buys this id token: the query with which the browser is sent back.
    pub fn gives(&self, sent: &Location, id_token: String) -> String {
        let said = |name| sent.parameter(name).unwrap_or_else(|| panic!("no {name} in {}", sent.0));
        assert_eq!(
            (said("response_type"), said("client_id"), said("code_challenge_method")),
            ("code".to_owned(), THERE.to_owned(), "S256".to_owned())
        );
        let mut state = self.state();
        let code = format!("code-{}", state.given.len() + 1);
        let given = Given { challenge: said("code_challenge"), redirect_uri: said("redirect_uri"), id_token };
        state.given.insert(code.clone(), given);
        encode(&[("code", &code), ("state", &said("state")), ("iss", &self.url)])
    }

    /// Signs somebody in there: where the browser is sent back to, on our side.
    pub fn signs_in(&self, world: &World, sent: &Location, changes: &Value) -> String {
        let token = self.id_token(&self.claims(world, sent, changes));
        let back = sent.parameter("redirect_uri").unwrap();
        let back = back.strip_prefix(world.app.issuer.as_str()).expect("it is ours");
        format!("{back}?{}", self.gives(sent, token))
    }
}

impl State {
    fn answer(&mut self, head: &str, body: &str) -> String {
        let json = |status: &str, body: &Value| {
            let body = body.to_string();
            let length = body.len();
            format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
        };
        let no = |status, error| json(status, &json!({ "error": error }));
        if self.is_down {
            return "HTTP/1.1 503 Out\r\nContent-Length: 0\r\n\r\n".to_owned();
        }
        let path = head.split(' ').nth(1).unwrap_or_default();
        match path {
            DISCOVERY => return json("200 OK", &self.metadata),
            "/keys" => return json("200 OK", &self.keys),
            "/token" => {}
            _ => return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
        }
        let form: BTreeMap<String, String> =
            url::form_urlencoded::parse(body.as_bytes()).map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
        let header = head
            .lines()
            .find_map(|line| line.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case("authorization")));
        let header = header.map(|(_, value)| value.to_owned()).unwrap_or_default();
        self.asked.push((header.clone(), form.clone()));
        if let Some(meanwhile) = self.meanwhile.take() {
            meanwhile();
        }
        if let Some(instead) = &self.instead {
            return format!("HTTP/1.1 {instead}");
        }
        let said = |name: &str| form.get(name).cloned().unwrap_or_default();
        let posts = self.metadata["token_endpoint_auth_methods_supported"] == json!(["client_secret_post"]);
        // RFC 6749 §2.3.1, by hand.
        let basic = "Basic d3JpdCthdCt0aGUrcHJvdmlkZXI6czNjcmV0JTNBK29mK291cnMlMkJ0aGVyZQ==";
        let proved = match (self.is_public, posts) {
            (true, _) => header.is_empty() && said("client_id") == THERE && said("client_secret").is_empty(),
            (false, true) => header.is_empty() && said("client_id") == THERE && said("client_secret") == SECRET_THERE,
            (false, false) => header == basic && said("client_secret").is_empty(),
        };
        if !proved {
            return no("401 Who", "invalid_client");
        }
        let Some(given) = self.given.remove(&said("code")) else { return no("400 No", "invalid_grant") };
        if Digest::of(said("code_verifier").as_bytes()).text() != given.challenge
            || said("redirect_uri") != given.redirect_uri
        {
            return no("400 No", "invalid_grant");
        }
        json("200 OK", &json!({ "access_token": "not looked at", "token_type": "Bearer", "id_token": given.id_token }))
    }
}

/// One request: its head and its body.
fn heard(wire: &mut StreamOwned<ServerConnection, TcpStream>) -> Option<(String, String)> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        wire.read_exact(&mut byte).ok()?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    wire.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8_lossy(&body).into_owned()))
}
