//! Cutting out what was only traffic, when it is old enough, so that the chain still says what it said.
//!
//! Of a run of entries that go, one row stays: from where to where, the hash before and the hash of the last, under a MAC whose key is
//! not in the file. A walk that comes to a gap steps over it by this row, and the hash on its other side is what the next entry follows
//! from. Whoever has only the file can neither make a gap nor make one longer; who changed something, and when, stays for ever.

use std::ops::{Bound, ControlFlow};

use super::words::{self, STRETCH};
use super::{ACTING, Broken, Damage, ENTRIES, Entry, Head};
use crate::base::{Digest, Fault, FaultKind, MacKey, Timestamp};
use crate::model::{Event, EventClass};
use crate::store::engine::{Name, ReadTx, Span, WriteTx};
use crate::store::key::{Key, RowKey};

/// By the first number that is missing.
const CUTS: Name = "audit_cuts";
/// How far was looked: one row, with the next stretch.
const LOOKED: Name = "audit_cut_looked";

/// Stretches that are longer by so much begin at other numbers: what was looked at goes on being so.
pub(in crate::store) fn lengthen(raw: &mut dyn WriteTx, times: u64) -> Result<(), Fault> {
    match raw.get(LOOKED, &[])?.and_then(|bytes| u64::decoded(&bytes)) {
        Some(stretch) => raw.put(LOOKED, &[], &(stretch / times).encoded()),
        None => Ok(()),
    }
}

/// The newest entries, of which none is cut, however old: heads that were kept elsewhere speak of them.
const NEWEST: u64 = 1_024;

/// One gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// The first and the last that are not there.
    pub(super) from: u64,
    pub(super) to: u64,
    /// The hash of the entry before the first.
    pub(super) before: Digest,
    /// The hash of the last.
    pub(super) hash: Digest,
}

/// What was cut at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cutting {
    pub entries: u64,
    /// The first and the last of those that were cut; between them are others, which stay.
    pub from: u64,
    pub to: u64,
    /// Stretches that were looked at; fewer than asked for means that there is nothing more to do.
    pub looked_at: u64,
}

impl Cut {
    /// The gap that this number is in.
    pub(super) fn around(raw: &dyn ReadTx, key: &MacKey, sequence: u64) -> Result<Option<Result<Self, Broken>>, Fault> {
        let end = sequence.encoded();
        let span = Span { to: Bound::Included(&end), ..Span::ALL }.backwards();
        let mut row = None;
        raw.scan(CUTS, span, &mut |from, value| {
            row = Some((from.to_vec(), value.to_vec()));
            Ok(ControlFlow::Break(()))
        })?;
        let Some((from, value)) = row else { return Ok(None) };
        let forged = Some(Err(Broken { sequence, what: Damage::Cut }));
        let (Some(from), Some((body, mac))) = (u64::decoded(&from), value.split_last_chunk()) else {
            return Ok(forged);
        };
        if seal(key, from, body) != Digest::from_bytes(*mac) {
            return Ok(forged);
        }
        let Some((to, before, hash)) = <(u64, Digest, Digest)>::decoded(body) else { return Ok(forged) };
        Ok((to >= sequence).then_some(Ok(Self { from, to, before, hash })))
    }

    fn save(&self, raw: &mut dyn WriteTx, key: &MacKey) -> Result<(), Fault> {
        let mut bytes = (self.to, &self.before, &self.hash).encoded();
        let mac = seal(key, self.from, &bytes);
        bytes.extend_from_slice(mac.bytes());
        raw.put(CUTS, &self.from.encoded(), &bytes)
    }
}

/// Seals every gap anew. One that was not ours is a fault: it would become so.
pub(super) fn reseal(raw: &mut dyn WriteTx, old: &MacKey, new: &MacKey) -> Result<u64, Fault> {
    let mut keys = Vec::new();
    raw.scan(CUTS, Span::ALL, &mut |key, _| {
        keys.push(key.to_vec());
        Ok(ControlFlow::Continue(()))
    })?;
    for key in &keys {
        let sequence = u64::decoded(key).unwrap_or_default();
        let cut = Cut::around(raw, old, sequence)?.transpose();
        let cut = cut.map_err(|broken| Fault::new(FaultKind::Storage, format!("audit log: {broken}")))?;
        if let Some(cut) = cut {
            cut.save(raw, new)?;
        }
    }
    Ok(keys.len() as u64)
}

/// The words in front keep this MAC from being taken for any other made with the same key.
fn seal(key: &MacKey, from: u64, body: &[u8]) -> Digest {
    key.mac(&[b"writ audit cut 1\0", &from.encoded(), body])
}

/// Cuts traffic from before `until` out of up to `most` stretches, the oldest that were not looked at. A stretch in which anything is younger
/// ends it.
pub(in crate::store) fn cut(
    raw: &mut dyn WriteTx,
    key: &MacKey,
    until: Timestamp,
    most: u64,
) -> Result<Cutting, Fault> {
    let head = Head::load(raw, key)?;
    let mut cutting = Cutting::default();
    while cutting.looked_at < most {
        let stretch = raw.get(LOOKED, &[])?.and_then(|bytes| u64::decoded(&bytes)).unwrap_or(0);
        let entries = of_stretch(raw, stretch)?;
        let is_young = (stretch + 1).saturating_mul(STRETCH).saturating_add(NEWEST) > head.sequence;
        if is_young || entries.iter().any(|entry| entry.at >= until) {
            break;
        }
        cutting.looked_at += 1;
        raw.put(LOOKED, &[], &(stretch + 1).encoded())?;
        let (gone, left): (Vec<Entry>, Vec<Entry>) =
            entries.into_iter().partition(|entry| entry.event.class() == EventClass::Traffic);
        for entry in &gone {
            cut_out(raw, key, entry)?;
            cutting.from = if cutting.entries == 0 { entry.sequence } else { cutting.from };
            cutting.to = entry.sequence;
            cutting.entries += 1;
        }
        words::forget(raw, stretch, &gone, &left)?;
    }
    Ok(cutting)
}

fn of_stretch(raw: &dyn ReadTx, stretch: u64) -> Result<Vec<Entry>, Fault> {
    let (from, to) = ((stretch * STRETCH).encoded(), ((stretch + 1) * STRETCH).encoded());
    let span = Span { from: Bound::Included(&from), to: Bound::Excluded(&to), ..Span::ALL };
    let mut entries = Vec::new();
    raw.scan(ENTRIES, span, &mut |key, value| {
        entries.push(Entry::parse(key, value)?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(entries)
}

/// One entry, whose neighbour before may have been cut as well: then the gap grows.
fn cut_out(raw: &mut dyn WriteTx, key: &MacKey, entry: &Entry) -> Result<(), Fault> {
    let (sequence, hash) = (entry.sequence, entry.hash);
    let broken = |broken: Broken| Fault::new(FaultKind::Storage, format!("audit log: {broken}"));
    let gap = match sequence.checked_sub(1) {
        Some(before) if before > 0 => Cut::around(raw, key, before)?.transpose().map_err(broken)?,
        _ => None,
    };
    let cut = match gap {
        Some(gap) => Cut { to: sequence, hash, ..gap },
        None => {
            let before = match sequence - 1 {
                0 => Digest::ZERO,
                before => super::hash_of(raw, before)?
                    .ok_or_else(|| broken(Broken { sequence: before, what: Damage::Missing }))?,
            };
            Cut { from: sequence, to: sequence, before, hash }
        }
    };
    cut.save(raw, key)?;
    raw.delete(ENTRIES, &sequence.encoded())?;
    for key in super::acting_keys(&entry.event, sequence) {
        raw.delete(ACTING, &key)?;
    }
    Ok(())
}

/// What the log says of it.
impl Cutting {
    pub fn event(&self, until: Timestamp) -> Option<Event> {
        let Self { entries, from, to, .. } = *self;
        (entries > 0).then_some(Event::TrafficCut { entries, from, to, until })
    }
}
