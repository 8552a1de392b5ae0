//! What is being done while the program is killed. Each goes on until it is gone, and notes what was answered.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::{Answered, EMAIL, Registration, Scene, answer, api, own_token, redeem, refresh};
use crate::world::{Browser, CALLBACK, PASSWORD, Request, challenge, encode};

type Deed = fn(&Scene<'_>) -> Option<()>;

/// Consent twice, for that is the longest way.
pub(super) const DEEDS: [Deed; 8] =
    [connects, connects, signs_in_and_out, gets_and_revokes, registers, changes_machines, turns_keys, applies];

/// Far more than a full queue takes.
const MOST_TRIES: usize = 10_000;

impl Scene<'_> {
    fn note(&self, answered: Answered) {
        self.answered.lock().unwrap().push(answered);
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

/// Signs in, and then authorizes, redeems and refreshes.
fn connects(scene: &Scene<'_>) -> Option<()> {
    let mut browser = signed_in(scene)?;
    let query = encode(&[
        ("response_type", "code"),
        ("client_id", scene.client),
        ("redirect_uri", CALLBACK),
        ("scope", "mcp:read"),
        ("code_challenge", &challenge()),
        ("code_challenge_method", "S256"),
        ("prompt", "consent"),
    ]);
    for turn in 0_u32.. {
        let page = browser.attempt("GET", &format!("/oauth/authorize?{query}"), &[])?;
        let form = page.form("ticket");
        let (csrf, ticket) = (form.value("csrf").to_owned(), form.value("ticket").to_owned());
        let allow = [("csrf", csrf.as_str()), ("ticket", &ticket), ("scope", "mcp:read"), ("decision", "allow")];
        let code = browser.attempt("POST", "/oauth/consent", &allow)?.expect_left().parameter("code").unwrap();
        let (status, tokens) = redeem(scene.address, scene.client, &code)?;
        assert_eq!(status, 200, "{tokens}");
        let mut token = tokens["refresh_token"].as_str().unwrap().to_owned();
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
            token = tokens["refresh_token"].as_str().unwrap().to_owned();
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
        let token = token["access_token"].as_str().unwrap().to_owned();
        if turn.is_multiple_of(2) {
            scene.note(Answered::Token(token, true));
            continue;
        }
        let (id, secret) = scene.clerk;
        let revoke = Request::new(scene.address, "POST", "/oauth/revoke").basic(id, secret).form(&[("token", &token)]);
        assert_eq!(revoke.attempt()?.status, 200);
        scene.note(Answered::Token(token, false));
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
        let new = json!({
            "name": format!("m-{}-{turn}", scene.round), "owner": EMAIL, "purpose": "tests",
            "scopes": ["mcp:read"],
        });
        let (status, made) = api(scene, "POST", "/machines", Some(new))?;
        assert_eq!(status, 201, "{made}");
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let secret = text(&made["client_secret"]).or_else(|| text(&made["credential"]["client_secret"]));
        let id = text(&made["client_id"]).unwrap();
        scene.note(Answered::Machine { id, secret: secret.unwrap_or_else(|| panic!("{made}")) });
    }
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
