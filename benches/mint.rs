//! What one token costs on one core: `cargo bench --bench mint`.
//!
//! Four ways to the same token, so that the price of each layer can be read off, then verification and passwords.
#![expect(clippy::disallowed_methods, reason = "a bench measures")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench may fail loudly")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::json;
use writ::base::{Clock, Entropy, Secret};
use writ::keys::{JwkSet, KeyRing, Master, Passwords, Typ, bench, generate};
use writ::model::{Algorithm, JwsAlgorithm};

fn main() {
    let entropy = Entropy::os();
    let now = Clock::System.now();
    let master = Master::from_secret(&Secret::new("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")).unwrap();
    let sealer = master.row_sealer().unwrap();
    let claims = json!({
        "iss": "https://id.example", "sub": "mch_01jd2v6k3c7w9f5t8x0n4b2q6r", "aud": "https://api.example/mcp",
        "client_id": "mch_01jd2v6k3c7w9f5t8x0n4b2q6r", "iat": now.seconds(), "exp": now.seconds() + 600,
        "jti": "tok_01jd2v6k3c7w9f5t8x0n4b2q6r", "scope": "mcp:read mcp:tools"
    });

    println!("{:<34} {:>10} {:>10} {:>10}", "µs per operation, one core", "ES256", "RS256", "EdDSA");
    let rows = Algorithm::ALL.map(|algorithm| generate(algorithm, now, now, &entropy, &sealer).unwrap());
    let ring = KeyRing::load(rows.to_vec(), &sealer).unwrap();
    let signers = Algorithm::ALL.map(|algorithm| ring.signing(algorithm).unwrap());
    let tokens = signers.map(|signer| signer.mint("at+jwt", &claims).unwrap());
    let message = tokens.each_ref().map(|token| token.rsplit_once('.').unwrap().0.to_owned());
    let set = JwkSet::parse(ring.jwks().body().as_bytes()).unwrap();

    line("make a key", |at| {
        black_box(generate(Algorithm::ALL[at], now, now, &entropy, &sealer).unwrap());
    });
    line("bare signature", |at| {
        black_box(bench::direct(signers[at], message[at].as_bytes()).unwrap());
    });
    line("token, jsonwebtoken::encode", |at| {
        black_box(bench::encode(signers[at], "at+jwt", &claims).unwrap());
    });
    line("token, Signer::mint", |at| {
        black_box(signers[at].mint("at+jwt", &claims).unwrap());
    });
    line("verify, own ring", |at| {
        black_box(ring.verify(&tokens[at], Typ::Exactly("at+jwt")).unwrap());
    });
    line("verify, key set of another", |at| {
        black_box(set.verify(&tokens[at], &JwsAlgorithm::ALL, Typ::Exactly("at+jwt")).unwrap());
    });

    let sealed = sealer.seal_text(&[7; 256], b"ticket", &entropy).unwrap();
    let jwks = ring.jwks().body().clone();
    println!();
    one("load a ring of three keys", || drop(black_box(KeyRing::load(rows.to_vec(), &sealer).unwrap())));
    one("parse a key set of three", || drop(black_box(JwkSet::parse(jwks.as_bytes()).unwrap())));
    one("seal a ticket of 256 bytes", || drop(black_box(sealer.seal_text(&[7; 256], b"ticket", &entropy).unwrap())));
    one("open it", || drop(black_box(sealer.open_text(&sealed, b"ticket").unwrap())));

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let pool = Passwords::start(1, entropy).unwrap();
    let phc = runtime.block_on(pool.hash(Secret::new("plum bicycle quartz"))).unwrap();
    // In turns, so that both meet the same noise: the two must not be told apart.
    let mut known = f64::INFINITY;
    let mut unknown = f64::INFINITY;
    for _ in 0..50 {
        for (phc, best) in [(Some(phc.clone()), &mut known), (None, &mut unknown)] {
            let start = Instant::now();
            black_box(runtime.block_on(pool.verify(Secret::new("some other password"), phc)).unwrap());
            *best = best.min(start.elapsed().as_secs_f64() * 1e6);
        }
    }
    println!("{:<34} {known:>10.2}\n{:<34} {unknown:>10.2}", "refuse a wrong password", "refuse without an account");
}

fn line(name: &str, mut task: impl FnMut(usize)) {
    let [a, b, c] = [0, 1, 2].map(|at| measure(|| task(at)));
    println!("{name:<34} {a:>10.2} {b:>10.2} {c:>10.2}");
}

fn one(name: &str, task: impl FnMut()) {
    println!("{name:<34} {:>10.2}", measure(task));
}

/// The best of five rounds of a fifth of a second: what else the machine does only ever adds.
fn measure(mut task: impl FnMut()) -> f64 {
    task();
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        let mut count = 0_u32;
        while start.elapsed() < Duration::from_millis(200) {
            task();
            count += 1;
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / f64::from(count));
    }
    best
}
