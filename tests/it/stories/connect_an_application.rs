//! Somebody connects an application, gives it a part of what it asks for, gives more later, and takes it all back.

use std::collections::BTreeSet;

use writ::base::{Id, Lifetime};
use writ::model::{ClientId, Consent, Event, Family};
use writ::store::Read as _;
use writ::store::tables::{CONSENTS, FAMILIES};

use crate::world::{ISSUER, VERIFIER, World};

const TICKETS: &str = "https://mcp.example/tickets";

#[test]
fn somebody_signs_in_and_allows_a_part() {
    let world = World::new();
    let ada = world.administrator("ada");
    let builder = world.confidential("Report builder").at(&world.resource(TICKETS, "mcp:read mcp:write mcp:admin"));
    let mut browser = world.browser();

    // The application sends the browser here; the page says who started it.
    let page = builder.sends(&mut browser, &[("scope", "mcp:read mcp:write mcp:admin")]);
    page.expect_page(200, "to continue to").expect_text("Report builder");

    // After signing in: who asks, for what, on which account, and where the answer goes. Nothing risky is ticked.
    let page = browser.sign_in(&page, &ada);
    page.expect_page(200, "asks for your permission").expect_text("Look things up and read data");
    page.expect_text("ada@example.com").expect_text(TICKETS).expect_text("this computer");
    let form = page.form("decision");
    assert_eq!(form.boxes(), [("mcp:read", true), ("mcp:admin", false), ("mcp:write", false)]);

    // Allow, as it stands: the application gets that part and is told so.
    let page = browser.submit_form(&form, &[("decision", "allow")]);
    let answer = page.expect_left();
    assert!(answer.0.starts_with(&format!("{}?", builder.redirect_uri)), "{}", answer.0);
    assert_eq!(answer.parameter("state").as_deref(), Some("state-1"));
    assert_eq!(answer.parameter("iss").as_deref(), Some(ISSUER));
    let tokens = builder.redeem(&world, &answer.parameter("code").unwrap()).tokens();
    assert_eq!(tokens.scope, "mcp:read");
    assert_eq!(tokens.claims()["sub"], ada.id.to_string());
    world.expect_event("consent.given");
}

#[test]
fn an_appliance_below_a_path_works_the_same() {
    let issuer = format!("{ISSUER}/id");
    let world = World::with(&[("public_url", &issuer)]);
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    let mut browser = world.browser();
    let page = browser.get(&format!("/id{}", mail.authorize_path(&[])));
    let page = browser.sign_in(&page, &ada);
    page.expect_page(200, "asks for your permission");
    let page = browser.submit(&page, &[("decision", "allow")]);
    assert_eq!(page.expect_left().parameter("iss"), Some(issuer));
    let page = browser.get("/id/account");
    page.expect_page(200, "ada@example.com");
    for link in page.body.split('"').filter(|text| text.starts_with('/') && text.len() > 2) {
        assert!(link.starts_with("/id/"), "{link} leads out of here");
    }
    assert_eq!(browser.submit_form(&page.form_to("/sign-out"), &[]).path, "/id/signed-out");
    assert_eq!(browser.get("/account").status, 404, "nothing of it is at the origin itself");
    // But what clients of the 2025-03-26 revision look for there.
    let query = mail.authorize_path(&[]).split_once('?').unwrap().1.to_owned();
    let page = browser.get(&format!("/authorize?{query}"));
    let page = browser.sign_in(&page, &ada);
    let code = browser.submit(&page, &[("decision", "allow")]).expect_left().parameter("code").unwrap();
    let id = mail.id.to_string();
    let fields =
        [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", VERIFIER), ("client_id", &id)];
    world.request("POST", "/token").form(&fields).send().tokens();
    let metadata = serde_json::json!({ "redirect_uris": ["https://app.example/cb"] });
    world.request("POST", "/register").json(&metadata).send().expect_status(201);
    world.request("GET", "/token").send().expect_refused(405, "invalid_request");
}

#[test]
fn what_was_allowed_and_remembered_is_not_asked_again() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read mcp:write"));
    let mut browser = world.signed_in(&ada);

    let page = mail.sends(&mut browser, &[]);
    browser.submit(&page, &[("decision", "allow"), ("remember", "yes")]).expect_left();
    let again = mail.sends(&mut browser, &[("state", "state-2")]);
    assert_eq!(again.expect_left().parameter("state").as_deref(), Some("state-2"));
    assert!(again.expect_left().parameter("code").is_some());
}

/// Otherwise the page would offer nothing, and Allow would give what it does not show.
#[test]
fn what_was_allowed_only_once_is_asked_again_in_full() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read mcp:tools"));
    let mut browser = world.signed_in(&ada);
    let both = [("scope", "mcp:read mcp:tools offline_access")];

    let page = mail.sends(&mut browser, &both);
    let form = page.form("decision");
    assert!(
        form.fields.iter().any(|field| field.name == "remember" && !field.checked),
        "a program here is not assured"
    );
    browser.submit_form(&form, &[("decision", "allow")]).expect_left();

    let page = mail.sends(&mut browser, &both);
    page.expect_page(200, "Look things up and read data").expect_no_text("Nothing in particular");
    assert_eq!(page.form("decision").boxes(), [("mcp:read", true), ("mcp:tools", true)]);

    // This time less, and from now on without being asked: the rest is not held any more.
    let page = browser.submit(&page, &[("decision", "allow"), ("scope", "mcp:read"), ("remember", "yes")]);
    let code = page.expect_left().parameter("code").unwrap();
    assert_eq!(mail.redeem(&world, &code).tokens().scope, "mcp:read offline_access");
    let page = mail.sends(&mut browser, &both);
    assert_eq!(page.form("decision").boxes(), [("mcp:tools", true)]);
    mail.sends(&mut browser, &[("scope", "mcp:read")]).expect_left();
}

#[test]
fn an_application_that_wants_more_asks_only_for_what_is_new() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.confidential("mail").at(&world.resource(TICKETS, "mcp:read mcp:write"));
    let mut browser = world.signed_in(&ada);
    mail.tokens(&world, &mut browser);

    let page = mail.sends(&mut browser, &[("scope", "mcp:read mcp:write")]);
    page.expect_page(200, "It will also be able to").expect_text("It can already");
    let form = page.form("decision");
    assert_eq!(form.boxes(), [("mcp:write", false)]);
    let page = browser.submit_form(&form, &[("decision", "allow"), ("scope", "mcp:write"), ("remember", "yes")]);
    let code = page.expect_left().parameter("code").unwrap();
    let tokens = mail.redeem(&world, &code).tokens();
    assert_eq!(tokens.scope, "mcp:read mcp:write", "the new token holds old and new");

    mail.sends(&mut browser, &[("scope", "mcp:read mcp:write")]).expect_left();
}

#[test]
fn deny_tells_the_application_and_gives_it_nothing() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    let mut browser = world.signed_in(&ada);

    let page = mail.sends(&mut browser, &[]);
    let page = browser.submit(&page, &[("decision", "deny")]);
    let answer = page.expect_left();
    assert_eq!(answer.parameter("error").as_deref(), Some("access_denied"));
    assert_eq!(answer.parameter("state").as_deref(), Some("state-1"));
    assert_eq!(answer.parameter("iss").as_deref(), Some(ISSUER));
    assert_eq!(answer.parameter("code"), None);
    world.expect_event("consent.denied");

    mail.sends(&mut browser, &[]).expect_page(200, "asks for your permission");
    browser.get("/account").expect_page(200, "Nothing is connected");
}

#[test]
fn allow_with_nothing_ticked_shows_the_page_again() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read mcp:write"));
    let mut browser = world.signed_in(&ada);

    let mut page = mail.sends(&mut browser, &[("scope", "mcp:read mcp:write offline_access")]);
    for _ in 0..2 {
        page = browser.submit(&page, &[("decision", "allow"), ("scope", "")]);
        page.expect_page(422, "Tick at least one thing to allow, or deny.");
        assert_eq!(page.form("decision").boxes(), [("mcp:read", false), ("mcp:write", false)], "as it was left");
    }
    // What was not on the page cannot be ticked either.
    page = browser.submit(&page, &[("decision", "allow"), ("scope", "mcp:admin")]);
    page.expect_page(422, "Tick at least one thing to allow, or deny.");

    let page = browser.submit(&page, &[("decision", "allow"), ("scope", "mcp:write")]);
    let code = page.expect_left().parameter("code").unwrap();
    assert_eq!(mail.redeem(&world, &code).tokens().scope, "mcp:write offline_access");
}

/// Whatever somebody allowed, however much it is and however long ago, they can see it, and when it was used last.
#[test]
fn every_connected_application_can_be_seen() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.confidential("Mail reader").at(&world.resource(TICKETS, "mcp:read"));
    let mut browser = world.signed_in(&ada);
    let first = mail.tokens(&world, &mut browser).refresh.unwrap();
    let consent = world.read(|view| view.page(&CONSENTS, None, 2)).rows.pop().unwrap().1;
    let family = world.read(|view| view.page(&FAMILIES, None, 2)).rows.pop().unwrap().1;
    world.later(Lifetime::from_hours(3));
    // Three pages of applications, the first of which has many lines of tokens.
    let (entropy, before) = (world.app.entropy.clone(), family.last_used_at);
    world.change("add consents", move |tx| {
        for number in 1..=119 {
            let id = Id::<Consent>::new(tx.now().plus(Lifetime::from_seconds(number)), &entropy)?;
            let (client_id, client_name) =
                (ClientId::Document(format!("https://{number}.example/c")), format!("No {number}."));
            tx.put(&CONSENTS, &id, &Consent { id, client_id, client_name, ..consent.clone() })?;
            let id = Id::<Family>::new(tx.now(), &entropy)?;
            tx.put(
                &FAMILIES,
                &id,
                &Family { id, last_used_at: if number > 110 { tx.now() } else { before }, ..family.clone() },
            )?;
        }
        tx.record(Event::CatalogueLoaded { scopes: 0 })
    });
    let is_of_one = |action: &str| action.ends_with("/revocation") && action != "/account/applications/revocation";
    let mut seen = Vec::new();
    let mut page = browser.get("/account");
    page.expect_text("No 119.").expect_text("No 70.").expect_no_text("No 69.").expect_no_text("Mail reader");
    loop {
        seen.extend(page.forms().into_iter().map(|form| form.action).filter(|action| is_of_one(action)));
        let Some((_, rest)) = page.body.split_once("href=\"/account?before=") else { break };
        page = browser.get(&format!("/account?before={}", rest.split('"').next().unwrap()));
    }
    assert_eq!(seen.len(), 120);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 120, "none twice");
    // The newest line was used now; nobody looked at the oldest.
    page.expect_text("Mail reader").expect_text("Last used <time").expect_text("just now");
    browser.get("/account?before=x").expect_text("No 119.");
    mail.refresh(&world, &first).tokens();
}

#[test]
fn revoking_on_the_account_page_ends_everything_at_once() {
    let world = World::new();
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let mail = world.confidential("Mail reader").at(&world.resource(TICKETS, "mcp:read"));
    let mut browser = world.signed_in(&ada);
    let mut bobs = world.signed_in(&bob);
    let tokens = mail.tokens(&world, &mut browser);
    let his = mail.tokens(&world, &mut bobs);

    let page = browser.get("/account");
    page.expect_page(200, "Mail reader").expect_text("Look things up and read data").expect_text(TICKETS);
    let form = page.form_to("/revocation");

    // Somebody else's is not his to revoke, whatever address he knows.
    let his_page = bobs.get("/account");
    let csrf = his_page.form("csrf").value("csrf").to_owned();
    bobs.post(&form.action, &[("csrf", &csrf)]).expect_page(200, "That access was already revoked.");
    assert_eq!(mail.introspect(&world, &tokens.access)["active"], true);

    browser.submit_form(&form, &[]).expect_page(200, "Access revoked.").expect_text("Nothing is connected");
    assert_eq!(mail.introspect(&world, &tokens.access)["active"], false);
    mail.refresh(&world, &tokens.refresh.unwrap()).expect_refused(400, "invalid_grant");
    world.expect_event("consent.revoked");

    assert_eq!(mail.introspect(&world, &his.access)["active"], true, "another person's stays");
    mail.refresh(&world, &his.refresh.unwrap()).tokens();
    browser.submit_form(&form, &[]).expect_page(200, "That access was already revoked.");
    mail.sends(&mut browser, &[]).expect_page(200, "asks for your permission");
}
