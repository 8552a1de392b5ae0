//! Listening, answering, and stopping without dropping what is in flight.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::{HttpServer, web};

use super::api::Orders;
use super::extract::BodyTime;
use super::limits::Limits;
use super::middleware::Desk;
use super::routes;
use super::watch::{self, Watched};
use crate::app::App;
use crate::base::{Fault, FaultKind};
use crate::operations::{deliver, housekeeping, turn_keys};

/// A server that is answering.
pub struct Running {
    pub address: SocketAddr,
    server: Server,
    handle: ServerHandle,
    /// The listener for those who watch, if the settings name one.
    watched: Option<Watched>,
}

/// How long requests in flight have to finish after a stop.
const GRACE_SECONDS: u64 = 20;
/// How long a client may take to send its headers.
const HEADER_TIME: Duration = Duration::from_secs(15);
/// How long it may take to send a body after them.
const BODY_TIME: Duration = Duration::from_secs(15);
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Most connections of each worker; beyond it the kernel's backlog waits.
const CONNECTIONS: usize = 20_000;
/// Time between two rounds of housekeeping.
const ROUND: Duration = Duration::from_secs(10);

/// Binds and begins to answer; `orders` runs what comes from the command line of another computer. The keys that are missing are made while the first requests already come in.
pub fn listen(app: &App, orders: Orders) -> Result<Running, Fault> {
    listen_for(app, orders, BODY_TIME)
}

/// The same, with another patience for bodies.
pub fn listen_for(app: &App, orders: Orders, body_time: Duration) -> Result<Running, Fault> {
    let address = app.config.listen;
    let listener = TcpListener::bind(address)
        .map_err(|e| Fault::because(FaultKind::Settings, format!("cannot listen on {address}"), e))?;
    let address = listener.local_addr().map_err(|e| Fault::because(FaultKind::Settings, "no local address", e))?;
    let workers = match app.config.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        count => usize::try_from(count).unwrap_or(1),
    };
    let limits = web::Data::new(Limits::new(&app.config.limits));
    let shared = app.clone();
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .app_data(web::Data::new(shared.clone()))
            .app_data(limits.clone())
            .app_data(BodyTime(body_time))
            .app_data(orders)
            .wrap(Desk)
            .configure(|config| routes::configure(config, &shared))
    })
    .workers(workers)
    .max_connections(CONNECTIONS)
    .client_request_timeout(HEADER_TIME)
    .keep_alive(KEEP_ALIVE)
    .shutdown_timeout(GRACE_SECONDS)
    .disable_signals()
    .listen(listener)
    .map_err(|e| Fault::because(FaultKind::Settings, format!("cannot listen on {address}"), e))?
    .run();
    Ok(Running { address, handle: server.handle(), server, watched: watch::listen(app)? })
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
        let ended = self.server.await.map_err(|e| Fault::because(FaultKind::Bug, "the server ended", e));
        // The last to go: a stop that takes its time can be watched.
        if let Some(watched) = watched {
            watched.stop(false).await;
        }
        ended
    }

    /// Answers until it is stopped, and keeps house meanwhile.
    pub async fn run(self, app: App) -> Result<(), Fault> {
        let rounds = tokio::spawn(keep_house(app.clone(), self.handle.clone()));
        let deliveries = tokio::spawn(keep_delivering(app.clone()));
        let ended = self.answer().await;
        rounds.abort();
        app.delivery.stop();
        deliveries.abort();
        // What was counted since the last round.
        housekeeping::round(&app).await?;
        deliver::save(&app, &housekeeping::context(&app)).await?;
        ended
    }
}

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

/// Rounds until the server stops. A file that cannot be written to any more ends the process: only opening it again tells
/// what became durable.
async fn keep_house(app: App, server: ServerHandle) {
    loop {
        let ctx = housekeeping::context(&app);
        if let Err(fault) = turn_keys::turn(&app, &ctx).await {
            tracing::error!(%fault, "turning keys failed");
        }
        if let Err(fault) = housekeeping::round(&app).await {
            tracing::error!(%fault, "housekeeping failed");
        }
        if !app.store.ready() {
            tracing::error!("the store cannot be written to any more; stopping");
            server.stop(true).await;
            return;
        }
        tokio::time::sleep(ROUND).await;
    }
}
