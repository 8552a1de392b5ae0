//! Machines known by the tokens of other issuers: GitHub, GitLab, Kubernetes, fly.io, SPIFFE. RFC 7523 §2.1, §2.2, §3.
//! Attack cases 26 and 57.

use serde_json::{Map, Value, json};
use writ::base::{AddressRange, Id, Lifetime};
use writ::model::{Credential, CredentialKind, Event, MachineKind, TokenUse, Trust};
use writ::operations::credentials::{self, NewCredential, NewProof};
use writ::operations::declined::Declined;
use writ::operations::machines::{self, NewMachine, Terms};
use writ::operations::seen::Seen;
use writ::operations::{federation, housekeeping};
use writ::protocol::display_name::DisplayName;
use writ::store::audit_page;

use crate::world::{
    Answer, ClientApp, DISCOVERY, ISSUER, JWT_BEARER, KeyPair, OpenIdIssuer, Someone, World, at_once, base64, unsigned,
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const PLATFORMS: [&str; 5] = ["github", "gitlab", "kubernetes", "fly", "spiffe"];

/// An appliance, an issuer, and somebody who answers for machines.
struct Stage {
    world: World,
    issuer: OpenIdIssuer,
    ada: Someone,
}

fn documented(platform: &str) -> Value {
    let all: Map<String, Value> = serde_json::from_str(include_str!("../../vectors/workload_tokens.json")).unwrap();
    all[platform].clone()
}

fn changed(mut members: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        members[name] = value.clone();
    }
    members.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    members
}

impl Stage {
    fn new() -> Self {
        let world = World::with_websites();
        let ada = world.administrator("ada");
        world.resource("https://mcp.example/a", "mcp:read mcp:write");
        Self { issuer: OpenIdIssuer::new("ES256"), ada, world }
    }

    /// What the platform's rules say, for the issuer of this stage; SPIFFE's says who it is in its own way.
    fn trust(&self, platform: &str) -> Trust {
        let known = documented(platform);
        let rules = known["rules"].as_array().unwrap().iter().map(|rule| rule.as_str().unwrap().parse().unwrap());
        let spiffe = platform == "spiffe";
        Trust {
            issuer: if spiffe { "spiffe://prod.example.org".to_owned() } else { self.issuer.url.clone() },
            audience: ISSUER.to_owned(),
            jwks_uri: spiffe.then(|| format!("{}/keys", self.issuer.url)),
            jwks: None,
            rules: rules.collect(),
            preset: Some(platform.to_owned()),
            token_use: TokenUse::Once,
        }
    }

    /// A machine with this trust and nothing else.
    fn machine(&self, name: &str, trust: Trust) -> ClientApp {
        let name = DisplayName::parse(name).unwrap();
        self.machine_with(Terms::new(name, MachineKind::Ci, "tests", "mcp:read".parse().unwrap()), trust)
    }

    fn machine_with(&self, terms: Terms, trust: Trust) -> ClientApp {
        let credential = Some(new(trust));
        let owner = self.ada.email.parse().unwrap();
        let new = NewMachine { terms, owner, tenant: writ::model::TenantName::default(), credential };
        let made = self.world.block(machines::add(&self.world.app, &self.world.operator(), new)).unwrap();
        ClientApp {
            id: writ::model::ClientId::Machine(made.machine.id),
            secret: None,
            redirect_uri: String::new(),
            resource: None,
        }
    }

    /// A good token with changes: null leaves a claim out.
    fn claims(&self, platform: &str, jti: &str, changes: &Value) -> Value {
        let known = documented(platform);
        let now = self.world.now().seconds();
        let mut claims = known["claims"].clone();
        if platform != "spiffe" {
            claims["iss"] = self.issuer.url.clone().into();
        }
        if claims.get("jti").is_some() {
            claims["jti"] = jti.into();
        }
        claims["aud"] = ISSUER.into();
        claims["iat"] = now.into();
        claims["nbf"] = now.into();
        claims["exp"] = (now + known["lifetime"].as_i64().unwrap()).into();
        changed(claims, changes)
    }

    fn header(&self, platform: &str, changes: &Value) -> Value {
        let mut header = documented(platform)["header"].clone();
        header["alg"] = self.issuer.key.alg.into();
        changed(header, changes)
    }

    fn token(&self, platform: &str, jti: &str, changes: &Value) -> String {
        self.issuer.key.signs(&self.header(platform, &json!({})), &self.claims(platform, jti, changes))
    }

    fn bearer(&self, token: &str) -> Answer {
        self.bearer_with(token, &[])
    }

    fn bearer_with(&self, token: &str, more: &[(&str, &str)]) -> Answer {
        let mut fields = vec![("grant_type", GRANT), ("assertion", token)];
        fields.extend(more);
        self.world.token(&fields)
    }

    fn asserts(&self, token: &str, more: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("grant_type", "client_credentials"),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", token),
        ];
        fields.extend(more);
        self.world.token(&fields)
    }

    #[track_caller]
    fn refused(&self, token: &str, what: &str) {
        let answer = self.bearer(token);
        assert_eq!(answer.told().refusal, "GrantAssertionInvalid", "{what}: {}", answer.body);
        answer.expect_refused(400, "invalid_grant");
    }

    /// The newest event of this name.
    fn event(&self, name: &str) -> Event {
        let page = self.world.read(|view| audit_page(view, None, None, 40));
        let found = page.entries.into_iter().find(|entry| entry.event.name() == name);
        found.unwrap_or_else(|| panic!("no {name}")).event
    }

    fn add(&self, machine: &ClientApp, trust: Trust) -> Result<Credential, Declined> {
        let id = self.world.machine_id(machine);
        let made = self.world.block(credentials::create(&self.world.app, &self.world.operator(), id, new(trust)));
        made.map(|made| made.credential)
    }
}

fn new(trust: Trust) -> NewCredential {
    NewCredential { name: DisplayName::parse("ci").unwrap(), proof: NewProof::Trust(trust), expires_at: None }
}

#[test]
fn each_platforms_token_buys_the_machines_own() {
    let stage = Stage::new();
    for platform in PLATFORMS {
        let machine = stage.machine(platform, stage.trust(platform));
        let id = machine.id.to_string();
        let tokens = stage.bearer(&stage.token(platform, &format!("{platform} 1"), &json!({}))).tokens();
        assert_eq!((tokens.claims()["sub"].as_str(), tokens.claims()["client_id"].as_str()), (Some(&*id), Some(&*id)));
        assert_eq!(tokens.claims()["scope"], "mcp:read");
        assert_eq!(tokens.refresh, None, "{platform}");
        let trust = stage.world.credentials(&machine).remove(0).id;
        let Event::TokenIssued { grant, credential: by, .. } = stage.event("token.issued") else { panic!() };
        assert_eq!((grant.as_str(), by), ("jwt_bearer", Some(trust)), "{platform}");

        // A second later the platform makes another. The machine's own id may stand beside it, and nobody else's.
        stage.world.later(Lifetime::from_seconds(1));
        let other = Id::<writ::model::Machine>::from_bytes([7; 16]).to_string();
        let token = stage.token(platform, &format!("{platform} 2"), &json!({}));
        stage.bearer_with(&token, &[("client_id", &other)]).expect_refusal(
            400,
            "invalid_grant",
            "GrantAssertionInvalid",
        );
        stage.bearer_with(&token, &[("client_id", &id), ("scope", "mcp:read")]).tokens();

        // And the same as a client assertion, RFC 7523 §2.2.
        stage.world.later(Lifetime::from_seconds(1));
        let token = stage.token(platform, &format!("{platform} 3"), &json!({}));
        stage.asserts(&token, &[("client_id", &other)]).expect_refusal(401, "invalid_client", "AssertionInvalid");
        stage.asserts(&token, &[("client_id", &id)]).tokens();
        stage.asserts(&token, &[]).expect_refusal(401, "invalid_client", "AssertionReplayed");
        stage.bearer(&token).expect_refusal(400, "invalid_grant", "GrantAssertionReplayed");
        stage.world.later(Lifetime::from_seconds(1));
        stage.asserts(&stage.token(platform, &format!("{platform} 4"), &json!({})), &[]).tokens();
    }
}

/// RFC 8693 §2.1: the same token, the same trusts and the same checks, under another grant type.
#[test]
fn a_workloads_token_is_exchanged_for_the_machines_own() {
    let stage = Stage::new();
    let machine = stage.machine("ci", stage.trust("github"));
    let id = machine.id.to_string();
    let exchange = |token: &str, changes: &[(&str, &str)]| {
        let mut fields = vec![("grant_type", EXCHANGE), ("subject_token", token), ("subject_token_type", JWT)];
        fields.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        fields.extend(changes);
        stage.world.token(&fields)
    };
    let token = stage.token("github", "1", &json!({}));
    let answer = exchange(&token, &[("requested_token_type", JWT), ("scope", "mcp:read"), ("client_id", &id)]);
    let (body, got) = (answer.json(), answer.tokens());
    assert_eq!((&body["issued_token_type"], got.refresh.as_ref()), (&json!(JWT), None));
    assert_eq!((got.claims()["sub"].as_str(), got.claims()["client_id"].as_str()), (Some(&*id), Some(&*id)));
    assert!(got.claims().get("act").is_none(), "it is nobody but itself");
    let trust = stage.world.credentials(&machine).remove(0).id;
    let Event::TokenIssued { grant, credential: by, .. } = stage.event("token.issued") else { panic!() };
    assert_eq!((grant.as_str(), by), ("token_exchange", Some(trust)));

    // Used once, by whichever grant.
    exchange(&token, &[]).expect_refusal(400, "invalid_request", "WorkloadTokenRefused");
    stage.bearer(&token).expect_refusal(400, "invalid_grant", "GrantAssertionReplayed");
    let refused = |what: &str, token: &str, changes: &[(&str, &str)], refusal: &str| {
        let answer = exchange(token, changes);
        assert_eq!(answer.told().refusal, refusal, "{what}: {}", answer.body);
    };
    let fresh = stage.token("github", "2", &json!({}));
    let other = Id::<writ::model::Machine>::from_bytes([7; 16]).to_string();
    refused("another's name", &fresh, &[("client_id", &other)], "WorkloadTokenRefused");
    refused("an actor", &fresh, &[("actor_token", &token), ("actor_token_type", JWT)], "ActorTokenForeign");
    refused("too much", &fresh, &[("scope", "mcp:write")], "ScopeNoneLeft");
    refused("as an access token", &fresh, &[("subject_token_type", ACCESS_TOKEN)], "ClientUnknown");
    refused("the machine's own token", &got.access, &[], "WorkloadTokenRefused");
    let pull_request = stage.token("github", "3", &json!({ "repository_id": "1" }));
    refused("of another repository", &pull_request, &[], "WorkloadTokenRefused");
    refused(
        "of another issuer's key",
        &KeyPair::new("ES256").signs(&stage.header("github", &json!({})), &stage.claims("github", "4", &json!({}))),
        &[],
        "WorkloadTokenRefused",
    );
    // With a credential beside it, it is a subject token like any other, and those are ours.
    let robot = stage.world.machine("robot", &stage.ada, "mcp:read");
    let fields = [("grant_type", EXCHANGE), ("subject_token", fresh.as_str()), ("subject_token_type", JWT)];
    let answer = robot.token_request(&stage.world, &fields);
    answer.expect_refusal(400, "invalid_request", "SubjectTokenInvalid");
    // None of that spent it. Of many at once, one buys.
    let answers = at_once(10, |_| exchange(&fresh, &[]).status);
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
}

#[test]
fn what_a_machine_may_have_is_what_it_may_have_by_any_credential() {
    let stage = Stage::new();
    stage.world.resource("https://mcp.example/b", "mcp:read");
    let terms = Terms::new(DisplayName::parse("ci").unwrap(), MachineKind::Ci, "tests", "mcp:read".parse().unwrap());
    let access = vec![writ::model::Access {
        resource: writ::base::Resource::parse("https://mcp.example/a").unwrap(),
        scope: None,
        access_for: Some(Lifetime::from_minutes(7)),
    }];
    let machine = stage.machine_with(Terms { access, ..terms }, stage.trust("github"));
    let token = |jti: &str| stage.token("github", jti, &json!({}));
    let ask = |jti: &str, more: &[(&str, &str)]| stage.bearer_with(&token(jti), more);
    let tokens = ask("1", &[("resource", "https://mcp.example/a"), ("scope", "mcp:read mcp:write")]).tokens();
    assert_eq!(
        (tokens.claims()["aud"].as_str(), tokens.claims()["scope"].as_str()),
        (Some("https://mcp.example/a"), Some("mcp:read"))
    );
    assert_eq!(tokens.claims()["exp"].as_i64().unwrap() - tokens.claims()["iat"].as_i64().unwrap(), 420);
    ask("2", &[("resource", "https://mcp.example/b")]).expect_refusal(400, "invalid_target", "ResourceNotAllowed");
    ask("3", &[("scope", "mcp:write")]).expect_refusal(400, "invalid_scope", "ScopeNoneLeft");
    // What bought nothing is not used up.
    ask("3", &[("scope", "mcp:read")]).tokens();
    // A token that a machine is known by may buy one that is bound to a key, too.
    let key = KeyPair::new("ES256");
    let workload = token("4");
    let fields = [("grant_type", GRANT), ("assertion", workload.as_str())];
    let bound = machine.token_request_with(&stage.world, &fields, &[&key.for_tokens(&stage.world)]).bound_tokens();
    assert_eq!(bound.claims()["cnf"]["jkt"], key.thumbprint());
}

#[test]
fn case_57_a_token_that_only_looks_right_is_refused() {
    let stage = Stage::new();
    stage.machine("deploy", stage.trust("github"));
    for (n, changes) in [
        // The name is right, the repository is another: it was renamed, deleted, or is a fork.
        json!({ "repository_id": "75" }),
        json!({ "repository_owner_id": "66" }),
        json!({ "repository_id": null }),
        // What somebody proposes.
        json!({ "ref": "refs/pull/7/merge", "event_name": "pull_request", "sub": "repo:octo-org/octo-repo:pull_request" }),
        json!({ "event_name": "pull_request_target" }),
        json!({ "ref": "refs/heads/feature" }),
        // For somebody else, or for nobody.
        json!({ "aud": null }),
        json!({ "aud": "https://github.com/octo-org" }),
        json!({ "aud": [] }),
        json!({ "aud": format!("{ISSUER}/") }),
        // Over, or not yet, or for ever.
        json!({ "exp": stage.world.now().seconds() - 30 }),
        json!({ "exp": null }),
        json!({ "exp": stage.world.now().seconds() + 86_401 }),
        json!({ "iat": stage.world.now().seconds() + 31 }),
        json!({ "nbf": stage.world.now().seconds() + 31 }),
        // Of somebody else.
        json!({ "iss": "https://token.actions.githubusercontent.com" }),
        json!({ "iss": format!("{}/", stage.issuer.url) }),
        json!({ "iss": null }),
        json!({ "iss": ISSUER }),
        json!({ "sub": null }),
        json!({ "jti": "" }),
    ]
    .into_iter()
    .enumerate()
    {
        stage.refused(&stage.token("github", &format!("bad {n}"), &changes), &changes.to_string());
    }
    stage.world.expect_event("token.refused");
    stage.bearer(&stage.token("github", "bad 0", &json!({}))).tokens();

    stage.machine("import", stage.trust("kubernetes"));
    let kubernetes = |uid: &str| json!({ "kubernetes.io": { "namespace": "billing", "serviceaccount": { "name": "importer", "uid": uid } } });
    stage.refused(&stage.token("kubernetes", "", &kubernetes("made-again")), "another service account of that name");
    stage.bearer(&stage.token("kubernetes", "", &json!({}))).tokens();
}

#[test]
fn case_57_a_token_is_good_once() {
    let stage = Stage::new();
    let machine = stage.machine("deploy", stage.trust("github"));
    let token = stage.token("github", "once", &json!({}));
    stage.bearer(&token).tokens();
    stage.bearer(&token).expect_refusal(400, "invalid_grant", "GrantAssertionReplayed");
    // The same number in another token of its issuer is a replay, whichever door it comes through.
    let again = stage.token("github", "once", &json!({ "run_attempt": "3" }));
    stage.bearer(&again).expect_refusal(400, "invalid_grant", "GrantAssertionReplayed");
    stage.asserts(&again, &[]).expect_refusal(401, "invalid_client", "AssertionReplayed");
    // Nor does another trust make it good again.
    let trust = stage.world.credentials(&machine).remove(0).id;
    stage
        .world
        .block(credentials::revoke(&stage.world.app, &stage.world.operator(), trust, Seen::Anything, "tests"))
        .unwrap();
    stage.add(&machine, stage.trust("github")).unwrap();
    stage.bearer(&token).expect_refusal(400, "invalid_grant", "GrantAssertionReplayed");
    // It is remembered for as long as it would be accepted.
    stage.world.later(Lifetime::from_millis(329_999));
    stage.world.block(housekeeping::round(&stage.world.app)).unwrap();
    stage.bearer(&token).expect_refusal(400, "invalid_grant", "GrantAssertionReplayed");
    stage.world.later(Lifetime::from_millis(1));
    stage.world.block(housekeeping::round(&stage.world.app)).unwrap();
    stage.bearer(&token).expect_refusal(400, "invalid_grant", "GrantAssertionInvalid");
}

#[test]
fn case_57_of_thirty_two_uses_at_once_one_wins() {
    let stage = Stage::new();
    for platform in ["github", "kubernetes"] {
        stage.machine(platform, stage.trust(platform));
        // With a number of its own, and known by its digest.
        let token = stage.token(platform, "once", &json!({}));
        let answers = at_once(32, |_| stage.bearer(&token));
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 31), "{platform}");
        for answer in lost {
            answer.expect_refusal(400, "invalid_grant", "GrantAssertionReplayed");
        }
    }
}

/// A platform that keeps a token in a file and renews it now and then cannot make one for each use.
#[test]
fn a_trust_may_take_a_token_again_until_it_ends() {
    let stage = Stage::new();
    stage.machine("import", Trust { token_use: TokenUse::UntilItEnds, ..stage.trust("kubernetes") });
    let token = stage.token("kubernetes", "", &json!({}));
    stage.bearer(&token).tokens();
    stage.asserts(&token, &[]).tokens();
    stage.bearer(&token).tokens();
    let long = json!({ "exp": stage.world.now().seconds() + 7_201 });
    stage.refused(&stage.token("kubernetes", "", &long), "longer than what may be used again lives");
    stage.world.later(Lifetime::from_seconds(3_637));
    stage.refused(&token, "over");
}

#[test]
fn case_26_a_workloads_header_that_is_a_trick_is_refused() {
    let stage = Stage::new();
    stage.machine("deploy", stage.trust("github"));
    let claims = stage.claims("github", "trick", &json!({}));
    let own = stage.issuer.key.jwk("key-1");
    for changes in [
        json!({ "alg": "none" }),
        json!({ "alg": "nOnE" }),
        json!({ "alg": "" }),
        json!({ "alg": null }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "RS256" }),
        json!({ "alg": "ES384" }),
        json!({ "crit": ["exp"] }),
        json!({ "b64": false }),
        json!({ "zip": "DEF" }),
        json!({ "typ": "at+jwt" }),
        json!({ "typ": "dpop+jwt" }),
        json!({ "typ": "logout+jwt" }),
        json!({ "typ": "client-authentication+jwt" }),
        json!({ "kid": "key-2" }),
        json!({ "kid": "../../../dev/null" }),
        json!({ "kid": "https://evil.test/jwks.json" }),
        json!({ "jwk": own }),
        json!({ "jku": "https://evil.test/jwks.json" }),
        json!({ "x5u": "https://evil.test/cert.pem" }),
        json!({ "x5c": ["MII"] }),
    ] {
        let header = stage.header("github", &changes);
        stage.refused(&stage.issuer.key.signs(&header, &claims), &changes.to_string());
        let answer = stage.asserts(&stage.issuer.key.signs(&header, &claims), &[]);
        assert_eq!(answer.told().refusal, "AssertionInvalid", "{changes}");
    }
    // Without a signature, in every shape of it.
    for alg in ["none", "ES256"] {
        let message = unsigned(&json!({ "alg": alg, "kid": "key-1" }), &claims);
        for signature in ["", ".", ".AA", &format!(".{}", base64(&[0; 64]))] {
            stage.refused(&format!("{message}{signature}"), alg);
        }
    }
    // The public key is no secret, so an HMAC made with it proves nothing.
    for secret in [own.to_string().into_bytes(), own["x"].as_str().unwrap().as_bytes().to_vec(), Vec::new()] {
        let message = unsigned(&json!({ "alg": "HS256", "kid": "key-1" }), &claims);
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret);
        let tag = base64(ring::hmac::sign(&key, message.as_bytes()).as_ref());
        stage.refused(&format!("{message}.{tag}"), "hmac");
    }
    // Another's key that calls itself the issuer's.
    let thief = KeyPair::new("ES256");
    stage.refused(&thief.signs(&stage.header("github", &json!({})), &claims), "another key");
    stage.bearer(&stage.issuer.key.signs(&stage.header("github", &json!({ "typ": "JOSE" })), &claims)).tokens();
}

/// Case 57 and 34: keys are kept, a new one is looked for once in a while, and strangers cannot make us ask.
#[test]
fn case_57_an_unknown_key_is_looked_for_once_in_a_while() {
    let stage = Stage::new();
    stage.machine("deploy", stage.trust("github"));
    for n in 0..5 {
        stage.bearer(&stage.token("github", &n.to_string(), &json!({}))).tokens();
    }
    assert_eq!(stage.issuer.asked(), [DISCOVERY, "/keys"]);

    // Whoever is no workload that a trust is for makes no request at all.
    let strange = stage.token("github", "strange", &json!({ "repository_id": "75" }));
    let elsewhere = stage.token("github", "elsewhere", &json!({ "iss": "https://localhost:1" }));
    for token in [strange, elsewhere] {
        stage.refused(&token, "a stranger");
    }
    assert_eq!(stage.issuer.asked(), Vec::<String>::new());

    let unknown = |jti: &str| {
        let header = stage.header("github", &json!({ "kid": "key-9" }));
        stage.issuer.key.signs(&header, &stage.claims("github", jti, &json!({})))
    };
    stage.world.later(Lifetime::from_seconds(11));
    for n in 0..20 {
        stage.refused(&unknown(&format!("unknown {n}")), "a key that there is not");
    }
    assert!(stage.issuer.asked().len() <= 2, "one round, however many came");

    // The issuer has turned its keys, and moved them.
    let next = KeyPair::new("ES256");
    let jwks = format!("{}/moved", stage.issuer.url);
    stage.issuer.set(DISCOVERY, json!({ "issuer": stage.issuer.url, "jwks_uri": jwks }));
    stage.issuer.set("/moved", json!({ "keys": [next.jwk("key-2")] }));
    stage.world.later(Lifetime::from_seconds(11));
    let header = stage.header("github", &json!({ "kid": "key-2" }));
    stage.bearer(&next.signs(&header, &stage.claims("github", "turned", &json!({})))).tokens();
}

#[test]
fn case_57_an_issuer_that_says_it_is_another_is_not_believed() {
    for document in [
        json!({ "issuer": "https://token.actions.githubusercontent.com", "jwks_uri": "JWKS" }),
        json!({ "issuer": "ISSUER/", "jwks_uri": "JWKS" }),
        json!({ "jwks_uri": "JWKS" }),
        json!({ "issuer": "ISSUER" }),
        json!({ "issuer": "ISSUER", "jwks_uri": "http://localhost/keys" }),
        json!({ "issuer": "ISSUER", "jwks_uri": "https://192.168.0.1/keys" }),
        json!({ "issuer": "ISSUER", "jwks_uri": "ISSUER/nothing" }),
        json!([]),
    ] {
        let stage = Stage::new();
        let url = &stage.issuer.url;
        let text = document.to_string().replace("JWKS", &format!("{url}/keys")).replace("ISSUER", url);
        stage.issuer.set(DISCOVERY, serde_json::from_str(&text).unwrap());
        stage.machine("deploy", stage.trust("github"));
        stage.refused(&stage.token("github", "1", &json!({})), &text);
    }
}

/// A platform that does not answer for a moment is no reason to call its tokens bad.
#[test]
fn an_issuer_that_is_out_of_reach_decides_nothing() {
    let stage = Stage::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nowhere = Some(format!("https://localhost:{port}/keys"));
    stage.machine("deploy", Trust { jwks_uri: nowhere, ..stage.trust("github") });
    let token = stage.token("github", "1", &json!({}));
    for answer in [stage.bearer(&token), stage.asserts(&token, &[])] {
        assert_eq!(answer.told().refusal, "ClientOutOfReach", "{}", answer.body);
    }
}

#[test]
fn keys_may_be_given_where_they_cannot_be_fetched() {
    let stage = Stage::new();
    let jwk = json!({ "keys": [changed(stage.issuer.key.jwk("key-1"), &json!({ "use": "jwt-svid" }))] });
    let trust = Trust { jwks: Some(jwk), jwks_uri: None, ..stage.trust("spiffe") };
    stage.machine("svid", trust);
    stage.bearer(&stage.token("spiffe", "", &json!({}))).tokens();
    // The true GitHub, whose keys a network without a way out has in a file.
    let github = "https://token.actions.githubusercontent.com";
    let jwks = json!({ "keys": [stage.issuer.key.jwk("key-1")] });
    stage.machine("deploy", Trust { issuer: github.to_owned(), jwks: Some(jwks), ..stage.trust("github") });
    stage.bearer(&stage.token("github", "1", &json!({ "iss": github }))).tokens();
    assert_eq!(stage.issuer.asked(), Vec::<String>::new());
    let secret = json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] });
    let refused = stage
        .add(&stage.world.machine("x", &stage.ada, "mcp:read"), Trust { jwks: Some(secret), ..stage.trust("github") });
    assert!(matches!(refused, Err(Declined::Invalid(_))), "{refused:?}");
}

#[test]
fn case_57_a_token_that_two_machines_are_known_by_is_nobodys() {
    let stage = Stage::new();
    let deploy = stage.machine("deploy", stage.trust("github"));
    // The same rules cannot be given to another.
    let other = stage.world.machine("other", &stage.ada, "mcp:write");
    assert!(matches!(stage.add(&other, stage.trust("github")), Err(Declined::Conflict(_))));
    // Rules that overlap can; a token that fulfils both is refused, and the log says which they are.
    let mut wider = stage.trust("github");
    wider.rules.retain(|rule| rule.claim != "ref");
    let second = stage.add(&other, wider).unwrap();
    stage.bearer(&stage.token("github", "1", &json!({}))).expect_refusal(400, "invalid_grant", "TrustAmbiguous");
    let Event::TrustAmbiguous { credentials, machines, .. } = stage.event("credential.ambiguous") else { panic!() };
    assert_eq!((credentials.len(), machines.len()), (2, 2));
    assert!(credentials.contains(&second.id));
    stage.asserts(&stage.token("github", "2", &json!({})), &[]).expect_refusal(
        401,
        "invalid_client",
        "AssertionInvalid",
    );
    // A forged one is not worth a line.
    let before = stage.world.events(1_000).len();
    let thief = KeyPair::new("ES256");
    stage
        .refused(&thief.signs(&stage.header("github", &json!({})), &stage.claims("github", "3", &json!({}))), "forged");
    assert_eq!(stage.world.events(1_000).len(), before);

    // Where the rules differ there is no doubt, and one that does not act stands in nobody's way.
    let feature = json!({ "ref": "refs/heads/feature" });
    let tokens = stage.bearer(&stage.token("github", "4", &feature)).tokens();
    assert_eq!(tokens.claims()["client_id"], other.id.to_string());
    let id = stage.world.machine_id(&other);
    stage
        .world
        .block(machines::suspend(&stage.world.app, &stage.world.operator(), id, Seen::Anything, "tests"))
        .unwrap();
    let tokens = stage.bearer(&stage.token("github", "5", &json!({}))).tokens();
    assert_eq!(tokens.claims()["client_id"], deploy.id.to_string());
    stage.bearer(&stage.token("github", "6", &feature)).expect_refusal(401, "invalid_client", "ClientSuspended");
}

/// While one trust of a machine is replaced by another, both may take a token: it is the same machine's.
#[test]
fn a_trust_is_replaced_without_a_gap() {
    let stage = Stage::new();
    let machine = stage.machine("deploy", stage.trust("github"));
    let mut narrower = stage.trust("github");
    narrower.rules.push("environment=production".parse().unwrap());
    let next = stage.add(&machine, narrower).unwrap();
    let deployed = json!({ "environment": "production" });
    stage.bearer(&stage.token("github", "1", &deployed)).tokens();
    let Event::TokenIssued { credential, .. } = stage.event("token.issued") else { panic!() };
    assert_eq!(credential, Some(next.id), "the narrowest");
    let old = stage.world.credentials(&machine).into_iter().find(|known| known.id != next.id).unwrap();
    stage
        .world
        .block(credentials::revoke(&stage.world.app, &stage.world.operator(), old.id, Seen::Anything, "narrower now"))
        .unwrap();
    stage.bearer(&stage.token("github", "2", &deployed)).tokens();
    stage.refused(&stage.token("github", "3", &json!({})), "no environment");
}

#[test]
fn a_machine_that_may_not_act_is_refused_by_its_trust_too() {
    let stage = Stage::new();
    let terms = Terms::new(DisplayName::parse("ci").unwrap(), MachineKind::Ci, "tests", "mcp:read".parse().unwrap());
    let end = stage.world.now().plus(Lifetime::from_minutes(4));
    let machine = stage.machine_with(Terms { expires_at: Some(end), ..terms }, stage.trust("github"));
    let id = stage.world.machine_id(&machine);
    let (app, ctx) = (&stage.world.app, stage.world.operator());
    let ask = |jti: &str| stage.bearer(&stage.token("github", jti, &json!({})));
    ask("1").tokens();
    stage.world.block(machines::suspend(app, &ctx, id, Seen::Anything, "tests")).unwrap();
    ask("2").expect_refusal(401, "invalid_client", "ClientSuspended");
    stage.world.block(machines::resume(app, &ctx, id, Seen::Anything)).unwrap();
    ask("2").tokens();
    let trust = stage.world.credentials(&machine).remove(0).id;
    stage.world.block(credentials::revoke(app, &ctx, trust, Seen::Anything, "tests")).unwrap();
    ask("3").expect_refusal(400, "invalid_grant", "GrantAssertionInvalid");
    stage.add(&machine, stage.trust("github")).unwrap();
    ask("3").tokens();
    stage.world.later(Lifetime::from_minutes(4));
    ask("4").expect_refusal(401, "invalid_client", "MachineExpired");

    let terms = Terms::new(DisplayName::parse("far").unwrap(), MachineKind::Ci, "tests", "mcp:read".parse().unwrap());
    let networks = vec!["192.0.2.0/24".parse::<AddressRange>().unwrap()];
    stage.machine_with(Terms { networks, ..terms }, stage.trust("gitlab"));
    stage.bearer(&stage.token("gitlab", "1", &json!({}))).expect_refusal(
        400,
        "unauthorized_client",
        "NetworkNotAllowed",
    );
}

/// Whoever sends a credential besides is believed only with it.
#[test]
fn a_token_beside_a_credential_must_be_of_the_same_machine() {
    let stage = Stage::new();
    let machine = stage.world.machine("robot", &stage.ada, "mcp:read");
    let other = stage.world.machine("other", &stage.ada, "mcp:read");
    stage.add(&machine, stage.trust("github")).unwrap();
    let token = stage.token("github", "1", &json!({}));
    let ask = |who: &ClientApp, secret: &str| {
        let fields = [("grant_type", GRANT), ("assertion", token.as_str())];
        stage.world.request("POST", "/oauth/token").basic(&who.id.to_string(), secret).form(&fields).send()
    };
    ask(&machine, "wrong").expect_refused(401, "invalid_client");
    ask(&other, other.secret.as_deref().unwrap()).expect_refusal(400, "invalid_grant", "GrantAssertionInvalid");
    ask(&machine, machine.secret.as_deref().unwrap()).tokens();
    stage.world.token(&[("grant_type", GRANT)]).expect_refusal(400, "invalid_request", "MissingParameter");
    stage.bearer("nonsense").expect_refusal(400, "invalid_grant", "GrantAssertionInvalid");
}

#[test]
fn no_application_registers_itself_for_workload_tokens() {
    let world = World::new();
    let metadata = world.request("GET", "/.well-known/oauth-authorization-server").send().json();
    assert!(metadata["grant_types_supported"].as_array().unwrap().contains(&json!(GRANT)));
    let register = |grants: Value| {
        let ask = json!({ "client_name": "x", "redirect_uris": ["https://app.example/cb"], "grant_types": grants });
        world.request("POST", "/oauth/register").json(&ask).send()
    };
    let registered = register(json!(["authorization_code", GRANT])).expect_status(201).json();
    assert_eq!(registered["grant_types"], json!(["authorization_code"]));
    register(json!([GRANT])).expect_status(400);
}

/// As many trusts of one issuer as a platform has repositories cost a token nothing: it is found by what it says.
#[test]
fn a_token_finds_its_trust_among_thousands() {
    let stage = Stage::new();
    let machine = stage.machine("deploy", stage.trust("github"));
    let model = stage.world.credentials(&machine).remove(0);
    let (id, template) = (model.machine, stage.trust("github"));
    let entropy = stage.world.app.entropy.clone();
    stage.world.change("add trusts", move |tx| {
        for n in 100_000..102_000 {
            let rules = [format!("repository_id={n}"), "repository_owner_id=65".to_owned()];
            let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
            let kind = CredentialKind::Trust(Trust { rules, ..template.clone() });
            let credential = Credential { id: Id::new(tx.now(), &entropy)?, kind, ..model.clone() };
            tx.put(&writ::store::tables::CREDENTIALS, &credential.id, &credential)?;
        }
        tx.record(Event::CredentialRevoked { machine: id, credential: model.id, because: "tests".to_owned() })
    });
    stage.bearer(&stage.token("github", "1", &json!({}))).tokens();
    stage.bearer(&stage.token("github", "2", &json!({ "repository_id": "101999" }))).tokens();
    stage.refused(&stage.token("github", "3", &json!({ "repository_id": "102000" })), "one that there is not");
}

#[test]
fn a_token_is_held_against_a_trust_and_stays_good() {
    let stage = Stage::new();
    let machine = stage.machine("deploy", stage.trust("github"));
    let id = stage.world.credentials(&machine).remove(0).id;
    let try_it = |token: &str| {
        let token = writ::base::Secret::new(token);
        stage.world.block(federation::explain(&stage.world.app, &stage.world.operator(), id, &token, None)).unwrap()
    };
    let good = stage.token("github", "1", &json!({}));
    let trial = try_it(&format!("{good}\n"));
    assert!(trial.accepted, "{trial:#?}");
    stage.bearer(&good).tokens();
    let spent = try_it(&good);
    let said: Vec<_> = spent.checks.iter().filter(|check| !check.holds).map(|check| &*check.claim).collect();
    assert_eq!((spent.accepted, said), (false, vec!["used"]), "as the endpoint says");
    stage.bearer(&good).expect_refusal(400, "invalid_grant", "GrantAssertionReplayed");

    let bad = try_it(&stage.token("github", "2", &json!({ "ref": "refs/heads/feature", "aud": "x" })));
    assert!(!bad.accepted);
    let failed: Vec<_> = bad.checks.iter().filter(|check| !check.holds).collect();
    let said: Vec<_> = failed.iter().map(|check| (&*check.claim, &*check.expected, &*check.found)).collect();
    assert_eq!(said, [("aud", ISSUER, "x"), ("ref", "refs/heads/main", "refs/heads/feature")]);

    let thief = KeyPair::new("ES256");
    let forged = try_it(&thief.signs(&stage.header("github", &json!({})), &stage.claims("github", "3", &json!({}))));
    let failed: Vec<_> = forged.checks.iter().filter(|check| !check.holds).map(|check| &*check.claim).collect();
    assert_eq!(failed, ["signature"]);
}

/// What a trial says of a good token is what the endpoint says of it, whatever stands in the way.
#[test]
fn a_trial_says_what_the_endpoint_would() {
    let stage = Stage::new();
    let world = &stage.world;
    let machine = stage.machine("deploy", stage.trust("github"));
    let trust = world.credentials(&machine).remove(0).id;
    let id = world.machine_id(&machine);
    let failed = |from: Option<&str>| {
        let token = writ::base::Secret::new(stage.token("github", "never sent", &json!({})));
        let from = from.map(|from| from.parse().unwrap());
        let trial = world.block(federation::explain(&world.app, &world.operator(), trust, &token, from)).unwrap();
        let failed = trial.checks.iter().filter(|check| !check.holds);
        let failed: Vec<_> = failed.map(|check| (check.claim.clone(), check.found.clone())).collect();
        assert_eq!(trial.accepted, failed.is_empty());
        failed
    };
    let line = |claim: &str, found: &str| vec![(claim.to_owned(), found.to_owned())];
    let none: Vec<(String, String)> = Vec::new();
    assert_eq!(failed(None), none);

    world.block(machines::suspend(&world.app, &world.operator(), id, Seen::Anything, "drill")).unwrap();
    assert_eq!(failed(None), line("machine", "suspended"));
    world.block(machines::resume(&world.app, &world.operator(), id, Seen::Anything)).unwrap();

    let limited = |expires_at, networks: &[&str]| {
        let networks: Vec<writ::base::AddressRange> = networks.iter().map(|text| text.parse().unwrap()).collect();
        let change = move |machine: &writ::model::Machine| {
            Ok(Terms { networks: networks.clone(), expires_at, ..Terms::of(machine)? })
        };
        world.block(machines::change(&world.app, &world.operator(), id, Seen::Anything, change)).unwrap();
    };
    limited(None, &["192.0.2.0/24"]);
    assert_eq!(failed(None), line("network", "no address was said"));
    assert_eq!(failed(Some("192.0.3.7")), line("network", "192.0.3.7"));
    assert_eq!(failed(Some("192.0.2.7")), none);
    limited(Some(world.now().plus(Lifetime::from_hours(1))), &[]);
    world.later(Lifetime::from_hours(1));
    assert_eq!(failed(None), line("machine", "expired"));
    limited(None, &[]);

    // Known by another machine as well: nobody's token.
    let mut wider = stage.trust("github");
    wider.rules.retain(|rule| rule.claim != "ref");
    let twin = stage.machine("twin", wider);
    let found = failed(None);
    assert_eq!((found.len(), found[0].0.as_str()), (1, "identity"));
    assert!(found[0].1.starts_with(&twin.id.to_string()), "{found:?}");
    world
        .block(machines::suspend(&world.app, &world.operator(), world.machine_id(&twin), Seen::Anything, "drill"))
        .unwrap();
    assert_eq!(failed(None), none, "one that does not act stands in nobody's way");
}
