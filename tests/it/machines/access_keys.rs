//! Access keys: alone at the token endpoint, exchanged as a hosted service's SDKs exchange them, and for Writ's own API.

use serde_json::{Value, json};
use writ::base::{Id, Lifetime, OpaqueToken, TokenKind};
use writ::model::{Credential, Machine, MachineKind};
use writ::operations::authenticate_client::by_access_key;
use writ::operations::credentials::{self, NewCredential, NewProof};
use writ::operations::machines::{self, NewMachine, Terms};
use writ::operations::seen::Seen;
use writ::protocol::client_auth::AuthenticatedClient;
use writ::protocol::display_name::DisplayName;

use crate::world::{Answer, ISSUER, Someone, World, claims, verified};

/// A machine in a tenant, with an access key and nothing else.
struct Keyed {
    id: Id<Machine>,
    credential: Id<Credential>,
    key: String,
}

fn terms(name: &str) -> Terms {
    Terms::new(DisplayName::parse(name).unwrap(), MachineKind::Service, "Tests", "mcp:read mcp:write".parse().unwrap())
}

fn keyed(world: &World, owner: &Someone, tenant: &str, terms: Terms) -> Keyed {
    let name = DisplayName::parse("key").unwrap();
    let credential = Some(NewCredential { name, proof: NewProof::AccessKey, expires_at: None });
    let new = NewMachine { terms, owner: owner.email.parse().unwrap(), tenant: tenant.parse().unwrap(), credential };
    let made = world.block(machines::add(&world.app, &world.operator(), new)).unwrap();
    let credential = made.credential.unwrap();
    let key = credential.secret.unwrap().expose().to_owned();
    Keyed { id: made.machine.id, credential: credential.credential.id, key }
}

fn alone(world: &World, secret: &str) -> Answer {
    world.token(&[("grant_type", "client_credentials"), ("client_secret", secret)])
}

fn exchange(world: &World, project: &str, key: &str, body: &Value) -> Answer {
    let request = world.request("POST", "/v1/auth/accesskey/exchange").bearer(&format!("{project}:{key}"));
    request.json(body).send()
}

fn at_the_api(world: &World, key: &str) -> Result<AuthenticatedClient, writ::operations::Problem> {
    world.block(by_access_key(&world.app, &world.operator(), key))
}

#[test]
fn an_access_key_names_its_machine() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = keyed(&world, &ada, "main", terms("robot"));
    let tokens = alone(&world, &robot.key).tokens();
    assert_eq!(
        (tokens.claims()["sub"].as_str(), tokens.scope.as_str()),
        (Some(robot.id.to_string().as_str()), "mcp:read mcp:write")
    );
    assert_eq!(at_the_api(&world, &robot.key).unwrap().machine().unwrap().id, robot.id);
    // No other secret says whose it is, and none is guessed.
    let other = world.machine("other", &ada, "mcp:read");
    alone(&world, other.secret.as_deref().unwrap()).expect_refusal(401, "invalid_client", "ClientUnknown");
    alone(&world, "made up").expect_refusal(401, "invalid_client", "ClientUnknown");
    let guessed = OpaqueToken::new(TokenKind::AccessKey, robot.credential, &world.app.entropy).unwrap();
    let guessed = guessed.secret().expose();
    alone(&world, guessed).expect_refusal(401, "invalid_client", "ClientSecretWrong");
    assert!(at_the_api(&world, guessed).is_err() && at_the_api(&world, "made up").is_err());
    let tallied = world.app.tally.take();
    assert!(tallied.contains(&("unknown access key", 2)), "{tallied:?}");
}

/// What the SDKs send and read: `Bearer project:key`; `keyId`, `sessionJwt` and `expiration`; keys at `/v2/keys/project`.
#[test]
fn a_key_is_exchanged_as_a_hosted_service_exchanges_it() {
    let world = World::new();
    let ada = world.administrator("ada");
    world.tenant("P2acme");
    world.role("P2acme/indexer", "index:update index:read");
    // Whatever the default resource is: whom the token is for was said.
    world.resource("https://mcp.example/a", "mcp:read");
    let custom_claims = json!({ "team": "night" }).as_object().unwrap().clone();
    let roles = vec!["indexer".parse().unwrap()];
    let access_for = Some(Lifetime::from_hours(24));
    let robot = keyed(&world, &ada, "P2acme", Terms { roles, custom_claims, access_for, ..terms("robot") });
    let answer = exchange(&world, "P2acme", &robot.key, &json!({ "loginOptions": {} }));
    let body = answer.expect_status(200).json();
    let jwt = body["sessionJwt"].as_str().unwrap();
    let keys = world.request("GET", "/v2/keys/P2acme").send().expect_status(200).json();
    assert_eq!(keys, world.request("GET", "/.well-known/jwks.json").send().json());
    verified(&keys, jwt);
    let (said, now, id) = (claims(jwt), world.now().seconds(), robot.id.to_string());
    assert_eq!(
        said,
        json!({
            "iss": ISSUER, "sub": id, "aud": "P2acme", "client_id": id, "scope": "mcp:read mcp:write", "iat": now,
            "exp": now + 86_400, "jti": said["jti"], "type": "machine", "roles": ["indexer"], "status": said["status"],
            "permissions": ["index:read", "index:update"], "tenantId": "P2acme", "tenant_id": "P2acme",
            "customClaims": { "team": "night" },
        })
    );
    assert_eq!((&body["keyId"], &body["expiration"]), (&json!(robot.credential.to_string()), &json!(now + 86_400)));
    assert!(answer.header("cache-control").is_some_and(|value| value.contains("no-store")));
    world.expect_event("token.issued");
    exchange(&world, "P2acme", &robot.key, &json!({ "loginOptions": { "selectedTenant": "P2acme" } }))
        .expect_status(200);
    let empty = world.request("POST", "/v1/auth/accesskey/exchange").bearer(&format!("P2acme:{}", robot.key)).send();
    empty.expect_status(200);
}

/// The audience is not the bearer's to choose: its tenant, the issuer's own name, or a resource that it may have tokens for.
#[test]
fn a_project_is_one_of_the_machines() {
    let world = World::with(&[("public_url", "http://127.0.0.1:9000/apps/P2own")]);
    let ada = world.administrator("ada");
    world.tenant("P2acme");
    world.tenant("urn:example:closed");
    let open = world.resource("https://mcp.example/open", "mcp:read");
    let closed = world.resource("urn:example:closed", "mcp:read");
    let access = vec![writ::model::Access { resource: open.identifier.clone(), scope: None, access_for: None }];
    let robot = keyed(&world, &ada, "P2acme", Terms { access: access.clone(), ..terms("robot") });
    let asks = |project: &str, body: &Value| {
        let request = world.request("POST", "/apps/P2own/v1/auth/accesskey/exchange");
        request.bearer(&format!("{project}:{}", robot.key)).json(body).send()
    };
    let none = json!({});
    for own in ["P2acme", "P2own", "https://mcp.example/open"] {
        let body = asks(own, &none).expect_status(200).json();
        assert_eq!(claims(body["sessionJwt"].as_str().unwrap())["aud"], own);
    }
    asks("urn:example:closed", &none).expect_refusal(400, "invalid_target", "ResourceNotAllowed");
    for other in ["P2beta", "main", "apps", "https://mcp.example/"] {
        let refused = asks(other, &none);
        refused.expect_refusal(400, "invalid_target", "ProjectElsewhere");
        assert!(refused.json()["errorMessage"].as_str().unwrap().contains("it is for P2acme or P2own, or for"));
        assert_eq!(
            (&refused.json()["errorCode"], &refused.json()["errorMessage"]),
            (&json!("invalid_target"), &refused.json()["error_description"])
        );
    }
    for (body, what) in [
        (json!({ "loginOptions": { "selectedTenant": "main" } }), "selectedTenant"),
        (json!({ "loginOptions": { "customClaims": { "roles": ["admin"] } } }), "customClaims"),
    ] {
        let refused = asks("P2acme", &body);
        refused.expect_refusal(400, "invalid_request", "MalformedParameter");
        assert!(refused.json()["errorDescription"].as_str().unwrap().contains(what));
    }
    // A tenant by the name of a resource opens nothing at that resource.
    let namesake = keyed(&world, &ada, "urn:example:closed", Terms { access, ..terms("namesake") });
    let request = world.request("POST", "/apps/P2own/v1/auth/accesskey/exchange");
    let refused = request.bearer(&format!("{}:{}", closed.identifier, namesake.key)).json(&none).send();
    refused.expect_refusal(400, "invalid_target", "ResourceNotAllowed");
}

#[test]
fn case_14_an_access_key_is_no_code_and_no_token() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = keyed(&world, &ada, "main", terms("robot"));
    let mail = world.confidential("mail");
    mail.redeem(&world, &robot.key).expect_refusal(400, "invalid_grant", "CodeUnknown");
    mail.refresh(&world, &robot.key).expect_refusal(400, "invalid_grant", "RefreshUnknown");
    assert_eq!(mail.introspect(&world, &robot.key), json!({ "active": false }));
    let shown = world.request("GET", "/oauth/userinfo").bearer(&robot.key).send();
    assert_eq!((shown.status, shown.json()["error"].as_str()), (401, Some("invalid_token")));
    let assertion = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", crate::world::JWT_BEARER),
        ("client_assertion", &robot.key),
    ];
    world.token(&assertion).expect_refused(401, "invalid_client");
    // Nor is anything else an access key.
    let access = alone(&world, &robot.key).tokens().access;
    let secret = world.machine("other", &ada, "mcp:read").secret.unwrap();
    for other in [access.as_str(), secret.as_str(), &robot.key.replace("writ_ak_", "writ_cs_"), "x"] {
        let refused = exchange(&world, "main", other, &json!({}));
        refused.expect_refusal(401, "invalid_client", "ClientUnknown");
        assert!(!refused.body.contains(other) || other == "x", "{}", refused.body);
        assert!(at_the_api(&world, other).is_err());
    }
}

/// What stops a key stops it wherever it is taken.
#[test]
fn case_49_a_stopped_access_key_is_refused_at_every_door() {
    let world = World::new();
    let ada = world.administrator("ada");
    let doors = |robot: &Keyed| {
        let by_id = world.token(&[
            ("grant_type", "client_credentials"),
            ("client_id", &robot.id.to_string()),
            ("client_secret", &robot.key),
        ]);
        let answers = [alone(&world, &robot.key), by_id, exchange(&world, "main", &robot.key, &json!({}))];
        let api = if at_the_api(&world, &robot.key).is_ok() { 200 } else { 401 };
        [answers[0].status, answers[1].status, answers[2].status, api]
    };
    let (open, shut) = ([200; 4], [401; 4]);
    let ctx = || world.operator();

    let robot = keyed(&world, &ada, "main", terms("suspended"));
    assert_eq!(doors(&robot), open);
    world.block(machines::suspend(&world.app, &ctx(), robot.id, Seen::Anything, "drill")).unwrap();
    assert_eq!(doors(&robot), shut);
    world.block(machines::resume(&world.app, &ctx(), robot.id, Seen::Anything)).unwrap();
    assert_eq!(doors(&robot), open);
    world.block(credentials::revoke(&world.app, &ctx(), robot.credential, Seen::Anything, "lost")).unwrap();
    assert_eq!(doors(&robot), shut);

    let robot = keyed(&world, &ada, "main", terms("retired"));
    world.block(machines::retire(&world.app, &ctx(), robot.id, Seen::Anything, "over")).unwrap();
    assert_eq!(doors(&robot), shut);

    let expires_at = Some(world.now().plus(Lifetime::from_hours(1)));
    let robot = keyed(&world, &ada, "main", Terms { expires_at, ..terms("expired") });
    assert_eq!(doors(&robot), open);
    world.later(Lifetime::from_hours(1));
    assert_eq!(doors(&robot), shut);

    let robot = keyed(&world, &ada, "main", terms("rotated"));
    world.block(credentials::rotate(&world.app, &ctx(), robot.credential, Lifetime::from_minutes(5))).unwrap();
    assert_eq!(doors(&robot), open, "while both are good");
    world.later(Lifetime::from_minutes(5));
    assert_eq!(doors(&robot), shut);

    // From elsewhere: the same refusal at each.
    let networks = vec!["192.0.2.0/24".parse().unwrap()];
    let robot = keyed(&world, &ada, "main", Terms { networks, ..terms("elsewhere") });
    assert_eq!(doors(&robot), [400, 400, 400, 401]);
    alone(&world, &robot.key).expect_refusal(400, "unauthorized_client", "NetworkNotAllowed");
    exchange(&world, "main", &robot.key, &json!({})).expect_refusal(400, "unauthorized_client", "NetworkNotAllowed");
}

/// A place that takes an access key: what it answers to one that is nobody's and to one that is somebody's, and how it is asked from an address.
type Door<'a> = (&'a str, u16, u16, &'a dyn Fn(&str, &str) -> Answer);

/// Whoever tries keys is counted by address, at all the doors that take one together: a limit at one of them would only send the guesses to
/// the next.
#[test]
fn case_49_wrong_access_keys_are_counted_by_address_at_every_door_together() {
    let world = World::with(&[("limits.keys", "4"), ("trusted_proxies", "127.0.0.1")]);
    let ada = world.administrator("ada");
    let robot = keyed(&world, &ada, "main", terms("robot"));
    let id = robot.id.to_string();
    let from = |address: &str, path: &str| world.request("POST", path).header("X-Forwarded-For", address);
    let grant = ("grant_type", "client_credentials");
    // Each door by what it answers: to a key that is nobody's, and to one that is somebody's.
    let doors: [Door<'_>; 8] = [
        ("token", 401, 200, &|at, key| from(at, "/oauth/token").form(&[grant, ("client_secret", key)]).send()),
        ("token, with an id", 401, 200, &|at, key| {
            from(at, "/oauth/token").form(&[grant, ("client_id", &id), ("client_secret", key)]).send()
        }),
        ("token, by Basic", 401, 200, &|at, key| from(at, "/oauth/token").basic(&id, key).form(&[grant]).send()),
        ("introspection", 401, 200, &|at, key| {
            from(at, "/oauth/introspect").form(&[("token", "x"), ("client_id", &id), ("client_secret", key)]).send()
        }),
        ("revocation", 401, 200, &|at, key| {
            from(at, "/oauth/revoke").form(&[("token", "x"), ("client_id", &id), ("client_secret", key)]).send()
        }),
        ("exchange", 401, 200, &|at, key| {
            from(at, "/v1/auth/accesskey/exchange").bearer(&format!("main:{key}")).json(&json!({})).send()
        }),
        // This machine has no scope of the API.
        ("API", 401, 403, &|at, key| {
            let request = world.request("GET", "/api/v1/machines").header("X-Forwarded-For", at);
            request.header("X-API-Key", key).send()
        }),
        ("API, as a token", 401, 403, &|at, key| {
            world.request("GET", "/api/v1/machines").header("X-Forwarded-For", at).bearer(key).send()
        }),
    ];
    let guess = || {
        let made = OpaqueToken::new(TokenKind::AccessKey, robot.credential, &world.app.entropy).unwrap();
        made.secret().expose().to_owned()
    };
    // Who is right is not counted, however often they come and at whichever door.
    for (name, _, right, ask) in &doors {
        for _ in 0..6 {
            assert_eq!(ask("198.51.100.1", &robot.key).status, *right, "{name}");
        }
    }
    for (first, (name, wrong, ..)) in doors.iter().enumerate() {
        let at = format!("203.0.113.{first}");
        let mut around = doors.iter().cycle().skip(first);
        for _ in 0..4 {
            let (door, expected, _, ask) = around.next().unwrap();
            assert_eq!(ask(&at, &guess()).status, *expected, "{door}, from {name}");
        }
        assert_eq!(*wrong, 401);
        // From then on every door is shut: also to the right key, so that nobody learns which it is.
        for (door, _, right, ask) in &doors {
            for key in [guess(), robot.key.clone()] {
                let over = ask(&at, &key);
                assert_eq!(over.status, 429, "{door}: {}", over.body);
                assert_eq!(over.header("retry-after"), Some("16"), "{door}");
                assert!(!over.body.contains(&key), "{door}");
            }
            assert_eq!(ask("198.51.100.1", &robot.key).status, *right, "{door}: from elsewhere it is open");
        }
        // Not for those who show no key.
        let other = from(&at, "/oauth/token").form(&[grant, ("client_id", &id), ("client_secret", "x")]).send();
        other.expect_refused(401, "invalid_client");
    }
    // One guess each quarter of a minute, and the right key whenever there is room.
    let (_, _, _, token) = &doors[0];
    world.later(Lifetime::from_seconds(15));
    for _ in 0..3 {
        assert_eq!(token("203.0.113.0", &robot.key).status, 200);
    }
    assert_eq!(token("203.0.113.0", &guess()).status, 401);
    assert_eq!(token("203.0.113.0", &robot.key).status, 429);
    // Many at once are not more guesses.
    let at_once = crate::world::at_once(24, |_| token_at(&world, "203.0.113.99", &guess()));
    assert_eq!(at_once.iter().filter(|status| **status == 401).count(), 4, "{at_once:?}");
    assert_eq!(at_once.iter().filter(|status| **status == 429).count(), 20, "{at_once:?}");
    // What was somebody's is no guess: it was stopped, and says so to whoever has it.
    world.block(machines::suspend(&world.app, &world.operator(), robot.id, Seen::Anything, "drill")).unwrap();
    for _ in 0..6 {
        assert_eq!(token("203.0.113.100", &robot.key).status, 401);
    }
}

fn token_at(world: &World, from: &str, key: &str) -> u16 {
    let request = world.request("POST", "/oauth/token").header("X-Forwarded-For", from);
    request.form(&[("grant_type", "client_credentials"), ("client_secret", key)]).send().status
}
