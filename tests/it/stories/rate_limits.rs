//! Guessing is slow, whoever guesses and from wherever; nobody is locked out for good. Attack cases 47, 48.

use writ::base::Lifetime;

use crate::world::{Browser, PASSWORD, Page, World, at_once};

/// What the sixth wrong guess in a row has to wait.
const SECOND: Lifetime = Lifetime::from_seconds(1);

fn guess(browser: &mut Browser, email: &str, password: &str) -> Page {
    let page = browser.get("/sign-in");
    browser.submit(&page, &[("email", email), ("password", password)])
}

#[test]
fn five_wrong_passwords_are_free_and_then_each_costs_more() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.browser();
    for _ in 0..5 {
        guess(&mut browser, &ada.email, "wrong password").expect_page(422, "do not match");
    }
    // The right one as well: while one has to wait, nobody learns which it is.
    guess(&mut browser, &ada.email, PASSWORD).expect_page(429, "Too many attempts. Try again in 2 seconds.");
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
        world.later(Lifetime::from_seconds(seconds));
        guess(&mut browser, &ada.email, "wrong password").expect_page(422, "do not match");
        guess(&mut browser, &ada.email, "wrong password").expect_page(429, "Too many attempts");
    }
    // However long it went on, a minute later its owner gets in, and everything is forgiven.
    world.later(Lifetime::from_seconds(60));
    guess(&mut browser, &ada.email, PASSWORD).expect_page(200, "ada@example.com");
    let mut elsewhere = world.browser();
    for _ in 0..5 {
        guess(&mut elsewhere, &ada.email, "wrong password").expect_page(422, "do not match");
    }
}

#[test]
fn an_account_that_is_attacked_is_no_other_accounts_trouble() {
    let world = World::new();
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let mut attacker = world.browser();
    for _ in 0..6 {
        guess(&mut attacker, &ada.email, "wrong password");
    }
    guess(&mut attacker, &ada.email, PASSWORD).expect_status(429);
    guess(&mut world.browser(), &bob.email, PASSWORD).expect_page(200, "bob@example.com");
    // Who is signed in stays so.
    world.later(SECOND);
    world.later(SECOND);
    let mut owner = world.signed_in(&ada);
    guess(&mut attacker, &ada.email, "wrong password");
    owner.get("/account").expect_page(200, "ada@example.com");
}

#[test]
fn case_47_however_a_name_is_written_it_has_one_counter() {
    let world = World::new();
    world.administrator("john");
    let mut browser = world.browser();
    for email in ["john@example.com", "John@example.com", "JOHN@EXAMPLE.COM", " john@example.com ", "john@Example.Com"]
    {
        guess(&mut browser, email, "wrong password").expect_page(422, "do not match");
    }
    for email in ["john@example.com", "jOHN@example.com"] {
        guess(&mut browser, email, PASSWORD).expect_page(429, "Too many attempts");
    }
}

#[test]
fn case_47_guesses_at_the_same_time_are_not_more_guesses() {
    let world = World::new();
    let ada = world.administrator("ada");
    let statuses: Vec<u16> = at_once(30, |_| guess(&mut world.browser(), &ada.email, "wrong password").status);
    assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 5, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 25, "{statuses:?}");
}

#[test]
fn case_47_the_counter_outlives_a_restart() {
    let world = World::with_file();
    let ada = world.administrator("ada");
    for _ in 0..5 {
        guess(&mut world.browser(), &ada.email, "wrong password").expect_page(422, "do not match");
    }
    let world = world.restarted();
    guess(&mut world.browser(), &ada.email, PASSWORD).expect_page(429, "Too many attempts");
    world.later(SECOND);
    guess(&mut world.browser(), &ada.email, PASSWORD).expect_page(200, "ada@example.com");
}

/// Guesses at names of which each is tried once, from what says it is `from`.
fn spray(world: &World, from: &str, nth: usize) -> u16 {
    let mut browser = world.browser();
    browser.headers.push(("X-Forwarded-For", from.to_owned()));
    guess(&mut browser, &format!("nobody{nth}@example.com"), "wrong password").status
}

#[test]
fn case_48_who_is_not_a_trusted_proxy_cannot_say_where_it_comes_from() {
    let world = World::with(&[("limits.sign_in", "3")]);
    let addresses = ["198.51.100.1", "198.51.100.2", "203.0.113.3", "::1", "not an address", "10.0.0.1, 10.0.0.2", ""];
    let statuses: Vec<u16> = addresses.iter().enumerate().map(|(nth, from)| spray(&world, from, nth)).collect();
    assert_eq!(statuses, [422, 422, 422, 429, 429, 429, 429], "one peer, one counter");
}

#[test]
fn case_48_a_trusted_proxy_is_believed_about_its_neighbour_only() {
    let world = World::with(&[("limits.sign_in", "3"), ("trusted_proxies", "127.0.0.1")]);
    // What stands further left was written by the caller: neither a way around the limit …
    let attacker = ["1.1.1.1, 198.51.100.1", "2.2.2.2, 198.51.100.1", "127.0.0.1, 198.51.100.1", "198.51.100.1"];
    let statuses: Vec<u16> = attacker.iter().enumerate().map(|(nth, from)| spray(&world, from, nth)).collect();
    assert_eq!(statuses, [422, 422, 422, 429]);
    // … nor one to lock somebody out.
    assert_eq!(spray(&world, "1.1.1.1", 10), 422);
    assert_eq!(spray(&world, "198.51.100.2", 11), 422);
    // Nonsense counts for the proxy itself.
    let nonsense: Vec<u16> =
        ["x", "198.51.100.9:80", "1.1.1.1, ", ","].iter().map(|from| spray(&world, from, 12)).collect();
    assert_eq!(nonsense, [422, 422, 422, 429]);
    // An IPv6 subscriber has a whole network.
    let subscriber: Vec<u16> = (1..=4).map(|host| spray(&world, &format!("2001:db8::{host}"), 20 + host)).collect();
    assert_eq!(subscriber, [422, 422, 422, 429]);
}

#[test]
fn an_office_signs_in_behind_one_address() {
    let world = World::with(&[("limits.sign_in", "3")]);
    let ada = world.administrator("ada");
    for _ in 0..6 {
        guess(&mut world.browser(), &ada.email, PASSWORD).expect_page(200, "ada@example.com");
    }
}

#[test]
fn an_address_that_asks_too_often_is_told_when_to_come_back() {
    let world = World::with(&[("limits.authorize", "5"), ("trusted_proxies", "127.0.0.1")]);
    world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let path = mail.authorize_path(&[]);
    let ask = |from: &str| world.request("GET", &path).header("X-Forwarded-For", from).send();
    for _ in 0..5 {
        ask("198.51.100.1").expect_status(200);
    }
    let over = ask("198.51.100.1");
    over.expect_status(429);
    assert_eq!(over.header("retry-after"), Some("13"));
    assert_eq!(over.header("cache-control"), Some("no-store"));
    ask("198.51.100.2").expect_status(200);
    world.later(Lifetime::from_seconds(12));
    ask("198.51.100.1").expect_status(200);
    ask("198.51.100.1").expect_status(429);
}

/// An address without a password is no guess, and asking for the next page is not for nothing either.
#[test]
fn an_address_alone_is_a_page_and_no_guess() {
    let world = World::with(&[("limits.sign_in", "3"), ("limits.pages", "10"), ("trusted_proxies", "127.0.0.1")]);
    let ada = world.administrator("ada");
    let mut browser = world.browser();
    browser.headers.push(("X-Forwarded-For", "198.51.100.1".to_owned()));
    let page = browser.get("/sign-in");
    for _ in 0..9 {
        browser.submit(&page, &[("email", &ada.email)]).expect_page(200, "Password");
    }
    let over = browser.submit(&page, &[("email", &ada.email)]);
    over.expect_page(429, "Too many requests");
    assert_eq!(over.header("retry-after"), Some("7"));
    // What was said to nobody was no guess of anybody: from here one still signs in, and another address is none of this one's trouble.
    browser.submit(&page, &[("email", &ada.email), ("password", "wrong password")]).expect_status(422);
    browser.headers = vec![("X-Forwarded-For", "198.51.100.2".to_owned())];
    browser.submit(&page, &[("email", &ada.email)]).expect_page(200, "Password");
}

/// Right after signing in nobody is asked for the password: such a form is a page, and one with the password is a guess that may be right.
#[test]
fn what_asks_for_no_password_is_a_page_and_no_guess() {
    let settings = [("limits.sign_in", "3"), ("limits.pages", "10"), ("trusted_proxies", "127.0.0.1")];
    let world = World::with(&[&settings[..], &[("public_url", "http://localhost:9000")]].concat());
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let csrf = browser.get("/account/passkeys").form("csrf").value("csrf").to_owned();
    let id = writ::base::Id::<writ::model::Passkey>::new(world.now(), &world.app.entropy).unwrap();
    let end = format!("/account/passkeys/{id}/end");
    for (n, path) in ["/account/passkeys/new", "/account/passkeys", end.as_str()].into_iter().enumerate() {
        browser.headers = vec![("X-Forwarded-For", format!("198.51.100.{n}"))];
        let statuses: Vec<u16> = (0..12).map(|_| browser.post(path, &[("csrf", &csrf)]).status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 2, "{path}: {statuses:?}");
    }
    browser.headers = vec![("X-Forwarded-For", "198.51.100.9".to_owned())];
    world.later(Lifetime::from_minutes(5));
    let fields = [("csrf", csrf.as_str()), ("add-password", PASSWORD)];
    for _ in 0..4 {
        browser.post("/account/passkeys/new", &fields).expect_page(200, "data-passkey=\"create\"");
    }
}
