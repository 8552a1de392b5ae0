//! The audit log: everything that can be done to the file without the key is found.

use std::ops::ControlFlow;
use std::sync::Arc;

use proptest::prelude::*;
use writ::base::{Digest, FaultKind, Lifetime, MacKey, Timestamp};
use writ::model::{Actor, Channel, Context, Event, Origin};
use writ::store::engine::{Done, Engine, Job, Name, ReadTx, Span, Touched};
use writ::store::{
    Broken, Cutting, Damage, Entry, Head, Look, Memory, Rehearsal, Store, Word, audit_behind, audit_page, audit_search,
    audit_search_by,
};

use super::contract::run;

/// Entries in the log under test: one of the migration, nineteen of ours.
const ENTRIES: u64 = 20;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn key() -> MacKey {
    MacKey::new(&[7; 32])
}

/// An engine the test keeps a hand on: what somebody with the file and without the key can do.
#[derive(Clone)]
struct Tampered(Arc<Memory>);

impl Engine for Tampered {
    fn snapshot(&self) -> Result<Box<dyn ReadTx + '_>, writ::base::Fault> {
        self.0.snapshot()
    }

    fn submit(&self, job: Job, done: Done) {
        self.0.submit(job, done);
    }

    fn failure(&self) -> Option<writ::base::Fault> {
        None
    }

    fn tables(&self) -> Result<Vec<Name>, writ::base::Fault> {
        self.0.tables()
    }

    fn watch(&self, touched: Option<Arc<Touched>>) {
        self.0.watch(touched);
    }
}

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

type Edit = fn(&mut Rows);

impl Tampered {
    fn rows(&self, table: &'static str) -> Rows {
        let mut rows = Vec::new();
        let snapshot = self.snapshot().unwrap();
        let mut keep = |key: &[u8], value: &[u8]| {
            rows.push((key.to_vec(), value.to_vec()));
            Ok(ControlFlow::Continue(()))
        };
        snapshot.scan(table, Span::ALL, &mut keep).unwrap();
        rows
    }

    /// Puts these rows in the place of all there are.
    fn replace(&self, table: &'static str, rows: Rows) {
        let gone = self.rows(table);
        run(self, move |tx| {
            gone.iter().try_for_each(|(key, _)| tx.delete(table, key))?;
            rows.iter().try_for_each(|(key, value)| tx.put(table, key, value))
        })
        .unwrap();
    }

    /// Changes the list of entries.
    fn edit(&self, edit: impl FnOnce(&mut Rows)) {
        let mut rows = self.rows("audit");
        edit(&mut rows);
        self.replace("audit", rows);
    }
}

fn context(n: u64) -> Context {
    Context::new(NOW.plus(Lifetime::from_seconds(n)), Actor::Operator, Origin::within(Channel::File))
}

fn record(store: &Store, n: u64) {
    let event = if n.is_multiple_of(3) {
        Event::ScopeCreated { scope: format!("s{n}"), after: serde_json::Value::Null }
    } else {
        Event::SetupOpened {}
    };
    store.write_blocking("record", &context(n), move |tx| tx.record(event.clone())).unwrap();
}

fn log() -> (Tampered, Store) {
    let engine = Tampered(Arc::new(Memory::new(Rehearsal::Off)));
    let store = Store::over(engine.clone(), key(), NOW).unwrap();
    (2..=ENTRIES).for_each(|n| record(&store, n));
    (engine, store)
}

/// The hashes as anybody can compute them.
fn rechain(rows: &mut Rows) {
    let mut previous = Digest::ZERO;
    for (n, (key, value)) in (1_u64..).zip(rows) {
        let body = value[..value.len() - 32].to_vec();
        previous = Digest::of_all(&[previous.bytes(), &n.to_be_bytes(), &body]);
        *key = n.to_be_bytes().to_vec();
        *value = [body, previous.bytes().to_vec()].concat();
    }
}

fn broken(sequence: u64, what: Damage) -> Result<Head, Broken> {
    Err(Broken { sequence, what })
}

#[test]
fn an_untouched_log_verifies() {
    let (_, store) = log();
    let head = store.verify_audit(None).unwrap().unwrap();
    assert_eq!((head.sequence, head.at), (ENTRIES, context(ENTRIES).at));
    assert_eq!(head, store.audit_head().unwrap());
}

#[test]
fn a_log_longer_than_a_stretch_verifies_and_pages() {
    let engine = Tampered(Arc::new(Memory::new(Rehearsal::Off)));
    let store = Store::over(engine.clone(), key(), NOW).unwrap();
    let many = |tx: &mut writ::store::Tx<'_>| (0..4_500).try_for_each(|_| tx.record(Event::SetupOpened {}));
    store.write_blocking("record", &context(0), many).unwrap();
    assert_eq!(store.verify_audit(None).unwrap().unwrap().sequence, 4_501);
    // A search for what is far away comes back empty-handed with a place to go on, rather than look at everything.
    let (mut next, mut pages, mut found) = (None, 0, Vec::new());
    loop {
        let page = store.read_blocking(|view| audit_page(view, next, Some("store.migrated"), 10)).unwrap();
        found.extend(page.entries);
        (next, pages) = (page.next, pages + 1);
        if next.is_none() {
            break;
        }
    }
    assert_eq!((found.len(), found[0].sequence, pages), (1, 1, 3));
    engine.edit(|rows| drop(rows.remove(3_999)));
    assert_eq!(store.verify_audit(None).unwrap(), broken(4_000, Damage::Missing));
}

#[test]
fn what_was_recorded_can_be_read() {
    let (_, store) = log();
    let page = store.read_blocking(|view| audit_page(view, None, None, 3)).unwrap();
    assert_eq!(page.entries.iter().map(|e| e.sequence).collect::<Vec<_>>(), [20, 19, 18]);
    assert_eq!(page.next, Some(18));
    assert_eq!(page.entries[2].event, Event::ScopeCreated { scope: "s18".to_owned(), after: serde_json::Value::Null });
    assert_eq!((page.entries[2].at, &page.entries[2].by), (context(18).at, &Actor::Operator));
    let scopes = store.read_blocking(|view| audit_page(view, page.next, Some("scope.created"), 10)).unwrap();
    assert_eq!(scopes.entries.iter().map(|e| e.sequence).collect::<Vec<_>>(), [15, 12, 9, 6, 3]);
    assert_eq!(scopes.next, None);
}

#[test]
fn tampering_is_found() {
    let cases: [(&str, Edit, Broken); 12] = [
        ("a body changed", |rows| rows[6].1[10] ^= 1, Broken { sequence: 7, what: Damage::Altered }),
        ("a hash changed", |rows| *rows[6].1.last_mut().unwrap() ^= 1, Broken { sequence: 7, what: Damage::Altered }),
        ("an entry emptied", |rows| rows[6].1.clear(), Broken { sequence: 7, what: Damage::Altered }),
        ("removed", |rows| drop(rows.remove(6)), Broken { sequence: 7, what: Damage::Missing }),
        ("the first removed", |rows| drop(rows.remove(0)), Broken { sequence: 1, what: Damage::Missing }),
        ("the last removed", |rows| drop(rows.pop()), Broken { sequence: 20, what: Damage::Missing }),
        ("all removed", Vec::clear, Broken { sequence: 1, what: Damage::Missing }),
        (
            "two swapped",
            |rows| {
                let (a, b) = (rows[6].1.clone(), rows[9].1.clone());
                (rows[6].1, rows[9].1) = (b, a);
            },
            Broken { sequence: 7, what: Damage::Altered },
        ),
        (
            "one copied over another",
            |rows| rows[9].1 = rows[6].1.clone(),
            Broken { sequence: 10, what: Damage::Altered },
        ),
        (
            "one copied to the end",
            |rows| rows.push((21_u64.to_be_bytes().to_vec(), rows[6].1.clone())),
            Broken { sequence: 21, what: Damage::Altered },
        ),
        (
            "one added at the end, with a right hash",
            |rows| {
                rows.push(rows[6].clone());
                rechain(rows);
            },
            Broken { sequence: 21, what: Damage::Surplus },
        ),
        (
            "a key that is no number",
            |rows| rows.push((b"\xff".to_vec(), rows[6].1.clone())),
            Broken { sequence: 21, what: Damage::Surplus },
        ),
    ];
    for (name, edit, expected) in cases {
        let (engine, store) = log();
        engine.edit(edit);
        assert_eq!(store.verify_audit(None).unwrap(), Err(expected), "{name}");
    }
}

#[test]
fn a_chain_computed_anew_does_not_fit_its_head() {
    let edits: [(Edit, u64, Damage); 4] = [
        (|rows| rows[6].1[10] ^= 1, 20, Damage::Altered),
        (|rows| drop(rows.remove(6)), 20, Damage::Missing),
        (|rows| drop(rows.remove(0)), 20, Damage::Missing),
        (|rows| rows.insert(6, rows[3].clone()), 21, Damage::Surplus),
    ];
    for (edit, sequence, what) in edits {
        let (engine, store) = log();
        engine.edit(|rows| {
            edit(rows);
            rechain(rows);
        });
        assert_eq!(store.verify_audit(None).unwrap(), broken(sequence, what));
    }
}

/// What somebody who knows the program and not the key does: cut the end off and write a head that fits.
#[test]
fn a_head_takes_the_key() {
    let (engine, store) = log();
    engine.edit(|rows| rows.truncate(10));
    let forger = Tampered(Arc::new(Memory::new(Rehearsal::Off)));
    Store::over(forger.clone(), MacKey::new(&[8; 32]), NOW).unwrap();
    let forged = Store::over(forger.clone(), MacKey::new(&[8; 32]), NOW).unwrap();
    (2..=10).for_each(|n| record(&forged, n));
    assert_eq!(forger.rows("audit"), engine.rows("audit"));
    engine.replace("audit_head", forger.rows("audit_head"));
    assert_eq!(store.verify_audit(None).unwrap(), broken(0, Damage::Head));
    // And nothing is chained to it, so the forgery cannot be laundered by going on.
    let fault = store.write_blocking("record", &context(1), |tx| tx.record(Event::SetupOpened {})).unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Storage);
    assert!(store.audit_head().is_err());
}

#[test]
fn a_missing_head_is_found() {
    let (engine, store) = log();
    engine.replace("audit_head", Vec::new());
    assert_eq!(store.verify_audit(None).unwrap(), broken(0, Damage::Head));
    assert!(store.write_blocking("record", &context(1), |tx| tx.record(Event::SetupOpened {})).is_err());
}

/// An older file, whole and with its own sealed head, is only told by a head kept elsewhere.
#[test]
fn an_older_or_another_log_is_told_by_a_kept_head() {
    let (engine, store) = log();
    let (older, older_head) = (engine.rows("audit"), engine.rows("audit_head"));
    let early = store.audit_head().unwrap();
    record(&store, 21);
    let kept = store.audit_head().unwrap();
    record(&store, 22);
    for head in [&early, &kept] {
        assert!(store.audit_contains(head).unwrap());
        assert_eq!(store.verify_audit(Some(head)).unwrap().unwrap().sequence, 22);
    }

    engine.replace("audit", older);
    engine.replace("audit_head", older_head);
    assert!(store.verify_audit(None).unwrap().is_ok());
    assert!(store.audit_contains(&early).unwrap());
    assert!(!store.audit_contains(&kept).unwrap());
    assert_eq!(store.verify_audit(Some(&kept)).unwrap(), broken(21, Damage::Missing));

    // Another life from the same point on.
    (40..45).for_each(|n| record(&store, n));
    assert!(!store.audit_contains(&kept).unwrap());
    assert_eq!(store.verify_audit(Some(&kept)).unwrap(), broken(21, Damage::Replaced));
    assert!(store.verify_audit(Some(&early)).unwrap().is_ok());

    // Everything gone: to the file itself that is a new one.
    engine.replace("audit", Vec::new());
    engine.replace("audit_head", Vec::new());
    assert_eq!(store.verify_audit(None).unwrap().unwrap().sequence, 0);
    assert_eq!(store.verify_audit(Some(&early)).unwrap(), broken(1, Damage::Missing));
}

/// Four thousand entries, a second each: of every hundred two are changes, the rest is traffic.
fn busy() -> (Tampered, Store) {
    let engine = Tampered(Arc::new(Memory::new(Rehearsal::Off)));
    let store = Store::over(engine.clone(), key(), NOW).unwrap();
    for n in 2..=4_000_u64 {
        let event = match n % 100 {
            7 | 50 => Event::ScopeCreated { scope: format!("s{n}"), after: serde_json::Value::Null },
            _ => Event::Tallied { what: format!("{}", n % 2), count: n },
        };
        store.write_blocking("record", &context(n), move |tx| tx.record(event.clone())).unwrap();
    }
    (engine, store)
}

fn cut(store: &Store, until: u64, most: u64) -> Cutting {
    let until = context(until).at;
    let work = move |tx: &mut writ::store::Tx<'_>| {
        let cutting = tx.cut_traffic(until, most)?;
        cutting.event(until).map_or(Ok(()), |event| tx.record(event))?;
        Ok(cutting)
    };
    store.write_blocking("cut", &context(10_000), work).unwrap()
}

#[test]
fn old_traffic_is_cut_out_and_the_chain_still_says_what_it_said() {
    let (engine, store) = busy();
    let (before, early) = (store.audit_head().unwrap(), engine.rows("audit"));
    let words = engine.rows("audit_words").len();
    let first = cut(&store, 2_500, 1);
    // Stretch 0 are the entries 1 to 1,023: one of the migration and 21 changes of ours stay.
    assert_eq!((first.looked_at, first.entries, first.from, first.to), (1, 1_023 - 1 - 21, 2, 1_023));
    let rest = cut(&store, 2_500, 100);
    assert_eq!(rest.looked_at, 1, "a stretch in which something is younger stays whole: 2,500 is in the third");
    assert_eq!(cut(&store, 2_500, 100), Cutting::default(), "and nothing is looked at twice");
    let head = store.verify_audit(None).unwrap().unwrap();
    assert_eq!(head.sequence, before.sequence + 2, "what was cut is said in the log");
    assert_eq!(store.verify_audit(Some(&before)).unwrap(), Ok(head));
    let left = engine.rows("audit");
    assert_eq!(left.len() as u64, 4_000 - first.entries - rest.entries + 2);
    assert!(left.iter().filter(|row| early.contains(row)).count() == left.len() - 2, "what stays is as it was");
    assert!(engine.rows("audit_words").len() < words, "and nothing leads to what is gone");
    let (mut scopes, mut next) = (0, None);
    loop {
        let look = |entry: &Entry| if entry.event.name() == "scope.created" { Look::Fits } else { Look::Passes };
        let page = store.read_blocking(|view| audit_search_by(view, Word::Event("scope.created"), next, 100, look));
        let page = page.unwrap();
        scopes += page.entries.len();
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(scopes, 80, "every change is there and is found");
    // A head kept of an entry that is gone is as good as ever; what came behind it is not forgotten for it.
    let hash_of = |n: usize| Digest::from_bytes(early[n - 1].1[early[n - 1].1.len() - 32..].try_into().unwrap());
    for (kept, good) in [(100_usize, true), (1_023, true), (1_500, true)] {
        let kept = Head { sequence: kept as u64, hash: hash_of(kept), at: NOW };
        assert_eq!(store.audit_contains(&kept).unwrap(), good);
        assert!(store.verify_audit(Some(&kept)).unwrap().is_ok());
    }
    // Everything may be old: the newest stay all the same, because heads elsewhere speak of them.
    cut(&store, 9_000, 10_000);
    assert!(engine.rows("audit").len() > 1_024);
    assert!(store.verify_audit(Some(&before)).unwrap().is_ok());
    record(&store, 4_001);
    assert!(store.verify_audit(None).unwrap().is_ok());
}

/// Without the key nobody makes a gap, makes one longer, moves one or takes one away.
#[test]
fn a_gap_that_the_appliance_did_not_make_is_found() {
    let (engine, store) = busy();
    let (whole, no_cuts) = (engine.rows("audit"), engine.rows("audit_cuts"));
    assert!(no_cuts.is_empty());
    cut(&store, 2_500, 1);
    let short = engine.rows("audit_cuts");
    cut(&store, 2_500, 100);
    let (entries, cuts) = (engine.rows("audit"), engine.rows("audit_cuts"));
    let verdict = || store.verify_audit(None).unwrap();
    assert!(verdict().is_ok());
    let number = |key: &[u8]| u64::from_be_bytes(key.try_into().unwrap());
    let with = |rows: &Rows, edit: &dyn Fn(&mut Rows)| {
        let mut rows = rows.clone();
        edit(&mut rows);
        rows
    };
    // The change beside a gap, and one of the traffic that is left.
    for gone in [7, 2_600] {
        engine.replace("audit", with(&entries, &|rows| rows.retain(|(key, _)| number(key) != gone)));
        assert_eq!(verdict(), broken(gone, Damage::Missing), "{gone}");
    }
    engine.replace("audit", entries.clone());
    // No row for the gap, an older and shorter one, one of another gap, one that says more, and one without a MAC.
    engine.replace("audit_cuts", no_cuts);
    assert_eq!(verdict(), broken(2, Damage::Missing));
    engine.replace("audit_cuts", short);
    assert!(verdict().is_err());
    engine.replace("audit_cuts", with(&cuts, &|rows| rows[1].1 = rows[0].1.clone()));
    assert_eq!(verdict(), broken(number(&cuts[1].0), Damage::Cut));
    engine.replace("audit_cuts", with(&cuts, &|rows| rows[0].1[7] ^= 1));
    assert_eq!(verdict(), broken(2, Damage::Cut));
    engine.replace("audit_cuts", with(&cuts, &|rows| rows[0].1.clear()));
    assert_eq!(verdict(), broken(2, Damage::Cut));
    engine.replace("audit_cuts", with(&cuts, &|rows| rows[0].0 = 3_u64.to_be_bytes().to_vec()));
    assert_eq!(verdict(), broken(2, Damage::Missing));
    engine.replace("audit_cuts", cuts);
    assert!(verdict().is_ok());
    // What was cut does not come back unnoticed either, if it is not what it was.
    let mut back = entries.clone();
    back.insert(1, (whole[1].0.clone(), whole[2].1.clone()));
    engine.replace("audit", back);
    assert_eq!(verdict(), broken(2, Damage::Altered));
}

/// A search by a word gives what a search of everything gives, whatever was cut meanwhile.
#[test]
fn a_word_leads_to_every_entry_that_has_it_and_to_few_others() {
    let (_, store) = busy();
    let all = |word: Word<'static>, fits: fn(&Entry) -> bool, by_word: bool| {
        let (mut found, mut next, mut pages) = (Vec::new(), None, 0);
        loop {
            let look = |entry: &Entry| if fits(entry) { Look::Fits } else { Look::Passes };
            let page = store.read_blocking(|view| match by_word {
                true => audit_search_by(view, word, next, 7, look),
                false => audit_search(view, next, 7, look),
            });
            let page = page.unwrap();
            found.extend(page.entries.into_iter().map(|entry| entry.sequence));
            (next, pages) = (page.next, pages + 1);
            assert!(pages < 2_000, "a search ends");
            if next.is_none() {
                return (found, pages);
            }
        }
    };
    for (word, fits) in [
        (Word::Event("scope.created"), (|entry| entry.event.name() == "scope.created") as fn(&Entry) -> bool),
        (Word::Event("store.migrated"), |entry| entry.event.name() == "store.migrated"),
        (Word::By("system"), |entry| entry.by == Actor::System),
        (Word::By("operator"), |entry| entry.by == Actor::Operator),
        (Word::By("nobody"), |entry| entry.by == Actor::Nobody),
    ] {
        let ((by_word, pages), (scanned, _)) = (all(word, fits, true), all(word, fits, false));
        assert_eq!(by_word, scanned, "{word:?}");
        assert!(pages <= by_word.len() / 7 + 3, "{word:?}: {pages} pages for {} entries", by_word.len());
    }
    // Far away among thousands, and found at the first look.
    let page = store.read_blocking(|view| audit_search_by(view, Word::By("system"), None, 1, |_| Look::Fits)).unwrap();
    assert_eq!(page.entries[0].sequence, 1, "its stretch is the first of all, and nothing else in it has the word");
    for (at, first) in [(0, Some(2)), (1, Some(2)), (2, Some(3)), (3_999, Some(4_000)), (4_000, None)] {
        assert_eq!(store.read_blocking(|view| audit_behind(view, context(at).at)).unwrap(), first, "{at}");
    }
}

proptest! {
    #[test]
    fn any_changed_byte_is_found(entry in 0_usize..21, byte in any::<prop::sample::Index>(), flip in 1_u8..) {
        let (engine, store) = log();
        let table = if entry == 20 { "audit_head" } else { "audit" };
        let mut rows = engine.rows(table);
        let value = &mut rows[entry % 20].1;
        let place = byte.index(value.len());
        value[place] ^= flip;
        engine.replace(table, rows);
        prop_assert!(store.verify_audit(None).unwrap().is_err());
    }
}
