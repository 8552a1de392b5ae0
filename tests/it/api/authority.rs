//! Who may do what.

use serde_json::json;

use super::{Office, token};
use crate::world::{Browser, CALLBACK, ClientApp, ISSUER, KeyPair, Someone, World, base64};

/// An application that an administrator registered for the API, and somebody's token from it.
fn console(world: &World) -> ClientApp {
    let app = world.client("Console");
    world.edit_client(&app, |client| client.scope = Some("writ:admin writ:read mcp:read".parse().unwrap()));
    app
}

fn token_of(world: &World, app: &ClientApp, someone: &Someone, scope: &str) -> (String, String) {
    let mut browser: Browser = world.signed_in(someone);
    let code = app.code_with(&mut browser, &[("scope", scope), ("resource", ISSUER)]);
    let tokens = app.redeem(world, &code).tokens();
    (tokens.access, tokens.scope)
}

#[test]
fn the_scope_decides() {
    let office = Office::open();
    let ask = |token: &str, method: &str, path: &str| {
        office.world.request(method, &format!("/api/v1{path}")).bearer(token).json(&json!({})).send()
    };
    let (read, clients, write) = (
        office.token_with("writ:read"),
        office.token_with("writ:clients:read"),
        office.token_with("writ:scopes:write"),
    );
    let (roles, members) = (office.token_with("writ:roles:write"), office.token_with("writ:memberships:write"));
    let of_ada = format!("/memberships/{}/roles", office.ada.id);
    for (token, method, path, status) in [
        (&read, "GET", "/clients", 200),
        (&read, "GET", "/audit", 200),
        (&read, "POST", "/clients", 403),
        (&read, "POST", "/audit/verification", 200),
        (&clients, "GET", "/clients", 200),
        (&clients, "GET", "/people", 403),
        (&clients, "POST", "/clients", 403),
        // Who may change a noun may read it.
        (&write, "GET", "/scopes", 200),
        (&write, "POST", "/scopes", 400),
        (&write, "GET", "/resources", 403),
        (&office.token, "POST", "/clients", 400),
        (&read, "GET", "/tenants", 200),
        (&read, "GET", "/tenants/main/roles", 200),
        (&read, "GET", "/memberships", 200),
        (&read, "GET", "/delegations", 200),
        (&read, "GET", "/findings", 200),
        (&read, "POST", "/tenants", 403),
        (&read, "POST", "/tenants/main/roles", 403),
        (&read, "POST", "/delegations", 403),
        (&clients, "GET", "/tenants", 403),
        (&clients, "GET", "/tenants/main/roles", 403),
        (&clients, "GET", "/tenants/main/roles/admin/people", 403),
        (&clients, "GET", "/memberships", 403),
        (&clients, "GET", "/delegations", 403),
        (&clients, "GET", "/findings", 403),
        // What a role is and who has it are two decisions.
        (&roles, "GET", "/tenants/main/roles", 200),
        (&roles, "POST", "/tenants/main/roles", 400),
        (&roles, "POST", &of_ada, 403),
        (&members, "POST", &of_ada, 200),
        (&members, "POST", "/tenants/main/roles", 403),
    ] {
        assert_eq!(ask(token, method, path).status, status, "{method} {path}");
    }
    let refused = ask(&clients, "GET", "/people");
    assert_eq!(refused.problem(), "forbidden");
    let challenge = refused.header("www-authenticate").unwrap();
    assert!(challenge.contains("error=\"insufficient_scope\", scope=\"writ:people:read\""), "{challenge}");
}

#[test]
fn without_a_good_token_there_is_nothing() {
    let office = Office::open();
    let nobody = office.world.request("GET", "/api/v1/clients").send();
    assert_eq!((nobody.status, nobody.problem().as_str()), (401, "unauthorized"));
    assert_eq!(nobody.header("www-authenticate"), Some(format!("Bearer realm=\"{ISSUER}\"").as_str()));
    for token in ["x", "writ_at_x", "a.b.c", &office.token[..office.token.len() - 2]] {
        let answer = office.world.request("GET", "/api/v1/clients").bearer(token).send();
        assert_eq!(answer.status, 401, "{token}");
        assert!(answer.header("www-authenticate").unwrap().contains("error=\"invalid_token\""), "{token}");
    }
    for header in [format!("Basic {}", office.token), format!("bearer\t{}", office.token), office.token.clone()] {
        let answer = office.world.request("GET", "/api/v1/clients").header("Authorization", &header).send();
        assert_eq!(answer.status, 401, "{header}");
    }
    // Two are one too many, in the query there is none.
    let twice = office.ask("GET", "/clients").bearer(&office.token).send();
    assert_eq!((twice.status, twice.problem().as_str()), (400, "invalid"));
    let query = office.world.request("GET", &format!("/api/v1/clients?access_token={}", office.token)).send();
    assert_eq!(query.status, 401);
}

#[test]
fn a_token_for_another_server_is_none_here() {
    let office = Office::open();
    let tickets = office.world.resource("https://tickets.example/mcp", "mcp:read");
    let machine = office.world.machine("clerk", &office.ada, "mcp:read writ:admin").at(&tickets);
    let other = machine.client_credentials(&office.world, &[("resource", "https://tickets.example/mcp")]).tokens();
    assert_eq!(other.scope, "mcp:read", "the scopes of the appliance are not to be had elsewhere");
    let answer = office.world.request("GET", "/api/v1/clients").bearer(&other.access).send();
    assert_eq!(answer.status, 401);
    // With a default resource there, the appliance has to be asked for by its name.
    let unnamed = machine.client_credentials(&office.world, &[("scope", "mcp:read")]).tokens();
    assert_eq!(unnamed.claims()["aud"], "https://tickets.example/mcp");
    let own = token(&office.world, &machine, "writ:admin");
    assert_eq!(office.world.request("GET", "/api/v1/clients").bearer(&own).send().status, 200);
}

#[test]
fn a_machine_has_what_its_ceiling_names_and_loses_what_it_loses() {
    use writ::model::ClientId;
    use writ::store::{Read as _, tables::MACHINES};
    let office = Office::open();
    let machine = office.world.machine("clerk", &office.ada, "writ:read mcp:read");
    let refused = machine.client_credentials(&office.world, &[("scope", "writ:admin"), ("resource", ISSUER)]);
    assert_eq!(refused.json()["error"], "invalid_scope");
    let token = token(&office.world, &machine, "writ:read");
    let status = || office.world.request("GET", "/api/v1/people").bearer(&token).send().status;
    assert_eq!(status(), 200);
    let ClientId::Machine(id) = machine.id else { panic!() };
    office.world.change("narrow machine", move |tx| {
        let mut row = tx.get(&MACHINES, &id)?.unwrap();
        row.scope = "mcp:read".parse().unwrap();
        tx.put(&MACHINES, &id, &row)?;
        tx.record(writ::model::Event::ScopeCreated { scope: "none".to_owned(), after: serde_json::Value::Null })
    });
    assert_eq!(status(), 403, "a token does not keep what its machine has lost");
}

#[test]
fn of_people_only_administrators_and_only_as_long_as_they_are() {
    let office = Office::open();
    let (world, app) = (&office.world, console(&office.world));
    let bob = world.person("bob");
    let (mine, scope) = token_of(world, &app, &office.ada, "writ:admin");
    assert_eq!(scope, "writ:admin");
    let (theirs, scope) = token_of(world, &app, &bob, "writ:admin openid");
    assert_eq!(scope, "openid", "a member is not even asked");
    world.expect_event("token.scope_narrowed");
    let (_, scope) = token_of(world, &app, &bob, "writ:admin");
    assert_eq!(scope, "", "of nothing else, nothing");
    let ask = |token: &str| world.request("GET", "/api/v1/clients").bearer(token).send();
    assert_eq!(ask(&mine).status, 200);
    assert_eq!(ask(&theirs).problem(), "forbidden");
    // Who did it is written down, and through what.
    let made = world.request("POST", "/api/v1/scopes").bearer(&mine);
    made.json(&json!({ "name": "tickets:read", "description": "Read tickets" })).send().expect_status(201);
    let entry = &office.get("/audit?event=scope.created")["items"][0];
    assert_eq!(entry["by"], json!({ "person": office.ada.id.to_string() }));
    assert_eq!((&entry["from"]["via"], &entry["from"]["channel"]), (&json!(app.id.to_string()), &json!("api")));
    // A token that was good until now.
    world.set_standing(&office.ada, writ::model::Standing::Member);
    assert_eq!(ask(&mine).problem(), "forbidden");
    world.suspend(&office.ada);
    assert_eq!(ask(&mine).status, 401);
}

#[test]
fn a_stranger_never_gets_the_scopes_of_the_appliance() {
    let office = Office::open();
    let world = &office.world;
    // Registered by itself, with a wish; and by an administrator, without a ceiling.
    let metadata = json!({ "client_name": "Helper", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none",
        "scope": "writ:admin openid", "id_token_signed_response_alg": "ES256" });
    let answer = world.request("POST", "/oauth/register").json(&metadata).send();
    let id = answer.expect_status(201).json()["client_id"].as_str().unwrap().parse().unwrap();
    let stranger = ClientApp { id, secret: None, redirect_uri: CALLBACK.to_owned(), resource: None };
    for app in [stranger, world.client("Mail")] {
        let (token, scope) = token_of(world, &app, &office.ada, "writ:admin writ:read openid");
        assert_eq!(scope, "openid");
        assert_eq!(world.request("GET", "/api/v1/clients").bearer(&token).send().status, 403);
    }
    // Nor one that registered itself with the blessing of an initial access token.
    let blessing = world
        .block(writ::operations::registration::add_initial_access_token(
            &world.app,
            &world.operator(),
            writ::operations::registration::NewToken::default(),
        ))
        .map(|(_, token)| token);
    let metadata = json!({ "client_name": "Robot", "grant_types": ["client_credentials"], "scope": "writ:admin" });
    let answer = world.request("POST", "/oauth/register").bearer(blessing.unwrap().expose()).json(&metadata).send();
    let made = answer.expect_status(201).json();
    let robot = world
        .request("POST", "/oauth/token")
        .basic(made["client_id"].as_str().unwrap(), made["client_secret"].as_str().unwrap())
        .form(&[("grant_type", "client_credentials"), ("scope", "writ:admin")])
        .send();
    assert_eq!(robot.json()["error"], "invalid_scope", "{}", robot.body);
}

#[test]
fn metadata_does_not_advertise_the_scopes_of_the_appliance() {
    let world = World::new();
    let document = world.request("GET", "/.well-known/oauth-authorization-server").send().json();
    let scopes = document["scopes_supported"].to_string();
    assert!(scopes.contains("mcp:read") && !scopes.contains("writ:"), "{scopes}");
}

#[test]
fn nobody_hands_out_more_than_they_have() {
    let office = Office::open();
    let token = office.token_with("writ:machines:write writ:clients:write writ:people:write writ:resources:write");
    let ask = |method: &str, path: &str, body: serde_json::Value| {
        office
            .world
            .request(method, &format!("/api/v1{path}"))
            .bearer(&token)
            .json(&body)
            .header("If-Match", "*")
            .send()
    };
    let machine = |scopes: serde_json::Value| json!({ "name": "m", "owner": "ada@example.com", "purpose": "tests", "scopes": scopes });
    let client = |scope: &str| json!({ "client_name": "c", "redirect_uris": ["https://c.example/cb"], "scope": scope });
    assert_eq!(ask("POST", "/machines", machine(json!(["writ:admin"]))).problem(), "forbidden");
    assert_eq!(ask("POST", "/machines", machine(json!(["writ:audit:read"]))).problem(), "forbidden");
    assert_eq!(ask("POST", "/machines", machine(json!(["mcp:admin", "writ:machines:read"]))).status, 201);
    assert_eq!(ask("POST", "/clients", client("writ:admin")).problem(), "forbidden");
    let mine = ask("POST", "/clients", client("mcp:read")).json()["client_id"].as_str().unwrap().to_owned();
    let path = format!("/clients/{mine}");
    assert_eq!(ask("PATCH", &path, json!({ "scope": "writ:admin" })).problem(), "forbidden");
    assert_eq!(ask("PATCH", &path, json!({ "scope": "mcp:write" })).status, 200);
    // Whose answers an administrator's consent goes to is not for everybody to change.
    let theirs = office.made("/clients", &client("writ:admin"));
    let path = format!("/clients/{theirs}");
    assert_eq!(ask("PATCH", &path, json!({ "redirect_uris": ["https://evil.example/cb"] })).problem(), "forbidden");
    // Nor who administers.
    let person = json!({ "email": "eve@example.com", "name": "Eve", "password": "correct horse battery",
        "standing": "administrator" });
    assert_eq!(ask("POST", "/people", person).problem(), "forbidden");
    let path = format!("/people/{}/suspension", office.ada.id);
    assert_eq!(ask("POST", &path, json!({ "because": "test" })).problem(), "forbidden");
    // And the appliance is no resource that somebody else could register.
    let itself = json!({ "identifier": format!("{ISSUER}/"), "name": "Tickets", "scopes": ["mcp:read"] });
    assert_eq!(ask("POST", "/resources", itself).wrong(), ["identifier"]);
    let own = json!({ "identifier": "https://t.example", "name": "Tickets", "scopes": ["writ:admin"] });
    assert_eq!(ask("POST", "/resources", own).wrong(), ["scopes"]);
}

#[test]
fn a_machine_whose_only_resource_is_gone_gets_nothing_for_the_appliance() {
    use writ::model::ClientId;
    use writ::store::{Read as _, tables::MACHINES};
    let office = Office::open();
    let tickets = office.world.resource("https://tickets.example/mcp", "mcp:read");
    let machine = office.world.machine("clerk", &office.ada, "mcp:read");
    let ClientId::Machine(id) = machine.id else { panic!() };
    let identifier = tickets.identifier.clone();
    office.world.change("limit machine", move |tx| {
        let mut row = tx.get(&MACHINES, &id)?.unwrap();
        let resource = identifier.clone();
        row.access = vec![writ::model::Access { resource, scope: None, access_for: None }];
        tx.put(&MACHINES, &id, &row)?;
        tx.record(writ::model::Event::ScopeCreated { scope: "none".to_owned(), after: serde_json::Value::Null })
    });
    assert_eq!(machine.client_credentials(&office.world, &[]).tokens().claims()["aud"], "https://tickets.example/mcp");
    // As it was before what somebody names could not be removed.
    office.world.remove_resource(&tickets);
    assert_eq!(machine.client_credentials(&office.world, &[]).json()["error"], "invalid_target");
}

/// Attack case 28: at the API, as at every other resource, a token that is bound to a key opens nothing without it.
#[test]
fn case_28_a_bound_token_administers_nothing_without_its_key() {
    let office = Office::open();
    let world = &office.world;
    let (key, other) = (KeyPair::new("ES256"), KeyPair::new("ES256"));
    let machine = world.machine("vault", &office.ada, "writ:admin");
    let fields = [("grant_type", "client_credentials"), ("scope", "writ:admin"), ("resource", ISSUER)];
    let token = machine.token_request_with(world, &fields, &[&key.for_tokens(world)]).json()["access_token"].clone();
    let token = token.as_str().unwrap();
    let proof = |key: &KeyPair, method: &str, token: &str| {
        let hash = ring::digest::digest(&ring::digest::SHA256, token.as_bytes());
        key.proof(world, method, "/api/v1/clients", json!({ "ath": base64(hash.as_ref()) }))
    };
    let ask = |scheme: &str, token: &str, proof: Option<&str>| {
        let mut request = world.request("GET", "/api/v1/clients").header("Authorization", &format!("{scheme} {token}"));
        if let Some(proof) = proof {
            request = request.header("DPoP", proof);
        }
        request.send()
    };
    let good = proof(&key, "GET", token);
    for (scheme, proof) in [
        ("Bearer", None),
        ("Bearer", Some(good.as_str())),
        ("DPoP", None),
        ("DPoP", Some(proof(&other, "GET", token).as_str())),
        ("DPoP", Some(proof(&key, "POST", token).as_str())),
        ("DPoP", Some(proof(&key, "GET", &office.token).as_str())),
    ] {
        let answer = ask(scheme, token, proof);
        assert_eq!((answer.status, answer.problem().as_str()), (401, "unauthorized"), "{scheme} {proof:?}");
        assert!(answer.header("www-authenticate").unwrap().starts_with("DPoP error="), "{scheme}");
    }
    let answer = ask("DPoP", token, Some(&good));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("dpop-nonce"), None, "nobody wants one");
    let again = ask("DPoP", token, Some(&good));
    assert!(again.header("www-authenticate").unwrap().contains("invalid_dpop_proof"), "a proof is good once");
    // One that is bound to no key is no DPoP token.
    assert_eq!(ask("DPoP", &office.token, Some(&proof(&key, "GET", &office.token))).status, 401);
}

/// Attack case 46.
#[test]
fn case_46_a_cookie_is_nobodys_at_the_api_and_a_token_nobodys_at_a_page() {
    let office = Office::open();
    let mut browser = office.world.signed_in(&office.ada);
    for (method, path) in [("GET", "/clients"), ("POST", "/clients"), ("POST", "/keys/rotation")] {
        let request = || office.world.request(method, &format!("/api/v1{path}"));
        let ours = browser.send(request().header("Sec-Fetch-Site", "same-origin").json(&json!({})));
        assert_eq!(ours.status, 401, "{method} {path}");
        let theirs = request().header("Origin", "https://evil.test").form(&[("csrf", "x")]);
        let theirs = browser.send(theirs);
        assert_eq!(theirs.status, 401, "{method} {path}");
        assert_eq!(theirs.header("access-control-allow-origin"), None);
    }
    let account = office.world.request("GET", "/account").bearer(&office.token).send();
    assert_eq!(account.status, 303, "a token is no session");
    assert!(account.header("location").unwrap().contains("/sign-in"));
}

/// Attack case 46: names that are markup stay text, on the API's page and on every other.
#[test]
fn case_46_names_are_text_wherever_they_are_shown() {
    let office = Office::open();
    let name = "<script>alert(1)</script><img src=x onerror=alert(2)>";
    let tickets = office.made(
        "/resources",
        &json!({ "identifier": "https://tickets.example/mcp", "name": name, "scopes": ["mcp:read"] }),
    );
    office.post("/scopes", &json!({ "name": "tickets:read", "description": name })).expect_status(201);
    let body = json!({ "client_name": name, "redirect_uris": [CALLBACK] });
    let id = office.made("/clients", &body);
    let person = json!({ "email": "eve@example.com", "name": name, "password": crate::world::PASSWORD });
    office.post("/people", &person).expect_status(201);
    let eve = Someone { id: office.ada.id, email: "eve@example.com".to_owned() };
    let mut browser = office.world.signed_in(&eve);
    let app = ClientApp { id: id.parse().unwrap(), secret: None, redirect_uri: CALLBACK.to_owned(), resource: None };
    let consent = app.sends(&mut browser, &[("resource", "https://tickets.example/mcp")]);
    let answer = app.allowed(&mut browser, &[("resource", "https://tickets.example/mcp")]);
    assert!(answer.left_for.is_some());
    for page in [consent, browser.get("/account"), browser.get("/api/v1/docs")] {
        page.expect_status(200);
        assert!(!page.body.contains("<script>alert") && !page.body.contains("<img src=x"), "{}", page.path);
    }
    assert!(browser.get("/account").body.contains("&#60;script&#62;"), "the name was shown");
    // The API itself says what is there, in JSON that no browser takes for a page.
    let shown = office.ask("GET", &format!("/resources/{tickets}")).send();
    assert_eq!(shown.json()["name"], name);
    assert_eq!(shown.header("content-type"), Some("application/json"));
    assert_eq!(shown.header("x-content-type-options"), Some("nosniff"));
}
