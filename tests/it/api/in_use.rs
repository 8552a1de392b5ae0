//! What somebody names is not removed under them, and a list is gone through with the filters that it was asked for with.

use serde_json::json;
use writ::base::{Lifetime, Resource};
use writ::model::{Access, Subject};
use writ::operations::delegations::NewDelegation;
use writ::operations::machines::{self, Terms};
use writ::operations::seen::Seen;

use super::Office;
use crate::world::{Answer, ClientApp};

const URL: &str = "https://night.example/mcp";

fn remove(office: &Office, path: &str) -> Answer {
    let tag = office.tag(path);
    office.ask("DELETE", path).header("If-Match", &tag).send()
}

/// Refuses, and says who is in the way.
#[track_caller]
fn stays(office: &Office, path: &str, who: &str) {
    let answer = remove(office, path);
    assert_eq!(answer.problem(), "conflict", "{path}");
    let why = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(why.contains(who), "{why}");
}

fn named(office: &Office) -> ClientApp {
    let robot = office.world.machine("robot", &office.ada, "mcp:read");
    let id = office.world.machine_id(&robot);
    let change = |machine: &writ::model::Machine| {
        let access = vec![Access { resource: Resource::parse(URL).unwrap(), scope: None, access_for: None }];
        Ok(Terms { access, scope: "night:shift".parse().unwrap(), ..Terms::of(machine)? })
    };
    office
        .world
        .block(machines::change(&office.world.app, &office.world.operator(), id, Seen::Anything, change))
        .unwrap();
    robot
}

#[test]
fn what_somebody_names_is_not_removed_under_them() {
    let office = Office::open();
    let (world, eve) = (&office.world, office.world.person("eve"));
    office.made("/scopes", &json!({ "name": "night:shift", "description": "Work at night" }));
    let resource = world.resource(URL, "mcp:read");
    let (there, scope) = (format!("/resources/{}", resource.id), "/scopes/night:shift");

    // A machine: what it may ask for, and where it may go.
    let robot = named(&office);
    for path in [there.as_str(), scope] {
        stays(&office, path, &format!("the machine robot ({})", robot.id));
        stays(&office, path, "`writ machine set`");
    }
    // Somebody it acts for.
    let new = NewDelegation {
        actor: world.machine_id(&robot),
        subject: Subject::Person(eve.id),
        scope: "night:shift".parse().unwrap(),
        resources: vec![resource.identifier.clone()],
        may_act: None,
        across: false,
        purpose: "watches".to_owned(),
        lasts: Lifetime::from_days(30),
    };
    let delegation = world.delegate_with(new.clone()).unwrap();
    for path in [there.as_str(), scope] {
        stays(&office, path, &format!("the delegation {} (robot for eve@example.com)", delegation.id));
    }
    // An application.
    let crm = world.confidential("crm");
    world.edit_client(&crm, |client| {
        client.scope = Some("night:shift".parse().unwrap());
        client.serves = vec![Resource::parse(URL).unwrap()];
    });
    for path in [there.as_str(), scope] {
        stays(&office, path, &format!("the application crm ({})", crm.id));
    }
    // Many are not told of one by one.
    let others = (0..7).map(|n| world.machine(&format!("robot {n}"), &office.ada, "night:shift"));
    let all: Vec<ClientApp> = std::iter::once(robot.clone()).chain(others).collect();
    stays(&office, scope, " and more: ");

    // Whoever lets go is not in the way. A delegation whose time is over is none either.
    world.undelegate(&delegation);
    let brief = NewDelegation { lasts: Lifetime::from_minutes(1), ..new };
    world.delegate_with(brief).unwrap();
    world.later(Lifetime::from_minutes(2));
    world.edit_client(&crm, |client| (client.scope, client.serves) = (None, Vec::new()));
    for one in &all {
        assert_eq!(remove(&office, scope).problem(), "conflict", "{}", one.id);
        let (id, by) = (world.machine_id(one), world.operator());
        world.block(machines::retire(&world.app, &by, id, Seen::Anything, "over")).unwrap();
    }
    for path in [there.as_str(), scope] {
        remove(&office, path).expect_status(204);
    }
    // Made again under the same name, it is nobody's.
    world.resource(URL, "mcp:read");
    robot.client_credentials(world, &[("resource", URL)]).expect_refusal(401, "invalid_client", "ClientRetired");
}

/// What a client says of itself holds nobody up: anybody can register one.
#[test]
fn a_stranger_holds_up_no_removal() {
    let office = Office::open();
    office.made("/scopes", &json!({ "name": "night:shift", "description": "Work at night" }));
    let metadata = json!({
        "client_name": "stranger", "redirect_uris": ["https://stranger.example/cb"],
        "token_endpoint_auth_method": "none", "scope": "night:shift",
    });
    office.world.request("POST", "/oauth/register").json(&metadata).send().expect_status(201);
    remove(&office, "/scopes/night:shift").expect_status(204);
}

#[test]
fn a_cursor_of_one_filter_is_none_of_another() {
    let office = Office::open();
    for n in 0..4 {
        office.world.machine(&format!("robot {n}"), &office.ada, "mcp:read");
    }
    let first = office.get("/machines?limit=2&q=robot");
    let next = first["next"].as_str().unwrap();
    let at = |query: &str| office.ask("GET", &format!("/machines?{query}&cursor={next}")).send();
    at("limit=1&q=robot").expect_status(200);
    at("q=robot&limit=2").expect_status(200);
    for query in ["limit=2", "limit=2&q=robo", "limit=2&q=robot&state=active"] {
        assert_eq!(at(query).expect_status(400).wrong(), ["cursor"], "{query}");
    }
    // Nor of another place.
    for tenant in ["acme", "umbrella"] {
        office.made("/tenants", &json!({ "name": tenant }));
        for role in ["a", "b"] {
            office.made(&format!("/tenants/{tenant}/roles"), &json!({ "name": role, "permissions": ["x"] }));
        }
    }
    let next = office.get("/tenants/acme/roles?limit=1")["next"].clone();
    let elsewhere = format!("/tenants/umbrella/roles?limit=1&cursor={}", next.as_str().unwrap());
    assert_eq!(office.ask("GET", &elsewhere).send().expect_status(400).wrong(), ["cursor"]);
}

#[test]
fn what_is_made_does_not_end_before_it_begins_and_says_something() {
    let office = Office::open();
    let now = office.world.now();
    let body = |end: writ::base::Timestamp| {
        json!({ "name": "late", "owner": "ada@example.com", "purpose": "tests", "scopes": ["mcp:read"],
            "expires_at": end.iso() })
    };
    for end in [now, now.minus(Lifetime::from_days(400))] {
        assert_eq!(office.post("/machines", &body(end)).wrong(), ["expires_at"]);
    }
    let made = office.made("/machines", &body(now.plus(Lifetime::from_minutes(5))));
    let path = format!("/machines/{made}");
    let past = json!({ "expires_at": now.iso() });
    assert_eq!(office.change("PATCH", &path, &office.tag(&path), &past).wrong(), ["expires_at"]);
    // One whose time is over may still be called something else.
    office.world.later(Lifetime::from_minutes(6));
    let office = Office { token: office.token_with("writ:admin"), ..office };
    let purpose = json!({ "purpose": "was for tests" });
    office.change("PATCH", &path, &office.tag(&path), &purpose).expect_status(200);

    for claims in [json!({ "team": null }), json!({ "teams": [{ "name": null }] })] {
        let body = json!({ "name": "mute", "owner": "ada@example.com", "purpose": "tests", "custom_claims": claims });
        assert_eq!(office.post("/machines", &body).wrong(), ["custom_claims"]);
    }
}

/// What was made is in its entry as it was made, and nothing of what proves it.
#[test]
fn an_entry_of_something_made_says_all_of_it_and_no_secret() {
    let office = Office::open();
    office.made("/scopes", &json!({ "name": "night:shift", "description": "Work at night" }));
    office.world.role("main/keeper", "keep");
    let resource = json!({ "identifier": URL, "name": "Night", "scopes": ["night:shift"] });
    office.made("/resources", &resource);
    let made = json!({ "name": "guard", "owner": "ada@example.com", "purpose": "watches", "scopes": ["night:shift"],
        "custom_claims": { "floor": 3 } });
    let guard = office.made("/machines", &made);
    let trust = json!({ "client_id": guard, "type": "trust", "name": "pipeline", "trust": {
        "issuer": "https://issuer.example", "audience": "https://writ.example",
        "rules": [{ "claim": "sub", "is": "repo:a/b" }] } });
    office.made("/credentials", &trust);
    let secret = office.post("/credentials", &json!({ "client_id": guard, "type": "client_secret", "name": "first" }));
    let secret = secret.expect_status(201).json()["client_secret"].as_str().unwrap().to_owned();
    let client = json!({ "client_name": "crm", "grant_types": ["client_credentials"], "scope": "night:shift",
        "token_endpoint_auth_method": "client_secret_basic" });
    let crm = office.post("/clients", &client).expect_status(201).json();

    let entries = office.world.read(|view| writ::store::audit_page(view, None, None, 100)).entries;
    let told = |name: &str| -> Vec<serde_json::Value> {
        let of_it = entries.iter().rev().filter(|entry| entry.event.name() == name);
        of_it.map(|entry| serde_json::to_value(&entry.event).unwrap()["after"].clone()).collect()
    };
    assert_eq!(told("scope.created").last().unwrap()["description"], "Work at night");
    assert_eq!(told("role.created").last().unwrap()["permissions"], json!(["keep"]));
    assert_eq!(told("resource.created").last().unwrap()["scopes"], "night:shift");
    let machine = told("machine.created").pop().unwrap();
    assert_eq!((&machine["purpose"], &machine["custom_claims"]["floor"]), (&json!("watches"), &json!(3)));
    let given = told("credential.created");
    let [.., trust, first] = given.as_slice() else { panic!("{given:?}") };
    assert_eq!((&trust["issuer"], &trust["rules"][0]["is"]), (&json!("https://issuer.example"), &json!("repo:a/b")));
    assert_eq!((&first["name"], &first["kind"]), (&json!("first"), &json!("client_secret")));
    assert!(first.get("digest").is_none() && first.get("hint").is_none());
    let client = told("client.registered").pop().unwrap();
    assert_eq!((&client["client_name"], &client["scope"]), (&json!("crm"), &json!("night:shift")));
    // Neither a secret nor a digest of one is anywhere in the log.
    let whole = serde_json::to_string(&entries.iter().map(|entry| &entry.event).collect::<Vec<_>>()).unwrap();
    for secret in [secret.as_str(), crm["client_secret"].as_str().unwrap()] {
        assert!(!whole.contains(secret));
        assert!(!whole.contains(&writ::base::Digest::of(secret.as_bytes()).text()));
    }
    // The console shows it.
    let sequence = entries.iter().find(|entry| entry.event.name() == "machine.created").unwrap().sequence;
    let mut browser = office.world.signed_in(&office.ada);
    browser.get(&format!("/console/audit/{sequence}")).expect_page(200, "watches");
}
