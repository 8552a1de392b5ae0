//! An MCP server that tells its tools, by Streamable HTTP, to whoever asks as its revision of the protocol wants it.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use rustls::{ServerConnection, StreamOwned};
use serde_json::{Value, json};

/// How it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// With a handshake and a session, in one JSON text for each answer.
    Json,
    /// The same, in a stream of events that it does not end.
    Streams,
    /// The revision without a handshake.
    Stateless,
    /// Only to who has a token.
    ToTokens,
    /// It greets anybody, and names its tools to who has a token.
    GreetsAnybody,
    /// With a redirect to somewhere else.
    Elsewhere,
    /// With so much that nobody should read it.
    Endlessly,
}

pub struct McpServer {
    pub url: String,
    /// What it says it has; taken in parts of two.
    tools: Arc<Mutex<Vec<Value>>>,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

const SESSION: &str = "sess-1";

impl McpServer {
    pub fn new(speaks: Speaks, tools: Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://localhost:{}/mcp", listener.local_addr().unwrap().port());
        let (tools, asked) = (Arc::new(Mutex::new(tools)), Arc::new(Mutex::new(Vec::new())));
        let (has, heard) = (Arc::clone(&tools), Arc::clone(&asked));
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let tls = ServerConnection::new(super::website::tls()).unwrap();
                let mut wire = StreamOwned::new(tls, socket.unwrap());
                let (head, message) = read(&mut wire);
                heard.lock().unwrap().push((head.clone(), message.clone()));
                let tools: Vec<Value> = Vec::clone(&has.lock().unwrap());
                let _ = wire.write_all(&answer(speaks, &head, &message, &tools));
                if speaks != Speaks::Streams {
                    wire.conn.send_close_notify();
                }
                let _ = wire.flush();
                if speaks == Speaks::Streams {
                    // Held open until whoever asked hangs up.
                    std::thread::spawn(move || wire.read(&mut [0; 64]).ok());
                }
            }
        });
        Self { url, tools, asked }
    }

    pub fn has(&self, tools: Vec<Value>) {
        *self.tools.lock().unwrap() = tools;
    }

    /// The heads and messages since the last time.
    pub fn asked(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn read(wire: &mut impl std::io::Read) -> (String, Value) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && wire.read_exact(&mut byte).is_ok() {
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let length = head.split_once("content-length: ").and_then(|(_, rest)| rest.lines().next()?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    let _ = wire.read_exact(&mut body);
    (head, serde_json::from_slice(&body).unwrap_or_default())
}

fn answer(speaks: Speaks, head: &str, message: &Value, tools: &[Value]) -> Vec<u8> {
    let plain =
        |status: &str, headers: &str| format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\n\r\n").into_bytes();
    let method = message["method"].as_str().unwrap_or_default();
    let refusal = || plain("401 Who", "WWW-Authenticate: Bearer\r\n");
    match (speaks, method) {
        (Speaks::ToTokens, _) | (Speaks::GreetsAnybody, "tools/list") => return refusal(),
        (Speaks::Elsewhere, _) => return plain("307 There", "Location: https://169.254.169.254/\r\n"),
        (Speaks::Stateless, "initialize") => return plain("400 No", ""),
        (_, "notifications/initialized") => return plain("202 Accepted", ""),
        _ => {}
    }
    let result = match method {
        "initialize" => json!({ "protocolVersion": "2025-06-18", "capabilities": { "tools": {} } }),
        "tools/list" => {
            let fits = match speaks {
                Speaks::Stateless => {
                    message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"
                        && head.contains("mcp-method: tools/list")
                }
                _ => head.contains(&format!("mcp-session-id: {SESSION}")),
            };
            if !fits {
                return plain("400 No", "");
            }
            let from = message["params"]["cursor"].as_str().and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
            let part: Vec<&Value> = tools.iter().skip(from).take(2).collect();
            let next = (from + 2 < tools.len()).then(|| (from + 2).to_string());
            json!({ "tools": part, "nextCursor": next })
        }
        _ => return plain("404 Nothing", ""),
    };
    let text = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }).to_string();
    let session = format!("Mcp-Session-Id: {SESSION}\r\n");
    match speaks {
        Speaks::Streams => format!(
            "HTTP/1.1 200 OK\r\n{session}Content-Type: text/event-stream\r\n\r\n: hello\n\nevent: message\ndata: {text}\n\n"
        ),
        Speaks::Endlessly => {
            let junk = "x".repeat(2 * 1_024 * 1_024);
            format!("HTTP/1.1 200 OK\r\n{session}Content-Type: text/event-stream\r\n\r\ndata: {junk}\n\ndata: {text}\n\n")
        }
        _ => format!(
            "HTTP/1.1 200 OK\r\n{session}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        ),
    }
    .into_bytes()
}
