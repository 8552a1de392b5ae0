//! The page that asks for permission, and everybody who would like to answer it. Attack cases 38, 39, 40, 42.

use writ::base::{Id, Lifetime};
use writ::model::{Client, ClientId, Event};
use writ::store::Read as _;
use writ::store::tables::CLIENTS;

use crate::world::{Browser, ClientApp, PASSWORD, Page, Someone, World, at_once};

const ASKS: &str = "asks for your permission";
const OVER: &str = "This request is over";
const REFUSED: &str = "This form is out of date";

struct Stage {
    world: World,
    ada: Someone,
    mail: ClientApp,
    browser: Browser,
}

impl Stage {
    fn new() -> Self {
        let world = World::new();
        let ada = world.administrator("ada");
        let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read mcp:write"));
        let browser = world.signed_in(&ada);
        Self { world, ada, mail, browser }
    }

    fn asked(&mut self) -> Page {
        let page = self.mail.sends(&mut self.browser, &[]);
        page.expect_page(200, ASKS);
        page
    }

    /// Nobody got a code for anything.
    #[track_caller]
    fn expect_nothing_given(&self) {
        let events = self.world.events(100);
        assert!(!events.iter().any(|event| event == "code.issued" || event == "consent.given"), "{events:?}");
    }
}

/// The fields of the page's form, as they would be allowed.
fn allow<'a>(csrf: &'a str, ticket: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![("csrf", csrf), ("ticket", ticket), ("scope", "mcp:read"), ("decision", "allow")]
}

/// What a browser that is signed in would send with a form of its own.
fn csrf(browser: &mut Browser) -> String {
    browser.get("/account").form("csrf").value("csrf").to_owned()
}

#[test]
fn case_39_a_form_counts_only_with_the_token_of_this_browser_and_session() {
    let mut stage = Stage::new();
    let mut stranger = stage.world.browser();
    let foreign = stranger.get("/sign-in").form("csrf").value("csrf").to_owned();
    let mut other = stage.world.signed_in(&stage.ada);
    let of_another_session = csrf(&mut other);
    // One that this browser was given before it signed in: the session's is another.
    let mut fresh = stage.world.browser();
    let page = fresh.get("/sign-in");
    let before = page.form("csrf").value("csrf").to_owned();
    fresh.sign_in(&page, &stage.ada).expect_status(200);
    stage.browser = fresh;

    let page = stage.asked();
    let form = page.form("decision");
    let (good, ticket) = (form.value("csrf").to_owned(), form.value("ticket").to_owned());
    let short = &good[..good.len() - 1];
    for bad in ["", "x", &foreign, &of_another_session, &before, short] {
        let page = stage.browser.post("/oauth/consent", &allow(bad, &ticket));
        // With the id under which the log has it.
        page.expect_page(403, REFUSED).expect_text("req_");
    }
    stage.browser.post("/oauth/consent", &allow("", &ticket)[1..]).expect_page(403, REFUSED);
    stage.browser.post("/oauth/consent", &[]).expect_page(403, REFUSED);
    stage.expect_nothing_given();
    stage.browser.post("/oauth/consent", &allow(&good, &ticket)).expect_left();
}

#[test]
fn case_39_a_form_that_another_site_sent_does_not_count() {
    let mut stage = Stage::new();
    let form = stage.asked().form("decision");
    let (good, ticket) = (form.value("csrf").to_owned(), form.value("ticket").to_owned());
    let refused: &[&[(&'static str, &str)]] = &[
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Sec-Fetch-Site", "none")],
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", "http://127.0.0.1:9000")],
        &[("Origin", "https://evil.test")],
        &[("Origin", "http://127.0.0.1:9001")],
        &[("Origin", "http://127.0.0.1:9000.evil.test")],
        &[("Origin", "http://localhost:9000")],
    ];
    stage.browser.fetch_site = None;
    for headers in refused {
        stage.browser.headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        stage.browser.post("/oauth/consent", &allow(&good, &ticket)).expect_page(403, REFUSED);
    }
    stage.expect_nothing_given();
    // An old browser says neither; the token is then what counts.
    for headers in [&[][..], &[("Origin", "null")], &[("Origin", "http://127.0.0.1:9000")]] {
        let form = stage.asked().form("decision");
        stage.browser.headers = headers.iter().map(|(name, value): &(_, &str)| (*name, (*value).to_owned())).collect();
        let fields = allow(form.value("csrf"), form.value("ticket"));
        stage.browser.post("/oauth/consent", &fields).expect_left();
        stage.browser.headers.clear();
    }
}

#[test]
fn case_39_two_pages_open_at_once_are_two_answers() {
    let mut stage = Stage::new();
    let one = stage.mail.sends(&mut stage.browser, &[("state", "one")]);
    let two = stage.mail.sends(&mut stage.browser, &[("state", "two")]);
    let second = stage.browser.submit(&two, &[("decision", "allow")]);
    let first = stage.browser.submit(&one, &[("decision", "allow")]);
    assert_eq!(first.expect_left().parameter("state").as_deref(), Some("one"));
    assert_eq!(second.expect_left().parameter("state").as_deref(), Some("two"));
    let codes = [&first, &second].map(|page| page.expect_left().parameter("code").unwrap());
    assert_ne!(codes[0], codes[1]);
    for code in codes {
        stage.mail.redeem(&stage.world, &code).tokens();
    }
}

#[test]
fn case_39_a_page_is_answered_once_whatever_the_answer_was() {
    let mut stage = Stage::new();
    for (first, then) in [("allow", "allow"), ("allow", "deny"), ("deny", "allow"), ("deny", "deny")] {
        let page = stage.asked();
        stage.browser.submit(&page, &[("decision", first)]).expect_left();
        stage.browser.submit(&page, &[("decision", then)]).expect_page(400, OVER);
    }
    // Both at the same time.
    let form = stage.asked().form("decision");
    let fields = allow(form.value("csrf"), form.value("ticket"));
    let mut answers: Vec<u16> = at_once(8, |_| {
        let mut browser = stage.world.browser();
        browser.cookies.clone_from(&stage.browser.cookies);
        browser.post("/oauth/consent", &fields).status
    });
    answers.sort_unstable();
    assert_eq!(answers, [303, 400, 400, 400, 400, 400, 400, 400]);
}

#[test]
fn case_39_no_page_can_be_framed() {
    let mut stage = Stage::new();
    let page = stage.asked();
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    assert!(page.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
}

#[test]
fn cases_40_and_42_what_began_in_another_browser_is_over() {
    let mut stage = Stage::new();
    // The attacker's browser: as far as the sign-in page, and as far as consent.
    let mut attacker = stage.world.browser();
    let sign_in_ticket = stage.mail.sends(&mut attacker, &[]).form("ticket").value("ticket").to_owned();
    let mallory = stage.world.person("mallory");
    let mut signed_in = stage.world.signed_in(&mallory);
    let consent_ticket = stage.mail.sends(&mut signed_in, &[]).form("decision").value("ticket").to_owned();

    // The victim follows the attacker's link, or is made to send its form.
    let resume = format!("/oauth/authorize/continue?ticket={sign_in_ticket}");
    stage.browser.get(&resume).expect_page(400, OVER);
    let token = csrf(&mut stage.browser);
    for ticket in [&sign_in_ticket, &consent_ticket] {
        stage.browser.post("/oauth/consent", &allow(&token, ticket)).expect_page(400, OVER);
    }
    // Nor does signing in with it lead on to the application.
    let mut victim = stage.world.browser();
    let page = victim.get(&format!("/sign-in?ticket={sign_in_ticket}"));
    page.expect_page(200, "to your account");
    let fields = [("email", stage.ada.email.as_str()), ("password", PASSWORD), ("ticket", &sign_in_ticket)];
    assert_eq!(victim.submit(&page, &fields).path, "/account");
    stage.expect_nothing_given();
    // In the browser where it began it is still good.
    attacker.get(&resume).expect_page(200, "to continue to");
}

#[test]
fn case_42_what_was_shown_to_somebody_else_is_over() {
    let mut stage = Stage::new();
    let bob = stage.world.person("bob");
    let page = stage.asked();
    let ticket = page.form("decision").value("ticket").to_owned();

    // The same browser, and now it is bob's.
    let account = stage.browser.get("/account");
    let page = stage.browser.submit_form(&account.form_to("/sign-out"), &[]);
    page.expect_page(200, "You are signed out");
    let page = stage.browser.get("/sign-in");
    stage.browser.sign_in(&page, &bob).expect_page(200, "bob@example.com");
    let token = csrf(&mut stage.browser);
    stage.browser.post("/oauth/consent", &allow(&token, &ticket)).expect_page(400, OVER);
    stage.expect_nothing_given();
}

#[test]
fn case_42_no_step_can_be_skipped() {
    let mut stage = Stage::new();
    let mut nobody = stage.world.browser();
    let page = stage.mail.sends(&mut nobody, &[]);
    let form = page.form("ticket");
    let (token, ticket) = (form.value("csrf").to_owned(), form.value("ticket").to_owned());

    // Not signed in: the consent form leads nowhere, and the way goes on with signing in.
    nobody.post("/oauth/consent", &allow(&token, &ticket)).expect_page(400, OVER);
    nobody.get(&format!("/oauth/authorize/continue?ticket={ticket}")).expect_page(200, "to continue to");
    nobody.post("/sign-in", &[("csrf", &token), ("ticket", &ticket)]).expect_page(200, "to continue to");
    nobody
        .post("/sign-in", &[("csrf", &token), ("ticket", &ticket), ("password", "")])
        .expect_page(422, "do not match");

    // Signed in: the ticket of one step is not the ticket of another.
    let asked = stage.asked();
    let consent_ticket = asked.form("decision").value("ticket").to_owned();
    let resume = |ticket: &str| format!("/oauth/authorize/continue?ticket={ticket}");
    stage.browser.get(&resume(&consent_ticket)).expect_page(400, OVER);
    stage.world.later(Lifetime::from_seconds(1));
    let again = stage.mail.sends(&mut stage.browser, &[("prompt", "login")]);
    let sign_in_ticket = again.form("ticket").value("ticket").to_owned();
    let token = csrf(&mut stage.browser);
    stage.browser.post("/oauth/consent", &allow(&token, &sign_in_ticket)).expect_page(400, OVER);
    // Asked to prove it again: going on without doing so asks again.
    stage.browser.get(&resume(&sign_in_ticket)).expect_page(200, "Confirm it’s you");

    // No ticket, no ticket of ours, one with a changed letter, an endless one.
    let middle = consent_ticket.len() / 2;
    let letter = if consent_ticket.as_bytes()[middle] == b'A' { "B" } else { "A" };
    let tampered = format!("{}{letter}{}", &consent_ticket[..middle], &consent_ticket[middle + 1..]);
    for bad in ["", "x", &tampered, &consent_ticket[1..], &"A".repeat(30_000)] {
        stage.browser.post("/oauth/consent", &allow(&token, bad)).expect_page(400, OVER);
    }
    for bad in ["", "x", &sign_in_ticket[1..], "%00%ff"] {
        stage.browser.get(&resume(bad)).expect_page(400, OVER);
    }
    stage.browser.get("/oauth/authorize/continue").expect_page(400, OVER);
    // A form without a decision, or with an invented one.
    for decision in ["", "maybe"] {
        let fields = [("csrf", token.as_str()), ("ticket", &consent_ticket), ("decision", decision)];
        stage.browser.post("/oauth/consent", &fields).expect_page(400, OVER);
    }
    stage.expect_nothing_given();
    stage.browser.post("/oauth/consent", &allow(&token, &consent_ticket)).expect_left();
}

#[test]
fn case_42_after_ten_minutes_it_is_over() {
    let mut stage = Stage::new();
    let page = stage.asked();
    let mut nobody = stage.world.browser();
    let sign_in = stage.mail.sends(&mut nobody, &[]);
    stage.world.later(Lifetime::from_seconds(599));
    let in_time = stage.mail.sends(&mut stage.browser, &[]);
    stage.world.later(Lifetime::from_seconds(1));
    stage.browser.submit(&page, &[("decision", "allow")]).expect_page(400, OVER);
    stage.expect_nothing_given();
    // Whoever took long to sign in is signed in, and starts again in the application.
    assert_eq!(nobody.sign_in(&sign_in, &stage.ada).path, "/account");

    stage.world.later(Lifetime::from_seconds(598));
    stage.browser.submit(&in_time, &[("decision", "allow")]).expect_left();
}

#[test]
fn case_38_what_a_stranger_calls_itself_is_only_text() {
    let mut stage = Stage::new();
    for (name, shown) in [
        ("<script>alert(1)</script>", "&#60;script&#62;alert(1)&#60;/script&#62;"),
        ("\"><img src=x onerror=alert(1)>", "&#34;&#62;&#60;img src=x onerror=alert(1)&#62;"),
        ("{{ 7*7 }}", "{{ 7*7 }}"),
        ("Pay\u{202E}lap\u{202C} \u{200B}Mail", "Paylap Mail"),
        ("  two\r\n\tlines ", "two lines"),
        ("x\u{0}\u{7}y", "xy"),
    ] {
        let app = ClientApp::registers(&stage.world, name);
        let page = app.sends(&mut stage.browser, &[("scope", "openid")]);
        page.expect_page(200, ASKS).expect_text(shown).expect_text("nobody has checked it");
        page.expect_no_text("<script>alert").expect_no_text("<img src=x").expect_no_text("\u{202E}");
        browser_account_shows(&mut stage, &page, shown);
    }
    for refused in ["x".repeat(4_096), "x".repeat(129), "\u{200B}".to_owned()] {
        let metadata = serde_json::json!({ "client_name": refused, "redirect_uris": ["http://127.0.0.1/cb"] });
        let answer = stage.world.request("POST", "/oauth/register").json(&metadata).send();
        answer.expect_refused(400, "invalid_client_metadata");
    }
}

/// The name travels on to the account page, and is only text there too.
fn browser_account_shows(stage: &mut Stage, asked: &Page, shown: &str) {
    stage.browser.submit(asked, &[("decision", "allow")]).expect_left();
    stage.browser.get("/account").expect_text(shown).expect_no_text("<script>alert").expect_no_text("<img src=x");
}

#[test]
fn case_38_a_name_that_only_looks_like_a_known_one_is_pointed_out() {
    let mut stage = Stage::new();
    stage.world.client("Tickets Desk");
    let mut page_of = |name: &str| {
        let app = ClientApp::registers(&stage.world, name);
        app.sends(&mut stage.browser, &[("scope", "openid")])
    };
    for (name, known) in [
        ("\u{421}l\u{430}ud\u{435}", "Claude"),
        ("C1aude", "Claude"),
        ("Gi\u{200B}tHub ", "GitHub"),
        ("T\u{ED}ckets-D\u{435}sk", "Tickets Desk"),
        ("TICKETS DESK", "Tickets Desk"),
        // Whoever wants to be taken for it calls itself just that.
        ("Tickets Desk", "Tickets Desk"),
    ] {
        let page = page_of(name);
        if name.contains('\u{200B}') {
            // With the invisible gone, it is the name itself.
            page.expect_page(200, ASKS).expect_no_text("that is known here");
        } else {
            page.expect_page(200, &format!("This is not the {known} that is known here."));
        }
    }
    for name in ["Claudette", "Tickets", "My notes"] {
        page_of(name).expect_page(200, ASKS).expect_no_text("that is known here");
    }
}

/// However many applications there are: one look finds the one that is imitated.
#[test]
fn case_38_a_known_application_is_known_among_many() {
    let mut stage = Stage::new();
    let ClientId::Registered(id) = stage.world.client("Zebra Desk").id else { panic!("not registered here") };
    let model = stage.world.read(|view| view.get(&CLIENTS, &id)).unwrap();
    stage.world.change("many clients", move |tx| {
        for number in 0..600_u64 {
            // Older than the one that is looked for.
            let id = Id::<Client>::from_bytes((u128::from(number) + 1).to_be_bytes());
            let client =
                Client { id: ClientId::Registered(id), name: format!("Application {number}"), ..model.clone() };
            tx.put(&CLIENTS, &id, &client)?;
        }
        tx.record(Event::CatalogueLoaded { scopes: 0 })
    });
    let app = ClientApp::registers(&stage.world, "Zebra-Desk");
    let page = app.sends(&mut stage.browser, &[("scope", "openid")]);
    page.expect_page(200, "This is not the Zebra Desk that is known here.");
}
