//! What an administrator said about an application counts for what the application was then, and for nothing it becomes.

use serde_json::{Value, json};
use writ::base::{Lifetime, RedirectUri};
use writ::model::{Client, ClientId, ClientState};
use writ::operations::clients::{self, ClientChange};
use writ::operations::declined::Declined;
use writ::operations::seen::{Seen, tag};
use writ::store::Read as _;
use writ::store::tables::CLIENTS;

use crate::world::{Browser, CALLBACK, ClientApp, Page, World};

const CHECKED: &str = "checked by an administrator";
const NOBODY: &str = "nobody has checked it";

/// A client that registered itself, with what it needs to change its registration.
struct Stranger {
    id: ClientId,
    token: String,
    document: Value,
}

impl Stranger {
    fn registers(world: &World, name: &str) -> Self {
        let metadata =
            json!({ "client_name": name, "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none" });
        let document = world.request("POST", "/oauth/register").json(&metadata).send().expect_status(201).json();
        let text = |name: &str| document[name].as_str().unwrap().to_owned();
        Self { id: text("client_id").parse().unwrap(), token: text("registration_access_token"), document }
    }

    /// RFC 7592 §2.2.
    fn changes(&self, world: &World, changes: &Value) {
        let mut all = self.document.clone();
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let request = world.request("PUT", &format!("/oauth/register/{}", self.id)).bearer(&self.token);
        request.json(&all).send().expect_status(200);
    }

    fn row(&self, world: &World) -> Client {
        let ClientId::Registered(id) = self.id else { panic!("not registered here") };
        world.read(|view| view.get(&CLIENTS, &id)).unwrap()
    }

    fn verify(&self, world: &World) -> Client {
        world.block(clients::verify(&world.app, &world.operator(), self.id.clone(), Seen::Anything)).unwrap()
    }

    fn asks(&self, browser: &mut Browser) -> Page {
        let redirect_uri = CALLBACK.to_owned();
        let app = ClientApp { id: self.id.clone(), secret: None, redirect_uri, resource: None };
        app.sends(browser, &[("scope", "openid")])
    }
}

/// Verified first, then changed: by whoever holds the registration, by an administrator, or in the file.
#[test]
fn case_37_a_verified_application_that_changes_is_verified_no_more() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    for changes in [
        json!({ "client_name": "Payroll" }),
        json!({ "redirect_uris": [CALLBACK, "https://evil.test/cb"] }),
        json!({ "redirect_uris": ["https://evil.test/cb"], "client_name": "Payroll" }),
    ] {
        let stranger = Stranger::registers(&world, "Notes");
        stranger.asks(&mut browser).expect_page(200, NOBODY).expect_no_text(CHECKED);
        assert!(stranger.verify(&world).verified().is_some());
        stranger.asks(&mut browser).expect_page(200, CHECKED).expect_no_text(NOBODY);
        stranger.changes(&world, &changes);
        assert_eq!(stranger.row(&world).review.verified, None, "{changes}");
        world.expect_event("client.updated_itself");
        if changes["redirect_uris"].as_array().is_none_or(|uris| uris.len() > 1) {
            stranger.asks(&mut browser).expect_page(200, NOBODY).expect_no_text(CHECKED);
        }
        // And does not come back by changing back.
        stranger.changes(&world, &json!({}));
        assert_eq!(stranger.row(&world).review.verified, None, "{changes}");
    }
    // What says nothing about who it is or where its answers go leaves the mark.
    let stranger = Stranger::registers(&world, "Notes");
    stranger.verify(&world);
    stranger.changes(&world, &json!({ "contacts": ["ada@example.com"] }));
    assert!(stranger.row(&world).verified().is_some());

    // An administrator's own change counts no less: the mark is somebody's word about what was there.
    let change =
        |members: Value| ClientChange { members: members.as_object().unwrap().clone(), ..ClientChange::default() };
    let operator = world.operator();
    let renamed = clients::change(
        &world.app,
        &operator,
        stranger.id.clone(),
        Seen::Anything,
        change(json!({ "client_name": "Other" })),
    );
    assert_eq!(world.block(renamed).unwrap().review.verified, None);
    world.expect_event("client.changed");
}

/// Whatever path a row takes: a mark of something else is no mark.
#[test]
fn case_37_a_mark_is_of_what_was_looked_at() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let stranger = Stranger::registers(&world, "Notes");
    let client = stranger.verify(&world);
    let evil = RedirectUri::parse("https://evil.test/cb").unwrap();
    world.put_client(Client { redirect_uris: vec![client.redirect_uris[0].clone(), evil], ..client });
    assert!(stranger.row(&world).review.verified.is_some(), "put there by hand");
    assert!(stranger.row(&world).verified().is_none());
    stranger.asks(&mut browser).expect_page(200, NOBODY).expect_no_text(CHECKED);
}

/// It changes itself between an administrator's look and their click.
#[test]
fn case_37_who_verifies_or_approves_says_what_they_have_seen() {
    let world = World::with(&[("registration.mode", "approval")]);
    let operator = world.operator();
    let stranger = Stranger::registers(&world, "Notes");
    let seen = Seen::OneOf(vec![tag(&stranger.row(&world)).unwrap()]);
    stranger.changes(&world, &json!({ "redirect_uris": ["https://evil.test/cb"] }));
    let approved = world.block(clients::approve(&world.app, &operator, stranger.id.clone(), seen));
    assert!(matches!(approved, Err(Declined::Stale)), "{approved:?}");
    world.block(clients::approve(&world.app, &operator, stranger.id.clone(), Seen::Anything)).unwrap();
    let seen = Seen::OneOf(vec![tag(&stranger.row(&world)).unwrap()]);
    stranger.changes(&world, &json!({ "client_name": "Payroll" }));
    let verified = world.block(clients::verify(&world.app, &operator, stranger.id.clone(), seen));
    assert!(matches!(verified, Err(Declined::Stale)), "{verified:?}");
    // In this mode it waits again, and what waits cannot be verified at all.
    let verified = world.block(clients::verify(&world.app, &operator, stranger.id.clone(), Seen::Anything));
    assert!(matches!(verified, Err(Declined::Conflict(_))), "{verified:?}");
}

/// A verified application is known here: one that looks like it is pointed out.
#[test]
fn case_38_a_verified_application_is_not_imitated_unnoticed() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let known = Stranger::registers(&world, "Zebra Desk");
    let other = Stranger::registers(&world, "Zebra-Desk");
    other.asks(&mut browser).expect_page(200, NOBODY).expect_no_text("that is known here");
    known.verify(&world);
    known.asks(&mut browser).expect_page(200, CHECKED).expect_no_text("that is known here");
    other.asks(&mut browser).expect_page(200, "This is not the Zebra Desk that is known here.");
}

#[test]
fn a_rejected_application_is_told_why_and_may_be_approved_after_all() {
    let world = World::with(&[("registration.mode", "approval")]);
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let operator = world.operator();
    let stranger = Stranger::registers(&world, "Notes");
    let because = "We use <the one> that IT installs";
    let reject = |because: &str| {
        world.block(clients::reject(&world.app, &operator, stranger.id.clone(), Seen::Anything, because))
    };
    assert!(matches!(reject(" "), Err(Declined::Invalid(_))), "without a reason nobody learns anything");
    assert_eq!(reject(because).unwrap().state, ClientState::Rejected);
    assert!(matches!(reject(because), Err(Declined::Conflict(_))));
    world.expect_event("client.rejected");
    stranger
        .asks(&mut browser)
        .expect_page(403, "We use &#60;the one&#62; that IT installs")
        .expect_text("may not be used here");
    let app = ClientApp { id: stranger.id.clone(), secret: None, redirect_uri: CALLBACK.into(), resource: None };
    app.redeem(&world, "writ_ac_none").expect_refusal(400, "unauthorized_client", "ClientAwaitingApproval");
    let resumed = world.block(clients::resume(&world.app, &operator, stranger.id.clone(), Seen::Anything));
    assert!(matches!(resumed, Err(Declined::Conflict(_))), "no way around the approval: {resumed:?}");
    let approved = world.block(clients::approve(&world.app, &operator, stranger.id.clone(), Seen::Anything)).unwrap();
    assert_eq!((approved.state, approved.review.rejected), (ClientState::Active, None));
    stranger.asks(&mut browser).expect_page(200, NOBODY);
}

/// Its own word cannot undo a rejection; what is another application waits like any other.
#[test]
fn a_rejected_application_that_changes_waits_again_and_is_not_approved_by_it() {
    let world = World::with(&[("registration.mode", "approval")]);
    let stranger = Stranger::registers(&world, "Notes");
    world.block(clients::reject(&world.app, &world.operator(), stranger.id.clone(), Seen::Anything, "no")).unwrap();
    stranger.changes(&world, &json!({ "contacts": ["x@example.com"] }));
    assert_eq!(stranger.row(&world).state, ClientState::Rejected);
    stranger.changes(&world, &json!({ "client_name": "Notes 2" }));
    let row = stranger.row(&world);
    assert_eq!((row.state, row.review.rejected), (ClientState::AwaitingApproval, None));
}

/// When its row is gone, the reason is not.
#[test]
fn a_rejection_outlives_the_registration() {
    let world = World::with(&[("registration.mode", "approval")]);
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let stranger = Stranger::registers(&world, "Notes");
    world
        .block(clients::reject(&world.app, &world.operator(), stranger.id.clone(), Seen::Anything, "not this one"))
        .unwrap();
    world.block(clients::remove(&world.app, &world.operator(), stranger.id.clone(), Seen::Anything)).unwrap();
    stranger.asks(&mut browser).expect_page(403, "not this one");
}

#[test]
fn only_what_nobody_uses_is_removed_together() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let unused = Stranger::registers(&world, "Unused");
    let used = Stranger::registers(&world, "Used");
    let made = world.client("Ours");
    let use_it = |stranger: &Stranger, browser: &mut Browser| {
        let app = ClientApp { id: stranger.id.clone(), secret: None, redirect_uri: CALLBACK.into(), resource: None };
        app.tokens(&world, browser);
    };
    use_it(&used, &mut browser);
    let names = |days: u64| {
        let before = world.now().minus(Lifetime::from_days(days));
        let page = world.block(clients::stale(&world.app, before, None, 100)).unwrap();
        // They registered in the same moment, so either may be the older.
        let names = page.rows.into_iter().map(|(_, client)| client.name);
        names.collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    world.later(Lifetime::from_days(20));
    // Within a month of the first use, a second is not written down: it counts as used until then.
    let mut browser = world.signed_in(&ada);
    use_it(&used, &mut browser);
    world.later(Lifetime::from_days(15));
    assert_eq!(names(30), ["Unused"]);
    world.later(Lifetime::from_days(26));
    assert_eq!(names(30), ["Unused", "Used"], "61 days after the use that was written down");
    let ids = |strangers: &[&ClientId]| {
        strangers.iter().map(|id| if let ClientId::Registered(id) = id { *id } else { panic!() }).collect::<Vec<_>>()
    };
    // Somebody comes back between the look and the click.
    let mut browser = world.signed_in(&ada);
    use_it(&used, &mut browser);
    let before = world.now().minus(Lifetime::from_days(30));
    let chosen = ids(&[&unused.id, &used.id, &made.id]);
    let gone = world.block(clients::remove_stale(&world.app, &world.operator(), before, chosen)).unwrap();
    assert_eq!(gone, std::slice::from_ref(&unused.id));
    world.expect_event("client.removed");
    unused.asks(&mut browser).expect_page(400, "This registration is gone");
    used.asks(&mut browser).expect_status(200);
}
