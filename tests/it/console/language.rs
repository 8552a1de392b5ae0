//! The console in the language of whoever administers.

use crate::world::World;

/// The rooms, and what is called otherwise in each language.
const ROOMS: [(&str, &str, &str); 14] = [
    ("/console", "Overview", "Überblick"),
    ("/console/machines", "New machine", "Neue Maschine"),
    ("/console/machines/new", "What it is for", "Wozu es sie gibt"),
    ("/console/applications", "Applications", "Anwendungen"),
    ("/console/resources", "Resources", "Ressourcen"),
    ("/console/scopes", "Scopes", "Rechte"),
    ("/console/people", "People", "Personen"),
    ("/console/roles", "Roles", "Rollen"),
    ("/console/keys", "Keys", "Schlüssel"),
    ("/console/audit", "Audit", "Protokoll"),
    ("/console/settings", "Settings", "Einstellungen"),
    ("/console/limits", "Limits", "Grenzen"),
    ("/console/refusals", "Search everything", "Alles durchsuchen"),
    ("/console/search", "Say what to look for.", "Sagen Sie, was Sie suchen."),
];

#[test]
fn every_room_is_in_the_language_that_the_browser_prefers() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    for (path, english, _) in ROOMS {
        browser.get(path).expect_page(200, "<html lang=\"en\"").expect_text(english);
    }
    browser.headers.push(("Accept-Language", "de-AT,de;q=0.9,en;q=0.8".to_owned()));
    for (path, _, german) in ROOMS {
        browser.get(path).expect_page(200, "<html lang=\"de\"").expect_text(german);
    }
}

#[test]
fn the_switch_in_the_margin_leads_back_to_the_same_list_under_the_same_filter() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let page = browser.get("/console/machines?state=suspended&sort=name");
    let page = browser.submit_form(&page.form_to("/language"), &[("language", "de")]);
    assert_eq!(page.path, "/console/machines");
    // Without the filter there would be none yet.
    page.expect_page(200, "<html lang=\"de\"").expect_text("Keine Maschine passt.");
    // What a form comes to is said in it too, and what is not there.
    let page = browser.get("/console/machines/new");
    let page = browser.submit_form(&page.form_to("/console/machines/new"), &[("name", "")]);
    page.expect_page(422, "<html lang=\"de\"");
    browser.get("/console/nowhere").expect_page(404, "<html lang=\"de\"").expect_text("Danach suchen");
    let page = browser.get("/console");
    let page = browser.submit_form(&page.form_to("/language"), &[("language", "en")]);
    page.expect_page(200, "<html lang=\"en\"").expect_text("Overview");
}
