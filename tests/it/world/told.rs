//! What the appliance tells its log about a refusal. The caller reads an id and public words; the log has the private name
//! under the same id, and so a test can hold the one against the other.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{LazyLock, Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Why a request was refused, in the appliance's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The variant of `protocol::refusal::Refusal`.
    pub refusal: String,
    pub error: String,
    pub section: String,
}

static TOLD: LazyLock<Mutex<HashMap<String, Told>>> = LazyLock::new(Mutex::default);

/// What was told under an id that a caller was given.
#[track_caller]
pub fn told(error_id: &str) -> Told {
    TOLD.lock().unwrap().get(error_id).cloned().unwrap_or_else(|| panic!("the log says nothing of {error_id}"))
}

/// Begins to listen, once in the process.
pub fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Ear).unwrap());
}

struct Ear;

impl Subscriber for Ear {
    /// What is told without being asked for: the log's level is `info` unless somebody sets another.
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "writ::refusal" && *metadata.level() <= Level::INFO
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        TOLD.lock().unwrap().insert(line.id, line.told);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Line {
    id: String,
    told: Told,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        let place = match field.name() {
            "id" => &mut self.id,
            "refusal" => &mut self.told.refusal,
            "error" => &mut self.told.error,
            "section" => &mut self.told.section,
            _ => return,
        };
        value.clone_into(place);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
