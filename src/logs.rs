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
use tracing_subscriber::filter::{FilterFn, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

pub use self::traces::{Courier, TARGET};
pub use self::variables::{Tracing, read as tracing};
use crate::base::{Fault, FaultKind};
use crate::config::{Log, LogFormat};

/// Logging, until it is dropped: then every line is written, and every trace sent that can be.
#[must_use]
pub struct Logging {
    traces: Option<traces::Sender>,
}

/// The target of the web server's own lines.
const SERVER: &str = "actix_server";

/// Begins logging, once per process; and traces, if somebody takes them.
pub fn start(log: &Log, traces: Option<(Tracing, Courier)>) -> Result<Logging, Fault> {
    // The web server's own lines about its threads are nobody's news; a filter that names it still gets them.
    let mut filter =
        if log.filter.contains(SERVER) { log.filter.clone() } else { format!("{SERVER}=warn,{}", log.filter) };
    if !filter.contains(TARGET) {
        filter += &format!(",{TARGET}=off");
    }
    let filter: Targets =
        filter.parse().map_err(|error| Fault::because(FaultKind::Settings, "`log.filter` is not a filter", error))?;
    let registry = tracing_subscriber::registry();
    let (begun, traces) = match traces {
        None => (registry.with(filter).with(lines(log.format)).try_init(), None),
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
