//! The tools of an MCP server: asked of the server itself, or written down by somebody who knows them.
//!
//! The server is asked as a stranger asks, because Writ has no token of its own for it and should have none: whoever can make this
//! appliance send a token somewhere could collect it there. One that tells its tools only to who has a token says so with 401, and then
//! somebody writes them down.

use std::collections::BTreeSet;

use serde_json::json;

use crate::app::App;
use crate::base::{Fault, Id, Lifetime};
use crate::model::{Event, ProtectedResource, ResourceTools, ToldBy, Tool};
use crate::operations::check_resource::plain;
use crate::operations::declined::Declined;
use crate::operations::operator::Operator;
use crate::operations::resources;
use crate::operations::seen::Seen;
use crate::outbound::{Limits, OutboundError, OutboundUrl, Post, Told};
use crate::protocol::mcp_tools::{self, LONGEST, Listed, MOST, ToolsError};
use crate::store::Read as _;
use crate::store::tables::RESOURCE_TOOLS;

/// For each request; there are a dozen at most.
const TOTAL_TIME: Lifetime = Lifetime::from_seconds(5);
/// Most parts of a list that are asked for.
const MOST_PARTS: u64 = 8;
/// Most names in one event.
const MOST_TOLD: usize = 50;

/// The last revision with a handshake, and the first without.
const WITH_HANDSHAKE: &str = "2025-06-18";
const WITHOUT_HANDSHAKE: &str = "2026-07-28";

/// What came of asking.
#[derive(Debug)]
pub enum Asked {
    Listed {
        tools: ResourceTools,
        /// Whose names could not be names.
        left_out: usize,
    },
    /// It tells nothing to who has no token.
    WantsToken,
    /// Why there is no list, in words for whoever looks after the server.
    Nothing(String),
}

/// Why the list did not come.
enum Missed {
    WantsToken,
    /// It does not answer to this revision of the protocol.
    Otherwise(String),
    Unreachable(OutboundError),
}

impl From<OutboundError> for Missed {
    fn from(error: OutboundError) -> Self {
        Self::Unreachable(error)
    }
}

/// What is known.
pub async fn of(app: &App, id: Id<ProtectedResource>) -> Result<Option<ResourceTools>, Fault> {
    app.store.read(move |view| view.get(&RESOURCE_TOOLS, &id)).await
}

/// Asks the server, and keeps what it says.
pub async fn discover(app: &App, by: &Operator, id: Id<ProtectedResource>) -> Result<Asked, Declined> {
    let asker = by.clone();
    app.store.read(move |view| asker.stands(view)).await??;
    let resource = resources::find(app, id).await?;
    match ask(app, resource.identifier.as_str()).await {
        Ok(listed) => {
            let left_out = listed.left_out;
            let tools = keep(app, by, id, listed, ToldBy::Server).await?;
            Ok(Asked::Listed { tools, left_out })
        }
        Err(Missed::WantsToken) => Ok(Asked::WantsToken),
        Err(Missed::Otherwise(why)) => Ok(Asked::Nothing(why)),
        Err(Missed::Unreachable(why)) => Ok(Asked::Nothing(why.to_string())),
    }
}

/// Keeps a list that somebody typed or pasted.
pub async fn write_down(
    app: &App,
    by: &Operator,
    id: Id<ProtectedResource>,
    text: &str,
) -> Result<ResourceTools, Declined> {
    let listed = mcp_tools::by_hand(text).map_err(|why| Declined::field("tools", why.to_string()))?;
    keep(app, by, id, listed, ToldBy::Administrator).await
}

async fn keep(
    app: &App,
    by: &Operator,
    id: Id<ProtectedResource>,
    listed: Listed,
    told_by: ToldBy,
) -> Result<ResourceTools, Declined> {
    let (ctx, by) = (by, by.clone());
    app.store
        .write("list tools", ctx, move |tx| {
            if let Err(declined) = resources::standing(tx, &by, id, &Seen::Anything)? {
                return Ok(Err(declined));
            }
            let before = tx.get(&RESOURCE_TOOLS, &id)?.map(|tools| tools.list).unwrap_or_default();
            let tools = ResourceTools { at: tx.now(), told_by, list: listed.tools.clone() };
            let names = |list: &[Tool]| list.iter().map(|tool| tool.name.clone()).collect::<BTreeSet<_>>();
            let (was, is) = (names(&before), names(&tools.list));
            tx.put(&RESOURCE_TOOLS, &id, &tools)?;
            tx.record(Event::ResourceToolsListed {
                resource: id,
                told_by,
                tools: tools.list.len() as u64,
                added: is.difference(&was).take(MOST_TOLD).cloned().collect(),
                gone: was.difference(&is).take(MOST_TOLD).cloned().collect(),
            })?;
            Ok(Ok(tools))
        })
        .await?
}

/// The whole list, by the revision of the protocol that the server answers to.
async fn ask(app: &App, url: &str) -> Result<Listed, Missed> {
    let url = OutboundUrl::parse(&plain(url))?;
    let server = Server { app, url };
    match server.greet().await {
        Ok(session) => server.list(WITH_HANDSHAKE, session).await,
        // Without the handshake of old, it may know the protocol that has none.
        Err(Missed::Otherwise(why)) => match server.list(WITHOUT_HANDSHAKE, None).await {
            Err(Missed::Otherwise(_)) => Err(Missed::Otherwise(why)),
            other => other,
        },
        Err(other) => Err(other),
    }
}

struct Server<'a> {
    app: &'a App,
    url: OutboundUrl,
}

impl Server<'_> {
    /// One message, and the answer to it.
    async fn post(
        &self,
        message: &serde_json::Value,
        version: &str,
        session: Option<&str>,
    ) -> Result<(String, Option<String>), Missed> {
        let method = message.get("method").and_then(serde_json::Value::as_str).unwrap_or_default();
        let id = message.get("id").and_then(serde_json::Value::as_u64).unwrap_or_default();
        let mut headers = vec![("mcp-protocol-version", version.to_owned())];
        if version == WITHOUT_HANDSHAKE {
            headers.push(("mcp-method", method.to_owned()));
        }
        if let Some(session) = session {
            headers.push(("mcp-session-id", session.to_owned()));
        }
        let limits = Limits { max_bytes: LONGEST, total_time: TOTAL_TIME };
        let enough = Box::new(move |stream: &str| mcp_tools::answer_in_stream(stream, id).is_some());
        let post = Post { body: message.to_string(), headers, enough };
        let Told { status, session, streams, body } = self.app.outbound.post(&self.url, post, limits).await?;
        match status {
            200 | 202 | 204 if streams => Ok((mcp_tools::answer_in_stream(&body, id).unwrap_or_default(), session)),
            200 | 202 | 204 => Ok((body, session)),
            401 | 403 => Err(Missed::WantsToken),
            status => Err(Missed::Otherwise(format!("it answers {method} with status {status}"))),
        }
    }

    /// Says hello as it was said before there was no need to; what comes back is the session, if there is one.
    async fn greet(&self) -> Result<Option<String>, Missed> {
        let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": WITH_HANDSHAKE, "capabilities": {}, "clientInfo": { "name": "Writ", "version": env!("CARGO_PKG_VERSION") } } });
        let (answer, session) = self.post(&hello, WITH_HANDSHAKE, None).await?;
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
        if answer.get("result").is_none_or(serde_json::Value::is_null) {
            return Err(Missed::Otherwise(
                "it is no MCP server: it does not answer initialize with a result".to_owned(),
            ));
        }
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        self.post(&ready, WITH_HANDSHAKE, session.as_deref()).await?;
        Ok(session)
    }

    async fn list(&self, version: &str, session: Option<String>) -> Result<Listed, Missed> {
        let (mut all, mut cursor) = (Listed::default(), None);
        // No id is used twice in a session.
        for id in 2..2 + MOST_PARTS {
            let mut params = serde_json::Map::new();
            if let Some(cursor) = &cursor {
                params.insert("cursor".to_owned(), json!(cursor));
            }
            if version == WITHOUT_HANDSHAKE {
                params.insert(
                    "_meta".to_owned(),
                    json!({ "io.modelcontextprotocol/protocolVersion": version, "io.modelcontextprotocol/clientCapabilities": {} }),
                );
            }
            let ask = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/list", "params": params });
            let (answer, _) = self.post(&ask, version, session.as_deref()).await?;
            let part = mcp_tools::parse(&answer).map_err(|why| Missed::Otherwise(why.to_string()))?;
            all.left_out += part.left_out;
            for tool in part.tools {
                if all.tools.iter().all(|known| known.name != tool.name) {
                    all.tools.push(tool);
                }
            }
            if all.tools.len() > MOST {
                return Err(Missed::Otherwise(ToolsError::TooMany.to_string()));
            }
            cursor = part.next;
            if cursor.is_none() {
                return Ok(all);
            }
        }
        Err(Missed::Otherwise("its list comes in more parts than are asked for".to_owned()))
    }
}
