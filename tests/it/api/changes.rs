//! Changes count only for what their sender has seen.

use serde_json::json;

use super::Office;
use crate::world::at_once;

fn client(office: &Office) -> String {
    let body = json!({ "client_name": "Mail", "redirect_uris": ["https://mail.example/cb"] });
    format!("/clients/{}", office.made("/clients", &body))
}

#[test]
fn a_change_says_what_it_has_seen() {
    let office = Office::open();
    let path = client(&office);
    let patch = |tag: Option<&str>| {
        let request = office.ask("PATCH", &path).json(&json!({ "client_name": "Post" }));
        tag.map_or_else(|| office.ask("PATCH", &path).json(&json!({})), |tag| request.header("If-Match", tag)).send()
    };
    assert_eq!((patch(None).status, patch(None).problem().as_str()), (428, "unseen"));
    for tag in ["\"x\"", "\"\"", "W/\"x\"", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""] {
        assert_eq!(patch(Some(tag)).problem(), "stale", "{tag}");
    }
    for tag in ["x", "\"", "", "\"a\" \"b\"", &["\"x\"", ","].concat().repeat(20)] {
        assert_eq!(patch(Some(tag)).wrong(), ["If-Match"], "{tag}");
    }
    let tag = office.tag(&path);
    assert_eq!(patch(Some(&format!("W/{tag}"))).problem(), "stale", "a weak tag proves nothing");
    let changed = patch(Some(&format!("\"x\", {tag}")));
    assert_eq!(changed.expect_status(200).json()["client_name"], "Post");
    assert_eq!(changed.header("etag"), Some(office.tag(&path).as_str()));
    assert_eq!(patch(Some(&tag)).problem(), "stale");
    // What changes nothing is no change: no event, and the same tag.
    let (tag, events) = (office.tag(&path), office.world.events(3));
    assert_eq!(patch(Some(&tag)).header("etag"), Some(tag.as_str()));
    assert_eq!(office.world.events(3), events);
    // An action may say it too.
    let stopped = office.change("POST", &format!("{path}/suspension"), "\"x\"", &json!({ "because": "test" }));
    assert_eq!(stopped.problem(), "stale");
    office.change("POST", &format!("{path}/suspension"), &tag, &json!({ "because": "test" })).expect_status(200);
    let remove = |tag: &str| office.ask("DELETE", &path).header("If-Match", tag).send();
    assert_eq!(remove(&tag).problem(), "stale");
    assert_eq!(remove(&office.tag(&path)).status, 204);
    assert_eq!(remove("*").problem(), "missing");
}

#[test]
fn of_32_changes_at_once_that_have_seen_the_same_one_is_made() {
    let office = Office::open();
    let path = client(&office);
    let tag = office.tag(&path);
    let statuses =
        at_once(32, |n| office.change("PATCH", &path, &tag, &json!({ "client_name": format!("Mail {n}") })).status);
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 412].contains(status)), "{statuses:?}");
    let changed = office.get("/audit?event=client.changed")["items"].as_array().unwrap().len();
    assert_eq!(changed, 1);
}

#[test]
fn the_audit_log_tells_what_changed_before_and_after() {
    let office = Office::open();
    let path = client(&office);
    let tag = office.tag(&path);
    let change = json!({ "client_name": "Post", "scope": "mcp:read", "redirect_uris": null, "grant_types": ["client_credentials"] });
    // A public client has nobody to be, so this is a mistake; and so nothing is written.
    assert_eq!(office.change("PATCH", &path, &tag, &change).wrong(), ["grant_types"]);
    let change = json!({ "client_name": "Post", "scope": "mcp:read" });
    office.change("PATCH", &path, &tag, &change).expect_status(200);
    let entry = &office.get("/audit?event=client.changed")["items"][0]["details"];
    assert_eq!(entry["before"], json!({ "client_name": "Mail" }));
    assert_eq!(entry["after"], json!({ "client_name": "Post", "scope": "mcp:read" }));
    let change = json!({ "scope": null });
    office.change("PATCH", &path, "*", &change).expect_status(200);
    let entry = &office.get("/audit?event=client.changed")["items"][0]["details"];
    assert_eq!((&entry["before"], &entry["after"]), (&json!({ "scope": "mcp:read" }), &json!({})));
}

#[test]
fn who_was_stopped_a_moment_ago_changes_nothing_more() {
    use writ::model::{ClientState, Event};
    use writ::operations::operator::{Operator, Shown};
    use writ::operations::{declined::Declined, scopes, seen::Seen};
    use writ::store::{Read as _, tables::MACHINES};
    let office = Office::open();
    let world = &office.world;
    let shown = Shown { token: &office.token, proof: None };
    let by = world.block(Operator::with_token(&world.app, &anonymous(world), shown, "writ:scopes:write"));
    let by = by.unwrap().unwrap();
    // Between the look at the token and the write.
    world.change("suspend machine", |tx| {
        let (id, mut row) = tx.page(&MACHINES, None, 1)?.rows.remove(0);
        row.state = ClientState::Suspended;
        tx.put(&MACHINES, &id, &row)?;
        tx.record(Event::ScopeCreated { scope: "none".to_owned(), after: serde_json::Value::Null })
    });
    let removed = world.block(scopes::remove(&world.app, &by, "tools:ping".parse().unwrap(), Seen::Anything));
    assert!(matches!(removed, Err(Declined::Forbidden(_))), "{removed:?}");
}

pub fn anonymous(world: &crate::world::World) -> writ::model::Context {
    use writ::model::{Actor, Channel, Context, Origin};
    Context::new(world.now(), Actor::Nobody, Origin::within(Channel::Http))
}
