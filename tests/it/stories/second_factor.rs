//! Codes besides a password, and what is tried against them. RFC 6238, attack cases 42, 43 and 47.

use writ::base::Lifetime;
use writ::keys::totp;
use writ::operations::own_sign_in;
use writ::store::Read;
use writ::store::tables::{PEOPLE, SECOND_FACTORS};

use crate::world::{Browser, PASSWORD, Page, Someone, World, at_once, claims};

const TICKETS: &str = "https://mcp.example/tickets";
const STEP: Lifetime = Lifetime::from_seconds(30);

/// Somebody who has set codes up, with what their telephone and their paper have.
struct Enrolled {
    world: World,
    ada: Someone,
    secret: Vec<u8>,
    recovery: Vec<String>,
}

impl Enrolled {
    fn new() -> Self {
        let world = World::new();
        let ada = world.administrator("ada");
        let (secret, recovery) = set_up(&world, &ada);
        // The next code.
        world.later(STEP);
        Self { world, ada, secret, recovery }
    }

    fn code(&self) -> String {
        shown(&self.secret, &self.world)
    }

    /// A browser in which the password was right, and the page that asks for the code.
    fn half_way(&self) -> (Browser, Page) {
        let mut browser = self.world.browser();
        let page = browser.get("/sign-in");
        let page = browser.sign_in(&page, &self.ada);
        page.expect_page(200, "One more step");
        (browser, page)
    }
}

/// Somebody sets codes up: what their telephone and their paper have then.
pub fn set_up(world: &World, someone: &Someone) -> (Vec<u8>, Vec<String>) {
    let mut browser = world.signed_in(someone);
    let page = browser.get("/account/codes");
    let secret = secret(&page);
    let code = shown(&secret, world);
    let page = browser.submit_form(&page.form_to("/account/codes"), &[("code", &code), ("add-password", PASSWORD)]);
    page.expect_page(200, "Your recovery codes");
    let recovery: Vec<String> =
        page.body.split("<li><code>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect();
    assert_eq!(recovery.len(), 10);
    (secret, recovery)
}

pub fn shown(secret: &[u8], world: &World) -> String {
    let step = u64::try_from(world.now().seconds()).unwrap() / 30;
    format!("{:06}", totp::at(secret, step))
}

pub(super) fn secret(page: &Page) -> Vec<u8> {
    let text = page.body.split("<code id=\"secret\">").nth(1).unwrap().split('<').next().unwrap();
    let (mut held, mut bits, mut secret) = (0_u32, 0, Vec::new());
    for letter in text.bytes().filter(|letter| *letter != b' ') {
        let value = if letter.is_ascii_uppercase() { letter - b'A' } else { letter - b'2' + 26 };
        held = (held << 5 | u32::from(value)) & 0xffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            secret.push(u8::try_from(held >> bits & 0xff).unwrap());
        }
    }
    secret
}

fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/account").path == "/account"
}

#[test]
fn a_code_is_asked_for_after_the_password_and_the_tokens_say_so() {
    let enrolled = Enrolled::new();
    let world = &enrolled.world;
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    let mut browser = world.browser();
    let page = mail.sends(&mut browser, &[("scope", "openid mcp:read")]);
    let page = browser.sign_in(&page, &enrolled.ada);
    page.expect_page(200, "One more step").expect_text("to continue to <strong class=\"name\">mail</strong>");
    assert!(page.header("set-cookie").is_none_or(|cookie| !cookie.contains("session")), "{:?}", page.headers);
    let page = browser.submit(&page, &[("code", &enrolled.code())]);
    page.expect_page(200, "asks for your permission");
    let page = browser.submit(&page, &[("decision", "allow")]);
    let code = page.expect_left().parameter("code").unwrap();
    let answer = mail.redeem(world, &code).json();
    let id_token = claims(answer["id_token"].as_str().unwrap());
    assert_eq!(id_token["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
    assert_eq!(id_token["acr"], "http://schemas.openid.net/pape/policies/2007/06/multi-factor");
    for event in ["person.second_factor_added", "person.sign_in_half_done", "person.signed_in"] {
        world.expect_event(event);
    }
}

#[test]
fn case_42_a_right_password_without_its_code_opens_nothing() {
    let enrolled = Enrolled::new();
    let world = &enrolled.world;
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    let (mut browser, page) = enrolled.half_way();
    assert!(!is_signed_in(&mut browser));
    for path in ["/account/codes", "/account/activity", "/account/password", "/console"] {
        assert_eq!(browser.get(path).path, "/sign-in", "{path}");
    }
    mail.sends(&mut browser, &[]).expect_page(200, "to continue to").expect_no_text("asks for your permission");
    let silent = mail.sends(&mut browser, &[("prompt", "none")]);
    assert_eq!(silent.expect_left().parameter("error").as_deref(), Some("login_required"));
    // An empty code, none, and the form without its note.
    let form = page.form("half");
    for fields in [vec![("code", "")], vec![("code", "000000"), ("half", "")], vec![("half", "x"), ("code", "1")]] {
        let page = browser.submit_form(&form, &fields);
        page.expect_status(422);
        assert!(!is_signed_in(&mut browser));
    }
}

#[test]
fn case_42_the_note_of_a_right_password_is_good_in_its_browser_and_for_a_while() {
    let enrolled = Enrolled::new();
    let world = &enrolled.world;
    let (_, page) = enrolled.half_way();
    let half = page.form("half").value("half").to_owned();
    // Another browser, with a form of its own.
    let (mut other, own) = enrolled.half_way();
    let taken = other.submit(&own, &[("half", &half), ("code", &enrolled.code())]);
    taken.expect_page(422, "please sign in once more");
    assert!(!is_signed_in(&mut other));
    // Later than it is good for, and the code is right.
    let (mut browser, page) = enrolled.half_way();
    world.later(Lifetime::from_minutes(5));
    let late = browser.submit(&page, &[("half", page.form("half").value("half")), ("code", &enrolled.code())]);
    late.expect_page(422, "please sign in once more");
    assert!(!is_signed_in(&mut browser));
}

/// RFC 6238 §5.2: "The verifier MUST NOT accept the second attempt of the OTP".
#[test]
fn a_code_signs_in_once_and_an_older_one_never() {
    let enrolled = Enrolled::new();
    let world = &enrolled.world;
    let code = enrolled.code();
    let (mut browser, page) = enrolled.half_way();
    browser.submit(&page, &[("code", &code)]).expect_page(200, "Connected applications");
    // Over somebody's shoulder.
    let (mut thief, page) = enrolled.half_way();
    thief.submit(&page, &[("code", &code)]).expect_page(422, "was used already");
    assert!(!is_signed_in(&mut thief));
    // The next one is good, and then the one before is not, although its time is not over.
    world.later(STEP);
    let (mut browser, page) = enrolled.half_way();
    let newer = enrolled.code();
    world.later(STEP);
    let (mut second, other) = enrolled.half_way();
    second.submit(&other, &[("code", &enrolled.code())]).expect_page(200, "Connected applications");
    browser.submit(&page, &[("code", &newer)]).expect_page(422, "was used already");
    assert!(!is_signed_in(&mut browser));
}

#[test]
fn of_many_with_the_same_code_at_once_one_signs_in() {
    let enrolled = Enrolled::new();
    let code = enrolled.code();
    let ways: Vec<_> = (0..4).map(|_| std::sync::Mutex::new(enrolled.half_way())).collect();
    let signed_in = at_once(4, |number| {
        let mut way = ways[number].lock().unwrap();
        let (browser, page) = &mut *way;
        let page = browser.submit(page, &[("code", &code)]);
        page.path == "/account"
    });
    assert_eq!(signed_in.into_iter().filter(|done| *done).count(), 1);
}

#[test]
fn a_recovery_code_signs_in_once() {
    let enrolled = Enrolled::new();
    let world = &enrolled.world;
    let code = enrolled.recovery[3].to_uppercase().replace('-', " ");
    let (mut browser, page) = enrolled.half_way();
    browser.submit(&page, &[("code", &code)]).expect_page(200, "Connected applications");
    world.expect_event("person.recovery_code_used");
    browser.get("/account/codes").expect_page(200, "You have 9 recovery codes left.");
    let (mut thief, page) = enrolled.half_way();
    thief.submit(&page, &[("code", &code)]).expect_page(422, "does not fit");
    assert!(!is_signed_in(&mut thief));
    // The others are as good as before, until there are new ones.
    let page = browser.get("/account/codes");
    let renew = page.form_to("/account/codes/recovery");
    browser.submit_form(&renew, &[("renew-password", "wrong password")]).expect_page(422, "not your current password");
    browser.submit_form(&renew, &[("renew-password", PASSWORD)]).expect_page(200, "Your recovery codes");
    let (mut late, page) = enrolled.half_way();
    late.submit(&page, &[("code", &enrolled.recovery[4])]).expect_page(422, "does not fit");
}

/// On a counter of their own, and a right password in between gives no new guesses.
#[test]
fn case_47_codes_are_guessed_no_faster_than_passwords() {
    let enrolled = Enrolled::new();
    let mut guesses = 0;
    'guessing: loop {
        let mut browser = enrolled.world.browser();
        let page = browser.get("/sign-in");
        let mut page = browser.sign_in(&page, &enrolled.ada);
        for _ in 0..2 {
            if page.status == 429 {
                break 'guessing;
            }
            page.expect_text("One more step");
            page = browser.submit(&page, &[("half", page.form("half").value("half")), ("code", "000000")]);
            guesses += usize::from(page.status != 429);
            assert!(guesses < 10, "guessing goes on");
        }
        if page.status == 429 {
            break;
        }
    }
    assert!((2..=5).contains(&guesses), "{guesses}");
    // Who waits is let in, and that clears the counter.
    enrolled.world.later(Lifetime::from_minutes(2));
    let (mut browser, page) = enrolled.half_way();
    enrolled.world.later(Lifetime::from_minutes(2));
    browser.submit(&page, &[("code", &enrolled.code())]).expect_page(200, "Connected applications");
    let (mut browser, page) = enrolled.half_way();
    browser.submit(&page, &[("code", "000000")]).expect_page(422, "does not fit");
}

/// An address is enough to keep the counter of passwords busy, and whoever does so keeps nobody from the code that comes after theirs.
#[test]
fn case_49_codes_and_passwords_are_counted_apart() {
    let enrolled = Enrolled::new();
    let (mut browser, page) = enrolled.half_way();
    let mut thief = enrolled.world.browser();
    let form = thief.get("/sign-in");
    let mut guess = || thief.submit(&form, &[("email", &enrolled.ada.email), ("password", "a wrong guess")]).status;
    while guess() != 429 {}
    browser.submit(&page, &[("code", &enrolled.code())]).expect_page(200, "Connected applications");
    assert_eq!(guess(), 429, "and that forgives no guesses at the password");
}

#[test]
fn case_43_the_code_makes_a_session_of_its_own_and_ends_the_one_before() {
    let enrolled = Enrolled::new();
    let (mut browser, page) = enrolled.half_way();
    browser.submit(&page, &[("code", &enrolled.code())]).expect_page(200, "Connected applications");
    let before = browser.cookies["writ-session"].clone();
    enrolled.world.later(STEP);
    let mail = enrolled.world.client("mail").at(&enrolled.world.resource(TICKETS, "mcp:read"));
    let page = mail.sends(&mut browser, &[("prompt", "login")]);
    let page = browser.sign_in(&page, &enrolled.ada);
    assert_eq!(browser.cookies["writ-session"], before, "half a sign-in changes nothing");
    browser.submit(&page, &[("code", &enrolled.code())]).expect_page(200, "asks for your permission");
    assert_ne!(browser.cookies["writ-session"], before);
    browser.cookies.insert("writ-session".into(), before);
    assert!(!is_signed_in(&mut browser));
}

#[test]
fn a_new_password_voids_the_note_of_the_old_one() {
    let enrolled = Enrolled::new();
    let world = &enrolled.world;
    let (mut thief, page) = enrolled.half_way();
    let (mut browser, own) = enrolled.half_way();
    browser.submit(&own, &[("code", &enrolled.code())]).expect_page(200, "Connected applications");
    let form = browser.get("/account/password").form_to("/account/password");
    let page_after = browser.submit_form(&form, &[("current", PASSWORD), ("new", "plum bicycle quartz")]);
    page_after.expect_page(200, "Your password is changed");
    world.later(STEP);
    thief.submit(&page, &[("code", &enrolled.code())]).expect_page(422, "please sign in once more");
    assert!(!is_signed_in(&mut thief));
}

#[test]
fn codes_are_set_up_with_the_password_and_a_code_that_fits() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let page = browser.get("/account/codes");
    page.expect_page(200, "<svg class=\"qr\"");
    let (form, secret) = (page.form_to("/account/codes"), secret(&page));
    let none = |world: &World| world.read(|view| Ok(view.page(&SECOND_FACTORS, None, 10)?.rows.is_empty()));
    let code = shown(&secret, &world);
    let wrong = browser.submit_form(&form, &[("code", &code), ("add-password", "wrong password")]);
    wrong.expect_page(422, "not your current password");
    let again = wrong.body.split("<code id=\"secret\">").nth(1).map(|rest| rest.split('<').next().unwrap().to_owned());
    assert!(again.is_some_and(|text| page.body.contains(&text)), "the same secret: the telephone has it");
    let missing = browser.submit_form(&form, &[("code", "000000"), ("add-password", PASSWORD)]);
    missing.expect_page(422, "That code does not fit");
    assert!(none(&world));
    // The note of another session, of the same person.
    let mut other = world.signed_in(&ada);
    let page = other.get("/account/codes");
    let ticket = form.value("ticket").to_owned();
    let fields = [("ticket", ticket.as_str()), ("code", &code), ("add-password", PASSWORD)];
    other.submit_form(&page.form_to("/account/codes"), &fields).expect_page(409, "something else was quicker");
    assert!(none(&world));
    // A note that was kept.
    world.later(Lifetime::from_minutes(15));
    let late = shown(&secret, &world);
    browser.submit_form(&form, &[("code", &late), ("add-password", PASSWORD)]).expect_status(409);
    assert!(none(&world));
}

#[test]
fn the_secret_is_sealed_in_its_row() {
    let enrolled = Enrolled::new();
    let rows = enrolled.world.read(|view| Ok(view.page(&SECOND_FACTORS, None, 10)?.rows));
    let text = serde_json::to_string(&rows[0].1).unwrap();
    assert!(text.contains("\"secret\":\"v1."), "{text}");
    for code in &enrolled.recovery {
        assert!(!text.contains(code) && !text.contains(&code.replace('-', "")));
    }
    let plain = writ::protocol::second_factor::base32(&enrolled.secret);
    assert!(!text.contains(&plain));
}

#[test]
fn codes_are_turned_off_with_the_password_and_then_the_password_is_enough() {
    let enrolled = Enrolled::new();
    let (mut browser, page) = enrolled.half_way();
    browser.submit(&page, &[("code", &enrolled.code())]).expect_page(200, "Connected applications");
    let form = browser.get("/account/codes").form_to("/account/codes/end");
    browser.submit_form(&form, &[("end-password", "wrong password")]).expect_page(422, "not your current password");
    let page = browser.submit_form(&form, &[("end-password", PASSWORD)]);
    page.expect_page(200, "From now on your password is enough").expect_text("end the other sessions below");
    enrolled.world.expect_event("person.second_factor_removed");
    assert!(is_signed_in(&mut enrolled.world.signed_in(&enrolled.ada)));
}

#[test]
fn whoever_looks_after_the_appliance_has_a_way_back() {
    let enrolled = Enrolled::new();
    let world = &enrolled.world;
    let (mut half, page) = enrolled.half_way();
    let people = world.read(|view| Ok(view.page(&PEOPLE, None, 10)?.rows));
    let person = people[0].0;
    world.block(own_sign_in::reset(&world.app, &world.operator(), person)).unwrap();
    half.submit(&page, &[("code", &enrolled.code())]).expect_page(422, "please sign in once more");
    assert!(is_signed_in(&mut world.signed_in(&enrolled.ada)));
    world.block(own_sign_in::reset(&world.app, &world.operator(), person)).unwrap_err();
}

/// Half a sign-in is no failure of anybody: the console counts the whole, and what was wrong.
#[test]
fn a_sign_in_in_two_halves_is_counted_once() {
    use writ::model::Counted;
    let enrolled = Enrolled::new();
    let world = &enrolled.world;
    let counted = || {
        let hours = world.block(writ::operations::hours::since(&world.app, world.now())).unwrap();
        let of = |what| hours.values().map(|hour| hour.of(what)).sum::<u64>();
        (of(Counted::SignIn), of(Counted::SignInFailed))
    };
    let before = counted();
    let (mut browser, page) = enrolled.half_way();
    assert_eq!(counted(), before);
    let page = browser.submit(&page, &[("code", "000000")]);
    assert_eq!(counted(), (before.0, before.1 + 1));
    browser.submit(&page, &[("code", &enrolled.code())]);
    assert!(is_signed_in(&mut browser));
    assert_eq!(counted(), (before.0 + 1, before.1 + 1));
}
