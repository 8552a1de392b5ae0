//! Who sees the console, and where the others are sent.

use actix_web::http::Method;
use writ::web::routes::{DOORS, Who};

use crate::world::World;

#[test]
fn a_stranger_signs_in_and_comes_to_the_page_they_wanted() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.browser();
    let page = browser.get("/console/machines?state=suspended");
    page.expect_page(200, "Sign in");
    let wrong = browser.submit(&page, &[("email", ada.email.as_str()), ("password", "not it")]);
    wrong.expect_page(422, "do not match");
    let page = browser.sign_in(&wrong, &ada);
    assert_eq!(page.path, "/console/machines");
    page.expect_page(200, "Machines");
    let again = browser.get("/sign-in?to=%2Fconsole");
    assert_eq!(again.path, "/console", "somebody signed in goes straight there");
}

/// Attack 41: what an address says of where to go after signing in is one of our own pages or nothing.
#[test]
fn case_41_signing_in_leads_to_no_other_site() {
    let world = World::new();
    let ada = world.administrator("ada");
    for to in [
        "https%3A%2F%2Fevil.test%2Fconsole",
        "%2F%2Fevil.test",
        "%2Fconsole%5C..%2F%2Fevil.test",
        "%2Foauth%2Fauthorize",
    ] {
        let mut browser = world.browser();
        let page = browser.get(&format!("/sign-in?to={to}"));
        page.expect_no_text("name=\"to\"");
        let page = browser.sign_in(&page, &ada);
        assert_eq!(page.path, "/account");
    }
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    let page = browser
        .submit(&page, &[("email", ada.email.as_str()), ("password", crate::world::PASSWORD), ("to", "//evil.test")]);
    assert_eq!(page.path, "/account", "and no more when a form says so");
}

/// An address behind a door, of things that there are not.
fn filled(pattern: &str) -> String {
    pattern
        .replace("{id}", "mch_00000000000000000000000000")
        .replace("{credential}", "crd_00000000000000000000000000")
        .replace("{session}", "ses_00000000000000000000000000")
        .replace("{passkey}", "pky_00000000000000000000000000")
        .replace("{delegation}", "dlg_00000000000000000000000000")
        .replace("{tenant}", "main")
        .replace("{role}", "reader")
        .replace("{grant}", "con_00000000000000000000000000")
}

/// Every page and every form of the console is closed to whoever does not administer.
#[test]
fn whoever_does_not_administer_sees_nothing_and_changes_nothing() {
    let world = World::new();
    world.administrator("ada");
    let bob = world.person("bob");
    let mut browser = world.signed_in(&bob);
    let token = browser.get("/account").form("csrf").value("csrf").to_owned();
    let mut seen = 0;
    for door in DOORS.iter().filter(|door| door.who == Who::Console) {
        let path = filled(door.pattern);
        for method in door.methods {
            let page = match method.as_str() {
                "GET" => browser.get(&path),
                _ => browser.post(&path, &[("csrf", &token)]),
            };
            page.expect_page(403, "You may not open this");
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

/// Attack 46: no form of the console is taken that another page sent, or that has another session's token.
#[test]
fn case_46_no_change_in_the_console_comes_from_elsewhere() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let token = browser.get("/account").form("csrf").value("csrf").to_owned();
    let others = world.signed_in(&ada).get("/account").form("csrf").value("csrf").to_owned();
    let mut seen = 0;
    for door in DOORS.iter().filter(|door| door.who == Who::Console && door.methods.contains(&Method::POST)) {
        let path = filled(door.pattern);
        let before = world.events(100);
        for wrong in ["", "x", others.as_str()] {
            browser.post(&path, &[("csrf", wrong)]).expect_status(403);
        }
        for site in ["cross-site", "same-site", "none"] {
            browser.fetch_site = Some(site);
            browser.post(&path, &[("csrf", &token)]).expect_status(403);
        }
        browser.fetch_site = None;
        browser.headers = vec![("Origin", "https://evil.test".to_owned())];
        browser.post(&path, &[("csrf", &token)]).expect_status(403);
        (browser.fetch_site, browser.headers) = (Some("same-origin"), Vec::new());
        assert_eq!(world.events(100), before, "{path}");
        seen += 1;
    }
    assert!(seen > 30, "{seen}");
}

/// Who administered a moment ago does nothing more: their session is looked at with every request, and their standing again in the
/// transaction.
#[test]
fn an_administrator_who_was_stopped_does_nothing_more() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&format!("/console/machines/{}", robot.id));
    world.suspend(&ada);
    let page = browser.submit_form(&page.form_to("/suspension"), &[("because", "because I can")]);
    page.expect_page(403, "");
    robot.client_credentials(&world, &[]).tokens();
}
