//! Ready-made commands, code and settings, filled with what is so here. Everything that a page offers to copy is made in this folder,
//! and shown by one part (`snippets` in `templates/parts/console.html`).
//!
//! A secret stands in the environment and never in a command; only the page that shows a new one has it, in its `.env`.

pub(super) mod application;
mod clients;
pub(super) mod machine;
mod request;
pub(super) mod server;
pub(super) mod tools;

pub(super) use clients::of_people as of_clients;

use serde_json::Value;

use crate::base::Resource;
use crate::model::ProtectedResource;
use crate::web::views::console::Snippet;

fn snippet(id: &str, title: &str, text: impl Into<String>) -> Snippet {
    Snippet { id: format!("snippet-{id}"), title: title.to_owned(), note: String::new(), text: text.into() }
}

impl Snippet {
    /// With a sentence above it.
    fn noted(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }
}

/// What the tokens are for of somebody who names no resource: the one that is named, else the default one, else the only one.
pub(super) fn meant<'a>(named: Option<&Resource>, known: &'a [ProtectedResource]) -> Option<&'a ProtectedResource> {
    if let Some(named) = named {
        return known.iter().find(|resource| resource.identifier == *named);
    }
    let default = known.iter().find(|resource| resource.is_default);
    default.or(match known {
        [only] => Some(only),
        _ => None,
    })
}

/// A name for settings files: letters, digits and dashes.
fn short(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    let name: String = name.chars().take(40).collect();
    if name.is_empty() { "server".to_owned() } else { name }
}

/// One word for a shell, whatever is in it.
fn word(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:@%+,=".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Puts values in the places of a piece of code. A value is a literal already: text between quotes reads the same in Python,
/// TypeScript and Rust, as long as it has no control characters, and what stands in a URL, a scope or a name here has none.
fn filled(code: &str, values: &[(&str, String)]) -> String {
    values.iter().fold(code.to_owned(), |code, (place, value)| code.replace(place, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_shells_are_not_surprised() {
        assert_eq!(short("Ada’s Tickets (beta)"), "ada-s-tickets-beta");
        assert_eq!(short("票"), "server");
        assert_eq!(word("https://mcp.example/mcp"), "https://mcp.example/mcp");
        assert_eq!(word("https://mcp.example/$(reboot)&'"), r"'https://mcp.example/$(reboot)&'\'''");
        assert_eq!(word(""), "''");
    }
}
