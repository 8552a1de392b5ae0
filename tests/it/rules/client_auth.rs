//! Client authentication. OAuth 2.1 §2.4, RFC 7617, RFC 6749 §2.3.1. Assertions are next door.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use writ::base::Timestamp;
use writ::model::{AuthMethod, ClientSecret};

use crate::world::{Answer, ClientApp, ISSUER, World};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

fn with_header(world: &World, header: &str, fields: &[(&str, &str)]) -> Answer {
    world.request("POST", "/oauth/token").header("Authorization", header).form(fields).send()
}

fn basic(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

/// RFC 6749 §2.3.1: both halves are form-encoded; the MCP SDKs send them raw. Ids and secrets are made of letters that are the
/// same either way, and whoever encodes more than is needed is understood as well.
#[test]
fn basic_is_read_encoded_and_raw() {
    let world = World::new();
    let crm = world.confidential("crm");
    let (id, secret) = (crm.id.to_string(), crm.secret.clone().unwrap());
    let percent = |text: &str| text.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
    for text in [
        format!("{id}:{secret}"),
        format!("{}:{}", percent(&id), percent(&secret)),
        format!("{}:{secret}", id.replace('_', "%5F")),
        format!("{id}:{}", secret.replace('_', "%5f").replace('-', "%2D")),
    ] {
        with_header(&world, &basic(&text), &[GRANT]).tokens();
        // The scheme's name has no case (RFC 9110 §11.1), and the id may stand in the body as well.
        with_header(&world, &basic(&text).replacen("Basic", "bAsIc", 1), &[GRANT, ("client_id", &id)]).tokens();
    }
}

/// Which of the two ways a client registered is a habit of its library: a secret is a secret.
#[test]
fn a_secret_may_stand_in_the_header_or_in_the_body() {
    let world = World::new();
    let crm = world.confidential("crm");
    let (id, secret) = (crm.id.to_string(), crm.secret.clone().unwrap());
    for method in [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost] {
        world.edit_client(&crm, |client| client.auth_method = method);
        crm.client_credentials(&world, &[]).tokens();
        world.token(&[GRANT, ("client_id", &id), ("client_secret", &secret)]).tokens();
    }
}

/// RFC 9110 §15.5.2: "The server generating a 401 response MUST send a WWW-Authenticate header field": whatever was tried.
#[test]
fn whoever_is_not_let_in_is_challenged() {
    let world = World::new();
    let crm = world.confidential("crm");
    let cli = world.client("cli");
    let (id, cli) = (crm.id.to_string(), cli.id.to_string());
    for (header, refusal) in [
        (basic(&format!("{id}:wrong")), "ClientSecretWrong"),
        (basic(&format!("{id}:")), "ClientSecretMissing"),
        (basic("cli_nobody:x"), "ClientUnknown"),
        (basic("nobody at all:x"), "ClientUnknown"),
        (basic(&format!("{cli}:secret")), "ClientMethodMismatch"),
        ("Bearer writ_at_x".to_owned(), "ClientMethodMismatch"),
        ("Digest username=\"x\"".to_owned(), "ClientMethodMismatch"),
    ] {
        let answer = with_header(&world, &header, &[GRANT]);
        answer.expect_refusal(401, "invalid_client", refusal);
        assert_eq!(answer.header("www-authenticate"), Some(format!("Basic realm=\"{ISSUER}\"").as_str()), "{header}");
    }
    for (fields, refusal) in [
        (vec![GRANT, ("client_id", id.as_str()), ("client_secret", "wrong")], "ClientSecretWrong"),
        (vec![GRANT, ("client_id", &id)], "ClientSecretMissing"),
        (vec![GRANT, ("client_id", "nobody"), ("client_secret", "wrong")], "ClientUnknown"),
        (vec![GRANT, ("client_id", &cli), ("client_secret", "wrong")], "ClientMethodMismatch"),
        (vec![GRANT], "ClientUnknown"),
    ] {
        let at = |path: &str| world.request("POST", path).form(&[&fields[..], &[("token", "t")]].concat()).send();
        for answer in [at("/oauth/token"), at("/oauth/introspect"), at("/oauth/revoke")] {
            answer.expect_refusal(401, "invalid_client", refusal);
            assert_eq!(answer.header("www-authenticate"), Some(format!("Basic realm=\"{ISSUER}\"").as_str()));
        }
    }
    // What is no Basic header at all is a malformed request, and says so.
    for header in ["Basic", "Basic !!!", &basic("no colon"), &basic(":x"), &format!("Basic {}", "A".repeat(4_000))] {
        with_header(&world, header, &[GRANT]).expect_refusal(400, "invalid_request", "MalformedParameter");
    }
}

/// OAuth 2.1 §2.4: "The client MUST NOT use more than one authentication method in each request".
#[test]
fn one_way_at_a_time() {
    let world = World::new();
    let crm = world.confidential("crm");
    let (id, secret) = (crm.id.to_string(), crm.secret.clone().unwrap());
    let header = basic(&format!("{id}:{secret}"));
    for fields in [
        vec![GRANT, ("client_secret", secret.as_str())],
        vec![GRANT, ("client_id", &id), ("client_secret", &secret)],
        vec![GRANT, ("client_assertion", "a.b.c"), ("client_assertion_type", crate::world::JWT_BEARER)],
        vec![GRANT, ("client_id", "cli_other")],
    ] {
        with_header(&world, &header, &fields).expect_refusal(400, "invalid_request", "TwoAuthMethods");
    }
    world
        .token(&[GRANT, ("client_id", &id), ("client_secret", &secret), ("client_assertion", "a.b.c")])
        .expect_refusal(400, "invalid_request", "TwoAuthMethods");
}

/// Several secrets are good side by side, each for as long as it says: a rotation has an overlap.
#[test]
fn each_secret_has_its_own_end() {
    let world = World::new();
    let (old, new) = (world.confidential("crm"), world.confidential("spare"));
    let end = Timestamp::from_seconds(world.now().seconds() + 10);
    let mut added: Option<ClientSecret> = None;
    world.edit_client(&new, |client| added = client.secrets.first().cloned());
    world.edit_client(&old, |client| {
        client.secrets[0].expires_at = Some(end);
        client.secrets.extend(added);
    });
    let rotated = ClientApp { secret: new.secret.clone(), ..old.clone() };
    old.client_credentials(&world, &[]).tokens();
    rotated.client_credentials(&world, &[]).tokens();
    world.later(writ::base::Lifetime::from_seconds(10));
    old.client_credentials(&world, &[]).expect_refusal(401, "invalid_client", "ClientSecretExpired");
    rotated.client_credentials(&world, &[]).tokens();
}

/// A machine is a client like any other, and a public client's name buys it nothing of its own.
#[test]
fn a_public_client_is_nobody_to_the_client_credentials_grant() {
    let world = World::new();
    let ada = world.administrator("ada");
    world.machine("robot", &ada, "mcp:read").client_credentials(&world, &[]).tokens();
    world.client("cli").client_credentials(&world, &[]).expect_refusal(
        400,
        "unauthorized_client",
        "PublicClientCredentials",
    );
}
