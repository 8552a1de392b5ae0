//! Redeeming codes. OAuth 2.1 §4.1.3, RFC 7636, RFC 9700 §2.1.1. Attack cases 9 to 15.

use writ::base::Lifetime;

use crate::world::World;

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

#[test]
fn case_10_a_code_lives_a_minute() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let code = mail.code(&mut world.signed_in(&ada));
    world.later(Lifetime::from_seconds(61));
    mail.redeem(&world, &code).expect_refused(400, "invalid_grant");
}
