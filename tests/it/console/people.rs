//! People in the console: added, looked at, signed out, stopped; their roles, and who acts for them.

use writ::model::Standing;
use writ::operations::declined::Declined;
use writ::operations::people;
use writ::operations::seen::Seen;

use crate::world::{Device, PASSWORD, Page, Someone, World};

fn at(someone: &Someone) -> String {
    format!("/console/people/{}", someone.id)
}

/// The password on the one page that shows it.
fn shown(page: &Page) -> String {
    let rest = page.body.split_once("id=\"secret\">").unwrap_or_else(|| panic!("no password on {}", page.body)).1;
    rest.split_once('<').unwrap().0.to_owned()
}

#[test]
fn somebody_is_added_with_a_random_password_and_signs_in_with_it() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let form = browser.get("/console/people/new").form_to("/console/people/new");
    let fill = [("name", "Grace Hopper"), ("email", "grace@example.com"), ("standing", "member"), ("password", "")];
    let page = browser.submit_form(&form, &fill);
    page.expect_page(200, "shown this once").expect_text("grace@example.com");
    let password = shown(&page);
    assert_eq!(password.len(), 24, "{password}");
    world.expect_event("person.created");
    let again = browser.submit_form(&form, &fill);
    again.expect_page(422, "is here already").expect_text("value=\"Grace Hopper\"");

    let mut theirs = world.browser();
    let page = theirs.get("/sign-in");
    let page = theirs.submit(&page, &[("email", "grace@example.com"), ("password", &password)]);
    assert_eq!(page.path, "/account");
    theirs.get("/console/people").expect_page(403, "You may not open this");
    browser.get("/console/people").expect_text("Grace Hopper").expect_text("Administrator").expect_no_text(&password);
}

/// A telephone is gone: its codes, its passkey, and wherever it was signed in.
#[test]
fn a_second_factor_is_reset_and_a_passkey_removed_and_every_session_ends() {
    let world = World::with(&[("public_url", "http://localhost:9000")]);
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let mut browser = world.signed_in(&ada);
    browser.get(&at(&bob)).expect_page(200, "they have set up no codes from an app");
    let mut theirs =
        crate::stories::passkeys::with_passkey(&world, &bob, &mut Device::new("ES256"), "<b>Telephone</b>");
    crate::stories::second_factor::set_up(&world, &bob);
    let page = browser.get(&at(&bob));
    page.expect_text("10 recovery codes left").expect_text("&#60;b&#62;Telephone").expect_no_text("<b>Telephone");
    browser.submit_form(&page.form_to("/factor/reset"), &[]).expect_page(200, "every session they had is over");
    assert_eq!(theirs.get("/account").path, "/sign-in");
    world.expect_event("person.second_factor_removed");
    world.expect_event("person.sessions_ended");
    browser.submit_form(&page.form_to("/factor/reset"), &[]).expect_page(200, "They are asked for no code as it is");
    let mut theirs = world.signed_in(&bob);
    browser.submit_form(&page.form_to("/passkeys/"), &[]).expect_page(200, "Nobody signs in with that passkey");
    assert_eq!(theirs.get("/account").path, "/sign-in");
    browser.submit_form(&page.form_to("/passkeys/"), &[]).expect_page(200, "no such passkey any more");
    browser.get("/console/audit?event=person.passkey_removed").expect_page(200, "has the passkey");
}

#[test]
fn what_is_wrong_stands_beside_its_field_and_the_password_does_not_come_back() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let form = browser.get("/console/people/new").form_to("/console/people/new");
    let fill = [("name", ""), ("email", "grace@"), ("standing", "administrator"), ("password", "short-one")];
    let page = browser.submit_form(&form, &fill);
    page.expect_page(422, "Enter a name of 1 to 128 characters")
        .expect_text("value=\"grace@\"")
        .expect_text("Use at least 10 characters")
        .expect_text("<option value=\"administrator\" selected>")
        .expect_no_text("short-one");
    let fill = [("name", "Grace"), ("email", "grace@example.com"), ("standing", "member"), ("password", PASSWORD)];
    browser.submit_form(&form, &fill).expect_page(200, "They can sign in now").expect_no_text(PASSWORD);
}

#[test]
fn people_are_found_by_any_part_of_their_names_and_addresses() {
    let world = World::new();
    let ada = world.administrator("ada");
    let grace = world.person("grace");
    world.person("bob");
    let mut browser = world.signed_in(&ada);
    for text in ["rac", "GRACE", "grace%40example.com"] {
        let page = browser.get(&format!("/console/people?q={text}"));
        page.expect_page(200, "grace@example.com").expect_no_text("bob@example.com");
    }
    browser.get("/console/people?q=zoe").expect_text("Nobody fits");
    browser.get("/console/search?q=rac").expect_text(&at(&grace));
    let page = browser.get(&format!("/console/search?q={}", grace.id));
    assert_eq!(page.path, at(&grace));
    browser.get("/console/people/per_00000000000000000000000000").expect_status(404);
    browser.get("/console/people/nobody").expect_status(404);
}

#[test]
fn somebody_is_stopped_with_the_machines_they_answer_for() {
    let world = World::new();
    let ada = world.administrator("ada");
    let bob = world.person("bob");
    let robot = world.machine("robot", &bob, "mcp:read");
    let mut theirs = world.signed_in(&bob);
    world.client("Cursor").tokens(&world, &mut theirs);
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&at(&bob));
    page.expect_page(200, "1 machine that they answer for is stopped with them").expect_text("robot");
    let page = browser.submit_form(&page.form_to("/suspension"), &[("because", "left")]);
    page.expect_page(200, "Stopped. They sign in nowhere").expect_text("bob was stopped: left");
    page.expect_text("token").expect_text("may still be taken, until");
    theirs.get("/account").expect_page(200, "Sign in");
    robot.client_credentials(&world, &[]).expect_status(401);
    let page = browser.submit_form(&page.form_to("/resumption"), &[]);
    page.expect_page(200, "They may go on");
    world.expect_event("person.resumed");
    world.signed_in(&bob).get("/account").expect_page(200, "bob");
}

#[test]
fn the_machines_of_one_who_leaves_are_handed_over() {
    let world = World::new();
    let ada = world.administrator("ada");
    let (bob, eve) = (world.person("bob"), world.person("eve"));
    world.machine("robot", &bob, "mcp:read");
    world.machine("drone", &bob, "mcp:read");
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&at(&bob));
    let form = page.form_to("/handover");
    let page = browser.submit_form(&form, &[("owner", "eve@example.com")]);
    page.expect_page(200, "Somebody else answers for their machines now").expect_text("They answer for no machine");
    browser.get(&at(&eve)).expect_page(200, "robot").expect_text("drone");
    browser.submit_form(&form, &[("owner", "nobody@example.com")]).expect_text("Nothing was handed over");
}

/// Nobody locks everybody out: by accident, or meaning to.
#[test]
fn the_last_administrator_is_neither_stopped_nor_made_a_member() {
    let world = World::new();
    let ada = world.administrator("ada");
    let bob = world.person("bob");
    let mut browser = world.signed_in(&ada);
    let form = browser.get(&at(&ada)).form_to("/suspension");
    browser.submit_form(&form, &[("because", "x"), ("confirm", "yes")]).expect_text("type the words");
    let page = browser.submit_form(&form, &[("because", "x"), ("confirm", "Stop myself")]);
    page.expect_page(200, "make another administrator first");
    let page = browser.submit_form(&page.form_to("/standing"), &[]);
    page.expect_page(200, "make another administrator first").expect_text("Administrator");

    let page = browser.get(&at(&bob));
    let page = browser.submit_form(&page.form_to("/standing"), &[]);
    page.expect_page(200, "An administrator from now on").expect_text("bob became an administrator");
    world.expect_event("person.standing_changed");
    // One who is stopped administers nothing, so they do not count.
    world.suspend(&bob);
    browser.submit_form(&form, &[("because", "x"), ("confirm", "stop myself")]).expect_text("make another");
    world.set_person(&bob, writ::model::PersonState::Active);
    let page = browser.submit_form(&form, &[("because", "x"), ("confirm", "stop myself")]);
    page.expect_page(200, "Sign in");
}

/// Two administrators who stop each other at once: whichever comes second finds that they are the last, or stopped.
#[test]
fn two_administrators_do_not_stop_each_other() {
    let world = World::new();
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    world.set_standing(&bob, Standing::Administrator);
    let (app, by, last) = (&world.app, world.operator(), ada.id);
    let change = people::change_standing(app, &by, bob.id, Seen::Anything, Standing::Member);
    let done = world.overtaken(change, move |tx| {
        use writ::store::Read as _;
        let row = tx.get(&writ::store::tables::PEOPLE, &last)?.unwrap();
        let row = writ::model::Person { state: writ::model::PersonState::Suspended, ..row };
        tx.put(&writ::store::tables::PEOPLE, &last, &row)?;
        tx.record(writ::model::Event::PersonResumed { person: last })
    });
    assert!(matches!(done, Err(Declined::Conflict(_))), "{done:?}");
}

#[test]
fn sessions_are_ended_one_by_one_and_all_at_once() {
    let world = World::new();
    let ada = world.administrator("ada");
    let bob = world.person("bob");
    let mut first = world.signed_in(&bob);
    let mut second = world.signed_in(&bob);
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&at(&bob));
    let ends: Vec<_> = page.forms().into_iter().filter(|form| form.action.contains("/sessions/ses_")).collect();
    assert_eq!(ends.len(), 2);
    browser.submit_form(&ends[0], &[]).expect_text("That session is over.");
    browser.submit_form(&ends[0], &[]).expect_text("That session was over already.");
    let left = [&mut first, &mut second].into_iter().filter_map(|theirs| {
        let page = theirs.get("/account");
        (page.path == "/account").then_some(())
    });
    assert_eq!(left.count(), 1);
    let page = browser.submit_form(&page.form_to("/sessions/end"), &[]);
    page.expect_page(200, "Signed out everywhere").expect_text("They are signed in nowhere");
    world.expect_event("person.sessions_ended");
    first.get("/account").expect_page(200, "Sign in");
    second.get("/account").expect_page(200, "Sign in");
    // A session of somebody else is not ended by way of bob's page.
    let own = browser.get(&at(&ada));
    own.expect_text("this browser");
    browser.get("/console/people").expect_page(200, "People");
}

#[test]
fn somebody_gets_a_new_password_and_the_old_one_is_worth_nothing() {
    let world = World::new();
    let ada = world.administrator("ada");
    let bob = world.person("bob");
    let mut theirs = world.signed_in(&bob);
    let mut browser = world.signed_in(&ada);
    let form = browser.get(&at(&bob)).form_to("/password");
    browser.submit_form(&form, &[("password", "bob@example.com")]).expect_text("stays as it was");
    theirs.get("/account").expect_page(200, "bob");
    let page = browser.submit_form(&form, &[("password", "")]);
    page.expect_page(200, "shown this once").expect_text("Every session they had is over");
    let password = shown(&page);
    let page = theirs.get("/account");
    page.expect_page(200, "Sign in");
    let page = theirs.submit(&page, &[("email", &bob.email), ("password", PASSWORD)]);
    page.expect_page(422, "do not match");
    let page = theirs.submit(&page, &[("email", &bob.email), ("password", &password)]);
    assert_eq!(page.path, "/account");
    world.expect_event("person.password_set");
}

#[test]
fn what_somebody_allowed_is_taken_back() {
    let world = World::new();
    let ada = world.administrator("ada");
    let bob = world.person("bob");
    let client = world.client("Cursor");
    let mut theirs = world.signed_in(&bob);
    let tokens = client.tokens(&world, &mut theirs);
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&at(&bob));
    page.expect_page(200, "Cursor");
    let form = page.form_to("/grants/");
    // By way of the page of somebody who did not allow it, nothing is taken back.
    let other = form.action.replace(&bob.id.to_string(), &ada.id.to_string());
    let token = browser.get(&at(&bob)).form("csrf").value("csrf").to_owned();
    browser.post(&other, &[("csrf", &token)]).expect_status(404);
    let page = browser.submit_form(&form, &[]);
    page.expect_page(200, "Taken back").expect_text("They have allowed no application anything");
    client.refresh(&world, tokens.refresh.as_deref().unwrap()).expect_status(400);
}

#[test]
fn roles_are_made_given_taken_and_removed() {
    let world = World::new();
    let ada = world.administrator("ada");
    let bob = world.person("bob");
    let mut browser = world.signed_in(&ada);
    let page = browser.get("/console/roles");
    page.expect_page(200, "This tenant has no roles yet");
    let form = page.form_to("/console/tenants");
    browser.submit_form(&form, &[("new-name", "a b"), ("new-title", "Acme")]).expect_page(422, "value=\"a b\"");
    let page = browser.submit_form(&form, &[("new-name", "acme"), ("new-title", "Acme Inc.")]);
    page.expect_page(200, "The tenant is made").expect_text("Acme Inc.");
    browser.submit_form(&form, &[("new-name", "acme"), ("new-title", "Acme")]).expect_page(422, "already");

    let form = browser.get("/console/roles/new?tenant=acme").form_to("/console/roles/new");
    let fill = [("name", "reader"), ("description", "Reads"), ("permissions", "tickets.read\nno good!")];
    browser.submit_form(&form, &fill).expect_page(422, "no good!").expect_text("value=\"reader\"");
    let fill = [("name", "reader"), ("description", "Reads"), ("permissions", "tickets.read\ncomments.read")];
    let page = browser.submit_form(&form, &fill);
    page.expect_page(200, "The role is made").expect_text("Nobody has it");
    assert_eq!(page.path, "/console/roles/acme/reader");

    let form = browser.get(&at(&bob)).form_to("/roles");
    let page = browser.submit_form(&form, &[("give", "acme/reader")]);
    page.expect_page(200, "Their roles are changed").expect_text("Take away");
    let page = browser.get("/console/roles/acme/reader");
    page.expect_text("bob@example.com").expect_text("Take it from them first");
    let page = browser.submit_form(&page.form_to("/change"), &[("permissions", "tickets.read tickets.write")]);
    page.expect_page(200, "The role is changed").expect_text("tickets.write").expect_text("role.changed");
    let page = browser.submit_form(&page.form_to("/change"), &[("permissions", "no good!")]);
    page.expect_page(422, "no good!");
    let page = browser.get("/console/roles?tenant=acme");
    page.expect_text("tickets.write").expect_text("<td data-label=\"People\" class=\"num\">1</td>");
    browser.submit_form(&page.form_to("/removal"), &[("name", "acme")]).expect_status(409);

    let page = browser.get("/console/roles/acme/reader");
    let page = browser.submit_form(&page.form_to("/roles"), &[]);
    page.expect_page(200, "Taken away").expect_text("Nobody has it");
    let page = browser.submit_form(&page.form_to("/removal"), &[]);
    page.expect_page(200, "The role is removed");
    let page = browser.submit_form(&page.form_to("/change"), &[("title", "Acme")]);
    page.expect_page(200, "called so from now on");
    browser.submit_form(&page.form_to("/removal"), &[("name", "Acme")]).expect_text("the name was another");
    browser.submit_form(&page.form_to("/removal"), &[("name", "acme")]).expect_page(200, "The tenant is removed");
    browser.get("/console/roles?tenant=acme").expect_status(404);
}

#[test]
fn a_machine_is_let_act_for_somebody_and_no_more() {
    let world = World::new();
    let ada = world.administrator("ada");
    let bob = world.person("bob");
    let robot = world.machine("robot", &ada, "mcp:read");
    let mut browser = world.signed_in(&ada);
    let machine = format!("/console/machines/{}", robot.id);
    let form = browser.get(&format!("{machine}/delegations/new")).form_to("/delegations");
    let page = browser.submit_form(&form, &[("subject", "nobody@example.com"), ("purpose", ""), ("until", "soon")]);
    page.expect_page(422, "There is nobody with this address")
        .expect_text("Choose at least one")
        .expect_text("Choose a day within a year")
        .expect_text("value=\"nobody@example.com\"");
    let until = world.now().plus(writ::base::Lifetime::from_days(30)).iso()[..10].to_owned();
    let fill = [
        ("subject", "bob@example.com"),
        ("purpose", "Answers while away"),
        ("scope", "mcp:read"),
        ("until", until.as_str()),
    ];
    let page = browser.submit_form(&form, &fill);
    page.expect_page(200, "It may act for them from now on").expect_text("Answers while away");
    world.expect_event("delegation.granted");
    browser.get(&at(&bob)).expect_text("Machines that act for them").expect_text("robot");
    world.signed_in(&bob).get("/account").expect_text("Answers while away");
    let again = browser.get(&format!("{machine}/delegations/new")).form_to("/delegations");
    browser.submit_form(&again, &fill).expect_page(422, "revoke that one first");

    let form = page.form_to("/delegations/");
    let other = world.machine("other", &ada, "mcp:read");
    let token = form.value("csrf").to_owned();
    let elsewhere = form.action.replace(&robot.id.to_string(), &other.id.to_string());
    browser.post(&elsewhere, &[("csrf", &token), ("because", "x")]).expect_status(404);
    let page = browser.submit_form(&form, &[("because", "back from holiday")]);
    page.expect_page(200, "It acts for them no more");
    world.expect_event("delegation.revoked");
    world.signed_in(&bob).get("/account").expect_no_text("Answers while away");
}

#[test]
fn somebody_gets_another_name_and_address_and_stays_signed_in() {
    let world = World::new();
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let (mut browser, mut theirs) = (world.signed_in(&ada), world.signed_in(&bob));
    let page = browser.get(&at(&bob));
    page.expect_text(&format!("{}/change", at(&bob)));
    let open = browser.get(&format!("{}/change", at(&bob)));
    open.expect_text("value=\"bob@example.com\"");
    let form = open.form_to("/change");
    let wrong = browser.submit_form(&form, &[("name", ""), ("email", "bob@")]);
    wrong.expect_page(422, "Enter a name of 1 to 128 characters").expect_text("value=\"bob@\"");
    browser.submit_form(&form, &[("name", "Bob"), ("email", "ADA@example.com")]).expect_page(422, "is here already");
    // A form that somebody opened before undoes nothing that was done since.
    let id = bob.id;
    let change = people::PersonChange::parse(None, Some("Robert")).unwrap();
    world.block(people::change(&world.app, &world.operator(), id, Seen::Anything, change)).unwrap();
    let stale = browser.submit_form(&form, &[("name", "Bob"), ("email", "bob@example.org")]);
    stale.expect_page(422, "It was changed since you opened this page");
    let form = browser.get(&format!("{}/change", at(&bob))).form_to("/change");
    let done = browser.submit_form(&form, &[("name", "Robert B"), ("email", "robert@example.org")]);
    done.expect_page(200, "Where they are signed in, they stay so").expect_text("robert@example.org");
    done.expect_text("has another email").expect_text("Robert B");
    world.expect_event("person.changed");
    theirs.get("/account").expect_page(200, "robert@example.org");
    browser.get("/console/people/per_00000000000000000000000000/change").expect_status(404);
}

const STALE: &str = "It was changed since you opened this page";

/// A form that was opened before somebody else's change undoes nothing that it does not know of.
#[test]
fn a_stale_form_changes_no_role() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let form = browser.get("/console/roles/new").form_to("/console/roles/new");
    let fill = [("name", "reader"), ("description", "Reads"), ("permissions", "tickets.read")];
    let page = browser.submit_form(&form, &fill);
    let (first, second) = (page.form_to("/change"), page.form_to("/change"));
    browser
        .submit_form(&first, &[("permissions", "tickets.read tickets.write")])
        .expect_page(200, "The role is changed");
    let late = browser.submit_form(&second, &[("description", "Reads everything")]);
    late.expect_page(422, STALE).expect_text("Reads everything");
    let now = browser.get("/console/roles/main/reader");
    now.expect_text("tickets.write").expect_no_text("Reads everything");
    // Whoever has looked again may.
    let page = browser.submit_form(&late.form_to("/change"), &[("description", "Reads everything")]);
    page.expect_page(200, "The role is changed").expect_text("Reads everything");
    // The page on which it was to be removed showed another role.
    browser.submit_form(&now.form_to("/removal"), &[]).expect_page(409, STALE);
    browser.submit_form(&page.form_to("/removal"), &[]).expect_page(200, "The role is removed");
}

#[test]
fn a_stale_form_changes_no_tenant() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let form = browser.get("/console/roles").form_to("/console/tenants");
    let page = browser.submit_form(&form, &[("new-name", "acme"), ("new-title", "Acme Inc.")]);
    let (title, removal) = (page.form_to("/change"), page.form_to("/removal"));
    browser.submit_form(&title, &[("title", "Acme Ltd.")]).expect_page(200, "called so from now on");
    browser.submit_form(&title, &[("title", "Acme GmbH")]).expect_page(409, STALE);
    browser.submit_form(&removal, &[("name", "acme")]).expect_page(409, STALE);
    browser.get("/console/roles?tenant=acme").expect_page(200, "Acme Ltd.").expect_no_text("GmbH");
}

#[test]
fn a_stale_form_changes_nobody() {
    let world = World::new();
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let mut browser = world.signed_in(&ada);
    for name in ["reader", "writer"] {
        let form = browser.get("/console/roles/new").form_to("/console/roles/new");
        browser.submit_form(&form, &[("name", name), ("permissions", "tickets.read")]).expect_status(200);
    }
    // Somebody else takes away what this page does not show yet.
    let opened = browser.get(&at(&bob));
    browser.submit_form(&opened.form_to("/roles"), &[("give", "main/reader")]).expect_page(200, "roles are changed");
    let page = browser.submit_form(&opened.form_to("/roles"), &[("give", "main/writer")]);
    page.expect_page(409, STALE);
    let of_role = browser.get("/console/roles/main/reader");
    let page = browser.get(&at(&bob)).form_to("/roles");
    browser.submit_form(&page, &[("take", "main/reader")]).expect_page(200, "roles are changed");
    browser.submit_form(&of_role.form_to("/roles"), &[]).expect_page(409, STALE);

    // Nobody makes an administrator of somebody who was stopped meanwhile, or lets somebody go on who was stopped for another reason.
    let stop = |because: &str| {
        let by = world.operator();
        world.block(people::suspend(&world.app, &by, bob.id, Seen::Anything, because)).unwrap();
    };
    stop("on leave");
    browser.submit_form(&opened.form_to("/standing"), &[]).expect_page(409, STALE);
    let on_leave = browser.get(&at(&bob)).form_to("/resumption");
    browser.submit_form(&on_leave, &[]).expect_page(200, "They may go on");
    // Stopping never waits for a newer page.
    browser.submit_form(&opened.form_to("/suspension"), &[("because", "left")]).expect_page(200, "Stopped");
}
