//! An id token that comes back as a hint: nobody else is answered. OpenID Connect Core §3.1.2.1 and §3.1.2.2.

use writ::base::Lifetime;

use crate::world::{Browser, ClientApp, World};

const FORM: &str = "application/x-www-form-urlencoded";
const OPENID: (&str, &str) = ("scope", "openid");

/// Everything in a browser in which the application is allowed already, and the id token it got.
fn id_token(world: &World, app: &ClientApp, browser: &mut Browser) -> String {
    let code = app.code_with(browser, &[OPENID]);
    app.redeem(world, &code).tokens().id.unwrap()
}

/// §3.1.2.2: "MUST NOT reply with an ID Token or Access Token for a different user, even if they have an active session".
#[test]
fn nobody_is_answered_but_whom_the_hint_names() {
    let world = World::new();
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let mail = world.client("mail");
    let mut hers = world.signed_in(&ada);
    let hint = id_token(&world, &mail, &mut hers);
    let mut his = world.signed_in(&bob);
    id_token(&world, &mail, &mut his);
    // "even when the exp time has passed"
    world.later(Lifetime::from_hours(2));

    let (named, silent) = (("id_token_hint", hint.as_str()), ("prompt", "none"));
    let silently = |browser: &mut Browser| mail.sends(browser, &[OPENID, silent, named]).expect_left().clone();
    assert!(silently(&mut hers).parameter("code").is_some());
    let refused = silently(&mut his);
    assert_eq!(refused.parameter("error").as_deref(), Some("login_required"), "{}", refused.0);
    assert_eq!(silently(&mut world.browser()).parameter("error").as_deref(), Some("login_required"));
    assert!(mail.sends(&mut his, &[OPENID, silent]).expect_left().parameter("code").is_some(), "it is the hint");

    // Where there may be a page, it is a new sign-in, and one of somebody else's is none.
    let page = mail.sends(&mut his, &[OPENID, named]);
    page.expect_page(200, "to continue to");
    let page = his.sign_in(&page, &bob);
    page.expect_page(200, "to continue to");
    let page = his.sign_in(&page, &ada);
    let code = page.expect_left().parameter("code").unwrap();
    assert_eq!(mail.redeem(&world, &code).tokens().claims()["sub"], ada.id.to_string());
}

/// An id token that was posted stands in no address: not in one that a proxy writes down, nor in a history.
#[test]
fn a_posted_hint_goes_around_sealed() {
    let world = World::new();
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let mail = world.client("mail");
    let mut hers = world.signed_in(&ada);
    let hint = id_token(&world, &mail, &mut hers);
    let mut his = world.signed_in(&bob);
    id_token(&world, &mail, &mut his);
    let post = |hints: &[&str]| {
        let path = mail.authorize_path(&[OPENID, ("prompt", "none")]);
        let mut form = url::form_urlencoded::Serializer::new(path.split_once('?').unwrap().1.to_owned());
        for hint in hints {
            form.append_pair("id_token_hint", hint);
        }
        let answer = world
            .request("POST", "/oauth/authorize")
            .header("Content-Type", FORM)
            .body(form.finish().as_bytes())
            .send();
        let to = answer.expect_status(303).header("location").unwrap().to_owned();
        assert!(!to.contains(hint.as_str()) && !to.contains("eyJ") && !to.contains(&ada.id.to_string()), "{to}");
        to
    };
    let to = post(&[&hint]);
    assert!(hers.get(&to).expect_left().parameter("code").is_some());
    assert_eq!(his.get(&to).expect_left().parameter("error").as_deref(), Some("login_required"));
    for wrong in [&["eyJ.none.ofours"][..], &["x"], &[hint.as_str(), hint.as_str()]] {
        let refused = hers.get(&post(wrong));
        assert_eq!(refused.expect_left().parameter("error").as_deref(), Some("invalid_request"), "{wrong:?}");
    }
    // An address that was kept names nobody later.
    world.later(Lifetime::from_minutes(10));
    assert_eq!(hers.get(&to).expect_left().parameter("error").as_deref(), Some("invalid_request"));
    // Without one, and with an empty one, nothing is different.
    for none in [&[][..], &[""]] {
        assert!(his.get(&post(none)).expect_left().parameter("code").is_some());
    }
}

/// §3.1.2.2: "the OP MUST validate that it was the issuer of the ID Token": going on without it would answer anybody.
#[test]
fn a_hint_that_is_none_of_ours_is_refused() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mail = world.client("mail");
    let mut browser = world.signed_in(&ada);
    let code = mail.code_with(&mut browser, &[OPENID]);
    let tokens = mail.redeem(&world, &code).tokens();
    let good = tokens.id.unwrap();
    let (head, payload) = (good.split('.').next().unwrap(), good.split('.').nth(1).unwrap());
    let elsewhere = World::new();
    let there = elsewhere.client("mail");
    let grace = elsewhere.administrator("grace");
    let theirs = id_token(&elsewhere, &there, &mut elsewhere.signed_in(&grace));
    let long = format!("{good}{}", "A".repeat(9_000));
    for hint in [&tokens.access, &theirs, &format!("{head}.{payload}.AAAA"), &format!("{good}A"), &long, "x"] {
        for prompt in ["none", ""] {
            let page = mail.sends(&mut browser, &[OPENID, ("id_token_hint", hint), ("prompt", prompt)]);
            assert_eq!(page.expect_left().parameter("error").as_deref(), Some("invalid_request"), "{hint}");
            assert_eq!(page.told().refusal, "MalformedParameter");
        }
    }
}
