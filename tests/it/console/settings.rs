//! The settings in the console: read, and no secret among them.

use crate::world::World;

#[test]
fn every_setting_is_told_with_its_origin_and_what_would_change_it() {
    let world = World::with(&[
        ("lifetimes.access", "30m"),
        ("brand.name", "<b>House</b>"),
        ("master_key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ]);
    let ada = world.administrator("ada");
    let page = world.signed_in(&ada).get("/console/settings");
    page.expect_page(200, "Nothing is changed on this page")
        .expect_text("access = &#34;30m&#34;")
        .expect_text("WRIT_LIFETIMES_ACCESS")
        .expect_text("&#60;b&#62;House")
        .expect_text("set, and not shown")
        .expect_no_text("AAAAAAAAAA");
    for setting in writ::config::SETTINGS {
        page.expect_text(&format!("<code>{}</code>", setting.name)).expect_text(&setting.variable());
    }
    let head = world.app.store.audit_head().unwrap();
    page.expect_text(&format!("Entry {}", head.sequence)).expect_text(&head.hash.text());
    assert!(page.body.len() < 150_000, "{} bytes", page.body.len());
}

#[test]
fn an_administrator_is_led_to_the_console_and_nobody_else_is() {
    let world = World::new();
    let ada = world.administrator("ada");
    let bob = world.person("bob");
    let page = world.signed_in(&ada).get("/account");
    page.expect_text("Open the console").expect_text("href=\"/console\"");
    world.signed_in(&bob).get("/account").expect_page(200, "bob").expect_no_text("/console");
    world.browser().get("/sign-in").expect_no_text("/console");
}
