//! What the status list of a million tokens costs: `cargo bench --bench status`.
//!
//! The bits lie in a real file, as revocations put them there. Made is what a request does that comes first after a change: the
//! rows are read, the bits compressed; signed is what it does then, and every `status.ttl` without a change. Read is what a
//! verifier does with the list, signature and all. Prints a table in Markdown.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement, not the product"
)]

use std::hint::black_box;
use std::time::Instant;

use serde_json::Value;
use writ::base::{Clock, Entropy, Lifetime, MacKey, Secret, Timestamp};
use writ::keys::{JwkSet, KeyRing, Master, Typ, generate};
use writ::model::{
    Actor, Algorithm, Channel, Context, Event, JwsAlgorithm, LIST_SIZE, Origin, PAGE_BITS, PageBits, StatusBlock,
    StatusList, StatusPage,
};
use writ::operations::status::serve::compressed;
use writ::protocol::status_list::{
    LONGEST_STATUS_LIST_TOKEN, STATUS_LIST_TYPE, StatusListClaims, StatusListObject, read,
};
use writ::store::tables::{STATUS_BLOCKS, STATUS_LISTS, STATUS_PAGES};
use writ::store::{CACHE, Store};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TOKENS: u32 = 1_000_000;
const URI: &str = "https://id.example/oauth/status/1800000000000";

/// How the revoked ones lie.
enum Revoked {
    /// One by one, in so many of a million.
    Singly(u32),
    /// Whole grants of four tokens, in so many of a million.
    InFours(u32),
    /// Clients with 64 tokens each that were stopped, in so many of a million.
    ByClient(u32),
}

fn main() {
    let place = tempfile::tempdir().unwrap();
    let now = Clock::System.now();
    let entropy = Entropy::os();
    let store = Store::open(&place.path().join("store"), CACHE, MacKey::new(&[7; 32]), now).unwrap();
    let master = Master::from_secret(&Secret::new("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")).unwrap();
    let sealer = master.row_sealer().unwrap();
    let row = generate(Algorithm::ES256, now, now, &entropy, &sealer).unwrap();
    let ring = KeyRing::load(vec![row], &sealer).unwrap();
    let signer = ring.signing(Algorithm::ES256).unwrap();
    let keys = JwkSet::parse(ring.jwks().body().as_bytes()).unwrap();

    println!(
        "| revoked of 1,000,000 | rows | list as served | made | signed | read by a verifier |\n|---|---|---|---|---|---|"
    );
    let cases = [
        ("none", Revoked::Singly(0)),
        ("0.1 %, one by one", Revoked::Singly(1_000)),
        ("1 %, one by one", Revoked::Singly(10_000)),
        ("1 %, grants of four tokens", Revoked::InFours(10_000)),
        ("1 %, stopped clients of 64 tokens", Revoked::ByClient(10_000)),
        ("10 %, one by one", Revoked::Singly(100_000)),
        ("50 %, one by one", Revoked::Singly(500_000)),
        ("50 %, stopped clients of 64 tokens", Revoked::ByClient(500_000)),
    ];
    for (number, (name, revoked)) in (1_800_000_000_000_u64..).zip(cases) {
        let rows = put(&store, number, &revoked, now);
        let (made, (_, lst)) = best(|| compressed(&store, number).unwrap().unwrap());
        let claims = StatusListClaims {
            iss: "https://id.example".to_owned(),
            sub: URI.to_owned(),
            iat: now.seconds(),
            exp: now.seconds() + 600,
            ttl: 15,
            status_list: StatusListObject {
                bits: 1,
                lst: lst.to_string(),
                aggregation_uri: "https://id.example/oauth/status".to_owned(),
            },
        };
        let (signed, token) = best(|| signer.mint(STATUS_LIST_TYPE, &claims).unwrap());
        let (seen, _) = best(|| {
            let typ = Typ::Exactly(STATUS_LIST_TYPE);
            let verified = keys.verify_within(LONGEST_STATUS_LIST_TOKEN, &token, &JwsAlgorithm::ALL, typ).unwrap();
            let claims: serde_json::Map<String, Value> = verified.into_claims();
            black_box(read(&claims, URI, now, Lifetime::default()).unwrap()).statuses.at(999_999).unwrap()
        });
        let kib = token.len() as f64 / 1_024.0;
        println!("| {name} | {rows} | {kib:.1} KiB | {made:.2} ms | {signed:.2} ms | {seen:.2} ms |");
    }
}

/// Puts the rows that so many revocations would have left; says how many there are.
fn put(store: &Store, number: u64, revoked: &Revoked, now: Timestamp) -> usize {
    let context = Context::new(now, Actor::Operator, Origin::within(Channel::Http));
    let list = StatusList { version: 1, void: false, expires_at: now.plus(Lifetime::from_days(2)) };
    let expires_at = list.expires_at;
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut pages = vec![PageBits::default(); (LIST_SIZE / PAGE_BITS) as usize];
    let mut set = |index: u32| pages[(index / PAGE_BITS) as usize].set(index % PAGE_BITS);
    let mut blocks = Vec::new();
    match revoked {
        Revoked::Singly(share) => (0..TOKENS).filter(|_| chance.hits(*share)).for_each(&mut set),
        Revoked::InFours(share) => {
            for first in (0..TOKENS).step_by(4).filter(|_| chance.hits(*share)) {
                (first..first + 4).for_each(&mut set);
            }
        }
        Revoked::ByClient(share) => blocks.extend((0..TOKENS).step_by(64).filter(|_| chance.hits(*share))),
    }
    let pages: Vec<_> = (0..).zip(pages).filter(|(_, bits)| *bits != PageBits::default()).collect();
    let rows = pages.len() + blocks.len();
    let work = move |tx: &mut writ::store::Tx<'_>| {
        tx.put(&STATUS_LISTS, &number, &list)?;
        for (place, bits) in &pages {
            tx.put(&STATUS_PAGES, &(number, *place), &StatusPage { bits: bits.clone(), expires_at })?;
        }
        for first in &blocks {
            let block = StatusBlock {
                list: number,
                first: *first,
                size: 64,
                client_id: "mch_01jd2v6k3c7w9f5t8x0n4b2q6r".parse().unwrap(),
                audience: None,
                lives_for: Lifetime::from_hours(1),
                ended_at: Some(now),
                unused: 0,
                expires_at,
            };
            tx.put(&STATUS_BLOCKS, &(number, u64::from(*first)), &block)?;
        }
        tx.record(Event::Tallied { what: "bench".to_owned(), count: 1 })
    };
    store.write_blocking("bench", &context, work).unwrap();
    rows
}

/// Repeatable chance (xorshift).
struct Chance(u64);

impl Chance {
    /// True so many times in a million.
    fn hits(&mut self, share: u32) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % 1_000_000 < u64::from(share)
    }
}

/// The best of twenty, in milliseconds: what else the machine does only ever adds.
fn best<T>(mut task: impl FnMut() -> T) -> (f64, T) {
    let mut least = f64::INFINITY;
    let mut last = None;
    for _ in 0..20 {
        let start = Instant::now();
        let made = black_box(task());
        least = least.min(start.elapsed().as_secs_f64() * 1e3);
        last = Some(made);
    }
    (least, last.unwrap())
}
