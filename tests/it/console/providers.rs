//! Identity providers in the console: added, changed, turned off; whom they mean.

use writ::store::Read;
use writ::store::tables::PROVIDERS;

use crate::world::World;

const ISSUER_THERE: &str = "https://login.northwind.example";

#[test]
fn a_provider_from_its_first_form_to_its_end() {
    let world = World::new();
    let (ada, grace) = (world.administrator("ada"), world.person("grace"));
    let mut browser = world.signed_in(&ada);
    browser.get("/console/settings").expect_text("/console/providers");
    browser.get("/console/providers").expect_page(200, "Nobody’s word is taken but your own");
    let page = browser.get("/console/providers/new");
    page.expect_text("said here once the provider is added").expect_no_text("/sign-in/provider/callback");
    let form = page.form_to("/console/providers/new");
    // What is wrong stands beside its field, and the secret does not come back.
    let wrong = [("issuer", "http://x"), ("name", "Northwind"), ("client_id", "writ"), ("secret", "of theirs")];
    let page = browser.submit_form(&form, &wrong);
    page.expect_page(422, "no https:// address").expect_text("value=\"Northwind\"").expect_no_text("of theirs");
    let page = browser.submit_form(&form, &[("issuer", ISSUER_THERE), ("name", "Northwind"), ("secret", "s")]);
    page.expect_page(422, "what this appliance is called at the provider");
    let fill = [("issuer", ISSUER_THERE), ("name", "Northwind"), ("client_id", "writ"), ("secret", "of theirs")];
    let page = browser.submit_form(&form, &fill);
    page.expect_page(200, "The provider is added").expect_text("email openid").expect_no_text("of theirs");
    let here = page.path.clone();
    // Its own address to come back to, where it is shown and where it is changed.
    let back = world.app.issuer.url(&here.replace("/console/providers", "/sign-in/provider/callback"));
    page.expect_text(&back);
    browser.get(&format!("{here}/change")).expect_text(&back);
    let again = browser.submit_form(&form, &fill);
    assert_eq!(again.path, here, "the same form once more adds nothing");
    browser.get("/console/providers").expect_page(200, "people sign in");
    world.browser().get("/sign-in").expect_page(200, "Northwind");

    // Changed: an empty secret stays, and what was seen has to be how it is.
    let secret = || {
        let rows = world.read(|view| view.page(&PROVIDERS, None, 2)).rows;
        rows[0].1.sign_in.as_ref().unwrap().secret.as_ref().map(|secret| secret.as_str().to_owned())
    };
    let kept = secret();
    assert!(kept.is_some());
    let form = browser.get(&format!("{here}/change")).form_to("/change");
    let page = browser.submit_form(&form, &[("name", "Northwind Login"), ("domains", "Example.com, example.org")]);
    page.expect_page(200, "The provider is changed").expect_text("a verified address at example.com, example.org");
    assert_eq!(secret(), kept);
    browser.submit_form(&form, &[("name", "Another")]).expect_page(422, "It was changed since you opened this page");
    let form = browser.get(&format!("{here}/change")).form_to("/change");
    browser.submit_form(&form, &[("public", "yes")]).expect_page(200, "none: a public client");
    assert_eq!(secret(), None);

    // Off and on.
    let page = browser.get(&here);
    let page = browser.submit_form(&page.form_to("/button"), &[]);
    page.expect_page(200, "Turned off. Nobody signs in with it").expect_text("It is turned off");
    world.browser().get("/sign-in").expect_no_text("Northwind");
    let page = browser.submit_form(&page.form_to("/button"), &[]);
    page.expect_page(200, "Its button is on the sign-in page");

    // Who is who.
    let links = page.form_to("/links");
    let page = browser.submit_form(&links, &[("email", "nobody@example.com"), ("subject", "00u1")]);
    page.expect_page(200, "Nothing was linked");
    let page = browser.submit_form(&links, &[("email", &grace.email), ("subject", "<b>00u1")]);
    page.expect_page(200, "Linked.").expect_text("&#60;b&#62;00u1").expect_text("grace");
    let page = browser.submit_form(&page.form_to("/links/end"), &[]);
    page.expect_page(200, "The link is removed").expect_text("Nobody is linked yet");
    browser.get("/console/audit?event=provider.subject_linked").expect_text("grace was linked to");

    // Assertions only, and then nothing.
    let form = browser.get(&format!("{here}/change")).form_to("/change");
    let page = browser.submit_form(&form, &[("name", ""), ("client_id", "")]);
    page.expect_page(200, "assertions only");
    let page = browser.submit_form(&page.form_to("/removal"), &[]);
    page.expect_page(200, "The provider and its links are removed");
    browser.get(&here).expect_status(404);
    for event in ["provider.trusted", "provider.changed", "provider.removed", "provider.subject_unlinked"] {
        world.expect_event(event);
    }
}
