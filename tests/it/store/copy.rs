//! A copy that is made while others write is of one moment.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use writ::base::{MacKey, Timestamp};
use writ::model::{Actor, Channel, Context, Event, Origin};
use writ::store::{CACHE, Filling, Memory, Read as _, Redb, Rehearsal, Rows, Store, Table};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const ACCOUNTS: u64 = 400;
const EACH: i64 = 100;

/// What moves from one to the other, and never leaves the two.
static LEFT: Table<u64, i64> = Table::new("left");
static RIGHT: Table<u64, i64> = Table::new("right");
/// Enough that a copy takes many snapshots.
static BALLAST: Table<u64, String> = Table::new("ballast");

fn key() -> MacKey {
    MacKey::new(&[7; 32])
}

fn context() -> Context {
    Context::new(NOW, Actor::Operator, Origin::within(Channel::File))
}

fn fill(store: &Store) {
    store
        .write_blocking("fill", &context(), |tx| {
            for account in 0..ACCOUNTS {
                tx.put(&LEFT, &account, &EACH)?;
                tx.put(&RIGHT, &account, &EACH)?;
            }
            for row in 0..1_200 {
                tx.put(&BALLAST, &row, &"x".repeat(3_000))?;
            }
            tx.record(Event::SetupOpened {})
        })
        .unwrap();
}

/// Moves one from account to account, and takes some ballast away or brings it back.
fn shift(store: &Store, turn: u64) {
    let (from, to) = (turn % ACCOUNTS, (turn * 7 + 3) % ACCOUNTS);
    let write = move |tx: &mut writ::store::Tx<'_>| {
        let left: i64 = tx.get(&LEFT, &from)?.unwrap_or_default();
        tx.put(&LEFT, &from, &(left - 1))?;
        let right: i64 = tx.get(&RIGHT, &to)?.unwrap_or_default();
        tx.put(&RIGHT, &to, &(right + 1))?;
        match tx.get(&BALLAST, &(turn % 1_200))? {
            Some(_) => tx.delete(&BALLAST, &(turn % 1_200))?,
            None => tx.put(&BALLAST, &(turn % 1_200), &"y".repeat(3_000))?,
        }
        tx.record(Event::Tallied { what: "shift".to_owned(), count: turn })
    };
    store.write_blocking("shift", &context(), write).unwrap();
}

fn copied(store: &Store, path: &Path, each: impl Fn()) -> writ::store::Moment {
    let filling = Filling::create(path).unwrap();
    let copy = store.copy(&mut |Rows { table, rows }| {
        each();
        filling.put(&[(table, rows)])
    });
    copy.unwrap()
}

fn a_copy_under_writers_is_of_one_moment(store: &Store) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("copy");
    fill(store);
    let (over, turns) = (AtomicBool::new(false), AtomicU64::new(0));
    let moment = std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    shift(store, turns.fetch_add(1, Ordering::SeqCst));
                }
            });
        }
        // Between any two stretches something is written.
        let moment = copied(store, &path, || {
            let seen = turns.load(Ordering::SeqCst);
            while turns.load(Ordering::SeqCst) < seen + 4 {
                std::thread::yield_now();
            }
        });
        over.store(true, Ordering::SeqCst);
        moment
    });
    let copy = Store::as_it_is(&path, CACHE, key()).unwrap();
    let head = copy.verify_audit(Some(&moment.head)).unwrap().unwrap();
    assert_eq!(head, moment.head);
    assert!(store.verify_audit(Some(&moment.head)).unwrap().is_ok(), "a moment that there was");
    let (left, right, ballast) = copy
        .read_blocking(|view| {
            let sum = |rows: Vec<(u64, i64)>| rows.into_iter().map(|(_, count)| count).sum::<i64>();
            let left = sum(view.page(&LEFT, None, 1_000)?.rows);
            let right = sum(view.page(&RIGHT, None, 1_000)?.rows);
            Ok((left, right, view.page(&BALLAST, None, 10_000)?.rows.len()))
        })
        .unwrap();
    assert_eq!(left + right, 2 * EACH * i64::try_from(ACCOUNTS).unwrap(), "nothing moved half");
    // The entry of the last shift is in the log exactly if what it moved is in the tables.
    let shifts = i64::try_from(head.sequence).unwrap() - 2;
    assert_eq!(right - EACH * i64::try_from(ACCOUNTS).unwrap(), shifts);
    assert!(shifts > 20, "{shifts}: there were writers");
    assert!(ballast < 1_200);
}

#[test]
fn of_a_file() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::over(Redb::open(&place.path().join("store"), CACHE).unwrap(), key(), NOW).unwrap();
    a_copy_under_writers_is_of_one_moment(&store);
}

#[test]
fn of_memory() {
    a_copy_under_writers_is_of_one_moment(&Store::over(Memory::new(Rehearsal::Off), key(), NOW).unwrap());
}

#[test]
fn a_copy_of_what_nobody_writes_to_is_the_same_and_nobody_is_watched_afterwards() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::over(Redb::open(&place.path().join("store"), CACHE).unwrap(), key(), NOW).unwrap();
    fill(&store);
    let path = place.path().join("copy");
    let moment = copied(&store, &path, || {});
    let copy = Store::as_it_is(&path, CACHE, key()).unwrap();
    let all = |store: &Store| {
        let mut all = Vec::new();
        store
            .copy(&mut |Rows { table, rows }| {
                all.extend(rows.into_iter().map(|row| (table, row)));
                Ok(())
            })
            .map(|moment| (moment, all))
            .unwrap()
    };
    assert_eq!(all(&copy), all(&store));
    assert_eq!(all(&store).0, moment);
    assert_eq!(moment.layout, writ::store::migrate::STEPS.len() as u64);
}

#[test]
fn a_copy_that_cannot_be_put_anywhere_ends_and_another_can_be_made() {
    let store = Store::over(Memory::new(Rehearsal::Off), key(), NOW).unwrap();
    fill(&store);
    let full = || writ::base::Fault::new(writ::base::FaultKind::Storage, "no room");
    assert_eq!(store.copy(&mut |_| Err(full())).unwrap_err().to_string(), "no room");
    shift(&store, 1);
    assert!(store.copy(&mut |_| Ok(())).is_ok());
}
