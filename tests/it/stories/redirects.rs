//! Where an answer may go, at the door itself. OAuth 2.1 §2.3.1, §4.1.2.1, RFC 9207. Attack cases 1 to 8.

use writ::base::RedirectUri;

use crate::world::{ClientApp, ISSUER, Page, World, encode};

const SITE: &str = "https://app.example/cb";

struct Stage {
    world: World,
    app: ClientApp,
}

impl Stage {
    /// An application with these addresses, and nobody signed in.
    fn new(redirect_uris: &[&str]) -> Self {
        let world = World::new();
        let mut app = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
        world.edit_client(&app, |client| {
            client.redirect_uris = redirect_uris.iter().map(|uri| RedirectUri::parse(uri).unwrap()).collect();
        });
        app.redirect_uri = redirect_uris[0].to_owned();
        Self { world, app }
    }

    fn asked(&self, changes: &[(&str, &str)]) -> Page {
        self.app.sends(&mut self.world.browser(), changes)
    }

    /// It is answered with a page of ours that leads nowhere.
    #[track_caller]
    fn expect_shown(&self, redirect_uri: &str) {
        let page = self.asked(&[("redirect_uri", redirect_uri)]);
        assert!(page.left_for.is_none(), "{redirect_uri} led to {:?}", page.left_for);
        assert_eq!(page.status, 400, "{redirect_uri}");
        let host = redirect_uri.split(['/', '@', '\\']).find(|part| part.contains("evil")).unwrap_or("evil.test");
        assert!(!page.body.contains(&format!("href=\"https://{host}")), "{}", page.body);
        assert_eq!(page.header("location"), None);
    }

    /// It is as good as registered: the browser is asked to sign in.
    #[track_caller]
    fn expect_taken(&self, redirect_uri: &str) {
        self.asked(&[("redirect_uri", redirect_uri)]).expect_page(200, "to continue to");
    }
}

#[test]
fn cases_1_to_4_only_a_registered_address_gets_an_answer() {
    let stage = Stage::new(&[SITE, "https://a.example/"]);
    stage.expect_taken(SITE);
    stage.expect_taken("https://a.example/");
    for sent in [
        "https://app.example@evil.test/cb",
        "https://evil.test@app.example/cb",
        "https://app.example/cb/..;/x",
        "https://app.example/x/../cb",
        "https://app.example/%2e%2e/cb",
        "https://app.example\\@evil.test/cb",
        "https://app.example%2f@evil.test/cb",
        "https://app.example./cb",
        "https://app.example/cb%252e",
        "javascript:alert(1)//https://app.example/cb",
        "JaVaScRiPt:alert(1)",
        "\thttps://app.example/cb",
        "https://app.example/cb\n",
        "data:text/html,x",
        "https://a.example.evil.test/",
        "https://aXexample/",
        "https://app.example/cb/",
        "https://app.example/CB",
        "https://app.example/cb?x=1",
        "https://app.example/cb#x",
        "https://app.example:443/cb",
        "http://app.example/cb",
        "//app.example/cb",
        "/cb",
        "cb",
        "https://",
    ] {
        stage.expect_shown(sent);
    }
}

#[test]
fn case_5_a_program_on_this_computer_may_listen_on_any_port() {
    let stage = Stage::new(&["http://127.0.0.1/callback", "http://[::1]:8000/callback", "http://localhost:1/callback"]);
    for sent in [
        "http://127.0.0.1:51763/callback",
        "http://127.0.0.1/callback",
        "http://[::1]:1/callback",
        "http://localhost:65535/callback",
    ] {
        stage.expect_taken(sent);
    }
    for sent in [
        "http://127.0.0.1:51763/other",
        "http://127.0.0.1:51763/callback?x=1",
        "http://localhost.evil.test:1/callback",
        "http://127.0.0.1.evil.test/callback",
        "http://127.0.0.1@evil.test/callback",
        "https://127.0.0.1:51763/callback",
        "http://127.0.0.2/callback",
        "http://0.0.0.0/callback",
        "http://2130706433/callback",
        "http://[::]/callback",
        "http://127.0.0.1:99999/callback",
    ] {
        stage.expect_shown(sent);
    }
    // A website has the port that it registered.
    let site = Stage::new(&[SITE]);
    site.expect_shown("https://app.example:8443/cb");
}

#[test]
fn case_6_before_client_and_address_are_known_nothing_is_redirected() {
    let stage = Stage::new(&[SITE, "https://other.example/cb"]);
    for (changes, says) in [
        ([("client_id", ""), ("state", "s")], "did not say who it is"),
        ([("client_id", "cli_unknown"), ("state", "s")], "not known here"),
        ([("client_id", "https://127.0.0.1/client.json"), ("state", "s")], "cannot be recognized"),
        ([("client_id", "<script>"), ("state", "s")], "not known here"),
        ([("redirect_uri", ""), ("state", "s")], "did not say where to return"),
        ([("redirect_uri", "https://evil.test/"), ("response_type", "token")], "unknown address"),
    ] {
        let page = stage.asked(&changes);
        page.expect_page(400, says).expect_no_text("<script>");
        assert!(!page.body.contains("href=\"https://evil.test"));
    }
    // Whether it is suspended is nobody's business but the person's.
    stage.world.edit_client(&stage.app, |client| client.state = writ::model::ClientState::Suspended);
    stage.asked(&[]).expect_page(400, "suspended");
}

/// Everything that can be wrong behind a good address is the application's to know, with its `state` and with `iss`.
#[test]
fn case_6_once_they_are_known_errors_go_to_the_application() {
    let stage = Stage::new(&[SITE]);
    for (changes, error) in [
        ([("response_type", ""), ("", "")], "invalid_request"),
        ([("response_type", "token"), ("", "")], "unsupported_response_type"),
        ([("response_type", "code id_token"), ("", "")], "unsupported_response_type"),
        ([("code_challenge", ""), ("", "")], "invalid_request"),
        ([("code_challenge_method", "plain"), ("", "")], "invalid_request"),
        ([("response_mode", "web_message"), ("", "")], "invalid_request"),
        ([("resource", "https://unknown.example/"), ("", "")], "invalid_target"),
        ([("scope", "mcp:\"read\""), ("", "")], "invalid_scope"),
        ([("prompt", "none login"), ("", "")], "invalid_request"),
        ([("prompt", "none"), ("", "")], "login_required"),
        ([("request", "eyJ"), ("", "")], "request_not_supported"),
        ([("request_uri", "https://x.example/"), ("", "")], "request_uri_not_supported"),
    ] {
        let page = stage.asked(&changes);
        let answer = page.expect_left();
        assert!(answer.0.starts_with("https://app.example/cb?"), "{}", answer.0);
        assert_eq!(answer.parameter("error").as_deref(), Some(error), "{changes:?}");
        assert_eq!(answer.parameter("state").as_deref(), Some("state-1"));
        assert_eq!(answer.parameter("iss").as_deref(), Some(ISSUER));
        assert!(answer.parameter("error_id").is_some_and(|id| id.starts_with("req_")));
        assert_eq!(answer.parameter("code"), None);
    }
    let page = stage.asked(&[("state", ""), ("prompt", "none")]);
    assert_eq!(page.expect_left().parameter("state"), None, "none was sent");
    // OAuth 2.1 §4.1.1: with one address registered it need not be said.
    stage.asked(&[("redirect_uri", "")]).expect_page(200, "to continue to");
}

#[test]
fn case_7_no_parameter_of_the_answer_is_the_attackers_or_there_twice() {
    let stage = Stage::new(&["https://app.example/cb?tenant=7"]);
    for sent in [
        "https://app.example/cb?tenant=7&iss=https://evil.test",
        "https://app.example/cb?tenant=7&code=mine",
        "https://app.example/cb?tenant=7&state=mine",
        "https://app.example/cb?tenant=7&%63ode=mine",
        "https://app.example/cb?tenant=7#code=mine",
    ] {
        stage.expect_shown(sent);
    }
    // What an attacker writes into `state` stays inside it.
    let state = "x&code=mine&iss=https://evil.test#\r\nSet-Cookie: a=b";
    let page = stage.asked(&[("prompt", "none"), ("state", state)]);
    match &page.left_for {
        Some(answer) => {
            assert!(answer.0.starts_with("https://app.example/cb?tenant=7&"), "{}", answer.0);
            assert_eq!(answer.parameter("iss").as_deref(), Some(ISSUER));
            assert_eq!(answer.parameter("code"), None);
        }
        None => assert_eq!(page.status, 400),
    }
    let state = "x&code=mine&iss=https://evil.test#<\"'>";
    let page = stage.asked(&[("prompt", "none"), ("state", state)]);
    let answer = page.expect_left();
    assert_eq!(answer.parameter("state").as_deref(), Some(state));
    assert_eq!(answer.parameter("iss").as_deref(), Some(ISSUER));
    assert_eq!(answer.parameter("code"), None);
    assert!(!answer.0.contains('#') && !answer.0.contains('"'), "{}", answer.0);
}

#[test]
fn case_8_a_repeated_parameter_leads_nowhere_or_to_who_was_meant_with_an_error() {
    let stage = Stage::new(&[SITE]);
    let repeated = |name: &str, value: &str| {
        let once = encode(&[(name, value)]);
        stage.world.browser().get(&format!("{}&{once}&{once}", stage.app.authorize_path(&[])))
    };
    // Who asks and where the answer goes must be certain.
    for (name, value) in [("redirect_uri", SITE), ("redirect_uri", "https://evil.test/"), ("client_id", "cli_other")] {
        let page = repeated(name, value);
        page.expect_page(400, "This request cannot be read");
        assert_eq!(page.header("location"), None, "{name}");
    }
    for (name, value) in [("state", "s"), ("scope", "mcp:read"), ("code_challenge", "x"), ("response_type", "code")] {
        let page = repeated(name, value);
        let answer = page.expect_left();
        assert!(answer.0.starts_with("https://app.example/cb?"), "{}", answer.0);
        assert_eq!(answer.parameter("error").as_deref(), Some("invalid_request"), "{name}");
        assert_eq!(answer.parameter("state").is_some(), name != "state", "of two, none is the application's");
        assert_eq!(answer.parameter("code"), None);
    }
    // What nobody reads may be there as often as it likes.
    repeated("unknown", "1").expect_page(200, "to continue to");
    // The same through a form.
    let path = stage.app.authorize_path(&[]);
    let query = path.split_once('?').unwrap().1;
    for (again, status) in [("state=again", 303), ("redirect_uri=https://evil.test/", 400)] {
        let body = format!("{query}&{again}");
        let answer = stage.world.request("POST", "/oauth/authorize").body(body.as_bytes()).send();
        let page = stage.world.browser().get(&answer.location().0);
        assert_eq!(page.status, status, "{again}");
        assert!(page.left_for.is_none_or(|to| to.0.starts_with("https://app.example/cb?error=invalid_request")));
    }
}

/// OAuth 2.0 Multiple Response Type Encoding Practices §2.1: what is asked for holds for errors as well.
#[test]
fn an_answer_in_the_fragment_has_nothing_in_the_query() {
    let stage = Stage::new(&[SITE]);
    let ada = stage.world.administrator("ada");
    let mut browser = stage.world.signed_in(&ada);
    let fragment = ("response_mode", "fragment");
    let refused = stage.app.sends(&mut browser, &[fragment, ("response_type", "token")]);
    let allowed = stage.app.allowed(&mut browser, &[fragment]);
    for (page, says) in [(refused, "error=unsupported_response_type"), (allowed, "code=writ_ac_")] {
        let answer = &page.expect_left().0;
        assert!(answer.starts_with(&format!("{SITE}#{says}")), "{answer}");
        assert!(answer.contains("&state=") && answer.contains("&iss=") && !answer.contains('?'), "{answer}");
    }
}

/// OAuth 2.0 Form Post Response Mode §2. What goes to the application's origin is the answer, and nothing of ours.
#[test]
fn an_answer_is_posted_to_whoever_asks_for_that() {
    let stage = Stage::new(&[SITE, "cursor://anysphere.cursor-mcp/oauth/callback"]);
    let ada = stage.world.administrator("ada");
    let mut browser = stage.world.signed_in(&ada);
    let posted = [("response_mode", "form_post"), ("redirect_uri", SITE), ("state", "\"><script>alert(1)</script>")];

    let refused = stage.app.sends(&mut browser, &[posted.as_slice(), &[("prompt", "none")]].concat());
    let page = stage.app.sends(&mut browser, &posted);
    let allowed = browser.submit(&page, &[("decision", "allow")]);
    for (page, name, begins) in [(refused, "error", "interaction_required"), (allowed, "code", "writ_ac_")] {
        page.expect_page(200, "data-goes-on").expect_no_text("<script>alert");
        let form = page.form(name);
        assert_eq!(form.action, SITE);
        assert!(form.value(name).starts_with(begins), "{}", form.value(name));
        assert_eq!((form.value("state"), form.value("iss")), (posted[2].1, ISSUER));
        assert!(form.fields.iter().all(|field| field.name != "csrf"), "another origin would learn it");
        // Where the application goes on to from there is its own affair.
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("form-action 'self' https:;"), "{policy}");
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    // A form is not posted to a program, so this is a request with a mistake, answered like any.
    let program = "cursor://anysphere.cursor-mcp/oauth/callback";
    let page = stage.app.sends(&mut browser, &[("response_mode", "form_post"), ("redirect_uri", program)]);
    let answer = page.expect_left();
    assert!(answer.0.starts_with(&format!("{program}?error=invalid_request&")), "{}", answer.0);
}

/// Chromium holds `form-action` against every redirect behind a form, those of the application too, and nobody knows where they lead. So what a
/// form of ours leads to ends in a page that goes on by itself, for browsers, which say that they navigate.
#[test]
fn no_form_of_ours_is_still_behind_what_the_application_does_next() {
    let stage = Stage::new(&[SITE]);
    let ada = stage.world.administrator("ada");
    let navigates = ("Sec-Fetch-Mode", "navigate".to_owned());
    let goes_on = format!("http-equiv=\"refresh\" content=\"0;url={SITE}?");
    let mut browser = stage.world.browser();
    browser.headers.push(navigates.clone());

    for (decision, heading) in [("deny", "Denied"), ("allow", "Allowed")] {
        let mut page = stage.app.sends(&mut browser, &[]);
        if decision == "deny" {
            page = browser.sign_in(&page, &ada);
        }
        let fill = [("decision", decision), ("remember", "on")];
        let page = browser.submit(&page, &fill);
        page.expect_page(200, heading).expect_text(&goes_on);
    }
    // Nothing of ours has led here: the application has, with a link.
    stage.app.sends(&mut browser, &[]).expect_left();

    // Allowed before, so that it is the sign-in that leads there.
    let mut browser = stage.world.browser();
    browser.headers.push(navigates);
    let page = stage.app.sends(&mut browser, &[]);
    browser.sign_in(&page, &ada).expect_page(200, "Allowed").expect_text(&goes_on);

    // A program that fills in forms is redirected, as ever.
    let mut program = stage.world.browser();
    let page = stage.app.sends(&mut program, &[]);
    program.sign_in(&page, &ada).expect_left();
}
