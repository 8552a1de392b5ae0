//! Revocation that reaches who verifies offline. draft-ietf-oauth-status-list, protocol.md §3.3.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use writ::base::{Fault, FaultKind, Lifetime};
use writ::keys::rotate::Haste;
use writ::keys::{JwkSet, Typ, VerifyError};
use writ::model::{
    ClientId, ClientState, Delegation, Event, JwsAlgorithm, LIST_SIZE, PAGE_BITS, PageBits, StatusBlock, StatusPage,
    Subject, TokenFormat,
};
use writ::operations::seen::Seen;
use writ::operations::status::end::{LiveTokens, Owner, end_owner};
use writ::operations::{clients, housekeeping, keys, machines};
use writ::protocol::status_list::{LONGEST_STATUS_LIST_TOKEN, STATUS_LIST_TYPE, Status, Statuses, read};
use writ::store::tables::{STATUS_BLOCKS, STATUS_LISTS, STATUS_PAGES};
use writ::store::{MAX_ROWS, Read as _};

use crate::machines::exchange::Stage;
use crate::world::{Answer, ClientApp, ISSUER, Tokens, World, at_once, claims, verified};

/// Where a token says its status stands: the address and the place in it.
#[track_caller]
fn place(token: &str) -> (String, u64) {
    let reference = &claims(token)["status"]["status_list"];
    let members: Vec<&str> = reference.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["idx", "uri"]);
    (reference["uri"].as_str().unwrap().to_owned(), reference["idx"].as_u64().unwrap())
}

fn fetch(world: &World, uri: &str) -> Answer {
    world.request("GET", uri.strip_prefix(ISSUER).unwrap()).send()
}

/// The list as a verifier reads it, who has only the published keys.
#[track_caller]
fn list(world: &World, uri: &str) -> Statuses {
    let answer = fetch(world, uri);
    answer.expect_status(200);
    assert_eq!(answer.header("content-type"), Some("application/statuslist+jwt"));
    let (header, claims) = verified(&world.jwks(), &answer.body);
    assert_eq!(header["typ"], STATUS_LIST_TYPE);
    let facts = read(claims.as_object().unwrap(), uri, world.now(), Lifetime::default()).unwrap();
    assert_eq!(facts.statuses.len(), 1 << 20);
    facts.statuses
}

/// What the token's list says of it, once what has changed has settled.
#[track_caller]
pub fn status(world: &World, token: &str) -> Status {
    world.later(Lifetime::from_seconds(1));
    let (uri, index) = place(token);
    list(world, &uri).at(index).unwrap()
}

#[track_caller]
fn expect(world: &World, said: Status, tokens: &[&Tokens]) {
    for token in tokens {
        assert_eq!(status(world, &token.access), said, "{}", token.claims());
    }
}

/// Every place that any list says is invalid.
fn set(world: &World) -> BTreeSet<(String, u64)> {
    world.later(Lifetime::from_seconds(1));
    let mut found = BTreeSet::new();
    for uri in world.request("GET", "/oauth/status").send().json()["status_lists"].as_array().unwrap() {
        let uri = uri.as_str().unwrap();
        let statuses = list(world, uri);
        let places = (0..statuses.len()).filter(|place| statuses.at(*place) != Some(Status::Valid));
        found.extend(places.map(|place| (uri.to_owned(), place)));
    }
    found
}

fn places(tokens: &[&Tokens]) -> BTreeSet<(String, u64)> {
    tokens.iter().map(|tokens| place(&tokens.access)).collect()
}

fn revoke(world: &World, app: &ClientApp, token: &str) {
    let request = world.request("POST", "/oauth/revoke").basic(&app.id.to_string(), app.secret.as_ref().unwrap());
    request.form(&[("token", token)]).send().expect_status(200);
}

fn blocks(world: &World) -> Vec<StatusBlock> {
    world.read(|view| Ok(view.page(&STATUS_BLOCKS, None, MAX_ROWS)?.rows.into_iter().map(|(_, row)| row).collect()))
}

fn stop(world: &World, owner: Owner) -> LiveTokens {
    let app = world.app.clone();
    world.change("stop", move |tx| {
        let live = end_owner(&app, tx, &owner)?;
        tx.record(Event::Tallied { what: "stopped".to_owned(), count: 1 })?;
        Ok(live)
    })
}

/// RFC 7009 §2.1, draft §7.1: a token that its client ended is invalid, and no other is.
#[test]
fn a_revoked_tokens_own_bit_is_set_and_no_other() {
    let world = World::new();
    let (crm, erp) = (world.confidential("crm"), world.confidential("erp"));
    let mine: Vec<Tokens> = (0..40).map(|_| crm.client_credentials(&world, &[]).tokens()).collect();
    let theirs = erp.client_credentials(&world, &[]).tokens();
    assert_eq!(set(&world), BTreeSet::new());
    expect(&world, Status::Valid, &[&mine[0], &mine[39], &theirs]);
    revoke(&world, &crm, &mine[20].access);
    assert_eq!(set(&world), places(&[&mine[20]]));
    // Once more, and one that is another's, change nothing.
    revoke(&world, &crm, &mine[20].access);
    revoke(&world, &crm, &theirs.access);
    assert_eq!(set(&world), places(&[&mine[20]]));
    revoke(&world, &erp, &theirs.access);
    assert_eq!(set(&world), places(&[&mine[20], &theirs]));
}

/// A grant that ends takes the bits of each of its tokens with it, refreshed ones too, and of nobody else's.
#[test]
fn a_grant_that_ends_sets_the_bits_of_all_its_tokens() {
    let world = World::new();
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let mail = world.confidential("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let (mut adas, mut bobs) = (world.signed_in(&ada), world.signed_in(&bob));
    let other = mail.tokens(&world, &mut bobs);
    let own = mail.client_credentials(&world, &[]).tokens();
    let mut line = vec![mail.tokens(&world, &mut adas)];
    for _ in 0..14 {
        world.later(Lifetime::from_minutes(1));
        let refresh = line.last().unwrap().refresh.clone().unwrap();
        line.push(mail.refresh(&world, &refresh).tokens());
    }
    let all: Vec<&Tokens> = line.iter().collect();
    assert_eq!(places(&all).len(), 15, "a place each");
    // Another grant of the same person to the same application, of a second sign-in.
    let second = mail.tokens(&world, &mut adas);
    assert_eq!(set(&world), BTreeSet::new());
    revoke(&world, &mail, line[14].refresh.as_deref().unwrap());
    assert_eq!(set(&world), places(&all));
    expect(&world, Status::Valid, &[&other, &own, &second]);
    // A replayed refresh token ends its line as well.
    let spent = second.refresh.clone().unwrap();
    let next = mail.refresh(&world, &spent).tokens();
    let last = mail.refresh(&world, next.refresh.as_deref().unwrap()).tokens();
    world.later(Lifetime::from_minutes(30));
    mail.refresh(&world, &spent).expect_refused(400, "invalid_grant");
    let ended: Vec<&Tokens> = all.into_iter().chain([&second, &next, &last]).collect();
    assert_eq!(set(&world), places(&ended));
}

#[test]
fn a_replayed_code_and_a_consent_taken_back_set_bits() {
    let world = World::new();
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let mail = world.client("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let (mut browser, mut bobs) = (world.signed_in(&ada), world.signed_in(&bob));
    let code = mail.code(&mut browser);
    let replayed = mail.redeem(&world, &code).tokens();
    mail.redeem(&world, &code).expect_refused(400, "invalid_grant");
    assert_eq!(set(&world), places(&[&replayed]));

    let (kept, theirs) = (mail.tokens(&world, &mut browser), mail.tokens(&world, &mut bobs));
    let page = browser.get("/account");
    browser.submit_form(&page.form_to("/revocation"), &[]).expect_page(200, "Access revoked.");
    assert_eq!(set(&world), places(&[&replayed, &kept]));
    expect(&world, Status::Valid, &[&theirs]);
}

/// Stopping a client ends what it has for itself and what people allowed it, in the transaction that stops it; and when it
/// goes on, what it gets is good and what it had stays invalid.
#[test]
fn a_stopped_client_has_no_valid_token_and_gets_good_ones_when_it_goes_on() {
    let world = World::new();
    let ada = world.administrator("ada");
    let resource = world.resource("https://mcp.example/a", "mcp:read");
    let (mail, other) = (world.confidential("mail").at(&resource), world.confidential("other").at(&resource));
    let (mut browser, mut elsewhere) = (world.signed_in(&ada), world.signed_in(&ada));
    let mut mine: Vec<Tokens> = (0..50).map(|_| mail.client_credentials(&world, &[]).tokens()).collect();
    let granted = mail.tokens(&world, &mut browser);
    let refresh = granted.refresh.clone().unwrap();
    mine.push(granted);
    let theirs = [other.client_credentials(&world, &[]).tokens(), other.tokens(&world, &mut elsewhere)];

    world.edit_client(&mail, |client| client.state = ClientState::Suspended);
    let live = stop(&world, Owner::Client(mail.id.clone()));
    assert!((51..=112).contains(&live.at_most), "{live:?}");
    assert_eq!(live.until, Some(world.now().plus(Lifetime::from_hours(1))));
    let set_now = set(&world);
    let mine: Vec<&Tokens> = mine.iter().collect();
    assert!(places(&mine).is_subset(&set_now));
    let theirs: Vec<&Tokens> = theirs.iter().collect();
    assert!(places(&theirs).is_disjoint(&set_now));
    // The bits of its blocks and no others: whose each is, the rows say.
    let of_mail = blocks(&world).into_iter().filter(|block| block.client_id == mail.id);
    assert_eq!(set_now.len() as u32, of_mail.map(|block| block.size).sum::<u32>());
    let still = stop(&world, Owner::Client(mail.id.clone()));
    assert!(
        still.at_most >= mine.len() as u64,
        "nothing is left to stop, and what was stopped is still taken: {still:?}"
    );

    world.edit_client(&mail, |client| client.state = ClientState::Active);
    let (own, refreshed) = (mail.client_credentials(&world, &[]).tokens(), mail.refresh(&world, &refresh).tokens());
    let again = mail.refresh(&world, refreshed.refresh.as_deref().unwrap()).tokens();
    expect(&world, Status::Valid, &[&own, &refreshed, &again]);
    expect(&world, Status::Invalid, &mine);
    assert_eq!(set(&world), set_now);
}

#[test]
fn a_removed_client_and_a_stopped_machine_set_bits() {
    let world = World::new();
    let ada = world.administrator("ada");
    let (crm, robot) = (world.confidential("crm"), world.machine("robot", &ada, "mcp:read"));
    let (token, issued_at) = (crm.client_credentials(&world, &[]).tokens(), world.now());
    let held: Vec<Tokens> = (0..3).map(|_| robot.client_credentials(&world, &[]).tokens()).collect();
    world
        .block(clients::remove(&world.app, &world.operator(), crm.id.clone(), writ::operations::seen::Seen::Anything))
        .unwrap();
    expect(&world, Status::Invalid, &[&token]);
    expect(&world, Status::Valid, &[&held[0]]);
    world.later(Lifetime::from_minutes(10));
    let id = world.machine_id(&robot);
    let suspend =
        || world.block(machines::suspend(&world.app, &world.operator(), id, Seen::Anything, "drill")).unwrap();
    let (hour, halted) = (Lifetime::from_hours(1), suspend());
    let said = (3, issued_at.plus(hour));
    assert_eq!((halted.tokens_live, halted.tokens_live_until), said, "as many as it has, while the process remembers");
    world.later(Lifetime::from_minutes(10));
    let again = suspend();
    assert_eq!((again.tokens_live, again.tokens_live_until), said, "whoever asks later is told the same");
    robot.client_credentials(&world, &[]).expect_refused(401, "invalid_client");
    expect(&world, Status::Invalid, &held.iter().collect::<Vec<_>>());
    world.block(machines::resume(&world.app, &world.operator(), id, Seen::Anything)).unwrap();
    let next = robot.client_credentials(&world, &[]).tokens();
    expect(&world, Status::Valid, &[&next]);
    expect(&world, Status::Invalid, &[&held[2]]);
    world.later(hour);
    assert_eq!(suspend().tokens_live, 0, "what it had is over by now");
    world.block(machines::resume(&world.app, &world.operator(), id, Seen::Anything)).unwrap();
    let last = robot.client_credentials(&world, &[]).tokens();
    world.block(machines::retire(&world.app, &world.operator(), id, Seen::Anything, "replaced")).unwrap();
    expect(&world, Status::Invalid, &[&next, &last]);

    // One that registered itself and takes itself out again (RFC 7592 §2.3).
    let metadata = json!({ "client_name": "cli", "redirect_uris": [crate::world::CALLBACK], "token_endpoint_auth_method": "none" });
    let registered = world.request("POST", "/oauth/register").json(&metadata).send().json();
    let id: ClientId = registered["client_id"].as_str().unwrap().parse().unwrap();
    let cli = ClientApp { id, secret: None, redirect_uri: crate::world::CALLBACK.to_owned(), resource: None }
        .at(&world.resource("https://mcp.example/b", "mcp:read"));
    let token = cli.tokens(&world, &mut world.signed_in(&ada));
    expect(&world, Status::Valid, &[&token]);
    let path = registered["registration_client_uri"].as_str().unwrap().strip_prefix(ISSUER).unwrap().to_owned();
    let bearer = registered["registration_access_token"].as_str().unwrap().to_owned();
    world.request("DELETE", &path).bearer(&bearer).send().expect_status(204);
    expect(&world, Status::Invalid, &[&token]);
}

/// A stopped person's grants end, at every application, and say exactly which tokens are left.
#[test]
fn a_stopped_person_has_no_valid_token_anywhere() {
    let world = World::new();
    let (ada, bob) = (world.administrator("ada"), world.person("bob"));
    let resource = world.resource("https://mcp.example/a", "mcp:read");
    let (mail, chat) = (world.client("mail").at(&resource), world.client("chat").at(&resource));
    let (mut adas, mut bobs) = (world.signed_in(&ada), world.signed_in(&bob));
    let mut tokens = vec![mail.tokens(&world, &mut bobs), chat.tokens(&world, &mut bobs)];
    let theirs = [mail.tokens(&world, &mut adas), chat.tokens(&world, &mut adas)];
    world.later(Lifetime::from_minutes(20));
    tokens.push(mail.refresh(&world, tokens[0].refresh.as_deref().unwrap()).tokens());
    let last = world.now().plus(Lifetime::from_hours(1));
    world.later(Lifetime::from_minutes(20));

    let live = stop(&world, Owner::Person(bob.id));
    assert_eq!((live.at_most, live.until), (3, Some(last)));
    let there = live.by_audience.iter().map(|(audience, left)| (audience.as_str(), left.at_most, left.until));
    assert_eq!(there.collect::<Vec<_>>(), [("https://mcp.example/a", 3, last)]);
    let all: Vec<&Tokens> = tokens.iter().collect();
    assert_eq!(set(&world), places(&all));
    expect(&world, Status::Valid, &theirs.iter().collect::<Vec<_>>());
    mail.refresh(&world, tokens[2].refresh.as_deref().unwrap()).expect_refusal(400, "invalid_grant", "FamilyOver");
    world.expect_event("family.revoked");
    // Whoever looks at signatures alone takes them all the same, however often somebody is stopped.
    assert_eq!(stop(&world, Owner::Person(bob.id)), live);
    world.later(Lifetime::from_hours(1));
    assert_eq!(stop(&world, Owner::Person(bob.id)), LiveTokens::default());
}

/// Whatever ends a token with which somebody acts sets its bit, in whosever block it is, and the bit of no other.
#[test]
fn what_ends_a_token_that_somebody_acts_with_sets_its_bit() {
    type End = fn(&mut Stage, &[Delegation], &Tokens);
    let ends: [(&str, End); 7] = [
        ("the first delegation is revoked", |stage, made, _| stage.world.undelegate(&made[0])),
        ("the last delegation is revoked", |stage, made, _| stage.world.undelegate(&made[1])),
        ("the consent is taken back", |stage, _, _| {
            let page = stage.browser.get("/account");
            let form = page.forms().into_iter().find(|form| form.action.contains("/applications/")).unwrap();
            stage.browser.submit_form(&form, &[]).expect_status(200);
        }),
        ("the application revokes the token that was shown", |stage, _, tokens| {
            let fields = [("token", tokens.access.as_str()), ("client_id", &stage.mail.id.to_string())];
            stage.world.request("POST", "/oauth/revoke").form(&fields).send().expect_status(200);
        }),
        ("the person is suspended", |stage, _, _| {
            stop(&stage.world, Owner::Person(stage.ada.id));
        }),
        ("the first machine is stopped", |stage, _, _| {
            stop(&stage.world, Owner::Client(stage.machines[0].id.clone()));
        }),
        ("the last machine is stopped", |stage, _, _| {
            stop(&stage.world, Owner::Client(stage.machines[1].id.clone()));
        }),
    ];
    for (name, end) in ends {
        let mut stage = Stage::new();
        let bob = stage.world.person("bob");
        let made = stage.delegated(Subject::Person(stage.ada.id), 2);
        // Somebody else's, in the same machines' blocks: one for each of the two.
        let theirs = [0, 1].map(|n| {
            stage.machines[n].client_credentials(&stage.world, &[("resource", stage.at(2).as_str())]).tokens()
        });
        let tokens = stage.tokens();
        // The same token shown twice goes on where it was.
        let passed = [stage.passed_on(tokens.access.clone(), 2), stage.passed_on(tokens.access.clone(), 2)].concat();
        stage.delegated(Subject::Person(bob.id), 2);
        let bobs = stage.mail.tokens(&stage.world, &mut stage.world.signed_in(&bob));
        let bobs_passed = stage.passed_on(bobs.access.clone(), 2);
        let deep = [&passed[1], &passed[3]];
        deep.iter().for_each(|token| assert_eq!(status(&stage.world, token), Status::Valid, "{name}"));
        end(&mut stage, &made, &tokens);
        deep.iter().for_each(|token| assert_eq!(status(&stage.world, token), Status::Invalid, "{name}"));
        if !name.contains("machine") {
            let others = [&theirs[0].access, &theirs[1].access, &bobs.access, &bobs_passed[0], &bobs_passed[1]];
            others.iter().for_each(|token| assert_eq!(status(&stage.world, token), Status::Valid, "{name}"));
        }
    }
}

/// draft §5.1, §8.2, §13.7: what a list says about itself, and for how long a copy is good.
#[test]
fn a_list_is_signed_cacheable_and_not_sent_again_to_who_has_it() {
    let world = World::with(&[("status.ttl", "20s"), ("status.valid_for", "5m")]);
    let (uri, index) = place(&world.confidential("crm").client_credentials(&world, &[]).tokens().access);
    let answer = fetch(&world, &uri);
    let (header, body) = verified(&world.jwks(), &answer.body);
    let now = world.now().seconds();
    assert_eq!(header, json!({ "typ": "statuslist+jwt", "alg": "ES256", "kid": header["kid"] }));
    assert_eq!(
        body,
        json!({
            "iss": ISSUER, "sub": uri, "iat": now, "exp": now + 300, "ttl": 20,
            "status_list": {
                "bits": 1, "lst": body["status_list"]["lst"], "aggregation_uri": format!("{ISSUER}/oauth/status"),
            },
        })
    );
    assert!(answer.body.len() < 1_000, "a list in which nothing is set is small: {}", answer.body.len());
    assert_eq!(answer.header("cache-control"), Some("public, max-age=20"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let etag = answer.header("etag").unwrap().to_owned();
    let path = uri.strip_prefix(ISSUER).unwrap().to_owned();
    let ask = || world.request("GET", &path).header("If-None-Match", &etag).send();
    for _ in 0..19 {
        world.later(Lifetime::from_seconds(1));
        let again = ask();
        assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", Some(etag.as_str())));
    }
    // A copy that is as old as copies may be is made anew, so that whoever fetches it can keep it as long again.
    world.later(Lifetime::from_seconds(1));
    let newer = ask();
    newer.expect_status(200);
    assert_eq!(claims(&newer.body)["iat"], now + 20);
    // §8.4: "it SHOULD return a status code of 501".
    world.request("GET", &format!("{path}?time=1686925000")).send().expect_status(501);
    assert_eq!(list(&world, &uri).at(index), Some(Status::Valid));
    // §9.3.
    let index = world.request("GET", "/oauth/status").send();
    assert_eq!(index.header("content-type"), Some("application/json"));
    assert_eq!(index.json(), json!({ "status_lists": [uri] }));
    let metadata = world.request("GET", "/.well-known/oauth-authorization-server").send().json();
    assert_eq!(metadata["status_list_aggregation_endpoint"], format!("{ISSUER}/oauth/status"));
}

/// A change is in the list within a second of the clock, and the appliance makes a list once a second at most however
/// many revoke and however many ask.
#[test]
fn a_change_is_served_within_a_second_and_lists_are_made_once_a_second_at_most() {
    let world = World::new();
    let crm = world.confidential("crm");
    let tokens: Vec<String> = (0..4).map(|_| crm.client_credentials(&world, &[]).tokens().access).collect();
    let (uri, _) = place(&tokens[0]);
    let first = fetch(&world, &uri).body;
    world.later(Lifetime::from_millis(400));
    revoke(&world, &crm, &tokens[0]);
    assert_eq!(fetch(&world, &uri).body, first, "made just now");
    world.later(Lifetime::from_millis(599));
    assert_eq!(fetch(&world, &uri).body, first);
    world.later(Lifetime::from_millis(1));
    let second = fetch(&world, &uri).body;
    assert_ne!(second, first);
    assert_eq!(list(&world, &uri).at(place(&tokens[0]).1), Some(Status::Invalid));
    for token in &tokens[1..] {
        revoke(&world, &crm, token);
        assert_eq!(fetch(&world, &uri).body, second);
    }
}

/// A stranger who asks for lists that are not there makes nobody build, sign, remember or write anything.
#[test]
fn lists_that_are_not_there_cost_nothing() {
    let world = World::new();
    let (uri, _) = place(&world.confidential("crm").client_credentials(&world, &[]).tokens().access);
    let number: u64 = uri.rsplit('/').next().unwrap().parse().unwrap();
    let rows = |world: &World| {
        world.read(|view| {
            let lists = view.page(&STATUS_LISTS, None, MAX_ROWS)?.rows.len();
            let pages = view.page(&STATUS_PAGES, None, MAX_ROWS)?.rows.len();
            Ok((lists, view.page(&STATUS_BLOCKS, None, MAX_ROWS)?.rows.len(), pages))
        })
    };
    let (before, events) = (rows(&world), world.events(400).len());
    let strange = ["0", "1", "999999999", "18446744073709551615", "18446744073709551616", "-1", "+1", "%20", "x", "01"];
    let near = [number - 1, number + 1].map(|number| number.to_string());
    for list in strange.into_iter().map(str::to_owned).chain(near).chain([format!("0{number}"), format!("+{number}")]) {
        let answer = world.request("GET", &format!("/oauth/status/{list}")).send();
        assert_eq!((answer.status, answer.header("cache-control")), (404, Some("no-store")), "{list}");
        if let Ok(number) = list.parse() {
            let unknown = number != uri.rsplit('/').next().unwrap().parse::<u64>().unwrap();
            assert!(!unknown || world.app.status_lists.find(number).is_none(), "{list} is remembered");
        }
    }
    assert_eq!((rows(&world), world.events(400).len()), (before, events));
    assert!(world.app.tally.take().is_empty(), "nor is it counted, which would be a write");
    fetch(&world, &uri).expect_status(200);
}

/// What was ended stays ended, and no token gets a place that another has had.
#[test]
fn a_restart_keeps_the_bits_and_gives_no_place_twice() {
    let mut world = World::with_file();
    let ada = world.administrator("ada");
    let mail = world.confidential("mail").at(&world.resource("https://mcp.example/a", "mcp:read"));
    let (mut given, mut revoked) = (BTreeMap::new(), Vec::new());
    let mut line = mail.tokens(&world, &mut world.signed_in(&ada));
    let first = line.clone();
    for round in 0..3 {
        let tokens: Vec<Tokens> = (0..20).map(|_| mail.client_credentials(&world, &[]).tokens()).collect();
        for token in tokens.iter().chain([&line]) {
            assert_eq!(given.insert(place(&token.access), round), None, "a place of an earlier process");
        }
        revoke(&world, &mail, &tokens[7].access);
        revoked.push(tokens[7].clone());
        world = world.restarted();
        line = mail.refresh(&world, line.refresh.as_deref().unwrap()).tokens();
        let all: Vec<&Tokens> = revoked.iter().collect();
        assert_eq!(set(&world), places(&all));
    }
    // The line's tokens are in lists of several processes.
    revoke(&world, &mail, line.refresh.as_deref().unwrap());
    expect(&world, Status::Invalid, &[&first, &line]);
    // And so are the client's own.
    let live = stop(&world, Owner::Client(mail.id.clone()));
    assert!(live.at_most >= 60 && live.until.is_some(), "{live:?}");
    let set_now = set(&world);
    assert!(given.keys().all(|place| set_now.contains(place)));
}

/// Many at once, on an appliance where nothing is open yet, while other jobs of the same batches fault: each token has a place
/// of its own, in a list and a block that the file knows.
#[test]
fn grants_at_once_never_share_a_place() {
    let world = World::new();
    let crm = world.confidential("crm");
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    for _ in 0..3 {
        let tokens = at_once(48, |n| match n % 3 {
            0 => {
                let failed = world.app.store.write_blocking("fault", &world.operator(), |tx| {
                    tx.record(Event::Tallied { what: "x".to_owned(), count: 1 })?;
                    Err::<(), Fault>(Fault::new(FaultKind::Bug, "on purpose"))
                });
                assert!(failed.is_err());
                None
            }
            1 => Some(robot.client_credentials(&world, &[]).tokens()),
            _ => Some(crm.client_credentials(&world, &[]).tokens()),
        });
        let tokens: Vec<Tokens> = tokens.into_iter().flatten().collect();
        assert_eq!(places(&tokens.iter().collect::<Vec<_>>()).len(), 32);
        let rows = blocks(&world);
        for token in &tokens {
            let ((uri, index), id) = (place(&token.access), token.claims()["client_id"].as_str().unwrap().to_owned());
            let list: u64 = uri.rsplit('/').next().unwrap().parse().unwrap();
            assert!(world.read(|view| view.get(&STATUS_LISTS, &list)).is_some());
            let holding = rows.iter().find(|row| {
                row.list == list && (u64::from(row.first)..u64::from(row.first + row.size)).contains(&index)
            });
            assert_eq!(holding.unwrap().client_id.to_string(), id);
        }
    }
}

/// A job that opened a list and then faulted leaves nothing behind that a later token would rely on.
#[test]
fn what_a_faulted_job_opened_is_put_by_the_next() {
    let world = World::new();
    let crm = world.confidential("crm");
    // As if a grant had come this far and its job had then been undone.
    let id = crm.id.clone();
    world.app.status.open_list(u64::try_from(world.now().millis()).unwrap());
    world.app.status.take((&id, "https://x.example/"), 1, Lifetime::from_hours(1), world.now()).unwrap();
    let token = crm.client_credentials(&world, &[]).tokens();
    expect(&world, Status::Valid, &[&token]);
    revoke(&world, &crm, &token.access);
    expect(&world, Status::Invalid, &[&token]);
    assert_eq!(blocks(&world).len(), 1);
}

/// What a token costs: no row of its own.
#[test]
fn rows_are_written_for_blocks_and_not_for_tokens() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    for _ in 0..200 {
        robot.client_credentials(&world, &[]).tokens();
    }
    let sizes: Vec<u32> = blocks(&world).iter().map(|block| block.size).collect();
    assert_eq!(sizes, [16, 32, 64, 128]);
    assert_eq!(world.read(|view| Ok(view.page(&STATUS_PAGES, None, MAX_ROWS)?.rows.len())), 0);
    assert_eq!(world.read(|view| Ok(view.page(&STATUS_LISTS, None, MAX_ROWS)?.rows.len())), 1);
}

#[test]
fn an_opaque_token_has_no_place() {
    let world = World::new();
    let mut opaque = world.resource("https://mcp.example/o", "mcp:read");
    opaque.format = TokenFormat::Opaque;
    world.put_resource(opaque.clone());
    let crm = world.confidential("crm").at(&opaque);
    let token = crm.client_credentials(&world, &[("resource", "https://mcp.example/o")]).tokens();
    assert!(token.access.starts_with("writ_at_"));
    assert!(blocks(&world).is_empty());
    revoke(&world, &crm, &token.access);
    assert_eq!(crm.introspect(&world, &token.access)["active"], false);
}

/// draft §13.1: "Once all Referenced Tokens are expired, the Issuer may stop serving the Status List Token." Its rows go.
#[test]
fn a_list_is_over_when_its_tokens_are_and_another_has_begun() {
    let world = World::new();
    let crm = world.confidential("crm");
    let first = crm.client_credentials(&world, &[]).tokens();
    revoke(&world, &crm, &first.access);
    world.later(Lifetime::from_hours(24));
    let second = crm.client_credentials(&world, &[]).tokens();
    let (old, new) = (place(&first.access).0, place(&second.access).0);
    assert_ne!(old, new);
    expect(&world, Status::Invalid, &[&first]);
    revoke(&world, &crm, &second.access);
    world.later(Lifetime::from_hours(24));
    fetch(&world, &old).expect_status(404);
    assert_eq!(world.request("GET", "/oauth/status").send().json(), json!({ "status_lists": [new] }));
    world.block(housekeeping::round(&world.app)).unwrap();
    let left = |world: &World| {
        world.read(|view| {
            let lists: Vec<u64> = view.page(&STATUS_LISTS, None, MAX_ROWS)?.rows.into_iter().map(|row| row.0).collect();
            let pages = view.page(&STATUS_PAGES, None, MAX_ROWS)?.rows;
            let all = pages.into_iter().map(|(key, _)| key.0).chain(blocks(world).into_iter().map(|block| block.list));
            Ok((lists, all.collect::<BTreeSet<u64>>()))
        })
    };
    let number: u64 = new.rsplit('/').next().unwrap().parse().unwrap();
    assert_eq!(left(&world), (vec![number], BTreeSet::from([number])));
    world.later(Lifetime::from_hours(24));
    world.block(housekeeping::round(&world.app)).unwrap();
    assert_eq!(left(&world), (Vec::new(), BTreeSet::new()));
}

/// A list of which half is revoked is long, and said to be: a verifier that looks at tokens of 16 KiB says how much it takes.
#[test]
fn a_list_of_a_million_tokens_of_which_half_are_revoked_is_read_whole() {
    let world = World::new();
    let (uri, _) = place(&world.confidential("crm").client_credentials(&world, &[]).tokens().access);
    let number: u64 = uri.rsplit('/').next().unwrap().parse().unwrap();
    let bit = |index: u32| ring::digest::digest(&ring::digest::SHA256, &index.to_be_bytes()).as_ref()[0] & 1 == 1;
    let revoked: Vec<bool> = (0..LIST_SIZE).map(bit).collect();
    let bits = revoked.clone();
    world.change("revoke half of them", move |tx| {
        for page in 0..LIST_SIZE / PAGE_BITS {
            let mut row = StatusPage { bits: PageBits::default(), expires_at: tx.now().plus(Lifetime::from_days(2)) };
            (0..PAGE_BITS).filter(|at| bits[(page * PAGE_BITS + at) as usize]).for_each(|at| row.bits.set(at));
            tx.put(&STATUS_PAGES, &(number, u64::from(page)), &row)?;
        }
        tx.record(Event::Tallied { what: "revoked".to_owned(), count: 1 })
    });
    let served = fetch(&world, &uri).expect_status(200).body.clone();
    assert!((150_000..LONGEST_STATUS_LIST_TOKEN).contains(&served.len()), "{}", served.len());
    let keys = JwkSet::parse_value(&world.jwks()).unwrap();
    let typ = Typ::Exactly(STATUS_LIST_TYPE);
    assert_eq!(keys.verify(&served, &JwsAlgorithm::ALL, typ).unwrap_err(), VerifyError::TooLong);
    let verified = keys.verify_within(LONGEST_STATUS_LIST_TOKEN, &served, &JwsAlgorithm::ALL, typ).unwrap();
    let facts = read(verified.claims(), &uri, world.now(), Lifetime::default()).unwrap();
    for (index, revoked) in (0..).zip(revoked) {
        let said = if revoked { Status::Invalid } else { Status::Valid };
        assert_eq!(facts.statuses.at(index), Some(said), "{index}");
    }
}

/// A list is signed with the key that signs now: one signed with a key that was withdrawn is not served again.
#[test]
fn a_list_follows_the_signing_key() {
    let world = World::new();
    let (uri, _) = place(&world.confidential("crm").client_credentials(&world, &[]).tokens().access);
    let kid = |world: &World| verified(&world.jwks(), &fetch(world, &uri).body).0["kid"].clone();
    let before = kid(&world);
    world.block(keys::rotate(&world.app, &world.operator(), None, Haste::AtOnce)).unwrap();
    assert_ne!(kid(&world), before);
}

#[test]
fn an_issuer_with_a_path_has_its_lists_below_it() {
    let issuer = "http://127.0.0.1:9000/tenant/a";
    let world = World::with(&[("public_url", issuer)]);
    let crm = world.confidential("crm");
    let (id, secret) = (crm.id.to_string(), crm.secret.unwrap());
    let ask = |path: &str| world.request("POST", &format!("/tenant/a{path}")).basic(&id, &secret);
    let token = ask("/oauth/token").form(&[("grant_type", "client_credentials")]).send().tokens().access;
    let (uri, index) = place(&token);
    assert!(uri.starts_with(&format!("{issuer}/oauth/status/")), "{uri}");
    ask("/oauth/revoke").form(&[("token", &token)]).send().expect_status(200);
    let answer = fetch(&world, &uri);
    let jwks = world.request("GET", "/tenant/a/.well-known/jwks.json").send().json();
    let (_, body) = verified(&jwks, &answer.expect_status(200).body);
    let facts = read(body.as_object().unwrap(), &uri, world.now(), Lifetime::default()).unwrap();
    assert_eq!(facts.statuses.at(index), Some(Status::Invalid));
}
