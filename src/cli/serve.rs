//! `writ serve`: what `writ` does without a command.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::CommandError;
use super::answer::operator;
use super::dispatch;
use super::remote::ORDERS;
use super::socket::{ControlSocket, Reply};
use super::supervisor::{Handed, Supervisor};
use crate::app::App;
use crate::base::{Clock, Entropy, Fault, FaultKind, Lifetime};
use crate::config::{Config, Effective};
use crate::logs::Tracing;
use crate::model::{Actor, Channel, Context, Origin};
use crate::operations::start::{Keeping, outbound_policy, start};
use crate::operations::{certificates, demo, housekeeping, setup, turn_keys};
use crate::outbound::{Content, Message, Outbound};
use crate::{logs, web};

/// How long what threads are doing after the last answer is waited for.
const LAST_WORK: Duration = Duration::from_secs(5);
/// Between taking in nobody new and closing what nobody asks on: whoever has connected gets to ask. Only where the socket is kept open by whoever
/// handed it over, so that whoever comes meanwhile waits for the process that is next.
const LAST_QUESTIONS: Duration = Duration::from_secs(1);
/// SIGXFSZ, on every system that Writ is built for. It ends a program that writes beyond the limit on the size of files; once somebody
/// listens for it, the write fails instead, and that is a full disk, which there are words for.
const FILE_TOO_LARGE: i32 = 25;

/// Serves until it is told to stop.
pub(super) fn run(effective: Effective, demo: bool) -> Result<ExitCode, CommandError> {
    // Before there are threads.
    let handed = Handed::take()?;
    let config = effective.config;
    let _logging = logs::start(&config.log, traces(&config)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Fault::because(FaultKind::Bug, "no runtime", error))?;
    if demo || config.demo {
        let clock = config.demo_at.map_or(Clock::System, Clock::running_from);
        let (app, password) = runtime.block_on(demo::start_demo(config, clock))?;
        let sign_in = format!("Sign in as {} with {}\n", demo::ADMINISTRATOR, password.expose());
        runtime.block_on(serve(app, handed, Some(sign_in)))?;
        return Ok(ExitCode::SUCCESS);
    }
    let _too_large = runtime.block_on(async { signal(SignalKind::from_raw(FILE_TOO_LARGE)) }).ok();
    let app = start(config, Keeping::File, Clock::System, Entropy::os())?;
    warn(&app);
    let served = runtime.block_on(serve(app, handed, None));
    // Everybody was answered. A backup that is being made is not waited for: what is left of it goes with the next one.
    runtime.shutdown_timeout(LAST_WORK);
    served.map(|()| ExitCode::SUCCESS).map_err(CommandError::from)
}

/// Where traces go, if the usual variables say so.
fn traces(config: &Config) -> Result<Option<(Tracing, logs::Courier)>, Fault> {
    let Some(tracing) = logs::tracing(|name| std::env::var(name).ok())? else { return Ok(None) };
    let outbound = Outbound::new(outbound_policy(config)?)?;
    let send = move |tracing: &Tracing, body: &[u8]| {
        let headers = tracing.headers.iter().map(|(name, value)| (name.as_str(), value.expose().to_owned()));
        let headers: Vec<_> = headers.collect();
        let millis = u64::try_from(tracing.timeout.as_millis()).unwrap_or(10_000);
        let message = Message {
            url: &tracing.endpoint,
            headers: &headers,
            body: Content::Json(body),
            most_bytes: 64 * 1_024,
            total_time: Lifetime::from_millis(millis),
        };
        outbound.tell(&message).ok().map(|heard| heard.status)
    };
    Ok(Some((tracing, Box::new(send))))
}

/// With what is said of a demo, which has no control socket: its directory may belong to a real appliance.
async fn serve(app: App, handed: Handed, demo: Option<String>) -> Result<(), Fault> {
    // Before the port is: whoever sees the port open can use the command line.
    let control = match demo.is_none().then(|| ControlSocket::bind(&app.config.socket_file())).transpose() {
        Ok(None) => None,
        Ok(Some(socket)) => Some(tokio::spawn(socket.answer({
            let app = app.clone();
            move |command| {
                let app = app.clone();
                async move { Reply::from(dispatch(&app, &operator(&app, Channel::Socket), command).await) }
            }
        }))),
        // A path too long for a socket, say. People are served all the same.
        Err(fault) => {
            tracing::error!(%fault, "the command line will not reach this process");
            None
        }
    };
    // Before the port opens: the first client of all is not told to come back because a key is being made.
    turn_keys::turn_quick(&app, &housekeeping::context(&app)).await?;
    let outlived = handed.is_some();
    let running = web::listen(&app, ORDERS, handed.or_bind(&app.config)?)?;
    // Before anybody is told that it listens: whoever stops it at once stops it in order.
    let (stop, hangup) = (StopSignals::new(), signal(SignalKind::hangup()).ok());
    announce(&app, running.address, demo)?;
    let supervisor = Arc::new(Supervisor::of_this_process());
    supervisor.ready(&format!("Answering as {} on {}", app.issuer, running.address));
    let watched = tokio::spawn({
        let (supervisor, app) = (Arc::clone(&supervisor), app.clone());
        async move { supervisor.watch(&app).await }
    });
    let handle = running.handle();
    let turn = Arc::clone(&app.backup_turn);
    let stopper = tokio::spawn(async move {
        stop.come().await;
        supervisor.stopping();
        // Somebody may be waiting for a backup that is sent for hours yet.
        turn.close();
        tracing::info!("stopping: requests in flight are finished first");
        if outlived {
            handle.pause().await;
            tokio::time::sleep(LAST_QUESTIONS).await;
        }
        handle.stop(true).await;
    });
    let looker = tokio::spawn(look_again(app.clone(), hangup));
    let teller = tokio::spawn(logs::tell_of_crowds());
    let ended = running.run(app).await;
    stopper.abort();
    looker.abort();
    teller.abort();
    watched.abort();
    if let Some(control) = control {
        control.abort();
        // Until it is gone its file is there; an error only says that it was aborted.
        let _aborted = control.await;
    }
    ended
}

/// The two lines on standard output: scripts wait for the first, people need the second.
fn announce(app: &App, address: std::net::SocketAddr, demo: Option<String>) -> Result<(), Fault> {
    let ctx = Context::new(app.clock.now(), Actor::System, Origin::within(Channel::Housekeeping));
    let link = setup::open_link(app, &ctx)?;
    let scheme = if app.config.speaks_tls() { "https" } else { "http" };
    let mut text = format!("Writ is listening on {scheme}://{address}\n");
    if let Some(token) = link {
        text += &format!("Set up: {}\n", app.issuer.url(&format!("/setup?token={}", token.expose())));
    }
    text += demo.as_deref().unwrap_or_default();
    tracing::info!(%address, issuer = %app.issuer, "listening");
    let mut out = std::io::stdout().lock();
    // Nobody may be reading.
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
    Ok(())
}

/// What is switched on and should not be, outside a laptop.
fn warn(app: &App) {
    if app.config.outbound.extra_root.is_some() {
        tracing::warn!("outbound.extra_root adds to the certificates that are trusted when documents are fetched");
    }
    for doubt in app.config.doubts() {
        tracing::warn!("{doubt}");
    }
}

/// Looks at the certificate's files whenever somebody says so, besides every round. Without this, the signal would end the process.
async fn look_again(app: App, hangup: Option<Signal>) {
    let Some(mut hangup) = hangup else { return };
    while hangup.recv().await.is_some() {
        if let Err(fault) = certificates::look_at_once(&app, &housekeeping::context(&app)).await {
            tracing::error!(%fault, "the certificate could not be looked at");
        }
    }
}

/// What tells a program to stop, listened for from the moment this is made.
struct StopSignals(Option<(Signal, Signal)>);

impl StopSignals {
    fn new() -> Self {
        Self(signal(SignalKind::interrupt()).ok().zip(signal(SignalKind::terminate()).ok()))
    }

    async fn come(self) {
        let Some((mut interrupt, mut terminate)) = self.0 else { return std::future::pending().await };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}
