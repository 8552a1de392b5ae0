//! Clients that introduce themselves by a document, while its host cannot be reached. CIMD §5.2, protocol.md §2.1.

use serde_json::json;
use writ::base::Lifetime;
use writ::model::AuthMethod;

use crate::world::{Answer, ClientApp, KeyPair, Signer, Website, World};

const HOURS: fn(u64) -> Lifetime = Lifetime::from_hours;

#[track_caller]
fn expect_try_again(answer: &Answer) {
    answer.expect_refusal(503, "temporarily_unavailable", "ClientOutOfReach");
    assert_eq!(answer.header("retry-after"), Some("10"));
}

/// MCP clients throw away themselves and their tokens at `invalid_client`: nobody is told so because a host is out of reach. What
/// the document said stands for a day since it was last seen, and every refresh sees it.
#[test]
fn a_document_host_that_is_out_of_reach_logs_nobody_out() {
    let world = World::with_websites();
    let ada = world.administrator("ada");
    let website = Website::new("Cursor");
    let cursor = website.application().at(&world.resource("https://mcp.example/a", "mcp:read"));
    let mut token = cursor.tokens(&world, &mut world.signed_in(&ada)).refresh.unwrap();
    let refresh = |token: &str| cursor.refresh(&world, token).tokens().refresh.unwrap();

    // Long after anybody was asked about it.
    for _ in 0..4 {
        world.later(HOURS(13));
        token = refresh(&token);
    }
    website.is_down(true);
    for _ in 0..3 {
        world.later(HOURS(7));
        token = refresh(&token);
    }
    // What stood in for the document has not made itself younger.
    world.later(HOURS(4));
    expect_try_again(&cursor.refresh(&world, &token));
    website.is_down(false);
    world.later(Lifetime::from_seconds(11));
    refresh(&token);
}

/// A document that came and is bad is another matter: what it replaces is over at once.
#[test]
fn case_34_a_document_that_turned_bad_is_no_passing_failure() {
    let world = World::with_websites();
    let ada = world.administrator("ada");
    let website = Website::new("Cursor");
    let cursor = website.application().at(&world.resource("https://mcp.example/a", "mcp:read"));
    let token = cursor.tokens(&world, &mut world.signed_in(&ada)).refresh.unwrap();
    website.set("client_id", json!("https://evil.test/client.json"));
    world.later(HOURS(1));
    cursor.refresh(&world, &token).expect_refusal(401, "invalid_client", "ClientUnknown");
}

#[test]
fn a_key_set_that_is_out_of_reach_stands_for_a_day() {
    let world = World::with_websites();
    let website = Website::new("keys");
    let key = KeyPair::new("EdDSA");
    website.set_keys(json!({ "keys": [key.jwk("key-1")] }));
    let signer = Signer { app: ClientApp { secret: None, ..world.confidential("bot") }, key };
    world.edit_client(&signer.app, |client| {
        client.auth_method = AuthMethod::PrivateKeyJwt;
        client.secrets.clear();
        client.jwks_uri = Some(website.url.replace("client.json", "keys.json"));
    });
    let ask = |jti: &str| signer.client_credentials(&world, &signer.assertion(&world, jti));
    ask("1").expect_status(200);
    website.is_down(true);
    world.later(HOURS(1));
    ask("2").expect_status(200);
    // A key that the last good set does not have may have been added since.
    let header = json!({ "alg": "EdDSA", "kid": "key-2" });
    let unknown = signer.key.signs(&header, &signer.claims(&world, "3", json!({})));
    world.later(Lifetime::from_seconds(11));
    expect_try_again(&signer.client_credentials(&world, &unknown));
    world.later(HOURS(23));
    expect_try_again(&ask("4"));
    website.is_down(false);
    world.later(Lifetime::from_seconds(11));
    ask("5").expect_status(200);
}
