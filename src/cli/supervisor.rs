//! Whoever started this process and looks after it, as systemd and others do: sockets that are handed over, and word of how it stands.
//!
//! Both are a few environment variables (sd_listen_fds(3), sd_notify(3)). Making a socket of a number takes unsafe code, which `listenfd`
//! has; the rest is a datagram.

use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use listenfd::ListenFd;

use crate::app::App;
use crate::base::{Fault, FaultKind};
use crate::config::Config;
use crate::web::Sockets;

/// What was handed over, and what it was called (`FileDescriptorName=`).
#[derive(Default)]
pub(super) struct Handed(Vec<(String, TcpListener)>);

/// The name of a socket on which plain http is sent on; any other name is that of the main one.
const REDIRECT: &str = "redirect";
/// More than these are not ours.
const MOST: usize = 8;

impl Handed {
    /// What is there, if it is for this process. Once, and before there are threads: the variables are taken away, so that no other
    /// process takes the sockets to be its own.
    pub(super) fn take() -> Result<Self, Fault> {
        let wrong = |text: &str| {
            Fault::new(FaultKind::Settings, format!("the sockets that were handed over (LISTEN_FDS) {text}"))
        };
        // Without it, it is somebody else's: sd_listen_fds(3).
        if std::env::var_os("LISTEN_PID").is_none() {
            return Ok(Self::default());
        }
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let mut handed = ListenFd::from_env();
        if handed.len() > MOST {
            return Err(wrong("are too many"));
        }
        let mut sockets = Vec::new();
        for index in 0..handed.len() {
            let socket = handed.take_tcp_listener(index);
            let socket = socket.map_err(|e| Fault::because(FaultKind::Settings, "LISTEN_FDS: not a TCP socket", e))?;
            let name = names.next().unwrap_or_default().to_owned();
            sockets.extend(socket.map(|socket| (name, socket)));
        }
        Ok(Self(sockets))
    }

    /// Whether there are any: they stay open when this process ends.
    pub(super) fn is_some(&self) -> bool {
        !self.0.is_empty()
    }

    /// The sockets to listen on: these, and otherwise those that the settings name.
    pub(super) fn or_bind(self, config: &Config) -> Result<Sockets, Fault> {
        let wrong = |text: &str| Fault::new(FaultKind::Settings, text);
        if self.0.is_empty() {
            return Sockets::bind(config);
        }
        let (redirects, main): (Vec<_>, Vec<_>) = self.0.into_iter().partition(|(name, _)| name == REDIRECT);
        let (mut main, mut redirects) = (main.into_iter(), redirects.into_iter());
        let Some((_, listener)) = main.next() else {
            return Err(wrong("only a socket for plain http was handed over; enable writ.socket as well"));
        };
        let handed = redirects.next().map(|(_, socket)| socket);
        if main.next().is_some() || redirects.next().is_some() {
            return Err(wrong(
                "two sockets were handed over for the same thing: Writ listens on one, and on one called `redirect`. For both kinds of \
                 addresses use one with BindIPv6Only=both",
            ));
        }
        if handed.is_some() && !config.speaks_tls() {
            return Err(wrong(
                "a socket for plain http beside https was handed over, and Writ does not speak https: set tls.certificate",
            ));
        }
        let redirects = match handed {
            Some(socket) => Some(socket),
            None => Sockets::redirects(config)?,
        };
        Ok(Sockets { main: listener, redirects })
    }
}

/// Somebody who wants to hear how this process stands; usually nobody.
pub(super) struct Supervisor {
    listens: Option<UnixDatagram>,
    /// How often it wants to hear that all is well.
    every: Option<Duration>,
}

impl Supervisor {
    pub(super) fn of_this_process() -> Self {
        let variable = |name| std::env::var(name).ok();
        let listens = variable("NOTIFY_SOCKET").and_then(|path| match connect(&path) {
            Ok(socket) => Some(socket),
            Err(error) => {
                tracing::warn!(%error, "whoever started this process cannot be told how it stands (NOTIFY_SOCKET)");
                None
            }
        });
        let ours = variable("WATCHDOG_PID").is_none_or(|pid| pid == std::process::id().to_string());
        let every = variable("WATCHDOG_USEC").filter(|_| ours).and_then(|micros| micros.parse().ok());
        // sd_watchdog_enabled(3): "It is recommended that a daemon sends a keep-alive notification message […] every half of the time".
        let every = every.filter(|micros| *micros > 1).map(|micros: u64| Duration::from_micros(micros / 2));
        Self { listens, every }
    }

    /// `READY=1`, and what to show people.
    pub(super) fn ready(&self, status: &str) {
        self.say(&format!("READY=1\nSTATUS={status}"));
    }

    pub(super) fn stopping(&self) {
        self.say("STOPPING=1\nSTATUS=Finishing the requests in flight");
    }

    /// Says that all is well for as long as it is. Silence has this process ended and started again.
    pub(super) async fn watch(&self, app: &App) {
        let Some(every) = self.every.filter(|_| self.listens.is_some()) else { return std::future::pending().await };
        loop {
            if app.store.ready() {
                self.say("WATCHDOG=1");
            }
            tokio::time::sleep(every).await;
        }
    }

    fn say(&self, what: &str) {
        // Nobody may be listening any more.
        let _ = self.listens.as_ref().map(|socket| socket.send(what.as_bytes()));
    }
}

/// A path, or after `@` the name of an abstract socket.
fn connect(path: &str) -> std::io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    match path.strip_prefix('@') {
        #[cfg(target_os = "linux")]
        Some(name) => {
            use std::os::linux::net::SocketAddrExt as _;
            socket.connect_addr(&std::os::unix::net::SocketAddr::from_abstract_name(name)?)?;
        }
        _ => socket.connect(path)?,
    }
    Ok(socket)
}
