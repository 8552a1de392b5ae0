//! What a page offers to copy: commands, code and settings with the real values in them.

use crate::model::Language;
use crate::web::words;

/// Something to copy.
#[derive(Clone, Debug)]
pub struct Snippet {
    pub id: String,
    pub title: String,
    /// What to know about it; may be empty.
    pub note: String,
    pub text: String,
}

/// What a page offers, by who reads it.
#[derive(Clone, Debug, Default)]
pub struct Snippets {
    /// For programs, and for whoever tries it in a shell.
    pub code: Vec<Snippet>,
    /// For MCP clients.
    pub clients: Vec<Snippet>,
}

impl Snippets {
    pub(super) fn is_empty(&self) -> bool {
        self.code.is_empty() && self.clients.is_empty()
    }

    /// Takes the lines of a `.env` out, for the page that shows them by themselves.
    pub(crate) fn take_env(&mut self) -> Option<Snippet> {
        let place = self.code.iter().position(|one| one.id == "snippet-env")?;
        Some(self.code.remove(place))
    }

    /// The ones of the samples.
    pub(super) fn sample_in(language: Language, text: &str) -> Self {
        let t = &words::of(language).console.snippets;
        let one = |id: &str, title: &str, note: &str| Snippet {
            id: format!("snippet-{id}"),
            title: title.into(),
            note: note.into(),
            text: text.into(),
        };
        Self {
            code: vec![
                one("curl", "curl", ""),
                one("python", "Python", t.with_requests),
                one("typescript", "TypeScript", ""),
                one("rust", "Rust", ""),
            ],
            clients: vec![
                one("claude-code", "Claude Code", t.claude_code_about),
                one("cursor", "Cursor (.cursor/mcp.json)", ""),
            ],
        }
    }
}
