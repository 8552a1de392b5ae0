//! The tools of an MCP server: asked of it, written down, and decided about.

use serde_json::{Value, json};
use writ::model::ProtectedResource;

use crate::api::Office;
use crate::world::{Browser, McpServer, Page, Speaks, World};

fn three() -> Vec<Value> {
    vec![
        json!({ "name": "search", "title": "Search", "description": "Finds <tickets>", "annotations": { "readOnlyHint": true } }),
        json!({ "name": "close", "annotations": { "destructiveHint": true }, "inputSchema": { "type": "object" } }),
        json!({ "name": "ping" }),
    ]
}

struct Stage {
    world: World,
    server: McpServer,
    resource: ProtectedResource,
    browser: Browser,
    at: String,
}

impl Stage {
    fn with(speaks: Speaks, tools: Vec<Value>) -> Self {
        let world = World::with_websites();
        let ada = world.administrator("ada");
        let server = McpServer::new(speaks, tools);
        let resource = world.resource(&server.url, "mcp:read mcp:write");
        let browser = world.signed_in(&ada);
        let at = format!("/console/resources/{}/tools", resource.id);
        Self { world, server, resource, browser, at }
    }

    fn ask(&mut self) -> Page {
        let page = self.browser.get(&self.at);
        self.browser.submit_form(&page.form_to("/discovery"), &[])
    }
}

#[test]
fn a_server_names_its_tools_in_each_way_in_which_servers_speak() {
    for speaks in [Speaks::Json, Speaks::Streams, Speaks::Stateless] {
        let mut stage = Stage::with(speaks, three());
        stage.browser.get(&stage.at).expect_page(200, "No tools are known here yet");
        let page = stage.ask();
        page.expect_page(200, "The server named its tools").expect_text("Named by the server itself");
        page.expect_text("Finds &#60;tickets&#62;").expect_text("says it only reads").expect_text("says it destroys");
        page.expect_text("3 tools are not decided about");
        stage.world.expect_event("resource.tools_listed");
        for (head, message) in stage.server.asked() {
            assert!(!head.contains("authorization"), "no token is sent: {head}");
            assert!(head.contains("mcp-protocol-version: 20"), "{head}");
            assert!(message["id"].is_u64() || message["method"] == "notifications/initialized", "{message}");
        }
        stage
            .browser
            .get(&format!("/console/resources/{}", stage.resource.id))
            .expect_text("3 tools known, 3 not decided");
    }
}

#[test]
fn a_server_that_wants_a_token_is_described_by_hand() {
    for speaks in [Speaks::ToTokens, Speaks::GreetsAnybody] {
        let mut stage = Stage::with(speaks, three());
        let page = stage.ask();
        page.expect_page(200, "The server tells its tools only to who has a token").expect_text("No tools are known");
        let form = page.form_to("/tools/list");
        let wrong = stage.browser.submit_form(&form, &[("list", "two words")]);
        wrong.expect_page(422, "is no name of a tool").expect_text("two words</textarea>");
        let page = stage.browser.submit_form(&form, &[("list", "search: Finds tickets\nclose")]);
        page.expect_page(200, "The tools are written down")
            .expect_text("Named by an administrator")
            .expect_text("Finds tickets");
        let pasted = json!({ "jsonrpc": "2.0", "id": 1, "result": { "tools": three() } }).to_string();
        let page = stage.browser.submit_form(&page.form_to("/tools/list"), &[("list", &pasted)]);
        page.expect_page(200, "The tools are written down").expect_text("says it destroys");
    }
}

/// What a server answers is bounded, and leads nowhere else. Attack cases 31 to 34.
#[test]
fn cases_31_to_34_a_server_that_is_asked_for_its_tools_is_not_trusted() {
    let mut stage = Stage::with(Speaks::Elsewhere, three());
    stage.ask().expect_page(200, "redirects are not followed").expect_text("No tools are known");
    assert_eq!(stage.server.asked().len(), 1);
    let mut stage = Stage::with(Speaks::Endlessly, three());
    stage.ask().expect_page(200, "the answer is longer than").expect_text("No tools are known");
    let many: Vec<Value> = (0..300).map(|n| json!({ "name": format!("tool-{n}") })).collect();
    let mut stage = Stage::with(Speaks::Json, many);
    stage.ask().expect_page(200, "in more parts than are asked for").expect_text("No tools are known");

    // Not of this computer, and not over plain http, where nobody said so.
    let world = World::new();
    let ada = world.administrator("ada");
    let mut browser = world.signed_in(&ada);
    for address in
        ["https://localhost:1/mcp", "https://127.0.0.1:1/mcp", "http://mcp.example/mcp", "https://10.0.0.1/mcp"]
    {
        let resource = world.resource(address, "mcp:read");
        let page = browser.get(&format!("/console/resources/{}/tools", resource.id));
        let page = browser.submit_form(&page.form_to("/discovery"), &[]);
        page.expect_page(200, "The server named no tools");
    }
}

#[test]
fn what_each_tool_needs_is_decided_and_goes_into_the_code() {
    let mut stage = Stage::with(Speaks::Json, three());
    let page = stage.ask();
    let form = page.form("tool");
    assert_eq!(form.fields.iter().filter(|field| field.name == "tool").count(), 3);
    let decide = |browser: &mut Browser, form: &crate::world::Form, needs: [&str; 3]| {
        let tools = ["search", "close", "ping"];
        let mut fields: Vec<(&str, &str)> = vec![("csrf", form.value("csrf")), ("seen", form.value("seen"))];
        fields.extend(tools.iter().zip(needs).flat_map(|(tool, needs)| [("tool", *tool), ("needs", needs)]));
        browser.post(&form.action, &fields)
    };
    let page = decide(&mut stage.browser, &form, ["mcp:read", "", "*any token*"]);
    page.expect_page(200, "It is decided").expect_text("1 tool is not decided about");
    page.expect_text("&#34;search&#34;: &#34;mcp:read&#34;,").expect_no_text("&#34;close&#34;:");
    page.expect_text("&#34;ping&#34;: None");
    stage.world.expect_event("resource.changed");
    // Somebody else decided meanwhile.
    let late = decide(&mut stage.browser, &form, ["mcp:write", "mcp:write", "mcp:write"]);
    late.expect_page(200, "Somebody changed the resource since").expect_no_text("&#34;close&#34;:");
    // A scope that the resource does not offer.
    let fresh = late.form("tool");
    decide(&mut stage.browser, &fresh, ["mcp:admin", "", ""]).expect_status(409);

    // What it does not name any more stays decided, and is said to be gone.
    stage.server.has(vec![json!({ "name": "close" })]);
    let page = stage.ask();
    page.expect_text("not named any more").expect_text("&#34;search&#34;: &#34;mcp:read&#34;");
    // A scope that is not offered any more leaves a tool undecided, and not open.
    let change = format!("/console/resources/{}/change", stage.resource.id);
    let form = stage.browser.get(&change).form_to("/change");
    stage
        .browser
        .submit_form(&form, &[("scope", "mcp:write"), ("default_scopes", "mcp:write")])
        .expect_page(200, "The resource is changed");
    stage.browser.get(&stage.at).expect_no_text("&#34;search&#34;:").expect_text("&#34;ping&#34;: None");
}

#[test]
fn tools_are_named_and_decided_by_the_api() {
    let office = Office::in_world(World::with_websites());
    let server = McpServer::new(Speaks::Json, three());
    let resource = office.world.resource(&server.url, "mcp:read mcp:write");
    let path = format!("/resources/{}", resource.id);
    assert_eq!(office.get(&format!("{path}/tools")), json!({ "tools": [] }));
    let found = office.post(&format!("{path}/tools/discovery"), &json!({})).expect_status(200).json();
    assert_eq!((&found["named_by"], &found["tools"][1]["name"]), (&"server".into(), &"close".into()));
    let tag = office.tag(&path);
    let wrong = office.change("PATCH", &path, &tag, &json!({ "tool_scopes": { "close": "mcp:admin" } }));
    assert_eq!(wrong.wrong(), ["tool_scopes"]);
    let map = json!({ "search": "mcp:read", "ping": null });
    let changed = office.change("PATCH", &path, &tag, &json!({ "tool_scopes": map }));
    assert_eq!(changed.expect_status(200).json()["tool_scopes"], map);
    let told = office.get(&format!("{path}/tools"));
    assert_eq!((&told["tools"][0]["scope"], &told["tools"][0]["decided"]), (&"mcp:read".into(), &true.into()));
    assert_eq!((told["tools"][2].get("scope"), &told["tools"][2]["decided"]), (None, &true.into()));
    assert_eq!(told["tools"][1]["decided"], false);
    // Who changed it meanwhile is not overruled.
    assert_eq!(office.change("PATCH", &path, &tag, &json!({ "tool_scopes": {} })).status, 412);
    let written = office.post(&format!("{path}/tools"), &json!({ "tools": "only" })).expect_status(200).json();
    assert_eq!((&written["named_by"], &written["tools"][0]["name"]), (&"administrator".into(), &"only".into()));
    let silent = McpServer::new(Speaks::ToTokens, three());
    let other = office.world.resource(&silent.url, "mcp:read");
    assert_eq!(office.post(&format!("/resources/{}/tools/discovery", other.id), &json!({})).problem(), "conflict");
    // Asking makes this appliance send requests: not for who may only read.
    let clerk = office.token_with("writ:resources:read");
    let asked = office.world.request("POST", &format!("/api/v1{path}/tools/discovery")).bearer(&clerk).send();
    assert_eq!(asked.status, 403, "{}", asked.body);
}
