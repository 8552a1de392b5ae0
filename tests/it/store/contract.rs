//! What every engine must do. An engine passes all of it or is none: `contract!(open)` makes a test of each case.

use std::ops::{Bound, ControlFlow};
use std::sync::mpsc;
use std::thread;

use writ::base::{Fault, FaultKind};
use writ::store::engine::{Engine, ReadTx, Span, WriteTx};

macro_rules! contract {
    ($open:expr) => {
        $crate::store::contract::contract!($open;
            get_after_put, a_table_nobody_wrote_to_is_empty, scan_is_in_byte_order, scan_respects_bounds_and_direction,
            a_scan_stops_when_told, a_faulted_job_leaves_nothing, a_panicking_job_leaves_nothing, a_snapshot_does_not_move,
            a_job_reads_its_own_writes, sixty_four_writers_count_to_sixty_four, one_of_two_takers_wins,
            a_job_run_twice_counts_once, a_reply_means_visible, large_and_empty_values);
    };
    ($open:expr; $($case:ident),*) => {
        $(#[test] fn $case() {
            let place = tempfile::tempdir().unwrap();
            $crate::store::contract::$case(&*($open)(&place.path().join("store")));
        })*
    };
}
pub(super) use contract;

/// Runs one job and waits for its end.
pub(super) fn run(
    engine: &dyn Engine,
    job: impl FnMut(&mut dyn WriteTx) -> Result<(), Fault> + Send + 'static,
) -> Result<(), Fault> {
    let (tell, told) = mpsc::channel();
    engine.submit(Box::new(job), Box::new(move |outcome| tell.send(outcome).unwrap()));
    told.recv().unwrap()
}

/// Keys and values of a scan, as text.
pub(super) fn rows(tx: &dyn ReadTx, span: Span<'_>) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    tx.scan("t", span, &mut |key, value| {
        rows.push((text(key), text(value)));
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    rows
}

fn keys(tx: &dyn ReadTx, span: Span<'_>) -> String {
    rows(tx, span).into_iter().map(|(key, _)| key).collect::<Vec<_>>().join(" ")
}

fn put(engine: &dyn Engine, keys: &'static [&'static str]) {
    run(engine, |tx| keys.iter().try_for_each(|key| tx.put("t", key.as_bytes(), b"v"))).unwrap();
}

fn value(engine: &dyn Engine, key: &str) -> Option<String> {
    let found = engine.snapshot().unwrap().get("t", key.as_bytes()).unwrap();
    found.map(|bytes| String::from_utf8(bytes).unwrap())
}

fn oops() -> Fault {
    Fault::new(FaultKind::Bug, "on purpose")
}

/// Adds one to the number under `key`.
fn increment(tx: &mut dyn WriteTx, key: &[u8]) -> Result<(), Fault> {
    let before = tx.get("t", key)?.map_or(0, |bytes| String::from_utf8(bytes).unwrap().parse::<u32>().unwrap());
    tx.put("t", key, (before + 1).to_string().as_bytes())
}

pub(super) fn get_after_put(engine: &dyn Engine) {
    run(engine, |tx| tx.put("t", b"k", b"one")).unwrap();
    assert_eq!(value(engine, "k").as_deref(), Some("one"));
    run(engine, |tx| tx.put("t", b"k", b"two")).unwrap();
    assert_eq!(value(engine, "k").as_deref(), Some("two"));
    run(engine, |tx| tx.delete("t", b"k").and_then(|()| tx.delete("t", b"never there"))).unwrap();
    assert_eq!(value(engine, "k"), None);
}

pub(super) fn a_table_nobody_wrote_to_is_empty(engine: &dyn Engine) {
    let snapshot = engine.snapshot().unwrap();
    assert_eq!(snapshot.get("nobody", b"k").unwrap(), None);
    assert!(rows(&*snapshot, Span::ALL).is_empty());
    run(engine, |tx| tx.get("nobody", b"k").map(|found| assert_eq!(found, None))).unwrap();
}

pub(super) fn scan_is_in_byte_order(engine: &dyn Engine) {
    put(engine, &["b", "a", "ab", "B", "", "~", "aa"]);
    assert_eq!(keys(&*engine.snapshot().unwrap(), Span::ALL), " B a aa ab b ~");
    assert_eq!(keys(&*engine.snapshot().unwrap(), Span::ALL.backwards()), "~ b ab aa a B ");
}

pub(super) fn scan_respects_bounds_and_direction(engine: &dyn Engine) {
    put(engine, &["a", "b", "c", "d", "e"]);
    let cases = [
        (Bound::Included("b"), Bound::Included("d"), "b c d"),
        (Bound::Excluded("b"), Bound::Included("d"), "c d"),
        (Bound::Included("b"), Bound::Excluded("d"), "b c"),
        (Bound::Unbounded, Bound::Excluded("c"), "a b"),
        (Bound::Excluded("c"), Bound::Unbounded, "d e"),
        (Bound::Included("bb"), Bound::Included("cc"), "c"),
        (Bound::Included("d"), Bound::Included("b"), ""),
        (Bound::Excluded("c"), Bound::Excluded("c"), ""),
        (Bound::Included("c"), Bound::Excluded("c"), ""),
        (Bound::Included("c"), Bound::Included("c"), "c"),
        (Bound::Included("x"), Bound::Unbounded, ""),
    ];
    for (from, to, expected) in cases {
        let span = Span { from: from.map(str::as_bytes), to: to.map(str::as_bytes), ..Span::ALL };
        let backwards: Vec<&str> = expected.split(' ').rev().collect();
        assert_eq!(keys(&*engine.snapshot().unwrap(), span), expected, "{from:?} {to:?}");
        assert_eq!(keys(&*engine.snapshot().unwrap(), span.backwards()), backwards.join(" "), "{from:?} {to:?}");
        let (seen, see) = mpsc::channel();
        let (from, to) = (from.map(str::to_owned), to.map(str::to_owned));
        run(engine, move |tx| {
            let span =
                Span { from: from.as_ref().map(|b| b.as_bytes()), to: to.as_ref().map(|b| b.as_bytes()), ..Span::ALL };
            seen.send(keys(tx, span)).unwrap();
            Ok(())
        })
        .unwrap();
        assert_eq!(see.iter().last().unwrap(), expected, "the same inside a write");
    }
}

pub(super) fn a_scan_stops_when_told(engine: &dyn Engine) {
    put(engine, &["a", "b", "c"]);
    let mut seen = 0;
    let snapshot = engine.snapshot().unwrap();
    let stop = snapshot.scan("t", Span::ALL, &mut |_, _| {
        seen += 1;
        Ok(if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    });
    assert_eq!((stop.is_ok(), seen), (true, 2));
    assert!(snapshot.scan("t", Span::ALL, &mut |_, _| Err(oops())).is_err());
}

pub(super) fn a_faulted_job_leaves_nothing(engine: &dyn Engine) {
    put(engine, &["a"]);
    let outcome = run(engine, |tx| {
        tx.put("t", b"a", b"changed")?;
        tx.put("t", b"b", b"new")?;
        tx.put("other", b"c", b"new")?;
        Err(oops())
    });
    assert_eq!(outcome.unwrap_err().kind(), FaultKind::Bug);
    assert_eq!((value(engine, "a").as_deref(), value(engine, "b")), (Some("v"), None));
    put(engine, &["d"]);
    assert_eq!(value(engine, "d").as_deref(), Some("v"));
    assert_eq!(engine.snapshot().unwrap().get("other", b"c").unwrap(), None);
}

pub(super) fn a_panicking_job_leaves_nothing(engine: &dyn Engine) {
    put(engine, &["a"]);
    let outcome = run(engine, |tx| {
        tx.put("t", b"a", b"changed")?;
        panic!("on purpose")
    });
    assert_eq!(outcome.unwrap_err().kind(), FaultKind::Bug);
    assert_eq!(value(engine, "a").as_deref(), Some("v"));
    put(engine, &["d"]);
    assert!(engine.ready() && value(engine, "d").is_some());
}

pub(super) fn a_snapshot_does_not_move(engine: &dyn Engine) {
    put(engine, &["a"]);
    let before = engine.snapshot().unwrap();
    run(engine, |tx| tx.delete("t", b"a").and_then(|()| tx.put("t", b"b", b"v"))).unwrap();
    assert_eq!(keys(&*before, Span::ALL), "a");
    assert_eq!(keys(&*engine.snapshot().unwrap(), Span::ALL), "b");
    assert_eq!((before.get("t", b"a").unwrap().is_some(), before.get("t", b"b").unwrap()), (true, None));
}

pub(super) fn a_job_reads_its_own_writes(engine: &dyn Engine) {
    put(engine, &["a", "b"]);
    run(engine, |tx| {
        tx.put("t", b"c", b"v")?;
        tx.delete("t", b"a")?;
        assert_eq!((tx.get("t", b"a")?, tx.get("t", b"c")?), (None, Some(b"v".to_vec())));
        assert_eq!(keys(tx, Span::ALL), "b c");
        Ok(())
    })
    .unwrap();
}

pub(super) fn sixty_four_writers_count_to_sixty_four(engine: &dyn Engine) {
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| run(engine, |tx| increment(tx, b"n")).unwrap());
        }
    });
    assert_eq!(value(engine, "n").as_deref(), Some("64"));
}

pub(super) fn one_of_two_takers_wins(engine: &dyn Engine) {
    put(engine, &["coin"]);
    let taken: Vec<bool> = thread::scope(|scope| {
        let takers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let (tell, told) = mpsc::channel();
                    run(engine, move |tx| {
                        let found = tx.get("t", b"coin")?.is_some();
                        tell.send(found).unwrap();
                        tx.delete("t", b"coin")
                    })
                    .unwrap();
                    told.iter().last().unwrap()
                })
            })
            .collect();
        takers.into_iter().map(|taker| taker.join().unwrap()).collect()
    });
    assert_eq!(taken.iter().filter(|won| **won).count(), 1);
}

/// Jobs that fault are mixed in, so that a batching engine has to run their neighbours again.
pub(super) fn a_job_run_twice_counts_once(engine: &dyn Engine) {
    thread::scope(|scope| {
        for n in 0..40 {
            scope.spawn(move || {
                let outcome = run(engine, move |tx| {
                    increment(tx, b"n")?;
                    if n % 4 == 0 { Err(oops()) } else { Ok(()) }
                });
                assert_eq!(outcome.is_err(), n % 4 == 0);
            });
        }
    });
    assert_eq!(value(engine, "n").as_deref(), Some("30"));
}

pub(super) fn a_reply_means_visible(engine: &dyn Engine) {
    for n in 0..20_u8 {
        run(engine, move |tx| tx.put("t", &[n], b"v")).unwrap();
        assert!(engine.snapshot().unwrap().get("t", &[n]).unwrap().is_some());
    }
}

pub(super) fn large_and_empty_values(engine: &dyn Engine) {
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let copy = large.clone();
    run(engine, move |tx| {
        tx.put("t", b"large", &copy)?;
        tx.put("t", b"empty", b"")?;
        tx.put("t", &[7; 1_000], b"a long key")
    })
    .unwrap();
    let snapshot = engine.snapshot().unwrap();
    assert_eq!(snapshot.get("t", b"large").unwrap().as_ref(), Some(&large));
    assert_eq!(snapshot.get("t", b"empty").unwrap(), Some(Vec::new()));
    assert!(snapshot.get("t", &[7; 1_000]).unwrap().is_some());
}
