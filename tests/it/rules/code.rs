//! Redeeming codes. OAuth 2.1 §4.1.3, RFC 7636, RFC 9700 §2.1.1. Attack cases 9 to 15.

use writ::base::{Id, Lifetime, OpaqueToken, TokenKind};
use writ::model::{AuthorizationCode, ClientState, PersonState};
use writ::operations::clients;
use writ::operations::seen::Seen;

use crate::world::{World, at_once, base64};

/// §4.1.3: "MUST return an access token only once for a given authorization code".
#[test]
fn a_code_buys_tokens_once_and_its_replay_ends_what_it_bought() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.confidential("mail").at(&world.resource("https://mcp.example/a", "mcp:read mcp:write"));
    let mut browser = world.signed_in(&ada);
    let code = mail.code(&mut browser);

    let tokens = mail.redeem(&world, &code).tokens();
    assert_eq!(tokens.scope, "mcp:read");
    assert_eq!(tokens.claims()["aud"], "https://mcp.example/a");
    assert_eq!(tokens.claims()["sub"], ada.id.to_string());
    assert_eq!(mail.introspect(&world, &tokens.access)["active"], true);

    mail.redeem(&world, &code).expect_refused(400, "invalid_grant");
    assert_eq!(mail.introspect(&world, &tokens.access)["active"], false, "the family fell with the replay");
    mail.refresh(&world, &tokens.refresh.unwrap()).expect_refused(400, "invalid_grant");
    world.expect_event("code.replayed");
    world.expect_event("family.revoked");
}

/// §4.1.3: "ensure that the authorization code was issued to the authenticated confidential client, or if the client is public,
/// ensure that the code was issued to "client_id" in the request".
#[test]
fn case_9_a_code_is_worth_nothing_to_another_client() {
    let world = World::new();
    let ada = world.administrator("ada");
    let resource = world.resource("https://mcp.example/a", "mcp:read");
    let mail = world.confidential("mail").at(&resource);
    let mut browser = world.signed_in(&ada);
    let strangers = [world.client("thief").at(&resource), world.confidential("other").at(&resource)];
    let code = mail.code(&mut browser);
    for stranger in &strangers {
        stranger.redeem(&world, &code).expect_refusal(400, "invalid_grant", "CodeOfAnotherClient");
    }
    // It is not burnt, or anybody who sees one could keep its owner out.
    let tokens = mail.redeem(&world, &code).tokens();
    // Nor can a stranger end what it bought by showing it again.
    for stranger in &strangers {
        stranger.redeem(&world, &code).expect_refusal(400, "invalid_grant", "CodeOfAnotherClient");
    }
    assert_eq!(mail.introspect(&world, &tokens.access)["active"], true);
    mail.refresh(&world, &tokens.refresh.unwrap()).tokens();
    // The name of a confidential client is not the client.
    let code = mail.code(&mut browser);
    let nameless = crate::world::ClientApp { secret: None, ..mail.clone() };
    nameless.redeem(&world, &code).expect_refusal(401, "invalid_client", "ClientSecretMissing");
    mail.redeem(&world, &code).tokens();
}

/// §4.1.2: "The authorization code MUST expire shortly after it is issued".
#[test]
fn case_10_a_code_lives_a_minute() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let (late, later) = (mail.code(&mut browser), mail.code(&mut browser));
    world.later(Lifetime::from_millis(59_999));
    mail.redeem(&world, &late).tokens();
    world.later(Lifetime::from_millis(1));
    mail.redeem(&world, &later).expect_refusal(400, "invalid_grant", "CodeExpired");
    world.later(Lifetime::from_days(1));
    mail.redeem(&world, &later).expect_refused(400, "invalid_grant");
}

/// Check-then-act has no gap: fifty redemptions at the same moment, over four workers.
#[test]
fn case_11_of_fifty_redemptions_at_once_one_wins_and_the_others_end_it() {
    let world = World::with(&[("workers", "4")]);
    let ada = world.administrator("ada");
    let mail = world.confidential("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let code = mail.code(&mut world.signed_in(&ada));
    let answers = at_once(50, |_| mail.redeem(&world, &code));
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 49));
    for answer in lost {
        answer.expect_refusal(400, "invalid_grant", "CodeReplayed");
    }
    // The replays revoked what the one redemption issued.
    let tokens = won[0].tokens();
    assert_eq!(mail.introspect(&world, &tokens.access)["active"], false);
    mail.refresh(&world, &tokens.refresh.unwrap()).expect_refusal(400, "invalid_grant", "FamilyOver");
    assert_eq!(world.events(200).iter().filter(|event| *event == "family.revoked").count(), 1);
}

/// §4.1.3: "If a second valid token request is made". A spent code and the id of a public client are no secrets; without the
/// verifier they end nothing.
#[test]
fn case_11_who_finds_a_spent_code_cannot_end_what_it_bought() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let code = mail.code(&mut world.signed_in(&ada));
    let tokens = mail.redeem(&world, &code).tokens();
    let guess = "a".repeat(43);
    for (changes, refusal) in [
        (("code_verifier", guess.as_str()), "PkceMismatch"),
        (("redirect_uri", "http://127.0.0.1:1/callback"), "RedirectUriMismatch"),
    ] {
        mail.redeem_with(&world, &code, &[changes]).expect_refusal(400, "invalid_grant", refusal);
    }
    mail.redeem_with(&world, &code, &[("code_verifier", "")]).expect_refusal(
        400,
        "invalid_request",
        "MissingParameter",
    );
    let next = mail.refresh(&world, &tokens.refresh.unwrap()).tokens();
    // With it, both parties were there.
    mail.redeem(&world, &code).expect_refusal(400, "invalid_grant", "CodeReplayed");
    mail.refresh(&world, &next.refresh.unwrap()).expect_refusal(400, "invalid_grant", "FamilyOver");
}

/// A code's first characters are the id of its row, which is no secret: they alone have no effect on the grant.
#[test]
fn case_12_a_forged_code_with_the_id_of_a_real_one_does_nothing() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let mut browser = world.signed_in(&ada);
    let (fresh, spent) = (mail.code(&mut browser), mail.code(&mut browser));
    let tokens = mail.redeem(&world, &spent).tokens();
    for code in [&fresh, &spent] {
        let real = OpaqueToken::parse(TokenKind::AuthorizationCode, code).unwrap();
        // The same id, whole in form and checksum, with another secret.
        let forged =
            OpaqueToken::new(TokenKind::AuthorizationCode, real.id::<AuthorizationCode>(), &world.app.entropy).unwrap();
        mail.redeem(&world, forged.secret().expose()).expect_refusal(400, "invalid_grant", "CodeUnknown");
        for damaged in [code[..40].to_owned(), format!("{code}A"), code.to_uppercase(), format!("{}AAAA", &code[..74])]
        {
            mail.redeem(&world, &damaged).expect_refusal(400, "invalid_grant", "CodeUnknown");
        }
    }
    mail.refresh(&world, &tokens.refresh.unwrap()).tokens();
    mail.redeem(&world, &fresh).tokens();
}

/// One kind of credential is never taken for another, not even when it belongs to the same row.
#[test]
fn case_14_no_other_credential_is_a_code_or_a_refresh_token_or_an_access_token() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.confidential("mail").at(&world.resource("https://mcp.example/a", "mcp:read openid"));
    let mut browser = world.signed_in(&ada);
    let code = mail.code_with(&mut browser, &[("scope", "openid mcp:read")]);
    let tokens = mail.redeem(&world, &mail.code_with(&mut browser, &[("scope", "openid mcp:read")])).tokens();
    let ids: Vec<Id<()>> = [code.as_str(), tokens.refresh.as_deref().unwrap()]
        .iter()
        .map(|token| {
            let kind = OpaqueToken::kind_of(token).unwrap();
            OpaqueToken::parse(kind, token).unwrap().id()
        })
        .collect();
    let mut credentials: Vec<String> = TokenKind::ALL
        .into_iter()
        .flat_map(|kind| ids.iter().map(move |id| (kind, *id)))
        .map(|(kind, id)| OpaqueToken::new(kind, id, &world.app.entropy).unwrap().secret().expose().to_owned())
        .collect();
    credentials.extend([
        mail.secret.clone().unwrap(),
        tokens.access.clone(),
        tokens.id.clone().unwrap(),
        ids[0].of::<AuthorizationCode>().to_string(),
        // The same bytes under another prefix.
        code.replace("writ_ac_", "writ_rt_"),
        code.replace("writ_ac_", "writ_at_"),
        tokens.refresh.clone().unwrap().replace("writ_rt_", "writ_ac_"),
        browser.cookies.values().next().unwrap().clone(),
    ]);
    for credential in &credentials {
        mail.redeem(&world, credential).expect_refused(400, "invalid_grant");
        mail.refresh(&world, credential).expect_refused(400, "invalid_grant");
        let shown = world.request("GET", "/oauth/userinfo").bearer(credential).send();
        if *credential == tokens.access {
            shown.expect_status(200);
            continue;
        }
        assert_eq!((shown.status, shown.json()["error"].as_str()), (401, Some("invalid_token")), "{credential}");
        let said = mail.introspect(&world, credential);
        assert_eq!(said, serde_json::json!({ "active": false }), "{credential}");
    }
    mail.redeem(&world, tokens.refresh.as_deref().unwrap()).expect_refused(400, "invalid_grant");
    mail.refresh(&world, &code).expect_refused(400, "invalid_grant");
    // And the true ones are as good as before.
    mail.redeem(&world, &code).tokens();
    mail.refresh(&world, tokens.refresh.as_deref().unwrap()).tokens();
}

#[test]
fn case_15_a_wrong_redirect_uri_or_resource_is_refused_and_spends_nothing() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    world.resource("https://mcp.example/b", "mcp:read");
    let code = mail.code(&mut world.signed_in(&ada));
    for (changes, error, refusal) in [
        // The port was free to choose when it was asked; now it is the one that was asked with.
        (("redirect_uri", "http://127.0.0.1:7778/callback"), "invalid_grant", "RedirectUriMismatch"),
        (("redirect_uri", "http://127.0.0.1:7777/callback/"), "invalid_grant", "RedirectUriMismatch"),
        (("redirect_uri", "http://localhost:7777/callback"), "invalid_grant", "RedirectUriMismatch"),
        (("redirect_uri", "https://evil.test/callback"), "invalid_grant", "RedirectUriMismatch"),
        (("redirect_uri", "not a url"), "invalid_request", "MalformedParameter"),
        (("resource", "https://mcp.example/b"), "invalid_target", "ResourceWidened"),
        (("resource", "https://mcp.example/c"), "invalid_target", "ResourceUnknown"),
        (("resource", "https://mcp.example/a#x"), "invalid_target", "ResourceMalformed"),
    ] {
        mail.redeem_with(&world, &code, &[changes]).expect_refusal(400, error, refusal);
    }
    let tokens = mail.redeem_with(&world, &code, &[("resource", "https://mcp.example/a")]).tokens();
    assert_eq!(tokens.claims()["aud"], "https://mcp.example/a");
}

/// OAuth 2.1 §4.1.3 has no redirect_uri here any more; RFC 6749 §4.1.3 had. Either client is served.
#[test]
fn the_redirect_uri_may_be_left_out() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let code = mail.code(&mut world.signed_in(&ada));
    mail.redeem_with(&world, &code, &[("redirect_uri", "")]).tokens();
}

/// Whatever ends between the page and the redemption has ended for the code as well.
#[test]
fn a_code_falls_with_its_client_its_person_its_consent_and_its_resource() {
    let world = World::new();
    let ada = world.administrator("ada");
    let bob = world.person("bob");
    let resource = world.resource("https://mcp.example/a", "mcp:read");
    let mail = world.client("mail").at(&resource);
    let mut browser = world.signed_in(&ada);

    let code = mail.code(&mut world.signed_in(&bob));
    world.set_person(&bob, PersonState::Suspended);
    mail.redeem(&world, &code).expect_refusal(400, "invalid_grant", "PersonSuspended");
    world.set_person(&bob, PersonState::Active);
    mail.redeem(&world, &code).tokens();

    let code = mail.code(&mut browser);
    world.edit_client(&mail, |client| client.state = ClientState::Suspended);
    mail.redeem(&world, &code).expect_refusal(401, "invalid_client", "ClientSuspended");
    world.edit_client(&mail, |client| client.state = ClientState::Active);
    mail.redeem(&world, &code).tokens();

    let code = mail.code(&mut browser);
    let page = browser.get("/account");
    let form = page.forms().into_iter().find(|form| form.action.contains("/revocation")).unwrap();
    browser.submit_form(&form, &[]).expect_status(200);
    mail.redeem(&world, &code).expect_refusal(400, "invalid_grant", "ConsentOver");

    let code = mail.code(&mut browser);
    world.remove_resource(&resource);
    mail.redeem(&world, &code).expect_refusal(400, "invalid_target", "ResourceGone");
    world.put_resource(resource);
    mail.redeem(&world, &code).tokens();

    let code = mail.code(&mut browser);
    world.block(clients::remove(&world.app, &world.operator(), mail.id.clone(), Seen::Anything)).unwrap();
    mail.redeem(&world, &code).expect_refusal(401, "invalid_client", "ClientUnknown");
}

/// A flood of invented codes never reaches the writer, and leaves no line of its own (architecture §8).
#[test]
fn invented_codes_make_nobody_write() {
    let world = World::new();
    let mail = world.client("mail");
    let before = world.events(400).len();
    for n in 0..50_u8 {
        mail.redeem(&world, &format!("writ_ac_{}", base64(&[n; 52]))).expect_refused(400, "invalid_grant");
        let id = Id::<AuthorizationCode>::from_bytes([n; 16]);
        let whole = OpaqueToken::new(TokenKind::AuthorizationCode, id, &world.app.entropy).unwrap();
        mail.redeem(&world, whole.secret().expose()).expect_refusal(400, "invalid_grant", "CodeUnknown");
    }
    assert_eq!(world.events(400).len(), before);
}
