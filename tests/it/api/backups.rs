//! Backups from somewhere else: made, listed, and told of; no path is taken and no file given.

use std::path::Path;

use serde_json::{Value, json};
use writ::base::Lifetime;
use writ::model::{Actor, Channel, Context, Origin};
use writ::operations::backup;
use writ::operations::operator::{Operator, Shown};

use super::Office;
use crate::world::World;

fn office(folder: &Path) -> Office {
    let settings = [("backup.directory", folder.to_str().unwrap()), ("backup.every", "1d"), ("backup.keep", "5")];
    Office::in_world(World::with_file_and(&settings))
}

fn names(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, |files| files.filter(|file| file.as_ref().unwrap().path().is_file()).count())
}

/// Whoever makes them as often as they are due leaves the schedule no turn.
#[test]
fn made_from_elsewhere_they_are_no_more_than_are_kept() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("b");
    let office = office(&folder);
    for _ in 0..7 {
        office.ask("POST", "/backups").send().expect_status(201);
        office.world.later(Lifetime::from_minutes(1));
    }
    assert_eq!(names(&folder), 5);
}

#[test]
fn a_backup_is_made_listed_and_shown() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("b");
    let office = office(&folder);
    assert_eq!(office.get("/backups")["items"], json!([]));
    let state = office.get("/backups/state");
    assert_eq!((&state["every"], &state["keep"], &state["worries"]), (&json!("1d"), &json!(5), &json!([])));
    assert_eq!(state["directory"], folder.to_str().unwrap());
    assert!(state.get("last").is_none() && state.get("usable").is_none());

    let made = office.ask("POST", "/backups").send();
    made.expect_status(201);
    let file = made.json()["file"].as_str().unwrap().to_owned();
    assert!(folder.join(&file).is_file(), "{file}");
    assert_eq!(made.header("location"), Some(format!("{}/api/v1/backups/{file}", crate::world::ISSUER).as_str()));
    assert!(made.json()["header"]["entries"].as_u64().unwrap() > 0);
    assert!(!made.body.contains(folder.to_str().unwrap()), "where it lies is not said twice");
    office.world.expect_event("backup.made");
    assert_eq!(office.get("/audit?event=backup.made")["items"][0]["from"]["channel"], "api");

    let shown = office.get(&format!("/backups/{file}"));
    assert_eq!(shown, made.json());
    assert_eq!(office.get("/backups")["items"], json!([shown]));
    let state = office.get("/backups/state");
    assert_eq!((&state["last"]["file"], &state["usable"]), (&json!(file), &shown["header"]["made_at"]), "{state}");
    // The last by name stands first, and a list comes in parts.
    std::fs::write(folder.join("zz.backup"), b"not one").unwrap();
    let first = office.get("/backups?limit=1");
    assert_eq!(first["items"][0]["file"], "zz.backup");
    assert!(first["items"][0]["unusable"].is_string() && first["items"][0].get("header").is_none(), "{first}");
    let second = office.get(&format!("/backups?limit=1&cursor={}", first["next"].as_str().unwrap()));
    assert_eq!((&second["items"][0]["file"], second.get("next")), (&json!(file), None));
    // What is gone and old is told.
    std::fs::remove_file(folder.join(&file)).unwrap();
    let kinds = |state: &Value| state["worries"].as_array().unwrap().iter().map(|one| one["kind"].clone()).collect();
    let worries: Vec<Value> = kinds(&office.get("/backups/state"));
    assert_eq!(worries, ["missing"]);
}

#[test]
fn a_request_that_comes_twice_makes_one() {
    let place = tempfile::tempdir().unwrap();
    let office = office(place.path());
    let post = |key: &str| office.ask("POST", "/backups").header("Idempotency-Key", key).send();
    let first = post("key-1");
    first.expect_status(201);
    office.world.later(Lifetime::from_seconds(5));
    assert_eq!((post("key-1").status, post("key-1").body), (201, first.body.clone()));
    assert_eq!(names(place.path()), 1);
    post("key-2").expect_status(201);
    assert_eq!(names(place.path()), 2);
    // While one is made there is no other, and who is turned away may come again with the same key.
    let turn = office.world.app.backup_turn.clone().try_acquire_owned().unwrap();
    assert_eq!(post("key-3").problem(), "conflict");
    drop(turn);
    office.world.later(Lifetime::from_seconds(5));
    post("key-3").expect_status(201);
}

#[test]
fn one_that_comes_to_nothing_leaves_no_mark_and_is_told() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("b");
    let office = office(&folder);
    std::fs::write(&folder, b"a file in the place of the directory").unwrap();
    let post = || office.ask("POST", "/backups").header("Idempotency-Key", "key-1").send();
    post().expect_status(500);
    let state = office.get("/backups/state");
    assert!(state["failed"]["why"].as_str().unwrap().contains("cannot be made"), "{state}");
    assert_eq!(state["worries"][0]["kind"], "failed");
    std::fs::remove_file(&folder).unwrap();
    post().expect_status(201);
    assert!(office.get("/backups/state").get("failed").is_none());
}

/// Whoever may make backups chooses no place for them, and reads nothing that is not one.
#[test]
fn no_path_is_taken_and_no_file_is_given() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("b");
    let office = office(&folder);
    for body in [json!({ "place": "/tmp/x" }), json!({ "directory": "/tmp" }), json!({ "file": "../x.backup" })] {
        assert_eq!(office.post("/backups", &body).problem(), "invalid", "{body}");
    }
    assert_eq!(names(&folder), 0);
    let clerk = office.token_with("writ:backups:write");
    let ask = |method: &str, path: &str| office.world.request(method, &format!("/api/v1{path}")).bearer(&clerk).send();
    ask("POST", "/backups").expect_status(201);
    std::fs::copy(std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path(), place.path().join("y.backup"))
        .unwrap();
    for name in ["..%2Fy.backup", "%2Fetc%2Fpasswd", "y.backup", "..", ".", "nothing.backup"] {
        assert_eq!(ask("GET", &format!("/backups/{name}")).status, 404, "{name}");
    }
    assert_eq!(ask("GET", "/people").status, 403);
    let reader = office.token_with("writ:backups:read");
    let answer = office.world.request("POST", "/api/v1/backups").bearer(&reader).send();
    assert_eq!(answer.problem(), "forbidden");
    assert!(answer.header("www-authenticate").unwrap().contains("writ:backups:write"));
    let read = office.world.request("GET", "/api/v1/backups/state").bearer(&office.token_with("writ:read")).send();
    read.expect_status(200);
}

/// A machine that was stopped while its request was on the way makes none.
#[test]
fn whoever_was_stopped_meanwhile_makes_none() {
    let place = tempfile::tempdir().unwrap();
    let office = office(place.path());
    let app = &office.world.app;
    let (machine, scope) = (office.world.machine("robot", &office.ada, "writ:backups:write"), "writ:backups:write");
    let token = super::token(&office.world, &machine, scope);
    let ctx = Context::new(office.world.now(), Actor::Nobody, Origin::within(Channel::Api));
    let shown = Shown { token: &token, proof: None };
    let by = office.world.block(Operator::with_token(app, &ctx, shown, scope)).unwrap().ok().unwrap();
    let stop = format!("/machines/{}/suspension", machine.id);
    office.post(&stop, &json!({ "because": "lost" })).expect_status(200);
    assert!(office.world.block(backup::make_here(app, &by)).is_err());
    assert_eq!(names(place.path()), 0);
}
