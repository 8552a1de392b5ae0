//! What somebody sees and changes of their own account.

use writ::base::Lifetime;

use crate::world::{PASSWORD, World};

const TICKETS: &str = "https://mcp.example/tickets";
const NEW: &str = "plum bicycle quartz";

#[test]
fn a_session_is_called_by_its_browser_and_the_others_end_together() {
    let world = World::new();
    let ada = world.administrator("ada");
    let sign_in = |user_agent: &str| {
        let mut browser = world.browser();
        browser.headers.push(("User-Agent", user_agent.to_owned()));
        let page = browser.get("/sign-in");
        browser.sign_in(&page, &ada);
        browser
    };
    let mut phone = sign_in("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1");
    let mut nothing = sign_in("<script>alert(1)</script>");
    let mut here = sign_in("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
    let page = here.get("/account");
    page.expect_page(200, "Firefox on Linux").expect_text("Safari on iPhone").expect_text("Another browser");
    page.expect_no_text("alert(1)");
    let page = here.submit_form(&page.form_to("/account/sessions/end"), &[]);
    page.expect_page(200, "2 other sessions are over.").expect_no_text("Safari on iPhone");
    assert_eq!(phone.get("/account").path, "/sign-in");
    assert_eq!(nothing.get("/account").path, "/sign-in");
    let csrf = page.form("csrf").value("csrf").to_owned();
    let page = here.post("/account/sessions/end", &[("csrf", &csrf)]);
    page.expect_page(200, "There was no other session.");
    world.expect_event("person.sessions_ended");
}

/// The console tells of the same browsers in the same words, and both say from which network.
#[test]
fn a_session_says_from_where_and_the_console_calls_it_the_same() {
    let world = World::new();
    let ada = world.administrator("ada");
    let bob = world.person("bob");
    let mut phone = world.browser();
    let agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1";
    phone.headers.push(("User-Agent", agent.to_owned()));
    let page = phone.get("/sign-in");
    let page = phone.sign_in(&page, &bob);
    page.expect_page(200, "Safari on iPhone").expect_text("from 127.0.0.0/24");
    let page = world.signed_in(&ada).get(&format!("/console/people/{}", bob.id));
    page.expect_page(200, "Safari on iPhone").expect_text("from 127.0.0.0/24").expect_no_text("A browser");
}

#[test]
fn everything_that_was_allowed_is_taken_back_together() {
    let world = World::new();
    let ada = world.person("ada");
    let mut browser = world.signed_in(&ada);
    let apps = [world.client("Board"), world.client("Notes")];
    let tokens: Vec<_> = apps.iter().map(|app| app.tokens(&world, &mut browser)).collect();
    let other = world.person("bob");
    let mut bobs = world.signed_in(&other);
    let kept = apps[0].tokens(&world, &mut bobs);
    let page = browser.get("/account");
    let page = browser.submit_form(&page.form_to("/account/applications/revocation"), &[]);
    page.expect_page(200, "No application gets anything more in your name").expect_no_text(">Board<");
    for (app, tokens) in apps.iter().zip(&tokens) {
        app.refresh(&world, tokens.refresh.as_deref().unwrap()).expect_status(400);
    }
    apps[0].refresh(&world, kept.refresh.as_deref().unwrap()).expect_status(200);
    world.expect_event("consent.revoked");
}

#[test]
fn a_password_is_changed_by_who_knows_it() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut other = world.signed_in(&ada);
    let mut browser = world.signed_in(&ada);
    let form = browser.get("/account/password").form_to("/account/password");
    let wrong = browser.submit_form(&form, &[("current", "wrong password"), ("new", NEW)]);
    wrong.expect_page(422, "That is not your current password.").expect_no_text(NEW);
    let weak = browser.submit_form(&form, &[("current", PASSWORD), ("new", "password123")]);
    weak.expect_page(422, "among the first that anybody would try");
    assert_eq!(other.get("/account").path, "/account");
    browser.submit_form(&form, &[("current", PASSWORD), ("new", NEW)]).expect_page(200, "Your password is changed");
    assert_eq!(browser.get("/account").path, "/account", "who changed it stays");
    assert_eq!(other.get("/account").path, "/sign-in", "every other session is over");
    let mut later = world.browser();
    let page = later.get("/sign-in");
    later.submit(&page, &[("email", &ada.email), ("password", PASSWORD)]).expect_status(422);
    let page = later.submit(&page, &[("email", &ada.email), ("password", NEW)]);
    assert_eq!(page.path, "/account");
}

/// Whoever sits at somebody's open session has no more guesses than a stranger.
#[test]
fn case_47_a_session_gives_no_more_guesses_at_the_password() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    browser.cookies.remove("writ-known");
    let form = browser.get("/account/password").form_to("/account/password");
    let statuses: Vec<u16> =
        (0..7).map(|_| browser.submit_form(&form, &[("current", "wrong password"), ("new", NEW)]).status).collect();
    assert_eq!(statuses, [422, 422, 422, 422, 422, 429, 429]);
    world.later(Lifetime::from_minutes(2));
    browser.submit_form(&form, &[("current", PASSWORD), ("new", NEW)]).expect_page(200, "Your password is changed");
}

#[test]
fn everybody_sees_what_happened_to_their_own_account_and_nobody_elses() {
    let world = World::new();
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    let mut browser = world.signed_in(&bob);
    mail.code(&mut browser);
    let page = browser.get("/account/activity");
    page.expect_page(200, "<strong class=\"name\">mail</strong> was allowed something");
    page.expect_text("Signed in to <strong class=\"name\">mail</strong>").expect_text("The account was made");
    page.expect_text("by an administrator").expect_no_text("ada@example.com");
    let mut stranger = world.signed_in(&ada);
    stranger.get("/account/activity").expect_page(200, "Signed in").expect_no_text("mail</strong>");
    let older = browser.get("/account/activity?before=2");
    older.expect_page(200, "Newest");
    browser.get("/account/activity?before=x").expect_status(200);
}
