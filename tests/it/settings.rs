//! Settings that are changed while the appliance runs, through the API and the command line; what becomes of them when it starts again, and
//! when the file beside it says something else by then. (The console's pages: `console/settings.rs`.)

use serde_json::{Value, json};
use writ::base::Lifetime;
use writ::config::SETTINGS;
use writ::model::{Actor, Event, KeptSetting};
use writ::operations::seen::Seen;
use writ::operations::settings;
use writ::store::tables::KEPT_SETTINGS;

use crate::api::Office;
use crate::cli::Appliance;
use crate::world::{World, at_once};

fn find(all: &Value, name: &str) -> Value {
    all["settings"].as_array().unwrap().iter().find(|row| row["setting"] == name).unwrap().clone()
}

#[test]
fn the_api_lists_every_setting_and_changes_those_that_can_be() {
    let office = Office::in_world(World::with(&[
        ("lifetimes.access", "30m"),
        ("master_key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
    ]));
    let (mut names, mut path) = (Vec::new(), "/settings?limit=40".to_owned());
    loop {
        let page = office.get(&path);
        names.extend(page["items"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()));
        assert!(!page.to_string().contains("AAAAAA"));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/settings?limit=40&cursor={next}");
    }
    assert_eq!(names, SETTINGS.iter().map(|setting| setting.name).collect::<Vec<_>>());

    let at = "/settings/lifetimes.access";
    let told = office.get(at);
    assert_eq!(
        (&told["value"], &told["source"], &told["can_be_changed"]),
        (&json!("30m"), &json!("flag"), &json!(true))
    );
    assert!(told["effect"].as_str().unwrap().contains("last as long as they were given"));
    let tag = office.tag(at);
    office.ask("PATCH", at).json(&json!({ "value": "5m" })).send().expect_status(428);
    let changed = office.change("PATCH", at, &tag, &json!({ "value": "300s" })).expect_status(200).json();
    assert_eq!(
        (&changed["value"], &changed["source"], &changed["read"]),
        (&json!("5m"), &json!("set here"), &json!("30m"))
    );
    assert!(changed["set_by"].as_str().unwrap().starts_with("mch_") && changed["set_at"].is_string());
    assert_eq!(office.world.app.settings.now().lifetimes.access, Lifetime::from_minutes(5));
    // Whoever saw it before does not change it now; nor does whoever sends it without having looked.
    office.change("PATCH", at, &tag, &json!({ "value": "6m" })).expect_status(412);
    office.ask("DELETE", at).header("If-Match", &tag).send().expect_status(412);
    let tag = office.tag(at);
    let reset = office.ask("DELETE", at).header("If-Match", &tag).send().expect_status(200).json();
    assert_eq!((&reset["value"], &reset["source"]), (&json!("30m"), &json!("flag")));
    let entries = office.get("/audit?event=setting.changed")["items"].clone();
    assert_eq!(entries.as_array().unwrap().len(), 2);
    assert_eq!(entries[0]["details"]["before"], json!({ "value": "5m", "set_here": true }));
    assert_eq!(entries[0]["details"]["after"], json!({ "value": "30m", "set_here": false }));
    // The same again is no change, and leaves no entry.
    office.ask("DELETE", at).header("If-Match", "*").send().expect_status(200);
    assert_eq!(office.get("/audit?event=setting.changed")["items"].as_array().unwrap().len(), 2);
}

#[test]
fn what_cannot_be_is_refused_and_says_what_to_do() {
    let office = Office::open();
    let set = |name: &str, value: Value| {
        office.change("PATCH", &format!("/settings/{name}"), "*", &json!({ "value": value }))
    };
    assert_eq!(set("lifetimes.access", json!("2d")).wrong(), ["value"]);
    assert_eq!(set("lifetimes.access", json!("9".repeat(1_025))).wrong(), ["value"]);
    assert_eq!(set("lifetimes.access", json!(300)).wrong(), ["value"]);
    assert_eq!(set("lifetimes.session_idle", json!("8d")).wrong(), ["value"]);
    assert_eq!(set("brand.name", json!("a\u{0}b")).wrong(), ["value"]);
    set("no.such", json!("1")).expect_status(404);
    set("%2e%2e", json!("1")).expect_status(404);
    for (name, says) in [
        ("listen", "WRIT_LISTEN, and restart Writ"),
        ("master_key", "WRIT_MASTER_KEY"),
        ("brand.logo", "restart Writ"),
        ("outbound.allow_loopback", "restart Writ"),
        ("limits.token", "writ limits set token"),
    ] {
        let answer = set(name, json!("1"));
        answer.expect_status(409);
        assert!(answer.body.contains(says), "{}", answer.body);
    }
    let reader = office.token_with("writ:read");
    let ask = |method: &str| office.world.request(method, "/api/v1/settings/brand.name").bearer(&reader);
    ask("GET").send().expect_status(200);
    ask("PATCH").header("If-Match", "*").json(&json!({ "value": "Mine" })).send().expect_status(403);
    ask("DELETE").header("If-Match", "*").send().expect_status(403);
    assert_eq!(office.get("/audit?event=setting.changed")["items"], json!([]));
}

/// A change that would push aside what somebody else set is not made, nor is a reset.
#[test]
fn nothing_that_is_kept_is_pushed_aside_by_a_change() {
    let world = World::with(&[("lifetimes.session", "7d"), ("lifetimes.session_idle", "12h")]);
    let (app, by) = (&world.app, world.operator());
    let set = |name: &'static str, value: &'static str| {
        world.block(settings::set(app, &by, name, value, Seen::Anything)).map(drop)
    };
    set("lifetimes.session", "30d").unwrap();
    set("lifetimes.session_idle", "20d").unwrap();
    assert!(set("lifetimes.session", "10d").is_err());
    assert!(world.block(settings::reset(app, &by, "lifetimes.session", Seen::Anything)).is_err());
    let lifetimes = &app.settings.now().lifetimes;
    assert_eq!((lifetimes.session, lifetimes.session_idle), (Lifetime::from_days(30), Lifetime::from_days(20)));
    world.block(settings::reset(app, &by, "lifetimes.session_idle", Seen::Anything)).unwrap();
    world.block(settings::reset(app, &by, "lifetimes.session", Seen::Anything)).unwrap();
    assert_eq!(app.settings.now().lifetimes.session, Lifetime::from_days(7));
}

/// Whoever changes it last has the last word, in memory as in the file.
#[test]
fn of_many_changes_at_once_the_last_one_holds() {
    let office = Office::open();
    at_once(8, |n| {
        let value = json!({ "value": format!("{}s", 120 + n) });
        office.change("PATCH", "/settings/lifetimes.access", "*", &value).expect_status(200);
    });
    let newest = &office.get("/audit?event=setting.changed&limit=1")["items"][0]["details"]["after"]["value"];
    assert_eq!(*newest, office.world.app.settings.now().lifetimes.access.to_string());
    // Of those that all saw the same, one changes it.
    let tag = office.tag("/settings/lifetimes.code");
    let mut came = at_once(4, |n| {
        let value = json!({ "value": format!("{}s", 20 + n) });
        office.change("PATCH", "/settings/lifetimes.code", &tag, &value).status
    });
    came.sort_unstable();
    assert_eq!(came, [200, 412, 412, 412]);
}

#[test]
fn a_changed_setting_outlives_a_restart() {
    let world = World::with_file();
    let by = world.operator();
    world.block(settings::set(&world.app, &by, "lifetimes.refresh", "3d", Seen::Anything)).unwrap();
    world.block(settings::set(&world.app, &by, "registration.mode", "closed", Seen::Anything)).unwrap();
    let world = world.restarted();
    assert_eq!(world.app.settings.now().lifetimes.refresh, Lifetime::from_days(3));
    world.request("POST", "/oauth/register").json(&json!({})).send().expect_status(403);
    let by = world.operator();
    world.block(settings::reset(&world.app, &by, "registration.mode", Seen::Anything)).unwrap();
    let world = world.restarted();
    assert_ne!(world.request("POST", "/oauth/register").json(&json!({})).send().status, 403);
}

#[test]
fn settings_are_listed_set_and_reset_on_the_command_line() {
    let appliance = Appliance::new();
    appliance.set_up();
    let show = |name: &str| find(&appliance.json(&["settings", "list"]), name);
    // With nobody serving, beside the file.
    appliance.json(&["settings", "set", "lifetimes.access", "5m"]);
    assert_eq!(
        (&show("lifetimes.access")["value"], &show("lifetimes.access")["source"]),
        (&json!("5m"), &json!("set here"))
    );
    {
        let _serving = appliance.serve();
        appliance.json(&["settings", "set", "brand.name", "The house"]);
        let changed = appliance.json(&["settings", "list", "--changed"]);
        assert_eq!(changed["settings"].as_array().unwrap().len(), 2);
        let live = appliance.json(&["settings", "list", "--live"]);
        assert!(live["settings"].as_array().unwrap().iter().all(|row| row["live"] == true));
        assert!(appliance.refused(&["settings", "set", "lifetimes.access", "2d"]).contains("between 1m and 1d"));
        assert!(appliance.refused(&["settings", "set", "listen", "127.0.0.1:1"]).contains("restart Writ"));
        assert!(appliance.refused(&["settings", "set", "lifetime.access", "1h"]).contains("no setting of this name"));
        appliance.json(&["settings", "reset", "brand.name"]);
        assert_eq!(show("brand.name")["value"], "Writ");
    }
    // Then the file says what does not go together with it: the file holds, and it is said.
    appliance.json(&["settings", "set", "lifetimes.session_idle", "6d"]);
    std::fs::write(appliance.data().join("writ.toml"), "[lifetimes]\nsession = \"1d\"\n").unwrap();
    let idle = show("lifetimes.session_idle");
    assert_eq!((&idle["value"], &idle["source"]), (&json!("12h"), &json!("built in")));
    assert!(idle["does_not_hold"].as_str().unwrap().contains("at most `lifetimes.session`"), "{idle}");
    assert_eq!(show("lifetimes.access")["value"], "5m", "the others hold");
    // A file that is wrong by itself starts nothing, whatever is kept over it.
    std::fs::write(appliance.data().join("writ.toml"), "[lifetimes]\naccess = \"2d\"\n").unwrap();
    assert!(appliance.refused(&["settings", "list"]).contains("between 1m and 1d"));
    std::fs::remove_file(appliance.data().join("writ.toml")).unwrap();
    assert_eq!(show("lifetimes.session_idle")["value"], "6d", "and holds again when the file lets it");
    let made = appliance.json(&["token", "add", "--name", "Script", "--lasts", "2d", "--most-uses", "3"]);
    let listed = appliance.json(&["token", "list"]);
    assert_eq!((&listed["tokens"][0]["token_id"], &listed["tokens"][0]["most_uses"]), (&made["token_id"], &json!(3)));
    assert!(appliance.refused(&["token", "add", "--lasts", "1s"]).contains("between 5m and 366d"));
}

/// Puts a row down as another version did, or as somebody does at this moment.
fn kept(world: &World, name: &'static str, value: &'static str) {
    let row = KeptSetting { value: value.to_owned(), by: Actor::Operator, at: world.now() };
    let write = move |tx: &mut writ::store::Tx<'_>| {
        tx.put(&KEPT_SETTINGS, &name.to_owned(), &row)?;
        tx.record(Event::SettingChanged { setting: name.to_owned(), before: json!({}), after: json!({}) })
    };
    world.block(world.app.store.write("keep setting", &world.operator(), write)).unwrap();
}

/// Its page was no page, and nothing took it away.
#[test]
fn what_another_version_kept_is_told_and_taken_away() {
    let office = Office::open();
    for name in ["lifetimes.ancient", "house", "lifetimes.older"] {
        kept(&office.world, name, "5m");
    }
    // In the console, by the link that tells of it.
    let mut browser = office.world.signed_in(&office.ada);
    let page = browser.get("/console/settings");
    page.expect_text("/console/settings/of/lifetimes.ancient").expect_text("is no setting of this version");
    let page = browser.get("/console/settings/of/lifetimes.ancient");
    page.expect_page(200, "Take it away").expect_no_text("restart Writ").expect_no_text("New value");
    browser.submit_form(&page.form_to("/reset"), &[]).expect_page(200, "as it was read again");
    browser.get("/console/settings").expect_no_text("lifetimes.ancient").expect_text("lifetimes.older");
    // Through the API.
    let told = office.get("/settings/house");
    assert_eq!((&told["source"], &told["can_be_changed"]), (&json!("unknown"), &json!(false)), "{told}");
    assert!(told["does_not_hold"].as_str().unwrap().contains("no setting of this version"));
    office.change("PATCH", "/settings/house", "*", &json!({ "value": "x" })).expect_status(404);
    let tag = office.tag("/settings/house");
    office.ask("DELETE", "/settings/house").header("If-Match", &tag).send().expect_status(200);
    office.ask("GET", "/settings/house").send().expect_status(404);
    office.ask("DELETE", "/settings/house").header("If-Match", "*").send().expect_status(404);
    // And by a command.
    let command = |body: Value| office.post("/commands", &body).expect_status(200).json();
    let changed = command(json!({ "command": "settings_list", "changed": true }));
    assert_eq!(changed["settings"][0]["setting"], "lifetimes.older", "{changed}");
    command(json!({ "command": "settings_reset", "setting": "lifetimes.older" }));
    let changed = command(json!({ "command": "settings_list", "changed": true }));
    assert_eq!(changed["settings"], json!([]));
}

/// Between the commit of a change and the memory that follows: what is told is one moment's, and the commit's.
#[test]
fn what_is_told_of_a_setting_is_of_one_moment() {
    let world = World::new();
    kept(&world, "lifetimes.access", "5m");
    let held = settings::one(&world.app, "lifetimes.access").unwrap();
    assert_eq!((held.entry.value.as_str(), held.entry.source), ("5m", "set here"));
    assert_eq!(held.kept.unwrap().value, "5m");
}

/// A caller who goes away between the file and the memory: what is written down holds all the same.
#[test]
fn a_change_that_nobody_waits_for_any_more_holds() {
    let world = World::new();
    world.given_up(settings::set(&world.app, &world.operator(), "registration.mode", "closed", Seen::Anything));
    let mode = settings::one(&world.app, "registration.mode").unwrap();
    assert_eq!((mode.entry.value.as_str(), mode.kept.is_some()), ("closed", true));
}
