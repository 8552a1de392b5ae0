//! Proof keys through both endpoints. RFC 7636, OAuth 2.1 §7.5. Attack case 13.

use crate::world::{VERIFIER, World, challenge};

#[test]
fn case_13_only_an_s256_challenge_gets_a_code() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let long = "A".repeat(44);
    let challenge = challenge();
    for (changes, refusal) in [
        (vec![("code_challenge", ""), ("code_challenge_method", "")], "PkceMissing"),
        (vec![("code_challenge", "")], "PkceMissing"),
        (vec![("code_challenge_method", "plain"), ("code_challenge", VERIFIER)], "PkceMethod"),
        (vec![("code_challenge_method", "")], "PkceMethod"),
        (vec![("code_challenge_method", "s256")], "PkceMethod"),
        (vec![("code_challenge_method", "S512")], "PkceMethod"),
        (vec![("code_challenge", &long)], "MalformedParameter"),
        (vec![("code_challenge", &challenge[..42])], "MalformedParameter"),
        (vec![("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM")], "MalformedParameter"),
        (vec![("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c=")], "MalformedParameter"),
    ] {
        // Confidential clients are not excused: OAuth 2.1 §7.5.1.
        for app in [&mail, &world.confidential("crm")] {
            let page = browser.get(&app.authorize_path(&changes));
            assert_eq!(page.expect_left().parameter("error").as_deref(), Some("invalid_request"), "{changes:?}");
            assert_eq!(page.told().refusal, refusal, "{changes:?}");
        }
    }
}

#[test]
fn case_13_a_code_needs_its_own_verifier() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let code = mail.code(&mut browser);
    let challenge = challenge();
    let (long, other) = ("a".repeat(129), "b".repeat(43));
    for (verifier, error, refusal) in [
        ("", "invalid_request", "MissingParameter"),
        (&VERIFIER[..42], "invalid_request", "VerifierMalformed"),
        (&long, "invalid_request", "VerifierMalformed"),
        ("dBjftJeZ4CVP mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "invalid_request", "VerifierMalformed"),
        ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk\u{e9}", "invalid_request", "VerifierMalformed"),
        // The challenge is no secret, and not its own verifier.
        (&challenge, "invalid_grant", "PkceMismatch"),
        (&other, "invalid_grant", "PkceMismatch"),
    ] {
        let answer = mail.redeem_with(&world, &code, &[("code_verifier", verifier)]);
        answer.expect_refusal(400, error, refusal);
    }
    // None of it has spent the code.
    mail.redeem(&world, &code).tokens();
}
