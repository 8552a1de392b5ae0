//! What a machine is and may do.

use std::net::IpAddr;

use serde_json::json;
use writ::base::{Lifetime, Resource};
use writ::model::{Access, Event, Machine, MachineKind, ProtectedResource};
use writ::operations::declined::Declined;
use writ::operations::machines::{self, Terms};
use writ::operations::seen::Seen;
use writ::protocol::display_name::DisplayName;
use writ::store::audit_page;

use crate::world::{ClientApp, World};

fn terms(scope: &str) -> Terms {
    let name = DisplayName::parse("orchestrator").unwrap();
    Terms::new(name, MachineKind::Agent, "Runs the night shift", scope.parse().unwrap())
}

/// What it may ask for can differ from one resource to the next, and so can the life of its tokens.
#[test]
fn each_resource_has_its_own_ceiling() {
    let world = World::new();
    let ada = world.administrator("ada");
    let [a, b, c] = ["a", "b", "c"]
        .map(|name| world.resource(&format!("https://mcp.example/{name}"), "mcp:read mcp:write mcp:admin").identifier);
    let access = vec![
        Access { resource: a.clone(), scope: Some("mcp:read".parse().unwrap()), access_for: None },
        Access { resource: b.clone(), scope: None, access_for: Some(Lifetime::from_minutes(5)) },
    ];
    let terms = Terms { access, access_for: Some(Lifetime::from_minutes(20)), ..terms("mcp:read mcp:write") };
    let robot = world.machine_with(terms, &ada);
    let asks = |resource: &Resource, scope: &str| {
        robot.client_credentials(&world, &[("resource", &resource.to_string()), ("scope", scope)])
    };
    let at_a = asks(&a, "mcp:read mcp:write");
    assert_eq!((at_a.tokens().scope.as_str(), at_a.json()["expires_in"].as_u64()), ("mcp:read", Some(1_200)));
    let at_b = asks(&b, "mcp:read mcp:write mcp:admin");
    assert_eq!((at_b.tokens().scope.as_str(), at_b.json()["expires_in"].as_u64()), ("mcp:read mcp:write", Some(300)));
    asks(&a, "mcp:write").expect_refusal(400, "invalid_scope", "ScopeNoneLeft");
    asks(&c, "mcp:read").expect_refusal(400, "invalid_target", "ResourceNotAllowed");
}

/// What a resource says of people's tokens is no limit to a machine's; what it says of machines' tokens is.
#[test]
fn a_machines_token_lives_as_long_as_it_says_and_its_resource_lets_it() {
    let world = World::new();
    let ada = world.administrator("ada");
    let a = world.resource("https://mcp.example/a", "mcp:read");
    let b = world.resource("https://mcp.example/b", "mcp:read");
    world.put_resource(ProtectedResource { machine_access_most: Some(Lifetime::from_hours(6)), ..b.clone() });
    let c = world.resource("https://mcp.example/c", "mcp:read");
    world.put_resource(ProtectedResource { machine_access_most: Some(Lifetime::from_minutes(10)), ..c.clone() });
    let named =
        |name: &str, access_for| Terms { name: DisplayName::parse(name).unwrap(), access_for, ..terms("mcp:read") };
    let patient = world.machine_with(named("patient", Some(Lifetime::from_hours(24))), &ada);
    let silent = world.machine_with(named("silent", None), &ada);
    let lives = |robot: &ClientApp, resource: &ProtectedResource| {
        let answer = robot.client_credentials(&world, &[("resource", &resource.identifier.to_string())]);
        let (claims, expires_in) = (answer.tokens().claims(), answer.json()["expires_in"].as_i64().unwrap());
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), expires_in);
        expires_in
    };
    assert_eq!([&a, &b, &c].map(|resource| lives(&patient, resource)), [86_400, 21_600, 600]);
    assert_eq!([&a, &b, &c].map(|resource| lives(&silent, resource)), [3_600, 3_600, 600]);
}

#[test]
fn a_machine_calls_from_its_own_networks_only() {
    let world = World::with(&[("trusted_proxies", "127.0.0.1")]);
    let ada = world.administrator("ada");
    let networks = vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
    let robot = world.machine_with(Terms { networks, ..terms("mcp:read") }, &ada);
    let from = |address: &str| {
        assert!(address.parse::<IpAddr>().is_ok());
        let request = world.request("POST", "/oauth/token").header("X-Forwarded-For", address);
        request
            .basic(&robot.id.to_string(), robot.secret.as_deref().unwrap())
            .form(&[("grant_type", "client_credentials")])
            .send()
    };
    for inside in ["192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"] {
        from(inside).tokens();
    }
    for outside in ["192.0.3.7", "2001:db9::7", "127.0.0.1"] {
        from(outside).expect_refusal(400, "unauthorized_client", "NetworkNotAllowed");
    }
}

/// RFC 9449 §5.2: who is bound to a key gets no token without a proof.
#[test]
fn a_machine_bound_to_its_key_must_prove_it() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine_with(Terms { dpop_bound: true, ..terms("mcp:read") }, &ada);
    robot.client_credentials(&world, &[]).expect_refused(400, "invalid_dpop_proof");
}

#[test]
fn a_change_is_recorded_with_before_and_after() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine_with(terms("mcp:read"), &ada);
    let id = world.machine_id(&robot);
    let ctx = world.operator();
    let change = |machine: &Machine| {
        let claims = json!({ "team": "night" }).as_object().unwrap().clone();
        let tags = vec!["b".to_owned(), "a".to_owned(), "b".to_owned()];
        Ok(Terms { scope: "mcp:write".parse().unwrap(), tags, custom_claims: claims, ..Terms::of(machine)? })
    };
    let changed = world.block(machines::change(&world.app, &ctx, id, Seen::Anything, change)).unwrap();
    assert_eq!(changed.tags, ["a", "b"]);
    let newest = || world.read(|view| audit_page(view, None, None, 1)).entries.remove(0).event;
    let Event::MachineChanged { before, after, .. } = newest() else { panic!("{:?}", newest()) };
    assert_eq!(before, json!({ "scope": "mcp:read" }));
    assert_eq!(after, json!({ "scope": "mcp:write", "tags": ["a", "b"], "custom_claims": { "team": "night" } }));
    // The same again changes nothing, and nothing is recorded.
    let count = world.read(|view| audit_page(view, None, None, 1)).entries[0].sequence;
    world.block(machines::change(&world.app, &ctx, id, Seen::Anything, change)).unwrap();
    assert_eq!(world.read(|view| audit_page(view, None, None, 1)).entries[0].sequence, count);
}

#[test]
fn in_one_tenant_a_name_is_one_machines() {
    let world = World::new();
    let ada = world.administrator("ada");
    world.machine_with(terms("mcp:read"), &ada);
    let again = |tenant: &str, name: &str| {
        let new = machines::NewMachine {
            terms: Terms { name: DisplayName::parse(name).unwrap(), ..terms("mcp:read") },
            owner: ada.email.parse().unwrap(),
            tenant: tenant.parse().unwrap(),
            credential: None,
        };
        world.block(machines::add(&world.app, &world.operator(), new))
    };
    assert!(matches!(again("main", "Orchestrator"), Err(Declined::Conflict(_))));
    assert!(matches!(again("staging", "orchestrator"), Err(Declined::Invalid(_))), "a tenant is made first");
    world.tenant("staging");
    assert!(again("staging", "orchestrator").is_ok());
    assert!(again("main", "orchestrator 2").is_ok());
}

#[test]
fn a_machine_is_found_by_the_beginnings_of_its_words() {
    let world = World::new();
    let ada = world.administrator("ada");
    for (name, tag) in [("nightly-import", "prod"), ("hourly import", "Prod EU"), ("Nightwatch", "staging")] {
        let named = Terms { name: DisplayName::parse(name).unwrap(), tags: vec![tag.to_owned()], ..terms("mcp:read") };
        world.machine_with(named, &ada);
    }
    let search = |text: &str| {
        let which = machines::Which { words: Some(text.to_owned()), ..machines::Which::default() };
        let found = world.block(machines::list(&world.app, &world.operator(), which, None, 10)).unwrap().rows;
        let mut names: Vec<String> = found.into_iter().map(|(_, machine)| machine.name).collect();
        names.sort();
        names
    };
    assert_eq!(search("night"), ["Nightwatch", "nightly-import"]);
    assert_eq!(search("IMP prod"), ["hourly import", "nightly-import"]);
    assert_eq!(search("imp eu"), ["hourly import"]);
    assert_eq!(search("nightly-imp"), ["nightly-import"]);
    for nobody in ["", "  ", "ight", "import nobody", "\u{0}", &"x".repeat(10_000)] {
        assert!(search(nobody).is_empty(), "{nobody:?}");
    }
}

#[test]
fn terms_that_cannot_be_name_their_field() {
    let world = World::new();
    let ada = world.administrator("ada");
    let wrong = |terms: Terms| {
        let owner = ada.email.parse().unwrap();
        let new = machines::NewMachine { terms, owner, tenant: Default::default(), credential: None };
        match world.block(machines::add(&world.app, &world.operator(), new)) {
            Err(Declined::Invalid(invalid)) => invalid.0[0].0,
            other => panic!("{other:?}"),
        }
    };
    let good = || terms("mcp:read");
    let strange = Resource::parse("https://nobody.example/").unwrap();
    let access = || Access { resource: strange.clone(), scope: None, access_for: None };
    for (terms, field) in [
        (Terms { purpose: "  ".to_owned(), ..good() }, "purpose"),
        (Terms { purpose: "x".repeat(501), ..good() }, "purpose"),
        (Terms { purpose: "a\nb".to_owned(), ..good() }, "purpose"),
        (Terms { description: "x".repeat(4_001), ..good() }, "description"),
        (Terms { tags: vec![String::new()], ..good() }, "tags"),
        (Terms { tags: (0..33).map(|n| n.to_string()).collect(), ..good() }, "tags"),
        (Terms { scope: "made:up".parse().unwrap(), ..good() }, "scope"),
        (Terms { access: vec![access()], ..good() }, "resource"),
        (Terms { serves: vec![strange.clone()], ..good() }, "serves"),
        (Terms { access: (0..65).map(|_| access()).collect(), ..good() }, "resource"),
        (Terms { roles: vec!["made-up".parse().unwrap()], ..good() }, "roles"),
        (Terms { access_for: Some(Lifetime::from_seconds(59)), ..good() }, "access_lifetime"),
        (Terms { access_for: Some(Lifetime::from_hours(25)), ..good() }, "access_lifetime"),
        (Terms { expires_at: Some(world.now().plus(Lifetime::from_days(4_000))), ..good() }, "expires_at"),
        (
            Terms { custom_claims: [("a".to_owned(), json!("x".repeat(5_000)))].into_iter().collect(), ..good() },
            "custom_claims",
        ),
    ] {
        assert_eq!(wrong(terms), field);
    }
}
