//! The demonstration: an invented organisation that fills every page, and touches nothing real.

use std::sync::OnceLock;

use writ::app::App;
use writ::base::{Clock, Secret, Timestamp};
use writ::config::{Config, Sources};
use writ::model::{EventClass, FindingKind};
use writ::operations::audit::{self, Which};
use writ::operations::demo::{ADMINISTRATOR, start_demo};
use writ::operations::{clients, findings, machines, people, resources};

use crate::world::{Browser, ISSUER, World, claims};

fn config(data: &str) -> Config {
    let flags = vec![
        ("listen", "127.0.0.1:0".to_owned()),
        ("public_url", crate::world::ISSUER.to_owned()),
        ("workers", "1".to_owned()),
        ("data", data.to_owned()),
    ];
    Sources { flags, file: None, environment: Vec::new() }.load().unwrap().config
}

fn block<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// One for all the tests that only look.
fn demo() -> &'static (App, Secret) {
    static DEMO: OnceLock<(App, Secret)> = OnceLock::new();
    DEMO.get_or_init(|| block(start_demo(config("nowhere"), Clock::System.now())).unwrap())
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

/// Made twice at the same time, it is the same to the last id: screenshots can be compared.
#[test]
fn it_is_the_same_each_time() {
    let ids = || {
        let at = Timestamp::from_seconds(1_800_000_000);
        let (app, _) = block(start_demo(config("nowhere"), at)).unwrap();
        block(async {
            let machines = machines::list(
                &app,
                &writ::operations::housekeeping::context(&app),
                machines::Which::default(),
                None,
                100,
            )
            .await
            .unwrap()
            .rows;
            machines.iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>()
        })
    };
    assert_eq!(ids(), ids());
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
    let refused = block(start_demo(config(path), Clock::System.now())).err().unwrap();
    assert!(refused.to_string().contains("real appliance"), "{refused}");
    assert_eq!(std::fs::read_to_string(directory.path().join("writ.redb")).unwrap(), "precious");
    demo();
    assert!(!std::path::Path::new("nowhere").exists());
}
