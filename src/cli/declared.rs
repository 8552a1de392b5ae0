//! `writ export` and `writ apply`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{CommandError, ErrorKind};
use crate::app::App;
use crate::operations::declared::{self, Applied, Change, ChangeKind, Doing, NotApplied, Unlisted, Wrong};
use crate::operations::operator::Operator;

/// Largest file, in bytes: it travels over the control socket in one piece.
const LARGEST_FILE: u64 = 512 * 1_024;

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Export {
    /// toml or json
    #[arg(long, default_value = "toml")]
    format: String,
}

#[derive(Debug, clap::Args, Serialize, Deserialize)]
pub struct Apply {
    /// The file, TOML or JSON; `-` for standard input
    #[arg(short, long, value_name = "FILE")]
    #[serde(skip)]
    file: PathBuf,
    #[arg(skip)]
    document: Value,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// The same, and exit with 3 if anything would be done: for a pipeline that watches for drift
    #[arg(long, conflicts_with = "dry_run")]
    #[serde(default)]
    check: bool,
    /// Remove what the file does not have, in the sections that it has
    #[arg(long)]
    prune: bool,
}

impl Export {
    /// How the answer is to be printed.
    pub(super) fn shown(&self) -> Result<Shown, CommandError> {
        match self.format.as_str() {
            "toml" => Ok(Shown::Toml),
            "json" => Ok(Shown::Json),
            _ => Err(CommandError::argument("--format", "is toml or json")),
        }
    }
}

impl Apply {
    /// Whether the answer's drift is the program's exit code.
    pub(super) fn checks(&self) -> bool {
        self.check
    }

    /// The file is the caller's, so it is read here and not by the appliance.
    pub(super) fn with_file(self) -> Result<Self, CommandError> {
        let document = read(&self.file)?;
        Ok(Self { document, ..self })
    }
}

/// What an answer is printed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Lines,
    Toml,
    Json,
    Plan,
}

impl Shown {
    /// The text for standard output; `None` where it is printed as every answer is.
    pub(super) fn text(self, answer: &Value) -> Result<Option<String>, CommandError> {
        let broken = |error: String| {
            let text = match null_in(answer) {
                Some(place) => {
                    format!("{place} is null, which TOML has no word for: set it anew without, or use --format json")
                }
                None => format!("this cannot be written as TOML ({error}): use --format json"),
            };
            CommandError::new(ErrorKind::Refused, text)
        };
        Ok(match self {
            Self::Lines => None,
            Self::Toml => Some(toml::to_string_pretty(answer).map_err(|error| broken(error.to_string()))?),
            Self::Json => Some(format!("{answer:#}\n")),
            Self::Plan => Some(lines(answer)),
        })
    }
}

/// Where something is null: what was set before nobody could.
fn null_in(value: &Value) -> Option<String> {
    let below = |name: &str, value: &Value| match value {
        Value::Null => Some(name.to_owned()),
        value => null_in(value).map(|place| format!("{name}.{place}")),
    };
    match value {
        Value::Object(members) => members.iter().find_map(|(name, value)| below(name, value)),
        Value::Array(all) => all.iter().enumerate().find_map(|(n, value)| below(&n.to_string(), value)),
        _ => None,
    }
}

fn read(path: &Path) -> Result<Value, CommandError> {
    let wrong = |why: String| CommandError::argument("--file", format!("{}: {why}", path.display()));
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(LARGEST_FILE + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_string(&mut text))
    };
    read.map_err(|error| wrong(error.to_string()))?;
    if text.len() as u64 > LARGEST_FILE {
        return Err(wrong(
            "this is too large: at most 512 KiB. Split it; what a file has no section for is left alone".to_owned(),
        ));
    }
    // A table of TOML begins with a bracket or a name, an object of JSON with a brace.
    if text.trim_start().starts_with('{') {
        serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))
    } else {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        Ok(plain(toml::Value::Table(table)))
    }
}

/// As JSON; a date is its text.
fn plain(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(answer) => answer.into(),
        toml::Value::Datetime(at) => at.to_string().into(),
        toml::Value::Array(list) => list.into_iter().map(plain).collect(),
        toml::Value::Table(table) => {
            table.into_iter().map(|(name, value)| (name, plain(value))).collect::<Map<_, _>>().into()
        }
    }
}

pub(super) async fn export(app: &App, by: &Operator) -> Result<Value, CommandError> {
    Ok(declared::export(app, by).await?)
}

pub(super) async fn apply(app: &App, by: &Operator, ask: Apply) -> Result<Value, CommandError> {
    let unlisted = if ask.prune { Unlisted::IsRemoved } else { Unlisted::Stays };
    let doing = if ask.dry_run || ask.check { Doing::Said } else { Doing::Done };
    let applied = declared::apply(app, by, ask.document, unlisted, doing).await.map_err(|why| match why {
        NotApplied::Wrong(wrong) => CommandError::new(ErrorKind::Invalid, all_of(&wrong)),
        NotApplied::Declined(declined) => declined.into(),
    })?;
    Ok(answer(&applied, doing))
}

fn all_of(wrong: &[Wrong]) -> String {
    let line = |wrong: &Wrong| match wrong.place.as_str() {
        "" => wrong.why.clone(),
        place => format!("{place}: {}", wrong.why),
    };
    wrong.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn answer(applied: &Applied, doing: Doing) -> Value {
    let changes: Vec<Value> = applied.plan.changes.iter().map(change).collect();
    let made: Vec<Value> = (applied.made.iter())
        .map(|made| {
            let mut row = json!({ "place": made.place, "client_id": made.id });
            if let (Some(secret), Some(members)) = (&made.secret, row.as_object_mut()) {
                members.insert("client_secret".to_owned(), secret.expose().into());
            }
            row
        })
        .collect();
    json!({ "applied": doing == Doing::Done, "changes": changes, "made": made })
}

fn change(change: &Change) -> Value {
    let fields = change.fields.iter().map(|field| {
        let mut row = Map::new();
        row.insert("field".to_owned(), field.name.clone().into());
        row.extend(field.before.clone().map(|value| ("before".to_owned(), value)));
        row.extend(field.after.clone().map(|value| ("after".to_owned(), value)));
        Value::Object(row)
    });
    let mut row = json!({ "change": change.kind.as_str(), "place": change.place });
    if let Some(members) = row.as_object_mut().filter(|_| change.kind != ChangeKind::Unlisted) {
        members.insert("fields".to_owned(), fields.collect());
    }
    row
}

/// Whether something is not as the file says. What the file does not have and nobody would remove is no drift.
pub(super) fn differs(answer: &Value) -> bool {
    let changes = answer.get("changes").and_then(Value::as_array);
    let is_drift = |change: &Value| change.get("change").and_then(Value::as_str) != Some(ChangeKind::Unlisted.as_str());
    changes.is_some_and(|changes| changes.iter().any(is_drift))
}

/// A plan to be read: what is made, what changes from what to what, what goes, and what is not in the file.
fn lines(answer: &Value) -> String {
    let list = |name: &str| answer.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let word = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (mut out, mut count) = (String::new(), 0);
    for change in list("changes") {
        let mark = match word(&change, "change").as_str() {
            "create" => "+",
            "change" => "~",
            "remove" => "-",
            _ => "?",
        };
        let note = if mark == "?" { "  (not in the file; stays)" } else { "" };
        count += usize::from(mark != "?");
        out += &format!("{mark} {}{note}\n", word(&change, "place"));
        for field in change.get("fields").and_then(Value::as_array).into_iter().flatten() {
            let name = word(field, "field");
            out += &match (field.get("before"), field.get("after")) {
                (Some(before), Some(after)) => format!("    {name}: {before} -> {after}\n"),
                (None, Some(after)) => format!("    {name}: {after}\n"),
                (Some(before), None) => format!("    {name}: {before} -> nothing\n"),
                (None, None) => String::new(),
            };
        }
    }
    let is_done = answer.get("applied") == Some(&Value::Bool(true));
    out += &match (count, is_done) {
        (0, _) => "Nothing to do: everything is as the file says.\n".to_owned(),
        (1, true) => "1 change, done.\n".to_owned(),
        (1, false) => "1 change, not done.\n".to_owned(),
        (count, true) => format!("{count} changes, done.\n"),
        (count, false) => format!("{count} changes, not done.\n"),
    };
    for made in list("made") {
        out += &format!("{}  client_id {}\n", word(&made, "place"), word(&made, "client_id"));
        if let Some(secret) = made.get("client_secret").and_then(Value::as_str) {
            out += &format!("  client_secret {secret}\n  It is shown this once: only its digest is kept.\n");
        }
    }
    // Names come from strangers: nothing in them may move the cursor.
    out.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_of_toml_is_its_text() {
        let table: toml::Table = "a = 2027-01-31T00:00:00Z\nb = [1, 2.5, true]".parse().unwrap();
        assert_eq!(plain(toml::Value::Table(table)), json!({ "a": "2027-01-31T00:00:00Z", "b": [1, 2.5, true] }));
    }

    #[test]
    fn a_plan_reads_as_a_difference() {
        let answer = json!({
            "applied": false,
            "changes": [
                { "change": "create", "place": "scopes.x", "fields": [{ "field": "risk", "after": "low" }] },
                { "change": "change", "place": "machines.a", "fields": [
                    { "field": "kind", "before": "ci", "after": "agent" },
                    { "field": "tags", "before": ["x"] },
                ]},
                { "change": "unlisted", "place": "machines.b" },
            ],
            "made": [],
        });
        let text = "+ scopes.x\n    risk: \"low\"\n~ machines.a\n    kind: \"ci\" -> \"agent\"\n    tags: [\"x\"] -> nothing\n\
                    ? machines.b  (not in the file; stays)\n2 changes, not done.\n";
        assert_eq!(lines(&answer), text);
    }
}
