//! Signing in with somebody else's OpenID provider, and what is tried against it. OpenID Connect Core §3.1, RFC 9207, attack cases 40 and 44.

use serde_json::{Value, json};
use writ::base::{Id, Lifetime, Secret};
use writ::model::{Counted, Event, IdentityProvider, PersonBy, PersonState, SubjectLink};
use writ::operations::hours;
use writ::operations::providers::{self, NewProvider, ProviderChange, SignInTerms};
use writ::operations::seen::Seen;
use writ::store::tables::{LINKS, PEOPLE, SESSIONS, UPSTREAM_ANSWERS};
use writ::store::{Read, audit_page};

use super::second_factor;
use crate::world::{
    Browser, Location, PASSWORD, Page, SECRET_THERE, Someone, THERE, Upstream, World, at_once, attribute, base64,
    claims, unsigned,
};

const TICKETS: &str = "https://mcp.example/tickets";
const OVER: &str = "was begun in another browser, took too long or was used before";
const NOT_GOOD: &str = "is not what it should be, so nobody was signed in";

/// An appliance, somebody on it, and a provider at which they are somebody too.
pub struct Stage {
    pub world: World,
    ada: Someone,
    pub upstream: Upstream,
    provider: Id<IdentityProvider>,
}

impl Stage {
    /// People are known there by links, and Writ has a secret there.
    fn new() -> Self {
        Self::with(PersonBy::Link, &[])
    }

    fn with(person_by: PersonBy, settings: &[(&'static str, &str)]) -> Self {
        let world = World::with_websites_and(settings);
        let ada = world.administrator("ada");
        let upstream = Upstream::new();
        let provider = trusts(&world, &upstream, "Northwind", person_by);
        Self { world, ada, upstream, provider }
    }

    fn by_address() -> Self {
        Self::with(PersonBy::Email { domains: vec!["example.com".to_owned()] }, &[])
    }

    /// The one who is `00u1` there.
    pub fn linked() -> Self {
        let stage = Self::new();
        stage.link(&stage.ada, "00u1");
        stage
    }

    /// Where it sends the browser back to.
    fn callback(&self) -> String {
        format!("/sign-in/provider/callback/{}", self.provider)
    }

    fn link(&self, someone: &Someone, subject: &str) {
        let (app, by) = (&self.world.app, self.world.operator());
        self.world.block(providers::link(app, &by, self.provider, subject.to_owned(), someone.id)).unwrap();
    }

    fn change(&self, sign_in: SignInTerms) {
        let change = ProviderChange { sign_in: Some(Some(sign_in)), ..ProviderChange::default() };
        let (app, by) = (&self.world.app, self.world.operator());
        self.world.block(providers::change(app, &by, self.provider, Seen::Anything, change)).unwrap();
    }

    /// An administrator turns it off while its token endpoint is asked.
    fn turns_off_meanwhile(&self) {
        let (app, by, id) = (self.world.app.clone(), self.world.operator(), self.provider);
        let off = SignInTerms { on: Some(false), ..SignInTerms::default() };
        let change = ProviderChange { sign_in: Some(Some(off)), ..ProviderChange::default() };
        self.upstream.meanwhile(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(providers::change(&app, &by, id, Seen::Anything, change)).unwrap();
        });
    }

    /// A browser that was sent to the provider from the sign-in page.
    pub fn leaves(&self) -> (Browser, Location) {
        let mut browser = self.world.browser();
        let page = browser.get("/sign-in");
        let sent = press(&mut browser, &page);
        (browser, sent)
    }

    /// What comes of an id token with these changes.
    fn comes_back(&self, changes: &Value) -> (Browser, Page) {
        let (mut browser, sent) = self.leaves();
        let page = browser.get(&self.upstream.signs_in(&self.world, &sent, changes));
        (browser, page)
    }

    #[track_caller]
    fn refused(&self, (mut browser, page): (Browser, Page), status: u16, text: &str) {
        page.expect_page(status, text);
        assert!(!is_signed_in(&mut browser), "{text}");
        assert_eq!(sessions(&self.world), 0, "{text}");
    }

    /// Why the newest answer of the provider signed nobody in, as the audit log has it.
    #[track_caller]
    fn why(&self) -> String {
        let page = self.world.read(|view| audit_page(view, None, None, 1));
        match &page.entries[0].event {
            Event::ProviderAnswerRefused { why, .. } => why.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// How many entries the audit log has.
    fn told(&self) -> u64 {
        self.world.read(|view| audit_page(view, None, None, 1)).entries[0].sequence
    }

    fn links(&self) -> Vec<SubjectLink> {
        self.world.read(|view| view.page(&LINKS, None, 10)).rows.into_iter().map(|(_, link)| link).collect()
    }
}

/// People may sign in with this one from now on.
fn trusts(world: &World, upstream: &Upstream, name: &str, person_by: PersonBy) -> Id<IdentityProvider> {
    let sign_in = SignInTerms {
        name: Some(name.to_owned()),
        client_id: Some(THERE.to_owned()),
        secret: Some(Some(Secret::new(SECRET_THERE))),
        ..SignInTerms::default()
    };
    let new =
        NewProvider { issuer: upstream.url.clone(), jwks_uri: None, jwks: None, person_by, sign_in: Some(sign_in) };
    world.block(providers::trust(&world.app, &world.operator(), new)).unwrap().id
}

/// Presses the button of the provider: where the browser is sent.
#[track_caller]
fn press(browser: &mut Browser, page: &Page) -> Location {
    browser.get(&button(page)).expect_left().clone()
}

#[track_caller]
fn button(page: &Page) -> String {
    let link = page.body.split("<a ").find(|tag| tag.contains("/sign-in/provider/")).expect("no button");
    attribute(&format!(" {link}"), "href").unwrap()
}

fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/account").path == "/account"
}

fn sessions(world: &World) -> usize {
    world.read(|view| view.page(&SESSIONS, None, 100)).rows.len()
}

#[test]
fn somebody_signs_in_with_a_provider_on_the_way_to_an_application() {
    let stage = Stage::linked();
    let world = &stage.world;
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    let mut browser = world.browser();
    let page = mail.sends(&mut browser, &[("scope", "openid mcp:read")]);
    page.expect_page(200, "Continue with <span class=\"name\">Northwind</span>");
    let sent = press(&mut browser, &page);
    assert!(sent.0.starts_with(&format!("{}/authorize?", stage.upstream.url)), "{}", sent.0);
    assert_eq!(sent.parameter("scope").as_deref(), Some("email openid"));
    assert_eq!(sent.parameter("redirect_uri").unwrap(), world.app.issuer.url(&stage.callback()));
    world.later(Lifetime::from_minutes(2));
    let page = browser.get(&stage.upstream.signs_in(world, &sent, &json!({})));
    page.expect_page(200, "asks for your permission");
    assert_eq!(stage.upstream.asked().len(), 1);
    let page = browser.submit(&page, &[("decision", "allow")]);
    let code = page.expect_left().parameter("code").unwrap();
    let id_token = claims(mail.redeem(world, &code).json()["id_token"].as_str().unwrap());
    assert_eq!(id_token["amr"], json!(["fed"]));
    assert_eq!(id_token["acr"], "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified");
    assert_eq!(id_token["auth_time"], world.now().seconds());
    for event in ["person.provider_vouched", "person.signed_in"] {
        world.expect_event(event);
    }
    assert!(browser.cookies.keys().all(|name| !name.contains("away")), "{:?}", browser.cookies);
    browser.get("/account/activity").expect_text("<strong class=\"name\">Northwind</strong> said that it is you");
    let mut console = world.signed_in(&stage.ada);
    console.get("/console/audit").expect_text("Northwind said that it is ada");
}

#[test]
fn a_page_of_ours_is_come_back_to_and_no_other() {
    let stage = Stage::linked();
    let mut browser = stage.world.browser();
    let page = browser.get("/console/providers");
    assert_eq!(page.path, "/sign-in");
    let sent = press(&mut browser, &page);
    let page = browser.get(&stage.upstream.signs_in(&stage.world, &sent, &json!({})));
    assert_eq!(page.path, "/console/providers");
    page.expect_page(200, "Northwind");
}

/// Attack case 45.
#[test]
fn case_45_no_provider_sends_anybody_elsewhere_afterwards() {
    let stage = Stage::linked();
    for to in ["https://evil.test/", "//evil.test", "/\\evil.test", "/sign-out"] {
        let mut browser = stage.world.browser();
        let path = format!("/sign-in/provider/{}?{}", stage.provider, crate::world::encode(&[("to", to)]));
        let sent = browser.get(&path).expect_left().clone();
        let back = stage.upstream.signs_in(&stage.world, &sent, &json!({}));
        let page = browser.get(&format!("{back}&to=https%3A%2F%2Fevil.test"));
        assert_eq!((page.path.as_str(), page.left_for.is_none()), ("/account", true), "{to}");
    }
}

#[test]
fn who_was_asked_long_ago_there_has_not_just_proved_who_they_are() {
    let stage = Stage::linked();
    let now = stage.world.now();
    let (mut browser, page) = stage.comes_back(&json!({ "auth_time": now.seconds() - 3_600 }));
    assert_eq!(page.path, "/account");
    let session = &stage.world.read(|view| view.page(&SESSIONS, None, 1)).rows[0].1;
    assert_eq!(session.auth_time, now.minus(Lifetime::from_hours(1)));
    assert_eq!(session.last_seen_at, now);
    browser.get("/account/sign-ins").expect_page(200, "00u1").expect_text("type=\"password\"");
    // Of a time to come nothing is believed.
    let (_, page) = stage.comes_back(&json!({ "auth_time": now.seconds() + 3_600 }));
    assert_eq!(page.path, "/account");
    assert!(stage.world.read(|view| view.page(&SESSIONS, None, 9)).rows.iter().all(|(_, it)| it.auth_time <= now));
}

#[test]
fn who_is_asked_again_is_asked_by_us() {
    let stage = Stage::linked();
    let mail = stage.world.client("mail").at(&stage.world.resource(TICKETS, "mcp:read"));
    let mut browser = stage.world.signed_in(&stage.ada);
    stage.world.later(Lifetime::from_minutes(1));
    let page = mail.sends(&mut browser, &[("prompt", "login")]);
    page.expect_page(200, "Confirm it’s you").expect_no_text("Northwind");
}

/// A provider may have let them through without a question: the sign-in of a moment ago is none to us.
#[test]
fn a_providers_word_is_no_fresh_proof_to_us() {
    let stage = Stage::linked();
    let (mut browser, page) = stage.comes_back(&json!({}));
    assert_eq!(page.path, "/account");
    browser.get("/account/sign-ins").expect_page(200, "00u1").expect_text("type=\"password\"");
    let page = browser.get("/account/sign-ins");
    let page = browser.submit_form(&page.form_to("/end"), &[]);
    page.expect_page(422, "That is not your current password");
    assert_eq!(stage.links().len(), 1);

    // Nor is it for an application: there is no button, no way to one, and no way around it.
    let mail = stage.world.client("mail").at(&stage.world.resource(TICKETS, "mcp:read"));
    let asks: [(&str, &str); 4] =
        [("prompt", "login"), ("prompt", "select_account"), ("max_age", "0"), ("max_age", "3600")];
    for ask in asks {
        let mut browser = stage.world.browser();
        let page = mail.sends(&mut browser, &[ask]);
        page.expect_page(200, "mail").expect_no_text("Northwind");
        let ticket = page.form("ticket").value("ticket").to_owned();
        let door = |more: &str| format!("/sign-in/provider/{}{more}", stage.provider);
        let there = browser.get(&door(&format!("?{}", crate::world::encode(&[("ticket", &ticket)]))));
        assert_eq!((there.path.as_str(), there.left_for.is_none()), ("/sign-in", true), "{ask:?}");
        there.expect_page(200, "mail").expect_no_text("Northwind");
        // Signed in beside it, after it began.
        stage.world.later(Lifetime::from_seconds(5));
        let sent = browser.get(&door("")).expect_left().clone();
        assert_eq!(browser.get(&stage.upstream.signs_in(&stage.world, &sent, &json!({}))).path, "/account");
        let page = browser.get(&format!("/oauth/authorize/continue?ticket={ticket}"));
        page.expect_page(200, "mail").expect_no_text("asks for your permission").expect_no_text("Northwind");
        // A password is proof, also after one that is an hour old there: nobody goes in circles.
        stage.world.later(Lifetime::from_seconds(5));
        browser.sign_in(&page, &stage.ada).expect_page(200, "asks for your permission");
    }
    // Who asks for nothing of that takes the provider's word as ever.
    let mut browser = stage.comes_back(&json!({})).0;
    mail.sends(&mut browser, &[]).expect_page(200, "asks for your permission");
}

#[test]
fn case_44_who_is_not_linked_gets_no_account_and_is_told_how_to_link() {
    let stage = Stage::new();
    // The address is one that is known here, and the provider says that it is verified: no administrator said that it may speak for it.
    let address = json!({ "email": "ada@example.com", "email_verified": true });
    stage.refused(stage.comes_back(&address), 403, "no account here is linked to that");
    assert_eq!(stage.why(), "nobody here is known by it");
    assert!(stage.links().is_empty());
    assert_eq!(stage.world.read(|view| view.page(&PEOPLE, None, 9)).rows.len(), 1, "no account is made");
    let page = stage.comes_back(&address).1;
    page.expect_text("“Connected sign-ins”").expect_text("No account is made by this");

    // As they are told.
    let mut browser = stage.world.signed_in(&stage.ada);
    browser.get("/account").expect_text("Connected sign-ins");
    let page = browser.get("/account/sign-ins");
    page.expect_page(200, "Nothing is connected yet").expect_no_text("type=\"password\"");
    let page = browser.submit_form(&page.form_to("/account/sign-ins/"), &[]);
    page.expect_page(200, "Sign in at <strong class=\"name\">Northwind</strong>");
    let sent = away(&page);
    let page = browser.get(&stage.upstream.signs_in(&stage.world, &sent, &json!({})));
    page.expect_page(200, "From now on you can sign in with it").expect_text("00u1");
    stage.world.expect_event("provider.subject_linked");
    let (_, page) = stage.comes_back(&json!({}));
    assert_eq!(page.path, "/account");

    // And back.
    let page = browser.get("/account/sign-ins");
    let page = browser.submit_form(&page.form_to("/end"), &[]);
    page.expect_page(200, "It does not sign you in any more");
    stage.world.expect_event("provider.subject_unlinked");
    assert_eq!(stage.comes_back(&json!({})).1.status, 403);
}

/// Where the page that leads away leads.
#[track_caller]
fn away(page: &Page) -> Location {
    let tag = page.body.split('<').find(|tag| tag.starts_with("a ") && tag.contains("/authorize?")).expect("no link");
    Location(attribute(tag, "href").unwrap())
}

#[test]
fn case_44_an_address_counts_if_it_is_verified_and_an_administrator_lets_the_provider_speak_for_it() {
    let stage = Stage::by_address();
    let refused = |changes: Value| stage.refused(stage.comes_back(&changes), 403, "no account here is linked to that");
    // Attack case 44: a right address that nobody looked at.
    refused(json!({ "email": "ada@example.com", "email_verified": false }));
    refused(json!({ "email": "ada@example.com", "email_verified": "true" }));
    refused(json!({ "email": "ada@example.com" }));
    // Another's domain, and somebody who is not here.
    refused(json!({ "email": "ada@evil.example", "email_verified": true }));
    refused(json!({ "email": "ada@example.com.evil.example", "email_verified": true }));
    refused(json!({ "email": "nobody@example.com", "email_verified": true }));
    // The Kelvin sign, of which folding makes a k.
    stage.world.person("kim");
    refused(json!({ "email": "\u{212a}im@example.com", "email_verified": true }));
    refused(json!({ "email": " ada@example.com", "email_verified": true }));
    assert!(stage.links().is_empty());
    let (_, page) = stage.comes_back(&json!({ "email": "Ada@Example.com", "email_verified": true }));
    assert_eq!(page.path, "/account");
    assert_eq!(stage.links().len(), 1);
    stage.world.expect_event("provider.subject_linked");
    // From then on the subject is who they are, whatever their address becomes.
    let (_, page) = stage.comes_back(&json!({ "email": "bob@example.com", "email_verified": true }));
    assert_eq!(page.path, "/account");
    // Somebody else has the address now.
    let (mut browser, page) =
        stage.comes_back(&json!({ "sub": "00u2", "email": "ada@example.com", "email_verified": true }));
    page.expect_page(403, "no account here is linked to that");
    assert!(!is_signed_in(&mut browser));
    assert_eq!(stage.links().len(), 1);
}

#[test]
fn case_44_an_answer_is_taken_once() {
    let stage = Stage::linked();
    let (mut browser, sent) = stage.leaves();
    let before = browser.clone();
    let back = stage.upstream.signs_in(&stage.world, &sent, &json!({}));
    assert_eq!(browser.get(&back).path, "/account");
    stage.upstream.asked();
    // The same address once more, in the browser as it is and as it was.
    for mut browser in [browser, before.clone()] {
        browser.cookies.remove("writ-session");
        browser.get(&back).expect_page(422, OVER);
        assert!(!is_signed_in(&mut browser));
    }
    // A code of one's own with the state of then.
    let token = stage.upstream.id_token(&stage.upstream.claims(&stage.world, &sent, &json!({})));
    let mut replaying = before;
    replaying.get(&format!("{}?{}", stage.callback(), stage.upstream.gives(&sent, token))).expect_page(422, OVER);
    assert!(stage.upstream.asked().is_empty(), "the provider is asked nothing");

    // Many at once.
    let (browser, sent) = stage.leaves();
    let back = stage.upstream.signs_in(&stage.world, &sent, &json!({}));
    let pages = at_once(4, |_| browser.clone().get(&back));
    assert_eq!(pages.iter().filter(|page| page.path == "/account").count(), 1);
    assert_eq!(stage.upstream.asked().len(), 1);
    assert_eq!(stage.world.read(|view| view.page(&UPSTREAM_ANSWERS, None, 9)).rows.len(), 2);
}

#[test]
fn case_44_an_answer_of_another_issuer_is_refused_before_its_code_goes_anywhere() {
    let stage = Stage::linked();
    let evil = Upstream::new();
    // The attacker's provider has had the browser sent on to the honest one, and hands on its code in its own name; or the other way round.
    for iss in [evil.url.as_str(), "", "https://localhost"] {
        let (browser, sent) = stage.leaves();
        let state = sent.parameter("state").unwrap();
        let back = crate::world::encode(&[("code", "stolen"), ("state", &state), ("iss", iss)]);
        // Nothing in its place is no `iss` at all, which this provider does not promise to send.
        if iss.is_empty() {
            stage.upstream.says("authorization_response_iss_parameter_supported", json!(true));
            stage.world.later(Lifetime::from_minutes(6));
            let (mut browser, sent) = stage.leaves();
            let state = sent.parameter("state").unwrap();
            let back = crate::world::encode(&[("code", "stolen"), ("state", &state)]);
            let page = browser.get(&format!("{}?{back}", stage.callback()));
            stage.refused((browser, page), 422, NOT_GOOD);
            assert!(stage.why().contains("does not say from whom"), "{}", stage.why());
            continue;
        }
        let mut browser = browser;
        let page = browser.get(&format!("{}?{back}", stage.callback()));
        stage.refused((browser, page), 422, NOT_GOOD);
        assert_eq!(stage.why(), "its answer says that it is another's (iss)");
    }
    assert!(stage.upstream.asked().is_empty() && evil.asked().is_empty(), "no code was brought to anybody");
}

/// RFC 9700 §4.4.2.2: neither provider says from whom its answers are, so their addresses tell them apart.
#[test]
fn case_44_no_provider_is_brought_a_code_of_another_provider() {
    let stage = Stage::linked();
    let evil = Upstream::new();
    let other = trusts(&stage.world, &evil, "Evil", PersonBy::Link);
    let mut browser = stage.world.browser();
    let sent = browser.get(&format!("/sign-in/provider/{other}")).expect_left().clone();
    let honest = stage.callback();
    assert_ne!(sent.parameter("redirect_uri").unwrap(), stage.world.app.issuer.url(&honest));
    // The attacker's provider sends the browser on to the honest one with all that was made up for itself, and that one signs its person in,
    // and sends them back to where we are registered there.
    let state = sent.parameter("state").unwrap();
    let query = crate::world::encode(&[("code", "of the honest one"), ("state", &state)]);
    for at in [honest.as_str(), "/sign-in/provider/callback/nobody"] {
        browser.get(&format!("{at}?{query}")).expect_page(422, OVER);
    }
    assert!(evil.asked().is_empty() && stage.upstream.asked().is_empty(), "the code is brought to nobody");
    assert!(stage.world.read(|view| view.page(&UPSTREAM_ANSWERS, None, 9)).rows.is_empty(), "nothing is spent");
    // So whoever was on their way still is.
    let page = browser.get(&evil.signs_in(&stage.world, &sent, &json!({})));
    page.expect_page(403, "no account here is linked to that");
    assert_eq!(evil.asked().len(), 1);
}

#[test]
fn case_44_a_provider_that_was_turned_off_signs_nobody_in() {
    let stage = Stage::linked();
    let (mut browser, sent) = stage.leaves();
    let as_it_was = browser.clone();
    let back = stage.upstream.signs_in(&stage.world, &sent, &json!({}));
    let link = button(&browser.get("/sign-in"));
    stage.change(SignInTerms { on: Some(false), ..SignInTerms::default() });
    let page = browser.get(&back);
    stage.refused((browser, page), 422, OVER);
    assert_eq!(stage.why(), "people do not sign in with it any more");
    // Once: the same answer over and over writes nothing.
    let told = stage.told();
    for mut browser in [as_it_was.clone(), as_it_was] {
        browser.get(&back).expect_page(422, OVER);
    }
    assert_eq!(stage.told(), told);
    let mut browser = stage.world.browser();
    browser.get("/sign-in").expect_no_text("Northwind");
    browser.get(&link).expect_page(404, OVER);
    assert!(stage.upstream.asked().is_empty());

    // Removed while they are there.
    stage.change(SignInTerms { on: Some(true), ..SignInTerms::default() });
    let (mut browser, sent) = stage.leaves();
    let back = stage.upstream.signs_in(&stage.world, &sent, &json!({}));
    let (app, by) = (&stage.world.app, stage.world.operator());
    stage.world.block(providers::remove(app, &by, stage.provider, Seen::Anything)).unwrap();
    let page = browser.get(&back);
    stage.refused((browser, page), 422, OVER);
}

/// Between the answer and the last step the provider is asked, which takes a while: nobody is signed in, or linked, by what holds no longer.
#[test]
fn case_44_a_provider_that_is_changed_while_it_is_asked_signs_nobody_in() {
    let stage = Stage::linked();
    let (mut browser, sent) = stage.leaves();
    let back = stage.upstream.signs_in(&stage.world, &sent, &json!({}));
    stage.turns_off_meanwhile();
    let page = browser.get(&back);
    assert_eq!(stage.upstream.asked().len(), 1);
    stage.refused((browser, page), 422, OVER);
    assert_eq!(stage.why(), "it was changed meanwhile");

    let stage = Stage::new();
    let mut browser = stage.world.signed_in(&stage.ada);
    let page = browser.get("/account/sign-ins");
    let sent = away(&browser.submit_form(&page.form_to("/account/sign-ins/"), &[]));
    let back = stage.upstream.signs_in(&stage.world, &sent, &json!({}));
    stage.turns_off_meanwhile();
    browser.get(&back).expect_page(409, OVER);
    assert_eq!(stage.why(), "it, or how its person signs in, was changed meanwhile");
    assert!(stage.links().is_empty());
}

#[test]
fn case_40_what_was_begun_in_one_browser_ends_in_no_other() {
    let stage = Stage::linked();
    let eve = stage.world.person("eve");
    stage.link(&eve, "00u666");
    // Eve signs in there and sends the address to somebody, who would be Eve here and not know it.
    let (mut hers, sent) = stage.leaves();
    let back = stage.upstream.signs_in(&stage.world, &sent, &json!({ "sub": "00u666" }));
    let (fresh, mut on_their_way) = (stage.world.browser(), stage.leaves().0);
    for mut theirs in [fresh, on_their_way.clone()] {
        theirs.get(&back).expect_page(422, OVER);
        assert!(!is_signed_in(&mut theirs));
    }
    // With her cookie, which is bound to her browser besides.
    on_their_way.cookies.insert("writ-away".to_owned(), hers.cookies["writ-away"].clone());
    on_their_way.get(&back).expect_page(422, OVER);
    assert!(stage.upstream.asked().is_empty(), "the code is as good as it was");
    assert_eq!(hers.get(&back).path, "/account");
}

#[test]
fn case_40_an_answer_comes_within_ten_minutes() {
    let stage = Stage::linked();
    let (mut browser, sent) = stage.leaves();
    stage.world.later(Lifetime::from_minutes(10));
    let page = browser.get(&stage.upstream.signs_in(&stage.world, &sent, &json!({})));
    stage.refused((browser, page), 422, OVER);
}

#[test]
fn case_44_an_id_token_that_is_not_what_it_should_be_signs_nobody_in() {
    let stage = Stage::linked();
    let now = stage.world.now().seconds();
    for (changes, why) in [
        (json!({ "nonce": "another" }), "nonce"),
        (json!({ "nonce": null }), "nonce"),
        (json!({ "aud": "another client" }), "aud"),
        (json!({ "aud": [THERE, "another client"] }), "aud"),
        (json!({ "azp": "another client" }), "azp"),
        (json!({ "iss": "https://evil.example" }), "iss"),
        (json!({ "exp": now - 120, "iat": now - 300 }), "expired"),
        (json!({ "iat": now - 3_600 }), "iat"),
        (json!({ "sub": null }), "sub"),
    ] {
        stage.refused(stage.comes_back(&changes), 422, NOT_GOOD);
        assert!(stage.why().contains(why), "{changes}: {}", stage.why());
    }
    let signature = "no key of its issuer made this signature";
    let other = Upstream::new();
    type Forge<'a> = Box<dyn Fn(&Value) -> String + 'a>;
    let forgeries: [(&str, Forge<'_>); 5] = [
        ("alg none", Box::new(|claims| format!("{}.", unsigned(&json!({ "alg": "none" }), claims)))),
        ("a key of somebody else", Box::new(|claims| other.id_token(claims))),
        (
            "our secret as a key",
            Box::new(|claims| {
                let message = unsigned(&json!({ "alg": "HS256", "kid": "key-1" }), claims);
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET_THERE.as_bytes());
                format!("{message}.{}", base64(ring::hmac::sign(&key, message.as_bytes()).as_ref()))
            }),
        ),
        (
            "another kind of token",
            Box::new(|claims| {
                stage.upstream.key.signs(&json!({ "alg": "ES256", "kid": "key-1", "typ": "at+jwt" }), claims)
            }),
        ),
        ("nonsense", Box::new(|_| "a.b.c".to_owned())),
    ];
    for (what, forge) in forgeries {
        let (mut browser, sent) = stage.leaves();
        let token = forge(&stage.upstream.claims(&stage.world, &sent, &json!({})));
        let page = browser.get(&format!("{}?{}", stage.callback(), stage.upstream.gives(&sent, token)));
        stage.refused((browser, page), 422, NOT_GOOD);
        assert!(stage.why().contains(signature), "{what}: {}", stage.why());
    }
}

#[test]
fn a_provider_that_says_no_or_nothing_is_told_of_in_plain_words() {
    let stage = Stage::linked();
    let back = |query: &[(&str, &str)]| {
        let (mut browser, sent) = stage.leaves();
        let state = sent.parameter("state").unwrap();
        let query = [query, &[("state", &state), ("iss", &stage.upstream.url)]].concat();
        let page = browser.get(&format!("{}?{}", stage.callback(), crate::world::encode(&query)));
        (browser, page)
    };
    stage.refused(back(&[("error", "access_denied"), ("error_description", "<b>no")]), 422, "did not sign you in");
    assert_eq!(stage.why(), "it said access_denied");
    back(&[("error", "access_denied"), ("error_description", "<b>no")]).1.expect_no_text("<b>no");
    stage.refused(back(&[("error", "<script>")]), 422, "did not sign you in");
    assert_eq!(stage.why(), "it said an error that no specification has");
    stage.refused(back(&[]), 422, NOT_GOOD);
    stage.refused(back(&[("code", "invented")]), 422, NOT_GOOD);
    assert_eq!(stage.why(), "its token endpoint said invalid_grant");
    for (answer, status, why) in [
        ("302 Go\r\nLocation: https://evil.example/token\r\nContent-Length: 0\r\n\r\n", 502, "cannot be reached"),
        ("500 Oh\r\nContent-Length: 0\r\n\r\n", 502, "cannot be reached"),
        ("200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno", 502, "cannot be reached"),
        ("200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", 422, "gave no id token"),
    ] {
        stage.upstream.answers_instead(Some(answer));
        let words = if status == 502 { "does not answer at the moment" } else { NOT_GOOD };
        stage.refused(stage.comes_back(&json!({})), status, words);
        assert!(stage.why().contains(why), "{}", stage.why());
    }
    stage.upstream.answers_instead(None);
    // A wrong secret is what an administrator gets wrong first: the log says so.
    stage.change(SignInTerms { secret: Some(Some(Secret::new("wrong"))), ..SignInTerms::default() });
    stage.refused(stage.comes_back(&json!({})), 422, NOT_GOOD);
    assert_eq!(stage.why(), "its token endpoint said invalid_client");

    // Nobody is sent to where nobody answers; the rest of the page works as ever.
    stage.upstream.is_down(true);
    stage.world.later(Lifetime::from_hours(25));
    let mut browser = stage.world.browser();
    let page = browser.get("/sign-in");
    let page = browser.get(&button(&page));
    page.expect_page(502, "does not answer at the moment");
    let page = browser.sign_in(&page, &stage.ada);
    assert_eq!(page.path, "/account");
}

#[test]
fn a_provider_takes_the_secret_as_it_says_and_a_public_client_has_none() {
    let posts = Stage::linked();
    posts.upstream.says("token_endpoint_auth_methods_supported", json!(["client_secret_post"]));
    assert_eq!(posts.comes_back(&json!({})).1.path, "/account");
    let public = Stage::linked();
    public.change(SignInTerms { secret: Some(None), ..SignInTerms::default() });
    public.upstream.is_public();
    assert_eq!(public.comes_back(&json!({})).1.path, "/account");
}

#[test]
fn a_code_is_asked_for_after_a_provider_too() {
    let stage = Stage::linked();
    let world = &stage.world;
    let (secret, _) = second_factor::set_up(world, &stage.ada);
    world.later(Lifetime::from_seconds(30));
    let before = sessions(world);
    let mail = world.client("mail").at(&world.resource(TICKETS, "mcp:read"));
    let mut browser = world.browser();
    let page = mail.sends(&mut browser, &[("scope", "openid mcp:read")]);
    let sent = press(&mut browser, &page);
    let page = browser.get(&stage.upstream.signs_in(world, &sent, &json!({})));
    page.expect_page(200, "One more step").expect_no_text("Your password");
    assert_eq!(sessions(world), before);
    let page = browser.submit(&page, &[("code", &second_factor::shown(&secret, world))]);
    page.expect_page(200, "asks for your permission");
    let page = browser.submit(&page, &[("decision", "allow")]);
    let code = page.expect_left().parameter("code").unwrap();
    let id_token = claims(mail.redeem(world, &code).json()["id_token"].as_str().unwrap());
    assert_eq!(id_token["amr"], json!(["fed", "otp", "mfa"]));
}

#[test]
fn where_more_than_a_password_is_demanded_a_provider_is_not_enough_either() {
    let stage = Stage::with(PersonBy::Link, &[("sign_in.second_factor", "everybody")]);
    stage.link(&stage.ada, "00u1");
    let (mut browser, page) = stage.comes_back(&json!({}));
    page.expect_page(200, "One more thing is needed here");
    assert!(!is_signed_in(&mut browser));
    // What they add on the strength of the provider's word proves no more than it did.
    let code = second_factor::shown(&second_factor::secret(&page), &stage.world);
    browser.submit_form(&page.form_to("/sign-in/set-up/codes"), &[("code", &code)]);
    assert!(is_signed_in(&mut browser));
    browser.get("/account/sign-ins").expect_page(200, "00u1").expect_text("type=\"password\"");
    let mail = stage.world.client("mail").at(&stage.world.resource(TICKETS, "mcp:read"));
    stage.world.later(Lifetime::from_seconds(5));
    mail.sends(&mut browser, &[("max_age", "3600")]).expect_no_text("asks for your permission");
    mail.sends(&mut browser, &[]).expect_page(200, "asks for your permission");

    let stage = Stage::with(PersonBy::Link, &[("sign_in.second_factor", "everybody")]);
    stage.link(&stage.ada, "00u1");
    super::passkeys::planted(&stage.world, &stage.ada, "Telephone");
    let (mut browser, page) = stage.comes_back(&json!({}));
    page.expect_page(403, "sign in with your passkey");
    assert!(!is_signed_in(&mut browser));
}

/// Attack case 42: what was begun by a provider's word ends when the word does not count any more.
#[test]
fn case_42_half_a_sign_in_is_over_when_the_provider_is_turned_off_or_the_link_taken() {
    let off = |stage: &Stage| stage.change(SignInTerms { on: Some(false), ..SignInTerms::default() });
    let unlinked = |stage: &Stage| {
        let (app, by) = (&stage.world.app, stage.world.operator());
        let subject = "00u1".to_owned();
        stage.world.block(providers::unlink(app, &by, stage.provider, Seen::Anything, subject)).unwrap();
    };
    let given_away = |stage: &Stage| stage.link(&stage.world.person("eve"), "00u1");
    let ends: [&dyn Fn(&Stage); 3] = [&off, &unlinked, &given_away];
    for end in ends {
        // With a code.
        let stage = Stage::linked();
        let (secret, _) = second_factor::set_up(&stage.world, &stage.ada);
        stage.world.later(Lifetime::from_seconds(30));
        let before = sessions(&stage.world);
        let (mut browser, page) = stage.comes_back(&json!({}));
        page.expect_page(200, "One more step");
        end(&stage);
        let page = browser.submit(&page, &[("code", &second_factor::shown(&secret, &stage.world))]);
        page.expect_page(422, "please sign in once more");
        assert!(!is_signed_in(&mut browser));
        assert_eq!(sessions(&stage.world), before);

        // And with what is set up first.
        let stage = Stage::with(PersonBy::Link, &[("sign_in.second_factor", "everybody")]);
        stage.link(&stage.ada, "00u1");
        let (mut browser, page) = stage.comes_back(&json!({}));
        page.expect_page(200, "One more thing is needed here");
        end(&stage);
        let secret = second_factor::secret(&page);
        let code = second_factor::shown(&secret, &stage.world);
        let page = browser.submit_form(&page.form_to("/sign-in/set-up/codes"), &[("code", &code)]);
        page.expect_page(422, "please sign in once more");
        assert!(!is_signed_in(&mut browser));
        assert_eq!(sessions(&stage.world), 0);
    }
}

#[test]
fn whoever_is_stopped_signs_in_with_no_provider() {
    let stage = Stage::linked();
    let bob = stage.world.person("bob");
    stage.link(&bob, "00u2");
    stage.world.set_person(&bob, PersonState::Suspended);
    stage.refused(stage.comes_back(&json!({ "sub": "00u2" })), 403, "Your account here was stopped");
    stage.world.expect_event("person.sign_in_refused");
}

#[test]
fn case_44_a_link_is_made_in_the_session_that_began_it_and_for_one_person() {
    let stage = Stage::new();
    let world = &stage.world;
    let bob = world.person("bob");
    let begin = |browser: &mut Browser| {
        let page = browser.get("/account/sign-ins");
        away(&browser.submit_form(&page.form_to("/account/sign-ins/"), &[]))
    };
    // Signed out meanwhile, and somebody else is there.
    let mut browser = world.signed_in(&stage.ada);
    let sent = begin(&mut browser);
    let page = browser.get("/sign-in?to=/account");
    browser.submit_form(&page.form_to("/sign-out"), &[]);
    let page = browser.get("/sign-in");
    browser.sign_in(&page, &bob);
    let page = browser.get(&stage.upstream.signs_in(world, &sent, &json!({})));
    page.expect_page(409, OVER);
    assert!(stage.links().is_empty());
    // Linked to Ada, it does not become Bob's.
    stage.link(&stage.ada, "00u1");
    let mut browser = world.signed_in(&bob);
    let sent = begin(&mut browser);
    let page = browser.get(&stage.upstream.signs_in(world, &sent, &json!({})));
    page.expect_page(409, "is linked to another account here already");
    assert_eq!(stage.why(), "it is linked to somebody else");
    assert_eq!(stage.links()[0].person, stage.ada.id);
    // Nor does Bob take it away.
    let page = browser.get("/account/sign-ins");
    let csrf = page.form("csrf").value("csrf").to_owned();
    let end = format!("/account/sign-ins/{}/end", stage.provider);
    browser.post(&end, &[("csrf", &csrf), ("subject", "00u1")]).expect_page(409, OVER);
    assert_eq!(stage.links().len(), 1);
}

/// One account there for each person here, and a link that is not made is no failed sign-in.
#[test]
fn nobody_links_a_second_account_at_the_same_provider() {
    let stage = Stage::new();
    let mut browser = stage.world.signed_in(&stage.ada);
    let page = browser.get("/account/sign-ins");
    let form = page.form_to("/account/sign-ins/");
    let failed = || {
        let hours = stage.world.block(hours::since(&stage.world.app, stage.world.now())).unwrap();
        hours.values().map(|hour| hour.of(Counted::SignInFailed)).sum::<u64>()
    };
    let sent = away(&browser.submit_form(&form, &[]));
    let state = sent.parameter("state").unwrap();
    let no = crate::world::encode(&[("error", "access_denied"), ("state", &state)]);
    browser.get(&format!("{}?{no}", stage.callback())).expect_page(422, "did not sign you in");
    assert_eq!(failed(), 0);
    // Two forms that were open at the same time.
    for (subject, status, text) in [
        ("00u1", 200, "From now on you can"),
        ("00u2", 409, "Remove that one first"),
        ("00u1", 200, "From now on you can"),
    ] {
        let sent = away(&browser.submit_form(&form, &[]));
        let back = stage.upstream.signs_in(&stage.world, &sent, &json!({ "sub": subject }));
        browser.get(&back).expect_page(status, text);
    }
    assert_eq!(stage.links().len(), 1);
    assert_eq!(failed(), 0);
    assert_eq!(stage.comes_back(&json!({ "sub": "00u2" })).1.status, 403);
    assert_eq!(failed(), 1);
}

#[test]
fn linking_takes_the_password_or_a_sign_in_of_a_moment_ago() {
    let stage = Stage::new();
    let mut browser = stage.world.signed_in(&stage.ada);
    stage.world.later(Lifetime::from_minutes(6));
    let page = browser.get("/account/sign-ins");
    let form = page.form_to("/account/sign-ins/");
    browser.submit_form(&form, &[("add-0", "wrong")]).expect_page(422, "That is not your current password");
    let page = browser.submit_form(&form, &[("add-0", PASSWORD)]);
    let sent = away(&page);
    let page = browser.get(&stage.upstream.signs_in(&stage.world, &sent, &json!({})));
    page.expect_page(200, "From now on you can sign in with it");
    let form = page.form_to("/end");
    browser.submit_form(&form, &[("password-0", "wrong")]).expect_page(422, "That is not your current password");
    assert_eq!(stage.links().len(), 1);
    browser.submit_form(&form, &[("password-0", PASSWORD)]).expect_page(200, "does not sign you in any more");
    assert!(stage.links().is_empty());
    // A provider that said no: on the page that it began on.
    let page = browser.get("/account/sign-ins");
    let page = browser.submit_form(&page.form_to("/account/sign-ins/"), &[("add-0", PASSWORD)]);
    let state = away(&page).parameter("state").unwrap();
    let back = crate::world::encode(&[("error", "access_denied"), ("state", &state)]);
    browser.get(&format!("{}?{back}", stage.callback())).expect_page(422, "did not sign you in");
}

#[test]
fn another_site_sends_nobody_to_a_provider() {
    let stage = Stage::linked();
    let mut browser = stage.world.browser();
    let link = button(&browser.get("/sign-in"));
    browser.headers.push(("Sec-Fetch-Site", "cross-site".to_owned()));
    let page = browser.get(&link);
    assert_eq!((page.path.as_str(), page.left_for.is_none()), ("/sign-in", true));
    assert!(!browser.cookies.contains_key("writ-away"));
}

#[test]
fn answers_that_are_tried_out_are_counted_as_guesses() {
    let stage = Stage::with(PersonBy::Link, &[("limits.sign_in", "3")]);
    let statuses: Vec<u16> =
        (0..5).map(|n| stage.world.browser().get(&format!("{}?code=a&state={n}", stage.callback())).status).collect();
    assert_eq!(statuses, [422, 422, 422, 429, 429]);
    // Whoever gets in was no guess.
    let stage = Stage::with(PersonBy::Link, &[("limits.sign_in", "3")]);
    stage.link(&stage.ada, "00u1");
    for _ in 0..5 {
        assert_eq!(stage.comes_back(&json!({})).1.path, "/account");
    }
}

#[test]
fn the_secret_is_sealed_and_shown_nowhere() {
    let stage = Stage::linked();
    let row = stage.world.read(|view| view.get(&writ::store::tables::PROVIDERS, &stage.provider)).unwrap();
    let text = serde_json::to_string(&row).unwrap();
    assert!(text.contains("\"secret\":\"v1.") && !text.contains(SECRET_THERE), "{text}");
    let page = stage.world.read(|view| audit_page(view, None, None, 100));
    let log = serde_json::to_string(&page.entries.iter().map(|it| &it.event).collect::<Vec<_>>()).unwrap();
    assert!(log.contains("secret_set_at") && !log.contains("\"secret\":\"v1."), "{log}");
    let mut browser = stage.world.signed_in(&stage.ada);
    for path in ["", "/change"] {
        let page = browser.get(&format!("/console/providers/{}{path}", stage.provider));
        page.expect_status(200).expect_no_text(SECRET_THERE).expect_no_text("v1.");
    }
}
