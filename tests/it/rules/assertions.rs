//! `private_key_jwt`, with real signatures. RFC 7523 §3, rfc7523bis, RFC 8725. Attack cases 26 and 27.

use serde_json::{Value, json};
use writ::base::Lifetime;

use crate::world::{ISSUER, KeyPair, Signer, Website, World, at_once, base64, unsigned};

impl Signer {
    /// Signs with these changes to the header (null leaves a member out).
    fn with_header(&self, world: &World, jti: &str, changes: Value) -> String {
        let mut header = self.header();
        for (name, value) in changes.as_object().unwrap() {
            header[name] = value.clone();
        }
        header.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.key.signs(&header, &self.claims(world, jti, json!({})))
    }

    fn with_claims(&self, world: &World, jti: &str, changes: Value) -> String {
        self.key.signs(&self.header(), &self.claims(world, jti, changes))
    }
}

/// RS256, PS256, ES256 and EdDSA, by either name (RFC 9864): each once, with every `typ` that clients send.
#[test]
fn every_algorithm_is_accepted_from_the_key_it_belongs_to() {
    let world = World::new();
    for alg in ["ES256", "RS256", "PS256", "EdDSA", "Ed25519"] {
        let bot = world.signer(alg, alg);
        let tokens = bot.client_credentials(&world, &bot.assertion(&world, "1")).tokens();
        assert_eq!(tokens.claims()["sub"], bot.app.id.to_string());
        for (n, typ) in [Value::Null, json!("jwt"), json!("client-authentication+jwt")].into_iter().enumerate() {
            let assertion = bot.with_header(&world, &format!("typ {n}"), json!({ "typ": typ }));
            bot.client_credentials(&world, &assertion).tokens();
        }
        // RFC 7521 §4.2: the client is named by the assertion; it may be named beside it, and then by the same name.
        let fields = |id: &str| vec![("grant_type", "client_credentials".to_owned()), ("client_id", id.to_owned())];
        let ask = |jti: &str, id: &str| {
            let fields = fields(id);
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            bot.asks(&world, "/oauth/token", &bot.assertion(&world, jti), &fields)
        };
        ask("named", &bot.app.id.to_string()).tokens();
        ask("misnamed", &world.confidential("crm").id.to_string()).expect_refusal(
            401,
            "invalid_client",
            "ClientMethodMismatch",
        );
    }
}

#[test]
fn case_26_a_header_that_is_a_trick_is_refused() {
    let world = World::new();
    let bot = world.signer("bot", "ES256");
    let own = bot.key.jwk("key-1");
    let refused = |assertion: &str, what: &str| {
        let answer = bot.client_credentials(&world, assertion);
        assert_eq!(answer.told().refusal, "AssertionInvalid", "{what}");
        answer.expect_refused(401, "invalid_client");
        assert!(answer.header("www-authenticate").is_some(), "RFC 9110 §15.5.2");
    };
    for changes in [
        json!({ "alg": "none" }),
        json!({ "alg": "None" }),
        json!({ "alg": "" }),
        json!({ "alg": null }),
        json!({ "alg": ["ES256"] }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "ES384" }),
        json!({ "alg": "RS256" }),
        json!({ "alg": "EdDSA" }),
        json!({ "alg": "Ed448" }),
        json!({ "alg": "MADEUP" }),
        json!({ "crit": ["exp"], "exp": 1 }),
        json!({ "crit": ["b64"], "b64": false }),
        json!({ "crit": [] }),
        json!({ "b64": false }),
        json!({ "zip": "DEF" }),
        json!({ "typ": "at+jwt" }),
        json!({ "typ": "dpop+jwt" }),
        json!({ "typ": "secevent+jwt" }),
        json!({ "kid": "key-2" }),
        json!({ "kid": "../../../dev/null" }),
        json!({ "kid": "/etc/passwd" }),
        json!({ "kid": "https://evil.test/jwks.json" }),
        json!({ "kid": "key-1' OR '1'='1" }),
        json!({ "kid": ["key-1"] }),
        json!({ "jwk": own }),
        json!({ "jku": "https://evil.test/jwks.json" }),
        json!({ "x5u": "https://evil.test/cert.pem" }),
        json!({ "x5c": ["MII"] }),
    ] {
        refused(&bot.with_header(&world, "trick", changes.clone()), &changes.to_string());
    }

    // Without a signature, in every shape of it.
    let claims = bot.claims(&world, "unsigned", json!({}));
    for alg in ["none", "nOnE", "ES256"] {
        let message = unsigned(&json!({ "alg": alg, "kid": "key-1" }), &claims);
        for signature in ["", ".", ".AA", ".\u{0}", &format!(".{}", base64(&[0; 64]))] {
            let answer = bot.client_credentials(&world, &format!("{message}{signature}"));
            assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("invalid_client")), "{signature}");
        }
    }
    // Another's key that says it is this client's, with its own public half in the header.
    let thief = KeyPair::new("ES256");
    let claims = bot.claims(&world, "stolen", json!({}));
    refused(&thief.signs(&bot.header(), &claims), "another key");
    let header = json!({ "alg": "ES256", "jwk": thief.jwk("key-1") });
    refused(&thief.signs(&header, &claims), "another key, embedded");
    // And after all of that, the true one is good.
    bot.client_credentials(&world, &bot.assertion(&world, "trick")).tokens();
}

/// The classic: the public key is no secret, so an HMAC made with it proves nothing.
#[test]
fn case_26_hmac_with_the_public_key_proves_nothing() {
    let world = World::new();
    let bot = world.signer("bot", "RS256");
    let jwk = bot.key.jwk("key-1");
    let modulus = jwk["n"].as_str().unwrap();
    let der = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, modulus).unwrap();
    for alg in ["HS256", "RS256", "hs256"] {
        for secret in [jwk.to_string().into_bytes(), modulus.as_bytes().to_vec(), der.clone(), Vec::new()] {
            let message = unsigned(&json!({ "alg": alg, "kid": "key-1" }), &bot.claims(&world, "h", json!({})));
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret);
            let forged = format!("{message}.{}", base64(ring::hmac::sign(&key, message.as_bytes()).as_ref()));
            let answer = bot.client_credentials(&world, &forged);
            answer.expect_refusal(401, "invalid_client", "AssertionInvalid");
        }
    }
}

/// RFC 7517 §5: a set may serve several readers. What is of no use here stands in nobody's way, and as many keys as may be registered
/// are tried.
#[test]
fn a_weak_key_in_a_set_does_not_lock_its_owner_out() {
    let world = World::with_websites();
    let signer = world.signer("bot", "EdDSA");
    let weak = json!({ "kty": "RSA", "e": "AQAB", "n": base64(&[0xc1; 128]), "kid": "weak" });
    let off_the_curve = json!({ "kty": "EC", "crv": "P-256", "x": base64(&[1; 32]), "y": base64(&[1; 32]) });
    let others = (0..17).map(|n| KeyPair::new("ES256").jwk(&format!("other-{n}")));
    let mut keys = vec![weak, off_the_curve.clone()];
    keys.extend(others);
    keys.push(signer.key.jwk("key-1"));
    assert_eq!(keys.len(), 20);
    let set = json!({ "keys": keys });
    world.edit_client(&signer.app, |client| client.jwks = Some(set.clone()));
    signer.client_credentials(&world, &signer.assertion(&world, "1")).expect_status(200);

    // Behind an address it is the same set.
    let website = Website::new("keys");
    website.set_keys(set.clone());
    world.edit_client(&signer.app, |client| {
        client.jwks = None;
        client.jwks_uri = Some(website.url.replace("client.json", "keys.json"));
    });
    signer.client_credentials(&world, &signer.assertion(&world, "2")).expect_status(200);

    // And it can be registered; one without any key that could ever verify cannot.
    let register = |keys: &serde_json::Value| {
        let metadata = json!({ "redirect_uris": ["https://app.example/cb"], "jwks": keys,
            "token_endpoint_auth_method": "private_key_jwt" });
        world.request("POST", "/oauth/register").json(&metadata).send()
    };
    register(&set).expect_status(201);
    register(&json!({ "keys": [off_the_curve] })).expect_refused(400, "invalid_client_metadata");
}

#[test]
fn case_27_only_claims_for_this_server_and_of_this_client_are_accepted() {
    let world = World::new();
    let bot = world.signer("bot", "EdDSA");
    let other = world.confidential("other").id.to_string();
    for (n, changes) in [
        json!({ "aud": null }),
        json!({ "aud": "https://other.example" }),
        json!({ "aud": format!("{ISSUER}//") }),
        json!({ "aud": format!("{ISSUER}/x") }),
        json!({ "aud": "https://other.example/oauth/token" }),
        json!({ "aud": format!("{ISSUER}/token") }),
        json!({ "aud": format!("{ISSUER}/oauth/revoke") }),
        json!({ "aud": [] }),
        json!({ "aud": [ISSUER, "https://other.example"] }),
        json!({ "aud": ["https://other.example", ISSUER] }),
        json!({ "aud": { "0": ISSUER } }),
        json!({ "iss": other }),
        json!({ "iss": null }),
        json!({ "iss": ISSUER }),
        json!({ "jti": null }),
        json!({ "jti": "" }),
        json!({ "jti": 7 }),
        json!({ "jti": "j".repeat(257) }),
        json!({ "exp": null }),
        json!({ "exp": world.now().seconds() - 31 }),
        json!({ "exp": world.now().seconds() + 3_631 }),
        json!({ "exp": world.now().seconds() + 86_400 * 365 }),
        json!({ "exp": world.now().seconds() + 331, "iat": null }),
        json!({ "exp": "soon" }),
        json!({ "exp": -1 }),
        json!({ "exp": 1e308 }),
        json!({ "iat": world.now().seconds() - 330 }),
        json!({ "iat": world.now().seconds() + 31 }),
        json!({ "iat": "now" }),
        json!({ "nbf": world.now().seconds() + 31 }),
        json!({ "nbf": "now" }),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = bot.client_credentials(&world, &bot.with_claims(&world, &format!("bad {n}"), changes.clone()));
        assert_eq!(answer.told().refusal, "AssertionInvalid", "{changes}");
        answer.expect_refused(401, "invalid_client");
    }
    // `iss` is this client and `sub` another: the assertion is looked at as the other's, whose method it is not.
    for sub in [json!(other), json!(null), json!("nobody")] {
        let answer = bot.client_credentials(&world, &bot.with_claims(&world, "sub", json!({ "sub": sub })));
        assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("invalid_client")));
    }
    for (n, changes) in [
        json!({}),
        json!({ "aud": format!("{ISSUER}/oauth/token") }),
        json!({ "aud": [ISSUER] }),
        // As libraries send it that read the issuer as a URL.
        json!({ "aud": format!("{ISSUER}/") }),
        // As stock openid-client 5 and oauth4webapi 2 send it: two names of this server, and nobody else's.
        json!({ "aud": [ISSUER, format!("{ISSUER}/oauth/token")] }),
        // As stock Authlib makes it.
        json!({ "aud": format!("{ISSUER}/oauth/token"), "exp": world.now().seconds() + 3_600 }),
        json!({ "iat": world.now().seconds() - 300, "exp": world.now().seconds() + 3_000 }),
        json!({ "iat": null, "exp": world.now().seconds() + 300 }),
        json!({ "exp": world.now().seconds() as f64 + 10.5, "nbf": world.now().seconds() }),
    ]
    .into_iter()
    .enumerate()
    {
        bot.client_credentials(&world, &bot.with_claims(&world, &format!("good {n}"), changes)).tokens();
    }
}

/// RFC 7523 §3 (7): each assertion once, at whichever endpoint, for as long as it would be accepted at all.
#[test]
fn case_27_an_assertion_is_good_once() {
    let world = World::new();
    let (bot, twin) = (world.signer("bot", "EdDSA"), world.signer("twin", "EdDSA"));
    let hour = json!({ "exp": world.now().seconds() + 3_600 });
    let assertion = bot.with_claims(&world, "same", hour);
    bot.client_credentials(&world, &assertion).tokens();
    for endpoint in ["/oauth/token", "/oauth/revoke", "/oauth/introspect"] {
        let fields = [("grant_type", "client_credentials"), ("token", "x")];
        bot.asks(&world, endpoint, &assertion, &fields).expect_refusal(401, "invalid_client", "AssertionReplayed");
    }
    // The same `jti` in another assertion of the same client is a replay, in another client's it is its own.
    let again = bot.with_claims(&world, "same", json!({ "exp": world.now().seconds() + 30 }));
    bot.client_credentials(&world, &again).expect_refusal(401, "invalid_client", "AssertionReplayed");
    twin.client_credentials(&world, &twin.assertion(&world, "same")).tokens();
    // One that was refused for another reason has not been spent.
    let wrong = bot.with_claims(&world, "unspent", json!({ "aud": "https://other.example" }));
    bot.client_credentials(&world, &wrong).expect_refusal(401, "invalid_client", "AssertionInvalid");
    bot.client_credentials(&world, &bot.assertion(&world, "unspent")).tokens();

    // Whatever it says, it is over after five minutes, and housekeeping forgets it only then.
    world.later(Lifetime::from_millis(329_999));
    sweep(&world);
    bot.client_credentials(&world, &assertion).expect_refusal(401, "invalid_client", "AssertionReplayed");
    world.later(Lifetime::from_millis(1));
    sweep(&world);
    bot.client_credentials(&world, &assertion).expect_refusal(401, "invalid_client", "AssertionInvalid");
}

fn sweep(world: &World) {
    world.block(writ::operations::housekeeping::round(&world.app)).unwrap();
}

#[test]
fn case_27_of_twenty_uses_at_once_one_wins() {
    let world = World::with(&[("workers", "4")]);
    let bot = world.signer("bot", "ES256");
    let assertion = bot.assertion(&world, "once");
    let answers = at_once(20, |_| bot.client_credentials(&world, &assertion));
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 19));
    for answer in lost {
        answer.expect_refusal(401, "invalid_client", "AssertionReplayed");
    }
}

/// A client that signs has no secret, one that has a secret does not sign, and neither is public.
#[test]
fn a_client_proves_itself_by_its_own_method_alone() {
    let world = World::new();
    let bot = world.signer("bot", "ES256");
    let id = bot.app.id.to_string();
    let grant = ("grant_type", "client_credentials");
    world.token(&[grant, ("client_id", &id)]).expect_refusal(401, "invalid_client", "ClientSecretMissing");
    world.token(&[grant, ("client_id", &id), ("client_secret", "x")]).expect_refusal(
        401,
        "invalid_client",
        "ClientMethodMismatch",
    );
    let assertion = bot.assertion(&world, "1");
    for (kind, refusal) in
        [("", "MissingParameter"), ("urn:ietf:params:oauth:client-assertion-type:saml2-bearer", "MalformedParameter")]
    {
        world.token(&[grant, ("client_assertion", &assertion), ("client_assertion_type", kind)]).expect_refusal(
            400,
            "invalid_request",
            refusal,
        );
    }
    let crm = world.confidential("crm");
    let signer = Signer { app: crm, key: KeyPair::new("ES256") };
    let answer = signer.client_credentials(&world, &signer.assertion(&world, "2"));
    answer.expect_refusal(401, "invalid_client", "ClientMethodMismatch");
    // No key registered, no proof.
    world.edit_client(&bot.app, |client| client.jwks = None);
    bot.client_credentials(&world, &assertion).expect_refusal(401, "invalid_client", "AssertionInvalid");
}

/// What is read before the signature is checked is bounded, and nothing of it comes back.
#[test]
fn an_assertion_is_bounded_before_it_is_believed() {
    let world = World::new();
    let bot = world.signer("bot", "EdDSA");
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let (header, id) = (base64(br#"{"alg":"EdDSA"}"#), bot.app.id);
    for payload in [
        base64(format!(r#"{{"sub":"{id}","x":{deep}}}"#).as_bytes()),
        base64(format!(r#"{{"sub":"{id}","sub":"{id}"}}"#).as_bytes()),
        base64(format!(r#"{{"sub":"{id}","x":"{}"}}"#, "x".repeat(40_000)).as_bytes()),
        base64(b"{}"),
        base64(b"[]"),
        base64(&[0xff, 0xfe]),
        "!".to_owned(),
        String::new(),
    ] {
        for assertion in [format!("{header}.{payload}.AA"), format!("{payload}.{payload}.{payload}"), payload.clone()] {
            let answer = world.token(&[
                ("grant_type", "client_credentials"),
                ("client_assertion_type", crate::world::JWT_BEARER),
                ("client_assertion", if assertion.is_empty() { "." } else { &assertion }),
            ]);
            let kind = answer.json()["error"].as_str().map(str::to_owned);
            assert!(
                matches!(
                    (answer.status, kind.as_deref()),
                    (401, Some("invalid_client")) | (413, Some("invalid_request"))
                ),
                "{} {}",
                answer.status,
                answer.body
            );
        }
    }
}
