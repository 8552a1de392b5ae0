//! The tools of an MCP server, as its `tools/list` answers. What a stranger wrote: bounded in number and length, and text without
//! anything unseen in it.

use serde_json::Value;

use crate::base::look::is_unseen;
use crate::model::{Tool, ToolHint};

/// Longest answer that is read, in bytes. The schemas in it, which are passed over, make most of it.
pub const LONGEST: usize = 1_024 * 1_024;
/// Most tools of one server.
pub const MOST: usize = 256;
/// Longest name of a tool, in characters.
const LONGEST_NAME: usize = 128;
const LONGEST_TITLE: usize = 128;
const LONGEST_DESCRIPTION: usize = 500;

/// Why an answer lists no tools: one sentence for whoever looks after the server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToolsError {
    #[error("it is longer than a list of tools has to be")]
    TooLong,
    #[error("it is not JSON")]
    NotJson,
    #[error("there are no tools in it")]
    NoTools,
    #[error("it has more than {MOST} tools")]
    TooMany,
    #[error("the server answered with an error: {0}")]
    Refused(String),
    #[error("{0:?} is no name of a tool: they have up to {LONGEST_NAME} characters, and no spaces")]
    Name(String),
}

/// A part of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    pub tools: Vec<Tool>,
    /// Where the rest is.
    pub next: Option<String>,
    /// Whose names could not be names.
    pub left_out: usize,
}

/// Reads an answer, or what is in it: `{"result": {"tools": …}}`, `{"tools": …}`, or the list alone. JSON-RPC 2.0 §5: "Either the result
/// member or error member MUST be included".
pub fn parse(text: &str) -> Result<Listed, ToolsError> {
    if text.len() > LONGEST {
        return Err(ToolsError::TooLong);
    }
    let answer: Value = serde_json::from_str(text).map_err(|_| ToolsError::NotJson)?;
    if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
        let said = error.get("message").and_then(Value::as_str).unwrap_or("without a message");
        return Err(ToolsError::Refused(plain(said, LONGEST_TITLE)));
    }
    let result = answer.get("result").unwrap_or(&answer);
    let list = result.get("tools").unwrap_or(result).as_array().ok_or(ToolsError::NoTools)?;
    if list.len() > MOST {
        return Err(ToolsError::TooMany);
    }
    let next = result.get("nextCursor").and_then(Value::as_str).filter(|next| next.len() <= 1_024);
    let mut listed = Listed { next: next.map(str::to_owned), ..Listed::default() };
    for said in list {
        match tool(said) {
            Some(tool) if listed.tools.iter().all(|known| known.name != tool.name) => listed.tools.push(tool),
            _ => listed.left_out += 1,
        }
    }
    Ok(listed)
}

fn tool(said: &Value) -> Option<Tool> {
    let text = |of: &Value, member: &str, longest: usize| {
        let text = of.get(member).and_then(Value::as_str).map(|text| plain(text, longest));
        text.filter(|text| !text.is_empty())
    };
    let name = said.get("name").unwrap_or(said).as_str().filter(|name| is_name(name))?;
    let hints = said.get("annotations").unwrap_or(&Value::Null);
    let says = |hint: &str| hints.get(hint).and_then(Value::as_bool) == Some(true);
    Some(Tool {
        name: name.to_owned(),
        title: text(said, "title", LONGEST_TITLE).or_else(|| text(hints, "title", LONGEST_TITLE)),
        description: text(said, "description", LONGEST_DESCRIPTION),
        hint: match (says("readOnlyHint"), says("destructiveHint")) {
            (true, _) => Some(ToolHint::ReadsOnly),
            (false, true) => Some(ToolHint::Destroys),
            (false, false) => None,
        },
    })
}

/// A list that somebody typed or pasted: an answer of the server's, or one name a line. RFC 8259 §9: "An implementation may set limits on
/// the size of texts that it accepts."
pub fn by_hand(text: &str) -> Result<Listed, ToolsError> {
    let text = text.trim();
    if text.starts_with(['{', '[']) {
        return parse(text);
    }
    if text.len() > LONGEST {
        return Err(ToolsError::TooLong);
    }
    let mut listed = Listed::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, about) = line.split_once(':').unwrap_or((line, ""));
        let name = name.trim();
        if !is_name(name) {
            return Err(ToolsError::Name(name.chars().take(40).collect()));
        }
        if listed.tools.len() == MOST {
            return Err(ToolsError::TooMany);
        }
        let description = Some(plain(about, LONGEST_DESCRIPTION)).filter(|about| !about.is_empty());
        if listed.tools.iter().all(|known| known.name != name) {
            listed.tools.push(Tool { name: name.to_owned(), title: None, description, hint: None });
        }
    }
    if listed.tools.is_empty() { Err(ToolsError::NoTools) } else { Ok(listed) }
}

/// Whether this may be the name of a tool. They are compared as they are written, so nothing unseen is in one.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.chars().any(|c| c.is_whitespace() || is_unseen(c))
}

/// Text on one line, of bounded length.
fn plain(text: &str, longest: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text: String = words.join(" ").chars().filter(|c| !is_unseen(*c)).collect();
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
        None => text,
    }
}

/// The message that answers request `id`, of a stream of events. JSON-RPC 2.0 §5: the id of a response "MUST be the same as the value of
/// the id member in the Request Object".
pub fn answer_in_stream(stream: &str, id: u64) -> Option<String> {
    let stream = stream.replace("\r\n", "\n").replace('\r', "\n");
    // What has not come to its end yet is no event.
    let (whole, _) = stream.rsplit_once("\n\n")?;
    whole.split("\n\n").find_map(|event| {
        let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
        let data = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n");
        let message: Value = serde_json::from_str(&data).ok()?;
        (message.get("id").and_then(Value::as_u64) == Some(id)).then_some(data)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(listed: &Listed) -> Vec<&str> {
        listed.tools.iter().map(|tool| tool.name.as_str()).collect()
    }

    #[test]
    fn a_list_is_read_in_each_form_in_which_it_is_pasted() {
        let tools = json!([{ "name": "search", "title": "Search\u{202E}", "description": " Finds\n tickets ", "inputSchema": {} },
            { "name": "close", "annotations": { "destructiveHint": true, "title": "Close it" } }]);
        for form in [
            tools.clone(),
            json!({ "tools": tools }),
            json!({ "jsonrpc": "2.0", "id": 2, "result": { "tools": tools } }),
        ] {
            let listed = parse(&form.to_string()).unwrap();
            assert_eq!(names(&listed), ["search", "close"]);
            assert_eq!(listed.tools[0].title.as_deref(), Some("Search"));
            assert_eq!(listed.tools[0].description.as_deref(), Some("Finds tickets"));
            assert_eq!(
                (listed.tools[1].hint, listed.tools[1].title.as_deref()),
                (Some(ToolHint::Destroys), Some("Close it"))
            );
            assert_eq!(by_hand(&format!("  {form}\n")).unwrap(), listed);
        }
        let typed = by_hand("search: Finds tickets\n\n close \nsearch\n").unwrap();
        assert_eq!(names(&typed), ["search", "close"]);
        assert_eq!(typed.tools[0].description.as_deref(), Some("Finds tickets"));
    }

    #[test]
    fn what_a_server_writes_is_bounded() {
        let many: Vec<Value> = (0..=MOST).map(|n| json!({ "name": format!("tool-{n}") })).collect();
        assert_eq!(parse(&json!({ "tools": many }).to_string()), Err(ToolsError::TooMany));
        assert_eq!(parse(&" ".repeat(LONGEST + 1)), Err(ToolsError::TooLong));
        assert_eq!(by_hand(&"a\n".repeat(LONGEST)), Err(ToolsError::TooLong));
        assert_eq!(parse(&"[".repeat(100_000)), Err(ToolsError::NotJson), "a bound of the parser, and no overflow");
        let long = json!([{ "name": "a", "description": "ä ".repeat(10_000) }, { "name": "x".repeat(129) }, { "name": "a b" },
            { "name": "a\u{200B}" }, { "name": 7 }, { "name": "a" }]);
        let listed = parse(&long.to_string()).unwrap();
        assert_eq!((names(&listed), listed.left_out), (vec!["a"], 5));
        assert!(listed.tools[0].description.as_ref().unwrap().chars().count() <= LONGEST_DESCRIPTION + 1);
    }

    #[test]
    fn what_lists_no_tools_is_told_apart() {
        let error =
            json!({ "jsonrpc": "2.0", "id": 2, "error": { "code": -32601, "message": "no <such>\u{7} method" } });
        assert_eq!(parse(&error.to_string()), Err(ToolsError::Refused("no <such> method".to_owned())));
        assert_eq!(parse("{}"), Err(ToolsError::NoTools));
        assert_eq!(parse("<html>"), Err(ToolsError::NotJson));
        assert_eq!(by_hand(" \n"), Err(ToolsError::NoTools));
        assert_eq!(by_hand("two words"), Err(ToolsError::Name("two words".to_owned())));
    }

    #[test]
    fn the_answer_is_found_among_other_events() {
        let stream = ": hello\r\n\r\nevent: message\r\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\"}\r\n\r\n\
                      data: {\"id\":2,\r\ndata: \"result\":{\"tools\":[]}}\r\n\r\n";
        assert_eq!(parse(&answer_in_stream(stream, 2).unwrap()).unwrap(), Listed::default());
        assert_eq!(answer_in_stream(stream, 3), None);
        let cut = &stream[..stream.len() - 2];
        assert_eq!(answer_in_stream(cut, 2), None, "it may go on");
    }
}
