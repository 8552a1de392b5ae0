//! Introspection. RFC 7662. Attack cases 23 and 25.

use serde_json::{Value, json};
use writ::base::{Lifetime, Resource};
use writ::model::{ClientState, PersonState, TokenFormat};

use crate::world::{ClientApp, ISSUER, World, verified};

/// A resource server: what it is called, and the application it authenticates as.
fn server(
    world: &World,
    name: &str,
    identifier: &str,
    format: TokenFormat,
) -> (ClientApp, writ::model::ProtectedResource) {
    let mut row = world.resource(identifier, "mcp:read mcp:write");
    row.format = format;
    world.put_resource(row.clone());
    let app = world.confidential(name);
    world.edit_client(&app, |client| client.serves = vec![Resource::parse(identifier).unwrap()]);
    (app, row)
}

fn inactive() -> Value {
    json!({ "active": false })
}

/// §2.2: "the protected resource is not allowed to introspect this particular token …": `active` false and no other word.
#[test]
fn case_23_a_token_is_read_by_its_resource_and_its_client_alone() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    for (name, format) in [("jwt", TokenFormat::Jwt), ("opaque", TokenFormat::Opaque)] {
        let (tickets, row) = server(&world, "tickets", &format!("https://mcp.example/{name}"), format);
        let (files, _) = server(&world, "files", &format!("https://files.example/{name}"), format);
        let mail = world.confidential("mail").at(&row);
        let tokens = mail.tokens(&world, &mut browser);
        let said = tickets.introspect(&world, &tokens.access);
        let now = world.now().seconds();
        assert_eq!(
            said,
            json!({
                "active": true, "iss": ISSUER, "sub": ada.id.to_string(), "aud": row.identifier.to_string(),
                "client_id": mail.id.to_string(), "scope": "mcp:read", "iat": now, "exp": now + 3_600,
                "token_type": "Bearer", "jti": said["jti"], "auth_time": now,
                "acr": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", "amr": ["pwd"],
            })
        );
        assert!(said["jti"].as_str().unwrap().starts_with("tok_"));
        assert_eq!(mail.introspect(&world, &tokens.access), said);

        // Another resource, another client, and a resource that asks for a signed answer.
        assert_eq!(files.introspect(&world, &tokens.access), inactive());
        assert_eq!(world.confidential("other").introspect(&world, &tokens.access), inactive());
        let (id, secret) = (files.id.to_string(), files.secret.clone().unwrap());
        for accept in ["application/jwt", "*/*"] {
            let request = world.request("POST", "/oauth/introspect").basic(&id, &secret).header("Accept", accept);
            let answer = request.form(&[("token", &tokens.access)]).send();
            assert_eq!((answer.status, answer.json()), (200, inactive()), "{accept}");
        }
        assert_eq!(signed(&world, &files, &tokens.access), inactive());
        assert_eq!(signed(&world, &tickets, &tokens.access), tickets.introspect(&world, &tokens.access));
        // A refresh token is its client's business, not the resource's.
        let refresh = tokens.refresh.unwrap();
        assert_eq!(tickets.introspect(&world, &refresh), inactive());
        let said = mail.introspect(&world, &refresh);
        assert_eq!((&said["active"], &said["token_type"]), (&json!(true), &json!("refresh_token")));
    }
}

/// The answer to this application as it is signed for it. RFC 9701 §5.
fn signed(world: &World, app: &ClientApp, token: &str) -> Value {
    let request = world.request("POST", "/oauth/introspect").header("Accept", "application/token-introspection+jwt");
    let answer = request.basic(&app.id.to_string(), app.secret.as_deref().unwrap()).form(&[("token", token)]).send();
    answer.expect_status(200);
    assert_eq!(answer.header("content-type"), Some("application/token-introspection+jwt"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let (header, mut claims) = verified(&world.jwks(), &answer.body);
    assert_eq!(header, json!({ "typ": "token-introspection+jwt", "alg": "ES256", "kid": header["kid"] }));
    let said = claims["token_introspection"].take();
    // Nothing at the top that would make an access token of it.
    let (aud, iat) = (app.id.to_string(), world.now().seconds());
    assert_eq!(claims, json!({ "iss": ISSUER, "aud": aud, "iat": iat, "token_introspection": null }));
    // Nor is it one anywhere.
    assert_eq!(world.request("GET", "/oauth/userinfo").bearer(&answer.body).send().status, 401);
    assert_eq!(app.introspect(world, &answer.body), inactive());
    said
}

/// RFC 9701 §5 keeps what RFC 7662 has: an error is one, in JSON, and nobody is answered who proves nothing.
#[test]
fn a_signed_answer_is_for_who_has_proved_who_it_is() {
    let world = World::new();
    let crm = world.confidential("crm");
    let token = crm.client_credentials(&world, &[]).tokens().access;
    let cli = world.client("cli").id.to_string();
    for fields in [vec![("token", token.as_str())], vec![("token", &token), ("client_id", &cli)]] {
        let request =
            world.request("POST", "/oauth/introspect").header("Accept", "application/token-introspection+jwt");
        request.form(&fields).send().expect_refused(401, "invalid_client");
    }
    assert_eq!(signed(&world, &crm, &token)["active"], true);
    let listed = world.request("GET", "/.well-known/oauth-authorization-server").send().json();
    assert_eq!(listed["introspection_signing_alg_values_supported"], listed["id_token_signing_alg_values_supported"]);
}

/// A token for the appliance itself is for nobody else's eyes either.
#[test]
fn case_23_a_machines_token_is_read_by_its_resource_and_itself() {
    let world = World::new();
    let ada = world.administrator("ada");
    let (tickets, row) = server(&world, "tickets", "https://mcp.example/a", TokenFormat::Jwt);
    let (files, _) = server(&world, "files", "https://files.example/", TokenFormat::Jwt);
    let robot = world.machine("robot", &ada, "mcp:read");
    let resource = row.identifier.to_string();
    let token = robot.client_credentials(&world, &[("resource", &resource)]).tokens().access;
    let said = tickets.introspect(&world, &token);
    assert_eq!((&said["sub"], &said["client_id"]), (&json!(robot.id.to_string()), &json!(robot.id.to_string())));
    assert_eq!(robot.introspect(&world, &token)["active"], true);
    assert_eq!(files.introspect(&world, &token), inactive());
}

/// Every way to damage a token, of either format, at every endpoint that takes one.
#[test]
fn case_25_a_damaged_token_is_no_token() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    for (name, format) in [("jwt", TokenFormat::Jwt), ("opaque", TokenFormat::Opaque)] {
        let (_, row) = server(&world, "tickets", &format!("https://mcp.example/{name}"), format);
        let mail = world.confidential("mail").at(&row);
        let code = mail.code_with(&mut browser, &[("scope", "openid mcp:read")]);
        let tokens = mail.redeem(&world, &code).tokens();
        assert_eq!(world.request("GET", "/oauth/userinfo").bearer(&tokens.access).send().status, 200);
        for damaged in damage(&tokens.access) {
            assert_eq!(mail.introspect(&world, &damaged), inactive(), "{damaged}");
            // What cannot stand in a header cannot be sent in one.
            if damaged.bytes().all(|byte| byte.is_ascii_graphic()) {
                let shown = world.request("GET", "/oauth/userinfo").bearer(&damaged).send();
                assert_eq!(shown.status, 401, "{damaged}");
            }
        }
        let refresh = tokens.refresh.unwrap();
        for damaged in damage(&refresh) {
            assert_eq!(mail.introspect(&world, &damaged), inactive(), "{damaged}");
            mail.refresh(&world, &damaged).expect_refusal(400, "invalid_grant", "RefreshUnknown");
        }
        // The whole ones have suffered nothing.
        assert_eq!(mail.introspect(&world, &tokens.access)["active"], true);
        mail.refresh(&world, &refresh).tokens();
    }
}

/// Truncated, extended, and with one bit flipped in each of many places.
fn damage(token: &str) -> Vec<String> {
    let mut all: Vec<String> =
        [1, 2, 5, token.len() / 2].iter().map(|by| token[..token.len() - by].to_owned()).collect();
    all.extend(["A", "=", ".", "%00", " x", "\n", "é"].iter().map(|more| format!("{token}{more}")));
    all.push(token[1..].to_owned());
    all.push(token.to_uppercase());
    for at in (0..token.len()).step_by(token.len() / 24 + 1).chain([token.len() - 1]) {
        let mut bytes = token.as_bytes().to_vec();
        bytes[at] ^= 1;
        all.push(String::from_utf8(bytes).unwrap());
    }
    // The last character of base64 may hold bits that no octet needs: they must not be overlooked either.
    let last = token.chars().last().unwrap();
    let table = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = table.find(last).unwrap();
    all.extend((1..4).map(|by| {
        let other = table.as_bytes()[(at & !3) | ((at + by) & 3)] as char;
        format!("{}{other}", &token[..token.len() - 1])
    }));
    all
}

#[test]
fn a_token_is_inactive_once_anything_it_rests_on_is_over() {
    let world = World::new();
    world.administrator("ada");
    let (tickets, row) = server(&world, "tickets", "https://mcp.example/a", TokenFormat::Jwt);
    let (vault, hidden) = server(&world, "vault", "https://vault.example/", TokenFormat::Opaque);
    let mail = world.confidential("mail");
    let bob = world.person("bob");
    for (reader, row) in [(&tickets, &row), (&vault, &hidden)] {
        let app = mail.clone().at(row);
        let token = app.tokens(&world, &mut world.signed_in(&bob)).access;
        let active = || reader.introspect(&world, &token)["active"].clone();
        assert_eq!(active(), true);
        world.set_person(&bob, PersonState::Suspended);
        assert_eq!(active(), false);
        world.set_person(&bob, PersonState::Active);
        world.edit_client(&mail, |client| client.state = ClientState::Suspended);
        assert_eq!(active(), false);
        world.edit_client(&mail, |client| client.state = ClientState::Active);
        assert_eq!(active(), true);
        world.later(Lifetime::from_millis(3_599_999));
        assert_eq!(active(), true);
        world.later(Lifetime::from_millis(1));
        assert_eq!(active(), false);
    }
}

/// §2.1: "the endpoint MUST also require some form of authorization": the name of a public client is none.
#[test]
fn nobody_introspects_without_proving_who_they_are() {
    let world = World::new();
    let crm = world.confidential("crm");
    let token = crm.client_credentials(&world, &[]).tokens().access;
    let ask = |fields: &[(&str, &str)]| world.request("POST", "/oauth/introspect").form(fields).send();
    let cli = world.client("cli").id.to_string();
    ask(&[("token", &token)]).expect_refusal(401, "invalid_client", "ClientUnknown");
    ask(&[("token", &token), ("client_id", &cli)]).expect_refusal(401, "invalid_client", "ClientSecretMissing");
    ask(&[("token", &token), ("client_id", &crm.id.to_string())]).expect_refused(401, "invalid_client");
    let bearer = world.request("POST", "/oauth/introspect").bearer(&token).form(&[("token", &token)]).send();
    bearer.expect_refusal(401, "invalid_client", "ClientMethodMismatch");
    let (id, secret) = (crm.id.to_string(), crm.secret.clone().unwrap());
    world
        .request("POST", "/oauth/introspect")
        .basic(&id, &secret)
        .form(&[])
        .send()
        .expect_refused(400, "invalid_request");
    // By the secret in the body, and by an assertion.
    let posted = ask(&[("token", &token), ("client_id", &id), ("client_secret", &secret), ("token_type_hint", "x")]);
    assert_eq!(posted.json()["active"], true);
    let bot = world.signer("bot", "RS256");
    let own = bot.client_credentials(&world, &bot.assertion(&world, "1")).tokens().access;
    let said = bot.asks(&world, "/oauth/introspect", &bot.assertion(&world, "2"), &[("token", &own)]);
    assert_eq!(said.json()["active"], true);
}
