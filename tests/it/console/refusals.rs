//! "Why was this refused?": from an error's id to the story of the attempt.

use writ::app::Refusals;
use writ::base::Lifetime;

use crate::world::World;

/// The id that an answer of the token endpoint names.
fn error_id(body: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    body["error_id"].as_str().unwrap().to_owned()
}

#[test]
fn an_error_id_leads_to_what_was_wrong_and_whose_turn_it_is() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("nightly-import", &ada, "mcp:read");
    let client = robot.id.to_string();
    let form = [("grant_type", "client_credentials"), ("client_id", client.as_str()), ("client_secret", "not-it")];
    let answer = world.token(&form);
    let id = error_id(&answer.body);
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&format!("/console/refusals/{id}"));
    page.expect_page(200, "Why was this refused?");
    page.expect_text("Client authentication failed").expect_text("nightly-import").expect_text("127.0.0.0/24");
    page.expect_text("It was refused here").expect_text("ClientSecret").expect_text("OAuth 2.1 §2.4");
    page.expect_text("Whoever runs the application").expect_no_text("not-it");
    let list = browser.get("/console/refusals");
    list.expect_page(200, "Client authentication failed").expect_text("nightly-import").expect_no_text("not-it");
    let searched = browser.get(&format!("/console/search?q={id}"));
    assert_eq!(searched.path, format!("/console/refusals/{id}"));
    let typed = browser.get(&format!("/console/refusals?id={id}"));
    assert_eq!(typed.path, format!("/console/refusals/{id}"));
}

/// What has to be added is named, and the form where it is added is one press away.
#[test]
fn a_resource_that_is_not_allowed_is_named_and_leads_to_the_form() {
    let world = World::new();
    let ada = world.administrator("ada");
    world.resource("https://tickets.example/mcp", "mcp:read");
    world.resource("https://mail.example/mcp", "mcp:read");
    let robot = world.machine("nightly-import", &ada, "mcp:read");
    let mut browser = world.signed_in(&ada);
    let form = browser.get(&format!("/console/machines/{}/change", robot.id)).form_to("/change");
    browser.submit_form(&form, &[("resource", "https://tickets.example/mcp")]).expect_status(200);
    let answer = robot.client_credentials(&world, &[("resource", "https://mail.example/mcp")]);
    answer.expect_refusal(400, "invalid_target", "ResourceNotAllowed");
    let page = browser.get(&format!("/console/refusals/{}", error_id(&answer.body)));
    page.expect_page(200, "https://mail.example/mcp").expect_text("Add the resource to those");
    page.expect_text(&format!("<a href=\"/console/machines/{}/change\">Change what it may have</a>", robot.id));
}

#[test]
fn a_refused_code_shows_the_steps_before_it() {
    let world = World::new();
    let ada = world.administrator("ada");
    let app = world.client("Ticket board");
    let mut browser = world.signed_in(&ada);
    let code = app.code(&mut browser);
    let verifier = "x".repeat(43);
    let answer = app.redeem_with(&world, &code, &[("code_verifier", &verifier)]);
    let page = browser.get(&format!("/console/refusals/{}", error_id(&answer.body)));
    page.expect_page(200, "PkceMismatch").expect_text("Asks for permission").expect_text("They allow it");
    page.expect_text("It was refused here").expect_text("It did not come to this").expect_text("consent.given");
    page.expect_no_text(&code).expect_no_text(&verifier).expect_no_text("not seen");
}

#[test]
fn a_page_that_says_no_leads_an_administrator_to_its_story() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let page = browser.get("/oauth/authorize?client_id=cli_00000000000000000000000000&response_type=code");
    page.expect_status(400).expect_text("open the story of this error");
    let way = page.body.split("href=\"").find(|rest| rest.starts_with("/console/refusals/")).unwrap();
    let way = way.split('"').next().unwrap().to_owned();
    browser
        .get(&way)
        .expect_page(200, "The application is not known here")
        .expect_text("cli_00000000000000000000000000");
    let nowhere = browser.get("/nowhere");
    nowhere.expect_status(404).expect_no_text("open the story");
}

#[test]
fn a_registration_is_told_without_what_was_sent() {
    let world = World::new();
    let ada = world.administrator("ada");
    let body = serde_json::json!({ "redirect_uris": ["http://app.example/hush-hush"] });
    let answer = world.request("POST", "/oauth/register").json(&body).send();
    answer.expect_status(400);
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&format!("/console/refusals/{}", error_id(&answer.body)));
    page.expect_page(200, "A redirect URI cannot be used").expect_no_text("hush-hush");
}

/// What a stranger puts where a client id belongs is kept only if it is one by its form.
#[test]
fn a_secret_in_the_place_of_a_client_id_is_not_remembered() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    for client in ["hunter2-the-password", "https://app.example/?token=hunter2", "ada@example.com"] {
        let form = [("grant_type", "client_credentials"), ("client_id", client), ("client_secret", "hunter2")];
        let id = error_id(&world.token(&form).body);
        browser.get(&format!("/console/refusals/{id}")).expect_page(200, "Not known").expect_no_text("hunter2");
    }
    browser.get("/console/refusals").expect_page(200, "Client authentication").expect_no_text("hunter2");
}

#[test]
fn what_is_not_remembered_says_so() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    browser.get("/console/refusals").expect_page(200, "Nothing was refused");
    let page = browser.get("/console/refusals/req_00000000000000000000000000");
    page.expect_page(404, "Nothing is known about this id");
    browser.get("/console/refusals/req_1").expect_status(404);
    browser.get("/console/refusals?id=err_1").expect_page(200, "This is no error id");
}

/// A flood takes the room of its own network and no more.
#[test]
fn a_flood_of_refusals_has_an_end() {
    let world = World::new();
    let ada = world.administrator("ada");
    for _ in 0..Refusals::MOST_OF_ONE + 20 {
        world.token(&[("grant_type", "password")]);
    }
    let (kept, _) = world.app.refusals.newest(None, usize::MAX, |_| true);
    assert_eq!(kept.len(), Refusals::MOST_OF_ONE);
    let mut browser = world.signed_in(&ada);
    let page = browser.get("/console/refusals");
    page.expect_page(200, "Next page");
    let next = page.body.split("href=\"").find(|rest| rest.starts_with("/console/refusals?before=")).unwrap();
    browser.get(next.split('"').next().unwrap()).expect_page(200, "This grant type is not supported");
}

/// The audit log outlives a restart: what it knows of a request is told when the refusal itself is forgotten.
#[test]
fn after_a_restart_the_audit_log_tells_what_it_knows() {
    let world = World::with_file();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let answer = robot.client_credentials(&world, &[("scope", "mcp:write")]);
    let id = error_id(&answer.body);
    let world = world.restarted();
    world.later(Lifetime::from_hours(2));
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&format!("/console/refusals/{id}"));
    page.expect_page(200, "is not remembered").expect_text("robot").expect_text("token.refused");
}
