//! An empty directory, one printed link, and the first administrator. Attack case 58.

use crate::world::{Browser, PASSWORD, Page, World, at_once};

/// Fills in the page behind a setup link.
fn complete(browser: &mut Browser, page: &Page, email: &str) -> Page {
    browser.submit(page, &[("name", "Ada Moreno"), ("email", email), ("password", PASSWORD)])
}

#[test]
fn the_printed_link_makes_the_first_administrator_and_signs_them_in() {
    let world = World::new();
    let link = world.setup_link();
    let mut browser = world.browser();
    browser.get("/").expect_page(200, "Almost ready");

    let page = browser.get(&link);
    page.expect_page(200, "Make yourself the administrator");
    let page = complete(&mut browser, &page, "ada@example.com");
    assert_eq!(page.path, "/account");
    page.expect_page(200, "Ada Moreno").expect_text("Open the console");
    world.expect_event("setup.completed");
    world.expect_event("person.signed_in");

    // The password works from elsewhere too, and the link nowhere any more.
    let mut elsewhere = world.browser();
    let page = elsewhere.get("/sign-in");
    let page = elsewhere.submit(&page, &[("email", "ada@example.com"), ("password", PASSWORD)]);
    page.expect_page(200, "Ada Moreno");
    elsewhere.get(&link).expect_page(410, "Setup is done");
    elsewhere.get("/").expect_page(200, "Hello, <span class=\"name\">Ada Moreno</span>");
}

#[test]
fn what_was_typed_wrong_is_said_beside_its_field_and_kept() {
    let world = World::new();
    let link = world.setup_link();
    let mut browser = world.browser();
    let page = browser.get(&link);
    let page = browser.submit(&page, &[("name", "Ada Moreno"), ("email", "ada-at-home"), ("password", "short")]);
    page.expect_page(422, "Make yourself the administrator").expect_no_text("value=\"short\"");
    assert_eq!(page.form("email").value("name"), "Ada Moreno");
    assert_eq!(page.form("email").value("email"), "ada-at-home");
    assert_eq!(page.form("email").value("password"), "", "a password is never sent back");

    let page = complete(&mut browser, &page, "ada@example.com");
    page.expect_page(200, "Ada Moreno");
}

#[test]
fn case_58_of_two_who_complete_the_setup_at_once_one_wins() {
    let world = World::new();
    let link = world.setup_link();
    let pages: Vec<Page> = at_once(2, |nth| {
        let mut browser = world.browser();
        let page = browser.get(&link);
        complete(&mut browser, &page, &format!("ada{nth}@example.com"))
    });
    let mut statuses: Vec<u16> = pages.iter().map(|page| page.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 410]);
    let people = world.read(|view| writ::store::Read::page(view, &writ::store::tables::PEOPLE, None, 10)).rows;
    assert_eq!(people.len(), 1);
}

#[test]
fn case_58_setup_opens_to_the_newest_link_only_and_never_again() {
    let world = World::new();
    let old = world.setup_link();
    let new = world.setup_link();
    let mut browser = world.browser();
    let invented = new.replace("writ_su_A", "writ_su_B");
    assert_ne!(invented, new);
    for link in ["/setup", "/setup?token=", "/setup?token=writ_su_x", old.as_str(), invented.as_str()] {
        browser.get(link).expect_page(403, "This setup link does not work");
    }

    // The form of a link that was voided while its page stood open.
    let token = old.split_once('=').unwrap().1;
    let page = browser.get(&new);
    let late = browser
        .submit(&page, &[("token", token), ("name", "Eve"), ("email", "eve@example.com"), ("password", PASSWORD)]);
    late.expect_page(403, "This setup link does not work");

    complete(&mut browser, &page, "ada@example.com").expect_page(200, "Ada Moreno");
    let mut stranger = world.browser();
    stranger.get(&new).expect_page(410, "Setup is done");
    // A form from before, sent again.
    complete(&mut browser, &page, "eve@example.com").expect_status(403);
    assert!(
        writ::operations::setup::open_link(&world.app, &world.operator()).unwrap().is_none(),
        "a restart prints no link any more"
    );
}
