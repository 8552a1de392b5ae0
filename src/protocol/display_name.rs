//! Names that strangers give themselves and people read: shown as plain text, without tricks. Attack case 38.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::base::look::{is_mark, is_unseen, skeleton};

/// A name fit to be shown: 1 to 128 characters, one line, nothing invisible, nothing that turns the line around.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct DisplayName(String);

/// Why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DisplayNameError(pub &'static str);

impl DisplayName {
    /// Longest accepted name, in characters.
    pub const LONGEST: usize = 128;

    /// Cleans `text` and keeps what is left: invisible and direction-changing characters are dropped, runs of white
    /// space become one space. Markup stays what it is, text: a page escapes it.
    ///
    /// Dropping and not refusing, because a name with a stray joiner is common and harmless once it is gone.
    /// Text of more than 2 KiB is refused before it is looked at.
    pub fn parse(text: &str) -> Result<Self, DisplayNameError> {
        if text.len() > Self::LONGEST * 16 {
            return Err(DisplayNameError("a name has at most 128 characters"));
        }
        let mut name = String::with_capacity(text.len());
        let mut marks = 0;
        let mut gap = false;
        for character in text.chars() {
            if character.is_whitespace() || character == '\u{2800}' {
                gap = true;
                continue;
            }
            if is_unseen(character) {
                continue;
            }
            marks = if is_mark(character) { marks + 1 } else { 0 };
            // More than two marks on one letter climb over the line above.
            if marks > 2 || (marks > 0 && (gap || name.is_empty())) {
                continue;
            }
            if gap && !name.is_empty() {
                name.push(' ');
            }
            gap = false;
            name.push(character);
        }
        match name.chars().count() {
            0 => Err(DisplayNameError("a name has at least one visible character")),
            1..=Self::LONGEST => Ok(Self(name)),
            _ => Err(DisplayNameError("a name has at most 128 characters")),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first of `known` that a hurried reader would take this name for, the same name included.
    pub fn looks_like<'a>(&self, known: &[&'a str]) -> Option<&'a str> {
        let mine = skeleton(&self.0);
        known.iter().copied().find(|name| !mine.is_empty() && skeleton(name) == mine)
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl<'de> Deserialize<'de> for DisplayName {
    /// Rows were parsed before they were written, and must open for ever: no second look.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> String {
        DisplayName::parse(text).unwrap_or_else(|e| panic!("{text:?}: {e}")).0
    }

    #[test]
    fn honest_names_are_kept_as_written() {
        for text in ["Claude Code", "Łódź Büro", "カーソル", "Приложение", "O'Reilly & Sons <beta>", "שלום", "Notes 📝"]
        {
            assert_eq!(name(text), text);
        }
    }

    #[test]
    fn case_38_invisible_and_turning_characters_are_gone() {
        assert_eq!(name("Pay\u{202E}lap\u{202C} \u{2066}x\u{2069}"), "Paylap x");
        assert_eq!(name("G\u{200B}oo\u{200D}gl\u{FEFF}e\u{2060}\u{200E}\u{200F}\u{061C}"), "Google");
        assert_eq!(name("a\u{E0041}\u{E007F}b\u{FE0F}\u{AD}c\u{3164}"), "abc");
        assert_eq!(name("  two\r\n\t lines\u{0}\u{1b}[31m\u{2028}here "), "two lines[31m here");
        assert_eq!(name("e\u{301}\u{301}\u{301}\u{301}"), "e\u{301}\u{301}");
    }

    #[test]
    fn case_38_empty_and_endless_names_are_refused() {
        for text in ["", "   ", "\u{200B}\u{202E}", "\u{301}\u{301}"] {
            assert!(DisplayName::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(name(&"x".repeat(128)).len(), 128);
        assert!(DisplayName::parse(&"x".repeat(129)).is_err());
        assert!(DisplayName::parse(&" ".repeat(5_000)).is_err());
    }

    #[test]
    fn case_38_imitations_are_recognised() {
        let known = ["Claude", "GitHub", "Microsoft Teams", "Writ"];
        for (text, imitated) in [
            ("Сlаudе", "Claude"),
            ("C1aude", "Claude"),
            ("ｃｌａｕｄｅ", "Claude"),
            ("𝐂𝐥𝐚𝐮𝐝𝐞", "Claude"),
            ("Git Hub", "GitHub"),
            ("G\u{456}tHub.", "GitHub"),
            ("GlTHUB", "GitHub"),
            ("Rnicrosoft-Teams", "Microsoft Teams"),
            ("Micr0s0ft Téams", "Microsoft Teams"),
            ("VVRIT", "Writ"),
            ("Claude", "Claude"),
        ] {
            assert_eq!(DisplayName::parse(text).unwrap().looks_like(&known), Some(imitated), "{text}");
        }
        for text in ["Clause", "Git", "Teams", "---", "Cloud"] {
            assert_eq!(DisplayName::parse(text).unwrap().looks_like(&known), None, "{text}");
        }
    }
}
