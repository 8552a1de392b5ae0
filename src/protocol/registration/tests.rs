//! The rules of registration, one at a time. Over HTTP they are in `tests/it/rules/registration.rs`.

use serde_json::{Value, json};

use super::*;
use crate::base::{Entropy, Issuer, Lifetime, Secret};
use crate::model::RegistrationMode;

const AT: Timestamp = Timestamp::from_seconds(1_763_700_000);

/// What a client of MCP registers with, and `changes` laid over it; a null removes.
fn body(changes: Value) -> Vec<u8> {
    let mut body = json!({
        "client_name": "Claude Code",
        "redirect_uris": ["http://localhost:53211/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    });
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(body.as_object_mut().unwrap().remove(name)),
            value => body[name] = value.clone(),
        }
    }
    body.to_string().into_bytes()
}

fn parse(changes: Value) -> Result<Registration, RegistrationRefusal> {
    Registration::parse(&body(changes))
}

fn register(changes: Value) -> Result<Client, RegistrationRefusal> {
    admit(parse(changes)?, VouchedBy::Nobody).map(|admitted| client(admitted, ClientState::Active))
}

fn client(admitted: Admitted, state: ClientState) -> Client {
    let provenance = Provenance::Dynamic { registration: Digest::of(b"management token") };
    let id = Id::new(AT, &Entropy::seeded(1)).unwrap();
    admitted.into_client(
        Issued { id, provenance, secret: Some(Digest::of(b"secret")), state, unused_for: Lifetime::from_days(1) },
        AT,
    )
}

fn jwks() -> Value {
    let x = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
    json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": x }] })
}

#[track_caller]
fn refused(changes: Value, error: &str) {
    let refusal = register(changes.clone()).expect_err(&changes.to_string());
    assert_eq!(refusal.error(), error, "{changes}");
    let text = refusal.public_text();
    assert!(text.bytes().all(|b| matches!(b, 0x20..=0x7e)) && !text.contains(['"', '\\']), "{text}");
}

#[test]
fn a_client_of_mcp_is_registered_as_it_asks() {
    let client = register(json!({})).unwrap();
    assert_eq!(client.name, "Claude Code");
    assert_eq!(client.auth_method, AuthMethod::None);
    assert_eq!(client.grant_types, [GrantType::AuthorizationCode, GrantType::RefreshToken]);
    assert_eq!(client.application_type, ApplicationType::Native, "a loopback URI implies it");
    assert!(client.secrets.is_empty(), "a public client has no secret");
    assert_eq!(client.scope, None);
}

#[test]
fn what_is_left_out_gets_the_default_of_the_rfc() {
    let client =
        admit(Registration::parse(br#"{"redirect_uris":["https://a.example/cb"]}"#).unwrap(), VouchedBy::Nobody);
    let client = self::client(client.unwrap(), ClientState::Active);
    assert_eq!(client.auth_method, AuthMethod::ClientSecretBasic);
    assert_eq!(client.grant_types, [GrantType::AuthorizationCode]);
    assert_eq!(client.application_type, ApplicationType::Web);
    assert_eq!(client.secrets.len(), 1);
    assert_eq!(client.name, "Unnamed application");
    assert!(!client.dpop_bound_access_tokens);
    // Null and empty count as left out.
    let empty = json!({ "client_name": "", "scope": "", "contacts": [], "jwks": null, "client_uri": "" });
    assert!(register(empty).is_ok());
    let nulls =
        br#"{"redirect_uris":["https://a.example/cb"],"scope":null,"jwks":null,"contacts":null,"logo_uri":null}"#;
    assert!(Registration::parse(nulls).is_ok());
}

#[test]
fn all_four_methods_are_taken_and_given_back() {
    let issuer = Issuer::parse("https://id.example").unwrap();
    for method in AuthMethod::ALL {
        let keys = if method == AuthMethod::PrivateKeyJwt { jwks() } else { Value::Null };
        let client = register(json!({ "token_endpoint_auth_method": method.as_str(), "jwks": keys })).unwrap();
        assert_eq!(client.secrets.len(), usize::from(method.has_secret()));
        let answer = registration_response(&client, None, None, &issuer);
        assert_eq!(answer["token_endpoint_auth_method"], method.as_str());
    }
    refused(json!({ "token_endpoint_auth_method": "client_secret_jwt" }), "invalid_client_metadata");
    refused(json!({ "token_endpoint_auth_method": "None" }), "invalid_client_metadata");
}

#[test]
fn case_3_the_unacceptable_redirect_uri_is_named() {
    let refusal = register(json!({ "redirect_uris": ["https://a.example/cb", "http://a.example/cb"] })).unwrap_err();
    assert_eq!(refusal.error(), "invalid_redirect_uri");
    assert!(refusal.public_text().contains("'http://a.example/cb'"), "{}", refusal.public_text());
    for uri in [
        "JaVaScRiPt:alert(1)",
        "\tjavascript:x",
        "data:text/html,x",
        "vbscript:x",
        "blob:https://a.example/1",
        "file:///x",
        "",
    ] {
        refused(json!({ "redirect_uris": [uri] }), "invalid_redirect_uri");
    }
    for uris in [
        json!("https://a.example/cb"),
        json!([7]),
        json!([["https://a.example/cb"]]),
        json!({}),
        Value::Null,
        json!([]),
    ] {
        refused(json!({ "redirect_uris": uris }), "invalid_redirect_uri");
    }
}

#[test]
fn an_editor_registers_three_kinds_of_redirect_uri_at_once() {
    let uris = [
        "cursor://anysphere.cursor-retrieval/oauth/callback",
        "http://localhost:8787/callback",
        "https://www.cursor.com/cb",
    ];
    let client = register(json!({ "redirect_uris": uris })).unwrap();
    assert_eq!(client.redirect_uris.iter().map(RedirectUri::as_str).collect::<Vec<_>>(), uris);
    assert_eq!(client.application_type, ApplicationType::Native);
}

#[test]
fn case_36_everything_is_bounded() {
    let many = |count: usize| (0..count).map(|n| format!("https://a.example/{n}")).collect::<Vec<_>>();
    assert_eq!(register(json!({ "redirect_uris": many(20) })).unwrap().redirect_uris.len(), 20);
    refused(json!({ "redirect_uris": many(21) }), "invalid_redirect_uri");
    refused(json!({ "redirect_uris": [format!("https://a.example/{}", "x".repeat(1_024))] }), "invalid_redirect_uri");
    refused(json!({ "contacts": vec!["a@a.example"; 11] }), "invalid_client_metadata");
    refused(json!({ "grant_types": vec!["authorization_code"; 21] }), "invalid_client_metadata");
    refused(json!({ "software_id": "x".repeat(129) }), "invalid_client_metadata");
    refused(json!({ "client_uri": format!("https://a.example/{}", "x".repeat(512)) }), "invalid_client_metadata");
    refused(json!({ "scope": (0..65).map(|n| format!("s{n} ")).collect::<String>() }), "invalid_client_metadata");
    refused(json!({ "x": "y".repeat(Registration::LONGEST) }), "invalid_client_metadata");
    let deep =
        format!(r#"{{"redirect_uris":["https://a.example/cb"],"x":{}{}}}"#, "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(Registration::parse(deep.as_bytes()).unwrap_err().error(), "invalid_client_metadata");
    for body in ["", "[]", "null", "7", "{", r#"{"client_name":"a","client_name":"b"}"#, "client_name=a"] {
        assert_eq!(Registration::parse(body.as_bytes()).unwrap_err().error(), "invalid_client_metadata", "{body}");
    }
    assert_eq!(Registration::parse(b"{\"client_name\":\"\xff\"}").unwrap_err().error(), "invalid_client_metadata");
}

#[test]
fn case_38_names_are_text() {
    let named = |name: &str| register(json!({ "client_name": name })).map(|client| client.name);
    assert_eq!(named("Pay\u{202E}lap\u{200B}").unwrap(), "Paylap");
    assert_eq!(named("<b>Bank</b>").unwrap(), "<b>Bank</b>");
    assert!(named(&"x".repeat(4_096)).is_err());
    assert!(named("\u{200B}\u{202E}").is_err());
    refused(json!({ "client_name": 7 }), "invalid_client_metadata");
    for member in ["client_uri", "logo_uri", "policy_uri", "tos_uri"] {
        for uri in [
            "javascript:alert(1)",
            "data:image/svg+xml,<svg onload=alert(1)>",
            "https://u:p@a.example/",
            "//a.example",
            "https://a.example/\"onerror=",
            "HTTPS://a.example/",
        ] {
            refused(json!({ member: uri }), "invalid_client_metadata");
        }
        assert!(register(json!({ member: "https://a.example/logo.svg" })).is_ok());
        assert!(register(json!({ member: "http://localhost:3000" })).is_ok(), "left out, not refused");
    }
    assert_eq!(register(json!({ "client_uri": "http://localhost:3000" })).unwrap().client_uri, None);
}

#[test]
fn grants_that_are_not_ours_are_left_out_and_dead_ones_refused() {
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    let client = register(json!({ "grant_types": ["authorization_code", device, "refresh_token"] })).unwrap();
    assert_eq!(client.grant_types, [GrantType::AuthorizationCode, GrantType::RefreshToken]);
    for grants in [
        json!([device]),
        json!(["implicit"]),
        json!(["authorization_code", "password"]),
        json!(["refresh_token"]),
        json!("authorization_code"),
        json!([7]),
    ] {
        refused(json!({ "grant_types": grants }), "invalid_client_metadata");
    }
    for types in [json!(["token"]), json!(["code", "id_token"]), json!(["code token"]), json!("code")] {
        refused(json!({ "response_types": types }), "invalid_client_metadata");
    }
}

#[test]
fn a_stranger_does_not_give_itself_tokens() {
    let secret = |grants: Value| json!({ "grant_types": grants, "token_endpoint_auth_method": "client_secret_basic" });
    refused(secret(json!(["client_credentials"])), "invalid_client_metadata");
    let both = secret(json!(["authorization_code", "client_credentials"]));
    assert_eq!(register(both.clone()).unwrap().grant_types, [GrantType::AuthorizationCode]);

    let vouched = admit(parse(both).unwrap(), VouchedBy::Administrator).unwrap();
    let vouched = client(vouched, ClientState::Active);
    assert_eq!(vouched.grant_types, [GrantType::AuthorizationCode, GrantType::ClientCredentials]);
    // OAuth 2.1 §4.2: and never without authentication.
    let public = parse(json!({ "grant_types": ["client_credentials"] })).unwrap();
    assert!(admit(public, VouchedBy::Administrator).is_err());
    // A client that has only that grant needs no redirect URI.
    let machine = parse(
        json!({ "grant_types": ["client_credentials"], "redirect_uris": null, "token_endpoint_auth_method": "client_secret_post" }),
    );
    assert!(admit(machine.unwrap(), VouchedBy::Administrator).is_ok());
}

#[test]
fn private_key_jwt_has_its_public_keys_in_exactly_one_place() {
    let with = |keys: Value, uri: Value| json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": keys, "jwks_uri": uri });
    assert_eq!(register(with(jwks(), Value::Null)).unwrap().jwks, Some(jwks()));
    let uri = "https://a.example/keys.json";
    assert_eq!(register(with(Value::Null, json!(uri))).unwrap().jwks_uri.as_deref(), Some(uri));
    refused(with(Value::Null, Value::Null), "invalid_client_metadata");
    refused(with(jwks(), json!(uri)), "invalid_client_metadata");
    refused(with(json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] }), Value::Null), "invalid_client_metadata");
    for uri in ["http://a.example/keys", "file:///keys", "https://u@a.example/keys"] {
        refused(with(Value::Null, json!(uri)), "invalid_client_metadata");
    }
    // Keys of a client that does not use them are looked at and not kept.
    assert_eq!(register(json!({ "jwks": jwks() })).unwrap().jwks, None);
}

#[test]
fn what_cannot_be_kept_is_not_promised() {
    refused(json!({ "software_statement": "eyJhbGciOiJub25lIn0.e30." }), "invalid_software_statement");
    refused(json!({ "subject_type": "pairwise" }), "invalid_client_metadata");
    refused(json!({ "token_endpoint_auth_signing_alg": "HS256" }), "invalid_client_metadata");
    for algorithm in ["none", "HS256", "PS256"] {
        refused(json!({ "id_token_signed_response_alg": algorithm }), "invalid_client_metadata");
    }
    refused(json!({ "application_type": "service" }), "invalid_client_metadata");
    refused(json!({ "scope": "a\"b" }), "invalid_client_metadata");
}

#[test]
fn the_answer_says_everything_and_nothing_empty() {
    let issuer = Issuer::parse("https://id.example/t").unwrap();
    let client = register(json!({
        "token_endpoint_auth_method": "client_secret_post", "scope": "mcp:write mcp:read", "application_type": "web",
        "client_uri": "https://a.example/", "tos_uri": "https://a.example/tos", "id_token_signed_response_alg": "ES256", "contacts": ["ops@a.example"],
        "software_id": "cc", "software_version": "2", "nonsense": { "deep": [1] }, "client_id": "chosen", "client_secret": "chosen",
    }))
    .unwrap();
    let secret = Secret::new("writ_cs_x");
    let answer = registration_response(&client, Some(&secret), Some(&Secret::new("writ_ra_x")), &issuer);
    let id = client.id.to_string();
    assert_eq!(
        answer,
        json!({
            "client_id": id, "client_id_issued_at": AT.seconds(), "client_secret": "writ_cs_x", "client_secret_expires_at": 0,
            "registration_access_token": "writ_ra_x", "registration_client_uri": format!("https://id.example/t/oauth/register/{id}"),
            "client_name": "Claude Code", "redirect_uris": ["http://localhost:53211/callback"],
            "token_endpoint_auth_method": "client_secret_post", "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"], "application_type": "native", "scope": "mcp:read mcp:write",
            "client_uri": "https://a.example/", "tos_uri": "https://a.example/tos", "id_token_signed_response_alg": "ES256", "contacts": ["ops@a.example"],
            "software_id": "cc", "software_version": "2",
        })
    );
    let read = registration_response(&client, None, None, &issuer);
    assert!(read.get("client_secret").is_none() && read.get("client_secret_expires_at").is_none());
    // The row keeps nothing either that is not in the answer.
    assert!(!serde_json::to_string(&client).unwrap().contains("nonsense"));
}

mod updates {
    use super::*;

    fn change(current: &Client, changes: Value) -> Result<Client, RegistrationRefusal> {
        change_in(RegistrationMode::Open, current, changes)
    }

    fn change_in(mode: RegistrationMode, current: &Client, changes: Value) -> Result<Client, RegistrationRefusal> {
        let mut all =
            json!({ "client_id": current.id.to_string(), "token_endpoint_auth_method": current.auth_method.as_str() });
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        update(current, RegistrationUpdate::parse(&body(all))?, mode, AT)
    }

    fn confidential() -> Client {
        register(json!({ "token_endpoint_auth_method": "client_secret_basic", "client_uri": "https://a.example/" }))
            .unwrap()
    }

    #[test]
    fn an_update_replaces_and_does_not_augment() {
        let current = confidential();
        let changed =
            change(&current, json!({ "redirect_uris": ["https://b.example/cb"], "client_name": "B" })).unwrap();
        assert_eq!(changed.redirect_uris.len(), 1);
        assert_eq!((changed.name.as_str(), changed.client_uri.as_deref()), ("B", None));
        assert_eq!(
            (changed.id, changed.secrets, changed.provenance),
            (current.id, current.secrets, current.provenance)
        );
        assert_eq!(changed.reaped_at, current.reaped_at, "an update is not a use");
    }

    #[test]
    fn the_client_names_itself_and_may_not_choose_its_secret() {
        let current = confidential();
        for changes in
            [json!({ "client_id": null }), json!({ "client_id": "cli_other" }), json!({ "client_secret": "chosen" })]
        {
            assert_eq!(change(&current, changes).unwrap_err().error(), "invalid_client_metadata");
        }
        let kept = change(&current, json!({ "client_secret": "secret", "registration_access_token": "x" })).unwrap();
        assert_eq!(kept.secrets, current.secrets);
        let public = register(json!({})).unwrap();
        assert!(change(&public, json!({ "client_secret": "secret" })).is_err(), "a public client has none to match");
    }

    #[test]
    fn case_37_nothing_forbidden_at_creation_comes_in_later() {
        let current = confidential();
        assert!(change(&current, json!({ "grant_types": ["client_credentials"] })).is_err());
        let both = change(&current, json!({ "grant_types": ["authorization_code", "client_credentials"] })).unwrap();
        assert_eq!(both.grant_types, [GrantType::AuthorizationCode]);
        for bad in [
            json!({ "grant_types": ["implicit"] }),
            json!({ "response_types": ["token"] }),
            json!({ "redirect_uris": ["javascript:alert(1)"] }),
            json!({ "redirect_uris": null }),
            json!({ "token_endpoint_auth_method": "none" }),
            json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks() }),
            json!({ "software_statement": "x" }),
        ] {
            assert!(change(&current, bad.clone()).is_err(), "{bad}");
        }
        let public = register(json!({})).unwrap();
        assert!(change(&public, json!({ "token_endpoint_auth_method": "client_secret_post" })).is_err());
        let bound = change(&current, json!({ "dpop_bound_access_tokens": true })).unwrap();
        assert!(bound.dpop_bound_access_tokens, "it may promise more");
        assert!(change(&bound, json!({ "dpop_bound_access_tokens": true })).is_ok());
        assert!(change(&bound, json!({})).is_err(), "and not less");
        assert_ne!(bound.fingerprint(), current.fingerprint(), "what was consented to was another client");
        // Between the two ways of sending the same secret there is no difference in strength.
        let post = change(&current, json!({ "token_endpoint_auth_method": "client_secret_post" })).unwrap();
        assert_eq!(post.auth_method, AuthMethod::ClientSecretPost);
        let unknown =
            change(&current, json!({ "nonsense": [1], "reaped_at": 0, "provenance": "administrator" })).unwrap();
        assert_eq!(unknown.provenance, current.provenance);
    }

    #[test]
    fn a_client_keeps_the_grant_it_was_vouched_for() {
        let ask = parse(
            json!({ "grant_types": ["authorization_code", "client_credentials"], "token_endpoint_auth_method": "client_secret_basic" }),
        );
        let current = client(admit(ask.unwrap(), VouchedBy::Administrator).unwrap(), ClientState::Active);
        let changed =
            change(&current, json!({ "grant_types": ["client_credentials"], "redirect_uris": null })).unwrap();
        assert_eq!(changed.grant_types, [GrantType::ClientCredentials]);
        // Given up is given up.
        let less = change(&current, json!({ "grant_types": ["authorization_code"] })).unwrap();
        assert!(change(&less, json!({ "grant_types": ["client_credentials"] })).is_err());
    }

    #[test]
    fn what_was_approved_is_looked_at_again_when_it_changes() {
        let current = confidential();
        let moved = json!({ "redirect_uris": ["https://evil.example/cb"] });
        let in_mode = |mode, changes: Value| change_in(mode, &current, changes).unwrap().state;
        assert_eq!(in_mode(RegistrationMode::Approval, moved.clone()), ClientState::AwaitingApproval);
        assert_eq!(in_mode(RegistrationMode::Approval, json!({ "scope": "mcp:read" })), ClientState::Active);
        assert_eq!(in_mode(RegistrationMode::Open, moved.clone()), ClientState::Active);
        let suspended = Client { state: ClientState::Suspended, ..current };
        assert_eq!(change_in(RegistrationMode::Open, &suspended, moved).unwrap().state, ClientState::Suspended);
    }
}

#[test]
fn an_unused_registration_goes_soon_and_a_used_one_stays() {
    let days = Lifetime::from_days;
    let family = days(90);
    let client = register(json!({})).unwrap();
    assert_eq!(client.reaped_at, Some(AT.plus(days(1))));
    let other = |vouched, state| self::client(admit(parse(json!({})).unwrap(), vouched).unwrap(), state).reaped_at;
    assert_eq!(other(VouchedBy::Nobody, ClientState::AwaitingApproval), Some(AT.plus(days(14))));
    assert_eq!(other(VouchedBy::Administrator, ClientState::Active), Some(AT.plus(days(120))));
    assert_eq!(remembered_for(&client), days(7));

    let hour = AT.plus(Lifetime::from_hours(1));
    let first = used(&client, hour, family).unwrap();
    assert_eq!(first.first_used_at, Some(hour));
    assert_eq!(first.reaped_at, Some(hour.plus(days(150))));
    assert_eq!(remembered_for(&first), days(180));
    assert_eq!(used(&first, hour.plus(days(29)), family), None, "no write per token");
    let later = used(&first, hour.plus(days(31)), family).unwrap();
    assert_eq!(later.first_used_at, first.first_used_at);
    assert_eq!(later.reaped_at, Some(hour.plus(days(181))));
    // Whenever it was used, it outlives every token it got then.
    for day in 0..200 {
        let at = hour.plus(days(day));
        let row = used(&first, at, family).unwrap_or(first.clone());
        assert!(row.reaped_at.unwrap() > at.plus(family), "{day}");
    }

    let waiting = Client { state: ClientState::AwaitingApproval, ..client.clone() };
    let approved = approved(waiting, AT, days(1));
    assert_eq!((approved.state, approved.reaped_at), (ClientState::Active, Some(AT.plus(days(120)))));

    let by_hand = Client { provenance: Provenance::Administrator, reaped_at: None, ..client };
    let used_by_hand = used(&by_hand, AT, family).unwrap();
    assert_eq!((used_by_hand.first_used_at, used_by_hand.reaped_at), (Some(AT), None), "never reaped");
    assert_eq!(used(&used_by_hand, AT.plus(days(1_000)), family), None);
}
