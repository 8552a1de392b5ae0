//! The people in the tests. They speak HTTP to the real server over the real store; only the clock is theirs to set.

mod authenticator;
mod browser;
mod client_app;
mod http;
mod key_pair;
mod mcp_server;
mod tls_client;
mod tls_front;
mod told;
mod upstream;
mod website;

use std::net::SocketAddr;
use std::sync::{Arc, Barrier, mpsc};
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use tempfile::TempDir;
use writ::app::App;
use writ::base::{Clock, Entropy, FaultKind, Id, Lifetime, Secret, Timestamp};
use writ::config::{Config, Sources};
use writ::model::{Actor, Channel, Context, Email, Event, Origin, Person, PersonState, Standing};
use writ::operations::operator::Operator;
use writ::operations::people::NewPerson;
use writ::operations::setup;
use writ::operations::start::{Keeping, start};
use writ::operations::turn_keys;
use writ::store::tables::PEOPLE;
use writ::store::{Read, audit_page};
use writ::web::{Patience, Sockets};

pub use authenticator::{Device, PRESENT, VERIFIED};
pub use browser::{Browser, Form, Page, attribute};
pub use client_app::{CALLBACK, ClientApp, Tokens, VERIFIER, challenge, claims};
pub use http::{Answer, Location, Request, encode, raw, read_answer, wire};
pub use key_pair::{JWT_BEARER, KeyPair, Signer, base64, unsigned, verified};
pub use mcp_server::{McpServer, Speaks};
pub use tls_client::TlsClient;
pub use tls_front::{Certificate, TlsFront};
pub use told::Told;
pub use upstream::{SECRET_THERE, THERE, Upstream};
pub use website::{DISCOVERY, METADATA, OpenIdIssuer, ProtectedServer, Website};

/// What the appliance in the tests calls itself, whatever port it listens on.
pub const ISSUER: &str = "http://127.0.0.1:9000";
/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

/// One appliance, answering on loopback, with a clock that stands still.
pub struct World {
    pub app: App,
    pub address: SocketAddr,
    /// Where plain http is sent on from, if it is.
    pub redirects_from: Option<SocketAddr>,
    /// Where those who watch are answered, if a setting says so.
    pub watched: Option<SocketAddr>,
    clock: Clock,
    /// Where its file is, if it has one.
    directory: Option<Arc<TempDir>>,
    runtime: tokio::runtime::Runtime,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

/// A person that the appliance knows.
#[derive(Clone, Debug)]
pub struct Someone {
    pub id: Id<Person>,
    pub email: String,
}

impl World {
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// With every kind of signing key, as it is unless somebody sets it otherwise.
    pub fn with_rsa() -> Self {
        Self::with(&[("keys.algorithms", "ES256,RS256,EdDSA")])
    }

    /// With settings of its own, by the names of the settings file.
    pub fn with(settings: &[(&'static str, &str)]) -> Self {
        told::listen();
        Self::begin(&Self::config(settings), None, Clock::fixed(Timestamp::from_seconds(1_800_000_000)))
    }

    /// One that keeps a file, and so can be [`restarted`](Self::restarted).
    pub fn with_file() -> Self {
        Self::with_file_and(&[])
    }

    /// The same, with settings of its own.
    pub fn with_file_and(settings: &[(&'static str, &str)]) -> Self {
        let directory = Arc::new(tempfile::tempdir().unwrap());
        let data = directory.path().to_str().unwrap().to_owned();
        let config = Self::config(&[settings, &[("data", data.as_str())]].concat());
        Self::begin(&config, Some(directory), Clock::fixed(Timestamp::from_seconds(1_800_000_000)))
    }

    /// Stops, and starts again over the same file.
    #[must_use]
    pub fn restarted(self) -> Self {
        self.restarted_after(|_| ()).0
    }

    /// The same, with something done to the file in between.
    #[must_use]
    pub fn restarted_after<T>(self, between: impl FnOnce(&Config) -> T) -> (Self, T) {
        let (config, directory, clock) = (self.app.config.clone(), self.directory.clone(), self.clock.clone());
        assert!(directory.is_some(), "only a world with a file outlives a restart");
        drop(self);
        let done = between(&config);
        (Self::begin(&config, directory, clock), done)
    }

    fn config(settings: &[(&'static str, &str)]) -> Config {
        let mut flags =
            vec![("listen", "127.0.0.1:0".to_owned()), ("public_url", ISSUER.to_owned()), ("workers", "1".to_owned())];
        // RSA keys take longer to make than most tests to run: see `with_rsa`. The settings themselves do not let RS256 go.
        let algorithms =
            settings.iter().find(|(name, _)| *name == "keys.algorithms").map_or("ES256,EdDSA", |(_, list)| list);
        for (name, value) in settings.iter().filter(|(name, _)| *name != "keys.algorithms") {
            flags.retain(|(known, _)| known != name);
            flags.push((name, (*value).to_owned()));
        }
        let mut config = Sources { flags, file: None, environment: Vec::new() }.load().unwrap().config;
        config.keys.algorithms = algorithms.split(',').map(|algorithm| algorithm.parse().unwrap()).collect();
        config
    }

    fn begin(config: &Config, directory: Option<Arc<TempDir>>, clock: Clock) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let keeping = if directory.is_some() { Keeping::File } else { Keeping::Memory };
        let app = loop {
            match start(config.clone(), keeping, clock.clone(), Entropy::os()) {
                // Of a world that was stopped just now, the writer may still hold the file.
                Err(fault) if fault.kind() == FaultKind::Busy => std::thread::yield_now(),
                started => break started.unwrap(),
            }
        };
        let ctx = Context::new(clock.now(), Actor::System, Origin::within(Channel::Housekeeping));
        runtime.block_on(turn_keys::turn(&app, &ctx)).unwrap();
        let (address, (redirects_from, watched), server, thread) = serve(&app, Patience::default());
        Self { app, address, redirects_from, watched, clock, directory, runtime, server, thread: Some(thread) }
    }

    /// An appliance that was begun elsewhere.
    pub fn over(app: App) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let clock = app.clock.clone();
        let (address, (redirects_from, watched), server, thread) = serve(&app, Patience::default());
        Self { app, address, redirects_from, watched, clock, directory: None, runtime, server, thread: Some(thread) }
    }

    /// The same appliance again, at an address where it waits for no body.
    #[must_use]
    pub fn impatient(self) -> Self {
        self.with_patience(Patience { body: Duration::ZERO, ..Patience::default() })
    }

    /// The same appliance again, at an address where it is as patient as this.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.runtime.block_on(self.server.stop(false));
        self.thread.take().unwrap().join().unwrap();
        let (address, (redirects_from, watched), server, thread) = serve(&self.app, patience);
        (self.address, self.server, self.thread) = (address, server, Some(thread));
        (self.redirects_from, self.watched) = (redirects_from, watched);
        self
    }

    /// Tells it to stop once what is in flight is answered; the future is over when it has.
    pub fn stop_in_order(&self) -> impl Future<Output = ()> + use<> {
        self.server.stop(true)
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Time passes.
    pub fn later(&self, by: Lifetime) {
        self.clock.advance(by);
    }

    pub fn block<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Whoever holds the file: may do everything, and is the ticket of it.
    pub fn operator(&self) -> Operator {
        Operator::with_the_file(&Context::new(self.now(), Actor::Operator, Origin::within(Channel::Socket)))
    }

    /// The first administrator, through the operation that the command line uses.
    pub fn administrator(&self, name: &str) -> Someone {
        let email = format!("{name}@example.com");
        let new = NewPerson::parse(&email, name, Secret::new(PASSWORD)).unwrap();
        let id = self.block(setup::complete_as_operator(&self.app, &self.operator(), new)).unwrap();
        Someone { id, email }
    }

    /// Somebody else, with the same password, put into the file as an administrator would.
    pub fn person(&self, name: &str) -> Someone {
        let email = format!("{name}@example.com");
        let id = Id::<Person>::new(self.now(), &self.app.entropy).unwrap();
        let password = self.block(self.app.passwords.hash(Secret::new(PASSWORD))).unwrap();
        let person = Person {
            id,
            email: email.parse::<Email>().unwrap(),
            name: name.to_owned(),
            password,
            standing: Standing::Member,
            state: PersonState::Active,
            created_at: self.now(),
        };
        self.change("add person", move |tx| {
            tx.put(&PEOPLE, &id, &person)?;
            tx.record(Event::PersonCreated { person: id })
        });
        Someone { id, email }
    }

    /// An administrator stops somebody.
    pub fn suspend(&self, someone: &Someone) {
        self.set_person(someone, PersonState::Suspended);
    }

    /// Changes rows as an operation would: for states that no operation makes yet.
    pub fn change<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl FnMut(&mut writ::store::Tx<'_>) -> Result<T, writ::base::Fault> + Send + 'static,
    ) -> T {
        self.app.store.write_blocking(name, &self.operator(), work).unwrap()
    }

    /// Begins `operation`, which reads, decides, and asks for its write; makes the change before that write has its turn; and
    /// says what became of the operation. Whatever it had read is out of date by then.
    pub fn overtaken<T>(
        &self,
        operation: impl Future<Output = T>,
        mut change: impl FnMut(&mut writ::store::Tx<'_>) -> Result<(), writ::base::Fault> + Send + 'static,
    ) -> T {
        let (reached, at_work) = mpsc::channel();
        let (go, going) = mpsc::channel::<()>();
        let (store, ctx) = (self.app.store.clone(), self.operator());
        let writer = std::thread::spawn(move || {
            store.write_blocking("overtake", &ctx, move |tx| {
                reached.send(()).unwrap();
                going.recv().unwrap();
                change(tx)
            })
        });
        at_work.recv().unwrap();
        self.block(async {
            let mut operation = std::pin::pin!(operation);
            let begun = std::future::poll_fn(|task| Poll::Ready(operation.as_mut().poll(task).is_pending())).await;
            assert!(begun, "it wrote nothing");
            go.send(()).unwrap();
            let outcome = operation.await;
            writer.join().unwrap().unwrap();
            outcome
        })
    }

    /// Begins `operation`, and gives it up while its write waits for its turn. The write is done when this returns, and whatever goes on
    /// without anybody who waits has had its turn.
    pub fn given_up<T>(&self, operation: impl Future<Output = T>) {
        let (reached, at_work) = mpsc::channel();
        let (go, going) = mpsc::channel::<()>();
        let (store, ctx) = (self.app.store.clone(), self.operator());
        let writer = std::thread::spawn(move || {
            store.write_blocking("hold", &ctx, move |_| {
                reached.send(()).unwrap();
                going.recv().unwrap();
                Ok(())
            })
        });
        at_work.recv().unwrap();
        self.block(async {
            let mut operation = Box::pin(operation);
            let begun = std::future::poll_fn(|task| Poll::Ready(operation.as_mut().poll(task).is_pending())).await;
            assert!(begun, "it wrote nothing");
            turns().await;
            drop(operation);
            go.send(()).unwrap();
            writer.join().unwrap().unwrap();
            self.app.store.write("after it", &self.operator(), |_| Ok(())).await.unwrap();
            turns().await;
        });
    }

    /// Stops somebody, or lets them go on.
    pub fn set_person(&self, someone: &Someone, state: PersonState) {
        let id = someone.id;
        self.change("set person's state", move |tx| {
            let person = tx.get(&PEOPLE, &id)?.unwrap();
            tx.put(&PEOPLE, &id, &Person { state, ..person })?;
            tx.record(Event::PersonCreated { person: id })
        });
    }

    /// Makes somebody an administrator, or one no more.
    pub fn set_standing(&self, someone: &Someone, standing: Standing) {
        let id = someone.id;
        self.change("set person's standing", move |tx| {
            let person = tx.get(&PEOPLE, &id)?.unwrap();
            tx.put(&PEOPLE, &id, &Person { standing, ..person })?;
            tx.record(Event::PersonCreated { person: id })
        });
    }

    /// Reads rows.
    pub fn read<T>(&self, work: impl FnOnce(&writ::store::View<'_>) -> Result<T, writ::base::Fault>) -> T {
        self.app.store.read_blocking(work).unwrap()
    }

    /// The names of the newest events, newest first.
    pub fn events(&self, most: usize) -> Vec<String> {
        let page = self.app.store.read_blocking(|view| audit_page(view, None, None, most)).unwrap();
        page.entries.iter().map(|entry| entry.event.name().to_owned()).collect()
    }

    /// Whether the audit log has this event among its newest.
    pub fn expect_event(&self, name: &str) {
        let events = self.events(40);
        assert!(events.iter().any(|event| event == name), "no {name} in {events:?}");
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.address)
    }

    /// A browser in which somebody has signed in.
    pub fn signed_in(&self, someone: &Someone) -> Browser {
        let mut browser = self.browser();
        let page = browser.get("/sign-in");
        let page = browser.sign_in(&page, someone);
        page.expect_status(200);
        assert_eq!(page.path, "/account", "{}", page.body);
        browser
    }

    /// Bytes as they are, for what no HTTP library would send.
    pub fn raw(&self, request: &[u8]) -> Answer {
        http::raw(self.address, request)
    }

    /// The setup link that is printed at the start: its path and query.
    pub fn setup_link(&self) -> String {
        let token = setup::open_link(&self.app, &self.operator()).unwrap().expect("there is no administrator yet");
        format!("/setup?token={}", token.expose())
    }

    pub fn token(&self, fields: &[(&str, &str)]) -> Answer {
        self.request("POST", "/oauth/token").form(fields).send()
    }

    pub fn request(&self, method: &str, path: &str) -> Request {
        Request::new(self.address, method, path)
    }
}

/// Everybody else on this thread goes on as far as they get.
async fn turns() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// The same thing by many at the same moment.
pub fn at_once<T: Send>(many: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let gate = Barrier::new(many);
    let one = |n| {
        gate.wait();
        work(n)
    };
    let one = &one;
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..many).map(|n| scope.spawn(move || one(n))).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

impl Drop for World {
    /// Stops the server, and fails the test if the audit log does not verify.
    fn drop(&mut self) {
        let stopping = self.server.stop(false);
        self.runtime.block_on(stopping);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            // Of a disk that failed, only opening it again tells what is on it.
            if !std::thread::panicking() && self.app.store.ready() {
                ended.unwrap();
                let verdict = self.app.store.verify_audit(None).unwrap();
                assert!(verdict.is_ok(), "the audit log does not verify: {verdict:?}");
            }
        }
    }
}

/// Where it is answered, where plain http is sent on from and where those who watch are answered, and what stops it.
type Served = (SocketAddr, (Option<SocketAddr>, Option<SocketAddr>), ServerHandle, JoinHandle<()>);

fn serve(app: &App, patience: Patience) -> Served {
    let (tell, told) = mpsc::channel();
    let app = app.clone();
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let sockets = Sockets::bind(&app.config).unwrap();
            let running = writ::web::listen_with(&app, writ::cli::ORDERS, sockets, patience).unwrap();
            let beside = (running.redirects_from, running.watched_at());
            tell.send((running.address, beside, running.handle())).unwrap();
            // Without housekeeping: a test says itself when time has passed.
            running.answer().await.unwrap();
        });
    });
    let (address, beside, handle) = told.recv().unwrap();
    (address, beside, handle, thread)
}
