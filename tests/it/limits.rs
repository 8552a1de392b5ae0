//! The limits on requests: seen, and changed while the appliance runs, from the console, the API and the command line; one client does not
//! use up what others have, and a botnet that guesses keeps no owner out. Attack cases 47 and 49.

use serde_json::{Value, json};
use writ::app::Who;
use writ::base::Lifetime;
use writ::operations::limits;

use crate::api::Office;
use crate::cli::Appliance;
use crate::stories::second_factor;
use crate::world::{Answer, Browser, ClientApp, PASSWORD, Page, World, at_once};

/// One whose callers may say where they call from.
fn world(settings: &[(&'static str, &str)]) -> World {
    World::with(&[settings, &[("trusted_proxies", "127.0.0.1")]].concat())
}

fn from(world: &World, address: &str, client: &ClientApp) -> Answer {
    let (id, secret) = (client.id.to_string(), client.secret.clone().unwrap());
    let request = world.request("POST", "/oauth/token").header("X-Forwarded-For", address).basic(&id, &secret);
    request.form(&[("grant_type", "client_credentials"), ("resource", "https://mcp.example/a")]).send()
}

#[test]
fn a_client_that_hammers_uses_up_what_is_its_own_and_nobody_elses() {
    let world = world(&[("limits.client", "20")]);
    world.resource("https://mcp.example/a", "mcp:read");
    let (eager, calm) = (world.confidential("eager"), world.confidential("calm"));
    // From many addresses, so that none of them is counted out.
    for n in 0..20 {
        from(&world, &format!("198.51.100.{n}"), &eager).expect_status(200);
    }
    let over = from(&world, "198.51.100.99", &eager);
    over.expect_refused(429, "temporarily_unavailable");
    assert!(over.header("retry-after").is_some() && over.body.contains("of this client"), "{}", over.body);
    // Behind the same address, somebody else is served; and so is it again in a while.
    from(&world, "198.51.100.99", &calm).expect_status(200);
    world.later(Lifetime::from_seconds(4));
    from(&world, "198.51.100.99", &eager).expect_status(200);
    let met = world.app.limits.how_often(writ::app::Class::Client);
    assert_eq!((met.times, met.most.len()), (1, 1));
}

/// A public client has proved nothing: whoever says its name must not use up what its users have.
#[test]
fn nobody_uses_up_what_a_public_client_has() {
    let world = world(&[("limits.client", "10")]);
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    for _ in 0..40 {
        mail.redeem(&world, "writ_ac_invented").expect_refused(400, "invalid_grant");
    }
    mail.tokens(&world, &mut world.signed_in(&ada));
    // Nor with the wrong secret of one that has one.
    let crm = world.confidential("crm");
    let stranger = ClientApp { secret: Some("writ_cs_wrong".to_owned()), ..crm.clone() };
    for n in 0..40 {
        from(&world, &format!("203.0.113.{n}"), &stranger).expect_refused(401, "invalid_client");
    }
    from(&world, "198.51.100.1", &crm).expect_status(200);
}

fn limit(all: &Value, name: &str) -> Value {
    all["limits"].as_array().unwrap().iter().find(|limit| limit["limit"] == name).unwrap().clone()
}

#[test]
fn a_limit_is_changed_while_it_runs_and_given_back() {
    let office = Office::in_world(world(&[("limits.authorize", "100")]));
    let world = &office.world;
    let ask = || {
        let path = "/oauth/authorize/continue";
        world.request("GET", path).header("X-Forwarded-For", "198.51.100.1").send().status
    };
    assert_eq!((0..20).filter(|_| ask() == 429).count(), 0);
    let changed = office.post("/limits/change", &json!({ "limit": "authorize", "per_minute": 5 }));
    let changed = changed.expect_status(200).json();
    assert_eq!(
        (&changed["per_minute"], &changed["setting"], &changed["changed"]),
        (&json!(5), &json!(100), &json!(true))
    );
    world.later(Lifetime::from_minutes(2));
    assert_eq!((0..8).filter(|_| ask() == 429).count(), 3, "from the next request on");
    let told = limit(&office.get("/limits"), "authorize");
    assert_eq!((&told["met"], &told["most"][0]["who"]), (&json!(3), &json!("198.51.100.0/24")));
    let entry = &office.get("/audit?event=limit.changed")["items"][0]["details"];
    assert_eq!(entry["before"], json!({ "per_minute": 100, "is_the_setting": true }));
    assert_eq!(entry["after"], json!({ "per_minute": 5, "is_the_setting": false }));

    let back = office.post("/limits/change", &json!({ "limit": "authorize" })).expect_status(200).json();
    assert_eq!((&back["per_minute"], &back["changed"]), (&json!(100), &json!(false)));
    // Whoever had used up what there was waits as long as the limit that holds now says.
    world.later(Lifetime::from_seconds(1));
    assert_ne!(ask(), 429);
    // The same again is no change, and leaves no entry.
    office.post("/limits/change", &json!({ "limit": "authorize" })).expect_status(200);
    assert_eq!(office.get("/audit?event=limit.changed")["items"].as_array().unwrap().len(), 2);
}

#[test]
fn what_would_keep_everybody_out_or_is_no_limit_is_refused() {
    let office = Office::open();
    let wrong = |body: Value| office.post("/limits/change", &body).wrong();
    assert_eq!(wrong(json!({ "limit": "nothing", "per_minute": 5 })), ["limit"]);
    assert_eq!(wrong(json!({ "limit": "unlimited", "per_minute": 5 })), ["limit"]);
    for name in ["pages", "sign_in", "api"] {
        assert_eq!(wrong(json!({ "limit": name, "per_minute": 1 })), ["per_minute"]);
        assert_eq!(wrong(json!({ "limit": name, "per_minute": 10_000_001 })), ["per_minute"]);
    }
    let reader = office.token_with("writ:read");
    let asked = office.world.request("POST", "/api/v1/limits/change").bearer(&reader);
    asked.json(&json!({ "limit": "token", "per_minute": 1 })).send().expect_status(403);
    office.world.request("GET", "/api/v1/limits").bearer(&reader).send().expect_status(200);
}

#[test]
fn a_changed_limit_outlives_a_restart() {
    let world = World::with_file();
    world.block(limits::set(&world.app, &world.operator(), "token", Some(77))).unwrap();
    let world = world.restarted();
    assert_eq!(world.app.limits.per_minute(writ::app::Class::Token), 77);
    world.block(limits::set(&world.app, &world.operator(), "token", None)).unwrap();
    let world = world.restarted();
    assert_eq!(world.app.limits.per_minute(writ::app::Class::Token), 60_000);
}

/// A caller who goes away between the file and the memory: what is written down holds all the same.
#[test]
fn a_change_that_nobody_waits_for_any_more_holds() {
    let world = World::new();
    world.given_up(limits::set(&world.app, &world.operator(), "token", Some(77)));
    let written = world.block(async { limits::list(&world.app) }).unwrap();
    assert!(written.iter().any(|limit| limit.class == writ::app::Class::Token && limit.is_changed));
    assert_eq!(world.app.limits.per_minute(writ::app::Class::Token), 77);
}

/// Whoever changes it last has the last word, in memory as in the file.
#[test]
fn of_many_changes_at_once_the_last_one_holds() {
    let office = Office::open();
    at_once(8, |n| {
        office.post("/limits/change", &json!({ "limit": "token", "per_minute": 1_000 + n })).expect_status(200);
    });
    let newest = &office.get("/audit?event=limit.changed&limit=1")["items"][0]["details"]["after"]["per_minute"];
    assert_eq!(json!(office.world.app.limits.per_minute(writ::app::Class::Token)), *newest);
}

#[test]
fn the_console_shows_who_met_a_limit_and_changes_it() {
    let world = world(&[("limits.authorize", "5")]);
    let ada = world.administrator("ada");
    for _ in 0..9 {
        world.request("GET", "/oauth/authorize/continue").header("X-Forwarded-For", "203.0.113.7").send();
    }
    let mut browser = world.signed_in(&ada);
    browser.get("/console/settings").expect_text("/console/limits");
    let page = browser.get("/console/limits");
    page.expect_page(200, "203.0.113.0/24").expect_text("4 times").expect_text("Guesses at accounts");
    let form =
        page.forms().into_iter().find(|form| form.fields.iter().any(|field| field.value == "authorize")).unwrap();
    browser.submit_form(&form, &[("per_minute", "600")]).expect_page(200, "It holds from now on");
    assert_eq!(world.app.limits.per_minute(writ::app::Class::Authorize), 600);
    let page = browser.get("/console/limits");
    page.expect_text("the setting: 5");
    let back =
        page.forms().into_iter().rfind(|form| form.fields.iter().any(|field| field.value == "authorize")).unwrap();
    assert!(back.fields.iter().all(|field| field.name != "per_minute"), "{back:?}");
    browser.submit_form(&back, &[]).expect_page(200, "as the setting says again");
    let wrong = browser.submit_form(&form, &[("per_minute", "many")]);
    wrong.expect_page(409, "is a number of requests a minute");
    let page = browser.get("/console/limits");
    let form = page.forms().into_iter().find(|form| form.fields.iter().any(|field| field.value == "pages")).unwrap();
    browser.submit_form(&form, &[("per_minute", "1")]).expect_page(409, "nobody gets in to change it back");
}

#[test]
fn limits_are_listed_set_and_reset_on_the_command_line() {
    let appliance = Appliance::new();
    appliance.set_up();
    let find = || limit(&appliance.json(&["limits", "list"]), "sign_in");
    assert_eq!((&find()["per_minute"], &find()["changed"]), (&json!(60), &json!(false)));
    let account = limit(&appliance.json(&["limits", "list"]), "account");
    assert_eq!(
        (&account["setting"], &account["met"]),
        (&json!("fixed"), &json!(0)),
        "it limits, and no setting changes it"
    );
    let _serving = appliance.serve();
    appliance.json(&["limits", "set", "sign_in", "30"]);
    assert_eq!((&find()["per_minute"], &find()["setting"]), (&json!(30), &json!(60)));
    assert!(appliance.refused(&["limits", "set", "sign_in", "3"]).contains("at least 10"));
    assert!(appliance.refused(&["limits", "set", "sign-in", "30"]).contains("there are token"));
    appliance.json(&["limits", "reset", "sign_in"]);
    assert_eq!(find()["per_minute"], 60);
}

fn guess(browser: &mut Browser, from: &str, email: &str, password: &str) -> Page {
    browser.headers = vec![("X-Forwarded-For", from.to_owned())];
    let page = browser.get("/sign-in");
    browser.submit(&page, &[("email", email), ("password", password)])
}

/// A botnet guesses at the owner's account and at names all over, each from an address of its own, for as long as it likes.
#[test]
fn case_49_while_a_botnet_guesses_the_owner_signs_in_from_a_browser_that_is_known() {
    let world = world(&[]);
    let ada = world.administrator("ada");
    let mut owner = world.browser();
    guess(&mut owner, "192.0.2.1", &ada.email, PASSWORD).expect_status(200);
    owner.cookies.retain(|name, _| !name.contains("session"));
    for round in 0..6_u8 {
        for n in 0..12_u8 {
            let address = format!("198.51.{round}.{n}");
            guess(&mut world.browser(), &address, &ada.email, "wrong password");
            guess(&mut world.browser(), &address, &format!("name{round}{n}@example.com"), "wrong password");
        }
        // From elsewhere it has to wait, like everybody.
        let elsewhere = guess(&mut world.browser(), "203.0.113.1", &ada.email, PASSWORD);
        elsewhere.expect_page(429, "Too many attempts");
        let page = guess(&mut owner, "192.0.2.1", &ada.email, PASSWORD);
        page.expect_page(200, &ada.email);
        owner.cookies.retain(|name, _| !name.contains("session"));
        world.later(Lifetime::from_minutes(1));
    }
    // The owner learns whose account it is, and an administrator sees it.
    let met = limits::of_accounts(&world.app);
    assert!(met.times > 6 && met.most.len() == 1, "{met:?}");
    let mut browser = world.signed_in(&ada);
    browser.get("/console/limits").expect_page(200, &ada.id.to_string());
    // Once it is quiet, from anywhere.
    world.later(Lifetime::from_minutes(1));
    guess(&mut world.browser(), "203.0.113.1", &ada.email, PASSWORD).expect_page(200, &ada.email);
}

/// Whoever has the cookie of a known browser has no more guesses than anybody.
#[test]
fn case_49_a_known_browser_that_was_stolen_guesses_no_faster() {
    let world = world(&[]);
    let ada = world.administrator("ada");
    let mut stolen = world.browser();
    guess(&mut stolen, "192.0.2.1", &ada.email, PASSWORD).expect_status(200);
    stolen.cookies.retain(|name, _| name.contains("known") || name.contains("browser"));
    let statuses: Vec<u16> =
        (0..8).map(|_| guess(&mut stolen, "192.0.2.1", &ada.email, "wrong password").status).collect();
    assert_eq!(statuses, [422, 422, 422, 422, 422, 429, 429, 429]);
}

/// Whichever door it is that an account is guessed at: each time its owner is told to wait is seen.
#[test]
fn guesses_at_an_account_are_counted_at_each_door() {
    let world = world(&[]);
    let ada = world.administrator("ada");
    let times = || limits::of_accounts(&world.app).times;
    second_factor::set_up(&world, &ada);
    let mut browser = world.browser();
    let page = browser.get("/sign-in");
    let page = browser.sign_in(&page, &ada);
    while browser.submit(&page, &[("half", page.form("half").value("half")), ("code", "000000")]).status != 429 {}
    assert_eq!(times(), 1, "codes");
    let bob = world.person("bob");
    let mut browser = world.signed_in(&bob);
    let form = browser.get("/account/password").form_to("/account/password");
    let guess = [("current", "wrong password"), ("new", "plum bicycle quartz")];
    while browser.submit_form(&form, &guess).status != 429 {}
    assert_eq!(times(), 2, "the account page");
    let who: Vec<_> = limits::of_accounts(&world.app).most.into_iter().map(|often| often.who).collect();
    for id in [ada.id, bob.id] {
        assert!(who.contains(&Who::Person(id)), "{who:?}");
    }
}
