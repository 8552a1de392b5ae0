//! The settings in the console: read, no secret among them, and changed while Writ runs; and the tokens that applications are registered
//! with.

use serde_json::{Value, json};
use writ::base::Lifetime;
use writ::model::Event;
use writ::operations::seen::Seen;
use writ::operations::settings;
use writ::store::audit_page;

use crate::world::{Browser, Page, World, at_once};

#[test]
fn every_setting_is_told_with_its_origin_and_what_would_change_it() {
    let world = World::with(&[
        ("lifetimes.access", "30m"),
        ("brand.name", "<b>House</b>"),
        ("master_key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ]);
    let ada = world.administrator("ada");
    let page = world.signed_in(&ada).get("/console/settings");
    page.expect_page(200, "is read when Writ starts: change it there and restart it")
        .expect_text("rotation_period = &#34;1d&#34;")
        .expect_text("&#60;b&#62;House")
        .expect_text(">TLS<")
        .expect_text(">ACME<")
        .expect_text("set, and not shown")
        .expect_no_text("AAAAAAAAAA");
    for setting in writ::config::SETTINGS {
        page.expect_text(&format!("<code>{}</code>", setting.name));
        let way = match (setting.is_live(), setting.name.strip_prefix("limits.")) {
            (true, _) => format!("/console/settings/of/{}\"", setting.name),
            (false, Some(name)) if !["addresses", "request_bytes"].contains(&name) => "/console/limits\"".to_owned(),
            (false, _) => setting.variable(),
        };
        page.expect_text(&way);
    }
    let head = world.app.store.audit_head().unwrap();
    page.expect_text(&format!("Entry {}", head.sequence)).expect_text(&head.hash.text());
    assert!(page.body.len() < 150_000, "{} bytes", page.body.len());
}

#[test]
fn an_administrator_is_led_to_the_console_and_nobody_else_is() {
    let world = World::new();
    let ada = world.administrator("ada");
    let bob = world.person("bob");
    let page = world.signed_in(&ada).get("/account");
    page.expect_text("Open the console").expect_text("href=\"/console\"");
    world.signed_in(&bob).get("/account").expect_page(200, "bob").expect_no_text("/console");
    world.browser().get("/sign-in").expect_no_text("/console");
}

/// What the audit log tells of changes, the newest first: as it was, and as it is.
fn changes(world: &World) -> Vec<(Value, Value)> {
    let page = world.app.store.read_blocking(|view| audit_page(view, None, None, 200)).unwrap();
    let told = page.entries.into_iter().filter_map(|entry| match entry.event {
        Event::SettingChanged { before, after, .. } => Some((before, after)),
        _ => None,
    });
    told.collect()
}

/// The form of a setting's page that has a value.
fn change(page: &Page, value: &str, browser: &mut Browser) -> Page {
    browser.submit_form(&page.form("value"), &[("value", value)])
}

#[test]
fn a_setting_is_changed_in_the_console_and_given_back() {
    let world = World::with(&[("lifetimes.machine_access", "30m")]);
    let ada = world.administrator("ada");
    let machine = world.machine("nightly", &ada, "mcp:read");
    let lasts = || machine.client_credentials(&world, &[]).json()["expires_in"].clone();
    assert_eq!(lasts(), json!(1_800));
    let mut browser = world.signed_in(&ada);
    let at = "/console/settings/of/lifetimes.machine_access";
    let page = browser.get(at);
    page.expect_page(200, "Access tokens of machines")
        .expect_text("those that are out last as long as they were given")
        .expect_text("Between 1m and 1d.")
        .expect_text("<code>30m</code>");
    let done = change(&page, "5m", &mut browser);
    done.expect_page(200, "It holds from now on").expect_text("set here").expect_text("by ada");
    assert_eq!(lasts(), json!(300));
    let (before, after) = changes(&world).remove(0);
    assert_eq!(before, json!({ "value": "30m", "set_here": false }));
    assert_eq!(after, json!({ "value": "5m", "set_here": true }));
    browser.get("/console/audit").expect_text("The setting lifetimes.machine_access was changed to 5m");

    let page = browser.get(at);
    page.expect_text("Back to what was read").expect_text("by ada");
    let reset = page.form_to(&format!("{at}/reset"));
    browser.submit_form(&reset, &[]).expect_page(200, "as it was read again").expect_no_text(">set here<");
    assert_eq!(lasts(), json!(1_800));
    browser.get(at).expect_no_text("Back to what was read");
}

#[test]
fn what_is_no_value_is_said_at_its_field_and_kept_there() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let long = "9".repeat(3_000);
    for (name, value, why) in [
        ("lifetimes.access", "2d", "It is between 1m and 1d."),
        ("lifetimes.access", "soon", "<p class=\"field-note\""),
        ("lifetimes.access", long.as_str(), "It has at most 1024 bytes."),
        ("lifetimes.session_idle", "8d", "`lifetimes.session_idle` is at most `lifetimes.session`"),
        ("brand.name", "House\u{202e}", "each of which can be seen"),
        ("brand.name", "A\u{7}", "each of which can be seen"),
        ("brand.support_url", "javascript:alert(1)", "It is an https:// or mailto: link."),
        ("registration.mode", "whoever", "It is open, approval, token or closed."),
        ("delegation.depth", "0", "It is between 1 and 16."),
    ] {
        let page = browser.get(&format!("/console/settings/of/{name}"));
        let wrong = change(&page, value, &mut browser);
        wrong.expect_page(422, why).expect_text("role=\"alert\"");
        assert!(wrong.body.len() < 40_000, "{name} {} bytes", wrong.body.len());
    }
    assert_eq!(changes(&world).len(), 0);
    browser.get("/console/settings/of/no.such").expect_page(404, "");
    let page = browser.get("/console/settings/of/lifetimes.access");
    page.expect_page(200, "Change lifetimes.access");
    // What takes a restart says so, and a form that somebody makes for it changes nothing.
    browser.get("/console/settings/of/listen").expect_page(200, "restart Writ").expect_text("WRIT_LISTEN");
    let csrf = page.form("value").value("csrf").to_owned();
    let seen = page.form("value").value("seen").to_owned();
    for name in ["listen", "brand.logo", "audit.traffic_for", "limits.token"] {
        let fields = [("csrf", csrf.as_str()), ("seen", seen.as_str()), ("value", "1")];
        browser.post(&format!("/console/settings/of/{name}"), &fields).expect_status(422);
    }
    assert_eq!(changes(&world).len(), 0);
}

/// A form that was opened before somebody else changed it does not undo what it does not know of.
#[test]
fn of_two_forms_at_once_one_is_told_that_the_other_was_first() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browsers = [world.signed_in(&ada), world.signed_in(&ada)];
    let at = "/console/settings/of/lifetimes.code";
    let forms: Vec<_> = browsers.iter_mut().map(|browser| browser.get(at).form("value")).collect();
    let browsers = browsers.map(std::sync::Mutex::new);
    let came = at_once(2, |n| {
        let value = format!("{}s", 20 + n);
        browsers[n].lock().unwrap().submit_form(&forms[n], &[("value", &value)]).status
    });
    let mut sorted = came.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [200, 422], "{came:?}");
    let won = came.iter().position(|status| *status == 200).unwrap();
    assert_eq!(world.app.settings.now().lifetimes.code, Lifetime::from_seconds(20 + won as u64));
    assert_eq!(changes(&world).len(), 1);
}

#[test]
fn the_mode_of_registration_is_followed_by_discovery_and_by_whoever_registers() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let at = "/console/settings/of/registration.mode";
    let offered = || {
        let document = world.request("GET", "/.well-known/oauth-authorization-server").send().json();
        document.get("registration_endpoint").is_some()
    };
    let body = json!({ "client_name": "An app", "redirect_uris": ["https://app.example/cb"] });
    let register = || world.request("POST", "/oauth/register").json(&body).send().status;
    assert!(offered() && register() == 201);
    for (mode, says, is_offered, status) in [
        ("closed", "Nobody registers, and discovery does not say where", false, 403),
        ("token", "MCP clients that register themselves are turned away", true, 401),
        ("approval", "works once you approve it", true, 201),
        ("open", "MCP clients connect by themselves", true, 201),
    ] {
        let page = browser.get(at);
        page.expect_page(200, says);
        change(&page, mode, &mut browser).expect_page(200, "It holds from now on");
        assert_eq!((offered(), register()), (is_offered, status), "{mode}");
    }
}

#[test]
fn the_house_is_called_and_coloured_otherwise_from_the_next_page_on() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    for (name, value) in [
        ("brand.name", "<i>Analytical</i>"),
        ("brand.accent", "plum"),
        ("brand.support_url", "mailto:help@example.com"),
    ] {
        let page = browser.get(&format!("/console/settings/of/{name}"));
        change(&page, value, &mut browser).expect_page(200, "It holds from now on");
    }
    let page = world.browser().get("/sign-in");
    page.expect_text("&#60;i&#62;Analytical").expect_text("plum").expect_text("mailto:help@example.com");
    // What may be empty is emptied.
    let page = browser.get("/console/settings/of/brand.support_url");
    change(&page, "", &mut browser).expect_page(200, "It holds from now on");
    world.browser().get("/sign-in").expect_no_text("help@example.com");
}

#[test]
fn a_second_factor_is_demanded_at_once_also_of_whoever_says_so() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let page = browser.get("/console/settings/of/sign_in.second_factor");
    page.expect_text("set one up right after the password");
    // Whoever says so has no more than a password either.
    let page = change(&page, "administrators", &mut browser);
    page.expect_page(200, "name=\"email\"");
    browser.get("/console").expect_page(200, "name=\"email\"");
    let page = browser.get("/sign-in");
    browser.sign_in(&page, &ada).expect_page(200, "authenticator app");
    // The way back needs no session: the command line has it.
    let operator = world.operator();
    let back = settings::reset(&world.app, &operator, "sign_in.second_factor", Seen::Anything);
    world.block(back).unwrap();
    world.signed_in(&ada).get("/console").expect_page(200, "Machines");
}

#[test]
fn nobody_but_an_administrator_changes_a_setting() {
    let world = World::new();
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let at = "/console/settings/of/lifetimes.access";
    let form = world.signed_in(&ada).get(at).form("value");
    let mut browser = world.signed_in(&bob);
    browser.get(at).expect_status(403);
    assert_ne!(browser.submit_form(&form, &[("value", "5m")]).status, 200);
    let mut stranger = world.browser();
    assert_ne!(stranger.submit_form(&form, &[("value", "5m")]).status, 200);
    assert_eq!(changes(&world).len(), 0);
}

#[test]
fn a_registration_token_is_made_shown_once_counted_and_ended() {
    let world = World::with(&[("registration.mode", "token")]);
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let at = "/console/registration-tokens";
    let page = browser.get(at);
    page.expect_page(200, "There is none.").expect_text("Nobody registers without one.");
    let form = page.form("most_uses");
    let wrong = browser.submit_form(&form, &[("name", "Script"), ("most_uses", "0"), ("lasts", "1d")]);
    wrong.expect_page(422, "between 1 and 1000000").expect_text("value=\"Script\"");
    browser.submit_form(&form, &[("lasts", "10y")]).expect_page(422, "Choose how long");
    browser.submit_form(&form, &[("most_uses", "many")]).expect_page(422, "A whole number");
    browser
        .submit_form(&form, &[("name", &"x".repeat(129)), ("lasts", "1d")])
        .expect_page(422, "at most 128 characters");
    let form = browser.get(at).form("most_uses");
    let made = browser.submit_form(&form, &[("name", "<b>Script</b>"), ("most_uses", "2"), ("lasts", "1d")]);
    made.expect_page(200, "shown this once").expect_text("2 applications").expect_text("&#60;b&#62;Script");
    let token = made.body.split("id=\"token\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(token.starts_with("writ_ia_"), "{token}");
    // The same form again makes no second one, and shows none.
    let again = browser.submit_form(&form, &[("name", "<b>Script</b>"), ("most_uses", "2"), ("lasts", "1d")]);
    again.expect_page(200, "This form was sent before").expect_no_text(&token);
    browser.get(at).expect_text("0 of 2").expect_no_text(&token);

    let body = json!({ "client_name": "An app", "redirect_uris": ["https://app.example/cb"] });
    let register = || world.request("POST", "/oauth/register").bearer(&token).json(&body).send().status;
    // Of many who come at once, no more than it lets in.
    let mut came = at_once(4, |_| register());
    came.sort_unstable();
    assert_eq!(came, [201, 201, 401, 401]);
    assert_eq!(register(), 401);
    let page = browser.get(at);
    page.expect_text("2 of 2").expect_text("Used up");
    let end = page.forms().into_iter().find(|form| form.action.ends_with("/end")).unwrap();
    browser.submit_form(&end, &[]).expect_page(200, "Who did stays registered").expect_text("There is none.");
    browser.submit_form(&end, &[]).expect_status(404);

    let form = browser.get(at).form("most_uses");
    let made = browser.submit_form(&form, &[("most_uses", ""), ("lasts", "1h")]);
    made.expect_text("Any number of applications");
    let token = made.body.split("id=\"token\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let register = || world.request("POST", "/oauth/register").bearer(&token).json(&body).send().status;
    assert_eq!(register(), 201);
    world.later(Lifetime::from_hours(1));
    assert_eq!(register(), 401);
}
