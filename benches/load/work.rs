//! What is done, over and over; one connection does one thing at a time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::grow::Crowd;
use crate::http::{Connection, Outcome, encode, request};
use crate::prepare::{Browser, CALLBACK, RESOURCES, SCOPE, Scene, Workload, authorization, parameter};

/// A kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    ClientCredentials(&'static str),
    Introspect,
    Refresh,
    Code,
    CodeWithIdToken,
    /// The machine behind a resource trades the token it was sent, which is a person's.
    Exchange,
    /// A workload's token, made by another issuer and new each time.
    JwtBearer,
    /// The same, where the trust takes a token as often as it is shown: nothing is remembered of it.
    JwtBearerReused,
    /// An access key, as a hosted service's SDKs exchange it.
    AccessKey,
    Keys,
    Discovery,
    /// The next three pick another client each time, out of all that the file was filled with.
    ManyClientCredentials,
    ManyIntrospect,
    ManyRefresh,
}

impl Kind {
    pub(crate) const ALL: [Self; 13] = [
        Self::ClientCredentials("ES256"),
        Self::ClientCredentials("EdDSA"),
        Self::ClientCredentials("RS256"),
        Self::Introspect,
        Self::Refresh,
        Self::Code,
        Self::CodeWithIdToken,
        Self::Exchange,
        Self::JwtBearer,
        Self::JwtBearerReused,
        Self::AccessKey,
        Self::Keys,
        Self::Discovery,
    ];

    /// What `--only` calls it.
    pub(crate) fn name(self) -> String {
        match self {
            Self::ClientCredentials(algorithm) => format!("cc-{}", algorithm.to_lowercase()),
            Self::Introspect => "introspect".to_owned(),
            Self::Refresh => "refresh".to_owned(),
            Self::Code => "code".to_owned(),
            Self::CodeWithIdToken => "code-openid".to_owned(),
            Self::Exchange => "exchange".to_owned(),
            Self::JwtBearer => "jwt-bearer".to_owned(),
            Self::JwtBearerReused => "jwt-bearer-reused".to_owned(),
            Self::AccessKey => "access-key".to_owned(),
            Self::Keys => "jwks".to_owned(),
            Self::Discovery => "discovery".to_owned(),
            Self::ManyClientCredentials | Self::ManyIntrospect | Self::ManyRefresh => "growth".to_owned(),
        }
    }

    pub(crate) fn title(self) -> String {
        match self {
            Self::ClientCredentials(algorithm) => format!("client_credentials {algorithm}"),
            Self::Introspect => "introspection of 4 tokens".to_owned(),
            Self::Refresh => "refresh, rotating, ES256".to_owned(),
            Self::Code => "code + PKCE, signed in".to_owned(),
            Self::CodeWithIdToken => "the same with `openid` (id token RS256)".to_owned(),
            Self::Exchange => "token exchange for a person, ES256".to_owned(),
            Self::JwtBearer => "JWT bearer, a workload's token, ES256".to_owned(),
            Self::JwtBearerReused => "JWT bearer, a pod's token, ES256".to_owned(),
            Self::AccessKey => "access key exchange, ES256".to_owned(),
            Self::Keys => "JWKS".to_owned(),
            Self::Discovery => "discovery".to_owned(),
            Self::ManyClientCredentials => "client_credentials ES256, any client".to_owned(),
            Self::ManyIntrospect => "introspection, any refresh token".to_owned(),
            Self::ManyRefresh => "refresh, any client's token".to_owned(),
        }
    }

    /// Server CPU per operation that is aimed at, in microseconds.
    pub(crate) fn target(self) -> Option<u32> {
        match self {
            Self::ClientCredentials("RS256") => Some(240),
            Self::ClientCredentials(_) => Some(45),
            Self::Introspect => Some(25),
            Self::Refresh => Some(70),
            Self::Code => Some(180),
            Self::Keys | Self::Discovery => Some(10),
            _ => None,
        }
    }
}

/// How many workers there were.
static WORKERS: AtomicUsize = AtomicUsize::new(0);

/// One connection and what it carries from one operation to the next.
pub(crate) struct Worker {
    kind: Kind,
    connection: Connection,
    /// Requests that are always the same.
    ready: Vec<String>,
    /// How many operations were begun.
    count: usize,
    browser: Option<Browser>,
    refresh_token: String,
    access_token: String,
    /// No other worker of this program has it.
    number: usize,
    workload: Workload,
    application: String,
    name: String,
    crowd: Option<(Arc<Crowd>, crate::grow::Share)>,
}

impl Worker {
    /// Everything that has to be there before the first operation. `number` is the connection's, of `of`.
    pub(crate) async fn prepare(
        kind: Kind,
        address: SocketAddr,
        scene: &Scene,
        crowd: Option<Arc<Crowd>>,
        (number, of): (usize, usize),
    ) -> Outcome<Self> {
        let mut worker = Self {
            kind,
            connection: Connection::new(address),
            ready: Vec::new(),
            count: 0,
            browser: None,
            refresh_token: String::new(),
            access_token: String::new(),
            number: WORKERS.fetch_add(1, Ordering::Relaxed),
            workload: if kind == Kind::JwtBearerReused { scene.pod.clone() } else { scene.workload.clone() },
            application: scene.application.clone(),
            name: format!("{number}"),
            crowd: crowd.map(|crowd| {
                let share = crowd.share(number, of);
                (crowd, share)
            }),
        };
        let email = scene.people.get(number % scene.people.len()).map_or("", String::as_str);
        match kind {
            Kind::ClientCredentials(algorithm) => {
                let url = RESOURCES.iter().find(|(name, _)| *name == algorithm).map_or("", |(_, url)| url);
                worker.ready.push(client_credentials(&scene.machine.basic(), url));
                let token = worker.token(0).await?;
                expect_algorithm(&token, algorithm)?;
            }
            Kind::Introspect => {
                let ask = client_credentials(&scene.machine.basic(), RESOURCES[0].1);
                let mut all = Vec::new();
                for _ in 0..4 {
                    worker.ready = vec![ask.clone()];
                    let form = encode(&[("token", &worker.token(0).await?)]);
                    all.push(request("POST", "/oauth/introspect", &[&scene.machine.basic()], Some(&form)));
                }
                worker.ready = all;
            }
            Kind::Refresh | Kind::Code | Kind::CodeWithIdToken => {
                worker.browser = Some(Browser::signed_in(address, email).await?);
                worker.flow(true).await?;
            }
            Kind::Exchange => {
                worker.browser = Some(Browser::signed_in(address, email).await?);
                worker.flow(true).await?;
                let form = [
                    ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                    ("subject_token", &*worker.access_token),
                    ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
                    ("resource", RESOURCES[0].1),
                ];
                worker.ready.push(request("POST", "/oauth/token", &[&scene.desk.basic()], Some(&encode(&form))));
            }
            Kind::AccessKey => {
                let header = format!("Authorization: Bearer {}:{}", RESOURCES[0].1, scene.access_key);
                worker.ready.push(request("POST", "/v1/auth/accesskey/exchange", &[&header], Some("")));
            }
            Kind::JwtBearer | Kind::JwtBearerReused => {}
            Kind::Keys => worker.ready.push(request("GET", "/.well-known/jwks.json", &[], None)),
            Kind::Discovery => {
                worker.ready.push(request("GET", "/.well-known/oauth-authorization-server", &[], None));
            }
            Kind::ManyClientCredentials | Kind::ManyIntrospect | Kind::ManyRefresh => {}
        }
        Ok(worker)
    }

    /// Does it once and checks the answer.
    pub(crate) async fn operate(&mut self) -> Outcome<()> {
        self.count += 1;
        match self.kind {
            Kind::ClientCredentials(_) | Kind::Exchange => self.token(0).await.map(drop),
            Kind::AccessKey => {
                let answer = self.connection.send(self.ready.first().map_or("", String::as_str)).await?;
                answer.expect(200)?;
                answer.member("sessionJwt").map(drop).ok_or_else(|| "no sessionJwt".to_owned())
            }
            Kind::JwtBearer | Kind::JwtBearerReused => {
                // No two runs give a `jti` twice: the process stands in it.
                let jti = format!("{}-{}-{}", std::process::id(), self.number, self.count);
                let form = [
                    ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                    ("assertion", &*self.workload.token(&jti)),
                    ("resource", RESOURCES[0].1),
                ];
                let text = request("POST", "/oauth/token", &[], Some(&encode(&form)));
                let answer = self.connection.send(&text).await?;
                answer.expect(200)?;
                answer.member("access_token").map(drop).ok_or_else(|| "no access_token".to_owned())
            }
            Kind::Introspect => {
                let at = self.count % self.ready.len().max(1);
                let answer = self.connection.send(self.ready.get(at).map_or("", String::as_str)).await?;
                answer.expect(200)?;
                active(answer.body)
            }
            Kind::Refresh => {
                let form = [
                    ("grant_type", "refresh_token"),
                    ("client_id", &*self.application),
                    ("refresh_token", &*self.refresh_token),
                ];
                let text = request("POST", "/oauth/token", &[], Some(&encode(&form)));
                let answer = self.connection.send(&text).await?;
                answer.expect(200)?;
                answer.member("access_token").ok_or("no access_token")?;
                self.refresh_token = answer.member("refresh_token").ok_or("no refresh_token")?.to_owned();
                Ok(())
            }
            Kind::Code | Kind::CodeWithIdToken => self.flow(false).await,
            Kind::Keys => self.document("\"keys\"").await,
            Kind::Discovery => self.document("\"token_endpoint\"").await,
            Kind::ManyClientCredentials | Kind::ManyIntrospect | Kind::ManyRefresh => self.one_of_many().await,
        }
    }

    async fn document(&mut self, holds: &str) -> Outcome<()> {
        let answer = self.connection.send(self.ready.first().map_or("", String::as_str)).await?;
        answer.expect(200)?;
        if answer.body.contains(holds) { Ok(()) } else { Err(format!("no {holds} in it")) }
    }

    async fn token(&mut self, at: usize) -> Outcome<String> {
        let answer = self.connection.send(self.ready.get(at).map_or("", String::as_str)).await?;
        answer.expect(200)?;
        answer.member("access_token").map(str::to_owned).ok_or_else(|| "no access_token".to_owned())
    }

    /// From the authorization request to the tokens. `first` allows what is not remembered yet.
    async fn flow(&mut self, first: bool) -> Outcome<()> {
        let with_id = self.kind == Kind::CodeWithIdToken;
        let scope = if with_id { "openid mcp:read mcp:write" } else { SCOPE };
        let unique = format!("{}-{}", self.name, self.count);
        let (path, verifier) = authorization(&self.application, scope, RESOURCES[0].1, &unique);
        let browser = self.browser.as_mut().ok_or("no browser")?;
        let code = if first {
            browser.code(&path).await?
        } else {
            let text = request("GET", &path, &[&browser.cookie], None);
            let answer = browser.connection.send(&text).await?;
            answer.expect(303)?;
            let location = answer.header("location").ok_or("not sent back")?;
            if parameter(location, "state") != Some(&unique) {
                return Err(format!("another state in {location}"));
            }
            parameter(location, "code").ok_or_else(|| format!("no code in {location}"))?.to_owned()
        };
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &*self.application),
            ("code", &*code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", &*verifier),
        ];
        let text = request("POST", "/oauth/token", &[], Some(&encode(&form)));
        let answer = browser.connection.send(&text).await?;
        answer.expect(200)?;
        self.access_token = answer.member("access_token").ok_or("no access_token")?.to_owned();
        if with_id != answer.member("id_token").is_some() {
            return Err("an id token comes with openid and only then".to_owned());
        }
        self.refresh_token = answer.member("refresh_token").ok_or("no refresh_token")?.to_owned();
        Ok(())
    }

    async fn one_of_many(&mut self) -> Outcome<()> {
        let (crowd, share) = self.crowd.as_mut().ok_or("the file was not filled")?;
        let one = share.pick();
        let basic = crowd.basic(one);
        match self.kind {
            Kind::ManyIntrospect => {
                let form = encode(&[("token", &share.refresh_token(crowd, one))]);
                let text = request("POST", "/oauth/introspect", &[&basic], Some(&form));
                let answer = self.connection.send(&text).await?;
                answer.expect(200)?;
                active(answer.body)
            }
            Kind::ManyRefresh => {
                let token = share.refresh_token(crowd, one);
                let form = encode(&[("grant_type", "refresh_token"), ("refresh_token", &token)]);
                let text = request("POST", "/oauth/token", &[&basic], Some(&form));
                let answer = self.connection.send(&text).await?;
                answer.expect(200)?;
                let next = answer.member("refresh_token").ok_or("no refresh_token")?;
                share.rotated(one, next.to_owned());
                Ok(())
            }
            _ => {
                let answer = self.connection.send(&client_credentials(&basic, RESOURCES[0].1)).await?;
                answer.expect(200)?;
                answer.member("access_token").map(drop).ok_or_else(|| "no access_token".to_owned())
            }
        }
    }

    /// The token that a person was given last.
    pub(crate) fn access_token(&self) -> &str {
        &self.access_token
    }

    /// What must not be forgotten when the connection is: rotated tokens.
    pub(crate) fn finish(self) {
        if let Some((crowd, share)) = self.crowd {
            crowd.take_back(share);
        }
    }
}

fn client_credentials(basic: &str, resource: &str) -> String {
    let form = encode(&[("grant_type", "client_credentials"), ("scope", SCOPE), ("resource", resource)]);
    request("POST", "/oauth/token", &[basic], Some(&form))
}

fn active(body: &str) -> Outcome<()> {
    if body.contains("\"active\":true") { Ok(()) } else { Err(format!("not active: {body}")) }
}

/// What is measured is what is said to be measured.
fn expect_algorithm(token: &str, algorithm: &str) -> Outcome<()> {
    use base64::Engine as _;
    let header = token.split('.').next().unwrap_or_default();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    let header = String::from_utf8(header).unwrap_or_default();
    if header.contains(&format!("\"{algorithm}\"")) { Ok(()) } else { Err(format!("not {algorithm}: {header}")) }
}
