//! Applications in the console: approved, stopped, removed, and what people allowed them taken back.

use writ::base::Lifetime;
use writ::model::ClientState;
use writ::operations::clients;
use writ::operations::declined::Declined;
use writ::operations::seen::Seen;
use writ::store::Read as _;
use writ::store::tables::CLIENTS;

use crate::world::World;

#[test]
fn an_application_is_registered_and_used() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    browser.get("/console/applications").expect_page(200, "Nobody has connected anything yet");
    let page = browser.get("/console/applications/new");
    let form = page.form_to("/console/applications/new");
    let wrong =
        browser.submit_form(&form, &[("name", "Board"), ("redirect_uris", "http://evil.test/cb"), ("method", "none")]);
    wrong.expect_status(422).expect_text("value=\"Board\"").expect_text("http://evil.test/cb");
    let page = browser
        .submit_form(&form, &[("name", "Board"), ("redirect_uris", "https://board.example/cb"), ("method", "none")]);
    page.expect_page(200, "The application is registered").expect_text("https://board.example/cb");
    let page = browser.submit_form(
        &form,
        &[("name", "Server"), ("redirect_uris", "https://board.example/cb"), ("method", "client_secret_basic")],
    );
    page.expect_status(422);
    let form = browser.get("/console/applications/new").form_to("/console/applications/new");
    let page = browser.submit_form(
        &form,
        &[("name", "Server"), ("redirect_uris", "https://board.example/cb"), ("method", "client_secret_basic")],
    );
    page.expect_page(200, "shown this once").expect_text("writ_cs_");
    browser.get("/console/applications?q=oar").expect_text("Board").expect_no_text(">Server<");
    browser.get("/console/search?q=oar").expect_text("Board");
}

#[test]
fn one_that_waits_is_approved_from_the_list() {
    let world = World::with(&[("registration.mode", "approval")]);
    let ada = world.administrator("ada");
    let body = serde_json::json!({ "client_name": "Cursor", "redirect_uris": ["https://cursor.example/cb"], "token_endpoint_auth_method": "none" });
    world.request("POST", "/oauth/register").json(&body).send().expect_status(201);
    let mut browser = world.signed_in(&ada);
    browser.get("/console").expect_text("1 application waits for approval");
    let page = browser.get("/console/applications?state=waiting");
    page.expect_text("Cursor").expect_text("cursor.example");
    let page = browser.submit_form(&page.form_to("/approval"), &[]);
    page.expect_page(200, "Approved: people can use it now");
    world.expect_event("client.approved");
    browser.get("/console/applications?state=waiting").expect_text("No application fits");
}

#[test]
fn an_application_is_stopped_and_what_somebody_allowed_it_is_taken_back() {
    let world = World::new();
    let ada = world.administrator("ada");
    let client = world.client("Cursor");
    let mut person = world.signed_in(&ada);
    let tokens = client.tokens(&world, &mut person);
    let mut browser = world.signed_in(&ada);
    let at = format!("/console/applications/{}", client.id);
    let page = browser.get(&at);
    page.expect_page(200, "One person has allowed it something").expect_text("ada allowed Cursor");
    let page = browser.submit_form(&page.form_to("/grants/"), &[]);
    page.expect_page(200, "Taken back").expect_text("Nobody has allowed it anything");
    client.refresh(&world, tokens.refresh.as_deref().unwrap()).expect_status(400);
    let page = browser.submit_form(&page.form_to("/suspension"), &[("because", "who is this?")]);
    page.expect_page(200, "Stopped. It gets no more tokens").expect_text("may still be taken, until");
    world.later(Lifetime::from_days(1));
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&at);
    page.expect_no_text("may still be taken");
    let page = browser.submit_form(&page.form_to("/resumption"), &[]);
    page.expect_page(200, "It may go on");
    let form = page.form_to("/removal");
    browser.submit_form(&form, &[("name", "cursor")]).expect_text("the name was another");
    browser.submit_form(&form, &[("name", "Cursor")]).expect_page(200, "The application is removed");
    browser.get(&at).expect_status(404);
}

#[test]
fn one_that_waits_is_rejected_with_a_reason_and_approved_after_all() {
    let world = World::with(&[("registration.mode", "approval")]);
    let ada = world.administrator("ada");
    let stranger = crate::world::ClientApp::registers(&world, "Cursor");
    let mut browser = world.signed_in(&ada);
    let at = format!("/console/applications/{}", stranger.id);
    let page = browser.get(&at);
    let page = browser.submit_form(&page.form_to("/rejection"), &[("because", "not this one")]);
    page.expect_page(200, "Rejected. Whoever wants to use it reads why").expect_text("not this one");
    world.expect_event("client.rejected");
    stranger.sends(&mut browser, &[]).expect_page(403, "not this one");
    browser.get("/console").expect_no_text("waits for approval");
    browser.get("/console/applications?state=waiting").expect_text("No application fits");
    let page = browser.get("/console/applications?state=rejected");
    page.expect_text("Cursor");
    let page = browser.get(&at);
    browser.submit_form(&page.form_to("/approval"), &[]).expect_page(200, "Approved: people can use it now");
    stranger.sends(&mut browser, &[]).expect_page(200, "nobody has checked it");
}

/// Whoever verifies has looked at a page: if it is not so any more, they are shown what it is.
#[test]
fn an_application_is_verified_as_it_is_shown() {
    let world = World::new();
    let ada = world.administrator("ada");
    let stranger = crate::world::ClientApp::registers(&world, "Notes");
    let mut browser = world.signed_in(&ada);
    let at = format!("/console/applications/{}", stranger.id);
    let page = browser.get(&at);
    page.expect_text("nobody has checked what it says");
    let form = page.form_to("/verification");
    world.edit_client(&stranger, |client| client.name = "Payroll".to_owned());
    let page = browser.submit_form(&form, &[]);
    page.expect_page(200, "It has changed since you opened the page")
        .expect_text("Payroll")
        .expect_no_text(">verified<");
    let page = browser.submit_form(&page.form_to("/verification"), &[]);
    page.expect_page(200, "Verified: the consent page says")
        .expect_text(">verified<")
        .expect_text("Payroll was verified");
    world.expect_event("client.verified");
    stranger.sends(&mut browser, &[]).expect_page(200, "checked by an administrator");
    browser.get("/console/applications").expect_text(">verified<");
    let page = browser.submit_form(&page.form_to("/verification/end"), &[("because", "sold")]);
    page.expect_page(200, "The mark is taken back").expect_no_text(">verified<");
    stranger.sends(&mut browser, &[]).expect_page(200, "nobody has checked it");
}

#[test]
fn what_nobody_uses_is_cleaned_up_together() {
    let world = World::new();
    let ada = world.administrator("ada");
    for number in 0..3 {
        crate::world::ClientApp::registers(&world, &format!("Old {number}"));
    }
    world.later(writ::base::Lifetime::from_days(40));
    crate::world::ClientApp::registers(&world, "New");
    let mut browser = world.signed_in(&ada);
    browser.get("/console/applications/stale").expect_page(200, "Everything is in use");
    let page = browser.get("/console/applications/stale?days=30");
    page.expect_page(200, "Old 2").expect_text(">never<").expect_no_text(">New<");
    let form = page.form("client");
    let chosen = |form: &crate::world::Form| {
        let fields = form.fields.iter().filter(|field| field.name == "client");
        fields.map(|field| field.value.clone()).collect::<Vec<_>>()
    };
    let ids = chosen(&form);
    assert_eq!(ids.len(), 3);
    assert!(form.fields.iter().all(|field| !field.checked), "nothing is chosen for anybody");
    let page = browser.submit_form(&form, &[("client", &ids[0]), ("client", &ids[1]), ("confirm", "yes")]);
    page.expect_page(422, "Nothing was removed: type the word");
    let ticked: Vec<_> = page.form("client").fields.into_iter().filter(|field| field.checked).collect();
    assert_eq!(ticked.iter().map(|field| &field.value).collect::<Vec<_>>(), [&ids[0], &ids[1]], "the choice is kept");
    let page = browser.submit_form(&form, &[("client", &ids[0]), ("client", &ids[1]), ("confirm", "Remove")]);
    page.expect_page(200, "The chosen applications are removed");
    assert_eq!(chosen(&page.form("client")), ids[2..]);
    let page = browser.submit_form(&form, &[("client", &ids[0]), ("client", &ids[2]), ("confirm", "remove")]);
    page.expect_page(200, "Not all of them are removed").expect_text("Everything is in use");
    let page = browser.submit_form(&form, &[("client", "")]);
    page.expect_page(200, "Choose the applications to remove first");
    browser.get("/console/applications").expect_text(">New<").expect_no_text("Old");
}

#[test]
fn an_applications_secret_is_rotated_and_shown_once() {
    let world = World::new();
    let ada = world.administrator("ada");
    let portal = world.confidential("Portal");
    let mut browser = world.signed_in(&ada);
    let path = format!("/console/applications/{}", portal.id);
    let page = browser.get(&path);
    page.expect_page(200, "Its secret").expect_no_text("End the older ones");
    let form = page.form_to("/secret");
    let shown = browser.submit_form(&form, &[("overlap", "7d")]);
    shown.expect_page(200, "it is shown this once").expect_text("stays good until");
    browser.submit_form(&form, &[("overlap", "7d")]).expect_text("the secret was shown then");
    world.expect_event("client.secret_rotated");
    let page = browser.get(&path);
    page.expect_page(200, "An older one").expect_text("not used since it has a successor");
    let page = browser.submit_form(&page.form_to("/secret/overlap/end"), &[]);
    page.expect_page(200, "Only the newest secret is good").expect_no_text("An older one");
    let public = world.client("Mail");
    browser.get(&format!("/console/applications/{}", public.id)).expect_no_text("Its secret");
}

/// Those that wait, as a form says which were chosen.
fn waiting(page: &crate::world::Page) -> Vec<String> {
    let boxes = page.body.split("<input type=\"checkbox\" form=\"review\"").skip(1);
    boxes.map(|tag| tag.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()).collect()
}

fn registers(world: &World, name: &str) {
    let body = serde_json::json!({ "client_name": name, "redirect_uris": ["https://notes.example/cb"], "token_endpoint_auth_method": "none" });
    world.request("POST", "/oauth/register").json(&body).send().expect_status(201);
}

/// Attack case 38: what may be taken for another application is not approved by whoever has not opened it.
#[test]
fn several_are_decided_about_at_once_and_one_that_looks_like_another_is_not() {
    let world = World::with(&[("registration.mode", "approval")]);
    let ada = world.administrator("ada");
    for name in ["Notes", "Curs0r", "Board"] {
        registers(&world, name);
    }
    let mut browser = world.signed_in(&ada);
    let page = browser.get("/console/applications?state=waiting");
    page.expect_text("looks like Cursor").expect_text("Approve<span class=\"unseen\"> Notes</span>");
    page.expect_no_text("Approve<span class=\"unseen\"> Curs0r</span>");
    let all = waiting(&page);
    assert_eq!(all.len(), 3);
    let form = page.form_to("/review");
    browser.submit_form(&form, &[("verdict", "approve")]).expect_text("Choose the applications first");
    let chosen: Vec<(&str, &str)> = all.iter().map(|value| ("client", value.as_str())).collect();
    let approve = [&chosen[..], &[("verdict", "approve")]].concat();
    let page = browser.submit_form(&form, &approve);
    page.expect_page(200, "Not all of them are decided about").expect_text("Curs0r").expect_no_text(">Notes<");
    let left = waiting(&page);
    assert_eq!(left.len(), 1);
    let form = page.form_to("/review");
    let reject = [("client", left[0].as_str()), ("verdict", "reject"), ("because", "It is not Cursor.")];
    browser.submit_form(&form, &reject).expect_page(200, "Rejected. Whoever wants to use them reads why.");
    browser.get("/console/applications?state=rejected").expect_text("Curs0r").expect_no_text(">Board<");
    world.expect_event("client.rejected");
}

/// Whom it may be taken for is asked where it is approved: the other one may have been added since anybody looked.
#[test]
fn case_38_one_that_looks_like_another_by_now_is_not_approved_unopened() {
    let world = World::with(&[("registration.mode", "approval")]);
    registers(&world, "Tickets");
    let (app, by) = (&world.app, world.operator());
    let rows = world.read(|view| view.page(&CLIENTS, None, 10)).rows;
    let [(_, waits)] = rows.as_slice() else { panic!("{rows:?}") };
    let id = waits.id.clone();
    world.client("Tickets");
    let Err(Declined::Conflict(why)) = world.block(clients::approve_unopened(app, &by, id.clone(), Seen::Anything))
    else {
        panic!("it was approved")
    };
    assert!(why.contains("may be taken for Tickets"), "{why}");
    let still = world.block(clients::find(app, &id)).unwrap();
    assert_eq!(still.state, ClientState::AwaitingApproval);
    // Whoever opened its page decides.
    world.block(clients::approve(app, &by, id, Seen::Anything)).unwrap();
}

#[test]
fn applications_are_found_by_how_they_came_and_by_whether_somebody_checked_them() {
    let world = World::new();
    let ada = world.administrator("ada");
    let stranger = crate::world::ClientApp::registers(&world, "Notes");
    world.client("Mail");
    let mut browser = world.signed_in(&ada);
    browser.get("/console/applications?by=itself").expect_text(">Notes<").expect_no_text(">Mail<");
    browser.get("/console/applications?by=administrator").expect_text(">Mail<").expect_no_text(">Notes<");
    browser.get("/console/applications?by=document").expect_text("No application fits");
    browser.get("/console/applications?checked=verified&by=itself").expect_text("No application fits");
    let page = browser.get(&format!("/console/applications/{}", stranger.id));
    browser.submit_form(&page.form_to("/verification"), &[]);
    browser.get("/console/applications?checked=verified&by=itself").expect_text(">Notes<");
    browser.get("/console/applications?checked=nobody&by=itself&q=not").expect_text("No application fits");
}
