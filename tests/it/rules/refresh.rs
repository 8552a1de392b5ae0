//! Refreshing. OAuth 2.1 §4.3, RFC 9700 §4.14.2; the windows of the overlap are in `protocol::refresh`. Attack cases 17 to 19.

use std::collections::HashSet;

use writ::base::{Id, Lifetime, OpaqueToken, TokenKind};
use writ::model::{AuthMethod, ClientState, Family, GrantType, PersonState, RefreshToken};
use writ::operations::clients;
use writ::operations::seen::Seen;
use writ::store::Read as _;
use writ::store::tables::{FAMILIES, REFRESH};

use crate::world::{Answer, Browser, ClientApp, Someone, World, at_once};

/// One person, one application that introspects for itself, and a first refresh token.
struct Line {
    world: World,
    ada: Someone,
    mail: ClientApp,
    browser: Browser,
    first: String,
}

const SECONDS: fn(u64) -> Lifetime = Lifetime::from_seconds;

impl Line {
    fn new() -> Self {
        Self::of(World::new())
    }

    fn of(world: World) -> Self {
        let ada = world.administrator("ada");
        let mail = world.confidential("mail").at(&world.resource("https://mcp.example/a", "mcp:read mcp:write"));
        let mut browser = world.signed_in(&ada);
        let first = mail.tokens(&world, &mut browser).refresh.unwrap();
        Self { ada, mail, browser, first, world }
    }

    fn refresh(&self, token: &str) -> Answer {
        self.mail.refresh(&self.world, token)
    }

    /// The next refresh token.
    #[track_caller]
    fn turn(&self, token: &str) -> String {
        self.refresh(token).tokens().refresh.unwrap()
    }

    fn row(&self, token: &str) -> RefreshToken {
        let id = OpaqueToken::parse(TokenKind::RefreshToken, token).unwrap().id();
        self.world.read(|view| view.get(&REFRESH, &id)).unwrap()
    }

    fn family(&self, token: &str) -> Family {
        let id = self.row(token).family;
        self.world.read(|view| view.get(&FAMILIES, &id)).unwrap()
    }

    /// The line is over, for all that hold a piece of it, and the audit log says why.
    #[track_caller]
    fn expect_ended(&self, tokens: &[&str]) {
        for token in tokens {
            self.refresh(token).expect_refusal(400, "invalid_grant", "FamilyOver");
        }
        self.world.expect_event("refresh.replayed");
        self.world.expect_event("family.revoked");
    }
}

/// §4.3.1: a refresh token is used once; its successor is another, of the same grant.
#[test]
fn a_refresh_token_turns_into_the_next() {
    let line = Line::new();
    let answer = line.refresh(&line.first).tokens();
    let second = answer.refresh.clone().unwrap();
    assert_ne!(second, line.first);
    assert_eq!(answer.scope, "mcp:read");
    assert_eq!(answer.claims()["sub"], line.ada.id.to_string());
    assert_eq!(answer.claims()["aud"], "https://mcp.example/a");
    assert_eq!(line.row(&second).family, line.row(&line.first).family);
    assert_eq!(line.mail.introspect(&line.world, &answer.access)["active"], true);
}

#[test]
fn case_17_fifty_refreshes_at_once_stay_one_line() {
    let line = Line::of(World::with(&[("workers", "4")]));
    let answers = at_once(50, |_| line.refresh(&line.first));
    let tokens: Vec<String> = answers.iter().map(|answer| answer.tokens().refresh.unwrap()).collect();
    assert_eq!(tokens.iter().collect::<HashSet<_>>().len(), 50);
    // One turn of the line, and 49 answers within it.
    let family = line.family(&line.first);
    assert_eq!((family.generation, family.overlaps), (1, 49));
    for token in &tokens {
        let row = line.row(token);
        assert_eq!((row.family, row.generation), (family.id, 1));
    }
    let events = line.world.events(200);
    assert_eq!(events.iter().filter(|event| *event == "refresh.overlapped").count(), 49, "{events:?}");
    // Any of them goes on, and the line is still one.
    let next = line.turn(&tokens[17]);
    assert_eq!(line.row(&next).generation, 2);
    line.turn(&tokens[3]);
    assert_eq!(line.family(&next).generation, 2);
}

/// A process that gets no answer asks again: the old token is good while nobody has used the new one.
#[test]
fn case_17_a_lost_answer_logs_nobody_out() {
    let line = Line::new();
    let mut token = line.first.clone();
    for _ in 0..5 {
        for wait in [0, 1, 59, 240, 300] {
            line.world.later(SECONDS(wait));
            let lost = line.refresh(&token).tokens();
            assert_ne!(lost.refresh.as_deref(), Some(token.as_str()));
        }
        // All of ten minutes after the first answer that was lost.
        token = line.turn(&token);
        line.world.later(Lifetime::from_hours(20));
    }
    line.turn(&token);
}

/// protocol.md §1.8: "the previous token stays good until its successor is first used, and for at most 60 s after that".
#[test]
fn case_17_a_minute_after_its_successor_was_used_a_token_is_a_sign_of_theft() {
    let line = Line::new();
    let second = line.turn(&line.first);
    line.world.later(SECONDS(100));
    let third = line.turn(&second);
    line.world.later(SECONDS(60));
    let late = line.turn(&line.first);
    assert_eq!(line.row(&late).generation, 2, "an answer within the newest generation");
    line.world.later(Lifetime::from_millis(1));
    line.refresh(&line.first).expect_refusal(400, "invalid_grant", "RefreshReplayed");
    line.expect_ended(&[&line.first, &second, &third, &late]);
}

/// "… or 10 min in all", with a successor that nobody has used.
#[test]
fn case_17_ten_minutes_after_its_own_use_a_token_is_a_sign_of_theft() {
    let line = Line::new();
    let second = line.turn(&line.first);
    line.world.later(SECONDS(600));
    line.turn(&line.first);
    line.world.later(Lifetime::from_millis(1));
    line.refresh(&line.first).expect_refusal(400, "invalid_grant", "RefreshReplayed");
    line.expect_ended(&[&second]);
}

/// Ten minutes in all also bound the minute after the successor's use.
#[test]
fn case_17_the_two_windows_do_not_add_up() {
    let line = Line::new();
    let second = line.turn(&line.first);
    line.world.later(SECONDS(570));
    let third = line.turn(&second);
    line.world.later(SECONDS(30));
    line.turn(&line.first);
    line.world.later(Lifetime::from_millis(1));
    line.refresh(&line.first).expect_refusal(400, "invalid_grant", "RefreshReplayed");
    line.expect_ended(&[&third]);
}

/// A grand-parent's parent has no window at all: two parties hold the line.
#[test]
fn case_17_a_grand_parent_ends_the_line_at_once() {
    let line = Line::new();
    let second = line.turn(&line.first);
    let third = line.turn(&second);
    line.turn(&line.first);
    let fourth = line.turn(&third);
    line.refresh(&line.first).expect_refusal(400, "invalid_grant", "RefreshReplayed");
    line.expect_ended(&[&second, &third, &fourth]);
}

/// RFC 9700 §4.14.2: whichever of thief and owner comes second is noticed, and both are out.
#[test]
fn case_17_a_thief_is_caught_whoever_comes_first() {
    let line = Line::new();
    let access = line.mail.tokens(&line.world, &mut line.world.signed_in(&line.ada)).access;
    // The thief uses a copy and goes on; the owner comes back with what it has.
    let stolen = line.turn(&line.turn(&line.first));
    line.world.later(SECONDS(61));
    line.refresh(&line.first).expect_refusal(400, "invalid_grant", "RefreshReplayed");
    line.expect_ended(&[&stolen]);
    assert_eq!(line.mail.introspect(&line.world, &access)["active"], true, "another line of the same client stands");
    // A thief that comes again within the overlap gets a token of the newest generation and no line of its own.
    let first = line.mail.tokens(&line.world, &mut line.world.signed_in(&line.ada)).refresh.unwrap();
    let owner = line.turn(&first);
    let thief = line.turn(&first);
    assert_eq!(line.row(&owner).generation, line.row(&thief).generation);
    let owner = line.turn(&owner);
    line.world.later(SECONDS(61));
    line.turn(&owner);
    line.refresh(&first).expect_refused(400, "invalid_grant");
    line.refresh(&thief).expect_refused(400, "invalid_grant");
}

/// The windows are settings; without one, the first second use is a replay.
#[test]
fn the_overlap_may_be_switched_off() {
    let line = Line::of(World::with(&[("lifetimes.refresh_overlap", "0s"), ("lifetimes.refresh_unused", "0s")]));
    let second = line.turn(&line.first);
    line.world.later(Lifetime::from_millis(1));
    line.refresh(&line.first).expect_refusal(400, "invalid_grant", "RefreshReplayed");
    line.expect_ended(&[&second]);
}

#[test]
fn another_client_can_neither_use_nor_end_a_line() {
    let line = Line::new();
    let second = line.turn(&line.first);
    line.world.later(Lifetime::from_hours(1));
    for thief in [line.world.client("thief"), line.world.confidential("other")] {
        for token in [&line.first, &second] {
            thief.refresh(&line.world, token).expect_refusal(400, "invalid_grant", "RefreshOfAnotherClient");
        }
    }
    let nameless = ClientApp { secret: None, ..line.mail.clone() };
    nameless.refresh(&line.world, &second).expect_refusal(401, "invalid_client", "ClientSecretMissing");
    line.turn(&second);
}

/// A refresh token that nobody uses ends after a week, a line after ninety days (settings), however busy it was.
#[test]
fn a_line_has_an_end() {
    let line = Line::new();
    let mut token = line.first.clone();
    for _ in 0..14 {
        line.world.later(Lifetime::from_days(6));
        token = line.turn(&token);
    }
    line.world.later(Lifetime::from_days(6));
    line.refresh(&token).expect_refusal(400, "invalid_grant", "FamilyOver");
    let idle = line.mail.tokens(&line.world, &mut line.world.signed_in(&line.ada)).refresh.unwrap();
    line.world.later(Lifetime::from_days(7));
    line.refresh(&idle).expect_refusal(400, "invalid_grant", "RefreshExpired");
}

#[test]
fn case_18_whatever_stops_its_client_its_person_or_its_consent_stops_a_refresh() {
    let mut line = Line::new();
    let world = &line.world;
    let bob = world.person("bob");

    world.edit_client(&line.mail, |client| client.state = ClientState::Suspended);
    line.refresh(&line.first).expect_refusal(401, "invalid_client", "ClientSuspended");
    world.edit_client(&line.mail, |client| client.state = ClientState::Active);

    world.edit_client(&line.mail, |client| client.grant_types = vec![GrantType::AuthorizationCode]);
    line.refresh(&line.first).expect_refusal(400, "unauthorized_client", "GrantNotAllowed");
    world.edit_client(&line.mail, |client| client.grant_types.push(GrantType::RefreshToken));

    let tokens = line.mail.tokens(world, &mut world.signed_in(&bob));
    world.set_person(&bob, PersonState::Suspended);
    line.refresh(tokens.refresh.as_deref().unwrap()).expect_refusal(400, "invalid_grant", "PersonSuspended");
    assert_eq!(line.mail.introspect(world, &tokens.access)["active"], false);

    // Nothing of it has harmed the other person's line.
    let token = line.turn(&line.first);
    let page = line.browser.get("/account");
    let form = page.forms().into_iter().find(|form| form.action.contains("/revocation")).unwrap();
    line.browser.submit_form(&form, &[]).expect_status(200);
    line.refresh(&token).expect_refusal(400, "invalid_grant", "FamilyOver");

    let tokens = line.mail.tokens(&line.world, &mut line.browser);
    line.world
        .block(clients::remove(&line.world.app, &line.world.operator(), line.mail.id.clone(), Seen::Anything))
        .unwrap();
    line.refresh(tokens.refresh.as_deref().unwrap()).expect_refusal(401, "invalid_client", "ClientUnknown");
}

#[test]
fn case_18_a_removed_resource_is_not_refreshed_for_the_appliance_itself() {
    let line = Line::new();
    let row = line.world.resource("https://mcp.example/b", "mcp:read");
    let mail = line.mail.clone().at(&row);
    let tokens = mail.tokens(&line.world, &mut line.world.signed_in(&line.ada));
    line.world.remove_resource(&row);
    // Nor for whoever takes its name as an alias.
    let mut heir = line.world.resource("https://mcp.example/c", "mcp:read");
    heir.aliases = vec![row.identifier.clone()];
    line.world.put_resource(heir);
    line.refresh(tokens.refresh.as_deref().unwrap()).expect_refusal(400, "invalid_target", "ResourceGone");
    line.turn(&line.first);
}

/// §4.3.1: "The requested scope MUST NOT include any scope not originally granted by the resource owner".
#[test]
fn case_19_a_refresh_narrows_and_never_widens() {
    let line = Line::new();
    line.world.resource("https://mcp.example/b", "mcp:read");
    let mut browser = line.world.signed_in(&line.ada);
    let code = line.mail.code_with(&mut browser, &[("scope", "mcp:read mcp:write")]);
    let tokens = line.mail.redeem(&line.world, &code).tokens();
    let wide = tokens.refresh.unwrap();
    let ask = |token: &str, fields: &[(&str, &str)]| {
        let mut all = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        all.extend(fields);
        line.mail.token_request(&line.world, &all)
    };
    let widened = [("scope", "mcp:read mcp:write")];
    ask(&line.first, &widened).expect_refusal(400, "invalid_scope", "ScopeWidened");
    ask(&line.first, &[("scope", "mcp:admin")]).expect_refusal(400, "invalid_scope", "ScopeWidened");
    ask(&line.first, &[("scope", "mcp:read made:up")]).expect_refusal(400, "invalid_scope", "ScopeWidened");
    ask(&line.first, &[("resource", "https://mcp.example/b")]).expect_refusal(400, "invalid_target", "ResourceWidened");
    ask(&line.first, &[("resource", "https://mcp.example/x")]).expect_refusal(400, "invalid_target", "ResourceUnknown");
    // None of it has spent the token.
    line.turn(&line.first);

    let narrow = ask(&wide, &[("scope", "mcp:write"), ("resource", "https://mcp.example/a")]).tokens();
    assert_eq!((narrow.scope.as_str(), &narrow.claims()["scope"]), ("mcp:write", &"mcp:write".into()));
    // §4.3.1: "If a new refresh token is issued, the refresh token scope MUST be identical".
    let again = ask(narrow.refresh.as_deref().unwrap(), &widened).tokens();
    assert_eq!(again.scope, "mcp:read mcp:write");
}

/// What is unticked on a later page is not minted by an earlier line either.
#[test]
fn case_18_a_refresh_gives_no_more_than_is_allowed_now() {
    let line = Line::new();
    let mut browser = line.world.signed_in(&line.ada);
    let wide = [("scope", "mcp:read mcp:write")];
    let tokens = line.mail.redeem(&line.world, &line.mail.code_with(&mut browser, &wide)).tokens();
    assert_eq!(tokens.scope, "mcp:read mcp:write");

    let page = line.mail.sends(&mut browser, &[wide[0], ("prompt", "consent")]);
    let mut form = page.form("decision");
    form.fields.retain(|field| field.value != "mcp:write");
    browser.submit_form(&form, &[("decision", "allow"), ("scope", "mcp:read")]).expect_left();
    let narrower = line.refresh(&tokens.refresh.unwrap()).tokens();
    assert_eq!((narrower.scope.as_str(), &narrower.claims()["scope"]), ("mcp:read", &"mcp:read".into()));
    // Asking for all of it, as some clients always do, is no error and gives no more.
    let fields = [("grant_type", "refresh_token"), ("refresh_token", narrower.refresh.as_deref().unwrap()), wide[0]];
    assert_eq!(line.mail.token_request(&line.world, &fields).tokens().scope, "mcp:read");
}

/// OpenID Connect Core §12.2: an id token at a refresh "SHOULD NOT have a nonce Claim", and `auth_time` is that of the sign-in.
#[test]
fn a_refreshed_id_token_speaks_of_the_first_sign_in() {
    let line = Line::new();
    let mut browser = line.world.signed_in(&line.ada);
    let code = line.mail.code_with(&mut browser, &[("scope", "openid mcp:read"), ("nonce", "n-1")]);
    let first = line.mail.redeem(&line.world, &code).tokens();
    line.world.later(Lifetime::from_hours(3));
    let second = line.refresh(first.refresh.as_deref().unwrap()).tokens();
    let (before, after) = (crate::world::claims(&first.id.unwrap()), crate::world::claims(&second.id.unwrap()));
    assert_eq!(before["nonce"], "n-1");
    assert_eq!(after.get("nonce"), None);
    for same in ["iss", "sub", "aud", "auth_time", "sid"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert_eq!(after["iat"].as_i64().unwrap() - before["iat"].as_i64().unwrap(), 3 * 3_600);
}

/// A client that did not register the grant gets a refresh token if the person allowed `offline_access`; one that registered it
/// needs no `offline_access`. protocol.md §1.8, OpenID Connect Core §11.
#[test]
fn refresh_tokens_go_to_who_registered_or_asked_for_them() {
    let line = Line::new();
    line.world.edit_client(&line.mail, |client| client.grant_types = vec![GrantType::AuthorizationCode]);
    let mut browser = line.world.signed_in(&line.ada);
    let code = line.mail.code_with(&mut browser, &[("scope", "mcp:read")]);
    assert_eq!(line.mail.redeem(&line.world, &code).tokens().refresh, None);

    // Who asks for more is asked about, and the page says for how long.
    let offline = [("scope", "mcp:read offline_access")];
    let page = line.mail.sends(&mut browser, &[offline[0], ("prompt", "consent")]);
    page.expect_page(200, "until you revoke it");
    let code = line.mail.code_with(&mut browser, &offline);
    let tokens = line.mail.redeem(&line.world, &code).tokens();
    assert_eq!(tokens.scope, "mcp:read offline_access");
    let next = line.refresh(&tokens.refresh.unwrap()).tokens();
    assert_eq!(next.scope, "mcp:read offline_access");
    line.turn(&next.refresh.unwrap());
    // The line from before, without it, is none.
    line.refresh(&line.first).expect_refusal(400, "unauthorized_client", "GrantNotAllowed");
}

/// Invented tokens never reach the writer.
#[test]
fn invented_refresh_tokens_make_nobody_write() {
    let line = Line::new();
    let before = line.world.events(400).len();
    for n in 0..50_u8 {
        let token =
            OpaqueToken::new(TokenKind::RefreshToken, Id::<RefreshToken>::from_bytes([n; 16]), &line.world.app.entropy);
        line.refresh(token.unwrap().secret().expose()).expect_refusal(400, "invalid_grant", "RefreshUnknown");
    }
    // Not even with the id of a real one.
    let id = OpaqueToken::parse(TokenKind::RefreshToken, &line.first).unwrap().id::<RefreshToken>();
    let forged = OpaqueToken::new(TokenKind::RefreshToken, id, &line.world.app.entropy).unwrap();
    line.refresh(forged.secret().expose()).expect_refusal(400, "invalid_grant", "RefreshUnknown");
    assert_eq!(line.world.events(400).len(), before);
    line.turn(&line.first);
}

/// A public client rotates like any other (OAuth 2.1 §4.3.1), and names itself.
#[test]
fn a_public_client_always_rotates() {
    let line = Line::new();
    let app = line.world.client("cli").at(&line.world.resource("https://mcp.example/d", "mcp:read"));
    let first = app.tokens(&line.world, &mut line.world.signed_in(&line.ada)).refresh.unwrap();
    let second = app.refresh(&line.world, &first).tokens().refresh.unwrap();
    assert_ne!(first, second);
    let nobody = [("grant_type", "refresh_token"), ("refresh_token", second.as_str())];
    line.world.token(&nobody).expect_refusal(401, "invalid_client", "ClientUnknown");
    line.world.edit_client(&app, |client| client.auth_method = AuthMethod::ClientSecretPost);
    app.refresh(&line.world, &second).expect_refusal(401, "invalid_client", "ClientSecretMissing");
}
