//! The audit log: everything that can be done to the file without the key is found.

use std::ops::ControlFlow;
use std::sync::Arc;

use proptest::prelude::*;
use writ::base::{Digest, FaultKind, Lifetime, MacKey, Timestamp};
use writ::model::{Actor, Channel, Context, Event, Origin};
use writ::store::engine::{Done, Engine, Job, ReadTx, Span};
use writ::store::{Broken, Damage, Head, Memory, Rehearsal, Store, audit_page};

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

    fn ready(&self) -> bool {
        true
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
    let event =
        if n.is_multiple_of(3) { Event::ScopeCreated { scope: format!("s{n}") } } else { Event::SetupOpened {} };
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
    assert_eq!(page.entries[2].event, Event::ScopeCreated { scope: "s18".to_owned() });
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
