//! What an examination finds.

use serde::{Deserialize, Serialize};

/// How bad it is; the worst comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Ok,
    /// It works, and somebody should look at it.
    Look,
    /// It does not work, or what it protects is open.
    Broken,
}

impl State {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Look => "look",
            Self::Broken => "broken",
        }
    }
}

/// One thing that was looked at. It holds no secret, and no word of a stranger's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at: `disk`, `issuer`.
    pub check: String,
    pub state: State,
    pub found: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Finding {
    pub fn ok(check: &str, found: impl Into<String>) -> Self {
        Self { check: check.to_owned(), state: State::Ok, found: found.into(), mend: None }
    }

    pub fn look(check: &str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check: check.to_owned(), state: State::Look, found: found.into(), mend: Some(mend.into()) }
    }

    pub fn broken(check: &str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check: check.to_owned(), state: State::Broken, found: found.into(), mend: Some(mend.into()) }
    }
}

/// The worst of them.
pub fn worst(findings: &[Finding]) -> State {
    findings.iter().map(|finding| finding.state).max().unwrap_or(State::Ok)
}
