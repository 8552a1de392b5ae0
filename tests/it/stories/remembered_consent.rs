//! What a remembered consent answers by itself, and what it does not. OpenID Connect Core §3.1.2.1. Attack cases 35, 41.

use serde_json::json;
use writ::base::{Digest, RedirectUri};
use writ::model::{AuthMethod, Client, ClientId, ClientState, Consent, Event};
use writ::operations::authorize::Step;
use writ::operations::consent::{Decision, Remember, decide};
use writ::operations::sign_in::recognize;
use writ::store::Read as _;
use writ::store::tables::{CLIENTS, CONSENTS};

use crate::world::{Browser, ClientApp, ISSUER, Page, Website, World};

const ASKS: &str = "asks for your permission";

/// An application that ada has allowed `mcp:read`, for good.
fn allowed(world: &World) -> (ClientApp, Browser) {
    let ada = world.administrator("ada");
    let mail = world.confidential("mail").at(&world.resource("https://mcp.example/a", "mcp:read mcp:write"));
    let mut browser = world.signed_in(&ada);
    mail.code(&mut browser);
    mail.sends(&mut browser, &[]).expect_left();
    (mail, browser)
}

/// Leaves of every consent no more than `scope`.
fn narrow_consents(world: &World, scope: &'static str) {
    world.change("narrow consents", move |tx| {
        for (id, consent) in tx.page(&CONSENTS, None, 10)?.rows {
            let consent = Consent { scope: scope.parse().unwrap(), ..consent };
            tx.put(&CONSENTS, &id, &consent)?;
            tx.record(Event::ConsentDenied { person: consent.person, client: consent.client_id })?;
        }
        Ok(())
    });
}

#[track_caller]
fn expect_error(page: &Page, error: &str) {
    let answer = page.expect_left();
    assert_eq!(answer.parameter("error").as_deref(), Some(error), "{}", answer.0);
    assert_eq!(answer.parameter("state").as_deref(), Some("state-1"));
    assert_eq!(answer.parameter("iss").as_deref(), Some(ISSUER));
    assert_eq!(answer.parameter("code"), None);
}

#[test]
fn case_41_anything_new_is_asked_about() {
    let world = World::new();
    let (mail, mut browser) = allowed(&world);
    world.resource("https://mcp.example/b", "mcp:read");

    for changes in [
        ("scope", "mcp:read mcp:write"),
        ("scope", "mcp:read openid"),
        ("resource", "https://mcp.example/b"),
        ("prompt", "consent"),
    ] {
        mail.sends(&mut browser, &[changes]).expect_page(200, ASKS);
        let silent = [changes, ("prompt", "none")];
        if changes.0 != "prompt" {
            expect_error(&mail.sends(&mut browser, &silent), "interaction_required");
        }
    }
    // Another application with the same name, and another person in the same browser.
    world
        .client("mail")
        .at(&world.resource("https://mcp.example/c", "mcp:read"))
        .sends(&mut browser, &[])
        .expect_page(200, ASKS);
    let bob = world.person("bob");
    mail.sends(&mut world.signed_in(&bob), &[]).expect_page(200, ASKS);

    // Less, or in another order, or from another port of this computer, is not new.
    world.edit_client(&mail, |_| {});
    mail.sends(&mut browser, &[("redirect_uri", "http://127.0.0.1:50123/callback")]).expect_left();
    assert!(mail.sends(&mut browser, &[("prompt", "none")]).expect_left().parameter("code").is_some());
}

#[test]
fn case_41_a_new_address_of_the_same_application_is_asked_about() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    world.edit_client(&mail, |client| {
        client.redirect_uris.push(RedirectUri::parse("http://127.0.0.1:7777/other").unwrap());
        client.redirect_uris.push(RedirectUri::parse("https://mail.example/cb").unwrap());
    });
    let mut browser = world.signed_in(&ada);
    mail.code(&mut browser);
    for new in ["http://127.0.0.1:7777/other", "https://mail.example/cb"] {
        expect_error(&mail.sends(&mut browser, &[("redirect_uri", new), ("prompt", "none")]), "interaction_required");
        let page = mail.sends(&mut browser, &[("redirect_uri", new)]);
        page.expect_page(200, ASKS);
        browser.submit(&page, &[("decision", "allow"), ("remember", "yes")]).expect_left();
        mail.sends(&mut browser, &[("redirect_uri", new)]).expect_left();
    }
}

#[test]
fn case_41_silence_is_never_broken_and_never_bought() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    expect_error(&mail.sends(&mut world.browser(), &[("prompt", "none")]), "login_required");

    let mut browser = world.signed_in(&ada);
    let events = world.events(100).len();
    expect_error(&mail.sends(&mut browser, &[("prompt", "none")]), "interaction_required");
    assert_eq!(world.events(100).len(), events, "a stranger's silent tries are not written down one by one");

    // Allowed once, without being remembered, is not enough for silence.
    let page = mail.sends(&mut browser, &[]);
    browser.submit(&page, &[("decision", "allow")]).expect_left();
    expect_error(&mail.sends(&mut browser, &[("prompt", "none")]), "interaction_required");
}

#[test]
fn case_35_a_registration_that_changed_is_asked_about_again() {
    let world = World::new();
    let (mail, mut browser) = allowed(&world);
    let changes: [fn(&mut writ::model::Client); 4] = [
        |client| client.name = "m\u{e4}il".to_owned(),
        |client| client.redirect_uris.push(RedirectUri::parse("https://new.example/cb").unwrap()),
        |client| client.jwks_uri = Some("https://new.example/jwks".to_owned()),
        |client| client.auth_method = AuthMethod::ClientSecretPost,
    ];
    for change in changes {
        world.edit_client(&mail, change);
        expect_error(&mail.sends(&mut browser, &[("prompt", "none")]), "interaction_required");
        let page = mail.sends(&mut browser, &[]);
        page.expect_page(200, ASKS).expect_no_text("It can already");
        browser.submit(&page, &[("decision", "allow"), ("remember", "yes"), ("scope", "mcp:read")]).expect_left();
        mail.sends(&mut browser, &[]).expect_left();
    }
}

#[test]
fn case_35_a_registration_that_changes_under_the_page_ends_the_authorization() {
    let world = World::new();
    let (mail, mut browser) = allowed(&world);
    let page = mail.sends(&mut browser, &[("prompt", "consent")]);
    world.edit_client(&mail, |client| client.name = "other".to_owned());
    browser.submit(&page, &[("decision", "allow")]).expect_page(400, "This request is over");

    let page = mail.sends(&mut browser, &[("prompt", "consent")]);
    world.edit_client(&mail, |client| client.state = ClientState::Suspended);
    let page = browser.submit(&page, &[("decision", "allow")]);
    assert!(page.left_for.as_ref().is_none_or(|to| to.parameter("code").is_none()), "{:?}", page.left_for);
}

/// What the page said was held already, and what stood on it, may both be over when the answer comes.
#[test]
fn case_41_a_page_does_not_give_again_what_was_taken_back_since() {
    let world = World::new();
    let (mail, mut browser) = allowed(&world);
    let wider = [("scope", "mcp:read mcp:write")];
    let allow = [("decision", "allow"), ("scope", "mcp:write")];

    let page = mail.sends(&mut browser, &wider);
    page.expect_page(200, ASKS).expect_text("It can already");
    let account = browser.get("/account");
    let form = account.forms().into_iter().find(|form| form.action.contains("/revocation")).unwrap();
    browser.submit_form(&form, &[]).expect_status(200);
    browser.submit(&page, &allow).expect_page(400, "This request is over");

    // Nor what has been narrowed.
    mail.code(&mut browser);
    let page = mail.sends(&mut browser, &wider);
    narrow_consents(&world, "mcp:write");
    browser.submit(&page, &allow).expect_page(400, "This request is over");
    // What is still held is still given.
    let page = mail.sends(&mut browser, &wider);
    browser.submit(&page, &[("decision", "allow"), ("scope", "mcp:read")]).expect_left();
}

#[test]
fn case_35_a_registration_that_changes_at_the_last_moment_ends_the_authorization() {
    let world = World::new();
    let (mail, mut browser) = allowed(&world);
    let page = mail.sends(&mut browser, &[("prompt", "consent")]);
    let ticket = page.form("decision").value("ticket").to_owned();
    let at = Digest::of(browser.cookies["writ-browser"].as_bytes());
    let signed_in = world.block(recognize(&world.app, world.now(), &browser.cookies["writ-session"])).unwrap().unwrap();
    let ClientId::Registered(id) = mail.id else { panic!("not registered here") };

    let ctx = world.operator();
    let decision = Decision::Allow { scope: "mcp:read".parse().unwrap(), remember: Remember::OnlyNow };
    let deciding = decide(&world.app, &ctx, &ticket, decision, at, &signed_in);
    let step = world.overtaken(deciding, move |tx| {
        let client = tx.get(&CLIENTS, &id)?.unwrap();
        let client = Client { redirect_uris: vec![RedirectUri::parse("https://evil.test/cb").unwrap()], ..client };
        tx.put(&CLIENTS, &id, &client)?;
        tx.record(Event::ClientUpdated { client: client.id, what: Vec::new() })
    });
    assert!(matches!(step, Ok(Step::Over)), "{step:?}");
}

#[test]
fn case_35_a_client_id_document_that_changed_is_asked_about_again() {
    let world = World::with_websites();
    let ada = world.administrator("ada");
    let website = Website::new("Cursor");
    let cursor = website.application().at(&world.resource("https://mcp.example/a", "mcp:read"));
    let mut browser = world.signed_in(&ada);

    let page = cursor.sends(&mut browser, &[]);
    page.expect_page(200, ASKS).expect_text("verified: comes from").expect_text("localhost");
    browser.submit(&page, &[("decision", "allow"), ("remember", "yes")]).expect_left();
    cursor.sends(&mut browser, &[]).expect_left();

    for changes in [
        vec![("client_name", json!("Cursor Pro"))],
        vec![("redirect_uris", json!([crate::world::CALLBACK, "https://evil.test/cb"]))],
        vec![
            ("token_endpoint_auth_method", json!("private_key_jwt")),
            ("jwks_uri", json!(website.url.replace("client.json", "keys.json"))),
        ],
        vec![("jwks_uri", json!(website.url.replace("client.json", "other.json")))],
    ] {
        for (member, value) in changes {
            website.set(member, value);
        }
        world.later(writ::base::Lifetime::from_hours(1));
        expect_error(&cursor.sends(&mut browser, &[("prompt", "none")]), "interaction_required");
        let page = cursor.sends(&mut browser, &[]);
        page.expect_page(200, ASKS).expect_no_text("It can already");
        browser.submit(&page, &[("decision", "allow"), ("remember", "yes")]).expect_left();
        cursor.sends(&mut browser, &[]).expect_left();
        world.expect_event("client.document_changed");
    }
    // One that names another client is none, and what was allowed does not help.
    website.set("client_id", json!("https://evil.test/client.json"));
    world.later(writ::base::Lifetime::from_hours(1));
    cursor.sends(&mut browser, &[]).expect_page(400, "cannot be recognized");
}
