//! What a page offers to copy, and what to know about it. What is copied, and the names of programs, are the same in every language.

use crate::web::words::list::Text;

pub(crate) struct SnippetsWords {
    /// Of the lines of a `.env`.
    pub(crate) env: Text,
    pub(crate) introspect: Text,
    // For programs that sign people in.
    pub(crate) authorize: Text,
    pub(crate) authorize_about: Text,
    pub(crate) by_hand: Text,
    pub(crate) by_hand_about: Text,
    pub(crate) with_authlib: Text,
    pub(crate) with_openid_client: Text,
    pub(crate) with_oauth2: Text,
    // For programs that send one request.
    pub(crate) with_requests: Text,
    pub(crate) with_fetch: Text,
    pub(crate) with_reqwest: Text,
    // For machines.
    pub(crate) exchange: Text,
    pub(crate) proof: Text,
    pub(crate) proof_about: Text,
    pub(crate) assertion: Text,
    pub(crate) assertion_about: Text,
    // For MCP clients.
    pub(crate) claude: Text,
    pub(crate) claude_code_about: Text,
    pub(crate) claude_about: Text,
    pub(crate) inspector_about: Text,
    /// How the server is called there.
    pub(crate) gemini_about: fn(&str) -> String,
    pub(crate) chatgpt_about: Text,
    pub(crate) mcp_remote: Text,
    // For those that run as a machine.
    pub(crate) token: Text,
    /// For how long it is good.
    pub(crate) token_about: fn(&str) -> String,
    pub(crate) asks_for_token: Text,
    // For those that come as one registered application.
    /// Its id, and [`Self::goes_there`] or [`Self::let_go`].
    pub(crate) vscode_about: fn(&str, &str) -> String,
    /// The address of the server, and the same.
    pub(crate) inspector_client: fn(&str, &str, &str) -> String,
    pub(crate) goes_there: Text,
    /// Where its answers have to go.
    pub(crate) let_go: fn(&str) -> String,
    // For servers.
    pub(crate) introspect_each: Text,
    pub(crate) metadata: Text,
    pub(crate) tools_about: Text,
    pub(crate) tools_null: Text,
}
