//! What tokens say. RFC 9068 §2, OpenID Connect Core §2 and §3.1.3, verified with nothing but the published keys.

use serde_json::{Value, json};
use writ::base::Lifetime;
use writ::model::Algorithm;

use crate::world::{ISSUER, PASSWORD, World, base64, verified};

/// OpenID Connect Core §2: the one `acr` there is, as discovery lists it.
const PASSWORD_OVER_TLS: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
const MULTI_FACTOR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";
const PHISHING_RESISTANT: &str = "http://schemas.openid.net/pape/policies/2007/06/phishing-resistant";
/// Whoever came through a provider: how they signed in there is that one's affair.
const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified";

/// RFC 9068 §2.1 and §2.2: header and claims, to the last one.
#[test]
fn an_access_token_says_who_for_whom_where_and_until_when() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read mcp:write"));
    let mut browser = world.signed_in(&ada);
    let signed_in_at = world.now().seconds();
    world.later(Lifetime::from_minutes(7));
    let code = mail.code_with(&mut browser, &[("scope", "mcp:write mcp:read")]);
    let answer = mail.redeem(&world, &code);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body = answer.json();
    let members: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["access_token", "expires_in", "refresh_token", "scope", "token_type"], "no null, no more");
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(3_600)));

    let jwks = world.jwks();
    let (header, claims) = verified(&jwks, body["access_token"].as_str().unwrap());
    assert_eq!(header, json!({ "typ": "at+jwt", "alg": "ES256", "kid": header["kid"] }));
    let now = world.now().seconds();
    assert_eq!(
        claims,
        json!({
            "iss": ISSUER, "sub": ada.id.to_string(), "aud": "https://mcp.example/a", "client_id": mail.id.to_string(),
            "scope": "mcp:read mcp:write", "iat": now, "exp": now + 3_600, "auth_time": signed_in_at,
            "acr": PASSWORD_OVER_TLS, "amr": ["pwd"], "jti": claims["jti"], "grant_id": claims["grant_id"],
            "status": claims["status"],
        })
    );
    assert!(claims["jti"].as_str().unwrap().starts_with("tok_"));
    // §2.2: "jti REQUIRED", of each token its own; the grant is that of the whole line.
    let next = mail.refresh(&world, body["refresh_token"].as_str().unwrap()).tokens().claims();
    assert_ne!(next["jti"], claims["jti"]);
    assert_eq!(next["grant_id"], claims["grant_id"]);
}

/// OpenID Connect Core §3.1.3.3: an id token comes with `openid` and only with it.
#[test]
fn an_id_token_is_for_the_client_and_binds_the_access_token() {
    let world = World::with_rsa();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let mut browser = world.signed_in(&ada);
    let signed_in_at = world.now().seconds();
    assert_eq!(mail.tokens(&world, &mut browser).id, None);
    world.later(Lifetime::from_minutes(2));
    // OpenID Connect Dynamic Client Registration §2: "The default, if omitted, is RS256".
    for (wish, hash) in [
        (None, &ring::digest::SHA256),
        (Some(Algorithm::RS256), &ring::digest::SHA256),
        (Some(Algorithm::ES256), &ring::digest::SHA256),
        // Ed25519 hashes with SHA-512.
        (Some(Algorithm::EdDSA), &ring::digest::SHA512),
    ] {
        world.edit_client(&mail, |client| client.id_token_signed_response_alg = wish);
        let code = mail.code_with(&mut browser, &[("scope", "openid mcp:read"), ("nonce", "n-0S6_WzA2Mj")]);
        let tokens = mail.redeem(&world, &code).tokens();
        let (header, claims) = verified(&world.jwks(), tokens.id.as_deref().unwrap());
        let algorithm = wish.unwrap_or(Algorithm::RS256).as_str();
        assert_eq!(header, json!({ "typ": "JWT", "alg": algorithm, "kid": header["kid"] }));
        let digest = ring::digest::digest(hash, tokens.access.as_bytes());
        let now = world.now().seconds();
        assert_eq!(
            claims,
            json!({
                "iss": ISSUER, "sub": ada.id.to_string(), "aud": mail.id.to_string(), "iat": now, "exp": now + 3_600,
                "auth_time": signed_in_at, "acr": PASSWORD_OVER_TLS, "amr": ["pwd"], "nonce": "n-0S6_WzA2Mj", "sid": claims["sid"],
                "at_hash": base64(&digest.as_ref()[..digest.as_ref().len() / 2]),
            })
        );
        // It is no access token, whoever takes it for one.
        let shown = world.request("GET", "/oauth/userinfo").bearer(tokens.id.as_deref().unwrap()).send();
        assert_eq!(shown.status, 401);
    }
}

/// OpenID Connect Core §5.4: claims about the person come with their scopes, and §3.1.2.1: without a nonce there is none.
#[test]
fn an_id_token_says_of_the_person_what_was_allowed() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail");
    let mut browser = world.signed_in(&ada);
    for (scope, name, email) in [
        ("openid", Value::Null, Value::Null),
        ("openid profile", json!("ada"), Value::Null),
        ("openid email", Value::Null, json!(ada.email)),
        ("openid profile email", json!("ada"), json!(ada.email)),
    ] {
        let code = mail.code_with(&mut browser, &[("scope", scope)]);
        let tokens = mail.redeem(&world, &code).tokens();
        let (_, claims) = verified(&world.jwks(), tokens.id.as_deref().unwrap());
        assert_eq!((&claims["name"], &claims["email"]), (&name, &email), "{scope}");
        // Nobody proved the address.
        assert_eq!(claims.get("email_verified"), None);
        assert_eq!(claims.get("nonce"), None);
        let shown = world.request("GET", "/oauth/userinfo").bearer(&tokens.access).send().json();
        assert_eq!((&shown["name"], &shown["email"]), (&name, &email), "userinfo and id token agree on {scope}");
    }
}

/// OpenID Connect Core §2: `auth_time` is when the person signed in, so `prompt=login` makes it new and nothing else does.
#[test]
fn auth_time_is_that_of_the_sign_in() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail");
    let mut browser = world.signed_in(&ada);
    let first = world.now().seconds();
    world.later(Lifetime::from_minutes(30));
    let of = |browser: &mut crate::world::Browser, changes: &[(&str, &str)]| {
        let mut all = vec![("scope", "openid")];
        all.extend(changes);
        let path = mail.authorize_path(&all);
        let mut page = browser.get(&path);
        if page.left_for.is_none() && page.forms().iter().any(|form| form.fields.iter().any(|f| f.name == "password")) {
            page = browser.submit(&page, &[("email", &ada.email), ("password", PASSWORD)]);
        }
        if page.left_for.is_none() {
            let form = page.form("ticket");
            page = browser.submit_form(&form, &[("decision", "allow"), ("remember", "yes"), ("scope", "openid")]);
        }
        let code = page.expect_left().parameter("code").unwrap();
        crate::world::claims(&mail.redeem(&world, &code).tokens().id.unwrap())["auth_time"].as_i64().unwrap()
    };
    assert_eq!(of(&mut browser, &[]), first);
    assert_eq!(of(&mut browser, &[("max_age", "1800")]), first);
    assert_eq!(of(&mut browser, &[("max_age", "1799")]), world.now().seconds());
    world.later(Lifetime::from_minutes(5));
    assert_eq!(of(&mut browser, &[("prompt", "login")]), world.now().seconds());
}

/// A person who unticks something gets less, and everybody is told so: the answer, the token, and the refreshed token.
#[test]
fn what_a_person_did_not_tick_is_in_no_token() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read mcp:write"));
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&mail.authorize_path(&[("scope", "mcp:read mcp:write openid")]));
    let form = page.form("ticket");
    let page = browser.submit_form(&form, &[("decision", "allow"), ("scope", "mcp:read")]);
    let code = page.expect_left().parameter("code").unwrap();
    let tokens = mail.redeem(&world, &code).tokens();
    assert_eq!((tokens.scope.as_str(), &tokens.claims()["scope"]), ("mcp:read openid", &json!("mcp:read openid")));
    let next = mail.refresh(&world, tokens.refresh.as_deref().unwrap()).tokens();
    assert_eq!(next.claims()["scope"], "mcp:read openid");
}

/// RFC 9068 §2.2.1: how a person signed in is said of a person only, and the same wherever it is said.
#[test]
fn tokens_say_how_a_person_signed_in() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.confidential("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let tokens = mail.tokens(&world, &mut world.signed_in(&ada));
    let refreshed = mail.refresh(&world, tokens.refresh.as_deref().unwrap()).tokens();
    let said = [refreshed.claims(), mail.introspect(&world, &refreshed.access)];
    for said in said {
        assert_eq!((&said["acr"], &said["amr"]), (&json!(PASSWORD_OVER_TLS), &json!(["pwd"])));
    }
    let own = mail.client_credentials(&world, &[]).tokens().claims();
    assert_eq!((own.get("acr"), own.get("amr")), (None, None));
    let discovery = world.request("GET", "/.well-known/openid-configuration").send().json();
    assert_eq!(
        discovery["acr_values_supported"],
        json!([PASSWORD_OVER_TLS, MULTI_FACTOR, PHISHING_RESISTANT, UNSPECIFIED])
    );
    for claim in ["acr", "amr"] {
        assert!(discovery["claims_supported"].as_array().unwrap().contains(&json!(claim)), "{claim}");
    }
}
