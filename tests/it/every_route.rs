//! Who gets what at every door: the whole desk as one table.

use actix_web::http::Method;
use writ::base::Id;
use writ::model::{Consent, Delegation, Session};
use writ::web::assets;
use writ::web::routes::{DOORS, Who};

use crate::world::{Browser, Someone, World};

/// The statuses: for somebody without a cookie; signed in, with a form of ours; with a form without its token; with a form that
/// another site sent; and with a method that is not for this door.
const MATRIX: &str = "\
GET /.well-known/oauth-authorization-server        200 200 200 200 405
GET /.well-known/openid-configuration              200 200 200 200 405
GET /.well-known/jwks.json                         200 200 200 200 405
POST /oauth/token                                  400 400 400 400 405
POST /oauth/revoke                                 400 400 400 400 405
POST /oauth/introspect                             400 400 400 400 405
POST /oauth/register                               400 400 400 400 405
GET /oauth/register/{client_id}                    401 401 401 401 405
PUT /oauth/register/{client_id}                    401 401 401 401 405
DELETE /oauth/register/{client_id}                 401 401 401 401 405
GET /oauth/userinfo                                401 401 401 401 405
POST /oauth/userinfo                               401 401 401 401 405
GET /oauth/status                                  200 200 200 200 405
GET /oauth/status/{list}                           404 404 404 404 405
POST /v1/auth/accesskey/exchange                   401 401 401 401 405
GET /v2/keys/{project}                             200 200 200 200 405
GET /oauth/authorize                               400 400 400 400 405
POST /oauth/authorize                              303 303 303 303 405
GET /oauth/authorize/continue                      400 400 400 400 405
GET /oauth/unknown-resource                        404 404 404 404 405
POST /oauth/consent                                403 400 403 403 405
GET /                                              200 200 200 200 405
GET /setup                                         410 410 410 410 405
POST /setup                                        403 410 403 403 405
GET /sign-in                                       200 303 303 303 405
POST /sign-in                                      403 200 403 403 405
POST /sign-in/code                                 403 422 403 403 405
POST /sign-in/set-up/codes                         403 422 403 403 405
POST /sign-in/set-up/passkey                       403 422 403 403 405
POST /sign-in/passkey                              403 422 403 403 405
GET /sign-in/provider/callback/{id}                422 422 422 422 405
GET /sign-in/provider/{id}                         404 404 404 404 405
POST /sign-out                                     403 303 403 403 405
GET /signed-out                                    200 303 303 303 405
POST /language                                     403 303 403 403 405
GET /account                                       303 200 200 200 405
POST /account/applications/revocation              403 303 403 403 405
POST /account/applications/{id}/revocation         403 303 403 403 405
POST /account/agents/revocation                    403 303 403 403 405
POST /account/agents/{id}/revocation               403 303 403 403 405
GET /account/delegations/new                       303 404 404 404 405
POST /account/delegations                          403 404 403 403 405
POST /account/sessions/{id}/end                    403 303 403 403 405
POST /account/sessions/end                         403 303 403 403 405
GET /account/activity                              303 200 200 200 405
GET /account/password                              303 200 200 200 405
POST /account/password                             403 422 403 403 405
GET /account/passkeys                              303 200 200 200 405
POST /account/passkeys                             403 409 403 403 405
POST /account/passkeys/new                         403 409 403 403 405
POST /account/passkeys/{id}/end                    403 404 403 403 405
GET /account/sign-ins                              303 200 200 200 405
POST /account/sign-ins/{id}                        403 404 403 403 405
POST /account/sign-ins/{id}/end                    403 404 403 403 405
GET /account/codes                                 303 200 200 200 405
POST /account/codes                                403 409 403 403 405
POST /account/codes/recovery                       403 422 403 403 405
POST /account/codes/end                            403 422 403 403 405
GET /health                                        200 200 200 200 405
GET /health/live                                   200 200 200 200 405
GET /health/ready                                  200 200 200 200 405
GET /health/mirror                                 404 404 404 404 405
GET /static/{file}                                 200 200 200 200 405
GET /api/v1/openapi.json                           200 200 200 200 405
GET /api/v1/docs                                   200 200 200 200 405
GET /authorize                                     400 400 400 400 405
POST /authorize                                    303 303 303 303 405
POST /token                                        400 400 400 400 405
POST /register                                     400 400 400 400 405
GET /nowhere                                       404 404 404 404 404
";

struct Desk {
    world: World,
    ada: Someone,
    browser: Browser,
}

impl Desk {
    /// A browser that is signed in, whatever happened before, and its token.
    fn token(&mut self) -> String {
        let mut page = self.browser.get("/account");
        if page.path != "/account" {
            self.browser = self.world.signed_in(&self.ada);
            page = self.browser.get("/account");
        }
        page.form("csrf").value("csrf").to_owned()
    }

    fn ask(&mut self, method: &str, path: &str, csrf: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = self.world.request(method, path);
        if method == "POST" {
            request = request.form(&[("csrf", csrf)]);
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        self.browser.send(request).status
    }

    fn row(&mut self, method: &str, path: &str) -> [u16; 5] {
        let nobody = self.world.browser().send(self.world.request(method, path)).status;
        let ours = [("Sec-Fetch-Site", "same-origin")];
        let theirs = [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.test")];
        let token = self.token();
        let wrong_token = self.ask(method, path, "wrong", &ours);
        let wrong_origin = self.ask(method, path, &token, &theirs);
        let wrong_method = self.ask("PATCH", path, &token, &ours);
        let signed_in = self.ask(method, path, &token, &ours);
        [nobody, signed_in, wrong_token, wrong_origin, wrong_method]
    }
}

#[test]
fn every_door_answers_everybody_as_the_table_says() {
    // Each door at which something is guessed is asked five times.
    let world = World::with(&[("limits.sign_in", "1000")]);
    let ada = world.administrator("ada");
    let browser = world.signed_in(&ada);
    let consent = Id::<Consent>::new(world.now(), &world.app.entropy).unwrap();
    let session = consent.of::<Session>();
    let mut desk = Desk { world, ada, browser };

    let mut matrix = String::new();
    let aliases =
        [("GET", "/authorize"), ("POST", "/authorize"), ("POST", "/token"), ("POST", "/register"), ("GET", "/nowhere")];
    let doors = DOORS.iter().filter(|door| !matches!(door.who, Who::Administrator | Who::Console));
    let doors = doors.flat_map(|door| door.methods.iter().map(|method| (method.as_str(), door.pattern)));
    for (method, pattern) in doors.chain(aliases) {
        let path = pattern
            .replace("/static/{file}", &assets::asset_path("writ.css"))
            .replace("agents/{id}", &format!("agents/{}", consent.of::<Delegation>()))
            .replace("sessions/{id}", &format!("sessions/{session}"))
            .replace("{id}", &consent.to_string())
            .replace("{client_id}", "cli_unknown")
            .replace("{list}", "1")
            .replace("{project}", "main");
        assert!(!path.contains('{'), "{pattern}: what stands there?");
        let statuses = desk.row(method, &path).map(|status| status.to_string()).join(" ");
        matrix += &format!("{:<50} {statuses}\n", format!("{method} {pattern}"));
    }
    println!("{matrix}");
    assert_eq!(matrix.lines().collect::<Vec<_>>(), MATRIX.lines().collect::<Vec<_>>());
}

/// The console: a stranger is sent to sign in, and a form counts only if a page of ours sent it. That nobody but an administrator comes
/// in is a test of its own (`console/who_comes_in.rs`).
#[test]
fn at_the_console_a_stranger_signs_in_and_a_form_must_be_ours() {
    let world = World::new();
    let ada = world.administrator("ada");
    let browser = world.signed_in(&ada);
    let mut desk = Desk { world, ada, browser };
    let mut seen = 0;
    for door in DOORS.iter().filter(|door| door.who == Who::Console) {
        let nothing = "0".repeat(26);
        let path = door
            .pattern
            .replace("{id}", &format!("mch_{nothing}"))
            .replace("{credential}", &format!("crd_{nothing}"))
            .replace("{session}", &format!("ses_{nothing}"))
            .replace("{delegation}", &format!("dlg_{nothing}"))
            .replace("{tenant}", "main")
            .replace("{role}", "reader")
            .replace("{grant}", &format!("con_{nothing}"));
        for method in door.methods {
            let row = desk.row(method.as_str(), &path);
            let [nobody, ours, token, origin, other] = row;
            match method.as_str() {
                "GET" => assert_eq!([nobody, token, origin, other], [303, ours, ours, 405], "GET {}", door.pattern),
                _ => assert_eq!([nobody, token, origin, other], [403, 403, 403, 405], "POST {}", door.pattern),
            }
            assert!([200, 303, 404, 409, 422].contains(&ours), "{method} {}: {ours}", door.pattern);
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

/// The administrators' API knows a token and nothing else: at each of its doors, whatever a browser brings along is nobody.
#[test]
fn at_the_api_a_browser_is_nobody_whatever_it_brings() {
    let world = World::new();
    let ada = world.administrator("ada");
    let browser = world.signed_in(&ada);
    let mut desk = Desk { world, ada, browser };
    let mut seen = 0;
    for door in DOORS.iter().filter(|door| door.who == Who::Administrator) {
        let path = door.pattern.replace("{id}", "con_00000000000000000000000000");
        let patched = DOORS.iter().any(|other| other.pattern == door.pattern && other.methods.contains(&Method::PATCH));
        for method in door.methods {
            let row = desk.row(method.as_str(), &path);
            assert_eq!(row, [401, 401, 401, 401, if patched { 401 } else { 405 }], "{method} {}", door.pattern);
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen}");
}

/// A program reads its answers from anywhere; a page of ours is read by nobody else.
#[test]
fn only_what_programs_call_can_be_read_from_other_origins() {
    use writ::web::routes::Cors;
    let world = World::new();
    for door in DOORS.iter() {
        let path = door.pattern.replace(['{', '}'], "");
        let request = |method: &str| world.request(method, &path).header("Origin", "https://inspector.example");
        let preflight = request("OPTIONS").header("Access-Control-Request-Method", "POST").send();
        let answer = request(door.methods[0].as_str()).send();
        for answer in [&preflight, &answer] {
            let allowed = answer.header("access-control-allow-origin");
            assert_eq!(allowed, (door.cors == Cors::Any).then_some("*"), "{}", door.pattern);
            assert_eq!(answer.header("access-control-allow-credentials"), None, "{}", door.pattern);
        }
        assert_eq!(preflight.status, if door.cors == Cors::Any { 204 } else { 405 }, "{}", door.pattern);
    }
}
