//! Pages in the language of whoever reads them. OpenID Connect Core §3.1.2.1, RFC 9110 §12.5.4.

use writ::base::Lifetime;

use crate::world::{Browser, World};

const TICKETS: &str = "https://mcp.example/tickets";

fn reads(world: &World, languages: &str) -> Browser {
    let mut browser = world.browser();
    browser.headers.push(("Accept-Language", languages.to_owned()));
    browser
}

#[test]
fn a_page_is_in_the_language_that_the_browser_prefers() {
    let world = World::new();
    world.administrator("ada");
    for (languages, tag, words) in [
        ("de-AT,de;q=0.9,en;q=0.8", "de", "bei Ihrem Konto"),
        ("en-GB,en;q=0.9,de;q=0.8", "en", "to your account"),
        ("fr", "en", "to your account"),
        ("fr, de;q=0.1", "de", "bei Ihrem Konto"),
    ] {
        let page = reads(&world, languages).get("/sign-in");
        page.expect_page(200, &format!("<html lang=\"{tag}\"")).expect_text(words);
    }
    world.browser().get("/sign-in").expect_page(200, "<html lang=\"en\"");
}

#[test]
fn the_switch_is_kept_and_leads_back_to_the_same_page() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = reads(&world, "en");
    let page = browser.get("/sign-in?to=%2Faccount%3Fbefore%3Dcon_1");
    let page = browser.submit_form(&page.form_to("/language"), &[("language", "de")]);
    assert_eq!(page.path, "/sign-in");
    page.expect_page(200, "<html lang=\"de\"").expect_text("Anmelden");
    assert_eq!(page.form("email").value("to"), "/account?before=con_1", "where they were going");
    let page = browser.sign_in(&page, &ada);
    page.expect_page(200, "Verbundene Anwendungen").expect_text("Es ist nichts verbunden.");
    let page = browser.submit_form(&page.form_to("/language"), &[("language", "en")]);
    page.expect_page(200, "Connected applications");
    let page = browser.submit_form(&page.form_to("/language"), &[("language", "tlh")]);
    page.expect_page(200, "Connected applications");
}

#[test]
fn the_whole_way_of_an_application_is_in_the_language_it_asked_for() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    let mut browser = reads(&world, "en");
    let page = mail.sends(&mut browser, &[("ui_locales", "fr-CA de-CH en"), ("scope", "openid mcp:read")]);
    page.expect_page(200, "um mit <strong class=\"name\">mail</strong> fortzufahren");
    let page = browser.submit(&page, &[("email", &ada.email), ("password", "wrong password")]);
    page.expect_page(422, "passen nicht zusammen");
    let page = browser.sign_in(&page, &ada);
    page.expect_page(200, "bittet um Ihre Erlaubnis").expect_text("Nachschlagen und Daten lesen");
    page.expect_text("Erkennen, dass Sie jedes Mal dieselbe Person sind");
    let page = browser.submit(&page, &[("decision", "allow")]);
    assert!(page.expect_left().parameter("code").is_some());
    browser.get("/account").expect_page(200, "Connected applications");
}

/// Whoever presses the switch has seen what the application's wish came to.
#[test]
fn a_switch_that_was_pressed_on_the_way_wins_over_the_application() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    let mut browser = world.browser();
    let page = mail.sends(&mut browser, &[("ui_locales", "de")]);
    world.later(Lifetime::from_seconds(5));
    let page = browser.submit_form(&page.form_to("/language"), &[("language", "en")]);
    page.expect_page(200, "to continue to");
    world.later(Lifetime::from_seconds(5));
    let page = browser.sign_in(&page, &ada);
    page.expect_page(200, "asks for your permission");
    // Beside the question itself, where the address holds the request.
    let page = mail.sends(&mut browser, &[("ui_locales", "de")]);
    page.expect_page(200, "bittet um Ihre Erlaubnis");
    world.later(Lifetime::from_seconds(5));
    let page = browser.submit_form(&page.form_to("/language"), &[("language", "en")]);
    assert_eq!(page.path, "/oauth/authorize");
    page.expect_page(200, "asks for your permission");
}

#[test]
fn an_error_is_told_in_the_language_and_keeps_its_id() {
    let world = World::new();
    let mail = world.client("mail");
    let mut browser = reads(&world, "de");
    let path = mail.authorize_path(&[("redirect_uri", "https://evil.test/cb")]);
    let page = browser.get(&path);
    page.expect_page(400, "Die Antwort ginge an eine unbekannte Adresse").expect_text("evil.test");
    assert_eq!(page.told().refusal, "RedirectUriUnregistered");
    browser.get("/nowhere").expect_page(404, "Hier ist nichts");
    let asked = mail.authorize_path(&[("redirect_uri", "https://evil.test/cb"), ("ui_locales", "en")]);
    browser.get(&asked).expect_page(400, "The answer would go to an unknown address");
    // A technical reason stays as it is, and says in which language that is.
    let page = browser.get(&mail.authorize_path(&[("redirect_uri", "javascript:alert(1)")]));
    page.expect_page(400, "An diese Adresse darf keine Antwort gehen").expect_text("<p class=\"small\" lang=\"en\">");
}

#[test]
fn a_scope_that_nobody_described_is_called_by_its_name() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read tickets:own"));
    let mut browser = world.signed_in(&ada);
    let page = mail.sends(&mut browser, &[("ui_locales", "de"), ("scope", "mcp:read tickets:own")]);
    page.expect_page(200, "Nachschlagen und Daten lesen").expect_text("tickets:own nutzen");
}

#[test]
fn a_setup_is_told_in_german_what_is_wrong() {
    let world = World::new();
    let link = world.setup_link();
    let mut browser = reads(&world, "de");
    let page = browser.get(&link);
    page.expect_page(200, "Übernehmen Sie die Verwaltung");
    let page = browser.submit(&page, &[("name", ""), ("email", "ada"), ("password", "short")]);
    page.expect_page(422, "Geben Sie einen Namen").expect_text("Geben Sie eine E-Mail-Adresse ein");
    page.expect_text("Nehmen Sie mindestens 10 Zeichen.").expect_no_text("Enter");
}

/// The API's own page is in English, and says so to whoever has it read to them.
#[test]
fn the_page_of_the_api_says_that_it_is_english() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    browser.headers.push(("Accept-Language", "de".to_owned()));
    browser.get("/console").expect_page(200, "<html lang=\"de\"");
    browser.get("/api/v1/docs").expect_page(200, "<html lang=\"en\"");
}
