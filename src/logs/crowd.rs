//! Nobody else can be let in, because this process has no descriptor left for them or the system no memory. The web server says so twice a second
//! and the control socket ten times, for as long as it lasts; here it becomes one line a minute, with what to do.

use std::fmt::{Debug, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Filter};

/// How the web server's line begins.
const SERVERS: &str = "Error accepting connection: ";
/// How often it is told.
const QUIET: Duration = Duration::from_secs(60);

static CAME: Notify = Notify::const_new();
static WHY: Mutex<String> = Mutex::new(String::new());

/// Somebody was not let in.
pub fn not_let_in(why: &dyn std::fmt::Display) {
    *WHY.lock().unwrap_or_else(PoisonError::into_inner) = why.to_string();
    CAME.notify_one();
}

/// Tells of it, for as long as it is polled.
pub async fn tell() {
    loop {
        CAME.notified().await;
        let why = WHY.lock().unwrap_or_else(PoisonError::into_inner).clone();
        tracing::error!(
            %why,
            "nobody else can be let in for now; who is connected is served. Let this process have more descriptors (LimitNOFILE= in its unit, \
             --ulimit nofile= of its container, `ulimit -n` in a shell), or let the proxy before it keep fewer connections open: \
             `writ doctor` says how many there are"
        );
        tokio::time::sleep(QUIET).await;
        // What came meanwhile was told.
        tokio::select! {
            biased;
            () = CAME.notified() => {}
            () = std::future::ready(()) => {}
        }
    }
}

/// Keeps the web server's own lines about it out of the log, and everything else in.
pub(super) struct Crowd;

impl<S> Filter<S> for Crowd {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn callsite_enabled(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::always()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        if !event.metadata().target().starts_with(super::SERVER) {
            return true;
        }
        let mut message = Message::default();
        event.record(&mut message);
        let why = message.0.strip_prefix(SERVERS);
        why.inspect(|why| not_let_in(why)).is_none()
    }
}

/// What a line says.
#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            // A string takes it.
            let _ = write!(self.0, "{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::Layer;
    use tracing_subscriber::prelude::*;

    use super::*;

    #[derive(Clone, Default)]
    struct Ear(std::sync::Arc<Mutex<Vec<String>>>);

    impl<S: tracing::Subscriber> Layer<S> for Ear {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            let mut message = Message::default();
            event.record(&mut message);
            self.0.lock().unwrap().push(message.0);
        }
    }

    #[tokio::test]
    async fn that_nobody_could_be_let_in_is_heard_and_not_written_each_time() {
        let ear = Ear::default();
        // Beside another, as in the real one: alone, a debug build of the library panics here.
        let registry = tracing_subscriber::registry().with(super::super::garbled());
        tracing::subscriber::with_default(registry.with(ear.clone().with_filter(Crowd)), || {
            for _ in 0..3 {
                let error = std::io::Error::from_raw_os_error(24);
                tracing::error!(target: "actix_server::accept", "Error accepting connection: {}", error);
            }
            tracing::error!(target: "actix_server::accept", "another matter");
            tracing::error!("Error accepting connection: of our own");
        });
        assert_eq!(*ear.0.lock().unwrap(), ["another matter", "Error accepting connection: of our own"]);
        CAME.notified().await;
        assert!(WHY.lock().unwrap().contains("os error 24"));
    }
}
