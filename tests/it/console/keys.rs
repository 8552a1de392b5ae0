//! Signing keys in the console: seen, turned, withdrawn.

use writ::model::{Algorithm, KeyState};
use writ::operations::keys;

use crate::world::World;

#[test]
fn keys_are_seen_and_turned() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let page = browser.get("/console/keys");
    page.expect_page(200, "signs").expect_text("ES256").expect_text("&#34;kty&#34;").expect_no_text("&#34;d&#34;");
    let page = browser.submit_form(&page.form_to("/rotation"), &[("algorithm", "ES256"), ("haste", "now")]);
    page.expect_page(200, "A new key is on its way").expect_text("Signed until");
    world.expect_event("key.promoted");
    let page = browser.submit_form(&page.form_to("/rotation"), &[("algorithm", "none")]);
    page.expect_status(409);
}

#[test]
fn a_key_is_withdrawn_by_who_has_read_what_breaks() {
    let world = World::new();
    let ada = world.administrator("ada");
    world.resource("https://tickets.example/mcp", "mcp:read");
    let crm = world.confidential("crm");
    let token = crm.client_credentials(&world, &[]).tokens().access;
    let mut browser = world.signed_in(&ada);
    let rows = keys::list(&world.app).unwrap();
    let of = |wanted: fn(&KeyState) -> bool| {
        rows.iter().find(|row| row.algorithm == Algorithm::ES256 && wanted(&row.state)).unwrap().kid.clone()
    };
    let (signing, next) =
        (of(|state| matches!(state, KeyState::Signing { .. })), of(|state| matches!(state, KeyState::Next { .. })));
    browser
        .get("/console/keys")
        .expect_text("What happens next")
        .expect_text(&format!("{} begins to sign", &next[..8]));
    let page = browser.get(&format!("/console/keys/{next}"));
    page.expect_page(200, "nothing stops working");
    let page = browser.get(&format!("/console/keys/{signing}"));
    page.expect_page(200, "Access tokens for https://tickets.example/mcp")
        .expect_text("at most 1, of which the last would end")
        .expect_text(&format!("{} signs from that moment on", &next[..8]))
        .expect_text("in 5 minutes");
    let form = page.form_to("/withdrawal");
    let page = browser.submit_form(&form, &[("because", "stolen"), ("name", "another")]);
    page.expect_page(200, "the key begins with other letters");
    assert_eq!(crm.introspect(&world, &token)["active"], true);
    browser.submit_form(&form, &[("because", ""), ("name", &signing[..8])]).expect_status(409);
    let page = browser.submit_form(&form, &[("because", "stolen"), ("name", &signing[..8])]);
    page.expect_page(200, "The key is withdrawn").expect_text("no longer than a minute").expect_text("Forgotten");
    assert_eq!(crm.introspect(&world, &token)["active"], false);
    browser.get(&format!("/console/keys/{signing}")).expect_page(200, "It was withdrawn");
    // The form that is still open in another tab.
    browser.submit_form(&form, &[("because", "stolen"), ("name", &signing[..8])]).expect_status(409);
    browser.get("/console/keys/nothing").expect_status(404);
    let page = browser.get("/console/audit?event=key.revoked");
    page.expect_page(200, "was withdrawn");
}
