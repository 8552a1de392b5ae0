//! Traces: spans of what happens, sent to a collector by OTLP over HTTP, as JSON.
//!
//! Only spans of the target [`TARGET`] are traces; each says what it tells, and a secret is none of it. Without the usual variables nothing
//! here exists, and a span costs a look at a number. With them, a span that ends is put into a queue of bounded length, which a thread of
//! its own empties: a collector that is slow or down costs spans, and no request any time.

use std::collections::VecDeque;
use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::variables::{Sampler, Tracing};
use crate::base::measure::Stopwatch;
use crate::base::{Clock, Entropy, Fault, FaultKind};

/// The target of spans that are traces.
pub const TARGET: &str = "writ::trace";

/// Sends a body to the collector; answers with the status, or that nobody was reached.
pub type Courier = Box<dyn Fn(&Tracing, &[u8]) -> Option<u16> + Send>;

/// One span that has not ended.
struct Begun {
    trace: [u8; 16],
    id: [u8; 8],
    parent: Option<[u8; 8]>,
    is_kept: bool,
    /// Nanoseconds since 1970.
    began: u64,
    watch: Stopwatch,
    said: Said,
}

/// What a span says of itself.
#[derive(Default)]
struct Said {
    name: String,
    kind: Option<&'static str>,
    failed: bool,
    parent: Option<String>,
    attributes: Vec<(&'static str, Value)>,
}

/// Longest text and most attributes of a span.
const LONGEST: usize = 256;
const MOST_ATTRIBUTES: usize = 24;

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "otel.name" => value.clone_into(&mut self.name),
            "otel.kind" => self.kind = ["server", "client", "internal"].into_iter().find(|kind| *kind == value),
            "otel.status_code" => self.failed = value == "ERROR",
            "traceparent" => self.parent = Some(value.to_owned()),
            name => {
                let end = value.char_indices().nth(LONGEST).map_or(value.len(), |(end, _)| end);
                self.put(name, json!({ "stringValue": value.get(..end).unwrap_or_default() }));
            }
        }
    }

    // OTLP, JSON Protobuf encoding: 64-bit numbers are text.
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), json!({ "intValue": value.to_string() }));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), json!({ "intValue": value.to_string() }));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), json!({ "boolValue": value }));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        let _ = write!(text, "{value:?}");
        self.record_str(field, &text);
    }
}

impl Said {
    fn put(&mut self, name: &'static str, value: Value) {
        if self.attributes.len() < MOST_ATTRIBUTES {
            self.attributes.push((name, value));
        }
    }
}

/// Whose call this is, as a `traceparent` header says it. W3C Trace Context §3.2.2.
fn parse_parent(text: &str) -> Option<([u8; 16], [u8; 8], bool)> {
    let mut parts = text.trim().split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    // §3.2.2.1: "Version ff is invalid"; of version 00, the length is known.
    if version.len() != 2 || version == "ff" || (version == "00" && parts.next().is_some()) {
        return None;
    }
    let (_, flags) = (hex::<1>(version)?, hex::<1>(flags)?);
    let (trace, parent) = (hex::<16>(trace)?, hex::<8>(parent)?);
    // §3.2.2.3: "All bytes as zero is considered an invalid value."
    let is_sampled = flags.first().is_some_and(|flags| flags & 1 == 1);
    (trace != [0; 16] && parent != [0; 8]).then_some((trace, parent, is_sampled))
}

/// "HEXDIGLC": digits and a to f in lower case.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, at) in bytes.iter_mut().zip((0..text.len()).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

fn text(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Where spans are put down as they begin and end.
pub(super) struct Recorder {
    sampler: Sampler,
    most_waiting: usize,
    at_once: usize,
    queue: Arc<Queue>,
    entropy: Entropy,
}

struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    /// Spans that were, since it was last told of.
    dropped: AtomicU64,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Value>,
    is_over: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorder {
    fn begin(&self, said: Said, above: Option<&Begun>) -> Option<Begun> {
        let id = self.entropy.bytes::<8>().ok()?;
        let parent = said.parent.as_deref().and_then(parse_parent);
        let watch = Stopwatch::start();
        Some(match (above, parent) {
            (Some(above), _) => Begun {
                trace: above.trace,
                id,
                parent: Some(above.id),
                is_kept: above.is_kept,
                // By the stopwatch above, so that what is within is within.
                began: above.began.saturating_add(above.watch.micros().saturating_mul(1_000)),
                watch,
                said,
            },
            (None, parent) => {
                let trace = match parent {
                    Some((trace, ..)) => trace,
                    None => self.entropy.bytes::<16>().ok()?,
                };
                let is_kept = match parent {
                    Some((.., is_sampled)) if self.sampler.heeds_parent => is_sampled,
                    _ => self.keeps(&trace),
                };
                let now = u64::try_from(Clock::System.now().millis()).unwrap_or(0).saturating_mul(1_000_000);
                Begun { trace, id, parent: parent.map(|(_, parent, _)| parent), is_kept, began: now, watch, said }
            }
        })
    }

    /// The same for everybody who sees the same trace: by its last eight bytes, as other samplers do it.
    fn keeps(&self, trace: &[u8; 16]) -> bool {
        let Some(last) = trace.last_chunk::<8>() else { return false };
        self.sampler.keeps == u64::MAX || u64::from_be_bytes(*last) < self.sampler.keeps
    }

    fn end(&self, begun: Begun) {
        if !begun.is_kept {
            return;
        }
        let span = told(&begun);
        let mut state = self.queue.lock();
        if state.waiting.len() >= self.most_waiting {
            drop(state);
            self.queue.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        state.waiting.push_back(span);
        if state.waiting.len() == self.at_once {
            self.queue.arrived.notify_one();
        }
    }
}

/// A span as OTLP has it in JSON: ids in hex, 64-bit numbers as text, enums as numbers.
fn told(begun: &Begun) -> Value {
    let Begun { trace, id, parent, began, watch, said, .. } = begun;
    let kind = match said.kind {
        Some("server") => 2,
        Some("client") => 3,
        _ => 1,
    };
    let attributes: Vec<Value> =
        said.attributes.iter().map(|(name, value)| json!({ "key": name, "value": value })).collect();
    let ended = began.saturating_add(watch.micros().saturating_mul(1_000));
    let mut span = json!({
        "traceId": text(trace), "spanId": text(id), "name": said.name, "kind": kind,
        "startTimeUnixNano": began.to_string(), "endTimeUnixNano": ended.to_string(),
        "attributes": attributes, "status": if said.failed { json!({ "code": 2 }) } else { json!({}) },
    });
    if let (Some(parent), Some(members)) = (parent, span.as_object_mut()) {
        members.insert("parentSpanId".to_owned(), text(parent).into());
    }
    span
}

impl<S: tracing::Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut said = Said { name: attributes.metadata().name().to_owned(), ..Said::default() };
        attributes.record(&mut said);
        let above = span.parent();
        let begun = match &above {
            Some(above) => self.begin(said, above.extensions().get::<Begun>()),
            None => self.begin(said, None),
        };
        if let Some(begun) = begun {
            span.extensions_mut().insert(begun);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(begun) = span.extensions_mut().get_mut::<Begun>()
        {
            values.record(&mut begun.said);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let begun = context.span(&id).and_then(|span| span.extensions_mut().remove::<Begun>());
        if let Some(begun) = begun {
            self.end(begun);
        }
    }
}

/// Sends what is recorded, until it is dropped: then what waits is sent, if it can be soon.
pub(super) struct Sender {
    queue: Arc<Queue>,
    /// Nothing comes of it until the thread has ended.
    ended: mpsc::Receiver<()>,
}

/// Begins to record and to send.
pub(super) fn start(tracing: Tracing, send: Courier) -> Result<(Recorder, Sender), Fault> {
    let queue = Arc::new(Queue { state: Mutex::default(), arrived: Condvar::new(), dropped: AtomicU64::new(0) });
    let recorder = Recorder {
        sampler: tracing.sampler,
        most_waiting: tracing.most_waiting,
        at_once: tracing.at_once,
        queue: Arc::clone(&queue),
        entropy: Entropy::os(),
    };
    let desk = Arc::clone(&queue);
    let (end, ended) = mpsc::channel();
    std::thread::Builder::new()
        .name("traces".to_owned())
        .spawn(move || {
            send_for_ever(&desk, &tracing, &send);
            drop(end);
        })
        .map_err(|e| Fault::because(FaultKind::Bug, "the thread that sends traces could not be started", e))?;
    Ok((recorder, Sender { queue, ended }))
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.queue.lock().is_over = true;
        self.queue.arrived.notify_one();
        // Whoever waits longer than this for an answer is left behind: the process ends, and its last lines are not written yet.
        let _ = self.ended.recv_timeout(LAST_SENDING);
    }
}

/// How long a stop waits for what is being sent.
const LAST_SENDING: Duration = Duration::from_secs(3);

/// How often a batch is tried, and how long is waited before it is tried again.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

fn send_for_ever(queue: &Queue, tracing: &Tracing, send: &Courier) {
    let mut was_down = false;
    loop {
        let empty = |state: &mut State| state.waiting.len() < tracing.at_once && !state.is_over;
        let waited = queue.arrived.wait_timeout_while(queue.lock(), tracing.delay, empty);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let take = state.waiting.len().min(tracing.at_once);
        let spans: Vec<Value> = state.waiting.drain(..take).collect();
        let is_over = state.is_over;
        drop(state);
        if !spans.is_empty() {
            let arrived = deliver(queue, tracing, send, spans, if is_over { 1 } else { TRIES });
            let dropped = || queue.dropped.swap(0, Ordering::Relaxed);
            match (arrived, was_down) {
                (false, false) => {
                    tracing::warn!(
                        dropped = dropped(),
                        "traces do not reach their collector; they are dropped until they do"
                    );
                }
                (true, true) => tracing::info!(dropped = dropped(), "traces reach their collector again"),
                _ => {}
            }
            was_down = !arrived;
        }
        // Looked at again: it may have been told to stop while it sent. Whoever is does not wait for a collector that is down.
        let state = queue.lock();
        if state.is_over && (state.waiting.is_empty() || was_down) {
            return;
        }
    }
}

fn deliver(queue: &Queue, tracing: &Tracing, send: &Courier, spans: Vec<Value>, tries: u32) -> bool {
    let count = spans.len() as u64;
    let resource: Vec<Value> = tracing
        .resource
        .iter()
        .map(|(name, value)| json!({ "key": name, "value": { "stringValue": value } }))
        .collect();
    let body = json!({ "resourceSpans": [{
        "resource": { "attributes": resource },
        "scopeSpans": [{ "scope": { "name": "writ", "version": env!("CARGO_PKG_VERSION") }, "spans": spans }],
    }] });
    let body = body.to_string();
    for attempt in 0..tries {
        match send(tracing, body.as_bytes()) {
            Some(200..=299) => return true,
            // OTLP/HTTP, "Retryable Response Codes"; nobody there is one too.
            None | Some(429 | 502 | 503 | 504) if attempt + 1 < tries && !queue.lock().is_over => {
                std::thread::sleep(PAUSE)
            }
            _ => break,
        }
    }
    queue.dropped.fetch_add(count, Ordering::Relaxed);
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_taken_only_if_it_is_one() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let (trace, parent, is_sampled) = parse_parent(good).unwrap();
        assert_eq!(
            (text(&trace).as_str(), text(&parent).as_str()),
            ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
        );
        assert!(is_sampled);
        assert!(!parse_parent(&good.replace("-01", "-00")).unwrap().2);
        assert!(parse_parent(&good.replace("00-0af", "cc-0af")).is_some(), "a later version begins alike");
        assert!(parse_parent(&format!("{}-more", good.replace("00-0af", "cc-0af"))).is_some());
        for bad in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            &format!("{good}-more"),
            &good.replace("00-0af", "ff-0af"),
            &good.to_uppercase(),
            &good.replace("b7ad6b7169203331", "0000000000000000"),
            &good.replace("0af7651916cd43dd8448eb211c80319c", "00000000000000000000000000000000"),
            &good.replace('a', "g"),
            "00-é-b7ad6b7169203331-01",
        ] {
            assert!(parse_parent(bad).is_none(), "{bad}");
        }
    }
}
