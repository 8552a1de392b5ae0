//! Revocation. RFC 7009. Attack case 24.

use writ::model::TokenFormat;

use crate::world::{Answer, ClientApp, World};

fn revoke(world: &World, app: &ClientApp, token: &str, extra: &[(&str, &str)]) -> Answer {
    let id = app.id.to_string();
    let mut fields = vec![("token", token)];
    fields.extend(extra);
    let request = world.request("POST", "/oauth/revoke");
    match &app.secret {
        Some(secret) => request.basic(&id, secret).form(&fields).send(),
        None => {
            fields.push(("client_id", &id));
            request.form(&fields).send()
        }
    }
}

/// §2.2: "The authorization server responds with HTTP status code 200 if the token has been revoked successfully or if the
/// client submitted an invalid token", and the body says nothing: an empty object, for clients that read JSON before they ignore it.
#[track_caller]
fn expect_done(answer: &Answer) {
    assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[test]
fn case_24_a_client_revokes_its_own_tokens_and_no_others() {
    let world = World::new();
    let ada = world.administrator("ada");
    let resource = world.resource("https://mcp.example/a", "mcp:read");
    let mail = world.confidential("mail").at(&resource);
    let mut opaque = world.resource("https://mcp.example/o", "mcp:read");
    opaque.format = TokenFormat::Opaque;
    world.put_resource(opaque.clone());
    let mut browser = world.signed_in(&ada);
    for mail in [mail.clone(), mail.clone().at(&opaque)] {
        let tokens = mail.tokens(&world, &mut browser);
        let refresh = tokens.refresh.clone().unwrap();
        for stranger in [world.client("thief"), world.confidential("other")] {
            for token in [&tokens.access, &refresh] {
                // The answer is the same, so that nobody learns whose it is.
                expect_done(&revoke(&world, &stranger, token, &[]));
            }
        }
        assert_eq!(mail.introspect(&world, &tokens.access)["active"], true);
        let refreshed = mail.refresh(&world, &refresh).tokens();

        // §2.1: an access token alone ends alone …
        expect_done(&revoke(&world, &mail, &tokens.access, &[]));
        assert_eq!(mail.introspect(&world, &tokens.access)["active"], false);
        world.expect_event("token.revoked");
        assert_eq!(mail.introspect(&world, &refreshed.access)["active"], true);
        let shown = world.request("GET", "/oauth/userinfo").bearer(&tokens.access).send();
        assert_eq!(shown.status, 401);

        // … and a refresh token takes everything of its grant with it.
        expect_done(&revoke(&world, &mail, refreshed.refresh.as_deref().unwrap(), &[]));
        assert_eq!(mail.introspect(&world, &refreshed.access)["active"], false);
        mail.refresh(&world, refreshed.refresh.as_deref().unwrap()).expect_refusal(400, "invalid_grant", "FamilyOver");
        mail.refresh(&world, &refresh).expect_refused(400, "invalid_grant");
        world.expect_event("family.revoked");
        // Again does no harm.
        expect_done(&revoke(&world, &mail, refreshed.refresh.as_deref().unwrap(), &[]));
        expect_done(&revoke(&world, &mail, &tokens.access, &[]));
    }
}

/// An older refresh token of a line is still its owner's word that all is to end: whoever signs out may hold either.
#[test]
fn a_rotated_refresh_token_revokes_its_line_as_well() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.confidential("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let first = mail.tokens(&world, &mut world.signed_in(&ada)).refresh.unwrap();
    let second = mail.refresh(&world, &first).tokens();
    expect_done(&revoke(&world, &mail, &first, &[]));
    assert_eq!(mail.introspect(&world, &second.access)["active"], false);
    mail.refresh(&world, second.refresh.as_deref().unwrap()).expect_refused(400, "invalid_grant");
}

/// §2.1: "token_type_hint … the server MAY ignore"; wrong and unknown hints do no harm.
#[test]
fn hints_are_only_hints() {
    let world = World::new();
    let crm = world.confidential("crm");
    for hint in ["access_token", "refresh_token", "id_token", "nonsense"] {
        let tokens = crm.client_credentials(&world, &[]).tokens();
        expect_done(&revoke(&world, &crm, &tokens.access, &[("token_type_hint", hint)]));
        assert_eq!(crm.introspect(&world, &tokens.access)["active"], false, "{hint}");
    }
}

#[test]
fn a_public_client_revokes_with_its_name_and_everybody_else_proves_who_they_are() {
    let world = World::new();
    let ada = world.administrator("ada");
    let resource = world.resource("https://mcp.example/a", "mcp:read");
    let (cli, crm, bot) = (world.client("cli").at(&resource), world.confidential("crm"), world.signer("bot", "ES256"));
    let refresh = cli.tokens(&world, &mut world.signed_in(&ada)).refresh.unwrap();
    expect_done(&revoke(&world, &cli, &refresh, &[]));
    cli.refresh(&world, &refresh).expect_refusal(400, "invalid_grant", "FamilyOver");

    let token = crm.client_credentials(&world, &[]).tokens().access;
    let nameless = ClientApp { secret: None, ..crm.clone() };
    revoke(&world, &nameless, &token, &[]).expect_refusal(401, "invalid_client", "ClientSecretMissing");
    let wrong = ClientApp { secret: Some("writ_cs_x".to_owned()), ..crm.clone() };
    let answer = revoke(&world, &wrong, &token, &[]);
    answer.expect_refusal(401, "invalid_client", "ClientSecretWrong");
    assert!(answer.header("www-authenticate").unwrap().starts_with("Basic "));
    world.request("POST", "/oauth/revoke").form(&[("token", &token)]).send().expect_refused(401, "invalid_client");
    assert_eq!(crm.introspect(&world, &token)["active"], true);

    let own = bot.client_credentials(&world, &bot.assertion(&world, "1")).tokens().access;
    expect_done(&bot.asks(&world, "/oauth/revoke", &bot.assertion(&world, "2"), &[("token", &own)]));
    let jti = crate::world::claims(&own)["jti"].as_str().unwrap().to_owned();
    assert!(jti.starts_with("tok_"));
    // §2.1: "token REQUIRED".
    revoke(&world, &crm, "", &[]).expect_refusal(400, "invalid_request", "MissingParameter");
}

#[test]
fn what_is_no_token_is_revoked_without_a_trace() {
    let world = World::new();
    let crm = world.confidential("crm");
    let token = crm.client_credentials(&world, &[]).tokens().access;
    let before = world.events(400).len();
    let long = "a".repeat(20_000);
    for nonsense in ["x", "writ_rt_x", "writ_at_x", "a.b.c", &token[..token.len() - 1], &long, "\u{0}", "🦀"] {
        expect_done(&revoke(&world, &crm, nonsense, &[]));
    }
    assert_eq!(world.events(400).len(), before);
}
