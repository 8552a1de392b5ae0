//! Refresh tokens of machines: for those that may have them, as people's applications have theirs. OAuth 2.1 §4.3.

use serde_json::{Value, json};
use writ::base::{Lifetime, OpaqueToken, TokenKind};
use writ::model::{ClientId, Event, Family, MachineKind, ProtectedResource, RefreshToken, TenantName};
use writ::operations::credentials::{NewCredential, NewProof};
use writ::operations::declined::Declined;
use writ::operations::machines::{self, NewMachine, Terms};
use writ::operations::seen::Seen;
use writ::protocol::display_name::DisplayName;
use writ::store::Read as _;
use writ::store::tables::{FAMILIES, REFRESH};

use crate::world::{Answer, ClientApp, ISSUER, KeyPair, Someone, World};

const API: &str = "https://mcp.example/a";

/// A machine with an access key, which may refresh, and what it was first given.
struct Line {
    world: World,
    robot: ClientApp,
    first: String,
}

fn terms() -> Terms {
    let scope = "mcp:read mcp:write".parse().unwrap();
    Terms::new(DisplayName::parse("robot").unwrap(), MachineKind::Service, "tests", scope)
}

fn keyed(world: &World, owner: &Someone, terms: Terms) -> ClientApp {
    let name = DisplayName::parse("key").unwrap();
    let credential = Some(NewCredential { name, proof: NewProof::AccessKey, expires_at: None });
    let owner = owner.email.parse().unwrap();
    let new = NewMachine { terms, owner, tenant: TenantName::default(), credential };
    let made = world.block(machines::add(&world.app, &world.operator(), new)).unwrap();
    let secret = made.credential.unwrap().secret.map(|secret| secret.expose().to_owned());
    ClientApp { id: ClientId::Machine(made.machine.id), secret, redirect_uri: String::new(), resource: None }
}

fn exchange(world: &World, project: &str, robot: &ClientApp) -> Value {
    let bearer = format!("{project}:{}", robot.secret.as_deref().unwrap());
    let request = world.request("POST", "/v1/auth/accesskey/exchange").bearer(&bearer);
    request.json(&json!({})).send().expect_status(200).json()
}

impl Line {
    fn new() -> Self {
        let world = World::new();
        let ada = world.administrator("ada");
        let api = world.resource(API, "mcp:read mcp:write");
        world.put_resource(ProtectedResource { default_scopes: api.scopes.clone(), ..api });
        let robot = keyed(&world, &ada, Terms { refresh_tokens: true, ..terms() });
        let first = exchange(&world, API, &robot)["refreshJwt"].as_str().unwrap().to_owned();
        Self { world, robot, first }
    }

    fn refresh(&self, token: &str) -> Answer {
        self.robot.refresh(&self.world, token)
    }

    fn family(&self, token: &str) -> Family {
        let id = OpaqueToken::parse(TokenKind::RefreshToken, token).unwrap().id::<RefreshToken>();
        self.world.read(|view| {
            let row = view.get(&REFRESH, &id)?.unwrap();
            Ok(view.get(&FAMILIES, &row.family)?.unwrap())
        })
    }

    fn change(&self, change: impl Fn(Terms) -> Terms + Send + 'static) {
        let id = self.world.machine_id(&self.robot);
        let change = move |machine: &_| -> Result<Terms, Declined> { Ok(change(Terms::of(machine)?)) };
        self.world
            .block(machines::change(&self.world.app, &self.world.operator(), id, Seen::Anything, change))
            .unwrap();
    }
}

#[test]
fn a_machine_refreshes_if_it_may() {
    let line = Line::new();
    let (world, robot) = (&line.world, &line.robot);
    let tokens = line.refresh(&line.first).tokens();
    let id = robot.id.to_string();
    let said = tokens.claims();
    assert_eq!((&said["sub"], &said["client_id"], &said["aud"]), (&json!(id), &json!(id), &json!(API)));
    assert_eq!((&said["type"], tokens.scope.as_str()), (&json!("machine"), "mcp:read mcp:write"));
    for absent in ["auth_time", "acr", "amr", "act"] {
        assert!(said.get(absent).is_none(), "{absent}");
    }
    assert_eq!(said["grant_id"], line.family(&line.first).id.to_string());
    assert_eq!(robot.introspect(world, &tokens.access)["active"], true);
    let next = tokens.refresh.unwrap();
    let read = robot.introspect(world, &next);
    assert_eq!((&read["active"], &read["sub"]), (&json!(true), &json!(id)));
    assert_ne!(next, line.first);
    // Narrower if it wants, and never wider; its ceiling counts as it is now.
    let ask = |scope: &str| {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", next.as_str()), ("scope", scope)];
        robot.token_request(world, &fields)
    };
    ask("mcp:read mcp:tools").expect_refusal(400, "invalid_scope", "ScopeWidened");
    let narrow = ask("mcp:write").tokens();
    assert_eq!(narrow.scope, "mcp:write");
    line.change(|terms| Terms { scope: "mcp:read".parse().unwrap(), ..terms });
    let last = line.refresh(&narrow.refresh.unwrap()).tokens();
    assert_eq!(last.scope, "mcp:read");
    // It ends what it has as an application does (RFC 7009).
    let revoke = world.request("POST", "/oauth/revoke").basic(&id, robot.secret.as_deref().unwrap());
    let refresh = last.refresh.unwrap();
    revoke.form(&[("token", &refresh)]).send().expect_status(200);
    line.refresh(&refresh).expect_refusal(400, "invalid_grant", "FamilyOver");
    assert_eq!(robot.introspect(world, &last.access)["active"], false);
}

#[test]
fn a_machine_that_may_not_gets_none_and_client_credentials_bring_none() {
    let world = World::new();
    let ada = world.administrator("ada");
    world.resource(API, "mcp:read mcp:write");
    let plain = keyed(&world, &ada, terms());
    assert!(exchange(&world, API, &plain).get("refreshJwt").is_none());
    let name = DisplayName::parse("lasting").unwrap();
    let robot = keyed(&world, &ada, Terms { refresh_tokens: true, name, ..terms() });
    assert_eq!(robot.client_credentials(&world, &[]).tokens().refresh, None, "OAuth 2.1 §4.2.3");
    let token = exchange(&world, API, &robot)["refreshJwt"].as_str().unwrap().to_owned();
    // Another machine that found it, and the machine's id without its key.
    plain.refresh(&world, &token).expect_refusal(400, "invalid_grant", "RefreshOfAnotherClient");
    let bare = ClientApp { secret: None, ..robot.clone() };
    bare.refresh(&world, &token).expect_refused(401, "invalid_client");
    robot.refresh(&world, &token).tokens();
}

/// A project that is no resource stays the audience of the whole line.
#[test]
fn a_refreshed_token_is_for_whom_the_first_was() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = keyed(&world, &ada, Terms { refresh_tokens: true, ..terms() });
    let token = exchange(&world, "main", &robot)["refreshJwt"].as_str().unwrap().to_owned();
    assert_eq!(robot.refresh(&world, &token).tokens().claims()["aud"], "main");
}

/// Case 17: whoever comes with a refresh token that is long used ends the line.
#[test]
fn case_17_a_replayed_token_of_a_machine_ends_its_line() {
    let line = Line::new();
    let second = line.refresh(&line.first).tokens();
    let third = line.refresh(&second.refresh.clone().unwrap()).tokens();
    line.world.later(Lifetime::from_minutes(11));
    line.refresh(&line.first).expect_refusal(400, "invalid_grant", "RefreshReplayed");
    line.refresh(&third.refresh.unwrap()).expect_refusal(400, "invalid_grant", "FamilyOver");
    assert_eq!(line.robot.introspect(&line.world, &third.access)["active"], false);
    line.world.expect_event("refresh.replayed");
}

/// Case 18: what stops the machine stops its lines, also once it goes on.
#[test]
fn case_18_a_stopped_machine_refreshes_nothing_it_had() {
    let line = Line::new();
    let (world, id) = (&line.world, line.world.machine_id(&line.robot));
    let kept = line.refresh(&line.first).tokens();
    let refresh = kept.refresh.unwrap();
    world.block(machines::suspend(&world.app, &world.operator(), id, Seen::Anything, "lost")).unwrap();
    line.refresh(&refresh).expect_refused(401, "invalid_client");
    world.later(Lifetime::from_minutes(1));
    world.block(machines::resume(&world.app, &world.operator(), id, Seen::Anything)).unwrap();
    line.refresh(&refresh).expect_refusal(400, "invalid_grant", "FamilyOver");
    assert_eq!(line.robot.introspect(world, &kept.access)["active"], false);
    // A new line is good, until it may have none any more.
    world.later(Lifetime::from_seconds(1));
    let token = exchange(world, API, &line.robot)["refreshJwt"].as_str().unwrap().to_owned();
    let token = line.refresh(&token).tokens().refresh.unwrap();
    line.change(|terms| Terms { refresh_tokens: false, ..terms });
    line.refresh(&token).expect_refusal(400, "unauthorized_client", "GrantNotAllowed");
}

/// For a token of another issuer, by either of its grants.
#[test]
fn a_workload_gets_a_refresh_token_where_its_machine_may_have_one() {
    let world = World::new();
    let ada = world.administrator("ada");
    world.resource(API, "mcp:read mcp:write");
    let key = KeyPair::new("ES256");
    let robot = keyed(&world, &ada, Terms { refresh_tokens: true, ..terms() });
    let trust = writ::model::Trust {
        issuer: "https://ci.example".to_owned(),
        audience: ISSUER.to_owned(),
        jwks_uri: None,
        jwks: Some(json!({ "keys": [key.jwk("key-1")] })),
        rules: vec!["sub=job".parse().unwrap()],
        preset: None,
        token_use: writ::model::TokenUse::Once,
    };
    let new =
        NewCredential { name: DisplayName::parse("ci").unwrap(), proof: NewProof::Trust(trust), expires_at: None };
    let id = world.machine_id(&robot);
    world.block(writ::operations::credentials::create(&world.app, &world.operator(), id, new)).unwrap();
    let token = |jti: &str| {
        let now = world.now().seconds();
        let claims = json!({
            "iss": "https://ci.example", "sub": "job", "aud": ISSUER, "iat": now, "exp": now + 300, "jti": jti,
        });
        key.signs(&json!({ "alg": "ES256", "kid": "key-1" }), &claims)
    };
    let bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    let first = world.token(&[("grant_type", bearer), ("assertion", &token("1"))]).tokens();
    let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    let jwt = "urn:ietf:params:oauth:token-type:jwt";
    let fields = [("grant_type", exchange), ("subject_token_type", jwt)];
    let second = world.token(&[&fields[..], &[("subject_token", &token("2"))]].concat()).tokens();
    for got in [first, second] {
        let refresh = got.refresh.unwrap();
        // It proves who it is each time, by another token of its issuer's or by any credential.
        world
            .token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)])
            .expect_refused(401, "invalid_client");
        let with = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.as_str()),
            ("client_assertion_type", crate::world::JWT_BEARER),
        ];
        let jti = format!("with {refresh}");
        let next = world.token(&[&with[..], &[("client_assertion", &token(&jti))]].concat()).tokens();
        robot.refresh(&world, &next.refresh.unwrap()).tokens();
    }
    let page = world.read(|view| writ::store::audit_page(view, None, None, 5));
    let Event::TokenIssued { grant, family, .. } = &page.entries[0].event else { panic!("{:?}", page.entries[0]) };
    assert_eq!((grant.as_str(), family.is_some()), ("refresh_token", true));
}

/// Neither the line nor what comes of it outlives the machine.
#[test]
fn a_line_ends_with_its_machine() {
    let line = Line::new();
    let end = line.world.now().plus(Lifetime::from_minutes(10));
    line.change(move |terms| Terms { expires_at: Some(end), ..terms });
    let given = exchange(&line.world, API, &line.robot);
    let until = |token: &str| crate::world::claims(token)["exp"].as_i64().unwrap();
    assert_eq!(until(given["sessionJwt"].as_str().unwrap()), end.seconds());
    let first = given["refreshJwt"].as_str().unwrap();
    assert_eq!(line.family(first).expires_at, end);
    line.world.later(Lifetime::from_minutes(4));
    // Of a line that is older than the end as well.
    for token in [first, &line.first] {
        let answer = line.refresh(token);
        assert_eq!(answer.json()["expires_in"], 360);
        assert_eq!(until(&answer.tokens().access), end.seconds());
    }
}
