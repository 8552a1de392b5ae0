//! The audit log: a chain of hashes, in the same transaction as what it tells of.
//!
//! Entry `n` lies under the key `n` (from 1) as its body, JSON, followed by 32 bytes of hash:
//!
//! ```text
//! hash(n) = SHA-256( hash(n-1) ‖ n as eight bytes ‖ body(n) )        hash(0) = 32 zero bytes
//! ```
//!
//! Changing, removing, moving or inserting an entry breaks the chain. Cutting off its end, or computing it anew, would
//! not: therefore the last number and hash also stand in the head row, under a MAC whose key is not in the file. The
//! head is read in every transaction rather than remembered, and written once before its commit, so what is rolled back leaves no trace.
//! What remains is a whole older file put in the place of a newer one; a [`Head`] kept elsewhere tells that.
//!
//! What is only traffic is cut out when it is old ([`cut`]), and [`words`] leads to entries. Neither is part of the chain.

mod cut;
mod words;

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::ops::{Bound, ControlFlow};

use serde::{Deserialize, Serialize};

use self::cut::Cut;
pub use self::cut::Cutting;
pub(super) use self::cut::{cut as cut_traffic, lengthen};
use self::words::Noted;
pub(super) use self::words::build as build_words;
use super::engine::{Joint, Name, ReadTx, Span, WriteTx};
use super::key::{Key, RowKey};
use super::tx::Read;
use crate::base::{Digest, Fault, FaultKind, Id, Lifetime, MacKey, Timestamp};
use crate::model::{Actor, Context, Event, Origin, Request};

const ENTRIES: Name = "audit";
const HEAD: Name = "audit_head";
/// Where entries are that tell of somebody acting for somebody: (actor, subject, number), (actor, nothing, number) and
/// (nothing, subject, number) lead to nothing. It is a way to entries and no part of the chain: what it has lost, the log still has.
const ACTING: Name = "audit_acting";

/// Entries looked at in one snapshot, by verification or by a search for rare events.
const STRETCH: usize = 2_000;

/// One line of the audit log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    pub sequence: u64,
    pub at: Timestamp,
    pub by: Actor,
    pub from: Origin,
    pub event: Event,
    pub hash: Digest,
}

/// Part of the audit log, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    pub entries: Vec<Entry>,
    /// Ask for what is before this number to go on. A page may be short, even empty, and not be the last: a search
    /// looks at a bounded number of entries at a time.
    pub next: Option<u64>,
}

/// What a search makes of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Fits,
    /// It is looked past.
    Passes,
    /// Neither it nor what is before it can fit.
    Ends,
}

/// The last entry before `before`, and those before it, up to `limit`; only those of the event `name`, if one is given.
pub fn page(view: &impl Read, before: Option<u64>, name: Option<&str>, limit: usize) -> Result<Page, Fault> {
    search(view, before, limit, |entry| match name.is_none_or(|name| entry.event.name() == name) {
        true => Look::Fits,
        false => Look::Passes,
    })
}

/// The entries of one request that fit. Its id tells when it came, so nothing much older or younger is looked at.
pub fn of_request(
    view: &impl Read,
    before: Option<u64>,
    request: Id<Request>,
    limit: usize,
    look: impl Fn(&Entry) -> Look,
) -> Result<Page, Fault> {
    let came_at = request.made_at().minus(CLOCKS_DIFFER);
    let before = earlier(before, behind(view, request.made_at().plus(CLOCKS_DIFFER))?);
    search(view, before, limit, |entry| match entry.from.request {
        Some(id) if id == request => look(entry),
        _ if entry.at < came_at => Look::Ends,
        _ => Look::Passes,
    })
}

/// How far the times of neighbouring entries may be out of order: each has its own operation's.
const CLOCKS_DIFFER: Lifetime = Lifetime::from_minutes(10);

/// The same, of whatever fits.
pub fn search(
    view: &impl Read,
    before: Option<u64>,
    limit: usize,
    look: impl Fn(&Entry) -> Look,
) -> Result<Page, Fault> {
    look_through(view, (0, before), None, limit, look)
}

/// The same of the entries from number `first` on; only of those in whose bytes `word` occurs, if one is given.
fn look_through(
    view: &impl Read,
    (first, before): (u64, Option<u64>),
    word: Option<&str>,
    limit: usize,
    look: impl Fn(&Entry) -> Look,
) -> Result<Page, Fault> {
    let (first, before) = (first.encoded(), before.map(|sequence| sequence.encoded()));
    let to = before.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
    let span = Span { to, ..Span::from(&first) }.backwards();
    let mut page = Page { entries: Vec::new(), next: None };
    let (mut looked_at, mut last) = (0, None);
    view.raw().scan(ENTRIES, span, &mut |key, value| {
        if page.entries.len() >= limit || looked_at >= STRETCH {
            page.next = last;
            return Ok(ControlFlow::Break(()));
        }
        if word.is_some_and(|word| !mentions(value, word)) {
            last = u64::decoded(key);
            return Ok(ControlFlow::Continue(()));
        }
        let entry = Entry::parse(key, value)?;
        looked_at += 1;
        last = Some(entry.sequence);
        match look(&entry) {
            Look::Fits => page.entries.push(entry),
            Look::Passes => {}
            Look::Ends => return Ok(ControlFlow::Break(())),
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(page)
}

/// Whether a word can be in an entry: JSON has it as it is, but for two characters that it escapes.
fn mentions(value: &[u8], word: &str) -> bool {
    let body = value.split_last_chunk::<32>().and_then(|(body, _)| std::str::from_utf8(body).ok());
    word.contains(['"', '\\']) || body.is_none_or(|body| body.contains(word))
}

/// What a search goes by: one word that is in every entry that can fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word<'t> {
    /// Who did it.
    By(&'t str),
    /// What the event names. Of some things that are issued all day there is no index: [`Word::leads`].
    About(&'t str),
    /// The event's name.
    Event(&'t str),
}

impl Word<'_> {
    /// Whether the index has it, for all entries.
    pub fn leads(&self) -> bool {
        match self {
            Self::By(text) => words::actor(text),
            Self::About(text) => words::leads_everywhere(text),
            Self::Event(_) => true,
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::By(text) | Self::About(text) | Self::Event(text) => text,
        }
    }
}

/// Most stretches that one search goes through.
const MOST_STRETCHES: usize = 32;

/// The same as [`search`] of entries that have a word: only stretches of the log in which it occurs are looked at.
pub fn search_by(
    view: &impl Read,
    word: Word<'_>,
    before: Option<u64>,
    limit: usize,
    look: impl Fn(&Entry) -> Look,
) -> Result<Page, Fault> {
    let last = before.map_or(u64::MAX, |before| before.saturating_sub(1));
    let stretches = words::stretches(view.raw(), word.text(), last / words::STRETCH, MOST_STRETCHES)?;
    let is_end = stretches.len() < MOST_STRETCHES;
    let mut page = Page { entries: Vec::new(), next: None };
    let mut next = None;
    for stretch in stretches {
        let first = stretch.saturating_mul(words::STRETCH);
        let end = first.saturating_add(words::STRETCH).min(last.saturating_add(1));
        let ends = Cell::new(false);
        let found = look_through(view, (first, Some(end)), Some(word.text()), limit - page.entries.len(), |entry| {
            let looked = look(entry);
            ends.set(looked == Look::Ends);
            looked
        })?;
        page.entries.extend(found.entries);
        // What is before this stretch is behind the next one.
        next = Some(found.next.filter(|next| *next > first).unwrap_or(first));
        if ends.get() {
            return Ok(page);
        }
        if page.entries.len() >= limit {
            page.next = next.filter(|next| *next > 0);
            return Ok(page);
        }
    }
    page.next = next.filter(|next| !is_end && *next > 0);
    Ok(page)
}

/// The entries behind a number, in the order in which they were written, up to `limit`.
pub fn after(view: &impl Read, sequence: u64, limit: usize) -> Result<Vec<Entry>, Fault> {
    let (from, mut entries) = (sequence.encoded(), Vec::new());
    view.raw().scan(ENTRIES, Span::after(&from), &mut |key, value| {
        if entries.len() >= limit {
            return Ok(ControlFlow::Break(()));
        }
        entries.push(Entry::parse(key, value)?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(entries)
}

fn earlier(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

/// The number of the first entry from after `at`, `None` if there is none. Times are in the order of the numbers, but for a little.
pub fn behind(view: &impl Read, at: Timestamp) -> Result<Option<u64>, Fault> {
    let first = |span: Span<'_>| {
        let mut found = None;
        view.raw().scan(ENTRIES, span, &mut |key, value| {
            found = Some(Entry::parse(key, value)?);
            Ok(ControlFlow::Break(()))
        })?;
        Ok::<_, Fault>(found)
    };
    let Some(last) = first(Span::ALL.backwards())?.filter(|last| last.at > at) else { return Ok(None) };
    // Entries below `low` are not after it, and the one at `high` is.
    let (mut low, mut high) = (0, last.sequence);
    while low < high {
        let middle = low + (high - low) / 2;
        match first(Span::from(&middle.encoded()))? {
            Some(entry) if entry.sequence < high && entry.at <= at => low = entry.sequence + 1,
            _ => high = middle,
        }
    }
    Ok(Some(high))
}

/// The same as [`search`] of entries that tell of `actor` acting for `subject`, as one of however many between; of everybody, where one
/// of them is `None`. Only these are looked at.
pub fn page_of(
    view: &impl Read,
    (actor, subject): (Option<&str>, Option<&str>),
    before: Option<u64>,
    limit: usize,
    look: impl Fn(&Entry) -> Look,
) -> Result<Page, Fault> {
    let prefix = (actor.unwrap_or_default(), subject.unwrap_or_default()).encoded();
    let last = [prefix.as_slice(), &before.unwrap_or(u64::MAX).encoded()].concat();
    let span = Span { from: Bound::Included(&prefix), to: Bound::Excluded(&last), ..Span::ALL }.backwards();
    let mut found = Vec::new();
    view.raw().scan(ACTING, span, &mut |key, _| {
        found.extend(key.strip_prefix(prefix.as_slice()).and_then(u64::decoded));
        Ok(if found.len() > STRETCH { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    let mut page = Page { entries: Vec::new(), next: None };
    let mut last = None;
    for (looked_at, sequence) in found.into_iter().enumerate() {
        if page.entries.len() >= limit || looked_at >= STRETCH {
            page.next = last;
            break;
        }
        let key = sequence.encoded();
        let value = view.raw().get(ENTRIES, &key)?;
        let value = value.ok_or_else(|| Fault::new(FaultKind::Row, format!("{ACTING} points at no entry")))?;
        let entry = Entry::parse(&key, &value)?;
        last = Some(sequence);
        match look(&entry) {
            Look::Fits => page.entries.push(entry),
            Look::Passes => {}
            Look::Ends => break,
        }
    }
    Ok(page)
}

/// The end of the chain: how many entries there are, the hash that stands for all of them, the time of the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub sequence: u64,
    pub hash: Digest,
    pub at: Timestamp,
}

/// What is wrong with the chain, at the first place where something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    pub sequence: u64,
    pub what: Damage,
}

/// In which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// No entry has this number.
    Missing,
    /// This entry does not follow from the one before it: one of them was changed, moved or replaced.
    Altered,
    /// There is an entry of this number, which the head knows nothing of; or a key that is no number.
    Surplus,
    /// The head was not written by somebody who has the key.
    Head,
    /// Entries are gone, and what says that the appliance cut them out was not written by it.
    Cut,
    /// The chain holds together, and is another than the one whose head was kept elsewhere.
    Replaced,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.sequence;
        match self.what {
            Damage::Missing => write!(f, "entry {n} is missing"),
            Damage::Altered => write!(f, "entry {n} does not follow from the entries before it: something was changed"),
            Damage::Surplus => write!(f, "entry {n} was added without the appliance's key"),
            Damage::Head => write!(f, "the head of the audit log was written without the appliance's key"),
            Damage::Cut => write!(f, "the gap at entry {n} was made without the appliance's key"),
            Damage::Replaced => write!(f, "entry {n} is not the one that was there when the head was kept"),
        }
    }
}

/// Walks a chain, stretch by stretch, so that no snapshot is held for long.
pub(super) struct Walk<'a> {
    key: &'a MacKey,
    kept: Option<&'a Head>,
    sequence: u64,
    hash: Digest,
}

/// How far a walk is.
pub(super) enum Step {
    More,
    /// The whole chain holds; this is its end.
    Whole(Head),
    Broken(Broken),
}

impl<'a> Walk<'a> {
    /// A walk from the first entry. `kept` is an earlier head the chain must pass through.
    pub(super) fn new(key: &'a MacKey, kept: Option<&'a Head>) -> Self {
        Self { key, kept, sequence: 0, hash: Digest::ZERO }
    }

    /// Goes on in a new snapshot. The chain only grows, so what was walked before still holds.
    pub(super) fn step(&mut self, raw: &dyn ReadTx) -> Result<Step, Fault> {
        let (mut seen, mut broken) = (0, None);
        raw.scan(ENTRIES, Span::after(&self.sequence.encoded()), &mut |key, value| {
            broken = self.follow(key, value).err();
            seen += 1;
            let on = broken.is_none() && seen < STRETCH;
            Ok(if on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(match broken {
            Some(broken) if broken.what == Damage::Missing => self.over_a_gap(raw, broken)?,
            Some(broken) => Step::Broken(broken),
            None if seen == STRETCH => Step::More,
            None => self.end(raw)?,
        })
    }

    /// Entries are missing. They may have been cut out by us: then the walk goes on behind them.
    fn over_a_gap(&mut self, raw: &dyn ReadTx, broken: Broken) -> Result<Step, Fault> {
        let cut = match Cut::around(raw, self.key, broken.sequence)? {
            None => return Ok(Step::Broken(broken)),
            Some(Err(forged)) => return Ok(Step::Broken(forged)),
            Some(Ok(cut)) => cut,
        };
        // It may have been cut, or grown, while we walked: then its beginning is behind us and was seen to hold.
        if cut.from == broken.sequence && cut.before != self.hash {
            return Ok(Step::Broken(Broken { what: Damage::Altered, ..broken }));
        }
        if self.kept.is_some_and(|kept| kept.sequence == cut.to && kept.hash != cut.hash) {
            return Ok(Step::Broken(Broken { sequence: cut.to, what: Damage::Replaced }));
        }
        (self.sequence, self.hash) = (cut.to, cut.hash);
        Ok(Step::More)
    }

    fn follow(&mut self, key: &[u8], value: &[u8]) -> Result<(), Broken> {
        let sequence = self.sequence + 1;
        let broken = |what| Err(Broken { sequence, what });
        let Some(found) = u64::decoded(key) else { return broken(Damage::Surplus) };
        if found != sequence {
            return broken(Damage::Missing);
        }
        let Some((body, stored)) = value.split_last_chunk() else { return broken(Damage::Altered) };
        let hash = link(&self.hash, sequence, body);
        if hash != Digest::from_bytes(*stored) {
            return broken(Damage::Altered);
        }
        if self.kept.is_some_and(|kept| kept.sequence == sequence && kept.hash != hash) {
            return broken(Damage::Replaced);
        }
        (self.sequence, self.hash) = (sequence, hash);
        Ok(())
    }

    /// The entries are at their end: it must be the end the head speaks of, and not before the one that was kept.
    fn end(&self, raw: &dyn ReadTx) -> Result<Step, Fault> {
        let head = match Head::read(raw, self.key)? {
            Ok(head) => head,
            Err(broken) => return Ok(Step::Broken(broken)),
        };
        let broken = |sequence, what| Ok(Step::Broken(Broken { sequence, what }));
        if head.sequence < self.sequence {
            return broken(head.sequence + 1, Damage::Surplus);
        }
        if head.sequence > self.sequence || self.kept.is_some_and(|kept| kept.sequence > self.sequence) {
            return broken(self.sequence + 1, Damage::Missing);
        }
        if head.hash != self.hash {
            return broken(self.sequence, Damage::Altered);
        }
        Ok(Step::Whole(head))
    }
}

impl Head {
    /// Before the first entry.
    const NONE: Self = Self { sequence: 0, hash: Digest::ZERO, at: Timestamp::from_millis(0) };

    /// The head as the file has it. A head that was not written by us is a fault: nothing is chained to it.
    pub(super) fn load(raw: &dyn ReadTx, key: &MacKey) -> Result<Self, Fault> {
        Self::read(raw, key)?.map_err(|broken| Fault::new(FaultKind::Storage, format!("audit log: {broken}")))
    }

    /// Whether it was sealed with `key`.
    pub(super) fn fits(raw: &dyn ReadTx, key: &MacKey) -> Result<bool, Fault> {
        Ok(Self::read(raw, key)?.is_ok())
    }

    fn read(raw: &dyn ReadTx, key: &MacKey) -> Result<Result<Self, Broken>, Fault> {
        let Some(bytes) = raw.get(HEAD, &[])? else {
            // Only a log without entries has no head. Otherwise somebody took it away.
            let mut none = Ok(Self::NONE);
            raw.scan(ENTRIES, Span::ALL, &mut |_, _| {
                none = Err(Broken { sequence: 0, what: Damage::Head });
                Ok(ControlFlow::Break(()))
            })?;
            return Ok(none);
        };
        let forged = Broken { sequence: 0, what: Damage::Head };
        let Some((body, mac)) = bytes.split_last_chunk() else { return Ok(Err(forged)) };
        let head = <(u64, Digest, Timestamp)>::decoded(body).filter(|_| seal(key, body) == Digest::from_bytes(*mac));
        Ok(head.map(|(sequence, hash, at)| Self { sequence, hash, at }).ok_or(forged))
    }

    /// Writes the head row: number, hash and time, and their MAC.
    pub(super) fn save(&self, raw: &mut dyn WriteTx, key: &MacKey) -> Result<(), Fault> {
        let mut bytes = (self.sequence, &self.hash, self.at).encoded();
        let mac = seal(key, &bytes);
        bytes.extend_from_slice(mac.bytes());
        raw.put(HEAD, &[], &bytes)
    }
}

/// The words in front keep this MAC from being taken for any other made with the same key.
fn seal(key: &MacKey, body: &[u8]) -> Digest {
    key.mac(&[b"writ audit head 1\0", body])
}

fn link(previous: &Digest, sequence: u64, body: &[u8]) -> Digest {
    Digest::of_all(&[previous.bytes(), &sequence.to_be_bytes(), body])
}

/// What an entry says, as it is written and read.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    context: &'a Context,
    event: &'a Event,
}

#[derive(Deserialize)]
struct OwnBody {
    at: Timestamp,
    by: Actor,
    from: Origin,
    event: Event,
}

/// Writes an entry at the end of the chain.
pub(super) fn append(raw: &mut dyn WriteTx, key: &MacKey, context: &Context, event: &Event) -> Result<(), Fault> {
    let mut joint = match raw.joint().take() {
        Some(joint) => joint,
        None => Box::new(Chain::load(raw, key)?),
    };
    let chain = (&mut *joint as &mut dyn Any).downcast_mut::<Chain>();
    let chain = chain.ok_or_else(|| Fault::new(FaultKind::Bug, "a transaction has something else in common"))?;
    chain.append(raw, context, event)?;
    *raw.joint() = Some(joint);
    Ok(())
}

/// Seals the head and the gaps with another key, in this transaction; the chain itself has none. Says how many gaps there were.
///
/// The handle that this transaction came from knows only the old key: it is of no use afterwards.
pub(super) fn reseal(raw: &mut dyn WriteTx, old: &MacKey, new: &MacKey) -> Result<u64, Fault> {
    let gaps = cut::reseal(raw, old, new)?;
    let head = Head::load(raw, old)?;
    *raw.joint() = Some(Box::new(Chain { key: new.clone(), head, noted: Noted::default(), bytes: Vec::new() }));
    Ok(gaps)
}

/// The end of the chain, as the jobs of one transaction move it on.
struct Chain {
    key: MacKey,
    head: Head,
    noted: Noted,
    /// The newest entry's bytes, to be used again.
    bytes: Vec<u8>,
}

impl Chain {
    fn load(raw: &dyn ReadTx, key: &MacKey) -> Result<Self, Fault> {
        Ok(Self { key: key.clone(), head: Head::load(raw, key)?, noted: Noted::default(), bytes: Vec::new() })
    }

    fn append(&mut self, raw: &mut dyn WriteTx, context: &Context, event: &Event) -> Result<(), Fault> {
        let sequence = self.head.sequence + 1;
        self.bytes.clear();
        serde_json::to_writer(&mut self.bytes, &Body { context, event })
            .map_err(|e| Fault::because(FaultKind::Bug, format!("{} has no JSON", event.name()), e))?;
        let hash = link(&self.head.hash, sequence, &self.bytes);
        self.bytes.extend_from_slice(hash.bytes());
        raw.put(ENTRIES, &sequence.to_be_bytes(), &self.bytes)?;
        for key in acting_keys(event, sequence) {
            raw.put(ACTING, &key, &[])?;
        }
        self.noted.note(&context.by, event, sequence);
        self.head = Head { sequence, hash, at: context.at };
        Ok(())
    }
}

impl Joint for Chain {
    fn settle(&mut self, tx: &mut dyn WriteTx) -> Result<(), Fault> {
        self.noted.put_down(tx)?;
        self.head.save(tx, &self.key)
    }
}

fn acting_keys(event: &Event, sequence: u64) -> Vec<Vec<u8>> {
    let Some(acting) = event.acting() else { return Vec::new() };
    let subject = acting.subject.text();
    let mut keys = vec![("", subject.as_str(), sequence).encoded()];
    for actor in acting.actors {
        let actor = actor.to_string();
        keys.push((actor.as_str(), subject.as_str(), sequence).encoded());
        keys.push((actor.as_str(), "", sequence).encoded());
    }
    keys
}

/// Whether a number is in a gap that we made.
pub(super) fn was_cut(raw: &dyn ReadTx, key: &MacKey, sequence: u64) -> Result<bool, Fault> {
    Ok(matches!(Cut::around(raw, key, sequence)?, Some(Ok(_))))
}

/// The hash stored under a number, if there is such an entry.
pub(super) fn hash_of(raw: &dyn ReadTx, sequence: u64) -> Result<Option<Digest>, Fault> {
    let found = raw.get(ENTRIES, &sequence.to_be_bytes())?;
    Ok(found.and_then(|value| value.last_chunk().copied()).map(Digest::from_bytes))
}

impl Entry {
    fn parse(key: &[u8], value: &[u8]) -> Result<Self, Fault> {
        let unreadable = || Fault::new(FaultKind::Row, "an entry of the audit log does not parse");
        let sequence = u64::decoded(key).ok_or_else(unreadable)?;
        let (body, hash) = value.split_last_chunk().ok_or_else(unreadable)?;
        let body: OwnBody = serde_json::from_slice(body)
            .map_err(|e| Fault::because(FaultKind::Row, format!("audit log entry {sequence} does not parse"), e))?;
        let OwnBody { at, by, from, event } = body;
        Ok(Self { sequence, at, by, from, event, hash: Digest::from_bytes(*hash) })
    }
}
