//! How a session begins and ends. Attack case 43.

use std::collections::BTreeMap;

use writ::base::Lifetime;

use crate::world::{Answer, Browser, PASSWORD, Someone, World};

const SESSION: &str = "writ-session";

/// A browser that got hold of another's cookies.
fn with_cookies(world: &World, cookies: &BTreeMap<String, String>) -> Browser {
    let mut browser = world.browser();
    browser.cookies.clone_from(cookies);
    browser
}

/// The answer to a sign-in, with its cookies as they were set.
fn sign_in(world: &World, browser: &mut Browser, someone: &Someone) -> Answer {
    let page = browser.get("/sign-in");
    let csrf = page.form("csrf").value("csrf").to_owned();
    let fields = [("csrf", csrf.as_str()), ("email", &someone.email), ("password", PASSWORD)];
    let answer = browser.send(world.request("POST", "/sign-in").form(&fields));
    answer.expect_status(303);
    answer
}

/// A cookie as it was set, with its attributes.
fn cookie<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.all("set-cookie").find(|cookie| cookie.starts_with(&format!("{name}="))).expect("a cookie of this name")
}

#[test]
fn signing_out_ends_the_session_wherever_its_cookie_lies() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let mut thief = with_cookies(&world, &browser.cookies);
    thief.get("/account").expect_page(200, "ada@example.com");

    let open = browser.get("/account");
    let page = browser.submit_form(&open.form_to("/sign-out"), &[]);
    page.expect_page(200, "You are signed out");
    assert_eq!(page.path, "/signed-out");
    world.expect_event("person.signed_out");
    assert!(!browser.cookies.contains_key(SESSION), "the browser is told to forget it");

    assert_eq!(browser.get("/account").path, "/sign-in");
    thief.get("/account").expect_no_text("ada@example.com");
    // The page that was open in another window.
    browser.submit_form(&open.form_to("/sign-out"), &[]).expect_status(403);
}

#[test]
fn a_session_elsewhere_can_be_ended_from_here_by_its_owner_only() {
    let world = World::new();
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let (mut here, mut elsewhere) = (world.signed_in(&ada), world.signed_in(&ada));
    let page = here.get("/account");
    page.expect_text("This browser").expect_text("Another browser");
    let form = page.form_to("/account/sessions/");

    let mut bobs = world.signed_in(&bob);
    let csrf = bobs.get("/account").form("csrf").value("csrf").to_owned();
    bobs.post(&form.action, &[("csrf", &csrf)]).expect_page(200, "That session was over already.");
    elsewhere.get("/account").expect_page(200, "ada@example.com");

    here.submit_form(&form, &[]).expect_page(200, "That session is over.").expect_no_text("Another browser");
    assert_eq!(elsewhere.get("/account").path, "/sign-in");
    here.get("/account").expect_page(200, "ada@example.com");
}

#[test]
fn signing_out_needs_a_form_of_ours() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    browser.get("/sign-out").expect_status(405);
    browser.post("/sign-out", &[]).expect_status(403);
    browser.fetch_site = Some("cross-site");
    let page = browser.get("/account");
    browser.submit_form(&page.form_to("/sign-out"), &[]).expect_status(403);
    browser.get("/account").expect_page(200, "ada@example.com");
}

#[test]
fn case_43_signing_in_makes_a_new_session_and_ends_the_one_before() {
    let world = World::new();
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));

    // A session id that was planted before signing in is not taken over.
    let mut browser = world.browser();
    let planted = format!("writ_ss_{}", "A".repeat(60));
    browser.cookies.insert(SESSION.to_owned(), planted.clone());
    sign_in(&world, &mut browser, &ada);
    assert_ne!(browser.cookies[SESSION], planted);

    // Nor does an attacker's own session become somebody else's.
    let mut attacker = world.signed_in(&bob);
    let mut victim = with_cookies(&world, &attacker.cookies);
    world.later(Lifetime::from_seconds(1));
    let page = mail.sends(&mut victim, &[("prompt", "login")]);
    victim.sign_in(&page, &ada).expect_page(200, "asks for your permission");
    assert_ne!(victim.cookies[SESSION], attacker.cookies[SESSION]);
    victim.get("/account").expect_page(200, "ada@example.com");
    assert_eq!(attacker.get("/account").path, "/sign-in", "the old id is worth nothing");
}

#[test]
fn case_43_a_session_cookie_that_was_changed_is_nobodys() {
    let world = World::new();
    let ada = world.administrator("ada");
    let browser = world.signed_in(&ada);
    let good = browser.cookies[SESSION].clone();
    let flipped = format!("{}{}", &good[..good.len() - 1], if good.ends_with('A') { 'B' } else { 'A' });
    for bad in [flipped, good[..good.len() - 4].to_owned(), format!("{good}A"), "x".repeat(5_000), "\"".to_owned()] {
        let mut other = with_cookies(&world, &browser.cookies);
        other.cookies.insert(SESSION.to_owned(), bad);
        assert_eq!(other.get("/account").path, "/sign-in");
    }
}

#[test]
fn case_43_cookies_say_how_they_are_to_be_kept() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.browser();
    let first = browser.send(world.request("GET", "/sign-in"));
    let signed_in = sign_in(&world, &mut browser, &ada);
    for (answer, name) in [(&first, "writ-browser"), (&signed_in, SESSION)] {
        let cookie = cookie(answer, name);
        for attribute in ["; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(cookie.contains(attribute), "no {attribute} in {cookie}");
        }
        assert!(!cookie.contains("Domain") && !cookie.contains("Secure"), "plain http has no Secure: {cookie}");
    }
    assert!(cookie(&signed_in, SESSION).contains("; Max-Age=604800"), "a week");
    assert!(!cookie(&first, "writ-browser").contains("Max-Age"), "until the browser is closed");
}

#[test]
fn case_43_cookies_of_an_https_issuer_are_bound_to_its_host_and_to_tls() {
    let world = World::with(&[("public_url", "https://id.example")]);
    let ada = world.administrator("ada");
    let mut browser = world.browser();
    let first = browser.send(world.request("GET", "/sign-in"));
    let signed_in = sign_in(&world, &mut browser, &ada);
    for (answer, name) in [(&first, "__Host-writ-browser"), (&signed_in, "__Host-writ-session")] {
        let cookie = cookie(answer, name);
        for attribute in ["; HttpOnly", "; SameSite=Lax", "; Path=/", "; Secure"] {
            assert!(cookie.contains(attribute), "no {attribute} in {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert!(signed_in.header("strict-transport-security").is_some());
    browser.get("/account").expect_page(200, "ada@example.com");

    // A name without the prefix may have been set by a neighbour, or over plain http.
    let mut planted = world.browser();
    planted.cookies.insert(SESSION.to_owned(), browser.cookies["__Host-writ-session"].clone());
    assert_eq!(planted.get("/account").path, "/sign-in");
}

#[test]
fn a_session_ends_when_nobody_uses_it_and_in_any_case_after_a_week() {
    let world = World::new();
    let ada = world.administrator("ada");

    let mut idle = world.signed_in(&ada);
    world.later(Lifetime::from_hours(11));
    idle.get("/account").expect_page(200, "ada@example.com");
    world.later(Lifetime::from_hours(11));
    idle.get("/account").expect_page(200, "ada@example.com");
    world.later(Lifetime::from_hours(12));
    assert_eq!(idle.get("/account").path, "/sign-in", "twelve hours unused");

    let mut busy = world.signed_in(&ada);
    for _ in 0..16 {
        world.later(Lifetime::from_hours(10));
        busy.get("/account").expect_page(200, "ada@example.com");
    }
    world.later(Lifetime::from_hours(8));
    assert_eq!(busy.get("/account").path, "/sign-in", "seven days, however busy");
}

#[test]
fn a_session_outlives_a_restart() {
    let world = World::with_file();
    let ada = world.administrator("ada");
    let signed_in = world.signed_in(&ada);
    let world = world.restarted();
    with_cookies(&world, &signed_in.cookies).get("/account").expect_page(200, "ada@example.com");
}

#[test]
fn a_suspended_person_is_signed_out_everywhere() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let mut browser = world.signed_in(&ada);
    mail.code(&mut browser);
    let page = mail.sends(&mut browser, &[("prompt", "consent")]);
    world.suspend(&ada);
    browser.submit(&page, &[("decision", "allow")]).expect_status(403);
    assert_eq!(browser.get("/account").path, "/sign-in");
    mail.sends(&mut browser, &[]).expect_page(200, "to continue to");
}
