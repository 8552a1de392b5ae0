//! Resources and scopes in the console: a server is protected, looked at through a client's eyes, changed and removed.

use serde_json::json;
use writ::operations::machines;
use writ::operations::seen::Seen;
use writ::store::tables::SCOPES;
use writ::store::{Read as _, View};

use crate::world::{Browser, ISSUER, METADATA, Page, ProtectedServer, World};

const NEW: &str = "/console/resources/new";

fn has_scope(world: &World, name: &str) -> bool {
    world.read(|view: &View<'_>| Ok(view.get(&SCOPES, &name.to_owned())?.is_some()))
}

fn protect(browser: &mut Browser, fill: &[(&str, &str)]) -> Page {
    let form = browser.get(NEW).form_to(NEW);
    browser.submit_form(&form, fill)
}

#[test]
fn a_server_is_protected_with_scopes_of_its_own() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    browser.get("/console").expect_text("Protect an MCP server");
    browser.get("/console/resources").expect_page(200, "Nothing is protected yet");
    let form = browser.get(NEW).form_to(NEW);
    let wrong = browser.submit_form(
        &form,
        &[
            ("identifier", "mcp.tickets.example"),
            ("name", "Tickets"),
            ("new_scope", "tickets close"),
            ("new_words", "Close tickets"),
            ("new_risk", "high"),
            ("lifetime", "soon"),
        ],
    );
    wrong.expect_page(422, "Nothing was registered").expect_text("value=\"tickets close\"");
    wrong.expect_text("value=\"Close tickets\"").expect_text("without spaces").expect_text("say it like 10m or 1h");
    let page = browser.submit_form(
        &wrong.form_to(NEW),
        &[
            ("identifier", "https://mcp.tickets.example/mcp"),
            ("name", "Tickets"),
            ("scope", "mcp:read"),
            ("scope", "mcp:write"),
            ("new_scope", "tickets:close"),
            ("new_words", "Close tickets"),
            ("new_risk", "high"),
            ("lifetime", "10m"),
        ],
    );
    page.expect_page(200, "It is registered").expect_text("10 minutes").expect_text("Close tickets");
    page.expect_text("claude mcp add --transport http tickets https://mcp.tickets.example/mcp");
    page.expect_text(&format!("{ISSUER}/.well-known/jwks.json")).expect_text("Nobody is known to use it");
    world.expect_event("scope.created");
    world.expect_event("resource.created");
    assert!(has_scope(&world, "tickets:close"));
    browser.get("/console").expect_no_text("Protect an MCP server");
    browser.get("/console/resources").expect_text("Tickets").expect_text("2 risky");
    browser.get("/console/resources?q=TICKETS").expect_text("mcp.tickets.example");
    browser.get("/console/resources?q=wiki").expect_text("No resource fits");
    browser.get("/console/search?q=tick").expect_text("mcp.tickets.example").expect_text("tickets:close");
    let found = page.path.split('?').next().unwrap().to_owned();
    let id = found.rsplit('/').next().unwrap();
    assert_eq!(browser.get(&format!("/console/search?q={id}")).path, found);
}

/// What is declined has changed nothing: not the catalogue either.
#[test]
fn a_server_that_cannot_be_registered_leaves_no_scopes_behind() {
    let world = World::new();
    let ada = world.administrator("ada");
    world.resource("https://mcp.tickets.example/mcp", "mcp:read");
    let mut browser = world.signed_in(&ada);
    let own = [("new_scope", "tickets:close"), ("new_words", "Close tickets"), ("new_risk", "low")];
    let taken = [("identifier", "https://MCP.tickets.example/mcp/"), ("name", "Tickets")];
    protect(&mut browser, &[&taken[..], &own[..]].concat()).expect_page(422, "is registered already");
    let twice = [("identifier", "https://wiki.example/mcp"), ("name", "Wiki")];
    protect(&mut browser, &[&twice[..], &own[..], &own[..]].concat()).expect_page(422, "have the same name");
    let known = [("new_scope", "mcp:read"), ("new_words", "Read"), ("new_risk", "low")];
    protect(&mut browser, &[&twice[..], &own[..], &known[..]].concat()).expect_page(422, "in the catalogue already");
    let stray = [("default_scopes", "mcp:write")];
    protect(&mut browser, &[&twice[..], &own[..], &stray[..]].concat()).expect_page(422, "not among");
    let ours = [("new_scope", "writ:everything"), ("new_words", "Everything"), ("new_risk", "low")];
    protect(&mut browser, &[&twice[..], &ours[..]].concat()).expect_page(422, "the appliance’s own");
    assert!(!has_scope(&world, "tickets:close"));
    browser.get("/console/resources?q=wiki").expect_text("No resource fits");
}

#[test]
fn a_resource_is_changed_and_removed_by_its_name() {
    let world = World::new();
    let ada = world.administrator("ada");
    let resource = world.resource("https://mcp.tickets.example/mcp", "mcp:read mcp:write");
    let client = world.client("Cursor").at(&resource);
    let mut person = world.signed_in(&ada);
    client.tokens(&world, &mut person);
    let mut browser = world.signed_in(&ada);
    let at = format!("/console/resources/{}", resource.id);
    browser.get(&at).expect_page(200, "1 grant of people").expect_text("Cursor").expect_text("ada");
    let form = browser.get(&format!("{at}/change")).form_to("/change");
    let fields = [
        ("name", "Ticket server"),
        ("scope", "mcp:read"),
        ("format", "opaque"),
        ("algorithm", "ES256"),
        ("aliases", "https://mcp.tickets.example"),
        ("default", "yes"),
    ];
    browser.submit_form(&form, &[&fields[..], &[("lifetime", "2d")]].concat()).expect_page(422, "a minute and a day");
    let page = browser.submit_form(&form, &[&fields[..], &[("lifetime", "5m")]].concat());
    page.expect_page(200, "The resource is changed").expect_text("Ticket server").expect_text("5 minutes");
    page.expect_text("/oauth/introspect").expect_no_text("Create and change data").expect_text("default");
    world.expect_event("resource.changed");
    let late = browser.submit_form(&form, &[&fields[..], &[("lifetime", "9m")]].concat());
    late.expect_page(422, "It was changed since you opened this page");
    // What its tokens say beside scopes.
    page.expect_text("Roles, permissions, the tenant and custom claims, beside scopes");
    let form = browser.get(&format!("{at}/change")).form_to("/change");
    let wrong = browser.submit_form(&form, &[("claim", "roles"), ("name", "Ticket server")]);
    wrong.expect_page(422, "hold in a tenant").expect_text("value=\"roles\" checked>");
    let page = browser.submit_form(&form, &[("claim", "roles"), ("claim", "tenant")]);
    page.expect_page(200, "Roles and the tenant, beside scopes");
    let form = browser.get(&format!("{at}/change")).form_to("/change");
    let page = browser.submit_form(&form, &[("claim", "")]);
    page.expect_page(200, "Nothing, beside scopes");
    let form = page.form_to("/removal");
    browser.submit_form(&form, &[("name", "Tickets")]).expect_text("the name was another");
    browser.submit_form(&form, &[("name", "Ticket server")]).expect_page(200, "The resource is removed");
    browser.get(&at).expect_status(404);
}

#[test]
fn a_server_is_looked_at_through_a_clients_eyes() {
    let world = World::with_websites();
    let ada = world.administrator("ada");
    let server = ProtectedServer::new();
    let resource = world.resource(&server.url, "mcp:read mcp:write");
    let mut browser = world.signed_in(&ada);
    let form = browser.get(&format!("/console/resources/{}", resource.id)).form_to("/check");
    let before = world.events(50);
    let mut look = || browser.submit_form(&form, &[]);
    let document = |resource: &str, server: &str, scopes: &[&str]| json!({ "resource": resource, "authorization_servers": [server], "scopes_supported": scopes });

    look().expect_page(200, "A client stops at “Its metadata is there”").expect_text("status 404 and not 200");
    server.set(METADATA, document(&server.url, ISSUER, &["mcp:read"]));
    server.asked();
    look().expect_page(200, "A client finds its way here").expect_no_text("to be changed");
    assert_eq!(server.asked(), ["/mcp", METADATA]);

    server.set(METADATA, document(&server.url, &format!("{ISSUER}/"), &["mcp:read"]));
    look().expect_text("A client stops at “It names this appliance”").expect_text("a slash behind the issuer");
    server.set(METADATA, document(&server.url, "https://other.example", &[]));
    look().expect_text("sends clients elsewhere").expect_text("https://other.example");
    server.set(METADATA, document(&server.origin, ISSUER, &["mcp:read", "wiki:read"]));
    look().expect_text("It calls itself as it is registered here”").expect_text("wiki:read").expect_text("Here:");
    server.set(METADATA, document(&format!("{}/", server.url), ISSUER, &["mcp:read"]));
    look().expect_text("A client finds its way here").expect_text("this is an alias");

    server.refuse("401 Who");
    look().expect_text("It says where its metadata is").expect_text("no WWW-Authenticate header");
    server.refuse("403 No");
    look().expect_text("A client stops at “It refuses who has no token”");
    server.set("/mcp", json!({}));
    look().expect_text("It lets in whoever comes without a token");
    // Nothing of all this was a change.
    assert_eq!(world.events(50), before);
}

#[test]
fn case_31_a_look_at_a_resource_knocks_at_nothing_inside() {
    let world = World::new();
    let ada = world.administrator("ada");
    let server = ProtectedServer::new();
    let resource = world.resource(&server.url, "mcp:read");
    let mut browser = world.signed_in(&ada);
    let page = browser.get(&format!("/console/resources/{}", resource.id));
    let page = browser.submit_form(&page.form_to("/check"), &[]);
    page.expect_page(200, "could not be reached at a public internet address");
    assert_eq!(server.asked(), Vec::<String>::new());
}

#[test]
fn a_scope_is_added_changed_and_removed() {
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    browser.get("/console/scopes").expect_page(200, "Look things up and read data");
    browser.get("/console/scopes?q=semantic").expect_text("Search by meaning").expect_no_text("tools:ping");
    let form = browser.get("/console/scopes/new").form_to("/console/scopes/new");
    let name = "https://wiki.example/edit?all=1";
    let wrong = browser.submit_form(&form, &[("name", "wiki edit"), ("words", "Edit pages"), ("risk", "high")]);
    wrong.expect_page(422, "Nothing was added").expect_text("value=\"wiki edit\"").expect_text("value=\"Edit pages\"");
    let fields = [("name", name), ("words", "Edit pages"), ("risk", "high"), ("implies", "wiki:nothing")];
    browser.submit_form(&form, &fields).expect_page(422, "is not in the catalogue");
    let page = browser.submit_form(&form, &[("name", name), ("words", "Edit pages"), ("risk", "high")]);
    page.expect_page(200, "The scope is added").expect_text("risky").expect_text("No resource offers it");

    let form = browser.get(&format!("{}/change", page.path.split('?').next().unwrap())).form_to("/change");
    let page = browser.submit_form(&form, &[("words", "Edit any page"), ("risk", "low"), ("implies", "mcp:read")]);
    page.expect_page(200, "The scope is changed").expect_text("Edit any page").expect_text("mcp:read");
    world.expect_event("scope.changed");
    let late = browser.submit_form(&form, &[("words", "Edit nothing")]);
    late.expect_page(422, "It was changed since you opened this page").expect_text("Edit nothing");
    browser.get("/console/scopes/of/mcp%3Aread").expect_text("Comes with").expect_text("wiki.example");

    let resource = world.resource("https://wiki.example/mcp", &format!("mcp:read {name}"));
    let machine = world.machine("nightly-import", &ada, name);
    let again = browser.get(page.path.split('?').next().unwrap());
    again.expect_text(&resource.name).expect_text("1 machine").expect_text("nightly-import");
    let removal = page.form_to("/removal");
    browser.submit_form(&removal, &[]).expect_page(409, "take it from there first");
    world.remove_resource(&resource);
    browser.submit_form(&removal, &[]).expect_page(409, "is used by the machine nightly-import");
    let (id, by) = (world.machine_id(&machine), world.operator());
    world.block(machines::retire(&world.app, &by, id, Seen::Anything, "over")).unwrap();
    browser.submit_form(&removal, &[]).expect_page(200, "The scope is removed");
    world.expect_event("scope.removed");
    assert!(!has_scope(&world, name));
    browser.get("/console/scopes/of/writ%3Aadmin").expect_page(200, "It stays as it is").expect_no_text("Remove scope");
    browser.get("/console/scopes/of/no%3Asuch").expect_status(404);
}
