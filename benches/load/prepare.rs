//! People, resources and clients, made as a script would make them; and browsers in which somebody has signed in.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

use writ::base::Digest;

use crate::http::{Connection, Outcome, basic, encode, request};
use crate::server::Place;

pub(crate) const PASSWORD: &str = "a password for measurements";
pub(crate) const CALLBACK: &str = "http://127.0.0.1:7777/callback";
pub(crate) const SCOPE: &str = "mcp:read mcp:write";
/// How many people share the browsers.
const PEOPLE: usize = 8;

/// One protected resource for each algorithm.
pub(crate) const RESOURCES: [(&str, &str); 3] = [
    ("ES256", "https://es256.example/mcp"),
    ("EdDSA", "https://eddsa.example/mcp"),
    ("RS256", "https://rs256.example/mcp"),
];

/// Whoever asks for tokens.
#[derive(Clone)]
pub(crate) struct Party {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Party {
    /// Its header line for HTTP Basic authentication.
    pub(crate) fn basic(&self) -> String {
        basic(&self.id, &self.secret)
    }
}

/// Everything that the workloads need.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) machine: Party,
    /// A public client with PKCE, as MCP clients are.
    pub(crate) application: String,
    /// Who signs in.
    pub(crate) people: Vec<String>,
    /// A machine behind the first resource, which may act for each of the people.
    pub(crate) desk: Party,
    /// The first machine's access key.
    pub(crate) access_key: String,
    /// Each of its tokens is good once.
    pub(crate) workload: Workload,
    /// One whose tokens are good until they end, as those that Kubernetes puts into files.
    pub(crate) pod: Workload,
}

/// An issuer whose tokens the first machine is known by.
#[derive(Clone)]
pub(crate) struct Workload {
    issuer: &'static str,
    key: Arc<EcdsaKeyPair>,
    random: SystemRandom,
}

/// The issuers, what their tokens say of the machine, and whom they are for.
const WORKLOAD_ISSUER: &str = "https://ci.example";
const POD_ISSUER: &str = "https://kubernetes.example";
const WORKLOAD_AUDIENCE: &str = "https://measured.example";
const WORKLOAD: &str = "job";

impl Workload {
    fn new(issuer: &'static str) -> Outcome<Self> {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        let made = made.map_err(|_| "no key pair")?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random);
        Ok(Self { issuer, key: Arc::new(key.map_err(|_| "no key pair")?), random })
    }

    /// Its public key, as an administrator writes it down.
    fn jwks(&self) -> serde_json::Value {
        let point = self.key.public_key().as_ref();
        let half = |at: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(point.get(at).unwrap_or_default());
        let key = serde_json::json!({ "kty": "EC", "crv": "P-256", "kid": "ci", "x": half(1..33), "y": half(33..65) });
        serde_json::json!({ "keys": [key] })
    }

    /// A token that it has not given before: each buys one.
    pub(crate) fn token(&self, jti: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = serde_json::json!({ "alg": "ES256", "kid": "ci", "typ": "JWT" });
        let claims = serde_json::json!({
            "iss": self.issuer, "sub": WORKLOAD, "aud": WORKLOAD_AUDIENCE, "iat": now, "exp": now + 300, "jti": jti,
        });
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.key.sign(&self.random, message.as_bytes());
        let signature = signature.map(|made| URL_SAFE_NO_PAD.encode(made.as_ref())).unwrap_or_default();
        format!("{message}.{signature}")
    }
}

/// Makes everything in the file of an appliance that may be running or not.
pub(crate) fn prepare(place: &Place) -> Outcome<Scene> {
    let person = |n: usize| format!("person-{n}@example.com");
    let run = |words: &[&str]| place.run(words, PASSWORD);
    let text = |value: &serde_json::Value, name: &str| value.get(name).and_then(|v| v.as_str()).map(str::to_owned);
    for n in 0..PEOPLE {
        let words = ["--email", &person(n), "--name", "Somebody", "--password-stdin"];
        let verb: &[&str] = if n == 0 { &["setup"] } else { &["person", "add"] };
        run(&[verb, &words].concat())?;
    }
    for (algorithm, url) in RESOURCES {
        let scopes = ["--scope", "mcp:read", "--scope", "mcp:write"];
        run(&[&["resource", "add", url, "--name", algorithm, "--algorithm", algorithm][..], &scopes].concat())?;
    }
    let words = ["machine", "add", "--name", "Measurer", "--owner", &person(0), "--purpose", "benchmarks"];
    let made = run(&[&words[..], &["--scope", "mcp:read", "--scope", "mcp:write"]].concat())?;
    let machine = Party {
        id: text(&made, "client_id").ok_or("no client_id")?,
        secret: text(&made, "client_secret").ok_or("no client_secret")?,
    };
    let made = run(&["client", "add", "--name", "Application", "--redirect-uri", CALLBACK, "--auth", "none"])?;
    let application = text(&made, "client_id").ok_or("no client_id")?;
    let owner = person(0);
    let words = ["machine", "add", "--name", "Desk", "--owner", &owner, "--purpose", "benchmarks"];
    let more = ["--kind", "agent", "--serves", RESOURCES[0].1, "--scope", "mcp:read", "--scope", "mcp:write"];
    let made = run(&[&words[..], &more].concat())?;
    let desk = Party {
        id: text(&made, "client_id").ok_or("no client_id")?,
        secret: text(&made, "client_secret").ok_or("no client_secret")?,
    };
    for n in 0..PEOPLE {
        let whom = person(n);
        let words = ["delegation", "add", "--actor", &desk.id, "--for", &whom, "--purpose", "benchmarks"];
        run(&[&words[..], &["--scope", "mcp:read", "--scope", "mcp:write"]].concat())?;
    }
    let made = run(&["credential", "add", &machine.id, "--kind", "access-key"])?;
    let access_key = text(&made, "access_key").ok_or("no access_key")?;
    let (workload, pod) = (Workload::new(WORKLOAD_ISSUER)?, Workload::new(POD_ISSUER)?);
    for (trusted, more) in [(&workload, &[][..]), (&pod, &["--reuse"][..])] {
        let keys = place.data.join("workload-keys.json");
        std::fs::write(&keys, trusted.jwks().to_string()).map_err(|e| e.to_string())?;
        let keys = keys.to_str().ok_or("a path that is no text")?;
        let rule = format!("sub={WORKLOAD}");
        let words = ["credential", "add", &machine.id, "--kind", "trust", "--issuer", trusted.issuer, "--jwks", keys];
        run(&[&words[..], &["--audience", WORKLOAD_AUDIENCE, "--rule", &rule], more].concat())?;
    }
    let people = (0..PEOPLE).map(person).collect();
    Ok(Scene { machine, application, people, desk, access_key, workload, pod })
}

/// A browser without JavaScript, in which somebody has signed in.
pub(crate) struct Browser {
    pub(crate) connection: Connection,
    cookies: BTreeMap<String, String>,
    /// The header line, made when the cookies last changed.
    pub(crate) cookie: String,
}

impl Browser {
    pub(crate) async fn signed_in(address: SocketAddr, email: &str) -> Outcome<Self> {
        let mut browser =
            Self { connection: Connection::new(address), cookies: BTreeMap::new(), cookie: String::new() };
        let page = browser.send("GET", "/sign-in", None).await?.1;
        let csrf = field(&page, "csrf").ok_or("no csrf on the sign-in page")?;
        let form = encode(&[("csrf", &csrf), ("email", email), ("password", PASSWORD)]);
        let (status, _, _) = browser.send("POST", "/sign-in", Some(&form)).await?;
        if status != 303 {
            return Err(format!("signing in was answered with {status}"));
        }
        Ok(browser)
    }

    /// Gives status, page and `Location`.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        form: Option<&str>,
    ) -> Outcome<(u16, String, Option<String>)> {
        let headers = if self.cookie.is_empty() { Vec::new() } else { vec![self.cookie.as_str()] };
        let text = request(method, path, &headers, form);
        let answer = self.connection.send(&text).await?;
        let said = (answer.status, answer.body.to_owned(), answer.header("location").map(str::to_owned));
        for pair in answer.headers("set-cookie").filter_map(|cookie| cookie.split(';').next()?.split_once('=')) {
            self.cookies.insert(pair.0.to_owned(), pair.1.to_owned());
        }
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.cookie = format!("Cookie: {}", pairs.join("; "));
        Ok(said)
    }

    /// A flow up to the code; allows, and asks to remember it, if there is a page that asks.
    pub(crate) async fn code(&mut self, path: &str) -> Outcome<String> {
        let (status, page, location) = self.send("GET", path, None).await?;
        let location = match (status, location) {
            (200, _) => {
                let value = |name| field(&page, name).ok_or_else(|| format!("no {name} on the consent page: {page}"));
                let (csrf, ticket) = (value("csrf")?, value("ticket")?);
                let mut form = vec![("csrf", &*csrf), ("ticket", &ticket), ("decision", "allow"), ("remember", "on")];
                form.extend(["openid", "mcp:read", "mcp:write"].map(|scope| ("scope", scope)));
                self.send("POST", "/oauth/consent", Some(&encode(&form))).await?.2
            }
            (_, location) => location,
        };
        let location = location.ok_or("the browser was not sent back")?;
        Ok(parameter(&location, "code").ok_or_else(|| format!("no code in {location}"))?.to_owned())
    }
}

/// The path and query of an authorization request, and the verifier that goes with it.
pub(crate) fn authorization(application: &str, scope: &str, resource: &str, nonce: &str) -> (String, String) {
    let verifier = Digest::of(nonce.as_bytes()).text();
    let challenge = Digest::of(verifier.as_bytes()).text();
    let mut fields = vec![
        ("response_type", "code"),
        ("client_id", application),
        ("redirect_uri", CALLBACK),
        ("scope", scope),
        ("resource", resource),
        ("state", nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    if scope.contains("openid") {
        fields.push(("nonce", nonce));
    }
    (format!("/oauth/authorize?{}", encode(&fields)), verifier)
}

/// A parameter of a URL's query. Codes and the like are not escaped.
pub(crate) fn parameter<'a>(url: &'a str, name: &str) -> Option<&'a str> {
    let query = url.split_once('?')?.1;
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// The value of the first field of that name on a page.
fn field(page: &str, name: &str) -> Option<String> {
    let tag = page.split("<input").find(|tag| tag.contains(&format!(" name=\"{name}\"")))?;
    let tag = tag.split('>').next()?;
    let rest = tag.split_once(" value=\"")?.1;
    Some(rest.split('"').next()?.replace("&#38;", "&").replace("&amp;", "&"))
}
