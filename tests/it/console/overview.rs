//! The first page of the console: what happened lately is counted without a write for each request, and told.

use writ::base::Lifetime;
use writ::model::{Counted, Hour};
use writ::operations::{hours, housekeeping};
use writ::store::Read as _;
use writ::store::tables::HOURS;

use crate::world::World;

fn counted(world: &World, what: Counted) -> u64 {
    let since = world.now().minus(Lifetime::from_days(1));
    world.block(hours::since(&world.app, since)).unwrap().values().map(|hour| hour.of(what)).sum()
}

fn round(world: &World) {
    world.block(housekeeping::round(&world.app)).unwrap();
}

#[test]
fn what_happens_is_counted_and_drawn() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("nightly-import", &ada, "mcp:read");
    let mut browser = world.signed_in(&ada);
    browser.get("/console").expect_page(200, "Sign-ins").expect_no_text("Tokens given");
    for _ in 0..3 {
        robot.client_credentials(&world, &[]).tokens();
    }
    world.token(&[("grant_type", "client_credentials"), ("client_id", "mch_nobody")]).expect_status(401);
    world.token(&[("grant_type", "magic")]).expect_status(400);
    let page = browser.get("/console");
    page.expect_page(200, "Tokens given").expect_text("3 in the last 24 hours, 0 in the 24 hours before.");
    page.expect_text("Client credentials").expect_text("Could not prove who they are");
    page.expect_text("Request that cannot be answered").expect_text("Time to give a token");
    round(&world);
    browser.get("/console").expect_page(200, "Busiest machines").expect_text("nightly-import");
    browser.get("/console?span=7d").expect_page(200, "3 in the last 7 days");
    browser.get("/console?span=nonsense").expect_page(200, "3 in the last 24 hours");
    world.later(Lifetime::from_hours(25));
    let mut browser = world.signed_in(&ada);
    browser.get("/console").expect_page(200, "0 in the last 24 hours, 3 in the 24 hours before.");
}

/// No request writes what is counted: the only writes of a grant are its own.
#[test]
fn counting_writes_nothing_until_housekeeping_does() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let hour = Hour::number(world.now());
    robot.client_credentials(&world, &[]).tokens();
    assert!(world.read(|view| view.get(&HOURS, &hour)).is_none());
    assert_eq!(counted(&world, Counted::ByCredentials), 1);
    round(&world);
    let row = world.read(|view| view.get(&HOURS, &hour)).unwrap();
    assert_eq!(row.of(Counted::ByCredentials), 1);
    assert_eq!(row.busiest.first().map(|(_, count)| *count), Some(1));
    assert_eq!(counted(&world, Counted::ByCredentials), 1, "what was written down is not counted twice");
    round(&world);
    assert_eq!(world.read(|view| view.get(&HOURS, &hour)), Some(row));
}

#[test]
fn what_was_written_down_outlives_a_restart_and_a_season_ends_it() {
    let world = World::with_file();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    for _ in 0..2 {
        robot.client_credentials(&world, &[]).tokens();
    }
    round(&world);
    let world = world.restarted();
    let hour = Hour::number(world.now());
    robot.client_credentials(&world, &[]).tokens();
    round(&world);
    let row = world.read(|view| view.get(&HOURS, &hour)).unwrap();
    assert_eq!((row.of(Counted::ByCredentials), row.busiest[0].1), (3, 3));
    world.later(Lifetime::from_days(91));
    round(&world);
    assert!(world.read(|view| view.get(&HOURS, &hour)).is_some());
    world.later(Lifetime::from_days(1));
    round(&world);
    assert!(world.read(|view| view.get(&HOURS, &hour)).is_none());
}

#[test]
fn many_failed_sign_ins_want_a_person() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let mut stranger = world.browser();
    for n in 0..20 {
        browser.get("/console").expect_no_text("sign-ins failed");
        let page = stranger.get("/sign-in");
        stranger.submit(&page, &[("email", &format!("nobody{n}@example.com")), ("password", "letmein")]);
    }
    browser
        .get("/console")
        .expect_page(200, "20 sign-ins failed in the last 24 hours")
        .expect_text("A usual day has none");
    assert_eq!(counted(&world, Counted::RefusedProof), 0, "a sign-in that fails is no refused request");
}
