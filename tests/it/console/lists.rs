//! Where a page shows the first few, it leads to all of them.

use writ::base::Id;
use writ::model::{Consent, Event};
use writ::store::Read as _;
use writ::store::tables::CONSENTS;

use crate::world::{ClientApp, Someone, World};

/// As if this person had allowed this application something at many resources.
fn many_grants(world: &World, ada: &Someone, app: &ClientApp, many: usize) {
    let mut browser = world.signed_in(ada);
    app.tokens(world, &mut browser);
    // Of one moment: which of two consents is the newer, chance says.
    let rows = world.read(|view| view.newest(&CONSENTS, None, 10)).rows;
    let of_app = |consent: &Consent| consent.client_id.to_string() == app.id.to_string();
    let model = rows.into_iter().map(|(_, consent)| consent).find(of_app).unwrap();
    let entropy = world.app.entropy.clone();
    world.change("many grants", move |tx| {
        for number in 0..many {
            let id = Id::<Consent>::new(tx.now(), &entropy)?;
            let resource = writ::base::Resource::parse(&format!("https://r{number}.example/")).unwrap();
            tx.put(&CONSENTS, &id, &Consent { id, resource: Some(resource), ..model.clone() })?;
        }
        tx.record(Event::CatalogueLoaded { scopes: 0 })
    });
}

#[test]
fn all_that_was_allowed_is_a_page_away() {
    let world = World::new();
    let ada = world.administrator("ada");
    let (busy, quiet) = (world.client("Busy"), world.client("Quiet"));
    quiet.tokens(&world, &mut world.signed_in(&ada));
    many_grants(&world, &ada, &busy, 70);
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&format!("/console/applications/{}", busy.id));
    let all = format!("/console/grants?client={}", busy.id);
    page.expect_text(&format!("{all}\"")).expect_text("See all who allowed it something");
    browser.get(&format!("/console/applications/{}", quiet.id)).expect_no_text("See all who allowed");
    browser.get(&format!("/console/people/{}", ada.id)).expect_text(&format!("/console/grants?person={}\"", ada.id));

    let (mut seen, mut at) = (0, all);
    loop {
        let page = browser.get(&at);
        page.expect_status(200).expect_no_text(">Quiet<");
        seen += page.body.matches("/revocation\"").count();
        let next = page.body.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        match next.map(|href| href.replace("&#38;", "&")).find(|href| href.contains("from=")) {
            Some(next) => at = next,
            None => break,
        }
    }
    assert_eq!(seen, 71);
    let both = browser.get(&format!("/console/grants?person={}&client={}", ada.id, quiet.id));
    both.expect_page(200, ">Quiet<").expect_no_text(">Busy<");
    let page = browser.submit_form(&both.form_to("/revocation"), &[]);
    page.expect_page(200, "Taken back");
    // Who cannot be is not here, instead of everybody; and nobody else may look.
    browser.get("/console/grants?client=%3Cscript%3E").expect_status(404).expect_no_text("<script>");
    browser.get("/console/grants?from=x").expect_page(200, ">Busy<");
    browser.get("/console/delegations?subject=x").expect_status(404);
    let eve = world.person("eve");
    world.signed_in(&eve).get("/console/grants").expect_status(403);
}

#[test]
fn machines_of_an_owner_are_a_page_away() {
    let world = World::new();
    let ada = world.administrator("ada");
    let grace = world.person("grace");
    for number in 0..25 {
        world.machine(&format!("robot-{number}"), &grace, "mcp:read");
    }
    world.machine("other", &ada, "mcp:read");
    let mut browser = world.signed_in(&ada);
    let all = format!("/console/machines?owner={}", grace.id);
    browser.get(&format!("/console/people/{}", grace.id)).expect_text(&format!("{all}\""));
    let page = browser.get(&all);
    page.expect_page(200, "robot-24")
        .expect_text("robot-0<")
        .expect_no_text(">other<")
        .expect_text("selected>grace</option>");
    browser.get("/console/delegations").expect_page(200, "Nobody acts for anybody");
    browser.get(&format!("/console/delegations?subject={}", grace.id)).expect_page(200, "Nobody acts for anybody");
}
