//! Log lines: to standard error, one for each request and one for each fault, readable alone.
//!
//! Nothing secret is taken out here: it must not be put in. No secret, token, code, cookie, e-mail address or
//! full network address is ever a field or part of a message (`tests/it` greps for them).

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::SubscriberBuilder;

use crate::base::{Fault, FaultKind};
use crate::config::{Log, LogFormat};

/// The target of the web server's own lines.
const SERVER: &str = "actix_server";

/// Begins logging, once per process.
pub fn start(log: &Log) -> Result<(), Fault> {
    // The web server's own lines about its threads are nobody's news; a filter that names it still gets them.
    let filter = if log.filter.contains(SERVER) { log.filter.clone() } else { format!("{SERVER}=warn,{}", log.filter) };
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| Fault::because(FaultKind::Settings, "`log.filter` is not a filter", error))?;
    let lines: SubscriberBuilder<_, _, _, _> =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let begun = match log.format {
        LogFormat::Text => {
            let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
            lines.with_ansi(colour).with_target(false).try_init()
        }
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
    };
    begun.map_err(|error| Fault::new(FaultKind::Bug, format!("logging was begun twice: {error}")))
}
