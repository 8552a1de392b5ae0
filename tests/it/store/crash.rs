//! Power cuts and kills. Whatever was acknowledged is there afterwards; whatever was not is there whole or not at all.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use redb::StorageBackend;
use serde::{Deserialize, Serialize};
use writ::base::{MacKey, Timestamp};
use writ::model::{Actor, Channel, Context, Event, Origin};
use writ::store::{CACHE, Index, Read as _, Redb, Store, Table};

/// Each write puts a left glove, a right glove, an index entry for each and an event.
#[derive(Serialize, Deserialize)]
struct Glove {
    pair: u64,
    wool: String,
}

static BY_PAIR: Index<Glove, u64> = Index::new("gloves_by_pair", |glove, out| out(&glove.pair));
static LEFT: Table<u64, Glove> = Table::new("left").indexed(&[&BY_PAIR]);
static RIGHT: Table<u64, Glove> = Table::new("right");

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn key() -> MacKey {
    MacKey::new(&[7; 32])
}

fn knit(store: &Store, pair: u64) -> Result<(), writ::base::Fault> {
    let context = Context::new(NOW, Actor::System, Origin::within(Channel::Housekeeping));
    store.write_blocking("knit", &context, move |tx| {
        let glove = || Glove { pair, wool: "x".repeat((pair % 7 * 90) as usize) };
        tx.put(&LEFT, &pair, &glove())?;
        tx.record(Event::ScopeCreated { scope: pair.to_string(), after: serde_json::Value::Null })?;
        tx.put(&RIGHT, &pair, &glove())
    })
}

/// Checks everything that must hold, and gives the pairs that are there.
fn inspect(store: &Store) -> BTreeSet<u64> {
    let (mut left, mut right) = (BTreeSet::new(), BTreeSet::new());
    for (table, found) in [(&LEFT, &mut left), (&RIGHT, &mut right)] {
        let mut after = None;
        loop {
            let page = store.read_blocking(|view| view.page(table, after.as_ref(), 1_000)).unwrap();
            found.extend(page.rows.into_iter().map(|(pair, _)| pair));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    assert_eq!(left, right, "half a write is visible");
    for pair in left.iter().rev().take(50) {
        assert_eq!(store.read_blocking(|view| view.list(&LEFT, &BY_PAIR, pair, 9)).unwrap().len(), 1);
    }
    let head = store.verify_audit(None).unwrap().unwrap();
    assert_eq!(head.sequence, left.len() as u64 + 1, "one event for each write, and that of the layout");
    left
}

/// A disk that loses power at a given sync: that sync fails, and of what was written since the one before it, any part
/// may have arrived.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<Mutex<Platter>>);

#[derive(Debug, Default)]
struct Platter {
    live: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<(usize, Vec<u8>)>,
    syncs: u64,
    cut_at: Option<u64>,
}

/// What a disk writes whole.
const SECTOR: usize = 512;

impl Disk {
    fn with(image: Vec<u8>, cut_at: Option<u64>) -> Self {
        Self(Arc::new(Mutex::new(Platter { live: image.clone(), durable: image, cut_at, ..Platter::default() })))
    }

    fn syncs(&self) -> u64 {
        self.0.lock().unwrap().syncs
    }

    /// The disk as it is found after the cut; `chance` decides which of the lost sectors were not lost.
    fn found(&self, chance: u64) -> Vec<u8> {
        let platter = self.0.lock().unwrap();
        let mut image = platter.durable.clone();
        let mut state = chance;
        for (offset, data) in &platter.unsynced {
            for (n, sector) in data.chunks(SECTOR).enumerate() {
                // xorshift: any even spread will do.
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let kept = match chance {
                    0 => false,
                    u64::MAX => true,
                    _ => state.is_multiple_of(2),
                };
                if kept {
                    let start = offset + n * SECTOR;
                    if image.len() < start + sector.len() {
                        image.resize(start + sector.len(), 0);
                    }
                    image[start..start + sector.len()].copy_from_slice(sector);
                }
            }
        }
        image
    }
}

impl Platter {
    fn powered(&self) -> io::Result<()> {
        let on = self.cut_at.is_none_or(|cut| self.syncs < cut);
        if on { Ok(()) } else { Err(io::Error::other("no power")) }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let platter = self.0.lock().unwrap();
        platter.powered()?;
        let start = offset as usize;
        let bytes =
            platter.live.get(start..start + out.len()).ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut platter = self.0.lock().unwrap();
        platter.powered()?;
        platter.live.resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut platter = self.0.lock().unwrap();
        platter.powered()?;
        platter.syncs += 1;
        platter.powered()?;
        platter.durable = platter.live.clone();
        platter.unsynced.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut platter = self.0.lock().unwrap();
        platter.powered()?;
        let start = offset as usize;
        if platter.live.len() < start + data.len() {
            platter.live.resize(start + data.len(), 0);
        }
        platter.live[start..start + data.len()].copy_from_slice(data);
        platter.unsynced.push((start, data.to_vec()));
        Ok(())
    }
}

/// Four writers, ten pairs each, from `first` on; gives the pairs that were acknowledged.
fn knit_until_dark(disk: &Disk, first: u64) -> BTreeSet<u64> {
    let Some(store) = Redb::over(disk.clone()).and_then(|engine| Store::over(engine, key(), NOW)).ok() else {
        return BTreeSet::new();
    };
    let acknowledged = Mutex::new(BTreeSet::new());
    thread::scope(|scope| {
        for writer in 0..4 {
            let (store, acknowledged) = (&store, &acknowledged);
            scope.spawn(move || {
                for n in 0..10 {
                    let pair = first + writer * 10 + n;
                    if knit(store, pair).is_ok() {
                        acknowledged.lock().unwrap().insert(pair);
                    }
                }
            });
        }
    });
    acknowledged.into_inner().unwrap()
}

#[test]
fn a_power_cut_at_any_sync_loses_nothing_acknowledged() {
    // From a new store, and from one that has been written to before. Making the empty file itself is not cut short:
    // it is made under another name.
    let new = Disk::default();
    drop(Redb::over(new.clone()).unwrap());
    let new_image = new.0.lock().unwrap().durable.clone();
    let used = Disk::default();
    let before = knit_until_dark(&used, 0);
    assert_eq!(before.len(), 40);
    let used_image = used.0.lock().unwrap().durable.clone();
    for (image, before) in [(new_image, BTreeSet::new()), (used_image, before)] {
        let mut cuts = 0;
        for cut in 1.. {
            let disk = Disk::with(image.clone(), Some(cut));
            let acknowledged = knit_until_dark(&disk, 1_000);
            for chance in [0, u64::MAX, cut.wrapping_mul(0x9E37_79B9_7F4A_7C15)] {
                let found = Disk::with(disk.found(chance), None);
                let store = Store::over(Redb::over(found).unwrap(), key(), NOW)
                    .unwrap_or_else(|fault| panic!("cut {cut}, chance {chance:x}: {fault}"));
                let there = inspect(&store);
                assert!(there.is_superset(&before), "cut {cut}: old rows are gone");
                assert!(there.is_superset(&acknowledged), "cut {cut}, chance {chance:x}: acknowledged rows are gone");
                knit(&store, 9_999).unwrap();
            }
            cuts = cut;
            if disk.syncs() < cut || cut == 40 {
                break;
            }
        }
        assert!(cuts > 15, "the power was cut {cuts} times only");
    }
}

const CHILD_PATH: &str = "WRIT_TEST_CRASH_PATH";
const CHILD_FIRST: &str = "WRIT_TEST_CRASH_FIRST";

/// Writes from eight threads and says what was acknowledged, until killed.
#[test]
#[ignore = "the process that a_killed_process_loses_nothing_acknowledged starts and kills"]
fn knits_until_killed() {
    let path = std::env::var(CHILD_PATH).unwrap();
    let next = AtomicU64::new(std::env::var(CHILD_FIRST).unwrap().parse().unwrap());
    let store = Store::open(Path::new(&path), CACHE, key(), NOW).unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let pair = next.fetch_add(1, Ordering::SeqCst);
                    knit(&store, pair).unwrap();
                    let mut out = io::stdout().lock();
                    writeln!(out, "\nacknowledged {pair}").and_then(|()| out.flush()).unwrap();
                }
            });
        }
    });
}

#[test]
fn a_killed_process_loses_nothing_acknowledged() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("store");
    let mut acknowledged = BTreeSet::new();
    for round in 1..=5_usize {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["store::crash::knits_until_killed", "--exact", "--ignored", "--nocapture"])
            .env(CHILD_PATH, &path)
            .env(CHILD_FIRST, (round * 1_000_000).to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut heard = 0;
        // Everything that was said counts, also what was said between the kill and the end.
        for line in lines {
            let Some(pair) = line.unwrap().strip_prefix("acknowledged ").map(|n| n.parse::<u64>().unwrap()) else {
                continue;
            };
            acknowledged.insert(pair);
            heard += 1;
            if heard == 150 + round * 61 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(heard >= 150 + round * 61, "the child ended by itself after {heard} writes");
        let store = Store::open(&path, CACHE, key(), NOW).unwrap();
        assert!(inspect(&store).is_superset(&acknowledged));
    }
}
