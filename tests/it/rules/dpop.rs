//! Tokens for who has the key. RFC 9449.

use serde_json::{Value, json};
use writ::base::{Entropy, Lifetime, SET_BACK};
use writ::model::TokenFormat;
use writ::store::Read as _;
use writ::store::tables::PROOFS;

use crate::world::{
    Answer, Browser, CALLBACK, ClientApp, ISSUER, KeyPair, Tokens, VERIFIER, World, at_once, base64, claims,
};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");
const USERINFO: &str = "/oauth/userinfo";
const ALGS: &str = "algs=\"ES256 RS256 PS256 EdDSA Ed25519\"";

/// A confidential application asks for itself, with a proof.
fn own(world: &World, crm: &ClientApp, proof: &str) -> Answer {
    crm.token_request_with(world, &[GRANT], &[proof])
}

fn redeem(world: &World, app: &ClientApp, code: &str, proofs: &[&str]) -> Answer {
    let fields = [("grant_type", "authorization_code"), ("code", code), ("code_verifier", VERIFIER)];
    app.token_request_with(world, &fields, proofs)
}

fn refresh(world: &World, app: &ClientApp, tokens: &Tokens, proofs: &[&str]) -> Answer {
    let token = tokens.refresh.as_deref().unwrap();
    app.token_request_with(world, &[("grant_type", "refresh_token"), ("refresh_token", token)], proofs)
}

/// The whole flow, bound to a key.
fn bound(world: &World, app: &ClientApp, browser: &mut Browser, key: &KeyPair) -> Tokens {
    let code = app.code_with(browser, &[("scope", "openid mcp:read")]);
    redeem(world, app, &code, &[&key.for_tokens(world)]).bound_tokens()
}

fn userinfo(world: &World, scheme: &str, token: &str, proofs: &[&str]) -> Answer {
    let mut request = world.request("GET", USERINFO).header("Authorization", &format!("{scheme} {token}"));
    for proof in proofs {
        request = request.header("DPoP", proof);
    }
    request.send()
}

fn rows(world: &World) -> usize {
    world.read(|view| view.page(&PROOFS, None, 100)).rows.len()
}

#[test]
fn a_proof_binds_what_any_grant_gives() {
    let world = World::with_rsa();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let resource = world.resource("https://mcp.example/a", "mcp:read");
    let (mail, crm) = (world.client("mail").at(&resource), world.confidential("crm").at(&resource));
    for alg in ["ES256", "RS256", "PS256", "EdDSA", "Ed25519"] {
        let key = KeyPair::new(alg);
        let confirmed = json!({ "jkt": key.thumbprint() });
        assert_eq!(own(&world, &crm, &key.for_tokens(&world)).bound_tokens().claims()["cnf"], confirmed, "{alg}");
    }
    let key = KeyPair::new("ES256");
    let confirmed = json!({ "jkt": key.thumbprint() });
    let tokens = bound(&world, &mail, &mut browser, &key);
    assert_eq!(tokens.claims()["cnf"], confirmed);
    assert_eq!(claims(tokens.id.as_deref().unwrap()).get("cnf"), None, "an id token is bound to nobody's key");
    let next = refresh(&world, &mail, &tokens, &[&key.for_tokens(&world)]).bound_tokens();
    assert_eq!(next.claims()["cnf"], confirmed);
    // Without a proof nothing is bound, and nothing says so.
    let plain = crm.client_credentials(&world, &[]).tokens();
    assert_eq!(plain.claims().get("cnf"), None);
    assert_eq!(crm.client_credentials(&world, &[]).header("dpop-nonce"), None);
}

#[test]
fn introspection_tells_the_key_of_either_format() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut row = world.resource("https://mcp.example/a", "mcp:read");
    let crm = world.confidential("crm").at(&row);
    let key = KeyPair::new("EdDSA");
    for format in [TokenFormat::Jwt, TokenFormat::Opaque] {
        row.format = format;
        world.put_resource(row.clone());
        let token = own(&world, &crm, &key.for_tokens(&world)).bound_tokens().access;
        let said = crm.introspect(&world, &token);
        assert_eq!((&said["active"], &said["token_type"]), (&json!(true), &json!("DPoP")), "{format:?}");
        assert_eq!(said["cnf"], json!({ "jkt": key.thumbprint() }));
        let plain = crm.introspect(&world, &crm.client_credentials(&world, &[]).tokens().access);
        assert_eq!((&plain["token_type"], plain.get("cnf")), (&json!("Bearer"), None));
    }
    // A client with a secret has that: its refresh tokens are bound to no key, and another key may follow (§5).
    let mut browser = world.signed_in(&ada);
    let tokens = bound(&world, &crm, &mut browser, &key);
    assert_eq!(crm.introspect(&world, tokens.refresh.as_deref().unwrap()).get("cnf"), None);
    let other = KeyPair::new("ES256");
    let next = refresh(&world, &crm, &tokens, &[&other.for_tokens(&world)]).bound_tokens();
    assert_eq!(crm.introspect(&world, &next.access)["cnf"], json!({ "jkt": other.thumbprint() }));
    refresh(&world, &crm, &next, &[]).tokens();
}

#[test]
fn case_28_a_proof_is_for_one_request_and_one_moment() {
    let world = World::new();
    let crm = world.confidential("crm");
    let key = KeyPair::new("ES256");
    let now = world.now().seconds();
    for changes in [
        json!({ "htm": "GET" }),
        json!({ "htm": null }),
        json!({ "htu": format!("{ISSUER}/oauth/revoke") }),
        json!({ "htu": format!("{ISSUER}/token") }),
        json!({ "htu": "https://other.example/oauth/token" }),
        // What the request was sent to is not what this server is called.
        json!({ "htu": format!("http://{}/oauth/token", world.address) }),
        json!({ "htu": null }),
        json!({ "iat": now - 300 }),
        json!({ "iat": now + 31 }),
        json!({ "iat": null }),
        json!({ "iat": "now" }),
        json!({ "jti": null }),
        json!({ "jti": "" }),
        json!({ "jti": "j".repeat(257) }),
    ] {
        let answer = own(&world, &crm, &key.proof(&world, "POST", "/oauth/token", changes.clone()));
        assert_eq!(answer.told().refusal, "DpopProofInvalid", "{changes}");
        answer.expect_refused(400, "invalid_dpop_proof");
    }
    assert_eq!(rows(&world), 0, "what is refused is not remembered");
    for changes in [
        json!({ "htu": "HTTP://127.0.0.1:9000/oauth/./token?a=b#c" }),
        json!({ "iat": now - 299 }),
        json!({ "iat": now + 30 }),
        json!({ "ath": "of no interest here" }),
    ] {
        own(&world, &crm, &key.proof(&world, "POST", "/oauth/token", changes)).bound_tokens();
    }
    // The alias has its own address.
    let proof = key.proof(&world, "POST", "/token", json!({}));
    let id = crm.id.to_string();
    let request = world.request("POST", "/token").basic(&id, crm.secret.as_deref().unwrap());
    request.header("DPoP", &proof).form(&[GRANT]).send().bound_tokens();
}

#[test]
fn case_28_headers_of_proofs_that_are_tricks_are_refused() {
    let world = World::new();
    let crm = world.confidential("crm");
    let (key, thief) = (KeyPair::new("ES256"), KeyPair::new("ES256"));
    let payload: Value = claims(&key.for_tokens(&world));
    let header = |changes: Value| {
        let mut header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.shown() });
        for (name, value) in changes.as_object().unwrap() {
            header[name] = value.clone();
        }
        header.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        header
    };
    let mut private = key.shown();
    private["d"] = base64(&[1; 32]).into();
    for changes in [
        json!({ "typ": null }),
        json!({ "typ": "JWT" }),
        json!({ "typ": "at+jwt" }),
        json!({ "alg": "none" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "ES384" }),
        json!({ "alg": "RS256" }),
        json!({ "jwk": null }),
        json!({ "jwk": null, "kid": "key-1" }),
        json!({ "jwk": thief.shown() }),
        json!({ "jwk": private }),
        json!({ "jwk": { "kty": "oct", "k": "AAAA" } }),
        json!({ "crit": ["x"], "x": 1 }),
        json!({ "jku": "https://evil.test/jwks.json" }),
        json!({ "x5c": ["MII"] }),
    ] {
        let answer = own(&world, &crm, &key.signs(&header(changes.clone()), &payload));
        assert_eq!(answer.told().refusal, "DpopProofInvalid", "{changes}");
        answer.expect_refused(400, "invalid_dpop_proof");
    }
    // One proof in one header: neither two headers nor two in one, and each of the two would have been good.
    let (a, b) = (key.for_tokens(&world), key.for_tokens(&world));
    crm.token_request_with(&world, &[GRANT], &[&a, &b]).expect_refusal(400, "invalid_dpop_proof", "DpopProofInvalid");
    let both = format!("{a}, {b}");
    own(&world, &crm, &both).expect_refusal(400, "invalid_dpop_proof", "DpopProofInvalid");
    own(&world, &crm, &a).bound_tokens();
    own(&world, &crm, &b).bound_tokens();
    // Who cannot say who it is learns nothing about its proof.
    let stranger = ClientApp { secret: Some("writ_cs_wrong".to_owned()), ..crm.clone() };
    own(&world, &stranger, "x").expect_refused(401, "invalid_client");
}

#[test]
fn case_28_a_proof_is_good_once() {
    let world = World::new();
    let ada = world.administrator("ada");
    let (mail, crm) = (world.client("mail"), world.confidential("crm"));
    let (key, other) = (KeyPair::new("ES256"), KeyPair::new("ES256"));
    let proof = key.for_tokens(&world);
    own(&world, &crm, &proof).bound_tokens();
    own(&world, &crm, &proof).expect_refusal(400, "invalid_dpop_proof", "DpopProofReplayed");
    world.expect_event("token.refused");
    // Nor with another grant, of another client; and nothing is spent or ended by it.
    let mut browser = world.signed_in(&ada);
    let code = mail.code(&mut browser);
    redeem(&world, &mail, &code, &[&proof]).expect_refusal(400, "invalid_dpop_proof", "DpopProofReplayed");
    let again = key.for_tokens(&world);
    let tokens = redeem(&world, &mail, &code, &[&again]).bound_tokens();
    refresh(&world, &mail, &tokens, &[&again]).expect_refusal(400, "invalid_dpop_proof", "DpopProofReplayed");
    // A whole request that is sent again is a copy, and ends nothing either.
    redeem(&world, &mail, &code, &[&again]).expect_refusal(400, "invalid_dpop_proof", "DpopProofReplayed");
    refresh(&world, &mail, &tokens, &[&key.for_tokens(&world)]).bound_tokens();
    // The same `jti` in another proof of the same key is a replay, in another key's it is its own.
    let same = claims(&proof)["jti"].clone();
    let made = |key: &KeyPair| {
        key.proof(&world, "POST", "/oauth/token", json!({ "jti": same, "iat": world.now().seconds() - 1 }))
    };
    own(&world, &crm, &made(&key)).expect_refusal(400, "invalid_dpop_proof", "DpopProofReplayed");
    own(&world, &crm, &made(&other)).bound_tokens();

    // It is remembered for as long as it would be good, and for as long as a clock may be set back.
    let sweep = || world.block(writ::operations::housekeeping::round(&world.app)).unwrap();
    world.later(Lifetime::from_millis(299_999));
    sweep();
    own(&world, &crm, &proof).expect_refusal(400, "invalid_dpop_proof", "DpopProofReplayed");
    world.later(Lifetime::from_millis(1));
    sweep();
    own(&world, &crm, &proof).expect_refusal(400, "invalid_dpop_proof", "DpopProofInvalid");
    assert_ne!(rows(&world), 0);
    world.later(SET_BACK);
    sweep();
    assert_eq!(rows(&world), 0);
}

#[test]
fn case_28_a_proof_is_good_once_across_a_restart() {
    let world = World::with_file();
    let (key, crm) = (KeyPair::new("ES256"), world.confidential("crm"));
    let proof = key.for_tokens(&world);
    own(&world, &crm, &proof).bound_tokens();
    let world = world.restarted();
    own(&world, &crm, &proof).expect_refusal(400, "invalid_dpop_proof", "DpopProofReplayed");
}

#[test]
fn case_28_of_twenty_uses_of_one_proof_at_once_one_wins() {
    let world = World::with(&[("workers", "4")]);
    let ada = world.administrator("ada");
    let (mail, crm, key) = (world.client("mail"), world.confidential("crm"), KeyPair::new("ES256"));
    let one_of = |answers: &[Answer], status: u16, error: &str| {
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 19));
        for answer in lost {
            answer.expect_refused(status, error);
        }
    };
    let proof = key.for_tokens(&world);
    one_of(&at_once(20, |_| own(&world, &crm, &proof)), 400, "invalid_dpop_proof");
    let mut browser = world.signed_in(&ada);
    let token = bound(&world, &mail, &mut browser, &key).access;
    let proof = key.beside(&world, &token);
    one_of(&at_once(20, |_| userinfo(&world, "DPoP", &token, &[&proof])), 401, "invalid_dpop_proof");
}

#[test]
fn case_28_a_public_clients_refresh_tokens_take_the_key_they_began_with() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let (mail, key, thief) = (world.client("mail"), KeyPair::new("ES256"), KeyPair::new("ES256"));
    let first = bound(&world, &mail, &mut browser, &key);
    refresh(&world, &mail, &first, &[]).expect_refusal(400, "invalid_dpop_proof", "DpopProofMissing");
    let swapped = refresh(&world, &mail, &first, &[&thief.for_tokens(&world)]);
    swapped.expect_refusal(400, "invalid_grant", "RefreshOfAnotherKey");
    // Which reads like any other refresh token that is not good.
    let unknown = mail.refresh(&world, "writ_rt_guess");
    assert_eq!(swapped.json()["error_description"], unknown.json()["error_description"]);

    let mut newest = first.clone();
    for _ in 0..3 {
        newest = refresh(&world, &mail, &newest, &[&key.for_tokens(&world)]).bound_tokens();
    }
    // Who has found an old token and not the key cannot even end the line.
    refresh(&world, &mail, &first, &[]).expect_refusal(400, "invalid_dpop_proof", "DpopProofMissing");
    refresh(&world, &mail, &first, &[&thief.for_tokens(&world)]).expect_refusal(
        400,
        "invalid_grant",
        "RefreshOfAnotherKey",
    );
    let newest = refresh(&world, &mail, &newest, &[&key.for_tokens(&world)]).bound_tokens();
    // The holder of the key can, as ever.
    refresh(&world, &mail, &first, &[&key.for_tokens(&world)]).expect_refusal(400, "invalid_grant", "RefreshReplayed");
    refresh(&world, &mail, &newest, &[&key.for_tokens(&world)]).expect_refusal(400, "invalid_grant", "FamilyOver");

    // A line that began without a key takes the first that is shown (§5: whatever is issued to who presents a proof is bound).
    let plain = mail.tokens(&world, &mut browser);
    let plain = mail.refresh(&world, plain.refresh.as_deref().unwrap()).tokens();
    let taken = refresh(&world, &mail, &plain, &[&key.for_tokens(&world)]).bound_tokens();
    refresh(&world, &mail, &taken, &[]).expect_refusal(400, "invalid_dpop_proof", "DpopProofMissing");
    refresh(&world, &mail, &plain, &[]).expect_refusal(400, "invalid_dpop_proof", "DpopProofMissing");
    refresh(&world, &mail, &taken, &[&key.for_tokens(&world)]).bound_tokens();
}

#[test]
fn case_28_a_code_that_was_asked_for_with_a_key_is_redeemed_with_it() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let (key, thief) = (KeyPair::new("ES256"), KeyPair::new("EdDSA"));
    let jkt = key.thumbprint();
    for app in [world.client("mail"), world.confidential("crm")] {
        // By the consent page the first time, silently the second: the ticket and the remembered consent both carry it.
        for _ in 0..2 {
            let code = app.code_with(&mut browser, &[("dpop_jkt", &jkt)]);
            let swapped = redeem(&world, &app, &code, &[&thief.for_tokens(&world)]);
            swapped.expect_refusal(400, "invalid_grant", "CodeOfAnotherKey");
            redeem(&world, &app, &code, &[]).expect_refusal(400, "invalid_dpop_proof", "DpopProofMissing");
            let tokens = redeem(&world, &app, &code, &[&key.for_tokens(&world)]).bound_tokens();
            assert_eq!(tokens.claims()["cnf"]["jkt"], jkt);
        }
        for bad in ["x", &jkt[..42], &format!("{jkt}="), &"!".repeat(43)] {
            let page = app.sends(&mut browser, &[("dpop_jkt", bad)]);
            assert_eq!(page.expect_left().parameter("error").as_deref(), Some("invalid_request"), "{bad}");
        }
    }
}

#[test]
fn case_28_a_bound_token_opens_nothing_without_its_key() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let (mail, key, thief) = (world.client("mail"), KeyPair::new("ES256"), KeyPair::new("ES256"));
    let token = bound(&world, &mail, &mut browser, &key).access;
    let plain = mail.code_with(&mut browser, &[("scope", "openid mcp:read")]);
    let plain = mail.redeem(&world, &plain).tokens().access;
    let refused = |answer: &Answer, error: &str| {
        answer.expect_refused(401, error);
        let challenge = format!("DPoP error=\"{error}\", {ALGS}");
        assert_eq!(answer.header("www-authenticate"), Some(challenge.as_str()));
    };
    let (good, spent) = (key.beside(&world, &token), rows(&world));

    // §7.2: as a bearer token, also with the proof beside it.
    refused(&userinfo(&world, "Bearer", &token, &[]), "invalid_token");
    refused(&userinfo(&world, "Bearer", &token, &[&good]), "invalid_token");
    // §7.1: no proof, somebody else's, one for another request, one for another token.
    refused(&userinfo(&world, "DPoP", &token, &[]), "invalid_dpop_proof");
    refused(&userinfo(&world, "DPoP", &token, &[&thief.beside(&world, &token)]), "invalid_token");
    refused(&userinfo(&world, "DPoP", &token, &[&key.beside(&world, &plain)]), "invalid_dpop_proof");
    refused(&userinfo(&world, "DPoP", &token, &[&good, &good]), "invalid_dpop_proof");
    let ath = claims(&good)["ath"].clone();
    for changes in [json!({ "ath": null }), json!({ "htm": "POST", "ath": ath }), json!({ "htu": ISSUER, "ath": ath })]
    {
        let proof = key.proof(&world, "GET", USERINFO, changes);
        refused(&userinfo(&world, "DPoP", &token, &[&proof]), "invalid_dpop_proof");
    }
    // A token that is bound to nothing is none for this scheme, whoever shows it.
    refused(&userinfo(&world, "DPoP", &plain, &[&key.beside(&world, &plain)]), "invalid_token");
    assert_eq!(rows(&world), spent, "who is refused makes nobody write");

    let answer = userinfo(&world, "DPoP", &token, &[&good]);
    assert_eq!(answer.expect_status(200).json()["sub"], ada.id.to_string());
    assert_eq!(answer.header("dpop-nonce"), None, "nobody wants one");
    refused(&userinfo(&world, "dpop", &token, &[&good]), "invalid_dpop_proof");
    userinfo(&world, "dpop", &token, &[&key.beside(&world, &token)]).expect_status(200);
    userinfo(&world, "Bearer", &plain, &[]).expect_status(200);
}

#[test]
fn case_28_a_client_that_always_binds_gets_nothing_without_a_proof() {
    let world = World::new();
    let ada = world.administrator("ada");
    let metadata = json!({
        "client_name": "Binder", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"], "dpop_bound_access_tokens": true,
    });
    let answer = world.request("POST", "/oauth/register").json(&metadata).send();
    let registered = answer.expect_status(201).json();
    assert_eq!(registered["dpop_bound_access_tokens"], true);
    let id = registered["client_id"].as_str().unwrap().parse().unwrap();
    let app = ClientApp { id, secret: None, redirect_uri: CALLBACK.to_owned(), resource: None };
    let mut browser = world.signed_in(&ada);
    let key = KeyPair::new("ES256");
    let code = app.code(&mut browser);
    redeem(&world, &app, &code, &[]).expect_refusal(400, "invalid_dpop_proof", "DpopProofMissing");
    let tokens = redeem(&world, &app, &code, &[&key.for_tokens(&world)]).bound_tokens();
    refresh(&world, &app, &tokens, &[]).expect_refusal(400, "invalid_dpop_proof", "DpopProofMissing");
    let crm = world.confidential("crm");
    world.edit_client(&crm, |row| row.dpop_bound_access_tokens = true);
    crm.client_credentials(&world, &[]).expect_refusal(400, "invalid_dpop_proof", "DpopProofMissing");
    own(&world, &crm, &key.for_tokens(&world)).bound_tokens();

    let odd = json!({ "redirect_uris": [CALLBACK], "dpop_bound_access_tokens": "true" });
    let answer = world.request("POST", "/oauth/register").json(&odd).send();
    answer.expect_refused(400, "invalid_client_metadata");
}

#[test]
fn a_nonce_is_given_and_wanted_where_the_setting_says_so_and_to_who_has_one() {
    for (setting, wanted) in [("false", false), ("true", true)] {
        let world = World::with(&[("dpop.require_nonce", setting)]);
        let ada = world.administrator("ada");
        let (mail, crm, key) = (world.client("mail"), world.confidential("crm"), KeyPair::new("ES256"));
        let with = |nonce: &str| key.proof(&world, "POST", "/oauth/token", json!({ "nonce": nonce }));
        let asked = own(&world, &crm, &key.for_tokens(&world));
        if wanted {
            asked.expect_refusal(400, "use_dpop_nonce", "DpopNonceNeeded");
        } else {
            asked.bound_tokens();
            assert_eq!(asked.header("dpop-nonce"), None, "§8: who is given one uses it from then on");
        }
        // Who comes with one, from when it was wanted or from elsewhere, is given one of now.
        let asked = if wanted { asked } else { own(&world, &crm, &with("of another time")) };
        asked.expect_refusal(400, "use_dpop_nonce", "DpopNonceNeeded");
        let nonce = asked.header("dpop-nonce").unwrap().to_owned();
        assert_eq!(asked.all("dpop-nonce").count(), 1, "§8: there MUST NOT be more than one");
        let answer = own(&world, &crm, &with(&nonce));
        answer.bound_tokens();
        assert_eq!(answer.header("dpop-nonce"), Some(nonce.as_str()));
        own(&world, &crm, &with(&nonce)).bound_tokens();
        // Another's, a guess, and none of another kind.
        let foreign = own(&world, &crm, &with(&base64(&Entropy::os().bytes::<32>().unwrap())));
        foreign.expect_refusal(400, "use_dpop_nonce", "DpopNonceNeeded");
        assert_eq!(foreign.header("dpop-nonce"), Some(nonce.as_str()));

        // §9: the same at userinfo, as a challenge.
        let mut browser = world.signed_in(&ada);
        let code = mail.code_with(&mut browser, &[("scope", "openid mcp:read")]);
        let token = redeem(&world, &mail, &code, &[&with(&nonce)]).bound_tokens().access;
        let ath = claims(&key.beside(&world, &token))["ath"].clone();
        let beside = |nonce: &str| key.proof(&world, "GET", USERINFO, json!({ "ath": ath, "nonce": nonce }));
        userinfo(&world, "DPoP", &token, &[&beside(&nonce)]).expect_status(200);
        let answer = userinfo(&world, "DPoP", &token, &[&beside("guess")]);
        answer.expect_refused(401, "use_dpop_nonce");
        let challenge = format!("DPoP error=\"use_dpop_nonce\", {ALGS}");
        assert_eq!(answer.header("www-authenticate"), Some(challenge.as_str()));
        assert_eq!(answer.header("dpop-nonce"), Some(nonce.as_str()));
        let answer = userinfo(&world, "DPoP", &token, &[&key.beside(&world, &token)]);
        assert_eq!(answer.status, if wanted { 401 } else { 200 });

        // It is good for a while, and the next one is another.
        world.later(Lifetime::from_minutes(5));
        let late = own(&world, &crm, &with(&nonce));
        late.expect_refusal(400, "use_dpop_nonce", "DpopNonceNeeded");
        let next = late.header("dpop-nonce").unwrap();
        assert_ne!(next, nonce);
        own(&world, &crm, &with(next)).bound_tokens();
    }
}

/// A page of another origin can send a proof, and read what it needs for the next one.
#[test]
fn a_page_elsewhere_can_use_it() {
    let world = World::new();
    let crm = world.confidential("crm");
    for path in ["/oauth/token", USERINFO] {
        let preflight = world
            .request("OPTIONS", path)
            .header("Origin", "https://app.example")
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "authorization, dpop")
            .send();
        let allowed = preflight.header("access-control-allow-headers").unwrap();
        assert!(allowed.split(", ").any(|name| name == "DPoP") && allowed.contains("Authorization"), "{allowed}");
    }
    let answer = own(&world, &crm, &KeyPair::new("ES256").for_tokens(&world));
    let exposed = answer.header("access-control-expose-headers").unwrap();
    assert!(["DPoP-Nonce", "WWW-Authenticate"].iter().all(|name| exposed.contains(name)), "{exposed}");
}
