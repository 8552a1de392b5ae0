//! Ways to entries: in which stretches of the log a word occurs, as who did it, as the event's name, or in what the event names.
//!
//! (word, stretch) leads to nothing, and a stretch is [`STRETCH`] entries: a word that occurs again within one costs a look and no write. So a
//! client that gets tokens all day writes a row for every 64 of them, and a search looks at no more than 64 entries for each that it finds.

use std::ops::{Bound, ControlFlow};

use serde_json::Value;

use super::{ENTRIES, Entry};
use crate::base::Fault;
use crate::model::{Actor, Event, Subject};
use crate::store::engine::{Name, ReadTx, Span, WriteTx};
use crate::store::key::{Key, RowKey};

const WORDS: Name = "audit_words";

/// Entries under one row. Part of the file format.
pub(super) const STRETCH: u64 = 64;
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

/// The words of an entry, each once.
fn words(by: &Actor, event: &Event) -> Vec<String> {
    let mut words = vec![event.name().to_owned()];
    let mut say = |word: String| {
        if is_word(&word) && !words.contains(&word) {
            words.push(word);
        }
    };
    say(match by {
        Actor::Nobody => "nobody".to_owned(),
        Actor::Operator => "operator".to_owned(),
        Actor::System => "system".to_owned(),
        Actor::Person(person) => person.to_string(),
        Actor::Client(client) => client.to_string(),
    });
    let whom = |subject: &Subject| subject.text();
    match event {
        // What happens all day, without going through JSON.
        Event::TokenIssued { client, subject, trust, .. } => {
            say(client.to_string());
            say(whom(subject));
            trust.iter().for_each(|trust| say(trust.to_string()));
        }
        Event::CodeIssued { client, person, .. } => {
            say(client.to_string());
            say(person.to_string());
        }
        Event::TokenExchanged { actor, subject, chain, delegation, .. } => {
            say(actor.to_string());
            say(whom(subject));
            say(delegation.to_string());
            for link in chain {
                say(link.actor.to_string());
                say(link.delegation.to_string());
            }
        }
        Event::TokenRefused { client, .. } | Event::ScopeNarrowed { client, .. } => say(client.to_string()),
        other => each_text(&serde_json::to_value(other).unwrap_or_default(), &mut say),
    }
    words
}

fn each_text(value: &Value, say: &mut impl FnMut(String)) {
    match value {
        Value::String(text) => say(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, say)),
        Value::Object(members) => members.values().for_each(|member| each_text(member, say)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Puts down where an entry's words occur.
pub(super) fn note(raw: &mut dyn WriteTx, by: &Actor, event: &Event, sequence: u64) -> Result<(), Fault> {
    for word in words(by, event) {
        let key = (word.as_str(), sequence / STRETCH).encoded();
        if raw.get(WORDS, &key)?.is_none() {
            raw.put(WORDS, &key, &[])?;
        }
    }
    Ok(())
}

/// Takes away the words that occur in `gone` and in none of `left`, all of one stretch.
pub(super) fn forget(raw: &mut dyn WriteTx, stretch: u64, gone: &[Entry], left: &[Entry]) -> Result<(), Fault> {
    let kept: Vec<String> = left.iter().flat_map(|entry| words(&entry.by, &entry.event)).collect();
    for word in gone.iter().flat_map(|entry| words(&entry.by, &entry.event)).filter(|word| !kept.contains(word)) {
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

/// Layout 3: the words of every entry there is.
pub(in crate::store) fn build(raw: &mut dyn WriteTx) -> Result<(), Fault> {
    let mut after = 0_u64;
    loop {
        let mut entries = Vec::new();
        raw.scan(ENTRIES, Span::after(&after.encoded()), &mut |key, value| {
            entries.push(Entry::parse(key, value)?);
            Ok(if entries.len() >= AT_ONCE { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        let Some(last) = entries.last() else { return Ok(()) };
        after = last.sequence;
        for entry in &entries {
            note(raw, &entry.by, &entry.event, entry.sequence)?;
        }
    }
}
