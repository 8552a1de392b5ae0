//! Listening, answering, and stopping without dropping what is in flight.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::{HttpServer, web};

use super::api::Orders;
use super::extract::BodyTime;
use super::middleware::{Desk, Line};
use super::watch::{self, Watched};
use super::{routes, tls};
use crate::app::App;
use crate::base::{Fault, FaultKind};
use crate::config::Config;
use crate::model::{AcmeChallenge, Context};
use crate::operations::housekeeping::{self, Step, Steps};
use crate::operations::{backup, certificates, deliver, turn_keys};

/// A server that is answering.
pub struct Running {
    pub address: SocketAddr,
    /// Where plain http is sent on to https, if it is.
    pub redirects_from: Option<SocketAddr>,
    server: Server,
    handle: ServerHandle,
    redirects: Option<Server>,
    /// The listener for those who watch, if the settings name one.
    watched: Option<Watched>,
}

/// What is listened on. They are bound before anything is done with them, or come from whoever started the process.
pub struct Sockets {
    pub main: TcpListener,
    /// Plain http, to be sent on.
    pub redirects: Option<TcpListener>,
}

/// How long others may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a body, after the headers.
    pub body: Duration,
    /// For a TLS handshake.
    pub handshake: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { body: Duration::from_secs(15), handshake: Duration::from_secs(5) }
    }
}

/// How long requests in flight have to finish after a stop.
const GRACE_SECONDS: u64 = 20;
/// How long a client may take to send its headers.
const HEADER_TIME: Duration = Duration::from_secs(15);
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Most connections of each worker; beyond it the kernel's backlog waits.
const CONNECTIONS: usize = 20_000;
/// Most TLS handshakes at once of each worker. Beyond it the others wait: a handshake costs a signature, and who begins many and
/// finishes none has them for no longer than [`Patience::handshake`].
const HANDSHAKES: usize = 1_024;
/// Between two rounds of housekeeping lie ten seconds; whether the store still takes writes is looked at in each of them.
const LOOK: Duration = Duration::from_secs(1);
const LOOKS: u32 = 10;

impl Sockets {
    /// Those that the settings name.
    pub fn bind(config: &Config) -> Result<Self, Fault> {
        Ok(Self { main: bind(config.listen)?, redirects: Self::redirects(config)? })
    }

    /// The one for plain http that they name.
    pub fn redirects(config: &Config) -> Result<Option<TcpListener>, Fault> {
        config.tls.redirect_from.map(bind).transpose()
    }
}

fn bind(address: SocketAddr) -> Result<TcpListener, Fault> {
    TcpListener::bind(address)
        .map_err(|e| Fault::because(FaultKind::Settings, format!("cannot listen on {address}"), e))
}

/// Begins to answer; `orders` runs what comes from the command line of another computer. The keys that are missing are made while the first requests already come in.
pub fn listen(app: &App, orders: Orders, sockets: Sockets) -> Result<Running, Fault> {
    listen_with(app, orders, sockets, Patience::default())
}

/// The same, with another patience.
pub fn listen_with(app: &App, orders: Orders, sockets: Sockets, patience: Patience) -> Result<Running, Fault> {
    let address = local(&sockets.main)?;
    if !app.config.may_listen_on(address) {
        let text = format!(
            "the socket that was handed over is {address}: without TLS Writ speaks plain http, and other computers may reach it only \
             through a proxy. Set tls.certificate and tls.key, or trusted_proxies"
        );
        return Err(Fault::new(FaultKind::Settings, text));
    }
    if app.config.acme.directory.is_some()
        && app.config.acme.challenge == AcmeChallenge::Http01
        && sockets.redirects.is_none()
    {
        let text = "acme.challenge is http-01, which is answered over plain http: set tls.redirect_from to an address with port 80";
        return Err(Fault::new(FaultKind::Settings, text));
    }
    let workers = match app.config.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        count => usize::try_from(count).unwrap_or(1),
    };
    let shared = app.clone();
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .app_data(web::Data::new(shared.clone()))
            .app_data(BodyTime(patience.body))
            .app_data(orders)
            .wrap(Desk)
            .configure(|config| routes::configure(config, &shared))
    })
    .on_connect(Line::begin)
    .workers(workers)
    .max_connections(CONNECTIONS)
    .max_connection_rate(HANDSHAKES)
    .tls_handshake_timeout(patience.handshake)
    .client_request_timeout(HEADER_TIME)
    .keep_alive(KEEP_ALIVE)
    .shutdown_timeout(GRACE_SECONDS)
    .disable_signals();
    let server = if app.config.speaks_tls() {
        certificates::load(app, app.clock.now())?;
        server.listen_rustls_0_23(sockets.main, tls::config(app)?)
    } else {
        server.listen(sockets.main)
    };
    let server =
        server.map_err(|e| Fault::because(FaultKind::Settings, format!("cannot listen on {address}"), e))?.run();
    let redirects_from = sockets.redirects.as_ref().map(local).transpose()?;
    let redirects = sockets.redirects.map(|socket| tls::redirect::serve(app, socket)).transpose()?;
    let watched = watch::listen(app)?;
    Ok(Running { address, redirects_from, handle: server.handle(), server, redirects, watched })
}

fn local(socket: &TcpListener) -> Result<SocketAddr, Fault> {
    socket.local_addr().map_err(|e| Fault::because(FaultKind::Settings, "no local address", e))
}

impl Running {
    /// What stops it: requests in flight are finished first.
    pub fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }

    /// Where those who watch are answered.
    pub fn watched_at(&self) -> Option<SocketAddr> {
        self.watched.as_ref().map(|watched| watched.address)
    }

    /// Answers until it is stopped.
    pub async fn answer(self) -> Result<(), Fault> {
        let watched = self.watched.map(Watched::answer);
        let redirecting = self.redirects.map(|redirects| (redirects.handle(), tokio::spawn(redirects)));
        let answered = self.server.await;
        if let Some((handle, redirecting)) = redirecting {
            // Nothing there is worth waiting for.
            handle.stop(false).await;
            redirecting.abort();
        }
        // The last to go: a stop that takes its time can be watched.
        if let Some(watched) = watched {
            watched.stop(false).await;
        }
        answered.map_err(|e| Fault::because(FaultKind::Bug, "the server ended", e))
    }

    /// Answers until it is stopped, and keeps house meanwhile.
    pub async fn run(self, app: App) -> Result<(), Fault> {
        let rounds = tokio::spawn(keep_house(app.clone(), self.handle.clone()));
        let deliveries = tokio::spawn(keep_delivering(app.clone()));
        let backups = tokio::spawn(keep_backups(app.clone()));
        let ended = self.answer().await;
        rounds.abort();
        // Who stops is not kept waiting for a backup. One that is being sent takes back what was sent of it, and has a moment to say so.
        backups.abort();
        app.backup_turn.close();
        for _ in 0..BACKUP_LOOKS {
            if app.backup_turn.available_permits() > 0 {
                break;
            }
            tokio::time::sleep(BACKUP_LOOK).await;
        }
        app.delivery.stop();
        deliveries.abort();
        // Whoever started it reads why it ended.
        if let Some(failure) = app.store.failure() {
            return Err(failure);
        }
        // What was counted since the last round. Nothing is removed: whether the clock may be trusted was the rounds' to know.
        housekeeping::write_down(&app).await?;
        deliver::save(&app, &housekeeping::context(&app)).await?;
        ended
    }
}

/// So often it is looked whether a backup that was cut short by a stop has been written down.
const BACKUP_LOOKS: u32 = 40;
const BACKUP_LOOK: Duration = Duration::from_millis(50);

/// Time between two looks at what is to be delivered.
const DELIVERY: Duration = Duration::from_secs(1);

/// Sends the audit log to where the settings say, beside everything else: who is slow there slows nothing here.
async fn keep_delivering(app: App) {
    if app.config.audit.deliver_to.is_none() {
        return;
    }
    loop {
        if let Err(fault) = deliver::round(&app, &housekeeping::context(&app)).await {
            tracing::error!(%fault, "delivering the audit log failed");
        }
        tokio::time::sleep(DELIVERY).await;
    }
}

/// A backup that takes longer is spoken of.
const LONG: Duration = Duration::from_secs(3_600);

/// Makes backups, beside everything else: a disk that is slow to look at keeps no round waiting, and there is never more than one look at it.
async fn keep_backups(app: App) {
    loop {
        let ctx = housekeeping::context(&app);
        let mut keeping = std::pin::pin!(backup::keep(&app, &ctx));
        while tokio::time::timeout(LONG, &mut keeping).await.is_err() {
            tracing::error!("what was begun for a backup has not ended for an hour: look at the disk that they go to");
        }
        tokio::time::sleep(LOOK * LOOKS).await;
    }
}

/// Rounds until the server stops. A file that cannot be written to any more ends the process: only opening it again tells
/// what became durable (docs/decisions/0041).
async fn keep_house(app: App, server: ServerHandle) {
    let mut steps = Steps::default();
    loop {
        let ctx = housekeeping::context(&app);
        let step = steps.step(ctx.at);
        if let Step::Strange { from } = step {
            tracing::warn!(%from, to = %ctx.at, "the clock was set: nothing is removed for half an hour, in case it is set again");
        }
        if let Err(fault) = turn_keys::turn(&app, &ctx).await {
            tracing::error!(%fault, "turning keys failed");
        }
        let rounded = match step {
            Step::Steady => housekeeping::round(&app).await,
            Step::Strange { .. } | Step::Waiting => housekeeping::write_down(&app).await,
        };
        if let Err(fault) = rounded {
            tracing::error!(%fault, "housekeeping failed");
        }
        // Apart: an authority may take minutes, and the round before may still be waiting for it.
        tokio::spawn(look(app.clone(), ctx));
        for _ in 0..LOOKS {
            if let Some(fault) = app.store.failure() {
                tracing::error!(%fault, "the store cannot be written to any more; stopping");
                server.stop(true).await;
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

async fn look(app: App, ctx: Context) {
    if let Err(fault) = certificates::look(&app, &ctx).await {
        tracing::error!(%fault, "the certificate could not be looked after");
    }
}
