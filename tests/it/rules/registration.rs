//! Dynamic registration over HTTP. RFC 7591 §3, RFC 7592 §2. Attack cases 3, 36, 37 and 38. What may be registered is
//! tested beside the rules, in `protocol::registration`.

use serde_json::{Value, json};
use writ::base::{Digest, Id, Lifetime};
use writ::model::{Actor, Client, ClientId, ClientState, Context, Event, EventClass, Provenance};
use writ::operations::registration::NewToken;
use writ::operations::{housekeeping, registration};
use writ::store::tables::{CLIENTS, CONSENTS, RECENT_REGISTRATIONS, TOMBSTONES};
use writ::store::{MAX_ROWS, Read};

use crate::world::{Answer, CALLBACK, ClientApp, ISSUER, World};

fn metadata() -> Value {
    json!({
        "client_name": "Inspector", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
    })
}

fn with(changes: Value) -> Value {
    let mut all = metadata();
    all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    all
}

fn register(world: &World, body: &Value) -> Answer {
    world.request("POST", "/oauth/register").json(body).send()
}

/// A registration as its holder knows it.
struct Held {
    id: String,
    token: String,
    document: Value,
}

#[track_caller]
fn registered(world: &World, body: &Value) -> Held {
    let answer = register(world, body);
    answer.expect_status(201);
    let document = answer.json();
    let text = |name: &str| document[name].as_str().unwrap().to_owned();
    Held { id: text("client_id"), token: text("registration_access_token"), document }
}

impl Held {
    fn path(&self) -> String {
        format!("/oauth/register/{}", self.id)
    }

    fn send(&self, world: &World, method: &str, body: Option<&Value>) -> Answer {
        let request = world.request(method, &self.path()).bearer(&self.token);
        match body {
            Some(body) => request.json(body).send(),
            None => request.send(),
        }
    }

    /// What a client sends to change something: all it may, with its id.
    fn update(&self, changes: Value) -> Value {
        let mut all = with(json!({ "client_id": self.id }));
        all["token_endpoint_auth_method"] = self.document["token_endpoint_auth_method"].clone();
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        all
    }

    fn client(&self) -> ClientApp {
        ClientApp {
            id: self.id.parse().unwrap(),
            secret: self.document["client_secret"].as_str().map(str::to_owned),
            redirect_uri: CALLBACK.to_owned(),
            resource: None,
        }
    }

    fn row(&self, world: &World) -> Option<Client> {
        let id: Id<Client> = self.id.parse().unwrap();
        world.read(|view| view.get(&CLIENTS, &id))
    }
}

fn clients(world: &World) -> usize {
    world.read(|view| Ok(view.page(&CLIENTS, None, MAX_ROWS)?.rows.len()))
}

/// RFC 7591 §3.2.1: "201 Created", with "all registered metadata about this client".
#[test]
fn a_client_registers_and_signs_somebody_in() {
    let world = World::new();
    let ada = world.administrator("ada");
    let resource = world.resource("https://mcp.example/a", "mcp:read mcp:write");
    for method in ["none", "client_secret_basic"] {
        let held = registered(&world, &with(json!({ "token_endpoint_auth_method": method })));
        assert_eq!(held.document["token_endpoint_auth_method"], method);
        assert_eq!(held.document["registration_client_uri"], format!("{ISSUER}/oauth/register/{}", held.id));
        assert_eq!(held.document.get("client_secret").is_some(), method != "none");
        assert_eq!(held.document.get("client_secret_expires_at"), (method != "none").then_some(&json!(0)));
        assert!(held.document.as_object().unwrap().values().all(|value| !value.is_null()));

        let client = held.client().at(&resource);
        let tokens = client.tokens(&world, &mut world.signed_in(&ada));
        client.refresh(&world, &tokens.refresh.unwrap()).expect_status(200);
    }
    world.expect_event("client.registered_itself");
}

/// MCP clients of the 2025-03-26 revision call it at the root, browsers call it from elsewhere.
#[test]
fn it_answers_at_the_root_and_to_pages_elsewhere() {
    let world = World::new();
    let answer = world.request("POST", "/register").header("Origin", "http://localhost:6274").json(&metadata()).send();
    answer.expect_status(201);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let preflight = world.request("OPTIONS", "/oauth/register").header("Origin", "http://localhost:6274").send();
    preflight.expect_status(204);
    assert!(preflight.header("access-control-allow-headers").unwrap().contains("Content-Type"));
    world.request("GET", "/oauth/register").send().expect_status(405);
}

#[test]
fn case_3_the_unacceptable_redirect_uri_is_named() {
    let world = World::new();
    let answer = register(&world, &with(json!({ "redirect_uris": [CALLBACK, "JaVaScRiPt:alert(1)"] })));
    answer.expect_refused(400, "invalid_redirect_uri");
    assert!(answer.json()["error_description"].as_str().unwrap().contains("'JaVaScRiPt:alert(1)'"), "{}", answer.body);
    for uri in
        ["\tjavascript:alert(1)", "data:text/html,x", "vbscript:x", "blob:https://a.example/1", "file:///etc/passwd"]
    {
        register(&world, &with(json!({ "redirect_uris": [uri] }))).expect_refused(400, "invalid_redirect_uri");
    }
    assert_eq!(clients(&world), 0, "nothing refused is kept");
}

#[test]
fn case_36_a_body_is_bounded_in_size_count_and_depth() {
    let world = World::new();
    let many: Vec<String> = (0..21).map(|n| format!("https://a.example/{n}")).collect();
    register(&world, &with(json!({ "redirect_uris": many }))).expect_refused(400, "invalid_redirect_uri");
    register(&world, &with(json!({ "x": "y".repeat(70_000) }))).expect_refused(413, "invalid_request");
    let deep = format!(r#"{{"redirect_uris":["{CALLBACK}"],"x":{}{}}}"#, "[".repeat(30_000), "]".repeat(30_000));
    for body in [deep.as_bytes(), b"", b"[]", b"{", b"redirect_uris=x", b"{\"client_name\":\"\xff\"}"] {
        let answer =
            world.request("POST", "/oauth/register").header("Content-Type", "application/json").body(body).send();
        answer.expect_refused(400, "invalid_client_metadata");
    }
    assert_eq!(clients(&world), 0);
}

#[test]
fn case_36_a_flood_pushes_out_its_own_and_nobody_who_signed_in() {
    let world = World::with(&[("registration.most_unused", "50"), ("limits.register", "0")]);
    let ada = world.administrator("ada");
    let resource = world.resource("https://mcp.example/a", "mcp:read");
    let owner = registered(&world, &metadata());
    let client = owner.client().at(&resource);
    let tokens = client.tokens(&world, &mut world.signed_in(&ada));
    let by_hand = world.client("mail");
    let oldest = registered(&world, &metadata());
    let approved = registered(&world, &metadata());
    let day = Lifetime::from_days(1);
    world.edit_client(&approved.client(), |row| {
        *row = writ::protocol::registration::approved(row.clone(), row.created_at, day)
    });

    let body = metadata().to_string();
    let stranger = Context { by: Actor::Nobody, ..Context::clone(&world.operator()) };
    for _ in 0..1_000 {
        assert!(world.block(registration::register(&world.app, &stranger, None, body.as_bytes())).is_ok());
    }
    let latest = registered(&world, &metadata());

    assert_eq!(clients(&world), 53, "fifty unused, the owner's, the approved one, and the one an administrator made");
    assert!(approved.row(&world).is_some());
    assert_eq!(world.read(|view| Ok(view.page(&RECENT_REGISTRATIONS, None, MAX_ROWS)?.rows.len())), 50);
    assert!(world.read(|view| Ok(view.page(&TOMBSTONES, None, 1)?.rows.is_empty())), "a flood leaves no tombstones");
    assert!(oldest.row(&world).is_none(), "the oldest that nobody used made room");
    oldest.send(&world, "GET", None).expect_refused(401, "invalid_token");
    latest.send(&world, "GET", None).expect_status(200);
    client.refresh(&world, &tokens.refresh.unwrap()).expect_status(200);
    by_hand.at(&resource).code(&mut world.signed_in(&ada));
}

#[test]
fn case_36_one_address_registers_so_often_and_then_waits() {
    let world = World::with(&[("limits.register", "5")]);
    for _ in 0..5 {
        register(&world, &metadata()).expect_status(201);
    }
    let answer = register(&world, &metadata());
    answer.expect_refused(429, "temporarily_unavailable");
    assert!(answer.header("retry-after").is_some());
    world.later(Lifetime::from_minutes(1));
    register(&world, &metadata()).expect_status(201);
}

#[test]
fn an_unused_registration_is_forgotten_after_a_day_and_a_used_one_after_long_silence() {
    let world = World::new();
    let ada = world.administrator("ada");
    let resource = world.resource("https://mcp.example/a", "mcp:read");
    let unused = registered(&world, &metadata());
    let used = registered(&world, &metadata());
    used.client().at(&resource).tokens(&world, &mut world.signed_in(&ada));
    let clean = || world.block(housekeeping::round(&world.app)).unwrap();

    world.later(Lifetime::from_hours(23));
    clean();
    assert!(unused.row(&world).is_some());
    world.later(Lifetime::from_hours(2));
    clean();
    assert!(unused.row(&world).is_none());
    world.expect_event("client.reaped");
    unused.send(&world, "GET", None).expect_refused(401, "invalid_token");
    let tombstone = |held: &Held| world.read(|view| view.get(&TOMBSTONES, &held.id.parse().unwrap()));
    let consents = || world.read(|view| Ok(view.page(&CONSENTS, None, 10)?.rows.len()));
    assert_eq!(tombstone(&unused).unwrap().name, "Inspector", "its page can say what happened");
    // SDKs register again on invalid_client.
    unused.client().refresh(&world, "writ_rt_x").expect_refused(401, "invalid_client");

    world.later(Lifetime::from_days(89));
    clean();
    assert!(used.row(&world).is_some(), "as long as its tokens may live");
    assert_eq!(consents(), 1);
    world.later(Lifetime::from_days(90));
    clean();
    assert!(used.row(&world).is_none());
    assert_eq!(consents(), 0, "what Ada allowed it is on no page of hers any more");
    world.expect_event("consent.forgotten");
    assert!(tombstone(&used).is_some());
    world.later(Lifetime::from_days(181));
    clean();
    assert!(tombstone(&used).is_none(), "even this is forgotten");
}

#[test]
fn case_38_a_name_is_text_and_a_logo_is_not_fetched() {
    let world = World::new();
    let ada = world.administrator("ada");
    let resource = world.resource("https://mcp.example/a", "mcp:read");
    let held = registered(
        &world,
        &with(json!({
            "client_name": "<img src=x onerror=alert(1)>\u{202E}\u{200B}Bank",
            "logo_uri": "https://evil.example/logo.svg",
        })),
    );
    assert_eq!(held.document["client_name"], "<img src=x onerror=alert(1)>Bank");
    let page = world.signed_in(&ada).get(&held.client().at(&resource).authorize_path(&[]));
    page.expect_status(200).expect_no_text("<img src=x").expect_no_text("logo.svg").expect_no_text("\u{202E}");
    page.expect_text("onerror=alert(1)");
    register(&world, &with(json!({ "client_name": "x".repeat(4_096) }))).expect_refused(400, "invalid_client_metadata");
    register(&world, &with(json!({ "logo_uri": "data:image/svg+xml,<svg/>" })))
        .expect_refused(400, "invalid_client_metadata");
}

/// RFC 7592 §2.1 to §2.3.
#[test]
fn its_holder_reads_changes_and_removes_a_registration() {
    let world = World::new();
    let held = registered(
        &world,
        &with(json!({ "token_endpoint_auth_method": "client_secret_post", "tos_uri": "https://a.example/tos" })),
    );
    let read = held.send(&world, "GET", None);
    read.expect_status(200);
    assert_eq!(read.header("cache-control"), Some("no-store"));
    let read = read.json();
    assert_eq!((&read["client_id"], &read["tos_uri"]), (&json!(held.id), &json!("https://a.example/tos")));
    assert_eq!(read["registration_access_token"], held.token);
    assert!(read.get("client_secret").is_none(), "only its digest is known here");

    let changed = held.send(
        &world,
        "PUT",
        Some(&held.update(json!({ "client_name": "Other", "client_secret": held.document["client_secret"] }))),
    );
    changed.expect_status(200);
    let changed = changed.json();
    assert_eq!(changed["client_name"], "Other");
    assert!(changed.get("tos_uri").is_none(), "what is left out is deleted");
    assert_eq!(held.send(&world, "GET", None).json(), changed);
    world.expect_event("client.updated_itself");

    held.send(&world, "POST", None).expect_status(405);
    assert_eq!(held.send(&world, "DELETE", None).expect_status(204).body, "");
    world.expect_event("client.removed_itself");
    for method in ["GET", "DELETE"] {
        held.send(&world, method, None).expect_refused(401, "invalid_token");
    }
    held.send(&world, "PUT", Some(&held.update(json!({})))).expect_refused(401, "invalid_token");
}

/// Whoever registers itself may ask as often as it likes: the file grows by what it was given, and not by what it was refused.
#[test]
fn case_36_what_strangers_are_refused_is_counted_and_not_written_down() {
    let world = World::new();
    let ada = world.administrator("ada");
    let resource = world.resource("https://mcp.example/a", "mcp:read");
    let (stranger, machine) = (world.client("Inspector").at(&resource), world.confidential("machine").at(&resource));
    for app in [&stranger, &machine] {
        world.edit_client(app, |client| client.provenance = Provenance::Dynamic { registration: Digest::ZERO });
    }
    let mut browser = world.signed_in(&ada);
    let code = stranger.code(&mut browser);
    let refresh = stranger.redeem(&world, &code).tokens().refresh.unwrap();

    let refused = |times: u64| {
        world.app.tally.take();
        let before = world.events(400).len();
        for _ in 0..times {
            let wider = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("scope", "mcp:write")];
            stranger.token_request(&world, &wider).expect_refused(400, "invalid_scope");
            stranger
                .redeem_with(&world, &code, &[("code_verifier", &"a".repeat(43))])
                .expect_refused(400, "invalid_grant");
            machine.client_credentials(&world, &[("scope", "openid")]).expect_refused(400, "invalid_scope");
        }
        let counted: u64 = world.app.tally.take().iter().map(|(_, count)| count).sum();
        assert_eq!(counted, times * 3);
        world.events(400).len() - before
    };
    assert_eq!(refused(5), 0);
    // A replay is told once, when it ends something.
    let before = world.events(400).len();
    for _ in 0..5 {
        stranger.redeem(&world, &code).expect_refusal(400, "invalid_grant", "CodeReplayed");
    }
    let events = world.events(400);
    assert_eq!(events[..events.len() - before], ["family.revoked", "code.replayed"]);

    // Those whom an administrator answers for are told of one by one.
    let known = world.confidential("known");
    known.client_credentials(&world, &[("scope", "openid")]).expect_refused(400, "invalid_scope");
    world.expect_event("token.refused");
}

/// What a holder does to its own registration is no change that somebody here made, and is not kept for ever.
#[test]
fn case_36_what_a_stranger_does_to_its_registration_is_traffic() {
    let client = ClientId::Document("https://app.example/client".to_owned());
    for event in
        [Event::ClientUpdatedItself { client: client.clone(), what: Vec::new() }, Event::ClientRemovedItself { client }]
    {
        assert_eq!(event.class(), EventClass::Traffic, "{}", event.name());
    }
}

/// RFC 7592 §2.3: the credentials of a removed client are worth nothing.
#[test]
fn what_a_removed_client_held_ends_with_it() {
    let world = World::new();
    let ada = world.administrator("ada");
    let resource = world.resource("https://mcp.example/a", "mcp:read");
    let held = registered(&world, &with(json!({ "token_endpoint_auth_method": "client_secret_basic" })));
    let client = held.client().at(&resource);
    let tokens = client.tokens(&world, &mut world.signed_in(&ada));
    let watcher = world.confidential("watcher");
    world.edit_client(&watcher, |row| row.serves = vec![resource.identifier.clone()]);
    assert_eq!(watcher.introspect(&world, &tokens.access)["active"], true);

    held.send(&world, "DELETE", None).expect_status(204);
    client.refresh(&world, tokens.refresh.as_deref().unwrap()).expect_refused(401, "invalid_client");
    assert_eq!(watcher.introspect(&world, &tokens.access)["active"], false);
}

/// RFC 7592 §2: "the authorization server MUST require" the token; one answer to unknown, foreign and wrong.
#[test]
fn only_its_own_token_opens_a_registration() {
    let world = World::new();
    let one = registered(&world, &metadata());
    let other = registered(&world, &metadata());
    let nobody = world.request("GET", &one.path()).send();
    nobody.expect_refused(401, "invalid_token");
    assert_eq!(nobody.header("www-authenticate"), Some(format!("Bearer realm=\"{ISSUER}\"").as_str()));
    let unknown = "cli_01kag7x0000000000000000000";
    for (path, token) in [
        (one.path(), other.token.as_str()),
        (one.path(), "writ_ra_nonsense"),
        (format!("/oauth/register/{unknown}"), one.token.as_str()),
        ("/oauth/register/nonsense".to_owned(), one.token.as_str()),
        (format!("/oauth/register/{}", world.client("mail").id), one.token.as_str()),
    ] {
        for method in ["GET", "PUT", "DELETE"] {
            let answer = world.request(method, &path).bearer(token).json(&one.update(json!({}))).send();
            answer.expect_refused(401, "invalid_token");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
        }
    }
    one.send(&world, "GET", None).expect_status(200);
    // A secret, a code or a refresh token is no registration access token (attack case 14).
    let confidential = registered(&world, &with(json!({ "token_endpoint_auth_method": "client_secret_post" })));
    let secret = confidential.document["client_secret"].as_str().unwrap();
    world.request("GET", &confidential.path()).bearer(secret).send().expect_refused(401, "invalid_token");
}

#[test]
fn case_37_a_change_brings_in_nothing_that_registering_refuses() {
    let world = World::new();
    let held = registered(&world, &with(json!({ "token_endpoint_auth_method": "client_secret_basic" })));
    let before = held.row(&world);
    for changes in [
        json!({ "grant_types": ["client_credentials"] }),
        json!({ "grant_types": ["authorization_code", "implicit"] }),
        json!({ "grant_types": ["password"] }),
        json!({ "token_endpoint_auth_method": "none" }),
        json!({ "response_types": ["token"] }),
        json!({ "client_id": "cli_other" }),
        json!({ "client_id": null }),
        json!({ "client_secret": "chosen by the client" }),
    ] {
        held.send(&world, "PUT", Some(&held.update(changes))).expect_refused(400, "invalid_client_metadata");
    }
    let statement = held.update(json!({ "software_statement": "e30.e30." }));
    held.send(&world, "PUT", Some(&statement)).expect_refused(400, "invalid_software_statement");
    let uri = held.update(json!({ "redirect_uris": ["http://evil.test/cb"] }));
    held.send(&world, "PUT", Some(&uri)).expect_refused(400, "invalid_redirect_uri");
    assert_eq!(held.row(&world), before, "nothing refused leaves a trace");

    // Listed beside a good one, and with members that are ours alone: left out, and not kept.
    let sneaky = json!({
        "grant_types": ["authorization_code", "client_credentials"], "provenance": "administrator", "serves": ["https://mcp.example/a"],
        "first_used_at": 1, "reaped_at": 99_999_999_999_999_u64, "state": "active", "unknown": { "deep": true },
    });
    let answer = held.send(&world, "PUT", Some(&held.update(sneaky)));
    assert_eq!(answer.expect_status(200).json()["grant_types"], json!(["authorization_code"]));
    let after = held.row(&world).unwrap();
    let before = before.unwrap();
    assert_eq!((after.provenance, after.serves, after.reaped_at), (before.provenance, before.serves, before.reaped_at));
    held.client().client_credentials(&world, &[]).expect_refused(400, "unauthorized_client");
}

/// RFC 7591 §3: "the initial access token".
#[test]
fn with_mode_token_only_the_bearer_of_an_initial_access_token_registers() {
    let world = World::with(&[("registration.mode", "token")]);
    let answer = register(&world, &metadata());
    answer.expect_refused(401, "invalid_token");
    assert_eq!(answer.header("www-authenticate"), Some(format!("Bearer realm=\"{ISSUER}\"").as_str()));

    let (_, token) = world
        .block(registration::add_initial_access_token(&world.app, &world.operator(), NewToken::default()))
        .unwrap();
    world.expect_event("registration.token_created");
    let send = |token: &str, body: &Value| world.request("POST", "/oauth/register").bearer(token).json(body).send();
    send("writ_ia_nonsense", &metadata()).expect_refused(401, "invalid_token");
    send(token.expose(), &metadata()).expect_status(201);
    world.expect_event("client.registered");

    // Somebody answers for it, so it may act for itself.
    let machine = with(json!({
        "grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_post", "redirect_uris": [], "response_types": [],
    }));
    let answer = send(token.expose(), &machine);
    assert_eq!(answer.expect_status(201).json()["grant_types"], json!(["client_credentials"]));

    world.later(registration::INITIAL_TOKEN_FOR);
    send(token.expose(), &metadata()).expect_refused(401, "invalid_token");
}

#[test]
fn a_stranger_may_not_register_to_act_for_itself() {
    let world = World::new();
    let body =
        with(json!({ "grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_basic" }));
    register(&world, &body).expect_refused(400, "invalid_client_metadata");
    let (_, token) = world
        .block(registration::add_initial_access_token(&world.app, &world.operator(), NewToken::default()))
        .unwrap();
    world.request("POST", "/oauth/register").bearer(token.expose()).json(&body).send().expect_status(201);
    // A bad token is not taken for none.
    world.request("POST", "/oauth/register").bearer("x").json(&metadata()).send().expect_refused(401, "invalid_token");
}

#[test]
fn with_mode_approval_a_client_waits_and_is_looked_at_again_when_it_changes() {
    let world = World::with(&[("registration.mode", "approval")]);
    let ada = world.administrator("ada");
    let resource = world.resource("https://mcp.example/a", "mcp:read");
    let held = registered(&world, &metadata());
    let client = held.client().at(&resource);
    assert_eq!(held.row(&world).unwrap().state, ClientState::AwaitingApproval);
    let page = world.signed_in(&ada).get(&client.authorize_path(&[]));
    assert!(
        page.left_for.is_none() && page.forms().iter().all(|form| form.action != "/oauth/consent"),
        "{}",
        page.body
    );

    world.edit_client(&client, |row| row.state = ClientState::Active);
    client.tokens(&world, &mut world.signed_in(&ada));

    let moved = held.update(json!({ "redirect_uris": ["https://evil.example/cb"] }));
    held.send(&world, "PUT", Some(&moved)).expect_status(200);
    assert_eq!(held.row(&world).unwrap().state, ClientState::AwaitingApproval);
}

#[test]
fn a_suspended_registration_is_read_and_nothing_else() {
    let world = World::new();
    let held = registered(&world, &metadata());
    world.edit_client(&held.client(), |row| row.state = ClientState::Suspended);
    held.send(&world, "GET", None).expect_status(200);
    held.send(&world, "PUT", Some(&held.update(json!({})))).expect_refused(403, "access_denied");
    held.send(&world, "DELETE", None).expect_refused(403, "access_denied");
}
