//! A clock that is set forward and back again. Time decides what is over; being set back, it makes nothing good again that was used or
//! ended, locks nobody out, and stops no key from turning.

use std::sync::atomic::Ordering;
use std::sync::mpsc;

use serde_json::json;
use writ::base::{Clock, Lifetime, Timestamp};
use writ::model::KeyState;
use writ::operations::{housekeeping, turn_keys};
use writ::store::tables::{SESSIONS, SIGNING_KEYS};
use writ::store::{Read as _, audit_page};

use crate::stories::passkeys::with_passkey;
use crate::stories::upstream::Stage;
use crate::world::{Device, KeyPair, PASSWORD, World, verified};

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

impl World {
    /// Somebody sets the clock, forward or back.
    fn set_clock(&self, by_seconds: i64) {
        let Clock::Fixed(millis) = &self.app.clock else { panic!("the clock of a test stands still") };
        millis.fetch_add(by_seconds * 1_000, Ordering::SeqCst);
    }

    fn keeps_house(&self) {
        self.block(housekeeping::round(&self.app)).unwrap();
    }

    fn turns_keys(&self) {
        self.block(turn_keys::turn(&self.app, &housekeeping::context(&self.app))).unwrap();
    }
}

#[test]
fn set_back_it_makes_nothing_good_that_was_used_or_ended() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let code = mail.code(&mut browser);
    let tokens = mail.redeem(&world, &code).tokens();
    let first = tokens.refresh.unwrap();
    let second = mail.refresh(&world, &first).tokens().refresh.unwrap();
    let unused = mail.code(&mut browser);

    // A day ahead, where all of it is over and swept away; and back to where it would be good.
    world.set_clock(30 * DAY);
    world.keeps_house();
    mail.redeem(&world, &unused).expect_refused(400, "invalid_grant");
    world.set_clock(-30 * DAY);
    for code in [&code, &unused] {
        mail.redeem(&world, code).expect_refused(400, "invalid_grant");
    }
    for token in [&first, &second] {
        mail.refresh(&world, token).expect_refused(400, "invalid_grant");
    }
    assert_ne!(browser.get("/account").path, "/account", "a session that was swept away is none");
    // And life goes on.
    let mut browser = world.signed_in(&ada);
    mail.tokens(&world, &mut browser);
}

/// RFC 9449 §11.1, RFC 7523 §3: what is good once is remembered because it was used, so forgetting it too early would make it good again.
#[test]
fn set_back_by_minutes_no_proof_is_good_twice() {
    let world = World::new();
    let crm = world.confidential("crm").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let grant = [("grant_type", "client_credentials")];
    let signer = world.signer("signer", "ES256");
    let (proof, assertion) = (KeyPair::new("ES256").for_tokens(&world), signer.assertion(&world, "once"));
    crm.token_request_with(&world, &grant, &[&proof]).expect_status(200);
    signer.client_credentials(&world, &assertion).expect_status(200);
    // Beyond the end of both, and back by as much as nobody notices.
    world.set_clock(6 * MINUTE);
    world.keeps_house();
    world.set_clock(-5 * MINUTE);
    crm.token_request_with(&world, &grant, &[&proof]).expect_refusal(400, "invalid_dpop_proof", "DpopProofReplayed");
    signer.client_credentials(&world, &assertion).expect_refused(401, "invalid_client");
}

/// WebAuthn §13.4.3, of a challenge that was answered.
#[test]
fn set_back_by_minutes_no_passkey_answers_twice() {
    let world = World::with(&[("public_url", "http://localhost:9000")]);
    let (ada, mut device) = (world.administrator("ada"), Device::new("ES256"));
    with_passkey(&world, &ada, &mut device, "Telephone");
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    let (form, mut answer) = (page.form("asked"), device.get(&page));
    browser.submit_filled(&form, &answer).expect_page(200, "Connected applications");
    let page = browser.get("/account");
    browser.submit_form(&page.form_to("/sign-out"), &[]);
    world.set_clock(11 * MINUTE);
    world.keeps_house();
    world.set_clock(-5 * MINUTE);
    let csrf = browser.get("/sign-in").form("csrf").value("csrf").to_owned();
    answer.extend([("csrf", csrf), ("asked", form.value("asked").to_owned())]);
    browser.submit_filled(&form, &answer).expect_page(422, "please sign in once more");
}

/// Nor does an answer of an identity provider: attack case 44.
#[test]
fn case_44_set_back_by_minutes_no_answer_of_a_provider_is_good_twice() {
    let stage = Stage::linked();
    let (mut browser, sent) = stage.leaves();
    let mut as_it_was = browser.clone();
    let back = stage.upstream.signs_in(&stage.world, &sent, &json!({}));
    assert_eq!(browser.get(&back).path, "/account");
    stage.world.set_clock(11 * MINUTE);
    stage.world.keeps_house();
    stage.world.set_clock(-5 * MINUTE);
    assert_eq!(stage.upstream.asked().len(), 1);
    as_it_was.get(&back).expect_page(422, "was used before");
    assert!(stage.upstream.asked().is_empty(), "the provider is asked nothing");
}

/// A sign-in of a day that has not come is not one of a moment ago.
#[test]
fn set_back_a_sign_in_is_no_proof_for_long() {
    let world = World::with(&[("public_url", "http://localhost:9000")]);
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    browser.get("/account/passkeys").expect_no_text("Enter your password first");
    world.set_clock(-DAY);
    browser.get("/account/passkeys").expect_page(200, "Enter your password first");
}

#[test]
fn a_revoked_token_stays_revoked_when_the_clock_is_set_back() {
    let world = World::new();
    let crm = world.confidential("crm").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let token = crm.client_credentials(&world, &[]).tokens().access;
    assert_eq!(crm.introspect(&world, &token)["active"], true);
    let credentials = (crm.id.to_string(), crm.secret.clone().unwrap());
    let revoke = world.request("POST", "/oauth/revoke").basic(&credentials.0, &credentials.1);
    revoke.form(&[("token", &token)]).send().expect_status(200);
    world.set_clock(61 * MINUTE);
    world.keeps_house();
    world.set_clock(-4 * MINUTE);
    assert_eq!(crm.introspect(&world, &token)["active"], false);
}

#[test]
fn set_back_it_locks_nobody_out() {
    let world = World::with(&[("limits.sign_in", "10"), ("trusted_proxies", "127.0.0.1")]);
    let ada = world.administrator("ada");
    let sign_in = |from: &str, password: &str| {
        let mut browser = world.browser();
        browser.headers.push(("X-Forwarded-For", from.to_owned()));
        let page = browser.get("/sign-in");
        browser.submit(&page, &[("email", &ada.email), ("password", password)]).status
    };
    // Guesses from a day that has not come: of the account, and of an address.
    world.set_clock(300 * DAY);
    let guessed: Vec<u16> = (0..12).map(|_| sign_in("198.51.100.1", "wrong password")).collect();
    assert_eq!(guessed.iter().filter(|status| **status == 422).count(), 5, "{guessed:?}");
    world.set_clock(-300 * DAY);
    // Set back it waits as long as ever, a minute at most, and not until that day.
    assert_eq!(sign_in("198.51.100.2", PASSWORD), 429, "the guesses are not forgotten");
    world.set_clock(MINUTE + 1);
    assert_eq!(sign_in("198.51.100.2", PASSWORD), 200);
    assert_eq!(sign_in("198.51.100.1", PASSWORD), 200, "nor is the address");
}

#[test]
fn keys_turn_whichever_way_it_is_set() {
    let world = World::new();
    let crm = world.confidential("crm").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let jwks = || world.request("GET", "/.well-known/jwks.json").send().json();
    let token = || crm.client_credentials(&world, &[]).tokens().access;
    for step in [0, 400 * DAY, -400 * DAY, DAY, -2 * DAY, 30 * DAY, -29 * DAY, -20_000 * DAY, 20_000 * DAY] {
        let before = token();
        world.set_clock(step);
        for _ in 0..3 {
            world.turns_keys();
            world.keeps_house();
        }
        // What was signed just before verifies, and so does what is signed now.
        let keys = jwks();
        verified(&keys, &before);
        verified(&keys, &token());
        let rows = world.read(|view| view.page(&SIGNING_KEYS, None, 1_000)).rows;
        let signing = rows.iter().filter(|(_, key)| matches!(key.state, KeyState::Signing { .. })).count();
        assert_eq!(signing, 2, "one of each algorithm after a step of {step} seconds");
        assert!(rows.len() <= 40, "{} keys", rows.len());
    }
}

/// A clock that was set is not acted on for half an hour, and a stop within it is no way around that.
#[test]
fn stopped_just_after_it_was_set_it_removes_nothing() {
    let world = World::new();
    let ada = world.administrator("ada");
    world.signed_in(&ada);
    // Something that is over for the first round, and something that is not.
    world.set_clock(60 * DAY);
    world.signed_in(&ada);
    let app = world.app.clone();
    let (tell, told) = mpsc::channel();
    let served = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let sockets = writ::web::Sockets::bind(&app.config).unwrap();
            let running = writ::web::listen(&app, writ::cli::ORDERS, sockets).unwrap();
            tell.send(running.handle()).unwrap();
            running.run(app).await
        })
    });
    let handle = told.recv().unwrap();
    while !world.events(20).contains(&"store.swept".to_owned()) {
        std::thread::yield_now();
    }
    world.set_clock(60 * DAY);
    world.block(handle.stop(true));
    served.join().unwrap().unwrap();
    assert_eq!(
        world.read(|view| view.page(&SESSIONS, None, 10)).rows.len(),
        1,
        "it would be good again, were the clock set right"
    );
}

#[test]
fn the_audit_log_keeps_the_order_in_which_things_happened() {
    let world = World::new();
    let ada = world.administrator("ada");
    for step in [0, 10 * DAY, -9 * DAY, 5 * DAY, -7 * DAY] {
        world.set_clock(step);
        world.keeps_house();
        world.signed_in(&ada);
    }
    let entries = world.read(|view| audit_page(view, None, None, 1_000)).entries;
    let numbers: Vec<u64> = entries.iter().map(|entry| entry.sequence).collect();
    assert!(numbers.is_sorted_by(|later, earlier| later == &(earlier + 1)), "{numbers:?}");
    assert!(!entries.is_sorted_by_key(|entry| std::cmp::Reverse(entry.at)), "no clock was set in this test");
    assert!(world.app.store.verify_audit(None).unwrap().is_ok());
}

/// The edges of what a clock can say: nothing there overflows, panics or stops.
#[test]
fn no_date_is_too_strange() {
    for at in [i64::MIN / 2, -1, 0, 253_402_300_799_999, i64::MAX / 2] {
        let world = World::new();
        let ada = world.administrator("ada");
        let crm = world.confidential("crm").at(&world.resource("https://mcp.example/a", "mcp:read"));
        let mut browser = world.signed_in(&ada);
        let Clock::Fixed(millis) = &world.app.clock else { panic!("a fixed clock") };
        let began = millis.swap(at, Ordering::SeqCst);
        for path in ["/", "/sign-in", "/account", "/console", "/health", "/.well-known/jwks.json", "/oauth/authorize"] {
            let page = browser.get(path);
            assert!(page.status < 500, "{path} at {at}: {}", page.status);
        }
        let status = crm.client_credentials(&world, &[]).status;
        assert!(matches!(status, 200 | 400..500), "{status} at {at}");
        world.keeps_house();
        world.turns_keys();
        millis.store(began, Ordering::SeqCst);
        world.turns_keys();
        crm.client_credentials(&world, &[]).expect_status(200);
        world.signed_in(&ada);
    }
    assert_eq!(Timestamp::from_millis(i64::MAX).plus(Lifetime::from_days(1)), Timestamp::from_millis(i64::MAX));
    assert_eq!(json!(Timestamp::from_millis(i64::MIN)), json!(i64::MIN));
}
