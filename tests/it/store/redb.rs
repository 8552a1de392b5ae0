//! redb keeps the contract, in a file and in memory; and what only an engine with a writer thread and a disk can do.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use writ::base::{Fault, FaultKind};
use writ::store::engine::{Engine, Span};
use writ::store::{CACHE, Redb, forget_drafts, rewrite};

use super::contract::{rows, run};

mod in_a_file {
    use super::*;

    contract!(|path: &Path| Arc::new(Redb::open(path, CACHE).unwrap()) as Arc<dyn Engine>);
}

mod in_memory {
    use super::*;

    contract!(|_: &Path| Arc::new(Redb::in_memory().unwrap()) as Arc<dyn Engine>);
}

#[test]
fn a_reply_means_durable() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("store");
    for n in 0..5_usize {
        let engine = Redb::open(&path, CACHE).unwrap();
        assert_eq!(rows(&*engine.snapshot().unwrap(), Span::ALL).len(), n);
        run(&engine, move |tx| tx.put("t", n.to_string().as_bytes(), b"v")).unwrap();
    }
}

#[test]
fn what_is_queued_when_the_engine_is_dropped_is_still_done() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("store");
    let engine = Redb::open(&path, CACHE).unwrap();
    let (tell, told) = mpsc::channel();
    for n in 0..500_u32 {
        let tell = tell.clone();
        engine.submit(
            Box::new(move |tx| tx.put("t", n.to_string().as_bytes(), b"v")),
            Box::new(move |outcome| tell.send(outcome.is_ok()).unwrap()),
        );
    }
    drop((engine, tell));
    assert_eq!(told.iter().filter(|ok| *ok).count(), 500);
    assert_eq!(rows(&*Redb::open(&path, CACHE).unwrap().snapshot().unwrap(), Span::ALL).len(), 500);
}

#[test]
fn a_file_is_open_once_and_its_owners_only() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("store");
    let first = Redb::open(&path, CACHE).unwrap();
    let second = Redb::open(&path, CACHE).err().unwrap();
    assert!(second.to_string().contains("open in another process"), "{second}");
    drop(first);
    Redb::open(&path, CACHE).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_store_whose_making_was_cut_short_is_made_again() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("writ.redb");
    // Whatever number the draft gets, something lies there already.
    for number in 0..200 {
        let left = format!("writ.{}-{number}.new", std::process::id());
        std::fs::write(place.path().join(left), b"what a power cut left").unwrap();
    }
    let engine = Redb::open(&path, CACHE).unwrap();
    run(&engine, |tx| tx.put("t", b"k", b"v")).unwrap();
}

#[test]
fn what_killed_processes_left_of_a_store_is_removed_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("writ.redb");
    let _open = Redb::open(&path, CACHE).unwrap();
    let left = ["writ.71-3.new", "writ.redb.71-0.new", "writ.redb.anew"];
    let others = [
        "writ.sock.new",
        "writ.head.new",
        "writ.7a-3.new",
        "writ.-.new",
        "writ.71.new",
        "mine.71-3.new",
        "writ.toml.2026-07.new",
        "writ.notes.1-2.new",
    ];
    for name in left.iter().chain(&others) {
        std::fs::write(place.path().join(name), b"").unwrap();
    }
    forget_drafts(&path);
    let there = |name: &str| place.path().join(name).exists();
    assert!(!left.iter().any(|name| there(name)));
    assert!(others.iter().all(|name| there(name)) && there("writ.redb"));
}

/// Whoever is not let in has no business with what somebody else is writing.
#[test]
fn a_file_that_somebody_has_open_is_not_written_anew_and_their_draft_stays() {
    let place = tempfile::tempdir().unwrap();
    let (path, draft) = (place.path().join("writ.redb"), place.path().join("writ.redb.anew"));
    let open = Redb::open(&path, CACHE).unwrap();
    std::fs::write(&draft, b"theirs").unwrap();
    assert_eq!(rewrite(&path).unwrap_err().kind(), FaultKind::Busy);
    assert_eq!(std::fs::read(&draft).unwrap(), b"theirs");
    drop(open);
    rewrite(&path).unwrap();
    assert!(!draft.exists());
}

/// Commands of a script that is in a hurry: whoever is not first must not make the store anew over the first one's.
#[test]
fn of_many_that_make_a_store_one_does() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("writ.redb");
    let makers: Vec<_> = (0..8_u8)
        .map(|n| {
            let path = path.clone();
            std::thread::spawn(move || match Redb::open(&path, CACHE) {
                Ok(engine) => run(&engine, move |tx| tx.put("t", &[n], b"v")).map(|()| Some(n)),
                Err(fault) if fault.kind() == FaultKind::Busy => Ok(None),
                Err(fault) => Err(fault),
            })
        })
        .collect();
    let written: Vec<u8> = makers.into_iter().filter_map(|maker| maker.join().unwrap().unwrap()).collect();
    assert!(!written.is_empty());
    let engine = Redb::open(&path, CACHE).unwrap();
    let snapshot = engine.snapshot().unwrap();
    for n in written {
        assert!(snapshot.get("t", &[n]).unwrap().is_some(), "what {n} wrote was lost");
    }
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);
}

#[test]
fn a_file_that_is_none_of_ours_is_a_fault() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("store");
    std::fs::write(&path, b"not a database, but long enough to be taken for one if nobody looked".repeat(100)).unwrap();
    assert_eq!(Redb::open(&path, CACHE).err().unwrap().kind(), FaultKind::Storage);
    assert!(Redb::open(&place.path().join("no/such/place"), CACHE).is_err());
}

/// Holds the writer inside a job until told, so that what is submitted meanwhile is one batch.
struct Gate(mpsc::Sender<()>);

impl Gate {
    fn close(engine: &dyn Engine) -> Self {
        let (open, opened) = mpsc::channel::<()>();
        let (arrive, arrived) = mpsc::channel();
        engine.submit(
            Box::new(move |_| {
                arrive.send(()).unwrap();
                let _ = opened.recv();
                Ok(())
            }),
            Box::new(|_| {}),
        );
        arrived.recv().unwrap();
        Self(open)
    }

    fn open(self) {
        drop(self.0);
    }
}

#[test]
fn a_bad_job_costs_its_neighbours_nothing() {
    let engine = Redb::in_memory().unwrap();
    let gate = Gate::close(&engine);
    let (tell, told) = mpsc::channel();
    let runs = Arc::new(AtomicU64::new(0));
    for n in 0..100_u32 {
        let (tell, runs) = (tell.clone(), Arc::clone(&runs));
        engine.submit(
            Box::new(move |tx| {
                runs.fetch_add(1, Ordering::SeqCst);
                tx.put("t", n.to_string().as_bytes(), b"v")?;
                match n {
                    30 => Err(Fault::new(FaultKind::Bug, "on purpose")),
                    31 => panic!("on purpose"),
                    99 => Err(Fault::new(FaultKind::Duplicate, "on purpose")),
                    _ => Ok(()),
                }
            }),
            Box::new(move |outcome| tell.send((n, outcome.err().map(|f| f.kind()))).unwrap()),
        );
    }
    gate.open();
    drop(tell);
    let mut answers: Vec<_> = told.iter().collect();
    answers.sort_unstable_by_key(|(n, _)| *n);
    assert_eq!(answers.len(), 100);
    for (n, fault) in answers {
        let expected = match n {
            30 | 31 => Some(FaultKind::Bug),
            99 => Some(FaultKind::Duplicate),
            _ => None,
        };
        assert_eq!(fault, expected, "{n}");
    }
    assert_eq!(rows(&*engine.snapshot().unwrap(), Span::ALL).len(), 97);
    assert!(runs.load(Ordering::SeqCst) <= 300, "a bad job must not make everybody run many times");
}

#[test]
fn a_full_inbox_says_busy() {
    let engine = Redb::in_memory().unwrap();
    let gate = Gate::close(&engine);
    let (tell, told) = mpsc::channel();
    for _ in 0..5_000 {
        let tell = tell.clone();
        engine.submit(Box::new(|_| Ok(())), Box::new(move |outcome| tell.send(outcome).unwrap()));
    }
    let refused =
        told.try_iter().filter(|outcome| outcome.as_ref().is_err_and(|f| f.kind() == FaultKind::Busy)).count();
    assert_eq!(refused, 5_000 - 4_096);
    gate.open();
    drop(tell);
    assert_eq!(told.iter().filter(Result::is_ok).count(), 4_096);
}

/// Memory that counts syncs, and fails when told to.
#[derive(Clone, Debug, Default)]
struct Disk {
    memory: Arc<InMemoryBackend>,
    syncs: Arc<AtomicU64>,
    failed: Arc<AtomicBool>,
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.memory.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.memory.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.memory.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::SeqCst);
        if self.failed.load(Ordering::SeqCst) { Err(io::Error::other("no disk")) } else { Ok(()) }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.memory.write(offset, data)
    }
}

#[test]
fn one_sync_serves_many_and_looking_needs_none() {
    let disk = Disk::default();
    let engine = Redb::over(disk.clone()).unwrap();
    run(&engine, |tx| tx.put("t", b"k", b"v")).unwrap();

    let before = disk.syncs.load(Ordering::SeqCst);
    run(&engine, |tx| tx.get("t", b"k").map(drop)).unwrap();
    assert_eq!(disk.syncs.load(Ordering::SeqCst), before, "a job that changed nothing waits for no disk");

    run(&engine, |tx| tx.put("t", b"k", b"w")).unwrap();
    let one = disk.syncs.load(Ordering::SeqCst) - before;
    let gate = Gate::close(&engine);
    let (tell, told) = mpsc::channel();
    for n in 0..200_u8 {
        let tell = tell.clone();
        engine
            .submit(Box::new(move |tx| tx.put("t", &[n], b"v")), Box::new(move |outcome| tell.send(outcome).unwrap()));
    }
    let before = disk.syncs.load(Ordering::SeqCst);
    gate.open();
    drop(tell);
    assert_eq!(told.iter().filter(Result::is_ok).count(), 200);
    assert_eq!(disk.syncs.load(Ordering::SeqCst) - before, one, "two hundred jobs, the syncs of one");
}

#[test]
fn after_a_failure_of_the_disk_nothing_is_acknowledged() {
    let disk = Disk::default();
    let engine = Redb::over(disk.clone()).unwrap();
    run(&engine, |tx| tx.put("t", b"k", b"v")).unwrap();
    disk.failed.store(true, Ordering::SeqCst);
    assert_eq!(run(&engine, |tx| tx.put("t", b"k", b"w")).unwrap_err().kind(), FaultKind::Storage);
    assert!(!engine.ready());
    // The disk comes back; nobody knows what it kept, so the engine stays shut until the file is opened again.
    disk.failed.store(false, Ordering::SeqCst);
    assert_eq!(run(&engine, |tx| tx.put("t", b"k", b"x")).unwrap_err().kind(), FaultKind::Storage);
    assert!(run(&engine, |_| Ok(())).is_err());
}
