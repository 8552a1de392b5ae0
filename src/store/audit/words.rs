//! Ways to entries: in which stretches of the log a word occurs, as who did it, as the event's name, or in what the event names.
//!
//! (word, stretch) leads to nothing, and a stretch is [`STRETCH`] entries: a word that occurs again within one costs a look and no write, and one
//! look for all that a commit carries. A search goes through a stretch by the bytes of its entries and parses those in which it sees the word.

use std::collections::{BTreeMap, HashSet};
use std::ops::{Bound, ControlFlow};

use serde_json::Value;

use super::{ENTRIES, Entry};
use crate::base::Fault;
use crate::model::{Actor, ClientId, Event, Subject};
use crate::store::engine::{Name, ReadTx, Span, WriteTx};
use crate::store::key::{Key, RowKey};

const WORDS: Name = "audit_words";

/// Entries under one row. Part of the file format.
pub(super) const STRETCH: u64 = 1_024;
/// Longest word, in bytes.
const LONGEST: usize = 128;
/// Entries read at once when the index is built.
const AT_ONCE: usize = 2_000;

/// Whether every entry that names this is found by it. Of what is issued all day only who got it is a word, or each token would be a
/// row: those are found by looking back from the time that their id tells.
pub(super) fn leads_everywhere(text: &str) -> bool {
    let Some((kind, _)) = text.split_once('_') else { return false };
    let is_id = kind.len() == 3 && kind.bytes().all(|b| b.is_ascii_lowercase()) && is_word(text);
    is_id && !["tok", "fam", "req"].contains(&kind)
}

fn is_word(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// Whether this can be who did something: such a word is in the index for every entry.
pub(super) fn actor(text: &str) -> bool {
    is_word(text)
}

/// Calls `say` with the words of an entry. It may say one more than once.
fn words(by: &Actor, event: &Event, say: &mut dyn FnMut(&str)) {
    say(event.name());
    let own = match by {
        Actor::Client(client) => Some(client),
        _ => None,
    };
    match by {
        Actor::Nobody => say("nobody"),
        Actor::Operator => say("operator"),
        Actor::System => say("system"),
        Actor::Person(person) => say(&person.to_string()),
        Actor::Client(client) => say(&client.to_string()),
    }
    // Most of what happens is done by a client that gets something for itself: its name was said.
    let client = |client: &ClientId, say: &mut dyn FnMut(&str)| {
        if own != Some(client) {
            say(&client.to_string());
        }
    };
    let whom = |subject: &Subject, say: &mut dyn FnMut(&str)| match subject {
        Subject::Client(id) => client(id, say),
        Subject::Person(person) => say(&person.to_string()),
    };
    match event {
        // What happens all day, without going through JSON.
        Event::TokenIssued { client: id, subject, trust, .. } => {
            whom(subject, say);
            client(id, say);
            trust.iter().for_each(|trust| say(&trust.to_string()));
        }
        Event::CodeIssued { client: id, person, .. } => {
            client(id, say);
            say(&person.to_string());
        }
        Event::TokenExchanged { actor, subject, chain, delegation, .. } => {
            say(&actor.to_string());
            whom(subject, say);
            say(&delegation.to_string());
            for link in chain {
                say(&link.actor.to_string());
                say(&link.delegation.to_string());
            }
        }
        Event::TokenRefused { client: id, .. } | Event::ScopeNarrowed { client: id, .. } => client(id, say),
        other => each_text(&serde_json::to_value(other).unwrap_or_default(), say),
    }
}

/// Those of them that the index takes, each once.
fn gather(by: &Actor, event: &Event, into: &mut HashSet<String>) {
    words(by, event, &mut |word| {
        if is_word(word) && !into.contains(word) {
            into.insert(word.to_owned());
        }
    });
}

fn each_text(value: &Value, say: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => say(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, say)),
        Value::Object(members) => members.values().for_each(|member| each_text(member, say)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Where words occur, to be put down once for many entries.
#[derive(Default)]
pub(super) struct Noted(BTreeMap<u64, HashSet<String>>);

impl Noted {
    pub(super) fn note(&mut self, by: &Actor, event: &Event, sequence: u64) {
        gather(by, event, self.0.entry(sequence / STRETCH).or_default());
    }

    /// Writes what is not there yet.
    pub(super) fn put_down(&mut self, raw: &mut dyn WriteTx) -> Result<(), Fault> {
        for (stretch, words) in std::mem::take(&mut self.0) {
            for word in words {
                let key = (word.as_str(), stretch).encoded();
                if raw.get(WORDS, &key)?.is_none() {
                    raw.put(WORDS, &key, &[])?;
                }
            }
        }
        Ok(())
    }
}

/// Takes away the words that occur in `gone` and in none of `left`, all of one stretch.
pub(super) fn forget(raw: &mut dyn WriteTx, stretch: u64, gone: &[Entry], left: &[Entry]) -> Result<(), Fault> {
    let of = |entries: &[Entry]| {
        let mut words = HashSet::new();
        entries.iter().for_each(|entry| gather(&entry.by, &entry.event, &mut words));
        words
    };
    for word in of(gone).difference(&of(left)) {
        raw.delete(WORDS, &(word.as_str(), stretch).encoded())?;
    }
    Ok(())
}

/// The last stretches up to `last` in which the word occurs, at most so many.
pub(super) fn stretches(raw: &dyn ReadTx, word: &str, last: u64, most: usize) -> Result<Vec<u64>, Fault> {
    let prefix = word.encoded();
    let end = (word, last).encoded();
    let span = Span { from: Bound::Included(&prefix), to: Bound::Included(&end), ..Span::ALL }.backwards();
    let mut found = Vec::new();
    raw.scan(WORDS, span, &mut |key, _| {
        found.extend(key.strip_prefix(prefix.as_slice()).and_then(u64::decoded));
        Ok(if found.len() >= most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(found)
}

/// Layouts 3 and 4: the words of every entry there is, and none that were put down before, in shorter stretches.
pub(in crate::store) fn build(raw: &mut dyn WriteTx) -> Result<(), Fault> {
    loop {
        let mut old = Vec::new();
        raw.scan(WORDS, Span::ALL, &mut |key, _| {
            old.push(key.to_vec());
            Ok(if old.len() >= AT_ONCE { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        if old.is_empty() {
            break;
        }
        old.iter().try_for_each(|key| raw.delete(WORDS, key))?;
    }
    let (mut after, mut noted) = (0_u64, Noted::default());
    loop {
        let mut entries = Vec::new();
        raw.scan(ENTRIES, Span::after(&after.encoded()), &mut |key, value| {
            entries.push(Entry::parse(key, value)?);
            Ok(if entries.len() >= AT_ONCE { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        let Some(last) = entries.last() else { return Ok(()) };
        after = last.sequence;
        entries.iter().for_each(|entry| noted.note(&entry.by, &entry.event, entry.sequence));
        noted.put_down(raw)?;
    }
}
