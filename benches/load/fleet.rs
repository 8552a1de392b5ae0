//! A hundred thousand machine identities with three credentials each: what it costs to list, find and show them, and whether
//! their number makes a token dearer.

use std::path::Path;
use std::time::{Duration, Instant};

use writ::app::{App, Grant};
use writ::base::{Clock, Digest, Entropy, Fault, Id, Lifetime};
use writ::config::Sources;
use writ::model::{
    Actor, Channel, ClientState, Context, Credential, CredentialKind, CredentialState, Event, FindingKind, Machine,
    MachineKind, Network, Origin, Person, TenantName,
};
use writ::operations::machines::Which;
use writ::operations::start::{Keeping, open};
use writ::operations::{findings, housekeeping, machines};
use writ::store::tables::{CREDENTIALS, CREDENTIALS_BY_MACHINE, MACHINES, PEOPLE};
use writ::store::{Read as _, Tx};

use crate::http::Outcome;
use crate::prepare::SCOPE;

/// Credentials of each machine.
const CREDENTIALS_EACH: u64 = 3;
/// Machines in one transaction.
const BATCH: u64 = 2_000;
/// How often each look is timed.
const LOOKS: u64 = 400;

pub(crate) fn opened(data: &Path) -> Outcome<App> {
    let flags = vec![("data", data.display().to_string())];
    let config = Sources { flags, file: None, environment: Vec::new() }.load().map_err(|e| e.to_string())?.config;
    open(config, Keeping::File, Clock::System, Entropy::os()).map_err(|e| e.to_string())
}

/// Fills the stopped appliance in `data` with `size` machines, which were made so long ago.
pub(crate) fn fill(data: &Path, size: u64, age: Lifetime) -> Outcome<()> {
    let app = opened(data)?;
    let person = app.store.read_blocking(|view| view.page(&PEOPLE, None, 1)).map_err(|e| e.to_string())?;
    let owner = person.rows.first().ok_or("nobody to own them")?.0;
    let context = Context::new(app.clock.now().minus(age), Actor::System, Origin::within(Channel::File));
    let mut from = 0;
    while from < size {
        let (until, entropy) = ((from + BATCH).min(size), app.entropy.clone());
        let batch = move |tx: &mut Tx<'_>| {
            (from..until).try_for_each(|n| put(tx, &entropy, n, owner))?;
            tx.record(Event::Tallied { what: "rows for a benchmark".to_owned(), count: until - from })
        };
        app.store.write_blocking("fill", &context, batch).map_err(|e| e.to_string())?;
        from = until;
    }
    Ok(())
}

fn put(tx: &mut Tx<'_>, entropy: &Entropy, n: u64, owner: Id<Person>) -> Result<(), Fault> {
    let id = Id::<Machine>::new(tx.now(), entropy)?;
    let machine = Machine {
        id,
        name: format!(
            "{}-{}-{n}",
            ["import", "export", "deploy", "review"][n as usize % 4],
            ["eu", "us"][n as usize % 2]
        ),
        kind: MachineKind::Service,
        owner,
        purpose: "Somebody's purpose, in as many words as people use".to_owned(),
        description: String::new(),
        tenant: TenantName::default(),
        tags: vec![format!("team-{}", n % 200)],
        state: ClientState::Active,
        stopped: None,
        void_before: None,
        expires_at: None,
        scope: SCOPE.parse().unwrap(),
        access: Vec::new(),
        access_for: None,
        roles: Vec::new(),
        networks: Vec::new(),
        custom_claims: serde_json::Map::new(),
        serves: Vec::new(),
        dpop_bound: false,
        refresh_tokens: false,
        created_at: tx.now(),
    };
    tx.put(&MACHINES, &id, &machine)?;
    for one in 0..CREDENTIALS_EACH {
        let credential = Credential {
            id: Id::new(tx.now(), entropy)?,
            machine: id,
            name: format!("credential {one}"),
            hint: "writ_cs_AAAAAAAA".to_owned(),
            kind: CredentialKind::ClientSecret { digest: Digest::of(&(n * CREDENTIALS_EACH + one).to_be_bytes()) },
            state: CredentialState::Active,
            created_at: tx.now(),
            created_by: Actor::System,
            expires_at: None,
            replaced_by: None,
        };
        tx.put(&CREDENTIALS, &credential.id, &credential)?;
    }
    Ok(())
}

/// Times looking at them, in a process of its own over the stopped appliance's file; prints a table.
pub(crate) async fn look(data: &Path, size: u64) -> Outcome<()> {
    let app = opened(data)?;
    let ctx = Context::new(Clock::System.now(), Actor::System, Origin::within(Channel::File));
    println!("| what an administrator does | machines | p50 | p99 |\n|---|---|---|---|");
    let mut before = None;
    let mut seen: Vec<Id<Machine>> = Vec::new();
    let mut list = Vec::new();
    for _ in 0..LOOKS {
        let began = Instant::now();
        let page = machines::list(&app, &ctx, Which::default(), before, 100).await.map_err(|e| e.to_string())?;
        list.push(began.elapsed());
        seen.extend(page.rows.iter().map(|(id, _)| *id));
        before = page.next;
    }
    tell("a page of 100", size, list);
    let mut search = Vec::new();
    for n in 0..LOOKS {
        // The last is the dearest there is: a word that a quarter of them has, and one that few of those do.
        let words = [format!("deploy eu team-{}", n % 200), format!("review-us-{n}"), "import nobody".to_owned()];
        let which = Which { words: Some(words[n as usize % words.len()].clone()), ..Which::default() };
        let began = Instant::now();
        machines::list(&app, &ctx, which, None, 50).await.map_err(|e| e.to_string())?;
        search.push(began.elapsed());
    }
    tell("a search", size, search);
    let mut show = Vec::new();
    for n in 0..LOOKS {
        let id = seen[(n as usize * 7_919) % seen.len()];
        let began = Instant::now();
        let (_, credentials, _) = machines::show(&app, id).await.map_err(|e| format!("{e:?}"))?;
        show.push(began.elapsed());
        if credentials.is_empty() {
            return Err("a machine without credentials".to_owned());
        }
    }
    tell("one, with its credentials and owner", size, show);
    println!();
    Ok(())
}

/// What insight costs where every machine was just used and every one has something to be said about it: printed as rows of the
/// same table.
pub(crate) async fn insight(data: &Path, size: u64) -> Outcome<()> {
    // Their secrets are older than the policy by then.
    let later = Clock::fixed(Clock::System.now().plus(Lifetime::from_days(100)));
    let flags = vec![("data", data.display().to_string())];
    let config = Sources { flags, file: None, environment: Vec::new() }.load().map_err(|e| e.to_string())?.config;
    let app = open(config, Keeping::File, later.clone(), Entropy::os()).map_err(|e| e.to_string())?;
    let ctx = Context::new(later.now(), Actor::System, Origin::within(Channel::File));
    let (scope, network) = (SCOPE.parse().unwrap(), Network::from(std::net::IpAddr::from([10, 1, 2, 3])));
    let mut used = Vec::new();
    let mut after = None;
    loop {
        let page = app.store.read_blocking(|view| view.page(&MACHINES, after.as_ref(), 10_000));
        let page = page.map_err(|e| e.to_string())?;
        for (machine, _) in page.rows {
            let first = app.store.read_blocking(|view| view.list(&CREDENTIALS, &CREDENTIALS_BY_MACHINE, &machine, 1));
            let first = first.map_err(|e| e.to_string())?;
            let (network, credential) = (Some(&network), first.first().map(|(id, _)| *id));
            let began = Instant::now();
            app.usage.saw(Grant { at: ctx.at, network, machine, credential, scope: &scope, resource: None });
            used.push(began.elapsed());
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    println!("| what insight costs | machines | p50 | p99 |\n|---|---|---|---|");
    tell("a grant noted in memory", size, used);
    let began = Instant::now();
    housekeeping::round(&app).await.map_err(|e| e.to_string())?;
    tell("a round that writes all of them down and looks at 4,000", size, vec![began.elapsed()]);
    let mut rounds = Vec::new();
    while app.looked.at().is_some() {
        let began = Instant::now();
        housekeeping::round(&app).await.map_err(|e| e.to_string())?;
        rounds.push(began.elapsed());
    }
    tell("a round that looks at 4,000 and notes findings of each", size, rounds);
    let (mut list, mut seen, mut last) = (Vec::new(), Vec::new(), None);
    for n in 0..LOOKS {
        let began = Instant::now();
        let kind = (n % 2 == 0).then_some(FindingKind::SecretOld);
        let page = findings::list(&app, &ctx, kind, last, 100).await.map_err(|e| e.to_string())?;
        list.push(began.elapsed());
        if page.rows.is_empty() {
            return Err("a page without findings".to_owned());
        }
        let began = Instant::now();
        let page_of_machines =
            machines::list(&app, &ctx, Which::default(), last, 100).await.map_err(|e| e.to_string())?;
        let rows = page_of_machines.rows.into_iter().map(|(_, machine)| machine).collect();
        findings::of_machines(&app, &ctx, rows).await.map_err(|e| e.to_string())?;
        seen.push(began.elapsed());
        last = page.next;
    }
    tell("the findings of 100 machines", size, list);
    tell("a page of 100, with use and findings", size, seen);
    println!();
    Ok(())
}

fn tell(what: &str, size: u64, mut times: Vec<Duration>) {
    times.sort_unstable();
    let part = |hundredth: usize| times[times.len() * hundredth / 100].as_secs_f64() * 1e3;
    println!("| {what} | {size} | {:.2} ms | {:.2} ms |", part(50), part(99));
}
