//! Machines in the console: made, limited, given credentials, stopped.

use serde_json::{Value, json};

use crate::world::{Browser, ClientApp, KeyPair, Page, World};

fn between<'p>(page: &'p Page, before: &str, after: &str) -> &'p str {
    let rest = page.body.split_once(before).unwrap_or_else(|| panic!("{before} is not on {}", page.body)).1;
    rest.split_once(after).unwrap().0
}

/// The secret and the client id on the one page that shows them.
fn shown(page: &Page) -> (String, String) {
    (between(page, "id=\"client-id\">", "<").to_owned(), between(page, "id=\"secret\">", "<").to_owned())
}

fn make(browser: &mut Browser, name: &str, scope: &str) -> Page {
    let page = browser.get("/console/machines/new");
    let fill = [
        ("name", name),
        ("kind", "ci"),
        ("purpose", "Imports tickets at night"),
        ("scope", scope),
        ("credential", "client_secret"),
    ];
    browser.submit_form(&page.form_to("/console/machines/new"), &fill)
}

#[test]
fn a_machine_is_made_and_gets_a_token_with_the_secret_that_is_shown_once() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    browser.get("/console/machines").expect_page(200, "There are no machines yet");
    let page = make(&mut browser, "nightly", "mcp:read");
    page.expect_page(200, "shown this once");
    let (id, secret) = shown(&page);
    let robot =
        ClientApp { id: id.parse().unwrap(), secret: Some(secret.clone()), ..world.machine("other", &ada, "mcp:read") };
    robot.client_credentials(&world, &[]).tokens();

    let list = browser.get("/console/machines");
    list.expect_page(200, "nightly").expect_text("CI job").expect_no_text(&secret);
    let page = browser.get(&format!("/console/machines/{id}"));
    page.expect_page(200, "Imports tickets at night").expect_text("1 token").expect_no_text(&secret);
    page.expect_text("nightly was made; ada answers for it");
    world.expect_event("machine.created");
}

/// A form that is sent twice makes one machine, and its secret is shown once.
#[test]
fn the_same_form_sent_again_makes_no_second_machine() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let form = browser.get("/console/machines/new").form_to("/console/machines/new");
    let fill = [("name", "nightly"), ("purpose", "x"), ("credential", "client_secret")];
    let first = browser.submit_form(&form, &fill);
    let (_, secret) = shown(&first);
    let again = browser.submit_form(&form, &fill);
    again.expect_page(422, "made already").expect_no_text(&secret);
}

#[test]
fn what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let form = browser.get("/console/machines/new").form_to("/console/machines/new");
    let fill = [
        ("name", ""),
        ("purpose", "Imports <tickets>"),
        ("owner", "nobody@example.com"),
        ("lifetime", "soon"),
        ("networks", "ten"),
        ("expires", "2001-01-01"),
    ];
    let page = browser.submit_form(&form, &fill);
    page.expect_page(422, "Imports &#60;tickets&#62;")
        .expect_text("say it like 10m")
        .expect_text("10.0.0.0/8")
        .expect_text("still to come");
    let page = browser.submit_form(&form, &[("name", "robot"), ("purpose", "x"), ("owner", "nobody@example.com")]);
    page.expect_page(422, "nobody here has this e-mail address").expect_text("value=\"robot\"");
    browser.get("/console/machines").expect_text("There are no machines yet");
}

#[test]
fn a_machine_is_changed_and_the_form_keeps_what_it_does_not_ask_for() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read mcp:write");
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&format!("/console/machines/{}/change", robot.id));
    let form = page.form_to("/change");
    let page = browser.submit_form(
        &form,
        &[("purpose", "Reads only"), ("scope", "mcp:read"), ("lifetime", "10m"), ("networks", "127.0.0.0/8")],
    );
    page.expect_page(200, "The machine is changed")
        .expect_text("Reads only")
        .expect_text("10 minutes")
        .expect_text("127.0.0.0/8");
    let answer = robot.client_credentials(&world, &[]).expect_status(200).json();
    assert_eq!((&answer["scope"], &answer["expires_in"]), (&Value::from("mcp:read"), &Value::from(600)));
    world.expect_event("machine.changed");

    let late = browser.submit_form(&form, &[("purpose", "Writes too")]);
    late.expect_page(422, "It was changed since you opened this page").expect_text("Writes too");
    browser.get(&format!("/console/machines/{}", robot.id)).expect_text("Reads only");
}

/// The button that stops an agent: from the answer on it gets nothing, and what it has is over.
#[test]
fn a_machine_is_stopped_and_let_go_on() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    robot.client_credentials(&world, &[]).tokens();
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&format!("/console/machines/{}", robot.id));
    let page = browser.submit_form(&page.form_to("/suspension"), &[("because", "it calls at night")]);
    page.expect_page(200, "Stopped. It gets no more tokens.").expect_text("it calls at night").expect_text("At most");
    robot.client_credentials(&world, &[]).expect_refusal(401, "invalid_client", "ClientSuspended");
    let page = browser.submit_form(&page.form_to("/resumption"), &[]);
    page.expect_page(200, "It may go on");
    robot.client_credentials(&world, &[]).tokens();
}

#[test]
fn several_machines_are_stopped_at_once() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robots = [world.machine("one", &ada, "mcp:read"), world.machine("two", &ada, "mcp:read")];
    let stays = world.machine("three", &ada, "mcp:read");
    let mut browser = world.signed_in(&ada);
    let form = browser.get("/console/machines").form_to("/suspension");
    browser.submit_form(&form, &[("because", "x")]).expect_text("Choose the machines to stop first");
    let ids = [robots[0].id.to_string(), robots[1].id.to_string()];
    let chosen = [("machine", ids[0].as_str()), ("machine", ids[1].as_str()), ("because", "a drill")];
    browser.submit_form(&form, &chosen).expect_page(200, "2 machines are stopped");
    for robot in &robots {
        robot.client_credentials(&world, &[]).expect_refusal(401, "invalid_client", "ClientSuspended");
    }
    stays.client_credentials(&world, &[]).tokens();
    let page = browser.get("/console/machines?state=suspended");
    page.expect_text("one").expect_text("two").expect_no_text(">three<");
    browser.get("/console/machines?q=thr").expect_text(">three<").expect_no_text(">one<");
}

/// The list that somebody narrowed is the list they come back to; whatever else the form says of where to go is left out.
#[test]
fn stopping_several_leads_back_to_the_same_filter() {
    let world = World::new();
    let ada = world.administrator("ada");
    let (one, two) = (world.machine("one", &ada, "mcp:read"), world.machine("two", &ada, "mcp:read"));
    let mut browser = world.signed_in(&ada);
    let form = browser.get("/console/machines?q=one&state=active&said=stopped").form_to("/suspension");
    assert_eq!(form.value("here"), "q=one&state=active");
    let id = one.id.to_string();
    let page =
        browser.submit_form(&form, &[("here", "q=one&to=//evil.test"), ("machine", &id), ("because", "a drill")]);
    page.expect_page(200, "1 machine is stopped")
        .expect_text(">one<")
        .expect_no_text(">two<")
        .expect_no_text("evil.test");
    two.client_credentials(&world, &[]).tokens();
}

/// A page further on has a way back to where the list begins, under the same filter.
#[test]
fn a_list_says_what_it_shows_and_leads_back_to_its_beginning() {
    let world = World::new();
    let ada = world.administrator("ada");
    let one = world.machine("one", &ada, "mcp:read");
    world.later(writ::base::Lifetime::from_seconds(1));
    let two = world.machine("two", &ada, "mcp:read");
    let mut browser = world.signed_in(&ada);
    browser.get("/console/machines").expect_text("2 shown").expect_no_text("Back to the newest");
    let page = browser.get(&format!("/console/machines?state=active&before={}", two.id));
    page.expect_text(">one<").expect_no_text(">two<").expect_text("The last 1");
    page.expect_text("<a class=\"button\" href=\"/console/machines?state=active\">Back to the newest</a>");
    one.client_credentials(&world, &[]).tokens();
}

/// Before somebody stops a machine or ends a credential, they read who would notice.
#[test]
fn stopping_and_revoking_say_who_depends_on_it() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let at = format!("/console/machines/{}", robot.id);
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&at);
    page.expect_text("It never got a token.").expect_text("Nobody has used it yet. It is the only one that is good");
    robot.client_credentials(&world, &[]).tokens();
    let page = browser.get(&at);
    page.expect_text("It got 1 token, the last one just now, from 127.0.0.0/24.");
    page.expect_text("It was last used just now, from 127.0.0.0/24. It is the only one that is good");
    browser.submit_form(&page.form_to("/rotation"), &[("overlap", "7d")]);
    browser.get(&at).expect_no_text("It is the only one that is good");
}

/// A wrong id is told in the frame of the console, with the search at hand; to nobody who does not administer.
#[test]
fn what_is_not_there_is_told_in_the_frame_of_the_console() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    for path in ["/console/machines/mch_00000000000000000000000000", "/console/machines/x", "/console/nowhere"] {
        let page = browser.get(path);
        page.expect_page(404, "There is nothing here").expect_text("Search everything").expect_text("/console/people");
    }
    browser.get("/nowhere").expect_page(404, "There is nothing here").expect_no_text("/console/people");
    let bob = world.person("bob");
    world.signed_in(&bob).get("/console/nowhere").expect_status(404).expect_no_text("/console/people");
}

#[test]
fn retiring_asks_for_the_name() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&format!("/console/machines/{}", robot.id));
    let form = page.form_to("/retirement");
    let page = browser.submit_form(&form, &[("because", "old"), ("name", "robots")]);
    page.expect_text("the name was another");
    robot.client_credentials(&world, &[]).tokens();
    browser.submit_form(&form, &[("because", "old"), ("name", "robot")]).expect_page(200, "Retired for good");
    robot.client_credentials(&world, &[]).expect_status(401);
}

#[test]
fn a_secret_is_rotated_with_an_overlap_and_the_old_one_revoked() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&format!("/console/machines/{}", robot.id));
    let page = browser.submit_form(&page.form_to("/rotation"), &[("overlap", "7d")]);
    page.expect_page(200, "stays good until");
    let renewed = ClientApp { secret: Some(shown(&page).1), ..robot.clone() };
    robot.client_credentials(&world, &[]).tokens();
    renewed.client_credentials(&world, &[]).tokens();
    let page = browser.get(&format!("/console/machines/{}", robot.id));
    page.expect_text("being replaced");
    let old = world.credentials(&robot).into_iter().find(|one| one.replaced_by.is_some()).unwrap();
    let form = page.form_to(&format!("{}/revocation", old.id));
    browser.submit_form(&form, &[("because", "everybody has the new one")]).expect_text("The credential is revoked");
    robot.client_credentials(&world, &[]).expect_status(401);
    renewed.client_credentials(&world, &[]).tokens();
}

#[test]
fn credentials_of_every_kind_are_added() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let mut browser = world.signed_in(&ada);
    let new = |kind: &str| format!("/console/machines/{}/credentials/new?kind={kind}", robot.id);
    let page = browser.get(&new("access_key"));
    browser
        .submit_form(&page.form_to("/credentials"), &[("name", "a key")])
        .expect_page(200, "Access key")
        .expect_text("shown this once");

    let page = browser.get(&new("public_keys"));
    let form = page.form_to("/credentials");
    browser.submit_form(&form, &[("jwks", "{")]).expect_page(422, "this is no JSON");
    browser.submit_form(&form, &[("jwks", "{\"keys\": []}")]).expect_page(422, "no usable set of public keys");
    // What was pasted stays to be mended, unless it is what nobody may see.
    browser.submit_form(&form, &[("jwks", "{\"keys\": [7]}")]).expect_text("{&#34;keys&#34;: [7]}");
    let pair = KeyPair::new("ES256");
    let mut private = pair.jwk("k1");
    private["d"] = "c2VjcmV0".into();
    for pasted in [private.to_string(), json!({ "keys": [private] }).to_string()] {
        browser.submit_form(&form, &[("jwks", &pasted)]).expect_page(422, "private").expect_no_text("c2VjcmV0");
    }
    let pem = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----";
    browser.submit_form(&form, &[("jwks", pem)]).expect_page(422, "a private key at that").expect_no_text("c2VjcmV0");
    // One key alone is a set of one.
    let one = pair.jwk("k1").to_string();
    browser
        .submit_form(&form, &[("jwks", &one)])
        .expect_page(200, "The credential is made")
        .expect_text("1 public key");

    let page = browser.get(&new("key_set"));
    let form = page.form_to("/credentials");
    browser.submit_form(&form, &[("jwks_uri", "http://10.0.0.1/")]).expect_page(422, "no https:// address");
    browser
        .submit_form(&form, &[("jwks_uri", "https://keys.example/jwks.json")])
        .expect_page(200, "The credential is made");

    let page = browser.get(&format!("{}&preset=github", new("trust")));
    page.expect_text("repository_id").expect_text("GitHub&#39;s number of the repository");
    let form = page.form_to("/credentials");
    browser.submit_form(&form, &[("rules", "repository_id")]).expect_page(422, "CLAIM=VALUE");
    browser.submit_form(&form, &[("rules", "ref=refs/heads/main")]).expect_status(422);
    let page = browser.submit_form(&form, &[("rules", "repository_id=412\nrepository_owner_id=7")]);
    page.expect_page(200, "The credential is made").expect_text("repository_id=412");
    let page = browser.submit_form(&page.form_to("/trial"), &[("token", "not a token")]);
    page.expect_page(200, "would be refused").expect_text("not a signed JWT");
}

/// What proves itself by a form of its own comes to it at once, and the machine says that it waits until its first token came.
#[test]
fn a_new_machine_leads_on_to_how_it_proves_itself_and_waits_for_its_first_token() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    let mut make = |kind: &str| {
        let form = browser.get("/console/machines/new").form_to("/console/machines/new");
        browser.submit_form(&form, &[("name", kind), ("purpose", "x"), ("credential", kind)])
    };
    for (kind, title) in [("public_keys", "JWK Set"), ("key_set", "Address of its keys"), ("trust", "GitHub Actions")] {
        make(kind).expect_page(200, "New credential").expect_text("The machine is made").expect_text(title);
    }
    make("none").expect_page(200, "It cannot prove itself yet").expect_no_text("It has not asked for a token yet");

    let robot = world.machine("robot", &ada, "mcp:read");
    let path = format!("/console/machines/{}", robot.id);
    browser.get(&path).expect_text("It has not asked for a token yet");
    robot.client_credentials(&world, &[]).tokens();
    browser.get(&path).expect_text("1 token").expect_no_text("It has not asked for a token yet");
}

#[test]
fn what_is_handed_over_to_nobody_stays() {
    let world = World::new();
    let (ada, eve) = (world.administrator("ada"), world.person("eve"));
    let robot = world.machine("robot", &ada, "mcp:read");
    let mut browser = world.signed_in(&ada);
    let machine = browser.get(&format!("/console/machines/{}", robot.id));
    let person = browser.get(&format!("/console/people/{}", ada.id));
    for page in [&machine, &person] {
        browser
            .submit_form(&page.form_to("/handover"), &[("owner", "nobody@example.org")])
            .expect_page(200, "Nothing was handed over");
    }
    assert!(!world.events(40).contains(&"machine.handed_over".to_owned()));
    browser.submit_form(&machine.form_to("/handover"), &[("owner", &eve.email)]).expect_text("Somebody else answers");
    world.expect_event("machine.handed_over");
}

/// A credential is reached through its own machine and no other.
#[test]
fn a_credential_of_another_machine_is_not_there() {
    let world = World::new();
    let ada = world.administrator("ada");
    let (one, other) = (world.machine("one", &ada, "mcp:read"), world.machine("other", &ada, "mcp:read"));
    let credential = world.credentials(&other).remove(0);
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&format!("/console/machines/{}", one.id));
    let mut form = page.form_to("/revocation");
    form.action = format!("/console/machines/{}/credentials/{}/revocation", one.id, credential.id);
    browser.submit_form(&form, &[("because", "x")]).expect_status(404);
    other.client_credentials(&world, &[]).tokens();
}

#[test]
fn what_needs_somebody_stands_on_the_first_page() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    browser.get("/console").expect_page(200, "Nothing waits for you").expect_text("Where to begin");
    let robot = world.machine("robot", &ada, "mcp:read");
    // What nobody was there to count is not held against it.
    for _ in 0..9 {
        world.block(writ::operations::housekeeping::round(&world.app)).unwrap();
        world.later(writ::base::Lifetime::from_hours(23));
    }
    let mut browser = world.signed_in(&ada);
    let page = browser.get("/console");
    page.expect_text("1 machine was never used").expect_text("robot was made");
    browser.get("/console/machines?finding=never_used").expect_text("robot").expect_text("never used");
    browser.get("/console/machines?finding=no_owner").expect_text("No machine fits");
    // What is mended is gone at once, not with the next round.
    robot.client_credentials(&world, &[]).tokens();
    browser.get("/console").expect_no_text("never used");
}

/// Wherever a secret is rotated, both are good for as long unless somebody says: in the forms, in the API and on the command line.
#[test]
fn every_way_to_rotate_begins_with_the_same_overlap() {
    let usual = writ::operations::credentials::USUAL_OVERLAP;
    for page in ["machine", "application"] {
        let path = format!("{}/templates/console/{page}.html", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(&format!("<option value=\"{usual}\" selected>")), "{page}: {usual}");
        assert_eq!(text.matches("name=\"overlap\"").count(), text.matches(" selected>").count(), "{page}");
    }
    for command in [&["credential", "rotate", "--help"][..], &["client", "rotate-secret", "--help"]] {
        let help = crate::cli::text(&crate::cli::Appliance::new().run(command).stdout);
        assert!(help.contains(&format!("[default: {usual}]")), "{help}");
    }
}

/// The names in the rows of the list, from the top down.
fn names(page: &Page) -> Vec<String> {
    let rows = page.body.split("list-name\"").skip(1);
    rows.map(|row| row.split_once('>').unwrap().1.split('<').next().unwrap().to_owned()).collect()
}

/// Where the list goes on.
fn next(page: &Page) -> Option<String> {
    let link = page.body.split("<a class=\"button\" href=\"").skip(1).find(|rest| rest.contains("\">Next page<"))?;
    let href = link.split('"').next().unwrap().replace("&#38;", "&");
    link.split_once('>').unwrap().1.starts_with("Next page").then_some(href)
}

#[test]
fn the_list_is_sorted_by_name_by_age_and_by_use() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut made = Vec::new();
    for name in ["delta", "Alpha", "charlie", "bravo"] {
        made.push(world.machine(name, &ada, "mcp:read"));
        world.later(writ::base::Lifetime::from_seconds(1));
    }
    for robot in [&made[2], &made[0]] {
        robot.client_credentials(&world, &[]).tokens();
        world.later(writ::base::Lifetime::from_seconds(1));
    }
    let mut browser = world.signed_in(&ada);
    let mut listed = |sort: &str| names(browser.get(&format!("/console/machines?sort={sort}")).expect_status(200));
    assert_eq!(listed(""), ["bravo", "charlie", "Alpha", "delta"]);
    assert_eq!(listed("made"), ["delta", "Alpha", "charlie", "bravo"]);
    assert_eq!(listed("name"), ["Alpha", "bravo", "charlie", "delta"]);
    assert_eq!(listed("-name"), ["delta", "charlie", "bravo", "Alpha"]);
    assert_eq!(listed("-used")[..2], ["delta", "charlie"]);
    assert_eq!(listed("used")[2..], ["charlie", "delta"]);
    assert_eq!(listed("nonsense"), listed(""), "an order that is none is the usual one");

    let mut browser = world.signed_in(&ada);
    let page = browser.get("/console/machines?state=active&sort=name");
    page.expect_text("aria-sort=\"ascending\"").expect_text("href=\"/console/machines?state=active&#38;sort=-name\"");
    page.expect_text("href=\"/console/machines?state=active&#38;sort=-used\"");
    browser.get("/console/machines?sort=-name").expect_text("aria-sort=\"descending\"");
    browser.get("/console/machines").expect_no_text("aria-sort");
    // What was sorted is sorted still for whoever stops some.
    assert_eq!(page.form_to("/suspension").value("here"), "state=active&sort=name");
    // A retired machine has no name any more; whoever asks for the retired finds it.
    let at = browser.get(&format!("/console/machines/{}", made[3].id));
    browser.submit_form(&at.form_to("/retirement"), &[("because", "old"), ("name", "bravo")]);
    let page = browser.get("/console/machines?sort=name");
    page.expect_text("Retired machines gave their names back").expect_no_text(">bravo<");
    assert_eq!(names(&browser.get("/console/machines?sort=name&state=retired")), ["bravo"]);
}

/// Pages of a sorted list hold everything once, in one order, also where a name has anything in it.
#[test]
fn a_sorted_list_goes_on_where_its_page_ended() {
    let world = World::new();
    let ada = world.administrator("ada");
    for number in 0..60 {
        world.machine(&format!("robot & co + {number:02} %41 ü"), &ada, "mcp:read");
    }
    let mut browser = world.signed_in(&ada);
    for sort in ["made", "name", "-name", "-used", "used"] {
        // By the index, and put in order here.
        for filter in ["", "state=active&", "q=robot&"] {
            let first = browser.get(&format!("/console/machines?{filter}sort={sort}"));
            let further = next(&first).unwrap_or_else(|| panic!("{sort} {filter} ends after a page"));
            let second = browser.get(&further);
            second.expect_text("Back to the").expect_text("The last 10");
            assert_eq!(next(&second), None);
            let mut all = names(&first);
            all.extend(names(&second));
            let sorted = all.clone();
            if sort == "-name" {
                all.reverse();
            }
            if sort.ends_with("name") {
                assert!(all.is_sorted(), "{sort} {filter}");
            }
            all.sort();
            all.dedup();
            assert_eq!(all.len(), 60, "{sort} {filter}: {sorted:?}");
        }
    }
    assert_eq!(names(&browser.get("/console/machines?sort=name&before=nonsense"))[0], "robot &#38; co + 00 %41 ü");
}

#[test]
fn machines_are_listed_by_tag_and_by_tenant() {
    let world = World::new();
    let ada = world.administrator("ada");
    world.machine("plain", &ada, "mcp:read");
    let tagged = world.machine("tagged", &ada, "mcp:read");
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&format!("/console/machines/{}/change", tagged.id));
    browser.submit_form(&page.form_to("/change"), &[("tags", "Eu west, production")]).expect_page(200, "Eu west");
    let page = browser.get(&format!("/console/machines/{}", tagged.id));
    page.expect_text("href=\"/console/machines?tag=Eu%20west\"");
    let page = browser.get("/console/machines?tag=eu%20west");
    page.expect_text(">tagged<").expect_no_text(">plain<").expect_text("<option value=\"eu west\" selected>");
    browser.get("/console/machines?tag=eu").expect_page(200, "No machine fits");
    // As long as there is one tenant, nobody reads of tenants.
    browser.get("/console/machines").expect_no_text("Tenant");

    let page = browser.get("/console/roles");
    browser
        .submit_form(&page.form_to("/console/tenants"), &[("new-name", "acme"), ("new-title", "Acme")])
        .expect_status(200);
    let page = browser.get("/console/machines/new");
    let fill = [("name", "anvil"), ("purpose", "x"), ("tenant", "acme"), ("credential", "none")];
    browser.submit_form(&page.form_to("/console/machines/new"), &fill).expect_status(200);
    browser.get("/console/machines").expect_text("Tenant</th>").expect_text(">acme</td>");
    let page = browser.get("/console/machines?tenant=acme&sort=name");
    page.expect_text("<option value=\"acme\" selected>").expect_no_text("By tenant, then");
    assert_eq!(names(&page), ["anvil"]);
    let page = browser.get("/console/machines?sort=name");
    page.expect_text("By tenant, then by name.");
    assert_eq!(names(&page), ["anvil", "plain", "tagged"]);
    assert_eq!(names(&browser.get("/console/machines?sort=-name&tenant=main")), ["tagged", "plain"]);
    assert_eq!(names(&browser.get("/console/machines?tenant=nobodys")), [""; 0]);
}

/// What a row says of credentials and scopes is what the machine's page says.
#[test]
fn a_row_tells_how_old_credentials_are_and_which_scopes_were_used() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read mcp:write");
    let mut browser = world.signed_in(&ada);
    browser.get("/console/machines").expect_text(">0 of 2<").expect_text(">1, new<");
    robot.client_credentials(&world, &[("scope", "mcp:read")]).tokens();
    world.later(writ::base::Lifetime::from_days(3));
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&format!("/console/machines/{}", robot.id));
    browser.submit_form(&page.form_to("/rotation"), &[("overlap", "7d")]);
    let page = browser.get("/console/machines");
    page.expect_text(">1 of 2<").expect_text(">2, 3 days old<").expect_text(">in 7 days<");
}

/// What a machine did is drawn day by day, what is not written down yet included.
#[test]
fn a_machines_tokens_are_drawn_day_by_day() {
    let world = World::new();
    let ada = world.administrator("ada");
    let robot = world.machine("robot", &ada, "mcp:read");
    let mut browser = world.signed_in(&ada);
    browser.get(&format!("/console/machines/{}", robot.id)).expect_no_text("day by day");
    robot.client_credentials(&world, &[]).tokens();
    robot.client_credentials(&world, &[]).tokens();
    world.block(writ::operations::housekeeping::round(&world.app)).unwrap();
    world.later(writ::base::Lifetime::from_days(2));
    robot.client_credentials(&world, &[]).tokens();
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&format!("/console/machines/{}", robot.id));
    page.expect_page(200, "3 tokens in the last 4 weeks.");
    let counts: Vec<&str> = page.body.split("data-label=\"Tokens\">").skip(1).map(|rest| &rest[..1]).collect();
    assert_eq!(counts, ["2", "1"]);
    world.later(writ::base::Lifetime::from_days(27));
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&format!("/console/machines/{}", robot.id));
    page.expect_text("1 token in the last 4 weeks.").expect_no_text("Days are counted since");
}
