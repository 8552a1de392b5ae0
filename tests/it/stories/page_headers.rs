//! What every page tells the browser: run nothing strange, frame nothing, keep nothing, send nobody on but where it may go.

use writ::base::RedirectUri;

use crate::world::{Answer, Page, World};

/// The directives of a page's policy.
fn policy(page: &Page) -> Vec<(String, String)> {
    let policy = page.header("content-security-policy").expect("every page has a policy");
    policy
        .split(';')
        .map(|directive| {
            let (name, sources) = directive.trim().split_once(' ').unwrap();
            (name.to_owned(), sources.to_owned())
        })
        .collect()
}

#[track_caller]
fn directive(page: &Page, name: &str) -> String {
    let found = policy(page).into_iter().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("no {name} on {}", page.path)).1
}

#[track_caller]
fn expect_careful(page: &Page) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("pragma", "no-cache"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(page.header(name), Some(value), "{} {}", page.path, page.status);
    }
    // An application that opened a step of its authorization in a popup keeps hold of it; nobody keeps hold of the rest.
    let opener = page.header("cross-origin-opener-policy");
    if page.path.starts_with("/oauth/") || page.forms().iter().any(|form| !form.value("ticket").is_empty()) {
        assert!(matches!(opener, None | Some("unsafe-none")), "{} {opener:?}", page.path);
    } else {
        assert_eq!(opener, Some("same-origin"), "{}", page.path);
    }
    for (name, sources) in [
        ("default-src", "'none'"),
        ("script-src", "'self'"),
        ("style-src", "'self'"),
        ("frame-ancestors", "'none'"),
        ("base-uri", "'none'"),
    ] {
        assert_eq!(directive(page, name), sources, "{} {}", page.path, page.status);
    }
    let csp = page.header("content-security-policy").unwrap();
    assert!(!csp.contains("unsafe") && !csp.contains('*'), "{csp}");
    assert_eq!(page.header("access-control-allow-origin"), None, "no page is for another origin to read");
    for header in ["server", "x-powered-by"] {
        assert_eq!(page.header(header), None);
    }
}

#[test]
fn every_page_is_careful() {
    let world = World::new();
    let link = world.setup_link();
    let mut browser = world.browser();
    let setup = browser.get(&link);
    expect_careful(&setup);
    expect_careful(&browser.submit(&setup, &[("name", ""), ("email", ""), ("password", "x")]));
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));

    let mut pages = vec![browser.get(&link), browser.get("/setup"), browser.get("/"), browser.get("/signed-out")];
    pages.extend([browser.get("/nowhere"), browser.get("/sign-out"), browser.get("/oauth/authorize")]);
    pages.extend([browser.get("/oauth/authorize/continue"), browser.post("/oauth/consent", &[])]);
    let sign_in = mail.sends(&mut browser, &[]);
    pages.push(browser.submit(&sign_in, &[("email", "x"), ("password", "wrong")]));
    let consent = browser.sign_in(&sign_in, &ada);
    consent.expect_page(200, "asks for your permission");
    pages.push(browser.submit(&consent, &[("decision", "allow"), ("scope", "")]));
    pages.extend([sign_in, consent.clone(), browser.get("/account"), browser.get("/")]);
    for page in &pages {
        expect_careful(page);
    }
    assert!(pages.iter().map(|page| page.status).max() < Some(500));

    // The redirect that carries the code is kept by nobody either.
    let answer = browser.submit(&consent, &[("decision", "allow")]);
    answer.expect_left();
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
}

/// Browsers look at the policy of each answer on the way, redirects included (HTML Standard §7.1.3).
#[test]
fn no_answer_of_an_authorization_cuts_off_who_opened_it() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let mut browser = world.browser();
    let page = mail.sends(&mut browser, &[]);
    let form = page.form("ticket");
    let fields = [
        ("csrf", form.value("csrf")),
        ("ticket", form.value("ticket")),
        ("email", ada.email.as_str()),
        ("password", crate::world::PASSWORD),
    ];
    let signed_in = world.request("POST", "/sign-in").form(&fields).header("Sec-Fetch-Site", "same-origin");
    let signed_in = browser.send(signed_in);
    let next = signed_in.expect_status(303).header("location").unwrap().to_owned();
    assert_eq!(signed_in.header("cross-origin-opener-policy"), Some("unsafe-none"));
    let consent = browser.get(&next);
    let answer = browser.submit(&consent, &[("decision", "allow")]);
    for page in [&page, &consent, &answer] {
        assert_ne!(page.header("cross-origin-opener-policy"), Some("same-origin"), "{}", page.path);
    }
    // Signing in for oneself is another matter.
    let own = world.browser().get("/sign-in");
    assert_eq!(own.header("cross-origin-opener-policy"), Some("same-origin"));
}

/// Chromium holds `form-action` against every redirect that follows a form, so the page has to name where the answer goes.
#[test]
fn a_form_leads_here_and_to_the_application_and_nowhere_else() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    for (redirect_uri, source) in [
        ("https://app.example/cb?x=1", "https://app.example"),
        ("https://app.example:8443/cb", "https://app.example:8443"),
        ("http://127.0.0.1:51763/callback", "http://127.0.0.1:51763"),
        ("http://localhost:7777/callback", "http://localhost:7777"),
        // An IPv6 address cannot be written in a policy (CSP Level 3 §2.3.1).
        ("http://[::1]:7777/callback", "http:"),
        ("https://[2001:db8::1]/callback", "https:"),
        ("cursor://anysphere.cursor-mcp/oauth/callback", "cursor:"),
        ("com.example.app:/callback", "com.example.app:"),
    ] {
        world.edit_client(&mail, |client| client.redirect_uris = vec![RedirectUri::parse(redirect_uri).unwrap()]);
        let expected = format!("'self' {source}");
        let mut browser = world.browser();
        let page = mail.sends(&mut browser, &[("redirect_uri", redirect_uri)]);
        assert_eq!(directive(&page, "form-action"), expected, "signing in");
        let page = browser.submit(&page, &[("email", "x"), ("password", "wrong")]);
        assert_eq!(directive(&page, "form-action"), expected, "signing in, again");
        let page = browser.sign_in(&page, &ada);
        page.expect_page(200, "asks for your permission");
        assert_eq!(directive(&page, "form-action"), expected, "consent");
        let page = browser.submit(&page, &[("decision", "allow"), ("scope", "")]);
        assert_eq!(directive(&page, "form-action"), expected, "consent, again");
        let page = browser.submit(&page, &[("decision", "deny")]);
        assert!(page.expect_left().0.starts_with(redirect_uri), "{:?}", page.left_for);

        for path in ["/account", "/"] {
            assert_eq!(directive(&browser.get(path), "form-action"), "'self'", "{path}");
        }
    }
}

/// Browsers hand a private-use scheme to another program and stay where they are, so the last page is ours.
#[test]
fn the_page_that_leads_to_a_program_is_as_careful() {
    let world = World::new();
    let ada = world.administrator("ada");
    let cursor = world.client("Cursor").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let place = "cursor://anysphere.cursor-mcp/oauth/callback";
    world.edit_client(&cursor, |client| client.redirect_uris = vec![RedirectUri::parse(place).unwrap()]);
    let mut browser = world.signed_in(&ada);
    browser.headers.push(("Accept", "text/html,application/xhtml+xml,*/*;q=0.8".to_owned()));
    for (decision, heading, says) in [("deny", "Denied", "error=access_denied"), ("allow", "Allowed", "code=writ_ac_")]
    {
        let page = cursor.sends(&mut browser, &[("redirect_uri", place), ("state", "\"><script>alert(1)</script>")]);
        let page = browser.submit(&page, &[("decision", decision)]);
        page.expect_page(200, heading).expect_text(&format!("href=\"{place}?")).expect_text(says);
        page.expect_no_text("<script>alert");
        expect_careful(&page);
        assert_eq!(directive(&page, "form-action"), "'self'");
    }
}

#[test]
fn files_may_be_kept_and_everything_else_may_not() {
    let world = World::new();
    let page = world.browser().get("/sign-in");
    let address = page.body.split("href=\"").find(|rest| rest.contains(".css\"")).unwrap().split('"').next().unwrap();
    let get = |path: &str| -> Answer { world.request("GET", path).send() };
    assert_eq!(get(address).header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(get(address).header("x-content-type-options"), Some("nosniff"));
    for path in ["/static/writ.css", "/static/nothing", "/static/..%2fCargo.toml", "/static/%2e%2e%2fmaster.key"] {
        get(path).expect_status(404);
        assert_eq!(get(path).header("cache-control"), Some("no-store"), "{path}");
    }
    assert_eq!(get("/health").header("cache-control"), Some("no-store"));
}
