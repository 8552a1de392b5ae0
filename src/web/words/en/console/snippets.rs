//! What a page offers to copy, and what to know about it.

use crate::web::words::list::console::*;

pub(super) const SNIPPETS: SnippetsWords = SnippetsWords {
    env: "Where the others look for the secret.",
    introspect: "Ask here about a token (curl)",
    authorize: "By hand, first: the address to open",
    authorize_about: "Open what it prints in a browser. The code comes to the address for its answers.",
    by_hand: "By hand, then: curl",
    by_hand_about: "With the code in CODE, within a minute.",
    with_authlib: "With Authlib and httpx.",
    with_openid_client: "With openid-client, version 6.",
    with_oauth2: "With the crate oauth2, version 5, in an async function.",
    with_requests: "With the package requests.",
    with_fetch: "For Node, Deno, Bun and workers: nothing to install.",
    with_reqwest: "With reqwest (its features json and form) and serde_json, in an async function.",
    exchange: "curl, as a hosted service’s SDK asks",
    proof: "WRIT_DPOP, signed in Python",
    proof_about: "Each is good for one request. What the token is shown to asks for a proof by the same key.",
    assertion: "WRIT_ASSERTION, signed in Python",
    assertion_about: "Each is good once, for a minute.",
    claude: "Claude Desktop and claude.ai",
    claude_code_about: "Then /mcp in a session, and Authenticate.",
    claude_about: "The server and this appliance must be reachable from the internet.",
    inspector_about: "Without --cli and what follows, it opens a page: choose Streamable HTTP, give it the address, and connect.",
    gemini_about: |name| format!("Then /mcp auth {name}."),
    chatgpt_about: "Reachable from the internet, too. If it names only the origin, give that to the resource as another way to write its address.",
    mcp_remote: "Clients that only start programs (mcp-remote)",
    token: "First: a token in WRIT_TOKEN",
    token_about: |lives| {
        format!("The clients below send it. It is good for {lives}; then get another and start the client again.")
    },
    asks_for_token: "It asks for the token when it starts the server.",
    vscode_about: |id, answers| {
        format!("VS Code registers itself, and asks for a client id where that is closed: {id}. {answers}")
    },
    inspector_client: |address, id, answers| {
        format!("Choose Streamable HTTP, give it {address}, and under Authentication the client id {id}. {answers}")
    },
    goes_there: "Its answers may go there already.",
    let_go: |uri| format!("First let the application’s answers go to {uri}."),
    introspect_each: "Ask here about each token (curl)",
    metadata: "The metadata it serves, if no library does",
    tools_about: "Call it before each tool with the scopes of the token. A tool that is not in it may not be used.",
    tools_null: "null: any token of this server will do.",
};
