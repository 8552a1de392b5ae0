//! What a server asks before it runs a tool: does this token have what the tool needs?

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use super::{pretty, snippet};
use crate::model::{ProtectedResource, Scope};
use crate::web::views::console::Snippet;
use crate::web::words::Words;

/// The map from tool to scope, with the one question that it answers.
pub(in crate::web::console) fn of(words: &Words, resource: &ProtectedResource) -> Vec<Snippet> {
    let map: &BTreeMap<String, Option<Scope>> = &resource.tool_scopes;
    if map.is_empty() {
        return Vec::new();
    }
    let (mut python, mut typescript, mut rust) = (String::new(), String::new(), String::new());
    for (tool, scope) in map {
        let scope = scope.as_ref().map(|scope| format!("{:?}", scope.as_str()));
        let or = |none: &str| scope.clone().unwrap_or_else(|| none.to_owned());
        let some = scope.as_ref().map_or_else(|| "None".to_owned(), |scope| format!("Some({scope})"));
        // Writing to a string does not fail.
        let _ = writeln!(python, "    {tool:?}: {},", or("None"));
        let _ = writeln!(typescript, "  [{tool:?}, {}],", or("null"));
        let _ = writeln!(rust, "    ({tool:?}, {some}),");
    }
    let scopes: BTreeMap<&str, Option<&str>> =
        map.iter().map(|(tool, scope)| (tool.as_str(), scope.as_ref().map(Scope::as_str))).collect();
    let t = &words.console.snippets;
    vec![
        snippet(
            "tools-python",
            "Python",
            format!(
                "TOOL_SCOPES = {{\n{python}}}\n\n\ndef may_call(tool: str, scopes: list[str]) -> bool:\n    return tool in TOOL_SCOPES and (TOOL_SCOPES[tool] is None or TOOL_SCOPES[tool] in scopes)\n"
            ),
        )
        .noted(t.tools_about),
        snippet(
            "tools-typescript",
            "TypeScript",
            format!(
                "const toolScopes = new Map<string, string | null>([\n{typescript}]);\n\nexport function mayCall(tool: string, scopes: string[]): boolean {{\n  const needs = toolScopes.get(tool);\n  return needs === null || (needs !== undefined && scopes.includes(needs));\n}}\n"
            ),
        )
        .noted(t.tools_about),
        snippet(
            "tools-rust",
            "Rust",
            format!(
                "const TOOL_SCOPES: &[(&str, Option<&str>)] = &[\n{rust}];\n\nfn may_call(tool: &str, scopes: &[&str]) -> bool {{\n    TOOL_SCOPES.iter().any(|(name, needs)| *name == tool && needs.is_none_or(|needs| scopes.contains(&needs)))\n}}\n"
            ),
        )
        .noted(t.tools_about),
        snippet("tools-json", "JSON", pretty(&json!(scopes))).noted(t.tools_null),
    ]
}
