//! The demonstration: an invented organisation that fills every page, and touches nothing real.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use writ::app::App;
use writ::base::{Clock, Id, Secret, Timestamp};
use writ::config::{Config, Sources};
use writ::model::{CredentialKind, EventClass, FindingKind, Request};
use writ::operations::audit::{self, Which};
use writ::operations::demo::{ADMINISTRATOR, start_demo};
use writ::operations::{clients, findings, machines, people, resources};
use writ::store::Read as _;
use writ::store::tables::{CREDENTIALS, SESSIONS, SIGNING_KEYS};

use crate::world::{Browser, ISSUER, World, claims};

fn config(data: &str) -> Config {
    let flags = vec![
        ("listen", "127.0.0.1:0".to_owned()),
        ("public_url", crate::world::ISSUER.to_owned()),
        ("workers", "1".to_owned()),
        ("data", data.to_owned()),
        // What a real appliance goes by is none of a demo's business.
        ("master_key", "a".repeat(43)),
    ];
    Sources { flags, file: None, environment: Vec::new() }.load().unwrap().config
}

fn block<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// One for all the tests that only look.
fn demo() -> &'static (App, Secret) {
    static DEMO: OnceLock<(App, Secret)> = OnceLock::new();
    DEMO.get_or_init(|| block(start_demo(config("nowhere"), Clock::System)).unwrap())
}

#[test]
fn it_is_an_organisation_of_some_size() {
    let (app, _) = demo();
    let (people, machines, applications, resources) = block(async {
        (
            people::list(app, None, 100).await.unwrap().rows.len(),
            machines::list(app, &writ::operations::housekeeping::context(app), machines::Which::default(), None, 100)
                .await
                .unwrap()
                .rows,
            clients::list(app, clients::Which::default(), None, 100).await.unwrap().rows,
            resources::list(app).await.unwrap().len(),
        )
    });
    assert_eq!((people, machines.len(), applications.len(), resources), (12, 40, 18, 6));
    let states: std::collections::HashSet<_> =
        machines.iter().map(|(_, machine)| format!("{:?}", machine.state)).collect();
    assert!(states.len() >= 3, "{states:?}");
    let waiting =
        applications.iter().filter(|(_, client)| client.state == writ::model::ClientState::AwaitingApproval).count();
    assert_eq!(waiting, 2);
    let verified = applications.iter().filter(|(_, client)| client.review.verified.is_some()).count();
    assert_eq!(verified, 3);
    let (stale, tools) = block(async {
        let long_ago = app.clock.now().minus(writ::base::Lifetime::from_days(90));
        let stale = clients::stale(app, long_ago, None, 100).await.unwrap().rows.len();
        let mut tools = 0;
        for resource in resources::list(app).await.unwrap() {
            let known = writ::operations::tools::of(app, resource.id).await.unwrap();
            tools += known.map_or(0, |known| known.list.len() - resource.tool_scopes.len());
        }
        (stale, tools)
    });
    assert_eq!((stale, tools), (3, 1), "some that nobody uses, and a tool that nobody has decided about");
}

#[test]
fn its_findings_and_its_log_are_full() {
    let (app, _) = demo();
    block(async {
        let by = writ::operations::operator::Operator::with_the_file(&writ::operations::housekeeping::context(app));
        for kind in [
            FindingKind::NoOwner,
            FindingKind::Unused,
            FindingKind::NeverUsed,
            FindingKind::NewNetwork,
            FindingKind::SecretShared,
            FindingKind::CredentialExpiring,
            FindingKind::OldSecretUsed,
            FindingKind::OldSecretSilent,
            FindingKind::ScopesUnused,
        ] {
            let found = findings::list(app, &by, Some(kind), None, 100).await.unwrap();
            assert!(!found.rows.is_empty(), "no machine with {kind:?}");
        }
        let entries = audit::list(app, Which::default(), None, 1_000).await.unwrap().entries;
        assert_eq!(entries.len(), 1_000);
        assert!(entries.iter().any(|entry| entry.event.class() == EventClass::Change));
        audit::verify(app).await.unwrap().unwrap();
    });
    assert!(!app.refusals.newest(None, 100, |_| true).0.is_empty());
}

/// A demo that was made at a certain moment and stands still there.
fn standing_still() -> (App, Secret) {
    let at = Clock::fixed(Timestamp::parse_iso("2027-01-15T09:30:00Z").unwrap());
    block(start_demo(config("nowhere"), at)).unwrap()
}

/// Two of them.
fn two() -> &'static [(App, Secret); 2] {
    static TWO: OnceLock<[(App, Secret); 2]> = OnceLock::new();
    TWO.get_or_init(|| {
        let other = std::thread::spawn(standing_still);
        [standing_still(), other.join().unwrap()]
    })
}

/// Everything that can be reached in its console, by address, in lines without what is made by chance.
fn seen_in((app, password): &(App, Secret)) -> BTreeMap<String, Vec<String>> {
    let world = World::over(app.clone());
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    browser.submit(&page, &[("email", ADMINISTRATOR), ("password", password.expose())]);
    let (mut seen, mut ahead) = (BTreeMap::new(), vec!["/console".to_owned(), "/account".to_owned()]);
    while let Some(path) = ahead.pop() {
        if seen.contains_key(&path) {
            continue;
        }
        let page = browser.get(&path);
        assert_eq!(page.status, 200, "{path}");
        for link in page.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            // The log is long, and its oldest pages are made as its newest are. Forms and files say what their pages say.
            let leads_on = link.starts_with("/console")
                && !["/export", "before=", "/change", "/new", "audit?"].iter().any(|part| link.contains(part));
            if leads_on && !link.starts_with("/console/audit/") {
                ahead.push(link.split('#').next().unwrap_or(link).replace("&amp;", "&"));
            }
        }
        seen.insert(path, page.body);
    }
    let newest = block(audit::list(app, Which::default(), None, 1)).unwrap().entries;
    for entry in [1, 2, 40, 700, newest.first().unwrap().sequence - 1] {
        let path = format!("/console/audit/{entry}");
        let page = browser.get(&path);
        assert_eq!(page.status, 200, "{path}");
        seen.insert(path, page.body);
    }
    let keys = app.store.read_blocking(|view| Ok(view.page(&SIGNING_KEYS, None, 1_000)?.rows)).unwrap();
    let kids: Vec<String> = keys.into_iter().map(|(_, key)| key.kid).collect();
    let now = Id::<Request>::new(app.clock.now(), &app.entropy).unwrap().to_string();
    seen.into_iter().map(|(path, page)| (named(&path, &kids), without_chance(&page, &kids, &now))).collect()
}

/// An address without the id of a key in it.
fn named(path: &str, kids: &[String]) -> String {
    kids.iter().enumerate().fold(path.to_owned(), |path, (at, kid)| path.replace(kid, &format!("KEY-{at}")))
}

/// The lines of a page, without what is made by chance so that nobody can foresee it: keys and their ids, which are made of the keys; the
/// digests of codes; the hashes of the log, which cover all of it; and what is younger than the demo, which are the marks of forms and the
/// session of whoever looks.
fn without_chance(page: &str, kids: &[String], now: &str) -> Vec<String> {
    let run = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    // Of an id, the time is in the ten letters behind its prefix.
    let is_young = |word: &str| word.len() == now.len() && word.get(4..14) == now.get(4..14);
    let is_key = |word: &str| word.len() >= 8 && kids.iter().any(|kid| kid.starts_with(word));
    let mut lines = Vec::new();
    let page = named(page, kids);
    for line in page.lines() {
        let mut out = String::new();
        for piece in line.split_inclusive(|letter| !run(letter)) {
            let word = piece.trim_end_matches(|letter| !run(letter));
            let is_code = word.len() == 8 && out.ends_with("&#34;code&#34;: &#34;");
            match word.len() {
                // A hash, a coordinate, a mark; the modulus of an RSA key.
                43 | 64 | 342 => out.push_str("CHANCE"),
                _ if is_young(word) || is_key(word) || is_code => out.push_str("CHANCE"),
                _ => out.push_str(word),
            }
            out.push_str(&piece[word.len()..]);
        }
        lines.push(out);
    }
    lines
}

/// Made twice at the same time, it is the same to the last id: pictures of it can be compared.
#[test]
fn it_is_the_same_each_time() {
    let [one, other] = two();
    let other = std::thread::spawn(|| seen_in(other));
    let (one, other) = (seen_in(one), other.join().unwrap());
    assert!(one.len() > 100, "only {} pages", one.len());
    let paths = |seen: &BTreeMap<String, Vec<String>>| seen.keys().cloned().collect::<Vec<_>>();
    let mut differences = Vec::new();
    for (path, page) in &one {
        let Some(again) = other.get(path) else { continue };
        if page.len() != again.len() {
            differences.push(format!("{path}: {} lines and {}", page.len(), again.len()));
        }
        for (line, again) in page.iter().zip(again) {
            if line != again {
                differences.push(format!("{path}:\n  {line}\n  {again}"));
            }
        }
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert_eq!(paths(&one), paths(&other));
}

/// What guards something is made by chance, for a demo may be seen by others: nobody who made one knows the keys and secrets of another.
#[test]
fn nothing_that_guards_something_is_the_same_each_time() {
    let guards = |(app, password): &(App, Secret)| {
        let mut all = vec![password.expose().to_owned()];
        let rows = app.store.read_blocking(|view| {
            let credentials = view.page(&CREDENTIALS, None, 1_000)?.rows;
            let sessions = view.page(&SESSIONS, None, 1_000)?.rows;
            let keys = view.page(&SIGNING_KEYS, None, 1_000)?.rows;
            Ok((credentials, sessions, keys))
        });
        let (credentials, sessions, keys) = rows.unwrap();
        for (_, credential) in credentials {
            if let CredentialKind::ClientSecret { digest } | CredentialKind::AccessKey { digest } = credential.kind {
                all.push(digest.text());
            }
        }
        assert!(all.len() > 30);
        all.extend(sessions.into_iter().map(|(_, session)| session.digest.text()));
        all.extend(keys.into_iter().map(|(_, key)| key.kid));
        // Under one master key, one would open what the other sealed.
        let sealed = app.ticket_sealer.seal_text(b"a ticket", b"", &app.entropy).unwrap();
        (all, sealed)
    };
    let [one, another] = two();
    let ((first, sealed), (second, _)) = (guards(one), guards(another));
    let (mine, other) = (&one.0, &another.0);
    assert!(first.iter().all(|secret| !second.contains(secret)));
    assert!(mine.ticket_sealer.open_text(&sealed, b"").is_some());
    assert!(other.ticket_sealer.open_text(&sealed, b"").is_none());
}

#[test]
fn every_page_says_that_it_is_a_demo_and_so_does_every_token() {
    let (app, password) = demo();
    let world = World::over(app.clone());
    let mut browser: Browser = world.browser();
    let page = browser.get("/sign-in");
    page.expect_page(200, "are invented");
    let page = browser.submit(&page, &[("email", ADMINISTRATOR), ("password", password.expose())]);
    page.expect_text("are invented");
    for path in ["/console", "/console/machines", "/console/refusals", "/account"] {
        browser.get(path).expect_page(200, "are invented");
    }
    let owner = crate::world::Someone {
        id: block(people::find(app, &ADMINISTRATOR.parse().unwrap())).unwrap().unwrap().id,
        email: ADMINISTRATOR.to_owned(),
    };
    let robot = world.machine("a-new-robot", &owner, "mcp:read");
    let tokens =
        robot.client_credentials(&world, &[("resource", "https://tickets.demo.example/mcp"), ("scope", "mcp:read")]);
    let tokens = if tokens.status == 200 { tokens } else { robot.client_credentials(&world, &[("resource", ISSUER)]) };
    assert_eq!(claims(&tokens.tokens().access)["demo"], true);
}

#[test]
fn elsewhere_no_token_says_so() {
    let world = World::new();
    let ada = world.administrator("ada");
    let tokens = world.machine("robot", &ada, "mcp:read").client_credentials(&world, &[]).tokens();
    assert_eq!(tokens.claims().get("demo"), None);
}

#[test]
fn it_does_not_run_over_a_real_file_and_leaves_none() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap();
    std::fs::write(directory.path().join("writ.redb"), "precious").unwrap();
    let refused = block(start_demo(config(path), Clock::System)).err().unwrap();
    assert!(refused.to_string().contains("real appliance"), "{refused}");
    assert_eq!(std::fs::read_to_string(directory.path().join("writ.redb")).unwrap(), "precious");
    demo();
    assert!(!std::path::Path::new("nowhere").exists());
}
