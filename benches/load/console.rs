//! The console over a hundred thousand machines, each of which something is to be said about, a log of as many entries and a season
//! of hours: how long each page takes, and how heavy it is.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use writ::base::Lifetime;
use writ::model::{Actor, Channel, Context, Counted, Event, Hour, Origin};
use writ::operations::housekeeping;
use writ::store::tables::{HOURS, MACHINES, PEOPLE};
use writ::store::{Read as _, Tx};

use crate::fleet::opened;
use crate::http::Outcome;
use crate::prepare::Browser;

/// Entries of the log, and how many are written at once.
const ENTRIES: u64 = 100_000;
const BATCH: u64 = 5_000;
/// How often each page is asked for.
const LOOKS: usize = 40;

/// Makes a past: entries of the log, hours, and what housekeeping finds of the machines.
pub(crate) async fn fill(data: &Path) -> Outcome<()> {
    let app = opened(data)?;
    let text = |fault: writ::base::Fault| fault.to_string();
    let person = app.store.read_blocking(|view| view.page(&PEOPLE, None, 1)).map_err(text)?;
    let person = person.rows.first().ok_or("nobody is there")?.0;
    let busy = app.store.read_blocking(|view| view.page(&MACHINES, None, Hour::BUSIEST)).map_err(text)?.rows;
    let now = app.clock.now();
    let context = Context::new(now, Actor::System, Origin::within(Channel::File));
    for _ in 0..ENTRIES / BATCH {
        let batch = move |tx: &mut Tx<'_>| {
            (0..BATCH).try_for_each(|_| tx.record(Event::SignInRefused { person, why: "for a benchmark".to_owned() }))
        };
        app.store.write_blocking("fill", &context, batch).map_err(text)?;
    }
    let hours = move |tx: &mut Tx<'_>| {
        let last = Hour::number(now);
        for number in last - 90 * 24..=last {
            let mut hour = Hour::default();
            hour.expires_at = now.plus(Lifetime::from_days(90));
            Counted::ALL.into_iter().zip(1..).for_each(|(what, n)| hour.count(what, number * n % 9_973));
            hour.busiest = busy.iter().zip(0..).map(|((id, _), n)| (*id, 5_000 - n)).collect();
            tx.put(&HOURS, &number, &hour)?;
        }
        Ok(())
    };
    app.store.write_blocking("fill", &context, hours).map_err(text)?;
    housekeeping::round(&app).await.map_err(text)?;
    while app.looked.at().is_some() {
        housekeeping::round(&app).await.map_err(text)?;
    }
    Ok(())
}

/// Asks for every page as an administrator does, one after the other on one connection; prints a table.
pub(crate) async fn measure(address: SocketAddr, administrator: &str, size: u64) -> Outcome<()> {
    let mut browser = Browser::signed_in(address, administrator).await?;
    let list = browser.send("GET", "/console/machines", None).await?.1;
    let machine = linked(&list, "/console/machines/mch_").ok_or("no machine in the list")?;
    let people = browser.send("GET", "/console/people", None).await?.1;
    // The oldest owns all of them.
    let owner = people.rsplit("/console/people/per_").next().and_then(|rest| rest.split('"').next());
    let owner = format!("/console/people/per_{}", owner.ok_or("nobody in the list")?);
    let entry = browser.send("GET", "/console/audit", None).await?.1;
    let entry = entry.split("data-entry=\"").nth(1).and_then(|rest| rest.split('"').next()).ok_or("no entry")?;
    let entry = format!("/console/audit/{entry}");
    let pages = [
        "/console",
        "/console?span=7d",
        "/console/machines",
        "/console/machines?state=suspended",
        "/console/machines?kind=agent",
        "/console/machines?q=import",
        "/console/machines?q=import+nobody",
        "/console/machines?finding=secret_old",
        "/console/machines?finding=no_owner",
        "/console/machines?sort=made",
        "/console/machines?sort=name",
        "/console/machines?sort=name&kind=agent",
        "/console/machines?sort=-used",
        "/console/machines?sort=used&state=active",
        "/console/machines/new",
        &machine,
        &format!("{machine}/change"),
        &format!("{machine}/credentials/new"),
        "/console/applications",
        "/console/resources",
        "/console/resources/new",
        "/console/scopes",
        "/console/scopes/of/mcp:read",
        "/console/people",
        "/console/people?q=person",
        &owner,
        "/console/roles",
        "/console/keys",
        "/console/audit",
        "/console/audit?event=machine.suspended",
        "/console/audit?since=2001-01-01&until=2001-01-02",
        "/console/audit/live?after=100",
        &entry,
        "/console/refusals",
        "/console/settings",
        "/console/search?q=import",
        "/console/search?q=deploy+eu+team-7",
        "/console/search?q=nobody",
        "/console/search?q=person-1@example.com",
    ];
    println!("| page, {size} machines | p50 | p99 | weight |\n|---|---|---|---|");
    for page in pages {
        let (mut times, mut weight): (Vec<Duration>, usize) = (Vec::new(), 0);
        for _ in 0..LOOKS {
            let began = Instant::now();
            let (status, text, _) = browser.send("GET", page, None).await?;
            times.push(began.elapsed());
            if status != 200 {
                return Err(format!("{page} was answered with {status}"));
            }
            weight = text.len();
        }
        times.sort_unstable();
        let part = |hundredth: usize| times[times.len() * hundredth / 100].as_secs_f64() * 1e3;
        let shown = page.replace(&machine, "/console/machines/{id}").replace(&owner, "/console/people/{id}");
        let shown = shown.replace(&entry, "/console/audit/{id}");
        println!("| `{shown}` | {:.1} ms | {:.1} ms | {:.1} KB |", part(50), part(99), weight as f64 / 1e3);
    }
    println!();
    Ok(())
}

/// The first address on a page that begins so.
fn linked(page: &str, begins: &str) -> Option<String> {
    let rest = page.split(&format!("\"{begins}")).nth(1)?;
    Some(format!("{begins}{}", rest.split('"').next()?))
}
