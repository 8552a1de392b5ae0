//! Log lines: to standard error, one for each request and one for each fault, readable alone.
//!
//! Nothing secret is taken out here: it must not be put in. No secret, token, code, cookie, e-mail address or
//! full network address is ever a field or part of a message (`tests/it` greps for them).
//!
//! A system call for each line would take an eighth of what a small answer costs, so lines wait a few milliseconds for
//! each other. A warning or an error takes all that wait with it, at once.

mod traces;
mod variables;

use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterFn, LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

pub use self::traces::{Courier, TARGET};
pub use self::variables::{Tracing, read as tracing};
use crate::base::{Fault, FaultKind, measure};
use crate::config::{Log, LogFormat};

/// Logging, until it is dropped: then every line is written, and every trace sent that can be.
#[must_use]
pub struct Logging {
    traces: Option<traces::Sender>,
}

/// The target of the web server's own lines.
const SERVER: &str = "actix_server";
/// The target of what its library says of bytes that are no request.
const DISPATCHER: &str = "actix_http::h1::dispatcher";

/// Begins logging, once per process; and traces, if somebody takes them.
pub fn start(log: &Log, traces: Option<(Tracing, Courier)>) -> Result<Logging, Fault> {
    let filter: Targets = (filter(&log.filter).parse())
        .map_err(|error| Fault::because(FaultKind::Settings, "`log.filter` is not a filter", error))?;
    let registry = tracing_subscriber::registry().with(garbled());
    let (begun, traces) = match traces {
        None => (registry.with(lines(log.format).with_filter(filter)).try_init(), None),
        Some((tracing, send)) => {
            let (recorder, sender) = traces::start(tracing, send)?;
            let is_trace = FilterFn::new(|known| known.is_span() && known.target() == TARGET);
            let both = registry.with(lines(log.format).with_filter(filter)).with(recorder.with_filter(is_trace));
            (both.try_init(), Some(sender))
        }
    };
    begun.map_err(|error| Fault::new(FaultKind::Bug, format!("logging was begun twice: {error}")))?;
    std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(|| LINES.write_for_ever())
        .map_err(|error| Fault::because(FaultKind::Bug, "the log's thread could not be started", error))?;
    Ok(Logging { traces })
}

/// What of the libraries' own lines is left out, unless the filter names them.
fn filter(asked: &str) -> String {
    // About its threads: nobody's news. About bytes that are no request: anybody could fill the disk with such lines, so they are
    // counted instead.
    let quiet = [(SERVER, SERVER, "warn"), ("actix_http", DISPATCHER, "off"), (TARGET, TARGET, "off")];
    let quiet = quiet.iter().filter(|(name, _, _)| !asked.contains(name));
    quiet.fold(asked.to_owned(), |all, (_, target, level)| format!("{all},{target}={level}"))
}

/// Counts what is no request at all.
fn garbled<S: tracing::Subscriber + for<'l> LookupSpan<'l>>() -> impl Layer<S> {
    let is_one =
        FilterFn::new(|known| known.is_event() && known.target() == DISPATCHER && *known.level() == Level::ERROR);
    Garbled.with_filter(is_one.with_max_level_hint(LevelFilter::ERROR))
}

struct Garbled;

impl<S: tracing::Subscriber> Layer<S> for Garbled {
    fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        measure::garbled();
    }
}

/// What writes them.
fn lines<S: tracing::Subscriber + for<'l> LookupSpan<'l>>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync> {
    let lines = tracing_subscriber::fmt::layer().with_writer(Desk);
    match format {
        LogFormat::Text => {
            let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
            lines.with_ansi(colour).with_target(false).boxed()
        }
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed(),
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        drop(self.traces.take());
        LINES.write_now();
    }
}

/// How long a line waits for others.
const PATIENCE: Duration = Duration::from_millis(5);
/// More than this does not wait: whoever adds the last line writes them all.
const MOST_WAITING: usize = 256 * 1_024;

static LINES: Lines = Lines { waiting: Mutex::new(Vec::new()), arrived: Condvar::new() };

/// Lines that were not written yet.
struct Lines {
    waiting: Mutex<Vec<u8>>,
    arrived: Condvar,
}

impl Lines {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, line: &[u8], at_once: bool) {
        let mut waiting = self.lock();
        let is_first = waiting.is_empty();
        waiting.extend_from_slice(line);
        if at_once || waiting.len() > MOST_WAITING {
            write_out(&mut waiting);
        } else if is_first {
            self.arrived.notify_one();
        }
    }

    fn write_now(&self) {
        write_out(&mut self.lock());
    }

    fn write_for_ever(&self) {
        loop {
            drop(self.arrived.wait_while(self.lock(), |waiting| waiting.is_empty()));
            std::thread::sleep(PATIENCE);
            self.write_now();
        }
    }
}

/// In one call, with the lock held: lines keep their order. Nobody may be reading; that is not worth a word.
fn write_out(waiting: &mut Vec<u8>) {
    let _ = io::stderr().write_all(waiting);
    waiting.clear();
}

/// Where the formatter hands in its lines.
struct Desk;

/// One line, handed in whole.
struct Slip {
    at_once: bool,
}

impl<'a> MakeWriter<'a> for Desk {
    type Writer = Slip;

    fn make_writer(&'a self) -> Slip {
        Slip { at_once: true }
    }

    fn make_writer_for(&'a self, line: &Metadata<'_>) -> Slip {
        Slip { at_once: *line.level() <= Level::WARN }
    }
}

impl Write for Slip {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LINES.add(line, self.at_once);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_are_quiet_unless_they_are_asked_for() {
        assert_eq!(filter("info"), "info,actix_server=warn,actix_http::h1::dispatcher=off,writ::trace=off");
        assert_eq!(filter("info,actix_http=debug"), "info,actix_http=debug,actix_server=warn,writ::trace=off");
        let both = "actix_server=debug,writ::trace=info";
        assert_eq!(filter(both), format!("{both},actix_http::h1::dispatcher=off"));
    }

    #[test]
    fn what_is_no_request_is_counted_and_not_told() {
        static TOLD: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        struct Ear;
        impl<S: tracing::Subscriber> Layer<S> for Ear {
            fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
                TOLD.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
        let asked: Targets = filter("info").parse().unwrap();
        let both = tracing_subscriber::registry().with(garbled()).with(Ear.with_filter(asked));
        tracing::subscriber::with_default(both, || {
            measure::take_garbled();
            for _ in 0..3 {
                tracing::error!(target: DISPATCHER, "stream error: request parse error");
            }
            tracing::error!("the store is full");
        });
        assert_eq!((measure::take_garbled(), TOLD.load(std::sync::atomic::Ordering::Relaxed)), (3, 1));
    }
}
