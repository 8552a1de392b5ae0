//! Passkeys, and what is tried against them. WebAuthn §7.1 and §7.2, attack cases 42, 49 and 55.

use writ::base::{Id, Lifetime};
use writ::model::{Event, Passkey, PublicJwk};
use writ::operations::own_passkeys;
use writ::store::Read;
use writ::store::tables::{PASSKEY_CHALLENGES, PASSKEYS};

use crate::world::{Browser, Device, PASSWORD, PRESENT, Page, Someone, VERIFIED, World, at_once, claims};

const TICKETS: &str = "https://mcp.example/tickets";
const ADDRESS: &str = "http://localhost:9000";

fn world() -> World {
    World::with(&[("public_url", ADDRESS)])
}

/// Somebody who has just signed in adds what a device makes.
fn add(browser: &mut Browser, device: &mut Device, name: &str) -> Page {
    let page = browser.get("/account/passkeys");
    let fields = device.create(&page, name);
    browser.submit_filled(&page.form("made"), &fields)
}

/// A browser in which somebody is signed in who has added a passkey.
pub fn with_passkey(world: &World, someone: &Someone, device: &mut Device, name: &str) -> Browser {
    let mut browser = world.signed_in(someone);
    add(&mut browser, device, name).expect_status(200);
    browser
}

/// One that was put into the file: nobody has the device.
pub fn planted(world: &World, someone: &Someone, name: &'static str) {
    let (id, person) = (Id::<Passkey>::new(world.now(), &world.app.entropy).unwrap(), someone.id);
    let (key, created_at) = (PublicJwk::OKP { crv: "Ed25519".to_owned(), x: "AA".to_owned() }, world.now());
    let (name, credential) = (name.to_owned(), id.to_string());
    let (sign_count, backed_up, last_used_at) = (0, false, None);
    let row = Passkey { id, person, name, credential, key, sign_count, backed_up, created_at, last_used_at };
    world.change("plant a passkey", move |tx| {
        tx.put(&PASSKEYS, &id, &row)?;
        tx.record(Event::PasskeyAdded { person, passkey: id, name: row.name.clone() })
    });
}

fn enrolled(world: &World, someone: &Someone, alg: &str) -> Device {
    let (mut browser, mut device) = (world.signed_in(someone), Device::new(alg));
    add(&mut browser, &mut device, "Telephone").expect_page(200, "From now on you can sign in with it");
    device
}

/// On a sign-in page.
fn sign_in(browser: &mut Browser, page: &Page, device: &mut Device) -> Page {
    let fields = device.get(page);
    browser.submit_filled(&page.form("asked"), &fields)
}

fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/account").path == "/account"
}

fn passkeys(world: &World) -> Vec<Passkey> {
    world.read(|view| view.page(&PASSKEYS, None, 100)).rows.into_iter().map(|(_, passkey)| passkey).collect()
}

#[test]
fn a_passkey_signs_in_alone_and_the_tokens_say_so() {
    let world = world();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    for alg in ["ES256", "EdDSA", "RS256"] {
        let mut device = enrolled(&world, &ada, alg);
        let mut browser = world.browser();
        let page = mail.sends(&mut browser, &[("scope", "openid mcp:read"), ("prompt", "consent")]);
        page.expect_page(200, "Sign in with a passkey").expect_text("to continue to");
        let page = sign_in(&mut browser, &page, &mut device);
        page.expect_page(200, "asks for your permission");
        let page = browser.submit(&page, &[("decision", "allow")]);
        let code = page.expect_left().parameter("code").unwrap();
        let id_token = claims(mail.redeem(&world, &code).json()["id_token"].as_str().unwrap());
        assert_eq!(id_token["amr"], serde_json::json!(["pop", "user", "mfa"]), "{alg}");
        assert_eq!(id_token["acr"], "http://schemas.openid.net/pape/policies/2007/06/phishing-resistant");
        assert_eq!(id_token["sub"], ada.id.to_string());
    }
    for event in ["person.passkey_added", "person.passkey_used", "person.signed_in"] {
        world.expect_event(event);
    }
    let page = world.signed_in(&ada).get("/account/passkeys");
    page.expect_page(200, "Telephone").expect_text("Last used").expect_text("on one device only");
    world.signed_in(&ada).get("/account").expect_page(200, "3 passkeys");
    world
        .signed_in(&ada)
        .get("/account/activity")
        .expect_page(200, "Passkey <strong class=\"name\">Telephone</strong> was added");
}

/// A second factor is for passwords: a passkey has one in itself.
#[test]
fn where_codes_are_set_up_a_passkey_needs_none() {
    let world = world();
    let ada = world.administrator("ada");
    let mut device = enrolled(&world, &ada, "ES256");
    super::second_factor::set_up(&world, &ada);
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    sign_in(&mut browser, &page, &mut device).expect_page(200, "Connected applications");
}

#[test]
fn a_passkey_is_added_with_the_password_or_right_after_signing_in() {
    let world = world();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    browser.get("/account/passkeys").expect_page(200, "data-passkey=\"create\"");
    world.later(Lifetime::from_minutes(5));
    let page = browser.get("/account/passkeys");
    page.expect_page(200, "Enter your password first").expect_no_text("data-passkey=\"create\"");
    browser.submit(&page, &[("add-password", "wrong password")]).expect_page(422, "not your current password");
    let page = browser.submit(&page, &[("add-password", PASSWORD)]);
    page.expect_page(200, "data-passkey=\"create\"");
    let mut device = Device::new("ES256");
    let fields = device.create(&page, "Work laptop");
    let form = page.form("made");
    // Not in another session, though it is the same person's.
    let mut other = world.signed_in(&ada);
    let own = other.get("/account/passkeys").form("made");
    let mut moved = fields.clone();
    moved.push(("made", form.value("made").to_owned()));
    other.submit_filled(&own, &moved).expect_page(409, "something else was quicker");
    assert!(passkeys(&world).is_empty());
    browser.submit_filled(&form, &fields).expect_page(200, "From now on you can sign in with it");
    // The challenge was answered, and the passkey is here.
    browser.submit_filled(&form, &fields).expect_status(409);
    assert_eq!(passkeys(&world).len(), 1);
    // A challenge that was kept is over.
    let page = browser.get("/account/passkeys");
    let page = browser.submit(&page, &[("add-password", PASSWORD)]);
    let fields = Device::new("ES256").create(&page, "Later");
    world.later(Lifetime::from_minutes(10));
    browser.submit_filled(&page.form("made"), &fields).expect_page(409, "something else was quicker");
    assert_eq!(passkeys(&world).len(), 1);
}

/// The password was typed for the question, and is not asked for again because of a name; nor is there more time.
#[test]
fn a_name_that_is_none_is_asked_for_again() {
    let world = world();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    world.later(Lifetime::from_minutes(5));
    let page = browser.get("/account/passkeys");
    let mut page = browser.submit(&page, &[("add-password", PASSWORD)]);
    let mut device = Device::new("ES256");
    for _ in 0..2 {
        let fields = device.create(&page, " ");
        page = browser.submit_filled(&page.form("made"), &fields);
        page.expect_page(422, "Give it a name").expect_text("data-passkey=\"create\"");
        page.expect_no_text("Enter your password first");
    }
    let late = page.clone();
    let fields = device.create(&page, "Laptop");
    browser.submit_filled(&page.form("made"), &fields).expect_page(200, "From now on you can sign in with it");
    let fields = Device::new("ES256").create(&late, " ");
    world.later(Lifetime::from_minutes(9));
    let page = browser.submit_filled(&late.form("made"), &fields);
    page.expect_page(422, "Give it a name");
    world.later(Lifetime::from_minutes(1));
    let fields = Device::new("ES256").create(&page, "Telephone");
    browser.submit_filled(&page.form("made"), &fields).expect_page(409, "something else was quicker");
}

#[test]
fn a_passkey_is_removed_by_its_owner_and_signs_in_no_more() {
    let world = world();
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let mut device = enrolled(&world, &ada, "EdDSA");
    let id = passkeys(&world)[0].id;
    // Somebody else cannot, nor can a browser that was left open.
    let mut other = world.signed_in(&bob);
    let csrf = other.get("/account").form("csrf").value("csrf").to_owned();
    other.post(&format!("/account/passkeys/{id}/end"), &[("csrf", &csrf)]).expect_status(409);
    let mut browser = world.signed_in(&ada);
    world.later(Lifetime::from_minutes(5));
    let page = browser.get("/account/passkeys");
    let form = page.form_to(&format!("{id}/end"));
    browser.submit_form(&form, &[]).expect_page(422, "not your current password");
    assert_eq!(passkeys(&world).len(), 1);
    page.expect_text("stays signed in: end such sessions in your account");
    let page = browser.submit_form(&form, &[(&format!("password-{id}"), PASSWORD)]);
    page.expect_page(200, "Nobody signs in with it").expect_text("end your other sessions in your account");
    world.expect_event("person.passkey_removed");
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    sign_in(&mut browser, &page, &mut device).expect_page(422, "That passkey was not accepted");
    assert!(!is_signed_in(&mut browser));
}

#[test]
fn a_device_is_added_once_and_a_person_has_so_many() {
    let world = world();
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let mut device = enrolled(&world, &ada, "ES256");
    let mut browser = world.signed_in(&ada);
    let page = browser.get("/account/passkeys");
    page.expect_text(&format!("data-exclude=\"{}\"", passkeys(&world)[0].credential));
    add(&mut browser, &mut device, "Again").expect_page(422, "is here already");
    // Nor is it somebody else's as well.
    add(&mut world.signed_in(&bob), &mut device, "Mine").expect_page(422, "is here already");
    let mut unnamed = Device::new("EdDSA");
    add(&mut browser, &mut unnamed, " ").expect_page(422, "Give it a name");
    for number in 1..Passkey::MOST {
        add(&mut browser, &mut Device::new("EdDSA"), &format!("No. {number}")).expect_status(200);
    }
    browser.get("/account/passkeys").expect_page(200, "as many passkeys as one person can have");
    assert_eq!(passkeys(&world).len(), Passkey::MOST);
}

/// Web Authentication knows no addresses of numbers, and no plain http but on this computer.
#[test]
fn where_no_browser_has_passkeys_for_us_none_are_offered() {
    for address in ["http://127.0.0.1:9000", "http://id.example.com"] {
        let world = World::with(&[("public_url", address), ("trusted_proxies", "127.0.0.1")]);
        let ada = world.administrator("ada");
        world.browser().get("/sign-in").expect_page(200, "Continue").expect_no_text("passkey");
        world.signed_in(&ada).get("/account/passkeys").expect_page(200, "Passkeys belong to a name");
    }
}

/// What a device may say and what it must not: each time one thing is different.
#[test]
fn case_55_a_passkey_for_another_page_or_another_person_is_refused() {
    let world = World::with(&[("public_url", "https://example.com"), ("trusted_proxies", "127.0.0.1")]);
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let at_home = |mut device: Device| {
        device.origin = "https://example.com".to_owned();
        device.rp_id = "example.com".to_owned();
        device
    };
    let enroll = |someone: &Someone| {
        let mut device = at_home(Device::new("ES256"));
        device.count = 10;
        add(&mut world.signed_in(someone), &mut device, "Key").expect_status(200);
        device
    };
    let (mut device, theirs) = (enroll(&ada), enroll(&bob));
    let mut tried = |change: &dyn Fn(&mut Device), expected: u16| {
        let mut browser = world.browser();
        let page = browser.get("/sign-in");
        let before =
            (device.origin.clone(), device.rp_id.clone(), device.flags, device.user_handle.clone(), device.id.clone());
        change(&mut device);
        let page = sign_in(&mut browser, &page, &mut device);
        page.expect_status(expected);
        assert_eq!(is_signed_in(&mut browser), expected == 200, "{}", page.body);
        (device.origin, device.rp_id, device.flags, device.user_handle, device.id) = before;
        device.besides.clear();
    };
    tried(&|_| {}, 200);
    for origin in [
        "https://badexample.com",
        "https://example.com.evil.test",
        "https://sub.example.com",
        "http://example.com",
        "https://example.com:8443",
        "https://EXAMPLE.com",
        "null",
        "",
    ] {
        tried(&|device| device.origin = origin.to_owned(), 422);
    }
    for name in ["badexample.com", "sub.example.com", "com", "EXAMPLE.COM", ""] {
        tried(&|device| device.rp_id = name.to_owned(), 422);
    }
    tried(&|device| device.flags = PRESENT, 422);
    tried(&|device| device.flags = VERIFIED, 422);
    // "Backed up" of a key that may not be.
    tried(&|device| device.flags = PRESENT | VERIFIED | 16, 422);
    tried(&|device| device.besides = r#","crossOrigin":true"#.to_owned(), 422);
    tried(&|device| device.besides = r#","topOrigin":"https://evil.test""#.to_owned(), 422);
    tried(&|device| device.besides = r#","origin":"https://example.com""#.to_owned(), 422);
    // Bob's name on Ada's key, and Ada's key under the name of Bob's.
    tried(&|device| device.user_handle.clone_from(&theirs.user_handle), 422);
    tried(&|device| device.user_handle.clear(), 422);
    tried(&|device| device.id.clone_from(&theirs.id), 422);
    tried(&|device| device.id = b"unknown".to_vec(), 422);
    tried(&|_| {}, 200);
    world.expect_event("person.sign_in_refused");
}

#[test]
fn case_55_a_copy_is_found_out_by_its_counter() {
    let world = world();
    let ada = world.administrator("ada");
    let mut device = Device::new("ES256");
    device.count = 5;
    add(&mut world.signed_in(&ada), &mut device, "Stick").expect_status(200);
    let mut used = |count: u32, expected: u16| {
        let mut browser = world.browser();
        let page = browser.get("/sign-in");
        // It counts before it signs.
        device.count = count - 1;
        sign_in(&mut browser, &page, &mut device).expect_status(expected);
        assert_eq!(is_signed_in(&mut browser), expected == 200);
    };
    used(6, 200);
    used(20, 200);
    // The copy was made after the sixth.
    used(7, 422);
    used(20, 422);
    used(21, 200);
    world.expect_event("person.passkey_counter_back");
    assert_eq!(passkeys(&world)[0].sign_count, 21);
    world.signed_in(&ada).get("/account/activity").expect_page(200, "there may be a copy of it");
    // One that has counted cannot begin not to.
    device.count = 0;
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    sign_in(&mut browser, &page, &mut device).expect_status(422);
}

#[test]
fn case_55_a_new_passkey_for_another_page_is_not_taken() {
    let world = world();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let mut tried = |change: &dyn Fn(&mut Device)| {
        let mut device = Device::new("ES256");
        change(&mut device);
        add(&mut browser, &mut device, "Key").expect_page(422, "That passkey was not taken");
    };
    tried(&|device| device.origin = "http://localhost".to_owned());
    tried(&|device| device.origin = "http://badlocalhost:9000".to_owned());
    tried(&|device| device.rp_id = "badlocalhost".to_owned());
    tried(&|device| device.flags = PRESENT);
    tried(&|device| device.flags = VERIFIED);
    tried(&|device| device.besides = r#","crossOrigin":true"#.to_owned());
    tried(&|device| device.id = vec![7; 1_024]);
    tried(&|device| device.id = Vec::new());
    assert!(passkeys(&world).is_empty());
}

/// A challenge is answered once, in the browser that was asked, and not much later.
#[test]
fn case_42_an_answer_is_good_once_here_and_now() {
    let world = world();
    let ada = world.administrator("ada");
    let mut device = enrolled(&world, &ada, "ES256");
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    let fields = device.get(&page);
    // Somebody has read it on its way, and sends it from elsewhere: with the page's note, and with one of their own.
    let mut thief = world.browser();
    let own = thief.get("/sign-in").form("asked");
    let mut stolen = fields.clone();
    thief.submit_filled(&own, &stolen).expect_page(422, "That passkey was not accepted");
    stolen.push(("asked", page.form("asked").value("asked").to_owned()));
    thief.submit_filled(&own, &stolen).expect_page(422, "please sign in once more");
    assert!(!is_signed_in(&mut thief));
    let form = page.form("asked");
    let again = browser.submit_filled(&form, &fields);
    again.expect_page(200, "Connected applications");
    // The same once more, in the same browser, when its owner has gone.
    let page = browser.get("/account");
    browser.submit_form(&page.form_to("/sign-out"), &[]);
    let csrf = browser.get("/sign-in").form("csrf").value("csrf").to_owned();
    let mut replayed = fields;
    replayed.extend([("csrf", csrf), ("asked", form.value("asked").to_owned())]);
    browser.submit_filled(&form, &replayed).expect_page(422, "please sign in once more");
    assert!(!is_signed_in(&mut browser));
    // A page that stood open for too long.
    let page = browser.get("/sign-in");
    world.later(Lifetime::from_minutes(10));
    sign_in(&mut browser, &page, &mut device).expect_page(422, "please sign in once more");
    assert!(!is_signed_in(&mut browser));
    // An answer to the other question is none to this one.
    let mut owner = world.signed_in(&ada);
    let page = owner.get("/account/passkeys");
    let created = Device::new("ES256").create(&page, "x");
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    let mut mixed = device.get(&page);
    mixed.retain(|(name, _)| *name != "client_data");
    mixed.push(created[0].clone());
    browser.submit_filled(&page.form("asked"), &mixed).expect_page(422, "That passkey was not accepted");
}

#[test]
fn of_many_with_the_same_answer_at_once_one_signs_in() {
    let world = world();
    let ada = world.administrator("ada");
    let mut device = enrolled(&world, &ada, "ES256");
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    let fields = device.get(&page);
    let cookies = browser.cookies.clone();
    let signed_in = at_once(4, |_| {
        let mut browser = world.browser();
        browser.cookies.clone_from(&cookies);
        browser.submit_filled(&page.form("asked"), &fields).path == "/account"
    });
    assert_eq!(signed_in.into_iter().filter(|done| *done).count(), 1);
    assert_eq!(
        world.read(|view| view.page(&PASSKEY_CHALLENGES, None, 10)).rows.len(),
        2,
        "one to add it, one to use it"
    );
}

#[test]
fn case_43_a_passkey_makes_a_session_of_its_own_and_ends_the_one_before() {
    let world = world();
    let ada = world.administrator("ada");
    let mut device = enrolled(&world, &ada, "ES256");
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    let mut browser = world.signed_in(&ada);
    let before = browser.cookies["writ-session"].clone();
    world.later(Lifetime::from_seconds(5));
    let page = mail.sends(&mut browser, &[("prompt", "login")]);
    page.expect_page(200, "Confirm it’s you");
    sign_in(&mut browser, &page, &mut device).expect_page(200, "asks for your permission");
    assert_ne!(browser.cookies["writ-session"], before);
    browser.cookies.insert("writ-session".into(), before);
    assert!(!is_signed_in(&mut browser));
}

/// Whoever guesses passwords keeps nobody's passkey out, and a passkey gives nobody new guesses.
#[test]
fn case_49_a_passkey_gets_in_while_its_account_is_under_attack() {
    let world = world();
    let ada = world.administrator("ada");
    let mut device = enrolled(&world, &ada, "ES256");
    let mut thief = world.browser();
    let page = thief.get("/sign-in");
    let guess =
        |thief: &mut Browser| thief.submit(&page, &[("email", &ada.email), ("password", "a wrong guess")]).status;
    while guess(&mut thief) != 429 {}
    let mut browser = world.browser();
    let own = browser.get("/sign-in");
    browser.sign_in(&own, &ada).expect_status(429);
    sign_in(&mut browser, &own, &mut device).expect_page(200, "Connected applications");
    assert_eq!(guess(&mut thief), 429, "and nothing is forgiven for it");
}

#[test]
fn somebody_who_was_stopped_signs_in_with_nothing() {
    let world = world();
    world.administrator("ada");
    let bob = world.person("bob");
    let mut device = enrolled(&world, &bob, "ES256");
    world.suspend(&bob);
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    sign_in(&mut browser, &page, &mut device).expect_page(422, "That passkey was not accepted");
    assert!(!is_signed_in(&mut browser));
}

/// A device in the wrong hands: whoever looks after the appliance takes the passkey and every session away.
#[test]
fn an_administrator_removes_a_passkey_and_every_session_ends() {
    let world = world();
    let ada = world.administrator("ada");
    let bob = world.person("bob");
    let mut device = enrolled(&world, &bob, "ES256");
    let mut browser = world.signed_in(&bob);
    let id = passkeys(&world)[0].id;
    let remove = |person: &Someone| world.block(own_passkeys::remove_of(&world.app, &world.operator(), person.id, id));
    remove(&ada).unwrap_err();
    assert_eq!(remove(&bob).unwrap(), 2);
    assert!(!is_signed_in(&mut browser));
    let page = browser.get("/sign-in");
    sign_in(&mut browser, &page, &mut device).expect_page(422, "That passkey was not accepted");
    remove(&bob).unwrap_err();
}
