//! Where a password is not enough: what is wanted besides is set up right after it, and nothing else opens before. Attack case 42.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use writ::base::Lifetime;
use writ::keys::needs_rehash;
use writ::model::{Event, Person};
use writ::operations::{own_passkeys, own_sign_in};
use writ::store::Read;
use writ::store::tables::{PASSKEYS, PEOPLE, SECOND_FACTORS};

use super::second_factor::{secret, shown};
use crate::world::{Browser, Device, PASSWORD, Page, Someone, World, at_once, claims};

const TICKETS: &str = "https://mcp.example/tickets";
const ASKED: &str = "One more thing is needed here";

fn world(of: &str) -> World {
    World::with(&[("public_url", "http://localhost:9000"), ("sign_in.second_factor", of)])
}

/// After a password that was right.
fn asked(world: &World, someone: &Someone) -> (Browser, Page) {
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    let page = browser.sign_in(&page, someone);
    page.expect_page(200, ASKED);
    (browser, page)
}

fn codes(world: &World, browser: &mut Browser, page: &Page) -> Page {
    let code = shown(&secret(page), world);
    browser.submit_form(&page.form_to("/sign-in/set-up/codes"), &[("code", &code)])
}

fn passkey(browser: &mut Browser, page: &Page, device: &mut Device) -> Page {
    let fields = device.create(page, "Telephone");
    browser.submit_filled(&page.form_to("/sign-in/set-up/passkey"), &fields)
}

fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/account").path == "/account"
}

#[test]
fn a_password_alone_opens_nothing_where_more_is_demanded() {
    let world = world("everybody");
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    let (mut browser, page) = asked(&world, &ada);
    assert!(page.header("set-cookie").is_none_or(|cookie| !cookie.contains("session")), "{:?}", page.headers);
    for path in ["/account", "/account/codes", "/account/passkeys", "/account/password", "/console", "/console/people"]
    {
        assert_eq!(browser.get(path).path, "/sign-in", "{path}");
    }
    let silent = mail.sends(&mut browser, &[("prompt", "none")]);
    assert_eq!(silent.expect_left().parameter("error").as_deref(), Some("login_required"));
    // A code that does not fit, an empty one, and another browser with this one's note.
    let form = page.form_to("/sign-in/set-up/codes");
    for code in ["000000", ""] {
        let again = browser.submit_form(&form, &[("code", code)]);
        again.expect_page(422, "That code does not fit");
        assert_eq!(secret(&again), secret(&page), "the app has this one");
    }
    let (mut other, own) = asked(&world, &ada);
    let code = shown(&secret(&page), &world);
    let stolen = [("half", form.value("half")), ("offer", form.value("offer")), ("code", code.as_str())];
    other.submit_form(&own.form_to("/sign-in/set-up/codes"), &stolen).expect_page(422, "please sign in once more");
    // A note that was kept.
    world.later(Lifetime::from_minutes(5));
    codes(&world, &mut browser, &page).expect_page(422, "please sign in once more");
    assert!(!is_signed_in(&mut browser));
    assert!(world.read(|view| view.page(&SECOND_FACTORS, None, 10)).rows.is_empty());
}

#[test]
fn codes_are_set_up_on_the_way_and_the_way_goes_on() {
    let world = world("everybody");
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    let mut browser = world.browser();
    let page = mail.sends(&mut browser, &[("scope", "openid mcp:read")]);
    let page = browser.sign_in(&page, &ada);
    page.expect_page(200, ASKED).expect_text("to continue to <strong class=\"name\">mail</strong>");
    let page = codes(&world, &mut browser, &page);
    page.expect_page(200, "Your recovery codes");
    let onward = page.body.split("is-wide\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let page = browser.get(onward);
    page.expect_page(200, "asks for your permission");
    let code = browser.submit(&page, &[("decision", "allow")]).expect_left().parameter("code").unwrap();
    let id_token = claims(mail.redeem(&world, &code).json()["id_token"].as_str().unwrap());
    assert_eq!(id_token["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
    for event in ["person.second_factor_added", "person.signed_in"] {
        world.expect_event(event);
    }
    // From now on the code is asked for, and nothing is set up.
    world.later(Lifetime::from_seconds(30));
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    browser.sign_in(&page, &ada).expect_page(200, "One more step");
}

#[test]
fn a_passkey_is_set_up_on_the_way_and_signs_in_alone_from_then_on() {
    let world = world("everybody");
    world.administrator("ada");
    let bob = world.person("bob");
    let (mut browser, page) = asked(&world, &bob);
    let mut device = Device::new("ES256");
    passkey(&mut browser, &page, &mut device).expect_page(200, "Connected applications");
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    let fields = device.get(&page);
    browser.submit_filled(&page.form("asked"), &fields).expect_page(200, "Connected applications");
    // The password is right, and sets nothing more up: whoever has learned it would.
    let mut thief = world.browser();
    let page = thief.get("/sign-in");
    thief.sign_in(&page, &bob).expect_page(403, "sign in with your passkey");
    assert!(!is_signed_in(&mut thief));
}

/// Of a note that was used, and of two at once.
#[test]
fn case_42_a_right_password_sets_one_thing_up() {
    let world = world("everybody");
    let ada = world.administrator("ada");
    let ways: Vec<_> = (0..4).map(|_| std::sync::Mutex::new(asked(&world, &ada))).collect();
    let done = at_once(4, |number| {
        let mut way = ways[number].lock().unwrap();
        let (browser, page) = &mut *way;
        let page = page.clone();
        match number % 2 {
            0 => codes(&world, browser, &page).status == 200,
            _ => passkey(browser, &page, &mut Device::new("EdDSA")).status == 200,
        }
    });
    assert_eq!(done.into_iter().filter(|done| *done).count(), 1);
    let rows = world
        .read(|view| Ok(view.page(&SECOND_FACTORS, None, 10)?.rows.len() + view.page(&PASSKEYS, None, 10)?.rows.len()));
    assert_eq!(rows, 1);
    // The note of a set-up is none of a code.
    let (mut browser, page) = ways.into_iter().next().unwrap().into_inner().unwrap();
    browser.cookies.remove("writ-session");
    let half = page.form_to("/sign-in/set-up/codes").value("half").to_owned();
    let csrf = browser.get("/sign-in").form("csrf").value("csrf").to_owned();
    browser.post("/sign-in/code", &[("csrf", &csrf), ("half", &half), ("code", "000000")]).expect_status(422);
    assert!(!is_signed_in(&mut browser));
}

#[test]
fn of_members_nothing_is_demanded_where_administrators_are_meant() {
    let world = world("administrators");
    let ada = world.administrator("ada");
    let bob = world.person("bob");
    assert!(is_signed_in(&mut world.signed_in(&bob)));
    asked(&world, &ada);
    // Who becomes one is asked at once: their session was begun with a password alone.
    let mut browser = world.signed_in(&bob);
    world.set_standing(&bob, writ::model::Standing::Administrator);
    assert_eq!(browser.get("/console").path, "/sign-in");
    let page = browser.get("/sign-in");
    browser.sign_in(&page, &bob).expect_page(200, ASKED);
}

/// The first administrator has no session before it either.
#[test]
fn the_first_administrator_sets_it_up_too() {
    let world = world("administrators");
    let link = world.setup_link();
    let mut browser = world.browser();
    let page = browser.get(&link);
    let fields = [("name", "Ada"), ("email", "ada@example.com"), ("password", crate::world::PASSWORD)];
    let page = browser.submit(&page, &fields);
    assert_eq!(page.path, "/sign-in");
    assert!(!is_signed_in(&mut browser));
    let page = browser.submit(&page, &[("email", "ada@example.com"), ("password", crate::world::PASSWORD)]);
    page.expect_page(200, ASKED);
    codes(&world, &mut browser, &page).expect_page(200, "Your recovery codes");
    browser.get("/console").expect_page(200, "Overview");
}

/// Whoever looks after the appliance takes it away: every session ends, and the next sign-in sets one up.
#[test]
fn after_a_reset_it_is_set_up_anew() {
    let world = world("everybody");
    let ada = world.administrator("ada");
    let bob = world.person("bob");
    let (mut browser, page) = asked(&world, &bob);
    codes(&world, &mut browser, &page).expect_page(200, "Your recovery codes");
    assert!(is_signed_in(&mut browser));
    assert_eq!(world.block(own_sign_in::reset(&world.app, &world.operator(), bob.id)).unwrap(), 1);
    assert!(!is_signed_in(&mut browser));
    let (mut browser, page) = asked(&world, &bob);
    passkey(&mut browser, &page, &mut Device::new("ES256")).expect_page(200, "Connected applications");
    let id = world.read(|view| view.page(&PASSKEYS, None, 10)).rows[0].0;
    assert_eq!(world.block(own_passkeys::remove_of(&world.app, &world.operator(), bob.id, id)).unwrap(), 1);
    asked(&world, &bob);
    asked(&world, &ada);
}

/// What an application holds of an administrator opens the API only while they have more than a password.
#[test]
fn the_api_asks_whether_its_administrator_has_set_something_up() {
    let world = world("administrators");
    let ada = world.administrator("ada");
    let (mut browser, page) = asked(&world, &ada);
    codes(&world, &mut browser, &page).expect_page(200, "Your recovery codes");
    let app = world.confidential("tool");
    world.edit_client(&app, |client| client.scope = Some("writ:admin writ:people:read".parse().unwrap()));
    let issuer = "http://localhost:9000";
    let page = app.sends(&mut browser, &[("scope", "writ:people:read"), ("resource", issuer)]);
    let code = browser
        .submit(&page, &[("decision", "allow"), ("scope", "writ:people:read")])
        .expect_left()
        .parameter("code")
        .unwrap();
    let tokens = app.redeem(&world, &code).tokens();
    let ask = || world.request("GET", "/api/v1/people").bearer(&tokens.access).send();
    ask().expect_status(200);
    world.change("lose the factor", move |tx| {
        let factor = tx.get(&SECOND_FACTORS, &ada.id)?.unwrap();
        tx.delete(&SECOND_FACTORS, &ada.id)?;
        tx.record(writ::model::Event::SecondFactorRemoved { person: ada.id, added_at: factor.added_at })
    });
    let refused = ask();
    refused.expect_status(403);
    assert!(refused.body.contains("second factor"), "{}", refused.body);
}

/// Gives somebody a hash of the same password from when it cost less.
fn age(world: &World, someone: &Someone) {
    let (id, salt, mut out) = (someone.id, b"somesaltsomesalt", [0; 32]);
    let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, Some(32)).unwrap());
    cheap.hash_password_into(PASSWORD.as_bytes(), salt, &mut out).unwrap();
    let (salt, out) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(out));
    let password = format!("$argon2id$v=19$m=64,t=1,p=1${salt}${out}");
    world.change("age a hash", move |tx| {
        let person = tx.get(&PEOPLE, &id)?.unwrap();
        tx.put(&PEOPLE, &id, &Person { password: password.clone(), ..person })?;
        tx.record(Event::PasswordSet { person: id, sessions: 0 })
    });
    assert!(is_old(world, someone));
}

fn is_old(world: &World, someone: &Someone) -> bool {
    needs_rehash(&world.read(|view| view.get(&PEOPLE, &someone.id)).unwrap().password)
}

/// Whatever is asked for besides the password, and the note that it was right is one of the new hash.
#[test]
fn an_old_hash_is_made_anew_whatever_else_is_asked_for() {
    let world = world("everybody");
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    // To be set up.
    age(&world, &ada);
    let (mut browser, page) = asked(&world, &ada);
    assert!(!is_old(&world, &ada));
    codes(&world, &mut browser, &page).expect_page(200, "Your recovery codes");
    // A code.
    age(&world, &ada);
    world.later(Lifetime::from_seconds(30));
    let secret = secret(&page);
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    let page = browser.sign_in(&page, &ada);
    page.expect_page(200, "One more step");
    assert!(!is_old(&world, &ada));
    browser.submit(&page, &[("code", &shown(&secret, &world))]).expect_page(200, "Connected applications");
    // A passkey.
    let (mut browser, page) = asked(&world, &bob);
    passkey(&mut browser, &page, &mut Device::new("ES256")).expect_page(200, "Connected applications");
    age(&world, &bob);
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    browser.sign_in(&page, &bob).expect_status(403);
    assert!(!is_old(&world, &bob));
}

/// What is said of a password that is not enough.
#[test]
fn whoever_takes_their_codes_away_is_not_told_that_the_password_is_enough() {
    let world = world("everybody");
    let ada = world.administrator("ada");
    let (mut browser, page) = asked(&world, &ada);
    codes(&world, &mut browser, &page).expect_page(200, "Your recovery codes");
    let page = browser.get("/account/codes");
    page.expect_no_text("Your password alone is enough then");
    let page = browser.submit_form(&page.form_to("/account/codes/end"), &[("end-password", PASSWORD)]);
    page.expect_page(200, "Turned off.").expect_no_text("From now on your password is enough");
    page.expect_text("your password is not enough here").expect_no_text("end the other sessions");
}
