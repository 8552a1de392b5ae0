//! The audit log in the console: found, read, exported, verified.

use writ::operations::housekeeping;

use crate::world::World;

#[test]
fn an_administrator_finds_who_did_what() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let other = world.machine("other", &ada, "mcp:read");
    robot.client_credentials(&world, &[]).tokens();
    other.client_credentials(&world, &[]).tokens();
    let mut browser = world.signed_in(&ada);
    let page = browser.get("/console/audit");
    page.expect_page(200, "robot got a token").expect_text("other got a token").expect_text("ada signed in");
    let page = browser.get(&format!("/console/audit?about={}&event=token.issued", robot.id));
    page.expect_page(200, "robot got a token").expect_no_text("other got a token").expect_no_text("ada signed in");
    browser.get("/console/audit?since=soon").expect_page(200, "a day, like");
    browser.get("/console/audit?until=2001-01-01").expect_page(200, "No entry fits");

    let entry = page
        .body
        .split("/console/audit/")
        .filter_map(|rest| rest.split('"').next()?.parse::<u64>().ok())
        .next()
        .unwrap();
    let page = browser.get(&format!("/console/audit/{entry}"));
    page.expect_page(200, "Its place in the chain").expect_text("token.issued").expect_text("After it");
    browser.get("/console/audit/999999").expect_status(404);
    browser.get("/console/audit/one").expect_status(404);
}

/// People know names and addresses; the log has ids.
#[test]
fn whoever_is_asked_for_by_name_is_found() {
    let world = World::new();
    let ada = world.administrator("ada");
    let bob = world.person("bob");
    let robot = world.machine("night robot", &ada, "mcp:read");
    world.machine("day robot", &ada, "mcp:read");
    robot.client_credentials(&world, &[]).tokens();
    world.signed_in(&bob);
    let mut browser = world.signed_in(&ada);
    for by in ["night+robot", "Night+Robot", &robot.id.to_string()] {
        let page = browser.get(&format!("/console/audit?by={by}"));
        page.expect_page(200, "night robot got a token").expect_no_text("bob signed in");
    }
    let page = browser.get("/console/audit?about=bob%40example.com");
    page.expect_page(200, "bob signed in").expect_no_text("ada signed in");
    browser.get("/console/audit?about=bob").expect_page(200, "bob signed in").expect_no_text("got a token");
    // What only begins like it is offered, and not taken for it.
    browser.get("/console/audit?by=night").expect_page(200, "Whom do you mean?").expect_no_text("got a token");
    // Whoever watches looks no name up again.
    browser.get("/console/audit?by=night+robot").expect_text(&format!("/console/audit/live?by={}", robot.id));
    // Of a name that several have, they are shown to choose from; of one that nobody has, nothing is told.
    let page = browser.get("/console/audit?by=robot&event=token.issued");
    page.expect_page(200, "Whom do you mean?").expect_text("day robot").expect_no_text("got a token");
    page.expect_text(&format!("/console/audit?event=token.issued&#38;by={}", robot.id));
    // Two applications may differ in their capitals alone.
    world.client("payroll");
    world.client("Payroll");
    browser.get("/console/audit?by=payroll").expect_no_text("Whom do you mean?");
    browser.get("/console/audit?by=PAYROLL").expect_text("Whom do you mean?");
    let page = browser.get("/console/audit?by=carol");
    page.expect_page(200, "nobody here is called this").expect_no_text("signed in");
    browser.get("/console/audit?actor=bob").expect_page(200, "no machine here is called this");
    // What cannot be read is no filter that lets everything through, least of all into a file.
    for unread in ["outcome=x", "request=x", "since=soon"] {
        browser.get(&format!("/console/audit?{unread}")).expect_page(200, "No entry fits").expect_no_text("signed in<");
        let exported = browser.get(&format!("/console/audit/export?as=jsonl&{unread}"));
        assert_eq!(exported.header("content-disposition"), None, "{unread}");
    }
    // Scopes are named as they are.
    browser.get("/console/audit?about=mcp:read").expect_page(200, "mcp:read");
    let exported = browser.get("/console/audit/export?as=jsonl&by=night+robot");
    assert!(exported.body.lines().count() > 0 && !exported.body.contains("person.signed_in"), "{}", exported.body);
    browser.get("/console/audit/export?as=jsonl&by=carol").expect_page(200, "nobody here is called this");
}

#[test]
fn what_was_refused_is_told_apart_and_upkeep_is_left_out() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    robot.client_credentials(&world, &[]).tokens();
    robot.client_credentials(&world, &[("scope", "mcp:admin")]).expect_status(400);
    world.block(housekeeping::round(&world.app)).unwrap();
    let mut browser = world.signed_in(&ada);
    let page = browser.get("/console/audit?outcome=refused");
    page.expect_page(200, "robot was refused").expect_no_text("robot got a token").expect_no_text("ada signed in");
    let page = browser.get("/console/audit?outcome=done");
    page.expect_page(200, "robot got a token").expect_no_text("robot was refused");
    browser.get("/console/audit").expect_page(200, "robot got a token").expect_no_text("machine was used");
    let page = browser.get("/console/audit?upkeep=shown");
    page.expect_page(200, "1 machine was used: 1 token").expect_text("Leave it out");
    browser.get("/console/audit?event=machine.used").expect_page(200, "1 machine was used");
}

#[test]
fn the_log_is_exported_as_it_is_filtered() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("=cmd()", &ada, "mcp:read");
    robot.client_credentials(&world, &[]).tokens();
    let mut browser = world.signed_in(&ada);
    let jsonl = browser.get("/console/audit/export?as=jsonl&event=token.issued");
    assert_eq!(jsonl.header("content-disposition"), Some("attachment; filename=\"audit.jsonl\""));
    let lines: Vec<serde_json::Value> = jsonl.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!lines.is_empty() && lines.iter().all(|line| line["event"] == "token.issued"), "{}", jsonl.body);
    let csv = browser.get("/console/audit/export?as=csv&event=token.issued");
    csv.expect_status(200).expect_text("sequence,at,event").expect_text("\"'=cmd() got a token");
}

#[test]
fn the_chain_is_verified_by_a_button() {
    let world = World::with_file();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let page = browser.get("/console/audit");
    browser.submit_form(&page.form_to("/verification"), &[]).expect_page(200, "The chain is whole");
}

#[test]
fn the_search_finds_a_machine_by_its_name_and_goes_where_an_id_is() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("nightly-import", &ada, "mcp:read");
    let mut browser = world.signed_in(&ada);
    browser.get("/console/search").expect_page(200, "Say what to look for");
    browser.get("/console/search?q=%3Cb%3E").expect_page(200, "Nothing fits");
    browser.get("/console/search?q=imp").expect_page(200, "nightly-import");
    let page = browser.get(&format!("/console/search?q={}", robot.id));
    assert_eq!(page.path, format!("/console/machines/{}", robot.id));
}

#[test]
fn the_search_finds_what_else_has_a_name() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("nightly-import", &ada, "mcp:read");
    let mut browser = world.signed_in(&ada);
    browser.get("/console/search?q=main").expect_page(200, "Tenants");
    browser
        .get("/console/search?q=machine_access")
        .expect_page(200, "lifetimes.machine_access")
        .expect_text("Settings");
    let keys = browser.get("/console/keys");
    let kid = keys.body.split("/console/keys/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    browser.get(&format!("/console/search?q={}", &kid[..8])).expect_page(200, &kid);
    assert_eq!(browser.get("/console/search?q=1").path, "/console/audit/1");
    // By what pages show of a secret, and by nothing that looks like it.
    let secret = robot.secret.clone().unwrap();
    let hint: String = secret.chars().take("writ_cs_".len() + 12).collect();
    assert_eq!(
        browser.get(&format!("/console/search?q={hint}")).path,
        format!("/console/machines/{}#credentials", robot.id)
    );
    browser.get("/console/search?q=writ_cs_AAAAAAAAAAAA").expect_page(200, "Nothing fits");
}

/// What the script asks for every two seconds: rows behind a number, and the number to go on from.
#[test]
fn what_is_added_is_told_to_whoever_watches() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let other = world.machine("other", &ada, "mcp:read");
    let mut browser = world.signed_in(&ada);
    let number = |page: &crate::world::Page, name: &str| -> u64 {
        let rest = page.body.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("{}", page.body)).1;
        rest.split('"').next().unwrap().parse().unwrap()
    };
    let page = browser.get(&format!("/console/audit?about={}", robot.id));
    let after = number(&page, "data-after");
    page.expect_text(&format!("/console/audit/live?about={}", robot.id));
    let live = |browser: &mut crate::world::Browser, after: u64| {
        browser.get(&format!("/console/audit/live?about={}&after={after}", robot.id))
    };
    let nothing = live(&mut browser, after);
    nothing.expect_status(200).expect_no_text("data-entry");
    assert_eq!(number(&nothing, "data-newest"), after);
    robot.client_credentials(&world, &[]).tokens();
    other.client_credentials(&world, &[]).tokens();
    let page = live(&mut browser, after);
    page.expect_page(200, "robot got a token").expect_no_text("other got a token").expect_no_text("data-more");
    assert!(number(&page, "data-newest") > number(&page, "data-entry"), "what does not fit is passed over too");
    live(&mut browser, number(&page, "data-newest")).expect_no_text("data-entry");
    for _ in 0..51 {
        robot.client_credentials(&world, &[]).tokens();
    }
    let page = live(&mut browser, after);
    page.expect_text("data-more");
    assert_eq!(page.body.matches("data-entry").count(), 50);
    // Whoever says nothing of a number begins now.
    browser.get("/console/audit/live").expect_status(200).expect_no_text("data-entry");
    browser.get("/console/audit/live?after=99999999").expect_status(200).expect_no_text("data-entry");

    // An older page is not watched, nor one that ends.
    for older in ["before=3", "until=2001-01-01", "request=req_00000000000000000000000000"] {
        browser.get(&format!("/console/audit?{older}")).expect_status(200).expect_no_text("data-live=");
    }
    world.browser().get("/console/audit/live").expect_page(200, "Sign in").expect_no_text("data-newest");
    let bob = world.person("bob");
    world.signed_in(&bob).get("/console/audit/live").expect_status(403);
}

#[test]
fn an_entry_folds_out_where_it_is_listed() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    browser
        .get("/console/audit?event=person.signed_in")
        .expect_page(200, "<details class=\"entry\">")
        .expect_text("&#34;details&#34;");
}
