//! Answers for people and for programs.

use std::io::{self, Write as _};

use serde_json::{Map, Value};

use super::CommandError;

/// Prints to standard output: one JSON object, or lines to read.
pub(super) fn answer(answer: &Value, json: bool) {
    let text = if json { format!("{answer}\n") } else { lines(answer) };
    self::text(&text);
}

/// Prints to standard output what is made up already.
pub(super) fn text(text: &str) {
    // Whoever closed the pipe has read enough.
    drop(io::stdout().lock().write_all(text.as_bytes()));
}

/// Prints to standard error.
pub(super) fn error(error: &CommandError, json: bool) {
    let text = if json {
        format!("{}\n", serde_json::json!({ "error": error.kind.as_str(), "text": error.text }))
    } else {
        error.text.lines().fold(String::new(), |all, line| all + "writ: " + line + "\n")
    };
    drop(io::stderr().lock().write_all(text.as_bytes()));
}

/// An object is a list of names and values; a list of objects in it is a table.
fn lines(answer: &Value) -> String {
    let Value::Object(members) = answer else { return format!("{}\n", cell(answer)) };
    let width = members.iter().filter(|(_, value)| !is_table(value)).map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for (name, value) in members {
        match value {
            Value::Array(rows) if is_table(value) => out += &table(rows),
            Value::Null => {}
            _ => out += &format!("{name:width$}  {}\n", cell(value)),
        }
        if matches!(name.as_str(), "client_secret" | "access_key" | "initial_access_token") {
            out += "It is shown this once: only its digest is kept.\n";
        }
    }
    out
}

fn is_table(value: &Value) -> bool {
    value.as_array().is_some_and(|rows| rows.iter().all(Value::is_object))
}

fn table(rows: &[Value]) -> String {
    let rows: Vec<&Map<String, Value>> = rows.iter().filter_map(Value::as_object).collect();
    let mut names: Vec<&str> = Vec::new();
    for name in rows.iter().flat_map(|row| row.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names.sort_by_key(|name| (rank(name), *name));
    let column = |name: &&str| {
        let cells = rows.iter().map(|row| row.get(*name).map_or_else(String::new, cell));
        std::iter::once((*name).to_owned()).chain(cells).collect::<Vec<String>>()
    };
    let columns: Vec<Vec<String>> = names.iter().map(column).collect();
    let widths: Vec<usize> =
        columns.iter().map(|column| column.iter().map(|text| text.chars().count()).max().unwrap_or(0)).collect();
    let mut out = String::new();
    for line in 0..=rows.len() {
        let cells = columns.iter().zip(&widths).map(|(column, width)| {
            let text = column.get(line).map_or("", String::as_str);
            format!("{text:width$}", width = *width)
        });
        out += cells.collect::<Vec<_>>().join("  ").trim_end();
        out.push('\n');
    }
    out
}

/// What a line is about comes first, what may be long comes last.
fn rank(column: &str) -> u8 {
    match column {
        "sequence" | "scope" | "kid" | "identifier" => 0,
        "name" | "at" | "value" => 1,
        "event" => 2,
        "from" | "description" | "details" | "implies" | "about" => 9,
        _ if column.ends_with("_id") => 0,
        _ => 5,
    }
}

/// Names come from strangers (a dynamic client's, for instance): nothing in them may move the cursor.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(cell).collect::<Vec<_>>().join(" "),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_is_a_table_and_the_rest_is_names_and_values() {
        let rows = json!([{ "scope": "a", "risk": "low" }, { "scope": "long", "implies": ["x", "y"] }]);
        assert_eq!(lines(&json!({ "scopes": rows })), "scope  risk  implies\na      low\nlong         x y\n");
        assert_eq!(lines(&json!({ "person_id": "per_1", "none": null })), "person_id  per_1\n");
    }

    #[test]
    fn case_38_a_name_cannot_drive_the_terminal() {
        assert!(
            !lines(&json!({ "clients": [{ "name": "a\u{1b}[2Jb\nc\u{9b}1m" }] }))
                .chars()
                .any(|c| c.is_control() && c != '\n')
        );
    }
}
