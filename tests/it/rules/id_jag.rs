//! The word of one server about a person, taken by another. draft-ietf-oauth-identity-assertion-authz-grant.

use serde_json::{Value, json};
use writ::base::{Lifetime, Resource};
use writ::model::{ClientId, Crossing, Event, GrantType, IdentityProvider, KeyState, PersonBy};
use writ::operations::crossings::{self, NewCrossing, Terms};
use writ::operations::declined::Declined;
use writ::operations::keys;
use writ::operations::people;
use writ::operations::providers::{self, NewProvider};
use writ::operations::seen::Seen;
use writ::store::audit_page;

use crate::world::{
    Answer, Browser, ClientApp, DISCOVERY, ISSUER, JWT_BEARER, KeyPair, OpenIdIssuer, Someone, Tokens, Website, World,
    at_once, claims, verified,
};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const REFRESH: &str = "urn:ietf:params:oauth:token-type:refresh_token";
/// The server that takes assertions.
const THERE: &str = "https://chat.example";
const API: &str = "https://chat.example/api";

fn event(world: &World, name: &str) -> Event {
    let page = world.read(|view| audit_page(view, None, None, 60));
    page.entries.into_iter().find(|entry| entry.event.name() == name).unwrap_or_else(|| panic!("no {name}")).event
}

fn crosses(world: &World, new: NewCrossing) -> Result<Crossing, Declined> {
    world.block(crossings::allow(&world.app, &world.operator(), new))
}

fn trusts(world: &World, issuer: &str, jwks: Value, person_by: PersonBy) -> Result<IdentityProvider, Declined> {
    let new = NewProvider { issuer: issuer.to_owned(), jwks_uri: None, jwks: Some(jwks), person_by, sign_in: None };
    world.block(providers::trust(&world.app, &world.operator(), new))
}

fn trusts_no_more(world: &World, issuer: &str) {
    let provider = world.block(providers::named(&world.app, issuer)).unwrap().id;
    world.block(providers::remove(&world.app, &world.operator(), provider, Seen::Anything)).unwrap();
}

/// A server that takes assertions, and the application that brings them.
struct There {
    world: World,
    grace: Someone,
    chat: ClientApp,
}

impl There {
    fn new() -> Self {
        let world = World::with(&[("public_url", THERE)]);
        world.administrator("root");
        let grace = world.person("grace");
        world.resource(API, "mcp:read mcp:write mcp:tools");
        let chat = world.confidential("chat");
        world.edit_client(&chat, |client| client.grant_types.push(GrantType::JwtBearer));
        Self { world, grace, chat }
    }

    fn link(&self, issuer: &str, subject: &str) {
        let (app, by, person) = (&self.world.app, self.world.operator(), self.grace.id);
        let provider = self.world.block(providers::named(app, issuer)).unwrap().id;
        self.world.block(providers::link(app, &by, provider, subject.to_owned(), person)).unwrap();
    }

    fn brings(&self, assertion: &str, more: &[(&str, &str)]) -> Answer {
        let mut fields = vec![("grant_type", BEARER), ("assertion", assertion)];
        fields.extend(more);
        self.chat.token_request(&self.world, &fields)
    }

    #[track_caller]
    fn refused(&self, assertion: &str, what: &str) {
        let answer = self.brings(assertion, &[]);
        assert_eq!(answer.told().refusal, "GrantAssertionInvalid", "{what}: {}", answer.body);
        answer.expect_refused(400, "invalid_grant");
    }
}

/// Two servers: one where Ada signs in, and one where she is called Grace.
struct Stage {
    here: World,
    browser: Browser,
    ada: Someone,
    wiki: ClientApp,
    there: There,
    crossing: Crossing,
}

impl Stage {
    fn new() -> Self {
        let here = World::new();
        let ada = here.administrator("ada");
        let wiki = here.confidential("wiki");
        here.edit_client(&wiki, |client| client.grant_types.push(GrantType::TokenExchange));
        let there = There::new();
        trusts(&there.world, ISSUER, here.jwks(), PersonBy::Link).unwrap();
        there.link(ISSUER, &ada.id.to_string());
        let new = NewCrossing {
            client: wiki.id.clone(),
            terms: Terms {
                audience: THERE.to_owned(),
                client_there: Some(there.chat.id.to_string()),
                scope: "mcp:read mcp:write".parse().unwrap(),
                resources: vec![Resource::parse(API).unwrap()],
            },
        };
        let crossing = crosses(&here, new).unwrap();
        Self { browser: here.signed_in(&ada), here, ada, wiki, there, crossing }
    }

    fn tokens(&mut self) -> Tokens {
        let code = self.wiki.code_with(&mut self.browser, &[("scope", "openid email")]);
        self.wiki.redeem(&self.here, &code).tokens()
    }

    fn asks(&self, subject: &str, changes: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("grant_type", EXCHANGE),
            ("requested_token_type", ID_JAG),
            ("audience", THERE),
            ("subject_token", subject),
            ("subject_token_type", ID_TOKEN),
        ];
        fields.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        fields.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        self.wiki.token_request(&self.here, &fields)
    }

    #[track_caller]
    fn assertion(&self, subject: &str, changes: &[(&str, &str)]) -> String {
        let body = self.asks(subject, changes).expect_status(200).json();
        body["access_token"].as_str().unwrap().to_owned()
    }
}

/// It is verified like an access token, and not remembered.
#[test]
fn case_29_an_id_token_of_a_revoked_key_buys_no_assertion() {
    let mut stage = Stage::new();
    let id_token = stage.tokens().id.unwrap();
    stage.assertion(&id_token, &[]);
    let (app, by) = (stage.here.app.clone(), stage.here.operator());
    for key in keys::list(&app).unwrap().iter().filter(|key| matches!(key.state, KeyState::Signing { .. })) {
        stage.here.block(keys::revoke(&app, &by, &key.kid, Seen::Anything, "a drill")).unwrap();
    }
    stage.asks(&id_token, &[]).expect_status(400);
    let id_token = stage.tokens().id.unwrap();
    stage.assertion(&id_token, &[]);
}

#[test]
fn an_application_carries_the_word_of_one_server_to_another() {
    let mut stage = Stage::new();
    let tokens = stage.tokens();
    stage.here.later(Lifetime::from_minutes(10));
    stage.there.world.later(Lifetime::from_minutes(10));
    let answer = stage.asks(tokens.id.as_deref().unwrap(), &[("scope", "mcp:read")]);
    let body = answer.expect_status(200).json();
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!((&body["issued_token_type"], &body["token_type"]), (&json!(ID_JAG), &json!("N_A")));
    assert_eq!((&body["expires_in"], &body["scope"]), (&json!(300), &json!("mcp:read")));
    assert!(body.get("refresh_token").is_none() && body.get("id_token").is_none());
    let assertion = body["access_token"].as_str().unwrap();
    let (header, said) = verified(&stage.here.jwks(), assertion);
    let (ada, now) = (stage.ada.id.to_string(), stage.here.now().seconds());
    assert_eq!(header["typ"], "oauth-id-jag+jwt");
    let members = [
        ("iss", json!(ISSUER)),
        ("sub", json!(ada)),
        ("aud", json!(THERE)),
        ("client_id", json!(stage.there.chat.id.to_string())),
        ("iat", json!(now)),
        ("exp", json!(now + 300)),
        ("auth_time", json!(now - 600)),
        ("resource", json!(API)),
        ("scope", json!("mcp:read")),
        ("amr", json!(["pwd"])),
        ("email", json!(stage.ada.email)),
    ];
    members.iter().for_each(|(name, value)| assert_eq!(said[name], *value, "{name}"));
    assert!(said.get("email_verified").is_none(), "nobody verified it");
    let Event::IdentityAsserted { client, person, crossing, assertion: jti, .. } =
        event(&stage.here, "token.identity_asserted")
    else {
        panic!()
    };
    assert_eq!((client, person, crossing), (stage.wiki.id.clone(), stage.ada.id, stage.crossing.id));
    assert_eq!(said["jti"], jti);
    // It opens nothing where it was made.
    let userinfo = stage.here.request("GET", "/oauth/userinfo").header("Authorization", &format!("Bearer {assertion}"));
    userinfo.send().expect_status(401);
    stage.asks(assertion, &[]).expect_refusal(400, "invalid_request", "SubjectTokenInvalid");

    let there = &stage.there;
    let got = there.brings(assertion, &[]).tokens();
    let token = got.claims();
    assert_eq!((&token["sub"], &token["aud"]), (&json!(there.grace.id.to_string()), &json!(API)));
    assert_eq!((&token["client_id"], &token["scope"]), (&json!(there.chat.id.to_string()), &json!("mcp:read")));
    assert_eq!((got.refresh, got.id), (None, None), "whoever wants more asks the provider again");
    for absent in ["auth_time", "acr", "amr", "act", "type"] {
        assert!(token.get(absent).is_none(), "nobody signed in here: {absent}");
    }
    assert_eq!(there.chat.introspect(&there.world, &got.access)["active"], true);
    let told = event(&there.world, "token.identity_accepted");
    let Event::IdentityAccepted { client, person, subject, assertion: jti, token: id, .. } = told else { panic!() };
    assert_eq!((client, person, subject), (there.chat.id.clone(), there.grace.id, ada));
    assert_eq!((json!(jti), json!(id)), (said["jti"].clone(), token["jti"].clone()));
    there.brings(assertion, &[]).expect_refusal(400, "invalid_grant", "GrantAssertionReplayed");

    // With the refresh token as well, when the id token is over.
    stage.here.later(Lifetime::from_hours(2));
    stage.there.world.later(Lifetime::from_hours(2));
    stage.asks(tokens.id.as_deref().unwrap(), &[]).expect_refusal(400, "invalid_request", "SubjectTokenInvalid");
    let refresh = tokens.refresh.as_deref().unwrap();
    let again = stage.assertion(refresh, &[("subject_token_type", REFRESH)]);
    let got = stage.there.brings(&again, &[("scope", "mcp:write"), ("resource", API)]).tokens();
    assert_eq!(got.scope, "mcp:write");
    let newest = stage.wiki.refresh(&stage.here, refresh).tokens().refresh.unwrap();
    let older = stage.asks(refresh, &[("subject_token_type", REFRESH)]);
    older.expect_refusal(400, "invalid_request", "SubjectTokenInvalid");

    // Whoever is stopped there is stopped, and what was given is over.
    let (world, grace) = (&stage.there.world, stage.there.grace.id);
    let kept = stage.assertion(&newest, &[("subject_token_type", REFRESH)]);
    world.block(people::suspend(&world.app, &world.operator(), grace, Seen::Anything, "left")).unwrap();
    assert_eq!(stage.there.chat.introspect(world, &got.access)["active"], false);
    stage.there.refused(&kept, "the person is suspended");
}

#[test]
fn metadata_says_who_takes_and_who_gives() {
    let stage = Stage::new();
    let say = |world: &World| world.request("GET", "/.well-known/oauth-authorization-server").send().json();
    let (here, there) = (say(&stage.here), say(&stage.there.world));
    let (gives, takes) =
        ("identity_chaining_requested_token_types_supported", "authorization_grant_profiles_supported");
    assert_eq!((&here[gives], here.get(takes)), (&json!([ID_JAG]), None));
    let profile = "urn:ietf:params:oauth:grant-profile:id-jag";
    assert_eq!((there.get(gives), &there[takes]), (None, &json!([profile])));
    assert!(there["grant_types_supported"].as_array().unwrap().contains(&json!(BEARER)));
    let app = &stage.here.app;
    stage.here.block(crossings::disallow(app, &stage.here.operator(), stage.crossing.id, Seen::Anything)).unwrap();
    let world = &stage.there.world;
    trusts_no_more(world, ISSUER);
    assert!(say(&stage.here).get(gives).is_none() && say(world).get(takes).is_none(), "what is off is not said");
}

/// Case 20: what the issuer gives nobody.
#[test]
fn case_20_an_identity_is_asserted_to_nobody_but_who_may_carry_it() {
    let mut stage = Stage::new();
    let tokens = stage.tokens();
    let id = tokens.id.clone().unwrap();
    let refused = |stage: &Stage, changes: &[(&str, &str)], error: &str, refusal: &str| {
        stage.asks(&id, changes).expect_refusal(400, error, refusal);
    };
    refused(&stage, &[("audience", "https://other.example")], "invalid_target", "CrossingNotAllowed");
    refused(&stage, &[("audience", &format!("{THERE}/"))], "invalid_target", "CrossingNotAllowed");
    refused(&stage, &[("resource", "https://chat.example/admin")], "invalid_target", "CrossingNotAllowed");
    refused(&stage, &[("scope", "mcp:read mcp:tools")], "invalid_scope", "ExchangeWidened");
    refused(&stage, &[("audience", "")], "invalid_request", "MissingParameter");
    refused(&stage, &[("actor_token", "x")], "invalid_request", "MalformedParameter");
    refused(&stage, &[("subject_token_type", ID_JAG)], "invalid_request", "TokenTypeUnsupported");
    for other in [tokens.access.as_str(), "x", "a.b.c", tokens.refresh.as_deref().unwrap()] {
        stage.asks(other, &[]).expect_refusal(400, "invalid_request", "SubjectTokenInvalid");
    }
    let as_refresh = [("subject_token_type", REFRESH)];
    stage.asks(&id, &as_refresh).expect_refusal(400, "invalid_request", "SubjectTokenInvalid");

    // Another client with that id token, and one that may not, and a machine, and one that proves nothing.
    let here = &stage.here;
    let (other, plain) = (here.confidential("other"), here.confidential("plain"));
    here.edit_client(&other, |client| client.grant_types.push(GrantType::TokenExchange));
    let robot = here.machine("robot", &stage.ada, "mcp:read");
    let open = here.client("open");
    here.edit_client(&open, |client| client.grant_types.push(GrantType::TokenExchange));
    let fields = [
        ("grant_type", EXCHANGE),
        ("requested_token_type", ID_JAG),
        ("audience", THERE),
        ("subject_token", id.as_str()),
        ("subject_token_type", ID_TOKEN),
    ];
    other.token_request(here, &fields).expect_refusal(400, "invalid_request", "SubjectTokenElsewhere");
    for client in [&plain, &robot, &open] {
        client.token_request(here, &fields).expect_refusal(400, "unauthorized_client", "GrantNotAllowed");
    }
    let theirs = [("subject_token", tokens.refresh.as_deref().unwrap()), ("subject_token_type", REFRESH)];
    let mut fields: Vec<(&str, &str)> = fields.to_vec();
    fields.retain(|(name, _)| !theirs.iter().any(|(changed, _)| changed == name));
    fields.extend(theirs);
    other.token_request(here, &fields).expect_refusal(400, "invalid_request", "SubjectTokenInvalid");

    // When the person takes back what the application may do, its id token is worth nothing either.
    stage.assertion(&id, &[]);
    let page = stage.browser.get("/account");
    let form = page.forms().into_iter().find(|form| form.action.contains("/applications/")).unwrap();
    stage.browser.submit_form(&form, &[]).expect_status(200);
    stage.asks(&id, &[]).expect_refusal(400, "invalid_request", "SubjectTokenInvalid");
    let again = stage.tokens().id.unwrap();
    stage.assertion(&again, &[]);
    stage.here.suspend(&stage.ada);
    stage.asks(&again, &[]).expect_refusal(400, "invalid_request", "SubjectTokenInvalid");
}

/// An identity provider that is not one of ours, with a key of its own.
struct Provider {
    there: There,
    key: KeyPair,
}

const IDP: &str = "https://idp.example";

impl Provider {
    fn new(person_by: PersonBy) -> Self {
        let (there, key) = (There::new(), KeyPair::new("ES256"));
        trusts(&there.world, IDP, json!({ "keys": [key.jwk("key-1")] }), person_by).unwrap();
        Self { there, key }
    }

    fn header() -> Value {
        json!({ "alg": "ES256", "kid": "key-1", "typ": "oauth-id-jag+jwt" })
    }

    /// A good assertion, with changes: null leaves a claim out.
    fn says(&self, jti: &str, changes: &Value) -> String {
        self.key.signs(&Self::header(), &self.claims(jti, changes))
    }

    fn claims(&self, jti: &str, changes: &Value) -> Value {
        let now = self.there.world.now().seconds();
        let mut claims = json!({
            "iss": IDP, "sub": "U019488227", "aud": THERE, "client_id": self.there.chat.id.to_string(),
            "jti": jti, "iat": now, "exp": now + 300, "resource": API, "scope": "mcp:read mcp:write",
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        claims
    }
}

#[test]
fn case_27_an_assertion_that_is_not_what_it_should_be_buys_nothing() {
    let stage = Provider::new(PersonBy::Link);
    let there = &stage.there;
    there.refused(&stage.says("unlinked", &json!({})), "nobody is linked to its subject");
    there.link(IDP, "U019488227");
    let now = there.world.now().seconds();
    let bad = [
        json!({ "aud": "https://other.example" }),
        json!({ "aud": format!("{THERE}/") }),
        json!({ "aud": format!("{THERE}/oauth/token") }),
        json!({ "aud": [THERE, "https://other.example"] }),
        json!({ "aud": [] }),
        json!({ "aud": null }),
        json!({ "client_id": "somebody-else" }),
        json!({ "client_id": null }),
        json!({ "iss": "https://evil.example" }),
        json!({ "iss": null }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "sub": "U0" }),
        json!({ "jti": null }),
        json!({ "jti": "x".repeat(300) }),
        json!({ "exp": null }),
        json!({ "exp": now - 31 }),
        json!({ "exp": now + 3_600 }),
        json!({ "exp": "soon" }),
        json!({ "iat": null }),
        json!({ "iat": now + 60 }),
        json!({ "nbf": now + 60 }),
        json!({ "act": { "sub": "an-agent" } }),
        json!({ "authorization_details": [{ "type": "chat" }] }),
        json!({ "resource": [API, "https://chat.example/b"] }),
        json!({ "resource": "api" }),
        json!({ "scope": 5 }),
        json!({ "cnf": { "x5t#S256": "x" } }),
    ];
    for (n, changes) in bad.iter().enumerate() {
        there.refused(&stage.says(&format!("bad {n}"), changes), &changes.to_string());
    }
    let of = |header: Value, claims: Value| stage.key.signs(&header, &claims);
    let good = stage.claims("other", &json!({}));
    // Case 26: headers that are tricks, another's key, another kind of token.
    let mallory = KeyPair::new("ES256");
    for (what, forged) in [
        ("another's key", mallory.signs(&Provider::header(), &good)),
        ("no signature", crate::world::unsigned(&json!({ "alg": "none", "typ": "oauth-id-jag+jwt" }), &good) + "."),
        ("HMAC", of(json!({ "alg": "HS256", "typ": "oauth-id-jag+jwt" }), good.clone())),
        (
            "a key of its own",
            of(json!({ "alg": "ES256", "typ": "oauth-id-jag+jwt", "jwk": mallory.shown() }), good.clone()),
        ),
        ("an unknown kid", of(json!({ "alg": "ES256", "typ": "oauth-id-jag+jwt", "kid": "key-9" }), good.clone())),
        ("an id token", of(json!({ "alg": "ES256", "typ": "JWT", "kid": "key-1" }), good.clone())),
        ("no type", of(json!({ "alg": "ES256", "kid": "key-1" }), good.clone())),
    ] {
        there.refused(&forged, what);
    }
    // What is asked for beyond it, and where it is not for anything here.
    let one = stage.says("one", &json!({}));
    there.brings(&one, &[("resource", THERE)]).expect_refusal(400, "invalid_target", "ResourceWidened");
    there.brings(&one, &[("scope", "mcp:tools")]).expect_refusal(400, "invalid_scope", "ScopeNoneLeft");
    let itself = stage.says("itself", &json!({ "resource": THERE }));
    there.brings(&itself, &[]).expect_refusal(400, "invalid_target", "ResourceNotAllowed");
    let unknown = stage.says("unknown", &json!({ "resource": "https://chat.example/unknown" }));
    there.brings(&unknown, &[]).expect_refusal(400, "invalid_target", "ResourceUnknown");
    // Nothing of that spent it.
    assert_eq!(there.brings(&one, &[("scope", "mcp:write mcp:tools")]).tokens().scope, "mcp:write");
    let listed = stage.says("listed", &json!({ "aud": [THERE], "resource": [API], "scope": null }));
    assert_eq!(there.brings(&listed, &[]).tokens().scope, "mcp:read", "without scopes, the resource's usual ones");

    // Who brings it proves who it is, is registered for it, and acts for nobody by delegation.
    let world = &there.world;
    fn fields(assertion: &str) -> [(&'static str, &str); 2] {
        [("grant_type", BEARER), ("assertion", assertion)]
    }
    let fresh = stage.says("fresh", &json!({}));
    world.token(&fields(&fresh)).expect_refusal(401, "invalid_client", "ClientUnknown");
    let wrong = ClientApp { secret: Some("writ_cs_0123456789abcdef".to_owned()), ..there.chat.clone() };
    wrong.token_request(world, &fields(&fresh)).expect_refused(401, "invalid_client");
    let (other, robot) = (world.confidential("other"), world.machine("robot", &there.grace, "mcp:read"));
    for client in [&other, &robot] {
        let mine = stage.says("theirs", &json!({ "client_id": client.id.to_string() }));
        client.token_request(world, &fields(&mine)).expect_refusal(400, "unauthorized_client", "GrantNotAllowed");
    }
    world.edit_client(&other, |client| client.grant_types.push(GrantType::JwtBearer));
    other.token_request(world, &fields(&fresh)).expect_refusal(400, "invalid_grant", "GrantAssertionInvalid");
    there.brings(&fresh, &[]).tokens();
    // And its provider may be told to go.
    let late = stage.says("late", &json!({}));
    trusts_no_more(world, IDP);
    there.refused(&late, "its provider was removed");
}

#[test]
fn case_27_of_one_assertion_brought_many_times_at_once_one_buys() {
    let stage = Provider::new(PersonBy::Link);
    stage.there.link(IDP, "U019488227");
    let assertion = stage.says("once", &json!({}));
    let answers = at_once(20, |_| stage.there.brings(&assertion, &[]).status);
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
}

/// An address that nobody verified, or of a domain that is not the provider's, is nobody's.
#[test]
fn a_provider_speaks_for_its_own_domains_and_for_addresses_it_verified() {
    let stage = Provider::new(PersonBy::Email { domains: vec!["example.com".to_owned()] });
    let there = &stage.there;
    there.world.person("kim");
    let email = |jti: &str, email: &str, verified: Value| {
        stage.says(jti, &json!({ "email": email, "email_verified": verified }))
    };
    let got = there.brings(&email("good", "Grace@Example.com", json!(true)), &[]).tokens();
    assert_eq!(got.claims()["sub"], there.grace.id.to_string());
    for (jti, address, verified) in [
        ("1", "grace@example.com", json!(false)),
        ("2", "grace@example.com", json!(null)),
        ("3", "grace@example.com", json!("true")),
        ("4", "nobody@example.com", json!(true)),
        ("5", "grace@example.com.evil.example", json!(true)),
        ("6", "grace@evil.example", json!(true)),
        ("7", "grace", json!(true)),
        // The Kelvin sign, of which folding makes a k.
        ("8", "\u{212a}im@example.com", json!(true)),
    ] {
        there.refused(&email(jti, address, verified), address);
    }
    // A link does not count for a provider that is known by addresses.
    there.link(IDP, "U019488227");
    there.refused(&stage.says("linked", &json!({})), "linked");
}

/// Case 28: one that names a key is good with a proof of that key, and its token is bound to it.
#[test]
fn case_28_an_assertion_that_is_bound_to_a_key_needs_it() {
    let stage = Provider::new(PersonBy::Link);
    let there = &stage.there;
    there.link(IDP, "U019488227");
    let (mine, other) = (KeyPair::new("ES256"), KeyPair::new("ES256"));
    let bound = stage.says("bound", &json!({ "cnf": { "jkt": mine.thumbprint() } }));
    let url = format!("{THERE}/oauth/token");
    let fields = [("grant_type", BEARER), ("assertion", bound.as_str())];
    let proof = |key: &KeyPair| key.proof(&there.world, "POST", "/oauth/token", json!({ "htu": url }));
    there.brings(&bound, &[]).expect_refusal(400, "invalid_dpop_proof", "DpopProofMissing");
    let stolen = there.chat.token_request_with(&there.world, &fields, &[&proof(&other)]);
    stolen.expect_refusal(400, "invalid_grant", "GrantAssertionInvalid");
    let got = there.chat.token_request_with(&there.world, &fields, &[&proof(&mine)]).bound_tokens();
    assert_eq!(got.claims()["cnf"]["jkt"], mine.thumbprint());

    // And one that was asked for with a proof is bound to its key.
    let mut stage = Stage::new();
    let id = stage.tokens().id.unwrap();
    let fields = [
        ("grant_type", EXCHANGE),
        ("requested_token_type", ID_JAG),
        ("audience", THERE),
        ("subject_token", id.as_str()),
        ("subject_token_type", ID_TOKEN),
    ];
    let answer = stage.wiki.token_request_with(&stage.here, &fields, &[&mine.for_tokens(&stage.here)]);
    let body = answer.expect_status(200).json();
    assert_eq!(
        (&body["token_type"], claims(body["access_token"].as_str().unwrap())["cnf"]["jkt"].as_str()),
        (&json!("N_A"), Some(mine.thumbprint().as_str()))
    );
}

#[test]
fn providers_and_crossings_are_what_they_can_be() {
    let world = World::new();
    let ada = world.administrator("ada");
    let keys = json!({ "keys": [KeyPair::new("ES256").jwk("a")] });
    let email = |domain: &str| PersonBy::Email { domains: vec![domain.to_owned()] };
    for (issuer, by) in [
        (ISSUER, PersonBy::Link),
        ("http://idp.example", PersonBy::Link),
        ("https://idp.example?x=1", PersonBy::Link),
        ("idp", PersonBy::Link),
        (IDP, email("com")),
        (IDP, email("*.example.com")),
        (IDP, email("@example.com")),
        (IDP, PersonBy::Email { domains: Vec::new() }),
    ] {
        assert!(matches!(trusts(&world, issuer, keys.clone(), by), Err(Declined::Invalid(_))), "{issuer}");
    }
    assert!(matches!(trusts(&world, IDP, json!({ "keys": [] }), PersonBy::Link), Err(Declined::Invalid(_))));
    let provider = trusts(&world, IDP, keys.clone(), email("example.com")).unwrap();
    assert!(matches!(trusts(&world, IDP, keys, PersonBy::Link), Err(Declined::Conflict(_))));
    let ctx = world.operator();
    let (app, subject) = (&world.app, || "U1".to_owned());
    let link = |person| world.block(providers::link(app, &ctx, provider.id, subject(), person));
    assert!(matches!(link(writ::base::Id::from_bytes([7; 16])), Err(Declined::Invalid(_))));
    let bob = world.person("bob");
    link(ada.id).unwrap();
    assert_eq!(link(bob.id).unwrap().person, bob.id, "the newer link counts");
    let links = world.block(providers::links(app, provider.id, None, 10)).unwrap().rows;
    assert_eq!(links.iter().map(|(_, link)| link.person).collect::<Vec<_>>(), [bob.id]);
    let unlink = || world.block(providers::unlink(app, &ctx, provider.id, Seen::Anything, subject()));
    unlink().unwrap();
    assert!(matches!(unlink(), Err(Declined::Missing(_))));
    link(ada.id).unwrap();
    let Event::SubjectLinked { provider: at, person, .. } = event(&world, "provider.subject_linked") else { panic!() };
    assert_eq!((at, person), (provider.id, ada.id));
    trusts_no_more(&world, IDP);
    let Event::ProviderRemoved { links, .. } = event(&world, "provider.removed") else { panic!() };
    assert_eq!(links, 1);
    assert!(world.block(providers::list(app)).unwrap().is_empty());

    let (wiki, plain) = (world.confidential("wiki"), world.confidential("plain"));
    world.edit_client(&wiki, |client| client.grant_types.push(GrantType::TokenExchange));
    let new = |client: &ClientId, audience: &str| NewCrossing {
        client: client.clone(),
        terms: Terms {
            audience: audience.to_owned(),
            client_there: None,
            scope: "chat.read".parse().unwrap(),
            resources: Vec::new(),
        },
    };
    assert!(matches!(crosses(&world, new(&wiki.id, ISSUER)), Err(Declined::Invalid(_))), "here");
    assert!(matches!(crosses(&world, new(&wiki.id, "http://chat.example")), Err(Declined::Invalid(_))));
    assert!(matches!(crosses(&world, new(&plain.id, THERE)), Err(Declined::Conflict(_))), "without the grant");
    let nobody = ClientId::Registered(writ::base::Id::from_bytes([7; 16]));
    assert!(matches!(crosses(&world, new(&nobody, THERE)), Err(Declined::Missing(_))));
    let made = crosses(&world, new(&wiki.id, THERE)).unwrap();
    assert_eq!(made.client_there, wiki.id.to_string(), "called there as here, unless somebody says otherwise");
    assert!(matches!(crosses(&world, new(&wiki.id, THERE)), Err(Declined::Conflict(_))));
    world.expect_event("crossing.allowed");
    world.block(crossings::disallow(app, &ctx, made.id, Seen::Anything)).unwrap();
    world.expect_event("crossing.removed");
    assert!(world.block(crossings::list(app, None, None, 10)).unwrap().rows.is_empty());
}

/// Its keys come from where it says they are, and the application is known by its document on either side.
#[test]
fn an_application_that_is_known_by_its_document_may_bring_one() {
    let world = World::with_websites();
    let ada = world.administrator("ada");
    world.resource(API, "mcp:read mcp:write");
    let issuer = OpenIdIssuer::new("ES256");
    let new = NewProvider {
        issuer: issuer.url.clone(),
        jwks_uri: None,
        jwks: None,
        person_by: PersonBy::Link,
        sign_in: None,
    };
    let provider = world.block(providers::trust(&world.app, &world.operator(), new)).unwrap().id;
    world.block(providers::link(&world.app, &world.operator(), provider, "U1".to_owned(), ada.id)).unwrap();
    let (site, key) = (Website::new("Wiki"), KeyPair::new("ES256"));
    let says = |typ: &str, jti: &str| {
        let now = world.now().seconds();
        let claims = json!({
            "iss": issuer.url, "sub": "U1", "aud": ISSUER, "client_id": site.url, "jti": jti, "iat": now,
            "exp": now + 300, "resource": API, "scope": "mcp:read",
        });
        issuer.key.signs(&json!({ "alg": "ES256", "kid": "key-1", "typ": typ }), &claims)
    };
    let brings = |assertion: &str, jti: &str| {
        let now = world.now().seconds();
        let claims =
            json!({ "iss": site.url, "sub": site.url, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": jti });
        let mine = key.signs(&json!({ "alg": "ES256", "kid": "mine" }), &claims);
        world.token(&[
            ("grant_type", BEARER),
            ("assertion", assertion),
            ("client_id", &site.url),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", &mine),
        ])
    };
    site.set("token_endpoint_auth_method", json!("private_key_jwt"));
    site.set("jwks", json!({ "keys": [key.jwk("mine")] }));
    let one = says("oauth-id-jag+jwt", "1");
    brings(&one, "a").expect_refusal(400, "unauthorized_client", "GrantNotAllowed");
    site.set("grant_types", json!(["authorization_code", BEARER]));
    world.later(Lifetime::from_days(1));
    let got = brings(&says("oauth-id-jag+jwt", "2"), "b").tokens();
    assert_eq!((&got.claims()["sub"], &got.claims()["client_id"]), (&json!(ada.id.to_string()), &json!(site.url)));
    assert_eq!(issuer.asked(), [DISCOVERY, "/keys"]);
    // The assertion says which kind it is: by another name it is a workload's token, and no trust takes that.
    let other = brings(&says("JWT", "3"), "c");
    other.expect_refusal(400, "invalid_grant", "GrantAssertionInvalid");
}
