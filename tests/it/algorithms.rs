//! Algorithms that the settings name, and those that somebody counts on.

use std::path::Path;

use serde_json::json;
use writ::app::App;
use writ::base::{Clock, Entropy, Fault, FaultKind, Resource};
use writ::config::Sources;
use writ::model::{Algorithm, TokenFormat};
use writ::operations::operator::Operator;
use writ::operations::resources::{self, NewResource};
use writ::operations::start::{Keeping, start};
use writ::protocol::display_name::DisplayName;

use crate::world::World;

fn appliance(data: &Path, algorithms: &str) -> Result<App, Fault> {
    let flags = vec![("data", data.display().to_string()), ("keys.algorithms", algorithms.to_owned())];
    let config = Sources { flags, file: None, environment: Vec::new() }.load().unwrap().config;
    loop {
        match start(config.clone(), Keeping::File, Clock::System, Entropy::os()) {
            // The one before may still hold the file for a moment.
            Err(fault) if fault.kind() == FaultKind::Busy => std::thread::yield_now(),
            started => return started,
        }
    }
}

/// Otherwise every code for that resource would be spent, and no token signed.
#[tokio::test]
async fn an_algorithm_that_a_resource_uses_cannot_be_taken_away() {
    let data = tempfile::tempdir().unwrap();
    let app = appliance(data.path(), "RS256,EdDSA").unwrap();
    let ctx = writ::operations::housekeeping::context(&app);
    let resource = NewResource {
        identifier: Resource::parse("https://mcp.example/a").unwrap(),
        aliases: Vec::new(),
        name: DisplayName::parse("Tickets").unwrap(),
        scopes: "mcp:read".parse().unwrap(),
        default_scopes: None,
        algorithm: Algorithm::EdDSA,
        format: TokenFormat::Jwt,
        access_for: None,
        machine_access_most: None,
        claims: None,
        is_default: false,
    };
    resources::add(&app, &Operator::with_the_file(&ctx), resource).await.unwrap();
    drop(app);
    let refused = appliance(data.path(), "RS256,ES256").err().expect("it was started without the resource's algorithm");
    assert_eq!(refused.kind(), FaultKind::Settings);
    let text = refused.to_string();
    assert!(text.contains("https://mcp.example/a") && text.contains("EdDSA"), "{text}");
    appliance(data.path(), "RS256,EdDSA").unwrap();
}

/// OpenID Connect Dynamic Client Registration §2.
#[test]
fn no_client_is_promised_what_no_key_signs() {
    let world = World::with(&[("keys.algorithms", "ES256,RS256")]);
    let register = |algorithm: &str| {
        let metadata = json!({ "redirect_uris": ["https://a.example/cb"], "id_token_signed_response_alg": algorithm });
        world.request("POST", "/oauth/register").json(&metadata).send()
    };
    register("ES256").expect_status(201);
    register("RS256").expect_status(201);
    register("EdDSA").expect_refused(400, "invalid_client_metadata");
}

/// One that was registered for an algorithm before the settings let it go gets the one that everybody understands.
#[test]
fn an_algorithm_that_is_gone_costs_nobody_the_code() {
    let world = World::with(&[("keys.algorithms", "RS256")]);
    let ada = world.administrator("ada");
    let mail = world.client("mail");
    world.edit_client(&mail, |client| client.id_token_signed_response_alg = Some(Algorithm::EdDSA));
    let code = mail.code_with(&mut world.signed_in(&ada), &[("scope", "openid")]);
    let tokens = mail.redeem(&world, &code).tokens();
    let jwks = world.jwks();
    assert_eq!(crate::world::verified(&jwks, &tokens.id.unwrap()).0["alg"], "RS256");
    assert_eq!(crate::world::verified(&jwks, &tokens.access).0["alg"], "RS256", "the appliance's own tokens as well");
}
