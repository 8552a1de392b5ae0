//! How much the real binary does, and at what cost: `benches/run`, or `cargo bench --bench load -- --help`.
//!
//! Starts the release build as a child process over a file of its own, makes people, clients and resources as a script
//! would, and asks over keep-alive connections in a closed loop: one request in flight on each, no pause between. Every
//! answer is checked. Latency is from before a request is written until its body is read; for a flow, the whole flow.
//! Server CPU per operation is user and system time of the child over the operations answered meanwhile: it holds on a
//! busy machine, where rates do not.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measurement, not the product"
)]

mod backup;
mod console;
mod fleet;
mod gauge;
mod grow;
mod http;
mod prepare;
mod server;
mod stop;
mod work;

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use tokio::task::LocalSet;
use writ::base::Lifetime;

use grow::Crowd;
use http::Outcome;
use prepare::{Scene, prepare};
use server::{Place, Server, own_cpu};
use work::{Kind, Worker};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the release build and prints Markdown.
#[derive(Parser)]
struct Options {
    /// Seconds that each figure is measured for, after one second of warming up
    #[arg(long, default_value_t = 3.0)]
    duration: f64,
    /// How often each figure is measured; medians are printed
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Connections at once
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64])]
    connections: Vec<usize>,
    /// Only these: start, growth, fleet, stop, console, backup, cc-es256, cc-eddsa, cc-rs256, introspect, refresh, code, code-openid,
    /// exchange, jwt-bearer, jwt-bearer-reused, access-key, jwks, discovery
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How many clients and refresh tokens to compare, least first; filling a million takes a minute or two
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 1_000_000])]
    sizes: Vec<u64>,
    /// The binary that is measured [default: the one built with this program]
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Memory for the file's pages, in MiB [default: the appliance's own default]
    #[arg(long)]
    cache_mib: Option<u32>,
    /// Where the files are kept; must be on the kind of disk that is meant
    #[arg(long)]
    directory: Option<PathBuf>,
    /// `cargo bench` adds this
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|wanted| wanted == name)
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match LocalSet::new().block_on(&runtime, measure(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(options: &Options) -> Outcome<()> {
    let binary = options.binary.clone().unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_writ")));
    let root = options.directory.clone().unwrap_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")));
    let root = tempfile::Builder::new().prefix("load-").tempdir_in(root).map_err(|e| e.to_string())?;
    let (best, usual) = gauge::signature();
    println!("An ES256 signature takes {best:.1} µs on this machine at best, {usual:.1} µs when this began.");
    println!("Verifying one takes {:.1} µs at best.\n", gauge::verification());
    let scale = gauge::REFERENCE / best;
    if options.wants("start") {
        start(&binary, root.path()).await?;
    }
    if Kind::ALL.iter().any(|kind| options.wants(&kind.name())) {
        table(options, &binary, root.path(), scale).await?;
    }
    if options.wants("growth") {
        growth(options, &binary, root.path()).await?;
    }
    if options.wants("fleet") {
        fleet(options, &binary, root.path()).await?;
    }
    if options.wants("stop") {
        stop(&binary, root.path()).await?;
    }
    if options.wants("console") {
        pages(options, &binary, root.path()).await?;
    }
    if options.wants("backup") {
        beside_a_backup(options, &binary, root.path()).await?;
    }
    Ok(())
}

// ---- start-up, idle memory, size

async fn start(binary: &Path, root: &Path) -> Outcome<()> {
    const TIMES: usize = 7;
    let (mut first, mut later, mut idle) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..TIMES {
        let place = Place::new(binary, root, &format!("start-{n}"));
        let server = place.start()?;
        first.push(server.first_answer.as_secs_f64() * 1e3);
        keys(&server).await?;
        drop(server);
        let server = place.start()?;
        later.push(server.first_answer.as_secs_f64() * 1e3);
        if n < 3 {
            tokio::time::sleep(Duration::from_secs(2)).await;
            idle.push(server.resident());
        }
    }
    let size = std::fs::metadata(binary).map_err(|e| e.to_string())?.len() as f64 / 1e6;
    println!("| | measured | target |\n|---|---|---|");
    println!("| first start to first answer | {:.1} ms | ≤ 25 ms |", median(&first));
    println!("| later start to first answer | {:.1} ms | ≤ 25 ms |", median(&later));
    println!("| idle memory, 2 s after a start | {:.1} MiB | ≤ 16 MiB |", median(&idle));
    println!("| binary, everything inside | {size:.1} MB | ≤ 20 MB |\n");
    Ok(())
}

/// Waits until the signing keys that a first start makes in the background are published.
async fn keys(server: &Server) -> Outcome<()> {
    let mut connection = http::Connection::new(server.address);
    let ask = http::request("GET", "/.well-known/jwks.json", &[], None);
    for _ in 0..200 {
        if connection.send(&ask).await?.body.matches("\"kid\"").count() >= 3 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err("the signing keys are not made".to_owned())
}

// ---- the table

async fn table(options: &Options, binary: &Path, root: &Path, scale: f64) -> Outcome<()> {
    let place = Place { cache_mib: options.cache_mib, ..Place::new(binary, root, "table") };
    let (server, scene) = founded(&place).await?;
    println!(
        "| workload | connections | operations/s | p50 | p99 | server µs/op | scaled | target | driver µs/op | memory |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for kind in Kind::ALL.into_iter().filter(|kind| options.wants(&kind.name())) {
        for connections in &options.connections {
            let mut rounds = Vec::new();
            for _ in 0..options.rounds {
                rounds.push(run(options, &server, &scene, None, kind, *connections).await?);
            }
            let figures = Figures::median(&rounds);
            let target = kind.target().map_or(String::new(), |target| format!("≤ {target}"));
            let Figures { rate, p50, p99, server, driver, memory, .. } = figures;
            println!(
                "| {} | {connections} | {rate:.0} | {} | {} | **{server:.1}** | {:.1} | {target} | {driver:.1} | {memory:.0} MiB |",
                kind.title(),
                milliseconds(p50),
                milliseconds(p99),
                server * scale,
            );
            tell_errors(kind, &rounds);
        }
    }
    println!("\nMost memory at any time: {:.0} MiB.\n", server.peak());
    Ok(())
}

/// An appliance with keys, people, clients and resources, running.
async fn founded(place: &Place) -> Outcome<(Server, Scene)> {
    let server = place.start()?;
    keys(&server).await?;
    drop(server);
    let scene = prepare(place)?;
    let server = place.start()?;
    eprintln!("process {}", server.id());
    Ok((server, scene))
}

// ---- growth

/// The same as in the table, and then with another client each time, which no cache can help.
const GROWTH: [Kind; 6] = [
    Kind::ClientCredentials("ES256"),
    Kind::Introspect,
    Kind::Refresh,
    Kind::ManyClientCredentials,
    Kind::ManyIntrospect,
    Kind::ManyRefresh,
];
const CONNECTIONS: usize = 16;

async fn growth(options: &Options, binary: &Path, root: &Path) -> Outcome<()> {
    let mut worlds = Vec::new();
    for size in &options.sizes {
        let place = Place { cache_mib: options.cache_mib, ..Place::new(binary, root, &format!("crowd-{size}")) };
        let (server, scene) = founded(&place).await?;
        drop(server);
        let (crowd, took) = Crowd::fill(&place.data, *size)?;
        let file = std::fs::metadata(place.data.join("writ.redb")).map_err(|e| e.to_string())?.len() >> 20;
        let server = place.start()?;
        let first = server.first_answer.as_secs_f64() * 1e3;
        let took = took.as_secs_f64();
        println!(
            "{size} clients and refresh tokens: a file of {file} MiB, filled in {took:.0} s, first answer after {first:.0} ms.  "
        );
        worlds.push((server, scene, Arc::new(crowd)));
    }
    println!(
        "\n| workload, {CONNECTIONS} connections | rows | operations/s | p50 | p99 | server µs/op | p50 against the first |"
    );
    println!("|---|---|---|---|---|---|---|");
    for kind in GROWTH {
        let mut measured: Vec<Vec<Figures>> = vec![Vec::new(); worlds.len()];
        // In turns, so that a drift of the machine hits all of them.
        for _ in 0..options.rounds {
            for ((server, scene, crowd), rounds) in worlds.iter().zip(&mut measured) {
                rounds.push(run(options, server, scene, Some(Arc::clone(crowd)), kind, CONNECTIONS).await?);
            }
        }
        let first = Figures::median(&measured[0]).p50;
        for ((_, _, crowd), rounds) in worlds.iter().zip(&measured) {
            let Figures { rate, p50, p99, server, .. } = Figures::median(rounds);
            println!(
                "| {} | {} | {rate:.0} | {} | {} | **{server:.1}** | {:.2} |",
                kind.title(),
                crowd.size,
                milliseconds(p50),
                milliseconds(p99),
                p50.as_secs_f64() / first.as_secs_f64(),
            );
            tell_errors(kind, rounds);
        }
    }
    println!();
    Ok(())
}

// ---- machine identities

const FLEET: u64 = 100_000;

async fn fleet(options: &Options, binary: &Path, root: &Path) -> Outcome<()> {
    let place = Place { cache_mib: options.cache_mib, ..Place::new(binary, root, "fleet") };
    let (server, scene) = founded(&place).await?;
    let kind = Kind::ClientCredentials("ES256");
    let without = run(options, &server, &scene, None, kind, CONNECTIONS).await?;
    drop(server);
    fleet::fill(&place.data, FLEET, Lifetime::default())?;
    fleet::look(&place.data, FLEET).await?;
    let server = place.start()?;
    let with = run(options, &server, &scene, None, kind, CONNECTIONS).await?;
    println!("| {}, {CONNECTIONS} connections | operations/s | p50 | server µs/op |\n|---|---|---|---|", kind.title());
    for (machines, Figures { rate, p50, server, .. }) in [(1, without), (FLEET + 1, with)] {
        println!("| {machines} machines | {rate:.0} | {} | **{server:.1}** |", milliseconds(p50));
    }
    println!();
    drop(server);
    fleet::insight(&place.data, FLEET).await
}

// ---- stopping

/// Stops machines while others get tokens on as many connections as in the other figures.
async fn stop(binary: &Path, root: &Path) -> Outcome<()> {
    let place = Place::new(binary, root, "stop");
    let (server, scene) = founded(&place).await?;
    let doomed = stop::prepare(&place, &scene)?;
    let token = Worker::prepare(Kind::Exchange, server.address, &scene, None, (0, 1)).await?.access_token().to_owned();
    let (phase, errors) = (Rc::new(Cell::new(Phase::Measuring)), Rc::new(RefCell::new(Vec::new())));
    let mut busy = Vec::new();
    for number in 0..CONNECTIONS {
        let kind = Kind::ClientCredentials("ES256");
        let worker = Worker::prepare(kind, server.address, &scene, None, (number, CONNECTIONS)).await?;
        busy.push(tokio::task::spawn_local(repeat(worker, Rc::clone(&phase), Rc::clone(&errors))));
    }
    let began = Instant::now();
    stop::measure(doomed, &scene, server.address, &token).await?;
    phase.set(Phase::Over);
    let length = began.elapsed().as_secs_f64();
    let mut others = 0;
    for task in busy {
        others += task.await.map_err(|e| e.to_string())?.len();
    }
    let refused = errors.borrow().len();
    println!(
        "Meanwhile {:.0} tokens a second were given to another machine; {refused} were refused.\n",
        others as f64 / length
    );
    Ok(())
}

// ---- the console

async fn pages(options: &Options, binary: &Path, root: &Path) -> Outcome<()> {
    let place = Place { cache_mib: options.cache_mib, ..Place::new(binary, root, "console") };
    let (server, scene) = founded(&place).await?;
    drop(server);
    fleet::fill(&place.data, FLEET, Lifetime::from_days(100))?;
    console::fill(&place.data).await?;
    let server = place.start()?;
    console::measure(server.address, scene.people.first().ok_or("nobody administers")?, FLEET).await
}

// ---- backups

/// Every token waits for a commit, so whoever holds up the writer is seen in how long they take.
async fn beside_a_backup(options: &Options, binary: &Path, root: &Path) -> Outcome<()> {
    let place = Place { cache_mib: options.cache_mib, ..Place::new(binary, root, "backup") };
    let (server, scene) = founded(&place).await?;
    drop(server);
    Crowd::fill(&place.data, backup::CLIENTS)?;
    let server = place.start()?;
    let kind = Kind::ClientCredentials("ES256");
    let (mut without, mut with, mut made) = (Vec::new(), Vec::new(), Vec::new());
    // In turns, so that a drift of the machine hits both.
    for _ in 0..options.rounds {
        without.push(run(options, &server, &scene, None, kind, CONNECTIONS).await?);
        let over = Arc::new(AtomicBool::new(false));
        let (desk, until) = (place.clone(), Arc::clone(&over));
        let making = tokio::task::spawn_blocking(move || backup::repeatedly(&desk, &until));
        let measured = run(options, &server, &scene, None, kind, CONNECTIONS).await;
        over.store(true, Ordering::SeqCst);
        made.extend(making.await.map_err(|e| e.to_string())??);
        with.push(measured?);
    }
    println!(
        "| {}, {CONNECTIONS} connections, {} rows | operations/s | p50 | p99 | worst | server µs/op |",
        kind.title(),
        backup::ROWS
    );
    println!("|---|---|---|---|---|---|");
    for (beside, rounds) in [("nothing beside it", without), ("one backup after the other", with)] {
        let Figures { rate, p50, p99, worst, server, .. } = Figures::median(&rounds);
        let [p50, p99, worst] = [p50, p99, worst].map(milliseconds);
        println!("| {beside} | {rate:.0} | {p50} | {p99} | {worst} | **{server:.1}** |");
        tell_errors(kind, &rounds);
    }
    let took = median(&made.iter().map(|one| one.took.as_secs_f64()).collect::<Vec<_>>());
    let size = made.iter().map(|one| one.bytes).max().unwrap_or_default() as f64 / 1e6;
    println!("\n{} backups of {size:.0} MB were made, sealed and tried meanwhile, in {took:.1} s each.\n", made.len());
    Ok(())
}

// ---- one figure

/// What one run found.
#[derive(Clone, Default)]
struct Figures {
    rate: f64,
    p50: Duration,
    p99: Duration,
    worst: Duration,
    /// CPU per operation, in microseconds.
    server: f64,
    driver: f64,
    /// The most memory the server had meanwhile, in MiB.
    memory: f64,
    errors: Vec<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Warming,
    Measuring,
    Over,
}

async fn run(
    options: &Options,
    server: &Server,
    scene: &Scene,
    crowd: Option<Arc<Crowd>>,
    kind: Kind,
    connections: usize,
) -> Outcome<Figures> {
    let mut workers = Vec::with_capacity(connections);
    for number in 0..connections {
        let at = (number, connections);
        workers.push(Worker::prepare(kind, server.address, scene, crowd.clone(), at).await?);
    }
    let phase = Rc::new(Cell::new(Phase::Warming));
    let errors = Rc::new(RefCell::new(Vec::new()));
    let tasks: Vec<_> = workers
        .into_iter()
        .map(|worker| tokio::task::spawn_local(repeat(worker, Rc::clone(&phase), Rc::clone(&errors))))
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;

    phase.set(Phase::Measuring);
    let (began, server_before, driver_before) = (Instant::now(), server.cpu(), own_cpu());
    let mut memory = 0.0_f64;
    while began.elapsed().as_secs_f64() < options.duration {
        tokio::time::sleep(Duration::from_millis(100)).await;
        memory = memory.max(server.resident());
    }
    phase.set(Phase::Over);
    let (length, server_cpu, driver_cpu) = (began.elapsed(), server.cpu() - server_before, own_cpu() - driver_before);

    let mut waits: Vec<Duration> = Vec::new();
    for task in tasks {
        waits.extend(task.await.map_err(|e| e.to_string())?);
    }
    waits.sort_unstable();
    let part = |hundredth: usize| waits.get(waits.len() * hundredth / 100).copied().unwrap_or_default();
    let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / waits.len().max(1) as f64;
    Ok(Figures {
        rate: waits.len() as f64 / length.as_secs_f64(),
        p50: part(50),
        p99: part(99),
        worst: waits.last().copied().unwrap_or_default(),
        server: each(server_cpu),
        driver: each(driver_cpu),
        memory,
        errors: errors.take(),
    })
}

/// Operates until it is over; only what ends within the window counts.
async fn repeat(mut worker: Worker, phase: Rc<Cell<Phase>>, errors: Rc<RefCell<Vec<String>>>) -> Vec<Duration> {
    let mut waits = Vec::new();
    while phase.get() != Phase::Over {
        let began = Instant::now();
        match worker.operate().await {
            Ok(()) if phase.get() == Phase::Measuring => waits.push(began.elapsed()),
            Ok(()) => {}
            Err(why) => {
                errors.borrow_mut().push(why);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
    worker.finish();
    waits
}

impl Figures {
    /// The median of each figure; the memory and the worst are the most of all.
    fn median(rounds: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(&rounds.iter().map(figure).collect::<Vec<_>>());
        Self {
            rate: of(|f| f.rate),
            p50: Duration::from_secs_f64(of(|f| f.p50.as_secs_f64())),
            p99: Duration::from_secs_f64(of(|f| f.p99.as_secs_f64())),
            worst: rounds.iter().map(|f| f.worst).max().unwrap_or_default(),
            server: of(|f| f.server),
            driver: of(|f| f.driver),
            memory: rounds.iter().map(|f| f.memory).fold(0.0, f64::max),
            errors: Vec::new(),
        }
    }
}

fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// A figure with errors in it is none: they are said at once, below the line they spoil.
fn tell_errors(kind: Kind, rounds: &[Figures]) {
    let all: Vec<&String> = rounds.iter().flat_map(|figures| &figures.errors).collect();
    if let Some(first) = all.first() {
        println!("| {}: **{} errors**, first: {first} | | | | | | | | | |", kind.title(), all.len());
    }
}
