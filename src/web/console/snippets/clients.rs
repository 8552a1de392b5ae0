//! What to write into the settings of MCP clients. docs/clients.md says what to keep in mind about each.

use serde_json::{Value, json};

use super::request::Request;
use super::{pretty, short, snippet, word};
use crate::base::RedirectUri;
use crate::model::{Client, ProtectedResource};
use crate::web::views::console::Snippet;
use crate::web::words::Words;

const CLAUDE_CODE: &str = "Claude Code";
const CLAUDE_DESKTOP: &str = "Claude Desktop (claude_desktop_config.json)";
const CURSOR: &str = "Cursor (.cursor/mcp.json)";
const VS_CODE: &str = "VS Code (.vscode/mcp.json)";
const INSPECTOR: &str = "MCP Inspector";

/// One server in a settings file that lists servers under `key`.
fn listed(key: &str, resource: &ProtectedResource, entry: &Value) -> Value {
    json!({ key: { short(&resource.name): entry } })
}

fn by_hand(steps: &str, url: &str) -> String {
    format!("{steps}\n\n{url}\n")
}

/// For people's clients, which introduce themselves: the server's address is all they need.
pub(in crate::web::console) fn of_people(words: &Words, resource: &ProtectedResource) -> Vec<Snippet> {
    let t = &words.console.snippets;
    let (name, url) = (short(&resource.name), resource.identifier.as_str());
    let settings = |key: &str, entry: Value| pretty(&listed(key, resource, &entry));
    vec![
        snippet("claude-code", CLAUDE_CODE, format!("claude mcp add --transport http {name} {}\n", word(url)))
            .noted(t.claude_code_about),
        snippet("claude", t.claude, by_hand("Settings, Connectors, Add custom connector, and this address:", url))
            .noted(t.claude_about),
        snippet("cursor", CURSOR, settings("mcpServers", json!({ "url": url }))),
        snippet("vscode", VS_CODE, settings("servers", json!({ "type": "http", "url": url }))),
        snippet(
            "inspector",
            INSPECTOR,
            format!("npx @modelcontextprotocol/inspector --cli {} --transport http --method tools/list\n", word(url)),
        )
        .noted(t.inspector_about),
        snippet("gemini", "Gemini CLI (~/.gemini/settings.json)", settings("mcpServers", json!({ "httpUrl": url })))
            .noted((t.gemini_about)(&name)),
        snippet(
            "chatgpt",
            "ChatGPT",
            by_hand("Settings, Connectors (in developer mode), Create, OAuth, and this address:", url),
        )
        .noted(t.chatgpt_about),
        snippet(
            "remote",
            t.mcp_remote,
            settings("mcpServers", json!({ "command": "npx", "args": ["mcp-remote", url] })),
        ),
    ]
}

/// For clients that run as a machine: they send a token that was got before.
pub(super) fn of_machine(words: &Words, resource: &ProtectedResource, request: &Request) -> Vec<Snippet> {
    let t = &words.console.snippets;
    let lives = words.length(resource.access_for.seconds());
    let (name, url) = (short(&resource.name), resource.identifier.as_str());
    let settings = |key: &str, entry: Value| pretty(&listed(key, resource, &entry));
    let bearer = "Bearer ${WRIT_TOKEN}";
    let curl = request.curl();
    vec![
        snippet("token", t.token, format!("export WRIT_TOKEN=\"$({curl} | jq -r .access_token)\"\n"))
            .noted((t.token_about)(&lives)),
        snippet(
            "claude-code",
            "Claude Code (.mcp.json)",
            settings("mcpServers", json!({ "type": "http", "url": url, "headers": { "Authorization": bearer } })),
        ),
        snippet(
            "claude",
            CLAUDE_DESKTOP,
            settings(
                "mcpServers",
                json!({
                    "command": "npx",
                    // What has a space in it is taken apart on the way, so the value comes by the environment.
                    "args": ["mcp-remote", url, "--header", "Authorization:${WRIT_AUTHORIZATION}"],
                    "env": { "WRIT_AUTHORIZATION": "Bearer <what is in WRIT_TOKEN>" },
                }),
            ),
        ),
        snippet(
            "cursor",
            CURSOR,
            settings("mcpServers", json!({ "url": url, "headers": { "Authorization": "Bearer ${env:WRIT_TOKEN}" } })),
        ),
        snippet(
            "vscode",
            VS_CODE,
            pretty(&json!({
                "inputs": [{ "type": "promptString", "id": "writ-token", "description": "Token of the machine", "password": true }],
                "servers": { name: { "type": "http", "url": url, "headers": { "Authorization": "Bearer ${input:writ-token}" } } },
            })),
        )
        .noted(t.asks_for_token),
        snippet(
            "inspector",
            INSPECTOR,
            format!(
                "npx @modelcontextprotocol/inspector --cli {} --transport http \\\n  --header \"Authorization: Bearer $WRIT_TOKEN\" --method tools/list\n",
                word(url)
            ),
        ),
    ]
}

/// For people's clients that are to come as one registered application.
pub(super) fn of_application(words: &Words, resource: &ProtectedResource, client: &Client) -> Vec<Snippet> {
    let t = &words.console.snippets;
    let needs = |uri: &str| needs(words, client, uri);
    let (name, url, id) = (short(&resource.name), resource.identifier.as_str(), client.id.to_string());
    let has_secret = client.auth_method.has_secret();
    let mut claude_code =
        format!("claude mcp add --transport http \\\n  --client-id {id} --callback-port 8080 {name} {}\n", word(url));
    if has_secret {
        claude_code = claude_code.replacen("--callback-port", "--client-secret --callback-port", 1);
    }
    let mut auth = json!({ "CLIENT_ID": id });
    if let (true, Some(auth)) = (has_secret, auth.as_object_mut()) {
        auth.insert("CLIENT_SECRET".to_owned(), json!("${env:WRIT_CLIENT_SECRET}"));
    }
    let steps = format!(
        "Settings, Connectors, Add custom connector, Advanced settings.\n\nAddress: {url}\nOAuth Client ID: {id}\n{}",
        if has_secret { "OAuth Client Secret: what is in WRIT_CLIENT_SECRET\n" } else { "" }
    );
    vec![
        snippet("claude-code", CLAUDE_CODE, claude_code).noted(needs("http://localhost:8080/callback")),
        snippet("claude", t.claude, steps).noted(needs("https://claude.ai/api/mcp/auth_callback")),
        snippet("cursor", CURSOR, pretty(&listed("mcpServers", resource, &json!({ "url": url, "auth": auth }))))
            .noted(needs("cursor://anysphere.cursor-mcp/oauth/callback")),
        snippet("vscode", VS_CODE, pretty(&listed("servers", resource, &json!({ "type": "http", "url": url }))))
            .noted((t.vscode_about)(&id, &needs("http://127.0.0.1:33418/"))),
        snippet("inspector", INSPECTOR, "npx @modelcontextprotocol/inspector\n").noted((t.inspector_client)(
            url,
            &id,
            &needs("http://localhost:6274/oauth/callback"),
        )),
    ]
}

/// Which address for its answers has to be among the application's, if it is not yet. On loopback the port is as one likes
/// (RFC 8252 §7.3).
fn needs(words: &Words, client: &Client, uri: &str) -> String {
    let t = &words.console.snippets;
    let known = RedirectUri::parse(uri).is_ok_and(|uri| client.redirect_uris.iter().any(|known| uri.matches(known)));
    if known { t.goes_there.to_owned() } else { (t.let_go)(uri) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Id, Lifetime, Resource, Timestamp};
    use crate::model::{Algorithm, Language, TokenFormat};
    use crate::web::words;

    fn resource() -> ProtectedResource {
        ProtectedResource {
            id: Id::from_bytes([1; 16]),
            identifier: Resource::parse("https://mcp.example/mcp?x='$(reboot)").unwrap(),
            aliases: Vec::new(),
            name: "Ada’s \"Tickets\"".to_owned(),
            scopes: "mcp:read".parse().unwrap(),
            default_scopes: "mcp:read".parse().unwrap(),
            algorithm: Algorithm::ES256,
            format: TokenFormat::Jwt,
            access_for: Lifetime::from_hours(1),
            machine_access_most: None,
            tool_scopes: std::collections::BTreeMap::new(),
            claims: None,
            is_default: false,
            created_at: Timestamp::from_seconds(1),
        }
    }

    #[test]
    fn settings_files_are_json_and_name_the_server() {
        let resource = resource();
        let request =
            Request { url: "https://id.example/oauth/token".into(), basic: None, fields: Vec::new(), dpop: false };
        let words = words::of(Language::En);
        let all = [of_people(words, &resource), of_machine(words, &resource, &request)].concat();
        let files: Vec<&Snippet> = all.iter().filter(|snippet| snippet.title.contains(".json")).collect();
        assert_eq!(files.len(), 7);
        for file in files {
            let json: Value = serde_json::from_str(&file.text).unwrap();
            let servers = ["mcpServers", "servers"].iter().find_map(|key| json[key].as_object()).unwrap();
            assert_eq!(servers.keys().collect::<Vec<_>>(), ["ada-s-tickets"], "{}", file.title);
            assert!(file.text.contains("https://mcp.example/mcp?x='$(reboot)"), "{}", file.title);
        }
    }

    #[test]
    fn an_address_is_one_word_to_the_shell() {
        for snippet in of_people(words::of(Language::En), &resource())
            .iter()
            .filter(|snippet| ["snippet-claude-code", "snippet-inspector"].contains(&snippet.id.as_str()))
        {
            assert!(snippet.text.contains(r"'https://mcp.example/mcp?x='\''$(reboot)'"), "{}", snippet.text);
        }
    }
}
