//! Signing in, alone and on the way of an application. Attack cases 45, 50.

use writ::base::{Lifetime, Secret};
use writ::model::{Event, Person};
use writ::operations::set_password::set_password;
use writ::store::Read;
use writ::store::tables::{FAILURES, PEOPLE};

use crate::world::{Browser, PASSWORD, Page, World};

const TICKETS: &str = "https://mcp.example/tickets";

#[test]
fn a_wrong_password_keeps_the_way_of_the_application() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    let mut browser = world.browser();

    let page = mail.sends(&mut browser, &[("login_hint", "ada@example.com")]);
    assert_eq!(page.form("email").value("email"), "ada@example.com", "what the application suggested");
    page.expect_text("type=\"password\"").expect_text("to continue to");
    let link =
        page.body.split("class=\"quiet\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
    let page = browser.get(&link);
    page.expect_page(200, "to continue to").expect_no_text("type=\"password\"");
    assert_eq!(page.form("email").value("email"), "", "somebody else");
    let page = browser.submit(&page, &[("email", "Ada@Example.com")]);
    page.expect_page(200, "to continue to").expect_text("type=\"password\"");
    assert_eq!(page.form("password").value("email"), "Ada@Example.com", "password managers look for it");
    let page = browser.submit(&page, &[("password", "wrong password")]);
    page.expect_page(422, "Email and password do not match").expect_text("to continue to");
    assert_eq!(page.form("email").value("email"), "Ada@Example.com", "what was typed");
    assert_eq!(page.form("email").value("password"), "");
    let page = browser.sign_in(&page, &ada);
    page.expect_page(200, "asks for your permission");
}

#[test]
fn a_remembered_consent_leads_from_signing_in_straight_back() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    mail.code(&mut world.signed_in(&ada));

    let mut browser = world.browser();
    let page = mail.sends(&mut browser, &[]);
    let page = browser.sign_in(&page, &ada);
    assert!(page.expect_left().parameter("code").is_some());
}

#[test]
fn somebody_who_is_signed_in_sees_no_sign_in_page() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    for path in ["/sign-in", "/signed-out"] {
        assert_eq!(browser.get(path).path, "/account");
    }
}

/// `prompt=login` asks once, not for ever, and a wrong password in between changes nothing.
#[test]
fn being_asked_to_prove_it_again_ends_with_the_proof() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    let mut browser = world.signed_in(&ada);
    mail.code(&mut browser);

    for _ in 0..2 {
        world.later(Lifetime::from_seconds(5));
        let page = mail.sends(&mut browser, &[("prompt", "login")]);
        page.expect_page(200, "Confirm it’s you");
        assert_eq!(page.form("email").value("email"), ada.email);
        world.later(Lifetime::from_seconds(5));
        let page = browser.submit(&page, &[("password", "wrong password")]);
        page.expect_page(422, "That password does not match").expect_text("Confirm it’s you");
        let page = browser.sign_in(&page, &ada);
        assert!(page.expect_left().parameter("code").is_some());
    }
}

/// `prompt=select_account`: whoever is signed in is not taken for granted.
#[test]
fn an_account_can_be_chosen() {
    let world = World::new();
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    let mut browser = world.signed_in(&ada);
    mail.code(&mut browser);
    for prompt in ["select_account", "login select_account", "consent select_account"] {
        world.later(Lifetime::from_seconds(5));
        let page = mail.sends(&mut browser, &[("prompt", prompt)]);
        page.expect_page(200, "to continue to").expect_no_text("Confirm it’s you").expect_no_text(" readonly");
        let page = browser.submit(&page, &[("email", "bob@example.com"), ("password", "wrong password")]);
        page.expect_page(422, "Email and password do not match").expect_text("Use another address");
        let page = browser.sign_in(&page, &bob);
        page.expect_page(200, "asks for your permission").expect_text("bob@example.com");
    }
    browser.get("/account").expect_page(200, "bob@example.com");
}

#[test]
fn max_age_asks_for_a_proof_that_is_young_enough() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    let mut browser = world.signed_in(&ada);
    mail.code(&mut browser);

    world.later(Lifetime::from_seconds(100));
    mail.sends(&mut browser, &[("max_age", "100")]).expect_left();
    mail.sends(&mut browser, &[("max_age", "18446744073709551615")]).expect_left();
    let page = mail.sends(&mut browser, &[("max_age", "99")]);
    page.expect_page(200, "Confirm it’s you");
    let silent = mail.sends(&mut browser, &[("max_age", "99"), ("prompt", "none")]);
    assert_eq!(silent.expect_left().parameter("error").as_deref(), Some("login_required"));
    let page = browser.sign_in(&page, &ada);
    let code = page.expect_left().parameter("code").unwrap();
    assert_eq!(mail.redeem(&world, &code).tokens().claims()["auth_time"], world.now().seconds());

    // OpenID Connect Core §3.1.2.1: max_age=0 is prompt=login; who signs in at once is not asked twice.
    world.later(Lifetime::from_seconds(1));
    let page = mail.sends(&mut browser, &[("max_age", "0")]);
    page.expect_page(200, "Confirm it’s you");
    assert!(browser.sign_in(&page, &ada).expect_left().parameter("code").is_some());
    for bad in ["-1", "x", "18446744073709551616"] {
        let page = mail.sends(&mut browser, &[("max_age", bad)]);
        assert_eq!(page.expect_left().parameter("error").as_deref(), Some("invalid_request"), "{bad}");
    }
}

/// The address alone is looked up nowhere: what comes back has the address in it, and nothing else that differs.
#[test]
fn case_50_the_second_page_is_the_same_for_every_address() {
    let world = World::with(&[("public_url", "http://localhost:9000")]);
    world.administrator("ada");
    let gone = world.person("gone");
    world.suspend(&gone);
    let form = world.browser().get("/sign-in").form("email");
    assert!(form.fields.iter().all(|field| field.kind != "password"), "{form:?}");
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    let before = world.events(100).len();
    let mut second = |email: &str| {
        let answer = browser.submit(&page, &[("email", email)]);
        answer.expect_page(200, "type=\"password\"");
        // The challenge and its note are chance.
        let mut body = answer.body.replace(email, "somebody");
        for chance in ["data-challenge=\"", "name=\"asked\" value=\""] {
            let at = body.find(chance).unwrap() + chance.len();
            let end = at + body[at..].find('"').unwrap();
            body.replace_range(at..end, "");
        }
        body
    };
    let ada = second("ada@example.com");
    for other in ["nobody@example.com", "gone@example.com", "not-an-address"] {
        assert_eq!(second(other), ada, "{other}");
    }
    assert_eq!(world.events(100).len(), before, "and nothing was written");
    assert!(world.read(|view| view.page(&FAILURES, None, 10)).rows.is_empty(), "nor counted");
}

/// Nothing that is not equal for all of them tells who has an account here.
#[test]
fn case_50_unknown_wrong_and_suspended_look_the_same() {
    let world = World::new();
    world.administrator("ada");
    let (bob, gone) = (world.person("bob"), world.person("gone"));
    world.suspend(&gone);
    let mut browser = world.browser();
    let form = browser.get("/sign-in").form("email");
    let mut tried = |email: &str, password: &str| -> (Page, String) {
        let page = browser.submit_form(&form, &[("email", email), ("password", password)]);
        let body = page.body.replace(email, "somebody");
        (page, body)
    };

    let (wrong, wrong_body) = tried(&bob.email, "wrong password");
    wrong.expect_page(422, "Email and password do not match");
    let right = crate::world::PASSWORD;
    let counted = || {
        let rows = world.read(|view| view.page(&FAILURES, None, 1_000)).rows;
        rows.iter().map(|(_, failures)| u64::from(failures.count)).sum::<u64>()
    };
    let mut before = counted();
    for (email, password) in [
        ("nobody@example.com", right),
        ("nobody@elsewhere.example", "wrong password"),
        (gone.email.as_str(), right),
        (gone.email.as_str(), "wrong password"),
        (bob.email.as_str(), " "),
        ("bob", right),
    ] {
        let (page, body) = tried(email, password);
        assert_eq!(page.status, wrong.status, "{email}");
        assert_eq!(body, wrong_body, "{email}");
        let names = |page: &Page| page.headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&page), names(&wrong), "{email}");
        assert_eq!(counted(), before + 1, "every attempt is counted, whoever is meant");
        before = counted();
    }
    // One whose name is long: answered, and not an error.
    let (page, _) = tried(&format!("{}@example.com", "x".repeat(5_000)), right);
    page.expect_page(422, "Email and password do not match");
    let (page, _) = tried(&bob.email, &"x".repeat(2_000));
    page.expect_page(422, "Email and password do not match");
}

/// Guesses at an account are slowed down; its owner is not, in a browser in which they have signed in before.
#[test]
fn case_49_a_stranger_who_guesses_does_not_keep_the_owner_out() {
    let world = World::new();
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let (mut own, mut other) = (world.signed_in(&ada), world.signed_in(&bob));
    let sign_out = |browser: &mut Browser| {
        let account = browser.get("/account");
        browser.submit_form(&account.form_to("/sign-out"), &[]).expect_status(200);
    };
    sign_out(&mut own);
    sign_out(&mut other);
    let guess = |browser: &mut Browser| {
        let page = browser.get("/sign-in");
        browser.submit(&page, &[("email", &ada.email), ("password", "a wrong guess")]).status
    };
    let tries = |browser: &mut Browser| {
        let page = browser.get("/sign-in");
        browser.sign_in(&page, &ada)
    };
    let mut stranger = world.browser();
    let statuses: Vec<u16> = (0..6).map(|_| guess(&mut stranger)).collect();
    assert_eq!(statuses, [422, 422, 422, 422, 422, 429]);
    // Nobody else gets in, whoever they are known as, or pretend to be known as.
    tries(&mut stranger).expect_status(429);
    tries(&mut other).expect_status(429);
    let mut forger = world.browser();
    let proof = own.cookies["writ-known"].split_once('.').unwrap().1;
    forger.cookies.insert("writ-known".to_owned(), format!("{}.{proof}", "A".repeat(22)));
    tries(&mut forger).expect_status(429);

    assert_eq!(tries(&mut own).expect_status(200).path, "/account");
    tries(&mut world.browser()).expect_status(429);
    // Nor has such a browser more guesses than others.
    sign_out(&mut own);
    let statuses: Vec<u16> = (0..6).map(|_| guess(&mut own)).collect();
    assert_eq!(statuses, [422, 422, 422, 422, 422, 429]);
    // One browser may be known to several accounts.
    let page = other.get("/sign-in");
    other.sign_in(&page, &bob).expect_status(200);
}

/// A hash that is cheaper than today's, or came from elsewhere, is replaced when its owner signs in, and not before.
#[test]
fn a_cheap_hash_is_made_anew_at_the_next_sign_in() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut hash = [0; 32];
    let cost = argon2::Params::new(64, 3, 1, Some(32)).unwrap();
    let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, cost);
    argon.hash_password_into(PASSWORD.as_bytes(), b"somesaltsomesalt", &mut hash).unwrap();
    let text = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD_NO_PAD, bytes);
    let cheap = format!("$argon2id$v=19$m=64,t=3,p=1${}${}", text(b"somesaltsomesalt"), text(&hash));
    let stored = || world.read(|view| view.get(&PEOPLE, &ada.id)).unwrap().password;
    let (id, password) = (ada.id, cheap.clone());
    world.change("import", move |tx| {
        let person = tx.get(&PEOPLE, &id)?.unwrap();
        tx.put(&PEOPLE, &id, &Person { password: password.clone(), ..person })?;
        tx.record(Event::PersonCreated { person: id })
    });
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    browser.submit(&page, &[("email", &ada.email), ("password", "a wrong guess")]).expect_status(422);
    assert_eq!(stored(), cheap);
    browser.sign_in(&page, &ada).expect_status(200);
    let anew = stored();
    assert!(anew.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{anew}");
    let mut other = world.signed_in(&ada);
    assert_eq!(other.get("/account").path, "/account");
    assert_eq!(stored(), anew, "once");
}

/// Whoever runs the appliance lets somebody in again who is kept out everywhere.
#[test]
fn a_new_password_forgives_failures_and_ends_sessions() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut before = world.signed_in(&ada);
    let mut browser = world.browser();
    for _ in 0..6 {
        let page = browser.get("/sign-in");
        browser.submit(&page, &[("email", &ada.email), ("password", "a wrong guess")]);
    }
    let page = browser.get("/sign-in");
    browser.sign_in(&page, &ada).expect_status(429);

    let set = |email: &str, password: &str| {
        world.block(set_password(&world.app, &world.operator(), email, Secret::new(password)))
    };
    assert!(set("ADA@example.com", "short").is_err());
    assert!(set("nobody@example.com", "a whole new password").is_err());
    assert_eq!(before.get("/account").path, "/account");
    assert_eq!(set("ADA@example.com", "a whole new password").unwrap(), ada.id);
    world.expect_event("person.password_set");
    assert_eq!(before.get("/account").path, "/sign-in", "whoever was signed in is not any more");
    let page = browser.get("/sign-in");
    let page = browser.submit(&page, &[("email", &ada.email), ("password", "a whole new password")]);
    assert_eq!(page.path, "/account");
}

#[test]
fn case_45_signing_in_and_out_leads_nowhere_else() {
    let world = World::new();
    let ada = world.administrator("ada");
    for there in ["https://evil.test/", "//evil.test/", "/\\evil.test", "javascript:alert(1)"] {
        let query =
            crate::world::encode(&[("return_to", there), ("next", there), ("redirect_uri", there), ("ticket", there)]);
        let mut browser = world.browser();
        let page = browser.get(&format!("/sign-in?{query}"));
        page.expect_page(200, "to your account").expect_no_text("evil.test");
        let fields = [
            ("email", ada.email.as_str()),
            ("password", crate::world::PASSWORD),
            ("return_to", there),
            ("ticket", there),
        ];
        let page = browser.submit(&page, &fields);
        assert_eq!(page.path, "/account", "{there}");
        let form = page.form_to("/sign-out");
        let page = browser.submit_form(&form, &[("post_logout_redirect_uri", there), ("return_to", there)]);
        assert_eq!(page.path, "/signed-out", "{there}");
    }
}

#[test]
fn case_45_paths_that_look_like_other_hosts_are_only_paths() {
    let world = World::new();
    for path in [
        "//evil.test/",
        "/\\evil.test",
        "/%5Cevil.test",
        "//evil.test/oauth/authorize",
        "/https://evil.test/",
        "/.//evil.test",
    ] {
        let answer =
            world.raw(format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").as_bytes());
        assert_eq!(answer.header("location"), None, "{path}");
        assert!(matches!(answer.status, 400 | 404), "{path} {}", answer.status);
    }
    // A form of a client is sent around as a GET to this same server, whatever is in it.
    let body = "redirect_uri=https%3A%2F%2Fevil.test%2F&client_id=%2F%2Fevil.test";
    let answer = world.request("POST", "/oauth/authorize").body(body.as_bytes()).send();
    answer.expect_status(303);
    assert_eq!(answer.location().0, format!("/oauth/authorize?{body}"));
}

/// A form from another site brings no cookie, though the browser has one: an answer that set another would void what is open.
#[test]
fn a_request_that_another_site_posted_voids_nothing() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let mut browser = world.browser();
    let page = mail.sends(&mut browser, &[]);

    let query = mail.authorize_path(&[]).split_once('?').unwrap().1.to_owned();
    let answer = world.request("POST", "/oauth/authorize").body(query.as_bytes()).send();
    assert_eq!(answer.expect_status(303).header("set-cookie"), None);
    browser.get(&answer.location().0).expect_page(200, "to continue to");
    browser.sign_in(&page, &ada).expect_page(200, "asks for your permission");
}

/// A person who is locked out is locked out everywhere, and not only where passwords are asked for.
#[test]
fn case_49_a_suspended_person_is_refused_at_every_door() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.confidential("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let mut browser = world.signed_in(&ada);
    let tokens = mail.tokens(&world, &mut browser);
    let code = mail.code(&mut browser);

    world.suspend(&ada);
    mail.redeem(&world, &code).expect_refused(400, "invalid_grant");
    mail.refresh(&world, tokens.refresh.as_deref().unwrap()).expect_refused(400, "invalid_grant");
    assert_eq!(mail.introspect(&world, &tokens.access)["active"], false);
    world.request("GET", "/oauth/userinfo").bearer(&tokens.access).send().expect_status(401);
    assert_eq!(browser.get("/account").path, "/sign-in", "the session is over as well");
    let page = browser.get("/sign-in");
    browser.sign_in(&page, &ada).expect_status(422);
}
