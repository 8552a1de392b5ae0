//! What is being done while the program is killed. Each goes on until it is gone, and notes what was answered.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use writ::base::Clock;

use super::{
    Answered, ELSEWHERE, EMAIL, RESOURCE, Registration, Scene, answer, api, asserted, own_token, program, proven,
    redeem, refresh,
};
use crate::world::{Browser, CALLBACK, KeyPair, PASSWORD, Request, challenge, encode};

type Deed = fn(&Scene<'_>) -> Option<()>;

/// Consent twice, for that is the longest way.
const DEEDS: [Deed; 16] = [
    connects,
    exchanges,
    changes_machines,
    binds,
    signs_in_and_out,
    turns_keys,
    delegates,
    backs_up,
    gets_and_revokes,
    connects,
    asserts,
    withdraws_a_key,
    registers,
    rotates_credentials,
    changes_limits,
    applies,
];

/// So many are done at once, and the others in other stretches: each beside each at some time, and each the first of a stretch.
const AT_ONCE: usize = 8;

pub(super) fn of_round(round: usize) -> impl Iterator<Item = Deed> {
    DEEDS.into_iter().cycle().skip(round * 5 % DEEDS.len()).take(AT_ONCE)
}

/// Far more than a full queue takes.
const MOST_TRIES: usize = 10_000;

impl Scene<'_> {
    fn note(&self, answered: Answered) {
        self.answered.lock().unwrap().push(answered);
        self.own.fetch_add(1, Ordering::SeqCst);
        self.count.fetch_add(1, Ordering::SeqCst);
    }

    /// The next number to be written, known before it is asked for.
    fn next(&self, number: usize) -> u64 {
        self.numbers[number].fetch_add(1, Ordering::SeqCst) as u64 + 1
    }
}

/// A page is busy with 429 where the queue of passwords is full, or where somebody was told to wait for that: the next one then.
fn signed_in(scene: &Scene<'_>) -> Option<Browser> {
    for _ in 0..MOST_TRIES {
        let mut browser = Browser::new(scene.address);
        let page = browser.attempt("GET", "/sign-in", &[])?;
        let csrf = page.form("email").value("csrf").to_owned();
        let page = browser.attempt("POST", "/sign-in", &[("csrf", &csrf), ("email", EMAIL), ("password", PASSWORD)])?;
        if page.status == 303 {
            return Some(browser);
        }
        assert_eq!(page.status, 429, "{}", page.body);
    }
    panic!("nobody is signed in any more")
}

/// A person allows the application what it asks for.
fn code(scene: &Scene<'_>, browser: &mut Browser) -> Option<String> {
    let query = encode(&[
        ("response_type", "code"),
        ("client_id", scene.client),
        ("redirect_uri", CALLBACK),
        ("scope", "mcp:read"),
        ("resource", RESOURCE),
        ("code_challenge", &challenge()),
        ("code_challenge_method", "S256"),
        ("prompt", "consent"),
    ]);
    let page = browser.attempt("GET", &format!("/oauth/authorize?{query}"), &[])?;
    let form = page.form("ticket");
    let (csrf, ticket) = (form.value("csrf").to_owned(), form.value("ticket").to_owned());
    let allow = [("csrf", csrf.as_str()), ("ticket", &ticket), ("scope", "mcp:read"), ("decision", "allow")];
    browser.attempt("POST", "/oauth/consent", &allow)?.expect_left().parameter("code")
}

fn member(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name}: {answer}")).to_owned()
}

/// Signs in, and then authorizes, redeems and refreshes.
fn connects(scene: &Scene<'_>) -> Option<()> {
    let mut browser = signed_in(scene)?;
    for turn in 0_u32.. {
        let code = code(scene, &mut browser)?;
        let (status, tokens) = redeem(scene.address, scene.client, &code)?;
        assert_eq!(status, 200, "{tokens}");
        let mut token = member(&tokens, "refresh_token");
        // Presented again, a code ends what it bought: of its line nothing is asked afterwards.
        if turn.is_multiple_of(2) {
            scene.note(Answered::Spent(code));
            continue;
        }
        for _ in 0..3 {
            let Some((status, tokens)) = refresh(scene, &token) else {
                // The answer was lost with the program; the token that was asked with is still good for a while.
                break;
            };
            assert_eq!(status, 200, "{tokens}");
            token = member(&tokens, "refresh_token");
        }
        scene.note(Answered::Newest(token));
    }
    None
}

fn signs_in_and_out(scene: &Scene<'_>) -> Option<()> {
    loop {
        let mut browser = signed_in(scene)?;
        let (stays, account) = (browser.clone(), browser.attempt("GET", "/account", &[])?);
        assert_eq!(account.status, 200);
        scene.note(Answered::Session(stays, true));
        let mut leaves = signed_in(scene)?;
        let gone = leaves.clone();
        let account = leaves.attempt("GET", "/account", &[])?;
        let form = account.form_to("/sign-out");
        let page = leaves.attempt("POST", "/sign-out", &[("csrf", form.value("csrf"))])?;
        assert!(page.status < 400, "{}", page.body);
        scene.note(Answered::Session(gone, false));
    }
}

fn gets_and_revokes(scene: &Scene<'_>) -> Option<()> {
    for turn in 0_u32.. {
        let (status, token) = own_token(scene.address, scene.clerk)?;
        assert_eq!(status, 200, "{token}");
        let token = member(&token, "access_token");
        if turn.is_multiple_of(2) {
            scene.note(Answered::Token(token, true));
            continue;
        }
        revokes(scene, scene.clerk, token)?;
    }
    None
}

fn revokes(scene: &Scene<'_>, (id, secret): (&str, &str), token: String) -> Option<()> {
    let revoke = Request::new(scene.address, "POST", "/oauth/revoke").basic(id, secret).form(&[("token", &token)]);
    assert_eq!(revoke.attempt()?.status, 200);
    scene.note(Answered::Token(token, false));
    Some(())
}

/// A machine acts for a person elsewhere, with what it was sent.
fn exchanges(scene: &Scene<'_>) -> Option<()> {
    let code = code(scene, &mut signed_in(scene)?)?;
    let (status, tokens) = redeem(scene.address, scene.client, &code)?;
    assert_eq!(status, 200, "{tokens}");
    let subject = member(&tokens, "access_token");
    let (id, secret) = scene.desk;
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", &subject),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("resource", ELSEWHERE),
        ("scope", "mcp:read"),
    ];
    for turn in 0_u32.. {
        let ask = Request::new(scene.address, "POST", "/oauth/token").basic(id, secret).form(&fields);
        let (status, token) = answer(ask)?;
        assert_eq!(status, 200, "{token}");
        let token = member(&token, "access_token");
        match turn.is_multiple_of(2) {
            true => scene.note(Answered::Token(token, true)),
            false => revokes(scene, scene.desk, token)?,
        }
    }
    None
}

/// What nobody has said before in this stretch.
fn jti(scene: &Scene<'_>, turn: u32) -> String {
    format!("{}-{turn}", scene.round)
}

/// A token for a key; the proof of it is spent.
fn binds(scene: &Scene<'_>) -> Option<()> {
    let key = KeyPair::new("ES256");
    for turn in 0_u32.. {
        let header = json!({ "typ": "dpop+jwt", "alg": key.alg, "jwk": key.shown() });
        let htu = format!("http://{}/oauth/token", scene.address);
        let iat = Clock::System.now().seconds();
        let proof = key.signs(&header, &json!({ "htm": "POST", "htu": htu, "iat": iat, "jti": jti(scene, turn) }));
        let (status, token) = proven(scene, &proof)?;
        assert_eq!((status, token["token_type"].as_str()), (200, Some("DPoP")), "{token}");
        scene.note(Answered::Token(member(&token, "access_token"), true));
        scene.note(Answered::Proof(proof));
    }
    None
}

/// A token for a signature, which is spent.
fn asserts(scene: &Scene<'_>) -> Option<()> {
    let (id, key) = scene.signer;
    for turn in 0_u32.. {
        let now = Clock::System.now().seconds();
        let aud = format!("http://{}", scene.address);
        let claims = json!({ "iss": id, "sub": id, "aud": aud, "iat": now, "exp": now + 60, "jti": jti(scene, turn) });
        let assertion = key.signs(&json!({ "alg": key.alg, "kid": "key-1", "typ": "JWT" }), &claims);
        let (status, token) = asserted(scene, &assertion)?;
        assert_eq!(status, 200, "{token}");
        scene.note(Answered::Token(member(&token, "access_token"), true));
        scene.note(Answered::Assertion(assertion));
    }
    None
}

fn registers(scene: &Scene<'_>) -> Option<()> {
    for turn in 0_u32.. {
        let body = json!({ "redirect_uris": [CALLBACK], "client_name": "mail" });
        let (status, made) = answer(Request::new(scene.address, "POST", "/oauth/register").json(&body))?;
        assert_eq!(status, 201, "{made}");
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        let made = Registration { client: text("client_id"), token: text("registration_access_token") };
        if turn.is_multiple_of(2) {
            scene.note(Answered::Registered(made, true));
            continue;
        }
        let path = format!("/oauth/register/{}", made.client);
        assert_eq!(Request::new(scene.address, "DELETE", &path).bearer(&made.token).attempt()?.status, 204);
        scene.note(Answered::Registered(made, false));
    }
    None
}

fn changes_machines(scene: &Scene<'_>) -> Option<()> {
    for turn in 0_u32.. {
        let number = scene.next(0);
        let change = json!({ "purpose": number.to_string() });
        let (status, changed) = api(scene, "PATCH", &format!("/machines/{}", scene.clerk.0), Some(change))?;
        assert_eq!(status, 200, "{changed}");
        scene.note(Answered::Purpose(number));
        if !turn.is_multiple_of(4) {
            continue;
        }
        let [id, _, secret] = machine(scene, &format!("m-{turn}"))?;
        scene.note(Answered::Secret { id, secret, is_good: true });
    }
    None
}

/// Of this stretch's own, with its first credential and secret.
fn machine(scene: &Scene<'_>, name: &str) -> Option<[String; 3]> {
    let new = json!({ "name": format!("{name}-{}", scene.round), "owner": EMAIL, "purpose": "tests", "scopes": ["mcp:read"] });
    let (status, made) = api(scene, "POST", "/machines", Some(new))?;
    assert_eq!(status, 201, "{made}");
    Some(["client_id", "credential_id", "client_secret"].map(|name| member(&made, name)))
}

/// A machine may act for a person, and may not any more.
fn delegates(scene: &Scene<'_>) -> Option<()> {
    let [actor, ..] = machine(scene, "agent")?;
    loop {
        let new = json!({ "actor": actor, "subject": scene.person, "scopes": ["mcp:read"], "across": true, "purpose": "tests" });
        let (status, made) = api(scene, "POST", "/delegations", Some(new))?;
        assert_eq!(status, 201, "{made}");
        let id = member(&made, "id");
        scene.note(Answered::Delegation(id.clone(), true));
        let because = json!({ "because": "a drill" });
        let (status, over) = api(scene, "POST", &format!("/delegations/{id}/revocation"), Some(because))?;
        assert_eq!(status, 200, "{over}");
        scene.note(Answered::Delegation(id, false));
    }
}

/// A secret in the place of another, which ends; and a few beside them, which stay.
fn rotates_credentials(scene: &Scene<'_>) -> Option<()> {
    let [id, mut credential, mut secret] = machine(scene, "turning")?;
    for turn in 0_u32.. {
        if turn < 8 {
            let new = json!({ "client_id": id, "type": "client_secret", "name": "another" });
            let (status, made) = api(scene, "POST", "/credentials", Some(new))?;
            assert_eq!(status, 201, "{made}");
            scene.note(Answered::Secret { id: id.clone(), secret: member(&made, "client_secret"), is_good: true });
        }
        let path = format!("/credentials/{credential}");
        let (status, next) = api(scene, "POST", &format!("{path}/rotation"), Some(json!({ "overlap": 3_600 })))?;
        assert_eq!(status, 201, "{next}");
        let (status, over) = api(scene, "POST", &format!("{path}/revocation"), Some(json!({ "because": "a drill" })))?;
        assert_eq!(status, 200, "{over}");
        scene.note(Answered::Secret { id: id.clone(), secret, is_good: false });
        (credential, secret) = (member(&next, "credential_id"), member(&next, "client_secret"));
    }
    None
}

fn changes_limits(scene: &Scene<'_>) -> Option<()> {
    loop {
        let number = scene.next(2);
        let change = json!({ "limit": "metadata", "per_minute": number });
        let (status, changed) = api(scene, "POST", "/limits/change", Some(change))?;
        assert_eq!(status, 200, "{changed}");
        scene.note(Answered::Limit(number));
    }
}

/// In each stretch once: of an algorithm that signs no token of these tests. What is withdrawn stays for days, and there are only so many.
fn withdraws_a_key(scene: &Scene<'_>) -> Option<()> {
    let keys = api(scene, "GET", "/keys?limit=200", None)?.1["items"].as_array()?.clone();
    if keys.len() > 100 {
        return None;
    }
    let key = keys.iter().find(|key| key["algorithm"] == "EdDSA" && key["state"] == "signing")?;
    let kid = member(key, "kid");
    let (status, withdrawn) =
        api(scene, "POST", &format!("/keys/{kid}/revocation"), Some(json!({ "because": "a drill" })))?;
    assert_eq!(status, 200, "{withdrawn}");
    scene.note(Answered::Withdrawn(kid));
    None
}

/// In each stretch once, by a command. Where nobody answers it any more, it makes one of the file by itself.
fn backs_up(scene: &Scene<'_>) -> Option<()> {
    let output = program(scene.data, scene.address, &["backup", "--json"]).output().unwrap();
    let made: Value = serde_json::from_slice(&output.stdout).ok()?;
    assert_eq!(made["verified"], true, "{made}");
    scene.note(Answered::Backup(member(&made, "file").into()));
    None
}

/// In each stretch once, and now and then at once: keys that signed stay for days. An RSA key takes longer to make than most stretches.
fn turns_keys(scene: &Scene<'_>) -> Option<()> {
    for algorithm in ["ES256", "EdDSA"] {
        let ask = json!({ "algorithm": algorithm, "at_once": scene.round.is_multiple_of(16) });
        let (status, turned) = api(scene, "POST", "/keys/rotation", Some(ask))?;
        assert_eq!(status, 200, "{turned}");
    }
    None
}

fn applies(scene: &Scene<'_>) -> Option<()> {
    loop {
        let number = scene.next(1);
        let role = json!({ "description": number.to_string(), "permissions": ["things.see"] });
        let roles: serde_json::Map<_, _> = (0..5).map(|n| (format!("r{n}"), role.clone())).collect();
        let (status, applied) = api(scene, "POST", "/apply", Some(json!({ "state": { "roles": roles } })))?;
        assert_eq!(status, 200, "{applied}");
        scene.note(Answered::Applied(number));
    }
}
