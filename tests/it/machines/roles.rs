//! Roles, permissions and custom claims: who has them, and which tokens say so.

use serde_json::{Value, json};
use writ::model::{Event, MachineKind, Membership, ProtectedResource, RoleIn, SaidClaim, TokenFormat};
use writ::operations::declined::Declined;
use writ::operations::machines::{self, NewMachine, Terms};
use writ::operations::resources::{self, ResourceChange};
use writ::operations::roles::{self, MembershipChange, RoleChange, RoleTerms};
use writ::operations::seen::Seen;
use writ::operations::tenants;
use writ::protocol::display_name::DisplayName;
use writ::store::{Read as _, audit_page};

use crate::world::{ClientApp, Someone, World};

fn terms(name: &str, roles: &[&str]) -> Terms {
    let name = DisplayName::parse(name).unwrap();
    let roles = roles.iter().map(|role| role.parse().unwrap()).collect();
    Terms { roles, ..Terms::new(name, MachineKind::Service, "Tests", "mcp:read".parse().unwrap()) }
}

fn grants(world: &World, someone: &Someone, roles: &[&RoleIn], claims: Value) -> Result<Membership, Declined> {
    let roles: Vec<RoleIn> = roles.iter().map(|held| (*held).clone()).collect();
    let custom_claims = claims.as_object().unwrap().clone();
    let change =
        MembershipChange { roles: Some(roles), custom_claims: Some(custom_claims), ..MembershipChange::default() };
    world.block(roles::change_membership(&world.app, &world.operator(), someone.id, Seen::Anything, change))
}

fn newest(world: &World) -> Event {
    world.read(|view| audit_page(view, None, None, 1)).entries.remove(0).event
}

/// Only what a token says beside what every token says.
fn beside(claims: &Value) -> Value {
    let names =
        ["roles", "permissions", "tenantId", "tenant_id", "tenants", "customClaims", "permissions_left_out", "type"];
    let kept = claims.as_object().unwrap().iter().filter(|(name, _)| names.contains(&name.as_str()));
    Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

#[test]
fn a_machines_token_says_its_roles_and_what_they_come_to() {
    let world = World::new();
    let ada = world.administrator("ada");
    world.role("main/admin", "users.create users.delete index:read");
    world.role("main/viewer", "index:read");
    let custom_claims =
        json!({ "team": "night", "iss": "https://evil.example", "sub": 7 }).as_object().unwrap().clone();
    let robot = world.machine_with(Terms { custom_claims, ..terms("robot", &["viewer", "admin", "viewer"]) }, &ada);
    let answer = robot.client_credentials(&world, &[]).tokens();
    let expected = json!({
        "roles": ["admin", "viewer"], "permissions": ["index:read", "users.create", "users.delete"],
        "tenantId": "main", "tenant_id": "main", "type": "machine",
        "customClaims": { "team": "night", "iss": "https://evil.example", "sub": 7 },
    });
    assert_eq!(beside(&answer.claims()), expected);
    assert_eq!(answer.claims()["sub"], robot.id.to_string(), "what is custom is only there");
    assert_eq!(beside(&robot.introspect(&world, &answer.access)), expected);
    // Empty ones are not said, least of all as null.
    let plain = world.machine_with(terms("plain", &[]), &ada).client_credentials(&world, &[]).tokens();
    assert_eq!(beside(&plain.claims()), json!({ "tenantId": "main", "tenant_id": "main", "type": "machine" }));
}

/// What hosted services' code sends: every scope it knows. It is not to fail, and gets what it has anyway.
#[test]
fn a_machine_may_ask_for_what_it_is_told_anyway() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let asks = |scope: &str| robot.client_credentials(&world, &[("scope", scope)]);
    assert_eq!(asks("openid profile email descope.claims").tokens().scope, "descope.claims");
    assert_eq!(
        asks("mcp:read writ.claims writ.custom_claims").tokens().scope,
        "mcp:read writ.claims writ.custom_claims"
    );
    assert_eq!(asks("").tokens().scope, "mcp:read", "and nothing of it unasked");
}

#[test]
fn an_opaque_token_says_the_same_when_it_is_introspected() {
    let world = World::new();
    let ada = world.administrator("ada");
    world.role("main/viewer", "index:read");
    let resource = world.resource("https://mcp.example/o", "mcp:read");
    world.put_resource(ProtectedResource { format: TokenFormat::Opaque, ..resource.clone() });
    let robot = world.machine_with(terms("robot", &["viewer"]), &ada);
    let token = robot.client_credentials(&world, &[("resource", &resource.identifier.to_string())]).tokens();
    assert!(token.access.starts_with("writ_at_"));
    let expected = json!({
        "roles": ["viewer"], "permissions": ["index:read"], "tenantId": "main", "tenant_id": "main", "type": "machine",
    });
    assert_eq!(beside(&robot.introspect(&world, &token.access)), expected);
}

/// What a resource is not to be told its tokens do not say, signed and opaque, and nobody else's are shorter for it.
#[test]
fn a_resource_is_told_what_it_needs_and_no_more() {
    let world = World::new();
    let ada = world.administrator("ada");
    world.role("main/viewer", "index:read");
    let told = world.resource("https://mcp.example/all", "mcp:read");
    let less = world.resource("https://mcp.example/less", "mcp:read");
    let robot = world.machine_with(terms("robot", &["viewer"]), &ada);
    let at = |resource: &ProtectedResource| {
        robot.client_credentials(&world, &[("resource", &resource.identifier.to_string())]).tokens()
    };
    let all = beside(&at(&told).claims());
    assert_eq!(beside(&at(&less).claims()), all);
    let choose = |claims: &[SaidClaim]| {
        let claims = Some(claims.iter().copied().collect());
        let change = ResourceChange { claims, ..ResourceChange::default() };
        world.block(resources::change(&world.app, &world.operator(), less.id, Seen::Anything, change))
    };
    choose(&[SaidClaim::Tenant, SaidClaim::Roles]).unwrap();
    let Event::ResourceChanged { before, after, .. } = newest(&world) else { panic!("{:?}", newest(&world)) };
    assert_eq!((before, after), (json!({}), json!({ "claims": ["roles", "tenant"] })));
    let expected = json!({ "roles": ["viewer"], "tenantId": "main", "tenant_id": "main", "type": "machine" });
    assert_eq!(beside(&at(&less).claims()), expected);
    assert_eq!(beside(&at(&told).claims()), all);
    choose(&[]).unwrap();
    assert_eq!(beside(&at(&less).claims()), json!({ "type": "machine" }));
    let row = world.read(|view| view.get(&writ::store::tables::RESOURCES, &less.id)).unwrap();
    world.put_resource(ProtectedResource { format: TokenFormat::Opaque, ..row });
    let token = at(&less);
    assert_eq!(beside(&robot.introspect(&world, &token.access)), json!({ "type": "machine" }));

    // Whoever is not told in which tenant they hold would take them to hold in every one.
    let declined = choose(&[SaidClaim::Permissions]).unwrap_err();
    assert!(format!("{declined:?}").contains("hold in a tenant"), "{declined:?}");
    // All of them is what holds where nothing was said.
    choose(&SaidClaim::ALL.map(|(_, claim)| claim)).unwrap();
    assert_eq!(world.read(|view| view.get(&writ::store::tables::RESOURCES, &less.id)).unwrap().claims, None);
}

#[test]
fn what_a_role_comes_to_holds_from_the_next_token_on() {
    let world = World::new();
    let ada = world.administrator("ada");
    let held = world.role("main/viewer", "index:read");
    let robot = world.machine_with(terms("robot", &["viewer"]), &ada);
    let before = robot.client_credentials(&world, &[]).tokens();
    let change = |permissions: &'static str| {
        let permissions = Some(permissions.split(' ').map(|name| name.parse().unwrap()).collect());
        let change = RoleChange { description: None, permissions };
        world.block(roles::change(&world.app, &world.operator(), held.clone(), Seen::Anything, change)).unwrap()
    };
    change("index:update index:read index:read");
    let Event::RoleChanged { before: was, after: is, .. } = newest(&world) else { panic!("{:?}", newest(&world)) };
    assert_eq!(was, json!({ "permissions": ["index:read"] }));
    assert_eq!(is, json!({ "permissions": ["index:read", "index:update"] }));
    let after = robot.client_credentials(&world, &[]).tokens();
    assert_eq!(before.claims()["permissions"], json!(["index:read"]));
    assert_eq!(robot.introspect(&world, &before.access)["permissions"], json!(["index:read"]), "it says what it said");
    assert_eq!(after.claims()["permissions"], json!(["index:read", "index:update"]));
    // The same again is no change.
    let count = world.read(|view| audit_page(view, None, None, 1)).entries[0].sequence;
    change("index:read index:update");
    assert_eq!(world.read(|view| audit_page(view, None, None, 1)).entries[0].sequence, count);
}

#[test]
fn a_role_that_somebody_has_is_not_removed() {
    let world = World::new();
    let ada = world.administrator("ada");
    let held = world.role("main/viewer", "index:read");
    let robot = world.machine_with(terms("robot", &["viewer"]), &ada);
    world.machine_with(terms("other", &["viewer"]), &ada);
    grants(&world, &ada, &[&held], json!({})).unwrap();
    let remove = || world.block(roles::remove(&world.app, &world.operator(), held.clone(), Seen::Anything));
    let Err(Declined::Conflict(why)) = remove() else { panic!("it was removed") };
    assert!(why.contains("1 people and 2 machines"), "{why}");
    grants(&world, &ada, &[], json!({})).unwrap();
    let id = world.machine_id(&robot);
    world.block(machines::retire(&world.app, &world.operator(), id, Seen::Anything, "over")).unwrap();
    let Err(Declined::Conflict(why)) = remove() else { panic!("it was removed") };
    assert!(why.contains("0 people and 1 machines"), "a retired one has nothing any more: {why}");
    let other = world.block(machines::resolve(&world.app, &"main".parse().unwrap(), "other")).unwrap();
    let change = |machine: &_| Ok(Terms { roles: Vec::new(), ..Terms::of(machine)? });
    world.block(machines::change(&world.app, &world.operator(), other, Seen::Anything, change)).unwrap();
    remove().unwrap();
    world.expect_event("role.removed");
    assert!(matches!(remove(), Err(Declined::Missing(_))));
    let again = grants(&world, &ada, &[&held], json!({}));
    assert!(matches!(again, Err(Declined::Invalid(_))), "nobody is given what is not there: {again:?}");
}

/// An application of whoever signs in, and what its token says for these scopes.
fn said_of(world: &World, app: &ClientApp, someone: &Someone, scope: &str, more: &[(&str, &str)]) -> (Value, String) {
    let mut browser = world.signed_in(someone);
    let mut changes = vec![("scope", scope)];
    changes.extend(more);
    let code = app.code_with(&mut browser, &changes);
    let tokens = app.redeem(world, &code).tokens();
    let said = beside(&tokens.claims());
    assert_eq!(beside(&app.introspect(world, &tokens.access)), said, "introspection says the same");
    if scope.contains("openid") {
        let userinfo = world.request("GET", "/oauth/userinfo").bearer(&tokens.access).send().expect_status(200).json();
        assert_eq!(beside(&userinfo), said, "and so does userinfo");
    }
    let refreshed = app.refresh(world, tokens.refresh.as_deref().unwrap()).tokens();
    assert_eq!(beside(&refreshed.claims()), said, "and the next token");
    (said, refreshed.refresh.unwrap())
}

#[test]
fn a_persons_token_says_what_its_scopes_let_it_say() {
    let world = World::new();
    let ada = world.administrator("ada");
    let viewer = world.role("main/viewer", "index:read");
    world.tenant("acme");
    let admin = world.role("acme/admin", "users.create index:read");
    let resource = world.resource("https://mcp.example/a", "mcp:read");
    let mail = world.confidential("mail").at(&resource);
    let said = |scope: &str, more: &[(&str, &str)]| said_of(&world, &mail, &ada, scope, more).0;
    assert_eq!(said("openid writ.claims", &[]), json!({}), "who has no role has nothing to say");

    grants(&world, &ada, &[&admin], json!({ "floor": 3 })).unwrap();
    world.expect_event("person.membership_changed");
    let acme = json!({ "roles": ["admin"], "permissions": ["index:read", "users.create"], "tenantId": "acme", "tenant_id": "acme" });
    assert_eq!(said("openid mcp:read", &[]), json!({}));
    assert_eq!(said("openid mcp:read writ.claims", &[]), acme);
    assert_eq!(said("openid descope.claims", &[]), acme);
    assert_eq!(said("openid descope.custom_claims", &[]), json!({ "customClaims": { "floor": 3 } }));

    grants(&world, &ada, &[&viewer, &admin], json!({ "floor": 3 })).unwrap();
    let both = json!({ "tenants": {
        "acme": { "roles": ["admin"], "permissions": ["index:read", "users.create"] },
        "main": { "roles": ["viewer"], "permissions": ["index:read"] },
    } });
    assert_eq!(said("openid writ.claims", &[]), both);
    assert_eq!(said("openid writ.claims", &[("tenant", "acme")]), acme, "the one that the application asks for");
    assert_eq!(said("openid writ.claims", &[("tenant", "beta")]), json!({}), "and of another nothing");
    let mut browser = world.signed_in(&ada);
    let page = mail.sends(&mut browser, &[("tenant", "no tenant")]);
    assert_eq!(page.expect_left().parameter("error").as_deref(), Some("invalid_request"));
}

/// What somebody loses is gone from the next token, also of a grant that was given before.
#[test]
fn who_loses_a_role_has_it_in_no_further_token() {
    let world = World::new();
    let ada = world.administrator("ada");
    let admin = world.role("main/admin", "users.create");
    grants(&world, &ada, &[&admin], json!({})).unwrap();
    let mail = world.confidential("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let (said, refresh) = said_of(&world, &mail, &ada, "openid writ.claims", &[]);
    assert_eq!(said["roles"], json!(["admin"]));
    grants(&world, &ada, &[], json!({})).unwrap();
    assert_eq!(beside(&mail.refresh(&world, &refresh).tokens().claims()), json!({}));
}

/// The consent page says in plain words what will be told, and who does not want it told takes it out.
#[test]
fn claims_are_told_with_the_persons_consent() {
    let world = World::new();
    let ada = world.administrator("ada");
    let admin = world.role("main/admin", "users.create");
    grants(&world, &ada, &[&admin], json!({})).unwrap();
    let mail = world.confidential("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let mut browser = world.signed_in(&ada);
    let page = mail.sends(&mut browser, &[("scope", "mcp:read writ.claims")]);
    assert!(page.body.contains("See which roles and permissions you have"), "{}", page.body);
    let form = page.form("ticket");
    let page = browser.submit_form(&form, &[("decision", "allow"), ("scope", "mcp:read")]);
    let code = page.expect_left().parameter("code").unwrap();
    assert_eq!(beside(&mail.redeem(&world, &code).tokens().claims()), json!({}));
}

#[test]
fn tenants_and_roles_that_cannot_be_are_declined() {
    let world = World::new();
    let ada = world.administrator("ada");
    let ctx = world.operator();
    let title = || DisplayName::parse("Acme").unwrap();
    for taken in ["main", "acme", "acme"] {
        let _ = world.block(tenants::add(&world.app, &ctx, taken.parse().unwrap(), title()));
    }
    let listed = world.block(tenants::list(&world.app)).unwrap();
    assert_eq!(listed.iter().map(|tenant| tenant.name.as_str()).collect::<Vec<_>>(), ["main", "acme"]);

    let add = |held: &str, description: &str, permissions: usize| {
        let permissions = (0..permissions).map(|n| format!("p{n}").parse().unwrap()).collect();
        let terms = RoleTerms { description: description.to_owned(), permissions };
        world.block(roles::add(&world.app, &ctx, held.parse().unwrap(), terms))
    };
    assert!(matches!(add("nowhere/admin", "", 1), Err(Declined::Invalid(_))));
    assert!(matches!(add("acme/admin", &"x".repeat(501), 1), Err(Declined::Invalid(_))));
    assert!(matches!(add("acme/admin", "", 201), Err(Declined::Invalid(_))));
    assert!(add("acme/admin", "", 200).is_ok());
    assert!(matches!(add("acme/admin", "", 1), Err(Declined::Conflict(_))));
    for bad in ["admin", "acme/", "/admin", "acme/a b", "acme/-a"] {
        assert!(bad.parse::<RoleIn>().is_err(), "{bad}");
    }
    let held: RoleIn = "acme/admin".parse().unwrap();
    assert!(grants(&world, &ada, &[&held], json!({ "a": "x".repeat(5_000) })).is_err());
    // A role of another tenant is none of the machine's.
    let new = NewMachine {
        terms: terms("robot", &["admin"]),
        owner: ada.email.parse().unwrap(),
        tenant: Default::default(),
        credential: None,
    };
    assert!(matches!(world.block(machines::add(&world.app, &ctx, new)), Err(Declined::Invalid(_))));
}

/// Two hundred long names would make a token that no server takes in a header: the roles stay, and the token says that the
/// permissions do not.
#[test]
fn a_token_does_not_grow_without_bound() {
    let world = World::new();
    let ada = world.administrator("ada");
    let many: Vec<String> = (0..200).map(|n| format!("{n:03}.{}", "x".repeat(60))).collect();
    world.role("main/everything", &many.join(" "));
    let custom_claims = json!({ "a": "x".repeat(4_000) }).as_object().unwrap().clone();
    let robot = world.machine_with(Terms { custom_claims, ..terms("robot", &["everything"]) }, &ada);
    let token = robot.client_credentials(&world, &[]).tokens();
    assert!(token.access.len() < 8_192, "{}", token.access.len());
    let said = robot.introspect(&world, &token.access);
    assert_eq!((&said["roles"], &said["permissions_left_out"]), (&json!(["everything"]), &json!(true)));
    assert_eq!(said.get("permissions"), None);
}
