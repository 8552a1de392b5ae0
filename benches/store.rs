//! How many durable, audited writes a second: `cargo bench --bench store`.
//!
//! Each write puts one row under a time-ordered key, keeps its expiry and records one event; it counts once its commit
//! is on the disk. The callers share two runtime threads, as requests do. Prints a table in Markdown.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement, not the product"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use writ::base::{Entropy, Id, Lifetime, MacKey, Timestamp};
use writ::model::{Actor, Channel, Context, Event, Origin};
use writ::store::{CACHE, Read as _, Store, Table};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// About the size of a refresh token's row.
#[derive(Clone, Serialize, Deserialize)]
struct Row {
    id: String,
    digest: String,
    client: String,
    scope: Vec<String>,
    issued_at: Timestamp,
    expires_at: Timestamp,
}

static ROWS: Table<Id<Row>, Row> = Table::new("rows").expires(|row| Some(row.expires_at));

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const LENGTH: Duration = Duration::from_secs(3);

fn main() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(&place.path().join("store"), CACHE, MacKey::new(&[7; 32]), NOW).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    println!("| callers | writes a second | p50 | p99 |\n|---|---|---|---|");
    for callers in [1, 8, 64, 256] {
        runtime.block_on(load(&store, callers, Duration::from_millis(500)));
        let started = Instant::now();
        let mut waits = runtime.block_on(load(&store, callers, LENGTH));
        let rate = waits.len() as f64 / started.elapsed().as_secs_f64();
        waits.sort_unstable();
        let part = |of: usize| waits.get(waits.len() * of / 100).copied().unwrap_or_default().as_secs_f64() * 1e3;
        println!("| {callers} | {rate:.0} | {:.2} ms | {:.2} ms |", part(50), part(99));
    }
    look(&store);
    let started = Instant::now();
    let entries = store.verify_audit(None).unwrap().unwrap().sequence;
    println!("\nThe audit log of {entries} entries verified in {:.2} s.", started.elapsed().as_secs_f64());
    let file = std::fs::metadata(place.path().join("store")).unwrap().len();
    println!("The file holds {} MiB, {} bytes a write.", file >> 20, file / entries.max(1));
}

/// Writes from so many callers for so long; gives how long each write waited.
async fn load(store: &Store, callers: usize, length: Duration) -> Vec<Duration> {
    let stop = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..callers).map(|_| tokio::spawn(call(store.clone(), Arc::clone(&stop)))).collect();
    tokio::time::sleep(length).await;
    stop.store(true, Ordering::Relaxed);
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await.unwrap());
    }
    waits
}

async fn call(store: Store, stop: Arc<AtomicBool>) -> Vec<Duration> {
    let (entropy, clock) = (Entropy::os(), writ::base::Clock::System);
    let mut waits = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let started = Instant::now();
        let now = clock.now();
        let id = Id::<Row>::new(now, &entropy).unwrap();
        let row = Row {
            id: "rft_01jd2v6k8mabcdefghjkmnpqrs".to_owned(),
            digest: "0123456789abcdef0123456789abcdef0123456789a".to_owned(),
            client: "cli_01jd2v6k8mabcdefghjkmnpqrs".to_owned(),
            scope: vec!["mcp:read".to_owned(), "offline_access".to_owned()],
            issued_at: now,
            expires_at: now.plus(Lifetime::from_days(30)),
        };
        let context = Context::new(now, Actor::Operator, Origin::within(Channel::Http));
        let done = store.write("bench", &context, move |tx| {
            tx.put(&ROWS, &id, &row)?;
            tx.record(Event::ScopeCreated { scope: row.client.clone(), after: serde_json::Value::Null })
        });
        done.await.unwrap();
        waits.push(started.elapsed());
    }
    waits
}

/// One row at a time, a snapshot for each.
fn look(store: &Store) {
    let page = store.read_blocking(|view| view.page(&ROWS, None, 10_000)).unwrap();
    let started = Instant::now();
    for (id, _) in &page.rows {
        assert!(store.read_blocking(|view| view.get(&ROWS, id)).unwrap().is_some());
    }
    let each = started.elapsed().as_secs_f64() / page.rows.len().max(1) as f64;
    println!("\nReading and parsing one row in a snapshot of its own: {:.2} µs.", each * 1e6);
}
